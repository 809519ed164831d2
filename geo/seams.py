"""Where the polygons of a layer don't meet: land of two of them, and land of none between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.faultkinds import Tolerances
from geo.plane import to_plane
from geo.rings import in_degrees, only_polygons

Integers: TypeAlias = NDArray[np.int64]
Shapes: TypeAlias = NDArray[np.object_]

_SLENDER: Final = 0.25  # 4π·area / perimeter² of a strip about ten times as long as wide
_FREE: Final = 0.4  # the largest share of a gap's border that lies along no feature


@dataclass(frozen=True, slots=True)
class Overlap:
    """Land of two features (rows from 0, `first` < `second`), in the equal-area plane."""

    first: int
    second: int
    land: Any
    m2: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Land of no feature between features (`neighbours`: rows from 0), in the equal-area plane."""

    land: Any
    m2: float
    width_m: float
    neighbours: tuple[int, ...]


def sound_land(shapes: Shapes) -> tuple[Shapes, Integers]:
    """The polygons among shapes in degrees, valid and in the plane, and their rows."""
    areal = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    rows = np.flatnonzero(areal & in_degrees(shapes))
    plane = np.asarray(to_plane(shapes[rows]), dtype=object)
    bad = np.flatnonzero(~shapely.is_valid(plane))
    if len(bad):
        mended = shapely.make_valid(plane[bad], method="structure", keep_collapsed=False)
        plane[bad] = only_polygons(mended)
    good = ~shapely.is_empty(plane)
    return plane[good], rows[good]


def same_shapes(shapes: Shapes) -> dict[int, int]:
    """Rows with the very same geometry (degrees) as an earlier one, and which is the first."""
    there = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    rows = np.flatnonzero(there & in_degrees(shapes))
    if len(rows) < 2:
        return {}
    boxes = np.ascontiguousarray(shapely.bounds(shapes[rows]) + 0.0)
    keys = boxes.view(np.dtype((np.void, boxes.dtype.itemsize * 4))).ravel()
    _, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
    alike = rows[counts[which] > 1]
    first: dict[bytes, int] = {}
    normal = shapely.to_wkb(shapely.normalize(shapes[alike]))
    found = {
        row: first.setdefault(wkb, row) for row, wkb in zip(alike.tolist(), normal, strict=True)
    }
    return {row: earlier for row, earlier in found.items() if row != earlier}


def overlaps_and_gaps(plane: Shapes, tolerances: Tolerances) -> tuple[list[Overlap], list[Gap]]:
    """Overlaps and gaps of valid polygons in the plane; rows are those of the array."""
    if len(plane) < 2:
        return [], []
    width = tolerances.gap_width_m
    # Only where outlines don't match, or run closely along each other, is there anything to find.
    wide = shapely.coverage_invalid_edges(plane, gap_width=width)
    flagged = np.flatnonzero(~shapely.is_empty(wide))
    tree = shapely.STRtree(plane)
    overlaps = _overlaps(plane, flagged, tree, tolerances)
    enclosed = _enclosed(plane, flagged, tree, tolerances)
    edged, edges = _gap_edges(plane, flagged, wide, overlaps)
    narrow = _narrow(plane, edged, edges, tree, tolerances) if len(edges) else []
    if enclosed and narrow:
        known = shapely.STRtree([gap.land for gap in enclosed])
        inner = shapely.point_on_surface([gap.land for gap in narrow])
        again = set(known.query(inner, predicate="intersects")[0].tolist())
        narrow = [gap for i, gap in enumerate(narrow) if i not in again]
    return overlaps, sorted([*enclosed, *narrow], key=lambda gap: gap.neighbours)


# --- overlaps ------------------------------------------------------------------------------------


def _overlaps(plane: Shapes, flagged: Integers, tree: Any, tolerances: Tolerances) -> list[Overlap]:
    if not len(flagged):
        return []
    rows, others = tree.query(plane[flagged], predicate="intersects")
    pairs = np.stack([flagged[rows], others])
    pairs = np.unique(np.sort(pairs[:, pairs[0] != pairs[1]], axis=0), axis=1)
    land = only_polygons(shapely.intersection(plane[pairs[0]], plane[pairs[1]]))
    areas = shapely.area(land)
    wide = 2 * areas > tolerances.overlap_width_m * shapely.length(land)
    return [
        Overlap(int(pairs[0, i]), int(pairs[1, i]), land[i], float(areas[i]))
        for i in np.flatnonzero((areas > tolerances.overlap_m2) & wide)
    ]


# --- gaps ----------------------------------------------------------------------------------------


def _enclosed(plane: Shapes, flagged: Integers, tree: Any, tolerances: Tolerances) -> list[Gap]:
    """Small or narrow land with features all around."""
    clean = np.ones(len(plane), dtype=bool)
    clean[flagged] = False
    whole = shapely.union_all(plane[flagged])
    if clean.any():
        whole = shapely.union(whole, shapely.coverage_union_all(plane[clean]))
    parts = shapely.get_parts(whole)
    rings = shapely.get_rings(parts[shapely.get_type_id(parts) == 3])
    if not len(rings):
        return []
    counts = shapely.get_num_interior_rings(parts[shapely.get_type_id(parts) == 3]) + 1
    inner = np.ones(len(rings), dtype=bool)
    inner[np.cumsum(counts) - counts] = False
    holes = shapely.polygons(rings[inner])
    narrow = 2 * shapely.area(holes) < tolerances.gap_width_m * shapely.length(holes)
    small = shapely.area(holes) < tolerances.gap_m2
    return list(_as_gaps(holes[narrow | small], plane, tree, tolerances))


def _gap_edges(
    plane: Shapes, flagged: Integers, wide: Shapes, overlaps: Sequence[Overlap]
) -> tuple[Integers, Shapes]:
    """Of the edges that match no other outline, those that may lie along a gap; and their rows.

    Outlines that touch and only have their vertices in other places are none; but an edge that
    runs through another feature may well go on along a gap.
    """
    if not len(flagged):
        return flagged, flagged.astype(object)
    edges = wide[flagged].copy()
    crossing = np.isin(flagged, [row for o in overlaps for row in (o.first, o.second)])
    exact = shapely.coverage_invalid_edges(plane[flagged])
    edges[~crossing] = shapely.difference(edges[~crossing], exact[~crossing])
    some = ~shapely.is_empty(edges)
    return flagged[some], edges[some]


def _narrow(
    plane: Shapes, rows: Integers, edges: Shapes, tree: Any, tolerances: Tolerances
) -> list[Gap]:
    """Strips between outlines that run closely along each other, open at their ends.

    What lies near the edges of two features, and in no feature, is a gap where it is long enough:
    corners where two outlines part at an angle are none.
    """
    width = tolerances.gap_width_m
    beside = shapely.buffer(edges, width, cap_style="flat", join_style="mitre")
    one, two = shapely.STRtree(beside).query(beside, predicate="intersects")
    once = rows[one] < rows[two]
    strips = only_polygons(shapely.intersection(beside[one[once]], beside[two[once]]))
    strips = shapely.get_parts(_without(shapely.get_parts(strips), plane, tree))
    strips = strips[_slender(strips, tolerances)]
    joined = shapely.get_parts(only_polygons([shapely.union_all(strips)]))
    joined = joined[_slender(joined, tolerances)]
    return list(_as_gaps(joined, plane, tree, tolerances))


def _without(land: Shapes, plane: Shapes, tree: Any) -> Shapes:
    """Land less all features that lie over it."""
    which, rows = tree.query(land, predicate="intersects")
    order = np.argsort(which, kind="stable")
    which, rows = which[order], rows[order]
    land = land.copy()
    for at in _turns(which):
        pieces = which[at]
        land[pieces] = only_polygons(shapely.difference(land[pieces], plane[rows[at]]))
    return land


def _slender(land: Shapes, tolerances: Tolerances) -> NDArray[np.bool_]:
    """Pieces that are narrow and much longer than wide."""
    areas, lengths = shapely.area(land), shapely.length(land)
    narrow = (areas > 0) & (2 * areas < tolerances.gap_width_m * lengths)
    return np.asarray(narrow & (4 * np.pi * areas < _SLENDER * lengths**2), dtype=np.bool_)


def _as_gaps(land: Shapes, plane: Shapes, tree: Any, tolerances: Tolerances) -> Iterable[Gap]:
    """Pieces of land large enough, with two features or more along them: a hole is no gap."""
    areas, lengths = shapely.area(land), shapely.length(land)
    large = (areas > tolerances.overlap_m2) & (2 * areas > tolerances.overlap_width_m * lengths)
    land, areas, lengths = land[large], areas[large], lengths[large]
    near = tolerances.same_point_m
    which, rows = tree.query(land, predicate="dwithin", distance=near)
    border = shapely.buffer(land, near, quad_segs=1)
    shared = shapely.intersection(shapely.boundary(plane[rows]), border[which])
    order = np.lexsort((rows, -shapely.length(shared), which))
    which, rows, shared = which[order], rows[order], shared[order]
    free = shapely.boundary(land)
    for at in _turns(which):
        free[which[at]] = shapely.difference(
            free[which[at]], shapely.buffer(shared[at], 2 * near, quad_segs=1)
        )
    # Outlines that lie on each other leave a strip with a free side: that is no gap.
    held = shapely.length(free) < _FREE * lengths
    starts = np.searchsorted(which, np.arange(len(land) + 1))
    for i in np.flatnonzero(held):
        along = tuple(rows[starts[i] : starts[i + 1]].tolist())
        if len(along) > 1:
            yield Gap(land[i], float(areas[i]), float(2 * areas[i] / lengths[i]), along)


def _turns(which: Integers) -> Iterable[NDArray[np.bool_]]:
    """Of sorted numbers: the first of each, the second of each, and so on."""
    turn = np.arange(len(which)) - np.searchsorted(which, which)
    for step in range(int(turn.max(initial=-1)) + 1):
        yield turn == step
