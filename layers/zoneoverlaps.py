"""Outlines of zones that lie on each other."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import shapely

from geo.areas import area_m2
from geo.faultkinds import Tolerances, area_words
from geo.problems import Problem


def zone_overlaps(zones: gpd.GeoDataFrame, new: Collection[str]) -> list[Problem]:
    """Warnings about land that a new outline shares with another zone of its level.

    `zones` are all zones as they will be stored (columns of `geo.boundaries`, EPSG:4490), `new` the
    place ids of the new ones. Schematic outlines say nothing of where a zone ends and are left out.
    """
    found = []
    zones = zones[zones["precision"] != "schematic"]
    shapes = np.asarray(zones.geometry.to_numpy(), dtype=object)
    columns = ("place_id", "level", "name_zh", "name_en")
    ids, levels, names_zh, names_en = (zones[name].tolist() for name in columns)
    for one, other in shapely.STRtree(shapes).query(shapes, predicate="intersects").T.tolist():
        if one >= other or levels[one] != levels[other] or not {ids[one], ids[other]} & set(new):
            continue
        common = shapely.intersection(shapes[one], shapes[other])
        m2 = float(area_m2([common])[0])
        if m2 <= Tolerances().overlap_m2:
            continue
        zh, en = area_words(m2)
        at = shapely.point_on_surface(common)
        found.append(
            Problem(
                "overlap", "warning", f"{names_zh[one]}与{names_zh[other]}重叠 {zh}",
                f"{names_en[one] or names_zh[one]} and {names_en[other] or names_zh[other]} "
                f"overlap by {en}",
                lon=float(at.x), lat=float(at.y),
            )
        )  # fmt: skip
    return found
