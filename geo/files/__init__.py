"""Files of features, read and written: every format that offices bring.

`open_file` finds out what a file is and opens it, `write_file` writes by extension. The modules of
the single formats are imported when they are needed, so that none slows down the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.files.featurefile import BATCH_ROWS, GEOMETRY, Batch, Encoding, FeatureFile, ReadOptions
from geo.files.formats import FORMATS, Format
from geo.files.opening import open_file
from geo.files.report import WriteReport

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "BATCH_ROWS", "FORMATS", "GEOMETRY", "Batch", "Encoding", "FeatureFile", "Format",
    "ReadOptions", "WriteReport", "open_file", "read_frame", "write_file",
]  # fmt: skip


def read_frame(file: FeatureFile) -> gpd.GeoDataFrame:
    """All features of a file as one frame, without a CRS; whole numbers stay whole beside gaps.

    Raises:
        FileRefusedError, LimitError: from reading.
    """
    return import_module("geo.files.frames").read_frame(file)


def write_file(
    frame: gpd.GeoDataFrame,
    path: Path,
    *,
    encoding: str = "",
    extra: Mapping[str, Any] | None = None,
) -> WriteReport:
    """Write a frame (with its CRS set) in the format of the path's extension.

    The file is made aside and moved into place whole: an old one stays until then.

    Args:
        frame: in the system it is to be written in; GeoJSON and KML take degrees only.
        path: .geojson .gpkg .shp .zip .kml .fgb .parquet .txt .csv .xlsx
        encoding: of Shapefile and survey text, "utf-8" or "gb18030" (the default of both).
        extra: what else the format records, as in `FeatureFile.extra` (survey text: "header").

    Raises:
        FileRefusedError: the format can't hold the frame, or the file can't be written.
    """
    report: WriteReport = import_module("geo.files.output").write_file(
        frame, path, encoding=encoding, extra=extra
    )
    return report
