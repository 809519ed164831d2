"""The made-up province's places: real ones kept by name, zones made up to the control totals.

Names of zones that sources print are kept with their host counties; their areas are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from facts.controls import zones_on_file
from facts.model import Facts

SOURCE: Final = "src-synthetic"
ZONES: Final = 93
INDUSTRIAL: Final = 71
INDUSTRIAL_KM2: Final = 2881
EXPANSION: Final = "zone-zhongbei-gaoxin-expansion"
# Applied for, not standing: no control total counts them, and their declared areas are real.
PROPOSED: Final = (EXPANSION, "zone-xiyang-jingkai", "zone-gujiao-jingkai")
PROVINCE: Final = "140000"
ALL_ZONES: Final = "group-140000-zones"
INDUSTRIAL_ZONES: Final = "group-140000-industrial"

_INDUSTRIAL_TYPES: Final = ("工业", "高新")
_ROOM_KM2: Final = 300.0  # a county smaller than this gets no made-up zone
_MOST: Final = 0.12  # of its host counties a zone takes no more
_SMALLEST_KM2: Final = 6.0

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Places:
    """Rows of places.csv, the standing zones in file order, and their areas in km²."""

    rows: tuple[Row, ...]
    zones: tuple[str, ...]
    industrial: frozenset[str]
    areas_km2: Mapping[str, float]

    def row(self, place_id: str) -> Row:
        """The row of a place."""
        return next(row for row in self.rows if row["place_id"] == place_id)

    def city_of(self, zone: str) -> str:
        """The one city that a zone lies in; empty for a zone of two."""
        cities = self.row(zone)["host_city_ids"].split("|")
        return str(cities[0]) if len(cities) == 1 else ""


def make_places(
    facts: Facts, rows: Sequence[Row], county_km2: Mapping[str, float], *, seed: int
) -> Places:
    """The places of a seed.

    Args:
        facts: the real ones, for what the control totals count.
        rows: of the real places.csv.
        county_km2: the area of each county.
        seed: of the random numbers.
    """
    random = np.random.default_rng([seed, 11])
    standing = [p.place_id for p in zones_on_file(facts, "zones") if p.host_county_ids]
    kept = _kept(rows, {*standing, *PROPOSED})
    real = {row["place_id"]: row for row in kept}
    works = [zone for zone in standing if real[zone]["zone_type"] in _INDUSTRIAL_TYPES]
    hosts = {county for row in kept for county in row["host_county_ids"].split("|")}
    free = [
        row for row in kept
        if row["level"] == "county" and row["place_id"] not in hosts
        and county_km2[row["place_id"]] > _ROOM_KM2
    ]  # fmt: skip
    chosen = np.sort(random.permutation(len(free))[: ZONES - len(standing)])
    assert len(standing) + len(chosen) == ZONES
    made = [
        _made(number, free[int(place)], industrial=number <= INDUSTRIAL - len(works))
        for number, place in enumerate(chosen, start=1)
    ]
    works += [row["place_id"] for row in made if row["zone_type"] in _INDUSTRIAL_TYPES]
    zones = (*standing, *(row["place_id"] for row in made))
    everything = (*kept, *made, *_groups(rows, kept))
    by_id = {row["place_id"]: row for row in everything}
    areas = _areas([by_id[zone] for zone in zones], frozenset(works), county_km2, random)
    return Places(everything, zones, frozenset(works), areas)


def _kept(rows: Sequence[Row], zones: set[str]) -> list[Row]:
    """Administrative places and the zones kept."""
    administrative = ("province", "city", "county")
    kept = [dict(r) for r in rows if r["level"] in administrative or r["place_id"] in zones]
    ids = {row["place_id"] for row in kept}
    for row in kept:
        if row["parent_id"] and row["parent_id"] not in ids:
            row["parent_id"] = row["host_city_ids"].split("|")[0]
    return kept


def _groups(rows: Sequence[Row], kept: Sequence[Row]) -> list[Row]:
    """The totals that are reported: of the province, of its industrial zones, of every city."""
    wanted = (ALL_ZONES, INDUSTRIAL_ZONES)
    found = {row["place_id"]: row for row in rows if row["level"] == "group"}
    groups = [dict(found[place_id]) for place_id in wanted]
    for city in (row for row in kept if row["level"] == "city"):
        like = found[ALL_ZONES] | {
            "name_zh": f"{city['name_zh']}开发区（合计）",
            "name_en": f"All zones of {city['name_en']} (total)",
            "aliases": f"{city['name_zh']}开发区", "parent_id": city["place_id"],
            "drawn_on": city["place_id"], "source_id": SOURCE,
        }  # fmt: skip
        place_id = group_of(city["place_id"])
        groups.append(found.get(place_id, like) | {"place_id": place_id})
    note = {"note_zh": "各开发区随机数之和", "note_en": "sum of the made-up figures of its zones"}
    return [group | {"members": ""} | note for group in groups]


def group_of(city: str) -> str:
    """The group under which a city's totals are on file."""
    return f"group-{city}-zones"


def _made(number: int, county: Row, *, industrial: bool) -> Row:
    others = ("农业", "文旅")
    return dict.fromkeys(county, "") | {
        "place_id": f"zone-made-{number:02d}",
        "name_zh": f"示例{number:02d}开发区（{county['name_zh']}）",
        "name_en": f"Example zone {number:02d} ({county['name_en']})",
        "parent_id": county["parent_id"], "level": "zone",
        "zone_type": "工业" if industrial else others[number % 2], "tier": "省级",
        "tier_quality": "derived", "host_city_ids": county["parent_id"],
        "host_county_ids": county["place_id"], "host_basis": "none", "host_quality": "derived",
        "status": "现有", "source_id": SOURCE, "note_zh": "随机生成", "note_en": "made up",
    }  # fmt: skip


def _areas(
    zones: Sequence[Row], works: frozenset[str], county_km2: Mapping[str, float],
    random: np.random.Generator,
) -> dict[str, float]:  # fmt: skip
    """Areas in km², to 0.01; those of the industrial zones add up to the control total."""
    hosts = [zone["host_county_ids"].split("|") for zone in zones]
    wish = random.lognormal(3.5, 0.55, len(zones)) * np.array([len(h) ** 0.8 for h in hosts])
    # Zones of one county share its room.
    sharing = {c: sum(c in own for own in hosts) for own in hosts for c in own}
    most = np.array([_MOST * sum(county_km2[c] / sharing[c] for c in own) for own in hosts])
    counted = np.array([zone["place_id"] in works for zone in zones])
    target = round(INDUSTRIAL_KM2 * 100)
    low, high = 0.0, 100.0
    for _ in range(80):
        factor = (low + high) / 2
        total = np.clip(factor * wish, _SMALLEST_KM2, most)[counted].sum() * 100
        low, high = (factor, high) if total < target else (low, factor)
    hundredths = np.floor(np.clip(low * wish, _SMALLEST_KM2, most) * 100).astype(np.int64)
    rest = target - int(hundredths[counted].sum())
    open_zones = np.flatnonzero(counted)
    assert 0 <= rest < len(open_zones)
    hundredths[open_zones[:rest]] += 1
    return {z["place_id"]: int(h) / 100 for z, h in zip(zones, hundredths, strict=True)}
