"""Two versions of a table compared: which rows came, went or changed, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from facts.model import Lang
from layers.historyview import LISTED, NAMES, column_name, key_of
from layers.texts import text

_SHOWN_COLUMNS: Final = 4  # of a row that has no id
_LONGEST: Final = 400  # letters of one value; the page wraps them


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
    name = next((str(row[n]) for n in NAMES if n in row.index and pd.notna(row[n])), "")
    return Change(kind, str(key), name, what)


def _what(before: pd.Series[Any], after: pd.Series[Any], differs: Any, lang: Lang) -> str:
    names = [str(c) for c in before.index[differs]]
    parts = [
        text("history.change_of", lang, column=column_name(n, lang),
             before=_plain(before[n], lang), after=_plain(after[n], lang))
        for n in names
    ]  # fmt: skip
    return "；".join(parts)


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
