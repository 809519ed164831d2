"""The made-up province's `data/facts`: places, declared areas, quarterly and yearly figures.

Figures of zones are random; those of cities and of the province are their exact sums. Of real
figures only what documents declare of the proposals stays, with its sources.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.synthetic.places import (
    ALL_ZONES,
    INDUSTRIAL,
    INDUSTRIAL_KM2,
    INDUSTRIAL_ZONES,
    PROPOSED,
    SOURCE,
    ZONES,
    Places,
    Row,
    group_of,
)

QUARTERS: Final = tuple(
    f"{year}-Q{quarter}" for year in (2022, 2023, 2024) for quarter in range(1, 5)
)
LAST: Final = QUARTERS[-1]  # nothing is left out of it, so that sums can be checked
QUARTERLY: Final = {
    "above_scale_value_added": "亿元", "industrial_investment": "亿元",
    "fixed_asset_investment": "亿元", "tax_revenue": "亿元", "signed_batch_projects": "个",
    "signed_batch_investment": "亿元", "started_batch_projects": "个",
    "production_batch_projects": "个",
}  # fmt: skip
CHECKED: Final = ("above_scale_value_added", "signed_batch_projects")
YEARLY: Final = {
    "land_built": "公顷", "land_built_industrial": "公顷", "land_not_built": "公顷",
    "land_ready": "公顷", "land_supplied": "公顷", "land_idle": "公顷",
    "industrial_fixed_assets": "亿元", "industrial_tax": "亿元", "above_scale_value_added": "亿元",
}  # fmt: skip
MISSING: Final = 0.04
_OBSERVATIONS: Final = "observations_documents.csv"
_EMPTY: Final = (
    "extents.csv", "rejected_sources.csv", "observations_external.csv", "observations_more.csv",
)  # fmt: skip
_COPIED: Final = ("indicators.csv", "themes.csv", "ledger_rules.csv")
_DECLARED: Final = ("d204", "d205", "d206")  # what the document declares of the expansion
_PROCEDURES: Final = ("扩区", "调区", "设立")
_CONTROLS: Final = ("control-zones-2023", "control-industrial-zones", "control-industrial-area")
_CITY_CHECK_ZH: Final = "各开发区之和"

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Quarters:
    """Values in hundredths (counts in whole), (zones, quarters), and where one is left out."""

    indicator: str
    values: Integers
    lost: NDArray[np.bool_]

    @property
    def scale(self) -> int:
        """What the values are divided by."""
        return 1 if QUARTERLY[self.indicator] == "个" else 100


def write_facts(real: Path, target: Path, places: Places, *, seed: int) -> None:
    """Write the folder of made-up facts."""
    target.mkdir(parents=True)
    for name in _COPIED:
        shutil.copy(real / name, target / name)
    for name in _EMPTY:
        _write(target / name, real / name, [])
    _write(target / "places.csv", real / "places.csv", places.rows)
    sources = _read(real / "sources.csv")
    sources.append(_source(sources[0], seed))
    _write(target / "sources.csv", real / "sources.csv", sources)
    _write(target / "declared_areas.csv", real / "declared_areas.csv", _declared(real, places))
    _write(target / "events.csv", real / "events.csv", _events(real, places))
    _write(target / "proposals.csv", real / "proposals.csv", _proposals(real))
    random = np.random.default_rng([seed, 12])
    quarters = _quarters(places, random)
    rows = [row for row in _read(real / _OBSERVATIONS) if row["row_id"] in _DECLARED]
    rows += _totals()
    for table in quarters:
        rows += _zone_rows(table, places)
        rows += _sum_rows(table, places)
    rows += _yearly(places, quarters[0], random)
    _write(target / _OBSERVATIONS, real / _OBSERVATIONS, rows)
    checks = [row for row in _read(real / "checks.csv") if row["check_id"] in _CONTROLS]
    checks += _sum_checks(checks[0], places)
    _write(target / "checks.csv", real / "checks.csv", checks)


# --- what is kept of the real facts ---------------------------------------------------------------


def _declared(real: Path, places: Places) -> list[Row]:
    rows = _read(real / "declared_areas.csv")
    kept = [row for row in rows if row["place_id"] in PROPOSED and row["chosen"] == "1"]
    made = [
        dict.fromkeys(rows[0], "") | {
            "area_id": f"made-{number:03d}", "place_id": zone, "area_km2": f"{km2:g}",
            "qualifier": "exact", "basis_zh": "随机生成", "basis_en": "made up",
            "source_id": SOURCE, "chosen": "1",
        }
        for number, (zone, km2) in enumerate(places.areas_km2.items(), start=1)
    ]  # fmt: skip
    return [*kept, *made]


def _source(like: Row, seed: int) -> Row:
    return dict.fromkeys(like, "") | {
        "source_id": SOURCE, "title": f"演示数据，程序随机生成（种子 {seed}）",
        "publisher": "本项目", "kind": "rule", "verification": "original",
        "document": "data/synthetic", "licence": "本项目自定规则",
        "note": "不得用于决策 / not for decisions",
    }  # fmt: skip


def _events(real: Path, places: Places) -> list[Row]:
    """The steps of the proposals on file."""
    concerned = {
        row[column] for row in _read(real / "proposals.csv")
        for column in ("place_id", "figures_place_id")
    }  # fmt: skip
    known = {row["place_id"] for row in places.rows}
    kept = []
    for row in _read(real / "events.csv"):
        ids = [i for i in row["place_ids"].split("|") if i in known]
        if row["kind"] in _PROCEDURES and concerned.intersection(ids):
            kept.append(row | {"place_ids": "|".join(ids)})
    return kept


def _proposals(real: Path) -> list[Row]:
    made = {
        "precision": "synthetic", "note_zh": "范围由程序随机生成，仅供演示",
        "note_en": "The outline is made up, for demonstration only",
    }  # fmt: skip
    return [row | made for row in _read(real / "proposals.csv")]


# --- figures --------------------------------------------------------------------------------------


def _totals() -> list[Row]:
    """What the control totals say, under the row ids that their checks name."""
    return [
        _figure("d002", ALL_ZONES, "zone_count", str(ZONES), "个", "2024"),
        _figure("d007", ALL_ZONES, "industrial_zone_count", str(INDUSTRIAL), "个", "2024"),
        _figure("d081", INDUSTRIAL_ZONES, "planned_area", str(INDUSTRIAL_KM2), "平方公里", "2024"),
    ]


def _quarters(places: Places, random: np.random.Generator) -> list[_Quarters]:
    """The quarterly values of all zones, in the order of QUARTERLY."""
    count, steps = len(places.zones), len(QUARTERS)
    km2 = np.array([places.areas_km2[zone] for zone in places.zones])[:, None]
    works = np.array([zone in places.industrial for zone in places.zones])[:, None]
    size = km2**0.7 * random.lognormal(0, 0.5, (count, 1)) * np.where(works, 1.0, 0.3)
    growth = random.normal(1.012, 0.02, (count, 1)) ** np.arange(steps)
    season = np.array([0.85, 1.0, 1.02, 1.13])[np.arange(steps) % 4]

    def around(base: Any, spread: float) -> Any:
        return base * random.lognormal(0, spread, (count, steps))

    added = around(0.9 * size * growth * season, 0.08)
    industrial = around(0.45 * size * growth * season, 0.2)
    signed = random.poisson(around(0.25 * size, 0.3) + 0.3)
    started = random.binomial(signed, 0.85)
    values = {
        "above_scale_value_added": added,
        "industrial_investment": industrial,
        "fixed_asset_investment": industrial * random.uniform(1.15, 1.6, (count, steps)),
        "tax_revenue": around(0.18 * added, 0.1),
        "signed_batch_projects": signed,
        "signed_batch_investment": signed * random.uniform(1.5, 6.0, (count, steps)),
        "started_batch_projects": started,
        "production_batch_projects": random.binomial(started, 0.8),
    }
    tables = []
    for indicator, unit in QUARTERLY.items():
        lost = random.random((count, steps)) < MISSING
        lost[:, -1] = False
        whole = np.rint(values[indicator] * (1 if unit == "个" else 100)).astype(np.int64)
        tables.append(_Quarters(indicator, whole, lost))
    return tables


def _zone_rows(table: _Quarters, places: Places) -> Iterator[Row]:
    for n, zone in enumerate(places.zones):
        for step, quarter in enumerate(QUARTERS):
            value = None if table.lost[n, step] else int(table.values[n, step])
            yield _figure(
                _row_id(table.indicator, zone, quarter), zone, table.indicator,
                _shown(value, table.scale), QUARTERLY[table.indicator], quarter,
            )  # fmt: skip


def _sum_rows(table: _Quarters, places: Places) -> Iterator[Row]:
    """City and province as the sum of all their zones, also of those whose value is left out."""
    for group, members in _members(places).items():
        for step, quarter in enumerate(QUARTERS):
            value = int(table.values[members, step].sum())
            hidden = int(table.lost[members, step].sum())
            row = _figure(
                _row_id(table.indicator, group, quarter), group, table.indicator,
                _shown(value, table.scale), QUARTERLY[table.indicator], quarter,
            )  # fmt: skip
            if hidden:
                row["note_zh"] = f"含 {hidden} 个未单列的开发区"
                row["note_en"] = f"with {hidden} zones that are not shown singly"
            yield row


def _members(places: Places) -> dict[str, Integers]:
    """The zones (their numbers) of each total; a zone of two cities counts for the province."""
    cities = [places.city_of(zone) for zone in places.zones]
    known = sorted({city for city in cities if city})
    found = {group_of(city): np.flatnonzero(np.array(cities) == city) for city in known}
    return found | {ALL_ZONES: np.arange(len(places.zones))}


def _sum_checks(like: Row, places: Places) -> Iterator[Row]:
    """For the last quarter: every city's total against its zones."""
    for indicator in CHECKED:
        for group, members in _members(places).items():
            name = places.row(group)
            yield dict.fromkeys(like, "") | {
                "check_id": f"sum-{indicator}-{group}", "kind": "sum",
                "title_zh": f"{name['name_zh']}{LAST}：{_CITY_CHECK_ZH}",
                "title_en": f"{name['name_en']}, {LAST}: {indicator} of its zones",
                "total": _row_id(indicator, group, LAST),
                "parts": "|".join(_row_id(indicator, places.zones[n], LAST) for n in members),
            }  # fmt: skip


def _yearly(places: Places, added: _Quarters, random: np.random.Generator) -> Iterator[Row]:
    """Land by TD/T 1029 and what stands on it, of 2024.

    A2 < A, B21 < B, D between A and A + B21, G below D; all of it less than the zone.
    """
    for n, zone in enumerate(places.zones):
        total = places.areas_km2[zone] * 100 * random.uniform(0.5, 0.9)
        built = total * random.uniform(0.4, 0.85)
        ready = (total - built) * random.uniform(0.2, 0.7)
        industrial = built * random.uniform(0.45, 0.7)
        supplied = built + ready * random.uniform(0.1, 0.8)
        hectares = {
            "land_built": built, "land_built_industrial": industrial,
            "land_not_built": total - built, "land_ready": ready, "land_supplied": supplied,
            "land_idle": supplied * random.uniform(0.0, 0.06),
            "industrial_fixed_assets": industrial * random.uniform(0.2, 0.6),
            "industrial_tax": industrial * random.uniform(0.008, 0.03),
        }  # fmt: skip
        values = {name: round(value * 100) for name, value in hectares.items()}
        values["above_scale_value_added"] = int(added.values[n, -4:].sum())
        for indicator, unit in YEARLY.items():
            lost = random.random() < MISSING
            shown = _shown(None if lost else values[indicator], 100)
            yield _figure(_row_id(indicator, zone, "2024"), zone, indicator, shown, unit, "2024")


def _row_id(indicator: str, place: str, period: str) -> str:
    return f"s-{indicator}-{place}-{period}"


def _shown(value: int | None, scale: int) -> str:
    """A value as it stands in the file, exact; empty for one that is left out."""
    if value is None:
        return ""
    return str(value) if scale == 1 else f"{value // scale}.{value % scale:02d}"


def _figure(row_id: str, place: str, indicator: str, value: str, unit: str, period: str) -> Row:
    start, end = _days(period)
    return {
        "row_id": row_id, "place_id": place, "indicator_id": indicator, "value": value,
        "qualifier": "exact", "unit": unit, "period_label": period, "period_start": start,
        "period_end": end, "kind": "actual", "source_id": SOURCE, "quality": "synthetic",
        "missing_reason": "" if value else "演示：有意缺值 / left out on purpose",
    }  # fmt: skip


def _days(period: str) -> tuple[str, str]:
    year, _, quarter = period.partition("-Q")
    ends = {"": "12-31", "1": "03-31", "2": "06-30", "3": "09-30", "4": "12-31"}
    first = {"": "01", "1": "01", "2": "04", "3": "07", "4": "10"}
    return f"{year}-{first[quarter]}-01", f"{year}-{ends[quarter]}"


# --- files ----------------------------------------------------------------------------------------


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, like: Path, rows: Iterable[Row] | Sequence[Row]) -> None:
    """Write rows with the columns of a real file."""
    with like.open(encoding="utf-8", newline="") as stream:
        columns = next(csv.reader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
