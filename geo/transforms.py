"""The arithmetic of a placement: points and shapes to EPSG:4490 and from it.

A vertex that has no place (NaN, far outside of its projection) becomes NaN in both coordinates, so
that one bad vertex is told as a fault of its feature and the others arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.datums import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from geo.errors import CrsQuestionError
from geo.projection import in_pieces, project, unproject
from geo.sevenparameters import SevenParameters
from geo.systems import ReferenceSystem

if TYPE_CHECKING:
    from geo.placement import Placement

Floats: TypeAlias = NDArray[np.float64]
Shapes: TypeAlias = NDArray[np.object_]
Move: TypeAlias = Callable[[Any, Any], tuple[Floats, Floats]]


def points_to_degrees(xy: Any, placement: Placement) -> Floats:
    """Points (n, 2) as they stand in the file → longitude, latitude degrees, EPSG:4490.

    Raises CrsQuestionError of code "old_datum" for a placement that leaves the datum step open.
    """
    system = placement.system
    points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    if placement.swap:
        points = points[:, ::-1]
    points = unproject(points, system)
    if system.datum == "gcj02" or placement.shift == "gcj02":
        return _moved(gcj02_to_wgs84, points)
    if system.datum == "bd09":
        return _moved(bd09_to_wgs84, points)
    if not system.old or placement.approximate:
        return points
    parameters = _needed(placement.parameters, system)
    return parameters.to_cgcs2000(points, system.semi_major_m, system.inverse_flattening)


def points_from_degrees(
    lonlat: Any,
    system: ReferenceSystem,
    *,
    parameters: SevenParameters | None = None,
    approximate: bool = False,
) -> Floats:
    """Longitude, latitude degrees (n, 2), EPSG:4490 → the system, easting or longitude first.

    `parameters` lead from the old datum to CGCS2000, as in the other direction. Raises
    CrsQuestionError of code "old_datum" when an old datum has none and is not `approximate`.
    """
    points = np.asarray(lonlat, dtype=np.float64).reshape(-1, 2)
    if system.datum == "gcj02":
        return _moved(wgs84_to_gcj02, points)
    if system.datum == "bd09":
        return _moved(wgs84_to_bd09, points)
    if system.old and not approximate:
        needed = _needed(parameters, system)
        points = needed.from_cgcs2000(points, system.semi_major_m, system.inverse_flattening)
    return project(points, system)


def to_degrees(shapes: Any, placement: Placement) -> Shapes:
    """Shapes as they stand in the file → the same in EPSG:4490 degrees, without heights.

    Takes an array or series of shapely geometries, None among them, and gives an object array in
    the same order. Where nothing moves, the given geometries come back. A polygon that reaches
    where no place is, as at 1e30 m, becomes None. Raises as `points_to_degrees` does.
    """
    rows = np.asarray(shapes, dtype=object)
    system = placement.system
    if system.kind == "geographic" and system.datum in ("cgcs2000", "wgs84") and not placement.swap:
        return _flat(rows)
    return move_each(rows, lambda points: points_to_degrees(points, placement))


def from_degrees(
    shapes: Any,
    system: ReferenceSystem,
    *,
    parameters: SevenParameters | None = None,
    approximate: bool = False,
) -> Shapes:
    """Shapes in EPSG:4490 degrees → the same in the system, x first; as `points_from_degrees`."""
    rows = np.asarray(shapes, dtype=object)
    if system.kind == "geographic" and system.datum in ("cgcs2000", "wgs84"):
        return _flat(rows)
    return move_each(
        rows,
        lambda points: points_from_degrees(
            points, system, parameters=parameters, approximate=approximate
        ),
    )


def _flat(rows: Shapes) -> Shapes:
    return shapely.force_2d(rows) if shapely.has_z(rows).any() else rows


def move_each(rows: Shapes, move: Callable[[Floats], Floats]) -> Shapes:
    """Every vertex moved by `move`, (n, 2) to (n, 2), NaN where there is no place.

    A polygon with such a vertex becomes None: its ring could not close.
    """
    points, owners = shapely.get_coordinates(rows, return_index=True)
    moved, kept = move(points), rows.copy()
    known = np.isfinite(moved).all(axis=1)
    if not known.all():
        lost = np.unique(owners[~known])
        lost = lost[shapely.get_dimensions(rows[lost]) == 2]
        kept[lost] = None
        moved = moved[~np.isin(owners, lost)]
    return np.asarray(shapely.set_coordinates(kept, moved), dtype=object)


def _moved(move: Move, points: Floats) -> Floats:
    """A shift of degrees, applied where there are degrees."""

    def piece(part: Floats) -> Floats:
        good = (np.abs(part[:, 0]) <= 180) & (np.abs(part[:, 1]) <= 90)
        if good.all():
            return np.stack(move(part[:, 0], part[:, 1]), axis=1)
        moved = np.full_like(part, np.nan)
        moved[good] = np.stack(move(part[good, 0], part[good, 1]), axis=1)
        return moved

    return in_pieces(piece, points)


def _needed(parameters: SevenParameters | None, system: ReferenceSystem) -> SevenParameters:
    if parameters is not None:
        return parameters
    error = CrsQuestionError(
        f"{system.name('zh')} 与 CGCS2000 之间的转换需要七参数 / "
        f"seven parameters are needed between {system.name('en')} and CGCS2000"
    )
    error.code = "old_datum"
    raise error
