"""GeoJSON geometry objects from shapely geometries: rounded, oriented, as numpy slices.

The rules are those of ``layers.geojson``. Everything is done on the flat coordinate arrays of many
geometries at once; nothing walks over vertices in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.errors import LayerError

MAX_DECIMALS = 7  # finer is noise, and the exact integer areas below rely on it

Geometries = npt.NDArray[np.object_]
Position = npt.NDArray[np.float64]  # (n, 2) lon, lat in degrees, rounded
Offsets = npt.NDArray[np.int64]
Geometry = dict[str, object]  # with numpy slices as coordinates
Encoded = tuple[Geometry | None, int]  # the geometry object, the number of rings left out


def encode_geometries(geometries: Geometries, *, decimals: int = MAX_DECIMALS) -> list[Encoded]:
    """GeoJSON geometry objects of shapely geometries in lon/lat degrees, in their order.

    Coordinates are numpy slices, for ``orjson.dumps(..., option=OPT_SERIALIZE_NUMPY)``. Beside
    each stands the number of rings left out because they collapse when rounded to `decimals`.

    Raises LayerError when a coordinate is not finite.
    """
    encoded: list[Encoded] = [(None, 0)] * len(geometries)
    kinds = np.where(shapely.is_empty(geometries), -1, shapely.get_type_id(geometries))
    for kind in np.unique(kinds):
        if kind < 0:
            continue
        where = np.flatnonzero(kinds == kind)
        results = _ENCODERS[shapely.GeometryType(kind)](geometries[where], decimals)
        for position, result in zip(where.tolist(), results, strict=True):
            encoded[position] = result
    return encoded


def _polygons(multi: bool, geometries: Geometries, decimals: int) -> Iterable[Encoded]:
    _, exact, (ring_ends, polygon_ends, *part_ends) = _ragged(geometries)
    coordinates, collapsed = _oriented(rounded(exact, decimals), ring_ends, polygon_ends, decimals)
    rings = _slices(coordinates, ring_ends)
    if collapsed.any():
        outer = np.repeat(polygon_ends[:-1], np.diff(polygon_ends))
        gone = (collapsed | collapsed[outer]).tolist()
        rings = [None if lost else ring for ring, lost in zip(rings, gone, strict=True)]
        whole = _slices(rings, polygon_ends)
        polygons = [[ring for ring in polygon if ring is not None] for polygon in whole]
        lost = [len(before) - len(after) for before, after in zip(whole, polygons, strict=True)]
    else:
        polygons = _slices(rings, polygon_ends)
        lost = [0] * len(polygons)
    if not multi:
        for polygon, count in zip(polygons, lost, strict=True):
            yield ({"type": "Polygon", "coordinates": polygon} if polygon else None), count
        return
    for start, end in _pairs(part_ends[0]):
        parts = [polygon for polygon in polygons[start:end] if polygon]
        count = sum(lost[start:end])
        yield ({"type": "MultiPolygon", "coordinates": parts} if parts else None), count


def _oriented(
    coordinates: Position, ring_ends: Offsets, polygon_ends: Offsets, decimals: int
) -> tuple[Position, npt.NDArray[np.bool_]]:
    """Rings turned by the right-hand rule, and which rings have no area.

    Twice the area is computed in whole units of the last decimal. int64 wraps, but a sum modulo
    2**64 is right whenever the result fits, and it fits for any ring under half of the world:
    so a sliver's direction is never a matter of floating point.
    """
    whole = np.rint(coordinates * 10**decimals).astype(np.int64)
    x, y = whole[:, 0], whole[:, 1]
    cross = np.zeros(len(whole), dtype=np.int64)
    cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    cross[ring_ends[1:] - 1] = 0  # the step from one ring's end to the next ring's start
    doubled_area = np.add.reduceat(cross, ring_ends[:-1])

    outer = np.zeros(len(doubled_area), dtype=bool)
    outer[polygon_ends[:-1][np.diff(polygon_ends) > 0]] = True
    wrong = np.where(outer, doubled_area < 0, doubled_area > 0)
    if wrong.any():
        lengths = np.diff(ring_ends)
        mirror = np.repeat(ring_ends[:-1] + ring_ends[1:] - 1, lengths)
        place = np.arange(len(coordinates))
        coordinates = coordinates[np.where(np.repeat(wrong, lengths), mirror - place, place)]

    collapsed = doubled_area == 0
    for ring in np.flatnonzero(collapsed):
        # A bow tie's halves cancel out too, but it has land: it is written as it came.
        points = whole[ring_ends[ring] : ring_ends[ring + 1]].astype(np.float64)
        collapsed[ring] = shapely.make_valid(shapely.Polygon(points)).area == 0
    return coordinates, collapsed


def _lines(multi: bool, geometries: Geometries, decimals: int) -> Iterable[Encoded]:
    _, exact, (line_ends, *part_ends) = _ragged(geometries)
    lines = _slices(rounded(exact, decimals), line_ends)
    if not multi:
        return [({"type": "LineString", "coordinates": line}, 0) for line in lines]
    return [
        ({"type": "MultiLineString", "coordinates": [x for x in lines[start:end] if len(x)]}, 0)
        for start, end in _pairs(part_ends[0])
    ]


def _linear_rings(geometries: Geometries, decimals: int) -> Iterable[Encoded]:
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    return _lines(False, shapely.linestrings(coordinates, indices=owner), decimals)


def _points(geometries: Geometries, decimals: int) -> Iterable[Encoded]:
    coordinates = rounded(shapely.get_coordinates(geometries), decimals)
    return [({"type": "Point", "coordinates": position}, 0) for position in coordinates]


def _multi_points(geometries: Geometries, decimals: int) -> Iterable[Encoded]:
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    ends = np.searchsorted(owner, np.arange(len(geometries) + 1))
    parts = _slices(rounded(coordinates, decimals), ends)
    return [({"type": "MultiPoint", "coordinates": part}, 0) for part in parts]


def _collections(geometries: Geometries, decimals: int) -> Iterable[Encoded]:
    parts, owner = shapely.get_parts(geometries, return_index=True)
    encoded = encode_geometries(parts, decimals=decimals)
    ends = np.searchsorted(owner, np.arange(len(geometries) + 1))
    for start, end in _pairs(ends):
        members = [geometry for geometry, _ in encoded[start:end] if geometry is not None]
        lost = sum(collapsed for _, collapsed in encoded[start:end])
        found: Geometry = {"type": "GeometryCollection", "geometries": members}
        yield (found if members else None), lost


_ENCODERS: dict[shapely.GeometryType, Callable[[Geometries, int], Iterable[Encoded]]] = {
    shapely.GeometryType.POINT: _points,
    shapely.GeometryType.LINESTRING: partial(_lines, False),
    shapely.GeometryType.LINEARRING: _linear_rings,
    shapely.GeometryType.POLYGON: partial(_polygons, False),
    shapely.GeometryType.MULTIPOINT: _multi_points,
    shapely.GeometryType.MULTILINESTRING: partial(_lines, True),
    shapely.GeometryType.MULTIPOLYGON: partial(_polygons, True),
    shapely.GeometryType.GEOMETRYCOLLECTION: _collections,
}


def _ragged(geometries: Geometries) -> Any:
    return shapely.to_ragged_array(geometries, include_z=False, include_m=False)


def rounded(coordinates: Position, decimals: int) -> Position:
    """Degrees rounded so that their shortest digits have at most `decimals` decimals."""
    if not np.isfinite(coordinates).all():
        raise LayerError("坐标含有非数值 / a coordinate is not a finite number")
    degrees: Position = np.rint(coordinates * 10**decimals) / 10**decimals + 0.0  # never -0.0
    return degrees


def _pairs(ends: Offsets) -> Iterator[tuple[int, int]]:
    return pairwise(ends.tolist())


def _slices(sequence: Any, ends: Offsets) -> list[Any]:
    return [sequence[start:end] for start, end in _pairs(ends)]
