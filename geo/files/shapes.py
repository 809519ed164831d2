"""Geometries put together from a stranger's coordinates: what can be kept is, the rest is told.

Rings that are not closed are closed, those of too few points are left out, points that are no
numbers cost the geometry. What was found goes into `Found`, one for each feature.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from geo.files import wkb
from geo.files.wkb import Floats
from geo.problems import Level, Problem

_LISTED: Final = 1_000  # of a code per file; the others are counted
_ARC_STEP: Final = np.radians(1.0)
_CIRCULAR, _COMPOUND, _CURVE_POLYGON, _MULTICURVE, _MULTISURFACE = range(8, 13)
_POLYHEDRAL, _TIN, _TRIANGLE = 15, 16, 17
_FEW: Final = 16  # points up to which a ring is looked through for three different ones
_MOST_ARC_POINTS: Final = 1_000_000

KINDS: Final[dict[str, tuple[Level, str, str]]] = {
    "unclosed_ring": ("warning", "环没有闭合，已按首点闭合",
                      "the ring is not closed; it was closed with its first point"),
    "ring_direction": ("warning", "环的方向与规定相反，外环和孔已按包含关系认定，请在图上核对",
                       "its rings run the wrong way; outlines and holes were told by where they "
                       "lie, check them on the map"),
    "short_ring": ("error", "环不足三个不同的点，未读入",
                   "the ring has fewer than three different points and was left out"),
    "short_line": ("error", "线不足两个点，未读入",
                   "the line has fewer than two points and was left out"),
    "not_finite": ("error", "坐标不是有限的数，图形未读入",
                   "coordinates are no finite numbers; the geometry was left out"),
    "bad_geometry": ("error", "图形写法有误，未读入",
                     "the geometry is not written as it must be and was left out"),
    "curve_flattened": ("warning", "曲线已化为折线，每段不超过 1 度",
                        "curves were flattened, in steps of at most one degree"),
    "surface_flattened": ("warning", "三维面已压平为平面图形",
                          "a surface in space was laid flat"),
    "z_dropped": ("warning", "高程（Z/M）未读入", "heights (Z/M) were left out"),
}  # fmt: skip


class BadShapeError(ValueError):
    """Coordinates are not written as they must be; the code is one of KINDS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Found:
    """What was found in one feature: codes with the ring's number (0 for the whole feature)."""

    codes: list[tuple[str, int]] = field(default_factory=list)
    rings: int = 0
    high: bool = False
    vertices: int = 0
    longest: int = 0

    def add(self, code: str, ring: int = 0) -> None:
        """Note it."""
        self.codes.append((code, ring))


class Teller:
    """Makes problems of what was found; after many of a kind only their number is told."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self._more: dict[str, int] = {}
        self._high = False
        self._problems: list[Problem] = []

    def add(
        self, code: str, feature: int | None, *, ring: int = 0, line: int | None = None,
        field: str = "", words: tuple[str, str] | None = None, level: Level | None = None,
    ) -> None:  # fmt: skip
        """Tell something about a feature; `words` (zh, en) stand for those of KINDS."""
        self._told[code] = self._told.get(code, 0) + 1
        if self._told[code] > _LISTED:
            self._more[code] = self._more.get(code, 0) + 1
            return
        kind = KINDS.get(code, ("warning", "", ""))
        zh, en = words or kind[1:]
        where_zh = "".join(
            (f"第 {feature} 个要素" if feature else "", f"第 {ring} 环" if ring else "",
             f"（第 {line} 行）" if line else "")
        )  # fmt: skip
        where_en = ", ".join(
            text for text, there in (
                (f"feature {feature}", feature), (f"ring {ring}", ring), (f"line {line}", line)
            ) if there
        )  # fmt: skip
        self._problems.append(
            Problem(
                code, level or kind[0], f"{where_zh}：{zh}" if where_zh else zh,
                f"{where_en}: {en}" if where_en else en, feature=feature, ring=ring or None,
                line=line, field=field,
            )
        )  # fmt: skip

    def add_found(self, found: Found, feature: int, line: int | None = None) -> None:
        """Tell all that was found in a feature."""
        for code, ring in found.codes:
            self.add(code, feature, ring=ring, line=line)
        if found.high:
            self.add_high()

    def add_high(self) -> None:
        """Tell once that heights were left out."""
        if not self._high:
            self._high = True
            self.add("z_dropped", None)

    def take(self) -> tuple[Problem, ...]:
        """The problems since the last time."""
        for code, count in self._more.items():
            level, zh, en = KINDS.get(code, ("warning", "同类问题", "of the same kind"))
            self._problems.append(
                Problem(code, level, f"另有 {count} 处：{zh}", f"{count} more: {en}", count=count)
            )
        taken = tuple(self._problems)
        self._problems, self._more = [], {}
        return taken


def points_2d(values: Any, found: Found) -> Floats:
    """Positions (n, 2) from a list of positions of 2 to 4 numbers.

    Raises:
        BadShapeError: "bad_geometry" for anything but numbers, "not_finite" for NaN and infinities.
    """
    try:
        coords = np.array(values)
    except (ValueError, TypeError, OverflowError):
        coords = _uneven(values)
        found.high = True
    if coords.size == 0:
        return np.empty((0, 2))
    if coords.ndim != 2 or coords.dtype.kind not in "iuf" or not 2 <= coords.shape[1] <= 4:
        raise BadShapeError("bad_geometry")
    if coords.shape[1] > 2:
        found.high |= bool(np.any(coords[:, 2:]))
        coords = coords[:, :2]
    coords = np.asarray(coords, dtype=np.float64)
    if not np.isfinite(coords).all():
        raise BadShapeError("not_finite")
    found.vertices += len(coords)
    found.longest = max(found.longest, len(coords))
    return coords


def _uneven(values: Any) -> Any:
    """Positions of which some have a height and others have none."""
    try:
        return np.array([position[:2] for position in values])
    except (ValueError, TypeError, OverflowError, KeyError, IndexError) as error:
        raise BadShapeError("bad_geometry") from error


def closed_ring(coords: Floats, found: Found) -> Floats | None:
    """A ring (n, 2) that is closed, or None for one of too few points; counts the ring."""
    found.rings += 1
    if len(coords) <= _FEW and len({(x, y) for x, y in coords.tolist()}) < 3:
        found.add("short_ring", found.rings)
        return None
    first, last = coords[0], coords[-1]
    if first[0] != last[0] or first[1] != last[1]:
        found.add("unclosed_ring", found.rings)
        return np.vstack([coords, coords[:1]])
    return coords


def polygon_wkb(rings: Iterable[Floats], found: Found) -> bytes | None:
    """A polygon of its rings, the outer one first; None where the outer one can't be kept."""
    kept: list[Floats] = []
    for number, coords in enumerate(rings):
        ring = closed_ring(coords, found)
        if ring is not None and (number == 0 or kept):
            kept.append(ring)
    return wkb.polygon(kept) if kept else None


def line_wkb(coords: Floats, found: Found) -> bytes | None:
    """A line, or None for one of a single point."""
    if len(coords) < 2:
        found.add("short_line")
        return None
    return wkb.line(coords)


def gathered(kind: int, parts: Sequence[bytes | None]) -> bytes | None:
    """The parts that could be kept, as one geometry; None if there was one and none was kept."""
    kept = [part for part in parts if part is not None]
    if parts and not kept:
        return None
    return wkb.collected(kind, kept)


def salvage(data: bytes) -> tuple[bytes | None, Found]:
    """A 2D geometry that GEOS reads, from WKB that it would not; None where nothing can be kept."""
    found = Found()
    try:
        shape, _ = _Parser(data, found).shape(0, 0)
    except BadShapeError as error:
        found.add(error.code)
        return None, found
    except (struct.error, ValueError, IndexError, OverflowError):
        found.add("bad_geometry")
        return None, found
    return shape, found


class _Parser:
    """WKB of any flavour, taken apart; every method gives what it read and where it ended."""

    def __init__(self, data: bytes, found: Found) -> None:
        self.data = data
        self.found = found

    def shape(self, at: int, depth: int) -> tuple[bytes | None, int]:
        kind, dims, order, at = self._head(at)
        if depth > wkb.DEEPEST:
            raise BadShapeError("bad_geometry")
        if kind == wkb.POINT:
            coords, at = self._coords(at, 1, dims, order)
            return wkb.point(*coords[0]), at
        if kind in (wkb.LINE, _CIRCULAR, _COMPOUND):
            coords, at = self._curve(at, kind, dims, order, depth)
            return line_wkb(coords, self.found), at
        if kind in (wkb.POLYGON, _TRIANGLE, _CURVE_POLYGON):
            return self._polygon(at, kind, dims, order, depth)
        return self._many(at, kind, order, depth)

    def _head(self, at: int) -> tuple[int, int, str, int]:
        order = "<" if self.data[at] == 1 else ">"
        (raw,) = struct.unpack_from(order + "I", self.data, at + 1)
        kind, dims = wkb.split_type(raw)
        if dims > 2:
            self.found.high = True
        return kind, dims, order, at + (9 if raw & 0x20000000 else 5)

    def _count(self, at: int, order: str) -> tuple[int, int]:
        (count,) = struct.unpack_from(order + "I", self.data, at)
        if count > len(self.data):  # each part has at least a byte
            raise BadShapeError("bad_geometry")
        return count, at + 4

    def _coords(self, at: int, count: int, dims: int, order: str) -> tuple[Floats, int]:
        flat = np.frombuffer(self.data, dtype=f"{order}f8", count=count * dims, offset=at)
        coords = flat.reshape(count, dims)[:, :2].astype(np.float64)
        if not np.isfinite(coords).all():
            raise BadShapeError("not_finite")
        self.found.vertices += count
        self.found.longest = max(self.found.longest, count)
        return coords, at + 8 * count * dims

    def _curve(self, at: int, kind: int, dims: int, order: str, depth: int) -> tuple[Floats, int]:
        count, at = self._count(at, order)
        if kind != _COMPOUND:
            coords, at = self._coords(at, count, dims, order)
            return (self._arcs(coords) if kind == _CIRCULAR else coords), at
        pieces: list[Floats] = []
        for _ in range(count):
            if depth > wkb.DEEPEST:
                raise BadShapeError("bad_geometry")
            inner, inner_dims, inner_order, at = self._head(at)
            if inner not in (wkb.LINE, _CIRCULAR):
                raise BadShapeError("bad_geometry")
            piece, at = self._curve(at, inner, inner_dims, inner_order, depth + 1)
            pieces.append(piece[1:] if pieces and len(piece) else piece)
        return (np.vstack(pieces) if pieces else np.empty((0, 2))), at

    def _arcs(self, coords: Floats) -> Floats:
        self.found.add("curve_flattened")
        runs = [coords[:1]]
        for i in range(0, len(coords) - 2, 2):
            runs.append(arc_through(*coords[i : i + 3])[1:])
            self.found.vertices += len(runs[-1])
            if self.found.vertices > _MOST_ARC_POINTS + len(self.data):
                raise BadShapeError("bad_geometry")
        return np.vstack(runs)

    def _polygon(
        self, at: int, kind: int, dims: int, order: str, depth: int
    ) -> tuple[bytes | None, int]:
        count, at = self._count(at, order)
        rings = []
        for _ in range(count):
            if kind == _CURVE_POLYGON:
                inner, inner_dims, inner_order, at = self._head(at)
                if inner not in (wkb.LINE, _CIRCULAR, _COMPOUND):
                    raise BadShapeError("bad_geometry")
                ring, at = self._curve(at, inner, inner_dims, inner_order, depth + 1)
            else:
                points, at = self._count(at, order)
                ring, at = self._coords(at, points, dims, order)
            rings.append(ring)
        if not rings:
            return wkb.polygon([]), at
        return polygon_wkb(rings, self.found), at

    def _many(self, at: int, kind: int, order: str, depth: int) -> tuple[bytes | None, int]:
        into = {_MULTICURVE: wkb.MULTILINE, _MULTISURFACE: wkb.MULTIPOLYGON,
                _POLYHEDRAL: wkb.MULTIPOLYGON, _TIN: wkb.MULTIPOLYGON}.get(kind, kind)  # fmt: skip
        if into not in (wkb.MULTIPOINT, wkb.MULTILINE, wkb.MULTIPOLYGON, wkb.COLLECTION):
            raise BadShapeError("bad_geometry")
        if kind in (_POLYHEDRAL, _TIN):
            self.found.add("surface_flattened")
        count, at = self._count(at, order)
        parts: list[bytes | None] = []
        child = {wkb.MULTIPOINT: wkb.POINT, wkb.MULTILINE: wkb.LINE,
                 wkb.MULTIPOLYGON: wkb.POLYGON}.get(into)  # fmt: skip
        for _ in range(count):
            part, at = self.shape(at, depth + 1)
            if part is not None and child and part[1] != child:
                raise BadShapeError("bad_geometry")
            parts.append(part)
        return gathered(into, parts), at


def arc_through(start: Floats, middle: Floats, end: Floats) -> Floats:
    """Points along the circular arc through three points, both ends included (n, 2).

    A full circle where start and end are one; straight where the three are in a line.
    """
    if (start == end).all():
        centre = (start + middle) / 2
        turn = 2 * np.pi
    else:
        ax, ay = middle - start
        bx, by = end - start
        cross = 2 * (ax * by - ay * bx)
        if abs(cross) < 1e-12 * max(1e-300, float(np.hypot(ax, ay) * np.hypot(bx, by))):
            return np.array([start, middle, end])
        a, b = ax * ax + ay * ay, bx * bx + by * by
        centre = start + np.array([by * a - ay * b, ax * b - bx * a]) / cross
        at = [float(np.arctan2(*(p - centre)[::-1])) for p in (start, middle, end)]
        turn = (at[2] - at[0]) % (2 * np.pi)
        if (at[1] - at[0]) % (2 * np.pi) > turn:
            turn -= 2 * np.pi
    steps = max(2, int(np.ceil(abs(turn) / _ARC_STEP)))
    angle = np.arctan2(*(start - centre)[::-1]) + turn * np.arange(steps + 1) / steps
    radius = float(np.hypot(*(start - centre)))
    run = centre + radius * np.column_stack([np.cos(angle), np.sin(angle)])
    run[0], run[-1] = start, end
    return np.asarray(run)
