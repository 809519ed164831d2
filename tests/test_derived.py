"""Figures that follow from what is on file: right, marked, and never mixed with reported ones."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from facts.checks import run_checks
from facts.model import Facts, Observation
from geo.areas import area_m2
from layers.atlas import Atlas, forget_atlases, open_atlas
from layers.derived import (
    AREA_ON_FILE,
    OUTLINE_AREA,
    ZONES_ON_FILE,
    is_derived,
    with_derived,
)
from layers.downloads import picture_file
from layers.join import choices, layer_rows
from layers.view import View
from store.baseline import read_facts
from store.boundaryimport import commit_zones, zones_with
from store.officefigures import office_source
from store.workspace import Workspace
from tests import factories as f

ROOT = Path(__file__).resolve().parents[1]
INDICATORS = (
    f.indicator(OUTLINE_AREA, unit="平方公里"),
    f.indicator(ZONES_ON_FILE, unit="个", aggregation="none"),
    f.indicator(AREA_ON_FILE, unit="平方公里", aggregation="none"),
)


@pytest.fixture(scope="module")
def atlas(workspace_dir: Path) -> Atlas:
    return open_atlas(workspace_dir, ROOT / "data")


def derived(facts: Facts, area: dict[str, float] | None = None) -> dict[str, Observation]:
    """The derived figures by row id."""
    made = with_derived(replace(facts, indicators=INDICATORS), area or {})
    return {o.row_id: o for o in made.observations if is_derived(o.row_id)}


# --- areas of outlines ---------------------------------------------------------------------------


def test_areas_are_those_of_the_outlines(atlas: Atlas) -> None:
    figures = {o.place_id: o for o in atlas.facts.observations if o.indicator_id == OUTLINE_AREA}
    for name, count in (("provinces", 1), ("cities", 11), ("counties", 117)):
        frame = atlas.boundaries(name)
        assert len(frame) == count
        shown = [figures[place_id].value for place_id in frame["place_id"]]
        assert np.allclose(shown, area_m2(frame.geometry) / 1e6, rtol=0, atol=6e-5)
    assert len(figures) == 1 + 11 + 117
    assert {o.quality for o in figures.values()} == {"derived"}
    assert {o.unit for o in figures.values()} == {"平方公里"}


def test_a_schematic_outline_is_no_source_of_an_area() -> None:
    found = derived(f.facts(), {"140100": 2.5e6, "zone-a": 1e6, "park-a": 1e6, "nowhere": 1e6})
    assert {o.place_id: o.value for o in found.values()} == {"140100": 2.5}


# --- zones on file -------------------------------------------------------------------------------


def test_a_zone_counts_in_each_place_that_it_lies_in() -> None:
    both = ("140100", "140200")
    zones = (
        f.place("zone-x", "zone", host_city_ids=both, host_county_ids=("140105", "140205"),
                status="现有"),
        f.place("zone-y", "zone", host_city_ids=("140100", "140100"),
                host_county_ids=("140105",), status="现有"),
        f.place("zone-z", "zone", host_city_ids=("140100",), status="拟设立"),
        f.place("zone-w", "zone", status="现有"),
        f.place("park-x", "park", host_city_ids=("140100",), status="现有"),
    )  # fmt: skip
    counties = (f.place("140205", "county"), f.place("140206", "county"))
    around = tuple(p for p in f.PLACES if p.level in {"province", "city", "county"})
    found = derived(f.facts(places=(*around, *counties, *zones)))
    counts = {o.place_id: o.value for o in found.values()}
    assert counts == {"140100": 2, "140200": 1, "140105": 2, "140205": 1}  # no zero is made up


def test_published_counts_follow_the_place_list(atlas: Atlas) -> None:
    facts = atlas.facts
    figures = {o.place_id: o.value for o in facts.observations if o.indicator_id == ZONES_ON_FILE}
    existing = [p for p in facts.places if p.level == "zone" and p.status == "现有"]
    expected = Counter(h for z in existing for h in (*z.host_city_ids, *z.host_county_ids))
    assert figures == dict(expected)
    shared = [z for z in existing if len(z.host_county_ids) > 1]
    assert shared, "the published list has zones that lie in several counties"
    assert all(figures[county] for zone in shared for county in zone.host_county_ids)
    assert 0 not in figures.values()
    without = {p.place_id for p in facts.places if p.level == "county"} - set(figures)
    assert without, "counties without a zone have no figure, not a zero"


# --- declared areas ------------------------------------------------------------------------------


def test_only_the_chosen_area_of_a_zone_is_shown_with_its_date_and_mark() -> None:
    areas = (
        f.declared("a1", "zone-a", 10.5, qualifier="approx", as_of="2019-05-01"),
        f.declared("a2", "zone-a", 99.0, chosen=False),
        f.declared("a3", "park-a", 2.0, source_id="src-b"),
        f.declared("a4", "140100", 7.0),
        f.declared("a5", "group-ab", 8.0),
    )
    found = derived(f.facts(declared_areas=areas))
    by_place = {o.place_id: o for o in found.values()}
    assert set(by_place) == {"zone-a", "park-a"}
    zone, park = by_place["zone-a"], by_place["park-a"]
    assert (zone.value, zone.qualifier, zone.quality, zone.source_id) == (
        10.5, "approx", "reported", "src-a",
    )  # fmt: skip
    assert "2019-05-01" in zone.note_zh
    assert "2019-05-01" in zone.note_en
    assert (park.value, park.source_id) == (2.0, "src-b")
    assert "未注明" in park.note_zh


# --- together ------------------------------------------------------------------------------------


def test_an_indicator_that_is_not_on_file_is_left_out() -> None:
    plain = with_derived(f.facts(), {"140100": 1e6})
    assert plain.observations == ()


def test_row_ids_are_unique_and_told_apart_from_reported_ones(atlas: Atlas) -> None:
    facts = atlas.facts
    assert len(facts.observations_by_id) == len(facts.observations)
    reported = read_facts(atlas.workspace)
    assert not any(is_derived(o.row_id) for o in reported.observations)
    added = [o for o in facts.observations if is_derived(o.row_id)]
    assert len(added) == len(facts.observations) - len(reported.observations) > 0
    assert all(o.quality == "reported" for o in added if o.indicator_id == AREA_ON_FILE)
    assert all(o.quality == "derived" for o in added if o.indicator_id != AREA_ON_FILE)
    assert all(o.value and o.value > 0 for o in added)
    assert all(o.source_id in facts.sources_by_id for o in added)


def test_checks_judge_what_is_reported_and_nothing_else(atlas: Atlas) -> None:
    assert run_checks(atlas.facts) == run_checks(read_facts(atlas.workspace))


def test_all_share_the_newest_published_date() -> None:
    facts = f.facts(sources=(
        f.source("src-a", published_on="2023-07-01"), f.source("src-b", published_on="2024-02"),
        f.source("src-c", published_on=""), f.source("src-d", published_on="2021-01-01"),
    ))  # fmt: skip
    (found,) = derived(facts, {"140100": 1e6}).values()
    assert found.period.as_of == date(2023, 7, 1)


@pytest.mark.parametrize(
    ("level", "indicator_id", "word"),
    [
        ("city", OUTLINE_AREA, "推算"),
        ("county", OUTLINE_AREA, "推算"),
        ("county", ZONES_ON_FILE, "推算"),
        ("zone", AREA_ON_FILE, "公布"),
    ],
)
def test_a_picture_of_them_is_taken_away_with_sources(
    atlas: Atlas, level: str, indicator_id: str, word: str
) -> None:
    (choice,) = [c for c in choices(atlas.facts, level) if c.indicator_id == indicator_id]
    shown = View(choice.level, indicator_id, choice.kind, choice.period_key, choice.scope)
    rows = layer_rows(
        atlas.facts, level=choice.level, indicator_id=indicator_id, kind=choice.kind,
        period_key=choice.period_key, scope=choice.scope,
    )  # fmt: skip
    content = picture_file(atlas, shown, "csv").content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(content, newline="")))
    figures = [row for row in table if row["数据行号 (row_id)"]]
    assert len(figures) == len(rows) > 0
    assert {row["数据质量 (quality)"] for row in figures} == {word}
    assert all(row["来源 (source_title)"] for row in figures)
    assert all(is_derived(row["数据行号 (row_id)"]) for row in figures)
    assert all(row["数值 (value)"] == "" for row in table if row not in figures)


def test_what_an_office_declared_with_its_outline_is_the_area_on_file_with_its_source() -> None:
    areas = (f.declared("a1", "zone-a", 10.5), f.declared("a3", "park-a", 2.0))
    office = {
        "zone-a": f.declared("o1", "zone-a", 26.041, source_id="src-b", as_of="2024-07-01"),
        "zone-b": f.declared("o2", "zone-b", 5.0, source_id="src-b"),
        "zone-x": f.declared("o3", "zone-x", 6.0, source_id="withdrawn"),
        "office-gone": f.declared("o4", "office-gone", 7.0, source_id="src-b"),
    }
    base = replace(f.facts(declared_areas=areas), indicators=INDICATORS)
    made = with_derived(base, {}, office)
    found = {o.place_id: o for o in made.observations if o.indicator_id == AREA_ON_FILE}
    assert {p: o.value for p, o in found.items()} == {
        "zone-a": 26.041, "park-a": 2.0, "zone-b": 5.0,
    }  # fmt: skip
    assert found["zone-a"].source_id == "src-b" and "2024-07-01" in found["zone-a"].note_zh


def test_the_map_and_the_file_show_the_same_imported_area(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "var")
    atlas = open_atlas(workspace.path, ROOT / "data")
    zone = next(p for p in atlas.facts.places if p.level == "zone")
    source = office_source(title="勘测定界报告", file="a.shp")
    zones = zones_with(
        atlas.boundaries("zones"), {zone.place_id: shapely.box(112.5, 37.8, 112.55, 37.85)},
        atlas.facts, precision="surveyed", source_id=source.source_id,
        declared_km2={zone.place_id: 26.041},
    )  # fmt: skip
    commit_zones(workspace, zones, source=source, author="王工", message="导入")
    forget_atlases()
    atlas = open_atlas(workspace.path, ROOT / "data")
    (shown,) = [
        o for o in atlas.facts.observations_of(zone.place_id) if o.indicator_id == AREA_ON_FILE
    ]
    assert (shown.value, shown.source_id) == (26.041, source.source_id)
    declared = atlas.place_file(zone.place_id).declared
    assert declared[0].chosen and declared[0].area.m2 == pytest.approx(26.041e6)
    forget_atlases()
