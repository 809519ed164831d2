"""Drawing and keeping outlines: drafts of a visit, saving them, and new proposals.

A draft lives in the visit until it is saved as a version of the collection of proposals, either
in place of the outline on file or as the next alternative beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import shapely
import streamlit as st
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from facts.model import Lang
from geo.errors import GeoError
from geo.proposals import KINDS, Proposal, next_alternative
from layers.assess import proposals_of
from layers.atlas import Atlas, look_again
from layers.texts import text
from store.errors import StoreError
from store.proposals import save_proposal
from ui import chrome
from ui.author import author_fault, author_field, author_missing

_MOST_VERTICES = 200_000


def draft_of(proposal: Proposal) -> Proposal | None:
    """The outline being drawn in this visit, None while it is the one on file."""
    return st.session_state.get(_slot(proposal))


def take(proposal: Proposal, event: dict[str, Any] | None) -> None:
    """Make what was drawn on the map the draft, and draw the page again with it."""
    if not event or event.get("event") != "edit" or event.get("key") != proposal.key:
        return
    current = draft_of(proposal) or proposal
    try:
        drawn = replace(
            current, land_in=_polygons(event.get("land_in")),
            land_out=_polygons(event.get("land_out")), precision=_drawn(proposal),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError):
        st.session_state["drawing_fault"] = True
        return
    st.session_state[_slot(proposal)] = drawn
    st.rerun(scope="fragment")


def bar(atlas: Atlas, proposal: Proposal, draft: Proposal | None, lang: Lang) -> None:
    """What can be done with a draft: keep it, keep it beside the one on file, or drop it."""
    if st.session_state.pop("drawing_fault", False):
        chrome.warn(text("proposal.bad_drawing", lang))
    if draft is None:
        chrome.note(text("proposal.draw_note", lang))
        return
    chrome.note(text("proposal.draft_note", lang))
    letter = next_alternative(proposals_of(atlas), proposal.proposal_id)
    who = author_field(lang, "draft_author")
    with st.container(horizontal=True):
        beside = st.button(
            text("proposal.save_beside", lang, alternative=letter),
            key="save_beside",
            type="primary",
        )
        instead = st.button(text("proposal.save_instead", lang), key="save_instead")
        drop = st.button(text("proposal.drop_draft", lang), key="drop_draft")
    if drop:
        st.session_state.pop(_slot(proposal), None)
        st.rerun(scope="fragment")
    if (beside or instead) and not author_missing(who, lang):
        kept = replace(draft, alternative=letter) if beside else draft
        if _save(atlas, kept, lang, author=who, said="proposal.drawn_message"):
            st.session_state.pop(_slot(proposal), None)
            st.query_params["id"] = kept.key
            st.rerun()


def new_proposal(atlas: Atlas, lang: Lang) -> None:
    """A form for a new proposal, its land in taken from a layer that was imported."""
    layers = [
        name for name in sorted(atlas.versions)
        if name not in ("provinces", "cities", "counties", "proposals")
        and atlas.workspace.info(name, version=atlas.versions[name]).geo
    ]  # fmt: skip
    zones = [p for p in atlas.facts.places if p.level == "zone"]
    chrome.note(text("proposal.new_note", lang))
    with st.form("new_proposal", border=False):
        name = st.text_input(text("proposal.new_name", lang), max_chars=80)
        slug = st.text_input(text("proposal.new_id", lang), max_chars=40, placeholder="abc-expand")
        kind = st.selectbox(
            text("proposal.kind", lang), KINDS,
            format_func=lambda k: text(f"compare.kind_{k}", lang),
        )  # fmt: skip
        zone = st.selectbox(text("proposal.zone", lang), zones, format_func=lambda p: p.name(lang))
        layer = st.selectbox(text("proposal.new_layer", lang), layers)
        row = st.number_input(text("proposal.new_row", lang), min_value=1, value=1, step=1)
        who = author_field(lang, "new_proposal_author")
        done = st.form_submit_button(text("proposal.create", lang))
    if not done:
        return
    fault = _faults(atlas, name, slug, lang) or author_fault(who, lang)
    if fault or layer is None or zone is None:
        chrome.warn(fault or text("proposal.new_incomplete", lang))
        return
    land = _feature(atlas, layer, int(row), lang)
    if land is None:
        return
    outline = atlas.outline_of(zone.place_id)
    made = Proposal(
        proposal_id=slug, alternative="A", name_zh=name.strip(), name_en=name.strip(), kind=kind,
        place_id=zone.place_id, figures_place_id=zone.place_id,
        base=None if kind == "set_up" or outline is None else outline["geometry"],
        land_in=land, land_out=None, precision="synthetic" if atlas.synthetic else "digitised",
        source_id="src-office",
    )  # fmt: skip
    if _save(atlas, made, lang, author=who, said="proposal.created_message"):
        st.query_params["id"] = made.key
        st.rerun()


def _faults(atlas: Atlas, name: str, slug: str, lang: Lang) -> str:
    """What is wrong with the form, in words."""
    if not name.strip():
        return text("proposal.new_incomplete", lang)
    plain = slug.replace("-", "")
    if not (plain.isascii() and plain.isalnum() and slug == slug.lower() and slug[0].isalnum()):
        return text("proposal.bad_id", lang, id=slug[:40])
    if slug in {p.proposal_id for p in proposals_of(atlas)}:
        return text("proposal.id_taken", lang, id=slug)
    return ""


def _feature(atlas: Atlas, layer: str, row: int, lang: Lang) -> BaseGeometry | None:
    frame = atlas.workspace.read(layer, version=atlas.versions[layer])
    if row > len(frame):
        chrome.warn(text("proposal.no_row", lang, row=row, rows=len(frame)))
        return None
    found: BaseGeometry | None = frame.geometry.iloc[row - 1]
    if found is None or found.geom_type not in ("Polygon", "MultiPolygon"):
        chrome.warn(text("proposal.row_no_land", lang, row=row))
        return None
    return found


def _save(atlas: Atlas, proposal: Proposal, lang: Lang, *, author: str, said: str) -> bool:
    try:
        save_proposal(
            atlas.workspace, proposal, author=author,
            message=text(said, lang, name=proposal.key),
            expected_version=atlas.versions["proposals"],
        )  # fmt: skip
    except (StoreError, GeoError) as error:
        chrome.warn(str(getattr(error, "message", error)))
        return False
    look_again(atlas)
    return True


def _polygons(member: Any) -> BaseGeometry | None:
    """A GeoJSON geometry of the map as polygons, None for nothing.

    Raises:
        ValueError: another kind of geometry, or more vertices than anybody draws.
    """
    if not member:
        return None
    found = shape(member)
    if found.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(found.geom_type)
    if shapely.get_num_coordinates(found) > _MOST_VERTICES:
        raise ValueError("too many vertices")
    return None if found.is_empty else found


def _drawn(proposal: Proposal) -> Any:
    """What a drawn outline is: made up in a made-up province, else drawn off a map."""
    return "synthetic" if proposal.precision == "synthetic" else "digitised"


def _slot(proposal: Proposal) -> str:
    return f"draft_{proposal.key}"
