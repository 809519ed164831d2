"""Land by class for many zones at once, streaming over the row groups of a layer.

The work is cut into batches of row groups; each gives a table of partial sums, and the tables are
added exactly (`math.fsum`), so threads, a Dask cluster and a single run agree to the last bit.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.layerfile import LayerFile, bounds_of, open_layer
from geo.overlay import BLANK, polygonal, require_column, zone_to_plane
from geo.plane import box_to_plane, to_plane
from geo.subdivide import MIXED, LabelGrid, Pieces

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

BATCH_ROWS: Final = 40_000
_GRID_LEVELS: Final = 8


@dataclass(frozen=True, slots=True)
class Zonal:
    """Land of n zones by k classes, in m².

    `uncovered_m2` is the zone less the sum of its classes: negative where features of the layer
    lie over each other, which is not looked for here (`geo.overlay.area_by_class` does).
    """

    classes: tuple[str, ...]
    area_m2: Floats
    by_class_m2: Floats
    uncovered_m2: Floats


@dataclass(frozen=True, slots=True)
class Partial:
    """Sums of one batch: m² by (zone, class)."""

    sums: dict[tuple[int, str], float]


class ZoneIndex:
    """Zones in the plane, ready to be asked by many batches of one thread.

    GEOS fills a prepared shape when it is first asked, which two threads must not do at once;
    `for_thread` gives another thread its own and shares what never changes.
    """

    def __init__(self, zones: Sequence[Any], *, like: ZoneIndex | None = None) -> None:
        self.zones = np.array(list(zones), dtype=object)
        shapely.prepare(self.zones)
        self.tree = shapely.STRtree(self.zones)
        grid = like.grid if like else LabelGrid.of(self.zones, levels=_GRID_LEVELS)
        self.grid: LabelGrid = grid
        self.pieces: Pieces = like.pieces if like else Pieces.of(self.zones)

    @classmethod
    def of(cls, zones: Sequence[Any]) -> ZoneIndex:
        """The index of zones in EPSG:4490 degrees; raises InvalidShapeError."""
        return cls([zone_to_plane(zone) for zone in zones])

    def for_thread(self) -> ZoneIndex:
        """The same index for another thread."""
        return ZoneIndex(shapely.from_wkb(shapely.to_wkb(self.zones)), like=self)


def areas_by_class(zones: Sequence[Any], layer: Path, *, by: str, workers: int = 1) -> Zonal:
    """Land by the classes of a column inside each zone.

    Args:
        zones: polygons, EPSG:4490 degrees; they may overlap each other.
        layer: a GeoParquet file in degrees, best a measured one.
        by: the column with the classes.
        workers: threads, each with its own index of the zones.

    Raises:
        InvalidShapeError, LayerFileError: as `geo.overlay.area_by_class`.
    """
    file = open_layer(layer)
    require_column(file, by)
    index = ZoneIndex.of(zones)
    tasks = batches(file, index)
    if workers == 1:
        return total(index, (partial(file, index, groups, by) for groups in tasks))
    own = threading.local()

    def run(groups: Sequence[int]) -> Partial:
        if not hasattr(own, "index"):
            own.index = ZoneIndex.of(zones)
        return partial(file, own.index, groups, by)

    with ThreadPoolExecutor(workers) as pool:
        return total(index, pool.map(run, tasks))


def batches(file: LayerFile, index: ZoneIndex) -> list[tuple[int, ...]]:
    """Row groups that meet a zone, put together until they hold about BATCH_ROWS rows."""
    found: list[tuple[int, ...]] = []
    current: list[int] = []
    rows = 0
    for group in _groups_near(file, index):
        current.append(group)
        rows += file.metadata.row_group(group).num_rows
        if rows >= BATCH_ROWS:
            found.append(tuple(current))
            current, rows = [], 0
    return [*found, tuple(current)] if current else found


def _groups_near(file: LayerFile, index: ZoneIndex) -> list[int]:
    """Numbers of the row groups whose box meets a zone's box."""
    if file.bounds is None:
        return list(range(file.groups))
    known = np.isfinite(file.bounds).all(axis=1)
    drawn = shapely.box(*box_to_plane(file.bounds[known]).T)
    near = np.unique(index.tree.query(drawn)[0])
    return sorted({*np.flatnonzero(known)[near].tolist(), *np.flatnonzero(~known).tolist()})


def total(index: ZoneIndex, partials: Iterable[Partial]) -> Zonal:
    """The batches' tables added up, exactly and in any order."""
    found: dict[tuple[int, str], list[float]] = {}
    for part in partials:
        for key, area in part.sums.items():
            found.setdefault(key, []).append(area)
    classes = tuple(sorted({name for _, name in found}))
    table = np.zeros((len(index.zones), len(classes)))
    for (zone, name), areas in found.items():
        table[zone, classes.index(name)] = math.fsum(areas)
    gross = shapely.area(index.zones)
    return Zonal(classes, gross, table, gross - table.sum(axis=1))


def partial(file: LayerFile, index: ZoneIndex, groups: Sequence[int], by: str) -> Partial:
    """The sums of some row groups; geometry is read only where a zone's edge runs through them."""
    if not (file.valid and file.covering):
        return _decoded(file, index, groups, by)
    held = _held(file, index, groups)
    found: dict[tuple[int, str], list[float]] = {}
    for zone in sorted(set(held) - {MIXED}):
        own = [group for group, holder in zip(groups, held, strict=True) if holder == zone]
        plain = file.read(own, [by, file.area_column])
        names, codes = _codes(plain, by)
        sums = _Sums(names)
        sums.add(np.full(len(codes), zone), codes, plain.column(file.area_column).to_numpy())
        for key, area in sums.partial().sums.items():
            found.setdefault(key, []).append(area)
    mixed = [group for group, holder in zip(groups, held, strict=True) if holder == MIXED]
    if mixed:
        for key, area in _mixed(file, index, mixed, by).sums.items():
            found.setdefault(key, []).append(area)
    return Partial({key: math.fsum(areas) for key, areas in found.items()})


def _held(file: LayerFile, index: ZoneIndex, groups: Sequence[int]) -> list[int]:
    """The one zone that holds a row group wholly, MIXED where there is none or more than one."""
    assert file.bounds is not None  # noqa: S101 - measured files have a covering
    drawn = shapely.box(*box_to_plane(file.bounds[list(groups)]).T)
    rows, zones = index.tree.query(drawn)
    held = np.full(len(groups), MIXED)
    alone = np.bincount(rows, minlength=len(groups))[rows] == 1
    inside = shapely.contains_properly(index.zones[zones[alone]], drawn[rows[alone]])
    held[rows[alone][inside]] = zones[alone][inside]
    return [int(zone) for zone in held]


def _mixed(file: LayerFile, index: ZoneIndex, groups: Sequence[int], by: str) -> Partial:
    """The sums of row groups that a zone's edge may run through."""
    plain = file.read(groups, [by, file.covering, file.area_column])
    boxes = box_to_plane(bounds_of(plain, file.covering))
    names, codes = _codes(plain, by)
    areas = plain.column(file.area_column).to_numpy()
    labels = index.grid.labels_of(boxes)
    sums = _Sums(names)
    inside = labels >= 0
    sums.add(labels[inside], codes[inside], areas[inside])
    open_rows = np.flatnonzero(labels == MIXED)
    if not len(open_rows):
        return sums.partial()
    rows, zones, whole = _near(index, boxes[open_rows])
    rows = open_rows[rows]
    sums.add(zones[whole], codes[rows[whole]], areas[rows[whole]])
    rows, zones = rows[~whole], zones[~whole]
    if len(rows):
        needed = np.unique(rows)
        shapes = _shapes(file, groups, needed)
        at = np.searchsorted(needed, rows)
        sums.add(zones, codes[rows], index.pieces.crossing_areas(shapes[at], zones))
    return sums.partial()


def _near(index: ZoneIndex, boxes: Floats) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Pairs of a box and a zone that it meets, and whether the zone holds it wholly."""
    drawn = shapely.box(*boxes.T)
    rows, zones = index.tree.query(drawn)
    meets = np.zeros(len(rows), dtype=bool)
    whole = np.zeros(len(rows), dtype=bool)
    for zone in np.unique(zones):
        own = np.flatnonzero(zones == zone)
        whole[own] = shapely.contains_properly(index.zones[zone], drawn[rows[own]])
        rest = own[~whole[own]]
        meets[rest] = shapely.intersects(index.zones[zone], drawn[rows[rest]])
    keep = meets | whole
    return rows[keep], zones[keep], whole[keep]


def _shapes(file: LayerFile, groups: Sequence[int], rows: Integers) -> NDArray[np.object_]:
    """The geometry of some rows of a batch, on the plane; row groups without any are not read."""
    sizes = np.array([file.metadata.row_group(g).num_rows for g in groups])
    ends = np.cumsum(sizes)
    owner = np.searchsorted(ends, rows, side="right")
    used = np.unique(owner)
    table = file.read([groups[i] for i in used], [file.geometry])
    kept = np.concatenate([[0], np.cumsum(sizes[used])])[:-1]
    local = rows - (ends - sizes)[owner] + kept[np.searchsorted(used, owner)]
    wkb = table.column(file.geometry).take(pa.array(local)).to_numpy()
    return np.asarray(to_plane(shapely.from_wkb(wkb)), dtype=object)


def _decoded(file: LayerFile, index: ZoneIndex, groups: Sequence[int], by: str) -> Partial:
    """As `partial`, for a file that nobody has measured: every geometry is looked at."""
    table = file.read(groups, [by, file.geometry])
    names, codes = _codes(table, by)
    shapes = shapely.from_wkb(table.column(file.geometry).to_numpy())
    areal = ~shapely.is_missing(shapes) & np.isin(shapely.get_type_id(shapes), (3, 6))
    kept = np.flatnonzero(areal)
    shapes = shapes[kept]
    bad = ~shapely.is_valid(shapes)
    if bad.any():
        shapes[bad] = polygonal(
            shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
        )
    plane = np.asarray(to_plane(shapes), dtype=object)
    rows, zones, whole = _near(index, shapely.bounds(plane))
    sums = _Sums(names)
    areas = np.empty(len(rows))
    areas[whole] = shapely.area(plane[rows[whole]])
    areas[~whole] = index.pieces.crossing_areas(plane[rows[~whole]], zones[~whole])
    sums.add(zones, codes[kept[rows]], areas)
    return sums.partial()


def _codes(table: Any, by: str) -> tuple[list[str], Integers]:
    """Class names of a batch, and a number into them for every row."""
    column = table.column(by)
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column.cast(pa.string()))
    column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0)
    names = [str(name).strip() or BLANK for name in column.dictionary.to_pylist()]
    codes = column.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
    return [*names, BLANK], codes.astype(np.int64)


class _Sums:
    """Areas gathered by zone and class within a batch."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.found: dict[tuple[int, str], list[float]] = {}

    def add(self, zones: Integers, codes: Integers, areas: Floats) -> None:
        """Add areas to their zones and classes; zones are zero or more."""
        if not len(areas):
            return
        width = len(self.names)
        keys = zones * width + codes
        sums = np.bincount(keys, weights=areas)
        for key in np.flatnonzero(sums):
            place = (int(key) // width, self.names[int(key) % width])
            self.found.setdefault(place, []).append(float(sums[key]))

    def partial(self) -> Partial:
        """What was gathered."""
        return Partial({key: math.fsum(areas) for key, areas in self.found.items()})
