"""Plane figures of exact area: hexagons that fit a region, touching pairs, blocks.

Everything is in metres on the plane of `geo.plane`, areas in m². Nothing here is random: the
same region and area always give the same figure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely

from geo.errors import FootprintError
from geo.plane import stretch_at

# Area of a regular hexagon of radius 1, and its apothem.
_UNIT_AREA: Final = 3 * np.sqrt(3) / 2
_APOTHEM: Final = np.sqrt(3) / 2
_CORNERS: Final = np.radians(np.arange(0, 360, 60))
_GRID_M: Final = 1000.0
_WEST_STEPS: Final = 49
_ROOM_M: Final = 5.0
_ON_EDGE_M: Final = 1e-3


def region_area(region: Any) -> float:
    """Area of a region in m² (0 for lines, points and nothing)."""
    return float(shapely.area(region))


def hexagon(x: float, y: float, area_m2: float) -> Any:
    """A flat-topped hexagon, regular on the ground, of exactly the area, round a centre."""
    return shapely.Polygon(_corners(x, y, float(np.sqrt(area_m2 / _UNIT_AREA))))


def hexagon_in(region: Any, area_m2: float, *, whole: bool = False) -> Any:
    """A hexagon of the area at the point of the region with most room around it.

    Where it reaches over the region it is clipped and grows until its area is exact; with
    `whole` it is not clipped. Returns a polygon (or several, when clipped), or None when the
    region is too small.
    """
    if region_area(region) < area_m2:
        return None
    x, y = _roomiest(region)
    first = hexagon(x, y, area_m2)
    if shapely.covers(region, first):
        return first
    if whole:
        return None

    def clipped(size: float) -> Any:
        return _areal(shapely.intersection(hexagon(x, y, size * area_m2), region))

    largest = 1.0
    while region_area(clipped(largest)) < area_m2:
        largest *= 2.0
        if largest > 1e6:
            return None
    size = _root(lambda s: region_area(clipped(s)) - area_m2, 1.0, largest)
    return clipped(size)


def whole_hexagon_area(region: Any) -> float:
    """Area in m² of the largest hexagon that fits whole round the roomiest point of a region."""
    total = region_area(region)
    if total == 0:
        return 0.0
    x, y = _roomiest(region)
    shapely.prepare(region)
    largest = _root(
        lambda area: -1.0 if shapely.covers(region, hexagon(x, y, area)) else 1.0, 1.0, total
    )
    return largest * (1 - 1e-9)


def westmost_hexagon_in(region: Any, area_m2: float) -> Any:
    """A whole hexagon of the area as far west in the region as a fine grid allows, or None."""
    west, south, east, north = shapely.bounds(region)
    xs = np.linspace(west, east, _WEST_STEPS)
    ys = np.linspace(south, north, _WEST_STEPS)
    shapely.prepare(region)
    x, y = (west + east) / 2, (south + north) / 2
    corners = shapely.get_coordinates(hexagon(x, y, area_m2)) - [x, y]
    for far in xs:
        places = np.stack([np.full_like(ys, far), ys], axis=1)
        column = shapely.polygons(corners + places[:, None, :])
        fits = np.flatnonzero(shapely.covers(region, column))
        if fits.size:
            return column[int(fits[0])]
    return None


def blocks_of(region: Any, areas_m2: Sequence[float]) -> list[Any]:
    """The region cut into blocks of the given areas, in the same order.

    Straight cuts across the longer side part the areas into halves as even as they come, again
    and again; land that no area asks for is the last block, and is not returned. Raises
    FootprintError when the areas add up to more than the region.
    """
    total = region_area(region)
    if sum(areas_m2) > total * (1 + 1e-9):
        raise FootprintError("园区面积之和大于上级 / the parts are larger than the region")
    rest = total - sum(areas_m2)
    wanted = [*areas_m2, rest] if rest > total * 1e-9 else list(areas_m2)
    return _blocks(region, wanted)[: len(areas_m2)]


def with_vertices(shape: Any, points: Any) -> Any:
    """The shape with those of the points that lie on its edges put in as vertices."""

    def ring(coords: Any) -> Any:
        done = [coords[0]]
        for start, end in pairwise(coords):
            along = (end - start) / np.hypot(*(end - start))
            far = (points - start) @ along
            aside = np.abs((points - start) @ [-along[1], along[0]])
            on_edge = (aside < _ON_EDGE_M) & (far > _ON_EDGE_M)
            on_edge &= np.hypot(*(points - end).T) > _ON_EDGE_M
            on_edge &= far < np.hypot(*(end - start))
            _, first = np.unique(np.round(far[on_edge], 3), return_index=True)
            done.extend(points[on_edge][first])
            done.append(end)
        return done

    def polygon(part: Any) -> Any:
        holes = [ring(shapely.get_coordinates(hole)) for hole in part.interiors]
        return shapely.Polygon(ring(shapely.get_coordinates(part.exterior)), holes)

    if len(points) == 0:
        return shape
    parts = [polygon(part) for part in shapely.get_parts(shape)]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _blocks(region: Any, areas: list[float]) -> list[Any]:
    if len(areas) == 1:
        return [region]
    sums = np.cumsum(areas)
    count = int(np.argmin(np.abs(sums[:-1] - sums[-1] / 2))) + 1
    west, south, east, north = shapely.bounds(region)
    upright = east - west >= north - south

    def before(cut: float) -> Any:
        far = (cut, north + 1) if upright else (east + 1, cut)
        return _areal(shapely.intersection(region, shapely.box(west - 1, south - 1, *far)))

    low, high = (west, east) if upright else (south, north)
    # In shares of the whole: rounding in earlier cuts is spread, not pushed into the last block.
    share = region_area(region) * float(sums[count - 1] / sums[-1])
    cut = _root(lambda value: region_area(before(value)) - share, low, high)
    near = (cut, south - 1) if upright else (west - 1, cut)
    after = _areal(shapely.intersection(region, shapely.box(*near, east + 1, north + 1)))
    return _blocks(before(cut), areas[:count]) + _blocks(after, areas[count:])


def adjoining_pair(region: Any, base_m2: float, extension_m2: float) -> tuple[Any, Any] | None:
    """Two whole hexagons in a region that share an edge, placed with most room around them.

    Tries every place on a 1 km grid and all six sides. Returns (base, extension), whose common
    edge has the same end points in both, or None when no place has room.
    """
    west, south, east, north = shapely.bounds(region)
    steps = np.meshgrid(np.arange(west, east, _GRID_M), np.arange(south, north, _GRID_M))
    centres = np.stack([axis.ravel() for axis in steps], axis=1)
    shapely.prepare(region)
    centres = centres[shapely.contains(region, shapely.points(centres))]
    outline = shapely.boundary(region)
    best: tuple[float, Any] | None = None
    for x, y in centres:
        for side in range(6):
            pair = _pair_at(x, y, side, base_m2, extension_m2)
            if not (shapely.covers(region, pair[1]) and shapely.covers(region, pair[0])):
                continue
            room = min(shapely.distance(outline, pair[0]), shapely.distance(outline, pair[1]))
            # A clear margin, not the last digit, decides: the first of equals wins.
            if best is None or room > best[0] + 0.5:
                best = (float(room), pair)
    return None if best is None else best[1]


def _corners(x: float, y: float, radius: float) -> Any:
    wide, high = stretch_at(y)
    corners = np.stack([np.cos(_CORNERS) * wide, np.sin(_CORNERS) * high], axis=1)
    return corners * radius + [x, y]


def _pair_at(x: float, y: float, side: int, base_m2: float, extension_m2: float) -> Any:
    """A hexagon and another on its side number `side` (0 to the north-east, anticlockwise)."""
    wide, high = stretch_at(y)
    small, large = (float(np.sqrt(area / _UNIT_AREA)) for area in (base_m2, extension_m2))
    away = np.radians(30 + 60 * side)
    offset = _APOTHEM * (small + large) * np.array([np.cos(away), np.sin(away)])
    ring = np.stack([np.cos(_CORNERS), np.sin(_CORNERS)], axis=1)
    base, extension = ring * small, ring * large + offset
    # The shorter of the two facing edges becomes part of the longer one, vertex for vertex.
    if small <= large:
        edge = base[[(side + 1) % 6, side]]
        extension = _inserted(extension, (side + 3) % 6, edge)
    else:
        edge = extension[[(side + 4) % 6, (side + 3) % 6]]
        base = _inserted(base, side, edge)
    scale, middle = np.array([wide, high]), np.array([x, y])
    return tuple(shapely.Polygon(figure * scale + middle) for figure in (base, extension))


def _inserted(ring: Any, corner: int, edge: Any) -> Any:
    """The ring with the edge's points put in after a corner; equal corners are not doubled."""
    turned = np.roll(ring, -(corner + 1), axis=0)
    if np.allclose(turned[-1], edge[0], atol=1e-6):
        return np.vstack([edge[1], turned[1:-1], edge[0]])
    return np.vstack([turned, edge])


def _roomiest(region: Any) -> tuple[float, float]:
    circle = shapely.maximum_inscribed_circle(region, tolerance=_ROOM_M)
    x, y = shapely.get_coordinates(circle)[0]
    return float(x), float(y)


def _areal(shape: Any) -> Any:
    """Only the polygons of an intersection: touching corners leave points and lines behind."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _root(rest: Callable[[float], float], low: float, high: float) -> float:
    """Where a growing function passes zero, by halving until no number lies between."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if rest(middle) < 0:
            low = middle
        else:
            high = middle
    return high
