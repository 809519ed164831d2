"""An office's parcels and projects in the file of a place: sums, rates, rows and their sources."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import shapely
from factories import facts as make_facts
from factories import source
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.model import Source
from facts.parcels import STATES, StandardLandParcel
from facts.periods import Period
from facts.projects import Project
from geo.areas import area_m2
from layers.assess import dossier, find_proposal
from layers.atlas import Atlas
from layers.officerows import MOST_ROWS, repeated
from layers.placerecords import ParcelList, ProjectList
from layers.projectrates import ProjectRate, rate_of
from store.errors import BadFrameError
from store.officefigures import (
    PARCELS,
    SOURCES,
    add_parcels,
    add_projects,
    office_source,
    read_projects,
    row_prefix,
)
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
ZONE, OTHER = "zone-qingxu-jingkai", "zone-zhongbei-gaoxin"
WHO: dict[str, Any] = {"author": "王工", "message": "导入名单"}
H1 = Period(date(2023, 1, 1), date(2023, 6, 30), label="2023年上半年")
H2 = Period(date(2023, 7, 1), date(2023, 12, 31), label="2023年下半年")
OLD = office_source(title="一季度名单", published_on="2023-04", file="a.xlsx", sha256="aa" * 32)
NEW = office_source(title="三季度名单", published_on="2023-10", file="b.xlsx", sha256="bb" * 32)


def record(kind: Any, cells: dict[str, Any]) -> Any:
    """A record with these cells, all others unknown."""
    hints = get_type_hints(kind)
    empty = {f.name: None if type(None) in get_args(hints[f.name]) else "" for f in fields(kind)}
    return kind(**(empty | {"place_id": ZONE, "quality": "reported"} | cells))


def parcel(number: str, state: str = "granted", area_ha: float | None = 2.0, **more: Any) -> Any:
    cells = {"parcel_id": number, "name": f"地块{number}", "state": state, "area_ha": area_ha,
             "source_id": OLD.source_id, "locator": "Sheet1!A5"}  # fmt: skip
    return record(StandardLandParcel, cells | more)


def project(number: str, batch: str = "signed", money: float | None = 1.5, **more: Any) -> Any:
    cells = {"project_id": number, "name": f"项目{number}", "batch": batch, "round": "第一次",
             "period": H1, "total_investment_yi": money, "investment_qualifier": "exact",
             "source_id": OLD.source_id, "locator": "Sheet1!A5"}  # fmt: skip
    return record(Project, cells | more)


def put(workspace: Workspace, records: list[Any], of: Source = OLD, **more: Any) -> None:
    add = add_parcels if isinstance(records[0], StandardLandParcel) else add_projects
    add(workspace, records, facts=Atlas(workspace).facts, source=of, **WHO, **more)


def parcels_of(workspace: Workspace, lang: Any = "zh", place_id: str = ZONE) -> ParcelList:
    found = Atlas(workspace).place_file(place_id, lang).parcels
    assert found is not None
    return found


def projects_of(workspace: Workspace, lang: Any = "zh") -> ProjectList:
    found = Atlas(workspace).place_file(ZONE, lang).projects
    assert found is not None
    return found


# --- parcels -------------------------------------------------------------------------------------


def test_without_any_list_the_file_has_neither_section(workspace: Workspace) -> None:
    file = Atlas(workspace).place_file(ZONE, "zh")
    assert (file.parcels, file.projects) == (None, None)
    put(workspace, [parcel("A", place_id=OTHER)])
    file = Atlas(workspace).place_file(ZONE, "zh")
    assert (file.parcels, file.projects) == (None, None)


def test_states_are_summed_in_their_order_and_a_missing_area_is_no_zero(
    workspace: Workspace,
) -> None:
    put(workspace, [
        parcel("A", "started", 846.61 / 15), parcel("B", "granted", None),
        parcel("C", "granted", 1.5), parcel("D", "reserve", None), parcel("E", "granted", 2.25),
        parcel("F", "granted", 100.0, place_id=OTHER),
    ])  # fmt: skip
    found = parcels_of(workspace)
    assert [(s.name, s.count, s.without_area, s.ha, s.mu) for s in found.states] == [
        ("储备", 1, 1, "", ""), ("已出让", 3, 1, "3.75", "56.25"),
        ("开工", 1, 0, "56.4407", "846.61"),
    ]  # fmt: skip
    total = found.total
    assert (total.count, total.without_area, total.ha) == (5, 2, "60.1907")
    assert [row.name for row in found.rows] == ["地块D", "地块B", "地块C", "地块E", "地块A"]
    assert [row.ha for row in found.rows] == ["", "", "1.5", "2.25", "56.4407"]
    assert (found.count, found.outlines, found.repeated) == (5, 0, 0)


def test_a_parcel_is_shown_with_date_bounds_units_outline_and_where_it_stands(
    workspace: Workspace,
) -> None:
    one = parcel(
        "QX-01", "granted", 3.1234, granted_on="2023-04-06", started_on="2024-01",
        investment_wan_per_mu=300.0, tax_wan_per_mu=15.0, floor_area_ratio=1.0,
        building_percent=40.0, energy_tce_per_wan=0.5, emissions="达标", company="某某公司",
        use="工业用地", note="投资强度200-300",
    )  # fmt: skip
    box = shapely.box(112.5, 37.8, 112.51, 37.81)
    put(workspace, [one, parcel("QX-02", "reserve")], shapes={"QX-01": box})
    found = parcels_of(workspace)
    bare, row = found.rows
    assert (row.name, row.number, row.state, row.date) == (
        "地块QX-01", "QX-01", "已出让", "2023-04-06",
    )  # fmt: skip
    assert (row.ha, row.mu, row.outline, bare.outline) == ("3.1234", "46.851", True, False)
    assert row.controls == (
        "投资强度 ≥300 万元/亩", "亩均税收 ≥15 万元/亩·年", "容积率 ≥1", "建筑系数 ≥40%",
        "单位能耗 ≤0.5 吨标煤/万元", "排放标准 达标",
    )  # fmt: skip
    assert (row.company, row.use, row.note) == ("某某公司", "工业用地", "投资强度200-300")
    assert (row.source.title, row.source.locator) == ("一季度名单", "Sheet1!A5")
    assert (bare.date, bare.controls, found.outlines) == ("", (), 1)
    english = parcels_of(workspace, "en").rows[1]
    assert english.controls[0] == "Investment intensity ≥300 × 10,000 yuan/mu"
    assert english.controls[4] == "Energy per output ≤0.5 t of standard coal/10,000 yuan"


def test_a_parcel_that_two_lists_give_by_name_only_counts_once_as_the_newer_has_it(
    workspace: Workspace,
) -> None:
    old, new = row_prefix(OLD), row_prefix(NEW)
    put(workspace, [
        parcel(f"{new}1-5", "granted", 2.5, name="东区 一号", source_id=NEW.source_id),
        parcel("N-7", "granted", 4.0, name="同名地块", source_id=NEW.source_id),
    ], NEW)  # fmt: skip
    # Imported later, but published earlier.
    put(workspace, [
        parcel(f"{old}1-5", "reserve", 2.0, name="东区一号"), parcel("N-8", name="同名地块"),
        parcel(f"{old}1-6", "reserve", 7.0, name="西区"),
        parcel(f"{old}1-7", "reserve", 8.0, name="西区"),
        parcel(f"{old}1-8", "reserve", 1.0, name=f"{old}1-8"),
    ])  # fmt: skip
    found = parcels_of(workspace)
    assert [(s.name, s.count, s.ha) for s in found.states] == [
        ("储备", 3, "16"), ("已出让", 3, "8.5"),
    ]  # fmt: skip
    assert found.repeated == 1
    assert [row.ha for row in found.rows if not row.counted] == ["2"]
    assert [(row.name, row.number) for row in found.rows if row.ha == "1"] == [
        ("未写名称的宗地", "")
    ]  # fmt: skip
    # Without the newer list, what it hid counts.
    workspace.withdraw(PARCELS, author="王工", message="撤回")
    assert Atlas(workspace).place_file(ZONE, "zh").parcels is None
    put(workspace, [parcel(f"{old}1-5", "reserve", 2.0, name="东区一号")])
    assert (parcels_of(workspace).total.count, parcels_of(workspace).repeated) == (1, 0)


def test_a_long_list_shows_its_first_rows_and_counts_all(workspace: Workspace) -> None:
    put(workspace, [parcel(f"N{n}", area_ha=0.1) for n in range(MOST_ROWS + 7)])
    put(workspace, [project(f"P{n}") for n in range(MOST_ROWS + 3)])
    found = parcels_of(workspace)
    assert (len(found.rows), found.count, found.total.ha) == (MOST_ROWS, MOST_ROWS + 7, "5.7")
    listed = projects_of(workspace)
    assert (len(listed.rows), listed.count) == (MOST_ROWS, MOST_ROWS + 3)
    (only,) = listed.rounds
    assert only.batches[0] is not None and only.batches[0].count == MOST_ROWS + 3
    assert listed.total == ()


def test_a_list_whose_source_was_withdrawn_is_still_shown_and_says_so(
    workspace: Workspace,
) -> None:
    put(workspace, [parcel("A")])
    workspace.withdraw(SOURCES, author="王工", message="撤回来源")
    (row,) = parcels_of(workspace).rows
    assert row.source.title == f"来源已撤回（{OLD.source_id}）"
    assert row.source.locator == "Sheet1!A5"


def test_older_versions_show_what_was_on_file_then(workspace: Workspace) -> None:
    put(workspace, [parcel("A")])
    before = Atlas(workspace)
    put(workspace, [parcel("B")])
    put(workspace, [project("P")])
    then, now = before.place_file(ZONE, "zh"), Atlas(workspace).place_file(ZONE, "zh")
    assert then.parcels is not None and now.parcels is not None
    assert (then.parcels.count, then.projects) == (1, None)
    assert now.parcels.count == 2 and now.projects is not None


areas = st.none() | st.floats(0.0001, 500.0).map(lambda ha: round(ha, 4))


@given(st.lists(st.tuples(st.sampled_from(STATES), areas, st.booleans()), max_size=12))
@settings(max_examples=80, deadline=None)
def test_every_parcel_counts_in_one_list_only_and_numbered_ones_always(cells: Any) -> None:
    records = [
        parcel(
            f"N{at}" if ha is None else f"{row_prefix(NEW if newer else OLD)}1-{at}", state, ha,
            name=state, source_id=(NEW if newer else OLD).source_id,
        )
        for at, (state, ha, newer) in enumerate(cells)
    ]  # fmt: skip
    listed = make_facts(sources=(OLD, NEW))
    ids = [r.parcel_id for r in records]
    again = repeated(listed, records, ids, [""] * len(ids))
    for state in STATES:
        inside = [at for at, r in enumerate(records) if r.name == state]
        kept = {records[at].source_id for at in inside if at not in again}
        lists = {records[at].source_id for at in inside}
        if all(ids[at].startswith("N") for at in inside):
            assert not again & set(inside)
        elif lists:
            assert kept == {max(lists, key=lambda s: s == NEW.source_id)}


def test_what_is_only_said_about_an_area_is_shown_with_it(workspace: Workspace) -> None:
    put(workspace, [
        parcel("A", area_ha=2.0, area_qualifier="at_least"),
        parcel("B", area_ha=1.0, area_qualifier="exact"),
    ])  # fmt: skip
    found = parcels_of(workspace)
    assert {row.number or row.name: row.ha for row in found.rows} == {"A": "≥2", "B": "1"}
    assert (found.total.ha, found.total.mu) == ("≥3", "≥45")


def test_a_number_is_shown_as_it_was_printed(workspace: Workspace) -> None:
    put(workspace, [parcel(f"{ZONE}/7", name="北地块"), parcel("office-x-1-2", name="南地块")])
    assert {row.name: row.number for row in parcels_of(workspace).rows} == {
        "北地块": "7", "南地块": "",
    }  # fmt: skip
    put(workspace, [project(f"{ZONE}/P1")])
    assert projects_of(workspace).rows[0].code == "P1"


# --- projects ------------------------------------------------------------------------------------


def test_batches_are_counted_by_round_with_their_investment_and_never_added(
    workspace: Workspace,
) -> None:
    put(workspace, [
        project("P1", money=0.1), project("P2", money=0.2), project("P3", money=None),
        project("P4", "started", 3.0, investment_qualifier="at_least"),
        project("P5", "started", 1.0), project("P6", "production", None),
        project("P7", "", 9.0), project("P8", round="第三次", period=H2, money=5.0),
    ])  # fmt: skip
    found = projects_of(workspace)
    later, first = found.rounds
    assert (later.name, later.period, first.name) == ("第三次", "2023年下半年", "第一次")
    assert [b and (b.count, b.without_investment, b.investment) for b in first.batches] == [
        (3, 1, "0.3 亿元"), (2, 0, "≥4 亿元"), (1, 1, ""), (1, 0, "9 亿元"),
    ]  # fmt: skip
    assert [b and b.count for b in later.batches] == [1, None, None, None]
    assert [b and (b.count, b.investment) for b in found.total] == [
        (4, "5.3 亿元"), (2, "≥4 亿元"), (1, ""), (1, "9 亿元"),
    ]  # fmt: skip
    assert [row.code for row in found.rows] == ["P8", "P1", "P2", "P3", "P4", "P5", "P6", "P7"]
    assert [row.batch for row in found.rows][-3:] == ["开工", "投产", "未写批次"]


def test_a_project_of_several_rounds_counts_once_in_the_total_of_its_batch(
    workspace: Workspace,
) -> None:
    old, new = row_prefix(OLD), row_prefix(NEW)
    put(workspace, [
        project(f"{old}1-5", money=2.0, name="甲项目"), project(f"{old}1-6", money=4.0),
        project(f"{old}1-7", "started", 2.0, name="甲项目"),
    ])  # fmt: skip
    put(workspace, [
        project(f"{new}1-5", money=3.0, name="甲 项目", round="第三次", period=H2,
                source_id=NEW.source_id),
        project(f"{new}1-6", money=4.5, name=f"项目{old}1-6", source_id=NEW.source_id),
    ], NEW)  # fmt: skip
    found = projects_of(workspace)
    later, first = found.rounds
    assert first.batches[0] is not None and later.batches[0] is not None
    # The newer list gives one project of the first round again.
    assert (first.batches[0].count, first.batches[0].investment) == (2, "6.5 亿元")
    assert (later.batches[0].count, found.repeated) == (1, 1)
    assert [b and (b.count, b.investment) for b in found.total[:2]] == [
        (2, "7.5 亿元"), (1, "2 亿元"),
    ]  # fmt: skip


def test_a_project_is_shown_with_its_figures_dates_and_where_it_stands(
    workspace: Workspace,
) -> None:
    put(workspace, [
        project(
            "2304-01", "started", 12.5, investment_qualifier="approx", expected_output_yi=20.0,
            land_mu=80.0, industry="装备制造", company="某某公司", status="在建",
            signed_on="2022-12-01", started_on="2023-03",
        ),
        project(f"{row_prefix(OLD)}1-9", "started", None, round="", period=None),
    ])  # fmt: skip
    row, bare = projects_of(workspace).rows
    assert (row.code, row.batch, row.round) == ("2304-01", "开工", "第一次")
    assert (row.investment, row.output, row.land) == ("≈12.5", "20", "80")
    assert (row.company, row.industry, row.status) == ("某某公司", "装备制造", "在建")
    assert row.dates == ("签约 2022-12-01", "开工 2023-03")
    assert (row.source.title, row.source.locator) == ("一季度名单", "Sheet1!A5")
    assert (bare.code, bare.round, bare.investment, bare.land) == ("", "", "", "")
    assert projects_of(workspace, "en").rows[0].batch == "started"


def test_the_start_rate_is_of_the_signed_batch_not_one_batch_against_the_other(
    workspace: Workspace,
) -> None:
    put(workspace, [
        project("P1", status="已开工"), project("P2", status="未开工"),
        project("P3", status="签约"), project("P4", "started", status="在建"),
        project("P5", "started", status="在建"),
    ])  # fmt: skip
    (only,) = projects_of(workspace).rounds
    assert only.start_rate is not None and only.production_rate is not None
    assert only.start_rate.share == "33.33%"
    assert only.start_rate.made_of == "按项目数：签约 3 个中已开工 1 个"
    assert only.production_rate.share == "0%"


def test_projects_without_round_and_period_are_counted_but_have_no_rate(
    workspace: Workspace,
) -> None:
    put(workspace, [
        project("P1", status="已开工", round="", period=None),
        project("P2", status="已开工", round=""),
    ])  # fmt: skip
    dated, loose = projects_of(workspace).rounds
    assert (dated.name, dated.period, loose.name) == ("2023年上半年", "", "未写场次")
    assert dated.start_rate is not None and dated.start_rate.share == "100%"
    assert loose.batches[0] is not None and loose.start_rate is None


def test_a_list_that_does_not_say_of_all_gives_a_lower_bound_rounded_down(
    workspace: Workspace,
) -> None:
    put(workspace, [
        project("P1", status="开工"), project("P2", started_on="2023-03"), project("P3"),
        # After the list was published: a plan.
        project("P4", "started", started_on="2023-03", producing_on="2023-11"),
    ])  # fmt: skip
    (only,) = projects_of(workspace).rounds
    assert only.start_rate is not None
    assert (only.start_rate.share, only.production_rate) == ("≥66.66%", None)
    assert "1 个未写明" in only.start_rate.made_of
    english = projects_of(workspace, "en").rounds[0].start_rate
    assert english is not None
    assert english.made_of == "by number: 2 of 3 signed have started, 1 not stated"


@pytest.mark.parametrize(
    ("status", "rate"),
    [
        ("已开工", (1, 1, 0)), ("在建", (1, 1, 0)), ("竣工", (1, 1, 0)), ("已投产", (1, 1, 0)),
        ("未投产", None), ("尚未开工", (0, 1, 0)), ("前期手续", (0, 1, 0)), ("已签约", (0, 1, 0)),
        ("土地平整", None), ("", None), ("力争年底前开工", None), ("推进中", None),
    ],
)  # fmt: skip
def test_progress_in_words_counts_only_where_it_is_certain(
    status: str, rate: tuple[int, int, int] | None
) -> None:
    found = rate_of(make_facts(), [project("P1", status=status)], "signed")
    assert found == (ProjectRate(*rate) if rate else None)


def test_a_name_in_the_started_batch_of_the_same_round_has_started() -> None:
    prefix = row_prefix(OLD)
    signed = project(f"{prefix}1-5", name="甲项目")
    started = project(f"{prefix}1-9", "started", name="甲 项目")
    other = project(f"{prefix}1-10", "production", name="乙项目")
    assert rate_of(make_facts(), [signed], "signed") is None
    assert rate_of(make_facts(), [signed, started, other], "signed") == ProjectRate(1, 1, 0)
    assert rate_of(make_facts(), [started, other], "signed") is None
    assert rate_of(make_facts(), [started, replace(other, name="甲项目")], "started") == (
        ProjectRate(1, 1, 0)
    )
    # Two projects with numbers of their own are two, whatever they are called.
    numbered = [replace(signed, project_id="1"), replace(started, project_id="2")]
    assert rate_of(make_facts(), numbered, "signed") is None


@pytest.mark.parametrize(
    ("published_on", "started_on", "started"),
    [
        ("2023-06-30", "2023-06", True), ("2023-06", "2023-06-15", True), ("2023", "2023-12", True),
        ("2023-06-30", "2023-07", False), ("2023-06", "2023-07-01", False),
        ("", "2023-06-30", True), ("", "2023-07-01", False),
    ],
)  # fmt: skip
def test_a_date_after_the_list_was_written_is_a_plan(
    published_on: str, started_on: str, started: bool
) -> None:
    listed = make_facts(sources=(source("src-list", published_on=published_on),))
    one = project("P1", started_on=started_on, source_id="src-list")
    assert (rate_of(listed, [one], "signed") is not None) is started
    if not published_on:
        undated = replace(one, period=None)
        assert rate_of(listed, [undated], "signed") is None


stages = st.sampled_from(["signed", "started", "production", ""])
words = st.sampled_from(["", "已开工", "未开工", "投产", "前期", "不详"])


@given(st.lists(st.tuples(stages, words), max_size=10))
@settings(max_examples=100, deadline=None)
def test_a_rate_never_passes_one_and_its_parts_add_up_to_the_batch(cells: Any) -> None:
    projects = [project(f"P{n}", batch, status=said) for n, (batch, said) in enumerate(cells)]
    for batch in ("signed", "started"):
        rate = rate_of(make_facts(), projects, batch)
        count = sum(p.batch == batch for p in projects)
        if rate is None:
            continue
        assert rate.denominator == count and 0 <= rate.share <= 1
        assert rate.numerator + rate.unknown <= count
        assert rate.numerator or not rate.unknown


# --- what else reads them ------------------------------------------------------------------------


def test_a_proposal_counts_the_parcels_in_its_land_and_no_project_without_a_place(
    workspace: Workspace,
) -> None:
    land = find_proposal(Atlas(workspace), "zhongbei-expand.A").land_in
    assert land is not None
    inside = land.representative_point().buffer(0.001)
    far = shapely.box(113.5, 36.0, 113.51, 36.01)
    put(workspace, [parcel("IN"), parcel("OUT"), parcel("NONE")], shapes={"IN": inside, "OUT": far})
    put(workspace, [project("P1")])
    found = dossier(Atlas(workspace), "zhongbei-expand.A", lang="zh").measures
    assert found["parcels"].value == 1
    assert found["parcels_ha"].value == pytest.approx(float(area_m2([inside])[0]) / 1e4)
    assert found["projects"].value is None
    assert found["projects"].missing


def test_a_project_stands_in_several_batches_and_rounds(workspace: Workspace) -> None:
    rows = [project("P1"), project("P1", "started"), project("P1", "started", round="第二次")]
    put(workspace, rows)
    put(workspace, [project("P1", "started", 2.5, round="第二次", source_id=NEW.source_id)], NEW)
    kept = {one.key: one.total_investment_yi for one in read_projects(workspace)}
    assert kept == {
        (f"{ZONE}/P1", "signed", "第一次"): 1.5, (f"{ZONE}/P1", "started", "第一次"): 1.5,
        (f"{ZONE}/P1", "started", "第二次"): 2.5,
    }  # fmt: skip
    with pytest.raises(BadFrameError):
        put(workspace, [project("P2"), project("P2", money=9.0)])
