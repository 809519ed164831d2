"""The file of a place, the checks of geometry, and the atlas that gives them their frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geopandas as gpd
import orjson
import pytest
import shapely

from facts.model import Facts, Period
from layers.areachecks import area_checks
from layers.atlas import BOUNDARIES, Atlas, forget_atlases, open_atlas
from layers.errors import LayerError, PlaceError
from layers.locator import locator_svg
from layers.placefigures import by_theme, figure_rows, series_of, span_of, targets_of
from layers.placefile import area, groups_of
from layers.placerecords import PlaceFile
from layers.view import View
from store.baseline import ensure_baseline
from store.workspace import Workspace
from tests import factories as f

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Atlas]:
    """The published data in a workspace of its own."""
    yield open_atlas(tmp_path_factory.mktemp("atlas") / "var", ROOT / "data")
    forget_atlases()


def rows_of(file: PlaceFile, indicator_id: str) -> list[str]:
    rows = [row for theme in file.themes for row in theme.rows]
    return [row.value_text for row in rows if row.indicator_id == indicator_id]


# --- figures -------------------------------------------------------------------------------------


def test_rows_stand_by_theme_in_the_themes_order_newest_first() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 5.0, indicator_id="land", unit="亩"),
        f.figure("2", "zone-a", 1.0, period=f.YEAR),
        f.figure("3", "zone-a", 2.0),
    )
    groups = by_theme(facts, figure_rows(facts, facts.observations, "en"), "en")
    assert [g.name for g in groups] == ["Economy", "Land"]
    assert [r.row_id for r in groups[0].rows] == ["3", "2"]
    assert groups[1].rows[0].value_text == "5 mu"


def test_contradicting_figures_are_marked_and_other_projects_are_not() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 1.0),
        f.figure("2", "zone-a", 2.0, source_id="src-mirror"),
        f.figure("3", "zone-a", 9.0, population="另一项目"),
    )
    marks = {r.row_id: r.contradicted for r in figure_rows(facts, facts.observations, "zh")}
    assert marks == {"1": True, "2": True, "3": False}


def test_a_row_says_whether_its_source_was_verified() -> None:
    facts = f.facts(f.figure("1", "zone-a", 1.0, source_id="src-mirror"))
    (row,) = figure_rows(facts, facts.observations, "zh")
    assert not row.source.verified
    assert row.source.url == "https://mirror.example/page"


@pytest.mark.parametrize(
    ("period", "span"),
    [
        (f.YEAR, "year"), (f.H1, "half"), (f.Q1, "quarter"),
        (Period(date(2023, 2, 1), date(2023, 2, 28)), "month"),
        (Period(date(2023, 12, 1), date(2023, 12, 1)), "day"),
        (Period(None, None, date(2023, 12, 1)), "day"),
        (Period(date(2023, 1, 1), date(2023, 11, 30)), "other"),
        (Period(date(2024, 1, 1), date(2024, 12, 31)), "year"),
    ],
)  # fmt: skip
def test_the_length_of_a_period(period: Period, span: str) -> None:
    assert span_of(period) == span


def test_a_series_never_mixes_kinds_or_lengths_of_period() -> None:
    earlier = Period(date(2022, 1, 1), date(2022, 6, 30))
    facts = f.facts(
        f.figure("1", "zone-a", 1.0, period=earlier),
        f.figure("2", "zone-a", 2.0, period=f.H1),
        f.figure("3", "zone-a", 9.0, period=f.YEAR),
        f.figure("4", "zone-a", 7.0, unit="%", kind="yoy"),
        f.figure("5", "zone-a", None, period=f.Q1),
    )
    (line,) = series_of(facts, facts.observations, "zh")
    assert (line.kind, line.span) == ("actual", "half")
    assert [p.value for p in line.points] == [1.0, 2.0]


def test_rates_of_different_populations_make_no_series() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 78.69, indicator_id="rate", unit="%", population="前五次"),
        f.figure(
            "2", "zone-a", 92.0, indicator_id="rate", unit="%", population="两次",
            period=Period(date(2022, 1, 1), date(2022, 6, 30)),
        ),
    )  # fmt: skip
    assert series_of(facts, facts.observations, "zh") == ()


def test_a_target_is_compared_only_within_its_period() -> None:
    year = Period(date(2023, 1, 1), date(2023, 12, 31))
    facts = f.facts(
        f.figure("1", "zone-a", 200.0, kind="target", period=year),
        f.figure("2", "zone-a", 50.0),
        f.figure("3", "zone-b", 100.0, kind="target", period=f.YEAR),
        f.figure("4", "zone-b", 50.0),
    )
    (inside,) = targets_of(facts, facts.observations_of("zone-a"), "zh")
    assert inside.share == 0.25
    assert "25%" in inside.comment
    (outside,) = targets_of(facts, facts.observations_of("zone-b"), "zh")
    assert (outside.share, outside.actual and outside.actual.value) == (None, 50.0)


def test_an_area_is_written_in_three_units() -> None:
    written = area(846.61 * 2000 / 3)
    assert (written.km2, written.ha, written.mu) == ("0.5644", "56.44", "846.61")
    assert area(62.77e6, "approx").mu == "≈94,155"


# --- the file ------------------------------------------------------------------------------------


def test_the_file_of_zhongbei(atlas: Atlas) -> None:
    file = atlas.place_file("zone-zhongbei-gaoxin", "zh")
    assert rows_of(file, "standard_land_area") == ["846.61 亩"]
    (land,) = [r for r in file.standard_land if r.own]
    assert (land.parcels, land.period) == (2, "2023年上半年")
    assert land.area is not None
    assert (land.area.mu, land.area.ha) == ("846.61", "56.44")
    assert file.boundary is not None
    assert file.boundary.precision == "schematic"
    assert file.boundary.difference == pytest.approx(0.0, abs=1e-3)
    assert {c.place.place_id for c in file.children} >= {
        "park-yingze-mazhuang", "zone-zhongbei-gaoxin-expansion",
    }  # fmt: skip
    assert [e.start for e in file.events] == ["2023-02-10", "2023-05-06"]
    assert all(e.kind == "扩区" for e in file.events)


def test_joint_figures_are_never_the_places_own(atlas: Atlas) -> None:
    file = atlas.place_file("zone-qingxu-jingkai", "zh")
    (joint,) = [g for g in file.groups if g.group.place_id == "group-zhongbei-qingxu"]
    values = {(r.indicator_id, r.value_text) for r in joint.rows}
    assert ("above_scale_value_added", "92.46 亿元") in values
    assert rows_of(file, "above_scale_value_added") == []
    assert {m.place_id for m in joint.members} == {"zone-zhongbei-gaoxin", "zone-qingxu-jingkai"}


def test_both_declared_areas_of_qingxu_stand(atlas: Atlas) -> None:
    file = atlas.place_file("zone-qingxu-jingkai", "en")
    assert [(d.area.km2, d.chosen) for d in file.declared] == [("29.99", True), ("62.7", False)]
    assert any(c.kind == "conflict" and c.verdict == "does_not" for c in file.checks)


def test_a_citys_file_keeps_the_totals_of_its_zones_apart(atlas: Atlas) -> None:
    file = atlas.place_file("140700", "zh")
    names = {g.group.place_id for g in file.groups}
    assert {"group-140700-zones", "group-140700-industrial"} <= names
    assert rows_of(file, "all_batches_projects") == []
    assert sum(c.place.level == "county" for c in file.children) == 11
    assert all(not r.own for r in file.standard_land)


def test_the_provinces_318_parcels_have_no_area(atlas: Atlas) -> None:
    rows = atlas.place_file("group-140000-zones", "zh").standard_land
    assert [(r.parcels, r.area) for r in rows if r.parcels == 318] == [(318, None)]


def test_every_place_has_a_file_in_both_languages(atlas: Atlas) -> None:
    for place in atlas.facts.places:
        chinese = atlas.place_file(place.place_id, "zh")
        english = atlas.place_file(place.place_id, "en")
        assert chinese.figure_count == english.figure_count
        assert chinese.figure_count == len(atlas.facts.observations_of(place.place_id))
        assert english.identity.level_name.isascii()
        assert english.identity.status.isascii()
        assert english.identity.zone_type.isascii()
        assert chinese.boundary is not None or atlas.outline_of(place.place_id) is None


def test_an_unknown_place_is_refused(atlas: Atlas) -> None:
    with pytest.raises(PlaceError, match="zone-nowhere"):
        atlas.place_file("zone-nowhere")


def test_groups_of_a_place() -> None:
    facts = f.facts()
    assert [g.place_id for g in groups_of(facts, f.ZONE_A)] == ["group-ab"]
    assert [g.place_id for g in groups_of(facts, f.CITY_A)] == [
        "group-140100-zones", "group-140100-industrial",
    ]  # fmt: skip


def test_the_locator_is_plain_svg_and_escapes_names(atlas: Atlas) -> None:
    place = atlas.facts.place("zone-zhongbei-gaoxin")
    drawn = locator_svg(atlas, place, "zh")
    assert drawn.startswith("<svg")
    assert "http" not in drawn
    assert "<circle" in drawn
    assert "<path" in locator_svg(atlas, atlas.facts.place("140700"), "en")
    evil = f.place("140100", "city", name_zh='<script>"')
    assert "<script>" not in locator_svg(atlas, evil, "zh")
    nowhere = f.place("zone-nowhere", "zone")
    assert locator_svg(atlas, nowhere, "zh") == ""


# --- checks of geometry --------------------------------------------------------------------------


def boundary(place_id: str, level: str, box: tuple[float, ...], **more: object) -> dict:
    cells: dict[str, object] = {
        "place_id": place_id, "name_zh": place_id, "name_en": place_id, "level": level,
        "parent_id": None, "precision": "digitised", "area_basis": "official_outline",
        "declared_area_km2": None, "geometry": shapely.box(*box),
    }  # fmt: skip
    return cells | more


def frame(*rows: dict) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(list(rows), geometry="geometry", crs="EPSG:4490")


def verdicts(*rows: dict) -> dict[str, str]:
    return {c.check_id: c.verdict for c in area_checks(frame(*rows))}


def test_counties_must_cover_their_city_and_the_province() -> None:
    whole = [
        boundary("14", "province", (112, 37, 113, 38)),
        boundary("1401", "city", (112, 37, 113, 38), parent_id="14"),
        boundary("140101", "county", (112, 37, 112.5, 38), parent_id="1401"),
    ]
    rest = boundary("140102", "county", (112.5, 37, 113, 38), parent_id="1401")
    assert set(verdicts(*whole, rest).values()) == {"adds_up"}
    gap = rest | {"geometry": shapely.box(112.5, 37, 112.99, 38)}
    assert verdicts(*whole, gap) == {
        "area-counties:14": "does_not",
        "area-counties:1401": "does_not",
    }


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "adds_up"), (1.002, "does_not")])
def test_a_declared_area_is_drawn_to_a_thousandth(factor: float, verdict: str) -> None:
    box = boundary("z", "zone", (112, 37, 112.1, 37.1))
    (found,) = area_checks(frame(box | {"area_basis": "declared", "declared_area_km2": 1.0}))
    declared = (found.computed or 0.0) * factor
    assert verdicts(box | {"area_basis": "declared", "declared_area_km2": declared}) == {
        "area-declared:z": verdict
    }


def test_a_park_outside_its_zone_is_found_but_schematic_ones_prove_nothing() -> None:
    zone = boundary("z", "zone", (112, 37, 112.1, 37.1))
    inside = boundary("p", "park", (112.01, 37.01, 112.05, 37.05), parent_id="z")
    half = inside | {"geometry": shapely.box(112.05, 37.01, 112.15, 37.05)}
    touching = inside | {"geometry": shapely.box(112.1, 37.0, 112.15, 37.1)}
    assert verdicts(zone, inside) == {"area-inside:p": "adds_up"}
    assert verdicts(zone, half) == {"area-inside:p": "does_not"}
    assert verdicts(zone, touching) == {"area-inside:p": "does_not"}
    two = shapely.union_all(
        [shapely.box(112.05, 37.0, 112.15, 37.04), shapely.box(112.1, 37.06, 112.2, 37.1)]
    )
    mixed = inside | {"geometry": two}  # shares a polygon and an edge with the zone
    assert verdicts(zone, mixed) == {"area-inside:p": "does_not"}
    guess = half | {"precision": "schematic"}
    assert verdicts(zone, guess) == {"area-inside:p": "cannot_check"}


def test_published_outlines_add_up(atlas: Atlas) -> None:
    found = {c.check_id: c for c in atlas.checks()}
    province = found["area-counties:140000"]
    assert province.verdict == "adds_up"
    assert province.computed == pytest.approx(province.expected, rel=5e-3)
    assert province.computed == pytest.approx(156_700, rel=5e-3)  # km², the province's round figure
    assert sum(c.check_id.startswith("area-counties:") for c in found.values()) == 12
    assert not [c for c in found.values() if c.kind == "area" and c.verdict == "does_not"]
    assert len(found) == len(atlas.checks())


# --- the atlas -----------------------------------------------------------------------------------


def test_the_frames_geometry_is_small_and_complete(atlas: Atlas) -> None:
    counties = orjson.loads(atlas.frame_geojson("counties"))
    assert len(counties["features"]) == 117
    assert "crs" not in counties
    properties = counties["features"][0]["properties"]
    assert list(properties) == [
        "id", "name", "name_en", "level", "parent", "precision", "area_ha", "point",
    ]  # fmt: skip
    lon, lat = properties["point"]
    assert shapely.contains_xy(shapely.box(*atlas.bounds()), lon, lat)
    zones = orjson.loads(atlas.frame_geojson("zones"))["features"]
    assert {z["properties"]["precision"] for z in zones} == {"schematic"}
    assert len(atlas.frame_geojson("counties")) < 350_000
    with pytest.raises(LayerError):
        atlas.frame_geojson("observations")


def test_the_search_index_finds_by_pinyin(atlas: Atlas) -> None:
    entries = {e["id"]: e for e in orjson.loads(atlas.search_json())}
    assert len(entries) == len(atlas.facts.places)
    zhongbei = entries["zone-zhongbei-gaoxin"]
    assert zhongbei["pinyin"].startswith("zhongbei")
    assert "zbgxq" in zhongbei["initials"].split(" ")
    assert zhongbei["point"]
    assert entries["group-140100-zones"]["point"] == entries["140100"]["point"]


def test_addresses_carry_versions(atlas: Atlas) -> None:
    addresses = atlas.geometry_addresses()
    assert set(addresses) == set(BOUNDARIES)
    assert addresses["counties"] == f"/layers/counties/{atlas.versions['counties']}.geojson"
    assert atlas.search_address().startswith("/layers/search/")
    with pytest.raises(LayerError):
        atlas.version_of("nothing")


def test_many_threads_get_one_atlas(tmp_path: Path) -> None:
    found: list[Atlas] = []
    figures: list[int] = []

    def visit() -> None:
        mine = open_atlas(tmp_path / "var", ROOT / "data")
        found.append(mine)
        view, _ = mine.validate_view({})
        figures.append(len(mine.paint(view)["values"]))

    threads = [threading.Thread(target=visit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len({id(a) for a in found}) == 1
    assert len(set(figures)) == 1


def test_a_new_version_gives_a_new_atlas_and_the_old_one_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layers.atlas._RECHECK_S", 0.0)
    before = open_atlas(tmp_path / "var", ROOT / "data")
    old = before.frame_geojson("zones")
    writer = Workspace.open(tmp_path / "var")
    fewer = writer.read("zones").iloc[:-1]
    writer.write("zones", fewer, author="tester", message="one less", source="test")
    after = open_atlas(tmp_path / "var", ROOT / "data")
    assert after is not before
    assert after.versions["zones"] == before.versions["zones"] + 1
    assert len(orjson.loads(after.frame_geojson("zones"))["features"]) == len(fewer)
    assert before.frame_geojson("zones") == old
    assert after.frame_geojson("zones", version=before.versions["zones"]) == old
    assert before.geometry_addresses()["zones"] != after.geometry_addresses()["zones"]


def test_an_atlas_is_what_its_versions_say(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "var")
    ensure_baseline(workspace, ROOT / "data")
    atlas = Atlas(workspace)
    assert isinstance(atlas.facts, Facts)
    assert atlas.facts is atlas.facts
    view = View("zone", "standard_land_area", "cumulative", "2023-H1", "zones")
    assert atlas.paint(view)["values"]["zone-zhongbei-gaoxin"][1] == "846.61"
    assert [c.key for c in atlas.key_figures(view)][:2] == ["coverage", "province"]
