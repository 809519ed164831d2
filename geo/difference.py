"""Two versions of a layer compared: what came, what went, what changed, with areas."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, overload

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.areas import area_m2
from geo.layerfaults import id_text
from geo.samefeatures import compare_shapes, pair_rows

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

# Columns that follow from the geometry: they tell nothing of their own.
COMPUTED: Final = ("area_m2", "bbox", "point_lon", "point_lat")
_NAMES: Final = ("name_zh", "name", "Name", "NAME", "名称", "地块名称")


@dataclass(frozen=True, slots=True)
class Row:
    """A feature of a difference; numbers count from 1, None where it is on one side only.

    Areas are ellipsoidal, m², None where there is no geometry. `columns` are the attributes that
    changed; `moved_m2` is land that is in one of the two outlines only.
    """

    old_number: int | None
    new_number: int | None
    id: str
    name: str
    before_m2: float | None
    after_m2: float | None
    geometry_changed: bool = False
    columns: tuple[str, ...] = ()
    moved_m2: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is different. The four lists are sequences of rows, made as they are looked at.

    Areas are sums in m² over features with a geometry.
    """

    added: Sequence[Row]
    removed: Sequence[Row]
    changed: Sequence[Row]
    unchanged: Sequence[Row]
    before_count: int
    after_count: int
    before_m2: float
    after_m2: float
    added_m2: float
    removed_m2: float
    changed_before_m2: float
    changed_after_m2: float
    unchanged_m2: float
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]


def difference(
    old: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    *,
    key: str | None = None,
    name: str | None = None,
    ignore: Collection[str] = (),
    tolerance_m: float = 0.01,
) -> Difference:
    """Compare two versions of a layer, EPSG:4490.

    Args:
        old: the version before.
        new: the version after.
        key: the column with ids; features without one, and all where no key is given, are the same
            by their geometry, else by the largest common land.
        name: the column with names (for `Row.name`); the usual ones are looked for.
        ignore: columns that don't count, besides COMPUTED.
        tolerance_m: outlines that are apart by less than this (on average) are the same.

    Raises:
        CoordinateError: another CRS, or coordinates that are no degrees.
        KeyError: one of the two has no column `key`.
    """
    before = _Side.of(old, key, name)
    after = _Side.of(new, key, name)
    old_rows, new_rows = pair_rows(
        before.shapes, after.shapes, before.ids, after.ids, tolerance_m=tolerance_m
    )
    moved, same_shape = compare_shapes(
        before.shapes[old_rows], after.shapes[new_rows], tolerance_m=tolerance_m
    )
    left_out = {*COMPUTED, *ignore, old.geometry.name, new.geometry.name}
    columns = [c for c in old.columns if c in set(new.columns) and c not in left_out]
    changes = np.zeros((len(old_rows), len(columns)), dtype=bool)
    for at, column in enumerate(columns):
        changes[:, at] = _differs(old[column].iloc[old_rows], new[column].iloc[new_rows])
    is_changed = ~same_shape | changes.any(axis=1)
    pairs = _Pairs(before, after, tuple(map(str, columns)), changes, same_shape, moved)
    gone = np.setdiff1d(np.arange(len(old)), old_rows)
    come = np.setdiff1d(np.arange(len(new)), new_rows)
    nothing = np.full(len(gone), -1), np.full(len(come), -1)
    here, there = np.flatnonzero(is_changed), np.flatnonzero(~is_changed)
    return Difference(
        added=_Rows(pairs, nothing[1], come), removed=_Rows(pairs, gone, nothing[0]),
        changed=_Rows(pairs, old_rows[here], new_rows[here], here),
        unchanged=_Rows(pairs, old_rows[there], new_rows[there], there),
        before_count=len(old), after_count=len(new), before_m2=before.sum(), after_m2=after.sum(),
        added_m2=after.sum(come), removed_m2=before.sum(gone),
        changed_before_m2=before.sum(old_rows[here]), changed_after_m2=after.sum(new_rows[here]),
        unchanged_m2=after.sum(new_rows[there]),
        columns_added=tuple(str(c) for c in new.columns if c not in {*old.columns, *left_out}),
        columns_removed=tuple(str(c) for c in old.columns if c not in {*new.columns, *left_out}),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two versions: ids and names as text, areas in m² (NaN without a geometry)."""

    shapes: NDArray[np.object_]
    areas: Floats
    ids: list[str]
    names: list[str]

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame, key: str | None, name: str | None) -> _Side:
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
        known = [name] if name else [column for column in _NAMES if column in frame.columns]
        blank = [""] * len(frame)
        ids = [id_text(value) for value in frame[key]] if key else blank
        names = [id_text(value) for value in frame[known[0]]] if known else blank
        return cls(shapes, area_m2(frame.geometry), ids, names)

    def sum(self, rows: Integers | None = None) -> float:
        """The area of some features, or of all, in m²."""
        return float(np.nansum(self.areas if rows is None else self.areas[rows]))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """What rows are made from; changes, same_shape and moved are in the order of the pairs."""

    before: _Side
    after: _Side
    columns: tuple[str, ...]
    changes: NDArray[np.bool_]
    same_shape: NDArray[np.bool_]
    moved: Floats


class _Rows(Sequence[Row]):
    """Rows made when they are looked at: a layer may have a million that did not change."""

    def __init__(
        self, pairs: _Pairs, old: Integers, new: Integers, at: Integers | None = None
    ) -> None:
        self._pairs = pairs
        self._old = old
        self._new = new
        self._at = at

    def __len__(self) -> int:
        return len(self._old)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        old, new = int(self._old[index]), int(self._new[index])
        pairs = self._pairs
        side, row = (pairs.after, new) if new >= 0 else (pairs.before, old)
        made = Row(
            old + 1 if old >= 0 else None, new + 1 if new >= 0 else None, side.ids[row],
            side.names[row], _area(pairs.before, old), _area(pairs.after, new),
        )  # fmt: skip
        if self._at is None:
            return made
        at = int(self._at[index])
        columns = tuple(
            name for name, changed in zip(pairs.columns, pairs.changes[at], strict=True) if changed
        )
        return Row(
            made.old_number, made.new_number, made.id, made.name, made.before_m2, made.after_m2,
            not bool(pairs.same_shape[at]), columns, float(pairs.moved[at]),
        )  # fmt: skip

    def __iter__(self) -> Iterator[Row]:
        return (self[i] for i in range(len(self)))


def _area(side: _Side, row: int) -> float | None:
    if row < 0 or np.isnan(side.areas[row]):
        return None
    return float(side.areas[row])


def _differs(old: Any, new: Any) -> NDArray[np.bool_]:
    """Where two columns have other values; blank is blank, and 1 is 1.0."""
    one, two = (column.to_numpy(dtype=object, na_value=None) for column in (old, new))
    try:
        unlike = np.asarray(one != two, dtype=np.bool_)
    except ValueError:  # lists and the like among the values
        unlike = np.ones(len(one), dtype=np.bool_)
    for row in np.flatnonzero(unlike):
        unlike[row] = _text(one[row]) != _text(two[row])
    return unlike


def _text(value: Any) -> str:
    """A value as text, "" for what is blank."""
    return str(value) if isinstance(value, (list, dict, tuple, np.ndarray)) else id_text(value)
