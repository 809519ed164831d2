"""Records of a table against those on file: which are new, which change, which are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from facts.model import Facts, Lang, Observation, Source
from facts.recordfields import BATCH_WORDS, FIELDS, STATE_WORDS, Field
from facts.recordids import with_known_ids
from facts.units import unit_name
from layers.legend import MARKS, format_value
from layers.texts import text
from store.officefigures import last_import
from store.workspace import Workspace

KINDS: Final = ("new", "changed", "same")
_HA: Final = "公顷"
# What belongs to a field of a record and is kept beside it.
_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "area": ("printed_area", "printed_area_unit", "area_qualifier"),
    "total_investment_yi": ("investment_qualifier",), "expected_output_yi": ("output_qualifier",),
    "land_mu": ("land_qualifier",),
}  # fmt: skip
_DECIMALS: Final = 4  # of what was computed; hectares to a square metre


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
    facts: Facts,
    table: str,
    before: Iterable[Any],
    records: Sequence[Any],
    lang: Lang,
    *,
    outlines_ha: Mapping[str, float] = MappingProxyType({}),
) -> FigureChanges:
    """Parcels or projects (`table` of FIELDS) against those on file with the same key.

    A record of the same zone and number takes the place of the one on file: all that differs is
    told on both sides, name and source included, and so is what the new one leaves blank.
    `outlines_ha` are the areas of outlines, in ha, by id; they stand beside what is declared.
    """
    id_name = f"{table.removesuffix('s')}_id"
    known = {old.key: old for old in before}
    ids = {record.key: getattr(record, id_name) for record in records}
    records = with_known_ids(records, known.values(), id_name=id_name)
    fields = [f for f in FIELDS[table] if f.key not in ("place_id", "name", id_name)]
    changes = []
    for new in records:
        old = known.get(new.key)
        kind = "new" if old is None else "same" if old == new else "changed"
        differing = fields if old is None else [f for f in fields if _differs(old, new, f.key)]
        told = [_told(facts, new, differing, lang, rival=old)]
        if (area := outlines_ha.get(ids[new.key])) is not None:
            told.append(text("intake.outline_area", lang, area=_hectares(area, lang)))
        place = facts.places_by_id.get(new.place_id)
        period = getattr(new, "period", None)
        changes.append(
            RecordChange(
                kind, place.name(lang) if place else "—", new.name or new.number,
                period.name(lang) if period else "—",
                "—" if old is None else _told(facts, old, differing, lang, rival=new),
                _semicolon(lang).join(filter(None, told)) or "—",
            )
        )  # fmt: skip
    return _sorted(changes, (r.place_id for r in records if r.place_id))


def imported_before(workspace: Workspace, known: Source | None, lang: Lang) -> list[str]:
    """Told where the bytes of a file are on file as this source: when, and under which title."""
    last = last_import(workspace, known) if known is not None else None
    if known is None or last is None:
        return []
    day = last.time.astimezone().date().isoformat()
    return [text("intake.already_imported", lang, date=day, title=known.title)]


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


def _differs(old: Any, new: Any, key: str) -> bool:
    beside = _BESIDE.get(key, ())
    return any(getattr(old, n) != getattr(new, n) for n in beside) or _of(old, key) != _of(new, key)


def _told(facts: Facts, record: Any, fields: Sequence[Field], lang: Lang, *, rival: Any) -> str:
    """A record in words: these fields and, where the rival's differ, its name, place and source.

    Without a rival blank fields are passed over; else they are told to be blank.
    """
    parts = [] if rival is None else list(_identity(facts, record, rival, lang))
    for field in fields:
        value = _of(record, field.key)
        if value in (None, ""):
            if rival is None:
                continue
            shown = text("intake.blank", lang)
        else:
            shown = _field_words(record, field, value, lang)
        parts.append(f"{field.name_zh if lang == 'zh' else field.name_en} {shown}")
    return _semicolon(lang).join(parts) or "—"


def _identity(facts: Facts, record: Any, rival: Any, lang: Lang) -> Iterator[str]:
    """Name, place, period and source of a record, where those of its rival are others."""
    if record.name != rival.name:
        yield text("intake.record_name", lang, name=record.name or text("intake.blank", lang))
    if record.place_id != rival.place_id:
        place = facts.places_by_id.get(record.place_id)
        yield text("intake.record_place", lang, name=place.name(lang) if place else "—")
    period, other = getattr(record, "period", None), getattr(rival, "period", None)
    if period != other:
        name = period.name(lang) if period else text("intake.blank", lang)
        yield text("intake.record_period", lang, name=name)
    if (record.source_id, record.locator) != (rival.source_id, rival.locator):
        source = facts.sources_by_id.get(record.source_id)
        name = source.title if source else text("intake.this_import", lang)
        at = (record.locator,) if record.locator else ()
        yield text("intake.record_source", lang, name="，".join((name, *at)) if lang == "zh"
                   else ", ".join((name, *at)))  # fmt: skip


def _field_words(record: Any, field: Field, value: Any, lang: Lang) -> str:
    """One field as it is committed to: with its bound or qualifier, in the unit as given."""
    if field.kind == "stage":
        return stage_name(str(value), lang)
    if not isinstance(value, float):
        return str(value)
    if field.key == "area":
        return _area_words(record, value, lang)
    qualifier = field.bound or "exact"
    if field.key in _BESIDE:
        qualifier = getattr(record, _BESIDE[field.key][-1])
    return format_value(round(value, _DECIMALS), field.unit, qualifier, lang)


def _area_words(record: Any, area_ha: float, lang: Lang) -> str:
    """An area as printed, and in hectares where it was printed in another unit."""
    mark = MARKS.get(record.area_qualifier, "")
    ha, unit = mark + _hectares(area_ha, lang), record.printed_area_unit
    if not record.printed_area or unit in ("", _HA):
        return ha
    printed = f"{mark}{record.printed_area} {unit_name(unit, lang)}"
    return text("intake.area_as_given", lang, printed=printed, ha=ha)


def _hectares(area_ha: float, lang: Lang) -> str:
    return format_value(round(area_ha, _DECIMALS), _HA, "exact", lang)


def _semicolon(lang: Lang) -> str:
    return "；" if lang == "zh" else "; "


def _sorted(changes: Sequence[RecordChange], places: Iterable[str]) -> FigureChanges:
    counts = Counter(c.kind for c in changes)
    ordered = sorted(changes, key=lambda c: KINDS.index(c.kind) if c.kind != "changed" else -1)
    return FigureChanges(
        tuple(ordered), {kind: counts.get(kind, 0) for kind in KINDS}, dict(Counter(places))
    )
