"""GeoJSON (RFC 7946) from a GeoDataFrame in lon/lat degrees, fast and in bounded memory.

What is written:

- positions are ``[lon, lat]``, rounded to 7 decimals (about 1 cm); heights are left out;
- outer rings run counter-clockwise and holes clockwise, judged on the rounded coordinates;
- there is no ``crs`` member. EPSG:4490 (CGCS2000) is written as it is: its difference from
  WGS 84 is a null step for PROJ, centimetres to decimetres in truth;
- a missing value (None, NaN, NaT, pandas.NA, also an infinity) is ``null``, dates are ISO 8601;
- a missing or empty geometry is ``null``.

Rings that collapse: a ring that has no area once it is rounded is left out; with an outer ring go
its holes, and a feature that loses all its rings has the geometry ``null``. The feature says so
itself by the foreign member ``"collapsed_rings": n``, so nothing disappears unseen. Geometries
are not repaired otherwise.

Each feature stands on a line of its own, so versions of a file can be compared line by line.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, TypedDict, Unpack

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from layers.errors import CrsError, LayerError
from layers.geojson_geometry import MAX_DECIMALS, Geometries, encode_geometries, rounded

MEDIA_TYPE = "application/geo+json"
LONLAT_CRS = (("EPSG", "4490"), ("EPSG", "4326"), ("OGC", "CRS84"))
CHUNK = 1024  # features encoded at a time: bounds the memory, and few objects live at once
BBox = tuple[float, float, float, float]  # west, south, east, north in degrees
RESERVED_MEMBERS = frozenset(
    {"type", "name", "bbox", "features", "crs"}
    # RFC 7946 section 7.1: a collection must not have these
    | {"coordinates", "geometries", "geometry", "properties"}
)


class Options(TypedDict, total=False):
    """Keyword options of all three writers.

    id_column: whose values become the Feature ids (unique, never missing); None: the index.
    columns: which columns become properties, in this order; default: all but the geometry.
    decimals: of the coordinates, 0 to 7. name: the collection's name (GDAL's layer name).
    members: further members of the collection (foreign members in RFC 7946's words).
    """

    id_column: str | None
    columns: Sequence[str] | None
    decimals: int
    name: str | None
    members: Mapping[str, object] | None


def to_geojson(frame: gpd.GeoDataFrame, **options: Unpack[Options]) -> bytes:
    """`frame` as one GeoJSON FeatureCollection, UTF-8; for `options` see `Options`.

    `frame` must be in EPSG:4490, EPSG:4326 or OGC:CRS84, degrees.

    Raises CrsError for no CRS or another one, LayerError for ids, columns or values that can't
    be written and for coordinates outside lon/lat.
    """
    buffer = io.BytesIO()
    for piece in geojson_pieces(frame, **options):
        buffer.write(piece)
    return buffer.getvalue()


def write_geojson(
    frame: gpd.GeoDataFrame, path: str | os.PathLike[str], **options: Unpack[Options]
) -> None:
    """Write `frame` to `path` piece by piece; the file appears whole or not at all.

    Raises as `to_geojson`; an older file at `path` then stays as it was.
    """
    with replaced_file(Path(path)) as file:
        for piece in geojson_pieces(frame, **options):
            file.write(piece)


def geojson_pieces(frame: gpd.GeoDataFrame, **options: Unpack[Options]) -> Iterator[bytes]:
    """The bytes of `to_geojson` in pieces of some thousand features, to be streamed.

    Raises as `to_geojson`: for CRS, columns, ids and ranges before the first piece is asked for;
    for a value that has no JSON form when its piece is reached.
    """
    decimals = options.get("decimals", MAX_DECIMALS)
    if not 0 <= decimals <= MAX_DECIMALS:
        raise LayerError(f"小数位数须为 0–7 / decimals must be 0 to 7, not {decimals}")
    require_lonlat(frame)
    ids = _ids(frame, options.get("id_column"))
    columns = _columns(frame, options.get("columns"))
    geometries = np.asarray(frame.geometry.array, dtype=object)
    head = _head(geometries, decimals, options.get("name"), options.get("members") or {})
    return _pieces(head, ids, frame[columns], geometries, decimals)


@contextmanager
def replaced_file(path: Path) -> Iterator[BinaryIO]:
    """A temporary file beside `path` that takes its place when the block ends without an error."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).chmod(0o644)  # mkstemp makes files that only their owner can read
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# --- the frame -----------------------------------------------------------------------------------


def require_lonlat(frame: gpd.GeoDataFrame) -> None:
    """Raises CrsError unless `frame` is in one of `LONLAT_CRS`, LayerError without geometry."""
    if frame.active_geometry_name is None:
        raise LayerError("表中没有几何列 / the frame has no geometry column")
    crs = frame.crs
    if crs is None:
        raise CrsError("图层没有坐标系，不作猜测 / the frame has no CRS, and none is guessed")
    if crs.to_authority(min_confidence=100) not in LONLAT_CRS:
        raise CrsError(
            f"须用经纬度坐标 EPSG:4490 或 4326，图层为 {crs.name} / "
            f"needs lon/lat in EPSG:4490 or 4326, the frame is in {crs.name}"
        )


def _ids(frame: gpd.GeoDataFrame, id_column: str | None) -> pd.Series[Any]:
    ids: pd.Series[Any]
    if id_column is None:
        ids = frame.index.to_series()
    elif id_column in frame.columns:
        ids = frame[id_column]
    else:
        raise LayerError(f"没有编号列 {id_column} / no id column {id_column}")
    missing = int(ids.isna().sum())
    if missing:
        raise LayerError(f"编号缺失 {missing} 处 / {missing} ids are missing")
    repeated = ids[ids.duplicated()].unique()
    if len(repeated):
        shown = ", ".join(map(str, repeated[:5]))
        raise LayerError(f"编号重复 / repeated ids ({len(repeated)}): {shown}")
    return ids


def _columns(frame: gpd.GeoDataFrame, columns: Sequence[str] | None) -> list[str]:
    """The property columns of `frame`; raises LayerError naming all that can't be one."""
    chosen = [c for c in frame.columns if c != frame.active_geometry_name]
    if columns is not None:
        missing = [c for c in columns if c not in chosen]
        if missing:
            raise LayerError(f"没有这些列 / no such columns: {', '.join(map(str, missing))}")
        chosen = list(columns)
    faults = [f"{c!r}: not a text" for c in chosen if not isinstance(c, str)]
    faults += [f"{c}: twice" for c in dict.fromkeys(chosen) if chosen.count(c) > 1]
    faults += [
        f"{c}: a second geometry"
        for c in dict.fromkeys(chosen)
        if isinstance(frame.dtypes[c], gpd.array.GeometryDtype)
    ]
    if faults:
        raise LayerError("列不能写成属性 / columns that can't be properties: " + "; ".join(faults))
    return chosen


def _head(
    geometries: Geometries, decimals: int, name: str | None, members: Mapping[str, object]
) -> bytes:
    """Everything before the first feature, the bbox (west, south, east, north) included."""
    taken = sorted(RESERVED_MEMBERS & set(members))
    if taken:
        raise LayerError(f"保留的成员名 / reserved member names: {', '.join(taken)}")
    head: dict[str, object] = {"type": "FeatureCollection"}
    if name is not None:
        head["name"] = name
    head.update(members)
    bounds = shapely.bounds(geometries)
    bounds = bounds[~np.isnan(bounds).any(axis=1)]  # what has no geometry has no bounds
    if len(bounds):
        west, south = bounds[:, :2].min(axis=0)
        east, north = bounds[:, 2:].max(axis=0)
        if west < -180 or east > 180 or south < -90 or north > 90:
            raise LayerError(
                "坐标超出经纬度范围 / coordinates outside lon/lat: "
                f"{west}, {south}, {east}, {north}"
            )
        head["bbox"] = rounded(np.array([west, south, east, north]), decimals).tolist()
    return _dumps(head)[:-1] + b',"features":[\n'


def _pieces(
    head: bytes,
    ids: pd.Series[Any],
    properties: pd.DataFrame,
    geometries: Geometries,
    decimals: int,
) -> Iterator[bytes]:
    yield head
    names = list(properties.columns)
    for start in range(0, len(geometries), CHUNK):
        part = slice(start, start + CHUNK)
        values = [_plain(properties[name].iloc[part]) for name in names]
        rows: Iterable[tuple[object, ...]] = (
            zip(*values, strict=True) if names else (() for _ in range(len(geometries[part])))
        )
        encoded = encode_geometries(geometries[part], decimals=decimals)
        lines = [
            _feature(identifier, geometry, dict(zip(names, row, strict=True)), collapsed)
            for identifier, (geometry, collapsed), row in zip(
                _plain(ids.iloc[part]), encoded, rows, strict=True
            )
        ]
        yield (b",\n" if start else b"") + b",\n".join(lines)
    yield b"\n]}\n"


def _feature(
    identifier: object, geometry: object, properties: dict[str, object], collapsed: int
) -> bytes:
    feature = {
        "type": "Feature",
        "id": identifier,
        "geometry": geometry,
        "properties": properties,
    }
    if collapsed:
        feature["collapsed_rings"] = collapsed
    try:
        return _dumps(feature)
    except orjson.JSONEncodeError as error:
        raise LayerError(
            f"要素 {identifier} 含有无法写入 JSON 的值 / "
            f"feature {identifier} holds a value that JSON can't: {error}"
        ) from None


# --- values --------------------------------------------------------------------------------------


def _plain(values: pd.Series[Any]) -> list[object]:
    """The values as objects that `_dumps` writes; NaN stays, since orjson writes it as null."""
    kind = values.dtype
    if isinstance(kind, np.dtype):
        if kind.kind in "iub" or kind == np.float64:
            return list(values.tolist())
        if kind.kind == "f":
            return list(values.to_numpy())  # float32 keeps its own short digits: 0.1
    plain = values.astype(object).to_numpy(copy=True)
    plain[pd.isna(plain)] = None
    return list(plain.tolist())


def _dumps(value: object) -> bytes:
    return orjson.dumps(value, default=_other, option=orjson.OPT_SERIALIZE_NUMPY)


def _other(value: object) -> object:
    """JSON forms of what orjson does not know; also reached inside lists and dicts."""
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        return value.isoformat()
    if isinstance(value, pd.Period):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"type {type(value).__name__}")
