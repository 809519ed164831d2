"""Made-up land-use polygons: a jittered grid whose edges are crooked and exactly shared.

Neighbours have the very same vertices along their common edge, as in a surveyed coverage. A row
of the grid depends only on the seed and its number, so three million polygons can be made block
by block.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

# Of a cell, for corners; of an edge, for the points along it. A crooked edge stays in a wedge of
# slope 4·CROOKED about its chord at either end. With these two, the wedges of two edges that meet
# are apart for cells up to twice as wide as high (in degrees) or the reverse, so no ring can cross
# itself, whatever the seed.
JITTER: Final = 0.18
CROOKED: Final = 0.05
_BLOCK_ROWS: Final = 64


def grid_of(bbox: tuple[float, float, float, float], count: int) -> tuple[int, int]:
    """Columns and rows of about `count` cells that are about square on the ground."""
    west, south, east, north = bbox
    ratio = (east - west) * np.cos(np.radians((south + north) / 2)) / (north - south)
    columns = max(1, round(float(np.sqrt(count * ratio))))
    return columns, max(1, round(count / columns))


def coverage(
    bbox: tuple[float, float, float, float], count: int, *, seed: int, vertices: int = 20
) -> NDArray[np.object_]:
    """About `count` polygons (EPSG:4490 degrees) that cover `bbox` without gap or overlap.

    `bbox` is west, south, east, north in degrees; `vertices` of a polygon, a multiple of four.
    """
    return np.concatenate(list(coverage_blocks(bbox, count, seed=seed, vertices=vertices)))


def coverage_blocks(
    bbox: tuple[float, float, float, float], count: int, *, seed: int, vertices: int = 20
) -> Iterator[NDArray[np.object_]]:
    """As `coverage`, some rows of the grid at a time, south to north, each west to east."""
    columns, rows = grid_of(bbox, count)
    corners = _corners(bbox, columns, rows, seed)
    parts = max(1, vertices // 4)
    for first in range(0, rows, _BLOCK_ROWS):
        last = min(first + _BLOCK_ROWS, rows)
        yield _block(corners, first, last, rows=rows, parts=parts, seed=seed)


def noise(lon: Any, lat: Any, *, seed: int, scale_deg: float) -> Floats:
    """A smooth made-up field in 0…1 at places in degrees, its hills about `scale_deg` wide."""
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    random = np.random.default_rng(seed)
    total = np.zeros(np.broadcast(lon, lat).shape)
    for octave, weight in ((1.0, 0.6), (2.3, 0.27), (5.1, 0.13)):
        size = scale_deg / octave
        table = random.random((64, 64))
        x, y = lon / size, lat / size
        i, j = np.floor(x).astype(int), np.floor(y).astype(int)
        u, v = x - i, y - j
        u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
        a, b = table[j % 64, i % 64], table[j % 64, (i + 1) % 64]
        c, d = table[(j + 1) % 64, i % 64], table[(j + 1) % 64, (i + 1) % 64]
        total += weight * ((a * (1 - u) + b * u) * (1 - v) + (c * (1 - u) + d * u) * v)
    return total


def _corners(bbox: tuple[float, float, float, float], columns: int, rows: int, seed: int) -> Floats:
    """Corners of the cells, (rows + 1, columns + 1, 2); those on the frame stay on it."""
    west, south, east, north = bbox
    xs = np.linspace(west, east, columns + 1)
    ys = np.linspace(south, north, rows + 1)
    corners = np.stack(np.meshgrid(xs, ys), axis=-1)
    random = np.random.default_rng([seed, 0])
    moves = random.uniform(-JITTER, JITTER, corners.shape)
    moves *= [(east - west) / columns, (north - south) / rows]
    moves[:, [0, -1], 0] = 0.0
    moves[[0, -1], :, 1] = 0.0
    return np.asarray(corners + moves, dtype=np.float64)


def _block(
    corners: Floats, first: int, last: int, *, rows: int, parts: int, seed: int
) -> NDArray[np.object_]:
    """Polygons of the rows `first` up to `last`."""
    across = np.stack([_across(corners, j, rows, parts, seed) for j in range(first, last + 1)])
    upward = np.stack([_upward(corners, j, parts, seed) for j in range(first, last)])
    bottom, top = across[:-1], across[1:]
    left, right = upward[:, :-1], upward[:, 1:]
    rings = np.concatenate(
        [
            bottom[:, :, :-1],
            right[:, :, :-1],
            top[:, :, :0:-1],
            left[:, :, :0:-1],
            bottom[:, :, :1],
        ],
        axis=2,
    )
    return np.asarray(shapely.polygons(rings.reshape(-1, 4 * parts + 1, 2)), dtype=object)


def _across(corners: Floats, j: int, rows: int, parts: int, seed: int) -> Floats:
    """The west-east edges between corners of line `j`: (columns, parts + 1, 2)."""
    random = np.random.default_rng([seed, 1, j])
    straight = 0.0 if j in (0, rows) else 1.0
    return _crooked(corners[j, :-1], corners[j, 1:], parts, random, straight)


def _upward(corners: Floats, j: int, parts: int, seed: int) -> Floats:
    """The south-north edges of row `j`: (columns + 1, parts + 1, 2)."""
    random = np.random.default_rng([seed, 2, j])
    edges = _crooked(corners[j], corners[j + 1], parts, random, 1.0)
    ends = np.linspace(0, 1, parts + 1)[:, None]
    for side in (0, -1):
        edges[side] = corners[j, side] + ends * (corners[j + 1, side] - corners[j, side])
    return edges


def _crooked(
    start: Floats, end: Floats, parts: int, random: np.random.Generator, factor: float
) -> Floats:
    """Edges with `parts` pieces whose inner points are moved sideways."""
    t = np.linspace(0.0, 1.0, parts + 1)
    along = end - start
    points = start[:, None] + t[None, :, None] * along[:, None]
    sideways = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    moves = random.uniform(-1, 1, (len(start), parts + 1)) * (4 * t * (1 - t)) * CROOKED * factor
    points += moves[..., None] * sideways[:, None]
    points[:, -1] = end
    return points
