"""The words of a comparison: what is known about one proposal, ready to be shown or printed.

`layers.assess` fills these from the workspace; pages, reports and the terminal only read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from geo.ledger import Ledger
    from geo.proposals import Finding, Proposal
    from geo.rules import Rule

Polarity = Literal["higher", "lower", "neutral"]
Verdict = Literal["pass", "fail", "unknown"]
DeclaredRole = Literal["gross", "usable", "redevelopable", "unexplained"]


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """What is measured of every proposal.

    Names, formulas and groups are texts: `compare.measure_<id>`, `compare.formula_<id>`,
    `compare.group_<group>`. `polarity` says which proposal is the better one; neutral measures
    take no part in a score. `decimals` are those that the unit deserves.
    """

    measure_id: str
    group: str
    unit: str
    polarity: Polarity
    decimals: int = 2


MEASURES: Final[tuple[MeasureKind, ...]] = (
    MeasureKind("gross_km2", "land", "km²", "neutral"),
    MeasureKind("land_out_km2", "land", "km²", "neutral"),
    MeasureKind("net_km2", "land", "km²", "neutral"),
    MeasureKind("usable_km2", "land", "km²", "higher"),
    MeasureKind("usable_share", "land", "%", "higher", 1),
    MeasureKind("redevelopable_km2", "land", "km²", "higher"),
    MeasureKind("excluded_share", "land", "%", "lower", 1),
    MeasureKind("rest_share", "land", "%", "neutral", 1),
    MeasureKind("farmland_ha", "protection", "ha", "lower", 1),
    MeasureKind("red_line_ha", "protection", "ha", "lower", 1),
    MeasureKind("zones_overlap_ha", "protection", "ha", "lower", 1),
    MeasureKind("urban_share", "protection", "%", "higher", 1),
    MeasureKind("compactness", "shape", "", "higher", 3),
    MeasureKind("hull_share", "shape", "%", "higher", 1),
    MeasureKind("patches", "shape", "块", "lower", 0),
    MeasureKind("largest_patch_share", "shape", "%", "higher", 1),
    MeasureKind("shared_boundary_share", "shape", "%", "higher", 1),
    MeasureKind("base_distance_km", "location", "km", "lower"),
    MeasureKind("seat_distance_km", "location", "km", "lower"),
    MeasureKind("zone_distance_km", "location", "km", "neutral"),
    MeasureKind("counties", "location", "个", "lower", 0),
    MeasureKind("parcels", "output", "宗", "neutral", 0),
    MeasureKind("parcels_ha", "output", "ha", "neutral", 1),
    MeasureKind("projects", "output", "个", "neutral", 0),
    MeasureKind("development_rate", "output", "%", "higher", 1),
    MeasureKind("supply_rate", "output", "%", "higher", 1),
    MeasureKind("built_rate", "output", "%", "higher", 1),
    MeasureKind("idle_rate", "output", "%", "lower", 1),
    MeasureKind("investment_intensity", "output", "万元/亩", "higher", 1),
    MeasureKind("tax_per_mu", "output", "万元/亩", "higher", 2),
    MeasureKind("value_added_per_mu", "output", "万元/亩", "higher", 2),
)
KINDS: Final[Mapping[str, MeasureKind]] = {kind.measure_id: kind for kind in MEASURES}
GROUPS: Final = tuple(dict.fromkeys(kind.group for kind in MEASURES))


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one proposal.

    `value` is in the kind's unit, None with `missing` saying why. `source` names layers with
    their versions, or the document; `text` adds words to a number (the names of counties).
    """

    kind: MeasureKind
    value: float | None
    quality: str = "derived"
    missing: str = ""
    source: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """One figure of the ledger as a document declares it, km²; `unexplained` is what it leaves."""

    role: DeclaredRole
    area_km2: float
    qualifier: str
    quality: str
    source_id: str
    source_title: str
    locator: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """A step of the procedure: its date as printed, what happened, where that is printed."""

    date: str
    text: str
    source_title: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition that must hold before any score; "unknown" when a layer is missing."""

    constraint_id: str
    verdict: Verdict
    label: str
    detail: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything known about one proposal, in one language, of one set of versions.

    `ledger` is None with `refusal` saying why: the land in is unknown, or its outline is faulty.
    `versions` are those of the collections used.
    """

    proposal: Proposal
    name: str
    zone_name: str
    findings: tuple[Finding, ...]
    ledger: Ledger | None
    refusal: str
    rules: tuple[Rule, ...]
    declared: tuple[Declared, ...]
    events: tuple[EventRow, ...]
    measures: Mapping[str, Measure]
    constraints: tuple[Constraint, ...]
    versions: Mapping[str, int] = field(default_factory=dict)

    def declared_km2(self, role: DeclaredRole) -> float | None:
        """The declared area of a role, None when no document gives it."""
        return next((d.area_km2 for d in self.declared if d.role == role), None)
