"""Step 5 of a layer: what it is to become, and what its features and columns mean for that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import geopandas as gpd
import streamlit as st

from facts.model import Lang
from geo.limits import Limits
from layers.atlas import Atlas
from layers.historyview import collection_name, title_of
from layers.layernames import LONGEST_TITLE, is_code, layer_code
from layers.texts import text
from store.baseline import GEO_COLLECTIONS, OFFICE, PLANS, TABLES
from ui import chrome, import_parcels, import_zones
from ui.import_faults import OUT
from ui.import_job import Job
from ui.import_mapping import go_on
from ui.import_parts import choose, fault, plain
from ui.import_source import source_form

PURPOSES: Final = ("zones", "layer", "parcels")
KNOWN_LAYERS: Final = ("land-use", "farmland", "red-lines", "urban-boundaries")
MOST_ZONES: Final = 300  # features of a file that is meant as boundaries of zones or parcels
MOST_PARCELS: Final = 5_000
_NEW: Final = "+"
# Of what preparing a layer finds, what the planner has not seen before.
_TOLD: Final = ("left_out", "dropped", "declared_area", "stored_as_text")
_TOLD_AT_MOST: Final = 5


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
    _prepared_notes(job, lang)
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
    """The layer: a known one, one that is there already, or a new one; and where it is from."""
    own = _own_layers(atlas)
    chosen = choose(
        text("intake.layer", lang), [*KNOWN_LAYERS, *own, _NEW], lang, key="imp_layer",
        now=job.choices.get("layer"), format_func=lambda n: layer_label(atlas, n, lang),
    )  # fmt: skip
    missing = [] if chosen else [text("intake.layer_needed", lang)]
    name, title = chosen, ""
    if chosen == _NEW:
        title = _title(job, lang, own)
        name = _code(job, lang, title, {*_reserved(), *own, *KNOWN_LAYERS})
        if not title:
            missing.append(text("intake.layer_title_needed", lang))
        elif not name:
            missing.append(text("intake.layer_needed", lang))
    elif chosen in own:
        title = own[chosen]
    _class_column(job, name, lang)
    job.choices["layer"] = chosen
    job.choices["layer_title"] = title
    if name != job.choices.get("collection"):
        job.choices["collection"] = name
        job.made.pop("preview", None)
        job.reached = min(job.reached, job.at)
    if chosen and not source_form(job, lang):
        missing.append(text("intake.source_needed", lang))
    return missing


def _reserved() -> set[str]:
    """Codes of collections that have a form of their own."""
    return {*GEO_COLLECTIONS, *TABLES, *PLANS, *OFFICE}


def _own_layers(atlas: Atlas) -> dict[str, str]:
    """The layers that the office has brought in, by code, with their titles."""
    taken = _reserved()
    return {
        name: title_of(atlas.workspace, name)
        for name in sorted(atlas.versions)
        if name not in taken and name not in KNOWN_LAYERS
    }


def _title(job: Job, lang: Lang, own: Mapping[str, str]) -> str:
    """What the new layer is to be called; "" while that is not settled."""
    st.session_state.setdefault("imp_layer_title", job.choices.get("layer_typed", ""))
    typed = st.text_input(
        text("intake.layer_title", lang), key="imp_layer_title",
        placeholder=text("intake.layer_title_hint", lang),
    ).strip()  # fmt: skip
    job.choices["layer_typed"] = typed
    if len(typed) > LONGEST_TITLE:
        words = text("intake.layer_title_long", lang, count=len(typed), most=LONGEST_TITLE)
        chrome.warn(words)
        return ""
    if typed and typed in own.values():
        chrome.warn(text("intake.layer_title_taken", lang, title=typed))
        return ""
    return typed


def _code(job: Job, lang: Lang, title: str, taken: Collection[str]) -> str | None:
    """The code of the new layer: made from its title, unless the planner writes another one."""
    made = layer_code(title, taken)
    st.session_state.setdefault("imp_layer_name", job.choices.get("layer_name", ""))
    written = str(st.session_state["imp_layer_name"]).strip()
    shown = written or made
    words = (
        text("intake.layer_code_more", lang, code=shown)
        if shown
        else text("intake.layer_code_none", lang)
    )
    with st.expander(plain(words), expanded=bool(written)):
        chrome.note(text("intake.layer_code_note", lang))
        typed = st.text_input(
            text("intake.layer_name", lang), key="imp_layer_name", placeholder=made or None
        ).strip()
    job.choices["layer_name"] = typed
    if typed and (not is_code(typed) or typed in taken):
        chrome.warn(text("intake.layer_bad", lang, name=typed))
        return None
    return typed or made or None


def layer_label(atlas: Atlas, name: str, lang: Lang) -> str:
    """What a layer is called, and whether it is on file."""
    if name == _NEW:
        return text("intake.layer_new", lang)
    called = collection_name(name, lang, title_of(atlas.workspace, name))
    state = "layer_there" if name in atlas.versions else "layer_not_there"
    return text(f"intake.{state}", lang, name=called, id=name)


def _prepared_notes(job: Job, lang: Lang) -> None:
    """What preparing the layer found out: features left out, areas that do not fit any more."""
    told = [
        problem
        for problem in (job.get("prepared") or {}).get("problems", ())
        if problem["code"] in _TOLD
    ]
    for problem in told[:_TOLD_AT_MOST]:
        message = problem["message_zh" if lang == "zh" else "message_en"]
        chrome.note(text("intake.prepared_note", lang, message=message))
    if len(told) > _TOLD_AT_MOST:
        chrome.note(text("intake.prepared_more", lang, count=len(told) - _TOLD_AT_MOST))


def _class_column(job: Job, name: str | None, lang: Lang) -> None:
    """The ledger's rules read classes of land use from a column of a certain name."""
    columns = {str(c["name"]) for c in (job.get(f"placed-{lang}") or {}).get("columns", ())}
    if name == "land-use" and columns and "dlbm" not in columns:
        chrome.note(text("intake.no_dlbm", lang))


def column_sample(frame: gpd.GeoDataFrame, name: str) -> list[str]:
    """The values of a column as text, "" for missing ones."""
    values: Any = frame[name]
    return ["" if v is None or v != v else str(v) for v in values]  # noqa: PLR0124 - NaN
