"""What becomes of outlines as boundaries of zones: the plan, its new places, its commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from facts.mappings import SKIP
from facts.model import Facts, Place, Source, plain_name
from layers.atlas import Atlas
from layers.importview import counties_of
from store.boundaryimport import COLLECTION, commit_zones
from store.officefigures import PREFIX, add_figures
from store.together import together
from ui.import_job import Job

NEW: Final = "+"
UNITS: Final = {"km2": 1e6, "ha": 1e4, "mu": 2000 / 3, "m2": 1.0}  # m² in one


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """What will become of a file's outlines.

    `places` gives the place id for each printed name, `new` the places that are not on file yet.
    `declared_km2` are areas by place id.
    """

    places: Mapping[str, str]
    new: tuple[Place, ...]
    precision: str
    declared_km2: Mapping[str, float]
    valid_from: str


def numeric(values: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers of a column; NaN for what is none."""
    return pd.to_numeric(values, errors="coerce")


def plan_of(atlas: Atlas, job: Job, frame: gpd.GeoDataFrame, source: Source) -> ZonePlan:
    """What was decided, with the places that are new."""
    names: list[str] = job.choices["feature_names"]
    chosen: dict[str, str] = dict(job.choices["zone_places"])
    new: list[Place] = []
    for name, target in list(chosen.items()):
        if target == SKIP:
            del chosen[name]
        elif target == NEW:
            shapes = frame.geometry.to_numpy()[[n == name for n in names]]
            place = _new_place(atlas, name, shapes, source)
            new.append(place)
            chosen[name] = place.place_id
    declared: dict[str, float] = {}
    column, unit = job.choices.get("declared_column"), job.choices.get("declared_unit")
    if column:
        said = numeric(frame[column])
        for name, value in zip(names, said, strict=True):
            if name in chosen and pd.notna(value):
                km2 = float(value) * UNITS[str(unit)] / 1e6
                declared[chosen[name]] = declared.get(chosen[name], 0.0) + km2
    return ZonePlan(
        chosen, tuple(new), str(job.choices.get("precision") or ""), declared,
        str(job.choices.get("valid_from") or ""),
    )  # fmt: skip


def shapes_of(plan: ZonePlan, job: Job, frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """The outline of each place: features of one name are joined."""
    groups: dict[str, list[Any]] = {}
    for name, shape in zip(job.choices["feature_names"], frame.geometry, strict=True):
        if name in plan.places:
            groups.setdefault(plan.places[name], []).append(shape)
    return {
        place_id: shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
        for place_id, shapes in groups.items()
    }


def _new_place(atlas: Atlas, name: str, shapes: Any, source: Source) -> Place:
    """A zone that is not on file: where it lies says which county and city it belongs to."""
    counties: Any = atlas.boundaries("counties")
    found = counties_of(shapes, counties, "zh")
    rows = counties[counties["name_zh"].isin(found)]
    county = tuple(str(i) for i in rows["place_id"])
    cities = tuple(dict.fromkeys(str(i) for i in rows["parent_id"]))
    digest = hashlib.sha256(plain_name(name).encode()).hexdigest()[:10]
    return Place(
        place_id=f"{PREFIX}zone-{digest}", name_zh=name, name_en="", aliases=(),
        parent_id=cities[0] if cities else None, level="zone", zone_type="", tier="",
        tier_quality="", official_code="", host_city_ids=cities, host_county_ids=county,
        host_basis="outline", host_quality="derived", status="", scope="", members=(),
        drawn_on=None, leading_industries="", source_id=source.source_id, note_zh="", note_en="",
    )  # fmt: skip


def facts_with(facts: Facts, plan: ZonePlan, source: Source | None = None) -> Facts:
    """The facts with the plan's new places and source, as they will be once it is committed."""
    sources = facts.sources if source is None else (*facts.sources, source)
    return replace(facts, places=(*facts.places, *plan.new), sources=sources)


def commit_plan(
    atlas: Atlas, plan: ZonePlan, source: Source, zones: gpd.GeoDataFrame, *, author: str,
    message: str, expected_version: int,
) -> int:  # fmt: skip
    """Commit the plan's new places and then the outlines: both, or neither; the zones' version.

    Raises:
        StoreError: somebody was first, or the disk refused.
    """
    workspace = atlas.workspace
    with together(workspace, author=author) as commits:
        commits.expect(COLLECTION, expected_version)
        if plan.new:
            add_figures(
                workspace, (), facts=atlas.facts, source=source, places=plan.new, author=author,
                message=message,
            )  # fmt: skip
        return commit_zones(
            workspace, zones, source=source, author=author, message=message,
            expected_version=expected_version,
        )  # fmt: skip
