"""What the steps of the import page share: errors in one language, plain labels, long work."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import streamlit as st

from facts.errors import FactsError
from facts.model import Lang
from geo.errors import GeoError
from geo.limits import Limits
from layers.atlas import Atlas
from layers.errors import LayerError
from layers.texts import text
from store.errors import StoreError
from store.quarantine import run
from ui import chrome
from ui.import_job import Job
from ui.import_words import in_words, one_language

__all__ = [
    "OURS", "choose", "done", "fault", "heading", "in_words", "one_language", "plain", "task",
    "work",
]  # fmt: skip

OURS = (GeoError, StoreError, FactsError, LayerError)
T = TypeVar("T")

_UNCHOSEN: Final = ""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$^])")


def plain(words: str) -> str:
    """Words from a file as a label that Streamlit reads as Markdown: shown as they are."""
    return _MARKDOWN.sub(r"\\\1", words)


def choose(
    label: str, options: Sequence[T], lang: Lang, *, key: str, now: T | None = None,
    format_func: Callable[[T], str] = str, disabled: bool = False, labelled: bool = True,
) -> T | None:  # fmt: skip
    """A select box that begins unchosen and can't be emptied again: Escape only closes its list.

    `now` is what is chosen when the box is drawn anew or would be empty. Without `labelled`, as in
    a table, the label is only read aloud. Gives what is chosen, None for nothing yet.
    """
    shown: list[Any] = [_UNCHOSEN, *options]
    # Also when the browser says so: it may answer with what it had before the server chose `now`.
    if st.session_state.get(key, _UNCHOSEN) not in options:
        st.session_state[key] = now if now in options else _UNCHOSEN
    chosen = st.selectbox(
        label, shown, key=key, disabled=disabled,
        label_visibility="visible" if labelled else "collapsed",
        format_func=lambda one: text("intake.choose", lang) if one == _UNCHOSEN
        else format_func(one),
    )  # fmt: skip
    return None if chosen == _UNCHOSEN else chosen


def fault(message: str) -> None:
    """What went wrong in this step, several lines if need be; never read as markup."""
    lines = "<br>".join(chrome.escape(line) for line in message.splitlines())
    st.html(f'<p class="za-alert" role="alert">{lines}</p>')


def done(message: str) -> None:
    """What was done, told quietly to screen readers too."""
    st.html(f'<p class="za-done" role="status">{chrome.escape(message)}</p>')


def heading(key: str, lang: Lang) -> None:
    """A heading inside a step."""
    st.html(f"<h3>{chrome.escape(text(key, lang))}</h3>")


@contextmanager
def _working(label: str, lang: Lang) -> Any:
    """A box that tells what is being done; gives the function that tells it."""
    with st.status(label, expanded=False) as box:

        def tell(zh: str, en: str) -> None:
            box.update(label=f"{label} · {plain(zh if lang == 'zh' else en)}")

        try:
            yield tell
        except Exception:
            box.update(state="error", label=text("intake.stopped", lang))
            raise
        box.update(state="complete", label=text("intake.finished", lang))


def work(
    label: str, lang: Lang, what: Callable[[Callable[[str, str], None]], T]
) -> tuple[T | None, Exception | None]:
    """Do something that may take long under a box that tells of it; the result, or our error."""
    place = st.empty()
    try:
        with place.container(), _working(text(label, lang), lang) as tell:
            result = what(tell)
    except OURS as error:
        place.empty()
        return None, error
    place.empty()
    return result, None


def task(
    name: str, job: Job, atlas: Atlas, lang: Lang, *, limits: Limits, label: str,
    answer: Mapping[str, Any] | None = None, **arguments: Any,
) -> tuple[dict[str, Any] | None, Exception | None]:  # fmt: skip
    """A task on the job's file in a process of its own; its answer, or the error it ended with."""
    asked: dict[str, Any] = {
        "file": job.file.name, "lang": lang, "options": dict(job.read),
        "answer": dict(job.answer if answer is None else answer),
        "workspace": str(atlas.workspace.path), "name": job.name,
        "columns": dict(job.choices.get("compare", {})), **arguments,
    }  # fmt: skip
    folder = Path(job.scratch.folder)
    return work(
        label, lang, lambda tell: run(name, asked, scratch=folder, limits=limits, progress=tell)
    )
