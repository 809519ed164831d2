"""What printed words mean: indicators for column heads, places for names, never silently guessed.

What is written exactly as on file is settled. What is only similar is a suggestion, with a score
and a reason, for somebody to confirm.
"""

from __future__ import annotations

from collections.abc import Sequence

from facts.indicatormatch import IndicatorIndex, fits
from facts.model import Facts, Kind
from facts.placematch import PlaceIndex, is_area, settled_ids
from facts.suggestions import IndicatorMatch, PlaceMatch, PlaceStatus, Suggestion

__all__ = ["IndicatorMatch", "Matcher", "PlaceMatch", "PlaceStatus", "Suggestion", "fits"]


_LONGEST = 200  # of a head or name that is looked up
_MOST_UNKNOWN = 2000  # names that similar ones are looked for


class Matcher:
    """Looks up indicators and places of these facts; make it once for a file."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._indicators = IndicatorIndex(facts)
        self._places = PlaceIndex(facts)
        self._seen_heads: dict[tuple[object, ...], IndicatorMatch] = {}
        self._seen_names: dict[tuple[object, ...], PlaceMatch] = {}

    def indicator(
        self, label: str, *, unit: str = "", labels: Sequence[str] = (), limit: int = 5
    ) -> IndicatorMatch:
        """The indicator that a head names; `labels` are its rows, `unit` as printed or "".

        Settled is a name of the dictionary, or how a source on file printed it, in a unit that
        fits; words for growth, share, target and sum tell the kind of figure.
        """
        key = (label, unit, tuple(labels), limit)
        if key not in self._seen_heads:
            self._seen_heads[key] = self._indicators.match(
                label[:_LONGEST],
                unit=unit,
                labels=[text[:_LONGEST] for text in labels],
                limit=limit,
            )
        return self._seen_heads[key]

    def usual_kind(self, indicator_id: str) -> Kind:
        """Target where the indicator is a plan and its figures on file mostly are, else actual."""
        return self._indicators.usual_kind(indicator_id)

    def place(self, name: str, *, host: str = "", limit: int = 5) -> PlaceMatch:
        """The place that a name means; `host` is the city the table is about, if any."""
        key = (name, host, limit)
        if key not in self._seen_names:
            # A table of thousands of unknown names is not one of places.
            similar = sum(not m.settled for m in self._seen_names.values()) < _MOST_UNKNOWN
            self._seen_names[key] = self._places.match(
                name[:_LONGEST], host=host, limit=limit if similar else 0
            )
        return self._seen_names[key]

    def places(
        self, names: Sequence[str], *, host: str = "", about_zones: bool = False
    ) -> tuple[PlaceMatch, ...]:
        """All names of one table together.

        Where the table is about zones, or names one, a city or county may stand for itself or for
        the zones in it: that is asked; and of what is similar the zones come first.
        """
        matches = [self.place(name, host=host) for name in names]
        known = [self.facts.place(place_id) for place_id in settled_ids(matches)]
        if about_zones or any(not is_area(place) for place in known):
            matches = [self._places.whole_or_zones(match) for match in matches]
            matches = [self._places.zones_first(match) for match in matches]
        return tuple(matches)
