"""Figures and periods as people type them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.celltexts import Figure, full_unit, narrow, read_figure
from facts.errors import UnknownUnit
from facts.periods import Period
from facts.periodtexts import (
    find_period,
    parse_period,
    partial_date,
    relative_period,
    shifted,
)


@pytest.mark.parametrize(
    ("text", "number", "unit", "qualifier"),
    [
        ("1,234.5", "1234.5", "", "exact"),
        ("１２．５", "12.5", "", "exact"),
        ("1 234 567", "1234567", "", "exact"),
        ("约300", "300", "", "approx"),
        ("300余", "300", "", "at_least"),
        ("300余亿元", "300", "亿元", "at_least"),
        ("300亿元以上", "300", "亿元", "at_least"),
        ("超30亿元", "30", "亿元", "at_least"),
        ("约300余", "300", "", "approx"),
        ("近20万亩", "20", "万亩", "approx"),
        ("30家左右", "30", "家", "approx"),
        ("≤0.5", "0.5", "", "at_most"),
        ("不超过5", "5", "", "at_most"),
        ("40+", "40", "", "at_least"),
        ("76.19%", "76.19", "%", "exact"),
        ("－2.3％", "-2.3", "%", "exact"),
        ("−51.6%", "-51.6", "%", "exact"),
        ("下降2.3%", "-2.3", "%", "exact"),
        ("增长5.2%", "5.2", "%", "exact"),
        ("3.5亿元", "3.5", "亿元", "exact"),
        ("100（万元）", "100", "万元", "exact"),
        ("5km²", "5", "km²", "exact"),
        ("1.2万", "1.2", "万", "exact"),
        ("1.2E+05", "120000", "", "exact"),
        ("'0012", "12", "", "exact"),
        ("0", "0", "", "exact"),
        (0.0, "0", "", "exact"),
        (12.50, "12.5", "", "exact"),
    ],
)
def test_figures_with_their_units_and_qualifiers(text, number, unit, qualifier) -> None:
    assert read_figure(text) == Figure(number, unit, qualifier)


@pytest.mark.parametrize(
    "text", [None, "—", "——", "-", "/", "…", "......", "无", "N/A", "暂无数据", " "]
)
def test_blanks_and_marks_are_missing_and_never_zero(text) -> None:
    figure = read_figure(text)
    assert figure.number == ""
    assert figure.fault == ""
    assert "表中" in figure.missing


@pytest.mark.parametrize(
    "text",
    ["12 34", "3-5", "10～20", "(12.5)", "1,23", "12。5", "三分之一", "1亿2000万元", "12/15",
     "#REF!", "#N/A", "下降-2.3%", "超过不足5", "1e99", "٣", "5里", True, date(2023, 1, 1),
     float("nan"), float("inf"), 1e300, "9" * 61],
)  # fmt: skip
def test_what_is_no_single_number_is_a_fault_not_a_guess(text) -> None:
    figure = read_figure(text)
    assert " / " in figure.fault
    assert figure.number == ""


@pytest.mark.parametrize("text", ["12.5①", "12.5²", "12.5*", "12.5[1]", "12.5注1"])
def test_marks_of_footnotes_are_left_out_and_told(text) -> None:
    assert read_figure(text) == Figure("12.5", footnote=True)


@given(number=st.decimals(-(10**12), 10**12, places=4, allow_nan=False), grouped=st.booleans())
@settings(deadline=None)
def test_every_typed_digit_is_kept(number, grouped) -> None:
    text = f"{number:,f}" if grouped else f"{number:f}"
    read = read_figure(text)
    assert Decimal(read.number) == number
    assert len(read.number.partition(".")[2]) == 4


@given(text=st.text(max_size=80) | st.floats() | st.booleans() | st.none() | st.datetimes())
@settings(deadline=None)
def test_any_cell_is_a_number_missing_or_at_fault(text) -> None:
    figure = read_figure(text)
    assert [bool(figure.number), bool(figure.missing), bool(figure.fault)].count(True) == 1


def test_a_multiple_without_its_unit_takes_that_of_the_column_where_it_can() -> None:
    assert full_unit("万", "人") == "万人"
    assert full_unit("", "亿元") == "亿元"
    assert full_unit("亿元", "万元") == "亿元"
    for unit in ("", "亿元", "容积率"):
        with pytest.raises(UnknownUnit):
            full_unit("万", unit)


def test_narrow_keeps_what_full_width_letters_mean() -> None:
    assert narrow("投资额（亿元）\n１２％") == "投资额(亿元) 12%"
    assert narrow("km² ①") == "km² ①"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2023年", "2023"), ("2023", "2023"), (2023.0, "2023"), ("2023年度", "2023"),
        ("2023年上半年", "2023-H1"), ("2023H1", "2023-H1"), ("2023年1-6月", "2023-H1"),
        ("２０２３年１—１１月份", "2023-01..2023-11"), ("2023年1至11月累计", "2023-01..2023-11"),
        ("2021年第一季度", "2021-Q1"), ("2021年一季度", "2021-Q1"), ("2021-Q1", "2021-Q1"),
        ("2023年前三季度", "2023-01..2023-09"), ("2023年6月", "2023-06"), ("2023-06", "2023-06"),
        ("2023.6", "2023-06"), ("2023/06", "2023-06"), (202306.0, "2023-06"), ("202306", "2023-06"),
        ("2023年6月30日", "2023-06-30"), ("2023/6/30", "2023-06-30"),
        (date(2023, 6, 30), "2023-06-30"), (datetime(2023, 6, 30, 12), "2023-06-30"),
        ("截至2023年6月底", "2023-06-30"), ("截至2023-11", "2023-11-30"),
        ("2023年末", "2023-12-31"),
        ("2022—2023年", "2022..2023"), ("2021年1月-2023年6月", "2021-01..2023-06"),
        ("2021年1月1日至2021年3月5日", "2021-01-01..2021-03-05"), ("2024年2月", "2024-02"),
    ],
)  # fmt: skip
def test_periods_as_they_are_written(text, key) -> None:
    period = parse_period(text)
    assert period is not None
    assert period.key == key
    assert period.label


@pytest.mark.parametrize(
    "text",
    ["", "上半年", "2023年13月", "2023年2月30日", "1850年", "3023年", "去年", "12.5", 12.5, None],
)
def test_what_is_no_period_is_none(text) -> None:
    assert parse_period(text) is None


def test_a_part_of_a_year_takes_the_year_of_the_title() -> None:
    texts = ("上半年", "1-6月", "二季度", "全年", "6月")
    assert [parse_period(text, year=2023).key for text in texts] == [
        "2023-H1", "2023-H1", "2023-Q2", "2023", "2023-06",
    ]  # fmt: skip


def test_a_period_is_found_within_a_title() -> None:
    period, rest = find_period("太原市2023年1-6月开发区主要指标")
    assert (period.key, period.label, rest) == ("2023-H1", "2023年1-6月", "太原市开发区主要指标")
    assert find_period("全省开发区情况") is None


def test_relative_heads_stand_to_the_period_of_the_table() -> None:
    base = Period(date(2024, 1, 1), date(2024, 2, 29), label="x")
    assert relative_period("上年同期数") == "year_before"
    assert shifted(base, "year_before").key == "2023-01..2023-02"
    assert shifted(base, relative_period("本月")).key == "2024-02"
    assert shifted(base, relative_period("本期")) is base
    assert relative_period("产值") == ""


def test_dates_are_kept_as_far_as_they_are_known() -> None:
    cells = ("2023年6月", 2023.0, "2023.6.5", date(2023, 1, 2), "x")
    assert [partial_date(cell) for cell in cells] == [
        "2023-06", "2023", "2023-06-05", "2023-01-02", None,
    ]  # fmt: skip
    assert partial_date("2023年上半年") is None


@given(day=st.dates(date(1950, 1, 1), date(2099, 12, 31)))
@settings(deadline=None)
def test_the_names_of_periods_are_read_back(day) -> None:
    month = Period(day.replace(day=1), shifted(Period(None, None, day), "last_month").end)
    for period in (month, Period(None, None, day)):
        assert parse_period(period.name("zh")).key == period.key
        assert parse_period(period.key).key == period.key


@given(text=st.text(alphabet="0123456789年月日季度上下半-—至.Q H截末底一二三四", max_size=20))
@settings(deadline=None)
def test_any_text_is_a_period_or_none(text) -> None:
    period = parse_period(text, year=2023)
    assert period is None or period.first_day <= period.last_day
    find_period(text)
