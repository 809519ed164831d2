"""Weights: faults all at once, presets, and judgements in pairs by the book."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facts.weights import (
    PRESETS,
    WeightsError,
    ahp_matrix,
    ahp_weights,
    check_weights,
    preset,
    presets,
)

IDS = ["a", "b", "c", "d"]
GROUPS = {"u": "land", "v": "land", "p": "protection", "o": "output", "s": "shape"}
SCALE = st.sampled_from([1 / 9, 1 / 7, 1 / 5, 1 / 3, 1 / 2, 1, 2, 3, 4, 5, 6, 7, 8, 9])


# --- given weights -------------------------------------------------------------------------------


@given(arrays(np.float64, st.integers(1, 20), elements=st.floats(0, 1e308)))
def test_weights_keep_their_proportions_and_add_up_to_one(raw) -> None:
    ids = [f"m{n}" for n in range(len(raw))]
    given_weights = dict(zip(ids, raw.tolist(), strict=True))
    if not raw.max() > 0:
        with pytest.raises(WeightsError):
            check_weights(given_weights, ids)
        return
    found = check_weights(given_weights, ids)
    assert found.sum() == pytest.approx(1)
    assert found == pytest.approx(found.max() * (raw / raw.max()))


def test_the_order_is_that_of_the_ids_not_of_the_mapping() -> None:
    assert check_weights({"b": 3.0, "a": 1.0}, ["a", "b"]).tolist() == [0.25, 0.75]


def test_every_kind_of_fault_is_named_with_its_criterion_in_both_languages() -> None:
    given_weights = {"a": -2.0, "b": float("nan"), "c": None, "z": 1.0}
    with pytest.raises(WeightsError) as refused:
        check_weights(given_weights, [*IDS, "a"])
    said = str(refused.value).split("; ")
    for name, zh, en in (
        ("z", "没有这个指标", "no such criterion"), ("a", "重复", "twice"),
        ("a", "为负", "negative"), ("b", "不是数", "no number"), ("c", "缺少权重", "no weight"),
        ("d", "缺少权重", "no weight"),
    ):  # fmt: skip
        assert any(f"{name}：" in s and zh in s and en in s for s in said), (name, zh)
    assert len(said) == 6
    assert WeightsError.code == "bad_weights"


def test_no_criterion_at_all_has_no_weights() -> None:
    with pytest.raises(WeightsError):
        check_weights({}, [])


# --- presets -------------------------------------------------------------------------------------


def test_presets_favour_their_group_and_share_within_groups() -> None:
    found = presets(GROUPS)
    assert list(found) == list(PRESETS)
    assert found["equal"] == pytest.approx(np.full(5, 0.2))
    for name, group in (
        ("land_first", "land"), ("protection_first", "protection"), ("output_first", "output"),
    ):  # fmt: skip
        shares = {g: 0.0 for g in GROUPS.values()}
        for (_, own), weight in zip(GROUPS.items(), found[name], strict=True):
            shares[own] += weight
        others = {v for g, v in shares.items() if g != group}
        assert sum(shares.values()) == pytest.approx(1)
        assert all(shares[group] == pytest.approx(3 * other) for other in others)
    assert found["land_first"][0] == found["land_first"][1]


def test_a_preset_without_its_group_is_refused_by_name_and_left_out_of_the_list() -> None:
    groups = {"u": "land", "s": "shape"}
    assert list(presets(groups)) == ["equal", "land_first"]
    with pytest.raises(WeightsError, match="output"):
        preset("output_first", groups)
    assert presets({}) == {}


# --- AHP -----------------------------------------------------------------------------------------


def judged(ratios, ids=IDS):
    return dict(zip(combinations(ids, 2), ratios, strict=True))


@given(st.lists(SCALE, min_size=6, max_size=6))
def test_weights_are_the_principal_eigenvector(ratios) -> None:
    matrix = ahp_matrix(judged(ratios), IDS)
    assert matrix * matrix.T == pytest.approx(np.ones((4, 4)))
    found = ahp_weights(matrix)
    assert matrix @ found.weights == pytest.approx(found.lambda_max * found.weights)
    assert (found.weights > 0).all() and found.weights.sum() == pytest.approx(1)
    assert found.lambda_max >= 4 - 1e-9
    assert found.consistency_ratio == pytest.approx((found.lambda_max - 4) / 3 / 0.90, abs=1e-9)
    assert found.consistent == (found.consistency_ratio < 0.1)


def test_judging_the_other_way_round_gives_the_same() -> None:
    one = ahp_matrix({("a", "b"): 3, ("a", "c"): 5, ("b", "c"): 2}, ["a", "b", "c"])
    other = ahp_matrix({("b", "a"): 1 / 3, ("c", "a"): 1 / 5, ("c", "b"): 1 / 2}, ["a", "b", "c"])
    assert one == pytest.approx(other)


def test_the_judgement_at_odds_with_the_others_is_named() -> None:
    weights = np.array([0.5, 0.25, 0.15, 0.1])
    matrix = weights[:, None] / weights[None, :]
    whole = ahp_weights(matrix)
    assert whole.most_at_odds is None and whole.implied is None and whole.consistent
    matrix[1, 3], matrix[3, 1] = 1 / 9, 9.0  # was 2.5 to 1
    found = ahp_weights(matrix)
    assert found.most_at_odds == (1, 3)
    assert found.implied == pytest.approx(found.weights[1] / found.weights[3])
    assert not found.consistent


@given(st.lists(SCALE, min_size=6, max_size=6))
def test_no_pair_is_farther_from_what_is_implied_than_the_one_named(ratios) -> None:
    matrix = ahp_matrix(judged(ratios), IDS)
    found = ahp_weights(matrix)
    apart = np.abs(np.log(matrix * found.weights[None, :] / found.weights[:, None]))
    if found.most_at_odds is None:
        assert apart.max() < 1e-8
        return
    i, j = found.most_at_odds
    assert i < j and apart[i, j] == pytest.approx(apart.max(), abs=1e-8)


def test_two_criteria_can_not_contradict_each_other() -> None:
    found = ahp_weights(ahp_matrix({("a", "b"): 4}, ["a", "b"]))
    assert found.weights == pytest.approx([0.8, 0.2])
    assert found.consistency_ratio == 0 and found.most_at_odds is None


def test_the_random_index_is_the_mean_of_random_matrices() -> None:
    """Saaty's table, found again roughly by drawing from his scale."""
    random = np.random.default_rng(1)
    scale = np.array([1 / n for n in range(9, 1, -1)] + list(range(1, 10)))
    for size in (3, 4, 6, 9):
        upper = np.triu_indices(size, 1)
        matrices = np.tile(np.eye(size), (3000, 1, 1))
        drawn = random.choice(scale, (3000, len(upper[0])))
        matrices[:, upper[0], upper[1]] = drawn
        matrices[:, upper[1], upper[0]] = 1 / drawn
        largest = np.linalg.eigvals(matrices).real.max(axis=1)
        mean = ((largest - size) / (size - 1)).mean()
        found = ahp_weights(matrices[0])
        index = (found.lambda_max - size) / (size - 1)
        assert index / found.consistency_ratio == pytest.approx(mean, rel=0.12)


@pytest.mark.parametrize("matrix", [
    np.ones((1, 1)), np.ones((2, 3)), np.ones((11, 11)), np.array([[1.0, 2], [2, 1]]),
    np.array([[1.0, -1], [-1, 1]]), np.array([[1.0, np.nan], [np.nan, 1]]), np.zeros((3, 3)),
])  # fmt: skip
def test_what_is_no_reciprocal_matrix_is_refused(matrix) -> None:
    with pytest.raises(WeightsError):
        ahp_weights(matrix)


def test_faulty_judgements_are_all_named() -> None:
    with pytest.raises(WeightsError) as refused:
        ahp_matrix(
            {("a", "b"): 10, ("b", "c"): 2, ("c", "b"): 1 / 2, ("a", "a"): 1, ("a", "x"): 3,
             ("c", "d"): float("nan")}, IDS,
        )  # fmt: skip
    said = str(refused.value)
    for part in (
        "a～b：10", "c～b：重复", "a～a：没有这一对", "a～x：没有这一对", "c～d：nan",
        "a～c：未判断", "a～d：未判断", "b～d：未判断",
    ):  # fmt: skip
        assert part in said
