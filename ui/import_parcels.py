"""Outlines as 标准地 parcels: their attributes are read as a table of parcels is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import streamlit as st

from facts.grids import Cell, Grid, make_cell, text_of
from facts.model import Lang
from facts.parcels import ParcelImport, StandardLandParcel
from facts.recordfields import fields_of
from facts.tableforms import FormError, TableForm, recognise
from layers.atlas import Atlas
from layers.parcelchecks import area_gaps, parcels_elsewhere, zones_near
from layers.texts import text
from ui import chrome
from ui.import_columns import columns_editor
from ui.import_gaps import show_gaps
from ui.import_job import Job
from ui.import_mapping import draft_of, mapping_of
from ui.import_names import names_editor, result_of, show_faults
from ui.import_parts import OURS, fault, in_words
from ui.import_source import source_form

_MADE: Final = ("area_m2",)  # by the import; the file's own area column is what is declared
_ROW: Final = re.compile(r"第 ([0-9]+) 个图形）?$")
# What the reader of survey texts calls its columns -> heads that planners know.
SURVEY_HEADS: Final[Mapping[str, str]] = {
    "declared_area": "公布面积（按原文）", "declared_area_ha": "公布面积（公顷）",
    "declared_area_unit": "原文面积的单位", "kind": "图形类型",
}  # fmt: skip
_SURVEY: Final = "txt"


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
        grid = Grid("", (heads, *rows), row_names=_row_names(heads, rows))
        form = job.put("form", recognise(grid))
    return form


def _row_names(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> tuple[str, ...]:
    """What to call each row, which is an outline and no cell: its number, and which one it is."""
    keys = fields_of("parcels", heads)
    at = keys.index("parcel_id") if "parcel_id" in keys else None
    named = ["表头"]
    for number, row in enumerate(rows, start=1):
        printed = "" if at is None else text_of(row[at]).strip()
        place = f"第 {number} 个图形"
        named.append(f"{printed}（{place}）" if printed else place)
    return tuple(named)


def _printed(job: Job, stored: str, lang: Lang) -> str:
    """A column's name as the file has it: what is stored can't hold the brackets of a unit.

    Columns that the reader of survey texts made have no name in the file; they get a head.
    """
    prepared = job.get("prepared") or {}
    if prepared.get("format") == _SURVEY and stored in SURVEY_HEADS:
        return SURVEY_HEADS[stored]
    before = [str(c["name"]) for c in (job.get(f"placed-{lang}") or {}).get("columns", ())]
    after = list(prepared.get("columns", ()))
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
    missing = columns_editor(atlas, job, form, draft, lang, near=_near(atlas, job, frame))
    if not missing:
        more = names_editor(atlas, job, form, lang)
        if more is None:
            return None
        missing += more
    if not source_form(job, lang):
        missing.append(text("intake.source_needed", lang))
    return missing + _checked(atlas, job, form, frame, lang, complete=not missing)


def _near(atlas: Atlas, job: Job, frame: gpd.GeoDataFrame) -> tuple[str, ...]:
    """The zones that the outlines lie in or near, looked up once."""
    kept: tuple[str, ...] | None = job.get("near")
    if kept is None:
        around: dict[str, Any] = {n: atlas.boundaries(n) for n in ("counties", "zones")}
        kept = job.put("near", zones_near(frame.geometry.to_numpy(), atlas.facts, **around))
    return kept


def _checked(
    atlas: Atlas, job: Job, form: TableForm, frame: gpd.GeoDataFrame, lang: Lang, *, complete: bool
) -> list[str]:
    """What the parcels read so far say of themselves: faults, where they lie, their areas.

    Outlines elsewhere and areas that differ are told and stop nothing.
    """
    if not (complete or mapping_of(job).place_id):
        return []
    try:
        found = result_of(atlas, job, form)
    except OURS as error:
        fault(in_words(error, lang))
        return [text("intake.mend_first", lang)]
    if not isinstance(found, ParcelImport):
        return []
    shapes = shapes_by_parcel(found.parcels, frame)
    around: dict[str, Any] = {n: atlas.boundaries(n) for n in ("counties", "zones")}
    for one in parcels_elsewhere(found.parcels, shapes, atlas.facts, **around):
        chrome.warn(one.words(atlas.facts, lang))
    show_gaps(area_gaps(found.parcels, shapes), lang, caption="intake.gaps_of_file")
    if not complete or not found.faults:
        return []
    show_faults(found.faults, lang)
    return [text("intake.mend_first", lang)]


def shapes_by_parcel(
    parcels: tuple[StandardLandParcel, ...], frame: gpd.GeoDataFrame
) -> dict[str, Any]:
    """The outline of each parcel: its locator tells which one of the file it was read with."""
    shapes = frame.geometry.to_numpy()
    found: dict[str, Any] = {}
    for parcel in parcels:
        match = _ROW.search(parcel.locator)
        row = int(match[1]) - 1 if match else -1
        if 0 <= row < len(shapes):
            found[parcel.parcel_id] = shapes[row]
    return found
