"""Shapefiles as offices have them: GBK without a word of it, lying .cpg, missing and cut parts."""

from __future__ import annotations

import datetime
import gc
import struct
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError
from geo.files import ReadOptions, dbase, open_file, read_frame, write_file
from geo.limits import Limits

NAMES = ["太原市中北高新技术产业开发区", "晋中", "大同a", None]
FRAME = gpd.GeoDataFrame(
    {"名称": NAMES, "面积": [1.5, -2.25, None, 1e6], "n": [1, 2, 3, 4]},
    geometry=[shapely.box(i, 37, i + 0.5, 38) for i in range(110, 114)],
    crs=4490,
)


@pytest.fixture
def gbk(tmp_path) -> Path:
    write_file(FRAME, tmp_path / "层.shp")
    return tmp_path / "层.shp"


@pytest.fixture
def utf8(tmp_path) -> Path:
    write_file(FRAME, tmp_path / "层.shp", encoding="utf-8")
    return tmp_path / "层.shp"


def silent(path: Path, *, ldid: int = 0, cpg: str | None = None) -> Path:
    """The same Shapefile with another, or no, word on its encoding."""
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[29] = ldid
    dbf.write_bytes(data)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def values(column: Any) -> list[Any]:
    """A column's values, None where missing."""
    return [None if missing else v for v, missing in zip(column, column.isna(), strict=True)]


def found(path: Path, **options: str) -> tuple[str, str, list[str]]:
    file = open_file(path, ReadOptions(**options))
    assert values(read_frame(file)["名称"]) == NAMES
    return file.encoding.name, file.encoding.basis, [p.code for p in file.problems]


def refused(path: Path, code: str, limits: Limits | None = None) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        for _ in open_file(path, limits=limits or Limits()).read():
            pass
    assert caught.value.code == code, str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("ldid", "cpg", "basis", "told"),
    [
        (0, None, "GB18030 fallback", []),
        (0x4D, None, "LDID", []),
        (0x57, None, "GB18030 fallback", []),
        (0, "GBK", ".cpg", []),
        (0, "936\r\n", ".cpg", []),
        (0x4D, "UTF-8", "LDID", ["encoding_mismatch"]),
        (0, "UTF-8", "GB18030 fallback", ["encoding_mismatch"]),
        (0, "ISO-8859-1", "GB18030 fallback", ["encoding_mismatch"]),
        (0x03, None, "GB18030 fallback", ["encoding_mismatch"]),
        (0, "no such encoding", "GB18030 fallback", []),
    ],
)
def test_gbk_is_found_whatever_is_said_of_it(ldid, cpg, basis, told, gbk) -> None:
    assert found(silent(gbk, ldid=ldid, cpg=cpg)) == ("gb18030", basis, told)


@pytest.mark.parametrize(
    ("ldid", "cpg", "basis", "told"),
    [
        (0, None, "strict UTF-8", []),
        (0, "UTF-8", ".cpg", []),
        (0x4D, None, "strict UTF-8", ["encoding_mismatch"]),
        (0, "GBK", "strict UTF-8", ["encoding_mismatch"]),
        (0x57, "ISO-8859-1", "strict UTF-8", ["encoding_mismatch"]),
    ],
)
def test_utf8_is_found_whatever_is_said_of_it(ldid, cpg, basis, told, utf8) -> None:
    assert found(silent(utf8, ldid=ldid, cpg=cpg)) == ("utf-8", basis, told)


def test_what_the_user_says_of_the_encoding_wins(gbk) -> None:
    assert found(silent(gbk, cpg="UTF-8"), encoding="GBK") == ("gb18030", "given", [])
    with pytest.raises(FileRefusedError) as caught:
        open_file(gbk, ReadOptions(encoding="klingon"))
    assert caught.value.code == "unknown_encoding"
    file = open_file(gbk, ReadOptions(encoding="utf-8"))
    told = [p for batch in file.read() for p in batch.problems]
    assert {(p.code, p.feature) for p in told} == {
        ("bad_text", 1),
        ("bad_text", 2),
        ("bad_text", 3),
    }


def test_a_name_cut_in_the_middle_of_a_character_spoils_nothing(gbk) -> None:
    dbf = silent(gbk).with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    table = dbase.Table(dbf, "层")
    field = table.fields[0]
    at = table.start + field.at
    full = ("开" * 30).encode("gbk")[: field.width - 1]
    data[at : at + field.width] = b"x" + full[: field.width - 1]
    data[32:43] = b"x" + "名称名称名".encode("gbk")[:9] + b"\0"  # a column's name, cut as well
    dbf.write_bytes(data)
    file = open_file(gbk)
    assert file.encoding.name == "gb18030" and file.columns[0] == "x名称名称"
    assert read_frame(file)[file.columns[0]][0] == "x" + "开" * ((field.width - 1) // 2)


def test_missing_parts_are_made_up_for_and_told(gbk) -> None:
    gbk.with_suffix(".shx").unlink()
    assert found(gbk)[2] == ["shx_rebuilt"]
    gbk.with_suffix(".dbf").unlink()
    gbk.with_suffix(".prj").unlink()
    file = open_file(gbk)
    assert [p.code for p in file.problems] == ["shx_rebuilt", "no_dbf"] and file.columns == ()
    assert file.hints.declared == "" and len(read_frame(file)) == 4
    assert {p.suffix for p in gbk.parent.iterdir()} == {".shp", ".cpg"}, "nothing is put beside it"


def test_sisters_are_found_whatever_the_case_of_their_extensions(gbk) -> None:
    for suffix in (".shx", ".dbf", ".prj", ".cpg"):
        part = gbk.with_suffix(suffix)
        part.rename(part.with_suffix(suffix.upper()))
    upper = gbk.rename(gbk.with_suffix(".SHP"))
    assert found(upper) == ("gb18030", ".cpg", [])
    assert (
        "CGCS2000" in open_file(upper).hints.declared or "China" in open_file(upper).hints.declared
    )


@pytest.mark.parametrize("suffix", [".shx", ".dbf", ".prj", ".cpg"])
def test_a_part_alone_is_not_taken_for_the_whole(suffix, gbk) -> None:
    refused(gbk.with_suffix(suffix), "part_of_shapefile")


def test_an_index_that_leads_out_of_the_file_is_rebuilt(gbk) -> None:
    shx = gbk.with_suffix(".shx")
    whole = shx.read_bytes()
    for offset, words in ((1 << 30, 68), (50, 1 << 29), (-5, 68), (50, -1), (0, 68)):
        shx.write_bytes(whole[:100] + struct.pack(">ii", offset, words) + whole[108:])
        assert found(gbk)[2] == ["shx_rebuilt"], (offset, words)
    shx.write_bytes(whole[:100] + whole[100:108] * 100)  # one record a hundred times
    assert found(gbk)[2] == ["shx_rebuilt"]
    shx.write_bytes(b"")
    assert found(gbk)[2] == ["shx_rebuilt"]


def test_a_truncated_file_is_refused_with_the_feature_that_is_cut(gbk) -> None:
    whole = gbk.read_bytes()
    size = (len(whole) - 100) // 4
    for kept, feature in ((len(whole) - 1, 4), (100 + size, 2), (100 + size + 5, 2), (101, 1)):
        gbk.write_bytes(whole[:kept])
        assert refused(gbk, "truncated").feature == feature
    gbk.write_bytes(whole[:99])
    refused(gbk, "damaged")
    gbk.write_bytes(whole[:100] + struct.pack(">ii", 1, -5) + whole[108:])
    gbk.with_suffix(".shx").unlink()
    refused(gbk, "truncated")


def test_tables_of_another_length_are_told(gbk) -> None:
    dbf = gbk.with_suffix(".dbf")
    whole = dbf.read_bytes()
    table = dbase.Table(dbf, "层")
    dbf.write_bytes(whole[: table.start + 2 * table.row_bytes])
    file = open_file(gbk)
    assert [p.code for p in file.problems] == ["row_count", "dbf_truncated"]
    frame = read_frame(file)
    assert frame["n"].tolist()[:2] == [1, 2] and frame["n"].isna().tolist() == [
        False,
        False,
        True,
        True,
    ]
    data = bytearray(whole)
    data[4:8] = struct.pack("<L", 3)
    dbf.write_bytes(data)
    assert [p.code for p in open_file(gbk).problems] == ["row_count"]


def test_deleted_rows_are_left_out_with_their_shapes(gbk) -> None:
    dbf = gbk.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    table = dbase.Table(dbf, "层")
    data[table.start + table.row_bytes] = ord("*")
    dbf.write_bytes(data)
    file = open_file(gbk)
    frame = read_frame(file)
    assert file.feature_count == 3 and frame["n"].tolist() == [1, 3, 4]
    assert shapely.get_x(shapely.centroid(frame.geometry.to_numpy())).round(2).tolist() == [
        110.25, 112.25, 113.25,
    ]  # fmt: skip


def test_values_that_are_none_are_missing_and_told(gbk) -> None:
    dbf = gbk.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    table = dbase.Table(dbf, "层")
    area, whole = table.fields[1], table.fields[2]

    def put(field: dbase.Field, row: int, text: bytes) -> None:
        at = table.start + row * table.row_bytes + field.at
        data[at : at + field.width] = text.rjust(field.width)

    for row, text in enumerate((b"1.#INF", b"***", b"", b"1,5")):
        put(area, row, text)
    for row, text in enumerate((b"abc", b"12", b"0x1", b"7")):
        put(whole, row, text)
    dbf.write_bytes(data)
    file = open_file(gbk)
    frame = read_frame(file)
    assert values(frame["面积"]) == [None, None, None, 1.5]
    assert values(frame["n"]) == [
        None,
        12,
        None,
        7,
    ]
    told = [(p.feature, p.field) for batch in file.read() for p in batch.problems]
    assert sorted(told) == [(1, "n"), (1, "面积"), (3, "n")]


def test_a_day_that_no_month_has_is_missing_and_told_not_moved(tmp_path) -> None:
    days = [datetime.date(2023, 2, 28), datetime.date(2024, 2, 29), datetime.date(2023, 1, 1), None]
    shapes = [shapely.Point(112, 37)] * 4
    path = tmp_path / "层.shp"
    write_file(gpd.GeoDataFrame({"日期": days}, geometry=shapes, crs=4490), path)
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"20230228", b"20230231"))
    file = open_file(path)
    assert values(read_frame(file)["日期"]) == [None, *days[1:]]
    (told,) = [p for batch in file.read() for p in batch.problems]
    assert (told.code, told.feature, told.field) == ("bad_value", 1, "日期")
    assert "20230231" in told.message_zh


def box(west: float, south: float, east: float, north: float, *, ccw: bool) -> list[Any]:
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return ring if ccw else ring[::-1]


def polygons(path: Path, features: list[list[list[Any]]]) -> Path:
    """A .shp of polygons whose rings run as they are given."""
    records = b""
    for number, rings in enumerate(features, start=1):
        corners = [corner for ring in rings for corner in ring]
        firsts = [sum(map(len, rings[:i])) for i in range(len(rings))]
        xs, ys = zip(*corners, strict=True)
        content = struct.pack(
            f"<i4d2i{len(rings)}i{2 * len(corners)}d", 5, min(xs), min(ys), max(xs), max(ys),
            len(rings), len(corners), *firsts, *(value for corner in corners for value in corner),
        )  # fmt: skip
        records += struct.pack(">2i", number, len(content) // 2) + content
    head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, (100 + len(records)) // 2)
    path.write_bytes(head + struct.pack("<2i8d", 1000, 5, *[0.0] * 8) + records)
    return path


WEST, EAST = (112.0, 37.0, 112.1, 37.1), (112.3, 37.0, 112.4, 37.1)
IN_WEST, IN_EAST = (112.02, 37.02, 112.08, 37.08), (112.32, 37.02, 112.34, 37.04)
ISLAND = (112.04, 37.04, 112.06, 37.06)


@pytest.mark.parametrize(
    "boxes",
    [
        (WEST, IN_WEST), (WEST, EAST, IN_WEST), (WEST, IN_WEST, EAST, IN_EAST),
        (WEST, IN_WEST, ISLAND),
    ],
)  # fmt: skip
def test_rings_that_run_the_wrong_way_are_told_apart_by_where_they_lie(boxes, tmp_path) -> None:
    outer = {WEST, EAST, ISLAND}
    shells = shapely.union_all([shapely.box(*one) for one in boxes if one in outer - {ISLAND}])
    holes = shapely.union_all([shapely.box(*one) for one in boxes if one not in outer])
    land = shells.difference(holes)
    if ISLAND in boxes:
        land = land.union(shapely.box(*ISLAND))
    right, wrong = (
        [box(*one, ccw=(one in outer) is way) for one in boxes] for way in (False, True)
    )
    file = open_file(polygons(tmp_path / "层.shp", [right, wrong]))
    for shape in read_frame(file).geometry:
        assert shape.is_valid
        assert shape.equals(land)
    told = [p for batch in file.read() for p in batch.problems]
    assert [(p.code, p.level, p.feature) for p in told] == [("ring_direction", "warning", 2)]


@pytest.mark.parametrize(
    "rings",
    [
        [box(*WEST, ccw=True)], [box(*WEST, ccw=True), box(*EAST, ccw=True)],
        [box(*WEST, ccw=False), box(*EAST, ccw=False)],
        [box(*WEST, ccw=False), box(112.0, 37.0, 112.05, 37.05, ccw=True)],  # touches its outline
        [box(*WEST, ccw=False), box(112.05, 37.05, 112.15, 37.15, ccw=False)],  # parts that cross
    ],
)  # fmt: skip
def test_rings_that_can_be_meant_as_they_run_are_left_as_they_are(rings, tmp_path) -> None:
    file = open_file(polygons(tmp_path / "层.shp", [rings]))
    assert [p.code for batch in file.read() for p in batch.problems] == []


@pytest.mark.parametrize(
    ("at", "value"),
    [(8, b"\x00\x00"), (8, b"\xff\xff"), (10, b"\x00\x00"), (10, b"\xff\xff"), (48, b"\xff"),
     (4, b"\xff" * 4)],
)  # fmt: skip
def test_headers_that_lie_are_answered(at, value, gbk) -> None:
    dbf = gbk.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[at : at + len(value)] = value
    dbf.write_bytes(data)
    try:
        assert len(read_frame(open_file(gbk))) == 4
    except FileRefusedError as error:
        assert error.code == "damaged" and ".dbf" in error.message


def test_too_many_records_are_refused_before_they_are_read(gbk) -> None:
    refused(gbk, "too_many_features", Limits(features=3))
    refused(gbk, "too_many_vertices", Limits(vertices=19))
    refused(gbk, "ring_too_long", Limits(ring_vertices=4))
    assert len(read_frame(open_file(gbk, limits=Limits(features=4, vertices=20)))) == 4


def test_heights_are_dropped_and_told(tmp_path) -> None:
    import pyogrio

    solid = gpd.GeoDataFrame(
        {"n": [1, 2]}, geometry=shapely.force_3d(FRAME.geometry[:2].to_numpy(), 812.5), crs=4490
    )
    for name in ("a.shp", "a.gpkg", "a.fgb"):
        pyogrio.write_dataframe(solid, tmp_path / name)
        file = open_file(tmp_path / name)
        told = [p for batch in file.read() for p in batch.problems]
        assert [p.code for p in told] == ["z_dropped"]
        frame = read_frame(file)
        assert not shapely.has_z(frame.geometry.to_numpy()).any()
        assert shapely.area(frame.geometry.to_numpy()).tolist() == [0.5, 0.5]


@given(
    cuts=st.lists(st.tuples(st.sampled_from([".shp", ".shx", ".dbf", ".cpg", ".prj"]),
                            st.integers(0, 3000), st.binary(min_size=1, max_size=4)), max_size=6),
    length=st.integers(0, 3000),
)  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # GDAL, of rings that do not close
def test_damage_anywhere_gives_features_or_one_of_our_errors(cuts, length) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.shp"
        write_file(FRAME, path)
        for suffix, at, value in cuts:
            part = path.with_suffix(suffix)
            data = bytearray(part.read_bytes())
            data[at % len(data) : at % len(data) + len(value)] = value
            part.write_bytes(data[:length] if suffix != ".shp" and length > 100 else data)
        try:
            file = open_file(path)
            for batch in file.read():
                shapely.from_wkb(batch.table.column("geometry").to_numpy())
        except FileRefusedError as error:
            assert error.code != "reader_fault", error.message


def test_nothing_is_left_in_the_temporary_folder(gbk, tmp_path, monkeypatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    file = open_file(gbk)
    read_frame(file)
    assert [p.name for p in next(scratch.iterdir()).iterdir()] != []
    del file
    gc.collect()
    assert list(scratch.iterdir()) == []
