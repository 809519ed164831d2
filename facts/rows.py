"""From a row of a facts file to a record; faults are left in the row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, get_args

from facts import model, units
from facts.csvfiles import Row
from facts.errors import BadPeriod, IncompatibleUnits, UnknownUnit
from facts.model import (
    Check,
    DeclaredArea,
    Event,
    Extent,
    Indicator,
    Kind,
    Observation,
    Period,
    Place,
    RejectedSource,
    Source,
    Theme,
    UnplacedRow,
)  # fmt: skip

_Derivation = Literal["", "reported", "derived"]
_DERIVATIONS: tuple[_Derivation, ...] = get_args(_Derivation)
_RATE_UNITS = ("百分比", "百分点")


@dataclass(frozen=True)
class Known:
    """The ids that rows may refer to, with what is needed to judge a reference."""

    sources: Collection[str] = ()
    place_levels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    themes: Collection[str] = ()
    indicator_units: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def places_at(self, level: str) -> set[str]:
        """The ids of places at one level."""
        return {place_id for place_id, at in self.place_levels.items() if at == level}


def source_of(row: Row) -> Source:
    """A source; a document names its document, a web page its address."""
    source = Source(
        source_id=row.required("source_id"),
        title=row.required("title"),
        publisher=row.text("publisher"),
        published_on=row.partial_day("published_on"),
        kind=row.choice("kind", get_args(model.SourceKind)),
        verification=row.choice("verification", get_args(model.Verification)),
        url=row.text("url"),
        document=row.text("document"),
        licence=row.text("licence"),
        note=row.text("note"),
    )
    needed = {"document": "document", "web": "url"}.get(row.text("kind"))
    if needed:
        row.required(needed)
    return source


def place_of(row: Row, known: Known) -> Place:
    """A place; a group says what it groups, anything else does not."""
    place = Place(
        place_id=row.required("place_id"),
        name_zh=row.required("name_zh"),
        name_en=row.text("name_en"),
        aliases=row.items("aliases"),
        parent_id=row.known("parent_id", known.place_levels, "place"),
        level=row.choice("level", get_args(model.Level)),
        zone_type=row.text("zone_type"),
        tier=row.text("tier"),
        tier_quality=row.choice("tier_quality", _DERIVATIONS),
        official_code=row.text("official_code"),
        host_city_ids=row.known_items("host_city_ids", known.places_at("city"), "city"),
        host_county_ids=row.known_items("host_county_ids", known.places_at("county"), "county"),
        host_basis=row.choice("host_basis", get_args(model.HostBasis)),
        host_quality=row.choice("host_quality", _DERIVATIONS),
        status=row.text("status"),
        scope=row.choice("scope", get_args(model.Scope)),
        members=row.known_items("members", known.place_levels, "place"),
        drawn_on=row.known("drawn_on", known.place_levels, "place"),
        leading_industries=row.text("leading_industries"),
        source_id=row.known("source_id", known.sources, "source"),
        note_zh=row.text("note_zh"),
        note_en=row.text("note_en"),
    )
    if (place.level == "group") != bool(place.scope):
        row.fault("scope", "分组须有范围，其他地点不得有 / groups need a scope, others must not")
    if place.scope == "named" and not place.members:
        row.fault("members", "列名的分组须有成员 / a named group needs members")
    if place.place_id in (*place.members, place.parent_id, place.drawn_on):
        row.fault("place_id", "地点指向自己 / the place refers to itself")
    return place


def area_of(row: Row, known: Known) -> DeclaredArea:
    """A declared area in km2, more than nothing."""
    row.required("area_km2")
    area_km2 = row.number("area_km2")
    if area_km2 is not None and area_km2 <= 0:
        row.fault("area_km2", "须为正数 / must be a positive number")
    return DeclaredArea(
        area_id=row.required("area_id"),
        place_id=row.required_known("place_id", known.place_levels, "place"),
        area_km2=area_km2 or 0.0,  # the stand-in of a faulty row, which is never kept
        qualifier=row.choice("qualifier", get_args(model.Qualifier)),
        basis_zh=row.text("basis_zh"),
        basis_en=row.text("basis_en"),
        as_of=row.partial_day("as_of"),
        source_id=row.required_known("source_id", known.sources, "source"),
        chosen=row.flag("chosen"),
        note=row.text("note"),
    )


def theme_of(row: Row) -> Theme:
    """A theme of indicators."""
    return Theme(
        theme=row.required("theme"),
        name_zh=row.required("name_zh"),
        name_en=row.required("name_en"),
        order=row.integer("order"),
    )


def indicator_of(row: Row, known: Known) -> Indicator:
    """An indicator with a known unit."""
    unit = row.required("unit")
    if unit and not units.is_known(unit):
        row.fault("unit", "不认识的单位 / unknown unit")
    ratio_of = tuple(part.strip() for part in filter(None, row.text("ratio_of").split("/")))
    if ratio_of and len(ratio_of) != 2:
        row.fault("ratio_of", "须为“分子/分母” / must be numerator/denominator")
    for part in ratio_of:
        if part not in known.indicator_units:
            row.fault("ratio_of", "没有这个编号 / unknown indicator", value=part)
    return Indicator(
        indicator_id=row.required("indicator_id"),
        name_zh=row.required("name_zh"),
        name_en=row.required("name_en"),
        theme=row.required_known("theme", known.themes, "theme"),
        unit=unit,
        polarity=row.choice("polarity", get_args(model.Polarity)),
        aggregation=row.choice("aggregation", get_args(model.Aggregation)),
        ratio_of=ratio_of,
        definition_zh=row.text("definition_zh"),
        definition_en=row.text("definition_en"),
        source_id=row.known("source_id", known.sources, "source"),
    )


def observation_of(row: Row, known: Known) -> Observation | UnplacedRow:
    """A figure in its canonical unit, or an unplaced row when the row itself says so.

    An unplaced row may leave cells empty; what it does fill must be right.
    """
    reason = row.text("unplaced_reason")
    need = row.text if reason else row.required
    place_id = row.known("place_id", known.place_levels, "place") or need("place_id")
    indicator_id = row.known("indicator_id", known.indicator_units, "indicator") or need(
        "indicator_id"
    )
    source_id = row.known("source_id", known.sources, "source") or need("source_id")
    kind: Kind = row.choice("kind", get_args(Kind), default="actual" if reason else None)
    printed = row.number_text("value")
    has_value = bool(row.text("value"))
    qualifier = row.choice(
        "qualifier", get_args(model.Qualifier), default="exact" if reason or not has_value else None
    )
    quality = row.choice("quality", get_args(model.Quality), default="reported" if reason else None)
    numerator, denominator = _rate_parts(row)
    period = _period_of(row, complete=not reason)
    if reason:
        return UnplacedRow(
            row_id=row.required("row_id"),
            file=row.file,
            line=row.line,
            reason=reason,
            subject=row.text("printed_subject") or place_id,
            indicator=row.text("printed_indicator") or indicator_id,
            value=printed,
            unit=row.text("unit"),
            period_label=row.text("period_label"),
            source_id=source_id,
        )
    if has_value == bool(row.text("missing_reason")):
        row.fault(
            "missing_reason" if has_value else "value",
            "数值与缺失原因须有且只有一个 / exactly one of value and missing_reason is needed",
        )
    unit, value = _value_of(row, printed, known.indicator_units.get(indicator_id), kind)
    return Observation(
        row_id=row.required("row_id"),
        place_id=place_id,
        indicator_id=indicator_id,
        period=period,
        kind=kind,
        value=value,
        unit=unit,
        printed_value=printed,
        printed_unit=row.text("unit"),
        qualifier=qualifier,
        numerator=numerator,
        denominator=denominator,
        basis=row.choice("basis", get_args(model.Basis)),
        population=row.text("population"),
        source_id=source_id,
        locator=row.text("locator"),
        quality=quality,
        missing_reason=row.text("missing_reason"),
        note_zh=row.text("note_zh"),
        note_en=row.text("note_en"),
        printed_subject=row.text("printed_subject"),
        printed_indicator=row.text("printed_indicator"),
    )


def observation_unit(indicator_unit: str, kind: Kind) -> str:
    """The canonical unit of a figure: growth and shares of a quantity are in %."""
    if kind in ("yoy", "share") and units.canonical_unit(indicator_unit) not in _RATE_UNITS:
        return "%"
    return indicator_unit


def _value_of(
    row: Row, printed: str, indicator_unit: str | None, kind: Kind
) -> tuple[str, float | None]:
    """Canonical unit and value; the unit must convert even where the value is missing."""
    unit = row.required("unit")
    if not unit or not indicator_unit or not units.is_known(indicator_unit):
        return unit, None  # the missing unit or the indicator's row is reported already
    target = observation_unit(indicator_unit, kind)
    try:
        scale = units.factor(unit, target)
        return target, float(Fraction(printed) * scale) if printed else None
    except (UnknownUnit, IncompatibleUnits) as error:
        row.fault("unit", str(error))
    return target, None


def _rate_parts(row: Row) -> tuple[float | None, float | None]:
    """Numerator and denominator: both or neither, and no division by zero."""
    numerator, denominator = row.number("numerator"), row.number("denominator")
    if bool(row.text("numerator")) != bool(row.text("denominator")):
        lone = "numerator" if row.text("numerator") else "denominator"
        row.fault(lone, "分子与分母须同时给出 / numerator and denominator only go together")
    if denominator == 0:
        row.fault("denominator", "分母不能为零 / denominator must not be zero")
    return numerator, denominator


def _period_of(row: Row, *, complete: bool) -> Period:
    """The period; any as-of date stands in where it is at fault or not needed."""
    start, end, as_of = row.day("period_start"), row.day("period_end"), row.day("as_of")
    label = row.text("period_label")
    stand_in = Period(None, None, date.min, label)
    columns = ("period_start", "period_end", "as_of")
    if any(fault.column in columns for fault in row.faults):
        return stand_in
    if not complete and not (start and end):
        return stand_in
    try:
        return Period(start, end, as_of, label)
    except BadPeriod as error:
        column = "period_start" if start is None else "period_end"
        row.fault(column, str(error))
        return stand_in


def event_of(row: Row, known: Known) -> Event:
    """A step of a procedure, concerning at least one place."""
    start, end = row.day("start"), row.day("end")
    if start and end and end < start:
        row.fault("end", "结束早于开始 / ends before it starts")
    row.required("place_ids")
    return Event(
        event_id=row.required("event_id"),
        place_ids=row.known_items("place_ids", known.place_levels, "place"),
        event_zh=row.required("event_zh"),
        event_en=row.text("event_en"),
        date_label=row.text("date_label"),
        start=start,
        end=end,
        source_id=row.required_known("source_id", known.sources, "source"),
        locator=row.text("locator"),
        kind=row.choice("kind", ("扩区", "调区", "设立", "试点", "其他")),
    )


def extent_of(row: Row, known: Known) -> Extent:
    """A textual extent."""
    return Extent(
        place_id=row.required_known("place_id", known.place_levels, "place"),
        text_zh=row.text("text_zh"),
        text_en=row.text("text_en"),
        source_id=row.required_known("source_id", known.sources, "source"),
        quality=row.choice("quality", get_args(model.Quality)),
    )


def check_of(row: Row) -> Check:
    """A check; what its rows refer to is judged by facts.checks."""
    return Check(
        check_id=row.required("check_id"),
        kind=row.choice("kind", get_args(model.CheckKind)),
        title_zh=row.required("title_zh"),
        title_en=row.required("title_en"),
        total=row.text("total"),
        parts=row.items("parts"),
        tolerance=row.number("tolerance"),
        expect=row.text("expect"),
        note_zh=row.text("note_zh"),
        note_en=row.text("note_en"),
    )


def rejected_of(row: Row) -> RejectedSource:
    """A source that was left out."""
    return RejectedSource(
        source=row.required("source"), why_zh=row.required("why_zh"), why_en=row.text("why_en")
    )
