"""Downloads: every layer and table, in the formats that GIS and Excel read."""

from __future__ import annotations

import streamlit as st

from facts.model import Lang
from layers.atlas import Atlas
from layers.downloads import LAYERS, TABLES, formats_of
from layers.texts import text
from ui import chrome
from ui.tables import Cell, Link, Links, Number, html_table


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page."""
    chrome.note(text("downloads.intro", lang))
    chrome.note(text("downloads.schematic", lang))
    for names, caption in ((LAYERS, "layers_caption"), (TABLES, "tables_caption")):
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
        for fmt in formats_of(name)
    ]
    key = name.replace("-", "_")
    return [
        text(f"downloads.name_{key}", lang),
        text(f"downloads.about_{key}", lang),
        Number(str(info.rows)),
        Number(str(info.version)),
        Links(tuple(links)),
        info.sha256[:12],
    ]
