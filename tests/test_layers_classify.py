"""Classes: every value in exactly one, ties together, extreme values apart, zero a bound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mapclassify
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.classify import (
    MAX_CLASSES,
    SCHEMES,
    Classes,
    Note,
    classify,
    find_outliers,
    parse_breaks,
)
from layers.errors import ClassifyError

ROOT = Path(__file__).resolve().parents[1]
# Growth rates of 2021-Q1 as printed, two of them from a base near zero.
GROWTH = [29923.9, 17947.5, -51.6, -29.6, -15.2, 898.0]

numbers = st.one_of(
    st.integers(-50, 50).map(float),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 4)),
)
lists = st.lists(numbers, min_size=1, max_size=60)
automatic = st.sampled_from([s for s in SCHEMES if s != "own"])


def check_sound(values: list[float], classes: Classes) -> None:
    """What holds for every classification."""
    array = np.asarray(values)
    assert classes.index.shape == array.shape
    assert classes.index.min() >= 0
    assert classes.index.max() < classes.k_used
    assert list(classes.counts) == np.bincount(classes.index, minlength=classes.k_used).tolist()
    order = np.argsort(array, kind="stable")
    assert (np.diff(classes.index[order]) >= 0).all()
    for value in np.unique(array):
        assert len(set(classes.index[array == value].tolist())) == 1
    for position, bounds in enumerate(classes.classes):
        inside = array[classes.index == position]
        if inside.size:
            assert (bounds.smallest, bounds.largest) == (inside.min(), inside.max())
            assert inside.max() <= bounds.upper
            assert inside.min() >= bounds.lower
    assert list(classes.breaks) == sorted(classes.breaks)


@settings(max_examples=150, deadline=None)
@given(lists, automatic, st.integers(2, MAX_CLASSES), st.booleans())
def test_every_classification_is_sound(
    values: list[float], scheme: str, k: int, diverging: bool
) -> None:
    classes = classify(values, scheme=scheme, k=k, diverging=diverging)
    check_sound(values, classes)
    if diverging:
        assert classes.below_zero is not None
        falling = np.asarray(values) < 0
        assert ((classes.index < classes.below_zero) == falling).all()
        if falling.any() and not falling.all():
            assert classes.breaks[classes.below_zero - 1] == 0.0
    else:
        assert classes.below_zero is None
        assert classes.k_used <= k + 2


@settings(max_examples=100, deadline=None)
@given(lists, st.lists(st.integers(-60, 60), min_size=1, max_size=8, unique=True), st.booleans())
def test_own_breaks_are_kept_as_they_are(
    values: list[float], inner: list[int], diverging: bool
) -> None:
    breaks = sorted(float(b) for b in inner)
    classes = classify(values, scheme="own", own_breaks=breaks, diverging=diverging)
    check_sound(values, classes)
    expected = sorted({*breaks, 0.0}) if diverging else breaks
    assert list(classes.breaks[:-1]) == expected
    for value, position in zip(values, classes.index, strict=True):
        if value != 0.0:
            assert position == np.searchsorted(expected, value, side="left")


@settings(max_examples=100, deadline=None)
@given(st.lists(numbers, min_size=8, max_size=60, unique=True), st.integers(2, MAX_CLASSES))
def test_the_formula_before_the_import_is_the_librarys(values: list[float], k: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "mapclassify")
        before = classify(values, k=k)
    after = classify(values, k=k)
    assert before.index.tolist() == after.index.tolist()
    # The last float digit may tip how a bound is rounded for print.
    assert before.breaks == pytest.approx(after.breaks, abs=0.01 * np.ptp(values))


def test_classes_are_those_of_mapclassify() -> None:
    values = np.random.default_rng(3).lognormal(3.0, 0.2, 117)
    low, high = find_outliers(values)
    assert not low.size
    core = np.delete(values, high)
    assert classify(values, scheme="quantiles").counts == tuple(
        mapclassify.Quantiles(values, k=5).counts
    )
    natural = classify(values, scheme="natural_breaks")
    assert natural.counts[:5] == tuple(mapclassify.FisherJenks(core, k=5).counts)
    equal = classify(values, scheme="equal_interval")
    assert equal.counts[:5] == tuple(mapclassify.EqualInterval(core, k=5).counts)
    heads = classify(values, scheme="head_tail", k=7)
    assert heads.counts == tuple(mapclassify.HeadTailBreaks(values).counts)


@pytest.mark.parametrize("scheme", ["equal_interval", "natural_breaks"])
def test_growth_from_a_base_near_zero_does_not_flatten_the_map(scheme: str) -> None:
    classes = classify(GROWTH, scheme=scheme, k=4)
    assert classes.outliers_high == (0, 1)
    last = classes.classes[-1]
    assert (last.extreme, last.count, last.smallest) == ("high", 2, 17947.5)
    # The usual growth rates are told apart from each other, which plain equal steps don't do.
    assert classes.index[2] < classes.index[5]
    plain = mapclassify.EqualInterval(np.array(GROWTH), k=4)
    assert len(set(plain.yb[2:].tolist())) == 1


def test_growth_and_fall_never_share_a_class() -> None:
    for scheme in SCHEMES[:4]:
        classes = classify(GROWTH, scheme=scheme, k=4, diverging=True)
        assert 0.0 in classes.breaks
        assert {int(i) for i in classes.index[2:5]} == set(range(classes.below_zero or 0))


def test_zero_growth_is_no_fall() -> None:
    classes = classify([-4.0, -2.0, 0.0, 3.0], k=2, diverging=True)
    assert classes.index.tolist() == [0, 0, 1, 1]


def test_extreme_low_values_come_first() -> None:
    values = [-900.0, 10.0, 11.0, 12.0, 13.0, 14.0]
    classes = classify(values, scheme="equal_interval", k=2)
    assert classes.classes[0].extreme == "low"
    assert classes.index.tolist() == [0, 1, 1, 1, 2, 2]


def test_more_than_half_equal_values_still_show_the_extreme_one() -> None:
    low, high = find_outliers(np.array([5.0] * 12 + [1000.0]))
    assert (low.tolist(), high.tolist()) == ([], [12])


def test_four_values_say_too_little_to_call_one_extreme() -> None:
    low, high = find_outliers(np.array([1.0, 2.0, 3.0, 1e9]))
    assert low.size == high.size == 0


def test_few_distinct_values_make_fewer_classes_and_say_so() -> None:
    classes = classify([1.0, 1.0, 2.0, 3.0, 3.0, 3.0], k=5)
    assert classes.counts == (2, 1, 3)
    assert Note("few_distinct", (("distinct", 3),)) in classes.notes


@pytest.mark.parametrize("scheme", SCHEMES[:4])
def test_a_single_value_is_one_class(scheme: str) -> None:
    classes = classify([318.0, 318.0], scheme=scheme)
    assert classes.counts == (2,)
    assert [n.key for n in classes.notes] == ["single_value"]


def test_no_values_are_no_classes() -> None:
    classes = classify([])
    assert (classes.k_used, classes.index.size) == (0, 0)


def test_printed_bounds_are_short_but_divide_alike() -> None:
    values = np.array([10.123456, 20.654321, 30.111111, 40.999999, 55.5])
    classes = classify(values, scheme="equal_interval", k=3)
    assert classes.breaks[:2] == (25.2, 40.4)


def test_all_faults_come_at_once() -> None:
    with pytest.raises(ClassifyError) as caught:
        classify([1.0, float("nan")], scheme="own", k=12, own_breaks=[3, 1, float("inf")])
    message = str(caught.value)
    assert all(part in message for part in ("not finite", "12", "ascend", "finite"))


def test_breaks_as_people_write_them() -> None:
    assert parse_breaks("−5， 0；12.5 100") == (-5.0, 0.0, 12.5, 100.0)
    for wrong in ("", "1,x", "5,5", "9,1"):
        with pytest.raises(ClassifyError):
            parse_breaks(wrong)


def test_importing_the_module_does_not_import_the_library() -> None:
    code = (
        "import sys; from layers.classify import classify; classify([1, 2, 3]);"
        "sys.exit('mapclassify' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
