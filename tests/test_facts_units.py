"""Units: exact conversions, and no conversion between unlike things."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts import units
from facts.errors import IncompatibleUnits, UnknownUnit

GROUPS = {
    "area": ["平方米", "万平方米", "亩", "公顷", "平方公里", "km²"],
    "money": ["元", "万元", "亿元"],
    "count": ["个", "家", "宗", "项", "户", "件", "万户"],
    "people": ["人", "万人", "个(人)"],
    "rank": ["位"],
    "percent": ["%"],
    "points": ["百分点"],
    "days": ["天", "秒"],
    "years": ["年"],
    "money per year": ["亿元/年", "万元/年"],
    "mass per year": ["万吨/年"],
    "money per land": ["万元/亩", "万元/公顷"],
}

pairs_alike = st.sampled_from(sorted(GROUPS)).flatmap(
    lambda group: st.tuples(st.sampled_from(GROUPS[group]), st.sampled_from(GROUPS[group]))
)
pairs_unlike = st.lists(
    st.sampled_from(sorted(GROUPS)), min_size=2, max_size=2, unique=True
).flatmap(lambda two: st.tuples(st.sampled_from(GROUPS[two[0]]), st.sampled_from(GROUPS[two[1]])))
printed_numbers = st.decimals(
    min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False
)


@pytest.mark.parametrize(
    ("value", "unit", "target", "expected"),
    [
        (46410.0, "万元", "亿元", 4.641),
        (6000, "万元", "亿元", 0.6),
        ("340", "万平方米", "亩", 5100.0),
        (200, "万平方米", "平方公里", 2.0),
        (1, "公顷", "亩", 15.0),
        (1, "平方公里", "亩", 1500.0),
        (5.9, "万户", "户", 59000.0),
        (1, "万元/亩", "万元/公顷", 15.0),
        (168, "次/24h", "次/天", 168.0),
        (56, "GW/年", "MW/年", 56000.0),
        (37, "个(人)", "人", 37.0),
        (1, "ｋｍ²", "公顷", 100.0),
    ],
)
def test_known_conversions_are_exact(value, unit, target, expected) -> None:
    assert units.convert(value, unit, target) == expected


def test_check_values_of_standard_land() -> None:
    assert round(units.convert(846.61, "亩", "公顷"), 2) == 56.44
    assert round(units.convert(490.26, "亩", "公顷"), 2) == 32.68


@settings(deadline=None)  # the first conversion imports pint
@given(printed_numbers, pairs_alike)
def test_there_and_back_is_the_same_number(value, pair) -> None:
    here, there = pair
    assert units.factor(here, there) * units.factor(there, here) == 1
    back = Fraction(value) * units.factor(here, there) * units.factor(there, here)
    assert back == Fraction(value)
    assert units.convert(str(value), here, here) == float(value)


@settings(deadline=None)  # the first conversion imports pint
@given(printed_numbers, pairs_alike)
def test_conversion_keeps_order_and_sign(value, pair) -> None:
    converted = units.convert(float(value), *pair)
    assert (converted > 0) == (value > 0)
    assert (converted == 0) == (value == 0)


@settings(deadline=None)  # the first conversion imports pint
@given(pairs_unlike)
def test_unlike_things_never_convert(pair) -> None:
    assert not units.compatible(*pair)
    with pytest.raises(IncompatibleUnits):
        units.convert(1.0, *pair)


@pytest.mark.parametrize("unit", ["", "里", "亿", "亿元/", "/年", "亿元//年", "m**2", "__import__"])
def test_unknown_units_are_refused(unit) -> None:
    assert not units.is_known(unit)
    with pytest.raises(UnknownUnit):
        units.factor(unit, unit)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "40+", ""])
def test_numbers_that_are_none_are_refused(value) -> None:
    with pytest.raises(ValueError):
        units.convert(value, "万元", "亿元")


def test_every_unit_of_the_table_is_understood_by_the_registry() -> None:
    for unit in units.known_units():
        assert units.is_known(unit)
        assert units.convert(1.0, f"{unit}/年", f"{unit}/月") == pytest.approx(1 / 12)


def test_unit_names_for_readers() -> None:
    assert units.unit_name("亿元/年", "zh") == "亿元/年"
    assert units.unit_name("亿元/年", "en") == "100 million yuan/year"
    assert units.unit_name("家", "en") == "count"
    for unit in units.known_units():
        assert not any("\u4e00" <= char <= "\u9fff" for char in units.unit_name(unit, "en")), unit
