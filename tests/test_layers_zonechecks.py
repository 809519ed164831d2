"""Outlines of an import against what is on file: host county, city, area; told before a commit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import factories as f
import geopandas as gpd
import pytest
import shapely

from geo.areas import area_m2
from layers.areachecks import area_checks
from layers.officeareas import AREA_BASIS as OFFICE_BASIS
from layers.signed import signed, signed_share
from layers.zonechecks import ZoneCheck, zone_checks
from store.boundaryimport import AREA_BASIS

WEST, EAST = shapely.box(112, 37, 112.5, 38), shapely.box(112.5, 37, 113, 38)
COUNTIES = gpd.GeoDataFrame(
    {
        "place_id": ["140105", "140202"], "parent_id": ["140100", "140200"],
        "name_zh": ["丙区", "丁县"], "name_en": ["Bing", "Ding"],
    },
    geometry=[WEST, EAST], crs=4490,
)  # fmt: skip
CITIES = gpd.GeoDataFrame(
    {"place_id": ["140100", "140200"], "name_zh": ["甲市", "乙市"], "name_en": ["Jia", "Yi"]},
    geometry=[WEST, EAST], crs=4490,
)  # fmt: skip
ZONE = replace(f.ZONE_A, host_county_ids=("140105",))
INSIDE = shapely.box(112.1, 37.1, 112.2, 37.2)
KM2 = float(area_m2([INSIDE])[0]) / 1e6


def checks(shape: Any, place: Any = ZONE, lang: Any = "zh", **more: Any) -> dict[str, ZoneCheck]:
    facts = f.facts(places=(f.PROVINCE, f.CITY_A, f.CITY_B, place), **more.pop("facts", {}))
    options: dict[str, Any] = {"rows": {}, "declared_km2": {}, "lang": lang} | more
    found = zone_checks(facts, {place.place_id: shape}, counties=COUNTIES, cities=CITIES, **options)
    return {check.what: check for check in found}


def test_an_outline_in_its_county_and_city_of_its_area_agrees_and_nothing_is_told() -> None:
    found = checks(INSIDE, facts={"declared_areas": (f.declared("a", "zone-a", KM2),)})
    assert {c.verdict for c in found.values()} == {"meets"}
    assert (found["county"].expected, found["county"].found) == ("丙区", "丙区")
    assert not any(c.told for c in found.values())


def test_land_in_another_county_and_city_is_told_with_its_share() -> None:
    found = checks(shapely.box(112.6, 37.1, 112.7, 37.2))
    county = found["county"]
    assert (county.verdict, county.expected, county.found) == ("does_not", "丙区", "丁县")
    assert county.told == "甲区：在册所在县是丙区，图形有 100.0% 在外，落在丁县。"
    assert found["city"].verdict == "does_not" and "乙市" in found["city"].told
    english = checks(shapely.box(112.6, 37.1, 112.7, 37.2), lang="en")["county"]
    assert "on file in Bing" in english.told and "Ding" in english.told


def test_a_zone_across_two_cities_is_told_of_before_the_commit_as_its_file_would_after() -> None:
    shape = shapely.box(112.4, 37.1, 112.6, 37.2)
    city = checks(shape)["city"]
    assert city.verdict == "does_not" and "50.0%" in city.told
    assert city.found == "甲市 50.0%、乙市 50.0%"
    outlines = gpd.GeoDataFrame(
        [
            {"place_id": i, "name_zh": i, "name_en": i, "level": level, "parent_id": parent,
             "precision": "surveyed", "area_basis": "office_outline", "declared_area_km2": None}
            for i, level, parent in (("140100", "city", None), ("zone-a", "zone", "140100"))
        ], geometry=[WEST, shape], crs=4490,
    )  # fmt: skip
    (after,) = [c for c in area_checks(outlines) if c.check_id == "area-inside:zone-a"]
    assert after.verdict == "does_not" and "50.0% 在外" in after.explanation_zh


@pytest.mark.parametrize(
    ("said", "qualifier", "verdict"),
    [(1.0, "exact", "meets"), (1.02, "exact", "does_not"), (1.02, "approx", "meets"),
     (1.5, "approx", "does_not"), (0.5, "at_least", "meets"), (1.5, "at_least", "does_not"),
     (1.5, "at_most", "meets"), (0.5, "at_most", "does_not")],
)  # fmt: skip
def test_the_area_on_file_is_compared_as_it_is_meant(
    said: float, qualifier: str, verdict: str
) -> None:
    area = f.declared("a", "zone-a", said * KM2, qualifier=qualifier)
    found = checks(INSIDE, facts={"declared_areas": (area,)})["area"]
    assert found.verdict == verdict and bool(found.told) == (verdict == "does_not")


def test_an_area_that_is_off_is_told_with_both_numbers_and_the_share() -> None:
    area = f.declared("a", "zone-a", round(KM2 / 0.61, 2))
    told = checks(INSIDE, facts={"declared_areas": (area,)})["area"].told
    assert f"{area.area_km2:,.2f} 平方公里" in told and f"{KM2:,.2f} 平方公里（−39.0%）" in told


def test_what_the_file_declares_is_held_against_the_outline_too() -> None:
    found = checks(INSIDE, declared_km2={"zone-a": KM2 * 2})
    assert found["declared"].verdict == "does_not" and "文件填报" in found["declared"].told
    assert found["area"].verdict == "cannot_check" and found["area"].expected == "库中没有"


def test_an_offices_own_declared_area_counts_before_that_of_the_facts() -> None:
    row = {
        "place_id": "zone-a", "area_basis": "office_outline", "declared_area_km2": KM2,
        "declared_source_id": "office-1", "valid_from": None,
    }  # fmt: skip
    area = f.declared("a", "zone-a", 3 * KM2)
    found = checks(INSIDE, facts={"declared_areas": (area,)}, rows={"zone-a": row})
    assert found["area"].verdict == "meets"
    assert OFFICE_BASIS == AREA_BASIS


def test_without_a_host_county_on_file_nothing_is_claimed() -> None:
    found = checks(INSIDE, replace(ZONE, host_county_ids=()))
    assert (found["county"].verdict, found["county"].found) == ("cannot_check", "丙区")
    outside = checks(shapely.box(120, 37, 120.1, 37.1))["county"]
    assert outside.verdict == "does_not" and outside.found == "山西省外"


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert [signed(v, 2) for v in (-0.001, 0.001, 0.0, -1234.5, 2)] == [
        "0.00", "0.00", "0.00", "-1,234.50", "+2.00",
    ]  # fmt: skip
    assert [signed_share(v, 4) for v in (-1e-9, 0.25)] == ["0.0000%", "+25.0000%"]
