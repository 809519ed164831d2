"""Errors of the facts package: one base class, each error with a stable code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


class FactsError(Exception):
    """Base of every error raised by this package."""

    code: ClassVar[str] = "facts_error"


class UnknownUnit(FactsError):
    """The text is not a unit of the unit table."""

    code = "unknown_unit"


class IncompatibleUnits(FactsError):
    """Both units are known but measure different things."""

    code = "incompatible_units"


class BadPeriod(FactsError):
    """The dates of a period contradict each other or are not given."""

    code = "bad_period"


class UnknownId(FactsError):
    """No record has this id."""

    code = "unknown_id"


class BadFrame(FactsError):
    """A table that should hold facts lacks a column or holds an impossible cell."""

    code = "bad_frame"


@dataclass(frozen=True, order=True)
class Fault:
    """One fault of a facts file: where it is and why; ``line`` is the physical line, 0 = the file.

    ``why`` is bilingual, "中文 / English". ``cell`` is the address in a sheet ("表1!D6"),
    ``others`` are the lines that are concerned as well, any of which may be the wrong one.
    """

    file: str
    line: int
    column: str
    value: str
    why: str
    cell: str = ""
    others: tuple[int, ...] = ()

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        where = self.cell or where
        column = f" [{self.column}]" if self.column else ""
        value = f" “{_shorten(self.value)}”" if self.value else ""
        place = f"{where}{column}{value}"
        return f"{place}: {self.why}" if place else self.why


class FactsFaults(FactsError):
    """The facts files hold faults; ``faults`` lists all of them, in file and line order."""

    code = "facts_faults"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: list[Fault] = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def _shorten(value: str, length: int = 60) -> str:
    """Keep a fault on one readable line whatever the cell holds."""
    flat = value.replace("\r", "␍").replace("\n", "␊")
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"
