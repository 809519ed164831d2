"""Faults and repairs for the map and table of the import page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from facts.model import Lang
from geo.faultkinds import KINDS
from layers.importview import Item, item, place_words
from layers.texts import has_text, text

MOST_EXTRA_VERTICES: Final = 60_000  # of outlines before and after, of all repairs together


def fault_items(
    problems: Sequence[Mapping[str, Any]], repairs: Sequence[Mapping[str, Any]],
    picks: Collection[str], lang: Lang,
) -> list[Item]:  # fmt: skip
    """Faults with their place, each beside the repair that would mend it; rest of the repairs last.

    `problems` as `geo.problems.Problem.to_json` gives them, `repairs` as the quarantine's task of
    that name does. What is told of the whole file and not of a feature is left out.
    """
    by_fault: dict[tuple[Any, str], list[Mapping[str, Any]]] = {}
    for repair in repairs:
        by_fault.setdefault((repair["feature"], repair["code"]), []).append(repair)
    room = _Room(MOST_EXTRA_VERTICES)
    items = []
    for at, problem in enumerate(problems):
        if problem["feature"] is None and problem["lon"] is None:
            continue
        mends = by_fault.get((problem["feature"], problem["code"]), [])
        found = mends.pop(0) if mends else None
        items.append(_fault_item(f"fault-{at}", problem, found, lang, picks=picks, room=room))
    for left in by_fault.values():
        for repair in left:
            stand_in = {
                "level": "warning", "code": repair["code"], "feature": repair["feature"],
                "ring": None, "message": repair["action"], "lon": None, "lat": None,
            }  # fmt: skip
            items.append(
                _fault_item(f"repair-{len(items)}", stand_in, repair, lang, picks=picks, room=room)
            )
    return items


class _Room:
    """How many vertices may still be sent along."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, geometry: Any) -> Any:
        """The geometry while there is room for it, else None."""
        if not geometry:
            return None
        size = str(geometry.get("coordinates", "")).count("[")
        if size > self.left:
            return None
        self.left -= size
        return geometry


def _fault_item(
    item_id: str, problem: Mapping[str, Any], repair: Mapping[str, Any] | None, lang: Lang,
    *, picks: Collection[str], room: _Room,
) -> Item:  # fmt: skip
    lon, lat = problem["lon"], problem["lat"]
    point = None if lon is None or lat is None else [lon, lat]
    kind = fault_name(str(problem["code"]), lang)
    action, change, extra = "—", "—", []
    if repair is not None:
        action = str(repair["action"])
        if repair["change_m2"] is not None:
            change = text("intake.m2", lang, m2=f"{repair['change_m2']:+,.2f}".replace("-", "−"))
        if repair["removed_m2"]:
            action += text("intake.removes", lang, m2=f"{repair['removed_m2']:,.2f}")
        parts = {"before": "before", "cut": "removed", "after": "after"}
        extra = [{"kind": k, "geometry": room.take(repair[n])} for k, n in parts.items()]
    feature, ring = problem["feature"], problem["ring"]
    cells = (
        text(f"intake.level_{problem['level']}", lang), kind, _number(feature), _number(ring),
        place_words(point, lang), str(problem["message"]), action, change,
    )  # fmt: skip
    words = text("intake.fault_words", lang, kind=kind, feature=_number(feature))
    return item(
        str(repair["repair_id"]) if repair else item_id, str(problem["level"]), words, point=point,
        cells=cells, home=True, picked=None if repair is None else repair["repair_id"] in picks,
        group=str(problem["code"]) if repair else "", extra=extra,
    )  # fmt: skip


def fault_columns(lang: Lang) -> list[dict[str, Any]]:
    """The columns of the cells of `fault_items`."""
    names = ("level", "kind", "feature", "ring", "place", "what", "repair", "change")
    numbers = ("feature", "ring", "change")
    return [{"name": text(f"intake.fault_{n}", lang), "number": n in numbers} for n in names]


def fault_name(code: str, lang: Lang) -> str:
    """A kind of fault in words; one that has no words keeps its code."""
    if code in KINDS:
        _, zh, en = KINDS[code]
        return zh if lang == "zh" else en
    key = f"intake.code_{code}"
    return text(key, lang) if has_text(key) else code


def _number(value: Any) -> str:
    return "—" if value is None else str(value)
