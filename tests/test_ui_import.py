"""Pieces of the import page that need no browser: words, answers, plans for zones and parcels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from facts.drafts import suggest
from facts.errors import FactsError, Fault
from facts.grids import parse_csv
from facts.load import load_facts
from facts.mappings import SKIP, SourceNote
from facts.matching import Matcher
from facts.model import Facts
from facts.parcels import to_parcels
from facts.tableforms import TableForm, recognise
from facts.units import factor
from geo.files.surveytext import COLUMNS
from layers.texts import LANGUAGES, has_text
from store.mappings import save_mapping
from store.officefigures import PREFIX, office_source
from store.prepared import Prepared
from store.workspace import Workspace
from ui import import_zoneplan, import_zones
from ui.import_column import compatible_units
from ui.import_job import STEPS, Job
from ui.import_leftout import left_out, row_words
from ui.import_mapping import draft_of, fault_words, forget_remembered, mapping_of, with_source
from ui.import_parcels import SURVEY_HEADS, shapes_by_parcel, table_form
from ui.import_parts import plain
from ui.import_source import is_date, source_of
from ui.import_words import in_words, one_language

ROOT = Path(__file__).resolve().parents[1]
COUNTIES = gpd.GeoDataFrame(
    {
        "place_id": ["140723", "140724"], "parent_id": ["140700", "140700"],
        "name_zh": ["和顺县", "昔阳县"], "name_en": ["Heshun", "Xiyang"],
    },
    geometry=[shapely.box(113, 37, 114, 37.5), shapely.box(113, 37.5, 114, 38)], crs=4490,
)  # fmt: skip


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts(ROOT / "data" / "facts")


def job(kind: Any = "land") -> Job:
    return Job(SimpleNamespace(close=lambda: None), Path("upload-1.shp"), ("甲.shp",), kind)  # type: ignore[arg-type]


def prepared(*columns: str) -> dict[str, Any]:
    """What a job keeps of a survey text that was read, as JSON."""
    return Prepared(
        path=Path("upload-1.parquet"), name="甲.txt", format="txt", layer="", features=1, rows=1,
        dropped=0, repaired=0, removed_m2=0.0, added_m2=0.0, crs="EPSG:4526",
        crs_basis="declared", placed_zh="文件声明", placed_en="declared", bbox=None, area_m2=None,
        problem_counts={},
        geometry_types={}, columns=columns, problems=(),
    ).to_json()  # fmt: skip


def test_how_the_coordinates_were_placed_is_kept_with_the_source_and_the_version() -> None:
    work = job()
    work.choices |= {"source": {"title": "界址点"}, "sha256": "ab" * 32}
    work.put("prepared", prepared("地块编号"))
    assert source_of(work).note == "文件声明 / declared"
    read = Prepared.from_json(work.get("prepared"))
    assert read.in_message("导入 / import") == "导入（文件声明） / import (declared)"
    assert read.in_message("报批稿") == "报批稿（文件声明）"
    assert read.in_message("长" * 2000) == "长" * 2000


# --- words ---------------------------------------------------------------------------------------


def test_an_error_is_told_in_one_language() -> None:
    line = "a.zip 内有 2 个文件 / a.zip holds 2 files"
    assert one_language(line, "zh") == "a.zip 内有 2 个文件"
    assert one_language(line, "en") == "a.zip holds 2 files"
    assert one_language("投资 / 产出 有误 / a / b is wrong", "en") == "a / b is wrong"
    assert one_language("no slash", "zh") == "no slash"
    told = in_words(FactsError("第一行 / first\n第二行 / second"), "zh")
    assert told == "第一行\n第二行"


@given(st.text(max_size=60))
def test_a_label_from_a_file_has_no_markup_left(words: str) -> None:
    shown = plain(words)
    for mark in "*_`[]<>$:":
        at = shown.find(mark)
        while at >= 0:
            assert at > 0 and shown[at - 1] == "\\"
            at = shown.find(mark, at + 1)


@pytest.mark.parametrize("written", ["2023", "2023-06", "2023-06-30"])
def test_dates_may_be_known_in_part(written: str) -> None:
    assert is_date(written)


@pytest.mark.parametrize("written", ["", "2023年", "23-6-30", "2023-13", "2023-06-40", "２０２３"])
def test_other_texts_are_no_dates(written: str) -> None:
    assert not is_date(written)


def test_every_step_has_a_name_in_both_languages() -> None:
    assert all(has_text(f"intake.step_{step}") for steps in STEPS.values() for step in steps)
    assert set(LANGUAGES) == {"zh", "en"}


def test_units_on_offer_convert_into_the_indicators_own() -> None:
    offered = compatible_units("亿元")
    assert {"亿元", "万元", "元"} <= set(offered) and "亩" not in offered
    assert all(factor(unit, "亿元") for unit in offered)
    assert "万元/公顷" in compatible_units("万元/亩")


# --- the job -------------------------------------------------------------------------------------


def test_what_a_later_step_found_is_forgotten_when_an_earlier_answer_changes() -> None:
    work = job()
    work.put("inspection", 1)
    work.onward()
    assert work.step == "place"
    work.put("placed", 2)
    work.onward()
    work.put("repairs", 3)
    work.go("place")
    work.forget()
    assert (work.get("inspection"), work.get("placed"), work.get("repairs")) == (1, None, None)
    assert work.reached == work.at


def test_a_preview_holds_for_exactly_the_answers_that_it_was_made_of() -> None:
    work = job()
    work.choices["precision"] = "surveyed"
    work.put_answered("preview", "made")
    assert work.answered("preview") == "made"
    work.choices["message"] = "only words"
    assert work.answered("preview") == "made"
    work.choices["precision"] = "digitised"
    assert work.answered("preview") is None
    work.choices["precision"] = "surveyed"
    work.picks = ["1:spike"]
    assert work.answered("preview") is None


# --- zones and parcels ---------------------------------------------------------------------------


def layer() -> gpd.GeoDataFrame:
    shapes = [shapely.box(x, 37.2, x + 0.125, 37.3) for x in (113.125, 113.25, 113.5, 113.75)]
    names = ["和顺经开区", "和顺经开区", "某某产业园", "杂地"]
    return gpd.GeoDataFrame(
        {"名称": names, "亩数": ["100", "50", "30", ""]}, geometry=shapes, crs=4490
    )


def planned(facts: Facts) -> tuple[import_zoneplan.ZonePlan, Job, gpd.GeoDataFrame]:
    frame, work = layer(), job()
    work.choices |= {
        "feature_names": list(frame["名称"]), "precision": "surveyed", "valid_from": "2023-12-28",
        "zone_places": {
            "和顺经开区": "zone-heshun-jingkai", "某某产业园": import_zoneplan.NEW, "杂地": SKIP,
        },
        "declared_column": "亩数", "declared_unit": "mu",
    }  # fmt: skip
    atlas: Any = SimpleNamespace(facts=facts, boundaries=lambda _name: COUNTIES)
    return import_zoneplan.plan_of(atlas, work, frame, office_source(title="报告")), work, frame


def test_outlines_of_one_name_are_joined_and_declared_areas_added(facts: Facts) -> None:
    plan, work, frame = planned(facts)
    shapes = import_zoneplan.shapes_of(plan, work, frame)
    (new,) = plan.new
    assert set(shapes) == {"zone-heshun-jingkai", new.place_id}
    assert shapes["zone-heshun-jingkai"].equals(shapely.box(113.125, 37.2, 113.375, 37.3))
    assert plan.declared_km2["zone-heshun-jingkai"] == pytest.approx(150 * 2000 / 3 / 1e6)
    assert plan.valid_from == "2023-12-28"


def test_a_zone_that_is_not_on_file_gets_an_id_of_the_offices_and_its_place_by_the_map(
    facts: Facts,
) -> None:
    plan, _, _ = planned(facts)
    (new,) = plan.new
    assert (
        new.place_id.startswith(f"{PREFIX}zone-")
        and new.place_id == planned(facts)[0].new[0].place_id
    )
    assert new.host_county_ids == ("140723",) and new.host_city_ids == ("140700",)
    together = import_zoneplan.facts_with(facts, plan, office_source(title="报告"))
    assert together.place(new.place_id).name_zh == "某某产业园"


def test_the_attributes_of_a_layer_are_read_as_a_table_and_keep_their_outlines(
    facts: Facts,
) -> None:
    frame = gpd.GeoDataFrame(
        {"宗地编号": ["A-1", "A-2"], "面积_亩_": [12.5, 8.0], "所属开发区": ["和顺经济开发区"] * 2},
        geometry=[shapely.box(113, 37, 113.1, 37.1), shapely.box(113.2, 37, 113.3, 37.1)], crs=4490,
    )  # fmt: skip
    work = job()
    work.put(
        "placed-zh", {"columns": [{"name": n} for n in ("宗地编号", "面积（亩）", "所属开发区")]}
    )
    work.put("prepared", prepared("宗地编号", "面积_亩_", "所属开发区"))
    form = table_form(work, frame, "zh")
    assert [column.unit for column in form.columns] == ["", "亩", ""]
    mapping = suggest(form, Matcher(facts), table="parcels").mapping
    found = to_parcels(form, mapping, facts, source_id="office-x", row_prefix="office-x-")
    shapes = shapes_by_parcel(found.parcels, frame)
    assert {p.number: shapes[p.parcel_id].bounds[0] for p in found.parcels} == {
        "A-1": 113.0, "A-2": 113.2,
    }  # fmt: skip


# --- survey texts: the columns are the reader's own ----------------------------------------------


def survey(facts: Facts, number: str, lon: float) -> tuple[Job, gpd.GeoDataFrame, TableForm]:
    """A survey text of one parcel as the steps before have made of it."""
    frame = gpd.GeoDataFrame(
        {
            "地块编号": [number], "地块名称": ["某宗地"], "declared_area": [68.3568],
            "declared_area_ha": [68.3568], "declared_area_unit": ["ha"], "用途": ["工业用地"],
            "kind": ["面"], "area_m2": [683_567.0],
        },
        geometry=[shapely.box(lon, 37, lon + 0.01, 37.01)], crs=4490,
    )  # fmt: skip
    work = job()
    columns = [c for c in frame.columns if c not in ("geometry", "area_m2")]
    work.put("prepared", prepared(*columns))
    work.choices["table"] = "parcels"
    return work, frame, table_form(work, frame, "zh")


def test_a_survey_text_gives_its_area_in_hectares_and_names_its_parcels(facts: Facts) -> None:
    _, frame, form = survey(facts, "HS-2026-01", 113.2)
    assert all(name not in column.title for column in form.columns for name in SURVEY_HEADS)
    assert set(SURVEY_HEADS) <= set(COLUMNS)
    mapping = suggest(form, Matcher(facts), table="parcels").mapping
    meant = {column.name: column.unit for column in mapping.columns if column.role == "field"}
    assert meant["area"] == "公顷"
    decided = replace(mapping, place_id="zone-heshun-jingkai", stage="reserve")
    found = to_parcels(form, decided, facts, source_id="office-x", row_prefix="office-x-")
    (parcel,) = found.parcels
    assert (parcel.area_ha, parcel.printed_area_unit) == (68.3568, "公顷")
    assert parcel.locator == "HS-2026-01（第 1 个图形）"
    assert shapes_by_parcel(found.parcels, frame) == {parcel.parcel_id: frame.geometry[0]}
    assert parcel.number == "HS-2026-01"


def remembering(
    facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Matcher]:
    """An atlas with a workspace of its own, and the look-up of its names."""
    matcher = Matcher(facts)
    monkeypatch.setattr("ui.import_mapping.matcher_of", lambda _atlas, _job: matcher)
    workspace = Workspace.open(tmp_path / "var")
    return SimpleNamespace(facts=facts, workspace=workspace), matcher


def test_the_place_and_state_of_the_last_survey_text_are_never_those_of_the_next(
    facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atlas, _ = remembering(facts, tmp_path, monkeypatch)
    first, _, form = survey(facts, "HS-2026-01", 113.2)
    draft_of(atlas, first, form)
    first.choices["source"] = {"title": "甲", "publisher": "和顺县自然资源局"}
    first.choices["mapping"] = replace(
        mapping_of(first), place_id="zone-heshun-jingkai", stage="reserve"
    )
    save_mapping(atlas.workspace, with_source(first), author="甲")
    second, _, form = survey(facts, "QX-2026-09", 112.3)
    draft = draft_of(atlas, second, form)
    assert (draft.mapping.place_id, draft.mapping.stage) == ("", "")
    assert {q.kind for q in draft.questions} == {"default_place", "stage"}
    assert "source" not in second.choices and not second.choices["remembered"]


def test_what_a_table_took_over_is_told_and_can_be_undone(
    facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atlas, _ = remembering(facts, tmp_path, monkeypatch)
    form = recognise(parse_csv("2023年,\n宗地,区税（万元）\n甲,5\n".encode()))
    work = job("table")
    draft = draft_of(atlas, work, form)
    assert not work.choices["remembered"]
    kept = replace(
        draft.mapping, place_id="zone-heshun-jingkai", fill_down=True,
        source=SourceNote("甲", "市商务局"),
    )  # fmt: skip
    save_mapping(atlas.workspace, kept, author="甲")
    work = job("table")
    mapping = draft_of(atlas, work, form).mapping
    assert mapping.fill_down and mapping.place_id == ""  # whose table it is, is asked each time
    assert work.choices["remembered"] and work.choices["source"]["publisher"] == "市商务局"
    forget_remembered(work)
    assert not draft_of(atlas, work, form).mapping.fill_down
    assert not work.choices["remembered"] and "publisher" not in work.choices["source"]


def test_bytes_that_are_on_file_begin_with_what_they_were_called(
    facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atlas, _ = remembering(facts, tmp_path, monkeypatch)
    form = recognise(parse_csv("2023年,\n宗地,区税（万元）\n甲,5\n".encode()))
    known = office_source(title="统计公报", publisher="市统计局", file="甲.csv", sha256="ab" * 32)
    atlas.facts = replace(facts, sources=(*facts.sources, known))
    work = job("table")
    work.choices["sha256"] = "ab" * 32
    draft_of(atlas, work, form)
    assert work.choices["source"]["title"] == "统计公报"
    assert source_of(work).source_id == known.source_id
    work.choices["source"]["title"] = "统计公报（更正）"
    assert source_of(work).source_id == known.source_id
    assert source_of(work).title == "统计公报（更正）"


# --- faults and rows -----------------------------------------------------------------------------


def test_a_fault_names_its_cell_and_speaks_one_language() -> None:
    fault = Fault("", 6, "数值", "46000", "已有另一个数 / another figure", cell="D6", others=(5,))
    assert fault_words(fault, "zh") == "D6（数值） “46000”：已有另一个数"
    assert fault_words(fault, "en") == "D6 (数值) “46000”: another figure"
    assert fault_words(Fault("", 0, "", "", "有公式 / formulas"), "zh") == "有公式"


def test_rows_that_are_left_out_belong_to_their_sheet_and_are_told_by_what_they_hold() -> None:
    form = recognise(parse_csv("开发区,税收（万元）\n甲,5\n".encode()))
    assert row_words(form, 1, "zh") == "第 2 行：甲 · 5"
    work = job("table")
    work.choices |= {"sheet": 1, "left_out": {1: (4,)}}
    assert left_out(work) == (4,)
    work.choices["sheet"] = 0
    assert left_out(work) == ()


def test_a_new_zones_county_is_computed_and_a_name_on_file_is_told(
    facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert planned(facts)[0].new[0].host_basis == "outline"
    told: list[str] = []
    monkeypatch.setattr(import_zones, "fault", told.append)
    for name, known in (("清徐经开区", True), ("清徐经济开发区", True), ("某某新区", False)):
        told.clear()
        import_zones._known_already(name, Matcher(facts).place(name), facts, "zh")
        assert bool(told) == known and all("清徐经济开发区" in words for words in told)
