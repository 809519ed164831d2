"""Files to take away: a collection of the workspace, or what the map shows now.

The page's links and the terminal's `export` give the same bytes, since both come from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

import geopandas as gpd
import pandas as pd

from facts.model import Facts, Observation
from layers.atlas import Atlas
from layers.errors import ExportError
from layers.export import (
    EXPORT_FORMATS,
    boundary_frame,
    export_collection,
    layer_frame,
    unknown_format,
)
from layers.geojson import BBox
from layers.join import layer_rows
from layers.texts import text
from layers.view import View
from store.baseline import GEO_COLLECTIONS, PLANS
from store.baseline import TABLES as BASELINE_TABLES

OUTLINES = ("provinces", "cities", "counties", "zones")
LAYERS = (*OUTLINES, "standard-land")
TABLES = (
    "observations", "unplaced", "indicators", "places", "sources", "declared-areas", "events",
    "extents",
)  # fmt: skip


_KEPT_BYTES = 8 << 20  # files of larger collections are made anew each time, not kept in memory


@dataclass(frozen=True, slots=True)
class File:
    """A file ready to be taken away."""

    name: str
    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """The content's SHA-256, hexadecimal."""
        return sha256(self.content).hexdigest()

    @property
    def etag(self) -> str:
        """The first 32 digits of the checksum: enough to tell versions apart."""
        return self.sha256[:32]


def formats_of(name: str, *, layer: bool | None = None) -> tuple[str, ...]:
    """Formats that a collection can be taken away in; `layer`: whether it has geometry."""
    land = name in LAYERS if layer is None else layer
    return tuple(fmt for fmt, known in EXPORT_FORMATS.items() if land or not known.needs_geometry)


def office_layers(atlas: Atlas) -> tuple[str, ...]:
    """The collections with geometry that an office brought in, those that hold anything."""
    return tuple(name for name in _office(atlas) if atlas.workspace.info(name).geo)


def office_tables(atlas: Atlas) -> tuple[str, ...]:
    """The tables that an office brought in, those that hold anything."""
    return tuple(name for name in _office(atlas) if not atlas.workspace.info(name).geo)


def _office(atlas: Atlas) -> list[str]:
    own = set(atlas.versions) - {*GEO_COLLECTIONS, *BASELINE_TABLES, *PLANS, "table-mappings"}
    return [
        name
        for name in sorted(own)
        if atlas.workspace.info(name, version=atlas.versions[name]).rows
    ]


def collection_file(
    atlas: Atlas,
    name: str,
    extension: str,
    *,
    lang: str = "zh",
    version: int | None = None,
    bbox: BBox | None = None,
) -> File:
    """A collection of the workspace, its newest version unless another one is named.

    bbox: west, south, east, north in degrees; only features whose own box meets it.

    Raises:
        ExportError: no such collection, or a format that it can't be written in.
        StoreError: no such version, or its file is damaged.
    """
    known = (*LAYERS, *TABLES, *_office(atlas))
    if name not in known:
        raise ExportError(f"没有这个图层 / no such collection: {name} ({', '.join(known)})")
    number = atlas.versions[name] if version is None else version
    info = atlas.workspace.info(name, version=number)
    if extension not in EXPORT_FORMATS:
        raise unknown_format(extension, formats_of(name, layer=info.geo))
    if bbox is not None and not info.geo:
        raise ExportError(f"{name} 没有几何,不能按范围取 / {name} has no geometry: no bbox")
    make = _collection_bytes if info.bytes <= _KEPT_BYTES else _made
    content = make(atlas, name, extension, lang, number, bbox)
    return _file(f"{name}-v{number}", extension, content)


def _made(  # noqa: PLR0917 -- a cache's key is told apart by position
    atlas: Atlas, name: str, extension: str, lang: str, version: int, bbox: BBox | None
) -> bytes:
    frame = atlas.workspace.read(name, version=version, bbox=bbox)
    if name in OUTLINES:
        frame = boundary_frame(frame, atlas.facts)
    elif isinstance(frame, gpd.GeoDataFrame):
        frame = with_sources(frame, atlas.facts)
    info = atlas.workspace.info(name, version=version)
    members = {"collection": name, "version": version, "source": info.source}
    return export_collection(
        frame, extension, name=name, lang=lang, changed=info.time, members=members
    )


_collection_bytes = lru_cache(maxsize=32)(_made)


def with_sources(frame: gpd.GeoDataFrame, facts: Facts) -> gpd.GeoDataFrame:
    """The frame with title and address of each row's source, where it has a `source_id`."""
    if "source_id" not in frame.columns:
        return frame
    known = [facts.sources_by_id.get(str(i)) for i in frame["source_id"]]
    return frame.assign(
        source_title=pd.array([s.title if s else None for s in known], dtype="str"),
        source_url=pd.array([(s.url or None) if s else None for s in known], dtype="str"),
    )


def picture_file(atlas: Atlas, view: View, extension: str) -> File:
    """What the map shows in `view`: the figures with their outlines, places without one too.

    Raises:
        ExportError: a format that is not known.
        ViewError: the picture does not exist.
    """
    return _file(_picture_name(view), extension, _picture_bytes(atlas, view, extension))


@lru_cache(maxsize=32)
def _picture_bytes(atlas: Atlas, view: View, extension: str) -> bytes:
    observations: list[Observation] = []
    if view.indicator_id:
        rows = layer_rows(
            atlas.facts,
            level=view.level,
            indicator_id=view.indicator_id,
            kind=view.kind,
            period_key=view.period_key,
            scope=view.scope,
        )
        observations = [o for row in rows for o in (row.observation, *row.others)]
    outlines = atlas.boundaries(
        {"city": "cities", "county": "counties", "zone": "zones"}[view.level]
    )
    frame = layer_frame(outlines, atlas.facts, observations, lang=view.lang)
    members: dict[str, Any] = {"view": view.to_params()}
    return export_collection(frame, extension, name="map", lang=view.lang, members=members)


def _picture_name(view: View) -> str:
    parts = (text("ui.product", view.lang), view.level, view.indicator_id, view.period_key)
    return "-".join(p.replace(" ", "_").replace("/", "_") for p in parts if p)


def _file(stem: str, extension: str, content: bytes) -> File:
    return File(f"{stem}.{extension}", content, EXPORT_FORMATS[extension].media_type)
