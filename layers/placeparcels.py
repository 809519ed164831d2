"""标准地 parcels of a place, from the lists that an office imported: by state, and one by one.

They stand apart from the totals that documents report (`standard-land`): never added to them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from facts.model import Lang
from facts.parcels import STATES, StandardLandParcel
from facts.recordfields import field_of
from facts.units import convert
from layers.legend import MARKS, format_number, format_value
from layers.officerows import (
    MOST_ROWS,
    is_printed,
    joint_qualifier,
    repeated,
    rows_about,
    source_of,
)
from layers.placerecords import ParcelList, ParcelRow, ParcelSum
from layers.texts import has_text, text
from store.officefigures import PARCELS

if TYPE_CHECKING:
    from layers.atlas import Atlas

_HA, _MU = "公顷", "亩"
_HA_DECIMALS, _MU_DECIMALS = 4, 3  # to about a square metre
# State -> the date that says since when; a reserve and a grant under way have none.
_DATES = {
    "announced": "announced_on", "granted": "granted_on", "started": "started_on",
    "completed": "completed_on", "producing": "producing_on", "at_capacity": "at_capacity_on",
}  # fmt: skip
# Control indicator -> the unit that it is kept in, tax by the year.
_CONTROLS = {
    "investment_wan_per_mu": "万元/亩", "tax_wan_per_mu": "万元/亩·年", "floor_area_ratio": "",
    "building_percent": "%", "energy_tce_per_wan": "吨标煤/万元",
}  # fmt: skip


def parcel_list(atlas: Atlas, place_id: str, lang: Lang) -> ParcelList | None:
    """The parcels of a place, None where none is on file.

    Raises:
        StoreError: the collection is damaged.
    """
    parcels, drawn = rows_about(atlas, PARCELS, StandardLandParcel, place_id)
    if not parcels:
        return None
    ids = [parcel.number for parcel in parcels]
    again = repeated(atlas.facts, parcels, ids, [""] * len(ids))
    counted = [parcel for at, parcel in enumerate(parcels) if at not in again]
    states = [*STATES, *sorted({p.state for p in parcels} - set(STATES))]
    sums = [
        _sum((p for p in counted if p.state == state), state_name(state, lang)) for state in states
    ]
    order = sorted(range(len(parcels)), key=lambda at: states.index(parcels[at].state))
    return ParcelList(
        states=tuple(one for one in sums if one.count),
        total=_sum(counted, text("place.sum_all", lang)),
        rows=tuple(
            _row(atlas, parcels[at], lang, outline=drawn[at], counted=at not in again)
            for at in order[:MOST_ROWS]
        ),
        count=len(parcels),
        outlines=sum(drawn),
        repeated=len(again),
    )


def state_name(state: str, lang: Lang) -> str:
    """A state in words; one that the vocabulary does not have stays as it is."""
    if not state:
        return text("place.state_none", lang)
    key = f"legend.land_state.{state}"
    return text(key, lang) if has_text(key) else state


def _sum(parcels: Iterable[StandardLandParcel], name: str) -> ParcelSum:
    """Number and area together; parcels without an area are counted apart, not as zero."""
    listed = list(parcels)
    known = [p for p in listed if p.area_ha is not None]
    areas = [p.area_ha for p in listed if p.area_ha is not None]
    qualifier = joint_qualifier(p.area_qualifier for p in known)
    ha, mu = written_area(math.fsum(areas), qualifier) if areas else ("", "")
    return ParcelSum(name, len(listed), len(listed) - len(areas), ha, mu)


def written_area(ha: float, qualifier: str = "exact") -> tuple[str, str]:
    """An area in ha, written in ha and in 亩."""
    mark, mu = MARKS.get(qualifier, ""), convert(ha, _HA, _MU)
    digits = ((ha, _HA_DECIMALS), (mu, _MU_DECIMALS))
    in_ha, in_mu = (mark + format_number(round(value, decimals)) for value, decimals in digits)
    return in_ha, in_mu


def _row(
    atlas: Atlas, parcel: StandardLandParcel, lang: Lang, *, outline: bool, counted: bool
) -> ParcelRow:
    printed = is_printed(parcel.number)
    nameless = parcel.name == parcel.number
    ha, mu = "", ""
    if parcel.area_ha is not None:
        ha, mu = written_area(parcel.area_ha, parcel.area_qualifier)
    return ParcelRow(
        name=text("place.parcel_nameless", lang) if nameless and not printed else parcel.name,
        number=parcel.number if printed and not nameless else "",
        state=state_name(parcel.state, lang),
        date=getattr(parcel, _DATES[parcel.state]) if parcel.state in _DATES else "",
        ha=ha,
        mu=mu,
        controls=_controls(parcel, lang),
        use=parcel.use,
        company=parcel.company,
        outline=outline,
        counted=counted,
        quality=parcel.quality,
        source=source_of(atlas.facts, parcel.source_id, parcel.locator, lang),
        note=parcel.note,
    )


def _controls(parcel: StandardLandParcel, lang: Lang) -> tuple[str, ...]:
    """What the buyer commits to, each with its bound and unit."""
    found = []
    for key, unit in _CONTROLS.items():
        value, field = getattr(parcel, key), field_of("parcels", key)
        if value is not None and field is not None:
            written = format_value(value, unit, field.bound or "exact", lang)
            found.append((field.name_zh if lang == "zh" else field.name_en, written))
    emissions = field_of("parcels", "emissions")
    if parcel.emissions and emissions is not None:
        name = emissions.name_zh if lang == "zh" else emissions.name_en
        found.append((name, parcel.emissions))
    return tuple(text("place.control", lang, name=name, value=value) for name, value in found)
