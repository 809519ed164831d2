"""What the size of coordinates tells: degrees or metres, which zone, which of the two comes first.

Everything is asked of the whole extent. Land of Shanxi is certain in degrees and with a zone's
prefix; six-digit eastings can fit two zones, and then both are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.projection import project, unproject
from geo.systems import ZONES_3, ZONES_6, ReferenceSystem, gauss_system

BBox: TypeAlias = tuple[float, float, float, float]  # min x, min y, max x, max y
Floats: TypeAlias = NDArray[np.float64]
Form: TypeAlias = Literal["degrees", "plane", "mercator", "mixed", "other_degrees", "nothing"]

SHANXI: Final[BBox] = (110.2, 34.5, 114.6, 40.8)  # degrees: west, south, east, north
CHINA: Final[BBox] = (73.0, 3.0, 136.0, 54.0)
# Layers reach a little over the border; the numbers below are wide enough for that.
_MARGIN_DEG: Final = 0.1
_MERCATOR_E: Final = (12_240_000.0, 12_790_000.0)
_MERCATOR_N: Final = (4_080_000.0, 5_000_000.0)
_NORTHING: Final = (300_000.0, 6_200_000.0)  # of all China
_MILLION: Final = 1_000_000
_HALF_ZONE_M: Final = 480_000.0  # further from its meridian no easting of a zone lies
_SAMPLES: Final = 65  # along each edge of an extent: 11 km apart for the whole province
# Unprefixed systems that land of Shanxi comes in: 3° zones 37 and 38 and 6° zone 20. The 6° zone
# 19 has the numbers of zone 37.
_UNPREFIXED: Final = (37, 38, 20)


@dataclass(frozen=True, slots=True)
class Magnitude:
    """What an extent looks like. `zones` are those its eastings fit, and whether with prefix.

    "other_degrees" are small numbers outside China in either order; "mixed" are eastings with the
    prefixes of several zones, which `zones` lists.
    """

    form: Form
    swap: bool = False
    zones: tuple[tuple[int, bool], ...] = ()


def look_at(box: BBox) -> Magnitude:
    """What the numbers of a finite extent can be."""
    turned = turn(box)
    for swap, one in ((False, box), (True, turned)):
        if _within(one, CHINA):
            return Magnitude("degrees", swap)
    if _small(box) or _small(turned):
        return Magnitude("other_degrees")
    for swap, one in ((False, box), (True, turned)):
        zones, mixed = _zones(one)
        if zones:
            return Magnitude("mixed" if mixed else "plane", swap, zones)
        if _within(one, (_MERCATOR_E[0], _MERCATOR_N[0], _MERCATOR_E[1], _MERCATOR_N[1])):
            return Magnitude("mercator", swap)
    return Magnitude("nothing")


def turn(box: BBox) -> BBox:
    """The extent with x and y exchanged."""
    return box[1], box[0], box[3], box[2]


def orientation(system: ReferenceSystem, box: BBox) -> bool | None:
    """Whether coordinates of that system have their axes exchanged in the extent.

    None when they can't be of that system in either order.
    """
    turned = turn(box)
    if system.kind == "geographic":
        if _within(turned, CHINA) and not _within(box, CHINA):
            return True
        return False if _small(box) else True if _small(turned) else None
    if look_at(box).form in ("degrees", "other_degrees"):
        return None
    if system.kind == "gauss":
        return next(
            (swap for swap in (False, True) if _gauss_fits(system, (box, turned)[swap])), None
        )
    places = [_in(system, one, CHINA) for one in (box, turned)]
    if not places[0] and places[1] and in_shanxi(system, turned):
        return True
    # Inverse projections fold numbers from far outside back into the map: there and back tells.
    edge = _edges(box).reshape(-1, 2)
    again = project(unproject(edge, system), system)
    return False if bool((np.abs(again - edge) < 1.0).all()) else None


def in_shanxi(system: ReferenceSystem, box: BBox) -> bool:
    """Whether an extent, x before y, can hold land of Shanxi alone.

    The outermost points of such land lie on the extent's edges, so each edge must come near the
    province; a corner need not.
    """
    west, south, east, north = SHANXI
    grown = west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG
    return _in(system, box, grown)


def _in(system: ReferenceSystem, box: BBox, region: BBox) -> bool:
    edges = _edges(box)
    west, south, east, north = region
    lon, lat = np.moveaxis(unproject(edges.reshape(-1, 2), system).reshape(edges.shape), 2, 0)
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return bool(inside.any(axis=1).all())


def _edges(box: BBox) -> Floats:
    """Points along the four edges, (4, n, 2)."""
    x0, y0, x1, y1 = box
    share = np.linspace(0.0, 1.0, _SAMPLES)
    xs, ys = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
    flat = [np.full_like(share, value) for value in box]
    edges = [(xs, flat[1]), (xs, flat[3]), (flat[0], ys), (flat[2], ys)]
    return np.stack([np.stack(edge, axis=1) for edge in edges])


def _within(box: BBox, region: BBox) -> bool:
    return (
        box[0] >= region[0] and box[1] >= region[1] and box[2] <= region[2] and box[3] <= region[3]
    )


def _small(box: BBox) -> bool:
    return _within(box, (-180.0, -90.0, 180.0, 90.0))


def _zones(box: BBox) -> tuple[tuple[tuple[int, bool], ...], bool]:
    """Zones that eastings in x fit, and whether the extent runs over several prefixes."""
    e0, n0, e1, n1 = box
    if not (_NORTHING[0] <= n0 and n1 <= _NORTHING[1]):
        return (), False
    first, last = int(e0 // _MILLION), int(e1 // _MILLION)
    known = [zone in ZONES_3 or zone in ZONES_6 for zone in (first, last)]
    if all(known):
        if first != last:
            return ((first, True), (last, True)), True
        return (
            (((first, True),), False) if _gauss_fits(_cgcs2000(first, True), box) else ((), False)
        )
    fits = [zone for zone in _UNPREFIXED if _gauss_fits(_cgcs2000(zone, False), box)]
    return tuple((z, False) for z in fits if in_shanxi(_cgcs2000(z, False), box)), False


def _gauss_fits(system: ReferenceSystem, box: BBox) -> bool:
    """Whether x can be eastings of that zone and y northings of China."""
    e0, n0, e1, n1 = box
    middle = 500_000.0 + (_MILLION * (system.zone or 0) if system.prefixed else 0)
    near = e0 >= middle - _HALF_ZONE_M and e1 <= middle + _HALF_ZONE_M
    return near and _NORTHING[0] <= n0 and n1 <= _NORTHING[1]


def _cgcs2000(zone: int, prefixed: bool) -> ReferenceSystem:
    return gauss_system("cgcs2000", zone, prefixed=prefixed)
