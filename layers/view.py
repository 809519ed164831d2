"""What the map shows, as one frozen value that lives in the page's address.

Address keys: ``level``, ``i`` indicator, ``kind``, ``p`` period, ``scope``, ``scheme``, ``k``,
``breaks``, ``pal``, ``sel``, ``sym``, ``lang``. The map's centre and zoom (``c``, ``z``) belong to
the frame. What equals the default is left out of an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from facts.model import Facts, Kind, Lang
from layers.classify import MAX_CLASSES, MIN_CLASSES, SCHEMES, Scheme, parse_breaks
from layers.errors import ClassifyError, PaletteError
from layers.join import KINDS, LEVELS, SCOPES, Choice, MapLevel, Scope, choices
from layers.palette import parse_palette
from layers.texts import LANGUAGES, text

Symbols: TypeAlias = Literal["fixed", "area"]
SYMBOLS: tuple[Symbols, ...] = ("fixed", "area")
KEYS = ("level", "i", "kind", "p", "scope", "scheme", "k", "breaks", "pal", "sel", "sym", "lang")

DEFAULT_LEVEL: MapLevel = "city"
DEFAULT_SCHEME: Scheme = "quantiles"
DEFAULT_K = 5
_LONGEST_ECHO = 40


@dataclass(frozen=True, slots=True)
class View:
    """One picture and how it is drawn. `palette` None means the indicator's own default.

    An empty `indicator_id` stands for a level without any figure.
    """

    level: MapLevel
    indicator_id: str
    kind: Kind
    period_key: str
    scope: Scope
    scheme: Scheme = DEFAULT_SCHEME
    k: int = DEFAULT_K
    own_breaks: tuple[float, ...] = ()
    palette: str | None = None
    selected: str | None = None
    symbols: Symbols = "fixed"
    lang: Lang = "zh"

    def to_params(self, *, default_lang: Lang = "zh") -> dict[str, str]:
        """The view as address keys, in a fixed order; `from_params` gives the view back."""
        params = {
            "level": self.level,
            "i": self.indicator_id,
            "kind": self.kind,
            "p": self.period_key,
            "scope": self.scope if len(SCOPES[self.level]) > 1 else "",
            "scheme": "" if self.scheme == DEFAULT_SCHEME else self.scheme,
            "k": "" if self.k == DEFAULT_K else str(self.k),
            "breaks": ",".join(f"{b:.12g}" for b in self.own_breaks),
            "pal": self.palette or "",
            "sel": self.selected or "",
            "sym": "" if self.symbols == "fixed" else self.symbols,
            "lang": "" if self.lang == default_lang else self.lang,
        }
        return {key: value for key, value in params.items() if value}

    @classmethod
    def from_params(
        cls, facts: Facts, params: Mapping[str, str], *, default_lang: Lang = "zh"
    ) -> tuple[View, tuple[str, ...]]:
        """The view an address asks for, as far as it exists; see `validate_view`."""
        return validate_view(facts, params, default_lang=default_lang)


def validate_view(
    facts: Facts, params: Mapping[str, str], *, default_lang: Lang = "zh"
) -> tuple[View, tuple[str, ...]]:
    """The view that `params` ask for, and a message for each key that could not be followed.

    A key that is missing takes its default; one that is wrong does too, and says so. Unknown keys
    are ignored: they may be the frame's, or another page's.
    """
    reading = _Reading(facts, params, default_lang)
    choice = reading.picture()
    scheme, k, breaks = reading.classes()
    view = View(
        level=reading.level,
        indicator_id=choice.indicator_id if choice else "",
        kind=choice.kind if choice else "actual",
        period_key=choice.period_key if choice else "",
        scope=choice.scope if choice else SCOPES[reading.level][0],
        scheme=scheme,
        k=k,
        own_breaks=breaks,
        palette=reading.palette(),
        selected=reading.selected(),
        symbols=reading.symbols(),
        lang=reading.lang,
    )
    return view, tuple(reading.messages)


class _Reading:
    """Reads an address key by key and gathers what to say."""

    def __init__(self, facts: Facts, params: Mapping[str, str], default_lang: Lang) -> None:
        self.facts = facts
        self.params = {k: v.strip() for k, v in params.items() if k in KEYS and v.strip()}
        self.messages: list[str] = []
        self.lang: Lang = default_lang
        lang = self.params.get("lang")
        if lang in LANGUAGES:
            self.lang = cast("Lang", lang)
        elif lang:
            self.say("bad_lang", lang)
        self.level = self._level()

    def say(self, key: str, value: str, **more: str) -> None:
        """Add a message; an overlong value is cut: it came from outside."""
        shown = value if len(value) <= _LONGEST_ECHO else value[:_LONGEST_ECHO] + "…"
        self.messages.append(text(f"legend.view.{key}", self.lang, value=shown, **more))

    def _level(self) -> MapLevel:
        asked = self.params.get("level")
        if asked in LEVELS:
            return asked
        level = self._level_of(self.params.get("i"))
        if asked:
            self.say("bad_level", asked, shown=text(f"legend.level.{level}", self.lang))
        return level

    def _level_of(self, indicator_id: str | None) -> MapLevel:
        """The default level, or the first one that has figures of the indicator."""
        order = (DEFAULT_LEVEL, *(x for x in LEVELS if x != DEFAULT_LEVEL))
        for level in order:
            if any(c.indicator_id == indicator_id for c in choices(self.facts, level)):
                return level
        return next((x for x in order if choices(self.facts, x)), DEFAULT_LEVEL)

    def picture(self) -> Choice | None:
        """The most useful picture that has what was asked for, key after key."""
        options = choices(self.facts, self.level, self.lang)
        indicator_id = self.params.get("i")
        if indicator_id:
            found = [c for c in options if c.indicator_id == indicator_id]
            if not found:
                known = self.facts.indicators_by_id.get(indicator_id)
                if known is None:
                    self.say("bad_indicator", indicator_id)
                else:
                    self.say("indicator_not_here", known.name(self.lang))
                return options[0] if options else None
            options = tuple(found)
        for key, field, names in (
            ("scope", "scope", SCOPES[self.level]),
            ("kind", "kind", KINDS),
            ("p", "period_key", ()),
        ):
            asked = self.params.get(key)
            if not asked:
                continue
            found = [c for c in options if getattr(c, field) == asked]
            if found:
                options = tuple(found)
            else:
                named = text(f"legend.{field}.{asked}", self.lang) if asked in names else asked
                self.say(f"bad_{'period' if key == 'p' else key}", named)
        return options[0] if options else None

    def classes(self) -> tuple[Scheme, int, tuple[float, ...]]:
        """Scheme, number of classes and own breaks."""
        scheme: Scheme = DEFAULT_SCHEME
        asked = self.params.get("scheme")
        if asked in SCHEMES:
            scheme = asked
        elif asked:
            self.say("bad_scheme", asked)
        k = DEFAULT_K
        count = self.params.get("k")
        if count and count.isascii() and count.isdigit() and _is_count(count):
            k = int(count)
        elif count:
            self.say("bad_k", count)
        breaks: tuple[float, ...] = ()
        written = self.params.get("breaks", "")
        if written or scheme == "own":
            try:
                breaks = parse_breaks(written)
            except ClassifyError:
                self.say("bad_breaks", written)
                scheme = DEFAULT_SCHEME if scheme == "own" else scheme
        return scheme, k, breaks

    def palette(self) -> str | None:
        """The palette asked for, None for the default."""
        asked = self.params.get("pal")
        if asked:
            try:
                parse_palette(asked)
            except PaletteError:
                self.say("bad_palette", asked)
                return None
        return asked

    def selected(self) -> str | None:
        """The selected place."""
        asked = self.params.get("sel")
        if asked and asked not in self.facts.places_by_id:
            self.say("bad_place", asked)
            return None
        return asked

    def symbols(self) -> Symbols:
        """Size of the symbols."""
        asked = self.params.get("sym")
        if asked and asked not in SYMBOLS:
            self.say("bad_symbols", asked)
        return "area" if asked == "area" else "fixed"


def _is_count(digits: str) -> bool:
    return len(digits) == 1 and MIN_CLASSES <= int(digits) <= MAX_CLASSES
