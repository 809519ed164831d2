"""Step 3: where the coordinates stand. What is certain is told with reasons, what is not is asked.

Every candidate is shown on the map over the counties, so that the right one is seen. A change of
datum needs seven parameters, or an approximation that is asked for by name and put on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from facts.model import Lang
from geo.limits import Limits
from geo.reference import SYSTEMS, system
from layers.atlas import Atlas
from layers.importview import candidate_columns, candidate_items, shift_m
from layers.texts import text
from ui import chrome, importmap
from ui.import_datum import (
    MERCATOR,
    OTHER,
    answer,
    datum_step,
    take_system,
    zone_and_datum,
    zone_first,
    zone_name,
)
from ui.import_found import inspected, refused
from ui.import_job import Job, forget_widgets
from ui.import_parts import choose, fault, heading, in_words, plain, task

_SHIFTED: Final = ("GCJ-02", "BD-09")
_SKETCHED: Final = 300  # outlines of each candidate, enough to see the shape of it all


def render(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    """Tell or ask; go on when the coordinates are placed."""
    found = inspected(atlas, job, lang, limits)
    if found is None:
        return
    _reasons(found, lang)
    keys = _named(found, lang)
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(key="import_question"):
        if found["crs_question"]:
            chosen = _question(found, keys, job, lang)
            chrome.note(text("intake.ask_hint", lang))
        else:
            chosen = _settled(job, lang)
        complete = datum_step(found, chosen, job, lang)
        _shift(found, chosen, job, lang)
        below = st.container()
    with right:
        _map(atlas, job, lang, limits, chosen=chosen, keys=keys)
    with below:
        _go_on(atlas, job, lang, limits, asked=bool(found["crs_question"]), complete=complete)


def _go_on(
    atlas: Atlas, job: Job, lang: Lang, limits: Limits, *, asked: bool, complete: bool
) -> None:  # fmt: skip
    """Place the coordinates as answered and lead on."""
    if asked and not job.answer:
        chrome.note(text("intake.answer_first", lang))
        return
    if not complete:
        return
    placed = placed_by(atlas, job, lang, limits)
    if placed is None:
        return
    _placed(placed, lang)
    if st.button(text("intake.go_on", lang), type="primary", key="place_on"):
        job.onward()
        st.rerun(scope="fragment")


def placed_by(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> dict[str, Any] | None:
    """What the file holds once it is placed, with all faults; a refusal is shown and gives None."""
    name = f"placed-{lang}"
    found: dict[str, Any] | Exception | None = job.get(name)
    if found is None:
        answer, error = task(
            "inspect", job, atlas, lang, limits=limits, label="intake.checking", full=True
        )
        if error is None and (answer is None or not answer["placement"]):
            return None
        found = job.put(name, answer if error is None else error)
    if isinstance(found, Exception):
        refused(job, name, found, lang)
        return None
    return found


def _reasons(found: dict[str, Any], lang: Lang) -> None:
    """The verdict and why, in words."""
    settled = not found["crs_question"]
    words = text(f"intake.basis_{basis_of(found)}", lang)
    names = list(_candidates(found).values())
    name = found["crs_name"] or (names[0] if len(names) == 1 else "")
    if settled and name:
        words = text("intake.verdict", lang, name=name, basis=words)
    items = "".join(f"<li>{chrome.escape(reason)}</li>" for reason in found["crs_reasons"])
    css = "za-verdict" if settled else "za-verdict za-open"
    st.html(f'<div class="{css}"><p>{chrome.escape(words)}</p><ul>{items}</ul></div>')
    for problem in found["problems"]:
        if problem["code"] in _CRS_PROBLEMS:
            fault(problem["message"])


def basis_of(found: dict[str, Any]) -> str:
    """The verdict as one word: "ambiguous: 4546 or 4547" is "ambiguous"."""
    return str(found["crs_basis"]).partition(":")[0].replace(" ", "_")


_CRS_PROBLEMS: Final = (
    "crs_not_understood", "crs_contradiction", "datum_contradiction", "zone_prefix",
    "zone_contradiction", "zone_doubtful", "zone_width", "mixed_zones", "axes_swapped",
)  # fmt: skip


def _candidates(found: dict[str, Any]) -> dict[str, str]:
    """The systems that may be meant, by key, with their names."""
    return {str(c["crs"]): str(c["name"]) for c in found["crs_candidates"]}


def _named(found: dict[str, Any], lang: Lang) -> dict[str, str]:
    """The candidates with the names that they are asked by: of zones while the datum is open."""
    keys = _candidates(found)
    return {key: zone_name(key, lang) for key in keys} if zone_first(found) else keys


# --- the question --------------------------------------------------------------------------------


def _question(found: dict[str, Any], keys: dict[str, str], job: Job, lang: Lang) -> str | None:
    """Ask which candidate it is; the key of the one chosen, or None."""
    if zone_first(found):
        picked = zone_and_datum(keys, job, lang)
        if picked != OTHER:
            return picked
        now = job.choices.get("crs")
        return _take(job, _any_system(lang, now), now)
    now = job.choices.get("crs")
    options = [*keys, OTHER]
    st.session_state.setdefault("imp_crs", now if now in keys else OTHER if now else None)
    picked = st.radio(
        text(f"intake.ask_{basis_of(found)}", lang), options, index=None, key="imp_crs",
        format_func=lambda k: plain(keys[k]) if k in keys else text("intake.other_system", lang),
        captions=[_caption(found, k, lang) for k in options],
    )  # fmt: skip
    return _take(job, _any_system(lang, now) if picked == OTHER else picked, now)


def _take(job: Job, chosen: str | None, now: str | None) -> str | None:
    """What was chosen; another choice than before is a new answer."""
    if chosen != now:
        take_system(job, chosen)
    return chosen


def _caption(found: dict[str, Any], key: str, lang: Lang) -> str:
    """How far a shifted system is from the unshifted one, which is what the choice is about."""
    box = next((c["bbox"] for c in found["crs_candidates"] if c["crs"] == key), None)
    if key not in _SHIFTED or not box:
        return ""
    west, south, east, north = box
    metres = shift_m((west + east) / 2, (south + north) / 2, key)
    return text("intake.shift_of", lang, metres=f"{metres:.0f}")


def _any_system(lang: Lang, now: str | None) -> str | None:
    """Any system that files in the province come in."""
    known = {s.key: s.name(lang) for s in SYSTEMS}
    return choose(
        text("intake.which_system", lang), list(known), lang, key="imp_system", now=now,
        format_func=known.__getitem__,
    )  # fmt: skip


def _settled(job: Job, lang: Lang) -> str | None:
    """Nothing to ask; who knows better can say so."""
    now: str | None = job.choices.get("crs")
    with st.expander(text("intake.otherwise", lang), expanded=now is not None):
        chrome.note(text("intake.otherwise_note", lang))
        chosen = _any_system(lang, now)
        back = now is not None and st.button(text("intake.as_found", lang), key="imp_as_found")
    if back:
        forget_widgets("imp_system")
        take_system(job, None)
    if chosen != now:
        take_system(job, chosen)
    return chosen


# --- shift -------------------------------------------------------------------------------------


def _shift(found: dict[str, Any], key: str | None, job: Job, lang: Lang) -> None:
    """Degrees that a web map may have moved: whether, and by how much."""
    candidates = set(_candidates(found))
    mercator = key == MERCATOR or (key is None and found["crs"] == MERCATOR)
    plain_degrees = not candidates & set(_SHIFTED) and found["crs"] == "EPSG:4326"
    if not mercator and not (plain_degrees and key is None):
        return
    options = ("none", "gcj02") if mercator else ("none", "gcj02", "bd09")
    now = str(job.answer.get("shift") or "none")
    heading("intake.shift", lang)
    st.session_state.setdefault("imp_shift", now)
    chosen = st.segmented_control(
        text("intake.shift", lang), options, required=True, key="imp_shift",
        format_func=lambda s: text(f"intake.shift_{s}", lang), label_visibility="collapsed",
    )  # fmt: skip
    box = found["bbox"] or next((c["bbox"] for c in found["crs_candidates"]), None)
    if box:
        west, south, east, north = box
        for name, shown in (("GCJ-02", "gcj02"), ("BD-09", "bd09")):
            if shown in options:
                metres = shift_m((west + east) / 2, (south + north) / 2, name)
                chrome.note(text("intake.shift_by", lang, name=name, metres=f"{metres:.0f}"))
    if chosen != now:
        wanted = {"crs": MERCATOR} if key == MERCATOR else {}
        answer(job, wanted | ({"shift": chosen} if chosen != "none" or mercator else {}))


# --- the map -------------------------------------------------------------------------------------


def sketches(
    atlas: Atlas, job: Job, lang: Lang, limits: Limits, *, keys: Sequence[str] = (),
    said: dict[str, Any] | None = None,
) -> dict[str, list[dict[str, Any]]]:  # fmt: skip
    """Some outlines as they would lie in each of these candidates; without keys as answered."""
    used = {} if keys else job.answer if said is None else said
    name = f"sketch-{list(keys)}-{sorted(used.items())}"
    kept: dict[str, list[dict[str, Any]]] | None = job.get(name)
    if kept is None:
        found, error = task(
            "sketch", job, atlas, lang, limits=limits, label="intake.sketching", answer=used,
            systems=list(keys), most=_SKETCHED,
        )  # fmt: skip
        if found is None:
            if error is not None:
                fault(in_words(error, lang))
            return {}
        kept = dict(found["sketches"])
        job.made[name] = (job.steps.index("found"), kept)  # other answers have other names
    return kept


def _map(
    atlas: Atlas, job: Job, lang: Lang, limits: Limits, *, chosen: str | None,
    keys: dict[str, str],
) -> None:  # fmt: skip
    """The candidates over the counties; what was chosen is what the map goes to."""
    names = dict(keys)
    found = sketches(atlas, job, lang, limits, keys=list(keys)) if keys else {}
    more = bool(job.answer) and (chosen not in keys or job.answer != {"crs": chosen})
    if not keys or more:  # more was said than which candidate it is: as it will be placed
        own = sketches(atlas, job, lang, limits, said=_to_look_at(job, chosen))
        chosen = next(iter(own), chosen)
        found = {**found, **own}
    for key in found:
        names.setdefault(key, system(key).name(lang))
    if not found:
        return
    counties: Any = atlas.boundaries("counties")
    items = candidate_items(found, names, chosen, counties, lang)
    importmap.show(
        atlas, items, lang, key="import_candidates", columns=candidate_columns(lang),
        caption=text("intake.candidates_caption", lang),
        bounds_key=f"{sorted(job.answer.items())}-{chosen}-{','.join(found)}",
        note=text("intake.candidates_note", lang) if len(found) > 1 else "",
    )  # fmt: skip


def _to_look_at(job: Job, chosen: str | None) -> dict[str, Any]:
    """The answer to draw by: an old datum is drawn without a step while nothing is decided."""
    said = dict(job.answer)
    if chosen and system(chosen).old and not said.get("parameters"):
        said["approximate"] = True
    return said


def _placed(found: dict[str, Any], lang: Lang) -> None:
    """Where the data lie now, and how they got there: that is what is kept with the version."""
    words = text("intake.placed", lang, how=found["placement"])
    if found["bbox"]:
        west, south, east, north = (f"{value:.4f}" for value in found["bbox"])
        extent = text("intake.extent", lang, west=west, south=south, east=east, north=north)
        words = f"{words} {extent}"
    st.html(f'<p class="za-done" role="status">{chrome.escape(words)}</p>')
