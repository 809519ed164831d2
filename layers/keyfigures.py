"""The strip above the map: how complete a picture is, its extremes, its sum where one is allowed.

A sum is refused, with the reason, wherever land or projects could be counted twice: a joint row
beside its member, a park beside its zone, city totals that share a zone lying in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from facts.controls import zones_left_out, zones_on_file
from facts.model import Facts, Lang, Observation
from layers.join import LayerRow, Scope, preference
from layers.legend import format_value
from layers.paint import Picture
from layers.texts import text

PROVINCE = "140000"
ALL_ZONES = "group-140000-zones"
INDUSTRIAL_ZONES = "group-140000-industrial"
ZONE_COUNT = "zone_count"

# Whose figure of the province stands beside which pictures.
_OF_PROVINCE: dict[Scope, str] = {
    "whole_city": PROVINCE,
    "whole_county": PROVINCE,
    "all_zones": ALL_ZONES,
    "zones": ALL_ZONES,
    "industrial_zones": INDUSTRIAL_ZONES,
}
_ADDABLE_KINDS = frozenset({"actual", "cumulative", "target"})


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One cell of the strip; `value` and `note` are ready to show, `place_id` may be selected."""

    key: str
    label: str
    value: str
    note: str = ""
    place_id: str | None = None


def key_figures(facts: Facts, picture: Picture) -> tuple[KeyFigure, ...]:
    """The strip of a picture, in its view's language."""
    lang = picture.view.lang
    cells = [_coverage(facts, picture, lang), _province(facts, picture, lang)]
    if len(picture.figures) == 1:
        cells.append(_only(facts, picture, lang))
    elif picture.figures:
        cells += [_extreme(facts, picture, lang, highest=high) for high in (True, False)]
        cells.append(_sum(facts, picture, lang))
    control = zone_control(facts, lang)
    return tuple([*cells, control] if control else cells)


def zone_control(facts: Facts, lang: Lang) -> KeyFigure | None:
    """How many zones the province reports and how many of those are on file; None without a report.

    Counted as the check of this total counts them (facts.controls); the note says what is not.
    """
    counts = [
        o
        for o in facts.observations_of(ALL_ZONES)
        if o.indicator_id == ZONE_COUNT and o.kind != "target" and o.value is not None
    ]
    if not counts:
        return None
    newest = max(counts, key=lambda o: o.period.sort_key)
    return KeyFigure(
        "control",
        text("legend.key.control", lang),
        text(
            "legend.key.control_value",
            lang,
            reported=format_value(newest.value, "", newest.qualifier, lang),
            on_file=len(zones_on_file(facts, "zones")),
        ),
        _control_note(facts, newest.period.name(lang), lang),
        ALL_ZONES,
    )


def _control_note(facts: Facts, period: str, lang: Lang) -> str:
    left_out = zones_left_out(facts)
    if not left_out:
        return period
    parts = (text(f"legend.key.control_{why}", lang, count=n) for why, n in left_out.items())
    joined = ("，" if lang == "zh" else ", ").join(parts)
    return text("legend.key.control_note", lang, period=period, parts=joined)


def _coverage(facts: Facts, picture: Picture, lang: Lang) -> KeyFigure:
    return KeyFigure(
        "coverage",
        text("legend.key.coverage", lang),
        text(
            "legend.key.coverage_value",
            lang,
            places=picture.total - picture.legend.nodata_count,
            total=picture.total,
        ),
        text(f"legend.level.{picture.view.level}", lang),
    )


def _province(facts: Facts, picture: Picture, lang: Lang) -> KeyFigure:
    view = picture.view
    place_id = _OF_PROVINCE[view.scope]
    found = [
        o
        for o in facts.observations_of(place_id)
        if (o.indicator_id, o.kind, o.period.key) == (view.indicator_id, view.kind, view.period_key)
        and o.value is not None
    ]
    label = text("legend.key.province", lang)
    if not found:
        return KeyFigure("province", label, "—", text("legend.key.province_none", lang))
    shown = min(found, key=lambda o: preference(facts, o))
    subject = facts.place(place_id).name(lang)
    return KeyFigure("province", label, _written(shown, lang), subject, place_id)


def _only(facts: Facts, picture: Picture, lang: Lang) -> KeyFigure:
    only = _extreme(facts, picture, lang, highest=True)
    return replace(only, key="only", label=text("legend.key.only", lang))


def _extreme(facts: Facts, picture: Picture, lang: Lang, *, highest: bool) -> KeyFigure:
    values = [row.value for row in picture.figures if row.value is not None]
    best = max(values) if highest else min(values)
    rows = [row for row in picture.figures if row.value == best]
    first = rows[0]
    name = facts.place(_place_shown(facts, first)).name(lang)
    if len(rows) > 1:
        name = text("legend.key.ties", lang, name=name, count=len(rows))
    key = "highest" if highest else "lowest"
    label, value = text(f"legend.key.{key}", lang), _written(first.observation, lang)
    return KeyFigure(key, label, value, name, first.place_id)


def _sum(facts: Facts, picture: Picture, lang: Lang) -> KeyFigure:
    reason = why_no_sum(facts, picture.figures, lang)
    if reason:
        label = text("legend.key.no_sum", lang)
        return KeyFigure("no_sum", label, "—", reason)
    figures = [row.observation for row in picture.figures]
    total = sum(o.value for o in figures if o.value is not None)
    written = format_value(total, figures[0].unit, _joint_qualifier(figures), lang)
    part = len(figures) < picture.total
    note = text("legend.key.sum_part", lang, places=len(figures)) if part else ""
    return KeyFigure("sum", text("legend.key.sum", lang), written, note)


def why_no_sum(facts: Facts, figures: Sequence[LayerRow], lang: Lang) -> str:
    """Why the figures must not be added; empty when they may be."""
    first = figures[0].observation
    indicator = facts.indicator(first.indicator_id)
    if indicator.aggregation != "sum" or first.kind not in _ADDABLE_KINDS:
        return text("legend.key.no_sum_kind", lang)
    ids = {row.place_id for row in figures}
    if _joint_rows_overlap(facts, ids):
        return text("legend.key.no_sum_group", lang)
    if any(_ancestors(facts, place_id) & ids for place_id in ids):
        return text("legend.key.no_sum_part", lang)
    outlines = {row.drawn_id for row in figures if facts.place(row.place_id).level == "group"}
    for zone in facts.places:
        hosts = [city for city in zone.host_city_ids if city in outlines]
        if zone.level == "zone" and len(hosts) > 1:
            cities = ("、" if lang == "zh" else ", ").join(facts.place(c).name(lang) for c in hosts)
            return text("legend.key.no_sum_cross", lang, name=zone.name(lang), cities=cities)
    return ""


def _joint_rows_overlap(facts: Facts, ids: set[str]) -> bool:
    """Whether a joint row's member, or what lies inside a member, has a row of its own."""
    members = [m for place_id in ids for m in facts.place(place_id).members]
    inside = {place_id for place_id in ids if _ancestors(facts, place_id) & set(members)}
    return bool(set(members) & ids or inside or len(members) != len(set(members)))


def _ancestors(facts: Facts, place_id: str) -> set[str]:
    found: set[str] = set()
    parent = facts.place(place_id).parent_id
    while parent and parent not in found:
        found.add(parent)
        place = facts.places_by_id.get(parent)
        parent = place.parent_id if place else None
    return found


def _joint_qualifier(figures: Sequence[Observation]) -> str:
    """The mark of a sum: a bound if all that are not exact bound the same way, else approximate."""
    marks = {o.qualifier for o in figures} - {"exact"}
    if not marks:
        return "exact"
    return marks.pop() if len(marks) == 1 else "approx"


def _place_shown(facts: Facts, row: LayerRow) -> str:
    """The city rather than "all zones of the city": the scope stands in the legend."""
    return row.drawn_id if row.drawn_id in facts.places_by_id else row.place_id


def _written(observation: Observation, lang: Lang) -> str:
    return format_value(observation.value, observation.unit, observation.qualifier, lang)
