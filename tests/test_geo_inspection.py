"""Inspection: what is told of a file is what its features are, whatever shortcut is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from land import BOX, land, star

from geo.areas import area_m2
from geo.errors import CrsQuestionError, LimitError
from geo.faults import feature_faults, layer_faults, outside_faults
from geo.files import open_file
from geo.files.featurefile import GEOMETRY, Batch, Encoding, FeatureFile
from geo.inspection import Surroundings, inspect
from geo.limits import Limits
from geo.measuredbatch import measure
from geo.placement import CrsAnswer, Placement, points_to_degrees
from geo.plainland import plainly_good
from geo.problemlist import ProblemList
from geo.problems import Problem
from geo.quickdegrees import AGREEMENT_DEG, HALF_WIDTH_M, NORTHINGS_M, to_degrees_of
from geo.reference import CrsHints, system
from geo.wkbcolumns import plain_wkb, single_rings, with_coordinates

ROOT = Path(__file__).resolve().parents[1]
PROMISED = {
    "format", "encoding", "crs", "crs_basis", "feature_count", "geometry_types", "bbox", "area_m2",
    "problems",
}  # fmt: skip
DECLARED = CrsHints(declared="EPSG:4490", declared_by="test")


def features(
    *parts: Any, hints: CrsHints = DECLARED, kind: str = "gpkg", attributes: Any = None
) -> FeatureFile:
    """A file of batches of shapes, as a reader would give it."""

    def read() -> Iterator[Batch]:
        first = 1
        for shapes in parts:
            wkb = pa.array([None if s is None else shapely.to_wkb(s) for s in shapes], pa.binary())
            columns = (
                {} if attributes is None else {k: v[: len(shapes)] for k, v in attributes.items()}
            )
            yield Batch(pa.table(columns | {GEOMETRY: wkb}), first)
            first += len(shapes)

    return FeatureFile(
        path=Path("a.gpkg"), format=kind, encoding=Encoding(), columns=(), hints=hints, read=read
    )


# --- what is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize("epsg", [4490, 4326, 4526, 4547, 4498])
@pytest.mark.parametrize("extension", ["gpkg", "fgb", "parquet"])
def test_counts_box_and_area_are_those_of_the_features(epsg, extension, tmp_path) -> None:
    frame = land(200)
    path = tmp_path / f"in.{extension}"
    moved = frame.to_crs(epsg)
    moved.to_parquet(path) if extension == "parquet" else moved.to_file(path)
    found = inspect(open_file(path))
    told = found.to_json("zh")
    assert set(told) >= PROMISED and json.loads(json.dumps(told)) is not None
    assert (told["format"], told["crs"], told["crs_basis"]) == (
        extension if extension != "parquet" else "parquet", f"EPSG:{epsg}", "declared",
    )  # fmt: skip
    assert told["feature_count"] == len(frame) and told["geometry_types"] == ["Polygon"]
    assert told["bbox"] == pytest.approx(BOX, abs=1e-8)
    assert told["area_m2"] == pytest.approx(float(area_m2(frame.geometry).sum()), rel=1e-7)
    assert told["vertex_count"] == int(shapely.get_num_coordinates(frame.geometry).sum())
    assert [(c["name"], c["type"]) for c in told["columns"]] == [("dlbm", "text")]
    assert told["problems"] == [] and told["crs_question"] == "" and told["crs_candidates"] == []


def test_without_a_declaration_the_datum_is_asked_and_the_candidates_lie_in_the_province() -> None:
    shapes = land(50).to_crs(4526).geometry.to_numpy()
    found = inspect(features(shapes, hints=CrsHints()))
    told = found.to_json("en")
    assert (told["crs"], told["crs_basis"], told["bbox"], told["area_m2"]) == (
        None, "unknown datum", None, None,
    )  # fmt: skip
    assert told["crs_question"] and told["crs_candidates"][0]["crs"] == "EPSG:4526"
    west, south, east, north = told["crs_candidates"][0]["bbox"]
    assert west <= BOX[0] + 1e-6 and east >= BOX[2] - 1e-6 and east - west < 0.32
    assert south <= BOX[1] + 1e-6 and north >= BOX[3] - 1e-6 and north - south < 0.27
    assert [p["code"] for p in told["problems"] if p["level"] == "error"] == ["crs_question"]
    settled = inspect(features(shapes, hints=CrsHints()), CrsAnswer(crs="EPSG:4526"))
    assert settled.to_json("zh")["crs_basis"] == "given" and settled.area_m2 is not None
    assert settled.bbox == pytest.approx(BOX, abs=1e-8)
    with pytest.raises(CrsQuestionError) as caught:
        inspect(features(shapes, hints=CrsHints()), CrsAnswer(crs="EPSG:4490"))
    assert caught.value.code == "crs_impossible"


def test_a_first_batch_that_misleads_is_corrected_by_the_whole_file() -> None:
    """Nothing in the first batch shows that latitude stands before longitude."""
    turned = [shapely.transform(s, lambda p: p[:, ::-1]) for s in land(20).geometry]
    found = inspect(features([None, None], turned))
    assert found.placement is not None and found.placement.swap
    assert found.bbox == pytest.approx(BOX, abs=1e-9)
    assert found.feature_count == 22 and found.geometry_types == {"Polygon": len(turned)}
    assert [p.feature for p in found.problems if p.code == "no_geometry"] == [1, 2]


def test_degrees_in_the_wrong_order_are_read_in_the_right_one() -> None:
    turned = [shapely.transform(s, lambda p: p[:, ::-1]) for s in land(20).geometry]
    found = inspect(features(turned))
    assert found.bbox == pytest.approx(BOX, abs=1e-9)
    assert "axes_swapped" in {p.code for p in found.problems}
    assert found.area_m2 == pytest.approx(float(area_m2(land(20).geometry).sum()), rel=1e-9)


def test_features_of_every_kind_are_counted_and_told_by_their_numbers() -> None:
    good = shapely.box(112, 37, 112.1, 37.1)
    bow = shapely.Polygon([(112, 37), (112.1, 37.1), (112.1, 37), (112, 37.1)])
    first = [good, None, shapely.Point(112, 37), shapely.MultiPolygon([good])]
    two = shapely.MultiPolygon([good, shapely.box(113, 37, 113.1, 37.1)])
    second = [shapely.Polygon(), two, bow,
              shapely.Polygon([(112, 37, 5), (112.1, 37, 5), (112.1, 37.1, 5)]),
              good.difference(shapely.box(112.02, 37.02, 112.05, 37.05))]  # fmt: skip
    found = inspect(features(first, second))
    assert found.geometry_types == {"Point": 1, "Polygon": 4, "MultiPolygon": 2}
    assert found.feature_count == 9
    told = {(p.code, p.feature) for p in found.problems}
    assert {("no_geometry", 2), ("no_geometry", 5), ("self_intersection", 7)} <= told
    assert ("z_dropped", None) in told and found.problem_counts["error"] == 1
    land_of = [good, shapely.MultiPolygon([good]), *second[1:2], bow, *second[3:]]
    assert found.area_m2 == pytest.approx(float(np.nansum(area_m2(land_of))), rel=1e-9)


def test_damaged_and_impossible_geometry_is_an_error_of_its_feature() -> None:
    good = shapely.to_wkb(shapely.box(112, 37, 112.1, 37.1))
    nan = shapely.to_wkb(shapely.Polygon([(112, 37), (np.nan, 37), (112.1, 37.1)]))
    ring = good[:9] + (4).to_bytes(4, "little") + good[13:77]  # not closed
    blobs = [good, good[:-5], nan, ring, b"", b"\x00" * 40]

    def read() -> Iterator[Batch]:
        yield Batch(pa.table({GEOMETRY: pa.array(blobs, pa.binary())}), 1)

    told = inspect(replace(features([]), read=read)).problems
    assert {(p.code, p.feature) for p in told} >= {
        ("bad_geometry", 2), ("not_finite", 3), ("unclosed_ring", 4), ("bad_geometry", 6),
    }  # fmt: skip


def test_a_feature_that_has_no_place_on_earth_is_told_by_its_number() -> None:
    shapes = land(30).to_crs(4526).geometry.to_numpy()
    hints = CrsHints(declared="EPSG:4526", declared_by="test")
    measured = measure(
        next(features(shapes, hints=hints).read()),
        Placement(system=system("EPSG:4490"), basis="given"), limits=Limits(),
    )  # fmt: skip
    assert measured.invalid.tolist() == list(range(len(shapes)))
    assert {p.code for p in measured.problems} == {"not_degrees"}
    assert np.isnan(measured.areas).all()


@pytest.mark.parametrize("vertex", range(4))
def test_a_polygon_that_reaches_beyond_the_earth_is_told_and_the_others_are_measured(
    vertex: int,
) -> None:
    """Its ring would not close: what PROJ has no place for is no number, unlike itself."""
    sound = shapely.box(38_470_000, 4_134_000, 38_471_000, 4_135_000)
    corners = shapely.get_coordinates(sound)[:4]
    corners[vertex] = 1e300
    shapes = [shapely.Polygon(corners), shapely.MultiPolygon([shapely.Polygon(corners)]), sound]
    hints = CrsHints(declared="EPSG:4526", declared_by="test")
    found = inspect(features(shapes, hints=hints), CrsAnswer(crs="EPSG:4526"))
    told = {p.feature for p in found.problems if p.code == "not_degrees"}
    assert told == {1, 2}
    assert found.area_m2 == pytest.approx(1e6, rel=1e-3)


# --- limits ---------------------------------------------------------------------------------------


def test_limits_of_features_vertices_and_rings_stop_a_file() -> None:
    shapes = land(300).geometry.to_numpy()
    parts = np.array_split(shapes, 10)
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    inspect(features(*parts), limits=Limits(features=len(shapes), vertices=vertices))
    for limits in (Limits(features=len(shapes) - 1), Limits(vertices=vertices - 1)):
        with pytest.raises(LimitError, match="上限"):
            inspect(features(*parts), limits=limits)
    holed = star(3, hole=True)
    longest = max(len(holed.exterior.coords), *(len(r.coords) for r in holed.interiors))
    inspect(features([holed]), limits=Limits(ring_vertices=longest))
    for shape, most in ((holed, longest - 1), (shapes[0], 20)):
        with pytest.raises(LimitError) as caught:
            inspect(features([shapes[1], shape][-1:]), limits=Limits(ring_vertices=most))
        assert caught.value.feature == 1


def test_no_more_than_a_few_batches_are_in_memory_at_a_time() -> None:
    shapes = land(60).geometry.to_numpy()
    made = looked_at = most = 0

    def read() -> Iterator[Batch]:
        nonlocal made, most
        for number in range(40):
            made += 1
            most = max(most, made - looked_at)
            blobs = pa.array(shapely.to_wkb(shapes), pa.binary())
            yield Batch(pa.table({GEOMETRY: blobs}), number * len(shapes) + 1)

    def progress(_zh: str, _en: str) -> None:
        nonlocal looked_at
        looked_at += 1

    found = inspect(replace(features([]), read=read), progress=progress)
    assert found.feature_count == 40 * len(shapes) and looked_at == 40
    assert most <= 4


def test_many_problems_are_counted_and_some_of_each_kind_listed() -> None:
    bow = shapely.Polygon([(112, 37), (112.1, 37.1), (112.1, 37), (112, 37.1)])
    parts = [[bow] * 150, [bow] * 150, [bow] * 150]
    found = inspect(features(*parts))
    assert len(found.problems) < 250
    assert found.problem_counts == {"error": 450, "warning": 0}
    rest = [p for p in found.problems if p.feature is None]
    assert [(p.code, p.count) for p in rest] == [("self_intersection", 450 - 200)]
    several = ProblemList(of_a_kind=2, in_all=3)
    several.add([Problem("odd", "warning", f"第{i}", f"{i}", feature=i) for i in range(5)])
    several.add([Problem("z", "warning", "高", "z", count=2), Problem("z", "warning", "高", "z")])
    assert [(p.code, p.count) for p in several.listed()] == [
        ("z", 3), ("odd", 1), ("odd", 1), ("odd", 3),
    ]  # fmt: skip
    assert several.counts() == {"error": 0, "warning": 6}


# --- surroundings ---------------------------------------------------------------------------------


def test_land_outside_the_province_and_other_declared_areas_are_told() -> None:
    province = shapely.geometry.shape(
        json.loads((ROOT / "data/boundaries/province.geojson").read_text())["features"][0][
            "geometry"
        ]
    )
    west, south, east, north = shapely.bounds(province)
    random = np.random.default_rng(2)
    x, y = random.uniform(west - 0.2, east, 400), random.uniform(south - 0.2, north, 400)
    shapes = shapely.box(x, y, x + 0.02, y + 0.02)
    areas = area_m2(shapes) / 1e4
    areas[5] *= 1.5
    file = features(
        shapes[:200], shapes[200:], attributes={"area": areas[:200].tolist(), "id": ["a"] * 200}
    )
    around = Surroundings(province=province, area_column="area")
    found = inspect(file, around=around)
    outside = {p.feature for p in found.problems if p.code == "outside_province"}
    expected = {p.feature for p in outside_faults(shapes, province, most=None)}
    assert len(expected) > 100 and outside <= expected
    counted = sum(p.count for p in found.problems if p.code == "outside_province" and not p.feature)
    assert len(outside) + counted == len(expected)
    assert [p.feature for p in found.problems if p.code == "declared_area"][:1] == [6]


def test_overlaps_and_ids_between_features_are_only_looked_for_when_asked() -> None:
    shapes = [shapely.box(112, 37, 112.1, 37.1), shapely.box(112.05, 37, 112.15, 37.1)]
    file = features(shapes, attributes={"id": ["a", "a"]})
    assert inspect(file).problems == ()
    full = inspect(file, full=True, around=Surroundings(id_column="id"))
    expected = {p.code for p in layer_faults(np.array(shapes), ["a", "a"])}
    assert {p.code for p in full.problems} == expected >= {"overlap", "duplicate_id"}


# --- shortcuts ------------------------------------------------------------------------------------

numbers = st.integers(0, 60)


@st.composite
def rings(draw: Any) -> Any:
    """Rings of few grid points: crossing, spiky, repeating, thin and good ones."""
    points = draw(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=9))
    size = draw(st.sampled_from([1e-5, 1e-4, 1e-3]))
    turned = draw(st.booleans())
    ring = np.array([*points, points[0]], dtype=float)
    if turned:  # sorted about the middle: most of these are star-shaped
        middle = ring[:-1].mean(axis=0)
        order = np.argsort(np.arctan2(*(ring[:-1] - middle).T))
        ring = np.concatenate([ring[:-1][order], ring[:-1][order][:1]])
    jitter = draw(st.sampled_from([0.0, 1e-9, 1e-4]))
    ring += jitter * np.random.default_rng(len(points)).standard_normal(ring.shape)
    ring[-1] = ring[0]
    return np.array([112.3, 37.4]) + ring * size


@given(rings())
@settings(max_examples=600, deadline=None)
def test_what_is_called_plainly_good_has_no_fault(ring: Any) -> None:
    shape = shapely.polygons(ring)
    faults = {p.code for p in feature_faults([shape])} - {"ring_order"}
    for unit in ("degrees", "metres"):
        factor = 1.0 if unit == "degrees" else 1e5
        good = plainly_good(ring * factor, np.array([0, len(ring)]), unit=unit)
        if good[0]:
            found = feature_faults([shapely.polygons(ring * factor)], unit=unit)
            assert {p.code for p in found} <= {"ring_order"}
        if unit == "degrees" and faults:
            assert not good[0]


def test_a_ring_that_goes_round_twice_is_not_good() -> None:
    angles = np.arange(6) * 4 * np.pi / 5
    star_of_five = np.array([112.3, 37.4]) + 0.01 * np.stack([np.cos(angles), np.sin(angles)], 1)
    star_of_five[-1] = star_of_five[0]
    assert not shapely.is_valid(shapely.polygons(star_of_five))
    assert not plainly_good(star_of_five, np.array([0, 6]))[0]
    assert plainly_good(star_of_five[[0, 3, 1, 4, 2, 0]], np.array([0, 6]))[0]


def test_most_land_is_plainly_good_and_in_blocks_as_one_by_one() -> None:
    column = plain_wkb(pa.array(shapely.to_wkb(land(5000).geometry.to_numpy()), pa.binary()))
    found, _ = single_rings(column)
    good = plainly_good(found.coords, found.starts)
    assert good.mean() > 0.95
    for i in range(0, len(good), 500):
        part = found.coords[found.starts[i] : found.starts[i + 1]]
        assert plainly_good(part, np.array([0, len(part)]))[0] == good[i]


@st.composite
def geometries(draw: Any) -> Any:
    kind = draw(
        st.sampled_from(["none", "point", "box", "multi", "two", "hole", "empty", "z", "line"])
    )
    x, y = draw(numbers), draw(numbers)
    box = shapely.box(x, y, x + 1 + draw(numbers), y + 1)
    segments = draw(st.integers(1, 4))
    return {
        "none": None, "point": shapely.Point(x, y), "empty": shapely.Polygon(),
        "box": shapely.segmentize(box, segments), "multi": shapely.MultiPolygon([box]),
        "two": shapely.MultiPolygon([box, shapely.box(x + 200, y, x + 201, y + 1)]),
        "hole": box.difference(box.centroid.buffer(0.1)),
        "z": shapely.force_3d(box, 4.0), "line": shapely.LineString([(x, y), (x + 1, y)]),
    }[kind]  # fmt: skip


@given(st.lists(geometries(), max_size=12), st.integers(0, 3), st.booleans())
@settings(max_examples=150, deadline=None)
def test_rings_read_from_wkb_are_those_of_the_shapes(shapes: Any, skip: int, wide: bool) -> None:
    assume(skip <= len(shapes))
    kind = pa.large_binary() if wide else pa.binary()
    blobs = pa.array([None if s is None else shapely.to_wkb(s) for s in shapes], kind)
    column = plain_wkb(pa.chunked_array([blobs]).slice(skip))
    shapes = shapes[skip:]
    found, others = single_rings(column)
    plain = [
        i for i, s in enumerate(shapes)
        if s is not None and not s.has_z and not s.is_empty
        and s.geom_type in ("Polygon", "MultiPolygon")
        and sum(1 + len(p.interiors) for p in getattr(s, "geoms", [s])) == 1
    ]  # fmt: skip
    assert found.rows.tolist() == plain
    assert sorted([*plain, *others.tolist()]) == list(range(len(shapes)))
    for n, row in enumerate(plain):
        ring = found.coords[found.starts[n] : found.starts[n + 1]]
        assert (ring == shapely.get_coordinates(shapes[row])).all()
        assert tuple(found.bounds[n]) == shapes[row].bounds
    moved = with_coordinates(column, found, found.coords + 0.5)
    back = shapely.from_wkb(moved.to_numpy(zero_copy_only=False))
    for shape, row in zip(back, plain, strict=True):
        assert shape.equals_exact(shapely.transform(shapes[row], lambda p: p + 0.5), 0)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_the_faults_told_are_those_of_looking_at_every_feature(seed: int) -> None:
    random = np.random.default_rng(seed)
    shapes = land(40, seed=seed).geometry.to_numpy().copy()
    for row in random.integers(0, len(shapes), 8):
        ring = shapely.get_coordinates(shapes[row])
        i, j = random.integers(1, len(ring) - 1, 2)
        ring[[i, j]] = ring[[j, i]] if random.random() < 0.6 else ring[[i, i]]
        shapes[row] = shapely.polygons(ring)
    found = inspect(features(shapes[:17], shapes[17:]))
    expected = [p for p in feature_faults(shapes, most=None) if p.code != "ring_order"]
    told = [p for p in found.problems if p.feature is not None]
    key = lambda p: (p.feature, p.code, p.ring or 0, p.lon, p.message_en)  # noqa: E731
    assert sorted(map(key, told)) == sorted(map(key, expected))


@pytest.mark.parametrize("code", [4525, 4526, 4546, 4547, 4497, 4498, 4508, 4509, 4527, 4545])
@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=15, deadline=None)
def test_the_quick_way_to_degrees_is_that_of_proj(code: int, seed: int, swap: bool) -> None:
    """To a tenth of a micrometre inside its domain, and PROJ itself outside of it."""
    placement = Placement(system=system(f"EPSG:{code}"), basis="given", swap=swap)
    middle = (placement.system.zone or 0) * 1e6 * placement.system.prefixed + 500_000.0
    random = np.random.default_rng(seed)
    wide = random.choice([1e3, 3.6e5, 5e5])
    low, high = random.choice([[3.5e6, 4.9e6], [4e6, 4.1e6]])
    points = np.stack(
        [middle + random.uniform(-wide, wide, 500), random.uniform(low, high, 500)], axis=1
    )
    given_as = np.ascontiguousarray(points[:, ::-1]) if swap else points
    move = to_degrees_of(placement)
    quick, exact = move(given_as), points_to_degrees(given_as, placement)
    assert np.abs(quick - exact).max() <= AGREEMENT_DEG
    outside = (np.abs(points[:, 0] - middle) > HALF_WIDTH_M) | (points[:, 1] < NORTHINGS_M[0])
    assert (quick[outside] == exact[outside]).all()
    for few in (1, 7):  # a shared vertex is the same in every batch
        assert (move(given_as[:few]) == quick[:few]).all()


def test_systems_that_are_not_gauss_krueger_on_cgcs2000_go_by_proj_alone() -> None:
    points = np.array([[500_000.0, 4_100_000.0], [510_000.0, 4_200_000.0]])
    for key, more in (("EPSG:2383", {"approximate": True}), ("EPSG:3857", {}), ("GCJ-02", {})):
        placement = Placement(system=system(key), basis="given", **more)
        given_as = points if placement.system.kind != "geographic" else np.array([[112.5, 37.8]])
        found = to_degrees_of(placement)(given_as)
        assert (found == points_to_degrees(given_as, placement)).all()


def test_a_direction_of_rings_is_only_a_fault_where_the_format_has_one() -> None:
    backwards = [shapely.Polygon([(112, 37), (112, 37.1), (112.1, 37.1), (112.1, 37)])]
    assert inspect(features(backwards)).problems == ()
    told = inspect(features(backwards, kind="geojson")).problems
    assert [(p.code, p.feature) for p in told] == [("ring_order", 1)]
    assert inspect(features([shapely.box(112, 37, 113, 38)], kind="geojson")).problems == ()


def test_an_empty_file_is_told_as_such() -> None:
    found = inspect(features())
    assert (found.feature_count, found.bbox, found.area_m2) == (0, None, None)


def test_a_hole_around_its_outline_gives_no_area_and_the_box_of_the_outline(tmp_path) -> None:
    outer = shapely.box(112.52, 37.82, 112.53, 37.83)
    around = shapely.box(112.5, 37.8, 112.6, 37.9)
    shape = shapely.Polygon(outer.exterior, [around.exterior])
    path = tmp_path / "a.geojson"
    path.write_text(shapely.to_geojson(shape))
    found = inspect(open_file(path))
    assert found.area_m2 is None
    assert found.bbox == pytest.approx(outer.bounds)
    assert found.problem_counts["error"]


def test_where_errors_left_no_coordinates_they_are_told_and_no_system_is_asked_for(
    tmp_path,
) -> None:
    path = tmp_path / "a.txt"
    rows = "J1,1,4194127.9,38372319.3\nJ2,1,41944O7.9,38372319.3\nJ3,1,4194427.9,38372719.3\n"
    path.write_text(
        "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n带号=38\n[地块坐标]\n"
        f"3,1,1,甲,面,,,,@\n{rows}"
    )
    errors = [p for p in inspect(open_file(path)).problems if p.level == "error"]
    assert [(p.code, p.line) for p in errors] == [("bad_number", 8)]
