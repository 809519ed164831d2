"""Periods: keys, names, order, overlap."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import BadPeriod
from facts.periods import Period, parse_date


def period(start: str = "", end: str = "", as_of: str = "", label: str = "") -> Period:
    days = [date.fromisoformat(text) if text else None for text in (start, end, as_of)]
    return Period(*days, label)


NAMED = [
    (period("2023-01-01", "2023-12-31"), "2023", "2023年", "2023"),
    (period("2023-01-01", "2023-06-30"), "2023-H1", "2023年上半年", "H1 2023"),
    (period("2023-07-01", "2023-12-31"), "2023-H2", "2023年下半年", "H2 2023"),
    (period("2021-01-01", "2021-03-31"), "2021-Q1", "2021年第一季度", "Q1 2021"),
    (period("2021-10-01", "2021-12-31"), "2021-Q4", "2021年第四季度", "Q4 2021"),
    (period("2024-02-01", "2024-02-29"), "2024-02", "2024年2月", "February 2024"),
    (
        period("2023-01-01", "2023-11-30"), "2023-01..2023-11", "2023年1—11月",
        "January–November 2023",
    ),
    (
        period("2023-12-01", "2024-03-31"), "2023-12..2024-03", "2023年12月—2024年3月",
        "December 2023 – March 2024",
    ),
    (period("2021-01-01", "2024-12-31"), "2021..2024", "2021—2024年", "2021–2024"),
    (
        period("2023-12-01", "2023-12-01"), "2023-12-01..2023-12-01", "2023年12月1日",
        "1 December 2023",
    ),
    (
        period("2022-05-01", "2024-12-27"), "2022-05-01..2024-12-27",
        "2022年5月1日—2024年12月27日", "1 May 2022 – 27 December 2024",
    ),
    (
        period(as_of="2023-11-30"), "2023-11-30", "截至2023年11月30日", "as of 30 November 2023",
    ),
    (
        period("2023-01-01", "2023-12-31", "2024-01-15"), "2023@2024-01-15",
        "2023年（截至2024年1月15日）", "2023 (as of 15 January 2024)",
    ),
    (period("2023-01-01", "2023-06-30", "2023-06-30"), "2023-H1", "2023年上半年", "H1 2023"),
    (period("2023-02-01", "2023-04-30"), "2023-02..2023-04", "2023年2—4月", "February–April 2023"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "key", "zh", "en"), NAMED, ids=[row[1] + row[2] for row in NAMED])
def test_keys_and_names(one, key, zh, en) -> None:
    assert (one.key, one.name("zh"), one.name("en")) == (key, zh, en)


days = st.dates(min_value=date(1990, 1, 1), max_value=date(2040, 12, 31))


@st.composite
def periods(draw) -> Period:
    start = draw(st.none() | days)
    end = None if start is None else draw(st.dates(min_value=start, max_value=date(2041, 1, 1)))
    as_of = draw(days if start is None else st.none() | days)
    return Period(start, end, as_of, draw(st.sampled_from(["", "一", "二"])))


def content(one: Period) -> tuple[date | None, date | None, date | None]:
    """What the key should stand for: an as-of day at the end says nothing new."""
    as_of = None if one.end is not None and one.as_of == one.end else one.as_of
    return (one.start, one.end, as_of)


@given(periods(), periods())
def test_keys_are_equal_exactly_for_equal_days(one, other) -> None:
    assert (one.key == other.key) == (content(one) == content(other))


@given(days, days)
def test_whole_periods_and_their_neighbours_have_different_keys(day, other) -> None:
    start, end = min(day, other), max(day, other)
    keys = {
        Period(start, end).key,
        Period(start, end + timedelta(days=1)).key,
        Period(start - timedelta(days=1), end).key,
        Period(None, None, end).key,
    }
    assert len(keys) == 4


@given(st.lists(periods(), max_size=8))
def test_order_is_total_and_by_the_last_day(many) -> None:
    ordered = sorted(many)
    assert [one.last_day for one in ordered] == sorted(one.last_day for one in many)
    for one in many:
        for other in many:
            assert (one < other) + (other < one) + (one.sort_key == other.sort_key) == 1
            assert (one <= other) == (not other < one)


@given(periods(), periods())
def test_overlap_is_mutual_and_containing_overlaps(one, other) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    shared = {one.first_day, one.last_day} & {other.first_day, other.last_day}
    assert one.overlaps(other) or not shared
    if one.contains(other):
        assert one.overlaps(other)
        assert one.contains(other.first_day)
        assert one.contains(other.last_day)
    assert one.contains(one)


def test_a_month_is_in_its_half_and_not_in_the_other() -> None:
    june, first, second = (
        period("2023-06-01", "2023-06-30"),
        period("2023-01-01", "2023-06-30"),
        period("2023-07-01", "2023-12-31"),
    )
    assert first.contains(june)
    assert not second.overlaps(june)
    assert first < second


@pytest.mark.parametrize(
    "dates",
    [
        {},
        {"start": "2023-01-01"},
        {"end": "2023-01-01"},
        {"start": "2023-01-01", "as_of": "2023-01-01"},
        {"start": "2023-01-02", "end": "2023-01-01"},
    ],
)
def test_impossible_periods_are_refused(dates) -> None:
    with pytest.raises(BadPeriod):
        period(**dates)


@pytest.mark.parametrize(
    "text", ["2023", "2023-1-1", "20230101", "2023-02-30", "2023-W01-1", "２０２３-01-01"]
)
def test_only_plain_iso_dates_are_dates(text) -> None:
    with pytest.raises(ValueError):
        parse_date(text)
