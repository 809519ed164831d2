"""Layers of an office brought into the workspace: GeoParquet and GeoPackage with a declared CRS.

Nothing is guessed: a file without a CRS is refused until one is given, one in an old datum until it
has been transformed with parameters that are on record. What is mended or left out is reported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely

from geo.landlayer import AREA_COLUMN, MEASURED, LayerReport, prepare_layer
from geo.problems import Problem
from store.baseline import GEO_COLLECTIONS, PLANS, TABLES
from store.errors import BadFrameError
from store.log import BBox
from store.workspace import Workspace

FORMATS = (".parquet", ".gpkg")
CGCS2000 = 4490
_EQUAL = (4490, 4326)  # WGS 84 differs by centimetres at most, less than any layer is drawn to
_PROJECTED = range(4491, 4555)  # CGCS2000 Gauss-Krüger, 3 and 6 degree zones
_CHINA = (73.0, 3.0, 136.0, 54.0)
_FORBIDDEN = ' ,;{}()\n\t="'
_SHOWN = 20

Progress = Callable[[str, str], None]


class ImportRefusedError(BadFrameError):
    """A file can't become a collection; the message says why and what to do."""

    code = "import_refused"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `bbox` is W, S, E, N in degrees, `area_m2` None for points and lines."""

    collection: str
    version: int
    rows: int
    crs: str
    crs_basis: str
    bbox: BBox | None
    area_m2: float | None
    mended: int
    dropped: int
    problems: tuple[Problem, ...]


def import_layer(
    workspace: Workspace,
    file: Path,
    collection: str,
    *,
    crs: str | None = None,
    author: str,
    message: str = "",
    layer: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Make a file the next version of a collection; nothing is written unless all of it is good.

    Args:
        workspace: where to.
        file: .parquet (GeoParquet) or .gpkg.
        collection: its name in the workspace, not one of the baseline's.
        crs: "EPSG:n" for a file that does not declare one.
        author: who imports.
        message: why, for the history.
        layer: of a GeoPackage with several.
        progress: told of each step, in Chinese and English.

    Raises:
        ImportRefusedError: the file or its CRS can't be used.
        StoreError: the workspace can't take it.
    """
    _refuse_taken(collection)
    tell = progress or (lambda _zh, _en: None)
    tell("读取文件", "reading the file")
    frame = _read(file, layer)
    problems: list[Problem] = []
    source_crs, basis = _crs_of(frame, crs, file)
    frame = frame.set_crs(source_crs, allow_override=True)
    tell("坐标与图形检查", "checking coordinates and outlines")
    frame = _to_degrees(frame, source_crs, problems)
    _refuse_elsewhere(frame, file)
    frame = _plain_columns(frame, problems)
    ready, report = prepare_layer(frame)
    if ready.empty:
        raise ImportRefusedError(
            f"{file.name} 没有可用的图形 / {file.name} has no feature with an outline"
        )
    problems += _said(report)
    tell("写入工作区", "writing to the workspace")
    version = workspace.write(
        collection, ready, author=author,
        message=message or f"导入 {file.name} / import of {file.name}",
        source=f"{file.name} ({basis})", notes=MEASURED if report.measured else None,
    )  # fmt: skip
    info = workspace.info(collection, version=version)
    area = float(ready[AREA_COLUMN].sum()) if report.measured else None
    return ImportReport(
        collection=collection, version=version, rows=len(ready), crs=f"EPSG:{CGCS2000}",
        crs_basis=basis, bbox=info.bbox, area_m2=area, mended=len(report.mended),
        dropped=len(report.dropped), problems=tuple(problems),
    )  # fmt: skip


def _refuse_taken(collection: str) -> None:
    if collection in (*GEO_COLLECTIONS, *TABLES, *PLANS):
        raise ImportRefusedError(
            f"数据集 {collection} 有自己的格式，不能这样导入；请用别的名称 / "
            f"{collection} has a form of its own and can't be imported so; use another name"
        )


def _read(file: Path, layer: str | None) -> gpd.GeoDataFrame:
    kind = file.suffix.lower()
    if kind not in FORMATS:
        raise ImportRefusedError(
            f"{file.name}：只能导入 {'、'.join(FORMATS)} / "
            f"only {', '.join(FORMATS)} can be imported"
        )
    if not file.is_file():
        raise ImportRefusedError(f"没有文件 {file} / there is no file {file}")
    try:
        if kind == ".gpkg":
            return pyogrio.read_dataframe(file, layer=_layer(file, layer), use_arrow=True)
        return gpd.read_parquet(file)
    except ImportRefusedError:
        raise
    except Exception as error:  # readers raise many kinds, all of them say the file is bad
        why = " ".join(str(error).split())[:300]
        raise ImportRefusedError(
            f"{file.name} 无法读取：{why} / {file.name} can't be read"
        ) from error


def _layer(file: Path, wanted: str | None) -> str:
    names = [str(name) for name, kind in pyogrio.list_layers(file) if kind is not None]
    if wanted in names:
        return str(wanted)
    if wanted is None and len(names) == 1:
        return names[0]
    what = f"没有图层 {wanted}" if wanted else f"有 {len(names)} 个图层"
    raise ImportRefusedError(
        f"{file.name} {what}；请用 --layer 指定：{'、'.join(names)} / choose with --layer: "
        + ", ".join(names)
    )


def _crs_of(frame: gpd.GeoDataFrame, given: str | None, file: Path) -> tuple[pyproj.CRS, str]:
    """The CRS to go by and where it is known from."""
    declared = frame.crs
    asked = None
    if given:
        try:
            asked = pyproj.CRS.from_user_input(given)
        except pyproj.exceptions.CRSError as error:
            raise ImportRefusedError(f"不认识的坐标系 {given} / unknown CRS {given}") from error
    if declared is None and asked is None:
        raise ImportRefusedError(
            f"{file.name} 没有声明坐标系；请用 --crs EPSG:n 指定 / "
            f"{file.name} declares no CRS: give one with --crs EPSG:n"
        )
    if declared is not None and asked is not None and not declared.equals(asked):
        raise ImportRefusedError(
            f"{file.name} 声明的坐标系是 {declared.to_string()}，与 --crs {given} 不同 / "
            f"the file declares {declared.to_string()}, --crs says {given}"
        )
    crs = declared or asked
    assert crs is not None  # noqa: S101 - one of the two was given
    return crs, f"declared {crs.to_string()}" if declared is not None else f"given {given}"


def _to_degrees(
    frame: gpd.GeoDataFrame, crs: pyproj.CRS, problems: list[Problem]
) -> gpd.GeoDataFrame:
    """The frame in EPSG:4490; a change of datum is refused, never made up."""
    code = crs.to_epsg()
    if frame.geometry.has_z.any():
        problems.append(
            Problem("z_dropped", "warning", "高程未导入", "heights were left out",
                    count=int(frame.geometry.has_z.sum()))
        )  # fmt: skip
        frame = frame.set_geometry(shapely.force_2d(frame.geometry.to_numpy())).set_crs(crs)
    if code in _EQUAL or (crs.to_authority() or ("", ""))[1] == "CRS84":
        if code != CGCS2000:
            problems.append(
                Problem("taken_as_cgcs2000", "warning", "WGS 84 经纬度按 CGCS2000 处理，相差厘米级",
                        "WGS 84 degrees taken as CGCS2000; they differ by centimetres")
            )  # fmt: skip
        return frame.set_crs(CGCS2000, allow_override=True)
    if code in _PROJECTED or code == 3857:
        return frame.to_crs(CGCS2000)
    raise ImportRefusedError(
        f"坐标系 {crs.to_string()}（{crs.name}）不是 CGCS2000 或 WGS 84；"
        f"换算需要转换参数，请先转到 EPSG:4490 再导入 / {crs.to_string()} ({crs.name}) is on "
        "another datum; transform it to EPSG:4490 with known parameters first"
    )


def _refuse_elsewhere(frame: gpd.GeoDataFrame, file: Path) -> None:
    bounds = shapely.bounds(frame.geometry.to_numpy())
    known = np.isfinite(bounds).all(axis=1)
    west, south, east, north = _CHINA
    away = known & (
        (bounds[:, 0] < west) | (bounds[:, 1] < south)
        | (bounds[:, 2] > east) | (bounds[:, 3] > north)
    )  # fmt: skip
    if away.any():
        first = int(np.flatnonzero(away)[0])
        lon, lat = bounds[first, :2]
        raise ImportRefusedError(
            f"{file.name} 有 {int(away.sum())} 个要素不在中国范围内，第一个是第 {first + 1} 个"
            f"（{lon:.4f}, {lat:.4f}）；请检查坐标系 / {int(away.sum())} features lie "
            f"outside China, the first is number {first + 1} ({lon:.4f}, {lat:.4f}): check the CRS"
        )


def _plain_columns(frame: gpd.GeoDataFrame, problems: list[Problem]) -> gpd.GeoDataFrame:
    """Column names that the workspace can store; the others are changed and reported."""
    names: dict[str, str] = {}
    taken = {str(name) for name in frame.columns}
    for name in frame.columns:
        plain = "".join("_" if letter in _FORBIDDEN else letter for letter in str(name)) or "_"
        if plain == "bbox":
            plain = "bbox_given"
        while plain != name and plain in taken:
            plain += "_"
        if plain != name:
            names[str(name)] = plain
            taken.add(plain)
    if names:
        told = "、".join(f"{a}→{b}" for a, b in list(names.items())[:_SHOWN])
        problems.append(
            Problem("renamed", "warning", f"列名已改：{told}", f"columns renamed: {told}",
                    count=len(names))
        )  # fmt: skip
    frame = frame.rename(columns=names)
    kept = [c for c in frame.columns if c == frame.geometry.name or frame[c].dtype != "geometry"]
    return frame[kept]


def _said(report: LayerReport) -> Sequence[Problem]:
    """What was mended and left out, as problems."""
    found = [
        Problem(
            "mended", "warning",
            f"第 {m.feature} 个要素图形无效（{m.reason}），已修复，面积 {m.before_m2:.1f} → "
            f"{m.after_m2:.1f} m²",
            f"feature {m.feature} was not valid ({m.reason}) and was mended: {m.before_m2:.1f} → "
            f"{m.after_m2:.1f} m²", count=m.feature, lon=m.lon, lat=m.lat,
        )
        for m in report.mended
    ]  # fmt: skip
    if report.dropped:
        numbers = "、".join(map(str, report.dropped[:_SHOWN]))
        found.append(
            Problem(
                "dropped", "warning",
                f"{len(report.dropped)} 个要素没有图形或不是面，未导入：第 {numbers} 个",
                f"{len(report.dropped)} features without land were left out: {numbers}",
                count=len(report.dropped),
            )
        )  # fmt: skip
    return found
