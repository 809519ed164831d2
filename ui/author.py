"""Who saves: the name that a visitor gives with what is saved, remembered for the visit.

The server's own user says nothing about its visitors, so it never stands in for one of them.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from facts.model import Lang
from layers.texts import text
from store.log import BASELINE_AUTHOR
from ui import chrome

_KEPT: Final = "visitor_name"
_LONGEST: Final = 60


def author_field(lang: Lang, key: str) -> str:
    """The field for the visitor's name, filled in as it was given last; "" while it is blank.

    `key` is the widget's; the field may stand in a form.
    """
    st.session_state.setdefault(key, st.session_state.get(_KEPT, ""))
    typed = st.text_input(
        text("ui.author", lang), key=key, max_chars=_LONGEST,
        placeholder=text("ui.author_hint", lang),
    )  # fmt: skip
    name = str(typed or "").strip()
    if name:
        st.session_state[_KEPT] = name
    return name


def author_missing(name: str, lang: Lang) -> bool:
    """Whether nothing can be saved under this name; then that is told."""
    fault = author_fault(name, lang)
    if fault:
        chrome.warn(fault)
    return bool(fault)


def author_fault(name: str, lang: Lang) -> str:
    """What is wrong with a name, in words; "" when it will do."""
    if not name.strip():
        return text("ui.author_needed", lang)
    if name.strip().casefold() == BASELINE_AUTHOR:
        return text("ui.author_reserved", lang, name=name.strip())
    return ""
