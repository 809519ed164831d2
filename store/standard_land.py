"""The collection `standard-land` (标准地): parcels later, and what documents report per place.

Number and area are kept side by side and neither is ever made up: 318 parcels without an area
stay without one, and a missing number is null, never 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from facts.model import Facts, Observation
from facts.units import convert

# State -> Chinese, in the order a parcel goes through them; `granting` is a grant under way.
STATES = MappingProxyType(
    {
        "reserve": "储备",
        "announced": "出让公告",
        "granting": "出让推进中",
        "granted": "成交",
        "started": "开工",
        "completed": "竣工",
        "producing": "投产",
        "at_capacity": "达产",
    }
)

# Indicator -> the state its figures speak of, and whether they are a number or an area.
INDICATORS = MappingProxyType(
    {
        "standard_land_parcels": ("granted", "parcels"),
        "standard_land_area": ("granted", "area"),
        "standard_land_parcels_in_progress": ("granting", "parcels"),
        "standard_land_reserve": ("reserve", "area"),
    }
)

COLUMNS = MappingProxyType(
    {
        "record": "str", "standard_land_id": "str", "place_id": "str", "name_zh": "str",
        "state": "str", "parcels": "Int64", "area_ha": "float64", "area_mu": "float64",
        "period_key": "str", "period_label": "str", "kind": "str", "quality": "str",
        "source_id": "str", "qualifier": "str", "row_ids": "str",
    }
)  # fmt: skip

# What a parcel has beside COLUMNS: the least (energy: the most) that its buyer commits to.
PARCEL_COLUMNS = MappingProxyType(
    {
        "investment_wan_per_mu": "float64", "tax_wan_per_mu": "float64",
        "floor_area_ratio": "float64", "building_percent": "float64",
        "energy_tce_per_wan": "float64",
    }
)  # fmt: skip

_EPSG = 4490
_KINDS = frozenset({"actual", "cumulative", "target"})  # growth and shares are no amounts


@dataclass(frozen=True, slots=True)
class _Key:
    """Figures that agree in all of these describe one record: a number and its area."""

    place_id: str
    state: str
    period_key: str
    kind: str
    quality: str
    source_id: str
    qualifier: str

    @property
    def record_id(self) -> str:
        """A stable id: which place, state, period and kind, and the rest where it is unusual."""
        parts = [self.place_id, self.state, self.period_key, self.kind]
        if self.qualifier != "exact":
            parts.append(self.qualifier.replace("_", "-"))
        return "sl-" + "-".join(parts)


def aggregates(facts: Facts, boundaries: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The records that the observations give, one per place, state, period, kind and source.

    Columns: COLUMNS and `geometry` (EPSG:4490): the outline of the place, or of the place a
    group is drawn on, or null. `record` is "aggregate"; parcels of their own are "parcel".
    `area_ha` and `area_mu` come from the figure as printed; `row_ids` are the observations,
    separated by |. A second source for the same figure gives a second record.
    """
    records: dict[_Key, dict[str, Any]] = {}
    for observation in _figures(facts):
        state, measure = INDICATORS[observation.indicator_id]
        key = _Key(
            observation.place_id, state, observation.period.key, observation.kind,
            observation.quality, observation.source_id, observation.qualifier,
        )  # fmt: skip
        record = records.setdefault(key, _empty(key, observation, facts))
        record["row_ids"].append(observation.row_id)
        record |= _amount(observation, measure)
    rows = list(records.values())
    _make_ids_unique(rows)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["row_ids"] = ["|".join(row["row_ids"]) for row in rows]
    geometry = _outlines(facts, boundaries, frame["place_id"])
    return gpd.GeoDataFrame(
        frame.astype(dict(COLUMNS)), geometry=gpd.GeoSeries(geometry, crs=_EPSG), crs=_EPSG
    )


def _figures(facts: Facts) -> Iterable[Observation]:
    return (
        observation
        for observation in facts.observations
        if observation.indicator_id in INDICATORS
        and observation.kind in _KINDS
        and observation.value is not None
    )


def _empty(key: _Key, observation: Observation, facts: Facts) -> dict[str, Any]:
    return {
        "record": "aggregate", "standard_land_id": key.record_id, "place_id": key.place_id,
        "name_zh": facts.place(key.place_id).name_zh, "state": key.state, "parcels": None,
        "area_ha": None, "area_mu": None, "period_key": key.period_key,
        "period_label": observation.period.label, "kind": key.kind, "quality": key.quality,
        "source_id": key.source_id, "qualifier": key.qualifier, "row_ids": [],
    }  # fmt: skip


def _amount(observation: Observation, measure: str) -> dict[str, Any]:
    printed, unit = observation.printed_value, observation.printed_unit
    if measure == "parcels":
        return {"parcels": round(convert(printed, unit, "宗"))}
    return {
        "area_ha": convert(printed, unit, "公顷"),
        "area_mu": convert(printed, unit, "亩"),
    }


def _make_ids_unique(rows: list[dict[str, Any]]) -> None:
    """Records of several sources share the id's parts; the source then goes into the id."""
    ids = [row["standard_land_id"] for row in rows]
    for row in rows:
        if ids.count(row["standard_land_id"]) > 1:
            row["standard_land_id"] += f"-{row['source_id']}-{row['quality']}"


def _outlines(facts: Facts, boundaries: gpd.GeoDataFrame, place_ids: pd.Series) -> list[Any]:
    shapes = dict(zip(boundaries["place_id"], boundaries.geometry, strict=True))
    drawn = ((place_id, facts.place(place_id).drawn_on) for place_id in place_ids)
    return [shapes.get(place_id, shapes.get(on)) for place_id, on in drawn]
