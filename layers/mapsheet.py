"""The map of a proposal for paper: an SVG with legend, scale bar and north arrow.

Drawn on the equal-area plane, stretched to be true in shape at the proposal's middle, so that the
scale bar holds in every direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np
import shapely

from facts.model import Lang
from geo.plane import stretch_at, to_plane
from layers.dossiers import Dossier
from layers.ledgercolours import colour_of
from layers.texts import text

WIDTH: Final = 640
HEIGHT: Final = 420
_MARGIN: Final = 0.09  # of the extent, around the proposal
_BARS_KM: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_BAR_SHARE: Final = 0.25  # of the width, at most
_DASHED: Final = ("schematic", "synthetic")
_SIMPLE_PX: Final = 0.15


@dataclass(frozen=True, slots=True)
class Sheet:
    """From degrees to pixels: metres of the stretched plane, then `px_per_m`."""

    kx: float
    ky: float
    left: float
    top: float
    px_per_m: float

    def drawn(self, shape: Any) -> Any:
        """A shape in pixels, y downwards, without what is too fine to see."""
        plane = to_plane(shape)
        moved = shapely.transform(
            plane,
            lambda p: (
                np.stack([(p[:, 0] * self.kx - self.left), (self.top - p[:, 1] * self.ky)], axis=1)
                * self.px_per_m
            ),
        )
        return shapely.simplify(moved, _SIMPLE_PX)


def sheet_of(dossier: Dossier, width: int, height: int) -> Sheet | None:
    """The sheet that shows all of a proposal's land; None when none is on file."""
    p = dossier.proposal
    shapes = [to_plane(s) for s in (p.base, p.land_in, p.land_out) if s is not None]
    if not shapes:
        return None
    west, south, east, north = shapely.total_bounds(shapes)
    ky, kx = stretch_at((south + north) / 2)  # from the plane back to the true shape
    wide, high = (east - west) * kx, (north - south) * ky
    px_per_m = min(width / wide, height / high) / (1 + 2 * _MARGIN)
    left = (west + east) / 2 * kx - width / 2 / px_per_m
    top = (south + north) / 2 * ky + height / 2 / px_per_m
    return Sheet(kx, ky, left, top, px_per_m)


def map_svg(
    dossier: Dossier, neighbours: Any, counties: Any, *, lang: Lang, width_px: int = WIDTH,
    height_px: int = HEIGHT,
) -> str:  # fmt: skip
    """The map; empty when no land of the proposal is on file.

    Args:
        dossier: with its ledger.
        neighbours: other zones, a GeoDataFrame in EPSG:4490 with name_zh, name_en.
        counties: county outlines, the same.
        lang: of the names.
        width_px: of the drawing, one px being 1/96 inch.
        height_px: of the drawing.
    """
    sheet = sheet_of(dossier, width_px, height_px)
    if sheet is None:
        return ""
    view = shapely.box(0, 0, width_px, height_px)
    body = [
        '<rect width="100%" height="100%" fill="#fbfbf8"/>',
        *_counties(sheet, counties, view, lang),
        *_neighbours(sheet, neighbours, view, lang),
        *_ledger(sheet, dossier),
        *_outlines(sheet, dossier),
        _scale_bar(sheet, width_px, height_px),
        _north(width_px),
        f'<rect x=".5" y=".5" width="{width_px - 1}" height="{height_px - 1}" fill="none" '
        'stroke="#444"/>',
    ]
    title = escape(text("report.map_title", lang, name=dossier.name))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" '
        f'width="{width_px}" height="{height_px}" viewBox="0 0 {width_px} {height_px}" '
        f'font-family="Noto Sans SC" font-size="11"><clipPath id="frame"><rect '
        f'width="{width_px}" height="{height_px}"/></clipPath><g clip-path="url(#frame)">'
        f"{''.join(body)}</g></svg>"
    )


def _path(shape: Any) -> str:
    """Rings of polygons as an SVG path, to a tenth of a pixel."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    written = []
    for ring in rings:
        points = " ".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1])
        written.append(f"M{points}Z")
    return "".join(written)


def _ledger(sheet: Sheet, dossier: Dossier) -> Iterator[str]:
    if dossier.ledger is None:
        return
    for order, line in enumerate(dossier.ledger.lines):
        if line.geometry is None:
            continue
        path = _path(sheet.drawn(line.geometry))
        yield f'<path d="{path}" fill="{colour_of(line.kind, order)}" fill-rule="evenodd" fill-opacity=".75"/>'  # noqa: E501


def _outlines(sheet: Sheet, dossier: Dossier) -> Iterator[str]:
    p = dossier.proposal
    dashed = ' stroke-dasharray="6 4"' if p.precision in _DASHED else ""
    for shape, colour, dash in (
        (p.base, "#1c2530", dashed), (p.land_out, "#7c3aed", ' stroke-dasharray="2 4"'),
        (p.land_in, "#c2410c", dashed),
    ):  # fmt: skip
        if shape is not None:
            path = _path(sheet.drawn(shape))
            yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'


def _neighbours(sheet: Sheet, zones: Any, view: Any, lang: Lang) -> Iterator[str]:
    for row in _near(sheet, zones, view):
        path = _path(row["shape"])
        yield f'<path d="{path}" fill="#9aa3ad" fill-opacity=".3" stroke="#6b7480"/>'
        yield _label(row, lang, "#4a5462")


def _counties(sheet: Sheet, counties: Any, view: Any, lang: Lang) -> Iterator[str]:
    for row in _near(sheet, counties, view):
        path = _path(row["shape"])
        yield f'<path d="{path}" fill="none" stroke="#8a94a0" stroke-dasharray="8 3 2 3"/>'
        yield _label(row, lang, "#6b7480")


def _near(sheet: Sheet, frame: Any, view: Any) -> Iterator[dict[str, Any]]:
    """Rows whose shape shows in the view, with the shape in pixels and its visible part."""
    shapes = sheet.drawn(frame.geometry.to_numpy())
    for index in np.flatnonzero(shapely.intersects(shapes, view)):
        row = frame.iloc[int(index)]
        seen = shapely.intersection(shapely.make_valid(shapes[index]), view)
        yield {"zh": row["name_zh"], "en": row["name_en"], "shape": shapes[index], "seen": seen}


def _label(row: dict[str, Any], lang: Lang, colour: str) -> str:
    name = row["zh"] if lang == "zh" else row["en"] or row["zh"]
    if shapely.area(row["seen"]) < 1500:  # no room for a name
        return ""
    at = shapely.point_on_surface(row["seen"])
    x, y = float(shapely.get_x(at)), float(shapely.get_y(at))
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" fill="{colour}">'
        f"{escape(str(name))}</text>"
    )


def bar_km(sheet: Sheet, width_px: int) -> float:
    """The length of the scale bar: the longest round one that fits."""
    room = width_px * _BAR_SHARE / sheet.px_per_m / 1000
    return max([km for km in _BARS_KM if km <= room], default=_BARS_KM[0])


def _scale_bar(sheet: Sheet, width_px: int, height_px: int) -> str:
    km = bar_km(sheet, width_px)
    long = km * 1000 * sheet.px_per_m
    y = height_px - 16
    return (
        f'<g><rect x="8" y="{y - 18}" width="{long + 20:.1f}" height="28" fill="#fff" '
        f'fill-opacity=".85"/><rect x="16" y="{y}" width="{long / 2:.1f}" height="4" fill="#111"/>'
        f'<rect x="16" y="{y}" width="{long:.1f}" height="4" fill="none" stroke="#111"/>'
        f'<text x="16" y="{y - 4}">0</text><text x="{16 + long:.1f}" y="{y - 4}" '
        f'text-anchor="end">{km:g} km</text></g>'
    )


def _north(width_px: int) -> str:
    x = width_px - 24
    return (
        f'<g><path d="M{x} 10 l8 22 l-8 -5 l-8 5 Z" fill="#111"/><text x="{x}" y="44" '
        'text-anchor="middle" font-weight="700">N</text></g>'
    )
