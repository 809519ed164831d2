"""The ledger of a proposal: gross land, less each exclusion once and in order, down to the rest.

Rules go by a list. Every rule that takes land takes it from what the rules before it left, so no
ground is counted twice and the lines always add up to the gross, whatever the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import shapely

from geo.layerfile import open_layer
from geo.overlay import Clipped, pieces_plane, polygonal, zone_to_plane
from geo.plane import on_grid, to_degrees
from geo.problems import Problem
from geo.rules import Rule

LineKind = Literal["exclude", "usable", "redevelopable", "rest"]
Status = Literal["ok", "no_layer", "not_covered", "partly_covered"]

TOLERANCE_M2: Final = 1.0
_CRUMB_M2: Final = 0.01  # what is smaller is rounding: it counts for no rule and is not drawn
_APART_M: Final = 1e-4
_STRAIGHT_M: Final = 25.0  # an edge of this length is bent by a hundredth of a millimetre


@dataclass(frozen=True, slots=True)
class LayerSource:
    """A version of a layer on disk, and features of it that do not count.

    Those are the ones whose `leave_out_column` has a value of `leave_out`.
    """

    name: str
    path: Path
    version: int
    leave_out: frozenset[str] = frozenset()
    leave_out_column: str = "place_id"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger.

    `area_m2` is what the line counts, `touched_m2` the rule's whole area within the gross, also
    what earlier lines took. `geometry` is the counted land (EPSG:4490 degrees). A line whose
    layer is missing counts nothing, and its status says that this is not known.
    """

    kind: LineKind
    rule: Rule | None
    area_m2: float
    touched_m2: float
    geometry: Any
    version: int | None
    status: Status


@dataclass(frozen=True, slots=True)
class Flag:
    """What a rule points out without taking it: m² and land (EPSG:4490 degrees)."""

    rule: Rule
    area_m2: float
    geometry: Any
    version: int | None
    status: Status


@dataclass(frozen=True, slots=True)
class Ledger:
    """Lines that add up to `gross_m2`, in the order of the rules, the rest last."""

    gross_m2: float
    lines: tuple[Line, ...]
    flags: tuple[Flag, ...]
    problems: tuple[Problem, ...]

    @property
    def excluded_m2(self) -> float:
        """Land that the exclusions took."""
        return self._sum("exclude")

    @property
    def usable_m2(self) -> float:
        """Land counted as usable (可利用土地)."""
        return self._sum("usable")

    @property
    def redevelopable_m2(self) -> float:
        """Land counted as redevelopable (可更新用地)."""
        return self._sum("redevelopable")

    @property
    def rest_m2(self) -> float:
        """Land that no rule took."""
        return self._sum("rest")

    @property
    def final(self) -> bool:
        """Whether every layer that a rule names was there and covered the land."""
        return all(line.status == "ok" for line in self.lines)

    def _sum(self, kind: LineKind) -> float:
        return sum(line.area_m2 for line in self.lines if line.kind == kind)

    def whole_m2(self) -> tuple[int, ...]:
        """The lines in whole m² that add up to the gross in whole m² (largest remainders)."""
        exact = np.array([line.area_m2 for line in self.lines])
        whole = np.floor(exact).astype(np.int64)
        lacking = round(self.gross_m2) - int(whole.sum())
        order = np.argsort(-(exact - whole), kind="stable")
        for step in range(abs(lacking)):
            whole[order[step % len(order)]] += 1 if lacking > 0 else -1
        return tuple(int(m2) for m2 in whole)


def make_ledger(subject: Any, rules: Sequence[Rule], layers: Mapping[str, LayerSource]) -> Ledger:
    """Split land by rules.

    Args:
        subject: the land, a polygon in EPSG:4490 degrees.
        rules: in order; those that are not enabled are passed over.
        layers: the layers by name, as far as they are there.

    A layer with classes (land use) is expected to cover the land; what it leaves open is a
    problem and marks its lines `partly_covered`. A layer without classes (a red line) may well
    not touch the land; only when the land lies outside all of the layer's box it is
    `not_covered`.

    Raises:
        InvalidShapeError: the land crosses itself, is empty or no polygon.
        LayerFileError: a layer can't be read or lacks a column that a rule names.
    """
    plane = zone_to_plane(subject)
    maker = _Maker(plane, layers)
    for rule in rules:
        if rule.enabled:
            maker.apply(rule)
    return maker.finish()


class _Maker:
    """Takes land rule by rule, all in the plane."""

    def __init__(self, plane: Any, layers: Mapping[str, LayerSource]) -> None:
        self.plane = plane
        self.rest = plane
        self.layers = layers
        self.lines: list[Line] = []
        self.flags: list[Flag] = []
        self.problems: list[Problem] = []
        self.read: dict[tuple[str, str], Clipped] = {}
        self.status: dict[tuple[str, str], Status] = {}

    def apply(self, rule: Rule) -> None:
        """One rule: its land is united and, unless it only flags, taken from the rest."""
        source = self.layers.get(rule.layer)
        if source is None:
            self._say(_no_layer(rule))
            self._add(rule, None, None, None, "no_layer")
            return
        clipped, status = self._clipped(rule, source)
        if status == "not_covered":
            self._add(rule, None, None, source.version, status)
            return
        chosen = [rule.matches(str(name)) for name in clipped.names]
        land = united(clipped.shapes[np.asarray(chosen, dtype=bool)])
        if rule.where == "outside":
            land = _cut(shapely.difference, self.plane, land)
        counted = land if rule.action == "flag" else _cut(shapely.intersection, land, self.rest)
        self._add(rule, land, counted, source.version, status)

    def _add(
        self, rule: Rule, land: Any, counted: Any, version: int | None, status: Status
    ) -> None:
        area = 0.0 if counted is None else float(shapely.area(counted))
        area = area if area > _CRUMB_M2 else 0.0
        shape = None if counted is None or area == 0 else _degrees(counted)
        if rule.action == "flag":
            self.flags.append(Flag(rule, area, shape, version, status))
            return
        touched = 0.0 if land is None else float(shapely.area(land))
        if area > 0:
            rest = _cut(shapely.difference, self.rest, counted)
            # What the cut leaves decides, so that the lines add up whatever GEOS rounds.
            area = float(shapely.area(self.rest)) - float(shapely.area(rest))
            self.rest = rest
        self.lines.append(Line(rule.action, rule, area, touched, shape, version, status))

    def _clipped(self, rule: Rule, source: LayerSource) -> tuple[Clipped, Status]:
        """The layer cut to the land, read once for all rules on the same column."""
        key = (rule.layer, rule.column)
        if key not in self.read:
            clipped = pieces_plane(
                self.plane, source.path, by=rule.column or None,
                leave_out=(source.leave_out_column, source.leave_out),
            )  # fmt: skip
            self.read[key] = clipped
            self.status[key] = self._coverage(rule, source, clipped)
            for problem in clipped.problems:
                self._say(problem)
        return self.read[key], self.status[key]

    def _coverage(self, rule: Rule, source: LayerSource, clipped: Clipped) -> Status:
        gross = float(shapely.area(self.plane))
        if rule.column and rule.action != "flag":
            open_m2 = gross - float(clipped.areas.sum())
            if not len(clipped.names):
                self._say(_partly(rule, gross, gross))
                return "not_covered"
            if open_m2 > max(TOLERANCE_M2, 1e-9 * gross):
                self._say(_partly(rule, open_m2, gross))
                return "partly_covered"
            if open_m2 < -max(TOLERANCE_M2, 1e-9 * gross):
                self._say(_overlapping(rule, -open_m2))
            return "ok"
        if not len(clipped.names) and _apart(self.plane, source.path):
            self._say(_partly(rule, gross, gross))
            return "not_covered"
        return "ok"

    def _say(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def finish(self) -> Ledger:
        """The ledger, with the rest as its last line."""
        area = float(shapely.area(self.rest))
        shape = _degrees(self.rest) if area > _CRUMB_M2 else None
        self.lines.append(Line("rest", None, area, area, shape, None, "ok"))
        gross = float(shapely.area(self.plane))
        return Ledger(gross, tuple(self.lines), tuple(self.flags), tuple(self.problems))


def united(shapes: Any) -> Any:
    """The union of polygons of the plane, empty for none.

    Where they form a coverage, the quick union is the right one; else they are really united.
    """
    if not len(shapes):
        return shapely.Polygon()
    if shapely.coverage_is_valid(shapes):
        return shapely.coverage_union_all(shapes)
    return _land(on_grid(shapely.union_all, shapes))


def _cut(operation: Any, a: Any, b: Any) -> Any:
    """A set operation on polygons, without the lines and points that touching leaves."""
    return _land(on_grid(operation, a, b))


def _degrees(plane: Any) -> Any:
    """Land in degrees, valid there too and of the same area.

    What is straight in the plane is bent in degrees, by a metre in ten kilometres; so outlines that
    run closely along each other may cross there. Mending that by its lines would fill holes and
    count ground twice. Instead, outlines nearer than _APART_M are first made one, and long edges
    cut: then the bend is smaller than what is left between any two of them.
    """
    shape = to_degrees(plane)
    if shapely.is_valid(shape):
        return shape
    apart = shapely.set_precision(plane, _APART_M)
    shape = to_degrees(shapely.segmentize(_land(apart), _STRAIGHT_M))
    if shapely.is_valid(shape):
        return shape
    return _land(shapely.make_valid(shape, method="structure", keep_collapsed=False))


def _land(shape: Any) -> Any:
    """The polygons of a geometry."""
    return polygonal(np.array([shape], dtype=object))[0]


def _apart(plane: Any, path: Path) -> bool:
    """Whether the land lies outside the box of everything in a layer."""
    extent = open_layer(path).extent
    if extent is None:
        return False
    low, high = extent[:2], extent[2:]
    west, south, east, north = shapely.bounds(to_degrees(plane))
    return bool(west > high[0] or east < low[0] or south > high[1] or north < low[1])


def _no_layer(rule: Rule) -> Problem:
    return Problem(
        "no_layer", "warning",
        f"规则“{rule.name_zh}”：工作区没有图层 {rule.layer}，未扣除；结果不完整，请先导入该图层",
        f"rule “{rule.name_en or rule.name_zh}”: the workspace has no layer {rule.layer}; nothing "
        "was taken, the result is not complete: import the layer first",
    )  # fmt: skip


def _partly(rule: Rule, open_m2: float, gross: float) -> Problem:
    share = 100 * open_m2 / gross
    return Problem(
        "partly_covered" if open_m2 < gross else "not_covered", "warning",
        f"图层 {rule.layer} 未覆盖 {open_m2 / 1e4:.2f} 公顷（{share:.2f}%），这部分不能判断",
        f"the layer {rule.layer} leaves {open_m2 / 1e4:.2f} ha ({share:.2f} %) open, of which "
        "nothing is known",
    )  # fmt: skip


def _overlapping(rule: Rule, m2: float) -> Problem:
    return Problem(
        "overlapping_classes", "warning",
        f"图层 {rule.layer} 内有重叠 {m2 / 1e4:.2f} 公顷，按规则顺序只计一次",
        f"{m2 / 1e4:.2f} ha of the layer {rule.layer} lie under more than one feature; counted "
        "once, in the order of the rules",
    )  # fmt: skip
