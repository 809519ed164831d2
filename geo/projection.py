"""Map planes to degrees and back, each on the system's own datum: no step between datums here.

Pipelines name their ellipsoid, so that no table of PROJ can slip a change of datum in.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj import Transformer

from geo.systems import ReferenceSystem

Floats: TypeAlias = NDArray[np.float64]

_PIECE: Final = 1 << 15  # points


def unproject(points: Floats, system: ReferenceSystem) -> Floats:
    """Points (n, 2) as easting, northing of the system → longitude, latitude on its own datum.

    Degrees come back as a copy. What has no place on the ellipsoid becomes NaN.
    """
    if system.kind == "geographic":
        return np.array(points, dtype=np.float64)
    return run(_unprojecting(system), points)


def project(points: Floats, system: ReferenceSystem) -> Floats:
    """Points (n, 2) as longitude, latitude on the system's own datum → easting, northing."""
    if system.kind == "geographic":
        return np.array(points, dtype=np.float64)
    return run(_projecting(system), points)


def run(transformer: Transformer, points: Floats, *, flat: bool = True) -> Floats:
    """Points (n, 2) through a PROJ pipeline, at height 0 unless `flat`; failures become NaN."""

    def piece(part: Floats) -> Floats:
        x, y = np.ascontiguousarray(part[:, 0]), np.ascontiguousarray(part[:, 1])
        z = () if flat else (np.zeros(len(part)),)
        return np.stack(transformer.transform(x, y, *z)[:2], axis=1)

    moved = in_pieces(piece, points)
    moved[~np.isfinite(moved).all(axis=1)] = np.nan
    return moved


def in_pieces(move: Callable[[Floats], Floats], points: Floats) -> Floats:
    """`move` applied to points (n, 2) piece by piece, two at a time; (n, 2) again.

    PROJ and numpy let go of the interpreter, and a piece stays in the processor's cache.
    """
    moved = np.empty((len(points), 2))

    def piece(first: int) -> None:
        moved[first : first + _PIECE] = move(points[first : first + _PIECE])

    starts = range(0, len(points), _PIECE)
    if len(starts) <= 1:
        for first in starts:
            piece(first)
        return moved
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(piece, starts))
    return moved


@lru_cache(maxsize=64)
def _unprojecting(system: ReferenceSystem) -> Transformer:
    if (plane := _plane(system)) is not None:
        return Transformer.from_pipeline(
            f"+proj=pipeline +step +inv {plane} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
        )
    crs = _crs(system)
    return Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)


@lru_cache(maxsize=64)
def _projecting(system: ReferenceSystem) -> Transformer:
    if (plane := _plane(system)) is not None:
        return Transformer.from_pipeline(
            f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step {plane}"
        )
    crs = _crs(system)
    return Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)


def _plane(system: ReferenceSystem) -> str | None:
    if system.kind == "mercator":
        return "+proj=webmerc +a=6378137 +b=6378137"
    if system.kind != "gauss":
        return None
    offset = 500_000 + (1_000_000 * (system.zone or 0) if system.prefixed else 0)
    return (
        f"+proj=tmerc +lat_0=0 +lon_0={system.central_meridian!r} +k=1 +x_0={offset} +y_0=0"
        f" +a={system.semi_major_m!r} +rf={system.inverse_flattening!r}"
    )


def _crs(system: ReferenceSystem) -> pyproj.CRS:
    if system.epsg:
        return pyproj.CRS.from_epsg(system.epsg)
    return pyproj.CRS.from_wkt(system.definition)
