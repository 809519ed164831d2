"""A file's features in another reference system, ready to be written in another format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from geo.errors import CrsQuestionError
from geo.files import Batch, FeatureFile, read_frame
from geo.placement import CrsAnswer, Placement, from_degrees, place, to_degrees
from geo.problems import Problem
from geo.reference import ReferenceSystem, judge, system

DEGREES: Final = "EPSG:4490"
_IN_DEGREES: Final = frozenset({"geojson", "kml"})  # formats that are longitude, latitude by rule
_DEGREES_KEYS: Final = frozenset({"EPSG:4490", "EPSG:4326"})
_SURVEY_ZONES: Final = range(25, 46)  # 3° zones of the mainland; EPSG = 4488 + zone


def target_system(
    placement: Placement, format_key: str, asked: str, *, centre_lon: float | None
) -> ReferenceSystem:
    """The system to write in: the one asked for, else the file's own where the format allows it.

    Args:
        placement: of the file that is converted.
        format_key: of the format that is written (`geo.files.FORMATS`).
        asked: "EPSG:n", "" for none.
        centre_lon: longitude in degrees of the middle of the data; chooses the 3° zone of a
            survey text where none was asked for.

    Raises:
        CrsQuestionError: an unknown system, or one that the format can't be written in.
    """
    if format_key in _IN_DEGREES:
        wanted = system(asked or DEGREES)
        if wanted.key not in _DEGREES_KEYS:
            raise CrsQuestionError(
                f"这种格式只能写经纬度，不能写 {wanted.key}；请去掉 --to 或改用 --to {DEGREES} / "
                f"this format holds longitude and latitude only, not {wanted.key}"
            )
        return wanted
    if format_key == "txt":
        return _survey_system(placement, asked, centre_lon)
    if asked:
        return _written(system(asked))
    return placement.system if placement.system.epsg is not None else system(DEGREES)


def _written(wanted: ReferenceSystem) -> ReferenceSystem:
    if wanted.epsg is None:
        raise CrsQuestionError(
            f"不输出偏移坐标 {wanted.key} / nothing is written in the shifted {wanted.key}"
        )
    return wanted


def _survey_system(placement: Placement, asked: str, centre_lon: float | None) -> ReferenceSystem:
    own = placement.system
    if asked:
        wanted = _written(system(asked))
    elif own.kind == "gauss" and own.prefixed:
        wanted = own
    elif centre_lon is not None and round(centre_lon / 3) in _SURVEY_ZONES:
        wanted = system(f"EPSG:{4488 + round(centre_lon / 3)}")
    else:
        raise CrsQuestionError("请用 --to 指定投影坐标系 / choose a projected system with --to")
    if wanted.kind != "gauss" or not wanted.prefixed:
        raise CrsQuestionError(
            f"界址点坐标须为带带号的高斯投影（如 EPSG:4525、4526），不能是 {wanted.key} / a survey "
            f"text needs Gauss-Krüger eastings with the zone's number, not {wanted.key}"
        )
    return wanted


@dataclass(frozen=True, slots=True)
class Converted:
    """Features ready to be written.

    `frame` has the CRS of `system`; `basis` says how the file's own was known (`Placement.label`),
    `problems` what was found on the way.
    """

    frame: gpd.GeoDataFrame
    system: ReferenceSystem
    basis: str
    problems: tuple[Problem, ...]


def converted(file: FeatureFile, answer: CrsAnswer, format_key: str, *, to: str = "") -> Converted:
    """All features of a file in the system that they are to be written in.

    Coordinates that need no step are not touched.

    Args:
        file: from `geo.files.open_file`.
        answer: what the user said of the coordinates.
        format_key: of the format that is written (`geo.files.FORMATS`).
        to: "EPSG:n" to write in; "" chooses as `target_system` says.

    Raises:
        FileRefusedError, LimitError: the file can't be read.
        CrsQuestionError: where the coordinates stand must be asked, or can't be written.
    """
    problems = list(file.problems)

    def read() -> Iterator[Batch]:
        for batch in file.read():
            problems.extend(batch.problems)
            yield batch

    frame = read_frame(replace(file, read=read))
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    bounds = tuple(shapely.total_bounds(shapes)) if len(shapes) else None
    placement, told = place(judge(_finite(bounds), file.hints), answer)
    degrees = to_degrees(shapes, placement)
    target = target_system(placement, format_key, to, centre_lon=_centre(degrees))
    if target.key == placement.system.key and not placement.swap:
        moved = shapes
    elif target.key in _DEGREES_KEYS:  # the step between these two is null
        moved = degrees
    else:
        moved = from_degrees(
            degrees, target, parameters=answer.parameters, approximate=answer.approximate
        )
    geometry = gpd.GeoSeries(moved, index=frame.index, crs=f"EPSG:{target.epsg}")
    made = gpd.GeoDataFrame(frame.drop(columns=frame.geometry.name), geometry=geometry)
    return Converted(made, target, placement.label, (*problems, *told))


def _finite(bounds: Any) -> tuple[float, float, float, float] | None:
    return bounds if bounds is not None and np.isfinite(bounds).all() else None


def _centre(shapes: Any) -> float | None:
    west, _, east, _ = shapely.total_bounds(shapes)
    return float((west + east) / 2) if np.isfinite([west, east]).all() else None
