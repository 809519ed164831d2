"""The three control lines of the made-up province, and its county seats.

As in the land survey the lines keep clear of each other: urban boundaries are drawn first, red
lines take high land outside them, permanent basic farmland the best arable land that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.synthetic.coverage import coverage, noise
from data.synthetic.land import height
from geo.areas import CRS, area_m2
from geo.overlay import polygonal

Floats: TypeAlias = NDArray[np.float64]
Shapes: TypeAlias = NDArray[np.object_]

RED_SHARE: Final = 0.20  # of the province
FARMLAND_SHARE: Final = 0.80  # of arable land
_BLOCKS: Final = 60_000
_TOWNS: Final = 260
_IN_ZONES: Final = 0.42  # the roughness above which a zone's block lies inside the boundary
_RED_KINDS: Final = ("水源涵养", "水土保持", "生物多样性维护")


@dataclass(frozen=True, slots=True)
class Sites:
    """Where a demonstration needs something: land to be built on, and a hill with a red line."""

    urban: Sequence[Any]
    hills: Sequence[tuple[float, float]]


def control_lines(
    counties: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, province: Any, sites: Sites, *, seed: int
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Urban boundaries and red lines, EPSG:4490: id, name, (kind,) quality; disjoint.

    Args:
        counties: place_id, name_zh, point_lon, point_lat.
        zones: outlines, inside which land is mostly urban.
        province: its outline.
        sites: of the proposals.
        seed: of the random numbers.
    """
    cells = _blocks(province, seed + 41)
    at = shapely.get_coordinates(shapely.centroid(cells))
    rough = noise(at[:, 0], at[:, 1], seed=seed + 6, scale_deg=0.05)
    towns = _towns(counties, seed)
    away = shapely.STRtree(shapely.points(towns)).query_nearest(
        shapely.points(at), return_distance=True, all_matches=False
    )[1]
    reach = np.where(_nearest(at, towns) < len(counties), 0.05, 0.016)
    urban = away < reach * (0.35 + 1.1 * rough)
    industrial = _touched(cells, [*zones.geometry.to_numpy(), *sites.urban])
    urban |= industrial & (rough > _IN_ZONES)
    high = 0.45 * height(at[:, 0], at[:, 1], seed=seed)
    high += 0.55 * noise(at[:, 0], at[:, 1], seed=seed + 7, scale_deg=0.16)
    for lon, lat in sites.hills:
        high += np.exp(-(((at[:, 0] - lon) / 0.02) ** 2) - ((at[:, 1] - lat) / 0.016) ** 2)
    hills = _largest_share(np.where(urban, -1.0, high), area_m2(cells), RED_SHARE)
    red = _joined(cells[hills & ~urban], province)
    kinds = np.random.default_rng([seed, 42]).choice(_RED_KINDS, len(red))
    red_lines = _layer("rl", "生态保护红线（演示）", red).assign(kind=kinds)
    return _layer("ub", "城镇开发边界（演示）", _joined(cells[urban], province)), red_lines


def farmland(
    use: gpd.GeoDataFrame, lines: Sequence[gpd.GeoDataFrame], *, seed: int
) -> gpd.GeoDataFrame:
    """Permanent basic farmland: four fifths of arable land, its low cells clear of the lines."""
    arable = use[use["dlbm"].str.startswith("01").to_numpy()]
    shapes = arable.geometry.to_numpy()
    areas = area_m2(shapes)
    others = np.concatenate([frame.geometry.to_numpy() for frame in lines])
    clear = ~_touched(shapes, others)
    points = shapely.get_coordinates(shapely.centroid(shapes))
    low = 1 - height(points[:, 0], points[:, 1], seed=seed)
    best = _largest_share(np.where(clear, low, -1.0), areas, FARMLAND_SHARE) & clear
    made = _layer("pf", "永久基本农田（演示）", shapes[best])
    return made.assign(dlbm=arable["dlbm"].to_numpy()[best])


def county_seats(counties: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One point a county, at the county's label point: made up, though inside."""
    points = shapely.points(counties[["point_lon", "point_lat"]].to_numpy())
    table = {
        "id": "seat-" + counties["place_id"],
        "name_zh": counties["name_zh"] + "驻地（演示）",
        "name_en": "Seat of " + counties["name_en"] + " (made up)",
        "county_id": counties["place_id"],
        "quality": "synthetic",
    }
    return gpd.GeoDataFrame(table, geometry=points, crs=CRS).reset_index(drop=True)


def _blocks(province: Any, seed: int) -> Shapes:
    """Coarse cells that meet the province."""
    west, south, east, north = shapely.bounds(province)
    cells = coverage((west - 0.1, south - 0.1, east + 0.1, north + 0.1), _BLOCKS, seed=seed)
    shapely.prepare(province)
    return cells[shapely.intersects(province, cells)]


def _towns(counties: gpd.GeoDataFrame, seed: int) -> Floats:
    """Places of towns in degrees: the county seats, then small towns in the low land."""
    random = np.random.default_rng([seed, 43])
    seats = counties[["point_lon", "point_lat"]].to_numpy()
    west, south, east, north = counties.total_bounds
    tried = random.uniform((west, south), (east, north), (12 * _TOWNS, 2))
    inside = np.unique(
        shapely.STRtree(shapely.points(tried)).query(counties.geometry.to_numpy(), "contains")[1]
    )
    tried = tried[inside]
    low = np.argsort(
        height(tried[:, 0], tried[:, 1], seed=seed) + random.uniform(0, 0.5, len(tried))
    )
    return np.concatenate([seats, tried[low[:_TOWNS]]])


def _nearest(at: Floats, towns: Floats) -> NDArray[np.int64]:
    """The number of the nearest town."""
    tree = shapely.STRtree(shapely.points(towns))
    found = tree.query_nearest(shapely.points(at), all_matches=False)
    return np.asarray(found[1], dtype=np.int64)


def _touched(cells: Shapes, shapes: Sequence[Any]) -> NDArray[np.bool_]:
    """Which cells meet one of the shapes."""
    wanted = np.array(list(shapes), dtype=object)
    shapely.prepare(wanted)
    found = np.zeros(len(cells), dtype=bool)
    found[np.unique(shapely.STRtree(cells).query(wanted, "intersects")[1])] = True
    return found


def _largest_share(values: Floats, areas: Floats, share: float) -> NDArray[np.bool_]:
    """The cells of the largest values that have a share of all area together."""
    order = np.argsort(-values, kind="stable")
    taken = np.zeros(len(values), dtype=bool)
    taken[order] = np.cumsum(areas[order]) <= share * areas.sum()
    return taken


def _joined(cells: Shapes, province: Any) -> Shapes:
    """Cells put together where they touch, inside the province."""
    parts = shapely.get_parts(shapely.coverage_union_all(cells))
    whole = polygonal(shapely.intersection(parts, province))
    return np.asarray(shapely.get_parts(whole), dtype=object)


def _layer(prefix: str, name: str, shapes: Shapes) -> gpd.GeoDataFrame:
    shapes = shapes[~shapely.is_empty(shapes)]
    numbers = pd.Series(range(1, len(shapes) + 1)).astype(str)
    table = {"id": prefix + "-" + numbers, "name": name + " " + numbers, "quality": "synthetic"}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)
