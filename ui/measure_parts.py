"""The table of measures × proposals: the best marked, differences, quality and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from facts.model import Lang
from layers.comparison import best_of
from layers.dossiers import MEASURES, Dossier, Measure, MeasureKind
from layers.reportdata import full_name
from layers.texts import text
from ui.place_parts import Html, mark, small


def number(value: float, kind: MeasureKind, *, sign: bool = False) -> str:
    """A value with the decimals that its unit deserves."""
    rounded = round(value, kind.decimals) + 0.0  # no “-0.00”
    return f"{rounded:{'+' if sign else ''},.{kind.decimals}f}"


def measures_table(dossiers: Sequence[Dossier], lang: Lang, *, baseline: int | None = None) -> Html:
    """All measures, a column a proposal, grouped; differences against `baseline` if given."""
    heads = [text("proposal.col_measure", lang), *(full_name(d) for d in dossiers)]
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body: list[str] = []
    for group, kinds in groupby(MEASURES, key=lambda kind: kind.group):
        title = escape(text(f"compare.group_{group}", lang))
        span = len(dossiers) + 1
        body.append(f'<tr class="za-group"><th colspan="{span}" scope="rowgroup">{title}</th></tr>')
        body += [_row(kind, dossiers, baseline, lang) for kind in kinds]
    caption = escape(text("proposal.measures_caption", lang))
    return (
        f'<div class="za-scroll" tabindex="0" role="region" aria-label="{caption}">'
        f'<table class="za-table za-compare" id="measures"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _row(kind: MeasureKind, dossiers: Sequence[Dossier], baseline: int | None, lang: Lang) -> Html:
    name = text(f"compare.measure_{kind.measure_id}", lang)
    formula = text(f"compare.formula_{kind.measure_id}", lang)
    unit = text(f"compare.unit_{kind.measure_id}", lang)
    best = best_of(dossiers, kind)
    at = None if baseline is None else dossiers[baseline].measures[kind.measure_id].value
    cells = []
    for index, dossier in enumerate(dossiers):
        measure = dossier.measures[kind.measure_id]
        difference = None if index == baseline or at is None else at
        label = escape(full_name(dossier))
        cell = _cell(measure, index in best, difference, lang)
        css = ' class="za-best"' if index in best else ""
        cells.append(f'<td{css} data-label="{label}">{cell}</td>')
    written = f"{escape(name)} <small>{escape(unit)}</small>"
    return f'<tr><th scope="row" title="{escape(formula)}">{written}</th>{"".join(cells)}</tr>'


def _cell(measure: Measure, best: bool, baseline: float | None, lang: Lang) -> Html:
    if measure.value is None:
        why = escape(measure.missing)
        return f"{mark(text('compare.missing', lang), 'unknown')} <small>{why}</small>"
    parts = [f'<span class="za-value">{number(measure.value, measure.kind)}</span>']
    if best:
        parts.append(mark(text("compare.best", lang), "ok"))
    if baseline is not None:
        apart = number(measure.value - baseline, measure.kind, sign=True)
        parts.append(f'<span class="za-apart">{apart}</span>')
    if measure.quality in ("schematic", "synthetic"):
        parts.append(mark(text(f"compare.quality_{measure.quality}", lang), measure.quality))
    if measure.text:
        parts.append(small(measure.text))
    return f'<span title="{escape(measure.source)}">{" ".join(parts)}</span>'
