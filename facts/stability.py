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

from facts.ranking import TIE, Criterion, Method, bounds_of, normalised, rank

Floats: TypeAlias = NDArray[np.float64]

SAMPLES: Final = 10_000
SEED: Final = 20_231_124


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """The least change of weights that gives the first place to another.

    `distance` is the share of weight that has to move (half the sum of absolute changes). At
    `weights` (k,) both stand level; the least step further puts `winner` (an index) ahead.
    """

    distance: float
    weights: Floats
    winner: int


@dataclass(frozen=True, slots=True)
class Stability:
    """What sampled weights say of n alternatives.

    `acceptability` (n, n): the share of samples that give alternative i rank j + 1; rows and
    columns add up to 1, alternatives that tie share the ranks they take up. `central` (n, k):
    mean weights of the samples in which i is first, NaN where it never is. `confidence` (n,):
    the share of samples in which i is first when weighed by its central weights, 1 unless
    values are missing, NaN where it has none. `change` is None when no weights at all put
    another first.
    """

    acceptability: Floats
    central: Floats
    samples: int
    seed: int
    change: SmallestChange | None
    confidence: Floats


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
    same answer. The smallest change goes by the middle of the bounds, as the ranks do.
    """
    ranking = rank(values, criteria, weights, method=method)
    live = np.setdiff1d(np.arange(len(criteria)), np.array(ranking.dropped, dtype=np.int64))
    table = normalised(values, criteria, method=method)[:, live]
    random = np.random.default_rng(seed)
    drawn = random.standard_exponential((samples, len(live)))
    drawn /= drawn.sum(axis=1, keepdims=True)
    lowest, highest = bounds_of(table)
    holes = [
        (int(i), int(j), random.uniform(lowest[j], highest[j], samples))
        for i, j in np.argwhere(np.isnan(table))
    ]
    known = np.nan_to_num(table)
    scores = drawn @ known.T
    for i, j, filled in holes:
        scores[:, i] += drawn[:, j] * filled
    first, acceptability = _places(scores)
    central = _central(drawn, first)
    middle = np.where(np.isnan(table), (lowest + highest) / 2, table)
    return Stability(
        acceptability=acceptability,
        central=_spread(central, live, len(criteria)),
        samples=samples,
        seed=seed,
        change=_smallest_change(middle, ranking.weights[live], live, len(criteria)),
        confidence=_confidence(known, holes, central, samples),
    )


def _places(scores: Floats) -> tuple[Floats, Floats]:
    """Shares (samples, n) of the first place, and rank acceptability (n, n); ties are shared."""
    samples, count = scores.shape
    order = np.argsort(-scores, axis=1, kind="stable")
    falling = np.take_along_axis(scores, order, axis=1)
    apart = falling[:, :-1] - falling[:, 1:] > TIE
    level = ~apart.all(axis=1)
    clear = order[~level]
    found = np.stack([np.bincount(clear[:, r], minlength=count) for r in range(count)], axis=1)
    first = np.zeros((samples, count))
    first[np.flatnonzero(~level), clear[:, 0]] = 1.0
    if not level.any():
        return first, found / samples
    # Those that stand next to each other without a step take up their ranks together.
    group = np.zeros((int(level.sum()), count), dtype=np.int64)
    group[:, 1:] = np.cumsum(apart[level], axis=1)
    together = group[:, :, None] == group[:, None, :]
    shares = np.zeros(together.shape)
    in_order = together / together.sum(axis=2, keepdims=True)
    np.put_along_axis(shares, order[level][:, :, None], in_order, axis=1)
    first[level] = shares[:, :, 0]
    return first, (found + shares.sum(axis=0)) / samples


def _central(drawn: Floats, first: Floats) -> Floats:
    """Mean weights of the samples in which an alternative is first (n, live), NaN if never."""
    often = first.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray((first.T @ drawn) / often[:, None])


def _spread(central: Floats, live: NDArray[np.int64], width: int) -> Floats:
    """The columns that count put back among all; the dropped ones weigh nothing."""
    found = np.zeros((len(central), width))
    found[:, live] = central
    found[np.isnan(central).any(axis=1)] = np.nan
    return found


def _confidence(
    known: Floats, holes: Sequence[tuple[int, int, Floats]], central: Floats, samples: int
) -> Floats:
    """How often an alternative is first under its own central weights, missing values sampled."""
    found = np.full(len(central), np.nan)
    for own in np.flatnonzero(~np.isnan(central).any(axis=1)):
        # A row an alternative: sums and maxima down the columns are then quick.
        scores = np.repeat((known @ central[own])[:, None], samples if holes else 1, axis=1)
        for i, j, filled in holes:
            scores[i] += central[own, j] * filled
        leads = scores >= scores.max(axis=0) - TIE
        found[own] = float((leads[own] / leads.sum(axis=0)).mean())
    return found


def _smallest_change(
    table: Floats, weights: Floats, live: NDArray[np.int64], width: int
) -> SmallestChange | None:
    """For each rival a linear programme: least |w' − w| / 2 with the rival level.

    A rival that is nowhere better can't get ahead, whatever the weights; it is left out before
    solving, since the solver's tolerance would let it pass at a tie.
    """
    # SciPy's optimisers take 0.3 s to load, which pages without scores need not wait for.
    from scipy.optimize import linprog  # noqa: PLC0415

    scores = table @ weights
    winner = int(np.argmax(scores))
    best: SmallestChange | None = None
    size = len(weights)
    cost = np.concatenate([np.zeros(size), np.full(size, 0.5)])
    eye = np.eye(size)
    for rival in range(len(table)):
        lead = table[winner] - table[rival]
        if rival == winner or lead.min() >= -TIE:
            continue
        solved = linprog(
            cost,
            A_ub=np.vstack(
                [np.hstack([eye, -eye]), np.hstack([-eye, -eye]),
                 np.concatenate([lead, np.zeros(size)])]
            ),
            b_ub=np.concatenate([weights, -weights, [0.0]]),
            A_eq=np.concatenate([np.ones(size), np.zeros(size)])[None],
            b_eq=[1.0],
            bounds=(0, None),
            method="highs",
        )  # fmt: skip
        if not solved.success or (best is not None and solved.fun >= best.distance):
            continue
        found = np.clip(solved.x[:size], 0.0, None)
        moved = np.zeros(width)
        moved[live] = found / found.sum()
        best = SmallestChange(max(float(solved.fun), 0.0), moved, rival)
    return best
