"""A layer of land made ready for overlays: valid polygons with their ellipsoidal area beside them.

What was mended or left out is reported feature by feature, with the place and the change of area.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from geo.areas import area_m2
from geo.errors import CoordinateError
from geo.overlay import polygonal

AREA_COLUMN: Final = "area_m2"
GIVEN_AREA: Final = "area_m2_given"
# What a file says of itself when its rows have been through `prepare_layer`.
MEASURED: Final[Mapping[str, Any]] = MappingProxyType({"area_column": AREA_COLUMN, "valid": True})


@dataclass(frozen=True, slots=True)
class Mended:
    """A feature that was repaired: its number (from 1), why, where, and what its area became."""

    feature: int
    reason: str
    lon: float
    lat: float
    before_m2: float
    after_m2: float


@dataclass(frozen=True, slots=True)
class LayerReport:
    """What `prepare_layer` did; `dropped` are numbers (from 1) of features without land."""

    mended: tuple[Mended, ...]
    dropped: tuple[int, ...]
    measured: bool


def prepare_layer(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, LayerReport]:
    """A layer ready to be stored.

    Polygons that are not valid are repaired (only land is kept of what the repair gives), those
    without land are left out, and the column `area_m2` is computed; a column of that name in the
    layer is kept as `area_m2_given`. Layers of points or lines pass as they are, not measured.

    Args:
        frame: EPSG:4490, longitude and latitude in degrees.

    Raises:
        CoordinateError: another CRS, or coordinates that are not degrees.
    """
    if frame.crs is None or frame.crs.to_epsg() != 4490:
        raise CoordinateError(f"坐标系须为 EPSG:4490 / must be EPSG:4490, not {frame.crs}")
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    kinds = shapely.get_type_id(shapes)
    land = np.isin(kinds, (3, 6)) & ~empty
    if not land.any():
        kept = frame[~empty].reset_index(drop=True)
        return kept, LayerReport((), _numbers(empty), measured=False)
    bad = np.flatnonzero(land & ~shapely.is_valid(shapes))
    mended: list[Mended] = []
    if len(bad):
        fixed = polygonal(shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False))
        mended = _mended(bad, shapes[bad], fixed)
        shapes = shapes.copy()
        shapes[bad] = fixed
        land[bad] = ~shapely.is_empty(fixed)
    made = frame[land].reset_index(drop=True)
    if AREA_COLUMN in made.columns:
        made = made.rename(columns={AREA_COLUMN: GIVEN_AREA})
    made = made.set_geometry(gpd.GeoSeries(shapes[land], crs=frame.crs))
    made[AREA_COLUMN] = area_m2(shapes[land])
    return made, LayerReport(tuple(mended), _numbers(~land), measured=True)


def _numbers(mask: Any) -> tuple[int, ...]:
    return tuple(int(i) + 1 for i in np.flatnonzero(mask))


def _mended(rows: Any, before: Any, after: Any) -> list[Mended]:
    reasons = shapely.is_valid_reason(before)
    places = shapely.centroid(shapely.envelope(before))
    old, new = area_m2(before), area_m2(after)
    return [
        Mended(int(row) + 1, str(reason), float(p.x), float(p.y), float(a), float(b))
        for row, reason, p, a, b in zip(rows, reasons, places, old, new, strict=True)
    ]
