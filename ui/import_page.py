"""Import: a file is dropped, looked into, placed, checked, matched, previewed and committed.

Each step is a module of its own; this page holds the stepper and what all steps stand in. The file
itself is only ever read in a process of its own (`store.quarantine`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import streamlit as st

from facts.model import Lang
from geo.limits import MB, Limits
from layers.atlas import Atlas
from layers.tabletemplates import NAMES
from layers.texts import text
from ui import (
    chrome,
    import_columns,
    import_commit,
    import_coordinates,
    import_drop,
    import_faults,
    import_found,
    import_names,
    import_parts,
    import_preview,
    import_purpose,
    pagescript,
)
from ui.import_job import STEPS, Job, current, discard, drop, resumable, resume, touch
from ui.tables import Link, links_html

Step: TypeAlias = Callable[[Atlas, Job, Lang, Limits], None]


def _given(_atlas: Atlas, job: Job, lang: Lang, _limits: Limits) -> None:
    """Step 1 once more: which files were dropped, and how to take others."""
    names = text("intake.list_mark", lang).join(job.given)
    st.html(f"<p>{chrome.escape(text('intake.given', lang, names=names))}</p>")
    chrome.note(text("intake.given_note", lang))
    if st.button(text("intake.go_on", lang), type="primary", key="given_on"):
        job.onward()
        st.rerun(scope="fragment")


_STEPS: dict[str, Step] = {
    "drop": _given,
    "found": import_found.render,
    "place": import_coordinates.render,
    "faults": import_faults.render,
    "purpose": import_purpose.render,
    "columns": import_columns.render,
    "names": import_names.render,
    "check": import_names.render_check,
    "preview": import_preview.render,
    "commit": import_commit.render,
}
_JOB = "job"  # key of the address
_SIGNS = "①②③④⑤⑥⑦"


def render(atlas: Atlas, lang: Lang, *, limits: Limits) -> None:
    """Draw the page at the step that the visit's import has reached.

    `job` of the address names the import, so that it can be gone on with when the page is reloaded.
    """
    _own_words(lang)
    with st.container(key="import_page"):
        _workbench(atlas, lang, limits)


@st.fragment
def _workbench(atlas: Atlas, lang: Lang, limits: Limits) -> None:
    job = current()
    _stepper(job, lang)
    _head(job, lang)
    _named_in_address(job)
    pagescript.render(
        lang, step=job.step if job else STEPS["land"][0], upload_mb=limits.file_bytes // MB
    )
    if job is None:
        _unfinished(lang)
        import_commit.told(atlas, lang)
        import_drop.render(atlas, lang, limits)
        _templates(lang)
        return
    _STEPS[job.step](atlas, job, lang, limits)


def _stepper(job: Job | None, lang: Lang) -> None:
    """All steps with the one in hand; those that were reached lead back to themselves."""
    steps = job.steps if job else STEPS["land"]
    at = job.at if job else 0
    with st.container(key="import_steps", horizontal=True):
        for number, step in enumerate(steps):
            label = f"{_SIGNS[number]} {text(f'intake.step_{step}', lang)}"
            reachable = number == at or (job is not None and number <= job.reached)
            pressed = st.button(
                label, key=f"step_{step}", disabled=not reachable,
                type="primary" if number == at else "tertiary",
            )  # fmt: skip
            if pressed and job is not None and number != at:
                job.go(step)
                st.rerun(scope="fragment")


def _head(job: Job | None, lang: Lang) -> None:
    """Which step it is, which file is being imported, and the way out."""
    steps, at = (job.steps, job.at) if job else (STEPS["land"], 0)
    name = text(f"intake.step_{steps[at]}", lang)
    words = text("intake.step_of", lang, at=at + 1, count=len(steps), name=name)
    with st.container(horizontal=True, vertical_alignment="center", key="import_head"):
        st.html(f'<h2 class="za-step-title">{chrome.escape(words)}</h2>', width="content")
        if job is None:
            return
        names = text("intake.list_mark", lang).join(job.given)
        st.html(f'<p class="za-import-file">{chrome.escape(names)}</p>')
        with st.popover(text("intake.drop_job", lang), width="content"):
            chrome.note(text("intake.drop_sure", lang))
            if st.button(text("intake.drop_yes", lang), key="drop_job"):
                drop()
                st.rerun(scope="fragment")


def _named_in_address(job: Job | None) -> None:
    """Let the address name the job while there is one."""
    if job is None:
        return
    if st.query_params.get(_JOB) != job.token:
        st.query_params[_JOB] = job.token
    touch(job)


def _unfinished(lang: Lang) -> None:
    """Offer the import that a reload of the page interrupted."""
    asked = st.query_params.get(_JOB, "")
    if not asked:
        return
    job = resumable(asked)
    if job is None:
        del st.query_params[_JOB]
        return
    with st.container(key="import_unfinished", border=True):
        words = text(
            "intake.unfinished", lang, name=job.name, step=text(f"intake.step_{job.step}", lang)
        )
        st.html(f"<p>{chrome.escape(words)}</p>")
        with st.container(horizontal=True):
            if st.button(text("intake.resume", lang), type="primary", key="resume_job"):
                resume(job)
                st.rerun(scope="fragment")
            if st.button(text("intake.drop_job", lang), key="drop_unfinished"):
                discard(job)
                del st.query_params[_JOB]
                st.rerun(scope="fragment")


def _templates(lang: Lang) -> None:
    links = [
        Link(
            text(f"intake.template_{name}", lang), f"/download/template-{name}.xlsx?lang={lang}",
            download=True,
        )
        for name in NAMES
    ]  # fmt: skip
    import_parts.heading("intake.templates", lang)
    chrome.note(text("intake.templates_note", lang))
    st.html(links_html(text("intake.templates_label", lang), links))
    history = Link(text("intake.to_history", lang), f"/history?lang={lang}")
    st.html(links_html(text("intake.related", lang), [history]))


def _own_words(lang: Lang) -> None:
    """Streamlit says some things in English only; the style sheet shows these instead."""
    words = "".join(
        f"--za-{name}: '{text(f'intake.uploader_{name}', lang)}'; " for name in ("drop", "browse")
    )
    st.html(f"<style>:root {{ {words}}}</style>")
