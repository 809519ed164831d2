"""Rows of a table as batches: cells as columns of one kind each, coordinates as points."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.files.batches import Counter, attribute_names
from geo.files.cells import coordinate
from geo.files.featurefile import BATCH_ROWS, GEOMETRY, Batch
from geo.files.shapes import Teller
from geo.files.tablecolumns import GeometryColumns
from geo.files.wkt import parsed
from geo.limits import Limits
from geo.problems import Problem

Row = tuple[int, list[Any]]
Floats: TypeAlias = NDArray[np.float64]

_WHOLE: Final = r"\A-?(?:0|[1-9][0-9]{0,17})\z"
_DECIMAL: Final = r"\A-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,3})?\z"
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
    """Take a table's attributes apart; geometries are read batch by batch.

    Args:
        labels: the header.
        geometry: which of them are the geometry.
        rows: the rows below it, with their line or row numbers.
        name: the file's, for messages.
        limits: features and vertices.
    """
    cells = [[row[i] if i < len(row) else "" for _, row in rows] for i in range(len(labels))]
    kept = [i for i in range(len(labels)) if i not in geometry.positions]
    # A column without a name and without a value is a stray border of the sheet.
    kept = [i for i in kept if labels[i] or any(value != "" for value in cells[i])]
    names, problems = attribute_names([labels[i] for i in kept])
    table = pa.Table.from_arrays([_column(cells[i]) for i in kept], names=list(names))
    lines = tuple(number for number, _ in rows)
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
    columns = {labels[i]: cells[i] for i in geometry.positions}

    def batches() -> Iterator[Batch]:
        reading = _Reading(columns, lines, Counter(name, limits), Teller())
        for start in range(0, max(1, len(lines)), BATCH_ROWS):
            end = min(start + BATCH_ROWS, len(lines))
            shapes = reading.shapes(start, end, wkt=geometry.wkt is not None)
            part = table.slice(start, end - start)
            whole = pa.Table.from_arrays([*part.columns, shapes], names=[*names, GEOMETRY])
            yield Batch(whole, start + 1, lines[start:end], reading.teller.take())

    return TableRows(names, batches, problems)


def _column(values: list[Any]) -> pa.Array:
    """Cells as an array of the one type that holds them all; text where they differ."""
    if all(type(value) is str for value in values):
        return _typed(pa.array([value or None for value in values], pa.string()))
    kinds = {_kind(value) for value in values if value != ""}
    for group, kind in (
        ({"whole"}, pa.int64()), ({"whole", "decimal"}, pa.float64()), ({"flag"}, pa.bool_()),
        ({"date"}, pa.date32()), ({"date", "time"}, pa.timestamp("ms")),
    ):  # fmt: skip
        if kinds <= group:
            return pa.array([None if value == "" else _as(value, kind) for value in values], kind)
    return pa.array([None if value == "" else _text(value) for value in values], pa.string())


def _typed(texts: pa.Array) -> pa.Array:
    """Texts as numbers where all of them are.

    Codes with leading zeros, and numbers too long to be one, stay what they are: text.
    """
    if texts.null_count == len(texts):
        return texts
    if pc.all(pc.match_substring_regex(texts, _WHOLE)).as_py():
        return texts.cast(pa.int64())
    if pc.all(pc.match_substring_regex(texts, _DECIMAL)).as_py():
        numbers = texts.cast(pa.float64())
        if pc.all(pc.is_finite(numbers)).as_py():
            return numbers
    return texts


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "whole" if value == int(value) and abs(value) < _WHOLE_BELOW else "decimal"
    if isinstance(value, datetime.date):
        return "time" if isinstance(value, datetime.datetime) else "date"
    return "text"


def _as(value: Any, kind: pa.DataType) -> Any:
    if kind == pa.int64():
        return int(value)
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
    """One pass over a table's geometries: the columns they are in, and what was found."""

    columns: dict[str, list[Any]]
    lines: tuple[int, ...]
    counter: Counter
    teller: Teller

    def shapes(self, start: int, end: int, *, wkt: bool) -> pa.Array:
        """The WKB of the rows from `start` on (from 0), up to `end`."""
        if wkt:
            ((label, cells),) = self.columns.items()
            found = [self._from_wkt(cells[row], label, row) for row in range(start, end)]
            return pa.array(found, pa.binary())
        axes = [self._numbers(label, cells, start, end) for label, cells in self.columns.items()]
        points = np.column_stack(axes)
        labels = list(self.columns)
        empty = np.isneginf(points)
        for row in np.flatnonzero(empty.any(axis=1)).tolist():
            self._missing(start + row, labels[int(empty[row].argmax())])
        there = np.isfinite(points).all(axis=1)
        self.counter.add(end - start, int(there.sum()), 0)
        shapes = np.full(end - start, None, dtype=object)
        shapes[there] = shapely.points(points[there])
        return pa.array(shapely.to_wkb(shapes), pa.binary())

    def _numbers(self, label: str, cells: list[Any], start: int, end: int) -> Floats:
        """One axis of some rows: minus infinity for an empty cell, NaN for one of no use."""
        part = cells[start:end]
        if all(type(value) is str for value in part):
            plain = _typed(pa.array([value or None for value in part], pa.string()))
            if not plain.null_count and not pa.types.is_string(plain.type):
                numbers = plain.to_numpy(zero_copy_only=False).astype(np.float64)
                if (np.abs(numbers) < _LARGEST).all():
                    return np.asarray(numbers)
        return np.array(
            [self._number(value, label, row) for row, value in enumerate(part, start=start)]
        )

    def _number(self, cell: Any, label: str, row: int) -> float:
        value = coordinate(cell)
        if value is None:
            return -math.inf
        # Written so that NaN is not usable.
        if abs(value) < _LARGEST:
            return value
        shown = repr(str(cell)[:40])
        self.teller.add(
            "bad_coordinate", row + 1, line=self.lines[row], field=label, level="error",
            words=(f"{label} 不是可用的坐标：{shown}", f"{label} is no coordinate: {shown}"),
        )  # fmt: skip
        return math.nan

    def _from_wkt(self, cell: Any, label: str, row: int) -> bytes | None:
        text = str(cell)
        if not text.strip():
            self.counter.add(1, 0, 0)
            self._missing(row, label)
            return None
        # Every vertex but the first of a part follows a comma.
        self.counter.add(1, text.count(",") + 1, max(run.count(",") for run in text.split("(")))
        shape, found = parsed(text)
        self.teller.add_found(found, row + 1, line=self.lines[row])
        return shape

    def _missing(self, row: int, field: str) -> None:
        words = ("没有坐标，只留下属性", "no coordinates: only its attributes are kept")
        self.teller.add(
            "no_coordinates", row + 1, line=self.lines[row], field=field, level="warning",
            words=words,
        )  # fmt: skip
