"""Two versions of a collection compared: rows in words, and outlines for the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from facts.model import Lang
from geo.areas import M2_PER_HA
from geo.difference import Difference, Row, difference
from layers.importview import Item, geometry_members, item, label_points, thinned
from layers.texts import has_text, text
from store.workspace import Workspace

MOST_ROWS: Final = 100_000  # of a collection that a page compares
LISTED: Final = 500
KINDS: Final = ("added", "removed", "changed", "unchanged")
_KEYS: Final = (
    "row_id", "place_id", "source_id", "indicator_id", "area_id", "event_id", "check_id", "theme",
    "standard_land_id", "parcel_id", "project_id", "mapping_id",
)  # fmt: skip
_NAMES: Final = ("name_zh", "name", "title", "名称", "地块名称")
_COMPUTED: Final = ("area_m2", "point_lon", "point_lat")  # they follow from the outline
_SHOWN_COLUMNS: Final = 4
_LABELLED: Final = 40  # more names than this only hide the map
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs: `kind` of KINDS, its id, its name, what changed, in words."""

    kind: str
    key: str
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What differs between two versions of a table; `changes` lists at most as many as asked."""

    counts: dict[str, int]
    changes: tuple[Change, ...]


def collection_name(name: str, lang: Lang) -> str:
    """What planners call a collection; an office's own layer keeps its name."""
    key = name.replace("-", "_")
    for section in ("history", "downloads"):
        if has_text(f"{section}.name_{key}"):
            return text(f"{section}.name_{key}", lang)
    return name


def key_of(*frames: pd.DataFrame) -> str | None:
    """The column that tells the rows of all frames apart, None if there is none."""
    for name in _KEYS:
        if all(name in f.columns and f[name].notna().all() and f[name].is_unique for f in frames):
            return name
    return None


def name_of(frame: pd.DataFrame) -> str | None:
    """The column with names, None if there is none."""
    return next((name for name in _NAMES if name in frame.columns), None)


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
    items = [
        _difference_item(
            kind, row, lang, geometry=members[i], point=points[i], before=before[i], named=few
        )
        for i, (kind, row) in enumerate(rows)
    ]
    return items, thin_now.note(lang)


def _difference_item(
    kind: str, row: Row, lang: Lang, *, geometry: Item | None, point: list[float] | None,
    before: Item | None, named: bool,
) -> Item:  # fmt: skip
    name = row.name or row.id or f"#{row.new_number or row.old_number}"
    what = what_changed(row, lang)
    cells = (
        text(f"history.{kind}", lang), name, hectares(row.before_m2), hectares(row.after_m2),
        hectares_change(row.before_m2, row.after_m2), what,
    )  # fmt: skip
    words = f"{text(f'history.{kind}', lang)}: {name}" + (f" ({what})" if what else "")
    extra = [] if before is None else [{"kind": "before", "geometry": before}]
    return item(
        f"{kind}-{row.old_number or 0}-{row.new_number or 0}", kind, words,
        label=name if named else "", geometry=geometry, point=point, cells=cells, home=True,
        extra=extra,
    )  # fmt: skip


def what_changed(row: Row, lang: Lang) -> str:
    """What a changed row differs in: the outline, and the names of its columns."""
    parts = [text("history.geometry", lang)] if row.geometry_changed else []
    parts += [column_name(name, lang) for name in row.columns[:_SHOWN_COLUMNS]]
    if len(row.columns) > _SHOWN_COLUMNS:
        parts.append("…")
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
    change = (after or 0.0) - (before or 0.0)
    return f"{change / M2_PER_HA:+,.2f}".replace("-", "−")


def totals(found: Difference, lang: Lang) -> list[tuple[str, str, str]]:
    """Number and area of each kind, for a strip of figures."""
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


# --- tables --------------------------------------------------------------------------------------


def table_changes(
    old: pd.DataFrame, new: pd.DataFrame, lang: Lang, *, listed: int = LISTED
) -> TableChanges:
    """Rows of a table that came, went or changed; without an id column whole rows are compared."""
    key = key_of(old, new)
    if key is None:
        return _whole_rows(old, new, lang, listed)
    before, after = old.set_index(key), new.set_index(key)
    added = after.index.difference(before.index, sort=False)
    removed = before.index.difference(after.index, sort=False)
    both = after.index.intersection(before.index, sort=False)
    columns = [c for c in after.columns if c in before.columns and c != "geometry"]
    left, right = before.loc[both, columns], after.loc[both, columns]
    differs = np.zeros((len(both), len(columns)), dtype=bool)
    for at, column in enumerate(columns):
        differs[:, at] = _differs(left[column], right[column])
    changed = np.flatnonzero(differs.any(axis=1))
    counts = {
        "added": len(added), "removed": len(removed), "changed": len(changed),
        "unchanged": len(both) - len(changed),
    }  # fmt: skip
    changes = [
        *(_change("changed", both[i], right.iloc[i],
                  _what(left.iloc[i], right.iloc[i], differs[i], lang)) for i in changed[:listed]),
        *(_change("added", k, after.loc[k], "") for k in added[:listed]),
        *(_change("removed", k, before.loc[k], "") for k in removed[:listed]),
    ]  # fmt: skip
    return TableChanges(counts, tuple(changes[:listed]))


def _differs(left: pd.Series[Any], right: pd.Series[Any]) -> Any:
    """Where values differ; two missing ones are the same, and 1.0 is 1."""
    gone_left, gone_right = left.isna().to_numpy(), right.isna().to_numpy()
    same = left.astype(str).to_numpy() == right.astype(str).to_numpy()
    if pd.api.types.is_numeric_dtype(left) and pd.api.types.is_numeric_dtype(right):
        same = left.to_numpy(dtype=float, na_value=np.nan) == right.to_numpy(
            dtype=float, na_value=np.nan
        )
    return (gone_left != gone_right) | (~gone_left & ~gone_right & ~same)


def _change(kind: str, key: object, row: pd.Series[Any], what: str) -> Change:
    name = next((str(row[n]) for n in _NAMES if n in row.index and pd.notna(row[n])), "")
    return Change(kind, str(key), name, what)


def _what(before: pd.Series[Any], after: pd.Series[Any], differs: Any, lang: Lang) -> str:
    names = [str(c) for c in before.index[differs]]
    parts = [
        text("history.change_of", lang, column=column_name(n, lang),
             before=_plain(before[n], lang), after=_plain(after[n], lang))
        for n in names[:_SHOWN_COLUMNS]
    ]  # fmt: skip
    return "；".join(parts) + ("…" if len(names) > _SHOWN_COLUMNS else "")


def _plain(value: Any, lang: Lang) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return text("history.nothing", lang)
    shown = f"{value:.12g}" if isinstance(value, float) else str(value)
    if not shown:
        return text("history.nothing", lang)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


def _whole_rows(old: pd.DataFrame, new: pd.DataFrame, lang: Lang, listed: int) -> TableChanges:
    columns = [c for c in new.columns if c in old.columns]
    before, after = (
        pd.util.hash_pandas_object(f[columns].astype(str), index=False).to_numpy()
        for f in (old, new)
    )
    added = np.flatnonzero(~np.isin(after, before))
    removed = np.flatnonzero(~np.isin(before, after))
    counts = {
        "added": len(added), "removed": len(removed), "changed": 0,
        "unchanged": len(new) - len(added),
    }  # fmt: skip
    changes: Sequence[Change] = [
        *(_change("added", i + 1, new.iloc[i], _first(new.iloc[i], lang)) for i in added[:listed]),
        *(
            _change("removed", i + 1, old.iloc[i], _first(old.iloc[i], lang))
            for i in removed[:listed]
        ),
    ]
    return TableChanges(counts, tuple(changes[:listed]))


def _first(row: pd.Series[Any], lang: Lang) -> str:
    return "；".join(_plain(v, lang) for v in row.iloc[:_SHOWN_COLUMNS])
