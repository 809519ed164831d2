"""Attributes of a stranger's layer made fit for the workspace: names and types that Delta has."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from geo.landlayer import AREA_COLUMN
from geo.problems import Problem
from store.frames import COVERING, FORBIDDEN

_TAKEN = (COVERING, "geometry")  # columns of ours in every layer
_LONGEST = 120  # characters of a column's name
_SHOWN = 20


def plain_columns(table: pa.Table, *, measured: bool) -> tuple[pa.Table, list[Problem]]:
    """The same rows, columns renamed and converted where they must be; and what was changed.

    `measured`: whether a column with areas of ours comes beside them.
    """
    names, problems = _plain_names(table.column_names, measured=measured)
    columns: list[pa.ChunkedArray] = []
    as_text: list[str] = []
    for name, column in zip(names, table.columns, strict=True):
        made, became_text = _plain_type(column)
        columns.append(made)
        if became_text:
            as_text.append(name)
    if as_text:
        told = "、".join(as_text[:_SHOWN])
        problems.append(
            Problem(
                "stored_as_text", "warning", f"这些列的类型不能原样存储，已转为文本：{told}",
                f"columns of types that are not stored became text: {told}", count=len(as_text),
            )
        )  # fmt: skip
    return pa.table(columns, names=names), problems


def _plain_names(names: list[str], *, measured: bool) -> tuple[list[str], list[Problem]]:
    """Names without what the Delta protocol forbids, different also but for their case."""
    ours = {*_TAKEN, AREA_COLUMN} if measured else set(_TAKEN)
    taken = set(ours)
    plain: list[str] = []
    changed: list[str] = []
    for name in names:
        wished = _allowed(name)
        if wished.casefold() in ours:
            wished += "_given"
        found, number = wished, 1
        while found.casefold() in taken:
            number += 1
            found = f"{wished}_{number}"
        taken.add(found.casefold())
        plain.append(found)
        if found != name:
            changed.append(f"{name}→{found}")
    if not changed:
        return plain, []
    told = "、".join(changed[:_SHOWN])
    return plain, [
        Problem("renamed", "warning", f"列名已改：{told}", f"columns renamed: {told}",
                count=len(changed))
    ]  # fmt: skip


def _allowed(name: str) -> str:
    letters = ("_" if c in FORBIDDEN or not c.isprintable() else c for c in name)
    return "".join(letters)[:_LONGEST] or "_"


def _plain_type(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, bool]:
    """A column of a type that Delta has; whether it had to become text."""
    column = _unwrapped(column)
    kind = column.type
    target = next((target for test, target in _CASTS if test(kind)), None)
    if target is not None:
        return (column if kind == target else column.cast(target)), False
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return column.cast(pa.timestamp("us", "UTC"), safe=False), False
    if pa.types.is_uint64(kind) and not _too_large(column):
        return column.cast(pa.int64()), False
    if pa.types.is_integer(kind) or pa.types.is_temporal(kind):
        # A time without a zone: Delta has it only as a feature that few programs read.
        return column.cast(pa.string()), True
    return _as_json(column), True


def _unwrapped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values themselves of an extension type or a dictionary."""
    if isinstance(column.type, pa.BaseExtensionType):
        storage = [chunk.storage for chunk in column.chunks]
        column = pa.chunked_array(storage, column.type.storage_type)
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _too_large(column: pa.ChunkedArray) -> bool:
    most = pa.scalar(2**63 - 1, pa.uint64())
    return bool(pc.any(pc.greater(column, most)).as_py())


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = [
        None if value is None else json.dumps(value, ensure_ascii=False, default=str)
        for value in column.to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])


_CASTS: tuple[tuple[Callable[[Any], bool], pa.DataType], ...] = (
    (pa.types.is_string, pa.string()), (pa.types.is_large_string, pa.string()),
    (pa.types.is_string_view, pa.string()), (pa.types.is_null, pa.string()),
    (pa.types.is_boolean, pa.bool_()), (pa.types.is_int64, pa.int64()),
    (pa.types.is_int32, pa.int32()), (pa.types.is_int16, pa.int16()), (pa.types.is_int8, pa.int8()),
    (pa.types.is_uint8, pa.int16()), (pa.types.is_uint16, pa.int32()),
    (pa.types.is_uint32, pa.int64()), (pa.types.is_float64, pa.float64()),
    (pa.types.is_float32, pa.float32()), (pa.types.is_float16, pa.float32()),
    (pa.types.is_date32, pa.date32()), (pa.types.is_date64, pa.date32()),
    (pa.types.is_binary, pa.binary()), (pa.types.is_large_binary, pa.binary()),
    (pa.types.is_decimal, pa.float64()),
)  # fmt: skip
