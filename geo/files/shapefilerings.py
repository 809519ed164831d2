"""Polygons of a Shapefile whose rings run the wrong way: outlines and holes told by containment.

The format tells an outline from a hole by its direction, and GDAL believes it: of rings that run
the other way it makes an outline that lies inside its own hole. Where what it made can't be meant
so, the rings are put together anew by where they lie, as those of a survey text are.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.files.batches import replaced
from geo.files.surveyrings import nested
from geo.limits import Limits

Integers: TypeAlias = NDArray[np.int64]
Shapes: TypeAlias = NDArray[np.object_]
Flags: TypeAlias = NDArray[np.bool_]

_POLYGON, _MULTIPOLYGON = 3, 6  # types of WKB
_HEAD: Final = 9  # bytes up to the first ring of a polygon: byte order, type, number of rings
_FEWEST: Final = 4  # points of a closed ring
_MANY: Final = 16  # holes for which it pays to look at their outline beforehand
_SAME: Final = 1e-9  # of an area: rounding


def by_containment(shapes: pa.Array, limits: Limits) -> tuple[pa.Array, Integers]:
    """The same WKB with misread polygons put right; the rows of these.

    Raises:
        LimitError: rings lie inside each other more than `limits.nesting` deep.
    """
    rows = _several_rings(shapes)
    blobs = shapes.take(pa.array(rows)).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        made = np.asarray(shapely.from_wkb(blobs, on_invalid="ignore"), dtype=object)
    doubtful = _doubtful(made)
    changed: dict[int, bytes | None] = {}
    for row, shape in zip(rows[doubtful].tolist(), made[doubtful], strict=True):
        again = nested(np.asarray(shapely.get_rings(shapely.get_parts(shape))), limits=limits)
        if not _is_alike(shape, again):
            changed[row] = shapely.to_wkb(again)
    if not changed:
        return shapes, np.zeros(0, dtype=np.int64)
    return replaced(shapes, changed), np.array(sorted(changed), dtype=np.int64)


def _several_rings(shapes: pa.Array) -> Integers:
    """The rows that are polygons of several rings, told by the first bytes of their WKB."""
    large = pa.types.is_large_binary(shapes.type)
    _, places, content = shapes.buffers()
    if content is None or not content.size:
        return np.zeros(0, dtype=np.int64)
    offsets: Integers = np.frombuffer(places, np.int64 if large else np.int32).astype(np.int64)
    offsets = offsets[shapes.offset : shapes.offset + len(shapes) + 1]
    rows = np.flatnonzero(np.diff(offsets) >= _HEAD)
    data = np.frombuffer(content, np.uint8)
    heads = np.ascontiguousarray(data[offsets[rows][:, None] + np.arange(1, _HEAD)])
    kind, rings = heads.view("<u4").T
    plain = (kind & 0x1FFF_FFFF) % 1000
    several = ((plain == _POLYGON) & (rings > 1)) | (plain == _MULTIPOLYGON)
    found: Integers = rows[several]
    return found


def _doubtful(shapes: Shapes) -> Integers:
    """Places of polygons with a hole outside its outline, or with outlines that run both ways.

    Only these can have been misread; geometries that are damaged otherwise are left as they are.
    """
    parts, owners = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    owner = owners[part]
    sound = np.bincount(owner[~_are_whole(rings)], minlength=len(shapes)) == 0
    kept = sound[owner]
    rings, part, owner = rings[kept], part[kept], owner[kept]
    if not len(rings):
        return np.zeros(0, dtype=np.int64)
    is_shell = np.concatenate([[True], part[1:] != part[:-1]])
    ways: NDArray[np.int64] = np.zeros((2, len(shapes)), dtype=np.int64)
    np.add.at(ways, (shapely.is_ccw(rings[is_shell]).astype(np.int64), owner[is_shell]), 1)
    found: Flags = np.asarray((ways > 0).all(axis=0))
    filled = shapely.polygons(rings[is_shell])
    around = np.cumsum(is_shell)[~is_shell] - 1
    shapely.prepare(filled[np.bincount(around, minlength=len(filled)) >= _MANY])
    outlines = filled[around]
    holes = rings[~is_shell]
    for corner in (0, shapely.get_num_points(holes) // 2):
        outside = ~shapely.covers(outlines, shapely.get_point(holes, corner))
        found[owner[~is_shell][outside]] = True
    return np.flatnonzero(found & sound)


def _are_whole(rings: Shapes) -> Flags:
    """Which rings have points enough, all of them finite."""
    sizes = shapely.get_num_points(rings)
    finite = np.isfinite(shapely.get_coordinates(rings)).all(axis=1)
    wrong = np.bincount(np.repeat(np.arange(len(rings)), sizes)[~finite], minlength=len(rings))
    whole: Flags = (sizes >= _FEWEST) & (wrong == 0)
    return whole


def _is_alike(shape: Any, other: Any) -> bool:
    """Whether two polygons cover the same land, by their parts and areas."""
    same = abs(shape.area - other.area) <= _SAME * abs(other.area)
    return bool(same and shapely.get_num_geometries(shape) == shapely.get_num_geometries(other))
