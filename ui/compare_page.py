"""Proposals side by side: linked maps, hard constraints, measures, scores and how safe they are."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from urllib.parse import urlencode

import streamlit as st

from facts.model import Lang
from facts.weights import WeightsError
from layers.assess import UnknownProposalError, find_proposal, proposals_of
from layers.atlas import Atlas
from layers.compareview import MOST, CompareView
from layers.comparison import Comparison, compare
from layers.dossiers import Dossier
from layers.reportdata import full_name, stability_words
from layers.stabilitychart import acceptability_svg
from layers.texts import text
from layers.waterfall import waterfall_svg
from ui import chrome, comparemap
from ui.ledger_parts import constraints_table, declared_table
from ui.measure_parts import measures_table
from ui.place_parts import drawing
from ui.tables import Cell, Link, Mark, Number, html_table, links_html
from ui.weight_panel import pick_weights, weights_text

_STATE = "compare_view"
_PICK = "compare_pick"
_MODES = ("grid", "swipe")


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page; the address restores a comparison."""
    view = _restore(atlas, lang)
    with st.container(key="compare_page"):
        _workbench(atlas, view)


def _restore(atlas: Atlas, lang: Lang) -> CompareView:
    """The view of the address, or that of this visit when the address says nothing."""
    asked = {k: v for k, v in st.query_params.items() if k != "lang"}
    kept: CompareView | None = st.session_state.get(_STATE)
    if kept and (not asked or asked == _params(kept)):
        return replace(kept, lang=lang)
    view, messages = CompareView.from_params(asked | {"lang": lang})
    known = []
    for key in view.proposals:
        try:
            known.append(find_proposal(atlas, key).key)
        except UnknownProposalError:
            messages = (*messages, text("compare.bad_unknown", lang, value=key[:40]))
    for message in messages:
        chrome.warn(message)
    st.session_state[_PICK] = known
    baseline = view.baseline if view.baseline in known else known[0] if known else ""
    view = replace(view, proposals=tuple(known), baseline=baseline)
    for name in [k for k in st.session_state if str(k).startswith(("weight", "score", "pair_"))]:
        del st.session_state[name]
    return view


def _params(view: CompareView) -> dict[str, str]:
    return {k: v for k, v in view.to_params().items() if k != "lang"}


@st.fragment
def _workbench(atlas: Atlas, view: CompareView) -> None:
    lang = view.lang
    kept: CompareView | None = st.session_state.get(_STATE)
    if kept is not None and set(_params(kept)) and kept.proposals == view.proposals:
        view = replace(kept, lang=lang)
    view = _pick(atlas, view)
    if not view.proposals:
        chrome.note(text("compare.none_chosen", lang))
        _start(atlas, lang)
        _keep(view)
        return
    with st.spinner(text("compare.computing", lang)):
        comparison = _compared(atlas, view)
    if comparison is None:
        _keep(view)
        return
    _maps(atlas, comparison)
    st.html(constraints_table(comparison.dossiers, lang))
    with st.container(key="scores"):
        changed = _scores(comparison, view)
    st.html(measures_table(comparison.dossiers, lang, baseline=comparison.baseline))
    _ledgers(comparison.dossiers, lang)
    if changed != view:
        _keep(changed)
        st.rerun(scope="fragment")
    _take_away(changed)
    _keep(changed)


def _keep(view: CompareView) -> None:
    st.session_state[_STATE] = view
    wanted = view.to_params() | {"lang": view.lang}
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def _compared(atlas: Atlas, view: CompareView) -> Comparison | None:
    try:
        return compare(atlas, view)
    except WeightsError as error:
        chrome.warn(str(error))
        return compare(atlas, replace(view, weights={}, judgements={}))


def _pick(atlas: Atlas, view: CompareView) -> CompareView:
    lang = view.lang
    known = {p.key: p for p in proposals_of(atlas)}
    st.session_state.setdefault(_PICK, list(view.proposals))
    left, right = st.columns([4, 1.4], vertical_alignment="bottom")
    with left:
        chosen = st.multiselect(
            text("compare.pick", lang, most=MOST), list(known), key=_PICK, max_selections=MOST,
            format_func=lambda key: text(
                "proposal.option", lang, name=known[key].name(lang),
                alternative=known[key].alternative,
                kind=text(f"compare.kind_{known[key].kind}", lang),
            ) if key in known else str(key),
            placeholder=text("compare.pick_hint", lang),
        )  # fmt: skip
    keys = tuple(chosen)
    with right:
        baseline = st.selectbox(
            text("compare.baseline", lang), keys, key="compare_base",
            index=keys.index(view.baseline) if view.baseline in keys else 0 if keys else None,
            format_func=lambda key: f"{known[key].name(lang)} {known[key].alternative}",
            placeholder="—",
        )  # fmt: skip
    return replace(view, proposals=keys, baseline=baseline or (keys[0] if keys else ""))


def _start(atlas: Atlas, lang: Lang) -> None:
    """All proposals on file, to choose from."""
    rows: list[list[Cell]] = []
    for p in proposals_of(atlas):
        zone = atlas.facts.places_by_id.get(p.place_id)
        rows.append(
            [
                Link(p.name(lang), "/proposal?" + urlencode({"id": p.key, "lang": lang})),
                p.alternative,
                text(f"compare.kind_{p.kind}", lang),
                zone.name(lang) if zone else p.place_id,
                Mark(text(f"compare.precision_{p.precision}", lang), p.precision),
                text("compare.has_land" if p.land_in is not None else "compare.no_land", lang),
            ]
        )
    headers = ("name", "alternative", "kind", "zone", "precision", "land")
    table = html_table(
        [text(f"compare.col_{h}", lang) for h in headers], rows,
        caption=text("compare.on_file", lang, count=len(rows)),
    )  # fmt: skip
    st.html(f'<div class="za-stack">{table}</div>')


def _maps(atlas: Atlas, comparison: Comparison) -> None:
    lang = comparison.lang
    mode = "grid"
    if len(comparison.dossiers) == 2:
        mode = st.segmented_control(
            text("compare.map_mode", lang), _MODES, default="grid", required=True,
            format_func=lambda m: text(f"compare.mode_{m}", lang), key="compare_mode",
            label_visibility="collapsed",
        )  # fmt: skip
    comparemap.linked(atlas, comparison.dossiers, lang, mode=mode)


def _scores(comparison: Comparison, view: CompareView) -> CompareView:
    """Weights at the left, scores and stability at the right; returns the changed view."""
    lang = view.lang
    st.html(f"<h2>{escape(text('compare.scores', lang))}</h2>")
    left, right = st.columns([1, 2], gap="large")
    with left:
        changed = pick_weights(view, comparison)
    with right:
        if comparison.ranking is None or comparison.stability is None:
            chrome.warn(comparison.refusal)
            return changed
        st.html(_score_table(comparison))
        names = [full_name(d) for d in comparison.dossiers]
        st.html(f"<h3>{escape(text('compare.stability', lang))}</h3>")
        drawing(acceptability_svg(comparison.stability, names, lang=lang))
        weights = weights_text(comparison)
        chrome.note(text("compare.weights_in_use", lang, weights=weights))
        for line in stability_words(comparison):
            chrome.note(line)
    return changed


def _score_table(comparison: Comparison) -> str:
    lang, ranking = comparison.lang, comparison.ranking
    assert ranking is not None  # noqa: S101 - the caller has looked
    rows: list[list[Cell]] = []
    for i, found in enumerate(comparison.dossiers):
        spread = ranking.high[i] - ranking.low[i]
        score = f"{ranking.scores[i]:.3f}"
        if spread > 0:
            score = f"{ranking.low[i]:.3f}–{ranking.high[i]:.3f}"
        place = str(ranking.ranks[i])
        if ranking.best_rank[i] != ranking.worst_rank[i]:
            place = f"{place}（{ranking.best_rank[i]}–{ranking.worst_rank[i]}）"
        fails = sum(c.verdict == "fail" for c in found.constraints)
        mark = (
            Mark(text("compare.fails", lang, count=fails), "bad")
            if fails
            else Mark(text("compare.verdict_pass", lang), "ok")
        )
        rows.append([full_name(found), Number(score), Number(place), mark])
    headers = ("name", "score", "rank", "constraints")
    return html_table(
        [text(f"compare.col_{h}", lang) for h in headers], rows,
        caption=text("compare.scores_caption", lang, method=text(
            f"compare.method_{comparison.method}", lang), basis=comparison.weights_basis),
    )  # fmt: skip


def _ledgers(dossiers: tuple[Dossier, ...], lang: Lang) -> None:
    st.html(f"<h2>{escape(text('compare.ledgers', lang))}</h2>")
    columns = st.columns(min(len(dossiers), 3), gap="medium")
    for index, found in enumerate(dossiers):
        with columns[index % len(columns)]:
            href = "/proposal?" + urlencode({"id": found.proposal.key, "lang": lang})
            st.html(f'<h3><a href="{escape(href)}">{escape(full_name(found))}</a></h3>')
            if found.ledger is None:
                chrome.warn(found.refusal)
                continue
            drawing(waterfall_svg(found.ledger, found.declared, lang=lang))
            if found.declared:
                st.html(f'<div class="za-stack">{declared_table(found, lang)}</div>')


def _take_away(view: CompareView) -> None:
    query = urlencode(view.to_params() | {"lang": view.lang})
    links = [
        Link(name, f"/download/comparison.{extension}?{query}", download=True)
        for extension, name in chrome.REPORT_NAMES.items()
    ]
    st.html(links_html(text("proposal.take_away", view.lang), links))
