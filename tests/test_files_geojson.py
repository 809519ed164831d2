"""GeoJSON: what is told, what is refused and where, in bounded memory; the scan of its brackets."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError, LimitError
from geo.files import geojson, jsonscan, open_file, read_frame
from geo.limits import Limits

SQUARE = [[112, 37], [113, 37], [113, 38], [112, 38], [112, 37]]


def feature(geometry: Any, **values: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": values, "geometry": geometry}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def written(folder: Path, what: Any, *, name: str = "a.geojson", **more: Any) -> Path:
    if isinstance(what, list):
        what = {"type": "FeatureCollection", "features": what, **more}
    path = folder / name
    path.write_text(
        what if isinstance(what, str) else json.dumps(what, ensure_ascii=False), "utf-8"
    )
    return path


def problems(path: Path) -> list[tuple[str, int | None, int | None]]:
    file = open_file(path)
    found = [*file.problems, *(p for batch in file.read() for p in batch.problems)]
    assert all(p.message_zh and p.message_en for p in found)
    return [(p.code, p.feature, p.ring) for p in found]


def refused(path: Path, code: str, limits: Limits | None = None) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        for _ in open_file(path, limits=limits or Limits()).read():
            pass
    assert caught.value.code == code, str(caught.value)
    assert " / " in caught.value.message and "\n" not in caught.value.message
    return caught.value


def test_all_shapes_of_geojson_are_read(tmp_path) -> None:
    square = polygon(SQUARE)
    for what, count in (
        ([feature(square), feature(None)], 2), (feature(square), 1), (square, 1), ([], 0),
        ({"type": "GeometryCollection", "geometries": [square, {"type": "Point",
          "coordinates": [112, 37]}]}, 1),
        ("\n".join(json.dumps(feature(square, n=i)) for i in range(3)) + "\n", 3),
        ("".join("\x1e" + json.dumps(square) + "\n" for _ in range(2)), 2),
    ):  # fmt: skip
        frame = read_frame(open_file(written(tmp_path, what)))
        assert len(frame) == count
        if count:
            assert frame.geometry[0].area == 1


def test_the_system_is_declared_by_the_format_or_by_the_older_member(tmp_path) -> None:
    def hints(**more: Any) -> tuple[str, str]:
        found = open_file(written(tmp_path, [feature(polygon(SQUARE))], **more)).hints
        return found.declared, found.declared_by

    def named(name: Any) -> dict[str, Any]:
        return {"crs": {"type": "name", "properties": {"name": name}}}

    assert hints() == ("EPSG:4326", "RFC 7946")
    for name, declared in (
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"), ("EPSG:4526", "EPSG:4526"),
        ("urn:ogc:def:crs:EPSG:6.9:4547", "EPSG:4547"), ("4490", "EPSG:4490"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("http://www.opengis.net/def/crs/EPSG/0/4490", "EPSG:4490"),
    ):  # fmt: skip
        assert hints(**named(name)) == (declared, "crs member"), name
    assert hints(crs=None) == ("", "")
    assert hints(**named("my own")) == ("", "")
    assert problems(tmp_path / "a.geojson") == [("unknown_crs_member", None, None)]


def test_faults_of_features_are_told_and_the_features_stay(tmp_path) -> None:
    short = [[112, 37], [113, 37], [112, 37]]
    path = written(
        tmp_path,
        [
            feature(polygon(SQUARE[:-1])),
            feature(polygon(SQUARE, short)),
            feature(polygon(short)),
            feature({"type": "Polygon", "coordinates": [[["112", "37"]] * 4]}),
            feature({"type": "Circle", "coordinates": [1, 2]}),
            feature({"type": "Point", "coordinates": [None, 1]}),
            feature({"type": "LineString", "coordinates": [[1, 2]]}),
            feature(polygon([[1, 2], [3], [4, 5], [1, 2]])),
            feature(polygon([[*p, 812.5] for p in SQUARE])),
            feature({"type": "Polygon"}),
            feature({"type": "MultiPolygon", "coordinates": [[SQUARE], [short]]}),
        ],
    )
    assert problems(path) == [
        ("z_dropped", None, None),
        ("unclosed_ring", 1, 1), ("short_ring", 2, 2), ("short_ring", 3, 1),
        ("bad_geometry", 4, None), ("bad_geometry", 5, None), ("bad_geometry", 6, None),
        ("short_line", 7, None), ("bad_geometry", 8, None),
        ("bad_geometry", 10, None), ("short_ring", 11, 2),
    ]  # fmt: skip
    frame = read_frame(open_file(path))
    assert list(frame.geometry.isna()) == [
        False, False, True, True, True, True, True, True, False, True, False,
    ]  # fmt: skip
    assert not shapely.has_z(frame.geometry.to_numpy()).any()
    assert shapely.area(frame.geometry.to_numpy()[[0, 1, 8, 10]]).tolist() == [1, 1, 1, 1]


def test_numbers_too_large_are_refused_with_their_line(tmp_path) -> None:
    text = json.dumps([feature({"type": "Point", "coordinates": [1, 2]}, a=8.5)], indent=0)
    text = '{"type":"FeatureCollection","features":' + text.replace("8.5", "-1e999") + "}"
    error = refused(written(tmp_path, text), "bad_json")
    assert error.line == 5 and "过大" in error.message


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("place", ["coordinates", "properties"])
def test_tokens_that_are_no_json_are_refused_with_their_line(token, place, tmp_path) -> None:
    features = [feature({"type": "Point", "coordinates": [1.25, 2]}, a=3.75) for _ in range(4)]
    text = json.dumps({"type": "FeatureCollection", "features": features}, indent=1)
    lines = text.split("\n")
    wanted = "1.25" if place == "coordinates" else "3.75"
    at = [i for i, line in enumerate(lines) if wanted in line][2]
    lines[at] = lines[at].replace(wanted, token)
    error = refused(written(tmp_path, "\n".join(lines)), "bad_json")
    assert error.line == at + 1 and f"第 {at + 1} 行" in error.message
    assert "不是 JSON 的数" in error.message


def test_columns_get_the_one_type_that_holds_all_their_values(tmp_path) -> None:
    rows = [
        {"whole": 1, "real": 1, "mixed": 1, "flag": True, "nested": {"甲": [1]}, "big": 2**70},
        {"whole": None, "real": 0.5, "mixed": "一", "flag": None, "nested": None, "big": 1},
        {"more": None, "text": "=1+1<script>"},
    ]
    path = written(tmp_path, [feature(None, **row) for row in rows])
    file = open_file(path)
    table = next(iter(file.read())).table
    kinds = {name: str(table.schema.field(name).type) for name in file.columns}
    assert kinds == {
        "whole": "int64", "real": "double", "mixed": "string", "flag": "bool", "nested": "string",
        "big": "string" if kinds["big"] == "string" else "double", "more": "string",
        "text": "string",
    }  # fmt: skip
    found = table.to_pydict()
    assert found["whole"] == [1, None, None] and found["real"] == [1.0, 0.5, None]
    assert found["mixed"] == ["1", "一", None] and found["flag"] == [True, None, None]
    assert found["nested"] == ['{"甲":[1]}', None, None]
    assert found["text"] == [None, None, "=1+1<script>"], "text is kept as it is"


def test_columns_agree_over_pieces_of_the_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(geojson, "_PIECE_FEATURES", 3)
    monkeypatch.setattr("geo.files.records._CHUNK_ROWS", 4)
    monkeypatch.setattr("geo.files.records.BATCH_ROWS", 5)
    rows = [{"a": i} for i in range(7)] + [{"a": 0.5}, {"b": "x"}, {"a": 3, "b": 4}]
    path = written(tmp_path, [feature({"type": "Point", "coordinates": [i, 1]}, **row)
                              for i, row in enumerate(rows)])  # fmt: skip
    file = open_file(path)
    batches = list(file.read())
    assert [b.first for b in batches] == [1, 6] and len({b.table.schema for b in batches}) == 1
    frame = read_frame(file)
    assert frame["a"].tolist()[:8] == [0, 1, 2, 3, 4, 5, 6, 0.5]
    assert frame["b"].tolist()[8:] == ["x", "4"]
    assert frame.geometry.x.tolist() == list(range(10))


def test_encodings_and_boms_are_tolerated(tmp_path) -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [feature(None, 名="太原")]},
                      ensure_ascii=False)  # fmt: skip
    path = tmp_path / "a.json"
    for data, name in (
        (codecs.BOM_UTF8 + text.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + text.encode("utf-16-le"), "utf-16-le"),
        (text.encode("utf-16-be"), "utf-16-be"),
        (text.encode("gbk"), "gb18030"),
    ):
        path.write_bytes(data)
        file = open_file(path)
        assert file.format == "geojson" and file.encoding.name == name
        assert read_frame(file)["名"].tolist() == ["太原"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"type":"FeatureCollection","features":[', "bad_json"),
        ('{"type":"FeatureCollection","features":[{"type":"Feature"', "bad_json"),
        ('{"type":"FeatureCollection","features":[]}]', "bad_json"),
        ('{"type":"FeatureCollection","features":[{},,{}]}', "bad_json"),
        ('{"type":"FeatureCollection","features":[{} {}]}', "bad_json"),
        ('{"type":"FeatureCollection","features":["}]}', "bad_json"),
        ('{"type":"FeatureCollection","features":[{"a":1},{"b":2]]}', "bad_json"),
        ('{"type":"FeatureCollection","features":[{"a":1],{"b":2}]}', "bad_json"),
        ('{"type":"FeatureCollection","features":[]} trailing', "bad_json"),
        ('{"type":"FeatureCollection","features":[{"type":"\ud800"}]}', "bad_encoding"),
        ('{"type":"FeatureCollection","features":[{"type":"\\ud800"}]}', "bad_json"),
        ('[{"type":"Feature"}]', "not_geojson"),
        ('{"a":1}', "not_geojson"),
        ('{"type":"Topology","objects":{}}', "topojson"),
        ('{"geometryType":"esriGeometryPolygon","features":[]}', "esri_json"),
        ('{"type":"FeatureCollection"}', "not_geojson"),
        ('{"features":[{}]}', "not_geojson"),
        ("{" * 100 + "}" * 100, "nested_too_deep"),
        ('{"type":"Polygon","coordinates":' + "[" * 100_000 + "]" * 100_000 + "}",
         "nested_too_deep"),
    ],
)  # fmt: skip
def test_broken_and_foreign_json_is_refused(text, code, tmp_path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused(path, code)


def test_features_that_are_none_keep_their_number(tmp_path) -> None:
    text = (
        '{"type":"FeatureCollection","features":[null, 1, {"type":"Feature","geometry":null}, "x"]}'
    )
    path = written(tmp_path, text)
    assert problems(path) == [("bad_geometry", n, None) for n in (1, 2, 4)]
    path = written(tmp_path, text.replace(', {"type":"Feature","geometry":null}', ""))
    assert problems(path) == [("bad_geometry", n, None) for n in (1, 2, 3)]


def test_limits_are_checked_before_the_text_is_parsed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("orjson.loads", lambda *_: pytest.fail("parsed"))
    ring = [[i, i % 7] for i in range(1001)]
    path = written(tmp_path, [feature(polygon(ring))])
    refused(path, "ring_too_long", Limits(ring_vertices=1000))
    refused(path, "too_many_vertices", Limits(vertices=1000))
    assert refused(path, "too_large", Limits(text_bytes=100)).code
    assert isinstance(refused(path, "nested_too_deep", Limits(nesting=5)), LimitError)


def test_too_many_features_and_columns_are_refused(tmp_path) -> None:
    path = written(tmp_path, [feature(None) for _ in range(11)])
    refused(path, "too_many_features", Limits(features=10))
    path = written(tmp_path, [feature(None, **{f"c{i}": 1}) for i in range(2_001)])
    refused(path, "too_many_columns")


def test_many_faults_of_a_kind_are_counted(tmp_path) -> None:
    path = written(tmp_path, [feature(polygon(SQUARE[:-1])) for _ in range(1200)])
    file = open_file(path)
    found = [p for batch in file.read() for p in batch.problems]
    assert sum(p.count for p in found) == 1200 and len(found) == 1001


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\[]{}\n', max_size=5),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text('a"\\[', max_size=3), some),
    max_leaves=25,
)  # fmt: skip


def walked(value: Any, depth: int = 0) -> tuple[int, int]:
    """The slow way: depth, and the number of arrays without brackets in them."""
    if not isinstance(value, dict | list):
        return depth, 0
    inside = [walked(v, depth + 1) for v in (value.values() if isinstance(value, dict) else value)]
    deepest = max((d for d, _ in inside), default=depth + 1)
    flat = isinstance(value, list) and not any(isinstance(v, dict | list) for v in value)
    return max(deepest, depth + 1), flat + sum(n for _, n in inside)


@given(value=JSON, piece=st.integers(1, 9), indent=st.sampled_from([None, 1]))
@settings(max_examples=80, deadline=None)
def test_the_scan_finds_what_a_parser_finds_in_pieces_of_any_size(value, piece, indent) -> None:
    text = json.dumps({"features": [value, {"x": value}], "b": [value]}, indent=indent)
    data = text.encode()
    before = jsonscan._PIECE
    jsonscan._PIECE = piece
    try:
        found = jsonscan.outline(data, "a", Limits())
        depth, vertices = walked(json.loads(text))
        for limits in (Limits(nesting=depth - 1), Limits(vertices=vertices - 1)):
            with pytest.raises(LimitError):
                jsonscan.outline(data, "a", limits)
        jsonscan.outline(data, "a", Limits(nesting=depth, vertices=vertices))
    finally:
        jsonscan._PIECE = before
    assert found.tops == [(0, len(data))]
    spans = [json.loads(data[s:e]) for s, e in found.lists]
    assert spans == [[value, {"x": value}], [value]]
    assert {"x": value} in [
        json.loads(data[s:e]) for s, e in zip(found.starts, found.ends, strict=True)
    ]
    assert found.lines.tolist() == [data.count(b"\n", 0, s) + 1 for s in found.starts]


@given(data=st.binary(max_size=60) | st.text('{}[]",:\\1ae ', max_size=60).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_the_scan_answers_any_bytes(data) -> None:
    try:
        jsonscan.outline(data, "a", Limits())
    except FileRefusedError as error:
        assert error.code in ("bad_json", "nested_too_deep")


def test_a_ring_is_counted_over_the_borders_of_pieces(monkeypatch) -> None:
    ring = json.dumps([[1, 2]] * 50).encode()
    for piece in range(1, 40):
        monkeypatch.setattr(jsonscan, "_PIECE", piece)
        jsonscan.outline(ring, "a", Limits(ring_vertices=50))
        with pytest.raises(LimitError):
            jsonscan.outline(ring, "a", Limits(ring_vertices=49))
    assert np.array(json.loads(ring)).shape == (50, 2)
