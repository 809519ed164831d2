"""What data are compared with: the province, its counties, and what their own columns declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely

from geo.batchproblems import LISTED, renumbered
from geo.faultkinds import Tolerances, rest_of
from geo.faults import area_faults, outside_faults
from geo.layerfaults import id_text
from geo.measuredbatch import LAND, Measured, Shapes, decoded
from geo.plane import to_degrees, to_plane
from geo.problems import Problem
from geo.wkbcolumns import Flags, Floats, Integers

USUAL: Final = "*"  # as `id_column`: whichever column is usually called so
_ID_NAMES: Final = (
    "地块编号", "宗地编号", "要素编号", "标识码", "编号", "bsm", "dkbh", "zdbh", "zddm",
    "parcel_id", "place_id", "feature_id", "id", "fid", "gid", "objectid",
)  # fmt: skip
_CELLS: Final = 96  # a side of the grid that tells at once what is inside the province
_AT_ONCE: Final = 1024  # features compared with their counties at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Outlines in EPSG:4490 degrees; None where not on file.

    `counties` has the columns place_id, name_zh, name_en. `county_column`, `area_column` and
    `id_column` name the file's columns with each feature's county, area and id; "" for none, and
    for the ids USUAL: the first column of a usual name that does not only hold blanks and zeros.
    """

    province: Any = None
    counties: gpd.GeoDataFrame | None = None
    county_column: str = ""
    area_column: str = ""
    id_column: str = ""


class Comparing:
    """Compares batches (with their geometry in degrees) with their surroundings, one after another.

    A file of another province has all its land outside this one: some features are told, the
    others counted.
    """

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self._province = None if around.province is None else _Province(around.province)
        self._room = LISTED  # features outside the province that may still be told one by one
        self._wrong_counties = 0
        self.id_column: str | None = None  # the one taken, once there was a feature

    def problems(self, measured: Measured) -> list[Problem]:
        """Land outside the province or the declared county, and areas other than declared."""
        found: list[Problem] = []
        if measured.wkb is not None:
            usable = np.isin(measured.kinds, LAND) & np.isfinite(measured.areas)
            usable[measured.invalid] = False
            found += self._outside_province(measured, measured.wkb, usable)
            found += self._outside_counties(measured, measured.wkb, usable)
        declared = self.values(measured, self.around.area_column)
        if declared is not None:
            found += area_faults(
                measured.areas.tolist(), declared, first=measured.first, most=LISTED
            )
        return found

    def ids(self, measured: Measured) -> list[Any] | None:
        """The values of the column with ids; None without one."""
        if self.id_column is None and measured.batch.table.num_rows:
            asked = self.around.id_column
            self.id_column = _usual_ids(measured.batch.table) if asked == USUAL else asked
        return self.values(measured, self.id_column or "")

    def values(self, measured: Measured, column: str) -> list[Any] | None:
        """The values of an attribute; None when there is no such column."""
        table = measured.batch.table
        if not column or column not in table.column_names:
            return None
        values: list[Any] = table.column(column).to_pylist()
        return values

    def _outside_province(self, measured: Measured, wkb: pa.Array, usable: Flags) -> list[Problem]:
        if self._province is None:
            return []
        rows = self._province.outside(wkb, measured.bounds, usable)
        told, counted = rows[: self._room], len(rows[self._room :])
        self._room -= len(told)
        found = [rest_of("outside_province", counted)] if counted else []
        if len(told):
            shapes = shapes_of(wkb, told)
            found += _renumbered(outside_faults(shapes, self.around.province), told, measured)
        return found

    def _outside_counties(self, measured: Measured, wkb: pa.Array, usable: Flags) -> list[Problem]:
        counties = self.values(measured, self.around.county_column)
        if counties is None or self.around.counties is None:
            return []
        found: list[Problem] = []
        rows = np.flatnonzero(usable)
        for part in np.array_split(rows, max(1, len(rows) // _AT_ONCE)):
            if self._wrong_counties >= LISTED:
                found.append(_not_compared(len(part)))
                continue
            faults = outside_faults(
                shapes_of(wkb, part), None, self.around.counties,
                [counties[row] for row in part], most=LISTED,
            )  # fmt: skip
            self._wrong_counties += sum(fault.count for fault in faults)
            found += _renumbered(faults, part, measured)
        return found


def _usual_ids(table: pa.Table) -> str:
    """The column of ids by its name, "" where there is none.

    Much software fills a column called id with zeros, and never looks at it again.
    """
    columns = {str(name).strip().casefold(): str(name) for name in table.column_names}
    for name in _ID_NAMES:
        if name not in columns:
            continue
        values = {id_text(value) for value in table.column(columns[name]).unique().to_pylist()}
        if values - {"", "0"}:
            return columns[name]
    return ""


class _Province:
    """A grid over the province: what lies in its inner cells, or far outside, is told at once."""

    def __init__(self, province: Any) -> None:
        # As in `outside_faults`: land near the outline is not outside, the outline is not exact.
        near = shapely.buffer(to_plane(province), Tolerances().outside_m, quad_segs=4)
        self._allowed = to_degrees(near)
        shapely.prepare(self._allowed)
        self._box = shapely.bounds(self._allowed)
        west, south, east, north = self._box
        xs, ys = np.linspace(west, east, _CELLS + 1), np.linspace(south, north, _CELLS + 1)
        cells = shapely.box(
            *np.broadcast_arrays(xs[:-1, None], ys[None, :-1], xs[1:, None], ys[None, 1:])
        )
        self._not_inside = _summed(~shapely.contains_properly(self._allowed, cells))
        self._not_outside = _summed(~shapely.disjoint(self._allowed, cells))

    def outside(self, wkb: pa.Array, bounds: Floats, usable: Flags) -> Integers:
        """The usable rows that are not wholly inside or near; `bounds` are in degrees."""
        west, south, east, north = self._box
        x = (bounds[:, [0, 2]] - west) / (east - west) * _CELLS
        y = (bounds[:, [1, 3]] - south) / (north - south) * _CELLS
        on_grid = (x[:, 0] >= 0) & (x[:, 1] < _CELLS) & (y[:, 0] >= 0) & (y[:, 1] < _CELLS)
        off_grid = (x[:, 1] < 0) | (x[:, 0] > _CELLS) | (y[:, 1] < 0) | (y[:, 0] > _CELLS)
        inside = on_grid & (_touched(self._not_inside, x, y, on_grid) == 0)
        away = off_grid | (on_grid & (_touched(self._not_outside, x, y, on_grid) == 0))
        rows = np.flatnonzero(usable & ~inside & ~away)
        rows = rows[~shapely.covers(self._allowed, shapes_of(wkb, rows))]
        return np.union1d(rows, np.flatnonzero(usable & away)).astype(np.int64)


def _summed(cells: Flags) -> Integers:
    """Cells summed up from the south-west corner: how many a box touches is four of these."""
    sums = np.zeros((_CELLS + 1, _CELLS + 1), dtype=np.int64)
    sums[1:, 1:] = np.cumsum(np.cumsum(cells, axis=0), axis=1)
    return sums


def _touched(sums: Integers, x: Floats, y: Floats, known: Flags) -> Integers:
    """How many of the summed cells each box touches, where it is known to lie on the grid."""
    i, j = (np.where(known[:, None], values, 0).astype(np.int64) for values in (x, y))
    a, b, c, d = i[:, 0], i[:, 1] + 1, j[:, 0], j[:, 1] + 1
    found: Integers = sums[b, d] - sums[a, d] - sums[b, c] + sums[a, c]
    return found


def _renumbered(faults: list[Problem], rows: Integers, measured: Measured) -> list[Problem]:
    """Faults of some rows, with the features' numbers."""
    return [
        p if p.feature is None else renumbered(p, int(rows[p.feature - 1]) + measured.first)
        for p in faults
    ]


def _not_compared(count: int) -> Problem:
    return Problem(
        "not_checked", "warning", "超出所填的县的要素太多，其余未再检查；请核对所选的列",
        "too many features lie outside their declared county, the others were not looked at: is it "
        "the right column?", count=count,
    )  # fmt: skip


def shapes_of(wkb: pa.Array | pa.ChunkedArray, rows: Integers | None = None) -> Shapes:
    """Geometries of a WKB column, or of some of its rows; what can't be read is None."""
    column = wkb if rows is None else wkb.take(pa.array(rows))
    return decoded(column.to_numpy(zero_copy_only=False))
