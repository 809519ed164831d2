"""Data of the overlay benchmark: one generated coverage in the form each engine reads best."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from data.synthetic.coverage import coverage
from geo.landlayer import MEASURED, prepare_layer
from geo.plane import to_degrees, to_plane
from store import frames

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "benchmarks" / "results" / "overlay"
BBOX: Final = (110.2, 34.55, 114.6, 40.76)  # the province and a little around it
CLASSES: Final = (
    "0101", "0102", "0103", "0201", "0301", "0305", "0404", "0601", "0702", "1003", "1101", "1206",
)  # fmt: skip
SEED: Final = 7
ZONE_KM2: Final = 63
ZONE_VERTICES: Final = 500


def make(count: int) -> Path:
    """The folder with `ours.parquet`, `plain.parquet` and `layer.gpkg`; made once, then kept."""
    folder = FOLDER / f"{count}-{SEED}"
    if (folder / "done").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shapes = coverage(BBOX, count, seed=SEED)
    classes = np.array(CLASSES)[np.random.default_rng(SEED).integers(0, len(CLASSES), len(shapes))]
    frame = gpd.GeoDataFrame({"dlbm": classes}, geometry=shapes, crs=4490)
    ready, report = prepare_layer(frame)
    assert report.measured and not report.mended
    staged = frames.stage(ready, folder, notes=MEASURED)
    staged.path.rename(folder / "ours.parquet")
    order = np.argsort(frame.hilbert_distance().to_numpy(), kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)
    frame.to_parquet(folder / "plain.parquet", write_covering_bbox=True, schema_version="1.1.0",
                     compression="zstd", row_group_size=4096)  # fmt: skip
    frame.to_file(folder / "layer.gpkg", layer="land", driver="GPKG", engine="pyogrio")
    (folder / "done").touch()
    return folder


def zone() -> Any:
    """An irregular polygon of 63 km² and 500 vertices, EPSG:4490 degrees."""
    random = np.random.default_rng(3)
    angles = np.linspace(0, 2 * np.pi, ZONE_VERTICES, endpoint=False)
    radius = 1 + random.normal(0, 0.01, len(angles))
    for wave in range(2, 9):
        radius += random.normal(0, 0.12 / wave) * np.cos(wave * angles + random.uniform(0, 6))
    ring = np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)
    scale = np.sqrt(ZONE_KM2 * 1e6 / shapely.area(shapely.polygons(ring)))
    centre = shapely.get_coordinates(to_plane(shapely.points(112.45, 37.97)))[0]
    return to_degrees(shapely.polygons(ring * scale + centre))


def counties() -> list[Any]:
    """The 117 county outlines, EPSG:4490 degrees."""
    content = json.loads((ROOT / "data/boundaries/counties.geojson").read_text(encoding="utf-8"))
    return [shapely.geometry.shape(f["geometry"]) for f in content["features"]]
