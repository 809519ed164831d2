"""Repairs between the features of a layer: who gives up an overlap, who takes a gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.faultkinds import Tolerances
from geo.plane import to_degrees
from geo.rings import in_degrees, only_polygons
from geo.seams import Overlap, overlaps_and_gaps, same_shapes, sound_land

Shapes: TypeAlias = NDArray[np.object_]

LAYER_CODES: Final = frozenset({"overlap", "gap", "duplicate_feature"})
# A gap is grown by this before its neighbours are taken off, so that no hairline stays: about 5 cm.
_GROWN_DEG: Final = 5e-7


@dataclass(frozen=True, slots=True)
class Change:
    """One feature (row from 0) before and after a repair; `other` is the row of the second one.

    `turn` counts the changes of the same two features, `land` is the gap that is taken in.
    """

    code: str
    row: int
    other: int
    before: Any
    after: Any
    turn: int = 1
    land: Any = None


class Between:
    """The features of a layer (degrees), as the repairs made so far leave them."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        usable = shapes.copy()
        usable[~in_degrees(shapes)] = None
        self.tree = shapely.STRtree(usable)

    def proposals(self, wanted: Mapping[int, Set[str]], tolerances: Tolerances) -> Iterator[Change]:
        """Repairs for rows and the codes of their faults, each by itself."""
        if any("duplicate_feature" in codes for codes in wanted.values()):
            for row, earlier in same_shapes(self.shapes).items():
                if "duplicate_feature" in wanted.get(row, ()):
                    yield self.dropped(row, earlier)
        if not any(codes & {"overlap", "gap"} for codes in wanted.values()):
            return
        plane, rows = sound_land(self.shapes)
        overlaps, gaps = overlaps_and_gaps(plane, tolerances)
        for overlap in overlaps:
            one, two = int(rows[overlap.first]), int(rows[overlap.second])
            if "overlap" in wanted.get(two, ()):
                cut = self._giving(overlap, plane)
                yield self.cut(*((two, one) if cut == overlap.second else (one, two)))
        turns: Counter[tuple[int, int]] = Counter()
        for gap in gaps:
            row, other = (int(rows[n]) for n in gap.neighbours[:2])
            if "gap" in wanted.get(row, ()):
                turns[row, other] += 1
                yield self.filled(row, other, to_degrees(gap.land), turn=turns[row, other])

    @staticmethod
    def _giving(overlap: Overlap, plane: Shapes) -> int:
        """Who gives up an overlap: the later one, unless it is most of that one only."""
        half = {n: overlap.m2 > 0.5 * shapely.area(plane[n])
                for n in (overlap.first, overlap.second)}  # fmt: skip
        later_keeps = half[overlap.second] and not half[overlap.first]
        return overlap.first if later_keeps else overlap.second

    def dropped(self, row: int, other: int) -> Change:
        """A feature that is there twice, without its geometry."""
        return Change("duplicate_feature", row, other, self.shapes[row], shapely.Polygon())

    def cut(self, row: int, other: int) -> Change:
        """A feature without what lies in another one."""
        before = self.shapes[row]
        after = only_polygons([shapely.difference(_sound(before), _sound(self.shapes[other]))])[0]
        return Change("overlap", row, other, before, shapely.orient_polygons(after))

    def filled(
        self, row: int, other: int, land: Any, *, turn: int = 1, grown_deg: float = _GROWN_DEG
    ) -> Change:
        """A feature with a gap taken in, up to its neighbours' outlines."""
        before = self.shapes[row]
        grown = shapely.buffer(land, grown_deg, join_style="mitre") if grown_deg else land
        near = self.tree.query(grown, predicate="intersects")
        for neighbour in near[near != row]:
            grown = shapely.difference(grown, _sound(self.shapes[neighbour]))
        after = only_polygons([shapely.union(_sound(before), grown)])[0]
        after = shapely.orient_polygons(after)
        return Change("gap", row, other, before, after, turn=turn, land=land)

    def again(self, change: Change) -> Change:
        """A change made on what the features are now."""
        if change.code == "overlap":
            return self.cut(change.row, change.other)
        if change.code == "gap":
            return self.filled(
                change.row, change.other, change.land, turn=change.turn, grown_deg=0.0
            )
        return self.dropped(change.row, change.other)


def _sound(shape: Any) -> Any:
    """The geometry, made valid where it is not: of others nothing can be taken off."""
    if shapely.is_valid(shape):
        return shape
    return shapely.make_valid(shape, method="structure", keep_collapsed=False)
