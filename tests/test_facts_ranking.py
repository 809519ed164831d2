"""Scores, weights, AHP, and how safe a ranking is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facts.ranking import METHODS, Criterion, OnlyOneError, RankingError, normalised, rank
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


# --- what min-max, benchmarks and gaps must not do ------------------------------------------------


def test_rounding_errors_are_no_difference() -> None:
    values = np.array([[0.1 + 0.2, 1.0], [0.3, 2.0]])
    found = rank(values, [Criterion("a", "higher"), Criterion("b", "higher")], np.array([0.9, 0.1]))
    assert found.dropped == (0,) and found.silences == ("alike",)
    assert found.ranks.tolist() == [2, 1]


def test_why_a_criterion_says_nothing() -> None:
    values = np.array([[NAN, 5.0, 7.0, 1.0], [NAN, 5.0, NAN, 2.0]])
    criteria = [Criterion(n, "higher", 5.0) for n in "abcd"]
    found = rank(values, criteria, np.full(4, 0.25))
    assert found.dropped == (0, 1, 2)
    assert found.silences == ("nobody", "alike", "no_range")
    assert found.missing == () and found.certain.all()


def test_a_score_against_benchmarks_is_how_far_from_par_everyone_is() -> None:
    criteria = [Criterion("a", "higher", 2.0), Criterion("b", "higher", 2.0),
                Criterion("c", "higher", 1.0)]  # fmt: skip
    values = np.array([[1.0, 4.0, NAN], [3.0, 4.0, NAN]])
    found = rank(values, criteria, np.array([0.25, 0.25, 0.5]), method="benchmark")
    # b is alike and counts all the same; c is on nobody's file and can't.
    assert found.dropped == (2,) and found.silences == ("nobody",)
    assert found.scores == pytest.approx([1.25, 1.75])
    level = rank(values[:1].repeat(2, axis=0), criteria, np.full(3, 1 / 3), method="benchmark")
    assert level.ranks.tolist() == [1, 1]


@pytest.mark.parametrize(("polarity", "value", "wanted"), [
    ("higher", 0.0, 0.0), ("higher", -5.0, 0.0), ("higher", 8.0, 2.0), ("higher", 80.0, 2.0),
    ("lower", 0.0, 2.0), ("lower", -1.0, 2.0), ("lower", 4.0, 1.0), ("lower", 6.0, 0.5),
    ("lower", 8.0, 0.0), ("lower", 80.0, 0.0),
])  # fmt: skip
def test_benchmarks_end_at_nothing_and_at_twice_par(polarity, value, wanted) -> None:
    table = normalised(np.array([[value]]), [Criterion("a", polarity, 4.0)], method="benchmark")
    assert table.tolist() == [[wanted]]


def test_faulty_benchmarks_are_all_named() -> None:
    given_benchmarks = (None, 0.0, -1.0, NAN, float("inf"), 3.0)
    criteria = [Criterion(f"c{n}", "higher", b) for n, b in enumerate(given_benchmarks)]
    with pytest.raises(RankingError) as refused:
        normalised(np.ones((2, 6)), criteria, method="benchmark")
    assert all(f"c{n}" in str(refused.value) for n in range(5))
    assert "c5" not in str(refused.value)


def test_what_does_not_fit_is_refused() -> None:
    values, criteria = np.array([[1.0, 2], [2, 1]]), [Criterion(n, "higher") for n in "ab"]
    with pytest.raises(OnlyOneError):
        rank(values[:1], criteria, np.array([0.5, 0.5]))
    with pytest.raises(RankingError, match="2, 2, 3"):
        rank(values, criteria, np.full(3, 1 / 3))
    with pytest.raises(RankingError, match="infinite values in: b"):
        rank(np.array([[1.0, np.inf], [2, 1]]), criteria, np.array([0.5, 0.5]))
    with pytest.raises(RankingError, match="zero or more: a, b"):
        rank(values, criteria, np.array([-0.5, NAN]))


@given(tables, st.sampled_from(METHODS), st.data())
def test_bounds_hold_whatever_the_missing_value_is(table, method, data) -> None:
    """A gap filled with any value between the worst and the best known stays in the bounds."""
    count, width = table.shape
    criteria = [
        Criterion(str(n), data.draw(st.sampled_from(["higher", "lower"])), 50.0)
        for n in range(width)
    ]
    hole = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, width - 1))
    gap = table.copy()
    gap[hole] = NAN
    try:
        found = rank(gap, criteria, np.full(width, 1 / width), method=method)
    except RankingError:
        return
    if not found.missing:
        assert found.certain.all()
        return
    assert found.missing == (hole,)
    assert np.flatnonzero(~found.certain).tolist() == [hole[0]]
    column = found.normalised[:, hole[1]]
    share = data.draw(st.floats(0, 1))
    full = found.normalised.copy()
    full[hole] = np.nanmin(column) + share * (np.nanmax(column) - np.nanmin(column))
    scores = full @ found.weights
    i = hole[0]
    assert found.low[i] - 1e-9 <= scores[i] <= found.high[i] + 1e-9
    place = 1 + int(np.sum(scores > scores[i] + 1e-9))
    assert found.best_rank[i] <= place <= found.worst_rank[i]
    others = np.arange(count) != i
    assert scores[others] == pytest.approx(found.scores[others])


@given(tables, st.data())
def test_units_make_no_difference_to_min_max_and_z_scores(table, data) -> None:
    width = table.shape[1]
    criteria = [Criterion(str(n), "higher") for n in range(width)]
    factors = data.draw(arrays(np.float64, width, elements=st.sampled_from([1e-4, 15.0, 1e4])))
    for method in ("minmax", "zscore"):
        try:
            one = rank(table, criteria, np.full(width, 1 / width), method=method)
        except RankingError:
            continue
        other = rank(table * factors, criteria, np.full(width, 1 / width), method=method)
        assert other.scores == pytest.approx(one.scores, abs=1e-8)
        assert other.dropped == one.dropped
