"""A small set of facts files, sound as it stands, for tests to spoil or to compute on."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from facts import columns

COLUMNS = {
    "sources.csv": columns.SOURCE_COLUMNS,
    "places.csv": columns.PLACE_COLUMNS,
    "themes.csv": columns.THEME_COLUMNS,
    "indicators.csv": columns.INDICATOR_COLUMNS,
    "declared_areas.csv": columns.AREA_COLUMNS,
    "events.csv": columns.EVENT_COLUMNS,
    "extents.csv": columns.EXTENT_COLUMNS,
    "checks.csv": columns.CHECK_COLUMNS,
    "rejected_sources.csv": columns.REJECTED_COLUMNS,
    "observations_documents.csv": columns.OBSERVATION_COLUMNS,
}

Rows = list[dict[str, Any]]


def source(source_id: str, **cells: Any) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "title": f"来源 {source_id}",
        "kind": "document",
        "verification": "primary",
        "document": "文档",
    } | cells


def place(place_id: str, name_zh: str, level: str, **cells: Any) -> dict[str, Any]:
    return {"place_id": place_id, "name_zh": name_zh, "name_en": place_id, "level": level} | cells


def indicator(indicator_id: str, unit: str, **cells: Any) -> dict[str, Any]:
    return {
        "indicator_id": indicator_id,
        "name_zh": f"指标 {indicator_id}",
        "name_en": indicator_id,
        "theme": "economy",
        "unit": unit,
        "polarity": "neutral",
        "aggregation": "sum",
    } | cells


def figure(row_id: str, indicator_id: str, value: Any, unit: str, **cells: Any) -> dict[str, Any]:
    return {
        "row_id": row_id,
        "place_id": "zone-a",
        "indicator_id": indicator_id,
        "value": value,
        "qualifier": "exact",
        "unit": unit,
        "period_label": "2023-H1",
        "period_start": "2023-01-01",
        "period_end": "2023-06-30",
        "kind": "actual",
        "source_id": "s1",
        "quality": "reported",
        "printed_subject": "甲区",
    } | cells


def sound_files() -> dict[str, Rows]:
    """Two sources, a province with two cities, three counties, a zone and its park."""
    return {
        "sources.csv": [
            source("s1", published_on="2023-07"),
            source("s2", kind="web", document="", url="https://example.org/a"),
        ],
        "places.csv": [
            place("140000", "山西省", "province"),
            place("140100", "太原市", "city", parent_id="140000", aliases="太原"),
            place("140300", "阳泉市", "city", parent_id="140000"),
            place("140121", "清徐县", "county", parent_id="140100"),
            place("140302", "城区", "county", parent_id="140300"),
            place(
                "zone-a", "甲区", "zone", parent_id="140100", zone_type="工业", tier="省级",
                tier_quality="reported", host_city_ids="140100", host_county_ids="140121",
                host_basis="document", host_quality="reported", status="现有",
                aliases="甲|甲开发区",
            ),
            place("park-a", "甲园", "park", parent_id="zone-a", status="现有"),
            place(
                "group-a", "甲区+甲园", "group", parent_id="140100", scope="named",
                members="zone-a|park-a", drawn_on="140100",
            ),
        ],
        "themes.csv": [{"theme": "economy", "name_zh": "经济", "name_en": "Economy", "order": 1}],
        "indicators.csv": [
            indicator("money", "亿元"),
            indicator("land", "公顷"),
            indicator("things", "个"),
            indicator("rate", "%", aggregation="ratio", ratio_of="things/things"),
        ],
        "declared_areas.csv": [
            {"area_id": "a1", "place_id": "zone-a", "area_km2": "12.5", "qualifier": "exact",
             "source_id": "s1", "chosen": 1, "as_of": "2018-09"},
        ],
        "events.csv": [
            {"event_id": "ev1", "place_ids": "zone-a|park-a", "event_zh": "扩区", "kind": "扩区",
             "start": "2023-02-10", "end": "2023-02-10", "source_id": "s1"},
        ],
        "extents.csv": [
            {"place_id": "zone-a", "text_zh": "东至河", "text_en": "east to the river",
             "source_id": "s1", "quality": "reported"},
        ],
        "checks.csv": [
            {"check_id": "c1", "kind": "sum", "title_zh": "和", "title_en": "sum",
             "total": "x1", "parts": "x2|x3"},
        ],
        "rejected_sources.csv": [{"source": "某页", "why_zh": "无来源", "why_en": "unsourced"}],
        "observations_documents.csv": [
            figure("x1", "money", "46410", "万元"),
            figure("x2", "money", "4", "亿元"),
            figure("x3", "money", "0.641", "亿元"),
            figure("x4", "land", "846.61", "亩", qualifier="approx"),
        ],
    }  # fmt: skip


def write_files(folder: Path, files: dict[str, Rows]) -> Path:
    """The files as CSV in the folder; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        names = COLUMNS.get(name, columns.OBSERVATION_COLUMNS)
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder
