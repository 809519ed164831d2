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
METHODS: Final[tuple[Method, ...]] = ("minmax", "zscore", "benchmark")

_TIE: Final = 1e-12


class RankingError(FactsError):
    """Alternatives can't be ranked; the message says why."""

    code = "no_ranking"


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
    (pairs of alternative and criterion). `ranks` go by `scores`, 1 is best, ties share the better
    rank; `best_rank` and `worst_rank` are what the bounds allow. `normalised` is (n, k), NaN
    where missing; `dropped` are criteria that say nothing: nobody has them or all are alike.
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


def rank(
    values: Floats, criteria: Sequence[Criterion], weights: Floats, *, method: Method = "minmax"
) -> Ranking:
    """Rank alternatives.

    Args:
        values: (n, k), each column in its own unit, NaN where missing.
        criteria: k, in the order of the columns.
        weights: k, zero or more, adding up to 1.
        method: how columns are made comparable.

    Raises:
        RankingError: fewer than two alternatives, or no criterion that tells them apart.
    """
    if len(values) < 2:
        raise RankingError("只有一个方案，不能排序 / one alternative only: nothing to rank")
    table = normalised(values, criteria, method=method)
    dropped = tuple(int(j) for j in np.flatnonzero(_silent(values)))
    used = np.array(weights, dtype=np.float64)
    used[list(dropped)] = 0.0
    if used.sum() <= 0:
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
        best_rank=np.array([1 + np.sum(low > h + _TIE) for h in high], dtype=np.int64),
        worst_rank=np.array(
            [1 + np.sum(np.delete(high, i) > low[i] + _TIE) for i in range(len(low))],
            dtype=np.int64,
        ),
        normalised=table, weights=used, method=method, missing=tuple(gaps), dropped=dropped,
    )  # fmt: skip


def normalised(values: Floats, criteria: Sequence[Criterion], *, method: Method) -> Floats:
    """Values (n, k) made comparable, more always better; NaN stays, silent columns are 0.

    Raises:
        RankingError: a benchmark is missing or not positive; all are named.
    """
    if method == "benchmark":
        return _against_benchmarks(values, criteria)
    signs = np.array([1.0 if c.polarity == "higher" else -1.0 for c in criteria])
    signed = values * signs
    silent = _silent(values)
    with np.errstate(invalid="ignore"):
        known = np.where(silent, 0.0, signed)
        if method == "minmax":
            lowest, highest = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
            spread = np.where(highest > lowest, highest - lowest, 1.0)
            table = (known - lowest) / spread
        else:
            spread = np.nanstd(known, axis=0)
            table = (known - np.nanmean(known, axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.where(silent, 0.0, table), dtype=np.float64)


def bounds_of(table: Floats) -> tuple[Floats, Floats]:
    """The worst and the best value of each column of a normalised table, NaN left aside."""
    return np.nanmin(table, axis=0), np.nanmax(table, axis=0)


def _silent(values: Floats) -> NDArray[np.bool_]:
    """Columns that nobody has, or in which all known values are alike and none is missing."""
    known = ~np.isnan(values)
    filled = np.where(known, values, np.inf)
    low = filled.min(axis=0)
    high = np.where(known, values, -np.inf).max(axis=0)
    return np.asarray((known.sum(axis=0) == 0) | (high - low <= 0), dtype=np.bool_)


def _against_benchmarks(values: Floats, criteria: Sequence[Criterion]) -> Floats:
    faults = [c.criterion_id for c in criteria if c.benchmark is None or not c.benchmark > 0]
    if faults:
        raise RankingError(
            f"缺少基准值（须大于 0）：{'、'.join(faults)} / no benchmark above 0 for: "
            + ", ".join(faults)
        )
    par = np.array([c.benchmark for c in criteria], dtype=np.float64)
    higher = np.array([c.polarity == "higher" for c in criteria])
    with np.errstate(divide="ignore"):
        # Where less is better, nothing at all would count for ever: twice par is the most.
        ratio = np.where(higher, values / par, 2.0 - values / par)
    return np.asarray(np.where(np.isnan(values), np.nan, np.clip(ratio, 0.0, 2.0)))


def _ranks(scores: Floats) -> Integers:
    return np.array([1 + np.sum(scores > s + _TIE) for s in scores], dtype=np.int64)
