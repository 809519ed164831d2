"""How the outlines of an import agree with what is on file of their zones: told before a commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

import geopandas as gpd
import streamlit as st

from facts.model import Lang
from layers.atlas import Atlas
from layers.texts import text
from layers.zonechecks import ZoneCheck, zone_checks
from layers.zoneoverlaps import zone_overlaps
from ui import chrome
from ui.import_parts import fault, heading
from ui.import_zoneplan import ZonePlan, facts_with
from ui.tables import Cell, Mark, html_table

_LOOKS: Final = {"does_not": "bad", "cannot_check": "unknown", "meets": "ok"}
_LISTED: Final = 200
_TOLD: Final = 12


def checks_of(
    atlas: Atlas, plan: ZonePlan, shapes: dict[str, Any], lang: Lang
) -> tuple[ZoneCheck, ...]:
    """The checks of the planned outlines against what is on file now."""
    rows = {one: row for one in shapes if (row := atlas.outline_of(one)) is not None}
    return zone_checks(
        facts_with(atlas.facts, plan), shapes, counties=atlas.boundaries("counties"),
        cities=atlas.boundaries("cities"), rows=rows, declared_km2=plan.declared_km2, lang=lang,
    )  # fmt: skip


def show(checks: Sequence[ZoneCheck], lang: Lang) -> None:
    """What does not agree in full sentences, then every check with its verdict in words."""
    if not checks:
        return
    heading("intake.checks_head", lang)
    told = [check.told for check in checks if check.told]
    if told:
        lines = [text("intake.checks_off", lang, count=len(told)), *told[:_TOLD]]
        fault("\n".join(lines))
    rows: list[list[Cell]] = [
        [Mark(text(f"intake.check_{check.verdict}", lang), _LOOKS[check.verdict]), check.name,
         text(f"intake.check_{check.what}", lang), check.expected, check.found]
        for check in checks[:_LISTED]
    ]  # fmt: skip
    counts = Counter(check.verdict for check in checks)
    table = html_table(
        [text(f"intake.col_{name}", lang) for name in ("verdict", "zone", "check", "on_file",
                                                       "outline")], rows,
        caption=text("intake.checks_caption", lang, off=counts["does_not"],
                     open=counts["cannot_check"], meets=counts["meets"]),
    )  # fmt: skip
    st.html(f'<div class="za-stack">{table}</div>')
    chrome.note(text("intake.checks_note", lang))


def show_overlaps(zones: gpd.GeoDataFrame, new: Collection[str], lang: Lang) -> None:
    """New outlines that lie on another zone's, if any do; `zones` are all, as they will be."""
    found = zone_overlaps(zones, new)
    told = [problem.message_zh if lang == "zh" else problem.message_en for problem in found]
    if told:
        more = [text("intake.overlaps_more", lang, count=len(told) - _TOLD)]
        fault("\n".join([*told[:_TOLD], *(more if len(told) > _TOLD else ())]))
