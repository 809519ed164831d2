"""Zones cut into small pieces, and a grid that tells at once what lies wholly inside one.

An intersection with a polygon of thousands of vertices costs thousands of steps; with the few
vertices of a piece it costs a few. All coordinates are metres of the equal-area plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Shapes: TypeAlias = NDArray[np.object_]

FEW_VERTICES: Final = 32
OUTSIDE: Final = -1
MIXED: Final = -2
_FULL: Final = 1.0 - 1e-12
_DEEPEST: Final = 14


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of zones: together they are the zones, and none overlaps another of its zone.

    `zones` gives for every piece the zone it belongs to.
    """

    shapes: Shapes
    zones: Integers
    tree: Any

    @classmethod
    def of(cls, shapes: Any, *, few: int = FEW_VERTICES) -> Pieces:
        """Cut polygons into pieces of at most about `few` vertices."""
        done_shapes: list[Shapes] = []
        done_zones: list[Integers] = []
        pieces = np.asarray(shapes, dtype=object)
        zones = np.arange(len(pieces))
        for _ in range(_DEEPEST):
            large = shapely.get_num_coordinates(pieces) > few
            done_shapes.append(pieces[~large])
            done_zones.append(zones[~large])
            if not large.any():
                break
            pieces, zones = _halves(pieces[large], zones[large])
        else:
            done_shapes.append(pieces)
            done_zones.append(zones)
        whole = np.concatenate(done_shapes)
        tree = shapely.STRtree(whole)
        tree.query(shapely.box(0, 0, 1, 1))  # built now, so that threads may share it
        return cls(whole, np.concatenate(done_zones), tree)

    def crossing_areas(self, shapes: Shapes, zones: Integers) -> Floats:
        """Area in m² of each shape inside its zone: shape i inside zone `zones[i]`."""
        areas = np.zeros(len(shapes))
        if not len(shapes):
            return areas
        rows, pieces = self.tree.query(shapes, predicate="intersects")
        own = self.zones[pieces] == zones[rows]
        rows, pieces = rows[own], pieces[own]
        parts = shapely.area(shapely.intersection(shapes[rows], self.shapes[pieces]))
        np.add.at(areas, rows, parts)
        return areas


def _halves(pieces: Shapes, zones: Integers) -> tuple[Shapes, Integers]:
    """Each piece cut in two across its longer side."""
    low_x, low_y, high_x, high_y = shapely.bounds(pieces).T
    wide = (high_x - low_x) >= (high_y - low_y)
    middle_x, middle_y = (low_x + high_x) / 2, (low_y + high_y) / 2
    first = shapely.box(
        low_x, low_y, np.where(wide, middle_x, high_x), np.where(wide, high_y, middle_y)
    )
    second = shapely.box(
        np.where(wide, middle_x, low_x), np.where(wide, low_y, middle_y), high_x, high_y
    )
    both = np.concatenate(
        [shapely.intersection(pieces, first), shapely.intersection(pieces, second)]
    )
    owners = np.concatenate([zones, zones])
    areal = shapely.area(both) > 0
    return both[areal], owners[areal]


@dataclass(frozen=True, slots=True)
class LabelGrid:
    """A grid over all zones: the zone that holds a cell wholly, OUTSIDE, or MIXED.

    `labels` is (rows, columns); the cell (j, i) starts at `x + i·width`, `y + j·height`.
    """

    labels: NDArray[np.int32]
    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(cls, shapes: Any, *, levels: int = 8) -> LabelGrid:
        """The grid of zones, 2**levels cells wide and high."""
        zones = np.asarray(shapes, dtype=object)
        west, south, east, north = shapely.total_bounds(zones)
        size = 1 << levels
        width, height = (east - west) / size, (north - south) / size
        labels: NDArray[np.int32] = np.full((size, size), OUTSIDE, dtype=np.int32)
        pieces, owners = zones, np.arange(len(zones))
        cells: Any = np.zeros((len(zones), 2), dtype=np.int64)  # column, row at this level
        for level in range(1, levels + 1):
            step = size >> level
            cells = (cells[:, None, :] * 2 + [[0, 0], [1, 0], [0, 1], [1, 1]]).reshape(-1, 2)
            pieces, owners = np.repeat(pieces, 4), np.repeat(owners, 4)
            left, low = west + cells[:, 0] * step * width, south + cells[:, 1] * step * height
            boxes = shapely.box(left, low, left + step * width, low + step * height)
            near = shapely.intersects(pieces, boxes)
            pieces, owners, cells, boxes = pieces[near], owners[near], cells[near], boxes[near]
            pieces = shapely.intersection(pieces, boxes)
            share = shapely.area(pieces) / (step * step * width * height)
            for index in np.flatnonzero(share >= _FULL):
                i, j = cells[index] * step
                labels[j : j + step, i : i + step] = owners[index]
            mixed = (share < _FULL) & (share > 0)
            pieces, owners, cells = pieces[mixed], owners[mixed], cells[mixed]
        labels[cells[:, 1], cells[:, 0]] = MIXED
        return cls(labels, float(west), float(south), float(width), float(height))

    def labels_of(self, boxes: Floats) -> Integers:
        """The label that holds for a whole box, (n, 4) in metres; MIXED where none does.

        A box larger than a cell is MIXED unless all cells between its corners agree, which is
        not looked at: only its corners are, so such a box is never labelled.
        """
        rows, columns = self.labels.shape
        i0 = np.floor((boxes[:, 0] - self.x) / self.width).astype(np.int64)
        i1 = np.floor((boxes[:, 2] - self.x) / self.width).astype(np.int64)
        j0 = np.floor((boxes[:, 1] - self.y) / self.height).astype(np.int64)
        j1 = np.floor((boxes[:, 3] - self.y) / self.height).astype(np.int64)
        apart = (i1 < 0) | (j1 < 0) | (i0 >= columns) | (j0 >= rows)
        small = (
            (i1 - i0 <= 1) & (j1 - j0 <= 1) & (i0 >= 0) & (j0 >= 0) & (i1 < columns) & (j1 < rows)
        )
        i0, i1 = np.clip(i0, 0, columns - 1), np.clip(i1, 0, columns - 1)
        j0, j1 = np.clip(j0, 0, rows - 1), np.clip(j1, 0, rows - 1)
        label = self.labels[j0, i0]
        same = (
            (label == self.labels[j0, i1]) & (label == self.labels[j1, i0])
            & (label == self.labels[j1, i1])
        )  # fmt: skip
        found = np.where(same & small, label, MIXED)
        found[apart] = OUTSIDE
        return found.astype(np.int64)
