"""Shapefiles written, bare or zipped: geometries by GDAL, the table by `dbasewriter`."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

from geo.files.dbasewriter import cpg_name, write_dbf
from geo.files.encodings import codec_name
from geo.files.ogr import FAULTS
from geo.files.ogrwriter import plain_path
from geo.files.report import WriteReport
from geo.files.writing import attributes, cannot_write, plain_columns

# Type ids of shapely -> the type of Shapefile that holds them.
_KINDS: Final = {0: "Point", 1: "LineString", 2: "LineString", 3: "Polygon", 4: "MultiPoint",
                 5: "LineString", 6: "Polygon"}  # fmt: skip


def write_shapefile(
    frame: gpd.GeoDataFrame, path: Path, *, encoding: str = "gb18030"
) -> WriteReport:  # fmt: skip
    """.shp, .shx, .dbf, .cpg and, with a CRS, .prj.

    `encoding` is "gb18030" (GBK, which the office's other programs expect) or "utf-8".

    Raises:
        FileRefusedError: geometries of several kinds or of one that a Shapefile can't hold (code
            "mixed_geometry"), an encoding that is none of the two (code "unknown_encoding").
    """
    codec = codec_name(encoding)
    if codec not in ("gb18030", "utf-8"):
        raise cannot_write(
            path, f"编码 {encoding} 不支持，可用 gb18030 或 utf-8",
            f"encoding {encoding} is not written; use gb18030 or utf-8", code="unknown_encoding",
        )  # fmt: skip
    shapes = np.asarray(shapely.force_2d(frame.geometry.to_numpy()), dtype=object)
    kind = _kind(shapes, path)
    if kind == "MultiPoint":
        single = shapely.get_type_id(shapes) == 0
        shapes[single] = [shapely.multipoints([point]) for point in shapes[single]]
    ready = gpd.GeoDataFrame(geometry=shapes, crs=frame.crs)
    draft = plain_path(path)
    try:
        with warnings.catch_warnings():  # of a frame without CRS
            warnings.simplefilter("ignore")
            pyogrio.write_dataframe(
                ready, draft, driver="ESRI Shapefile", geometry_type=kind, promote_to_multi=False
            )
    except FAULTS as error:
        why = " ".join(str(error).split())[:200]
        raise cannot_write(path, why, why, code="cannot_write") from error
    for suffix in (".shx", ".prj", ".shp"):
        part = draft.with_suffix(suffix)
        if part.exists():
            part.replace(path.with_suffix(suffix))
    for suffix in (".dbf", ".cpg"):
        draft.with_suffix(suffix).unlink(missing_ok=True)
    table = plain_columns(attributes(frame), dates=True)
    problems = write_dbf(table, path.with_suffix(".dbf"), codec=codec)
    name, rare = cpg_name(table, codec)
    path.with_suffix(".cpg").write_text(name, encoding="ascii")
    return WriteReport((*problems, *rare), features=len(frame))


def write_zipped(
    frame: gpd.GeoDataFrame, path: Path, *, encoding: str = "gb18030"
) -> WriteReport:  # fmt: skip
    """A ZIP archive with the parts of one Shapefile; see `write_shapefile`."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        inner = Path(folder) / f"{path.stem}.shp"
        report = write_shapefile(frame, inner, encoding=encoding)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)
    return report


def _kind(shapes: NDArray[Any], path: Path) -> str:
    ids = {int(kind) for kind in shapely.get_type_id(shapes) if kind >= 0}
    kinds = {_KINDS.get(kind, "") for kind in ids} or {"Polygon"}
    if kinds == {"Point", "MultiPoint"}:
        return "MultiPoint"
    if len(kinds) > 1 or "" in kinds:
        raise cannot_write(
            path, "Shapefile 只能存一种图形（点、线或面），数据中有几种；请改用 GeoPackage",
            "a Shapefile holds geometries of one kind, the data have several: use GeoPackage",
            code="mixed_geometry",
        )  # fmt: skip
    return kinds.pop()
