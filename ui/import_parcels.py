"""Outlines as 标准地 parcels: their attributes are read as a table of parcels is."""

from __future__ import annotations

import re
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import streamlit as st

from facts.grids import Grid, make_cell
from facts.model import Lang
from facts.parcels import StandardLandParcel
from facts.tableforms import FormError, TableForm, recognise
from layers.atlas import Atlas
from layers.texts import text
from ui import chrome
from ui.import_columns import columns_editor
from ui.import_job import Job
from ui.import_mapping import draft_of
from ui.import_names import names_editor
from ui.import_parts import OURS, fault, in_words
from ui.import_source import source_form

_MADE: Final = ("area_m2",)  # by the import; the file's own area column is what is declared
_ROW: Final = re.compile(r"([0-9]+)$")


def table_form(job: Job, frame: gpd.GeoDataFrame, lang: Lang) -> TableForm:
    """The layer's attributes as a recognised table, one row a feature. Raises FormError."""
    form: TableForm | None = job.get("form")
    if form is None:
        names = [c for c in frame.columns if c != frame.geometry.name and c not in _MADE]
        rows = [
            tuple(None if pd.isna(v) else make_cell(_simple(v)) for v in row)
            for row in frame[names].itertuples(index=False, name=None)
        ]
        heads = tuple(_printed(job, name, lang) for name in names)
        form = job.put("form", recognise(Grid("", (heads, *rows))))
    return form


def _printed(job: Job, stored: str, lang: Lang) -> str:
    """A column's name as the file has it: what is stored can't hold the brackets of a unit."""
    before = [str(c["name"]) for c in (job.get(f"placed-{lang}") or {}).get("columns", ())]
    after = list((job.get("prepared") or {}).get("columns", ()))
    if len(before) == len(after) and stored in after:
        return before[after.index(stored)]
    return stored


def _simple(value: Any) -> Any:
    """A value of a frame as plain Python."""
    return value.item() if hasattr(value, "item") else value


def editor(atlas: Atlas, job: Job, frame: gpd.GeoDataFrame, lang: Lang) -> list[str] | None:
    """Ask what the columns and names mean; what is missing, or None for a fault."""
    job.choices["table"] = "parcels"
    try:
        form = table_form(job, frame, lang)
        draft = draft_of(atlas, job, form)
    except FormError as error:
        fault(in_words(error, lang))
        chrome.note(text("intake.parcels_need_columns", lang))
        return None
    except OURS as error:
        fault(in_words(error, lang))
        return None
    st.html(f"<p>{chrome.escape(text('intake.parcels_note', lang))}</p>")
    missing = columns_editor(atlas, job, form, draft, lang)
    if not missing:
        more = names_editor(atlas, job, form, lang)
        if more is None:
            return None
        missing += more
    if not source_form(job, lang):
        missing.append(text("intake.source_needed", lang))
    return missing


def shapes_by_parcel(
    parcels: tuple[StandardLandParcel, ...], frame: gpd.GeoDataFrame
) -> dict[str, Any]:
    """The outline of each parcel: its locator is the row that it was read from."""
    shapes = frame.geometry.to_numpy()
    found: dict[str, Any] = {}
    for parcel in parcels:
        match = _ROW.search(parcel.locator)
        row = int(match[1]) - 2 if match else -1  # row 1 is the head
        if 0 <= row < len(shapes):
            found[parcel.parcel_id] = shapes[row]
    return found
