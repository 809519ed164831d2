"""What every writer shares: its report, and cells that any format can hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd

from geo.errors import FileRefusedError
from geo.files.report import WriteReport
from geo.problems import Problem

__all__ = [
    "WriteReport", "attributes", "cannot_write", "cell_text", "plain_cell", "plain_columns",
    "renamed", "require_degrees", "unique_names",
]  # fmt: skip
_LISTED: Final = 20


def cannot_write(path: Path, why_zh: str, why_en: str, *, code: str) -> FileRefusedError:
    """The error of a frame that a format can't hold."""
    return FileRefusedError(
        f"无法写出 {path.name}：{why_zh} / {path.name} can't be written: {why_en}", code=code
    )


def require_degrees(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Refuse a frame that is not in longitude and latitude on WGS 84 or CGCS2000.

    Raises:
        FileRefusedError: code "needs_degrees".
    """
    code = None if frame.crs is None else frame.crs.to_authority()
    if code in {("EPSG", "4490"), ("EPSG", "4326"), ("OGC", "CRS84")}:
        return
    said = "没有坐标系" if frame.crs is None else f"坐标系是 {frame.crs.name}"
    raise cannot_write(
        path, f"这种格式只能存经纬度，而数据{said}；请先转为 EPSG:4490",
        f"the format holds degrees only, and the data are in "
        f"{'no CRS' if frame.crs is None else frame.crs.name}; transform to EPSG:4490 first",
        code="needs_degrees",
    )  # fmt: skip


def attributes(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """All columns but geometries, by their names as text."""
    kept = [name for name in frame.columns if frame[name].dtype.name != "geometry"]
    found = pd.DataFrame(frame[kept])
    found.columns = pd.Index([str(name) for name in kept], dtype=object)
    return found


def plain_columns(table: pd.DataFrame, *, dates: bool) -> pd.DataFrame:
    """The same table with lists, mappings and other objects as JSON texts.

    Columns that mix kinds of values become text. `dates`: whether the format holds dates; else
    they become ISO 8601 texts.
    """
    columns = {name: _plain(table[name], dates=dates) for name in table.columns}
    return pd.DataFrame(columns, index=table.index)


def _plain(values: pd.Series[Any], *, dates: bool) -> pd.Series[Any]:
    kind = values.dtype
    held = pd.api.types.is_bool_dtype(kind) or pd.api.types.is_numeric_dtype(kind)
    if held or (dates and (pd.api.types.is_datetime64_any_dtype(kind) or _all_dates(values))):
        return values
    cells = [plain_cell(value) for value in values.astype(object)]
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {bool}:
        return pd.Series(cells, index=values.index, dtype="boolean")
    if kinds <= {int}:
        return _whole(cells, values.index)
    if kinds <= {int, float}:
        return pd.Series(cells, index=values.index, dtype="float64")
    texts = [None if cell is None else cell_text(cell) for cell in cells]
    return pd.Series(texts, index=values.index, dtype=object)


def _whole(cells: Sequence[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """Whole numbers as 64-bit ones; as text where they need more."""
    try:
        return pd.Series(cells, index=index, dtype="Int64")
    except (OverflowError, TypeError, ValueError):
        texts = [None if cell is None else str(cell) for cell in cells]
        return pd.Series(texts, index=index, dtype=object)


def _all_dates(values: pd.Series[Any]) -> bool:
    if values.dtype != object:
        return False
    there = [value for value in values.astype(object) if not _missing(value)]
    return bool(there) and all(hasattr(value, "isoformat") for value in there)


def plain_cell(value: object) -> bool | int | float | str | None:
    """A value as a JSON scalar: None where it is missing or not finite, JSON text where nested."""
    if _missing(value):
        return None
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float):
        return plain if math.isfinite(plain) else None
    if isinstance(plain, bool | int | str):
        return plain
    return _text_of(plain)


def _text_of(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping | list | tuple | set | np.ndarray):
        items = sorted(value, key=str) if isinstance(value, set) else value
        options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
        return orjson.dumps(items, default=str, option=options).decode()
    return str(value)


def _missing(value: object) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def cell_text(value: bool | int | float | str) -> str:
    """A scalar as text: numbers in the shortest digits that give them back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def unique_names(
    names: Iterable[str],
    *,
    shorten: Callable[[str, str], str] = lambda name, tail: name + tail,
    taken: Iterable[str] = (),
) -> list[str]:
    """Names as a format can hold them, all different whatever the case.

    `shorten(name, tail)` gives a name in the format's rules that ends in `tail` ("" or "_1", …).
    """
    used = {name.casefold() for name in taken}
    found = []
    for name in names:
        plain, number = shorten(name, ""), 0
        while not plain or plain.casefold() in used:
            number += 1
            plain = shorten(name, f"_{number}")
        used.add(plain.casefold())
        found.append(plain)
    return found


def renamed(before: Sequence[str], after: Sequence[str]) -> tuple[Problem, ...]:
    """The warning that columns got other names, if any did."""
    pairs = [f"{a}→{b}" for a, b in zip(before, after, strict=True) if a != b]
    if not pairs:
        return ()
    more = "" if len(pairs) <= _LISTED else " …"
    told = "、".join(pairs[:_LISTED]) + more
    return (
        Problem(
            "renamed_columns", "warning", f"列名已改以适合该格式：{told}",
            f"columns renamed to suit the format: {told}", count=len(pairs),
        ),
    )  # fmt: skip
