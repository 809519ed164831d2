"""The notation of checks.csv: what ``total`` and ``parts`` may name.

``d220``: a figure, by its row id.
``d189/d187``: a rate of two figures; ``8/19`` of two numbers; ``?/d191`` of any whole number and
a figure.
``indicator:signed_projects``: the figure of that indicator, at every place and period that has
all the indicators of the check.
``rest``: parts that are known to exist but are not on file.
``count:zones``, ``count:industrial_zones``: places on file, counted.
``area:zones``, ``area:industrial_zones``: their declared areas on file, added up, in km2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from facts.model import Check

TermKind = Literal["row", "number", "any", "pair", "indicator", "rest", "count", "area"]

_MARKS: Mapping[str, TermKind] = MappingProxyType(
    {"indicator": "indicator", "count": "count", "area": "area"}
)
REST = "rest"
ANY = "?"
COUNTED = ("zones", "industrial_zones")

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class Term:
    """One part of a check; ``text`` is a row id, an indicator id, a number or a class of places.

    A pair has two terms in ``parts`` instead.
    """

    kind: TermKind
    text: str = ""
    parts: tuple[Term, ...] = ()


def parse_term(text: str) -> Term:
    """The term a text stands for; anything without a mark is a row id.

    Raises:
        ValueError: when it is a mark followed by nothing we know.
    """
    if "/" in text:
        return _parse_pair(text)
    if text in (REST, ANY):
        return Term("rest" if text == REST else "any", text)
    if _NUMBER.fullmatch(text):
        return Term("number", text)
    mark, colon, name = text.partition(":")
    if not colon:
        return Term("row", text)
    kind = _MARKS.get(mark)
    if kind is None or not name or (kind != "indicator" and name not in COUNTED):
        raise ValueError(text)
    return Term(kind, name)


def _parse_pair(text: str) -> Term:
    parts = tuple(parse_term(part.strip()) for part in text.split("/"))
    if (
        len(parts) != 2
        or parts[0].kind not in ("row", "number", "any")
        or parts[1].kind not in ("row", "number")
    ):
        raise ValueError(text)
    return Term("pair", text, parts)


def terms_of(check: Check) -> tuple[Term, ...]:
    """All terms of a check, the total first; raises ValueError as parse_term does."""
    texts = (check.total, *check.parts) if check.total else check.parts
    return tuple(parse_term(text) for text in texts)


def references(term: Term) -> tuple[Term, ...]:
    """The row and indicator terms a term is made of."""
    if term.kind == "pair":
        return tuple(part for part in term.parts if part.kind == "row")
    return (term,) if term.kind in ("row", "indicator") else ()
