"""Reports: what they say can be read back from PDF, workbook, GeoPackage and page."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import openpyxl
import pypdf
import pypdfium2
import pytest
import shapely

from layers.atlas import Atlas, open_atlas
from layers.compareview import CompareView
from layers.comparison import Comparison, compare
from layers.mapsheet import bar_km, map_svg, sheet_of
from layers.report import FORMATS, report
from layers.reportdata import report_data
from layers.reportpdf import ReportError, pdf
from layers.waterfall import waterfall_svg

ROOT = Path(__file__).resolve().parents[1]
KEYS = ("zhongbei-expand.A", "gujiao-set-up.B", "lingshi-adjust.A")
DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def demo(demo_dir: Path) -> Atlas:
    return open_atlas(demo_dir, ROOT / "data")


@pytest.fixture(scope="module")
def made(demo: Atlas) -> Comparison:
    return compare(demo, CompareView(proposals=KEYS), as_of=DAY)


def words(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "".join(page.extract_text() for page in pages).replace("\n", "").replace(" ", "")


def test_the_pdf_says_it_all_in_chinese_with_fonts_inside(made, demo) -> None:
    file = report(made, demo, "pdf")
    assert file.name == "demo-方案比选_2026-11-24.pdf"
    reader = pypdf.PdfReader(io.BytesIO(file.content))
    assert len(reader.pages) >= 7
    assert reader.pages[0].mediabox.width == pytest.approx(595.3, abs=0.5)
    said = words(file.content)
    for part in (
        "方案比选报告", "演示数据", "62.77", "23.76", "7.55", "31.46", "永久基本农田", "刚性条件",
        "名次", "所用规则", "数据版本", "land-usev0", "2023-05-06", "采矿用地及采空影响区",
        "CGCS2000椭球面积", f"共{len(reader.pages)}页",
    ):  # fmt: skip
        assert part.replace(" ", "") in said, part
    fonts = {str(f) for p in reader.pages for f in p["/Resources"]["/Font"].get_object()}
    assert fonts
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].get_object().values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"].get_object())


def test_the_pdf_renders_with_something_on_every_page(made, demo) -> None:
    document = pypdfium2.PdfDocument(report(made, demo, "pdf").content)
    for page in document:
        picture = page.render(scale=0.5).to_numpy()
        assert (picture < 200).mean() > 0.005
    document.close()


@pytest.mark.parametrize("extension", FORMATS)
def test_the_same_comparison_gives_the_same_bytes(extension, made, demo) -> None:
    first, second = (report(made, demo, extension).content for _ in range(2))
    if extension != "gpkg":  # its reader's table of contents is compared by what it holds, below
        assert first == second
    assert len(first) > 5000


def test_hostile_names_are_printed_as_they_are(made, demo) -> None:
    name = '#panic() *x* $y$ <script>alert(1)</script> "z" =1+1 ' + "很长的名称" * 30
    first = made.dossiers[0]
    odd = replace(made, dossiers=(replace(first, name=name), *made.dossiers[1:]))
    said = words(report(odd, demo, "pdf").content)
    assert "#panic()*x*$y$<script>alert(1)</script>" in said
    page = report(odd, demo, "html").content.decode()
    assert "<script>" not in page and "&lt;script&gt;" in page
    book = openpyxl.load_workbook(io.BytesIO(report(odd, demo, "xlsx").content))
    cells = [
        c for s in book for row in s.iter_rows() for c in row if c.value and name in str(c.value)
    ]
    assert cells and all(cell.data_type == "s" for cell in cells)


def test_the_workbook_has_live_formulas_whose_values_are_right(made, demo) -> None:
    content = report(made, demo, "xlsx").content
    formulas = openpyxl.load_workbook(io.BytesIO(content))
    values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    sheet, shown = formulas.worksheets[0], values.worksheets[0]
    assert "演示数据" in sheet["A1"].value
    rows: dict[str, int] = {}
    for row in sheet.iter_rows():
        rows.setdefault(str(row[0].value), row[0].row)
    check = next(r for name, r in rows.items() if "应为 0" in name)
    assert sheet.cell(check, 3).value.startswith("=SUM(") and shown.cell(check, 3).value == 0
    gross = rows["总面积"]
    ledger = made.dossiers[0].ledger
    assert shown.cell(gross, 3).value == round(ledger.gross_m2)
    lines = [shown.cell(gross + 1 + n, 3).value for n in range(len(ledger.lines))]
    assert sum(lines) == round(ledger.gross_m2)
    assert sheet.cell(gross + 1, 4).value.endswith("/1000000")
    assert shown.cell(gross + len(lines), 8).value == 0  # nothing is left after the rest
    scores = next(s for s in formulas if "评分" in s.title)
    last = [c.value for row in scores.iter_rows() for c in row if "SUMPRODUCT" in str(c.value)]
    assert len(last) == sum(
        a == b for a, b in zip(made.ranking.low, made.ranking.high, strict=True)
    )


def test_the_geopackage_holds_every_line(made, demo, tmp_path) -> None:
    path = tmp_path / "r.gpkg"
    path.write_bytes(report(made, demo, "gpkg").content)
    parts = gpd.read_file(path, layer="proposal_parts")
    lines = gpd.read_file(path, layer="ledger_lines")
    assert parts.crs.to_epsg() == lines.crs.to_epsg() == 4490
    assert set(parts["role"]) == {"base", "in", "out"} and set(parts["precision"]) == {"synthetic"}
    for found in made.dossiers:
        own = lines[(lines["proposal"] == found.proposal.key) & (lines["kind"] != "flag")]
        assert own["area_m2"].sum() == pytest.approx(found.ledger.gross_m2, abs=1)


def test_one_proposal_alone_has_a_report_without_scores(demo) -> None:
    alone = compare(demo, CompareView(proposals=KEYS[:1]), as_of=DAY)
    assert alone.ranking is None and "只有一个方案" in alone.refusal
    assert "只有一个方案" in words(report(alone, demo, "pdf").content)


def test_english_report_and_missing_fonts(demo, tmp_path) -> None:
    english = compare(demo, CompareView(proposals=KEYS[:2], lang="en"), as_of=DAY)
    said = words(report(english, demo, "pdf").content)
    assert "Comparisonofproposals" in said and "Permanentbasicfarmland" in said
    with pytest.raises(ReportError, match="make setup"):
        pdf(report_data(english, demo), fonts=tmp_path)


def test_the_scale_bar_is_as_long_as_it_says(made) -> None:
    import pyproj

    found = made.dossiers[0]
    sheet = sheet_of(found, 640, 420)
    km = bar_km(sheet, 640)
    west, south, east, north = shapely.bounds(found.proposal.land_in)
    lat, lon = (south + north) / 2, (west + east) / 2
    for bearing in (0, 90):
        there = pyproj.Geod(ellps="GRS80").fwd(lon, lat, bearing, km * 1000)[:2]
        pixels = shapely.get_coordinates(sheet.drawn(shapely.LineString([(lon, lat), there])))
        long = float(((pixels[1] - pixels[0]) ** 2).sum() ** 0.5)
        assert long == pytest.approx(km * 1000 * sheet.px_per_m, rel=5e-3)


def test_drawings_escape_and_say_what_is_not_imported(made, demo) -> None:
    found = made.dossiers[0]
    hostile = replace(found, name="<b>&")
    svg = map_svg(hostile, demo.boundaries("zones"), demo.boundaries("counties"), lang="zh")
    assert "<b>" not in svg and "&lt;b&gt;&amp;" in svg
    ledger = found.ledger
    lost = replace(ledger, lines=(replace(ledger.lines[0], status="no_layer"), *ledger.lines[1:]))
    drawn = waterfall_svg(lost, found.declared, lang="zh")
    assert "未导入图层" in drawn and 'data-line="farmland"' in drawn
    assert drawn == waterfall_svg(lost, found.declared, lang="zh")
