"""Workbooks (.xlsx .xlsm .xls .ods) as grids. Values are what the last program saved.

python-calamine reads the values. It lays a sheet out as one rectangle, tells neither formats nor
errors, and would take two cells far apart for a sheet of billions: so the file is gone through
first, by `facts.workbookmarks` and `facts.oldworkbooks`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from facts.grids import Cell, Grid, GridError, GridLimitError, Range, make_cell, parse_csv
from facts.oldworkbooks import read_old_marks
from facts.workbookmarks import SheetMarks, read_marks

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"


def read_workbook(path: Path, *, max_cells: int, max_bytes: int) -> tuple[Grid, ...]:
    """The sheets that hold a cell; see `facts.grids.read_grids`."""
    with path.open("rb") as file:
        head = file.read(512)
    marks: dict[str, SheetMarks] | list[SheetMarks]
    if head.startswith(_ZIP):
        marks = read_marks(path, max_cells=max_cells, max_bytes=max_bytes)
    elif head.startswith(_OLE):
        marks = read_old_marks(path.read_bytes(), max_cells=max_cells)
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise GridError(
            "这是网页格式的表格，请用 Excel 打开后另存为 .xlsx / "
            "this is a web page named as a workbook: open it in Excel and save it as .xlsx"
        )
    else:  # text that some program named .xls
        return (parse_csv(path.read_bytes(), max_cells=max_cells),)
    grids = tuple(_grids(path, marks, max_cells))
    if not grids:
        raise GridError("工作簿没有内容 / the workbook holds no cell")
    return grids


def _grids(
    path: Path, marks: dict[str, SheetMarks] | list[SheetMarks], max_cells: int
) -> Iterator[Grid]:
    try:
        with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as workbook:
            left = max_cells
            for number, sheet in enumerate(workbook.sheets_metadata, start=1):
                if sheet.typ != SheetTypeEnum.WorkSheet:
                    continue
                found = workbook.get_sheet_by_name(sheet.name)
                left -= _size(found)
                if left < 0:
                    raise GridLimitError(
                        f"单元格太多（上限 {max_cells}），请删去无关的工作表和空白区域 / "
                        f"more than {max_cells} cells: remove sheets and blank areas not needed"
                    )
                mark = _marks_of(marks, sheet.name, number)
                cells = _cells(found, mark)
                if cells:
                    yield Grid(
                        name=sheet.name,
                        cells=cells,
                        merged=tuple(_merged(found) or mark.merged),
                        number=number,
                        hidden=sheet.visible != SheetVisibleEnum.Visible,
                        hidden_rows=tuple(row for row in mark.hidden_rows if row < len(cells)),
                        formulas=mark.formulas,
                    )
    except PasswordError:
        raise GridError(
            "工作簿有密码，请去掉密码后再导入 / "
            "the workbook is protected by a password: remove it and try again"
        ) from None
    except (CalamineError, zipfile.BadZipFile, ValueError, OSError) as error:
        raise GridError(_damaged(error)) from None
    except BaseException as error:
        # A panic of the reading library is no Exception, and no reason to end the program.
        if type(error).__name__ != "PanicException":
            raise
        raise GridError(_damaged(error)) from None


def _marks_of(
    marks: dict[str, SheetMarks] | list[SheetMarks], name: str, number: int
) -> SheetMarks:
    """The marks of a sheet; one that was not gone through is not read either."""
    if isinstance(marks, dict) and name in marks:
        return marks[name]
    if isinstance(marks, list) and number <= len(marks):
        return marks[number - 1]
    raise GridError(f"工作表“{name[:50]}”不能读取 / the sheet “{name[:50]}” can't be read")


def _damaged(error: BaseException) -> str:
    return (
        f"工作簿损坏或不是工作簿，请重新保存 / "
        f"the workbook is damaged or is none: {str(error)[:200] or type(error).__name__}"
    )


def _size(sheet: CalamineSheet) -> int:
    """How many cells the sheet takes from A1 to its end."""
    return (sheet.end[0] + 1) * (sheet.end[1] + 1) if sheet.end else 0


def _cells(sheet: CalamineSheet, marks: SheetMarks) -> tuple[tuple[Cell, ...], ...]:
    """The cells from A1 on, as shown; rows and columns of nothing at the end are left out."""
    rows = [[make_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (row, column), shown in marks.formats.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = shown.show(rows[row][column])
    for (row, column), text in marks.errors.items():
        _extend(rows, row, column)
        rows[row][column] = text
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    width = max(
        (i + 1 for row in rows for i, cell in enumerate(row) if cell is not None), default=0
    )
    return tuple(tuple([*row, *[None] * (width - len(row))][:width]) for row in rows)


def _extend(rows: list[list[Cell]], row: int, column: int) -> None:
    """Make room for a cell: the reader leaves out errors, also the last of a sheet."""
    while len(rows) <= row:
        rows.append([])
    rows[row] += [None] * (column + 1 - len(rows[row]))


def _merged(sheet: CalamineSheet) -> list[Range]:
    return [
        Range(top, left, bottom, right)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []
    ]
