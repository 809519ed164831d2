"""The ledger as a waterfall: from gross, step by step, to usable, redevelopable and the rest.

An SVG in the text colour of its surroundings, so that one drawing fits light, dark and paper.
What a document declares is an outlined bar of its own under the computed one. A line whose layer
is missing has no bar but says so: it is not zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from facts.model import Lang
from geo.areas import M2_PER_HA, M2_PER_KM2
from geo.ledger import Ledger, Line
from layers.charts import text_width
from layers.dossiers import Declared
from layers.ledgercolours import Pattern, colour_of, pattern_of
from layers.legend import MARKS
from layers.texts import text

WIDTH: Final = 560
NARROWEST: Final = 240
FONT_PX: Final = 12
LINE_PX: Final = 14
BAR_PX: Final = 15
GAP_PX: Final = 10
_WIDE_FROM: Final = 440  # narrower drawings have names above the bars
_NAME_SHARE: Final = 0.32  # of the width, at most
_DECLARED_PX: Final = 9
_HATCH_PX: Final = 5
_LEAST_M2: Final = 1e-6  # less land than this has no scale
_MEASURED_PX: Final = 11  # the size that `text_width` is made for
_UNKNOWN: Final = ("no_layer", "not_covered")
# Signs that stand in no line of their own: a Chinese sign, or a word with the blanks after it.
_WORDS: Final = re.compile(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+")


@dataclass(frozen=True, slots=True)
class _Row:
    """A bar from `start_m2` to `end_m2`; `attribute` says in the drawing what it stands for."""

    attribute: str
    name: str
    start_m2: float
    end_m2: float
    words: str
    told: str
    colour: str = ""
    pattern: Pattern = ""
    known: bool = True
    declared: bool = False
    source: str = ""

    @property
    def has_bar(self) -> bool:
        """Whether there is a computed area to draw."""
        return self.known and not self.declared and self.end_m2 > self.start_m2


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where things stand, px: bars begin at `left`, values end at `width`."""

    width: int
    left: float
    scale: float
    stacked: bool


def waterfall_svg(
    ledger: Ledger, declared: Sequence[Declared], *, lang: Lang, width_px: int = WIDTH
) -> str:
    """The waterfall of a ledger; the same ledger gives the same bytes.

    Areas are written in km², below one km² in hectares, with their share of the gross. Drawings
    narrower than 440 px have the names above the bars; none is narrower than 240 px.
    """
    rows = list(_rows(ledger, declared, lang))
    notes = [text("waterfall.marked", lang, status=said) for said in _statuses(ledger, lang)]
    sheet = _sheet(rows, max(width_px, NARROWEST))
    body, y, above = [], 4.0, 0.0
    for row in rows:
        drawn, bar_top, next_y = _drawn(row, y, sheet)
        if row.has_bar:
            # Stacked, the steps would run through the names.
            if above and not sheet.stacked:
                body.append(_step(sheet.left + row.end_m2 * sheet.scale, above, bar_top))
            above = bar_top + BAR_PX
        body.append(drawn)
        y = next_y
    for note in notes:
        body.append(f'<text x="0" y="{y + LINE_PX - 3:.0f}" opacity=".8">{escape(note)}</text>')
        y += LINE_PX
    said = text("waterfall.between", lang).join(f"{row.name} {row.told}" for row in rows)
    label = text("waterfall.label", lang, lines=said)
    return svg("za-waterfall", label, "".join(body), width=sheet.width, height=y + 4)


# --- what the bars say -------------------------------------------------------------------------


def _rows(ledger: Ledger, declared: Sequence[Declared], lang: Lang) -> Iterator[_Row]:
    """The gross, the lines in order, and what documents declare under what it is beside."""
    gross = ledger.gross_m2
    words = _area_words(gross, gross, lang)
    name = text("compare.line_gross", lang)
    yield _Row('data-line="gross"', name, 0.0, gross, words, words, colour_of("gross", 0))
    yield from _declared(declared, "gross", 0.0, lang)
    kinds = [line.kind for line in ledger.lines]
    ends: dict[str, float] = {}
    left = gross
    for order, line in enumerate(ledger.lines):
        if line.kind == "rest":
            for role in ("usable", "redevelopable"):  # no rule of that kind: nothing beside it
                if role not in kinds:
                    yield from _declared(declared, role, left, lang)
        ends.setdefault(line.kind, left)
        yield _line(line, order, left, gross, lang)
        left = max(left - line.area_m2, 0.0)  # the lines add up but for rounding
        if line.kind not in kinds[order + 1 :]:
            yield from _declared(declared, line.kind, ends[line.kind], lang)
    yield from _declared(declared, "unexplained", 0.0, lang)


def _line(line: Line, order: int, left: float, gross: float, lang: Lang) -> _Row:
    rule = line.rule
    key = escape(clean(rule.rule_id)) if rule else "rest"
    if rule is None:
        name = text("compare.line_rest", lang)
    else:
        name = clean(rule.name_zh if lang == "zh" else rule.name_en or rule.name_zh)
    status = text(f"compare.status_{line.status}", lang)
    known = line.status not in _UNKNOWN
    words = _area_words(line.area_m2, gross, lang) if known else status
    told = words
    if known and line.status != "ok":
        told = text("waterfall.with_status", lang, words=words, status=status)
        words = f"{words} †"
    return _Row(
        f'data-line="{key}"', name, max(left - line.area_m2, 0.0), left, words, told,
        colour_of(line.kind, order), pattern_of(line.kind, order), known=known,
    )  # fmt: skip


def _declared(
    declared: Sequence[Declared], role: str, right_m2: float, lang: Lang
) -> Iterator[_Row]:
    """Declared areas of a role, ending where the computed bars of it begin to step down."""
    for each in declared:
        if each.role != role:
            continue
        m2 = each.area_km2 * M2_PER_KM2
        start = max(right_m2 - m2, 0.0)
        name = text(f"compare.declared_{role}", lang)
        if role != "unexplained":  # whose name says already that it is the document's
            name = text("waterfall.declared", lang, name=name)
        words = MARKS.get(each.qualifier, "") + text(
            "waterfall.km2", lang, km2=f"{each.area_km2:,.2f}"
        )
        yield _Row(
            f'data-declared="{role}"', name, start, start + m2, words, words, declared=True,
            source=clean(each.source_title),
        )  # fmt: skip


def _statuses(ledger: Ledger, lang: Lang) -> list[str]:
    """What the dagger at a value means, where there is one."""
    marked = [line.status for line in ledger.lines if line.status not in ("ok", *_UNKNOWN)]
    return [text(f"compare.status_{status}", lang) for status in dict.fromkeys(marked)]


def _area_words(m2: float, gross: float, lang: Lang) -> str:
    m2 = max(m2, 0.0)  # a cut may leave a rounding error below zero
    if m2 >= M2_PER_KM2:
        area = text("waterfall.km2", lang, km2=f"{m2 / M2_PER_KM2:,.2f}")
    else:
        ha = m2 / M2_PER_HA
        # What would be written as zero but is not, here and in the share.
        area = text("waterfall.ha", lang, ha="<0.01" if 0 < ha < 0.005 else f"{ha:,.2f}")
    share = 100 * m2 / gross if gross > 0 else 0.0
    said = "<0.1" if 0 < share < 0.05 else f"{share:.1f}"
    return text("waterfall.value", lang, area=area, share=said)


# --- where it stands ---------------------------------------------------------------------------


def _sheet(rows: Sequence[_Row], width: int) -> _Sheet:
    stacked = width < _WIDE_FROM
    widest = max(width_of(row.words) for row in rows)
    names = max(width_of(row.name) for row in rows)
    left = 0.0 if stacked else min(names + GAP_PX, _NAME_SHARE * width)
    room = width - left - (0.0 if stacked else widest + GAP_PX)
    most = max(row.end_m2 for row in rows)
    return _Sheet(width, left, max(room, 40.0) / most if most > _LEAST_M2 else 0.0, stacked)


def _drawn(row: _Row, y: float, sheet: _Sheet) -> tuple[str, float, float]:
    """A row as SVG, the top of its bar, and where the next row begins."""
    bar = _DECLARED_PX if row.declared else BAR_PX
    if sheet.stacked:
        names = fitted(row.name, sheet.width - width_of(row.words) - GAP_PX, lines=1)
        text_y, bar_top = y + LINE_PX - 3, y + LINE_PX + 1
        next_y = bar_top + bar + 7
    else:
        names = fitted(row.name, sheet.left - GAP_PX)
        text_y = y + LINE_PX - 2
        bar_top = y + (LINE_PX + 2 - bar) / 2
        next_y = y + max(len(names) * LINE_PX, BAR_PX) + 9
    x, wide = sheet.left + row.start_m2 * sheet.scale, (row.end_m2 - row.start_m2) * sheet.scale
    faint = ' opacity=".85"' if row.declared else ""
    title = "\n".join(filter(None, (f"{row.name} {row.told}", row.source)))
    parts = [f"<title>{escape(title)}</title>"]
    parts += [
        f'<text x="0" y="{text_y + n * LINE_PX:.0f}"{faint}>{escape(name)}</text>'
        for n, name in enumerate(names)
    ]
    parts.append(
        f'<text x="{sheet.width}" y="{text_y:.0f}" text-anchor="end"{faint}>'
        f"{escape(row.words)}</text>"
    )
    if row.declared:
        parts.append(
            f'<rect class="za-declared" x="{x:.1f}" y="{bar_top:.1f}" width="{wide:.1f}" '
            f'height="{bar}" fill="none" stroke="currentColor" stroke-dasharray="4 2"/>'
        )
    elif row.has_bar:
        parts += _bar(row, x, bar_top, max(wide, 0.8))
    return f"<g {row.attribute}>{''.join(parts)}</g>", bar_top, next_y


def _bar(row: _Row, x: float, y: float, wide: float) -> list[str]:
    parts = [
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{BAR_PX}" '
        f'fill="{row.colour}" stroke="currentColor" stroke-opacity=".45" stroke-width=".6"/>'
    ]
    if row.pattern:
        path = _hatch(x, y, wide, rising=True)
        if row.pattern == "cross":
            path += _hatch(x, y, wide, rising=False)
        # White with a dark edge is seen on every colour.
        parts += [
            f'<path d="{path}" stroke="#111" stroke-width="2.2" fill="none"/>',
            f'<path d="{path}" stroke="#fff" stroke-width="1" fill="none"/>',
        ]
    return parts


def _hatch(x: float, y: float, wide: float, *, rising: bool) -> str:
    """Slanted lines cut to a bar; no pattern by id, which two drawings of a page would share."""
    lines, at = [], -float(BAR_PX)
    while at < wide:
        low, high = max(at, 0.0), min(at + BAR_PX, wide)
        if high > low:
            ends = (low - at, high - at)
            tops = [y + BAR_PX - e if rising else y + e for e in ends]
            lines.append(f"M{x + low:.1f} {tops[0]:.1f}L{x + high:.1f} {tops[1]:.1f}")
        at += _HATCH_PX
    return "".join(lines)


def _step(x: float, top: float, bottom: float) -> str:
    return (
        f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="currentColor" stroke-opacity=".4" '
        'stroke-width=".8"/>'
    )


# --- texts in drawings -------------------------------------------------------------------------


def svg(css: str, label: str, body: str, *, width: float, height: float) -> str:
    """The drawing around a body, read to those who can't see it as `label`."""
    return (
        f'<svg class="za-chart {css}" role="img" aria-label="{escape(label)}" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'font-size="{FONT_PX}" fill="currentColor">{body}</svg>'
    )


def clean(words: str) -> str:
    """Words without signs that no drawing can hold; names of rules come from addresses, too."""
    return "".join(sign if sign.isprintable() else " " for sign in words).strip()


def width_of(words: str) -> float:
    """About how wide words are in these drawings, px."""
    return text_width(words) * FONT_PX / _MEASURED_PX


def fitted(words: str, room_px: float, lines: int = 2) -> tuple[str, ...]:
    """Words in at most so many lines of that width; an ellipsis ends what does not fit."""
    made = [""]
    for word in _WORDS.findall(words):
        if width_of(made[-1] + word.rstrip()) <= room_px:
            made[-1] += word
        elif made[-1] and len(made) < lines and width_of(word.rstrip()) <= room_px:
            made.append(word.lstrip())
        else:
            made[-1] = _cut(made[-1] + word, room_px)
            break
    return tuple(line.rstrip() for line in made)


def _cut(words: str, room_px: float) -> str:
    while words and width_of(words + "…") > room_px:
        words = words[:-1]
    return words.rstrip() + "…"
