"""Rings that are certainly without fault, told at once for many: only the others are looked at.

A ring is *star-shaped* when some point sees all of it, and then it can't cross itself. Most parcels
are, and to see it takes a few products per vertex, where a general test of validity takes a
geometry object and a search for crossings. What is not plainly good is not bad: it is looked at
by `geo.faults`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from geo.faultkinds import Tolerances, Unit
from geo.rings import metre_factors
from geo.wkbcolumns import Flags, Floats, Integers

_BLOCK: Final = 1 << 15  # vertices worked on at a time: they stay in the processor's cache
_MARGIN: Final = 2.0  # every tolerance of geo.faults is kept with so much to spare
_TURN: Final = 0.97  # cos² of 10°: a spike is a tenth of that
_SEEN: Final = 1e-9  # least share of a ring's squared extent that a vertex pair must span


def plainly_good(
    coords: Floats,
    starts: Integers,
    *,
    unit: Unit = "degrees",
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
) -> Flags:
    """Which rings (closed and finite, as `SingleRings`) have certainly no fault of geo.faults.

    `unit` is that of the coordinates. Not looked at is the direction that a ring runs in.
    """
    good = np.zeros(len(starts) - 1, dtype=bool)
    first = 0
    while first < len(good):
        last = int(np.searchsorted(starts, starts[first] + _BLOCK, side="right")) - 1
        last = min(max(last, first + 1), len(good))
        block, begin = coords[starts[first] : starts[last]], starts[first : last + 1]
        good[first:last] = _block(block, begin - starts[first], unit, tolerances)
        first = last
    return good


def _block(coords: Floats, starts: Integers, unit: Unit, tolerances: Tolerances) -> Flags:
    begin, sizes = starts[:-1], np.diff(starts)
    x, y = _metres(coords, begin, sizes, unit)
    ends = starts[1:] - 1  # no edge starts at a closing vertex
    dx, dy = np.empty_like(x), np.empty_like(y)
    np.subtract(x[1:], x[:-1], out=dx[:-1])
    np.subtract(y[1:], y[:-1], out=dy[:-1])
    dx[ends] = dy[ends] = 0.0
    squares = dx * dx
    squares += dy * dy
    sums = np.add.reduceat(squares, begin)
    good = _seen_from_the_middle((x, y), (dx, dy), begin, ends)
    good &= _without_sharp_turns(dx, dy, squares, begin, ends)
    squares[ends] = np.inf
    shortest = np.minimum.reduceat(squares, begin)
    good &= shortest > (_MARGIN * tolerances.same_point_m) ** 2
    x *= dy
    y *= dx
    x -= y
    areas = np.abs(np.add.reduceat(x, begin)) / 2.0
    good &= areas > _MARGIN * tolerances.tiny_m2
    # The perimeter is at most √(edges · sum of their squares).
    longest = np.sqrt((sizes - 1) * sums)
    good &= 2.0 * areas > _MARGIN * tolerances.sliver_width_m * longest
    return np.asarray(good, dtype=np.bool_)


def _metres(coords: Floats, begin: Integers, sizes: Integers, unit: Unit) -> tuple[Floats, Floats]:
    """Metres east and north from each ring's first vertex."""
    origins = coords[begin]
    x = coords[:, 0] - np.repeat(origins[:, 0], sizes)
    y = coords[:, 1] - np.repeat(origins[:, 1], sizes)
    if unit == "degrees":
        east, north = metre_factors(origins[:, 1])
        x *= np.repeat(east, sizes)
        y *= np.repeat(north, sizes)
    return x, y


def _seen_from_the_middle(
    points: tuple[Floats, Floats], steps: tuple[Floats, Floats], begin: Integers, ends: Integers
) -> Flags:
    """Whether the middle of the ring's box sees every edge from the same side, once around."""
    (x, y), (dx, dy) = points, steps
    sizes = ends - begin + 1
    west, east = np.minimum.reduceat(x, begin), np.maximum.reduceat(x, begin)
    south, north = np.minimum.reduceat(y, begin), np.maximum.reduceat(y, begin)
    px = x - np.repeat((west + east) / 2, sizes)
    py = y - np.repeat((south + north) / 2, sizes)
    # Edges that pass the ray to the east of the middle upwards: one, if the ring goes round once.
    below = py < 0.0
    passed = np.zeros(len(x), dtype=np.int64)
    passed[:-1] = below[:-1] != below[1:]
    passed[ends] = 0
    rounds = np.add.reduceat(passed, begin)
    px *= dy
    py *= dx
    px -= py
    px[ends] = px[begin]
    least, most = np.minimum.reduceat(px, begin), np.maximum.reduceat(px, begin)
    margin = _SEEN * ((east - west) ** 2 + (north - south) ** 2)
    return np.asarray(((least > margin) | (most < -margin)) & (rounds == 2), dtype=np.bool_)


def _without_sharp_turns(
    dx: Floats, dy: Floats, squares: Floats, begin: Integers, ends: Integers
) -> Flags:
    """Whether no vertex turns back by more than 170°."""
    dots, products = np.empty_like(dx), np.empty_like(dx)
    np.multiply(dx[1:], dx[:-1], out=dots[1:])
    dots[1:] += dy[1:] * dy[:-1]
    np.multiply(squares[1:], squares[:-1], out=products[1:])
    last = ends - 1  # the edge that comes to the first vertex
    dots[begin] = dx[begin] * dx[last] + dy[begin] * dy[last]
    products[begin] = squares[begin] * squares[last]
    sharp = dots * np.abs(dots) < -_TURN * products
    sharp[ends] = False
    return ~np.logical_or.reduceat(sharp, begin)
