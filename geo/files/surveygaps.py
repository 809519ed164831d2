"""Lines that name a point but give no coordinates: without that corner it would be another parcel.

Such a line is told apart from titles and notes by the name in it, which is like those of the
points above and below.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_LONGEST: Final = 24  # characters of a point's name
# What is written where a coordinate is not known.
_NOTHING: Final = frozenset({
    "-", "--", "—", "——", "―", "－", "/", "\\", "?", "？", "*", "无", "缺", "缺失", "空", "未知",
    "未测", "待测", "待补", "n/a", "na", "null", "none", "x", "y",
})  # fmt: skip
_COUNTED: Final = re.compile("[0-9]+|[〇零一二三四五六七八九十百]+")
_LETTER: Final = re.compile("[A-Za-z]")
# Names that are those of points whatever the others are called.
_USUAL: Final = re.compile(
    r"(?:jzd|jd|zd|j|p|界址点|界桩|拐点|界|点)[-_ ]?[0-9]{1,6}['′]?", re.IGNORECASE
)
_RING: Final = re.compile("[0-9]{1,4}")


def is_gap(
    name: str, rest: Sequence[str], *, above: str = "", below: str = "", titled: bool = False
) -> bool:
    """Whether a line without coordinates is a point's.

    Args:
        name: what stands where points have their names.
        rest: the other fields of the line.
        above: the name of the point above, "" for none.
        below: the name of the point below.
        titled: whether titles stand between points, so that a name alone may be one.
    """
    said = [field for field in rest if field]
    if not name:
        unknown = [field.lower() in _NOTHING for field in said]
        return unknown.count(True) >= 2 and all(
            there or _RING.fullmatch(field) for there, field in zip(unknown, said, strict=True)
        )
    if len(name) > _LONGEST:
        return False
    counted = any(sign.isdecimal() for sign in name)
    if counted and not titled and len(rest) > 1 and is_ring_number(rest[0]):
        return True  # as a line of the ministry form begins
    form = _form(name)
    if form == "0":
        silent = bool(said) and _are_unknown(said) and form in (_form(above), _form(below))
        return silent or _is_next(name, above, below, alone=not rest)
    if form and form in (_form(above), _form(below)):
        return True
    return _USUAL.fullmatch(name) is not None and not (titled and (above or below))


def is_ring_number(text: str) -> bool:
    """Whether a field is as short and whole as the number of a ring."""
    return _RING.fullmatch(text) is not None


def _are_unknown(fields: Sequence[str]) -> bool:
    """Whether fields say that nothing is known, beside the number of a ring."""
    return all(field.lower() in _NOTHING or is_ring_number(field) for field in fields)


def _form(name: str) -> str:
    """How a name is made: equal for J1 and J12; "" where nothing in it counts."""
    if _LETTER.fullmatch(name):
        return "A"
    form, found = _COUNTED.subn("0", name)
    return form if found else ""


def _is_next(name: str, above: str, below: str, *, alone: bool) -> bool:
    """Whether a number goes on from the name above or leads to the one below.

    A number `alone` on its line may be anything else too: it must fit on both sides.
    """
    number = _number(name)
    after, before = _number(above), _number(below)
    follows, leads = after is not None and number == after + 1, before == (number or 0) + 1
    if after is not None and before is not None:
        between = after < (number or 0) < before
        return between or (not alone and (follows or leads))
    return follows or (leads and not alone)


def _number(name: str) -> int | None:
    return int(name) if name.isascii() and name.isdecimal() else None
