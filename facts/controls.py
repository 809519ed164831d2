"""Checks of what is on file against the control totals of the province."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, get_args

from facts.figures import Subject, amount, show, value_of
from facts.model import CheckResult, Facts, Observation, Place, Verdict
from facts.terms import Term

# Zones of the control totals are set up by the province or the state and exist today.
_STANDING = ("现有", "在建")
_LOCAL_TIERS = ("市县级", "乡镇级")
_INDUSTRIAL_TYPES = ("工业", "高新")

LeftOut = Literal["not_standing", "inside_zone", "local_tier"]


def zones_on_file(facts: Facts, which: str) -> tuple[Place, ...]:
    """The zones on file that a control total counts: "zones", or "industrial_zones" only.

    Zones inside another zone, proposed or former ones, and those of cities and counties are not
    counted.
    """
    zones = [
        place
        for place in facts.places
        if place.level == "zone" and _why_left_out(facts, place) is None
    ]
    if which == "industrial_zones":
        zones = [place for place in zones if place.zone_type in _INDUSTRIAL_TYPES]
    return tuple(zones)


def zones_left_out(facts: Facts) -> dict[LeftOut, int]:
    """How many zones on file no control total counts, by the first reason that holds.

    not_standing: proposed, applied for, unconfirmed or former; inside_zone: part of another zone;
    local_tier: of a city or county. Reasons that no zone has are left out.
    """
    reasons = (_why_left_out(facts, place) for place in facts.places if place.level == "zone")
    counts = Counter(reason for reason in reasons if reason is not None)
    return {reason: counts[reason] for reason in get_args(LeftOut) if counts[reason]}


def _why_left_out(facts: Facts, zone: Place) -> LeftOut | None:
    if zone.status not in _STANDING:
        return "not_standing"
    if _inside_zone(facts, zone):
        return "inside_zone"
    return "local_tier" if zone.tier in _LOCAL_TIERS else None


def _inside_zone(facts: Facts, place: Place) -> bool:
    parent = facts.places_by_id.get(place.parent_id or "")
    return parent is not None and parent.level == "zone"


def control_result(
    facts: Facts, subject: Subject, control: Observation, terms: Sequence[Term]
) -> CheckResult:
    """A control total beside what is on file: too much is a fault, too little only incomplete.

    Raises:
        ValueError: when a term is not one of places on file.
    """
    computed, words_zh, words_en = Fraction(0), [], []
    for term in terms:
        zones = zones_on_file(facts, term.text)
        if term.kind == "count":
            computed += len(zones)
            words_zh.append(f"在册 {len(zones)} 家")
            words_en.append(f"{len(zones)} on file")
        elif term.kind == "area":
            areas = _chosen_areas(facts, zones)
            part = sum(areas, Fraction(0))
            computed += part
            known_zh = f"{len(zones)} 家中 {len(areas)} 家有面积"
            words_zh.append(f"在册 {show(part)} 平方公里（{known_zh}）")
            words_en.append(f"{show(part)} km² on file ({len(areas)} of {len(zones)} zones)")
        else:
            raise ValueError(term.text)
    expected = value_of(control)
    reported = show(expected)
    verdict, sign, end_zh, end_en = _judge(computed, expected)
    return subject.result(
        verdict,
        f"来源报 {reported} {control.unit}，{'、'.join(words_zh)}；{end_zh}",
        f"{amount(expected, control.unit)} reported, {', '.join(words_en)}; {end_en}",
        expected=expected, computed=computed, unit=control.unit,
        formula=f"{show(computed)} {sign} {reported}",
    )  # fmt: skip


def _judge(computed: Fraction, expected: Fraction) -> tuple[Verdict, str, str, str]:
    if computed == expected:
        return "adds_up", "=", "两数相等", "the two are equal"
    if computed < expected:
        return "cannot_check", "<", "其余来源未列名", "the sources do not name the others"
    return "does_not", ">", "在册多于所报", "more are on file than reported"


def _chosen_areas(facts: Facts, zones: Sequence[Place]) -> list[Fraction]:
    ids = {zone.place_id for zone in zones}
    return [
        Fraction(str(area.area_km2))
        for area in facts.declared_areas
        if area.chosen and area.place_id in ids
    ]
