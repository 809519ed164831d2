"""GeoParquet files of land layers: their row groups, and rows read by what a box touches.

A file is *measured* when its metadata say so under NOTES_KEY: then every geometry is a valid
polygon and the area column holds its `geo.areas.area_m2`, so that a feature wholly inside a zone
is added up without being decoded.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from geo.errors import LayerFileError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

NOTES_KEY: Final = b"zone_atlas"
SIDES: Final = ("xmin", "ymin", "xmax", "ymax")
_KNOWN_CRS: Final = {("EPSG", 4490), ("EPSG", 4326), ("OGC", "CRS84")}
_KEPT_FILES: Final = 16
_KEPT_CHUNKS: Final = 96


@dataclass(frozen=True, slots=True)
class LayerFile:
    """What a file's footer says.

    `bounds` are those of the row groups, (n, 4) west, south, east, north in degrees, or None
    when the file has no bbox covering. `covering` names the covering's column, "" for none.
    `area_column` is "" for files that are not measured. `extent` is the box of all features (W, S,
    E, N), None where the file does not say.
    """

    path: Path
    key: tuple[str, int, int, int]
    metadata: Any
    columns: tuple[str, ...]
    geometry: str
    covering: str
    area_column: str
    valid: bool
    groups: int
    rows: int
    bounds: Floats | None
    extent: tuple[float, ...] | None

    def groups_in(self, box: Sequence[float]) -> Integers:
        """Numbers of the row groups whose bounds meet a box (W, S, E, N), ascending."""
        if self.bounds is None:
            return np.arange(self.groups)
        west, south, east, north = box
        b = self.bounds
        # Written so that a group without bounds (NaN) is read.
        apart = (b[:, 0] > east) | (b[:, 2] < west) | (b[:, 1] > north) | (b[:, 3] < south)
        return np.flatnonzero(~apart)

    def read(self, groups: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """The rows of some row groups, in file order; nested columns by their dotted names."""
        with pq.ParquetFile(self.path, metadata=self.metadata, memory_map=False) as file:
            return file.read_row_groups(list(groups), columns=list(columns), use_threads=False)


class Chunk:
    """A row group in memory; geometry is decoded feature by feature, when it is asked for."""

    def __init__(self, table: pa.Table, bounds: Floats, geometry: str) -> None:
        self.table = table
        self.bounds = bounds
        self._wkb = table.column(geometry)
        self._shapes = np.full(table.num_rows, None, dtype=object)

    def shapes(self, rows: Integers) -> NDArray[np.object_]:
        """The geometries of some rows, in degrees."""
        lacking = rows[self._shapes[rows] == None]  # noqa: E711 - element by element
        if len(lacking):
            self._shapes[lacking] = shapely.from_wkb(self._wkb.take(lacking).to_numpy())
        found: NDArray[np.object_] = self._shapes[rows]
        return found


def chunks(file: LayerFile, groups: Sequence[int], columns: Sequence[str]) -> list[Chunk]:
    """Row groups of a measured file with some columns; those asked for last stay in memory.

    A version never changes, and who draws a proposal asks for the same land again and again.
    """
    names = tuple(columns)
    with _lock:
        known = {g: _chunks.get((file.key, g, names)) for g in groups}
    lacking = [g for g, chunk in known.items() if chunk is None]
    if lacking:
        table = file.read(lacking, [*names, file.covering, file.geometry])
        bounds = bounds_of(table, file.covering)
        start = 0
        for group in lacking:
            rows = file.metadata.row_group(group).num_rows
            part = table.slice(start, rows)
            known[group] = Chunk(part, bounds[start : start + rows], file.geometry)
            start += rows
    with _lock:
        for group, chunk in known.items():
            assert chunk is not None  # noqa: S101 - just read
            _chunks[file.key, group, names] = chunk
            _chunks.move_to_end((file.key, group, names))
        while len(_chunks) > _KEPT_CHUNKS:
            _chunks.popitem(last=False)
    return [chunk for chunk in known.values() if chunk is not None]


def forget() -> None:
    """Forget all footers and row groups kept in memory."""
    with _lock:
        _files.clear()
        _chunks.clear()


def bounds_of(table: pa.Table, covering: str) -> Floats:
    """The covering of rows as an array (n, 4): west, south, east, north in degrees."""
    box = table.column(covering).combine_chunks()
    return np.stack([box.field(i).to_numpy(zero_copy_only=False) for i in range(4)], axis=1)


_chunks: OrderedDict[tuple[Any, int, tuple[str, ...]], Chunk] = OrderedDict()
_files: OrderedDict[tuple[str, int, int, int], LayerFile] = OrderedDict()
_lock = threading.Lock()


def open_layer(path: Path) -> LayerFile:
    """The file's footer, parsed once per process and content.

    Raises:
        LayerFileError: no GeoParquet, no polygon column, or coordinates that are not CGCS2000 or
        WGS 84 degrees (nothing is guessed, nothing is transformed here).
    """
    try:
        stat = path.stat()
        key = (str(path), stat.st_ino, stat.st_mtime_ns, stat.st_size)
        with _lock:
            if key in _files:
                _files.move_to_end(key)
                return _files[key]
        made = _parsed(path, key)
    except (OSError, pa.ArrowInvalid) as error:
        raise LayerFileError(f"无法读取图层文件 {path}：{error} / cannot read {path}") from error
    with _lock:
        _files[key] = made
        while len(_files) > _KEPT_FILES:
            _files.popitem(last=False)
    return made


def _parsed(path: Path, key: tuple[str, int, int, int]) -> LayerFile:
    metadata = pq.read_metadata(path)
    schema = metadata.schema.to_arrow_schema()
    notes = schema.metadata or {}
    geo = _geo(path, notes)
    geometry = str(geo["primary_column"])
    column = geo["columns"][geometry]
    _refuse_other_crs(path, column)
    covering = ""
    if "bbox" in column.get("covering", {}):
        covering = str(column["covering"]["bbox"]["xmin"][0])
    own = json.loads(notes[NOTES_KEY]) if NOTES_KEY in notes else {}
    names = tuple(name for name in schema.names if name not in (geometry, covering))
    area = str(own.get("area_column", ""))
    measured = area in names and bool(covering)
    return LayerFile(
        path=path, key=key, metadata=metadata, columns=names, geometry=geometry, covering=covering,
        area_column=area if measured else "", valid=bool(own.get("valid")) and measured,
        groups=metadata.num_row_groups, rows=metadata.num_rows,
        bounds=_group_bounds(metadata, covering) if covering else None,
        extent=tuple(column["bbox"]) if len(column.get("bbox", ())) == 4 else None,
    )  # fmt: skip


def _geo(path: Path, notes: dict[bytes, bytes]) -> dict[str, Any]:
    try:
        geo: dict[str, Any] = json.loads(notes[b"geo"])
        geo["columns"][geo["primary_column"]]
    except (KeyError, ValueError, TypeError) as error:
        raise LayerFileError(f"{path.name} 不是 GeoParquet / is not GeoParquet") from error
    return geo


def _refuse_other_crs(path: Path, column: dict[str, Any]) -> None:
    if "crs" not in column:  # GeoParquet's default is OGC:CRS84
        return
    crs = column["crs"]
    name = crs.get("id", {}) if isinstance(crs, dict) else {}
    if (name.get("authority"), name.get("code")) not in _KNOWN_CRS:
        said = crs.get("name", "?") if isinstance(crs, dict) else crs
        raise LayerFileError(
            f"{path.name} 的坐标系是 {said}，须为 CGCS2000 经纬度（EPSG:4490）；请先导入 / "
            f"{path.name} is in {said}; CGCS2000 degrees (EPSG:4490) are needed: import it first"
        )


def _group_bounds(metadata: Any, covering: str) -> Floats:
    """Bounds of every row group from the statistics of the covering's four columns."""
    places: dict[str, int] = {}
    for index in range(metadata.num_columns):
        places[metadata.schema.column(index).path] = index
    wanted = [places[f"{covering}.{side}"] for side in SIDES]
    bounds = np.full((metadata.num_row_groups, 4), np.nan)
    for group in range(metadata.num_row_groups):
        row = metadata.row_group(group)
        for side, place in enumerate(wanted):
            statistics = row.column(place).statistics
            if statistics is not None and statistics.has_min_max:
                bounds[group, side] = statistics.min if side < 2 else statistics.max
    return bounds
