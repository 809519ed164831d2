"""Made-up land of the proposals that documents name, and made-up alternatives beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from data.synthetic.lines import Sites
from geo.areas import M2_PER_KM2
from geo.overlay import polygonal
from geo.plane import to_degrees, to_plane
from geo.proposals import Proposal
from geo.rules import Rule

EXPANSION_KM2: Final = 62.77  # as the document declares it
EIGHT_RULES: Final = "gujiao-set-up.B"
LONG_NAME: Final = (
    "古交经济开发区设立方案（二）：东曲—桃园—马兰片区与屯兰—镇城底片区统一规划、"
    "分期实施、低效工矿用地更新与生态修复并举方案"
)
_OUTLINE_VERTICES: Final = 500
# Letter, a turn in radians, parts: where the alternatives of the expansion lie.
_ALTERNATIVES: Final = (("A", 0.0, 1), ("B", 2.2, 1), ("C", 4.1, 2))
# 调区: (alternative, land in as a part of the land out); the last one is not in balance.
_ADJUST: Final = {
    "lingshi-adjust": (("A", 1.0),),
    "pingyao-adjust": (("A", 1.01),),
    "taigu-adjust": (("A", 0.995), ("B", 1.15)),
}
_SHARE_OUT: Final = 0.12

Floats = NDArray[np.float64]


def proposals(
    real: Sequence[Proposal], zones: gpd.GeoDataFrame, province: Any, *, seed: int
) -> tuple[Proposal, ...]:
    """The proposals on file with made-up land, and alternatives.

    Args:
        real: the proposals on file; their bases stay as they are.
        zones: place_id and outlines of all zones.
        province: its outline; no land lies outside it.
        seed: of the random numbers.
    """
    by_id = {proposal.proposal_id: proposal for proposal in real}
    return (
        *_expansions(by_id["zhongbei-expand"], zones, province, seed),
        *_adjustments(by_id, province, seed),
        *_new_zones(by_id, province, seed),
    )


def sites_of(made: Sequence[Proposal]) -> Sites:
    """What the made-up land must have for these: ground to build on, and a hill in the first.

    The first proposal avoids nothing, so that all exclusions can be seen.
    """
    land = [proposal.land_in for proposal in made]
    first = made[0]
    edge = shapely.get_coordinates(first.land_in)
    base = shapely.get_coordinates(shapely.centroid(first.base))[0]
    farthest = edge[np.argmax(np.hypot(*(edge - base).T))]
    middle = shapely.get_coordinates(shapely.centroid(first.land_in))[0]
    lon, lat = farthest + 0.35 * (middle - farthest)
    return Sites(urban=land, hills=((float(lon), float(lat)),))


def eight_exclusions(default: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """A rule set with eight exclusions, for a report that has to hold them all."""
    more = (
        ("mining", "采矿用地及采空影响区", "Mining land", ("0602",)),
        ("housing", "城镇住宅用地", "Urban housing", ("0701",)),
    )
    extra = tuple(
        Rule(
            rule_id=rule_id, name_zh=zh, name_en=en, layer="land-use", column="dlbm",
            classes=classes, where="inside", action="exclude",
        )
        for rule_id, zh, en, classes in more
    )  # fmt: skip
    first = [rule for rule in default if rule.action == "exclude"]
    return (*first, *extra, *(rule for rule in default if rule.action != "exclude"))


# --- kinds of proposals ---------------------------------------------------------------------------


def _expansions(
    expansion: Proposal, zones: gpd.GeoDataFrame, province: Any, seed: int
) -> list[Proposal]:
    """A reaches over the nearest other zone; B and C lie on other sides, C in two parts."""
    own = {expansion.place_id, expansion.figures_place_id}
    others = to_plane(zones[~zones["place_id"].isin(own)].geometry.to_numpy())
    base = to_plane(expansion.base)
    nearest = others[np.argmin(shapely.distance(others, base))]
    towards = shapely.get_coordinates(shapely.shortest_line(shapely.centroid(base), nearest))
    turn = float(np.arctan2(*(towards[1] - towards[0])[::-1]))
    room = to_plane(province)
    return [
        replace(
            _marked(expansion), alternative=letter,
            land_in=_beside(
                expansion.base, EXPANSION_KM2 * M2_PER_KM2, turn=turn + more, parts=parts,
                room=room, seed=[seed, 61, number],
            ),
        )
        for number, (letter, more, parts) in enumerate(_ALTERNATIVES)
    ]  # fmt: skip


def _adjustments(by_id: Mapping[str, Proposal], province: Any, seed: int) -> list[Proposal]:
    made = []
    room = to_plane(province)
    for number, (name, alternatives) in enumerate(_ADJUST.items()):
        proposal = by_id[name]
        out = _end_of(proposal.base, share=_SHARE_OUT)
        for letter, part in alternatives:
            land = _beside(
                proposal.base, part * float(shapely.area(to_plane(out))),
                turn=1.3 * number + 2.0 * (letter != "A"), parts=1, room=room,
                seed=[seed, 62, number, ord(letter)],
            )  # fmt: skip
            made.append(replace(_marked(proposal), alternative=letter, land_in=land, land_out=out))
    return made


def _new_zones(by_id: Mapping[str, Proposal], province: Any, seed: int) -> list[Proposal]:
    made = []
    room = to_plane(province)
    for number, name in enumerate(("xiyang-set-up", "gujiao-set-up")):
        proposal = by_id[name]
        plane = to_plane(proposal.land_in)
        middle = shapely.get_coordinates(shapely.centroid(plane))[0]
        random = np.random.default_rng([seed, 63, number])
        land = _fitted(middle, float(shapely.area(plane)), None, room, random)
        made.append(replace(_marked(proposal), land_in=to_degrees(land)))
    second = _fitted(
        middle + np.array([2500.0, -1800.0]), 14 * M2_PER_KM2, None, room,
        np.random.default_rng([seed, 64]),
    )  # fmt: skip
    name, letter = EIGHT_RULES.split(".")
    assert made[-1].proposal_id == name
    long = replace(made[-1], alternative=letter, name_zh=LONG_NAME, name_en="")
    return [*made, replace(long, land_in=to_degrees(second))]


def _marked(proposal: Proposal) -> Proposal:
    return replace(
        proposal, precision="synthetic", note_zh="范围由程序随机生成，仅供演示",
        note_en="The outline is made up, for demonstration only",
    )  # fmt: skip


# --- shapes, in the equal-area plane --------------------------------------------------------------


def _beside(
    base: Any, m2: float, *, turn: float, parts: int, room: Any, seed: list[int]
) -> Any:  # fmt: skip
    """Land of an exact area that touches the base, in degrees; further parts lie apart."""
    plane = to_plane(base)
    low_x, low_y, high_x, high_y = shapely.bounds(plane)
    centre = np.array([(low_x + high_x) / 2, (low_y + high_y) / 2])
    reach = np.hypot(high_x - low_x, high_y - low_y) / 2
    share = m2 / parts
    taken = plane
    made: list[Any] = []
    for part in range(parts):
        angle = turn + part * 1.9
        away = reach * 0.6 + np.sqrt(share / np.pi) * (0.75 + 0.9 * part)
        middle = centre + away * np.array([np.cos(angle), np.sin(angle)])
        random = np.random.default_rng([*seed, part])
        made.append(_fitted(middle, share, taken, room, random))
        taken = shapely.union(taken, made[-1])
    return to_degrees(shapely.union_all(made))


def _fitted(middle: Floats, m2: float, taken: Any, room: Any, random: np.random.Generator) -> Any:
    """An outline whose largest part outside `taken` and inside `room` has an area of `m2`."""
    form = _form(random)
    low, high = 0.5 * m2, 3.0 * m2
    largest: Any = None
    for _ in range(60):
        area = (low + high) / 2
        shape = shapely.intersection(shapely.polygons(form * np.sqrt(area) + middle), room)
        left = shape if taken is None else shapely.difference(shape, taken)
        parts = shapely.get_parts(polygonal(np.array([left], dtype=object))[0])
        largest = max(parts, key=shapely.area)
        low, high = (area, high) if shapely.area(largest) < m2 else (low, area)
    return largest


def _form(random: np.random.Generator) -> Floats:
    """An irregular ring of 500 vertices around the origin with an area of 1."""
    angles = np.linspace(0, 2 * np.pi, _OUTLINE_VERTICES, endpoint=False)
    radius = 1.0 + random.normal(0, 0.008, len(angles))
    for wave in range(2, 9):
        turn = random.uniform(0, 2 * np.pi)
        radius += random.normal(0, 0.16 / wave) * np.cos(wave * angles + turn)
    ring = np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)
    return np.asarray(ring / np.sqrt(shapely.area(shapely.polygons(ring))))


def _end_of(base: Any, *, share: float) -> Any:
    """The western end of the base with a share of its area, in degrees."""
    plane = to_plane(base)
    low_x, low_y, high_x, high_y = shapely.bounds(plane)
    low, high = low_x, high_x
    for _ in range(60):
        x = (low + high) / 2
        part = shapely.intersection(plane, shapely.box(low_x, low_y, x, high_y))
        low, high = (x, high) if shapely.area(part) < share * shapely.area(plane) else (low, x)
    return to_degrees(polygonal(np.array([part], dtype=object))[0])
