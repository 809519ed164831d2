"""The rings of many polygons in flat arrays: measured all at once, without an object per ring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.areas import E2, SEMI_MAJOR_M
from geo.faultkinds import LARGEST, Tolerances, Unit

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Shapes: TypeAlias = NDArray[np.object_]

_BLOCK: Final = 1 << 16  # coordinates worked on at a time: they stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Rings:
    """Rings in file order. Ring r has the vertices `coords[starts[r]:starts[r + 1]]`, closed.

    For every ring: `owners` is the row of its feature, `parts` the number of its polygon among all
    polygons (from 0), `holes` whether it is one, `numbers` its number in the feature (from 1).
    """

    coords: Floats
    starts: Integers
    owners: Integers
    parts: Integers
    holes: Flags
    numbers: Integers

    @classmethod
    def of(cls, shapes: Shapes) -> Rings:
        """The rings of the polygons in geometries of any kind."""
        polygons, owners = polygons_of(shapes)
        sizes = shapely.get_num_coordinates(polygons)
        filled = np.flatnonzero(sizes > 0)
        if len(filled) < len(polygons):
            polygons, owners, sizes = polygons[filled], owners[filled], sizes[filled]
        counts = shapely.get_num_interior_rings(polygons) + 1
        parts = np.repeat(np.arange(len(polygons)), counts)
        ring_sizes = sizes[parts]
        holed = counts > 1
        if holed.any():
            rings = shapely.get_rings(polygons[holed])
            ring_sizes[holed[parts]] = shapely.get_num_coordinates(rings)
        ring_owners = owners[parts]
        holes = np.ones(len(parts), dtype=bool)
        holes[np.cumsum(counts) - counts] = False
        new = np.ones(len(parts), dtype=bool)
        new[1:] = ring_owners[1:] != ring_owners[:-1]
        firsts = np.flatnonzero(new)
        numbers = np.arange(len(parts)) - np.repeat(firsts, np.diff([*firsts, len(parts)])) + 1
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(ring_sizes)])
        coords = shapely.get_coordinates(polygons)
        return cls(coords, starts, ring_owners, parts, holes, numbers)

    def ring_of(self, vertices: Integers) -> Integers:
        """The ring that each vertex belongs to."""
        return np.searchsorted(self.starts, vertices, side="right") - 1


@dataclass(frozen=True, slots=True)
class Measures:
    """Rings measured in metres. `areas` are positive for rings that run anticlockwise.

    `repeated` and `spikes` are numbers of vertices: those that stand where the one before them
    does, and the tips of spikes; `angles` (degrees) and `lengths` (m, the shorter edge) of spikes.
    """

    areas: Floats
    perimeters: Floats
    repeated: Integers
    spikes: Integers
    angles: Floats
    lengths: Floats


def polygons_of(shapes: Shapes) -> tuple[Shapes, Integers]:
    """The polygons in geometries of any kind, and for each the row it comes from."""
    if (shapely.get_type_id(shapes) == 3).all():
        return shapes, np.arange(len(shapes))
    parts, owners = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) >= 4).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owners = owners[inner]
    keep = shapely.get_type_id(parts) == 3
    return parts[keep], owners[keep]


def only_polygons(shapes: Any) -> Shapes:
    """The polygons of geometries whose polygons don't overlap, without their lines and points.

    Other than `geo.overlay.polygonal` it unites nothing, which is what makes it quick.
    """
    made = np.array(shapes, dtype=object)
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(made), (3, 6)))
    if len(mixed):
        parts, owners = polygons_of(made[mixed])
        made[mixed] = shapely.Polygon()
        rows, counts = np.unique(owners, return_counts=True)
        several = np.isin(owners, rows[counts > 1])
        made[mixed[owners[~several]]] = parts[~several]
        for row in rows[counts > 1]:
            made[mixed[row]] = shapely.multipolygons(parts[owners == row])
    return made


def within(shapes: Shapes, x: float, y: float) -> Flags:
    """Which geometries have only coordinates of at most these sizes, and numbers at that."""
    good = np.ones(len(shapes), dtype=bool)
    coords, owners = shapely.get_coordinates(shapes, return_index=True)
    fits = (np.abs(coords) <= (x, y)).all(axis=1)
    good[owners[~fits]] = False
    return good


def in_degrees(shapes: Shapes) -> Flags:
    """Which geometries have only coordinates that can be degrees."""
    return within(shapes, 180.0, 90.0)


def usable(shapes: Shapes, unit: Unit) -> Flags:
    """Which geometries have coordinates that can be calculated with."""
    return in_degrees(shapes) if unit == "degrees" else within(shapes, LARGEST, LARGEST)


def blocks(shapes: Shapes) -> Iterator[slice]:
    """Runs of shapes of about as many coordinates as the processor's cache takes."""
    ends = np.cumsum(shapely.get_num_coordinates(shapes))
    begin = 0
    while begin < len(shapes):
        done = ends[begin - 1] if begin else 0
        end = int(np.searchsorted(ends, done + _BLOCK, side="right"))
        end = min(max(end, begin + 1), len(shapes))
        yield slice(begin, end)
        begin = end


def metre_factors(latitudes: Floats) -> tuple[Floats, Floats]:
    """Metres per degree of longitude and of latitude, at latitudes in degrees."""
    phi = np.radians(np.clip(latitudes, -89.0, 89.0))
    w2 = 1 - E2 * np.sin(phi) ** 2
    east = SEMI_MAJOR_M / np.sqrt(w2) * np.cos(phi)
    north = SEMI_MAJOR_M * (1 - E2) / w2**1.5
    return np.radians(east), np.radians(north)


def in_metres(rings: Rings, unit: Unit) -> tuple[Floats, Floats]:
    """Eastings and northings of all vertices in metres from the first vertex of their ring."""
    sizes = np.diff(rings.starts)
    origins = rings.coords[rings.starts[:-1]]
    x = rings.coords[:, 0] - np.repeat(origins[:, 0], sizes)
    y = rings.coords[:, 1] - np.repeat(origins[:, 1], sizes)
    if unit == "degrees":
        east, north = metre_factors(origins[:, 1])
        x *= np.repeat(east, sizes)
        y *= np.repeat(north, sizes)
    return x, y


def measure(rings: Rings, unit: Unit, tolerances: Tolerances) -> Measures:
    """Areas and perimeters of all rings, vertices given twice, and spikes."""
    with np.errstate(over="ignore", invalid="ignore"):  # of coordinates near the end of all numbers
        return _measured(rings, *in_metres(rings, unit), tolerances)


def _measured(rings: Rings, x: Floats, y: Floats, tolerances: Tolerances) -> Measures:
    starts = rings.starts
    ends = starts[1:] - 1  # the closing vertices: no edge starts there
    dx, dy = np.empty_like(x), np.empty_like(y)
    np.subtract(x[1:], x[:-1], out=dx[:-1])
    np.subtract(y[1:], y[:-1], out=dy[:-1])
    dx[ends] = dy[ends] = 0.0
    squares = dx * dx
    squares += dy * dy
    terms = x * dy
    terms -= y * dx
    areas = np.add.reduceat(terms, starts[:-1]) / 2.0
    lengths = np.sqrt(squares)
    perimeters = np.add.reduceat(lengths, starts[:-1])
    short = lengths <= tolerances.same_point_m
    short[ends] = False
    repeated = np.flatnonzero(short) + 1
    kept: Any = slice(None)
    if len(repeated):
        # A spike may stand beside a vertex given twice: it shows once that one is out of the way.
        keep = np.ones(len(x), dtype=bool)
        closing = np.isin(repeated, ends)
        keep[repeated[~closing]] = False
        keep[repeated[closing] - 1] = False
        keep[starts[:-1]] = keep[ends] = True
        kept = np.flatnonzero(keep)
        starts = np.concatenate(
            [[0], np.cumsum(np.add.reduceat(keep, starts[:-1], dtype=np.int64))]
        )
        ends = starts[1:] - 1
        x, y = x[kept], y[kept]
        dx, dy = np.diff(x, append=0.0), np.diff(y, append=0.0)
        dx[ends] = dy[ends] = 0.0
        squares = dx * dx + dy * dy
        lengths = np.sqrt(squares)
    tips, angles, edges = _spikes(dx, dy, lengths, starts, tolerances)
    at = tips if isinstance(kept, slice) else kept[tips]
    return Measures(areas, perimeters, repeated, at, angles, edges)


def _spikes(
    dx: Floats, dy: Floats, lengths: Floats, starts: Integers, tolerances: Tolerances
) -> tuple[Integers, Floats, Floats]:
    """Vertices where the ring turns back on itself, their angles and the shorter edges there."""
    ends = starts[1:] - 1
    first = starts[:-1]
    # The edge into a vertex is the one before; into the first vertex of a ring, the ring's last.
    last = np.maximum(ends - 1, first)
    dot, product = np.empty_like(dx), np.empty_like(dx)
    np.multiply(dx[1:], dx[:-1], out=dot[1:])
    dot[1:] += dy[1:] * dy[:-1]
    dot[first] = dx[first] * dx[last] + dy[first] * dy[last]
    np.multiply(lengths[1:], lengths[:-1], out=product[1:])
    product[first] = lengths[first] * lengths[last]
    limit = -np.cos(np.radians(tolerances.spike_angle_deg))
    sharp = dot < limit * product
    sharp[ends] = False
    tips = np.flatnonzero(sharp)
    if not len(tips):
        return tips, np.empty(0), np.empty(0)
    before = tips - 1
    at_first = np.isin(tips, first)
    before[at_first] = last[np.searchsorted(first, tips[at_first])]
    shorter = np.minimum(lengths[tips], lengths[before])
    cross = dx[before] * dy[tips] - dy[before] * dx[tips]
    angles = np.degrees(np.arctan2(np.abs(cross), -dot[tips]))
    long = shorter > tolerances.spike_length_m
    return tips[long], angles[long], shorter[long]
