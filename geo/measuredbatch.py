"""A batch of features measured: kinds, bounds, areas, faults, and its geometry in degrees.

Polygons of one ring, the bulk of all land, never become objects here unless something about them
is doubtful; see `wkbcolumns` and `plainland`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo import areas
from geo.batchproblems import LISTED, broken_problem, lost_problems, renumbered
from geo.errors import LimitError
from geo.faultkinds import Unit
from geo.faults import feature_faults
from geo.files.featurefile import GEOMETRY, Batch
from geo.limits import Limits
from geo.placement import Placement
from geo.plainland import plainly_good
from geo.problems import Problem
from geo.quickdegrees import to_degrees_of
from geo.transforms import move_each
from geo.wkbcolumns import (
    Flags,
    Floats,
    Integers,
    SingleRings,
    bounds_of,
    plain_wkb,
    single_rings,
    with_coordinates,
)

Shapes: TypeAlias = NDArray[np.object_]
Box: TypeAlias = tuple[float, float, float, float]  # least x and y, greatest x and y

NOTHING: Final = -1  # the kind of a feature without geometry
LAND: Final = (3, 6)  # kinds (shapely type ids) that are land


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a batch holds. Rows count from 0; feature numbers are `first` more.

    `kinds` are shapely type ids, NOTHING for features without geometry. `native` are the bounds of
    all in the file's coordinates, None when there are none. `bounds` (n, 4) are in degrees
    (EPSG:4490) when placed, else in the file's coordinates; NaN without geometry. `areas` are
    ellipsoidal, m²: 0 for points and lines, NaN where it can't be told. `wkb` (2D, degrees) is only
    there when asked for. `doubtful` rows were looked at one by one; `invalid` ones, of these, can't
    be stored as they are.
    """

    batch: Batch
    kinds: Integers
    vertices: int
    native: Box | None
    bounds: Floats
    areas: Floats
    wkb: pa.Array | None
    doubtful: Integers
    invalid: Integers
    problems: tuple[Problem, ...]

    @property
    def first(self) -> int:
        """The number of the first feature, from 1."""
        return self.batch.first


def measure(
    batch: Batch,
    placement: Placement | None,
    *,
    limits: Limits,
    keep: bool = False,
    anticlockwise: bool = False,
) -> Measured:
    """Measure a batch.

    Args:
        batch: features in the file's coordinates.
        placement: where these stand; without it nothing is known of degrees and areas.
        limits: vertices of a ring.
        keep: whether `wkb` is wanted.
        anticlockwise: whether the format demands that outlines run so.

    Raises:
        LimitError: a ring with too many vertices.
    """
    return _Measuring(batch, placement, limits, anticlockwise=anticlockwise).result(keep=keep)


def native_bounds(batch: Batch) -> Box | None:
    """The bounds of all features in the file's own coordinates, as `Measured.native`."""
    column = plain_wkb(batch.table.column(GEOMETRY))
    rings, rest = single_rings(column)
    blobs = column.take(pa.array(rest)).to_numpy(zero_copy_only=False)
    shapes = decoded(blobs)
    usable = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes)) & _finite(shapes)
    return _around(rings, shapes[usable])


def decoded(blobs: Any, *, mend: bool = False) -> Shapes:
    """Geometries of WKB; None for what can't be read. `mend` closes rings that are not."""
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers are told elsewhere
        found = shapely.from_wkb(blobs, on_invalid="fix" if mend else "ignore")
    return np.asarray(found, dtype=object)


def is_null_step(placement: Placement) -> bool:
    """Whether degrees of this system are taken for EPSG:4490 as they are (to centimetres)."""
    system = placement.system
    return (
        system.kind == "geographic"
        and system.datum in ("cgcs2000", "wgs84")
        and not placement.swap
        and placement.parameters is None
    )


class _Measuring:
    """The steps of `measure`, in order."""

    def __init__(
        self, batch: Batch, placement: Placement | None, limits: Limits, *, anticlockwise: bool
    ) -> None:
        self.batch = batch
        self.placement = placement
        self.anticlockwise = anticlockwise
        self.problems: list[Problem] = list(batch.problems)
        self.column = plain_wkb(batch.table.column(GEOMETRY))
        self.rings, self.rest = single_rings(self.column)
        self.changed = False  # whether shapes differ from their WKB, before any step of datum
        self.shapes = self._read()
        self._refuse_long_rings(limits)
        self.empty = shapely.is_missing(self.shapes) | shapely.is_empty(self.shapes)
        self.finite = _finite(self.shapes)
        self.native = _around(self.rings, self.shapes[~self.empty & self.finite])
        self.moved = placement is not None and not is_null_step(placement)
        self.coords, self.placed = self._in_degrees()

    def result(self, *, keep: bool) -> Measured:
        bounds = self._bounds()
        lost: Flags = np.zeros(len(bounds), dtype=np.bool_)
        if self.placement is not None:
            lost = self._there() & ~_on_earth(bounds)
            self.problems += lost_problems((np.flatnonzero(lost) + self.batch.first).tolist())
        doubtful, invalid = self._faults(lost)
        return Measured(
            batch=self.batch, kinds=self._kinds(), vertices=self._vertices(), native=self.native,
            bounds=bounds, areas=self._areas(lost), wkb=self._wkb() if keep else None,
            doubtful=doubtful, invalid=invalid, problems=tuple(self.problems),
        )  # fmt: skip

    # --- reading ---------------------------------------------------------------------------------

    def _read(self) -> Shapes:
        """The geometries of all rows but the single rings, in two dimensions."""
        blobs = self.column.take(pa.array(self.rest)).to_numpy(zero_copy_only=False)
        there = np.array([blob is not None for blob in blobs], dtype=bool)
        shapes = decoded(blobs)
        broken = np.flatnonzero(there & shapely.is_missing(shapes))
        if len(broken):
            shapes[broken] = decoded(blobs[broken], mend=True)
            self.changed = True
            for row in broken:
                self.problems.append(
                    broken_problem(self._number(self.rest[row]), mended=shapes[row] is not None)
                )
        high = shapely.has_z(shapes)
        if high.any():
            shapes = np.asarray(shapely.force_2d(shapes), dtype=object)
            self.changed = True
            self.problems.append(
                Problem(
                    "z_dropped", "warning", "高程未保留，只取平面坐标",
                    "heights are left out, only plane coordinates are kept", count=int(high.sum()),
                )
            )  # fmt: skip
        return shapes

    def _refuse_long_rings(self, limits: Limits) -> None:
        sizes = np.diff(self.rings.starts)
        longest, row = 0, 0
        if len(sizes):
            longest, row = int(sizes.max()), int(self.rings.rows[int(sizes.argmax())])
        counts = shapely.get_num_coordinates(self.shapes)
        for i in np.flatnonzero(counts > limits.ring_vertices):
            parts = shapely.get_parts(self.shapes[i])
            rings = shapely.get_rings(parts[shapely.get_type_id(parts) == LAND[0]])
            most = int(shapely.get_num_coordinates(rings).max()) if len(rings) else int(counts[i])
            if most > longest:
                longest, row = most, int(self.rest[i])
        if longest > limits.ring_vertices:
            number = self._number(row)
            raise LimitError(
                f"第 {number} 个要素的一个环有 {longest} 个点，上限是 {limits.ring_vertices}；"
                f"请拆分或抽稀 / a ring of feature {number} has {longest} vertices, the limit is "
                f"{limits.ring_vertices}: split or thin it out",
                feature=number,
            )

    # --- degrees ---------------------------------------------------------------------------------

    def _in_degrees(self) -> tuple[Floats, Shapes]:
        """Vertices of the single rings and the other shapes, in degrees where placed."""
        if not self.moved or self.placement is None:
            return self.rings.coords, self.shapes
        move = to_degrees_of(self.placement)
        shapes = self.shapes.copy()
        usable = ~self.empty & self.finite
        if usable.any():
            shapes[usable] = move_each(self.shapes[usable], move)
        return move(self.rings.coords), shapes

    def _bounds(self) -> Floats:
        bounds = np.full((len(self.column), 4), np.nan)
        bounds[self.rings.rows] = (
            bounds_of(self.coords, self.rings.starts) if self.moved else self.rings.bounds
        )
        usable = ~self.empty & self.finite
        bounds[self.rest[usable]] = shapely.bounds(self.placed[usable])
        return bounds

    # --- measures --------------------------------------------------------------------------------

    def _kinds(self) -> Integers:
        kinds = np.full(len(self.column), NOTHING, dtype=np.int64)
        kinds[self.rings.rows] = self.rings.types
        kinds[self.rest] = np.where(self.empty, NOTHING, shapely.get_type_id(self.shapes))
        return kinds

    def _vertices(self) -> int:
        return len(self.rings.coords) + int(shapely.get_num_coordinates(self.shapes).sum())

    def _areas(self, lost: Flags) -> Floats:
        found = np.full(len(self.column), np.nan)
        if self.placement is None:
            return found
        found[self.rings.rows] = np.abs(areas.signed_ring_areas(self.coords, self.rings.starts))
        usable = ~self.empty & self.finite & ~lost[self.rest]
        if usable.any():
            # Of a hole around its outline the area would be negative: it can't be told.
            measured = areas.area_m2(self.placed[usable])
            found[self.rest[usable]] = np.where(measured < 0.0, np.nan, measured)
        found[lost] = np.nan
        return found

    # --- faults ----------------------------------------------------------------------------------

    def _faults(self, lost: Flags) -> tuple[Integers, Integers]:
        """Rows that were looked at, and those of them that are invalid; problems are told."""
        unit = self._unit()
        good = plainly_good(self.coords, self.rings.starts, unit=unit)
        if self.anticlockwise:
            good &= _anticlockwise(self.coords, self.rings.starts)
        picked = np.flatnonzero(~good & ~lost[self.rings.rows])
        rows = np.concatenate([self.rings.rows[picked], self.rest[~lost[self.rest]]])
        shapes = np.concatenate([self._polygons(picked), self.placed[~lost[self.rest]]])
        order = np.argsort(rows, kind="stable")
        rows, shapes = rows[order], shapes[order]
        invalid = np.zeros(len(rows), dtype=bool)
        if len(rows):
            there = ~shapely.is_missing(shapes)
            invalid[there] = ~shapely.is_valid(shapes[there])
            invalid |= ~_finite(shapes)
            self._tell_faults(shapes, rows, unit)
        unread = ~shapely.is_missing(self.shapes)  # broken ones have their problem already
        broken = self.rest[~unread & ~self._null()]
        bad = np.union1d(np.union1d(rows[invalid], broken), np.flatnonzero(lost))
        return np.union1d(rows, np.flatnonzero(lost)), bad.astype(np.int64)

    def _tell_faults(self, shapes: Shapes, rows: Integers, unit: Unit) -> None:
        placed: Callable[[Floats], Floats] | None = None
        if self.placement is None and unit == "degrees":
            placed = _nowhere
        found = feature_faults(shapes, unit=unit, to_lonlat=placed, most=LISTED)
        numbers = rows + self.batch.first
        lines = self.batch.lines
        for problem in found:
            if problem.code == "ring_order" and not self.anticlockwise:
                continue
            if problem.feature is None:
                self.problems.append(problem)
                continue
            row = int(rows[problem.feature - 1])
            number = int(numbers[problem.feature - 1])
            self.problems.append(
                renumbered(problem, number, line=lines[row] if row < len(lines) else None)
            )

    def _unit(self) -> Unit:
        if self.placement is not None or self.native is None:
            return "degrees"
        x0, y0, x1, y1 = self.native
        return "degrees" if max(-x0, x1, -y0, y1) <= 180.0 else "metres"

    def _polygons(self, picked: Integers) -> Shapes:
        """Some of the single rings as polygons."""
        if not len(picked):
            return np.empty(0, dtype=object)
        sizes = np.diff(self.rings.starts)[picked]
        owners = np.repeat(np.arange(len(picked)), sizes)
        begin = np.repeat(self.rings.starts[picked] - (np.cumsum(sizes) - sizes), sizes)
        coords = self.coords[np.arange(len(owners)) + begin]
        made = shapely.polygons(shapely.linearrings(coords, indices=owners))
        return np.asarray(made, dtype=object).reshape(-1)

    # --- geometry --------------------------------------------------------------------------------

    def _wkb(self) -> pa.Array:
        """All geometries as WKB, in degrees, two dimensions; nothing is encoded without need."""
        if not self.moved and not self.changed:
            return self.column
        rings = with_coordinates(self.column, self.rings, self.coords)
        if not len(self.rest):
            return rings
        others = pa.array(
            shapely.to_wkb(self.placed, output_dimension=2, byte_order=1), pa.large_binary()
        )
        order = np.empty(len(self.column), dtype=np.int64)
        order[self.rings.rows] = np.arange(len(self.rings.rows))
        order[self.rest] = np.arange(len(self.rest)) + len(self.rings.rows)
        return pa.concat_arrays([rings, others]).take(pa.array(order))

    def _null(self) -> Flags:
        """Which of the other rows have no geometry in the file."""
        found: Flags = self.column.is_null().to_numpy(zero_copy_only=False)[self.rest]
        return found

    def _there(self) -> Flags:
        """Which rows have a geometry with finite coordinates in the file."""
        found = np.zeros(len(self.column), dtype=np.bool_)
        found[self.rings.rows] = True
        found[self.rest[~self.empty & self.finite]] = True
        return found

    def _number(self, row: Any) -> int:
        return int(row) + self.batch.first


def _around(rings: SingleRings, shapes: Shapes) -> Box | None:
    """The bounds of rings and (usable) shapes together."""
    every = np.concatenate([rings.bounds, shapely.bounds(shapes).reshape(-1, 4)])
    if not len(every):
        return None
    low, high = every[:, :2].min(axis=0), every[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _finite(shapes: Shapes) -> Flags:
    """Which shapes have only finite coordinates; also those without any."""
    coords, owners = shapely.get_coordinates(shapes, return_index=True)
    found = np.ones(len(shapes), dtype=bool)
    found[owners[~np.isfinite(coords).all(axis=1)]] = False
    return found


def _on_earth(bounds: Floats) -> Flags:
    inside = np.abs(bounds) <= [180.0, 90.0, 180.0, 90.0]
    return np.asarray(inside.all(axis=1), dtype=np.bool_)


def _anticlockwise(coords: Floats, starts: Integers) -> Flags:
    """Which rings run anticlockwise; of rings in degrees or metres."""
    if len(starts) == 1:
        return np.zeros(0, dtype=bool)
    origins = np.repeat(coords[starts[:-1]], np.diff(starts), axis=0)
    x, y = (coords - origins).T
    terms = np.zeros(len(x))
    terms[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    terms[starts[1:] - 1] = 0.0
    return np.asarray(np.add.reduceat(terms, starts[:-1]) > 0.0, dtype=np.bool_)


def _nowhere(points: Floats) -> Floats:
    """Degrees of a datum that is not known yet: no place on the map."""
    return np.full_like(points, np.nan)
