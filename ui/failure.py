"""What a visitor sees when a page fails: what is wrong and what to do, never a bare trace."""

from __future__ import annotations

import logging

import streamlit as st

from layers.texts import text


def explain(error: Exception) -> bool:
    """Show an error of a page's script as a message; the trace goes to the server's log."""
    logging.getLogger("zone_atlas").exception("page failed", exc_info=error)
    lang = st.session_state.get("language", "zh")
    code = getattr(error, "code", type(error).__name__)
    st.error(text("ui.failed", lang, code=code))
    st.code(str(error), language=None, wrap_lines=True)
    return True
