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
class ParcelSum:
    """Parcels of a state: number, how many of them have no area, and the area of the others."""

    name: str
    count: int
    without_area: int
    ha: str  # "" when none has an area
    mu: str


@dataclass(frozen=True, slots=True)
class ParcelRow:
    """One parcel of 标准地; `controls` are names and bounds that the buyer commits to.

    `counted` is False when a newer list has the parcel as well.
    """

    name: str
    number: str
    state: str
    date: str
    ha: str
    mu: str
    controls: tuple[str, ...]
    use: str
    company: str
    outline: bool
    counted: bool
    quality: Quality
    source: SourceRef
    note: str


@dataclass(frozen=True, slots=True)
class ParcelList:
    """Parcels of a place: sums of those that count, and the first rows of `count` in all."""

    states: tuple[ParcelSum, ...]
    total: ParcelSum
    rows: tuple[ParcelRow, ...]
    count: int
    outlines: int
    repeated: int


@dataclass(frozen=True, slots=True)
class BatchSum:
    """Projects of a batch: number, how many have no investment, and that of the others."""

    count: int
    without_investment: int
    investment: str  # "" when none has one


@dataclass(frozen=True, slots=True)
class RateText:
    """A rate by number of projects, and what it was made of in words."""

    share: str
    made_of: str


@dataclass(frozen=True, slots=True)
class RoundSums:
    """A round of the campaign: signed, started, in production and without a batch, and rates."""

    name: str
    period: str
    batches: tuple[BatchSum | None, ...]
    start_rate: RateText | None
    production_rate: RateText | None


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project in a batch and round; investment and output in 100 million yuan, land in mu."""

    name: str
    code: str
    batch: str
    round: str
    investment: str
    output: str
    land: str
    industry: str
    company: str
    status: str
    dates: tuple[str, ...]
    counted: bool
    quality: Quality
    source: SourceRef
    note: str


@dataclass(frozen=True, slots=True)
class ProjectList:
    """Projects of a place: sums of those that count, and the first rows of `count` in all.

    `total` has each project once in a batch, as the newest round has it; it is empty when there
    is one round only.
    """

    rounds: tuple[RoundSums, ...]
    total: tuple[BatchSum | None, ...]
    rows: tuple[ProjectRow, ...]
    count: int
    repeated: int


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
    parcels: ParcelList | None
    projects: ProjectList | None

    @property
    def figure_count(self) -> int:
        """How many figures are the place's own."""
        return sum(len(theme.rows) for theme in self.themes)
