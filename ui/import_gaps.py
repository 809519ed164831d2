"""Declared areas of parcels beside those of their outlines, as a table of the import page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from facts.model import Lang
from facts.parcels import StandardLandParcel
from layers.atlas import Atlas
from layers.legend import format_number
from layers.parcelchecks import AreaGap, area_gaps, outlines_on_file
from layers.texts import text
from ui.tables import Cell, Mark, Number, html_table

_LISTED: Final = 200


def gaps_on_file(atlas: Atlas, parcels: Sequence[StandardLandParcel], lang: Lang) -> None:
    """Parcels of a list whose outlines on file have another area: the list may mean others."""
    gaps = area_gaps(parcels, outlines_on_file(atlas))
    show_gaps([gap for gap in gaps if gap.differs], lang, caption="intake.gaps_on_file")


def show_gaps(gaps: Sequence[AreaGap], lang: Lang, *, caption: str) -> None:
    """Declared areas beside those of outlines; those that differ are marked."""
    if not gaps:
        return
    rows: list[list[Cell]] = []
    for gap in gaps[:_LISTED]:
        apart = "—"
        if gap.declared_ha is not None and gap.outline_ha:
            apart = f"{format_number(round(100 * (gap.declared_ha / gap.outline_ha - 1), 2))}%"
        state = Mark(text("intake.gap_differs", lang), "bad") if gap.differs else ""
        rows.append(
            [gap.name, Number(_ha(gap.declared_ha)), Number(_ha(gap.outline_ha)), Number(apart),
             state]
        )  # fmt: skip
    heads = [text(f"intake.col_{n}", lang) for n in ("parcel", "declared", "computed", "gap")]
    heads.append(text("intake.col_note", lang))
    wrong = sum(gap.differs for gap in gaps)
    st.html(html_table(heads, rows, caption=text(caption, lang, count=wrong)))


def _ha(area: float | None) -> str:
    return "—" if area is None else format_number(round(area, 4))
