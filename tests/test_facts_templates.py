"""Templates: filled in, they are recognised without a question."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from facts.drafts import suggest
from facts.figuretables import to_observations
from facts.grids import read_grids
from facts.load import load_facts
from facts.matching import Matcher
from facts.parcels import to_parcels
from facts.projects import to_projects
from facts.tableforms import recognise
from facts.templates import TEMPLATES, Template
from tests.workbook_files import xlsx

DATA = Path(__file__).resolve().parents[1] / "data" / "facts"
READERS = {"figures": to_observations, "parcels": to_parcels, "projects": to_projects}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(load_facts(DATA))


def filled(template: Template, path: Path, *, keep_example: bool) -> Path:
    """The template as somebody fills it in: downloaded, opened, a row written, saved."""
    xlsx(path, template.rows(), sheet=template.name_zh)
    book = openpyxl.load_workbook(path)
    page = book.active
    example = list(template.rows()[1])
    row = 3 if keep_example else 2
    for column, cell in enumerate([1, *example[1:]], start=1):
        page.cell(row, column, cell if cell != "" else None)
    book.save(path)
    return path


@pytest.mark.parametrize("key", TEMPLATES)
@pytest.mark.parametrize("keep_example", [True, False])
def test_a_filled_template_is_read_without_a_question(key, keep_example, tmp_path, matcher) -> None:
    (grid,) = read_grids(filled(TEMPLATES[key], tmp_path / "a.xlsx", keep_example=keep_example))
    form = recognise(grid)
    draft = suggest(form, matcher)
    assert draft.questions == ()
    result = READERS[draft.mapping.table](
        form, draft.mapping, matcher.facts, source_id="s", row_prefix="p-"
    )
    assert result.faults == []
    assert result.warnings == []
    records = getattr(
        result, {"figures": "observations"}.get(draft.mapping.table, draft.mapping.table)
    )
    assert {record.place_id for record in records} == {"zone-qingxu-jingkai"}
    reasons = [row.reason_zh for row in result.skipped]
    assert reasons.count("示例行") == keep_example


@pytest.mark.parametrize("key", TEMPLATES)
def test_an_untouched_template_gives_nothing(key, tmp_path, matcher) -> None:
    from facts.tableforms import FormError

    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", TEMPLATES[key].rows()))
    with pytest.raises(FormError):
        recognise(grid)


def test_every_example_of_the_wide_template_becomes_a_figure(tmp_path, matcher) -> None:
    template = TEMPLATES["figures_wide"]
    (grid,) = read_grids(filled(template, tmp_path / "a.xlsx", keep_example=True))
    form = recognise(grid)
    figures = to_observations(
        form, suggest(form, matcher).mapping, matcher.facts, source_id="s", row_prefix="p-"
    ).observations
    examples = [column.example for column in template.columns[3:]]
    assert [float(figure.printed_value) for figure in figures] == examples
    assert all(figure.period.key == "2023-H1" for figure in figures)


def test_every_column_says_what_to_write_in_both_languages_or_is_plain() -> None:
    for template in TEMPLATES.values():
        assert len({column.head for column in template.columns}) == len(template.columns)
        for column in template.columns:
            assert bool(column.note_zh) == bool(column.note_en)
