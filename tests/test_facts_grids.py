"""Sheets and text files as grids: as a person sees them, exact, and safe from hostile files."""

from __future__ import annotations

import json
import math
import struct
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facts.celltexts import read_figure
from facts.errors import FactsError
from facts.grids import (
    Grid,
    GridError,
    GridLimitError,
    Range,
    address,
    parse_csv,
    plain_number,
    read_grids,
)
from facts.numberformats import number_format
from tests.workbook_files import FORMATS, ods, raw_xlsx, xls, xls_record, xlsx

TEXT = "开发区,投资额（亿元）\r\n清徐经济开发区,12.3\r\n"


def only(path: Path, **options: int) -> Grid:
    (grid,) = read_grids(path, **options)
    return grid


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_text_is_read_in_the_encodings_and_with_the_marks_that_offices_use(
    encoding, mark, tmp_path
) -> None:
    path = tmp_path / "表.csv"
    path.write_bytes(TEXT.replace(",", mark).encode(encoding))
    grid = only(path)
    assert grid.cells == (("开发区", "投资额（亿元）"), ("清徐经济开发区", "12.3"))
    assert grid.address(1, 1) == "B2"


def test_a_given_encoding_goes_before_what_could_be_guessed() -> None:
    grid = parse_csv("开发区,数\n清徐,1\n".encode("big5", errors="replace"), encoding="big5")
    assert grid.encoding == "big5"
    with pytest.raises(GridError, match="编码"):
        parse_csv(b"\xff\xff\xff,1\n", encoding="utf-8")


def test_rows_keep_the_numbers_that_excel_gives_them() -> None:
    grid = parse_csv('标题\n\n开发区,说明\n清徐,"两行\n说明"\n阳曲,x\n'.encode())
    assert grid.cells[1] == (None, None)
    assert grid.cells[4] == ("阳曲", "x")


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\x00\x01\x02", b'a,"b\nc,d\n', b'"' + b"x" * 200_000 + b'",1\n']
)
def test_text_that_is_no_table_is_refused_in_words(data) -> None:
    try:
        grid = parse_csv(data)
    except GridError as error:
        assert "/" in str(error)
    else:  # an unclosed quote takes the rest as one cell, as in Excel
        assert grid.height == 1


def test_too_many_cells_are_refused_before_the_file_is_read_to_its_end() -> None:
    with pytest.raises(GridLimitError, match="100"):
        parse_csv(b"1,2,3\n" * 1000, max_cells=100)


def test_cells_of_a_workbook_are_given_as_they_are_shown(tmp_path) -> None:
    rows = [
        ["率", 0.7619, 0.0005, date(2023, 6, 1), date(2023, 6, 30), 35000, True, None, 5],
        ["=1+1", "<b>", "  两端空白 ", "", 1e-7],
    ]
    formats = {"B1": FORMATS["percent"], "C1": "0%", "D1": FORMATS["month"], "F1": FORMATS["wan"]}
    grid = only(xlsx(tmp_path / "a.xlsx", rows, formats=formats, hidden_rows=[1]))
    assert grid.cells[0] == (
        "率", "76.19%", "0.05%", "2023年6月", date(2023, 6, 30), "3.5万元", True, None, 5.0,
    )  # fmt: skip
    assert grid.cells[1][:3] == ("=1+1", "<b>", "  两端空白 ")
    assert grid.name == "表1"
    assert grid.hidden_rows == (1,)
    assert grid.address(0, 1) == "表1!B1"


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0.00%", 0.5, "50%"),
        ("0", 5.0, 5.0),
        ("General", 5.0, 5.0),
        ("#,##0.00", 1234.5, 1234.5),
        ("0.00E+00", 12.0, 12.0),
        ('0.00"亿元"', 3.5, "3.5亿元"),
        ('0!.0,"万元"', 35000.0, "3.5万元"),
        ("0!.0000", 35000.0, 3.5),
        ("#,##0,", 35000.0, 35.0),
        ('0"%"', 76.0, "76%"),
        ("[Red]0.0%;[Blue]-0.0%", 0.5, "50%"),
        ("_-* #,##0_-", 7.0, 7.0),
        ('yyyy"年"', date(2023, 6, 1), "2023年"),
        ("yyyy/m/d", date(2023, 6, 1), date(2023, 6, 1)),
        ("m/d/yyyy", 45078.0, date(2023, 6, 1)),
    ],
)
def test_number_formats_that_change_what_a_reader_sees(code, value, shown) -> None:
    assert number_format(code).show(value) == shown


def test_merged_cells_are_filled_only_when_asked(tmp_path) -> None:
    rows = [["开发区", "签约一批", None], [None, "个数", "投资"], ["清徐", 1, 2], [None, 3, 4]]
    grid = only(xlsx(tmp_path / "a.xlsx", rows, merged=["A1:A2", "B1:C1", "A3:A4"]))
    assert grid.cell(3, 0) is None
    assert grid.filled(3, 0) == "清徐"
    assert grid.filled(0, 2) == "签约一批"
    assert grid.range_of(0, 2) == Range(0, 1, 0, 2)
    assert (0, 2) in Range(0, 1, 0, 2)


def test_errors_and_formulas_without_a_saved_result_are_told_apart_from_blanks(tmp_path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page["A1"], page["B1"], page["A2"] = "数", "=1+1", 5
    book.save(tmp_path / "a.xlsx")
    grid = only(tmp_path / "a.xlsx")
    assert grid.cells[0][1] == "#N/C"
    assert "保存" in read_figure(grid.cells[0][1]).fault
    assert grid.formulas == 1
    sheet = '<sheetData><row r="1"><c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row></sheetData>'
    grid = only(raw_xlsx(tmp_path / "b.xlsx", sheet))
    assert grid.cells == (("#DIV/0!",),)
    assert "公式出错" in read_figure("#DIV/0!").fault


def test_formulas_and_links_are_never_followed(tmp_path) -> None:
    sheet = (
        '<sheetData><row r="1"><c r="A1"><f>WEBSERVICE("http://127.0.0.1:1/")</f><v>7</v></c>'
        '<c r="B1" t="str"><f>HYPERLINK("file:///etc/passwd")</f><v>打开</v></c></row></sheetData>'
    )
    grid = only(raw_xlsx(tmp_path / "a.xlsx", sheet))
    assert grid.cells == ((7.0, "打开"),)
    assert grid.formulas == 2


def test_sheets_without_cells_are_left_out_and_hidden_ones_are_marked(tmp_path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "空"
    book.create_sheet("隐藏").append(["开发区", 1])
    book["隐藏"].sheet_state = "veryHidden"
    book.create_sheet("二").append([2])
    book.save(tmp_path / "a.xlsx")
    grids = read_grids(tmp_path / "a.xlsx")
    assert [(grid.name, grid.number, grid.hidden) for grid in grids] == [
        ("隐藏", 2, True), ("二", 3, False),
    ]  # fmt: skip


def test_an_old_workbook_is_read_as_it_is_shown(tmp_path) -> None:
    rows = [["开发区", "率", "额"], ["清徐", 0.7619, 35000], ["阳曲", 1, None], ["合计", 7, 8]]
    formats = {(1, 1): "0.00%", (2, 1): "0%", (1, 2): FORMATS["wan"]}
    error = xls_record(0x0205, struct.pack("<HHHBB", 2, 2, 0, 0x07, 1))
    formula = xls_record(0x0006, struct.pack("<HHHBxBxxxHHIH", 4, 0, 0, 2, 0x17, 0xFFFF, 0, 0, 0))
    path = tmp_path / "a.xls"
    grid = only(xls(path, rows, formats=formats, hidden_rows=[3], extra=error + formula))
    assert grid.cells[:4] == (
        ("开发区", "率", "额"), ("清徐", "76.19%", "3.5万元"), ("阳曲", "100%", "#DIV/0!"),
        ("合计", 7.0, 8.0),
    )  # fmt: skip
    assert grid.cells[4][0] == "#REF!"
    assert grid.formulas == 1
    assert grid.hidden_rows == (3,)


def test_an_old_workbook_of_any_length_is_found_in_its_sectors(tmp_path) -> None:
    rows = [[f"第{i}行", float(i)] for i in range(900)]
    assert only(xls(tmp_path / "a.xls", rows)).cells[899] == ("第899行", 899.0)


def test_an_opendocument_sheet_knows_its_percentages_and_merged_cells(tmp_path) -> None:
    rows = (
        '<table:table-row><table:table-cell office:value-type="string" '
        'table:number-columns-spanned="2"><text:p>标题</text:p></table:table-cell>'
        "<table:covered-table-cell/></table:table-row>"
        '<table:table-row><table:table-cell office:value-type="percentage" office:value="0.7619">'
        "<text:p>76.19%</text:p></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="12.5"><text:p>13</text:p>'
        '</table:table-cell><table:table-cell table:number-columns-repeated="1000"/>'
        "</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048574"><table:table-cell '
        'table:number-columns-repeated="1024"/></table:table-row>'
    )
    grid = only(ods(tmp_path / "a.ods", rows))
    assert grid.cells == (("标题", None), ("76.19%", 12.5))
    assert grid.filled(0, 1) == "标题"


def test_text_named_as_a_workbook_is_read_and_a_web_page_is_explained(tmp_path) -> None:
    (tmp_path / "a.xls").write_bytes(TEXT.replace(",", "\t").encode("gb18030"))
    assert only(tmp_path / "a.xls").cells[1] == ("清徐经济开发区", "12.3")
    (tmp_path / "b.xls").write_bytes(b"<html><table><tr><td>1</td></tr></table></html>")
    with pytest.raises(GridError, match="网页"):
        read_grids(tmp_path / "b.xls")


# --- hostile workbooks -----------------------------------------------------------------------


def test_two_cells_far_apart_are_refused_before_the_rectangle_is_laid_out(tmp_path) -> None:
    far = (
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    with pytest.raises(GridLimitError, match="远处"):
        read_grids(raw_xlsx(tmp_path / "a.xlsx", far))
    many = (
        '<table:table-row table:number-rows-repeated="100000"><table:table-cell '
        'office:value-type="float" office:value="1" table:number-columns-repeated="100000">'
        "<text:p>1</text:p></table:table-cell></table:table-row>"
    )
    with pytest.raises(GridLimitError):
        read_grids(ods(tmp_path / "a.ods", many))


@pytest.mark.parametrize(
    "extra",
    [
        xls_record(0x0203, struct.pack("<HHHd", 65535, 65535, 0, 1.0)),
        xls_record(0x00BD, struct.pack("<HHHIH", 65535, 65534, 0, 0, 65534)),
        xls_record(0x0200, struct.pack("<IIHHH", 0, 2**32 - 1, 0, 65535, 0)),
    ],
)
def test_an_old_workbook_that_is_laid_out_too_large_is_refused(extra, tmp_path) -> None:
    with pytest.raises(GridLimitError):
        read_grids(xls(tmp_path / "a.xls", [["开发区", 1]], extra=extra))


def test_an_old_workbook_that_ends_before_it_begins_is_refused(tmp_path) -> None:
    extra = xls_record(0x0200, struct.pack("<IIHHH", 225, 2, 0, 2, 0))
    with pytest.raises(GridError, match="损坏"):
        read_grids(xls(tmp_path / "a.xls", [["开发区", 1]], extra=extra))


def test_a_password_of_an_old_workbook_is_told(tmp_path) -> None:
    path = xls(tmp_path / "a.xls", [["开发区", 1]], formats={(0, 1): "0%"})
    data = path.read_bytes()
    at = data.index(struct.pack("<HH", 0x041E, 9))
    path.write_bytes(data[:at] + struct.pack("<H", 0x002F) + data[at + 2 :])
    with pytest.raises(GridError, match="密码"):
        read_grids(path)


def test_sectors_that_run_in_a_circle_come_to_an_end(tmp_path) -> None:
    path = xls(tmp_path / "a.xls", [["开发区", 1]])
    data = bytearray(path.read_bytes())
    data[512 + 4 * 3 : 512 + 4 * 4] = struct.pack("<I", 2)
    path.write_bytes(data)
    with pytest.raises(GridError):
        read_grids(path)


def test_a_dimension_that_lies_and_merged_ranges_without_end_cost_nothing(tmp_path) -> None:
    sheet = (
        '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c>'
        '<c r="B1"><v>2</v></c></row></sheetData><mergeCells count="1000">'
        + '<mergeCell ref="A1:XFD1048576"/>' * 1000
        + "</mergeCells>"
    )
    grid = only(raw_xlsx(tmp_path / "a.xlsx", sheet))
    assert (grid.height, grid.width) == (1, 2)
    assert grid.filled(0, 1) == 1.0


def test_a_count_of_shared_texts_that_lies_is_refused(tmp_path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["开发区", "甲"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/sharedStrings.xml"
    assert b'uniqueCount="2"' in parts[name]
    parts[name] = parts[name].replace(b'uniqueCount="2"', b'uniqueCount="21474836486"')
    with zipfile.ZipFile(path, "w") as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    with pytest.raises(GridError, match="损坏"):
        read_grids(path)


def test_entities_and_document_types_are_refused(tmp_path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    path = raw_xlsx(tmp_path / "a.xlsx", "<sheetData/>", extra=bomb)
    with pytest.raises(GridError):
        read_grids(path)


def test_a_part_that_unpacks_to_more_than_the_limit_is_refused(tmp_path) -> None:
    path = raw_xlsx(tmp_path / "a.xlsx", "<sheetData/>" + " " * 2_000_000)
    with pytest.raises(GridLimitError, match="解压"):
        read_grids(path, max_bytes=1_000_000)
    with pytest.raises(GridLimitError, match="文件太大"):
        read_grids(path, max_bytes=100)


@pytest.mark.parametrize("cut", [0, 10, 200, 900, -30])
def test_a_truncated_workbook_is_explained(cut, tmp_path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["开发区", 1]] * 20)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(GridError):
        read_grids(path)


def test_other_archives_and_kinds_of_file_are_refused(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.bin", b"x")
    with pytest.raises(GridError, match="工作簿"):
        read_grids(tmp_path / "a.xlsx")
    with pytest.raises(GridError, match="不支持"):
        read_grids(tmp_path / "a.pdf") if (tmp_path / "a.pdf").write_bytes(b"%PDF") else None
    with pytest.raises(GridError, match="不能读取"):
        read_grids(tmp_path / "none.csv")
    encrypted = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
    (tmp_path / "b.xls").write_bytes(encrypted)
    with pytest.raises(GridError):
        read_grids(tmp_path / "b.xls")


def test_references_that_are_none_are_refused(tmp_path) -> None:
    for reference in ("A-1", "ZZZZ1", "1A", "A" * 50):
        sheet = f'<sheetData><row r="1"><c r="{reference}"><v>1</v></c></row></sheetData>'
        with pytest.raises(GridError):
            read_grids(raw_xlsx(tmp_path / "a.xlsx", sheet))


@given(data=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".xlsx", ".xls", ".ods"]))
@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_bytes_give_a_grid_or_a_clear_error(data, suffix, tmp_path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    try:
        grids = read_grids(path)
    except FactsError as error:
        assert str(error)
        return
    for grid in grids:
        assert Grid.from_json(json.loads(json.dumps(grid.to_json()))) == grid


@given(at=st.integers(0, 5000), byte=st.integers(0, 255))
@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_a_workbook_with_a_wrong_byte_gives_grids_or_a_clear_error(at, byte, tmp_path) -> None:
    path = tmp_path / "a.xlsx"
    data = bytearray(xlsx(path, [["开发区", "率"], ["清徐", 0.5]]).read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(data)
    try:
        read_grids(path)
    except FactsError as error:
        assert str(error)


# --- exactness -------------------------------------------------------------------------------

typed_numbers = st.tuples(
    st.integers(-(10**14), 10**14), st.integers(0, 8)
).map(lambda pair: Decimal(pair[0]).scaleb(-pair[1]))  # fmt: skip


@given(numbers=st.lists(typed_numbers, min_size=1, max_size=30))
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_numbers_survive_a_workbook_and_text_exactly(numbers, tmp_path) -> None:
    rows = [[float(number)] for number in numbers]
    grid = only(xlsx(tmp_path / "a.xlsx", rows))
    text = parse_csv("\n".join(f"{number:f},x" for number in numbers).encode())
    for at, number in enumerate(numbers):
        assert Decimal(read_figure(grid.cells[at][0]).number) == number
        assert read_figure(text.cells[at][0]).number == f"{number:f}"


@given(value=st.floats(-1e300, 1e300))
@settings(deadline=None)
def test_plain_numbers_have_no_exponent_and_fifteen_digits(value) -> None:
    text = plain_number(value)
    assert "e" not in text.casefold()
    assert math.isclose(float(text), value, rel_tol=1e-14)


def test_the_dust_of_binary_arithmetic_is_not_shown() -> None:
    assert plain_number(0.1 + 0.2) == "0.3"
    assert plain_number(1e15) == "1000000000000000"
    assert plain_number(-0.0) == "0"


def test_addresses_are_those_of_excel() -> None:
    assert [address(0, c) for c in (0, 25, 26, 701, 702, 16383)] == [
        "A1", "Z1", "AA1", "ZZ1", "AAA1", "XFD1",
    ]  # fmt: skip


def test_a_grid_goes_through_json_and_damaged_json_is_refused(tmp_path) -> None:
    rows = [["开发区", 1.5, True, date(2023, 6, 1), None]]
    grid = only(xlsx(tmp_path / "a.xlsx", rows, merged=["A1:A2"]))
    plain = json.loads(json.dumps(grid.to_json()))
    assert Grid.from_json(plain) == grid
    for damage in ({}, {**plain, "cells": 5}, {**plain, "merged": [[1]]}, {**plain, "number": "x"}):
        with pytest.raises(GridError):
            Grid.from_json(damage)
