"""What the columns of a table are, as far as their heads and cells say so beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from facts import units
from facts.celltexts import narrow
from facts.grids import text_of
from facts.headlabels import unit_among
from facts.mappings import ColumnMapping, Mapping, Role, TableKind
from facts.matching import Matcher
from facts.model import Kind
from facts.periodtexts import Relative, parse_period, relative_aside, relative_period
from facts.recordfields import field_of, fields_of, is_round, names_field, stage_field, stage_of
from facts.tableforms import (
    INDICATOR_HEADS,
    PLACE_HEADS,
    VALUE_HEADS,
    FormColumn,
    TableForm,
    holds_units,
)

_PERIOD_HEADS = re.compile(
    r"(?:统计|报告|数据)?(?:时期|时间|年份|年度|期间|报告期|月份|季度|截[至止](?:日期|时间))|日期|年"
)
_KIND_HEADS = re.compile(r"(?:数据|指标)?(?:性质|类型|类别)")
_POPULATION_HEADS = re.compile(r"(?:统计)?(?:范围|口径)")
_DONE = re.compile(r"完成|实际|实绩|实现")
_LONGEST_LABEL = 200
_LIKELY_PLACE = 75.0  # score of a name that a head of a crossed table is taken for


def record_columns(form: TableForm, table: TableKind) -> tuple[ColumnMapping, ...]:
    """The columns of a table of parcels or projects."""
    keys = _by_values(form, table, fields_of(table, [column.label for column in form.columns]))
    found = []
    for column, key in zip(form.columns, keys, strict=True):
        blank = _blank(column)
        if key and column.index != form.serial_column:
            field = field_of(table, key)
            unit = column.unit or (unit_among(form.units, field.unit) if field else "")
            found.append(replace(blank, role="field", name=key, unit=unit))
        else:
            found.append(replace(blank, role="skip"))
    return tuple(found)


def _by_values(form: TableForm, table: TableKind, keys: Sequence[str]) -> list[str]:
    """The fields of columns, with the one of states or batches chosen by what stands in it.

    Under 批次 some offices write the round of the campaign (2026年第三次) and the batch under 类别.
    """
    wanted = stage_field(table)
    found = list(keys)
    named = [
        at for at, column in enumerate(form.columns) if names_field(table, column.label, wanted)
    ]
    if wanted not in found or not named:
        return found
    at = found.index(wanted)
    values = {place: _values(form, form.columns[place].index) for place in {at, *named}}

    def understood(place: int) -> float:
        seen = values[place]
        return sum(stage_of(table, value) != "" for value in seen) / len(seen) if seen else 0.0

    best = max((at, *named), key=understood)
    rounds = table == "projects" and bool(values[at]) and all(map(is_round, values[at]))
    if best == at and not (rounds and understood(at) == 0):
        return found
    found[at] = "round" if rounds and "round" not in found else ""
    if best != at:
        found[best] = wanted
    return found


def _values(form: TableForm, column: int) -> list[str]:
    """What the rows of data hold in a column, blanks left out."""
    texts = (narrow(text_of(form.grid.filled(row.index, column))) for row in form.data_rows)
    return [text for text in texts if text]


def figure_columns(form: TableForm, matcher: Matcher) -> tuple[ColumnMapping, ...]:
    """The columns of a table of figures."""
    found: list[ColumnMapping] = []
    for column in form.columns:
        mapped = _label_column(form, column)
        if mapped is None or (mapped.role == "skip" and _named_figures(form, column, matcher)):
            earlier = [other for other in found if other.role in ("", "value")]
            mapped = _growth_of(_value_column(form, column, matcher, earlier), earlier)
        found.append(mapped)
    return tuple(found)


def _named_figures(form: TableForm, column: FormColumn, matcher: Matcher) -> bool:
    """Whether a column of words is one of figures, after all: most of them in some other way."""
    if (
        column.index == form.serial_column
        or not column.filled
        or form.layout in ("long", "crossed")
    ):
        return False
    match = matcher.indicator(column.label, unit=column.unit, labels=column.labels)
    return match.settled or bool(column.unit)


def _blank(column: FormColumn) -> ColumnMapping:
    return ColumnMapping(
        column.index, column.title[:_LONGEST_LABEL], unit=column.unit, period=column.period
    )


def _label_column(form: TableForm, column: FormColumn) -> ColumnMapping | None:
    """What a column of labels is; None for a column of figures."""
    blank, label = _blank(column), column.label
    role: Role = ""
    if column.index == form.serial_column or not column.filled:
        role = "skip"
    elif form.layout in ("long", "crossed") and INDICATOR_HEADS.fullmatch(label):
        role = "indicator"
    elif holds_units(column):
        role = "unit"
    elif _PERIOD_HEADS.fullmatch(label):
        role = "period"
    elif column.content != "number" and _KIND_HEADS.fullmatch(label):
        role = "kind"
    elif column.content != "number" and _POPULATION_HEADS.fullmatch(label):
        role = "population"
    elif _names_places(form, column):
        role = "place"
    elif column.content in ("text", "date"):
        role = "skip"
    return replace(blank, role=role) if role else None


def _names_places(form: TableForm, column: FormColumn) -> bool:
    if form.layout == "crossed":
        return column.content == "text" and bool(PLACE_HEADS.fullmatch(column.label))
    return column.index == form.name_column


def _value_column(
    form: TableForm, column: FormColumn, matcher: Matcher, earlier: Sequence[ColumnMapping]
) -> ColumnMapping:
    """What a column of figures is, as far as it is certain; `earlier` are those left of it."""
    blank = _blank(column)
    relative: Relative = next(
        (said for text in column.labels if (said := relative_period(text))), ""
    )
    if form.layout == "long":
        certain = VALUE_HEADS.fullmatch(column.label) or not column.label
        kind = _planned_kind(form, column, relative)
        return replace(blank, role="value", kind=kind) if certain else blank
    labels = column.labels
    if not relative:
        relative, labels = _aside(labels)
    match = matcher.indicator(column.printed, unit=column.unit)
    if not match.settled:
        match = matcher.indicator("".join(labels), unit=column.unit, labels=labels)
    elif column.period:
        blank = replace(blank, period=None)  # a year within a name: 2019年设立的开发区数
    if form.layout == "crossed":
        return _crossed(form, column, matcher, replace(blank, relative=relative))
    since_january = relative == "year_to_date" and not (form.period and form.period.is_moment)
    told = "" if since_january and match.kind == "cumulative" else match.kind
    if match.settled:
        first = match.suggestions[0]
        named = replace(blank, role="value", indicator_id=first.target_id, relative=relative)
        if since_january and first.kind == "cumulative":
            return replace(named, kind=matcher.usual_kind(first.target_id))
        # 截至6月底（累计）: a sum up to a day whose beginning nobody tells.
        up_to = form.cumulative and form.period is not None and form.period.is_moment
        summed = up_to and first.kind == "actual" and not relative
        usual = _planned_kind(form, column, relative) if first.kind == "actual" else ""
        return replace(named, kind="cumulative" if summed else usual or first.kind)
    before = earlier[-1] if earlier else blank
    if (match.follows or relative) and before.indicator_id:
        unit = blank.unit if told else blank.unit or before.unit
        named = replace(blank, role="value", indicator_id=before.indicator_id, unit=unit)
        return replace(named, kind=told or before.kind, relative=relative)
    return replace(blank, relative=relative)


def _aside(labels: Sequence[str]) -> tuple[Relative, tuple[str, ...]]:
    """What the heads over a column say of its period beside what they name, and these names."""
    found: Relative = ""
    names = []
    for label in labels:
        said, rest = relative_aside(label)
        found = found or said
        names.append(rest)
    return found, tuple(names)


def _planned_kind(form: TableForm, column: FormColumn, relative: Relative) -> Kind | Literal[""]:
    """Target, for a column of a table of targets that says nothing else; "" for any other."""
    before = (
        column.period is not None
        and form.period is not None
        and column.period.last_day < form.period.last_day
    )
    done = before or _DONE.search(column.printed) or relative in ("year_before", "month_before")
    return "target" if form.planned and not done else ""


def _growth_of(column: ColumnMapping, earlier: Sequence[ColumnMapping]) -> ColumnMapping:
    """The column; a growth behind 本月 or 累计, or behind two years, is that of the latest."""
    same = [other for other in earlier if other.indicator_id == column.indicator_id]
    if column.kind not in ("yoy", "share") or column.relative or column.period or not same:
        return column
    periods = [other.period for other in same if other.period]
    relative = same[-1].relative if same[-1].relative != "year_before" else ""
    return replace(column, relative=relative, period=max(periods) if periods else None)


def _crossed(
    form: TableForm, column: FormColumn, matcher: Matcher, blank: ColumnMapping
) -> ColumnMapping:
    """A column of a table with an indicator in each row: a period, a kind of figure or a place."""
    kind = _planned_kind(form, column, blank.relative)
    match = matcher.indicator(column.label)
    year = form.period.last_day.year if form.period else None
    if match.follows and (match.kind in ("yoy", "share") or not blank.relative):
        return replace(blank, role="value", kind=match.kind)
    if column.period or blank.relative or VALUE_HEADS.fullmatch(column.label):
        return replace(blank, role="value", kind=kind)
    if parse_period(column.label, year=year or 2000):  # “1-6月”, of a year still to be told
        return replace(blank, role="value", kind=kind)
    place = matcher.place(column.label)
    if place.suggestions and place.suggestions[0].score >= _LIKELY_PLACE:
        return replace(blank, role="value", name=column.label[:_LONGEST_LABEL], kind=kind)
    return blank


def with_rate_parts(mapping: Mapping, matcher: Matcher) -> Mapping:
    """Rates whose numerator and denominator stand in columns of the same table."""
    by_indicator = {
        (c.indicator_id, c.period): c for c in mapping.of_role("value") if c.kind != "yoy"
    }
    for column in mapping.of_role("value"):
        ratio = matcher.facts.indicators_by_id.get(column.indicator_id)
        if ratio is None or len(ratio.ratio_of) != 2 or column.numerator is not None:
            continue
        parts = [by_indicator.get((part, column.period)) for part in ratio.ratio_of]
        if parts[0] is None or parts[1] is None:
            continue
        unit = matcher.facts.indicator(parts[0].indicator_id).unit
        mapping = mapping.with_column(
            replace(
                column,
                numerator=parts[0].index,
                denominator=parts[1].index,
                basis="count" if units.compatible(unit, "个") else _money_basis(parts[0]),
            )
        )
    return mapping


def _money_basis(column: ColumnMapping) -> Literal["", "investment", "output"]:
    if column.indicator_id.endswith("investment"):
        return "investment"
    return "output" if column.indicator_id.endswith("output") else ""
