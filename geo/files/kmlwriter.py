"""KML 2.2 that Google Earth, 奥维 and GIS programs open: a schema, folders, placemarks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.files.geojsonwriter import DECIMALS, not_finite_problem, rows
from geo.files.report import WriteReport
from geo.files.writing import attributes, cell_text, plain_columns, require_degrees
from geo.problems import Problem

_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n'
    "<Document>\n"
)
# What XML 1.0 can't hold, not even escaped.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_kml(frame: gpd.GeoDataFrame, path: Path) -> WriteReport:
    """Placemarks in degrees; texts `name`, `description` and `folder` take KML's own places.

    Raises:
        FileRefusedError: the frame is not in degrees (code "needs_degrees").
    """
    require_degrees(frame, path)
    table = plain_columns(attributes(frame), dates=False)
    own = {n for n in ("name", "description", "folder") if n in table and _is_text(table[n])}
    fields = [name for name in table.columns if name not in own]
    types = {name: _type(table[name]) for name in fields}
    shapes = np.asarray(shapely.force_2d(frame.geometry.to_numpy()), dtype=object)
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    bad = np.unique(owner[~np.isfinite(points).all(axis=1)])
    shapes[bad] = None
    text = _Text()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_HEAD + f"<name>{text.plain(path.stem)}</name>\n")
        if fields:
            file.write('<Schema name="attributes" id="attributes">\n')
            for name in fields:
                file.write(f'<SimpleField type="{types[name]}" name="{text.plain(name)}"/>\n')
            file.write("</Schema>\n")
        folder = None
        for values, shape in zip(rows(table), shapes, strict=True):
            here = values.get("folder") if "folder" in own else None
            if here != folder:
                file.write("</Folder>\n" if folder is not None else "")
                file.write(f"<Folder><name>{text.plain(here)}</name>\n" if here is not None else "")
                folder = here
            file.writelines(_placemark(values, own, fields, shape, text))
        file.write("</Folder>\n" if folder is not None else "")
        file.write("</Document>\n</kml>\n")
    return WriteReport((*text.problems(), *not_finite_problem(len(bad))), features=len(frame))


def _is_text(values: pd.Series[Any]) -> bool:
    return not (
        pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype)
    )


def _type(values: pd.Series[Any]) -> str:
    if pd.api.types.is_bool_dtype(values.dtype):
        return "bool"
    if pd.api.types.is_integer_dtype(values.dtype):
        return "int"
    return "double" if pd.api.types.is_float_dtype(values.dtype) else "string"


class _Text:
    """Escapes texts, and counts what XML can't hold."""

    def __init__(self) -> None:
        self._lost = 0

    def plain(self, text: str) -> str:
        plain, lost = _FORBIDDEN.subn("", text)
        self._lost += lost
        return escape(plain).replace("\r", "&#13;")

    def problems(self) -> tuple[Problem, ...]:
        if not self._lost:
            return ()
        return (
            Problem(
                "control_characters", "warning", f"{self._lost} 个控制字符 XML 不能保存，已去掉",
                f"{self._lost} control characters that XML can't hold were removed",
                count=self._lost,
            ),
        )  # fmt: skip


def _placemark(
    values: dict[str, Any], own: set[str], fields: list[str], shape: Any, text: _Text
) -> Iterator[str]:
    yield "<Placemark>"
    for name in ("name", "description"):
        if name in own and values[name] is not None:
            yield f"<{name}>{text.plain(values[name])}</{name}>"
    cells = [(name, values[name]) for name in fields if values[name] is not None]
    if cells:
        yield '<ExtendedData><SchemaData schemaUrl="#attributes">'
        for name, value in cells:
            cell = text.plain(cell_text(value))
            yield f'<SimpleData name="{text.plain(name)}">{cell}</SimpleData>'
        yield "</SchemaData></ExtendedData>"
    if shape is not None and not shape.is_empty:
        yield from _geometry(shape)
    yield "</Placemark>\n"


def _geometry(shape: Any) -> Iterator[str]:
    kind = shape.geom_type
    if kind == "Point":
        yield f"<Point>{_coordinates(shape)}</Point>"
    elif kind in ("LineString", "LinearRing"):
        yield f"<LineString>{_coordinates(shape)}</LineString>"
    elif kind == "Polygon":
        polygon = shapely.orient_polygons(shape, exterior_cw=False)
        yield f"<Polygon><outerBoundaryIs>{_ring(polygon.exterior)}</outerBoundaryIs>"
        for hole in polygon.interiors:
            yield f"<innerBoundaryIs>{_ring(hole)}</innerBoundaryIs>"
        yield "</Polygon>"
    else:
        yield "<MultiGeometry>"
        for part in shape.geoms:
            yield from _geometry(part)
        yield "</MultiGeometry>"


def _ring(ring: Any) -> str:
    return f"<LinearRing>{_coordinates(ring)}</LinearRing>"


def _coordinates(shape: Any) -> str:
    numbers = np.round(shapely.get_coordinates(shape), DECIMALS) + 0.0
    text = " ".join(f"{lon},{lat}" for lon, lat in numbers.tolist())
    return f"<coordinates>{text}</coordinates>"
