"""Proposals in a real browser: ledger, rules, linked maps, weights, report, drawing."""

from __future__ import annotations

import io
import re

import pypdf
import pytest
from browsing import wait_idle
from conftest import PHONE, Visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

READY = """n => [...document.querySelectorAll('iframe')].some(f => {
  const c = f.contentWindow?.__compare; return c && (c.ready ?? 0) >= n; })"""


def maps(visit: Visit, *, renders: int = 1):
    visit.page.wait_for_function(READY, arg=renders, timeout=60_000)
    return next(f for f in visit.page.frames if "/frame/compare" in f.url)


def waterfall(visit: Visit) -> str:
    return visit.page.locator("svg.za-waterfall").first.get_attribute("aria-label") or ""


def open_proposal(visit: Visit) -> None:
    visit.open("/proposal?id=zhongbei-expand.A")
    visit.page.locator("svg.za-waterfall").wait_for(timeout=60_000)


def test_a_proposal_shows_declared_beside_computed_and_follows_its_rules(demo_visit: Visit) -> None:
    open_proposal(demo_visit)
    page = demo_visit.page
    expect(page.locator(".za-synthetic-banner")).to_contain_text("演示数据")
    strip = page.locator(".za-strip").inner_text()
    assert "62.77 km²" in strip and "公布 62.77 km²" in strip and "公布 31.46 km²" in strip
    declared = page.locator("table", has_text="文件未说明").last.inner_text()
    for figure in ("62.77", "23.76", "7.55", "31.46"):
        assert figure in declared
    before = waterfall(demo_visit)
    frame = maps(demo_visit)
    marker = frame.evaluate("window.__compare.marker")
    row = page.locator("[class*=st-key-rule_row]").nth(1)
    expect(row).to_contain_text("永久基本农田")
    row.get_by_role("button", name="下移").click()
    row.get_by_role("button", name="下移").click()
    page.wait_for_function(
        """before => document.querySelector('svg.za-waterfall')
             ?.getAttribute('aria-label') !== before""",
        arg=before, timeout=30_000,
    )  # fmt: skip
    expect(page.get_by_text("规则已改，尚未保存").first).to_be_visible(timeout=30_000)
    assert "rules=" in page.url
    assert maps(demo_visit).evaluate("window.__compare.marker") == marker
    total = re.findall(r"62,770,\d{3}", page.locator("table", has_text="总面积").first.inner_text())
    assert total
    assert demo_visit.foreign == [] and demo_visit.errors == []


def test_three_proposals_on_linked_maps_with_scores_that_follow_weights(demo_visit: Visit) -> None:
    keys = ",".join(f"zhongbei-expand.{letter}" for letter in "ABC")
    demo_visit.open(f"/compare?p={keys}")
    page = demo_visit.page
    page.locator("svg.za-stability").wait_for(timeout=60_000)
    frame = maps(demo_visit)
    assert frame.locator(".panel").count() == 3
    page.wait_for_timeout(3000)  # the frame settles its first view
    move = """() => { const [a, b, c] = [...window.__compare.panels.values()];
      a.map.setView([38.05, 112.4], 12, {animate: false});
      return [b, c].map(p => [p.map.getCenter().lat, p.map.getCenter().lng, p.map.getZoom()]); }"""
    for lat, lon, zoom in frame.evaluate(move):
        assert (lat, lon, zoom) == pytest.approx((38.05, 112.4, 12), abs=1e-3)
    shown = "() => [...window.__compare.panels.values()].map(p => p.visible().length)"
    before = frame.evaluate(shown)
    frame.locator(".compare-bar input[type=checkbox]").first.uncheck()
    after = frame.evaluate(shown)
    assert sum(after) < sum(before) or after == before  # a line without land hides nothing
    frame.locator(".compare-bar input[type=checkbox]").nth(3).uncheck()
    assert all(b < a for a, b in zip(before, frame.evaluate(shown), strict=True))

    label = page.locator("svg.za-stability").get_attribute("aria-label")
    words = page.locator(".st-key-scores").inner_text()
    assert "权重均匀抽样 10000 次" in words
    page.locator(".st-key-scores").get_by_role("radio", name="滑块").click()
    slider = page.locator(".st-key-scores").get_by_role("slider").first
    slider.wait_for(timeout=30_000)
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(r"[?&]w="), timeout=30_000)
    expect(page.locator(".st-key-scores")).to_contain_text("手工权重", timeout=30_000)
    page.wait_for_function(
        "old => !document.querySelector('.st-key-scores').innerText.includes(old)",
        arg=re.search(r"所用权重：[^\n]*", words)[0], timeout=30_000,
    )  # fmt: skip
    assert page.locator("svg.za-stability").get_attribute("aria-label") == label  # all weights
    assert "通过" in page.locator("table", has_text="刚性条件").first.inner_text()

    link = page.get_by_role("link", name="PDF")  # drawn after the scores, with the same weights
    expect(link).to_have_attribute("href", re.compile(r"[?&]w="), timeout=30_000)
    with page.expect_download(timeout=60_000) as download:
        link.click()
    content = download.value.path().read_bytes()
    reader = pypdf.PdfReader(io.BytesIO(content))
    said = "".join(p.extract_text() for p in reader.pages).replace("\n", "").replace(" ", "")
    assert len(reader.pages) >= 7 and "中北高新区扩区C" in said and "手工权重" in said
    assert "演示数据" in said
    assert demo_visit.foreign == [] and demo_visit.errors == []


def test_two_proposals_under_a_divider_moved_by_the_keyboard(demo_visit: Visit) -> None:
    demo_visit.open("/compare?p=zhongbei-expand.A,zhongbei-expand.B")
    demo_visit.page.locator("svg.za-stability").wait_for(timeout=60_000)
    demo_visit.page.get_by_role("radio", name="卷帘对比").click()
    frame = maps(demo_visit)
    divider = frame.locator("input.divider")
    divider.wait_for(timeout=30_000)
    divider.focus()
    before = frame.locator(".panel").nth(1).evaluate("p => p.style.clipPath")
    demo_visit.page.keyboard.press("ArrowRight")
    assert frame.locator(".panel").nth(1).evaluate("p => p.style.clipPath") != before


def test_drawing_land_in_makes_a_draft_and_a_new_alternative(demo_visit: Visit) -> None:
    demo_visit.open("/proposal?id=xiyang-set-up.A")
    page = demo_visit.page
    page.locator("svg.za-waterfall").wait_for(timeout=60_000)
    frame = maps(demo_visit)
    page.wait_for_timeout(3000)
    before = page.locator(".za-strip").inner_text()
    frame.locator("[data-tool=draw_in]").click()
    canvas = frame.locator(".panel-map")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    corners = [(60, 60), (200, 60), (200, 160), (60, 160)]
    for x, y in corners:
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(350)
    page.mouse.dblclick(box["x"] + 60, box["y"] + 161)
    expect(page.get_by_text("这是未保存的草图").first).to_be_visible(timeout=30_000)
    assert page.locator(".za-strip").inner_text() != before
    page.get_by_role("button", name="另存为方案 B").click()
    expect(page.get_by_text("请填写提交人，留在历史里。")).to_be_visible(timeout=30_000)
    name = page.locator("[class*=st-key-draft_author] input")
    name.fill("王工")
    name.press("Tab")
    wait_idle(page)
    page.get_by_role("button", name="另存为方案 B").click()
    page.wait_for_url(re.compile("xiyang-set-up.B"), timeout=30_000)
    expect(page.get_by_role("heading", name="昔阳经济开发区设立 B")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("context", [PHONE], indirect=True)
@pytest.mark.parametrize(
    "path", ["/proposal?id=zhongbei-expand.A", "/compare?p=zhongbei-expand.A,zhongbei-expand.C"]
)
def test_the_pages_fit_a_phone(demo_visit: Visit, path: str) -> None:
    demo_visit.open(path)
    demo_visit.page.locator("svg.za-waterfall").first.wait_for(timeout=60_000)
    wide = demo_visit.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]


def test_the_real_workspace_says_what_is_not_imported(visit: Visit) -> None:
    visit.open("/proposal?id=zhongbei-expand.A")
    visit.page.locator("svg.za-waterfall").wait_for(timeout=60_000)
    assert visit.page.locator(".za-synthetic-banner").count() == 0
    assert "未导入图层" in waterfall(visit)
    table = visit.page.locator("table", has_text="永久基本农田").first.inner_text()
    assert "未导入图层" in table and "62,770,000" in table
    visit.open("/compare?p=lingshi-adjust.A,nobody.A")
    expect(visit.page.get_by_text("工作区没有方案 nobody.A")).to_be_visible(timeout=30_000)
    expect(visit.page.get_by_text("拟划入范围不在册").first).to_be_visible(timeout=30_000)
    visit.open("/compare?lang=en")
    expect(visit.page.get_by_text("6 proposals on file")).to_be_visible(timeout=30_000)
    assert visit.foreign == [] and visit.errors == []
