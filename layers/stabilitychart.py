"""How safe a ranking is, as bars: the share of all weights that give a proposal each rank."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from facts.model import Lang
from facts.stability import Stability
from layers.texts import text

WIDTH = 520
_NAME_PX = 150
_ROW_PX = 28
_BAR_PX = 17
_NAME_CHARS = 11
_LABEL_FROM = 0.08  # a narrower part has no room for its number
# Dark to light, so that the order is seen without hues; the text turns with the ground.
_SHADES = ("#08306b", "#2171b5", "#6baed6", "#bdd7e7", "#d9d9d9", "#f0f0f0")


def acceptability_svg(
    stability: Stability, names: Sequence[str], *, lang: Lang, width_px: int = WIDTH
) -> str:
    """A bar a proposal, its parts the ranks from the first to the last."""
    count = len(names)
    height = _ROW_PX * count + 8
    said = text("compare.comma", lang).join(
        text("compare.first_share", lang, name=name, share=f"{100 * row[0]:.0f}")
        for name, row in zip(names, stability.acceptability, strict=True)
    )
    label = escape(text("compare.stability_label", lang, shares=said))
    rows = "".join(
        _row(name, list(row), n, width_px, lang)
        for n, (name, row) in enumerate(zip(names, stability.acceptability, strict=True))
    )
    return (
        f'<svg class="za-chart za-stability" role="img" aria-label="{label}" width="{width_px}" '
        f'height="{height}" viewBox="0 0 {width_px} {height}" font-size="12" fill="currentColor">'
        f"{rows}</svg>"
    )


def _row(name: str, shares: list[float], number: int, width_px: int, lang: Lang) -> str:
    top = 4 + number * _ROW_PX
    middle = top + _BAR_PX - 4
    short = name if len(name) <= _NAME_CHARS else name[: _NAME_CHARS - 1] + "…"
    parts = [f'<text x="0" y="{middle}"><title>{escape(name)}</title>{escape(short)}</text>']
    x = float(_NAME_PX)
    for place, share in enumerate(shares):
        wide = share * (width_px - _NAME_PX)
        title = text("compare.rank_share", lang, rank=place + 1, share=f"{100 * share:.1f}")
        ink = "#ffffff" if place < 2 else "#111111"
        parts.append(
            f'<rect x="{x:.1f}" y="{top}" width="{wide:.1f}" height="{_BAR_PX}" '
            f'fill="{_SHADES[place]}" stroke="currentColor" stroke-opacity=".35">'
            f"<title>{escape(title)}</title></rect>"
        )
        if share >= _LABEL_FROM:
            parts.append(
                f'<text x="{x + wide / 2:.1f}" y="{middle}" text-anchor="middle" fill="{ink}" '
                f'font-size="11">{100 * share:.0f}%</text>'
            )
        x += wide
    return f'<g data-row="{number}">{"".join(parts)}</g>'
