"""Cells of spreadsheets: texts that must not run as formulas, and what people write for numbers.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` (OWASP: CSV injection), also
one that begins with a tab or a line break, and some accept the full-width signs. Such a text gets
an apostrophe in front; one that is nothing but a number, such as ``-2.3`` or ``-51.6%``, doesn't.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Final

# Blanks and invisible marks in front do not make a formula safe: programs strip them on import.
_FORMULA: Final = re.compile(r"[\s\x00\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫−]|[\t\r\n]")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?%?")
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_DEGREES: Final = re.compile(
    r"([NSEW]|[东西]经?|[南北]纬?|)\s*([+-]?[0-9]{1,3})\s*[°度º]\s*(?:([0-9]{1,2}(?:\.[0-9]*)?)\s*['′分’]\s*)?"
    r"(?:([0-9]{1,2}(?:\.[0-9]*)?)\s*(?:[\"″秒”]|''|′′)?\s*)?([NSEW]|[东西]经?|[南北]纬?|)"
)
_NEGATIVE: Final = ("S", "W", "西", "南")
_LONGEST: Final = 64  # characters of a coordinate


def neutralise(text: str) -> str:
    """`text`, with an apostrophe in front if a spreadsheet would run it as a formula."""
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def restored(text: str) -> str:
    """`text` as it was before `neutralise`."""
    if text.startswith("'") and neutralise(text[1:]) == text:
        return text[1:]
    return text


def coordinate(value: object) -> float | None:
    """A coordinate as a number; NaN for text that is none, None for an empty cell.

    Numbers may have thousands separators or full-width digits, or be degrees, minutes and seconds.
    """
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, int | float):
        return float(value)
    text = str(value).strip()
    if not text:
        return None
    try:
        return float(text) if "_" not in text else math.nan
    except ValueError:
        return _written_number(text)


def _written_number(text: str) -> float:
    if len(text) > _LONGEST:
        return math.nan
    plain = unicodedata.normalize("NFKC", text).strip()
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        return float(plain)
    except ValueError:
        pass
    found = _DEGREES.fullmatch(plain) or _DEGREES.fullmatch(text)
    if found is None:
        return math.nan
    side, degrees, minutes, seconds, other_side = found.groups()
    minute, second = float(minutes or 0), float(seconds or 0)
    if minute >= 60 or second >= 60:
        return math.nan
    value = abs(int(degrees)) + minute / 60 + second / 3600
    negative = degrees.startswith("-") or (side or other_side)[:1] in _NEGATIVE
    return -value if negative else value
