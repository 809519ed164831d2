"""Pieces of a drawing as a table of features: rings closed, hatches sorted out, texts as labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely

from geo.errors import LimitError
from geo.files.curves import Floats
from geo.files.dxfshapes import Piece
from geo.files.featurefile import GEOMETRY
from geo.limits import Limits
from geo.problems import Level, Problem

COLUMNS: Final = ("layer", "type", "colour", "text", "label", "block", "extended")
_LARGEST: Final = 1e12  # drawing units from the origin; the Earth is 4e10 mm around
_NEAR: Final = 0.01  # a gap that is a smaller part of a line's length was meant to be closed
_HATCH_RINGS: Final = 5_000
_LABEL_PAIRS: Final = 20_000_000
_LABEL_CHUNK: Final = 2_000_000
_LABELS: Final = 20  # texts on one polygon
_LISTED: Final = 1_000  # features of one kind of problem; the others are counted
_FILLS: Final = frozenset({"HATCH", "MPOLYGON", "SOLID", "TRACE", "3DFACE"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """The features of a drawing: a table with COLUMNS and GEOMETRY, its layers, its problems."""

    table: pa.Table
    layers: tuple[str, ...]
    problems: tuple[Problem, ...]


def drawn(pieces: Iterable[Piece], *, only: str, limits: Limits) -> Drawn:
    """All pieces, or those of one layer, as features numbered from 1.

    Raises:
        LimitError: a ring has more than `limits.ring_vertices`.
    """
    layers: dict[str, None] = {}
    kept: list[Piece] = []
    texts: list[tuple[Any, Piece]] = []  # of all layers: CAD keeps labels on a layer of their own
    for piece in pieces:
        layers.setdefault(piece.layer)
        if piece.text and all(map(_usable, piece.rings)):
            texts.append((piece.rings[0][0, :2], piece))
        if not only or piece.layer == only:
            kept.append(piece)
    report = _Report()
    shapes = _shapes(kept, report, limits)
    labels = _labels(shapes, kept, texts, report)
    columns: list[Sequence[str | None]] = [
        [piece.layer for piece in kept], [piece.kind for piece in kept],
        [piece.colour or None for piece in kept], [piece.text or None for piece in kept], labels,
        [piece.block or None for piece in kept], [piece.extended or None for piece in kept],
    ]  # fmt: skip
    arrays = [pa.array(values, pa.string()) for values in columns]
    wkb = pa.array(shapely.to_wkb(shapes, include_srid=False), pa.binary())
    table = pa.Table.from_arrays([*arrays, wkb], names=[*COLUMNS, GEOMETRY])
    return Drawn(table, tuple(sorted(layers)), report.problems())


class _Report:
    """Problems of single features; those that a drawing has by hundreds are told once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._count: Counter[str] = Counter()
        self._open: list[int] = []
        self._raised: list[int] = []

    def add(self, code: str, zh: str, en: str, feature: int, **place: Any) -> None:
        self._count[code] += 1
        if self._count[code] > _LISTED:
            return
        level: Level = "warning" if code in {"unclosed_ring", "short_ring"} else "error"
        self._found.append(Problem(code, level, zh, en, feature=feature, **place))

    def open_line(self, feature: int) -> None:
        self._open.append(feature)

    def raised(self, feature: int) -> None:
        self._raised.append(feature)

    def warn(self, code: str, zh: str, en: str) -> None:
        self._found.append(Problem(code, "warning", zh, en))

    def problems(self) -> tuple[Problem, ...]:
        found = list(self._found)
        for code, count in self._count.items():
            if count > _LISTED:
                more = count - _LISTED
                zh, en = f"另有 {more} 处同类问题", f"{more} more of this kind"
                found.append(Problem(code, "warning", zh, en, count=more))
        if self._open:
            found.append(
                Problem(
                    "open_polyline", "warning",
                    f"{len(self._open)} 条多段线没有闭合，按线读入；若应是地块，请在 CAD 中闭合",
                    f"open polylines, read as lines: {len(self._open)}; close them in CAD if they "
                    "are parcels",
                    count=len(self._open), feature=self._open[0],
                )
            )  # fmt: skip
        if self._raised:
            found.append(
                Problem(
                    "z_dropped", "warning",
                    f"{len(self._raised)} 个要素的高程未保留",
                    f"features whose heights were dropped: {len(self._raised)}",
                    count=len(self._raised), feature=self._raised[0],
                )
            )  # fmt: skip
        return tuple(found)


def _shapes(pieces: Sequence[Piece], report: _Report, limits: Limits) -> Any:
    """The geometry of each piece in x and y, or None; what is odd goes into the report.

    Raises:
        LimitError: see `drawn`.
    """
    shapes = np.empty(len(pieces), dtype=object)
    rings = [ring for piece in pieces for ring in piece.rings]
    if rings:
        of = np.repeat(np.arange(len(pieces)), [len(piece.rings) for piece in pieces])
        of_vertex = np.repeat(of, [len(ring) for ring in rings])
        vertices = np.concatenate(rings)
        # Written so that NaN is not usable.
        bad = np.unique(of_vertex[~(np.abs(vertices) < _LARGEST).all(axis=1)])
        for index in np.unique(of_vertex[vertices[:, 2] != 0]):
            report.raised(int(index) + 1)
        dots = np.array([i for i, p in enumerate(pieces) if p.form == "point" and p.rings], int)
        dots = np.setdiff1d(dots, bad)
        shapes[dots] = shapely.points(vertices[np.searchsorted(of_vertex, dots), :2])
        unusable = set(bad.tolist())
    else:
        unusable = set()
    for index, piece in enumerate(pieces):
        if shapes[index] is None:
            shapes[index] = _shape(piece, index + 1, report, limits, usable=index not in unusable)
    return shapes


def _shape(piece: Piece, number: int, report: _Report, limits: Limits, *, usable: bool) -> Any:
    """The geometry of one line or polygon."""
    if not usable:
        report.add(
            "not_finite", f"{piece.kind} 的坐标不是有限的数，或大得不可能；未取其图形",
            f"{piece.kind} has coordinates that are no numbers or impossibly large: left out",
            number,
        )  # fmt: skip
        return None
    rings = [ring[:, :2] for ring in piece.rings if len(ring)]
    if not rings:
        if piece.form == "polygon":
            report.add(
                "short_ring", f"{piece.kind} 没有边界", f"{piece.kind} has no boundary", number
            )
        return None
    longest = max(len(ring) for ring in rings)
    if longest > limits.ring_vertices:
        raise LimitError(
            f"第 {number} 个要素的一个环有 {longest} 个顶点，上限 {limits.ring_vertices} / "
            f"a ring of feature {number} has {longest} vertices, the limit is "
            f"{limits.ring_vertices}",
            code="ring_too_long", feature=number,
        )  # fmt: skip
    if piece.form == "line":
        return _line(piece, rings[0], number, report)
    return _polygon(piece, rings, number, report)


def _usable(ring: Floats) -> bool:
    # Written so that NaN is not usable.
    return bool(len(ring)) and bool((np.abs(ring) < _LARGEST).all())


def _line(piece: Piece, run: Floats, number: int, report: _Report) -> Any:
    corners = _distinct(run)
    if len(corners) < 2:
        report.add(
            "short_ring", f"{piece.kind} 只有一个点，按点读入", f"{piece.kind} is a single point",
            number, x=float(corners[0, 0]), y=float(corners[0, 1]),
        )  # fmt: skip
        return shapely.Point(corners[0])
    if piece.kind not in {"LWPOLYLINE", "POLYLINE", "SPLINE"}:
        return shapely.LineString(corners)
    if np.array_equal(corners[0], corners[-1]) and len(corners) > 3:
        return shapely.Polygon(corners)  # closed by hand instead of by its flag
    gap = float(np.hypot(*(corners[0] - corners[-1])))
    length = float(np.hypot(*np.diff(corners, axis=0).T).sum())
    if len(corners) > 3 and gap <= length * _NEAR:
        report.add(
            "unclosed_ring",
            f"多段线首尾相距 {gap:.3f}（图形单位），没有闭合，按线读入；若应是地块，请闭合",
            f"the polyline's ends are {gap:.3f} drawing units apart; read as a line: close it if "
            "it is a parcel",
            number, x=float(corners[-1, 0]), y=float(corners[-1, 1]),
        )  # fmt: skip
    else:
        report.open_line(number)
    return shapely.LineString(corners)


def _polygon(piece: Piece, rings: list[Floats], number: int, report: _Report) -> Any:
    whole = []
    for ring in rings:
        corners = _distinct(ring)
        if len(corners) > 1 and np.array_equal(corners[0], corners[-1]):
            corners = corners[:-1]
        if len(corners) >= 3:
            whole.append(corners)
            continue
        report.add(
            "short_ring", f"{piece.kind} 的一个环不足 3 个不同的点",
            f"a ring of {piece.kind} has fewer than 3 different points", number,
            x=float(corners[0, 0]), y=float(corners[0, 1]),
        )  # fmt: skip
        if len(rings) == 1 and len(corners) == 2:
            return shapely.LineString(corners)
    if len(whole) <= 1:
        return shapely.Polygon(whole[0]) if whole else None
    if len(whole) > _HATCH_RINGS:
        report.add(
            "too_many_rings", f"填充有 {len(whole)} 个环，上限 {_HATCH_RINGS}；未取其图形",
            f"a hatch of {len(whole)} rings, the limit is {_HATCH_RINGS}: left out", number,
        )  # fmt: skip
        return None
    return _nested(whole)


def _nested(rings: list[Floats]) -> Any:
    """Rings as outer ones and holes by how many others each lies in; ring order does not count."""
    shells = shapely.polygons([shapely.linearrings(ring) for ring in rings])
    area = shapely.area(shells)
    inner, outer = shapely.STRtree(shells).query(
        shapely.points([ring[0] for ring in rings]), predicate="intersects"
    )
    # A ring lies in larger ones only; of equal ones, in the earlier.
    larger = (area[outer] > area[inner]) | ((area[outer] == area[inner]) & (outer < inner))
    inner, outer = inner[larger], outer[larger]
    depth = np.bincount(inner, minlength=len(rings))
    holes: dict[int, list[Floats]] = {int(i): [] for i in np.flatnonzero(depth % 2 == 0)}
    for i in np.flatnonzero(depth % 2):
        around = [j for j in outer[inner == i] if depth[j] == depth[i] - 1]
        if around:
            holes[int(min(around, key=lambda j: area[j]))].append(rings[i])
        else:
            holes[int(i)] = []
    parts = [shapely.Polygon(rings[i], inside) for i, inside in holes.items()]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _distinct(run: Floats) -> Floats:
    """Points without repetitions of the one before."""
    if len(run) < 2:
        return run
    moved = np.any(run[1:] != run[:-1], axis=1)
    return np.asarray(run[np.concatenate([[True], moved])])


def _labels(
    shapes: Any, pieces: Sequence[Piece], texts: Sequence[tuple[Any, Piece]], report: _Report
) -> list[str | None]:
    """The texts that stand in each polygon.

    A text goes to the smallest outline around it and to the smallest fill, of those that came with
    the same block as the text.
    """
    labels: list[str | None] = [None] * len(pieces)
    areal = np.flatnonzero(np.isin(shapely.get_type_id(shapes), (3, 6)))
    if not texts or not len(areal):
        return labels
    tree = shapely.STRtree(shapely.points([at for at, _ in texts]))
    size = shapely.area(shapes[areal])
    of_block = [piece.block for _, piece in texts]
    owner: dict[tuple[int, bool], int] = {}  # the smallest polygon so far, by text and kind
    pairs, step = 0, max(1, _LABEL_CHUNK // len(texts))
    for start in range(0, len(areal), step):
        polygon, text = tree.query(shapes[areal[start : start + step]], predicate="contains")
        pairs += len(text)
        for p, t in zip((polygon + start).tolist(), text.tolist(), strict=True):
            piece = pieces[areal[p]]
            key = (t, piece.kind in _FILLS)
            if piece.block == of_block[t] and (key not in owner or size[p] < size[owner[key]]):
                owner[key] = p
        if pairs > _LABEL_PAIRS:
            report.warn(
                "labels_incomplete", "文字过多，未全部标到所在的多边形上",
                "too many texts inside polygons: not all became labels",
            )  # fmt: skip
            break
    found: dict[int, list[str]] = {}
    for (t, _), p in sorted(owner.items()):
        found.setdefault(int(areal[p]), []).append(texts[t][1].text)
    for index, inside in found.items():
        labels[index] = "; ".join(inside[:_LABELS])
    return labels
