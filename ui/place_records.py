"""The sections of a place's file with what hangs on it: parts, events, checks."""

from __future__ import annotations

from html import escape

from facts.model import CheckResult, Facts, Lang
from facts.periods import Period, parse_date
from layers.placerecords import Area, ChildRow, EventRow, PlaceFile, Ref
from layers.texts import has_text, text
from ui.place_parts import (
    Html,
    Row,
    fold,
    ha_mu,
    km2,
    mark,
    note,
    place_link,
    place_links,
    say,
    section,
    small,
    source_cell,
    table,
)
from ui.tables import Link, cell_html

VERDICTS = ("does_not", "cannot_check", "adds_up")
VERDICT_MARK = {"adds_up": "ok", "does_not": "bad", "cannot_check": "unknown"}
_FOLD_FROM = 3
_ADMINISTRATIVE = {"province", "city", "county"}
_CHILD_ORDER = ("zone", "park", "city", "county")


def children(file: PlaceFile, facts: Facts, lang: Lang) -> None:
    """Places inside, and members of a group."""
    links = note(place_links(file.members, lang))
    section("members", text("place.section.members", lang), links)
    if file.children:
        rows = sorted(file.children, key=lambda c: _CHILD_ORDER.index(c.place.level))
        names = ("level", "status", "type", "declared", "computed", "outline", "figures")
        kind = "area" if file.place.level in _ADMINISTRATIVE else "zone"
        title = text(f"place.section.children_{kind}", lang)
        body = table(
            [text("place.col.place", lang), *(text(f"place.col.{n}", lang) for n in names)],
            [_child(row, facts, lang) for row in rows],
            label=title,
        )
        section("inside", title, body)


def hosted(file: PlaceFile, facts: Facts, lang: Lang) -> None:
    """The zones and parks of a county: their parent is another place."""
    refs = [
        Ref(p.place_id, p.name(lang), p.level, text(f"legend.place_level.{p.level}", lang))
        for p in facts.places
        if file.place.place_id in p.host_county_ids
    ]
    section("hosted", text("place.section.hosted", lang), note(place_links(refs, lang)))


def _child(row: ChildRow, facts: Facts, lang: Lang) -> Row:
    def area(of: Area | None) -> Html:
        return "" if of is None else f"{escape(km2(of, lang))}{small(ha_mu(of, lang))}"

    count = len(facts.observations_of(row.place.place_id))
    guessed = row.declared is None and row.precision == text(
        "legend.precision_short.schematic", lang
    )
    computed = area(row.computed)
    return (
        place_link(row.place, lang),
        escape(row.place.level_name),
        escape(row.status),
        escape(row.zone_type),
        area(row.declared),
        f'<span class="za-none">{computed}</span>' if guessed else computed,
        escape(row.precision),
        say("count", lang, count=count) if count else "",
    )


def events(file: PlaceFile, lang: Lang) -> None:
    """Steps of procedures in time."""
    items = "".join(_event(event, lang) for event in file.events)
    body = f'<ol class="za-timeline">{items}</ol>' if items else ""
    section("events", text("place.section.events", lang), body)


def _event(event: EventRow, lang: Lang) -> Html:
    key = f"place.event_kind.{event.kind}"
    kind = text(key, lang) if has_text(key) else event.kind
    return (
        f"<li><time>{escape(_when(event, lang))}</time><div><p>{mark(kind, 'chip')} "
        f"{escape(event.event)}</p>{source_cell(event.source, lang)}</div></li>"
    )


def _when(event: EventRow, lang: Lang) -> str:
    """The date as the source has it; where that is only a code or in Chinese, a reader's name."""
    printed = event.date_label
    if lang == "zh" and not printed.replace("-", "").isdecimal():
        return printed
    if not event.start or not event.end:
        return printed
    first, last = parse_date(event.start), parse_date(event.end)
    return Period(first, last).name(lang)


def checks(file: PlaceFile, lang: Lang) -> None:
    """Checks that concern the place, the failed ones first; many that add up are folded."""
    if not file.checks:
        return
    names = ("check", "verdict", "formula", "explanation")
    headers = [text(f"place.col.{n}", lang) for n in names]
    title = text("place.section.checks", lang)
    fine = [c for c in file.checks if c.verdict == "adds_up"]
    folded = len(fine) > _FOLD_FROM
    shown = [c for v in VERDICTS for c in file.checks if c.verdict == v]
    if folded:
        shown = [c for c in shown if c.verdict != "adds_up"]

    def rows(of: list[CheckResult]) -> Html:
        cells = [
            (
                escape(c.title(lang)),
                mark(text(f"sources.verdict_{c.verdict}", lang), VERDICT_MARK[c.verdict]),
                f'<span class="za-formula">{escape(c.formula)}</span>' if c.formula else "",
                escape(c.explanation(lang)),
            )
            for c in of
        ]
        return table(headers, cells, label=title, widths="30 12 22 36")

    body = rows(shown) if shown else ""
    if folded:
        body += fold(text("place.checks_fold", lang, count=len(fine)), rows(fine))
    link = cell_html(Link(text("place.checks_all", lang), f"/sources?tab=checks&lang={lang}"))
    section("checks", title, f"{body}{note(link)}")
