"""Faults between the features of a layer: overlaps, gaps, what is there twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.faultkinds import KINDS, Tolerances, area_words, rest_of, sorted_faults
from geo.plane import to_degrees
from geo.problems import Problem
from geo.seams import Gap, Overlap, overlaps_and_gaps, same_shapes, sound_land

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Shapes: TypeAlias = NDArray[np.object_]

_NAMED: Final = 3  # neighbours of a gap that are named


def layer_faults(
    shapes: Any,
    ids: Sequence[Any] | None = None,
    *,
    first: int = 1,
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
    most: int | None = 1000,
    most_features: int = 50_000,
) -> list[Problem]:
    """Faults between features; shapes are polygons in EPSG:4490 degrees (others are passed over).

    Duplicate ids and duplicate features are always looked for; overlaps and gaps only in layers of
    up to `most_features` (a warning "not_checked" says so otherwise). `ids` stand in the order of
    the shapes; blank ones don't count. Polygons that are not valid are mended for the calculation.

    Args:
        shapes: geometries, None where there is none; coordinates must be finite where they count.
        ids: what the features are called.
        first: number of the first feature.
        tolerances: from where on something is a fault.
        most: so many of each kind are listed, the others counted; None lists all.
        most_features: the largest layer that is looked through for overlaps and gaps.
    """
    every = np.asarray(shapes, dtype=object).ravel()
    names = _Names(ids, first)
    found = {"duplicate_id": id_faults(ids, first=first)}
    same = same_shapes(every)
    twice = {*same, *same.values()}
    found["duplicate_feature"] = _same_shapes(every, same, names)
    plane, rows = sound_land(every)
    unchecked: list[Problem] = []
    if len(rows) > most_features:
        unchecked.append(_not_checked(len(rows), most_features))
    else:
        overlaps, gaps = overlaps_and_gaps(plane, tolerances)
        once = [o for o in overlaps if not {int(rows[o.first]), int(rows[o.second])} <= twice]
        found["overlap"] = [_overlap(o, rows, names) for o in once]
        found["gap"] = [_gap(g, rows, names) for g in gaps]
    listed: list[Problem] = []
    for code, problems in found.items():
        room = len(problems) if most is None else most
        listed += problems[:room]
        if len(problems) > room:
            unchecked.append(rest_of(code, len(problems) - room))
    return sorted_faults(listed) + unchecked


# --- what is there twice -------------------------------------------------------------------------


def _same_shapes(shapes: Shapes, same: dict[int, int], names: _Names) -> list[Problem]:
    found: list[Problem] = []
    for row, earlier in same.items():
        zh, en = names.of(earlier)
        at = shapely.get_coordinates(shapes[row])[0]
        told = (f"与{zh}图形相同", f"is the same as {en}")
        found.append(names.problem("duplicate_feature", row, *told, at))
    return found


def id_faults(ids: Sequence[Any] | None, *, first: int = 1) -> list[Problem]:
    """Ids that an earlier feature has too; `ids` in order of the features, blank ones don't count.

    `first` is the number of the first feature.
    """
    names = _Names(ids, first)
    rows: dict[str, int] = {}
    found: list[Problem] = []
    for row, value in enumerate(ids if ids is not None else ()):
        name = id_text(value)
        if not name:
            continue
        earlier = rows.setdefault(name, row)
        if earlier != row:
            found.append(
                names.problem(
                    "duplicate_id", row, f"编号 {name} 与第 {earlier + names.first} 个要素重复",
                    f"the id {name} is that of feature {earlier + names.first} too", None,
                )
            )  # fmt: skip
    return found


def id_text(value: Any) -> str:
    """An id as text: whole numbers without a fraction, "" for what is blank."""
    if value is None or value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


# --- what is said --------------------------------------------------------------------------------


class _Names:
    """How features are called: by number, and by id where there is one."""

    def __init__(self, ids: Sequence[Any] | None, first: int) -> None:
        self.ids = ids
        self.first = first

    def of(self, row: int) -> tuple[str, str]:
        """A feature's name in Chinese and English."""
        name = id_text(self.ids[row]) if self.ids is not None else ""
        number = row + self.first
        if not name:
            return f"第 {number} 个要素", f"feature {number}"
        return f"第 {number} 个要素（{name}）", f"feature {number} ({name})"

    def problem(self, code: str, row: int, zh: str, en: str, at: Any) -> Problem:
        """A problem of a feature; `at` is a place in degrees or None."""
        lon, lat = (None, None) if at is None else (float(at[0]), float(at[1]))
        name_zh, name_en = self.of(row)
        return Problem(
            code, KINDS[code][0], f"{name_zh}：{zh}", f"{name_en}: {en}", lon=lon, lat=lat,
            feature=row + self.first,
        )  # fmt: skip


def _place(land: Any) -> Floats:
    return shapely.get_coordinates(to_degrees(shapely.point_on_surface(land)))[0]  # type: ignore[no-any-return]


def _overlap(overlap: Overlap, rows: Integers, names: _Names) -> Problem:
    zh, en = names.of(int(rows[overlap.first]))
    area_zh, area_en = area_words(overlap.m2)
    return names.problem(
        "overlap", int(rows[overlap.second]), f"与{zh}重叠 {area_zh}",
        f"overlaps {en} by {area_en}", _place(overlap.land),
    )  # fmt: skip


def _gap(gap: Gap, rows: Integers, names: _Names) -> Problem:
    area_zh, area_en = area_words(gap.m2)
    others = [names.of(int(rows[row])) for row in gap.neighbours[1 : 1 + _NAMED]]
    with_zh = "与" + "、".join(zh for zh, _ in others) + "之间"
    with_en = "between it and " + ", ".join(en for _, en in others)
    return names.problem(
        "gap", int(rows[gap.neighbours[0]]),
        f"{with_zh}有缝隙：{area_zh}，平均宽 {gap.width_m:.3f} 米",
        f"a gap {with_en}: {area_en}, {gap.width_m:.3f} m wide on average", _place(gap.land),
    )  # fmt: skip


def _not_checked(count: int, most: int) -> Problem:
    return Problem(
        "not_checked", KINDS["not_checked"][0],
        f"要素有 {count} 个，超过 {most} 个，未检查要素之间的重叠和缝隙",
        f"{count} features, more than {most}: overlaps and gaps between them were not looked for",
        count=count,
    )  # fmt: skip
