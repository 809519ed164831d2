"""Step 6: what the import will change, on the map and against the version that stands now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from facts.model import Lang
from geo.difference import Difference
from geo.limits import Limits
from layers.atlas import Atlas
from layers.figurechanges import FigureChanges, figure_changes, record_changes
from layers.historyview import (
    MOST_ROWS,
    collection_name,
    compared,
    difference_columns,
    difference_items,
    hectares,
    totals,
)
from layers.importview import MOST_FEATURES, feature_items, sketched, thinned
from layers.parcelchecks import area_gaps, outlines_on_file
from layers.texts import text
from store.boundaryimport import zones_with
from store.officefigures import OBSERVATIONS, PARCELS, PROJECTS, read_parcels, read_projects
from store.workspace import NOT_YET
from ui import chrome, import_zonechecks, import_zoneplan, importmap
from ui.import_coordinates import sketches
from ui.import_job import Job
from ui.import_mapping import fault_words, form_of, go_on, mapping_of
from ui.import_names import records_of, result_of
from ui.import_parcels import shapes_by_parcel, table_form
from ui.import_parts import OURS, fault, in_words
from ui.import_purpose import prepared_frame, prepared_rows
from ui.import_source import source_of
from ui.tables import Cell, Mark, figure_strip, html_table

STALE: Final = "stale"  # the choice that holds why a commit was refused
_LISTED: Final = 300


@dataclass(frozen=True, slots=True)
class Preview:
    """What will be committed: its collection, the version it builds on, and what it is."""

    collection: str
    expected: int
    payload: Any
    difference: Difference | FigureChanges | None = None


def render(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    """Make the preview and show it."""
    if stale := job.choices.get(STALE):
        fault(stale)
        chrome.note(text("intake.preview_again", lang))
    try:
        with st.spinner(text("intake.previewing", lang)):
            found = preview_of(atlas, job, lang, limits)
    except OURS as error:
        fault(in_words(error, lang))
        return
    if found is None:
        return
    words = text(_HEADS[_purpose(job)], lang, name=_target(found, job, lang))
    st.html(f"<p>{chrome.escape(words)}</p>")
    if isinstance(found.difference, FigureChanges):
        _figures(atlas, found, lang)
    else:
        _land(atlas, job, found, lang, limits)
    go_on(job, [], lang, key="preview_on")


_HEADS: Final = {
    "zones": "intake.preview_zones", "layer": "intake.preview_layer",
    "parcels": "intake.preview_parcels", "figures": "intake.preview_figures",
    "projects": "intake.preview_projects",
}  # fmt: skip


def _purpose(job: Job) -> str:
    """zones, layer, parcels, figures or projects."""
    return str(job.choices["purpose"]) if job.kind == "land" else mapping_of(job).table


def _target(found: Preview, job: Job, lang: Lang) -> str:
    version = text("intake.none_yet", lang) if found.expected == NOT_YET else str(found.expected)
    return text(
        "intake.target", lang, version=version,
        name=collection_name(found.collection, lang, str(job.choices.get("layer_title", ""))),
    )  # fmt: skip


def preview_of(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> Preview | None:
    """The preview of the job, made once for its answers. Raises one of OURS."""
    kept: Preview | None = job.answered("preview")
    if kept is not None:
        return kept
    purpose = _purpose(job)
    if purpose == "zones":
        made = _zones(atlas, job)
    elif purpose == "layer":
        made = _layer(atlas, job)
    else:
        table = _table(atlas, job, lang, limits)
        if table is None:
            return None
        made = table
    job.put_answered("preview", made)
    return made


def _expected(atlas: Atlas, collection: str) -> int:
    return atlas.versions.get(collection, NOT_YET)


def _zones(atlas: Atlas, job: Job) -> Preview:
    frame, source = prepared_frame(job), source_of(job)
    plan = import_zoneplan.plan_of(atlas, job, frame, source)
    current: Any = atlas.boundaries("zones")
    zones = zones_with(
        current, import_zoneplan.shapes_of(plan, job, frame),
        import_zoneplan.facts_with(atlas.facts, plan, source), precision=plan.precision,
        source_id=source.source_id, declared_km2=plan.declared_km2, valid_from=plan.valid_from,
    )  # fmt: skip
    payload = (plan, source, zones)
    return Preview("zones", _expected(atlas, "zones"), payload, compared(current, zones))


def _layer(atlas: Atlas, job: Job) -> Preview:
    """Compared with the current version when both are small enough for a page."""
    collection = str(job.choices["collection"])
    expected = _expected(atlas, collection)
    rows = prepared_rows(job)
    before = 0 if expected == NOT_YET else atlas.workspace.info(collection, version=expected).rows
    if max(rows, before) > MOST_ROWS:
        return Preview(collection, expected, None)
    new = prepared_frame(job)
    if expected == NOT_YET:
        return Preview(collection, expected, None, compared(new.iloc[:0], new))
    old: Any = atlas.workspace.read(collection, version=expected)
    return Preview(collection, expected, None, compared(old, new))


def _table(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> Preview | None:
    shapes: dict[str, Any] = {}
    if job.kind == "land":
        form = table_form(job, prepared_frame(job), lang)
    else:
        asked = form_of(atlas, job, lang, limits)
        if asked is None:
            return None
        form = asked
    found = result_of(atlas, job, form)
    if found.faults:
        for each in found.faults[:20]:
            fault(fault_words(each, lang))
        return None
    records = records_of(found)
    purpose = _purpose(job)
    if job.kind == "land":
        shapes = shapes_by_parcel(records, prepared_frame(job))
    collections = {"figures": OBSERVATIONS, "parcels": PARCELS, "projects": PROJECTS}
    collection = collections[purpose]
    if purpose == "figures":
        changes = figure_changes(atlas.facts, records, lang)
    else:
        read: Any = read_parcels if purpose == "parcels" else read_projects
        before = read(atlas.workspace, versions=atlas.versions)
        outlines: dict[str, float] = {}
        if purpose == "parcels":
            gaps = area_gaps(records, shapes or outlines_on_file(atlas))
            outlines = {gap.parcel_id: gap.outline_ha for gap in gaps}
        changes = record_changes(atlas.facts, purpose, before, records, lang, outlines_ha=outlines)
    payload = (records, shapes)
    return Preview(collection, _expected(atlas, collection), payload, changes)


# --- on the page ---------------------------------------------------------------------------------


def _land(atlas: Atlas, job: Job, found: Preview, lang: Lang, limits: Limits) -> None:
    if found.difference is None:
        _large(atlas, job, found, lang, limits)
        return
    assert isinstance(found.difference, Difference)  # noqa: S101 - the caller has looked
    if found.collection == "zones":
        plan, _, new = found.payload
        shapes = import_zoneplan.shapes_of(plan, job, prepared_frame(job))
        import_zonechecks.show(import_zonechecks.checks_of(atlas, plan, shapes, lang), lang)
        import_zonechecks.show_overlaps(new, set(shapes), lang)
        old: Any = atlas.boundaries("zones")
    else:
        new = prepared_frame(job)
        old = new.iloc[:0]
        if found.expected != NOT_YET:
            old = atlas.workspace.read(found.collection, version=found.expected)
    strip = totals(found.difference, lang, (old, new))
    st.html(figure_strip(strip, caption=text("history.totals", lang)))
    items, note = difference_items(found.difference, old, new, lang)
    if not items:
        chrome.note(text("history.no_difference", lang))
        return
    changes = found.difference
    count = len(changes.added) + len(changes.removed) + len(changes.changed)
    notes = [text("history.area_method", lang), note]
    if count > len(items):
        notes.append(text("history.changes_shown", lang, shown=len(items), count=count))
    importmap.show(
        atlas, items, lang, key="import_preview", columns=difference_columns(lang),
        bounds_key=f"preview-{job.serial}", note=" ".join(filter(None, notes)),
        caption=text("intake.preview_caption", lang, count=count),
    )  # fmt: skip


def _large(atlas: Atlas, job: Job, found: Preview, lang: Lang, limits: Limits) -> None:
    """A layer that is too large to be compared on a page: its numbers, and some of its outlines."""
    prepared = job.get("prepared") or {}
    before = None
    if found.expected != NOT_YET:
        before = atlas.workspace.info(found.collection, version=found.expected).rows
    figures = [
        (text("intake.rows_before", lang), "—" if before is None else f"{before:,}", ""),
        (text("intake.rows_after", lang), f"{prepared_rows(job):,}", ""),
        (text("intake.area_after", lang), hectares(prepared.get("area_m2")), ""),
    ]
    st.html(figure_strip(figures, caption=text("history.totals", lang)))
    chrome.note(text("intake.too_large_to_compare", lang, most=f"{MOST_ROWS:,}"))
    drawn = next(iter(sketches(atlas, job, lang, limits).values()), [])
    shapes = thinned(sketched(drawn), most_features=MOST_FEATURES)
    names = [str(drawn[row].get("feature")) for row in shapes.rows]
    importmap.show(
        atlas, feature_items(shapes, names, [()] * len(names)), lang, key="import_preview",
        bounds_key=f"preview-{job.serial}",
        note=text("intake.some_shapes", lang, shown=len(names), total=f"{prepared_rows(job):,}"),
    )  # fmt: skip


def _figures(atlas: Atlas, found: Preview, lang: Lang) -> None:
    changes = found.difference
    assert isinstance(changes, FigureChanges)  # noqa: S101 - the caller has looked
    figures = [
        (text(f"intake.figures_{kind}", lang), str(number), "")
        for kind, number in changes.counts.items()
    ]
    st.html(figure_strip(figures, caption=text("history.totals", lang)))
    records, outlines = found.payload
    if outlines:
        _parcels_map(atlas, records, outlines, lang)
    elif changes.places:
        _places_map(atlas, changes, lang)
    rows: list[list[Cell]] = [
        [Mark(text(f"intake.figures_{c.kind}", lang), _LOOKS[c.kind]), c.place, c.what,
         c.period, c.before, c.after]
        for c in changes.changes[:_LISTED]
    ]  # fmt: skip
    heads = ("change", "place", "what", "period", "value_before", "value_after")
    table = html_table(
        [text(f"intake.col_{n}", lang) for n in heads], rows,
        caption=text("intake.figures_caption", lang, shown=len(rows), count=len(changes.changes)),
    )  # fmt: skip
    st.html(f'<div class="za-stack">{table}</div>')


def _parcels_map(
    atlas: Atlas, records: tuple[Any, ...], outlines: dict[str, Any], lang: Lang
) -> None:
    """The parcels themselves."""
    ids = list(outlines)
    names = {r.parcel_id: r.name or r.parcel_id for r in records}
    shapes = thinned([outlines[i] for i in ids])
    called = [names.get(ids[row], ids[row]) for row in shapes.rows]
    importmap.show(
        atlas, feature_items(shapes, called, [(name,) for name in called]), lang,
        key="import_figures", bounds_key=f"parcels-{len(ids)}",
        columns=[{"name": text("intake.col_what", lang), "number": False}],
        caption=text("intake.parcels_caption", lang), note=shapes.note(lang),
    )  # fmt: skip


def _places_map(atlas: Atlas, changes: FigureChanges, lang: Lang) -> None:
    """The zones that figures or projects are about, with how many each has."""
    drawn = {p: o for p in changes.places if (o := atlas.outline_of(p)) is not None}
    ids = list(drawn)
    shapes = thinned([drawn[i]["geometry"] for i in ids])
    names = [atlas.facts.place(ids[row]).name(lang) for row in shapes.rows]
    counts = [str(changes.places[ids[row]]) for row in shapes.rows]
    columns = [
        {"name": text("intake.col_meant", lang), "number": False},
        {"name": text("intake.records", lang), "number": True},
    ]
    importmap.show(
        atlas, feature_items(shapes, names, list(zip(names, counts, strict=True)), kind="place"),
        lang, key="import_figures", bounds_key=f"figures-{len(ids)}", columns=columns,
        caption=text("intake.places_caption", lang),
    )  # fmt: skip


_LOOKS: Final = {"new": "ok", "changed": "bad", "same": "unknown"}
