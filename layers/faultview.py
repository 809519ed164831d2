"""Faults and repairs for the map and table of the import page."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from facts.model import Lang
from geo.faultkinds import KINDS
from layers.importview import Item, item, place_words
from layers.texts import has_text, text

Making = Literal["none", "chosen", "all"]

MOST_EXTRA_VERTICES: Final = 60_000  # of outlines before and after, of all repairs together
# Columns that say which feature is meant, the surest first; written small, without separators.
_IDS: Final = (
    "地块编号", "宗地编号", "宗地代码", "图斑编号", "项目编号", "编号", "代码", "parcelid", "dkbh",
    "zddm", "zdbh", "tbbh", "bh", "bsm", "code", "id", "objectid", "fid",
)  # fmt: skip
_NAMES: Final = (
    "地块名称", "宗地名称", "开发区名称", "园区名称", "项目名称", "名称", "parcelname", "dkmc",
    "xmmc", "kfqmc", "mc", "namezh", "name", "标注", "label",
)  # fmt: skip
_SEPARATORS: Final = re.compile(r"[\s_\-.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is to become of faults.

    `making` says which repairs are made: none, those of `picks` (ids), or all automatic ones.
    `left_out` are the numbers of features that are not imported at all.
    """

    making: Making = "chosen"
    picks: Collection[str] = ()
    left_out: Collection[int] = field(default_factory=frozenset)

    def makes(self, repair: Mapping[str, Any]) -> bool:
        """Whether a repair will be made."""
        if self.drops(repair):
            return False
        if self.making == "chosen":
            return repair["repair_id"] in self.picks
        return self.making == "all" and bool(repair["automatic"])

    def drops(self, repair: Mapping[str, Any]) -> bool:
        """Whether one of a repair's features is left out, which makes it pointless."""
        return repair["feature"] in self.left_out or repair["other"] in self.left_out


def label_columns(columns: Sequence[str], chosen: str = "") -> tuple[str, ...]:
    """The columns that tell features apart for a reader: that of ids, then that of names.

    `chosen` is the column of ids that the planner named; it stands before any other.
    """
    plain = {name: _SEPARATORS.sub("", name).casefold() for name in columns}

    def first(known: Sequence[str], ending: str) -> str:
        exact = [name for word in known for name in columns if plain[name] == word]
        return next(iter(exact or [name for name in columns if plain[name].endswith(ending)]), "")

    id_column = chosen if chosen in plain else first(_IDS, "编号")
    return tuple(dict.fromkeys(filter(None, (id_column, first(_NAMES, "名称")))))


def fault_items(
    problems: Sequence[Mapping[str, Any]], repairs: Sequence[Mapping[str, Any]], decided: Decided,
    lang: Lang, *, names: Mapping[int, str] | None = None,
) -> list[Item]:  # fmt: skip
    """Faults with their place, each beside the repair that would mend it; rest of the repairs last.

    `problems` as `geo.problems.Problem.to_json` gives them, `repairs` as the quarantine's task of
    that name does, `names` what features are called by their number. What is told of the whole file
    and not of a feature is left out, see `of_the_file`.
    """
    by_fault: dict[tuple[Any, str], list[Mapping[str, Any]]] = {}
    for repair in repairs:
        by_fault.setdefault((repair["feature"], repair["code"]), []).append(repair)
    row = _Row(decided, lang, names or {})
    items = []
    for at, problem in enumerate(problems):
        if of_the_file(problem):
            continue
        mends = by_fault.get((problem["feature"], problem["code"]), [])
        items.append(row.item(f"fault-{at}", problem, mends.pop(0) if mends else None))
    for left in by_fault.values():
        for repair in left:
            stand_in = {
                "level": "warning", "code": repair["code"], "feature": repair["feature"],
                "ring": None, "message": repair["action"], "lon": None, "lat": None,
            }  # fmt: skip
            items.append(row.item(f"repair-{len(items)}", stand_in, repair))
    return items


def of_the_file(problem: Mapping[str, Any]) -> bool:
    """Whether a problem concerns the file and no feature or place in it."""
    return problem["feature"] is None and problem["lon"] is None


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


class _Row:
    """Makes one item of a fault and its repair."""

    def __init__(self, decided: Decided, lang: Lang, names: Mapping[int, str]) -> None:
        self.decided = decided
        self.lang = lang
        self.names = names
        self.room = _Room(MOST_EXTRA_VERTICES)

    def item(
        self, item_id: str, problem: Mapping[str, Any], repair: Mapping[str, Any] | None
    ) -> Item:
        """The item; its columns are those of `fault_columns`."""
        lang, lon, lat = self.lang, problem["lon"], problem["lat"]
        point = None if lon is None or lat is None else [lon, lat]
        kind = fault_name(str(problem["code"]), lang)
        feature, ring = problem["feature"], problem["ring"]
        name = self.names.get(feature, "")
        action, change = self._outcome(problem, repair)
        extra = []
        if repair is not None:
            parts = {"before": "before", "cut": "removed", "after": "after"}
            extra = [{"kind": k, "geometry": self.room.take(repair[n])} for k, n in parts.items()]
        cells = (
            text(f"intake.level_{problem['level']}", lang), kind, _number(feature), name or "—",
            _number(ring), place_words(point, lang), str(problem["message"]), action, change,
        )  # fmt: skip
        called = " ".join(filter(None, (_number(feature), name)))
        words = text("intake.fault_words", lang, kind=kind, feature=called)
        return item(
            str(repair["repair_id"]) if repair else item_id, str(problem["level"]), words,
            point=point, cells=cells, home=True, picked=self._picked(repair),
            group=str(problem["code"]) if repair else "", extra=extra,
        )  # fmt: skip

    def _picked(self, repair: Mapping[str, Any] | None) -> bool | None:
        """Whether the repair is ticked; None where there is nothing to tick."""
        if repair is None or self.decided.making != "chosen" or self.decided.drops(repair):
            return None
        return self.decided.makes(repair)

    def _outcome(
        self, problem: Mapping[str, Any], repair: Mapping[str, Any] | None
    ) -> tuple[str, str]:
        """What is or could be done, and how the area changes by what is done."""
        lang, decided = self.lang, self.decided
        if problem["feature"] in decided.left_out:
            return text("intake.cell_left_out", lang), "—"
        if repair is None:
            no_way = problem["level"] == "error" and problem["feature"] is not None
            return (text("intake.cell_no_repair", lang) if no_way else "—"), "—"
        action, change = str(repair["action"]), "—"
        if repair["removed_m2"]:
            action += text("intake.removes", lang, m2=f"{repair['removed_m2']:,.2f}")
        if repair.get("declared"):
            action += text("intake.cell_declared", lang, told=repair["declared"])
        offered = decided.making == "chosen" and not decided.drops(repair)
        if not offered and not decided.makes(repair):
            return text("intake.cell_not_made", lang, action=action), "—"
        if repair["change_m2"] is not None:
            change = text("intake.m2", lang, m2=f"{repair['change_m2']:+,.2f}".replace("-", "−"))
        return action, change


def fault_columns(lang: Lang) -> list[dict[str, Any]]:
    """The columns of the cells of `fault_items`."""
    names = ("level", "kind", "feature", "name", "ring", "place", "what", "repair", "change")
    numbers = ("feature", "ring", "change")
    return [{"name": text(f"intake.fault_{n}", lang), "number": n in numbers} for n in names]


def fault_name(code: str, lang: Lang) -> str:
    """A kind of fault in words; every code that is made in this program has some."""
    if code in KINDS:
        _, zh, en = KINDS[code]
        return zh if lang == "zh" else en
    key = f"intake.code_{code}"
    return text(key if has_text(key) else "intake.code_other", lang)


def whole_file_words(problem: Mapping[str, Any], lang: Lang) -> str:
    """What is told of the file in one line, with the kind of fault before it unless it says so."""
    kind, message = fault_name(str(problem["code"]), lang), str(problem["message"])
    if kind in message:
        return message
    return text("intake.whole_file", lang, kind=kind, message=message)


def _number(value: Any) -> str:
    return "—" if value is None else str(value)
