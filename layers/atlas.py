"""The atlas: facts and boundaries of one set of versions, and all that pages make of them.

An `Atlas` never changes: when a collection gets a new version, `open_atlas` gives a new one. So
everything derived is computed once, and what a page shows belongs together. Frames are shared
between threads and must not be changed by those who read them.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from layers import classify
from layers.derived import with_derived
from layers.errors import LayerError
from layers.join import Choice, MapLevel, choices
from layers.keyfigures import KeyFigure, key_figures
from layers.officeareas import COLUMNS as OFFICE_AREA_COLUMNS
from layers.officeareas import office_area
from layers.paint import Outlines, PaintArgs, Picture, paint, picture
from layers.view import View, validate_view
from store.baseline import ensure_baseline, read_facts, settled_versions
from store.synthetic import SyntheticMark, data_dir_of, mark
from store.workspace import Workspace

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from facts.model import CheckResult, DeclaredArea, Facts, Lang
    from layers.placerecords import PlaceFile

BOUNDARIES = ("provinces", "cities", "counties", "zones")
ADMINISTRATIVE = BOUNDARIES[:3]
_PLAIN = ["place_id", "precision", "area_m2", "point_lon", "point_lat"]
_POINT_DECIMALS = 5
_RECHECK_S = 1.0


class Atlas:
    """Everything of one set of versions; cheap to make, filled when asked, safe for threads."""

    def __init__(self, workspace: Workspace, versions: Mapping[str, int] | None = None) -> None:
        self.workspace = workspace
        self.versions = dict(versions if versions is not None else settled_versions(workspace))
        self._lock = threading.RLock()
        self._frames: dict[str, gpd.GeoDataFrame] = {}
        self._bytes: dict[tuple[str, int], bytes] = {}

    # --- what is on file ---

    @property
    def facts(self) -> Facts:
        """The facts.

        Raises:
            StoreError: a table is missing or corrupt.
        """
        with self._lock:
            return self._facts

    def boundaries(self, name: str) -> gpd.GeoDataFrame:
        """A geometry collection ("provinces", "cities", "counties", "zones", "standard-land").

        Columns as in geo.boundaries, EPSG:4490. Do not change it.

        Raises:
            StoreError: unknown or corrupt.
        """
        with self._lock:
            if name not in self._frames:
                frame: Any = self.workspace.read(name, version=self.versions.get(name))
                self._frames[name] = frame
            return self._frames[name]

    @property
    def all_boundaries(self) -> gpd.GeoDataFrame:
        """The outlines of all levels in one frame with a plain index. Do not change it."""
        with self._lock:
            return self._all_boundaries

    def outline_of(self, place_id: str) -> dict[str, Any] | None:
        """The boundary's row of a place (columns of geo.boundaries, also the geometry), or None."""
        with self._lock:
            return self._rows.get(place_id)

    @cached_property
    def synthetic(self) -> SyntheticMark | None:
        """The mark of a made-up workspace, None for a real one."""
        return mark(self.workspace.path)

    def columns_of(self, name: str) -> tuple[str, ...]:
        """The columns of a collection; raises StoreError."""
        from geo.layerfile import open_layer  # noqa: PLC0415 - pages that ask no layer wait not

        return open_layer(self.workspace.file(name, version=self.versions[name])).columns

    @property
    def outlines(self) -> Outlines:
        """Which places have an outline and how precise it is; read without any geometry."""
        with self._lock:
            return self._outlines

    def version_of(self, name: str) -> str:
        """What to put into an address so that it changes with the content.

        `name` is a collection, or "search", or "facts" for all tables together.
        """
        if name in self.versions:
            return str(self.versions[name])
        if name == "search":
            names = ("places", "office-places", *BOUNDARIES)
            return "-".join(str(self.versions[n]) for n in names if n in self.versions)
        if name == "facts":
            return "-".join(f"{self.versions[n]}" for n in sorted(self.versions))
        raise LayerError(f"没有数据集 {name} / no collection {name}")

    def geometry_addresses(self) -> dict[str, str]:
        """Where the frame fetches each collection's geometry; the version stands in it."""
        return {name: f"/layers/{name}/{self.version_of(name)}.geojson" for name in BOUNDARIES}

    def search_address(self) -> str:
        """Where the frame fetches the search index."""
        return f"/layers/search/{self.version_of('search')}.json"

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all outlines, degrees, as recorded with their versions."""
        boxes = [
            info.bbox
            for info in (self.workspace.info(n, version=self.versions[n]) for n in BOUNDARIES)
            if info.bbox is not None
        ]
        if not boxes:
            raise LayerError("工作区没有边界 / the workspace has no outlines")
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    # --- the map ---

    def frame_geojson(self, collection: str, *, version: int | None = None) -> bytes:
        """The map frame's geometry of "provinces", "cities", "counties" or "zones", as GeoJSON.

        Properties: id, name, name_en, level, parent, precision, area_ha, point [lon, lat].

        Raises:
            LayerError: no such collection of outlines. StoreError: no such version, or corrupt.
        """
        if collection not in BOUNDARIES:
            raise LayerError(f"没有边界数据集 {collection} / no outlines {collection}")
        wanted = self.versions[collection] if version is None else version
        with self._lock:
            key = (collection, wanted)
            if key not in self._bytes:
                current = wanted == self.versions[collection]
                frame: Any = (
                    self.boundaries(collection)
                    if current
                    else self.workspace.read(collection, version=wanted)
                )
                from layers.framegeometry import frame_geojson  # noqa: PLC0415 - geopandas is slow

                self._bytes[key] = frame_geojson(frame)
            return self._bytes[key]

    def search_index(self) -> list[dict[str, Any]]:
        """All places: id, name, name_en, level, aliases, pinyin, initials, point."""
        with self._lock:
            return self._search

    def search_json(self) -> bytes:
        """`search_index` as the frame fetches it."""
        with self._lock:
            return self._search_bytes

    def choices(self, level: MapLevel, lang: Lang = "zh") -> tuple[Choice, ...]:
        """All pictures of a level, the useful ones first."""
        return choices(self.facts, level, lang)

    def validate_view(
        self, params: Mapping[str, str], *, default_lang: Lang = "zh"
    ) -> tuple[View, tuple[str, ...]]:
        """The view an address asks for, and what could not be followed."""
        return validate_view(self.facts, params, default_lang=default_lang)

    def picture(self, view: View) -> Picture:
        """The picture of a view; raises ViewError."""
        return picture(self.facts, self.outlines, view)

    def paint(self, view: View) -> PaintArgs:
        """The frame's arguments for a view; raises ViewError."""
        return paint(self.facts, self.outlines, view)

    def key_figures(self, view: View) -> tuple[KeyFigure, ...]:
        """The strip above the map; empty for a view without an indicator. Raises ViewError."""
        return key_figures(self.facts, self.picture(view)) if view.indicator_id else ()

    # --- pages ---

    def place_file(self, place_id: str, lang: Lang = "zh") -> PlaceFile:
        """Everything on file about a place; raises PlaceError for an unknown one."""
        from layers.placefile import place_file  # noqa: PLC0415 - the first page needs it not

        return place_file(self, place_id, lang)

    def checks(self) -> tuple[CheckResult, ...]:
        """All checks of figures, then those of geometry."""
        with self._lock:
            return self._checks

    def warm(self) -> None:
        """Make what the first visitors ask for, the first page's needs first."""
        view, _ = self.validate_view({})
        self.paint(view)
        self.key_figures(view)
        for name in BOUNDARIES:
            self.frame_geojson(name)
        self.search_json()
        self.checks()
        classify.warm()

    # --- made once, under the lock ---

    @cached_property
    def _facts(self) -> Facts:
        facts = read_facts(self.workspace, versions=self.versions)
        return with_derived(facts, self._areas_m2(), self._office_areas())

    @cached_property
    def _outlines(self) -> Outlines:
        precision = {
            place_id: value
            for frame in self._plain.values()
            for place_id, value in zip(frame["place_id"], frame["precision"], strict=True)
        }
        return Outlines(precision, "-".join(self.version_of(name) for name in BOUNDARIES))

    @cached_property
    def _plain(self) -> dict[str, pd.DataFrame]:
        """What the first picture needs of the outlines, read without their geometry."""
        return {
            name: self.workspace.read(name, version=self.versions[name], columns=_PLAIN)
            for name in BOUNDARIES
        }

    @cached_property
    def _all_boundaries(self) -> gpd.GeoDataFrame:
        import pandas as pd  # noqa: PLC0415 - a first page must not wait for what it needs not

        frames = [self.boundaries(name) for name in BOUNDARIES]
        joined: Any = pd.concat(frames, ignore_index=True)
        return joined

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        records = self._all_boundaries.to_dict("records")
        return {str(row["place_id"]): {str(k): v for k, v in row.items()} for row in records}

    @cached_property
    def _search(self) -> list[dict[str, Any]]:
        from facts.search import search_index  # noqa: PLC0415 - pypinyin's dictionaries are slow

        points = self._points()
        facts = self._facts
        entries = []
        for entry in search_index(facts.places):
            place = facts.place(entry.place_id)
            at = points.get(place.place_id) or points.get(place.drawn_on or "")
            entries.append(
                {
                    "id": entry.place_id,
                    "name": entry.name_zh,
                    "name_en": entry.name_en,
                    "level": entry.level,
                    "aliases": list(entry.aliases),
                    # All spellings, parted by blanks, those of the own name first.
                    "pinyin": " ".join(entry.pinyin),
                    "initials": " ".join(entry.initials),
                    "point": at or _middle([points[m] for m in place.members if m in points]),
                }
            )
        return entries

    @cached_property
    def _search_bytes(self) -> bytes:
        return orjson.dumps(self._search)

    @cached_property
    def _checks(self) -> tuple[CheckResult, ...]:
        from facts.checks import run_checks  # noqa: PLC0415 - as in place_file
        from layers.areachecks import area_checks  # noqa: PLC0415

        return (*run_checks(self._facts), *area_checks(self.all_boundaries))

    def _office_areas(self) -> dict[str, DeclaredArea]:
        """The areas that an office declared with its outlines, by place id."""
        rows = self.workspace.read(
            "zones", version=self.versions["zones"], columns=list(OFFICE_AREA_COLUMNS)
        )
        found = (office_area(row) for row in rows.to_dict("records"))
        return {area.place_id: area for area in found if area is not None}

    def _areas_m2(self) -> dict[str, float]:
        """The recorded area of each administrative outline, in m²."""
        frames = [self._plain[name] for name in ADMINISTRATIVE]
        return {
            place_id: float(m2)
            for frame in frames
            for place_id, m2 in zip(frame["place_id"], frame["area_m2"], strict=True)
        }

    def _points(self) -> dict[str, list[float]]:
        """The symbol point of each outline, lon and lat in degrees."""
        return {
            place_id: [round(lon, _POINT_DECIMALS), round(lat, _POINT_DECIMALS)]
            for frame in self._plain.values()
            for place_id, lon, lat in zip(
                frame["place_id"], frame["point_lon"], frame["point_lat"], strict=True
            )
        }


# --- opening -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Opened:
    atlas: Atlas
    checked_at: float


_opened: dict[Path, _Opened] = {}
_opening = threading.Lock()


def open_atlas(workspace_dir: Path, data_dir: Path) -> Atlas:
    """The atlas of a workspace, one for all threads; a new one when a collection has changed.

    The first call in a process loads the baseline if that is to be done. Versions are looked at
    again at most once a second.

    Raises:
        StoreError: the workspace can't be opened, the baseline has faults, or a file is corrupt.
    """
    key = workspace_dir.resolve()
    found = _opened.get(key)
    if found is not None and time.monotonic() - found.checked_at < _RECHECK_S:
        return found.atlas
    with _opening:
        found = _opened.get(key)
        if found is None:
            workspace = Workspace.open(workspace_dir)
            ensure_baseline(workspace, data_dir_of(workspace_dir, data_dir))
            found = _opened[key] = _Opened(Atlas(workspace), time.monotonic())
        elif time.monotonic() - found.checked_at >= _RECHECK_S:
            versions = settled_versions(found.atlas.workspace)
            if versions != found.atlas.versions:
                found.atlas = Atlas(found.atlas.workspace, versions)
            found.checked_at = time.monotonic()
        return found.atlas


def look_again(atlas: Atlas) -> None:
    """Let the next `open_atlas` look for new versions at once: something was just saved."""
    found = _opened.get(atlas.workspace.path)
    if found is not None:
        found.checked_at = -math.inf


def forget_atlases() -> None:
    """Forget every opened workspace; the next `open_atlas` starts from the disk (for tests)."""
    with _opening:
        _opened.clear()


def _middle(points: list[list[float]]) -> list[float] | None:
    if not points:
        return None
    return [round(sum(p[axis] for p in points) / len(points), _POINT_DECIMALS) for axis in (0, 1)]


@lru_cache(maxsize=1)
def warm(workspace_dir: Path, data_dir: Path) -> None:
    """Open the workspace and make what the first visitors ask for; once in a process."""
    open_atlas(workspace_dir, data_dir).warm()
