"""Pieces of the import page that need no browser: words, answers, plans for zones and parcels."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import FactsError
from facts.load import load_facts
from facts.mappings import SKIP
from facts.model import Facts
from facts.parcels import to_parcels
from facts.units import factor
from layers.texts import LANGUAGES, has_text
from store.officefigures import PREFIX, office_source
from ui import import_zones
from ui.import_column import compatible_units
from ui.import_job import STEPS, Job
from ui.import_parcels import shapes_by_parcel, table_form
from ui.import_parts import plain
from ui.import_source import is_date
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


def planned(facts: Facts) -> tuple[import_zones.ZonePlan, Job, gpd.GeoDataFrame]:
    frame, work = layer(), job()
    work.choices |= {
        "feature_names": list(frame["名称"]), "precision": "surveyed", "valid_from": "2023-12-28",
        "zone_places": {
            "和顺经开区": "zone-heshun-jingkai", "某某产业园": import_zones.NEW, "杂地": SKIP,
        },
        "declared_column": "亩数", "declared_unit": "mu",
    }  # fmt: skip
    atlas: Any = SimpleNamespace(facts=facts, boundaries=lambda _name: COUNTIES)
    return import_zones.plan_of(atlas, work, frame, office_source(title="报告")), work, frame


def test_outlines_of_one_name_are_joined_and_declared_areas_added(facts: Facts) -> None:
    plan, work, frame = planned(facts)
    shapes = import_zones.shapes_of(plan, work, frame)
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
    together = import_zones.facts_with(facts, plan, office_source(title="报告"))
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
    work.put("prepared", {"columns": ["宗地编号", "面积_亩_", "所属开发区"]})
    form = table_form(work, frame, "zh")
    assert [column.unit for column in form.columns] == ["", "亩", ""]
    from facts.drafts import suggest
    from facts.matching import Matcher

    mapping = suggest(form, Matcher(facts), table="parcels").mapping
    found = to_parcels(form, mapping, facts, source_id="office-x", row_prefix="office-x-")
    shapes = shapes_by_parcel(found.parcels, frame)
    assert {p.parcel_id: shapes[p.parcel_id].bounds[0] for p in found.parcels} == {
        "A-1": 113.0, "A-2": 113.2,
    }  # fmt: skip
