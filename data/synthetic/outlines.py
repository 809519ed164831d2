"""The made-up province's `data/boundaries`: real outlines of places, zones drawn by rule.

The zones are hexagons in their host counties as the real schematic ones are, but of made-up size;
each has its area to the square centimetre, so that control totals hold to the square metre.
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from data.synthetic.places import EXPANSION, INDUSTRIAL, INDUSTRIAL_KM2, SOURCE, Places, Row
from geo.areas import CRS, M2_PER_KM2, area_m2
from geo.boundaries import FILES, write_boundaries
from geo.footprints import Footprint, Site, draw_footprints
from geo.plane import to_degrees, to_plane

_DECIMALS: Final = 12
_MEAN_ZONE_M2: Final = INDUSTRIAL_KM2 / INDUSTRIAL * M2_PER_KM2


def county_km2(real: Path) -> dict[str, float]:
    """The area of each real county."""
    content = json.loads((real / FILES["county"]).read_text(encoding="utf-8"))
    return {
        feature["id"]: feature["properties"]["area_m2"] / M2_PER_KM2
        for feature in content["features"]
    }


def write_outlines(real: Path, facts: Path, target: Path, places: Places) -> None:
    """Copy the administrative outlines and draw every zone of the made-up facts in `facts`."""
    target.mkdir(parents=True)
    for level in ("province", "city", "county"):
        shutil.copy(real / FILES[level], target / FILES[level])
    zones = {row["place_id"]: row for row in places.rows if row["level"] == "zone"}
    with (facts / "declared_areas.csv").open(encoding="utf-8", newline="") as stream:
        declared = {row["place_id"]: row for row in csv.DictReader(stream)}
    drawn = draw_footprints(
        [_site(row, zones, declared) for row in zones.values()],
        _counties(real / FILES["county"]),
        mean_zone_m2=_MEAN_ZONE_M2, mean_park_m2=M2_PER_KM2,
    )  # fmt: skip
    # A zone that another one adjoins stays as it is: their common edge must remain one.
    fixed = {EXPANSION, zones[EXPANSION]["parent_id"]}
    shapes = [each.geometry if each.place_id in fixed else _exact(each) for each in drawn]
    records = [_record(each, zones[each.place_id], declared.get(each.place_id)) for each in drawn]
    frame = gpd.GeoDataFrame(records, geometry=shapes, crs=CRS)
    frame["area_m2"] = area_m2(frame.geometry)
    write_boundaries(frame, target / FILES["zone"], decimals=_DECIMALS)


def _site(row: Row, zones: dict[str, Row], declared: dict[str, Row]) -> Site:
    adjoins = row["parent_id"] if row["place_id"] == EXPANSION else None
    hosts = zones[adjoins]["host_county_ids"] if adjoins else row["host_county_ids"]
    area = declared.get(row["place_id"])
    return Site(
        row["place_id"], "zone", row["parent_id"] or None, tuple(sorted(hosts.split("|"))),
        float(area["area_km2"]) * M2_PER_KM2 if area else None, adjoins,
    )  # fmt: skip


def _exact(drawn: Footprint) -> Any:
    """A footprint scaled about its middle, by less than a millimetre, to the area it stands for."""
    plane = to_plane(drawn.geometry)
    middle = shapely.get_coordinates(shapely.centroid(plane))[0]
    factor = np.sqrt(drawn.target_m2 / shapely.area(plane))
    return to_degrees(shapely.transform(plane, lambda points: middle + factor * (points - middle)))


def _record(footprint: Footprint, row: Row, area: Row | None) -> dict[str, Any]:
    return {
        "place_id": footprint.place_id, "name_zh": row["name_zh"], "name_en": row["name_en"],
        "level": "zone", "parent_id": row["parent_id"] or None, "precision": "synthetic",
        "area_basis": footprint.basis,
        "declared_area_km2": float(area["area_km2"]) if area else None,
        "declared_source_id": area["source_id"] if area else None,
        "point_lon": footprint.point[0], "point_lat": footprint.point[1],
        "valid_from": None, "valid_to": None, "source_id": SOURCE,
    }  # fmt: skip


def _counties(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    return {f["id"]: shapely.geometry.shape(f["geometry"]) for f in content["features"]}
