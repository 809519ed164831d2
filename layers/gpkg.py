"""GeoPackage files by GDAL: one or more layers, with readable names of the columns as aliases."""

from __future__ import annotations

import os
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from layers.errors import ExportError
from layers.geojson import require_lonlat

MEDIA_TYPE = "application/geopackage+sqlite3"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALIAS = "GDAL:OGR:alternative_name"  # GDAL stores it in gpkg_data_columns; QGIS shows it
_GDAL_CONFIG = threading.Lock()  # GDAL's configuration is one for the whole process
_MULTI = {
    frozenset({"Polygon", "MultiPolygon"}): ("MultiPolygon", shapely.multipolygons),
    frozenset({"LineString", "MultiLineString"}): ("MultiLineString", shapely.multilinestrings),
    frozenset({"Point", "MultiPoint"}): ("MultiPoint", shapely.multipoints),
}


def gpkg_bytes(
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    aliases: Mapping[str, str] | None = None,
    changed: datetime = EPOCH,
) -> bytes:
    """The GeoPackage that `write_gpkg` writes, as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layers.gpkg"
        write_gpkg(layers, path, aliases=aliases, changed=changed)
        return path.read_bytes()


def write_gpkg(
    layers: Mapping[str, gpd.GeoDataFrame],
    path: str | os.PathLike[str],
    *,
    aliases: Mapping[str, str] | None = None,
    changed: datetime = EPOCH,
) -> None:
    """Write `layers` (name to frame in lon/lat degrees, EPSG:4490 or 4326) to `path`.

    aliases: readable names by column. changed: the time written as the layers' last change (UTC;
    a naive time counts as UTC); with the same GDAL the same input then gives the same bytes.
    Single and multi geometries become multi ones; lists become JSON texts. The file is made aside
    and moved into place whole.

    Raises CrsError for a frame without CRS or in another one, ExportError for no layers or a bad
    layer name.
    """
    if not layers:
        raise ExportError("没有可写的图层 / no layers to write")
    for name, frame in layers.items():
        if not name.strip() or name.lower().startswith(("gpkg_", "rtree_", "sqlite_")):
            raise ExportError(f"图层名不可用 / not a layer name: {name!r}")
        require_lonlat(frame)
    target = Path(path)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".gpkg-") as folder:
        draft = Path(folder) / "layers.gpkg"
        with _dated(changed):
            for name, frame in layers.items():
                _append(frame, draft, name, aliases or {})
        draft.replace(target)


def _append(frame: gpd.GeoDataFrame, path: Path, name: str, aliases: Mapping[str, str]) -> None:
    geometry = frame.active_geometry_name
    shapes, kind = _one_type(np.asarray(frame.geometry.array, dtype=object))
    plain = pd.DataFrame(
        {c: _plain(frame[c]) for c in frame.columns if c != geometry}, index=frame.index
    )
    ready = gpd.GeoDataFrame(plain, geometry=shapes, crs=frame.crs)
    table = pa.table(ready.to_arrow(index=False, geometry_encoding="WKB"))
    table = table.cast(pa.schema(_named(table.schema, aliases)))
    with warnings.catch_warnings():
        # An all-empty layer has no extent; GDAL says so, and it is no fault.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="pyogrio")
        pyogrio.write_arrow(
            table,
            path,
            layer=name,
            driver="GPKG",
            geometry_name=ready.active_geometry_name,
            geometry_type=kind,
            crs=":".join(frame.crs.to_authority()),
            append=path.exists(),
        )


def _named(schema: Any, aliases: Mapping[str, str]) -> Iterator[Any]:
    """The fields with their aliases. An alias may occur once in a layer, so its key follows."""
    used: set[str] = set()
    for field in schema:
        alias = aliases.get(field.name)
        if alias is None:
            yield field
            continue
        if alias in used:
            alias = f"{alias} ({field.name})"
        used.add(alias)
        yield field.with_metadata({**(field.metadata or {}), _ALIAS: alias})


def _one_type(shapes: Any) -> tuple[Any, str]:
    """Geometries of one kind as their multi type, with its name; else as they are, "Unknown"."""
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    shapes = np.where(there, shapes, None)
    found = {shape.geom_type for shape in shapes[there]}
    for pair, (name, gather) in _MULTI.items():
        if found and found <= pair:
            single = np.flatnonzero(there)[[shape.geom_type != name for shape in shapes[there]]]
            if len(single):
                shapes[single] = gather(shapes[single], indices=np.arange(len(single)))
            return shapes, name
    return shapes, "Unknown"


def _plain(values: pd.Series[Any]) -> pd.Series[Any]:
    """A column that OGR has a type for."""
    if values.dtype != object:
        return values
    if not any(isinstance(item, list | tuple | dict | np.ndarray) for item in values):
        return values
    texts = [
        orjson.dumps(item, option=orjson.OPT_SERIALIZE_NUMPY).decode()
        if isinstance(item, list | tuple | dict | np.ndarray)
        else None
        if pd.isna(item)
        else str(item)
        for item in values
    ]
    return pd.Series(texts, index=values.index, dtype="str")


@contextmanager
def _dated(changed: datetime) -> Iterator[None]:
    moment = changed if changed.tzinfo is None else changed.astimezone(UTC)
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    with _GDAL_CONFIG:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
        try:
            yield
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
