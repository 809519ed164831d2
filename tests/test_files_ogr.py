"""GeoPackage, FlatGeobuf, GeoParquet: layers, hostile contents, geometries that GEOS refuses."""

from __future__ import annotations

import gc
import sqlite3
import struct
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError
from geo.files import ReadOptions, open_file, read_frame, wkb, write_file
from geo.files.shapes import arc_through, salvage
from geo.limits import MB, Limits

SQUARE = shapely.box(112, 37, 113, 38)
FRAME = gpd.GeoDataFrame(
    {"名称": ["甲", "乙"], "n": [1, 2]}, geometry=[SQUARE, shapely.box(113, 37, 114, 38)], crs=4490
)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # GDAL, of odd geometries


@pytest.fixture
def gpkg(tmp_path) -> Path:
    write_file(FRAME, tmp_path / "a.gpkg")
    return tmp_path / "a.gpkg"


def refused(path: Path, code: str, limits: Limits | None = None, **options: str) -> Any:
    with pytest.raises(FileRefusedError) as caught:
        for _ in open_file(path, ReadOptions(**options), limits=limits or Limits()).read():
            pass
    assert caught.value.code == code, str(caught.value)
    assert " / " in caught.value.message and "\n" not in caught.value.message
    return caught.value


def told(path: Path) -> list[tuple[str, int | None, int | None]]:
    file = open_file(path)
    found = [*file.problems, *(p for batch in file.read() for p in batch.problems)]
    return [(p.code, p.feature, p.ring) for p in found]


def changed(path: Path, *statements: str, shapes: dict[int, bytes] | None = None) -> Path:
    """The same GeoPackage after some SQL, and with other WKB in some rows."""
    base = sqlite3.connect(path)
    for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        base.execute(f'DROP TRIGGER "{name}"')
    (head,) = base.execute("SELECT substr(geom, 1, 40) FROM a LIMIT 1").fetchone()
    for row, data in (shapes or {}).items():
        base.execute("UPDATE a SET geom = ? WHERE fid = ?", (head + data, row))
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()
    return path


def test_several_layers_are_asked_for(tmp_path) -> None:
    path = tmp_path / "a.gpkg"
    for name in ("地块", "道路"):
        pyogrio.write_dataframe(FRAME, path, layer=name)
    pyogrio.write_dataframe(pd.DataFrame({"x": [1]}), path, layer="表")
    assert refused(path, "choose_layer").faults == ("地块", "道路")
    assert refused(path, "no_layer", layer="表").faults == ("地块", "道路")
    file = open_file(path, ReadOptions(layer="道路"))
    assert (file.layer, file.layers) == ("道路", ("地块", "道路"))
    assert read_frame(file)["名称"].tolist() == ["甲", "乙"]


def test_reading_leaves_the_file_and_its_folder_as_they_were(gpkg) -> None:
    before = (gpkg.read_bytes(), gpkg.stat().st_mtime_ns)
    gpkg.chmod(0o444)
    read_frame(open_file(gpkg))
    assert (gpkg.read_bytes(), gpkg.stat().st_mtime_ns) == before
    assert list(gpkg.parent.iterdir()) == [gpkg]
    gpkg.with_name("a.gpkg-wal").write_bytes(b"x")
    assert told(gpkg) == [("unsaved_changes", None, None)]


def test_names_that_gdal_takes_for_addresses_are_only_names(tmp_path) -> None:
    for name in ("a!b.gpkg", "zip+http?x=1&y.fgb", "%2e%2e#.geojson", "$(touch x);'\".shp",
                 "<script>.parquet", "\u202efdp.gpkg"):  # fmt: skip
        path = tmp_path / name
        write_file(FRAME, path)
        assert len(read_frame(open_file(path))) == 2, name
    assert not Path("x").exists()


def test_other_databases_and_hostile_ones_are_refused(tmp_path, gpkg) -> None:
    base = sqlite3.connect(tmp_path / "b.gpkg")
    base.execute("CREATE TABLE x (y)")
    base.commit()
    base.close()
    refused(tmp_path / "b.gpkg", "not_gpkg")
    forever = (
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
        "SELECT 'a' AS table_name, 'features' AS data_type, x AS identifier FROM c"
    )
    whole = gpkg.read_bytes()
    changed(gpkg, "DROP TABLE gpkg_contents", f"CREATE VIEW gpkg_contents AS {forever}")
    assert "gpkg_contents" in refused(gpkg, "hostile_gpkg").message
    gpkg.write_bytes(whole)
    changed(gpkg, "DROP TABLE gpkg_geometry_columns",
            "CREATE VIRTUAL TABLE gpkg_geometry_columns USING fts5(x)")  # fmt: skip
    refused(gpkg, "hostile_gpkg")


def test_views_are_not_read(gpkg) -> None:
    changed(
        gpkg,
        "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
        "SELECT x AS fid, NULL AS geom FROM c",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "VALUES ('v', 'features', 'v', 4490)",
        "INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POLYGON', 4490, 0, 0)",
    )
    file = open_file(gpkg)
    assert file.layers == ("a",) and [p.code for p in file.problems] == ["view_skipped"]
    refused(gpkg, "no_layer", layer="v")


def test_bytes_are_left_out_and_attributes_named_like_the_geometry_are_renamed(gpkg) -> None:
    changed(gpkg, "ALTER TABLE a ADD COLUMN photo BLOB", "ALTER TABLE a ADD COLUMN geometry TEXT",
            "UPDATE a SET photo = x'00ff', geometry = 'text'")  # fmt: skip
    file = open_file(gpkg)
    assert file.columns == ("名称", "n", "geometry_1")
    assert [p.code for p in file.problems] == ["renamed_columns", "binary_dropped"]
    assert read_frame(file)["geometry_1"].tolist() == ["text", "text"]


def ring(*points: tuple[float, float]) -> bytes:
    return struct.pack("<I", len(points)) + np.array(points, "<f8").tobytes()


CLOSED = ((0, 0), (4, 0), (4, 4), (0, 0))
CIRCLE = struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 8, 3) + np.array(
    [(0, 0), (2, 0), (0, 0)], "<f8").tobytes()  # fmt: skip
ODD = {
    "unclosed": (struct.pack("<BII", 1, 3, 1) + ring(*CLOSED[:3]), "unclosed_ring", 8.0),
    "short hole": (struct.pack("<BII", 1, 3, 2) + ring(*CLOSED) + ring((1, 1), (2, 2)),
                   "short_ring", 8.0),
    "short": (struct.pack("<BII", 1, 3, 1) + ring((0, 0), (1, 1), (0, 0)), "short_ring", None),
    "circle": (CIRCLE, "curve_flattened", np.pi),
    "cut": (struct.pack("<BII", 1, 3, 1) + ring(*CLOSED)[:-5], "bad_geometry", None),
    "endless": (struct.pack("<BIII", 1, 3, 1, 0xFFFFFFFF), "bad_geometry", None),
    "deep": (struct.pack("<BII", 1, 7, 1) * 20_000 + wkb.point(1, 2), "bad_geometry", None),
    "deep multi": (struct.pack("<BII", 1, 6, 1) * 20_000, "bad_geometry", None),
    "nothing": (b"", "bad_geometry", None),
    "unknown": (struct.pack("<BII", 1, 99, 1), "bad_geometry", None),
    "nan at the end": (struct.pack("<BII", 1, 3, 1)
                       + ring((np.nan, 0), (4, 0), (4, 4), (np.nan, 0)), "not_finite", None),
    "one point": (struct.pack("<BII", 1, 2, 1) + struct.pack("<2d", 1, 2), "short_line", None),
    "big-endian": (struct.pack(">BI2d", 0, 1, 1, 2), None, 0.0),
    "tin": (struct.pack("<BII", 1, 1016, 1) + struct.pack("<BII", 1, 1017, 1) + struct.pack("<I", 4)
            + np.array([(0, 0, 9), (4, 0, 9), (4, 4, 9), (0, 0, 9)], "<f8").tobytes(),
            "surface_flattened", 8.0),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_geometries_that_geos_refuses_are_mended_or_left_out_and_told(name, gpkg) -> None:
    data, code, area = ODD[name]
    changed(gpkg, shapes={2: data})
    # GDAL makes a missing geometry of empty WKB, which only the database's own count shows.
    where = None if name == "nothing" else 2
    expected = [(code, where)] if code else []
    assert [(c, f) for c, f, _ in told(gpkg) if c != "z_dropped"] == expected
    frame = read_frame(open_file(gpkg))
    assert frame["n"].tolist() == [1, 2] and frame.geometry[0].equals(SQUARE)
    if area is None:
        assert frame.geometry[1] is None
    else:
        assert frame.geometry[1].area == pytest.approx(area, rel=1e-3)


def test_limits_hold_for_streams(tmp_path) -> None:
    for extension in (".gpkg", ".fgb", ".parquet"):
        path = tmp_path / f"a{extension}"
        write_file(FRAME, path)
        refused(path, "too_many_features", Limits(features=1))
        refused(path, "too_many_vertices", Limits(vertices=9))
        refused(path, "ring_too_long", Limits(ring_vertices=4))
        assert (
            sum(b.table.num_rows for b in open_file(path, limits=Limits(vertices=10)).read()) == 2
        )


def test_a_stream_that_is_left_early_leaves_nothing(tmp_path, monkeypatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for extension in (".gpkg", ".fgb", ".shp"):
        write_file(FRAME, tmp_path / f"a{extension}")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    for extension in (".gpkg", ".fgb", ".shp"):
        reading = open_file(tmp_path / f"a{extension}").read()
        next(reading)
        reading.close()
        del reading
        gc.collect()
        assert list(scratch.iterdir()) == [], extension


def test_parquet_that_is_no_geoparquet_is_refused(tmp_path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": [1]}), path)
    refused(path, "not_geoparquet")
    for geo in (b"{", b"[]", b'{"primary_column":"g","columns":{"g":{"encoding":"WKB"}}}',
                b'{"primary_column":"x","columns":{"x":{"encoding":"magic"}}}',
                b'{"primary_column":"x","columns":{"x":1}}', b"[" * 100_000):  # fmt: skip
        pq.write_table(pa.table({"x": [1]}).replace_schema_metadata({"geo": geo}), path)
        refused(path, "not_geoparquet")
    write_file(FRAME, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    refused(path, "truncated")
    path.write_bytes(whole[:-8] + struct.pack("<L", 1 << 30) + b"PAR1")
    refused(path, "truncated")
    path.write_bytes(whole[:300] + bytes(200) + whole[500:])
    with pytest.raises(FileRefusedError):
        read_frame(open_file(path))


def test_parquet_bombs_are_refused_by_their_footer(tmp_path) -> None:
    path = tmp_path / "a.parquet"
    rows = 200_000
    table = pa.table({"x": pa.array(["长" * 100] * rows), "g": pa.array([wkb.point(1, 2)] * rows)})
    geo = b'{"version":"1.1.0","primary_column":"g","columns":{"g":{"encoding":"WKB"}}}'
    pq.write_table(table.replace_schema_metadata({"geo": geo}), path, use_dictionary=False)
    assert path.stat().st_size < 5 * MB
    refused(path, "too_large", Limits(unpacked_bytes=20 * MB))
    refused(path, "too_many_features", Limits(features=rows - 1))
    file = open_file(path)
    assert file.feature_count == rows and file.hints.declared == "EPSG:4326"
    assert [b.first for b in file.read()] == [1, 65_537, 131_073, 196_609]


def test_parquet_of_other_programs_is_read(tmp_path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.to_parquet(path, geometry_encoding="geoarrow", write_covering_bbox=True)
    file = open_file(path)
    assert file.columns == ("名称", "n") and read_frame(file).geometry[0].equals(SQUARE)
    wide = FRAME.assign(
        分类=pd.Categorical(["x", "y"]), 时刻=pd.to_datetime(["2023-01-02", None]),
        嵌套=[{"a": [1]}, None], 数组=[[1, 2], None],
    )  # fmt: skip
    wide.to_parquet(path)
    frame = read_frame(open_file(path))
    assert frame["分类"].tolist() == ["x", "y"] and frame["嵌套"][0] == '{"a":[1]}'
    assert frame["数组"][0] == "[1,2]" and frame["时刻"][0] == pd.Timestamp(2023, 1, 2)


@pytest.mark.parametrize("extension", [".gpkg", ".fgb", ".parquet", ".geojson", ".kml", ".shp"])
def test_layers_without_features_are_read(extension, tmp_path) -> None:
    write_file(FRAME[:0], tmp_path / f"a{extension}")
    file = open_file(tmp_path / f"a{extension}")
    assert not file.feature_count and len(read_frame(file)) == 0


@pytest.mark.parametrize("extension", [".gpkg", ".fgb", ".parquet"])
def test_damage_gives_features_or_one_of_our_errors(extension, tmp_path) -> None:
    path = tmp_path / f"a{extension}"
    write_file(FRAME, path)
    whole = path.read_bytes()
    random = np.random.default_rng(7)
    for _ in range(40):
        data = bytearray(whole)
        for at in random.integers(0, len(data), 3):
            data[at] = int(random.integers(0, 256))
        path.write_bytes(data[: random.integers(20, len(data))] if random.random() < 0.3 else data)
        try:
            for batch in open_file(path).read():
                shapely.from_wkb(batch.table.column("geometry").to_numpy())
        except FileRefusedError as error:
            assert error.code != "reader_fault", error.message


SHAPES = [
    SQUARE, shapely.Point(1, 2), shapely.Point(), shapely.LineString([(0, 0), (1, 1)]),
    shapely.Polygon(), shapely.MultiPolygon([SQUARE, shapely.box(0, 0, 1, 1)]),
    SQUARE.difference(shapely.box(112.2, 37.2, 112.4, 37.4)), shapely.MultiPolygon([SQUARE]),
    shapely.GeometryCollection([SQUARE, shapely.Point(1, 2)]), shapely.MultiPoint([(1, 2), (3, 4)]),
    shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3), (4, 5)]]),
    shapely.GeometryCollection([shapely.GeometryCollection([shapely.Point(1, 2)])]), None,
]  # fmt: skip


@given(rows=st.lists(st.sampled_from(range(len(SHAPES))), min_size=1, max_size=12),
       wide=st.booleans(), skip=st.integers(0, 3))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_a_look_at_wkb_agrees_with_geos(rows, wide, skip) -> None:
    shapes = np.array([SHAPES[i] for i in rows], dtype=object)
    kind = pa.large_binary() if wide else pa.binary()
    column = pa.array(shapely.to_wkb(shapes), type=kind).slice(min(skip, len(rows) - 1))
    shapes = shapes[min(skip, len(rows) - 1) :]
    seen = wkb.look(column)
    assert seen.odd.tolist() == [] and seen.high.tolist() == []
    assert seen.vertices == sum(
        max(1, shapely.get_num_coordinates(s)) if shapely.get_type_id(s) == 0
        else shapely.get_num_coordinates(s) for s in shapes if s is not None
    )  # fmt: skip
    solid = shapely.force_3d(shapes, 5.0)
    high = wkb.look(pa.array(shapely.to_wkb(solid, output_dimension=3), type=kind))
    has = [i for i, s in enumerate(solid) if s is not None and s.has_z]
    assert high.odd.tolist() == [] and set(has) <= set(high.high.tolist())


@given(data=st.binary(max_size=60), kind=st.integers(0, 18), cut=st.integers(0, 200))
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_plain_or_salvaged_into_what_geos_reads(data, kind, cut) -> None:
    for value in (
        struct.pack("<BI", 1, kind) + data,
        shapely.to_wkb(SHAPES[kind % 12])[:cut],
        data,
    ):
        made: bytes | None = value
        if len(wkb.look(pa.array([value], type=pa.binary())).odd):
            made, found = salvage(value)
            assert made is not None or found.codes or kind in range(4, 17)
        assert made is None or shapely.from_wkb(made) is not None


@given(angles=st.tuples(*[st.floats(-7, 7)] * 3), radius=st.floats(0.1, 1e4))
@settings(max_examples=100, deadline=None)
def test_arcs_pass_their_three_points_and_stay_on_the_circle(angles, radius) -> None:
    centre = np.array([4e5, 4.2e6])
    start, middle, end = (
        centre + radius * np.array([np.cos(a), np.sin(a)]) for a in angles
    )  # fmt: skip
    run = arc_through(start, middle, end)
    assert (run[0] == start).all() and (run[-1] == end).all()
    sharp = min(np.hypot(*(a - b)) for a, b in ((start, middle), (middle, end), (start, end)))
    if sharp > 0.01 * radius:
        assert np.hypot(*(run - centre).T) == pytest.approx(radius, rel=1e-3)
        assert shapely.LineString(run).distance(shapely.Point(middle)) < 1e-3 * radius


def test_texts_in_gbk_inside_a_geopackage_are_read_and_told(gpkg) -> None:
    changed(
        gpkg, f"UPDATE a SET 名称 = CAST(x'{'太原市'.encode('gbk').hex()}' AS TEXT) WHERE fid = 2"
    )
    assert told(gpkg) == [("bad_text", 2, None)]
    assert read_frame(open_file(gpkg))["名称"].tolist() == ["甲", "太原市"]
    changed(gpkg, "UPDATE a SET 名称 = CAST(x'61ff' AS TEXT) WHERE fid = 1")
    assert read_frame(open_file(gpkg))["名称"].tolist() == ["a\ufffd", "太原市"]
