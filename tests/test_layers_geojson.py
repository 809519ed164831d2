"""GeoJSON: what comes out is RFC 7946, and reads back as what went in."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import mapping

from layers import geojson
from layers.errors import CrsError, LayerError
from layers.geojson import geojson_pieces, to_geojson, write_geojson

CENTRE = (112.55, 37.87)
STEP = 1e-7


def frame_of(geometries: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    data = {"pid": [f"p{i}" for i in range(len(geometries))]} | columns
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(geometries, crs=4490))


def parsed(frame: gpd.GeoDataFrame, **options: Any) -> dict[str, Any]:
    def no_constant(token: str) -> None:
        raise AssertionError(f"not JSON: {token}")

    options = {"id_column": "pid"} | options
    found = json.loads(to_geojson(frame, **options), parse_constant=no_constant)
    assert isinstance(found, dict)
    return found


def rings_of(geometry: dict[str, Any]) -> Iterator[tuple[bool, list[list[float]]]]:
    """(is outer, ring) of a parsed Polygon or MultiPolygon."""
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    for polygon in polygons:
        for number, ring in enumerate(polygon):
            yield number == 0, ring


def exact_doubled_area(ring: list[list[float]]) -> int:
    """Twice the signed area in whole units of 1e-7 degree, by Python's big integers."""
    points = [(round(x * 10**7), round(y * 10**7)) for x, y in ring]
    return sum(a * d - c * b for (a, b), (c, d) in pairwise(points))


# --- random geometries ---------------------------------------------------------------------------


@st.composite
def stars(draw: st.DrawFn) -> shapely.Polygon:
    """A star-shaped polygon, either way round, with none or one hole, from 1 cm to 2 degrees."""
    seed = draw(st.integers(0, 2**32 - 1))
    corners = draw(st.integers(4, 12))  # fewer might not go round the centre
    size = 10 ** draw(st.floats(-7, 0.3))
    random = np.random.default_rng(seed)
    angles = (np.arange(corners) + random.uniform(0, 0.8, corners)) * 2 * np.pi / corners
    radii = random.uniform(0.6, 1.0, corners) * size
    ring = np.column_stack([np.cos(angles) * radii, np.sin(angles) * radii])
    holes = [ring * 0.4] if draw(st.booleans()) else []
    if draw(st.booleans()):
        ring = ring[::-1]
    if draw(st.booleans()):
        holes = [hole[::-1] for hole in holes]
    place = (draw(st.floats(110.2, 114.6)), draw(st.floats(34.5, 40.8)))
    return affinity.translate(shapely.Polygon(ring, holes), *place)


positions = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
points = positions.map(shapely.Point)
lines = st.lists(positions, min_size=2, max_size=6).map(shapely.LineString)
anything = st.one_of(
    stars(),
    st.lists(stars(), min_size=1, max_size=3).map(shapely.MultiPolygon),
    points,
    lines,
    st.lists(positions, min_size=1, max_size=4).map(shapely.MultiPoint),
    st.lists(lines, min_size=1, max_size=3).map(shapely.MultiLineString),
    st.lists(st.one_of(points, lines, stars()), min_size=1, max_size=3).map(
        shapely.GeometryCollection
    ),
    st.none(),
    st.sampled_from([shapely.Polygon(), shapely.Point(), shapely.MultiPolygon()]),
)


@settings(deadline=None)
@given(st.lists(anything, max_size=8))
def test_any_geometry_comes_back_rounded(geometries: list[Any]) -> None:
    features = parsed(frame_of(geometries))["features"]
    assert [f["id"] for f in features] == [f"p{i}" for i in range(len(geometries))]
    for before, feature in zip(geometries, features, strict=True):
        if before is None or before.is_empty:
            assert feature["geometry"] is None
        elif "collapsed_rings" not in feature:
            after = shapely.geometry.shape(feature["geometry"])
            assert after.geom_type == before.geom_type
            # Same vertices in the same parts, but for the ring's direction and start.
            ours, theirs = shapely.normalize(
                [shapely.set_precision(g, STEP, mode="pointwise") for g in (after, before)]
            )
            gaps = np.abs(
                np.sort(shapely.get_coordinates(ours), axis=0)
                - np.sort(shapely.get_coordinates(theirs), axis=0)
            )
            assert gaps.max() <= STEP
            assert after.hausdorff_distance(before) <= STEP


@settings(deadline=None)
@given(st.lists(st.one_of(stars(), st.lists(stars(), min_size=1).map(shapely.MultiPolygon))))
def test_rings_are_closed_oriented_rounded_and_have_land(geometries: list[Any]) -> None:
    for feature in parsed(frame_of(geometries))["features"]:
        if feature["geometry"] is None:
            assert feature["collapsed_rings"] > 0
            continue
        for outer, ring in rings_of(feature["geometry"]):
            assert len(ring) >= 4
            assert ring[0] == ring[-1]
            area = exact_doubled_area(ring)
            assert area > 0 if outer else area < 0
            for position in ring:
                assert len(position) == 2
                assert all(value == round(value, 7) for value in position)


@settings(deadline=None)
@given(stars(), st.integers(0, 7))
def test_decimals_are_as_asked(polygon: shapely.Polygon, decimals: int) -> None:
    written = to_geojson(frame_of([polygon]), id_column="pid", decimals=decimals)
    geometry = json.loads(written)["features"][0]["geometry"]
    if geometry is not None:
        values = [value for _, ring in rings_of(geometry) for pair in ring for value in pair]
        assert all(len(repr(v).partition(".")[2]) <= max(decimals, 1) for v in values)


@settings(deadline=None, max_examples=40)
@given(st.lists(stars(), min_size=1, max_size=6))
def test_geopandas_reads_the_same_shapes(
    tmp_path_factory: pytest.TempPathFactory, polygons: list[Any]
) -> None:
    frame = frame_of(polygons, 名称=[f"开发区{i}" for i in range(len(polygons))])
    path = tmp_path_factory.mktemp("geojson") / "甲.geojson"
    write_geojson(frame, path, id_column="pid")
    back = gpd.read_file(path)
    assert back.crs.to_epsg() == 4326
    assert list(back["pid"]) == list(frame["pid"])
    assert list(back["名称"]) == list(frame["名称"])
    for before, after in zip(polygons, back.geometry, strict=True):
        if after is not None and before.area > 1e-8:
            assert shapely.symmetric_difference(before, after).area <= before.length * 2 * STEP


# --- single cases --------------------------------------------------------------------------------


def test_collection_has_no_crs_and_has_name_bbox_and_members() -> None:
    found = parsed(
        frame_of([shapely.box(112, 37, 113, 38), shapely.Point(110.123456789, 39)]),
        name="开发区",
        members={"fields": {"value": {"zh": "数值"}}},
    )
    assert list(found) == ["type", "name", "fields", "bbox", "features"]
    assert found["bbox"] == [110.1234568, 37, 113, 39]
    assert found["name"] == "开发区"


def test_empty_collections_are_json_too() -> None:
    assert parsed(frame_of([]))["features"] == []
    found = parsed(frame_of([None]))
    assert "bbox" not in found
    assert found["features"][0]["geometry"] is None


@pytest.mark.parametrize("member", ["crs", "features", "properties", "geometry"])
def test_reserved_members_are_refused(member: str) -> None:
    with pytest.raises(LayerError, match=member):
        to_geojson(frame_of([]), id_column="pid", members={member: 1})


def test_longitude_comes_first() -> None:
    feature = parsed(frame_of([shapely.Point(*CENTRE)]))["features"][0]
    assert feature["geometry"] == {"type": "Point", "coordinates": list(CENTRE)}


def test_heights_and_measures_are_left_out() -> None:
    shapes = shapely.from_wkt(
        [
            "POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 0 5))",
            "POINT M (3 4 9)",
            "LINESTRING Z (0 0 1, 1 1 1)",
        ]
    )
    found = [f["geometry"]["coordinates"] for f in parsed(frame_of(list(shapes)))["features"]]
    assert found == [[[[0, 0], [1, 0], [1, 1], [0, 0]]], [3, 4], [[0, 0], [1, 1]]]


def test_empty_parts_are_left_out_of_multi_geometries() -> None:
    shapes = shapely.from_wkt(
        [
            "MULTIPOLYGON (EMPTY, ((0 0, 0 1, 1 1, 0 0)), EMPTY)",
            "MULTILINESTRING (EMPTY, (0 0, 1 1))",
            "MULTIPOINT (EMPTY, (1 2))",
            "GEOMETRYCOLLECTION (POINT EMPTY, POINT (1 2))",
        ]
    )
    found = [f["geometry"] for f in parsed(frame_of(list(shapes)))["features"]]
    assert found[0]["coordinates"] == [[[[0, 0], [1, 1], [0, 1], [0, 0]]]]
    assert found[1]["coordinates"] == [[[0, 0], [1, 1]]]
    assert found[2]["coordinates"] == [[1, 2]]
    assert found[3]["geometries"] == [{"type": "Point", "coordinates": [1, 2]}]


def test_linear_rings_become_lines() -> None:
    ring = shapely.LinearRing([(0, 0), (1, 0), (1, 1)])
    geometry = parsed(frame_of([ring]))["features"][0]["geometry"]
    assert geometry == {"type": "LineString", "coordinates": [[0, 0], [1, 0], [1, 1], [0, 0]]}


def test_rings_that_collapse_are_left_out_and_counted() -> None:
    sliver = shapely.box(112, 37, 113, 37 + 1e-9)
    pinhole = shapely.box(112.2, 37.2, 112.2 + 1e-9, 37.3)
    holed = shapely.Polygon(shapely.box(112, 37, 113, 38).exterior, [pinhole.exterior])
    lost_with_hole = shapely.Polygon(sliver.exterior, [shapely.box(112, 37, 112.5, 37.1).exterior])
    pair = shapely.MultiPolygon([sliver, shapely.box(112, 37, 113, 38)])
    found = parsed(frame_of([sliver, holed, lost_with_hole, pair, shapely.MultiPolygon([sliver])]))
    features = found["features"]
    assert [f.get("collapsed_rings") for f in features] == [1, 1, 2, 1, 1]
    assert [f["geometry"] is None for f in features] == [True, False, True, False, True]
    assert len(features[1]["geometry"]["coordinates"]) == 1
    assert len(features[3]["geometry"]["coordinates"]) == 1


def test_spike_has_no_land_but_a_bow_tie_has() -> None:
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (1, 0), (0, 0)])
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)])
    first, second = parsed(frame_of([spike, bow_tie]))["features"]
    assert (first["geometry"], first["collapsed_rings"]) == (None, 1)
    assert second["geometry"]["coordinates"] == [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]


def test_a_sliver_is_judged_by_its_rounded_corners() -> None:
    # Clockwise as it stands, counter-clockwise once rounded.
    ring = [(112, 37), (112.00000006, 37.00000004), (112.0000001, 37.00000006), (112, 37)]
    exact = shapely.Polygon(ring)
    written = parsed(frame_of([exact, exact.reverse()]))["features"]
    for feature in written:
        for outer, corners in rings_of(feature["geometry"]):
            assert outer
            assert exact_doubled_area(corners) > 0


def test_a_large_ring_does_not_overflow() -> None:
    ring = shapely.box(-90, -80, 90, 80)
    for polygon in (ring, ring.reverse()):
        (_, corners), *_ = rings_of(parsed(frame_of([polygon]))["features"][0]["geometry"])
        assert exact_doubled_area(corners) > 0


def test_orientation_agrees_with_geos() -> None:
    shape = shapely.Polygon(
        shapely.box(112, 37, 113, 38).exterior, [shapely.box(112.2, 37.2, 112.4, 37.4).exterior]
    )
    for polygon in (shape, shape.reverse()):
        geometry = parsed(frame_of([polygon]))["features"][0]["geometry"]
        found = shapely.geometry.shape(geometry)
        assert mapping(found) == mapping(shapely.orient_polygons(found))


def test_missing_values_of_every_type_are_null() -> None:
    day = dt.date(2023, 6, 30)
    found = parsed(
        frame_of(
            [None, None],
            text=pd.array(["中北", None], dtype="str"),
            number=[1.5, np.nan],
            whole=pd.array([3, None], dtype="Int64"),
            truth=pd.array([True, None], dtype="boolean"),
            moment=pd.to_datetime(["2023-06-30T08:00:00", None]),
            aware=pd.to_datetime(["2023-06-30T08:00:00+08:00", None]),
            stretch=pd.to_timedelta(["1D", None]),
            period=pd.PeriodIndex(["2023Q1", None], freq="Q"),
            choice=pd.Categorical(["a", None]),
            mixed=pd.Series([day, pd.NaT], dtype=object),
            other=pd.Series([np.float64("nan"), pd.NA], dtype=object),
            clock=pd.Series([np.datetime64("NaT"), None], dtype=object),
            endless=[np.inf, -np.inf],
        )
    )
    first, second = (feature["properties"] for feature in found["features"])
    assert first == {
        "pid": "p0", "text": "中北", "number": 1.5, "whole": 3, "truth": True,
        "moment": "2023-06-30T08:00:00", "aware": "2023-06-30T08:00:00+08:00",
        "stretch": "P1DT0H0M0S", "period": "2023Q1", "choice": "a", "mixed": "2023-06-30",
        "other": None, "clock": None, "endless": None,
    }  # fmt: skip
    assert second.pop("pid") == "p1"
    assert set(second.values()) == {None}


def test_numbers_lists_and_texts_keep_their_kind() -> None:
    found = parsed(
        frame_of(
            [None],
            small=np.array([0.1], dtype=np.float32),
            zero=[0],
            byte=np.array([7], dtype=np.int8),
            truth=[False],
            names=[["甲", None, "乙"]],
            point=[np.array([112.5, 37.8])],
            strided=[np.arange(6)[::2]],
            bag=[{"b", "a"}],
            nested=[{"n": np.int64(3), "gap": pd.NA, "when": pd.Timestamp("2023-01-02")}],
            money=[Decimal("846.61")],
            html=['<b onclick="x">&\u2028</b>'],
            text=['\u0000\U0001f600\n"\\'],
        )
    )["features"][0]["properties"]
    assert found["small"] == 0.1
    assert (found["zero"], found["byte"], found["truth"]) == (0, 7, False)
    assert found["truth"] is False
    assert found["names"] == ["甲", None, "乙"]
    assert found["point"] == [112.5, 37.8]
    assert found["strided"] == [0, 2, 4]
    assert found["bag"] == ["a", "b"]
    assert found["nested"] == {"n": 3, "gap": None, "when": "2023-01-02T00:00:00"}
    assert found["money"] == 846.61
    assert found["html"] == '<b onclick="x">&\u2028</b>'
    assert found["text"] == '\u0000\U0001f600\n"\\'


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_any_text_comes_back(texts: list[str]) -> None:
    found = parsed(frame_of([None] * len(texts), words=pd.array(texts, dtype="str")))
    assert [f["properties"]["words"] for f in found["features"]] == texts


@pytest.mark.parametrize("value", [object(), "\ud800", 2**70, {1: 2}, 1j])
def test_a_value_without_json_form_names_its_feature(value: object) -> None:
    with pytest.raises(LayerError, match="p1"):
        to_geojson(frame_of([None, None], odd=pd.Series([1, value], dtype=object)), id_column="pid")


def test_columns_are_chosen_in_order() -> None:
    frame = frame_of([None], b=[1], a=[2])
    assert list(parsed(frame, columns=["a", "pid"])["features"][0]["properties"]) == ["a", "pid"]
    assert parsed(frame, columns=[])["features"][0]["properties"] == {}
    with pytest.raises(LayerError, match="nothing"):
        to_geojson(frame, columns=["a", "nothing"])


def test_other_geometries_and_odd_columns_are_refused() -> None:
    frame = frame_of([shapely.Point(1, 2)], site=gpd.GeoSeries([shapely.Point(3, 4)], crs=4490))
    frame[7] = 1
    frame = pd.concat([frame, pd.DataFrame({"pid": ["again"]})], axis=1)
    with pytest.raises(LayerError) as refused:
        to_geojson(frame)
    for fault in ("site: a second geometry", "7: not a text", "pid: twice"):
        assert fault in str(refused.value)


def test_ids_come_from_the_index_or_a_column_and_are_unique() -> None:
    frame = frame_of([None, None]).set_axis(["x", "y"])
    assert [f["id"] for f in parsed(frame, id_column=None)["features"]] == ["x", "y"]
    with pytest.raises(LayerError, match="no id column"):
        to_geojson(frame, id_column="nothing")
    with pytest.raises(LayerError, match="p9"):
        to_geojson(frame.assign(pid="p9"), id_column="pid")
    with pytest.raises(LayerError, match="missing"):
        to_geojson(frame.assign(pid=["a", None]), id_column="pid")


def test_crs_is_required_and_never_guessed() -> None:
    shapes = [shapely.Point(*CENTRE)]
    with pytest.raises(CrsError, match="no CRS"):
        to_geojson(gpd.GeoDataFrame({"pid": ["a"]}, geometry=shapes), id_column="pid")
    for refused in (4526, 3857, 4610, 4214):
        with pytest.raises(CrsError):
            to_geojson(frame_of(shapes).set_crs(refused, allow_override=True))
    for accepted in (4490, 4326, "OGC:CRS84"):
        to_geojson(frame_of(shapes).set_crs(accepted, allow_override=True))
    with pytest.raises(LayerError, match="no geometry column"):
        to_geojson(gpd.GeoDataFrame({"pid": ["a"]}))


def test_coordinates_out_of_range_or_not_finite_are_refused() -> None:
    with pytest.raises(LayerError, match="outside"):
        to_geojson(frame_of([shapely.Point(37636286.5, 4194266.2)]))
    with pytest.raises(LayerError, match="outside"):
        to_geojson(frame_of([shapely.Point(37.9, 112.5)]))
    with np.errstate(invalid="ignore"):
        hole = shapely.linestrings([[0, 0], [np.nan, 1], [2, 2]])
    with pytest.raises(LayerError, match="finite"):
        to_geojson(frame_of([hole]))


@pytest.mark.parametrize("decimals", [-1, 8])
def test_decimals_out_of_range_are_refused(decimals: int) -> None:
    with pytest.raises(LayerError, match="decimals"):
        to_geojson(frame_of([]), decimals=decimals)


def test_chunks_join_to_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = frame_of([shapely.Point(110 + i / 100, 37).buffer(0.01) for i in range(11)])
    whole = to_geojson(frame, id_column="pid")
    monkeypatch.setattr(geojson, "CHUNK", 3)
    pieces = list(geojson_pieces(frame, id_column="pid"))
    assert len(pieces) == 1 + 4 + 1
    assert b"".join(pieces) == whole
    write_geojson(frame, tmp_path / "a.geojson", id_column="pid")
    assert (tmp_path / "a.geojson").read_bytes() == whole


def test_each_feature_has_its_own_line() -> None:
    lines = to_geojson(frame_of([None, None, None]), id_column="pid").decode().splitlines()
    assert [json.loads(line.rstrip(","))["id"] for line in lines[1:-1]] == ["p0", "p1", "p2"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text("old")
    with pytest.raises(LayerError):
        write_geojson(frame_of([None], odd=[object()]), path, id_column="pid")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_frame_is_left_as_it_was() -> None:
    shape = shapely.box(112, 37, 113, 38).reverse()
    frame = frame_of([shape], value=[np.nan])
    before = frame.copy(deep=True)
    to_geojson(frame, id_column="pid")
    pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before))
    assert frame.geometry.iloc[0].equals_exact(shape, tolerance=0)
