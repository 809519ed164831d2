"""What a report says, as plain values: the same for PDF and HTML, and testable without either."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from geo.areas import (
    AREA_METHOD_EN,
    AREA_METHOD_ZH,
    M2_PER_HA,
    M2_PER_KM2,
    M2_PER_MU,
)
from layers.assess import other_zones
from layers.comparison import Comparison, best_of
from layers.dossiers import MEASURES, Dossier, Measure
from layers.ledgercolours import colour_of
from layers.mapsheet import map_svg
from layers.signed import signed
from layers.stabilitychart import acceptability_svg
from layers.texts import section, text
from layers.waterfall import waterfall_svg

if TYPE_CHECKING:
    from facts.model import Lang
    from layers.atlas import Atlas

_UNKNOWN = ("no_layer", "not_covered")
Value = dict[str, Any]


def report_data(comparison: Comparison, atlas: Atlas) -> Value:
    """Everything a report prints, in the comparison's language; strings, numbers, lists only."""
    lang = comparison.lang
    made = atlas.synthetic
    return {
        "lang": lang,
        "labels": section("report", lang),
        "date": comparison.as_of.isoformat(),
        "synthetic": text("ui.synthetic", lang, seed=made.seed) if made else "",
        "method": AREA_METHOD_ZH if lang == "zh" else AREA_METHOD_EN,
        "proposals": [_proposal(d, atlas, lang) for d in comparison.dossiers],
        "measures": _measures(comparison),
        "constraints": _constraints(comparison),
        "scores": _scores(comparison),
        "rules": [_rules(d, lang) for d in _rule_sets(comparison)],
        "same_rules": len(_rule_sets(comparison)) == 1,
        "versions": [{"name": n, "version": str(v)} for n, v in comparison.versions.items()],
        "sources": _sources(comparison),
    }


def full_name(found: Dossier) -> str:
    """A proposal's name with the letter of its alternative."""
    return f"{found.name} {found.proposal.alternative}"


def rule_name(rule: Any, lang: Lang) -> str:
    """A rule's name; the rest for none."""
    if rule is None:
        return text("compare.line_rest", lang)
    return str(rule.name_zh if lang == "zh" else rule.name_en or rule.name_zh)


def _proposal(found: Dossier, atlas: Atlas, lang: Lang) -> Value:
    p = found.proposal
    ledger = found.ledger
    return {
        "name": full_name(found),
        "kind": text(f"compare.kind_{p.kind}", lang),
        "zone": found.zone_name,
        "precision": text(f"compare.precision_{p.precision}", lang),
        "counties": found.measures["counties"].text,
        "refusal": found.refusal,
        "gross": _km2(found.measures["gross_km2"]),
        "usable": _km2(found.measures["usable_km2"]),
        "redevelopable": _km2(found.measures["redevelopable_km2"]),
        "map": map_svg(found, other_zones(atlas, p), atlas.boundaries("counties"), lang=lang),
        "waterfall": _paper(waterfall_svg(ledger, found.declared, lang=lang)) if ledger else "",
        "lines": _lines(found, lang),
        "flags": _flags(found, lang),
        "problems": [
            *((f.message_zh if lang == "zh" else f.message_en) for f in found.findings),
            *(
                (q.message_zh if lang == "zh" else q.message_en)
                for q in (ledger.problems if ledger else ())
            ),
        ],
        "declared": [
            {
                "name": text(f"compare.declared_{d.role}", lang), "km2": f"{d.area_km2:,.2f}",
                "about": text("proposal.about", lang) if d.qualifier == "approx" else "",
                "quality": text(f"compare.quality_{d.quality}", lang),
                "computed": _computed(found, d.role), "source": d.source_title,
            }
            for d in found.declared
        ],
        "events": [
            {"date": e.date, "text": e.text, "source": e.source_title} for e in found.events
        ],
    }  # fmt: skip


def _km2(measure: Measure) -> str:
    return "—" if measure.value is None else f"{measure.value:,.2f}"


def _computed(found: Dossier, role: str) -> str:
    names = {"gross": "gross_km2", "usable": "usable_km2", "redevelopable": "redevelopable_km2"}
    values = [found.measures[n].value for n in names.values()]
    if role in names:
        return _km2(found.measures[names[role]])
    gross, usable, other = values
    if gross is None or usable is None or other is None:
        return "—"
    return f"{gross - usable - other:,.2f}"


def _lines(found: Dossier, lang: Lang) -> list[Value]:
    ledger = found.ledger
    if ledger is None:
        return []
    rows = []
    for order, (line, m2) in enumerate(zip(ledger.lines, ledger.whole_m2(), strict=True)):
        known = line.status not in _UNKNOWN
        layer = line.rule.layer if line.rule else ""
        rows.append(
            _areas(m2 if known else None, ledger.gross_m2)
            | {
                "name": rule_name(line.rule, lang),
                "kind": text(f"compare.line_{line.kind}", lang),
                "colour": colour_of(line.kind, order),
                "touched": f"{line.touched_m2 / M2_PER_HA:,.2f}" if known and line.rule else "—",
                "layer": f"{layer} v{line.version}" if line.version is not None else layer or "—",
                "status": ""
                if line.status == "ok"
                else text(f"compare.status_{line.status}", lang),
            }
        )
    whole = round(ledger.gross_m2)
    rows.append(
        _areas(whole, ledger.gross_m2)
        | {"name": text("compare.line_gross", lang), "kind": "", "colour": "", "touched": "",
           "layer": "", "status": ""}
    )  # fmt: skip
    return rows


def _status(status: str, lang: Lang) -> str:
    return "" if status == "ok" else text(f"compare.status_{status}", lang)


def _areas(m2: float | None, gross: float) -> Value:
    if m2 is None:
        return dict.fromkeys(("m2", "km2", "ha", "mu", "share"), "—")
    return {
        "m2": f"{m2:,.0f}", "km2": f"{m2 / M2_PER_KM2:,.3f}", "ha": f"{m2 / M2_PER_HA:,.2f}",
        "mu": f"{m2 / M2_PER_MU:,.1f}", "share": f"{100 * m2 / gross:.1f}" if gross else "—",
    }  # fmt: skip


def _flags(found: Dossier, lang: Lang) -> list[Value]:
    if found.ledger is None:
        return []
    return [
        {
            "name": rule_name(flag.rule, lang),
            "ha": "—" if flag.status in _UNKNOWN else f"{flag.area_m2 / M2_PER_HA:,.2f}",
            "status": _status(flag.status, lang),
        }
        for flag in found.ledger.flags
    ]


def _measures(comparison: Comparison) -> list[Value]:
    lang, found = comparison.lang, comparison.dossiers
    groups = []
    for group, kinds in groupby(MEASURES, key=lambda kind: kind.group):
        rows = []
        for kind in kinds:
            best = best_of(found, kind)
            base = found[comparison.baseline].measures[kind.measure_id].value if found else None
            cells = []
            for i, each in enumerate(found):
                measure = each.measures[kind.measure_id]
                value = measure.value
                apart = ""
                if value is not None and base is not None and i != comparison.baseline:
                    apart = signed(value - base, kind.decimals)
                cells.append(
                    {
                        "value": "—" if value is None else f"{value:,.{kind.decimals}f}",
                        "apart": apart, "best": i in best, "missing": measure.missing,
                        "quality": text(f"compare.quality_{measure.quality}", lang),
                        "text": measure.text,
                    }
                )  # fmt: skip
            rows.append(
                {
                    "name": text(f"compare.measure_{kind.measure_id}", lang),
                    "unit": text(f"compare.unit_{kind.measure_id}", lang),
                    "formula": text(f"compare.formula_{kind.measure_id}", lang),
                    "cells": cells,
                }
            )
        groups.append({"name": text(f"compare.group_{group}", lang), "rows": rows})
    return groups


def _constraints(comparison: Comparison) -> list[Value]:
    lang = comparison.lang
    rows: dict[str, Value] = {}
    for i, found in enumerate(comparison.dossiers):
        for each in found.constraints:
            row = rows.setdefault(
                each.constraint_id,
                {"name": each.label, "cells": []},
            )
            row["cells"] += [_no_verdict()] * (i - len(row["cells"]))
            row["cells"].append(
                {
                    "verdict": text(f"compare.verdict_{each.verdict}", lang),
                    "state": each.verdict, "detail": each.detail,
                }
            )  # fmt: skip
    for row in rows.values():
        row["cells"] += [_no_verdict()] * (len(comparison.dossiers) - len(row["cells"]))
    return list(rows.values())


def _no_verdict() -> Value:
    return {"verdict": "—", "state": "", "detail": ""}


def _scores(comparison: Comparison) -> Value:
    lang, ranking, steady = comparison.lang, comparison.ranking, comparison.stability
    weights = [
        {"name": text(f"compare.measure_{n}", lang), "share": f"{100 * w:.1f}"}
        for n, w in comparison.weights.items()
    ]
    common = {
        "refusal": comparison.refusal, "weights": weights, "basis": comparison.weights_basis,
        "method": text(f"compare.method_{comparison.method}", lang),
    }  # fmt: skip
    if ranking is None or steady is None:
        return common | {"rows": [], "chart": "", "words": []}
    names = [full_name(d) for d in comparison.dossiers]
    rows = [
        {
            "name": name, "score": f"{ranking.scores[i]:.3f}",
            "range": "" if ranking.high[i] == ranking.low[i]
            else f"{ranking.low[i]:.3f}–{ranking.high[i]:.3f}",
            "rank": str(ranking.ranks[i]),
            "ranks": "" if ranking.best_rank[i] == ranking.worst_rank[i]
            else f"{ranking.best_rank[i]}–{ranking.worst_rank[i]}",
            "shares": [f"{100 * s:.1f}" for s in steady.acceptability[i]],
        }
        for i, name in enumerate(names)
    ]  # fmt: skip
    chart = _paper(acceptability_svg(steady, names, lang=lang))
    return common | {"rows": rows, "chart": chart, "words": stability_words(comparison)}


def stability_words(comparison: Comparison) -> list[str]:
    """What turns the ranking, what is missing or without effect, how it was sampled."""
    lang, ranking, steady = comparison.lang, comparison.ranking, comparison.stability
    if ranking is None or steady is None:
        return []
    names = [full_name(d) for d in comparison.dossiers]
    measures = [text(f"compare.measure_{k.measure_id}", lang) for k in comparison.criteria]
    comma = text("compare.comma", lang)
    if steady.change is None:
        lines = [text("compare.no_change", lang)]
    else:
        share = f"{100 * steady.change.distance:.1f}"
        winner = names[steady.change.winner]
        lines = [text("compare.smallest_change", lang, share=share, winner=winner)]
    if ranking.missing:
        gaps = comma.join(dict.fromkeys(f"{names[i]}：{measures[j]}" for i, j in ranking.missing))
        lines.append(text("compare.missing_words", lang, names=gaps))
    if ranking.dropped:
        silent = comma.join(measures[j] for j in ranking.dropped)
        lines.append(text("compare.dropped_words", lang, names=silent))
    lines.append(text("compare.samples_words", lang, samples=steady.samples, seed=steady.seed))
    return lines


def _rule_sets(comparison: Comparison) -> list[Dossier]:
    """One dossier for each different rule set."""
    found: dict[Any, Dossier] = {}
    for each in comparison.dossiers:
        found.setdefault(each.rules, each)
    return list(found.values())


def _rules(found: Dossier, lang: Lang) -> Value:
    rows = [
        {
            "name": rule_name(rule, lang), "layer": rule.layer,
            "classes": "、".join(rule.classes) if rule.classes else "—",
            "where": text(f"proposal.where_{rule.where}", lang),
            "action": text(f"compare.action_{rule.action}", lang),
            "enabled": rule.enabled,
        }
        for rule in found.rules
    ]  # fmt: skip
    return {"name": full_name(found), "rows": rows}


def _sources(comparison: Comparison) -> list[str]:
    titles = [d.source_title for each in comparison.dossiers for d in each.declared]
    titles += [e.source_title for each in comparison.dossiers for e in each.events]
    titles += [
        m.source for each in comparison.dossiers for m in each.measures.values()
        if m.source and m.kind.group == "output" and m.value is not None
    ]  # fmt: skip
    return list(dict.fromkeys(titles))


def _paper(svg: str) -> str:
    """A drawing for paper: black on white, with the fonts of the report."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" font-family="Noto Sans SC" color="#111" '
    return svg.replace("<svg ", head, 1)
