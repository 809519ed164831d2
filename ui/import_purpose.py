"""Step 5 of a layer: what it is to become, and what its features and columns mean for that."""

from __future__ import annotations

import re
from typing import Any, Final

import geopandas as gpd
import streamlit as st

from facts.model import Lang
from geo.limits import Limits
from layers.atlas import Atlas
from layers.historyview import collection_name
from layers.texts import text
from store.baseline import GEO_COLLECTIONS, OFFICE, PLANS, TABLES
from ui import chrome, import_parcels, import_zones
from ui.import_faults import OUT
from ui.import_job import Job
from ui.import_mapping import go_on
from ui.import_parts import fault

PURPOSES: Final = ("zones", "layer", "parcels")
KNOWN_LAYERS: Final = ("land-use", "farmland", "red-lines", "urban-boundaries")
MOST_ZONES: Final = 300  # features of a file that is meant as boundaries of zones or parcels
MOST_PARCELS: Final = 5_000
_NEW: Final = "+"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")


def prepared_rows(job: Job) -> int:
    """How many features the prepared layer has."""
    return int((job.get("prepared") or {}).get("rows", 0))


def prepared_frame(job: Job) -> gpd.GeoDataFrame:
    """The prepared layer, EPSG:4490; read once. Only asked for when it is small."""
    frame: gpd.GeoDataFrame | None = job.get("frame")
    if frame is None:
        frame = gpd.read_parquet(job.scratch.folder / OUT)
        job.made["frame"] = (job.steps.index("purpose"), frame)
    return frame


def render(atlas: Atlas, job: Job, lang: Lang, _limits: Limits) -> None:
    """Choose the purpose and answer what it asks."""
    rows = prepared_rows(job)
    st.session_state.setdefault("imp_purpose", job.choices.get("purpose"))
    purpose = st.radio(
        text("intake.purpose", lang), PURPOSES, index=None, key="imp_purpose", horizontal=True,
        format_func=lambda p: text(f"intake.purpose_{p}", lang),
        captions=[text(f"intake.purpose_{p}_note", lang) for p in PURPOSES],
    )  # fmt: skip
    if purpose != job.choices.get("purpose"):
        job.choices["purpose"] = purpose
        for name in ("target", "preview", "result", "draft", "form", "names"):
            job.made.pop(name, None)
        job.reached = min(job.reached, job.at)
    if purpose is None:
        return
    most = {"zones": MOST_ZONES, "parcels": MOST_PARCELS}.get(purpose, rows)
    if rows > most:
        fault(text(f"intake.too_many_{purpose}", lang, rows=rows, most=most))
        return
    if purpose == "layer":
        missing = _layer(atlas, job, lang)
    elif purpose == "zones":
        missing = import_zones.editor(atlas, job, prepared_frame(job), lang)
    else:
        missing = import_parcels.editor(atlas, job, prepared_frame(job), lang)
    if missing is not None:
        go_on(job, missing, lang, key="purpose_on")


def _layer(atlas: Atlas, job: Job, lang: Lang) -> list[str]:
    """The name of the layer: a known one, one that is there already, or a new one."""
    taken = {*GEO_COLLECTIONS, *TABLES, *PLANS, *OFFICE}
    own = [n for n in sorted(atlas.versions) if n not in taken and n not in KNOWN_LAYERS]
    options = [*KNOWN_LAYERS, *own, _NEW]
    st.session_state.setdefault("imp_layer", job.choices.get("layer"))
    chosen = st.selectbox(
        text("intake.layer", lang), options, index=None, key="imp_layer",
        format_func=lambda n: layer_label(atlas, n, lang), placeholder=text("intake.choose", lang),
    )  # fmt: skip
    name: str | None = chosen
    if chosen == _NEW:
        st.session_state.setdefault("imp_layer_name", job.choices.get("layer_name", ""))
        typed = st.text_input(
            text("intake.layer_name", lang), key="imp_layer_name", max_chars=60,
            placeholder="industrial-land",
        ).strip()  # fmt: skip
        job.choices["layer_name"] = typed
        name = typed
        if typed and (not _NAME.fullmatch(typed) or typed in taken):
            chrome.warn(text("intake.layer_bad", lang, name=typed))
            name = None
    _class_column(job, name, lang)
    job.choices["layer"] = chosen
    if name != job.choices.get("collection"):
        job.choices["collection"] = name
        job.made.pop("preview", None)
        job.reached = min(job.reached, job.at)
    return [] if name else [text("intake.layer_needed", lang)]


def layer_label(atlas: Atlas, name: str, lang: Lang) -> str:
    """What a layer is called, and whether it is on file."""
    if name == _NEW:
        return text("intake.layer_new", lang)
    called = collection_name(name, lang)
    state = "layer_there" if name in atlas.versions else "layer_not_there"
    return text(f"intake.{state}", lang, name=called, id=name)


def _class_column(job: Job, name: str | None, lang: Lang) -> None:
    """The ledger's rules read classes of land use from a column of a certain name."""
    columns = {str(c["name"]) for c in (job.get(f"placed-{lang}") or {}).get("columns", ())}
    if name == "land-use" and columns and "dlbm" not in columns:
        chrome.note(text("intake.no_dlbm", lang))


def column_sample(frame: gpd.GeoDataFrame, name: str) -> list[str]:
    """The values of a column as text, "" for missing ones."""
    values: Any = frame[name]
    return ["" if v is None or v != v else str(v) for v in values]  # noqa: PLR0124 - NaN
