"""KML, KMZ and the ovkml of 奥维: placemarks with their attributes, folders and geometries.

The text is read by a parser that refuses document type definitions (entities that multiply, files
and addresses from elsewhere); links to other documents are told and never followed. HTML in a
description stays the text that it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from xml.sax.handler import ContentHandler

import numpy as np

from geo.errors import FileRefusedError, LimitError
from geo.files import wkb
from geo.files.batches import Counter
from geo.files.encodings import read_bytes
from geo.files.featurefile import Batch, FeatureFile, ReadOptions
from geo.files.kmltext import parse, utf8_of
from geo.files.records import Kind, Records, in_batches
from geo.files.shapes import (
    BadShapeError,
    Found,
    gathered,
    line_wkb,
    points_2d,
    polygon_wkb,
)
from geo.files.wkb import Floats
from geo.limits import Limits
from geo.problems import Problem
from geo.reference import CrsHints

_OVITAL: Final = re.compile("奥维|ovital|<ov[a-z]*:|<Ov[A-Z]|ovkml".encode(), re.I)
_SIMPLE: Final = frozenset({"name", "description", "address", "phoneNumber"})
_TIMES: Final = frozenset({"when", "begin", "end"})
_SINGLE: Final = frozenset({"Point", "LineString", "LinearRing", "Track"})
_MULTI: Final = frozenset({"MultiGeometry", "MultiTrack"})
_MULTI_OF: Final = {1: wkb.MULTIPOINT, 2: wkb.MULTILINE, 3: wkb.MULTIPOLYGON}
_KINDS: Final[dict[str, Kind]] = {
    "int": "int", "uint": "int", "short": "int", "ushort": "int", "long": "int", "integer": "int",
    "float": "float", "double": "float", "bool": "bool",
}  # fmt: skip
_NOT_READ: Final = {
    "NetworkLink": ("network_link", "链接到其他文件，未读取", "links to other files; not read"),
    "GroundOverlay": ("overlay_ignored", "贴图未读取", "pictures on the ground are not read"),
    "ScreenOverlay": ("overlay_ignored", "贴图未读取", "pictures on the screen are not read"),
    "PhotoOverlay": ("overlay_ignored", "照片未读取", "photos are not read"),
    "Model": ("model_ignored", "三维模型未读取", "models in space are not read"),
}  # fmt: skip


def open_kml(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """A KML document.

    Raises:
        FileRefusedError: codes "bad_xml" (with its line), "xml_entities" (a DTD), "not_kml"; those
            of `geo.files.encodings`.
        LimitError: codes "nested_too_deep", "too_many_columns" and those of `Counter`.
    """
    data = read_bytes(path, limits)
    text, encoding, problems = utf8_of(data, path.name, options.encoding)
    handler = _Placemarks(path.name, limits)
    parse(text, handler, path.name)
    if not handler.is_kml:
        raise FileRefusedError(
            f"{path.name} 是 XML，但不是 KML / {path.name} is XML, but not KML", code="not_kml"
        )
    records = handler.records
    table, renamed = records.table()
    shifted = path.suffix.lower() == ".ovkml" or bool(_OVITAL.search(text[: 1 << 16]))

    def read() -> Iterator[Batch]:
        yield from in_batches(table, records.lines, records.problems)

    return FeatureFile(
        path=path, format="kml", encoding=encoding, columns=tuple(table.column_names[:-1]),
        hints=CrsHints(
            declared="EPSG:4326", declared_by="KML", may_be_shifted=shifted,
            producer="奥维" if shifted else "",
        ),
        read=read, feature_count=table.num_rows,
        problems=(*problems, *handler.left_out(), *renamed),
    )  # fmt: skip


class _Placemarks(ContentHandler):
    """Takes the document's events and makes a feature of every placemark."""

    def __init__(self, name: str, limits: Limits) -> None:
        super().__init__()
        self.records = Records()
        self.place: Any = None
        self.is_kml = False
        self._name = name
        self._limits = limits
        self._counter = Counter(name, limits)
        self._tags: list[str] = []
        self._folders: list[str] = []
        self._types: dict[str, str] = {}
        self._not_read: dict[str, int] = {}
        self._text: list[str] | None = None
        self._text_depth = 0
        self._field = ""
        self._mark: dict[str, Any] | None = None
        self._line = 0
        self._found = Found()
        self._shapes: list[list[bytes | None]] = []
        self._rings: tuple[list[Floats], list[Floats]] = ([], [])
        self._coords: Floats | None = None
        self._track: list[list[str]] = []
        self._bad = ""

    def setDocumentLocator(self, locator: Any) -> None:
        """The parser's place in the text."""
        self.place = locator

    def startElement(self, name: str, attrs: Any) -> None:
        """An element begins."""
        tag = name.rsplit(":", 1)[-1]
        self._tags.append(tag)
        if len(self._tags) > self._limits.nesting:
            raise LimitError(
                f"{self._name} 嵌套超过 {self._limits.nesting} 层；请减少文件夹的层数 / "
                f"{self._name} is nested more than {self._limits.nesting} levels deep: "
                "put folders less deep",
                code="nested_too_deep",
            )
        if self._text is not None:
            return
        if tag in _NOT_READ:
            self._not_read[tag] = self._not_read.get(tag, 0) + 1
        if self._mark is not None:
            self._start_in_mark(tag, attrs)
        elif tag == "Placemark":
            self.is_kml = True
            self._mark, self._found = {}, Found()
            self._line = self.place.getLineNumber() or 1
            self._shapes = [[]]
            if any(self._folders):
                self._mark["folder"] = "/".join(filter(None, self._folders))
        elif tag == "Folder":
            self._folders.append("")
        elif tag == "name" and self._tags[-2:-1] == ["Folder"]:
            self._collect()
        elif tag == "SimpleField":
            name, kind = attrs.get("name", ""), attrs.get("type", "").lower()
            self._types[name] = kind
            if name:
                self.records.declare(name, _KINDS.get(kind, ""))
        self.is_kml |= tag in ("kml", "Document", "Folder")

    def _start_in_mark(self, tag: str, attrs: Any) -> None:
        parent = self._tags[-2] if len(self._tags) > 1 else ""
        if tag in ("Data", "SimpleData"):
            self._field = attrs.get("name", "")
        simple = parent == "Placemark" and tag in _SIMPLE
        timed = parent in ("TimeStamp", "TimeSpan") and tag in _TIMES
        if simple or timed or tag in ("coordinates", "coord", "SimpleData"):
            self._collect()
        elif (tag == "value" and parent == "Data") or parent == "ExtendedData" != tag:
            if tag not in ("Data", "SchemaData"):
                self._collect()
        elif tag in _MULTI:
            self._shapes.append([])
        elif tag == "Polygon":
            self._rings, self._bad = ([], []), ""
        elif tag in _SINGLE:
            self._coords, self._track = None, []

    def _collect(self) -> None:
        self._text, self._text_depth = [], len(self._tags)

    def characters(self, content: str) -> None:
        """Text between elements."""
        if self._text is not None:
            self._text.append(content)

    def endElement(self, name: str) -> None:
        """An element ends."""
        del name
        tag = self._tags[-1]
        if self._text is not None and len(self._tags) == self._text_depth:
            text, self._text = "".join(self._text).strip(), None
            self._end_text(tag, text)
        elif self._text is None and self._mark is not None:
            self._end_in_mark(tag)
        elif self._text is None and tag == "Folder" and self._folders:
            self._folders.pop()
        self._tags.pop()

    def _end_text(self, tag: str, text: str) -> None:
        if self._mark is None:
            if self._folders:
                self._folders[-1] = text
        elif tag == "coordinates":
            self._counter.add(0, 0, text.count(",") // 3)  # at least; before memory is spent
            self._coords = self._read(lambda: positions(text, self._found))
        elif tag == "coord":
            self._track.append(text.split())
        elif tag in ("value", "SimpleData"):
            self._mark[self._field] = self._typed(self._field, text)
        else:
            self._mark[tag] = self._typed(tag, text)

    def _typed(self, field: str, text: str) -> Any:
        kind = _KINDS.get(self._types.get(field, ""), "")
        try:
            if kind == "int":
                return int(text)
            if kind == "float":
                return float(text)
        except ValueError:
            return text or None
        if kind == "bool":
            return {"1": True, "true": True, "0": False, "false": False}.get(text.lower())
        return text

    def _read(self, read: Callable[[], Floats]) -> Floats | None:
        try:
            return read()
        except BadShapeError as error:
            self._bad = error.code
            self._found.add(error.code)
            return None

    def _end_in_mark(self, tag: str) -> None:
        if tag == "Placemark":
            self._finish()
        elif tag in _SINGLE:
            self._end_single(tag)
        elif tag == "Polygon":
            outer, inner = self._rings
            shape = polygon_wkb([*outer, *inner], self._found) if outer and not self._bad else None
            self._shapes[-1].append(shape)
        elif tag in _MULTI and len(self._shapes) > 1:
            parts = self._shapes.pop()
            self._shapes[-1].append(_multi(parts))

    def _end_single(self, tag: str) -> None:
        if tag == "Track" and self._coords is None:
            self._coords = self._read(lambda: points_2d(_numbers(self._track), self._found))
        coords, self._coords = self._coords, None
        if tag == "LinearRing" and "Polygon" in self._tags:
            if coords is not None:
                self._rings["innerBoundaryIs" in self._tags[-2:]].append(coords)
        elif coords is None or not len(coords):
            self._shapes[-1].append(None)
        elif tag == "Point":
            self._shapes[-1].append(wkb.point(*coords[0]))
        else:
            self._shapes[-1].append(line_wkb(coords, self._found))

    def _finish(self) -> None:
        parts = [part for shapes in self._shapes for part in shapes]
        shape = parts[0] if len(parts) == 1 else _multi(parts)
        self._counter.add(1, self._found.vertices, self._found.longest)
        assert self._mark is not None  # noqa: S101 - inside a placemark
        number = self.records.count + 1
        self.records.add(self._mark, shape, self._line)
        if self._found.codes or self._found.high:
            self.records.teller.add_found(self._found, number, self._line)
        self._mark = None

    def left_out(self) -> tuple[Problem, ...]:
        """What the document has besides placemarks."""
        return tuple(
            Problem(code, "warning", f"{count} 个 {tag}：{zh}", f"{count} of {tag}: {en}",
                    count=count)
            for tag, count in self._not_read.items()
            for code, zh, en in [_NOT_READ[tag]]
        )  # fmt: skip


def _multi(parts: list[bytes | None]) -> bytes | None:
    if not parts:
        return None
    kinds = {part[1] for part in parts if part is not None}
    kind = _MULTI_OF.get(next(iter(kinds)), wkb.COLLECTION) if len(kinds) == 1 else wkb.COLLECTION
    return gathered(kind, parts)


def positions(text: str, found: Found) -> Floats:
    """Positions (n, 2), longitude and latitude, from the text of a `coordinates` element.

    Raises:
        BadShapeError: it is not written as it must be.
    """
    tuples = text.split()
    sizes = {one.count(",") for one in tuples}
    if len(sizes) != 1 or sizes == {0} or "" in (tuples[0][:1], tuples[0].strip(",")):
        tuples = ",".join(part.strip() for part in text.strip().split(",")).split()
        sizes = {one.count(",") for one in tuples}
    if len(sizes) == 1 and sizes <= {1, 2, 3}:
        numbers = _numbers([",".join(tuples).split(",")])
        return points_2d(numbers.reshape(len(tuples), -1), found)
    return points_2d(_numbers([one.split(",")[:2] for one in tuples]), found)


def _numbers(rows: list[list[str]]) -> Floats:
    try:
        return np.array(rows, dtype=np.float64)
    except (ValueError, OverflowError) as error:
        raise BadShapeError("bad_geometry") from error
