"""Land by class inside a zone, from a GeoParquet layer of any size.

Only the row groups that the zone's box touches are read. All geometry is done in the equal-area
plane of `geo.plane`, where planar area is the ellipsoidal area by the land survey's method; so
cutting an edge changes no sum, and classes, uncovered land and overlaps add up to the zone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.areas import CRS, M2_PER_HA
from geo.errors import InvalidShapeError, LayerFileError
from geo.layerfile import LayerFile, bounds_of, chunks, open_layer
from geo.multiplicity import lone_edges
from geo.plane import box_to_plane, to_degrees, to_plane
from geo.problems import Problem
from geo.subdivide import Pieces

Floats: TypeAlias = NDArray[np.float64]
Shapes: TypeAlias = NDArray[np.object_]

BLANK: Final = "(空)"  # the class of features that have none
TOLERANCE_M2: Final = 1.0
_RELATIVE: Final = 1e-9
_NAMED_PAIRS: Final = 5
_FEW_OF_ONE: Final = 128  # vertices of a piece when the pieces serve one zone only


@dataclass(frozen=True, slots=True)
class Overlay:
    """Land of a zone by class, in m².

    The classes, less what two of them share, and the uncovered land add up to `area_m2`.
    """

    area_m2: float
    classes: Mapping[str, float]
    uncovered_m2: float
    overlap_m2: float
    features: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Clipped:
    """Features cut to a zone, in the plane; `whole` marks those that were not cut."""

    names: Shapes
    shapes: Shapes
    areas: Floats
    whole: NDArray[np.bool_]
    problems: tuple[Problem, ...]


def area_by_class(zone: Any, layer: Path, *, by: str) -> Overlay:
    """Land inside a zone by the classes of a column.

    Args:
        zone: a polygon or multipolygon, EPSG:4490 degrees.
        layer: a GeoParquet file in EPSG:4490 (or WGS 84) degrees.
        by: the column with the classes; blanks count under BLANK.

    Raises:
        InvalidShapeError: the zone crosses itself, is empty or no polygon.
        LayerFileError: the file can't be used, or has no such column.
    """
    plane = zone_to_plane(zone)
    file = open_layer(layer)
    require_column(file, by)
    found = _features(file, plane, by)
    gross = float(shapely.area(plane))
    if not len(found.names):
        return Overlay(gross, {}, gross, 0.0, 0, (*found.problems, _not_covered(layer)))
    inside = found.inside
    areas = np.empty(len(found.names))
    areas[inside] = found.areas[inside]
    edge = np.flatnonzero(~inside)
    areas[edge] = _edge_areas(np.asarray(to_plane(found.shapes[edge]), dtype=object), plane)
    touching = areas > 0
    classes = _sums(found.names[touching], areas[touching])
    covered = math.fsum(classes.values())
    problems = [*found.problems, *_blanks(found.names[touching], areas[touching], gross)]
    overlap = 0.0
    if not _counted_once(found.shapes, plane, covered, gross):
        overlap, more = _overlaps(to_plane(found.shapes), found.names, plane, covered)
        problems += more
    uncovered = gross - covered + overlap
    if abs(uncovered) <= max(TOLERANCE_M2, _RELATIVE * gross):
        uncovered = max(uncovered, 0.0)
    else:
        problems.append(_uncovered(uncovered, gross))
    return Overlay(gross, classes, uncovered, overlap, int(touching.sum()), tuple(problems))


def pieces(
    zone: Any, layer: Path, *, by: str | None = None, columns: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """The features of a layer, cut to a zone.

    Columns: `class` (empty without `by`), those asked for, `area_m2`, and the geometry in
    EPSG:4490 degrees. `attrs["problems"]` holds what was wrong. Raises as `area_by_class`.
    """
    plane = zone_to_plane(zone)
    file = open_layer(layer)
    for name in (*((by,) if by else ()), *columns):
        require_column(file, name)
    found = _features(file, plane, by, columns)
    clipped = _clip(found, plane)
    keep = clipped.areas > 0
    data = {"class": clipped.names[keep]}
    data |= {name: found.extra[name][keep] for name in columns}
    frame = gpd.GeoDataFrame(
        data | {"area_m2": clipped.areas[keep]}, geometry=to_degrees(clipped.shapes[keep]), crs=CRS
    )
    frame.attrs["problems"] = clipped.problems
    return frame


def pieces_plane(
    plane: Any,
    layer: Path,
    *,
    by: str | None = None,
    leave_out: tuple[str, frozenset[str]] = ("", frozenset()),
) -> Clipped:
    """As `pieces`, for a zone in the plane that is known to be valid; nothing leaves the plane.

    `leave_out` is a column and the values whose features do not count.
    """
    file = open_layer(layer)
    if by:
        require_column(file, by)
    column, values = leave_out
    extra = (column,) if column and column in file.columns else ()
    found = _features(file, plane, by, extra)
    clipped = _clip(found, plane)
    keep = clipped.areas > 0
    if extra:
        keep &= ~np.isin(found.extra[column].astype(str), sorted(values))
    return Clipped(
        clipped.names[keep], clipped.shapes[keep], clipped.areas[keep], clipped.whole[keep],
        clipped.problems,
    )  # fmt: skip


def zone_to_plane(zone: Any) -> Any:
    """A zone in degrees as a polygon of the plane.

    Raises:
        InvalidShapeError: it is empty, no polygon, not in degrees, or crosses itself (where).
    """
    if zone is None or shapely.get_type_id(zone) not in (3, 6) or shapely.is_empty(zone):
        raise InvalidShapeError("范围须为非空的面 / a zone must be a polygon and not empty")
    west, south, east, north = shapely.bounds(zone)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidShapeError(
            f"范围的坐标不是经纬度（度）：{west}, {south} / the zone is not in degrees"
        )
    if not shapely.is_valid(zone):
        reason = shapely.is_valid_reason(zone)
        raise InvalidShapeError(
            f"范围的边界自相交或不成面，位置：{reason} / the zone's outline is not valid: {reason}"
        )
    return to_plane(zone)


def require_column(file: LayerFile, name: str) -> None:
    """Refuse a column that the file does not have; raises LayerFileError."""
    if name not in file.columns:
        raise LayerFileError(
            f"{file.path.name} 没有列 {name}；现有：{'、'.join(file.columns)} / "
            f"no column {name}; there are: {', '.join(file.columns)}"
        )


# --- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Features:
    """Features whose box meets the zone: names, shapes in degrees, whether wholly inside."""

    names: Shapes
    shapes: Shapes
    areas: Floats  # m², NaN where not known without looking
    inside: NDArray[np.bool_]
    extra: Mapping[str, Shapes]
    problems: tuple[Problem, ...]


def _features(
    file: LayerFile, plane: Any, by: str | None, columns: Sequence[str] = ()
) -> _Features:
    box = shapely.bounds(to_degrees(shapely.box(*shapely.bounds(plane))))
    groups = file.groups_in(box)
    wanted = dict.fromkeys([*((by,) if by else ()), *columns])
    if file.valid:
        return _measured(file, plane, by, columns, box=box, groups=groups.tolist())
    asked = [*wanted, *filter(None, (file.covering, file.area_column)), file.geometry]
    table = file.read(groups.tolist(), asked)
    if file.covering:
        bounds = bounds_of(table, file.covering)
        hit = np.flatnonzero(
            (bounds[:, 0] <= box[2]) & (bounds[:, 2] >= box[0])
            & (bounds[:, 1] <= box[3]) & (bounds[:, 3] >= box[1])
        )  # fmt: skip
        table = table.take(hit)
        bounds = bounds[hit]
    shapes = np.asarray(shapely.from_wkb(table.column(file.geometry).to_numpy()), dtype=object)
    shapes, keep, problems = _sound(shapes)
    table = table.take(np.flatnonzero(keep))
    shapes = shapes[keep]
    inside = _inside(plane, shapely.bounds(shapes))
    areas = np.full(len(shapes), np.nan)
    if inside.any():
        areas[inside] = shapely.area(to_plane(shapes[inside]))
    return _Features(
        names=_names(table, by), shapes=shapes, areas=areas, inside=inside,
        extra={n: table.column(n).to_numpy(zero_copy_only=False) for n in columns},
        problems=problems,
    )  # fmt: skip


def _measured(
    file: LayerFile, plane: Any, by: str | None, columns: Sequence[str], *, box: Any,
    groups: list[int],
) -> _Features:  # fmt: skip
    """As `_features`, for a measured file: nothing to mend, areas known."""
    wanted = tuple(dict.fromkeys([*((by,) if by else ()), *columns, file.area_column]))
    tables, shapes, bounds = [], [], []
    for chunk in chunks(file, groups, wanted):
        b = chunk.bounds
        hit = np.flatnonzero(
            (b[:, 0] <= box[2]) & (b[:, 2] >= box[0]) & (b[:, 1] <= box[3]) & (b[:, 3] >= box[1])
        )
        if len(hit):
            tables.append(chunk.table.select(list(wanted)).take(hit))
            shapes.append(chunk.shapes(hit))
            bounds.append(b[hit])
    if not tables:
        nothing: Any = np.empty(0, dtype=object)
        extra = dict.fromkeys(columns, nothing)
        return _Features(nothing, nothing, np.empty(0), np.empty(0, dtype=bool), extra, ())
    table = pa.concat_tables(tables)
    return _Features(
        names=_names(table, by), shapes=np.concatenate(shapes),
        areas=table.column(file.area_column).to_numpy(),
        inside=_inside(plane, np.concatenate(bounds)),
        extra={n: table.column(n).to_numpy(zero_copy_only=False) for n in columns}, problems=(),
    )  # fmt: skip


def _inside(plane: Any, bounds: Floats) -> NDArray[np.bool_]:
    """Which boxes (degrees) lie wholly inside a zone of the plane."""
    shapely.prepare(plane)
    boxes = shapely.box(*box_to_plane(bounds).T)
    return np.asarray(shapely.contains_properly(plane, boxes), dtype=bool)


def _names(table: Any, by: str | None) -> Shapes:
    if by is None:
        return np.full(table.num_rows, "", dtype=object)
    names = table.column(by).to_numpy(zero_copy_only=False).astype(object)
    return np.array([_name(value) for value in names], dtype=object)


def _name(value: Any) -> str:
    """A class as text; numbers without a fraction as they are read, blanks as BLANK."""
    if value is None or value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        return BLANK
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or BLANK


def _sound(shapes: Shapes) -> tuple[Shapes, NDArray[np.bool_], tuple[Problem, ...]]:
    """Shapes made valid for the calculation, which of them are land, and what was found."""
    problems = []
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    areal = ~missing & np.isin(shapely.get_type_id(shapes), (3, 6))
    if (~areal).any():
        problems.append(_problem_not_areal(int((~areal).sum())))
    bad = np.flatnonzero(areal & ~shapely.is_valid(shapes))
    if len(bad):
        where = shapely.point_on_surface(shapely.envelope(shapes[bad[0]]))
        problems.append(_problem_invalid(len(bad), shapely.get_x(where), shapely.get_y(where)))
        shapes = shapes.copy()
        shapes[bad] = polygonal(
            shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
        )
        areal[bad] &= ~shapely.is_empty(shapes[bad])
    return shapes, areal, tuple(problems)


def polygonal(shapes: Shapes) -> Shapes:
    """The polygons of each geometry; lines and points that a repair left are dropped."""
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (3, 6)))
    shapes = np.asarray(shapes, dtype=object).copy()
    for index in mixed:
        parts = shapely.get_parts(shapely.get_parts([shapes[index]]))
        shapes[index] = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), (3, 6))])
    return shapes


# --- cutting and adding --------------------------------------------------------------------------


def _clip(found: _Features, plane: Any) -> Clipped:
    shapes = np.asarray(to_plane(found.shapes), dtype=object)
    edge = np.flatnonzero(~found.inside)
    edge = edge[~shapely.contains_properly(plane, shapes[edge])]
    away = edge[~shapely.intersects(plane, shapes[edge])]
    shapes[away] = shapely.Polygon()
    edge = np.setdiff1d(edge, away)
    if len(edge):
        shapes[edge] = polygonal(shapely.intersection(shapes[edge], plane))
    areas = shapely.area(shapes)
    return Clipped(found.names, shapes, areas, found.inside, found.problems)


def _edge_areas(shapes: Shapes, plane: Any) -> Floats:
    """Area inside the zone of shapes of which most lie near its edge; only real cuts are made."""
    areas = np.zeros(len(shapes))
    shapely.prepare(plane)
    whole = shapely.contains_properly(plane, shapes)
    areas[whole] = shapely.area(shapes[whole])
    cut = np.flatnonzero(~whole & shapely.intersects(plane, shapes))
    if len(cut):
        pieces = Pieces.of([plane], few=_FEW_OF_ONE)
        areas[cut] = pieces.crossing_areas(shapes[cut], np.zeros(len(cut), dtype=np.int64))
    return areas


def _sums(names: Shapes, areas: Floats) -> dict[str, float]:
    """Exact sums by class, whatever the order of the rows; classes in order of their names."""
    groups: dict[str, list[float]] = {}
    for name, area in zip(names.tolist(), areas.tolist(), strict=True):
        groups.setdefault(name, []).append(area)
    return {name: math.fsum(groups[name]) for name in sorted(groups)}


def _counted_once(shapes: Shapes, plane: Any, covered: float, gross: float) -> bool:
    """Whether all of the zone lies under exactly one feature (or all of it under none)."""
    near_one = abs(covered - gross) <= max(TOLERANCE_M2, _RELATIVE * gross)
    if not near_one:
        return False
    edges = lone_edges(shapes)
    if not len(edges):
        return True
    return not bool(shapely.intersects(plane, to_plane(edges)).any())


def _overlaps(
    shapes: Shapes, names: Shapes, plane: Any, covered: float
) -> tuple[float, list[Problem]]:
    """Land counted more than once, m², and which classes it is counted in."""
    cut = polygonal(shapely.intersection(shapes, plane))
    united = float(shapely.area(shapely.union_all(cut)))
    overlap = covered - united
    if overlap <= max(TOLERANCE_M2, _RELATIVE * united):
        return 0.0 if overlap < TOLERANCE_M2 else overlap, []
    tree = shapely.STRtree(cut)
    left, right = tree.query(cut, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    shared = shapely.intersection(cut[left], cut[right])
    areas = shapely.area(shared)
    pairs: dict[tuple[str, str], list[float]] = {}
    for a, b, area in zip(names[left], names[right], areas, strict=True):
        if area > 0:
            first, second = sorted((a, b))
            pairs.setdefault((first, second), []).append(float(area))
    largest = sorted(pairs, key=lambda pair: -math.fsum(pairs[pair]))[:_NAMED_PAIRS]
    said = "、".join(f"{a}×{b} {math.fsum(pairs[a, b]) / M2_PER_HA:.2f} ha" for a, b in largest)
    worst = to_degrees(shapely.point_on_surface(shared[int(np.argmax(areas))]))
    return overlap, [
        Problem(
            "overlapping_classes", "warning",
            f"图层内有重叠 {overlap / M2_PER_HA:.2f} 公顷，各类面积之和含重复：{said}",
            f"{overlap / M2_PER_HA:.2f} ha lie under more than one feature and are counted in each"
            f" of their classes: {said}",
            count=len(areas), lon=float(shapely.get_x(worst)), lat=float(shapely.get_y(worst)),
        )
    ]  # fmt: skip


# --- what is said --------------------------------------------------------------------------------


def _blanks(names: Shapes, areas: Floats, gross: float) -> list[Problem]:
    blank = names == BLANK
    if not blank.any():
        return []
    share = 100 * float(areas[blank].sum()) / gross
    return [
        Problem(
            "blank_class", "warning",
            f"{int(blank.sum())} 个要素没有类别（占 {share:.2f}%），计入“{BLANK}”",
            f"{int(blank.sum())} features without a class ({share:.2f} %), counted as “{BLANK}”",
            count=int(blank.sum()),
        )
    ]  # fmt: skip


def _not_covered(layer: Path) -> Problem:
    return Problem(
        "not_covered", "warning", f"图层 {layer.stem} 不覆盖该范围",
        f"the layer {layer.stem} does not meet the zone",
    )  # fmt: skip


def _uncovered(m2: float, gross: float) -> Problem:
    ha, share = m2 / M2_PER_HA, 100 * m2 / gross
    return Problem(
        "partly_covered", "warning", f"图层未覆盖 {ha:.2f} 公顷（{share:.2f}%）",
        f"{ha:.2f} ha ({share:.2f} %) are not covered by the layer",
    )  # fmt: skip


def _problem_invalid(count: int, lon: float, lat: float) -> Problem:
    return Problem(
        "invalid_geometry", "warning", f"{count} 个要素的图形无效，计算时已修复，图层未改动",
        f"{count} features have invalid outlines; mended for the calculation, the layer is as it"
        " was", count=count, lon=float(lon), lat=float(lat),
    )  # fmt: skip


def _problem_not_areal(count: int) -> Problem:
    return Problem(
        "not_land", "warning", f"{count} 个要素没有图形或不是面，未计入",
        f"{count} features without an outline or not polygons, left out", count=count,
    )  # fmt: skip
