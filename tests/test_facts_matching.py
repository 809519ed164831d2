"""Printed words and what they mean: exact is settled, similar is asked, unknown is listed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.load import load_facts
from facts.matching import Matcher
from facts.model import Facts
from facts.placematch import is_area

DATA = Path(__file__).resolve().parents[1] / "data" / "facts"


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts(DATA)


@pytest.fixture(scope="module")
def matcher(facts) -> Matcher:
    return Matcher(facts)


@pytest.mark.parametrize(
    ("label", "unit", "indicator", "kind"),
    [
        ("规上工业增加值", "亿元", "above_scale_value_added", "actual"),
        ("规模以上工业增加值同比增长", "%", "above_scale_value_added", "yoy"),
        ("工业投资", "万元", "industrial_investment", "actual"),
        ("工业投资同比", "", "industrial_investment", "yoy"),
        ("工业投资占全市比重", "%", "industrial_investment", "share"),
        ("固投累计", "亿元", "fixed_asset_investment", "cumulative"),
        ("招商引资签约额目标", "亿元", "promotion_signed_investment", "target"),
        ("GDP", "亿元", "regional_gdp", "actual"),
        ("税收收入", "亿元", "tax_revenue", "actual"),
        ("规上工业企业数量", "家", "above_scale_industrial_firms", "actual"),
        ("开工率", "%", "start_rate", "actual"),
        ("签约一批计划总投资", "亿元", "signed_batch_investment", "target"),
        ("标准地出让面积", "亩", "standard_land_area", "actual"),
        ("工业投资本期", "亿元", "industrial_investment", "actual"),
    ],
)
def test_names_of_the_dictionary_and_of_sources_on_file_are_settled(
    label, unit, indicator, kind, matcher
) -> None:
    match = matcher.indicator(label, unit=unit)
    assert match.settled
    assert (match.suggestions[0].target_id, match.suggestions[0].kind) == (indicator, kind)
    assert match.suggestions[0].reason_zh
    assert match.suggestions[0].reason_en


@pytest.mark.parametrize("labels", [("签约一批", "项目数"), ("项目数", "签约一批")])
def test_heads_in_two_rows_are_read_together(labels, matcher) -> None:
    match = matcher.indicator("".join(labels), unit="个", labels=labels)
    assert match.settled
    assert match.suggestions[0].target_id == "signed_batch_projects"


def test_what_was_printed_for_two_indicators_is_asked(matcher) -> None:
    match = matcher.indicator("项目总投资", unit="亿元")
    assert not match.settled
    assert {s.target_id for s in match.suggestions} >= {
        "miit_key_projects_investment", "park_projects_investment",
    }  # fmt: skip


def test_similar_names_are_suggested_and_never_settled(matcher) -> None:
    match = matcher.indicator("入驻企业", unit="家")
    assert not match.settled
    assert match.suggestions[0].target_id == "resident_firms"
    assert "相近" in match.suggestions[0].reason_zh


def test_a_unit_that_does_not_fit_keeps_a_name_from_being_settled(matcher) -> None:
    match = matcher.indicator("工业总产值", unit="亩")
    assert not match.settled
    assert "不符" in match.suggestions[0].reason_zh


def test_a_head_of_growth_alone_follows_the_column_before_it(matcher) -> None:
    match = matcher.indicator("同比±", unit="%")
    assert (match.settled, match.follows, match.kind) == (False, True, "yoy")


def test_a_word_that_means_nothing_gets_no_suggestion(matcher) -> None:
    assert matcher.indicator("随便").suggestions == ()


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("清徐经济开发区", "zone-qingxu-jingkai"),
        ("清徐 经开区", "zone-qingxu-jingkai"),
        ("太原市清徐经济开发区", "zone-qingxu-jingkai"),
        ("山西省太原市清徐县清徐经开区", "zone-qingxu-jingkai"),
        ("中北高新技术产业开发区", "zone-zhongbei-gaoxin"),
        ("古交经济开发区（拟）", "zone-gujiao-jingkai"),
        ("太原市开发区", "group-140100-zones"),
    ],
)
def test_names_aliases_and_names_with_their_city_in_front_are_exact(name, place, matcher) -> None:
    match = matcher.place(name)
    assert match.status == "exact"
    assert match.settled
    assert match.suggestions[0].target_id == place


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("大同经开", "zone-datong-jingkai"),
        ("介休经济开发区", "zone-jiexiu-jingkai"),
        ("阳曲现代农业示范区", "zone-yangqu-nongye"),
        ("晋中市榆社经济技术开发区", "zone-yushe-jingkai"),
        ("盐湖高新技术产业开发区", "zone-yanhu-gaoxin"),
        ("大同市清徐经济开发区", "zone-qingxu-jingkai"),
    ],
)
def test_similar_names_are_asked_and_the_right_one_stands_first(name, place, matcher) -> None:
    match = matcher.place(name)
    assert match.status == "similar"
    assert not match.settled
    assert match.suggestions[0].target_id == place


def test_a_name_of_two_counties_is_ambiguous_unless_the_city_is_known(matcher) -> None:
    assert matcher.place("城区").status == "ambiguous"
    match = matcher.place("城区", host="140300")
    assert match.status == "exact"
    assert match.suggestions[0].target_id == "140302"


def test_unknown_names_stay_unknown(matcher) -> None:
    for name in ("张三李四", "XX开发区", "", "=cmd|' /C calc'!A0", "<script>alert(1)</script>"):
        assert matcher.place(name).status in ("unknown", "similar")
        assert not matcher.place(name).settled


def test_a_city_among_zones_may_mean_its_zones_and_is_asked(matcher) -> None:
    city, zone = matcher.places(["太原市", "清徐经开区"])
    assert city.status == "ambiguous"
    assert [s.target_id for s in city.suggestions] == ["group-140100-zones", "140100"]
    assert zone.settled
    assert matcher.places(["太原市", "大同市"])[0].settled
    assert not matcher.places(["太原市", "大同市"], about_zones=True)[0].settled


def test_every_name_on_file_is_found_and_no_name_leads_elsewhere(facts, matcher) -> None:
    for place in facts.places:
        for name in (place.name_zh, *place.aliases):
            match = matcher.place(name)
            assert match.status in ("exact", "ambiguous"), name
            assert place.place_id in {s.target_id for s in match.suggestions}, name


def test_every_indicator_is_settled_by_its_own_name_and_unit(facts, matcher) -> None:
    for indicator in facts.indicators:
        match = matcher.indicator(indicator.name_zh, unit=indicator.unit)
        assert match.settled, indicator.name_zh
        assert match.suggestions[0].target_id == indicator.indicator_id
        assert match.suggestions[0].kind in ("actual", "target", "cumulative")


@given(name=st.text(max_size=30), unit=st.sampled_from(["", "亿元", "个", "%", "x"]))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_suggestions_within_bounds(name, unit, matcher) -> None:
    for suggestion in (
        *matcher.place(name).suggestions,
        *matcher.indicator(name, unit=unit).suggestions,
    ):
        assert 0 <= suggestion.score <= 100


def test_what_calls_itself_a_zone_is_never_taken_for_a_city_or_county(matcher, facts) -> None:
    (match,) = matcher.places(["介休开发区"], about_zones=True)
    assert not match.settled
    assert match.suggestions[0].target_id == "zone-jiexiu-jingkai"
    for name in ("介休开发区", "平遥产业示范区", "寿阳县工业园区", "榆次片区"):
        found = matcher.place(name).suggestions
        assert not any(is_area(facts.place(s.target_id)) for s in found), name


def test_in_a_table_of_zones_similar_zones_come_before_cities_and_counties(matcher, facts) -> None:
    for name in ("介休新城", "太谷工业新城", "和顺新区"):
        (match,) = matcher.places([name], about_zones=True)
        areas = [is_area(facts.place(s.target_id)) for s in match.suggestions]
        assert areas == sorted(areas), name
    assert any(is_area(facts.place(s.target_id)) for s in matcher.place("介休新城").suggestions)
