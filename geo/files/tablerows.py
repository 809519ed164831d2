"""Rows of a table as batches: cells as columns of one kind each, coordinates as points."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely

from geo.files.batches import Counter, attribute_names
from geo.files.cells import coordinate
from geo.files.featurefile import BATCH_ROWS, GEOMETRY, Batch
from geo.files.shapes import Teller
from geo.files.tablecolumns import GeometryColumns
from geo.files.wkt import parsed
from geo.limits import Limits
from geo.problems import Problem

Row = tuple[int, list[Any]]

_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,3})?")
_LARGEST: Final = 1e12
_WHOLE_BELOW: Final = 2.0**53


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table ready to be read: its attributes' names, its batches, what is odd about it."""

    columns: tuple[str, ...]
    batches: Callable[[], Iterator[Batch]]
    problems: tuple[Problem, ...]


def read_rows(
    labels: Sequence[str], geometry: GeometryColumns, rows: Sequence[Row], name: str, limits: Limits
) -> TableRows:  # fmt: skip
    """Take a table's columns apart; nothing is decoded before the batches are read.

    Args:
        labels: the header.
        geometry: which of them are the geometry.
        rows: the rows below it, with their line or row numbers.
        name: the file's, for messages.
        limits: features and vertices.
    """
    kept = [i for i in range(len(labels)) if i not in geometry.positions]
    # A column without a name and without a value is a stray border of the sheet.
    kept = [i for i in kept if labels[i] or any(len(row) > i and row[i] != "" for _, row in rows)]
    names, problems = attribute_names([labels[i] for i in kept])
    kinds = [_kind(i, rows) for i in kept]
    wide = [number for number, row in rows if len(row) > len(labels)]
    if wide:
        problems += (
            Problem(
                "row_width", "warning",
                f"第 {wide[0]} 行起有 {len(wide)} 行的单元格比表头多，多出的未读入",
                f"{len(wide)} rows from line {wide[0]} on have more cells than the header; the "
                "rest was left out",
                count=len(wide), line=wide[0],
            ),
        )  # fmt: skip

    def batches() -> Iterator[Batch]:
        reading = _Reading(labels, geometry, Counter(name, limits), Teller())
        for start in range(0, max(1, len(rows)), BATCH_ROWS):
            part = rows[start : start + BATCH_ROWS]
            arrays = [
                pa.array([_cell(row, i, kind) for _, row in part], type=kind)
                for i, kind in zip(kept, kinds, strict=True)
            ]
            shapes = reading.shapes(part, start + 1)
            table = pa.Table.from_arrays([*arrays, shapes], names=[*names, GEOMETRY])
            lines = tuple(number for number, _ in part)
            yield Batch(table, start + 1, lines, reading.teller.take())

    return TableRows(names, batches, problems)


def _kind(index: int, rows: Sequence[Row]) -> pa.DataType:
    """The one type that holds every cell of a column; text where they differ."""
    kinds = set()
    for _, row in rows:
        value = row[index] if index < len(row) else ""
        if value != "":
            kinds.add(_cell_kind(value))
            if "text" in kinds or len(kinds) > 2:
                return pa.string()
    for group, kind in (
        ({"whole"}, pa.int64()), ({"whole", "decimal"}, pa.float64()), ({"flag"}, pa.bool_()),
        ({"date"}, pa.date32()), ({"date", "time"}, pa.timestamp("ms")),
    ):  # fmt: skip
        if kinds and kinds <= group:
            return kind
    return pa.string()


def _cell_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "whole" if value == int(value) and abs(value) < _WHOLE_BELOW else "decimal"
    if isinstance(value, datetime.date):
        return "time" if isinstance(value, datetime.datetime) else "date"
    # Codes with leading zeros, and numbers too long to be one, stay what they are: text.
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        return "text"
    if _WHOLE.fullmatch(value):
        return "whole"
    return "decimal" if math.isfinite(float(value)) else "text"


def _cell(row: list[Any], index: int, kind: pa.DataType) -> Any:
    value = row[index] if index < len(row) else ""
    if value == "":
        return None
    if kind == pa.int64():
        return int(value)
    if kind == pa.float64():
        return float(value)
    if kind == pa.string():
        return _text(value)
    if isinstance(value, datetime.date) and kind == pa.timestamp("ms"):
        return datetime.datetime.fromisoformat(value.isoformat())
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()) if isoformat else str(value)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One pass over a table's geometries: what they are in, and what was counted and found."""

    labels: Sequence[str]
    columns: GeometryColumns
    counter: Counter
    teller: Teller

    def shapes(self, part: Sequence[Row], first: int) -> pa.Array:
        """The WKB of some rows, of which the first is that feature."""
        if self.columns.wkt is not None:
            found = [
                self._from_wkt(row, self.columns.wkt, first + index, line)
                for index, (line, row) in enumerate(part)
            ]
            return pa.array(found, pa.binary())
        points = np.array(
            [self._point(row, first + index, line) for index, (line, row) in enumerate(part)]
        ).reshape(-1, 2)
        there = np.isfinite(points).all(axis=1)
        self.counter.add(len(part), int(there.sum()), 0)
        shapes = np.full(len(part), None, dtype=object)
        shapes[there] = shapely.points(points[there])
        return pa.array(shapely.to_wkb(shapes), pa.binary())

    def _point(self, row: list[Any], feature: int, line: int) -> tuple[float, float]:
        """The coordinates of a row, NaN where there are none."""
        found = []
        for column in self.columns.positions:
            value = coordinate(row[column]) if column < len(row) else None
            label = self.labels[column]
            if value is None:
                self._missing(feature, line, label)
                return math.nan, math.nan
            # Written so that NaN is not usable.
            if not abs(value) < _LARGEST:
                shown = repr(str(row[column])[:40])
                zh, en = f"{label} 不是可用的坐标：{shown}", f"{label} is no coordinate: {shown}"
                self.teller.add(
                    "bad_coordinate", feature, line=line, field=label, level="error", words=(zh, en)
                )
                return math.nan, math.nan
            found.append(value)
        return found[0], found[1]

    def _from_wkt(self, row: list[Any], column: int, feature: int, line: int) -> bytes | None:
        text = str(row[column]) if column < len(row) else ""
        if not text.strip():
            self.counter.add(1, 0, 0)
            self._missing(feature, line, self.labels[column])
            return None
        # Every vertex but the first of a part follows a comma.
        self.counter.add(1, text.count(",") + 1, max(run.count(",") for run in text.split("(")))
        shape, found = parsed(text)
        self.teller.add_found(found, feature, line=line)
        return shape

    def _missing(self, feature: int, line: int, field: str) -> None:
        words = ("没有坐标，只留下属性", "no coordinates: only its attributes are kept")
        self.teller.add(
            "no_coordinates", feature, line=line, field=field, level="warning", words=words
        )
