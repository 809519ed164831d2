"""Checks of a table in itself: totals against what they add up, percentages against fractions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from facts import units
from facts.errors import Fault
from facts.figures import Interval, show
from facts.mappings import ColumnMapping
from facts.mappings import Mapping as TableMapping
from facts.model import Facts
from facts.tablecells import Reading
from facts.tableforms import FormRow, TableForm

_MEAN = re.compile("平均|均值")
_ADDED_KINDS = ("", "actual", "target", "cumulative")


def check_totals(
    form: TableForm, columns: Iterable[int], readings: Mapping[tuple[int, int], Reading]
) -> Iterator[Fault]:
    """Every total in these columns that its rows do not add up to, given rounding and qualifiers.

    A total may stand below its rows or above them, and may add up rows or subtotals.
    """
    kinds = ("data", "total", "subtotal", "section")
    rows = [row for row in form.rows if row.kind in kinds and not row.part]
    for column in columns:
        for at, row in enumerate(rows):
            total = readings.get((row.index, column))
            if row.kind == "data" or _MEAN.search(row.name) or not total or total.value is None:
                continue
            fault = _check(form, column, total, row, list(_sums(rows, at, column, readings)))
            if fault is not None:
                yield fault


def adds_up(column: ColumnMapping, facts: Facts) -> bool:
    """Whether the figures of a column may be added up over its rows."""
    indicator = facts.indicators_by_id.get(column.indicator_id)
    return (
        indicator is not None
        and indicator.aggregation == "sum"
        and column.kind in _ADDED_KINDS
        and not (column.place_id or column.name)
    )


def _sums(
    rows: Sequence[FormRow], at: int, column: int, readings: Mapping[tuple[int, int], Reading]
) -> Iterator[list[Reading | None]]:
    """What a total may add up, the likeliest first; None is a figure that is missing."""

    def of(some: Sequence[FormRow]) -> list[Reading | None]:
        return [readings.get((row.index, column)) for row in some]

    above = rows[:at]
    since = max((i + 1 for i, row in enumerate(above) if row.kind != "data"), default=0)
    below = rows[at + 1 :]
    until = next((i for i, row in enumerate(below) if row.kind != "data"), len(below))
    everything = of([row for row in rows if row.kind == "data"])
    blocks = [of(above[since:]), of(below[:until])]
    subtotals = of([row for row in rows if row.kind == "subtotal"])
    choices = [everything, *blocks, subtotals] if rows[at].kind == "total" else blocks
    yield from (choice for choice in choices if choice)


def _check(
    form: TableForm,
    column: int,
    total: Reading,
    row: FormRow,
    choices: Sequence[Sequence[Reading | None]],
) -> Fault | None:
    """The fault of a total that none of the choices adds up to."""
    for parts in choices:
        known = [part for part in parts if part is not None and part.value is not None]
        low = sum((part.interval for part in known), start=Interval(Fraction(0), Fraction(0)))
        # What is missing is somewhat more than nothing, no one knows how much.
        around = low if len(known) == len(parts) else Interval(low.low, None)
        if known and around.meets(total.interval):
            return None
    if not choices or total.value is None:
        return None
    known = [part for part in choices[0] if part is not None and part.value is not None]
    if not known:
        return None
    added = sum((part.value or Fraction(0) for part in known), start=Fraction(0))
    scale, unit = units.factor(total.unit, total.target), total.unit
    whole, sum_ = show(total.value / scale), show(added / scale)
    gap = show((added - total.value) / scale)
    return form.fault(
        row.index,
        column,
        f"合计为 {whole}{unit}，各行相加为 {sum_}{unit}，相差 {gap} / "
        f"the total is {whole}, its rows add up to {sum_} ({gap} apart)",
    )


def check_fractions(
    form: TableForm, mapping: TableMapping, readings: Mapping[tuple[int, int], Reading]
) -> Iterator[Fault]:
    """Columns in % whose numbers are all at most 1: perhaps fractions without their format."""
    for column in mapping.of_role("value"):
        seen = [
            reading.value
            for (_, at), reading in readings.items()
            if at == column.index and reading.value is not None and reading.target == "%"
        ]
        if len(seen) > 1 and any(seen) and all(abs(value) <= 1 for value in seen):
            yield Fault(
                form.file, form.header[1] + 1, column.label, "",
                "按百分数读入，但各数都不大于 1，请确认不是小数（0.76 表示 76%） / "
                "read as per cent, but no number exceeds 1: are they fractions (0.76 for 76 %)?",
            )  # fmt: skip
