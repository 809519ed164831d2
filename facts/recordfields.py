"""The fields of parcel and project tables, with the heads that offices give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from facts.celltexts import narrow

FieldKind = Literal["id", "text", "place", "number", "date", "stage"]

_ZONE = (
    r"(?:所属|所在|归属)?(?:开发区|园区|示范区|集聚区|片区)(?:名称)?"
    r"|所属(?:区域|单位)|报送单位|填报单位"
)
_COMPANY = (
    r"(?:投资|建设|项目|承建|实施|用地|竞得|受让)(?:方|主体|企业|单位|人)|业主(?:单位)?|受让方"
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its key in the record, the head of its template column, other heads for it.

    `unit` is the one it is kept in. `bound`: which bound a control indicator commits to.
    """

    key: str
    name_zh: str
    name_en: str
    kind: FieldKind
    heads: str = ""
    unit: str = ""
    bound: Literal["", "at_least", "at_most"] = ""

    def named(self, label: str) -> bool:
        """Whether a head, without its unit, names this field."""
        pattern = (
            f"{re.escape(self.name_zh)}|{self.heads}" if self.heads else re.escape(self.name_zh)
        )
        return bool(re.fullmatch(pattern, label, re.IGNORECASE))


PARCEL_FIELDS: tuple[Field, ...] = (
    Field("parcel_id", "宗地编号", "Parcel number", "id",
          r"(?:宗地|地块|标准地)(?:编号|号|编码|代码)|公告编?号|编号"),
    Field("name", "地块名称", "Parcel", "text",
          r"(?:宗地|标准地|项目)名称|名称|(?:宗地|地块|土地)?(?:位置|坐落|四至)"),
    Field("place_id", "开发区", "Zone", "place", _ZONE),
    Field("state", "状态", "State", "stage",
          r"(?:当前|目前|所处|宗地|地块)?(?:状态|阶段|进展|进度)(?:情况)?|出让(?:状态|情况)"),
    Field("area", "面积", "Area", "number",
          r"(?:宗地|地块|土地|用地|出让|占地|项目|净用地|成交|公布|申报)(?:用地|出让|总)?面积",
          "公顷"),
    Field("investment_wan_per_mu", "投资强度", "Investment intensity", "number",
          r"(?:固定资产|亩均|单位面积)?投资强度|亩均(?:固定资产)?投资(?:额)?",
          "万元/亩", "at_least"),
    Field("tax_wan_per_mu", "亩均税收", "Tax per mu and year", "number",
          r"(?:年)?亩均(?:年)?(?:税收|税金)(?:贡献)?|(?:地均税收|税收强度)", "万元/亩", "at_least"),
    Field("floor_area_ratio", "容积率", "Floor area ratio", "number", r"(?:综合|规划|工业)容积率",
          bound="at_least"),
    Field("building_percent", "建筑系数", "Building coefficient", "number", "", "%", "at_least"),
    Field("energy_tce_per_wan", "单位能耗", "Energy per output", "number",
          r"(?:单位|万元)(?:产值|产品)?(?:综合)?能耗(?:标准|水平|控制)?|能耗(?:标准|水平)?",
          "吨标煤/万元", "at_most"),
    Field("emissions", "排放标准", "Emissions", "text",
          r"(?:单位|主要|污染物)?(?:污染物)?排放(?:标准|量|水平|要求|控制)?|环境标准|环保(?:标准|要求)"),
    Field("use", "用途", "Use", "text", r"(?:土地|规划|用地|宗地)(?:用途|性质)|用地类型"),
    Field("company", "受让人", "Buyer", "text", rf"{_COMPANY}|企业(?:名称)?"),
    Field("announced_on", "公告日期", "Announced", "date", r"(?:出让)?公告(?:时间|日期)"),
    Field("granted_on", "成交日期", "Granted", "date",
          r"(?:成交|出让|摘牌|合同签订|签订合同)(?:时间|日期)"),
    Field("started_on", "开工日期", "Started", "date", r"(?:实际)?开工(?:时间|日期|建设时间)"),
    Field("completed_on", "竣工日期", "Completed", "date", r"(?:实际)?竣工(?:时间|日期)"),
    Field("producing_on", "投产日期", "In production", "date", r"(?:实际)?投产(?:时间|日期)"),
    Field("at_capacity_on", "达产日期", "At capacity", "date", r"(?:实际)?达产(?:时间|日期)"),
    Field("note", "备注", "Note", "text", r"说明|其他"),
)  # fmt: skip

PROJECT_FIELDS: tuple[Field, ...] = (
    Field("project_id", "项目代码", "Project code", "id",
          r"项目(?:编号|编码|统一代码|赋码)|(?:赋码|备案|立项)(?:号|编号)"),
    Field("name", "项目名称", "Project", "text", r"(?:建设|签约|开工|投产)?项目(?:名称)?"),
    Field("place_id", "开发区", "Zone", "place", _ZONE),
    Field("batch", "批次", "Batch", "stage", r"所属批次|三个一批|(?:项目)?类别|(?:项目)?类型|批别"),
    Field("round", "场次", "Round", "text", r"期次|轮次|活动(?:名称|场次|期次)?|(?:签约|集中)批次"),
    Field("total_investment_yi", "计划总投资", "Planned investment", "number",
          r"(?:项目|协议|估算|概算|拟)?总投资(?:额)?|(?:计划|协议|签约|拟)?投资(?:额|规模)?|计划投资额",
          "亿元"),
    Field("expected_output_yi", "预计年产值", "Expected yearly output", "number",
          r"(?:预计|预期|达产|达产后)?(?:年)?产值|达产(?:后)?年产值|预计产值", "亿元"),
    Field("land_mu", "用地面积", "Land", "number",
          r"(?:项目|拟)?(?:用地|占地)(?:面积|规模)?", "亩"),
    Field("industry", "产业类别", "Industry", "text",
          r"(?:所属|主导)?(?:产业|行业)(?:类型|领域|分类|门类|链)?"),
    Field("company", "投资主体", "Company", "text", rf"{_COMPANY}|(?:投资)?企业(?:名称)?"),
    Field("status", "进展", "Status", "text",
          r"(?:项目|建设|工程|形象|目前|当前)?(?:状态|进展|进度|阶段)(?:情况)?"),
    Field("content", "建设内容", "Content", "text",
          r"(?:主要)?(?:建设|项目)(?:规模及|规模和|规模与)?(?:主要)?内容(?:及规模)?|建设规模及内容|项目简介"),
    Field("signed_on", "签约日期", "Signed", "date", r"签约(?:时间|日期)"),
    Field("started_on", "开工日期", "Started", "date", r"(?:实际)?开工(?:时间|日期)"),
    Field("producing_on", "投产日期", "In production", "date",
          r"(?:实际)?(?:投产|竣工投产)(?:时间|日期)"),
    Field("note", "备注", "Note", "text", r"说明|其他"),
)  # fmt: skip

FIELDS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {"parcels": PARCEL_FIELDS, "projects": PROJECT_FIELDS}
)

# As store.standard_land.STATES, in their order, with the words for them.
STATE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "reserve": "储备|入库|收储|拟收储",
        "announced": "出让公告|公告|挂牌|公告期|挂牌公告",
        "granting": "出让推进|推进|出让|组织出让|拟出让",
        "granted": "成交|出让成交|摘牌",
        "started": "开工|在建|开工建设|建设",
        "completed": "竣工|建成|竣工验收",
        "producing": "投产|竣工投产",
        "at_capacity": "达产|达产达效|达效",
    }
)
BATCH_WORDS: Mapping[str, str] = MappingProxyType(
    {"signed": "签约", "started": "开工", "production": "投产|投产达效|达产达效"}
)
_GRANTED = re.compile(r"已(?:经)?出让")  # 出让 alone is under way
_ROUND = re.compile(
    r"(?:(?:19|20)[0-9]{2}年?)?(?:度|“?三个一批”?|集中签约|开发区)*第[一二三四五六七八九十0-9]+"
    r"(?:批?次|[期场轮批])(?:活动|“?三个一批”?)?"
)


def fields_of(table: str, labels: Sequence[str]) -> tuple[str, ...]:
    """The key of the field that each head names, "" for none; no field stands twice.

    A head that is a template's own goes before others that name the same field.
    """
    fields = FIELDS.get(table, ())
    keys = [""] * len(labels)
    taken: set[str] = set()

    def take(pairs: Iterable[tuple[int, Field]]) -> None:
        for at, field in pairs:
            if not keys[at] and field.key not in taken:
                keys[at] = field.key
                taken.add(field.key)

    plain = [narrow(label).replace(" ", "") for label in labels]
    take((i, f) for i, label in enumerate(plain) for f in fields if label == f.name_zh)
    take((i, f) for i, label in enumerate(plain) for f in fields if f.named(label))
    return tuple(keys)


def field_of(table: str, key: str) -> Field | None:
    """The field of that key."""
    return next((field for field in FIELDS.get(table, ()) if field.key == key), None)


def names_field(table: str, label: str, key: str) -> bool:
    """Whether a head, without its unit, names the field of that key."""
    field = field_of(table, key)
    return field is not None and field.named(narrow(label).replace(" ", ""))


def stage_field(table: str) -> str:
    """The key of the field that holds the state of a parcel or the batch of a project."""
    return "state" if table == "parcels" else "batch"


def stage_words(table: str) -> tuple[str, ...]:
    """What may be written for a state or a batch, one word for each."""
    words = STATE_WORDS if table == "parcels" else BATCH_WORDS
    return tuple(alternatives.split("|")[0] for alternatives in words.values())


def is_round(text: str) -> bool:
    """Whether a text is a round of the campaign (2026年第三次), and so no batch of projects."""
    return bool(_ROUND.fullmatch(narrow(text).replace(" ", "")))


def stage_of(table: str, text: str) -> str:
    """The state of a parcel or the batch of a project that a text names; "" for none."""
    compact = re.sub(r"[\s“”\"'()（）、,，。.]|[0-9]+[个项宗]?", "", narrow(text))
    compact = re.sub(r"^[一二三四五六七八九十]+(?=[^批])", "", compact)
    if table == "parcels":
        if _GRANTED.fullmatch(compact):
            return "granted"
        words, affix = STATE_WORDS, r"(?:{})(?:中|状态|阶段|地块|宗地|土地|标准地)*"
    else:
        words, affix = (
            BATCH_WORDS,
            r"(?:“?三个一批”?)?(?:集中)?(?:{})(?:一批)?(?:类)?(?:项目)?(?:清单|名单|表)?",
        )
    return next(
        (
            key
            for key, alternatives in words.items()
            if re.fullmatch(f"(?:已|正在|处于)?{affix.format(alternatives)}", compact)
        ),
        "",
    )


def stage_within(table: str, text: str) -> str:
    """The one stage that a title or sheet name speaks of; "" when it names none or several."""
    if table == "parcels":
        words = {"reserve": "储备", "announced": "公告", "granted": "成交|已出让"}
    else:
        words = {
            key: rf"(?:{alternatives})(?:一批|项目)" for key, alternatives in BATCH_WORDS.items()
        }
        if (own := stage_of(table, text)) != "":
            return own
    found = [key for key, pattern in words.items() if re.search(pattern, narrow(text))]
    return found[0] if len(found) == 1 else ""


def table_kind(
    labels: Sequence[str], *, records: bool
) -> Literal["figures", "parcels", "projects"]:
    """Which table these are the heads of; `records`: a row is about a parcel or a project."""
    parcels, projects = set(fields_of("parcels", labels)), set(fields_of("projects", labels))
    controls = parcels & {
        "investment_wan_per_mu", "tax_wan_per_mu", "floor_area_ratio", "building_percent",
    }  # fmt: skip
    if {"parcel_id", "area"} <= parcels or len(controls) >= 2:
        return "parcels"
    if records and "name" in projects:
        return "projects"
    return "parcels" if records and {"name", "area"} <= parcels else "figures"
