"""What must still be asked before a table can be read as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from facts import units
from facts.celltexts import read_figure
from facts.grids import text_of
from facts.headlabels import unit_among
from facts.mappings import ColumnMapping, Mapping
from facts.matching import Matcher, Suggestion
from facts.recordfields import field_of
from facts.rows import observation_unit
from facts.tableforms import TableForm
from facts.tablenames import about_zones, host_of, indicator_names, place_column, place_names

QuestionKind = Literal[
    "column", "unit", "place", "indicator", "period", "default_place", "fill_down", "stage"
]
# Units that a column may be in as well as in the one its figures are kept in.
_OTHERS = MappingProxyType(
    {
        "亿元": ("万元",), "亿元/年": ("万元/年",), "亩": ("公顷", "平方公里"),
        "公顷": ("亩", "平方米"), "平方公里": ("公顷", "亩"), "人": ("万人",),
        "万元/亩": ("万元/公顷",), "%": ("比例",),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody must say before all of the table can be read.

    `key` is the column's index as text for "column" and "unit", the printed name for "place" and
    "indicator", else "". The target of a suggestion is an indicator, a place, a unit, or "1".
    """

    kind: QuestionKind
    key: str
    text_zh: str
    text_en: str
    suggestions: tuple[Suggestion, ...] = ()


def questions(form: TableForm, mapping: Mapping, matcher: Matcher) -> tuple[Question, ...]:
    """What is still open in a mapping; nothing when the table can be read as a whole."""
    return tuple(_questions(form, mapping, matcher))


def _questions(form: TableForm, mapping: Mapping, matcher: Matcher) -> Iterator[Question]:
    for column in mapping.columns:
        head = form.column(column.index)
        if column.role == "" and head is not None:
            match = matcher.indicator(head.label, unit=head.unit, labels=head.labels)
            yield Question(
                "column", str(column.index),
                f"“{column.label}”列是什么指标？不导入请选“不用”",
                f"Which indicator is the column “{column.label}”, or is it left out?",
                match.suggestions,
            )  # fmt: skip
        elif column.role in ("value", "field") and needs_unit(form, mapping, column, matcher):
            yield Question(
                "unit", str(column.index),
                f"“{column.label}”列没有写单位，是什么单位？",
                f"The column “{column.label}” names no unit: which one is it in?",
                tuple(_unit_suggestions(form, column, mapping, matcher)),
            )  # fmt: skip
    yield from _name_questions(form, mapping, matcher)
    values = mapping.of_role("value")
    placed = bool(values) and all(column.place_id or column.name for column in values)
    if not placed and place_column(form, mapping) is None and not mapping.place_id:
        yield Question(
            "default_place", "", "表中没有开发区一列，是哪个地点的？",
            "No column names a place: which one is the table about?",
            tuple(_in_title(form, matcher)),
        )  # fmt: skip
    if mapping.table == "figures":
        yield from _period_question(mapping)
    elif not mapping.stage and not _has_stage(form, mapping):
        yield Question(
            "stage", "", "表中没有写批次或状态，是哪一种？",
            "The table tells no batch or state: which is it?",
        )  # fmt: skip


def _name_questions(form: TableForm, mapping: Mapping, matcher: Matcher) -> Iterator[Question]:
    names = [name for name in place_names(form, mapping) if name not in mapping.places]
    matches = matcher.places(
        names, host=host_of(form, matcher), about_zones=about_zones(form, mapping)
    )
    for place in matches:
        yield Question(
            "place", place.name, f"“{place.name}”是哪个开发区（地点）？",
            f"Which place is “{place.name}”?", place.suggestions,
        )  # fmt: skip
    for name, (label, unit) in indicator_names(form, mapping).items():
        if name not in mapping.indicators:
            yield Question(
                "indicator", name, f"“{name}”是什么指标？", f"Which indicator is “{name}”?",
                matcher.indicator(label, unit=unit).suggestions,
            )  # fmt: skip
    column = place_column(form, mapping)
    if column is not None and not mapping.fill_down and _blank_names(form, column):
        yield Question(
            "fill_down", "", "有的行没有写开发区，是否与上一行相同？",
            "Some rows name no place: is it that of the row above?",
            (Suggestion("1", "与上一行相同", "as in the row above", 50.0, "", ""),),
        )  # fmt: skip


def _blank_names(form: TableForm, column: int) -> bool:
    named = [bool(text_of(form.grid.filled(row.index, column))) for row in form.data_rows]
    return bool(named) and named[0] and not all(named)


def _period_question(mapping: Mapping) -> Iterator[Question]:
    values = mapping.of_role("value")
    own = all(column.period and not column.relative for column in values)
    if values and not own and not mapping.of_role("period") and mapping.period is None:
        yield Question(
            "period", "", "表中没有写时期，这些数字是什么时期的？",
            "The table names no period: which one are the figures of?",
        )  # fmt: skip


def _in_title(form: TableForm, matcher: Matcher) -> Iterator[Suggestion]:
    """The places that the title names, the longest name first."""
    text = f"{form.title} {form.grid.name}"
    named = [
        (len(name), place)
        for place in matcher.facts.places
        for name in (place.name_zh, *place.aliases)
        if len(name) > 2 and name in text
    ]
    for _, place in sorted(named, key=lambda pair: -pair[0]):
        yield Suggestion(
            place.place_id,
            place.name_zh,
            place.name("en"),
            90.0,
            "标题中写有",
            "named in the title",
        )


def _has_stage(form: TableForm, mapping: Mapping) -> bool:
    key = "state" if mapping.table == "parcels" else "batch"
    return any(column.name == key for column in mapping.of_role("field")) or any(
        row.section for row in form.rows
    )


def needs_unit(form: TableForm, mapping: Mapping, column: ColumnMapping, matcher: Matcher) -> bool:
    """Whether some figure of a column is in a unit that nothing tells."""
    target = target_unit(mapping, column, matcher)
    if not target or column.unit or mapping.of_role("unit"):
        return False
    if unit_among(form.units, target) or (mapping.unit and units.compatible(mapping.unit, target)):
        return False
    if units.compatible(target, "个"):  # things are counted in things
        return False
    figures = (read_figure(form.grid.cell(row.index, column.index)) for row in form.data_rows)
    return any(figure.number and not figure.unit for figure in figures)


def target_unit(mapping: Mapping, column: ColumnMapping, matcher: Matcher) -> str:
    """The unit that a column's figures are kept in; "" where the column does not settle it."""
    if column.role == "field":
        field = field_of(mapping.table, column.name)
        return field.unit if field is not None else ""
    indicator = matcher.facts.indicators_by_id.get(column.indicator_id)
    if indicator is None:
        return "%" if column.kind in ("yoy", "share") else ""
    return observation_unit(indicator.unit, column.kind or "actual")


def _unit_suggestions(
    form: TableForm, column: ColumnMapping, mapping: Mapping, matcher: Matcher
) -> Iterator[Suggestion]:
    target = target_unit(mapping, column, matcher)
    for unit in dict.fromkeys((*form.units, target, *_OTHERS.get(target, ()))):
        if units.compatible(unit, target):
            yield Suggestion(unit, unit, units.unit_name(unit, "en"), 50.0, "", "")
