"""Lists of projects of the three batches, as offices keep them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from facts.drafts import questions, suggest
from facts.grids import Grid, parse_csv, read_grids
from facts.load import load_facts
from facts.matching import Matcher
from facts.projects import ProjectImport, to_projects
from facts.recordfields import PROJECT_FIELDS, fields_of, stage_of, stage_within, table_kind
from facts.recordids import number_of, record_id
from facts.tableforms import recognise
from tests.workbook_files import xlsx

DATA = Path(__file__).resolve().parents[1] / "data" / "facts"
LIST = """2023年第四次“三个一批”活动项目清单,,,,,,
,,,,,单位：亿元,
序号,项目名称,开发区,投资主体,建设内容,总投资,预计年产值（万元）
一,签约项目（2个）,,,,35,
1,甲项目,清徐经济开发区,甲公司,年产=1+1台,12,50000
2,乙项目,阳曲示范区,乙公司,"两行
内容",23,—
二,开工项目,,,,,
1,丙项目,灵石经开区,丙公司,内容,约8,
,合计,,,,43,
"""


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(load_facts(DATA))


def read(grid: Grid | str, matcher: Matcher, **changes) -> tuple[ProjectImport, list[str]]:
    """What the list gives with the mapping suggested for it, and the questions left."""
    form = recognise(parse_csv(grid.encode()) if isinstance(grid, str) else grid)
    mapping = replace(suggest(form, matcher).mapping, **changes)
    assert mapping.table == "projects"
    asked = [question.kind for question in questions(form, mapping, matcher)]
    return (
        to_projects(form, mapping, matcher.facts, source_id="office-src", row_prefix="office-p-"),
        asked,
    )


def test_a_list_with_its_batches_as_headings(matcher) -> None:
    result, asked = read(LIST, matcher)
    assert asked == []
    assert result.faults == []
    assert result.warnings == []
    one, two, three = result.projects
    assert [p.batch for p in result.projects] == ["signed", "signed", "started"]
    assert [p.total_investment_yi for p in result.projects] == [12.0, 23.0, 8.0]
    assert [p.expected_output_yi for p in result.projects] == [5.0, None, None]
    assert three.investment_qualifier == "approx"
    assert (one.round, one.period.key) == ("2023年第四次", "2023")
    assert one.content == "年产=1+1台"
    assert two.content == "两行 内容"
    assert (one.place_id, one.company) == ("zone-qingxu-jingkai", "甲公司")
    assert [p.project_id for p in result.projects] == [
        "office-p-1-5",
        "office-p-1-6",
        "office-p-1-8",
    ]


def test_the_batch_stands_in_a_column_the_sheet_s_name_or_is_asked(tmp_path, matcher) -> None:
    head = ["序号", "项目名称", "开发区", "总投资（亿元）"]
    rows = [head, [1, "甲", "清徐经开区", 5]]
    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", rows, sheet="投产一批"))
    assert read(grid, matcher)[0].projects[0].batch == "production"
    (grid,) = read_grids(xlsx(tmp_path / "b.xlsx", rows, sheet="Sheet1"))
    result, asked = read(grid, matcher)
    assert asked == ["stage"]
    assert result.projects[0].batch == ""
    rows = [
        [*head, "批次"],
        [1, "甲", "清徐经开区", 5, "开工一批"],
        [2, "乙", "清徐经开区", 5, "其他"],
    ]
    (grid,) = read_grids(xlsx(tmp_path / "c.xlsx", rows))
    result, asked = read(grid, matcher)
    assert asked == []
    assert result.projects[0].batch == "started"
    assert [fault.value for fault in result.faults] == ["其他"]


def test_a_zone_merged_over_its_projects_is_that_of_each(tmp_path, matcher) -> None:
    rows = [
        ["项目名称", "开发区", "总投资（亿元）", "批次"],
        ["甲", "清徐经开区", 5, "签约"], ["乙", None, 6, "签约"], ["丙", "阳曲示范区", 7, "签约"],
    ]  # fmt: skip
    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", rows, merged=["B2:B3"]))
    result, asked = read(grid, matcher)
    assert asked == []
    assert [p.place_id for p in result.projects] == [
        "zone-qingxu-jingkai", "zone-qingxu-jingkai", "zone-yangqu-nongye",
    ]  # fmt: skip


def test_blank_zones_of_a_text_file_are_asked(matcher) -> None:
    text = "项目名称,开发区,总投资（亿元）,批次\n甲,清徐经开区,5,签约\n乙,,6,签约\n"
    result, asked = read(text, matcher)
    assert asked == ["fill_down"]
    assert len(result.projects) == 1
    assert result.skipped[0].reason_zh == "没有写开发区"
    assert len(read(text, matcher, fill_down=True)[0].projects) == 2


def test_dates_are_read_as_far_as_they_are_known(tmp_path, matcher) -> None:
    rows = [
        ["项目名称", "开发区", "批次", "签约时间", "开工时间"],
        ["甲", "清徐经开区", "签约", date(2023, 12, 1), "2024年3月"],
        ["乙", "清徐经开区", "签约", "去年", None],
    ]
    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", rows))
    result, _ = read(grid, matcher)
    assert (result.projects[0].signed_on, result.projects[0].started_on) == (
        "2023-12-01",
        "2024-03",
    )
    assert [(fault.line, fault.column, fault.value) for fault in result.faults] == [
        (3, "签约时间", "去年")
    ]


def test_a_project_may_stand_in_two_batches_but_not_twice_in_one(matcher) -> None:
    head = "项目代码,项目名称,开发区,总投资（亿元）,批次\n"
    row = "x1,甲,清徐经开区,5,签约\n"
    assert len(read(head + row + row.replace("签约", "开工"), matcher)[0].projects) == 2
    assert len(read(head + row + row, matcher)[0].projects) == 1
    result, _ = read(head + row + row.replace(",5,", ",6,"), matcher)
    assert result.projects == ()
    assert len(result.faults) == 1


def test_a_row_without_a_name_is_a_fault(matcher) -> None:
    text = (
        "项目代码,项目名称,开发区,总投资（亿元）,批次\n"
        "x1,,清徐经开区,5,签约\nx2,乙,清徐经开区,5,签约\n"
    )
    result, _ = read(text, matcher)
    assert [p.name for p in result.projects] == ["乙"]
    assert "项目名称" in result.faults[0].why


def test_investment_without_a_unit_is_asked(matcher) -> None:
    text = "项目名称,开发区,总投资,批次\n甲,清徐经开区,5,签约\n"
    result, asked = read(text, matcher)
    assert asked == ["unit"]
    assert "没有单位" in result.faults[0].why
    assert read(text, matcher, unit="万元")[0].projects[0].total_investment_yi == 0.0005


def test_texts_of_any_kind_stay_texts(matcher) -> None:
    text = (
        "项目名称,开发区,总投资（亿元）,批次,备注\n"
        "=HYPERLINK(1),清徐经开区,5,签约,<script>alert(1)</script>\n"
    )
    (project,) = read(text, matcher)[0].projects
    assert project.name == "=HYPERLINK(1)"
    assert project.note == "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("text", "batch"),
    [("签约", "signed"), ("签约一批", "signed"), ("一、签约项目（12个）", "signed"),
     ("开工类", "started"),
     ("（三）投产一批", "production"), ("投产达效", "production"), ("续建", ""), ("未签约", "")],
)  # fmt: skip
def test_words_for_batches(text, batch) -> None:
    assert stage_of("projects", text) == batch


def test_a_title_of_one_batch_tells_it_and_one_of_all_does_not() -> None:
    assert stage_within("projects", "2023年第四次“三个一批”签约项目清单") == "signed"
    assert stage_within("projects", "签约项目、开工项目、投产项目汇总表") == ""


def test_fields_have_one_head_each() -> None:
    heads = [field.name_zh for field in PROJECT_FIELDS]
    assert fields_of("projects", heads) == tuple(field.key for field in PROJECT_FIELDS)
    assert table_kind(heads, records=True) == "projects"


BY_CLASS = """2026年“三个一批”项目清单,,,
项目名称,开发区,批次,类别
甲项目,清徐经济开发区,2026年第三次,签约
乙项目,阳曲示范区,2026年第三次,投产
"""


def test_the_batch_is_the_column_that_holds_batches_and_rounds_are_rounds(matcher) -> None:
    result, asked = read(BY_CLASS, matcher)
    assert asked == [] and result.faults == []
    assert [(p.batch, p.round) for p in result.projects] == [
        ("signed", "2026年第三次"), ("production", "2026年第三次"),
    ]  # fmt: skip
    # Without a column of batches the rounds are no batches either: the batch is asked.
    lines = [line.rpartition(",")[0] for line in BY_CLASS.splitlines()]
    result, asked = read("\n".join(lines), matcher, stage="signed")
    assert asked == [] and [p.batch for p in result.projects] == ["signed", "signed"]


def test_a_batch_that_is_not_understood_names_the_cell_and_what_may_stand_there(matcher) -> None:
    result, _ = read(BY_CLASS.replace("签约", "在谈").replace("投产", "签约"), matcher)
    (fault,) = result.faults
    assert (fault.cell, fault.value) == ("D3", "在谈")
    assert "签约、开工、投产" in fault.why and "不导入" not in fault.why


def test_a_code_is_one_of_its_zone_unless_it_is_given_once_in_the_country() -> None:
    assert record_id("zone-a", "1") == record_id("zone-a", "zone-a/1") == "zone-a/1"
    assert record_id("zone-b", "1") != record_id("zone-a", "1")
    assert record_id("", "1") == "1" and record_id("zone-a", "") == ""
    assert record_id("zone-a", "2301-140121-89-01-123456") == "2301-140121-89-01-123456"
    assert number_of("zone-a", "zone-a/1") == "1" and number_of("zone-a", "1") == "1"
