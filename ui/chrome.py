"""What every page shares: style, font, header with the language switch, links between pages."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from layers.texts import text
from store.synthetic import SyntheticMark

STYLE = Path(__file__).with_name("style.css")
FONT = "/assets/fonts/index.css"
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
REPORT_NAMES = {"pdf": "PDF", "xlsx": "Excel", "gpkg": "GeoPackage", "html": "HTML"}
FORMAT_NAMES = {"geojson": "GeoJSON", "csv": "CSV", "gpkg": "GeoPackage"}
_KEPT = "kept_language"  # the switch's own state is lost when its page is left


def style(lang: str, *, font: bool) -> None:
    """Put the style sheet into the page.

    Args:
        lang: of the few texts that the sheet itself shows.
        font: bring the Chinese web font along; on the map page the frame does, after the map.
    """
    # Streamlit says these in English only; the sheet shows our words instead.
    words = "".join(f"--za-{n}: '{text(f'ui.{n}', lang)}'; " for n in ("none_found", "skip"))
    sheet = STYLE.read_text(encoding="utf-8")
    imported = f'@import url("{FONT}");\n' if font else ""
    st.html(f"<style>{imported}{sheet}\n:root {{ {words}}}</style>")


def language(default: str) -> str:
    """The language of this visit: the switch, else the address, the visit so far, the setting."""
    state = st.session_state
    wishes = (state.get("language"), st.query_params.get("lang"), state.get(_KEPT), default)
    lang = next(wish for wish in wishes if wish in LANGUAGE_NAMES)
    state["language"] = state[_KEPT] = lang
    return str(lang)


def _switched() -> None:
    st.query_params["lang"] = st.session_state["language"]


def header(title: str, lang: str) -> None:
    """The page's heading, with the language switch at its right."""
    with st.container(key="head", horizontal=True, vertical_alignment="center"):
        st.html(f"<h1>{escape(title)}</h1>")
        st.segmented_control(
            text("ui.language", lang),
            list(LANGUAGE_NAMES),
            format_func=LANGUAGE_NAMES.__getitem__,
            key="language",
            required=True,
            on_change=_switched,
            label_visibility="collapsed",
            width="content",
        )


def place_href(place_id: str, lang: str) -> str:
    """Address of a place's file."""
    return "/place?" + urlencode({"id": place_id, "lang": lang})


def source_href(source_id: str, lang: str) -> str:
    """Address of a source's figures."""
    return "/sources?" + urlencode({"source": source_id, "lang": lang})


def warn(message: str) -> None:
    """A message that may hold what came from outside: set as it is, never read as Markdown."""
    st.html(f'<p class="za-alert" role="alert">{escape(message)}</p>')


def settle_language(lang: str, default: str) -> None:
    """Let the address say the language; tell when it asked for one that does not exist."""
    asked = st.query_params.get("lang", default)
    if asked not in LANGUAGE_NAMES:
        warn(text("legend.view.bad_lang", lang, value=asked[:40]))
    if asked != lang:
        st.query_params["lang"] = lang


def synthetic_banner(made: SyntheticMark | None, lang: str) -> None:
    """On every page of a made-up workspace, that it is one."""
    if made is not None:
        words = escape(text("ui.synthetic", lang, seed=made.seed))
        st.html(f'<p class="za-synthetic-banner" role="note">{words}</p>')


def note(message: str) -> None:
    """A quiet line of explanation."""
    st.html(f'<p class="za-note">{escape(message)}</p>')
