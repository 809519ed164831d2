"""Sources with their figures, checks with their numbers, and the rows that found no place."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from facts.errors import FactsError
from facts.model import CheckResult, Facts, Lang, Observation, Source, UnplacedRow
from facts.units import unit_name
from layers.atlas import Atlas
from layers.derived import AREA_ON_FILE, is_derived
from layers.legend import format_value
from layers.texts import text
from ui import chrome
from ui.tables import Cell, Link, Mark, Number, figure_strip, html_table

TABS = ("sources", "checks", "unplaced")
VERDICTS = ("does_not", "cannot_check", "adds_up")
VERDICT_MARK = {"adds_up": "ok", "does_not": "bad", "cannot_check": "unknown"}


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page; `tab` and `source` of the address choose what it shows."""
    facts, checks = atlas.facts, atlas.checks()
    _bad_address(facts, lang)
    _strip(facts, checks, lang)
    asked = st.query_params.get("tab", "sources")
    tab = st.segmented_control(
        text("sources.tab", lang),
        TABS,
        default=asked if asked in TABS else "sources",
        required=True,
        format_func=lambda name: text(f"sources.tab_{name}", lang),
        key="sources_tab",
        label_visibility="collapsed",
    )
    st.query_params["tab"] = tab
    if tab == "checks":
        _checks(facts, checks, lang)
    elif tab == "unplaced":
        _unplaced(facts, lang)
    else:
        _sources(facts, lang)


def _bad_address(facts: Facts, lang: Lang) -> None:
    """Say which part of the address leads nowhere; the page shows its default instead."""
    known = {"tab": TABS, "source": facts.sources_by_id, "verdict": VERDICTS}
    for key, values in known.items():
        asked = st.query_params.get(key)
        if asked and asked not in values:
            chrome.warn(text(f"sources.bad_{key}", lang, value=asked[:40]))


def _strip(facts: Facts, checks: tuple[CheckResult, ...], lang: Lang) -> None:
    verdicts = Counter(check.verdict for check in checks)
    figures = [
        (text("sources.count", lang), str(len(facts.sources)), ""),
        (text("sources.observations", lang), str(_placed(facts)), ""),
        (text("sources.unplaced_rows", lang), str(len(facts.unplaced)), ""),
    ]
    figures += [(text(f"sources.verdict_{v}", lang), str(verdicts[v]), "") for v in VERDICTS]
    st.html(figure_strip(figures, caption=text("sources.strip", lang)))


def _placed(facts: Facts) -> int:
    """Figures taken from sources; what follows from them is not counted."""
    return sum(not is_derived(o.row_id) for o in facts.observations)


def _of_sources(facts: Facts) -> list[Observation]:
    """All figures but the declared areas gathered for the map, which sources have already."""
    return [o for o in facts.observations if o.indicator_id != AREA_ON_FILE]


# --- sources -------------------------------------------------------------------------------------


def _sources(facts: Facts, lang: Lang) -> None:
    counts = Counter(o.source_id for o in _of_sources(facts))
    ids = [s.source_id for s in sorted(facts.sources, key=lambda s: -counts[s.source_id])]
    asked = st.query_params.get("source")
    chosen = st.selectbox(
        text("sources.choose", lang),
        [None, *ids],
        index=ids.index(asked) + 1 if asked in ids else 0,
        format_func=lambda i: (
            text("sources.all", lang) if i is None else _label(facts.source(i), counts[i], lang)
        ),
        key="source_choice",
        placeholder=text("sources.all", lang),
    )
    if chosen is None:
        st.query_params.pop("source", None)
        rows = [_source_row(facts.source(i), counts[i], lang) for i in ids]
        headers = ("title", "publisher", "date", "verification", "licence", "figures")
        caption = text("sources.sources_caption", lang, count=len(rows))
        _table([text(f"sources.col_{h}", lang) for h in headers], rows, caption)
        return
    st.query_params["source"] = chosen
    source = facts.source(chosen)
    _source_sheet(source, lang)
    figures = [o for o in _of_sources(facts) if o.source_id == chosen]
    headers = ("place", "indicator", "value", "period", "kind", "quality", "locator", "note")
    _table(
        [text(f"sources.col_{h}", lang) for h in headers],
        [_figure_row(facts, o, lang) for o in figures],
        text("sources.figures_caption", lang, count=len(figures)),
    )


def _label(source: Source, count: int, lang: Lang) -> str:
    return text("sources.option", lang, title=source.title, count=count)


def _source_row(source: Source, count: int, lang: Lang) -> list[Cell]:
    return [
        Link(source.title, chrome.source_href(source.source_id, lang)),
        source.publisher,
        source.published_on or "—",
        text(f"sources.verification_{source.verification}", lang),
        source.licence or "—",
        Number(str(count)),
    ]


def _source_sheet(source: Source, lang: Lang) -> None:
    rows: list[list[Cell]] = [
        [text("sources.col_title", lang), source.title],
        [text("sources.col_publisher", lang), source.publisher or "—"],
        [text("sources.col_date", lang), source.published_on or text("sources.no_date", lang)],
        [
            text("sources.col_verification", lang),
            text(f"sources.verification_{source.verification}", lang),
        ],
        [
            text("sources.col_address", lang),
            Link(source.url, source.url) if source.url else source.document or "—",
        ],
        [text("sources.col_licence", lang), source.licence or "—"],
    ]
    headers = [text("sources.col_item", lang), text("sources.col_content", lang)]
    st.html(html_table(headers, rows, caption=text("sources.about", lang), narrow=True))


def _figure_row(facts: Facts, o: Observation, lang: Lang) -> list[Cell]:
    place = facts.place(o.place_id)
    return [
        Link(place.name(lang), chrome.place_href(o.place_id, lang)),
        facts.indicator(o.indicator_id).name(lang),
        Number(format_value(o.value, o.unit, o.qualifier, lang)),
        o.period.name(lang),
        text(f"legend.kind.{o.kind}", lang),
        Mark(text(f"legend.quality.{o.quality}", lang), o.quality),
        o.locator or "—",
        (o.note_zh if lang == "zh" else o.note_en) or o.missing_reason or "—",
    ]


# --- checks --------------------------------------------------------------------------------------


def _checks(facts: Facts, checks: tuple[CheckResult, ...], lang: Lang) -> None:
    counts = Counter(check.verdict for check in checks)
    asked = st.query_params.get("verdict")
    shown = st.pills(
        text("sources.verdict", lang),
        VERDICTS,
        selection_mode="multi",
        default=[asked] if asked in VERDICTS else list(VERDICTS),
        format_func=lambda v: f"{text(f'sources.verdict_{v}', lang)} {counts[v]}",
        key="verdicts",
    )
    chosen = [c for v in VERDICTS for c in checks if c.verdict == v and v in shown]
    headers = ("check", "verdict", "formula", "printed", "computed", "explanation", "places")
    _table(
        [text(f"sources.col_{h}", lang) for h in headers],
        [_check_row(facts, check, lang) for check in chosen],
        text("sources.checks_caption", lang, count=len(chosen)),
    )


def _check_row(facts: Facts, check: CheckResult, lang: Lang) -> list[Cell]:
    names = [facts.place(p).name(lang) for p in check.place_ids if p in facts.places_by_id]
    return [
        check.title(lang),
        Mark(text(f"sources.verdict_{check.verdict}", lang), VERDICT_MARK[check.verdict]),
        check.formula or "—",
        Number(format_value(check.expected, check.unit, "exact", lang)),
        Number(_computed(check, lang)),
        check.explanation(lang),
        ", ".join(names[:3]) + (" …" if len(names) > 3 else ""),
    ]


def _computed(check: CheckResult, lang: Lang) -> str:
    """The computed number, no finer than a reader of the printed one can use."""
    value = check.computed
    return format_value(None if value is None else round(value, 2), check.unit, "exact", lang)


# --- unplaced ------------------------------------------------------------------------------------


def _unplaced(facts: Facts, lang: Lang) -> None:
    def reason(both: str) -> str:
        zh, _, en = both.partition(" / ")
        return zh if lang == "zh" or not en else en

    chrome.note(text("sources.unplaced_note", lang))
    rows: list[list[Cell]] = [
        [
            r.row_id,
            r.subject,
            r.indicator,
            Number(_printed(r, lang)),
            r.period_label or "—",
            reason(r.reason),
            Link(facts.source(r.source_id).title, chrome.source_href(r.source_id, lang))
            if r.source_id in facts.sources_by_id
            else "—",
        ]
        for r in facts.unplaced
    ]
    headers = ("row", "subject", "indicator", "value", "period", "reason", "source")
    caption = text("sources.unplaced_caption", lang, count=len(rows))
    _table([text(f"sources.col_{h}", lang) for h in headers], rows, caption)


def _printed(row: UnplacedRow, lang: Lang) -> str:
    """A figure as the source prints it; it may be no number, and its unit none that we know."""
    if not row.value:
        return "—"
    try:
        unit = unit_name(row.unit, lang) if row.unit else ""
    except FactsError:
        unit = row.unit
    return row.value if unit in {"", "count"} else f"{row.value} {unit}"


def _table(headers: list[str], rows: list[list[Cell]], caption: str) -> None:
    with st.container(key="table"):
        st.html(f'<div class="za-stack">{html_table(headers, rows, caption=caption)}</div>')
