"""One version of a layer for the map of the import and history pages: outlines, names, areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np

from facts.model import Lang
from geo.areas import area_m2
from layers.faultview import label_columns
from layers.historyview import hectares
from layers.importview import Item, feature_items, thinned
from layers.texts import text

LISTED: Final = 500  # features with a row in the table
_AREA: Final = "area_m2"
_POLYGONS: Final = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class LayerView:
    """Items for `ui.importmap`, the columns of their cells, and what the map leaves out."""

    items: list[Item]
    columns: list[dict[str, Any]]
    note: str


def layer_view(frame: gpd.GeoDataFrame, lang: Lang, *, listed: int = LISTED) -> LayerView:
    """What a layer in EPSG:4490 holds: each feature's number, what it is called, hectares."""
    shapes = thinned(frame.geometry.to_numpy(), most_features=listed)
    names = [
        " ".join(dict.fromkeys(filter(None, parts))) for parts in _labels(frame.iloc[shapes.rows])
    ]
    areas = _areas(frame.iloc[shapes.rows])
    cells = [
        (str(row + 1), name or "—", area)
        for row, name, area in zip(shapes.rows.tolist(), names, areas, strict=True)
    ]
    called = [
        name or text("intake.feature_number", lang, number=number)
        for name, (number, *_) in zip(names, cells, strict=True)
    ]
    columns = [
        {"name": text(f"intake.{key}", lang), "number": number}
        for key, number in (("fault_feature", True), ("fault_name", False), ("col_area_ha", True))
    ]
    return LayerView(feature_items(shapes, called, cells), columns, shapes.note(lang))


def _labels(frame: gpd.GeoDataFrame) -> list[list[str]]:
    """What the columns of ids and names say of each feature."""
    names = label_columns([str(c) for c in frame.columns if c != frame.geometry.name])
    rows = frame[list(names)].astype("object").itertuples(index=False, name=None)
    return [["" if v is None or v != v else str(v) for v in row] for row in rows]  # noqa: PLR0124 - NaN


def _areas(frame: gpd.GeoDataFrame) -> list[str]:
    """Hectares: those stored with the layer, else computed; a dash for what is no polygon."""
    land = frame.geometry.geom_type.isin(_POLYGONS).to_numpy()
    if _AREA in frame.columns:
        metres = frame[_AREA].to_numpy(dtype="float64", na_value=np.nan)
    else:
        metres = np.full(len(frame), np.nan)
        metres[land] = area_m2(frame.geometry.to_numpy()[land])
    return [
        hectares(float(m2)) if is_land and np.isfinite(m2) else "—"
        for m2, is_land in zip(metres, land, strict=True)
    ]
