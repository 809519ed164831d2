"""The figures of one place, made ready for its file: rows by theme, series through time, targets.

A series never mixes what does not compare: kinds, bases, and periods of different length are
apart, and so are populations of an indicator that must not be added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from facts.model import Facts, Kind, Lang, Observation, Period, Quality
from facts.units import unit_name
from layers.join import contradicts, preference
from layers.legend import format_value
from layers.paint import figure_notes
from layers.texts import text

# Longest number of days of each span; a stretch that fits none of them is "other".
_SPANS = (("day", 1, 1), ("month", 28, 31), ("quarter", 89, 92), ("half", 181, 184))
_YEAR = ("year", 365, 366)
_DONE: tuple[Kind, ...] = ("actual", "cumulative")


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A source as a page names it; `locator` says where in it, `verified` whether it is primary."""

    source_id: str
    title: str
    url: str
    locator: str
    verified: bool


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure, written for reading; `value` is the number in `unit_code` for sorting."""

    row_id: str
    place_id: str
    indicator_id: str
    indicator: str
    value_text: str
    value: float | None
    unit_code: str
    unit: str
    qualifier: str
    period: Period
    period_name: str
    kind: Kind
    kind_name: str
    quality: Quality
    quality_name: str
    source: SourceRef
    notes: tuple[str, ...]
    contradicted: bool  # another figure of the same thing says otherwise


@dataclass(frozen=True, slots=True)
class ThemeGroup:
    """The rows of one theme, by indicator, newest period first."""

    theme: str
    name: str
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """An indicator through time, oldest first; `span` names the length of its periods."""

    indicator_id: str
    indicator: str
    kind: Kind
    kind_name: str
    unit: str
    span: str
    span_name: str
    points: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class TargetPair:
    """A target and what was reached; `share` is 1.0 for met, None where it must not be compared."""

    target: FigureRow
    actual: FigureRow | None
    share: float | None
    comment: str


def source_ref(facts: Facts, source_id: str, locator: str = "") -> SourceRef:
    """A source as a page names it."""
    source = facts.source(source_id)
    verified = source.verification != "unverified_mirror"
    return SourceRef(source_id, source.title, source.url, locator, verified)


def figure_rows(
    facts: Facts, observations: Iterable[Observation], lang: Lang
) -> tuple[FigureRow, ...]:
    """Rows in the order of the observations."""
    listed = tuple(observations)
    return tuple(_row(facts, o, listed, lang) for o in listed)


def by_theme(facts: Facts, rows: Sequence[FigureRow], lang: Lang) -> tuple[ThemeGroup, ...]:
    """Rows grouped by theme in the themes' order; indicators in the dictionary's order."""
    rank = {indicator.indicator_id: n for n, indicator in enumerate(facts.indicators)}
    groups = []
    for theme in sorted(facts.themes, key=lambda t: t.order):
        inside = [r for r in rows if facts.indicator(r.indicator_id).theme == theme.theme]
        inside.sort(key=lambda r: r.period.sort_key, reverse=True)
        inside.sort(key=lambda r: (rank[r.indicator_id], r.kind))
        if inside:
            name = theme.name_zh if lang == "zh" else theme.name_en
            groups.append(ThemeGroup(theme.theme, name, tuple(inside)))
    return tuple(groups)


def series_of(facts: Facts, observations: Iterable[Observation], lang: Lang) -> tuple[Series, ...]:
    """Series of at least two periods, the longest first."""
    lines: dict[tuple[str, Kind, str, str, str], dict[str, list[Observation]]] = {}
    for o in observations:
        if o.value is None:
            continue
        apart = "" if facts.indicator(o.indicator_id).aggregation == "sum" else o.population
        line = (o.indicator_id, o.kind, o.basis, span_of(o.period), apart)
        lines.setdefault(line, {}).setdefault(o.period.key, []).append(o)
    found = []
    for (indicator_id, kind, _, span, _), periods in lines.items():
        if len(periods) < 2:
            continue
        shown = [min(group, key=lambda o: preference(facts, o)) for group in periods.values()]
        shown.sort(key=lambda o: o.period.sort_key)
        found.append(
            Series(
                indicator_id,
                facts.indicator(indicator_id).name(lang),
                kind,
                text(f"legend.kind.{kind}", lang),
                unit_name(shown[0].unit, lang),
                span,
                text(f"legend.span.{span}", lang),
                figure_rows(facts, shown, lang),
            )
        )
    return tuple(sorted(found, key=lambda s: -len(s.points)))


def targets_of(
    facts: Facts, observations: Iterable[Observation], lang: Lang
) -> tuple[TargetPair, ...]:
    """Every target with the newest figure reached, if there is one.

    A share is given only where the figure's period lies inside the target's and neither is a
    bound.
    """
    listed = [o for o in observations if o.value is not None]
    pairs = []
    for target in (o for o in listed if o.kind == "target"):
        done = [o for o in listed if o.indicator_id == target.indicator_id and o.kind in _DONE]
        actual = max(done, key=lambda o: o.period.sort_key, default=None)
        share = _share(target, actual)
        comment = ""
        if share is not None:
            written = format_value(round(100 * share, 1), "%", lang=lang)
            comment = text("legend.file.target_met", lang, share=written)
        elif actual is not None:
            comment = text("legend.file.no_target_share", lang)
        rows = figure_rows(facts, [target, *([actual] if actual else [])], lang)
        pairs.append(TargetPair(rows[0], rows[1] if actual else None, share, comment))
    return tuple(pairs)


def span_of(period: Period) -> str:
    """The length of a period: "day" (also a date), "month", "quarter", "half", "year", "other"."""
    if period.start is None or period.end is None:
        return "day"
    days = (period.end - period.start).days + 1
    for name, least, most in (*_SPANS, _YEAR):
        if least <= days <= most:
            return name
    return "other"


def _share(target: Observation, actual: Observation | None) -> float | None:
    if actual is None or not target.value or actual.value is None:
        return None
    comparable = target.period.contains(actual.period) and actual.unit == target.unit
    plain = {target.qualifier, actual.qualifier} <= {"exact", "approx"}
    same = target.population == actual.population
    return actual.value / target.value if comparable and plain and same else None


def _row(facts: Facts, o: Observation, among: Sequence[Observation], lang: Lang) -> FigureRow:
    notes = figure_notes(o, lang)
    notes += [o.missing_reason] if o.value is None else []
    notes.append(o.note_zh if lang == "zh" else o.note_en or o.note_zh)
    return FigureRow(
        row_id=o.row_id,
        place_id=o.place_id,
        indicator_id=o.indicator_id,
        indicator=facts.indicator(o.indicator_id).name(lang),
        value_text=format_value(o.value, o.unit, o.qualifier, lang),
        value=o.value,
        unit_code=o.unit,
        unit=unit_name(o.unit, lang),
        qualifier=o.qualifier,
        period=o.period,
        period_name=o.period.name(lang),
        kind=o.kind,
        kind_name=text(f"legend.kind.{o.kind}", lang),
        quality=o.quality,
        quality_name=text(f"legend.quality.{o.quality}", lang),
        source=source_ref(facts, o.source_id, o.locator),
        notes=tuple(filter(None, notes)),
        contradicted=any(
            contradicts(o, other)
            for other in among
            if other is not o
            and (other.indicator_id, other.kind, other.period.key)
            == (o.indicator_id, o.kind, o.period.key)
        ),
    )
