"""The attribute table of a Shapefile (.dbf) written: names of 10 bytes, texts of 254, no more."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.files.featurefile import GEOMETRY
from geo.files.writing import cannot_write, plain_cell, renamed, unique_names
from geo.problems import Problem

_NAME_BYTES: Final = 10
_TEXT_BYTES: Final = 254
_NUMBER_BYTES: Final = 24  # the longest shortest form of a double
_MOST_FIELDS: Final = 255
_ROWS: Final = 65_536
_LDID_GBK: Final = 0x4D


@dataclass(frozen=True, slots=True)
class _Column:
    kind: str
    width: int
    decimals: int
    cells: Sequence[bytes]  # without padding; b"" where missing


def write_dbf(
    table: pd.DataFrame, path: Path, *, codec: str
) -> tuple[Problem, ...]:  # fmt: skip
    """Write a table of plain columns (`geo.files.writing.plain_columns` with dates).

    Args:
        table: texts, whole numbers, numbers, truth values, dates.
        path: the .dbf.
        codec: "utf-8" or "gb18030".

    Raises:
        FileRefusedError: more than 255 columns.
    """
    before = list(table.columns)
    after = unique_names(before, shorten=_shortener(codec), taken=(GEOMETRY,))
    if len(after) > _MOST_FIELDS:
        raise cannot_write(
            path, f"Shapefile 最多 {_MOST_FIELDS} 列，数据有 {len(after)} 列",
            f"a Shapefile holds {_MOST_FIELDS} columns, the data have {len(after)}",
            code="too_many_columns",
        )  # fmt: skip
    problems: list[Problem] = list(renamed(before, after))
    columns = [_column(table[name], name, codec, problems) for name in before]
    if not columns:  # a table without a column is none to other programs
        after, columns = ["FID"], [_numbers([str(i) for i in range(len(table))], "N", 0)]
    with path.open("wb") as file:
        file.write(_header(after, columns, len(table), codec))
        for start in range(0, len(table), _ROWS):
            file.write(_records(columns, start, min(_ROWS, len(table) - start)))
        file.write(b"\x1a")
    return tuple(problems)


def cpg_name(table: pd.DataFrame, codec: str) -> tuple[str, tuple[Problem, ...]]:
    """What the .cpg says, and a warning where the texts need more than GBK."""
    if codec == "utf-8":
        return "UTF-8", ()
    rare = {
        letter
        for name in table.columns
        for text in (name, *_texts(table[name]))
        for letter in set(text)
        if letter > "\x7f" and not _in_gbk(letter)
    }
    if not rare:
        return "GBK", ()
    told = "".join(sorted(rare)[:20])
    problem = Problem(
        "rare_characters", "warning",
        f"有 GBK 没有的字（{told}），按 GB18030 写出；旧软件可能显示不了，可改用 UTF-8",
        f"some characters are not in GBK ({told}) and were written as GB18030, which older "
        "programs may not show; UTF-8 is the other choice", count=len(rare),
    )  # fmt: skip
    return "GB18030", (problem,)


def _texts(values: pd.Series[Any]) -> set[str]:
    if values.dtype != object and not pd.api.types.is_string_dtype(values.dtype):
        return set()
    return {value for value in values.tolist() if isinstance(value, str)}


def _in_gbk(letter: str) -> bool:
    try:
        letter.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def _shortener(codec: str) -> Callable[[str, str], str]:
    def shorten(name: str, tail: str) -> str:
        plain = "".join(" " if c < " " else c for c in name).strip() or "column"
        room = _NAME_BYTES - len(tail)
        return plain.encode(codec, "replace")[:room].decode(codec, "ignore").strip() + tail

    return shorten


def _column(values: pd.Series[Any], name: str, codec: str, problems: list[Problem]) -> _Column:
    kind = values.dtype
    missing = values.isna().to_numpy(dtype=bool)
    if pd.api.types.is_bool_dtype(kind):
        marks = [b"" if m else b"T" if v else b"F" for v, m in zip(values, missing, strict=True)]
        return _Column("L", 1, 0, marks)
    if pd.api.types.is_integer_dtype(kind):
        whole = ["" if m else str(int(v)) for v, m in zip(values, missing, strict=True)]
        if max(map(len, whole), default=0) <= 19:
            return _numbers(whole, "N", 0)
        return _text_column(whole, name, codec, problems)
    if pd.api.types.is_float_dtype(kind):
        floats = values.to_numpy(dtype=np.float64, na_value=np.nan)
        texts = [repr(v) if np.isfinite(v) else "" for v in floats.tolist()]
        return _numbers(texts, "N", 15, width=_NUMBER_BYTES)
    cells = values.astype(object).tolist()
    days = [v for v, m in zip(cells, missing, strict=True) if not m]
    if days and all(isinstance(v, date) and not isinstance(v, datetime) for v in days):
        dated = [
            b"" if m else f"{v.year:04d}{v.month:02d}{v.day:02d}".encode()
            for v, m in zip(cells, missing, strict=True)
        ]
        return _Column("D", 8, 0, dated)
    texts = ["" if m else str(plain_cell(v)) for v, m in zip(cells, missing, strict=True)]
    return _text_column(texts, name, codec, problems)


def _numbers(texts: list[str], kind: str, decimals: int, *, width: int = 0) -> _Column:
    width = width or max([10, *map(len, texts)])
    return _Column(kind, width, decimals, [t.rjust(width).encode() if t else b"" for t in texts])


def _text_column(
    texts: list[str], name: str, codec: str, problems: list[Problem]
) -> _Column:  # fmt: skip
    cells = [text.replace("\0", " ").encode(codec, "replace") for text in texts]
    cut = [row for row, cell in enumerate(cells) if len(cell) > _TEXT_BYTES]
    for row in cut:
        cells[row] = cells[row][:_TEXT_BYTES].decode(codec, "ignore").encode(codec)
    if cut:
        problems.append(
            Problem(
                "text_cut", "warning",
                f"列 {name} 有 {len(cut)} 个值超过 {_TEXT_BYTES} 字节，已截短，"
                f"第一个是第 {cut[0] + 1} 个要素",
                f"{len(cut)} values of {name} are longer than {_TEXT_BYTES} bytes and were cut, "
                f"the first in feature {cut[0] + 1}",
                count=len(cut), feature=cut[0] + 1, field=name,
            )
        )  # fmt: skip
    return _Column("C", max([1, *map(len, cells)]), 0, cells)


def _header(names: Sequence[str], columns: Sequence[_Column], rows: int, codec: str) -> bytes:
    today = datetime.now(UTC)
    start = 32 + 32 * len(columns) + 1
    width = 1 + sum(column.width for column in columns)
    head = struct.pack(
        "<4BLHH17xB2x", 3, today.year - 1900, today.month, today.day, rows, start, width,
        0 if codec == "utf-8" else _LDID_GBK,
    )  # fmt: skip
    fields = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(codec), column.kind.encode(), column.width,
                    column.decimals)
        for name, column in zip(names, columns, strict=True)
    )  # fmt: skip
    return head + fields + b"\r"


def _records(columns: Sequence[_Column], start: int, count: int) -> bytes:
    width = 1 + sum(column.width for column in columns)
    block: NDArray[np.uint8] = np.full((count, width), ord(" "), np.uint8)
    at = 1
    for column in columns:
        cells = np.array(column.cells[start : start + count], dtype=f"S{column.width}")
        raw = cells.view(np.uint8).reshape(count, column.width)
        block[:, at : at + column.width] = np.where(raw == 0, ord(" "), raw)
        at += column.width
    return block.tobytes()
