"""Files written whole: made aside in the same folder, then moved into place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import geopandas as gpd

from geo.files.report import WriteReport
from geo.files.writing import cannot_write

_WRITERS: Final[Mapping[str, str]] = {
    ".geojson": "geo.files.geojsonwriter:write_geojson",
    ".json": "geo.files.geojsonwriter:write_geojson",
    ".gpkg": "geo.files.ogrwriter:write_gpkg",
    ".fgb": "geo.files.ogrwriter:write_fgb",
    ".shp": "geo.files.shapefilewriter:write_shapefile",
    ".zip": "geo.files.shapefilewriter:write_zipped",
    ".kml": "geo.files.kmlwriter:write_kml",
    ".parquet": "geo.files.geoparquet:write_geoparquet",
    ".csv": "geo.files.geotable:write_csv",
    ".xlsx": "geo.files.geotable:write_xlsx",
    ".txt": "geo.files.surveywriter:write_surveytext",
}
_PARTS: Final = frozenset({".prj", ".sbn", ".sbx", ".qix", ".qpj"})  # of a Shapefile
_ENCODED: Final = frozenset({".shp", ".zip", ".txt"})


def write_file(
    frame: gpd.GeoDataFrame, path: Path, *, encoding: str = "", extra: Mapping[str, Any] | None
) -> WriteReport:
    """See `geo.files.write_file`."""
    extension = path.suffix.lower()
    if extension not in _WRITERS:
        known = "、".join(_WRITERS)
        raise cannot_write(
            path, f"不能写 {extension or '没有扩展名的'} 文件，可用 {known}",
            f"{extension or 'a file without extension'} is not written; use {', '.join(_WRITERS)}",
            code="unknown_format",
        )  # fmt: skip
    options: dict[str, Any] = {}
    if encoding and extension in _ENCODED:
        options["encoding"] = encoding
    if extension == ".txt":
        options["header"] = (extra or {}).get("sections") or (extra or {}).get("header")
    module, function = _WRITERS[extension].split(":")
    write: Callable[..., WriteReport] = getattr(import_module(module), function)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".write-") as folder:
            report = write(frame, Path(folder) / path.name, **options)
            files = _moved(Path(folder), path)
    except OSError as error:
        why = error.strerror or str(error)
        raise cannot_write(path, why, why, code="cannot_write") from error
    return replace(report, files=files, features=report.features or len(frame))


def _moved(folder: Path, path: Path) -> tuple[Path, ...]:
    """Everything that was made, flushed to disk and moved; the file that was asked for last."""
    made = sorted(folder.iterdir(), key=lambda file: file.name == path.name)
    for file in made:
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    if path.suffix.lower() == ".shp":
        for suffix in _PARTS - {file.suffix for file in made}:  # they belong to an older file
            path.with_suffix(suffix).unlink(missing_ok=True)
    return tuple(file.replace(path.parent / file.name) for file in made)
