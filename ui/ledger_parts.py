"""Ledgers, findings and constraints as HTML tables."""

from __future__ import annotations

from collections.abc import Sequence

from facts.model import Lang
from geo.areas import M2_PER_HA, M2_PER_KM2, M2_PER_MU
from geo.ledger import Ledger, Line
from geo.rules import Rule
from layers.dossiers import Constraint, Declared, Dossier
from layers.reportdata import full_name
from layers.texts import text
from ui import chrome
from ui.place_parts import Html, mark, sheet
from ui.tables import Cell, Link, Mark, Number, cell_html, html_table

_VERDICTS = {"pass": "ok", "fail": "bad", "unknown": "unknown"}
_COMPUTED = {"gross": "gross_m2", "usable": "usable_m2", "redevelopable": "redevelopable_m2"}


def rule_name(rule: Rule | None, lang: Lang) -> str:
    """A rule's name; the rest, for the line that no rule made."""
    if rule is None:
        return text("compare.line_rest", lang)
    return rule.name_zh if lang == "zh" else rule.name_en or rule.name_zh


def ledger_table(ledger: Ledger, lang: Lang) -> Html:
    """The lines in order, each with its area in three units, its share and its source layer.

    Square metres are rounded together, so that the column adds up to the gross as printed.
    """
    whole = ledger.whole_m2()
    rows = [
        _line_row(line, m2, ledger.gross_m2, lang)
        for line, m2 in zip(ledger.lines, whole, strict=True)
    ]
    total: list[Cell] = [
        text("compare.line_gross", lang),
        "",
        *_areas(sum(whole)),
        Number("100.0"),
        "",
        "",
    ]
    rows.append(total)
    for flag in ledger.flags:
        known = flag.status not in ("no_layer", "not_covered")
        areas: list[Cell] = _areas(flag.area_m2) if known else [Number("—")] * 4
        share = Number(f"{100 * flag.area_m2 / ledger.gross_m2:.1f}" if known else "—")
        rows.append(
            [
                rule_name(flag.rule, lang), Mark(text("compare.line_flag", lang), "flag"), *areas,
                share, Number("—"), _layer(flag.rule.layer, flag.version, flag.status, lang),
            ]
        )  # fmt: skip
    headers = ("line", "kind", "m2", "km2", "ha", "mu", "share", "touched", "layer")
    return html_table(
        [text(f"proposal.col_{h}", lang) for h in headers], rows,
        caption=text("proposal.ledger_caption", lang), narrow=True,
    )  # fmt: skip


def _line_row(line: Line, m2: int, gross: float, lang: Lang) -> list[Cell]:
    known = line.status not in ("no_layer", "not_covered")
    rule, kind = line.rule, line.kind
    areas: list[Cell] = _areas(m2) if known else [Number("—")] * 4
    touched = line.touched_m2 / M2_PER_HA
    return [
        rule_name(rule, lang),
        Mark(text(f"compare.line_{kind}", lang), kind),
        *areas,
        Number(f"{100 * m2 / gross:.1f}" if known and gross else "—"),
        Number(f"{touched:,.2f}" if known and rule else "—"),
        _layer(rule.layer, line.version, line.status, lang) if rule else "—",
    ]


def _areas(m2: float) -> list[Cell]:
    return [
        Number(f"{m2:,.0f}"),
        Number(f"{m2 / M2_PER_KM2:,.3f}"),
        Number(f"{m2 / M2_PER_HA:,.2f}"),
        Number(f"{m2 / M2_PER_MU:,.1f}"),
    ]


def _layer(name: str, version: int | None, status: str, lang: Lang) -> str:
    if status == "ok" and version is not None:
        return f"{name} v{version}"
    where = name if version is None else f"{name} v{version}"
    return text(
        "proposal.layer_status", lang, layer=where, status=text(f"compare.status_{status}", lang)
    )


def declared_table(dossier: Dossier, lang: Lang) -> Html:
    """The ledger that a document declares beside the computed one."""
    if not dossier.declared:
        return ""
    rows = [_declared_row(each, dossier, lang) for each in dossier.declared]
    headers = ("declared_line", "declared_km2", "computed_km2", "difference", "quality", "source")
    return html_table(
        [text(f"proposal.col_{h}", lang) for h in headers], rows,
        caption=text("proposal.declared_caption", lang), narrow=True,
    )  # fmt: skip


def _declared_row(each: Declared, dossier: Dossier, lang: Lang) -> list[Cell]:
    computed = computed_km2(dossier, each.role)
    about = text("proposal.about", lang) if each.qualifier == "approx" else ""
    return [
        text(f"compare.declared_{each.role}", lang),
        Number(f"{about}{each.area_km2:,.2f}"),
        Number("—" if computed is None else f"{computed:,.2f}"),
        Number("—" if computed is None else f"{computed - each.area_km2:+,.2f}"),
        Mark(text(f"compare.quality_{each.quality}", lang), each.quality),
        Link(each.source_title, chrome.source_href(each.source_id, lang)),
    ]


def computed_km2(dossier: Dossier, role: str) -> float | None:
    """What the computed ledger has for a declared role, km²; None where it can't be known."""
    if role == "gross":
        return dossier.measures["gross_km2"].value
    if role == "unexplained":
        parts = [computed_km2(dossier, r) for r in ("gross", "usable", "redevelopable")]
        known = [p for p in parts if p is not None]
        return known[0] - known[1] - known[2] if len(known) == len(parts) else None
    return dossier.measures[f"{role}_km2"].value


def constraints_table(dossiers: Sequence[Dossier], lang: Lang) -> Html:
    """Hard constraints, one column a proposal: pass, fail, or unknown and why."""
    by_id: dict[str, dict[int, Constraint]] = {}
    for index, dossier in enumerate(dossiers):
        for each in dossier.constraints:
            by_id.setdefault(each.constraint_id, {})[index] = each
    head = [text("proposal.col_constraint", lang), *(full_name(d) for d in dossiers)]
    body = []
    for row in by_id.values():
        cells = [f'<th scope="row">{cell_html(next(iter(row.values())).label)}</th>']
        for index, dossier in enumerate(dossiers):
            label = cell_html(full_name(dossier))
            cells.append(f'<td data-label="{label}">{_verdict(row.get(index), lang)}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    caption = cell_html(text("proposal.constraints_caption", lang))
    return (
        f'<div class="za-scroll" tabindex="0" role="region" aria-label="{caption}">'
        f'<table class="za-table za-compare"><caption>{caption}</caption><thead><tr>'
        + "".join(f'<th scope="col">{cell_html(h)}</th>' for h in head)
        + f"</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _verdict(each: Constraint | None, lang: Lang) -> Html:
    if each is None:
        return "—"
    verdict = mark(text(f"compare.verdict_{each.verdict}", lang), _VERDICTS[each.verdict])
    return f"{verdict} <small>{cell_html(each.detail)}</small>"


def proposal_sheet(dossier: Dossier, lang: Lang) -> Html:
    """What the proposal is, as names and values."""
    p = dossier.proposal
    drawn = mark(text(f"compare.precision_{p.precision}", lang), p.precision)
    zone = cell_html(Link(dossier.zone_name, chrome.place_href(p.place_id, lang)))
    note = p.note_zh if lang == "zh" else p.note_en
    counties = dossier.measures["counties"]
    rows = [
        (text("proposal.kind", lang), cell_html(text(f"compare.kind_{p.kind}", lang))),
        (text("proposal.zone", lang), zone),
        (text("proposal.alternative", lang), cell_html(p.alternative)),
        (text("proposal.outline", lang), drawn),
        (text("proposal.counties", lang), cell_html(counties.text)),
        (text("proposal.note", lang), cell_html(note)),
    ]
    return sheet(rows, label=dossier.name)
