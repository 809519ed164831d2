"""Scores, weights, AHP, and how safe a ranking is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facts.ranking import METHODS, Criterion, RankingError, normalised, rank
from facts.stability import stability
from facts.weights import WeightsError, ahp_matrix, ahp_weights, check_weights, preset

NAN = float("nan")
HIGHER = [Criterion("a", "higher", 10.0), Criterion("b", "lower", 4.0)]
tables = arrays(
    np.float64, st.tuples(st.integers(2, 6), st.integers(2, 5)),
    elements=st.floats(0.1, 1000).map(lambda v: round(v, 3)),
)  # fmt: skip


def test_min_max_by_hand() -> None:
    found = rank(np.array([[10.0, 1], [20, 3], [15, 1]]), HIGHER, np.array([0.5, 0.5]))
    assert found.scores == pytest.approx([0.5, 0.5, 0.75])
    assert found.ranks.tolist() == [2, 2, 1]
    assert found.missing == () and found.dropped == ()


def test_other_methods_by_hand() -> None:
    values = np.array([[10.0, 2], [20, 6]])
    z = normalised(values, HIGHER, method="zscore")
    assert z == pytest.approx(np.array([[-1, 1], [1, -1]]))
    bench = normalised(values, HIGHER, method="benchmark")
    assert bench == pytest.approx(np.array([[1.0, 1.5], [2.0, 0.5]]))
    with pytest.raises(RankingError, match="b"):
        normalised(values, [HIGHER[0], Criterion("b", "lower")], method="benchmark")


@given(table=tables, method=st.sampled_from(METHODS), data=st.data())
def test_better_everywhere_is_never_behind(table, method, data) -> None:
    criteria = [Criterion(str(n), "higher", 50.0) for n in range(table.shape[1])]
    table = table.copy()
    table[0] = table.max(axis=0) + 1
    weights = np.full(table.shape[1], 1 / table.shape[1])
    found = rank(table, criteria, weights, method=method)
    assert found.ranks[0] == 1
    hole = data.draw(st.integers(0, table.shape[1] - 1))
    gap = table.copy()
    gap[1, hole] = NAN
    try:
        again = rank(gap, criteria, weights, method=method)
    except RankingError:
        return
    assert (again.low <= again.high + 1e-12).all()
    assert (again.best_rank <= again.ranks).all() and (again.ranks <= again.worst_rank).all()


def test_a_missing_value_gives_bounds_and_no_score_of_its_own() -> None:
    values = np.array([[10.0, 1], [20, NAN], [15, 3]])
    found = rank(values, HIGHER, np.array([0.5, 0.5]))
    assert found.missing == ((1, 1),)
    assert (found.low[1], found.high[1]) == pytest.approx((0.5, 1.0))
    assert found.low[0] == found.high[0]
    assert (found.best_rank[1], found.worst_rank[1]) == (1, 1)
    turned = rank(values, HIGHER, np.array([0.2, 0.8]))
    assert (turned.best_rank[1], turned.worst_rank[1]) == (1, 2)


def test_silent_criteria_are_dropped_and_nothing_left_is_refused() -> None:
    values = np.array([[1.0, NAN, 5.0], [1.0, NAN, 6.0]])
    criteria = [Criterion(n, "higher") for n in "abc"]
    found = rank(values, criteria, np.array([0.4, 0.4, 0.2]))
    assert found.dropped == (0, 1) and found.weights.tolist() == [0, 0, 1]
    with pytest.raises(RankingError):
        rank(values[:, :2], criteria[:2], np.array([0.5, 0.5]))
    with pytest.raises(RankingError):
        rank(values[:1], criteria, np.array([0.4, 0.4, 0.2]))


def test_bad_weights_are_all_named() -> None:
    with pytest.raises(WeightsError) as refused:
        check_weights({"a": -1.0, "b": None, "x": 1.0, "c": float("inf")}, ["a", "b", "c", "d"])
    for word in ("a", "b", "x", "c", "d"):
        assert f"{word}：" in str(refused.value)
    with pytest.raises(WeightsError, match="零"):
        check_weights({"a": 0.0, "b": 0.0}, ["a", "b"])
    assert check_weights({"a": 1.0, "b": 3.0}, ["a", "b"]).tolist() == [0.25, 0.75]


def test_presets_weigh_their_group_three_times() -> None:
    groups = {"u": "land", "v": "land", "w": "protection"}
    assert preset("equal", groups) == pytest.approx([1 / 3] * 3)
    assert preset("protection_first", groups) == pytest.approx([1 / 8, 1 / 8, 3 / 4])
    with pytest.raises(WeightsError):
        preset("nothing", groups)


@given(arrays(np.float64, st.integers(3, 7), elements=st.floats(0.2, 1.8)))
def test_consistent_judgements_give_their_weights_back(raw) -> None:
    weights = raw / raw.sum()
    matrix = weights[:, None] / weights[None, :]
    found = ahp_weights(matrix)
    assert found.weights == pytest.approx(weights, rel=1e-6)
    assert found.consistency_ratio == pytest.approx(0, abs=1e-6) and found.consistent


def test_judgements_by_the_book_and_contradictions() -> None:
    matrix = ahp_matrix({("a", "b"): 3, ("a", "c"): 5, ("b", "c"): 3}, ["a", "b", "c"])
    found = ahp_weights(matrix)
    assert found.weights == pytest.approx([0.637, 0.258, 0.105], abs=1e-3)
    assert found.consistency_ratio == pytest.approx(0.033, abs=2e-3)
    circle = ahp_matrix({("a", "b"): 9, ("b", "c"): 9, ("a", "c"): 1 / 9}, ["a", "b", "c"])
    assert not ahp_weights(circle).consistent
    with pytest.raises(WeightsError) as refused:
        ahp_matrix({("a", "b"): 20, ("a", "x"): 2}, ["a", "b", "c"])
    assert str(refused.value).count("～") >= 4


# --- stability -----------------------------------------------------------------------------------


def test_acceptability_of_two_criteria_is_half_and_half() -> None:
    values = np.array([[1.0, 0.0], [0.0, 1.0]])
    criteria = [Criterion("a", "higher"), Criterion("b", "higher")]
    found = stability(values, criteria, np.array([0.7, 0.3]))
    assert found.acceptability == pytest.approx(np.full((2, 2), 0.5), abs=0.02)
    assert found.central[0, 0] == pytest.approx(0.75, abs=0.02)
    assert found.change is not None
    assert found.change.distance == pytest.approx(0.2, abs=1e-6) and found.change.winner == 1
    again = stability(values, criteria, np.array([0.7, 0.3]))
    assert np.array_equal(found.acceptability, again.acceptability)


def test_dominance_can_not_be_turned() -> None:
    values = np.array([[3.0, 3, 3], [1, 2, 1], [2, 1, 2]])
    criteria = [Criterion(n, "higher") for n in "abc"]
    found = stability(values, criteria, np.full(3, 1 / 3))
    assert found.change is None and found.acceptability[0, 0] == 1.0
    assert np.isnan(found.central[1]).all()


@settings(max_examples=25, deadline=None)
@given(table=tables)
def test_the_smallest_change_turns_it_and_nothing_smaller_does(table) -> None:
    criteria = [Criterion(str(n), "higher") for n in range(table.shape[1])]
    weights = np.full(table.shape[1], 1 / table.shape[1])
    try:
        found = stability(table, criteria, weights, samples=2000)
    except RankingError:
        return
    assert found.acceptability.sum(axis=1) == pytest.approx(np.ones(len(table)))
    ranking = rank(table, criteria, weights)
    scores = ranking.normalised @ ranking.weights
    winner = int(np.argmax(scores))
    random = np.random.default_rng(0).dirichlet(np.ones(len(weights)), 4000)
    random[:, list(ranking.dropped)] = 0
    random /= random.sum(axis=1, keepdims=True)
    others = random @ ranking.normalised.T
    turned = others.max(axis=1) > others[:, winner] + 1e-9
    moved = np.abs(random - ranking.weights).sum(axis=1) / 2
    if found.change is None:
        assert not turned.any()
        return
    new = ranking.normalised @ found.change.weights
    assert new[found.change.winner] >= new[winner] - 1e-9
    assert found.change.weights.sum() == pytest.approx(1)
    if turned.any():
        assert found.change.distance <= moved[turned].min() + 1e-9
