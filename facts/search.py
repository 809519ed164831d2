"""Search of places by Chinese name, alias, English name, pinyin or initials.

pypinyin is imported at the first use only: its dictionaries take a moment to load.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from facts.model import Facts, Level, Place

# Names that pypinyin reads otherwise: place-name readings, checked against the official ones.
_READINGS: dict[str, tuple[str, ...]] = {
    "长治": ("chang", "zhi"),
    "长子": ("zhang", "zi"),
    "洪洞": ("hong", "tong"),
    "隰县": ("xi", "xian"),
    "繁峙": ("fan", "shi"),
    "尧都": ("yao", "du"),
    "浑源": ("hun", "yuan"),
    "盂县": ("yu", "xian"),
    "乐平": ("le", "ping"),
    "静乐": ("jing", "le"),
    "长平": ("chang", "ping"),
    "曲沃": ("qu", "wo"),
    "阳曲": ("yang", "qu"),
    "河曲": ("he", "qu"),
    "垣曲": ("yuan", "qu"),
    "乡宁": ("xiang", "ning"),
    "大宁": ("da", "ning"),
    "屯留": ("tun", "liu"),
    "绛县": ("jiang", "xian"),
    "解州": ("hai", "zhou"),
    "兴县": ("xing", "xian"),
    "重工": ("zhong", "gong"),
}

# Characters people type in more than one way: ü as v or u, 柏 as bai or bo.
_VARIANTS: dict[str, tuple[str, ...]] = {
    "lv": ("lv", "lu"),
    "nv": ("nv", "nu"),
}
_LEVEL_ORDER: tuple[Level, ...] = ("province", "city", "county", "zone", "park", "group")
_NAME_VARIANTS: dict[str, tuple[str, str]] = {"万柏林": ("wanbailin", "wanbolin")}


@dataclass(frozen=True)
class SearchEntry:
    """What a place can be found by; pinyin is lower case without tones, blanks or marks."""

    place_id: str
    name_zh: str
    name_en: str
    aliases: tuple[str, ...]
    level: Level
    pinyin: tuple[str, ...]
    initials: tuple[str, ...]


@lru_cache(maxsize=4)
def search_index(facts_places: tuple[Place, ...]) -> tuple[SearchEntry, ...]:
    """One entry for each place, in their order; made once for the same places."""
    return tuple(_entry(place) for place in facts_places)


def search_places(facts: Facts, query: str, *, limit: int = 20) -> tuple[Place, ...]:
    """The places a query means, best first.

    Whole names come before beginnings and beginnings before the inside, own names before aliases,
    larger places before smaller ones. Case, tones, blanks and punctuation of the query do not
    matter. An empty query finds nothing.
    """
    wanted = _plain(query)
    if not wanted:
        return ()
    ranked = [
        (rank, _LEVEL_ORDER.index(entry.level), len(entry.name_zh), entry.place_id)
        for entry in search_index(facts.places)
        if (rank := _rank(entry, wanted)) is not None
    ]
    return tuple(facts.place(place_id) for *_, place_id in sorted(ranked)[:limit])


def pinyin_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Full pinyin and initials of a text, each in all the ways it is typed."""
    return _romanised(text)


def _rank(entry: SearchEntry, wanted: str) -> int | None:
    """Lower is better; None where nothing fits. Own names count before aliases."""
    own, own_initials = _romanised(entry.name_zh)
    own_names = [_plain(entry.name_zh), _plain(entry.name_en), *own]
    other_names = [*(_plain(alias) for alias in entry.aliases), *entry.pinyin]
    ranks = (
        _fit(own_names, own_initials, wanted),
        _fit(other_names, entry.initials, wanted, alias=1),
    )
    return min((rank for rank in ranks if rank is not None), default=None)


def _fit(
    names: Sequence[str], initials: Sequence[str], wanted: str, *, alias: int = 0
) -> int | None:
    if wanted in names:
        return 0 + alias
    if wanted in initials:
        return 2 + alias
    if any(name.startswith(wanted) for name in names):
        return 4 + alias
    if len(wanted) > 1 and any(short.startswith(wanted) for short in initials):
        return 6 + alias
    # One or two letters inside a spelling would find nearly everything.
    long_enough = len(wanted) > 2 or not wanted.isascii()
    return 8 + alias if long_enough and any(wanted in name for name in names) else None


def _entry(place: Place) -> SearchEntry:
    spelled = [_romanised(name) for name in dict.fromkeys((place.name_zh, *place.aliases))]
    return SearchEntry(
        place_id=place.place_id,
        name_zh=place.name_zh,
        name_en=place.name_en,
        aliases=place.aliases,
        level=place.level,
        pinyin=_unique(full for fulls, _ in spelled for full in fulls),
        initials=_unique(short for _, shorts in spelled for short in shorts),
    )


@lru_cache(maxsize=4096)
def _romanised(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    syllables = [_plain(part) for part in _pypinyin(text)]
    syllables = [part for part in syllables if part]
    full = "".join(syllables)
    initials = "".join(part[0] if part.isascii() and part.isalpha() else part for part in syllables)
    fulls = [full]
    for sound, spellings in _VARIANTS.items():
        if sound in syllables:
            fulls += [
                "".join(spelling if part == sound else part for part in syllables)
                for spelling in spellings
            ]
    for name, (usual, other) in _NAME_VARIANTS.items():
        if name in text:
            fulls = [
                spelled
                for full in fulls
                for spelled in (full.replace(other, usual), full.replace(usual, other))
            ]
    return _unique(fulls), _unique([initials])


@lru_cache(maxsize=1)
def _load_readings() -> None:
    from pypinyin import load_phrases_dict  # noqa: PLC0415  slow to import, see above

    load_phrases_dict({name: [[sound] for sound in sounds] for name, sounds in _READINGS.items()})


def _pypinyin(text: str) -> list[str]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415  slow to import, see above

    _load_readings()
    parts: Sequence[str] = lazy_pinyin(text)
    return list(parts)


def _plain(text: str) -> str:
    """Lower case without accents, blanks and punctuation: "Lüliang " -> "luliang"."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
