"""Records of repairs: what was proposed or done to a feature, added up and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.areas import area_m2
from geo.faultkinds import INVALID, KINDS, Tolerances, Unit, area_words
from geo.layerrepairs import Change
from geo.problems import Problem
from geo.repairsteps import Step
from geo.rings import only_polygons

Shapes: TypeAlias = NDArray[np.object_]

# Repairs that decide nothing about land.
AUTOMATIC: Final = INVALID | {"collection", "duplicate_points", "spike", "ring_order"}
_NOTHING: Final = shapely.GeometryCollection()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One repair of one feature: what it does, and the geometry before and after.

    Geometries are in the coordinates of the shapes. `before_m2` is the area of the rings as they
    stand (what a shoelace gives, also for an outline that crosses itself), ellipsoidal for degrees.
    `removed` and `added` are land (or, where no land goes, lines) that the repair takes away and
    adds. The repairs of one feature follow each other: `before` is what the ones before it left.

    `automatic` ones are applied when all repairs are asked for; the others decide on land
    (overlaps, gaps, slivers, a line taken as an outline) and must be chosen. `other` is the number
    of the second feature where there is one.
    """

    repair_id: str  # "17:spike", "17:overlap:12"
    feature: int
    code: str
    action_zh: str
    action_en: str
    before: Any
    after: Any
    before_m2: float
    after_m2: float
    removed: Any
    removed_m2: float
    added: Any
    added_m2: float
    automatic: bool = True
    other: int | None = None
    turn: int = 1  # of the gaps between the same two features: "17:gap.2:12"

    @property
    def change_m2(self) -> float:
        """After less before."""
        return self.after_m2 - self.before_m2

    def action(self, lang: str) -> str:
        """What is done, in that language ("zh" or "en")."""
        return self.action_zh if lang == "zh" else self.action_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was really done. `repairs` lists as many as asked for, the numbers count all.

    `before_m2` and `after_m2` are those of the features that were repaired, `removed_m2` and
    `added_m2` of all repairs. `emptied` are the numbers of features that nothing was left of.
    `problems` tell it in words, as warnings.
    """

    repairs: tuple[Repair, ...]
    count: int
    features: int
    before_m2: float
    after_m2: float
    removed_m2: float
    added_m2: float
    emptied: tuple[int, ...]
    problems: tuple[Problem, ...]

    @property
    def change_m2(self) -> float:
        """After less before."""
        return self.after_m2 - self.before_m2


class Maker:
    """Makes repairs out of what changed: areas, what was removed and added, words."""

    def __init__(self, unit: Unit, tolerances: Tolerances, first: int) -> None:
        self.how = (unit, tolerances)
        self.degrees = unit == "degrees"
        self.first = first

    def areas(self, shapes: Sequence[Any]) -> Any:
        """Areas in m²; 0 for what is not there."""
        made = np.array(shapes, dtype=object)
        if self.degrees:
            return np.nan_to_num(area_m2(made))
        return np.nan_to_num(shapely.area(made))

    def of_step(self, row: int, step: Step) -> Repair:
        """The repair that a step is."""
        number = row + self.first
        removed, added = _between(step.before, step.after, turned=step.code == "ring_order")
        zh, en = _action(step)
        return self._repair(
            f"{number}:{step.code}", step.code, (zh, en), (step.before, step.after, removed, added),
            feature=number,
        )  # fmt: skip

    def of_change(self, change: Change) -> Repair:
        """The repair that a change between two features is."""
        number = change.row + self.first
        other = change.other + self.first
        turn = f".{change.turn}" if change.turn > 1 else ""
        words = {
            "overlap": (
                f"减去与第 {other} 个要素重叠的部分",
                f"take off what lies in feature {other}",
            ),
            "gap": (f"并入与第 {other} 个要素之间的缝隙", f"take in the gap to feature {other}"),
            "duplicate_feature": (
                f"删去（与第 {other} 个要素重复）",
                f"drop it, as it is feature {other}",
            ),
        }[change.code]
        removed, added = _between(change.before, change.after)
        return self._repair(
            f"{number}:{change.code}{turn}:{other}", change.code, words,
            (change.before, change.after, removed, added), feature=number, other=other,
            turn=change.turn,
        )  # fmt: skip

    def done(self, repair: Repair) -> Problem:
        """A repair that was made, in words."""
        n, before, after = repair.feature, area_words(repair.before_m2), area_words(repair.after_m2)
        removed = area_words(repair.removed_m2)
        zh = f"第 {n} 个要素已修复：{repair.action_zh}，面积 {before[0]} → {after[0]}"
        en = f"feature {n} was repaired: {repair.action_en}; {before[1]} → {after[1]}"
        if repair.removed_m2 > 0:
            zh, en = f"{zh}，去掉 {removed[0]}", f"{en}, {removed[1]} removed"
        told = Problem("mended", "warning", zh, en, feature=n)
        points = shapely.get_coordinates(repair.before)
        if not len(points):
            return told
        x, y = points[0].tolist()
        return replace(told, lon=x, lat=y) if self.degrees else replace(told, x=x, y=y)

    def _repair(
        self, repair_id: str, code: str, action: tuple[str, str], shapes: tuple[Any, ...],
        *, feature: int, other: int | None = None, turn: int = 1,
    ) -> Repair:  # fmt: skip
        """A repair; `shapes` are before, after, removed, added."""
        before_m2, after_m2, removed_m2, added_m2 = self.areas(shapes).tolist()
        return Repair(
            repair_id=repair_id, feature=feature, code=code, action_zh=action[0],
            action_en=action[1], before=shapes[0], after=shapes[1], before_m2=before_m2,
            after_m2=after_m2, removed=shapes[2], removed_m2=removed_m2, added=shapes[3],
            added_m2=added_m2, automatic=code in AUTOMATIC, other=other, turn=turn,
        )  # fmt: skip


class Tally:
    """Adds up what was done."""

    def __init__(self, maker: Maker, *, most: int | None) -> None:
        self.maker = maker
        self.most = most
        self.listed: list[Repair] = []
        self.count = 0
        self.removed_m2 = 0.0
        self.added_m2 = 0.0
        self.original: dict[int, Any] = {}

    def add(self, row: int, repair: Repair) -> None:
        """One repair more."""
        self.original.setdefault(row, repair.before)
        self.count += 1
        self.removed_m2 += repair.removed_m2
        self.added_m2 += repair.added_m2
        if self.most is None or len(self.listed) < self.most:
            self.listed.append(repair)

    def turned(self, rows: Sequence[int], before: Shapes, after: Shapes) -> None:
        """Features whose rings were turned, which changes no land."""
        for row, old, new in zip(rows, before, after, strict=True):
            self.original.setdefault(row, old)
            if self.most is None or len(self.listed) < self.most:
                self.listed.append(self.maker.of_step(row, Step("ring_order", old, new, 1)))
        self.count += len(rows)

    def told(self, made: Shapes) -> Applied:
        """What was done, given the shapes as they are now."""
        rows = sorted(self.original)
        after = made[rows]
        empty = shapely.is_missing(after) | shapely.is_empty(after)
        return Applied(
            repairs=tuple(self.listed), count=self.count, features=len(rows),
            before_m2=float(self.maker.areas([self.original[row] for row in rows]).sum()),
            after_m2=float(self.maker.areas(list(after)).sum()), removed_m2=self.removed_m2,
            added_m2=self.added_m2,
            emptied=tuple(row + self.maker.first for row, e in zip(rows, empty, strict=True) if e),
            problems=tuple(self.maker.done(repair) for repair in self.listed),
        )  # fmt: skip


def _between(before: Any, after: Any, *, turned: bool = False) -> tuple[Any, Any]:
    """What is gone and what is new; lines where no land is gone."""
    if turned:
        return _NOTHING, _NOTHING
    land = only_polygons(_sound([before, after]))
    removed, added = only_polygons([_less(land[0], land[1]), _less(land[1], land[0])])
    if shapely.is_empty(removed) and shapely.get_type_id(before) in (3, 6):
        removed = _less(shapely.boundary(before), shapely.boundary(after))
    return removed, added


def _sound(shapes: list[Any]) -> Any:
    return shapely.make_valid(shapes, method="structure", keep_collapsed=False)


def _less(a: Any, b: Any) -> Any:
    try:
        return shapely.difference(a, b)
    except shapely.errors.GEOSException:  # rounding: a grid far below what counts mends it
        scale = float(np.abs(shapely.bounds([a, b])).max())
    for share in (1e-12, 1e-10, 1e-8):
        try:
            return shapely.difference(a, b, grid_size=share * scale)
        except shapely.errors.GEOSException:
            continue
    return _NOTHING


def _action(step: Step) -> tuple[str, str]:
    """What a step does, in Chinese and English."""
    n = step.count
    return {
        "open_line": ("把线首尾相连成面", "close the line to an outline"),
        "collection": ("只保留其中的面", "keep its polygons only"),
        "duplicate_points": (f"删去 {n} 个重复点", f"drop points given twice ({n})"),
        "spike": (f"删去 {n} 个尖刺", f"cut off spikes ({n})"),
        "sliver": (f"删去 {n} 个狭长碎面", f"drop slivers ({n})"),
        "tiny_part": (f"删去 {n} 个极小的部分", f"drop tiny parts ({n})"),
        "tiny_hole": (f"填上 {n} 个极小的洞", f"fill tiny holes ({n})"),
        "ring_order": ("统一环的方向", "turn the rings the right way"),
    }.get(
        step.code,
        (f"重建为有效图形（{KINDS.get(step.code, KINDS['invalid'])[1]}）",
         f"rebuild as a valid outline ({KINDS.get(step.code, KINDS['invalid'])[2]})"),
    )  # fmt: skip
