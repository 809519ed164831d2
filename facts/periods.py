"""Periods that figures refer to: a stretch of days, a day they are counted on, or both."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from facts.errors import BadPeriod

Lang = Literal["zh", "en"]

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_QUARTERS_ZH = ("一", "二", "三", "四")


def parse_date(text: str) -> date:
    """A date written YYYY-MM-DD and in no other way.

    Raises:
        ValueError: when it is written otherwise or is not a day of the calendar.
    """
    if not _ISO_DATE.fullmatch(text):
        raise ValueError(f"not a date YYYY-MM-DD: {text!r}")
    return date.fromisoformat(text)


@dataclass(frozen=True)
class Period:
    """The days ``start`` to ``end`` inclusive, and/or the day ``as_of`` on which was counted.

    Either start and end, or as_of alone, or all three. ``label`` is the text as printed; it takes
    no part in the key.

    Raises:
        BadPeriod: when the dates are incomplete or the end lies before the start.
    """

    start: date | None
    end: date | None
    as_of: date | None = None
    label: str = ""

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise BadPeriod("起止日期须同时给出 / start and end only go together")
        _either(self.start, self.as_of)
        if self.start is not None and self.end is not None and self.end < self.start:
            raise BadPeriod(
                f"时期结束（{self.end}）早于开始（{self.start}） / the period ends before it starts"
            )

    @property
    def first_day(self) -> date:
        """The first day covered; the as-of date of a period that is only that."""
        return _either(self.start, self.as_of)

    @property
    def last_day(self) -> date:
        """The last day covered; the as-of date of a period that is only that."""
        return _either(self.end, self.as_of)

    @property
    def is_moment(self) -> bool:
        """Whether only an as-of date is known: a stock, counted on one day."""
        return self.start is None

    @property
    def key(self) -> str:
        """Canonical text, the same for the same days and different for different ones.

        "2023", "2023-H1", "2021-Q1", "2023-06" (a month), "2023-01..2023-11" (whole months),
        "2021..2024" (whole years), "2022-05-01..2024-12-27", "2023-12-01..2023-12-01" (one day),
        "2023-06-30" (as-of only); "@2024-12-27" follows when the as-of day is not the last day.
        """
        if self.start is None or self.end is None:
            return self.last_day.isoformat()
        key = _range_key(self.start, self.end)
        return f"{key}@{self.as_of.isoformat()}" if self.as_of and self._as_of_differs else key

    def name(self, lang: Lang) -> str:
        """A reader's name: "2023年上半年" / "H1 2023", "截至2023年11月30日" / "as of …"."""
        if self.start is None or self.end is None:
            return _as_of_name(self.last_day, lang)
        name = _range_name(self.start, self.end, lang)
        if not self._as_of_differs or self.as_of is None:
            return name
        as_of = _as_of_name(self.as_of, lang)
        return f"{name}（{as_of}）" if lang == "zh" else f"{name} ({as_of})"

    @property
    def sort_key(self) -> tuple[date, date, date, str]:
        """Order in time: by the last day, then the first, then the as-of day."""
        return (self.last_day, self.first_day, self.as_of or self.last_day, self.label)

    def __lt__(self, other: Period) -> bool:
        return self.sort_key < other.sort_key

    def __le__(self, other: Period) -> bool:
        return self.sort_key <= other.sort_key

    def __gt__(self, other: Period) -> bool:
        return self.sort_key > other.sort_key

    def __ge__(self, other: Period) -> bool:
        return self.sort_key >= other.sort_key

    def overlaps(self, other: Period) -> bool:
        """Whether at least one day belongs to both."""
        return self.first_day <= other.last_day and other.first_day <= self.last_day

    def contains(self, other: Period | date) -> bool:
        """Whether every day of the other belongs to this one."""
        if isinstance(other, date):
            return self.first_day <= other <= self.last_day
        return self.first_day <= other.first_day and other.last_day <= self.last_day

    @property
    def _as_of_differs(self) -> bool:
        """Counting at the end of the stretch is the usual case and needs no mention."""
        return self.as_of is not None and self.end is not None and self.as_of != self.end


def _either(day: date | None, as_of: date | None) -> date:
    """The day itself, else the as-of day; one of them is always there in a period."""
    known = day or as_of
    if known is None:
        raise BadPeriod("没有时期 / no period: neither start and end nor as-of date")
    return known


def _last_of_month(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def _whole_months(start: date, end: date) -> bool:
    return start.day == 1 and _last_of_month(end)


def _whole_years(start: date, end: date) -> bool:
    return _whole_months(start, end) and start.month == 1 and end.month == 12


def _half(start: date, end: date) -> int | None:
    """1 or 2 when the days are exactly that half of a year."""
    months = (start.month, end.month)
    if start.year != end.year or not _whole_months(start, end):
        return None
    return {(1, 6): 1, (7, 12): 2}.get(months)


def _quarter(start: date, end: date) -> int | None:
    """1 to 4 when the days are exactly that quarter of a year."""
    if start.year != end.year or not _whole_months(start, end) or end.month - start.month != 2:
        return None
    return end.month // 3 if end.month % 3 == 0 else None


def _range_key(start: date, end: date) -> str:
    if _whole_years(start, end):
        return f"{start.year:04}" if start.year == end.year else f"{start.year:04}..{end.year:04}"
    if half := _half(start, end):
        return f"{start.year:04}-H{half}"
    if quarter := _quarter(start, end):
        return f"{start.year:04}-Q{quarter}"
    if _whole_months(start, end):
        first, last = start.isoformat()[:7], end.isoformat()[:7]
        return first if first == last else f"{first}..{last}"
    return f"{start.isoformat()}..{end.isoformat()}"


def _day_name(day: date, lang: Lang) -> str:
    if lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"


def _as_of_name(day: date, lang: Lang) -> str:
    name = _day_name(day, lang)
    return f"截至{name}" if lang == "zh" else f"as of {name}"


def _range_name(start: date, end: date, lang: Lang) -> str:
    """The name of a stretch of days, as short as its ends allow."""
    if start == end:
        return _day_name(start, lang)
    if _whole_years(start, end):
        years = f"{start.year}" if start.year == end.year else f"{start.year}—{end.year}"
        return f"{years}年" if lang == "zh" else years.replace("—", "–")
    if half := _half(start, end):
        zh = f"{start.year}年{'上' if half == 1 else '下'}半年"
        return zh if lang == "zh" else f"H{half} {start.year}"
    if quarter := _quarter(start, end):
        zh = f"{start.year}年第{_QUARTERS_ZH[quarter - 1]}季度"
        return zh if lang == "zh" else f"Q{quarter} {start.year}"
    if _whole_months(start, end):
        return _months_name_zh(start, end) if lang == "zh" else _months_name_en(start, end)
    dash = "—" if lang == "zh" else " – "
    return f"{_day_name(start, lang)}{dash}{_day_name(end, lang)}"


def _months_name_zh(start: date, end: date) -> str:
    if start.year != end.year:
        return f"{start.year}年{start.month}月—{end.year}年{end.month}月"
    if start.month == end.month:
        return f"{start.year}年{start.month}月"
    return f"{start.year}年{start.month}—{end.month}月"


def _months_name_en(start: date, end: date) -> str:
    first, last = calendar.month_name[start.month], calendar.month_name[end.month]
    if start.year != end.year:
        return f"{first} {start.year} – {last} {end.year}"
    return f"{first} {start.year}" if first == last else f"{first}–{last} {start.year}"
