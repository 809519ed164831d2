"""What the map frame gets, what its legend and the strip say, and how an address is read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.checks import run_checks
from facts.controls import zones_left_out
from facts.load import load_facts
from facts.model import Facts, Lang
from layers.errors import ViewError
from layers.join import LEVELS, choices
from layers.keyfigures import key_figures, why_no_sum, zone_control
from layers.legend import format_number, format_value, palette_name
from layers.paint import Outlines, View, paint, picture, validate_view
from layers.palette import known_palettes
from layers.view import KEYS
from tests import factories as f

ROOT = Path(__file__).resolve().parents[1]
OUTLINES = Outlines(
    {p.place_id: "schematic" if p.level in {"zone", "park"} else "digitised" for p in f.PLACES
     if p.level != "group"},
    "1",
)  # fmt: skip
GROWTH = {"zone-a": 29923.9, "zone-b": -51.6, "zone-x": -15.2, "park-a": 898.0}


@pytest.fixture(scope="module")
def published() -> Facts:
    return load_facts(ROOT / "data" / "facts")


def view(**more: Any) -> View:
    cells: dict[str, Any] = {
        "level": "zone", "indicator_id": "output", "kind": "actual", "period_key": "2023-H1",
        "scope": "zones",
    }  # fmt: skip
    return View(**(cells | more))


def zone_figures(**values: float) -> Facts:
    return f.facts(*(f.figure(k, k.replace("_", "-"), v) for k, v in values.items()))


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (29923.9, "29,923.9"), (-2.3, "−2.3"), (0.0, "0"), (-0.0, "0"), (846.61, "846.61"),
        (0.6000000000000001, "0.6"), (12637.0, "12,637"), (21.013604, "21.013604"),
        (156665504281.3, "156,665,504,281"), (1e-20, "0"), (-1e-20, "0"),
        (999999.99999, "1,000,000"),
    ],
)  # fmt: skip
def test_numbers_are_written_one_way(value: float, written: str) -> None:
    assert format_number(value) == written


def test_values_carry_their_mark_and_unit() -> None:
    assert format_value(600.0, "项", "at_least") == "≥600 项"
    assert format_value(11.0, "%", "approx", "en") == "≈11%"
    assert format_value(846.61, "亩", lang="en") == "846.61 mu"
    assert format_value(200.0, "万平方米", lang="en") == "200 × 10,000 m²"
    assert format_value(93.0, "个", lang="en") == "93"
    assert format_value(None, "亩") == "—"


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_a_written_number_reads_back(value: float) -> None:
    back = float(format_number(value).replace(",", "").replace("−", "-"))
    assert back == pytest.approx(value, rel=1e-7, abs=1e-12)


def test_every_palette_has_a_name_in_both_languages() -> None:
    for name in (*known_palettes(diverging=False), *known_palettes(diverging=True)):
        assert palette_name(name, "zh")
        assert palette_name(name, "en").isascii() or "–" in palette_name(name, "en")


# --- the frame's arguments -----------------------------------------------------------------------


def test_arguments_hold_what_the_frame_reads() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 12.5),
        f.figure(
            "2", "zone-b", 600.0, qualifier="at_least", quality="derived", source_id="src-mirror"
        ),
        f.figure("3", "zone-x", None),
    )
    args = paint(facts, OUTLINES, view(selected="zone-a"))
    assert args["values"]["zone-a"] == [0, "12.5", 0, 0, "", 12.5]
    assert args["values"]["zone-b"][:4] == [1, "≥600", 1, 1]
    assert args["values"]["zone-x"] == [-1, "—", 0, 0, "原文缺数", None]
    assert args["table"]["sources"] == [
        "title of src-a",
        {"title": "title of src-mirror", "url": "https://mirror.example/page"},
    ]
    assert (args["table"]["unit"], args["table"]["period"]) == ("亿元", "2023年上半年")
    assert args["selected"] == "zone-a"
    assert len(args["colours"]) == len(args["legend"]["classes"]) == 2
    assert [c["colour"] for c in args["legend"]["classes"]] == args["colours"]
    assert args["legend"]["nodata"]["count"] == 2  # zone-x lost its number, the park has none


def test_every_class_of_a_value_is_a_line_of_the_legend() -> None:
    facts = f.facts(*(f.figure(k, k, v) for k, v in GROWTH.items()))
    for scheme in ("quantiles", "natural_breaks", "equal_interval", "head_tail"):
        args = paint(facts, OUTLINES, view(scheme=scheme))
        lines = [*args["legend"]["classes"], *args["legend"]["outliers"]]
        assert len(lines) == len(args["colours"])
        counts = [0] * len(lines)
        for row in args["values"].values():
            counts[row[0]] += 1
            line = lines[row[0]]
            assert line["lower"] <= row[5] <= line["upper"]
        assert counts == [line["count"] for line in lines]


def test_extreme_classes_follow_the_others_and_keep_the_colour_order() -> None:
    places = [f.place(f"zone-{i}", "zone") for i in range(9)]
    values = [-900.0, 10, 11, 12, 13, 14, 15, 16, 5000.0]
    listed = [f.figure(str(i), f"zone-{i}", float(v)) for i, v in enumerate(values)]
    facts = f.facts(*listed, places=tuple(places))
    args = paint(facts, Outlines({}, ""), view(scheme="equal_interval", k=3, palette="Blues"))
    assert [c["count"] for c in args["legend"]["outliers"]] == [1, 1]
    assert args["values"]["zone-0"][0] == 3
    assert args["values"]["zone-8"][0] == 4
    run = [args["values"][f"zone-{i}"] for i in (0, 1, 4, 7, 8)]
    blues = [int(args["colours"][row[0]][1:3], 16) for row in run]
    assert blues == sorted(blues, reverse=True)  # red sinks as Blues darkens, extremes included
    assert any("极端值单列" in note for note in args["legend"]["notes"])


def test_falls_and_growth_get_a_diverging_palette() -> None:
    facts = f.facts(*(f.figure(k, k, v) for k, v in GROWTH.items()))
    shown = picture(facts, OUTLINES, view())
    assert shown.palette == "PuOr"
    assert shown.classes.below_zero == 2
    only_growth = zone_figures(zone_a=1.0, zone_b=2.0)
    assert picture(only_growth, OUTLINES, view()).classes.below_zero is None


def test_an_indicator_where_less_is_better_is_coloured_the_other_way() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", -3.0, indicator_id="days", unit="%", kind="yoy"),
        f.figure("2", "zone-b", 3.0, indicator_id="days", unit="%", kind="yoy"),
    )
    assert picture(facts, OUTLINES, view(indicator_id="days", kind="yoy")).palette == "PuOr_r"


def test_city_totals_name_their_outline_and_joint_rows_their_members() -> None:
    city = f.facts(f.figure("1", "group-140100-zones", 5.0))
    args = paint(city, OUTLINES, view(level="city", scope="all_zones"))
    assert args["places"]["group-140100-zones"]["drawn_on"] == "140100"
    joint = f.facts(f.figure("1", "group-ab", 5.0), f.figure("2", "zone-x", 4.0))
    args = paint(joint, OUTLINES, view())
    assert args["places"]["group-ab"]["members"] == ["zone-a", "zone-b"]
    assert "zone-a" not in args["values"]
    assert args["legend"]["nodata"]["count"] == 3  # a, b and the park: the joint row fills none
    assert any("合并统计" in note for note in args["legend"]["notes"])


def test_a_place_without_an_outline_is_said_and_named() -> None:
    facts = zone_figures(zone_a=1.0, zone_b=2.0)
    args = paint(facts, Outlines({"zone-a": "schematic"}), view())
    # With a figure or not: the table lists every place that the legend counts.
    assert set(args["places"]) == {"zone-b", "zone-x", "park-a"}
    assert any("没有边界" in note for note in args["legend"]["notes"])
    assert any("示意" in note for note in args["legend"]["notes"])


def test_a_conflict_is_told_in_the_legend_and_in_the_row() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 29.99),
        f.figure("2", "zone-a", 62.7, source_id="src-mirror"),
    )
    args = paint(facts, OUTLINES, view())
    assert "62.7" in args["values"]["zone-a"][4]
    assert any("不一致" in note for note in args["legend"]["notes"])


def test_the_printed_unit_is_told_where_it_differs() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 0.6, printed_value="6000", printed_unit="万元"),
        f.figure("2", "zone-b", 21.12, numerator=10.0, denominator=48.0, basis="count"),
    )
    args = paint(facts, OUTLINES, view())
    assert args["values"]["zone-a"][4] == "原文 6000 万元"
    assert "10 / 48" in args["values"]["zone-b"][4]


def test_the_key_changes_with_the_picture_and_not_with_the_selection() -> None:
    facts = zone_figures(zone_a=1.0, zone_b=2.0, zone_x=3.0)
    key = paint(facts, OUTLINES, view())["paint_key"]
    assert paint(facts, OUTLINES, view(selected="zone-b"))["paint_key"] == key
    for other in (
        {"k": 2},
        {"symbols": "area"},
        {"palette": "Blues"},
        {"lang": "en"},
        {"scheme": "equal_interval"},
    ):
        assert paint(facts, OUTLINES, view(**other))["paint_key"] != key
    assert paint(facts, Outlines(OUTLINES.precision, "2"), view())["paint_key"] != key


def test_117_counties_fit_into_8_kb() -> None:
    places = tuple(f.place(f"14{i:04d}", "county", name_zh=f"某某县{i}") for i in range(117))
    listed = [
        f.figure(f"d{i}", p.place_id, round(1000.123 * (i + 1), 2)) for i, p in enumerate(places)
    ]
    facts = f.facts(*listed, places=places)
    outlines = Outlines({p.place_id: "digitised" for p in places})
    args = paint(facts, outlines, view(level="county", scope="whole_county"))
    assert len(args["values"]) == 117
    assert len(orjson.dumps(args)) < 8000


def test_a_level_without_figures_is_an_empty_map() -> None:
    empty, messages = validate_view(f.facts(), {})
    args = paint(f.facts(), OUTLINES, empty)
    assert (args["values"], args["colours"], messages) == ({}, [], ())


def test_all_faults_of_a_view_come_as_one_error() -> None:
    facts = zone_figures(zone_a=1.0)
    with pytest.raises(ViewError, match="no such picture"):
        paint(facts, OUTLINES, view(period_key="1999"))
    with pytest.raises(ViewError, match="classes"):
        paint(facts, OUTLINES, view(k=40))
    with pytest.raises(ViewError, match="palette"):
        paint(facts, OUTLINES, view(palette="rainbow"))


def test_every_published_picture_can_be_painted_in_both_languages(published: Facts) -> None:
    outlines = Outlines({p.place_id: "digitised" for p in published.places})
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for level in LEVELS:
        for c in choices(published, level):
            shown = View(c.level, c.indicator_id, c.kind, c.period_key, c.scope)
            args = paint(published, outlines, shown)
            assert sum(row[0] >= 0 for row in args["values"].values()) == c.places
            assert len(orjson.dumps(args)) < 8000
            english = paint(published, outlines, replace(shown, lang="en"))
            legend, table = english["legend"], english["table"]
            said = [legend["title"], legend["subtitle"], legend["scheme"], legend["unit"]]
            said += [line["label"] for line in legend["classes"]]
            said += [table["unit"], table["period"], table["kind"]]
            assert not [s for s in said if chinese.search(s)]


# --- the strip -----------------------------------------------------------------------------------


def strip(facts: Facts, **more: Any) -> dict[str, Any]:
    return {c.key: c for c in key_figures(facts, picture(facts, OUTLINES, view(**more)))}


def test_the_strip_counts_sums_and_names_extremes() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 10.0),
        f.figure("2", "zone-b", 2.5, qualifier="at_least"),
        f.figure("3", "group-140000-zones", 99.0),
        f.figure("4", "group-140000-zones", 93.0, indicator_id="zone_count", unit="个"),
    )
    cells = strip(facts)
    assert cells["coverage"].value.startswith("2 / 4")
    assert cells["province"].value == "99 亿元"
    assert (cells["highest"].value, cells["highest"].place_id) == ("10 亿元", "zone-a")
    assert "甲区" in cells["highest"].note
    assert cells["lowest"].value == "≥2.5 亿元"
    assert cells["sum"].value == "≥12.5 亿元"
    assert "2 处" in cells["sum"].note
    assert cells["control"].value == "公布 93，在册 0"


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([("group-ab", 5.0), ("zone-a", 2.0)], "成员"),
        ([("group-ab", 5.0), ("park-a", 1.0)], "成员"),
        ([("zone-a", 5.0), ("park-a", 1.0)], "园区"),
    ],
)
def test_nothing_is_counted_twice(rows: list[tuple[str, float]], word: str) -> None:
    facts = f.facts(*(f.figure(p, p, v) for p, v in rows))
    cells = strip(facts)
    assert "sum" not in cells
    assert word in cells["no_sum"].note


def test_totals_of_cities_that_share_a_zone_are_not_added() -> None:
    facts = f.facts(
        f.figure("1", "group-140100-zones", 5.0), f.figure("2", "group-140200-zones", 6.0)
    )
    cells = strip(facts, level="city", scope="all_zones")
    assert "跨市区" in cells["no_sum"].note
    alone = f.facts(
        f.figure("1", "group-140100-zones", 5.0),
        f.figure("2", "group-140200-zones", 6.0),
        places=tuple(p for p in f.PLACES if p.place_id != "zone-x"),
    )
    assert strip(alone, level="city", scope="all_zones")["sum"].value == "11 亿元"


def test_rates_and_growth_are_never_added() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 50.0, indicator_id="rate", unit="%", kind="share"),
        f.figure("2", "zone-b", 60.0, indicator_id="rate", unit="%", kind="share"),
        f.figure("3", "zone-a", 5.0, unit="%", kind="yoy"),
        f.figure("4", "zone-b", 6.0, unit="%", kind="yoy"),
    )
    assert "no_sum" in strip(facts, indicator_id="rate", kind="share")
    assert "no_sum" in strip(facts, kind="yoy")
    figures = picture(facts, OUTLINES, view(kind="yoy")).figures
    assert why_no_sum(facts, figures, "en")


def test_a_single_figure_is_neither_highest_nor_a_sum() -> None:
    assert set(strip(zone_figures(zone_a=4.0))) == {"coverage", "province", "only"}


def test_the_control_total_counts_as_its_check_does_and_says_what_it_leaves_out() -> None:
    zone_a, zone_b = replace(f.ZONE_A, status="现有"), replace(f.ZONE_B, status="在建")
    others = (
        replace(f.ZONE_X, status="拟设立"),
        f.place("zone-former", "zone", status="前身", parent_id="zone-a"),
        f.place("zone-inner", "zone", status="现有", parent_id="zone-a"),
        f.place("zone-town", "zone", status="现有", tier="市县级"),
    )
    total = f.figure("1", "group-140000-zones", 93.0, indicator_id="zone_count", unit="个")
    few = (*(p for p in f.PLACES if p.level != "zone"), zone_a, zone_b)
    control = zone_control(f.facts(total, places=few), "zh")
    assert control is not None
    assert (control.value, control.note) == ("公布 93，在册 2", total.period.name("zh"))
    control = zone_control(f.facts(total, places=(*few, *others)), "zh")
    assert control is not None
    assert control.value == "公布 93，在册 2"
    assert control.note.endswith("；不计拟设、申报、前身等 2，区中区 1，市县级 1")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_published_control_total(published: Facts, lang: Lang) -> None:
    control = zone_control(published, lang)
    assert control is not None
    (check,) = [c for c in run_checks(published) if c.check_id == "control-zones-2023"]
    numbers = [int(n) for n in re.findall(r"\d+", control.value)]
    assert numbers == [check.expected, check.computed]
    zones = sum(place.level == "zone" for place in published.places)
    assert sum(zones_left_out(published).values()) == zones - numbers[1]
    assert len(re.findall(r"[\u4e00-\u9fff]", control.note)) <= 30
    assert zone_control(f.facts(), lang) is None


# --- the address ---------------------------------------------------------------------------------

ADDRESSED = f.facts(
    f.figure("1", "zone-a", 1.0),
    f.figure("2", "zone-b", 2.0),
    f.figure("3", "zone-a", 1.0, period=f.Q1),
    f.figure("4", "zone-a", 3.0, kind="yoy", unit="%"),
    f.figure("5", "140105", 8.0, indicator_id="land", unit="亩"),
    f.figure("6", "group-140100-zones", 8.0),
    f.figure("7", "140100", 80.0),
)

views = st.builds(
    View,
    level=st.just("zone"), indicator_id=st.just("output"),
    kind=st.just("actual"), period_key=st.sampled_from(["2023-H1", "2023-Q1"]),
    scope=st.just("zones"),
    scheme=st.sampled_from(["quantiles", "natural_breaks", "equal_interval", "head_tail"]),
    k=st.integers(2, 7),
    own_breaks=st.lists(st.integers(-10**7, 10**7), min_size=1, max_size=8, unique=True)
    .map(lambda b: tuple(n / 1000 for n in sorted(b))),
    palette=st.sampled_from(
        [None, *known_palettes(diverging=False), *known_palettes(diverging=True)]
    ),
    selected=st.sampled_from([None, "zone-a", "140000"]),
    symbols=st.sampled_from(["fixed", "area"]),
    lang=st.sampled_from(["zh", "en"]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(views)
def test_an_address_gives_the_same_view_back(shown: View) -> None:
    assert View.from_params(ADDRESSED, shown.to_params()) == (shown, ())


def test_own_breaks_travel_in_the_address() -> None:
    shown = view(scheme="own", own_breaks=(-5.0, 0.0, 12.5))
    assert shown.to_params()["breaks"] == "-5,0,12.5"
    assert View.from_params(ADDRESSED, shown.to_params()) == (shown, ())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("level", "moon"), ("i", "nothing"), ("kind", "guess"), ("p", "1999"),
        ("scope", "galaxy"), ("scheme", "best"), ("k", "1"), ("k", "99"), ("k", "²"), ("k", "five"),
        ("breaks", "3,1"), ("breaks", "a"), ("pal", "RdYlGn"), ("sel", "zone-nowhere"),
        ("sym", "huge"), ("lang", "fr"), ("i", "x" * 5000),
    ],
)  # fmt: skip
def test_a_bad_key_is_told_and_the_default_shown(key: str, value: str) -> None:
    good = {"level": "zone", "i": "output"}
    shown, messages = validate_view(ADDRESSED, good | {key: value})
    expected, nothing = validate_view(ADDRESSED, {k: v for k, v in good.items() if k != key})
    assert (shown, nothing) == (expected, ())
    assert len(messages) == 1
    assert value[:40] in messages[0]
    assert len(messages[0]) < 200
    paint(ADDRESSED, OUTLINES, shown)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(KEYS),
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(["zone", "county", "output", "yoy", "2023-H1", "whole_city"]),
            st.sampled_from(["own", "3", "1,2", "PuOr", "all_zones"]),
        ),
    )
)  # fmt: skip
def test_any_address_gives_a_view_that_can_be_painted(params: dict[str, str]) -> None:
    shown, _ = validate_view(ADDRESSED, params)
    args = paint(ADDRESSED, OUTLINES, shown)
    assert args["legend"]["title"]


def test_an_indicator_alone_finds_its_level() -> None:
    shown, messages = validate_view(ADDRESSED, {"i": "land"})
    assert (shown.level, shown.indicator_id, messages) == ("county", "land", ())


def test_an_indicator_of_another_level_is_explained() -> None:
    shown, messages = validate_view(ADDRESSED, {"level": "zone", "i": "land"})
    assert shown.indicator_id == "output"
    assert "land指标" in messages[0]


def test_messages_speak_the_views_language() -> None:
    _, messages = validate_view(ADDRESSED, {"lang": "en", "k": "99"})
    assert messages[0].startswith("The link")


def test_own_breaks_are_needed_for_own_classes() -> None:
    shown, messages = validate_view(ADDRESSED, {"scheme": "own"})
    assert (shown.scheme, len(messages)) == ("quantiles", 1)
