"""The ledger as a waterfall: from gross, step by step, to usable, redevelopable and the rest.

An SVG in the text colour of its surroundings. What a document declares is an outlined mark beside
the computed bar. A line whose layer is missing has no bar but says so: it is not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from facts.model import Lang
from geo.areas import M2_PER_KM2
from geo.ledger import Ledger, Line
from layers.dossiers import Declared
from layers.ledgercolours import colour_of
from layers.texts import text

WIDTH = 560
_NAME_PX = 150
_VALUE_PX = 132
_ROW_PX = 26
_BAR_PX = 15
_NAME_CHARS = 11
_UNKNOWN = ("no_layer", "not_covered")


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    name: str
    start_m2: float
    end_m2: float
    colour: str
    words: str
    known: bool = True
    declared_km2: float | None = None


def waterfall_svg(
    ledger: Ledger, declared: Sequence[Declared], *, lang: Lang, width_px: int = WIDTH
) -> str:
    """The waterfall of a ledger; the same ledger gives the same bytes."""
    rows = _rows(ledger, declared, lang)
    scale = (width_px - _NAME_PX - _VALUE_PX) / max(
        [ledger.gross_m2, *((d.area_km2 * M2_PER_KM2) for d in declared)]
    )
    height = _ROW_PX * len(rows) + 8
    said = text("compare.comma", lang).join(f"{row.name} {row.words}" for row in rows)
    label = escape(text("compare.waterfall_label", lang, lines=said))
    body = "".join(_drawn(row, n, scale, width_px) for n, row in enumerate(rows))
    return (
        f'<svg class="za-chart za-waterfall" role="img" aria-label="{label}" width="{width_px}" '
        f'height="{height}" viewBox="0 0 {width_px} {height}" font-size="12" fill="currentColor">'
        f"{body}</svg>"
    )


def _rows(ledger: Ledger, declared: Sequence[Declared], lang: Lang) -> list[_Row]:
    said: dict[str, float] = {d.role: d.area_km2 for d in declared}
    gross = ledger.gross_m2
    rows = [
        _Row(
            "gross", text("compare.line_gross", lang), 0.0, gross, "#777777",
            _words(gross, gross, lang), declared_km2=said.get("gross"),
        )
    ]  # fmt: skip
    left = gross
    seen: set[str] = set()
    for order, line in enumerate(ledger.lines):
        first = line.kind not in seen
        seen.add(line.kind)
        rows.append(_row(line, order, left, gross=gross, said=said if first else {}, lang=lang))
        left -= line.area_m2
    return rows


def _row(
    line: Line, order: int, left: float, *, gross: float, said: dict[str, float], lang: Lang
) -> _Row:
    known = line.status not in _UNKNOWN
    role = "unexplained" if line.kind == "rest" else line.kind
    words = (
        _words(line.area_m2, gross, lang) if known else text(f"compare.status_{line.status}", lang)
    )
    return _Row(
        key=line.rule.rule_id if line.rule else "rest", name=_name(line, lang),
        start_m2=left - line.area_m2, end_m2=left, colour=colour_of(line.kind, order), words=words,
        known=known, declared_km2=said.get(role),
    )  # fmt: skip


def _name(line: Line, lang: Lang) -> str:
    if line.rule is None:
        return text("compare.line_rest", lang)
    return line.rule.name_zh if lang == "zh" else line.rule.name_en or line.rule.name_zh


def _words(m2: float, gross: float, lang: Lang) -> str:
    share = 100 * m2 / gross if gross else 0.0
    return text(
        "compare.waterfall_value", lang, km2=f"{m2 / M2_PER_KM2:,.2f}", share=f"{share:.1f}"
    )


def _drawn(row: _Row, number: int, scale: float, width_px: int) -> str:
    top = 4 + number * _ROW_PX
    middle = top + _BAR_PX - 3
    short = row.name if len(row.name) <= _NAME_CHARS else row.name[: _NAME_CHARS - 1] + "…"
    x = _NAME_PX + row.start_m2 * scale
    wide = max((row.end_m2 - row.start_m2) * scale, 0.0)
    title = escape(f"{row.name} {row.words}")
    parts = [
        f'<text x="0" y="{middle}">{escape(short)}</text>',
        f'<text x="{width_px}" y="{middle}" text-anchor="end">{escape(row.words)}</text>',
    ]
    if row.known:
        parts.append(
            f'<rect x="{x:.1f}" y="{top}" width="{max(wide, 0.8):.1f}" height="{_BAR_PX}" '
            f'fill="{row.colour}" stroke="currentColor" stroke-opacity=".45" stroke-width=".6"/>'
        )
    if row.declared_km2 is not None:
        from_left = row.key == "gross"
        long = row.declared_km2 * M2_PER_KM2 * scale
        start = _NAME_PX if from_left else x
        parts.append(
            f'<rect class="za-declared" x="{start:.1f}" y="{top - 2}" width="{long:.1f}" '
            f'height="{_BAR_PX + 4}" fill="none" stroke="currentColor" stroke-dasharray="4 2"/>'
        )
    return f'<g data-line="{escape(row.key)}"><title>{title}</title>{"".join(parts)}</g>'
