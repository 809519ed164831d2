"""Which place a printed name means: exactly, without the city in front, or nearly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from rapidfuzz import fuzz

from facts.celltexts import narrow
from facts.model import Facts, Place, plain_name
from facts.suggestions import PlaceMatch, Suggestion

_LEAST_SCORE = 55.0
_BRACKETS = re.compile(r"[（(][^（）()]*[)）]$")
_NUMBERED = re.compile(r"^[0-9]{1,3}[.、] *")
_PROVINCE = re.compile(r"^(?:中国)?山西(?:省)?(?=.{2,})")

# What a zone is called behind its own name; words of one row mean the same class of zone.
_TYPES = (
    ("高新", "高新技术产业开发区 高新技术产业示范区 高新技术开发区 高新技术园区 高新区"),
    ("经开", "经济技术开发区 经济开发区 经开区"),
    ("农业", "现代农业产业示范区 现代农业示范区 农业产业示范区 农业高新技术产业示范区"),
    ("文旅", "生态文化旅游示范区 生态文化旅游开发区 文化旅游示范区"),
    ("综保", "综合保税区 综保区"),
    ("集聚", "产业集聚区 产业聚集区 工业集聚区"),
    ("园", "工业园区 工业园 产业园区 产业园 园区"),
    ("示范", "示范区"),
    ("", "开发区"),
)
_TYPE_OF = {word: kind for kind, words in _TYPES for word in words.split()}
_ENDS = re.compile(f"(?:{'|'.join(sorted(_TYPE_OF, key=len, reverse=True))})$")
_AREA_LEVELS = ("province", "city", "county")
_ZONE_NAME = re.compile(
    r"(?:开发区|园区|示范区|集聚区|聚集区|高新区|经开区|综改区|保税区|产业园|工业园|片区)$"
)
_VERY_LIKE = 90.0


class PlaceIndex:
    """The names that places go by in these facts."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def match(self, name: str, *, host: str = "", limit: int = 5) -> PlaceMatch:
        """What one name means; see `facts.matching.Matcher.place`."""
        found = self._named(name)
        if len(found) > 1 and host:
            found = [place for place in found if host in _hosts(place)] or found
        if len(found) == 1:
            reason = ("与在册名称或别名一致", "a name or alias on file")
            return PlaceMatch(name, "exact", (_suggestion(found[0], 100.0, reason),))
        if found:
            reason = ("同名，请选定是哪一个", "several places have this name: choose one")
            return PlaceMatch(name, "ambiguous", tuple(_suggestion(p, 90.0, reason) for p in found))
        within = self._without_host(name)
        if within is not None:
            return PlaceMatch(name, "exact", (within,))
        if limit == 0:
            return PlaceMatch(name, "unknown", ())
        similar = sorted(self._similar(name), key=lambda s: -s.score)[:limit]
        return PlaceMatch(name, "similar" if similar else "unknown", tuple(similar))

    def whole_or_zones(self, match: PlaceMatch) -> PlaceMatch:
        """The match of a city or county in a table of zones: the area or the zones in it.

        Whole-city figures and those of a city's zones must never be mixed, so it is asked.
        """
        if not match.settled:
            return match
        place = self._facts.place(match.suggestions[0].target_id)
        if place.level not in _AREA_LEVELS:
            return match
        inside = [
            zone
            for zone in self._facts.places
            if zone.scope == "all_zones" and zone.drawn_on == place.place_id
        ] or [
            zone
            for zone in self._facts.places
            if zone.level == "zone" and place.place_id in zone.host_county_ids
        ]
        own = _suggestion(
            place, 50.0, ("全域的数字，不只是开发区", "the whole area, not only its zones")
        )
        zones = [
            _suggestion(zone, 60.0, ("该地开发区的数字", "the zones there")) for zone in inside
        ]
        return PlaceMatch(match.name, "ambiguous", (*zones, own))

    def zones_first(self, match: PlaceMatch) -> PlaceMatch:
        """The match of a name in a table of zones: of what is similar, zones come first."""
        if match.status != "similar":
            return match
        order = sorted(match.suggestions, key=lambda s: is_area(self._facts.place(s.target_id)))
        return PlaceMatch(match.name, match.status, tuple(order))

    def _named(self, name: str) -> list[Place]:
        """Places of this name, also without a number in front and marks around it."""
        for text in (name, _NUMBERED.sub("", narrow(name)).strip("·*※、.。 ")):
            if found := self._facts.places_named(text):
                return list(found)
        return []

    def _without_host(self, name: str) -> Suggestion | None:
        """The place of a name with its city or county in front: 太原市清徐经济开发区.

        Only where what stands in front is on file as the place's host.
        """
        rest = _PROVINCE.sub("", plain_name(name))
        hosts: set[str] = set()
        for _ in range(3):
            found = self._facts.places_named(rest)
            if len(found) == 1 and rest != plain_name(name) and hosts <= _hosts(found[0]):
                words = (
                    "去掉所在地后与在册名称一致",
                    "a name on file with its city or county in front",
                )
                return _suggestion(found[0], 99.0, words)
            area = next((a for a in self._areas if rest.startswith(a[0]) and rest != a[0]), None)
            if area is None:
                return None
            rest, hosts = rest.removeprefix(area[0]), hosts | {area[1]}
        return None

    @cached_property
    def _areas(self) -> list[tuple[str, str]]:
        """(name, id) of cities and counties, longer names first; a name of two is left out."""
        return sorted(
            (
                (plain_name(place.name_zh), place.place_id)
                for place in self._facts.places
                if place.level in ("city", "county")
                and len(self._facts.places_named(place.name_zh)) == 1
            ),
            key=lambda area: -len(area[0]),
        )

    @cached_property
    def _cores(self) -> list[tuple[Place, str, str, str]]:
        """(place, name, core, class of zone) of every name on file."""
        return [
            (place, plain_name(name), *_core(name))
            for place in self._facts.places
            for name in (place.name_zh, *place.aliases)
        ]

    def _similar(self, name: str) -> Iterator[Suggestion]:
        """Places of a similar name, each with its best one.

        What calls itself a zone is none of the cities and counties: 介休开发区 is not 介休市.
        """
        wanted = _PROVINCE.sub("", plain_name(_BRACKETS.sub("", name)))
        zone = _ZONE_NAME.search(wanted) is not None
        texts = [wanted]
        while area := next((a for a, _ in self._areas if texts[-1].startswith(a)), ""):
            texts.append(texts[-1].removeprefix(area))
        cores = {_core(text) for text in texts if text}
        best: dict[str, tuple[float, Place, str]] = {}
        for place, known, other, other_kind in self._cores:
            if zone and is_area(place):
                continue
            score = 0.9 * fuzz.ratio(wanted, known)
            if (other, other_kind) in cores and other:
                score = max(score, 95.0)
            elif any(core == other for core, _ in cores if core):
                # 开发区 alone leaves open of which class; two classes are two zones.
                open_class = any(core == other and "" in (kind, other_kind) for core, kind in cores)
                score = max(score, _VERY_LIKE if open_class else 80.0)
            if score >= _LEAST_SCORE and score > best.get(place.place_id, (0.0,))[0]:
                best[place.place_id] = (score, place, known)
        for score, place, known in best.values():
            very = score >= _VERY_LIKE
            zh, en = ("很像", "very similar to") if very else ("相近", "similar to")
            yield _suggestion(place, score, (f"与“{known}”{zh}", f"{en} “{known}”"))


def is_area(place: Place) -> bool:
    """Whether the place is a province, city or county, not a zone."""
    return place.level in _AREA_LEVELS


def settled_ids(matches: Sequence[PlaceMatch]) -> set[str]:
    """The places that are certain."""
    return {match.suggestions[0].target_id for match in matches if match.settled}


def _core(name: str) -> tuple[str, str]:
    """A zone's own name and its class: 清徐经济开发区 -> (清徐, 经开)."""
    plain = _PROVINCE.sub("", plain_name(_BRACKETS.sub("", name)))
    match = _ENDS.search(plain)
    if match is None:
        return plain.removesuffix("市").removesuffix("县"), ""
    core = plain[: match.start()]
    return (core.removesuffix("市").removesuffix("县") if len(core) > 2 else core), _TYPE_OF[
        match[0]
    ]


def _hosts(place: Place) -> set[str]:
    """The cities, counties and parents that a place lies in."""
    return {*place.host_city_ids, *place.host_county_ids, place.parent_id or ""}


def _suggestion(place: Place, score: float, reason: tuple[str, str]) -> Suggestion:
    return Suggestion(place.place_id, place.name_zh, place.name("en"), round(score, 1), *reason)
