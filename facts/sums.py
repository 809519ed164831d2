"""Checks of totals against their parts, and of differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

from facts import units
from facts.errors import IncompatibleUnits
from facts.figures import (
    Interval,
    Subject,
    amount,
    half_step,
    interval_of,
    place_ids_of,
    show,
    show_figure,
    spread,
    value_of,
)
from facts.model import Check, CheckResult, DeclaredArea, Facts, Observation, Place, Verdict

_STANDING = ("现有", "在建")


def sum_result(
    subject: Subject,
    total: Observation,
    parts: Sequence[Observation],
    *,
    complete: bool = True,
    tolerance: float | None = None,
) -> CheckResult:
    """Whether the parts add up to the total, in the total's unit.

    Incomplete parts can only contradict the total (by exceeding it), never confirm it. Rounding
    is that of the printed digits unless a tolerance is given.

    Raises:
        IncompatibleUnits: when a part is in another kind of unit than the total.
    """
    values = [_in_unit(part, total.unit) for part in parts]
    computed, expected = sum(values, Fraction(0)), value_of(total)
    possible = _possible(total, parts)
    limits = interval_of(total)
    if tolerance is not None:
        limits = spread(expected, "exact", Fraction(str(tolerance)))
        possible = Interval(computed, computed)
    if not complete:
        possible = Interval(possible.low, None)
    sign = "=" if computed == expected else "≠"
    formula = f"{' + '.join(show_figure(part) for part in parts)} = {show(computed)}"
    if sign == "≠" or not complete:
        formula += f" {'≤' if not complete and computed <= expected else sign} {show(expected)}"
    zh, en, verdict = _sum_words(possible, limits, computed - expected, complete=complete)
    return subject.result(
        verdict, zh, en, expected=expected, computed=computed, unit=total.unit, formula=formula
    )


def _possible(total: Observation, parts: Sequence[Observation]) -> Interval:
    possible = Interval(Fraction(0), Fraction(0))
    for part in parts:
        scale = units.factor(part.unit, total.unit)
        around = interval_of(part)
        possible += Interval(
            None if around.low is None else around.low * scale,
            None if around.high is None else around.high * scale,
        )
    return possible


def _sum_words(
    possible: Interval, limits: Interval, gap: Fraction, *, complete: bool
) -> tuple[str, str, Verdict]:
    """What to say of a sum that exceeds its total by ``gap``, and the verdict."""
    if not possible.meets(limits):
        how_zh = f"{'多' if gap > 0 else '少'} {show(abs(gap))}"
        how_en = f"{show(abs(gap))} too {'much' if gap > 0 else 'little'}"
        if complete:
            return f"各项之和与合计不符，{how_zh}", f"does not add up: {how_en}", "does_not"
        return f"所列部分已超过合计，{how_zh}", f"the parts exceed the total: {how_en}", "does_not"
    if not complete:
        return (
            "其余部分未在册，所列之和未超过合计",
            "the other parts are not on file; those that are do not exceed the total",
            "cannot_check",
        )
    if not (possible.bounded and limits.bounded):
        return (
            "数字中有上下限，不能断定；与合计不矛盾",
            "some figures are bounds: nothing contradicts the total, nothing proves it",
            "cannot_check",
        )
    if gap == 0:
        return "各项之和等于合计", "the parts add up to the total", "adds_up"
    return (
        "在四舍五入范围内，各项之和等于合计",
        "the parts add up to the total within rounding",
        "adds_up",
    )


def difference_result(
    subject: Subject, figures: Sequence[Observation], printed: Observation | None
) -> CheckResult:
    """The first figure less all others, against the printed difference if there is one.

    The unit is the first figure's; percentage points subtract from percentages.

    Raises:
        IncompatibleUnits: when the figures measure different things.
    """
    first, *others = figures
    unit = first.unit
    computed = value_of(first) - sum((_in_unit(other, unit) for other in others), Fraction(0))
    shown = " - ".join(show_figure(figure) for figure in figures)
    formula = f"{shown} = {show(computed)}"
    if printed is None:
        return subject.result(
            "cannot_check",
            f"差为 {show(computed)} {unit}，来源没有印出可对照的数字",
            f"the result is {amount(computed, unit)}; the source prints nothing to compare it with",
            computed=computed,
            unit=unit,
            formula=formula,
        )
    expected = _in_unit(printed, unit)
    slack = sum((_rounding(figure) for figure in (*figures, printed)), Fraction(0))
    if abs(computed - expected) <= slack:
        words = ("差数与所印相符", "the difference is as printed")
        return subject.result(
            "adds_up", *words, expected=expected, computed=computed, unit=unit, formula=formula
        )
    return subject.result(
        "does_not",
        "差数与所印不符",
        "the difference is not as printed",
        expected=expected,
        computed=computed,
        unit=unit,
        formula=f"{formula} ≠ {show(expected)}",
    )


def _rounding(figure: Observation) -> Fraction:
    around = interval_of(figure)
    return (
        Fraction(0)
        if around.low is None or around.high is None
        else ((around.high - around.low) / 2)
    )


def _in_unit(figure: Observation, unit: str) -> Fraction:
    value = value_of(figure)
    try:
        return value * units.factor(figure.unit, unit)
    except IncompatibleUnits:
        names = {units.canonical_unit(figure.unit), units.canonical_unit(unit)}
        if names == {"百分比", "百分点"}:
            return value
        raise


def indicator_sums(
    facts: Facts, check: Check, total_id: str, part_ids: Sequence[str], skip: set[str]
) -> Iterator[CheckResult]:
    """The same sum at every place and period where one source gives the total and all parts.

    ``skip`` are row ids of totals that have a check of their own.
    """
    wanted = (total_id, *part_ids)
    figures = [
        figure
        for figure in facts.observations
        if figure.indicator_id in wanted and figure.value is not None
    ]
    figures.sort(key=_group_key)
    for _, members in groupby(figures, key=_group_key):
        by_indicator: dict[str, Observation] = {}
        for figure in members:
            by_indicator.setdefault(figure.indicator_id, figure)
        if len(by_indicator) < len(wanted) or by_indicator[total_id].row_id in skip:
            continue
        total = by_indicator[total_id]
        parts = [by_indicator[part_id] for part_id in part_ids]
        yield sum_result(_subject(facts, check, total, parts), total, parts)


def _group_key(figure: Observation) -> tuple[str, str, str, str, str]:
    return (
        figure.place_id,
        figure.period.key,
        figure.source_id,
        figure.population,
        figure.kind,
    )


def _subject(
    facts: Facts, check: Check, total: Observation, parts: Sequence[Observation]
) -> Subject:
    place, period = facts.place(total.place_id), total.period
    return Subject(
        check_id=f"{check.check_id}:{total.row_id}",
        kind=check.kind,
        title_zh=f"{place.name('zh')}{period.name('zh')}{check.title_zh}",
        title_en=f"{place.name('en')}, {period.name('en')}: {check.title_en}",
        place_ids=place_ids_of([total]),
        row_ids=(total.row_id, *(part.row_id for part in parts)),
    )


def area_sums(facts: Facts) -> Iterator[CheckResult]:
    """Declared areas of the parks inside a place against the place's own, in km2."""
    areas = {area.place_id: area for area in facts.declared_areas if area.chosen}
    for place in facts.places:
        whole = areas.get(place.place_id)
        parks = [
            child
            for child in facts.children_of(place.place_id)
            if child.level == "park" and child.status in _STANDING and child.place_id in areas
        ]
        if whole is not None and parks:
            yield _area_sum(place, whole, parks, [areas[park.place_id] for park in parks])


def _area_sum(
    place: Place, whole: DeclaredArea, parks: Sequence[Place], parts: Sequence[DeclaredArea]
) -> CheckResult:
    computed = sum((Fraction(str(part.area_km2)) for part in parts), Fraction(0))
    expected = Fraction(str(whole.area_km2))
    possible = sum((_area_interval(part) for part in parts), Interval(Fraction(0), Fraction(0)))
    limits = _area_interval(whole)
    subject = Subject(
        check_id=f"areas-in:{place.place_id}",
        kind="sum",
        title_zh=f"{place.name('zh')}内各园区公布面积之和",
        title_en=f"{place.name('en')}: declared areas of its parks",
        place_ids=(place.place_id, *(park.place_id for park in parks)),
    )
    formula = " + ".join(show(part.area_km2) for part in parts)
    if len(parts) > 1:
        formula += f" = {show(computed)}"
    if possible.meets(limits) and possible.bounded and limits.bounded:
        words = ("园区面积之和等于全区面积", "the parks add up to the whole")
        return subject.result(
            "adds_up", *words, expected=expected, computed=computed, unit="平方公里",
            formula=formula,
        )  # fmt: skip
    if computed < expected:
        return subject.result(
            "cannot_check",
            "在册园区不足以铺满全区；未超过全区面积",
            "the parks on file are not all of the zone; they do not exceed it",
            expected=expected, computed=computed, unit="平方公里",
            formula=f"{formula} ≤ {show(expected)}",
        )  # fmt: skip
    return subject.result(
        "does_not",
        "园区公布面积之和超过全区公布面积：两数口径不同或园区相互重叠",
        "the parks exceed the whole: the areas are of different kinds, or the parks overlap",
        expected=expected, computed=computed, unit="平方公里",
        formula=f"{formula} > {show(expected)}",
    )  # fmt: skip


def _area_interval(area: DeclaredArea) -> Interval:
    value = Fraction(str(area.area_km2))
    return spread(value, area.qualifier, half_step(show(value)))
