"""How safe a ranking is, as bars: the share of all weights that give a proposal each rank."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from facts.model import Lang
from facts.stability import Stability
from layers.texts import text
from layers.waterfall import (
    BAR_PX,
    GAP_PX,
    LINE_PX,
    NARROWEST,
    clean,
    fitted,
    svg,
    width_of,
)

WIDTH: Final = 520
_NAME_SHARE: Final = 0.32  # of the width, at most
_ROW_PX: Final = 9  # between rows
_KEY_PX: Final = 10  # a square of the key
# Dark to light, so that the order is seen without hues; ColorBrewer's Blues at both ends.
_DARK, _LIGHT = (8, 48, 107), (233, 239, 247)
_SAME: Final = 5e-4  # weights that print alike have no outline
# Relative luminance (WCAG 2.1) below which white is read better than black: where both contrast
# alike, by 4.6 to 1.
_WHITE_BELOW: Final = 0.179


def acceptability_svg(
    stability: Stability, names: Sequence[str], *, lang: Lang, width_px: int = WIDTH
) -> str:
    """A bar a proposal, its parts the ranks from the first to the last.

    A part that is too narrow for its number has it as a title; the label says all of them.
    """
    width = max(width_px, NARROWEST)
    names = [clean(name) for name in names]
    left = min(max(map(width_of, names)) + GAP_PX, _NAME_SHARE * width)
    shades = [_shade(place, len(names)) for place in range(len(names))]
    key, y = _key(shades, left, width, lang)
    body, told = [key], []
    for name, row in zip(names, stability.acceptability.tolist(), strict=True):
        drawn, y = _stacked(name, row, shades, (left, y, width), lang)
        body.append(drawn)
        parts = [_rank_share(n, share, lang) for n, share in enumerate(row) if share > 0]
        shares = text("compare.comma", lang).join(parts)
        told.append(text("waterfall.row", lang, name=name, shares=shares))
    rows = text("waterfall.between", lang).join(told)
    label = text("waterfall.acceptability", lang, rows=rows)
    return svg("za-stability", label, "".join(body), width=width, height=y)


def weights_svg(
    names: Sequence[str],
    weights: Sequence[float],
    *,
    lang: Lang,
    changed: Sequence[float] | None = None,
    width_px: int = WIDTH,
) -> str:
    """A bar a criterion, as long as its weight.

    Args:
        names: of the criteria.
        weights: shares of 1, one for each name.
        lang: "zh" or "en".
        changed: other weights beside them, as outlines: those that turn the ranking.
        width_px: how wide the drawing is.
    """
    width = max(width_px, NARROWEST)
    names = [clean(name) for name in names]
    others = list(weights) if changed is None else list(changed)
    words = [
        text("waterfall.weight", lang, share=f"{100 * own:.1f}")
        if changed is None or f"{100 * own:.1f}" == f"{100 * other:.1f}"
        else text("waterfall.weight_changed", lang, share=f"{100 * own:.1f}",
                  changed=f"{100 * other:.1f}")
        for own, other in zip(weights, others, strict=True)
    ]  # fmt: skip
    left = min(max(map(width_of, names)) + GAP_PX, _NAME_SHARE * width)
    most = max(*weights, *others, 1e-9)
    scale = max(width - left - max(map(width_of, words)) - GAP_PX, 40.0) / most
    body, y = [], 4.0
    for name, own, other, said in zip(names, weights, others, words, strict=True):
        lines = fitted(name, left - GAP_PX)
        parts = [f"<title>{escape(f'{name} {said}')}</title>", *_name(lines, y)]
        parts.append(
            f'<rect class="za-weight" x="{left:.1f}" y="{y:.1f}" width="{own * scale:.1f}" '
            f'height="{BAR_PX}" fill="currentColor" fill-opacity=".55"/>'
        )
        if abs(other - own) > _SAME:
            parts.append(
                f'<rect class="za-changed" x="{left:.1f}" y="{y - 2:.1f}" '
                f'width="{other * scale:.1f}" height="{BAR_PX + 4}" fill="none" '
                'stroke="currentColor" stroke-dasharray="4 2"/>'
            )
        parts.append(
            f'<text x="{width}" y="{y + LINE_PX - 2:.0f}" text-anchor="end">{escape(said)}</text>'
        )
        body.append(f'<g data-weight="{escape(name)}">{"".join(parts)}</g>')
        y += max(len(lines) * LINE_PX, BAR_PX) + _ROW_PX
    told = [
        text("waterfall.row", lang, name=name, shares=said)
        for name, said in zip(names, words, strict=True)
    ]
    label = text("waterfall.weights", lang, rows=text("waterfall.between", lang).join(told))
    return svg("za-weights", label, "".join(body), width=width, height=y)


def _stacked(
    name: str,
    shares: Sequence[float],
    shades: Sequence[tuple[str, str]],
    place: tuple[float, float, int],
    lang: Lang,
) -> tuple[str, float]:
    """A row at `place` (left, top, width) as SVG, and where the next one begins."""
    left, y, width = place
    lines = fitted(name, left - GAP_PX)
    parts = [f"<title>{escape(name)}</title>", *_name(lines, y)]
    x = left
    for n, share in enumerate(shares):
        wide = share * (width - left - 1)
        if wide <= 0:
            continue
        fill, ink = shades[n]
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{BAR_PX}" fill="{fill}" '
            'stroke="currentColor" stroke-opacity=".5" stroke-width=".6">'
            f"<title>{escape(f'{name} {_rank_share(n, share, lang)}')}</title></rect>"
        )
        number = text("waterfall.weight", lang, share=f"{100 * share:.0f}")
        if width_of(number) + 4 <= wide:
            parts.append(
                f'<text x="{x + wide / 2:.1f}" y="{y + LINE_PX - 3:.0f}" text-anchor="middle" '
                f'fill="{ink}" font-size="11">{escape(number)}</text>'
            )
        x += wide
    return f"<g>{''.join(parts)}</g>", y + max(len(lines) * LINE_PX, BAR_PX) + _ROW_PX


def _key(
    shades: Sequence[tuple[str, str]], left: float, width: int, lang: Lang
) -> tuple[str, float]:
    """Which shade is which rank, in as many lines as it takes, and where the rows begin."""
    parts, x, y = [], left, 4.0
    for n, (fill, _) in enumerate(shades):
        words = text("waterfall.rank", lang, rank=n + 1)
        wide = _KEY_PX + 4 + width_of(words)
        if x + wide > width and x > left:
            x, y = left, y + LINE_PX + 2
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{_KEY_PX}" height="{_KEY_PX}" fill="{fill}" '
            'stroke="currentColor" stroke-opacity=".5" stroke-width=".6"/>'
            f'<text x="{x + _KEY_PX + 4:.1f}" y="{y + _KEY_PX - 1:.0f}" font-size="11">'
            f"{escape(words)}</text>"
        )
        x += wide + GAP_PX
    return "".join(parts), y + LINE_PX + 8


def _name(lines: Sequence[str], y: float) -> list[str]:
    return [
        f'<text x="0" y="{y + LINE_PX * (n + 1) - 2:.0f}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    ]


def _rank_share(place: int, share: float, lang: Lang) -> str:
    return text("waterfall.rank_share", lang, rank=place + 1, share=f"{100 * share:.1f}")


def _shade(place: int, count: int) -> tuple[str, str]:
    """The fill of a rank, and the ink that is read on it."""
    at = place / max(count - 1, 1)
    mixed = [round(d + (li - d) * at) for d, li in zip(_DARK, _LIGHT, strict=True)]
    linear = [((m / 255 + 0.055) / 1.055) ** 2.4 if m > 10 else m / 255 / 12.92 for m in mixed]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    ink = "#ffffff" if luminance < _WHITE_BELOW else "#000000"
    return "#{:02x}{:02x}{:02x}".format(*mixed), ink
