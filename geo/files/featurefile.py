"""An opened file of features: what it says of itself, and its features batch by batch.

Every reader gives one of these, so that a survey text of three parcels and a GeoPackage of a
million land-use polygons go the same way. Nothing here is transformed or repaired: coordinates
stand as in the file, x then y (easting then northing, or longitude then latitude), without CRS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from geo.problems import Problem
from geo.reference import CrsHints

GEOMETRY: Final = "geometry"  # the WKB column of every batch (pa.binary or pa.large_binary)
BATCH_ROWS: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Answers to what a file leaves open about reading it; "" and None mean: find out.

    `x_column` and `y_column` (easting/longitude, northing/latitude) or `wkt_column` name the
    geometry of tables. `member` is a file inside an archive, `layer` a layer or a sheet.
    """

    member: str = ""
    layer: str = ""
    encoding: str = ""
    x_column: str = ""
    y_column: str = ""
    wkt_column: str = ""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a file's text: a Python codec name ("" for formats that fix it), and why."""

    name: str = "utf-8"
    basis: str = ""  # "BOM", ".cpg", "LDID", "strict UTF-8", "GB18030 fallback", "format"


@dataclass(frozen=True, slots=True)
class Batch:
    """Features in file order: `table` holds the attributes and, last, the column GEOMETRY (WKB).

    `first` is the number of the first one (from 1). `lines` gives each feature's line in a text
    file. `problems` were found while reading these features.
    """

    table: pa.Table
    first: int
    lines: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFile:
    """What a file says of itself. `read()` starts from the first feature, each time it is called.

    `format` is the key of `geo.files.FORMATS`. `members` are the files inside an archive that could
    be read, `layers` those of the file; `layer` is the one opened. `columns` are the attributes'
    names. `feature_count` is None where only reading tells. `problems` were found on opening.
    `extra` is what else the format records (survey text: its header keys), as plain JSON values.

    Raises (from `read()`): FileRefusedError, LimitError.
    """

    path: Path
    format: str
    encoding: Encoding
    columns: tuple[str, ...]
    hints: CrsHints
    read: Callable[[], Iterator[Batch]]
    feature_count: int | None = None
    members: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    layer: str = ""
    problems: tuple[Problem, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
