"""Ellipsoidal areas: against the survey's series, geodesics, and what must hold of any area."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from benchmarks.areas import polygons, trapezoid_area_m2
from geo.areas import (
    E2,
    INVERSE_FLATTENING,
    M2_PER_HA,
    M2_PER_MU,
    SEMI_MAJOR_M,
    area_m2,
    authalic_q,
    latitude_of_q,
)
from geo.errors import CoordinateError, GeometryTypeError

# A busy machine must not fail a test: nothing here is about time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

GEOD = Geod(a=SEMI_MAJOR_M, rf=INVERSE_FLATTENING)


@st.composite
def outlines(draw: st.DrawFn) -> shapely.Polygon:
    """Star-shaped polygons in Shanxi of 50 m to 5 km radius."""
    lon, lat = draw(st.floats(110.3, 114.5)), draw(st.floats(34.6, 40.7))
    size = draw(st.floats(0.0005, 0.05))
    radii = draw(st.lists(st.floats(0.3, 1.0), min_size=5, max_size=24))
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    radius = size * np.array(radii)
    return shapely.Polygon(
        np.stack([lon + radius * np.cos(angle), lat + radius * np.sin(angle)], 1)
    )


@given(outlines())
def test_equals_the_surveys_trapezoid_series(shape: shapely.Polygon) -> None:
    assert area_m2([shape])[0] == pytest.approx(trapezoid_area_m2(shape), rel=1e-10)


def test_generated_layer_within_a_ppm_of_geod_and_the_survey() -> None:
    shapes = polygons(2000)
    geod = np.array([abs(GEOD.geometry_area_perimeter(shape)[0]) for shape in shapes])
    survey = np.array([trapezoid_area_m2(shape) for shape in shapes])
    ours = area_m2(shapes)
    assert np.abs(ours / geod - 1).max() < 1e-6
    assert np.abs(ours / survey - 1).max() < 1e-10


def test_a_cell_of_the_graticule_is_the_exact_zone() -> None:
    cell = area_m2([shapely.box(112, 37, 113, 38)])[0]
    e = np.sqrt(E2)

    def exact(latitude: float) -> float:
        s = np.sin(np.radians(latitude))
        return float((1 - E2) * (s / (1 - E2 * s * s) + np.arctanh(e * s) / e))

    zone = SEMI_MAJOR_M**2 / 2 * np.radians(1.0) * (exact(38) - exact(37))
    assert cell == pytest.approx(zone, rel=1e-13)
    dense = shapely.segmentize(shapely.box(112, 37, 113, 38), 0.001)
    assert cell == pytest.approx(abs(GEOD.geometry_area_perimeter(dense)[0]), rel=1e-8)


def test_half_the_ellipsoid_and_back_from_q() -> None:
    whole = area_m2([shapely.box(-180, -90, 180, 90)])[0]
    assert whole == pytest.approx(510_065_621.7e6, rel=1e-9)
    latitudes = np.linspace(-89.5, 89.5, 201)
    assert np.allclose(latitude_of_q(authalic_q(latitudes)), latitudes, rtol=0, atol=1e-12)


@given(outlines(), st.floats(-1.0, 1.0))
def test_moving_along_the_parallel_changes_nothing(shape: shapely.Polygon, by: float) -> None:
    moved = shapely.transform(shape, lambda points: points + np.array([by, 0.0]))
    assert area_m2([moved])[0] == pytest.approx(area_m2([shape])[0], rel=1e-8)


@given(outlines())
def test_direction_of_rings_does_not_matter(shape: shapely.Polygon) -> None:
    ours = area_m2([shape])[0]
    assert ours > 0
    assert area_m2([shapely.reverse(shape)])[0] == pytest.approx(ours, rel=1e-12)


@given(outlines())
def test_triangles_of_a_convex_outline_add_up(shape: shapely.Polygon) -> None:
    points = shapely.get_coordinates(shapely.convex_hull(shape))[:-1]
    fan = [
        shapely.Polygon([points[0], points[i], points[i + 1]]) for i in range(1, len(points) - 1)
    ]
    whole = area_m2([shapely.Polygon(points)])[0]
    assert area_m2(fan).sum() == pytest.approx(whole, rel=1e-9)
    assert area_m2([shapely.MultiPolygon(fan)])[0] == pytest.approx(whole, rel=1e-9)


@given(outlines(), st.floats(0.2, 0.8))
def test_parts_cut_by_a_meridian_add_up(shape: shapely.Polygon, at: float) -> None:
    west, south, east, north = shape.bounds
    cut = west + at * (east - west)
    parts = [
        shape.intersection(shapely.box(*bounds))
        for bounds in ((west, south, cut, north), (cut, south, east, north))
    ]
    # A new vertex on an edge that is straight in degrees is off the straight line in q.
    assert area_m2(parts).sum() == pytest.approx(area_m2([shape])[0], rel=2e-4)


@given(outlines(), st.booleans())
def test_holes_are_taken_off_whatever_their_direction(shape: shapely.Polygon, turn: bool) -> None:
    middle = shapely.get_coordinates(shape)[:-1].mean(axis=0)
    hole = (shapely.get_coordinates(shape) - middle) * 0.1 + middle
    holed = shapely.Polygon(shapely.get_coordinates(shape), [hole[::-1] if turn else hole])
    inside = area_m2([shapely.Polygon(hole)])[0]
    assert area_m2([holed])[0] == pytest.approx(area_m2([shape])[0] - inside, rel=1e-9)


def test_order_and_mixed_types() -> None:
    box = shapely.box(112, 37, 112.01, 37.01)
    ring = shapely.Polygon(box.exterior, [shapely.box(112.002, 37.002, 112.004, 37.004).exterior])
    far = shapely.box(113, 38, 113.01, 38.01)
    one, two, hollow = area_m2([box, far, ring])
    shapes = [
        None,
        shapely.Point(112, 37),
        box,
        shapely.Polygon(),
        shapely.MultiPolygon([ring, far]),
        shapely.GeometryCollection([box, shapely.LineString([(112, 37), (113, 38)])]),
        shapely.GeometryCollection([shapely.GeometryCollection([far]), shapely.MultiPolygon()]),
        ring,
    ]
    areas = area_m2(shapes)
    assert np.isnan(areas[0])
    assert areas[1:] == pytest.approx([0, one, 0, hollow + two, one, two, hollow], rel=1e-12)
    assert hollow < one


def test_many_vertices_cross_the_blocks_it_works_in() -> None:
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    circle = shapely.Polygon(
        np.stack([112.5 + 0.1 * np.cos(angle), 37.8 + 0.1 * np.sin(angle)], axis=1)
    )
    small = list(polygons(1500))
    together = area_m2([*small, circle, *small])
    assert together[1500] == pytest.approx(trapezoid_area_m2(circle), rel=1e-10)
    assert np.array_equal(together[:1500], together[1501:])


def test_series_of_geopandas_and_nothing_at_all() -> None:
    series = gpd.GeoSeries([shapely.box(112, 37, 113, 38)], crs="EPSG:4490")
    assert area_m2(series)[0] == area_m2(series.to_numpy())[0]
    assert area_m2(gpd.GeoDataFrame(geometry=series))[0] == area_m2(series)[0]
    assert area_m2(series.set_crs("EPSG:4326", allow_override=True))[0] == area_m2(series)[0]
    assert area_m2([]).shape == (0,)
    assert area_m2([shapely.Polygon()]).tolist() == [0.0]


@pytest.mark.parametrize("crs", [None, "EPSG:4526", "EPSG:3857", "EPSG:4610"])
def test_refuses_other_reference_systems(crs: str | None) -> None:
    with pytest.raises(CoordinateError):
        area_m2(gpd.GeoSeries([shapely.box(112, 37, 113, 38)], crs=crs))


def test_names_every_bad_row_at_once() -> None:
    good = shapely.box(112, 37, 113, 38)
    metres = shapely.box(37_636_286, 4_194_266, 37_636_300, 4_194_280)
    swapped = shapely.box(37, 112, 38, 113)
    with np.errstate(invalid="ignore"):
        broken = shapely.Polygon([(112, 37), (112, np.nan), (113, 38)])
    with pytest.raises(CoordinateError) as caught:
        area_m2([good, metres, shapely.MultiPolygon([good, swapped]), broken])
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["row 1", "row 2", "row 3"]


def test_refuses_what_is_no_geometry() -> None:
    with pytest.raises(GeometryTypeError) as caught:
        area_m2([shapely.box(112, 37, 113, 38), "POLYGON", 7])
    assert len(caught.value.faults) == 2


def test_units() -> None:
    hectares = np.array([846.61, 490.26]) * M2_PER_MU / M2_PER_HA
    assert hectares == pytest.approx([56.44, 32.68], abs=0.005)
