"""Hostile Shapefiles, GeoPackages, FlatGeobufs, GeoParquets: sizes that lie, SQL, flipped bytes."""

from __future__ import annotations

import json
import sqlite3
import struct
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from corpus import Collected
from hostile_archives import shapefile_parts

from geo.files import write_file

CASES = Collected()
SQUARE = shapely.box(112.5, 37.8, 112.6, 37.9)


def frame(rows: int = 20) -> gpd.GeoDataFrame:
    shapes = [shapely.box(112 + i / 100, 37, 112.005 + i / 100, 37.01) for i in range(rows)]
    return gpd.GeoDataFrame({"名称": [f"地块{i}" for i in range(rows)]}, geometry=shapes, crs=4490)


def shapefile(path: Path, **changes: bytes | None) -> None:
    """A small Shapefile in which some parts are others, or missing."""
    parts = {suffix[1:]: data for suffix, data in shapefile_parts().items()} | changes
    for suffix, data in parts.items():
        if data is not None:
            path.with_suffix(f".{suffix}").write_bytes(data)


def changed(suffix: str, at: int, data: bytes) -> dict[str, bytes]:
    """One part with some bytes replaced."""
    whole = bytearray(shapefile_parts()[f".{suffix}"])
    whole[at : at + len(data)] = data
    return {suffix: bytes(whole)}


@CASES("shp_truncated", "a.shp", refused="truncated")
def shp_truncated(path: Path) -> None:
    shapefile(path, shp=shapefile_parts()[".shp"][:130])


@CASES("shp_header_only", "a.shp", refused="damaged")
def shp_header_only(path: Path) -> None:
    shapefile(path, shp=shapefile_parts()[".shp"][:60])


@CASES("shp_index_beyond_the_end", "a.shp", told="shx_rebuilt", features=1)
def shx_beyond(path: Path) -> None:
    shapefile(path, **changed("shx", 100, struct.pack(">ii", 1 << 29, 64)))


@CASES("shp_index_of_two_billion", "a.shp", features=1)
def shx_length(path: Path) -> None:
    shapefile(path, **changed("shx", 24, struct.pack(">i", 0x7FFFFFFF)))


@CASES("shp_negative_record_length", "a.shp", features=1)
def negative_record(path: Path) -> None:
    shapefile(path, **changed("shp", 104, struct.pack(">i", -1)))


@CASES("shp_huge_record_length", "a.shp", features=1)
def huge_record(path: Path) -> None:
    shapefile(path, **changed("shp", 104, struct.pack(">i", 0x7FFFFFF0)))


@CASES("shp_two_billion_parts", "a.shp", told="bad_geometry", features=1)
def huge_parts(path: Path) -> None:
    shapefile(path, **changed("shp", 108 + 36, struct.pack("<i", 0x7FFFFFFF)))


@CASES("shp_two_billion_points", "a.shp", told="bad_geometry", features=1)
def huge_points(path: Path) -> None:
    shapefile(path, **changed("shp", 108 + 40, struct.pack("<i", 0x7FFFFFFF)))


@CASES("shp_negative_parts", "a.shp", told="bad_geometry", features=1)
def negative_parts(path: Path) -> None:
    shapefile(path, **changed("shp", 108 + 36, struct.pack("<i", -5)))


@CASES("shp_part_out_of_range", "a.shp", told="bad_geometry", features=1)
def wild_part(path: Path) -> None:
    shapefile(path, **changed("shp", 108 + 44, struct.pack("<i", 1 << 30)))


@CASES("shp_nan", "a.shp", told="not_finite", features=1)
def shp_nan(path: Path) -> None:
    shapefile(path, **changed("shp", 108 + 48, struct.pack("<d", float("nan"))))


@CASES("shp_without_dbf", "a.shp", told="no_dbf", features=1)
def without_dbf(path: Path) -> None:
    shapefile(path, dbf=None)


@CASES("shp_without_index", "a.shp", told="shx_rebuilt", features=1)
def without_shx(path: Path) -> None:
    shapefile(path, shx=None)


@CASES("dbf_two_billion_rows", "a.shp", features=1)
def dbf_rows(path: Path) -> None:
    shapefile(path, **changed("dbf", 4, struct.pack("<I", 0xFFFFFFFF)))


@CASES("dbf_record_of_zero", "a.shp", refused="damaged")
def dbf_zero(path: Path) -> None:
    shapefile(path, **changed("dbf", 10, struct.pack("<H", 0)))


@CASES("dbf_record_of_65535", "a.shp", refused="damaged")
def dbf_wide(path: Path) -> None:
    shapefile(path, **changed("dbf", 10, struct.pack("<H", 0xFFFF)))


@CASES("dbf_header_of_65535", "a.shp", features=1)
def dbf_header(path: Path) -> None:
    shapefile(path, **changed("dbf", 8, struct.pack("<H", 0xFFFF)))


@CASES("dbf_2000_fields", "a.shp", features=1)
def dbf_fields(path: Path) -> None:
    fields = b"".join(
        f"f{index}".encode().ljust(11, b"\0") + b"C" + bytes(4) + b"\x01\x00" + bytes(14)
        for index in range(2_000)
    )
    head = struct.pack("<BBBBIHH", 3, 99, 1, 1, 1, 33 + len(fields), 2_001) + bytes(20)
    shapefile(path, dbf=head + fields + b"\r" + b" " * 2_001)


@CASES("dbf_noise", "a.shp", refused="damaged")
def dbf_noise(path: Path) -> None:
    shapefile(path, dbf=bytes(range(256)) * 40)


@CASES("cpg_that_lies", "a.shp", told="encoding_mismatch", features=1)
def lying_cpg(path: Path) -> None:
    shapefile(path, cpg=b"UTF-8")


@CASES("cpg_noise", "a.shp", features=1)
def noisy_cpg(path: Path) -> None:
    shapefile(path, cpg=b"\x00\xff$(touch evil)" * 100_000)


@CASES("prj_100k_brackets", "a.shp", features=1)
def deep_prj(path: Path) -> None:
    shapefile(path, prj=b"PROJCS[" * 100_000)


@CASES("prj_of_40_mb", "a.shp", features=1)
def huge_prj(path: Path) -> None:
    shapefile(path, prj=b'GEOGCS["' + b"x" * 40_000_000 + b'"]')


def geopackage(path: Path, *statements: str, blob: bytes | None = None) -> None:
    """A GeoPackage of a few features, on which SQL is then run."""
    write_file(frame(), path)
    with sqlite3.connect(path) as base:
        base.create_function("ST_IsEmpty", 1, lambda _: 0)
        for kind in ("MinX", "MaxX", "MinY", "MaxY"):
            base.create_function(f"ST_{kind}", 1, lambda _: 0.0)
        (name,) = base.execute("SELECT table_name FROM gpkg_contents").fetchone()
        for statement in statements:
            base.execute(statement.replace("{layer}", f'"{name}"'))
        if blob is not None:
            (column,) = base.execute("SELECT column_name FROM gpkg_geometry_columns").fetchone()
            base.execute(f'UPDATE "{name}" SET "{column}" = ? WHERE fid = 1', (blob,))
    base.close()


def blob_of(wkb: bytes) -> bytes:
    return b"GP\x00\x01" + struct.pack("<i", 4490) + wkb


ENDLESS = (
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
    "SELECT x AS fid, NULL AS geom FROM c"
)


@CASES("gpkg_noise", "a.gpkg", refused="damaged")
def gpkg_noise(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + np.random.default_rng(1).bytes(100_000))


@CASES("gpkg_truncated", "a.gpkg", refused="damaged")
def gpkg_truncated(path: Path) -> None:
    write_file(frame(2_000), path)
    path.write_bytes(path.read_bytes()[:60_000])


@CASES("gpkg_no_tables", "a.gpkg", refused="not_gpkg")
def gpkg_plain_sqlite(path: Path) -> None:
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE a (b TEXT)")
    base.close()


@CASES("gpkg_endless_view", "a.gpkg", told="view_skipped", features=20)
def endless_view(path: Path) -> None:
    geopackage(
        path, f"CREATE VIEW evil AS {ENDLESS}",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "VALUES ('evil', 'features', 'evil', 4490)",
        "INSERT INTO gpkg_geometry_columns VALUES ('evil', 'geom', 'GEOMETRY', 4490, 0, 0)",
    )  # fmt: skip


@CASES("gpkg_contents_is_an_endless_view", "a.gpkg", refused="hostile_gpkg")
def endless_contents(path: Path) -> None:
    geopackage(
        path, "ALTER TABLE gpkg_contents RENAME TO hidden",
        "CREATE VIEW gpkg_contents AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM "
        "c) SELECT h.* FROM hidden h, c",
    )  # fmt: skip


@CASES("gpkg_generated_column_of_a_gigabyte", "a.gpkg", refused="hostile_gpkg")
def generated_column(path: Path) -> None:
    geopackage(
        path,
        "ALTER TABLE {layer} ADD COLUMN evil TEXT AS (hex(zeroblob(400000000))) VIRTUAL",
    )


@CASES("gpkg_triggers", "a.gpkg", features=20)
def triggers(path: Path) -> None:
    geopackage(
        path, "CREATE TRIGGER evil AFTER INSERT ON {layer} BEGIN DELETE FROM {layer}; END",
        "CREATE TRIGGER evil2 AFTER UPDATE ON gpkg_contents BEGIN SELECT load_extension('evil'); "
        "END",
    )  # fmt: skip


@CASES("gpkg_name_that_is_sql", "a.gpkg", features=20)
def sql_name(path: Path) -> None:
    evil = 'x"; DROP TABLE gpkg_contents; --'
    geopackage(path)
    with sqlite3.connect(path) as base:
        (name,) = base.execute("SELECT table_name FROM gpkg_contents").fetchone()
        for sql in (
            "PRAGMA legacy_alter_table = ON",
            f'ALTER TABLE "{name}" RENAME TO "{evil.replace(chr(34), chr(34) * 2)}"',
        ):
            base.execute(sql)
        for table in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_ogr_contents"):
            base.execute(f"UPDATE {table} SET table_name = ?", (evil,))
    base.close()


@CASES("gpkg_geometry_noise", "a.gpkg", told="bad_geometry", features=20)
def geometry_noise(path: Path) -> None:
    geopackage(path, blob=b"GP\x00\xff" + b"\xff" * 200)


@CASES("gpkg_ring_of_four_billion", "a.gpkg", told="bad_geometry", features=20)
def geometry_huge(path: Path) -> None:
    geopackage(path, blob=blob_of(struct.pack("<BIII", 1, 3, 1, 0xFFFFFFFF) + bytes(64)))


@CASES("gpkg_collections_10k_deep", "a.gpkg", told="bad_geometry", features=20)
def geometry_deep(path: Path) -> None:
    geopackage(path, blob=blob_of(struct.pack("<BII", 1, 7, 1) * 10_000 + bytes(21)))


@CASES("gpkg_two_layers", "a.gpkg", refused="choose_layer")
def two_layers(path: Path) -> None:
    geopackage(
        path, "CREATE TABLE two AS SELECT * FROM {layer}",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "VALUES ('two', 'features', 'two', 4490)",
        "INSERT INTO gpkg_geometry_columns VALUES ('two', 'geom', 'GEOMETRY', 4490, 0, 0)",
    )  # fmt: skip


def flatgeobuf() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.fgb"
        write_file(frame(200), path)
        return path.read_bytes()


@CASES("fgb_truncated", "a.fgb", refused="truncated damaged")
def fgb_truncated(path: Path) -> None:
    whole = flatgeobuf()
    path.write_bytes(whole[: len(whole) // 2])


@CASES("fgb_header_of_four_gigabytes", "a.fgb", refused="damaged")
def fgb_header(path: Path) -> None:
    path.write_bytes(b"fgb\x03fgb\x00" + b"\xff\xff\xff\xff" + bytes(100))


@CASES("fgb_noise", "a.fgb", refused="damaged")
def fgb_noise(path: Path) -> None:
    noise = np.random.default_rng(2).bytes(20_000)
    path.write_bytes(b"fgb\x03fgb\x00" + struct.pack("<I", 400) + noise)


@CASES("fgb_feature_of_two_gigabytes", "a.fgb", refused="damaged")
def fgb_feature(path: Path) -> None:
    whole = bytearray(flatgeobuf())
    whole[-400:-396] = struct.pack("<I", 0x7FFFFFFF)
    for at in range(len(whole) - 40_000, len(whole) - 400, 97):
        whole[at] ^= 0x55
    path.write_bytes(bytes(whole))


def parquet(path: Path, table: pa.Table, geo: object = None, **options: object) -> None:
    if geo is not None:
        text = geo if isinstance(geo, str) else json.dumps(geo)
        table = table.replace_schema_metadata({"geo": text})
    pq.write_table(table, path, **options)


GEO = {"version": "1.1.0", "primary_column": "geometry",
       "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}}  # fmt: skip


@CASES("parquet_truncated", "a.parquet", refused="truncated")
def parquet_truncated(path: Path) -> None:
    write_file(frame(200), path)
    path.write_bytes(path.read_bytes()[:-100])


@CASES("parquet_noise", "a.parquet", refused="truncated damaged")
def parquet_noise(path: Path) -> None:
    path.write_bytes(b"PAR1" + np.random.default_rng(3).bytes(50_000) + b"PAR1")


@CASES("parquet_flipped_bytes", "a.parquet", refused="damaged")
def parquet_flipped(path: Path) -> None:
    write_file(frame(200), path)
    whole = bytearray(path.read_bytes())
    for at in range(8, 1_500, 7):
        whole[at] ^= 0xFF
    path.write_bytes(bytes(whole))


@CASES("parquet_without_geo", "a.parquet", refused="not_geoparquet")
def parquet_plain(path: Path) -> None:
    parquet(path, pa.table({"a": [1, 2]}))


@CASES("parquet_geo_that_is_wrong", "a.parquet", refused="not_geoparquet")
def parquet_wrong(path: Path) -> None:
    parquet(path, pa.table({"geometry": [1, 2]}), {"columns": [1], "primary_column": {"a": 1}})


@CASES("parquet_geo_100k_deep", "a.parquet", refused="not_geoparquet")
def parquet_deep(path: Path) -> None:
    parquet(path, pa.table({"geometry": [b""]}), '{"a":' * 100_000)


@CASES("parquet_of_nothing_times_8_million", "a.parquet", refused="too_many_features")
def parquet_nulls(path: Path) -> None:
    parquet(path, pa.table({"geometry": pa.nulls(8_000_000, pa.binary())}), GEO)


def one_text(path: Path, *, as_texts: bool) -> None:
    """One text of a megabyte, told to stand in 200 000 rows: 200 GB once they are texts."""
    text = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(200_000, dtype=np.int32)), pa.array(["x" * 1_000_000])
    )
    table = pa.table({"evil": text, "geometry": pa.nulls(200_000, pa.binary())})
    table = table.replace_schema_metadata({"geo": json.dumps(GEO)})
    with pq.ParquetWriter(path, table.schema, store_schema=not as_texts) as writer:
        writer.write_table(table)
        if as_texts:
            writer.add_key_value_metadata({"geo": json.dumps(GEO)})


@CASES("parquet_one_text_times_200k", "a.parquet", refused="too_large")
def parquet_texts(path: Path) -> None:
    one_text(path, as_texts=True)


@CASES("parquet_dictionary_times_200k", "a.parquet", refused="too_large")
def parquet_dictionary(path: Path) -> None:
    one_text(path, as_texts=False)


@CASES("parquet_collections_10k_deep", "a.parquet", told="bad_geometry", features=1)
def parquet_collections(path: Path) -> None:
    deep = struct.pack("<BII", 1, 7, 1) * 10_000 + bytes(21)
    parquet(path, pa.table({"geometry": [deep]}), GEO)


@CASES("larger_than_any_limit", "a.gpkg", refused="too_large")
def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"SQLite format 3\x00")
        file.truncate(2 << 30)


for _index, _name in enumerate(
    (
        "it's \"quoted\".geojson", "a\nb.geojson", "$(touch evil).geojson", "`id`.geojson",
        "<script>alert(1)<\u200bscript>.geojson", "\u202egnp.geojson", "-rf.geojson",
        "CON.geojson", "a;b&c|d.geojson", "..geojson", "名称" * 30 + ".geojson",
        "%2e%2e%2fa.geojson", " .geojson",
    )
):  # fmt: skip

    @CASES(f"file_name_{_index}", _name, features=1)
    def named(path: Path) -> None:
        write_file(frame(1), path.with_name("plain.geojson"))
        path.with_name("plain.geojson").rename(path)
