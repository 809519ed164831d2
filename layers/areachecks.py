"""Checks of geometry: do areas add up, do outlines have the declared area, are parks inside.

Areas are ellipsoidal on CGCS2000 (geo.areas), computed from the geometry, not read from a column;
they are compared in km². A check of geometry has place ids and no row ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from facts.model import CheckResult, Verdict
from geo.areas import AREA_METHOD_EN, AREA_METHOD_ZH, M2_PER_KM2, area_m2
from layers.signed import signed_share

UNIT = "平方公里"
PROVINCE_TOLERANCE = 5e-3
CITY_TOLERANCE = 1e-3
DECLARED_TOLERANCE = 1e-3
OUTSIDE_TOLERANCE = 1e-3
_MEANT = frozenset({"declared", "office_outline"})  # outlines that should have the area declared


@dataclass(frozen=True, slots=True, eq=False)
class _Outline:
    """One boundary with its computed area in km²."""

    place_id: str
    name_zh: str
    name_en: str
    level: str
    parent_id: str | None
    schematic: bool
    declared_km2: float | None
    reference_km2: float | None  # of another published outline of the same place
    km2: float
    geometry: Any


def area_checks(boundaries: gpd.GeoDataFrame) -> tuple[CheckResult, ...]:
    """All checks of the outlines of all levels (columns of geo.boundaries, EPSG:4490).

    The province against its counties (0.5 %), each city against its counties (0.1 %), each
    declared area against the outline drawn from it (0.1 %), each place inside its parent (at
    most 0.1 % of it outside).
    """
    outlines = _outlines(boundaries)
    return (
        *_province_sums(outlines),
        *_city_sums(outlines),
        *_declared(outlines),
        *_inside(outlines),
    )


def _outlines(boundaries: gpd.GeoDataFrame) -> dict[str, _Outline]:
    frame = boundaries[boundaries.geometry.notna()]
    areas = area_m2(frame.geometry) / M2_PER_KM2
    records = frame.drop(columns="geometry").to_dict("records")
    return {
        str(r["place_id"]): _Outline(
            place_id=str(r["place_id"]),
            name_zh=str(r["name_zh"]),
            name_en=str(r["name_en"] or r["name_zh"]),
            level=str(r["level"]),
            parent_id=_text(r["parent_id"]),
            schematic=r["precision"] == "schematic",
            declared_km2=_number(r["declared_area_km2"]) if r["area_basis"] in _MEANT else None,
            reference_km2=(
                _number(r["declared_area_km2"]) if r["area_basis"] == "official_outline" else None
            ),
            km2=float(area),
            geometry=geometry,
        )
        for r, area, geometry in zip(records, areas, frame.geometry.to_numpy(), strict=True)
    }


def _province_sums(outlines: dict[str, _Outline]) -> Iterator[CheckResult]:
    counties = [o for o in outlines.values() if o.level == "county"]
    for province in (o for o in outlines.values() if o.level == "province"):
        if counties:
            yield _sum_result(f"area-counties:{province.place_id}", province, counties)
            if province.reference_km2 is not None:
                yield _reference_result(province, counties, province.reference_km2)


def _city_sums(outlines: dict[str, _Outline]) -> Iterator[CheckResult]:
    for city in (o for o in outlines.values() if o.level == "city"):
        counties = [o for o in outlines.values() if o.parent_id == city.place_id]
        counties = [o for o in counties if o.level == "county"]
        if counties:
            yield _sum_result(f"area-counties:{city.place_id}", city, counties)


def _sum_result(check_id: str, whole: _Outline, counties: list[_Outline]) -> CheckResult:
    total = float(np.sum([c.km2 for c in counties]))
    tolerance = PROVINCE_TOLERANCE if whole.level == "province" else CITY_TOLERANCE
    off = total / whole.km2 - 1.0
    verdict: Verdict = "adds_up" if abs(off) <= tolerance else "does_not"
    n = len(counties)
    return CheckResult(
        check_id=check_id,
        kind="area",
        title_zh=f"{whole.name_zh}{n} 个县（市、区）计算面积之和",
        title_en=f"{whole.name_en}: computed areas of its {n} counties",
        verdict=verdict,
        place_ids=(whole.place_id, *(c.place_id for c in counties)),
        row_ids=(),
        expected=whole.km2,
        computed=total,
        unit=UNIT,
        difference=total - whole.km2,
        formula=f"Σ {n} = {total:.2f}; {whole.km2:.2f} ({signed_share(off, 4)})",
        explanation_zh=(
            f"{AREA_METHOD_ZH}；相差 {abs(off):.4%}，允许 {tolerance:.1%}"
            f"{'' if verdict == 'adds_up' else '，县界与本级界线不能拼合'}"
        ),
        explanation_en=(
            f"{AREA_METHOD_EN}; {abs(off):.4%} apart, {tolerance:.1%} allowed"
            f"{'' if verdict == 'adds_up' else ': the outlines do not fit together'}"
        ),
    )


def _reference_result(
    whole: _Outline, counties: list[_Outline], reference_km2: float
) -> CheckResult:
    """The counties against an outline that they were not made from."""
    total = float(np.sum([c.km2 for c in counties]))
    off = total / reference_km2 - 1.0
    meets = abs(off) <= PROVINCE_TOLERANCE
    return CheckResult(
        check_id=f"area-reference:{whole.place_id}",
        kind="area",
        title_zh=f"{whole.name_zh}县域面积之和与另一来源的省域面积",
        title_en=f"{whole.name_en}: areas of its counties against another source's outline",
        verdict="adds_up" if meets else "does_not",
        place_ids=(whole.place_id,),
        row_ids=(),
        expected=reference_km2,
        computed=total,
        unit=UNIT,
        difference=total - reference_km2,
        formula=f"Σ {len(counties)} = {total:.2f}; {reference_km2:.2f} ({signed_share(off, 4)})",
        explanation_zh=f"{AREA_METHOD_ZH}；相差 {abs(off):.3%}，允许 {PROVINCE_TOLERANCE:.1%}",
        explanation_en=f"{AREA_METHOD_EN}; {abs(off):.3%} apart, {PROVINCE_TOLERANCE:.1%} allowed",
    )


def _declared(outlines: dict[str, _Outline]) -> Iterator[CheckResult]:
    for o in outlines.values():
        if o.declared_km2 is None:
            continue
        off = o.km2 / o.declared_km2 - 1.0
        meets = abs(off) <= DECLARED_TOLERANCE
        drawn_zh = "示意边界按公布面积绘制；" if o.schematic else ""
        drawn_en = "the schematic outline is drawn to this area; " if o.schematic else ""
        yield CheckResult(
            check_id=f"area-declared:{o.place_id}",
            kind="area",
            title_zh=f"{o.name_zh}公布面积与边界计算面积",
            title_en=f"{o.name_en}: declared area and area of the outline",
            verdict="adds_up" if meets else "does_not",
            place_ids=(o.place_id,),
            row_ids=(),
            expected=o.declared_km2,
            computed=o.km2,
            unit=UNIT,
            difference=o.km2 - o.declared_km2,
            formula=f"{o.km2:.4f} / {o.declared_km2:g} − 1 = {signed_share(off, 4)}",
            explanation_zh=f"{drawn_zh}{AREA_METHOD_ZH}，允许 {DECLARED_TOLERANCE:.1%}",
            explanation_en=f"{drawn_en}{AREA_METHOD_EN}, {DECLARED_TOLERANCE:.1%} allowed",
        )


def _inside(outlines: dict[str, _Outline]) -> Iterator[CheckResult]:
    pairs = [
        (o, outlines[o.parent_id])
        for o in outlines.values()
        if o.level in {"zone", "park"} and o.parent_id in outlines
    ]
    shared = _shared_km2([(child.geometry, parent.geometry) for child, parent in pairs])
    for (child, parent), inside in zip(pairs, shared, strict=True):
        outside = max(1.0 - inside / child.km2, 0.0)
        within = outside <= OUTSIDE_TOLERANCE
        guess = child.schematic or parent.schematic
        yield CheckResult(
            check_id=f"area-inside:{child.place_id}",
            kind="area",
            title_zh=f"{child.name_zh}位于{parent.name_zh}之内",
            title_en=f"{child.name_en} lies inside {parent.name_en}",
            verdict="adds_up" if within else "cannot_check" if guess else "does_not",
            place_ids=(child.place_id, parent.place_id),
            row_ids=(),
            expected=child.km2,
            computed=inside,
            unit=UNIT,
            difference=inside - child.km2,
            formula=f"{inside:.4f} / {child.km2:.4f} = {1.0 - outside:.2%}",
            explanation_zh=_inside_zh(outside, within=within, guess=guess),
            explanation_en=_inside_en(outside, within=within, guess=guess),
        )


def _shared_km2(pairs: list[tuple[Any, Any]]) -> list[float]:
    if not pairs:
        return []
    parts = shapely.intersection(
        np.array([a for a, _ in pairs], dtype=object), np.array([b for _, b in pairs], dtype=object)
    )
    # Where outlines touch, an intersection also holds lines and points: area_m2 counts them as 0.
    return [float(a) for a in area_m2(parts) / M2_PER_KM2]


def _inside_zh(outside: float, *, within: bool, guess: bool) -> str:
    share = f"{outside:.1%} 在外，允许 {OUTSIDE_TOLERANCE:.1%}"
    if within or not guess:
        return share
    return f"{share}；边界为示意，公布面积或所在县区不容其在内，不能据此判断"


def _inside_en(outside: float, *, within: bool, guess: bool) -> str:
    share = f"{outside:.1%} outside, {OUTSIDE_TOLERANCE:.1%} allowed"
    if within or not guess:
        return share
    return (
        f"{share}; the outlines are schematic and the declared areas or host counties leave no "
        "room inside, so nothing follows from it"
    )


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    return number if np.isfinite(number) else None
