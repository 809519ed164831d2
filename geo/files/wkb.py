"""Well-known binary (WKB) looked through without decoding it, and built from coordinates.

Files of strangers hold WKB that GEOS refuses (rings that are not closed, too short) or that goes on
for ever (collections in collections). Nearly all features are plain, and are told from the others
for a whole batch at once; only the others are walked through one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

POINT, LINE, POLYGON, MULTIPOINT, MULTILINE, MULTIPOLYGON, COLLECTION = range(1, 8)
DEEPEST: Final = 16  # collections in collections; real files have one or two levels
_U32: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<BI")
_PAIR: Final = struct.Struct("<2d")
_CHILD: Final = {MULTIPOINT: POINT, MULTILINE: LINE, MULTIPOLYGON: POLYGON}
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000


class OddError(ValueError):
    """A geometry is not plain: it must be taken apart and put together again."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a column found; rows count from 0.

    `odd` must be taken apart. `high` are well formed but have Z or M. `vertices` is their number in
    all rows but the odd ones, `longest` that of the longest ring or line (with an upper bound for
    the odd ones).
    """

    odd: Integers
    high: Integers
    vertices: int
    longest: int


def look(column: pa.Array) -> Look:
    """Tell the rows that GEOS will read as they are from those that need care."""
    starts, sizes, data = _layout(column)
    there = sizes > 0
    good, counts = _plain_rows(starts, sizes, data)
    missing = np.asarray(column.is_null().to_numpy(zero_copy_only=False), dtype=bool)
    good |= missing
    counts[~there] = 0
    vertices, longest = int(counts[good].sum()), int(counts[good].max(initial=0))
    odd, high = [], []
    for row in np.flatnonzero(~good):
        start, size = int(starts[row]), int(sizes[row])
        view = data[start : start + size].tobytes()
        try:
            walk = walked(view)
        except OddError:
            odd.append(row)
            longest = max(longest, size // 16)
            continue
        vertices += walk.vertices
        longest = max(longest, walk.longest)
        if walk.high:
            high.append(row)
    return Look(np.array(odd, dtype=np.int64), np.array(high, dtype=np.int64), vertices, longest)


def _layout(column: pa.Array) -> tuple[Integers, Integers, Bytes]:
    """Start and size in bytes of every row's value, and the bytes."""
    wide = pa.types.is_large_binary(column.type)
    _, offsets, values = column.buffers()
    kind = np.int64 if wide else np.int32
    edges: Integers = np.frombuffer(offsets, dtype=kind).astype(np.int64)
    edges = edges[column.offset : column.offset + len(column) + 1]
    data: Bytes = np.empty(0, np.uint8)
    if values is not None:
        data = np.frombuffer(values, dtype=np.uint8)
    sizes = np.diff(edges)
    if len(sizes) and (sizes.min() < 0 or edges[-1] > len(data)):
        raise ValueError("offsets outside of the values")
    return edges[:-1], sizes, data


def _gather(data: Bytes, starts: Integers, width: int) -> Bytes:
    """Some bytes from every start, (n, width); no start may lie less than `width` from the end."""
    if not len(starts):
        return np.empty((0, width), np.uint8)
    # Items of `width` bytes that begin at every byte: taking one copies it at once.
    items = np.ndarray((len(data) - width + 1,), f"V{width}", buffer=data.data, strides=(1,))
    found: Bytes = items[starts].view(np.uint8).reshape(-1, width)
    return found


def _u32(data: Bytes, starts: Integers) -> Integers:
    return _gather(data, starts, 4).view("<u4")[:, 0].astype(np.int64)


def _plain_rows(
    starts: Integers, sizes: Integers, data: Bytes
) -> tuple[NDArray[np.bool_], Integers]:
    """Which rows are plain 2D points, lines, polygons of one ring; and their vertices."""
    good = np.zeros(len(starts), dtype=bool)
    counts = np.zeros(len(starts), dtype=np.int64)
    rows = np.flatnonzero(sizes >= 9)
    if not len(rows):
        return good, counts
    begin, size = starts[rows], sizes[rows]
    head = _gather(data, begin, 9)
    kind = np.where(head[:, 0] == 1, np.ascontiguousarray(head[:, 1:5]).view("<u4")[:, 0], 0)
    count = np.ascontiguousarray(head[:, 5:9]).view("<u4")[:, 0].astype(np.int64)
    empty = (size == 9) & (count == 0) & (kind >= LINE) & (kind <= COLLECTION)
    point = (kind == POINT) & (size == 21)
    line = (kind == LINE) & (count >= 2) & (size == 9 + 16 * count)
    good[rows[empty | point | line]] = True
    counts[rows[point]] = 1
    counts[rows[line]] = count[line]
    # One ring: a polygon has its number of points 9 bytes in, a multipolygon of one 18 bytes in.
    for found, lead in ((kind == POLYGON, 9), (kind == MULTIPOLYGON, 18)):
        here = np.flatnonzero(found & (count == 1) & (size >= lead + 4 + 64))
        if lead == 18 and len(here):
            inner = _gather(data, begin[here] + 9, 9)
            expected = np.frombuffer(b"\x01\x03\0\0\0\x01\0\0\0", dtype=np.uint8)
            here = here[(inner == expected).all(axis=1)]
        if not len(here):
            continue
        points = _u32(data, begin[here] + lead)
        closed = _closed(data, begin[here] + lead + 4, begin[here] + size[here] - 16)
        whole = (points >= 4) & (size[here] == lead + 4 + 16 * points) & closed
        good[rows[here[whole]]] = True
        counts[rows[here[whole]]] = points[whole]
    return good, counts


def _closed(data: Bytes, first: Integers, last: Integers) -> NDArray[np.bool_]:
    """Whether the points at two places are the same; numbers that are none never are."""
    one, other = (_gather(data, at, 16).view("<f8") for at in (first, last))
    same: NDArray[np.bool_] = (one == other).all(axis=1)
    return same


@dataclass(slots=True)
class _Walk:
    vertices: int = 0
    longest: int = 0
    high: bool = False

    def add(self, points: int) -> None:
        self.vertices += points
        self.longest = max(self.longest, points)


def walked(data: bytes) -> _Walk:
    """Walk through one geometry.

    Raises:
        OddError: GEOS would not read it as it is, or it is nested too deep.
    """
    walk = _Walk()
    try:
        end = _step(data, 0, 0, walk, 0)
    except struct.error as error:
        raise OddError("cut short") from error
    if end != len(data):
        raise OddError("bytes left over")
    return walk


def _step(data: bytes, at: int, wanted: int, walk: _Walk, depth: int) -> int:
    order, raw = _HEAD.unpack_from(data, at)
    kind, dims = split_type(raw)
    if order != 1 or raw & _SRID or not POINT <= kind <= COLLECTION or depth > DEEPEST:
        raise OddError("type")
    if wanted and kind != wanted:
        raise OddError("part of another type")
    at += 5
    width = 8 * dims
    walk.high |= dims > 2
    if kind == POINT:
        walk.add(1)
        if at + width > len(data):
            raise OddError("cut short")
        return at + width
    count = int(_U32.unpack_from(data, at)[0])
    at += 4
    if kind == LINE:
        walk.add(count)
        if count == 1 or at + width * count > len(data):
            raise OddError("line")
        return at + width * count
    if kind == POLYGON:
        return _rings(data, at, count, width, walk)
    for _ in range(count):
        at = _step(data, at, _CHILD.get(kind, 0), walk, depth + 1)
    return at


def _rings(data: bytes, at: int, count: int, width: int, walk: _Walk) -> int:
    for _ in range(count):
        (points,) = _U32.unpack_from(data, at)
        at += 4
        end = at + width * points
        if points < 4 or end > len(data):
            raise OddError("ring")
        if _PAIR.unpack_from(data, at) != _PAIR.unpack_from(data, end - width):
            raise OddError("not closed")
        walk.add(points)
        at = end
    return at


def split_type(raw: int) -> tuple[int, int]:
    """Base type and number of dimensions of a WKB type, in ISO's and PostGIS's way of saying it."""
    flags = bool(raw & _Z) + bool(raw & _M)
    plain = raw & 0x0FFFFFFF
    thousands, base = divmod(plain, 1000)
    if thousands > 3:
        return 0, 2
    return base, 2 + max(flags, (0, 1, 1, 2)[thousands])


# Building: all of it little-endian and 2D.


def point(x: float, y: float) -> bytes:
    """A point."""
    return struct.pack("<BI2d", 1, POINT, x, y)


def line(points: Any) -> bytes:
    """A line through points (n, 2)."""
    coords = np.ascontiguousarray(points, dtype="<f8")
    return struct.pack("<BII", 1, LINE, len(coords)) + coords.tobytes()


def polygon(rings: Sequence[Any]) -> bytes:
    """A polygon of closed rings (n, 2), the outer one first; none for an empty one."""
    found = [struct.pack("<BII", 1, POLYGON, len(rings))]
    for ring in rings:
        coords = np.ascontiguousarray(ring, dtype="<f8")
        found += [_U32.pack(len(coords)), coords.tobytes()]
    return b"".join(found)


def collected(kind: int, parts: Iterable[bytes]) -> bytes:
    """Parts as one geometry: MULTIPOINT … MULTIPOLYGON or COLLECTION."""
    found = list(parts)
    return struct.pack("<BII", 1, kind, len(found)) + b"".join(found)
