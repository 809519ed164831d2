"""What looks wrong about outlines of zones that come in: their areas, neighbours and place.

Nothing of it keeps them out; whoever imports them is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import geopandas as gpd

from geo.problems import Problem
from layers.atlas import Atlas
from layers.zonechecks import zone_checks
from layers.zoneoverlaps import zone_overlaps

_CODES: Final = {"county": "outside_county", "city": "outside_county"}  # else an area is off


def zone_warnings(
    atlas: Atlas, shapes: Mapping[str, Any], zones: gpd.GeoDataFrame
) -> list[Problem]:
    """Warnings about new outlines (by place id, EPSG:4490) of zones that are on file.

    `zones` are all zones as they will be stored, of `store.boundaryimport.zones_with`.
    """
    return [*_disagreements(atlas, shapes), *zone_overlaps(zones, set(shapes))]


def _disagreements(atlas: Atlas, shapes: Mapping[str, Any]) -> Iterator[Problem]:
    """Land outside the zone's counties and cities, and areas other than declared."""
    rows = {one: row for one in shapes if (row := atlas.outline_of(one)) is not None}
    counties, cities = atlas.boundaries("counties"), atlas.boundaries("cities")
    zh, en = (
        zone_checks(
            atlas.facts, shapes, counties=counties, cities=cities, rows=rows, declared_km2={},
            lang=lang,
        )
        for lang in ("zh", "en")
    )  # fmt: skip
    for one, other in zip(zh, en, strict=True):
        if one.told:
            yield Problem(_CODES.get(one.what, "declared_area"), "warning", one.told, other.told)
