"""Templates of the tables that are taken in, as workbooks: heads with notes, an example, words.

What a template holds is said in `facts.templates`; filled in, it is recognised without a question.
Texts are written as texts, so that nothing from data is read as a formula.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import xlsxwriter

from facts.model import Facts, Lang
from facts.recordfields import BATCH_WORDS, STATE_WORDS
from facts.templates import TEMPLATES, Template
from layers.downloads import File
from layers.errors import ExportError
from layers.texts import text

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAMES: Final = tuple(TEMPLATES)
_WORDS_STAY_WORDS = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
_MADE: Final = datetime(2024, 1, 1, tzinfo=UTC)  # the same template gives the same bytes
_NARROWEST, _WIDEST = 10, 36
_COMMENT_SIZE: Final = {"x_scale": 1.8, "y_scale": 1.1}
_PLACE_LEVELS: Final = ("zone", "park", "group", "city", "county")


def template_xlsx(name: str, facts: Facts, *, lang: Lang) -> File:
    """The workbook of a template: the table itself, how to fill it, the words that are known.

    Raises:
        ExportError: there is no such template.
    """
    template = TEMPLATES.get(name)
    if template is None:
        known = ", ".join(NAMES)
        raise ExportError(f"没有模板 {name}，有：{known} / no template {name}, there are: {known}")
    stream = io.BytesIO()
    options = {"in_memory": True} | dict.fromkeys(_WORDS_STAY_WORDS, False)
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties({"created": _MADE, "title": template.name_zh})
    head = book.add_format(
        {"bold": True, "bg_color": "#DCE9F3", "border": 1, "text_wrap": True, "valign": "top"}
    )
    _table(book, template, head, lang)
    _guide(book, template, head, lang)
    _words(book, name, facts, head, lang)
    book.close()
    called = template.name_zh if lang == "zh" else template.name_en
    return File(f"{called}.xlsx", stream.getvalue(), MEDIA_TYPE)


def _table(book: Any, template: Template, head: Any, lang: Lang) -> None:
    """The sheet to fill in; each head has a comment, the example stands out."""
    sheet = book.add_worksheet(text("intake.sheet_table", lang))
    example = book.add_format({"italic": True, "font_color": "#6B7480", "bg_color": "#F4F6F8"})
    heads, *examples = template.rows()
    for at, label in enumerate(heads):
        written = str(label or "")
        sheet.write_string(0, at, written, head)
        wide = min(max(_NARROWEST, 2 * len(written) + 2), _WIDEST)
        sheet.set_column(at, at, wide)
    for at, column in enumerate(template.columns):
        sheet.write_comment(0, at, _note(column, lang), _COMMENT_SIZE)
    for row, cells in enumerate(examples, start=1):
        for at, cell in enumerate(cells):
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                sheet.write_number(row, at, cell, example)
            else:
                sheet.write_string(row, at, str(cell or ""), example)
    sheet.freeze_panes(1, 1)


def _guide(book: Any, template: Template, head: Any, lang: Lang) -> None:
    sheet = book.add_worksheet(text("intake.sheet_guide", lang))
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    heads = {"column": 24, "unit": 12, "example": 22, "note": 70}
    for at, (name, wide) in enumerate(heads.items()):
        sheet.write_string(0, at, text(f"intake.guide_{name}", lang), head)
        sheet.set_column(at, at, wide)
    for row, column in enumerate(template.columns, start=1):
        note = column.note_zh if lang == "zh" else column.note_en
        for at, cell in enumerate((column.head, column.unit, str(column.example), note)):
            sheet.write_string(row, at, cell, wrap)
    last = len(template.columns) + 2
    for row, key in enumerate(("guide_example_row", "guide_blank", "guide_units"), start=last):
        sheet.write_string(row, 0, text(f"intake.{key}", lang))


def _words(book: Any, name: str, facts: Facts, head: Any, lang: Lang) -> None:
    """The words that are understood: places, and what the other columns of this table take."""
    sheet = book.add_worksheet(text("intake.sheet_words", lang))
    columns: list[tuple[str, Sequence[str]]] = [
        ("places", [p.name_zh for level in _PLACE_LEVELS for p in facts.places if p.level == level])
    ]
    if name.startswith("figures"):
        columns.append(("indicators", [f"{i.name_zh}（{i.unit}）" for i in facts.indicators]))
    elif name == "parcels":
        columns.append(("states", _first_words(STATE_WORDS)))
    elif name == "projects":
        columns.append(("batches", _first_words(BATCH_WORDS)))
    for at, (key, words) in enumerate(columns):
        sheet.write_string(0, at, text(f"intake.words_{key}", lang), head)
        sheet.set_column(at, at, 34)
        for row, word in enumerate(words, start=1):
            sheet.write_string(row, at, word)
    sheet.freeze_panes(1, 0)


def _first_words(known: Mapping[str, str]) -> list[str]:
    """The usual word for each stage, in their order."""
    return [words.split("|")[0] for words in known.values()]


def _note(column: Any, lang: Lang) -> str:
    """A head's comment: what to write, and in which unit."""
    note = column.note_zh if lang == "zh" else column.note_en
    if column.unit:
        return f"{note}\n{text('intake.guide_unit', lang)}: {column.unit}"
    return str(note)
