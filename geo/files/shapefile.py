"""Shapefiles: geometries by GDAL, attributes from the .dbf in an encoding that is found out.

Nothing is written beside a stranger's file: GDAL works on links in a private folder, with an index
of records (.shx) that was checked against the .shp, or rebuilt from it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyogrio.raw import open_arrow

from geo.errors import FileRefusedError, LimitError
from geo.files import dbase
from geo.files.archive import Unpacked
from geo.files.batches import attribute_names, batches
from geo.files.dbaseencoding import find_encoding
from geo.files.encodings import decode
from geo.files.featurefile import BATCH_ROWS, Batch, Encoding, FeatureFile, ReadOptions
from geo.files.ogr import FAULTS, SHAPE, damaged
from geo.files.shapefilerings import by_containment
from geo.files.shapes import Teller
from geo.limits import Limits
from geo.problems import Problem
from geo.reference import CrsHints

Index = NDArray[np.int64]  # (records, 2): offset and length of the content, in 16-bit words

_TYPES: Final = frozenset({0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28, 31})
_HEADER: Final = 100
_PRJ_BYTES: Final = 1 << 16
_SISTERS: Final = (".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True, slots=True)
class _Parts:
    """The files of one Shapefile; None for those that are missing."""

    shp: Path
    shx: Path | None
    dbf: Path | None
    prj: Path | None
    cpg: Path | None


def open_shapefile(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """A Shapefile, with the sisters that lie beside it.

    Without .shx its index is rebuilt, without .dbf there are no attributes; both is told.

    Raises:
        FileRefusedError: codes "damaged", "truncated", "unknown_encoding".
        LimitError: more features than the limits.
    """
    parts = _parts(path)
    index, problems = _index(parts, path.name)
    if len(index) > limits.features:
        raise LimitError(
            f"{path.name} 有 {len(index)} 个要素，上限 {limits.features} 个 / {path.name} has "
            f"{len(index)} features, the limit is {limits.features}",
            code="too_many_features",
        )
    folder = _staged(parts, index)
    attributes, encoding, count = None, Encoding("", ""), len(index)
    if parts.dbf is None:
        problems.append(_no_table())
    else:
        table = dbase.Table(parts.dbf, path.name)
        encoding, told = find_encoding(table, _cpg(parts), options.encoding)
        names, renamed = attribute_names(dbase.field_names(table.kept, encoding.name))
        problems += [*told, *renamed, *_table_problems(table, count)]
        attributes = _Attributes(table, names, encoding.name, dbase.column_types(table))
        count = int(attributes.live(0, count).sum())

    def read() -> Iterator[Batch]:
        teller = Teller()
        tables = _tables(folder, path, index, attributes, teller=teller, limits=limits)
        for batch in batches(tables, geometry=SHAPE, name=path.name, limits=limits):
            yield Batch(batch.table, batch.first, problems=(*batch.problems, *teller.take()))

    return FeatureFile(
        path=path, format="shp", encoding=encoding,
        columns=attributes.names if attributes else (), hints=_hints(parts), read=read,
        feature_count=count, problems=tuple(problems),
    )  # fmt: skip


def _parts(path: Path) -> _Parts:
    """The sisters of a .shp, whatever the case of their extensions."""
    found: dict[str, Path] = {}
    for other in path.parent.iterdir():
        if other.stem == path.stem and other.suffix.lower() in _SISTERS and other.is_file():
            found.setdefault(other.suffix.lower(), other)
    return _Parts(path, *(found.get(suffix) for suffix in _SISTERS))


def _index(parts: _Parts, name: str) -> tuple[Index, list[Problem]]:
    size = parts.shp.stat().st_size
    with parts.shp.open("rb") as file:
        head = file.read(_HEADER)
    if len(head) < _HEADER or struct.unpack_from("<i", head, 32)[0] not in _TYPES:
        raise FileRefusedError(
            f"{name} 的文件头已损坏 / the header of {name} is damaged", code="damaged"
        )
    if parts.shx is None:
        problem = Problem(
            "shx_rebuilt", "warning", "缺少 .shx，已由 .shp 重建索引",
            "the .shx is missing; the index was rebuilt from the .shp",
        )  # fmt: skip
        return rebuilt_index(parts.shp, name), [problem]
    index = _given_index(parts.shx)
    if _fits(index, size):
        return index, []
    problem = Problem(
        "shx_rebuilt", "warning", ".shx 与 .shp 不符，已由 .shp 重建索引",
        "the .shx does not fit the .shp; the index was rebuilt",
    )  # fmt: skip
    return rebuilt_index(parts.shp, name), [problem]


def _given_index(shx: Path) -> Index:
    data = shx.read_bytes()[_HEADER:]
    whole = np.frombuffer(data[: len(data) // 8 * 8], dtype=">i4")
    return whole.reshape(-1, 2).astype(np.int64)


def _fits(index: Index, size: int) -> bool:
    """Whether all records lie in the file, and no part of it is in many of them."""
    if not len(index):
        return size <= _HEADER
    starts, lengths = index[:, 0] * 2, index[:, 1] * 2
    inside = (starts >= _HEADER) & (lengths >= 4) & (starts + 8 + lengths <= size)
    return bool(inside.all()) and int(lengths.sum()) <= size


def rebuilt_index(shp: Path, name: str) -> Index:
    """The index of a .shp from the headers of its records.

    Raises:
        FileRefusedError: the last record is not whole, or the file shorter than its header says,
            code "truncated".
    """
    data = np.memmap(shp, np.uint8, "r")
    size, at = len(data), _HEADER
    found: list[tuple[int, int]] = []
    said = 2 * struct.unpack_from(">i", data[:_HEADER].tobytes(), 24)[0]
    buffer = memoryview(data)  # type: ignore[arg-type] # an array is one
    unpack = struct.Struct(">ii").unpack_from
    while at + 8 <= size:
        _, words = unpack(buffer, at)
        end = at + 8 + 2 * words
        if words < 2 or end > size:
            break
        found.append((at // 2, words))
        at = end
    else:
        if at == size and said <= size:
            return np.array(found, dtype=np.int64).reshape(-1, 2)
    raise FileRefusedError(
        f"{name} 不完整或已损坏：第 {len(found) + 1} 个要素的记录不完整；请重新获取 / {name} is "
        f"incomplete or damaged: the record of feature {len(found) + 1} is not whole",
        code="truncated", feature=len(found) + 1,
    )  # fmt: skip


def _staged(parts: _Parts, index: Index) -> Unpacked:
    """A folder with a link to the .shp and an index of its records."""
    folder = Unpacked()
    (folder.path / "layer.shp").symlink_to(parts.shp.resolve())
    with parts.shp.open("rb") as file:
        head = bytearray(file.read(_HEADER))
    struct.pack_into(">i", head, 24, (_HEADER + 8 * len(index)) // 2)
    body = np.ascontiguousarray(index, dtype=">i4").tobytes()
    (folder.path / "layer.shx").write_bytes(bytes(head) + body)
    return folder


def _cpg(parts: _Parts) -> str:
    if parts.cpg is None:
        return ""
    with parts.cpg.open("rb") as file:
        return file.read(64).decode("ascii", "replace").strip().strip("\0\ufeff")


def _hints(parts: _Parts) -> CrsHints:
    if parts.prj is None:
        return CrsHints()
    with parts.prj.open("rb") as file:
        data = file.read(_PRJ_BYTES)
    try:
        text = decode(data, parts.prj.name)[0].strip().strip("\0")
    except FileRefusedError:
        return CrsHints()
    return CrsHints(declared=text, declared_by=".prj") if text else CrsHints()


def _no_table() -> Problem:
    return Problem(
        "no_dbf", "warning", "缺少 .dbf，没有属性；如有，请与 .shp 一起压缩上传",
        "the .dbf is missing, so there are no attributes; pack it with the .shp if there is one",
    )  # fmt: skip


def _table_problems(table: dbase.Table, shapes: int) -> list[Problem]:
    found = []
    if table.rows != shapes:
        found.append(
            Problem(
                "row_count", "warning",
                f"属性表有 {table.rows} 行，图形有 {shapes} 个；多出的行不读，缺少的属性为空",
                f"the table has {table.rows} rows for {shapes} shapes; rows without a shape are "
                "left out, shapes without a row have no attributes",
            )
        )  # fmt: skip
    if table.rows < table.said:
        found.append(
            Problem(
                "dbf_truncated", "warning",
                f"属性表应有 {table.said} 行，只有 {table.rows} 行，文件不完整",
                f"the table says it has {table.said} rows, but holds {table.rows}: incomplete",
            )
        )  # fmt: skip
    left = [f for f in table.fields if f not in table.kept]
    if left:
        told = "、".join(f.raw.decode("ascii", "replace") for f in left[:20])
        found.append(
            Problem(
                "memo_dropped", "warning", f"备注等类型的列未读入：{told}",
                f"columns of memos and other types were left out: {told}", count=len(left),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class _Attributes:
    """The table beside the shapes: row for row, by their order."""

    table: dbase.Table
    names: tuple[str, ...]
    codec: str
    types: Sequence[pa.DataType]

    def rows(self, first: int, count: int, number: int, teller: Teller) -> list[pa.Array]:
        """Columns for some shapes from `first` (from 0), told of from feature `number` on.

        Missing where the table has no row for a shape.
        """
        table = self.table
        there = max(0, min(count, table.rows - first))
        columns = []
        for field, kind, name in zip(table.kept, self.types, self.names, strict=True):
            rows = table.data[first : first + there, field.at : field.at + field.width]
            column = dbase.read_column(
                np.ascontiguousarray(rows), field, kind, self.codec, name=name, first=number,
                teller=teller,
            )  # fmt: skip
            if there < count:
                column = pa.concat_arrays([column, pa.nulls(count - there, column.type)])
            columns.append(column)
        return columns

    def live(self, first: int, count: int) -> NDArray[np.bool_]:
        """Which of some shapes have not been deleted."""
        keep = np.ones(count, dtype=bool)
        if first < self.table.rows:
            found = self.table.live()[first : first + count]
            keep[: len(found)] = found
        return keep


def _tables(
    folder: Unpacked, path: Path, index: Index, attributes: _Attributes | None, *, teller: Teller,
    limits: Limits,
) -> Iterator[pa.Table]:  # fmt: skip
    """Tables of the features; the folder stays as long as this runs."""
    first, number = 0, 1
    try:
        with open_arrow(folder.path / "layer.shp", use_pyarrow=True, batch_size=BATCH_ROWS) as (
            meta,
            reader,
        ):
            geometry = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                shapes = batch.column(geometry)
                if isinstance(shapes, pa.ExtensionArray):
                    shapes = shapes.storage
                shapes, turned = by_containment(shapes, limits)
                count = len(shapes)
                columns, names, keep = [shapes], [SHAPE], np.ones(count, dtype=bool)
                if attributes is not None:
                    columns = [*attributes.rows(first, count, number, teller), shapes]
                    names = [*attributes.names, SHAPE]
                    keep = attributes.live(first, count)
                made = pa.Table.from_arrays(columns, names=names)
                for row in turned[keep[turned]].tolist():
                    teller.add("ring_direction", number + int(keep[:row].sum()))
                if shapes.null_count:
                    unread = _unread(path, index[first : first + count], shapes)
                    for row in unread[keep[unread]].tolist():
                        teller.add("bad_geometry", number + int(keep[:row].sum()))
                first += count
                number += int(keep.sum())
                yield made if keep.all() else made.filter(pa.array(keep))
    except FAULTS as error:
        raise damaged(path, error) from error
    if first != len(index):
        raise damaged(path, ValueError(f"{first} of {len(index)} records"))


def _unread(path: Path, index: Index, shapes: pa.Array) -> NDArray[np.int64]:
    """The shapes that GDAL passed over without a word; a record of type 0 has none to read."""
    data = np.memmap(path, np.uint8, "r")
    missing = np.flatnonzero(shapes.is_null().to_numpy(zero_copy_only=False))
    starts = index[missing, 0] * 2 + 8
    found: NDArray[np.int64] = missing[data[starts[:, None] + np.arange(4)].any(axis=1)]
    return found
