"""The kinds of faults that land can have: their levels, tolerances, and words for what is found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from geo.areas import M2_PER_HA
from geo.problems import Level, Problem

Unit = Literal["degrees", "metres"]

LARGEST: Final = 1e12  # no coordinate of a place on earth, in whatever unit, is larger


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """From where on something counts as a fault; metres, m², degrees of angle.

    Two vertices closer than `same_point_m` are one. A spike is a vertex of less than
    `spike_angle_deg` with both edges longer than `spike_length_m`. A sliver is a part of less than
    `sliver_width_m` mean width (2·area / perimeter) and `sliver_m2`, and much longer than wide; a
    tiny part or hole has less than `tiny_m2`. Overlaps below `overlap_m2` or `overlap_width_m` mean
    width are the rounding of coordinates. A gap is land between features that is narrower than
    `gap_width_m` (mean width), or wholly enclosed and smaller than `gap_m2`. Land farther than
    `outside_m` outside an outline is outside: the outlines on file are generalised by about 160 m.
    """

    same_point_m: float = 0.001
    spike_angle_deg: float = 1.0
    spike_length_m: float = 0.05
    sliver_width_m: float = 0.5
    sliver_m2: float = 1000.0
    tiny_m2: float = 1.0
    overlap_m2: float = 1.0
    overlap_width_m: float = 0.01
    gap_width_m: float = 1.0
    gap_m2: float = 1000.0
    outside_m: float = 300.0
    outside_m2: float = 1.0
    area_share: float = 0.001


# Code -> level, and what the fault is called where it is counted and not listed.
KINDS: Final[dict[str, tuple[Level, str, str]]] = {
    "no_geometry": ("warning", "没有图形", "no outline"),
    "not_finite": ("error", "坐标不是数", "a coordinate that is no number"),
    "collection": ("warning", "混合图形", "mixed geometries"),
    "open_line": ("warning", "首尾未相接的线", "a line that almost closes"),
    "self_intersection": ("error", "边界自相交", "an outline that crosses itself"),
    "self_touch": ("error", "边界自相接", "an outline that touches itself"),
    "hole_outside": ("error", "洞在外环之外", "a hole outside its outline"),
    "nested_holes": ("error", "洞中有洞", "a hole in a hole"),
    "nested_parts": ("error", "部分相互包含或重叠", "a part in another part"),
    "disconnected": ("error", "内部被切断", "an interior cut in two"),
    "duplicate_rings": ("error", "环重复", "a ring given twice"),
    "too_few_points": ("error", "环的点数不足", "a ring of too few points"),
    "invalid": ("error", "图形无效", "an outline that is not valid"),
    "duplicate_points": ("warning", "重复点", "points given twice"),
    "spike": ("warning", "尖刺", "a spike"),
    "sliver": ("warning", "狭长碎面", "a sliver"),
    "tiny_part": ("warning", "极小的部分", "a tiny part"),
    "tiny_hole": ("warning", "极小的洞", "a tiny hole"),
    "ring_order": ("warning", "环方向", "a ring that runs the wrong way"),
    "overlap": ("warning", "要素重叠", "an overlap"),
    "gap": ("warning", "要素间的缝隙", "a gap"),
    "duplicate_id": ("error", "编号重复", "an id given twice"),
    "duplicate_feature": ("warning", "要素重复", "a feature given twice"),
    "outside_province": ("warning", "超出全省范围", "land outside the province"),
    "outside_county": ("warning", "超出所填的县", "land outside the declared county"),
    "unknown_county": ("warning", "所填的县不存在", "a county that is not known"),
    "declared_area": ("warning", "面积与所填不符", "an area other than declared"),
    "not_checked": ("warning", "未检查", "not checked"),
    "area_unit": ("warning", "面积单位", "the unit of declared areas"),
}  # fmt: skip
# Faults of which GEOS says that the polygon is not valid; a repair of one repairs them all.
INVALID: Final = frozenset({
    "self_intersection", "self_touch", "hole_outside", "nested_holes", "nested_parts",
    "disconnected", "duplicate_rings", "too_few_points", "invalid",
})  # fmt: skip


def rest_of(code: str, count: int) -> Problem:
    """The one line that stands for faults of a kind which are counted but not listed."""
    level, zh, en = KINDS[code]
    return Problem(
        code, level, f"另有 {count} 处：{zh}，未逐一列出", f"{count} more not listed: {en}",
        count=count,
    )  # fmt: skip


def area_words(m2: float) -> tuple[str, str]:
    """An area in Chinese and English: m² below a hectare, hectares above."""
    if abs(m2) < M2_PER_HA:
        return f"{m2:,.2f} 平方米", f"{m2:,.2f} m²"
    return f"{m2 / M2_PER_HA:,.4f} 公顷", f"{m2 / M2_PER_HA:,.4f} ha"


def sorted_faults(problems: Iterable[Problem]) -> list[Problem]:
    """In order of features and rings; what belongs to no feature comes last."""
    return sorted(problems, key=lambda p: (p.feature is None, p.feature or 0, p.ring or 0))
