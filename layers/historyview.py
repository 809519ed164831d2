"""Two versions of a layer compared: areas and words for tables, and outlines for the map."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from facts.model import Lang
from geo.areas import M2_PER_HA
from geo.difference import Difference, Row, difference
from layers.importview import Item, geometry_members, item, label_points, thinned
from layers.signed import signed
from layers.texts import has_text, text
from store.errors import StoreError
from store.workspace import Workspace

MOST_ROWS: Final = 100_000  # of a collection that a page compares
LISTED: Final = 500
KINDS: Final = ("added", "removed", "changed", "unchanged")
_KEYS: Final = (
    "row_id", "place_id", "source_id", "indicator_id", "area_id", "event_id", "check_id", "theme",
    "standard_land_id", "parcel_id", "project_id", "mapping_id",
)  # fmt: skip
NAMES: Final = ("name_zh", "name", "title", "名称", "地块名称")
_COMPUTED: Final = ("area_m2", "point_lon", "point_lat")  # they follow from the outline
_LABELLED: Final = 40  # more names than this only hide the map
SCHEMATIC: Final = "schematic"  # of geo.boundaries: the area of such an outline is made up


def collection_name(name: str, lang: Lang, title: str = "") -> str:
    """What planners call a collection; an office's own layer has its title, else its code."""
    key = name.replace("-", "_")
    for section in ("history", "downloads"):
        if has_text(f"{section}.name_{key}"):
            return text(f"{section}.name_{key}", lang)
    return title or name


def title_of(workspace: Workspace, name: str) -> str:
    """The title that an office gave its layer, "" for none; a lost log is told elsewhere."""
    try:
        return workspace.info(name).title
    except StoreError:
        return ""


def key_of(*frames: pd.DataFrame) -> str | None:
    """The column that tells the rows of all frames apart, None if there is none."""
    for name in _KEYS:
        if all(name in f.columns and f[name].notna().all() and f[name].is_unique for f in frames):
            return name
    return None


def name_of(frame: pd.DataFrame) -> str | None:
    """The column with names, None if there is none."""
    return next((name for name in NAMES if name in frame.columns), None)


@lru_cache(maxsize=16)
def land_difference(workspace: Workspace, collection: str, before: int, after: int) -> Difference:
    """The difference of two versions of a layer; versions never change, so it is kept.

    Raises:
        StoreError: an unknown version or a damaged file.
    """
    old, new = (workspace.read(collection, version=v) for v in (before, after))
    assert isinstance(old, gpd.GeoDataFrame)  # noqa: S101 - asked of layers only
    assert isinstance(new, gpd.GeoDataFrame)  # noqa: S101
    return compared(old, new)


def compared(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Difference:
    """The difference of two frames with the id and name columns that they have."""
    return difference(old, new, key=key_of(old, new), name=name_of(new), ignore=_COMPUTED)


# --- land ----------------------------------------------------------------------------------------


def difference_items(
    found: Difference, old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, lang: Lang,
    *, listed: int = LISTED,
) -> tuple[list[Item], str]:  # fmt: skip
    """What differs as items of the map, changed ones with their outline before; and a note.

    Each item has the cells change, name, before, after, difference (ha), what changed.
    """
    rows: list[tuple[str, Row]] = list(
        islice(
            chain(
                (("changed", row) for row in found.changed),
                (("added", row) for row in found.added),
                (("removed", row) for row in found.removed),
            ),
            listed,
        )
    )
    now = [_shape(new, r.new_number) or _shape(old, r.old_number) for _, r in rows]
    was = [_shape(old, r.old_number) if kind == "changed" else None for kind, r in rows]
    thin_now, thin_was = thinned(now), thinned(was)
    members, points = _spread(thin_now, len(rows))
    before, _ = _spread(thin_was, len(rows))
    few = len(rows) <= _LABELLED
    kinds = [(_precision(old, r.old_number), _precision(new, r.new_number)) for _, r in rows]
    items = [
        _difference_item(
            kind, row, kinds[i], lang, geometry=members[i], point=points[i], before=before[i],
            named=few,
        )
        for i, (kind, row) in enumerate(rows)
    ]  # fmt: skip
    notes = [thin_now.note(lang)]
    if any(SCHEMATIC in pair for pair in kinds):
        notes.append(text("history.schematic_note", lang))
    if not _summable(old, new):
        notes.append(text("history.not_summed", lang))
    return items, " ".join(filter(None, notes))


def _precision(frame: gpd.GeoDataFrame, number: int | None) -> str:
    """How precise the outline of a feature is said to be; "" where the layer doesn't say."""
    if number is None or "precision" not in frame.columns:
        return ""
    value = frame["precision"].iloc[number - 1]
    return value if isinstance(value, str) else ""


def _summable(*frames: gpd.GeoDataFrame) -> bool:
    """Whether areas of these layers may be added up.

    Not with schematic outlines, whose area is made up, nor over outlines of several levels, of
    which one lies in another: land would be counted twice.
    """
    for frame in frames:
        if "precision" not in frame.columns:
            continue
        levels = frame["level"].nunique() if "level" in frame.columns else 1
        if levels > 1 or (frame["precision"] == SCHEMATIC).any():
            return False
    return True


def _difference_item(
    kind: str, row: Row, precision: tuple[str, str], lang: Lang, *, geometry: Item | None,
    point: list[float] | None, before: Item | None, named: bool,
) -> Item:  # fmt: skip
    """One row; `precision` is that of its outlines before and after, "" where nothing says."""
    name = row.name or row.id or f"#{row.new_number or row.old_number}"
    what = what_changed(row, lang)
    comparable = SCHEMATIC not in precision
    cells = (
        text(f"history.{kind}", lang), name, _area_words(row.before_m2, precision[0], lang),
        _area_words(row.after_m2, precision[1], lang),
        hectares_change(row.before_m2, row.after_m2)
        if comparable
        else text("history.not_comparable", lang),
        what,
    )  # fmt: skip
    words = f"{text(f'history.{kind}', lang)}: {name}" + (f" ({what})" if what else "")
    if kind == "changed" and any(precision) and precision[0] != precision[1]:
        was, now = (precision_name(one, lang) or "—" for one in precision)
        words = f"{words}; {text('history.precision_changed', lang, before=was, after=now)}"
    extra = [] if before is None else [{"kind": "before", "geometry": before}]
    return item(
        f"{kind}-{row.old_number or 0}-{row.new_number or 0}", kind, words,
        label=name if named else "", geometry=geometry, point=point, cells=cells, home=True,
        extra=extra,
    )  # fmt: skip


def precision_name(precision: str, lang: Lang) -> str:
    """How precise an outline is, in a word; "" where nothing says."""
    key = f"legend.precision_short.{precision}"
    return text(key, lang) if has_text(key) else precision


def _area_words(m2: float | None, precision: str, lang: Lang) -> str:
    """An area in hectares, with what its outline is worth."""
    shown = hectares(m2)
    if m2 is None or not precision:
        return shown
    return text("history.area_kind", lang, ha=shown, kind=precision_name(precision, lang))


def what_changed(row: Row, lang: Lang) -> str:
    """What a changed row differs in: the outline, and the names of all its columns."""
    parts = [text("history.geometry", lang)] if row.geometry_changed else []
    parts += [column_name(name, lang) for name in row.columns]
    return "、".join(parts) if lang == "zh" else ", ".join(parts)


def column_name(name: str, lang: Lang) -> str:
    """What planners call a column of ours; an office's own column keeps its name."""
    key = f"export.column.{name}"
    return text(key, lang) if has_text(key) else name


def hectares(m2: float | None) -> str:
    """An area in m² as hectares; a dash where there is none."""
    return "—" if m2 is None else f"{m2 / M2_PER_HA:,.2f}"


def hectares_change(before: float | None, after: float | None) -> str:
    """After less before in hectares, with its sign."""
    return signed(((after or 0.0) - (before or 0.0)) / M2_PER_HA, 2).replace("-", "−")


def totals(
    found: Difference, lang: Lang, frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame] | None = None
) -> list[tuple[str, str, str]]:
    """Number and area of each kind, for a strip of figures.

    `frames` are the versions before and after. Where their areas can't be added up, the strip
    says instead how many outlines are schematic.
    """
    if frames is not None and not _summable(*frames):
        return [
            (
                text(f"history.{kind}", lang), str(len(getattr(found, kind))),
                _schematic_words(getattr(found, kind), kind, frames, lang),
            )
            for kind in KINDS
        ]  # fmt: skip
    areas = {
        "added": hectares(found.added_m2), "removed": hectares(found.removed_m2),
        "changed": f"{hectares(found.changed_before_m2)} → {hectares(found.changed_after_m2)}",
        "unchanged": hectares(found.unchanged_m2),
    }  # fmt: skip
    return [
        (
            text(f"history.{kind}", lang), str(len(getattr(found, kind))),
            text("history.area_of", lang, ha=areas[kind]),
        )
        for kind in KINDS
    ]  # fmt: skip


def _schematic_words(
    rows: Sequence[Row], kind: str, frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame], lang: Lang
) -> str:
    """How many of the rows have a schematic outline, those that changed before and after."""
    old, new = frames
    before = sum(_precision(old, row.old_number) == SCHEMATIC for row in rows)
    after = sum(_precision(new, row.new_number) == SCHEMATIC for row in rows)
    if not rows:
        return ""
    if kind == "changed":
        return text("history.schematic_from_to", lang, before=before, after=after)
    return text("history.schematic_count", lang, count=before if kind == "removed" else after)


def difference_columns(lang: Lang) -> list[dict[str, Any]]:
    """The columns of the cells of `difference_items`."""
    names = ("change", "name", "before", "after", "delta", "what")
    numbers = ("before", "after", "delta")
    return [{"name": text(f"history.col_{n}", lang), "number": n in numbers} for n in names]


def _shape(frame: gpd.GeoDataFrame, number: int | None) -> Any:
    return None if number is None else frame.geometry.iloc[number - 1]


def _spread(thin: Any, count: int) -> tuple[list[Item | None], list[list[float] | None]]:
    """Members and label points of thinned shapes, at the positions they were thinned from."""
    members: list[Item | None] = [None] * count
    points: list[list[float] | None] = [None] * count
    made = zip(thin.rows.tolist(), geometry_members(thin.shapes), label_points(thin.shapes),
               strict=True)  # fmt: skip
    for position, member, point in made:
        members[position], points[position] = member, point
    return members, points
