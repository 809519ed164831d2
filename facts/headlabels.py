"""Heads of columns taken apart: 投资额（亿元）, 同比±%, 2023年上半年产值/万元, 单位：万元、亩."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from facts import units
from facts.celltexts import narrow
from facts.periods import Period
from facts.periodtexts import find_period, parse_period

_BRACKETS = re.compile(r"[(\[【〔](?:单位:?)?([^()\[\]【】〔〕]{1,12})[)\]】〕]")
_PER_CENT = re.compile(r"(?:±|\+/-|\+-)?%$")
_SEPARATOR = re.compile(r"[/,: 、]")
# Behind a head without any mark between; shorter units would be found in many words.
_PLAIN_ENDS = (
    "万亿元",
    "亿元",
    "万元",
    "平方公里",
    "平方千米",
    "万平方米",
    "公顷",
    "亿美元",
    "万美元",
)
_UNIT_LINE = re.compile(r"单位 ?:")
_UNIT_WORDS = re.compile(r"[、,;，；和及\s]+")
_SPACED = re.compile(r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])")  # 开 发 区
_META = re.compile(
    r"(?:单位|日期|时间|编号|表号|文号|机关|负责人|填表人|填报人|审核人|制表人|制表|联系人|电话|"
    r"统计范围|报告期|有效期[^:]*|报送[^:]*|填报[^:]*) ?:"
)


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head without its unit and period; `labels` are its rows from top to bottom."""

    labels: tuple[str, ...] = ()
    unit: str = ""
    period: Period | None = None

    @property
    def label(self) -> str:
        """The rows in one."""
        return "".join(self.labels)


def head_of(parts: Iterable[str], *, year: int | None = None) -> Head:
    """The head that the header's cells above a column make; `year` is that of the title."""
    labels: list[str] = []
    unit, period = "", None
    for part in parts:
        text, found = split_unit(_SPACED.sub("", part))
        unit = found or unit
        if not text:
            continue
        if (whole := parse_period(text, year=year)) is not None:
            period = whole
            continue
        inside = find_period(text)
        if inside is not None and (rest := inside[1].strip("()")):
            period, text = inside[0], rest
        if not labels or labels[-1] != text:
            labels.append(text)
    return Head(tuple(labels), unit, period)


def split_unit(text: str) -> tuple[str, str]:
    """A head and the unit in it: "投资额（亿元）" -> ("投资额", "亿元"); "" where there is none."""
    label = narrow(text)
    if is_unit(label):
        return "", label
    for match in _BRACKETS.finditer(label):
        inner = match[1].strip().lstrip("±")
        if is_unit(inner):
            return (label[: match.start()] + label[match.end() :]).strip(), inner
    if len(label) > 1 and (per_cent := _PER_CENT.search(label)):
        return label[: per_cent.start()].rstrip("(/ "), "%"
    for mark in _SEPARATOR.finditer(label):
        rest = label[mark.end() :].strip()
        if mark.start() and is_unit(rest):
            return label[: mark.start()].strip(), rest
    for end in _PLAIN_ENDS:
        if label.endswith(end) and len(label) > len(end) + 1:
            return label.removesuffix(end), end
    return label, ""


def is_unit(text: str) -> bool:
    """Whether a text is nothing but a unit (容积率 is one by itself, but more often a head)."""
    return 0 < len(text) <= 12 and text != "容积率" and units.is_known(text)


def units_of_line(text: str) -> tuple[str, ...]:
    """The units that a line above a table names; none in 填报单位：太原市商务局."""
    line = narrow(text)
    bare = line.strip("()[]【】")
    if is_unit(bare):
        return (bare,)
    found: list[str] = []
    for part in _UNIT_LINE.split(line)[1:]:
        found += [word for word in _UNIT_WORDS.split(part.strip("() ")) if is_unit(word)]
    return tuple(dict.fromkeys(found))


def is_meta(text: str) -> bool:
    """Whether a cell belongs to the lines around a table: 填报单位：…, 单位：万元, （亿元）."""
    line = narrow(text)
    return bool(_META.search(line)) or bool(units_of_line(line))


def unit_among(candidates: Sequence[str], wanted: str) -> str:
    """The one unit of a unit line that converts to the wanted one; "" for none or several."""
    fitting = [unit for unit in candidates if units.compatible(unit, wanted)]
    return fitting[0] if len(fitting) == 1 else ""
