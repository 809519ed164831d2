"""The form of tables as offices fill them, from text and from workbooks."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.drafts import suggest
from facts.errors import FactsError
from facts.figuretables import to_observations
from facts.grids import Grid, make_cell, parse_csv, read_grids
from facts.headlabels import head_of, is_meta, split_unit, units_of_line
from facts.mappings import Mapping
from facts.matching import Matcher
from facts.parcels import to_parcels
from facts.projects import to_projects
from facts.tableforms import FormError, recognise
from tests import factories as f
from tests.workbook_files import xlsx


def form_of(text: str):
    return recognise(parse_csv(text.encode()))


def kinds(form) -> list[str]:
    return [row.kind for row in form.rows]


WIDE = """2023年上半年开发区主要指标完成情况,,,,
填报单位：市商务局,,,单位：万元、亩,
序号,开发区,签约一批,,工业投资
,,项目数（个）,计划总投资（亿元）,
1,清徐经济开发区,5,12.3,"1,234"
2,阳曲示范区,—,,约300
3,其中：某园区,1,2,
,合 计,5,12.3,1534
注：以上为快报数。,,,,
制表：张三,,,,
"""


def test_title_unit_line_two_header_rows_totals_and_footnotes_are_told_apart() -> None:
    form = form_of(WIDE)
    assert form.layout == "wide"
    assert form.title.startswith("2023年上半年开发区主要指标")
    assert form.period.key == "2023-H1"
    assert form.units == ("万元", "亩")
    assert form.header == (2, 3)
    assert [column.labels for column in form.columns] == [
        ("序号",), ("开发区",), ("签约一批", "项目数"), ("签约一批", "计划总投资"), ("工业投资",),
    ]  # fmt: skip
    assert [column.unit for column in form.columns] == ["", "", "个", "亿元", ""]
    assert (form.serial_column, form.name_column) == (0, 1)
    assert kinds(form) == ["data", "data", "data", "total", "note", "note"]
    assert [row.name for row in form.data_rows] == ["清徐经济开发区", "阳曲示范区", "某园区"]
    assert form.data_rows[2].part
    assert form.notes[0] == "注:以上为快报数。"


def test_merged_heads_of_a_workbook_are_read_like_those_of_text(tmp_path) -> None:
    rows = [
        ["2023年上半年三个一批情况", None, None, None, None, None],
        ["序号", "开发区", "签约一批", None, "投产一批", None],
        [None, None, "项目数\n（个）", "投资\n（亿元）", "项目数\n（个）", "投资\n（亿元）"],
        [1, "清徐经济开发区", 5, 12.3, 2, 3],
        [2, "阳曲示范区", 1, 2, 3, 4],
    ]
    merged = ["A1:F1", "A2:A3", "B2:B3", "C2:D2", "E2:F2"]
    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", rows, merged=merged))
    form = recognise(grid)
    assert form.header == (1, 2)
    assert [column.label for column in form.columns[2:]] == [
        "签约一批项目数", "签约一批投资", "投产一批项目数", "投产一批投资",
    ]  # fmt: skip
    assert [column.unit for column in form.columns[2:]] == ["个", "亿元", "个", "亿元"]
    assert form.period.key == "2023-H1"


def test_three_header_rows_and_a_row_that_numbers_the_columns() -> None:
    form = form_of(
        "开发区,2022年,,2023年,\n,投资,,投资,\n,计划,完成,计划,完成\n甲,1,2,3,4\n清徐,5,6,7,8\n"
    )
    assert form.header == (0, 3)
    assert [column.label for column in form.columns] == [
        "开发区", "投资计划", "投资完成", "投资计划", "投资完成",
    ]  # fmt: skip
    assert [column.period and column.period.key for column in form.columns] == [
        None, "2022", "2022", "2023", "2023",
    ]  # fmt: skip
    assert [row.name for row in form.rows] == ["清徐"]


def test_a_row_of_units_belongs_to_the_header() -> None:
    form = form_of("开发区,投资额,企业数\n,亿元,家\n清徐,1.5,20\n")
    assert form.header == (0, 1)
    assert [column.unit for column in form.columns] == ["", "亿元", "家"]


def test_a_table_without_title_begins_with_its_header() -> None:
    form = form_of("开发区,2021,2022\n清徐,1,2\n阳曲,3,4\n")
    assert form.header == (0, 0)
    assert [column.period and column.period.key for column in form.columns[1:]] == ["2021", "2022"]


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("开发区,指标,时期,数值,单位\n清徐,税收,2023年,1,亿元\n", "long"),
        ("指标名称,单位,1-6月,同比±%\n工业投资,亿元,12,5\n", "crossed"),
        ("序号,项目名称,开发区,总投资（亿元）\n1,甲,清徐,2\n", "list"),
        ("开发区,工业投资（亿元）\n清徐,2\n", "wide"),
    ],
)
def test_the_way_a_table_lies_is_told_by_its_heads(text, layout) -> None:
    assert form_of(text).layout == layout


def test_a_column_of_units_is_not_taken_for_the_bodies_that_report() -> None:
    form = form_of("单位,指标,数值\n亿元,税收,1\n个,项目,2\n")
    assert form.name_column == 1
    assert form_of("单位,税收（亿元）\n清徐经开区,1\n").name_column == 0


def test_headings_within_a_list_hold_for_the_rows_below_them() -> None:
    form = form_of(
        "序号,项目名称,开发区,总投资（亿元）\n一,签约项目（2个）,,35\n1,甲,清徐,12\n2,乙,清徐,23\n"
        "二,开工项目,,\n1,丙,清徐,12\n"
    )
    assert kinds(form) == ["subtotal", "data", "data", "section", "data"]
    assert [row.section for row in form.data_rows] == [
        "一 签约项目(2个)", "一 签约项目(2个)", "二 开工项目",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [("合计", "total"), ("总 计", "total"), ("全市", "total"), ("太原市小计", "subtotal"),
     ("小计", "subtotal"), ("全市合计", "total"), ("平均值", "total"),
     ("全部开发区（合计）", "data"), ("合成生物园区", "data"), ("示例", "example")],
)  # fmt: skip
def test_rows_of_totals_by_their_words(name, kind) -> None:
    assert kinds(form_of(f"开发区,税收\n{name},1\n清徐,1\n"))[0] == kind


def test_the_header_repeated_on_every_page_is_no_data() -> None:
    form = form_of("开发区,税收\n清徐,1\n\n开发区,税收\n阳曲,2\n")
    assert kinds(form) == ["data", "header", "data"]


def test_names_merged_over_several_rows_hold_for_all_of_them(tmp_path) -> None:
    rows = [["开发区", "指标", "数值"], ["清徐", "税收", 1], [None, "投资", 2], ["阳曲", "税收", 3]]
    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", rows, merged=["A2:A3"]))
    assert [row.name for row in recognise(grid).rows] == ["清徐", "清徐", "阳曲"]


def test_what_a_reader_should_know_is_told(tmp_path) -> None:
    rows = [["开发区", "税收"], ["清徐", 1], ["阳曲", 2]]
    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", rows, hidden_rows=[2]))
    assert ["1 行被隐藏" in fault.why for fault in recognise(grid).warnings] == [True]


@pytest.mark.parametrize(
    "text", ["1,2\n3,4\n", "开发区,税收\n", "只有一格\n", "开发区,税收\n注：无,\n"]
)
def test_a_sheet_without_a_table_is_refused_in_words(text) -> None:
    with pytest.raises(FormError, match="/"):
        form_of(text)


def test_a_table_of_too_many_columns_is_refused() -> None:
    with pytest.raises(FormError, match="1000"):
        form_of(",".join(f"列{i}" for i in range(2000)) + "\n" + ",".join(["1"] * 2000))


@pytest.mark.parametrize(
    ("head", "label", "unit"),
    [
        ("投资额（亿元）", "投资额", "亿元"), ("计划总投资\n（万元）", "计划总投资", "万元"),
        ("同比±%", "同比", "%"), ("增速(%)", "增速", "%"),
        ("投资强度（万元/亩）", "投资强度", "万元/亩"), ("投资额亿元", "投资额", "亿元"),
        ("投资额/亿元", "投资额", "亿元"), ("亩均税收 万元/亩", "亩均税收", "万元/亩"),
        ("产值（亿元）累计", "产值累计", "亿元"), ("亿元", "", "亿元"),
        ("签约项目数（前四期）", "签约项目数(前四期)", ""),
        ("总投资亿元以上项目数", "总投资亿元以上项目数", ""),
        ("投资额（单位：万元）", "投资额", "万元"), ("容积率", "容积率", ""), ("时间", "时间", ""),
    ],
)  # fmt: skip
def test_units_are_taken_out_of_heads(head, label, unit) -> None:
    assert split_unit(head) == (label, unit)


def test_periods_are_taken_out_of_heads() -> None:
    head = head_of(["2023年上半年", "规上工业增加值（亿元）"])
    assert (head.label, head.unit, head.period.key) == ("规上工业增加值", "亿元", "2023-H1")
    assert head_of(["1-6月"], year=2022).period.key == "2022-H1"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("单位：万元", ("万元",)), ("单位:万元、亩", ("万元", "亩")), ("（亿元）", ("亿元",)),
        ("填报单位：太原市商务局", ()), ("金额单位：万元；面积单位：亩", ("万元", "亩")),
        ("计量单位：亿元、%", ("亿元", "%")),
    ],
)  # fmt: skip
def test_unit_lines(line, found) -> None:
    assert units_of_line(line) == found
    assert is_meta(line)


HEADS = (
    "开发区 指标 数值 工业投资（亿元） output指标 rate指标（%） 同比±% 时期 单位 序号 "
    "项目名称 面积（亩） 上年同期 投资强度（万元/亩） 容积率 状态 批次 总投资 1-6月 2022年 数据性质"
)
WORDS = (
    "单位：万元 合计 小计 — 注：无 甲区 乙区 一、签约 2023年 1-6月 #REF! 示例 储备 签约 "
    "1,234 亿元 个 约5亿元 ≥300 1.0-2.0 实际 output指标 同比"
)
cells = st.one_of(
    st.none(),
    st.sampled_from((*WORDS.split(), *HEADS.split())),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.text(max_size=6),
)
READERS = {"figures": to_observations, "parcels": to_parcels, "projects": to_projects}


heads = st.lists(st.sampled_from(HEADS.split()), min_size=5, max_size=5)
rows_of_cells = st.lists(st.lists(cells, min_size=5, max_size=5), max_size=6)


@given(
    rows=rows_of_cells
    | st.tuples(heads, rows_of_cells).map(lambda pair: [pair[0], *pair[1]])
    | st.tuples(heads, heads, rows_of_cells).map(lambda three: [three[0], three[1], *three[2]])
)
@settings(max_examples=400, deadline=None)
def test_any_grid_is_read_or_refused_in_words(rows) -> None:
    facts = f.facts()
    grid = Grid("表", tuple(tuple(make_cell(cell) for cell in row) for row in rows))
    try:
        form = recognise(grid)
    except FactsError as error:
        assert str(error)
        return
    draft = suggest(form, Matcher(facts))
    mapping = draft.mapping
    assert Mapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping
    names = dict.fromkeys((q.key for q in draft.questions if q.kind == "place"), "zone-a")
    decided = replace(mapping, places={**mapping.places, **names}, place_id="zone-a", period=f.H1)
    for table in (mapping, decided):
        READERS[table.table](form, table, facts, source_id="s", row_prefix="p-")


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("2026年三季度主要经济指标（累计）", "2026-01..2026-09"),
        ("2026年9月累计完成情况", "2026-01..2026-09"),
        ("2026年上半年累计", "2026-H1"),
        ("2021—2024年累计", "2021..2024"),
        ("2026年三季度主要经济指标", "2026-Q3"),
    ],
)
def test_sums_since_january_in_the_title_begin_with_january(title: str, key: str) -> None:
    form = form_of(f"{title},\n开发区,税收（万元）\n甲开发区,5\n")
    assert form.period.key == key
    assert form.cumulative == ("累计" in title)
    told = [w.why for w in form.warnings if "累计" in w.why]
    assert len(told) == (key == "2026-01..2026-09")


def test_a_sum_up_to_a_day_is_cumulative() -> None:
    matcher = Matcher(f.facts(indicators=(f.indicator("tax", name_zh="税收", unit="万元"),)))
    for title, kind in (("截至2026年6月底（累计）", "cumulative"), ("截至2026年6月底", "actual")):
        form = form_of(f"{title},\n开发区,税收（万元）\n甲开发区,5\n")
        assert suggest(form, matcher).mapping.columns[1].kind == kind


def test_faults_of_a_text_file_name_the_cell_and_no_file() -> None:
    form = form_of("开发区,税收（万元）\n甲,5\n")
    fault = form.fault(1, 1, "不对 / wrong")
    assert (fault.file, fault.cell, fault.line) == ("", "B2", 2)
    assert str(fault) == "B2 [税收(万元)] “5”: 不对 / wrong"


def test_rows_are_left_out_by_choice_and_only_rows_of_data() -> None:
    form = form_of(WIDE)
    assert kinds(form.without({4, 7}))[:4] == ["left_out", "data", "data", "total"]
    assert form.without(()) is form


@pytest.mark.parametrize(
    ("above", "key"),
    [
        ("2023年开发区主要指标,\n填报日期：2024年1月15日,", "2023"),
        ("填报日期：2024年1月15日,\n2023年上半年开发区主要指标,", "2023-H1"),
        ("2023年上半年开发区主要指标,\n报送日期：2023-07-10,", "2023-H1"),
        ("2023年开发区主要指标（2024年2月28日印发）,", "2023"),
        ("2023年开发区主要指标,\n制表时间,2024-01-15", "2023"),
        ("2023年开发区主要指标,\n日期：2024年1月15日,", "2023"),
        ("2023年开发区主要指标,\n2024年1月15日,", "2023"),
        ("开发区主要指标,\n日期：2023年6月,", "2023-06"),
        ("关于发布2023年上半年开发区指标的通知,", "2023-H1"),
        ("开发区主要指标,\n截至2023年6月30日,", "2023-06-30"),
        ("开发区主要指标,\n填报日期：2024年1月15日,", ""),
        ("开发区主要指标,\n打印日期：2024.1.15,", ""),
        ("开发区主要指标（2024年2月28日发布）,", ""),
    ],
)
def test_the_day_a_table_was_made_or_sent_is_no_period_of_its_figures(above, key) -> None:
    form = form_of(f"{above}\n开发区,税收（万元）\n甲开发区,5\n")
    assert (form.period.key if form.period else "") == key
