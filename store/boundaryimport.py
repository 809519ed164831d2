"""An office's own outlines of zones, in place of the schematic ones: a new version of `zones`."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from facts.model import Facts, Place, Source
from geo.areas import CRS, area_m2
from geo.boundaries import BOUNDARY_COLUMNS, SHANXI_BBOX, check_boundaries
from geo.errors import BoundaryError
from store.log import BASELINE_AUTHOR
from store.officefigures import add_sources
from store.prepared import ImportRefusedError
from store.together import together
from store.workspace import Workspace

COLLECTION = "zones"
LEVELS = ("zone", "park")  # what may be brought in; cities and counties have official outlines
PRECISIONS = ("surveyed", "digitised")
AREA_BASIS = "office_outline"

_NUMBERS = ("declared_area_km2", "area_m2", "point_lon", "point_lat")


def zones_with(
    current: gpd.GeoDataFrame,
    shapes: Mapping[str, Any],
    facts: Facts,
    *,
    precision: str,
    source_id: str,
    declared_km2: Mapping[str, float] | None = None,
    valid_from: str = "",
) -> gpd.GeoDataFrame:
    """The zones with some outlines replaced or added, ready to be compared and stored.

    Args:
        current: the collection `zones` (columns of geo.boundaries, EPSG:4490).
        shapes: outlines by place id, valid polygons in EPSG:4490 degrees.
        facts: where names and parents of the places stand.
        precision: one of PRECISIONS.
        source_id: of the office's source, see `commit_zones`.
        declared_km2: areas that the source declares, by place id; for others the declared area on
            file stays beside the new outline.
        valid_from: YYYY-MM-DD, "" for unknown.

    Raises:
        ImportRefusedError: a place that is no zone, or unknown; a shape that is no valid polygon
            or lies elsewhere. All faults at once.
    """
    _refuse_faults(shapes, facts, precision, declared_km2 or {})
    by_id = {str(row["place_id"]): row for row in current.to_dict("records")}
    for place_id, shape in shapes.items():
        outline = np.asarray(shapely.orient_polygons(shapely.force_2d(shape), exterior_cw=False))
        old = by_id.get(place_id)
        by_id[place_id] = _row(facts.place(place_id), outline.item(), old) | {
            "precision": precision, "source_id": source_id,
            "valid_from": valid_from or None, "valid_to": None,
        }  # fmt: skip
        if declared_km2 and place_id in declared_km2:
            by_id[place_id] |= {
                "declared_area_km2": float(declared_km2[place_id]), "declared_source_id": source_id,
            }  # fmt: skip
    return _frame(list(by_id.values()))


def commit_zones(
    workspace: Workspace,
    zones: gpd.GeoDataFrame,
    *,
    source: Source,
    author: str,
    message: str,
    expected_version: int | None = None,
) -> int:
    """Make the frame of `zones_with` the next version of `zones`, its source put on file first.

    Undo it with `Workspace.restore`.

    Raises:
        ImportRefusedError: it breaks a rule of geo.boundaries.
        StaleWriterError: somebody else wrote meanwhile (with `expected_version`).
        WriteFailedError: the disk refused; the old version stands.
    """
    if author == BASELINE_AUTHOR:
        raise ImportRefusedError(f"作者名 {author} 由系统使用 / the author {author} is reserved")
    try:
        check_boundaries(zones)
    except BoundaryError as error:
        raise ImportRefusedError(
            f"边界有 {len(error.faults)} 处错误，未写入 / the outlines have {len(error.faults)} "
            "faults, nothing was written", faults=error.faults,
        ) from error  # fmt: skip
    with together(workspace, author=author) as commits:
        commits.expect(COLLECTION, expected_version)
        add_sources(workspace, [source], author=author, message=message)
        return workspace.write(
            COLLECTION, zones, author=author, message=message, source=source.source_id,
            expected_version=expected_version,
        )  # fmt: skip


def _refuse_faults(
    shapes: Mapping[str, Any], facts: Facts, precision: str, declared_km2: Mapping[str, float]
) -> None:
    faults = []
    if precision not in PRECISIONS:
        faults.append(f"精度须为 / precision must be {', '.join(PRECISIONS)}: {precision!r}")
    faults += [
        f"{place_id}: 公布面积须为正数 / a declared area must be positive: {km2!r}"
        for place_id, km2 in declared_km2.items()
        if not (np.isfinite(km2) and km2 > 0)
    ]
    for place_id, shape in shapes.items():
        place = facts.places_by_id.get(place_id)
        if place is None:
            faults.append(f"{place_id}: 没有这个地点 / no such place")
        elif place.level not in LEVELS:
            faults.append(f"{place.name_zh}: 只能导入开发区和园区的边界 / is no zone and no park")
        if fault := _shape_fault(shape):
            faults.append(f"{place_id if place is None else place.name_zh}: {fault}")
    if not shapes:
        faults.append("没有边界 / there are no outlines")
    if faults:
        raise ImportRefusedError(
            f"边界有 {len(faults)} 处错误 / the outlines have {len(faults)} faults", faults=faults
        )


def _shape_fault(shape: Any) -> str:
    if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        return "不是面 / not a polygon"
    if not shape.is_valid:
        return f"图形无效 / not valid: {shapely.is_valid_reason(shape)}"
    west, south, east, north = shapely.bounds(shape)
    if west < SHANXI_BBOX[0] or south < SHANXI_BBOX[1]:
        return "超出全省范围 / outside the province"
    if east > SHANXI_BBOX[2] or north > SHANXI_BBOX[3]:
        return "超出全省范围 / outside the province"
    return ""


def _row(place: Place, outline: Any, old: Mapping[Any, Any] | None) -> dict[str, Any]:
    """A place's row with its new outline; names and declared area of the old one stay."""
    point = shapely.point_on_surface(outline)
    row = dict.fromkeys(BOUNDARY_COLUMNS) if old is None else {str(k): v for k, v in old.items()}
    if old is None:
        row |= {
            "place_id": place.place_id, "name_zh": place.name_zh,
            "name_en": place.name_en or place.name_zh, "level": place.level,
            "parent_id": place.parent_id,
        }  # fmt: skip
    return row | {
        "geometry": outline, "area_basis": AREA_BASIS, "area_m2": float(area_m2([outline])[0]),
        "point_lon": float(point.x), "point_lat": float(point.y),
    }  # fmt: skip


def _frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Rows as the collection keeps them: texts that may be missing, numbers, outlines."""
    table = pd.DataFrame(rows, columns=list(BOUNDARY_COLUMNS))
    for name in BOUNDARY_COLUMNS[:-1]:
        table[name] = table[name].astype("float64" if name in _NUMBERS else "str")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=CRS)
