"""A picture as the map frame gets it: classes and colours by place id, no geometry.

The arguments are described at the top of ``layers/frame/protocol.js``. They are small (a few kB),
since geometry travels on its own and once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias

import orjson

from facts.model import Facts, Lang, Observation, Place
from facts.units import unit_name
from layers.classify import Classes, classify
from layers.errors import ClassifyError, PaletteError, ViewError
from layers.join import LayerRow, layer_rows, subjects
from layers.legend import (
    Legend,
    MapSetting,
    build_legend,
    format_number,
    mark_value,
    source_ids,
)
from layers.palette import colours, default_palette, parse_palette, wants_diverging
from layers.texts import text
from layers.view import View, validate_view

__all__ = ["Outlines", "PaintArgs", "Picture", "View", "paint", "picture", "validate_view"]

PaintArgs: TypeAlias = dict[str, Any]

QUALITY_CODES = {"reported": 0, "derived": 1, "synthetic": 3}  # 2 is a boundary's: schematic
_LONGEST_NOTE = 160


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Which places have an outline, and how precise it is; `version` changes when they do."""

    precision: Mapping[str, str]  # place id -> surveyed | digitised | schematic
    version: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture, classified and coloured: what the frame, the strip and a report are made of."""

    view: View
    rows: tuple[LayerRow, ...]
    figures: tuple[LayerRow, ...]  # rows with a figure; `classes.index` follows their order
    classes: Classes
    colours: tuple[str, ...]  # by class, low to high
    palette: str
    legend: Legend
    total: int  # outlines of the level


class _Same:
    """A cache key by identity, which keeps its object alive."""

    __slots__ = ("it",)

    def __init__(self, it: Any) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.it is self.it


def picture(facts: Facts, outlines: Outlines, view: View) -> Picture:
    """The picture of `view`; made once, whatever is selected in it.

    Raises:
        ViewError: everything in the view that does not exist or does not fit, at once.
    """
    return _pictured(_Same(facts), _Same(outlines), replace(view, selected=None, symbols="fixed"))


@lru_cache(maxsize=256)
def _pictured(facts_key: _Same, outlines_key: _Same, view: View) -> Picture:
    facts: Facts = facts_key.it
    outlines: Outlines = outlines_key.it
    rows = layer_rows(
        facts,
        level=view.level,
        indicator_id=view.indicator_id,
        kind=view.kind,
        period_key=view.period_key,
        scope=view.scope,
    )
    figures = tuple(row for row in rows if row.value is not None)
    values = [row.value for row in figures if row.value is not None]
    polarity = facts.indicator(view.indicator_id).polarity
    signed = bool(values) and wants_diverging(min(values), max(values))
    palette = view.palette or default_palette(polarity, diverging=signed)
    try:
        diverging = parse_palette(palette).diverging
        classes = classify(
            values,
            scheme=view.scheme,
            k=view.k,
            own_breaks=view.own_breaks or None,
            diverging=diverging,
        )
        run = colours(palette, classes.k_used, below=classes.below_zero)
    except (ClassifyError, PaletteError) as fault:
        raise ViewError(str(fault)) from fault
    drawn = [place.place_id for place in subjects(facts, view.level)]
    setting = MapSetting(
        level=view.level,
        lang=view.lang,
        total=len(drawn),
        undrawn=sum(_undrawn(facts, outlines, row) for row in rows),
        schematic=any(outlines.precision.get(place_id) == "schematic" for place_id in drawn),
    )
    legend = build_legend(facts, rows, classes, run, setting)
    return Picture(view, rows, figures, classes, run, palette, legend, len(drawn))


def paint(facts: Facts, outlines: Outlines, view: View) -> PaintArgs:
    """The frame's arguments for `view`: a new dict each time, its parts shared and not to change.

    A view without an indicator gives a map without figures.

    Raises:
        ViewError: see `picture`.
    """
    shared = _painted(_Same(facts), _Same(outlines), replace(view, selected=None, symbols="fixed"))
    # The frame redraws when the key changes, and a symbol's size is part of what is drawn.
    key = shared["paint_key"] + ("" if view.symbols == "fixed" else f"-{view.symbols}")
    return {**shared, "paint_key": key, "selected": view.selected, "symbols": view.symbols}


def frame_texts_of(place: Place) -> dict[str, Any]:
    """What the frame must know of a place that has no feature of its own."""
    return {
        "name": place.name_zh,
        "name_en": place.name_en,
        "level": place.level,
        "parent": place.parent_id,
        "members": list(place.members),
        "drawn_on": place.drawn_on,
    }


@lru_cache(maxsize=512)
def _painted(facts_key: _Same, outlines_key: _Same, view: View) -> PaintArgs:
    facts: Facts = facts_key.it
    outlines: Outlines = outlines_key.it
    args = _empty(view) if not view.indicator_id else _args(facts, outlines, view)
    raw = orjson.dumps([args, outlines.version], option=orjson.OPT_SORT_KEYS)
    return {"paint_key": blake2b(raw, digest_size=8).hexdigest(), **args}


def _empty(view: View) -> PaintArgs:
    title = text("legend.no_picture", view.lang)
    legend = {
        "title": title, "subtitle": "", "unit": "", "scheme": "", "classes": [], "outliers": [],
        "nodata": {"label": text("legend.nodata", view.lang), "count": 0}, "notes": [],
        "sources": [],
    }  # fmt: skip
    table = {"unit": "", "period": "", "kind": "", "sources": []}
    return {
        "lang": view.lang, "level": view.level, "colours": [], "values": {}, "legend": legend,
        "table": table, "places": {},
    }  # fmt: skip


def _args(facts: Facts, outlines: Outlines, view: View) -> PaintArgs:
    made = picture(facts, outlines, view)
    place_of = made.legend.place_of_class
    class_of = {
        row.place_id: place_of[int(c)]
        for row, c in zip(made.figures, made.classes.index, strict=True)
    }
    sources = source_ids(made.rows)
    source_index = {source_id: i for i, source_id in enumerate(sources)}
    ordered = [""] * len(made.colours)
    for old, new in enumerate(place_of):
        ordered[new] = made.colours[old]
    shown = made.rows[0].observation
    return {
        "lang": view.lang,
        "level": view.level,
        "colours": ordered,
        "values": {
            row.place_id: [
                class_of.get(row.place_id, -1),
                mark_value(row.observation),
                QUALITY_CODES[row.observation.quality],
                source_index[row.observation.source_id],
                row_note(facts, row, view.lang),
                row.value,
            ]
            for row in made.rows
        },
        "legend": made.legend.to_dict(),
        "table": {
            "unit": unit_name(shown.unit, view.lang),
            "period": shown.period.name(view.lang),
            "kind": text(f"legend.kind.{shown.kind}", view.lang),
            "sources": [_source(facts, source_id) for source_id in sources],
        },
        "places": {
            place_id: frame_texts_of(facts.place(place_id))
            for place_id in dict.fromkeys(
                [row.place_id for row in made.rows]
                + [place.place_id for place in subjects(facts, view.level)]
            )
            if place_id not in outlines.precision
        },
    }


def _undrawn(facts: Facts, outlines: Outlines, row: LayerRow) -> bool:
    """Whether nothing on the map can show the row: no outline, nor one of its members."""
    if row.drawn_id in outlines.precision:
        return False
    members: Sequence[str] = facts.place(row.place_id).members
    return not any(member in outlines.precision for member in members)


def _source(facts: Facts, source_id: str) -> dict[str, str] | str:
    source = facts.source(source_id)
    return {"title": source.title, "url": source.url} if source.url else source.title


def row_note(facts: Facts, row: LayerRow, lang: Lang) -> str:
    """What must be known of one row: why it is lost, how it was printed, who says otherwise."""
    shown = row.observation
    parts: list[str] = []
    if shown.value is None:
        parts.append(shown.missing_reason)
    parts += figure_notes(shown, lang)
    parts += [
        text(
            "legend.row.other", lang,
            value=mark_value(other), source=facts.source(other.source_id).title,
        )
        for other in row.others
        if other.value is not None
    ]  # fmt: skip
    parts.append(shown.note_zh if lang == "zh" else shown.note_en or shown.note_zh)
    joined = ""
    for part in filter(None, parts):
        joined = text("legend.row.join", lang, first=joined, second=part) if joined else part
    return joined if len(joined) <= _LONGEST_NOTE else joined[: _LONGEST_NOTE - 1] + "…"


def figure_notes(observation: Observation, lang: Lang) -> list[str]:
    """How a figure was printed where that differs, and what a rate was made of."""
    notes: list[str] = []
    if observation.value is not None and observation.printed_unit != observation.unit:
        printed = unit_name(observation.printed_unit, lang)
        if printed != unit_name(observation.unit, lang):
            value = text(
                "legend.times_unit" if printed[0].isdigit() else "legend.row.with_unit", lang,
                number=observation.printed_value, unit=printed,
            )  # fmt: skip
            notes.append(text("legend.row.printed", lang, value=value))
    if observation.numerator is not None and observation.denominator is not None:
        write: Callable[[float], str] = format_number
        notes.append(
            text(
                "legend.row.rate", lang,
                numerator=write(observation.numerator),
                denominator=write(observation.denominator),
                basis=text(f"legend.basis.{observation.basis or 'none'}", lang),
            )
        )  # fmt: skip
    if observation.population:
        notes.append(observation.population)
    return notes
