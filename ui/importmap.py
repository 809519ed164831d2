"""The map of imports and differences as pages use it: what is sent, what was picked on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
import streamlit.components.v1 as components

from facts.model import Lang
from layers.atlas import Atlas
from layers.texts import text

import_map = components.declare_component("import_map", url="/frame/import")

_GROUND = ("counties",)  # drawn under everything
_SEEN = "import_map_seq"


def show(
    atlas: Atlas, items: Sequence[dict[str, Any]], lang: Lang, *, key: str, bounds_key: str,
    caption: str = "", columns: Sequence[dict[str, Any]] = (), note: str = "",
    groups: Sequence[dict[str, str]] = (),
) -> list[str] | None:  # fmt: skip
    """Draw the map with its table; what is picked now if that changed since the last run."""
    addresses = atlas.geometry_addresses()
    event = import_map(
        items=list(items), columns=list(columns), caption=caption, note=note, lang=lang,
        groups=list(groups), bounds_key=bounds_key, key=key, default=None,
        synthetic=text("ui.synthetic_short", lang) if atlas.synthetic else "",
        geometry={name: addresses[name] for name in _GROUND},
    )  # fmt: skip
    if not event or event.get("event") != "pick":
        return None
    if event.get("seq") == st.session_state.get(f"{_SEEN}_{key}"):
        return None
    st.session_state[f"{_SEEN}_{key}"] = event.get("seq")
    known = {str(each["id"]) for each in items if each.get("pick")}
    return [str(pick) for pick in event.get("picks", []) if str(pick) in known]
