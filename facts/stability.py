"""How safe a ranking is: what other weights would say, and how little it takes to turn it.

Rank acceptability is the share of all possible weights that give an alternative a rank, found by
sampling the weight simplex evenly: SMAA-2, Lahdelma & Salminen, Operations Research 49 (2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from facts.ranking import Criterion, Method, bounds_of, normalised, rank

Floats: TypeAlias = NDArray[np.float64]

SAMPLES: Final = 10_000
SEED: Final = 20_231_124
_MARGIN: Final = 1e-9


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """The least change of weights that gives the first place to another.

    `distance` is the share of weight that has to move (half the sum of absolute changes).
    """

    distance: float
    weights: Floats
    winner: int


@dataclass(frozen=True, slots=True)
class Stability:
    """What sampled weights say of n alternatives.

    `acceptability` (n, n): the share of samples that give alternative i rank j + 1; each row adds
    up to 1, a tie goes to the one that stands first. `central` (n, k): mean weights of the
    samples in which i is first, NaN where it never is. `change` is None when no weights at all
    put another first.
    """

    acceptability: Floats
    central: Floats
    samples: int
    seed: int
    change: SmallestChange | None


def stability(
    values: Floats,
    criteria: Sequence[Criterion],
    weights: Floats,
    *,
    method: Method = "minmax",
    samples: int = SAMPLES,
    seed: int = SEED,
) -> Stability:
    """Sample weights evenly, and missing values evenly between the worst and the best known.

    Arguments as `facts.ranking.rank`, whose errors it raises. The same input and seed give the
    same answer.
    """
    ranking = rank(values, criteria, weights, method=method)
    table = normalised(values, criteria, method=method)
    live = np.setdiff1d(np.arange(len(criteria)), np.array(ranking.dropped, dtype=np.int64))
    table = table[:, live]
    random = np.random.default_rng(seed)
    drawn = random.standard_exponential((samples, len(live)))
    drawn /= drawn.sum(axis=1, keepdims=True)
    lowest, highest = bounds_of(table)
    gaps = np.argwhere(np.isnan(table))
    scores = drawn @ np.nan_to_num(table).T
    for i, j in gaps:
        filled = random.uniform(lowest[j], highest[j], samples)
        scores[:, i] += drawn[:, j] * filled
    order = np.argsort(-scores, axis=1, kind="stable")
    count = len(values)
    acceptability = np.stack(
        [np.bincount(order[:, place], minlength=count) for place in range(count)], axis=1
    )
    central = np.full((count, len(criteria)), np.nan)
    for i in range(count):
        first = order[:, 0] == i
        if first.any():
            central[i] = 0.0
            central[i, live] = drawn[first].mean(axis=0)
    middle = np.where(np.isnan(table), (lowest + highest) / 2, table)
    return Stability(
        acceptability=acceptability / samples, central=central, samples=samples, seed=seed,
        change=_smallest_change(middle, ranking.weights[live], live, len(criteria)),
    )  # fmt: skip


def _smallest_change(
    table: Floats, weights: Floats, live: NDArray[np.int64], width: int
) -> SmallestChange | None:
    """For each rival a linear programme: least |w' − w| / 2 with the rival not behind."""
    scores = table @ weights
    winner = int(np.argmax(scores))
    best: SmallestChange | None = None
    size = len(weights)
    cost = np.concatenate([np.zeros(size), np.full(size, 0.5)])
    eye = np.eye(size)
    for rival in range(len(table)):
        if rival == winner:
            continue
        apart = np.concatenate([table[winner] - table[rival], np.zeros(size)])
        solved = linprog(
            cost,
            A_ub=np.vstack([np.hstack([eye, -eye]), np.hstack([-eye, -eye]), apart]),
            b_ub=np.concatenate([weights, -weights, [-_MARGIN]]),
            A_eq=np.concatenate([np.ones(size), np.zeros(size)])[None],
            b_eq=[1.0],
            bounds=(0, None),
            method="highs",
        )
        if not solved.success or (best is not None and solved.fun >= best.distance):
            continue
        moved = np.zeros(width)
        moved[live] = solved.x[:size]
        best = SmallestChange(float(solved.fun), moved, rival)
    return best
