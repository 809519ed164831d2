"""The lines that open parcels, read column by column.

A file of many small parcels has nearly as many of these lines as points. Those in the ministry
form are parted all alike; only the others go through `surveygrammar.parse_parcel_line`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.files.surveygrammar import ParcelLine, number_of, parse_parcel_line

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

UNITS: Final = ("", "ha", "m2", "mu", "km2")  # of areas, by the codes used here
NO_COUNT: Final = -1

_KINDS: Final = frozenset("面线点")
_FIELDS: Final = 9
_KIND_AT: Final = 4
_NUMBER_SIGNS: Final = frozenset("0123456789.")
_COUNT_DIGITS: Final = 9
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class ParcelTable:
    """What the lines of parcels say, parcel by parcel; "" where they are silent.

    `counts` are the declared numbers of points (NO_COUNT for none), `areas` as written (NaN for
    none) with the codes of their `units`. `odd` holds the lines that are not in the ministry
    form, None for those that can't be understood.
    """

    counts: Integers
    areas: Floats
    area_texts: Sequence[str]
    units: NDArray[np.uint8]
    numbers: Sequence[str]
    names: Sequence[str]
    kinds: Sequence[str]
    sheets: Sequence[str]
    uses: Sequence[str]
    land_classes: Sequence[str]
    odd: Mapping[int, ParcelLine | None]

    @property
    def names_places(self) -> bool:
        """Whether a line names its district or village, which the ministry form does not."""
        return any(
            line is not None and (line.district or line.village) for line in self.odd.values()
        )

    def told(self, place: int) -> str:
        """What to call a parcel by in a message."""
        return self.names[place] or self.numbers[place]

    def optional(self, text: Callable[[ParcelLine], str]) -> list[str | None]:
        """A field that the ministry form does not have; None where a line has none."""
        values: list[str | None] = [None] * len(self.names)
        for place, line in self.odd.items():
            values[place] = (text(line) or None) if line is not None else None
        return values


def parse_parcels(texts: Sequence[str]) -> ParcelTable:
    """The table of some parcels' lines."""
    odd: dict[int, ParcelLine | None] = {}
    columns = _ministry_columns(texts) or _columns(texts, odd)
    counts, areas, numbers, names, kinds, sheets, uses, classes = columns
    units = np.zeros(len(texts), dtype=np.uint8)
    for place, line in odd.items():
        units[place] = UNITS.index(line.area_unit) if line is not None else 0
    return ParcelTable(
        _counts(counts), _areas(areas), areas, units, numbers, names, kinds, sheets, uses, classes,
        odd,
    )  # fmt: skip


def _ministry_columns(texts: Sequence[str]) -> tuple[Sequence[str], ...] | None:
    """The columns of lines that are all in the ministry form to the letter; None for others."""
    if any(text.count(",") != _FIELDS - 1 for text in texts):
        return None
    joined = ",".join(texts)
    if any(blank in joined for blank in " \t\u3000"):
        return None
    fields = joined.split(",")
    columns = tuple(fields[place::_FIELDS] for place in range(_FIELDS))
    fits = set(columns[_KIND_AT]) <= _KINDS and set(columns[-1]) <= {"@"}
    if not fits or not set("".join(columns[1])) <= _NUMBER_SIGNS:
        return None
    return columns[:-1]


def _columns(texts: Sequence[str], odd: dict[int, ParcelLine | None]) -> tuple[Sequence[str], ...]:
    """The columns of lines of any form; what these do not hold goes to `odd`."""
    rows = []
    for place, text in enumerate(texts):
        line = parse_parcel_line(text)
        if line is None or _is_odd(line):
            odd[place] = line
        rows.append(_row(line or ParcelLine()))
    return tuple(zip(*rows, strict=True))


def name_places(texts: Sequence[str]) -> bool:
    """Whether parcels' lines name district or village, without keeping what else they say."""
    chunks = (texts[low : low + _CHUNK] for low in range(0, len(texts), _CHUNK))
    return any(parse_parcels(chunk).names_places for chunk in chunks)


def _is_odd(line: ParcelLine) -> bool:
    """Whether a line says more or less than nine fields can."""
    return bool(line.district or line.village or line.rest or line.area_unit or not line.kind_said)


def _row(line: ParcelLine) -> Sequence[str]:
    return (
        line.count, line.area, line.number, line.name, line.kind, line.sheet, line.use,
        line.land_class,
    )  # fmt: skip


def _counts(texts: Sequence[str]) -> Integers:
    if all(texts) and "".join(texts).isdecimal() and max(map(len, texts)) < _COUNT_DIGITS:
        return np.array(list(map(int, texts)), dtype=np.int64)
    values = [number_of(text) for text in texts]
    return np.array(
        [NO_COUNT if v is None or not 0 <= v < 10**_COUNT_DIGITS else int(v) for v in values],
        dtype=np.int64,
    )


def _areas(texts: Sequence[str]) -> Floats:
    if all(texts) and set("".join(texts)) <= _NUMBER_SIGNS and max(map(len, texts)) < 20:
        try:
            return np.array(list(map(float, texts)))
        except ValueError:
            pass
    values = [number_of(text) for text in texts]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
