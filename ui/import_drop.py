"""Step 1: files are dropped and put aside under names of ours; nothing is read yet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from facts.model import Lang
from geo.files import FORMATS
from geo.limits import MB, Limits
from layers.atlas import Atlas
from layers.texts import text
from store.scratch import Scratch
from ui import chrome
from ui.import_job import Job, Kind, begin
from ui.import_parts import OURS, choose, fault, in_words

TABLES = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv")
_GENERATION = "import_drop"  # a new one empties the box
_DIGEST_BLOCK = 1 << 20


def render(atlas: Atlas, lang: Lang, limits: Limits) -> None:
    """The box for files, what it takes, and what became of what was dropped."""
    chrome.note(text("intake.drop_note", lang))
    dropped = st.file_uploader(
        text("intake.drop_label", lang),
        accept_multiple_files=True,
        key=f"{_GENERATION}_{st.session_state.setdefault(_GENERATION, 0)}",
        max_upload_size=max(1, limits.file_bytes // MB),
        label_visibility="collapsed",
    )
    _formats(lang)
    if not dropped:
        return
    _take(atlas, dropped, lang, limits)


def _formats(lang: Lang) -> None:
    names = [
        f"{f.name_zh if lang == 'zh' else f.name_en} ({' '.join(f.extensions)})"
        for f in FORMATS.values()
        if f.reads
    ]
    listed = text("intake.list_mark", lang).join(names)
    chrome.note(text("intake.formats", lang, formats=listed, tables=" ".join(TABLES)))


def _take(atlas: Atlas, dropped: Sequence[Any], lang: Lang, limits: Limits) -> None:
    """Put the files aside; one that can be read is gone on with, of several one is chosen."""
    key = tuple((f.file_id, f.name) for f in dropped)
    kept = st.session_state.get("import_taken")
    if kept is None or kept[0] != key:
        _forget_taken()
        try:
            with st.spinner(text("intake.storing", lang)):
                kept = (key, _stored(atlas, dropped, limits))
        except OURS as error:
            fault(in_words(error, lang))
            return
        st.session_state["import_taken"] = kept
    scratch: Scratch = kept[1]
    mains = scratch.main_files()
    if not mains:
        names = text("intake.list_mark", lang).join(f.name for f in dropped)
        fault(text("intake.no_main", lang, names=names))
        return
    if len(mains) == 1:
        _start(scratch, mains[0], lang)
        return
    called = {path: scratch.names[path.name] for path in mains}
    chrome.note(text("intake.several", lang, count=len(mains)))
    chosen = choose(
        text("intake.which", lang), mains, lang, format_func=called.__getitem__, key="import_which"
    )
    if chosen is not None and st.button(text("intake.go_on", lang), type="primary"):
        _start(scratch, chosen, lang)


def _stored(atlas: Atlas, dropped: Sequence[Any], limits: Limits) -> Scratch:
    scratch = Scratch.open(atlas.workspace)
    try:
        for file in dropped:
            file.seek(0)
            scratch.put(file.name, file, limits=limits)
    except BaseException:
        scratch.close()
        raise
    return scratch


def _forget_taken() -> None:
    kept = st.session_state.pop("import_taken", None)
    if kept is not None:
        kept[1].close()


def _start(scratch: Scratch, main: Path, lang: Lang) -> None:
    """Begin the job of one file; the box is empty when the page comes back to it."""
    first = scratch.names[main.name]
    parts = [n for own, n in scratch.names.items() if Path(own).stem == main.stem and n != first]
    kind: Kind = "table" if main.suffix.lower() in TABLES else "land"
    st.session_state.pop("import_taken", None)
    st.session_state[_GENERATION] = st.session_state.get(_GENERATION, 0) + 1
    job = begin(Job(scratch, main, (first, *parts), kind))
    try:
        job.choices["sha256"] = _digest(main)
    except OSError as error:
        fault(text("intake.unreadable", lang, why=str(error)))
        return
    st.rerun(scope="fragment")


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_DIGEST_BLOCK):
            found.update(block)
    return found.hexdigest()
