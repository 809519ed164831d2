"""Proposals to expand, adjust or set up a zone: their land, and whether it is consistent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import shapely

from geo.areas import M2_PER_HA
from geo.overlay import polygonal
from geo.plane import on_grid, to_degrees, to_plane

Kind = Literal["expand", "adjust", "set_up"]
Precision = Literal["surveyed", "digitised", "schematic", "synthetic"]
KINDS: Final[tuple[Kind, ...]] = ("expand", "adjust", "set_up")
PRECISIONS: Final[tuple[Precision, ...]] = ("surveyed", "digitised", "schematic", "synthetic")

TOLERANCE_M2: Final = 1.0  # smaller than this an overlap is the rounding of coordinates
BALANCE: Final = 0.02  # 调区: land in and land out may differ by this share of the larger one
_SLIVER_M2: Final = 1.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal, or one alternative of it.

    Land is in EPSG:4490 degrees: `base` the present boundary (None for a zone to be set up),
    `land_in` what is to come in (for a set-up, the whole zone), `land_out` what is to go. None
    means not on file, or no part of this kind. `figures_place_id` is the place under which its
    declared figures are on file.
    """

    proposal_id: str
    alternative: str
    name_zh: str
    name_en: str
    kind: Kind
    place_id: str
    figures_place_id: str
    base: Any
    land_in: Any
    land_out: Any
    precision: Precision
    source_id: str
    note_zh: str = ""
    note_en: str = ""

    @property
    def key(self) -> str:
        """The id with the alternative's letter, as addresses name it."""
        return f"{self.proposal_id}.{self.alternative}"

    def name(self, lang: str) -> str:
        """The name in a language; the Chinese one where no English one is on file."""
        return self.name_zh if lang == "zh" else self.name_en or self.name_zh

    @property
    def result(self) -> Any:
        """The boundary afterwards, (base − out) ∪ in, in degrees; None when nothing is known."""
        parts = [to_plane(part) for part in (self.base, self.land_in) if part is not None]
        if not parts:
            return None
        whole = on_grid(shapely.union_all, parts)
        if self.land_out is not None:
            whole = on_grid(shapely.difference, whole, to_plane(self.land_out))
        return to_degrees(_land(whole))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a proposal's land that does not fit; `area_m2` of the land concerned."""

    code: str
    level: Literal["error", "warning"]
    message_zh: str
    message_en: str
    area_m2: float | None = None
    lon: float | None = None
    lat: float | None = None


def check_proposal(proposal: Proposal, zones: gpd.GeoDataFrame) -> tuple[Finding, ...]:
    """Everything that does not fit, errors first.

    Args:
        proposal: with whatever land is on file.
        zones: other zones, EPSG:4490, columns name_zh, name_en, geometry.
    """
    found: list[Finding] = []
    sound: dict[str, Any] = {}
    names = (
        ("base", proposal.base, "现状范围", "the present boundary"),
        ("land_in", proposal.land_in, "划入地", "the land in"),
        ("land_out", proposal.land_out, "调出地", "the land out"),
    )
    for part, shape, zh, en in names:
        if shape is None or shapely.is_empty(shape):
            continue
        fault = _shape_fault(shape, zh, en)
        if fault:
            found.append(fault)
        else:
            sound[part] = to_plane(shape)
    if "land_in" not in sound and not found:
        found.append(
            Finding("no_land_in", "warning", "拟划入范围不在册，不能计算台账",
                    "the land in is not on file; no ledger can be made")
        )  # fmt: skip
    found += _base_findings(sound)
    if "land_in" in sound:
        found += _zone_findings(sound["land_in"], zones)
    if proposal.kind == "adjust" and {"land_in", "land_out"} <= sound.keys():
        found += _balance(sound["land_in"], sound["land_out"])
    return tuple(sorted(found, key=lambda f: f.level != "error"))


def with_added(proposal: Proposal, land: Any) -> Proposal:
    """The proposal with more land in; land already in the base or in stays as it is."""
    plane = to_plane(land)
    if proposal.base is not None:
        plane = on_grid(shapely.difference, plane, to_plane(proposal.base))
    if proposal.land_in is not None:
        plane = on_grid(shapely.union, plane, to_plane(proposal.land_in))
    return replace(proposal, land_in=_kept(plane))


def with_cut(proposal: Proposal, land: Any) -> Proposal:
    """The proposal with some land taken off its land in."""
    if proposal.land_in is None:
        return proposal
    return replace(
        proposal,
        land_in=_kept(on_grid(shapely.difference, to_plane(proposal.land_in), to_plane(land))),
    )


def snapped(land: Any, neighbours: Sequence[Any], *, tolerance_m: float) -> Any:
    """Land (degrees) whose vertices within `tolerance_m` of a neighbour lie on it, still valid."""
    plane = to_plane(land)
    around = shapely.union_all(to_plane(np.asarray(list(neighbours), dtype=object)))
    moved = shapely.snap(plane, around, tolerance_m)
    return to_degrees(_land(shapely.make_valid(moved, method="structure", keep_collapsed=False)))


def next_alternative(proposals: Iterable[Proposal], proposal_id: str) -> str:
    """The first free letter for another alternative of a proposal: A to Z, then A2 and so on."""
    taken = {p.alternative for p in proposals if p.proposal_id == proposal_id}
    letters = [chr(ord("A") + n) for n in range(26)]
    names = [*letters, *(f"{letter}{n}" for n in range(2, 100) for letter in letters)]
    return next(name for name in names if name not in taken)


def _shape_fault(shape: Any, zh: str, en: str) -> Finding | None:
    if shapely.get_type_id(shape) not in (3, 6):
        return Finding("not_polygon", "error", f"{zh}不是面", f"{en} is no polygon")
    if shapely.is_valid(shape):
        return None
    reason = str(shapely.is_valid_reason(shape))
    lon, lat = _place_in(reason)
    return Finding(
        "self_crossing", "error", f"{zh}的边界自相交或不成面：{reason}；请修改图形后再计算",
        f"the outline of {en} is not valid: {reason}; mend it first", lon=lon, lat=lat,
    )  # fmt: skip


def _place_in(reason: str) -> tuple[float | None, float | None]:
    """The coordinates that GEOS names in brackets."""
    inside = reason.partition("[")[2].rstrip("]").split()
    try:
        return float(inside[0]), float(inside[1])
    except (IndexError, ValueError):
        return None, None


def _base_findings(sound: dict[str, Any]) -> list[Finding]:
    found = []
    base = sound.get("base")
    if "land_out" in sound:
        out = sound["land_out"]
        outside = out if base is None else on_grid(shapely.difference, out, base)
        found += _overlap(
            "out_outside_base", "error", outside, "调出地有 {ha} 公顷不在现状范围内",
            "{ha} ha of the land out lie outside the present boundary",
        )  # fmt: skip
    if "land_in" in sound and base is not None:
        found += _overlap(
            "in_over_base", "error", on_grid(shapely.intersection, sound["land_in"], base),
            "划入地有 {ha} 公顷已在现状范围内",
            "{ha} ha of the land in lie inside the present boundary already",
        )  # fmt: skip
    return found


def _zone_findings(land: Any, zones: gpd.GeoDataFrame) -> list[Finding]:
    shapes = np.asarray(to_plane(zones.geometry.to_numpy()), dtype=object)
    found: list[Finding] = []
    for index in np.flatnonzero(shapely.intersects(shapes, land)):
        row = zones.iloc[int(index)]
        zh, en = row["name_zh"], row["name_en"] or row["name_zh"]
        found += _overlap(
            "in_over_zone", "warning", on_grid(shapely.intersection, shapes[index], land),
            f"划入地与{zh}重叠 {{ha}} 公顷", f"the land in overlaps {en} by {{ha}} ha",
        )  # fmt: skip
    return found


def _overlap(
    code: str, level: Literal["error", "warning"], land: Any, zh: str, en: str
) -> list[Finding]:
    area = float(shapely.area(land))
    if area <= TOLERANCE_M2:
        return []
    ha = f"{area / M2_PER_HA:,.2f}"
    at = to_degrees(shapely.point_on_surface(land))
    return [
        Finding(code, level, zh.replace("{ha}", ha), en.replace("{ha}", ha), area,
                float(shapely.get_x(at)), float(shapely.get_y(at)))
    ]  # fmt: skip


def _balance(land_in: Any, land_out: Any) -> list[Finding]:
    into, out = float(shapely.area(land_in)), float(shapely.area(land_out))
    share = abs(into - out) / max(into, out)
    if share <= BALANCE:
        return []
    words = [f"{into / M2_PER_HA:,.2f}", f"{out / M2_PER_HA:,.2f}"]
    words.append(f"{(into - out) / M2_PER_HA:+,.2f}")
    return [
        Finding(
            "adjust_unbalanced", "warning",
            f"调入 {words[0]} 公顷、调出 {words[1]} 公顷，净增 {words[2]} 公顷，"
            f"相差 {100 * share:.1f}%，超过 {100 * BALANCE:g}%",
            f"{words[0]} ha in, {words[1]} ha out, net {words[2]} ha: {100 * share:.1f} % apart, "
            f"more than {100 * BALANCE:g} %", abs(into - out),
        )
    ]  # fmt: skip


def _land(plane: Any) -> Any:
    return polygonal(np.array([plane], dtype=object))[0]


def _kept(plane: Any) -> Any:
    """Land in degrees without slivers; None when nothing is left."""
    parts = shapely.get_parts(_land(plane))
    parts = parts[shapely.area(parts) >= _SLIVER_M2]
    if not len(parts):
        return None
    return to_degrees(parts[0] if len(parts) == 1 else shapely.multipolygons(parts))
