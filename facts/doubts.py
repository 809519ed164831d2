"""Figures that can hardly be meant: less than no projects, more than all of them, 0.92 for 92 %."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from facts import units
from facts.celltexts import read_figure
from facts.errors import Fault
from facts.model import Indicator, Kind
from facts.tablecells import Reading
from facts.tableforms import TableForm

_CHANGE = re.compile(r"净增|新增|增减|变化|增长|增速|贡献")
_RATE = re.compile(r"率$")
_PART = re.compile(r"率$|占比$|比重$|比例$")
_LIKELY_PERCENT = 10  # beside one as large as this, 0.92 is hardly 0.92 %


@dataclass(frozen=True, slots=True)
class Seen:
    """A figure as it was read, and where."""

    row: int
    column: int
    indicator: Indicator
    kind: Kind
    reading: Reading


def doubts(form: TableForm, seen: Sequence[Seen]) -> Iterator[Fault]:
    """A warning for each cell with a figure that should be looked at again."""
    for one in seen:
        if why := _why(one):
            yield form.fault(one.row, one.column, why)
    for one in _fractions(form, seen):
        yield form.fault(
            one.row, one.column,
            f"按 {one.reading.number}% 读入，而同列有百分数；若是小数（0.92 表示 92%），请改正 / "
            f"read as {one.reading.number} % beside figures in per cent: if it is a fraction "
            "(0.92 for 92 %), correct it",
        )  # fmt: skip


def _why(one: Seen) -> str:
    """What is wrong with a figure by itself; "" for nothing."""
    value = one.reading.value
    if value is None or one.kind == "yoy":
        return ""
    if one.kind != "share" and units.compatible(one.reading.target, "个"):
        if value < 0 and not _CHANGE.search(one.indicator.name_zh):
            return "个数为负，请核对 / a count below zero: is it right?"
        if value.denominator != 1:
            return "个数不是整数，请核对 / a count that is no whole number: is it right?"
    part = one.kind == "share" or bool(_PART.search(one.indicator.name_zh))
    percent = one.reading.target == "%" and part and not _CHANGE.search(one.indicator.name_zh)
    if percent and not 0 <= value <= 100:
        return "不在 0 到 100% 之间，请核对 / not between 0 and 100 %: is it right?"
    return ""


def _fractions(form: TableForm, seen: Sequence[Seen]) -> Iterator[Seen]:
    """Figures that look like fractions beside others of their column in per cent."""
    columns: dict[tuple[int, str], list[Seen]] = {}
    for one in seen:
        if one.reading.target == "%" and one.reading.value is not None and one.kind != "yoy":
            columns.setdefault((one.column, one.indicator.indicator_id), []).append(one)
    for found in columns.values():
        signed = {one.row for one in found if _has_sign(form, one)}
        rate = bool(_RATE.search(found[0].indicator.name_zh))
        large = rate and any(_size(one) >= _LIKELY_PERCENT for one in found)
        for one in found:
            small = 0 < _size(one) <= 1
            if small and one.row not in signed and (signed or large):
                yield one


def _size(one: Seen) -> Fraction:
    return abs(one.reading.value) if one.reading.value is not None else Fraction(0)


def _has_sign(form: TableForm, one: Seen) -> bool:
    """Whether the cell itself says per cent."""
    return read_figure(form.grid.filled(one.row, one.column)).unit == "%"
