"""Attribute columns as tables of other programs hold them, made plain: texts, numbers, dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

import orjson
import pyarrow as pa

from geo.files.batches import attribute_names
from geo.problems import Problem

Change: TypeAlias = Callable[[pa.ChunkedArray], pa.ChunkedArray]

_CASTS: Final[tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...]] = (
    (pa.types.is_large_string, pa.string()), (pa.types.is_string_view, pa.string()),
    (pa.types.is_null, pa.string()), (pa.types.is_decimal, pa.float64()),
    (pa.types.is_float16, pa.float64()),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a schema's columns: `source` → `names`, through `changes` (None: as is)."""

    source: tuple[str, ...]
    names: tuple[str, ...]
    changes: tuple[Change | None, ...]
    problems: tuple[Problem, ...]

    def apply(self, table: pa.Table, geometry: str, into: str) -> pa.Table:
        """The table with its plain columns, and last its geometry (if any) under the name `into`.

        The geometry may have any name, but no attribute may have that of `into`.
        """
        columns = []
        for source, change in zip(self.source, self.changes, strict=True):
            column = table.column(source)
            columns.append(column if change is None else change(column))
        names = list(self.names)
        if geometry:
            columns.append(table.column(geometry))
            names.append(into)
        return pa.Table.from_arrays(columns, names=names)


def plan(schema: pa.Schema, *, leave_out: frozenset[str] | set[str]) -> Plan:
    """Which columns are kept, and how: bytes are left out (told), nested values become JSON."""
    source, changes, dropped = [], [], []
    for column in schema:
        if column.name in leave_out:
            continue
        if _is_bytes(column.type):
            dropped.append(column.name)
            continue
        source.append(column.name)
        changes.append(_change(column.type))
    names, problems = attribute_names(source)
    if dropped:
        told = "、".join(dropped[:20])
        problems += (
            Problem(
                "binary_dropped", "warning", f"二进制列未读入：{told}",
                f"columns of bytes were left out: {told}", count=len(dropped),
            ),
        )  # fmt: skip
    return Plan(tuple(source), names, tuple(changes), problems)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind) or pa.types.is_binary_view(kind)
    )  # fmt: skip


def _change(kind: pa.DataType) -> Change | None:
    if isinstance(kind, pa.BaseExtensionType):
        inner = _change(kind.storage_type)
        return _unwrapped if inner is None else lambda column: inner(_unwrapped(column))
    if pa.types.is_dictionary(kind):
        return lambda column: column.cast(kind.value_type)
    if pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return _json
    for is_such, into in _CASTS:
        if is_such(kind):
            return partial(pa.ChunkedArray.cast, target_type=into)
    return None


def _unwrapped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    chunks = [chunk.storage for chunk in column.chunks]
    return pa.chunked_array(chunks, type=column.type.storage_type)


def _json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    def text(value: Any) -> str | None:
        return None if value is None else orjson.dumps(value, default=str).decode()

    return pa.chunked_array([pa.array([text(v) for v in column.to_pylist()], type=pa.string())])
