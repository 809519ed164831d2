"""GeoParquet, read row group by row group and written with a covering of bounding boxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geo.errors import FileRefusedError, LimitError
from geo.files.batches import attribute_names, batches
from geo.files.columns import Plan, plan
from geo.files.featurefile import BATCH_ROWS, Batch, Encoding, FeatureFile, ReadOptions
from geo.files.ogr import SHAPE, damaged
from geo.files.report import WriteReport
from geo.files.writing import attributes, plain_columns, renamed
from geo.limits import MB, Limits
from geo.reference import CrsHints

_FAULTS: Final = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, RuntimeError)
# Encodings of GeoParquet 1.1 besides WKB, and GeoArrow's names for them.
_NATIVE: Final = frozenset(
    {"point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"}
)
_FOOTER_BYTES: Final = 64 * MB
_COLUMN_BYTES: Final = 1024 * MB


def open_geoparquet(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """A GeoParquet file; its primary geometry column is read, others are left out.

    Raises:
        FileRefusedError: codes "not_geoparquet", "damaged".
        LimitError: more rows, or more bytes when unpacked, than the limits.
    """
    del options
    _check_footer(path)
    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    except _FAULTS as error:
        raise damaged(path, error) from error
    _check_sizes(path, metadata, limits)
    geo, column = _geo(path, schema)
    geometry = str(geo["primary_column"])
    if geometry not in schema.names:
        raise _not_geo(path)
    encoding = str(column.get("encoding", ""))
    if encoding != "WKB" and encoding.lower() not in _NATIVE:
        raise _not_geo(path)
    covering = _covering(column)
    others = {name for name in geo["columns"] if name in schema.names}
    columns = plan(schema, leave_out={geometry, *others, *covering})
    wanted = [*columns.source, geometry]

    def read() -> Iterator[Batch]:
        tables = _tables(path, wanted, columns, limits, geometry=geometry, encoding=encoding)
        yield from batches(tables, geometry=SHAPE, name=path.name, limits=limits)

    return FeatureFile(
        path=path, format="parquet", encoding=Encoding("utf-8", "format"), columns=columns.names,
        hints=_hints(column), read=read, feature_count=metadata.num_rows,
        problems=columns.problems,
    )  # fmt: skip


def write_geoparquet(frame: gpd.GeoDataFrame, path: Path) -> WriteReport:
    """GeoParquet 1.1: WKB, a bounding box beside every geometry, zstd."""
    table = plain_columns(attributes(frame), dates=True)
    names, _ = attribute_names([str(name) for name in table.columns])
    # "bbox" is the covering's name, by which other programs find it.
    after = [f"{name}_1" if name == "bbox" else name for name in names]
    problems = renamed(list(table.columns), after)
    table.columns = after
    whole = gpd.GeoDataFrame(table, geometry=frame.geometry.to_numpy(), crs=frame.crs)
    whole.to_parquet(
        path, index=False, compression="zstd", schema_version="1.1.0", geometry_encoding="WKB",
        write_covering_bbox=True, row_group_size=BATCH_ROWS,
    )  # fmt: skip
    return WriteReport(problems, features=len(frame))


def _check_footer(path: Path) -> None:
    """The footer's own size is the one number that is trusted before anything is looked at."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if len(tail) < 8 or tail[4:] != b"PAR1" or length + 12 > size:
        raise FileRefusedError(
            f"{path.name} 不完整（结尾缺失）；请重新获取 / {path.name} is incomplete, its end is "
            "missing",
            code="truncated",
        )
    if length > _FOOTER_BYTES:
        raise LimitError(f"{path.name} 的元数据过大 / the metadata of {path.name} are too large")


def _check_sizes(path: Path, metadata: Any, limits: Limits) -> None:
    rows = metadata.num_rows
    total = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if rows > limits.features or rows < 0:
        raise LimitError(
            f"{path.name} 有 {rows} 个要素，上限 {limits.features} 个 / {path.name} has {rows} "
            f"features, the limit is {limits.features}",
            code="too_many_features",
        )
    if total > limits.unpacked_bytes or total < 0:
        raise LimitError(
            f"{path.name} 解压后 {total / MB:.0f} MB，上限 {limits.unpacked_bytes / MB:g} MB / "
            f"{path.name} unpacks to {total / MB:.0f} MB, the limit is "
            f"{limits.unpacked_bytes / MB:g} MB",
            limit="unpacked_bytes",
        )


def _repeated(metadata: Any, limits: Limits) -> tuple[list[str], int]:
    """Columns whose values are stored once and referred to, and how many rows to read at a time.

    They are read as they are stored, so that their size is known before they are written out: a
    file of a few kilobytes can refer to a text of a megabyte a million times. Inside of nested
    columns that can't be asked for, and only few rows are read at a time.
    """
    # Never `metadata.row_group(i).column(j)`: on a damaged footer that ends the process.
    texts = [
        column
        for column in (metadata.schema.column(i) for i in range(metadata.num_columns))
        if column.physical_type == "BYTE_ARRAY"
    ]
    flat = [c.path for c in texts if c.max_repetition_level == 0 and "." not in c.path]
    sizes = (metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    nested = max(sizes, default=0) if len(flat) < len(texts) else 0
    rows = BATCH_ROWS if not nested else max(1, min(BATCH_ROWS, _most_bytes(limits) // nested))
    return sorted(flat), rows


def _most_bytes(limits: Limits) -> int:
    """What one column of one batch may take."""
    return min(limits.unpacked_bytes, _COLUMN_BYTES)


def _written_out(table: pa.Table, path: Path, limits: Limits) -> pa.Table:
    """The table with its references replaced by the values, once it is known how large they are."""
    for index, field in enumerate(table.schema):
        if not pa.types.is_dictionary(field.type):
            continue
        column = table.column(index).combine_chunks()
        column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        kind = field.type.value_type
        if pa.types.is_string(kind) or pa.types.is_binary(kind):
            lengths = pc.cast(pc.binary_length(column.dictionary), pa.int64())
            size = pc.sum(lengths.take(column.indices)).as_py() or 0
            if size > _most_bytes(limits):
                raise LimitError(
                    f"{path.name} 的列 {field.name} 解压后 {size / MB:.0f} MB，像是压缩炸弹 / "
                    f"the column {field.name} of {path.name} unpacks to {size / MB:.0f} MB: like a "
                    "zip bomb",
                    limit="unpacked_bytes",
                )
        table = table.set_column(index, field.name, column.dictionary_decode())
    return table


def _geo(path: Path, schema: pa.Schema) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        geo = json.loads((schema.metadata or {})[b"geo"])
        column = geo["columns"][geo["primary_column"]]
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise _not_geo(path) from error
    if not isinstance(column, dict):
        raise _not_geo(path)
    return geo, column


def _not_geo(path: Path) -> FileRefusedError:
    return FileRefusedError(
        f"{path.name} 是 Parquet，但不是 GeoParquet（没有图形列） / {path.name} is Parquet, but "
        "not GeoParquet: it has no geometry column",
        code="not_geoparquet",
    )


def _covering(column: dict[str, Any]) -> set[str]:
    """The columns of bounding boxes: they repeat what the geometries say."""
    try:
        return {str(column["covering"]["bbox"]["xmin"][0])}
    except (KeyError, TypeError, IndexError):
        return set()


def _hints(column: dict[str, Any]) -> CrsHints:
    if "crs" not in column:  # the format's default is OGC:CRS84
        return CrsHints(declared="EPSG:4326", declared_by="GeoParquet default")
    if not column["crs"]:
        return CrsHints()
    return CrsHints(declared=json.dumps(column["crs"]), declared_by="GeoParquet")


def _tables(
    path: Path, wanted: list[str], columns: Plan, limits: Limits, *, geometry: str, encoding: str
) -> Iterator[pa.Table]:
    try:
        repeated, rows = _repeated(pq.read_metadata(path), limits)
        with pq.ParquetFile(path, memory_map=False, read_dictionary=repeated) as file:
            for batch in file.iter_batches(rows, columns=wanted, use_threads=True):
                table = _written_out(pa.Table.from_batches([batch]), path, limits)
                if encoding != "WKB":
                    table = _as_wkb(table, geometry, encoding.lower())
                yield columns.apply(table, geometry, SHAPE)
    except _FAULTS as error:
        raise damaged(path, error) from error


def _as_wkb(table: pa.Table, geometry: str, encoding: str) -> pa.Table:
    """The table with its geometry column, nested lists of coordinates, as WKB."""
    index = table.schema.get_field_index(geometry)
    column = table.column(index)
    marks = {"ARROW:extension:name": f"geoarrow.{encoding}", "ARROW:extension:metadata": "{}"}
    field = pa.field(geometry, column.type, metadata=marks)
    alone = pa.Table.from_arrays([column], schema=pa.schema([field]))
    shapes = gpd.GeoDataFrame.from_arrow(alone).geometry.to_wkb().to_numpy()
    return table.set_column(index, geometry, pa.array(list(shapes), type=pa.binary()))
