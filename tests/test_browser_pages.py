"""The other pages in a real browser: sources, downloads, both languages, no foreign host."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from pprint import pformat
from typing import Any
from urllib.parse import urlencode, urljoin
from urllib.request import urlopen

import geopandas as gpd
import pytest
from browsing import (
    STANDARD_LAND,
    ZHONGBEI,
    facts_rows,
    number,
    pick,
    query,
    shown,
    table,
    visiting,
    wait_idle,
    wait_query,
)
from conftest import PHONE, ROOT, Visit
from playwright.sync_api import Browser, ConsoleMessage, Download, Page, expect

pytestmark = pytest.mark.browser

OBSERVATIONS = [
    row
    for name in ("documents", "external", "more")
    for row in facts_rows(f"observations_{name}.csv")
]
SOURCE = "src-doc-004"
ADDRESSES = (
    f"/?{STANDARD_LAND}&sel={ZHONGBEI}",
    "/place",
    f"/place?id={ZHONGBEI}",
    "/sources",
    f"/sources?source={SOURCE}",
    "/sources?tab=checks",
    "/sources?tab=unplaced",
    "/downloads",
)


def open_page(visit: Visit, address: str) -> Page:
    """Open any page and wait until it is complete."""
    if address.startswith("/?"):
        visit.open_map(address)
    else:
        visit.open(address)
        visit.page.get_by_role("heading", level=1).wait_for(timeout=60_000)
    wait_idle(visit.page)
    return visit.page


# --- one walk through all pages in each language -------------------------------------------------

# Every text that a reader can see or hear: text nodes, values of fields, names of controls.
_TEXTS = """() => {
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const inside = node.parentElement;
    if (inside.closest('script, style, noscript, template, [data-testid="stIconMaterial"]'))
      continue;
    if (inside.checkVisibility({ visibilityProperty: true })) texts.push(node.data.trim());
  }
  for (const e of document.querySelectorAll('[aria-label], [title], [placeholder], [alt], input')) {
    if (!e.checkVisibility()) continue;
    for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
      texts.push(e.getAttribute(name) ?? '');
    if (e.value && !['radio', 'checkbox', 'range'].includes(e.type)) texts.push(String(e.value));
  }
  return [...new Set(texts.filter(Boolean))];
}"""


@dataclass
class Walk:
    """What one visitor met on the way through all pages."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    langs: dict[str, str] = field(default_factory=dict)
    guarded: list[str] = field(default_factory=list)


def _note(walk: Walk, message: ConsoleMessage) -> None:
    """Keep what the browser complains of; Streamlit feels its way to its own root by trying."""
    address = message.location["url"]
    if message.type == "error" and "/_stcore/" not in address and "foreign" not in address:
        walk.console.append(f"{message.text} ({address})")


def _walk(browser: Browser, server: str, lang: str) -> Walk:
    walk = Walk()
    with visiting(browser, server) as visit:
        visit.page.on("console", lambda message: _note(walk, message))
        for address in ADDRESSES:
            page = open_page(visit, f"{address}{'&' if '?' in address else '?'}lang={lang}")
            if address.startswith("/?"):
                visit.frame.locator("tbody tr").first.hover()
                visit.frame.get_by_role("combobox").fill("zhongbei")
                expect(visit.frame.get_by_role("option").first).to_be_visible()
            frames = [f for f in page.frames if f.url.startswith(server)]
            walk.texts[address] = [t for f in frames for t in f.evaluate(_TEXTS)]
            walk.langs[address] = page.locator("html").get_attribute("lang") or ""
        walk.foreign, walk.errors = list(visit.foreign), list(visit.errors)
        # The guard itself must notice what it is there for.
        visit.page.evaluate("fetch('http://foreign.example/').catch(() => null)")
        walk.guarded = visit.foreign[len(walk.foreign) :]
    return walk


@pytest.fixture(scope="module")
def walks(browser: Browser, server: str) -> Iterator[Callable[[str], Walk]]:
    made: dict[str, Walk] = {}

    def walk(lang: str) -> Walk:
        if lang not in made:
            made[lang] = _walk(browser, server, lang)
        return made[lang]

    yield walk


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_page_asks_another_host(walks: Callable[[str], Walk], lang: str) -> None:
    walk = walks(lang)
    assert walk.guarded == ["http://foreign.example/"]
    assert walk.foreign == []
    assert walk.errors == []
    assert walk.console == []


def test_the_page_says_its_language(walks: Callable[[str], Walk]) -> None:
    assert walks("zh").langs[ADDRESSES[0]].startswith("zh")
    assert walks("en").langs[ADDRESSES[0]].startswith("en")


# Formats, programs, units and codes that have no Chinese name in use; "English" is the switch.
LATIN = {
    "GeoJSON", "CSV", "GeoPackage", "GIS", "QGIS", "ArcGIS", "Excel", "CGCS", "EPSG", "SHA",
    "km", "GW", "English", "boundary_precision",
}  # fmt: skip
# Streamlit's own controls carry these names and offer no way to say them in Chinese.
FRAMEWORK = {"Open", "App pages", "Skip to main content", "Clear value"}


def data_cells(*columns: tuple[str, str]) -> list[str]:
    """Cells of data in one language only (titles, publishers, addresses), longest first."""
    cells = {
        part.strip()
        for name, column in columns
        for row in (OBSERVATIONS if name == "observations" else facts_rows(f"{name}.csv"))
        for part in [row[column], *row[column].split("|")]
        if len(part.strip()) > 1
    }
    return sorted(cells, key=len, reverse=True)


def without(text: str, cells: list[str]) -> str:
    """The text less whole cells of data, and less cells that were cut with an ellipsis."""
    for cell in cells:
        if cell in text:
            text = text.replace(cell, " ")
        elif "…" in text and len(cell) > 12:
            text = re.sub(rf"{re.escape(cell[:12])}[^…;]*…", " ", text)
    return text


def test_no_english_in_the_chinese_interface(walks: Callable[[str], Walk]) -> None:
    cells = data_cells(
        ("sources", "title"), ("sources", "publisher"), ("sources", "url"),
        ("sources", "licence"), ("places", "leading_industries"), ("places", "name_en"),
    )  # fmt: skip
    leaks: dict[str, set[str]] = {}
    for address, texts in walks("zh").texts.items():
        for text in texts:
            if text in FRAMEWORK or text == "zhongbei":
                continue
            plain = re.sub(r"\b[0-9a-f]{12}\b", " ", without(text, cells))
            words = set(re.findall(r"[A-Za-z][A-Za-z_]+", plain)) - LATIN
            if words:
                leaks.setdefault(address, set()).add(text[:120])
    assert leaks == {}, pformat(leaks)


HAN = re.compile(r"[\u3400-\u9fff]")


def test_no_chinese_among_the_words_of_the_english_interface(walks: Callable[[str], Walk]) -> None:
    """Only what the sources themselves print stays Chinese: whole cells of data are taken out."""
    cells = data_cells(
        ("sources", "title"), ("sources", "publisher"), ("sources", "licence"),
        ("sources", "document"), ("sources", "note"),
        ("places", "name_zh"), ("places", "aliases"), ("places", "leading_industries"),
        ("observations", "locator"), ("observations", "population"),
        ("observations", "printed_subject"), ("observations", "printed_indicator"),
        ("observations", "period_label"),
        ("extents", "text_zh"), ("events", "locator"),
    )  # fmt: skip
    leaks: dict[str, set[str]] = {}
    for address, texts in walks("en").texts.items():
        for text in texts:
            if text != "中文" and HAN.search(without(text, cells)):
                leaks.setdefault(address, set()).add(text[:120])
    assert leaks == {}, pformat(leaks)


def test_names_of_the_data_are_in_the_language_they_are_meant_for() -> None:
    for name, column in (("places", "name_en"), ("indicators", "name_en"), ("themes", "name_en")):
        for row in facts_rows(f"{name}.csv"):
            assert row[column], row
            assert not HAN.search(row[column]), row[column]
    for row in facts_rows("indicators.csv"):
        assert not re.search(r"[A-Za-z]{2}", row["name_zh"]), row["name_zh"]


# --- moving between pages ------------------------------------------------------------------------


def test_the_map_keeps_its_view_while_one_looks_at_another_page(
    browser: Browser, server: str
) -> None:
    with visiting(browser, server) as visit:
        page = visit.open_map(f"/?{STANDARD_LAND}&sel={ZHONGBEI}").page
        before = shown(visit)
        wait_query(page, "sel", ZHONGBEI)
        wanted = {k: v for k, v in query(page.url).items() if k not in {"c", "z"}}
        page.get_by_role("link", name="来源与核对").click()
        page.wait_for_url("**/sources**")
        expect(page.get_by_role("heading", level=1)).to_have_text("来源与核对")
        page.get_by_role("link", name="地图", exact=True).click()
        visit.wait_painted()
        wait_query(page, "sel", ZHONGBEI)
        found = {k: v for k, v in query(page.url).items() if k not in {"c", "z"}}
        assert found == wanted
        assert (shown(visit).title, shown(visit).fills) == (before.title, before.fills)
        page.get_by_role("link", name="下载", exact=True).click()
        page.wait_for_url("**/downloads**")
        expect(page.get_by_role("heading", level=1)).to_have_text("下载")
        page.go_back()
        visit.wait_painted()
        wait_query(page, "i", wanted["i"])


def test_the_chosen_language_goes_along_to_other_pages(browser: Browser, server: str) -> None:
    with visiting(browser, server) as visit:
        page = open_page(visit, "/downloads")
        page.get_by_role("radio", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Downloads")
        page.get_by_role("link", name="Sources and checks").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sources and checks")
        wait_query(page, "lang", "en")
        page.get_by_role("link", name="Map", exact=True).click()
        visit.wait_painted()
        assert shown(visit).title.isascii()


HOSTILE = "![x](//example.com/a.png)<img src=x onerror=window.__xss=1>[l](http://e.example)"


@pytest.mark.parametrize(
    ("path", "key"),
    [("/sources", "source"), ("/sources", "tab"), ("/sources", "lang"), ("/place", "id")],
)
def test_a_wrong_address_of_a_page_is_told_as_plain_text(
    browser: Browser, server: str, path: str, key: str
) -> None:
    with visiting(browser, server) as visit:
        page = open_page(visit, f"{path}?{urlencode({key: HOSTILE})}")
        alert = page.get_by_role("alert")
        expect(alert).to_have_count(1)
        expect(alert).to_contain_text(HOSTILE[:25])
        assert alert.locator("img, a, script").count() == 0
        assert page.evaluate("window.__xss") is None
        assert visit.foreign == []
        assert visit.errors == []


# --- sources -------------------------------------------------------------------------------------


def test_a_source_shows_all_its_figures(browser: Browser, server: str) -> None:
    source = next(s for s in facts_rows("sources.csv") if s["source_id"] == SOURCE)
    own = [r for r in OBSERVATIONS if r["source_id"] == SOURCE and not r["unplaced_reason"]]
    assert len(own) > 50
    with visiting(browser, server) as visit:
        page = open_page(visit, "/sources")
        rows = page.locator(".za-table tbody tr")
        expect(rows).to_have_count(len(facts_rows("sources.csv")))
        page.get_by_role("link", name=source["title"]).click()
        page.wait_for_url(f"**/sources?*source={SOURCE}*")
        sheet, figures = page.locator(".za-table").first, page.locator(".za-table").last
        expect(sheet).to_contain_text(source["publisher"])
        # Beside the observations a source may have declared areas.
        areas = [r for r in facts_rows("declared_areas.csv") if r["source_id"] == SOURCE]
        told = int(number(figures.locator("caption").inner_text()))
        assert len(own) <= told <= len(own) + len(areas)
        expect(figures.locator("tbody tr")).to_have_count(told)
        line = figures.locator("tbody tr").filter(has_text="846.61")
        expect(line).to_contain_text("中北")
        expect(line).to_contain_text("标准地出让面积")
        line.get_by_role("link").click()
        page.wait_for_url("**/place?**")
        assert query(page.url)["id"] == ZHONGBEI


def test_checks_show_their_verdict_and_numbers_and_can_be_narrowed(
    browser: Browser, server: str
) -> None:
    with visiting(browser, server) as visit:
        page = open_page(visit, "/sources?tab=checks")
        rows = page.locator(".za-table tbody tr")
        rows.first.wait_for()
        every = rows.count()
        marks = page.locator(".za-table .za-mark").all_inner_texts()
        assert set(marks) == {"相符", "不符", "无法核对"}
        assert len(marks) == every
        page.get_by_role("button", name=re.compile("^相符")).click()
        expect(rows).to_have_count(every - marks.count("相符"))
        texts = " ".join(rows.all_inner_texts())
        for number_at_fault in ("216", "506.81"):
            assert number_at_fault in texts
        pages_strip = page.locator(".za-strip").inner_text()
        assert str(marks.count("不符")) in pages_strip


def test_rows_without_a_place_are_listed_with_their_reason(browser: Browser, server: str) -> None:
    unplaced = [r for r in OBSERVATIONS if r["unplaced_reason"]]
    with visiting(browser, server) as visit:
        page = open_page(visit, "/sources?tab=unplaced")
        rows = page.locator(".za-table tbody tr")
        expect(rows).to_have_count(len(unplaced))
        for row in unplaced:
            line = rows.filter(has=page.get_by_text(row["row_id"], exact=True))
            expect(line).to_contain_text(row["unplaced_reason"].split(" / ")[0][:20])


# --- downloads -----------------------------------------------------------------------------------


def saved(download: Download, folder: Path) -> Path:
    target = folder / download.suggested_filename
    download.save_as(target)
    return target


@pytest.fixture(scope="module")
def taken(
    browser: Browser, server: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The files that the links beside the map give, and the table as it stood then."""
    folder = tmp_path_factory.mktemp("taken")
    with visiting(browser, server) as visit:
        page = visit.open_map("/").page
        key = shown(visit).key
        page.get_by_role("radio", name="开发区", exact=True).click()
        wait_query(page, "level", "zone")
        wait_idle(page)
        key = shown(visit).key
        pick(page, "指标", "工业投资")
        visit.wait_painted(key)
        wait_idle(page)
        files: dict[str, Any] = {"table": table(visit), "query": query(page.url)}
        for name in ("GeoJSON", "CSV", "GeoPackage"):
            with page.expect_download() as download:
                page.get_by_role("link", name=name, exact=True).click()
            files[name] = saved(download.value, folder)
    return files


def test_the_map_as_geojson_is_what_the_table_shows(taken: dict[str, Any]) -> None:
    assert taken["GeoJSON"].suffix == ".geojson"
    raw = json.loads(taken["GeoJSON"].read_text(encoding="utf-8"))
    assert "crs" not in raw
    frame = gpd.read_file(taken["GeoJSON"])
    assert frame.crs is not None
    assert frame.crs.is_geographic
    outlines = json.loads((ROOT / "data/boundaries/zones.geojson").read_text(encoding="utf-8"))
    assert set(frame.place_id) >= {f["properties"]["place_id"] for f in outlines["features"]}
    assert frame.place_id.is_unique
    west, south, east, north = frame.total_bounds
    assert 110 < west < east < 115
    assert 34 < south < north < 41
    polygons = frame.geometry.dropna().explode()
    assert all(polygon.exterior.is_ccw for polygon in polygons)
    assert not any(ring.is_ccw for polygon in polygons for ring in polygon.interiors)
    with_figure = {i: row for i, row in taken["table"].items() if not row["missing"]}
    values = frame[frame.value.notna()].set_index("place_id")
    assert {i: number(row["value"]) for i, row in with_figure.items()} == values.value.to_dict()
    assert len(values) >= 6
    for place, row in with_figure.items():
        assert values.source_title[place] in row["source"]
    for column in ("unit", "period", "quality", "source_id", "source_title", "name_zh"):
        assert values[column].notna().all()
    assert set(values.unit) == {"亿元"}
    assert set(values.period) == {taken["query"]["p"]}


def test_geojson_coordinates_have_at_most_seven_decimals(taken: dict[str, Any]) -> None:
    text = taken["GeoJSON"].read_text(encoding="utf-8")
    decimals = re.findall(r"\[1[01]\d\.(\d+),3\d\.(\d+)\]", text)
    assert len(decimals) > 500
    assert max(len(part) for pair in decimals for part in pair) == 7


def test_the_map_as_csv_opens_in_excel(taken: dict[str, Any]) -> None:
    raw = taken["CSV"].read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    header = next(i for i, cell in enumerate(rows[0]) if "(value)" in cell)
    values = sorted(float(row[header]) for row in rows[1:] if row[header])
    shown_values = (number(r["value"]) for r in taken["table"].values() if not r["missing"])
    assert values == sorted(shown_values)
    assert "地点" in rows[0][0] or "名称" in " ".join(rows[0])


def test_no_cell_of_any_csv_runs_as_a_formula(server: str) -> None:
    for name in ("places", "observations", "unplaced", "sources", "zones", "standard-land"):
        raw = urlopen(f"{server}/download/{name}.csv").read()
        assert raw.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
        for cell in (cell for row in rows for cell in row):
            if cell[:1] in set("=+-@\t\r＝＋－＠"):
                float(cell.removesuffix("%"))  # only a number may begin so


def test_the_map_as_geopackage_opens(taken: dict[str, Any]) -> None:
    frame = gpd.read_file(taken["GeoPackage"])
    other = gpd.read_file(taken["GeoJSON"])
    assert frame.crs is not None
    assert frame.crs.to_epsg() == 4490
    assert len(frame) == len(other)
    assert frame.value.sum() == pytest.approx(other.value.sum())
    assert frame.union_all().area == pytest.approx(other.union_all().area, rel=1e-6)


def test_each_outline_of_the_map_is_taken_away_once(server: str) -> None:
    """A total of a city's zones lies on the city's outline: the bare outline must not cover it."""
    address = f"{server}/download/map.geojson?level=city&i=signed_batch_projects"
    frame = gpd.read_file(address)
    assert frame.geometry.to_wkb().is_unique
    assert len(frame) == 11


def test_the_link_and_the_bare_address_give_the_same_bytes(
    browser: Browser, server: str, tmp_path: Path
) -> None:
    with visiting(browser, server) as visit:
        page = open_page(visit, "/downloads")
        row = page.locator("tr").filter(has=page.get_by_text("县界", exact=True))
        with page.expect_download() as download:
            row.get_by_role("link", name="GeoJSON").click()
        by_link = saved(download.value, tmp_path).read_bytes()
        expect(row).to_contain_text("117")
        links = page.locator('a[href^="/download/"]').evaluate_all(
            "all => all.map((a) => a.getAttribute('href'))"
        )
    assert by_link == urlopen(f"{server}/download/counties.geojson").read()
    assert len(json.loads(by_link)["features"]) == 117
    assert len(links) > 15
    for link in links:
        with urlopen(urljoin(server, link)) as answer:
            assert "attachment" in answer.headers["Content-Disposition"]
            assert len(answer.read()) > 200, link


def test_the_rows_named_on_the_downloads_page_are_in_the_files(
    browser: Browser, server: str
) -> None:
    with visiting(browser, server) as visit:
        page = open_page(visit, "/downloads")
        listed = page.evaluate(
            """() => [...document.querySelectorAll('.za-table tbody tr')].map((row) => [
                 row.querySelector('a[href*=".csv"]').getAttribute('href'),
                 row.children[2].textContent.trim()])"""
        )
    assert len(listed) >= 12
    for address, rows in listed:
        raw = urlopen(urljoin(server, address)).read().decode("utf-8-sig")
        assert len(list(csv.reader(io.StringIO(raw, newline="")))) - 1 == int(rows), address


# --- screens -------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES[1:])
def test_no_page_is_wider_than_a_phone(browser: Browser, server: str, address: str) -> None:
    with visiting(browser, server, viewport=PHONE, is_mobile=True, has_touch=True) as visit:
        page = open_page(visit, address)
        page.locator(".za-table, .za-file, table, h1").first.wait_for()
        wide = page.evaluate(
            """() => { const most = document.documentElement.clientWidth + 1;
              return [...document.querySelectorAll('[data-testid="stMain"] *')]
                .filter((e) => e.checkVisibility() && !e.closest('.za-scroll, svg')
                  && e.getBoundingClientRect().right > most && e.getBoundingClientRect().width > 1)
                .map((e) => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`)
                .slice(0, 5); }"""
        )
        assert wide == []
        scrolls = page.evaluate(
            """() => [...document.querySelectorAll('.za-scroll')]
                 .filter((box) => box.scrollWidth > box.clientWidth + 1).length"""
        )
        assert scrolls == 0 or address.startswith("/place"), "tables stack on a phone"


def test_the_pages_digest_is_of_the_stored_collection(browser: Browser, server: str) -> None:
    """The digest on the page has twelve digits and differs from collection to collection."""
    with visiting(browser, server) as visit:
        page = open_page(visit, "/downloads")
        digests = page.locator(".za-table tbody tr td:last-child").all_inner_texts()
    assert all(re.fullmatch(r"[0-9a-f]{12}", digest) for digest in digests)
    assert len(set(digests)) == len(digests)


def test_a_long_title_leaves_the_way_to_the_pages_free(browser: Browser, server: str) -> None:
    with visiting(browser, server, viewport=PHONE) as visit:
        page = visit.open_map("/?level=city&lang=en").page
        page.get_by_test_id("stExpandSidebarButton").click(timeout=10_000)  # fails when covered
        expect(page.get_by_role("link", name="Downloads")).to_be_visible()
