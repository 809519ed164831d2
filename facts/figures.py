"""Exact arithmetic on printed figures: what a figure may really be, given how it was printed.

A printed 240.2 stands for anything that rounds to it, 余 and 以上 for anything above. So a figure
is an interval, and two figures agree when their intervals meet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from facts import units
from facts.model import CheckKind, CheckResult, Observation, Qualifier, Verdict

# How far “约” may be from the truth; a convention of these checks, not of any source.
APPROX_SHARE = Fraction(5, 100)

_COUNT_UNITS = ("个", "人", "位")


@dataclass(frozen=True)
class Interval:
    """The values from ``low`` to ``high`` inclusive; None is no bound on that side."""

    low: Fraction | None
    high: Fraction | None

    @property
    def bounded(self) -> bool:
        """Whether both ends are known."""
        return self.low is not None and self.high is not None

    def meets(self, other: Interval) -> bool:
        """Whether some value lies in both."""
        return not _below(self.high, other.low) and not _below(other.high, self.low)

    def __add__(self, other: Interval) -> Interval:
        return Interval(_plus(self.low, other.low), _plus(self.high, other.high))


def _below(a: Fraction | None, b: Fraction | None) -> bool:
    return a is not None and b is not None and a < b


def _plus(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return None if a is None or b is None else a + b


def exact(value: float) -> Fraction:
    """The decimal a float prints as, exactly."""
    return Fraction(str(value))


def decimals(printed: str) -> int:
    """How many digits stand after the decimal point."""
    return len(printed.partition(".")[2])


def half_step(printed: str) -> Fraction:
    """Half of the last printed digit: how far rounding can have moved the number."""
    return Fraction(1, 2 * 10 ** decimals(printed))


def spread(value: Fraction, qualifier: Qualifier, rounding: Fraction) -> Interval:
    """What a figure may be: rounded, approximate, or a bound."""
    if qualifier == "at_least":
        return Interval(value, None)
    if qualifier == "at_most":
        return Interval(None, value)
    if qualifier == "approx":
        rounding = max(rounding, abs(value) * APPROX_SHARE)
    return Interval(value - rounding, value + rounding)


def rounding_of(figure: Observation) -> Fraction:
    """Half of the last printed digit in the figure's canonical unit; nothing for counted things."""
    if not figure.printed_value:
        return Fraction(0)
    counted = units.canonical_unit(figure.printed_unit) in _COUNT_UNITS or units.compatible(
        figure.printed_unit, "个"
    )
    if counted and units.factor(figure.printed_unit, figure.unit) == 1:
        return Fraction(0)
    return half_step(figure.printed_value) * units.factor(figure.printed_unit, figure.unit)


def interval_of(figure: Observation) -> Interval:
    """What a figure with a value may be, in its canonical unit."""
    return spread(value_of(figure), figure.qualifier, rounding_of(figure))


def value_of(figure: Observation) -> Fraction:
    """The value of a figure, in its canonical unit; raises ValueError when it is missing."""
    if figure.value is None:
        raise ValueError(f"{figure.row_id} has no value")
    return exact(figure.value)


def show(value: Fraction | float, places: int | None = None) -> str:
    """A number as a reader writes it: 496.4, or with that many decimal places."""
    number = float(value)
    return f"{number:.10g}" if places is None else f"{number:.{places}f}"


def amount(value: Fraction | float, unit: str) -> str:
    """A number with its unit for an English sentence; counted things need no unit."""
    name = units.unit_name(unit, "en")
    return show(value) if name == "count" else f"{show(value)} {name}"


def show_figure(figure: Observation) -> str:
    """A figure's value with the mark of its qualifier: 40, ≥40, ≈62.77."""
    mark = {"exact": "", "approx": "≈", "at_least": "≥", "at_most": "≤"}[figure.qualifier]
    return mark + show(value_of(figure))


def place_ids_of(figures: Iterable[Observation]) -> tuple[str, ...]:
    """The places of some figures, each once, in order."""
    return tuple(dict.fromkeys(figure.place_id for figure in figures))


@dataclass(frozen=True)
class Subject:
    """What a result is about: its check's id, kind and titles, its places and rows."""

    check_id: str
    kind: CheckKind
    title_zh: str
    title_en: str
    place_ids: tuple[str, ...] = ()
    row_ids: tuple[str, ...] = ()

    def result(
        self,
        verdict: Verdict,
        zh: str,
        en: str,
        *,
        expected: Fraction | None = None,
        computed: Fraction | None = None,
        unit: str = "",
        formula: str = "",
    ) -> CheckResult:
        """The result, with difference = computed - expected where both are known."""
        gap = None if expected is None or computed is None else computed - expected
        return CheckResult(
            check_id=self.check_id,
            kind=self.kind,
            title_zh=self.title_zh,
            title_en=self.title_en,
            verdict=verdict,
            place_ids=self.place_ids,
            row_ids=self.row_ids,
            expected=None if expected is None else float(expected),
            computed=None if computed is None else float(computed),
            unit=unit,
            difference=None if gap is None else float(gap),
            formula=formula,
            explanation_zh=zh,
            explanation_en=en,
        )
