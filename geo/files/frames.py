"""All features of a file as one frame in memory."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from geo.files.featurefile import GEOMETRY, FeatureFile


def read_frame(file: FeatureFile) -> gpd.GeoDataFrame:
    """All features of a file as one frame, without a CRS; whole numbers stay whole beside gaps.

    Raises:
        FileRefusedError, LimitError: from reading.
    """
    tables = [batch.table for batch in file.read()]
    if not tables:
        empty = {name: pd.Series(dtype=object) for name in file.columns}
        return gpd.GeoDataFrame(empty, geometry=[])
    table = pa.concat_tables(tables, promote_options="permissive")
    shapes = shapely.from_wkb(table.column(GEOMETRY).to_numpy())
    columns: dict[str, Any] = {
        name: _series(table.column(name)) for name in table.column_names if name != GEOMETRY
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index))


def _series(column: pa.ChunkedArray) -> pd.Series[Any]:
    if column.null_count and pa.types.is_integer(column.type):
        return column.to_pandas(types_mapper={column.type: pd.Int64Dtype()}.get)
    if column.null_count and pa.types.is_boolean(column.type):
        return column.to_pandas(types_mapper={column.type: pd.BooleanDtype()}.get)
    return column.to_pandas()
