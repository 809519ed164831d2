"""Templates: what is downloaded can be filled in and is recognised without a question."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from facts.drafts import suggest
from facts.figuretables import to_observations
from facts.grids import Grid, read_grids
from facts.load import load_facts
from facts.matching import Matcher
from facts.model import Facts
from facts.parcels import to_parcels
from facts.projects import to_projects
from facts.tableforms import recognise
from facts.templates import EXAMPLE_MARK, TEMPLATES
from layers.errors import ExportError
from layers.tabletemplates import MEDIA_TYPE, NAMES, template_xlsx
from layers.texts import LANGUAGES, has_text

ROOT = Path(__file__).resolve().parents[1]
READERS = {
    "figures_wide": to_observations, "figures_long": to_observations, "parcels": to_parcels,
    "projects": to_projects,
}  # fmt: skip


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts(ROOT / "data" / "facts")


def workbook(name: str, facts: Facts, lang: str = "zh") -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(template_xlsx(name, facts, lang=lang).content))


def test_every_template_is_offered_under_a_name_of_its_own() -> None:
    assert set(NAMES) == set(TEMPLATES) == set(READERS)
    assert all(has_text(f"intake.template_{name}") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_template_has_heads_with_notes_an_example_a_guide_and_words(name, lang, facts) -> None:
    file = template_xlsx(name, facts, lang=lang)
    assert file.media_type == MEDIA_TYPE and file.name.endswith(".xlsx")
    assert file.content == template_xlsx(name, facts, lang=lang).content
    book = workbook(name, facts, lang)
    assert len(book.sheetnames) == 3
    table, guide, words = (book[sheet] for sheet in book.sheetnames)
    columns = TEMPLATES[name].columns
    assert [cell.value for cell in table[1]] == [column.head for column in columns]
    noted = [c for c in columns if c.note_zh or c.unit]
    assert sum(bool(cell.comment and cell.comment.text.strip()) for cell in table[1]) >= len(noted)
    assert table[2][0].value == EXAMPLE_MARK and table[2][0].font.italic
    assert guide.max_row >= len(columns) + 1
    known = {cell.value for cell in words["A"]}
    assert {"中北高新技术产业开发区", "太原市"} <= known or "太原市" in known
    formulas = [c for sheet in book for row in sheet for c in row if c.data_type == "f"]
    assert formulas == []


def filled(name: str, facts: Facts, folder: Path) -> Grid:
    """The template with its example copied into a row of one's own."""
    book = workbook(name, facts)
    table = book[book.sheetnames[0]]
    for at, cell in enumerate(table[2], start=1):
        table.cell(3, at, 1 if at == 1 else cell.value)
    path = folder / f"{name}.xlsx"
    book.save(path)
    grids = read_grids(path)
    assert len(grids) == 3
    return grids[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_filled_template_is_read_without_a_question(name, facts, tmp_path) -> None:
    form = recognise(filled(name, facts, tmp_path))
    draft = suggest(form, Matcher(facts))
    assert draft.questions == ()
    assert draft.mapping.table == ("figures" if name.startswith("figures") else name)
    found = READERS[name](
        form, draft.mapping, facts, source_id="office-x", row_prefix="office-x-"
    )  # fmt: skip
    assert found.faults == []
    kind = {"parcels": "parcels", "projects": "projects"}.get(name, "observations")
    records = getattr(found, kind)
    assert len(records) == 1 if name != "figures_wide" else len(records) > 10
    assert {record.place_id for record in records} == {"zone-qingxu-jingkai"}


def test_a_template_that_does_not_exist_is_refused_with_those_that_do(facts) -> None:
    with pytest.raises(ExportError, match="figures_wide"):
        template_xlsx("../../etc/passwd", facts, lang="zh")
