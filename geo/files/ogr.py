"""GeoPackage and FlatGeobuf, streamed by GDAL as Arrow batches."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyogrio
from pyogrio.errors import (
    CRSError,
    DataLayerError,
    DataSourceError,
    FeatureError,
    FieldError,
    GeometryError,
)
from pyogrio.raw import open_arrow

from geo.errors import FileRefusedError
from geo.files.archive import Unpacked
from geo.files.batches import batches
from geo.files.columns import Plan, plan
from geo.files.featurefile import BATCH_ROWS, Batch, Encoding, FeatureFile, ReadOptions
from geo.files.geopackage import contents, missing_shapes
from geo.limits import Limits
from geo.problems import Problem
from geo.reference import CrsHints

# GDAL tells of single geometries by warnings, which would stand before the one line of an error.
# What it tells matters to nobody: every geometry is looked through here.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"geo\.files\.")
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"pyogrio\.raw")

# GDAL's own Arrow code for FlatGeobuf leaves the offsets of features without geometry unset.
pyogrio.set_gdal_config_options({"OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES"})

FAULTS: Final = (
    DataSourceError, DataLayerError, CRSError, FeatureError, FieldError, GeometryError,
    pa.ArrowException, UnicodeError, RuntimeError, ValueError, OSError, IndexError,
)  # fmt: skip
SHAPE: Final = "zone_atlas_shape"  # the geometry until it gets its place; no attribute's name
_LISTED: Final = 50


def open_gpkg(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """A GeoPackage; of several layers the user has to choose one.

    Raises:
        FileRefusedError: codes "choose_layer", "no_layer", "damaged" and those of
            `geo.files.geopackage.contents`.
    """
    there = contents(path)
    problems = []
    if there.views:
        told = "、".join(there.views[:_LISTED])
        problems.append(
            Problem(
                "view_skipped", "warning", f"视图不读取：{told}", f"views are not read: {told}",
                count=len(there.views),
            )
        )  # fmt: skip
    log = path.with_name(path.name + "-wal")
    if log.is_file() and log.stat().st_size:
        problems.append(
            Problem(
                "unsaved_changes", "warning", "有别的程序正在编辑此文件，未写入的修改不会读到",
                "another program is editing the file; its unsaved changes are not read",
            )
        )  # fmt: skip
    layer = chosen_layer(path, there.layers, options.layer)
    return opened(
        path, "gpkg", layer=layer, layers=there.layers, limits=limits, problems=tuple(problems),
        declared_by="GeoPackage", immutable="YES", list_all_tables="NO",
    )  # fmt: skip


def open_fgb(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """A FlatGeobuf file: one layer.

    Raises:
        FileRefusedError: code "damaged".
    """
    del options
    return opened(
        path, "fgb", layer=None, layers=(), limits=limits, declared_by="FlatGeobuf",
        verify_buffers="YES",
    )  # fmt: skip


def chosen_layer(path: Path, layers: Sequence[str], wanted: str) -> str:
    """The layer asked for, or the only one.

    Raises:
        FileRefusedError: code "choose_layer" or "no_layer", with the layers' names as faults.
    """
    if wanted in layers:
        return wanted
    if not wanted and len(layers) == 1:
        return layers[0]
    listed = list(layers[:_LISTED])
    if wanted or not layers:
        what = f"没有图层 {wanted}" if wanted else "没有图形图层"
        raise FileRefusedError(
            f"{path.name} {what}" + (f"；其中有：{'、'.join(listed)}" if listed else "")
            + f" / {path.name} has no {'layer ' + wanted if wanted else 'layer with geometries'}",
            code="no_layer", faults=listed,
        )  # fmt: skip
    raise FileRefusedError(
        f"{path.name} 有 {len(layers)} 个图层，请选一个：{'、'.join(listed)} / {path.name} has "
        f"{len(layers)} layers, choose one",
        code="choose_layer", faults=listed,
    )  # fmt: skip


def opened(
    path: Path,
    key: str,
    *,
    layer: str | None,
    layers: tuple[str, ...],
    limits: Limits,
    declared_by: str,
    problems: tuple[Problem, ...] = (),
    **driver: str,
) -> FeatureFile:
    """A file of features that GDAL streams; `driver` are GDAL's options for opening it."""
    # GDAL takes "!", "?" and some beginnings of a path for its own; a link has a plain name.
    folder = Unpacked()
    link = folder.path / f"layer.{key}"
    link.symlink_to(path.resolve())
    try:
        info = pyogrio.read_info(link, layer=layer, **driver)
        with open_arrow(link, layer=layer, use_pyarrow=True, **driver) as (meta, reader):
            geometry = meta["geometry_name"] or "wkb_geometry"
            has_shape = geometry in reader.schema.names
            columns = plan(reader.schema, leave_out={geometry})
    except FAULTS as error:
        folder.close()
        raise damaged(path, error) from error

    def read() -> Iterator[Batch]:
        kept = folder  # for as long as this runs
        shape = geometry if has_shape else ""
        tables = _tables(kept.path / link.name, path, columns, shape, layer=layer, **driver)
        seen = _Seen()
        yield from _completed(
            batches(
                seen.all(tables), geometry=SHAPE if has_shape else "", name=path.name, limits=limits
            ),
            lambda: _not_read(path, key, layer, seen, info["features"]),
        )

    return FeatureFile(
        path=path, format=key, encoding=Encoding("utf-8", "format"), columns=columns.names,
        hints=CrsHints(**_declared(info.get("crs"), declared_by)), read=read,
        feature_count=info["features"] if info["features"] >= 0 else None, layers=layers,
        layer=layer or "", problems=problems + columns.problems,
    )  # fmt: skip


@dataclass(slots=True)
class _Seen:
    """What the library gave of a layer: rows, and how many of them without a geometry."""

    rows: int = 0
    missing: int = 0

    def all(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """The same tables, counted."""
        for table in tables:
            self.rows += table.num_rows
            if SHAPE in table.column_names:
                self.missing += table.column(SHAPE).null_count
            yield table


def _completed(
    found: Iterable[Batch], at_the_end: Callable[[], tuple[Problem, ...]]
) -> Iterator[Batch]:
    """The same batches, the last one with what only the end tells."""
    last: Batch | None = None
    for batch in found:
        if last is not None:
            yield last
        last = batch
    problems = at_the_end()
    if last is not None:
        yield replace(last, problems=(*last.problems, *problems))


def _not_read(
    path: Path, key: str, layer: str | None, seen: _Seen, said: int
) -> tuple[Problem, ...]:
    """What the library passed over without a word.

    Raises:
        FileRefusedError: fewer features than a FlatGeobuf says it has (code "truncated").
    """
    if key == "fgb" and seen.rows < said:
        raise FileRefusedError(
            f"{path.name} 不完整：应有 {said} 个要素，只读到 {seen.rows} 个；请重新获取 / "
            f"{path.name} is incomplete: it says it has {said} features, {seen.rows} could be read",
            code="truncated", feature=seen.rows + 1,
        )  # fmt: skip
    if key != "gpkg" or not seen.missing or layer is None:
        return ()
    count = seen.missing - missing_shapes(path, layer)
    if count <= 0:
        return ()
    return (
        Problem(
            "bad_geometry", "error", f"{count} 个要素的图形已损坏，未读入",
            f"the geometries of {count} features are damaged and were left out", count=count,
        ),
    )  # fmt: skip


def _tables(link: Path, path: Path, columns: Plan, geometry: str, **options: Any) -> Iterator[Any]:
    """Tables of the file's features, their geometries in the column SHAPE."""
    try:
        with open_arrow(link, use_pyarrow=True, batch_size=BATCH_ROWS, **options) as (_, reader):
            for batch in reader:
                yield columns.apply(pa.Table.from_batches([batch]), geometry, SHAPE)
    except FAULTS as error:
        raise damaged(path, error) from error


def _declared(crs: Any, by: str) -> dict[str, Any]:
    if not crs or "Undefined" in str(crs)[:200]:
        return {}
    return {"declared": str(crs), "declared_by": by}


def damaged(path: Path, error: Exception) -> FileRefusedError:
    """The error for a file whose library gave up."""
    why = " ".join(str(error).split())[:200]
    return FileRefusedError(
        f"{path.name} 已损坏或不完整（{why}） / {path.name} is damaged or incomplete",
        code="damaged",
    )
