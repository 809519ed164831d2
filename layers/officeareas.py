"""The areas that an office declared with its own outlines, beside those that the facts hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from facts.model import DeclaredArea
from store.baseline import OFFICE_PREFIX

# As `store.boundaryimport.AREA_BASIS`; a first page must not wait for what that module needs.
AREA_BASIS: Final = "office_outline"
# The columns of geo.boundaries that tell of it.
COLUMNS: Final = (
    "place_id", "area_basis", "declared_area_km2", "declared_source_id", "valid_from",
)  # fmt: skip


def office_area(row: Mapping[Any, Any]) -> DeclaredArea | None:
    """The area in km² that an office declared with an outline, None where it declared none.

    `row` has COLUMNS.
    """
    source_id, km2 = row["declared_source_id"], row["declared_area_km2"]
    if row["area_basis"] != AREA_BASIS or not isinstance(source_id, str):
        return None
    if not source_id.startswith(OFFICE_PREFIX) or km2 is None or not math.isfinite(km2):
        return None
    valid_from, place_id = row["valid_from"], str(row["place_id"])
    return DeclaredArea(
        area_id=f"{OFFICE_PREFIX}{place_id}", place_id=place_id, area_km2=float(km2),
        qualifier="exact", basis_zh="随边界填报", basis_en="declared with the outline",
        as_of=valid_from if isinstance(valid_from, str) else "", source_id=source_id,
        chosen=True, note="",
    )  # fmt: skip


def with_office_areas(
    declared: Iterable[DeclaredArea], office: Mapping[str, DeclaredArea]
) -> list[DeclaredArea]:
    """Declared areas together: what an office declared is the chosen one of its place.

    `office` gives these by place id.
    """
    kept = [replace(a, chosen=False) if a.place_id in office else a for a in declared]
    return [*kept, *office.values()]
