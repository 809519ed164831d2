"""Build zones.geojson: schematic footprints of every zone and park whose host county is known.

Run by hand, never at run time:  python data/boundaries/build_footprints.py
Reads counties.geojson beside it, and places.csv and declared_areas.csv of data/facts.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geo.areas import CRS, M2_PER_KM2, area_m2
from geo.boundaries import FILES, write_boundaries
from geo.footprints import Footprint, Site, draw_footprints

HERE = Path(__file__).resolve().parent
FACTS = HERE.parent / "facts"
SOURCE_ID = "src-schematic-rule"
# Planned area of the industrial zones (2021-03) over their number (2023): 40.58 km².
MEAN_ZONE_M2 = 2881 / 71 * M2_PER_KM2
# A proposed expansion is drawn touching the zone that it expands, and lies in its county.
EXPANSION = "-expansion"
DECIMALS = 9


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a CSV file of data/facts."""
    with (FACTS / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def chosen_areas() -> dict[str, dict[str, str]]:
    """The declared area drawn for each place: the row marked as chosen."""
    return {row["place_id"]: row for row in read_rows("declared_areas.csv") if row["chosen"] == "1"}


def mean_park_m2(places: list[dict[str, str]], areas: dict[str, dict[str, str]]) -> float:
    """Mean of the declared areas of parks, in m²."""
    found = [
        float(areas[row["place_id"]]["area_km2"])
        for row in places
        if row["level"] == "park" and row["place_id"] in areas
    ]
    return sum(found) / len(found) * M2_PER_KM2


def sites_of(
    places: list[dict[str, str]], areas: dict[str, dict[str, str]]
) -> tuple[list[Site], list[dict[str, str]]]:
    """The zones and parks that can be drawn, and the rows of those without a known county."""
    rows = {row["place_id"]: row for row in places if row["level"] in ("zone", "park")}
    sites, without = [], []
    for place_id, row in rows.items():
        parent = row["parent_id"] or None
        adjoins = parent if place_id.endswith(EXPANSION) else None
        host = rows[adjoins] if adjoins else row
        counties = tuple(sorted(filter(None, host["host_county_ids"].split("|"))))
        if not counties:
            without.append(row)
            continue
        declared = None
        if place_id in areas:
            declared = float(areas[place_id]["area_km2"]) * M2_PER_KM2
        sites.append(Site(place_id, row["level"], parent, counties, declared, adjoins))
    return sites, without


def read_counties() -> dict[str, Any]:
    """County polygons by id, in degrees (EPSG:4490)."""
    content = json.loads((HERE / FILES["county"]).read_text(encoding="utf-8"))
    return {
        feature["id"]: shapely.geometry.shape(feature["geometry"])
        for feature in content["features"]
    }


def to_frame(
    drawn: tuple[Footprint, ...],
    places: list[dict[str, str]],
    areas: dict[str, dict[str, str]],
) -> gpd.GeoDataFrame:
    """The footprints with the columns of a boundary file."""
    rows = {row["place_id"]: row for row in places}
    records = []
    for footprint in drawn:
        row, area = rows[footprint.place_id], areas.get(footprint.place_id)
        records.append(
            {
                "place_id": footprint.place_id,
                "name_zh": row["name_zh"],
                "name_en": row["name_en"],
                "level": row["level"],
                "parent_id": row["parent_id"] or None,
                "precision": "schematic",
                "area_basis": footprint.basis,
                "declared_area_km2": float(area["area_km2"]) if area else None,
                "declared_source_id": area["source_id"] if area else None,
                "point_lon": footprint.point[0],
                "point_lat": footprint.point[1],
                "valid_from": None,
                "valid_to": None,
                "source_id": SOURCE_ID,
            }
        )
    shapes = [footprint.geometry for footprint in drawn]
    frame = gpd.GeoDataFrame(records, geometry=shapes, crs=CRS)
    frame["area_m2"] = area_m2(frame.geometry)
    return frame


def draw() -> tuple[tuple[Footprint, ...], list[dict[str, str]], list[dict[str, str]]]:
    """Draw all: the footprints, the rows without a county, and all rows of places."""
    places, areas = read_rows("places.csv"), chosen_areas()
    sites, without = sites_of(places, areas)
    drawn = draw_footprints(
        sites,
        read_counties(),
        mean_zone_m2=MEAN_ZONE_M2,
        mean_park_m2=mean_park_m2(places, areas),
    )
    return drawn, without, places


def report(
    drawn: tuple[Footprint, ...], without: list[dict[str, str]], places: list[dict[str, str]]
) -> None:
    """Print what was drawn and what was not, and why."""
    rows = {row["place_id"]: row for row in places}
    levels = Counter(rows[footprint.place_id]["level"] for footprint in drawn)
    print("drawn:", ", ".join(f"{count} {level}s" for level, count in sorted(levels.items())))
    for basis, count in sorted(Counter(footprint.basis for footprint in drawn).items()):
        print(f"  {basis:<22} {count}")
    mean = mean_park_m2(places, chosen_areas()) / M2_PER_KM2
    print(f"mean zone {MEAN_ZONE_M2 / M2_PER_KM2:.4f} km², mean declared park {mean:.4f} km²")
    errors = [abs(area_m2([f.geometry])[0] / f.target_m2 - 1) for f in drawn]
    print(f"largest difference from the wanted area: {max(errors):.2e}")
    print(f"no county known, not drawn: {len(without)}")
    for row in without:
        print(f"  {row['place_id']:<32} {row['name_zh']}")
    print("not inside their parent:")
    for footprint in drawn:
        if footprint.in_parent is False:
            row = rows[footprint.place_id]
            print(
                f"  {footprint.place_id:<32} {row['name_zh']} ← {rows[row['parent_id']]['name_zh']}"
            )
    print("overlaps that could not be avoided:")
    for footprint in drawn:
        if footprint.overlaps:
            print(f"  {footprint.place_id:<32} {', '.join(footprint.overlaps)}")


def main() -> None:
    """Build zones.geojson and print the report."""
    drawn, without, places = draw()
    frame = to_frame(drawn, places, chosen_areas())
    path = HERE / FILES["zone"]
    write_boundaries(frame, path, decimals=DECIMALS)
    report(drawn, without, places)
    content = path.read_bytes()
    print(hashlib.sha256(content).hexdigest(), path.name, len(content), "bytes")


if __name__ == "__main__":
    main()
