"""An equal-area plane for Shanxi in which planar area is the ellipsoidal area, exactly.

Longitude and the authalic function of latitude, scaled to metres: what is straight here is
straight for `geo.areas` too, so a shape of a wanted area can be built with plane geometry.
Shapes are true at the standard parallel and squeezed by up to 4 % at the province's ends;
`stretch_at` gives the factors that undo this for a small figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.areas import E2, SEMI_MAJOR_M, authalic_q, latitude_of_q

Floats: TypeAlias = NDArray[np.float64]

_GRID_M: Final = 1e-7

_LON_0: Final = 112.5
_LAT_0: Final = 37.6
_Q_0: Final = float(authalic_q(_LAT_0))


def _parallel_scale(latitude_deg: float) -> float:
    """Metres per radian of longitude along a parallel."""
    phi = np.radians(latitude_deg)
    return float(SEMI_MAJOR_M * np.cos(phi) / np.sqrt(1 - E2 * np.sin(phi) ** 2))


_X_SCALE: Final = _parallel_scale(_LAT_0)
_Y_SCALE: Final = SEMI_MAJOR_M**2 / (2 * _X_SCALE)


def to_plane(shapes: Any) -> Any:
    """Geometries in degrees (EPSG:4490) → metres on the equal-area plane, vertex by vertex."""

    def move(points: Floats) -> Floats:
        x = np.radians(points[:, 0] - _LON_0) * _X_SCALE
        y = (authalic_q(points[:, 1]) - _Q_0) * _Y_SCALE
        return np.stack([x, y], axis=1)

    return shapely.transform(shapes, move)


def to_degrees(shapes: Any) -> Any:
    """Geometries in metres on the equal-area plane → degrees (EPSG:4490), the exact inverse."""

    def move(points: Floats) -> Floats:
        lon = np.degrees(points[:, 0] / _X_SCALE) + _LON_0
        lat = latitude_of_q(points[:, 1] / _Y_SCALE + _Q_0)
        return np.stack([lon, lat], axis=1)

    return shapely.transform(shapes, move)


def stretch_at(y_m: float) -> tuple[float, float]:
    """Factors in x and y (their product is 1) that draw a true shape at height `y_m`."""
    latitude = float(latitude_of_q(y_m / _Y_SCALE + _Q_0))
    factor = _X_SCALE / _parallel_scale(latitude)
    return factor, 1.0 / factor


def box_to_plane(bounds: Any) -> Floats:
    """Boxes (n, 4) in degrees: west, south, east, north → the same in metres on the plane."""
    bounds = np.asarray(bounds, dtype=np.float64)
    moved: Floats = np.empty_like(bounds)
    moved[:, 0::2] = np.radians(bounds[:, 0::2] - _LON_0) * _X_SCALE
    moved[:, 1::2] = (authalic_q(bounds[:, 1::2]) - _Q_0) * _Y_SCALE
    return moved


def on_grid(operation: Callable[..., Any], *shapes: Any) -> Any:
    """A set operation of shapely on shapes in the plane, on a grid of 10⁻⁷ m.

    Without a grid, outlines that lie on each other but for the last digits make GEOS give quite
    wrong land at times, and say nothing.
    """
    return operation(*shapes, grid_size=_GRID_M)
