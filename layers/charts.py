"""Small charts as SVG text: an indicator through time, and a target beside what was reached.

No request and no script. Colours are CSS classes (``za-bar-…``) with `currentColor` behind them,
so that one drawing fits light and dark; lengths are in the drawing's own units, about a pixel.
Bars start at zero, since their length is read; a bar that is a bound or an approximation is
hollow. Every text is escaped; the whole content is also in `title` and `desc` for readers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

from facts.model import Lang
from layers.legend import MARKS, format_number
from layers.placefigures import FigureRow, Series, TargetPair
from layers.texts import text

_FONT = 11.0
_LINE = 13.0
_SLOT = 76.0  # least room of a column with its labels
_COLUMN = 40.0
_PLOT = 84.0  # height between the highest and the lowest value
_BAR = 12.0
_WIDE = 300.0  # width of a pair of bars
_LEAST_RANGE = 1e-300
_LEAST_PX = 1.5  # a figure near zero still has a visible bar
_BREAK_AFTER = "—–年 "


@dataclass(frozen=True, slots=True)
class Point:
    """One bar: a label, the value, how it is written, and whether it is a plain exact figure."""

    label: str
    value: float
    written: str
    exact: bool = True


def series_chart(series: Series, lang: Lang) -> str:
    """Columns of a series, oldest first; empty when fewer than two of its figures can be drawn."""
    points = [p for p in map(_point, series.points) if p]
    if len(points) < 2:
        return ""
    return columns_svg(points, title=series_title(series, lang), desc=_told(points, lang))


def series_title(series: Series, lang: Lang) -> str:
    """What the chart of a series shows, with its unit."""
    key = "series" if series.unit and series.unit != "count" else "series_plain"
    return text(
        f"place.chart.{key}",
        lang,
        indicator=series.indicator,
        kind=series.kind_name,
        unit=series.unit,
    )


def target_chart(pair: TargetPair, lang: Lang) -> str:
    """A target and what was reached as two bars on one scale.

    Empty when one of them is missing or they are in different units.
    """
    if pair.actual is None or pair.actual.unit_code != pair.target.unit_code:
        return ""
    bars = [
        _point(row, text(f"place.chart.{name}", lang, period=row.period_name), full=True)
        for name, row in (("target", pair.target), ("actual", pair.actual))
    ]
    points = [p for p in bars if p]
    if len(points) < 2:
        return ""
    return bars_svg(points, title=pair.target.indicator, desc=_told(points, lang))


# --- drawing -------------------------------------------------------------------------------------


def columns_svg(points: Sequence[Point], *, title: str, desc: str) -> str:
    """Columns side by side, each with its value and its label (in one or two lines)."""
    labels = [two_lines(p.label, _SLOT) for p in points]
    widest = max(text_width(t) for p, ls in zip(points, labels, strict=True)
                 for t in (p.written, *ls))  # fmt: skip
    slot = max(_SLOT, widest + 8)
    low, high = _range(points)
    scale = _PLOT / (high - low)
    zero = _LINE + 4 + high * scale
    below = _LINE + 4 if low < 0 else 4.0  # room for the value under a falling column
    base = _LINE + 4 + _PLOT + below
    lines = max(map(len, labels))
    parts = []
    for i, (point, own) in enumerate(zip(points, labels, strict=True)):
        x = slot * (i + 0.5)
        height = max(abs(point.value) * scale, _LEAST_PX)
        top = zero if point.value < 0 else zero - height
        at = top + height + _LINE - 1 if point.value < 0 else top - 4
        parts.append(_rect(point, x - _COLUMN / 2, top, _COLUMN, height, css="series"))
        parts.append(_text(point.written, x, at, css="za-bar-value"))
        parts += [
            _text(line, x, base + _LINE * (n + 0.8), css="za-bar-label")
            for n, line in enumerate(own)
        ]
    width = slot * len(points)
    axis = f'<path class="za-bar-axis" stroke="currentColor" d="M0 {zero:.1f}H{width:.0f}"/>'
    return _svg(width, base + _LINE * lines + 4, axis + "".join(parts), title, desc)


def bars_svg(points: Sequence[Point], *, title: str, desc: str) -> str:
    """Bars under one another on one scale, each under its label and with its value at its end."""
    room = max(text_width(p.written) for p in points) + 8 + _LEAST_PX
    low, high = _range(points)
    scale = (_WIDE - room) / (high - low)
    zero = -low * scale + (_LEAST_PX if low < 0 else 0.0)
    row = _LINE + _BAR + 8
    parts = []
    for i, point in enumerate(points):
        y = i * row
        length = max(abs(point.value) * scale, _LEAST_PX)
        left = zero - length if point.value < 0 else zero
        parts.append(_text(point.label, 0, y + _LINE - 2, css="za-bar-label", anchor="start"))
        css = "target" if i == 0 else "actual"
        parts.append(_rect(point, left, y + _LINE + 2, length, _BAR, css=css))
        end = max(left + length, zero) + 5
        parts.append(
            _text(point.written, end, y + _LINE + _BAR, css="za-bar-value", anchor="start")
        )
    width = max(_WIDE, *(text_width(p.label) + 4 for p in points))
    return _svg(width, row * len(points), "".join(parts), title, desc)


def text_width(written: str) -> float:
    """About how wide a text is at the charts' size: full-width signs count twice."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in written)
    return _FONT * (wide + 0.58 * (len(written) - wide))


def two_lines(label: str, width: float) -> tuple[str, ...]:
    """A label as it is if it is no wider than `width`, else broken once where it reads best."""
    if text_width(label) <= width:
        return (label,)
    cuts = [i for i in range(1, len(label)) if label[i - 1] in _BREAK_AFTER]
    if not cuts:
        return (label,)
    best = min(cuts, key=lambda i: max(text_width(label[:i]), text_width(label[i:])))
    return (label[:best].strip(), label[best:].strip())


def _range(points: Sequence[Point]) -> tuple[float, float]:
    """From the lowest to the highest value, zero always inside, never empty."""
    low = min(0.0, *(p.value for p in points))
    high = max(0.0, *(p.value for p in points))
    # A range near the smallest number has no finite scale.
    return (low, high) if high - low > _LEAST_RANGE else (0.0, 1.0)


def _point(row: FigureRow, label: str = "", *, full: bool = False) -> Point | None:
    if row.value is None or not isfinite(row.value):
        return None
    number = MARKS.get(row.qualifier, "") + format_number(row.value)
    written = row.value_text if full else number
    return Point(label or row.period_name, row.value, written, row.qualifier == "exact")


def _told(points: Sequence[Point], lang: Lang) -> str:
    told = [text("place.chart.point", lang, period=p.label, value=p.written) for p in points]
    sentence = told[0]
    for more in told[1:]:
        sentence = text("place.chart.join", lang, first=sentence, second=more)
    return sentence


def _rect(point: Point, x: float, y: float, width: float, height: float, *, css: str) -> str:
    hollow = "" if point.exact else " za-bar-hollow"
    return (
        f'<rect class="za-bar za-bar-{css}{hollow}" fill="currentColor" '
        f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}">'
        f"<title>{escape(f'{point.label} {point.written}')}</title></rect>"
    )


def _text(written: str, x: float, y: float, *, css: str, anchor: str = "middle") -> str:
    return (
        f'<text class="{css}" fill="currentColor" font-size="{_FONT:g}" '
        f'text-anchor="{anchor}" x="{x:.1f}" y="{y:.1f}">{escape(written)}</text>'
    )


def _svg(width: float, height: float, body: str, title: str, desc: str) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return (
        f'<svg class="za-chart" {size} role="img" aria-label="{escape(title)}: {escape(desc)}">'
        f"<title>{escape(title)}</title><desc>{escape(desc)}</desc>{body}</svg>"
    )
