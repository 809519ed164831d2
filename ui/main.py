"""The script that Streamlit runs for every visit: pages, language, style."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from facts.model import Lang
from layers.atlas import Atlas, open_atlas
from layers.texts import text
from settings import load_settings
from ui import (
    chrome,
    compare_page,
    downloads_page,
    map_page,
    pagescript,
    place_page,
    proposal_page,
    sources_page,
)

ICON = Path(__file__).with_name("icon.svg")


def _import(atlas: Atlas, lang: Lang) -> None:
    from ui import import_page  # noqa: PLC0415 - readers and matchers: not before they are asked

    import_page.render(atlas, lang, limits=load_settings().limits)


def _history(atlas: Atlas, lang: Lang) -> None:
    from ui import history_page  # noqa: PLC0415 - as above

    history_page.render(atlas, lang)


PAGES = (
    ("map", map_page.render),
    ("place", place_page.render),
    ("proposal", proposal_page.render),
    ("compare", compare_page.render),
    ("import", _import),
    ("history", _history),
    ("sources", sources_page.render),
    ("downloads", downloads_page.render),
)


def main() -> None:
    """Choose the page by the address and draw it."""
    settings = load_settings()
    lang = chrome.language(settings.language)
    st.set_page_config(
        page_title=text("ui.product", lang),
        page_icon=str(ICON),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    with st.spinner(text("ui.opening", lang)):
        atlas = open_atlas(settings.workspace, settings.data)

    def page(name: str, render: map_page.Render) -> st.Page:
        def draw() -> None:
            chrome.header(text(f"ui.{name}_title", lang), lang)
            chrome.synthetic_banner(atlas.synthetic, lang)
            chrome.settle_language(lang, settings.language)
            render(atlas, lang)

        draw.__name__ = name
        path = "" if name == "map" else name
        return st.Page(draw, title=text(f"ui.{name}", lang), url_path=path, default=name == "map")

    chosen = st.navigation([page(*entry) for entry in PAGES], position="top")
    chrome.style(lang, font=chosen.url_path != "")
    if chosen.url_path != "import":  # which tells more, see there
        pagescript.render(lang)
    chosen.run()


main()
