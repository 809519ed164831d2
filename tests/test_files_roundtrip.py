"""What is written is read back the same: Chinese attributes, holes, parts, gaps, any format."""

from __future__ import annotations

import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError
from geo.files import FORMATS, open_file, read_frame, write_file

HANZI = "太原中北高新区镇街道林草水浇旱宅基公路铁㎡亩①（）"
CSV_LIKE = "a,b\"'<&>=+@-%/ 0.5"
TEXTS = st.text(HANZI + CSV_LIKE, min_size=1, max_size=20).map(str.strip).filter(bool)
NUMBERS = st.floats(-1e9, 1e9).map(lambda x: round(x, 6))
SETTINGS = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def ring(centre: tuple[float, float], radii: list[float], size: float) -> np.ndarray:
    """A star around a centre: never crosses itself, whatever its radii."""
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    away = size * np.array(radii)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.round(np.array(centre) + away, 9)
    return np.vstack([points, points[:1]])


@st.composite
def areas(draw, unit: float = 0.01):
    """A polygon or several, each perhaps with a hole; coordinates of nine decimals."""
    parts = []
    for number in range(draw(st.integers(1, 3))):
        centre = (112 + 3 * unit * number, 37 + unit * draw(st.integers(0, 50)))
        radii = draw(st.lists(st.floats(0.5, 1), min_size=3, max_size=9))
        holes = []
        if draw(st.booleans()):
            holes = [
                ring(centre, draw(st.lists(st.floats(0.05, 0.2), min_size=3, max_size=5)), unit)
            ]
        parts.append(shapely.Polygon(ring(centre, radii, unit), holes))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


@st.composite
def layers(draw, shapes=areas()):  # noqa: B008 - a strategy
    rows = draw(st.integers(1, 5))

    def column(values):
        return draw(st.lists(st.none() | values, min_size=rows, max_size=rows))

    return gpd.GeoDataFrame(
        {
            "序号": range(rows),
            "地块名称": pd.Series(column(TEXTS), dtype=object),
            "面积": pd.Series(column(NUMBERS), dtype="float64"),
            "户数": pd.array(column(st.integers(-(2**53), 2**53)), dtype="Int64"),
            "批准": pd.array(column(st.booleans()), dtype="boolean"),
        },
        geometry=draw(st.lists(shapes, min_size=rows, max_size=rows)),
        crs=4490,
    )


def back(frame: gpd.GeoDataFrame, path: Path, **options) -> gpd.GeoDataFrame:
    report = write_file(frame, path, **options)
    assert path in report.files and report.features == len(frame)
    file = open_file(path)
    found = read_frame(file)
    assert [p for batch in file.read() for p in batch.problems] == []
    assert file.feature_count == len(frame) and list(file.columns) == list(found.columns[:-1])
    return found.sort_values("序号", ignore_index=True)


def assert_same(found: gpd.GeoDataFrame, frame: gpd.GeoDataFrame) -> None:
    assert set(found.columns) == set(frame.columns)
    for name in frame.columns.drop("geometry"):
        before, after = frame[name].astype(object), found[name].astype(object)
        assert list(before.isna()) == list(after.isna()), name
        pairs = zip(before.dropna(), after.dropna(), strict=True)
        assert all(a == b for a, b in pairs), (name, list(before), list(after))
    one, other = (shapely.normalize(f.geometry.to_numpy()) for f in (frame, found))
    assert all(shapely.equals_exact(one, other, tolerance=0)), (one, other)


@pytest.mark.parametrize("extension", [".geojson", ".gpkg", ".fgb", ".parquet", ".kml"])
@given(frame=layers())
@SETTINGS
def test_written_is_read_back_the_same(extension, frame, tmp_path) -> None:
    assert_same(back(frame, tmp_path / f"图 层{extension}"), frame)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize("extension", [".shp", ".zip"])
@given(frame=layers())
@SETTINGS
def test_shapefiles_in_gbk_and_utf8_are_read_back_the_same(
    encoding, extension, frame, tmp_path
) -> None:
    # A field name has 10 bytes: five Chinese characters in GBK, three in UTF-8.
    frame = frame.rename(columns={"地块名称": "名称"})
    assert_same(back(frame, tmp_path / f"层{extension}", encoding=encoding), frame)


@pytest.mark.parametrize("extension", [".geojson", ".gpkg", ".fgb", ".parquet", ".kml", ".shp"])
@pytest.mark.parametrize("kind", ["Point", "LineString", "MultiPoint", "MultiLineString"])
def test_points_and_lines_are_read_back_the_same(extension, kind, tmp_path) -> None:
    shapes = {
        "Point": [shapely.Point(112.123456789, 37.5), shapely.Point(113, 38)],
        "LineString": [shapely.LineString([(112, 37), (112.5, 37.25), (113, 37)])] * 2,
        "MultiPoint": [shapely.MultiPoint([(112, 37), (112.5, 37.25)])] * 2,
        "MultiLineString": [
            shapely.MultiLineString([[(112, 37), (113, 37)], [(112, 38), (113, 39)]])
        ] * 2,
    }[kind]  # fmt: skip
    frame = gpd.GeoDataFrame({"序号": [0, 1]}, geometry=shapes, crs=4490)
    assert_same(back(frame, tmp_path / f"a{extension}"), frame)


@pytest.mark.parametrize("extension", [".geojson", ".gpkg", ".parquet", ".kml", ".shp", ".fgb"])
def test_features_without_geometry_keep_their_place(extension, tmp_path) -> None:
    frame = gpd.GeoDataFrame(
        {"序号": [0, 1, 2]}, geometry=[shapely.box(112, 37, 113, 38), None, None], crs=4490
    )
    found = back(frame, tmp_path / f"a{extension}")
    assert list(found.geometry.isna()) == [False, True, True]


@pytest.mark.parametrize("extension", [".gpkg", ".fgb", ".parquet", ".shp", ".zip"])
@pytest.mark.parametrize("epsg", [4490, 4326, 4525, 4526, 4546, 4547, 4497, 4508, 2362, 4610])
def test_files_say_in_which_system_they_are(extension, epsg, tmp_path) -> None:
    import pyproj

    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=epsg)
    write_file(frame, tmp_path / f"a{extension}")
    declared = open_file(tmp_path / f"a{extension}").hints.declared
    assert pyproj.CRS.from_user_input(declared).to_epsg(min_confidence=60) == epsg


@pytest.mark.parametrize("extension", [".gpkg", ".fgb", ".parquet", ".shp"])
def test_no_system_is_made_up(extension, tmp_path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)])
    write_file(frame, tmp_path / f"a{extension}")
    hints = open_file(tmp_path / f"a{extension}").hints
    assert hints.declared == "" and hints.declared_by == ""


@pytest.mark.parametrize("extension", [".geojson", ".kml"])
def test_degrees_only_formats_refuse_metres(extension, tmp_path) -> None:
    for crs in (4526, None):
        frame = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=crs)
        with pytest.raises(FileRefusedError) as caught:
            write_file(frame, tmp_path / f"a{extension}")
        assert caught.value.code == "needs_degrees"
    assert list(tmp_path.iterdir()) == []


def test_dates_stay_dates_and_lists_become_texts(tmp_path) -> None:
    frame = gpd.GeoDataFrame(
        {"日期": [datetime.date(2023, 5, 6), None], "列表": [[1, "甲"], None]},
        geometry=[shapely.Point(1, 2)] * 2,
        crs=4490,
    )
    for extension in (".gpkg", ".shp", ".parquet"):
        write_file(frame, tmp_path / f"a{extension}")
        found = read_frame(open_file(tmp_path / f"a{extension}"))
        assert pd.Timestamp(found["日期"][0]) == pd.Timestamp(2023, 5, 6)
        assert pd.isna(found["日期"][1])
    write_file(frame, tmp_path / "a.geojson")
    found = read_frame(open_file(tmp_path / "a.geojson"))
    assert found["日期"][0] == "2023-05-06" and found["列表"][0] == '[1,"甲"]'


def test_what_a_shapefile_cannot_hold_is_told(tmp_path) -> None:
    names = ["很长很长的名称甲", "很长很长的名称乙", "FID"]
    frame = gpd.GeoDataFrame(
        {names[0]: ["字" * 200], names[1]: ["㐂"], names[2]: [1]},
        geometry=[shapely.box(0, 0, 1, 1)],
        crs=4490,
    )
    report = write_file(frame, tmp_path / "a.shp")
    said = {problem.code: problem for problem in report.problems}
    assert set(said) == {"renamed_columns", "text_cut", "rare_characters"}
    assert "很长很长的名称甲→很长很长的" in said["renamed_columns"].message_zh
    assert "㐂" in said["rare_characters"].message_zh
    file = open_file(tmp_path / "a.shp")
    assert file.columns == ("很长很长的", "很长很长_1", "FID")
    assert all(len(name.encode("gbk")) <= 10 for name in file.columns)
    found = read_frame(file)
    assert found["很长很长的"][0] == "字" * 127 and found["很长很长_1"][0] == "㐂"
    mixed = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0), shapely.box(0, 0, 1, 1)], crs=4490)
    with pytest.raises(FileRefusedError) as caught:
        write_file(mixed, tmp_path / "b.shp")
    assert caught.value.code == "mixed_geometry"
    assert not list(tmp_path.glob("b.*"))


def test_an_old_file_stays_when_writing_fails(tmp_path, monkeypatch) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4490)
    path = tmp_path / "a.geojson"
    write_file(frame, path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("geo.files.geojsonwriter.rows", full)
    with pytest.raises(FileRefusedError, match="No space left") as caught:
        write_file(frame, path)
    assert caught.value.code == "cannot_write"
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileRefusedError) as caught:
        write_file(frame, tmp_path / "a.dwg")
    assert caught.value.code == "unknown_format"


def test_a_new_shapefile_leaves_no_part_of_the_old_one(tmp_path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4526)
    write_file(frame, tmp_path / "a.shp")
    for old in ("a.sbn", "a.qix"):
        (tmp_path / old).write_bytes(b"an index of other shapes")
    write_file(frame.set_crs(None, allow_override=True), tmp_path / "a.shp")
    assert {p.suffix for p in tmp_path.iterdir()} == {".shp", ".shx", ".dbf", ".cpg"}


def test_gdal_reads_what_is_written_here(tmp_path) -> None:
    import pyogrio

    frame = gpd.GeoDataFrame(
        {"名称": ["中北高新区", "太原"], "面积": [1.25, None], "n": [1, 2]},
        geometry=[shapely.box(112, 37, 113, 38), shapely.box(113, 37, 114, 38)],
        crs=4490,
    )
    for extension in (".shp", ".geojson", ".kml", ".gpkg", ".fgb"):
        write_file(frame, tmp_path / f"a{extension}")
        found = pyogrio.read_dataframe(tmp_path / f"a{extension}").sort_values("n")
        found = found.reset_index(drop=True)
        assert list(found["名称"]) == ["中北高新区", "太原"], extension
        assert found["面积"][0] == 1.25 and pd.isna(found["面积"][1])
        assert list(shapely.area(found.geometry.to_numpy()).round(9)) == [1, 1]


def test_every_format_says_what_it_can() -> None:
    assert {key for key, one in FORMATS.items() if one.writes} == {
        "geojson", "gpkg", "shp", "kml", "fgb", "parquet", "csv", "xlsx", "txt",
    }  # fmt: skip
    assert all(one.key == key and one.extensions for key, one in FORMATS.items())
    extensions = [e for one in FORMATS.values() for e in one.extensions]
    assert len(extensions) == len(set(extensions))


@pytest.mark.parametrize(
    "extension",
    [
        ".geojson", ".gpkg", ".shp", ".zip", ".kml", ".fgb", ".parquet", ".csv", ".xlsx", ".txt",
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [shapely.box(112, 37, 112.1, 37.1), shapely.Point(112, 37)])
def test_features_without_attributes_are_written_in_every_format(
    extension: str, shape: shapely.Geometry, tmp_path: Path
) -> None:
    path = tmp_path / f"a{extension}"
    report = write_file(gpd.GeoDataFrame(geometry=[shape] * 2, crs=4490), path)
    assert report.features == 2
    assert [one.geom_type for one in read_frame(open_file(path)).geometry] == [shape.geom_type] * 2
