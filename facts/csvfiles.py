"""Reading CSV files strictly: every fault is collected with its place, nothing is guessed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from facts.errors import Fault
from facts.periods import parse_date

LIST_MARK = "|"

# Plain decimals only: no thousands marks, exponents, signs of a bound, nan or inf.
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_PARTIAL_DATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_INTEGER = re.compile(r"-?[0-9]{1,9}")

_Choice = TypeVar("_Choice", bound=str)


@dataclass
class Row:
    """One data row; its readers add a fault and return a stand-in when a cell is at fault.

    ``line`` is the physical line (counted from 1) on which the row begins.
    """

    file: str
    line: int
    cells: dict[str, str]
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no fault was found in this row so far."""
        return not self.faults

    def fault(self, column: str, why: str, *, value: str | None = None) -> None:
        """Add a fault of a cell; its text is shown unless another value is given."""
        shown = self.cells.get(column, "") if value is None else value
        self.faults.append(Fault(self.file, self.line, column, shown, why))

    def text(self, column: str) -> str:
        """The cell without blanks around it, perhaps empty."""
        return self.cells.get(column, "").strip()

    def required(self, column: str) -> str:
        """The cell, which must not be empty."""
        text = self.text(column)
        if not text:
            self.fault(column, "不能为空 / must not be empty")
        return text

    def choice(
        self, column: str, options: Sequence[_Choice], *, default: _Choice | None = None
    ) -> _Choice:
        """One of the options; the default, if there is one, stands for an empty cell."""
        text = self.text(column)
        if not text and default is not None:
            return default
        for option in options:
            if option == text:
                return option
        listed = ", ".join(option or "(空 / empty)" for option in options)
        self.fault(column, f"须为其一：{listed} / must be one of these")
        return options[0]

    def number_text(self, column: str) -> str:
        """The cell as printed, empty or a plain decimal number; empty when at fault."""
        text = self.text(column)
        if not text:
            return ""
        if not _NUMBER.fullmatch(text) or len(text) > 40:
            self.fault(column, "不是数 / not a number (plain decimals only)")
            return ""
        return text

    def number(self, column: str) -> float | None:
        """A finite number; None when the cell is empty. A blank is never zero."""
        text = self.number_text(column)
        return float(text) if text else None

    def integer(self, column: str) -> int:
        """A whole number; the cell must not be empty."""
        text = self.required(column)
        if text and not _INTEGER.fullmatch(text):
            self.fault(column, "不是整数 / not a whole number")
            return 0
        return int(text or "0")

    def flag(self, column: str) -> bool:
        """1 or 0."""
        return self.choice(column, ("0", "1")) == "1"

    def day(self, column: str) -> date | None:
        """A date YYYY-MM-DD; None when the cell is empty."""
        text = self.text(column)
        if not text:
            return None
        try:
            return parse_date(text)
        except ValueError:
            self.fault(column, "不是日期 YYYY-MM-DD / not a date")
            return None

    def partial_day(self, column: str) -> str:
        """A date as far as it is known: YYYY, YYYY-MM, YYYY-MM-DD or empty."""
        text = self.text(column)
        if text and not _PARTIAL_DATE.fullmatch(text):
            self.day(column)
        return text

    def items(self, column: str) -> tuple[str, ...]:
        """The parts of a cell between "|"; none of them may be empty or come twice."""
        text = self.text(column)
        if not text:
            return ()
        parts = tuple(part.strip() for part in text.split(LIST_MARK))
        if not all(parts):
            self.fault(column, "列表中有空项 / the list has an empty item")
        elif len(set(parts)) < len(parts):
            self.fault(column, "列表中有重复项 / the list has an item twice")
        return parts

    def known(self, column: str, ids: Collection[str], noun: str) -> str | None:
        """An id that some record has; None when the cell is empty."""
        text = self.text(column)
        if not text:
            return None
        self._check_known(column, text, ids, noun)
        return text

    def required_known(self, column: str, ids: Collection[str], noun: str) -> str:
        """An id that some record has; the cell must not be empty."""
        text = self.required(column)
        if text:
            self._check_known(column, text, ids, noun)
        return text

    def known_items(self, column: str, ids: Collection[str], noun: str) -> tuple[str, ...]:
        """A list of ids that records have."""
        parts = self.items(column)
        for part in filter(None, parts):
            self._check_known(column, part, ids, noun)
        return parts

    def _check_known(self, column: str, text: str, ids: Collection[str], noun: str) -> None:
        if text not in ids:
            self.fault(column, f"没有这个编号 / unknown {noun}", value=text)


@dataclass
class Table:
    """The rows of one file and the faults of the file itself.

    ``ids`` are the keys of all rows, even of faulty ones: one faulty row should be reported
    once, not again at every row that refers to it.
    """

    file: str
    rows: list[Row] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def all_faults(self) -> list[Fault]:
        """Faults of the file and of its rows."""
        return self.faults + [fault for row in self.rows for fault in row.faults]


def read_table(path: Path, columns: Sequence[str], *, key: str = "") -> Table:
    """Read a CSV file (UTF-8, comma, header) of exactly these columns, in any order.

    ``key`` names the column whose cells must be unique. Blank lines are skipped.
    Rows with a wrong number of fields are reported and left out of ``rows``.
    """
    table = Table(path.name)
    try:
        data = path.read_bytes()
    except OSError:
        table.faults.append(
            Fault(path.name, 0, "", "", "文件不存在或不能读取 / file is missing or not readable")
        )
        return table
    records = _records(_decode(data, table), table)
    if not records:
        if not table.faults:
            table.faults.append(Fault(path.name, 0, "", "", "文件是空的 / file is empty"))
        return table
    (header_line, header), *body = records
    if not _check_header([cell.strip() for cell in header], columns, header_line, table):
        return table
    names = [cell.strip() for cell in header]
    for line, cells in body:
        _add_row(table, names, line, cells, key)
    return table


def _decode(data: bytes, table: Table) -> str:
    """Text of the bytes; each line that is not UTF-8 is one fault."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            why = f"不是 UTF-8（第 {error.start + 1} 字节） / not UTF-8 (at this byte of the line)"
            shown = line.decode("utf-8", errors="replace")
            table.faults.append(Fault(table.file, number, "", shown, why))
    return data.decode("utf-8-sig", errors="replace")


def _records(text: str, table: Table) -> list[tuple[int, list[str]]]:
    """The records with the physical line each begins on; blank lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((begin, cells))
            begin = reader.line_num + 1
    except csv.Error as error:
        why = f"引号或分隔不合规 / malformed CSV: {error}"
        table.faults.append(Fault(table.file, begin, "", "", why))
    return records


def _check_header(header: Sequence[str], columns: Sequence[str], line: int, table: Table) -> bool:
    """Whether the header names exactly the columns, each once."""
    why = {
        "缺少此列 / missing column": [name for name in columns if name not in header],
        "未知的列 / unknown column": sorted({name for name in header if name not in columns}),
        "此列重复 / column comes twice": sorted(
            {name for name in columns if header.count(name) > 1}
        ),
    }
    found = [Fault(table.file, line, name, "", reason) for reason, names in why.items()
             for name in names]  # fmt: skip
    table.faults.extend(found)
    return not found


def _add_row(table: Table, names: Sequence[str], line: int, cells: list[str], key: str) -> None:
    row = Row(table.file, line, dict(zip(names, cells, strict=False)))
    if key and (row_key := row.text(key)):
        if row_key in table.ids:
            first = table.ids[row_key]
            row.fault(key, f"编号重复，首见于第 {first} 行 / duplicate, first on line {first}")
        table.ids.setdefault(row_key, line)
    if len(cells) != len(names):
        row.fault(
            "",
            f"应有 {len(names)} 个字段，实有 {len(cells)} 个 / "
            f"{len(names)} fields expected, {len(cells)} found",
            value=",".join(cells),
        )
        table.faults.extend(row.faults)
        return
    table.rows.append(row)
