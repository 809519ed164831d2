"""The way back: an older version becomes the newest again, or a first import is withdrawn."""

from __future__ import annotations

from typing import Final, cast

import streamlit as st

from facts.model import Lang
from layers.atlas import Atlas, look_again
from layers.historyview import collection_name, title_of
from layers.texts import text
from store.boundaryimport import COLLECTION as ZONES
from store.errors import StoreError
from store.log import BASELINE_AUTHOR, VersionInfo
from store.undoing import PLACES, Undone, added_places, restore_zones
from ui import chrome
from ui.author import author_field, author_missing
from ui.history_versions import version_option
from ui.tables import Link, links_html

_EMPTY: Final = -1  # the choice of withdrawing a first import
_SAID: Final = "history_said"


def told() -> None:
    """What was done last."""
    said = st.session_state.pop(_SAID, "")
    if said:
        st.html(f'<p class="za-done" role="status">{chrome.escape(said)}</p>')


def undo(atlas: Atlas, name: str, versions: list[VersionInfo], lang: Lang) -> None:
    """The form that goes back; `versions` are those of the collection, the newest first."""
    st.html(f"<h2>{chrome.escape(text('history.undo', lang))}</h2>")
    chrome.note(text("history.undo_note", lang))
    newest = versions[0]
    by_number = {i.version: i for i in versions[1:] if not i.foreign and i.file != newest.file}
    targets = list(by_number)
    if versions[-1].author != BASELINE_AUTHOR and newest.rows:
        targets.append(_EMPTY)
    if not targets:
        chrome.note(text("history.nothing_to_restore", lang))
        return
    _together(atlas, name, lang)

    def label(number: int) -> str:
        if number == _EMPTY:
            return text("history.withdraw_option", lang)
        return version_option(by_number[number], lang)

    with st.form(f"undo_{name}_{newest.version}", border=True):
        target = st.selectbox(text("history.target", lang), targets, format_func=label)
        message = st.text_input(
            text("history.message", lang), max_chars=200,
            placeholder=text("history.message_hint", lang),
        )  # fmt: skip
        who = author_field(lang, f"undo_author_{name}_{newest.version}")
        sure = st.checkbox(text("history.confirm", lang))
        done = st.form_submit_button(text("history.restore", lang), type="primary")
    if not done:
        return
    if not message.strip() or not sure:
        missing = "message_needed" if not message.strip() else "confirm_needed"
        chrome.warn(text(f"history.{missing}", lang))
        return
    if author_missing(who, lang):
        return
    _go_back(
        atlas, name, cast("int", target), lang, expected=newest.version, author=who,
        message=message.strip(),
    )  # fmt: skip


def _together(atlas: Atlas, name: str, lang: Lang) -> None:
    """That zones and the places that came with them go back together, and where that is done."""
    if name not in (ZONES, PLACES):
        return
    try:
        added = list(added_places(atlas.workspace).values())
    except StoreError as error:
        chrome.warn(error.message)
        return
    if not added:
        return
    names = text("intake.list_mark", lang).join(added)
    if name == ZONES:
        chrome.note(text("history.places_follow", lang, names=names))
        return
    chrome.warn(text("history.places_have_outlines", lang, names=names))
    link = Link(text("history.to_zones", lang), f"/history?c={ZONES}&to=undo&lang={lang}")
    st.html(links_html(text("history.undo_together", lang), [link]))


def _go_back(
    atlas: Atlas, name: str, target: int, lang: Lang, *, expected: int, author: str, message: str
) -> None:  # fmt: skip
    workspace = atlas.workspace
    called = collection_name(name, lang, title_of(workspace, name))
    try:
        if target == _EMPTY:
            made = workspace.withdraw(
                name, author=author, message=message, expected_version=expected
            )
            said = text("history.withdrawn", lang, name=called, version=made)
        elif name == ZONES:
            undone = restore_zones(
                workspace, target, author=author, message=message, expected_version=expected
            )
            said = text(
                "history.done", lang, name=called, version=undone.version, restored=target
            ) + _places_words(undone, lang)  # fmt: skip
        else:
            made = workspace.restore(
                name, target, author=author, message=message, expected_version=expected
            )
            said = text("history.done", lang, name=called, version=made, restored=target)
    except StoreError as error:
        chrome.warn(error.message)
        return
    look_again(atlas)
    st.session_state[_SAID] = said
    st.rerun()


def _places_words(undone: Undone, lang: Lang) -> str:
    """What became of the office's places, in words; "" for nothing."""
    words = []
    for key, names in (("left", undone.left), ("kept", undone.kept), ("back", undone.returned)):
        if names:
            joined = text("intake.list_mark", lang).join(names)
            words.append(text(f"history.places_{key}", lang, names=joined))
    return "".join(f" {one}" for one in words)
