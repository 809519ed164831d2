"""Where the header of a table lies: below titles and unit lines, in one row or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from facts.celltexts import narrow, read_figure
from facts.grids import Cell, Grid, text_of
from facts.headlabels import is_meta, is_unit
from facts.periodtexts import parse_period

_SEARCHED_ROWS = 60
_MOST_HEADER_ROWS = 5
_LONGEST_SUBHEAD = 24
_NUMBERING_WORDS = ("甲", "乙", "丙", "丁", "戊", "栏次", "行次", "a", "b", "c")


@dataclass(frozen=True, slots=True)
class Header:
    """The header's first and last row, the texts above it, and those of each column in it."""

    top: int
    bottom: int
    preamble: tuple[str, ...]
    parts: Mapping[int, tuple[str, ...]]


def find_header(grid: Grid) -> Header | None:
    """The header of the first table of a sheet; None where rows have no heads above them."""
    width = max((_filled(row) for row in grid.cells[: 2 * _SEARCHED_ROWS]), default=0)
    preamble: list[str] = []
    for top in range(min(grid.height, _SEARCHED_ROWS)):
        cells = [cell for cell in grid.cells[top] if cell is not None]
        rest = [cell for cell in cells if not is_meta(text_of(cell))]
        covered = sum(grid.filled(top, column) is not None for column in range(grid.width))
        enough = max(2, round(0.3 * width))
        if len(rest) < 2 or covered < enough:
            if width < 2 and rest:
                return None
            preamble += [narrow(text_of(cell)) for cell in cells]
            continue
        if 2 * sum(is_label(cell) for cell in rest) < len(rest):
            return None
        bottom = _bottom(grid, top)
        return Header(top, bottom, tuple(preamble), _parts(grid, top, bottom))
    return None


def is_label(cell: Cell) -> bool:
    """Whether a cell could be a head: words or a year, neither a figure nor a mark for none."""
    if isinstance(cell, str):
        figure = read_figure(cell)
        return bool(figure.fault) or parse_period(cell) is not None
    return isinstance(cell, float) and parse_period(cell) is not None


def is_numbering(cells: list[Cell]) -> bool:
    """Whether a row only numbers the columns, as 甲 乙 1 2 3 does."""
    texts = [text_of(cell).strip("()[]").casefold() for cell in cells]
    numbers = [text for text in texts if text not in _NUMBERING_WORDS]
    expected = [str(number) for number in range(1, len(numbers) + 1)]
    return len(texts) >= 4 and numbers == expected


def _filled(row: tuple[Cell, ...]) -> int:
    return sum(cell is not None for cell in row)


def _bottom(grid: Grid, top: int) -> int:
    """The last header row: cells merged downwards reach it, or sub-heads stand in it."""
    bottom = top
    for column in range(grid.width):
        merged = grid.range_of(top, column)
        if merged and merged.top == top and merged.bottom < top + _MOST_HEADER_ROWS:
            bottom = max(bottom, merged.bottom)
    while bottom + 1 < grid.height and bottom + 1 < top + _MOST_HEADER_ROWS:
        if not _continues(grid, bottom):
            break
        bottom += 1
    return bottom


def _continues(grid: Grid, above: int) -> bool:
    """Whether the row below a header row belongs to the header, too."""
    row = above + 1
    own = {column: cell for column, cell in enumerate(grid.cells[row]) if cell is not None}
    if not own:
        return False
    if is_numbering(list(own.values())) or all(is_unit(text_of(cell)) for cell in own.values()):
        return True
    if not all(is_label(cell) and len(text_of(cell)) <= _LONGEST_SUBHEAD for cell in own.values()):
        return False
    heads = _groups(grid, above)
    tops = [column for column in range(grid.width) if grid.filled(above, column) is not None]
    if not heads:
        return False
    if tops[0] not in heads:
        # Below 序号 or 开发区 a sub-head row is blank, a row of data is not.
        return tops[0] not in own
    return all(column in heads or column not in tops for column in own)


def _groups(grid: Grid, row: int) -> dict[int, int]:
    """Column -> the column with the head that stands over it and others beside it.

    In a workbook the head is merged over them; in text, and where it is only centred over them,
    the cells right of it are blank.
    """
    found: dict[int, int] = {}
    for column in range(grid.width):
        merged = grid.range_of(row, column)
        if merged and merged.right > merged.left and merged.top <= row:
            found[column] = merged.left
    if found:
        return found
    head = -1
    for column in range(grid.width):
        if grid.range_of(row, column):
            head = -1
        elif grid.cell(row, column) is not None:
            head = column
        # Right below it may be blank again, under a head of two rows.
        below = any(grid.cell(row + down, column) is not None for down in (1, 2))
        if head >= 0 and head != column and below:
            found[column] = found[head] = head
        elif head != column:
            head = -1
    return found


def _parts(grid: Grid, top: int, bottom: int) -> dict[int, tuple[str, ...]]:
    """The header's texts over every column that has any, or anything below."""
    rows = [
        row
        for row in range(top, bottom + 1)
        if not (row > top and is_numbering([c for c in grid.cells[row] if c is not None]))
    ]
    groups = {row: _groups(grid, row) if row < bottom else {} for row in rows}
    parts: dict[int, tuple[str, ...]] = {}
    for column in range(grid.width):
        texts = []
        for row in rows:
            cell = grid.filled(row, column)
            if cell is None and column in groups[row]:
                cell = grid.cell(row, groups[row][column])
            texts.append(narrow(text_of(cell)))
        found = tuple(text for text in texts if text)
        if found or any(grid.cells[row][column] is not None for row in range(top, grid.height)):
            parts[column] = found
    return parts
