"""One proposal assessed: its ledger, what documents declare, its measures, its hard constraints.

Everything is computed from the versions that an atlas holds, and kept for as long as it does: a
ledger is what costs time, so those of the last proposals and rule sets stay in memory.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import shapely

from geo.ledger import LayerSource, Ledger, make_ledger
from geo.proposals import Finding, Proposal, check_proposal
from geo.rules import Rule, rules_to_text
from layers.constraints import hard_constraints
from layers.dossiers import Declared, DeclaredRole, Dossier, EventRow
from layers.errors import LayerError
from layers.landmeasures import proposal_measures
from layers.texts import text
from store.proposals import read_proposals, read_rules

if TYPE_CHECKING:
    from facts.model import Lang, Observation
    from layers.atlas import Atlas

# What a document declares of a proposal's land, by the indicator it is on file under.
DECLARED: Final[Mapping[str, DeclaredRole]] = {
    "expansion_area": "gross",
    "expansion_usable_land": "usable",
    "expansion_renewable_land": "redevelopable",
}
# What planners must not build on, looked at whatever the rules in use say.
PROBES: Final[Mapping[str, str]] = {
    "farmland": "inside",
    "red-lines": "inside",
    "zones": "inside",
    "urban-boundaries": "inside",
}
_KEPT_LEDGERS: Final = 64


class UnknownProposalError(LayerError):
    """A proposal that the workspace does not have."""

    code = "unknown_proposal"


def proposals_of(atlas: Atlas) -> tuple[Proposal, ...]:
    """All proposals of the atlas's versions, in file order."""
    return _kept(atlas).proposals(atlas)


def find_proposal(atlas: Atlas, key: str) -> Proposal:
    """The proposal of that key ("zhongbei-expand.A"); an id alone means its first alternative.

    Raises:
        UnknownProposalError: there is none; the message lists those on file.
    """
    known = proposals_of(atlas)
    for proposal in known:
        if key in (proposal.key, proposal.proposal_id):
            return proposal
    raise UnknownProposalError(
        f"没有方案 {key}；现有：{'、'.join(p.key for p in known)} / no proposal {key}; there are: "
        + ", ".join(p.key for p in known)
    )


def rules_of(atlas: Atlas, key: str | None) -> tuple[Rule, ...]:
    """The rules saved with a proposal, else the default set."""
    return read_rules(atlas.workspace, key, versions=atlas.versions)


def dossier(
    atlas: Atlas,
    key: str,
    *,
    lang: Lang,
    rules: Sequence[Rule] | None = None,
    draft: Proposal | None = None,
) -> Dossier:
    """Assess a proposal.

    Args:
        atlas: the versions to work on.
        key: the proposal's key or id.
        lang: of the texts.
        rules: instead of those saved with it.
        draft: the proposal as it is being drawn, instead of the one on file.

    Raises:
        UnknownProposalError: no such proposal. StoreError: a layer is corrupt.
    """
    proposal = draft or find_proposal(atlas, key)
    used = tuple(rules) if rules is not None else rules_of(atlas, proposal.key)
    findings = check_proposal(proposal, other_zones(atlas, proposal))
    refusal = _refusal(proposal, findings, lang)
    layers = layer_sources(atlas, used, proposal)
    ledger = None if refusal else ledger_of(atlas, proposal, used)
    probes = None if refusal else ledger_of(atlas, proposal, _probe_rules())
    zone = atlas.facts.places_by_id.get(proposal.place_id)
    return Dossier(
        proposal=proposal,
        name=proposal.name(lang),
        zone_name=zone.name(lang) if zone else proposal.place_id,
        findings=findings,
        ledger=ledger,
        refusal=refusal,
        rules=used,
        declared=declared(atlas, proposal, lang),
        events=_events(atlas, proposal, lang),
        measures=proposal_measures(atlas, proposal, ledger, probes, lang=lang, refusal=refusal),
        constraints=hard_constraints(proposal, findings, probes, lang),
        versions={name: source.version for name, source in layers.items()}
        | {name: atlas.versions[name] for name in ("proposals", "zones", "counties")},
    )


def ledger_of(atlas: Atlas, proposal: Proposal, rules: Sequence[Rule]) -> Ledger:
    """The ledger of a proposal's land in; kept, so that pages and files ask for it freely."""
    return _kept(atlas).ledger(atlas, proposal, tuple(rules))


def layer_sources(
    atlas: Atlas, rules: Sequence[Rule], proposal: Proposal
) -> dict[str, LayerSource]:
    """The files of the layers that the rules name, as far as the workspace has them.

    A proposal's own zone is no obstacle to it: its outlines are left out.
    """
    found = {}
    for name in dict.fromkeys(rule.layer for rule in rules if rule.enabled):
        if name in atlas.versions:
            version = atlas.versions[name]
            path = atlas.workspace.file(name, version=version)
            own = own_places(atlas, proposal) if name == "zones" else ()
            found[name] = LayerSource(name, path, version, leave_out=frozenset(own))
    return found


def own_places(atlas: Atlas, proposal: Proposal) -> tuple[str, ...]:
    """The proposal's zone, the place its figures stand under, and the parks inside them."""
    own = {proposal.place_id, proposal.figures_place_id}
    places = atlas.facts.places
    own |= {place.place_id for place in places if place.parent_id in own}
    parents = {p.parent_id for p in places if p.place_id == proposal.place_id and p.level == "park"}
    return tuple(sorted(own | {parent for parent in parents if parent}))


def other_zones(atlas: Atlas, proposal: Proposal) -> object:
    """The zones on file but the proposal's own: columns of geo.boundaries, EPSG:4490."""
    zones = atlas.boundaries("zones")
    apart = ~zones["place_id"].isin(own_places(atlas, proposal)) & (zones["level"] == "zone")
    return zones[apart]


def declared(atlas: Atlas, proposal: Proposal, lang: Lang) -> tuple[Declared, ...]:
    """What documents declare; with gross, usable and redevelopable also what they leave open."""
    found: dict[DeclaredRole, Declared] = {}
    for observation in atlas.facts.observations_of(proposal.figures_place_id):
        role = DECLARED.get(observation.indicator_id)
        if role and observation.value is not None and role not in found:
            found[role] = _declared(atlas, observation, role)
    if {"gross", "usable", "redevelopable"} <= found.keys():
        gross = found["gross"]
        rest = gross.area_km2 - found["usable"].area_km2 - found["redevelopable"].area_km2
        found["unexplained"] = Declared(
            role="unexplained", area_km2=round(rest, 6), qualifier=gross.qualifier,
            quality="derived", source_id=gross.source_id, source_title=gross.source_title,
            locator=text("compare.unexplained_formula", lang),
        )  # fmt: skip
    order: tuple[DeclaredRole, ...] = ("gross", "usable", "redevelopable", "unexplained")
    return tuple(found[role] for role in order if role in found)


def _declared(atlas: Atlas, observation: Observation, role: DeclaredRole) -> Declared:
    source = atlas.facts.source(observation.source_id)
    return Declared(
        role=role, area_km2=float(observation.value or 0.0), qualifier=observation.qualifier,
        quality=observation.quality, source_id=source.source_id, source_title=source.title,
        locator=observation.locator,
    )  # fmt: skip


def _events(atlas: Atlas, proposal: Proposal, lang: Lang) -> tuple[EventRow, ...]:
    own = {proposal.place_id, proposal.figures_place_id}
    rows = [event for event in atlas.facts.events if own & set(event.place_ids)]
    rows.sort(key=lambda e: (e.start is None, e.start or e.end))
    return tuple(
        EventRow(
            date=event.date_label,
            text=event.event_zh if lang == "zh" else event.event_en,
            source_title=atlas.facts.source(event.source_id).title,
        )
        for event in rows
    )


def _refusal(proposal: Proposal, findings: Sequence[Finding], lang: Lang) -> str:
    """Why there can be no ledger; empty when there can."""
    if proposal.land_in is None or shapely.is_empty(proposal.land_in):
        return text("compare.no_land_in", lang)
    for finding in findings:
        if finding.level == "error" and finding.code in ("self_crossing", "not_polygon"):
            return finding.message_zh if lang == "zh" else finding.message_en
    return ""


def _probe_rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(
            rule_id=f"probe-{layer}", name_zh=layer, name_en=layer, layer=layer, column="",
            classes=(), where="inside", action="flag",
        )
        for layer in PROBES
    )  # fmt: skip


# --- kept in memory ------------------------------------------------------------------------------


class _Kept:
    """What was read and computed for one atlas."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._proposals: tuple[Proposal, ...] | None = None
        self._ledgers: OrderedDict[str, Ledger] = OrderedDict()

    def proposals(self, atlas: Atlas) -> tuple[Proposal, ...]:
        """All proposals, read once."""
        with self._lock:
            if self._proposals is None:
                self._proposals = read_proposals(atlas.workspace, versions=atlas.versions)
            return self._proposals

    def ledger(self, atlas: Atlas, proposal: Proposal, rules: tuple[Rule, ...]) -> Ledger:
        """The ledger of these very outlines and rules, made at the first call."""
        key = ledger_key(atlas, proposal, rules)
        with self._lock:
            if key in self._ledgers:
                self._ledgers.move_to_end(key)
                return self._ledgers[key]
        made = make_ledger(proposal.land_in, rules, layer_sources(atlas, rules, proposal))
        with self._lock:
            self._ledgers[key] = made
            while len(self._ledgers) > _KEPT_LEDGERS:
                self._ledgers.popitem(last=False)
        return made


def ledger_key(atlas: Atlas, proposal: Proposal, rules: Sequence[Rule]) -> str:
    """A digest of all that a ledger depends on: land in, rules, versions of the layers."""
    names = sorted({rule.layer for rule in rules if rule.enabled})
    parts = [
        shapely.to_wkb(proposal.land_in) if proposal.land_in is not None else b"",
        rules_to_text(rules).encode(),
        *(f"{name}={atlas.versions.get(name)}".encode() for name in names),
        ",".join(own_places(atlas, proposal)).encode(),
    ]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


_atlases: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
_atlases_lock = threading.Lock()


def _kept(atlas: Atlas) -> _Kept:
    """What is kept for this atlas; the two newest atlases of a process keep theirs."""
    key = (str(atlas.workspace.path), repr(sorted(atlas.versions.items())))
    with _atlases_lock:
        found = _atlases.setdefault(key, _Kept())
        _atlases.move_to_end(key)
        while len(_atlases) > 2:
            _atlases.popitem(last=False)
        return found
