"""Outlines that are to become those of zones, against what is on file: county, city, area.

Areas are ellipsoidal on CGCS2000. The tolerances are those of the checks that run on every version
(`layers.areachecks`), so that what is told here is what the zone's file will tell after a commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import shapely

from facts.model import DeclaredArea, Facts, Lang, Place, Qualifier
from geo.areas import M2_PER_KM2, area_m2
from layers.areachecks import DECLARED_TOLERANCE, OUTSIDE_TOLERANCE
from layers.legend import MARKS
from layers.officeareas import office_area
from layers.signed import signed_share
from layers.texts import text

What = Literal["county", "city", "area", "declared"]
ZoneVerdict = Literal["does_not", "cannot_check", "meets"]

VERDICTS: Final[tuple[ZoneVerdict, ...]] = ("does_not", "cannot_check", "meets")
_APPROX: Final = 0.05  # how far off a figure may be that is printed as "about"
_NAMED: Final = 3  # areas that are named with their share


@dataclass(frozen=True, slots=True)
class ZoneCheck:
    """One check of one outline, in words: what is on file, what the outline has.

    `told` is a sentence for the planner where the two don't agree, else "".
    """

    place_id: str
    name: str
    what: What
    verdict: ZoneVerdict
    expected: str
    found: str
    told: str = ""


def zone_checks(
    facts: Facts, shapes: Mapping[str, Any], *, counties: gpd.GeoDataFrame,
    cities: gpd.GeoDataFrame, rows: Mapping[str, Mapping[Any, Any]],
    declared_km2: Mapping[str, float], lang: Lang,
) -> tuple[ZoneCheck, ...]:  # fmt: skip
    """All checks, those that fail first.

    Args:
        facts: with the places that the import adds.
        shapes: outlines by place id, EPSG:4490 degrees.
        counties: columns of geo.boundaries, EPSG:4490.
        cities: as `counties`.
        rows: the boundary's row on file by place id, where there is one.
        declared_km2: what the file itself declares, by place id.
        lang: of the words.
    """
    found: list[ZoneCheck] = []
    for place_id, shape in shapes.items():
        place = facts.places_by_id.get(place_id)
        if place is None or shape is None:
            continue
        parent = facts.places_by_id.get(place.parent_id or "")
        towns = (parent.place_id,) if parent and parent.level == "city" else place.host_city_ids
        found += [
            _inside(place, shape, "county", lang, hosts=place.host_county_ids, areas=counties),
            _inside(place, shape, "city", lang, hosts=towns, areas=cities),
        ]
        on_file = _on_file(facts, place_id, rows.get(place_id))
        km2 = float(area_m2([shape])[0]) / M2_PER_KM2
        found.append(_area(place, km2, "area", on_file, lang))
        if place_id in declared_km2:
            found.append(_area(place, km2, "declared", (declared_km2[place_id], "exact"), lang))
    return tuple(sorted(found, key=lambda check: VERDICTS.index(check.verdict)))


def _inside(
    place: Place, shape: Any, what: What, lang: Lang, *, hosts: Sequence[str],
    areas: gpd.GeoDataFrame,
) -> ZoneCheck:  # fmt: skip
    """Whether the outline lies in the counties or cities that it is on file with."""
    shares = _shares(shape, areas, lang)
    rows = areas[areas["place_id"].isin(list(hosts))]
    named = _percentages(shares, lang) or text("intake.outside_province", lang)
    name = place.name(lang)
    if rows.empty:
        said = text("intake.check_not_on_file", lang)
        return ZoneCheck(place.place_id, name, what, "cannot_check", said, named)
    column = "name_zh" if lang == "zh" else "name_en"
    expected = text("intake.list_mark", lang).join(str(one) for one in rows[column])
    host = shapely.union_all(rows.geometry.to_numpy())
    whole, inside = area_m2([shape, shapely.intersection(shape, host)])
    outside = max(1.0 - float(inside) / float(whole), 0.0) if whole else 1.0
    if outside <= OUTSIDE_TOLERANCE:
        return ZoneCheck(place.place_id, name, what, "meets", expected, named)
    told = text(
        f"intake.check_{what}_off", lang, name=name, expected=expected, share=f"{outside:.1%}",
        found=named,
    )  # fmt: skip
    return ZoneCheck(place.place_id, name, what, "does_not", expected, named, told)


def _shares(shape: Any, areas: gpd.GeoDataFrame, lang: Lang) -> list[tuple[str, float]]:
    """The areas that the outline lies in with its share there, the largest first."""
    outlines = areas.geometry.to_numpy()
    hits = shapely.STRtree(outlines).query(shape, predicate="intersects")
    parts = area_m2(shapely.intersection(shape, outlines[hits]))
    whole = float(area_m2([shape])[0])
    names = areas["name_zh" if lang == "zh" else "name_en"].to_numpy()[hits]
    order = np.argsort(-parts, kind="stable")
    return [
        (str(names[at]), float(parts[at]) / whole) for at in order
        if whole and parts[at] / whole > OUTSIDE_TOLERANCE
    ]  # fmt: skip


def _percentages(shares: Sequence[tuple[str, float]], lang: Lang) -> str:
    """The areas in words, with shares where there are several."""
    if len(shares) == 1 and shares[0][1] >= 1 - OUTSIDE_TOLERANCE:
        return shares[0][0]
    named = [f"{name} {share:.1%}" for name, share in shares[:_NAMED]]
    return text("intake.list_mark", lang).join(named)


def _on_file(
    facts: Facts, place_id: str, row: Mapping[Any, Any] | None
) -> tuple[float, Qualifier] | None:
    """The declared area on file in km² and what is said of it; the office's own comes first."""
    own: DeclaredArea | None = None if row is None else office_area(row)
    chosen = own or next(
        (a for a in facts.declared_areas if a.place_id == place_id and a.chosen), None
    )
    return None if chosen is None else (chosen.area_km2, chosen.qualifier)


def _area(
    place: Place, km2: float, what: What, said: tuple[float, Qualifier] | None, lang: Lang
) -> ZoneCheck:
    """Whether the outline has the declared area."""
    name, found = place.name(lang), text("intake.km2", lang, km2=f"{km2:,.2f}")
    if said is None or said[0] <= 0:
        none = text("intake.check_not_on_file", lang)
        return ZoneCheck(place.place_id, name, what, "cannot_check", none, found)
    declared, qualifier = said
    off = km2 / declared - 1.0
    tolerance = _APPROX if qualifier == "approx" else DECLARED_TOLERANCE
    low = off < -tolerance and qualifier != "at_most"
    high = off > tolerance and qualifier != "at_least"
    shown = MARKS.get(qualifier, "") + text("intake.km2", lang, km2=f"{declared:,.2f}")
    share = signed_share(off, 1).replace("-", "−")
    found = text("intake.area_share", lang, area=found, share=share)
    if not (low or high):
        return ZoneCheck(place.place_id, name, what, "meets", shown, found)
    told = text(f"intake.check_{what}_off", lang, name=name, expected=shown, found=found)
    return ZoneCheck(place.place_id, name, what, "does_not", shown, found, told)
