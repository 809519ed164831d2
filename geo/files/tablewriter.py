"""Features as tables that open in Excel: points as two columns, everything else as WKT."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from geo.files.cells import neutralise
from geo.files.geojsonwriter import not_finite_problem, rows
from geo.files.report import WriteReport
from geo.files.writing import (
    attributes,
    cannot_write,
    cell_text,
    plain_columns,
    renamed,
    unique_names,
)
from geo.problems import Problem

# Of degrees and of metres: 0.1 mm on the ground.
DEGREE_DECIMALS, METRE_DECIMALS = 9, 4
_ROWS: Final = 4_096
_POINT: Final = 0
_CELL: Final = 32_767  # characters that a cell of a spreadsheet holds
_SHEET_ROWS, _SHEET_COLUMNS = 1_048_576, 16_384
_WHOLE_BELOW: Final = 2**53


def write_csv(frame: gpd.GeoDataFrame, path: Path) -> WriteReport:
    """CSV as Excel opens it: UTF-8 with BOM, CRLF, and no cell that runs as a formula.

    Points become the columns 经度 and 纬度 (degrees) or 东坐标 and 北坐标 (metres), all other
    geometries the column WKT. The reference system is not in the file.

    Raises:
        FileRefusedError: the frame has no CRS (code "no_crs").
    """
    table = _Table.of(frame, path)
    long_cells = 0
    with path.open("wb") as file:
        file.write("".encode("utf-8-sig"))
        file.write(_line([neutralise(name) for name in table.header]))
        for cells in table.lines():
            long_cells += isinstance(cells[-1], str) and len(cells[-1]) > _CELL
            file.write(_line([_csv_cell(cell) for cell in cells]))
    problems = table.problems
    if long_cells:
        problems += (
            Problem(
                "long_cells", "warning",
                f"{long_cells} 个要素的 WKT 超过 {_CELL} 个字符；用 Excel 打开并保存会被截断",
                f"the WKT of {long_cells} features is longer than {_CELL} characters: Excel cuts "
                "it off when it saves the file",
                count=long_cells,
            ),
        )  # fmt: skip
    return WriteReport(problems, features=len(frame))


def write_xlsx(frame: gpd.GeoDataFrame, path: Path) -> WriteReport:
    """A workbook of one sheet, columns as in `write_csv`; texts are texts, never formulas.

    WKT that does not fit into a cell is left out, and told.

    Raises:
        FileRefusedError: the frame has no CRS, or more rows or columns than a sheet.
    """
    table = _Table.of(frame, path)
    if len(frame) >= _SHEET_ROWS or len(table.header) > _SHEET_COLUMNS:
        raise cannot_write(
            path, f"工作表最多 {_SHEET_ROWS - 1} 行、{_SHEET_COLUMNS} 列；请改用 GeoPackage",
            f"a sheet has at most {_SHEET_ROWS - 1} rows and {_SHEET_COLUMNS} columns: use "
            "GeoPackage",
            code="too_many_rows",
        )  # fmt: skip
    options = {
        "constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False,
        "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            cut, left_out = _fill(book, table)
    except XlsxWriterException as error:  # a full disk, above all, when the sheets are packed
        why = " ".join(str(error).split())[:200]
        raise cannot_write(path, why, why, code="cannot_write") from error
    return WriteReport((*table.problems, *_not_kept(cut, left_out)), features=len(frame))


def _fill(book: xlsxwriter.Workbook, table: _Table) -> tuple[int, int]:
    """The one sheet; how many texts were cut, and how many geometries left out."""
    cut, left_out = 0, 0
    sheet = book.add_worksheet("要素")
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(table.header):
        sheet.write_string(0, column, _unicode(name)[:_CELL], bold)
    for number, cells in enumerate(table.lines(), start=1):
        if isinstance(cells[-1], str) and len(cells[-1]) > _CELL:
            cells[-1] = None
            left_out += 1
        for column, cell in enumerate(cells):
            cut += isinstance(cell, str) and len(cell) > _CELL
            _write_cell(sheet, number, column, cell)
    return cut, left_out


@dataclass(frozen=True, slots=True)
class _Table:
    """A frame as rows of cells: None, truth values, numbers and texts; the geometry comes last."""

    header: list[str]
    columns: Any
    shapes: Any
    decimals: int
    points: bool
    problems: tuple[Problem, ...]

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame, path: Path) -> _Table:
        if frame.crs is None:
            raise cannot_write(path, "数据没有坐标系", "the data have no CRS", code="no_crs")
        geographic = bool(frame.crs.is_geographic)
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
        there = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
        points = bool(len(there)) and bool((shapely.get_type_id(there) == _POINT).all())
        own = (["经度", "纬度"] if geographic else ["东坐标", "北坐标"]) if points else ["WKT"]
        columns = plain_columns(attributes(frame), dates=False)
        names = unique_names(columns.columns, taken=own)
        problem = Problem(
            "crs_not_carried", "warning",
            f"表格不带坐标系；坐标是 {frame.crs.name}，请随文件说明",
            f"a table carries no reference system; the coordinates are in {frame.crs.name}: say so "
            "beside the file",
        )  # fmt: skip
        not_finite = _without_numbers(shapes)
        shapes = shapes.copy()
        shapes[not_finite] = None
        problems = (
            problem, *renamed(list(columns.columns), names), *not_finite_problem(not_finite.sum())
        )  # fmt: skip
        decimals = DEGREE_DECIMALS if geographic else METRE_DECIMALS
        return cls([*names, *own], columns, shapes, decimals, points, problems)

    def lines(self) -> Iterator[list[Any]]:
        for start in range(0, len(self.shapes), _ROWS):
            shapes = self.shapes[start : start + _ROWS]
            for values, own in zip(
                rows(self.columns.iloc[start : start + _ROWS]), self._own(shapes), strict=True
            ):
                yield [*values.values(), *own]

    def _own(self, shapes: Any) -> list[list[Any]]:
        """The cells of the geometry column or columns."""
        if not self.points:
            texts = shapely.to_wkt(
                shapes, rounding_precision=self.decimals, trim=True, output_dimension=2
            )
            return [[text] for text in texts]
        xy = np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)]).round(self.decimals)
        return [[None, None] if np.isnan(x) else [x + 0.0, y + 0.0] for x, y in xy.tolist()]


def _without_numbers(shapes: Any) -> Any:
    """Which geometries have coordinates that are no finite numbers."""
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    found = np.zeros(len(shapes), dtype=bool)
    found[owner[~np.isfinite(points).all(axis=1)]] = True
    return found


def _line(cells: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _csv_cell(cell: Any) -> str:
    if cell is None:
        return ""
    return neutralise(_unicode(cell)) if isinstance(cell, str) else cell_text(cell)


def _write_cell(sheet: Any, row: int, column: int, cell: Any) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | float) and abs(cell) < _WHOLE_BELOW:
        sheet.write_number(row, column, cell)
    else:
        text = cell if isinstance(cell, str) else cell_text(cell)
        sheet.write_string(row, column, _unicode(text)[:_CELL])


def _unicode(text: str) -> str:
    """The text with what is no Unicode (halves of surrogate pairs) replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _not_kept(cut: int, left_out: int) -> Iterator[Problem]:
    if left_out:
        yield Problem(
            "geometry_left_out", "warning",
            f"{left_out} 个要素的 WKT 超过单元格上限 {_CELL} 个字符，未写出；请用 CSV",
            f"the WKT of {left_out} features is longer than the {_CELL} characters of a cell and "
            "was left out: use CSV or GeoPackage",
            count=left_out,
        )  # fmt: skip
    if cut:
        yield Problem(
            "cut_text", "warning", f"{cut} 个单元格的文字超过 {_CELL} 个字符，已截断",
            f"{cut} texts were cut to the {_CELL} characters of a cell", count=cut,
        )  # fmt: skip
