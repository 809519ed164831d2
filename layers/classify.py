"""Classes of a choropleth: where the breaks are, which value falls where, which are extreme.

The schemes are mapclassify's, see layers.breaks.

A class holds its upper bound: (lower, upper]. In diverging classes zero belongs to the side that
does not fall. Equal values always share a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from layers.breaks import Edges, Floats, Note, Scheme, warm
from layers.errors import ClassifyError

Extreme: TypeAlias = Literal["", "low", "high"]
Integers: TypeAlias = NDArray[np.int64]

__all__ = [
    "MAX_CLASSES", "MAX_OWN_BREAKS", "MIN_CLASSES", "SCHEMES", "ClassBounds", "Classes", "Note",
    "Scheme", "classify", "find_outliers", "parse_breaks", "warm",
]  # fmt: skip

SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
MIN_CLASSES, MAX_CLASSES = 2, 7
MAX_OWN_BREAKS = 8

# Modified z-score |0.6745 (x - median) / MAD| > 3.5: Iglewicz & Hoaglin, How to Detect and Handle
# Outliers (1993). Below five values a median says too little about what is usual.
OUTLIER_Z = 3.5
MIN_FOR_OUTLIERS = 5
_MAD_TO_SIGMA = 0.6745
_MEAN_AD_TO_SIGMA = 1.253314  # stands in where more than half of the values are equal

# Schemes whose breaks follow the range of the values: an extreme one would leave all others in
# one class, so it gets a class of its own.
_FOLLOWS_RANGE: frozenset[Scheme] = frozenset({"equal_interval", "natural_breaks"})


@dataclass(frozen=True, slots=True)
class ClassBounds:
    """One class: (lower, upper] by the scheme, the values it really holds, how many they are."""

    lower: float
    upper: float
    smallest: float | None
    largest: float | None
    count: int
    extreme: Extreme = ""


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """A classification of `index.size` values; `index` gives each value's class, from 0 up."""

    scheme: Scheme
    k_asked: int
    classes: tuple[ClassBounds, ...]
    index: Integers
    below_zero: int | None  # how many classes lie under zero; None when not diverging
    outliers_low: tuple[int, ...]  # positions in the values, whatever the scheme does with them
    outliers_high: tuple[int, ...]
    notes: tuple[Note, ...]

    @property
    def k_used(self) -> int:
        """Number of classes, those of extreme values included."""
        return len(self.classes)

    @property
    def breaks(self) -> tuple[float, ...]:
        """Upper bounds of the classes, ascending."""
        return tuple(c.upper for c in self.classes)

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of values in each class."""
        return tuple(c.count for c in self.classes)


def classify(
    values: Any,
    *,
    scheme: Scheme = "quantiles",
    k: int = 5,
    own_breaks: Sequence[float] | None = None,
    diverging: bool = False,
) -> Classes:
    """Classes of `values` (1-D, finite, in any order).

    `k` is the number of classes asked for (2–7); fewer come back when there are too few distinct
    values, and up to two more when extreme values get classes of their own. `own_breaks` are the
    inner bounds for scheme "own". `diverging` makes zero a bound and classifies each side alone.

    Raises:
        ClassifyError: all faults of the values and options at once.
    """
    array = np.asarray(values, dtype=np.float64)
    _refuse(array, scheme, k, own_breaks)
    if array.size == 0:
        return Classes(
            scheme, k, (), np.zeros(0, np.int64), 0 if diverging else None, (), (), (Note("empty"),)
        )
    low, high = find_outliers(array)
    set_apart = _set_apart(array, scheme, diverging, (low, high))
    core = np.ones(array.size, dtype=bool)
    for extreme in set_apart:
        core[extreme] = False
    edges = Edges(scheme, k)
    below: Floats | None = None
    if scheme == "own":
        inner = np.asarray(own_breaks, dtype=np.float64)
        bounds, below, edges.notes = _own(array, inner, diverging=diverging)
    elif diverging:
        below, above = edges.two_sides(array[core])
        bounds = np.concatenate([below, above])
    else:
        bounds = edges.of(array[core], k)
    index, uppers, kinds = _place(array, bounds, below, set_apart)
    if below is not None and below.size == 0 and set_apart[0].size:
        uppers[0] = 0.0  # only extreme values fall: their class ends the falling side
    # A person's own classes and equal steps stay though empty: they were asked for as they are.
    index, keep, classes = _bounded(
        array, index, uppers, kinds, empty=scheme in {"own", "equal_interval"}
    )
    below_zero = None
    if below is not None:
        under = below.size + int(set_apart[0].size > 0)  # extreme low ones all lie under zero
        below_zero = sum(1 for old in keep if old < under)
    return Classes(
        scheme, k, classes, index, below_zero,
        tuple(low.tolist()), tuple(high.tolist()), tuple(edges.notes),
    )  # fmt: skip


def find_outliers(values: Floats) -> tuple[Integers, Integers]:
    """Positions of the extreme low and extreme high values, by the modified z-score."""
    none = np.zeros(0, dtype=np.int64)
    if values.size < MIN_FOR_OUTLIERS:
        return none, none
    away = values - np.median(values)
    scale = np.median(np.abs(away)) / _MAD_TO_SIGMA
    if scale == 0.0:
        scale = np.abs(away).mean() * _MEAN_AD_TO_SIGMA
    if scale == 0.0:
        return none, none
    score = away / scale
    return np.flatnonzero(score < -OUTLIER_Z), np.flatnonzero(score > OUTLIER_Z)


def parse_breaks(text: str) -> tuple[float, ...]:
    """Own breaks written by a person: numbers parted by commas, semicolons or blanks.

    Raises:
        ClassifyError: parts that are no numbers, or breaks that do not ascend.
    """
    parts = (
        text.replace("，", ",").replace("；", ",").replace(";", ",").replace(" ", ",").split(",")
    )
    wrong: list[str] = []
    breaks: list[float] = []
    for part in filter(None, (p.strip() for p in parts)):
        try:
            breaks.append(float(part.replace("−", "-")))
        except ValueError:
            wrong.append(part)
    faults = [f"不是数字 / not a number: {', '.join(wrong)}"] if wrong else []
    faults += _break_faults(breaks)
    if faults:
        raise ClassifyError("; ".join(faults))
    return tuple(breaks)


def _set_apart(
    array: Floats, scheme: Scheme, diverging: bool, outliers: tuple[Integers, Integers]
) -> tuple[Integers, Integers]:
    """Positions that get a class of their own; in diverging classes never across zero."""
    low, high = outliers
    if scheme not in _FOLLOWS_RANGE:
        return low[:0], high[:0]
    if diverging:
        return low[array[low] < 0.0], high[array[high] >= 0.0]
    return low, high


def _own(
    array: Floats, inner: Floats, *, diverging: bool
) -> tuple[Floats, Floats | None, list[Note]]:
    """Upper bounds by a person's own inner bounds, those below zero, what to say."""
    notes: list[Note] = []
    if diverging and 0.0 not in inner:
        inner = np.sort(np.append(inner, 0.0))
        notes.append(Note("zero_added"))
    below = inner[inner <= 0.0] if diverging else None
    # The ends are open; a finite outer bound is only there as the largest value's home.
    largest = float(array.max())
    return np.append(inner, largest if largest > inner[-1] else np.inf), below, notes


def _place(
    array: Floats, bounds: Floats, below: Floats | None, set_apart: tuple[Integers, Integers]
) -> tuple[Integers, list[float], list[Extreme]]:
    """The class of every value, the upper bounds, and which classes hold extreme values."""
    low, high = set_apart
    index = np.searchsorted(bounds, array, side="left").astype(np.int64)
    if below is not None and below.size:
        # (…, 0] ends the falling side, but zero itself does not fall.
        index[array == 0.0] = below.size
    extreme: list[Extreme] = ["" for _ in bounds]
    uppers = [float(b) for b in bounds]
    if high.size:
        index[high] = len(uppers)
        uppers.append(float(array[high].max()))
        extreme.append("high")
    if low.size:
        index += 1
        index[low] = 0
        uppers.insert(0, float(array[low].max()))
        extreme.insert(0, "low")
    return index, uppers, extreme


def _bounded(
    array: Floats, index: Integers, uppers: list[float], extreme: list[Extreme], *, empty: bool
) -> tuple[Integers, list[int], tuple[ClassBounds, ...]]:
    """New class numbers without the empty classes, which old ones stayed, and the classes."""
    counts = np.bincount(index, minlength=len(uppers))
    keep = [i for i in range(len(uppers)) if counts[i] or empty]
    renumber = np.full(len(uppers), -1, dtype=np.int64)
    renumber[keep] = np.arange(len(keep))
    index = renumber[index]
    classes = []
    lower = float(array.min())
    for position, old in enumerate(keep):
        inside = array[index == position]
        classes.append(
            ClassBounds(
                lower=min(lower, uppers[old]),
                upper=uppers[old],
                smallest=float(inside.min()) if inside.size else None,
                largest=float(inside.max()) if inside.size else None,
                count=int(inside.size),
                extreme=extreme[old],
            )
        )
        lower = uppers[old]
    return index, keep, tuple(classes)


def _refuse(array: Floats, scheme: str, k: int, own_breaks: Sequence[float] | None) -> None:
    faults: list[str] = []
    if array.ndim != 1:
        faults.append(f"数值须为一维 / values must be 1-D, have {array.ndim} dimensions")
    elif not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        faults.append(f"{bad} 个数值不是有限数 / {bad} values are not finite")
    if scheme not in SCHEMES:
        faults.append(f"没有分级方法 {scheme} / no scheme {scheme}: {', '.join(SCHEMES)}")
    if not MIN_CLASSES <= k <= MAX_CLASSES:
        faults.append(f"级数 {k} 不在 {MIN_CLASSES}–{MAX_CLASSES} 之间 / {k} classes, not 2–7")
    if scheme == "own":
        faults += _break_faults(list(own_breaks or ()))
    if faults:
        raise ClassifyError("; ".join(faults))


def _break_faults(breaks: Sequence[float]) -> list[str]:
    faults = []
    if not breaks:
        faults.append("自定义断点为空 / own breaks are empty")
    if len(breaks) > MAX_OWN_BREAKS:
        faults.append(
            f"断点 {len(breaks)} 个, 至多 {MAX_OWN_BREAKS} 个 / at most {MAX_OWN_BREAKS} breaks"
        )
    if not all(np.isfinite(breaks)):
        faults.append("断点须为有限数 / breaks must be finite")
    if any(b <= a for a, b in pairwise(breaks)):
        faults.append("断点须由小到大、互不相等 / breaks must ascend")
    return faults
