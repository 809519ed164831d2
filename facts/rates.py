"""Checks of printed rates: which numerator and denominator, on which basis, reproduce them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from facts import units
from facts.errors import IncompatibleUnits
from facts.figures import Subject, decimals, half_step, rounding_of, show, value_of
from facts.model import CheckResult, Facts, Observation
from facts.terms import Term

_BASIS_ZH = {"count": "按个数", "investment": "按投资额", "output": "按产值", "": "按所列数字"}
_BASIS_EN = {
    "count": "by count",
    "investment": "by investment",
    "output": "by output",
    "": "by the figures given",
}
_PERCENT = 100


@dataclass(frozen=True)
class Candidate:
    """One way to come to a rate; without a numerator any whole number is tried.

    Numerator and denominator are in the same unit; ``slack_*`` is how far rounding may have
    moved them.
    """

    numerator: Fraction | None
    denominator: Fraction
    basis: str
    row_ids: tuple[str, ...] = ()
    slack_numerator: Fraction = Fraction(0)
    slack_denominator: Fraction = Fraction(0)

    def percent(self, printed: Fraction) -> Fraction:
        """The rate in %; with an open numerator that of the whole number nearest to it."""
        return _PERCENT * self.numerator_near(printed) / self.denominator

    def numerator_near(self, printed: Fraction) -> Fraction:
        """The numerator, or the whole number that comes nearest to the printed rate."""
        if self.numerator is not None:
            return self.numerator
        return Fraction(round(printed * self.denominator / _PERCENT))

    def quotient(self, printed: Fraction, places: int) -> str:
        """“130 / 165.2 = 78.69 %”."""
        numerator = show(self.numerator_near(printed))
        percent = show(self.percent(printed), places)
        return f"{numerator} / {show(self.denominator)} = {percent} %"

    def rounding_reaches(self, printed: Fraction, half: Fraction) -> bool:
        """Whether some unrounded numerator and denominator give the printed rate."""
        numerator = self.numerator_near(printed)
        low = (numerator - self.slack_numerator) / (self.denominator + self.slack_denominator)
        high = (numerator + self.slack_numerator) / (self.denominator - self.slack_denominator)
        return _PERCENT * low - half <= printed <= _PERCENT * high + half


def own_candidate(rate: Observation) -> Candidate | None:
    """The numerator and denominator that stand in the rate's own row."""
    if rate.numerator is None or rate.denominator is None:
        return None
    numerator, denominator = Fraction(str(rate.numerator)), Fraction(str(rate.denominator))
    counted = rate.basis == "count"
    return Candidate(
        numerator,
        denominator,
        rate.basis,
        slack_numerator=Fraction(0) if counted else half_step(show(numerator)),
        slack_denominator=Fraction(0) if counted else half_step(show(denominator)),
    )


def pair_candidate(facts: Facts, pair: Term) -> Candidate | None:
    """The candidate of a pair of terms; None when a row has no value or the units differ."""
    above, below = pair.parts
    figures = [
        facts.observations_by_id.get(part.text) for part in (above, below) if part.kind == "row"
    ]
    rows = [figure for figure in figures if figure is not None and figure.value is not None]
    if len(rows) < len(figures):
        return None
    unit = rows[0].unit if rows else "个"
    try:
        values = {row.row_id: value_of(row) * units.factor(row.unit, unit) for row in rows}
    except IncompatibleUnits:
        return None
    slack = {row.row_id: rounding_of(row) for row in rows}
    numerator = None if above.kind == "any" else _number(above, values)
    denominator = _number(below, values)
    if denominator == 0:
        return None
    return Candidate(
        numerator,
        denominator,
        _basis_of(facts, rows),
        tuple(row.row_id for row in rows),
        slack.get(above.text, Fraction(0)),
        slack.get(below.text, Fraction(0)),
    )


def _number(term: Term, values: dict[str, Fraction]) -> Fraction:
    return Fraction(term.text) if term.kind == "number" else values[term.text]


def _basis_of(facts: Facts, rows: Sequence[Observation]) -> str:
    """On which basis figures of this kind are a rate: counted, invested or produced."""
    if not rows or units.compatible(rows[0].unit, "个"):
        return "count"
    indicator = facts.indicator(rows[0].indicator_id)
    if "产值" in indicator.name_zh:
        return "output"
    return "investment" if "投资" in indicator.name_zh else ""


def rate_result(
    subject: Subject, rate: Observation, candidates: Sequence[Candidate]
) -> CheckResult:
    """Which candidate reproduces the printed rate; the tolerance is its last printed digit."""
    printed, places = value_of(rate), decimals(rate.printed_value)
    half = half_step(rate.printed_value)
    tried = _distinct(candidates)
    if not tried:
        return subject.result(
            "cannot_check",
            f"印为 {show(printed, places)} %，来源没有给出分子与分母",
            f"printed {show(printed, places)} %; the source gives no numerator and denominator",
            expected=printed, unit="%",
        )  # fmt: skip
    fitting = [one for one in tried if abs(one.percent(printed) - printed) <= half]
    proved = [one for one in fitting if one.numerator is not None]
    if proved:
        return _reproduced(subject, printed, places, proved[0], tried)
    if fitting:
        return _guessed(subject, printed, places, fitting[0])
    return _not_reproduced(subject, printed, places, half, tried)


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without repetitions of the same two numbers; the later one knows its rows."""
    return list({(one.numerator, one.denominator): one for one in candidates}.values())


def _reproduced(
    subject: Subject, printed: Fraction, places: int, best: Candidate, tried: Sequence[Candidate]
) -> CheckResult:
    quotient = best.quotient(printed, places)
    zh = f"{_BASIS_ZH[best.basis]}可以复算：{quotient}"
    en = f"reproduced {_BASIS_EN[best.basis]}: {quotient}"
    for other in tried:
        if other is not best and other.numerator is not None:
            zh += f"；{_BASIS_ZH[other.basis]}则为 {other.quotient(printed, places)}"
            en += f"; {_BASIS_EN[other.basis]} it would be {other.quotient(printed, places)}"
    return subject.result(
        "adds_up", zh, en,
        expected=printed, computed=best.percent(printed), unit="%", formula=quotient,
    )  # fmt: skip


def _guessed(subject: Subject, printed: Fraction, places: int, best: Candidate) -> CheckResult:
    quotient = best.quotient(printed, places)
    return subject.result(
        "cannot_check",
        f"分子未印出；若为 {quotient} 则相符",
        f"the numerator is not printed; {quotient} would fit",
        expected=printed, computed=best.percent(printed), unit="%", formula=quotient,
    )  # fmt: skip


def _not_reproduced(
    subject: Subject,
    printed: Fraction,
    places: int,
    half: Fraction,
    tried: Sequence[Candidate],
) -> CheckResult:
    known = [one for one in tried if one.numerator is not None]
    nearest = min(known or tried, key=lambda one: abs(one.percent(printed) - printed))
    computed = nearest.percent(printed)
    formula = "; ".join(one.quotient(printed, places) for one in tried)
    if nearest.numerator is not None and abs(computed - printed) <= 3 * half:
        zh = f"印为 {show(printed, places)} %，{_BASIS_ZH[nearest.basis]}算得 " + (
            f"{nearest.quotient(printed, places)}，末位有差"
        )
        en = f"printed {show(printed, places)} %, but {nearest.quotient(printed, places)} "
        en += f"{_BASIS_EN[nearest.basis]}: off in the last digit"
        if nearest.rounding_reaches(printed, half):
            zh += "（分子分母本身的四舍五入可以解释）"
            en += " (rounding of the two numbers themselves could explain it)"
    else:
        zh = f"印为 {show(printed, places)} %，无法复算。试过："
        en = f"printed {show(printed, places)} %, cannot be reproduced. Tried: "
        zh += "；".join(_tried_zh(one, printed, places) for one in tried)
        en += "; ".join(_tried_en(one, printed, places) for one in tried)
    return subject.result(
        "does_not", zh, en, expected=printed, computed=computed, unit="%", formula=formula
    )


def _tried_zh(one: Candidate, printed: Fraction, places: int) -> str:
    quotient = one.quotient(printed, places)
    if one.numerator is None:
        return f"n/{show(one.denominator)}（n 为任意整数，最近的是 {quotient}）"
    return f"{_BASIS_ZH[one.basis]} {quotient}"


def _tried_en(one: Candidate, printed: Fraction, places: int) -> str:
    quotient = one.quotient(printed, places)
    if one.numerator is None:
        return f"n/{show(one.denominator)} for any whole n (nearest {quotient})"
    return f"{_BASIS_EN[one.basis]} {quotient}"


def part_result(subject: Subject, whole: Observation, part: Observation) -> CheckResult:
    """Whether a part does not exceed its whole; its share is shown.

    Raises:
        IncompatibleUnits: when they measure different things.
    """
    value = value_of(part) * units.factor(part.unit, whole.unit)
    limit = value_of(whole)
    fits = value <= limit or whole.qualifier in ("at_least", "approx")
    share = f" = {show(_PERCENT * value / limit, 2)} %" if limit else ""
    sign = "≤" if value <= limit else ">"
    words = (
        ("部分不超过整体", "the part does not exceed the whole")
        if fits
        else ("部分超过了整体", "the part exceeds the whole")
    )
    return subject.result(
        "adds_up" if fits else "does_not", *words,
        expected=limit, computed=value, unit=whole.unit,
        formula=f"{show(value)} {sign} {show(limit)}; {show(value)} / {show(limit)}{share}",
    )  # fmt: skip
