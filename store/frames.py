"""Frames to GeoParquet or Parquet files and back.

Geo files are GeoParquet 1.1: EPSG:4490 (longitude, latitude in degrees), rows in Hilbert order,
a bbox covering column, zstd, row groups of about 1 MB, so that a bbox question reads little.
https://geoparquet.org/releases/v1.1.0/
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from geopandas.io.arrow import _geopandas_to_arrow

from geo.layerfile import NOTES_KEY
from store.errors import BadFrameError, BadQuestionError, write_failed
from store.files import discard, flush_file, sha256_of
from store.log import BBox

EPSG = 4490
COVERING = "bbox"  # the covering column that GeoParquet readers prune by

_ROW_GROUP_BYTES = 1 << 20
_ROW_GROUP_ROWS = (64, 8192)  # fewest and most rows of a group
_MEASURED_ROWS = 1024  # of a layer that is asked for small pieces of land
FORBIDDEN = frozenset(' ,;{}()\n\t="')  # the Delta protocol allows none of these in a name


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A data file that is written and flushed, but belongs to no version yet.

    `schema` is a pyarrow.Schema; `bbox` is in degrees (EPSG:4490), None without geometry;
    `stats` are the Delta file statistics.
    """

    path: Path
    sha256: str
    bytes: int
    rows: int
    bbox: BBox | None
    geo: bool
    schema: Any
    stats: dict[str, Any]


def stage(
    frame: pd.DataFrame, folder: Path, *, notes: Mapping[str, Any] | None = None
) -> StagedFile:
    """Write a frame to a new file in `folder` (same disk as the collection) and flush it.

    A GeoDataFrame must be in EPSG:4490; the index is not stored. The same frame gives the
    same bytes, so that an unchanged collection is known by its hash. `notes` go into the file's
    own metadata (see geo.layerfile); a measured layer gets small row groups.

    Raises:
        BadFrameError: the frame cannot be stored; all faults are listed.
        WriteFailedError: the disk refused; nothing is left behind.
    """
    geo = isinstance(frame, gpd.GeoDataFrame)
    faults = _faults(frame, geo=geo)
    if faults:
        raise BadFrameError("数据表无法存入工作区 / this frame cannot be stored", faults=faults)
    ready = _plain_types(_hilbert_order(frame) if geo else frame.reset_index(drop=True))
    path = folder / f"{uuid.uuid4().hex}.parquet"
    try:
        folder.mkdir(exist_ok=True)
        _write(ready, path, geo=geo, notes=notes)
        flush_file(path)
        return _described(ready, path, geo=geo)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        discard(path)
        raise BadFrameError(
            "数据表的列类型不一致 / a column mixes types", faults=[str(error)]
        ) from error
    except OSError as error:
        discard(path)
        raise write_failed(path, error) from error
    except BaseException:
        discard(path)
        raise


def read(
    path: Path, *, geo: bool, bbox: BBox | None = None, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Read a data file: a GeoDataFrame in EPSG:4490, or a DataFrame for tables.

    `bbox` (west, south, east, north in degrees) keeps features whose bounds meet it. When
    `columns` leaves the geometry out, the answer is a plain DataFrame.

    Raises:
        BadQuestionError: an unknown column, a malformed bbox, or a bbox for a table.
    """
    geometry = _checked_question(path, geo=geo, bbox=bbox, columns=columns)
    wanted = None if columns is None else list(columns)
    if not geo or (wanted is not None and bbox is None and geometry not in wanted):
        table: pd.DataFrame = pd.read_parquet(path, columns=wanted)
        return table
    if wanted is not None and geometry not in wanted:
        frame = gpd.read_parquet(path, columns=[*wanted, geometry], bbox=bbox)
        plain: pd.DataFrame = pd.DataFrame(frame.drop(columns=geometry))
        return plain
    found: pd.DataFrame = gpd.read_parquet(path, columns=wanted, bbox=bbox)
    return found


def _faults(frame: pd.DataFrame, *, geo: bool) -> list[str]:
    """Everything that keeps a frame from being stored, as messages."""
    names = list(frame.columns)
    faults = [f"列名不是文字 / not a text: {name!r}" for name in names if not isinstance(name, str)]
    texts = [name for name in names if isinstance(name, str)]
    faults += [
        f"列名含不允许的字符 / characters not allowed in a column's name: {name!r}"
        for name in texts
        if not name or FORBIDDEN & set(name)
    ]
    # Delta compares names without regard to case.
    folded = [name.casefold() for name in texts]
    twice = sorted({name for name in texts if folded.count(name.casefold()) > 1})
    faults += [f"列名重复 / column twice: {name!r}" for name in twice]
    if not geo:
        return faults
    if COVERING in names:
        faults.append(f"列名 {COVERING!r} 由系统使用 / column {COVERING!r} is kept for the system")
    return faults + _geometry_faults(frame)


def _geometry_faults(frame: gpd.GeoDataFrame) -> list[str]:
    if frame.active_geometry_name is None:
        return ["没有几何列 / no active geometry column"]
    faults = []
    others = [n for n in frame.columns[frame.dtypes == "geometry"] if n != frame.geometry.name]
    if others:
        faults.append(f"只能有一个几何列 / only one geometry column, also found: {others}")
    if frame.crs is None:
        faults.append("没有坐标系 / no reference system")
    elif frame.crs.to_epsg() != EPSG:
        faults.append(
            f"坐标系须为 EPSG:{EPSG}，实为 {frame.crs.to_string()} / "
            f"must be EPSG:{EPSG}, is {frame.crs.to_string()}"
        )
    bounds = frame.geometry.bounds.to_numpy()
    filled = bounds[_filled(frame.geometry)]
    bad = ~np.isfinite(filled).all(axis=1) | (np.abs(filled) > [180.0, 90.0, 180.0, 90.0]).any(1)
    if bad.any():
        faults.append(
            f"{int(bad.sum())} 个要素的坐标不是经纬度 / features whose coordinates are not degrees"
        )
    return faults


def _filled(geometry: gpd.GeoSeries) -> np.ndarray[Any, Any]:
    """Which rows have a geometry that is neither null nor empty."""
    array = geometry.to_numpy()
    filled: np.ndarray[Any, Any] = ~(shapely.is_missing(array) | shapely.is_empty(array))
    return filled


def _hilbert_order(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows along a Hilbert curve, so that neighbours share a row group; no geometry, last."""
    filled = _filled(frame.geometry)
    distance = np.full(len(frame), np.iinfo(np.int64).max)
    if filled.any():
        distance[filled] = frame.geometry[filled].hilbert_distance().to_numpy()
    return frame.iloc[np.argsort(distance, kind="stable")].reset_index(drop=True)


def _plain_types(frame: pd.DataFrame) -> pd.DataFrame:
    """Types that the Delta protocol has: no categories, unsigned numbers, ns or untyped nulls."""
    ready = frame.copy(deep=False)
    for name in ready.columns:
        column = ready[name]
        kind = column.dtype
        if isinstance(kind, pd.CategoricalDtype) or (
            pd.api.types.is_object_dtype(kind) and column.isna().all()
        ):
            ready[name] = column.astype("str")
        elif pd.api.types.is_unsigned_integer_dtype(kind):
            ready[name] = column.astype("Int64" if column.isna().any() else "int64")
        elif pd.api.types.is_datetime64_any_dtype(kind):
            ready[name] = column.dt.as_unit("us")
    return ready


def _write(
    frame: pd.DataFrame, path: Path, *, geo: bool, notes: Mapping[str, Any] | None = None
) -> None:
    rows = _row_group_rows(frame) if geo else _ROW_GROUP_ROWS[1]
    if geo and notes:
        # GeoDataFrame.to_parquet takes no metadata of one's own; this is the first half of it.
        table = _geopandas_to_arrow(
            frame, index=False, geometry_encoding="WKB", schema_version="1.1.0",
            write_covering_bbox=True,
        )  # fmt: skip
        own = {NOTES_KEY: json.dumps(dict(notes), sort_keys=True).encode()}
        table = table.replace_schema_metadata({**table.schema.metadata, **own})
        pq.write_table(table, path, compression="zstd", row_group_size=min(rows, _MEASURED_ROWS))
    elif geo:
        frame.to_parquet(
            path,
            index=False,
            compression="zstd",
            geometry_encoding="WKB",
            write_covering_bbox=True,
            schema_version="1.1.0",
            row_group_size=rows,
        )
    else:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, path, compression="zstd", row_group_size=rows)


def _row_group_rows(frame: gpd.GeoDataFrame) -> int:
    """Rows of about 1 MB of geometry: 16 bytes a vertex."""
    vertices = int(shapely.get_num_coordinates(frame.geometry.to_numpy()).sum())
    fewest, most = _ROW_GROUP_ROWS
    rows_per_group = _ROW_GROUP_BYTES * max(len(frame), 1) // max(16 * vertices, 1)
    return min(max(rows_per_group, fewest), most)


def _described(frame: pd.DataFrame, path: Path, *, geo: bool) -> StagedFile:
    schema = pq.read_schema(path)
    # Field metadata (the whole PROJJSON) would be repeated in every commit; the file has it.
    plain = pa.schema([field.remove_metadata() for field in schema])
    stats: dict[str, Any] = {"numRecords": len(frame)}
    bbox = None
    if geo:
        bounds = frame.geometry.bounds.to_numpy()[_filled(frame.geometry)]
        if len(bounds):
            low, high = bounds.min(axis=0).tolist(), bounds.max(axis=0).tolist()
            parts = ("xmin", "ymin", "xmax", "ymax")
            stats["minValues"] = {COVERING: dict(zip(parts, low, strict=True))}
            stats["maxValues"] = {COVERING: dict(zip(parts, high, strict=True))}
            bbox = (low[0], low[1], high[2], high[3])
        stats["nullCount"] = {frame.geometry.name: int(frame.geometry.isna().sum())}
    return StagedFile(
        path=path, sha256=sha256_of(path), bytes=path.stat().st_size, rows=len(frame),
        bbox=bbox, geo=geo, schema=plain, stats=stats,
    )  # fmt: skip


def _checked_question(
    path: Path, *, geo: bool, bbox: BBox | None, columns: Sequence[str] | None
) -> str:
    """The geometry column's name ("" for tables); raises when the question cannot be answered."""
    faults = []
    with pq.ParquetFile(path) as file:
        names = [name for name in file.schema_arrow.names if not (geo and name == COVERING)]
        geometry = _primary_geometry(file.schema_arrow) if geo else ""
    if unknown := [name for name in columns or () if name not in names]:
        faults.append(f"没有这些列 / no such columns: {unknown}; 现有 / there are: {names}")
    if bbox is not None and not geo:
        faults.append("表格没有几何，不能按范围查询 / a table has no geometry to ask by bbox")
    if bbox is not None and not (
        len(bbox) == 4 and np.isfinite(bbox).all() and bbox[0] <= bbox[2] and bbox[1] <= bbox[3]
    ):
        faults.append(f"范围须为 西,南,东,北（度）/ bbox must be W,S,E,N in degrees: {bbox}")
    if faults:
        raise BadQuestionError("查询有误 / bad question", faults=faults)
    return geometry


def _primary_geometry(schema: Any) -> str:
    return str(json.loads(schema.metadata[b"geo"])["primary_column"])
