"""Figures that follow from what is on file: outline areas, zones on file, the declared areas.

They join the reported ones in every picture and carry `derived` as their quality, except declared
areas, which sources report: of these only the common date is ours, since many have none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from facts.model import DeclaredArea, Facts, Observation, Period, Quality
from layers.officeareas import with_office_areas

OUTLINE_AREA = "outline_area"
ZONES_ON_FILE = "zones_on_file"
AREA_ON_FILE = "area_on_file"
OUTLINE_SOURCE = "src-tianditu"
PLACE_LIST = "src-place-list"
MADE_UP = "src-synthetic"  # the source of all figures of a made-up province
EXISTING = "现有"
M2_PER_KM2 = 1e6
ROW_PREFIX = "x-"


def is_derived(row_id: str) -> bool:
    """Whether a row comes from here and not from a file of figures."""
    return row_id.startswith(ROW_PREFIX)


def with_derived(
    facts: Facts,
    area_m2: Mapping[str, float],
    office_areas: Mapping[str, DeclaredArea] = MappingProxyType({}),
) -> Facts:
    """The facts with the derived figures added.

    Args:
        facts: as on file; indicators that it does not have are left out.
        area_m2: ellipsoidal area of each province, city and county outline, by place id.
        office_areas: what an office declared with its own outlines, by place id; it stands for
            the area on file, as in the place's file.
    """
    made = [
        *_outline_areas(facts, area_m2), *_zones_on_file(facts),
        *_areas_on_file(facts, office_areas),
    ]  # fmt: skip
    known = [o for o in made if o.indicator_id in facts.indicators_by_id]
    return replace(facts, observations=(*facts.observations, *known))


def _on_file(facts: Facts) -> Period:
    """The moment the files stand for: the newest date any source was published on."""
    dates = [s.published_on for s in facts.sources if len(s.published_on) == len("2023-01-01")]
    newest = date.fromisoformat(max(dates)) if dates else date(1970, 1, 1)
    return Period(start=None, end=None, as_of=newest, label="在册")


def _outline_areas(facts: Facts, area_m2: Mapping[str, float]) -> Iterator[Observation]:
    period = _on_file(facts)
    for place in facts.places:
        if place.level in {"city", "county", "province"} and place.place_id in area_m2:
            area_km2 = area_m2[place.place_id] / M2_PER_KM2
            yield _figure(facts, place.place_id, OUTLINE_AREA, period, area_km2, OUTLINE_SOURCE)


def _zones_on_file(facts: Facts) -> Iterator[Observation]:
    period = _on_file(facts)
    zones = [p for p in facts.places if p.level == "zone" and p.status.startswith(EXISTING)]
    counts = Counter(
        host for zone in zones for host in {*zone.host_county_ids, *zone.host_city_ids}
    )
    for place in facts.places:
        if counts[place.place_id]:
            count = float(counts[place.place_id])
            yield _figure(facts, place.place_id, ZONES_ON_FILE, period, count, PLACE_LIST)


def _areas_on_file(facts: Facts, office_areas: Mapping[str, DeclaredArea]) -> Iterator[Observation]:
    """The chosen area of each zone and park; an office's own while its place and source stand."""
    period = _on_file(facts)
    office = {
        place_id: area for place_id, area in office_areas.items()
        if place_id in facts.places_by_id and area.source_id in facts.sources_by_id
    }  # fmt: skip
    for area in with_office_areas(facts.declared_areas, office):
        if not area.chosen or facts.place(area.place_id).level not in {"zone", "park"}:
            continue
        made = _figure(
            facts, area.place_id, AREA_ON_FILE, period, area.area_km2, area.source_id,
            quality="synthetic" if area.source_id == MADE_UP else "reported",
        )  # fmt: skip
        when_zh, when_en = area.as_of or "未注明", area.as_of or "not given"
        yield replace(
            made,
            qualifier=area.qualifier,
            note_zh=f"{area.basis_zh}，日期：{when_zh}",
            note_en=f"{area.basis_en}, date: {when_en}",
        )


def _figure(  # noqa: PLR0917 -- all six are needed each time
    facts: Facts,
    place_id: str,
    indicator_id: str,
    period: Period,
    value: float,
    source_id: str,
    *,
    quality: Quality = "derived",
) -> Observation:
    indicator = facts.indicators_by_id.get(indicator_id)
    rounded = round(value, 4)
    return Observation(
        row_id=f"{ROW_PREFIX}{indicator_id}-{place_id}",
        place_id=place_id,
        indicator_id=indicator_id,
        period=period,
        kind="actual",
        value=rounded,
        unit=indicator.unit if indicator else "",
        printed_value=f"{rounded:g}",
        printed_unit=indicator.unit if indicator else "",
        qualifier="exact",
        numerator=None,
        denominator=None,
        basis="",
        population="",
        source_id=source_id,
        locator="",
        quality=quality,
        missing_reason="",
        note_zh="",
        note_en="",
        printed_subject="",
        printed_indicator="",
    )
