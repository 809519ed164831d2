"""Scores of alternatives from weighted criteria, honest about values that are missing.

Criteria become comparable by min-max, by z-scores or against benchmarks; a score is the weighted
sum. An alternative with missing values has no single score but bounds: the worst and the best
that the others show put in their place. Formulas and sources: docs/method.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from facts.errors import FactsError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

Polarity = Literal["higher", "lower"]
Method = Literal["minmax", "zscore", "benchmark"]
# Why a criterion says nothing: nobody has a value, all have the same one, or some lack it and
# the known ones show no difference, so that there is no range to bound the missing ones by.
Silence = Literal["nobody", "alike", "no_range"]
METHODS: Final[tuple[Method, ...]] = ("minmax", "zscore", "benchmark")

# Scores this close share a rank: far above rounding, far below what three decimals show.
TIE: Final = 1e-9
# Values that differ by less, relative to the largest, are alike. Areas come out of overlays with
# rounding errors, which min-max would stretch to the whole scale.
ALIKE: Final = 1e-9
MOST_PAR: Final = 2.0  # against benchmarks no criterion counts more than twice its weight


class RankingError(FactsError):
    """Alternatives can't be ranked; the message says why."""

    code = "no_ranking"


class OnlyOneError(RankingError):
    """Fewer than two alternatives: there is nothing to rank."""

    code = "only_one"


@dataclass(frozen=True, slots=True)
class Criterion:
    """A column of values: whether more is better, and the value that counts as par."""

    criterion_id: str
    polarity: Polarity
    benchmark: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scores and ranks of n alternatives by k criteria.

    `scores` are the middle of `low` and `high`, which differ only where values are `missing`
    (pairs of alternative and criterion); `certain` says where they do not. `ranks` go by
    `scores`, 1 is best, ties share the better rank; `best_rank` and `worst_rank` are what the
    bounds allow. `normalised` is (n, k), NaN where missing. `dropped` are criteria that say
    nothing, `silences` why, one for each; their weight went to the others in proportion.
    """

    scores: Floats
    low: Floats
    high: Floats
    ranks: Integers
    best_rank: Integers
    worst_rank: Integers
    normalised: Floats
    weights: Floats
    method: Method
    missing: tuple[tuple[int, int], ...]
    dropped: tuple[int, ...]
    silences: tuple[Silence, ...] = ()

    @property
    def certain(self) -> NDArray[np.bool_]:
        """Which alternatives (n,) lack no value that counts, so that their score is one number."""
        known = np.ones(len(self.scores), dtype=np.bool_)
        known[[i for i, _ in self.missing]] = False
        return known


def rank(
    values: Floats, criteria: Sequence[Criterion], weights: Floats, *, method: Method = "minmax"
) -> Ranking:
    """Rank alternatives.

    Args:
        values: (n, k), each column in its own unit, NaN where missing.
        criteria: k, in the order of the columns.
        weights: k, zero or more; only their proportions count.
        method: how columns are made comparable.

    Raises:
        OnlyOneError: fewer than two alternatives.
        RankingError: no criterion that tells them apart, infinite values, weights or criteria
        that do not fit the columns, or benchmarks that are missing; all at fault are named.
    """
    if len(values) < 2:
        raise OnlyOneError("只有一个方案，不能排序 / one alternative only: nothing to rank")
    _check(values, criteria, weights)
    table = normalised(values, criteria, method=method)
    silent = _silent(values, method)
    used = np.array(weights, dtype=np.float64)
    used[list(silent)] = 0.0
    if not used.sum() > 0:
        raise RankingError(
            "所选指标没有数据，或各方案都相同，不能评分 / "
            "the criteria are missing or alike for all: there is nothing to score"
        )
    used = used / used.sum()
    lowest, highest = bounds_of(table)
    low = np.where(np.isnan(table), lowest, table) @ used
    high = np.where(np.isnan(table), highest, table) @ used
    scores = (low + high) / 2
    gaps = [(int(i), int(j)) for i, j in np.argwhere(np.isnan(values)) if used[j] > 0]
    return Ranking(
        scores=scores, low=low, high=high, ranks=_ranks(scores),
        best_rank=np.array([1 + np.sum(low > h + TIE) for h in high], dtype=np.int64),
        worst_rank=np.array(
            [1 + np.sum(np.delete(high, i) > low[i] + TIE) for i in range(len(low))],
            dtype=np.int64,
        ),
        normalised=table, weights=used, method=method, missing=tuple(gaps),
        dropped=tuple(silent), silences=tuple(silent.values()),
    )  # fmt: skip


def normalised(values: Floats, criteria: Sequence[Criterion], *, method: Method) -> Floats:
    """Values (n, k) made comparable, more always better; NaN stays, silent columns are 0.

    Raises:
        RankingError: a benchmark is missing or not positive; all are named.
    """
    if method == "benchmark":
        table = _against_benchmarks(values, criteria)
    else:
        signs = np.array([1.0 if c.polarity == "higher" else -1.0 for c in criteria])
        table = values * signs
    silent = list(_silent(values, method))
    table[:, silent] = 0.0
    if method == "minmax":
        lowest, highest = bounds_of(table)
        table = (table - lowest) / _or_one(highest - lowest, silent)
    elif method == "zscore":
        table = (table - np.nanmean(table, axis=0)) / _or_one(np.nanstd(table, axis=0), silent)
    return np.asarray(table, dtype=np.float64)


def bounds_of(table: Floats) -> tuple[Floats, Floats]:
    """The worst and the best value of each column of a normalised table, NaN left aside."""
    return np.nanmin(table, axis=0), np.nanmax(table, axis=0)


def _or_one(spread: Floats, silent: Sequence[int]) -> Floats:
    """What to divide by; silent columns are all 0 and stay so."""
    spread = spread.copy()
    spread[silent] = 1.0
    return spread


def _check(values: Floats, criteria: Sequence[Criterion], weights: Floats) -> None:
    if not values.shape[1] == len(criteria) == len(weights):
        counts = f"{values.shape[1]}, {len(criteria)}, {len(weights)}"
        raise RankingError(
            f"数据、指标、权重个数不一致 / values, criteria and weights differ in number: {counts}"
        )
    endless = [c.criterion_id for c, column in zip(criteria, values.T, strict=True)
               if np.isinf(column).any()]  # fmt: skip
    if endless:
        raise RankingError(
            f"数值无穷大：{'、'.join(endless)} / infinite values in: " + ", ".join(endless)
        )
    faulty = [c.criterion_id for c, w in zip(criteria, weights, strict=True)
              if not 0 <= w < np.inf]  # fmt: skip
    if faulty:
        raise RankingError(
            f"权重须为非负数：{'、'.join(faulty)} / weights must be zero or more: "
            + ", ".join(faulty)
        )


def _silent(values: Floats, method: Method) -> dict[int, Silence]:
    """Columns that tell nothing apart, and why.

    Against benchmarks only those that nobody has: there a score says how far from par an
    alternative is, and one that all reach alike is part of that.
    """
    found: dict[int, Silence] = {}
    for j, column in enumerate(values.T):
        known = column[~np.isnan(column)]
        if not len(known):
            found[j] = "nobody"
        elif method != "benchmark" and np.ptp(known) <= ALIKE * np.abs(known).max():
            found[j] = "alike" if len(known) == len(column) else "no_range"
    return found


def _against_benchmarks(values: Floats, criteria: Sequence[Criterion]) -> Floats:
    faults = [
        c.criterion_id for c in criteria if c.benchmark is None or not 0 < c.benchmark < np.inf
    ]
    if faults:
        raise RankingError(
            f"缺少基准值（须大于 0）：{'、'.join(faults)} / no benchmark above 0 for: "
            + ", ".join(faults)
        )
    par = np.array([c.benchmark for c in criteria], dtype=np.float64)
    higher = np.array([c.polarity == "higher" for c in criteria])
    # Where less is better, par over value would count for ever as the value nears zero.
    ratio = np.where(higher, values / par, MOST_PAR - values / par)
    return np.asarray(np.clip(ratio, 0.0, MOST_PAR))


def _ranks(scores: Floats) -> Integers:
    return np.array([1 + np.sum(scores > s + TIE) for s in scores], dtype=np.int64)
