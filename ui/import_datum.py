"""Answers about coordinates: zone and datum each by itself, and the step from an old datum.

No number tells the datum. Where it is open it is asked in words, also where the zone is asked too:
the number of a system would else settle it unasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from facts.model import Lang
from geo.reference import on_datum, system
from layers.texts import text
from ui import chrome
from ui.import_job import Job

MERCATOR: Final = "EPSG:3857"
UNKNOWN: Final = "unknown"
OTHER: Final = "other"
_DATUMS: Final = ("cgcs2000", "xian80", "beijing54", UNKNOWN)
_CONVENTIONS: Final = ("coordinate_frame", "position_vector")
_PARAMETERS: Final = ("dx", "dy", "dz", "rx", "ry", "rz", "m")


def take_system(job: Job, key: str | None) -> None:
    """Take a system as the whole answer; None takes the answer back."""
    job.choices["crs"] = key
    said: dict[str, Any] = {} if key is None else {"crs": key}
    if key == MERCATOR:
        said["shift"] = "none"
    answer(job, said)


def answer(job: Job, said: dict[str, Any]) -> None:
    """Take an answer; all that was found out under another one is forgotten."""
    job.answer = said
    job.picks = []
    job.forget()
    job.go("place")
    st.rerun(scope="fragment")


# --- zone and datum ------------------------------------------------------------------------------


def zone_first(found: Mapping[str, Any]) -> bool:
    """Whether zone and datum are both open, so that each is a question of its own."""
    ambiguous = str(found["crs_basis"]).startswith("ambiguous")
    known = all(system(str(c["crs"])).kind == "gauss" for c in found["crs_candidates"])
    return bool(found.get("crs_datum_open")) and ambiguous and known


def zone_name(key: str, lang: Lang) -> str:
    """The zone of a Gauss-Krüger system without its datum."""
    one = system(key)
    return text(
        "intake.zone_option", lang, width=one.width_deg, meridian=f"{one.central_meridian:g}"
    )


def on_answers(zone: str | None, datum: str | None) -> str | None:
    """The key of the system that zone and datum make; None while one of them is not answered.

    Of a datum that nobody knows only the zone is kept, on CGCS2000; see `datum_step`.
    """
    if zone is None or datum is None:
        return None
    return zone if datum == UNKNOWN else on_datum(system(zone), datum).key  # type: ignore[arg-type]


def zone_and_datum(keys: Mapping[str, str], job: Job, lang: Lang) -> str | None:
    """Ask the zone, then the datum. The system for the map to go to, OTHER, or None.

    Args:
        keys: names of the zones by the key of their system on CGCS2000.
        job: whose answer it becomes when both are said.
        lang: of the page.
    """
    if "crs" not in job.choices:  # the file is read anew, and what was said of it is void
        job.choices.pop("crs_zone", None)
        job.choices.pop("crs_datum", None)
    kept = (job.choices.get("crs_zone"), job.choices.get("crs_datum"))
    options = [*keys, OTHER]
    st.session_state.setdefault("imp_crs", kept[0] if kept[0] in options else None)
    zone = st.radio(
        text("intake.ask_ambiguous", lang), options, index=None, key="imp_crs",
        format_func=lambda k: keys[k] if k in keys else text("intake.other_system", lang),
    )  # fmt: skip
    datum = None
    if zone in keys:
        st.session_state.setdefault("imp_crs_datum", kept[1])
        datum = st.radio(
            text("intake.ask_unknown_datum", lang), _DATUMS, index=None, key="imp_crs_datum",
            format_func=lambda d: text(f"intake.datum_name_{d}", lang),
        )  # fmt: skip
    if (zone, datum) != kept:
        job.choices |= {"crs_zone": zone, "crs_datum": datum}
        key = on_answers(zone, datum) if zone in keys else None
        if datum == UNKNOWN:
            job.choices["crs"] = key
            answer(job, {})
        take_system(job, key)
    return zone if zone not in keys else on_answers(zone, datum) or zone


def _unknown(key: str, job: Job, lang: Lang) -> bool:
    """The zone with a datum that nobody knows: only as an approximation, said and put on record."""
    chrome.warn(text("intake.datum_not_known", lang))
    st.session_state.setdefault("imp_sure_unknown", bool(job.answer.get("approximate")))
    sure = st.checkbox(text("intake.datum_unknown_sure", lang), key="imp_sure_unknown")
    wanted: dict[str, Any] = {"crs": key, "approximate": True} if sure else {}
    if wanted != job.answer:
        answer(job, wanted)
    return sure


# --- the step from an old datum ------------------------------------------------------------------


def datum_step(found: dict[str, Any], key: str | None, job: Job, lang: Lang) -> bool:
    """Parameters or approximation for an old datum; whether nothing is missing."""
    asked = key or _declared_old(found)
    if asked is not None and job.choices.get("crs_datum") == UNKNOWN and zone_first(found):
        return _unknown(asked, job, lang)
    if asked is None or not system(asked).old:
        return True
    chrome.warn(text("intake.old_datum", lang, name=system(asked).name(lang)))
    now = "approximate" if job.answer.get("approximate") else "parameters"
    st.session_state.setdefault("imp_how", job.choices.get("datum_step", now))
    how = st.radio(
        text("intake.datum_step", lang), ("parameters", "approximate"), key="imp_how",
        format_func=lambda k: text(f"intake.datum_{k}", lang),
    )  # fmt: skip
    job.choices["datum_step"] = how
    base = {"crs": key} if key else {}
    if how == "approximate":
        st.session_state.setdefault("imp_sure", bool(job.answer.get("approximate")))
        sure = st.checkbox(text("intake.datum_sure", lang), key="imp_sure")
        wanted = base | ({"approximate": True} if sure else {})
        if wanted != job.answer:
            answer(job, wanted)
        return sure
    return _parameters(base, job, lang)


def _declared_old(found: dict[str, Any]) -> str | None:
    """The file's own system where that is on an old datum: then it is the only candidate."""
    keys = [str(c["crs"]) for c in found["crs_candidates"]]
    settled = not found["crs_question"] and len(keys) == 1
    return keys[0] if settled and system(keys[0]).old else None


def _parameters(base: dict[str, Any], job: Job, lang: Lang) -> bool:
    given = str(job.answer.get("parameters") or "").split(",")
    values = given[:7] if len(given) >= 7 else ["", "", "", "0", "0", "0", "0"]
    with st.form("imp_parameters", border=True):
        columns = st.columns(4)
        typed = [
            columns[i % 4].text_input(text(f"intake.parameter_{name}", lang), value=values[i])
            for i, name in enumerate(_PARAMETERS)
        ]
        convention = st.selectbox(
            text("intake.convention", lang), _CONVENTIONS,
            index=_CONVENTIONS.index(given[7]) if len(given) > 7 else None,
            format_func=lambda c: text(f"intake.convention_{c}", lang),
            placeholder=text("intake.choose", lang),
        )  # fmt: skip
        if st.form_submit_button(text("intake.use_parameters", lang), type="primary"):
            numbers = [value.strip() for value in typed]
            if all(numbers):
                words = ",".join([*numbers, convention] if convention else numbers)
                answer(job, base | {"parameters": words})
            chrome.warn(text("intake.parameters_blank", lang))
    return bool(job.answer.get("parameters"))
