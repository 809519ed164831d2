"""Step 7: the version is written with a message; then the ways to see it and to take it back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from facts.model import Lang
from geo.limits import Limits
from layers.atlas import Atlas, look_again
from layers.historyview import collection_name, title_of
from layers.texts import text
from store.errors import StaleWriterError, StoreError
from store.imports import Prepared, commit_layer
from store.mappings import save_mapping
from store.officefigures import (
    OBSERVATIONS,
    PROJECTS,
    add_figures,
    add_parcels,
    add_projects,
)
from ui import chrome
from ui.author import author_field, author_missing
from ui.import_faults import left_out_words
from ui.import_job import Job, drop
from ui.import_mapping import with_source
from ui.import_parts import done, fault, in_words, one_language, work
from ui.import_preview import STALE, Preview, preview_of
from ui.import_source import short_enough, source_of
from ui.import_zoneplan import commit_plan
from ui.tables import Link, links_html

ON_THE_MAP: Final = ("zones", OBSERVATIONS, PROJECTS)  # what the map page and its files show
_SAID: Final = "import_said"


@dataclass(frozen=True, slots=True)
class Said:
    """What was done last, for the page that follows."""

    collection: str
    version: int | None
    place_id: str = ""
    counts: tuple[int, int, int] | None = None
    warning: str = ""


def render(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    """Ask for a message, then write."""
    job.choices.pop(STALE, None)  # told, and looked at since
    found = preview_of(atlas, job, lang, limits)
    if found is None:
        return
    st.session_state.setdefault("imp_message", job.choices.get("message", ""))
    message = st.text_input(
        text("intake.message", lang), key="imp_message",
        placeholder=text("intake.message_hint", lang),
    ).strip()  # fmt: skip
    job.choices["message"] = message
    who = author_field(lang, "imp_author")
    chrome.note(text("intake.undo_note", lang))
    if not st.button(text("intake.commit", lang), type="primary", key="import_commit"):
        return
    if not message:
        chrome.warn(text("intake.message_needed", lang))
        return
    if author_missing(who, lang) or not short_enough(text("intake.message", lang), message, lang):
        return
    if left_out := left_out_words(job, lang):
        message = text("intake.message_left_out", lang, message=message, left_out=left_out)
    said, error = work(
        "intake.committing", lang, lambda _tell: _commit(atlas, job, found, who, message)
    )
    if isinstance(error, StaleWriterError):
        _stale(atlas, job, error, lang)
        return
    if error is not None:
        fault(in_words(error, lang))
        return
    look_again(atlas)
    st.session_state[_SAID] = said
    drop()
    st.rerun()


def _stale(atlas: Atlas, job: Job, error: Exception, lang: Lang) -> None:
    """Somebody else was first: the preview no longer tells the truth and is made again."""
    look_again(atlas)
    job.made.pop("preview", None)
    job.step = "preview"
    job.reached = job.at
    job.choices[STALE] = in_words(error, lang)
    st.rerun()  # the whole page: only that takes the newest versions


def _commit(atlas: Atlas, job: Job, found: Preview, who: str, message: str) -> Said:
    """Write what the preview showed. Raises one of OURS."""
    workspace = atlas.workspace
    if found.collection == "zones":
        plan, source, zones = found.payload
        prepared = Prepared.from_json(job.get("prepared"))
        version = commit_plan(
            atlas, plan, source, zones, author=who, message=prepared.in_message(message),
            expected_version=found.expected,
        )  # fmt: skip
        return Said("zones", version, place_id=next(iter(plan.places.values()), ""))
    if job.kind == "land" and job.choices["purpose"] == "layer":
        prepared = _spare(Prepared.from_json(job.get("prepared")))
        report = commit_layer(
            workspace, prepared, found.collection, author=who, message=message,
            title=str(job.choices.get("layer_title", "")), source=source_of(job),
            expected_version=found.expected,
        )  # fmt: skip
        return Said(found.collection, report.version)
    return _commit_records(atlas, job, found, who, message)


def _spare(prepared: Prepared) -> Prepared:
    """The same file under another name: a commit uses its file up, and may have to be repeated."""
    spare = prepared.path.with_suffix(".commit.parquet")
    spare.unlink(missing_ok=True)
    try:
        spare.hardlink_to(prepared.path)
    except OSError:  # a disk without links
        shutil.copyfile(prepared.path, spare)
    return replace(prepared, path=spare)


def _commit_records(atlas: Atlas, job: Job, found: Preview, who: str, message: str) -> Said:
    records, shapes = found.payload
    source = source_of(job)
    options: dict[str, Any] = {
        "facts": atlas.facts, "source": source, "author": who, "message": message,
        "expected_version": found.expected,
    }  # fmt: skip
    if found.collection == OBSERVATIONS:
        added = add_figures(atlas.workspace, records, **options)
    elif found.collection == PROJECTS:
        added = add_projects(atlas.workspace, records, **options)
    else:
        added = add_parcels(atlas.workspace, records, shapes=shapes, **options)
    warning = ""
    try:
        save_mapping(atlas.workspace, with_source(job), author=who, message=message)
    except StoreError as error:  # the data are on file; only the next table will ask again
        warning = error.message
    place = next((r.place_id for r in records if r.place_id), "")
    counts = (added.added, added.replaced, added.unchanged)
    return Said(found.collection, added.version, place, counts, warning)


def told(atlas: Atlas, lang: Lang) -> None:
    """What the last import did, and where to see it or take it back."""
    said: Said | None = st.session_state.get(_SAID)
    if said is None:
        return
    name = collection_name(said.collection, lang, title_of(atlas.workspace, said.collection))
    if said.version is None:
        done(text("intake.nothing_new", lang, name=name))
    else:
        done(text("intake.committed", lang, name=name, version=said.version))
    if said.counts is not None:
        added, replaced, unchanged = said.counts
        chrome.note(
            text("intake.counts", lang, added=added, replaced=replaced, unchanged=unchanged)
        )
    if said.warning:
        fault(text("intake.not_remembered", lang, why=one_language(said.warning, lang)))
    history = "/history?" + urlencode({"c": said.collection, "lang": lang})
    query = {"level": "zone", "lang": lang} | ({"sel": said.place_id} if said.place_id else {})
    links = [Link(text("intake.see_history", lang), history)]
    if said.collection in ON_THE_MAP:
        links.insert(0, Link(text("intake.see_map", lang), f"/?{urlencode(query)}"))
    else:  # the map of the province does not draw it, the page of its versions does
        links.insert(0, Link(text("intake.see_layer", lang), history))
        links.append(Link(text("intake.see_download", lang), f"/downloads?lang={lang}"))
    links.append(Link(text("intake.see_undo", lang), f"{history}&to=undo"))
    if said.place_id:
        links.insert(1, Link(text("intake.see_file", lang), chrome.place_href(said.place_id, lang)))
    st.html(links_html(text("intake.what_now", lang), links))
