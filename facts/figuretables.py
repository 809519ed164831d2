"""From a recognised table and its mapping to observations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import get_args

from facts import units
from facts.celltexts import narrow, read_figure
from facts.doubts import Seen, doubts
from facts.errors import Fault
from facts.grids import text_of
from facts.headlabels import split_unit
from facts.indicatormatch import kind_alone
from facts.mappings import SKIP, ColumnMapping, Mapping
from facts.model import Facts, Indicator, Kind, Observation, Period
from facts.periodtexts import Relative, parse_period, relative_aside, shifted
from facts.rows import observation_unit
from facts.skippedrows import SkippedRow, skipped_row
from facts.tablecells import CellFault, Reading, read_cell, told_unit
from facts.tableforms import FormRow, TableForm, planned_warnings
from facts.tablenames import indicator_name, place_column, place_name
from facts.tabletotals import adds_up, check_fractions, check_totals

__all__ = ["FigureImport", "SkippedRow", "to_observations"]

_LEFT_OUT = ("按选择不导入", "left out, as was chosen")
_NO_PLACE = ("名称还没有对应到地点", "the name is not yet matched to a place")
_KIND_WORDS: dict[str, Kind] = {
    "实际": "actual", "完成": "actual", "实绩": "actual", "本期": "actual", "目标": "target",
    "计划": "target", "任务": "target", "预计": "target", "累计": "cumulative", "同比": "yoy",
    "增速": "yoy", "占比": "share", "比重": "share",
    **{kind: kind for kind in get_args(Kind)},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FigureImport:
    """What a table gives. With any fault the table should not be stored as it is.

    `warnings` stop nothing: totals that don't add up, hidden rows, marks of footnotes.
    """

    observations: tuple[Observation, ...]
    faults: list[Fault]
    skipped: list[SkippedRow]
    warnings: list[Fault]


def to_observations(
    form: TableForm, mapping: Mapping, facts: Facts, *, source_id: str, row_prefix: str
) -> FigureImport:
    """The figures of a table, in their canonical units; a blank cell is missing, never zero.

    A row id is the prefix, the sheet's number and the cell's address: the same table gives the
    same ids. What the mapping leaves open is in `skipped`; two different figures for the same
    place, indicator, period and kind are a fault, and neither is given.
    """
    reader = _Reader(form, mapping, facts, source_id, row_prefix)
    reader.skip_blank_columns()
    for row in form.rows:
        reader.read_row(row)
    reader.skip_open_columns()
    reader.warnings += [*form.warnings, *planned_warnings(form)]
    reader.warnings += [*check_fractions(form, mapping, reader.readings)]
    added = [column.index for column in mapping.of_role("value") if adds_up(column, facts)]
    reader.warnings += check_totals(form, added, reader.readings)
    reader.warnings += doubts(form, reader.seen)
    return FigureImport(
        tuple(figure for figure in reader.found.values() if figure.row_id not in reader.refused),
        reader.faults,
        reader.skipped,
        reader.warnings,
    )


@dataclass
class _Reader:
    """Goes through the rows, with what stands above them."""

    form: TableForm
    mapping: Mapping
    facts: Facts
    source_id: str
    row_prefix: str
    found: dict[tuple[str, ...], Observation] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)  # row id -> row of the sheet, from 1
    readings: dict[tuple[int, int], Reading] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    blank: set[int] = field(default_factory=set)
    subject: str = ""  # the name in the row at hand, as printed
    last_name: str = ""
    last_indicator: tuple[str, Kind] | None = None

    def read_row(self, row: FormRow) -> None:
        """Read the cells of a row of data; totals are read to check them."""
        total = row.kind in ("total", "subtotal")
        chosen = total and self.mapping.places.get(row.name, SKIP) != SKIP
        if row.kind != "data" and not chosen:
            self.skipped.append(skipped_row(self.form, row))
        if row.kind != "data" and not total:
            return
        place = self._place(row) if row.kind == "data" or chosen else None
        indicator = self._row_indicator(row)
        for column in self.mapping.of_role("value"):
            if column.index in self.blank:
                continue
            pair = self._indicator(column, indicator)
            if pair is None:
                continue
            try:
                reading = self._reading(row, column, *pair)
            except CellFault as fault:
                merged = self.form.grid.range_of(row.index, column.index)
                if merged is None or merged.top == row.index:  # told once
                    self.faults.append(self.form.fault(row.index, column.index, str(fault)))
                continue
            self.readings[row.index, column.index] = reading
            if row.kind == "data":
                self.seen.append(Seen(row.index, column.index, *pair, reading))
            place_id = self._column_place(column) if column.place_id or column.name else place
            if place_id and (period := self._period(row, column)):
                made = self._observation(row, column, reading, (place_id, *pair, period))
                self._add(made, row, column)

    def skip_blank_columns(self) -> None:
        """Leave out columns that nobody filled in: in a template these are no missing figures."""
        rows = [row.index for row in self.form.data_rows]
        for column in self.mapping.of_role("value"):
            if all(self.form.grid.filled(row, column.index) is None for row in rows):
                self.blank.add(column.index)
                at = self.form.grid.address(self.form.header[1], column.index)
                reason = ("这一列没有填写", "the column is not filled in")
                self.skipped.append(SkippedRow(at, column.label, *reason))

    def _column_place(self, column: ColumnMapping) -> str:
        place_id = column.place_id or self.mapping.places.get(column.name, "")
        return place_id if place_id in self.facts.places_by_id else ""

    def skip_open_columns(self) -> None:
        """List the columns that nobody has decided about."""
        for column in self.mapping.columns:
            reason = ("", "")
            if column.role == "":
                reason = ("这一列还没有对应到指标", "the column is not yet mapped to an indicator")
            elif column.role == "value" and column.name and not self._column_place(column):
                chosen = self.mapping.places.get(column.name) == SKIP
                reason = _LEFT_OUT if chosen else _NO_PLACE
            if reason[0]:
                at = self.form.grid.address(self.form.header[1], column.index)
                self.skipped.append(SkippedRow(at, column.label, *reason))

    def _place(self, row: FormRow) -> str | None:
        """The place of the row; None, and told, when it is left out or not decided."""
        at = place_column(self.form, self.mapping)
        self.subject = "" if at is None else place_name(self.form, row, at)
        if at is None:
            return self.mapping.place_id or None
        name = self.subject
        if not name and self.mapping.fill_down:
            name = self.last_name
        self.last_name = name or self.last_name
        place_id = self.mapping.places.get(name, "") if name else ""
        if place_id in self.facts.places_by_id:
            return place_id
        if place_id == SKIP:
            reason = _LEFT_OUT
        elif name:
            reason = _NO_PLACE
        else:
            reason = ("没有写名称", "no name is given")
        self.skipped.append(SkippedRow(self.form.grid.address(row.index, at), name[:100], *reason))
        return None

    def _row_indicator(self, row: FormRow) -> tuple[str, Kind] | None:
        """The indicator that a cell of the row names; told when it is open."""
        columns = self.mapping.of_role("indicator")
        if not columns:
            return None
        name = indicator_name(self.form, row, columns[0].index)
        kind = kind_alone(name)
        if kind and self.last_indicator:  # 同比 below what it is the growth of
            return (self.last_indicator[0], kind)
        pair = self.mapping.indicators.get(name)
        if pair is None or pair[0] not in self.facts.indicators_by_id:
            skip = pair is not None and pair[0] == SKIP
            reason = _LEFT_OUT if skip else ("还没有对应到指标", "not yet matched to an indicator")
            at = self.form.grid.address(row.index, columns[0].index)
            self.skipped.append(SkippedRow(at, name[:100], *reason))
            self.last_indicator = None
            return None
        self.last_indicator = pair
        return pair

    def _indicator(
        self, column: ColumnMapping, in_row: tuple[str, Kind] | None
    ) -> tuple[Indicator, Kind] | None:
        """Indicator and kind of a cell: the column's own, or those of its row."""
        indicator_id = column.indicator_id or (in_row[0] if in_row else "")
        indicator = self.facts.indicators_by_id.get(indicator_id)
        if indicator is None:
            return None
        if in_row is None or column.indicator_id:
            return indicator, column.kind or (
                in_row[1] if in_row else self.mapping.kind
            ) or "actual"
        # Of what stands in a row its growth stays a growth, whatever its column is of.
        if in_row[1] in ("yoy", "share") or column.kind in ("", "actual"):
            return indicator, in_row[1]
        return indicator, column.kind or "actual"

    def _kind(self, row: FormRow, kind: Kind) -> Kind:
        for column in self.mapping.of_role("kind"):
            word = narrow(text_of(self.form.grid.filled(row.index, column.index)))
            if word and word not in _KIND_WORDS:
                why = "看不懂的数据性质 / an unknown kind of figure"
                self._fault_once(self.form.fault(row.index, column.index, why))
            return _KIND_WORDS.get(word, kind)
        return kind

    def _reading(
        self, row: FormRow, column: ColumnMapping, indicator: Indicator, kind: Kind
    ) -> Reading:
        target = observation_unit(indicator.unit, self._kind(row, kind))
        grid = self.form.grid
        named = self.mapping.of_role("indicator")
        in_cells = [text_of(grid.filled(row.index, c.index)) for c in self.mapping.of_role("unit")]
        in_names = [split_unit(indicator_name(self.form, row, c.index))[1] for c in named]
        told = [*map(narrow, in_cells), *in_names, column.unit]
        if kind in ("yoy", "share"):  # the row's unit is that of what grows
            told = [unit for unit in told if units.compatible(unit, target)]
        unit = told_unit(self.form, *told, target=target, default=self.mapping.unit)
        return read_cell(self.form, row.index, column.index, unit=unit, target=target)

    def _period(self, row: FormRow, column: ColumnMapping) -> Period | None:
        """The period of a cell: of its row and column, else of the table; a fault if unknown."""
        base, at_fault = self.mapping.period, False
        for named in self.mapping.of_role("period"):
            cell = self.form.grid.filled(row.index, named.index)
            if cell is not None:
                year = base.last_day.year if base else None
                base = parse_period(cell, year=year)
                at_fault = base is None
                if at_fault:
                    why = "看不懂的时期，如 2023年上半年 / an unknown period; write 2023年上半年"
                    self._fault_once(self.form.fault(row.index, named.index, why))
        in_row = self._row_relative(row)
        if column.period and not self.mapping.of_role("period"):
            return shifted(column.period, in_row) if in_row else column.period
        if base is not None and (relative := column.relative or in_row):
            return shifted(base, relative)
        head = self.form.column(column.index)
        if base is not None and head is not None:
            for label in head.labels:
                if within := parse_period(label, year=base.last_day.year):
                    return within
        if base is None and not at_fault:
            why = "没有写时期 / no period is given"
            self._fault_once(self.form.fault(self.form.header[1], column.index, why))
        return base

    def _row_relative(self, row: FormRow) -> Relative:
        """What the name of the indicator in a row says of its period: 上年同期产值."""
        columns = self.mapping.of_role("indicator")
        if not columns:
            return ""
        return relative_aside(split_unit(indicator_name(self.form, row, columns[0].index))[0])[0]

    def _fault_once(self, fault: Fault) -> None:
        if fault not in self.faults[-50:]:
            self.faults.append(fault)

    def _observation(
        self, row: FormRow, column: ColumnMapping, reading: Reading,
        what: tuple[str, Indicator, Kind, Period],
    ) -> Observation:  # fmt: skip
        place_id, indicator, kind, period = what
        kind = self._kind(row, kind)
        numerator, denominator = self._parts(row, column)
        grid = self.form.grid
        populations = [
            narrow(text_of(grid.filled(row.index, c.index)))
            for c in self.mapping.of_role("population")
        ]
        head = self.form.column(column.index)
        named = [indicator_name(self.form, row, c.index) for c in self.mapping.of_role("indicator")]
        note = ("原表有注释标记", "marked with a footnote") if reading.footnote else ("", "")
        at = grid.address(row.index, column.index)
        return Observation(
            row_id=f"{self.row_prefix}{grid.number}-{at.rpartition('!')[2]}",
            place_id=place_id,
            indicator_id=indicator.indicator_id,
            period=period,
            kind=kind,
            value=None if reading.value is None else float(reading.value),
            unit=reading.target,
            printed_value=reading.number,
            printed_unit=reading.unit,
            qualifier=reading.qualifier,
            numerator=numerator,
            denominator=denominator,
            basis=column.basis if numerator is not None else "",
            population=next(filter(None, populations), self.mapping.population),
            source_id=self.source_id,
            locator=at,
            quality=self.mapping.quality,
            missing_reason=reading.missing,
            note_zh=note[0],
            note_en=note[1],
            printed_subject=(column.name or self.subject)[:200],
            printed_indicator=(named[0] if named else head.title if head else "")[:200],
        )

    def _parts(self, row: FormRow, column: ColumnMapping) -> tuple[float | None, float | None]:
        """Numerator and denominator of a rate in one unit; both or neither."""
        if column.numerator is None or column.denominator is None:
            return None, None
        parts = []
        for index in (column.numerator, column.denominator):
            figure = read_figure(self.form.grid.cell(row.index, index))
            mapped = self.mapping.column(index)
            unit = figure.unit or (mapped.unit if mapped else "")
            if not figure.number or figure.qualifier != "exact":
                return None, None
            parts.append((Fraction(figure.number), unit))
        (top, top_unit), (bottom, bottom_unit) = parts
        if bottom == 0:
            return None, None
        if top_unit and bottom_unit and units.compatible(top_unit, bottom_unit):
            top *= units.factor(top_unit, bottom_unit)
        elif top_unit != bottom_unit:
            return None, None
        return float(top), float(bottom)

    def _add(self, new: Observation, row: FormRow, column: ColumnMapping) -> None:
        """Keep a figure, unless another one of the same thing stands in the table."""
        key = (new.place_id, new.indicator_id, new.period.key, new.kind, new.population)
        self.lines[new.row_id] = row.index + 1
        old = self.found.get(key)
        if old is None or old.value is None:
            self.found[key] = new
            return
        if new.value is None:
            return
        if (old.value, old.qualifier) == (new.value, new.qualifier):
            self.skipped.append(
                SkippedRow(
                    new.locator, new.printed_value, f"与 {old.locator} 相同", f"as {old.locator}"
                )
            )
            return
        self.refused.add(old.row_id)
        place, indicator = self.facts.place(new.place_id), self.facts.indicator(new.indicator_id)
        printed = f"{old.printed_value}{old.printed_unit}"
        why = (
            f"{place.name_zh}{new.period.name('zh')}{indicator.name_zh}已有另一个数 {printed}"
            f"（{old.locator}）；请改正原表，或选择不导入其中一行 / {place.name('en')}, "
            f"{new.period.name('en')}, {indicator.name('en')}: another figure ({printed}) stands "
            f"at {old.locator}; correct the table, or leave one of the rows out"
        )
        told = self.form.fault(row.index, column.index, why)
        self.faults.append(replace(told, others=(self.lines[old.row_id],)))
