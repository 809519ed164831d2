"""Pieces of a place's file as HTML: sections, tables, marks, links. Texts are escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlencode

import streamlit as st

from facts.model import Lang, Place
from layers.placefigures import FigureRow, SourceRef
from layers.placerecords import Area, Ref
from layers.texts import text
from ui import chrome
from ui.tables import Link, Mark, cell_html

Html = str  # already escaped
Row = Sequence[Html]


def say(key: str, lang: Lang, **values: object) -> Html:
    """A text of the page, escaped."""
    return escape(text(f"place.{key}", lang, **values))


def section(name: str, title: str, body: Html) -> None:
    """A section of the page, unless it has nothing to show.

    `name` is its anchor; the page's sanitiser takes away names that `document` has ("children").
    """
    if body:
        st.html(f'<section class="za-file" id="{name}"><h2>{escape(title)}</h2>{body}</section>')


def drawing(svg: Html) -> None:
    """Drawings: `st.html` drops SVG, Markdown's HTML keeps it, so these carry no links."""
    if svg:
        st.markdown(f'<div class="za-drawing">{svg}</div>', unsafe_allow_html=True)


def table(
    headers: Sequence[str], rows: Iterable[Row], *, label: str, css: str = "", widths: str = ""
) -> Html:
    """A table whose rows become cards on a phone; cells are HTML, empty ones vanish there.

    Args:
        headers: column names, plain text.
        rows: cells in the order of the headers; the first is the heading of its row.
        label: what the table shows, for screen readers.
        css: more classes.
        widths: shares of the width, as in "20 10 …", for tables that must line up; without them
            a column that is empty in every row is left out.
    """
    rows = [tuple(row) for row in rows]
    if not widths:
        kept = [n for n in range(len(headers)) if any(row[n] for row in rows)]
        headers = [headers[n] for n in kept]
        rows = [tuple(row[n] for n in kept) for row in rows]
    columns = "".join(f'<col style="width:{w}%">' for w in widths.split())
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in headers)
    body = []
    for row in rows:
        first, *others = row
        cells = [f'<th scope="row">{first}</th>']
        for header, cell in zip(headers[1:], others, strict=True):
            cells.append(f'<td data-label="{escape(header)}">{cell}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="za-scroll"><table class="za-table za-cards {css}" '
        f'aria-label="{escape(label)}"><colgroup>{columns}</colgroup>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def sheet(rows: Iterable[tuple[str, Html]], *, label: str) -> Html:
    """Facts as name and value; those without a value are left out."""
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in rows if value
    )
    return f'<dl class="za-sheet" aria-label="{escape(label)}">{items}</dl>' if items else ""


def fold(summary: str, body: Html, *, opened: bool = False) -> Html:
    """A part that can be folded away."""
    state = " open" if opened else ""
    head = f"<summary>{escape(summary)}</summary>"
    return f'<details class="za-fold"{state}>{head}{body}</details>'


def note(message: Html) -> Html:
    """A quiet line."""
    return f'<p class="za-note">{message}</p>' if message else ""


def warning(message: Html) -> Html:
    """A line that must be seen."""
    return f'<p class="za-warn">{message}</p>' if message else ""


def mark(written: str, kind: str) -> Html:
    """A small mark."""
    return cell_html(Mark(written, kind))


def small(written: str) -> Html:
    """A second, quieter line of a cell."""
    return f"<small>{escape(written)}</small>" if written else ""


def place_link(ref: Ref, lang: Lang) -> Html:
    """A place, leading to its file."""
    return cell_html(Link(ref.name, chrome.place_href(ref.place_id, lang)))


def place_links(refs: Iterable[Ref], lang: Lang) -> Html:
    """Several places."""
    return '<span class="za-sep">·</span>'.join(place_link(ref, lang) for ref in refs)


def source_cell(source: SourceRef, lang: Lang) -> Html:
    """A source, leading to its figures, with the place in it and whether it is a mirror."""
    link = cell_html(Link(source.title, chrome.source_href(source.source_id, lang)))
    unverified = "" if source.verified else mark(text("place.mirror", lang), "unverified")
    title = escape(source.title)
    where = source.locator.replace(source.title, "").strip()
    if where.startswith("(") and where.find(")") == len(where) - 1:
        where = where[1:-1]
    return f'<span class="za-source" title="{title}">{link}</span>{small(where)}{unverified}'


def km2(area: Area, lang: Lang) -> str:
    """An area in km²."""
    return text("place.km2", lang, value=area.km2)


def ha_mu(area: Area, lang: Lang) -> str:
    """The same area in ha and 亩."""
    return text("place.ha_mu", lang, ha=area.ha, mu=area.mu)


def map_href(place: Place, lang: Lang) -> str:
    """Address of the map with the place selected; joint totals are drawn on their city."""
    query: dict[str, str] = {"lang": lang}
    if place.level == "group" and place.drawn_on and not place.drawn_on.endswith("0000"):
        query |= {"level": "city", "sel": place.drawn_on}
    elif place.level == "group":
        query |= {"level": "zone" if place.members else "city"}
    elif place.level != "province":
        level = "zone" if place.level == "park" else place.level
        query |= {"level": level, "sel": place.place_id}
    return "/?" + urlencode(query)


# --- figures -------------------------------------------------------------------------------------

FIGURE_COLUMNS = ("indicator", "value", "period", "kind", "quality", "source", "note")
FIGURE_WIDTHS = "19 13 12 8 7 23 18"


def figures_table(rows: Sequence[FigureRow], lang: Lang, *, label: str) -> Html:
    """A table of figures with source, quality and notes."""
    return table(
        [text(f"place.col.{c}", lang) for c in FIGURE_COLUMNS],
        [_figure(row, lang) for row in rows],
        label=label,
        css="za-figures",
        widths=FIGURE_WIDTHS,
    )


def value_cell(row: FigureRow, lang: Lang) -> Html:
    """The value with its mark and unit; a lost one, and one that another source denies, say so."""
    extra = mark(text("place.missing", lang), "unknown") if row.value is None else ""
    if row.contradicted:
        extra += mark(text("place.contradicted", lang), "bad")
    return f'<span class="za-value">{escape(row.value_text)}</span>{extra}'


def quality_mark(row: FigureRow) -> Html:
    """Whether the figure is reported, derived or synthetic."""
    return mark(row.quality_name, row.quality)


def _figure(row: FigureRow, lang: Lang) -> Row:
    return (
        escape(row.indicator),
        value_cell(row, lang),
        escape(row.period_name),
        escape(row.kind_name),
        quality_mark(row),
        source_cell(row.source, lang),
        "".join(f'<span class="za-remark">{escape(n)}</span>' for n in row.notes),
    )
