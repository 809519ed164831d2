"""Templates of the tables that are taken in: filled in, they are recognised without a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from facts.grids import Cell

EXAMPLE_MARK = "示例"  # a row that begins with it is never read


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """One column: its head, the unit in it ("" for none), an example and what to write there."""

    name_zh: str
    unit: str
    example: str | float
    note_zh: str
    note_en: str

    @property
    def head(self) -> str:
        """The head as it stands in the table: "投资额（亿元）"."""
        return f"{self.name_zh}（{self.unit}）" if self.unit else self.name_zh


@dataclass(frozen=True, slots=True)
class Template:
    """A table to be downloaded and filled in.

    Write `rows()` as they are: the heads, and an example row that readers know as one. The notes
    of the columns belong beside the table (comments, another sheet), not into it.
    """

    key: str
    name_zh: str
    name_en: str
    columns: tuple[TemplateColumn, ...]

    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The head row and the example row."""
        heads: tuple[Cell, ...] = tuple(column.head for column in self.columns)
        example: tuple[Cell, ...] = tuple(column.example for column in self.columns)
        return heads, example


_SERIAL = TemplateColumn(
    "序号", "", EXAMPLE_MARK,
    "写 1、2、3……；“示例”一行不会导入，可删去", "1, 2, 3 …; the row 示例 is not read",
)  # fmt: skip
_ZONE = TemplateColumn(
    "开发区", "", "清徐经济开发区", "与本系统的名称或别名一致", "a name or alias that is on file"
)
_PERIOD = TemplateColumn(
    "时期", "", "2023年上半年",
    "如 2023年、2023年上半年、2023年第一季度、2023年6月、截至2023年6月30日",
    "2023年, 2023年上半年, 2023年第一季度, 2023年6月, 截至2023年6月30日",
)  # fmt: skip
_NOTE = TemplateColumn("备注", "", "", "不导入统计数字", "not read with figures")
_FIGURE = (
    "没有数就留空或写“—”，不要写 0；可写 约、余、以上",
    "leave blank or write — where there is none, never 0; 约, 余, 以上 are understood",
)
_DATE = ("如 2023-06-30 或 2023年6月", "2023-06-30, or 2023年6月")
_COMMITTED = ("出让方案或协议中承诺的下限", "the least that is committed to")


def _figure(name: str, unit: str, example: float) -> TemplateColumn:
    return TemplateColumn(name, unit, example, *_FIGURE)


def _date(name: str, example: str) -> TemplateColumn:
    return TemplateColumn(name, "", example, *_DATE)


def _text(name: str, example: str, zh: str = "", en: str = "") -> TemplateColumn:
    return TemplateColumn(name, "", example, zh, en)


_WIDE = Template(
    "figures_wide", "指标表（一行一个开发区）", "Figures, one zone in a row",
    (
        _SERIAL, _ZONE, _PERIOD,
        _figure("规上工业增加值", "亿元", 12.3), _figure("规上工业增加值同比", "%", 5.2),
        _figure("工业投资", "亿元", 8.6), _figure("固定资产投资", "亿元", 15.2),
        _figure("税收", "亿元", 1.35), _figure("规上工业企业数", "家", 41),
        _figure("从业人员数", "人", 5200), _figure("签约一批项目数", "个", 6),
        _figure("签约一批计划总投资", "亿元", 30.5), _figure("开工一批项目数", "个", 5),
        _figure("投产一批项目数", "个", 4), _figure("标准地出让宗数", "宗", 2),
        _figure("标准地出让面积", "亩", 846.61),
    ),
)  # fmt: skip
_LONG = Template(
    "figures_long", "指标表（一行一个数）", "Figures, one in a row",
    (
        _SERIAL, _ZONE,
        _text("指标", "工业投资", "指标目录中的名称；同比、占比写在后面，如“工业投资同比”",
              "a name of the list of indicators; 同比 or 占比 behind it for growth or a share"),
        _PERIOD, _figure("数值", "", 8.6),
        _text("单位", "亿元", "如 亿元、万元、个、家、亩、%", "亿元, 万元, 个, 家, 亩, %"),
        _text("数据性质", "实际", "实际、目标、累计、同比、占比；可不填",
              "实际 actual, 目标 target, 累计 cumulative, 同比 growth, 占比 share; may be blank"),
        _text("统计范围", "", "如“2023年第四次”；可不填", "which round or projects; may be blank"),
        _NOTE,
    ),
)  # fmt: skip
_PARCELS = Template(
    "parcels", "标准地地块表", "Standard land parcels",
    (
        _SERIAL, _text("宗地编号", "QX-2023-01", "不重复；可不填", "unique; may be blank"),
        _text("地块名称", "清徐经开区一号地块"), _ZONE,
        _text("状态", "成交", "储备、出让公告、出让推进中、成交、开工、竣工、投产、达产",
              "the state, as one of these words"),
        _figure("面积", "亩", 120.5),
        TemplateColumn("投资强度", "万元/亩", 300, *_COMMITTED),
        TemplateColumn("亩均税收", "万元/亩", 15, *_COMMITTED),
        TemplateColumn("容积率", "", 1.0, *_COMMITTED),
        TemplateColumn("建筑系数", "%", 40, *_COMMITTED),
        TemplateColumn("单位能耗", "吨标煤/万元", 0.5,
                       "承诺的上限", "the most that is committed to"),
        _text("排放标准", "", "照承诺填写", "as committed to"), _text("用途", "工业用地"),
        _text("受让人", "某某公司"), _date("公告日期", "2023-03-01"),
        _date("成交日期", "2023-04-06"), _date("开工日期", "2023年6月"), _date("竣工日期", ""),
        _date("投产日期", ""), _date("达产日期", ""), _text("备注", ""),
    ),
)  # fmt: skip
_PROJECTS = Template(
    "projects", "三个一批项目表", "Projects of the three batches",
    (
        _SERIAL, _text("项目代码", "2304-140121-89-01-000001", "不重复；可不填", "may be blank"),
        _text("项目名称", "某某生产线项目"), _ZONE,
        _text("批次", "签约", "签约、开工、投产", "签约 signed, 开工 started, 投产 in production"),
        _text("场次", "2023年第四次", "第几次活动", "which round of the campaign"),
        _figure("计划总投资", "亿元", 12.5), _figure("预计年产值", "亿元", 20),
        _figure("用地面积", "亩", 80), _text("产业类别", "装备制造"), _text("投资主体", "某某公司"),
        _text("建设内容", ""), _text("进展", ""), _date("签约日期", "2023-12-01"),
        _date("开工日期", ""), _date("投产日期", ""), _text("备注", ""),
    ),
)  # fmt: skip

TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {template.key: template for template in (_WIDE, _LONG, _PARCELS, _PROJECTS)}
)
