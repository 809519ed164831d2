"""History: the versions of every collection, their differences, and the way back."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import streamlit as st

from facts.model import Lang
from layers.atlas import Atlas
from layers.downloads import LAYERS, formats_of, office_layers
from layers.historytables import TableChanges, table_changes
from layers.historyview import (
    MOST_ROWS,
    collection_name,
    difference_columns,
    difference_items,
    land_difference,
    totals,
)
from layers.layerview import layer_view
from layers.texts import text
from store.errors import StoreError
from store.log import BASELINE_AUTHOR, VersionInfo
from ui import chrome, importmap
from ui.history_undo import told, undo
from ui.history_versions import author_of, message_of, time_of, version_option
from ui.import_words import one_language
from ui.tables import Cell, Link, Mark, Number, figure_strip, html_table, links_html

MOST_DRAWN = 20_000  # features of a layer that the page reads to draw it
_LONGEST_ECHO = 40


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page; `c` of the address names the collection, `to=undo` puts the way back first."""
    chrome.note(text("history.intro", lang))
    told()
    name = _pick(atlas, lang)
    try:
        versions = atlas.workspace.history(name)
    except StoreError as error:
        chrome.warn(error.message)
        return
    first = st.query_params.get("to") == "undo"
    if first:
        undo(atlas, name, versions, lang)
    _table(atlas, name, versions, lang)
    _map(atlas, name, versions[0], lang)
    _compare(atlas, name, versions, lang)
    if not first:
        undo(atlas, name, versions, lang)
    links = [
        Link(text("history.to_map", lang), f"/?level=zone&lang={lang}"),
        Link(text("history.to_import", lang), f"/import?lang={lang}"),
    ]
    st.html(links_html(text("history.links", lang), links))


def _pick(atlas: Atlas, lang: Lang) -> str:
    """The collection: those that people have changed come first."""
    infos: dict[str, VersionInfo] = {}
    for name in atlas.workspace.collections():
        try:
            infos[name] = atlas.workspace.info(name)
        except StoreError as error:
            chrome.warn(error.message)
    names = sorted(
        infos,
        key=lambda n: (infos[n].author == BASELINE_AUTHOR, -infos[n].time.timestamp(), n),
    )
    asked = st.query_params.get("c", "")
    if asked and asked not in infos:
        chrome.warn(text("history.unknown", lang, name=asked[:_LONGEST_ECHO]))
    # A widget that stays shows its labels as they were: with each new version it is another one.
    chosen = st.selectbox(
        text("history.collection", lang), names,
        index=names.index(asked) if asked in infos else 0,
        format_func=lambda n: text(
            "history.option", lang, name=collection_name(n, lang, infos[n].title),
            count=infos[n].version + 1,
        ),
        key=f"history_pick_{sum(info.version for info in infos.values())}",
    )  # fmt: skip
    st.query_params["c"] = chosen
    return str(chosen)


def _table(atlas: Atlas, name: str, versions: list[VersionInfo], lang: Lang) -> None:
    rows: list[list[Cell]] = []
    for info in versions:
        number = str(info.version)
        newest = info.version == versions[0].version
        rows.append(
            [
                Mark(text("history.current", lang, version=number), "ok") if newest else number,
                time_of(info),
                author_of(info, lang),
                message_of(info, lang),
                _source(atlas, info, lang),
                Number(f"{info.rows:,}"),
            ]
        )
    headers = ("version", "time", "author", "message", "source", "rows")
    table = html_table(
        [text(f"history.col_{h}", lang) for h in headers], rows,
        caption=text(
            "history.versions", lang, name=collection_name(name, lang, versions[0].title)
        ),
    )  # fmt: skip
    st.html(f'<div class="za-stack">{table}</div>')


def _map(atlas: Atlas, name: str, newest: VersionInfo, lang: Lang) -> None:
    """The newest version of a layer that the map page does not show, and where to take it away."""
    if not newest.geo or newest.foreign or not newest.rows or name in LAYERS:
        return
    st.html(f"<h2>{chrome.escape(text('history.map', lang))}</h2>")
    if newest.rows > MOST_DRAWN:
        chrome.note(text("history.map_too_large", lang, rows=newest.rows, most=MOST_DRAWN))
    else:
        try:
            frame = atlas.workspace.read(name, version=newest.version)
        except StoreError as error:
            chrome.warn(error.message)
            return
        assert isinstance(frame, gpd.GeoDataFrame)  # noqa: S101 - its version says so
        shown = layer_view(frame, lang)
        importmap.show(
            atlas, shown.items, lang, key="history_layer", columns=shown.columns, note=shown.note,
            bounds_key=f"layer-{name}-{newest.version}",
            caption=text("history.map_caption", lang, version=newest.version, count=newest.rows),
        )  # fmt: skip
    if name in office_layers(atlas):
        links = [
            Link(chrome.FORMAT_NAMES[fmt], f"/download/{name}.{fmt}?lang={lang}", download=True)
            for fmt in formats_of(name, layer=True)
        ]
        st.html(links_html(text("history.download", lang), links))


def _source(atlas: Atlas, info: VersionInfo, lang: Lang) -> Cell:
    """Where the content is from; the source that an import put on file leads to its figures."""
    known = atlas.facts.sources_by_id.get(info.source)
    if known is not None:
        return Link(known.title, chrome.source_href(known.source_id, lang))
    return one_language(info.source, lang) or "—"


# --- differences ---------------------------------------------------------------------------------


def _compare(atlas: Atlas, name: str, versions: list[VersionInfo], lang: Lang) -> None:
    st.html(f"<h2>{chrome.escape(text('history.difference', lang))}</h2>")
    if len(versions) == 1:
        chrome.note(text("history.one_version", lang))
        return
    by_number = {info.version: info for info in versions}
    numbers = list(by_number)

    def label(number: int) -> str:
        return version_option(by_number[number], lang)

    newest = numbers[0]  # in the keys: after a change the two newest are compared again
    left, right = st.columns(2)
    with left:
        before = st.selectbox(
            text("history.from", lang),
            numbers,
            index=1,
            format_func=label,
            key=f"from_{name}_{newest}",
        )
    with right:
        after = st.selectbox(
            text("history.to", lang),
            numbers,
            index=0,
            format_func=label,
            key=f"to_{name}_{newest}",
        )
    if before == after:
        chrome.note(text("history.same_version", lang))
        return
    old, new = by_number[before], by_number[after]
    most = max(old.rows, new.rows)
    if most > MOST_ROWS:
        chrome.note(
            text("history.too_many", lang, rows=most, most=MOST_ROWS, before=old.rows,
                 after=new.rows)
        )  # fmt: skip
        return
    try:
        with st.spinner(text("history.comparing", lang)):
            if old.geo and new.geo:
                _land(atlas, name, before, after, lang)
            else:
                frames = [atlas.workspace.read(name, version=v) for v in (before, after)]
                _rows(table_changes(*frames, lang), before, after, lang)
    except StoreError as error:
        chrome.warn(error.message)


def _land(atlas: Atlas, name: str, before: int, after: int, lang: Lang) -> None:
    found = land_difference(atlas.workspace, name, before, after)
    frames: Any = tuple(atlas.workspace.read(name, version=v) for v in (before, after))
    old, new = frames
    st.html(figure_strip(totals(found, lang, frames), caption=text("history.totals", lang)))
    items, note = difference_items(found, old, new, lang)
    count = len(found.added) + len(found.removed) + len(found.changed)
    if not items:
        chrome.note(text("history.no_difference", lang))
        return
    notes = [text("history.area_method", lang), note]
    if count > len(items):
        notes.append(text("history.changes_shown", lang, shown=len(items), count=count))
    importmap.show(
        atlas, items, lang, key="history_map", bounds_key=f"{name}-{before}-{after}",
        caption=text("history.changes_caption", lang, before=before, after=after, count=count),
        columns=difference_columns(lang), note=" ".join(filter(None, notes)),
    )  # fmt: skip


def _rows(found: TableChanges, before: int, after: int, lang: Lang) -> None:
    figures = [
        (text(f"history.{kind}", lang), text("history.rows_of", lang, count=number), "")
        for kind, number in found.counts.items()
    ]
    st.html(figure_strip(figures, caption=text("history.totals", lang)))
    count = sum(n for kind, n in found.counts.items() if kind != "unchanged")
    if not found.changes:
        chrome.note(text("history.no_difference", lang))
        return
    rows: list[list[Cell]] = [
        [Mark(text(f"history.{c.kind}", lang), c.kind), c.key, c.name or "—", c.what or "—"]
        for c in found.changes
    ]
    table = html_table(
        [text(f"history.col_{h}", lang) for h in ("change", "row", "name", "what")], rows,
        caption=text("history.changes_caption", lang, before=before, after=after, count=count),
    )  # fmt: skip
    st.html(f'<div class="za-stack">{table}</div>')
    if count > len(rows):
        chrome.note(text("history.changes_shown", lang, shown=len(rows), count=count))
