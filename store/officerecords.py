"""Records of an office (parcels, projects) as frames and back: texts, numbers and periods."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date
from functools import cache
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_type_hints

import pandas as pd

from facts.periods import Period
from facts.tables import PERIOD_COLUMNS, PERIOD_KEY_COLUMN
from store.errors import BadFrameError

Record = TypeVar("Record")


def frame_of(kind: type[Record], records: Sequence[Record]) -> pd.DataFrame:
    """A row for each record; a period takes five columns, as in `facts.tables`."""
    columns: dict[str, Any] = {}
    for name, of in _columns(cast(Any, kind)).items():
        values = [getattr(record, name) for record in records]
        if of == "period":
            columns |= _period_columns(values)
        else:
            columns[name] = pd.Series(values, dtype="float64" if of == "number" else "str")
    return pd.DataFrame(columns)


def records_of(kind: type[Record], frame: pd.DataFrame) -> tuple[Record, ...]:
    """The records that `frame_of` was given; further columns are passed over.

    Frames of before a field was there give its default.

    Raises:
        BadFrameError: a column is missing, or a cell is not what it must be.
    """
    columns = _columns(cast(Any, kind))
    later = {field.name for field in fields(cast(Any, kind)) if field.default is not MISSING}
    later -= set(frame.columns)
    columns = {name: of for name, of in columns.items() if name not in later}
    wanted = [name for name, of in columns.items() if of != "period"]
    if "period" in columns.values():
        wanted += PERIOD_COLUMNS
    lacking = [name for name in wanted if name not in frame.columns]
    if lacking:
        raise BadFrameError(f"缺少列 / missing columns: {', '.join(lacking)}")
    try:
        return tuple(
            kind(**{name: _value(row, name, of) for name, of in columns.items()})
            for row in frame.to_dict("records")
        )
    except (TypeError, ValueError) as error:
        raise BadFrameError(f"表中的值不合规：{error} / a cell is not what it must be") from error


@cache
def _columns(kind: Any) -> dict[str, str]:
    """The fields of a record: "text", "number" or "period"."""
    hints = get_type_hints(kind)
    found = {}
    for field in fields(kind):
        options = [one for one in get_args(hints[field.name]) if one is not NoneType]
        plain = options or [hints[field.name]]
        found[field.name] = "period" if Period in plain else "number" if float in plain else "text"
    return found


def _period_columns(periods: Sequence[Period | None]) -> dict[str, Any]:
    def days(name: str) -> Any:
        found = [None if p is None else getattr(p, name) for p in periods]
        return pd.Series([day and day.isoformat() for day in found], dtype="str")

    labels = ["" if period is None else period.label for period in periods]
    keys = ["" if period is None else period.key for period in periods]
    return {
        "period_start": days("start"), "period_end": days("end"), "as_of": days("as_of"),
        "period_label": pd.Series(labels, dtype="str"),
        PERIOD_KEY_COLUMN: pd.Series(keys, dtype="str"),
    }  # fmt: skip


def _value(row: Mapping[Any, Any], name: str, of: str) -> Any:
    if of == "period":
        start, end, as_of = (_day(row[column]) for column in PERIOD_COLUMNS[:3])
        if start is None and as_of is None:
            return None
        return Period(start, end, as_of, _text(row["period_label"]))
    cell = row[name]
    if of == "text":
        return _text(cell)
    return None if cell is None or cell is pd.NA or math.isnan(cell) else float(cell)


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""


def _day(cell: Any) -> date | None:
    return date.fromisoformat(cell) if isinstance(cell, str) and cell else None
