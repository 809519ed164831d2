"""The zone file: all that is on record about one place, chosen by the address or the picker."""

from __future__ import annotations

import streamlit as st

from facts.model import Facts, Lang, Place
from layers.atlas import Atlas
from layers.errors import PlaceError
from layers.locator import locator_svg
from layers.placerecords import PlaceFile
from layers.texts import text
from ui import chrome, place_figures, place_parcels, place_records, place_sections
from ui.place_parts import Html, drawing, note, say, section, table
from ui.tables import Link, cell_html

_PICK = "place_pick"
_START_ROWS = 12
_LONGEST_ECHO = 60
_LOCAL = {"zone", "park"}
_ORDER = ("province", "city", "county", "group")


def render(atlas: Atlas, lang: Lang) -> None:
    """Draw the page of the place that the address names, or a start without one."""
    facts = atlas.facts
    asked = st.query_params.get("id") or _selected_on_map(facts)
    _picker(facts, asked, lang)
    if not asked:
        _start(facts, lang)
        return
    try:
        file = atlas.place_file(asked, lang)
    except PlaceError:
        chrome.warn(text("place.unknown", lang, id=asked[:_LONGEST_ECHO]))
        _start(facts, lang)
        return
    _file(atlas, file, lang)


def _selected_on_map(facts: Facts) -> str:
    """Who comes from the map by the navigation means the place selected there."""
    chosen = getattr(st.session_state.get("view"), "selected", None)
    if chosen not in facts.places_by_id:
        return ""
    st.query_params["id"] = str(chosen)
    return str(chosen)


# --- picker and start ----------------------------------------------------------------------------


def _picker(facts: Facts, asked: str, lang: Lang) -> None:
    labels = {place.place_id: _label(facts, place, lang) for place in _in_order(facts)}
    st.session_state[_PICK] = asked if asked in labels else None
    with st.container(key="place_picker"):
        st.selectbox(
            text("place.pick", lang),
            list(labels),
            index=None,
            format_func=lambda place_id: labels.get(place_id, place_id),
            key=_PICK,
            placeholder=text("place.pick_hint", lang),
            on_change=_picked,
        )


def _picked() -> None:
    chosen = st.session_state.get(_PICK)
    if chosen:
        st.query_params["id"] = chosen
    else:
        st.query_params.pop("id", None)


def _in_order(facts: Facts) -> list[Place]:
    """Zones with their parks city by city, then the areas above them, then the joint totals."""
    local = [p for p in facts.places if p.level in _LOCAL]
    local.sort(key=lambda p: p.host_city_ids[:1])
    others = [p for p in facts.places if p.level not in _LOCAL]
    others.sort(key=lambda p: _ORDER.index(p.level))
    return [*local, *others]


def _label(facts: Facts, place: Place, lang: Lang) -> str:
    if place.level in _LOCAL:
        group = _cities(facts, place, lang)
    elif place.level == "county" and place.parent_id:
        group = facts.place(place.parent_id).name(lang)
    else:
        group = text(f"place.group_{'joint' if place.level == 'group' else 'admin'}", lang)
    count = len(facts.observations_of(place.place_id))
    return text(
        "place.option_count" if count else "place.option",
        lang,
        group=group,
        name=place.name(lang),
        level=text(f"legend.place_level.{place.level}", lang),
        count=count,
    )


def _cities(facts: Facts, place: Place, lang: Lang) -> str:
    names = [facts.place(city).name(lang) for city in place.host_city_ids]
    written = names[0] if names else "—"
    for name in names[1:]:
        written = text("place.list", lang, first=written, second=name)
    return written


def _start(facts: Facts, lang: Lang) -> None:
    """A friendly beginning: what the page is for, and the places with most figures."""
    local = [p for p in facts.places if p.level in _LOCAL]
    count = {p.place_id: len(facts.observations_of(p.place_id)) for p in local}
    most = sorted(local, key=lambda p: -count[p.place_id])[:_START_ROWS]
    levels = [p.level for p in facts.places]
    rows = [
        (
            cell_html(Link(p.name(lang), chrome.place_href(p.place_id, lang))),
            say("count", lang, count=count[p.place_id]),
            _cities(facts, p, lang),
            text(f"legend.place_level.{p.level}", lang),
        )
        for p in most
    ]
    headers = [text(f"place.col.{n}", lang) for n in ("place", "figures", "city", "level")]
    totals = say(
        "start_totals",
        lang,
        zones=levels.count("zone"),
        parks=levels.count("park"),
        groups=levels.count("group"),
    )
    title = text("place.start", lang)
    section(
        "start",
        title,
        note(say("welcome", lang)) + note(totals) + table(headers, rows, label=title),
    )


# --- the file ------------------------------------------------------------------------------------


def _file(atlas: Atlas, file: PlaceFile, lang: Lang) -> None:
    facts = atlas.facts
    place_sections.head(file, lang, _contents(file, facts, lang))
    locator = locator_svg(atlas, file.place, lang)
    if file.boundary:
        left, right = st.columns([7, 2], gap="medium")
        with left:
            place_sections.boundary(file, lang)
        with right:
            drawing(locator)
    else:
        with st.container(key="place_joint"):
            place_sections.boundary(file, lang)
            drawing(locator)
    place_sections.extents(file, lang)
    place_sections.land(file, lang)
    place_parcels.parcels(file, lang)
    place_parcels.projects(file, lang)
    place_figures.targets(file, lang)
    place_figures.figures(file, lang)
    place_figures.series(file, lang)
    place_records.children(file, facts, lang)
    place_records.hosted(file, facts, lang)
    place_figures.groups(file, lang)
    place_records.events(file, lang)
    place_records.checks(file, lang)


def _contents(file: PlaceFile, facts: Facts, lang: Lang) -> Html:
    """Links to the longer sections that this file has."""
    joint = file.place.level == "group"
    area = file.place.level in {"province", "city", "county"}
    place_id = file.place.place_id
    there = [
        ("boundary", "boundary", True),
        ("land", "land", bool(file.standard_land)),
        ("parcels", "parcels", file.parcels is not None),
        ("projects", "projects", file.projects is not None),
        ("targets", "targets", bool(file.targets)),
        ("figures", "figures_group" if joint else "figures", True),
        ("series", "series", bool(file.series)),
        ("inside", "children_area" if area else "children_zone", bool(file.children)),
        ("hosted", "hosted", any(place_id in p.host_county_ids for p in facts.places)),
        ("groups", "groups_area" if area else "groups", bool(file.groups)),
        ("events", "events", bool(file.events)),
        ("checks", "checks", bool(file.checks)),
    ]
    links = "".join(
        f'<a href="#{name}">{say(f"section.{key}", lang)}</a>'
        for name, key, shown in there
        if shown
    )
    return f'<nav class="za-contents" aria-label="{say("contents", lang)}">{links}</nav>'
