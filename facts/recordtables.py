"""Tables with a record in each row (parcels, projects): their cells read field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from facts import units
from facts.celltexts import narrow, read_figure
from facts.errors import Fault, IncompatibleUnits, UnknownUnit
from facts.grids import text_of
from facts.headlabels import unit_among
from facts.mappings import SKIP, ColumnMapping, Mapping
from facts.model import Facts
from facts.periodtexts import partial_date
from facts.recordfields import Field, field_of, stage_of, stage_words
from facts.recordids import record_id
from facts.skippedrows import SkippedRow, skipped_row
from facts.tablecells import CellFault, Reading, per_year, read_cell
from facts.tableforms import FormRow, TableForm
from facts.tablenames import place_column, place_name
from facts.tabletotals import check_totals

_LONGEST_TEXT = 2000
_YEARLY = ("tax_wan_per_mu", "expected_output_yi")
_ADDED = ("area", "total_investment_yi", "expected_output_yi", "land_mu")
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_RANGE = re.compile(rf"({_NUMBER})(%?)(?:-|—|~|至|[≤<][^0-9≤<]{{0,4}}[≤<])({_NUMBER})(%?)")


@dataclass
class RecordReader:
    """Reads the rows of a table of records, and gathers what is wrong with them."""

    form: TableForm
    mapping: Mapping
    facts: Facts
    faults: list[Fault] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    readings: dict[tuple[int, int], Reading] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    last_name: str = ""

    def rows(self) -> Iterator[tuple[FormRow, str]]:
        """The rows of data whose place is decided, with its id; totals are checked at the end."""
        self.warnings += self.form.warnings
        for row in self.form.rows:
            self.notes = []
            if row.kind == "data":
                place_id = self._place(row)
                if place_id:
                    yield row, place_id
                continue
            self.skipped.append(skipped_row(self.form, row))
            if row.kind in ("total", "subtotal"):
                for key in _ADDED:
                    self._quietly(row, key)
        columns = [self._column(key) for key in _ADDED]
        added = [column.index for column in columns if column is not None]
        self.warnings += check_totals(self.form, added, self.readings)

    def text(self, row: FormRow, key: str) -> str:
        """The text of a field, "" when it is blank or has no column; line breaks are kept out."""
        column = self._column(key)
        if column is None:
            return ""
        text = narrow(text_of(self.form.grid.filled(row.index, column.index)))
        if len(text) > _LONGEST_TEXT:
            self._fault(row, column, f"文字超过 {_LONGEST_TEXT} 字 / the text is too long")
            return ""
        return "" if text.startswith("#") or read_figure(text).missing else text

    def date(self, row: FormRow, key: str) -> str:
        """A date as far as it is known, "" for none."""
        column = self._column(key)
        text = self.text(row, key)
        if column is None or not text:
            return ""
        found = partial_date(self.form.grid.filled(row.index, column.index))
        if found is None:
            why = "不是日期，如 2023-06-30 或 2023年6月 / no date: write 2023-06-30 or 2023年6月"
            self._fault(row, column, why)
        return found or ""

    def number(self, row: FormRow, key: str) -> Reading | None:
        """The figure of a field; None when it has no column, no figure or a fault."""
        column = self._column(key)
        if column is None:
            return None
        try:
            return self._read(row, column)
        except CellFault as fault:
            self._fault(row, column, str(fault))
            return None

    def control(self, row: FormRow, key: str) -> float | None:
        """What a control indicator commits to: the least, or of energy the most.

        A range gives its end on that side; what is a bound on the other side only is no
        commitment of this kind and is told. Either goes into the notes as printed.
        """
        column, what = self._column(key), field_of(self.mapping.table, key)
        if column is None or what is None:
            return None
        printed = narrow(text_of(self.form.grid.filled(row.index, column.index)))
        match = _RANGE.fullmatch(printed.replace(" ", ""))
        if match is not None:
            return self._end_of_range(row, column, what, match)
        reading = self.number(row, key)
        if reading is None or reading.value is None:
            return None
        other = {"at_least": "at_most", "at_most": "at_least"}.get(what.bound)
        if reading.qualifier == other:
            self.notes.append(f"{what.name_zh}{printed}")
            self.warnings.append(
                self.form.fault(
                    row.index, column.index,
                    f"{what.name_zh}是另一侧的界限，只记入备注 / the bound is on the other side: "
                    "kept as a note only",
                )
            )  # fmt: skip
            return None
        if reading.qualifier == "approx":
            self.notes.append(f"{what.name_zh}{printed}")
        return float(reading.value)

    def stage(self, row: FormRow, key: str) -> str:
        """Batch or state of a row: of its column, of the heading above it, of the table."""
        column = self._column(key)
        text = self.text(row, key)
        if column is not None and text:
            found = stage_of(self.mapping.table, text)
            if not found:
                self._fault(row, column, _unknown_stage(self.mapping.table))
            return found
        return stage_of(self.mapping.table, row.section) or self.mapping.stage

    def locator(self, row: FormRow) -> str:
        """Where the record stands: the address of its first cell."""
        return self.form.grid.address(row.index, self.form.columns[0].index)

    def record_id(self, row: FormRow, key: str, place_id: str, prefix: str) -> str:
        """The number in the row as one of its zone's, else an id of prefix, sheet and row."""
        printed = record_id(place_id, self.text(row, key))
        return printed or f"{prefix}{self.form.grid.number}-{row.index + 1}"

    def fault(self, row: FormRow, key: str, why: str) -> None:
        """A fault of a record, at the column of the field or at the row's first."""
        column = self._column(key)
        index = column.index if column is not None else self.form.columns[0].index
        self.faults.append(self.form.fault(row.index, index, why))

    def _column(self, key: str) -> ColumnMapping | None:
        return next((c for c in self.mapping.of_role("field") if c.name == key), None)

    def _fault(self, row: FormRow, column: ColumnMapping, why: str) -> None:
        self.faults.append(self.form.fault(row.index, column.index, why))

    def _place(self, row: FormRow) -> str:
        at = place_column(self.form, self.mapping)
        name = "" if at is None else place_name(self.form, row, at)
        if not name and self.mapping.fill_down:
            name = self.last_name
        self.last_name = name or self.last_name
        place_id = self.mapping.places.get(name, "") if name else self.mapping.place_id
        if place_id in self.facts.places_by_id:
            return place_id
        if place_id == SKIP:
            reason = ("按选择不导入", "left out, as was chosen")
        elif name:
            reason = ("名称还没有对应到开发区", "the name is not yet matched to a place")
        else:
            reason = ("没有写开发区", "no place is given")
        at = self.form.columns[0].index if at is None else at
        self.skipped.append(SkippedRow(self.form.grid.address(row.index, at), name[:100], *reason))
        return ""

    def _read(self, row: FormRow, column: ColumnMapping) -> Reading:
        what = field_of(self.mapping.table, column.name)
        target = what.unit if what is not None else ""
        reading = read_cell(
            self.form, row.index, column.index, unit=self._unit(column, target), target=target,
            yearly=column.name in _YEARLY,
        )  # fmt: skip
        self.readings[row.index, column.index] = reading
        return reading

    def _unit(self, column: ColumnMapping, target: str) -> str:
        return column.unit or unit_among(self.form.units, target) or self.mapping.unit

    def _quietly(self, row: FormRow, key: str) -> None:
        """Read a cell of a total, where anything may stand."""
        column = self._column(key)
        if column is not None:
            try:
                self._read(row, column)
            except CellFault:
                return

    def _end_of_range(
        self, row: FormRow, column: ColumnMapping, what: Field, match: re.Match[str]
    ) -> float | None:
        """The end of a range that is committed to, in the field's unit."""
        unit = match[4] or match[2] or self._unit(column, what.unit)
        low, high = Fraction(match[1]), Fraction(match[3])
        try:
            if low > high or (what.unit and not unit):
                raise IncompatibleUnits(
                    "范围的写法有误或没有单位 / a range that is wrong or without a unit"
                )
            scale = units.factor(per_year(unit), what.unit) if what.unit else 1
        except (IncompatibleUnits, UnknownUnit) as error:
            self._fault(row, column, str(error))
            return None
        self.notes.append(f"{what.name_zh}{match[0]}")
        return float((high if what.bound == "at_most" else low) * scale)


def _unknown_stage(table: str) -> str:
    """Why a state or batch was not understood: what may stand there, and what to do."""
    words = stage_words(table)
    zh, en = ("状态", "state") if table == "parcels" else ("批次", "batch")
    return (
        f"不是{zh}；可以写{'、'.join(words)}。请改正原表，或在前面的步骤里把这一列对应为别的内容，"
        f"另选一列作{zh}，或统一选定{zh} / no {en}: write {', '.join(words)}; correct the table, "
        f"or say that this column is something else and choose another column or one {en} for all"
    )
