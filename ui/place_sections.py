"""The sections of a place's file on what it is: head, boundary, extent, land."""

from __future__ import annotations

from html import escape

import streamlit as st

from facts.model import Lang
from layers.placerecords import Area, BoundaryFacts, Declared, LandRow, PlaceFile
from layers.texts import text
from ui.place_parts import (
    Html,
    Row,
    ha_mu,
    km2,
    map_href,
    mark,
    note,
    place_link,
    place_links,
    say,
    section,
    sheet,
    small,
    source_cell,
    table,
    warning,
)
from ui.tables import Link, cell_html, figure_strip

# --- head ----------------------------------------------------------------------------------------


def head(file: PlaceFile, lang: Lang, contents: Html) -> None:
    """Name, chips, key figures, basic facts, the way to the map, the page's contents."""
    who = file.identity
    other = f'<span class="za-other">{escape(who.name_other)}</span>' if who.name_other else ""
    to_map = cell_html(Link(text("place.to_map", lang), map_href(file.place, lang)))
    st.html(
        f'<section class="za-file za-file-head"><h2>{escape(who.name)}</h2>{other}'
        f'<div class="za-chips">{_chips(file, lang)}<span class="za-to-map">{to_map}</span></div>'
        f"{figure_strip(_strip(file, lang), caption=text('place.strip', lang))}"
        f"{_about(file, lang)}{contents}</section>"
    )


def _chips(file: PlaceFile, lang: Lang) -> Html:
    place, who = file.place, file.identity
    tier = who.tier
    if tier and place.tier_quality == "derived":
        tier = text("place.chip.derived", lang, name=tier)
    chips = [mark(c, "chip") for c in (who.level_name, who.zone_type) if c]
    if tier:
        chips.append(mark(tier, "chip-derived" if place.tier_quality == "derived" else "chip"))
    chips += [mark(who.status, "chip")] if who.status else []
    return " ".join(chips)


def _strip(file: PlaceFile, lang: Lang) -> list[tuple[str, str, str]]:
    def add(name: str, value: str, remark: str = "") -> None:
        figures.append((text(f"place.strip_{name}", lang), value, remark))

    figures: list[tuple[str, str, str]] = []
    chosen = next((d for d in file.declared if d.chosen), None)
    if chosen:
        add("declared", km2(chosen.area, lang), ha_mu(chosen.area, lang))
    elif file.boundary and file.boundary.precision != "schematic":
        add("computed", km2(file.boundary.computed, lang), ha_mu(file.boundary.computed, lang))
    state = text("legend.land_state.granted", lang)
    granted = next((r for r in file.standard_land if r.own and r.state == state), None)
    if granted:
        add("land", *_land_strip(granted, lang))
    add("figures" if file.place.level != "group" else "joint", str(file.figure_count))
    joint = sum(len(group.rows) for group in file.groups)
    if joint:
        add("joint", str(joint), text("place.strip_joint_note", lang))
    if file.place.level == "zone" and file.children:
        add("parks", str(len(file.children)))
    if file.events:
        add("events", str(len(file.events)))
    failed = sum(check.verdict == "does_not" for check in file.checks)
    if file.checks:
        add("checks", str(failed), text("place.of_checks", lang, count=len(file.checks)))
    return figures


def _land_strip(row: LandRow, lang: Lang) -> tuple[str, str]:
    mu = "" if row.area is None else f"{row.area.mu} {text('place.col.mu', lang)}"
    if row.parcels is None:
        return mu, row.period
    return text("place.parcels", lang, count=row.parcels), mu or text("place.parcels_only", lang)


def _about(file: PlaceFile, lang: Lang) -> Html:
    place, who = file.place, file.identity

    def label(name: str) -> str:
        return text(f"place.about_{name}", lang)

    inside = who.parent if who.parent not in who.host_cities else None
    county = place_links(who.host_counties, lang)
    if place.level in {"zone", "park"}:
        basis = f"（{who.host_basis}）" if lang == "zh" else f" ({who.host_basis})"
        county = county or say("about_county_none", lang)
        county += small(basis) if who.host_counties and who.host_basis else ""
        if who.host_counties and place.host_quality == "derived":
            county += mark(who.host_quality, "derived")
    rows = [
        (label("parent"), place_link(inside, lang) if inside else ""),
        (label("city"), place_links(who.host_cities, lang)),
        (label("county"), county),
        (label("industries"), escape(who.leading_industries)),
        (label("aliases"), escape(" · ".join(who.aliases))),
        (label("code"), escape(who.official_code)),
        (label("note"), escape(who.note)),
        (label("source"), source_cell(who.source, lang) if who.source else ""),
    ]
    return sheet(rows, label=text("place.about", lang))


# --- boundary ------------------------------------------------------------------------------------


def boundary(file: PlaceFile, lang: Lang) -> None:
    """Areas as declared and as computed, what the outline is worth, and how it was made."""
    facts = file.boundary
    parts = []
    if facts and facts.precision == "schematic":
        parts.append(warning(say("schematic", lang)))
    if facts is None:
        parts.append(note(say(_why_no_outline(file), lang)))
    rows = [_declared(d, lang) for d in file.declared]
    if facts:
        rows.append(_computed(facts, lang))
    if rows:
        names = ("basis", "km2", "ha", "mu", "date", "source", "note")
        headers = [text("place.areas", lang), *(text(f"place.col.{n}", lang) for n in names)]
        parts.append(table(headers, rows, label=text("place.areas", lang), css="za-areas"))
    if not file.declared and facts and file.place.level in {"zone", "park"}:
        parts.append(note(say("area_none", lang)))
    if facts:
        parts.append(_outline(facts, lang))
    section("boundary", text("place.section.boundary", lang), "".join(parts))


def _why_no_outline(file: PlaceFile) -> str:
    """The text that says why a place has no outline."""
    if file.place.level == "group":
        return "no_outline_group"
    # A place of the office's came with an outline; no source is at fault when it has none now.
    return "no_outline_office" if file.place.host_basis == "outline" else "no_outline"


def _declared(row: Declared, lang: Lang) -> Row:
    chosen = mark(text("place.area_chosen", lang), "ok") if row.chosen else ""
    return (
        f"{say('area_declared', lang)} {chosen}",
        escape(row.basis),
        *_three(row.area),
        f'<span class="za-date">{escape(row.as_of)}</span>' if row.as_of else "",
        source_cell(row.source, lang),
        escape(row.note),
    )


def _computed(facts: BoundaryFacts, lang: Lang) -> Row:
    return (
        say("area_computed", lang),
        escape(facts.basis_name),
        *_three(facts.computed),
        "",
        source_cell(facts.source, lang),
        escape(facts.difference_text),
    )


def _outline(facts: BoundaryFacts, lang: Lang) -> Html:
    lon, lat = facts.point
    valid = " – ".join(filter(None, (facts.valid_from, facts.valid_to)))
    rows = [
        (text("place.precision", lang), escape(facts.precision_name)),
        (text("place.drawn", lang), escape(facts.basis_name)),
        (text("place.method", lang), escape(facts.method)),
        (text("place.point", lang), say("point_value", lang, lon=f"{lon:.4f}", lat=f"{lat:.4f}")),
        (text("place.valid", lang), escape(valid)),
    ]
    return sheet(rows, label=text("place.boundary_facts", lang))


def _three(area: Area | None) -> Row:
    values = ("", "", "") if area is None else (area.km2, area.ha, area.mu)
    return tuple(f'<span class="za-value">{escape(v)}</span>' if v else "" for v in values)


def extents(file: PlaceFile, lang: Lang) -> None:
    """The extent in words."""
    body = "".join(
        f'<div class="za-words"><p>{escape(e.text)}</p>{mark(e.quality_name, "chip")} '
        f"{source_cell(e.source, lang)}</div>"
        for e in file.extents
    )
    section("extent", text("place.section.extent", lang), body)


def land(file: PlaceFile, lang: Lang) -> None:
    """标准地 by state: number and area, each only where a source gives it."""
    if not file.standard_land:
        return
    names = ("state", "parcels", "mu", "ha", "km2", "period", "kind", "quality", "source")
    joint = [row for row in file.standard_land if not row.own]
    body = table(
        [text("place.col.place", lang), *(text(f"place.col.{n}", lang) for n in names)],
        [_land(row, lang) for row in file.standard_land],
        label=text("place.section.land", lang),
    )
    title = text("place.section.land", lang)
    section("land", title, body + (note(say("land_joint", lang)) if joint else ""))


def _land(row: LandRow, lang: Lang) -> Row:
    km2, ha, mu = _three(row.area)
    none = f'<span class="za-none">{say("parcels_only", lang)}</span>'
    count = "—" if row.parcels is None else text("place.parcels", lang, count=row.parcels)
    return (
        place_link(row.place, lang) + ("" if row.own else mark(row.place.level_name, "chip")),
        escape(row.state),
        f'<span class="za-value">{escape(count)}</span>',
        mu or none,
        ha,
        km2,
        escape(row.period),
        escape(row.kind_name),
        mark(text(f"legend.quality.{row.quality}", lang), row.quality),
        source_cell(row.source, lang),
    )
