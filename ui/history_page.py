"""History: the versions of every collection, their differences, and the way back."""

from __future__ import annotations

from typing import cast

import streamlit as st

from facts.model import Lang
from layers.atlas import Atlas, look_again
from layers.historyview import (
    MOST_ROWS,
    TableChanges,
    collection_name,
    difference_columns,
    difference_items,
    land_difference,
    table_changes,
    totals,
)
from layers.texts import text
from store.errors import StoreError
from store.log import BASELINE_AUTHOR, VersionInfo
from ui import chrome, importmap
from ui.drawing_desk import author
from ui.import_words import one_language
from ui.tables import Cell, Link, Mark, Number, figure_strip, html_table, links_html

_EMPTY = -1  # the choice of withdrawing a first import
_LONGEST_ECHO = 40
_SHORT = 24
_SAID = "history_said"


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page; `c` of the address names the collection."""
    chrome.note(text("history.intro", lang))
    said = st.session_state.pop(_SAID, "")
    if said:
        st.html(f'<p class="za-done" role="status">{chrome.escape(said)}</p>')
    name = _pick(atlas, lang)
    try:
        versions = atlas.workspace.history(name)
    except StoreError as error:
        chrome.warn(error.message)
        return
    _table(atlas, name, versions, lang)
    _compare(atlas, name, versions, lang)
    _undo(atlas, name, versions, lang)
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
    chosen = st.selectbox(
        text("history.collection", lang), names,
        index=names.index(asked) if asked in infos else 0,
        format_func=lambda n: text(
            "history.option", lang, name=collection_name(n, lang), count=infos[n].version + 1
        ),
        key="history_pick",
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
                _time(info),
                _author(info, lang),
                _message(info, lang),
                _source(atlas, info, lang),
                Number(f"{info.rows:,}"),
            ]
        )
    headers = ("version", "time", "author", "message", "source", "rows")
    table = html_table(
        [text(f"history.col_{h}", lang) for h in headers], rows,
        caption=text("history.versions", lang, name=collection_name(name, lang)),
    )  # fmt: skip
    st.html(f'<div class="za-stack">{table}</div>')


def _author(info: VersionInfo, lang: Lang) -> str:
    return text("history.baseline", lang) if info.author == BASELINE_AUTHOR else info.author


def _source(atlas: Atlas, info: VersionInfo, lang: Lang) -> Cell:
    """Where the content is from; the source that an import put on file leads to its figures."""
    known = atlas.facts.sources_by_id.get(info.source)
    if known is not None:
        return Link(known.title, chrome.source_href(known.source_id, lang))
    return one_language(info.source, lang) or "—"


def _time(info: VersionInfo) -> str:
    return info.time.astimezone().strftime("%Y-%m-%d %H:%M")


def _message(info: VersionInfo, lang: Lang) -> str:
    if info.foreign:
        return text("history.foreign", lang)
    if info.restored_from is not None:
        return text(
            "history.restored", lang, version=info.restored_from, message=info.message or "—"
        )
    return one_language(info.message, lang) or "—"


# --- differences ---------------------------------------------------------------------------------


def _compare(atlas: Atlas, name: str, versions: list[VersionInfo], lang: Lang) -> None:
    st.html(f"<h2>{chrome.escape(text('history.difference', lang))}</h2>")
    if len(versions) == 1:
        chrome.note(text("history.one_version", lang))
        return
    by_number = {info.version: info for info in versions}
    numbers = list(by_number)

    def label(number: int) -> str:
        info = by_number[number]
        said = _message(info, lang)
        short = said if len(said) <= _SHORT else said[:_SHORT] + "…"
        return text("history.version_option", lang, version=number, time=_time(info), message=short)

    left, right = st.columns(2)
    with left:
        before = st.selectbox(
            text("history.from", lang), numbers, index=1, format_func=label, key=f"from_{name}"
        )
    with right:
        after = st.selectbox(
            text("history.to", lang), numbers, index=0, format_func=label, key=f"to_{name}"
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
    st.html(figure_strip(totals(found, lang), caption=text("history.totals", lang)))
    old, new = (atlas.workspace.read(name, version=v) for v in (before, after))
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


# --- the way back --------------------------------------------------------------------------------


def _undo(atlas: Atlas, name: str, versions: list[VersionInfo], lang: Lang) -> None:
    st.html(f"<h2>{chrome.escape(text('history.undo', lang))}</h2>")
    chrome.note(text("history.undo_note", lang))
    newest = versions[0]
    by_number = {i.version: i for i in versions[1:] if not i.foreign and i.file != newest.file}
    targets = list(by_number)
    if versions[-1].author != BASELINE_AUTHOR and newest.rows:
        targets.append(_EMPTY)
    if not targets:
        chrome.note(text("history.nothing_to_restore", lang))
        return

    def label(number: int) -> str:
        if number == _EMPTY:
            return text("history.withdraw_option", lang)
        info = by_number[number]
        return text(
            "history.version_option", lang, version=number, time=_time(info),
            message=_message(info, lang)[:_SHORT],
        )  # fmt: skip

    with st.form(f"undo_{name}_{newest.version}", border=True):
        target = st.selectbox(text("history.target", lang), targets, format_func=label)
        message = st.text_input(
            text("history.message", lang), max_chars=200,
            placeholder=text("history.message_hint", lang),
        )  # fmt: skip
        sure = st.checkbox(text("history.confirm", lang))
        done = st.form_submit_button(text("history.restore", lang), type="primary")
    if not done:
        return
    if not message.strip() or not sure:
        missing = "message_needed" if not message.strip() else "confirm_needed"
        chrome.warn(text(f"history.{missing}", lang))
        return
    _go_back(
        atlas, name, cast("int", target), lang, expected=newest.version, message=message.strip()
    )


def _go_back(
    atlas: Atlas, name: str, target: int, lang: Lang, *, expected: int, message: str
) -> None:  # fmt: skip
    called = collection_name(name, lang)
    try:
        if target == _EMPTY:
            made = atlas.workspace.withdraw(
                name, author=author(), message=message, expected_version=expected
            )
            said = text("history.withdrawn", lang, name=called, version=made)
        else:
            made = atlas.workspace.restore(
                name, target, author=author(), message=message, expected_version=expected
            )
            said = text("history.done", lang, name=called, version=made, restored=target)
    except StoreError as error:
        chrome.warn(error.message)
        return
    look_again(atlas)
    st.session_state[_SAID] = said
    st.rerun()
