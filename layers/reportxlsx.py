"""The comparison as a workbook with live formulas: ledgers that add up, scores that follow weights.

Texts are written as texts, so that nothing from data is read as a formula; every formula carries
its value, for programs that do not compute.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from layers.comparison import Comparison
from layers.dossiers import MEASURES, Dossier
from layers.reportdata import full_name, rule_name
from layers.texts import text

_UNKNOWN = ("no_layer", "not_covered")
_BAD = re.compile(r"[\[\]:*?/\\']")
_WIDE = 31


def xlsx(comparison: Comparison, *, mark: str) -> bytes:
    """The workbook; `mark` is printed on every sheet of a made-up workspace."""
    stream = io.BytesIO()
    words_stay_words = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    options = {"in_memory": True} | dict.fromkeys(words_stay_words, False)
    book = xlsxwriter.Workbook(stream, options)
    day = comparison.as_of
    book.set_properties({"created": datetime(day.year, day.month, day.day, tzinfo=UTC)})
    writer = _Book(book, comparison, mark)
    for found in comparison.dossiers:
        writer.ledger(found)
    writer.measures()
    writer.scores()
    writer.rules()
    book.close()
    return stream.getvalue()


class _Book:
    """Writes the sheets; remembers where the measures stand, for the scores."""

    def __init__(self, book: Any, comparison: Comparison, mark: str) -> None:
        self.book = book
        self.comparison = comparison
        self.lang = comparison.lang
        self.mark = mark
        self.names: set[str] = set()
        self.bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.m2 = book.add_format({"num_format": "#,##0"})
        self.fine = book.add_format({"num_format": "#,##0.000"})
        self.share = book.add_format({"num_format": "0.0%"})
        self.score = book.add_format({"num_format": "0.000"})
        self.rows: dict[str, int] = {}

    def say(self, key: str, **values: object) -> str:
        """A text of the report."""
        return text(f"report.{key}", self.lang, **values)

    def sheet(self, name: str, widths: tuple[int, ...]) -> tuple[Any, int]:
        """A sheet with a name that spreadsheets allow, and its first free row."""
        plain = _BAD.sub(" ", name).strip()[:_WIDE] or "-"
        number = 2
        while plain.casefold() in self.names:
            end = f" {number}"
            plain = plain[: _WIDE - len(end)].rstrip() + end
            number += 1
        self.names.add(plain.casefold())
        made = self.book.add_worksheet(plain)
        for column, width in enumerate(widths):
            made.set_column(column, column, width)
        if not self.mark:
            return made, 0
        made.write_string(0, 0, self.mark, self.bold)
        return made, 2

    def ledger(self, found: Dossier) -> None:
        """One ledger: m² as computed, everything else by formula."""
        letter = found.proposal.alternative
        room = _WIDE - len(letter) - 1
        sheet, top = self.sheet(
            f"{found.name[:room]} {letter}", (34, 12, 16, 12, 12, 14, 10, 16, 14, 22)
        )
        sheet.write_string(top, 0, full_name(found), self.bold)
        if found.ledger is None:
            sheet.write_string(top + 1, 0, found.refusal)
            return
        heads = ("line", "kind", "m2", "km2", "ha", "mu", "share", "left", "touched", "layer")
        for column, key in enumerate(heads):
            sheet.write_string(top + 2, column, self.say(key), self.bold)
        lines = found.ledger.lines
        whole = found.ledger.whole_m2()
        first = top + 4
        gross_row = top + 3
        gross = sum(whole)
        sheet.write_string(gross_row, 0, text("compare.line_gross", self.lang))
        sheet.write_number(gross_row, 2, gross, self.m2)
        self._areas(sheet, gross_row, gross_row, gross, gross)
        left = gross
        for n, (line, m2) in enumerate(zip(lines, whole, strict=True)):
            row: int = first + n
            sheet.write_string(row, 0, rule_name(line.rule, self.lang))
            sheet.write_string(row, 1, text(f"compare.line_{line.kind}", self.lang))
            if line.status in _UNKNOWN:
                sheet.write_string(row, 2, text(f"compare.status_{line.status}", self.lang))
            else:
                sheet.write_number(row, 2, m2, self.m2)
                self._areas(sheet, row, gross_row, m2, gross)
            left -= m2
            before = xl_rowcol_to_cell(gross_row, 2) if n == 0 else xl_rowcol_to_cell(row - 1, 7)
            own = xl_rowcol_to_cell(row, 2)
            sheet.write_formula(row, 7, f"={before}-N({own})", self.m2, left)
            if line.rule:
                sheet.write_number(row, 8, round(line.touched_m2), self.m2)
                shown = "" if line.version is None else f" v{line.version}"
                sheet.write_string(row, 9, line.rule.layer + shown)
        end = first + len(lines) - 1
        lines_span = f"{xl_rowcol_to_cell(first, 2)}:{xl_rowcol_to_cell(end, 2)}"
        sheet.write_string(end + 1, 0, self.say("sum_check"), self.bold)
        gross_cell = xl_rowcol_to_cell(gross_row, 2)
        sheet.write_formula(end + 1, 2, f"=SUM({lines_span})-{gross_cell}", self.m2, 0)
        self._declared(sheet, end + 3, found, (first, end, gross_row))

    def _areas(self, sheet: Any, row: int, gross_row: int, m2: float, gross: float) -> None:
        own = xl_rowcol_to_cell(row, 2)
        whole = xl_rowcol_to_cell(gross_row, 2, row_abs=True, col_abs=True)
        sheet.write_formula(row, 3, f"={own}/1000000", self.fine, m2 / 1e6)
        sheet.write_formula(row, 4, f"={own}/10000", self.fine, m2 / 1e4)
        sheet.write_formula(row, 5, f"={own}*3/2000", self.fine, m2 * 3 / 2000)
        sheet.write_formula(row, 6, f"={own}/{whole}", self.share, m2 / gross if gross else 0)

    def _declared(self, sheet: Any, top: int, found: Dossier, place: tuple[int, int, int]) -> None:
        if not found.declared or found.ledger is None:
            return
        first, end, gross_row = place
        heads = ("declared", "declared_km2", "computed_km2", "difference", "source")
        for column, key in enumerate(heads):
            sheet.write_string(top, column, self.say(key), self.bold)
        kinds = f"{xl_rowcol_to_cell(first, 1)}:{xl_rowcol_to_cell(end, 1)}"
        areas = f"{xl_rowcol_to_cell(first, 2)}:{xl_rowcol_to_cell(end, 2)}"
        gross = found.ledger.gross_m2
        values = {
            "gross": gross, "usable": found.ledger.usable_m2,
            "redevelopable": found.ledger.redevelopable_m2,
            "unexplained": gross - found.ledger.usable_m2 - found.ledger.redevelopable_m2,
        }  # fmt: skip
        rows = {}
        for n, each in enumerate(found.declared, start=1):
            row = top + n
            rows[each.role] = row
            sheet.write_string(row, 0, text(f"compare.declared_{each.role}", self.lang))
            sheet.write_number(row, 1, each.area_km2, self.fine)
            if each.role == "gross":
                formula = f"={xl_rowcol_to_cell(gross_row, 3)}"
            elif each.role == "unexplained":
                cells = [
                    xl_rowcol_to_cell(rows[r], 2) for r in ("gross", "usable", "redevelopable")
                ]
                formula = "=" + "-".join(cells)
            else:
                word = text(f"compare.line_{each.role}", self.lang)
                formula = f'=SUMIF({kinds},"{word}",{areas})/1000000'
            sheet.write_formula(row, 2, formula, self.fine, values[each.role] / 1e6)
            apart = f"={xl_rowcol_to_cell(row, 2)}-{xl_rowcol_to_cell(row, 1)}"
            sheet.write_formula(row, 3, apart, self.fine, values[each.role] / 1e6 - each.area_km2)
            sheet.write_string(row, 4, each.source_title)

    def measures(self) -> None:
        """All measures as numbers; missing ones as the words why."""
        count = len(self.comparison.dossiers)
        self.measure_name = text("report.measures", self.lang)
        sheet, top = self.sheet(self.measure_name, (34, 14, *([20] * count), 50))
        sheet.write_string(top, 0, self.say("measure"), self.bold)
        sheet.write_string(top, 1, self.say("unit"), self.bold)
        for i, found in enumerate(self.comparison.dossiers):
            sheet.write_string(top, 2 + i, full_name(found), self.bold)
        sheet.write_string(top, 2 + count, self.say("formula"), self.bold)
        for n, kind in enumerate(MEASURES, start=1):
            row = top + n
            self.rows[kind.measure_id] = row
            sheet.write_string(row, 0, text(f"compare.measure_{kind.measure_id}", self.lang))
            sheet.write_string(row, 1, text(f"compare.unit_{kind.measure_id}", self.lang))
            for i, found in enumerate(self.comparison.dossiers):
                measure = found.measures[kind.measure_id]
                if measure.value is None:
                    sheet.write_string(row, 2 + i, measure.missing)
                else:
                    sheet.write_number(row, 2 + i, measure.value)
            formula = text(f"compare.formula_{kind.measure_id}", self.lang)
            sheet.write_string(row, 2 + count, formula)

    def scores(self) -> None:
        """Weights, normalised values by formula (min-max), and scores that follow both."""
        ranking = self.comparison.ranking
        count = len(self.comparison.dossiers)
        sheet, top = self.sheet(self.say("scores"), (34, 12, *([20] * count)))
        if ranking is None:
            sheet.write_string(top, 0, self.comparison.refusal)
            return
        sheet.write_string(top, 0, self.say("measure"), self.bold)
        sheet.write_string(top, 1, self.say("share"), self.bold)
        for i, found in enumerate(self.comparison.dossiers):
            sheet.write_string(top, 2 + i, full_name(found), self.bold)
        quoted = f"'{self.measure_name}'!"
        first = top + 1
        for j, kind in enumerate(self.comparison.criteria):
            row = first + j
            sheet.write_string(row, 0, text(f"compare.measure_{kind.measure_id}", self.lang))
            sheet.write_number(row, 1, float(ranking.weights[j]), self.share)
            at = self.rows[kind.measure_id]
            span = (
                f"{quoted}{xl_rowcol_to_cell(at, 2, True, True)}:"
                f"{xl_rowcol_to_cell(at, 1 + count, True, True)}"
            )
            for i in range(count):
                value = float(ranking.normalised[i, j])
                if value != value:  # noqa: PLR0124 - NaN: nothing on file
                    sheet.write_string(row, 2 + i, "—")
                elif self.comparison.method != "minmax" or j in ranking.dropped:
                    sheet.write_number(row, 2 + i, value, self.score)
                else:
                    own = f"{quoted}{xl_rowcol_to_cell(at, 2 + i)}"
                    higher = kind.polarity == "higher"
                    above = f"{own}-MIN({span})" if higher else f"MAX({span})-{own}"
                    formula = f"=({above})/(MAX({span})-MIN({span}))"
                    sheet.write_formula(row, 2 + i, formula, self.score, value)
        end = first + len(self.comparison.criteria) - 1
        sheet.write_string(end + 1, 0, self.say("score"), self.bold)
        weights = (
            f"{xl_rowcol_to_cell(first, 1, True, True)}:{xl_rowcol_to_cell(end, 1, True, True)}"
        )
        for i in range(count):
            own = f"{xl_rowcol_to_cell(first, 2 + i)}:{xl_rowcol_to_cell(end, 2 + i)}"
            if ranking.low[i] == ranking.high[i]:
                formula = f"=SUMPRODUCT({weights},{own})"
                sheet.write_formula(end + 1, 2 + i, formula, self.score, float(ranking.scores[i]))
            else:
                sheet.write_string(end + 1, 2 + i, f"{ranking.low[i]:.3f}–{ranking.high[i]:.3f}")

    def rules(self) -> None:
        """Rules in order, dataset versions, method."""
        sheet, row = self.sheet(self.say("rules"), (28, 6, 34, 20, 24, 16, 22))
        for found in self.comparison.dossiers:
            sheet.write_string(row, 0, full_name(found), self.bold)
            for n, rule in enumerate(found.rules, start=1):
                action = text(f"compare.action_{rule.action}", self.lang)
                cells = (
                    rule_name(rule, self.lang), rule.layer, "、".join(rule.classes),
                    text(f"proposal.where_{rule.where}", self.lang),
                    action if rule.enabled else self.say("off"),
                )  # fmt: skip
                sheet.write_number(row + n, 1, n)
                for column, cell in enumerate(cells, start=2):
                    sheet.write_string(row + n, column, cell)
            row += len(found.rules) + 2
        sheet.write_string(row, 0, self.say("versions"), self.bold)
        for n, (dataset, number) in enumerate(self.comparison.versions.items(), start=1):
            sheet.write_string(row + n, 0, dataset)
            sheet.write_number(row + n, 1, number)
