"""Declared areas of survey parcels: in which unit they are, told by the area of the shape.

The form asks for hectares, but some tools write m² or 亩. These lie a factor of 15 and more apart,
so the computed area tells the unit; where it fits none, the unit stays open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.areas import M2_PER_HA, M2_PER_KM2, M2_PER_MU
from geo.files.surveytable import UNITS, ParcelTable

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

UNIT_ZH: Final = {"": "", "ha": "公顷", "m2": "平方米", "mu": "亩", "km2": "平方公里"}
UNIT_EN: Final = {"": "(unit unknown)", "ha": "ha", "m2": "m²", "mu": "mu", "km2": "km²"}

_UNIT_M2: Final = np.array([np.nan, M2_PER_HA, 1.0, M2_PER_MU, M2_PER_KM2])  # in order of UNITS
_HA: Final = UNITS.index("ha")
_FACTOR: Final = 2.0  # how far declared and computed may lie apart and still tell the unit
# Plane areas lie up to 0.17 % above ellipsoidal ones at the edge of a 6° zone.
_TOLERANCE: Final = 2e-3
_TOLERANCE_M2: Final = 1.0


@dataclass(frozen=True, slots=True)
class DeclaredAreas:
    """What declared areas mean: hectares (NaN where the unit is open) and codes of UNITS.

    `computed_m2` are the areas of the shapes, NaN where there is none. `agrees` is False where
    both are known and differ by more than rounding and the way of computing explain.
    """

    hectares: Floats
    units: NDArray[np.uint8]
    computed_m2: Floats
    agrees: Flags


def declared_areas(parcels: ParcelTable, computed: Floats) -> DeclaredAreas:
    """The declared areas of parcels whose shapes have these areas in m² (NaN for none)."""
    written = parcels.areas
    units = np.where(parcels.units > 0, parcels.units, _units(written, computed)).astype(np.uint8)
    units[np.isnan(written)] = 0
    for place in np.flatnonzero((written == 0) & (computed > 0)).tolist():
        if computed[place] <= _rounding(parcels.area_texts[place]) * M2_PER_HA:
            units[place] = _HA  # so small that it is 0 in rounded hectares
    with np.errstate(over="ignore"):
        declared_m2 = written * _UNIT_M2[units]
    declared_m2[np.isinf(declared_m2)] = np.nan
    differs = np.abs(declared_m2 - computed) > np.fmax(_TOLERANCE * computed, _TOLERANCE_M2)
    for place in np.flatnonzero(differs).tolist():
        away = abs(declared_m2[place] - computed[place]) - _TOLERANCE_M2
        rounding = _rounding(parcels.area_texts[place]) * _UNIT_M2[units[place]]
        differs[place] = away > rounding and away > _TOLERANCE * computed[place]
    differs |= (units == 0) & ~np.isnan(written) & (computed > 0)
    return DeclaredAreas(declared_m2 / M2_PER_HA, units, computed, ~differs)


def _rounding(text: str) -> float:
    """Half of the last digit that an area is written with."""
    return float(0.5 * 10.0 ** -min(len(text.partition(".")[2]), 12))


def _units(written: Floats, computed: Floats) -> NDArray[np.uint8]:
    """The unit in which a written area comes nearest to the computed one; 0 where none is near."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratios = np.abs(np.log(computed[:, None] / (written[:, None] * _UNIT_M2[1:])))
    ratios = np.nan_to_num(ratios, nan=np.inf)
    near = ratios.min(axis=1, initial=np.inf) <= np.log(_FACTOR)
    return np.where(near, ratios.argmin(axis=1) + 1, 0).astype(np.uint8)
