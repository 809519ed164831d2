"""What the map of the import and history pages is sent: few shapes, thinned, each with its words.

An item is a plain dictionary, see ``layers/importframe/import.js``. Everything here works on shapes
in lon/lat degrees (EPSG:4490) that were read and placed elsewhere; nothing here reads a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from facts.model import Lang
from geo.datums import wgs84_to_bd09, wgs84_to_gcj02
from layers.geojson_geometry import MAX_DECIMALS, encode_geometries
from layers.texts import text

MOST_FEATURES: Final = 1_500  # as many as a reader can tell apart, and a browser draws at once
MOST_VERTICES: Final = 20_000
DECIMALS: Final = 6  # a tenth of a metre
_FIRST_TOLERANCE: Final = 1 / 4_000  # of the longer side of all, a quarter of a pixel on a screen
_ROUNDS: Final = 12
_NAMED: Final = 2  # counties named before the rest is counted
_LABELLED: Final = 40  # more names than this only hide the map
_POLYGON: Final = 3  # shapely's type id
_GEOD: Final = Geod(ellps="GRS80")

Shapes = NDArray[np.object_]
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Thinned:
    """Shapes as the map gets them.

    `rows` are the positions that were kept, in order; `total` is how many had a shape. `simplified`
    tells whether corners were left out.
    """

    shapes: Shapes
    rows: NDArray[np.int64]
    total: int
    simplified: bool

    def note(self, lang: Lang) -> str:
        """What the map leaves out, in words; empty when it shows all as it is."""
        parts = []
        if len(self.rows) < self.total:
            parts.append(text("intake.fewer_shapes", lang, shown=len(self.rows), total=self.total))
        if self.simplified:
            parts.append(text("intake.simplified", lang))
        return " ".join(parts)


def thinned(
    shapes: Sequence[Any] | Shapes,
    *,
    most_features: int = MOST_FEATURES,
    most_vertices: int = MOST_VERTICES,
) -> Thinned:
    """Shapes in degrees, no more and no finer than the map can draw; missing ones are left out.

    Of too many, those with the largest extent stay. Simplifying begins below what a screen shows
    and goes on until the number of corners fits.
    """
    given = np.asarray(shapes, dtype=object)
    known = np.flatnonzero(~(shapely.is_missing(given) | shapely.is_empty(given)))
    rows = known
    if len(rows) > most_features:
        west, south, east, north = shapely.bounds(given[rows]).T
        largest = np.argsort(-(east - west) - (north - south), kind="stable")[:most_features]
        rows = np.sort(rows[largest])
    kept = given[rows]
    simplified = False
    if len(kept) and shapely.get_num_coordinates(kept).sum() > most_vertices:
        kept, simplified = _simplified(kept, most_vertices), True
    return Thinned(kept, rows, len(known), simplified)


def _simplified(shapes: Shapes, most: int) -> Shapes:
    west, south, east, north = shapely.total_bounds(shapes)
    tolerance = max(east - west, north - south, 1e-6) * _FIRST_TOLERANCE
    thin = shapes
    for _ in range(_ROUNDS):
        thin = np.asarray(shapely.simplify(shapes, tolerance), dtype=object)
        if shapely.get_num_coordinates(thin).sum() <= most:
            break
        tolerance *= 2
    return thin


def geometry_members(
    shapes: Sequence[Any] | Shapes, *, decimals: int = DECIMALS
) -> list[Item | None]:
    """GeoJSON geometries as plain lists, None for what is missing or has no land left."""
    given = np.asarray(shapes, dtype=object)
    encoded = [member for member, _ in encode_geometries(given, decimals=decimals)]
    made: list[Item | None] = orjson.loads(orjson.dumps(encoded, option=orjson.OPT_SERIALIZE_NUMPY))
    return made


def label_points(shapes: Sequence[Any] | Shapes) -> list[list[float] | None]:
    """A point inside each shape, [lon, lat] in degrees; None where there is no shape."""
    points = shapely.point_on_surface(np.asarray(shapes, dtype=object))
    missing = shapely.is_missing(points) | shapely.is_empty(points)
    return [
        None if gone else [round(x, DECIMALS), round(y, DECIMALS)]
        for x, y, gone in zip(
            shapely.get_x(points).tolist(), shapely.get_y(points).tolist(), missing, strict=True
        )
    ]


def item(
    item_id: str, kind: str, words: str, *, label: str = "", geometry: Item | None = None,
    point: Sequence[float] | None = None, cells: Sequence[str] = (), home: bool = False,
    picked: bool | None = None, group: str = "", extra: Sequence[Item] = (),
) -> Item:  # fmt: skip
    """One thing that the map shows; `picked` is None for what can't be picked."""
    return {
        "id": item_id, "kind": kind, "label": label, "words": words, "geometry": geometry,
        "point": None if point is None else list(point), "cells": list(cells), "home": home,
        "pick": None if picked is None else "on" if picked else "off", "group": group,
        "extra": list(extra),
    }  # fmt: skip


def county_words(shapes: Sequence[Any] | Shapes, counties: gpd.GeoDataFrame, lang: Lang) -> str:
    """The counties that shapes in degrees fall into, those with most of them first, in words."""
    names = Counter(name for name in counties_of(shapes, counties, lang) if name)
    if not names:
        return text("intake.outside_province", lang)
    first = [name for name, _ in names.most_common(_NAMED)]
    joined = text("intake.and", lang).join(first)
    if len(names) > _NAMED:
        return text("intake.counties_more", lang, names=joined, count=len(names))
    return joined


def counties_of(
    shapes: Sequence[Any] | Shapes, counties: gpd.GeoDataFrame, lang: Lang
) -> list[str]:
    """The name of the county that a point inside each shape lies in; "" outside of all.

    `counties` has the columns of geo.boundaries, EPSG:4490.
    """
    column = "name_zh" if lang == "zh" else "name_en"
    names = [str(name) for name in counties[column]]
    given = np.asarray(shapes, dtype=object)
    found = [""] * len(given)
    points = shapely.point_on_surface(given)
    asked, hits = shapely.STRtree(counties.geometry.to_numpy()).query(points, predicate="within")
    for position, hit in zip(asked.tolist(), hits.tolist(), strict=True):
        found[position] = names[hit]
    return found


def feature_items(
    shapes: Thinned, names: Sequence[str], cells: Sequence[Sequence[str]], *, kind: str = "feature"
) -> list[Item]:
    """The shapes of a layer; `names` and `cells` belong to the positions in `shapes.rows`."""
    members = geometry_members(shapes.shapes)
    points = label_points(shapes.shapes)
    few = len(names) <= _LABELLED
    return [
        item(
            f"{kind}-{row}", kind, name, geometry=member, point=point, cells=line, home=True,
            label=name if few else "",
        )
        for row, name, member, point, line in zip(
            shapes.rows.tolist(), names, members, points, cells, strict=True
        )
    ]  # fmt: skip


def fine_member(shape: Any) -> Item | None:
    """One geometry with all its decimals: what a repair does can be a matter of millimetres."""
    return geometry_members([shape], decimals=MAX_DECIMALS)[0]


# --- where a file may lie ------------------------------------------------------------------------


def sketched(features: Sequence[dict[str, Any]]) -> Shapes:
    """The outlines of a sketch (see `store.quarantine.run`) as shapes; unreadable ones are None."""
    shapes = np.full(len(features), None, dtype=object)
    for at, feature in enumerate(features):
        geometry = feature.get("geometry")
        if geometry:
            shapes[at] = shapely.from_geojson(orjson.dumps(geometry), on_invalid="ignore")
    return shapes


def candidate_items(
    sketches: Mapping[str, Sequence[dict[str, Any]]], names: Mapping[str, str], chosen: str | None,
    counties: gpd.GeoDataFrame, lang: Lang,
) -> list[Item]:  # fmt: skip
    """One item for each system that a file may be in: where its outlines would lie then.

    `sketches` gives outlines in degrees by the system's key, `names` its name. The chosen one is
    what the map goes to; without a choice it shows all.
    """
    items: list[Item] = []
    # The chosen one first: candidates a few metres apart would else cover each other's labels.
    for key, features in sorted(sketches.items(), key=lambda pair: pair[0] != chosen):
        shapes = sketched(features)
        where = county_words(shapes, counties, lang)
        thin = thinned(shapes, most_vertices=MOST_VERTICES // max(1, len(sketches)))
        united = _collected(thin.shapes)
        kind = "candidate" if key == chosen else "other"
        member = geometry_members([united])[0] if united is not None else None
        point = None if united is None else label_points([united])[0]
        # The middle of the extent: a label's point may jump to another side of a hole.
        middle = None if united is None else _middle(united)
        words = text("intake.candidate_words", lang, name=names.get(key, key), where=where)
        label = "" if where in {other["label"] for other in items} else where
        items.append(
            item(
                f"candidate-{key}", kind, words, label=label, geometry=member, point=point,
                cells=(names.get(key, key), where, place_words(middle, lang)),
                home=chosen is None or key == chosen,
            )
        )  # fmt: skip
    return items


def candidate_columns(lang: Lang) -> list[dict[str, Any]]:
    """The columns of the cells of `candidate_items`."""
    return [
        {"name": text(f"intake.col_{name}", lang), "number": False}
        for name in ("system", "where", "middle")
    ]


def _middle(shape: Any) -> list[float]:
    west, south, east, north = shape.bounds
    return [(west + east) / 2, (south + north) / 2]


def _collected(shapes: Shapes) -> Any:
    """All shapes as one, polygons where there are any; None for none."""
    parts = shapely.get_parts(shapes)
    if not len(parts):
        return None
    areal = parts[shapely.get_type_id(parts) == _POLYGON]
    if len(areal):
        return shapely.multipolygons(areal)
    return shapely.geometrycollections(parts)


def place_words(point: Sequence[float] | None, lang: Lang) -> str:
    """A place, [lon, lat] in degrees, in words; a dash for none."""
    if point is None:
        return "—"
    return text("intake.lon_lat", lang, lon=f"{point[0]:.5f}", lat=f"{point[1]:.5f}")


def shift_m(lon: float, lat: float, system: str) -> float:
    """How far, in metres, a place at these degrees of CGCS2000 is moved in GCJ-02 or BD-09."""
    move = {"GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09}[system]
    there_lon, there_lat = move(np.array([lon]), np.array([lat]))
    _, _, metres = _GEOD.inv(lon, lat, float(there_lon[0]), float(there_lat[0]))
    return float(metres)
