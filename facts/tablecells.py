"""One cell of figures read: number, unit, value in the unit it is kept in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from facts import units
from facts.celltexts import full_unit, read_figure
from facts.errors import IncompatibleUnits, UnknownUnit
from facts.figures import Interval, half_step, spread
from facts.headlabels import unit_among
from facts.model import Qualifier
from facts.tableforms import TableForm

_PER_YEAR = re.compile(r"[/·*]年$")


def per_year(unit: str) -> str:
    """A unit without its year, for figures that are per year anyhow: 万元/亩·年 -> 万元/亩."""
    return _PER_YEAR.sub("", unit)


class CellFault(Exception):
    """A cell holds something that is no figure in a fitting unit; the message is bilingual."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure of one cell; `value` is in `target`, None where there is none (`missing` why).

    `number` and `unit` are as printed, `unit` also where only the head or unit line tells it.
    """

    number: str
    unit: str
    target: str
    value: Fraction | None
    qualifier: Qualifier = "exact"
    missing: str = ""
    footnote: bool = False

    @property
    def interval(self) -> Interval:
        """What the figure may be, given how it was rounded; for a reading with a value."""
        value = self.value if self.value is not None else Fraction(0)
        scale = units.factor(self.unit, self.target)
        counted = units.compatible(self.target, "个") or units.compatible(self.target, "人")
        rounding = Fraction(0) if counted and scale == 1 else half_step(self.number) * scale
        return spread(value, self.qualifier, rounding)


def read_cell(
    form: TableForm, row: int, column: int, *, unit: str, target: str, yearly: bool = False
) -> Reading:
    """The figure of a cell in a column of `unit` ("" where none is told), in `target` (or plain).

    `yearly`: it is per year anyhow, whether its unit says so (万元/亩·年) or not.

    Raises:
        CellFault: it is no number, its unit is not known or does not fit, or nothing tells it.
    """
    merged = form.grid.range_of(row, column)
    if merged is not None and merged.bottom > merged.top:
        raise CellFault(
            "合并单元格跨了几行，分不清数字属于哪一行，请拆开 / "
            "a cell merged over several rows: whose figure is it? Split it"
        )
    figure = read_figure(form.grid.filled(row, column))
    if figure.fault:
        raise CellFault(figure.fault)
    if figure.missing:
        return Reading("", unit or target, target, None, missing=figure.missing)
    try:
        used = full_unit(figure.unit, unit)
        used = per_year(used) if yearly else used
        if not used and target:
            raise CellFault(
                f"没有单位，应能换算成{target}，请在表头写明 / "
                f"no unit is told (one that converts to {target}): write it in the head"
            )
        value = Fraction(figure.number) * (units.factor(used, target) if target else 1)
    except (UnknownUnit, IncompatibleUnits) as error:
        raise CellFault(str(error)) from None
    return Reading(figure.number, used, target, value, figure.qualifier, footnote=figure.footnote)


def told_unit(form: TableForm, *candidates: str, target: str, default: str = "") -> str:
    """The unit of a column: the first that is told, else that of the unit line, else `default`.

    Things are counted in things: an indicator of them needs no unit.
    """
    told = next((unit for unit in candidates if unit), "")
    if told:
        return told
    line = unit_among(form.units, target)
    if line:
        return line
    if default and units.compatible(default, target):
        return default
    return target if units.compatible(target, "个") else ""
