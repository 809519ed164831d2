"""The comparison map as pages use it: what is sent to the frame, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
import streamlit as st
import streamlit.components.v1 as components

from facts.model import Lang
from geo.rules import rules_to_text
from layers.assess import ledger_key
from layers.atlas import Atlas
from layers.dossiers import Dossier
from layers.ledgercolours import colour_of
from layers.ledgerlayer import ledger_geojson
from layers.reportdata import full_name
from layers.texts import text
from ui.ledger_parts import rule_name

compare_map = components.declare_component("compare_map", url="/frame/compare")

_GROUND = ("counties",)  # drawn under every proposal
_SEEN = "compare_map_seq"


def single(atlas: Atlas, found: Dossier, lang: Lang, *, draft: bool) -> dict[str, Any] | None:
    """One map with drawing tools; returns what was drawn since the last run, or None."""
    panel = _panel(atlas, found, lang)
    if draft:  # not on file, so there is no address to fetch it from
        panel["geojson"] = orjson.loads(ledger_geojson(atlas, found, lang))
        panel.pop("ledger")
    return _show(
        atlas, [panel], "single", lang, key="proposal_map", edit=True,
        bounds_key=found.proposal.key, legend=_legend([found], lang),
    )  # fmt: skip


def linked(
    atlas: Atlas, dossiers: Sequence[Dossier], lang: Lang, *, mode: str
) -> dict[str, Any] | None:
    """Several maps side by side ("grid") or two on one with a divider ("swipe")."""
    panels = [_panel(atlas, found, lang) for found in dossiers]
    return _show(
        atlas, panels, mode, lang, key="compare_map", edit=False,
        bounds_key=",".join(d.proposal.key for d in dossiers), legend=_legend(dossiers, lang),
    )  # fmt: skip


def _show(
    atlas: Atlas, panels: list[dict[str, Any]], mode: str, lang: Lang, *, key: str, edit: bool,
    bounds_key: str, legend: list[dict[str, Any]],
) -> dict[str, Any] | None:  # fmt: skip
    addresses = atlas.geometry_addresses()
    event = compare_map(
        mode=mode, panels=panels, lang=lang, edit=edit, bounds_key=bounds_key, legend=legend,
        synthetic=text("ui.synthetic_short", lang) if atlas.synthetic else "",
        geometry={name: addresses[name] for name in _GROUND}, key=key, default=None,
    )  # fmt: skip
    if not event or event.get("seq") == st.session_state.get(f"{_SEEN}_{key}"):
        return None
    st.session_state[f"{_SEEN}_{key}"] = event.get("seq")
    return dict(event)


def _panel(atlas: Atlas, found: Dossier, lang: Lang) -> dict[str, Any]:
    """A map's title and the address of its geometry; the address changes with the content."""
    proposal = found.proposal
    query = {
        "v": ledger_key(atlas, proposal, found.rules)[:16], "lang": lang,
        "rules": rules_to_text(found.rules),
    }  # fmt: skip
    return {
        "key": proposal.key,
        "name": full_name(found),
        "subtitle": text(
            "proposal.panel", lang, kind=text(f"compare.kind_{proposal.kind}", lang),
            precision=text(f"compare.precision_{proposal.precision}", lang),
        ),
        "ledger": f"/layers/ledger/{proposal.key}.geojson?{urlencode(query)}",
    }  # fmt: skip


def _legend(dossiers: Sequence[Dossier], lang: Lang) -> list[dict[str, Any]]:
    """The lines of all ledgers, each name once, in the order of the first that has it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for dossier in dossiers:
        if dossier.ledger is None:
            continue
        for order, line in enumerate(dossier.ledger.lines):
            name = rule_name(line.rule, lang)
            entry = {"kind": line.kind, "name": name, "colour": colour_of(line.kind, order)}
            found.setdefault((line.kind, name), entry)
    return list(found.values())
