"""The attribute table of a Shapefile (.dbf, dBASE III) read by column, in an encoding found out.

Rows are fixed-width bytes, so a column of many rows is one array: encodings are tried on all texts
at once, and numbers are parsed by Arrow.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.errors import FileRefusedError
from geo.files.dbasetext import Bytes, decoded_rows, whole_characters
from geo.files.encodings import decoded
from geo.files.featurefile import BATCH_ROWS
from geo.files.shapes import Teller

_READ: Final = frozenset("CNFDLIOB")


@dataclass(frozen=True, slots=True)
class Field:
    """A column: raw name, type letter, place in the row, width in bytes, decimals."""

    raw: bytes
    kind: str
    at: int
    width: int
    decimals: int


class Table:
    """A .dbf file; `rows` are those there are, whatever its header says."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        try:
            with path.open("rb") as file:
                head = file.read(32)
                self._parse(head, file.read(max(0, struct.unpack_from("<H", head, 8)[0] - 32)))
        except (OSError, struct.error) as error:
            raise self._damaged() from error
        whole = max(0, path.stat().st_size - self.start)
        self.rows = min(self.said, whole // self.row_bytes)
        self.data: Bytes = np.empty((0, self.row_bytes), np.uint8)
        if self.rows:
            self.data = np.memmap(
                path, np.uint8, "r", self.start, (self.rows, self.row_bytes)
            )  # fmt: skip

    def _parse(self, head: bytes, rest: bytes) -> None:
        if len(head) < 32:
            raise self._damaged()
        self.said, self.start, self.row_bytes = struct.unpack_from("<LHH", head, 4)
        self.language = head[29]
        if self.row_bytes < 1 or self.start < 33:
            raise self._damaged()
        for wide in (False, True):  # some programs keep the high byte of long texts in the decimals
            self.fields = self._fields(rest, wide=wide)
            if 1 + sum(field.width for field in self.fields) == self.row_bytes:
                return
        raise self._damaged()

    def _fields(self, rest: bytes, *, wide: bool) -> tuple[Field, ...]:
        found, at = [], 1
        for start in range(0, len(rest) - 31, 32):
            if rest[start] == 0x0D:
                break
            one = rest[start : start + 32]
            kind, width, decimals = chr(one[11]), one[16], one[17]
            if wide and kind == "C":
                width, decimals = width + 256 * decimals, 0
            found.append(Field(one[:11].split(b"\0")[0].rstrip(), kind, at, width, decimals))
            at += width
        return tuple(found)

    def _damaged(self) -> FileRefusedError:
        return FileRefusedError(
            f"{self.name} 的属性表（.dbf）已损坏 / the table (.dbf) of {self.name} is damaged",
            code="damaged",
        )

    @property
    def kept(self) -> tuple[Field, ...]:
        """The columns that are read."""
        return tuple(field for field in self.fields if field.kind in _READ and field.width)

    def live(self) -> NDArray[np.bool_]:
        """Which rows are not marked as deleted."""
        found: NDArray[np.bool_] = self.data[:, 0] != ord("*")
        return found

    def blocks(self, field: Field) -> Iterator[Bytes]:
        """A column's bytes, (rows, width), some rows at a time."""
        for start in range(0, self.rows, BATCH_ROWS):
            part = self.data[start : start + BATCH_ROWS, field.at : field.at + field.width]
            yield np.ascontiguousarray(part)


def field_names(fields: Sequence[Field], codec: str) -> list[str]:
    """The columns' names; an unfinished last character is left out."""
    return [
        whole_characters(field.raw, 10, codec).decode(codec, "replace").strip() for field in fields
    ]  # fmt: skip


def column_types(table: Table) -> list[pa.DataType]:
    """The Arrow type of every kept column: whole numbers only where all values are such."""
    return [_type(table, field) for field in table.kept]


def _type(table: Table, field: Field) -> pa.DataType:
    if field.kind in "NF":
        if field.decimals or field.width > 20:
            return pa.float64()
        for block in table.blocks(field):
            if np.isin(block, np.frombuffer(b".,eE#nN", np.uint8)).any():
                return pa.float64()
            if field.width > 18 and _parsed(_strings(block), pa.int64()) is None:
                return pa.float64()
        return pa.int64()
    fixed = {"D": pa.date32(), "L": pa.bool_(), "I": pa.int32(), "O": pa.float64(),
             "B": pa.float64()}  # fmt: skip
    return fixed.get(field.kind, pa.string())


def read_column(
    block: Bytes, field: Field, kind: pa.DataType, codec: str, *, name: str, first: int,
    teller: Teller,
) -> pa.Array:  # fmt: skip
    """Some rows of a column as Arrow; what can't be read is missing, and told by feature."""
    if field.kind == "C":
        return _texts(block, codec, name=name, first=first, teller=teller)
    if field.kind in "IOB":
        code, size = ("<i4", 4) if field.kind == "I" else ("<f8", 8)
        if field.width != size:
            return pa.nulls(len(block), kind)
        return pa.array(block.view(code)[:, 0])
    if field.kind == "L":
        letters = block[:, 0]
        yes, no = np.isin(letters, list(b"TtYy1")), np.isin(letters, list(b"FfNn0"))
        return pa.array(yes, mask=~(yes | no))
    strings = _strings(block)
    if field.kind == "D":
        none = pa.scalar(None, pa.string())
        strings = pc.if_else(pc.equal(strings, "00000000"), none, strings)
        parsed = _dates(strings).cast(kind)
        words = ("不是日期", "is no date")
    else:
        whole = _parsed(strings, kind)
        parsed = _number_by_number(strings, kind) if whole is None else whole
        words = ("不是数", "is no number")
    for row in np.flatnonzero(_lost(strings, parsed)).tolist():
        teller.add(
            "bad_value", first + row, field=name,
            words=(f"{name} 的值 {strings[row].as_py()!r} {words[0]}，按缺失处理",
                   f"{name} {strings[row].as_py()!r} {words[1]} and is taken as missing"),
        )  # fmt: skip
    return parsed


def _dates(strings: pa.Array) -> pa.Array:
    """Texts like 20230228 as dates; null for days that no month has, which `strptime` moves on."""
    found = pc.strptime(strings, format="%Y%m%d", unit="s", error_is_null=True)
    number = pc.add(
        pc.add(pc.multiply(pc.year(found), 10_000), pc.multiply(pc.month(found), 100)),
        pc.day(found),
    )
    again = pc.utf8_lpad(number.cast(pa.string()), 8, "0")
    return pc.if_else(pc.equal(again, strings), found, pa.scalar(None, found.type))


def _lost(strings: pa.Array, parsed: pa.Array) -> NDArray[np.bool_]:
    lost = pc.and_(pc.is_valid(strings), pc.is_null(parsed))
    return np.asarray(lost.to_numpy(zero_copy_only=False), dtype=bool)


def _strings(block: Bytes) -> pa.Array:
    """Cells as trimmed texts; empty ones and those of asterisks (an overflow) are missing."""
    printable = np.where((block < 0x20) | (block >= 0x7F), ord(" "), block)
    fixed = pa.Array.from_buffers(
        pa.binary(block.shape[1]), len(block),
        [None, pa.py_buffer(np.ascontiguousarray(printable))],
    )  # fmt: skip
    trimmed = pc.ascii_trim_whitespace(fixed.cast(pa.binary()).cast(pa.string()))
    empty = pc.match_substring_regex(trimmed, r"^\**$")
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def _parsed(strings: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """The texts as numbers, or None where one is no finite number."""
    try:
        found = strings.cast(kind)
    except pa.ArrowInvalid:
        return None
    if kind == pa.float64() and pc.any(pc.invert(pc.is_finite(found))).as_py():
        return None
    return found


def _number_by_number(strings: pa.Array, kind: pa.DataType) -> pa.Array:
    def number(text: str | None) -> float | int | None:
        try:
            found = None if text is None else float(text.replace(",", "."))
        except ValueError:
            return None
        if found is None or not np.isfinite(found):
            return None
        return found if kind == pa.float64() else int(found)

    return pa.array([number(text) for text in strings.to_pylist()], type=kind)


def _texts(block: Bytes, codec: str, *, name: str, first: int, teller: Teller) -> pa.Array:
    text = decoded_rows(block, codec)[1]
    if text is None:
        cells = _cell_by_cell(block, codec, name=name, first=first, teller=teller)
        return pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
    encoded = np.frombuffer(text.encode("utf-8"), np.uint8)
    offsets = np.r_[0, np.flatnonzero(encoded == ord("\n")) + 1].astype(np.int32)
    strings = pa.StringArray.from_buffers(
        len(block), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(encoded))
    )
    if (block == 0).any():  # what stands after the first NUL is left over from before
        strings = pc.replace_substring_regex(strings, "(?s)\x00.*", "")
    trimmed = pc.utf8_rtrim(strings, " \n\x00")
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _cell_by_cell(
    cells: Bytes, codec: str, *, name: str, first: int, teller: Teller
) -> pa.Array:  # fmt: skip
    found = []
    for row, cell in enumerate(cells):
        raw = cell.tobytes().split(b"\0")[0].rstrip(b" \n")
        text = decoded(raw, codec)
        if text is None:
            text = raw.decode(codec, "replace")
            teller.add(
                "bad_text", first + row, field=name,
                words=(f"{name} 的文字不是 {codec}，部分字已丢失",
                       f"{name} is no {codec}, some characters are lost"),
            )  # fmt: skip
        found.append(text)
    return pa.array(found, type=pa.string())
