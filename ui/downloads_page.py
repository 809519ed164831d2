"""Downloads: every layer and table, in the formats that GIS and Excel read."""

from __future__ import annotations

import streamlit as st

from facts.model import Lang
from layers.atlas import Atlas
from layers.downloads import LAYERS, TABLES, formats_of, office_layers, office_tables
from layers.historyview import collection_name
from layers.texts import has_text, text
from ui import chrome
from ui.tables import Cell, Link, Links, Number, html_table


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page."""
    chrome.note(text("downloads.intro", lang))
    chrome.note(text("downloads.schematic", lang))
    own = (*office_layers(atlas), *office_tables(atlas))
    for names, caption in (
        (LAYERS, "layers_caption"),
        (own, "office_caption"),
        (TABLES, "tables_caption"),
    ):
        if not names:
            continue
        headers = ("layer", "content", "rows", "version", "formats", "checksum")
        table = html_table(
            [text(f"downloads.col_{h}", lang) for h in headers],
            [_row(atlas, name, lang) for name in names],
            caption=text(f"downloads.{caption}", lang),
        )
        st.html(f'<div class="za-stack">{table}</div>')


def _row(atlas: Atlas, name: str, lang: Lang) -> list[Cell]:
    info = atlas.workspace.info(name)
    links = [
        Link(chrome.FORMAT_NAMES[fmt], f"/download/{name}.{fmt}?lang={lang}", download=True)
        for fmt in formats_of(name, layer=info.geo)
    ]
    key = name.replace("-", "_")
    known = has_text(f"downloads.name_{key}")
    return [
        text(f"downloads.name_{key}", lang) if known else collection_name(name, lang, info.title),
        text(f"downloads.about_{key}", lang) if known else info.message,
        Number(str(info.rows)),
        Number(str(info.version)),
        Links(tuple(links)),
        info.sha256[:12],
    ]
