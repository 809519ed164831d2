"""Every fault is found with its place and told plainly; what is sound has none."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from land import BOX, land, star

from geo import crossings
from geo.areas import M2_PER_HA, M2_PER_MU, area_m2
from geo.boundaries import read_boundaries
from geo.faults import (
    INVALID,
    KINDS,
    Tolerances,
    area_faults,
    declared_unit,
    feature_faults,
    layer_faults,
    outside_faults,
)
from geo.plane import to_degrees, to_plane

RELAXED = settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
BOUNDARIES = Path(__file__).resolve().parents[1] / "data" / "boundaries"


def faults(*shapes, **options):
    """Faults of shapes in metres: WKT or geometries."""
    made = [shapely.from_wkt(s) if isinstance(s, str) else s for s in shapes]
    return feature_faults(made, unit="metres", **options)


def codes(problems) -> list[str]:
    return [problem.code for problem in problems]


def boxes(*corners) -> np.ndarray:
    """Boxes of the plane (metres around 112.5, 37.6), in degrees."""
    return to_degrees(np.array([shapely.box(*corner) for corner in corners], dtype=object))


# --- features ------------------------------------------------------------------------------------

INVALID_SHAPES = {
    "self_intersection": ("POLYGON((0 0,100 100,100 0,0 100,0 0))", 1, (50, 50)),
    "self_touch": (
        "POLYGON((0 0,50 0,60 20,50 50,40 20,50 0,100 0,100 100,0 100,0 0))", 1, (50, 0),
    ),
    "hole_outside": (
        "POLYGON((0 0,9 0,9 9,0 9,0 0),(20 20,20 21,21 21,21 20,20 20))", 2, (20, 20),
    ),
    "nested_holes": (
        "POLYGON((0 0,99 0,99 99,0 99,0 0),(10 10,10 50,50 50,50 10,10 10),"
        "(20 20,20 30,30 30,30 20,20 20))", 3, (20, 20),
    ),
    "nested_parts": (
        "MULTIPOLYGON(((0 0,99 0,99 99,0 99,0 0)),((10 10,20 10,20 20,10 20,10 10)))", 2, (10, 10),
    ),
    "disconnected": (
        "POLYGON((0 0,100 0,100 100,0 100,0 0),(0 50,50 100,100 50,50 0,0 50))", 2, None,
    ),
    "duplicate_rings": (
        "POLYGON((0 0,99 0,99 99,0 99,0 0),(10 10,10 50,50 50,50 10,10 10),"
        "(10 10,10 50,50 50,50 10,10 10))", 3, (10, 10),
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", INVALID_SHAPES)
def test_each_way_to_be_invalid_is_told_with_ring_and_place(code: str) -> None:
    wkt, ring, place = INVALID_SHAPES[code]
    found = [p for p in faults(wkt) if p.code == code]
    assert found, codes(faults(wkt))
    assert {p.level for p in found} == {"error"} and found[0].feature == 1
    assert ring in {p.ring for p in found}
    if place:
        assert place in {(p.x, p.y) for p in found}
    assert "第 1 个要素" in found[0].message_zh and "feature 1" in found[0].message_en


def test_all_crossings_are_told_not_only_the_first() -> None:
    # A zigzag over a straight line: it crosses the line seven times.
    zigzag = [(10 * n, 5 if n % 2 else -5) for n in range(8)]
    ring = [(-5, -20), (-5, 0), (80, 0), (80, 40), (75, 40), *zigzag[::-1], (-20, -5), (-20, -20)]
    found = [p for p in faults(shapely.Polygon(ring)) if p.code == "self_intersection"]
    on_line = {round(p.x) for p in found if abs(p.y) < 1e-9}
    assert {5, 15, 25, 35, 45, 55, 65} <= on_line
    assert all("点后的边" in p.message_zh for p in found)


def test_crossing_rings_name_each_other() -> None:
    (found,) = [
        p for p in faults("POLYGON((0 0,9 0,9 9,0 9,0 0),(5 5,5 8,12 6.5,5 5))")
        if p.code == "self_intersection" and p.y > 6.5
    ]  # fmt: skip
    assert found.ring == 1 and "第 2 环" in found.message_zh and "ring 2" in found.message_en


def test_a_ring_that_folds_back_on_itself_is_an_error_and_a_spike() -> None:
    found = faults("POLYGON((0 0,100 0,100 100,50 100,50 150,50 100,0 100,0 0))")
    assert {"spike", "self_touch"} <= set(codes(found))
    (spike,) = [p for p in found if p.code == "spike"]
    assert (spike.x, spike.y) == (50, 150) and "50.00 米" in spike.message_zh


@pytest.mark.parametrize(
    ("wkt", "code", "ring"),
    [
        ("POLYGON((0 0,100 0,100 0,100 100,0 100,0 0))", "duplicate_points", 1),
        ("POLYGON((0 0,100 0,100 100,0 100,0 0.0005,0 0))", "duplicate_points", 1),
        ("POLYGON((0 0,100 0,100 50,150 50.2,100 50.4,100 100,0 100,0 0))", "spike", 1),
        ("POLYGON((0 0,100 0,100 0.1,0 0.1,0 0))", "sliver", 1),
        ("MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)),((20 20,20.5 20,20.5 20.5,20 20)))", "tiny_part", 2),
        ("POLYGON((0 0,99 0,99 99,0 0),(50 20,50 20.5,50.5 20.5,50 20))", "tiny_hole", 2),
        ("POLYGON((0 0,99 0,99 99,0 0),(50 20,50 20.2,90 20.2,90 20,50 20))", "tiny_hole", 2),
        ("POLYGON((0 0,0 99,99 99,0 0))", "ring_order", 1),
        ("POLYGON((0 0,99 0,99 99,0 0),(50 20,60 20,60 30,50 20))", "ring_order", 2),
        ("GEOMETRYCOLLECTION(POINT(0 0),POLYGON((0 0,9 0,9 9,0 0)))", "collection", None),
        ("LINESTRING(0 0,100 0,100 100,0 0.2)", "open_line", None),
        ("POLYGON EMPTY", "no_geometry", None),
    ],
)  # fmt: skip
def test_what_is_valid_but_wrong_is_a_warning(wkt: str, code: str, ring: int | None) -> None:
    found = [p for p in faults(wkt) if p.code != "ring_order" or code == "ring_order"]
    assert codes(found) == [code]
    assert found[0].level == "warning" and found[0].ring == ring


def test_narrow_valleys_of_real_land_are_no_spikes_and_roads_no_slivers() -> None:
    road = "POLYGON((0 0,5000 0,5000 8,0 8,0 0))"
    wedge = "POLYGON((0 0,100 0,100 100,0 100,0 60,50 50,0 40,0 0))"
    assert faults(road, wedge, "LINESTRING(0 0,100 0,100 100)", "POINT(1 1)") == []


def test_missing_and_infinite_coordinates_are_told_and_not_looked_into() -> None:
    with np.errstate(invalid="ignore"):
        broken = shapely.polygons(np.array([(0, 0), (np.nan, 1), (1, np.inf), (0, 0)]))
    found = faults(None, broken, shapely.Point(np.inf, 0), first=11)
    assert codes(found) == ["no_geometry", "not_finite", "not_finite"]
    assert [p.feature for p in found] == [11, 12, 13]
    assert found[1].level == "error" and found[1].count == 2


def test_places_are_told_where_they_are_known() -> None:
    bow = shapely.Polygon([(112.1, 37.6), (112.2, 37.7), (112.2, 37.6), (112.1, 37.7)])
    (degrees,) = [p for p in feature_faults([bow]) if p.code == "self_intersection"]
    assert (degrees.lon, degrees.lat) == pytest.approx((112.15, 37.65)) and degrees.x is None
    plane = to_plane(bow)
    (unplaced,) = [
        p for p in feature_faults([plane], unit="metres") if p.code == "self_intersection"
    ]
    assert unplaced.lon is None and unplaced.x is not None

    def back(xy: np.ndarray) -> np.ndarray:
        return shapely.get_coordinates(to_degrees(shapely.points(xy)))

    (placed,) = [
        p for p in feature_faults([plane], unit="metres", to_lonlat=back)
        if p.code == "self_intersection"
    ]  # fmt: skip
    assert (placed.lon, placed.lat) == pytest.approx((112.15, 37.65), abs=1e-4)
    assert (placed.x, placed.y) == (unplaced.x, unplaced.y)


def test_beyond_the_limit_faults_are_counted_not_listed(monkeypatch) -> None:
    bow = shapely.from_wkt("POLYGON((0 0,100 100,100 0,0 100,0 0))")
    turned = shapely.from_wkt("POLYGON((0 0,0 99,99 99,0 0))")
    looked = []
    places = crossings.places
    monkeypatch.setattr(crossings, "places", lambda shape: looked.append(1) or places(shape))
    found = faults(*[bow] * 7, *[turned] * 9, *[shapely.box(0, 0, 9, 9)] * 50, most=3)
    listed = [p for p in found if p.feature is not None]
    rest = {p.code: p.count for p in found if p.feature is None}
    assert codes(listed).count("self_intersection") == 3
    assert codes(listed).count("ring_order") == 3
    assert rest == {"self_intersection": 4, "ring_order": 6}
    assert len(looked) == 3  # details are looked for only where they are told
    assert len(faults(*[bow] * 7, *[turned] * 9, most=None)) == 16


def test_an_outline_with_very_many_crossings_is_answered() -> None:
    angles = np.arange(2001) * np.pi * 0.7331
    star_of_lines = shapely.Polygon(np.stack([np.cos(angles), np.sin(angles)], axis=1) * 1000)
    found = faults(star_of_lines)
    assert 0 < len([p for p in found if p.level == "error"]) <= crossings.MOST_PLACES


@RELAXED
@given(
    points=st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=12
    ),
    hole=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=5),
    second=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=5),
)  # fmt: skip
def test_a_polygon_has_errors_if_and_only_if_it_is_not_valid(points, hole, second) -> None:
    one = shapely.Polygon(points)
    for shape in (
        one, shapely.Polygon(points, [hole]), shapely.MultiPolygon([one, shapely.Polygon(second)]),
    ):  # fmt: skip
        found = faults(shape)
        errors = [p for p in found if p.level == "error"]
        assert bool(errors) == (not shapely.is_valid(shape)), shape.wkt
        assert {p.code for p in errors} <= INVALID
        for problem in errors:  # each place lies on the outline
            at = shapely.Point(problem.x, problem.y)
            assert shapely.distance(shapely.boundary(shape), at) < 1e-6


@RELAXED
@given(seed=st.integers(0, 10_000), length=st.floats(1, 500), angle=st.floats(0.001, 0.9))
def test_a_spike_put_on_an_outline_is_found_at_its_tip(seed, length, angle) -> None:
    plane = to_plane(star(seed))
    ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(plane))[0])[:-1]
    before = len([p for p in faults(shapely.Polygon(ring)) if p.code == "spike"])
    edge = ring[1] - ring[0]
    outwards = np.array([edge[1], -edge[0]]) / np.hypot(*edge)
    middle = (ring[0] + ring[1]) / 2
    foot = edge / np.hypot(*edge) * np.tan(np.radians(angle)) * length
    tip = middle + outwards * length
    spiked = shapely.Polygon([ring[0], middle, tip, middle + foot, *ring[1:]])
    found = [p for p in faults(spiked) if p.code == "spike"]
    assert len(found) == before + 1
    assert any(np.hypot(p.x - tip[0], p.y - tip[1]) < 1e-6 for p in found)


@RELAXED
@given(seed=st.integers(0, 10_000), turns=st.integers(0, 5))
def test_the_same_faults_wherever_the_ring_starts(seed, turns) -> None:
    ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(to_plane(star(seed))))[0])
    ring = ring[:-1]
    ring = np.insert(ring, 3, ring[3], axis=0)
    ring = np.insert(ring, 7, (ring[6] + ring[7]) / 2 + 1e-7, axis=0)
    first = faults(shapely.Polygon(ring))
    second = faults(shapely.Polygon(np.roll(ring, turns, axis=0)))
    assert sorted(codes(first)) == sorted(codes(second))


# --- layers --------------------------------------------------------------------------------------


def test_a_sound_coverage_has_no_faults() -> None:
    frame = land(400)
    assert layer_faults(frame.geometry.to_numpy(), list(range(len(frame)))) == []
    assert feature_faults(frame.geometry.to_numpy()) == []


def test_outlines_with_vertices_in_other_places_are_no_faults() -> None:
    assert (
        layer_faults(boxes((0, 0, 1000, 1000), (1000, 0, 2000, 333), (1000, 333, 2e3, 1e3))) == []
    )


def test_overlaps_are_told_with_both_features_area_and_place() -> None:
    shapes = boxes((0, 0, 1000, 1000), (900, 0, 2000, 1000), (5000, 0, 6000, 1000))
    (found,) = layer_faults(shapes, ["甲", "乙", "丙"], first=4)
    assert found.code == "overlap" and found.feature == 5
    assert "第 5 个要素（乙）" in found.message_zh and "第 4 个要素（甲）" in found.message_zh
    assert "10.0000 公顷" in found.message_zh
    at = shapely.Point(found.lon, found.lat)
    assert shapely.contains(shapes[0], at) and shapely.contains(shapes[1], at)


def test_narrow_and_enclosed_gaps_are_told_and_wide_ones_are_not() -> None:
    strip = boxes((0, 0, 1000, 1000), (1000.5, 0, 2000, 1000), (2003, 0, 3000, 1000))
    (found,) = layer_faults(strip)
    assert found.code == "gap" and "500.00 平方米" in found.message_zh
    assert "0.500 米" in found.message_zh
    cells = [(x * 100, y * 100, x * 100 + 100, y * 100 + 100) for x in range(3) for y in range(3)]
    cells[4] = (100, 100, 195, 200)
    (found,) = layer_faults(boxes(*cells))
    assert found.code == "gap" and "500.00 平方米" in found.message_zh and found.lon is not None
    del cells[4]  # a whole cell of a hectare was left out on purpose
    assert layer_faults(boxes(*cells)) == []


def test_a_hole_in_one_feature_is_no_gap() -> None:
    frame = shapely.difference(shapely.box(0, 0, 1000, 1000), shapely.box(400, 400, 410, 410))
    shapes = np.array([frame, shapely.box(1000, 0, 2000, 1000)], dtype=object)
    assert layer_faults(to_degrees(shapes)) == []


def test_a_gap_beside_an_overlap_is_not_lost() -> None:
    shapes = boxes((0, 0, 1000, 1000), (1000.5, 0, 2000, 1000), (950, 900, 1050, 950))
    assert sorted(codes(layer_faults(shapes))) == ["gap", "gap", "overlap", "overlap"]


def test_what_is_there_twice_is_told_once() -> None:
    shapes = boxes((0, 0, 9e2, 9e2), (2e3, 0, 3e3, 1e3), (0, 0, 9e2, 9e2))
    shapes[2] = shapely.reverse(shapes[2])
    found = layer_faults(shapes, [7, 7.0, None])
    assert codes(found) == ["duplicate_id", "duplicate_feature"]
    assert [p.feature for p in found] == [2, 3]
    assert layer_faults(shapes[:2], ["", None]) == []


def test_a_large_layer_is_said_not_to_have_been_checked() -> None:
    shapes = boxes((0, 0, 1000, 1000), (900, 0, 2000, 1000))
    (found,) = layer_faults(shapes, most_features=1)
    assert found.code == "not_checked" and found.count == 2


def test_features_of_other_kinds_are_passed_over() -> None:
    shapes = [None, shapely.Point(112, 37), *boxes((0, 0, 9, 9)), shapely.Polygon()]
    assert layer_faults(shapes) == []


@RELAXED
@given(seed=st.integers(0, 10_000), count=st.integers(2, 12))
def test_overlaps_are_those_that_brute_force_finds(seed, count) -> None:
    random = np.random.default_rng(seed)
    corners = random.integers(0, 12, (count, 2)) * 100.0
    sizes = random.integers(1, 8, (count, 2)) * 100.0
    shapes = boxes(*np.concatenate([corners, corners + sizes], axis=1))
    same = {(a, b) for a, b in combinations(range(count), 2) if shapes[a].equals(shapes[b])}
    twice = {row for pair in same for row in pair}
    wanted = {
        (b + 1, round(float(shapely.area(land)), 0))
        for a, b in combinations(range(count), 2)
        if not {a, b} <= twice
        and shapely.area(land := shapely.intersection(*to_plane(shapes[[a, b]]))) > 1
    }
    found = [p for p in layer_faults(shapes, most=None) if p.code == "overlap"]
    assert {p.feature for p in found} == {feature for feature, _ in wanted}
    assert len(
        [p for p in layer_faults(shapes, most=None) if p.code == "duplicate_feature"]
    ) == len({b for _, b in same})


@RELAXED
@given(seed=st.integers(0, 100), moved=st.floats(0.05, 0.9), row=st.integers(0, 59))
def test_a_feature_that_is_shrunk_leaves_a_gap_that_is_found(seed, moved, row) -> None:
    shapes = np.asarray(land(60, seed=seed).geometry.to_numpy(), dtype=object)
    plane = to_plane(shapes[row])
    whole = to_plane(np.delete(shapes, row))
    enclosed = shapely.within(plane, shapely.buffer(shapely.union_all(whole), 0.01).convex_hull)
    shrunk = shapely.buffer(plane, -moved / 2, join_style="mitre")
    shapes[row] = to_degrees(shrunk)
    lost = float(shapely.area(plane) - shapely.area(shrunk))
    found = [p for p in layer_faults(shapes) if p.code == "gap"]
    assert found, (enclosed, lost)
    near = shapely.buffer(plane, 1.0)
    places = to_plane(shapely.points([(p.lon, p.lat) for p in found]))
    assert shapely.contains(near, places).all()


# --- province, county, area ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def outlines() -> gpd.GeoDataFrame:
    return read_boundaries(BOUNDARIES)


def test_land_outside_the_province_is_told_with_its_share(outlines) -> None:
    province = outlines[outlines["level"] == "province"].geometry.iloc[0]
    inside, outside = shapely.box(*BOX), shapely.box(100, 30, 100.1, 30.1)
    found = outside_faults([inside, outside, None, shapely.Point(1, 1)], province)
    assert codes(found) == ["outside_province"] and found[0].feature == 2
    assert "100.00%" in found[0].message_zh and found[0].lon == pytest.approx(100.05, abs=0.05)


def test_land_at_the_border_may_be_off_by_as_much_as_the_outline(outlines) -> None:
    province = outlines[outlines["level"] == "province"].geometry.iloc[0]
    x, y = shapely.get_coordinates(to_plane(province))[0]
    near = to_degrees(shapely.buffer(shapely.Point(x, y), 200))
    far = to_degrees(shapely.buffer(shapely.Point(x, y), 1000))
    assert codes(outside_faults([near, far], province)) == ["outside_province"]
    exact = Tolerances(outside_m=0)
    assert len(outside_faults([near, far], province, tolerances=exact)) == 2


def test_land_outside_its_declared_county_is_told(outlines) -> None:
    counties = outlines[outlines["level"] == "county"]
    row = counties[counties["name_zh"] == "清徐县"].iloc[0]
    other = counties[counties["name_zh"] == "昔阳县"].iloc[0]
    shapes = [row.geometry] * 5
    declared = ["清徐县", row["place_id"], "清徐", other["name_zh"], "晋阳县"]
    found = outside_faults(shapes, None, counties, declared)
    assert codes(found) == ["outside_county", "unknown_county"]
    assert [p.feature for p in found] == [4, 5]
    assert "昔阳县" in found[0].message_zh and "晋阳县" in found[1].message_zh
    assert outside_faults(shapes, None, counties, ["", None, float("nan"), " ", ""]) == []


def test_many_counties_that_are_not_known_are_counted_by_name(outlines) -> None:
    counties = outlines[outlines["level"] == "county"]
    found = outside_faults([shapely.box(*BOX)] * 6, None, counties, ["x", "x", "y", "x", "y", "x"])
    assert [(p.feature, p.count) for p in found] == [(1, 4), (3, 2)]


AREAS = np.array([980_000.0, 12_345.6, 667.0, 5e6, 43_210.0])
UNITS = {"m2": 1.0, "ha": M2_PER_HA, "mu": M2_PER_MU, "km2": 1e6}


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_of_declared_areas_is_told_by_their_ratio(unit: str) -> None:
    declared = AREAS / UNITS[unit]
    assert declared_unit(AREAS, declared) == unit
    (found,) = area_faults(AREAS, declared)
    assert found.code == "area_unit" and found.count == 5
    assert area_faults(AREAS, declared, unit=unit) == []
    other = "mu" if unit != "mu" else "ha"
    (found,) = area_faults(AREAS, declared, unit=other)
    assert found.code == "area_unit" and "而不是" in found.message_zh


def test_declared_areas_that_differ_are_told_with_the_tolerance() -> None:
    declared = ["98.00", "1.23", "—", "500.0", "4.5"]
    (found,) = area_faults(AREAS, declared, unit="ha")
    assert found.code == "declared_area" and found.feature == 5
    assert "4.5 公顷" in found.message_zh and "4.3210 公顷" in found.message_zh
    # 1.23 is printed to the hundredth: half of it is more than the difference.
    assert area_faults(AREAS, ["98", "1.230", None, "", "4.321"], unit="ha")[0].feature == 2


def test_one_area_in_another_unit_is_said_to_be() -> None:
    declared = AREAS / M2_PER_HA
    declared[2] *= 15
    found = area_faults(AREAS, declared, unit="ha")
    assert codes(found) == ["declared_area"] and "似乎是亩" in found[0].message_zh


def test_areas_without_any_sense_are_said_to_have_none() -> None:
    (found,) = area_faults(AREAS, [1e-9, 2e-9, 3e-9, 1e12, 7e-9])
    assert found.code == "area_unit" and "看不出单位" in found.message_zh
    assert area_faults(AREAS, None) == [] and area_faults(AREAS, ["", None, "x", "0", "-1"]) == []


def test_a_plane_area_at_the_edge_of_its_zone_is_within_the_tolerance() -> None:
    areas = area_m2([shapely.box(112.5, 37.5, 112.51, 37.51)])
    assert area_faults(areas, areas * (1 + 429e-6), unit="m2") == []


def test_every_code_has_words_in_both_languages() -> None:
    for level, zh, en in KINDS.values():
        assert level in ("error", "warning") and zh and en and en.isascii()
    assert all(KINDS[code][0] == "error" for code in INVALID)
