"""界址点坐标 TXT: the whole grammar as it is found in the field, and what is told of its faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError, LimitError
from geo.files import open_file
from geo.files.featurefile import GEOMETRY, FeatureFile, ReadOptions
from geo.files.surveynumbers import WIDTH, parse_numbers
from geo.files.surveytext import COLUMNS, open_surveytext
from geo.limits import Limits
from geo.problems import Problem
from geo.reference import judge

HEADER = (
    "[属性描述]\n格式版本号=1.01版本\n数据产生单位=某测绘院\n坐标系=2000国家大地坐标系\n几度分带=3\n"
    "投影类型=高斯克吕格\n计量单位=米\n带号=38\n精度=0.001\n转换参数=,,,,,,\n[地块坐标]\n"
)
N, E = 4_194_000.0, 38_372_000.0
SQUARE = ((0, 0), (0, 100), (100, 100), (100, 0))  # northing, easting from N, E


@dataclass
class Read:
    """A file and all that was read from it."""

    file: FeatureFile
    rows: list[dict[str, Any]]
    problems: list[Problem]
    lines: list[int]

    @property
    def shapes(self) -> list[Any]:
        return [row[GEOMETRY] for row in self.rows]

    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems]

    def problem(self, code: str) -> Problem:
        (found,) = [problem for problem in self.problems if problem.code == code]
        return found


def read(path: Path, options: ReadOptions | None = None, limits: Limits | None = None) -> Read:
    file = open_surveytext(path, options or ReadOptions(), limits or Limits())
    found = Read(file, [], list(file.problems), [])
    for batch in file.read():
        assert batch.first == len(found.rows) + 1
        assert tuple(batch.table.column_names) == (*file.columns, GEOMETRY)
        for row in batch.table.to_pylist():
            wkb = row[GEOMETRY]
            found.rows.append(row | {GEOMETRY: None if wkb is None else shapely.from_wkb(wkb)})
        found.problems += batch.problems
        found.lines += batch.lines
    assert file.feature_count == len(found.rows) == len(found.lines)
    return found


@pytest.fixture
def text(tmp_path: Path) -> Iterator[Any]:
    """Writes a text (or bytes) and reads it."""

    def write_and_read(content: str | bytes, *, encoding: str = "utf-8", **kwargs: Any) -> Read:
        path = tmp_path / "地块.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read(path, **kwargs)

    yield write_and_read


def points(
    corners: Any = SQUARE, *, ring: object = 1, first: int = 1, at: tuple[float, float] = (0, 0)
) -> str:
    return "".join(
        f"J{first + i},{ring},{N + at[0] + n:.4f},{E + at[1] + e:.4f}\n"
        for i, (n, e) in enumerate(corners)
    )


def closing(at: tuple[float, float] = (0, 0), *, name: str = "J1", ring: object = 1) -> str:
    return f"{name},{ring},{N + at[0]:.4f},{E + at[1]:.4f}\n"


def square(at: tuple[float, float] = (0, 0), size: float = 100) -> Any:
    return shapely.box(E + at[1], N + at[0], E + at[1] + size, N + at[0] + size)


def test_a_ministry_file_gives_its_parcels_with_attributes_header_and_hints(text: Any) -> None:
    found = text(
        HEADER
        + "5,1.0000,DK-1,一号地块,面,J49G012034,工业用地,0601,@\n" + points() + closing()
        + "4,1.0000,2,,面,,,,@\n" + points(at=(500, 0)),
        encoding="gb18030",
    )  # fmt: skip
    assert found.problems == []
    first, second = found.rows
    assert {key: value for key, value in first.items() if key != GEOMETRY} == {
        "地块编号": "DK-1", "地块名称": "一号地块", "declared_area": 1.0, "declared_area_ha": 1.0,
        "declared_area_unit": "ha", "用途": "工业用地", "地类编码": "0601", "图幅号": "J49G012034",
        "界址点数": 5, "kind": "面",
    }  # fmt: skip
    assert (second["地块编号"], second["地块名称"], second["用途"]) == ("2", None, None)
    assert first[GEOMETRY].equals(square())
    assert second[GEOMETRY].equals(square((500, 0)))
    assert found.lines == [12, 18]
    assert set(found.file.columns) == set(COLUMNS) - {"行政区代码", "村名"}
    hints = found.file.hints
    assert (hints.datum, hints.zone, hints.zone_width_deg) == ("cgcs2000", 38, 3)
    assert hints.producer == "某测绘院"
    assert found.file.extra["header"]["转换参数"] == ",,,,,,"
    assert found.file.extra["sections"]["属性描述"]["精度"] == "0.001"
    assert found.file.extra["plain"] is False
    assert found.file.encoding.name == "gb18030"


def test_reading_twice_starts_again_from_the_first_parcel(text: Any) -> None:
    found = text(HEADER + "4,1,1,甲,面,,,,@\n" + points())
    again = [batch.table for batch in found.file.read()]
    assert [table.num_rows for table in again] == [1]


def test_what_was_read_is_placed_by_its_zone_without_a_question(text: Any) -> None:
    found = text(HEADER + "4,1,1,甲,面,,,,@\n" + points())
    verdict = judge(tuple(found.shapes[0].bounds), found.file.hints)
    assert verdict.settled
    assert [system.key for system in verdict.systems] == ["EPSG:4526"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]
)
def test_every_encoding_and_line_ending_gives_the_same(
    text: Any, encoding: str, newline: str
) -> None:
    content = HEADER + "4,1,1,晋阳湖畔,面,,商业,05,@\n" + points()
    found = text(content.replace("\n", newline), encoding=encoding)
    assert found.problems == []
    assert (found.rows[0]["地块名称"], found.rows[0]["用途"]) == ("晋阳湖畔", "商业")
    assert found.shapes[0].equals(square())
    assert found.file.encoding.name == {
        "utf-8-sig": "utf-8", "utf-16": "utf-16-le",
    }.get(encoding, encoding)  # fmt: skip


def test_a_given_encoding_is_used_and_a_wrong_one_refused(text: Any) -> None:
    content = HEADER + "4,1,1,甲,面,,,,@\n" + points()
    found = text(content, encoding="utf-16-be", options=ReadOptions(encoding="utf-16-be"))
    assert found.rows[0]["地块名称"] == "甲"
    with pytest.raises(FileRefusedError, match=r"bad_encoding|utf-8"):
        text(content, encoding="gb18030", options=ReadOptions(encoding="utf-8"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("4,1,140105,某村,7,甲,面,图,工业,0601,@",
         {"行政区代码": "140105", "村名": "某村", "地块编号": "7", "地块名称": "甲", "图幅号": "图",
          "用途": "工业", "地类编码": "0601"}),
        ("4,1,140105,某村,7,甲,面,图,工业,0601,备用,@", {"村名": "某村", "地块编号": "7"}),
        ("4,1,140105,某村,第二组,7,甲,面,图,工业,0601,备用,@", {"村名": "某村", "地块名称": "甲"}),
        ("4,1,140105,7,甲,面,图,工业,0601,@", {"行政区代码": "140105", "地块编号": "7"}),
        ("4,1,7,甲,面,图,工业,@", {"图幅号": "图", "用途": "工业", "地类编码": None}),
        ("4,1,7,甲,面,工业,0601,@", {"图幅号": None, "用途": "工业", "地类编码": "0601"}),
        ("4,1,7,面,图,工业,0601,@", {"地块编号": "7", "地块名称": None, "图幅号": "图"}),
        ("4,1,7,甲,面,图,工业,0601", {"地块名称": "甲", "地类编码": "0601"}),
        ("4,1,7,甲,面,图,工业,0601@", {"地块名称": "甲", "地类编码": "0601"}),
        ("4 , 1 , 7 , 甲 , 面 , 图 , 工业 , 0601 , @ ", {"地块名称": "甲", "图幅号": "图"}),
        ("4，1，7，甲（一期），面，图，工业，0601，＠", {"地块名称": "甲（一期）", "图幅号": "图"}),
        ("4,1,7,甲，乙,面,图,工业,0601,@", {"地块名称": "甲，乙", "用途": "工业"}),
        ("4;1;7;甲;面;图;工业;0601;@", {"地块名称": "甲", "图幅号": "图"}),
        ("4\t1\t7\t甲\t面\t图\t工业\t0601\t@", {"地块名称": "甲", "图幅号": "图"}),
        ("4,1.00公顷,7,甲,面,图,工业,0601,@", {"declared_area": 1.0, "declared_area_unit": "ha"}),
        (",,,,面,,,,@", {"declared_area": None, "界址点数": None, "地块编号": None}),
        ("4,1,7,点,面,图,线,0601,@", {"地块名称": "点", "用途": "线", "kind": "面"}),
        ("4,1,7,甲,Polygon,图,工业,0601,@", {"地块名称": "甲", "kind": "面"}),
    ],
)  # fmt: skip
def test_parcel_lines_of_every_known_form_are_understood(
    text: Any, line: str, expected: dict[str, Any]
) -> None:
    found = text(HEADER + line + "\n" + points())
    (row,) = found.rows
    assert {key: row[key] for key in expected} == expected
    assert row[GEOMETRY].equals(square())
    assert [p for p in found.problems if p.level == "error"] == []


def test_columns_of_district_and_village_are_there_when_one_parcel_has_them(text: Any) -> None:
    found = text(
        HEADER + "4,1,1,甲,面,,,,@\n" + points() + "4,1,140105,某村,2,乙,面,,,,@\n" + points()
    )
    assert found.file.columns == COLUMNS
    assert [row["村名"] for row in found.rows] == [None, "某村"]


def test_fields_beyond_the_forms_and_a_missing_kind_are_told(text: Any) -> None:
    found = text(
        HEADER + "4,1,1,甲,面,图,工业,0601,第九,第十,@\n" + points() + "4,1,2,乙,图,@\n" + points()
    )
    assert "第九" in found.problem("parcel_fields").message_zh
    missing = found.problem("kind_missing")
    assert (missing.feature, missing.line, missing.level) == (2, 17, "warning")
    assert found.shapes[1].equals(square())


def test_the_kind_lines_and_points_makes_lines_and_points(text: Any) -> None:
    found = text(
        HEADER
        + "3,,1,路,线,,,,@\n" + points(SQUARE[:3])
        + "4,,2,两段路,线,,,,@\n" + points(SQUARE[:2]) + points(SQUARE[2:], ring=2)
        + "1,,3,井,点,,,,@\n" + points(SQUARE[:1])
        + "4,,4,四井,点,,,,@\n" + points()
    )  # fmt: skip
    assert [shape.geom_type for shape in found.shapes] == [
        "LineString", "MultiLineString", "Point", "MultiPoint",
    ]  # fmt: skip
    assert found.shapes[0].length == pytest.approx(200)
    assert found.shapes[2].equals(shapely.Point(E, N))
    assert len(found.shapes[3].geoms) == 4
    assert found.problems == []
    assert [row["kind"] for row in found.rows] == ["线", "线", "点", "点"]


@pytest.mark.parametrize("numbers", [(1, 2, 3, 4), (1, 1, 1, 1), (4, 3, 2, 1), ("1", "2", "", "B")])
def test_parts_and_holes_are_decided_by_containment_whatever_the_ring_numbers(
    text: Any, numbers: tuple[Any, ...]
) -> None:
    def ring(low: float, size: float, number: Any, east: float = 0) -> str:
        corners = [(low, low), (low, low + size), (low + size, low + size), (low + size, low)]
        at = (0, east)
        return points(corners, ring=number, at=at) + closing((low, low + east), ring=number)

    # A square with a hole, an island in the hole, and another part far off.
    found = text(
        HEADER + "20,,1,甲,面,,,,@\n" + ring(0, 100, numbers[0]) + ring(20, 60, numbers[1])
        + ring(40, 20, numbers[2]) + ring(0, 10, numbers[3], 500)
    )  # fmt: skip
    expected = shapely.MultiPolygon([
        square().difference(square((20, 20), 60)), square((40, 40), 20), square((0, 500), 10),
    ])  # fmt: skip
    (shape,) = found.shapes
    assert shape.equals(expected)
    assert sorted(len(part.interiors) for part in shape.geoms) == [0, 0, 1]
    assert {p.code for p in found.problems} <= {"split_ring"}


def test_a_hole_that_touches_its_outer_ring_in_a_point_stays_a_hole(text: Any) -> None:
    touching = [(0, 0), (30, 60), (60, 30)]
    found = text(HEADER + "7,,1,甲,面,,,,@\n" + points() + points(touching, ring=2))
    (shape,) = found.shapes
    assert (shape.geom_type, len(shape.interiors), shape.is_valid) == ("Polygon", 1, True)
    assert shape.area == pytest.approx(10_000 - 1350)


def test_a_ring_that_is_there_twice_is_read_once_and_told(text: Any) -> None:
    found = text(HEADER + "8,1,1,甲,面,,,,@\n" + points() + points(ring=2))
    assert found.shapes[0].equals(square())
    assert (found.problem("repeated_ring").ring, found.problem("repeated_ring").line) == (2, 17)


@pytest.mark.parametrize("end", ["", closing(), closing(name="J5"), closing() * 3])
def test_closing_rows_with_the_first_name_the_next_or_none_make_the_same_ring(
    text: Any, end: str
) -> None:
    found = text(HEADER + ",1,1,甲,面,,,,@\n" + points() + end)
    assert found.problems == []
    assert found.shapes[0].equals(square())
    assert len(found.shapes[0].exterior.coords) == 5


def test_a_closing_row_with_other_coordinates_is_an_error_and_no_vertex(text: Any) -> None:
    found = text(HEADER + "5,1,1,甲,面,,,,@\n" + points() + closing((0, 3)))
    problem = found.problem("bad_closing")
    assert (problem.level, problem.feature, problem.ring, problem.line) == ("error", 1, 1, 17)
    assert (problem.x, problem.y) == (E + 3, N)
    assert "3.000" in problem.message_zh
    assert found.shapes[0].equals(square())


def test_a_closing_row_rounded_to_the_millimetre_is_no_error(text: Any) -> None:
    found = text(HEADER + "5,1,1,甲,面,,,,@\n" + points() + closing((0.0004, -0.0004)))
    assert found.problems == []
    assert len(found.shapes[0].exterior.coords) == 5


def test_points_that_are_all_named_alike_are_vertices(text: Any) -> None:
    rows = "".join(f"J,1,{N + n},{E + e}\n" for n, e in SQUARE)
    found = text(HEADER + "4,1,1,甲,面,,,,@\n" + rows)
    assert found.shapes[0].equals(square())
    assert found.problems == []


@pytest.mark.parametrize("count", ["3", "6", "0", "999"])
def test_a_wrong_point_count_is_a_warning_only(text: Any, count: str) -> None:
    found = text(HEADER + f"{count},1,1,甲,面,,,,@\n" + points() + closing())
    problem = found.problem("point_count")
    assert (problem.level, problem.feature, problem.line) == ("warning", 1, 12)
    assert found.shapes[0].equals(square())


@pytest.mark.parametrize("count", ["4", "5", ""])
def test_counts_with_and_without_the_closing_row_are_right(text: Any, count: str) -> None:
    assert text(HEADER + f"{count},1,1,甲,面,,,,@\n" + points() + closing()).problems == []


def test_easting_first_is_swapped_by_magnitude_and_told_once(text: Any) -> None:
    rows = "".join(f"J{i},1,{E + e},{N + n}\n" for i, (n, e) in enumerate(SQUARE))
    found = text(HEADER + ("4,1,1,甲,面,,,,@\n" + rows) * 3)
    assert all(shape.equals(square()) for shape in found.shapes)
    problem = found.problem("easting_first")
    assert (problem.level, problem.count, problem.line) == ("warning", 3, 13)


@pytest.mark.parametrize(
    ("first", "second", "x", "y"),
    [
        (4_194_000, 372_000, 372_000, 4_194_000),
        (372_000, 4_194_000, 372_000, 4_194_000),
        (37.8, 112.5, 112.5, 37.8),
        (112.5, 37.8, 112.5, 37.8),
        (19_372_000, 4_194_000, 19_372_000, 4_194_000),
        (12.0, 5000.0, 5000.0, 12.0),  # tells nothing: the form's northing first
    ],
)
def test_northing_and_easting_are_told_apart_in_every_system(
    text: Any, first: float, second: float, x: float, y: float
) -> None:
    rows = "".join(
        f"{i},1,{first + a},{second + b}\n" for i, (a, b) in enumerate([(0, 0), (0, 0.1), (0.1, 0)])
    )
    (shape,) = text(HEADER + "3,,1,甲,面,,,,@\n" + rows).shapes
    assert (shape.bounds[0], shape.bounds[1]) == (pytest.approx(x), pytest.approx(y))


def test_a_point_in_the_other_order_than_its_parcel_is_an_error(text: Any) -> None:
    found = text(HEADER + "5,,1,甲,面,,,,@\n" + points() + f"J5,1,{E + 50},{N - 50}\n")
    problem = found.problem("mixed_order")
    assert (problem.level, problem.line) == ("error", 17)
    assert found.shapes == [None]


@pytest.mark.parametrize(
    ("declared", "hectares", "unit", "told"),
    [
        ("1.0000", 1.0, "ha", set()),
        ("1", 1.0, "ha", set()),
        ("10000", 1.0, "m2", {"area_unit"}),
        ("10000.00", 1.0, "m2", {"area_unit"}),
        ("15", 1.0, "mu", {"area_unit"}),
        ("15亩", 1.0, "mu", {"area_unit"}),
        ("10000平方米", 1.0, "m2", {"area_unit"}),
        ("0.0100", 1.0, "km2", {"area_unit"}),
        ("1.1000", 1.1, "ha", {"declared_area"}),
        ("5.0", None, None, {"declared_area"}),
        ("0", None, None, {"declared_area"}),
        ("", None, None, set()),
        ("约一公顷", None, None, set()),
        ("nan", None, None, set()),
        ("1e400", None, None, set()),
    ],
)
def test_the_unit_of_the_declared_area_is_told_by_the_computed_one(
    text: Any, declared: str, hectares: float | None, unit: str | None, told: set[str]
) -> None:
    found = text(HEADER + f"4,{declared},1,甲,面,,,,@\n" + points())
    (row,) = found.rows
    assert row["declared_area_ha"] == (None if hectares is None else pytest.approx(hectares))
    assert row["declared_area_unit"] == unit
    assert set(found.codes()) == told
    for problem in found.problems:
        assert problem.field == "declared_area"


def test_a_differing_area_is_told_with_both_numbers(text: Any) -> None:
    problem = text(HEADER + "4,1.1000,1,甲,面,,,,@\n" + points()).problem("declared_area")
    assert "1.1000公顷" in problem.message_zh and "1.0000" in problem.message_zh
    assert (problem.feature, problem.line, problem.level) == (1, 12, "warning")


def test_areas_of_degrees_are_compared_on_the_ellipsoid(text: Any) -> None:
    rows = "J1,1,37.8,112.5\nJ2,1,37.8,112.51\nJ3,1,37.81,112.51\nJ4,1,37.81,112.5\n"
    found = text(HEADER + "4,97.75,1,甲,面,,,,@\n" + rows)
    assert found.problems == []
    assert found.rows[0]["declared_area_unit"] == "ha"


@pytest.mark.parametrize(
    "line",
    [
        "J2，1，{n}，{e}", "Ｊ２,１,{n},{e}", "J2;1;{n};{e}", "J2\t1\t{n}\t{e}", "J2 1 {n} {e}",
        " J2 , 1 ,  {n} ,\t{e} ", "J2,1,{n},{e},", "J2,1,{n},{e},,", "J2,,{n},{e}", "J2,{n},{e}",
        "界址点二,1,{n},{e}", "J2；1；{n}；{e}", "J2,1,+{n},{e}", "J2,1," + " " * 40 + "{n},{e}",
        "J2,1,{n}0000000000,{e}", "{n},{e}",
    ],
)  # fmt: skip
def test_points_with_other_separators_blanks_and_full_width_signs_are_read(
    text: Any, line: str
) -> None:
    second = line.format(n=f"{N:.4f}", e=f"{E + 100:.4f}") + "\n"
    found = text(HEADER + "4,,1,甲,线,,,,@\n" + points(SQUARE[:1]) + second + points(SQUARE[2:]))
    coords = shapely.get_coordinates(found.shapes[0])
    assert {tuple(point) for point in coords.tolist()} == {(E + e, N + n) for n, e in SQUARE}
    assert found.problems == []


def test_full_width_digits_are_digits(text: Any) -> None:
    wide = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
    rows = points().translate(wide)
    assert text(HEADER + "4,1,1,甲,面,,,,@\n" + rows).shapes[0].equals(square())


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("nan", "not_finite"), ("NaN", "not_finite"), ("inf", "not_finite"),
        ("-Infinity", "not_finite"), ("1e400", "not_finite"), ("1.#INF", "not_finite"),
        ("1e12", "bad_number"), ("9" * 40, "bad_number"), ("9" * 400, "bad_number"),
        ("41940O0.5", "bad_number"), ("4194000.5.1", "bad_number"), ("4_194_000", "bad_number"),
        ("--4194000", "bad_number"), ("0x3fff00", "bad_number"),
    ],
)  # fmt: skip
def test_an_unreadable_coordinate_is_told_with_its_line_and_the_parcel_gets_no_shape(
    text: Any, value: str, code: str
) -> None:
    found = text(
        HEADER + "5,,1,甲,面,,,,@\n" + points() + f"J5,1,{value},{E:.3f}\n"
        + "4,,2,乙,面,,,,@\n" + points()
    )  # fmt: skip
    problem = found.problem(code)
    assert (problem.level, problem.feature, problem.line) == ("error", 1, 17)
    assert found.shapes[0] is None
    assert found.shapes[1].equals(square())
    assert len(problem.message_zh) < 200


@pytest.mark.parametrize("value", ["4.194e6", "4194000", "+4194000.0", "04194000.000", "4194000."])
def test_numbers_may_be_written_in_other_ways(text: Any, value: str) -> None:
    found = text(HEADER + "4,,1,甲,面,,,,@\n" + f"J1,1,{value},{E}\n" + points(SQUARE[1:], first=2))
    assert found.shapes[0].equals(square())


def test_lines_that_are_no_points_are_skipped_and_told(text: Any) -> None:
    found = text(
        HEADER + "4,1,1,甲,面,,,,@\n点号,圈号,X坐标,Y坐标\n" + points() + "\n  \n以下空白\n"
    )
    assert found.shapes[0].equals(square())
    assert [(p.line, p.level) for p in found.problems if p.code == "skipped_line"] == [
        (13, "warning"), (20, "warning"),
    ]  # fmt: skip


def test_too_few_points_make_no_ring_and_the_other_ring_stays(text: Any) -> None:
    found = text(
        HEADER + "6,,1,甲,面,,,,@\n" + points() + points(SQUARE[:2], ring=2)
        + "2,,2,乙,面,,,,@\n" + points(SQUARE[:2])
        + "1,,3,丙,线,,,,@\n" + points(SQUARE[:1])
        + "3,,4,丁,面,,,,@\n" + points([(0, 0), (0, 9), (0, 0)])
        + "2,,5,戊,面,,,,@\n" + points([(0, 0), (0, 0)])
    )  # fmt: skip
    short = [p for p in found.problems if p.code == "short_ring"]
    assert [(p.feature, p.ring, p.level) for p in short] == [
        (1, 2, "error"), (2, 1, "error"), (3, 1, "error"), (4, 1, "error"), (5, 1, "error"),
    ]  # fmt: skip
    assert found.shapes[0].equals(square())
    assert found.shapes[1:] == [None] * 4


def test_a_parcel_without_points_and_points_without_a_parcel_are_errors(text: Any) -> None:
    found = text(HEADER + points() + "4,1,1,甲,面,,,,@\n" + "4,1,2,乙,面,,,,@\n" + points())
    assert found.problem("no_points").feature == 1
    lost = found.problem("no_parcel_line")
    assert (lost.count, lost.line, lost.level) == (4, 12, "error")
    assert found.shapes[0] is None
    assert found.shapes[1].equals(square())


def test_a_line_of_very_many_fields_is_told_and_its_points_are_kept(text: Any) -> None:
    found = text(HEADER + "4,1," + "x," * 10_000 + "@\n" + points())
    assert "bad_parcel_line" in found.codes()
    assert found.shapes[0].equals(square())


@pytest.mark.parametrize(
    "line", ["4,1," + "," * 70_000 + "@", "J9,1," + "9" * 70_000, "注" * 30_000]
)
def test_a_line_that_no_survey_text_has_is_refused_before_it_is_taken_apart(
    text: Any, line: str
) -> None:
    with pytest.raises(LimitError) as caught:
        text(HEADER + "4,1,1,甲,面,,,,@\n" + points() + line + "\n")
    assert (caught.value.code, caught.value.line) == ("line_too_long", 17)


GAPS = (
    "J2,1,缺,缺", "J2,1,—,—", "J2", "J2,1", "J2,1,,", "J2,,,", "J2,1,4194000.1", "J2,1,4194000.1,",
    "J2,1,,38372100", "2,1,缺,缺", "X9,1,缺,缺", "J2(埋石),1,—,—", ",1,—,—", "J2,1,见附图", "J2 缺",
    "J2: X=, Y=", "J2: X=41940O0, Y=38372100", "J2：X=—，Y=—",
)  # fmt: skip


@pytest.mark.parametrize("line", GAPS)
def test_a_point_without_coordinates_is_an_error_and_never_passed_over(
    text: Any, line: str
) -> None:
    rows = points(SQUARE[:1]) + line + "\n" + points(SQUARE[2:], first=3)
    found = text(HEADER + "5,1,1,甲,面,,,,@\n" + rows + closing())
    problem = found.problem("bad_number")
    assert (problem.level, problem.feature, problem.line) == ("error", 1, 14)
    assert found.shapes == [None]
    assert found.codes() == ["bad_number"]  # it is counted as the point that it is


@pytest.mark.parametrize(
    "note",
    ["注：以上坐标由某院提供", "第1页", "以下空白", "----", "合计", "说明，见附图", "绘图：张三"],
)
def test_a_note_is_told_as_a_warning_and_not_counted_as_a_point(text: Any, note: str) -> None:
    parcel = "5,1,1,甲,面,,,,@\n" + points() + closing()
    found = text(HEADER + parcel + note + "\n")
    assert found.shapes[0].equals(square())
    assert found.codes() == ["skipped_line"]
    fewer = text(HEADER + parcel.replace("5,1,1", "6,1,1") + note + "\n")
    assert sorted(fewer.codes()) == ["point_count", "skipped_line"]


def test_a_number_that_is_all_a_row_has_is_no_coordinate_unless_all_rows_are_so(text: Any) -> None:
    small = "".join(f"J{i},{n},{e}\n" for i, (n, e) in enumerate(SQUARE))
    assert text(HEADER + "4,1,1,甲,面,,,,@\n" + small).shapes[0].area == 10_000


def test_what_follows_the_fourth_field_of_a_point_is_told(text: Any) -> None:
    rows = "".join(f"J{i},1,{N + n},{E + e},780.5\n" for i, (n, e) in enumerate(SQUARE))
    found = text(HEADER + "4,1,1,甲,面,,,,@\n" + rows)
    assert found.shapes[0].equals(square())
    assert found.codes().count("extra_fields") == 4


def test_a_thousand_faults_of_one_kind_are_told_in_few_records_with_their_number(text: Any) -> None:
    bad = "".join(f"J{i},1,x{i},{E}\n" for i in range(1000))
    found = text(HEADER + "4,1,1,甲,面,,,,@\n" + points() + bad)
    told = [p for p in found.problems if p.code == "bad_number"]
    assert len(told) <= 101
    assert sum(p.count for p in told) == 1000


def test_a_repeated_ring_number_that_closes_on_the_way_is_two_rings(text: Any) -> None:
    far = (0, 500)
    found = text(
        HEADER + "10,2,1,甲,面,,,,@\n" + points() + closing() + points(at=far) + closing(far)
    )
    assert found.shapes[0].equals(shapely.MultiPolygon([square(), square(far)]))
    assert found.problem("split_ring").level == "warning"


@pytest.mark.parametrize(
    ("said", "datum"),
    [
        ("2000国家大地坐标系", "cgcs2000"), ("CGCS2000", "cgcs2000"),
        ("２０００国家大地坐标系", "cgcs2000"),
        ("1980西安坐标系", "xian80"), ("西安80", "xian80"), ("80国家大地坐标系", "xian80"),
        ("1954北京坐标系", "beijing54"), ("北京 54", "beijing54"), ("WGS84", "wgs84"),
        ("WGS-84", "wgs84"), ("", ""),
    ],
)  # fmt: skip
def test_the_datum_is_read_from_its_usual_names(text: Any, said: str, datum: str) -> None:
    found = text(f"[属性描述]\n坐标系={said}\n[地块坐标]\n4,1,1,甲,面,,,,@\n" + points())
    assert found.file.hints.datum == datum
    assert found.problems == []


@pytest.mark.parametrize("said", ["太原独立坐标系", "2000国家大地坐标系（由西安80转换）"])
def test_a_datum_that_is_not_named_plainly_is_asked_for(text: Any, said: str) -> None:
    found = text(f"[属性描述]\n坐标系={said}\n[地块坐标]\n4,1,1,甲,面,,,,@\n" + points())
    assert found.file.hints.datum == ""
    assert found.codes() == ["unknown_datum_word"]


@pytest.mark.parametrize(
    ("lines", "zone", "width"),
    [
        ("分带=3度带\n带号=37", 37, 3), ("几度分带=6\n带号=19带", 19, 6),
        ("几度分带=三度\n带号=", None, 3),
        ("几度分带＝３\n带号＝３８", 38, 3), ("几度分带=3\n中央子午线=114", 38, 3),
        ("几度分带=6\n中央子午线=111", 19, 6), ("几度分带：3\n带号：38", 38, 3),
        ("带号=114", None, None),
    ],
)  # fmt: skip
def test_zone_and_width_are_read_from_the_header(
    text: Any, lines: str, zone: int | None, width: int | None
) -> None:
    hints = text(f"[属性描述]\n{lines}\n[地块坐标]\n4,1,1,甲,面,,,,@\n" + points()).file.hints
    assert (hints.zone, hints.zone_width_deg) == (zone, width)


def test_an_epsg_number_in_the_header_is_a_declaration(text: Any) -> None:
    found = text("[属性描述]\n坐标系=EPSG:4526\n[地块坐标]\n4,1,1,甲,面,,,,@\n" + points())
    assert (found.file.hints.declared, found.file.hints.declared_by) == ("EPSG:4526", "坐标系")


def test_sections_in_full_width_brackets_and_other_sections_are_kept(text: Any) -> None:
    found = text(
        "【项目信息】\n项目名称=甲=乙\n［属性描述］\n带号=38\n【地块坐标】\n4,1,1,甲,面,,,,@\n"
        + points()
    )
    assert found.file.extra["sections"]["项目信息"] == {"项目名称": "甲=乙"}
    assert found.file.extra["header"] == {"项目名称": "甲=乙", "带号": "38"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("坐标系=2000国家大地坐标系", "坐标系=1980西安坐标系"),
        ("坐标系=EPSG:4526", "坐标系=1954北京"),
        ("坐标系=2000国家大地坐标系", "坐标系=某地方坐标系"), ("带号=38", "带号=37"),
        ("几度分带=3", "分带=六度带"), ("投影类型=高斯克吕格", "投影类型=UTM"),
        ("计量单位=米", "计量单位=度"), ("中央子午线=111", "中央经线=114度"),
    ],
)  # fmt: skip
def test_headers_that_contradict_each_other_are_refused_with_both_lines(
    text: Any, one: str, other: str
) -> None:
    parcel = "[地块坐标]\n4,1,1,甲,面,,,,@\n" + points()
    sections = [f"[属性描述]\n数据产生单位=院{said}\n{said}\n{parcel}" for said in (one, other)]
    with pytest.raises(FileRefusedError) as caught:
        text("".join(sections))
    assert (caught.value.code, caught.value.line) == ("header_contradiction", 12)
    for word in ("第 3 行", "第 12 行", "拆成", one.split("=")[1], other.split("=")[1]):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("坐标系=2000国家大地坐标系", "坐标系=CGCS2000"), ("坐标系=EPSG:4526", "坐标系=CGCS 2000"),
        ("坐标系=", "坐标系=2000国家大地坐标系"), ("带号=38", "带号=038带"),
        ("几度分带=3", "分带=三度带"),
        ("投影类型=高斯克吕格", "投影类型=高斯-克吕格"), ("计量单位=米", "计量单位=m"),
        ("数据产生单位=甲院", "数据产生单位=乙院"),
    ],
)  # fmt: skip
def test_headers_that_say_the_same_in_other_words_are_read(text: Any, one: str, other: str) -> None:
    parcel = "[地块坐标]\n4,1,1,甲,面,,,,@\n" + points()
    found = text("".join(f"[属性描述]\n{said}\n{parcel}" for said in (one, other)))
    assert [shape.equals(square()) for shape in found.shapes] == [True, True]
    assert found.codes() == []


def test_files_without_sections_are_read_by_their_parcel_lines(text: Any) -> None:
    assert text("4,1,1,甲,面,,,,@\n" + points()).shapes[0].equals(square())


def test_a_header_of_a_million_lines_is_cut_and_told(text: Any) -> None:
    found = text("[属性描述]\n" + "带号=38\n" * 100_000 + "4,1,1,甲,面,,,,@\n" + points())
    assert found.problem("long_header").line == 1001
    assert found.shapes[0].equals(square())


# Plain lists.


def listed(rows: str) -> str:
    return "\n".join(rows.split()) + "\n"


@pytest.mark.parametrize(
    "rows",
    [
        "1,4194000,38372000 2,4194000,38372100 3,4194100,38372100 4,4194100,38372000",
        "1,38372000,4194000 2,38372100,4194000 3,38372100,4194100 4,38372000,4194100",
        "4194000,38372000 4194000,38372100 4194100,38372100 4194100,38372000",
        "点号,X,Y 1,4194000,38372000 2,4194000,38372100 3,4194100,38372100 4,4194100,38372000",
        "1,,38372000,4194000,780 2,,38372100,4194000,781 3,,38372100,4194100,782 "
        "4,,38372000,4194100,783",
        "1,780,38372000,4194000 2,781,38372100,4194000 3,782,38372100,4194100 "
        "4,783,38372000,4194100",
        "J1,1,4194000,38372000 J2,1,4194000,38372100 J3,1,4194100,38372100 J4,1,4194100,38372000",
        "1;4194000;38372000 2;4194000;38372100 3;4194100;38372100 4;4194100;38372000",
        "１，4194000，38372000 ２，4194000，38372100 ３，4194100，38372100 ４，4194100，38372000",
        "J1:X=4194000,Y=38372000 J2:X=4194000,Y=38372100 J3:X=4194100,Y=38372100 "
        "J4:X=4194100,Y=38372000",
        "1,4194000,38372000 2,4194000,38372100 3,4194100,38372100 4,4194100,38372000 "
        "1,4194000,38372000",
    ],
)
def test_plain_lists_of_every_kind_make_one_parcel(text: Any, rows: str) -> None:
    found = text(listed(rows))
    (shape,) = found.shapes
    assert shape.equals(square())
    assert found.problems == []
    assert found.file.extra["plain"] is True
    assert not found.file.hints.declared
    assert not judge(tuple(shape.bounds), found.file.hints).settled  # the datum is asked for


def test_blank_separated_columns_are_read(text: Any) -> None:
    rows = "".join(f"{i}   {N + n}\t{E + e}\n" for i, (n, e) in enumerate(SQUARE))
    assert text(rows).shapes[0].equals(square())


def test_blank_lines_titles_groups_and_ring_numbers_part_a_plain_list(text: Any) -> None:
    one = "".join(f"{i},{N + n},{E + e}\n" for i, (n, e) in enumerate(SQUARE))
    by_blank = text(one + "\n" + one)
    assert [shape.equals(square()) for shape in by_blank.shapes] == [True, True]
    assert by_blank.lines == [1, 6]
    by_title = text("东地块\n" + one + "西地块\n" + one, encoding="gb18030")
    assert [row["地块名称"] for row in by_title.rows] == ["东地块", "西地块"]
    group = [f"{name},{row}" for name in "甲乙" for row in one.splitlines()]
    by_group = text("\n".join(group))
    assert [row["地块编号"] for row in by_group.rows] == ["甲", "乙"]
    inner = [(20, 20), (20, 40), (40, 40), (40, 20)]
    rings = [
        f"{i},{ring},{N + n},{E + e}"
        for ring, corners in ((1, SQUARE), (2, inner))
        for i, (n, e) in enumerate(corners)
    ]
    (holed,) = text("点号,圈号,X,Y\n" + "\n".join(rings)).shapes
    assert holed.area == pytest.approx(10_000 - 400)


NAMED = tuple(f"J{i},{N + n},{E + e}" for i, (n, e) in enumerate([*SQUARE, (50, -50)], start=1))


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("J", "J3,,"), ("J", "J3,—,—"), ("J", "J3"), ("J", "J3,4194100"), ("J", "J3,缺,缺"),
        ("J", "J3,,38372100"), ("J", "J3:X=,Y="), ("J", "J3;;"), ("", "3,,"), ("", "3"),
        ("", "3,—,—"), ("", "3,4194100"), ("界址点", "界址点3,,"), ("甲,J", "甲,J3,,"),
        ("甲,", "甲,,,"), (None, "—,—"), (None, "4194100,"), (None, "4194100"),
    ],
)  # fmt: skip
def test_a_row_of_a_plain_list_without_coordinates_is_an_error_and_parts_nothing(
    text: Any, before: str | None, line: str
) -> None:
    cut = (lambda row: row.split(",", 1)[1]) if before is None else lambda row: before + row[1:]
    rows = [cut(row) for row in NAMED]
    rows[2] = line
    found = text("\n".join(rows) + "\n")
    problem = found.problem("bad_number")
    assert (problem.level, problem.feature, problem.line) == ("error", 1, 3)
    assert found.shapes == [None]


@pytest.mark.parametrize(
    "titles", ["东地块 西地块", "1 2", "1,, 2,,", "A1 A2", "地块一,, 地块二,,", "P1 P2"]
)
@pytest.mark.parametrize("before", ["J", ""])
def test_titles_between_the_rows_of_a_plain_list_are_no_points(
    text: Any, titles: str, before: str
) -> None:
    rows = [before + row[1:] for row in NAMED[:4]]
    found = text("".join("\n".join([title, *rows, ""]) for title in titles.split()))
    assert [shape.equals(square()) for shape in found.shapes] == [True, True]
    assert found.codes() == []


def test_a_blank_line_after_every_row_parts_nothing(text: Any) -> None:
    one = "".join(f"{i},{N + n},{E + e}\n\n" for i, (n, e) in enumerate(SQUARE))
    assert text(one).shapes[0].equals(square())


def test_degrees_in_a_plain_list_may_be_shifted(text: Any) -> None:
    found = text("1,112.5,37.8\n2,112.6,37.8\n3,112.6,37.9\n")
    assert found.shapes[0].bounds == (112.5, 37.8, 112.6, 37.9)
    assert found.file.hints.may_be_shifted
    assert found.file.extra["axis_order"] == "easting_first"


def test_numbers_that_do_not_tell_their_axes_are_told(text: Any) -> None:
    found = text("1,500.0,300.0\n2,600.0,300.0\n3,600.0,400.0\n")
    assert found.problem("unknown_order").level == "warning"
    assert found.shapes[0].bounds == (500, 300, 600, 400)
    assert found.file.extra["axis_order"] == "unknown"


def test_a_header_without_parcel_lines_still_gives_hints(text: Any) -> None:
    found = text(HEADER + points())
    assert (found.file.hints.zone, found.file.extra["plain"]) == (38, True)
    assert found.shapes[0].equals(square())


@pytest.mark.parametrize(
    "content",
    [
        "", "\n\n\n", "这是一份说明\n没有坐标\n", "a,b,c\nd,e,f\n", "1,2\n", "[地块坐标]\n", HEADER,
        "1,1\n2,2\n", "hello world 1 2 3\nfoo bar\nmore text here\nand, some\n" * 9, "1," * 5000,
        "\x00\x01\x02" * 500, b"\xff\xfe\x00\xd8\x00\xd8" * 40, b"\xff\xff\xfe" * 99,
    ],
)  # fmt: skip
def test_a_text_without_points_is_refused_in_plain_words(text: Any, content: str | bytes) -> None:
    with pytest.raises(FileRefusedError) as caught:
        text(content)
    assert " / " in str(caught.value)
    assert "\n" not in str(caught.value)


# Limits.


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(text_bytes=100), "too_large"),
        (Limits(features=1), "too_many_features"),
        (Limits(vertices=7), "too_many_vertices"),
        (Limits(ring_vertices=3), "ring_too_long"),
    ],
)
def test_limits_are_kept(text: Any, limits: Limits, code: str) -> None:
    content = HEADER + ("4,1,1,甲,面,,,,@\n" + points()) * 2
    with pytest.raises(LimitError) as caught:
        text(content, limits=limits)
    assert caught.value.code == code


def test_rings_in_rings_without_end_are_refused_in_bounded_time(text: Any) -> None:
    rings = "".join(
        points([(k, k), (k, 1e5 - k), (1e5 - k, 1e5 - k), (1e5 - k, k)], ring=k)
        for k in range(20_000)
    )
    with pytest.raises(LimitError) as caught:
        text(HEADER + "4,,1,甲,面,,,,@\n" + rings)
    assert caught.value.code == "too_deep"


@pytest.mark.parametrize(
    "content",
    [
        HEADER + "4,1,1,甲,面,,,,@\n" * 50_000,
        HEADER + "4,1,1,甲,面,,,,@\n" + "a,b,c,d\n" * 400_000,
        "a,b\n" * 400_000,
    ],
)
def test_files_that_are_mostly_something_else_are_refused(text: Any, content: str) -> None:
    with pytest.raises(FileRefusedError):
        text(content)


def test_many_rings_side_by_side_are_read(text: Any) -> None:
    rings = "".join(points(at=(k % 100 * 200, k // 100 * 200), ring=k) for k in range(10_000))
    (shape,) = text(HEADER + "40000,,1,甲,面,,,,@\n" + rings).shapes
    assert len(shape.geoms) == 10_000
    assert shape.area == pytest.approx(10_000 * 10_000)


# Properties.


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "-", "+"]), st.integers(0, 10**9), st.integers(0, 10**9),
            st.integers(0, 9), st.sampled_from(["", " ", "  "]),
        ),
        min_size=1, max_size=50,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_numbers_read_in_bulk_are_those_that_python_reads(parts: list[Any]) -> None:
    fields = [
        f"{blank}{sign}{whole}.{fraction:0{places}d}"[: WIDTH + 2] + blank
        for sign, whole, fraction, places, blank in parts
    ]
    data = ",".join(fields).encode()
    buffer = np.concatenate([np.frombuffer(data, np.uint8), np.zeros(WIDTH + 2, np.uint8)])
    ends = np.cumsum([len(field) + 1 for field in fields]) - 1
    begins = ends - [len(field) for field in fields]
    values, good = parse_numbers(buffer, begins, ends, wanted=np.ones(len(fields), bool))
    for field, value, read_ in zip(fields, values, good, strict=True):
        digits = sum(sign.isdecimal() for sign in field)
        assert read_ == (digits <= 18)
        if read_ and digits <= 15:
            assert value == float(field)
        elif read_:
            assert value == pytest.approx(float(field), rel=1e-15)


TOKENS = st.sampled_from([
    "J1", "1", "2", "4194000.5", "38372000.25", "372000", "112.5", "37.8", "nan", "1e999", "-", "",
    "面", "线", "点", "@", "＠", "，", ",", ";", "\t", " ", "=", "[", "]", "【地块坐标】",
    "[地块坐标]",
    "坐标系=2000", "带号=38", "\n", "\r\n", "\r", "甲", "０", "\u3000", "\x00", "x", "\ufeff", "😀",
    "4,1,1,甲,面,,,,@\n", "J1,1,4194000,38372000\n", "J2,1,4194000,38372100\n",
    "J3,1,4194100,38372100\n", "J1,1,4194000,38372001\n", "1,112.5,37.8\n", "\n\n",
])  # fmt: skip
DUMPS = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).map(lambda s: s.encode("utf-8", "replace")),
    st.lists(TOKENS, max_size=80).map(lambda parts: "".join(parts).encode("gb18030")),
    st.lists(TOKENS, max_size=80).map(lambda parts: (HEADER + "".join(parts)).encode()),
    st.lists(TOKENS, max_size=60).map(lambda parts: "".join(parts).encode("utf-16")),
)


@given(DUMPS)
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_file_holds_it_is_read_or_refused_in_our_words(
    tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "fuzz.txt"
    path.write_bytes(data)
    try:
        found = read(path)
    except FileRefusedError as error:
        assert error.code
        return
    for problem in found.problems:
        assert problem.message_zh and problem.message_en and problem.count >= 1
    for shape in found.shapes:
        assert shape is None or np.isfinite(shapely.get_coordinates(shape)).all()


def test_the_registry_opens_survey_texts_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "地块.dat"
    path.write_text(HEADER + "4,1,1,甲,面,,,,@\n" + points(), encoding="gb18030")
    assert open_file(path).format == "txt"


@pytest.mark.parametrize("begin", ["feff", "fffe"])
def test_a_byte_order_mark_in_the_middle_of_a_file_is_none(text: Any, begin: str) -> None:
    """Found by fuzzing: the lines that stand out were decoded by the mark of the first of them."""
    middle = b"1,2\n" + bytes.fromhex(begin) + b",@\n0,1\n"
    with pytest.raises(FileRefusedError) as refused:
        text(middle)
    assert refused.value.code != "reader_fault"
