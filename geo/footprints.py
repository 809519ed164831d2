"""Schematic footprints: figures of the right size in the right county, drawn by rule.

They stand where no boundary is on file; nothing in them is chance, and nothing is surveyed.

A zone is a flat-topped regular hexagon at the point of its county with most room, away from the
footprints drawn before it (largest first); where the whole hexagon does not fit it is clipped by
the county and grows until its area is exact again. A zone of several counties gets an equal part
in each, as far as they fit. Parks are hexagons inside their zone, or blocks cut from it where
hexagons do not fit; a park that cannot lie in its zone lies in its own county. All areas are
ellipsoidal, in m².
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from geo.areas import area_m2
from geo.errors import FootprintError
from geo.hexagons import region_area, with_vertices
from geo.plane import to_degrees, to_plane
from geo.sheet import Sheet, Site, draw_outside, draw_parks, draw_zones

__all__ = ["Footprint", "Site", "draw_footprints"]

_DECIMALS: Final = 9


@dataclass(frozen=True)
class Footprint:
    """A drawn site: polygon in degrees (EPSG:4490), label point, and how it came about.

    `basis` is declared, mean_industrial_zone, share_of_parent or mean_park; `target_m2` the
    area it was drawn for; `in_parent` None where the parent has no footprint of its own;
    `overlaps` the footprints (not its parents, parks or their parks) it could not avoid.
    """

    place_id: str
    geometry: Any
    point: tuple[float, float]
    basis: str
    target_m2: float
    in_parent: bool | None
    overlaps: tuple[str, ...]


def draw_footprints(
    sites: Sequence[Site],
    counties: Mapping[str, Any],
    *,
    mean_zone_m2: float,
    mean_park_m2: float,
) -> tuple[Footprint, ...]:
    """Draw every site, sorted by place id.

    `counties` maps county ids to polygons in degrees (EPSG:4490). A zone without a declared area
    gets `mean_zone_m2`; a park an equal share of half of what its parent's declared parks leave
    of the parent, at most `mean_park_m2`. The order of `sites` does not matter. Raises
    FootprintError, naming all, on repeated ids, unknown counties, areas that are not positive
    or larger than the counties, and parents in a ring.
    """
    _refuse_bad_sites(sites, counties)
    land = dict(zip(counties, to_plane(np.array(list(counties.values()))), strict=True))
    work = Sheet(land, {site.place_id: site for site in sites}, mean_zone_m2, mean_park_m2)
    top = [site for site in sites if site.adjoins is not None or work.parent_of(site) is None]
    for site in top:
        work.want(site, share_m2=mean_park_m2)
    draw_zones(work)
    draw_parks(work, top)
    draw_outside(work)
    return tuple(_footprint(work, place_id) for place_id in sorted(work.sites))


def _refuse_bad_sites(sites: Sequence[Site], counties: Mapping[str, Any]) -> None:
    faults: list[str] = []
    by_id: dict[str, Site] = {}
    for site in sites:
        if site.place_id in by_id:
            faults.append(f"{site.place_id}: 编号重复 / id occurs twice")
        by_id[site.place_id] = site
        unknown = [county for county in site.county_ids if county not in counties]
        if unknown or not site.county_ids:
            faults.append(f"{site.place_id}: 县区未知 / unknown host counties {unknown}")
            continue
        room = float(area_m2([counties[county] for county in site.county_ids]).sum())
        if site.declared_m2 is not None and not 0 < site.declared_m2 < room:
            faults.append(
                f"{site.place_id}: 面积不可绘 / {site.declared_m2} m² in counties of {room:.0f} m²"
            )
    for site in sites:
        seen = {site.place_id}
        parent = by_id.get(site.parent_id or "")
        while parent is not None:
            if parent.place_id in seen:
                faults.append(f"{site.place_id}: 上级成环 / parents form a ring")
                break
            seen.add(parent.place_id)
            parent = by_id.get(parent.parent_id or "")
        if site.adjoins is not None:
            base = by_id.get(site.adjoins)
            if base is None or base.parent_id in by_id or base.adjoins is not None:
                faults.append(f"{site.place_id}: 邻接对象不可用 / cannot adjoin {site.adjoins}")
    if faults:
        raise FootprintError("示意范围无法绘制 / footprints cannot be drawn", faults=faults)


def _footprint(work: Sheet, place_id: str) -> Footprint:
    site, shape = work.sites[place_id], work.drawn[place_id]
    target, basis = work.wanted[place_id]
    parent = work.parent_of(site)
    in_parent = None
    if parent is not None and site.adjoins is None:
        in_parent = region_area(shape.difference(work.drawn[parent.place_id])) < 1e-6 * target
    noded = with_vertices(shape, _vertices_within(work, site))
    degrees = shapely.transform(to_degrees(noded), lambda points: np.round(points, _DECIMALS))
    centre = _label_point(work, site)
    lon, lat = np.round(shapely.get_coordinates(to_degrees(centre))[0], 6)
    return Footprint(
        place_id=place_id,
        geometry=shapely.orient_polygons(degrees, exterior_cw=False),
        point=(float(lon), float(lat)),
        basis=basis,
        target_m2=target,
        in_parent=in_parent,
        overlaps=_overlaps(work, site),
    )


def _vertices_within(work: Sheet, site: Site) -> Any:
    """Vertices of the parks drawn in a site, and of their parks.

    An edge that is straight on the plane is not quite straight in degrees: where a park's corner
    lies on its zone's edge, both must have it as a vertex, or the park would reach over it.
    """
    parks = [
        other.place_id
        for other in work.sites.values()
        if site.place_id in work.line_of(other)[1:] and other.adjoins is None
    ]
    return shapely.get_coordinates([work.drawn[i] for i in sorted(parks)])


def _label_point(work: Sheet, site: Site) -> Any:
    """The middle of the largest part, or a point off the site's parks when they cover it."""
    shape = work.drawn[site.place_id]
    largest = max(getattr(shape, "geoms", [shape]), key=lambda part: part.area)
    parks = [
        work.drawn[other.place_id]
        for other in work.sites.values()
        if other.parent_id == site.place_id
    ]
    rest = largest.difference(shapely.union_all(parks)) if parks else largest
    middle = shapely.centroid(largest)
    if shapely.contains(rest, middle):
        return middle
    # Parks that fill their zone leave only rounding behind: no place for a symbol.
    roomy = rest if region_area(rest) > 0.02 * region_area(largest) else largest
    return shapely.get_point(shapely.maximum_inscribed_circle(roomy, tolerance=10.0), 0)


def _overlaps(work: Sheet, site: Site) -> tuple[str, ...]:
    shape = work.drawn[site.place_id]
    others = []
    for other_id in sorted(work.drawn):
        if site.place_id in work.line_of(work.sites[other_id]) or other_id in work.line_of(site):
            continue
        if region_area(shape.intersection(work.drawn[other_id])) > 1.0:
            others.append(other_id)
    return tuple(others)
