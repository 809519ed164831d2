"""Where imported data come from: what is kept as a source beside every figure and outline."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

import streamlit as st

from facts.model import Lang, Source
from layers.texts import text
from store.officefigures import as_on_file, office_source
from store.prepared import Prepared
from ui import chrome
from ui.import_job import Job
from ui.import_parts import heading

LONGEST: Final = 200  # characters of a title, a publisher, a message
_FIELDS = ("title", "publisher", "published_on")


def source_form(job: Job, lang: Lang) -> bool:
    """Ask for title, publisher and date; whether there is a title and the date is one."""
    heading("intake.source", lang)
    chrome.note(text("intake.source_note", lang))
    kept: dict[str, str] = job.choices.setdefault("source", {"title": PurePath(job.name).stem})
    columns = st.columns([3, 2, 1.4], vertical_alignment="bottom")
    for name, column in zip(_FIELDS, columns, strict=True):
        key = f"imp_source_{name}"
        st.session_state.setdefault(key, kept.get(name, ""))
        typed = column.text_input(
            text(f"intake.source_{name}", lang), key=key,
            placeholder=text(f"intake.source_{name}_hint", lang),
        )  # fmt: skip
        kept[name] = typed.strip()
    fits = [short_enough(text(f"intake.source_{name}", lang), kept[name], lang) for name in _FIELDS]
    if not all(fits):
        return False
    if kept["published_on"] and not is_date(kept["published_on"]):
        chrome.warn(text("intake.source_date_bad", lang, value=kept["published_on"]))
        return False
    return bool(kept["title"])


def short_enough(label: str, typed: str, lang: Lang) -> bool:
    """Whether what was typed can be kept; if it is too long that is said, and nothing is cut off.

    Not `max_chars` of the field: Streamlit drops what is pasted beyond it without a word.
    """
    if len(typed) <= LONGEST:
        return True
    chrome.warn(text("intake.too_long", lang, label=label, count=len(typed), most=LONGEST))
    return False


def is_date(words: str) -> bool:
    """Whether it is YYYY, YYYY-MM or YYYY-MM-DD."""
    match = re.fullmatch(r"[0-9]{4}(?:-([0-9]{2})(?:-([0-9]{2}))?)?", words)
    if match is None:
        return False
    month, day = (int(part) if part else 1 for part in match.groups())
    return 1 <= month <= 12 and 1 <= day <= 31


def source_of(job: Job) -> Source:
    """The source that the form describes; the same file gives the same one."""
    kept: dict[str, str] = job.choices["source"]
    note = Prepared.from_json(job.get("prepared")).treatment if job.kind == "land" else ""
    made = office_source(
        title=kept["title"], publisher=kept.get("publisher", ""),
        published_on=kept.get("published_on", ""), file=job.name,
        sha256=str(job.choices.get("sha256", "")), note=note,
    )  # fmt: skip
    return as_on_file(made, job.choices.get("on_file"), retitled=True)
