"""Shapes of survey parcels from their points, with all that is wrong with these points.

A parcel with a point that can't be read gets no shape: without that corner it would be another
parcel. Everything else that is odd is told, and what can be kept is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.errors import LimitError
from geo.files.surveylines import BAD_NUMBER, FINE, NO_POINT, NOT_FINITE, Lines, Points
from geo.files.surveypack import Packed, pack
from geo.files.surveyproblems import Findings
from geo.files.surveyrings import (
    BADLY_CLOSED,
    CLOSED,
    OPEN,
    Rings,
    build_lines,
    build_points,
    build_polygons,
    cut_rings,
    distinct_sizes,
    is_nearly_same,
)
from geo.limits import Limits

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

_CODES: Final = {BAD_NUMBER: "bad_number", NOT_FINITE: "not_finite", NO_POINT: "skipped_line"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcels:
    """Points and the parcels they belong to: `owners` are places in `kinds`, ascending.

    `kinds` are 面, 线 or 点. `first` is the first parcel's number as a feature. `in_form`: the
    text has the ministry form, where northing stands first; a plain list has no such rule.
    """

    points: Points
    owners: Integers
    kinds: NDArray[np.str_]
    first: int
    in_form: bool = True

    def take(self, rows: Flags) -> Parcels:
        """The same parcels with some of the points."""
        return Parcels(
            points=self.points.take(rows), owners=self.owners[rows], kinds=self.kinds,
            first=self.first, in_form=self.in_form,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shaped:
    """Shapes of parcels as WKB (null where none could be made), easting first, and their areas.

    Coordinates are in the file's units, `areas` in m² (NaN where there are none). `rows` counts
    each parcel's points as listed, `corners` those without closing rows. `easting_first` says
    which parcels have easting before northing.
    """

    wkb: pa.Array
    areas: Floats
    rows: Integers
    corners: Integers
    easting_first: Flags


def shapes_of(lines: Lines, parcels: Parcels, findings: Findings, limits: Limits) -> Shaped:
    """Shapes of all parcels; what is wrong goes to `findings`.

    Raises:
        LimitError: a ring has more points than `limits.ring_vertices`, or rings lie too deep.
    """
    count = len(parcels.kinds)
    told = parcels.owners[parcels.points.faults != NO_POINT]  # a note is no point
    rows = np.bincount(told, minlength=count)
    broken = _faulty_rows(lines, parcels, findings)
    parcels = parcels.take(parcels.points.faults == FINE)
    xy, easting_first = _ordered(parcels, broken, findings)
    areal = parcels.kinds[parcels.owners] == "面"
    rings = cut_rings(xy, parcels.owners, parcels.points.rings, areal=areal)
    _tell_splits(parcels, rings, findings)
    rings = _badly_closed(lines, parcels, xy, rings, findings)
    corners = np.bincount(rings.owners, weights=rings.ends - rings.starts, minlength=count).astype(
        np.int64
    )
    if len(rings.starts) and (rings.ends - rings.starts).max() > limits.ring_vertices:
        raise LimitError(
            f"一圈的界址点超过上限 {limits.ring_vertices} 个 / a ring has more than "
            f"{limits.ring_vertices} points (limit: ring_vertices)",
            code="ring_too_long",
        )
    rings = rings.take(~broken[rings.owners])
    rings = _long_enough(parcels, xy, rings, findings)
    packed = _packed(parcels, xy, rings, findings, limits)
    return Shaped(packed.wkb, packed.areas, rows, corners, easting_first)


def _place(
    parcels: Parcels, row: int | np.integer[Any], xy: Floats | None = None, ring: int | None = None
) -> Any:
    """Where a row is, as fields of a Problem."""
    place: dict[str, Any] = {
        "line": int(parcels.points.lines[row]) + 1,
        "feature": int(parcels.owners[row]) + parcels.first,
    }
    if xy is not None:
        place |= {"x": float(xy[row, 0]), "y": float(xy[row, 1])}
    if ring is not None:
        place["ring"] = ring
    return place


def _faulty_rows(lines: Lines, parcels: Parcels, findings: Findings) -> Flags:
    """Tell rows that can't be read; which parcels lack a point by that."""
    broken = np.zeros(len(parcels.kinds), dtype=bool)
    faults = parcels.points.faults
    for row in np.flatnonzero(faults != FINE):
        fault = int(faults[row])
        text = lines.text(int(parcels.points.lines[row]))
        findings.add(_CODES[fault], place=_place(parcels, row), text=text)
        broken[parcels.owners[row]] |= fault != NO_POINT
    return broken


def _ordered(parcels: Parcels, broken: Flags, findings: Findings) -> tuple[Floats, Flags]:
    """Easting and northing (or longitude and latitude) of the points, by magnitude.

    Parcels with points in both orders are marked `broken`.
    """
    a, b = parcels.points.first, parcels.points.second
    count = len(parcels.kinds)
    north_first, east_first = orders(a, b)
    northern = np.bincount(parcels.owners, weights=north_first, minlength=count)
    eastern = np.bincount(parcels.owners, weights=east_first, minlength=count)
    known = northern + eastern > 0
    easting_first = np.where(known, eastern > northern, not parcels.in_form)
    swapped = easting_first[parcels.owners]
    for row in np.flatnonzero((north_first & swapped) | (east_first & ~swapped)):
        if known[parcels.owners[row]]:
            findings.add("mixed_order", place=_place(parcels, row))
            broken[parcels.owners[row]] = True
    _tell_order(parcels, easting_first, known, findings)
    return np.stack([np.where(swapped, a, b), np.where(swapped, b, a)], axis=1), easting_first


def orders(first: Floats, second: Floats) -> tuple[Flags, Flags]:
    """Where northing (latitude) certainly stands first, and where easting (longitude) does.

    In China a northing has 7 digits, an easting 6 or (with its zone) 8; latitudes are below 54°
    and longitudes above 73°.
    """

    def is_north(value: Floats) -> Flags:
        return ((value >= 1e6) & (value < 1e7)) | ((value >= 3) & (value <= 54))

    def is_east(value: Floats) -> Flags:
        plane = ((value >= 1e7) & (value < 1e8)) | ((value >= 1e5) & (value < 1e6))
        return plane | ((value >= 73) & (value <= 136))

    same_kind = (np.abs(first) <= 180) == (np.abs(second) <= 180)
    return (
        is_north(first) & is_east(second) & same_kind,
        is_east(first) & is_north(second) & same_kind,
    )


def _tell_order(parcels: Parcels, easting_first: Flags, known: Flags, findings: Findings) -> None:
    filled, starts = np.unique(parcels.owners, return_index=True)
    if parcels.in_form:
        turned = easting_first[filled] & known[filled]
        if turned.any():
            place = _place(parcels, int(starts[turned][0]))
            findings.add("easting_first", count=int(turned.sum()), place={"line": place["line"]})
        return
    open_ = ~known[filled]
    if open_.any():
        place = _place(parcels, int(starts[open_][0]))
        findings.add(
            "unknown_order", count=int(open_.sum()), place={"line": place["line"]},
            text="先东后北", order="easting",
        )  # fmt: skip


def _tell_splits(parcels: Parcels, rings: Rings, findings: Findings) -> None:
    owners, starts = np.unique(rings.owners[rings.split], return_index=True)
    for owner, at in zip(owners, starts, strict=True):
        row = int(rings.starts[rings.split][at])
        found = int((rings.owners == owner).sum()) if len(owners) < 1000 else 0
        findings.add("split_ring", place=_place(parcels, row), found=found or "多")


def _badly_closed(
    lines: Lines, parcels: Parcels, xy: Floats, rings: Rings, findings: Findings
) -> Rings:
    """Leave out last rows that have the first one's name; tell those that lie elsewhere."""
    names = parcels.points
    last = np.maximum(rings.ends - 1, rings.starts)
    length = names.name_ends - names.name_begins
    ending = lines.data[np.maximum(names.name_ends - 1, 0)]
    alike = (rings.closings == OPEN) & (rings.ends - rings.starts >= 3)
    alike &= parcels.kinds[rings.owners] == "面"
    alike &= (length[last] == length[rings.starts]) & (length[last] > 0)
    alike &= ending[last] == ending[rings.starts]
    for ring in np.flatnonzero(alike):
        start, end = int(rings.starts[ring]), int(last[ring])
        first = _name(lines, names, start)
        if _name(lines, names, end) != first or _name(lines, names, start + 1) == first:
            continue
        rings.ends[ring] -= 1
        if is_nearly_same(xy[start], xy[end]):
            rings.closings[ring] = CLOSED
            continue
        rings.closings[ring] = BADLY_CLOSED
        findings.add(
            "bad_closing", place=_place(parcels, end, xy, int(rings.numbers[ring])),
            text=first, metres=_distance(xy[start], xy[end]),
        )  # fmt: skip
    return rings


def _name(lines: Lines, points: Points, row: int) -> str:
    return lines.slice(int(points.name_begins[row]), int(points.name_ends[row])).strip()


def _distance(first: Floats, other: Floats) -> str:
    distance = float(np.hypot(*(first - other)))
    return f"{distance:.8f}°" if abs(first).max() <= 360 else f"{distance:.3f} m"


def _long_enough(parcels: Parcels, xy: Floats, rings: Rings, findings: Findings) -> Rings:
    """Rings of three different points and lines of two; the others are told and left out."""
    sizes = distinct_sizes(xy, rings)
    kinds = parcels.kinds[rings.owners]
    short = ((kinds == "面") & (sizes < 3)) | ((kinds == "线") & (sizes < 2))
    for ring in np.flatnonzero(short):
        place = _place(parcels, int(rings.starts[ring]), xy, int(rings.numbers[ring]))
        kind = str(kinds[ring])
        findings.add("short_ring", place=place, found=int(sizes[ring]), kind=kind)
    return rings.take(~short)


def _packed(
    parcels: Parcels, xy: Floats, rings: Rings, findings: Findings, limits: Limits
) -> Packed:
    count = len(parcels.kinds)
    kinds = parcels.kinds[rings.owners]
    areal = rings.take(kinds == "面")
    alone = np.bincount(areal.owners, minlength=count)[areal.owners] == 1
    several = areal.take(~alone)
    shapes, repeats = build_polygons(xy, several, count, limits=limits)
    for ring in np.flatnonzero(repeats):
        place = _place(parcels, int(several.starts[ring]), xy, int(several.numbers[ring]))
        findings.add("repeated_ring", place=place)
    for kind, build in (("线", build_lines), ("点", build_points)):
        if (kinds == kind).any():
            made = build(xy, rings.take(kinds == kind), count)
            shapes = np.where(shapely.is_missing(made), shapes, made)
    return pack(xy, areal.take(alone), shapes)
