"""What the legend of a picture says, and how numbers, units and qualifiers are written.

Numbers are written one way everywhere on a page: comma for thousands, the minus sign U+2212, at
most eight significant digits, no trailing zeros; a bound or an approximation carries its mark in
front (≥ ≈ ≤). Exports write plain numbers instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isinf, log10
from typing import Any

from facts.model import Facts, Lang, Observation
from facts.units import unit_name
from layers.classify import ClassBounds, Classes
from layers.join import LayerRow, MapLevel
from layers.texts import text

MARKS = {"exact": "", "approx": "≈", "at_least": "≥", "at_most": "≤"}
MINUS = "−"
SIGNIFICANT_DIGITS = 8
_NO_NAME = {"count"}  # English names of units that a number is better without
_UNSPACED = {"%", "‰"}
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class MapSetting:
    """The map a picture is shown on.

    `total` is the number of outlines of the level, `undrawn` how many rows of the picture have
    none, `schematic` whether the level shows schematic outlines.
    """

    level: MapLevel
    lang: Lang
    total: int
    undrawn: int
    schematic: bool


@dataclass(frozen=True, slots=True)
class LegendClass:
    """One line of the legend; an open end is None."""

    label: str
    count: int
    colour: str
    lower: float | None
    upper: float | None

    def to_dict(self) -> dict[str, Any]:
        """As the map frame reads it."""
        return {
            "label": self.label, "count": self.count, "colour": self.colour,
            "lower": self.lower, "upper": self.upper,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Legend:
    """The legend of one picture, in one language.

    `classes` and then `outliers` is the order of the frame's class numbers: `place_of_class`
    gives it for each class of the classification.
    """

    title: str
    subtitle: str
    unit: str
    scheme: str
    classes: tuple[LegendClass, ...]
    outliers: tuple[LegendClass, ...]
    place_of_class: tuple[int, ...]
    nodata_count: int
    nodata_label: str
    notes: tuple[str, ...]
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the map frame reads it."""
        return {
            "title": self.title,
            "subtitle": self.subtitle,
            "unit": self.unit,
            "scheme": self.scheme,
            "classes": [c.to_dict() for c in self.classes],
            "outliers": [c.to_dict() for c in self.outliers],
            "nodata": {"label": self.nodata_label, "count": self.nodata_count},
            "notes": list(self.notes),
            "sources": list(self.sources),
        }


# --- numbers and units ---------------------------------------------------------------------------


def format_number(value: float) -> str:
    """A number for reading: 29923.9 -> "29,923.9", -2.3 -> "−2.3", 0.6000000000001 -> "0.6"."""
    if value == 0.0:
        return "0"
    if isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    digits = SIGNIFICANT_DIGITS - 1 - floor(log10(abs(value)))
    written = f"{abs(value):,.{min(max(digits, 0), 12)}f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return (MINUS if value < 0 and written != "0" else "") + written


def format_value(
    value: float | None, unit: str, qualifier: str = "exact", lang: Lang = "zh"
) -> str:
    """A figure with its mark and unit: "≥600 项", "846.61 亩", "−2.3%"; "—" for a lost one."""
    if value is None:
        return "—"
    number = MARKS.get(qualifier, "") + format_number(value)
    name = unit_name(unit, lang) if unit else ""
    if not name or name in _NO_NAME:
        return number
    if name[0].isdigit():  # "200 × 10,000 m²": two numbers side by side can't be read
        return text("legend.times_unit", lang, number=number, unit=name)
    return f"{number}{name}" if name in _UNSPACED else f"{number} {name}"


def mark_value(observation: Observation) -> str:
    """The figure with its mark and without its unit, for tables that name the unit once."""
    if observation.value is None:
        return "—"
    return MARKS.get(observation.qualifier, "") + format_number(observation.value)


def palette_name(name: str, lang: Lang) -> str:
    """A reader's name of a palette."""
    plain = text(f"legend.palette.{name.removesuffix('_r')}", lang)
    return text("legend.palette.reversed", lang, name=plain) if name.endswith("_r") else plain


# --- the legend ----------------------------------------------------------------------------------


def build_legend(
    facts: Facts,
    rows: Sequence[LayerRow],
    classes: Classes,
    colours: Sequence[str],
    setting: MapSetting,
) -> Legend:
    """The legend of a picture.

    `rows` are the picture's rows; `classes` those of the rows with a figure, in their order;
    `colours` one for each class.
    """
    lang = setting.lang
    shown = rows[0].observation
    lines = [
        LegendClass(
            _label(classes, bounds, lang, first=i == 0, last=i == classes.k_used - 1),
            bounds.count, colours[i], _finite(bounds.lower), _finite(bounds.upper),
        )
        for i, bounds in enumerate(classes.classes)
    ]  # fmt: skip
    usual = [i for i, c in enumerate(classes.classes) if not c.extreme]
    extreme = [i for i, c in enumerate(classes.classes) if c.extreme]
    order = {old: new for new, old in enumerate(usual + extreme)}
    outlines = {row.drawn_id for row in rows if row.value is not None and not _is_group(facts, row)}
    return Legend(
        title=facts.indicator(shown.indicator_id).name(lang),
        subtitle=text(
            "legend.subtitle", lang,
            period=shown.period.name(lang),
            kind=text(f"legend.kind.{shown.kind}", lang),
            scope=text(f"legend.scope.{_scope(facts, rows, setting.level)}", lang),
        ),
        unit=unit_name(shown.unit, lang),
        scheme=text(f"legend.scheme.{classes.scheme}", lang),
        classes=tuple(lines[i] for i in usual),
        outliers=tuple(lines[i] for i in extreme),
        place_of_class=tuple(order[i] for i in range(classes.k_used)),
        nodata_count=max(setting.total - len(outlines), 0),
        nodata_label=text("legend.nodata", lang),
        notes=_notes(facts, rows, classes, setting),
        sources=tuple(facts.source(s).title for s in source_ids(rows)),
    )  # fmt: skip


def source_ids(rows: Sequence[LayerRow]) -> tuple[str, ...]:
    """Sources of the shown figures, in the order of the rows, each once."""
    return tuple(dict.fromkeys(row.observation.source_id for row in rows))


def _scope(facts: Facts, rows: Sequence[LayerRow], level: MapLevel) -> str:
    place = facts.place(rows[0].place_id)
    if level == "city":
        return place.scope if place.level == "group" else "whole_city"
    return "whole_county" if level == "county" else "zones"


def _is_group(facts: Facts, row: LayerRow) -> bool:
    """Whether the row is a joint one without an outline of its own."""
    return row.drawn_id == row.place_id and facts.place(row.place_id).level == "group"


def _label(classes: Classes, bounds: ClassBounds, lang: Lang, *, first: bool, last: bool) -> str:
    """What a class holds.

    By bounds where the bounds are the point (own breaks, equal intervals), else by the smallest
    and largest value inside: these never touch, and nobody has to ask where a bound belongs.
    """
    by_bounds = classes.scheme in {"own", "equal_interval"} and not bounds.extreme
    if not by_bounds and bounds.smallest is not None and bounds.largest is not None:
        if bounds.smallest == bounds.largest:
            return format_number(bounds.smallest)
        return _range(bounds.smallest, bounds.largest, lang)
    if classes.scheme == "own" and first:
        return text("legend.class_up_to", lang, value=format_number(bounds.upper))
    if classes.scheme == "own" and last:
        return text("legend.class_over", lang, value=format_number(bounds.lower))
    return _range(bounds.lower, bounds.upper, lang)


def _range(lower: float, upper: float, lang: Lang) -> str:
    return text("legend.class_range", lang, lower=format_number(lower), upper=format_number(upper))


def _finite(bound: float) -> float | None:
    return None if isinf(bound) else bound


def _notes(
    facts: Facts, rows: Sequence[LayerRow], classes: Classes, setting: MapSetting
) -> tuple[str, ...]:
    """What a reader must know beside the classes, the most important first."""
    lang = setting.lang
    figures = [row for row in rows if row.value is not None]
    joint = sum(_is_group(facts, row) for row in rows)
    drawn = sum(not _is_group(facts, row) for row in figures)
    level = text(f"legend.level.{setting.level}", lang)
    notes = [text("legend.note.coverage", lang, total=setting.total, places=drawn, level=level)]
    notes += [text(f"legend.note.{n.key}", lang, **dict(n.values)) for n in classes.notes]
    notes += _outlier_notes(facts, figures, classes, lang)
    if classes.k_used > 1 and classes.scheme in {"equal_interval", "own"}:
        notes.append(text("legend.note.upper_in", lang))
    used = {row.observation.qualifier for row in figures}
    marks = ("at_least", "approx", "at_most")
    notes += [text(f"legend.note.{mark}", lang) for mark in marks if mark in used]
    counted = {
        "groups": joint,
        "missing": len(rows) - len(figures),
        "derived": sum(row.observation.quality == "derived" for row in figures),
        "synthetic": sum(row.observation.quality == "synthetic" for row in figures),
        "conflict": sum(row.conflict for row in rows),
        "unplaced": setting.undrawn,
    }
    notes += [text(f"legend.note.{key}", lang, count=n) for key, n in counted.items() if n]
    if any(_is_mirror(facts, row.observation) for row in figures):
        notes.append(text("legend.note.mirror", lang))
    if setting.schematic:
        notes.append(text("legend.note.schematic", lang))
    return tuple(notes)


def _outlier_notes(
    facts: Facts, figures: Sequence[LayerRow], classes: Classes, lang: Lang
) -> list[str]:
    positions = [*classes.outliers_low, *classes.outliers_high]
    if not positions:
        return []
    names = [facts.place(figures[i].drawn_id).name(lang) for i in positions[:_MOST_NAMES]]
    listed = ("、" if lang == "zh" else ", ").join(names)
    if len(positions) > _MOST_NAMES:
        listed += "…"
    apart = any(c.extreme for c in classes.classes)
    return [text(f"legend.note.{'outliers' if apart else 'outliers_inside'}", lang, names=listed)]


def _is_mirror(facts: Facts, observation: Observation) -> bool:
    return facts.source(observation.source_id).verification == "unverified_mirror"
