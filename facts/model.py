"""The words of the facts: frozen records, as read from data/facts/*.csv and as checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal, TypeVar

from facts.errors import UnknownId
from facts.periods import Lang, Period

__all__ = [
    "Basis", "Check", "CheckResult", "DeclaredArea", "Event", "Extent", "Facts", "HostBasis",
    "Indicator", "Kind", "Lang", "Level", "Observation", "Period", "Place", "Qualifier", "Quality",
    "RejectedSource", "Source", "Theme", "UnplacedRow", "Verdict",
]  # fmt: skip

Level = Literal["province", "city", "county", "zone", "park", "group"]
Kind = Literal["actual", "target", "cumulative", "yoy", "share"]
Qualifier = Literal["exact", "approx", "at_least", "at_most"]
Quality = Literal["reported", "derived", "synthetic"]
Basis = Literal["", "count", "investment", "output"]
HostBasis = Literal["", "document", "name", "external", "memory", "corrected", "outline", "none"]
SourceKind = Literal["document", "web", "dataset", "rule"]
Verification = Literal["primary", "unverified_mirror", "original"]
Scope = Literal["", "all_zones", "industrial_zones", "named"]
Polarity = Literal["higher", "lower", "neutral"]
Aggregation = Literal["sum", "none", "ratio"]
CheckKind = Literal["sum", "ratio", "share", "control", "conflict", "difference", "area"]
Verdict = Literal["adds_up", "does_not", "cannot_check"]


@dataclass(frozen=True)
class Source:
    """Where figures come from; ``published_on`` is YYYY, YYYY-MM, YYYY-MM-DD or empty."""

    source_id: str
    title: str
    publisher: str
    published_on: str
    kind: SourceKind
    verification: Verification
    url: str
    document: str
    licence: str
    note: str


@dataclass(frozen=True)
class Place:
    """A subject of figures; ``aliases`` are all printed names that mean it.

    ``drawn_on`` is the place whose outline shows a group; ``members`` are place ids of a group.
    """

    place_id: str
    name_zh: str
    name_en: str
    aliases: tuple[str, ...]
    parent_id: str | None
    level: Level
    zone_type: str
    tier: str
    tier_quality: Literal["", "reported", "derived"]
    official_code: str
    host_city_ids: tuple[str, ...]
    host_county_ids: tuple[str, ...]
    host_basis: HostBasis
    host_quality: Literal["", "reported", "derived"]
    status: str
    scope: Scope
    members: tuple[str, ...]
    drawn_on: str | None
    leading_industries: str
    source_id: str | None
    note_zh: str
    note_en: str

    def name(self, lang: Lang) -> str:
        """The name in that language; the Chinese one where no English one is on file."""
        return self.name_zh if lang == "zh" else self.name_en or self.name_zh


@dataclass(frozen=True)
class Theme:
    """A group of indicators; ``order`` is its rank in lists, ascending."""

    theme: str
    name_zh: str
    name_en: str
    order: int


@dataclass(frozen=True)
class Indicator:
    """What a figure measures; ``unit`` is canonical, ``ratio_of`` is (numerator, denominator)."""

    indicator_id: str
    name_zh: str
    name_en: str
    theme: str
    unit: str
    polarity: Polarity
    aggregation: Aggregation
    ratio_of: tuple[str, ...]
    definition_zh: str
    definition_en: str
    source_id: str | None

    def name(self, lang: Lang) -> str:
        """The name in that language."""
        return self.name_zh if lang == "zh" else self.name_en


@dataclass(frozen=True)
class Observation:
    """One reported figure.

    ``value`` is in ``unit``, the indicator's canonical unit, or "%" for kinds yoy and share of a
    quantity; None where the source lost it (then ``missing_reason`` says why). ``printed_value``
    and ``printed_unit`` are as in the source. ``numerator`` and ``denominator`` are the parts of
    a rate as far as the source gives them.
    """

    row_id: str
    place_id: str
    indicator_id: str
    period: Period
    kind: Kind
    value: float | None
    unit: str
    printed_value: str
    printed_unit: str
    qualifier: Qualifier
    numerator: float | None
    denominator: float | None
    basis: Basis
    population: str
    source_id: str
    locator: str
    quality: Quality
    missing_reason: str
    note_zh: str
    note_en: str
    printed_subject: str
    printed_indicator: str


@dataclass(frozen=True)
class UnplacedRow:
    """A row on file that could not become an observation; cells as printed, ``reason`` why."""

    row_id: str
    file: str
    line: int
    reason: str
    subject: str
    indicator: str
    value: str
    unit: str
    period_label: str
    source_id: str


@dataclass(frozen=True)
class DeclaredArea:
    """An area some source declares for a place, in km2; ``chosen`` marks the one drawn."""

    area_id: str
    place_id: str
    area_km2: float
    qualifier: Qualifier
    basis_zh: str
    basis_en: str
    as_of: str
    source_id: str
    chosen: bool
    note: str


@dataclass(frozen=True)
class Event:
    """A step of a procedure; ``date_label`` is the date as printed."""

    event_id: str
    place_ids: tuple[str, ...]
    event_zh: str
    event_en: str
    date_label: str
    start: date | None
    end: date | None
    source_id: str
    locator: str
    kind: str


@dataclass(frozen=True)
class Extent:
    """A textual extent of a place, in our own words."""

    place_id: str
    text_zh: str
    text_en: str
    source_id: str
    quality: Quality


@dataclass(frozen=True)
class RejectedSource:
    """A source that was looked at and left out, and why."""

    source: str
    why_zh: str
    why_en: str


@dataclass(frozen=True)
class Check:
    """A check as data: ``total`` against ``parts``; see facts.checks for their notation."""

    check_id: str
    kind: CheckKind
    title_zh: str
    title_en: str
    total: str
    parts: tuple[str, ...]
    tolerance: float | None
    expect: str
    note_zh: str
    note_en: str


@dataclass(frozen=True)
class CheckResult:
    """What a check found; ``difference`` is computed - expected, all in ``unit``.

    Not only for figures: a check of geometry has place ids and no row ids.
    """

    check_id: str
    kind: CheckKind
    title_zh: str
    title_en: str
    verdict: Verdict
    place_ids: tuple[str, ...]
    row_ids: tuple[str, ...]
    expected: float | None
    computed: float | None
    unit: str
    difference: float | None
    formula: str
    explanation_zh: str
    explanation_en: str

    def title(self, lang: Lang) -> str:
        """The title in that language."""
        return self.title_zh if lang == "zh" else self.title_en

    def explanation(self, lang: Lang) -> str:
        """The explanation in that language."""
        return self.explanation_zh if lang == "zh" else self.explanation_en


def plain_name(text: str) -> str:
    """A name as it is compared: full and half width alike (NFKC), without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split())


_Record = TypeVar("_Record")


def _look_up(records: Mapping[str, _Record], record_id: str, noun: str) -> _Record:
    try:
        return records[record_id]
    except KeyError:
        raise UnknownId(f"没有这个编号：{record_id} / no {noun} has the id {record_id}") from None


@dataclass(frozen=True)
class Facts:
    """Everything reported, with look-ups by id. Ids are unique in each table."""

    sources: tuple[Source, ...] = ()
    places: tuple[Place, ...] = ()
    themes: tuple[Theme, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    observations: tuple[Observation, ...] = ()
    unplaced: tuple[UnplacedRow, ...] = ()
    events: tuple[Event, ...] = ()
    extents: tuple[Extent, ...] = ()
    declared_areas: tuple[DeclaredArea, ...] = ()
    checks: tuple[Check, ...] = ()
    rejected_sources: tuple[RejectedSource, ...] = ()

    def source(self, source_id: str) -> Source:
        """The source of that id; raises UnknownId."""
        return _look_up(self.sources_by_id, source_id, "source")

    def place(self, place_id: str) -> Place:
        """The place of that id; raises UnknownId."""
        return _look_up(self.places_by_id, place_id, "place")

    def indicator(self, indicator_id: str) -> Indicator:
        """The indicator of that id; raises UnknownId."""
        return _look_up(self.indicators_by_id, indicator_id, "indicator")

    def observation(self, row_id: str) -> Observation:
        """The observation of that row id; raises UnknownId."""
        return _look_up(self.observations_by_id, row_id, "observation")

    def observations_of(self, place_id: str) -> tuple[Observation, ...]:
        """All figures of a place, in file order; empty when there is none."""
        return self._observations_by_place.get(place_id, ())

    def children_of(self, place_id: str) -> tuple[Place, ...]:
        """The places whose parent this is, in file order."""
        return tuple(place for place in self.places if place.parent_id == place_id)

    def places_named(self, text: str) -> tuple[Place, ...]:
        """The places with this Chinese name or alias (城区 names two counties).

        Full and half width and blanks make no difference.
        """
        return self._places_by_name.get(plain_name(text), ())

    @cached_property
    def sources_by_id(self) -> Mapping[str, Source]:
        """Sources by id."""
        return {source.source_id: source for source in self.sources}

    @cached_property
    def places_by_id(self) -> Mapping[str, Place]:
        """Places by id."""
        return {place.place_id: place for place in self.places}

    @cached_property
    def indicators_by_id(self) -> Mapping[str, Indicator]:
        """Indicators by id."""
        return {indicator.indicator_id: indicator for indicator in self.indicators}

    @cached_property
    def observations_by_id(self) -> Mapping[str, Observation]:
        """Observations by row id."""
        return {observation.row_id: observation for observation in self.observations}

    @cached_property
    def _observations_by_place(self) -> Mapping[str, tuple[Observation, ...]]:
        groups: dict[str, list[Observation]] = {}
        for observation in self.observations:
            groups.setdefault(observation.place_id, []).append(observation)
        return {place_id: tuple(group) for place_id, group in groups.items()}

    @cached_property
    def _places_by_name(self) -> Mapping[str, tuple[Place, ...]]:
        groups: dict[str, list[Place]] = {}
        for place in self.places:
            for name in {plain_name(name) for name in (place.name_zh, *place.aliases)}:
                groups.setdefault(name, []).append(place)
        return {name: tuple(group) for name, group in groups.items()}
