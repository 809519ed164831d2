"""Ids of parcels and projects: every office numbers from 1, so a number is one of its zone's."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

_MARK = "/"  # between the zone and the number
# 项目统一代码, given once in the whole country.
_NATIONAL = re.compile(r"[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}")


class Numbered(Protocol):
    """A record that a key tells apart; two with the same key are the same thing."""

    @property
    def key(self) -> Hashable:
        """Begins with what `record_id` gives."""


Record = TypeVar("Record", bound=Numbered)


def record_id(place_id: str, number: str) -> str:
    """The id of what bears this number in a zone; that of an id is the id itself.

    Without a zone, and for a code that is given once in the country, it is the number.
    """
    if not place_id or not number or _NATIONAL.fullmatch(number):
        return number
    return number if number.startswith(f"{place_id}{_MARK}") else f"{place_id}{_MARK}{number}"


def number_of(place_id: str, own_id: str) -> str:
    """The number as it was printed, from the id of a record of that zone."""
    return own_id.removeprefix(f"{place_id}{_MARK}") if place_id else own_id


def with_known_ids(
    records: Sequence[Record], known: Iterable[Record], *, id_name: str
) -> tuple[Record, ...]:
    """The records under the ids that the same ones have on file, which stay what they are.

    Before numbers were a zone's own, the number alone was the id.
    """
    on_file = {old.key: getattr(old, id_name) for old in known}

    def named(record: Any) -> Any:
        own_id = on_file.get(record.key, getattr(record, id_name))
        return (
            record if own_id == getattr(record, id_name) else replace(record, **{id_name: own_id})
        )

    return tuple(named(record) for record in records)
