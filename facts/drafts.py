"""The mapping of a table as far as it is certain, and the questions that are left."""

from __future__ import annotations

from dataclasses import dataclass, replace

from facts.columnroles import figure_columns, record_columns, with_rate_parts
from facts.mappings import SKIP, Mapping, TableKind, merge, signature
from facts.matching import Matcher
from facts.questions import Question, questions
from facts.recordfields import stage_within, table_kind
from facts.tableforms import TableForm
from facts.tablenames import about_zones, host_of, indicator_names, place_names

__all__ = ["Draft", "Question", "questions", "suggest"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping as far as it is certain, and what must be asked to complete it."""

    mapping: Mapping
    questions: tuple[Question, ...]


def suggest(
    form: TableForm,
    matcher: Matcher,
    *,
    table: TableKind | None = None,
    remembered: Mapping | None = None,
) -> Draft:
    """The mapping of a table; which `table` it is is found out unless given.

    A remembered mapping is taken where it still fits (see `facts.mappings.merge`); what it names
    and the dictionary no longer has is asked again.
    """
    labels = [column.label for column in form.columns]
    kind = table or table_kind(labels, records=form.layout == "list")
    columns = record_columns(form, kind) if kind != "figures" else figure_columns(form, matcher)
    stage = stage_within(kind, f"{form.title} {form.grid.name}") if kind != "figures" else ""
    mapping = Mapping(signature(form), kind, columns, period=form.period, stage=stage)
    if remembered is not None:
        mapping = _known_only(merge(remembered, mapping), matcher)
    mapping = _with_names(form, mapping, matcher)
    if kind == "figures":
        mapping = with_rate_parts(mapping, matcher)
    return Draft(mapping, questions(form, mapping, matcher))


def _with_names(form: TableForm, mapping: Mapping, matcher: Matcher) -> Mapping:
    """The mapping with the places and indicators that are named beyond doubt."""
    places = {
        match.name: match.suggestions[0].target_id
        for match in matcher.places(
            [name for name in place_names(form, mapping) if name not in mapping.places],
            host=host_of(form, matcher), about_zones=about_zones(form, mapping),
        )
        if match.settled
    }  # fmt: skip
    indicators = {}
    for name, (label, unit) in indicator_names(form, mapping).items():
        match = matcher.indicator(label, unit=unit)
        if match.settled and name not in mapping.indicators:
            indicators[name] = (match.suggestions[0].target_id, match.suggestions[0].kind)
    return replace(
        mapping,
        places={**mapping.places, **places},
        indicators={**mapping.indicators, **indicators},
    )


def _known_only(mapping: Mapping, matcher: Matcher) -> Mapping:
    """The mapping without what the dictionary of indicators and places no longer has."""
    indicators, places = matcher.facts.indicators_by_id, matcher.facts.places_by_id
    kept = tuple(
        replace(column, role="", indicator_id="")
        if column.indicator_id and column.indicator_id not in indicators
        else column
        for column in mapping.columns
    )
    return replace(
        mapping,
        columns=kept,
        places={n: i for n, i in mapping.places.items() if i in places or i == SKIP},
        indicators={
            n: p for n, p in mapping.indicators.items() if p[0] in indicators or p[0] == SKIP
        },
        place_id=mapping.place_id if mapping.place_id in places else "",
    )
