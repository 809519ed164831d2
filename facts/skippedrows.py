"""What an import leaves out of a table, and why: nothing is dropped silently."""

from __future__ import annotations

from dataclasses import dataclass

from facts.grids import text_of
from facts.tableforms import FormRow, TableForm

_ROW_REASONS = {
    "section": ("小标题行", "a heading"),
    "note": ("表注", "a footnote"),
    "header": ("重复的表头", "the header again"),
    "example": ("示例行", "the example row"),
    "left_out": ("按选择不导入", "left out, as was chosen"),
    "total": ("合计行，不导入，只用来核对", "a total: not read, only checked against"),
    "subtotal": ("小计行，不导入，只用来核对", "a subtotal: not read, only checked against"),
}


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row, column or cell that was left out, where it stands ("Sheet!A7") and why."""

    locator: str
    text: str
    reason_zh: str
    reason_en: str


def skipped_row(form: TableForm, row: FormRow) -> SkippedRow:
    """A row that is no data, and why it is left out."""
    cells = enumerate(form.grid.cells[row.index])
    first = next((column for column, cell in cells if cell is not None), 0)
    text = text_of(form.grid.cell(row.index, first))
    return SkippedRow(form.grid.address(row.index, first), text[:100], *_ROW_REASONS[row.kind])
