"""The zone file in a real browser: what a planner reads there, in both languages, on a phone."""

from __future__ import annotations

import re

import pytest
from conftest import PHONE, Visit
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ZHONGBEI = "zone-zhongbei-gaoxin"
ZONGAI = "zone-zongai"
CHINESE = re.compile(r"[\u3400-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{3,}")
# Everything the page itself says; what the tables hold comes from the sources.
LABELS = (
    ".za-file section h2, .za-file > h2, .za-file dt, .za-file thead th, .za-file summary, "
    ".za-contents a, .za-chips .za-mark, .za-note, .za-warn, .za-to-map, figcaption, "
    "[data-testid=stSelectbox] label"
)
UNITS = re.compile(r"CGCS2000")


def open_file(visit: Visit, place_id: str, lang: str = "zh") -> Page:
    visit.open(f"/place?id={place_id}&lang={lang}")
    page = visit.page
    page.locator(".za-file-head").wait_for(timeout=60_000)
    page.locator("#checks, #figures, #hosted").last.wait_for()
    return page


def headings(page: Page) -> list[str]:
    return [h.strip() for h in page.locator(".za-file h2").all_inner_texts()]


def test_a_figure_is_read_with_its_period_and_source(visit: Visit) -> None:
    page = open_file(visit, ZHONGBEI)
    row = page.locator("#figures tr", has_text="标准地出让面积")
    expect(row).to_contain_text("846.61 亩")
    expect(row).to_contain_text("2023年上半年")
    expect(row.locator(".za-mark")).to_have_text("公布")
    link = row.get_by_role("link")
    expect(link).to_have_attribute("href", re.compile(r"^/sources\?source=src-doc-004"))
    land = page.locator("#land")
    for written in ("2 宗", "846.61", "56.44", "已出让"):
        expect(land).to_contain_text(written)
    link.click()
    expect(page).to_have_url(re.compile("source=src-doc-004"))
    expect(page.locator(".za-table").last).to_contain_text("846.61", timeout=30_000)
    assert visit.foreign == []


def test_the_sections_stand_in_order_and_say_what_is_on_file(visit: Visit) -> None:
    page = open_file(visit, ZHONGBEI)
    expect(page.locator("#checks")).to_be_visible()
    expect(page.locator("svg.locator")).to_be_visible()
    assert headings(page) == [
        "中北高新技术产业开发区", "边界与面积", "标准地", "目标与实绩对照", "本地数据",
        "内含园区与片区", "所在合并统计", "办理过程", "核对",
    ]  # fmt: skip
    boundary = page.locator("#boundary")
    expect(boundary.locator(".za-warn")).to_contain_text("示意边界，不是法定范围")
    for written in ("18.36", "1,836", "27,540", "CGCS2000"):
        expect(boundary).to_contain_text(written)
    expect(page.locator("svg.locator title")).to_have_text("中北高新技术产业开发区在全省的位置")
    expect(page.locator("#inside")).to_contain_text("迎泽马庄园区")
    expect(page.locator(".za-chips .za-chip-derived")).to_contain_text("推算")
    group = page.locator("#groups")
    expect(group.locator("summary")).to_contain_text("中北高新区+清徐开发区")
    expect(group.locator(".za-note").first).to_contain_text("不能当作本地单独的数字")
    expect(group).to_contain_text("92.46 亿元")
    assert page.locator("#figures").get_by_text("92.46").count() == 0


def test_each_line_of_the_contents_leads_to_its_section(visit: Visit) -> None:
    page = open_file(visit, ZHONGBEI)
    targets = [a.get_attribute("href") or "" for a in page.locator(".za-contents a").all()]
    assert len(targets) == 8
    for target in targets:
        expect(page.locator(target)).to_be_visible()
    page.locator(f'.za-contents a[href="{targets[-1]}"]').click()
    expect(page.locator(f"{targets[-1]} h2")).to_be_in_viewport()


def test_steps_of_the_expansion_stand_in_time(visit: Visit) -> None:
    page = open_file(visit, ZHONGBEI)
    dates = page.locator("#events time").all_inner_texts()
    assert dates == ["2023年2月10日", "2023年5月6日"]
    expect(page.locator("#events .za-mark").first).to_have_text("扩区")


def test_many_figures_are_folded_after_the_first_themes(visit: Visit) -> None:
    page = open_file(visit, ZONGAI)
    themes = page.locator("#figures details")
    assert themes.count() > 8
    assert [themes.nth(n).get_attribute("open") is not None for n in range(4)] == [
        True, True, False, False,
    ]  # fmt: skip
    third = themes.nth(2)
    expect(third.locator("table")).to_be_hidden()
    third.locator("summary").click()
    expect(third.locator("table")).to_be_visible()
    chart = page.locator("svg.za-chart", has_text="2017年")
    expect(chart.locator("desc")).to_have_text("2017年 421；2023年 938")
    assert chart.locator("rect").count() == 2


def test_a_failed_check_is_shown_with_its_numbers(visit: Visit) -> None:
    page = open_file(visit, "group-140700-zones")
    checks = page.locator("#checks > * tr, #checks tr")
    failed = checks.filter(has=page.locator(".za-mark.za-bad"))
    assert failed.count() >= 1
    expect(failed.first.locator(".za-mark")).to_have_text("不符")


def test_an_unknown_place_is_said_and_another_one_can_be_chosen(visit: Visit) -> None:
    page = visit.open("/place?id=zone-<b>nowhere</b>&lang=zh").page
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("没有编号为“zone-<b>nowhere</b>”的地点", timeout=60_000)
    expect(page.locator("#start")).to_contain_text("山西转型综合改革示范区")
    choose(page, "清徐经济")
    expect(alert).to_have_count(0)
    expect(page.locator(".za-file-head h2")).to_have_text("清徐经济开发区")


def choose(page: Page, name: str) -> None:
    box = page.get_by_test_id("stSelectbox").locator("input")
    box.click()
    box.fill(name)
    page.get_by_role("option").filter(has_text=name).first.click()


def test_the_picker_changes_page_and_address_and_back_returns(visit: Visit) -> None:
    page = open_file(visit, ZHONGBEI)
    choose(page, "大同医药")
    expect(page.locator(".za-file-head h2")).to_have_text("大同医药工业园")
    expect(page).to_have_url(re.compile("id=park-datong-yiyao"))
    assert "中北高新技术产业开发区" not in headings(page)
    page.go_back()
    expect(page.locator(".za-file-head h2")).to_have_text("中北高新技术产业开发区")
    page.get_by_test_id("stSelectbox").locator("input").fill("zzzz")
    nothing = page.locator("[role=option] > span")
    shown = nothing.evaluate("e => getComputedStyle(e, '::after').content")
    assert shown == '"没有匹配项"'


def test_without_a_place_the_page_offers_those_with_most_figures(visit: Visit) -> None:
    page = visit.open("/place").page
    page.locator("#start").wait_for(timeout=60_000)
    first = page.locator("#start tbody tr").first
    expect(first).to_contain_text("山西转型综合改革示范区")
    first.get_by_role("link").click()
    expect(page.locator(".za-file-head h2")).to_have_text("山西转型综合改革示范区")


def test_the_way_back_to_the_map_selects_the_place(visit: Visit) -> None:
    page = open_file(visit, ZHONGBEI)
    link = page.get_by_role("link", name="在地图上看")
    address = link.get_attribute("href") or ""
    assert address.startswith("/?")
    assert f"sel={ZHONGBEI}" in address
    assert "level=zone" in address
    visit.open_map(address)
    assert page.get_by_test_id("stAlert").count() == 0


@pytest.mark.parametrize("place_id", [ZHONGBEI, "group-140700-zones", "140100"])
def test_labels_are_in_the_language_of_the_page(visit: Visit, place_id: str) -> None:
    page = open_file(visit, place_id, "en")
    leaks = [t for t in page.locator(LABELS).all_inner_texts() if CHINESE.search(t)]
    assert leaks == []
    page.get_by_text("中文", exact=True).click()
    for first_and_last in ("#boundary h2", "#checks h2"):
        expect(page.locator(first_and_last)).to_have_text(re.compile("边界与面积|核对"))
    labels = page.locator(LABELS).all_inner_texts()
    leaks = [t for t in labels if LATIN.search(UNITS.sub("", t))]
    assert leaks == []
    assert len(labels) > 20
    assert visit.foreign == []


@pytest.mark.parametrize("context", [PHONE], indirect=True)
@pytest.mark.parametrize("place_id", [ZONGAI, "group-140700-zones", "140000"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_wider_than_a_phone(visit: Visit, place_id: str, lang: str) -> None:
    page = open_file(visit, place_id, lang)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    too_wide = page.evaluate(
        """() => [...document.querySelectorAll('.za-file *, .za-drawing *')]
             .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
             .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert too_wide == []
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth + 1")
    assert visit.foreign == []
    assert visit.errors == []
