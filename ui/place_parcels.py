"""The sections of a place's file with what an office listed: 标准地 parcels and projects."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

from facts.model import Lang, Quality
from layers.placerecords import (
    BatchSum,
    ParcelList,
    ParcelRow,
    ParcelSum,
    PlaceFile,
    ProjectList,
    ProjectRow,
    RateText,
    RoundSums,
)
from layers.texts import text
from store.officefigures import PARCELS, PROJECTS
from ui.place_parts import Html, Row, fold, mark, note, say, section, small, source_cell, table
from ui.tables import Link, cell_html

_OPEN_UP_TO = 12  # longer lists are folded away


def parcels(file: PlaceFile, lang: Lang) -> None:
    """Number and area by state, then the parcels with what their buyers commit to."""
    found = file.parcels
    if found is None:
        return
    title = text("place.section.parcels", lang)
    names = ("state", "parcels", "ha", "mu", "without_area")
    sums = [*found.states, *([found.total] if len(found.states) > 1 else [])]
    body = table(_heads(names, lang), [_parcel_sum(one, lang) for one in sums], label=title)
    body += _remarks(
        [
            say("parcels_apart", lang) if file.standard_land else "",
            _counted("parcels_no_area", found.total.without_area, lang),
            _counted("parcels_outlines", found.outlines, lang),
            _counted("list_repeated", found.repeated, lang),
        ],
        lang,
    )
    names = ("parcel", "state", "ha", "mu", "controls", "company", "quality", "source", "note")
    listed = text("place.parcels_list", lang, count=found.count)
    rows = table(_heads(names, lang), [_parcel(row, lang) for row in found.rows], label=listed)
    body += _list(rows, found, listed, PARCELS, lang)
    section("parcels", title, body)


def projects(file: PlaceFile, lang: Lang) -> None:
    """Number, investment and rates by round and batch, then the projects."""
    found = file.projects
    if found is None:
        return
    title = text("place.section.projects", lang)
    names = ("round", "signed", "started", "production", "no_batch", "start_rate",
             "production_rate")  # fmt: skip
    rows = [_round(one, lang) for one in found.rounds]
    if found.total:
        cells = [_batch(one, lang) for one in found.total]
        rows.append((say("projects_all", lang), *cells, "", ""))
    body = table(_heads(names, lang), rows, label=title)
    rates = any(batch for one in found.rounds for batch in one.batches[:2])
    body += _remarks(
        [
            say("projects_apart", lang),
            say("projects_rates", lang) if rates else "",
            _counted("list_repeated", found.repeated, lang),
        ],
        lang,
    )
    names = ("project", "batch", "investment", "output", "land", "investor", "progress",
             "quality", "source", "note")  # fmt: skip
    listed = text("place.projects_list", lang, count=found.count)
    listing = table(_heads(names, lang), [_project(r, lang) for r in found.rows], label=listed)
    body += _list(listing, found, listed, PROJECTS, lang)
    section("projects", title, body)


# --- pieces --------------------------------------------------------------------------------------


def _heads(names: Sequence[str], lang: Lang) -> list[str]:
    return [text(f"place.col.{name}", lang) for name in names]


def _counted(key: str, count: int, lang: Lang) -> Html:
    return say(key, lang, count=count) if count else ""


def _remarks(remarks: Sequence[Html], lang: Lang) -> Html:
    return note(("" if lang == "zh" else " ").join(filter(None, remarks)))


def _list(
    rows: Html, found: ParcelList | ProjectList, listed: str, collection: str, lang: Lang
) -> Html:
    """The rows, folded away when there are many; the way to the others when some are left out."""
    shown = len(found.rows)
    if found.count > shown:
        href = f"/download/{collection}.csv?" + urlencode({"lang": lang})
        link = cell_html(Link(text("place.list_all", lang), href, download=True))
        rows += note(say("list_cut", lang, shown=shown, count=found.count) + link)
    return fold(listed, rows, opened=found.count <= _OPEN_UP_TO)


def _value(written: str) -> Html:
    return f'<span class="za-value">{escape(written)}</span>' if written else ""


def _quality(quality: Quality, lang: Lang) -> Html:
    return mark(text(f"legend.quality.{quality}", lang), quality)


def _date(written: str) -> Html:
    return f'<small class="za-date">{escape(written)}</small>' if written else ""


def _not_counted(counted: bool, lang: Lang) -> Html:
    return "" if counted else " " + mark(text("place.not_counted", lang), "unknown")


def _lines(lines: Sequence[str]) -> Html:
    return "".join(f'<span class="za-remark">{escape(line)}</span>' for line in lines if line)


# --- parcels -------------------------------------------------------------------------------------


def _parcel_sum(one: ParcelSum, lang: Lang) -> Row:
    none = f'<span class="za-none">{say("parcels_only", lang)}</span>'
    return (
        escape(one.name),
        _value(f"{one.count:,}"),
        _value(one.ha) or none,
        _value(one.mu),
        f"{one.without_area:,}" if one.without_area else "",
    )


def _parcel(row: ParcelRow, lang: Lang) -> Row:
    outline = mark(text("place.has_outline", lang), "ok") if row.outline else ""
    since = text("place.since", lang, date=row.date) if row.date else ""
    return (
        f"{escape(row.name)}{small(row.number)}{outline}{_not_counted(row.counted, lang)}",
        escape(row.state) + _date(since),
        _value(row.ha),
        _value(row.mu),
        _lines(row.controls),
        escape(row.company) + small(row.use),
        _quality(row.quality, lang),
        source_cell(row.source, lang),
        _lines([row.note]),
    )


# --- projects ------------------------------------------------------------------------------------


def _round(one: RoundSums, lang: Lang) -> Row:
    return (
        escape(one.name) + small(one.period),
        *(_batch(batch, lang) for batch in one.batches),
        _rate(one.start_rate),
        _rate(one.production_rate),
    )


def _batch(one: BatchSum | None, lang: Lang) -> Html:
    if one is None:
        return ""
    money = text("place.projects_money", lang, value=one.investment) if one.investment else ""
    lacking = one.without_investment
    said = text("place.projects_no_money", lang, count=lacking) if lacking else ""
    count = text("place.projects_of", lang, count=one.count)
    return f"{_value(count)}{small(money)}{small(said)}"


def _rate(rate: RateText | None) -> Html:
    return "" if rate is None else _value(rate.share) + small(rate.made_of)


def _project(row: ProjectRow, lang: Lang) -> Row:
    return (
        f"{escape(row.name)}{small(row.code)}{_not_counted(row.counted, lang)}",
        escape(row.batch) + small(row.round),
        _value(row.investment),
        _value(row.output),
        _value(row.land),
        escape(row.company) + small(row.industry),
        escape(row.status) + "".join(_date(day) for day in row.dates),
        _quality(row.quality, lang),
        source_cell(row.source, lang),
        _lines([row.note]),
    )
