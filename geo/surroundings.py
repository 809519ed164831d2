"""What data are compared with: the province, its counties, and what their own columns declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely

from geo.faults import area_faults, outside_faults
from geo.measuredbatch import LAND, LISTED, Measured, Shapes, decoded, renumbered
from geo.problems import Problem
from geo.wkbcolumns import Flags, Floats, Integers

_CELLS: Final = 96  # a side of the grid that tells at once what is inside the province


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Outlines in EPSG:4490 degrees; None where not on file.

    `counties` has the columns place_id, name_zh, name_en. `county_column`, `area_column` and
    `id_column` name the file's columns with each feature's county, area and id; "" for none.
    """

    province: Any = None
    counties: gpd.GeoDataFrame | None = None
    county_column: str = ""
    area_column: str = ""
    id_column: str = ""


class Comparing:
    """Compares batches (with their geometry in degrees) with their surroundings."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self._grid = None if around.province is None else _Inside(around.province)

    def problems(self, measured: Measured) -> list[Problem]:
        """Land outside the province or the declared county, and areas other than declared."""
        found = self._outside(measured)
        declared = self.values(measured, self.around.area_column)
        if declared is not None:
            found += area_faults(
                measured.areas.tolist(), declared, first=measured.first, most=LISTED
            )
        return found

    def ids(self, measured: Measured) -> list[Any] | None:
        """The values of the column with ids; None without one."""
        return self.values(measured, self.around.id_column)

    def values(self, measured: Measured, column: str) -> list[Any] | None:
        """The values of an attribute; None when there is no such column."""
        table = measured.batch.table
        if not column or column not in table.column_names:
            return None
        values: list[Any] = table.column(column).to_pylist()
        return values

    def _outside(self, measured: Measured) -> list[Problem]:
        if self._grid is None or measured.wkb is None:
            return []
        counties = self.values(measured, self.around.county_column)
        usable = np.isin(measured.kinds, LAND) & np.isfinite(measured.areas)
        usable[measured.invalid] = False
        if counties is None:
            usable &= ~self._grid.certainly(measured.bounds)
        rows = np.flatnonzero(usable)
        if not len(rows):
            return []
        found = outside_faults(
            shapes_of(measured.wkb, rows), self.around.province, self.around.counties,
            None if counties is None else [counties[row] for row in rows], most=LISTED,
        )  # fmt: skip
        return [
            p if p.feature is None else renumbered(p, int(rows[p.feature - 1]) + measured.first)
            for p in found
        ]


class _Inside:
    """A grid over the province: boxes whose cells all lie inside it need no further look."""

    def __init__(self, province: Any) -> None:
        self._box = shapely.bounds(province)
        west, south, east, north = self._box
        xs, ys = np.linspace(west, east, _CELLS + 1), np.linspace(south, north, _CELLS + 1)
        cells = shapely.box(
            *np.broadcast_arrays(xs[:-1, None], ys[None, :-1], xs[1:, None], ys[None, 1:])
        )
        shapely.prepare(province)
        inside = shapely.contains_properly(province, cells)
        # Cells outside, summed up from the south-west corner: how many a box touches is four sums.
        self._outside = np.zeros((_CELLS + 1, _CELLS + 1), dtype=np.int64)
        self._outside[1:, 1:] = np.cumsum(np.cumsum(~inside, axis=0), axis=1)

    def certainly(self, bounds: Floats) -> Flags:
        """Which boxes (n, 4; W, S, E, N in degrees) lie wholly inside; NaN never does."""
        west, south, east, north = self._box
        x = (bounds[:, [0, 2]] - west) / (east - west) * _CELLS
        y = (bounds[:, [1, 3]] - south) / (north - south) * _CELLS
        known = np.isfinite(bounds).all(axis=1)
        known &= (x[:, 0] >= 0) & (x[:, 1] < _CELLS) & (y[:, 0] >= 0) & (y[:, 1] < _CELLS)
        i, j = (np.where(known[:, None], values, 0).astype(np.int64) for values in (x, y))
        s, a, b, c, d = self._outside, i[:, 0], i[:, 1] + 1, j[:, 0], j[:, 1] + 1
        found: Flags = known & (s[b, d] - s[a, d] - s[b, c] + s[a, c] == 0)
        return found


def shapes_of(wkb: pa.Array | pa.ChunkedArray, rows: Integers | None = None) -> Shapes:
    """Geometries of a WKB column, or of some of its rows; what can't be read is None."""
    column = wkb if rows is None else wkb.take(pa.array(rows))
    return decoded(column.to_numpy(zero_copy_only=False))
