"""Number formats of workbooks, as far as they change what a reader takes a number for.

0.7619 under "0.00%" is read as 76.19 %. 35000 under `0!.0,"万元"`, a format much used in China,
is read as 3.5 万元: the comma hides three digits, the quoted point one more. A day under
`yyyy"年"m"月"` is read as its month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from facts import units
from facts.grids import Cell, plain_number

DateParts = Literal["", "day", "month", "year"]

# Formats that files name by number only (ECMA-376, part 1, 18.8.30; from 27 on as in zh-cn).
_BUILT_IN = MappingProxyType(
    {
        9: "0%", 10: "0.00%", 14: "m/d/yyyy", 15: "d-mmm-yy", 17: "mmm-yy", 22: "m/d/yyyy h:mm",
        27: 'yyyy"年"m"月"', 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"', 36: 'yyyy"年"m"月"',
        50: 'yyyy"年"m"月"', 52: 'yyyy"年"m"月"', 57: 'yyyy"年"m"月"',
    }
)  # fmt: skip
_PLACEHOLDERS = "0#?"
_EPOCH = date(1899, 12, 30)
_LAST_SERIAL = 2_958_465  # 9999-12-31


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """What a format does: shows per cent, 1/10**`shift` of the number, a unit, parts of a day."""

    percent: bool = False
    shift: int = 0
    unit: str = ""
    date: DateParts = ""

    @property
    def plain(self) -> bool:
        """Whether a number means under it what it means without."""
        return not (self.percent or self.shift or self.unit or self.date in ("month", "year"))

    def show(self, value: Cell) -> Cell:
        """A number or day as it is read under this format, with all its digits."""
        if isinstance(value, float) and self.date and 0 < value < _LAST_SERIAL:
            value = _EPOCH + timedelta(days=int(value))
        if isinstance(value, date):
            if self.date == "month":
                return f"{value.year}年{value.month}月"
            return f"{value.year}年" if self.date == "year" else value
        if not isinstance(value, float):
            return value
        try:
            number = Decimal(plain_number(value)).scaleb(2 if self.percent else -self.shift)
        except ValueError:
            return value
        text = format(number, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        if self.percent:
            return f"{text}%"
        return f"{text}{self.unit}" if self.unit else float(text)


def number_format(code: str) -> NumberFormat:
    """What a format code does to a positive number."""
    tokens = _tokens(code)
    symbols = "".join(text for literal, text in tokens if not literal).casefold()
    if any(mark in symbols for mark in "yd") or "e" in symbols.replace("general", ""):
        return NumberFormat(date=_date_parts(symbols))
    if "%" in symbols:
        return NumberFormat(percent=True)
    return NumberFormat(shift=_shift(tokens), unit=_unit(tokens))


def built_in_format(number: int) -> NumberFormat:
    """What a format does that a file names by its number only."""
    code = _BUILT_IN.get(number)
    return number_format(code) if code else NumberFormat()


def _date_parts(symbols: str) -> DateParts:
    if "y" not in symbols:
        return "day" if "d" in symbols else ""  # "e" is also an exponent: 0.00E+00
    if "d" in symbols or "h" in symbols:
        return "day"
    return "month" if "m" in symbols else "year"


def _tokens(code: str) -> list[tuple[bool, str]]:
    """The first section of a code: (whether it is literal text, text), in order."""
    tokens: list[tuple[bool, str]] = []
    at = 0
    while at < len(code) and code[at] != ";":
        mark = code[at]
        if mark in '"[':
            end = code.find('"' if mark == '"' else "]", at + 1)
            end = len(code) if end < 0 else end
            if mark == '"':
                tokens.append((True, code[at + 1 : end]))
            at = end + 1
        elif mark in "\\!":
            tokens.append((True, code[at + 1 : at + 2]))
            at += 2
        elif mark in "_*":
            at += 2
        else:
            tokens.append((mark > "\x7f", mark))
            at += 1
    return tokens


def _shift(tokens: list[tuple[bool, str]]) -> int:
    """How many digits are hidden by commas at the end or by a point that is mere text."""
    places = [
        i for i, (literal, text) in enumerate(tokens) if not literal and text in _PLACEHOLDERS
    ]
    if not places:
        return 0
    after = tokens[places[-1] + 1 :]
    commas = next((i for i, token in enumerate(after) if token != (False, ",")), len(after))
    points = [i for i, token in enumerate(tokens) if token == (True, ".") and i < places[-1]]
    return 3 * commas + (sum(place > points[0] for place in places) if points else 0)


def _unit(tokens: list[tuple[bool, str]]) -> str:
    """The text behind the number, if it is a unit."""
    ends = [i for i, (literal, text) in enumerate(tokens) if not literal and text in _PLACEHOLDERS]
    if not ends:
        return ""
    text = "".join(text for literal, text in tokens[ends[-1] + 1 :] if literal).strip()
    return text if text in ("万", "亿") or units.is_known(text) else ""
