"""Schematic footprints: exact area, inside their county, no chance in them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.areas import area_m2
from geo.boundaries import FILES, read_boundaries, write_boundaries
from geo.errors import FootprintError
from geo.footprints import Footprint, Site, draw_footprints
from geo.hexagons import blocks_of, hexagon, region_area
from geo.plane import to_degrees, to_plane

# A busy machine must not fail a test: nothing here is about time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

FOLDER = Path(__file__).resolve().parents[1] / "data" / "boundaries"
MEAN_ZONE, MEAN_PARK = 40e6, 12e6
# Two counties side by side, about 33 km square, and a small one north of them.
COUNTIES = {
    "a": shapely.box(112.0, 37.0, 112.4, 37.3),
    "b": shapely.box(112.4, 37.0, 112.8, 37.3),
    "c": shapely.box(112.0, 37.3, 112.08, 37.36),
}


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _draw(*sites: Site) -> dict[str, Footprint]:
    drawn = draw_footprints(sites, COUNTIES, mean_zone_m2=MEAN_ZONE, mean_park_m2=MEAN_PARK)
    return {footprint.place_id: footprint for footprint in drawn}


def _area(footprint: Footprint) -> float:
    return float(area_m2([footprint.geometry])[0])


def _inside(shape: Any, outer: Any, *, within: float = 1e-9) -> bool:
    return bool(shape.difference(outer).area <= within * shape.area)


def _apart(one: Footprint, other: Footprint) -> bool:
    return bool(one.geometry.intersection(other.geometry).area < 1e-9 * one.geometry.area)


def test_a_zone_is_a_regular_hexagon_of_its_area() -> None:
    zone = _draw(Site("zone-x", "zone", None, ("a",), 63e6))["zone-x"]
    assert _area(zone) == pytest.approx(63e6, rel=1e-6)
    assert zone.basis == "declared"
    points = shapely.get_coordinates(zone.geometry)
    assert len(points) == 7
    steps = np.diff(points, axis=0) * [111_320 * np.cos(np.radians(37.15)), 111_000]
    sides = np.hypot(*steps.T)
    assert sides.max() / sides.min() < 1.005
    assert zone.geometry.contains(shapely.Point(zone.point))


def test_means_and_shares() -> None:
    drawn = _draw(
        Site("zone-x", "zone", None, ("a",)),
        Site("park-1", "park", "zone-x", ("a",), 10e6),
        Site("park-2", "park", "zone-x", ("a",)),
        Site("park-3", "park", "zone-x", ("a",)),
        Site("park-4", "park", "140100", ("b",)),
        Site("zone-y", "zone", None, ("b",), 100e6),
        Site("park-5", "park", "zone-y", ("b",)),
    )
    areas = {i: _area(f) for i, f in drawn.items()}
    assert areas["zone-x"] == pytest.approx(MEAN_ZONE, rel=1e-6)
    assert areas["park-2"] == pytest.approx((MEAN_ZONE - 10e6) / 2 / 2, rel=1e-6)
    assert areas["park-5"] == pytest.approx(MEAN_PARK, rel=1e-6)
    bases = {i: f.basis for i, f in drawn.items()}
    assert bases["zone-x"] == "mean_industrial_zone"
    assert bases["park-3"] == "share_of_parent"
    assert bases["park-4"] == bases["park-5"] == "mean_park"
    assert drawn["park-4"].in_parent is None
    for i in ("park-1", "park-2", "park-3"):
        assert drawn[i].in_parent
        assert _inside(drawn[i].geometry, drawn["zone-x"].geometry)
    assert _apart(drawn["park-1"], drawn["park-2"])
    assert _apart(drawn["park-2"], drawn["park-3"])


def test_parks_that_fill_their_zone_are_cut_from_it() -> None:
    drawn = _draw(
        Site("zone-x", "zone", None, ("a",), 9.42e6),
        Site("park-1", "park", "zone-x", ("a",), 3.06e6),
        Site("park-2", "park", "zone-x", ("a",), 2.53e6),
        Site("park-3", "park", "zone-x", ("a",), 3.83e6),
    )
    for i, wanted in (("park-1", 3.06e6), ("park-2", 2.53e6), ("park-3", 3.83e6)):
        assert _area(drawn[i]) == pytest.approx(wanted, rel=1e-6)
        assert drawn[i].in_parent
        assert drawn[i].overlaps == ()


def test_parks_that_cannot_lie_in_their_zone_lie_in_their_county() -> None:
    drawn = _draw(
        Site("zone-x", "zone", None, ("a",), 20e6),
        Site("park-large", "park", "zone-x", ("a",), 46e6),
        Site("park-far", "park", "zone-x", ("c",), 0.66e6),
    )
    for i, county in (("park-large", "a"), ("park-far", "c")):
        assert drawn[i].in_parent is False
        assert _inside(drawn[i].geometry, COUNTIES[county])
        assert _apart(drawn[i], drawn["zone-x"])


def test_a_zone_of_several_counties_has_a_part_in_each() -> None:
    zone = _draw(Site("zone-x", "zone", None, ("a", "b", "c"), 300e6))["zone-x"]
    assert _area(zone) == pytest.approx(300e6, rel=1e-6)
    parts = {
        i: float(area_m2([zone.geometry.intersection(shape)])[0]) for i, shape in COUNTIES.items()
    }
    assert parts["a"] == pytest.approx(parts["b"], rel=1e-6)
    # The small county cannot hold a third: the others take what it leaves.
    assert 0 < parts["c"] < 40e6


def test_an_expansion_touches_its_zone() -> None:
    drawn = _draw(
        Site("zone-x", "zone", None, ("a",), 18.36e6),
        Site("zone-x-expansion", "zone", "zone-x", ("a",), 62.77e6, "zone-x"),
        Site("zone-y", "zone", None, ("a",), 100e6),
    )
    base, more = drawn["zone-x"].geometry, drawn["zone-x-expansion"].geometry
    assert base.touches(more)
    assert base.intersection(more).length > 0.01
    assert _area(drawn["zone-x-expansion"]) == pytest.approx(62.77e6, rel=1e-6)
    assert not any(footprint.overlaps for footprint in drawn.values())


def test_overlaps_are_told_when_there_is_no_room() -> None:
    drawn = _draw(
        Site("zone-x", "zone", None, ("c",), 30e6), Site("zone-y", "zone", None, ("c",), 25e6)
    )
    assert drawn["zone-x"].overlaps == ("zone-y",)
    assert drawn["zone-y"].overlaps == ("zone-x",)
    for footprint in drawn.values():
        assert _inside(footprint.geometry, COUNTIES["c"])


def test_refuses_all_bad_sites_at_once() -> None:
    with pytest.raises(FootprintError) as caught:
        _draw(
            Site("zone-1", "zone", None, ("nowhere",)),
            Site("zone-2", "zone", None, ()),
            Site("zone-3", "zone", None, ("c",), 1e9),
            Site("zone-4", "zone", "zone-5", ("a",)),
            Site("zone-5", "zone", "zone-4", ("a",)),
            Site("zone-6", "zone", None, ("a",), None, "zone-0"),
            Site("zone-7", "zone", None, ("a",)),
            Site("zone-7", "zone", None, ("b",)),
        )
    said = "\n".join(caught.value.faults)
    for place in ("zone-1", "zone-2", "zone-3", "zone-4", "zone-5", "zone-6", "zone-7"):
        assert place in said


SIZES = st.lists(st.floats(0.3e6, 60e6), min_size=1, max_size=5)


@settings(max_examples=25)
@given(zones=SIZES, parks=st.lists(st.floats(0.1e6, 8e6), max_size=4), data=st.data())
def test_any_sites_have_their_area_inside_their_county(
    zones: list[float], parks: list[float], data: st.DataObject
) -> None:
    sites = [Site(f"zone-{i}", "zone", None, ("a",), area) for i, area in enumerate(zones)]
    sites += [Site(f"park-{i}", "park", "zone-0", ("a",), area) for i, area in enumerate(parks)]
    drawn = _draw(*sites)
    for site in sites:
        footprint = drawn[site.place_id]
        assert footprint.geometry.is_valid
        assert _area(footprint) == pytest.approx(site.declared_m2, rel=1e-5)
        assert _inside(footprint.geometry, COUNTIES["a"])
        assert footprint.geometry.covers(shapely.Point(footprint.point))
        assert footprint.overlaps == ()
    again = _draw(*data.draw(st.permutations(sites)))
    for place_id, footprint in drawn.items():
        assert again[place_id].geometry.wkb == footprint.geometry.wkb


@given(st.floats(110.3, 114.5), st.floats(34.6, 40.7), st.floats(1e4, 1e9))
def test_planar_area_is_the_ellipsoidal_area(lon: float, lat: float, area: float) -> None:
    x, y = shapely.get_coordinates(to_plane(shapely.Point(lon, lat)))[0]
    shape = hexagon(x, y, area)
    assert region_area(shape) == pytest.approx(area, rel=1e-9)
    degrees = to_degrees(shape)
    assert area_m2([degrees])[0] == pytest.approx(area, rel=1e-8)
    assert to_plane(degrees).equals_exact(shape, tolerance=1e-6)


@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=8), st.floats(0.2, 1.0))
def test_blocks_have_their_areas_and_do_not_overlap(areas: list[float], fill: float) -> None:
    region = hexagon(0.0, 0.0, sum(areas) / fill)
    blocks = blocks_of(region, areas)
    assert [block.area for block in blocks] == pytest.approx(areas, rel=1e-6)
    assert shapely.union_all(blocks).area == pytest.approx(sum(areas), rel=1e-6)
    with pytest.raises(FootprintError):
        blocks_of(region, [*areas, sum(areas) / fill])


# The published file against the tables it is made from.


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return _script("build_footprints")


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    boundaries = read_boundaries(FOLDER)
    return boundaries.set_index("place_id", drop=False)


@pytest.fixture(scope="module")
def sites(script: ModuleType) -> dict[str, Site]:
    found, _ = script.sites_of(script.read_rows("places.csv"), script.chosen_areas())
    return {site.place_id: site for site in found}


def test_every_zone_with_a_county_is_on_file(
    frame: gpd.GeoDataFrame, sites: dict[str, Site]
) -> None:
    on_file = frame.loc[frame["precision"] == "schematic", "place_id"]
    assert sorted(on_file) == sorted(sites)
    assert {"zone-zhongbei-gaoxin-expansion", "park-yingze-mazhuang"} <= set(on_file)


def test_published_areas_are_the_declared_ones(
    frame: gpd.GeoDataFrame, sites: dict[str, Site], script: ModuleType
) -> None:
    declared = {i: site.declared_m2 for i, site in sites.items() if site.declared_m2}
    assert declared["zone-zhongbei-gaoxin-expansion"] == 62.77e6
    assert declared["park-yingze-mazhuang"] == 0.66e6
    for place_id, wanted in declared.items():
        row = frame.loc[place_id]
        assert area_m2([row.geometry])[0] == pytest.approx(wanted, rel=1e-6)
        assert row.declared_area_km2 * 1e6 == pytest.approx(wanted)
        assert row.declared_source_id
    bare = frame[(frame["area_basis"] == "mean_industrial_zone")]
    assert area_m2(bare.geometry) == pytest.approx(script.MEAN_ZONE_M2, rel=1e-6)


def test_published_footprints_lie_in_their_counties_and_zones(
    frame: gpd.GeoDataFrame, sites: dict[str, Site]
) -> None:
    elsewhere = set()
    for place_id, site in sites.items():
        shape = frame.loc[place_id].geometry
        counties = shapely.union_all([frame.loc[i].geometry for i in site.county_ids])
        assert _inside(shape, counties), place_id
        if site.parent_id not in sites or site.adjoins is not None:
            continue
        if not _inside(shape, frame.loc[site.parent_id].geometry):
            elsewhere.add(place_id)
    # One lies in another county than its zone, one is larger than its zone's part there.
    assert elsewhere == {"park-yingze-mazhuang", "park-changzhixian-kegongmao"}
    base = frame.loc["zone-zhongbei-gaoxin"].geometry
    assert base.touches(frame.loc["zone-zhongbei-gaoxin-expansion"].geometry)


def test_published_file_is_what_the_script_builds(script: ModuleType, tmp_path: Path) -> None:
    for name in ("first", "second"):
        drawn, _, places = script.draw()
        layer = script.to_frame(drawn, places, script.chosen_areas())
        write_boundaries(layer, tmp_path / name, decimals=script.DECIMALS)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    built = gpd.read_file(tmp_path / "first").set_index("place_id")
    on_file = gpd.read_file(FOLDER / FILES["zone"]).set_index("place_id")
    assert list(built.index) == list(on_file.index)
    # Another processor may round the last digit otherwise; a metre would be another rule.
    apart = shapely.hausdorff_distance(built.geometry.to_numpy(), on_file.geometry.to_numpy())
    assert apart.max() < 1e-5
    same = [name for name in built.columns if name not in ("geometry", "area_m2", "id")]
    assert (
        built[same]
        .drop(columns=["point_lon", "point_lat"])
        .equals(on_file[same].drop(columns=["point_lon", "point_lat"]))
    )
