"""GeoJSON by RFC 7946: degrees, right-hand rule, one feature on each line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.files.report import WriteReport
from geo.files.writing import attributes, plain_columns, require_degrees
from geo.problems import Problem

DECIMALS: Final = 9  # 0.1 mm: what is written is read back to better than a millimetre
_ROWS: Final = 4_096


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> WriteReport:
    """A FeatureCollection in UTF-8; EPSG:4490 is written as it is, as its step to WGS 84 is null.

    Raises:
        FileRefusedError: the frame is not in degrees (code "needs_degrees").
    """
    require_degrees(frame, path)
    table = plain_columns(attributes(frame), dates=False)
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    not_finite = 0
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","features":[')
        for start in range(0, len(frame), _ROWS):
            texts, bad = geometry_texts(shapes[start : start + _ROWS])
            not_finite += bad
            for offset, values in enumerate(rows(table.iloc[start : start + _ROWS])):
                text = texts[offset]
                feature = {
                    "type": "Feature", "properties": values,
                    "geometry": None if text is None else orjson.Fragment(text),
                }  # fmt: skip
                file.write(b",\n" if start + offset else b"\n")
                file.write(orjson.dumps(feature))
        file.write(b"\n]}\n")
    return WriteReport(not_finite_problem(not_finite), features=len(frame))


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as mappings of JSON values: None where missing, no number that is not finite."""
    columns = {}
    for name in table.columns:
        values = table[name]
        cells = values.astype(object).where(values.notna(), None).tolist()
        if pd.api.types.is_float_dtype(values.dtype):
            cells = [c if c is None or np.isfinite(c) else None for c in cells]
        columns[name] = cells
    if not columns:
        return [{} for _ in range(len(table))]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def geometry_texts(shapes: NDArray[np.object_]) -> tuple[list[str | None], int]:
    """GeoJSON geometries, rounded to DECIMALS, outer rings counter-clockwise.

    Missing and empty ones are None, also those with coordinates that are no numbers; the latter
    are counted.
    """
    flat = shapely.force_2d(shapes)
    points, owner = shapely.get_coordinates(flat, return_index=True)
    finite = np.ones(len(flat), dtype=bool)
    finite[owner[~np.isfinite(points).all(axis=1)]] = False
    there = finite & ~shapely.is_missing(flat) & ~shapely.is_empty(flat)
    # GeoJSON knows no closed line by itself.
    for row in np.flatnonzero(shapely.get_type_id(flat) == 2):
        flat[row] = shapely.LineString(flat[row].coords)
    good = shapely.transform(flat[there], lambda xy: np.round(xy, DECIMALS) + 0.0)
    good = shapely.orient_polygons(good, exterior_cw=False)
    texts: list[str | None] = [None] * len(flat)
    for row, text in zip(np.flatnonzero(there), shapely.to_geojson(good), strict=True):
        texts[row] = text
    return texts, int((~finite).sum())


def not_finite_problem(count: int) -> tuple[Problem, ...]:
    """The warning that geometries were left out."""
    if not count:
        return ()
    return (
        Problem(
            "not_finite", "warning", f"{count} 个要素的坐标不是有限的数，图形未写出",
            f"{count} features have coordinates that are no finite numbers; written without them",
            count=count,
        ),
    )  # fmt: skip
