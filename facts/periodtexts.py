"""Periods as people write them: 2023年上半年, 2023年1-6月, 2021Q1, 截至2023年6月底, 上年同期."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from facts.celltexts import narrow
from facts.errors import BadPeriod
from facts.grids import Cell
from facts.periods import Period

Relative = Literal["", "same", "year_before", "last_month", "month_before", "year_to_date"]

_FIRST_YEAR, _LAST_YEAR = 1949, 2100
_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4}
_DASH = r"(?:-|—|——|~|至|到|\.\.)"
_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_MONTH = r"(?:1[0-2]|0?[1-9])"
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])"
_NO_DIGIT = r"(?![0-9])"
_UP_TO = r"(?P<upto>截至|截止|截止到|至|到)?"

# Tried in this order; each stands alone or, for find_period, anywhere in a text.
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # from a day, month or year to another
        rf"{_YEAR}(?:年|[-./])(?P<m1>{_MONTH})(?:月|[-./])(?P<d1>{_DAY})日?{_DASH}"
        rf"(?P<year2>(?:19|20)[0-9]{{2}})(?:年|[-./])(?P<m2>{_MONTH})(?:月|[-./])(?P<d2>{_DAY})日?",
        rf"{_YEAR}(?:年|[-./])(?P<m1>{_MONTH})月?{_DASH}"
        rf"(?P<year2>(?:19|20)[0-9]{{2}})(?:年|[-./])(?P<m2>{_MONTH})月?{_NO_DIGIT}",
        rf"{_YEAR}年(?P<m1>{_MONTH})月?{_DASH}(?P<m2>{_MONTH})月",
        rf"{_YEAR}-(?P<m1>{_MONTH})\.\.(?P<m2>{_MONTH}){_NO_DIGIT}",
        rf"{_YEAR}年?{_DASH}(?P<year2>(?:19|20)[0-9]{{2}})(?:年|$)",
        # up to a day, a month's end, a year's end
        rf"{_UP_TO}{_YEAR}年(?P<m1>{_MONTH})月(?P<d1>{_DAY})日",
        rf"{_UP_TO}{_YEAR}(?P<sep>[-./])(?P<m1>{_MONTH})(?P=sep)(?P<d1>{_DAY}){_NO_DIGIT}",
        rf"{_UP_TO}{_YEAR}年(?P<m1>{_MONTH})月(?P<end>底|末)",
        rf"{_UP_TO}{_YEAR}年(?P<yearend>底|末)",
        # a part of a year
        rf"{_YEAR}年?[-.]?(?P<half>上|下)半年",
        rf"{_YEAR}年?[-.]?H(?P<half>[12]){_NO_DIGIT}",
        rf"{_YEAR}年?[-.]?第?(?P<quarter>[一二三四1-4])季度?",
        rf"{_YEAR}年?[-.]?Q(?P<quarter>[1-4]){_NO_DIGIT}",
        rf"{_YEAR}年?前(?P<quarters>[二三两])季度",
        rf"{_UP_TO}{_YEAR}年(?P<m1>{_MONTH})月",
        rf"{_UP_TO}{_YEAR}[-./](?P<m1>{_MONTH}){_NO_DIGIT}",
        rf"{_UP_TO}{_YEAR}(?P<m1>0[1-9]|1[0-2]){_NO_DIGIT}",
        rf"{_YEAR}(?:年度|年|全年|$)",
    )
)
# The same without a year, which then stands elsewhere: the title, the default period.
_YEARLESS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<m1>{_MONTH})月?{_DASH}(?P<m2>{_MONTH})月",
        r"(?P<half>上|下)半年",
        r"第?(?P<quarter>[一二三四1-4])季度?",
        r"前(?P<quarters>[二三两])季度",
        rf"(?P<m1>{_MONTH})月",
        r"(?P<whole>全年)",
    )
)
_UNTIL = re.compile(r"截[至止]|[至到]|[底末]")
_TAIL = re.compile(r"(?:份|累计|期间|止|实际|完成|数)*$")
_RELATIVE: dict[str, Relative] = {
    **dict.fromkeys(("本期", "本年", "当年", "本期实际"), "same"),
    **dict.fromkeys(
        ("上年同期", "去年同期", "同期", "上年", "去年", "上年度", "上一年", "上一年度"),
        "year_before",
    ),
    **dict.fromkeys(("本月", "当月", "本月实际"), "last_month"),
    **dict.fromkeys(("上月", "上个月"), "month_before"),
    **dict.fromkeys(
        (
            "累计",
            "本年累计",
            "自年初累计",
            "年初至今",
            "年初累计",
            "本月止累计",
            "至本月累计",
            "1-本月",
        ),
        "year_to_date",
    ),
}  # fmt: skip
_GROWTH = re.compile(r"(?:同比|(?:比|较)(?:上年|去年|上月)|增长|增减|增速|增幅).*$")
# Beside what is measured: 本期 changes nothing there, and 累计投资 need not begin with January.
_ASIDE = "|".join(
    re.escape(word)
    for word in sorted(_RELATIVE, key=len, reverse=True)
    if _RELATIVE[word] != "same" and word != "累计"
)
_ASIDE_PARTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"[(\[【〔](?P<word>{_ASIDE})(?:数|值|实际|完成)*[)\]】〕]",
        rf"^(?P<word>{_ASIDE})(?:的|数|值|实际|完成)*[:：、—-]?",
        rf"(?<![比较与])(?P<word>{_ASIDE})(?:数|值|实际|完成)*$",
    )
)
# Days on which a table was made or sent, which its figures are not of.
_MADE = "填报|报送|上报|填表|填写|制表|编制|打印|印发|发布|公布|发文|成文|签发|报出|导出|更新|审核"
_DAY_TEXT = (
    r"(?:19|20)[0-9]{2}\s*(?:[年./-]\s*(?:[0-9]{1,2}\s*(?:[月./-]\s*(?:[0-9]{1,2}\s*日?)?)?)?)?"
)
_MADE_ON = re.compile(
    rf"(?:{_MADE})(?:(?:日期|时间|日)\s*[:：]?|\s*[:：]|于)\s*{_DAY_TEXT}"
    rf"|(?:19|20)[0-9]{{2}}\s*[年./-]\s*[0-9]{{1,2}}\s*(?:[月./-]\s*(?:[0-9]{{1,2}}\s*日?)?)?"
    rf"\s*(?:{_MADE})"
)
_DATED = re.compile(rf"(?:日期|时间)\s*[:：]?\s*{_DAY_TEXT}")


def parse_period(cell: Cell, *, year: int | None = None) -> Period | None:
    """The period that a text is, labelled as printed; None when it is none.

    A day, and what is "up to" something, is an as-of date; a month, quarter or year a stretch.
    `year` stands in where the text names none.
    """
    if isinstance(cell, float):
        cell = str(int(cell)) if _FIRST_YEAR <= cell <= 210012 and cell == int(cell) else None
    if isinstance(cell, date):
        day = date(cell.year, cell.month, cell.day)
        return Period(None, None, day, day.isoformat())
    return _parse_text(cell, year) if isinstance(cell, str) else None


@lru_cache(maxsize=2048)
def _parse_text(cell: str, year: int | None) -> Period | None:
    """The period that a text is; a column holds the same few again and again."""
    label = narrow(cell)[:100]
    text = _tidy(label)
    if not text or len(text) > 40:
        return None
    for wanted in dict.fromkeys((text, _TAIL.sub("", text))):
        for pattern in _PATTERNS:
            if match := pattern.fullmatch(wanted):
                return _labelled(_period(match, None), label)
        if year is None:
            continue
        for pattern in _YEARLESS:
            if match := pattern.fullmatch(wanted):
                return _labelled(_period(match, year), label)
    return None


def find_period(text: str) -> tuple[Period, str] | None:
    """The first period inside a text that names its year, and the text without it."""
    tidy = _tidy(narrow(text))[:200]
    for pattern in _PATTERNS:
        match = pattern.search(tidy)
        if match and (period := _period(match, None)):
            rest = tidy[: match.start()] + tidy[match.end() :]
            return replace(period, label=match[0]), rest
    return None


def relative_period(text: str) -> Relative:
    """What a head such as 本期, 上年同期 or 累计 says about the table's period; "" for nothing."""
    return _RELATIVE.get(_GROWTH.sub("", _tidy(narrow(text))).removesuffix("数"), "")


def relative_aside(text: str) -> tuple[Relative, str]:
    """As `relative_period` of a head that names what is measured as well, and the rest of it.

    上年同期产值, 产值上年同期 and 产值（上年同期） are the output of a year before.
    """
    tidy = "".join(narrow(text).split())
    growth = match[0] if (match := _GROWTH.search(tidy)) else ""
    level = tidy.removesuffix(growth)
    for pattern in _ASIDE_PARTS:
        if match := pattern.search(level):
            rest = level[: match.start()] + level[match.end() :] + growth
            if rest:
                return _RELATIVE[match["word"]], rest
    return "", text


def period_above(lines: Sequence[str]) -> Period | None:
    """The period that the lines above a table tell, None where they tell none.

    The day on which it was made, sent or printed is none, whatever the title says; what is only
    dated, or a day by itself, goes behind the title.
    """
    kept = _MADE_ON.sub(" ", "\n".join(lines))
    titles = (
        line
        for line in _DATED.sub(" ", kept).split("\n")
        if not ((alone := parse_period(line)) and alone.is_moment and not _UNTIL.search(line))
    )
    found = find_period(" ".join(titles)) or find_period(kept)
    return found[0] if found else None


def shifted(base: Period, relative: Relative) -> Period | None:
    """The period that stands so to the table's own one; None where there is none."""
    if relative == "same":
        return base
    if relative == "year_before":
        return Period(_year_before(base.start), _year_before(base.end), _year_before(base.as_of))
    end = base.last_day
    if relative == "last_month":
        return Period(end.replace(day=1), _month_end(end.year, end.month))
    if relative == "month_before":
        last = end.replace(day=1) - timedelta(days=1)
        return Period(last.replace(day=1), last)
    if relative == "year_to_date":  # in statistics 累计 begins with January
        return base if base.start is None else Period(date(end.year, 1, 1), end)
    return None


def since_january(period: Period) -> Period:
    """What 累计 makes of a period of one year: from January to its end; moments stay as they are.

    The label is written so that `parse_period` gives the same period.
    """
    start, end = period.start, period.last_day
    if start is None or start.year != end.year or (start.month, start.day) == (1, 1):
        return period
    if end != _month_end(end.year, end.month):
        return Period(date(end.year, 1, 1), end, period.as_of, period.label)
    return Period(date(end.year, 1, 1), end, period.as_of, f"{end.year}年1-{end.month}月")


def partial_date(cell: Cell) -> str | None:
    """A date as far as it is known, YYYY, YYYY-MM or YYYY-MM-DD; None when it is none."""
    period = parse_period(cell)
    if period is None:
        return None
    if period.start is None:
        return period.last_day.isoformat()
    key = period.key
    return key if re.fullmatch(r"[0-9]{4}(-[0-9]{2})?", key) else None


def _tidy(text: str) -> str:
    return "".join(text.split()).strip("()[]【】“”\"':,;。、").replace("年份", "年")


def _labelled(period: Period | None, label: str) -> Period | None:
    return replace(period, label=label) if period else None


def _year_before(day: date | None) -> date | None:
    if day is None:
        return None
    # The end of February stays the end of February.
    if day.day == calendar.monthrange(day.year, day.month)[1]:
        return _month_end(day.year - 1, day.month)
    return day.replace(year=day.year - 1)


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _period(match: re.Match[str], year: int | None) -> Period | None:
    """The days of a match; None when they are no days of the calendar."""
    part = match.groupdict()
    year = int(part["year"]) if part.get("year") else year
    if year is None or not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        if part.get("d1") and not part.get("d2"):
            return Period(None, None, date(year, int(part["m1"]), int(part["d1"])))
        if part.get("end") or (part.get("upto") and part.get("m1")):
            return Period(None, None, _month_end(year, int(part["m1"])))
        if part.get("yearend"):
            return Period(None, None, date(year, 12, 31))
        return Period(*_stretch(part, year))
    except (ValueError, BadPeriod):
        return None


def _stretch(part: dict[str, str | None], year: int) -> tuple[date, date]:
    """The first and the last day of a stretch."""
    last_year = int(part.get("year2") or year)
    if half := part.get("half"):
        first = 1 if half in ("上", "1") else 7
        return date(year, first, 1), _month_end(year, first + 5)
    if quarter := part.get("quarter"):
        first = 3 * (_NUMERALS.get(quarter) or int(quarter)) - 2
        return date(year, first, 1), _month_end(year, first + 2)
    if quarters := part.get("quarters"):
        return date(year, 1, 1), _month_end(year, 9 if quarters == "三" else 6)
    m1, m2, d2 = part.get("m1"), part.get("m2"), part.get("d2")
    if not m1:
        return date(year, 1, 1), date(last_year, 12, 31)
    start = date(year, int(m1), int(part.get("d1") or 1))
    last_month = int(m2 or m1)
    return start, date(last_year, last_month, int(d2)) if d2 else _month_end(last_year, last_month)
