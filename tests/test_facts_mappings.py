"""Mappings of tables: kept as JSON, remembered for the next table of the same form."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.drafts import suggest
from facts.figuretables import to_observations
from facts.grids import parse_csv
from facts.load import load_facts
from facts.mappings import (
    SKIP,
    ColumnMapping,
    Mapping,
    MappingError,
    SourceNote,
    merge,
    signature,
    without_subject,
)
from facts.matching import Matcher
from facts.model import Facts
from facts.periods import Period
from facts.tableforms import TableForm, recognise

DATA = Path(__file__).resolve().parents[1] / "data" / "facts"
H1 = Period(date(2023, 1, 1), date(2023, 6, 30), label="2023年上半年")
FIRST = "2023年上半年指标,,\n开发区,区税,工业投资\n清徐开发,5,1\n"
SECOND = "2023年指标,,\n开发区,区税,工业投资\n清徐开发,6,2\n阳曲开发,7,3\n"


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts(DATA)


@pytest.fixture(scope="module")
def matcher(facts) -> Matcher:
    return Matcher(facts)


def form_of(text: str) -> TableForm:
    return recognise(parse_csv(text.encode()))


def decided(form: TableForm, matcher: Matcher) -> Mapping:
    """What somebody answers to the questions of the first table."""
    mapping = suggest(form, matcher).mapping
    _place, tax, investment = mapping.columns
    mapping = mapping.with_column(
        replace(tax, role="value", indicator_id="tax_revenue", kind="actual", unit="万元")
    ).with_column(replace(investment, unit="亿元"))
    return replace(
        mapping, places={"清徐开发": "zone-qingxu-jingkai"},
        source=SourceNote("开发区月报", "市商务局", "2023-07-05"),
    )  # fmt: skip


def test_the_signature_is_that_of_the_form_not_of_the_figures_or_the_period() -> None:
    assert signature(form_of(FIRST)) == signature(form_of(SECOND))
    for other in (FIRST.replace("区税", "税收"), FIRST.replace("区税", "区税（亿元）")):
        assert signature(form_of(other)) != signature(form_of(FIRST))


def test_a_remembered_mapping_answers_the_same_questions_again(matcher) -> None:
    first = form_of(FIRST)
    assert [q.kind for q in suggest(first, matcher).questions] == ["column", "unit", "place"]
    remembered = Mapping.from_json(json.loads(json.dumps(decided(first, matcher).to_json())))
    assert suggest(first, matcher, remembered=remembered).questions == ()
    second = form_of(SECOND)
    draft = suggest(second, matcher, remembered=remembered)
    assert [(q.kind, q.key) for q in draft.questions] == [("place", "阳曲开发")]
    figures = to_observations(
        second, draft.mapping, matcher.facts, source_id="s", row_prefix="p-"
    ).observations
    assert [(o.indicator_id, o.value, o.period.key) for o in figures] == [
        ("tax_revenue", 0.0006, "2023"), ("industrial_investment", 2.0, "2023"),
    ]  # fmt: skip


def test_neither_the_period_nor_the_day_of_publication_is_remembered(matcher) -> None:
    first = form_of(FIRST)
    without = form_of(SECOND.replace("2023年指标", "指标"))
    draft = suggest(without, matcher, remembered=replace(decided(first, matcher), period=H1))
    assert draft.mapping.period is None
    assert ("period", "") in [(q.kind, q.key) for q in draft.questions]
    assert draft.mapping.source == SourceNote("开发区月报", "市商务局", "")


def test_what_is_printed_goes_before_what_is_remembered(matcher) -> None:
    remembered = decided(form_of(FIRST), matcher)
    fresh = suggest(form_of(FIRST), matcher).mapping
    columns = tuple(replace(c, unit="亿元") if c.index == 1 else c for c in fresh.columns)
    assert merge(remembered, replace(fresh, columns=columns)).column(1).unit == "亿元"


def test_a_table_of_another_form_takes_over_the_names_only(matcher) -> None:
    remembered = decided(form_of(FIRST), matcher)
    other = form_of("2023年,\n开发区,税收（亿元）\n清徐开发,5\n")
    draft = suggest(other, matcher, remembered=remembered)
    assert draft.questions == ()
    assert draft.mapping.columns == suggest(other, matcher).mapping.columns
    assert draft.mapping.source == SourceNote()


def test_columns_that_moved_keep_their_parts_of_rates(matcher) -> None:
    text = (
        "{},开发区,签约一批项目数（个）,签约一批已开工项目数（个）,开工率（%）\n"
        "{},清徐经开区,50,46,92\n"
    )
    old = suggest(form_of(text.format("序号", 1)), matcher).mapping
    rate = old.column(4)
    assert (rate.numerator, rate.denominator, rate.basis) == (3, 2, "count")
    moved = [replace(c, index=c.index + 3) for c in old.columns]
    fresh = replace(old, columns=tuple(replace(c, numerator=None) for c in moved))
    merged = merge(old, fresh)
    assert (merged.column(7).numerator, merged.column(7).denominator) == (6, 5)


def test_what_the_dictionary_no_longer_has_is_asked_again(matcher) -> None:
    first = form_of(FIRST)
    gone = decided(first, matcher)
    tax = replace(gone.column(1), indicator_id="no_longer")
    gone = replace(gone.with_column(tax), places={"清徐开发": "zone-gone", "别处": SKIP})
    draft = suggest(first, matcher, remembered=gone)
    assert [q.kind for q in draft.questions] == ["column", "place"]
    assert draft.mapping.places == {"别处": SKIP}


@pytest.mark.parametrize(
    "data",
    [None, [], {}, "x", 5, {"version": 2}, {"version": 1, "columns": []}],
)
def test_other_json_is_refused_in_words(data) -> None:
    with pytest.raises(MappingError, match="/"):
        Mapping.from_json(data)


def test_damaged_fields_are_refused(matcher) -> None:
    good = decided(form_of(FIRST), matcher).to_json()
    column = good["columns"][1]
    for damage in (
        {"table": "x"}, {"columns": [{**column, "role": "x"}]}, {"places": {"a": 5}},
        {"columns": [{**column, "index": -1}]}, {"period": {"start": "2023-13-01"}},
        {"columns": [{**column, "index": True}]}, {"indicators": {"a": ["b", "x"]}},
        {"places": {"x" * 600: "y"}}, {"source": {"title": 5}}, {"source": {"other": "x"}},
        {"period": {"start": None, "end": None, "as_of": None, "label": ""}},
    ):  # fmt: skip
        with pytest.raises(MappingError):
            Mapping.from_json(good | damage)


days = st.dates(date(1950, 1, 1), date(2099, 12, 31))
periods = st.one_of(
    st.none(), days.map(lambda day: Period(None, None, day, "x")), st.just(H1),
)  # fmt: skip
names = st.text(max_size=20)
columns = st.builds(
    ColumnMapping, index=st.integers(0, 99), label=names, indicator_id=names, unit=names,
    role=st.sampled_from(["", "skip", "place", "value", "field"]), place_id=names, period=periods,
    kind=st.sampled_from(["", "actual", "yoy"]), relative=st.sampled_from(["", "year_before"]),
    basis=st.sampled_from(["", "count"]), numerator=st.none() | st.integers(0, 9), name=names,
)  # fmt: skip


@given(
    mapping=st.builds(
        Mapping, signature=names, table=st.sampled_from(["figures", "parcels", "projects"]),
        columns=st.lists(columns, max_size=4).map(tuple), places=st.dictionaries(names, names),
        indicators=st.dictionaries(names, st.tuples(names, st.just("actual"))), period=periods,
        fill_down=st.booleans(), source=st.builds(SourceNote, names, names, names), stage=names,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_mapping_comes_back_from_its_json(mapping) -> None:
    assert Mapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping


def test_whose_table_it_is_and_its_state_are_asked_each_time(matcher) -> None:
    text = "{}年主要指标,,\n指标,数值,单位\n地区生产总值,{},亿元\n"
    first = suggest(form_of(text.format(2023, 100)), matcher)
    assert [q.kind for q in first.questions] == ["default_place"]
    answered = replace(first.mapping, place_id="zone-qingxu-jingkai", stage="x", period=H1)
    other = suggest(form_of(text.format(2022, 999)), matcher, remembered=answered)
    assert [q.kind for q in other.questions] == ["default_place"]
    assert (other.mapping.place_id, other.mapping.stage) == ("", "")


def test_a_table_of_targets_has_a_signature_of_its_own() -> None:
    heads = ",\n开发区,税收（万元）\n甲开发区,5\n"
    plan, done = form_of(f"2024年目标任务{heads}"), form_of(f"2024年主要指标{heads}")
    assert signature(plan) != signature(done)


def test_what_a_table_was_about_can_be_left_behind(matcher) -> None:
    about = replace(decided(form_of(FIRST), matcher), place_id="zone-qingxu-jingkai", stage="x")
    bare = without_subject(about)
    assert (bare.place_id, bare.stage, bare.source) == ("", "", SourceNote())
    assert (bare.columns, bare.places) == (about.columns, about.places)
