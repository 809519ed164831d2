"""Step 2: what the file is, what was found in it, and what must be chosen to go on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from facts.grids import Grid, column_letters, text_of
from facts.model import Lang
from geo.files import FORMATS
from geo.limits import Limits
from layers.atlas import Atlas
from layers.texts import has_text, text
from ui import chrome
from ui.import_drop import TABLES
from ui.import_job import LEFT_OUT, Job, Kind, forget_widgets
from ui.import_parts import choose, fault, heading, in_words, task
from ui.tables import Cell, Mark, Number, html_table

_SHOWN_ROWS = 12
_SHOWN_COLUMNS = 12
_CHOICES = {"choose_member": "member", "choose_layer": "layer", "choose_columns": "columns"}
_ENCODINGS = ("", "utf-8", "gb18030", "utf-16", "big5")


def render(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    """Look into the file, unless that was done, and show what was found."""
    suffix = job.file.suffix.lower()
    if suffix in TABLES or (suffix == ".txt" and not _survey_text(atlas, job, lang, limits)):
        _which_kind(job, lang)
    if job.kind == "table":
        _table(atlas, job, lang, limits)
    else:
        _land(atlas, job, lang, limits)


def _which_kind(job: Job, lang: Lang) -> None:
    """A table can hold figures or outlines; the planner says which."""
    kinds: tuple[Kind, ...] = ("table", "land")
    chosen = st.radio(
        text("intake.which_kind", lang), kinds, index=kinds.index(job.kind), horizontal=True,
        format_func=lambda k: text(f"intake.kind_{k}", lang), key="imp_kind",
    )  # fmt: skip
    if chosen != job.kind:
        job.kind = chosen
        job.made.clear()
        job.choices.pop("sheet", None)
        job.reached = 1
        st.rerun(scope="fragment")


# --- land ----------------------------------------------------------------------------------------


def inspected(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> dict[str, Any] | None:
    """What the file holds, nothing said of its coordinates; a fault is shown and gives None."""
    name = f"inspection-{lang}"
    found = _looked_into(atlas, job, lang, limits)
    if isinstance(found, Exception):
        if getattr(found, "code", "") not in _CHOICES:
            refused(job, name, found, lang)
        return None
    return found


def _looked_into(
    atlas: Atlas, job: Job, lang: Lang, limits: Limits
) -> dict[str, Any] | Exception | None:
    """What the file holds, or why it was not read; looked at once."""
    name = f"inspection-{lang}"
    found: dict[str, Any] | Exception | None = job.get(name)
    if found is None:
        answer, error = task(
            "inspect", job, atlas, lang, limits=limits, label="intake.looking", answer={},
            full=False,
        )  # fmt: skip
        found = job.put(name, answer if error is None else error)
    return found


def _survey_text(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> bool:
    """Whether a .txt is one of boundary points: then it needs no asking what it holds."""
    if job.kind != "land":
        return False
    found = _looked_into(atlas, job, lang, limits)
    return isinstance(found, dict) and found["format"] == "txt" and found["feature_count"] > 0


def refused(job: Job, name: str, error: Exception, lang: Lang) -> None:
    """Why the file was not read, and a way to try again: memory or time may do next time."""
    fault(in_words(error, lang))
    if st.button(text("intake.try_again", lang), key="imp_try_again"):
        job.made.pop(name, None)
        st.rerun(scope="fragment")


def _land(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    found = inspected(atlas, job, lang, limits)
    if found is None:
        _ask(job, job.get(f"inspection-{lang}"), lang)
        return
    _choose("member", found["members"], job, lang)
    _choose("layer", found["layers"], job, lang, current=found["layer"])
    _summary(job, found, lang)
    _columns(found, lang)
    if found["encoding"]:
        with st.expander(text("intake.wrong_letters", lang)):
            _encoding(job, lang)
    if found["feature_count"] == 0:
        fault(text("intake.no_features", lang))
        return
    if st.button(text("intake.go_on", lang), type="primary", key="found_on"):
        job.onward()
        st.rerun(scope="fragment")


def _ask(job: Job, refusal: Any, lang: Lang) -> None:
    """What the refusal asks for: a member of an archive, a layer, the columns with coordinates."""
    code = str(getattr(refusal, "code", ""))
    names = [str(name) for name in getattr(refusal, "faults", ())]
    asked = _CHOICES.get(code)
    if asked in ("member", "layer") and names:
        _choose(asked, names, job, lang, ask=True)
    elif asked == "columns":
        _coordinate_columns(job, names, lang)
    elif code in ("bad_encoding", "unknown_encoding"):
        _encoding(job, lang)


def _choose(
    name: str, options: Any, job: Job, lang: Lang, *, current: str = "", ask: bool = False
) -> None:
    """A member or a layer; choosing another one reads the file again."""
    names = [str(o) for o in options]
    if not names or (len(names) == 1 and not ask):
        return
    now = job.read.get(name) or current
    chosen = choose(
        text(f"intake.choose_{name}", lang), names, lang, now=now, key=f"imp_{name}_{job.serial}"
    )
    if chosen is not None and chosen != now:
        _read_again(job, {name: chosen})


def _encoding(job: Job, lang: Lang) -> None:
    now = job.read.get("encoding", "")
    chosen = st.selectbox(
        text("intake.choose_encoding", lang), _ENCODINGS, index=_ENCODINGS.index(now),
        format_func=lambda e: e.upper() if e else text("intake.encoding_auto", lang),
        key=f"imp_encoding_{job.serial}",
    )  # fmt: skip
    if chosen != now:
        _read_again(job, {"encoding": chosen or ""})


def _coordinate_columns(job: Job, names: list[str], lang: Lang) -> None:
    """Which columns of a table hold coordinates: a pair, or one with WKT."""
    chrome.note(text("intake.which_columns", lang))
    with st.form("imp_xy", border=False):
        asked = ("x_column", "y_column", "wkt_column")
        chosen = {}
        for name, column in zip(asked, st.columns(3), strict=True):
            with column:
                chosen[name] = choose(
                    text(f"intake.{name}", lang), names, lang, key=f"imp_xy_{name}",
                    now=job.read.get(name),
                )  # fmt: skip
        if st.form_submit_button(text("intake.read_again", lang), type="primary"):
            _read_again(job, {name: str(value or "") for name, value in chosen.items()})


def _read_again(job: Job, answers: dict[str, str]) -> None:
    job.read |= answers
    job.read = {name: value for name, value in job.read.items() if value}
    job.answer = {}
    job.picks = []
    for name in ("crs", LEFT_OUT):
        job.choices.pop(name, None)
    job.forget(after="found")
    forget_widgets("imp_")
    st.rerun(scope="fragment")


def format_name(key: str, lang: Lang) -> str:
    """What a format is called."""
    known = FORMATS.get(key)
    return key if known is None else known.name_zh if lang == "zh" else known.name_en


def basis_words(basis: str, lang: Lang) -> str:
    """Why an encoding was taken, in words."""
    key = "".join(letter if letter.isalnum() else "_" for letter in basis.casefold()).strip("_")
    known = f"intake.encoding_basis_{key}"
    return text(known, lang) if has_text(known) else basis


def _summary(job: Job, found: dict[str, Any], lang: Lang) -> None:
    counts = found.get("geometry_counts") or {}
    kinds = text("intake.list_mark", lang).join(
        text("intake.geometry_count", lang, name=geometry_name(k, lang), count=f"{n:,}")
        for k, n in counts.items()
    )
    problems = dict(found["problem_counts"])
    # What must be asked about the coordinates is the next step's, and no fault of the file.
    asked = sum(p["code"] == "crs_question" for p in found["problems"])
    problems["error"] = problems.get("error", 0) - asked
    rows: list[list[Cell]] = [
        [text("intake.row_format", lang), format_name(found["format"], lang)],
        [text("intake.row_features", lang), f"{found['feature_count']:,}"],
        [text("intake.row_geometry", lang), kinds or "—"],
        [text("intake.row_vertices", lang), f"{found['vertex_count']:,}"],
    ]
    if found["encoding"]:
        why = basis_words(found["encoding_basis"], lang)
        words = text("intake.encoding_why", lang, name=found["encoding"].upper(), why=why)
        rows.insert(1, [text("intake.row_encoding", lang), words])
    if found["layer"]:
        rows.insert(1, [text("intake.row_layer", lang), found["layer"]])
    said = [
        text(f"intake.count_{level}", lang, count=number)
        for level, number in problems.items()
        if number
    ]
    noticed = text("intake.list_mark", lang).join(said) or text("intake.no_problems", lang)
    rows.append([text("intake.row_problems", lang), noticed])
    headers = [text("intake.col_item", lang), text("intake.col_content", lang)]
    st.html(html_table(headers, rows, caption=text("intake.found_caption", lang), narrow=True))
    for problem in found["problems"]:
        if problem["feature"] is None and problem["level"] == "warning":
            chrome.note(problem["message"])


def geometry_name(kind: str, lang: Lang) -> str:
    """A geometry type in words."""
    key = f"intake.geometry_{kind.casefold()}"
    return text(key, lang) if has_text(key) else kind


def _columns(found: dict[str, Any], lang: Lang) -> None:
    rows: list[list[Cell]] = [
        [_column_label(found, c["name"], lang), _type_name(c["type"], lang), c["sample"] or "—"]
        for c in found["columns"]
    ]
    if not rows:
        chrome.note(text("intake.no_columns", lang))
        return
    table = html_table(
        [text(f"intake.col_{h}", lang) for h in ("column", "type", "sample")], rows,
        caption=text("intake.columns_caption", lang, count=len(rows)),
    )  # fmt: skip
    st.html(f'<div class="za-stack">{table}</div>')


def _column_label(found: dict[str, Any], name: str, lang: Lang) -> str:
    """A column's name; those that our reader of survey text makes are explained."""
    key = f"intake.file_column_{name}"
    if found["format"] == "txt" and has_text(key):
        return text(key, lang, name=name)
    return name


def _type_name(kind: str, lang: Lang) -> str:
    key = f"intake.type_{kind}"
    return text(key, lang) if has_text(key) else kind


# --- tables --------------------------------------------------------------------------------------


def grids(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> tuple[Grid, ...] | None:
    """The sheets of the job's file; a fault is shown and gives None."""
    found: tuple[Grid, ...] | None = job.get("grids")
    if found is None:
        answer, error = task(
            "grids", job, atlas, lang, limits=limits, label="intake.looking",
            encoding=job.read.get("encoding", ""),
        )  # fmt: skip
        if answer is None:
            fault(in_words(error or RuntimeError(), lang))
            return None
        found = job.put("grids", tuple(Grid.from_json(each) for each in answer["grids"]))
    return found


def _table(atlas: Atlas, job: Job, lang: Lang, limits: Limits) -> None:
    sheets = grids(atlas, job, lang, limits)
    if sheets is None:
        return
    names = [sheet_name(grid, lang) for grid in sheets]
    first = next((i for i, grid in enumerate(sheets) if not grid.hidden), 0)
    now = int(job.choices.get("sheet", first))
    if len(sheets) > 1:
        chosen = st.selectbox(
            text("intake.choose_sheet", lang), range(len(sheets)), index=now,
            format_func=names.__getitem__, key=f"imp_sheet_{job.serial}",
        )  # fmt: skip
        if chosen != now:
            job.choices["sheet"] = chosen
            job.forget(after="columns")
            st.rerun(scope="fragment")
    grid = sheets[now]
    job.choices["sheet"] = now
    heading("intake.sheet_head", lang)
    _sheet(grid, lang)
    for key, number in (("formulas", grid.formulas), ("hidden_rows", len(grid.hidden_rows))):
        if number:
            chrome.note(text(f"intake.note_{key}", lang, count=number))
    if grid.encoding:
        chrome.note(text("intake.note_encoding", lang, name=grid.encoding.upper()))
    if st.button(text("intake.go_on", lang), type="primary", key="found_on"):
        job.onward()
        st.rerun(scope="fragment")


def sheet_name(grid: Grid, lang: Lang) -> str:
    """What a sheet is called, and how large it is."""
    name = grid.name or text("intake.only_sheet", lang)
    key = "sheet_hidden" if grid.hidden else "sheet_option"
    return text(f"intake.{key}", lang, name=name, rows=grid.height, columns=grid.width)


def _sheet(grid: Grid, lang: Lang) -> None:
    """The first rows and columns as they stand in the sheet."""
    wide = min(grid.width, _SHOWN_COLUMNS)
    tall = min(grid.height, _SHOWN_ROWS)
    rows: list[list[Cell]] = []
    for row in range(tall):
        cells: list[Cell] = [Mark(str(row + 1), "unknown")]
        for column in range(wide):
            cell = grid.filled(row, column)
            shown = text_of(cell)
            cells.append(Number(shown) if isinstance(cell, float) else shown)
        rows.append(cells)
    heads = ["", *(column_letters(column) for column in range(wide))]
    caption = text("intake.sheet_caption", lang, shown=tall, rows=grid.height, columns=grid.width)
    st.html(html_table(heads, rows, caption=caption))
