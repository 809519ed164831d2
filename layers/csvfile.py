"""CSV that opens as it should in Excel: UTF-8 with BOM, CRLF, and no cell that runs as a formula.

Texts go through `geo.files.cells.neutralise`; values of numeric columns are left alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd

from geo.files.cells import neutralise
from layers.errors import ExportError

_WHOLE_BELOW = 1e15  # a float below this shows all its digits as a whole number


def csv_bytes(frame: pd.DataFrame, columns: Sequence[str], headers: Sequence[str]) -> bytes:
    """The `columns` of `frame` as CSV under `headers` (one for each column).

    Missing values and infinities are empty cells; lists are joined by ``|``, dates are ISO 8601.

    Raises ExportError for unknown columns, a header too few or too many, geometry columns, and
    text that is not Unicode.
    """
    unknown = [name for name in columns if name not in frame.columns]
    if unknown:
        raise ExportError(f"没有这些列 / no such columns: {', '.join(unknown)}")
    if len(columns) != len(headers):
        raise ExportError(f"表头数目不符 / {len(headers)} headers for {len(columns)} columns")
    cells = [_cells(frame[name]) for name in columns]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([neutralise(header) for header in headers])
    writer.writerows(zip(*cells, strict=True))
    try:
        return text.getvalue().encode("utf-8-sig")
    except UnicodeEncodeError as error:
        raise ExportError(f"文字编码有误 / text that is not Unicode: {error}") from None


def _cells(values: pd.Series[Any]) -> list[str]:
    kind = values.dtype
    if kind.name == "geometry":
        raise ExportError(f"CSV 不含几何列 / CSV holds no geometry column: {values.name}")
    numeric = isinstance(kind, np.dtype) and kind.kind in "iuf"
    items = list(values.to_numpy()) if numeric else values.astype(object).tolist()
    missing = (pd.isna(values) | np.isinf(values) if numeric else pd.isna(values)).tolist()
    return [
        "" if absent else _number(item) if numeric else _text(item)
        for item, absent in zip(items, missing, strict=True)
    ]


def _number(value: Any) -> str:
    """A number as it is typed: no trailing ``.0``; the shortest digits that give it back."""
    if abs(value) < _WHOLE_BELOW and value == int(value):
        return str(int(value))
    return str(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | np.number):
        return _number(value)
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, dict):
        return neutralise(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode())
    if isinstance(value, list | tuple | np.ndarray):
        return neutralise("|".join("" if item is None else str(item) for item in value))
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()) if isoformat else neutralise(str(value))
