"""Step 3 of a table: how it was understood, and what each of its columns means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from facts.drafts import Draft, Question, questions
from facts.mappings import TableKind
from facts.model import Lang
from facts.periodtexts import parse_period, since_january
from facts.recordfields import BATCH_WORDS, STATE_WORDS
from facts.tableforms import TableForm, planned_warnings
from geo.limits import Limits
from layers.atlas import Atlas
from layers.figurechanges import imported_before, stage_name
from layers.texts import text
from ui import chrome
from ui.import_column import column_editor, unit_words
from ui.import_job import Job, forget_widgets
from ui.import_mapping import (
    decide,
    draft_of,
    fault_words,
    forget_remembered,
    form_of,
    go_on,
    mapping_of,
    matcher_of,
)
from ui.import_parts import OURS, choose, fault, heading, in_words
from ui.import_source import source_form
from ui.tables import Cell, html_table

_NEAR: Final = 3  # places that are named as the likely ones
TABLES: Final[tuple[TableKind, ...]] = ("figures", "parcels", "projects")


def render(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    """Show how the table was understood and let every decision be changed."""
    form = form_of(atlas, job, lang, limits)
    if form is None:
        return
    try:
        draft = draft_of(atlas, job, form)
    except OURS as error:
        fault(in_words(error, lang))
        return
    _understood(form, lang)
    for warning in planned_warnings(form) if draft.mapping.table == "figures" else ():
        chrome.warn(fault_words(warning, lang))
    _table_kind(job, lang)
    missing = columns_editor(atlas, job, form, draft, lang)
    if not source_form(job, lang):
        missing.append(text("intake.source_needed", lang))
    go_on(job, missing, lang, key="columns_on")


def _understood(form: TableForm, lang: Lang) -> None:
    """The form of the table as a fact sheet."""
    counts = {kind: sum(r.kind == kind for r in form.rows) for kind in ("total", "subtotal")}
    first, last = form.header
    rows: list[list[Cell]] = [
        [text("intake.form_title", lang), form.title or "—"],
        [text("intake.form_layout", lang), text(f"intake.layout_{form.layout}", lang)],
        [
            text("intake.form_header", lang),
            text("intake.form_header_row", lang, row=first + 1)
            if first == last
            else text("intake.form_header_rows", lang, first=first + 1, last=last + 1),
        ],
        [
            text("intake.form_units", lang),
            text("intake.list_mark", lang).join(unit_words(u, lang) for u in form.units)
            or text("intake.form_units_columns", lang),
        ],
        [text("intake.form_rows", lang), str(len(form.data_rows))],
    ]
    left_out = counts["total"] + counts["subtotal"]
    if left_out:
        rows.append([text("intake.form_totals", lang), str(left_out)])
    if form.period is not None:
        rows.insert(4, [text("intake.form_period", lang), form.period.name(lang)])
    headers = [text("intake.col_item", lang), text("intake.col_content", lang)]
    st.html(html_table(headers, rows, caption=text("intake.form_caption", lang), narrow=True))
    for warning in form.warnings:
        chrome.note(fault_words(warning, lang))


def _table_kind(job: Job, lang: Lang) -> None:
    now = mapping_of(job).table
    st.session_state.setdefault("imp_table", now)
    chosen = st.radio(
        text("intake.table_kind", lang), TABLES, key="imp_table", horizontal=True,
        format_func=lambda k: text(f"intake.table_{k}", lang),
    )  # fmt: skip
    if chosen != now:
        job.choices["table"] = chosen
        job.made.pop("draft", None)
        forget_widgets("imp_col_")
        st.rerun(scope="fragment")


def _remembered(job: Job, lang: Lang) -> None:
    """Tell that decisions about the last table of this form were taken over, and undo it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        chrome.note(text("intake.remembered", lang))
        if st.button(text("intake.forget_remembered", lang), key="imp_forget"):
            forget_remembered(job)
            st.rerun(scope="fragment")


# --- columns -------------------------------------------------------------------------------------


def columns_editor(
    atlas: Atlas, job: Job, form: TableForm, draft: Draft, lang: Lang, *, near: Sequence[str] = ()
) -> list[str]:
    """One line for each column with what it means; returns what is still undecided.

    `near` are the places where the records lie, offered first where one place must be chosen.
    """
    for words in imported_before(atlas.workspace, job.choices.get("on_file"), lang):
        chrome.warn(words)
    if job.choices.get("remembered"):
        _remembered(job, lang)
    heading("intake.columns_head", lang)
    asked = {q.key: q for q in draft.questions if q.kind == "column"}
    _at_once(job, asked, lang)
    decided = []
    for column in mapping_of(job).columns:
        with st.container(key=f"intake_column_{column.index}"):
            question, mapping = asked.get(str(column.index)), mapping_of(job)
            decided.append(
                column_editor(atlas, form, column, lang, asked=question, mapping=mapping)
            )
    decide(job, columns=tuple(decided))
    return _open(atlas, job, form, near, lang)


def _at_once(job: Job, asked: dict[str, Question], lang: Lang) -> None:
    """All undecided columns in one step: to what is closest, or left out."""
    undecided = [c for c in mapping_of(job).columns if c.role == ""]
    if not undecided:
        return
    likely = {
        c.index: asked[str(c.index)].suggestions[0]
        for c in undecided if str(c.index) in asked and asked[str(c.index)].suggestions
    }  # fmt: skip
    with st.container(horizontal=True):
        take = bool(likely) and st.button(
            text("intake.take_suggestions", lang, count=len(likely)), key="imp_take_columns"
        )
        skip = st.button(text("intake.skip_rest", lang), key="imp_skip_rest")
    if not take and not skip:
        return
    columns = []
    for column in mapping_of(job).columns:
        found = likely.get(column.index) if take else None
        if found is not None:
            column = replace(  # noqa: PLW2901 - the decided one takes its place
                column, role="value", indicator_id=found.target_id, kind=found.kind
            )
        elif skip and column.role == "":
            column = replace(column, role="skip")  # noqa: PLW2901
        columns.append(column)
    decide(job, columns=tuple(columns))
    forget_widgets("imp_col_")
    st.rerun(scope="fragment")


def _open(atlas: Atlas, job: Job, form: TableForm, near: Sequence[str], lang: Lang) -> list[str]:
    """What the table itself leaves open: period, place, stage; and what is missing in words."""
    mapping = mapping_of(job)
    labels = {str(c.index): c.label for c in mapping.columns}
    bare = replace(mapping, period=None, place_id="", stage="")
    found = {q.kind: q for q in questions(form, bare, matcher_of(atlas, job))}
    missing = []
    if "period" in found:
        missing += _period(job, form, lang)
    if "default_place" in found:
        missing += _default_place(atlas, job, found["default_place"], near, lang)
    if "stage" in found:
        missing += _stage(job, found["stage"], lang)
    for question in questions(form, mapping_of(job), matcher_of(atlas, job)):
        if question.kind in ("column", "unit"):
            key = "undecided" if question.kind == "column" else "no_unit"
            missing.append(text(f"intake.{key}", lang, name=labels.get(question.key, "")))
    return missing


def _default_place(
    atlas: Atlas, job: Job, asked: Question, near: Sequence[str], lang: Lang
) -> list[str]:
    """The one place that all figures of a table are about."""
    places = {p.place_id: p.name(lang) for p in atlas.facts.places}
    for place_id in near:
        places[place_id] = text("intake.place_near", lang, name=places[place_id])
    options = list(dict.fromkeys([*near, *(s.target_id for s in asked.suggestions), *places]))
    chosen = choose(
        asked.text_zh if lang == "zh" else asked.text_en, options, lang, key="imp_place",
        now=mapping_of(job).place_id or None, format_func=lambda i: places.get(i, str(i)),
    )  # fmt: skip
    decide(job, place_id=chosen or "")
    if not chosen and near:
        mark = text("intake.list_mark", lang)
        names = mark.join(atlas.facts.place(i).name(lang) for i in near[:_NEAR])
        chrome.note(text("intake.places_near", lang, names=names))
    return [] if chosen else [text("intake.no_place", lang)]


def _stage(job: Job, asked: Question, lang: Lang) -> list[str]:
    """The state of all parcels, or the batch of all projects, of a list that names none."""
    words = STATE_WORDS if mapping_of(job).table == "parcels" else BATCH_WORDS
    chosen = choose(
        asked.text_zh if lang == "zh" else asked.text_en, list(words), lang, key="imp_stage",
        now=mapping_of(job).stage or None, format_func=lambda k: stage_name(k, lang),
    )  # fmt: skip
    decide(job, stage=chosen or "")
    return [] if chosen else [text("intake.stage_needed", lang)]


def _period(job: Job, form: TableForm, lang: Lang) -> list[str]:
    """The period of figures whose columns and rows name none; what is missing of it.

    Where the title says 累计 without a period, the one that is typed begins with January too.
    """
    now = mapping_of(job).period
    st.session_state.setdefault("imp_period", now.label if now else "")
    typed = st.text_input(
        text("intake.period", lang), key="imp_period", max_chars=40,
        placeholder=text("intake.period_hint", lang),
    ).strip()  # fmt: skip
    period = now if now is not None and typed == now.label else parse_period(typed)
    if period is not None and form.cumulative and form.period is None:
        period = replace(since_january(period), label=period.label)
    decide(job, period=period)
    if period is None:
        if typed:
            chrome.warn(text("intake.period_bad", lang, value=typed))
        return [text("intake.period_missing", lang)]
    chrome.note(text("intake.period_read", lang, name=period.name(lang)))
    return []
