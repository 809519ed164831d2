"""Step 4: every fault with its place, every repair with before and after; none without a choice."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import streamlit as st

from facts.model import Lang
from geo.limits import Limits
from layers.atlas import Atlas
from layers.faultview import fault_columns, fault_items, fault_name
from layers.importview import feature_items, sketched, thinned
from layers.texts import text
from ui import chrome, importmap
from ui.import_coordinates import placed_by, sketches
from ui.import_job import Job
from ui.import_parts import fault, in_words, task
from ui.tables import figure_strip

OUT: Final = "prepared.parquet"
_LISTED: Final = 200  # repairs that are shown one by one
_NONE: Final = ""
_COMPARED: Final = ("id_column", "area_column", "county_column")
_MODES: Final = ("none", "chosen", "all")


def render(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    """Show faults and repairs; go on with those that were chosen."""
    found = placed_by(atlas, job, lang, limits)
    if found is None:
        return
    counts = found["problem_counts"]
    figures = [
        (text(f"intake.faults_{level}", lang), str(counts.get(level, 0)), "")
        for level in ("error", "warning")
    ]
    st.html(figure_strip(figures, caption=text("intake.faults_strip", lang)))
    _compare(job, found, lang)
    repairs = _repairs(atlas, job, lang, limits, found)
    mode = _mode(repairs, job, lang)
    _list(atlas, job, lang, limits, found=found, repairs=repairs, mode=mode)
    _rest(found, lang)
    chrome.note(text("intake.repair_note", lang))
    pressed = st.button(text("intake.go_on", lang), type="primary", key="faults_on")
    if pressed and _prepare(atlas, job, lang, limits, mode):
        job.onward()
        st.rerun(scope="fragment")


def _repairs(
    atlas: Atlas, job: Job, lang: Lang, limits: Limits, found: dict[str, Any]
) -> list[dict[str, Any]]:
    """The repairs that could be made; asked for only when there is something to mend."""
    if not any(p["feature"] is not None for p in found["problems"]):
        return []
    kept: list[dict[str, Any]] | None = job.get(f"repairs-{lang}")
    if kept is None:
        answer, error = task(
            "repairs", job, atlas, lang, limits=limits, label="intake.proposing", most=_LISTED,
            full=True,
        )  # fmt: skip
        if answer is None:
            if error is not None:
                fault(in_words(error, lang))
            return []
        kept = list(job.put(f"repairs-{lang}", answer["repairs"]))
        job.choices["more_repairs"] = int(answer.get("more", 0))
    return kept


def _compare(job: Job, found: dict[str, Any], lang: Lang) -> None:
    """Columns of the file to be held against the outlines: county, area, id."""
    names = [_NONE, *(str(c["name"]) for c in found["columns"])]
    if len(names) == 1:
        return
    now: dict[str, str] = dict(job.choices.get("compare", {}))
    with st.expander(text("intake.compare_columns", lang), expanded=bool(now)):
        chrome.note(text("intake.compare_note", lang))
        asked = dict(now)
        for name, column in zip(_COMPARED, st.columns(len(_COMPARED)), strict=True):
            key = f"imp_cmp_{name}"
            st.session_state.setdefault(key, now.get(name, _NONE))
            asked[name] = column.selectbox(
                text(f"intake.{name}", lang), names, key=key,
                format_func=lambda n: n or text("intake.no_column", lang),
            )  # fmt: skip
    asked = {name: column for name, column in asked.items() if column}
    if asked != now:
        job.choices["compare"] = asked
        job.forget(after="place")
        job.go("faults")
        st.rerun(scope="fragment")


def _mode(repairs: list[dict[str, Any]], job: Job, lang: Lang) -> str:
    """Whether nothing, what is ticked, or everything that is safe to mend is mended."""
    if not repairs:
        return "none"
    options = _MODES if any(r["automatic"] for r in repairs) else _MODES[:2]
    st.session_state.setdefault("imp_mode", job.choices.get("repair_mode", "chosen"))
    mode = st.radio(
        text("intake.repair_how", lang), options, key="imp_mode", horizontal=True,
        format_func=lambda m: text(f"intake.repair_{m}", lang),
    )  # fmt: skip
    if mode != job.choices.get("repair_mode"):
        job.choices["repair_mode"] = mode
        job.forget(after="purpose")
    return str(mode)


def _list(
    atlas: Atlas, job: Job, lang: Lang, limits: Limits, *, found: dict[str, Any],
    repairs: list[dict[str, Any]], mode: str,
) -> None:  # fmt: skip
    picks = set(job.picks)
    if mode == "all":
        picks = {r["repair_id"] for r in repairs if r["automatic"]}
    items = fault_items(found["problems"], repairs, picks, lang)
    if mode != "chosen":
        items = [item | {"pick": None} for item in items]
    if not items:
        chrome.note(text("intake.no_faults", lang))
        return
    drawn = next(iter(sketches(atlas, job, lang, limits).values()), [])
    shapes = thinned(sketched(drawn))
    names = [text("intake.feature_number", lang, number=drawn[i]["feature"]) for i in shapes.rows]
    outlines = [
        item | {"home": False, "label": ""}
        for item in feature_items(shapes, names, [()] * len(names))
    ]
    kinds = Counter(str(r["code"]) for r in repairs) if mode == "chosen" else Counter()
    groups = [{"group": code, "name": fault_name(code, lang)} for code in kinds]
    chosen = importmap.show(
        atlas, [*outlines, *items], lang, key="import_faults", columns=fault_columns(lang),
        groups=groups, caption=text("intake.faults_caption", lang, count=len(items)),
        bounds_key=f"faults-{job.serial}",
    )  # fmt: skip
    if chosen is not None and set(chosen) != set(job.picks):
        job.picks = chosen
        job.forget(after="purpose")
    if job.choices.get("more_repairs"):
        chrome.note(
            text("intake.more_repairs", lang, shown=len(repairs), more=job.choices["more_repairs"])
        )
    if mode == "none":
        return
    used = [r for r in repairs if r["repair_id"] in (picks if mode == "all" else set(job.picks))]
    change, removed = (
        sum(r["change_m2"] or 0 for r in used),
        sum(r["removed_m2"] or 0 for r in used),
    )
    chrome.note(
        text(
            "intake.repair_sum", lang, count=len(used), features=len({r["feature"] for r in used}),
            change=f"{change:+,.2f}".replace("-", "−"), removed=f"{removed:,.2f}",
        )
    )  # fmt: skip


def _rest(found: dict[str, Any], lang: Lang) -> None:
    """What concerns the whole file, and how many faults are not listed."""
    for problem in found["problems"]:
        if problem["feature"] is None and problem["lon"] is None:
            show = fault if problem["level"] == "error" else chrome.note
            show(problem["message"])


def _prepare(atlas: Atlas, job: Job, lang: Lang, limits: Limits, mode: str) -> bool:
    """Make the layer that will be committed, with the chosen repairs; True when it is there."""
    if job.get("prepared") is not None:
        return True
    repairs: Any = job.picks if mode == "chosen" and job.picks else mode
    if repairs == "chosen":
        repairs = "none"
    made, error = task(
        "prepare", job, atlas, lang, limits=limits, label="intake.preparing", out=OUT,
        repairs=repairs,
    )  # fmt: skip
    if error is not None:
        fault(in_words(error, lang))
        return False
    job.made["prepared"] = (job.steps.index("purpose"), made)
    return True
