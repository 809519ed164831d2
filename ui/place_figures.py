"""The sections of a place's file with its figures: targets, themes, charts, joint totals."""

from __future__ import annotations

from html import escape

import streamlit as st

from facts.model import Lang
from layers.charts import series_chart, series_title, target_chart
from layers.placefigures import FigureRow, Series, TargetPair
from layers.placerecords import GroupFigures, PlaceFile
from layers.texts import text
from ui.place_parts import (
    Html,
    Row,
    drawing,
    figures_table,
    fold,
    note,
    place_link,
    place_links,
    quality_mark,
    say,
    section,
    source_cell,
    table,
    value_cell,
)

_OPEN_THEMES = 2
_ALL_OPEN_UP_TO = 14  # figures
_OPEN_GROUP_UP_TO = 20


def targets(file: PlaceFile, lang: Lang) -> None:
    """Targets beside what was reached; those without an actual are folded away."""
    pairs = [pair for pair in file.targets if pair.actual]
    alone = [pair.target for pair in file.targets if not pair.actual]
    if not file.targets:
        return
    title = text("place.section.targets", lang)
    body = ""
    if pairs:
        names = ("indicator", "target", "actual", "compared")
        headers = [text(f"place.col.{n}", lang) for n in names]
        rows = [_pair(pair, lang) for pair in pairs]
        body = table(headers, rows, label=title, widths="22 30 30 18")
    if alone:
        summary = text("place.targets_alone", lang, count=len(alone))
        body += fold(summary, figures_table(alone, lang, label=summary))
    section("targets", title, body)
    charts = [_figure(p.target.indicator, target_chart(p, lang), p.comment) for p in pairs
              if _may_draw(p)]  # fmt: skip
    drawing("".join(charts))


def _may_draw(pair: TargetPair) -> bool:
    """Bars invite comparing: not where one is a running total of another stretch of time."""
    return pair.share is not None or (pair.actual is not None and pair.actual.kind == "actual")


def _pair(pair: TargetPair, lang: Lang) -> Row:
    actual = _side(pair.actual, lang) if pair.actual else ""
    return (
        escape(pair.target.indicator),
        _side(pair.target, lang),
        actual,
        escape(pair.comment),
    )


def _side(row: FigureRow, lang: Lang) -> Html:
    return (
        f'{value_cell(row, lang)} <span class="za-when">{escape(row.period_name)}</span> '
        f"{quality_mark(row)} {source_cell(row.source, lang)}"
    )


def figures(file: PlaceFile, lang: Lang) -> None:
    """The place's own figures by theme; with many of them only the first themes are open."""
    joint = file.place.level == "group"
    title = text("place.section.figures_group" if joint else "place.section.figures", lang)
    if not file.themes:
        section("figures", title, note(say("no_figures", lang)))
        return
    everything = file.figure_count <= _ALL_OPEN_UP_TO
    parts = [note(say("group_own_note", lang))] if joint else []
    for n, theme in enumerate(file.themes):
        summary = text("place.theme", lang, name=theme.name, count=len(theme.rows))
        opened = everything or n < _OPEN_THEMES
        parts.append(
            fold(summary, figures_table(theme.rows, lang, label=theme.name), opened=opened)
        )
    section("figures", title, "".join(parts))


def series(file: PlaceFile, lang: Lang) -> None:
    """Small charts of what is on file for two periods or more."""
    charts = [_series(s, lang) for s in file.series]
    if not any(charts):
        return
    st.html(
        f'<section class="za-file" id="series"><h2>{say("section.series", lang)}</h2></section>'
    )
    drawing("".join(charts))


def _series(one: Series, lang: Lang) -> Html:
    bounds = any(p.qualifier != "exact" for p in one.points)
    key = "caption" if bounds else "caption_exact"
    remark = text(f"place.chart.{key}", lang, span=one.span_name)
    return _figure(series_title(one, lang), series_chart(one, lang), remark)


def _figure(title: str, svg: Html, remark: str) -> Html:
    if not svg:
        return ""
    return (
        f'<figure class="za-chart-box"><figcaption>{escape(title)}'
        f"<small>{escape(remark)}</small></figcaption>{svg}</figure>"
    )


def groups(file: PlaceFile, lang: Lang) -> None:
    """Figures reported for several places together, this one among them."""
    if not file.groups:
        return
    area = file.place.level in {"province", "city", "county"}
    title = text("place.section.groups_area" if area else "place.section.groups", lang)
    body = note(say("group_note", lang)) + "".join(_group(g, lang) for g in file.groups)
    section("groups", title, body)


def _group(group: GroupFigures, lang: Lang) -> Html:
    name = group.group.name
    summary = text("place.group", lang, name=name, count=len(group.rows))
    members = place_links(group.members, lang)
    about = note(place_link(group.group, lang))
    if members:
        about = note(f"{say('group_members', lang)}{members}")
    rows = figures_table(group.rows, lang, label=name) if group.rows else ""
    body = about + (rows or note(say("group_empty", lang)))
    return fold(summary, body, opened=0 < len(group.rows) <= _OPEN_GROUP_UP_TO)
