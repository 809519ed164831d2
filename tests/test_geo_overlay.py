"""Land by class in a zone: against brute force, Geod, other layouts of the land, bad layers."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from land import BOX, brute, halves, land, measured_file, plain_file, star

from geo.areas import area_m2
from geo.errors import InvalidShapeError, LayerFileError
from geo.overlay import BLANK, area_by_class, pieces
from geo.overlay_dask import ClusterError, areas_by_class_dask
from geo.plane import to_degrees, to_plane
from geo.zonal import areas_by_class

RELAXED = settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
zones = st.builds(star, st.integers(0, 10_000), parts=st.integers(1, 3), hole=st.booleans())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layers")


@pytest.fixture(scope="module")
def frame() -> gpd.GeoDataFrame:
    return land(600)


@pytest.fixture(scope="module")
def layer(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    return measured_file(frame, folder)


@pytest.fixture(scope="module")
def plain(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    return plain_file(frame, folder)


@RELAXED
@given(zone=zones)
def test_agrees_with_brute_force_and_adds_up(zone, layer, plain, frame) -> None:
    found = area_by_class(zone, layer, by="dlbm")
    wanted = brute(zone, frame)
    assert found.classes.keys() == wanted.keys()
    for name, m2 in wanted.items():
        assert found.classes[name] == pytest.approx(m2, rel=1e-9, abs=1e-3)
    assert found.overlap_m2 == 0
    assert sum(found.classes.values()) + found.uncovered_m2 == pytest.approx(found.area_m2, abs=1.0)
    assert found.area_m2 == pytest.approx(float(area_m2([zone])[0]), rel=1e-9)
    assert found.problems == ()
    other = area_by_class(zone, plain, by="dlbm")
    assert other.classes == pytest.approx(dict(found.classes), rel=1e-9)


def test_areas_agree_with_geod_on_densified_edges(layer) -> None:
    zone = star(5)
    fine = to_degrees(shapely.segmentize(to_plane(zone), 20.0))
    geod = abs(pyproj.Geod(ellps="GRS80").geometry_area_perimeter(fine)[0])
    assert area_by_class(zone, layer, by="dlbm").area_m2 == pytest.approx(geod, rel=1e-6)


@RELAXED
@given(zone=zones, seed=st.integers(0, 100))
def test_order_and_cutting_of_the_layer_change_nothing(zone, seed, frame, layer, folder) -> None:
    shuffled = frame.sample(frac=1.0, random_state=seed)
    again = measured_file(shuffled, folder, f"shuffled-{seed}.parquet")
    cut = plain_file(halves(frame), folder, "halves.parquet")
    found = area_by_class(zone, layer, by="dlbm")
    for path in (again, cut):
        other = area_by_class(zone, path, by="dlbm")
        assert other.classes == pytest.approx(dict(found.classes), rel=1e-6)
        assert other.uncovered_m2 == pytest.approx(found.uncovered_m2, abs=1.0)


@RELAXED
@given(zone=zones, seed=st.integers(0, 1000))
def test_overlaps_and_gaps_are_found(zone, seed, frame, folder) -> None:
    random = np.random.default_rng(seed)
    gone = random.random(len(frame)) < 0.2
    twice = frame[random.random(len(frame)) < 0.2].assign(dlbm="0602")
    broken = gpd.GeoDataFrame(
        {"dlbm": [*frame["dlbm"][~gone], *twice["dlbm"]]},
        geometry=[*frame.geometry[~gone], *twice.geometry], crs=4490,
    )  # fmt: skip
    path = plain_file(broken, folder, f"broken-{seed}.parquet")
    found = area_by_class(zone, path, by="dlbm")
    plane = to_plane(zone)
    cut = shapely.intersection(to_plane(broken.geometry.to_numpy()), plane)
    united = float(shapely.area(shapely.union_all(cut)))
    assert found.overlap_m2 == pytest.approx(float(shapely.area(cut).sum()) - united, abs=1.0)
    assert found.uncovered_m2 == pytest.approx(float(shapely.area(plane)) - united, abs=1.0)
    said = {problem.code for problem in found.problems}
    assert ("overlapping_classes" in said) == (found.overlap_m2 > 1)
    assert ("partly_covered" in said) == (found.uncovered_m2 > 1)


def test_stacked_sheets_are_no_coverage(frame, folder) -> None:
    twice = gpd.GeoDataFrame(
        {"dlbm": [*frame["dlbm"], *frame["dlbm"]]},
        geometry=[*frame.geometry, *land(500, seed=9).geometry, *frame.geometry][: 2 * len(frame)],
        crs=4490,
    )
    found = area_by_class(star(3), measured_file(twice, folder, "twice.parquet"), by="dlbm")
    assert found.overlap_m2 > 0.5 * found.area_m2


def test_blanks_invalid_and_missing_shapes_are_reported(frame, folder) -> None:
    west, south = BOX[:2]
    bow = shapely.Polygon(
        [(west, south), (west + 0.2, south + 0.2), (west + 0.2, south), (west, south + 0.2)]
    )
    rows = gpd.GeoDataFrame(
        {"dlbm": ["0101", None, " ", "0301", "0301"]},
        geometry=[
            bow, shapely.box(west, south, west + 0.3, south + 0.05), frame.geometry[0], None,
            shapely.Point(west + 0.1, south + 0.1),
        ], crs=4490,
    )  # fmt: skip
    path = plain_file(rows, folder, "bad.parquet")
    zone = shapely.box(west + 0.01, south + 0.01, west + 0.25, south + 0.2)
    found = area_by_class(zone, path, by="dlbm")
    codes = {problem.code: problem for problem in found.problems}
    assert {"invalid_geometry", "blank_class", "not_land", "partly_covered"} <= codes.keys()
    assert codes["invalid_geometry"].lon is not None
    assert found.classes[BLANK] > 0
    assert sum(found.classes.values()) - found.overlap_m2 + found.uncovered_m2 == pytest.approx(
        found.area_m2, abs=1.0
    )


def test_a_layer_elsewhere_does_not_cover(layer) -> None:
    found = area_by_class(shapely.box(111.0, 36.0, 111.1, 36.1), layer, by="dlbm")
    assert found.classes == {} and found.uncovered_m2 == found.area_m2
    assert [problem.code for problem in found.problems] == ["not_covered"]


def test_bad_zones_and_files_are_refused(layer, frame, folder, tmp_path) -> None:
    crossing = shapely.Polygon([(112.1, 37.6), (112.2, 37.7), (112.2, 37.6), (112.1, 37.7)])
    with pytest.raises(InvalidShapeError, match=r"112\.15"):
        area_by_class(crossing, layer, by="dlbm")
    for shape in (None, shapely.Polygon(), shapely.Point(112, 37), shapely.box(5e5, 4e6, 6e5, 5e6)):
        with pytest.raises(InvalidShapeError):
            area_by_class(shape, layer, by="dlbm")
    with pytest.raises(LayerFileError, match="dlbm"):
        area_by_class(star(1), layer, by="nothing")
    other = plain_file(frame.to_crs(4610), folder, "xian.parquet")
    with pytest.raises(LayerFileError, match="Xian"):
        area_by_class(star(1), other, by="dlbm")
    text = tmp_path / "no.parquet"
    text.write_bytes(b"not parquet")
    with pytest.raises(LayerFileError):
        area_by_class(star(1), text, by="dlbm")


@RELAXED
@given(zone=zones)
def test_pieces_are_the_zone(zone, layer) -> None:
    found = pieces(zone, layer, by="dlbm")
    assert found.crs.to_epsg() == 4490
    assert found["area_m2"].sum() == pytest.approx(float(area_m2([zone])[0]), rel=1e-9)
    assert area_m2(found.geometry) == pytest.approx(found["area_m2"].to_numpy(), rel=1e-6, abs=0.01)


@RELAXED
@given(seeds=st.lists(st.integers(0, 10_000), min_size=1, max_size=5, unique=True))
def test_many_zones_agree_with_one_and_threads_with_none(seeds, layer, plain) -> None:
    many = [star(seed, hole=seed % 2 == 0) for seed in seeds]
    found = areas_by_class(many, layer, by="dlbm")
    again = areas_by_class(many, layer, by="dlbm", workers=2)
    assert np.array_equal(found.by_class_m2, again.by_class_m2)
    unmeasured = areas_by_class(many, plain, by="dlbm")
    assert unmeasured.by_class_m2 == pytest.approx(found.by_class_m2, rel=1e-9, abs=1e-3)
    for index, zone in enumerate(many):
        one = area_by_class(zone, layer, by="dlbm")
        row = dict(zip(found.classes, found.by_class_m2[index], strict=True))
        for name, m2 in row.items():
            assert m2 == pytest.approx(one.classes.get(name, 0.0), rel=1e-9, abs=1e-3)
    assert np.abs(found.uncovered_m2).max() < 1.0


def test_a_cluster_gives_the_same_to_the_last_bit(layer) -> None:
    many = [star(seed) for seed in range(6)]
    local = areas_by_class(many, layer, by="dlbm")
    spread = areas_by_class_dask(many, layer, by="dlbm", workers=1)
    assert spread.classes == local.classes
    assert np.array_equal(spread.by_class_m2, local.by_class_m2)
    with pytest.raises(ClusterError):
        areas_by_class_dask(many, layer, by="dlbm", scheduler="tcp://127.0.0.1:1")
