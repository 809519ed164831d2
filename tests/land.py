"""Land-use layers and proposals for tests: small coverages, files, random zones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from data.synthetic.coverage import coverage
from geo.landlayer import MEASURED, prepare_layer
from geo.plane import to_degrees, to_plane
from store import frames

BOX = (112.0, 37.5, 112.3, 37.75)
CODES = ("0101", "0103", "0301", "0404", "0601", "0702", "1003", "1101")


def land(count: int = 300, *, seed: int = 1) -> gpd.GeoDataFrame:
    shapes = coverage(BOX, count, seed=seed)
    codes = np.array(CODES)[np.random.default_rng(seed).integers(0, len(CODES), len(shapes))]
    return gpd.GeoDataFrame({"dlbm": codes}, geometry=shapes, crs=4490)


def measured_file(frame: gpd.GeoDataFrame, folder: Path, name: str = "land.parquet") -> Path:
    ready, report = prepare_layer(frame)
    staged = frames.stage(ready, folder, notes=MEASURED if report.measured else None)
    return staged.path.rename(folder / name)


def plain_file(frame: gpd.GeoDataFrame, folder: Path, name: str = "plain.parquet") -> Path:
    path = folder / name
    frame.to_parquet(path, index=False)
    return path


def star(seed: int, *, parts: int = 1, hole: bool = False) -> Any:
    """A random zone inside BOX: stars, perhaps with a hole, in degrees."""
    random = np.random.default_rng(seed)
    west, south, east, north = BOX
    made = []
    for _ in range(parts):
        centre = random.uniform((west + 0.09, south + 0.08), (east - 0.09, north - 0.08))
        angles = np.sort(random.uniform(0, 2 * np.pi, 24))
        radius = random.uniform(0.02, 0.07, 24)
        ring = centre + np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)
        made.append(shapely.make_valid(shapely.polygons(ring)))
    shape = shapely.union_all(made)
    if hole:
        inner = shapely.buffer(shapely.point_on_surface(shape), 0.006)
        shape = shapely.difference(shape, inner)
    pieces = shapely.get_parts(shapely.get_parts([shape]))
    return shapely.union_all(pieces[shapely.get_type_id(pieces) == 3])


def brute(zone: Any, frame: gpd.GeoDataFrame) -> dict[str, float]:
    """Areas by class the slow way: every feature cut in the plane."""
    plane = to_plane(zone)
    cut = shapely.intersection(to_plane(frame.geometry.to_numpy()), plane)
    found: dict[str, float] = {}
    for name, area in zip(frame["dlbm"], shapely.area(cut), strict=True):
        if area > 0:
            found[name] = found.get(name, 0.0) + float(area)
    return found


def halves(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Every feature cut in two: the same land in other pieces."""
    plane = np.asarray(to_plane(frame.geometry.to_numpy()), dtype=object)
    west, south, east, north = shapely.bounds(plane).T
    middle = (west + east) / 2
    parts = [
        shapely.intersection(plane, shapely.box(west, south, middle, north)),
        shapely.intersection(plane, shapely.box(middle, south, east, north)),
    ]
    shapes = to_degrees(np.concatenate(parts))
    codes = np.concatenate([frame["dlbm"], frame["dlbm"]])
    return gpd.GeoDataFrame({"dlbm": codes}, geometry=shapes, crs=4490)
