"""An office's figures, parcels, projects, mappings and outlines: beside the baseline, undoable."""

from __future__ import annotations

import hashlib
import math
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest
import shapely
from factories import figure, place, source
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.mappings import ColumnMapping, Mapping
from facts.model import Facts, Observation
from facts.parcels import StandardLandParcel
from facts.periods import Period
from facts.projects import Project
from geo.areas import area_m2
from geo.boundaries import check_boundaries
from layers.atlas import forget_atlases, open_atlas
from store.baseline import OFFICE, ensure_baseline, read_facts
from store.boundaryimport import commit_zones, zones_with
from store.errors import BadFrameError, BaselineError, StaleWriterError
from store.imports import ImportRefusedError
from store.mappings import all_mappings, find_mapping, forget_mapping, save_mapping
from store.merging import merged
from store.officefigures import (
    OBSERVATIONS,
    PARCELS,
    PLACES,
    PROJECTS,
    SOURCES,
    Added,
    add_figures,
    add_parcels,
    add_projects,
    add_sources,
    as_on_file,
    last_import,
    office_source,
    read_parcels,
    read_projects,
    row_prefix,
    source_on_file,
)
from store.officerecords import frame_of, records_of
from store.workspace import NOT_YET, Workspace

ROOT = Path(__file__).resolve().parents[1]
SOURCE = office_source(
    title="2024年上半年开发区统计表", publisher="某市商务局", published_on="2024-07",
    file="表.xlsx", sha256="ab" * 32,
)  # fmt: skip
WHO: dict[str, Any] = {"author": "王工", "message": "导入上半年数据"}


@pytest.fixture(scope="module")
def facts(baseline: Path) -> Facts:
    return read_facts(Workspace.open(baseline))


def figures(facts: Facts, count: int = 3, **more: Any) -> list[Observation]:
    zones = [p.place_id for p in facts.places if p.level == "zone"][:count]
    indicator = next(i for i in facts.indicators if i.unit == "亿元")
    return [
        figure(
            f"{row_prefix(SOURCE)}1-C{n}", zone, 10.0 + n, indicator_id=indicator.indicator_id,
            source_id=SOURCE.source_id, locator=f"Sheet1!C{n}", **more,
        )
        for n, zone in enumerate(zones)
    ]  # fmt: skip


def parcel(number: int, place_id: str, **more: Any) -> StandardLandParcel:
    texts = {f.name: "" for f in fields(StandardLandParcel)}
    numbers = dict.fromkeys(
        ("area_ha", "investment_wan_per_mu", "tax_wan_per_mu", "floor_area_ratio",
         "building_percent", "energy_tce_per_wan")
    )  # fmt: skip
    cells = texts | numbers | {
        "parcel_id": f"BZD-{number}", "name": f"第{number}宗", "place_id": place_id,
        "state": "granted", "area_ha": 3.5, "source_id": SOURCE.source_id, "quality": "reported",
    }  # fmt: skip
    return StandardLandParcel(**(cells | more))


def project(number: int, place_id: str, **more: Any) -> Project:
    hints = get_type_hints(Project)
    cells: dict[str, Any] = {
        f.name: "" if type(None) not in get_args(hints[f.name]) else None for f in fields(Project)
    }
    cells |= {
        "project_id": f"P{number}", "name": f"项目{number}", "place_id": place_id,
        "period": Period(date(2023, 1, 1), date(2023, 6, 30), label="2023年上半年"),
        "total_investment_yi": 1.25, "source_id": SOURCE.source_id, "quality": "reported",
    }  # fmt: skip
    return Project(**(cells | more))


# --- figures --------------------------------------------------------------------------------------


def test_figures_join_the_facts_with_their_source_and_the_same_file_twice_adds_nothing(
    workspace: Workspace, facts: Facts
) -> None:
    rows = figures(facts)
    done = add_figures(workspace, rows, facts=facts, source=SOURCE, **WHO)
    assert done == Added(OBSERVATIONS, 0, 3, 0, 0)
    both = read_facts(workspace)
    assert both.source(SOURCE.source_id) == SOURCE
    assert [both.observation(o.row_id) for o in rows] == rows
    assert len(both.observations) == len(facts.observations) + 3
    assert both.observations[: len(facts.observations)] == facts.observations
    again = add_figures(workspace, rows, facts=both, source=SOURCE, **WHO)
    assert again == Added(OBSERVATIONS, None, 0, 0, 3)
    assert workspace.versions()[OBSERVATIONS] == 0 and workspace.versions()[SOURCES] == 0
    changed = [replace(rows[0], value=99.0), *rows[1:]]
    assert add_figures(workspace, changed, facts=both, source=SOURCE, **WHO) == Added(
        OBSERVATIONS, 1, 0, 1, 2
    )
    assert read_facts(workspace).observation(rows[0].row_id).value == 99.0
    # An older set of versions shows what was known then, also from before there was any.
    versions = workspace.versions()
    assert read_facts(workspace, versions=versions | {OBSERVATIONS: 0}).observation(
        rows[0].row_id
    ) == rows[0]  # fmt: skip
    before = {name: v for name, v in versions.items() if name not in OFFICE}
    assert read_facts(workspace, versions=before) == facts
    workspace.withdraw(OBSERVATIONS, author="王工", message="撤回")
    assert read_facts(workspace).observations == facts.observations


def test_a_new_place_comes_with_its_figures(workspace: Workspace, facts: Facts) -> None:
    new = place("office-zone-new", "zone", name_zh="新设开发区", parent_id="140100")
    rows = [replace(figures(facts, 1)[0], place_id=new.place_id)]
    with pytest.raises(BadFrameError, match="office-zone-new"):
        add_figures(workspace, rows, facts=facts, source=SOURCE, **WHO)
    assert not {OBSERVATIONS, SOURCES, PLACES} & set(workspace.versions())
    add_figures(workspace, rows, facts=facts, source=SOURCE, places=[new], **WHO)
    both = read_facts(workspace)
    assert both.place(new.place_id) == new and both.observations_of(new.place_id) == tuple(rows)


def test_all_faults_of_figures_are_named_and_nothing_is_written(
    workspace: Workspace, facts: Facts
) -> None:
    one, two, three = figures(facts)
    bad = [
        replace(one, row_id="row-1"), replace(two, indicator_id="no-such"),
        replace(two, place_id="no-where"), replace(three, source_id="src-x"),
    ]  # fmt: skip
    with pytest.raises(BadFrameError) as caught:
        add_figures(workspace, bad, facts=facts, source=SOURCE, **WHO)
    text = "\n".join(caught.value.faults)
    for word in ("row-1", "no-such", "no-where", three.row_id, "重复"):
        assert word in text
    assert set(workspace.versions()) & set(OFFICE) == set()


def test_of_two_writers_the_one_who_saw_less_is_told(workspace: Workspace, facts: Facts) -> None:
    rows = figures(facts)
    add_figures(workspace, rows[:1], facts=facts, source=SOURCE, expected_version=NOT_YET, **WHO)
    with pytest.raises(StaleWriterError):
        add_figures(
            workspace, rows[1:], facts=facts, source=SOURCE, expected_version=NOT_YET, **WHO
        )
    assert add_figures(
        workspace, rows[1:], facts=facts, source=SOURCE, expected_version=0, **WHO
    ).added == 2  # fmt: skip


def test_figures_about_what_the_baseline_has_no_more_are_unplaced_and_clashes_are_faults(
    facts: Facts,
) -> None:
    rows = figures(facts)
    office = Facts(sources=(SOURCE,), observations=(*rows, replace(rows[0], row_id="office-x",
                   place_id="gone", printed_subject="旧区"), replace(rows[0], row_id="office-y",
                   indicator_id="gone")))  # fmt: skip
    both = merged(facts, office)
    assert both.observations[len(facts.observations) :] == tuple(rows)
    added = both.unplaced[len(facts.unplaced) :]
    assert [(u.row_id, u.subject) for u in added] == [
        ("office-x", "旧区"), ("office-y", rows[0].place_id),
    ]  # fmt: skip
    taken = facts.observations[0].row_id
    with pytest.raises(BaselineError) as caught:
        merged(facts, Facts(sources=(SOURCE,), observations=(replace(rows[0], row_id=taken),)))
    assert taken in str(caught.value)


def test_the_same_content_is_the_same_source(workspace: Workspace) -> None:
    same = office_source(title=SOURCE.title, publisher=SOURCE.publisher, published_on="2024-07",
                         file="改名.xlsx", sha256="ab" * 32)  # fmt: skip
    titled = office_source(title="另一个标题", published_on="2025", file="b.xlsx", sha256="ab" * 32)
    assert titled.source_id == SOURCE.source_id
    other = office_source(title=SOURCE.title, publisher=SOURCE.publisher, published_on="2024-07",
                          file="表.xlsx", sha256="cd" * 32)  # fmt: skip
    assert same.source_id == SOURCE.source_id != other.source_id
    assert add_sources(workspace, [SOURCE, other], **WHO).added == 2
    with pytest.raises(BadFrameError, match="src-a"):
        add_sources(workspace, [source("src-a")], **WHO)


def test_the_same_bytes_under_another_name_are_found_on_file(
    workspace: Workspace, facts: Facts
) -> None:
    sha256 = "ab" * 32
    assert source_on_file([], sha256) is None and source_on_file([SOURCE], "") is None
    assert last_import(workspace, SOURCE) is None
    rows = figures(facts)
    add_figures(workspace, rows, facts=facts, source=SOURCE, **WHO)
    on_file = read_facts(workspace).sources
    assert source_on_file(on_file, sha256) == SOURCE and source_on_file(on_file, "cd" * 32) is None
    renamed = office_source(title="同一张表", file="same2.csv", sha256=sha256)
    assert as_on_file(renamed, SOURCE, retitled=False) == SOURCE
    assert as_on_file(renamed, SOURCE, retitled=True) == renamed
    assert as_on_file(renamed, None, retitled=False) == renamed
    done = add_figures(workspace, rows, facts=facts, source=renamed, **WHO)
    assert done == Added(OBSERVATIONS, None, 0, 0, 3)
    assert read_facts(workspace).source(SOURCE.source_id).title == "同一张表"
    info = last_import(workspace, SOURCE)
    assert info is not None and (info.collection, info.author) == (OBSERVATIONS, "王工")
    # An id of before, made of the title too, is found by it and keeps it.
    parts = "\0".join((SOURCE.title, SOURCE.publisher, SOURCE.published_on, sha256))
    digest = hashlib.sha256(parts.encode()).hexdigest()[:12]
    before = replace(SOURCE, source_id=f"office-{digest}")
    assert source_on_file([before], sha256) == before
    assert as_on_file(renamed, before, retitled=True) == before


# --- parcels and projects -------------------------------------------------------------------------


def test_parcels_keep_their_outlines_through_later_imports(
    workspace: Workspace, facts: Facts
) -> None:
    zone = next(p.place_id for p in facts.places if p.level == "zone")
    box = shapely.box(112.5, 37.8, 112.51, 37.81)
    two = [parcel(1, zone), parcel(2, zone, area_ha=None, company="某公司")]
    done = add_parcels(workspace, two, facts=facts, source=SOURCE, **WHO)
    assert done == Added(PARCELS, 0, 2, 0, 0)
    assert workspace.info(PARCELS).bbox is None and read_parcels(workspace) == tuple(two)
    again = add_parcels(workspace, two, facts=facts, source=SOURCE, shapes={"BZD-2": box}, **WHO)
    assert again == Added(PARCELS, 1, 0, 1, 1)
    add_parcels(workspace, [replace(two[1], state="started")], facts=facts, source=SOURCE, **WHO)
    frame = workspace.read(PARCELS).set_index("parcel_id")
    assert frame.geometry["BZD-2"].equals(box) and frame.geometry["BZD-1"] is None
    assert set(frame["state"]) == {"granted", "started"} and math.isnan(frame.area_ha["BZD-2"])
    assert workspace.info(PARCELS).bbox == box.bounds and workspace.verify() == []
    wrong = [parcel(3, "no-where"), parcel(1, zone), parcel(1, zone, source_id="x")]
    with pytest.raises(BadFrameError) as caught:
        add_parcels(workspace, wrong, facts=facts, source=SOURCE, **WHO)
    assert len(caught.value.faults) == 3


def test_a_number_is_one_of_its_zone_and_ids_on_file_stay(
    workspace: Workspace, facts: Facts
) -> None:
    one, two = [p.place_id for p in facts.places if p.level == "zone"][:2]
    box = shapely.box(112.5, 37.8, 112.51, 37.81)
    old = parcel(1, one)  # of before the zone was part of the id
    add_parcels(workspace, [old], facts=facts, source=SOURCE, shapes={"BZD-1": box}, **WHO)
    named = [replace(parcel(1, zone), parcel_id=f"{zone}/BZD-1") for zone in (one, two)]
    assert add_parcels(workspace, named, facts=facts, source=SOURCE, **WHO) == Added(
        PARCELS, 1, 1, 0, 1
    )
    assert read_parcels(workspace) == (old, named[1])
    assert [p.number for p in read_parcels(workspace)] == ["BZD-1", "BZD-1"]
    moved = shapely.box(112.6, 37.8, 112.61, 37.81)
    add_parcels(
        workspace, named, facts=facts, source=SOURCE, shapes={named[0].parcel_id: moved}, **WHO
    )
    frame = workspace.read(PARCELS).set_index("parcel_id")
    assert frame.geometry["BZD-1"].equals(moved) and frame.geometry[named[1].parcel_id] is None
    some = [replace(project(1, zone), project_id=f"{zone}/P1") for zone in (one, two)]
    add_projects(workspace, [project(1, one)], facts=facts, source=SOURCE, **WHO)
    assert add_projects(workspace, some, facts=facts, source=SOURCE, **WHO) == Added(
        PROJECTS, 1, 1, 0, 1
    )


def test_records_of_before_a_column_was_there_have_its_default() -> None:
    frame = frame_of(StandardLandParcel, [parcel(1, "z", area_qualifier="approx")])
    assert records_of(StandardLandParcel, frame)[0].area_qualifier == "approx"
    (old,) = records_of(StandardLandParcel, frame.drop(columns="area_qualifier"))
    assert old == parcel(1, "z", area_qualifier="exact")


def test_projects_come_back_as_they_went_in(workspace: Workspace, facts: Facts) -> None:
    zone = next(p.place_id for p in facts.places if p.level == "zone")
    some = [project(1, zone), project(2, zone, period=None, total_investment_yi=None)]
    assert add_projects(workspace, some, facts=facts, source=SOURCE, **WHO).added == 2
    assert read_projects(workspace) == tuple(some)
    assert add_projects(workspace, some, facts=facts, source=SOURCE, **WHO).version is None
    assert "period_key" in workspace.read(PROJECTS).columns
    assert read_parcels(workspace) == () and read_projects(workspace, versions={}) == ()


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
days = st.dates(date(2000, 1, 1), date(2030, 1, 1))


@given(
    st.lists(
        st.tuples(texts, texts, st.none() | st.floats(allow_nan=False, allow_infinity=False),
                  st.none() | st.tuples(days, days)),
        max_size=6,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_record_survives_its_frame(cells: Any) -> None:
    records = [
        project(n, "z", name=name, note=note, total_investment_yi=number,
                period=None if span is None else Period(min(span), max(span), label=name))
        for n, (name, note, number, span) in enumerate(cells)
    ]  # fmt: skip
    frame = frame_of(Project, records)
    assert records_of(Project, frame) == tuple(records)
    with pytest.raises(BadFrameError, match="company"):
        records_of(Project, frame.drop(columns="company"))


# --- mappings -------------------------------------------------------------------------------------


def test_mappings_are_remembered_by_signature_and_forgotten(workspace: Workspace) -> None:
    assert find_mapping(workspace, "s1") is None and all_mappings(workspace) == ()
    column = ColumnMapping(index=1, label="产值（亿元）", role="value", indicator_id="output")
    one = Mapping(signature="s1", table="figures", columns=(column,), places={"甲区": "zone-a"})
    assert save_mapping(workspace, one, author="王工") == 0
    assert save_mapping(workspace, one, author="李工") == 0
    assert save_mapping(workspace, replace(one, fill_down=True), author="王工") == 1
    assert save_mapping(workspace, replace(one, signature="s0"), author="王工") == 2
    found = find_mapping(workspace, "s1")
    assert found is not None and found.fill_down and found.columns == (column,)
    assert [m.signature for m in all_mappings(workspace)] == ["s0", "s1"]
    assert forget_mapping(workspace, "s1", author="王工") == 3
    assert forget_mapping(workspace, "s1", author="王工") == 3
    assert find_mapping(workspace, "s1") is None and find_mapping(workspace, "s0") is not None
    table = pd.DataFrame([{"mapping_id": "s9", "kind": "figures", "name": "", "mapping": "{"}])
    workspace.write("table-mappings", table, author="x", message="坏", source="s")
    assert find_mapping(workspace, "s9") is None


# --- outlines of zones ----------------------------------------------------------------------------


def test_an_offices_outline_takes_the_schematic_ones_place_and_is_undone(
    workspace: Workspace, facts: Facts
) -> None:
    current: Any = workspace.read("zones")
    on_file = set(current["place_id"])
    named = next(p for p in facts.places if p.level == "zone" and p.place_id in on_file)
    outline = shapely.Polygon(shapely.box(112.5, 37.8, 112.6, 37.85).exterior.coords[::-1])
    zones = zones_with(
        current, {named.place_id: outline}, facts, precision="surveyed",
        source_id=SOURCE.source_id, declared_km2={named.place_id: 49.0}, valid_from="2024-07-01",
    )  # fmt: skip
    check_boundaries(zones)
    row = zones.set_index("place_id").loc[named.place_id]
    assert (row["precision"], row["area_basis"], row["source_id"]) == (
        "surveyed", "office_outline", SOURCE.source_id,
    )  # fmt: skip
    assert row["area_m2"] == pytest.approx(float(area_m2([outline])[0]))
    assert (row["declared_area_km2"], row["valid_from"]) == (49.0, "2024-07-01")
    assert len(zones) == len(current)
    seen = workspace.version("zones")
    version = commit_zones(workspace, zones, source=SOURCE, expected_version=seen, **WHO)
    assert version == seen + 1 and workspace.info("zones").author == "王工"
    with pytest.raises(StaleWriterError):
        commit_zones(workspace, zones, source=SOURCE, expected_version=seen, **WHO)
    forget_atlases()
    atlas = open_atlas(workspace.path, ROOT / "data")
    outline_row = atlas.outline_of(named.place_id)
    assert outline_row is not None and outline_row["precision"] == "surveyed"
    assert atlas.facts.source(outline_row["source_id"]) == SOURCE
    assert workspace.restore("zones", seen, author="王工", message="退回") == version + 1
    back = workspace.read("zones").set_index("place_id")
    assert back.loc[named.place_id, "precision"] == "schematic"
    # A changed baseline does not cover up what an office did.
    report = ensure_baseline(workspace, ROOT / "data")
    assert report.reason == "unchanged" and workspace.version("zones") == version + 1


def test_only_zones_on_file_with_good_outlines_inside_the_province_are_taken(
    workspace: Workspace, facts: Facts
) -> None:
    current: Any = workspace.read("zones")
    zone = next(p.place_id for p in facts.places if p.level == "zone")
    city = next(p.place_id for p in facts.places if p.level == "city")
    bow = shapely.Polygon([(112, 37), (112.1, 37.1), (112.1, 37), (112, 37.1)])
    cases = {
        "no-such": shapely.box(112, 37, 112.1, 37.1), city: shapely.box(112, 37, 112.1, 37.1),
        zone: bow,
    }  # fmt: skip
    with pytest.raises(ImportRefusedError) as caught:
        zones_with(current, cases, facts, precision="schematic", source_id="x")
    assert len(caught.value.faults) == 4
    for shape in (None, shapely.Point(112, 37), shapely.box(100, 37, 101, 38)):
        with pytest.raises(ImportRefusedError):
            zones_with(current, {zone: shape}, facts, precision="surveyed", source_id="x")
    with pytest.raises(ImportRefusedError):
        zones_with(current, {}, facts, precision="surveyed", source_id="x")
    with pytest.raises(ImportRefusedError):
        zones_with(current, {zone: shapely.box(112, 37, 112.1, 37.1)}, facts, source_id="x",
                   precision="surveyed", declared_km2={zone: np.nan})  # fmt: skip
    broken = current.copy()
    broken["area_m2"] = broken["area_m2"] + 1000.0
    with pytest.raises(ImportRefusedError, match="错误"):
        commit_zones(workspace, broken, source=SOURCE, **WHO)
    assert SOURCES not in workspace.versions()


def test_a_zone_that_had_no_outline_gets_its_first(workspace: Workspace, facts: Facts) -> None:
    new = place("office-zone-new", "zone", name_zh="新设开发区", name_en="", parent_id="140100")
    known = replace(facts, places=(*facts.places, new))
    current: Any = workspace.read("zones")
    shape = shapely.MultiPolygon(
        [shapely.box(112.5, 37.8, 112.52, 37.82), shapely.box(112.53, 37.8, 112.54, 37.81)]
    )
    zones = zones_with(
        current, {new.place_id: shape}, known, precision="digitised", source_id=SOURCE.source_id
    )
    check_boundaries(zones)
    assert len(zones) == len(current) + 1
    row = zones.set_index("place_id").loc[new.place_id]
    assert row["name_en"] == "新设开发区" and math.isnan(row["declared_area_km2"])
    commit_zones(workspace, zones, source=SOURCE, **WHO)
    assert workspace.info("zones").rows == len(current) + 1
