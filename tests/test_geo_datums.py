"""GCJ-02 and BD-09 and back: published vectors, round trips, the size of the shift in Shanxi."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.datums import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    shift_bd09_to_wgs84,
    shift_gcj02_to_wgs84,
    shift_wgs84_to_bd09,
    shift_wgs84_to_gcj02,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.errors import CoordinateError, GeoError

# A busy machine must not fail a test: nothing here is about time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# (longitude, latitude) in WGS 84, then in GCJ-02.
VECTORS = [
    ((121.5272106, 31.1774276), (121.53154186, 31.17530398)),
    ((113.912316, 22.543847), (113.91717648, 22.54079613)),
]
LON = st.floats(73.0, 135.0)
LAT = st.floats(18.0, 53.5)


def _metres(lon_a: object, lat_a: object, lon_b: object, lat_b: object) -> np.ndarray:
    lon_a, lat_a, lon_b, lat_b = (np.asarray(v) for v in (lon_a, lat_a, lon_b, lat_b))
    return np.hypot(
        (lon_b - lon_a) * 111_320 * np.cos(np.radians(lat_a)), (lat_b - lat_a) * 111_132
    )


@pytest.mark.parametrize(("wgs", "gcj"), VECTORS)
def test_published_vectors(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    assert np.allclose(wgs84_to_gcj02(*wgs), gcj, rtol=0, atol=6e-9)
    assert _metres(*gcj02_to_wgs84(*gcj), *wgs) < 1e-3


@given(lon=LON, lat=LAT)
def test_there_and_back_within_a_tenth_of_a_millimetre(lon: float, lat: float) -> None:
    assert _metres(*gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat)), lon, lat) < 1e-4
    assert _metres(*wgs84_to_gcj02(*gcj02_to_wgs84(lon, lat)), lon, lat) < 1e-4


def test_the_usual_example_of_bd09() -> None:
    # The point that every published implementation of the two shifts prints.
    assert np.allclose(wgs84_to_gcj02(116.404, 39.915), (116.41024449916938, 39.91640428150164),
                       rtol=0, atol=1e-12)  # fmt: skip
    assert np.allclose(gcj02_to_bd09(116.404, 39.915), (116.41036949371029, 39.92133699351021),
                       rtol=0, atol=1e-12)  # fmt: skip
    # Its one-step inverse is a few centimetres off.
    assert _metres(*bd09_to_gcj02(116.404, 39.915), 116.39762729119315, 39.90865673957631) < 0.1


@given(lon=LON, lat=LAT)
def test_bd09_there_and_back_within_a_tenth_of_a_millimetre(lon: float, lat: float) -> None:
    assert _metres(*bd09_to_gcj02(*gcj02_to_bd09(lon, lat)), lon, lat) < 1e-4
    assert _metres(*bd09_to_wgs84(*wgs84_to_bd09(lon, lat)), lon, lat) < 1e-4
    assert _metres(*wgs84_to_bd09(*bd09_to_wgs84(lon, lat)), lon, lat) < 1e-4


def test_bd09_stands_off_by_a_kilometre_in_shanxi() -> None:
    lon, lat = np.meshgrid(np.linspace(110.2, 114.6, 60), np.linspace(34.5, 40.8, 60))
    metres = _metres(lon, lat, *gcj02_to_bd09(lon, lat))
    assert metres.min() > 700
    assert metres.max() < 1_000
    assert _metres(lon, lat, *bd09_to_wgs84(*wgs84_to_bd09(lon, lat))).max() < 1e-4


def test_one_step_alone_would_not_do() -> None:
    lon, lat = np.meshgrid(np.linspace(110.2, 114.6, 40), np.linspace(34.5, 40.8, 40))
    east, north = wgs84_to_gcj02(lon, lat)
    again_east, again_north = wgs84_to_gcj02(east, north)
    one_step = 2 * east - again_east, 2 * north - again_north
    assert _metres(lon, lat, *one_step).max() > 1.0
    assert _metres(lon, lat, *gcj02_to_wgs84(east, north)).max() < 1e-4


def test_shift_in_shanxi_is_half_a_kilometre_to_the_east() -> None:
    lon, lat = np.meshgrid(np.linspace(110.2, 114.6, 60), np.linspace(34.5, 40.8, 60))
    east, north = wgs84_to_gcj02(lon, lat)
    metres = _metres(lon, lat, east, north)
    assert metres.min() > 450
    assert metres.max() < 650
    assert (east > lon).all()


def test_geometries_move_vertex_by_vertex() -> None:
    shape = shapely.box(112.4, 37.8, 112.6, 37.9)
    there = shift_wgs84_to_gcj02([shape, shapely.MultiPolygon([shape])])
    assert there[0].hausdorff_distance(shape) > 0.003
    back = shift_gcj02_to_wgs84(there)
    assert back[0].equals_exact(shape, tolerance=1e-9)
    assert back[1].geom_type == "MultiPolygon"
    baidu = shift_wgs84_to_bd09([shape])
    assert baidu[0].hausdorff_distance(shape) > 0.01
    assert shift_bd09_to_wgs84(baidu)[0].equals_exact(shape, tolerance=1e-9)


def test_shapes_stay_and_empty_is_fine() -> None:
    lon, lat = wgs84_to_gcj02(np.zeros((3, 2)) + 112, np.zeros((3, 2)) + 37)
    assert lon.shape == lat.shape == (3, 2)
    assert gcj02_to_wgs84([], [])[0].shape == (0,)


@pytest.mark.parametrize(
    ("lon", "lat"), [(37.8, 112.5), (np.nan, 37.0), (112.5, np.inf), ([1.0, 2.0], [1.0])]
)
def test_refuses_what_is_no_lon_lat(lon: object, lat: object) -> None:
    with pytest.raises(CoordinateError) as caught:
        wgs84_to_gcj02(lon, lat)
    assert isinstance(caught.value, GeoError)
    assert caught.value.code == "bad_coordinates"
    for other in (gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02, wgs84_to_bd09, bd09_to_wgs84):
        with pytest.raises(CoordinateError):
            other(lon, lat)
