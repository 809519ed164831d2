"""GeoPackage and FlatGeobuf written by GDAL: one layer, its attributes under their own names."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from geo.files.ogr import FAULTS, SHAPE
from geo.files.report import WriteReport
from geo.files.writing import (
    attributes,
    cannot_write,
    plain_columns,
    renamed,
    unique_names,
)

# Names that GDAL gives to columns of its own.
_TAKEN: Final = ("fid", "geom", "geometry", "ogc_fid", "wkb_geometry", "ogr_geometry")


def write_gpkg(frame: gpd.GeoDataFrame, path: Path) -> WriteReport:
    """A GeoPackage with one layer, named like the file."""
    layer = path.stem
    if layer.lower().startswith(("gpkg_", "rtree_", "sqlite_")):
        layer = f"layer_{layer}"
    return _write(frame, path, "GPKG", layer=layer, GEOMETRY_NAME="geom", FID="fid")


def write_fgb(frame: gpd.GeoDataFrame, path: Path) -> WriteReport:
    """FlatGeobuf, with its index of boxes: features stand in the order of that index.

    A file with a feature that has no geometry can't have the index.
    """
    missing = bool(frame.geometry.isna().any() or frame.geometry.is_empty.any())
    index = "NO" if missing else "YES"
    return _write(frame, path, "FlatGeobuf", layer=path.stem, SPATIAL_INDEX=index)


def _write(
    frame: gpd.GeoDataFrame, path: Path, driver: str, *, layer: str, **options: Any
) -> WriteReport:
    table = plain_columns(attributes(frame), dates=True)
    before = list(table.columns)
    after = unique_names(before, taken=_TAKEN)
    table.columns = pd.Index(after, dtype=object)
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    ready = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    # A table of no columns has no rows either: the geometries are put beside its columns.
    wkb = pa.array(shapely.to_wkb(shapes), type=pa.binary())
    ready = pa.Table.from_arrays([*ready.columns, wkb], names=[*ready.column_names, SHAPE])
    draft = plain_path(path)
    try:
        with warnings.catch_warnings():  # of a frame without CRS
            warnings.simplefilter("ignore")
            pyogrio.write_arrow(
                ready, draft, driver=driver, layer=layer, geometry_name=SHAPE,
                geometry_type=_geometry_type(shapes), crs=_crs(frame), **options,
            )  # fmt: skip
    except FAULTS as error:
        why = " ".join(str(error).split())[:200]
        raise cannot_write(path, why, why, code="cannot_write") from error
    draft.replace(path)
    return WriteReport(renamed(before, after), features=len(frame))


def plain_path(path: Path) -> Path:
    """A path in the same folder that GDAL takes for a file: "!" and "?" mean something to it."""
    return path.with_name(f"draft{path.suffix.lower()}")


def _crs(frame: gpd.GeoDataFrame) -> str | None:
    if frame.crs is None:
        return None
    code = frame.crs.to_epsg()
    return f"EPSG:{code}" if code else str(frame.crs.to_wkt("WKT1_GDAL"))


def _geometry_type(shapes: Any) -> str:
    """The one type that all geometries have, else "Unknown", which holds any."""
    kinds = {kind for kind in shapely.get_type_id(shapes) if kind >= 0}
    names = {0: "Point", 1: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString",
             6: "MultiPolygon"}  # fmt: skip
    return names.get(kinds.pop(), "Unknown") if len(kinds) == 1 else "Unknown"
