"""Layers written straight from Arrow columns: GeoParquet 1.1 in Hilbert order, as `frames` does.

Nothing becomes a geometry object or a frame on its way: a million polygons are put in order by
the middles of their boxes and written some thousand rows at a time.
https://geoparquet.org/releases/v1.1.0/
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
from numpy.typing import NDArray

from geo.inspection import KINDS
from geo.layerfile import NOTES_KEY, SIDES
from store.errors import BadFrameError, write_failed
from store.files import discard, flush_file, sha256_of
from store.frames import COVERING, EPSG, StagedFile
from store.log import BBox

GEOMETRY = "geometry"

_LEVEL = 16  # bits of each axis of the Hilbert curve
_CHUNK_ROWS = 1 << 15  # rows written at a time
_GROUP_BYTES = 1 << 20  # of geometry in a row group
_GROUP_ROWS = (64, 8192)  # fewest and most rows of one
_MEASURED_ROWS = 1024  # of a layer that is asked for small pieces of land


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """A layer in columns, all of one length, EPSG:4490.

    `attributes` are columns that the workspace can store, `wkb` chunks of pa.large_binary, `bounds`
    (n, 4) W, S, E, N in degrees, NaN where there is no geometry; `kinds` are shapely type ids.
    `notes` go into the file's metadata (see geo.layerfile); None for a layer not measured.
    """

    attributes: pa.Table
    wkb: pa.ChunkedArray
    bounds: NDArray[np.float64]
    kinds: NDArray[np.int64]
    vertices: int
    notes: Mapping[str, Any] | None = None


def write_land(land: Land, path: Path) -> BBox | None:
    """Write a layer to a new file and flush it; the box of all its features.

    The same columns give the same bytes.

    Raises:
        WriteFailedError: the disk refused; nothing is left behind.
    """
    bbox = _box(land.bounds)
    try:
        schema = _schema(land, bbox)
        with pq.ParquetWriter(path, schema, **_encoding(schema)) as writer:
            for part in _parts(land, schema):
                writer.write_table(part, row_group_size=_group_rows(land))
        flush_file(path)
    except OSError as error:
        discard(path)
        raise write_failed(path, error) from error
    except BaseException:
        discard(path)
        raise
    return bbox


def described(path: Path) -> StagedFile:
    """What a commit must know of a GeoParquet file, from its footer and its bytes.

    Raises:
        BadFrameError: it is none, or not in EPSG:4490.
        WriteFailedError: it can't be read.
    """
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        geo = json.loads((schema.metadata or {})[b"geo"])
        column = geo["columns"][geo["primary_column"]]
        if column["crs"]["id"] != {"authority": "EPSG", "code": EPSG}:
            raise BadFrameError(f"坐标系须为 EPSG:{EPSG} / must be EPSG:{EPSG}: {path.name}")
        box = column.get("bbox")
        bbox = None if box is None else (box[0], box[1], box[2], box[3])
        return StagedFile(
            path=path, sha256=sha256_of(path), bytes=path.stat().st_size,
            rows=metadata.num_rows, bbox=bbox, geo=True,
            schema=pa.schema([field.remove_metadata() for field in schema]),
            stats=_stats(metadata.num_rows, bbox),
        )  # fmt: skip
    except OSError as error:
        raise write_failed(path, error) from error
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise BadFrameError(f"{path.name} 不是 GeoParquet / is not GeoParquet") from error


def write_empty(like: Path, path: Path) -> StagedFile:
    """A flushed file of the same columns without any row, of a layer or a table.

    Raises:
        WriteFailedError: the disk refused; nothing is left behind.
    """
    try:
        schema = pq.read_schema(like)
        metadata = dict(schema.metadata or {})
        geo = json.loads(metadata[b"geo"]) if b"geo" in metadata else None
        if geo is not None:
            geo["columns"][geo["primary_column"]].pop("bbox", None)
            metadata[b"geo"] = json.dumps(geo, ensure_ascii=False, sort_keys=True).encode()
        empty = schema.with_metadata(metadata).empty_table()
        pq.write_table(empty, path, compression="zstd")
        flush_file(path)
        return StagedFile(
            path=path, sha256=sha256_of(path), bytes=path.stat().st_size, rows=0, bbox=None,
            geo=geo is not None, schema=pa.schema([field.remove_metadata() for field in schema]),
            stats=_stats(0, None),
        )  # fmt: skip
    except OSError as error:
        discard(path)
        raise write_failed(path, error) from error


def hilbert_order(bounds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows along a Hilbert curve through the middles of their boxes; those without one last."""
    known = np.isfinite(bounds).all(axis=1)
    distance = np.full(len(bounds), np.iinfo(np.int64).max)
    if known.any():
        middle = (bounds[known, :2] + bounds[known, 2:]) / 2.0
        low = bounds[known, :2].min(axis=0)
        size = np.maximum(bounds[known, 2:].max(axis=0) - low, 1e-12)
        cells = ((middle - low) / size * ((1 << _LEVEL) - 1)).astype(np.int32)
        distance[known] = _hilbert(cells[:, 0].copy(), cells[:, 1].copy())
    return np.argsort(distance, kind="stable")


def _hilbert(x: NDArray[np.int32], y: NDArray[np.int32]) -> NDArray[np.int64]:
    """Distance along the curve of cells, quadrant by quadrant from the largest; uses x and y up.

    Without branches: a mask of all bits mirrors or swaps, one of none leaves as it is.
    """
    distance = np.zeros(len(x), dtype=np.int64)
    for bit in range(_LEVEL - 1, -1, -1):
        east, north = (x >> bit) & 1, (y >> bit) & 1
        distance <<= 2
        distance |= (3 * east) ^ north
        south = north ^ 1
        mirror = -(east & south)
        x ^= mirror
        y ^= mirror
        turn = (x ^ y) & -south
        x ^= turn
        y ^= turn
    return distance


def _box(bounds: NDArray[np.float64]) -> BBox | None:
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(known):
        return None
    low, high = known[:, :2].min(axis=0), known[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _stats(rows: int, bbox: BBox | None) -> dict[str, Any]:
    """Delta file statistics: number of rows, and the ends of the covering."""
    stats: dict[str, Any] = {"numRecords": rows}
    if bbox is not None:
        west, south, east, north = bbox
        stats["minValues"] = {COVERING: dict(zip(SIDES, (west, south, west, south), strict=True))}
        stats["maxValues"] = {COVERING: dict(zip(SIDES, (east, north, east, north), strict=True))}
    return stats


def _schema(land: Land, bbox: BBox | None) -> pa.Schema:
    fields = [
        *land.attributes.schema.remove_metadata(),
        pa.field(GEOMETRY, pa.binary()),
        pa.field(COVERING, pa.struct([pa.field(side, pa.float64()) for side in SIDES])),
    ]
    metadata = {b"geo": _geo_metadata(land, bbox)}
    if land.notes:
        metadata[NOTES_KEY] = json.dumps(dict(land.notes), sort_keys=True).encode()
    return pa.schema(fields, metadata=metadata)


def _geo_metadata(land: Land, bbox: BBox | None) -> bytes:
    kinds = [KINDS[kind] for kind in np.unique(land.kinds).tolist() if kind >= 0]
    column: dict[str, Any] = {
        "encoding": "WKB",
        "crs": _projjson(),
        "geometry_types": kinds,
        "covering": {"bbox": {side: [COVERING, side] for side in SIDES}},
    }
    if bbox is not None:
        column["bbox"] = list(bbox)
    geo = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
    return json.dumps(geo, ensure_ascii=False, sort_keys=True).encode()


@lru_cache(maxsize=1)
def _projjson() -> dict[str, Any]:
    made: dict[str, Any] = pyproj.CRS.from_epsg(EPSG).to_json_dict()
    return made


def _encoding(schema: pa.Schema) -> dict[str, Any]:
    """A dictionary only where values repeat, and statistics only where they are asked for."""
    names = [field.name for field in schema if field.name not in (GEOMETRY, COVERING)]
    repeating = [
        name
        for name in names
        if not (pa.types.is_floating(schema.field(name).type) or _is_nested(schema, name))
    ]
    plain = [name for name in names if not _is_nested(schema, name)]
    return {
        "compression": "zstd",
        "use_dictionary": repeating,
        "write_statistics": [*plain, *(f"{COVERING}.{side}" for side in SIDES)],
    }


def _is_nested(schema: pa.Schema, name: str) -> bool:
    return bool(pa.types.is_nested(schema.field(name).type))


def _parts(land: Land, schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows in order, some at a time; the next are taken while the last are written."""
    order = hilbert_order(land.bounds)
    step = _CHUNK_ROWS - _CHUNK_ROWS % _group_rows(land)
    slices = [order[start : start + step] for start in range(0, len(order), step)]
    attributes = land.attributes.combine_chunks()
    geometry = _Chunks(land.wkb)

    def taken(rows: NDArray[np.int64]) -> pa.Table:
        columns = [column.combine_chunks() for column in attributes.take(pa.array(rows)).columns]
        return pa.table(
            [*columns, geometry.take(rows).cast(pa.binary()), _covering(land.bounds[rows])],
            schema=schema,
        )

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(taken, slices[0]) if slices else None
        for following in [*slices[1:], None]:
            if waiting is None:
                return
            part = waiting.result()
            waiting = None if following is None else pool.submit(taken, following)
            yield part


class _Chunks:
    """Rows of a column in chunks, taken chunk by chunk.

    Joined to one array, the geometry of a layer would be in memory twice.
    """

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._chunks = column.chunks
        self._starts = np.cumsum([0, *(len(chunk) for chunk in column.chunks)])
        self._type = column.type

    def take(self, rows: NDArray[np.int64]) -> pa.Array:
        """The rows of these numbers, in this order."""
        home = np.searchsorted(self._starts, rows, side="right") - 1
        by_chunk = np.argsort(home, kind="stable")
        cuts = np.flatnonzero(np.diff(home[by_chunk])) + 1
        pieces = [
            self._chunks[home[part[0]]].take(pa.array(rows[part] - self._starts[home[part[0]]]))
            for part in np.split(by_chunk, cuts)
            if len(part)
        ]
        if len(pieces) == 1:
            return pieces[0]
        back = np.empty(len(rows), dtype=np.int64)
        back[by_chunk] = np.arange(len(rows))
        joined = pa.concat_arrays(pieces) if pieces else pa.array([], self._type)
        return joined.take(pa.array(back))


def _covering(bounds: NDArray[np.float64]) -> pa.Array:
    columns = [pa.array(np.ascontiguousarray(bounds[:, side])) for side in range(4)]
    missing = ~np.isfinite(bounds).all(axis=1)
    mask = pa.array(missing) if missing.any() else None
    return pa.StructArray.from_arrays(columns, names=list(SIDES), mask=mask)


def _group_rows(land: Land) -> int:
    """Rows of about 1 MB of geometry: 16 bytes a vertex; fewer of a measured layer."""
    fewest, most = _GROUP_ROWS
    rows = _GROUP_BYTES * max(len(land.wkb), 1) // max(16 * land.vertices, 1)
    rows = min(max(rows, fewest), most)
    return min(rows, _MEASURED_ROWS) if land.notes else rows
