"""The made-up province's land use: polygons that share their edges, classes by smooth fields.

Roads and rivers follow lines of the fields, built land the towns and zones, farmland lies low and
forest high. Each county gets the shares of land that its height suggests; cells are cut at county
borders in the equal-area plane, so that a county's land adds up to its outline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.synthetic.coverage import coverage, noise
from geo.areas import CRS, M2_PER_KM2, area_m2
from geo.overlay import polygonal
from geo.plane import box_to_plane, to_degrees, to_plane
from geo.zonal import ZoneIndex

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Shapes: TypeAlias = NDArray[np.object_]

# Groups in the order in which they take a county's land; each with its classes (三调) and their
# shares of it. Built land is divided by where it lies, see BUILT.
GROUPS: Final[Mapping[str, Mapping[str, float]]] = {
    "transport": {"1001": 0.08, "1003": 0.44, "1006": 0.48},
    "water": {"1101": 0.45, "1104": 0.20, "1106": 0.23, "1109": 0.12},
    "built": {},
    "arable": {"0103": 0.70, "0102": 0.26, "0101": 0.04},
    "orchard": {"0201": 0.85, "0204": 0.15},
    "other": {"1202": 0.20, "1206": 0.35, "1207": 0.45},
    "grass": {"0401": 0.12, "0404": 0.88},
    "forest": {"0301": 0.50, "0305": 0.33, "0307": 0.17},
}
BUILT: Final[Mapping[str, Mapping[str, float]]] = {
    "village": {"0702": 0.74, "0601": 0.07, "0602": 0.16, "0809": 0.03},
    "town": {"0701": 0.48, "05H1": 0.16, "0601": 0.14, "0702": 0.12, "0809": 0.10},
    "zone": {"0601": 0.72, "0602": 0.08, "0701": 0.08, "0702": 0.08, "0809": 0.04},
}
NAMES: Final = {
    "0101": "水田", "0102": "水浇地", "0103": "旱地", "0201": "果园", "0204": "其他园地",
    "0301": "乔木林地", "0305": "灌木林地", "0307": "其他林地", "0401": "天然牧草地",
    "0404": "其他草地", "05H1": "商业服务业设施用地", "0601": "工业用地", "0602": "采矿用地",
    "0701": "城镇住宅用地", "0702": "农村宅基地", "0809": "公用设施用地", "1001": "铁路用地",
    "1003": "公路用地", "1006": "农村道路", "1101": "河流水面", "1104": "坑塘水面",
    "1106": "内陆滩涂", "1109": "水工建筑用地", "1202": "设施农用地", "1206": "裸土地",
    "1207": "裸岩石砾地",
}  # fmt: skip
HEIGHT_DEG: Final = 0.45
_MARGIN_DEG: Final = 0.01
_DECIMALS: Final = 9
_TOWN_DEG: Final = 0.07
# Cells cut by the 117 counties' borders give so many more pieces per root of the cells' number.
_BORDER_PIECES: Final = 36.0


@dataclass(frozen=True, slots=True)
class Shares:
    """The share of each group of classes in the province, and how far counties are off at most."""

    group: str
    target: float
    made: float
    worst_county: float


def height(lon: Any, lat: Any, *, seed: int) -> Floats:
    """How high the land lies, 0…1; farmland, forest and red lines go by it."""
    return noise(lon, lat, seed=seed, scale_deg=HEIGHT_DEG)


def land_use(
    counties: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, *, count: int, seed: int
) -> tuple[gpd.GeoDataFrame, tuple[Shares, ...]]:
    """About `count` polygons over the counties: id, dlbm, dlmc, county_id, quality.

    Args:
        counties: place_id, name_zh, point_lon, point_lat, outlines in EPSG:4490.
        zones: outlines of the zones, where built land is industrial.
        count: of polygons wanted.
        seed: of the random numbers.
    """
    shapes, owner = _cut(_cells(counties, count, seed), counties)
    areas = area_m2(shapes)
    points = shapely.get_coordinates(shapely.centroid(shapes))
    in_zone = _inside(points, zones)
    targets = target_shares(counties, seed=seed)
    groups = _groups(points, areas, owner, counties, in_zone, targets, seed)
    codes = _codes(points, groups, owner, counties, in_zone, seed)
    table = {
        "id": [f"lu-{number}" for number in range(len(shapes))], "dlbm": codes,
        "dlmc": pd.Series(codes).map(NAMES),
        "county_id": counties["place_id"].to_numpy()[owner], "quality": "synthetic",
    }  # fmt: skip
    made = _sums(areas, owner, groups, len(counties))
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS), _compared(made, targets)


def target_shares(counties: gpd.GeoDataFrame, *, seed: int) -> Floats:
    """The share of each group (columns in the order of GROUPS) in each county's land."""
    points = counties[["point_lon", "point_lat"]].to_numpy()
    high = noise(points[:, 0], points[:, 1], seed=seed, scale_deg=2 * HEIGHT_DEG)
    urban = counties["name_zh"].str.endswith("区").to_numpy()
    transport, water, other = (np.full(len(high), share) for share in (0.019, 0.014, 0.024))
    built = np.where(urban, 0.17, 0.055)
    forest = 0.08 + 0.56 * high
    rest = 1 - transport - water - other - built - forest
    return np.stack(
        [transport, water, built, 0.52 * rest, 0.08 * rest, other, 0.40 * rest, forest], axis=1
    )


# --- polygons -------------------------------------------------------------------------------------


def _cells(counties: gpd.GeoDataFrame, count: int, seed: int) -> Shapes:
    """Cells over all counties; so many that about `count` pieces come of them."""
    west, south, east, north = counties.total_bounds
    margin = _MARGIN_DEG
    box = (west - margin, south - margin, east + margin, north + margin)
    root = (np.sqrt(_BORDER_PIECES**2 + 4 * count) - _BORDER_PIECES) / 2
    land = float(area_m2(counties.geometry).sum())
    cells = coverage(box, round(root**2 * float(area_m2([shapely.box(*box)])[0]) / land), seed=seed)
    return _rounded(cells)


def _cut(cells: Shapes, counties: gpd.GeoDataFrame) -> tuple[Shapes, Integers]:
    """Cells cut at county borders, and the county (its row) of each piece."""
    index = ZoneIndex.of(list(counties.geometry.to_numpy()))
    labels = index.grid.labels_of(box_to_plane(shapely.bounds(cells)))
    inside = np.flatnonzero(labels >= 0)
    open_cells = np.flatnonzero(labels == -2)
    planes = np.asarray(to_plane(cells[open_cells]), dtype=object)
    rows, owners = index.tree.query(planes)
    whole = np.zeros(len(rows), dtype=bool)
    for county in np.unique(owners):
        own = owners == county
        whole[own] = shapely.contains_properly(index.zones[county], planes[rows[own]])
    cut = polygonal(shapely.intersection(planes[rows[~whole]], index.zones[owners[~whole]]))
    pieces, of_cut = shapely.get_parts(cut, return_index=True)
    # Cells have rounded vertices, so rounding brings those of a cut one back to the same place.
    pieces = _rounded(np.asarray(to_degrees(pieces), dtype=object))
    land = shapely.is_valid(pieces) & (shapely.area(pieces) > 0)
    shapes = np.concatenate([cells[inside], cells[open_cells[rows[whole]]], pieces[land]])
    owner = np.concatenate([labels[inside], owners[whole], owners[~whole][of_cut[land]]])
    return shapes, owner.astype(np.int64)


def _rounded(shapes: Shapes) -> Shapes:
    moved = shapely.transform(shapes, lambda points: np.round(points, _DECIMALS))
    return np.asarray(moved, dtype=object)


# --- classes --------------------------------------------------------------------------------------


def _groups(
    points: Floats, areas: Floats, owner: Integers, counties: gpd.GeoDataFrame,
    in_zone: NDArray[np.bool_], targets: Floats, seed: int,
) -> Integers:  # fmt: skip
    """The group of every cell: counties fill their targets, each group with its likeliest cells."""
    lon, lat = points[:, 0], points[:, 1]
    high = height(lon, lat, seed=seed)
    grain = noise(lon, lat, seed=seed + 1, scale_deg=0.03)
    # The smaller, the likelier; forest takes what is left.
    wishes = (
        np.abs(noise(lon, lat, seed=seed + 3, scale_deg=0.22) - 0.5),
        np.abs(noise(lon, lat, seed=seed + 2, scale_deg=0.5) - 0.5),
        _away(points, owner, counties) / 0.3 + 0.9 * grain - 0.35 * in_zone,
        high + 0.35 * grain, high - 0.3 * grain, noise(lon, lat, seed=seed + 4, scale_deg=0.02),
        high + 0.15 * grain,
    )  # fmt: skip
    groups = np.full(len(points), len(GROUPS) - 1, dtype=np.int64)
    order = np.argsort(owner, kind="stable")
    ends = np.cumsum(np.bincount(owner, minlength=len(counties)))
    for county, end in enumerate(ends):
        rows = order[(ends[county - 1] if county else 0) : end]
        total = areas[rows].sum()
        for number, wish in enumerate(wishes):
            ranked = rows[np.argsort(wish[rows], kind="stable")]
            # A cell is taken when more than half of it is still wanted.
            wanted = targets[county, number] * total
            taken = np.cumsum(areas[ranked]) - areas[ranked] / 2 <= wanted
            groups[ranked[taken]] = number
            rows = ranked[~taken]
    return groups


def _codes(
    points: Floats, groups: Integers, owner: Integers, counties: gpd.GeoDataFrame,
    in_zone: NDArray[np.bool_], seed: int,
) -> Shapes:  # fmt: skip
    random = np.random.default_rng([seed, 21])
    codes = np.empty(len(groups), dtype=object)

    def fill(own: Integers, shares: Mapping[str, float]) -> None:
        codes[own] = random.choice(list(shares), len(own), p=list(shares.values()))

    for number, (name, shares) in enumerate(GROUPS.items()):
        if name != "built":
            fill(np.flatnonzero(groups == number), shares)
    built = groups == list(GROUPS).index("built")
    town = _away(points, owner, counties) < _TOWN_DEG
    fill(np.flatnonzero(built & in_zone), BUILT["zone"])
    fill(np.flatnonzero(built & ~in_zone & town), BUILT["town"])
    fill(np.flatnonzero(built & ~in_zone & ~town), BUILT["village"])
    return codes


def _away(points: Floats, owner: Integers, counties: gpd.GeoDataFrame) -> Floats:
    """Degrees to the own county's seat."""
    seats = counties[["point_lon", "point_lat"]].to_numpy()[owner]
    return np.asarray(np.hypot(points[:, 0] - seats[:, 0], points[:, 1] - seats[:, 1]))


def _inside(points: Floats, zones: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Which points lie in a zone."""
    found = np.zeros(len(points), dtype=bool)
    for outline in zones.geometry.to_numpy():
        west, south, east, north = shapely.bounds(outline)
        lon, lat = points[:, 0], points[:, 1]
        near = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        found[near] |= shapely.contains_xy(outline, points[near])
    return found


def _sums(areas: Floats, owner: Integers, groups: Integers, count: int) -> Floats:
    """Areas in km², (counties, groups)."""
    key = owner * len(GROUPS) + groups
    sums = np.bincount(key, weights=areas, minlength=count * len(GROUPS))
    return np.asarray(sums.reshape(count, len(GROUPS)) / M2_PER_KM2)


def _compared(made: Floats, targets: Floats) -> tuple[Shares, ...]:
    land = made.sum(axis=1, keepdims=True)
    wanted = (targets * land).sum(axis=0) / land.sum()
    got = made.sum(axis=0) / land.sum()
    off = np.abs(made / land - targets).max(axis=0)
    return tuple(
        Shares(group, float(wanted[n]), float(got[n]), float(off[n]))
        for n, group in enumerate(GROUPS)
    )
