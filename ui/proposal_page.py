"""One proposal: its outline on the map, its ledger by the rules, what documents declare.

Rules and outline can be changed here; every change computes the ledger again, and nothing is kept
until it is saved, as a new version under the planner's name.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from facts.model import Lang
from geo.errors import RuleTextError
from geo.proposals import Proposal
from geo.rules import Rule, rules_from_text, rules_to_text
from layers.assess import UnknownProposalError, dossier, find_proposal, proposals_of, rules_of
from layers.atlas import Atlas, look_again
from layers.dossiers import Dossier
from layers.reportdata import full_name
from layers.texts import text
from layers.waterfall import waterfall_svg
from store.errors import StoreError
from store.proposals import save_rules
from ui import chrome, comparemap, drawing_desk, ledger_parts
from ui.author import author_field, author_missing
from ui.measure_parts import measures_table
from ui.place_parts import drawing
from ui.rule_editor import edit_rules
from ui.tables import Link, figure_strip, links_html

_PICK = "proposal_pick"
_LONGEST_ECHO = 60


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page of the proposal that the address names, or of the first one."""
    known = {p.key: p for p in proposals_of(atlas)}
    if not known:
        chrome.note(text("proposal.none", lang))
        drawing_desk.new_proposal(atlas, lang)
        return
    asked = st.query_params.get("id") or next(iter(known))
    try:
        proposal = find_proposal(atlas, asked)
    except UnknownProposalError:
        chrome.warn(text("proposal.unknown", lang, id=asked[:_LONGEST_ECHO]))
        proposal = next(iter(known.values()))
    st.query_params["id"] = proposal.key
    _picker(known, proposal, lang)
    _workbench(atlas, proposal, lang)
    with st.expander(text("proposal.new", lang)):
        drawing_desk.new_proposal(atlas, lang)


def _picker(known: dict[str, Proposal], proposal: Proposal, lang: Lang) -> None:
    st.session_state[_PICK] = proposal.key
    st.selectbox(
        text("proposal.pick", lang),
        list(known),
        format_func=lambda key: text(
            "proposal.option", lang, name=known[key].name(lang), alternative=known[key].alternative,
            kind=text(f"compare.kind_{known[key].kind}", lang),
        ) if key in known else str(key),
        key=_PICK,
        on_change=_picked,
    )  # fmt: skip


def _picked() -> None:
    st.query_params["id"] = st.session_state[_PICK]
    st.query_params.pop("rules", None)


@st.fragment
def _workbench(atlas: Atlas, proposal: Proposal, lang: Lang) -> None:
    """Everything that a changed rule or outline draws again."""
    saved = rules_of(atlas, proposal.key)
    rules = _rules(proposal, saved, lang)
    draft = drawing_desk.draft_of(proposal)
    found = dossier(atlas, proposal.key, lang=lang, rules=rules, draft=draft)
    _head(found, lang)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(key="proposal_map_box"):
        event = comparemap.single(atlas, found, lang, draft=draft is not None)
        drawing_desk.take(proposal, event)
        drawing_desk.bar(atlas, proposal, draft, lang)
    with right:
        _ledger_side(found, lang)
    if found.ledger is not None:
        st.html(f'<div class="za-stack">{ledger_parts.ledger_table(found.ledger, lang)}</div>')
    if found.declared:
        st.html(f'<div class="za-stack">{ledger_parts.declared_table(found, lang)}</div>')
    with st.container(key="rules_box"):
        _rules_box(atlas, proposal, saved, rules, lang)
    st.html(ledger_parts.constraints_table([found], lang))
    st.html(measures_table([found], lang))
    _events(found, lang)
    _take_away(found, rules != saved, lang)


def _rules(proposal: Proposal, saved: tuple[Rule, ...], lang: Lang) -> tuple[Rule, ...]:
    """The rules in use: those of the address, else those saved with the proposal."""
    written = st.query_params.get("rules", "")
    if not written:
        return saved
    try:
        return rules_from_text(written)
    except RuleTextError as error:
        chrome.warn(text("compare.bad_rules", lang, value=str(error)))
        st.query_params.pop("rules", None)
        return saved


def _head(found: Dossier, lang: Lang) -> None:
    st.html(
        f'<div class="za-file-head"><h2>{chrome.escape(full_name(found))}</h2></div>'
        + ledger_parts.proposal_sheet(found, lang)
    )
    figures = []
    for role in ("gross", "usable", "redevelopable", "unexplained"):
        said, made = found.declared_km2(role), ledger_parts.computed_km2(found, role)
        if said is None and made is None:
            continue
        shown = "—" if made is None else f"{made:,.2f}"
        note = "" if said is None else text("proposal.declared_note", lang, km2=f"{said:,.2f}")
        name = "rest" if role == "unexplained" else role
        figures.append((text(f"proposal.figure_{name}", lang), f"{shown} km²", note))
    st.html(figure_strip(figures, caption=text("proposal.figures", lang)))
    if found.refusal:
        chrome.warn(found.refusal)
    for finding in found.findings:
        message = finding.message_zh if lang == "zh" else finding.message_en
        if message != found.refusal:
            chrome.warn(message)


def _ledger_side(found: Dossier, lang: Lang) -> None:
    if found.ledger is None:
        return
    drawing(waterfall_svg(found.ledger, found.declared, lang=lang))
    for problem in found.ledger.problems:
        chrome.warn(problem.message_zh if lang == "zh" else problem.message_en)


def _rules_box(
    atlas: Atlas, proposal: Proposal, saved: tuple[Rule, ...], rules: tuple[Rule, ...], lang: Lang
) -> None:
    generation = f"rules_generation_{proposal.key}"
    key = f"{proposal.key.replace('.', '-')}-{st.session_state.setdefault(generation, 0)}"
    edited = edit_rules(atlas, rules, lang, key=key)
    if edited != rules:
        _use(edited, saved)
        st.rerun(scope="fragment")
    if rules == saved:
        return
    chrome.note(text("proposal.rules_unsaved", lang))
    who = author_field(lang, f"rules_author_{key}")
    with st.container(horizontal=True):
        keep = st.button(text("proposal.save_rules", lang), key=f"save_rules_{key}", type="primary")
        drop = st.button(text("proposal.reset_rules", lang), key=f"reset_rules_{key}")
    if drop:
        st.query_params.pop("rules", None)
        st.session_state[generation] += 1
        st.rerun(scope="fragment")
    if keep and not author_missing(who, lang):
        try:
            save_rules(
                atlas.workspace, proposal.key, rules, author=who,
                message=text("proposal.rules_message", lang, name=proposal.key),
            )  # fmt: skip
        except StoreError as error:
            chrome.warn(error.message)
            return
        look_again(atlas)
        st.query_params.pop("rules", None)
        st.rerun()


def _use(rules: tuple[Rule, ...], saved: tuple[Rule, ...]) -> None:
    if rules == saved:
        st.query_params.pop("rules", None)
    else:
        st.query_params["rules"] = rules_to_text(rules)


def _events(found: Dossier, lang: Lang) -> None:
    if not found.events:
        return
    escape = chrome.escape
    items = "".join(
        f"<li><time>{escape(e.date)}</time><div><p>{escape(e.text)}</p>"
        f"<small>{escape(e.source_title)}</small></div></li>"
        for e in found.events
    )
    title = escape(text("proposal.events", lang))
    st.html(f'<h3>{title}</h3><ol class="za-timeline">{items}</ol>')


def _take_away(found: Dossier, changed: bool, lang: Lang) -> None:
    """Reports of this proposal alone, and the way to the comparison."""
    query: dict[str, Any] = {"p": found.proposal.key, "lang": lang}
    if changed:
        query["rules"] = rules_to_text(found.rules)
    links = [
        Link(chrome.REPORT_NAMES[e], f"/download/comparison.{e}?{urlencode(query)}", download=True)
        for e in chrome.REPORT_NAMES
    ]
    links.append(Link(text("proposal.to_compare", lang), f"/compare?{urlencode(query)}"))
    st.html(links_html(text("proposal.take_away", lang), links))
