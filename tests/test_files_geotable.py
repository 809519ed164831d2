"""CSV and workbooks with coordinates: columns found by name, cells typed, nothing run or lost."""

from __future__ import annotations

import datetime
import errno
import math
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from oldworkbooks import old_workbook, sheet_stream

from geo.errors import FileRefusedError, LimitError
from geo.files import FeatureFile, ReadOptions, open_file, read_frame, write_file
from geo.files.cells import coordinate, neutralise, restored
from geo.files.geotable import open_table
from geo.files.tablecolumns import recognised, role
from geo.files.wkt import parsed
from geo.files.workbook import check_workbook
from geo.limits import Limits
from geo.problems import Problem


def csv(folder: Path, text: str, *, codec: str = "utf-8") -> Path:
    path = folder / "a.csv"
    path.write_bytes(text.encode(codec))
    return path


def workbook(folder: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    path = folder / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def rows(file: FeatureFile) -> list[dict[str, Any]]:
    return [
        row | {"geometry": shapely.from_wkb(row["geometry"])}
        for batch in file.read()
        for row in batch.table.to_pylist()
    ]


def told(file: FeatureFile) -> list[Problem]:
    return [*file.problems, *(one for batch in file.read() for one in batch.problems)]


@pytest.mark.parametrize(
    ("header", "x", "y"),
    [
        ("名称,经度,纬度", 1, 2), ("lat,lon,name", 1, 0), ("X,Y,备注", 0, 1),
        ("编号,东坐标(Y),北坐标(X)", 1, 2), ("点号,X(北),Y(东)", 2, 1), ("纵坐标,横坐标,z", 1, 0),
        ("序号,X坐标（米）,Y坐标（米）", 1, 2), ("中心点经度,中心点纬度,a", 0, 1),
        ("LNG,LAT,a", 0, 1), ("easting,northing,a", 0, 1), ("point_x,point_y,a", 0, 1),
        ("经度,纬度,X,Y", 0, 1), ("Ｘ,Ｙ,a", 0, 1),
    ],
)  # fmt: skip
def test_columns_of_coordinates_are_known_by_what_they_are_called(
    header: str, x: int, y: int
) -> None:
    found = recognised(header.split(","))
    assert found is not None
    assert (found.x, found.y) == (x, y)


@pytest.mark.parametrize(
    "header", ["a,b", "经度,b", "起点经度,起点纬度,终点经度,终点纬度", "x,x,y", ""]
)
def test_what_is_not_settled_by_names_is_asked_and_not_guessed(tmp_path: Path, header: str) -> None:
    with pytest.raises(FileRefusedError) as caught:
        open_file(csv(tmp_path, f"{header}\n1,2\n"))
    assert caught.value.code == "choose_columns"
    columns = [name for name in header.split(",") if name]
    assert list(caught.value.faults) == (columns or ["1", "2"])


def test_the_user_names_the_columns_and_a_wrong_name_is_told_with_those_there_are(
    tmp_path: Path,
) -> None:
    path = csv(tmp_path, "表题\n甲,乙,丙\n112.5,37.8,一\n")
    file = open_file(path, ReadOptions(x_column="甲", y_column="乙"))
    assert rows(file) == [{"丙": "一", "geometry": shapely.Point(112.5, 37.8)}]
    for options, code in (
        (ReadOptions(x_column="甲", y_column="丁"), "no_such_column"),
        (ReadOptions(wkt_column="丁"), "no_such_column"),
        (ReadOptions(x_column="甲"), "choose_columns"),
    ):
        with pytest.raises(FileRefusedError) as caught:
            open_file(path, options)
        assert caught.value.code == code


def test_titles_above_the_header_blank_rows_and_stray_columns_are_passed_over(
    tmp_path: Path,
) -> None:
    text = "某市项目一览表,,,\n,,,\n单位：米,,,\n名称,经度,纬度,\n一,112.5,37.8,\n\n,,,\n"
    text += "二,112.6,37.9,\n"
    file = open_file(csv(tmp_path, text))
    assert file.columns == ("名称",)
    (batch,) = file.read()
    assert batch.lines == (5, 8)
    assert batch.table.column("名称").to_pylist() == ["一", "二"]


@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_any_usual_separator_and_encoding_is_read(tmp_path: Path, sign: str, codec: str) -> None:
    text = "\r\n".join(
        sign.join(row) for row in (("名称", "经度", "纬度"), ("一号", "112.5", "37.8"))
    )
    file = open_file(csv(tmp_path, text, codec=codec))
    assert rows(file) == [{"名称": "一号", "geometry": shapely.Point(112.5, 37.8)}]


def test_wkt_between_semicolons_or_in_quotes_is_read_and_its_srid_is_a_declaration(
    tmp_path: Path,
) -> None:
    ring = "POLYGON((0 0,9 0,9 9,0 0))"
    for text in (f"id;WKT\n1;{ring}\n2;{ring}\n", f'id,wkt\n1,"{ring}"\n2,"{ring}"\n'):
        file = open_file(csv(tmp_path, text))
        assert [row["geometry"].area for row in rows(file)] == [40.5, 40.5]
        assert file.hints.declared == ""
    file = open_file(csv(tmp_path, f'id,geom\n1,"SRID=4526;{ring}"\n2,\n'))
    assert (file.hints.declared, file.hints.declared_by) == ("EPSG:4526", "SRID")
    assert rows(file)[1]["geometry"] is None


def test_columns_get_the_one_type_that_holds_all_their_cells(tmp_path: Path) -> None:
    text = (
        "lon,lat,whole,number,code,mixed,digits,empty,flag\n"
        "1,2,1,1.5,01,1,123456789012345678901,,true\n"
        "1,2,,-2,02,x,1,,false\n"
    )
    table = next(iter(open_file(csv(tmp_path, text)).read())).table
    kinds = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert kinds == {
        "whole": "int64", "number": "double", "code": "string", "mixed": "string",
        "digits": "string", "empty": "string", "flag": "string", "geometry": "binary",
    }  # fmt: skip
    assert table.column("whole").to_pylist() == [1, None]
    assert table.column("code").to_pylist() == ["01", "02"]


def test_cells_of_a_workbook_keep_their_kinds(tmp_path: Path) -> None:
    day, moment = datetime.date(2024, 3, 1), datetime.datetime(2024, 3, 1, 8, 30)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["经度", "纬度", "宗数", "面积", "日期", "时刻", "是否", "名称", "错误", "混合"])
    sheet.append([112.5, 37.8, 3, 1.5, day, moment, True, "=1+1", "#REF!", 1])
    sheet.append([112.6, 37.9, None, 2, day, day, False, "", None, "一"])
    sheet["H2"].data_type = "s"
    path = tmp_path / "a.xlsx"
    book.save(path)
    first, second = rows(open_file(path))
    assert (first["宗数"], first["面积"], first["日期"]) == (3, 1.5, day)
    assert (first["是否"], first["名称"], first["混合"]) == (True, "=1+1", "1")
    assert first["时刻"] == moment
    assert second["时刻"] == datetime.datetime(2024, 3, 1)
    assert second["宗数"] is None
    assert second["名称"] is None


def test_a_row_without_usable_coordinates_is_kept_and_told_with_line_and_column(
    tmp_path: Path,
) -> None:
    text = "名称,经度,纬度\n一,112.5,37.8\n二,,\n三,东边,37.8\n四,inf,37.8\n五,112.5,\n"
    file = open_file(csv(tmp_path, text))
    found = rows(file)
    assert [row["名称"] for row in found] == list("一二三四五")
    assert [row["geometry"] is None for row in found] == [False, True, True, True, True]
    places = [(p.code, p.level, p.feature, p.line, p.field) for p in told(file)]
    assert sorted(places, key=lambda place: place[2]) == [
        ("no_coordinates", "warning", 2, 3, "经度"), ("bad_coordinate", "error", 3, 4, "经度"),
        ("bad_coordinate", "error", 4, 5, "经度"), ("no_coordinates", "warning", 5, 6, "纬度"),
    ]  # fmt: skip
    assert file.feature_count == 5


def test_what_a_row_has_beyond_the_header_is_told(tmp_path: Path) -> None:
    (problem,) = told(open_file(csv(tmp_path, "lon,lat\n1,2\n3,4,5\n6,7,8,9\n")))
    assert (problem.code, problem.count, problem.line) == ("row_width", 2, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("112.5", 112.5), (" 4,194,266.245 ", 4194266.245), ("１１２．５", 112.5), ("1e3", 1000),
        ("112°33′12.5″", 112 + 33 / 60 + 12.5 / 3600), ("37度52分", 37 + 52 / 60),
        ("N37°52'14\"", 37 + 52 / 60 + 14 / 3600), ("112°33'W", -(112 + 33 / 60)),
        ("东经112°33′12″", 112.5533333333), ("-37°30′", -37.5), ("", None), ("  ", None),
        ("abc", math.nan), ("1_000", math.nan), ("112°61′", math.nan), ("1,2", math.nan),
        ("9" * 400, math.inf), (True, math.nan), (5, 5.0),
    ],
)  # fmt: skip
def test_coordinates_are_read_as_people_write_them(text: object, value: float | None) -> None:
    found = coordinate(text)
    assert found == pytest.approx(value, nan_ok=True) if value is not None else found is None


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd", "-x", "@SUM(A1)", "\t=1", " =1", "\u200b=1", "＝1", "\r", "－1"],
)
def test_a_text_that_a_spreadsheet_would_run_is_written_so_that_it_does_not(
    tmp_path: Path, text: str
) -> None:
    frame = gpd.GeoDataFrame({"a": [text], text: ["x"]}, geometry=[shapely.Point(1, 2)], crs=4490)
    path = tmp_path / "a.csv"
    write_file(frame, path)
    cells = path.read_bytes().decode("utf-8-sig")
    assert neutralise(text) == "'" + text
    assert restored(neutralise(text)) == text
    if text.strip():
        assert all(not cell.strip("\"'").startswith(text) or "'" in cell
                   for cell in cells.split(","))  # fmt: skip
    book = tmp_path / "a.xlsx"
    write_file(frame, book)
    sheet = openpyxl.load_workbook(book).active
    assert sheet["A2"].data_type == "s"
    assert b"<f>" not in zipfile.ZipFile(book).read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", ["-2.3", "-51.6%", "+1", "1e5", "'quoted'", "'", "plain"])
def test_numbers_and_plain_texts_get_no_apostrophe_and_keep_those_they_have(text: str) -> None:
    assert neutralise(text) == text
    assert restored(text) == text


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=12)
ODD = st.sampled_from(["=1+1", '引"号', "逗,号", "换\n行", "'a", "00123", "１"])
TEXTS = st.one_of(st.none(), NAMES.map(lambda name: f"名{name.strip()}"), ODD)


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=5),
    corner=st.tuples(st.floats(110, 114), st.floats(35, 40)),
    extension=st.sampled_from(["csv", "xlsx"]),
)  # fmt: skip
def test_what_is_written_is_read_back_texts_points_and_polygons(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[str | None], corner: tuple[float, float], extension: str,
) -> None:  # fmt: skip
    west, south = corner
    square = shapely.box(west, south, west + 0.1, south + 0.1)
    holed = shapely.Polygon(square.exterior.coords, [square.buffer(-0.02).exterior.coords])
    folder = tmp_path_factory.mktemp("tables")
    for shape in (shapely.Point(west, south), shapely.MultiPolygon([holed])):
        shapes = [shape, *[None] * (len(texts) - 1)]
        frame = gpd.GeoDataFrame(
            {"名称": texts, "序号": range(len(texts))}, geometry=shapes, crs=4490
        )
        path = folder / f"{shape.geom_type}.{extension}"
        report = write_file(frame, path)
        assert [one.code for one in report.problems] == ["crs_not_carried"]
        back = read_frame(open_file(path))
        assert [None if pd.isna(text) else text for text in back["名称"]] == texts
        assert back["序号"].tolist() == list(range(len(texts)))
        assert shapely.equals_exact(back.geometry.iloc[0], shape, 2e-9)
        assert back.geometry.iloc[1:].isna().all()


def test_projected_points_are_written_as_easting_and_northing(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"a": [1, None]}, geometry=[shapely.Point(38500000.12344, 4194000.5), None], crs=4526
    )
    path = tmp_path / "a.csv"
    write_file(frame, path)
    lines = path.read_bytes().decode("utf-8-sig").split("\r\n")
    assert lines[:3] == ["a,东坐标,北坐标", "1,38500000.1234,4194000.5", ",,"]


def test_wkt_that_no_cell_holds_is_left_out_of_a_workbook_and_told(tmp_path: Path) -> None:
    angle = np.linspace(0, 2 * np.pi, 3_000)
    ring = shapely.Polygon(np.column_stack([112 + np.cos(angle) / 9, 37 + np.sin(angle) / 9]))
    frame = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[ring, shapely.box(1, 1, 2, 2)], crs=4490)
    report = write_file(frame, tmp_path / "a.xlsx")
    assert [(p.code, p.count) for p in report.problems][1:] == [("geometry_left_out", 1)]
    assert [row["geometry"] is None for row in rows(open_file(tmp_path / "a.xlsx"))] == [
        True,
        False,
    ]
    report = write_file(frame, tmp_path / "a.csv")
    assert [(p.code, p.count) for p in report.problems][1:] == [("long_cells", 1)]
    assert rows(open_file(tmp_path / "a.csv"))[0]["geometry"].area == pytest.approx(ring.area)


def test_a_workbook_on_a_full_disk_is_one_of_our_errors(tmp_path: Path, monkeypatch) -> None:
    def full(self: object, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(1, 1, 2, 2)], crs=4490)
    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(FileRefusedError) as caught:
        write_file(frame, tmp_path / "a.xlsx")
    assert caught.value.code == "cannot_write"
    assert "a.xlsx" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_of_several_sheets_with_coordinates_one_is_asked_for(tmp_path: Path) -> None:
    path = workbook(tmp_path, {
        "说明": [["填表说明"]], "甲": [["经度", "纬度"], [112, 37]],
        "乙": [["lon", "lat"], [113, 38]],
    })  # fmt: skip
    with pytest.raises(FileRefusedError) as caught:
        open_file(path)
    assert (caught.value.code, caught.value.faults) == ("choose_layer", ("甲", "乙"))
    file = open_file(path, ReadOptions(layer="乙"))
    assert (file.layer, file.layers) == ("乙", ("说明", "甲", "乙"))
    assert rows(file)[0]["geometry"] == shapely.Point(113, 38)
    for layer, code in (("丙", "no_such_layer"), ("说明", "choose_columns")):
        with pytest.raises(FileRefusedError) as caught:
            open_file(path, ReadOptions(layer=layer))
        assert caught.value.code == code


def test_rows_of_a_sheet_are_told_by_the_numbers_that_the_program_shows(tmp_path: Path) -> None:
    rows_ = [[], ["标题"], ["经度", "纬度"], [112, 37], [], ["x", 1]]
    file = open_file(workbook(tmp_path, {"甲": rows_}))
    (batch,) = file.read()
    assert batch.lines == (4, 6)
    assert [(p.code, p.line) for p in batch.problems] == [("bad_coordinate", 6)]


def test_an_old_workbook_is_read_with_long_texts_that_run_over_records(tmp_path: Path) -> None:
    long = "长" * 9_000
    cells = [
        ["名称", "经度", "纬度"],
        [long, 112.5, 37.8],
        ["二", 112.6, 37.9],
        [long + "a", 1.0, 2.0],
    ]
    path = tmp_path / "a.xls"
    path.write_bytes(old_workbook(sheet_stream(cells)))
    assert [row["名称"] for row in rows(open_file(path))] == [long, "二", long + "a"]


def test_a_workbook_is_measured_as_the_library_lays_it_out(tmp_path: Path) -> None:
    path = workbook(tmp_path, {"甲": [["经度", "纬度"], *([[112, 37]] * 98)]})
    limits = Limits(cells=200)
    assert check_workbook(path, limits) == ()
    with pytest.raises(LimitError) as caught:
        check_workbook(path, replace(limits, cells=197))
    assert caught.value.code == "too_many_cells"


def sheet_with(folder: Path, cells: bytes) -> Path:
    """A workbook whose one sheet has these cells."""
    path = workbook(folder, {"甲": [["经度", "纬度"], [112, 37]]})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    whole = members["xl/worksheets/sheet1.xml"]
    start, end = whole.index(b"<sheetData>"), whole.index(b"</sheetData>")
    members["xl/worksheets/sheet1.xml"] = whole[:start] + b"<sheetData>" + cells + whole[end:]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (b'<row r="9"><c r="A1"><v>1</v></c><c r="CV60000"><v>1</v></c></row>', "too_many_cells"),
        (b'<row r="60000"><c><v>1</v></c></row><row r="1"><c r="CV1"><v>1</v></c></row>',
         "too_many_cells"),
        (b"<x:row r='60000'><x:c\n r = 'CV60000'><v>1</v></x:c></x:row><row r='1'><c/></row>"
         b"<row r='2'><c><v>1</v></c></row>",
         "too_many_cells"),
        (b'<row r="1"><c r="A1"><v>1</v></c><c a="&gt;" b=\'>\' r="CV60000"><v>1</v></c></row>',
         "too_many_cells"),
        (b'<row r="1"><c r="A1" a="<"><v>1</v></c></row>', "bad_workbook"),
        (b'<row r="1"><c r="A1"><v>1</v></c></row><row r="60000"><c r="CV60000" s="1"/></row>', ""),
        (b'<row r="1"><c r="A1"><v>1</v></c><c r="CV60000" s="1"></c></row>', ""),
    ],
)  # fmt: skip
def test_far_cells_are_found_however_they_are_written_and_empty_ones_do_no_harm(
    tmp_path: Path, cells: bytes, code: str
) -> None:
    path = sheet_with(tmp_path, cells)
    if not code:
        assert check_workbook(path, Limits()) == ()
        return
    with pytest.raises(FileRefusedError) as caught:
        check_workbook(path, Limits())
    assert caught.value.code == code


def test_wkt_that_is_almost_right_is_mended_and_told_else_left_out() -> None:
    def codes(text: str) -> tuple[str | None, list[str]]:
        shape, found = parsed(text)
        return (None if shape is None else shapely.from_wkb(shape).wkt), [c for c, _ in found.codes]

    assert codes("POLYGON((0 0,1 0,1 1))") == ("POLYGON ((0 0, 1 0, 1 1, 0 0))", ["unclosed_ring"])
    shape, found = codes("MULTIPOLYGON(((0 0,1 0,1 1)),((5 5,6 5,6 6),(5.5 5.1,5.6 5.1,5.6 5.2)))")
    assert found == ["unclosed_ring"] * 3
    assert shape is not None and shape.count("((") == 2
    assert codes("POLYGON((0 0,1 0))")[1] == ["short_ring"]
    assert codes("POINT(nan 1)")[1] == ["not_finite"]
    assert codes("POINT(1e300 1)")[1] == ["not_finite"]
    assert codes("POINT EMPTY") == ("POINT EMPTY", [])
    for text in ("POINT(a b)", "nonsense", "POLYGON((0 0,1 0", "CIRCULARSTRING(0 0,1 1,2 0)"):
        assert codes(text) == (None, ["bad_geometry"])


def test_limits_are_named(tmp_path: Path) -> None:
    path = csv(tmp_path, "lon,lat,a\n" + "1,2,3\n" * 20)
    for changes, code in (
        ({"cells": 30}, "too_many_cells"), ({"features": 10}, "too_many_features"),
        ({"text_bytes": 50}, "too_large"),
    ):  # fmt: skip
        with pytest.raises(LimitError) as caught:
            open_table(path, ReadOptions(), replace(Limits(), **changes))
        assert caught.value.code == code


def test_a_quote_without_its_other_half_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError) as caught:
        open_file(csv(tmp_path, 'lon,lat,a\n1,2,x\n1,2,"y\n1,2,z\n'))
    assert (caught.value.code, caught.value.line) == ("unclosed_quote", 3)


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=200).map(lambda t: ("lon,lat\n" + t).encode())
    )
)
def test_any_bytes_are_a_table_or_one_of_our_errors(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.csv"
    path.write_bytes(data)
    try:
        rows(open_table(path, ReadOptions(), Limits()))
    except FileRefusedError as error:
        assert " / " in error.message


def test_roles_are_not_given_to_words_that_only_contain_a_letter() -> None:
    for label in (
        "exit",
        "year",
        "年份",
        "xx",
        "y轴说明",
        "东区",
        "北部湾",
        "",
        "note",
        "e1",
        "latte",
    ):
        assert role(label) == "", label
    assert [role(label) for label in ("X", "y", "E", "N", "WKT", "东坐标")] == [
        "x", "y", "east", "north", "wkt", "east",
    ]  # fmt: skip
