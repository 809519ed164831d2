"""界址点坐标 TXT written: the ministry form, and what is written is read back to the millimetre."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError
from geo.files.featurefile import GEOMETRY
from geo.files.surveytext import open_surveytext
from geo.files.surveywriter import write_surveytext
from geo.reference import judge, system

N, E = 4_194_000.0, 38_372_000.0
SQUARE = shapely.box(E, N, E + 100, N + 100)
HOLED = SQUARE.difference(shapely.box(E + 20, N + 20, E + 40, N + 40))
TEXTS = ("地块编号", "地块名称", "用途", "地类编码", "图幅号")


def frame(*shapes: Any, crs: int = 4526, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def read_back(path: Path) -> tuple[list[dict[str, Any]], list[Any], Any]:
    file = open_surveytext(path)
    rows = [row for batch in file.read() for row in batch.table.to_pylist()]
    shapes = [shapely.from_wkb(row.pop(GEOMETRY)) for row in rows]
    problems = [p for batch in file.read() for p in batch.problems]
    assert [*file.problems, *problems] == []
    return rows, shapes, file


def same_to_the_millimetre(first: Any, other: Any) -> bool:
    """Same parts, rings and numbers of vertices, nowhere more than 0.1 mm apart."""

    def counts(shape: Any) -> list[list[int]]:
        parts = shapely.get_parts(shape)
        return sorted(
            sorted(len(ring.coords) for ring in shapely.get_rings(part)) for part in parts
        )

    return counts(first) == counts(other) and first.hausdorff_distance(other) < 1e-4


def test_the_ministry_form_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    report = write_surveytext(
        frame(
            HOLED, 地块编号=["DK-1"], 地块名称=["一号地块"], 用途=["工业用地"], 地类编码=["0601"]
        ),
        path, header={"数据产生单位": "某测绘院", "数据产生日期": "2024-5-1"},
    )  # fmt: skip
    assert (report.problems, report.features, report.files) == ((), 1, (path,))
    lines = path.read_bytes().decode("gb18030").split("\r\n")
    assert lines[:13] == [
        "[属性描述]", "格式版本号=1.01版本", "数据产生单位=某测绘院", "数据产生日期=2024-5-1",
        "坐标系=2000国家大地坐标系", "几度分带=3", "投影类型=高斯克吕格", "计量单位=米", "带号=38",
        "精度=0.0001", "转换参数=,,,,,,", "[地块坐标]",
        "10,0.9600,DK-1,一号地块,面,,工业用地,0601,@",
    ]  # fmt: skip
    rows = lines[13:-1]
    assert lines[-1] == ""
    assert all(re.fullmatch(r"J\d+,[12],\d{7}\.\d{4},38\d{6}\.\d{4}", row) for row in rows)
    assert [row.split(",")[:2] for row in rows] == [
        ["J1", "1"], ["J2", "1"], ["J3", "1"], ["J4", "1"], ["J1", "1"],
        ["J5", "2"], ["J6", "2"], ["J7", "2"], ["J8", "2"], ["J5", "2"],
    ]  # fmt: skip
    assert rows[0].split(",")[2:] == rows[4].split(",")[2:]


def star(centre: tuple[float, float], radii: list[float], size: float) -> list[list[float]]:
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    radius = size * np.array(radii)
    x, y = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
    return np.stack([x, y], axis=1).tolist()


@st.composite
def parcels(draw: st.DrawFn) -> Any:
    """One to three parts of 5 m to 2 km, apart from each other, some with holes and islands."""
    size = draw(st.floats(5, 2000))
    east, north = draw(st.floats(-80_000, 80_000)), draw(st.floats(3_830_000, 4_510_000))
    parts = []
    for place in range(draw(st.integers(1, 3))):
        centre = (500_000 + east + 3 * size * place, north)
        many = st.integers(3, 12)
        outer = star(centre, draw(_radii(draw(many) + 2, 0.6, 1.0)), size)
        holes = []
        if draw(st.booleans()):
            # A hole and an island in it stay inside: the outer star's edges come no nearer.
            holes.append(star(centre, draw(_radii(draw(many) + 2, 0.2, 0.28)), size))
            if draw(st.booleans()):
                parts.append(shapely.Polygon(star(centre, draw(_radii(5, 0.05, 0.1)), size)))
        parts.append(shapely.Polygon(outer, holes))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _radii(count: int, low: float, high: float) -> Any:
    return st.lists(st.floats(low, high), min_size=count, max_size=count)


NAMES = st.text(
    st.characters(
        exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters=",\ufeff\u200b"
    ),
    max_size=12,
) | st.sampled_from(
    ["晋阳湖畔一号地块", "甲，乙（一期）", "面", "@", "线", "a b", "[甲]", "=1+1", "㐂𠮷"]
)


@given(st.data(), st.sampled_from(["EPSG:4525", "EPSG:4526", "EPSG:4497"]), st.booleans())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_written_is_read_back_to_the_millimetre(
    tmp_path: Path, data: st.DataObject, key: str, utf8: bool
) -> None:
    zone = system(key)
    shapes = [
        shapely.transform(shape, lambda xy: np.add(xy, [zone.zone * 1e6, 0]))
        for shape in data.draw(st.lists(parcels(), min_size=1, max_size=3))
    ]
    columns = {name: [data.draw(NAMES) for _ in shapes] for name in TEXTS}
    path = tmp_path / "round.txt"
    report = write_surveytext(
        frame(*shapes, crs=zone.epsg, **columns), path, encoding="utf-8" if utf8 else ""
    )
    assert report.problems == ()
    rows, found, file = read_back(path)
    for index, (shape, other) in enumerate(zip(shapes, found, strict=True)):
        assert same_to_the_millimetre(shape, other)
        assert other.is_valid
        for name in TEXTS:
            assert (rows[index][name] or "") == columns[name][index]
        assert rows[index]["declared_area_ha"] == pytest.approx(shape.area / 1e4, abs=5.1e-5)
    verdict = judge(tuple(shapely.total_bounds(found)), file.hints)
    assert [one.key for one in verdict.systems] == [key]


def test_lines_points_and_multiparts_come_back(tmp_path: Path) -> None:
    line = shapely.LineString([(E, N), (E + 10, N), (E + 10, N + 10), (E, N)])
    shapes = [
        line, shapely.MultiLineString([line, shapely.affinity.translate(line, 50)]),
        shapely.Point(E, N), shapely.MultiPoint([(E, N), (E + 1, N + 1)]),
        shapely.MultiPolygon([SQUARE, shapely.affinity.translate(HOLED, 500)]),
    ]  # fmt: skip
    path = tmp_path / "kinds.txt"
    write_surveytext(frame(*shapes), path)
    rows, found, _ = read_back(path)
    assert [row["kind"] for row in rows] == ["线", "线", "点", "点", "面"]
    for shape, other in zip(shapes, found, strict=True):
        assert shape.geom_type == other.geom_type
        assert shape.equals(other)
    assert rows[0]["declared_area"] is None


@pytest.mark.parametrize(
    ("crs", "zone", "width"), [(4526, 38, 3), (4547, 38, 3), (4498, 20, 6), (2362, 38, 3)]
)
def test_a_frame_in_gauss_metres_is_written_as_it_is(
    tmp_path: Path, crs: int, zone: int, width: int
) -> None:
    path = tmp_path / "own.txt"
    east = {4526: 38e6, 4547: 0, 4498: 20e6, 2362: 38e6}[crs]
    shape = shapely.box(east + 450_000, N, east + 450_100, N + 100)
    write_surveytext(frame(shape, crs=crs), path)
    _, (found,), file = read_back(path)
    assert found.equals(shape)
    assert (file.hints.zone, file.hints.zone_width_deg) == (zone, width)
    assert file.hints.datum == ("xian80" if crs == 2362 else "cgcs2000")


@pytest.mark.parametrize(("lon", "zone"), [(112.2, "37"), (112.6, "38")])
def test_degrees_are_written_in_the_zone_of_their_middle(
    tmp_path: Path, lon: float, zone: str
) -> None:
    path = tmp_path / "degrees.txt"
    shape = shapely.box(lon, 37.8, lon + 0.01, 37.81)
    write_surveytext(frame(shape, crs=4490), path)
    text = path.read_text(encoding="gb18030")
    assert f"带号={zone}\n" in text
    _, (found,), _ = read_back(path)
    expected = gpd.GeoSeries([shape], crs=4490).to_crs(4488 + int(zone))[0]
    assert found.hausdorff_distance(expected) < 1e-3


def test_another_system_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    write_surveytext(frame(SQUARE), path, system="EPSG:4525")
    _, (found,), file = read_back(path)
    expected = gpd.GeoSeries([SQUARE], crs=4526).to_crs(4525)[0]
    assert found.hausdorff_distance(expected) < 1e-3
    assert file.hints.zone == 37


def test_zones_of_one_old_datum_need_no_parameters(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    write_surveytext(frame(SQUARE, crs=2362), path, system=system("EPSG:2361"))
    _, (found,), file = read_back(path)
    expected = gpd.GeoSeries([SQUARE], crs=2362).to_crs(2361)[0]
    assert found.hausdorff_distance(expected) < 1e-3
    assert (file.hints.datum, file.hints.zone) == ("xian80", 37)


def test_a_header_comes_back_but_never_contradicts_the_coordinates(tmp_path: Path) -> None:
    given_ = {
        "项目信息": {"项目名称": "甲\n乙", "a=b": "c"},
        "属性描述": {"数据产生单位": "某院", "带号": "37", "坐标系": "1980西安坐标系",
                 "转换参数": "1,2,3,4,5,6,7", "备注": "无"},
    }  # fmt: skip
    path = tmp_path / "header.txt"
    write_surveytext(frame(SQUARE), path, header=given_)
    _, _, file = read_back(path)
    keys = file.extra["header"]
    assert file.extra["sections"]["项目信息"] == {"项目名称": "甲 乙", "a b": "c"}
    assert (keys["数据产生单位"], keys["备注"]) == ("某院", "无")
    assert (keys["带号"], keys["坐标系"]) == ("38", "2000国家大地坐标系")
    assert keys["转换参数"] == ",,,,,,"


def test_a_header_read_is_a_header_that_can_be_written(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    write_surveytext(frame(SQUARE), first, header={"数据产生单位": "某院", "转换参数": "1,2,3"})
    write_surveytext(frame(SQUARE), second, header=open_surveytext(first).extra["header"])
    assert first.read_bytes() == second.read_bytes()


def test_a_declared_area_is_kept_and_else_the_plane_area_is_written(tmp_path: Path) -> None:
    path = tmp_path / "areas.txt"
    declared = [0.9991234, np.nan, 1.0]
    write_surveytext(frame(SQUARE, SQUARE, SQUARE, declared_area_ha=declared), path)
    rows, _, _ = read_back(path)
    assert [row["declared_area_ha"] for row in rows] == [0.9991234, 1.0, 1.0]
    assert ",0.9991234," in path.read_text(encoding="gb18030")


def test_columns_of_other_tools_are_found_and_those_without_a_place_are_told(
    tmp_path: Path,
) -> None:
    path = tmp_path / "columns.txt"
    report = write_surveytext(
        frame(SQUARE, PARCEL_ID=[7.0], name_zh=["甲"], DLBM=["0601"], 备注=["x"], 村名=["乙"]), path
    )
    rows, _, _ = read_back(path)
    assert [rows[0][name] for name in ("地块编号", "地块名称", "地类编码")] == ["7", "甲", "0601"]
    (told,) = report.problems
    assert (told.code, told.count) == ("dropped_columns", 2)
    assert "备注" in told.message_zh and "村名" in told.message_zh


def test_texts_that_would_break_the_form_are_replaced_and_told(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    names = ["甲,乙\n4,1,1,假,面,,,,@", " 丙 ", "丁"]
    report = write_surveytext(frame(SQUARE, SQUARE, SQUARE, 地块名称=names), path)
    rows, _, _ = read_back(path)
    assert [row["地块名称"] for row in rows] == ["甲，乙 4，1，1，假，面，，，，@", "丙", "丁"]
    assert [(p.code, p.count) for p in report.problems] == [("changed_text", 2)]


def test_shapes_that_cannot_be_written_are_told_by_number(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    shapes = [
        None, shapely.Polygon(), shapely.GeometryCollection([SQUARE]),
        shapely.box(E, N, np.inf, N + 1), shapely.force_3d(SQUARE, 780.0),
    ]  # fmt: skip
    report = write_surveytext(frame(*shapes), path)
    assert [(p.code, p.feature) for p in report.problems] == [
        ("no_geometry", 1), ("no_geometry", 2), ("bad_geometry", 3), ("not_finite", 4),
        ("z_dropped", None),
    ]  # fmt: skip
    assert report.features == 1
    _, (found,), _ = read_back(path)
    assert found.equals(SQUARE)


@pytest.mark.parametrize(
    ("crs", "asked", "code"),
    [
        (None, None, "no_crs"), (4490, "EPSG:4490", "needs_projected"),
        (4526, "EPSG:3857", "needs_projected"), (4526, "EPSG:2362", "old_datum"),
        (2362, "EPSG:4526", "old_datum"), (2362, "EPSG:2414", "old_datum"),
        (4526, "GCJ-02", "needs_projected"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_rightly_is_refused(
    tmp_path: Path, crs: int | None, asked: str | None, code: str
) -> None:
    path = tmp_path / "refused.txt"
    shape = SQUARE if crs != 4490 else shapely.box(112.5, 37.8, 112.6, 37.9)
    with pytest.raises(FileRefusedError) as caught:
        write_surveytext(gpd.GeoDataFrame(geometry=[shape], crs=crs), path, system=asked)
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_degrees_far_from_china_and_frames_without_shapes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "refused.txt"
    for data, code in (
        (frame(shapely.box(2, 48, 3, 49), crs=4326), "no_zone"),
        (frame(None, crs=4490), "nothing_to_write"),
        (frame(None), "nothing_to_write"),
        (frame(), "nothing_to_write"),
    ):
        with pytest.raises(FileRefusedError) as caught:
            write_surveytext(data, path)
        assert caught.value.code == code
    with pytest.raises(FileRefusedError):
        write_surveytext(frame(SQUARE), path, encoding="rot13")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept.txt"
    write_surveytext(frame(SQUARE), path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileRefusedError, match="No space left") as caught:
        write_surveytext(frame(HOLED), path)
    assert caught.value.code == "write_failed"
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_clockwise_order_of_points_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "order.txt"
    for shape in (SQUARE, SQUARE.reverse()):
        write_surveytext(frame(shape), path)
        _, (found,), _ = read_back(path)
        assert found.exterior.is_ccw == shape.exterior.is_ccw
        assert found.exterior.coords[0] == shape.exterior.coords[0]
