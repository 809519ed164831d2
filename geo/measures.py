"""Measures of the shape and place of land: compactness, fragmentation, contiguity, distance.

Land comes in EPSG:4490 degrees. Lengths and perimeters are geodesic (pyproj.Geod on CGCS2000);
areas are `geo.areas.area_m2`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
import pyproj
import shapely

from geo.areas import INVERSE_FLATTENING, SEMI_MAJOR_M, area_m2
from geo.plane import stretch_at, to_degrees, to_plane

NEAR_M: Final = 1.0  # boundaries closer than this are the same boundary


def polsby_popper(land: Any) -> float:
    """Compactness 4π·area / perimeter²: 1 for a circle, towards 0 for crooked land.

    Polsby & Popper, "The Third Criterion", Yale Law & Policy Review 9 (1991).
    """
    return float(4 * np.pi * area_m2([land])[0] / perimeter_m(land) ** 2)


def hull_share(land: Any) -> float:
    """Area over that of the convex hull, 0 to 1: how much of its reach the land fills."""
    hull = to_degrees(shapely.convex_hull(to_plane(land)))
    return float(area_m2([land])[0] / area_m2([hull])[0])


def patches(land: Any) -> int:
    """Number of separate parts: number of patches, McGarigal & Marks, FRAGSTATS (1995)."""
    return int(shapely.get_num_geometries(_joined(land)))


def largest_patch_share(land: Any) -> float:
    """The largest part over all land, 0 to 1: largest patch index, McGarigal & Marks (1995)."""
    areas = shapely.area(shapely.get_parts(_joined(land)))
    return float(areas.max() / areas.sum())


def shared_boundary_share(land: Any, base: Any) -> float:
    """Share of the land's perimeter that runs along another area's boundary, 0 to 1.

    Boundaries count as shared within NEAR_M metres.
    """
    ours, theirs = to_plane(land), to_plane(base)
    near = shapely.buffer(shapely.boundary(theirs), NEAR_M)
    along = shapely.intersection(shapely.boundary(ours), near)
    return float(min(1.0, shapely.length(along) / shapely.length(shapely.boundary(ours))))


def perimeter_m(land: Any) -> float:
    """Geodesic length of all rings, in m."""
    return float(
        sum(_geod().geometry_length(ring) for ring in shapely.get_rings(shapely.get_parts(land)))
    )


def distance_m(a: Any, b: Any) -> float:
    """Geodesic distance between the nearest points, in m; 0 where they touch or overlap.

    The nearest points are found on the plane, stretched to be true at the latitude of `a`.
    """
    first, second = to_plane(a), to_plane(b)
    low, high = shapely.bounds(first)[1::2]
    ky, kx = stretch_at((low + high) / 2)  # from the plane back to the true shape
    line = shapely.shortest_line(
        *(shapely.transform(s, lambda points: points * [kx, ky]) for s in (first, second))
    )
    ends = shapely.transform(line, lambda points: points / [kx, ky])
    (lon1, lat1), (lon2, lat2) = shapely.get_coordinates(to_degrees(ends))
    return float(_geod().inv(lon1, lat1, lon2, lat2)[2])


def _joined(land: Any) -> Any:
    """The land in the plane, parts that share an edge put together."""
    return shapely.union_all(shapely.get_parts(to_plane(land)))


@cache
def _geod() -> Any:
    return pyproj.Geod(a=SEMI_MAJOR_M, rf=INVERSE_FLATTENING)
