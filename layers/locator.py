"""A small drawing of where a place lies in its province: SVG text, no request, no script.

Plate carrée with longitudes shrunk at the middle latitude: true enough at this size. Colours are
CSS classes (``locator-…``) with `currentColor` behind them, so that one theme fits light and dark.
"""

from __future__ import annotations

from html import escape
from math import cos, radians
from typing import TYPE_CHECKING, Any

import shapely

from layers.texts import text

if TYPE_CHECKING:
    from facts.model import Lang, Place
    from layers.atlas import Atlas

_WIDTH = 220.0
_MARGIN = 4.0
_THIN_DEGREES = 0.03  # about two pixels of detail
_LEAST_PX = 7.0  # smaller outlines are drawn as a dot


def locator_svg(atlas: Atlas, place: Place, lang: Lang) -> str:
    """The province with its cities and, marked, the place; empty when nothing can be placed.

    A place without an outline is marked by its group's outline, its members, or not at all.
    """
    shapes = _shapes(atlas, place)
    cities = atlas.boundaries("cities").geometry.to_numpy()
    if not shapes or len(cities) == 0:
        return ""
    west, south, east, north = atlas.bounds()
    squeeze = cos(radians((south + north) / 2))
    scale = (_WIDTH - 2 * _MARGIN) / ((east - west) * squeeze)
    height = (north - south) * scale + 2 * _MARGIN

    def at(lon: float, lat: float) -> tuple[float, float]:
        x = _MARGIN + (lon - west) * squeeze * scale
        return round(x, 1), round(_MARGIN + (north - lat) * scale, 1)

    lines = "".join(_path(c, at) for c in shapely.coverage_simplify(cities, _THIN_DEGREES))
    marks = "".join(_mark(shape, at, scale * squeeze) for shape in shapes)
    label = escape(text("legend.file.locator", lang, name=place.name(lang)))
    return (
        f'<svg class="locator" viewBox="0 0 {_WIDTH:g} {height:.0f}" role="img" '
        f'aria-label="{label}"><title>{label}</title>'
        f'<path class="locator-cities" fill="none" stroke="currentColor" stroke-opacity=".45" '
        f'stroke-width=".7" stroke-linejoin="round" d="{lines}"/>'
        f'<g class="locator-place" fill="currentColor" fill-opacity=".75" stroke="currentColor">'
        f"{marks}</g></svg>"
    )


def _shapes(atlas: Atlas, place: Place) -> list[Any]:
    ids = [place.place_id, *([place.drawn_on] if place.drawn_on else []), *place.members]
    rows = (atlas.outline_of(place_id) for place_id in ids)
    return [row["geometry"] for row in rows if row is not None]


def _mark(shape: Any, at: Any, px_per_degree: float) -> str:
    west, south, east, north = shapely.bounds(shape)
    if max(east - west, north - south) * px_per_degree < _LEAST_PX:
        inside = shapely.point_on_surface(shape)
        x, y = at(shapely.get_x(inside), shapely.get_y(inside))
        return f'<circle cx="{x:g}" cy="{y:g}" r="{_LEAST_PX / 2:g}"/>'
    thin = shapely.simplify(shape, _THIN_DEGREES / 3)
    return f'<path stroke-width="1" d="{_path(thin, at)}"/>'


def _path(shape: Any, at: Any) -> str:
    """The outer and inner rings of a polygon or multipolygon as path data."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    parts = []
    for ring in rings:
        points = [at(x, y) for x, y in shapely.get_coordinates(ring)[:-1]]
        parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z")
    return "".join(parts)
