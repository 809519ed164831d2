"""Facts as data frames that Parquet can hold, and back, without loss.

One frame for each kind of record, one column for each field. Lists are joined by "|", dates are
ISO texts, a period takes five columns (its key among them, for readers). Missing text and numbers
are null; empty text stays empty text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from types import MappingProxyType, NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pandas as pd

from facts import model
from facts.csvfiles import LIST_MARK
from facts.errors import BadFrame, BadPeriod
from facts.model import Facts, Period
from facts.periods import parse_date

# Frame (and collection) name -> the field of Facts and the class of its records.
_TABLES: Mapping[str, tuple[str, Any]] = MappingProxyType(
    {
        "sources": ("sources", model.Source),
        "places": ("places", model.Place),
        "themes": ("themes", model.Theme),
        "indicators": ("indicators", model.Indicator),
        "observations": ("observations", model.Observation),
        "unplaced": ("unplaced", model.UnplacedRow),
        "events": ("events", model.Event),
        "extents": ("extents", model.Extent),
        "declared-areas": ("declared_areas", model.DeclaredArea),
        "checks": ("checks", model.Check),
        "rejected-sources": ("rejected_sources", model.RejectedSource),
    }
)

FRAME_NAMES: tuple[str, ...] = tuple(_TABLES)
PERIOD_COLUMNS = ("period_start", "period_end", "as_of", "period_label")
PERIOD_KEY_COLUMN = "period_key"


@dataclass(frozen=True)
class _Column:
    """How one field is written and read; ``dtype`` is that of its column."""

    name: str
    dtype: str
    optional: bool
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def to_frames(facts: Facts) -> dict[str, pd.DataFrame]:
    """Every table of the facts by collection name, columns typed even where there is no row."""
    return {
        name: _frame(record, getattr(facts, field)) for name, (field, record) in _TABLES.items()
    }


def from_frames(frames: Mapping[str, pd.DataFrame]) -> Facts:
    """The facts that to_frames was given; further columns are ignored.

    Raises:
        BadFrame: when a table or column is missing or a cell cannot be what it should be.
    """
    records: dict[str, tuple[Any, ...]] = {}
    for name, (field, record) in _TABLES.items():
        if name not in frames:
            raise BadFrame(f"缺少表“{name}” / no table “{name}”")
        records[field] = _read_records(name, record, frames[name])
    return Facts(**records)


def _frame(record: Any, rows: Sequence[Any]) -> pd.DataFrame:
    columns: dict[str, pd.Series[Any]] = {}
    for name, kind in _hints(record).items():
        if kind is Period:
            periods = [getattr(row, name) for row in rows]
            columns |= _period_series(periods)
            continue
        column = _column(name, kind)
        cells = [getattr(row, name) for row in rows]
        written = [None if cell is None else column.write(cell) for cell in cells]
        columns[name] = pd.Series(written, dtype=column.dtype)
    return pd.DataFrame(columns)


def _period_series(periods: Sequence[Period]) -> dict[str, pd.Series[Any]]:
    def days(pick: Callable[[Period], date | None]) -> pd.Series[Any]:
        found = [pick(period) for period in periods]
        return pd.Series([day and day.isoformat() for day in found], dtype="str")

    return {
        "period_start": days(lambda period: period.start),
        "period_end": days(lambda period: period.end),
        "as_of": days(lambda period: period.as_of),
        "period_label": pd.Series([period.label for period in periods], dtype="str"),
        PERIOD_KEY_COLUMN: pd.Series([period.key for period in periods], dtype="str"),
    }


def _read_records(table: str, record: Any, frame: pd.DataFrame) -> tuple[Any, ...]:
    hints = _hints(record)
    wanted = [name for name, kind in hints.items() if kind is not Period]
    if Period in hints.values():
        wanted += PERIOD_COLUMNS
    lacking = [name for name in wanted if name not in frame.columns]
    if lacking:
        raise BadFrame(f"表“{table}”缺少列 / table “{table}” lacks {', '.join(lacking)}")
    columns: list[list[Any]] = []
    for name, kind in hints.items():
        if kind is Period:
            columns.append(_read_periods(table, frame))
        else:
            columns.append(_read_column(table, _column(name, kind), frame[name].tolist()))
    return tuple(record(*cells) for cells in zip(*columns, strict=True))


def _read_column(table: str, column: _Column, cells: Sequence[Any]) -> list[Any]:
    read: list[Any] = []
    for number, cell in enumerate(cells):
        missing = _is_missing(cell)
        if missing and column.optional:
            read.append(None)
            continue
        try:
            if missing:
                raise ValueError("missing")
            read.append(column.read(cell))
        except (ValueError, TypeError, KeyError) as error:
            raise BadFrame(
                f"表“{table}”第 {number + 1} 行“{column.name}”不合规 / "
                f"table “{table}”, row {number + 1}, “{column.name}”: {cell!r}"
            ) from error
    return read


def _read_periods(table: str, frame: pd.DataFrame) -> list[Period]:
    date_column = _column("", date | None)
    starts, ends, as_ofs = (
        _read_column(table, date_column, frame[name].tolist()) for name in PERIOD_COLUMNS[:3]
    )
    labels = _read_column(table, _column("period_label", str), frame["period_label"].tolist())
    try:
        return [Period(*parts) for parts in zip(starts, ends, as_ofs, labels, strict=True)]
    except BadPeriod as error:
        raise BadFrame(f"表“{table}” / table “{table}”: {error}") from error


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


@cache
def _hints(record: Any) -> dict[str, Any]:
    """The types of a record's fields, in their order."""
    hints = get_type_hints(record)
    return {field.name: hints[field.name] for field in fields(record)}


def _column(name: str, kind: Any) -> _Column:
    """How a field of this type is kept."""
    options = get_args(kind)
    optional = NoneType in options
    if optional:
        kind = next(option for option in options if option is not NoneType)
    if get_origin(kind) is Literal:
        return _Column(name, "str", optional, str, _one_of(get_args(kind)))
    if get_origin(kind) is tuple:
        return _Column(name, "str", optional, LIST_MARK.join, _split)
    dtype, write, read = _PLAIN[kind]
    return _Column(name, dtype, optional, write, read)


def _one_of(options: Sequence[str]) -> Callable[[Any], str]:
    known = {option: option for option in options}
    return lambda cell: known[cell]


def _split(cell: Any) -> tuple[str, ...]:
    return tuple(_text(cell).split(LIST_MARK)) if cell else ()


def _text(cell: Any) -> str:
    if not isinstance(cell, str):
        raise TypeError(type(cell).__name__)
    return cell


def _finite(cell: Any) -> float:
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _day(cell: Any) -> date:
    return parse_date(_text(cell))


_PLAIN: dict[Any, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    str: ("str", str, _text),
    float: ("float64", float, _finite),
    int: ("int64", int, int),
    bool: ("bool", bool, bool),
    date: ("str", date.isoformat, _day),
}
