"""Stability: shares against exact ones, the smallest change against brute force."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facts.ranking import METHODS, Criterion, OnlyOneError, RankingError, rank
from facts.stability import stability

NAN = float("nan")
tables = arrays(
    np.float64, st.tuples(st.integers(2, 6), st.integers(2, 5)),
    elements=st.integers(0, 12).map(float),  # whole numbers: ties and equal columns do come up
)  # fmt: skip


def higher(count: int, benchmark: float | None = None) -> list[Criterion]:
    return [Criterion(f"c{n}", "higher", benchmark) for n in range(count)]


def even(count: int):
    return np.full(count, 1 / count)


# --- acceptability -------------------------------------------------------------------------------


def test_shares_of_three_criteria_are_the_exact_ones() -> None:
    """With the unit matrix the largest weight wins: a third each, and every rank alike."""
    found = stability(np.eye(3), higher(3), np.array([0.5, 0.3, 0.2]), samples=40_000)
    assert found.acceptability == pytest.approx(np.full((3, 3), 1 / 3), abs=0.012)
    # The largest of three even shares of a whole is 11/18 on average, the others share the rest.
    wanted = np.full((3, 3), 7 / 36) + np.eye(3) * (11 / 18 - 7 / 36)
    assert found.central == pytest.approx(wanted, abs=0.01)
    assert found.confidence.tolist() == [1, 1, 1]


@settings(max_examples=60, deadline=None)
@given(tables, st.sampled_from(METHODS), st.data())
def test_ranks_are_shared_out_and_nothing_is_lost(table, method, data) -> None:
    holes = data.draw(arrays(np.bool_, table.shape, elements=st.booleans()))
    table = np.where(holes, NAN, table)
    count, width = table.shape
    try:
        found = stability(table, higher(width, 5.0), even(width), method=method, samples=300)
    except RankingError:
        return
    ones = np.ones(count)
    assert found.acceptability.sum(axis=0) == pytest.approx(ones)
    assert found.acceptability.sum(axis=1) == pytest.approx(ones)
    assert found.acceptability.min() >= 0
    never = found.acceptability[:, 0] == 0
    assert (np.isnan(found.central).all(axis=1) == never).all()
    assert (np.isnan(found.confidence) == never).all()
    known = found.central[~never]
    assert known.sum(axis=1) == pytest.approx(np.ones(len(known)))
    assert ((found.confidence[~never] >= 0) & (found.confidence[~never] <= 1 + 1e-12)).all()


def test_alternatives_that_tie_share_the_ranks_they_take_up() -> None:
    values = np.array([[1.0, 1], [1, 1], [0, 0], [1, 1]])
    found = stability(values, higher(2), even(2), samples=500)
    third = [1 / 3, 1 / 3, 1 / 3, 0]
    assert found.acceptability == pytest.approx(np.array([third, third, [0, 0, 0, 1], third]))
    assert found.central[0] == pytest.approx(found.central[3])
    assert found.confidence[0] == pytest.approx(1 / 3)


def test_the_order_of_alternatives_makes_no_difference() -> None:
    values = np.array([[3.0, 1, 2], [1, 3, 2], [2, 2, 2.5], [3, 1, 2]])
    order = [3, 1, 0, 2]
    one = stability(values, higher(3), even(3))
    other = stability(values[order], higher(3), even(3))
    assert other.acceptability == pytest.approx(one.acceptability[order])


def test_polarity_turns_and_weights_do_not_matter_for_shares() -> None:
    values = np.array([[3.0, 1], [1, 3], [2, 2.5]])
    lower = [Criterion("c0", "lower"), Criterion("c1", "higher")]
    one = stability(values * [-1, 1], higher(2), even(2))
    other = stability(values, lower, np.array([0.9, 0.1]))
    assert other.acceptability == pytest.approx(one.acceptability)


def test_missing_values_are_sampled_between_the_worst_and_the_best_known() -> None:
    # One criterion: a third alternative anywhere evenly between the two is always second ...
    found = stability(np.array([[1.0], [NAN], [0.0]]), higher(1), np.ones(1))
    assert found.acceptability == pytest.approx(np.eye(3), abs=1e-3)
    # ... and beside one that stands at a quarter it is ahead in three cases of four.
    values = np.array([[1.0], [NAN], [0.0], [0.25]])
    found = stability(values, higher(1), np.ones(1), samples=40_000)
    assert found.acceptability[1, 1] == pytest.approx(0.75, abs=0.01)
    assert found.confidence[0] == pytest.approx(1, abs=1e-3)
    # Confidence falls when the first place hangs on what is not known.
    values = np.array([[1.0, 0.4], [0.3, NAN], [0.0, 1.0], [0.1, 0.0]])
    found = stability(values, higher(2), even(2), samples=20_000)
    assert 0 < found.confidence[1] < 1


def test_the_same_seed_gives_the_same_answer_and_another_one_nearly() -> None:
    values = np.array([[3.0, 1, NAN], [1, 3, 2], [2, 2, 2.5]])
    one, again = (stability(values, higher(3), even(3)) for _ in range(2))
    for name in ("acceptability", "central", "confidence"):
        assert np.array_equal(getattr(one, name), getattr(again, name), equal_nan=True)
    other = stability(values, higher(3), even(3), seed=7)
    assert (other.seed, other.samples) == (7, 10_000)
    assert not np.array_equal(one.acceptability, other.acceptability)
    assert other.acceptability == pytest.approx(one.acceptability, abs=0.03)


def test_dropped_criteria_have_no_central_weight() -> None:
    values = np.array([[3.0, 5, 1], [1, 5, 3]])
    found = stability(values, higher(3), even(3), samples=500)
    assert (found.central[:, 1] == 0).all()
    assert found.change is not None and found.change.weights[1] == 0


def test_one_alternative_is_refused_as_by_the_ranking() -> None:
    with pytest.raises(OnlyOneError):
        stability(np.ones((1, 2)), higher(2), even(2))


# --- the smallest change -------------------------------------------------------------------------


def least_by_hand(table, weights, winner) -> float:
    """The least weight to move, found without a solver.

    Weight is best moved from where the winner leads most to where it leads least, until both
    stand level; for each rival the steps are taken one after the other.
    """
    best = np.inf
    for rival in range(len(table)):
        lead = table[winner] - table[rival]
        if rival == winner or lead.min() >= -1e-9:
            continue
        gap, moved, to = float(lead @ weights), 0.0, int(np.argmin(lead))
        for j in np.argsort(-lead, kind="stable"):
            gain = lead[j] - lead[to]
            if gap <= 1e-12 or gain <= 0:
                break
            step = min(weights[j], gap / gain)
            moved, gap = moved + step, gap - step * gain
        best = min(best, moved)
    return best


@settings(max_examples=80, deadline=None)
@given(tables, st.data())
def test_the_smallest_change_is_the_one_found_by_hand(table, data) -> None:
    raw = data.draw(arrays(np.float64, table.shape[1], elements=st.integers(0, 9).map(float)))
    if not raw.sum():
        return
    try:
        ranking = rank(table, higher(len(raw)), raw / raw.sum())
    except RankingError:
        return
    change = stability(table, higher(len(raw)), raw / raw.sum(), samples=10).change
    winner = int(np.argmax(ranking.scores))
    wanted = least_by_hand(ranking.normalised, ranking.weights, winner)
    if change is None:
        assert wanted == np.inf
        return
    assert change.distance == pytest.approx(wanted, abs=1e-6)
    assert change.weights.sum() == pytest.approx(1) and change.weights.min() >= 0
    moved = np.abs(change.weights - ranking.weights).sum() / 2
    assert moved == pytest.approx(change.distance, abs=1e-6)
    scores = ranking.normalised @ change.weights
    assert scores[change.winner] == pytest.approx(scores.max(), abs=1e-6)
    assert scores[winner] == pytest.approx(scores.max(), abs=1e-6)


def test_no_grid_of_weights_turns_it_with_less() -> None:
    random = np.random.default_rng(5)
    steps = 60
    grid = np.array([(i, j, steps - i - j) for i in range(steps + 1)
                     for j in range(steps + 1 - i)]) / steps  # fmt: skip
    for _ in range(20):
        table, weights = random.random((4, 3)), random.dirichlet(np.ones(3))
        ranking = rank(table, higher(3), weights)
        winner = int(np.argmax(ranking.scores))
        change = stability(table, higher(3), weights, samples=10).change
        scores = grid @ ranking.normalised.T
        turned = scores.max(axis=1) > scores[:, winner] + 1e-9
        moved = np.abs(grid - weights).sum(axis=1) / 2
        if change is None:
            assert not turned.any()
        else:
            assert turned.any()
            least = moved[turned].min()
            assert change.distance - 1e-6 <= least <= change.distance + 3 / steps


def test_a_step_beyond_the_change_puts_the_other_ahead() -> None:
    values = np.array([[4.0, 1, 2], [1, 4, 3], [2, 2, 4]])
    weights = np.array([0.6, 0.2, 0.2])
    ranking = rank(values, higher(3), weights)
    change = stability(values, higher(3), weights).change
    assert change is not None
    at = [weights + t * (change.weights - weights) for t in (0.0, 0.5, 0.99, 1.01)]
    winners = [int(np.argmax(ranking.normalised @ w)) for w in at]
    assert winners == [0, 0, 0, change.winner]
    leads = [float(np.ptp((ranking.normalised @ w)[[0, change.winner]])) for w in at[:3]]
    assert all(before > after for before, after in pairwise(leads))


@pytest.mark.parametrize("rival", [[1.0, 0.0, 0.5], [1.0, 1.0, 0.5]])
def test_a_rival_that_is_nowhere_better_never_turns_it(rival) -> None:
    """Where it is level in one criterion all weight on that one brings a tie, no more."""
    values = np.array([[1.0, 1.0, 0.5], rival, [0.0, 0.5, 0.0]])
    assert stability(values, higher(3), even(3), samples=50).change is None


def test_a_tie_at_the_top_is_turned_by_next_to_nothing() -> None:
    change = stability(np.eye(2), higher(2), even(2), samples=50).change
    assert change is not None
    assert change.distance == pytest.approx(0, abs=1e-9) and change.winner == 1
