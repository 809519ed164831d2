"""Whether polygons cover a zone exactly once, told from their edges.

How many polygons lie over a place changes only across edges. Where every edge is met by its own
reverse, nothing changes: so if that holds for all edges inside a zone, the number is the same all
over it, and the sum of areas tells which. Only where an edge is alone must the land be united.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Shapes: TypeAlias = NDArray[np.object_]
Keys: TypeAlias = NDArray[np.uint64]

_A: Final = np.uint64(0x9E3779B97F4A7C15)
_B: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT: Final = np.uint64(29)
_ONE: Final = np.uint64(1)


def lone_edges(polygons: Shapes) -> Shapes:
    """The edges of valid polygons that no other polygon has in reverse, as lines.

    Vertices count as the same only with the very same coordinates. Polygons without area have
    no edges here.
    """
    parts = shapely.get_parts(polygons)
    parts = parts[~shapely.is_empty(parts)]
    if not len(parts):
        return np.empty(0, dtype=object)
    rings = shapely.get_rings(parts)
    coords = shapely.get_coordinates(rings)
    sizes = shapely.get_num_coordinates(rings)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    inner = np.ones(len(coords), dtype=bool)
    inner[ends - 1] = False  # the last vertex of a ring starts no edge
    at = np.flatnonzero(inner)
    backwards = _clockwise(coords, starts, sizes) != _holes(parts)
    ids = _vertex_ids(coords)
    first, second = ids[at], ids[at + 1]
    keys = first + second
    forward = (first < second) ^ np.repeat(backwards, sizes - 1)
    tagged = (keys << _ONE) | forward.astype(np.uint64)
    lone = _unmatched(tagged)
    where = at[np.isin(tagged >> _ONE, lone)] if len(lone) else at[:0]
    return np.asarray(
        shapely.linestrings(np.stack([coords[where], coords[where + 1]], axis=1)), dtype=object
    )


def _unmatched(tagged: Keys) -> Keys:
    """Edge keys that do not occur exactly twice, once in each direction."""
    ordered = np.sort(tagged)
    keys = ordered >> _ONE
    new = np.ones(len(keys), dtype=bool)
    new[1:] = keys[1:] != keys[:-1]
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, len(keys)))
    pairs = counts == 2
    opposite = np.zeros(len(starts), dtype=bool)
    opposite[pairs] = ordered[starts[pairs]] != ordered[starts[pairs] + 1]
    return keys[starts[~opposite]]


def _vertex_ids(coords: Floats) -> Keys:
    """A number for each vertex from the bits of its coordinates; -0.0 is 0.0."""
    bits = np.ascontiguousarray(coords + 0.0).view(np.uint64)
    mixed: Keys = bits[:, 0] * _A
    mixed ^= mixed >> _SHIFT
    mixed += bits[:, 1] * _B
    mixed ^= mixed >> _SHIFT
    mixed *= _A
    mixed ^= mixed >> _SHIFT
    return mixed >> np.uint64(1)


def _clockwise(coords: Floats, starts: Any, sizes: Any) -> NDArray[np.bool_]:
    """Whether each ring runs clockwise."""
    x = coords[:, 0] - np.repeat(coords[starts, 0], sizes)
    y = coords[:, 1] - np.repeat(coords[starts, 1], sizes)
    terms = np.zeros(len(coords))
    terms[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    terms[starts + sizes - 1] = 0.0
    return np.asarray(np.add.reduceat(terms, starts) < 0, dtype=np.bool_)


def _holes(parts: Shapes) -> NDArray[np.bool_]:
    """Whether each ring is a hole: of a polygon, the first one is not."""
    counts = shapely.get_num_interior_rings(parts) + 1
    holes = np.ones(int(counts.sum()), dtype=bool)
    holes[np.cumsum(counts) - counts] = False
    return holes
