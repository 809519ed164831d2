"""The map page: pickers at the left, key figures above the map, the table inside the map's frame.

Everything that changes the picture stands in one fragment: a change reruns only that, sends the
frame its new classes and colours, and leaves the frame's document and view alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias
from urllib.parse import urlencode

import streamlit as st
import streamlit.components.v1 as components

from facts.model import Lang
from layers.atlas import Atlas
from layers.errors import ViewError
from layers.texts import text
from layers.view import View
from ui import chrome
from ui.pickers import Panel, forget_picks, pick_view
from ui.tables import Link, figure_strip, links_html

Render: TypeAlias = Callable[[Atlas, Lang], None]

FRAME_KEYS = ("c", "z")  # the map's centre and zoom belong to the frame
_STATE = "view"  # the view of this visit, which outlives the widgets of the page

zone_map = components.declare_component("zone_map", url="/frame/map")


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page; the address restores a view."""
    for message in _restore(atlas, lang):
        chrome.warn(message)
    with st.container(key="workbench"):
        _workbench(atlas, lang)


def _restore(atlas: Atlas, lang: Lang) -> tuple[str, ...]:
    """Take the view from the address when it asks for another one than this visit has."""
    asked = {k: v for k, v in st.query_params.items() if k not in (*FRAME_KEYS, "lang")}
    kept: View | None = st.session_state.get(_STATE)
    if kept and (not asked or asked == _params(kept)):
        st.session_state[_STATE] = replace(kept, lang=lang)
        return ()
    view, messages = View.from_params(atlas.facts, asked | {"lang": lang})
    st.session_state[_STATE] = view
    forget_picks()
    return messages


def _params(view: View) -> dict[str, str]:
    return {k: v for k, v in view.to_params().items() if k != "lang"}


@st.fragment
def _workbench(atlas: Atlas, lang: Lang) -> None:
    left, right = st.columns([1, 4], gap="medium")
    panel = Panel()
    view = pick_view(panel, atlas, replace(st.session_state[_STATE], lang=lang))
    view = _selection(view)
    try:
        args, cells = atlas.paint(view), atlas.key_figures(view)
    except ViewError as fault:
        with right:
            chrome.warn(str(fault))
        with left, st.container(key="pickers"):
            panel.draw()
        return
    with right, st.container(key="picture"):
        if cells:
            figures = [(f.label, f.value, f.note) for f in cells]
            st.html(figure_strip(figures, caption=text("ui.key_figures", lang)))
        zone_map(**args, geometry=atlas.geometry_addresses(), key="map", default=None)
    # The pickers follow: a browser works on what it got first, and that should be the map.
    with left, st.container(key="pickers"):
        panel.draw()
        _take_away(view, lang)
    st.session_state[_STATE] = view
    _write_address(view)


def _write_address(view: View) -> None:
    """Let the address say what is shown, and leave the frame's part of it alone."""
    kept = {k: v for k, v in st.query_params.items() if k in FRAME_KEYS}
    wanted = view.to_params() | {"lang": view.lang} | kept
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def _selection(view: View) -> View:
    """The view with what was last selected on the map or in its table."""
    event = st.session_state.get("map") or {}
    if event.get("seq") == st.session_state.get("map_seq"):
        return view
    st.session_state["map_seq"] = event.get("seq")
    if event.get("event") == "select":
        return replace(view, selected=event.get("id"))
    if event.get("event") == "bad_view":
        chrome.warn(text("ui.bad_map_view", view.lang))
    return view


def _take_away(view: View, lang: Lang) -> None:
    """Links to what the map shows now, in each format."""
    query = urlencode(view.to_params() | {"lang": lang})
    items = [
        Link(name, f"/download/map.{extension}?{query}", download=True)
        for extension, name in chrome.FORMAT_NAMES.items()
    ]
    st.html(links_html(text("downloads.current", lang), items))
