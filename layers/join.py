"""Which pictures the facts allow, and which figure each place shows in one.

A picture is one level of the map, one indicator, one kind, one exact period and one scope. The
scope keeps subjects apart that would be drawn on the same outline: figures of a whole city and
totals of the zones of a city are never in one picture.

Groups of zones that report together are rows of their own: their members show no figure by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from facts.model import Facts, Kind, Lang, Observation, Period, Place
from layers.errors import ViewError

MapLevel: TypeAlias = Literal["city", "county", "zone"]
Scope: TypeAlias = Literal["whole_city", "all_zones", "industrial_zones", "whole_county", "zones"]

LEVELS: tuple[MapLevel, ...] = get_args(MapLevel)
SCOPES: Mapping[MapLevel, tuple[Scope, ...]] = {
    "city": ("all_zones", "industrial_zones", "whole_city"),
    "county": ("whole_county",),
    "zone": ("zones",),
}
KINDS: tuple[Kind, ...] = ("actual", "cumulative", "target", "yoy", "share")

# Of two sources for one figure the one nearer to the reporter is shown.
_NEARNESS = {"primary": 0, "original": 1, "unverified_mirror": 2}
# True of every place, so it would always lead: it stands last among its equals.
_BACKGROUND = frozenset({"outline_area"})
_QUALITY = {"reported": 0, "derived": 1, "synthetic": 2}


@dataclass(frozen=True, slots=True)
class Choice:
    """One picture that exists; `places` show a figure in it, `missing` lost theirs."""

    level: MapLevel
    indicator_id: str
    kind: Kind
    period: Period
    scope: Scope
    places: int
    missing: int
    indicator_name: str
    theme: str
    unit: str

    @property
    def period_key(self) -> str:
        """The canonical text of the period."""
        return self.period.key

    @property
    def picture(self) -> tuple[str, str, str, str]:
        """Indicator, kind, period key and scope."""
        return (self.indicator_id, self.kind, self.period.key, self.scope)


@dataclass(frozen=True, slots=True)
class LayerRow:
    """What one subject shows: the figure, or that it was lost, and what else was reported.

    `drawn_id` is the place whose outline is coloured: the city for a total of its zones, else
    the subject itself. `others` are further figures for the same outline, indicator, kind and
    period; `conflict` says whether one of them should be equal and is not: figures of another
    population (other rounds, another project) or basis may differ.
    """

    place_id: str
    drawn_id: str
    observation: Observation
    others: tuple[Observation, ...] = ()
    conflict: bool = False

    @property
    def value(self) -> float | None:
        """The figure in the observation's unit; None where the source lost it."""
        return self.observation.value


def is_zone_group(facts: Facts, place: Place) -> bool:
    """Whether a group is drawn among the zones: named members that are zones or parks."""
    if place.level != "group" or place.drawn_on or not place.members:
        return False
    members = (facts.places_by_id.get(m) for m in place.members)
    return all(m is not None and m.level in {"zone", "park"} for m in members)


def seat_of(facts: Facts, place: Place) -> tuple[MapLevel, Scope, str] | None:
    """Level, scope and outline of a subject; None for one that no map level shows."""
    if place.level == "city":
        return "city", "whole_city", place.place_id
    if place.level == "county":
        return "county", "whole_county", place.place_id
    if place.level in {"zone", "park"} or is_zone_group(facts, place):
        return "zone", "zones", place.place_id
    if (
        place.level == "group"
        and place.drawn_on
        and place.scope in {"all_zones", "industrial_zones"}
    ):
        outline = facts.places_by_id.get(place.drawn_on)
        if outline is not None and outline.level == "city":
            # The two scopes of groups are two of ours.
            return "city", place.scope, outline.place_id
    return None


def subjects(facts: Facts, level: MapLevel) -> tuple[Place, ...]:
    """Places that the level shows as outlines: all cities, counties, or zones and parks."""
    wanted = {"zone", "park"} if level == "zone" else {level}
    return tuple(place for place in facts.places if place.level in wanted)


def choices(facts: Facts, level: MapLevel, lang: Lang = "zh") -> tuple[Choice, ...]:
    """All pictures of a level, the useful first.

    Reported ones that a quarter of the outlines have come before all others; then those with most
    figures, targets after what happened (they would be the newest of all), and the newest.
    """
    return _choices(_Key(facts), level, lang)


def best_choice(options: Sequence[Choice], **wanted: str | None) -> Choice | None:
    """The first picture with the wanted fields, or None.

    Fields are ``indicator_id``, ``kind``, ``period_key``, ``scope``; None is no wish.
    """
    for option in options:
        if all(v is None or getattr(option, k) == v for k, v in wanted.items()):
            return option
    return None


def periods_of(
    options: Iterable[Choice], *, indicator_id: str, kind: Kind, scope: Scope
) -> tuple[Choice, ...]:
    """The pictures of an indicator through time, oldest first: the steps of the time control."""
    found = [o for o in options if (o.indicator_id, o.kind, o.scope) == (indicator_id, kind, scope)]
    return tuple(sorted(found, key=lambda o: o.period.sort_key))


def layer_rows(
    facts: Facts,
    *,
    level: MapLevel,
    indicator_id: str,
    kind: Kind,
    period_key: str,
    scope: Scope,
) -> tuple[LayerRow, ...]:
    """The rows of a picture, one for each outline, in the order of the places on file.

    Raises:
        ViewError: no such picture.
    """
    grouped = _pictures(_Key(facts)).get((level, indicator_id, kind, period_key, scope))
    if not grouped:
        raise ViewError(
            f"没有这张图 / no such picture: {level}, {indicator_id}, {kind}, {period_key}, {scope}"
        )
    return tuple(_row(facts, drawn_id, group) for drawn_id, group in grouped.items())


def preference(facts: Facts, observation: Observation) -> tuple[object, ...]:
    """Sort key by which the shown figure of several comes first.

    A figure before a lost one, reported before derived; then the source: primary before original
    before mirror, newest publication first; then the row id, so that the choice is stable.
    """
    source = facts.sources_by_id.get(observation.source_id)
    return (
        observation.value is None,
        _QUALITY[observation.quality],
        _NEARNESS[source.verification] if source else len(_NEARNESS),
        _newest_first(source.published_on if source else ""),
        observation.row_id,
    )


def _newest_first(published_on: str) -> tuple[int, ...]:
    parts = [int(p) for p in published_on.split("-") if p.isdigit()]
    return tuple(-p for p in parts + [0] * (3 - len(parts)))


def _row(facts: Facts, drawn_id: str, group: Sequence[Observation]) -> LayerRow:
    shown, *others = sorted(group, key=lambda o: preference(facts, o))
    conflict = any(contradicts(o, shown) for o in others)
    return LayerRow(shown.place_id, drawn_id, shown, tuple(others), conflict)


def contradicts(a: Observation, b: Observation) -> bool:
    """Whether two figures of one subject, indicator, kind and period can't both be right."""
    if a.value is None or b.value is None:
        return False
    if (a.place_id, a.population, a.basis) != (b.place_id, b.population, b.basis):
        return False
    return abs(a.value - b.value) > 1e-9 * max(abs(a.value), abs(b.value))


class _Key:
    """Facts as a cache key by identity: hashing thousands of rows would cost more than it saves."""

    __slots__ = ("facts",)

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def __hash__(self) -> int:
        return id(self.facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.facts is self.facts


_Picture: TypeAlias = tuple[MapLevel, str, Kind, str, Scope]


@lru_cache(maxsize=4)
def _pictures(key: _Key) -> dict[_Picture, dict[str, list[Observation]]]:
    """All observations that a level shows, by picture and by outline."""
    facts = key.facts
    seats = {place.place_id: seat_of(facts, place) for place in facts.places}
    order = {place.place_id: i for i, place in enumerate(facts.places)}
    pictures: dict[_Picture, dict[str, list[Observation]]] = {}
    for o in sorted(facts.observations, key=lambda o: order.get(o.place_id, len(order))):
        seat = seats.get(o.place_id)
        if seat is not None:
            level, scope, drawn_id = seat
            picture = (level, o.indicator_id, o.kind, o.period.key, scope)
            pictures.setdefault(picture, {}).setdefault(drawn_id, []).append(o)
    return pictures


@lru_cache(maxsize=16)
def _choices(key: _Key, level: MapLevel, lang: Lang) -> tuple[Choice, ...]:
    facts = key.facts
    found: list[Choice] = []
    reported: set[tuple[str, str, str, str]] = set()
    for (at, indicator_id, kind, _, scope), grouped in _pictures(key).items():
        if at != level:
            continue
        rows = [_row(facts, drawn_id, group) for drawn_id, group in grouped.items()]
        shown = [row.observation for row in rows]
        indicator = facts.indicator(indicator_id)
        figures = sum(o.value is not None for o in shown)
        found.append(
            Choice(
                level,
                indicator_id,
                kind,
                shown[0].period,
                scope,
                figures,
                len(rows) - figures,
                indicator.name(lang),
                indicator.theme,
                shown[0].unit,
            )
        )
        if any(o.quality == "reported" for o in shown):
            reported.add(found[-1].picture)
    enough = len(subjects(facts, level)) / 4
    ranks = {i.indicator_id: n for n, i in enumerate(facts.indicators)}
    found.sort(
        key=lambda c: (
            c.picture not in reported or c.places < enough,
            c.indicator_id in _BACKGROUND,
            -c.places,
            c.kind == "target",
            -c.period.last_day.toordinal(),
            KINDS.index(c.kind),
            SCOPES[level].index(c.scope),
            ranks[c.indicator_id],
            c.period.key,
        )
    )
    return tuple(found)
