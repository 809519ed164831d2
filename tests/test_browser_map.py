"""The map page in a real browser: drawing, pickers, selection, addresses, search, keyboard."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from urllib.parse import urlencode

import pytest
from browsing import (
    OUTLIERS,
    STANDARD_LAND,
    ZHONGBEI,
    Shown,
    choose_level,
    facts_rows,
    is_hatched,
    number,
    pick,
    picked,
    query,
    shown,
    table,
    visiting,
    wait_font,
    wait_idle,
    wait_query,
)
from conftest import DESKTOP, PHONE, ROOT, Visit
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

WHOLE_PROVINCE = "全省"
CITY_PICTURE = "level=city&i=signed_batch_projects&kind=actual&p=2023-12-01..2023-12-01"


def ids_of(name: str) -> set[str]:
    """Ids of the outlines in data/boundaries/, which the map must draw one by one."""
    text = (ROOT / "data" / "boundaries" / f"{name}.geojson").read_text(encoding="utf-8")
    return {f["properties"]["place_id"] for f in json.loads(text)["features"]}


@pytest.fixture(scope="module")
def desk(browser: Browser, server: str) -> Iterator[Visit]:
    """One visitor at a desk for the tests that leave the page usable for the next."""
    with visiting(browser, server, reduced_motion="reduce") as visit:
        yield visit.open_map("/?" + CITY_PICTURE)
        assert visit.foreign == []
        assert visit.errors == []


@pytest.fixture(scope="module")
def zones(browser: Browser, server: str) -> Iterator[Visit]:
    """A visitor at the zones' level, the whole province in view."""
    with visiting(browser, server, reduced_motion="reduce") as visit:
        yield visit.open_map("/?level=zone")
        assert visit.foreign == []
        assert visit.errors == []


# --- drawing -------------------------------------------------------------------------------------


def test_draws_every_outline_of_the_province(desk: Visit) -> None:
    assert (len(ids_of("counties")), len(ids_of("cities"))) == (117, 11)
    drawn = desk.frame.evaluate(
        """() => Object.fromEntries(['county', 'city', 'zone', 'province'].map((kind) => [kind,
             [...document.querySelectorAll(`path.${kind}`)]
               .filter((path) => kind === 'zone' || path.getAttribute('d').length > 40)
               .map((path) => path.dataset.id)]))"""
    )
    assert len(drawn["county"]) >= 117
    assert set(drawn["county"]) == ids_of("counties")
    assert set(drawn["city"]) == ids_of("cities")
    assert len(drawn["city"]) == 11
    assert set(drawn["zone"]) == ids_of("zones")
    assert len(drawn["province"]) == 1


def test_every_city_has_the_colour_of_its_class_and_no_other(desk: Visit) -> None:
    now = shown(desk)
    reported = {
        row["place_id"].removeprefix("group-").removesuffix("-zones"): float(row["value"])
        for name in ("documents", "external", "more")
        for row in facts_rows(f"observations_{name}.csv")
        if row["indicator_id"] == "signed_batch_projects"
        and row["period_start"] == row["period_end"] == "2023-12-01"
        and re.fullmatch(r"group-14(?!0000)\d\d00-zones", row["place_id"])
        and not row["unplaced_reason"]
        and row["value"]
    }
    assert len(reported) >= 7
    cities = {i: fill for i, fill in now.fills.items() if i in ids_of("cities")}
    fills = Counter(cities.values())
    assert {line.fill: line.count for line in now.legend} == dict(fills)
    assert {i for i, fill in cities.items() if not is_hatched(fill)} == set(reported)
    order = {line.fill: line.number for line in now.classes}
    classes = [order[cities[i]] for i in sorted(reported, key=reported.__getitem__)]
    assert classes == sorted(classes)
    assert classes[0] < classes[-1]


def test_a_place_without_a_figure_is_hatched_and_counted(desk: Visit, zones: Visit) -> None:
    for visit, level in ((desk, "cities"), (zones, "zones")):
        now = shown(visit)
        assert is_hatched(now.nodata.fill)
        assert not any(is_hatched(line.fill) for line in now.classes)
        without = ids_of(level) - {i for i, row in table(visit).items() if not row["missing"]}
        painted = now.symbols | {i: f for i, f in now.fills.items() if i in ids_of(level)}
        if level == "cities":
            groups = {f"group-{i}-zones" for i in without}
            without -= {g[6:12] for g in groups & set(table(visit))}
        assert without
        assert all(is_hatched(painted[i]) for i in without)
        assert now.nodata.count >= len(without)


def test_the_legend_and_the_table_count_the_same_places_without_a_figure(zones: Visit) -> None:
    now, rows = shown(zones), table(zones)
    zones.frame.locator(".more").click()
    everything = table(zones)
    zones.frame.locator(".more").click()
    with_figure = {i for i, row in rows.items() if not row["missing"]}
    assert sum(line.count for line in now.classes) == len(with_figure)
    assert now.nodata.count == len(everything) - len(with_figure)


# --- changing the picture ------------------------------------------------------------------------


def _other_indicator(page: Page) -> None:
    pick(page, "指标", "开工一批项目数")


def _earlier(page: Page) -> None:
    page.get_by_role("button", name="上一期").click()


def _later(page: Page) -> None:
    page.get_by_role("button", name="下一期").click()


def _styling(page: Page) -> None:
    """Open the part with classes and colours."""
    counts = page.get_by_role("radiogroup", name="级数")
    if not counts.is_visible():
        page.get_by_text("分级与配色", exact=True).click()
        expect(counts).to_be_visible()


def _fewer_classes(page: Page) -> None:
    _styling(page)
    page.get_by_role("radiogroup", name="级数").get_by_role("radio", name="4").click()


def _palette(page: Page) -> None:
    _styling(page)
    pick(page, "配色", "蓝")


def _scheme(page: Page) -> None:
    _styling(page)
    pick(page, "分级方法", "等距")


def _level(page: Page) -> None:
    choose_level(page, "开发区")


CHANGES: list[tuple[Callable[[Page], None], bool, bool]] = [
    # the change; whether the legend's title or subtitle changes; whether its classes do
    (_other_indicator, True, True),
    (_earlier, True, True),
    (_later, True, True),
    (_fewer_classes, False, True),
    (_scheme, False, True),
    (_palette, False, True),
    (_level, True, True),
]


def test_changing_the_picture_keeps_the_frame_its_shapes_and_the_view(
    browser: Browser, server: str
) -> None:
    with visiting(browser, server) as visit:
        visit.open_map("/?" + CITY_PICTURE + "&c=36.9,112.2&z=7.5")
        frame, page = visit.frame, visit.page
        frame.evaluate(
            """() => { window.__marker = 1; window.__gone = 0;
              new MutationObserver((records) => { for (const r of records)
                for (const node of r.removedNodes)
                  if (node.matches?.('path.county, path.city, iframe, svg')) window.__gone += 1;
              }).observe(document.body, { childList: true, subtree: true }); }"""
        )
        loads: list[str] = []
        page.on("framenavigated", lambda f: loads.append(f.url) if f.parent_frame else None)
        requests: list[str] = []
        page.on("request", lambda r: requests.append(r.url))
        before = shown(visit)
        assert before.centre == pytest.approx((36.9, 112.2), abs=0.02)
        assert before.zoom == 7.5
        for change, new_title, new_classes in CHANGES:
            change(page)
            visit.wait_painted(before.key)
            after = shown(visit)
            _assert_changed(before, after, new_title=new_title, new_classes=new_classes)
            wait_idle(page)
            before = after
        assert frame.evaluate("window.__gone") == 0
        assert loads == []
        assert [u for u in requests if "/layers/" in u or "/frame/" in u] == []
        assert visit.errors == []


def _assert_changed(before: Shown, after: Shown, *, new_title: bool, new_classes: bool) -> None:
    assert after.own == 1, "the frame's document was loaded anew"
    assert (after.marker, after.built) == (before.marker, before.built)
    assert after.centre == before.centre
    assert after.zoom == before.zoom
    assert (after.fills, after.symbols) != (before.fills, before.symbols)
    assert ((after.title, after.subtitle) != (before.title, before.subtitle)) is new_title
    assert (after.classes != before.classes) is new_classes
    used = set(after.fills.values()) | set(after.symbols.values())
    assert {line.fill for line in after.classes if line.count} <= used


def test_the_period_steps_stop_at_both_ends(desk: Visit) -> None:
    page = desk.page
    earlier, later = (page.get_by_role("button", name=n) for n in ("上一期", "下一期"))
    start = query(page.url)["p"]
    steps = 0
    while later.is_enabled():
        before = query(page.url)["p"]
        later.click()
        page.wait_for_function(
            "p => new URLSearchParams(location.search).get('p') !== p", arg=before
        )
        wait_idle(page)
        steps += 1
        assert steps < 60
    expect(later).to_be_disabled()
    expect(earlier).to_be_enabled()
    for _ in range(steps):
        earlier.click()
        wait_idle(page)
    wait_query(page, "p", start)


def test_the_switch_translates_the_map_and_keeps_frame_view_and_selection(
    browser: Browser, server: str
) -> None:
    with visiting(browser, server) as visit:
        visit.open_map(f"/?{STANDARD_LAND}&sel={ZHONGBEI}&c=37.9,112.5&z=9")
        visit.frame.evaluate("window.__marker = 1")
        before = shown(visit)
        visit.page.get_by_role("radio", name="English").click()
        visit.wait_painted(before.key)
        after = shown(visit)
        assert after.own == 1
        assert after.centre == pytest.approx(before.centre, abs=0.005)  # two pixels
        assert after.zoom == before.zoom
        assert after.title != before.title
        assert after.title.isascii()
        expect(visit.frame.locator(".atlas-card")).to_contain_text("846.61")
        wait_query(visit.page, "lang", "en")
        wait_query(visit.page, "sel", ZHONGBEI)


# --- one place -----------------------------------------------------------------------------------


def test_clicking_zhongbei_shows_its_standard_land_and_the_source(
    browser: Browser, server: str
) -> None:
    row = next(
        r
        for r in facts_rows("observations_documents.csv")
        if r["place_id"] == ZHONGBEI and r["indicator_id"] == "standard_land_area"
    )
    source = next(s for s in facts_rows("sources.csv") if s["source_id"] == row["source_id"])
    assert (row["value"], row["unit"]) == ("846.61", "亩")
    with visiting(browser, server) as visit:
        page = visit.open_map("/").page
        choose_level(page, "开发区")
        wait_query(page, "level", "zone")
        wait_idle(page)
        before = shown(visit).key
        pick(page, "指标", "标准地出让面积")
        visit.wait_painted(before)
        assert "2023年上半年" in shown(visit).subtitle
        visit.frame.locator(f'g.zone-symbol[data-id="{ZHONGBEI}"] .dot').click()
        card = visit.frame.locator(".atlas-card")
        expect(card).to_be_visible()
        expect(card.locator("h2")).to_have_text("中北高新技术产业开发区")
        expect(card).to_contain_text("846.61")
        expect(card).to_contain_text("亩")
        expect(card).to_contain_text("2023年上半年")
        expect(card).to_contain_text(source["title"])
        wait_query(page, "sel", ZHONGBEI)
        expect(visit.frame.locator('tr[aria-selected="true"]')).to_have_attribute(
            "data-id", ZHONGBEI
        )
        visit.frame.locator(".more").click()
        visit.frame.locator('tr[data-id="zone-qingxu-jingkai"] .place').click()
        expect(card.locator("h2")).to_have_text("清徐经济开发区")
        expect(card).not_to_contain_text("846.61")
        wait_query(page, "sel", "zone-qingxu-jingkai")
        card.get_by_role("link", name="打开档案").click()
        page.wait_for_url("**/place?**")
        assert query(page.url)["id"] == "zone-qingxu-jingkai"
        expect(page.get_by_text("清徐经济开发区").first).to_be_visible()


def test_closing_the_card_clears_the_selection(desk: Visit) -> None:
    desk.frame.locator("tbody tr").first.locator(".place").click()
    card = desk.frame.locator(".atlas-card")
    expect(card).to_be_visible()
    desk.page.wait_for_function("new URLSearchParams(location.search).has('sel')")
    card.locator(".close").click()
    expect(card).to_be_hidden()
    wait_query(desk.page, "sel", None)
    expect(desk.frame.locator('tr[aria-selected="true"]')).to_have_count(0)


def test_two_visitors_each_see_their_own_selection(browser: Browser, server: str) -> None:
    with visiting(browser, server) as one, visiting(browser, server) as two:
        one.open_map("/?" + CITY_PICTURE)
        two.open_map("/?" + CITY_PICTURE)
        rows = list(table(one))
        for visit, place in ((one, rows[0]), (two, rows[1])):
            visit.frame.locator(f'tr[data-id="{place}"] .place').click()
        for visit, place in ((one, rows[0]), (two, rows[1])):
            wait_query(visit.page, "sel", place)
            expect(visit.frame.locator('tr[aria-selected="true"]')).to_have_attribute(
                "data-id", place
            )
        before = shown(two).key
        pick(one.page, "指标", "开工一批项目数")
        one.wait_painted(before)
        wait_idle(one.page)
        wait_idle(two.page)
        assert shown(two).key == before
        assert query(two.page.url)["i"] == "signed_batch_projects"


# --- addresses -----------------------------------------------------------------------------------


def test_a_copied_address_opens_the_same_view(browser: Browser, server: str) -> None:
    with visiting(browser, server) as one:
        page = one.open_map("/?level=zone&i=industrial_investment&p=2021-Q1&kind=actual").page
        key = shown(one).key
        _styling(page)
        _scheme(page)
        wait_query(page, "scheme", "equal_interval")
        wait_idle(page)
        _fewer_classes(page)
        wait_query(page, "k", "4")
        wait_idle(page)
        _palette(page)
        page.wait_for_function("new URLSearchParams(location.search).has('pal')")
        wait_idle(page)
        pick(page, "符号大小", "按面积")
        wait_query(page, "sym", "area")
        one.wait_painted(key)
        place = next(iter(table(one)))
        one.frame.locator(f'tr[data-id="{place}"] .place').click()
        wait_query(page, "sel", place)
        old = shown(one)
        one.frame.get_by_role("button", name="放大").click()
        page.wait_for_function(
            "z => Number(new URLSearchParams(location.search).get('z')) > z", arg=old.zoom
        )
        _wait_address_is_the_view(one)
        zoomed = shown(one)
        _drag(one, 60, -40)
        page.wait_for_function(
            """lat => [...document.querySelectorAll('iframe')].some((f) => f.contentWindow.__atlas
                 && Math.abs(f.contentWindow.__atlas.map.getCenter().lat - lat) > 0.05)""",
            arg=zoomed.centre[0],
        )
        wait_idle(page)
        _wait_address_is_the_view(one)
        wanted, pickers, address = shown(one), picked(page), page.url
        assert wanted.zoom != old.zoom
        assert wanted.centre != old.centre
    with visiting(browser, server) as two:
        two.open_map(address.removeprefix(server))
        wait_query(two.page, "sel", place)
        found = shown(two)
        assert picked(two.page) == pickers
        assert (found.fills, found.symbols) == (wanted.fills, wanted.symbols)
        assert (found.title, found.subtitle, found.legend) == (
            wanted.title, wanted.subtitle, wanted.legend,
        )  # fmt: skip
        assert found.zoom == wanted.zoom
        pixel = 360 / (256 * 2**wanted.zoom)  # degrees; a map stands on whole pixels
        assert found.centre == pytest.approx(wanted.centre, abs=1.5 * pixel)
        expect(two.frame.locator('tr[aria-selected="true"]')).to_have_attribute("data-id", place)
        expect(two.frame.locator(".atlas-card")).to_be_visible()
        wait_idle(two.page)
        _wait_address_is_the_view(two)
        assert query(two.page.url) == query(address)


def _drag(visit: Visit, dx: int, dy: int) -> None:
    box = visit.frame.locator(".leaflet-container").bounding_box()
    assert box
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.6
    mouse = visit.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx / 2, y + dy / 2, steps=3)
    mouse.move(x + dx, y + dy, steps=3)
    mouse.up()


def _wait_address_is_the_view(visit: Visit) -> None:
    visit.page.wait_for_function(
        """() => { const q = new URLSearchParams(location.search);
          if (!q.has('c') || !q.has('z')) return false;
          const { map } = [...document.querySelectorAll('iframe')]
            .map((f) => f.contentWindow.__atlas).find(Boolean);
          const [there, here] = [q.get('c').split(',').map(Number), map.getCenter()];
          const off = map.project(there).distanceTo(map.project(here));
          if (map._panAnim?._inProgress || map._animatingZoom) return false; // a drag runs out
          return Math.abs(map.getZoom() - Number(q.get('z'))) < 0.011 && off < 2; }""",
        timeout=20_000,
    )


@pytest.mark.parametrize("late_ms", [0, 80], ids=["Leaflet first", "frame first"])
def test_the_view_of_an_address_is_kept_however_the_frame_gets_its_size(
    browser: Browser, server: str, late_ms: int
) -> None:
    """The frame has no width at first; whether Leaflet or the frame hears of it first is a race."""
    with visiting(browser, server) as visit:
        if late_ms:
            visit.page.add_init_script(
                f"""const soon = window.requestAnimationFrame.bind(window);
                window.requestAnimationFrame = (f) => setTimeout(() => soon(f), {late_ms});"""
            )
        visit.open_map(f"/?{CITY_PICTURE}&c=36.9,112.2&z=7.5")
        visit.page.wait_for_function(
            """() => [...document.querySelectorAll('iframe')].every((f) => {
                 const { map } = f.contentWindow.__atlas;
                 return !map._panAnim?._inProgress && !map._animatingZoom; })"""
        )
        now = shown(visit)
        assert now.zoom == 7.5
        assert now.centre == pytest.approx((36.9, 112.2), abs=0.02)
        _wait_address_is_the_view(visit)
        assert query(visit.page.url)["c"] == "36.9000,112.2000"


BAD_PARAMETERS = {
    "level": "x",
    "i": "nonsense",
    "k": "99",
    "scheme": "astrology",
    "pal": "neon",
    "breaks": "9,1",
    "sel": "zzz",
    "sym": "huge",
    "lang": "xx",
}


def test_wrong_parameters_are_told_one_by_one_and_the_default_view_is_shown(
    browser: Browser, server: str
) -> None:
    with visiting(browser, server) as visit:
        default = query(visit.open_map("/").page.url)
        values = table(visit)
        address = "&".join(f"{k}={v}" for k, v in BAD_PARAMETERS.items())
        visit.open_map(f"/?{address}&c=foo&z=99")
        alerts = visit.page.get_by_role("alert")
        for value in BAD_PARAMETERS.values():
            expect(alerts.filter(has_text=f"“{value}”")).to_have_count(1)
        expect(visit.frame.locator(".atlas-notice")).to_contain_text("视图位置无效")
        wait_query(visit.page, "level", default["level"])
        _wait_address_is_the_view(visit)
        wait_idle(visit.page)
        asked = query(visit.page.url)
        assert {k: v for k, v in asked.items() if k not in {"c", "z"}} == {
            k: v for k, v in default.items() if k not in {"c", "z"}
        }
        assert table(visit) == values
        assert visit.frame.locator(".atlas-card").is_hidden()
        visit.open_map("/?level=city&i=signed_batch_projects&p=2099&kind=rumour&scope=moon")
        for value in ("2099", "rumour", "moon"):
            expect(alerts.filter(has_text=f"“{value}”")).to_have_count(1)
        wait_query(visit.page, "p", default["p"])
        assert visit.errors == []


HOSTILE = {
    "level": "<img src=x onerror=parent.__xss=1>",
    "i": "<script>window.__xss=1</script>",
    "scheme": "![x](//example.com/a.png)",
    "sel": "[x](javascript:window.__xss=1)",
    "pal": "[here](http://example.com/)",
    "sym": "**b** $x$ :red[r] `c` <b>d</b>",
    "k": "'\"><svg onload=window.__xss=1>",
    "breaks": "&lt;i&gt; http://example.com",
    "lang": "<iframe src=//example.com>",
}


def test_what_stands_in_an_address_is_shown_as_plain_text_and_never_run(
    browser: Browser, server: str
) -> None:
    with visiting(browser, server) as visit:
        visit.open_map("/?" + urlencode(HOSTILE))
        alerts = visit.page.get_by_role("alert")
        for value in HOSTILE.values():
            expect(alerts.filter(has_text=value)).to_have_count(1)
        wait_idle(visit.page)
        inside = alerts.locator("img, a, script, svg, strong, b, code, iframe, .katex, span[style]")
        assert inside.evaluate_all("all => all.map((e) => e.outerHTML)") == []
        for where in (visit.page, visit.frame):
            assert where.evaluate("window.__xss") is None
        assert visit.foreign == []


def test_a_faulty_own_break_is_told_and_the_map_stays(browser: Browser, server: str) -> None:
    with visiting(browser, server) as visit:
        page = visit.open_map(f"/?{CITY_PICTURE}&scheme=own&breaks=12,18").page
        before = shown(visit)
        assert len(before.classes) == 3
        page.get_by_text("分级与配色", exact=True).click()
        field = page.get_by_role("textbox", name="断点")
        expect(field).to_have_value("12, 18")
        field.fill("18, ![x](//example.com/a.png)")
        field.press("Enter")
        alert = page.get_by_role("alert")
        expect(alert).to_be_visible()
        wait_idle(page)
        assert alert.locator("img, a").count() == 0
        assert shown(visit).fills == before.fills
        field.fill("16")
        field.press("Enter")
        visit.wait_painted(before.key)
        expect(alert).to_be_hidden()
        assert [line.count for line in shown(visit).classes] == [3, 4]
        assert visit.foreign == []


# --- classes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["equal_interval", "natural_breaks"])
def test_outliers_do_not_flatten_the_map(browser: Browser, server: str, scheme: str) -> None:
    with visiting(browser, server) as visit:
        visit.open_map(f"/?{OUTLIERS}&scheme={scheme}")
        now, rows = shown(visit), table(visit)
        values = {i: number(row["value"]) for i, row in rows.items()}
        assert max(values.values()) == 29923.9
        assert min(values.values()) == -51.6
        fills = {i: now.symbols.get(i, now.fills.get(i)) for i in values}
        falling = {fills[i] for i, value in values.items() if value < 0}
        huge = {fills[i] for i, value in values.items() if value > 10_000}
        rest = {fills[i] for i, value in values.items() if value <= 10_000}
        assert len(rest) > 1
        assert not huge & rest
        assert not any(is_hatched(str(fill)) for fill in fills.values())
        assert len(falling) >= 1
        labels = {line.fill: line.label for line in now.classes}
        expect(visit.frame.locator(".atlas-legend .divider")).to_have_text("离群值")
        divider = visit.frame.evaluate(
            """() => [...document.querySelectorAll('.atlas-legend .classes li')]
                 .slice([...document.querySelectorAll('.atlas-legend .classes li')]
                   .findIndex((li) => li.classList.contains('divider')) + 1)
                 .map((li) => li.querySelector('.label').textContent)"""
        )
        assert {labels[str(fill)] for fill in huge} <= set(divider)
        assert any("寿阳" in note for note in now.notes), now.notes


# --- symbols, shapes, names ----------------------------------------------------------------------

_CIRCLES = """() => [...document.querySelectorAll('g.zone-symbol')].map((group) => {
  const dot = group.querySelector('.dot').getBoundingClientRect();
  return [group.dataset.id, dot.x + dot.width / 2, dot.y + dot.height / 2,
          Number(group.querySelector('.dot').getAttribute('r') ?? dot.width / 2)]; })"""

# The box of the letters themselves: a font's line box is taller than anything printed in it.
_NAMES = """() => [...document.querySelectorAll('text.name')].map((name) => {
  const size = Number(name.getAttribute('font-size')), lines = [...name.querySelectorAll('tspan')];
  const { e, f } = name.getScreenCTM();
  const boxes = lines.map((line, i) => { const start = lines.slice(0, i)
      .reduce((sum, other) => sum + other.getNumberOfChars(), 0);
    const first = name.getStartPositionOfChar(start);
    return [e + first.x, f + first.y - 0.86 * size,
            e + first.x + line.getComputedTextLength(), f + first.y + 0.12 * size]; });
  const edge = (i, pick) => pick(...boxes.map((box) => box[i]));
  return [name.textContent, edge(0, Math.min), edge(1, Math.min), edge(2, Math.max),
          edge(3, Math.max)]; })"""

Box = tuple[str, float, float, float, float]


def _overlapping(boxes: list[Box]) -> list[tuple[str, str]]:
    return [
        (a[0], b[0])
        for a, b in combinations(boxes, 2)
        if a[1] < b[3] and b[1] < a[3] and a[2] < b[4] and b[2] < a[4]
    ]


def _hidden(circles: list[tuple[str, float, float, float]]) -> list[tuple[str, str]]:
    return [
        (a[0], b[0])
        for a, b in combinations(circles, 2)
        if ((a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2) ** 0.5 < a[3] + b[3] - 1
    ]


def _touches(name: Box, circle: tuple[str, float, float, float]) -> bool:
    """Whether letters lie on a symbol, by more than a pixel."""
    _, left, top, right, bottom = name
    _, x, y, radius = circle
    across, down = max(left - x, 0, x - right), max(top - y, 0, y - bottom)
    return across**2 + down**2 < (radius - 1) ** 2


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_names_and_symbols_keep_apart_at_the_first_view(
    browser: Browser, server: str, viewport: dict[str, int]
) -> None:
    def assert_apart(visit: Visit, level: str) -> None:
        names = visit.frame.evaluate(_NAMES)
        assert len(names) >= 11
        assert _overlapping(names) == []
        circles = visit.frame.evaluate(_CIRCLES)
        assert (len(circles) > 50) is (level == "zone")
        assert _hidden(circles) == []
        touched = [
            (name[0], circle[0]) for name in names for circle in circles if _touches(name, circle)
        ]
        assert touched == []

    with visiting(browser, server, viewport=viewport) as visit:
        visit.open_map("/?level=zone")
        wait_font(visit)
        assert_apart(visit, "zone")
        for change in (
            lambda: visit.page.get_by_role("radio", name="English").click(),
            lambda: choose_level(visit.page, "Cities"),
            lambda: visit.page.get_by_role("radio", name="中文").click(),
        ):
            key = shown(visit).key
            change()
            visit.wait_painted(key)
            wait_idle(visit.page)
            level = query(visit.page.url)["level"]
            assert_apart(visit, level)


def test_symbols_sized_by_area_take_the_new_size_and_stay_apart(zones: Visit) -> None:
    page = zones.page
    fixed = {circle[3] for circle in zones.frame.evaluate(_CIRCLES)}
    _styling(page)
    pick(page, "符号大小", "按面积")
    wait_query(page, "sym", "area")
    page.wait_for_function(
        """() => [...document.querySelectorAll('iframe')].some((f) => new Set([...f.contentDocument
             .querySelectorAll('g.zone-symbol:not(.no-figure) .dot')]
             .map((dot) => dot.getAttribute('r'))).size > 1)""",
        timeout=10_000,
    )
    sized = zones.frame.evaluate(_CIRCLES)
    assert _hidden(sized) == []
    assert len({circle[3] for circle in sized}) > len(fixed)


def test_zones_are_symbols_from_afar_and_dashed_shapes_close_by(zones: Visit) -> None:
    def drawn_as() -> tuple[bool, bool]:
        return tuple(
            zones.frame.evaluate(
                """id => { const path = document.querySelector(`path.zone[data-id="${id}"]`);
                  return [getComputedStyle(path).display !== 'none',
                    document.querySelector(`g.zone-symbol[data-id="${id}"]`) !== null]; }""",
                ZHONGBEI,
            )
        )

    every = ids_of("zones")
    now = shown(zones)
    assert set(now.symbols) | (set(now.fills) & every) == every
    assert not set(now.symbols) & set(now.fills)
    assert drawn_as() == (False, True)
    zones.frame.evaluate("void __atlas.map.setView([37.95, 112.5], 11, {animate: false})")
    assert drawn_as() == (True, False)
    dashes = zones.frame.evaluate(
        """() => [...document.querySelectorAll('path.zone')]
             .filter((path) => getComputedStyle(path).display !== 'none')
             .map((path) => [path.classList.contains('is-schematic'),
                             getComputedStyle(path).strokeDasharray])"""
    )
    assert len(dashes) > 10
    assert all(dash != "none" for schematic, dash in dashes if schematic)
    assert any(schematic for schematic, _ in dashes)
    solid = zones.frame.evaluate(
        "getComputedStyle(document.querySelector('path.city')).strokeDasharray"
    )
    assert solid == "none"
    expect(zones.frame.locator(".atlas-legend .signs")).to_contain_text("虚线")
    zones.frame.get_by_role("button", name=WHOLE_PROVINCE).click()
    assert drawn_as() == (False, True)


# --- search --------------------------------------------------------------------------------------

SEARCHES = [
    ("中北", ZHONGBEI, "zone"),
    ("zhongbei", ZHONGBEI, "zone"),
    ("ZBGX", ZHONGBEI, "zone"),
    ("晋阳", "zone-xiyang-jingkai", "zone"),
    ("太原不锈钢", ZHONGBEI, "zone"),
    ("taiyuan", "140100", "city"),
]


@pytest.mark.parametrize(("typed", "place", "level"), SEARCHES)
def test_search_finds_by_name_alias_and_pinyin_and_goes_there(
    zones: Visit, typed: str, place: str, level: str
) -> None:
    frame = zones.frame
    frame.evaluate("void __atlas.map.setView([37.7, 112.4], 7, {animate: false})")
    box = frame.get_by_role("combobox", name="搜索地点")
    box.fill("")
    box.press_sequentially(typed)
    option = frame.locator(f'[role="option"][data-id="{place}"]')
    expect(option).to_be_visible()
    option.click()
    wait_query(zones.page, "sel", place)
    expect(frame.get_by_role("listbox", name="搜索地点")).to_be_hidden()
    expect(frame.locator(".atlas-card")).to_be_visible()
    near = frame.evaluate(
        """async ([id, address]) => { const places = await (await fetch(address)).json();
          const [lon, lat] = places.find((p) => p.id === id).point, map = window.__atlas.map;
          const at = map.latLngToContainerPoint([lat, lon]), size = map.getSize();
          return [at.distanceTo(size.divideBy(2)), Math.min(size.x, size.y), map.getZoom()]; }""",
        [place, frame.evaluate("JSON.parse(document.querySelector('#atlas-config').text).search")],
    )
    assert near[0] < near[1] / 4
    assert near[2] > (9 if level == "zone" else 7)


def test_search_works_by_keyboard_and_says_when_nothing_is_found(zones: Visit) -> None:
    frame = zones.frame
    box = frame.get_by_role("combobox", name="搜索地点")
    box.fill("")
    box.press_sequentially("yixian")
    assert box.get_attribute("aria-expanded") == "true" or box.input_value() == "yixian"
    box.fill("开发区")
    options = frame.get_by_role("option")
    expect(options.first).to_be_visible()
    assert options.count() > 2
    box.press("ArrowDown")
    second = options.nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(second.get_attribute("id")))
    wanted = second.get_attribute("data-id")
    box.press("Enter")
    wait_query(zones.page, "sel", wanted)
    box.fill("没有这个地方")
    expect(frame.locator(".atlas-search li")).to_have_text("没有找到“没有这个地方”")
    box.press("Enter")
    box.press("Escape")
    expect(box).to_have_value("")
    wait_query(zones.page, "sel", wanted)


# --- keyboard and names of controls --------------------------------------------------------------


def test_table_is_worked_by_keyboard(desk: Visit) -> None:
    frame = desk.frame
    rows = frame.locator("tbody tr")
    tabbable = frame.locator('tbody tr[tabindex="0"]')
    expect(tabbable).to_have_count(1)
    rows.first.focus()
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("ArrowDown")
    third = rows.nth(2).get_attribute("data-id")
    assert frame.evaluate("document.activeElement.dataset.id") == third
    desk.page.keyboard.press("Enter")
    wait_query(desk.page, "sel", third)
    expect(rows.nth(2)).to_have_attribute("aria-selected", "true")
    assert frame.evaluate("document.activeElement.dataset.id") == third
    desk.page.keyboard.press("End")
    assert frame.evaluate("document.activeElement.dataset.id") == rows.last.get_attribute("data-id")
    desk.page.keyboard.press("Escape")
    wait_query(desk.page, "sel", None)


def test_the_table_sorts_by_its_headings(desk: Visit) -> None:
    frame = desk.frame
    heading = frame.get_by_role("columnheader", name="数值")

    def values() -> list[float]:
        return [number(row["value"]) for row in table(desk).values() if not row["missing"]]

    expect(heading).to_have_attribute("aria-sort", "descending")
    assert values() == sorted(values(), reverse=True)
    heading.get_by_role("button").focus()
    desk.page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert values() == sorted(values())
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")


_NAMELESS = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, [role="button"], [role="combobox"], [role="option"],'
    + '[role="radio"], [role="slider"], [role="listbox"], [role="radiogroup"], iframe')]
  .filter((e) => e.checkVisibility() && e.type !== 'hidden' && !e.closest('[aria-hidden="true"]'))
  .filter((e) => { const by = (e.getAttribute('aria-labelledby') ?? '').split(/\\s+/)
      .map((id) => id && document.getElementById(id)?.textContent).join('');
    const labels = [...(e.labels ?? [])].map((label) => label.textContent).join('');
    return ![e.getAttribute('aria-label'), by, labels, e.textContent, e.title, e.alt]
      .some((text) => text && text.trim()); })
  .map((e) => e.outerHTML.slice(0, 200))"""


def test_every_control_has_a_name(desk: Visit) -> None:
    _styling(desk.page)
    desk.frame.locator("tbody tr").first.locator(".place").click()
    expect(desk.frame.locator(".atlas-card")).to_be_visible()
    assert desk.frame.evaluate(_NAMELESS) == []
    assert desk.page.evaluate(_NAMELESS) == []
    desk.frame.locator(".atlas-card .close").click()


# --- screens -------------------------------------------------------------------------------------


def test_on_a_phone_the_map_comes_first_and_nothing_is_wider_than_the_screen(
    browser: Browser, server: str
) -> None:
    with visiting(browser, server, viewport=PHONE, has_touch=True, is_mobile=True) as visit:
        page = visit.open_map("/?" + CITY_PICTURE).page
        wait_font(visit)
        wait_idle(page)
        frame_box = page.locator("iframe").bounding_box()
        pickers = page.locator(".st-key-pickers").bounding_box()
        assert frame_box
        assert pickers
        assert frame_box["y"] + frame_box["height"] <= pickers["y"]
        assert frame_box["y"] < PHONE["height"] / 2
        for where in (page, visit.frame):
            wide = where.evaluate(
                """() => { const most = document.documentElement.clientWidth + 1;
                  return [document.documentElement.scrollWidth <= most, [...document.body
                    .querySelectorAll('*')].filter((e) => !(e instanceof SVGElement)
                      && e.checkVisibility() && !e.closest('.leaflet-container, .za-scroll')
                      && e.getBoundingClientRect().right > most
                      && getComputedStyle(e).position !== 'absolute')
                    .map((e) => `${e.tagName}.${e.className}`).slice(0, 5)]; }"""
            )
            assert wide == [True, []]
        visit.frame.locator("g.zone-symbol, path.city").first.wait_for(state="attached")
        visit.frame.locator(".legend-toggle").tap()
        expect(visit.frame.locator(".legend-body")).to_be_visible()


def _contrast(a: str, b: str) -> float:
    def light(colour: str) -> float:
        parts = [float(x) / 255 for x in re.findall(r"[\d.]+", colour)[:3]]
        lin = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_can_be_read(browser: Browser, server: str, scheme: str) -> None:
    with visiting(browser, server, color_scheme=scheme) as visit:
        visit.open_map("/?" + CITY_PICTURE)
        wait_idle(visit.page)
        expect(visit.frame.locator("html")).to_have_attribute("data-theme", scheme)
        colours = visit.frame.evaluate(
            """() => { const root = getComputedStyle(document.querySelector('.atlas-legend'));
              const of = (css) => getComputedStyle(document.querySelector(css)).color;
              return { ground: root.backgroundColor, texts: ['.atlas-legend strong',
                '.atlas-legend .count', '.atlas-legend .notes', 'tbody .place', 'caption']
                .map(of) }; }"""
        )
        assert all(_contrast(t, colours["ground"]) >= 4.5 for t in colours["texts"]), colours
        page = visit.page.evaluate(
            """() => { const of = (css, what) =>
                getComputedStyle(document.querySelector(css))[what];
              return { ground: of('[data-testid="stApp"]', 'backgroundColor'),
                texts: ['.za-figure dd', '.za-links a', 'h1'].map((css) => of(css, 'color')) }; }"""
        )
        assert all(_contrast(t, page["ground"]) >= 4.5 for t in page["texts"]), page
        assert (_contrast(page["ground"], "rgb(0,0,0)") < 3) is (scheme == "dark")
