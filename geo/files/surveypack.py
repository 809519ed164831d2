"""Shapes of survey parcels as WKB, and their areas.

Nearly all parcels are one ring: these are packed straight from their coordinates, all at once,
and only the others become shapes of a geometry library on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely

from geo.areas import area_m2
from geo.files.surveynumbers import Bytes, Floats, Integers
from geo.files.surveyrings import Rings, Shapes, rows_of

_HEAD: Final = 13  # byte order, type, number of rings, number of points
_POINT: Final = 16
_LITTLE_ENDIAN, _POLYGON, _ONE_RING = 1, 3, 1
_DEGREES: Final = (180.0, 90.0, 180.0, 90.0)
_PLANE_FROM: Final = 360.0


@dataclass(frozen=True, slots=True)
class Packed:
    """WKB of parcels (null where there is no shape), and areas in m² (NaN for lines and points).

    Areas of metres are plane ones, those of degrees ellipsoidal.
    """

    wkb: pa.Array
    areas: Floats


def pack(xy: Floats, single: Rings, shapes: Shapes) -> Packed:
    """WKB of all parcels: of those that are one closed ring (`single`), and of the `shapes`.

    `shapes` has an entry for every parcel, None where it has none or is in `single`.
    """
    others = np.flatnonzero(~shapely.is_missing(shapes))
    place = np.full(len(shapes), -1, dtype=np.int64)
    place[single.owners] = np.arange(len(single.owners))
    place[others] = len(single.owners) + np.arange(len(others))
    packed, closed, starts = _pack_rings(xy, single)
    made = pa.array(shapely.to_wkb(shapes[others]), pa.binary())
    wkb = pa.concat_arrays([packed, made]).take(pa.array(place, mask=place < 0))
    areas = np.full(len(shapes), np.nan)
    areas[single.owners] = _ring_areas(closed, starts)
    polygonal = others[np.isin(shapely.get_type_id(shapes[others]), (3, 6))]
    areas[polygonal] = shapely.area(shapes[polygonal])
    maybe = np.zeros(len(shapes), dtype=bool)
    maybe[single.owners] = (np.abs(xy[single.starts]) <= _PLANE_FROM).all(axis=1)
    maybe[polygonal] = (np.abs(shapely.bounds(shapes[polygonal])) <= _PLANE_FROM).any(axis=1)
    rows = np.flatnonzero(maybe)
    areas[rows] = _areas_in_degrees(wkb, rows, areas[rows])
    return Packed(wkb, areas)


def _pack_rings(xy: Floats, rings: Rings) -> tuple[pa.Array, Floats, Integers]:
    """WKB of rings as polygons; also their coordinates, closed, and where each one begins."""
    rows, ring = rows_of(rings)
    sizes = rings.ends - rings.starts + 1
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    closed = np.empty((starts[-1], 2))
    last = starts[1:] - 1
    closed[last] = xy[rings.starts]
    closed[np.arange(len(rows)) + ring] = xy[rows]
    offsets = _HEAD * np.arange(len(sizes) + 1) + _POINT * starts
    data = np.empty(int(offsets[-1]), dtype=np.uint8)
    heads = offsets[:-1, None] + np.arange(_HEAD)
    is_point = np.ones(len(data), dtype=bool)
    is_point[heads] = False
    data[heads] = _heads(sizes)
    data[is_point] = closed.astype("<f8").view(np.uint8).ravel()
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(sizes), buffers), closed, starts


def _heads(sizes: Integers) -> Bytes:
    heads = np.zeros((len(sizes), _HEAD), dtype=np.uint8)
    heads[:, 0], heads[:, 1], heads[:, 5] = _LITTLE_ENDIAN, _POLYGON, _ONE_RING
    heads[:, 9:] = sizes.astype("<u4").view(np.uint8).reshape(-1, 4)
    return heads


def _ring_areas(closed: Floats, starts: Integers) -> Floats:
    """Plane areas of closed rings, measured from their first points to keep all digits."""
    if len(starts) < 2:
        return np.zeros(0)
    x, y = (closed - np.repeat(closed[starts[:-1]], np.diff(starts), axis=0)).T
    terms = np.zeros(len(closed))
    terms[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]  # 0 between two rings: both ends are 0, 0
    return np.abs(np.add.reduceat(terms, starts[:-1])) / 2


def _areas_in_degrees(wkb: pa.Array, rows: Integers, plane: Floats) -> Floats:
    """Areas of these rows, ellipsoidal where the shapes are in degrees; NaN where in neither."""
    shapes: Any = shapely.from_wkb(np.array(wkb.take(pa.array(rows)).to_pylist(), dtype=object))
    bounds = np.abs(shapely.bounds(shapes))
    areas = np.where(bounds.max(axis=1, initial=0) > _PLANE_FROM, plane, np.nan)
    degrees = (bounds <= _DEGREES).all(axis=1)
    areas[degrees] = area_m2(shapes[degrees])
    return areas
