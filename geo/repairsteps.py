"""What repairs do to one polygon, step by step, in the coordinates it has."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crossings import tangled
from geo.faultkinds import INVALID, Tolerances, Unit
from geo.faults import small_rings
from geo.rings import Rings, in_metres, measure, metre_factors, only_polygons, usable

Floats: TypeAlias = NDArray[np.float64]

# Fault codes that a step mends, in the order of the steps. All of INVALID are mended by one.
ORDER: Final = (
    "open_line", "collection", "duplicate_points", "spike", "invalid", "sliver", "tiny_part",
    "tiny_hole", "ring_order",
)  # fmt: skip
_ROUNDS: Final = 20
_FEW: Final = 200  # vertices, of which no tangle can be made that is too large to be rebuilt


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the fault's code, the geometry before and after, how many places were mended."""

    code: str
    before: Any
    after: Any
    count: int


def steps(shape: Any, codes: Collection[str], unit: Unit, tolerances: Tolerances) -> list[Step]:
    """The repairs of a geometry for some fault codes; only those that change something.

    Geometries that are missing, have coordinates that are no numbers, or are an endless tangle of
    crossings can't be repaired.
    """
    if shape is None or not usable(np.array([shape], dtype=object), unit)[0] or _hopeless(shape):
        return []
    invalid = sorted(INVALID & set(codes))
    made: list[Step] = []
    for kind in ORDER:
        code = invalid[0] if kind == "invalid" and invalid else kind
        if code not in codes:
            continue
        after, count = _STEPS[kind](shape, frozenset(codes), unit, tolerances)
        if count and not shapely.equals_identical(after, shape) and not _hopeless(after):
            made.append(Step(code, shape, after, count))
            shape = after
    return made


def _hopeless(shape: Any) -> bool:
    many = shapely.get_num_coordinates(shape) > _FEW
    return bool(many and not shapely.is_valid(shape) and tangled(shape))


# --- steps: (shape, codes, unit, tolerances) -> shape, places mended -----------------------------


def _closed(
    shape: Any, codes: frozenset[str], unit: Unit, tolerances: Tolerances
) -> tuple[Any, int]:
    """Lines as outlines, their last point joined to the first."""
    lines = shapely.get_parts(shape)
    usable = (shapely.get_type_id(lines) == 1) | (shapely.get_type_id(lines) == 2)
    if not len(lines) or not usable.all():
        return shape, 0
    rings = [_without_repeated(shapely.get_coordinates(_ring(line)), unit, tolerances)
             for line in lines]  # fmt: skip
    outlines = [shapely.Polygon(ring) for ring in rings if ring is not None]
    return _assembled(outlines), len(outlines)


def _ring(line: Any) -> Any:
    points = shapely.get_coordinates(line)
    return shapely.LineString(np.concatenate([points, points[:1]]))


def _land_only(
    shape: Any, codes: frozenset[str], unit: Unit, tolerances: Tolerances
) -> tuple[Any, int]:
    if shapely.get_type_id(shape) != 7:
        return shape, 0
    parts = shapely.get_parts(only_polygons([shape])[0])
    return _assembled(list(parts)), 1


def _deduplicated(
    shape: Any, codes: frozenset[str], unit: Unit, tolerances: Tolerances
) -> tuple[Any, int]:
    before = int(shapely.get_num_coordinates(shape))
    made = _edited(shape, lambda ring: _without_repeated(ring, unit, tolerances))
    if shapely.is_valid(shape) and not shapely.is_valid(made):
        made = _valid(made, tolerances, unit)
    return made, max(before - int(shapely.get_num_coordinates(made)), 0)


def _despiked(
    shape: Any, codes: frozenset[str], unit: Unit, tolerances: Tolerances
) -> tuple[Any, int]:
    """Without spikes; what was valid stays valid."""
    was_valid = bool(shapely.is_valid(shape))
    total = 0
    for _ in range(_ROUNDS):
        counts: list[int] = []
        shape = _edited(shape, lambda ring: _without_spikes(ring, unit, tolerances, counts))  # noqa: B023
        total += sum(counts)
        if was_valid and not shapely.is_valid(shape):
            shape = _valid(shape, tolerances, unit)
        elif not sum(counts):
            break
    return shape, total


def _made_valid(
    shape: Any, codes: frozenset[str], unit: Unit, tolerances: Tolerances
) -> tuple[Any, int]:
    """Valid, and as far as asked for without the spikes and twins that this leaves behind."""
    if shapely.get_type_id(shape) not in (3, 6) or shapely.is_valid(shape):
        return shape, 0
    shape = _valid(shape, tolerances, unit)
    for _ in range(_ROUNDS):
        before = shape
        for kind in ("duplicate_points", "spike"):
            if kind in codes:
                shape = _STEPS[kind](shape, codes, unit, tolerances)[0]
        if shapely.equals_identical(before, shape):
            break
    return shape, 1


def _oriented(
    shape: Any, codes: frozenset[str], unit: Unit, tolerances: Tolerances
) -> tuple[Any, int]:
    if shapely.get_type_id(shape) not in (3, 6):
        return shape, 0
    return shapely.orient_polygons(shape), 1


def _without_small(code: str) -> Callable[..., tuple[Any, int]]:
    """The step that takes away the rings which are small in that way."""

    def step(
        shape: Any, codes: frozenset[str], unit: Unit, tolerances: Tolerances
    ) -> tuple[Any, int]:
        if shapely.get_type_id(shape) not in (3, 6) or not shapely.is_valid(shape):
            return shape, 0
        rings = Rings.of(np.array([shape], dtype=object))
        if not len(rings.holes):
            return shape, 0
        small = small_rings(rings, measure(rings, unit, tolerances), tolerances)[code]
        gone = iter(small.tolist())
        return _edited(shape, lambda ring: None if next(gone) else ring), int(small.sum())

    return step


_STEPS: Final[dict[str, Callable[..., tuple[Any, int]]]] = {
    "open_line": _closed,
    "collection": _land_only,
    "duplicate_points": _deduplicated,
    "spike": _despiked,
    "invalid": _made_valid,
    "sliver": _without_small("sliver"),
    "tiny_part": _without_small("tiny_part"),
    "tiny_hole": _without_small("tiny_hole"),
    "ring_order": _oriented,
}


# --- rings ---------------------------------------------------------------------------------------


def _edited(shape: Any, edit: Callable[[Floats], Floats | None]) -> Any:
    """A polygon or multipolygon with each ring edited, in file order; None takes a ring away.

    The holes of an outline that is taken away go with it (but are shown to `edit` too).
    """
    if shapely.get_type_id(shape) not in (3, 6):
        return shape
    parts, changed = [], False
    for part in shapely.get_parts(shape):
        rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(part)]
        edited = [edit(ring) for ring in rings]
        changed |= any(new is not old for new, old in zip(edited, rings, strict=True))
        if edited and edited[0] is not None:
            parts.append(shapely.Polygon(edited[0], [r for r in edited[1:] if r is not None]))
    return _assembled(parts) if changed else shape


def _assembled(parts: list[Any]) -> Any:
    """One polygon as such, several as a multipolygon, none as an empty polygon."""
    if not parts:
        return shapely.Polygon()
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _one_ring(points: Floats) -> Rings:
    one, zero = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    return Rings(points, np.array([0, len(points)]), zero, zero, np.zeros(1, dtype=bool), one)


def _without_repeated(points: Floats, unit: Unit, tolerances: Tolerances) -> Floats | None:
    """A ring whose vertices are all apart; None when fewer than three are left."""
    ring = _one_ring(points)
    near = tolerances.same_point_m
    x, y = in_metres(ring, unit)
    if np.hypot(np.diff(x), np.diff(y)).min() > near:
        return points if len(points) > 3 else None
    kept = [0]
    for i, (east, north) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        last = kept[-1]
        if np.hypot(east - x[last], north - y[last]) > near:
            kept.append(i)
    while len(kept) > 1 and np.hypot(x[kept[-1]], y[kept[-1]]) <= near:
        kept.pop()
    return None if len(kept) < 3 else points[[*kept, 0]]


def _without_spikes(
    points: Floats, unit: Unit, tolerances: Tolerances, counts: list[int]
) -> Floats | None:
    """A ring without its spikes; how many tips went is added to `counts`."""
    for _ in range(len(points)):
        tips = measure(_one_ring(points), unit, tolerances).spikes
        if not len(tips):
            break
        # Of tips side by side one goes at a time: the next may be none without it.
        tips = tips[np.concatenate([[True], np.diff(tips) > 1])]
        counts.append(len(tips))
        keep = np.ones(len(points) - 1, dtype=bool)
        keep[tips] = False
        left = points[:-1][keep]
        if len(left) < 3:
            return None
        cleaned = _without_repeated(np.concatenate([left, left[:1]]), unit, tolerances)
        if cleaned is None:
            return None
        points = cleaned
    return points


def _valid(shape: Any, tolerances: Tolerances, unit: Unit) -> Any:
    """The same land as valid polygons; crumbs that come off in this are not kept."""
    made = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = shapely.get_parts(only_polygons([made])[0])
    if len(parts) > max(int(shapely.get_num_geometries(shape)), 1):
        areas = shapely.area(parts)
        if unit == "degrees":
            east, north = metre_factors(shapely.bounds(parts)[:, 1])
            areas = areas * east * north
        large = areas >= tolerances.tiny_m2
        parts = parts[large] if large.any() else parts[[int(np.argmax(areas))]]
    return shapely.orient_polygons(_assembled(list(parts)))
