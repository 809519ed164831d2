"""The sheet on which schematic footprints are drawn: who goes first, and where there is room.

Everything is in metres and m² on the equal-area plane of `geo.plane`; `geo.footprints` is the
entrance and states the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely

from geo.errors import FootprintError
from geo.hexagons import (
    adjoining_pair,
    blocks_of,
    hexagon_in,
    region_area,
    westmost_hexagon_in,
    whole_hexagon_area,
)

# Kept free along a county's outline and between footprints, so that each can be seen as one.
MARGIN_M: Final = 250.0
# A zone's own symbol stands at its middle: parks leave this part of its radius free.
CORE: Final = 0.2
# Of a county's free land a part may take this much even where it has to be clipped.
_FILL: Final = 0.4


@dataclass(frozen=True)
class Site:
    """A zone or park to be drawn: where it lies, and its declared area in m² if any."""

    place_id: str
    level: str
    parent_id: str | None
    county_ids: tuple[str, ...]
    declared_m2: float | None = None
    adjoins: str | None = None


@dataclass
class Sheet:
    """The drawing while it grows; everything in metres on the equal-area plane."""

    land: dict[str, Any]
    sites: dict[str, Site]
    mean_zone_m2: float
    mean_park_m2: float
    drawn: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, tuple[float, str]] = field(default_factory=dict)
    # County → footprints that others must keep clear of (parks inside zones are not listed).
    taken: dict[str, list[Any]] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)

    def want(self, site: Site, *, share_m2: float) -> None:
        """Settle the area of a site, and why: declared, else a mean, else a share of its parent."""
        if site.declared_m2:
            self.wanted[site.place_id] = site.declared_m2, "declared"
        elif site.level == "zone":
            self.wanted[site.place_id] = self.mean_zone_m2, "mean_industrial_zone"
        elif share_m2 < self.mean_park_m2:
            self.wanted[site.place_id] = share_m2, "share_of_parent"
        else:
            self.wanted[site.place_id] = self.mean_park_m2, "mean_park"

    def target(self, place_id: str) -> float:
        """Wanted area of a site in m²."""
        return self.wanted[place_id][0]

    def parent_of(self, site: Site) -> Site | None:
        """The site's parent, if that is drawn on this sheet too."""
        return self.sites.get(site.parent_id) if site.parent_id else None

    def line_of(self, site: Site) -> list[str]:
        """The site's own id, its parent's, and so on up."""
        found = []
        place: Site | None = site
        while place is not None:
            found.append(place.place_id)
            place = self.parent_of(place)
        return found

    def by_size(self, place_ids: Sequence[str]) -> list[str]:
        """Ids from the largest wanted area to the smallest; equal ones by id."""
        return sorted(place_ids, key=lambda i: (-self.target(i), i))

    def free(self, county_id: str, *, margin: float = MARGIN_M) -> Any:
        """What is left of a county, `margin` metres off its outline and other footprints."""
        land = self.land[county_id]
        if margin:
            land = land.buffer(-margin, join_style="mitre")
        taken = shapely.union_all(self.taken.get(county_id, []))
        if taken.is_empty:
            return land
        return land.difference(taken.buffer(margin, join_style="mitre") if margin else taken)

    def place(self, place_id: str, parts: Mapping[str, Any]) -> None:
        """Record the parts of a site, one for each county."""
        for county_id, part in parts.items():
            self.taken.setdefault(county_id, []).append(part)
        self.drawn[place_id] = _merged(parts.values())


def draw_zones(work: Sheet) -> None:
    """Draw all sites without a parent on the sheet, and those that adjoin them, largest first."""
    extensions = {site.adjoins: site for site in work.sites.values() if site.adjoins}
    bases = [i for i in work.wanted if work.sites[i].adjoins is None]
    for place_id in work.by_size(bases):
        site = work.sites[place_id]
        extension = extensions.get(place_id)
        if extension is not None and _draw_pair(work, site, extension):
            continue
        _draw_in_counties(work, place_id)
        if extension is not None:
            _draw_in_counties(work, extension.place_id)


def _draw_pair(work: Sheet, site: Site, extension: Site) -> bool:
    """Draw a zone and the extension that touches it, both whole; False if there is no room."""
    if len(site.county_ids) > 1:
        return False
    county_id = site.county_ids[0]
    pair = adjoining_pair(
        work.free(county_id), work.target(site.place_id), work.target(extension.place_id)
    )
    if pair is None:
        return False
    work.place(site.place_id, {county_id: pair[0]})
    work.place(extension.place_id, {county_id: pair[1]})
    return True


def _draw_in_counties(work: Sheet, place_id: str) -> None:
    """One hexagon in each host county: clear of others, else closer, else over them."""
    counties = work.sites[place_id].county_ids
    target = work.target(place_id)
    for margin in (MARGIN_M, 0.0):
        free = {county: work.free(county, margin=margin) for county in counties}
        parts = _hexagons(free, target)
        if parts is not None:
            work.place(place_id, parts)
            return
    parts = _hexagons({county: work.land[county] for county in counties}, target)
    if parts is None:
        raise FootprintError(f"{place_id}: 县域放不下 / does not fit its counties")
    work.place(place_id, parts)


def _hexagons(free: Mapping[str, Any], target: float) -> dict[str, Any] | None:
    """A hexagon in each region; None when they have too little room together.

    The parts are of equal size; where one neither fits whole nor leaves most of its region
    free, it is made smaller and the others larger, as long as they have room themselves.
    """
    room = {
        county: max(whole_hexagon_area(region), _FILL * region_area(region))
        for county, region in free.items()
    }
    shares = _equal_shares(room, target)
    if shares is None:
        shares = _equal_shares({i: region_area(region) for i, region in free.items()}, target)
    if shares is None:
        return None
    parts = {county: hexagon_in(free[county], share) for county, share in shares.items()}
    return None if any(part is None for part in parts.values()) else parts


def _equal_shares(room: Mapping[str, float], target: float) -> dict[str, float] | None:
    """Equal shares of `target`, those without room giving what is too much to the others."""
    if sum(room.values()) < target:
        return None
    shares: dict[str, float] = {}
    left, open_ids = target, sorted(room, key=lambda county: (room[county], county))
    for number, county in enumerate(open_ids):
        shares[county] = min(room[county], left / (len(open_ids) - number))
        left -= shares[county]
    return {county: share for county, share in shares.items() if share > 0}


def draw_parks(work: Sheet, parents: Sequence[Site]) -> None:
    """Parks of the given parents, then the parks of these parks, and so on."""
    level = sorted(site.place_id for site in parents)
    while level:
        following: list[str] = []
        for parent_id in level:
            parks = sorted(
                site.place_id
                for site in work.sites.values()
                if site.parent_id == parent_id and site.adjoins is None
            )
            if parks:
                _size_parks(work, parent_id, parks)
                _draw_inside(work, parent_id, parks)
                following.extend(parks)
        level = sorted(following)


def _size_parks(work: Sheet, parent_id: str, parks: list[str]) -> None:
    parent_m2 = work.target(parent_id)
    sized = [work.sites[i].declared_m2 or 0.0 for i in parks]
    sized += [work.mean_zone_m2 for i in parks if _is_bare_zone(work.sites[i])]
    left = max(parent_m2 - sum(area for area in sized if area < parent_m2), 0.0)
    without = [i for i in parks if not work.sites[i].declared_m2]
    without = [i for i in without if not _is_bare_zone(work.sites[i])]
    # Sized parks that already fill their zone leave no share; the mean then stands in.
    share = left / 2 / max(len(without), 1) or work.mean_park_m2
    for i in parks:
        work.want(work.sites[i], share_m2=share)


def _is_bare_zone(site: Site) -> bool:
    return site.level == "zone" and not site.declared_m2


def _draw_inside(work: Sheet, parent_id: str, parks: list[str]) -> None:
    """Draw the parks that fit inside their parent, and list the others for later."""
    if parent_id not in work.drawn:
        work.outside.extend(parks)
        return
    parent = work.drawn[parent_id]
    regions: dict[str, Any] = {}
    requests: dict[str, dict[str, float]] = {}
    # Small parks first: a park that is larger than its zone must not push the others out.
    for i in reversed(work.by_size(parks)):
        shares = _shares_inside(work, i, parent, regions, requests)
        if shares is None:
            work.outside.append(i)
            continue
        for county, share in shares.items():
            requests.setdefault(county, {})[i] = share
    pieces: dict[str, list[Any]] = {}
    for county in sorted(requests):
        for i, part in _partition(regions[county], requests[county]).items():
            pieces.setdefault(i, []).append(part)
    for i, parts in pieces.items():
        work.drawn[i] = _merged(parts)


def _shares_inside(
    work: Sheet,
    place_id: str,
    parent: Any,
    regions: dict[str, Any],
    requests: dict[str, dict[str, float]],
) -> dict[str, float] | None:
    room = {}
    for county in work.sites[place_id].county_ids:
        if county not in regions:
            regions[county] = parent.intersection(work.land[county])
        used = sum(requests.get(county, {}).values())
        left = region_area(regions[county]) - used
        # The last block may be all that is left, up to the rounding of declared figures.
        if left > 1.0:
            room[county] = left + 1e-6
    target, total = work.target(place_id), sum(room.values())
    if total < target:
        return None
    return {county: target * left / total for county, left in room.items()}


def _partition(region: Any, wanted: Mapping[str, float]) -> dict[str, Any]:
    """Parts of a region with the wanted areas: whole hexagons if they fit, else blocks."""
    order = sorted(wanted, key=lambda i: (-wanted[i], i))
    size = float(np.sqrt(region_area(region)))
    gap = min(MARGIN_M, 0.03 * size)
    inner = region.buffer(-gap, join_style="mitre")
    core = shapely.centroid(region).buffer(CORE * size / 2)
    for free, choose in (
        (inner.difference(core), _roomiest_whole),
        (inner, _roomiest_whole),
        (inner, westmost_hexagon_in),
    ):
        parts = _packed(free, order, wanted, gap, choose)
        if parts is not None:
            return parts
    return dict(zip(order, blocks_of(region, [wanted[i] for i in order]), strict=True))


def _roomiest_whole(region: Any, area: float) -> Any:
    return hexagon_in(region, area, whole=True)


def _packed(
    free: Any,
    order: Sequence[str],
    wanted: Mapping[str, float],
    gap: float,
    choose: Callable[[Any, float], Any],
) -> dict[str, Any] | None:
    """Whole hexagons one after the other where `choose` puts them; None when one has no room."""
    parts: dict[str, Any] = {}
    for i in order:
        part = choose(free, wanted[i])
        if part is None:
            return None
        parts[i] = part
        free = free.difference(part.buffer(gap, join_style="mitre"))
    return parts


def draw_outside(work: Sheet) -> None:
    """Parks that do not fit in their parents, somewhere else in their own counties."""
    for i in work.by_size(work.outside):
        _draw_in_counties(work, i)


def _merged(parts: Any) -> Any:
    pieces = [piece for part in parts for piece in getattr(part, "geoms", [part])]
    return pieces[0] if len(pieces) == 1 else shapely.MultiPolygon(pieces)
