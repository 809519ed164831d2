"""What is compared and how, as one frozen value that lives in the page's address.

Address keys: ``p`` proposals, ``base`` the one that differences are taken against, ``w`` weights,
``preset``, ``ahp`` judgements, ``method``, ``rules``, ``lang``. What equals the default is left
out. A report is asked for by the same keys, so a link gives the same report again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, cast

from facts.model import Lang
from facts.ranking import METHODS, Method
from facts.weights import PRESETS
from geo.errors import RuleTextError
from geo.rules import rules_from_text
from layers.dossiers import KINDS
from layers.errors import LayerError
from layers.texts import LANGUAGES, text

MOST: Final = 6
DEFAULT_METHOD: Final[Method] = "minmax"
DEFAULT_PRESET: Final = "equal"
# The measures that a first score is made of: one or two of each group.
DEFAULT_CRITERIA: Final = (
    "usable_share", "redevelopable_km2", "farmland_ha", "red_line_ha", "urban_share",
    "compactness", "seat_distance_km", "tax_per_mu",
)  # fmt: skip

_KEY = re.compile(r"[a-z0-9][a-z0-9-]*\.[A-Za-z0-9]{1,8}")
_LONGEST_ECHO = 40


class CompareViewError(LayerError):
    """An address asks for a comparison that does not exist; every fault is listed."""

    code = "bad_comparison"


def _none() -> Mapping[str, float]:
    return MappingProxyType({})


def _no_pairs() -> Mapping[tuple[str, str], float]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CompareView:
    """Proposals by key, in order, and how they are scored.

    `weights` (measure id to any non-negative number) wins over `judgements` (AHP: the first of a
    pair is so many times as important as the second), which win over `preset`. `rules` is the
    text of one rule set for all, or empty: then every proposal goes by its own.
    """

    proposals: tuple[str, ...] = ()
    baseline: str = ""
    weights: Mapping[str, float] = field(default_factory=_none)
    judgements: Mapping[tuple[str, str], float] = field(default_factory=_no_pairs)
    preset: str = DEFAULT_PRESET
    method: Method = DEFAULT_METHOD
    rules: str = ""
    lang: Lang = "zh"

    @property
    def criteria(self) -> tuple[str, ...]:
        """The measures that take part in the score."""
        if self.weights:
            return tuple(self.weights)
        if self.judgements:
            return tuple(dict.fromkeys(name for pair in self.judgements for name in pair))
        return DEFAULT_CRITERIA

    def to_params(self, *, default_lang: Lang = "zh") -> dict[str, str]:
        """The view as address keys, in a fixed order; `from_params` gives the view back."""
        params = {
            "p": ",".join(self.proposals),
            "base": "" if self.baseline in ("", *self.proposals[:1]) else self.baseline,
            "w": ",".join(f"{name}:{weight:.12g}" for name, weight in self.weights.items()),
            "ahp": ",".join(f"{a}~{b}:{r:.12g}" for (a, b), r in self.judgements.items()),
            "preset": "" if self.preset == DEFAULT_PRESET else self.preset,
            "method": "" if self.method == DEFAULT_METHOD else self.method,
            "rules": self.rules,
            "lang": "" if self.lang == default_lang else self.lang,
        }
        return {key: value for key, value in params.items() if value}

    @classmethod
    def from_params(
        cls, params: Mapping[str, str], *, default_lang: Lang = "zh"
    ) -> tuple[CompareView, tuple[str, ...]]:
        """The view an address asks for, and a message for each key that can't be followed.

        A key at fault takes its default. Whether the proposals exist is for the workspace to say.
        """
        reading = _Reading({k: v.strip() for k, v in params.items() if v.strip()}, default_lang)
        proposals = reading.proposals()
        view = cls(
            proposals=proposals,
            baseline=reading.one_of("base", proposals, proposals[0] if proposals else ""),
            weights=reading.weights(),
            judgements=reading.judgements(),
            preset=reading.one_of("preset", PRESETS, DEFAULT_PRESET),
            method=cast("Method", reading.one_of("method", METHODS, DEFAULT_METHOD)),
            rules=reading.rules(),
            lang=reading.lang,
        )
        return view, tuple(reading.messages)


class _Reading:
    """Reads an address key by key and gathers what to say."""

    def __init__(self, params: Mapping[str, str], default_lang: Lang) -> None:
        self.params = params
        self.messages: list[str] = []
        asked = params.get("lang")
        self.lang: Lang = cast("Lang", asked) if asked in LANGUAGES else default_lang
        if asked and asked not in LANGUAGES:
            self.say("lang", asked)

    def say(self, key: str, value: str) -> None:
        """Add a message; an overlong value is cut: it came from outside."""
        shown = value if len(value) <= _LONGEST_ECHO else value[:_LONGEST_ECHO] + "…"
        self.messages.append(text(f"compare.bad_{key}", self.lang, value=shown))

    def proposals(self) -> tuple[str, ...]:
        """Keys in order, each once, no more than fit beside each other."""
        asked = list(dict.fromkeys(filter(None, self.params.get("p", "").split(","))))
        bad = [key for key in asked if not _KEY.fullmatch(key)]
        if bad:
            self.say("proposals", ",".join(bad))
        good = [key for key in asked if key not in bad]
        if len(good) > MOST:
            self.say("too_many", str(len(good)))
        return tuple(good[:MOST])

    def one_of(self, key: str, known: object, default: str) -> str:
        """A word of a list, else the default."""
        asked = self.params.get(key, default)
        if asked in known:  # type: ignore[operator]  # tuples and mappings of words
            return asked
        if asked:
            self.say(key, asked)
        return default

    def weights(self) -> Mapping[str, float]:
        """Weights as written; whether they can be used is for `facts.weights` to say."""
        found: dict[str, float] = {}
        for part in filter(None, self.params.get("w", "").split(",")):
            name, _, written = part.partition(":")
            number = _number(written)
            if name in KINDS and KINDS[name].polarity != "neutral" and number is not None:
                found[name] = number
            else:
                self.say("weight", part)
        return MappingProxyType(found)

    def judgements(self) -> Mapping[tuple[str, str], float]:
        """Pairs of the analytic hierarchy process."""
        found: dict[tuple[str, str], float] = {}
        for part in filter(None, self.params.get("ahp", "").split(",")):
            names, _, written = part.partition(":")
            a, _, b = names.partition("~")
            number = _number(written)
            if {a, b} <= KINDS.keys() and a != b and number is not None and number > 0:
                found[a, b] = number
            else:
                self.say("ahp", part)
        return MappingProxyType(found)

    def rules(self) -> str:
        """A rule set as text, empty when it can't be read."""
        written = self.params.get("rules", "")
        if written:
            try:
                rules_from_text(written)
            except RuleTextError as error:
                self.say("rules", str(error))
                return ""
        return written


def _number(written: str) -> float | None:
    try:
        number = float(written)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
