"""Tables and marks as HTML for `st.html`: every cell from data is escaped here, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads somewhere; only http(s) and own-origin addresses become a link."""

    text: str
    href: str
    download: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell with a small mark: `kind` names its look (ok, bad, unknown, quality …)."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Links:
    """A cell with several links."""

    items: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """A cell whose text is set to the right."""

    text: str


Cell = str | Link | Links | Mark | Number


def _anchor(link: Link) -> str:
    if urlsplit(link.href).scheme not in {"http", "https", ""} or link.href.startswith("//"):
        return escape(link.text)
    foreign = bool(urlsplit(link.href).scheme)
    target = ' target="_blank" rel="noopener noreferrer"' if foreign else ' target="_self"'
    download = " download" if link.download else ""
    return f'<a href="{escape(link.href)}"{target}{download}>{escape(link.text)}</a>'


def cell_html(cell: Cell) -> str:
    """One cell's content, escaped."""
    if isinstance(cell, Link):
        return _anchor(cell)
    if isinstance(cell, Links):
        return " ".join(_anchor(item) for item in cell.items)
    if isinstance(cell, Mark):
        return f'<span class="za-mark za-{escape(cell.kind)}">{escape(cell.text)}</span>'
    return escape(cell.text if isinstance(cell, Number) else cell)


def html_table(
    headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, caption: str, narrow: bool = False
) -> str:
    """A table that scrolls inside its own box when the screen is narrower than it.

    Args:
        headers: column names.
        rows: cells in the order of the headers.
        caption: what the table shows, for screen readers and on the page.
        narrow: the first column is a heading of its row (a fact sheet).
    """
    filled = [tuple(row) for row in rows]
    numeric = [any(isinstance(row[i], Number) for row in filled) for i in range(len(headers))]
    head = "".join(
        f'<th scope="col"{_number_class(right)}>{escape(h)}</th>'
        for h, right in zip(headers, numeric, strict=True)
    )
    body = []
    for row in filled:
        cells = []
        for index, (cell, header) in enumerate(zip(row, headers, strict=True)):
            tag, scope = ("th", ' scope="row"') if narrow and index == 0 else ("td", "")
            css = _number_class(isinstance(cell, Number))
            label = f' data-label="{escape(header)}"'
            cells.append(f"<{tag}{scope}{css}{label}>{cell_html(cell)}</{tag}>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="za-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="za-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _number_class(right: bool) -> str:
    return ' class="za-number"' if right else ""


def figure_strip(figures: Iterable[tuple[str, str, str]], *, caption: str) -> str:
    """The strip of key figures: (label, value, small note) each; long notes open as a title."""
    items = "".join(
        f'<div class="za-figure"><dt>{escape(label)}</dt>'
        f"<dd>{escape(value)}{_small(note)}</dd></div>"
        for label, value, note in figures
    )
    return f'<dl class="za-strip" aria-label="{escape(caption)}">{items}</dl>'


def _small(note: str) -> str:
    return f'<small title="{escape(note)}">{escape(note)}</small>' if note else ""


def links_html(label: str, items: Iterable[Link]) -> str:
    """A labelled row of links."""
    links = "".join(_anchor(item) for item in items)
    return f'<div class="za-links"><span>{escape(label)}</span>{links}</div>'
