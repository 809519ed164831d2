"""The small charts: well-formed, escaped, true to the figures, never clipped."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.model import Period
from layers.charts import (
    Point,
    bars_svg,
    columns_svg,
    series_chart,
    series_title,
    target_chart,
    text_width,
    two_lines,
)
from layers.placefigures import series_of, targets_of
from tests import factories as f

VALUES = st.floats(min_value=-1e9, max_value=1e9)
POINTS = st.lists(
    st.builds(Point, label=st.text(max_size=30), value=VALUES, written=st.text(max_size=20)),
    min_size=2,
    max_size=8,
)
CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def drawn(svg: str) -> ET.Element:
    """The drawing as XML, which also finds whatever was not escaped."""
    return ET.fromstring(svg.translate(CONTROL))


def bars(svg: str) -> list[dict[str, float]]:
    names = ("x", "y", "width", "height")
    return [{n: float(r.attrib[n]) for n in names} for r in drawn(svg).iter("rect")]


def texts(svg: str) -> list[str]:
    return ["".join(t.itertext()) for t in drawn(svg).iter("text")]


def half(year: int, number: int) -> Period:
    start, end = ((1, 1), (6, 30)) if number == 1 else ((7, 1), (12, 31))
    return Period(date(year, *start), date(year, *end))


def a_series(*values: float, qualifier: str = "exact"):
    facts = f.facts(
        *(
            f.figure(str(n), "zone-a", v, period=half(2020 + n, 1), qualifier=qualifier)
            for n, v in enumerate(values)
        )
    )
    (series,) = series_of(facts, facts.observations, "zh")
    return series


# --- columns -------------------------------------------------------------------------------------


def test_heights_are_in_the_ratio_of_the_figures_and_stand_in_time() -> None:
    first, second, third = bars(series_chart(a_series(10.0, 20.0, 5.0), "zh"))
    assert second["height"] == pytest.approx(2 * first["height"], abs=0.2)
    assert third["height"] == pytest.approx(first["height"] / 2, abs=0.2)
    assert first["x"] < second["x"] < third["x"]


def test_falling_and_rising_columns_meet_at_zero() -> None:
    up, down = bars(columns_svg([Point("a", 3.0, "3"), Point("b", -6.0, "−6")], title="t", desc=""))
    assert up["y"] + up["height"] == pytest.approx(down["y"], abs=0.1)
    assert down["height"] == pytest.approx(2 * up["height"], abs=0.2)


def test_a_chart_tells_its_figures_to_those_who_cannot_see_it() -> None:
    series = a_series(10.0, 20.5)
    svg = drawn(series_chart(series, "zh"))
    assert svg.attrib["role"] == "img"
    assert svg.find("title").text == series_title(series, "zh")
    assert svg.find("desc").text == "2020年上半年 10；2021年上半年 20.5"
    assert "亿元" in svg.attrib["aria-label"]


def test_bounds_are_hollow_and_keep_their_mark() -> None:
    svg = series_chart(a_series(10.0, 20.0, qualifier="at_least"), "zh")
    assert svg.count("za-bar-hollow") == 2
    assert "≥20" in texts(svg)
    assert "za-bar-hollow" not in series_chart(a_series(10.0, 20.0), "zh")


def test_no_colour_is_fixed_so_that_light_and_dark_both_work() -> None:
    svg = series_chart(a_series(1.0, 2.0), "zh")
    assert "#" not in svg
    assert {e.attrib["fill"] for e in drawn(svg).iter() if "fill" in e.attrib} == {"currentColor"}


def test_markup_in_texts_stays_text() -> None:
    evil = '<script>alert("1")</script>'
    svg = columns_svg([Point(evil, 1.0, evil), Point("b", 2.0, "2")], title=evil, desc=evil)
    assert "<script" not in svg
    assert evil in texts(svg)


def test_equal_and_zero_figures_can_be_drawn() -> None:
    svg = columns_svg([Point("a", 0.0, "0"), Point("b", 0.0, "0")], title="", desc="")
    assert all(bar["height"] > 0 for bar in bars(svg))


@given(POINTS)
def test_every_chart_is_well_formed_and_everything_lies_inside(points: list[Point]) -> None:
    for svg in (
        columns_svg(points, title="t", desc="d"),
        bars_svg(points, title="t", desc="d"),
    ):
        _, _, width, height = map(float, drawn(svg).attrib["viewBox"].split())
        assert len(bars(svg)) == len(points)
        for bar in bars(svg):
            assert bar["x"] >= -0.1
            assert bar["x"] + bar["width"] <= width + 1
            assert bar["y"] >= 0
            assert bar["y"] + bar["height"] <= height + 1
        for written in drawn(svg).iter("text"):
            content = "".join(written.itertext())
            x, y = float(written.attrib["x"]), float(written.attrib["y"])
            before = text_width(content) / 2 if written.attrib["text-anchor"] == "middle" else 0
            assert x - before >= -1
            assert x - before + text_width(content) <= width + 2
            assert 0 <= y <= height


# --- labels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("2023年", ("2023年",)),
        ("2023年12月1日", ("2023年", "12月1日")),
        ("2023年1月1日—2024年12月27日", ("2023年1月1日—", "2024年12月27日")),
        ("as of 6 March 2026", ("as of 6", "March 2026")),
        ("没有可断开的很长很长的标签", ("没有可断开的很长很长的标签",)),
    ],
)
def test_long_labels_are_broken_once_where_it_reads_best(label: str, lines: tuple) -> None:
    assert two_lines(label, 76.0) == lines


def test_full_width_signs_count_twice() -> None:
    assert text_width("亩") > 1.5 * text_width("m")


# --- targets -------------------------------------------------------------------------------------


def a_pair(target: float, actual: float | None, *, unit: str = "亿元"):
    rows = [f.figure("1", "zone-a", target, kind="target", period=f.YEAR)]
    if actual is not None:
        rows.append(f.figure("2", "zone-a", actual, period=f.YEAR, unit=unit))
    facts = f.facts(*rows)
    (pair,) = targets_of(facts, facts.observations, "zh")
    return pair


def test_target_and_actual_share_one_scale() -> None:
    svg = target_chart(a_pair(40.0, 30.0), "zh")
    target, actual = bars(svg)
    assert actual["width"] == pytest.approx(0.75 * target["width"], abs=0.2)
    assert texts(svg) == ["目标 2022年", "40 亿元", "实绩 2022年", "30 亿元"]
    assert "za-bar-target" in svg
    assert "za-bar-actual" in svg


def test_a_target_without_an_actual_or_in_another_unit_is_not_drawn() -> None:
    assert target_chart(a_pair(40.0, None), "zh") == ""
    assert target_chart(a_pair(40.0, 75.0, unit="%"), "zh") == ""


def test_one_drawable_figure_is_no_series() -> None:
    series = a_series(10.0, 20.0)
    one = type(series)(**{n: getattr(series, n) for n in series.__slots__} | {
        "points": series.points[:1]})  # fmt: skip
    assert series_chart(one, "zh") == ""
