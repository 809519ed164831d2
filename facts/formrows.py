"""What the rows below a header are: data, totals, headings, footnotes, repeated heads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from facts.celltexts import narrow, read_figure
from facts.grids import Cell, Grid, text_of

Cells: TypeAlias = Mapping[int, Cell]  # of one row, by column; those that hold nothing are left out
RowKind = Literal["data", "total", "subtotal", "section", "note", "header", "example", "left_out"]

_TOTAL = re.compile(
    r"(?:.{0,12})?(?:合计|总计|共计|总和)(?:数|值)?|汇总|全省|全市|全县|全区|全部开发区|平均值?|均值|累计"
)
_SUBTOTAL = re.compile(r".{0,12}小计")
_NOTE = re.compile(
    r"(?:备?注|说明|填表说明|资料来源|数据来源|来源|填表|填报|制表|审核|复核|单位负责人|统计负责人|"
    r"负责人|联系人|联系电话|打印)[^ ]{0,4}? ?[:0-9]|注[:：.、]|[*※]"
)
_EXAMPLE = re.compile(r"示例|样例|例[:：]")
_CHAPTER = re.compile(
    r"[一二三四五六七八九十]{1,3}(?:[、..,]|$)|\([一二三四五六七八九十]{1,3}\)|第[一二三四五六七八九十]+[批类部]"
)
_PART_OF = re.compile(r"其中 ?:? ?")


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row below the header; `index` is the row of the grid.

    `name` is what the row is about, as printed, also where it is merged over several rows.
    `section` is the heading above it; `part`: the row is contained in the one above (其中).
    """

    index: int
    kind: RowKind
    name: str
    section: str = ""
    part: bool = False


def rows_below(
    grid: Grid, bottom: int, header: Sequence[Sequence[str]], name_column: int | None
) -> Iterator[FormRow]:
    """Every row below the header that holds anything; `header` are the texts of its rows."""
    section = ""
    reader = _Reader(
        grid, [[text for text in row if text] for row in header], name_column,
        serials=_arabic_serials(grid, bottom),
    )  # fmt: skip
    for index in range(bottom + 1, grid.height):
        cells = {c: cell for c, cell in enumerate(grid.cells[index]) if cell is not None}
        if not cells:
            continue
        kind = reader.kind(index, cells)
        if kind == "section" or (kind == "subtotal" and reader.chapter(cells)):
            section = " ".join(_words(cells))
        name = reader.name(index, cells)
        part = bool(_PART_OF.match(name))
        yield FormRow(index, kind, _PART_OF.sub("", name, count=1) if part else name, section, part)


def _words(cells: Cells) -> list[str]:
    """The texts of a row that are no figures."""
    return [
        narrow(cell)
        for cell in cells.values()
        if isinstance(cell, str) and not read_figure(cell).number
    ]


def _first(cells: Cells) -> str:
    return narrow(text_of(next(iter(cells.values()))))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Judges rows; `serials`: some are numbered 1, 2, 3, so that 一 and 二 number chapters."""

    grid: Grid
    heads: list[list[str]]
    name_column: int | None
    serials: bool

    def name(self, index: int, cells: Cells) -> str:
        """What the row is about; a total is written where there is room, often to the left."""
        if self.name_column is None:
            return ""
        name = narrow(text_of(self.grid.filled(index, self.name_column)))
        return name or next((text for text in self._lead(cells) if _total(text)), "")

    def kind(self, index: int, cells: Cells) -> RowKind:
        """What kind of row it is; `cells` are those that hold anything, by column."""
        first = _first(cells)
        kind: RowKind = "data"
        totals = (_total(text) for text in self._lead(cells))
        if self._repeats_head(first, cells):
            kind = "header"
        elif _EXAMPLE.match(first):
            kind = "example"
        elif len(cells) <= 6 and _NOTE.match(first) and len(_words(cells)) == len(cells):
            kind = "note"
        elif total := next((found for found in totals if found), None):
            kind = total
        elif len(cells) == 1 and _words(cells):
            kind = self._lone(index, next(iter(cells)), first)
        elif self.chapter(cells):
            # “一、签约项目” with the sums of its projects behind it.
            kind = "subtotal" if len(_words(cells)) < len(cells) else "section"
        return kind

    def chapter(self, cells: Cells) -> bool:
        """Whether the row begins with 一 or （一） in a table whose rows are numbered 1, 2, 3."""
        return self.serials and bool(_CHAPTER.match(_first(cells)))

    def _repeats_head(self, first: str, cells: Cells) -> bool:
        """Whether the row is a row of the header once more, as on every printed page."""
        return any(row[:1] == [first] for row in self.heads) and (
            [narrow(text_of(cell)) for cell in cells.values()] in self.heads
        )

    def _lead(self, cells: Cells) -> list[str]:
        """The first texts of a row, up to its name."""
        last = self.grid.width if self.name_column is None else self.name_column
        lead = [cell for column, cell in cells.items() if column <= last][:3]
        return [narrow(cell) for cell in lead if isinstance(cell, str)]

    def _lone(self, index: int, column: int, text: str) -> RowKind:
        """The kind of a row with one text: a heading, a footnote, or a name without figures."""
        spread = self.grid.range_of(index, column)
        wide = spread is not None and spread.right - spread.left >= max(1, self.grid.width // 3)
        if len(text) > 40:
            return "note"
        return "section" if wide or _CHAPTER.match(text) else "data"


def _total(text: str) -> Literal["total", "subtotal"] | None:
    if len(text) > 40:
        return None
    compact = text.replace(" ", "").strip(":")
    if _SUBTOTAL.fullmatch(compact):
        return "subtotal"
    return "total" if _TOTAL.fullmatch(compact) else None


def _arabic_serials(grid: Grid, bottom: int) -> bool:
    """Whether some row begins with 1, 2, 3: then 一 and 二 number chapters, not rows."""
    for row in grid.cells[bottom + 1 :]:
        first = next((text_of(cell) for cell in row if cell is not None), "")
        if first.isascii() and first.rstrip(".").isdigit():
            return True
    return False
