"""What a printed text may mean: suggestions with their score and reason, for people to confirm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facts.model import Kind

PlaceStatus = Literal["exact", "ambiguous", "similar", "unknown"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a text may mean; `score` is 0 to 100, `kind` the kind of figure of an indicator."""

    target_id: str
    name_zh: str
    name_en: str
    score: float
    reason_zh: str
    reason_en: str
    kind: Kind = "actual"


@dataclass(frozen=True, slots=True)
class IndicatorMatch:
    """What a column head means; `settled` when it is the first suggestion beyond doubt.

    `follows`: the head is only 同比 or the like and speaks of the column before it, in `kind`.
    """

    label: str
    settled: bool
    suggestions: tuple[Suggestion, ...]
    kind: Kind | Literal[""] = ""
    follows: bool = False


@dataclass(frozen=True, slots=True)
class PlaceMatch:
    """What a printed name means: only "exact" has one certain place, the first suggestion."""

    name: str
    status: PlaceStatus
    suggestions: tuple[Suggestion, ...]

    @property
    def settled(self) -> bool:
        """Whether the first suggestion is certain."""
        return self.status == "exact"
