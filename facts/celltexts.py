"""Figures as people type them: 1,234.5; １２．５; 约300; 300余; 76.19%; 3.5亿元; — for none."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from facts import units
from facts.errors import UnknownUnit
from facts.grids import Cell, plain_number, text_of
from facts.model import Qualifier

# Marks that stand for "no figure", never for zero. 无 and 空 are words for it, 0 is not.
_DASHES = re.compile(r"[-—―–−─/\\.…·*×_~]{1,12}|x{1,4}")
_WORDS = (
    "无 空 缺 无数据 缺数 暂无 暂无数据 未统计 未报 不详 待定 待报 待核 待补 未知 "
    "na n/a n.a. nan null none nil"
)
_BLANKS = frozenset(_WORDS.split())
_MAX_TEXT = 60
_MAX_DIGITS = 40
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " "}
_MINUS = str.maketrans({"−": "-", "﹣": "-", "–": "-", "﹪": "%", "٪": "%"})

_AT_LEAST = (
    "不少于",
    "不低于",
    "不小于",
    "大于等于",
    "至少",
    "超过",
    "大于",
    "高于",
    "多于",
    "超",
    "逾",
    "≥",
    ">=",
    ">",
)
_AT_MOST = (
    "不超过",
    "不高于",
    "不大于",
    "不多于",
    "小于等于",
    "至多",
    "最多",
    "小于",
    "低于",
    "少于",
    "≤",
    "<=",
    "<",
)
_APPROX = ("大约", "约为", "大概", "接近", "约", "近", "≈", "~")
_BEFORE: dict[str, Qualifier] = {
    **dict.fromkeys(_AT_LEAST, "at_least"),
    **dict.fromkeys(_AT_MOST, "at_most"),
    **dict.fromkeys(_APPROX, "approx"),
}  # fmt: skip
_AFTER: dict[str, Qualifier] = {
    "以上": "at_least", "及以上": "at_least", "余": "at_least", "多": "at_least", "+": "at_least",
    "以下": "at_most", "以内": "at_most", "及以下": "at_most",
    "左右": "approx", "上下": "approx",
}  # fmt: skip
_RISES, _FALLS = (
    ("增长", "上升", "提高", "增加", "↑"),
    ("下降", "下滑", "降低", "减少", "回落", "↓"),
)


def _any(words: tuple[str, ...] | dict[str, Qualifier]) -> str:
    """A pattern for any of the words, longer ones first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_FIGURE = re.compile(
    rf"(?P<before>{_any(_BEFORE)})?(?:同比)?(?P<way>{_any(_RISES + _FALLS)})?(?P<near>约)?"
    r"(?P<number>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?"
    r"|[+-]?\.[0-9]+)"
    rf"(?P<inner>余|多|\+)?(?P<unit>.*?)(?P<after>{_any(_AFTER)})?"
)
_FOOTNOTE = re.compile(r"(?:[①-⑳⁰¹²³⁴-⁹]+|[*※#]+|\[[0-9]+\]|\(?注[0-9]*\)?)$")
_BLANK_BETWEEN = re.compile(r"(?<=[0-9])[ ']+(?=[0-9]{3}(?![0-9]))")


@dataclass(frozen=True, slots=True)
class Figure:
    """What a cell says: `number` in plain decimals and the unit beside it, or why there is none.

    Exactly one of `number`, `missing` (no figure is given; the reason in Chinese) and `fault`
    (something is, but no number; bilingual) is not empty. `unit` is as written in the cell,
    perhaps only 万 or 亿. `footnote`: a mark of a footnote was left out.
    """

    number: str = ""
    unit: str = ""
    qualifier: Qualifier = "exact"
    missing: str = ""
    fault: str = ""
    footnote: bool = False


def narrow(text: str) -> str:
    """The text on one line, with full-width letters, digits and marks of ASCII made half-width.

    Unlike NFKC this leaves ² of km² and the ① of a footnote what they are.
    """
    return " ".join(text.translate(_FULL_WIDTH).translate(_MINUS).split())


def read_figure(cell: Cell) -> Figure:
    """What a cell says. A blank cell, and marks such as —, are missing, never zero."""
    if cell is None:
        return Figure(missing="表中此格为空")
    if isinstance(cell, bool | date):
        return Figure(fault=_no_number(text_of(cell)))
    if isinstance(cell, float | int):
        number = plain_number(cell) if math.isfinite(cell) else ""
        if not number or len(number) > _MAX_DIGITS:
            return Figure(fault=_no_number(str(cell)))
        return Figure(number)
    return _read_text(cell)


def _read_text(cell: str) -> Figure:
    shown = cell.strip()
    text = narrow(shown).removeprefix("'")
    compact = text.replace(" ", "")
    if not compact:
        return Figure(missing="表中此格为空")
    if compact.casefold() in _BLANKS or _DASHES.fullmatch(compact.casefold()):
        return Figure(missing=f"表中写“{shown[:_MAX_TEXT]}”")
    if text.startswith("#"):
        return Figure(fault=_formula_fault(text))
    if len(compact) > _MAX_TEXT:
        return Figure(fault=_no_number(shown))
    found = _parse(text, shown)
    if found.fault and (mark := _FOOTNOTE.search(text)):
        without = _parse(text[: mark.start()].strip(), shown)
        if not without.fault:
            return Figure(without.number, without.unit, without.qualifier, footnote=True)
    return found


def _parse(text: str, shown: str) -> Figure:
    joined = _BLANK_BETWEEN.sub(",", text)
    if re.search(r"[0-9.] +[0-9]", joined):  # two numbers, not one with a blank inside
        return Figure(fault=_no_number(shown))
    match = _FIGURE.fullmatch(joined.replace(" ", ""))
    if match is None:
        return Figure(fault=_no_number(shown))
    words = [_BEFORE.get(match["before"] or ""), _AFTER.get(match["inner"] or "")]
    words += [_AFTER.get(match["after"] or ""), "approx" if match["near"] else None]
    qualifiers = {word for word in words if word}
    number = _plain(match["number"], falls=(match["way"] or "") in _FALLS)
    unit = match["unit"].strip("()")
    if qualifiers == {"approx", "at_least"}:  # “约300余”
        qualifiers = {"approx"}
    if len(qualifiers) > 1 or number is None or not _is_unit(unit):
        return Figure(fault=_no_number(shown))
    return Figure(number, unit, qualifiers.pop() if qualifiers else "exact")


def _plain(text: str, *, falls: bool) -> str | None:
    """The number in plain decimals, every digit kept; None when it is none."""
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    if falls:
        if text.startswith("-"):  # “下降-2.3%” may mean either
            return None
        number = -number
    plain = format(number, "f").lstrip("+")
    return plain if len(plain) <= _MAX_DIGITS else None


def _is_unit(text: str) -> bool:
    return text in ("", "万", "亿") or units.is_known(text)


def _no_number(text: str) -> str:
    return f"“{text[:_MAX_TEXT]}”不是一个数 / not a single number"


def _formula_fault(text: str) -> str:
    if text == "#N/C":
        return (
            "公式没有保存结果，请用 Excel 打开并保存 / "
            "a formula without a saved result: open the file in Excel and save it"
        )
    return f"公式出错（{text[:20]}），请在表中改正 / the formula gives an error ({text[:20]})"


def full_unit(written: str, column_unit: str) -> str:
    """The unit of a figure from that in its cell and that of its column; either may be "".

    A bare 万 or 亿 multiplies the column's unit: 1.2万 in a column of 人 is in 万人.

    Raises:
        UnknownUnit: 万 or 亿 of something that is not counted so.
    """
    if written not in ("万", "亿"):
        return written or column_unit
    unit = f"{written}{column_unit}"
    # 1.2万 in a column of 亿元 is hardly a million million.
    if column_unit[:1] in ("", "万", "亿") or not units.is_known(unit):
        raise UnknownUnit(
            f"“{written}”是什么的倍数不清楚，请把单位写全（如“万元”） / "
            f"“{written}” of what? Write the unit out"
        )
    return unit
