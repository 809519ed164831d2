"""Every place where a polygon that is not valid breaks the rules, not only the first one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.rings import Rings

Integers: TypeAlias = NDArray[np.int64]

MOST_PLACES: Final = 200  # in one feature; further ones are not looked for
# An outline of more edges than this is only looked at up to its first fault.
_MOST_EDGES: Final = 200_000
_PAIRS: Final = 1 << 18  # pairs of edges that meet, found together …
_TOGETHER: Final = 1 << 12  # … and looked at together
_MOST_PAIRS: Final = 1 << 24
_TANGLE: Final = 1 << 15
_MOST_RINGS: Final = 20_000

# What GEOS says, as codes of ours.
_REASONS: Final = (
    ("Ring Self-intersection", "self_touch"),
    ("Self-intersection", "self_intersection"),
    ("Hole lies outside shell", "hole_outside"),
    ("Holes are nested", "nested_holes"),
    ("Nested shells", "nested_parts"),
    ("Interior is disconnected", "disconnected"),
    ("Duplicate Rings", "duplicate_rings"),
    ("Too few points", "too_few_points"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A fault of a polygon: its ring (from 1, 0 if not known), the other ring, edges, where.

    Edges are numbered by their first vertex in the ring, from 1; 0 where no edge is meant.
    """

    code: str
    ring: int
    x: float
    y: float
    other_ring: int = 0
    edge: int = 0
    other_edge: int = 0


def code_of(reason: str) -> str:
    """The fault code of a reason that GEOS gives."""
    return next((code for words, code in _REASONS if reason.startswith(words)), "invalid")


def places(shape: Any) -> list[Place]:
    """What is wrong with a polygon or multipolygon that is not valid, by ring and place.

    Coordinates must be finite. At least one place is given, at most MOST_PLACES.
    """
    rings = Rings.of(np.array([shape], dtype=object))
    found: list[Place] = []
    if len(rings.coords) - len(rings.holes) <= _MOST_EDGES:
        found += _crossings(rings)
        found += _misplaced(rings)
    first = _first_of(shape, rings)
    known = any(_explains(rings, place, first) for place in found)
    # A hole outside its outline has many places; one is enough.
    if not known and (first.code.startswith("self") or first.code not in {p.code for p in found}):
        found.append(first)
    return found[:MOST_PLACES]


def _explains(rings: Rings, place: Place, first: Place) -> bool:
    """Whether a place is the one that GEOS names, or its edges lie on each other through it."""
    near = 1e-9 * float(np.abs(rings.coords).max())
    if max(abs(place.x - first.x), abs(place.y - first.y)) <= near:
        return True
    if not place.edge:
        return False
    # The rings are those of one feature, in their order.
    at = rings.starts[[place.ring - 1, place.other_ring - 1]]
    at = at + np.array([place.edge, place.other_edge]) - 1
    edges = shapely.linestrings(np.stack([rings.coords[at], rings.coords[at + 1]], axis=1))
    return bool((shapely.distance(edges, shapely.Point(first.x, first.y)) <= near).all())


def _first_of(shape: Any, rings: Rings) -> Place:
    """The place that GEOS names, and the ring that passes it."""
    reason = str(shapely.is_valid_reason(shape))
    try:
        x, y = (float(word) for word in reason.partition("[")[2].rstrip("]").split()[:2])
    except ValueError:
        x, y = (float(value) for value in rings.coords[0]) if len(rings.coords) else (0.0, 0.0)
    ring = 0
    if len(rings.coords):
        nearest = int(np.argmin(np.abs(rings.coords - (x, y)).sum(axis=1)))
        ring = int(rings.numbers[rings.ring_of(np.array([nearest]))[0]])
    return Place(code_of(reason), ring, x, y)


# --- edges that meet -----------------------------------------------------------------------------


def tangled(shape: Any) -> bool:
    """Whether so many edges of a polygon meet that to rebuild it would take all memory."""
    rings = Rings.of(np.array([shape], dtype=object))
    edges, _ = _edges(rings)
    allowed = _TANGLE + 2 * len(edges)  # each meets the next one
    met = 0
    for a, _ in _near_pairs(edges):
        met += len(a)
        if met > allowed:
            return True
    return False


def _crossings(rings: Rings) -> list[Place]:
    """Edges that cross, lie on each other, or meet in a point of the same ring."""
    edges, at = _edges(rings)
    found: dict[tuple[str, float, float], Place] = {}
    for a, b in _near_pairs(edges):
        for begin in range(0, len(a), _TOGETHER):
            pairs = np.stack([a[begin : begin + _TOGETHER], b[begin : begin + _TOGETHER]])
            for place in _meetings(rings, edges, at, pairs):
                found.setdefault((place.code, place.x, place.y), place)
            if len(found) >= MOST_PLACES:
                return list(found.values())
    return list(found.values())


def _edges(rings: Rings) -> tuple[Any, Integers]:
    """All edges of some length as lines, and the vertices that they start from."""
    inner = np.ones(len(rings.coords), dtype=bool)
    inner[rings.starts[1:] - 1] = False
    at = np.flatnonzero(inner & _moves(rings))
    ends = np.stack([rings.coords[at], rings.coords[at + 1]], axis=1)
    return np.asarray(shapely.linestrings(ends), dtype=object), at


def _moves(rings: Rings) -> NDArray[np.bool_]:
    """Vertices from which an edge of some length starts."""
    moved = np.ones(len(rings.coords), dtype=bool)
    moved[:-1] = (rings.coords[1:] != rings.coords[:-1]).any(axis=1)
    return moved


def _near_pairs(edges: Any) -> Iterator[tuple[Integers, Integers]]:
    """Pairs of edges that meet, in portions; gives up after very many."""
    tree = shapely.STRtree(edges)
    begin, step, seen = 0, int(np.clip(_PAIRS // (len(edges) + 1), 1, 64)), 0
    while begin < len(edges) and seen < _MOST_PAIRS:
        a, b = tree.query(edges[begin : begin + step], predicate="intersects")
        a = a + begin
        seen += len(a)
        once = a < b
        yield a[once], b[once]
        begin += step
        step = int(np.clip(step * _PAIRS / (len(a) + 1), 1, 1 << 16))


def _meetings(rings: Rings, edges: Any, at: Integers, pairs: Integers) -> Iterator[Place]:
    """The pairs (2, n) of edges, starting at the vertices `at`, that are faults."""
    a, b = pairs
    ring = rings.ring_of(at)
    same = ring[a] == ring[b]
    starts, ends = rings.coords[at], rings.coords[at + 1]
    # Neighbours in a ring share a vertex, that is how rings are made.
    joined = same & ((b - a == 1) | _closing(ring, a, b))
    a, b, same = a[~joined], b[~joined], same[~joined]
    shared = shapely.intersection(edges[a], edges[b])
    some = ~shapely.is_empty(shared)  # of edges shorter than can be calculated with nothing is
    a, b, same, shared = a[some], b[some], same[some], shared[some]
    points = shapely.get_type_id(shared) == 0
    xy = np.full((len(a), 2), np.nan)
    xy[points] = shapely.get_coordinates(shared[points])
    corner = np.zeros(len(a), dtype=bool)
    for ends_of in (starts[a], ends[a], starts[b], ends[b]):
        corner |= (ends_of == xy).all(axis=1)
    touch = points & (corner | shapely.touches(edges[a], edges[b]))
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(shared[~points], 0.5, normalized=True)
    )
    xy[~points] = middle
    for i in np.flatnonzero(~touch | same):
        one, two = int(ring[a[i]]), int(ring[b[i]])
        yield Place(
            "self_touch" if touch[i] else "self_intersection", int(rings.numbers[one]),
            float(xy[i, 0]), float(xy[i, 1]), int(rings.numbers[two]),
            int(at[a[i]] - rings.starts[one]) + 1, int(at[b[i]] - rings.starts[two]) + 1,
        )  # fmt: skip


def _closing(ring: Integers, a: Integers, b: Integers) -> NDArray[np.bool_]:
    """Pairs of the first and the last edge of a ring."""
    first = np.searchsorted(ring, ring[a], side="left")
    last = np.searchsorted(ring, ring[a], side="right") - 1
    return np.asarray((a == first) & (b == last), dtype=np.bool_)


# --- rings that lie where they should not --------------------------------------------------------


def _misplaced(rings: Rings) -> list[Place]:
    """Holes outside their outline or in each other, parts in each other, rings given twice."""
    count = len(rings.holes)
    if not 1 < count <= _MOST_RINGS:
        return []
    sizes = np.diff(rings.starts)
    whole = np.flatnonzero(sizes >= 4)
    if not len(whole):
        return []
    areas = np.full(count, None, dtype=object)
    vertices = np.concatenate([rings.coords[rings.starts[r] : rings.starts[r + 1]] for r in whole])
    owners = np.repeat(np.arange(len(whole)), sizes[whole])
    areas[whole] = shapely.polygons(shapely.linearrings(vertices, indices=owners))
    rows = np.flatnonzero(shapely.is_valid(areas))  # False for those that are missing
    tree = shapely.STRtree(areas[rows])
    a, b = (rows[pair] for pair in tree.query(areas[rows], predicate="intersects"))
    held = shapely.covers(areas[a], areas[b]) & (a != b)
    found = _outside(rings, rows, a, b)
    holders: dict[int, list[int]] = {}
    for outer, inner in zip(a[held].tolist(), b[held].tolist(), strict=True):
        holders.setdefault(inner, []).append(outer)
    for outer, inner in zip(a[held].tolist(), b[held].tolist(), strict=True):
        same = inner in holders.get(outer, ())
        code = _relation(rings, holders[inner], outer, inner, same=same)
        if code:
            x, y = rings.coords[rings.starts[inner]]
            found.append(
                Place(code, int(rings.numbers[inner]), float(x), float(y),
                      int(rings.numbers[outer]))
            )  # fmt: skip
    return found


def _relation(rings: Rings, holders: list[int], outer: int, inner: int, *, same: bool) -> str:
    """What is wrong with a ring inside another one, "" if nothing; `holders` hold the inner one."""
    if same:
        return "duplicate_rings" if outer < inner else ""
    one_part = rings.parts[outer] == rings.parts[inner]
    if one_part and rings.holes[outer]:
        return "nested_holes" if rings.holes[inner] else "hole_outside"
    if one_part or rings.holes[outer] or rings.holes[inner]:
        return ""
    # A part may lie in a hole of another one.
    in_hole = any(rings.holes[r] and rings.parts[r] == rings.parts[outer] for r in holders)
    return "" if in_hole else "nested_parts"


def _outside(rings: Rings, rows: Integers, a: Integers, b: Integers) -> list[Place]:
    """Holes that do not even touch the outline of their polygon."""
    shells = np.flatnonzero(~rings.holes)
    shell_of = shells[rings.parts]  # parts are numbered in order, each has one outline
    meets = set(zip(a.tolist(), b.tolist(), strict=True))
    sound = set(rows.tolist())
    found = []
    for hole in np.flatnonzero(rings.holes):
        shell = int(shell_of[hole])
        if hole in sound and shell in sound and (int(hole), shell) not in meets:
            x, y = rings.coords[rings.starts[hole]]
            found.append(
                Place("hole_outside", int(rings.numbers[hole]), float(x), float(y),
                      int(rings.numbers[shell]))
            )  # fmt: skip
    return found
