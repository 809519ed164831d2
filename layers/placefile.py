"""The file of one place: all that is on record about it, with a source for each statement.

Figures of a group the place belongs to stand apart and say so: they are not the place's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facts.model import CheckResult, DeclaredArea, Event, Facts, Lang, Place
from facts.units import convert
from geo.areas import AREA_METHOD_EN, AREA_METHOD_ZH
from layers.errors import PlaceError
from layers.legend import MARKS, format_number
from layers.officeareas import office_area, with_office_areas
from layers.placefigures import by_theme, figure_rows, series_of, source_ref, targets_of
from layers.placeparcels import parcel_list
from layers.placeprojects import project_list
from layers.placerecords import (
    Area,
    BoundaryFacts,
    ChildRow,
    Declared,
    EventRow,
    ExtentRow,
    GroupFigures,
    Identity,
    LandRow,
    PlaceFile,
    Ref,
)
from layers.texts import has_text, text

if TYPE_CHECKING:
    from layers.atlas import Atlas

_M2, _KM2, _HA, _MU = "平方米", "平方公里", "公顷", "亩"
_EQUAL = 1e-4
_LAND_COLUMNS = (
    "place_id", "state", "parcels", "area_mu", "kind", "quality", "source_id", "qualifier",
    "row_ids",
)  # fmt: skip


def place_file(atlas: Atlas, place_id: str, lang: Lang) -> PlaceFile:
    """The file of a place.

    Raises:
        PlaceError: no such place.
    """
    facts = atlas.facts
    place = facts.places_by_id.get(place_id)
    if place is None:
        raise PlaceError(f"没有这个地点：{place_id} / no such place: {place_id}")
    own = facts.observations_of(place_id)
    groups = groups_of(facts, place)
    return PlaceFile(
        place=place,
        identity=_identity(facts, place, lang),
        boundary=_boundary(atlas, place, lang),
        declared=_declared_rows(atlas, place_id, lang),
        extents=tuple(
            ExtentRow(
                e.text_zh if lang == "zh" else e.text_en,
                text(f"legend.quality.{e.quality}", lang),
                source_ref(facts, e.source_id),
            )
            for e in facts.extents
            if e.place_id == place_id
        ),
        themes=by_theme(facts, figure_rows(facts, own, lang), lang),
        series=series_of(facts, own, lang),
        targets=targets_of(facts, own, lang),
        children=tuple(_child(atlas, child, lang) for child in facts.children_of(place_id)
                       if child.level != "group"),
        members=_refs(facts, place.members, lang),
        groups=tuple(_group(facts, group, lang) for group in groups),
        events=_events(facts, place_id, lang),
        checks=tuple(c for c in atlas.checks() if _concerns(c, place)),
        standard_land=_standard_land(atlas, place, groups, lang),
        parcels=parcel_list(atlas, place_id, lang),
        projects=project_list(atlas, place_id, lang),
    )  # fmt: skip


def groups_of(facts: Facts, place: Place) -> tuple[Place, ...]:
    """Groups that the place is a member of, or that are drawn on its outline."""
    return tuple(
        group
        for group in facts.places
        if group.level == "group"
        and group.place_id != place.place_id
        and (place.place_id in group.members or group.drawn_on == place.place_id)
    )


def area(m2: float, qualifier: str = "exact", *, surveyed: bool = True) -> Area:
    """An area in m², written in km², ha and 亩.

    An outline that was not surveyed is known to a hundredth of a km² at best, and is written so.
    """
    mark = MARKS.get(qualifier, "")

    def written(unit: str, decimals: int) -> str:
        return mark + format_number(round(convert(m2, _M2, unit), decimals))

    places = (4, 2, 2) if surveyed else (2, 0, 0)
    return Area(m2, *(written(u, n) for u, n in zip((_KM2, _HA, _MU), places, strict=True)))


def _identity(facts: Facts, place: Place, lang: Lang) -> Identity:
    located = place.level in {"zone", "park"}
    other = place.name_en if lang == "zh" else place.name_zh
    return Identity(
        name=place.name(lang),
        name_other=other,
        aliases=place.aliases,
        level_name=_level(place, lang),
        zone_type=_named("zone_type", place.zone_type, lang),
        tier=_named("tier", place.tier, lang),
        tier_quality=_named("quality", place.tier_quality, lang),
        status=_named("status", place.status, lang),
        official_code=place.official_code,
        parent=next(iter(_refs(facts, (place.parent_id,), lang)), None),
        host_cities=_refs(facts, place.host_city_ids, lang),
        host_counties=_refs(facts, place.host_county_ids, lang),
        host_basis=_named("host_basis", place.host_basis, lang) if located else "",
        host_quality=_named("quality", place.host_quality, lang),
        leading_industries=place.leading_industries,
        note=place.note_zh if lang == "zh" else place.note_en or place.note_zh,
        source=source_ref(facts, place.source_id) if place.source_id else None,
    )


def _boundary(atlas: Atlas, place: Place, lang: Lang) -> BoundaryFacts | None:
    row = atlas.outline_of(place.place_id)
    if row is None:
        return None
    chosen = next((d for d in _declared_areas(atlas, place.place_id) if d.chosen), None)
    m2 = float(row["area_m2"])
    off = m2 / convert(chosen.area_km2, _KM2, _M2) - 1.0 if chosen else None
    return BoundaryFacts(
        precision=row["precision"],
        precision_name=_named("precision", row["precision"], lang),
        basis_name=_named("area_basis", row["area_basis"], lang),
        computed=area(m2, surveyed=row["precision"] == "surveyed"),
        method=AREA_METHOD_ZH if lang == "zh" else AREA_METHOD_EN,
        difference=off,
        difference_text="" if off is None else _off_text(off, lang),
        point=(float(row["point_lon"]), float(row["point_lat"])),
        valid_from=_date(row["valid_from"]),
        valid_to=_date(row["valid_to"]),
        source=source_ref(atlas.facts, row["source_id"]),
    )


def _off_text(off: float, lang: Lang) -> str:
    if abs(off) < _EQUAL:
        return text("legend.file.area_equal", lang)
    more = text(f"legend.file.{'more' if off > 0 else 'less'}", lang)
    return text("legend.file.area_off", lang, more=more, share=f"{abs(off):.2%}")


def _declared_areas(atlas: Atlas, place_id: str) -> list[DeclaredArea]:
    """The areas that sources declare, the one that the outline should have first.

    That is the one that an office declared with its own outline, else the chosen of the facts.
    """
    row = atlas.outline_of(place_id)
    own = None if row is None else office_area(row)
    declared = [d for d in atlas.facts.declared_areas if d.place_id == place_id]
    found = with_office_areas(declared, {} if own is None else {place_id: own})
    return sorted(found, key=lambda d: not d.chosen)


def _declared_rows(atlas: Atlas, place_id: str, lang: Lang) -> tuple[Declared, ...]:
    return tuple(_declared(atlas.facts, d, lang) for d in _declared_areas(atlas, place_id))


def _declared(facts: Facts, declared: DeclaredArea, lang: Lang) -> Declared:
    # A note of the table is written "中文 / English".
    zh, _, en = declared.note.partition(" / ")
    return Declared(
        area=area(convert(declared.area_km2, _KM2, _M2), declared.qualifier),
        basis=declared.basis_zh if lang == "zh" else declared.basis_en,
        as_of=declared.as_of,
        source=source_ref(facts, declared.source_id),
        chosen=declared.chosen,
        note=zh if lang == "zh" else en or zh,
    )


def _child(atlas: Atlas, child: Place, lang: Lang) -> ChildRow:
    declared = next((d for d in _declared_areas(atlas, child.place_id) if d.chosen), None)
    row = atlas.outline_of(child.place_id)
    return ChildRow(
        place=_ref(child, lang),
        status=_named("status", child.status, lang),
        zone_type=_named("zone_type", child.zone_type, lang),
        declared=area(convert(declared.area_km2, _KM2, _M2), declared.qualifier)
        if declared
        else None,
        computed=(
            area(float(row["area_m2"]), surveyed=row["precision"] == "surveyed") if row else None
        ),
        precision=_named("precision_short", row["precision"], lang) if row else "",
    )


def _group(facts: Facts, group: Place, lang: Lang) -> GroupFigures:
    rows = figure_rows(facts, facts.observations_of(group.place_id), lang)
    newest_first = sorted(rows, key=lambda r: r.period.sort_key, reverse=True)
    return GroupFigures(_ref(group, lang), _refs(facts, group.members, lang), tuple(newest_first))


def _events(facts: Facts, place_id: str, lang: Lang) -> tuple[EventRow, ...]:
    found = [event for event in facts.events if place_id in event.place_ids]
    return tuple(_event(facts, event, lang) for event in sorted(found, key=_moment))


def _moment(event: Event) -> tuple[bool, str]:
    """Dated events in time, those without a date last."""
    day = event.start or event.end
    return (day is None, day.isoformat() if day else event.date_label)


def _event(facts: Facts, event: Event, lang: Lang) -> EventRow:
    return EventRow(
        event.event_zh if lang == "zh" else event.event_en,
        event.date_label,
        event.start.isoformat() if event.start else "",
        event.end.isoformat() if event.end else "",
        event.kind,
        source_ref(facts, event.source_id, event.locator),
    )


def _concerns(check: CheckResult, place: Place) -> bool:
    """Checks of figures concern every place they name; those of outlines the place they test.

    A zone is also told of its parks.
    """
    if place.place_id not in check.place_ids:
        return False
    tested = check.place_ids[0] == place.place_id
    return check.kind != "area" or tested or place.level in {"zone", "park"}


def _standard_land(
    atlas: Atlas, place: Place, groups: tuple[Place, ...], lang: Lang
) -> tuple[LandRow, ...]:
    frame = atlas.workspace.read(
        "standard-land",
        version=atlas.versions.get("standard-land"),
        columns=list(_LAND_COLUMNS),
    )
    wanted = {p.place_id: p for p in (place, *groups)}
    rows = frame[frame["place_id"].isin(list(wanted))].to_dict("records")
    return tuple(_land(atlas.facts, wanted[r["place_id"]], place, r, lang) for r in rows)


def _land(facts: Facts, subject: Place, place: Place, row: dict[Any, Any], lang: Lang) -> LandRow:
    mu = _number(row["area_mu"])
    parcels = _number(row["parcels"])
    return LandRow(
        place=_ref(subject, lang),
        own=subject.place_id == place.place_id,
        state=_named("land_state", row["state"], lang),
        parcels=None if parcels is None else int(parcels),
        area=None if mu is None else area(convert(mu, _MU, _M2), row["qualifier"]),
        period=facts.observation(str(row["row_ids"]).split("|")[0]).period.name(lang),
        kind_name=text(f"legend.kind.{row['kind']}", lang),
        quality=row["quality"],
        source=source_ref(facts, row["source_id"]),
    )


def _refs(facts: Facts, ids: tuple[str | None, ...], lang: Lang) -> tuple[Ref, ...]:
    known = (facts.places_by_id.get(i or "") for i in ids)
    return tuple(_ref(place, lang) for place in known if place is not None)


def _ref(place: Place, lang: Lang) -> Ref:
    return Ref(place.place_id, place.name(lang), place.level, _level(place, lang))


def _level(place: Place, lang: Lang) -> str:
    return text(f"legend.place_level.{place.level}", lang)


def _named(section: str, value: str, lang: Lang) -> str:
    """A coded cell in words; a value the catalogue does not know stays as it is."""
    key = f"legend.{section}.{value}"
    return text(key, lang) if value and has_text(key) else value


def _date(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    import pandas as pd  # noqa: PLC0415 - loaded by whoever read the frame

    return None if pd.isna(value) else float(value)
