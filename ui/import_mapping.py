"""The mapping of a table as it is being decided: suggested, remembered, changed by the planner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any, cast

import streamlit as st

from facts.drafts import Draft, suggest
from facts.mappings import Mapping, SourceNote, TableKind, signature, without_subject
from facts.matching import Matcher
from facts.model import Lang
from facts.tableforms import FormError, TableForm, recognise
from geo.limits import Limits
from layers.atlas import Atlas
from layers.texts import text
from store.mappings import find_mapping
from store.officefigures import source_on_file
from ui import chrome
from ui.import_found import grids
from ui.import_job import Job, forget_widgets
from ui.import_parts import fault, in_words, one_language
from ui.import_source import source_of


def form_of(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> TableForm | None:
    """The recognised table of the chosen sheet; a fault is shown and gives None."""
    form: TableForm | None = job.get("form")
    if form is None:
        sheets = grids(atlas, job, lang, limits)
        if sheets is None:
            return None
        try:
            form = job.put("form", recognise(sheets[int(job.choices.get("sheet", 0))]))
        except FormError as error:
            fault(in_words(error, lang))
            chrome.note(text("intake.try_template", lang))
            return None
    return form


def matcher_of(atlas: Atlas, job: Job) -> Matcher:
    """The look-up of names and indicators, made once for a job."""
    kept: tuple[Any, Matcher] | None = st.session_state.get("imp_matcher")
    if kept is None or kept[0] is not atlas:
        kept = st.session_state["imp_matcher"] = (atlas, Matcher(atlas.facts))
    return kept[1]


def draft_of(atlas: Atlas, job: Job, form: TableForm) -> Draft:
    """The mapping as far as it is certain: suggestions, what was remembered, what was decided.

    The columns of outlines are mostly the reader's own, the same in every file: what the last one
    was about (place, state, source) is never taken for this one. The choice "remembered" says
    whether anything was carried over, which the page then tells.
    """
    draft: Draft | None = job.get("draft")
    if draft is None:
        remembered = None
        if not job.choices.get("ignore_remembered"):
            remembered = find_mapping(atlas.workspace, signature(form))
        if remembered is not None and job.kind == "land":
            remembered = without_subject(remembered)
        table: TableKind | None = job.choices.get("table")
        _source_on_file(atlas, job)
        draft = fresh = suggest(form, matcher_of(atlas, job), table=table)
        if remembered is not None:
            draft = suggest(form, matcher_of(atlas, job), table=table, remembered=remembered)
        publisher = draft.mapping.source.publisher
        if publisher and "source" not in job.choices:
            kept = {"title": PurePath(job.name).stem, "publisher": publisher}
            job.choices["source"] = kept
        named = replace(draft.mapping, source=SourceNote()) != fresh.mapping
        job.choices["remembered"] = named or bool(publisher)
        job.put("draft", draft)
        job.choices["mapping"] = draft.mapping
    return draft


def _source_on_file(atlas: Atlas, job: Job) -> None:
    """Bytes that are on file keep their source, and what it was called is where to begin."""
    known = source_on_file(atlas.facts.sources, str(job.choices.get("sha256", "")))
    job.choices["on_file"] = known
    if known is not None and "source" not in job.choices:
        job.choices["source"] = {
            "title": known.title, "publisher": known.publisher, "published_on": known.published_on,
        }  # fmt: skip


def forget_remembered(job: Job) -> None:
    """Begin again without what was remembered of the last table: columns, names, place, source."""
    publisher = mapping_of(job).source.publisher
    source: dict[str, str] = job.choices.get("source", {})
    if publisher and source.get("publisher") == publisher:
        source.pop("publisher")
    job.choices["ignore_remembered"] = True
    for name in ("draft", "names", "result", "preview"):
        job.made.pop(name, None)
    for prefix in ("imp_col_", "imp_name_", "imp_place", "imp_stage", "imp_fill_down"):
        forget_widgets(prefix)
    forget_widgets("imp_source_publisher")


def mapping_of(job: Job) -> Mapping:
    """The mapping with all decisions so far."""
    return cast("Mapping", job.choices["mapping"])


def with_source(job: Job) -> Mapping:
    """The mapping with the source that the planner named."""
    source = source_of(job)
    note = SourceNote(source.title, source.publisher, source.published_on)
    return replace(mapping_of(job), source=note)


def decide(job: Job, **changes: Any) -> None:
    """Take decisions; what later steps made of others is forgotten."""
    changed = replace(mapping_of(job), **changes)
    if changed != mapping_of(job):
        job.choices["mapping"] = changed
        for name in ("names", "result", "preview"):
            job.made.pop(name, None)
        job.reached = min(job.reached, job.at)


def go_on(job: Job, missing: Sequence[str], lang: Lang, *, key: str) -> None:
    """The button to the next step, or what still keeps from it."""
    if missing:
        chrome.note(text("intake.missing", lang, what=text("intake.list_mark", lang).join(missing)))
    if st.button(text("intake.go_on", lang), type="primary", key=key, disabled=bool(missing)):
        job.onward()
        st.rerun(scope="fragment")


def fault_words(found: Any, lang: Lang) -> str:
    """A fault of a table in one line: cell, column, what stands there, why; in one language."""
    why = one_language(found.why, lang)
    where = found.cell or found.file
    if found.column:
        column = f"（{found.column}）" if lang == "zh" else f" ({found.column})"
        where = f"{where}{column}" if where else found.column
    where += f" “{found.value}”" if found.value else ""
    if not where:
        return why
    return f"{where}：{why}" if lang == "zh" else f"{where}: {why}"
