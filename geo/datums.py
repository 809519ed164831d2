"""Between WGS 84 / CGCS2000 and GCJ-02 or BD-09, the shifted datums of Chinese web maps.

CGCS2000 and WGS 84 differ by centimetres and are one here. GCJ-02 shifts by a published smooth
function of position, 480 to 610 m in Shanxi; BD-09 shifts GCJ-02 once more, by about 0.9 km. The
one-step inverses err by up to 3 m; the inverses below repeat the step until it stands still.
Survey data must never be shifted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import CoordinateError

Floats: TypeAlias = NDArray[np.float64]
Shift: TypeAlias = Callable[[Floats, Floats], tuple[Floats, Floats]]

# GCJ-02 is defined on the Krassovsky ellipsoid with this rounded e², whatever the data's own.
_SEMI_MAJOR_M: Final = 6378245.0
_E2: Final = 0.00669342162296594323
# 1e-10 degrees is 0.01 mm.
_STILL_DEG: Final = 1e-10
_MAX_STEPS: Final = 30
# BD-09 waves about GCJ-02 with this angular frequency, in radians per degree.
_BD09_WAVE: Final = np.pi * 3000.0 / 180.0


def wgs84_to_gcj02(lon: Any, lat: Any) -> tuple[Floats, Floats]:
    """Longitude and latitude in degrees, WGS 84 or CGCS2000 → GCJ-02.

    Arrays of any one shape (or numbers); returns two float64 arrays of that shape. Meant for
    points in China; points elsewhere are shifted too. Raises CoordinateError when the shapes
    differ or a value is not a finite longitude or latitude.
    """
    x, y = _checked(lon, lat)
    d_lon, d_lat = _shift(x, y)
    return x + d_lon, y + d_lat


def gcj02_to_wgs84(lon: Any, lat: Any) -> tuple[Floats, Floats]:
    """Longitude and latitude in degrees, GCJ-02 → WGS 84 or CGCS2000.

    The exact inverse of `wgs84_to_gcj02` to less than 0.1 mm, by fixed-point iteration (the
    shift changes by under 1 % over its own length, so a few steps do). Same arguments, result
    and errors.
    """
    x, y = _checked(lon, lat)
    return _undone(_shift, x, y, "GCJ-02")


def gcj02_to_bd09(lon: Any, lat: Any) -> tuple[Floats, Floats]:
    """Longitude and latitude in degrees, GCJ-02 → BD-09; as `wgs84_to_gcj02` otherwise."""
    x, y = _checked(lon, lat)
    d_lon, d_lat = _shift_bd09(x, y)
    return x + d_lon, y + d_lat


def bd09_to_gcj02(lon: Any, lat: Any) -> tuple[Floats, Floats]:
    """Longitude and latitude in degrees, BD-09 → GCJ-02: the exact inverse of `gcj02_to_bd09`."""
    x, y = _checked(lon, lat)
    return _undone(_shift_bd09, x, y, "BD-09")


def wgs84_to_bd09(lon: Any, lat: Any) -> tuple[Floats, Floats]:
    """Longitude and latitude in degrees, WGS 84 or CGCS2000 → BD-09, by way of GCJ-02."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: Any, lat: Any) -> tuple[Floats, Floats]:
    """Longitude and latitude in degrees, BD-09 → WGS 84 or CGCS2000, to less than 0.1 mm."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def shift_gcj02_to_wgs84(geometries: Any) -> NDArray[np.object_]:
    """Shapely geometries in GCJ-02 degrees → the same geometries in WGS 84 / CGCS2000 degrees.

    Takes an array or GeoSeries, returns an object array; every vertex is moved on its own.
    Raises CoordinateError as `gcj02_to_wgs84` does.
    """
    return _moved(geometries, gcj02_to_wgs84)


def shift_wgs84_to_gcj02(geometries: Any) -> NDArray[np.object_]:
    """Shapely geometries in WGS 84 / CGCS2000 degrees → the same in GCJ-02 degrees."""
    return _moved(geometries, wgs84_to_gcj02)


def shift_bd09_to_wgs84(geometries: Any) -> NDArray[np.object_]:
    """Shapely geometries in BD-09 degrees → the same geometries in WGS 84 / CGCS2000 degrees."""
    return _moved(geometries, bd09_to_wgs84)


def shift_wgs84_to_bd09(geometries: Any) -> NDArray[np.object_]:
    """Shapely geometries in WGS 84 / CGCS2000 degrees → the same in BD-09 degrees."""
    return _moved(geometries, wgs84_to_bd09)


def _moved(geometries: Any, move: Any) -> NDArray[np.object_]:
    shapes = np.asarray(geometries, dtype=object)
    moved = shapely.transform(shapes, lambda points: np.stack(move(*points.T), axis=1))
    return np.asarray(moved, dtype=object)


def _undone(shift: Shift, x: Floats, y: Floats, name: str) -> tuple[Floats, Floats]:
    """The points that `shift` moves to x, y: repeated until nothing moves any more."""
    east, north = x.copy(), y.copy()
    for _ in range(_MAX_STEPS):
        d_lon, d_lat = shift(east, north)
        step_lon, step_lat = x - d_lon - east, y - d_lat - north
        east += step_lon
        north += step_lat
        if not max(_largest(step_lon), _largest(step_lat)) > _STILL_DEG:
            return east, north
    raise CoordinateError(f"{name} 反算不收敛 / the inverse of {name} does not settle here")


def _largest(values: Floats) -> float:
    return float(np.abs(values).max()) if values.size else 0.0


def _checked(lon: Any, lat: Any) -> tuple[Floats, Floats]:
    x = np.array(lon, dtype=np.float64)
    y = np.array(lat, dtype=np.float64)
    if x.shape != y.shape:
        raise CoordinateError(f"经纬度个数不一 / {x.shape} longitudes but {y.shape} latitudes")
    bad = ~((np.abs(x) <= 180) & (np.abs(y) <= 90))
    if bad.any():
        rows = np.flatnonzero(bad)
        raise CoordinateError(
            "坐标不是经纬度 / not longitude, latitude in degrees",
            faults=[f"point {row}: {x.ravel()[row]}, {y.ravel()[row]}" for row in rows[:1000]],
        )
    return x, y


def _shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """The shift at WGS 84 points, in degrees: the formula as commonly published."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = 20.0 * np.sin(6 * np.pi * x) + 20.0 * np.sin(2 * np.pi * x)
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (
        waves
        + (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi / 3 * y))
        + (160 * np.sin(np.pi / 12 * y) + 320 * np.sin(np.pi / 30 * y))
    ) * (2 / 3)
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (
        waves
        + (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi / 3 * x))
        + (150 * np.sin(np.pi / 12 * x) + 300 * np.sin(np.pi / 30 * x))
    ) * (2 / 3)
    phi = np.radians(lat)
    w2 = 1 - _E2 * np.sin(phi) ** 2
    meridian_m = _SEMI_MAJOR_M * (1 - _E2) / w2**1.5
    parallel_m = _SEMI_MAJOR_M / np.sqrt(w2) * np.cos(phi)
    return np.degrees(east_m / parallel_m), np.degrees(north_m / meridian_m)


def _shift_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """The further shift of BD-09 at GCJ-02 points, in degrees: the formula as published."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD09_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD09_WAVE)
    return radius * np.cos(angle) + 0.0065 - lon, radius * np.sin(angle) + 0.006 - lat
