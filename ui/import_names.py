"""Steps 4 and 5 of a table: names that need a person's eye, and what was read with its faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import streamlit as st

from facts.drafts import Question, questions
from facts.errors import Fault
from facts.figuretables import FigureImport, SkippedRow, to_observations
from facts.mappings import SKIP
from facts.matching import Suggestion
from facts.model import Lang, Place
from facts.parcels import ParcelImport, to_parcels
from facts.projects import ProjectImport, to_projects
from facts.tableforms import TableForm
from geo.limits import Limits
from layers.atlas import Atlas
from layers.texts import text
from store.officefigures import row_prefix
from ui import chrome
from ui.import_gaps import gaps_on_file
from ui.import_job import Job, forget_widgets
from ui.import_leftout import leave_out_rows, left_out
from ui.import_mapping import (
    decide,
    fault_words,
    form_of,
    go_on,
    mapping_of,
    matcher_of,
    with_source,
)
from ui.import_parts import OURS, choose, fault, heading, in_words
from ui.import_source import source_of
from ui.tables import Cell, figure_strip, html_table

TableImport = FigureImport | ParcelImport | ProjectImport

_LISTED: Final = 200
_SIGNS: Final = "imp_name_"
_NAMED: Final = ("place", "indicator", "fill_down")


def render(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    """Ask about every name that is not exactly one on file."""
    form = form_of(atlas, job, lang, limits)
    if form is None:
        return
    missing = names_editor(atlas, job, form, lang)
    if missing is not None:
        go_on(job, missing, lang, key="names_on")


def names_editor(atlas: Atlas, job: Job, form: TableForm, lang: Lang) -> list[str] | None:
    """The names of a table and what they mean; what is undecided, or None for a fault."""
    try:
        asked = _asked(atlas, job, form)
    except OURS as error:
        fault(in_words(error, lang))
        return None
    places = [q for q in asked if q.kind == "place" and q.key]
    indicators = [q for q in asked if q.kind == "indicator" and q.key]
    others = [q for q in asked if q.kind == "fill_down"]
    _settled_names(atlas, job, lang)
    for question in others:
        _fill_down(job, question, lang)
    if not places and not indicators:
        if job.choices.get("exact") or mapping_of(job).places or mapping_of(job).indicators:
            chrome.note(text("intake.names_settled", lang))
        elif job.kind == "table":
            chrome.note(text("intake.no_names", lang))
        return []
    missing = _places(atlas, job, places, lang)
    missing += _indicators(atlas, job, indicators, lang)
    return missing


def _asked(atlas: Atlas, job: Job, form: TableForm) -> tuple[Question, ...]:
    """The questions about names with the columns as decided; they stay while being answered."""
    kept: tuple[Question, ...] | None = job.get("names")
    if kept is None:
        draft = job.get("draft")
        settled = dict(draft.mapping.places) if draft else {}
        bare = replace(
            mapping_of(job), places=MappingProxyType(settled),
            indicators=MappingProxyType(dict(draft.mapping.indicators) if draft else {}),
        )  # fmt: skip
        found = questions(form, bare, matcher_of(atlas, job))
        kept = job.put("names", tuple(q for q in found if q.kind in _NAMED))
        job.choices["exact"] = settled
    return kept


def decide_names(job: Job, **changes: Any) -> None:
    """As `decide`, but the questions stay: their answers are what changes."""
    kept = job.made.get("names")
    decide(job, **changes)
    if kept is not None:
        job.made["names"] = kept


def _settled_names(atlas: Atlas, job: Job, lang: Lang) -> None:
    """The names that are exactly those on file, folded away."""
    exact: dict[str, str] = job.choices.get("exact", {})
    known = {name: target for name, target in exact.items() if target != SKIP}
    if not known:
        return
    facts = atlas.facts
    rows: list[list[Cell]] = [
        [name, facts.place(target).name(lang) if target in facts.places_by_id else target]
        for name, target in known.items()
    ]
    with st.expander(text("intake.exact_names", lang, count=len(known))):
        headers = [text(f"intake.col_{h}", lang) for h in ("printed", "meant")]
        st.html(html_table(headers, rows, caption=text("intake.exact_caption", lang)))


def _places(atlas: Atlas, job: Job, questions: Sequence[Question], lang: Lang) -> list[str]:
    if not questions:
        return []
    heading("intake.names_head", lang)
    chrome.note(text("intake.names_note", lang))
    likely = [q for q in questions if q.suggestions]
    if likely and st.button(
        text("intake.take_suggestions", lang, count=len(likely)), key="imp_take_all"
    ):
        firsts = {q.key: q.suggestions[0].target_id for q in likely}
        decide_names(job, places=MappingProxyType(dict(mapping_of(job).places) | firsts))
        forget_widgets(_SIGNS)
        st.rerun(scope="fragment")
    facts = atlas.facts
    chosen = dict(mapping_of(job).places)
    missing = []
    for at, question in enumerate(questions):
        picked = pick_place(
            facts.places, question.key, question.suggestions, chosen.get(question.key), lang,
            key=f"{_SIGNS}{at}",
        )  # fmt: skip
        if picked is None:
            chosen.pop(question.key, None)
            missing.append(text("intake.name_open", lang, name=question.key))
        else:
            chosen[question.key] = picked
    decide_names(job, places=MappingProxyType(chosen))
    return missing


def pick_place(
    places: Sequence[Place], name: str, suggestions: Sequence[Suggestion], now: str | None,
    lang: Lang, *, key: str, extra: Sequence[tuple[str, str]] = (),
) -> str | None:  # fmt: skip
    """One name with the places it may mean, likely ones first; the id chosen, or None.

    `extra` are further choices (value, label) after the places.
    """
    labels = {p.place_id: place_label(p, places, lang) for p in places}
    labels[SKIP] = text("intake.skip_name", lang)
    labels |= dict(extra)
    for found in suggestions:
        why = found.reason_zh if lang == "zh" else found.reason_en
        called = found.name_zh if lang == "zh" else found.name_en
        labels[found.target_id] = text("intake.suggestion", lang, name=called, why=why)
    first = [s.target_id for s in suggestions]
    options = list(dict.fromkeys([*first, *(v for v, _ in extra), SKIP, *labels]))
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.html(f'<p class="za-column"><b>{chrome.escape(name)}</b></p>')
    with right:
        chosen = choose(
            text("intake.name_means", lang, name=name), options, lang, key=key, now=now,
            format_func=lambda i: labels.get(i, str(i)), labelled=False,
        )  # fmt: skip
        if chosen is None and first:
            chrome.note(text("intake.perhaps", lang, name=labels[first[0]]))
    return chosen


def place_label(place: Place, places: Sequence[Place], lang: Lang) -> str:
    """A place's name with its level and where it belongs: names alone can be the same."""
    level = text(f"export.code.level.{place.level}", lang)
    above = next((p.name(lang) for p in places if p.place_id == place.parent_id), "")
    where = text("intake.list_mark", lang).join(filter(None, (level, above)))
    return text("intake.place_label", lang, name=place.name(lang), where=where)


def _indicators(atlas: Atlas, job: Job, questions: Sequence[Question], lang: Lang) -> list[str]:
    """Names of indicators in the rows of a long table."""
    if not questions:
        return []
    heading("intake.indicators_head", lang)
    facts = atlas.facts
    names = {i.indicator_id: i.name(lang) for i in facts.indicators}
    names[SKIP] = text("intake.skip_name", lang)
    chosen = dict(mapping_of(job).indicators)
    missing = []
    for at, question in enumerate(questions):
        first = [s.target_id for s in question.suggestions]
        kinds = {s.target_id: s.kind for s in question.suggestions}
        key = f"{_SIGNS}i_{at}"
        now = chosen.get(question.key)
        left, right = st.columns([2, 3], vertical_alignment="center")
        left.html(f'<p class="za-column"><b>{chrome.escape(question.key)}</b></p>')
        with right:
            picked = choose(
                text("intake.name_means", lang, name=question.key),
                list(dict.fromkeys([*first, SKIP, *names])), lang, key=key,
                now=now[0] if now else None, format_func=lambda i: names.get(i, str(i)),
                labelled=False,
            )  # fmt: skip
        if picked is None:
            missing.append(text("intake.name_open", lang, name=question.key))
        else:
            chosen[question.key] = (picked, kinds.get(picked, "actual"))
    decide_names(job, indicators=MappingProxyType(chosen))
    return missing


def _fill_down(job: Job, question: Question, lang: Lang) -> None:
    st.session_state.setdefault("imp_fill_down", mapping_of(job).fill_down)
    words = question.text_zh if lang == "zh" else question.text_en
    chrome.note(words)
    yes = st.checkbox(text("intake.fill_down", lang), key="imp_fill_down")
    if yes != mapping_of(job).fill_down:
        decide_names(job, fill_down=yes)
        job.made.pop("names", None)
        st.rerun(scope="fragment")


# --- what was read -------------------------------------------------------------------------------


def result_of(atlas: Atlas, job: Job, form: TableForm) -> TableImport:
    """The records that the table gives under the mapping; made once for it. Raises FactsError."""
    kept: TableImport | None = job.answered("result")
    if kept is None:
        source, mapping = source_of(job), with_source(job)
        read: Any = {"figures": to_observations, "parcels": to_parcels, "projects": to_projects}
        kept = read[mapping.table](
            form.without(left_out(job)), mapping, atlas.facts, source_id=source.source_id,
            row_prefix=row_prefix(source),
        )  # fmt: skip
        job.put_answered("result", kept)
    return kept


def records_of(found: TableImport) -> tuple[Any, ...]:
    """The records of a table, whatever they are."""
    if isinstance(found, FigureImport):
        return found.observations
    return found.parcels if isinstance(found, ParcelImport) else found.projects


def render_check(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    """How many records there are, what keeps the table from being stored, what was left out."""
    form = form_of(atlas, job, lang, limits)
    if form is None:
        return
    try:
        found = result_of(atlas, job, form)
    except OURS as error:
        fault(in_words(error, lang))
        return
    records = records_of(found)
    figures = [
        (text("intake.records", lang), str(len(records)), ""),
        (text("intake.faults_error", lang), str(len(found.faults)), ""),
        (text("intake.faults_warning", lang), str(len(found.warnings)), ""),
        (text("intake.skipped", lang), str(len(found.skipped)), ""),
    ]
    st.html(figure_strip(figures, caption=text("intake.check_strip", lang)))
    show_faults(found.faults, lang)
    leave_out_rows(job, form, found.faults, lang)
    if isinstance(found, ParcelImport):
        gaps_on_file(atlas, found.parcels, lang)
    _faults(found.warnings, "intake.warnings_of_table", lang)
    _skipped(found.skipped, lang)
    missing = [text("intake.mend_first", lang)] if found.faults else []
    if not records:
        missing.append(text("intake.no_records", lang))
    go_on(job, missing, lang, key="check_on")


def show_faults(found: Sequence[Fault], lang: Lang) -> None:
    """What keeps the records from being stored, each with its cell."""
    _faults(found, "intake.faults_of_table", lang)


def _faults(found: Sequence[Fault], caption: str, lang: Lang) -> None:
    if not found:
        return
    rows: list[list[Cell]] = [[fault_words(each, lang)] for each in found[:_LISTED]]
    title = text(caption, lang, count=len(found))
    st.html(html_table([text("intake.fault_what", lang)], rows, caption=title))


def _skipped(found: Sequence[SkippedRow], lang: Lang) -> None:
    if not found:
        return
    reasons = Counter(s.reason_zh if lang == "zh" else s.reason_en for s in found)
    chrome.note(
        text("intake.list_mark", lang).join(
            text("intake.skipped_reason", lang, reason=why, count=n) for why, n in reasons.items()
        )
    )
    rows: list[list[Cell]] = [
        [s.locator, s.text, s.reason_zh if lang == "zh" else s.reason_en] for s in found[:_LISTED]
    ]
    with st.expander(text("intake.skipped_caption", lang, count=len(found))):
        headers = [text(f"intake.col_{h}", lang) for h in ("locator", "content", "reason")]
        st.html(html_table(headers, rows, caption=text("intake.skipped", lang)))
