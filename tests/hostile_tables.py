"""Hostile survey texts, CSV and workbooks: endless cells, formulas, sizes that lie."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import xlsxwriter
from corpus import Collected
from oldworkbooks import old_workbook, sheet_stream

CASES = Collected()
PARCEL = "4,1.0,D{n},地块{n},面,,,,@\n"


@CASES("txt_million_parcels_without_points", "a.txt", refused="no_points")
def parcel_lines(path: Path) -> None:
    path.write_text("[地块坐标]\n" + "0,0,,,面,,,,@\n" * 1_000_000, encoding="gb18030")


@CASES("txt_line_of_10_mb", "a.txt", refused="line_too_long")
def long_line(path: Path) -> None:
    path.write_text("[地块坐标]\n" + "1" * 10_000_000 + "\n", encoding="gb18030")


@CASES("txt_line_of_commas", "a.txt", refused="line_too_long")
def commas(path: Path) -> None:
    path.write_text("," * 300_000 + "@x")


@CASES("txt_parcel_of_60_mb", "a.txt", refused="line_too_long")
def long_parcel(path: Path) -> None:
    path.write_text("[地块坐标]\n" + "," * 60_000_000 + "@\n", encoding="gb18030")


@CASES("txt_numbers_that_are_none", "a.txt", told="not_finite", features=1)
def not_finite(path: Path) -> None:
    points = "J1,1,nan,1\nJ2,1,1e400,inf\nJ3,1,9e300,2\nJ4,1,-inf,0\n"
    path.write_text("[地块坐标]\n" + PARCEL.format(n=1) + points, encoding="gb18030")


@CASES("txt_nul_bytes", "a.txt", refused="unknown_format bad_survey_text not_survey_text")
def nul(path: Path) -> None:
    path.write_bytes(b"\x00\x01\x02" * 100_000)


@CASES("txt_ring_beyond_the_limit", "a.txt", refused="ring_too_long too_many_vertices")
def long_ring(path: Path) -> None:
    points = (f"J,1,{4194000 + i / 1_000_000:.4f},{38372000 + i / 1_000}" for i in range(2_100_000))
    head = "[地块坐标]\n" + PARCEL.format(n=1)
    path.write_text(head + "\n".join(points), encoding="gb18030")


@CASES("txt_20k_rings_around_each_other", "a.txt", refused="too_deep")
def concentric(path: Path) -> None:
    lines = ["[地块坐标]", PARCEL.format(n=1).strip()]
    for ring in range(1, 20_001):
        for x, y in ((-1, -1), (-1, 1), (1, 1), (1, -1), (-1, -1)):
            lines.append(f"J1,{ring},{4194000 + x * ring / 50:.3f},{38372000 + y * ring / 50:.3f}")
    path.write_text("\n".join(lines), encoding="gb18030")


@CASES("txt_thousands_of_digits", "a.txt", told="bad_number", features=1)
def digits(path: Path) -> None:
    path.write_text(
        "[地块坐标]\n" + PARCEL.format(n=1) + f"J1,{'9' * 30_000},{'9' * 30_000},1\n"
        + "J1,1,4194127,38372319\n" * 4, encoding="gb18030",
    )  # fmt: skip


@CASES("txt_wrong_bytes", "a.txt", refused="bad_encoding")
def wrong_bytes(path: Path) -> None:
    path.write_bytes("[地块坐标]\n".encode("gb18030") + b"\xff\xff\x80\x80,1\n")


@CASES("csv_quote_never_closed", "a.csv", refused="unclosed_quote")
def open_quote(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b'lon,lat,name\n112,37,"')
        for _ in range(45):
            file.write(b"x,\r\n" * (1 << 18))


@CASES("csv_sparse_gigabyte", "a.csv", refused="too_large unknown_format")
def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b'lon,lat,name\n112,37,"')
        file.truncate(1 << 30)


@CASES("csv_formulas", "a.csv", features=4)
def formulas(path: Path) -> None:
    rows = ["lon,lat,=cmd|' /C calc'!A0", "112,37,=1+1", '112,37,"+HYPERLINK(""http://x"")"',
            "112,37,@SUM(A1)", "112,37,\t=1"]  # fmt: skip
    path.write_text("\n".join(rows))


@CASES("csv_16k_columns", "a.csv", refused="too_many_columns")
def wide(path: Path) -> None:
    head = ",".join(["lon", "lat", *(f"c{index}" for index in range(16_000))])
    path.write_text(head + "\n" + "1," * 16_001 + "1\n")


@CASES("csv_six_million_empty_cells", "a.csv", refused="too_many_cells")
def many_cells(path: Path) -> None:
    path.write_text("lon,lat\n" + ("," * 1_500 + "x\n") * 4_000)


@CASES("csv_wkt_collections_100k_deep", "a.csv", told="bad_geometry", features=1)
def deep_wkt(path: Path) -> None:
    deep = "GEOMETRYCOLLECTION(" * 100_000 + "POINT(1 1)" + ")" * 100_000
    path.write_text(f'id,wkt\n1,"{deep}"\n')


@CASES("csv_wkt_brackets_100k_deep", "a.csv", told="short_ring", features=1)
def wkt_brackets(path: Path) -> None:
    path.write_text(f'id,wkt\n1,"POLYGON{"(" * 100_000}1 1{")" * 100_000}"\n')


@CASES("csv_wkt_million_blanks", "a.csv", told="bad_geometry", features=1)
def wkt_blanks(path: Path) -> None:
    path.write_text(f'id,wkt\n1,"POLYGON{" " * 1_000_000}x"\n')


@CASES("csv_line_of_separators", "a.csv", refused="too_many_columns")
def separators(path: Path) -> None:
    path.write_text("lon,lat\n" + ",;|，\t" * 100_000)


@CASES("csv_wkt_ring_of_2_million", "a.csv", refused="ring_too_long")
def wkt_ring(path: Path) -> None:
    with path.open("w") as file:
        file.write('id,wkt\n1,"POLYGON((')
        for _ in range(25):
            file.write("1 2," * 100_000)
        file.write('1 2))"\n')


@CASES("csv_nul_bytes", "a.csv", refused="unknown_format")
def csv_nul(path: Path) -> None:
    path.write_bytes(b"lon,lat,name\n112,37,a\x00b\n")


@CASES("csv_without_coordinates", "a.csv", refused="choose_columns")
def no_coordinates(path: Path) -> None:
    path.write_text("a,b\n1,2\n")


@CASES("csv_numbers_that_are_none", "a.csv", told="bad_coordinate", features=3)
def csv_nan(path: Path) -> None:
    path.write_text("lon,lat\n1e999,37\nnan,37\n112,=1+1\n")


def workbook(path: Path, rows: list[list[object]]) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)


def with_member(path: Path, name: str, data: bytes, rows: list[list[object]] | None = None) -> None:
    """A workbook in which one member is another."""
    workbook(path, rows or [["lon", "lat"], [112, 37]])
    with zipfile.ZipFile(path) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in (members | {name: data}).items():
            archive.writestr(one, content)


SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
TAIL = b"</worksheet>"


@CASES("xlsx_bomb", "a.xlsx", refused="zip_bomb")
def xlsx_bomb(path: Path) -> None:
    with_member(path, SHEET, HEAD + b"<!--" + bytes(64 << 20) + b"-->" + TAIL)


@CASES("xlsx_cell_in_the_last_corner", "a.xlsx", refused="too_many_cells")
def corner(path: Path) -> None:
    cells = b"<sheetData>" + b"".join(
        b'<row r="%d"><c r="%s%d"><v>1</v></c></row>' % (row, letters, row)
        for row, letters in ((1, b"A"), (1_048_576, b"XFD"))
    ) + b"</sheetData>"  # fmt: skip
    with_member(path, SHEET, HEAD + b'<dimension ref="A1:B2"/>' + cells + TAIL)


@CASES("xlsx_corner_in_odd_writing", "a.xlsx", refused="too_many_cells bad_workbook")
def odd_corner(path: Path) -> None:
    cells = b"<sheetData><row><c foo='>' r = 'A1'><v>1</v></c></row>"
    cells += b"<row r='1048576'><c bar=\"<\" r\n=\n'XFD1048576'><v>1</v></c></row></sheetData>"
    with_member(path, SHEET, HEAD + cells + TAIL)


@CASES("xlsx_dimension_that_lies", "a.xlsx", features=1)
def dimension(path: Path) -> None:
    cells = (
        b'<sheetData><row r="1"><c r="A1" t="str"><v>lon</v></c><c r="B1" t="str"><v>lat</v></c>'
    )
    cells += b'</row><row r="2"><c r="A2"><v>112</v></c><c r="B2"><v>37</v></c></row></sheetData>'
    with_member(path, SHEET, HEAD + b'<dimension ref="A1:XFD1048576"/>' + cells + TAIL)


@CASES("xlsx_one_text_times_100k", "a.xlsx", refused="too_large")
def shared_text(path: Path) -> None:
    workbook(path, [["lon", "lat", "x"], *([[112, 37, "text"]] * 100_000)])
    with zipfile.ZipFile(path) as archive:
        texts = archive.read("xl/sharedStrings.xml")
        members = {one: archive.read(one) for one in archive.namelist()}
    members["xl/sharedStrings.xml"] = texts.replace(b">text<", b">" + b"x" * 1_000_000 + b"<")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in members.items():
            archive.writestr(one, content)


@CASES("xlsx_claims_a_billion_texts", "a.xlsx", refused="too_many_cells")
def text_count(path: Path) -> None:
    texts = (
        b'<?xml version="1.0"?><sst count="1" uniqueCount="99999999999999"><si><t>a</t></si></sst>'
    )
    with_member(path, "xl/sharedStrings.xml", texts)


@CASES("xlsx_entities", "a.xlsx", refused="bad_workbook choose_columns")
def xlsx_entities(path: Path) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    cells = b'<sheetData><row r="1"><c r="A1" t="str"><v>&b;</v></c></row></sheetData>'
    with_member(path, SHEET, laughs + HEAD[21:] + cells + TAIL)


@CASES("xlsx_formulas_and_links", "a.xlsx", told="formulas external_links", features=1)
def xlsx_formulas(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["lon", "lat", "name"])
        sheet.write_row(1, 0, [112, 37])
        sheet.write_formula(1, 2, '=WEBSERVICE("http://127.0.0.1:9/")', None, "x")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink/>")


@CASES("xlsx_truncated", "a.xlsx", refused="bad_zip")
def xlsx_truncated(path: Path) -> None:
    workbook(path, [["lon", "lat"], [112, 37]])
    path.write_bytes(path.read_bytes()[:-100])


@CASES("xlsx_sheet_cut_off", "a.xlsx", refused="bad_workbook")
def sheet_cut(path: Path) -> None:
    with_member(path, SHEET, HEAD + b'<sheetData><row r="1"><c r="A1"><v>1')


@CASES("xlsx_without_coordinates", "a.xlsx", refused="choose_columns")
def xlsx_no_coordinates(path: Path) -> None:
    workbook(path, [["a", "b"], [1, 2]])


@CASES("xlsx_two_sheets", "a.xlsx", refused="choose_layer")
def two_sheets(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        for _ in range(2):
            book.add_worksheet().write_row(0, 0, ["lon", "lat"])


@CASES("xls_noise", "a.xls", refused="bad_workbook")
def xls_noise(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 100)


@CASES("xls_sectors_in_a_circle", "a.xls", refused="bad_workbook")
def xls_circle(path: Path) -> None:
    data = bytearray(old_workbook(sheet_stream([["lon", "lat"]])))
    data[68:76] = struct.pack("<II", 0, 1)  # the table of tables is its own continuation
    data[512 + 508 : 512 + 512] = struct.pack("<I", 0)
    path.write_bytes(bytes(data))


@CASES("xls_dimensions_of_four_billion", "a.xls", refused="bad_workbook")
def xls_dimensions(path: Path) -> None:
    stream = sheet_stream([["lon", "lat"], [112.0, 37.0]], claimed=(0, 0xFFFFFFFF, 0, 256))
    path.write_bytes(old_workbook(stream))


@CASES("xls_one_text_times_40k", "a.xls", refused="too_large")
def xls_text(path: Path) -> None:
    rows = [["lon", "lat", "x" * 30_000], *([[112.0, 37.0, "x" * 30_000]] * 40_000)]
    path.write_bytes(old_workbook(sheet_stream(rows)))


@CASES("xls_500_sheets_that_are_one", "a.xls", refused="too_many_cells")
def xls_sheets(path: Path) -> None:
    rows = [["lon", "lat"], *([[1.0] * 200] * 60)]
    path.write_bytes(old_workbook(sheet_stream(rows, sheets=500)))


@CASES("xls_password", "a.xls", refused="encrypted")
def xls_password(path: Path) -> None:
    path.write_bytes(old_workbook(sheet_stream([["lon", "lat"]], password=True)))


@CASES("xls_truncated", "a.xls", refused="bad_workbook")
def xls_truncated(path: Path) -> None:
    data = old_workbook(sheet_stream([["lon", "lat"], *([[112.0, 37.0]] * 200)]))
    path.write_bytes(data[: len(data) // 2])


@CASES("xls_of_a_word_document", "a.xls", refused="bad_workbook")
def xls_word(path: Path) -> None:
    path.write_bytes(old_workbook(b"\xec\xa5\xc1\x00" * 2_000, name="WordDocument"))
