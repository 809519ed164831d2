"""What a file of features holds, found out batch by batch: nothing is stored, nothing repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from geo.errors import CrsQuestionError
from geo.faults import layer_faults
from geo.files.featurefile import GEOMETRY, FeatureFile
from geo.limits import Limits
from geo.measuredbatch import LAND, NOTHING, Box, Measured, Shapes
from geo.placement import CrsAnswer, Placement, points_to_degrees, previews
from geo.problemlist import ProblemList
from geo.problems import Problem
from geo.reference import Verdict
from geo.scan import Progress, Scanned, Sink, scan
from geo.surroundings import Comparing, Surroundings, shapes_of
from geo.wkbcolumns import Floats

__all__ = ["Candidate", "Column", "Inspection", "Progress", "Surroundings", "inspect"]

KINDS: Final = (
    "Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString",
    "MultiPolygon", "GeometryCollection",
)  # fmt: skip
_SAMPLE: Final = 60  # characters of a column's sample
_EARTH: Final = (180.0, 90.0, 180.0, 90.0)  # degrees: what lies outside is nowhere
_EDGE: Final = 9  # points along each side of a box that is moved into degrees


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute: its name, its type, and a value of it as text.

    `type` is "text", "integer", "number", "boolean", "date", "datetime" or "other".
    """

    name: str
    type: str
    sample: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A system that the coordinates may be in, and where the data would lie then (degrees)."""

    key: str
    name_zh: str
    name_en: str
    bbox: Box | None

    def name(self, lang: str) -> str:
        """Its name in that language."""
        return self.name_zh if lang == "zh" else self.name_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found in a file.

    `bbox` is W, S, E, N in degrees (EPSG:4490) and `area_m2` ellipsoidal; both None until it is
    settled where the coordinates stand, `area_m2` also without polygons.

    `verdict` tells what is known of the coordinates, `placement` is None while that must be asked.
    `native_bounds` are in the file's own coordinates. `geometry_types` counts features by type.
    `problems` lists at most some hundreds of each kind; `problem_counts` counts all by level.
    """

    format: str
    encoding: str
    encoding_basis: str
    members: tuple[str, ...]
    layers: tuple[str, ...]
    layer: str
    verdict: Verdict
    placement: Placement | None
    feature_count: int
    vertex_count: int
    geometry_types: Mapping[str, int]
    bbox: Box | None
    native_bounds: Box | None
    area_m2: float | None
    columns: tuple[Column, ...]
    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...]
    problem_counts: Mapping[str, int] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self, lang: str) -> dict[str, Any]:
        """As terminal and pages get it.

        Keys: format, encoding, crs ("EPSG:n" or null), crs_basis (`Verdict.label`, or "given"),
        feature_count, geometry_types (names), bbox, area_m2, problems (see `Problem.to_json`);
        further encoding_basis, crs_name, crs_reasons, crs_question ("" when settled),
        crs_candidates ([{crs, name, bbox}]), crs_datum_open (`Verdict.datum_open`, while it must be
        asked), placement (in words, "" while it must be asked),
        geometry_counts, vertex_count, native_bounds, columns ([{name, type, sample}]), layers,
        layer, members, problem_counts ({error, warning}), extra.
        """
        placed = self.placement
        epsg = placed.system.epsg if placed else None
        return {
            "format": self.format,
            "encoding": self.encoding,
            "crs": f"EPSG:{epsg}" if epsg else None,
            "crs_basis": placed.label if placed else self.verdict.label,
            "feature_count": self.feature_count,
            "geometry_types": list(self.geometry_types),
            "bbox": self.bbox,
            "area_m2": self.area_m2,
            "problems": [problem.to_json(lang) for problem in self.problems],
            "encoding_basis": self.encoding_basis,
            "crs_name": placed.system.name(lang) if placed else "",
            "crs_reasons": list(self.verdict.reasons(lang)),
            "crs_question": "" if placed else self.verdict.question(lang),
            "crs_candidates": [
                {"crs": one.key, "name": one.name(lang), "bbox": one.bbox}
                for one in self.candidates
            ],
            "crs_datum_open": placed is None and self.verdict.datum_open,
            "placement": placed.describe(lang) if placed else "",
            "geometry_counts": dict(self.geometry_types),
            "vertex_count": self.vertex_count,
            "native_bounds": self.native_bounds,
            "columns": [
                {"name": one.name, "type": one.type, "sample": one.sample} for one in self.columns
            ],
            "layers": list(self.layers),
            "layer": self.layer,
            "members": list(self.members),
            "problem_counts": dict(self.problem_counts),
            "extra": dict(self.extra),
        }


def inspect(
    file: FeatureFile,
    answer: CrsAnswer | None = None,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    full: bool = False,
    around: Surroundings | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """Look through a file, a few batches at a time; memory does not grow with its size.

    Args:
        file: from `geo.files.open_file`.
        answer: what the user said of the coordinates.
        limits: features, vertices, vertices of a ring.
        full: also look for overlaps, gaps and duplicates between the features (keeps their
            outlines in memory).
        around: outlines to compare with.
        progress: told now and then.

    Raises:
        FileRefusedError, LimitError: the file is damaged or too large.
        CrsQuestionError: the answer contradicts the file (code "crs_contradiction",
            "crs_impossible", "unknown_crs"). A question that is still open is no error.
    """
    tally = _Tally(around or Surroundings(), full=full)
    scanned = scan(
        file, answer or CrsAnswer(), tally.start, limits=limits,
        keep=full or around is not None, progress=progress,
    )  # fmt: skip
    problems = ProblemList()
    problems.add((*scanned.problems, *file.problems))
    tally.finish(problems)
    # Where errors left no coordinates at all, there is nothing to ask: they are to be corrected.
    unusable = scanned.native is None and problems.counts()["error"] > 0
    if scanned.question is not None and not unusable:
        problems.add([_asked(scanned.question)])
    return Inspection(
        format=file.format, encoding=file.encoding.name, encoding_basis=file.encoding.basis,
        members=file.members, layers=file.layers, layer=file.layer, verdict=scanned.verdict,
        placement=scanned.placement, feature_count=tally.features, vertex_count=tally.vertices,
        geometry_types=tally.types(), bbox=tally.bbox(scanned), native_bounds=scanned.native,
        area_m2=tally.area(scanned), columns=tally.columns or _named(file.columns),
        candidates=_candidates(scanned), problems=problems.listed(),
        problem_counts=problems.counts(), extra=file.extra,
    )  # fmt: skip


def _asked(error: CrsQuestionError) -> Problem:
    """What must be asked, as a problem: the file can't be stored before it is answered."""
    zh, _, en = error.message.partition(" / ")
    return Problem(error.code, "error", zh, en or zh)


class _Tally:
    """Adds up what the batches of a file hold."""

    def __init__(self, around: Surroundings, *, full: bool) -> None:
        self._around = around
        self._full = full
        self._reset()

    def _reset(self) -> None:
        self._comparing = Comparing(self._around)
        self.features = self.vertices = 0
        self.columns: tuple[Column, ...] = ()
        self._kinds: Counter[int] = Counter()
        self._low, self._high = np.full(2, np.inf), np.full(2, -np.inf)
        self._area, self._measured = 0.0, False
        self._list = ProblemList()
        self._shapes: list[Shapes] = []
        self._ids: list[Any] = []

    def start(self) -> Sink:
        """Begin anew; what takes the batches."""
        self._reset()
        return self._add

    def _add(self, measured: Measured) -> None:
        if not self.features:
            self.columns = columns_of(measured.batch.table)
        self.features += measured.batch.table.num_rows
        self.vertices += measured.vertices
        kinds, counts = np.unique(measured.kinds, return_counts=True)
        self._kinds.update(dict(zip(kinds.tolist(), counts.tolist(), strict=True)))
        self._widen(measured)
        self._area += float(np.nansum(measured.areas))
        self._measured |= bool(np.isfinite(measured.areas).any())
        self._list.add(measured.problems)
        if measured.wkb is not None:
            self._list.add(self._comparing.problems(measured))
            if self._full:
                self._shapes.append(shapes_of(measured.wkb))
                self._ids += self._comparing.ids(measured) or []

    def _widen(self, measured: Measured) -> None:
        bounds = measured.bounds[(np.abs(measured.bounds) <= _EARTH).all(axis=1)]
        if len(bounds):
            self._low = np.minimum(self._low, bounds[:, :2].min(axis=0))
            self._high = np.maximum(self._high, bounds[:, 2:].max(axis=0))

    def finish(self, problems: ProblemList) -> None:
        """Hand over all problems, those between features last."""
        problems.merge(self._list)
        if self._full and self._shapes:
            shapes = np.concatenate(self._shapes)
            ids = self._ids if len(self._ids) == len(shapes) else None
            problems.add(layer_faults(shapes, ids))

    def types(self) -> dict[str, int]:
        """Features by type of geometry; those without any are not counted."""
        found = sorted((kind, count) for kind, count in self._kinds.items() if kind != NOTHING)
        return {KINDS[kind]: count for kind, count in found}

    def bbox(self, scanned: Scanned) -> Box | None:
        """The box of all features that have a place, in degrees."""
        if scanned.placement is None or not np.isfinite(self._low).all():
            return None
        return (
            float(self._low[0]), float(self._low[1]), float(self._high[0]), float(self._high[1]),
        )  # fmt: skip

    def area(self, scanned: Scanned) -> float | None:
        """The sum of all areas in m²; None without land, a place, or an area that can be told."""
        land = any(kind in LAND for kind in self._kinds)
        known = land and self._measured and scanned.placement is not None
        return self._area if known else None


def columns_of(table: pa.Table) -> tuple[Column, ...]:
    """The attributes of a table, with the first value of each that is there."""
    return tuple(
        Column(name, _type_word(table.schema.field(name).type), _sample(table.column(name)))
        for name in table.column_names
        if name != GEOMETRY
    )


def _named(names: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(Column(name, "other", "") for name in names)


def _sample(column: pa.ChunkedArray) -> str:
    for value in column.slice(0, 1000).to_pylist():
        if value is not None and str(value).strip():
            words = " ".join(str(value).split())
            return words if len(words) <= _SAMPLE else words[: _SAMPLE - 1] + "…"
    return ""


def _type_word(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    tests = (
        ("boolean", pa.types.is_boolean), ("integer", pa.types.is_integer),
        ("number", pa.types.is_floating), ("number", pa.types.is_decimal),
        ("date", pa.types.is_date), ("datetime", pa.types.is_timestamp),
        ("text", pa.types.is_string), ("text", pa.types.is_large_string),
        ("text", pa.types.is_string_view),
    )  # fmt: skip
    return next((word for word, test in tests if test(kind)), "other")


def _candidates(scanned: Scanned) -> tuple[Candidate, ...]:
    """Every system that is still possible, and where the data would lie in it."""
    if scanned.placement is not None:
        return ()
    return tuple(
        Candidate(
            one.system.key, one.system.name("zh"), one.system.name("en"),
            _box_in_degrees(scanned.native, one),
        )
        for one in previews(scanned.verdict)
    )  # fmt: skip


def _box_in_degrees(box: Box | None, placement: Placement) -> Box | None:
    """The degrees around a box of the file's coordinates: its edges bend on their way."""
    if box is None:
        return None
    x0, y0, x1, y1 = box
    t = np.linspace(0.0, 1.0, _EDGE)
    xs, ys = x0 + t * (x1 - x0), y0 + t * (y1 - y0)
    edges: Floats = np.concatenate(
        [np.stack(pair, axis=1) for pair in (
            (xs, np.full(_EDGE, y0)), (xs, np.full(_EDGE, y1)),
            (np.full(_EDGE, x0), ys), (np.full(_EDGE, x1), ys),
        )]
    )  # fmt: skip
    placed = points_to_degrees(edges, placement)
    if not np.isfinite(placed).all():
        return None
    low, high = placed.min(axis=0), placed.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
