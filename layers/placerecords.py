"""What the file of a place is made of: frozen records, texts in one language, ready to show."""

from __future__ import annotations

from dataclasses import dataclass

from facts.model import CheckResult, Level, Place, Quality
from layers.placefigures import FigureRow, Series, SourceRef, TargetPair, ThemeGroup


@dataclass(frozen=True, slots=True)
class Ref:
    """Another place, to be linked."""

    place_id: str
    name: str
    level: Level
    level_name: str


@dataclass(frozen=True, slots=True)
class Area:
    """An area in m² and written in the three units planners use, mark of a bound included."""

    m2: float
    km2: str
    ha: str
    mu: str


@dataclass(frozen=True, slots=True)
class Declared:
    """An area that a source declares; `chosen` marks the one the outline is drawn to."""

    area: Area
    basis: str
    as_of: str
    source: SourceRef
    chosen: bool
    note: str


@dataclass(frozen=True, slots=True)
class BoundaryFacts:
    """The outline: precision, computed area and how it was computed, the declared ones beside."""

    precision: str
    precision_name: str
    basis_name: str
    computed: Area
    method: str
    difference: float | None  # computed / declared − 1
    difference_text: str
    point: tuple[float, float]  # lon, lat in degrees
    valid_from: str
    valid_to: str
    source: SourceRef


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the place is; texts are ready to show, empty where nothing is on record."""

    name: str
    name_other: str
    aliases: tuple[str, ...]
    level_name: str
    zone_type: str
    tier: str
    tier_quality: str
    status: str
    official_code: str
    parent: Ref | None
    host_cities: tuple[Ref, ...]
    host_counties: tuple[Ref, ...]
    host_basis: str
    host_quality: str
    leading_industries: str
    note: str
    source: SourceRef | None


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A place inside this one; areas are None where not on file."""

    place: Ref
    status: str
    zone_type: str
    declared: Area | None
    computed: Area | None
    precision: str


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Figures reported for several places together, this one among them: never its own."""

    group: Ref
    members: tuple[Ref, ...]
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """A step of a procedure; `start` and `end` are ISO dates or empty."""

    event: str
    date_label: str
    start: str
    end: str
    kind: str
    source: SourceRef


@dataclass(frozen=True, slots=True)
class ExtentRow:
    """The extent in words."""

    text: str
    quality_name: str
    source: SourceRef


@dataclass(frozen=True, slots=True)
class LandRow:
    """标准地 in one state: number and area, either of which a source may leave out."""

    place: Ref
    own: bool  # False: reported for a group
    state: str
    parcels: int | None
    area: Area | None
    period: str
    kind_name: str
    quality: Quality
    source: SourceRef


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """Everything on file about one place, in one language."""

    place: Place
    identity: Identity
    boundary: BoundaryFacts | None
    declared: tuple[Declared, ...]
    extents: tuple[ExtentRow, ...]
    themes: tuple[ThemeGroup, ...]
    series: tuple[Series, ...]
    targets: tuple[TargetPair, ...]
    children: tuple[ChildRow, ...]
    members: tuple[Ref, ...]
    groups: tuple[GroupFigures, ...]
    events: tuple[EventRow, ...]
    checks: tuple[CheckResult, ...]
    standard_land: tuple[LandRow, ...]

    @property
    def figure_count(self) -> int:
        """How many figures are the place's own."""
        return sum(len(theme.rows) for theme in self.themes)
