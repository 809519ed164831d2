"""Rows of a table that have a fault and can be left out, each by the planner's own choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from facts.errors import Fault
from facts.grids import text_of
from facts.model import Lang
from facts.tableforms import TableForm
from layers.texts import text
from ui import chrome
from ui.import_job import Job
from ui.import_parts import heading, plain

_OFFERED: Final = 50  # rows at once; with more faults the table itself needs correcting
_ROW_LENGTH: Final = 80  # characters of a row that is offered


def left_out(job: Job) -> tuple[int, ...]:
    """The rows of the sheet in hand that the planner leaves out, counted from 0."""
    by_sheet: dict[int, tuple[int, ...]] = job.choices.get("left_out", {})
    return by_sheet.get(int(job.choices.get("sheet", 0)), ())


def leave_out_rows(job: Job, form: TableForm, faults: Sequence[Fault], lang: Lang) -> None:
    """Rows that have a fault can be left out; of two that contradict each other, either one."""
    now = left_out(job)
    lines = {line for each in faults for line in (each.line, *each.others)}
    data = {row.index for row in form.data_rows}
    options = sorted({*now, *(line - 1 for line in lines if line - 1 in data)})
    if not options:
        return
    sheet = int(job.choices.get("sheet", 0))
    heading("intake.leave_rows", lang)
    chrome.note(text("intake.leave_note", lang))
    chosen = []
    for row in options[:_OFFERED]:
        key = f"imp_leave_{sheet}_{row}"
        st.session_state.setdefault(key, row in now)
        if st.checkbox(plain(row_words(form, row, lang)), key=key):
            chosen.append(row)
    if tuple(chosen) != now:
        job.choices["left_out"] = job.choices.get("left_out", {}) | {sheet: tuple(chosen)}
        st.rerun(scope="fragment")


def row_words(form: TableForm, row: int, lang: Lang) -> str:
    """A row of a sheet by its number and what stands in it."""
    cells = (text_of(form.grid.filled(row, column.index)) for column in form.columns)
    told = " · ".join(cell for cell in cells if cell)[:_ROW_LENGTH]
    return text("intake.row_words", lang, row=row + 1, words=told)
