"""界址点坐标 TXT, written in the ministry form: nine fields per parcel, northing first.

Every ring is a 圈号 of its own and closes with a row that repeats its first point's name. Numbers
have four decimals: a tenth of a millimetre.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.areas import M2_PER_HA
from geo.errors import FileRefusedError
from geo.files.encodings import codec_name
from geo.files.report import WriteReport
from geo.files.surveygrammar import (
    DESCRIPTION_SECTION,
    END,
    HEADER_KEYS,
    POINTS_SECTION,
    datum_of,
)
from geo.files.surveylines import LARGEST
from geo.files.writing import attributes, cannot_write, cell_text, plain_cell
from geo.placement import Placement, from_degrees, to_degrees
from geo.problems import Problem
from geo.reference import ReferenceSystem, identify
from geo.reference import system as system_of
from geo.systems import DATUM_NAMES, ZONES_3, gauss_system

Shapes: TypeAlias = NDArray[np.object_]

_NO_PARAMETERS: Final = ",,,,,,"
# Fields of a parcel's line: the columns they are taken from, the first that is there.
_SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("地块编号", "parcel_id", "place_id", "id", "编号", "dkbh"),
    "name": ("地块名称", "name_zh", "name", "名称", "dkmc"),
    "sheet": ("图幅号", "tfh"),
    "use": ("用途", "地块用途", "use", "dkyt"),
    "land_class": ("地类编码", "dlbm"),
}
_AREA: Final = "declared_area_ha"
_COMPUTED: Final = frozenset({"declared_area", "declared_area_unit", "界址点数", "kind", _AREA})
_KINDS: Final = {0: "点", 4: "点", 1: "线", 5: "线", 3: "面", 6: "面"}  # by shapely's type id


def write_surveytext(
    frame: gpd.GeoDataFrame,
    path: Path,
    *,
    header: Mapping[str, Any] | None = None,
    system: ReferenceSystem | str | None = None,
    encoding: str = "",
) -> WriteReport:
    """Write polygons, lines and points (CRS set) as survey text; the file appears whole or not.

    Args:
        frame: any system that can be brought into the one written. The parcel's fields are taken
            from columns named as the reader names them; others are left out and told.
        path: the file, replaced if it is there.
        header: keys of [属性描述], or of other sections as mappings. What says where the
            coordinates are (坐标系, 带号, …) is always that of `system`.
        system: Gauss-Krüger metres. By default the frame's own, or for degrees and other
            projections the CGCS2000 3° zone of the data's middle, with the zone in the easting.
        encoding: "gb18030" (the default: what land offices' tools read) or "utf-8".

    Raises:
        FileRefusedError: no CRS, another datum, a system that is not Gauss-Krüger, no shapes.
    """
    codec = codec_name(encoding or "gb18030")
    if not codec:
        raise cannot_write(
            path,
            f"不认识的编码 {encoding}",
            f"unknown encoding {encoding}",
            code="unknown_encoding",
        )
    problems: list[Problem] = []
    wanted, shapes = _placed(frame, path, system)
    kept = _kept(shapes, problems)
    if not kept:
        raise _nothing(path)
    if shapely.has_z(frame.geometry.to_numpy()[kept]).any():
        problems.append(
            Problem("z_dropped", "warning", "高程未写出，界址点只有平面坐标",
                    "heights are not written: boundary points are plane")
        )  # fmt: skip
    fields = _fields(frame, kept, problems)
    lines = [*_header(header or {}, wanted), f"[{POINTS_SECTION}]"]
    for place, row in enumerate(kept):
        said = {name: values[place] for name, values in fields.items()}
        lines.extend(_parcel(shapes[row], said))
    _store(path, "\r\n".join([*lines, ""]).encode(codec, "replace"))
    return WriteReport(tuple(problems), (path,), len(kept))


def _nothing(path: Path) -> FileRefusedError:
    return cannot_write(
        path, "没有可写的面、线或点", "there are no polygons, lines or points",
        code="nothing_to_write",
    )  # fmt: skip


def _placed(
    frame: gpd.GeoDataFrame, path: Path, asked: ReferenceSystem | str | None
) -> tuple[ReferenceSystem, Shapes]:
    """The system to write in, and the shapes in it, without heights."""
    own = _own(frame, path)
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    wanted = system_of(asked) if isinstance(asked, str) else asked
    if wanted is None:
        wanted = own if own.kind == "gauss" else _zone_of(shapes, own, path)
    if wanted.kind != "gauss":
        raise cannot_write(
            path, f"须为高斯投影坐标，不能是 {wanted.key}",
            f"a survey text needs Gauss-Krüger metres, not {wanted.key}", code="needs_projected",
        )  # fmt: skip
    if (own.old or wanted.old) and own.datum != wanted.datum:
        raise cannot_write(
            path, f"不能从 {own.key} 换到 {wanted.key}：基准不同，须先用七参数转换",
            f"{own.key} and {wanted.key} have different datums: transform with seven parameters",
            code="old_datum",
        )  # fmt: skip
    if own.same_places(wanted):
        return wanted, shapely.force_2d(shapes)
    # Inside one datum degrees are those of the datum itself: nothing is approximated.
    degrees = to_degrees(shapes, Placement(system=own, basis="given", approximate=own.old))
    return wanted, shapely.force_2d(from_degrees(degrees, wanted, approximate=wanted.old))


def _own(frame: gpd.GeoDataFrame, path: Path) -> ReferenceSystem:
    if frame.crs is None:
        raise cannot_write(path, "数据没有坐标系", "the data have no CRS", code="no_crs")
    number = frame.crs.to_epsg()
    found = identify(f"EPSG:{number}" if number else frame.crs.to_wkt())
    if found is None:
        name = frame.crs.name
        raise cannot_write(
            path, f"无法使用坐标系 {name}", f"the CRS {name} is of no use here", code="unknown_crs"
        )
    return found


def _zone_of(shapes: Shapes, own: ReferenceSystem, path: Path) -> ReferenceSystem:
    """The 3° zone that the middle of the data lies in."""
    degrees = to_degrees(shapes, Placement(system=own, basis="given", approximate=own.old))
    there = degrees[~shapely.is_missing(degrees) & ~shapely.is_empty(degrees)]
    if not len(there):
        raise _nothing(path)
    west, _, east, _ = shapely.total_bounds(there)
    zone = round(float(west + east) / 6) if np.isfinite(west + east) else 0
    if zone not in ZONES_3:
        raise cannot_write(
            path, "数据不在中国的 3° 带内；请指定坐标系",
            "the data lie in no 3° zone of China: name a system", code="no_zone",
        )  # fmt: skip
    return gauss_system(own.datum, zone, prefixed=True)


def _kept(shapes: Shapes, problems: list[Problem]) -> list[int]:
    """Rows that can be written; of the others is told why not."""
    kept = []
    for row, shape in enumerate(shapes):
        if shape is None or shape.is_empty:
            zh, en, code = "没有图形，未写出", "has no geometry and is not written", "no_geometry"
        elif shape.geom_type not in _WRITTEN:
            zh, en = f"{shape.geom_type} 不能写成界址点", f"{shape.geom_type} can't be written"
            code = "bad_geometry"
        elif not np.abs(shapely.get_coordinates(shape)).max() < LARGEST:
            zh, en, code = "坐标不是有限的数，未写出", "coordinates are not finite", "not_finite"
        else:
            kept.append(row)
            continue
        problems.append(
            Problem(code, "warning", f"要素 {row + 1} {zh}", f"feature {row + 1} {en}",
                    feature=row + 1)
        )  # fmt: skip
    return kept


_WRITTEN: Final = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon",
                   "MultiPolygon"}  # fmt: skip


def _fields(
    frame: gpd.GeoDataFrame, kept: list[int], problems: list[Problem]
) -> dict[str, list[str]]:
    """Fields of the parcel lines, row by row, from the columns that hold them."""
    table = attributes(frame).iloc[kept]
    by_name = {str(name).casefold(): name for name in reversed(table.columns)}
    used, found = set(_COMPUTED), {}
    changed = 0
    for field, sources in _SOURCES.items():
        column = next((by_name[name] for name in sources if name in by_name), None)
        raw = [""] * len(table) if column is None else [_text(v) for v in table[column]]
        found[field] = [_clean(text) for text in raw]
        changed += sum(a != b for a, b in zip(raw, found[field], strict=True))
        used |= {column} if column is not None else set()
    areas = table[_AREA] if _AREA in table.columns else [None] * len(table)
    found["area"] = [_area(value) for value in areas]
    if changed:
        problems.append(
            Problem("changed_text", "warning",
                    "文字里的逗号、换行、首尾空格在界址点文件里会断开字段，已替换",
                    "commas, line breaks and outer blanks would part fields; replaced",
                    count=changed)
        )  # fmt: skip
    left_out = [name for name in table.columns if name not in used]
    if left_out:
        told = "、".join(left_out[:20]) + (" …" if len(left_out) > 20 else "")
        problems.append(
            Problem("dropped_columns", "warning", f"界址点文件没有这些列，未写出：{told}",
                    f"the form has no place for these columns: {told}", count=len(left_out))
        )  # fmt: skip
    return found


def _text(value: object) -> str:
    cell = plain_cell(value)
    return "" if cell is None else cell_text(cell)


def _clean(text: str) -> str:
    """A text that is one field of a parcel's line."""
    return _one_line(text.replace(",", "，"))


def _one_line(text: str) -> str:
    for sign in "\r\n\t\0":
        text = text.replace(sign, " ")
    return text.encode("utf-8", "replace").decode("utf-8").strip(" \u3000\u00a0\ufeff\u200b")


def _area(value: object) -> str:
    """A declared area in ha with four decimals, or more where it has them; "" for none."""
    cell = plain_cell(value)
    if not isinstance(cell, int | float) or isinstance(cell, bool):
        return ""
    short = f"{cell:.4f}"
    return short if abs(float(short) - cell) < 1e-9 else f"{cell:.8f}".rstrip("0")


def _header(given: Mapping[str, Any], system: ReferenceSystem) -> Iterator[str]:
    keys = {str(k): _one_line(_text(v)) for k, v in given.items() if not isinstance(v, Mapping)}
    sections = {str(k): v for k, v in given.items() if isinstance(v, Mapping)}
    own = {str(k): _one_line(_text(v)) for k, v in sections.pop(DESCRIPTION_SECTION, {}).items()}
    keys = own | keys
    same_datum = datum_of(keys.get("坐标系", "")) == system.datum
    said = {
        "格式版本号": keys.get("格式版本号") or "1.01版本",
        "坐标系": DATUM_NAMES[system.datum][0],
        "几度分带": str(system.width_deg),
        "投影类型": "高斯克吕格",
        "计量单位": "米",
        "带号": str(system.zone),
        "精度": keys.get("精度") or "0.0001",
        "转换参数": (keys.get("转换参数") if same_datum else "") or _NO_PARAMETERS,
    }
    for name, pairs in sections.items():
        if name not in {POINTS_SECTION, ""}:
            yield f"[{_one_line(name)}]"
            yield from (f"{_key(k)}={_one_line(_text(v))}" for k, v in pairs.items())
    yield f"[{DESCRIPTION_SECTION}]"
    for key in HEADER_KEYS:
        yield f"{key}={said.get(key, keys.get(key, ''))}"
    yield from (f"{_key(k)}={v}" for k, v in keys.items() if k not in HEADER_KEYS and k != "分带")


def _key(key: str) -> str:
    return _one_line(str(key)).lstrip("[【［").replace("=", " ").replace("＝", " ").strip()


def _parcel(shape: Any, said: Mapping[str, str]) -> Iterator[str]:
    """The line of a parcel and those of its points."""
    kind = _KINDS[shapely.get_type_id(shape)]
    rows: list[str] = []
    number = 0
    for ring, coords in enumerate(_rings(shape, kind), start=1):
        closes = kind == "面"
        first = number + 1
        for east, north in coords[:-1] if closes else coords:
            number += 1
            rows.append(f"J{number},{ring},{north:.4f},{east:.4f}")
        if closes:
            east, north = coords[0]
            rows.append(f"J{first},{ring},{north:.4f},{east:.4f}")
    area = said["area"]
    if not area and kind == "面":
        area = f"{shapely.area(shape) / M2_PER_HA:.4f}"
    yield ",".join(
        [str(len(rows)), area, said["number"], said["name"], kind, said["sheet"], said["use"],
         said["land_class"], END]
    )  # fmt: skip
    yield from rows


def _rings(shape: Any, kind: str) -> Iterable[list[list[float]]]:
    """Coordinates of every ring, part after part, the outer one first; points stand alone."""
    if kind == "点":
        return [[point] for point in shapely.get_coordinates(shape).tolist()]
    parts = shapely.get_parts(shape)
    if kind == "面":
        parts = shapely.get_rings(parts)
    return [shapely.get_coordinates(part).tolist() for part in parts]


def _store(path: Path, data: bytes) -> None:
    """Write a file aside, flush it to disk and move it into place.

    Raises:
        FileRefusedError: the disk is full or the folder can't be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise cannot_write(
            path, error.strerror or "磁盘错误", error.strerror or "disk error", code="write_failed"
        ) from error
