"""Gauss-Krüger metres to degrees for millions of vertices: PROJ's own values, by a polynomial.

A Gauss-Krüger projection is conformal: (isometric latitude, longitude) is an analytic function of
(northing, easting), and over a province a complex polynomial gives it to less than the last digit
that matters. Its coefficients are fitted to PROJ once for a system and then compared with PROJ
between the points of the fit; where they don't agree to 1e-12 degrees (0.1 µm), and for all other
systems, PROJ itself is used. A point always gives the same degrees, so that neighbours keep the
vertices that they share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from geo.areas import INVERSE_FLATTENING
from geo.placement import Placement, points_to_degrees
from geo.systems import ReferenceSystem

Floats: TypeAlias = NDArray[np.float64]

AGREEMENT_DEG: Final = 1e-12
# Where the polynomial holds, metres: about the central meridian (easting), and northings.
HALF_WIDTH_M: Final = 360_000.0
NORTHINGS_M: Final = (3_750_000.0, 4_600_000.0)
_FALSE_EASTING_M: Final = 500_000.0
_DEGREE: Final = 15
_LATITUDE_DEGREE: Final = 13
_NODES: Final = 24  # a side of the grid that is fitted
_CHECKED: Final = 61  # a side of the one that is compared
_BLOCK: Final = 1 << 14  # vertices worked on at a time: they stay in the processor's cache


@dataclass(frozen=True, slots=True)
class _Fit:
    """Coefficients, highest power first: of isometric latitude + i·longitude, and of latitude."""

    middle: tuple[float, float]  # easting, northing
    scale: float
    conformal: NDArray[np.complex128]
    latitude: Floats
    latitude_at: tuple[float, float]

    def __call__(self, points: Floats) -> Floats:
        """Degrees of points (easting, northing) inside the domain."""
        made = np.empty((len(points), 2))
        for start in range(0, len(points), _BLOCK):
            self._block(points[start : start + _BLOCK], made[start : start + _BLOCK])
        return made

    def _block(self, points: Floats, made: Floats) -> None:
        # In real numbers: numpy rounds a product of complex ones by where it stands in its array,
        # and a vertex that two features share would differ in its last digit.
        v = (points[:, 0] - self.middle[0]) / self.scale
        u = (points[:, 1] - self.middle[1]) / self.scale
        first = self.conformal[0]
        a, b = np.full(len(points), first.real), np.full(len(points), first.imag)
        au, bv, bu = np.empty_like(a), np.empty_like(a), np.empty_like(a)
        for coefficient in self.conformal[1:]:
            np.multiply(a, u, out=au)
            np.multiply(b, v, out=bv)
            np.multiply(b, u, out=bu)
            a *= v
            np.add(bu, a, out=b)
            b += coefficient.imag
            np.subtract(au, bv, out=a)
            a += coefficient.real
        made[:, 0] = b
        centre, half = self.latitude_at
        a -= centre
        a /= half
        latitude = au
        latitude.fill(self.latitude[0])
        for number in self.latitude[1:]:
            latitude *= a
            latitude += number
        made[:, 1] = latitude


def to_degrees_of(placement: Placement) -> Callable[[Floats], Floats]:
    """What moves points (n, 2) of the file into degrees (EPSG:4490), as fast as is exact."""

    def exactly(points: Floats) -> Floats:
        return np.asarray(points_to_degrees(points, placement), dtype=np.float64)

    system = placement.system
    quick = (
        system.kind == "gauss"
        and system.datum in ("cgcs2000", "wgs84")
        and placement.parameters is None
    )
    if not quick:
        return exactly

    def quickly(points: Floats) -> Floats:
        fit = _fitted(system)
        if fit is None:
            return exactly(points)
        turned = points[:, ::-1] if placement.swap else points
        inside = _inside(fit, turned)
        if inside.all():
            return fit(turned)
        made = np.empty((len(points), 2))
        made[inside] = fit(turned[inside])
        made[~inside] = exactly(points[~inside])
        return made

    return quickly


def _inside(fit: _Fit, points: Floats) -> NDArray[np.bool_]:
    x0 = fit.middle[0]
    low, high = NORTHINGS_M
    found = np.abs(points[:, 0] - x0) <= HALF_WIDTH_M
    found &= (points[:, 1] >= low) & (points[:, 1] <= high)
    return np.asarray(found, dtype=np.bool_)


@lru_cache(maxsize=32)
def _fitted(system: ReferenceSystem) -> _Fit | None:
    """The polynomial of a system; None where it does not agree with PROJ."""
    prefix = (system.zone or 0) * 1_000_000.0 if system.prefixed else 0.0
    middle = (prefix + _FALSE_EASTING_M, sum(NORTHINGS_M) / 2)
    half_height = (NORTHINGS_M[1] - NORTHINGS_M[0]) / 2
    scale = float(np.hypot(HALF_WIDTH_M, half_height))

    def grid(side: int) -> Floats:
        t = np.cos(np.pi * (np.arange(side) + 0.5) / side)
        x, y = np.meshgrid(t * HALF_WIDTH_M, t * half_height)
        return np.stack([x.ravel() + middle[0], y.ravel() + middle[1]], axis=1)

    exact = Placement(system=system, basis="given")
    points = grid(_NODES)
    degrees = points_to_degrees(points, exact)
    if not np.isfinite(degrees).all():
        return None
    z = ((points[:, 1] - middle[1]) + 1j * (points[:, 0] - middle[0])) / scale
    isometric = _isometric(degrees[:, 1])
    powers = np.vander(z, _DEGREE + 1)
    solved = np.linalg.lstsq(powers, isometric + 1j * degrees[:, 0], rcond=None)[0]
    conformal = np.asarray(solved, dtype=np.complex128)
    low, high = float(isometric.min()), float(isometric.max())
    at = ((low + high) / 2, (high - low) / 2 * 1.001)
    latitude = chebyshev.cheb2poly(
        chebyshev.chebfit((isometric - at[0]) / at[1], degrees[:, 1], _LATITUDE_DEGREE)
    )[::-1]
    fit = _Fit(middle, scale, conformal, np.ascontiguousarray(latitude), at)
    checked = grid(_CHECKED)
    apart = np.abs(fit(checked) - points_to_degrees(checked, exact)).max()
    return fit if apart <= AGREEMENT_DEG else None


def _isometric(latitude_deg: Any) -> Floats:
    """Isometric latitude, in degrees as longitude is, of geodetic latitudes in degrees."""
    e = np.sqrt((2.0 - 1.0 / INVERSE_FLATTENING) / INVERSE_FLATTENING)
    phi = np.radians(latitude_deg)
    psi = np.arcsinh(np.tan(phi)) - e * np.arctanh(e * np.sin(phi))
    return np.asarray(np.degrees(psi), dtype=np.float64)
