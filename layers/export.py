"""Downloads: the table a layer is made of, and the formats it is taken away in.

`boundary_frame` and `layer_frame` make the table, with stable English keys as columns;
`export_collection` writes any collection as GeoJSON, CSV or GeoPackage. In GeoJSON the collection
has the foreign members ``fields`` (each key's Chinese and English name) and ``codes`` (what the
codes in coded columns mean); in GeoPackage the names are the columns' aliases; in CSV they are the
header, ``name (key)``, and codes are written out. Texts from data are written as they are, never as
HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from facts.model import Facts, Indicator, Observation, Source
from layers import geojson, gpkg
from layers.csvfile import csv_bytes
from layers.errors import ExportError
from layers.gpkg import gpkg_bytes, write_gpkg
from layers.texts import LANGUAGES, catalogue, has_text, text

__all__ = [
    "BOUNDARY_COLUMNS", "EXPORT_FORMATS", "FIGURE_COLUMNS", "ExportFormat", "boundary_frame",
    "column_names", "csv_bytes", "export_collection", "field_members", "gpkg_bytes",
    "layer_frame", "unknown_format", "write_gpkg",
]  # fmt: skip

M2_PER_HA = 10_000.0
SCHEMATIC = "schematic"

_PLACE = ("place_id", "name_zh", "name_en", "level", "parent_id")
_FIGURE = (
    "indicator_id", "indicator_zh", "indicator_en", "value", "unit", "qualifier", "period",
    "period_label", "kind", "quality", "missing_reason", "numerator", "denominator", "basis",
    "source_id", "source_title", "source_url", "row_id",
)  # fmt: skip
_BOUNDARY = (
    "boundary_precision", "area_basis", "area_ha", "declared_area_km2", "declared_source_id",
    "declared_source_title", "boundary_source_id", "boundary_source_title", "boundary_source_url",
    "drawn_on",
)  # fmt: skip
BOUNDARY_COLUMNS = (*_PLACE, *_BOUNDARY, "geometry")
FIGURE_COLUMNS = (*_PLACE, *_FIGURE, *_BOUNDARY, "geometry")
_BORROWED = (  # not the areas
    "geometry", "boundary_precision", "boundary_source_id", "boundary_source_title",
    "boundary_source_url",
)  # fmt: skip
_ID_COLUMNS = ("standard_land_id", "place_id")  # the first that tells all rows apart
_NUMBERS = frozenset({"value", "numerator", "denominator", "area_ha", "declared_area_km2"})

# Columns with the codes of another one.
_CODED_AS: Mapping[str, str] = {
    "precision": "boundary_precision", "tier_quality": "quality", "host_quality": "quality",
}  # fmt: skip

Row = dict[str, Any]


# --- the table -----------------------------------------------------------------------------------


def boundary_frame(boundaries: gpd.GeoDataFrame, facts: Facts) -> gpd.GeoDataFrame:
    """The download table of a boundary collection: `BOUNDARY_COLUMNS`, index = place id.

    boundaries: columns of geo.boundaries (area_m2 in m²), any CRS, which is kept. facts: give the
    sources their titles and addresses; a source that they do not have stays an id. Areas come out
    in ha (4 decimals, that is m²) and, declared, in km².
    """
    rows = [_outline(row, facts) | _place_of_outline(row) for row in _records(boundaries)]
    return _frame(rows, BOUNDARY_COLUMNS, boundaries.crs)


def layer_frame(
    boundaries: gpd.GeoDataFrame,
    facts: Facts,
    observations: Iterable[Observation],
    *,
    lang: str = "zh",
    places_without: bool = True,
) -> gpd.GeoDataFrame:
    """The download table of what a map shows: `FIGURE_COLUMNS`, one row for each observation.

    boundaries: as in `boundary_frame`, also of other levels than the one shown. An observation of a
    group is drawn on the group's outline (``drawn_on`` names it) and has no area of its own; one
    without any outline stays, with geometry None. With `places_without`, each place of
    `boundaries` that has no observation follows with an empty value and the reason in `lang`.
    Values are in ``unit``, the indicator's canonical unit, or % for the kinds yoy and share.

    The index is unique: the place id where a place has one row, else ``place_id.row_id``.

    Raises facts.errors.UnknownId when an observation names a place, indicator or source not in
    `facts`.
    """
    outlines = {row["place_id"]: row for row in _records(boundaries)}
    shown = list(observations)
    rows = [_figure(facts, outlines, observation, lang) for observation in shown]
    if places_without:
        common = _common(facts, shown, lang)
        # An outline that shows a group's total is not repeated without it.
        seen = {row["place_id"] for row in rows} | {row.get("drawn_on") for row in rows}
        rows += [
            _outline(row, facts) | _place_of_outline(row) | common
            for place_id, row in outlines.items()
            if place_id not in seen
        ]
    return _frame(rows, FIGURE_COLUMNS, boundaries.crs)


def _figure(facts: Facts, outlines: Mapping[str, Row], seen: Observation, lang: str) -> Row:
    place = facts.place(seen.place_id)
    source = facts.source(seen.source_id)
    outline = _outline(outlines[place.place_id], facts) if place.place_id in outlines else {}
    if not outline and place.drawn_on and place.drawn_on in outlines:
        borrowed = _outline(outlines[place.drawn_on], facts)
        outline = {name: borrowed[name] for name in _BORROWED} | {"drawn_on": place.drawn_on}
    return outline | {
        "place_id": place.place_id,
        "name_zh": place.name_zh,
        "name_en": place.name_en,
        "level": place.level,
        "parent_id": place.parent_id,
        **_indicator(facts.indicator(seen.indicator_id)),
        "value": seen.value,
        "unit": seen.unit,
        "qualifier": seen.qualifier,
        "period": seen.period.key,
        "period_label": seen.period.name("zh" if lang == "zh" else "en"),
        "kind": seen.kind,
        "quality": seen.quality,
        "missing_reason": seen.missing_reason,
        "numerator": seen.numerator,
        "denominator": seen.denominator,
        "basis": seen.basis,
        "source_id": source.source_id,
        "source_title": source.title,
        "source_url": source.url,
        "row_id": seen.row_id,
    }


def _common(facts: Facts, shown: Sequence[Observation], lang: str) -> Row:
    """What a place without a figure shares with the others: what is missing, and that it is."""
    row: Row = {"missing_reason": text("export.no_figure", lang)}
    if len({(seen.indicator_id, seen.kind) for seen in shown}) == 1:
        row |= _indicator(facts.indicator(shown[0].indicator_id))
        row |= {"unit": shown[0].unit, "kind": shown[0].kind}
    if len({seen.period.key for seen in shown}) == 1:
        row["period"] = shown[0].period.key
        row["period_label"] = shown[0].period.name("zh" if lang == "zh" else "en")
    return row


def _indicator(indicator: Indicator) -> Row:
    return {
        "indicator_id": indicator.indicator_id,
        "indicator_zh": indicator.name_zh,
        "indicator_en": indicator.name_en,
    }


def _outline(row: Row, facts: Facts) -> Row:
    drawn_from = _source(facts, row["source_id"])
    declared_in = _source(facts, row["declared_source_id"])
    return {
        "geometry": row["geometry"],
        "boundary_precision": row["precision"],
        "area_basis": row["area_basis"],
        "area_ha": round(row["area_m2"] / M2_PER_HA, 4),
        "declared_area_km2": row["declared_area_km2"],
        "declared_source_id": row["declared_source_id"],
        "declared_source_title": declared_in.title if declared_in else None,
        "boundary_source_id": row["source_id"],
        "boundary_source_title": drawn_from.title if drawn_from else None,
        "boundary_source_url": drawn_from.url if drawn_from else None,
    }


def _source(facts: Facts, source_id: object) -> Source | None:
    """The source of a cell, None for an empty cell or one that the facts don't have."""
    return facts.sources_by_id.get(source_id) if isinstance(source_id, str) else None


def _place_of_outline(row: Row) -> Row:
    return {name: row[name] for name in _PLACE}


def _records(boundaries: gpd.GeoDataFrame) -> list[Row]:
    named = pd.DataFrame(boundaries).assign(geometry=boundaries.geometry.array)
    return [{str(name): value for name, value in row.items()} for row in named.to_dict("records")]


def _frame(rows: Sequence[Row], columns: Sequence[str], crs: Any) -> gpd.GeoDataFrame:
    """Rows as a frame whose column types do not depend on the rows: a file's schema is stable."""
    data: dict[str, Any] = {}
    for name in columns:
        values = [row.get(name) for row in rows]
        if name in _NUMBERS:
            data[name] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        elif name != "geometry":
            data[name] = pd.array([None if v == "" else v for v in values], dtype="str")
    counts = Counter(row["place_id"] for row in rows)
    index = [
        row["place_id"] if counts[row["place_id"]] == 1 else f"{row['place_id']}.{row['row_id']}"
        for row in rows
    ]
    shapes = gpd.GeoSeries([row.get("geometry") for row in rows], index=index, crs=crs)
    return gpd.GeoDataFrame(pd.DataFrame(data, index=index), geometry=shapes)


# --- names of columns and codes ------------------------------------------------------------------


def column_names(columns: Iterable[str], lang: str, *, collection: str = "") -> dict[str, str]:
    """Readable names of the columns that the catalogue knows; the others are left out.

    collection: the table they stand in, where a name differs from what it usually is.
    """
    found: dict[str, str] = {}
    for name in columns:
        keys = (f"export.column_in.{collection}.{name}", f"export.column.{name}")
        key = next((key for key in keys if has_text(key)), None)
        if key is not None:
            found[name] = text(key, lang)
    return found


def field_members(frame: pd.DataFrame, *, collection: str = "") -> dict[str, object]:
    """The GeoJSON foreign members ``fields``, ``codes`` and, where it applies, ``notes``.

    ``{"fields": {"value": {"zh": "数值", "en": "Value"}}, "codes": {"level": {"city": ...}}}``
    """
    names = {lang: column_names(frame.columns, lang, collection=collection) for lang in LANGUAGES}
    fields = {
        name: {lang: names[lang][name] for lang in LANGUAGES}
        for name in names["zh"]
        if name != "geometry"
    }
    codes = {
        name: {code: dict(entry) for code, entry in meanings.items()}
        for name, meanings in _codes(frame.columns, collection).items()
    }
    members: dict[str, object] = {"fields": fields, "codes": codes}
    if _has_schematic(frame):
        members["notes"] = [{lang: text("export.schematic", lang) for lang in LANGUAGES}]
    return members


def _codes(columns: Iterable[str], collection: str) -> dict[str, dict[str, Mapping[str, str]]]:
    """For each coded column: code to its texts, of this collection or of all."""
    found: dict[str, dict[str, Mapping[str, str]]] = {}
    for name in columns:
        own = _texts_below(f"export.code_in.{collection}.{name}.")
        meanings = own or _texts_below(f"export.code.{_CODED_AS.get(name, name)}.")
        if meanings:
            found[name] = meanings
    return found


def _texts_below(start: str) -> dict[str, Mapping[str, str]]:
    texts = catalogue().items()
    return {key.removeprefix(start): entry for key, entry in texts if key.startswith(start)}


def _has_schematic(frame: pd.DataFrame) -> bool:
    return any(
        (frame[name] == SCHEMATIC).any()
        for name in ("boundary_precision", "precision")
        if name in frame.columns
    )


# --- formats -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExportFormat:
    """A download format: file extension, media type, and who writes it."""

    extension: str
    media_type: str
    write: Callable[..., bytes]
    needs_geometry: bool = True


def export_collection(
    frame: pd.DataFrame,
    fmt: str,
    *,
    name: str,
    lang: str = "zh",
    changed: datetime = gpkg.EPOCH,
    members: Mapping[str, object] | None = None,
) -> bytes:
    """A whole collection (a frame in EPSG:4490 or a plain table) in one of `EXPORT_FORMATS`.

    name: layer name inside the file. lang: of CSV headers and codes and of GeoPackage aliases.
    changed: when the collection's version was made, for GeoPackage. members: further members of a
    GeoJSON collection.

    Raises ExportError for an unknown format or for a plain table in a format of shapes, and
    whatever the writers raise (CrsError, LayerError).
    """
    if fmt not in EXPORT_FORMATS:
        raise unknown_format(fmt, EXPORT_FORMATS)
    chosen = EXPORT_FORMATS[fmt]
    if chosen.needs_geometry and not isinstance(frame, gpd.GeoDataFrame):
        raise ExportError(f"{name} 是没有几何的表，只能导出 CSV / {name} has no geometry: use csv")
    return chosen.write(frame, name=name, lang=lang, changed=changed, members=members or {})


def unknown_format(fmt: str, known: Iterable[str]) -> ExportError:
    """The error for a format, or a file's extension, that is none of the known ones."""
    listed = " ".join(f".{extension}" for extension in known)
    asked_zh, asked_en = (
        (f"没有格式 .{fmt}", f"no format .{fmt}") if fmt else ("缺扩展名", "no extension")
    )
    return ExportError(f"{asked_zh}；可用 {listed} / {asked_en}; there are {listed}")


def _geojson(
    frame: gpd.GeoDataFrame, *, name: str, members: Mapping[str, object], **_: object
) -> bytes:
    known = (c for c in _ID_COLUMNS if c in frame.columns and frame[c].is_unique)
    return geojson.to_geojson(
        frame,
        id_column=next(known, None),
        name=name,
        members={**field_members(frame, collection=name), **members},
    )


def _csv(frame: pd.DataFrame, *, name: str, lang: str, **_: object) -> bytes:
    shapes = isinstance(frame, gpd.GeoDataFrame)
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name) if shapes else frame.copy())
    columns = [str(column) for column in table.columns]
    names = column_names(columns, lang, collection=name)
    for column, meanings in _codes(columns, name).items():
        spelt = {code: entry[lang] for code, entry in meanings.items()}
        table[column] = [spelt.get(value, value) for value in table[column]]
    headers = [
        text("export.header", lang, name=names[key], key=key) if key in names else key
        for key in columns
    ]
    return csv_bytes(table, columns, headers)


def _gpkg(
    frame: gpd.GeoDataFrame, *, name: str, lang: str, changed: datetime, **_: object
) -> bytes:
    aliases = column_names(map(str, frame.columns), lang, collection=name)
    return gpkg_bytes({name: frame}, aliases=aliases, changed=changed)


EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    "geojson": ExportFormat("geojson", geojson.MEDIA_TYPE, _geojson),
    "csv": ExportFormat("csv", "text/csv; charset=utf-8", _csv, needs_geometry=False),
    "gpkg": ExportFormat("gpkg", gpkg.MEDIA_TYPE, _gpkg),
}
