"""The form of a table as offices fill it: title, units, header rows, totals, footnotes, layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from facts.celltexts import narrow, read_figure
from facts.errors import FactsError, Fault
from facts.formheaders import Header, find_header
from facts.formrows import FormRow, RowKind, rows_below
from facts.grids import Cell, Grid, column_letters, text_of
from facts.headlabels import head_of, is_unit, units_of_line
from facts.periods import Period
from facts.periodtexts import parse_period, period_above, since_january

__all__ = ["FormColumn", "FormError", "FormRow", "RowKind", "TableForm", "recognise"]

Layout = Literal["wide", "long", "crossed", "list"]
Content = Literal["number", "text", "date", "empty"]

SERIAL_HEADS = re.compile(r"序号?|编号|行次|no\.?|№|#", re.IGNORECASE)
INDICATOR_HEADS = re.compile(r"(?:主要|统计)?指标(?:名称)?|项目指标")
VALUE_HEADS = re.compile(r"(?:指标|本期)?(?:数值|数据|值|数)|本期|本期实际|完成情况")
PLACE_HEADS = re.compile(
    r".*(?:开发区|园区|示范区|集聚区|片区|区域|地区|市县|县区|区县|县市|所在地|属地|归属)(?:名称|单位|全称)?"
    r"|市|县|(?:填报|报送|责任|统计)?单位(?:名称)?|名称|地点|主体"
)
ZONE_HEADS = re.compile(r"开发区|园区|示范区|集聚区|片区")
RECORD_HEADS = re.compile(
    r"(?:建设)?项目名称|(?:宗地|地块)(?:名称|编号|位置|坐落)|项目单位|企业名称"
)
_CUMULATIVE = re.compile(r"累计")
# Of targets, unless it tells how far they were reached; what is planned may be an indicator.
_PLANNED = re.compile(r"目标|任务|预计|预期|计划(?!总?投资|总?产值|单列)")
_REACHED = re.compile(r"完成|执行|进展|落实|推进|实施|考核|评价|调度")
_EXPECTED = re.compile(r"预计|预期")
MOST_COLUMNS = 1000
_SAMPLED = 200
_SAMPLES = 5


class FormError(FactsError):
    """A sheet holds no table that could be recognised."""

    code: ClassVar[str] = "no_table"


@dataclass(frozen=True, slots=True)
class FormColumn:
    """One column of a table: its header without units and periods, and what stands in it.

    `index` is the column of the grid. `labels` are the header's texts from top to bottom, `label`
    the same in one, `printed` with units and periods. `unit` and `period` stand in the header.
    `content` is what most cells are, `filled` how many hold anything, `sample` some of them.
    """

    index: int
    labels: tuple[str, ...]
    label: str
    printed: str
    unit: str
    period: Period | None
    content: Content
    filled: int
    sample: tuple[str, ...]

    @property
    def title(self) -> str:
        """What to call the column where it has no head: its letter."""
        return self.printed or f"{column_letters(self.index)}列"


@dataclass(frozen=True)
class TableForm:
    """A recognised table.

    `units` is what the unit line (单位：万元、亩) says, for all columns; `period` stands in the
    title or the sheet's name; `cumulative`: these speak of sums since January (累计), as the period
    then does; `planned`: they speak of targets, plans or expected figures. `header` are the first
    and last header row of the grid.
    `name_column` holds what a row is about, `serial_column` a running number; None where there is
    none. `notes` are footnotes. `warnings` say what a reader should know and nothing stops at.
    """

    grid: Grid
    layout: Layout
    title: str
    units: tuple[str, ...]
    period: Period | None
    header: tuple[int, int]
    columns: tuple[FormColumn, ...]
    rows: tuple[FormRow, ...]
    name_column: int | None
    serial_column: int | None
    notes: tuple[str, ...]
    warnings: tuple[Fault, ...]
    cumulative: bool = False
    planned: bool = False

    def column(self, index: int) -> FormColumn | None:
        """The column at that place of the grid, if the table has it."""
        return next((column for column in self.columns if column.index == index), None)

    @property
    def data_rows(self) -> tuple[FormRow, ...]:
        """The rows that are neither totals nor headings, notes or blank."""
        return tuple(row for row in self.rows if row.kind == "data")

    @property
    def file(self) -> str:
        """What faults name the table by; "" for a text file, which has one table only."""
        return self.grid.name

    def without(self, rows: Collection[int]) -> TableForm:
        """The same form with these rows of the grid left out, as somebody chose."""
        left_out = set(rows)
        if not left_out:
            return self
        kept = (
            replace(row, kind="left_out") if row.index in left_out and row.kind == "data" else row
            for row in self.rows
        )
        return replace(self, rows=tuple(kept))

    def fault(self, row: int, column: int, why: str) -> Fault:
        """A fault of one cell; the line is the row as Excel counts it."""
        head = self.column(column)
        return Fault(
            self.file, row + 1, head.title if head else column_letters(column),
            text_of(self.grid.filled(row, column)), why, cell=self.grid.address(row, column),
        )  # fmt: skip


def recognise(grid: Grid) -> TableForm:
    """The form of a sheet's table.

    Raises:
        FormError: when there is no header with rows below it.
    """
    header = _header(grid)
    title = " ".join(text for text in header.preamble if not units_of_line(text))
    printed = period_above(header.preamble) or period_above([grid.name])
    period, cumulative = _since_january_of(printed, title, grid.name)
    planned = is_planned(title) or is_planned(grid.name)
    body = range(header.bottom + 1, grid.height)
    columns = tuple(
        _column(grid, index, parts, body, period) for index, parts in header.parts.items()
    )
    serial = _serial(grid, columns, body)
    layout = _layout(columns)
    name = _name_column(columns, serial, layout)
    texts = [
        [narrow(text_of(cell)) for cell in grid.cells[row]]
        for row in range(header.top, header.bottom + 1)
    ]
    rows = tuple(rows_below(grid, header.bottom, texts, name))
    if not any(row.kind == "data" for row in rows):
        raise FormError(
            f"“{grid.name or '表'}”的表头下没有数据 / no data below the header of "
            f"“{grid.name or 'the table'}”"
        )
    notes = tuple(narrow(_row_text(grid, row.index)) for row in rows if row.kind == "note")
    return TableForm(
        grid=grid,
        layout=layout,
        title=title,
        units=tuple(dict.fromkeys(u for line in header.preamble for u in units_of_line(line))),
        period=period,
        header=(header.top, header.bottom),
        columns=columns,
        rows=rows,
        name_column=name,
        serial_column=serial,
        notes=notes,
        warnings=(*_since_january(grid, printed, period), *_warnings(grid, rows)),
        cumulative=cumulative,
        planned=planned,
    )


def is_planned(title: str) -> bool:
    """Whether a title is that of targets, plans or expected figures, not of what was reached."""
    if _EXPECTED.search(title):
        return True
    return bool(_PLANNED.search(title)) and not _REACHED.search(title)


def planned_warnings(form: TableForm) -> tuple[Fault, ...]:
    """Told where a title makes the figures of a table targets."""
    if not form.planned:
        return ()
    why = (
        "标题写的是目标、任务、计划或预计：没有另外写明的数按“目标”读取；若是实绩，请改列的数据性质"
        " / the title speaks of targets, plans or expected figures: what does not say otherwise is "
        "read as target; change the kind of the columns if they are actual"
    )
    return (Fault(form.file, 0, "", "", why),)


def _since_january_of(printed: Period | None, title: str, sheet: str) -> tuple[Period | None, bool]:
    """The period as title or sheet name mean it, and whether they speak of 累计.

    As in a column's head, 累计 begins with January: 2026年三季度（累计） is January to September.
    """
    cumulative = bool(_CUMULATIVE.search(title) or _CUMULATIVE.search(sheet))
    return (since_january(printed) if printed and cumulative else printed), cumulative


def _since_january(grid: Grid, printed: Period | None, period: Period | None) -> Iterable[Fault]:
    """Told where 累计 made the printed period longer."""
    if period is None or printed is None or printed.key == period.key:
        return
    why = (
        f"标题写有“累计”，时期按{period.name('zh')}读取；若是单独一个{printed.name('zh')}的数，"
        f"请改时期 / the title says 累计 (cumulative): read as {period.name('en')}; change the "
        f"period if the figures are of {printed.name('en')} alone"
    )
    yield Fault(grid.name, 0, "", "", why)


def _header(grid: Grid) -> Header:
    """The header of the sheet, with rows below it and not too many columns."""
    header = find_header(grid)
    if header is None or header.bottom + 1 >= grid.height:
        raise FormError(
            f"“{grid.name or '表'}”里没有找到表头和数据，请检查是否有列名 / "
            f"no header row with data below it was found in “{grid.name or 'the table'}”"
        )
    if len(header.parts) > MOST_COLUMNS:
        raise FormError(
            f"“{grid.name or '表'}”有 {len(header.parts)} 列，最多 {MOST_COLUMNS} 列，"
            f"请删去无关的列 / “{grid.name or 'the table'}” has more than {MOST_COLUMNS} columns"
        )
    return header


def _row_text(grid: Grid, row: int) -> str:
    return " ".join(text_of(cell) for cell in grid.cells[row] if cell is not None)


def _column(
    grid: Grid, index: int, parts: Sequence[str], body: range, period: Period | None
) -> FormColumn:
    head = head_of(parts, year=period.last_day.year if period else None)
    cells = [cell for row in body if (cell := grid.cell(row, index)) is not None]
    return FormColumn(
        index=index,
        labels=head.labels,
        label=head.label,
        printed="".join(dict.fromkeys(parts)),
        unit=head.unit,
        period=head.period,
        content=_content(cells[:_SAMPLED]),
        filled=len(cells),
        sample=tuple(text_of(cell)[:40] for cell in cells[:_SAMPLES]),
    )


def _content(cells: Sequence[Cell]) -> Content:
    """What most cells are; marks for "no figure" count for nothing."""
    kinds: Counter[Content] = Counter()
    for cell in cells:
        figure = read_figure(cell)
        if figure.missing:
            continue
        digits = isinstance(cell, str) and re.fullmatch(r"[0-9.,]+", cell.strip())
        written_date = isinstance(cell, str) and not digits and parse_period(cell)
        if not isinstance(cell, str | float | bool) or written_date:
            kinds["date"] += 1
        else:
            error = isinstance(cell, str) and cell.startswith("#")
            kinds["number" if figure.number or error else "text"] += 1
    return kinds.most_common(1)[0][0] if kinds else "empty"


def _serial(grid: Grid, columns: Sequence[FormColumn], body: range) -> int | None:
    """The column that counts the rows, by its head or, without any, by its numbers."""
    for column in columns[:3]:
        if SERIAL_HEADS.fullmatch(column.label) and column.content in ("number", "empty"):
            return column.index
        if column.printed or column.content != "number":
            continue
        texts = [text_of(cell) for row in body if (cell := grid.cell(row, column.index))]
        if len(texts) > 1 and texts == [str(i + 1) for i in range(len(texts))]:
            return column.index
    return None


def _layout(columns: Sequence[FormColumn]) -> Layout:
    """Which way the table lies: what its heads are."""
    heads = [column.label for column in columns]
    if any(INDICATOR_HEADS.fullmatch(head) for head in heads):
        value = any(VALUE_HEADS.fullmatch(head) for head in heads)
        place = any(PLACE_HEADS.fullmatch(c.label) and not holds_units(c) for c in columns)
        return "long" if value and place else "crossed"
    if any(RECORD_HEADS.fullmatch(head) for head in heads):
        return "list"
    return "wide"


def _name_column(columns: Sequence[FormColumn], serial: int | None, layout: Layout) -> int | None:
    """The column that says what a row is about: by its head, else the first one of words."""
    wanted = {"crossed": INDICATOR_HEADS, "list": RECORD_HEADS}.get(layout, PLACE_HEADS)
    words = [
        column
        for column in columns
        if column.index != serial and column.content != "number" and not holds_units(column)
    ]
    # Beside a column of cities the one of zones is what the row is about.
    zones = [
        column for column in words if layout in ("wide", "long") and ZONE_HEADS.search(column.label)
    ]
    named = [column for column in words if wanted.fullmatch(column.label)]
    texts = [column for column in words if column.content == "text"]
    return next((column.index for column in [*zones, *named, *texts]), None)


def holds_units(column: FormColumn) -> bool:
    """Whether the column holds units of measure: 单位 heads these, and names of bodies as well."""
    return bool(column.sample) and all(is_unit(narrow(text)) for text in column.sample)


def _warnings(grid: Grid, rows: Iterable[FormRow]) -> Iterable[Fault]:
    """What a reader of the sheet should know, each told once."""

    def warn(why: str) -> Fault:
        return Fault(grid.name, 0, "", "", why)

    hidden = set(grid.hidden_rows) & {row.index for row in rows if row.kind == "data"}
    if hidden:
        yield warn(
            f"有 {len(hidden)} 行被隐藏或筛掉，也会导入 / "
            f"{len(hidden)} rows are hidden or filtered out and are read all the same"
        )
    if grid.hidden:
        yield warn("这是隐藏的工作表 / this sheet is hidden")
    if grid.formulas:
        yield warn(
            f"有 {grid.formulas} 个公式，只取其保存的结果 / "
            f"{grid.formulas} formulas: only their saved results are read"
        )
