"""Tables of standard land parcels, as offices keep them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from facts.drafts import questions, suggest
from facts.grids import Grid, parse_csv, read_grids
from facts.load import load_facts
from facts.matching import Matcher
from facts.parcels import STATES, ParcelImport, to_parcels
from facts.recordfields import PARCEL_FIELDS, fields_of, stage_of, table_kind
from facts.tableforms import recognise
from store import standard_land
from tests.workbook_files import FORMATS, xlsx

DATA = Path(__file__).resolve().parents[1] / "data" / "facts"
HEAD = (
    "序号,宗地编号,地块位置,所属开发区,用地面积（亩）,投资强度（万元/亩）,亩均税收（万元/亩·年）,容积率,"
    "建筑系数（%）,单位能耗（吨标准煤/万元）,受让人,状态,成交时间\n"
)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(load_facts(DATA))


def read(grid: Grid | str, matcher: Matcher, **changes) -> tuple[ParcelImport, list[str]]:
    """What the table gives with the mapping suggested for it, and the questions left."""
    form = recognise(parse_csv(grid.encode()) if isinstance(grid, str) else grid)
    mapping = replace(suggest(form, matcher).mapping, **changes)
    assert mapping.table == "parcels"
    asked = [question.kind for question in questions(form, mapping, matcher)]
    return (
        to_parcels(form, mapping, matcher.facts, source_id="office-src", row_prefix="office-p-"),
        asked,
    )


def test_a_table_of_parcels_in_an_office_s_own_words(matcher) -> None:
    result, asked = read(
        "太原市标准地出让情况表,,,,,,,,,,,,\n" + HEAD
        + "1,2023-01,阳兴大道以东,清徐经济开发区,846.61,≥300,15,≥1.0,40,0.5,甲公司,成交,2023年6月\n"
        ",合计,,,846.61,,,,,,,,\n",
        matcher,
    )  # fmt: skip
    assert asked == []
    assert result.faults == []
    assert result.warnings == []
    (parcel,) = result.parcels
    assert (parcel.number, parcel.name) == ("2023-01", "阳兴大道以东")
    assert parcel.parcel_id == "zone-qingxu-jingkai/2023-01"
    assert (parcel.place_id, parcel.state) == ("zone-qingxu-jingkai", "granted")
    assert parcel.area_ha == pytest.approx(56.4406667, abs=1e-6)
    assert (parcel.printed_area, parcel.printed_area_unit) == ("846.61", "亩")
    assert (parcel.investment_wan_per_mu, parcel.tax_wan_per_mu) == (300.0, 15.0)
    assert (parcel.floor_area_ratio, parcel.building_percent) == (1.0, 40.0)
    assert parcel.energy_tce_per_wan == 0.5
    assert (parcel.company, parcel.granted_on) == ("甲公司", "2023-06")
    assert (parcel.locator, parcel.source_id) == ("A3", "office-src")


def test_intensities_per_hectare_are_turned_into_those_per_mu(matcher) -> None:
    text = (
        "宗地编号,开发区,面积（公顷）,投资强度（万元/公顷）,亩均税收（万元/公顷）,状态\n"
        "1,清徐经开区,2,4500,225,储备\n"
    )
    (parcel,) = read(text, matcher)[0].parcels
    assert (parcel.area_ha, parcel.investment_wan_per_mu, parcel.tax_wan_per_mu) == (
        2.0,
        300.0,
        15.0,
    )


def test_blank_cells_stay_unknown(matcher) -> None:
    text = HEAD + "1,,,清徐经开区,—,,,,,,,储备,\n"
    result, _ = read(text, matcher)
    (parcel,) = result.parcels
    assert result.faults == []
    assert parcel.parcel_id == "office-p-1-2"
    assert parcel.name == parcel.parcel_id
    assert parcel.area_ha is None
    assert parcel.printed_area == ""
    assert parcel.printed_area_unit == ""
    assert parcel.investment_wan_per_mu is None
    assert parcel.floor_area_ratio is None
    assert parcel.granted_on == ""


def test_ranges_give_the_end_that_is_committed_to_and_keep_the_rest_as_a_note(matcher) -> None:
    text = HEAD + "1,a,b,清徐经开区,10,300,15,1.0-2.0,30%～40%,0.3-0.5,,储备,\n"
    result, _ = read(text, matcher)
    (parcel,) = result.parcels
    assert result.faults == []
    assert (parcel.floor_area_ratio, parcel.building_percent) == (1.0, 30.0)
    assert parcel.energy_tce_per_wan == 0.5
    assert "容积率1.0-2.0" in parcel.note


def test_a_bound_on_the_other_side_is_no_commitment(matcher) -> None:
    result, _ = read(HEAD + "1,a,b,清徐经开区,10,300,15,≤2.0,40,≥0.5,,储备,\n", matcher)
    (parcel,) = result.parcels
    assert parcel.floor_area_ratio is None
    assert parcel.energy_tce_per_wan is None
    assert "容积率≤2.0" in parcel.note
    assert len(result.warnings) == 2


def test_percent_cells_of_a_workbook_are_per_cent(tmp_path, matcher) -> None:
    rows = [
        ["宗地编号", "开发区", "面积（亩）", "建筑系数", "状态"],
        ["1", "清徐经开区", 10, 0.4, "储备"],
    ]
    path = xlsx(tmp_path / "a.xlsx", rows, formats={"D2": FORMATS["percent"]})
    result, asked = read(read_grids(path)[0], matcher)
    assert asked == []
    assert result.parcels[0].building_percent == 40.0


def test_the_state_stands_in_a_column_a_heading_the_title_or_is_asked(matcher) -> None:
    rows = "宗地编号,开发区,面积（亩）\n{}1,清徐经开区,10\n"
    assert read("标准地储备情况,,\n" + rows.format(""), matcher)[0].parcels[0].state == "reserve"
    heading = rows.format("一、已出让,,\n")
    assert read(heading, matcher)[0].parcels[0].state == "granted"
    result, asked = read(rows.format(""), matcher)
    assert asked == ["stage"]
    assert "没有写状态" in result.faults[0].why
    answered, asked = read(rows.format(""), matcher, stage="announced")
    assert asked == []
    assert answered.parcels[0].state == "announced"


@pytest.mark.parametrize(
    ("text", "state"),
    [("储备", "reserve"), ("已出让", "granted"), ("出让推进中", "granting"), ("挂牌", "announced"),
     ("已成交", "granted"), ("在建", "started"), ("竣工", "completed"), ("已投产", "producing"),
     ("达产达效", "at_capacity"), ("未开工", ""), ("已成交未开工", ""), ("拟投产", "")],
)  # fmt: skip
def test_words_for_states(text, state) -> None:
    assert stage_of("parcels", text) == state


def test_an_unknown_state_a_wrong_area_and_a_wrong_date_are_faults(matcher) -> None:
    text = HEAD + "1,a,b,清徐经开区,0,300,15,1,40,0.5,,停工,六月\n"
    result, _ = read(text, matcher)
    assert {fault.column for fault in result.faults} == {"状态", "用地面积(亩)", "成交时间"}


def test_a_number_used_twice_is_a_fault_unless_all_is_the_same(matcher) -> None:
    row = "1,a,b,清徐经开区,10,300,15,1,40,0.5,,储备,\n"
    result, _ = read(HEAD + row + row, matcher)
    assert len(result.parcels) == 1
    assert result.faults == []
    assert result.skipped[0].reason_zh == "与 A2 相同"
    result, _ = read(HEAD + row + row.replace("10,300", "11,300"), matcher)
    assert result.parcels == ()
    assert "A2" in result.faults[0].why


def test_parcels_of_unknown_zones_are_listed_not_dropped(matcher) -> None:
    result, asked = read(HEAD + "1,a,b,某某园区,10,300,15,1,40,0.5,,储备,\n", matcher)
    assert asked == ["place"]
    assert result.parcels == ()
    assert [row.text for row in result.skipped] == ["某某园区"]


def test_a_total_of_areas_is_checked(matcher) -> None:
    text = HEAD + "1,a,b,清徐经开区,10.5,,,,,,,储备,\n,合计,,,12.5,,,,,,,,\n"
    (warning,) = read(text, matcher)[0].warnings
    assert "各行相加为 10.5亩" in warning.why


def test_the_states_are_those_of_the_collection_and_fields_have_one_head_each() -> None:
    assert tuple(standard_land.STATES) == STATES
    for state, word in standard_land.STATES.items():
        assert stage_of("parcels", word) == state
    heads = [field.name_zh for field in PARCEL_FIELDS]
    assert fields_of("parcels", heads) == tuple(field.key for field in PARCEL_FIELDS)
    assert table_kind(heads, records=True) == "parcels"


def test_rows_that_are_no_cells_are_called_by_their_names(matcher) -> None:
    heads = ("地块编号", "公布面积（公顷）", "所属开发区", "状态")
    rows = (("HS-1", 68.3568, "清徐经开区", "储备"), ("HS-2", 2.0, "清徐经开区", "在谈"))
    names = ("表头", "HS-1（第 1 个图形）", "HS-2（第 2 个图形）")
    result, _ = read(Grid("", (heads, *rows), row_names=names), matcher)
    first = result.parcels[0]
    assert (first.area_ha, first.locator) == (68.3568, "HS-1（第 1 个图形）")
    assert (first.printed_area, first.printed_area_unit) == ("68.3568", "公顷")
    assert (result.faults[0].cell, result.faults[0].value) == ("HS-2（第 2 个图形）", "在谈")
    assert "储备、出让公告" in result.faults[0].why


def test_a_number_is_one_of_its_zone(matcher) -> None:
    text = "宗地编号,开发区,面积（亩）,状态\n1,清徐经开区,100,储备\n1,中北高新区,300,储备\n"
    result, _ = read(text, matcher)
    assert result.faults == []
    assert [(p.parcel_id, p.number, p.name) for p in result.parcels] == [
        ("zone-qingxu-jingkai/1", "1", "1"), ("zone-zhongbei-gaoxin/1", "1", "1"),
    ]  # fmt: skip
    # An id that was exported is read as itself.
    again, _ = read(text.replace("\n1,清", "\nzone-qingxu-jingkai/1,清"), matcher)
    assert again.parcels[0].key == result.parcels[0].key


def test_what_is_said_of_an_area_is_kept(matcher) -> None:
    text = "宗地编号,开发区,面积（亩）,状态,投资强度（万元/亩）\n"
    for n, cell in enumerate(("100余", "约50", "超过30", "不超过20", "15")):
        text += f"{n},清徐经开区,{cell},储备,约300\n"
    result, _ = read(text, matcher)
    assert [p.area_qualifier for p in result.parcels] == [
        "at_least", "approx", "at_least", "at_most", "exact",
    ]  # fmt: skip
    assert [p.printed_area for p in result.parcels] == ["100", "50", "30", "20", "15"]
    assert {p.note for p in result.parcels} == {"投资强度约300"}
