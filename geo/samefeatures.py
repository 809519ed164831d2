"""Which feature of a version is which of another one, and whether its outline is still the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.rings import in_degrees, metre_factors
from geo.seams import sound_land

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Shapes: TypeAlias = NDArray[np.object_]

_SHARE: Final = 0.5  # of the smaller outline must lie in the larger one for the two to be one


def pair_rows(
    old: Shapes, new: Shapes, old_ids: Sequence[str], new_ids: Sequence[str], *, tolerance_m: float
) -> tuple[Integers, Integers]:
    """Rows of the old and of the new version that are the same feature, in order of the new rows.

    Features with ids are the same by id (the first of that id with the first, and so on), those
    without by their geometry (vertices within the tolerance), else by the largest common land.
    """
    ones, others = _by_key(_numbered(old_ids), _numbered(new_ids))
    left_old = np.flatnonzero([not name for name in old_ids])
    left_new = np.flatnonzero([not name for name in new_ids])
    for prepare in (shapely.to_wkb, lambda shapes: shapely.to_wkb(_normal(shapes))):
        a, b = _by_key(
            _numbered(prepare(old[left_old]).tolist()), _numbered(prepare(new[left_new]).tolist())
        )
        ones, others = np.append(ones, left_old[a]), np.append(others, left_new[b])
        left_old, left_new = np.delete(left_old, a), np.delete(left_new, b)
    a, b = _by_land(old[left_old], new[left_new], tolerance_m)
    ones, others = np.append(ones, left_old[a]), np.append(others, left_new[b])
    order = np.argsort(others, kind="stable")
    return ones[order], others[order]


def _normal(shapes: Shapes) -> Shapes:
    """Geometries in one of their many forms, None where coordinates are no degrees."""
    made = shapes.copy()
    made[~in_degrees(shapes)] = None
    return np.asarray(shapely.normalize(made), dtype=object)


def _numbered(keys: Iterable[Any]) -> dict[tuple[Any, int], int]:
    """Row by key and how often the key came before; blank keys are left out."""
    seen: Counter[Any] = Counter()
    rows: dict[tuple[Any, int], int] = {}
    for row, key in enumerate(keys):
        if key:
            rows[key, seen[key]] = row
            seen[key] += 1
    return rows


def _by_key(
    old: dict[tuple[Any, int], int], new: dict[tuple[Any, int], int]
) -> tuple[Integers, Integers]:
    both = [(old[key], row) for key, row in new.items() if key in old]
    pairs = np.array(both, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _by_land(old: Shapes, new: Shapes, tolerance_m: float) -> tuple[Integers, Integers]:
    """Pairs by common land, the most alike first; each feature in one pair only."""
    ours, our_rows = sound_land(old)
    theirs, their_rows = sound_land(new)
    none: Integers = np.empty(0, dtype=np.int64)
    if not len(ours) or not len(theirs):
        return none, none
    tree = shapely.STRtree(theirs)
    # What lies over an inner point is most often the one; only for the others all are looked at.
    a, b = tree.query(shapely.point_on_surface(ours), predicate="intersects")
    close = _vertices_close(old[our_rows[a]], new[their_rows[b]], tolerance_m, normalise=False)
    alike = np.ones(len(a))
    alike[~close] = _likeness(ours, theirs, a[~close], b[~close])[0]
    sure = alike > _SHARE  # then it is over half of the smaller one too, and the best there is
    taken = [(a[sure], b[sure], alike[sure])]
    rest = np.setdiff1d(np.arange(len(ours)), a[sure])
    c, d = tree.query(ours[rest], predicate="intersects")
    free = ~np.isin(d, b[sure])
    c, d = rest[c[free]], d[free]
    alike, share = _likeness(ours, theirs, c, d)
    enough = share >= _SHARE
    taken.append((c[enough], d[enough], alike[enough]))
    a, b, alike = (np.concatenate(parts) for parts in zip(*taken, strict=True))
    order = np.lexsort((b, a, -alike))
    used_a, used_b = np.zeros(len(ours), dtype=bool), np.zeros(len(theirs), dtype=bool)
    kept = []
    for i in order.tolist():
        if not used_a[a[i]] and not used_b[b[i]]:
            used_a[a[i]] = used_b[b[i]] = True
            kept.append(i)
    return our_rows[a[kept]], their_rows[b[kept]]


def _likeness(ours: Shapes, theirs: Shapes, a: Integers, b: Integers) -> tuple[Floats, Floats]:
    """Common land over all land of each pair, and over the smaller one."""
    one, two = shapely.area(ours[a]), shapely.area(theirs[b])
    common = shapely.area(shapely.intersection(ours[a], theirs[b]))
    # Sound land has an area, so nothing is divided by zero.
    return common / (one + two - common), common / np.minimum(one, two)


# --- outlines ------------------------------------------------------------------------------------


def compare_shapes(old: Shapes, new: Shapes, *, tolerance_m: float) -> tuple[Floats, Flags]:
    """For pairs of geometries in degrees: land in one of them only (m²), and whether they are same.

    They are where each vertex is within the tolerance of its like, or the outlines are apart by
    less than it on average.
    """
    moved = np.zeros(len(old))
    none_old, none_new = _nothing(old), _nothing(new)
    same = shapely.equals_identical(old, new) | (none_old & none_new)
    rows = np.flatnonzero(~same & ~none_old & ~none_new)
    for turn in (False, True):
        close = _vertices_close(old[rows], new[rows], tolerance_m, normalise=turn)
        same[rows[close]] = True
        rows = rows[~close]
    rows = np.flatnonzero(~same)
    ours, theirs = _land(old[rows]), _land(new[rows])
    common = shapely.area(shapely.intersection(ours, theirs))
    moved[rows] = np.maximum(shapely.area(ours) + shapely.area(theirs) - 2 * common, 0.0)
    along = np.minimum(shapely.length(ours), shapely.length(theirs))
    same[rows] = (along > 0) & (moved[rows] <= tolerance_m * along)
    return moved, np.asarray(same, dtype=np.bool_)


def _land(shapes: Shapes) -> Shapes:
    """The polygons of shapes, valid and in the plane; empty ones for all others."""
    made = np.full(len(shapes), shapely.Polygon(), dtype=object)
    plane, rows = sound_land(shapes)
    made[rows] = plane
    return made


def _nothing(shapes: Shapes) -> Flags:
    return np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes), dtype=np.bool_)


def _vertices_close(old: Shapes, new: Shapes, tolerance_m: float, *, normalise: bool) -> Flags:
    """Pairs of the same kind whose vertices are the same, one by one, within the tolerance."""
    close = np.zeros(len(old), dtype=bool)
    if normalise:
        old, new = _normal(old), _normal(new)
    sizes = shapely.get_num_coordinates(old)
    alike = sizes == shapely.get_num_coordinates(new)
    alike &= shapely.get_type_id(old) == shapely.get_type_id(new)
    alike &= shapely.get_num_geometries(old) == shapely.get_num_geometries(new)
    alike &= shapely.get_num_interior_rings(old) == shapely.get_num_interior_rings(new)
    rows = np.flatnonzero(alike & (sizes > 0))
    if not len(rows):
        return close
    one, two = shapely.get_coordinates(old[rows]), shapely.get_coordinates(new[rows])
    east, north = metre_factors(one[:, 1])
    apart = np.hypot((one[:, 0] - two[:, 0]) * east, (one[:, 1] - two[:, 1]) * north)
    starts = np.concatenate([[0], np.cumsum(sizes[rows])[:-1]])
    close[rows] = np.maximum.reduceat(apart, starts) <= tolerance_m
    return close
