"""Checks of one thing reported twice: by two sources, or as two declared areas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

from facts import units
from facts.figures import (
    Interval,
    Subject,
    half_step,
    interval_of,
    place_ids_of,
    show,
    show_figure,
    spread,
    value_of,
)
from facts.model import CheckResult, DeclaredArea, Facts, Observation, Verdict

_STOCK_KINDS = ("actual", "cumulative")


def conflict_result(
    facts: Facts,
    subject: Subject,
    figures: Sequence[Observation],
    *,
    tolerance: float | None = None,
) -> CheckResult:
    """Whether figures of the same thing agree, in the unit of the first.

    Figures agree when every two of them can be the same number, given rounding and qualifiers.

    Raises:
        IncompatibleUnits: when they measure different things.
    """
    first = figures[0]
    scales = [units.factor(figure.unit, first.unit) for figure in figures]
    ranges = [
        _scaled(interval_of(figure), scale)
        if tolerance is None
        else spread(value_of(figure) * scale, "exact", Fraction(str(tolerance)) / 2)
        for figure, scale in zip(figures, scales, strict=True)
    ]
    values = [value_of(figure) * scale for figure, scale in zip(figures, scales, strict=True)]
    agree = all(a.meets(b) for a, b in combinations(ranges, 2))
    farthest = max(values, key=lambda value: abs(value - values[0]))
    names = "、".join(_titles(facts, figures))
    joined = "; ".join(_titles(facts, figures))
    words = (
        (f"各处数字一致（{names}）", f"the figures agree ({joined})")
        if agree
        else (f"各处数字不一致（{names}）", f"the figures differ ({joined})")
    )
    sign = " = " if len(set(values)) == 1 else (" ≈ " if agree else " ≠ ")
    return subject.result(
        "adds_up" if agree else "does_not",
        *words,
        expected=values[0],
        computed=farthest,
        unit=first.unit,
        formula=sign.join(
            show_figure(figure) if scale == 1 else show(value)
            for figure, scale, value in zip(figures, scales, values, strict=True)
        ),
    )


def _scaled(around: Interval, scale: Fraction) -> Interval:
    return Interval(
        None if around.low is None else around.low * scale,
        None if around.high is None else around.high * scale,
    )


def _titles(facts: Facts, figures: Sequence[Observation]) -> list[str]:
    """The titles of the sources, each once, shortened."""
    ids = dict.fromkeys(figure.source_id for figure in figures)
    titles = [facts.source(source_id).title for source_id in ids]
    return [title if len(title) <= 24 else f"{title[:23]}…" for title in titles]


def figure_conflicts(facts: Facts, skip: set[str]) -> Iterator[CheckResult]:
    """Every pair of figures from two sources for the same place, indicator and period.

    Rounds, projects and other populations are kept apart. Sums over different stretches of time
    are never compared; a stock (an indicator that is not summed over time) is, when the periods
    overlap. ``skip`` are row ids that a listed check compares already.
    """
    groups: dict[tuple[str, ...], list[Observation]] = {}
    for figure in facts.observations:
        if figure.value is not None and figure.kind != "target":
            key = (figure.place_id, figure.indicator_id, figure.kind, figure.population)
            groups.setdefault(key, []).append(figure)
    for figures in groups.values():
        for first, second in combinations(figures, 2):
            if first.source_id == second.source_id or {first.row_id, second.row_id} <= skip:
                continue
            if first.period.key == second.period.key:
                yield conflict_result(facts, _subject(facts, first, second), (first, second))
            elif _same_stock(facts, first, second):
                yield _over_time(facts, first, second)


def _same_stock(facts: Facts, first: Observation, second: Observation) -> bool:
    """Whether two figures count the same stock at times that overlap."""
    aggregation = facts.indicator(first.indicator_id).aggregation
    return (
        first.kind in _STOCK_KINDS
        and aggregation != "ratio"
        and _counted_once(facts, first)
        and first.period.overlaps(second.period)
    )


def _counted_once(facts: Facts, figure: Observation) -> bool:
    """Whether the figure is a number of things that exist, not of things that happen."""
    return facts.indicator(figure.indicator_id).theme in ("scale", "land")


def _over_time(facts: Facts, first: Observation, second: Observation) -> CheckResult:
    """A stock at two overlapping times: agreement tells, a difference may be real change."""
    result = conflict_result(facts, _subject(facts, first, second), (first, second))
    if result.verdict == "adds_up" or first.value is None or second.value is None:
        return result
    verdict: Verdict = "cannot_check"
    return _subject(facts, first, second).result(
        verdict,
        f"{first.period.name('zh')}与{second.period.name('zh')}的数字不同，其间可能有变化",
        f"the figures of {first.period.name('en')} and {second.period.name('en')} differ; "
        "the number may have changed in between",
        expected=value_of(first),
        computed=value_of(second),
        unit=first.unit,
        formula=result.formula,
    )


def _subject(facts: Facts, first: Observation, second: Observation) -> Subject:
    place = facts.place(first.place_id)
    indicator = facts.indicator(first.indicator_id)
    period = first.period
    return Subject(
        check_id=f"conflict:{first.row_id}:{second.row_id}",
        kind="conflict",
        title_zh=f"{place.name('zh')}{period.name('zh')}{indicator.name('zh')}：两个来源",
        title_en=(
            f"{place.name('en')}, {period.name('en')}: {indicator.name('en')} in two sources"
        ),
        place_ids=place_ids_of((first, second)),
        row_ids=(first.row_id, second.row_id),
    )


def area_conflicts(facts: Facts) -> Iterator[CheckResult]:
    """Every place with more than one declared area, in km2; the chosen one comes first."""
    groups: dict[str, list[DeclaredArea]] = {}
    for area in facts.declared_areas:
        groups.setdefault(area.place_id, []).append(area)
    for place_id, areas in groups.items():
        if len(areas) > 1:
            chosen_first = sorted(areas, key=lambda area: not area.chosen)
            yield _area_conflict(facts, place_id, chosen_first)


def _area_conflict(facts: Facts, place_id: str, areas: Sequence[DeclaredArea]) -> CheckResult:
    place = facts.place(place_id)
    subject = Subject(
        check_id=f"conflict:{':'.join(area.area_id for area in areas)}",
        kind="conflict",
        title_zh=f"{place.name('zh')}的公布面积",
        title_en=f"{place.name('en')}: declared areas",
        place_ids=(place_id,),
    )
    values = [Fraction(str(area.area_km2)) for area in areas]
    ranges = [
        spread(value, area.qualifier, half_step(show(value)))
        for value, area in zip(values, areas, strict=True)
    ]
    agree = all(a.meets(b) for a, b in combinations(ranges, 2))
    shown_zh = "；".join(f"{show(area.area_km2)} 平方公里：{area.basis_zh}" for area in areas)
    shown_en = "; ".join(f"{show(area.area_km2)} km²: {area.basis_en}" for area in areas)
    return subject.result(
        "adds_up" if agree else "does_not",
        f"{'一致' if agree else '不一致'}。{shown_zh}",
        f"{'They agree' if agree else 'They differ'}. {shown_en}",
        expected=values[0],
        computed=max(values, key=lambda value: abs(value - values[0])),
        unit="平方公里",
        formula=(" ≈ " if agree else " ≠ ").join(show(value) for value in values),
    )
