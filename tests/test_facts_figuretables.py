"""From tables of figures to observations: exact, missing never zero, nothing dropped silently."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.checks import run_checks
from facts.drafts import questions, suggest
from facts.figuretables import FigureImport, to_observations
from facts.grids import Grid, parse_csv, read_grids
from facts.load import load_facts
from facts.mappings import SKIP, Mapping, merge
from facts.matching import Matcher
from facts.model import Facts, Period
from facts.tableforms import TableForm, recognise
from facts.tables import from_frames, to_frames
from tests.workbook_files import FORMATS, xls, xlsx

DATA = Path(__file__).resolve().parents[1] / "data" / "facts"
H1 = Period(date(2023, 1, 1), date(2023, 6, 30), label="2023年上半年")


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts(DATA)


@pytest.fixture(scope="module")
def matcher(facts) -> Matcher:
    return Matcher(facts)


class Reading:
    """A table read with the mapping that is suggested for it, changed as a test wants."""

    def __init__(self, grid: Grid | str, matcher: Matcher, **changes) -> None:
        grid = parse_csv(grid.encode()) if isinstance(grid, str) else grid
        self.form: TableForm = recognise(grid)
        draft = suggest(self.form, matcher)
        self.mapping: Mapping = replace(draft.mapping, **changes)
        self.questions = questions(self.form, self.mapping, matcher)
        self.result: FigureImport = to_observations(
            self.form, self.mapping, matcher.facts, source_id="office-src", row_prefix="office-t-"
        )

    @property
    def figures(self) -> dict[tuple[str, str, str], object]:
        """Place, indicator and kind -> (value, unit, period key)."""
        return {
            (o.place_id, o.indicator_id, o.kind): (o.value, o.unit, o.period.key)
            for o in self.result.observations
        }

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(question.kind, question.key) for question in self.questions]


WIDE = """2023年上半年开发区主要指标,,,,
,,,单位：万元,
序号,开发区,签约一批,,工业投资
,,项目数（个）,计划总投资（亿元）,
1,清徐经济开发区,5,12.3,"1,234"
2,阳曲示范区,—,,300余
,合计,5,12.3,1534
注：以上为快报数。,,,,
"""


def test_a_wide_table_gives_each_cell_in_its_canonical_unit(matcher) -> None:
    reading = Reading(WIDE, matcher)
    assert reading.asked == []
    assert reading.result.faults == []
    assert reading.result.warnings == []
    qingxu = "zone-qingxu-jingkai"
    assert reading.figures[qingxu, "signed_batch_projects", "actual"] == (5.0, "个", "2023-H1")
    assert reading.figures[qingxu, "signed_batch_investment", "target"] == (12.3, "亿元", "2023-H1")
    assert reading.figures[qingxu, "industrial_investment", "actual"] == (0.1234, "亿元", "2023-H1")
    first, *_ = reading.result.observations
    assert first.row_id == "office-t-1-C5"
    assert first.locator == "C5"
    assert first.source_id == "office-src"
    assert (first.printed_value, first.printed_unit) == ("5", "个")
    assert first.printed_subject == "清徐经济开发区"
    assert first.quality == "reported"


def test_blank_cells_and_dashes_are_missing_with_their_reason(matcher) -> None:
    figures = Reading(WIDE, matcher).result.observations
    missing = [o for o in figures if o.place_id == "zone-yangqu-nongye" and o.value is None]
    assert [o.missing_reason for o in missing] == ["表中写“—”", "表中此格为空"]
    assert not any(o.value == 0 for o in figures)
    bound = next(o for o in figures if o.locator == "E6")
    assert (bound.value, bound.qualifier) == (0.03, "at_least")


def test_everything_left_out_is_listed_with_its_reason(matcher) -> None:
    skipped = Reading(WIDE.replace("阳曲示范区", "某某示范区"), matcher).result.skipped
    assert [(row.locator, row.text) for row in skipped] == [
        ("B6", "某某示范区"), ("B7", "合计"), ("A8", "注：以上为快报数。"),
    ]  # fmt: skip
    assert "没有对应" in skipped[0].reason_zh or "还没有" in skipped[0].reason_zh


def test_a_total_that_does_not_add_up_is_told_and_never_read(matcher) -> None:
    text = "2023年,\n开发区,税收（万元）\n清徐经济开发区,4\n阳曲示范区,6.5\n合计,12\n"
    reading = Reading(text, matcher)
    (warning,) = reading.result.warnings
    assert "合计为 12万元，各行相加为 10.5万元，相差 -1.5" in warning.why
    assert (warning.line, warning.value) == (5, "12")
    assert len(reading.result.observations) == 2
    assert Reading(text.replace("6.5", "—"), matcher).result.warnings == []
    assert len(Reading(text.replace("12", "3"), matcher).result.warnings) == 1


@pytest.mark.parametrize(
    "rows",
    [
        "合计,10\n清徐经济开发区,4\n阳曲示范区,6\n",
        "清徐经济开发区,4\n阳曲示范区,6\n全市,10\n",
        "清徐经济开发区,4\n小计,4\n阳曲示范区,6\n小计,6\n合计,10\n",
        "小计,4\n清徐经济开发区,4\n小计,6\n阳曲示范区,6\n合计,10\n",
        "清徐经济开发区,4.04\n阳曲示范区,6.04\n合计,10.1\n",
        "清徐经济开发区,约4\n阳曲示范区,—\n合计,10\n",
        "清徐经济开发区,4\n其中：清徐食品工业集聚区,3\n阳曲示范区,6\n合计,10\n",
        "清徐经济开发区,4\n阳曲示范区,6\n平均值,5\n",
    ],
)
def test_totals_above_below_and_of_blocks_add_up_within_rounding(rows, matcher) -> None:
    assert Reading("2023年,\n开发区,税收（亿元）\n" + rows, matcher).result.warnings == []


def test_a_total_may_be_taken_for_the_place_that_it_is(matcher) -> None:
    text = "2023年,\n开发区,税收（亿元）\n清徐经济开发区,4\n合计,4\n"
    places = {"清徐经济开发区": "zone-qingxu-jingkai", "合计": "group-140100-zones"}
    reading = Reading(text, matcher, places=places)
    assert reading.figures["group-140100-zones", "tax_revenue", "actual"] == (4.0, "亿元", "2023")


def test_a_long_table_with_its_own_units_periods_and_kinds(matcher) -> None:
    reading = Reading(
        "开发区,指标,时期,数值,单位,数据性质\n"
        "清徐经济开发区,工业投资,2023年,12.5,亿元,\n"
        "清徐经济开发区,工业投资,2023年,5.5,%,同比\n"
        "清徐经济开发区,税收,2023年上半年,15000,万元,目标\n"
        "阳曲示范区,从业人员,截至2023年6月底,1.2,万人,实际\n",
        matcher,
    )
    assert reading.asked == []
    assert reading.result.faults == []
    assert reading.figures == {
        ("zone-qingxu-jingkai", "industrial_investment", "actual"): (12.5, "亿元", "2023"),
        ("zone-qingxu-jingkai", "industrial_investment", "yoy"): (5.5, "%", "2023"),
        ("zone-qingxu-jingkai", "tax_revenue", "target"): (1.5, "亿元", "2023-H1"),
        ("zone-yangqu-nongye", "employees", "actual"): (12000.0, "人", "2023-06-30"),
    }


def test_a_table_of_one_zone_with_periods_in_its_heads(matcher) -> None:
    reading = Reading(
        "清徐经济开发区2023年1-6月主要指标,,,\n指标名称,单位,1-6月,上年同期,同比±%\n"
        "规上工业增加值,亿元,12,10,20\n从业人员,万人,1.2,1.1,—\n税收（万元）,,5000,4000,\n",
        matcher, place_id="zone-qingxu-jingkai",
    )  # fmt: skip
    assert reading.asked == []
    found = {
        (o.indicator_id, o.kind, o.period.key): o.value for o in reading.result.observations
    }  # fmt: skip
    assert found["above_scale_value_added", "actual", "2023-H1"] == 12
    assert found["above_scale_value_added", "actual", "2022-H1"] == 10
    assert found["above_scale_value_added", "yoy", "2023-H1"] == 20
    assert found["employees", "actual", "2023-H1"] == 12000
    assert found["tax_revenue", "actual", "2022-H1"] == 0.4


def test_a_table_of_one_zone_asks_which_and_suggests_that_of_the_title(matcher) -> None:
    reading = Reading(
        "清徐经济开发区2023年,\n指标,数值\n税收（亿元）,1\n工业投资（亿元）,2\n", matcher
    )
    assert reading.asked == [("default_place", "")]
    assert reading.questions[0].suggestions[0].target_id == "zone-qingxu-jingkai"
    assert reading.result.observations == ()


def test_zones_across_and_indicators_down(matcher) -> None:
    reading = Reading(
        "2023年,,,\n指标,单位,清徐经开区,阳曲示范区\n税收,亿元,1,2\n同比,%,5,-3\n工业投资,万元,3000,—\n",
        matcher,
    )
    assert reading.asked == []
    assert reading.figures["zone-yangqu-nongye", "tax_revenue", "yoy"] == (-3.0, "%", "2023")
    assert reading.figures["zone-qingxu-jingkai", "industrial_investment", "actual"][0] == 0.3


def test_cities_across_a_table_of_zones_are_asked(matcher) -> None:
    text = "2023年开发区情况,,\n指标,太原市,某某市\n税收（亿元）,1,2\n工业投资（亿元）,3,4\n"
    reading = Reading(text, matcher)
    assert reading.asked == [("column", "2"), ("place", "太原市")]
    assert [row.text for row in reading.result.skipped] == ["太原市", "某某市"]
    answered = Reading(text, matcher, places={"太原市": "group-140100-zones"})
    assert answered.figures["group-140100-zones", "tax_revenue", "actual"][0] == 1.0


def test_growth_follows_the_column_before_it(matcher) -> None:
    reading = Reading("2023年,,\n开发区,税收（亿元）,同比±%\n清徐经开区,4,-2.3%\n", matcher)
    assert reading.figures["zone-qingxu-jingkai", "tax_revenue", "yoy"] == (-2.3, "%", "2023")


def test_growth_behind_a_month_or_a_sum_is_that_of_the_month_or_of_the_sum(matcher) -> None:
    reading = Reading(
        "2023年6月主要指标,,,,\n,,,单位：亿元、%,\n开 发 区,税收,,,\n,本月,同比,累计,同比增长\n"
        "1.清徐经开区,2,3,12,5.1\n",
        matcher,
    )
    assert reading.asked == []
    found = [(o.kind, o.period.key, o.value) for o in reading.result.observations]
    assert found == [
        ("actual", "2023-06", 2), ("yoy", "2023-06", 3), ("actual", "2023-H1", 12),
        ("yoy", "2023-H1", 5.1),
    ]  # fmt: skip


@pytest.mark.parametrize("years", ["2022年,2023年", "2023年,2022年"])
def test_growth_behind_two_years_is_that_of_the_later_one(years, matcher) -> None:
    text = f"开发区,税收（亿元）,,\n,{years},增速（%）\n清徐经开区,2,4,100\n"
    figures = Reading(text, matcher).result.observations
    assert [(o.period.key, o.value) for o in figures if o.kind == "yoy"] == [("2023", 100)]


def test_rates_keep_their_numerator_denominator_and_basis(matcher) -> None:
    reading = Reading(
        "2023年,,,\n开发区,签约一批项目数（个）,签约一批已开工项目数（个）,开工率\n"
        "清徐经开区,50,46,92%\n阳曲示范区,10,—,80%\n",
        matcher,
    )
    rates = [o for o in reading.result.observations if o.indicator_id == "start_rate"]
    assert [(o.value, o.numerator, o.denominator, o.basis) for o in rates] == [
        (92.0, 46.0, 50.0, "count"), (80.0, None, None, ""),
    ]  # fmt: skip


def test_percent_cells_are_per_cent_and_bare_fractions_are_asked(tmp_path, matcher) -> None:
    rows = [["2023年", None], ["开发区", "开工率"], ["清徐经开区", 0.7619], ["阳曲示范区", 1.0]]
    shown = {"B3": FORMATS["percent"], "B4": FORMATS["percent"]}
    shown_old = {(2, 1): FORMATS["percent"], (3, 1): FORMATS["percent"]}
    for path in (
        xlsx(tmp_path / "a.xlsx", rows, formats=shown),
        xls(tmp_path / "a.xls", rows, formats=shown_old),
    ):
        reading = Reading(read_grids(path)[0], matcher)
        assert reading.asked == []
        rate = reading.figures["zone-qingxu-jingkai", "start_rate", "actual"]
        assert rate == (76.19, "%", "2023")

    (grid,) = read_grids(xls(tmp_path / "b.xls", rows))
    reading = Reading(grid, matcher)
    assert reading.asked == [("unit", "1")]
    assert [s.target_id for s in reading.questions[0].suggestions] == ["%", "比例"]
    (column,) = reading.mapping.of_role("value")
    fractions = reading.mapping.with_column(replace(column, unit="比例"))
    assert Reading(grid, matcher, columns=fractions.columns).figures[
        "zone-qingxu-jingkai", "start_rate", "actual"
    ] == (76.19, "%", "2023")
    per_cent = reading.mapping.with_column(replace(column, unit="%"))
    warnings = Reading(grid, matcher, columns=per_cent.columns).result.warnings
    assert any("不大于 1" in fault.why for fault in warnings)


def test_a_number_merged_over_two_zones_belongs_to_neither(tmp_path, matcher) -> None:
    rows = [["2023年", None], ["开发区", "税收（亿元）"], ["清徐经开区", 5], ["阳曲示范区", None]]
    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", rows, merged=["B3:B4"]))
    reading = Reading(grid, matcher)
    assert reading.result.observations == ()
    (fault,) = reading.result.faults
    assert "合并单元格" in fault.why
    assert fault.line == 3


def test_the_same_figure_twice_is_told_and_two_figures_for_one_thing_are_a_fault(matcher) -> None:
    head = "2023年,\n开发区,税收（万元）\n"
    reading = Reading(head + "清徐经开区,5\n清徐经济开发区,5\n", matcher)
    assert len(reading.result.observations) == 1
    assert reading.result.skipped[0].reason_zh == "与 B3 相同"
    reading = Reading(head + "清徐经开区,5\n清徐经济开发区,6\n阳曲示范区,1\n", matcher)
    assert [o.place_id for o in reading.result.observations] == ["zone-yangqu-nongye"]
    (fault,) = reading.result.faults
    assert (fault.line, fault.value) == (4, "6")
    assert "5万元（B3）" in fault.why
    assert "清徐经济开发区2023年税收" in fault.why and "Qingxu" in fault.why
    assert (fault.file, fault.cell, fault.others) == ("", "B4", (3,))
    form = recognise(parse_csv((head + "清徐经开区,5\n清徐经济开发区,6\n").encode()))
    mapping = suggest(form, matcher).mapping
    for row, value in ((2, 6.0), (3, 5.0)):  # whichever of the two is left out
        found = to_observations(
            form.without({row}), mapping, matcher.facts, source_id="office-x", row_prefix="x-"
        )
        assert found.faults == [] and [o.value for o in found.observations] == [value / 1e4]
        assert [s.reason_zh for s in found.skipped] == ["按选择不导入"]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("12亩", "换算"),
        ("三百", "不是一个数"),
        ("3-5", "不是一个数"),
        ("#REF!", "公式"),
        ("1.2万", "写全"),
    ],
)
def test_cells_that_can_not_be_read_are_faults_with_their_place(cell, why, matcher) -> None:
    reading = Reading(f"2023年,\n开发区,税收（亿元）\n清徐经开区,{cell}\n阳曲示范区,1\n", matcher)
    (fault,) = reading.result.faults
    assert why in fault.why
    assert " / " in fault.why
    assert (fault.line, fault.column, fault.value) == (3, "税收(亿元)", cell)
    assert len(reading.result.observations) == 1


def test_a_table_without_a_period_is_at_fault_until_one_is_given(matcher) -> None:
    text = "开发区,税收（亿元）\n清徐经开区,5\n阳曲示范区,6\n"
    reading = Reading(text, matcher)
    assert reading.asked == [("period", "")]
    (fault,) = reading.result.faults
    assert "没有写时期" in fault.why
    assert Reading(text, matcher, period=H1).result.faults == []


def test_a_unit_in_a_cell_goes_before_that_of_the_head(matcher) -> None:
    reading = Reading("2023年,\n开发区,税收（亿元）\n清徐经开区,300万元\n", matcher)
    assert reading.figures["zone-qingxu-jingkai", "tax_revenue", "actual"][0] == 0.03


def test_a_column_without_unit_or_meaning_and_a_table_without_period_are_asked(matcher) -> None:
    reading = Reading("开发区,税收,随便,从业人员数\n清徐经开区,5,1,20\n", matcher)
    assert reading.asked == [("unit", "1"), ("column", "2"), ("unit", "3"), ("period", "")]
    assert reading.result.observations == ()
    assert ["没有单位" in fault.why for fault in reading.result.faults] == [True, True]
    assert any(row.text == "随便" for row in reading.result.skipped)
    place, tax, other, people = reading.mapping.columns
    columns = (place, tax, replace(other, role="skip"), replace(people, unit="人"))
    text = "开发区,税收,随便,从业人员数\n清徐经开区,5,1,20\n"
    answered = Reading(text, matcher, period=H1, unit="万元", columns=columns)
    assert answered.asked == []
    assert answered.figures["zone-qingxu-jingkai", "tax_revenue", "actual"][0] == 0.0005


def test_names_are_left_out_when_somebody_says_so(matcher) -> None:
    text = "2023年,\n开发区,税收（亿元）\n清徐经开区,4\n某某园区,5\n"
    places = {"清徐经开区": "zone-qingxu-jingkai", "某某园区": SKIP}
    reading = Reading(text, matcher, places=places)
    assert reading.asked == []
    assert [row.reason_zh for row in reading.result.skipped] == ["按选择不导入"]


def test_blank_names_are_filled_from_above_only_when_somebody_says_so(matcher) -> None:
    text = "开发区,时期,税收（亿元）\n清徐经开区,2022年,4\n,2023年,5\n"
    reading = Reading(text, matcher)
    assert reading.asked == [("fill_down", "")]
    assert len(reading.result.observations) == 1
    assert len(Reading(text, matcher, fill_down=True).result.observations) == 2


def test_columns_that_nobody_filled_in_are_no_missing_figures(matcher) -> None:
    reading = Reading("2023年,,\n开发区,税收（亿元）,工业投资（亿元）\n清徐经开区,4,\n", matcher)
    assert [o.indicator_id for o in reading.result.observations] == ["tax_revenue"]


def test_the_sheet_and_its_number_make_locators_and_ids(tmp_path, matcher) -> None:
    rows = [["2023年", None], ["开发区", "税收（亿元）"], ["清徐经开区", 5]]
    (grid,) = read_grids(xlsx(tmp_path / "a.xlsx", rows, sheet="一季度"))
    (figure,) = Reading(grid, matcher).result.observations
    assert (figure.locator, figure.row_id) == ("一季度!B3", "office-t-1-B3")
    assert Reading(grid, matcher).result == Reading(grid, matcher).result


def test_what_is_read_fits_the_facts_and_their_checks(facts, matcher) -> None:
    figures = Reading(WIDE, matcher).result.observations
    source = replace(facts.sources[0], source_id="office-src")
    whole = replace(
        facts, sources=(*facts.sources, source), observations=(*facts.observations, *figures)
    )
    assert from_frames(to_frames(whole)) == whole
    assert len(run_checks(whole)) >= len(run_checks(facts))


money = st.decimals(0, 10**9, places=4, allow_nan=False, allow_infinity=False)


@given(
    figures=st.lists(st.tuples(money, st.sampled_from(["亿元", "万元"])), min_size=1, max_size=4)
)
@settings(max_examples=40, deadline=None)
def test_printed_numbers_survive_exactly_and_convert_exactly(figures, matcher) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["开发区", "指标", "时期", "数值", "单位"])
    for year, (number, unit) in enumerate(figures, start=2001):
        writer.writerow(["清徐经开区", "税收", f"{year}年", f"{number:,f}", unit])
    read = Reading(text.getvalue(), matcher).result
    assert read.faults == []
    for figure, (number, unit) in zip(read.observations, figures, strict=True):
        assert Decimal(figure.printed_value) == number
        scale = 1 if unit == "亿元" else Fraction(1, 10_000)
        assert figure.value == float(Fraction(number) * scale)


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ("上年同期地区生产总值", "2022-H1"), ("去年同期地区生产总值", "2022-H1"),
        ("地区生产总值（上年同期）", "2022-H1"), ("地区生产总值上年同期数", "2022-H1"),
        ("上年地区生产总值", "2022-H1"), ("本月地区生产总值", "2023-06"),
        ("上月地区生产总值", "2023-05"), ("地区生产总值", "2023-H1"),
        ("本期地区生产总值", "2023-H1"),
    ],
)  # fmt: skip
def test_a_head_that_names_another_period_beside_the_figure(head, key, matcher) -> None:
    read = Reading(f"2023年上半年,\n开发区,{head}（亿元）\n清徐经济开发区,2\n", matcher)
    assert read.questions == ()
    (figure,) = read.result.observations
    assert (figure.indicator_id, figure.period.key, figure.kind) == ("regional_gdp", key, "actual")


def test_what_a_head_says_of_its_period_stays_when_somebody_says_what_it_names(matcher) -> None:
    read = Reading("2023年,\n开发区,上年同期区税（万元）\n清徐经济开发区,2\n", matcher)
    assert [q.kind for q in read.questions] == ["column"]
    column = read.mapping.columns[1]
    assert column.relative == "year_before"
    named = read.mapping.with_column(
        replace(column, role="value", indicator_id="tax_revenue", kind="actual")
    )
    again = merge(replace(named, columns=tuple(replace(c, relative="") for c in named.columns)),
                  read.mapping)  # fmt: skip
    for mapping in (named, again):
        found = to_observations(
            read.form, mapping, matcher.facts, source_id="office-src", row_prefix="office-t-"
        )
        assert [o.period.key for o in found.observations] == ["2022"]


def test_growth_over_the_year_before_is_of_this_year(matcher) -> None:
    read = Reading("2023年,\n开发区,地区生产总值比上年同期增长（%）\n清徐经济开发区,2\n", matcher)
    (figure,) = read.result.observations
    assert (figure.period.key, figure.kind) == ("2023", "yoy")


def test_a_row_that_names_another_period(matcher) -> None:
    table = (
        "2023年清徐经济开发区,,\n指标,单位,数值\n地区生产总值,亿元,3\n上年同期地区生产总值,亿元,2\n"
    )
    read = Reading(table, matcher, place_id="zone-qingxu-jingkai")
    assert {(o.period.key, o.value) for o in read.result.observations} == {
        ("2023", 3.0), ("2022", 2.0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("2024年开发区目标任务", "target"), ("2024年开发区任务分解表", "target"),
        ("2024年开发区主要指标计划表", "target"), ("2024年预计完成情况", "target"),
        ("2024年目标任务完成情况", "actual"), ("2024年开发区主要指标", "actual"),
    ],
)  # fmt: skip
def test_a_title_of_targets_makes_the_figures_targets(title, kind, matcher) -> None:
    heads = "地区生产总值（亿元）,2023年实际地区生产总值（亿元）"
    read = Reading(f"{title},,\n开发区,{heads}\n清徐经济开发区,2,1\n", matcher)
    found = {(o.period.key, o.kind) for o in read.result.observations}
    assert found == {("2024", kind), ("2023", "actual")}
    assert any("目标" in w.why for w in read.result.warnings) == (kind == "target")
    assert read.mapping.columns[1].kind == kind  # where the page lets it be changed
    rows = f"{title},,\n指标,单位,数值\n地区生产总值,亿元,3\n同比增长,%,5\n"
    long = Reading(rows, matcher, place_id="zone-qingxu-jingkai")
    assert {o.kind for o in long.result.observations} == {kind, "yoy"}
    (value,) = long.mapping.of_role("value")
    changed = long.mapping.with_column(replace(value, kind="actual"))
    actual = to_observations(
        long.form, changed, matcher.facts, source_id="office-src", row_prefix="office-t-"
    )
    assert {o.kind for o in actual.observations} == {"actual", "yoy"}


def test_figures_that_can_hardly_be_meant_are_told_with_their_cell(matcher) -> None:
    read = Reading(
        "2023年,,\n开发区,签约一批项目数（个）,开工率（%）\n清徐经济开发区,-5,92%\n"
        "中北高新区,1.5,0.92\n祁县经济开发区,3,192\n阳曲示范区,4,-5\n",
        matcher,
    )
    told = {warning.cell: warning.why for warning in read.result.warnings}
    assert set(told) == {"B3", "B4", "C4", "C5", "C6"}
    assert "为负" in told["B3"] and "整数" in told["B4"] and "0.92 表示 92%" in told["C4"]
    assert read.result.faults == []
    fine = Reading(
        "2023年,,\n开发区,签约一批项目数（个）,开工率（%）\n清徐经济开发区,0,0\n"
        "中北高新区,1.2万,100\n祁县经济开发区,—,76.19\n",
        matcher,
    )
    assert fine.result.warnings == []
