"""Tables with a geometry: CSV and Excel with WKT, or with two columns of coordinates.

Columns that are called X and Y come as x and y; where a survey means northing by X, the magnitude
of the numbers tells, and that is for whoever places them. Formulas are never run and links never
followed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from geo.errors import FileRefusedError, LimitError
from geo.files.cells import restored
from geo.files.encodings import read_text
from geo.files.featurefile import Encoding, FeatureFile, ReadOptions
from geo.files.tablecolumns import HEADER_ROWS, GeometryColumns, named, recognised, unclear
from geo.files.tablerows import read_rows
from geo.files.tablewriter import write_csv, write_xlsx
from geo.files.workbook import OLE, check_workbook, open_sheets, read_sheet
from geo.limits import Limits
from geo.problems import Problem
from geo.reference import CrsHints

__all__ = ["open_table", "write_csv", "write_xlsx"]

Row = tuple[int, list[Any]]  # line or row number, cells

_COLUMNS: Final = 2_000
_FIELD: Final = 32 << 20  # characters of one cell: a ring of some 800 000 points
_DELIMITERS: Final = ("\t", ";", ",", "|", "，")
_LONG: Final = 1 << 20  # characters from which quotes are counted before the text is taken apart
_SAMPLE: Final = 20
_SRID: Final = re.compile(r"\s*SRID\s*=\s*([0-9]{4,6})\s*;", re.I)

# WKT of a large polygon is longer than what the module takes for a field by default. The whole
# file is smaller than `Limits.text_bytes` anyway.
csv.field_size_limit(max(_FIELD, csv.field_size_limit()))


@dataclass(frozen=True, slots=True)
class _Found:
    """A table whose header and geometry columns are known; `rows` are those below the header."""

    labels: list[str]
    geometry: GeometryColumns
    rows: list[Row]


def open_table(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """A CSV file, or a sheet of a workbook, as features; rows without coordinates are kept.

    Raises:
        FileRefusedError: codes "choose_columns" and "no_such_column" (with the columns as faults),
            "choose_layer" and "no_such_layer" (with the sheets), "no_rows", "unclosed_quote",
            "bad_workbook", "encrypted", and those of encodings and archives.
        LimitError: codes "too_large", "too_many_cells", "too_many_columns", "zip_bomb" …
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK\x03\x04") or head == OLE:
        return _open_workbook(path, "xls" if head == OLE else "xlsx", options, limits)
    text, encoding = read_text(path, limits, given=options.encoding)
    rows = list(_csv_rows(text, path.name, limits))
    del text
    table = _table(rows, options, path.name)
    if table is None:
        raise unclear(_first(rows), path.name)
    return _file(path, "csv", encoding, table, limits)


def _open_workbook(path: Path, kind: str, options: ReadOptions, limits: Limits) -> FeatureFile:
    problems = check_workbook(path, limits)
    sheets = open_sheets(path, limits)
    if options.layer and options.layer not in sheets:
        raise FileRefusedError(
            f"{path.name} 没有工作表 {options.layer} / {path.name} has no sheet {options.layer}",
            code="no_such_layer", faults=sheets,
        )  # fmt: skip
    found: dict[str, _Found] = {}
    first: list[Any] = []
    for name in [options.layer] if options.layer else sheets:
        rows = [
            (number, plain)
            for number, cells in read_sheet(path, name).rows() if (plain := _trimmed(cells))
        ]  # fmt: skip
        table = _table(rows, options, path.name, required=bool(options.layer))
        if table is not None:
            found[name] = table
        first = first or _first(rows)
    if not found:
        raise unclear(first, path.name, options.layer)
    if len(found) > 1:
        raise FileRefusedError(
            f"{path.name} 有 {len(found)} 个带坐标的工作表，请选一个：{'、'.join(found)} / "
            f"{path.name} has {len(found)} sheets with coordinates, choose one",
            code="choose_layer", faults=tuple(found),
        )  # fmt: skip
    ((name, table),) = found.items()
    encoding = Encoding("utf-8", "format")
    return _file(path, kind, encoding, table, limits, layers=sheets, layer=name, problems=problems)


def _file(
    path: Path, kind: str, encoding: Encoding, table: _Found, limits: Limits, *,
    layers: tuple[str, ...] = (), layer: str = "", problems: tuple[Problem, ...] = (),
) -> FeatureFile:  # fmt: skip
    if len(table.rows) > limits.features:
        raise LimitError(
            f"{path.name} 有 {len(table.rows)} 行，上限 {limits.features} / {path.name} has "
            f"{len(table.rows)} rows, the limit is {limits.features}",
            code="too_many_features",
        )
    read = read_rows(table.labels, table.geometry, table.rows, path.name, limits)
    return FeatureFile(
        path=path, format=kind, encoding=encoding, columns=read.columns,
        hints=_hints(table), read=read.batches, feature_count=len(table.rows), layers=layers,
        layer=layer, problems=(*problems, *read.problems),
    )  # fmt: skip


def _hints(table: _Found) -> CrsHints:
    """The reference system, where WKT names one by its EPSG code (SRID=4526;POLYGON …)."""
    if table.geometry.wkt is None:
        return CrsHints()
    cells = (row[table.geometry.wkt] for _, row in table.rows if len(row) > table.geometry.wkt)
    codes = {found[1] if (found := _SRID.match(str(cell)[:64])) else "" for cell in cells if cell}
    if len(codes) == 1 and (code := codes.pop()):
        return CrsHints(declared=f"EPSG:{code}", declared_by="SRID")
    return CrsHints()


def _csv_rows(text: str, name: str, limits: Limits) -> Iterator[Row]:
    """The rows of a CSV text that are not blank, with the lines they begin on."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    text = text.replace("\0", "")
    if len(text) > _LONG and text.count('"') % 2:
        raise _quote_error(name, text.count("\n", 0, text.rfind('"')) + 1, csv.Error())
    reader = csv.reader(_lines(text), delimiter=_delimiter(text), strict=True)
    cells = 0
    line = 1
    marked = "'" in text  # in front of a text that a spreadsheet would run
    try:
        for row in reader:
            if len(row) > _COLUMNS:
                raise LimitError(
                    f"{name} 第 {line} 行有 {len(row)} 列，上限 {_COLUMNS} / line {line} of {name} "
                    f"has {len(row)} columns, the limit is {_COLUMNS}",
                    code="too_many_columns", line=line,
                )  # fmt: skip
            cells += len(row)
            if cells > limits.cells:
                raise LimitError(
                    f"{name} 超过 {limits.cells} 个单元格的上限；请拆分 / {name} has more than "
                    f"{limits.cells} cells: split it",
                    code="too_many_cells",
                )
            plain = _trimmed([restored(cell.strip()) for cell in row] if marked
                             else list(map(str.strip, row)))  # fmt: skip
            if plain:
                yield line, plain
            line = reader.line_num + 1
    except csv.Error as error:
        raise _quote_error(name, line, error) from error


def _quote_error(name: str, line: int, error: csv.Error) -> FileRefusedError:
    if "limit" in str(error):
        return LimitError(
            f"{name} 从第 {line} 行起的一个单元格超过 {_FIELD} 个字符；可能是引号没有配对 / "
            f"a cell of {name} from line {line} on has more than {_FIELD} characters: is a quote "
            "unclosed?",
            code="unclosed_quote", line=line,
        )  # fmt: skip
    return FileRefusedError(
        f"{name} 从第 {line} 行起引号没有配对；请检查该行的引号 / {name} has an unclosed or "
        f"stray quote from line {line} on",
        code="unclosed_quote", line=line,
    )  # fmt: skip


def _lines(text: str) -> Iterator[str]:
    """The lines of a text, split at line feeds only: other separators may stand inside a cell."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        line = text[start:end]
        # Carriage returns in the middle of a line would stop the module.
        yield line.rstrip("\r\n").replace("\r", " ") + "\n" if "\r" in line else line
        start = end


def _delimiter(text: str) -> str:
    """The sign that splits the first lines into the most even columns."""
    head = [line for line in islice(_lines(text[: 1 << 16]), _SAMPLE) if line.strip()]
    best, score = ",", (0.0, 0)
    for sign in _DELIMITERS:
        widths = [len(row) for row in csv.reader(head, delimiter=sign)]
        usual = max(set(widths), key=widths.count, default=1)
        even = widths.count(usual) / max(1, len(widths))
        if usual > 1 and (even, usual) > score:
            best, score = sign, (even, usual)
    return best


def _table(
    rows: Sequence[Row], options: ReadOptions, name: str, *, required: bool = True
) -> _Found | None:
    """The header among the first rows, and the geometry's columns; None where they can't be told.

    Raises:
        FileRefusedError: the options name columns that are not there (if `required`).
    """
    if any((options.wkt_column, options.x_column, options.y_column)):
        return _named(rows, options, name, required=required)
    for index, (_, cells) in enumerate(rows[:HEADER_ROWS]):
        geometry = recognised(cells)
        if geometry is not None:
            return _Found([str(cell).strip() for cell in cells], geometry, list(rows[index + 1 :]))
    return None


def _named(
    rows: Sequence[Row], options: ReadOptions, name: str, *, required: bool
) -> _Found | None:
    wanted = {options.wkt_column} if options.wkt_column else {options.x_column, options.y_column}
    wanted.discard("")
    for index, (_, cells) in enumerate(rows[:HEADER_ROWS]):
        labels = [str(cell).strip() for cell in cells]
        if wanted <= set(labels):
            geometry = named(labels, options, name)
            assert geometry is not None  # noqa: S101 - a column is named
            return _Found(labels, geometry, list(rows[index + 1 :]))
    if required:
        named(_first(rows), options, name)
    return None


def _first(rows: Sequence[Row]) -> list[Any]:
    """The cells of the first row: the header, as far as anyone can tell."""
    return rows[0][1] if rows else []


def _trimmed(cells: list[Any]) -> list[Any]:
    """Cells without the empty ones at the end."""
    end = len(cells)
    while end and cells[end - 1] == "":
        end -= 1
    return cells[:end]
