"""Outlines of zones that lie on each other are told before they are stored."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from geo.areas import area_m2
from layers.zoneoverlaps import zone_overlaps

HALF = shapely.box(112.505, 37.70, 112.51, 37.71)  # what the first two have in common


def zones(**changed: str) -> gpd.GeoDataFrame:
    """Two surveyed zones that share half of the first, and a third beside them."""
    rows = {
        "place_id": ["a", "b", "c"], "level": ["zone"] * 3, "precision": ["surveyed"] * 3,
        "name_zh": ["甲开发区", "乙开发区", "丙开发区"], "name_en": ["A zone", "", "C zone"],
    }  # fmt: skip
    for column, value in changed.items():
        rows[column][1] = value
    shapes = [
        shapely.box(112.50, 37.70, 112.51, 37.71), shapely.box(112.505, 37.70, 112.515, 37.71),
        shapely.box(112.515, 37.70, 112.52, 37.71),
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=4490)


@pytest.mark.parametrize("new", [{"a"}, {"b"}, {"a", "b"}])
def test_land_of_two_zones_is_told_once_with_its_area_and_place(new: set[str]) -> None:
    (found,) = zone_overlaps(zones(), new)
    assert (found.code, found.level) == ("overlap", "warning")
    assert found.message_zh.startswith("甲开发区与乙开发区重叠")
    assert found.message_en.startswith("A zone and 乙开发区 overlap")  # no English name on file
    assert f"{float(area_m2([HALF])[0]) / 1e4:.4f}" in found.message_zh
    assert HALF.contains(shapely.Point(found.lon, found.lat))


@pytest.mark.parametrize("changed", [{"precision": "schematic"}, {"level": "park"}])
def test_sketches_and_parks_within_a_zone_are_no_neighbours(changed: dict[str, str]) -> None:
    assert zone_overlaps(zones(**changed), {"a", "b"}) == []


def test_zones_that_only_touch_and_those_on_file_before_are_not_told() -> None:
    assert zone_overlaps(zones(), {"c"}) == []
