"""The formats that are read and written: one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    `extensions` are in small letters with the dot, the usual one first. `carries_crs`: a file can
    say in which reference system it is. `is_text`: it is parsed as one text, whose encoding may
    have to be found out. `reader` names the function that opens it.
    """

    key: str
    name_zh: str
    name_en: str
    extensions: tuple[str, ...]
    reads: bool
    writes: bool
    carries_crs: bool
    is_text: bool
    reader: str


_TABLE: Final = (
    Format("geojson", "GeoJSON", "GeoJSON",
           (".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson"),
           True, True, True, True, "geo.files.geojson:open_geojson"),
    Format("gpkg", "GeoPackage", "GeoPackage", (".gpkg",),
           True, True, True, False, "geo.files.ogr:open_gpkg"),
    Format("shp", "Shapefile", "Shapefile", (".shp", ".zip"),
           True, True, True, False, "geo.files.shapefile:open_shapefile"),
    Format("kml", "KML（含 KMZ、奥维 ovkml）", "KML (also KMZ, ovkml)",
           (".kml", ".kmz", ".ovkml", ".ovkmz"),
           True, True, True, True, "geo.files.kml:open_kml"),
    Format("fgb", "FlatGeobuf", "FlatGeobuf", (".fgb",),
           True, True, True, False, "geo.files.ogr:open_fgb"),
    Format("parquet", "GeoParquet", "GeoParquet", (".parquet", ".geoparquet"),
           True, True, True, False, "geo.files.geoparquet:open_geoparquet"),
    Format("dxf", "DXF", "DXF", (".dxf",),
           True, False, False, True, "geo.files.dxf:open_dxf"),
    Format("txt", "界址点坐标 TXT", "survey text (界址点坐标)", (".txt",),
           True, True, True, True, "geo.files.surveytext:open_surveytext"),
    Format("csv", "CSV", "CSV", (".csv", ".tsv"),
           True, True, False, True, "geo.files.geotable:open_table"),
    Format("xlsx", "Excel 工作簿", "Excel workbook", (".xlsx", ".xlsm"),
           True, True, False, False, "geo.files.geotable:open_table"),
    Format("xls", "Excel 97–2003 工作簿", "Excel 97–2003 workbook", (".xls",),
           True, False, False, False, "geo.files.geotable:open_table"),
)  # fmt: skip

FORMATS: Final[Mapping[str, Format]] = MappingProxyType({one.key: one for one in _TABLE})
BY_EXTENSION: Final[Mapping[str, Format]] = MappingProxyType(
    {extension: one for one in _TABLE for extension in one.extensions}
)
