"""Made-up parcels of standard land, with their control indicators."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.synthetic.coverage import coverage
from data.synthetic.places import SOURCE
from geo.areas import CRS, M2_PER_HA, M2_PER_MU, area_m2
from store.standard_land import COLUMNS, PARCEL_COLUMNS, STATES

PARCELS: Final = 5_000
_CELLS: Final = 5  # for each parcel wanted, so that most of a zone stays without
_VERTICES: Final = 8
_TRIES: Final = 6
# How many parcels have come how far, in the order of STATES.
_PROGRESS: Final = (0.16, 0.05, 0.04, 0.13, 0.20, 0.14, 0.18, 0.10)

Shapes = NDArray[np.object_]


def parcels(zones: gpd.GeoDataFrame, *, seed: int) -> gpd.GeoDataFrame:
    """5 000 parcels inside the zones, more in the larger ones; none lies over another.

    Args:
        zones: place_id, name_zh, area_m2, outlines in EPSG:4490.
        seed: of the random numbers.
    """
    random = np.random.default_rng([seed, 51])
    counts = _shared_out(zones["area_m2"].to_numpy())
    shapes = np.concatenate(
        [
            _inside(outline, int(count), [seed, 52, number], random)
            for number, (outline, count) in enumerate(zip(zones.geometry, counts, strict=True))
        ]
    )
    owner = np.repeat(np.arange(len(zones)), counts)
    return gpd.GeoDataFrame(_table(zones, shapes, owner, random), geometry=shapes, crs=CRS)


def _shared_out(areas: Any) -> NDArray[np.int64]:
    """PARCELS by area, the largest remainders first."""
    exact = areas / areas.sum() * PARCELS
    counts = np.floor(exact).astype(np.int64)
    rest = PARCELS - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:rest]] += 1
    return counts


def _inside(outline: Any, count: int, seed: list[int], random: np.random.Generator) -> Shapes:
    """Cells that lie inside a zone; finer ones where too few do."""
    number = int(np.random.default_rng(seed).integers(2**31))
    shapely.prepare(outline)
    for attempt in range(_TRIES):
        cells = coverage(
            outline.bounds, 60 + _CELLS * count * 2**attempt, seed=number, vertices=_VERTICES
        )
        inside = cells[shapely.contains_properly(outline, cells)]
        if len(inside) >= count:
            return np.asarray(inside[np.sort(random.permutation(len(inside))[:count])])
    raise AssertionError(f"a zone has no room for {count} parcels")


def _table(
    zones: gpd.GeoDataFrame, shapes: Shapes, owner: NDArray[np.int64], random: np.random.Generator
) -> pd.DataFrame:
    size = len(shapes)
    areas = area_m2(shapes)
    names = zones["name_zh"].to_numpy()[owner]
    frame = pd.DataFrame(
        {
            "record": "parcel",
            "standard_land_id": [f"made-{number:05d}" for number in range(1, size + 1)],
            "place_id": zones["place_id"].to_numpy()[owner],
            "name_zh": [f"{name}标准地{n:05d}" for n, name in enumerate(names, start=1)],
            "state": random.choice(list(STATES), size, p=_PROGRESS), "parcels": 1,
            "area_ha": (areas / M2_PER_HA).round(4), "area_mu": (areas / M2_PER_MU).round(2),
            "period_key": "2024", "period_label": "2024", "kind": "actual",
            "quality": "synthetic", "source_id": SOURCE, "qualifier": "exact", "row_ids": "",
            "investment_wan_per_mu": random.uniform(150, 600, size).round(0),
            "tax_wan_per_mu": random.uniform(8, 40, size).round(1),
            "floor_area_ratio": random.choice([0.8, 1.0, 1.2, 1.5], size),
            "building_percent": random.choice([30.0, 35.0, 40.0], size),
            "energy_tce_per_wan": random.uniform(0.05, 0.6, size).round(2),
        }
    )  # fmt: skip
    return frame.astype({**COLUMNS, **PARCEL_COLUMNS})
