"""Records of a table against those on file: which are new, which change, which are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from facts.model import Facts, Lang, Observation
from facts.recordfields import BATCH_WORDS, FIELDS, STATE_WORDS
from layers.legend import format_value
from layers.texts import text

KINDS: Final = ("new", "changed", "same")
_SHOWN_FIELDS: Final = 4


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One record: `kind` of KINDS, and in words its place, what it is, period, before and after."""

    kind: str
    place: str
    what: str
    period: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FigureChanges:
    """All records of a table, the new and changed ones first; records by place id."""

    changes: tuple[RecordChange, ...]
    counts: Mapping[str, int]
    places: Mapping[str, int]


def figure_changes(facts: Facts, observations: Sequence[Observation], lang: Lang) -> FigureChanges:
    """Figures against those on file of the same place, indicator, period and kind.

    A figure of another source stays on file beside the new one; both are shown.
    """
    on_file: dict[Hashable, list[Observation]] = {}
    for known in facts.observations:
        on_file.setdefault(_key(known), []).append(known)
    by_id = facts.observations_by_id
    changes = []
    for new in observations:
        own = by_id.get(new.row_id)
        others = on_file.get(_key(new), [])
        before = [own] if own is not None else others
        same = any(o.value == new.value and o.qualifier == new.qualifier for o in before)
        kind = "same" if same else "changed" if before else "new"
        changes.append(
            RecordChange(
                kind, facts.place(new.place_id).name(lang),
                _named(facts, new, lang), new.period.name(lang),
                "、".join(dict.fromkeys(_value(o, lang) for o in before)) or "—", _value(new, lang),
            )
        )  # fmt: skip
    return _sorted(changes, (o.place_id for o in observations))


def record_changes(
    facts: Facts, table: str, before: Iterable[Any], records: Sequence[Any], lang: Lang
) -> FigureChanges:
    """Parcels or projects (`table` of FIELDS) against those on file with the same id."""
    id_name = f"{table.removesuffix('s')}_id"
    known = {old.key: old for old in before}
    fields = [f for f in FIELDS[table] if f.key not in ("place_id", "name", id_name)]
    changes = []
    for new in records:
        old = known.get(new.key)
        differing = [] if old is None else [
            f for f in fields if _of(old, f.key) != _of(new, f.key)
        ]  # fmt: skip
        kind = "new" if old is None else "changed" if differing or old.name != new.name else "same"
        shown = differing or [f for f in fields if _of(new, f.key) not in (None, "")]
        say = _teller(shown[:_SHOWN_FIELDS], lang)
        place = facts.places_by_id.get(new.place_id)
        period = getattr(new, "period", None)
        changes.append(
            RecordChange(
                kind, place.name(lang) if place else "—", new.name or getattr(new, id_name),
                period.name(lang) if period else "—", "—" if old is None else say(old), say(new),
            )
        )  # fmt: skip
    return _sorted(changes, (r.place_id for r in records if r.place_id))


def stage_name(key: str, lang: Lang) -> str:
    """A state of a parcel or a batch of projects in words."""
    known = {**BATCH_WORDS, **STATE_WORDS}
    if lang == "zh" and key in known:
        return known[key].split("|")[0]
    return key.replace("_", " ")


def _key(o: Observation) -> Hashable:
    return (o.place_id, o.indicator_id, o.period.key, o.kind)


def _named(facts: Facts, o: Observation, lang: Lang) -> str:
    kind = text(f"legend.kind.{o.kind}", lang)
    return text(
        "intake.figure_name", lang, name=facts.indicator(o.indicator_id).name(lang), kind=kind
    )


def _value(o: Observation, lang: Lang) -> str:
    if o.value is None:
        return o.missing_reason or "—"
    return format_value(o.value, o.unit, o.qualifier, lang)


def _of(record: Any, key: str) -> Any:
    """A field of a record; "area" is kept in hectares."""
    return getattr(record, "area_ha" if key == "area" else key, None)


def _teller(fields: Sequence[Any], lang: Lang) -> Callable[[Any], str]:
    def say(record: Any) -> str:
        parts = []
        for field in fields:
            value = _of(record, field.key)
            if value in (None, ""):
                continue
            name = field.name_zh if lang == "zh" else field.name_en
            shown = f"{value:,.10g}" if isinstance(value, float) else str(value)
            if field.kind == "stage":
                shown = stage_name(shown, lang)
            parts.append(f"{name} {shown}{field.unit if isinstance(value, float) else ''}")
        return ("；" if lang == "zh" else "; ").join(parts) or "—"

    return say


def _sorted(changes: Sequence[RecordChange], places: Iterable[str]) -> FigureChanges:
    counts = Counter(c.kind for c in changes)
    ordered = sorted(changes, key=lambda c: KINDS.index(c.kind) if c.kind != "changed" else -1)
    return FigureChanges(
        tuple(ordered), {kind: counts.get(kind, 0) for kind in KINDS}, dict(Counter(places))
    )
