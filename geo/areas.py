"""Ellipsoidal areas on CGCS2000, computed the way the land survey does.

The survey cuts a parcel into trapezoids between each edge and a reference meridian and adds
their ellipsoidal areas (图斑椭球面积, 国土调查办发〔2008〕32号). Written with the authalic
function q of latitude, which is proportional to the area of the ellipsoid between the equator
and a parallel, the sum of these trapezoids is a plain shoelace in (longitude, q): exact, and
cheap enough to run over all coordinates of a layer at once.

An edge is therefore a straight line in (longitude, q), which for edges of survey length cannot
be told from a geodesic; cut long edges first when a geodesic outline is meant.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import CoordinateError, GeometryTypeError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

CRS: Final = "EPSG:4490"
SEMI_MAJOR_M: Final = 6378137.0
INVERSE_FLATTENING: Final = 298.257222101
E2: Final = (2.0 - 1.0 / INVERSE_FLATTENING) / INVERSE_FLATTENING

M2_PER_KM2: Final = 1e6
M2_PER_HA: Final = 1e4
M2_PER_MU: Final = 2000.0 / 3.0

AREA_METHOD_ZH: Final = "CGCS2000 椭球面积（图斑椭球面积法）"
AREA_METHOD_EN: Final = "ellipsoidal area on CGCS2000 (the land survey's trapezoid method)"

# q(s)/2s with s = sin(latitude) is a series in (e·s)²; eight terms leave less than 1e-17.
_Q_SERIES: Final = tuple((1.0 - E2) * (n + 1) / (2 * n + 1) * E2**n for n in range(8))
# Coordinates worked on at a time: the buffers of one block stay in the processor's cache.
_BLOCK: Final = 1 << 15


def area_m2(geometries: Any) -> Floats:
    """Ellipsoidal area of each geometry, in m².

    `geometries` is a GeoSeries in a geographic CRS on the CGCS2000 ellipsoid (EPSG:4490; 4326
    differs by less than 0.1 mm) or an array or list of shapely geometries in longitude, latitude
    degrees. Returns a float64 array in the same order: parts added, holes subtracted whatever
    the direction of any ring, 0 for empty geometries, points and lines, NaN where the geometry
    is missing. Rings must be simple; no check is made.

    Raises CoordinateError when a coordinate is not a finite longitude or latitude, or the
    series' CRS is missing, projected or on another ellipsoid; GeometryTypeError when an entry
    is no geometry.
    """
    shapes = _as_shapes(geometries)
    areas = np.zeros(len(shapes))
    areas[shapely.is_missing(shapes)] = np.nan
    polygons, owners = _polygons_of(shapes)
    if len(polygons) == 0:
        return areas
    coords = shapely.get_coordinates(polygons)
    ring_sizes, ring_counts = _rings_of(polygons)
    ring_starts, polygon_starts = _starts(ring_sizes), _starts(ring_counts)
    _refuse_bad_coordinates(coords, ring_starts, polygon_starts, owners)
    rings = np.abs(signed_ring_areas(coords, ring_starts))
    # The first ring of a polygon is its outline, every further one a hole.
    outlines = polygon_starts[:-1][ring_counts > 0]
    holes = np.ones(len(rings), dtype=bool)
    holes[outlines] = False
    rings[holes] *= -1.0
    np.add.at(areas, owners, _sums(rings, polygon_starts))
    return areas


def authalic_q(latitude_deg: Any) -> Floats:
    """The authalic function q at latitudes in degrees (without unit, q(90°) ≈ 1.9955).

    The ellipsoid's area between the equator and the latitude, over one radian of longitude, is
    `SEMI_MAJOR_M² · q / 2` m².
    """
    sine = np.sin(np.radians(np.asarray(latitude_deg, dtype=np.float64)))
    return _q_of_sine(sine)


def latitude_of_q(q: Any) -> Floats:
    """Latitude in degrees where the authalic function takes the value `q` (inverse of it)."""
    wanted = np.asarray(q, dtype=np.float64)
    sine = wanted / 2.0
    for _ in range(12):
        # Newton's rule on q(s), whose derivative is 2(1-e²)/(1-e²s²)².
        sine = sine - (_q_of_sine(sine) - wanted) * (1 - E2 * sine**2) ** 2 / (2 * (1 - E2))
    return np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))


def _as_shapes(geometries: Any) -> NDArray[np.object_]:
    if isinstance(geometries, gpd.GeoDataFrame):
        geometries = geometries.geometry
    if isinstance(geometries, gpd.GeoSeries):
        _refuse_other_crs(geometries.crs)
    shapes = np.asarray(geometries, dtype=object).ravel()
    wrong = ~(shapely.is_geometry(shapes) | shapely.is_missing(shapes))
    if wrong.any():
        rows = np.flatnonzero(wrong)
        raise GeometryTypeError(
            "不是几何对象 / not a geometry",
            faults=[f"row {row}: {type(shapes[row]).__name__}" for row in rows[:1000]],
        )
    return shapes


def _refuse_other_crs(crs: Any) -> None:
    if crs is None:
        raise CoordinateError("缺少坐标系 / the series has no CRS; areas need EPSG:4490")
    ellipsoid = crs.ellipsoid
    same = (
        crs.is_geographic
        and ellipsoid is not None
        and abs(ellipsoid.semi_major_metre - SEMI_MAJOR_M) < 1e-3
        and abs(ellipsoid.inverse_flattening - INVERSE_FLATTENING) < 1e-4
    )
    if not same:
        raise CoordinateError(
            f"坐标系不是 CGCS2000 经纬度 / areas need longitude, latitude on CGCS2000, not {crs}"
        )


def _polygons_of(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], Integers]:
    """The polygons to add up, and for each the row it belongs to."""
    types = shapely.get_type_id(shapes)
    if (types == 3).all():
        return shapes, np.arange(len(shapes))
    parts, owners = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) >= 4).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owners = owners[inner]
    keep = shapely.get_type_id(parts) == 3
    return parts[keep], owners[keep]


def _rings_of(polygons: NDArray[np.object_]) -> tuple[Integers, Integers]:
    """Number of vertices of every ring in coordinate order, and of rings of every polygon.

    Only polygons with holes are taken apart: making ring objects is what costs time here.
    """
    sizes = shapely.get_num_coordinates(polygons).astype(np.int64)
    holes = shapely.get_num_interior_rings(polygons).astype(np.int64)
    counts = np.where(sizes > 0, holes + 1, 0)
    ring_sizes = np.repeat(sizes, counts)
    holed = holes > 0
    if holed.any():
        rings = shapely.get_rings(polygons[holed])
        ring_sizes[np.repeat(holed, counts)] = shapely.get_num_coordinates(rings)
    return ring_sizes, counts


def _starts(sizes: Integers) -> Integers:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])


def _refuse_bad_coordinates(
    coords: Floats, ring_starts: Integers, polygon_starts: Integers, owners: Integers
) -> None:
    if len(coords) == 0:
        return
    lon, lat = coords[:, 0], coords[:, 1]
    # Written so that NaN fails too; the extremes alone decide the usual, good case.
    if max(lon.max(), -lon.min()) <= 180 and max(lat.max(), -lat.min()) <= 90:
        return
    bad = np.flatnonzero(~((np.abs(lon) <= 180) & (np.abs(lat) <= 90)))
    ring = np.searchsorted(ring_starts, bad, side="right") - 1
    rows = owners[np.searchsorted(polygon_starts, ring, side="right") - 1]
    _, first = np.unique(rows, return_index=True)
    raise CoordinateError(
        "坐标不是经纬度（度） / coordinates are not longitude, latitude in degrees",
        faults=[f"row {rows[i]}: {lon[bad[i]]}, {lat[bad[i]]}" for i in first],
    )


def _q_of_sine(sine: Floats) -> Floats:
    square = sine * sine
    q = np.full_like(square, _Q_SERIES[-1])
    for factor in _Q_SERIES[-2::-1]:
        q *= square
        q += factor
    q *= sine
    q *= 2.0
    return q


def signed_ring_areas(coords: Floats, starts: Integers) -> Floats:
    """Area of every ring in m², positive when it runs anticlockwise; rings are closed."""
    areas = np.zeros(len(starts) - 1)
    first = 0
    while first < len(areas):
        last = int(np.searchsorted(starts, starts[first] + _BLOCK, side="right")) - 1
        last = min(max(last, first + 1), len(areas))
        block = coords[starts[first] : starts[last]]
        areas[first:last] = _block_areas(block, starts[first : last + 1] - starts[first])
        first = last
    return areas


def _block_areas(coords: Floats, starts: Integers) -> Floats:
    filled = np.diff(starts) > 0
    areas = np.zeros(len(filled))
    if not filled.any():
        return areas
    q = _q_of_sine(np.sin(np.radians(coords[:, 1])))
    lon = np.ascontiguousarray(coords[:, 0])
    begin = starts[:-1][filled]
    # Heights are taken from the ring's first vertex: sums of small numbers keep their digits.
    q -= np.repeat(q[begin], np.diff(starts)[filled])
    terms = np.empty_like(q)
    np.subtract(lon[1:], lon[:-1], out=terms[:-1])
    terms[:-1] *= q[1:] + q[:-1]
    terms[starts[1:][filled] - 1] = 0.0
    areas[filled] = np.add.reduceat(terms, begin)
    return areas * (-np.pi / 180.0 * SEMI_MAJOR_M**2 / 4.0)


def _sums(values: Floats, starts: Integers) -> Floats:
    """Sum of `values` between successive `starts`; 0 for an empty range."""
    sums = np.zeros(len(starts) - 1)
    filled = np.diff(starts) > 0
    if filled.any():
        sums[filled] = np.add.reduceat(values, starts[:-1][filled])
    return sums
