"""Hard constraints of a proposal: what must hold before any score is looked at.

A layer that the workspace lacks makes a verdict unknown; it never makes it a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from geo.areas import M2_PER_HA
from layers.dossiers import Constraint, Verdict
from layers.texts import text

if TYPE_CHECKING:
    from facts.model import Lang
    from geo.ledger import Flag, Ledger
    from geo.proposals import Finding, Proposal

TOLERANCE_M2: Final = 1.0  # below this a touch is the rounding of coordinates
FORBIDDEN: Final = ("farmland", "red-lines", "zones")
URBAN: Final = "urban-boundaries"
_OF_FINDINGS: Final = {
    "geometry": ("self_crossing", "not_polygon"),
    "land_out": ("out_outside_base",),
    "land_in": ("in_over_base",),
    "balance": ("adjust_unbalanced",),
}


def hard_constraints(
    proposal: Proposal, findings: Sequence[Finding], probes: Ledger | None, lang: Lang
) -> tuple[Constraint, ...]:
    """The constraints of a proposal, in the order planners go through them.

    `probes` is a ledger whose flags look at each layer that must not be touched.
    """
    flags = {flag.rule.layer: flag for flag in probes.flags} if probes else {}
    made = [_consistent(name, findings, proposal, lang) for name in _OF_FINDINGS]
    made += [_untouched(name, flags.get(name), lang) for name in FORBIDDEN]
    made.append(_within_urban(flags.get(URBAN), probes, lang))
    return tuple(constraint for constraint in made if constraint is not None)


def _consistent(
    name: str, findings: Sequence[Finding], proposal: Proposal, lang: Lang
) -> Constraint | None:
    if name == "balance" and proposal.kind != "adjust":
        return None
    if name == "land_out" and proposal.land_out is None and proposal.kind != "adjust":
        return None
    known = proposal.land_out is not None if name == "land_out" else proposal.land_in is not None
    if name == "balance":
        known = proposal.land_in is not None and proposal.land_out is not None
    broken = [f for f in findings if f.code in _OF_FINDINGS[name]]
    verdict: Verdict = "fail" if broken else "pass" if known else "unknown"
    said = (
        "；".join(f.message_zh for f in broken)
        if lang == "zh"
        else "; ".join(f.message_en for f in broken)
    )
    detail = said or ("" if known else text("compare.not_on_file", lang))
    return Constraint(name, verdict, text(f"compare.constraint_{name}", lang), detail)


def _untouched(layer: str, flag: Flag | None, lang: Lang) -> Constraint:
    label = text(f"compare.constraint_{layer.replace('-', '_')}", lang)
    if flag is None or flag.status in ("no_layer", "not_covered"):
        return Constraint(layer, "unknown", label, _why(flag, lang))
    ha = flag.area_m2 / M2_PER_HA
    verdict: Verdict = "fail" if flag.area_m2 > TOLERANCE_M2 else "pass"
    return Constraint(layer, verdict, label, text("compare.touches_ha", lang, ha=f"{ha:,.2f}"))


def _within_urban(flag: Flag | None, probes: Ledger | None, lang: Lang) -> Constraint:
    label = text("compare.constraint_urban_boundaries", lang)
    if flag is None or probes is None or flag.status in ("no_layer", "not_covered"):
        return Constraint(URBAN, "unknown", label, _why(flag, lang))
    outside = probes.gross_m2 - flag.area_m2
    verdict: Verdict = "fail" if outside > TOLERANCE_M2 else "pass"
    detail = text("compare.outside_ha", lang, ha=f"{max(outside, 0.0) / M2_PER_HA:,.2f}")
    return Constraint(URBAN, verdict, label, detail)


def _why(flag: Flag | None, lang: Lang) -> str:
    status = flag.status if flag else "no_land_in"
    return text(f"compare.why_{status}", lang)
