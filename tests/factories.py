"""Facts for tests, built in code: two cities, their zones and totals, a park, a joint row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from facts.model import (
    DeclaredArea,
    Event,
    Extent,
    Facts,
    Indicator,
    Observation,
    Period,
    Place,
    Source,
    Theme,
)

H1 = Period(date(2023, 1, 1), date(2023, 6, 30), label="2023-H1")
Q1 = Period(date(2023, 1, 1), date(2023, 3, 31), label="2023-Q1")
YEAR = Period(date(2022, 1, 1), date(2022, 12, 31), label="2022")


def source(source_id: str, **more: Any) -> Source:
    cells: dict[str, Any] = {
        "title": f"title of {source_id}", "publisher": "", "published_on": "2023-07-01",
        "kind": "document", "verification": "primary", "url": "", "document": "", "licence": "",
        "note": "",
    }  # fmt: skip
    return Source(source_id=source_id, **(cells | more))


def place(place_id: str, level: str, **more: Any) -> Place:
    cells: dict[str, Any] = {
        "name_zh": f"{place_id}名", "name_en": f"name {place_id}", "aliases": (),
        "parent_id": None, "zone_type": "", "tier": "", "tier_quality": "", "official_code": "",
        "host_city_ids": (), "host_county_ids": (), "host_basis": "", "host_quality": "",
        "status": "", "scope": "", "members": (), "drawn_on": None, "leading_industries": "",
        "source_id": None, "note_zh": "", "note_en": "",
    }  # fmt: skip
    return Place(place_id=place_id, level=level, **(cells | more))  # type: ignore[arg-type]


def indicator(indicator_id: str, **more: Any) -> Indicator:
    cells: dict[str, Any] = {
        "name_zh": f"{indicator_id}指标", "name_en": f"indicator {indicator_id}",
        "theme": "economy", "unit": "亿元", "polarity": "higher", "aggregation": "sum",
        "ratio_of": (), "definition_zh": "", "definition_en": "", "source_id": None,
    }  # fmt: skip
    return Indicator(indicator_id=indicator_id, **(cells | more))


def figure(row_id: str, place_id: str, value: float | None, **more: Any) -> Observation:
    cells: dict[str, Any] = {
        "indicator_id": "output", "period": H1, "kind": "actual", "unit": "亿元",
        "printed_value": "" if value is None else f"{value:g}", "printed_unit": "亿元",
        "qualifier": "exact", "numerator": None, "denominator": None, "basis": "",
        "population": "", "source_id": "src-a", "locator": "", "quality": "reported",
        "missing_reason": "原文缺数" if value is None else "", "note_zh": "", "note_en": "",
        "printed_subject": "", "printed_indicator": "",
    }  # fmt: skip
    return Observation(row_id=row_id, place_id=place_id, value=value, **(cells | more))


PROVINCE = place("140000", "province", name_zh="某省")
CITY_A = place("140100", "city", name_zh="甲市", parent_id="140000")
CITY_B = place("140200", "city", name_zh="乙市", parent_id="140000")
COUNTY = place("140105", "county", name_zh="丙区", parent_id="140100")
ZONE_A = place("zone-a", "zone", name_zh="甲区", parent_id="140100", host_city_ids=("140100",))
ZONE_B = place("zone-b", "zone", name_zh="乙区", parent_id="140200", host_city_ids=("140200",))
ZONE_X = place(
    "zone-x", "zone", name_zh="跨市区", parent_id="140000", host_city_ids=("140100", "140200")
)
PARK = place("park-a", "park", name_zh="甲园", parent_id="zone-a")
JOINT = place(
    "group-ab", "group", name_zh="甲区和乙区", parent_id="140100", scope="named",
    members=("zone-a", "zone-b"),
)  # fmt: skip
ZONES_A = place(
    "group-140100-zones", "group", name_zh="甲市开发区", parent_id="140100", scope="all_zones",
    drawn_on="140100",
)  # fmt: skip
ZONES_B = place(
    "group-140200-zones", "group", name_zh="乙市开发区", parent_id="140200", scope="all_zones",
    drawn_on="140200",
)  # fmt: skip
INDUSTRIAL_A = place(
    "group-140100-industrial", "group", name_zh="甲市工业类开发区", parent_id="140100",
    scope="industrial_zones", drawn_on="140100",
)  # fmt: skip
ALL_ZONES = place(
    "group-140000-zones", "group", name_zh="全省开发区", parent_id="140000", scope="all_zones",
    drawn_on="140000",
)  # fmt: skip
PLACES = (
    PROVINCE, CITY_A, CITY_B, COUNTY, ZONE_A, ZONE_B, ZONE_X, PARK, JOINT, ZONES_A, ZONES_B,
    INDUSTRIAL_A, ALL_ZONES,
)  # fmt: skip


def facts(*observations: Observation, **more: Any) -> Facts:
    """Facts with the places above and these figures."""
    tables: dict[str, Any] = {
        "sources": (
            source("src-a"),
            source("src-b", published_on="2023-09"),
            source("src-mirror", verification="unverified_mirror", published_on="2024-01-01",
                   url="https://mirror.example/page"),
            source("src-original", verification="original", published_on="2020"),
        ),
        "places": PLACES,
        "themes": (Theme("land", "土地", "Land", 2), Theme("economy", "经济", "Economy", 1)),
        "indicators": (
            indicator("output"),
            indicator("rate", unit="%", aggregation="none"),
            indicator("days", unit="天", polarity="lower", aggregation="none"),
            indicator("land", unit="亩", theme="land"),
            indicator("zone_count", unit="个"),
        ),
    }  # fmt: skip
    return Facts(observations=observations, **(tables | more))


def with_population(observation: Observation, population: str) -> Observation:
    return replace(observation, population=population)


def event(event_id: str, start: date | None, *place_ids: str) -> Event:
    return Event(
        event_id,
        place_ids,
        f"{event_id}事",
        f"event {event_id}",
        "",
        start,
        start,
        "src-a",
        "",
        "扩区",
    )


def extent(place_id: str) -> Extent:
    return Extent(place_id, "东至河", "East: the river", "src-a", "reported")


def declared(area_id: str, place_id: str, area_km2: float, **more: Any) -> DeclaredArea:
    cells: dict[str, Any] = {
        "qualifier": "exact", "basis_zh": "规划", "basis_en": "planned", "as_of": "",
        "source_id": "src-a", "chosen": True, "note": "选用 / chosen",
    }  # fmt: skip
    return DeclaredArea(area_id=area_id, place_id=place_id, area_km2=area_km2, **(cells | more))
