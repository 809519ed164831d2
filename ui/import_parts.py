"""What the steps of the import page share: errors in one language, plain labels, long work."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

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

__all__ = ["OURS", "done", "fault", "heading", "in_words", "one_language", "plain", "task", "work"]

OURS = (GeoError, StoreError, FactsError, LayerError)
T = TypeVar("T")

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$^])")


def plain(words: str) -> str:
    """Words from a file as a label that Streamlit reads as Markdown: shown as they are."""
    return _MARKDOWN.sub(r"\\\1", words)


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
