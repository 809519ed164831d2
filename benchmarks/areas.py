"""Areas of 100 000 polygons: our authalic shoelace against pyproj.Geod polygon by polygon.

Both times come from one run over the same seeded polygons. The results are also compared with
Geod, and with the land survey's trapezoid series written out from its own formula.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from geo.areas import INVERSE_FLATTENING, SEMI_MAJOR_M, area_m2

POLYGONS = 100_000
VERTICES = 30
SEED = 20231116


def polygons(count: int = POLYGONS, *, seed: int = SEED) -> NDArray[np.object_]:
    """`count` star-shaped polygons of 30 vertices in Shanxi, EPSG:4490 degrees, edges < 1 km."""
    rng = np.random.default_rng(seed)
    lon = rng.uniform(110.2, 114.6, (count, 1))
    lat = rng.uniform(34.5, 40.8, (count, 1))
    turn = (np.arange(VERTICES) + rng.uniform(-0.3, 0.3, (count, VERTICES))) / VERTICES
    angle = 2 * np.pi * turn
    # Three waves and a little roughness: outlines like those of land-use parcels and parks.
    wave = 1.0 + 0.15 * np.sin(3 * angle + rng.uniform(0, 6, (count, 1)))
    radius = rng.uniform(200, 1500, (count, 1)) * wave * rng.uniform(0.95, 1.05, angle.shape)
    east = radius * np.cos(angle) / (111_320 * np.cos(np.radians(lat)))
    north = radius * np.sin(angle) / 111_000
    return np.asarray(shapely.polygons(np.stack([lon + east, lat + north], axis=2)))


def trapezoid_area_m2(polygon: shapely.Polygon) -> float:
    """The survey's own series (国土调查办发〔2008〕32号) for one outline without holes, in m².

    Adds the ellipsoidal trapezoids between each edge and a reference meridian; edges as they
    stand, latitude and longitude in radians.
    """
    a = SEMI_MAJOR_M
    f = 1 / INVERSE_FLATTENING
    b2 = (a * (1 - f)) ** 2
    e2 = f * (2 - f)
    e4, e6, e8 = e2**2, e2**3, e2**4
    coefficients = (
        1 + 3 / 6 * e2 + 30 / 80 * e4 + 35 / 112 * e6 + 630 / 2304 * e8,
        1 / 6 * e2 + 15 / 80 * e4 + 21 / 112 * e6 + 420 / 2304 * e8,
        3 / 80 * e4 + 7 / 112 * e6 + 180 / 2304 * e8,
        1 / 112 * e6 + 45 / 2304 * e8,
        5 / 2304 * e8,
    )
    lon, lat = np.radians(shapely.get_coordinates(polygon)).T
    width = (lon[1:] + lon[:-1]) / 2 - lon[0]
    half = (lat[1:] - lat[:-1]) / 2
    middle = (lat[1:] + lat[:-1]) / 2
    series = sum(
        (-1) ** k * c * np.sin((2 * k + 1) * half) * np.cos((2 * k + 1) * middle)
        for k, c in enumerate(coefficients)
    )
    return abs(float(np.sum(2 * b2 * width * series)))


def _timed(work: Callable[[], Any], *, repeat: int) -> tuple[float, Any]:
    times, result = [], None
    for _ in range(repeat):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return statistics.median(times), result


def main() -> dict[str, float]:
    """Run both, print one line per number, and return the numbers."""
    shapes = polygons()
    points = shapely.get_coordinates(shapes).reshape(POLYGONS, VERTICES + 1, 2)
    steps = np.diff(points, axis=1) * [111_320 * np.cos(np.radians(37.6)), 111_000]
    geod = Geod(a=SEMI_MAJOR_M, rf=INVERSE_FLATTENING)
    area_m2(shapes[:100])

    ours_s, ours = _timed(lambda: area_m2(shapes), repeat=5)
    peer_s, peer = _timed(
        lambda: np.array([abs(geod.geometry_area_perimeter(shape)[0]) for shape in shapes]),
        repeat=1,
    )
    survey = np.array([trapezoid_area_m2(shape) for shape in shapes[::20]])
    numbers = {
        "polygons": float(POLYGONS),
        "longest_edge_m": float(np.hypot(*steps.reshape(-1, 2).T).max()),
        "ours_s": ours_s,
        "geod_s": peer_s,
        "ratio": peer_s / ours_s,
        "max_ppm_to_geod": float(np.abs(ours / peer - 1).max() * 1e6),
        "max_ppm_to_survey": float(np.abs(ours[::20] / survey - 1).max() * 1e6),
    }
    for name, value in numbers.items():
        print(f"areas  {name:<20} {value:.6g}")
    return numbers


if __name__ == "__main__":
    main()
