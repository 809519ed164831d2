"""Polygons of one ring read straight from a WKB column: their vertices without an object for each.

Most land is polygons of a single ring, and to make a million geometry objects takes longer than
to read the file. What is anything else goes the usual way, by shapely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Octets: TypeAlias = NDArray[np.uint8]

POLYGON: Final = 3
MULTIPOLYGON: Final = 6
_VERTEX: Final = 16  # bytes
_FEWEST: Final = 4  # vertices of a closed ring
_RING: Final = np.dtype([("order", "u1"), ("type", "<u4"), ("rings", "<u4"), ("points", "<u4")])
_MULTI: Final = np.dtype(
    [("order", "u1"), ("type", "<u4"), ("parts", "<u4"), ("ring", _RING)]
)  # a multipolygon of one part


@dataclass(frozen=True, slots=True)
class SingleRings:
    """The polygons of one ring in a column, in its order.

    `rows` are their rows, `types` POLYGON or MULTIPOLYGON (of one part), `coords` all vertices
    (n, 2), those of ring r at `starts[r]:starts[r + 1]`, `bounds` (n, 4) as of `bounds_of`. Every
    ring is closed, of four vertices at least, all finite.
    """

    rows: Integers
    types: Integers
    coords: Floats
    starts: Integers
    bounds: Floats


def bounds_of(coords: Floats, starts: Integers) -> Floats:
    """Least x, least y, greatest x, greatest y of rings that have vertices, (n, 4).

    NaN where a coordinate is NaN.
    """
    begin = starts[:-1]
    found = np.empty((len(begin), 4))
    if len(begin):
        np.minimum.reduceat(coords, begin, axis=0, out=found[:, :2])
        np.maximum.reduceat(coords, begin, axis=0, out=found[:, 2:])
    return found


def plain_wkb(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A WKB column as one array of pa.large_binary."""
    made = column
    if isinstance(column, pa.ChunkedArray):  # combining copies, also a single chunk
        made = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if isinstance(made, pa.ExtensionArray):
        made = made.storage
    return made if made.type == pa.large_binary() else made.cast(pa.large_binary())


def single_rings(column: pa.Array) -> tuple[SingleRings, Integers]:
    """The polygons of one ring of a column (of `plain_wkb`), and the rows of all others."""
    offsets, data = _parts(column)
    lengths = np.diff(offsets)
    heads = np.zeros(len(lengths), dtype=np.int64)
    types = np.zeros(len(lengths), dtype=np.int64)
    for kind, layout in ((POLYGON, _RING), (MULTIPOLYGON, _MULTI)):
        long = lengths >= layout.itemsize + _FEWEST * _VERTEX
        fits = np.flatnonzero(long & (heads == 0))
        good = fits[_is_single(data, offsets[fits], lengths[fits], layout, kind)]
        heads[good] = layout.itemsize
        types[good] = kind
    rows = np.flatnonzero(heads)
    begin, sizes = offsets[rows] + heads[rows], lengths[rows] - heads[rows]
    coords = _gathered(data, begin, sizes).view(np.float64).reshape(-1, 2)
    starts = np.concatenate([[0], np.cumsum(sizes // _VERTEX)])
    bounds = bounds_of(coords, starts)
    usable = np.isfinite(bounds).all(axis=1)
    usable &= (coords[starts[:-1]] == coords[starts[1:] - 1]).all(axis=1)
    if not usable.all():
        coords = coords[np.repeat(usable, np.diff(starts))]
        starts = np.concatenate([[0], np.cumsum(np.diff(starts)[usable])])
        rows, bounds = rows[usable], bounds[usable]
    others = np.ones(len(lengths), dtype=bool)
    others[rows] = False
    return SingleRings(rows, types[rows], coords, starts, bounds), np.flatnonzero(others)


def with_coordinates(column: pa.Array, rings: SingleRings, coords: Floats) -> pa.Array:
    """The rows of `rings`, their vertices replaced by `coords`; all else is left out."""
    chosen = column if len(rings.rows) == len(column) else column.take(pa.array(rings.rows))
    offsets, data = _parts(chosen)
    heads = np.where(rings.types == POLYGON, _RING.itemsize, _MULTI.itemsize)
    made = data[offsets[0] : offsets[-1]].copy()
    begin = offsets[:-1] - offsets[0] + heads
    _scattered(made, begin, np.diff(offsets) - heads, np.ascontiguousarray(coords))
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(chosen),
        [None, pa.py_buffer(offsets - offsets[0]), pa.py_buffer(made)],
    )  # fmt: skip


def _parts(column: pa.Array) -> tuple[Integers, Octets]:
    """Offsets and bytes of a large_binary array; a null has no bytes."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    if len(ends) == 0:
        ends = np.zeros(1, dtype=np.int64)
    octets = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)
    if column.null_count:  # a null may have bytes behind it
        gone = column.is_null().to_numpy(zero_copy_only=False)
        if np.diff(ends)[gone].any():
            return _parts(pa.array(column.to_pylist(), pa.large_binary()))
    return ends, octets


def _is_single(
    data: Octets, begin: Integers, lengths: Integers, layout: np.dtype[Any], kind: int
) -> Flags:
    """Which byte strings are little-endian polygons of one ring, as long as they say."""
    if not len(begin):
        return np.zeros(0, dtype=bool)
    windows = np.lib.stride_tricks.sliding_window_view(data, layout.itemsize)[begin]
    head = np.ascontiguousarray(windows).view(layout)[:, 0]
    ring = head if kind == POLYGON else head["ring"]
    found: Flags = (ring["order"] == 1) & (ring["type"] == POLYGON) & (ring["rings"] == 1)
    found &= lengths == layout.itemsize + _VERTEX * ring["points"].astype(np.int64)
    if kind == MULTIPOLYGON:
        found &= (head["order"] == 1) & (head["type"] == MULTIPOLYGON) & (head["parts"] == 1)
    return found


def _runs(sizes: Integers) -> list[Integers]:
    """Positions grouped by size: rows of one size are copied as a matrix, at memory speed."""
    order = np.argsort(sizes, kind="stable")
    cuts = np.flatnonzero(np.diff(sizes[order])) + 1
    return np.split(order, cuts) if len(order) else []


def _gathered(data: Octets, begin: Integers, sizes: Integers) -> Octets:
    """Stretches of bytes one after the other."""
    made = np.empty(int(sizes.sum()), dtype=np.uint8)
    at = np.cumsum(sizes) - sizes
    windows = np.lib.stride_tricks.sliding_window_view
    for rows in _runs(sizes):
        size = int(sizes[rows[0]])
        windows(made, size, writeable=True)[at[rows]] = windows(data, size)[begin[rows]]
    return made


def _scattered(target: Octets, begin: Integers, sizes: Integers, coords: Floats) -> None:
    """Put vertices where they belong in the bytes of WKB."""
    octets = coords.reshape(-1).view(np.uint8)
    at = np.cumsum(sizes) - sizes
    windows = np.lib.stride_tricks.sliding_window_view
    for rows in _runs(sizes):
        size = int(sizes[rows[0]])
        windows(target, size, writeable=True)[begin[rows]] = windows(octets, size)[at[rows]]
