"""Checks: verdicts are computed, on made-up figures; the real ones are in test_facts_data."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from facts_files import Rows, figure, indicator, place, sound_files, write_files
from hypothesis import given
from hypothesis import strategies as st

from facts.checks import run_checks
from facts.figures import Interval, spread
from facts.load import load_facts
from facts.model import CheckResult

OBSERVATIONS = "observations_documents.csv"


def check(kind: str, total: str, parts: str, **cells: Any) -> dict[str, Any]:
    return {
        "check_id": "c",
        "kind": kind,
        "title_zh": "题",
        "title_en": "title",
        "total": total,
        "parts": parts,
    } | cells


def results(tmp_path: Path, figures: Rows, checks: Rows, **files: Rows) -> list[CheckResult]:
    content = sound_files() | {OBSERVATIONS: figures, "checks.csv": checks}
    content |= {f"{name}.csv": rows for name, rows in files.items()}
    return list(run_checks(load_facts(write_files(tmp_path, content))))


def only(tmp_path: Path, figures: Rows, one: dict[str, Any]) -> CheckResult:
    found = [result for result in results(tmp_path, figures, [one]) if result.check_id == "c"]
    assert len(found) == 1
    return found[0]


def things(*values: Any, unit: str = "个", name: str = "things") -> Rows:
    return [figure(f"x{n}", name, value, unit) for n, value in enumerate(values, start=1)]


# printed total and parts, in 亿元 -> the verdict
SUMS = [
    (["496.4", "240.2", "101.4", "154.8"], "adds_up"),
    (["506.81", "414.6", "220.5", "182.7"], "does_not"),
    (["497", "241.1", "100.9", "155.4"], "adds_up"),  # 497.4: rounding of the parts explains it
    (["100.0", "33.3", "33.3", "33.3"], "adds_up"),
    (["100.0", "33.3", "33.3", "33.1"], "does_not"),
    (["0", "0", "0"], "adds_up"),
]


@pytest.mark.parametrize(("printed", "verdict"), SUMS)
def test_sums_of_money_allow_for_rounding(tmp_path, printed, verdict) -> None:
    figures = things(*printed, unit="亿元", name="money")
    parts = "|".join(f"x{n}" for n in range(2, len(printed) + 1))
    result = only(tmp_path, figures, check("sum", "x1", parts))
    assert result.verdict == verdict
    assert result.expected == float(printed[0])
    assert result.computed == pytest.approx(sum(map(float, printed[1:])))
    assert result.difference == pytest.approx(result.computed - result.expected)


def test_counted_things_must_add_up_exactly(tmp_path: Path) -> None:
    result = only(tmp_path, things(138, 41, 51, 46), check("sum", "x1", "x2|x3|x4"))
    assert (result.verdict, result.formula) == ("adds_up", "41 + 51 + 46 = 138")
    result = only(tmp_path, things(216, 97, 106, 109), check("sum", "x1", "x2|x3|x4"))
    assert (result.verdict, result.formula) == ("does_not", "97 + 106 + 109 = 312 ≠ 216")
    assert (result.difference, result.unit) == (96, "个")
    assert result.row_ids == ("x1", "x2", "x3", "x4")
    assert result.place_ids == ("zone-a",)


def test_a_count_one_off_does_not_add_up(tmp_path: Path) -> None:
    result = only(tmp_path, things(139, 41, 51, 46), check("sum", "x1", "x2|x3|x4"))
    assert result.verdict == "does_not"


def test_a_listed_tolerance_takes_the_place_of_rounding(tmp_path: Path) -> None:
    figures = things("100", "60", "45", unit="亿元", name="money")
    assert only(tmp_path, figures, check("sum", "x1", "x2|x3")).verdict == "does_not"
    assert only(tmp_path, figures, check("sum", "x1", "x2|x3", tolerance=5)).verdict == "adds_up"
    assert only(tmp_path, figures, check("sum", "x1", "x2|x3", tolerance=4)).verdict == "does_not"


def test_sums_convert_units(tmp_path: Path) -> None:
    figures = [figure("x1", "money", "1", "亿元"), *things()]
    figures += [figure("x2", "money", "6000", "万元"), figure("x3", "money", "4000", "万元")]
    assert only(tmp_path, figures, check("sum", "x1", "x2|x3")).verdict == "adds_up"


def test_parts_that_are_not_all_on_file_can_only_contradict(tmp_path: Path) -> None:
    below = only(tmp_path, things(233, 100, 20), check("sum", "x1", "x2|x3|rest"))
    assert (below.verdict, below.formula) == ("cannot_check", "100 + 20 = 120 ≤ 233")
    above = only(tmp_path, things(233, 200, 40), check("sum", "x1", "x2|x3|rest"))
    assert above.verdict == "does_not"


def test_bounds_prove_nothing_but_can_contradict(tmp_path: Path) -> None:
    figures = things(100, 60, 30)
    figures[2]["qualifier"] = "at_least"
    assert only(tmp_path, figures, check("sum", "x1", "x2|x3")).verdict == "cannot_check"
    figures[2]["value"] = 50
    assert only(tmp_path, figures, check("sum", "x1", "x2|x3")).verdict == "does_not"


def test_a_row_without_a_value_or_place_cannot_be_checked(tmp_path: Path) -> None:
    figures = things(138, 41, 97)
    figures[1] |= {"value": "", "missing_reason": "缺字 / lost"}
    assert only(tmp_path, figures, check("sum", "x1", "x2|x3")).verdict == "cannot_check"
    figures[1] |= {"unplaced_reason": "不明 / unknown"}
    result = only(tmp_path, figures, check("sum", "x1", "x2|x3"))
    assert result.verdict == "cannot_check"
    assert "x2" in result.explanation_en


def test_unlike_units_cannot_be_checked(tmp_path: Path) -> None:
    figures = [*things(3, 1), figure("x3", "money", "2", "亿元")]
    result = only(tmp_path, figures, check("sum", "x1", "x2|x3"))
    assert result.verdict == "cannot_check"
    assert "does not convert" in result.explanation_en


def rate(printed: str, *figures: dict[str, Any], **cells: Any) -> Rows:
    return [figure("r", "rate", printed, "%", **cells), *figures]


def test_a_rate_is_tried_on_every_basis(tmp_path: Path) -> None:
    money = indicator("money", "亿元", name_zh="总投资")
    content = [*sound_files()["indicators.csv"][1:], money]
    figures = rate(
        "78.69",
        *things(46, 50),
        figure("y1", "money", "130", "亿元"),
        figure("y2", "money", "165.2", "亿元"),
    )
    found = results(tmp_path, figures, [check("ratio", "r", "x1/x2|y1/y2")], indicators=content)[0]
    assert (found.verdict, found.formula) == ("adds_up", "130 / 165.2 = 78.69 %")
    assert "by investment" in found.explanation_en
    assert "46 / 50 = 92.00 %" in found.explanation_en
    assert "按投资额" in found.explanation_zh


def test_a_rate_nothing_reproduces(tmp_path: Path) -> None:
    figures = rate("21.12", *things("48"), figure("y1", "money", "47.57", "亿元"),
                   figure("y2", "money", "116.5", "亿元"))  # fmt: skip
    result = only(tmp_path, figures, check("ratio", "r", "y1/y2|?/x1"))
    assert result.verdict == "does_not"
    assert "47.57 / 116.5 = 40.83 %" in result.formula
    assert "10 / 48 = 20.83 %" in result.formula
    assert "cannot be reproduced" in result.explanation_en


def test_a_whole_number_that_fits_is_no_proof(tmp_path: Path) -> None:
    result = only(tmp_path, rate("76.19", *things(63)), check("ratio", "r", "?/x1"))
    assert (result.verdict, result.formula) == ("cannot_check", "48 / 63 = 76.19 %")


def test_a_last_digit_that_is_off_does_not_add_up(tmp_path: Path) -> None:
    own = {"numerator": "301.7", "denominator": "418.12", "basis": "output"}
    result = only(tmp_path, rate("72.17", **own), check("ratio", "r", ""))
    assert (result.verdict, result.formula) == ("does_not", "301.7 / 418.12 = 72.16 %")
    assert "last digit" in result.explanation_en
    assert "rounding" in result.explanation_en
    assert only(tmp_path, rate("72.16", **own), check("ratio", "r", "")).verdict == "adds_up"


def test_a_rate_without_parts_cannot_be_checked(tmp_path: Path) -> None:
    result = only(tmp_path, rate("50"), check("ratio", "r", "", note_en="basis not stated"))
    assert result.verdict == "cannot_check"
    assert result.explanation_en.endswith("basis not stated")


@given(
    numerator=st.integers(0, 5000),
    denominator=st.integers(1, 5000),
    places=st.integers(0, 3),
)
def test_a_rate_printed_from_its_parts_always_adds_up(
    tmp_path_factory, numerator, denominator, places
) -> None:
    printed = f"{float(Fraction(100 * numerator, denominator)):.{places}f}"
    figures = rate(printed, numerator=numerator, denominator=denominator, basis="count")
    found = results(tmp_path_factory.mktemp("rate"), figures, [])
    assert [result.verdict for result in found] == ["adds_up"]
    assert found[0].check_id == "ratio:r"


def test_a_part_must_not_exceed_its_whole(tmp_path: Path) -> None:
    result = only(tmp_path, things(12637, 7863), check("share", "x1", "x2"))
    assert result.verdict == "adds_up"
    assert "62.22 %" in result.formula
    assert only(tmp_path, things(10, 11), check("share", "x1", "x2")).verdict == "does_not"


def test_differences(tmp_path: Path) -> None:
    figures = things("62.77", "23.76", "7.55", "31.46", unit="公顷", name="land")
    result = only(tmp_path, figures, check("difference", "", "x1|x2|x3"))
    assert (result.verdict, result.computed, result.expected) == ("cannot_check", 31.46, None)
    assert result.formula == "62.77 - 23.76 - 7.55 = 31.46"
    assert only(tmp_path, figures, check("difference", "x4", "x1|x2|x3")).verdict == "adds_up"
    assert only(tmp_path, figures, check("difference", "x2", "x1|x3|x4")).verdict == "adds_up"
    assert only(tmp_path, figures, check("difference", "x4", "x1|x2")).verdict == "does_not"


def test_percentage_points_subtract_from_percentages(tmp_path: Path) -> None:
    points = sound_files()["indicators.csv"] + [indicator("lead", "百分点")]
    figures = [figure("x1", "money", "-14.85", "%", kind="yoy"),
               figure("x2", "lead", "2.45", "百分点", kind="yoy")]  # fmt: skip
    found = results(tmp_path, figures, [check("difference", "", "x1|x2")], indicators=points)[0]
    assert (found.computed, found.unit) == (-17.3, "%")


def two_sources(first: Any, second: Any, **cells: Any) -> Rows:
    return [
        figure("x1", "things", first, "个"),
        figure("x2", "things", second, "个", source_id="s2") | cells,
    ]


def conflicts(tmp_path: Path, figures: Rows) -> list[str]:
    found = results(tmp_path, figures, [])
    return [result.verdict for result in found if result.kind == "conflict"]


def test_two_sources_on_the_same_figure_are_compared(tmp_path: Path) -> None:
    assert conflicts(tmp_path, two_sources(93, 93)) == ["adds_up"]
    assert conflicts(tmp_path, two_sources(93, 88)) == ["does_not"]
    assert conflicts(tmp_path, two_sources(93, 90, qualifier="at_least")) == ["adds_up"]
    assert conflicts(tmp_path, two_sources(93, 90, qualifier="approx")) == ["adds_up"]


@pytest.mark.parametrize(
    "cells",
    [
        {"source_id": "s1"},
        {"population": "另一批"},
        {"kind": "cumulative"},
        {"place_id": "park-a"},
        {"indicator_id": "rate", "unit": "%"},
        {"period_end": "2023-12-31"},  # another stretch of time is another sum
        {"period_start": "2022-01-01", "period_end": "2022-12-31"},
    ],
)
def test_different_things_are_no_conflict(tmp_path: Path, cells) -> None:
    assert conflicts(tmp_path, two_sources(93, 88, **cells)) == []


def test_targets_of_two_sources_are_no_conflict(tmp_path: Path) -> None:
    figures = [row | {"kind": "target"} for row in two_sources(93, 88)]
    assert conflicts(tmp_path, figures) == []


def test_a_stock_at_overlapping_times_may_have_changed(tmp_path: Path) -> None:
    themes = [{"theme": "scale", "name_zh": "规模", "name_en": "Scale", "order": 1}]
    stock = [indicator("things", "个", theme="scale")]
    for second, verdict in ((93, "adds_up"), (94, "cannot_check")):
        figures = two_sources(93, second, period_start="2023-01-01", period_end="2023-12-31")
        found = results(tmp_path, figures, [], themes=themes, indicators=stock)
        assert [result.verdict for result in found] == [verdict]


def test_a_listed_conflict_is_not_found_twice(tmp_path: Path) -> None:
    found = results(tmp_path, two_sources(560, 560), [check("conflict", "x1", "x2")])
    assert [(result.check_id, result.verdict) for result in found] == [("c", "adds_up")]
    assert found[0].formula == "560 = 560"


def area(area_id: str, place_id: str, area_km2: str, **cells: Any) -> dict[str, Any]:
    return {"area_id": area_id, "place_id": place_id, "area_km2": area_km2, "qualifier": "exact",
            "source_id": "s1", "chosen": 1} | cells  # fmt: skip


def test_declared_areas_are_compared(tmp_path: Path) -> None:
    areas = [area("a1", "zone-a", "62.7", chosen=0), area("a2", "zone-a", "29.99")]
    found = results(tmp_path, [], [], declared_areas=areas)
    assert [(one.verdict, one.formula) for one in found] == [("does_not", "29.99 ≠ 62.7")]
    areas[0]["area_km2"] = "30.0"
    found = results(tmp_path, [], [], declared_areas=areas)
    assert [one.verdict for one in found] == ["adds_up"]


@pytest.mark.parametrize(
    ("whole", "verdict"), [("9.42", "adds_up"), ("12", "cannot_check"), ("9.1", "does_not")]
)
def test_parks_are_held_against_their_zone(tmp_path: Path, whole, verdict) -> None:
    places = sound_files()["places.csv"]
    places.append(place("park-b", "乙园", "park", parent_id="zone-a", status="现有"))
    places.append(place("park-old", "旧园", "park", parent_id="zone-a", status="前身"))
    areas = [
        area("a1", "zone-a", whole),
        area("a2", "park-a", "3.06"),
        area("a3", "park-b", "6.36"),
        area("a4", "park-old", "100"),
    ]
    found = results(tmp_path, [], [], places=places, declared_areas=areas)
    assert [one.verdict for one in found] == [verdict]
    assert found[0].computed == 9.42


def test_sums_by_indicator_run_wherever_all_parts_are(tmp_path: Path) -> None:
    names = [indicator(name, "个") for name in ("all", "one", "two")]
    figures = [
        figure("x1", "all", 5, "个"), figure("x2", "one", 2, "个"), figure("x3", "two", 3, "个"),
        figure("x4", "all", 9, "个", place_id="park-a"),
        figure("x5", "one", 2, "个", place_id="park-a"),
        figure("x6", "two", 3, "个", place_id="park-a"),
        figure("x7", "all", 9, "个", place_id="group-a"),
        figure("x8", "one", 2, "个", place_id="group-a"),
        figure("x9", "two", 3, "个", place_id="group-a", population="另一次"),
    ]  # fmt: skip
    rule = check("sum", "indicator:all", "indicator:one|indicator:two")
    found = results(tmp_path, figures, [rule], indicators=names)
    verdicts = {one.check_id: one.verdict for one in found}
    assert verdicts == {"c:x1": "adds_up", "c:x4": "does_not"}
    own = check("sum", "x4", "x5|x6", check_id="own")
    found = results(tmp_path, figures, [rule, own], indicators=names)
    assert {one.check_id for one in found} == {"c:x1", "own"}


@pytest.mark.parametrize(
    ("reported", "verdict"), [(1, "adds_up"), (93, "cannot_check"), (0, "does_not")]
)
def test_control_totals_are_held_against_what_is_on_file(tmp_path, reported, verdict) -> None:
    result = only(tmp_path, things(reported), check("control", "x1", "count:zones"))
    assert (result.verdict, result.expected, result.computed) == (verdict, reported, 1)


def test_only_standing_zones_of_the_right_kind_are_counted(tmp_path: Path) -> None:
    places = sound_files()["places.csv"]
    standing = {"parent_id": "140100", "status": "现有", "zone_type": "工业"}
    places += [
        place("zone-b", "乙区", "zone", **standing | {"zone_type": "农业"}),
        place("zone-c", "丙区", "zone", **standing | {"status": "拟设立"}),
        place("zone-d", "丁区", "zone", **standing | {"tier": "市县级"}),
        place("zone-e", "戊区", "zone", **standing | {"parent_id": "zone-a"}),
    ]
    checks = [
        check("control", "x1", "count:zones", check_id="all"),
        check("control", "x1", "count:industrial_zones", check_id="industrial"),
        check("control", "x2", "area:industrial_zones", check_id="area"),
    ]
    figures = [*things(93), figure("x2", "land", "2881", "平方公里")]
    areas = [area("a1", "zone-a", "12.5"), area("a2", "zone-b", "100")]
    content = [indicator("things", "个"), indicator("land", "平方公里")]
    found = results(
        tmp_path, figures, checks, places=places, declared_areas=areas, indicators=content
    )
    assert [one.computed for one in found] == [2, 1, 12.5]


bounds = st.none() | st.fractions(min_value=-10, max_value=10, max_denominator=4)


@given(bounds, bounds, bounds, bounds, st.fractions(min_value=-12, max_value=12))
def test_intervals_meet_when_they_share_a_value(a, b, c, d, value) -> None:
    one, other = Interval(a, b), Interval(c, d)

    def holds(interval: Interval) -> bool:
        above = interval.low is None or interval.low <= value
        return above and (interval.high is None or value <= interval.high)

    assert one.meets(other) == other.meets(one)
    if holds(one) and holds(other):
        assert one.meets(other)


@given(st.fractions(), st.sampled_from(["exact", "approx", "at_least", "at_most"]))
def test_a_figure_is_always_in_its_own_interval(value, qualifier) -> None:
    point = Interval(value, value)
    assert spread(value, qualifier, Fraction(1, 20)).meets(point)
