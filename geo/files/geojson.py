"""GeoJSON (RFC 7946), also line by line (GeoJSONSeq) and with the `crs` member of older files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from geo.errors import FileRefusedError
from geo.files import wkb
from geo.files.batches import Counter
from geo.files.encodings import as_utf8, read_bytes
from geo.files.featurefile import Batch, FeatureFile, ReadOptions
from geo.files.jsonscan import Outline, outline
from geo.files.records import Records, in_batches
from geo.files.shapes import (
    BadShapeError,
    Found,
    gathered,
    line_wkb,
    points_2d,
    polygon_wkb,
)
from geo.limits import Limits
from geo.problems import Problem
from geo.reference import CrsHints

_PIECE_BYTES: Final = 1 << 20
_PIECE_FEATURES: Final = 8_192
_KEY: Final = re.compile(rb'"features"\s*:\s*$')
_PARTS: Final = {
    "MultiPoint": ("Point", wkb.MULTIPOINT),
    "MultiLineString": ("LineString", wkb.MULTILINE),
    "MultiPolygon": ("Polygon", wkb.MULTIPOLYGON),
}
_GEOMETRIES: Final = frozenset({"Point", "LineString", "Polygon", "GeometryCollection", *_PARTS})


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some features of the text: JSON of a list, its start in the text (or None), their lines."""

    text: bytes
    first_line: int
    lines: list[int]


def open_geojson(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """A GeoJSON file, parsed feature by feature after a look at its brackets.

    Raises:
        FileRefusedError: codes "bad_json" (with its line), "not_geojson", "esri_json", "topojson";
            those of `geo.files.encodings`.
        LimitError: see `geo.files.jsonscan.outline` and `geo.files.batches.Counter`.
    """
    data, encoding = as_utf8(read_bytes(path, limits), path.name, given=options.encoding)
    places = outline(data, path.name, limits)
    head, pieces = _divided(data, places, path.name)
    records, counter = Records(), Counter(path.name, limits)
    for piece in pieces:
        _parse(piece, records, counter, path.name)
    table, renamed = records.table()
    hints, problems = _hints(head)

    def read() -> Iterator[Batch]:
        yield from in_batches(table, records.lines, records.problems)

    return FeatureFile(
        path=path, format="geojson", encoding=encoding, columns=tuple(table.column_names[:-1]),
        hints=hints, read=read, feature_count=table.num_rows, problems=(*problems, *renamed),
    )  # fmt: skip


def _divided(data: bytes, places: Outline, name: str) -> tuple[dict[str, Any], Iterator[_Piece]]:
    """What stands around the features, and the features in pieces."""
    if not places.tops:
        raise _not_geojson(name)
    if len(places.tops) > 1:
        return {}, _sequence(data, places, name)
    start, end = places.tops[0]
    if data[:start].strip(b" \t\r\n\x1e") or data[end:].strip():
        raise _bad_json(data, start if data[:start].strip() else end, name)
    if data[start : start + 1] != b"{":
        raise _not_geojson(name)
    lists = [span for span in places.lists if _KEY.search(data, max(0, span[0] - 64), span[0])]
    if lists:
        first, last = lists[-1]
        head = _loaded(data[start:first] + b"[]" + data[last:end], data, name)
        _check_collection(head, name)
        return head, _features(data, places, (first, last), name)
    head = _loaded(data[start:end], data, name)
    kind = str(head.get("type"))
    if kind == "Topology":
        raise _other(name, "TopoJSON", "topojson")
    if kind != "Feature" and kind not in _GEOMETRIES:
        raise _not_geojson(name)
    feature = head if kind == "Feature" else {"type": "Feature", "geometry": head}
    piece = _Piece(orjson.dumps([feature]), 1, [places.top_lines[0]])
    return head, iter([piece])


def _check_collection(head: dict[str, Any], name: str) -> None:
    if "geometryType" in head or "spatialReference" in head:
        raise _other(name, "Esri JSON", "esri_json")
    if head.get("type") != "FeatureCollection":
        raise _not_geojson(name)


def _features(
    data: bytes, places: Outline, span: tuple[int, int], name: str
) -> Iterator[_Piece]:  # fmt: skip
    """The features of a collection, between the brackets at `span`, in pieces."""
    here = (places.starts > span[0]) & (places.ends <= span[1])
    starts, ends, lines = (values[here] for values in (places.starts, places.ends, places.lines))
    begin, first = span[0] + 1, 0
    while first < len(starts):
        reach = starts[first] + _PIECE_BYTES
        last = min(int(np.searchsorted(ends, reach)), first + _PIECE_FEATURES, len(starts))
        last = max(last, first + 1)
        if last == len(starts):
            stop = span[1] - 1
        else:
            stop = data.find(b",", ends[last - 1], starts[last])
            if stop < 0 or data[ends[last - 1] : stop].strip():
                raise _bad_json(data, int(ends[last - 1]), name)
        line = int(lines[first]) - data.count(b"\n", begin, int(starts[first]))
        yield _Piece(b"[" + data[begin:stop] + b"]", line, lines[first:last].tolist())
        begin, first = stop + 1, last
    if not len(starts) and data[begin : span[1] - 1].strip():
        yield _Piece(data[span[0] : span[1]], 1, [])


def _sequence(data: bytes, places: Outline, name: str) -> Iterator[_Piece]:
    """Features one after the other, without a collection around them."""
    before = 0
    for index in range(0, len(places.tops), _PIECE_FEATURES):
        tops = places.tops[index : index + _PIECE_FEATURES]
        for start, end in tops:
            if data[before:start].strip(b" \t\r\n\x1e"):
                raise _bad_json(data, before, name)
            before = end
        lines = list(places.top_lines[index : index + _PIECE_FEATURES])
        yield _Piece(b"[" + b",\n".join(data[s:e] for s, e in tops) + b"]", lines[0], lines)
    if data[before:].strip(b" \t\r\n\x1e"):
        raise _bad_json(data, before, name)


def _parse(piece: _Piece, records: Records, counter: Counter, name: str) -> None:
    try:
        features = orjson.loads(piece.text)
    except orjson.JSONDecodeError as error:
        raise _json_error(error, piece.first_line, name) from error
    for index, feature in enumerate(features):
        line = piece.lines[index] if index < len(piece.lines) else piece.first_line
        found = Found()
        number = records.count + 1
        shape, values = _feature(feature, found)
        counter.add(1, found.vertices, found.longest)
        records.add(values, shape, line)
        if found.codes or found.high:
            records.teller.add_found(found, number, line)


def _feature(feature: Any, found: Found) -> tuple[bytes | None, dict[str, Any]]:
    if not isinstance(feature, dict):
        found.add("bad_geometry")
        return None, {}
    kind = feature.get("type")
    if isinstance(kind, str) and kind in _GEOMETRIES:  # a sequence of bare geometries
        feature = {"geometry": feature}
    values = feature.get("properties")
    values = dict(values) if isinstance(values, dict) else {}
    if "id" in feature and "id" not in values:
        values["id"] = feature["id"]
    geometry = feature.get("geometry")
    if geometry is None:
        return None, values
    try:
        return geometry_wkb(geometry, found, 0), values
    except BadShapeError as error:
        found.add(error.code)
        return None, values


def geometry_wkb(geometry: Any, found: Found, depth: int) -> bytes | None:
    """A GeoJSON geometry as WKB; None for an empty one.

    Raises:
        BadShapeError: it is not written as it must be.
    """
    if not isinstance(geometry, dict) or depth > wkb.DEEPEST:
        raise BadShapeError("bad_geometry")
    kind = geometry.get("type")
    if not isinstance(kind, str):
        raise BadShapeError("bad_geometry")
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            raise BadShapeError("bad_geometry")
        return gathered(wkb.COLLECTION, [geometry_wkb(part, found, depth + 1) for part in parts])
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        raise BadShapeError("bad_geometry")
    if not coordinates:
        return None
    if kind in _PARTS:
        single, multi = _PARTS[str(kind)]
        return gathered(multi, [_single(single, part, found) for part in coordinates])
    return _single(kind, coordinates, found)


def _single(kind: Any, coordinates: Any, found: Found) -> bytes | None:
    if not isinstance(coordinates, list):
        raise BadShapeError("bad_geometry")
    if kind == "Point":
        position = points_2d([coordinates], found)
        if not len(position):
            raise BadShapeError("bad_geometry")
        return wkb.point(*position[0])
    if kind == "LineString":
        return line_wkb(points_2d(coordinates, found), found)
    if kind == "Polygon":
        return polygon_wkb([points_2d(ring, found) for ring in coordinates], found)
    raise BadShapeError("bad_geometry")


def _hints(head: dict[str, Any]) -> tuple[CrsHints, tuple[Problem, ...]]:
    if "crs" not in head:
        return CrsHints(declared="EPSG:4326", declared_by="RFC 7946"), ()
    crs = head["crs"]
    if crs is None:  # in the format of 2008: no CRS can be assumed
        return CrsHints(), ()
    name = ""
    if isinstance(crs, dict) and isinstance(crs.get("properties"), dict):
        name = str(crs["properties"].get("name") or crs["properties"].get("code") or "")
    declared = crs_name(name)
    if declared:
        return CrsHints(declared=declared, declared_by="crs member"), ()
    problem = Problem(
        "unknown_crs_member", "warning", f"看不懂 crs 成员 {name[:80]!r}，坐标系须另外确认",
        f"the crs member {name[:80]!r} is not understood; the system has to be asked for",
    )  # fmt: skip
    return CrsHints(), (problem,)


def crs_name(name: str) -> str:
    """A system as "EPSG:n", from the ways in which older files name it; "" for others."""
    if re.search(r"CRS:?84\s*$", name):
        return "EPSG:4326"
    found = re.search(r"EPSG[:/0-9.]*[:/](\d{4,6})\s*$|^\s*(\d{4,6})\s*$", name, re.I)
    return f"EPSG:{found[1] or found[2]}" if found else ""


def _loaded(text: bytes, data: bytes, name: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _json_error(error, 1, name) from error
    if not isinstance(found, dict):
        raise _not_geojson(name)
    del data
    return found


def _json_error(error: orjson.JSONDecodeError, first_line: int, name: str) -> FileRefusedError:
    line = first_line + error.lineno - 1
    near = error.doc[error.pos : error.pos + 12]
    number = re.match(r"-?(NaN|Infinity|inf|nan)", near)
    if number or re.search(r"NaN|Infinity", error.doc[max(0, error.pos - 9) : error.pos + 9]):
        token = number[0] if number else "NaN"
        zh, en = f"{token} 不是 JSON 的数", f"{token} is no number of JSON"
    elif "infinity" in error.msg:
        zh, en = "有一个数过大", "a number is too large"
    else:
        zh, en = f"不是有效的 JSON（{error.msg}）", f"no valid JSON ({error.msg})"
    return FileRefusedError(
        f"{name} 第 {line} 行：{zh} / {name}, line {line}: {en}", code="bad_json", line=line
    )


def _bad_json(data: bytes, at: int, name: str) -> FileRefusedError:
    line = data.count(b"\n", 0, at) + 1
    return FileRefusedError(
        f"{name} 第 {line} 行：不是有效的 JSON / {name}, line {line}: no valid JSON",
        code="bad_json", line=line,
    )  # fmt: skip


def _not_geojson(name: str) -> FileRefusedError:
    return FileRefusedError(
        f"{name} 是 JSON，但不是 GeoJSON / {name} is JSON, but not GeoJSON", code="not_geojson"
    )


def _other(name: str, what: str, code: str) -> FileRefusedError:
    return FileRefusedError(
        f"{name} 是 {what}，请另存为 GeoJSON / {name} is {what}: save it as GeoJSON", code=code
    )
