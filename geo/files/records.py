"""Attributes that come feature by feature, of any kind each, made columns of one kind each."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import orjson
import pyarrow as pa

from geo.errors import LimitError
from geo.files.batches import attribute_names
from geo.files.featurefile import BATCH_ROWS, GEOMETRY, Batch
from geo.files.shapes import Teller
from geo.problems import Problem

Kind: TypeAlias = Literal["", "bool", "int", "float", "text"]

_TYPES: Final[dict[Kind, pa.DataType]] = {
    "": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(),
    "text": pa.string(),
}  # fmt: skip
_MOST_COLUMNS: Final = 2_000
_CHUNK_ROWS: Final = 8_192
_EXACT_BELOW: Final = 1 << 53  # whole numbers that a float holds exactly


@dataclass(slots=True)
class _Chunk:
    rows: int
    columns: dict[str, tuple[Kind, pa.Array]]
    shapes: pa.Array


@dataclass(slots=True)
class Records:
    """Features added one by one; `table` gives them with columns of one type each.

    A column is of whole numbers, numbers or truth values where all its values are; else it is text,
    nested values as JSON. Numbers that are not finite are missing, and that is told.
    """

    teller: Teller = field(default_factory=Teller)
    count: int = 0
    lines: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _names: dict[str, Kind] = field(default_factory=dict)
    _chunks: list[_Chunk] = field(default_factory=list)
    _rows: list[Mapping[str, Any]] = field(default_factory=list)
    _shapes: list[bytes | None] = field(default_factory=list)

    def declare(self, name: str, kind: Kind) -> None:
        """There is a column of this name and kind, even if no feature has a value in it."""
        self._names.setdefault(name, kind)
        self._check_names()

    def add(self, values: Mapping[str, Any], shape: bytes | None, line: int) -> None:
        """Take in the next feature: its attributes, WKB and line."""
        self.count += 1
        self._rows.append(values)
        self._shapes.append(shape)
        self.lines.append(line)
        if len(self._rows) >= _CHUNK_ROWS:
            self._pack()

    def table(self) -> tuple[pa.Table, tuple[Problem, ...]]:
        """All features; and what columns had to be renamed."""
        self._pack()
        self.problems += self.teller.take()
        kinds = dict(self._names)
        for chunk in self._chunks:
            for name, (kind, _) in chunk.columns.items():
                kinds[name] = joined(kinds[name], kind)
        names, renamed = attribute_names(list(kinds))
        schema = pa.schema(
            [pa.field(name, _TYPES[kind]) for name, kind in zip(names, kinds.values(), strict=True)]
            + [pa.field(GEOMETRY, pa.large_binary())]
        )
        tables = [_unified(chunk, kinds, schema) for chunk in self._chunks]
        self._chunks.clear()
        return pa.concat_tables(tables) if tables else schema.empty_table(), renamed

    def _pack(self) -> None:
        if not self._rows:
            return
        first = self.count - len(self._rows) + 1
        names = dict.fromkeys(name for row in self._rows for name in row)
        for name in names:
            self._names.setdefault(name, "")
        self._check_names()
        columns = {}
        for name in names:
            values = [row.get(name) for row in self._rows]
            columns[name] = self._packed(name, values, first)
        shapes = pa.array(self._shapes, type=pa.large_binary())
        self._chunks.append(_Chunk(len(self._rows), columns, shapes))
        self._rows, self._shapes = [], []

    def _check_names(self) -> None:
        if len(self._names) > _MOST_COLUMNS:
            raise LimitError(
                f"属性列过多（超过 {_MOST_COLUMNS} 列），文件可能不是要素表 / there are more than "
                f"{_MOST_COLUMNS} columns of attributes",
                code="too_many_columns",
            )

    def _packed(self, name: str, values: list[Any], first: int) -> tuple[Kind, pa.Array]:
        types = set(map(type, values)) - {type(None)}
        if float in types:
            for row, value in enumerate(values):
                if isinstance(value, float) and not math.isfinite(value):
                    values[row] = None
                    self.teller.add(
                        "not_finite_value", first + row, line=self.lines[first + row - 1],
                        field=name, words=(f"{name} 的数值不是有限的数，按缺失处理",
                                           f"{name} is no finite number and is taken as missing"),
                    )  # fmt: skip
        kind = _kind(types, values)
        if kind == "text" and types != {str}:
            values = [None if value is None else _as_text(value) for value in values]
        return kind, pa.array(values, type=_TYPES[kind])


def joined(one: Kind, other: Kind) -> Kind:
    """The kind that holds values of both."""
    if one in ("", other):
        return other
    if other == "":
        return one
    return "float" if {one, other} == {"int", "float"} else "text"


def in_batches(
    table: pa.Table, lines: Sequence[int], problems: Sequence[Problem]
) -> Iterator[Batch]:
    """A table in memory as batches, each with its lines and problems (sorted by feature)."""
    ordered = sorted(problems, key=lambda problem: problem.feature or 0)
    numbers = [problem.feature or 0 for problem in ordered]
    for start in range(0, table.num_rows, BATCH_ROWS):
        part = table.slice(start, BATCH_ROWS).combine_chunks()
        low = 0 if start == 0 else bisect_left(numbers, start + 1)
        high = bisect_left(numbers, start + part.num_rows + 1)
        yield Batch(
            part, start + 1, tuple(lines[start : start + part.num_rows]), tuple(ordered[low:high])
        )


def _kind(types: set[type], values: Sequence[Any]) -> Kind:
    if not types:
        return ""
    if types == {bool}:
        return "bool"
    if types == {int}:
        return "int" if all(v is None or -(1 << 63) <= v < 1 << 63 for v in values) else "text"
    if types == {float}:
        return "float"
    if types == {int, float}:
        whole = (v for v in values if isinstance(v, int))
        return "float" if all(abs(v) <= _EXACT_BELOW for v in whole) else "text"
    return "text"


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()


def _unified(chunk: _Chunk, kinds: Mapping[str, Kind], schema: pa.Schema) -> pa.Table:
    columns = []
    for name, kind in kinds.items():
        known = chunk.columns.get(name)
        if known is None or known[0] == "":
            columns.append(pa.nulls(chunk.rows, _TYPES[kind]))
        elif known[0] == kind:
            columns.append(known[1])
        elif kind == "float":
            columns.append(known[1].cast(pa.float64(), safe=False))
        else:
            texts = [None if v is None else _as_text(v) for v in known[1].to_pylist()]
            columns.append(pa.array(texts, type=pa.string()))
    return pa.Table.from_arrays([*columns, chunk.shapes], schema=schema)
