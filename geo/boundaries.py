"""Boundary files: read, check with every fault at once, and write them the one agreed way.

A file is a GeoJSON FeatureCollection, one level of places each, longitude and latitude in
degrees on CGCS2000 (EPSG:4490), outer rings anticlockwise, properties as in BOUNDARY_COLUMNS.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.areas import CRS, area_m2
from geo.errors import BoundaryError

BOUNDARY_COLUMNS: Final = (
    "place_id",
    "name_zh",
    "name_en",
    "level",
    "parent_id",
    "precision",
    "area_basis",
    "declared_area_km2",
    "declared_source_id",
    "area_m2",
    "point_lon",
    "point_lat",
    "valid_from",
    "valid_to",
    "source_id",
    "geometry",
)
FILES: Final = {
    "province": "province.geojson",
    "city": "cities.geojson",
    "county": "counties.geojson",
    "zone": "zones.geojson",
}
LEVELS: Final = ("province", "city", "county", "zone", "park")
PRECISIONS: Final = ("surveyed", "digitised", "schematic", "synthetic")
AREA_BASES: Final = (
    "official_outline",
    "office_outline",
    "declared",
    "mean_industrial_zone",
    "share_of_parent",
    "mean_park",
)
SHANXI_BBOX: Final = (110.1, 34.5, 114.7, 40.8)  # west, south, east, north

_REQUIRED: Final = ("place_id", "name_zh", "name_en", "level", "precision", "area_basis")
_NUMBERS: Final = ("declared_area_km2", "area_m2", "point_lon", "point_lat")
_TEXTS: Final = tuple(name for name in BOUNDARY_COLUMNS[:-1] if name not in _NUMBERS)
_KNOWN_CRS: Final = ("EPSG::4490", "EPSG:4490", "CRS84", "EPSG::4326", "EPSG:4326")
_AREA_TOLERANCE: Final = 1e-6
_OUTSIDE_TOLERANCE: Final = 1e-6


def read_boundaries(folder: Path) -> gpd.GeoDataFrame:
    """All boundaries of a folder: the province, cities, counties, then zones and parks.

    Returns a checked GeoDataFrame in EPSG:4490 with BOUNDARY_COLUMNS and a plain index. Raises
    BoundaryError with every fault of every file (a missing or unreadable file, a `crs` member
    that is not CGCS2000 or WGS 84, and all that `check_boundaries` finds).
    """
    faults: list[str] = []
    rows: list[dict[str, Any]] = []
    for name in FILES.values():
        rows.extend(_read_file(folder / name, faults))
    if not rows:
        raise BoundaryError(f"没有界线 / no boundaries in {folder}", faults=faults)
    frame = _to_frame(rows)
    faults.extend(_faults_of(frame))
    if faults:
        raise BoundaryError(f"界线文件有误 / faulty boundary files in {folder}", faults=faults)
    return frame


def check_boundaries(frame: gpd.GeoDataFrame) -> None:
    """Refuse a frame of boundaries that breaks a rule, naming every fault.

    Checked: columns and CRS, empty or repeated ids, known words, valid geometry and ring
    direction, the extent of the province, the recorded area against the computed one, the label
    point inside, and cities and counties inside their parents. Raises BoundaryError.
    """
    faults = _faults_of(frame)
    if faults:
        raise BoundaryError("界线数据有误 / faulty boundaries", faults=faults)


def write_boundaries(frame: gpd.GeoDataFrame, path: Path, *, decimals: int) -> None:
    """Write one level as GeoJSON: a feature per line, sorted by place id, the same bytes always.

    Coordinates are rounded to `decimals`, outer rings made anticlockwise, and area_m2 is
    computed anew from the rounded rings. Raises BoundaryError when a column is missing.
    """
    missing = [name for name in BOUNDARY_COLUMNS if name not in frame.columns]
    if missing:
        raise BoundaryError("缺少列 / missing columns", faults=missing)
    ordered = frame.sort_values("place_id")
    shapes = rounded(ordered.geometry.to_numpy(), decimals=decimals)
    areas = area_m2(shapes)
    lines = []
    for record, shape, area in zip(ordered.to_dict("records"), shapes, areas, strict=True):
        record["area_m2"] = round(float(area), 1)
        properties = {key: _plain(record[key]) for key in BOUNDARY_COLUMNS if key != "geometry"}
        feature = {
            "type": "Feature",
            "id": record["place_id"],
            "properties": properties,
            "geometry": _geometry_member(shape, decimals),
        }
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    body = ",\n".join(lines)
    path.write_text(
        f'{{"type":"FeatureCollection","features":[\n{body}\n]}}\n', encoding="utf-8", newline="\n"
    )


def rounded(shapes: Any, *, decimals: int) -> NDArray[np.object_]:
    """Shapely polygons with vertices rounded to `decimals`, outer rings anticlockwise."""
    moved = shapely.transform(
        np.asarray(shapes, dtype=object), lambda points: np.round(points, decimals)
    )
    return np.asarray(shapely.orient_polygons(moved, exterior_cw=False), dtype=object)


def _plain(value: Any) -> Any:
    """A property value as JSON knows it; what is missing becomes null."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    return value


def _geometry_member(shape: Any, decimals: int) -> dict[str, Any]:
    def ring(points: Any) -> list[list[float]]:
        return [[round(x, decimals), round(y, decimals)] for x, y in points.coords]

    def polygon(part: Any) -> list[list[list[float]]]:
        return [ring(part.exterior), *(ring(hole) for hole in part.interiors)]

    if shape.geom_type == "Polygon":
        return {"type": "Polygon", "coordinates": polygon(shape)}
    return {"type": "MultiPolygon", "coordinates": [polygon(part) for part in shape.geoms]}


def _read_file(path: Path, faults: list[str]) -> list[dict[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        features = list(content["features"])
    except FileNotFoundError:
        faults.append(f"{path.name}: 文件不存在 / file is missing")
        return []
    except (ValueError, KeyError, TypeError) as error:
        faults.append(f"{path.name}: 不是 GeoJSON / not a FeatureCollection ({error})")
        return []
    if "crs" in content and not _is_known_crs(content["crs"]):
        faults.append(f"{path.name}: 未知坐标系 / unknown crs member {content['crs']!r}")
    rows = []
    for number, feature in enumerate(features, start=1):
        row = _read_feature(feature, f"{path.name} feature {number}", faults)
        if row is not None:
            rows.append(row)
    return rows


def _read_feature(feature: Any, where: str, faults: list[str]) -> dict[str, Any] | None:
    try:
        properties = dict(feature["properties"])
        shape = shapely.geometry.shape(feature["geometry"])
    except Exception as error:
        # Shapely raises errors of many kinds on broken coordinates; each is a fault of the file.
        faults.append(f"{where}: 要素无法读取 / cannot be read ({error})")
        return None
    absent = [name for name in BOUNDARY_COLUMNS[:-1] if name not in properties]
    if absent:
        faults.append(f"{where}: 缺少属性 / missing properties {', '.join(absent)}")
        return None
    for name in _NUMBERS:
        if not isinstance(properties[name], (int, float, type(None))):
            faults.append(f"{where}: {name} 不是数 / is not a number: {properties[name]!r}")
            properties[name] = None
    row = {name: properties[name] for name in BOUNDARY_COLUMNS[:-1]}
    row["geometry"] = shape
    return row


def _is_known_crs(member: Any) -> bool:
    try:
        name = str(member["properties"]["name"])
    except (KeyError, TypeError):
        return False
    return name.endswith(_KNOWN_CRS)


def _to_frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=list(BOUNDARY_COLUMNS))
    for name in _NUMBERS:
        table[name] = table[name].astype("float64")
    for name in _TEXTS:
        # A column without any value would else have no type, and change it with the first one.
        table[name] = table[name].astype("str")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=CRS)


def _faults_of(frame: gpd.GeoDataFrame) -> list[str]:
    missing = [name for name in BOUNDARY_COLUMNS if name not in frame.columns]
    if missing:
        return [f"缺少列 / missing column {name}" for name in missing]
    faults = []
    if frame.crs is None or frame.crs.to_epsg() != 4490:
        faults.append(f"坐标系须为 EPSG:4490 / the CRS must be EPSG:4490, not {frame.crs}")
    faults.extend(_word_faults(frame))
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    names = [str(name) for name in frame["place_id"]]
    usable = _shape_faults(shapes, names, faults)
    if usable.all():
        faults.extend(_measure_faults(frame, shapes, names))
        faults.extend(_parent_faults(frame, shapes, names))
    return faults


def _word_faults(frame: gpd.GeoDataFrame) -> list[str]:
    faults: list[str] = []
    for name in _REQUIRED:
        blank = frame[name].isna() | (frame[name].astype(str).str.strip() == "")
        faults.extend(f"{place}: {name} 为空 / is empty" for place in frame.loc[blank, "place_id"])
    repeated = frame.loc[frame["place_id"].duplicated(), "place_id"]
    faults.extend(f"{place}: 编号重复 / id occurs twice" for place in repeated)
    for name, known in (
        ("level", LEVELS),
        ("precision", PRECISIONS),
        ("area_basis", AREA_BASES),
    ):
        wrong = frame[~frame[name].isin(known) & frame[name].notna()]
        faults.extend(
            f"{place}: {name} 未知 / unknown value {value!r}"
            for place, value in zip(wrong["place_id"], wrong[name], strict=True)
        )
    undeclared = (frame["area_basis"] == "declared") & frame["declared_area_km2"].isna()
    faults.extend(
        f"{place}: 缺少公布面积 / no declared area" for place in frame.loc[undeclared, "place_id"]
    )
    return faults


def _shape_faults(
    shapes: NDArray[np.object_], names: list[str], faults: list[str]
) -> NDArray[np.bool_]:
    """Add faults of the geometries themselves; True where further checks make sense."""
    areal = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    faults.extend(f"{names[i]}: 不是面 / not a polygon" for i in np.flatnonzero(~areal))
    valid = areal & shapely.is_valid(shapes)
    faults.extend(
        f"{names[i]}: 几何无效 / invalid: {shapely.is_valid_reason(shapes[i])}"
        for i in np.flatnonzero(areal & ~valid)
    )
    west, south, east, north = SHANXI_BBOX
    bounds = shapely.bounds(shapes)
    inside = (
        (bounds[:, 0] >= west)
        & (bounds[:, 1] >= south)
        & (bounds[:, 2] <= east)
        & (bounds[:, 3] <= north)
    )
    for i in np.flatnonzero(valid & ~inside):
        box = ", ".join(f"{value:.4f}" for value in bounds[i])
        faults.append(f"{names[i]}: 超出全省范围 / outside the province: {box}")
    faults.extend(
        f"{names[i]}: 环方向错误 / rings break the right-hand rule"
        for i in np.flatnonzero(valid)
        if not _follows_right_hand_rule(shapes[i])
    )
    return np.asarray(valid & inside, dtype=np.bool_)


def _follows_right_hand_rule(shape: Any) -> bool:
    parts: Iterable[Any] = getattr(shape, "geoms", [shape])
    return all(
        part.exterior.is_ccw and not any(hole.is_ccw for hole in part.interiors) for part in parts
    )


def _measure_faults(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], names: list[str]
) -> list[str]:
    computed = area_m2(shapes)
    recorded = frame["area_m2"].to_numpy(dtype=np.float64)
    wrong = ~(np.abs(recorded - computed) <= np.maximum(_AREA_TOLERANCE * computed, 0.2))
    faults = [
        f"{names[i]}: 面积不符 / area_m2 is {recorded[i]}, computed {computed[i]:.1f}"
        for i in np.flatnonzero(wrong)
    ]
    points = shapely.points(frame["point_lon"].to_numpy(), frame["point_lat"].to_numpy())
    faults.extend(
        f"{names[i]}: 标注点不在面内 / the label point lies outside"
        for i in np.flatnonzero(~shapely.intersects(shapes, points))
    )
    return faults


def _parent_faults(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], names: list[str]
) -> list[str]:
    """Administrative children must lie in their parents; zones and parks only in the province.

    A park may well be larger than its zone, or lie in another county: what a source says of its
    parent is no statement about land.
    """
    faults = []
    by_id = dict(zip(names, shapes, strict=True))
    provinces = shapes[frame["level"].to_numpy() == "province"]
    columns = zip(names, shapes, frame["level"], frame["parent_id"], strict=True)
    for name, shape, level, parent in columns:
        if level in ("city", "county"):
            if parent not in by_id:
                faults.append(f"{name}: 上级不存在 / parent {parent!r} is not on file")
                continue
            outer = by_id[parent]
        elif level in ("zone", "park") and len(provinces):
            outer = shapely.union_all(provinces)
        else:
            continue
        outside = float(shapely.area(shapely.difference(shape, outer)) / shapely.area(shape))
        if outside > _OUTSIDE_TOLERANCE:
            faults.append(f"{name}: 超出上级范围 / {outside:.4%} lies outside its parent")
    return faults
