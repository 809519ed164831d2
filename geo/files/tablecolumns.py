"""Which columns of a table hold the geometry: by what they are called in Chinese and English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from geo.errors import FileRefusedError
from geo.files.featurefile import ReadOptions

Role = Literal["wkt", "lon", "lat", "east", "north", "x", "y", ""]

HEADER_ROWS: Final = 30  # rows among which the header is looked for
_WKT: Final = frozenset({
    "wkt", "wktgeom", "wktgeometry", "geomwkt", "geometrywkt", "geometry", "geom", "thegeom",
    "shape", "图形", "几何", "空间信息", "坐标串",
})  # fmt: skip
_ROLES: Final[tuple[tuple[Role, re.Pattern[str]], ...]] = (
    ("lon", re.compile(r".*经度.*|东经|lon|lng|long|longitude")),
    ("lat", re.compile(r".*纬度.*|北纬|lat|latitude")),
    ("east", re.compile(r".*东.*坐标.*|.*坐标.*东.*|[xy]东|横坐标.*|东向?|east|easting|e")),
    ("north", re.compile(r".*北.*坐标.*|.*坐标.*北.*|[xy]北|纵坐标.*|北向?|north|northing|n")),
    ("x", re.compile(r"x|x坐标|坐标x|(point|coord|center|centroid)x|xcoord|xcoordinate")),
    ("y", re.compile(r"y|y坐标|坐标y|(point|coord|center|centroid)y|ycoord|ycoordinate")),
)
_PAIRS: Final[tuple[tuple[Role, Role], ...]] = (("lon", "lat"), ("east", "north"), ("x", "y"))
_UNIT: Final = re.compile(r"[(\[](米|m|度|°|deg|degrees|metres?|meters?|单位.*)[)\]]")
_LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class GeometryColumns:
    """Positions of the geometry's columns: one of WKT, or one of x and one of y."""

    wkt: int | None = None
    x: int | None = None
    y: int | None = None

    @property
    def positions(self) -> tuple[int, ...]:
        """All of them."""
        return tuple(i for i in (self.wkt, self.x, self.y) if i is not None)


def role(label: Any) -> Role:
    """What a header says its column is; "" for an attribute."""
    plain = unicodedata.normalize("NFKC", str(label)).lower()
    plain = re.sub(r"[\s_\-:：()\[\]]", "", _UNIT.sub("", plain)) if len(plain) < 40 else ""
    if plain in _WKT:
        return "wkt"
    for found, pattern in _ROLES:
        if pattern.fullmatch(plain):
            return found
    return ""


def named(labels: Sequence[Any], options: ReadOptions, name: str) -> GeometryColumns | None:
    """The columns that the options name, None where they name none.

    Raises:
        FileRefusedError: code "no_such_column", with the columns there are.
    """
    wanted = (options.wkt_column, options.x_column, options.y_column)
    if not any(wanted):
        return None
    plain = [str(label).strip() for label in labels]
    for column in wanted:
        if column and column not in plain:
            raise FileRefusedError(
                f"{name} 没有列 {column} / {name} has no column {column}",
                code="no_such_column", faults=plain[:_LISTED],
            )  # fmt: skip
    if options.wkt_column:
        return GeometryColumns(wkt=plain.index(options.wkt_column))
    if not (options.x_column and options.y_column):
        raise FileRefusedError(
            f"{name}：X 列和 Y 列都要指定 / {name}: name both the x and the y column",
            code="choose_columns", faults=plain[:_LISTED],
        )  # fmt: skip
    return GeometryColumns(x=plain.index(options.x_column), y=plain.index(options.y_column))


def recognised(labels: Sequence[Any]) -> GeometryColumns | None:
    """The columns that labels settle without a doubt; None where none or several would do."""
    roles = [role(label) for label in labels]
    if roles.count("wkt") == 1:
        return GeometryColumns(wkt=roles.index("wkt"))
    for x, y in _PAIRS:
        if roles.count(x) == 1 and roles.count(y) == 1:
            return GeometryColumns(x=roles.index(x), y=roles.index(y))
    return None


def unclear(labels: Sequence[Any], name: str, sheet: str = "") -> FileRefusedError:
    """The error that asks for the columns, with those there are."""
    plain = [text for text in (str(label).strip() for label in labels) if text][:_LISTED]
    where = f"{name}（{sheet}）" if sheet else name
    return FileRefusedError(
        f"{where} 中认不出坐标列；请指定 X、Y 列或 WKT 列 / the columns of coordinates in {name} "
        "can't be told: name the x and y columns, or the one with WKT",
        code="choose_columns", faults=plain,
    )  # fmt: skip
