"""Where the outlines of parcels lie against the zone they are said to be of, and their areas."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from factories import facts, place
from test_layers_importview import parcel

from facts.model import Qualifier
from geo.areas import area_m2
from layers.parcelchecks import AreaGap, area_gaps, county_ids, parcels_elsewhere, zones_near

EAST, WEST = shapely.box(113.2, 37.2, 113.21, 37.21), shapely.box(112.2, 37.2, 112.21, 37.21)
COUNTIES = gpd.GeoDataFrame(
    {"place_id": ["c-west", "c-east"]},
    geometry=[shapely.box(112, 37, 113, 38), shapely.box(113, 37, 114, 38)], crs=4490,
)  # fmt: skip
PLACES = (
    place("city", "city"),
    place("c-west", "county", parent_id="city", name_zh="西县"),
    place("c-east", "county", parent_id="city", name_zh="东县"),
    place("z-wide", "zone", host_county_ids=("c-west", "c-east")),
    place("z-west", "zone", host_county_ids=("c-west",), name_zh="西县开发区"),
    place("z-east", "zone", host_county_ids=("c-east",), name_zh="东县开发区"),
    place("z-nowhere", "zone"),
)
FACTS = facts(places=PLACES)


def zones(precision: str = "schematic") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"place_id": ["z-east"], "precision": [precision]},
        geometry=[shapely.box(112.1, 37.1, 112.3, 37.3)], crs=4490,
    )  # fmt: skip


def test_outlines_have_the_county_that_they_lie_in() -> None:
    away = shapely.box(100, 30, 100.1, 30.1)
    assert county_ids([EAST, WEST, away], COUNTIES) == ["c-east", "c-west", ""]
    assert county_ids([], COUNTIES) == []


def test_zones_are_offered_by_their_own_outline_and_then_by_their_county() -> None:
    assert zones_near([WEST], FACTS, counties=COUNTIES, zones=zones()) == ("z-west", "z-wide")
    found = zones_near([WEST], FACTS, counties=COUNTIES, zones=zones("surveyed"))
    assert found == ("z-east", "z-west", "z-wide")
    away = shapely.box(100, 30, 100.1, 30.1)
    assert zones_near([away], FACTS, counties=COUNTIES, zones=zones()) == ()


def test_outlines_outside_the_counties_of_their_zone_are_told() -> None:
    parcels = [
        parcel(parcel_id="1", name="甲", place_id="z-east"),
        parcel(parcel_id="2", name="乙", place_id="z-east"),
        parcel(parcel_id="3", name="丙", place_id="z-nowhere"),
        parcel(parcel_id="4", name="丁", place_id="city"),
        parcel(parcel_id="5", name="戊", place_id="z-east"),
    ]
    shapes = {"1": EAST, "2": WEST, "3": WEST, "4": WEST}  # the fifth has none
    (one,) = parcels_elsewhere(parcels, shapes, FACTS, counties=COUNTIES, zones=zones())
    assert (one.place_id, one.names, one.where) == ("z-east", ("乙",), ("c-west",))
    words = one.words(FACTS, "zh")
    assert "西县" in words and "东县开发区" in words and "乙" in words
    assert "c-west" in one.words(FACTS, "en")
    # What lies in the zone's own outline is nowhere else.
    own = zones("surveyed")
    assert parcels_elsewhere(parcels, shapes, FACTS, counties=COUNTIES, zones=own) == ()


@pytest.mark.parametrize(("factor", "differs"), [(1.0, False), (1.005, False), (0.15, True)])
def test_declared_areas_are_held_against_those_of_the_outlines(factor, differs) -> None:
    true_ha = float(area_m2([EAST])[0]) / 1e4
    given = [
        parcel(parcel_id="1", area_ha=true_ha),
        parcel(parcel_id="2", area_ha=true_ha * factor),
        parcel(parcel_id="3", area_ha=None),
        parcel(parcel_id="4"),
    ]
    found = area_gaps(given, {"1": EAST, "2": EAST, "3": EAST})
    assert [gap.parcel_id for gap in found] == (["2", "1", "3"] if differs else ["1", "2", "3"])
    assert [gap.differs for gap in found].count(True) == differs
    assert found[0].outline_ha == pytest.approx(true_ha)
    assert area_gaps([], {}) == ()


def test_an_area_that_is_only_a_bound_differs_on_the_other_side_alone() -> None:
    def differs(declared: float, qualifier: Qualifier) -> bool:
        return AreaGap("1", "甲", declared, 10.0, qualifier).differs

    assert differs(9.0, "exact") and not differs(9.0, "at_least") and differs(9.0, "at_most")
    assert differs(11.0, "at_least") and not differs(11.0, "at_most")
    assert not differs(10.4, "approx") and differs(10.4, "exact") and differs(12.0, "approx")
