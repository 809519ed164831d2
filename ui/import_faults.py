"""Step 4: every fault with its place, every repair with before and after; none without a choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from facts.model import Lang
from geo.limits import Limits
from layers.atlas import Atlas
from layers.faultview import (
    Decided,
    fault_columns,
    fault_items,
    fault_name,
    label_columns,
    of_the_file,
    whole_file_words,
)
from layers.importview import feature_items, sketched, thinned
from layers.texts import text
from store.gathering import LEAVE_OUT
from ui import chrome, importmap
from ui.import_coordinates import placed_by, sketches
from ui.import_job import LEFT_OUT, Job
from ui.import_parts import fault, heading, in_words, task
from ui.tables import figure_strip

OUT: Final = "prepared.parquet"
_LISTED: Final = 200  # repairs that are shown one by one
_NAMED: Final = 20  # features that a message names
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
    left_out = frozenset(job.choices.get(LEFT_OUT, ()))
    decided = Decided(making=_mode(repairs, job, lang), picks=set(job.picks), left_out=left_out)
    _list(atlas, job, lang, limits, found=found, repairs=repairs, decided=decided)
    _rest(found, lang)
    _leave_out(job, found, lang)
    chrome.note(text("intake.repair_note", lang))
    pressed = st.button(text("intake.go_on", lang), type="primary", key="faults_on")
    if pressed and _prepare(atlas, job, lang, limits, _wanted(decided, repairs)):
        job.onward()
        st.rerun(scope="fragment")


def _repairs(
    atlas: Atlas, job: Job, lang: Lang, limits: Limits, found: dict[str, Any]
) -> list[dict[str, Any]]:
    """The repairs that could be made; asked for only when there is something to mend.

    What features with faults are called comes along, see `_names`.
    """
    features = sorted({p["feature"] for p in found["problems"] if p["feature"] is not None})
    if not features:
        return []
    kept: list[dict[str, Any]] | None = job.get(f"repairs-{lang}")
    if kept is None:
        columns = [str(column["name"]) for column in found["columns"]]
        asked: dict[str, str] = job.choices.get("compare", {})
        answer, error = task(
            "repairs", job, atlas, lang, limits=limits, label="intake.proposing", most=_LISTED,
            full=True, features=features, labels=label_columns(columns, asked.get("id_column", "")),
        )  # fmt: skip
        if answer is None:
            if error is not None:
                fault(in_words(error, lang))
            return []
        job.put("feature_names", {int(n): str(name) for n, name in answer["names"].items()})
        offered = [repair for repair in answer["repairs"] if repair["code"] != LEAVE_OUT]
        kept = list(job.put(f"repairs-{lang}", offered))
        job.choices["more_repairs"] = int(answer.get("more", 0))
    return kept


def _names(job: Job) -> dict[int, str]:
    """What features with faults are called by the file, by number."""
    return dict(job.get("feature_names") or {})


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


def _mode(repairs: list[dict[str, Any]], job: Job, lang: Lang) -> Any:
    """Whether nothing, what is ticked, or everything that is safe to mend is mended."""
    if not repairs:
        return "none"
    safe = sum(bool(r["automatic"]) for r in repairs)
    options = _MODES if safe else _MODES[:2]
    st.session_state.setdefault("imp_mode", job.choices.get("repair_mode", "chosen"))

    def label(mode: str) -> str:
        if mode == "all" and safe < len(repairs):
            return text("intake.repair_all_of", lang, made=safe, left=len(repairs) - safe)
        return text(f"intake.repair_{mode}", lang)

    mode = st.radio(
        text("intake.repair_how", lang), options, key="imp_mode", horizontal=True,
        format_func=label,
    )  # fmt: skip
    if mode != job.choices.get("repair_mode"):
        job.choices["repair_mode"] = mode
        job.forget(after="purpose")
    return mode


def _list(
    atlas: Atlas, job: Job, lang: Lang, limits: Limits, *, found: dict[str, Any],
    repairs: list[dict[str, Any]], decided: Decided,
) -> None:  # fmt: skip
    """The map and table of faults; what is ticked there is taken over."""
    problems = found["problems"]
    items = fault_items(problems, repairs, decided, lang, names=_names(job))
    if not items:
        if not problems:
            chrome.note(text("intake.no_faults", lang))
        return
    drawn = next(iter(sketches(atlas, job, lang, limits).values()), [])
    shapes = thinned(sketched(drawn))
    names = [_feature_words(drawn[i]["feature"], _names(job), lang) for i in shapes.rows]
    outlines = [
        item | {"home": False, "label": ""}
        for item in feature_items(shapes, names, [()] * len(names))
    ]
    kinds = Counter(str(r["code"]) for r in repairs if not decided.drops(r))
    groups = [
        {"group": code, "name": fault_name(code, lang)}
        for code in (kinds if decided.making == "chosen" else ())
    ]
    chosen = importmap.show(
        atlas, [*outlines, *items], lang, key="import_faults", columns=fault_columns(lang),
        groups=groups, caption=_caption(found, len(items), lang),
        bounds_key=f"faults-{job.serial}",
    )  # fmt: skip
    if chosen is not None and set(chosen) != set(job.picks):
        job.picks = chosen
        job.forget(after="purpose")
        decided = Decided(making=decided.making, picks=set(chosen), left_out=decided.left_out)
    if job.choices.get("more_repairs"):
        chrome.note(
            text("intake.more_repairs", lang, shown=len(repairs), more=job.choices["more_repairs"])
        )
    if decided.making != "none":
        _sum(repairs, decided, lang)


def _sum(repairs: list[dict[str, Any]], decided: Decided, lang: Lang) -> None:
    """What the repairs that are to be made come to."""
    used = [repair for repair in repairs if decided.makes(repair)]
    change = sum(repair["change_m2"] or 0 for repair in used)
    removed = sum(repair["removed_m2"] or 0 for repair in used)
    chrome.note(
        text(
            "intake.repair_sum", lang, count=len(used), features=len({r["feature"] for r in used}),
            change=f"{change:+,.2f}".replace("-", "−"), removed=f"{removed:,.2f}",
        )
    )  # fmt: skip


def _caption(found: Mapping[str, Any], listed: int, lang: Lang) -> str:
    """How many faults are listed, and how many of those that are counted are not."""
    singly = sum(not of_the_file(problem) for problem in found["problems"])
    rest = sum(found["problem_counts"].values()) - singly
    if rest <= 0:
        return text("intake.faults_caption", lang, count=listed)
    return text("intake.faults_caption_more", lang, count=listed, rest=rest)


def _feature_words(number: int, names: Mapping[int, str], lang: Lang) -> str:
    """A feature by number, and by name where that is known."""
    if number in names:
        return text("intake.feature_named", lang, number=number, name=names[number])
    return text("intake.feature_number", lang, number=number)


def _rest(found: dict[str, Any], lang: Lang) -> None:
    """What concerns the whole file, and how many faults are not listed."""
    whole = [problem for problem in found["problems"] if of_the_file(problem)]
    if whole:
        heading("intake.rest_head", lang)
    for problem in whole:
        show = fault if problem["level"] == "error" else chrome.note
        show(whole_file_words(problem, lang))


def _leave_out(job: Job, found: dict[str, Any], lang: Lang) -> None:
    """Features with faults that the planner would rather do without."""
    now: list[int] = list(job.choices.get(LEFT_OUT, ()))
    faulty = {int(p["feature"]) for p in found["problems"] if p["feature"] is not None}
    if not faulty | set(now):
        return
    names = _names(job)
    st.session_state.setdefault("imp_leave_out", now)
    chosen = st.multiselect(
        text("intake.leave_out", lang), sorted(faulty | set(now)), key="imp_leave_out",
        format_func=lambda number: _feature_words(number, names, lang),
        placeholder=text("intake.leave_out_hint", lang), select_all=False,
    )  # fmt: skip
    chrome.note(text("intake.leave_out_note", lang))
    if sorted(chosen) != now:
        job.choices[LEFT_OUT] = sorted(chosen)
        job.forget(after="purpose")
        st.rerun(scope="fragment")


def left_out_words(job: Job, lang: Lang) -> str:
    """Which features the planner left out, for the version's message; "" for none."""
    numbers: list[int] = job.choices.get(LEFT_OUT, [])
    if not numbers:
        return ""
    names = _names(job)
    called = [" ".join(filter(None, (str(n), names.get(n, "")))) for n in numbers[:_NAMED]]
    if len(numbers) > _NAMED:
        called.append(text("intake.left_out_more", lang, count=len(numbers)))
    return text("intake.left_out_words", lang, names=text("intake.list_mark", lang).join(called))


def _wanted(decided: Decided, repairs: list[dict[str, Any]]) -> dict[str, Any]:
    """What the task that prepares the layer is told to do: repairs, and features to leave out."""
    making: Any = decided.making
    if making == "chosen":
        making = [r["repair_id"] for r in repairs if decided.makes(r)] or "none"
    return {"repairs": making, "leave_out": sorted(decided.left_out)}


def _prepare(atlas: Atlas, job: Job, lang: Lang, limits: Limits, wanted: Mapping[str, Any]) -> bool:
    """Make the layer that will be committed, as decided; True when it is there."""
    if job.get("prepared") is not None:
        return True
    made, error = task(
        "prepare", job, atlas, lang, limits=limits, label="intake.preparing", out=OUT, **wanted
    )
    if error is not None:
        fault(in_words(error, lang))
        return False
    job.made["prepared"] = (job.steps.index("purpose"), made)
    return True
