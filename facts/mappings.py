"""What a table's columns and names mean: decided by somebody, kept and read back as JSON."""

from __future__ import annotations

import collections.abc
import hashlib
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Literal, get_args

from facts.errors import BadPeriod, FactsError
from facts.model import Basis, Kind, Quality
from facts.periods import Period
from facts.periodtexts import Relative
from facts.tableforms import TableForm

TableKind = Literal["figures", "parcels", "projects"]
Role = Literal[
    "", "skip", "place", "indicator", "value", "period", "unit", "kind", "population", "part",
    "field",
]  # fmt: skip
SKIP = "-"  # a decision: what this name stands for is left out
_VERSION = 1
_LONGEST = 500  # of a text in a mapping; names and heads are shorter
_MOST = 20_000  # names or columns


class MappingError(FactsError):
    """A remembered mapping can't be used: it is damaged, or speaks of another table."""

    code: ClassVar[str] = "bad_mapping"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What a column is. `role` "" is undecided.

    "value": figures of `indicator_id` ("" where a column of role "indicator" tells), of `kind`, in
    `unit`, for `place_id` (or the place that `name` is mapped to) and `period` where the column
    itself stands for them. `relative`: of the table's period itself, a year earlier, its last
    month, or the year up to it. `numerator` and `denominator` are the columns with the parts of a
    rate, `basis` theirs; a column that is nothing else has the role "part". "field": the field
    `name` of a record (parcels, projects).
    """

    index: int
    label: str
    role: Role = ""
    indicator_id: str = ""
    kind: Kind | Literal[""] = ""
    unit: str = ""
    place_id: str = ""
    period: Period | None = None
    relative: Relative = ""
    basis: Basis = ""
    numerator: int | None = None
    denominator: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class SourceNote:
    """Who published the figures; `published_on` is YYYY, YYYY-MM or YYYY-MM-DD."""

    title: str = ""
    publisher: str = ""
    published_on: str = ""


@dataclass(frozen=True)
class Mapping:
    """All decisions about one table.

    `places` gives the place id for a printed name and `indicators` (indicator id, kind) for a
    printed indicator; SKIP leaves their rows out. `period`, `place_id`, `kind`, `unit`,
    `population` and `stage` (batch of projects, state of parcels) hold where no column says
    otherwise. `fill_down`: a blank name means that of the row above.
    """

    signature: str
    table: TableKind
    columns: tuple[ColumnMapping, ...]
    places: collections.abc.Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    indicators: collections.abc.Mapping[str, tuple[str, Kind]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    period: Period | None = None
    place_id: str = ""
    kind: Kind | Literal[""] = ""
    unit: str = ""
    population: str = ""
    quality: Quality = "reported"
    stage: str = ""
    fill_down: bool = False
    source: SourceNote = SourceNote()

    def column(self, index: int) -> ColumnMapping | None:
        """The mapping of the column at that place of the grid."""
        return next((column for column in self.columns if column.index == index), None)

    def of_role(self, role: Role) -> tuple[ColumnMapping, ...]:
        """The columns of that role, from left to right."""
        return self._by_role.get(role, ())

    @cached_property
    def _by_role(self) -> dict[str, tuple[ColumnMapping, ...]]:
        return {
            role: tuple(column for column in self.columns if column.role == role)
            for role in get_args(Role)
        }

    def with_column(self, column: ColumnMapping) -> Mapping:
        """The same with this column in place of the one at its index."""
        columns = [column if old.index == column.index else old for old in self.columns]
        return replace(self, columns=tuple(columns))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; see from_json."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        return plain | {
            "version": _VERSION,
            "columns": [_column_json(column) for column in self.columns],
            "places": dict(self.places),
            "indicators": {name: list(pair) for name, pair in self.indicators.items()},
            "period": _period_json(self.period),
            "source": {item.name: getattr(self.source, item.name) for item in fields(SourceNote)},
        }

    @classmethod
    def from_json(cls, data: Any) -> Mapping:
        """The mapping that to_json gave.

        Raises:
            MappingError: when the data are none, or of a later version.
        """
        try:
            if data["version"] != _VERSION:
                raise MappingError(
                    f"列对应关系的版本不同（{data['version']}） / a mapping of another version"
                )
            return cls(
                signature=_text(data["signature"]),
                table=_choice(data["table"], get_args(TableKind)),
                columns=tuple(_column(column) for column in _few(data["columns"])),
                places={_text(n): _text(i) for n, i in _few(data["places"]).items()},
                indicators={
                    _text(n): (_text(i), _choice(k, get_args(Kind)))
                    for n, (i, k) in _few(data["indicators"]).items()
                },
                period=_period(data["period"]),
                place_id=_text(data["place_id"]),
                kind=_choice(data["kind"], ("", *get_args(Kind))),
                unit=_text(data["unit"]),
                population=_text(data["population"]),
                quality=_choice(data["quality"], get_args(Quality)),
                stage=_text(data["stage"]),
                fill_down=bool(data["fill_down"]),
                source=SourceNote(**{k: _text(v) for k, v in dict(data["source"]).items()}),
            )
        except (KeyError, TypeError, ValueError, AttributeError, BadPeriod) as error:
            raise MappingError(
                f"列对应关系的内容有误，请重新对应 / the mapping is damaged: {error!r:.200}"
            ) from None


def signature(form: TableForm) -> str:
    """The same for tables of the same heads and units, whatever their figures and periods.

    A table of targets and one of what was reached may have the same heads and are told apart.
    """
    heads = ["目标"] if form.planned else []
    heads += [
        "/".join((*column.labels, "@" if column.period else "", column.unit))
        for column in form.columns
        if column.labels or column.filled
    ]
    return hashlib.sha256("\n".join(heads).encode("utf-8", "replace")).hexdigest()[:32]


def merge(remembered: Mapping, fresh: Mapping) -> Mapping:
    """A fresh mapping with the decisions that were remembered for a table of its signature.

    What is printed in the table at hand goes first: its units and periods. The period, the place
    and the state of the former table are not remembered, for this one is of another: forms of the
    same heads are filled in by every office. Tables of another signature share only the names of
    places and indicators.
    """
    names = replace(
        fresh,
        places={**fresh.places, **remembered.places},
        indicators={**fresh.indicators, **remembered.indicators},
    )
    same = remembered.signature == fresh.signature and len(remembered.columns) == len(fresh.columns)
    if not same or remembered.table != fresh.table:
        return names
    moved = {
        old.index: new.index for old, new in zip(remembered.columns, fresh.columns, strict=True)
    }
    columns = tuple(
        replace(
            old,
            index=new.index,
            label=new.label,
            unit=new.unit or old.unit,
            period=new.period,
            relative=new.relative or old.relative,
            place_id=new.place_id,
            numerator=None if old.numerator is None else moved.get(old.numerator),
            denominator=None if old.denominator is None else moved.get(old.denominator),
        )
        if old.role
        else new
        for old, new in zip(remembered.columns, fresh.columns, strict=True)
    )
    return replace(
        names, columns=columns, kind=remembered.kind,
        unit=remembered.unit, population=remembered.population, quality=remembered.quality,
        stage=fresh.stage, fill_down=remembered.fill_down,
        source=replace(remembered.source, published_on=""),
    )  # fmt: skip


def without_subject(mapping: Mapping) -> Mapping:
    """A mapping without what its table was about, its source as well.

    For files whose columns are the reader's own (survey text, outlines): their heads are the same
    in every file, so that the same signature says nothing about where the land lies.
    """
    return replace(mapping, place_id="", stage="", source=SourceNote())


def _column_json(column: ColumnMapping) -> dict[str, Any]:
    plain = {item.name: getattr(column, item.name) for item in fields(column)}
    return plain | {"period": _period_json(column.period)}


def _period_json(period: Period | None) -> dict[str, str | None] | None:
    if period is None:
        return None
    days = {"start": period.start, "end": period.end, "as_of": period.as_of}
    return {name: day.isoformat() if day else None for name, day in days.items()} | {
        "label": period.label
    }


def _column(data: Any) -> ColumnMapping:
    return ColumnMapping(
        index=_index(data["index"]),
        label=_text(data["label"]),
        role=_choice(data["role"], get_args(Role)),
        indicator_id=_text(data["indicator_id"]),
        kind=_choice(data["kind"], ("", *get_args(Kind))),
        unit=_text(data["unit"]),
        place_id=_text(data["place_id"]),
        period=_period(data["period"]),
        relative=_choice(data["relative"], get_args(Relative)),
        basis=_choice(data["basis"], get_args(Basis)),
        numerator=None if data["numerator"] is None else _index(data["numerator"]),
        denominator=None if data["denominator"] is None else _index(data["denominator"]),
        name=_text(data["name"]),
    )


def _period(data: Any) -> Period | None:
    if data is None:
        return None
    days = [
        None if data[name] is None else date.fromisoformat(_text(data[name]))
        for name in ("start", "end", "as_of")
    ]
    return Period(days[0], days[1], days[2], _text(data["label"]))


def _few(items: Any) -> Any:
    if len(items) > _MOST:
        raise ValueError("too many")
    return items


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise TypeError("not a text")
    return value


def _index(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 20:
        raise ValueError("not a column")
    return value


def _choice(value: Any, options: collections.abc.Sequence[Any]) -> Any:
    if value not in options:
        raise ValueError(f"none of {options}")
    return value
