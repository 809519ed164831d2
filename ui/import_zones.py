"""Outlines as new boundaries of zones: which one is which, how precise, what is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import streamlit as st

from facts.mappings import SKIP
from facts.matching import Matcher, PlaceMatch
from facts.model import Facts, Lang
from geo.faults import declared_unit
from layers.atlas import Atlas
from layers.importview import counties_of, feature_items, thinned
from layers.signed import signed_share
from layers.texts import text
from store.boundaryimport import LEVELS, PRECISIONS
from store.prepared import ImportRefusedError, Prepared
from ui import chrome, importmap
from ui.import_job import Job, forget_widgets
from ui.import_mapping import matcher_of
from ui.import_names import pick_place
from ui.import_parts import fault, heading, in_words
from ui.import_source import source_form, source_of
from ui.import_zonechecks import checks_of, show
from ui.import_zoneplan import NEW, UNITS, numeric, plan_of, shapes_of
from ui.tables import Cell, html_table

_NONE: Final = ""
_NAMED: Final = 60


def editor(atlas: Atlas, job: Job, frame: gpd.GeoDataFrame, lang: Lang) -> list[str] | None:
    """Ask what each outline is; what is missing, or None when the file can't be used so."""
    kinds = set(frame.geometry.geom_type)
    if not kinds <= {"Polygon", "MultiPolygon"}:
        fault(text("intake.zones_need_land", lang))
        return None
    names = _names(job, frame, matcher_of(atlas, job), lang)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        missing = _match(atlas, job, names, lang)
        checks = st.container()
    with right:
        _map(atlas, frame, names, lang)
    missing += _precision(job, lang)
    _declared(job, frame, names, lang)
    if not source_form(job, lang):
        missing.append(text("intake.source_needed", lang))
    with checks:  # beside the map, once all is said that they go by
        _checks(atlas, job, frame, lang)
    return missing


def _checks(atlas: Atlas, job: Job, frame: gpd.GeoDataFrame, lang: Lang) -> None:
    """The outlines whose zone is known against what is on file of it."""
    plan = plan_of(atlas, job, frame, source_of(job))
    show(checks_of(atlas, plan, shapes_of(plan, job, frame), lang), lang)


def _map(atlas: Atlas, frame: gpd.GeoDataFrame, names: Sequence[str], lang: Lang) -> None:
    """The outlines with their printed names, so that one without a name can be told."""
    shapes = thinned(frame.geometry.to_numpy())
    counties: Any = atlas.boundaries("counties")
    where = counties_of(shapes.shapes, counties, lang)
    called = [names[row] for row in shapes.rows]
    cells = [(name, county or "—") for name, county in zip(called, where, strict=True)]
    columns = [
        {"name": text(f"intake.col_{name}", lang), "number": False} for name in ("printed", "where")
    ]
    importmap.show(
        atlas, feature_items(shapes, called, cells), lang, key="import_outlines", columns=columns,
        caption=text("intake.zones_caption", lang), note=shapes.note(lang),
        bounds_key=f"outlines-{len(names)}",
    )  # fmt: skip


# --- names ---------------------------------------------------------------------------------------


def _names(job: Job, frame: gpd.GeoDataFrame, matcher: Matcher, lang: Lang) -> list[str]:
    """The printed name of each feature: of a column, or its number where no column has names."""
    columns = [c for c in frame.columns if c != frame.geometry.name and _wordy(frame[c])]
    options = [*columns, _NONE]
    if "name_column" not in job.choices:
        job.choices["name_column"] = _likely(frame, columns, matcher)
    st.session_state.setdefault("imp_name_column", job.choices["name_column"])
    chosen = st.selectbox(
        text("intake.name_column", lang), options, key="imp_name_column",
        format_func=lambda c: c or text("intake.by_number", lang),
    )  # fmt: skip
    if chosen != job.choices["name_column"]:
        job.choices["name_column"] = chosen
        job.choices.pop("zone_places", None)
        forget_widgets("imp_zone_")
    if not chosen:
        return [text("intake.feature_number", lang, number=n + 1) for n in range(len(frame))]
    return [
        str(v).strip() if pd.notna(v) and str(v).strip() else
        text("intake.feature_number", lang, number=n + 1)
        for n, v in enumerate(frame[chosen])
    ]  # fmt: skip


def _wordy(values: pd.Series[Any]) -> bool:
    return not pd.api.types.is_numeric_dtype(values) and values.notna().any()


def _likely(frame: gpd.GeoDataFrame, columns: Sequence[str], matcher: Matcher) -> str:
    """The column whose values are most like names of zones; "" when none is."""
    best, most = _NONE, 0.0
    for column in columns:
        values = [str(v) for v in frame[column].dropna().unique()[:_NAMED]]
        scores = [_score(matcher.place(value)) for value in values if value.strip()]
        score = sum(scores) / max(1, len(values))
        if score > most:
            best, most = column, score
    return best if most > 0.3 else (columns[0] if len(columns) == 1 else best)


def _score(found: PlaceMatch) -> float:
    if found.settled:
        return 1.0
    return max((s.score / 100 for s in found.suggestions), default=0.0) * 0.8


def _match(atlas: Atlas, job: Job, names: Sequence[str], lang: Lang) -> list[str]:
    """Exact names are settled, similar ones are confirmed, others are chosen or made new."""
    heading("intake.zones_head", lang)
    chrome.note(text("intake.zones_note", lang))
    facts = atlas.facts
    zones = [p for p in facts.places if p.level in LEVELS]
    known = {p.place_id for p in zones}
    matches = {name: matcher_of(atlas, job).place(name) for name in dict.fromkeys(names)}
    chosen: dict[str, str] = job.choices.setdefault("zone_places", {})
    for name, found in matches.items():
        if found.settled and found.suggestions[0].target_id in known:
            chosen.setdefault(name, found.suggestions[0].target_id)
    likely = {
        name: next((s.target_id for s in found.suggestions if s.target_id in known), None)
        for name, found in matches.items() if name not in chosen
    }  # fmt: skip
    firsts = {name: target for name, target in likely.items() if target}
    if firsts and st.button(
        text("intake.take_suggestions", lang, count=len(firsts)), key="imp_zone_all"
    ):
        chosen |= firsts
        forget_widgets("imp_zone_n")
        st.rerun(scope="fragment")
    missing = []
    extra = [(NEW, text("intake.zone_new", lang))]
    for at, (name, found) in enumerate(matches.items()):
        suggestions = [s for s in found.suggestions if s.target_id in known and not found.settled]
        picked = pick_place(
            zones, name, suggestions, chosen.get(name), lang, key=f"imp_zone_n{at}", extra=extra
        )
        if picked is None:
            chosen.pop(name, None)
            missing.append(text("intake.name_open", lang, name=name))
        else:
            chosen[name] = picked
            if picked == NEW:
                _known_already(name, found, facts, lang)
    missing += _twice(facts, chosen, lang)
    if chosen and all(target == SKIP for target in chosen.values()):
        missing.append(text("intake.nothing_chosen", lang))
    job.choices["feature_names"] = list(names)
    return missing


def _known_already(name: str, found: PlaceMatch, facts: Facts, lang: Lang) -> None:
    """A new zone under the name of one that is on file: that is told, it is mostly a slip."""
    known = {one.place_id: one for one in facts.places_named(name)}
    if found.settled:
        first = facts.place(found.suggestions[0].target_id)
        known.setdefault(first.place_id, first)
    if known:
        names = text("intake.list_mark", lang).join(one.name(lang) for one in known.values())
        fault(text("intake.zone_known_already", lang, name=name, known=names))


def _twice(facts: Facts, chosen: Mapping[str, str], lang: Lang) -> list[str]:
    """Two names must not mean one zone: that is a slip, features of one name are joined."""
    seen: dict[str, str] = {}
    faults = []
    for name, target in chosen.items():
        if target in (NEW, SKIP):
            continue
        if target in seen:
            faults.append(
                text("intake.zone_twice", lang, first=seen[target], second=name,
                     zone=facts.place(target).name(lang))
            )  # fmt: skip
        seen[target] = name
    return faults


# --- precision and declared area -----------------------------------------------------------------


def _precision(job: Job, lang: Lang) -> list[str]:
    left, right = st.columns([3, 2], vertical_alignment="top")
    with left:
        st.session_state.setdefault("imp_precision", job.choices.get("precision"))
        chosen = st.radio(
            text("intake.precision", lang), PRECISIONS, index=None, key="imp_precision",
            format_func=lambda p: text(f"intake.precision_{p}", lang), horizontal=True,
        )  # fmt: skip
        job.choices["precision"] = chosen
    with right:
        st.session_state.setdefault("imp_valid", job.choices.get("valid_from", ""))
        typed = st.text_input(
            text("intake.valid_from", lang), key="imp_valid", max_chars=10, placeholder="2023-12-28"
        ).strip()
        job.choices["valid_from"] = typed
    missing = [] if chosen else [text("intake.precision_needed", lang)]
    if chosen == "surveyed":
        try:
            Prepared.from_json(job.get("prepared")).refuse_as_surveyed()
        except ImportRefusedError as error:
            fault(in_words(error, lang))
            missing.append(text("intake.precision_needed", lang))
    try:
        pd.Timestamp(typed) if typed else None
    except ValueError:
        chrome.warn(text("intake.source_date_bad", lang, value=typed))
        missing.append(text("intake.valid_from", lang))
    return missing


def _declared(job: Job, frame: gpd.GeoDataFrame, names: Sequence[str], lang: Lang) -> None:
    """A column with declared areas, if there is one, beside the computed ones."""
    columns = [
        c for c in frame.columns
        if c not in (frame.geometry.name, "area_m2") and numeric(frame[c]).notna().any()
    ]  # fmt: skip
    if not columns:
        return
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        st.session_state.setdefault("imp_declared", job.choices.get("declared_column", _NONE))
        column = st.selectbox(
            text("intake.declared_column", lang), [_NONE, *columns], key="imp_declared",
            format_func=lambda c: c or text("intake.no_declared", lang),
        )  # fmt: skip
    job.choices["declared_column"] = column
    if not column:
        return
    areas = frame["area_m2"].to_list()
    found = declared_unit(areas, numeric(frame[column]).to_list())
    with right:
        key = f"imp_unit_{column}"
        st.session_state.setdefault(key, job.choices.get("declared_unit") or found or "ha")
        unit = st.selectbox(
            text("intake.unit", lang), list(UNITS), key=key,
            format_func=lambda u: text(f"intake.area_{u}", lang),
        )  # fmt: skip
    job.choices["declared_unit"] = unit
    rows: list[list[Cell]] = []
    for name, m2, said in list(zip(names, areas, numeric(frame[column]), strict=True))[:_NAMED]:
        declared = None if pd.isna(said) else float(said) * UNITS[unit]
        gap = signed_share(m2 / declared - 1.0, 2) if declared else "—"
        rows.append([
            name, f"{m2 / 1e4:,.2f}", "—" if declared is None else f"{declared / 1e4:,.2f}", gap,
        ])  # fmt: skip
    headers = [text(f"intake.col_{h}", lang) for h in ("printed", "computed", "declared", "gap")]
    table = html_table(headers, rows, caption=text("intake.declared_caption", lang))
    st.html(f'<div class="za-stack">{table}</div>')
