"""A sheet of a workbook, or a CSV file, as a grid of cells: what a person sees, nothing executed.

Cells are text, numbers, truth values, days or nothing. A cell is given as it is shown, but with
all its digits: a number under a percent format is the text "76.19%", an error of a formula the text
"#DIV/0!", a date without a day "2023年6月". Formulas are never evaluated: the value that
the program of its author saved stands for it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from facts.errors import FactsError

Cell: TypeAlias = str | float | bool | date | None

MAX_CELLS = 5_000_000
MAX_BYTES = 256 << 20
TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")

_DELIMITERS = (",", "\t", ";", "|")
_SNIFFED_LINES = 50
_DATE_MARK = "date"  # how a day is told from a text in JSON


class GridError(FactsError):
    """A file of figures can't be read: damaged, protected, or no table at all."""

    code: ClassVar[str] = "bad_table_file"


class GridLimitError(GridError):
    """A file of figures is larger than is taken in; the message names the limit."""

    code: ClassVar[str] = "too_large"


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """A rectangle of cells, all ends included, counted from 0."""

    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, cell: tuple[int, int]) -> bool:
        return self.top <= cell[0] <= self.bottom and self.left <= cell[1] <= self.right


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet; rows are equally long, rows and columns count from 0.

    `name` is the sheet's ("" for a CSV file), `number` its place in the workbook from 1.
    `merged` ranges hold their content in the first cell only. `formulas` is how many cells were
    computed; `hidden_rows` are not shown by Excel (filtered, folded or hidden). `encoding` is that
    of a text file. `row_names` is what to call each row where the grid is made of something that
    has no cells (the outlines of a layer), "" for a row that is called by its address.
    """

    name: str
    cells: tuple[tuple[Cell, ...], ...]
    merged: tuple[Range, ...] = ()
    number: int = 1
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    formulas: int = 0
    encoding: str = ""
    row_names: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.cells)

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.cells[0]) if self.cells else 0

    @cached_property
    def _anchors(self) -> Mapping[tuple[int, int], Range]:
        # Bounded by the cells there are: ranges may claim a million empty rows, or overlap.
        anchors: dict[tuple[int, int], Range] = {}
        left = 2 * self.height * self.width
        for merged in self.merged:
            bottom, right = min(merged.bottom, self.height - 1), min(merged.right, self.width - 1)
            left -= max(0, bottom - merged.top + 1) * max(0, right - merged.left + 1)
            if left < 0:
                break
            for row in range(merged.top, bottom + 1):
                for column in range(merged.left, right + 1):
                    anchors[row, column] = merged
        return anchors

    def range_of(self, row: int, column: int) -> Range | None:
        """The merged range that the cell belongs to, if any."""
        return self._anchors.get((row, column))

    def cell(self, row: int, column: int) -> Cell:
        """What stands in the cell itself; nothing outside the grid."""
        if 0 <= row < self.height and 0 <= column < self.width:
            return self.cells[row][column]
        return None

    def filled(self, row: int, column: int) -> Cell:
        """What a reader sees there: in a merged range the content of its first cell."""
        merged = self._anchors.get((row, column))
        return self.cell(merged.top, merged.left) if merged else self.cell(row, column)

    def address(self, row: int, column: int) -> str:
        """Where the cell is, for people: "Sheet1!C5", "C5" without a name; a named row by that."""
        if row < len(self.row_names) and self.row_names[row]:
            return self.row_names[row]
        at = address(row, column)
        return f"{self.name}!{at}" if self.name else at

    def to_json(self) -> dict[str, Any]:
        """The grid as plain JSON values; see from_json."""
        return {
            "name": self.name,
            "number": self.number,
            "cells": [[_cell_to_json(cell) for cell in row] for row in self.cells],
            "merged": [[m.top, m.left, m.bottom, m.right] for m in self.merged],
            "hidden": self.hidden,
            "hidden_rows": list(self.hidden_rows),
            "formulas": self.formulas,
            "encoding": self.encoding,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Grid:
        """The grid that to_json gave.

        Raises:
            GridError: when the data are no such grid.
        """
        try:
            rows = tuple(tuple(_cell_from_json(cell) for cell in row) for row in data["cells"])
            return cls(
                name=str(data["name"]),
                cells=_even(rows),
                merged=tuple(Range(*(int(end) for end in ends)) for ends in data["merged"]),
                number=int(data["number"]),
                hidden=bool(data["hidden"]),
                hidden_rows=tuple(int(row) for row in data["hidden_rows"]),
                formulas=int(data["formulas"]),
                encoding=str(data["encoding"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise GridError(f"不是表格数据 / no data of a grid: {error!r}") from None


def address(row: int, column: int) -> str:
    """The cell's name in Excel: (4, 2) -> "C5"."""
    return f"{column_letters(column)}{row + 1}"


def column_letters(column: int) -> str:
    """The column's name in Excel: 0 -> "A", 26 -> "AA"."""
    letters = ""
    column += 1
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def plain_number(value: float) -> str:
    """A number as plain decimals, with the 15 digits that a spreadsheet keeps and shows.

    So 0.1 + 0.2 of a formula is "0.3", and what was typed comes back as it was typed.

    Raises:
        ValueError: when it is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(value)
    text = format(Decimal(f"{value:.15g}"), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def text_of(cell: Cell) -> str:
    """The cell as text, on one line and without blanks around it; "" for nothing."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float | int):
        return plain_number(cell) if math.isfinite(cell) else str(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    return " ".join(cell.split())


def make_cell(value: object) -> Cell:
    """A cell of what a reader of workbooks gives; blank text is nothing, midnights are days."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else value.replace(tzinfo=None)
    if isinstance(value, date):
        return value
    text = str(value) if isinstance(value, str | time | timedelta) else repr(value)
    # A lone surrogate can't be stored or sent; a NUL ends the text in some programs.
    text = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return text if text.strip() else None


def read_grids(
    path: Path, *, encoding: str = "", max_cells: int = MAX_CELLS, max_bytes: int = MAX_BYTES
) -> tuple[Grid, ...]:
    """Every sheet of a workbook that holds a cell, or the one grid of a text file.

    Text (.csv .txt .tsv) is UTF-8 or UTF-16 with a mark, else UTF-8, else GB18030, unless
    `encoding` says so; its delimiter is found out. Workbooks are .xlsx, .xlsm, .xls and .ods; that
    a zipped one is no bomb is for the caller to check. `max_bytes` bounds the file on disk and
    each part of a workbook, `max_cells` all sheets together.

    Raises:
        GridLimitError: the file, or what it unpacks to, is too large.
        GridError: it is damaged, protected by a password, or of another kind.
    """
    suffix = path.suffix.casefold()
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise GridLimitError(
                f"文件太大（{size / 1e6:.0f} MB，上限 {max_bytes / 1e6:.0f} MB） / "
                f"the file is too large ({size / 1e6:.0f} MB of at most {max_bytes / 1e6:.0f} MB)"
            )
        if suffix in WORKBOOK_SUFFIXES:
            from facts.workbooks import read_workbook  # noqa: PLC0415 - CSV needs none of it

            return read_workbook(path, max_cells=max_cells, max_bytes=max_bytes)
        if suffix in TEXT_SUFFIXES:
            return (parse_csv(path.read_bytes(), encoding=encoding, max_cells=max_cells),)
    except OSError as error:
        raise GridError(f"文件不能读取 / the file can't be read: {error.strerror}") from None
    raise GridError(
        f"不支持的表格类型“{suffix}”，请另存为 .xlsx 或 .csv / "
        f"no table file of a known kind ({suffix}): save it as .xlsx or .csv"
    )


def parse_csv(data: bytes, *, encoding: str = "", max_cells: int = MAX_CELLS) -> Grid:
    """The grid of a text file; raises as read_grids does."""
    text, used = _decode(data, encoding)
    if "\x00" in text:
        raise GridError("文件含空字符，不是文本 / the file holds NUL characters: it is no text")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    rows: list[tuple[Cell, ...]] = []
    width = 0
    try:
        for record in reader:
            width = max(width, len(record))
            rows.append(tuple(make_cell(cell) for cell in record))
            if len(rows) * width > max_cells:
                raise GridLimitError(
                    f"单元格太多（上限 {max_cells}） / more than {max_cells} cells"
                )
    except csv.Error as error:
        raise GridError(
            f"第 {reader.line_num} 行引号或分隔不合规，请检查后重新导出 / "
            f"malformed CSV at line {reader.line_num}: {error}"
        ) from None
    while rows and not any(cell is not None for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise GridError("文件是空的 / the file is empty")
    return Grid("", _even(rows), encoding=used)


def _even(rows: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """The rows, all as long as the longest."""
    width = max((len(row) for row in rows), default=0)
    return tuple((*row, *(None,) * (width - len(row))) for row in rows)


def _decode(data: bytes, encoding: str) -> tuple[str, str]:
    """The text and the encoding it was read in."""
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    marked = next((name for mark, name in marks if data.startswith(mark)), "")
    for name in [encoding] if encoding else [marked] if marked else ["utf-8", "gb18030"]:
        try:
            return data.decode(name), name
        except (UnicodeDecodeError, LookupError):
            continue
    raise GridError(
        f"文字编码不是 {encoding or 'UTF-8 或 GB18030'}，请指定编码或另存为 UTF-8 / "
        f"the text is not in {encoding or 'UTF-8 or GB18030'}: name its encoding, or save as UTF-8"
    )


def _delimiter(text: str) -> str:
    """The mark that parts most lines into the same number of fields; a comma when in doubt."""
    lines = [line for line in text[:100_000].splitlines()[:_SNIFFED_LINES] if line.strip()]

    def score(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        most = max(set(counts), key=lambda count: (counts.count(count), count), default=0)
        return (counts.count(most) if most else 0, most)

    return max(_DELIMITERS, key=score)


def _cell_to_json(cell: Cell) -> Any:
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    if isinstance(cell, date):
        return {_DATE_MARK: cell.isoformat()}
    return cell


def _cell_from_json(value: Any) -> Cell:
    if isinstance(value, Mapping):
        return make_cell(datetime.fromisoformat(str(value[_DATE_MARK])))
    return make_cell(value)
