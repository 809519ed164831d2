"""Faults of features, of a layer, and against what is declared: every one with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo import crossings
from geo.declaredfaults import area_faults, declared_unit, outside_faults
from geo.faultkinds import (
    INVALID,
    KINDS,
    LARGEST,
    Tolerances,
    Unit,
    area_words,
    rest_of,
    sorted_faults,
)
from geo.layerfaults import layer_faults
from geo.problems import Problem
from geo.rings import Measures, Rings, blocks, measure, metre_factors

__all__ = [
    "INVALID", "KINDS", "Tolerances", "Unit", "area_faults", "declared_unit", "feature_faults",
    "layer_faults", "outside_faults",
]  # fmt: skip

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Shapes: TypeAlias = NDArray[np.object_]

_SMALL: Final = {
    "sliver": ("狭长碎面", "a sliver"), "tiny_part": ("极小的面", "a tiny part"),
    "tiny_hole": ("极小或狭长的洞", "a tiny or narrow hole"),
}  # fmt: skip
_SLENDER: Final = 0.1  # 4π·area / perimeter² below which a shape is long and narrow


def feature_faults(
    shapes: Any,
    *,
    first: int = 1,
    unit: Unit = "degrees",
    to_lonlat: Callable[[Floats], Floats] | None = None,
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
    most: int | None = 1000,
) -> list[Problem]:
    """Faults of features by themselves, in order of features and rings.

    Args:
        shapes: shapely geometries; None where a feature has none.
        first: number of the first feature.
        unit: degrees of longitude and latitude, or metres of a plane (easting, northing).
        to_lonlat: from the shapes' coordinates (n, 2) to EPSG:4490 degrees. Without it, degrees
            stand for themselves, and for metres the place is told as `x` and `y` only.
        tolerances: from where on something is a fault.
        most: so many of each kind are listed, the others counted (one Problem without a feature);
            None lists all.
    """
    every = np.asarray(shapes, dtype=object).ravel()
    found = _Found(first, unit, tolerances, most)
    for part in blocks(every):
        found.look_at(every[part], part.start)
    return _placed(sorted_faults(found.problems), unit, to_lonlat) + [
        rest_of(code, count) for code, count in found.more.items()
    ]


def _placed(
    problems: list[Problem], unit: Unit, to_lonlat: Callable[[Floats], Floats] | None
) -> list[Problem]:
    """Problems with their place in degrees, as far as it is known where the coordinates are."""
    if to_lonlat is None:
        if unit == "metres":
            return problems
        return [replace(p, lon=p.x, lat=p.y, x=None, y=None) for p in problems]
    rows = [i for i, p in enumerate(problems) if p.x is not None]
    if not rows:
        return problems
    degrees = to_lonlat(np.array([(problems[i].x, problems[i].y) for i in rows], dtype=np.float64))
    placed = list(problems)
    for i, (lon, lat) in zip(rows, degrees.tolist(), strict=True):
        placed[i] = replace(placed[i], lon=lon, lat=lat)
    return placed


class _Found:
    """Collects faults block by block: texts are only made for those that are listed."""

    def __init__(self, first: int, unit: Unit, tolerances: Tolerances, most: int | None) -> None:
        self.first = first
        self.unit = unit
        self.tolerances = tolerances
        self.most = most
        self.problems: list[Problem] = []
        self.listed: Counter[str] = Counter()
        self.more: Counter[str] = Counter()

    def look_at(self, shapes: Shapes, offset: int) -> None:
        """The faults of a block of shapes, the first of which is row `offset`."""
        rows = np.arange(offset, offset + len(shapes)) + self.first
        none = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        for i in self._take("no_geometry", np.flatnonzero(none)):
            self._say("no_geometry", rows[i], "没有图形", "has no outline")
        shapes, rows = shapes[~none], rows[~none]
        shapes, rows = self._finite(shapes, rows)
        if not len(shapes):
            return
        kinds = shapely.get_type_id(shapes)
        self._collections(shapes, rows, kinds)
        self._lines(shapes, rows, kinds)
        valid = shapely.is_valid(shapes)
        bad = np.flatnonzero(~valid)
        if len(bad):
            self._invalid(shapes[bad], rows[bad])
        if ((kinds == 3) | (kinds >= 6)).any():
            rings = Rings.of(shapes)
            if len(rings.holes):
                self._rings(rings, rows, valid[rings.owners])

    def _take(self, code: str, where: Integers) -> list[int]:
        """Those of the places found that are still to be listed; the others are counted."""
        room = len(where) if self.most is None else max(self.most - self.listed[code], 0)
        self.listed[code] += min(room, len(where))
        if len(where) > room:
            self.more[code] += len(where) - room
        return [int(i) for i in where[:room]]

    def _say(
        self, code: str, feature: Any, zh: str, en: str, *, ring: int = 0, xy: Any = None,
        count: int = 1,
    ) -> None:  # fmt: skip
        where_zh = f"第 {feature} 个要素" + (f"第 {ring} 环" if ring else "")
        where_en = f"feature {feature}" + (f", ring {ring}" if ring else "")
        x, y = (None, None) if xy is None else (float(xy[0]), float(xy[1]))
        self.problems.append(
            Problem(
                code, KINDS[code][0], f"{where_zh}：{zh}", f"{where_en}: {en}", count=count,
                feature=int(feature), ring=int(ring) or None, x=x, y=y,
            )
        )  # fmt: skip

    # --- whole features --------------------------------------------------------------------------

    def _finite(self, shapes: Shapes, rows: Integers) -> tuple[Shapes, Integers]:
        """Only the shapes whose coordinates are numbers that can be calculated with."""
        if np.abs(shapely.get_coordinates(shapes)).max(initial=0.0) < LARGEST:
            return shapes, rows
        coords, owners = shapely.get_coordinates(shapes, return_index=True)
        wrong = ~(np.abs(coords) < LARGEST).all(axis=1)
        bad, at, counts = np.unique(owners[wrong], return_index=True, return_counts=True)
        value = coords[wrong][at]
        for i in self._take("not_finite", np.arange(len(bad))):
            told = f"{value[i][0]:g}, {value[i][1]:g}"
            self._say(
                "not_finite", rows[bad[i]], f"{counts[i]} 个点的坐标不是数或过大（{told}），请改正",
                f"{counts[i]} points have coordinates that are no numbers or absurdly large "
                f"({told}); correct them", count=int(counts[i]),
            )  # fmt: skip
        good = np.ones(len(shapes), dtype=bool)
        good[bad] = False
        return shapes[good], rows[good]

    def _collections(self, shapes: Shapes, rows: Integers, kinds: Any) -> None:
        for i in self._take("collection", np.flatnonzero(kinds == 7)):
            names = Counter(part.geom_type for part in shapes[i].geoms)
            told = ", ".join(f"{count} {name}" for name, count in names.items())
            self._say(
                "collection", rows[i], f"由几种图形混合而成（{told}），只有面能算面积",
                f"mixes geometries of several kinds ({told}); only polygons are land",
                xy=shapely.get_coordinates(shapes[i])[0],
            )  # fmt: skip

    def _lines(self, shapes: Shapes, rows: Integers, kinds: Any) -> None:
        """Lines whose ends nearly meet: likely meant as outlines."""
        lines = np.flatnonzero((kinds == 1) & (shapely.get_num_coordinates(shapes) > 3))
        if not len(lines):
            return
        begin = shapely.get_coordinates(shapely.get_point(shapes[lines], 0))
        end = shapely.get_coordinates(shapely.get_point(shapes[lines], -1))
        dx, dy = (end - begin).T
        length = shapely.length(shapes[lines])
        if self.unit == "degrees":
            east, north = metre_factors(begin[:, 1])
            dx, dy, length = dx * east, dy * north, length * north
        gap = np.hypot(dx, dy)
        near = np.flatnonzero((gap > 0) & (gap < np.maximum(1.0, 0.01 * length)) & (gap < length))
        for i in self._take("open_line", near):
            self._say(
                "open_line", rows[lines[i]], f"是线，首尾只差 {gap[i]:.3f} 米，可能本应是面",
                f"is a line whose ends are only {gap[i]:.3f} m apart: meant as an outline?",
                xy=begin[i],
            )  # fmt: skip

    def _invalid(self, shapes: Shapes, rows: Integers) -> None:
        for shape, row in zip(shapes, rows, strict=True):
            full = self.most is not None and sum(self.listed[c] for c in INVALID) >= self.most
            if full:  # counted only: looking for all places costs much more than for the first
                self.more[crossings.code_of(str(shapely.is_valid_reason(shape)))] += 1
                continue
            for place in crossings.places(shape):
                self.listed[place.code] += 1
                zh, en = _invalid_words(place)
                self._say(place.code, row, zh, en, ring=place.ring, xy=(place.x, place.y))

    # --- rings -----------------------------------------------------------------------------------

    def _rings(self, rings: Rings, rows: Integers, valid: Any) -> None:
        """Faults of rings; the areas of an outline that crosses itself tell nothing."""
        measures = measure(rings, self.unit, self.tolerances)
        if len(measures.repeated):
            self._repeated(rings, rows, measures.repeated)
        if len(measures.spikes):
            self._spikes(rings, rows, measures)
        wrong = np.where(rings.holes, measures.areas > 0, measures.areas < 0) & valid
        for r in self._take("ring_order", np.flatnonzero(wrong)):
            hole = bool(rings.holes[r])
            self._say(
                "ring_order", rows[rings.owners[r]],
                "洞应为顺时针" if hole else "外环应为逆时针",
                "a hole should run clockwise" if hole else "an outline should run anticlockwise",
                ring=int(rings.numbers[r]), xy=rings.coords[rings.starts[r]],
            )  # fmt: skip
        for code, which in small_rings(rings, measures, self.tolerances).items():
            self._small(code, np.flatnonzero(which & valid), rings, rows, measures)

    def _repeated(self, rings: Rings, rows: Integers, repeated: Integers) -> None:
        ring, at, counts = np.unique(rings.ring_of(repeated), return_index=True, return_counts=True)
        for i in self._take("duplicate_points", np.arange(len(ring))):
            vertex = repeated[at[i]]
            number = vertex - rings.starts[ring[i]] + 1
            self._say(
                "duplicate_points", rows[rings.owners[ring[i]]],
                f"{counts[i]} 个点与前一点重复（第一个是第 {number} 点）",
                f"{counts[i]} points stand where the one before them does (point {number} first)",
                ring=int(rings.numbers[ring[i]]), xy=rings.coords[vertex], count=int(counts[i]),
            )  # fmt: skip

    def _spikes(self, rings: Rings, rows: Integers, measures: Measures) -> None:
        ring = rings.ring_of(measures.spikes)
        for i in self._take("spike", np.arange(len(ring))):
            vertex = measures.spikes[i]
            number = vertex - rings.starts[ring[i]] + 1
            angle, length = measures.angles[i], measures.lengths[i]
            self._say(
                "spike", rows[rings.owners[ring[i]]],
                f"第 {number} 点是尖刺：夹角 {angle:.3f}°，长 {length:.2f} 米",
                f"point {number} is a spike: {angle:.3f}°, {length:.2f} m long",
                ring=int(rings.numbers[ring[i]]), xy=rings.coords[vertex],
            )  # fmt: skip

    def _small(
        self, code: str, where: Integers, rings: Rings, rows: Integers, measures: Measures
    ) -> None:
        for r in self._take(code, where):
            m2 = abs(float(measures.areas[r]))
            width = 2 * m2 / float(measures.perimeters[r])
            area_zh, area_en = area_words(m2)
            noun_zh, noun_en = _SMALL[code]
            self._say(
                code, rows[rings.owners[r]], f"{noun_zh}：{area_zh}，平均宽 {width:.3f} 米",
                f"{noun_en}: {area_en}, {width:.3f} m wide on average",
                ring=int(rings.numbers[r]), xy=rings.coords[rings.starts[r]],
            )  # fmt: skip


def small_rings(rings: Rings, measures: Measures, tolerances: Tolerances) -> dict[str, Any]:
    """Which rings are slivers, tiny parts, tiny or sliver-like holes: masks by fault code."""
    areas = np.abs(measures.areas)
    long = measures.perimeters > 0
    narrow = 2 * areas < tolerances.sliver_width_m * measures.perimeters
    slender = 4 * np.pi * areas < _SLENDER * measures.perimeters**2
    sliver = narrow & slender & (areas < tolerances.sliver_m2) & long
    tiny = (areas < tolerances.tiny_m2) & long
    return {
        "sliver": sliver & ~rings.holes,
        "tiny_part": tiny & ~sliver & ~rings.holes,
        "tiny_hole": (tiny | sliver) & rings.holes,
    }


def _invalid_words(place: crossings.Place) -> tuple[str, str]:
    """What is wrong at a place, in Chinese and English."""
    zh, en = KINDS[place.code][1:]
    if place.code.startswith("self") and place.edge:
        touch = place.code == "self_touch"
        if place.ring == place.other_ring:
            what_zh, what_en = (
                ("自相接", "touches itself") if touch else ("自相交", "crosses itself")
            )
        else:
            what_zh = f"与第 {place.other_ring} 环相交"
            what_en = f"crosses ring {place.other_ring}"
        return (
            f"{what_zh}：第 {place.edge} 点后的边与第 {place.other_edge} 点后的边在此相遇",
            f"{what_en}: the edge after point {place.edge} and that after point {place.other_edge} "
            "meet here",
        )
    if place.code == "self_intersection":
        return "边界在此自相交", "the outline crosses itself here"
    if place.code == "self_touch":
        return "边界在此自相接", "the outline touches itself here"
    if place.code == "too_few_points":
        return "不同的点少于 3 个，不成面", "fewer than 3 different points make no land"
    if place.other_ring:
        return f"{zh}（与第 {place.other_ring} 环）", f"{en} (with ring {place.other_ring})"
    return zh, en


def numbers_of(faults: Sequence[Problem], codes: frozenset[str]) -> list[int]:
    """The features (numbers) with a fault of one of those codes, ascending."""
    return sorted({p.feature for p in faults if p.feature is not None and p.code in codes})
