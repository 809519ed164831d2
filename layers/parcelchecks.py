"""Parcels of an import against their outlines: where these lie, and whether areas agree.

Outlines are in degrees, EPSG:4490; areas are ellipsoidal (geo.areas), in hectares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from facts.model import Facts, Lang, Qualifier
from facts.parcels import StandardLandParcel
from facts.recordids import record_id
from geo.areas import M2_PER_HA, area_m2
from layers.texts import text
from store.officefigures import PARCELS

if TYPE_CHECKING:
    from layers.atlas import Atlas

AREA_TOLERANCE: Final = 0.01  # of the outline; rounding and plane areas stay well below
APPROX_TOLERANCE: Final = 0.05  # where the list says 约 or the like
_SMALLEST_GAP_HA: Final = 0.001
_NAMED: Final = 5  # parcels named before the rest is counted


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Parcels whose outlines lie outside the counties of the place that they are said to be of.

    `where` are the counties that they lie in, "" for outside of all; ids of places throughout.
    """

    place_id: str
    names: tuple[str, ...]
    where: tuple[str, ...]

    def words(self, facts: Facts, lang: Lang) -> str:
        """A warning for the planner."""
        mark = text("intake.list_mark", lang)
        place = facts.place(self.place_id)
        hosts = [facts.place(i).name(lang) for i in _counties_of(facts, self.place_id)]
        where = [
            facts.place(i).name(lang) if i else text("intake.outside_province", lang)
            for i in self.where
        ]
        named = mark.join(self.names[:_NAMED]) + ("…" if len(self.names) > _NAMED else "")
        return text(
            "intake.elsewhere", lang, count=len(self.names), place=place.name(lang), names=named,
            hosts=mark.join(sorted(hosts)), where=mark.join(where),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AreaGap:
    """A parcel's declared area beside that of its outline, both in ha."""

    parcel_id: str
    name: str
    declared_ha: float | None
    outline_ha: float
    qualifier: Qualifier = "exact"  # of the declared one

    @property
    def differs(self) -> bool:
        """Whether the two are further apart than rounding and the way of computing explain."""
        if self.declared_ha is None:
            return False
        over = self.declared_ha - self.outline_ha
        if (self.qualifier == "at_least" and over < 0) or (
            self.qualifier == "at_most" and over > 0
        ):
            return False
        tolerance = APPROX_TOLERANCE if self.qualifier == "approx" else AREA_TOLERANCE
        return abs(over) > max(tolerance * self.outline_ha, _SMALLEST_GAP_HA)


def county_ids(shapes: Sequence[Any], counties: gpd.GeoDataFrame) -> list[str]:
    """The id of the county that a point inside each shape lies in; "" outside of all."""
    given = np.asarray(shapes, dtype=object)
    ids = [str(place_id) for place_id in counties["place_id"]]
    found = [""] * len(given)
    if len(given):
        points = shapely.point_on_surface(given)
        tree = shapely.STRtree(counties.geometry.to_numpy())
        asked, hits = tree.query(points, predicate="within")
        for position, hit in zip(asked.tolist(), hits.tolist(), strict=True):
            found[position] = ids[hit]
    return found


def zones_near(
    shapes: Sequence[Any], facts: Facts, *, counties: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> tuple[str, ...]:
    """Zones that shapes may belong to: those whose own outline holds most, then by county.

    A zone of one county goes before one that spreads over several. Schematic outlines say nothing
    about where a zone lies within its county.
    """
    inside = Counter[str]()
    real = zones[(zones["precision"] != "schematic") & zones.geometry.notna()]
    given: NDArray[np.object_] = np.asarray(shapes, dtype=object)
    if len(given) and len(real):
        tree = shapely.STRtree(real.geometry.to_numpy())
        _, hits = tree.query(shapely.point_on_surface(given), predicate="within")
        ids = real["place_id"].tolist()
        inside.update(str(ids[hit]) for hit in hits.tolist())
    there = Counter(filter(None, county_ids(shapes, counties)))
    likely = []
    for place in facts.places:
        in_county = sum(there[county] for county in place.host_county_ids)
        if place.level in ("zone", "park") and (in_county or inside[place.place_id]):
            spread = len(place.host_county_ids)
            rank = (-inside[place.place_id], -in_county, place.level != "zone", spread)
            likely.append((*rank, place.place_id))
    return tuple(place_id for *_, place_id in sorted(likely, key=lambda one: one[:-1]))


def parcels_elsewhere(
    parcels: Sequence[StandardLandParcel],
    shapes: Mapping[str, Any],
    facts: Facts,
    *,
    counties: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
) -> tuple[Elsewhere, ...]:
    """Parcels whose outline (by parcel id) lies outside the place that they are said to be of.

    A place whose counties nobody knows is passed over; land inside a zone's own outline, if that
    is no schematic one, is never elsewhere.
    """
    drawn = [parcel for parcel in parcels if shapes.get(parcel.parcel_id) is not None]
    found: dict[str, list[tuple[str, str]]] = {}
    where = county_ids([shapes[parcel.parcel_id] for parcel in drawn], counties)
    real = zones[(zones["precision"] != "schematic") & zones.geometry.notna()]
    own = dict(zip(real["place_id"], real.geometry, strict=True))
    for parcel, county in zip(drawn, where, strict=True):
        hosts = _counties_of(facts, parcel.place_id)
        outline = own.get(parcel.place_id)
        if not hosts or county in hosts:
            continue
        if outline is not None and outline.intersects(shapes[parcel.parcel_id]):
            continue
        found.setdefault(parcel.place_id, []).append((parcel.name, county))
    return tuple(
        Elsewhere(
            place_id,
            tuple(name for name, _ in pairs),
            tuple(dict.fromkeys(county for _, county in pairs)),
        )
        for place_id, pairs in found.items()
    )


def area_gaps(
    parcels: Sequence[StandardLandParcel], shapes: Mapping[str, Any]
) -> tuple[AreaGap, ...]:
    """Declared areas beside those of the outlines (by parcel id), the ones that differ first."""
    drawn = [parcel for parcel in parcels if shapes.get(parcel.parcel_id) is not None]
    outlines = gpd.GeoSeries([shapes[parcel.parcel_id] for parcel in drawn], crs=4490)
    found = [
        AreaGap(
            parcel.parcel_id,
            parcel.name,
            parcel.area_ha,
            float(area) / M2_PER_HA,
            parcel.area_qualifier,
        )
        for parcel, area in zip(drawn, area_m2(outlines) if drawn else (), strict=True)
    ]
    return tuple(sorted(found, key=lambda gap: not gap.differs))


def outlines_on_file(atlas: Atlas) -> dict[str, Any]:
    """The outlines of the parcels on file by the id of zone and number; none where none has one.

    Raises:
        StoreError: the collection is damaged.
    """
    if PARCELS not in atlas.versions:
        return {}
    frame: Any = atlas.workspace.read(PARCELS, version=atlas.versions[PARCELS])
    if "geometry" not in frame.columns:
        return {}
    rows = zip(frame["place_id"], frame["parcel_id"], frame["geometry"], strict=True)
    return {
        record_id(str(place), str(own)): shape
        for place, own, shape in rows
        if shape is not None and not shape.is_empty
    }


def _counties_of(facts: Facts, place_id: str) -> frozenset[str]:
    """The counties that a place lies in; none where that is not known, or is all of them."""
    place = facts.places_by_id.get(place_id)
    if place is None or place.level == "province":
        return frozenset()
    if place.level == "county":
        return frozenset((place_id,))
    if place.host_county_ids:
        return frozenset(place.host_county_ids)
    cities = {place_id} if place.level == "city" else set(place.host_city_ids)
    return frozenset(
        county.place_id
        for county in facts.places
        if county.level == "county" and county.parent_id in cities
    )
