"""Points of survey parcels made into shapes: rings cut and closed, parts and holes told apart.

Which ring is a hole is decided by where it lies, never by its 圈号: inside an odd number of other
rings it is a hole, inside an even number a part. All of a file's parcels are worked on together;
only parcels of several rings are looked at one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import LimitError
from geo.limits import Limits

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Shapes: TypeAlias = NDArray[np.object_]

OPEN, CLOSED, BADLY_CLOSED = range(3)
_SAME_M: Final = 1e-3  # a closing row may differ from the first by a millimetre of rounding
_SAME_DEG: Final = 1e-8
_PAIRS: Final = 2_000_000  # of rings and points inside them, looked for at a time


@dataclass(frozen=True, slots=True)
class Rings:
    """Stretches of points: ring `i` is rows `starts[i]` to `ends[i]`, its closing row left out.

    `owners` are the parcels' places in their array, ascending. `closings` says how a ring ends,
    `numbers` counts the rings of a parcel from 1, `split` marks one that ended before its 圈号 did.
    """

    starts: Integers
    ends: Integers
    owners: Integers
    closings: NDArray[np.uint8]
    split: Flags
    numbers: Integers

    def take(self, which: Integers | Flags) -> Rings:
        """Some of the rings, with the numbers they had."""
        return Rings(
            self.starts[which], self.ends[which], self.owners[which], self.closings[which],
            self.split[which], self.numbers[which],
        )  # fmt: skip


def cut_rings(xy: Floats, owners: Integers, codes: Any, *, areal: Flags) -> Rings:
    """Rings of rows in file order: a new one where the parcel or the 圈号 changes.

    `xy` is (n, 2), `owners` and `codes` give parcel and 圈号 (0: none) of each row, and `areal`
    which rows are of polygons: there a ring also ends where it comes back to its first point, and
    a row that repeats this one is left out.
    """
    if not len(xy):
        none = np.zeros(0, dtype=np.int64)
        return Rings(none, none, none, none.astype(np.uint8), none.astype(bool), none)
    new = _new_rings(owners, codes)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), new])
    ends = np.append(new, len(xy))
    starts, ends, split = _cut_where_closed(xy, starts, ends, areal)
    owner = owners[starts]
    ends, closed = _without_closing_rows(xy, starts, ends, areal[starts])
    numbers = np.arange(len(owner)) - np.searchsorted(owner, owner) + 1
    closings = np.where(closed, CLOSED, OPEN).astype(np.uint8)
    return Rings(starts, ends, owner, closings, split, numbers)


def _new_rings(owners: Integers, codes: Any) -> Integers:
    """Rows where parcel or 圈号 change; a row without 圈号 (0) goes on with the one before."""
    parcel = np.diff(owners, prepend=-1) != 0
    told = np.maximum.accumulate(np.where(parcel | (codes != 0), np.arange(len(codes)), 0))
    codes = codes[told]
    ring = (codes[1:] != codes[:-1]) & (codes[1:] != 0) & (codes[:-1] != 0)
    return np.flatnonzero(parcel[1:] | ring) + 1


def _without_closing_rows(
    xy: Floats, starts: Integers, ends: Integers, areal: Flags
) -> tuple[Integers, Flags]:
    """Where rings end when all last rows that repeat the first one are left out; which had any."""
    sizes = ends - starts
    moved = (xy != np.repeat(xy[starts], sizes, axis=0)).any(axis=1)
    rows = np.where(moved, np.arange(len(xy)), 0)
    kept = np.maximum(np.maximum.reduceat(rows, starts), starts) + 1
    ended = np.where(areal, kept, ends)
    return ended, ended < ends


def _cut_where_closed(
    xy: Floats, starts: Integers, ends: Integers, areal: Flags
) -> tuple[Integers, Integers, Flags]:
    """Cut stretches further where they come back to their first point on the way."""
    sizes = ends - starts
    back = (xy == np.repeat(xy[starts], sizes, axis=0)).all(axis=1) & areal
    place = np.arange(len(xy)) - np.repeat(starts, sizes)
    back &= (place >= 3) & (place < np.repeat(sizes, sizes) - 1)
    many = np.unique(np.searchsorted(starts, np.flatnonzero(back), side="right") - 1)
    if not len(many):
        return starts, ends, np.zeros(len(starts), dtype=bool)
    pieces = [_pieces(xy, int(starts[i]), int(ends[i])) for i in many]
    kept = np.ones(len(starts), dtype=bool)
    kept[many] = False
    more = np.array([piece for found in pieces for piece in found], dtype=np.int64).reshape(-1, 2)
    several = [len(found) > 1 for found in pieces for _ in found]
    is_split = np.concatenate([np.zeros(int(kept.sum()), dtype=bool), several]).astype(bool)
    starts = np.concatenate([starts[kept], more[:, 0]])
    ends = np.concatenate([ends[kept], more[:, 1]])
    order = np.argsort(starts, kind="stable")
    return starts[order], ends[order], is_split[order]


def _pieces(xy: Floats, start: int, end: int) -> list[tuple[int, int]]:
    """One stretch, row by row: a piece ends with the row that comes back to its first point."""
    rows = xy[start:end].tolist()
    pieces = []
    first = 0
    row = 1
    while row < len(rows):
        if row - first >= 3 and rows[row] == rows[first]:
            while row + 1 < len(rows) and rows[row + 1] == rows[first]:
                row += 1
            pieces.append((start + first, start + row + 1))
            first = row + 1
            row = first
        row += 1
    if first < len(rows):
        pieces.append((start + first, end))
    return pieces


def is_nearly_same(first: Floats, other: Floats) -> bool:
    """Whether two points differ by rounding only (metres, or degrees below 360)."""
    limit = _SAME_DEG if abs(first).max() <= 360 else _SAME_M
    return bool(np.hypot(*(first - other)) <= limit)


def distinct_sizes(xy: Floats, rings: Rings) -> Integers:
    """Number of points of each ring without repetitions of the one before."""
    if not len(rings.starts):
        return np.zeros(0, dtype=np.int64)
    moved = np.zeros(len(xy), dtype=np.int64)
    moved[1:] = np.cumsum((np.diff(xy, axis=0) != 0).any(axis=1))
    return moved[np.maximum(rings.ends - 1, rings.starts)] - moved[rings.starts] + 1


def build_polygons(xy: Floats, rings: Rings, count: int, *, limits: Limits) -> tuple[Shapes, Flags]:
    """Polygons and multipolygons of `count` parcels from rings of at least three points.

    A parcel without rings stays None. Also returns which rings repeat another one of their parcel
    and are left out.

    Raises:
        LimitError: rings lie inside each other more than `limits.nesting` deep.
    """
    shapes: Shapes = np.full(count, None, dtype=object)
    repeats = np.zeros(len(rings.starts), dtype=bool)
    if not len(rings.starts):
        return shapes, repeats
    coords, ring = _gathered(xy, rings)
    made = shapely.linearrings(coords, indices=ring)
    changes = np.flatnonzero(np.diff(rings.owners)) + 1
    for rows in np.split(np.arange(len(rings.starts)), changes):
        repeats[rows] = _repeats(made[rows])
        kept = rows[~repeats[rows]]
        shapes[rings.owners[rows[0]]] = nested(made[kept], limits=limits)
    return shapes, repeats


def build_lines(xy: Floats, rings: Rings, count: int) -> Shapes:
    """Lines and multilines of `count` parcels from stretches of at least two points."""
    return _collected(xy, rings, count, shapely.linestrings, shapely.multilinestrings)


def build_points(xy: Floats, rings: Rings, count: int) -> Shapes:
    """Points and multipoints of `count` parcels, of every point that belongs to them."""
    rows, ring = rows_of(rings)
    nothing = np.zeros(len(rows), dtype=np.uint8)
    single = Rings(rows, rows + 1, rings.owners[ring], nothing, nothing.astype(bool), rows)
    return _collected(xy, single, count, _points, shapely.multipoints)


def _points(coords: Floats, *, indices: Integers) -> Shapes:
    made: Shapes = shapely.points(coords[np.argsort(indices)])
    return made


def _collected(xy: Floats, rings: Rings, count: int, make: Any, join: Any) -> Shapes:
    """Simple shapes of every ring, joined where a parcel has several."""
    shapes: Shapes = np.full(count, None, dtype=object)
    if not len(rings.starts):
        return shapes
    coords, ring = _gathered(xy, rings)
    made = make(coords, indices=ring)
    per_parcel = np.bincount(rings.owners, minlength=count)
    single = per_parcel[rings.owners] == 1
    shapes[rings.owners[single]] = made[single]
    owners = np.flatnonzero(per_parcel > 1)
    if len(owners):
        group = np.searchsorted(owners, rings.owners[~single])
        shapes[owners] = join(made[~single], indices=group)
    return shapes


def _gathered(xy: Floats, rings: Rings) -> tuple[Floats, Integers]:
    """Coordinates of rings one after the other, and the ring of each."""
    rows, ring = rows_of(rings)
    return xy[rows], ring


def rows_of(rings: Rings) -> tuple[Integers, Integers]:
    """Rows of all rings one after the other, and the ring of each."""
    sizes = rings.ends - rings.starts
    ring = np.repeat(np.arange(len(sizes)), sizes)
    offset = np.arange(len(ring)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rings.starts[ring] + offset, ring


def _repeats(made: Shapes) -> Flags:
    """Which rings are the same as an earlier one, wherever they begin and however they run."""
    seen: set[bytes] = set()
    found = np.zeros(len(made), dtype=bool)
    plain = shapely.to_wkb(shapely.normalize(shapely.polygons(made)))
    for place, shape in enumerate(plain):
        found[place] = shape in seen
        seen.add(shape)
    return found


def nested(made: Shapes, *, limits: Limits) -> Any:
    """One polygon or multipolygon of linear rings that don't cross, by how deep each one lies.

    Raises:
        LimitError: a ring lies inside more than `limits.nesting` others.
    """
    depth, parent = _depths(shapely.polygons(made), limits=limits)
    # Where rings cross, the ring around a hole may itself be one: then it is taken for a part.
    hole = (depth % 2 == 1) & (depth[parent] % 2 == 0)
    outer = np.flatnonzero(~hole)
    group = np.where(hole, parent, np.arange(len(made)))
    order = np.lexsort((np.arange(len(made)), hole, group))  # shells before their holes
    polygons = shapely.polygons(made[order], indices=np.searchsorted(outer, group[order]))
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _depths(filled: Shapes, *, limits: Limits) -> tuple[Integers, Integers]:
    """Number of other rings that each one lies in, and the smallest of these (-1 for none)."""
    corners = shapely.get_point(shapely.get_exterior_ring(filled), 0)
    inside = shapely.point_on_surface(filled)
    inside = np.where(shapely.is_empty(inside), corners, inside)
    tree = shapely.STRtree(inside)
    depth = np.zeros(len(filled), dtype=np.int64)
    parent = np.full(len(filled), -1, dtype=np.int64)
    # From the largest to the smallest: the last one that holds a ring is the smallest.
    order = np.lexsort((np.arange(len(filled)), -shapely.area(filled)))
    rank = np.argsort(order)
    step = max(1, _PAIRS // len(filled))
    for low in range(0, len(order), step):
        outer, inner = tree.query(filled[order[low : low + step]], predicate="contains")
        outer = order[low + outer]
        smaller = rank[inner] > rank[outer]
        outer, inner = outer[smaller], inner[smaller]
        np.add.at(depth, inner, 1)
        sequence = np.argsort(rank[outer], kind="stable")
        parent[inner[sequence]] = outer[sequence]
        if depth.max() > limits.nesting:
            raise LimitError(
                f"圈套圈超过 {limits.nesting} 层 / rings lie inside each other more than "
                f"{limits.nesting} deep (limit: nesting)",
                code="too_deep",
            )
    return depth, parent
