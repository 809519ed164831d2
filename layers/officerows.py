"""Rows of an office's lists (parcels, projects) about one place, each counted once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from facts.celltexts import narrow
from facts.model import Facts, Lang, Qualifier
from layers.placefigures import SourceRef, source_ref
from layers.texts import text
from store.officefigures import PREFIX
from store.officerecords import records_of

if TYPE_CHECKING:
    from layers.atlas import Atlas

MOST_ROWS = 50  # of a list that a page shows; the rest is in the download

Record = TypeVar("Record")


def rows_about(
    atlas: Atlas, collection: str, kind: type[Record], place_id: str
) -> tuple[tuple[Record, ...], tuple[bool, ...]]:
    """The records of a place in the order of the collection, and which have an outline.

    None where the atlas has no such collection.

    Raises:
        StoreError: the collection is damaged.
    """
    if collection not in atlas.versions:
        return (), ()
    frame = atlas.workspace.read(collection, version=atlas.versions[collection])
    frame = frame[frame["place_id"] == place_id]
    drawn = [False] * len(frame)
    if "geometry" in frame.columns:
        shapes = frame["geometry"]
        drawn = (shapes.notna() & ~shapes.is_empty).tolist()
        frame = frame.drop(columns="geometry")
    return records_of(kind, frame), tuple(drawn)


def is_printed(record_id: str) -> bool:
    """Whether the list gave the number; where it did not, the import made one for the row."""
    return not record_id.startswith(PREFIX)


def repeated(
    facts: Facts, records: Sequence[Any], ids: Sequence[str], extra: Sequence[Hashable]
) -> frozenset[int]:
    """Positions of records that a newer list gives again: to count them too would be twice.

    Numbers that are printed tell records apart; one number is on file once. Where one of several
    of a name has none, the name is all there is to know them by: only the newest list's count.
    All rows of one list count.

    Args:
        facts: says when the lists were published; else the later import is the newer.
        records: of one place.
        ids: their numbers.
        extra: what else must be the same beside the name, for each record.
    """
    groups: dict[Hashable, list[int]] = {}
    for at, record in enumerate(records):
        groups.setdefault((name_key(record.name), extra[at]), []).append(at)
    again: set[int] = set()
    for found in groups.values():
        lists = [records[at].source_id for at in found]
        if len(set(lists)) == 1 or all(is_printed(ids[at]) for at in found):
            continue
        dates = [_published(facts, source_id) for source_id in lists]
        ranks = list(zip(dates if all(dates) else [""] * len(dates), found, strict=True))
        newest = lists[ranks.index(max(ranks))]
        again.update(at for at, of in zip(found, lists, strict=True) if of != newest)
    return frozenset(again)


def joint_qualifier(parts: Iterable[Qualifier]) -> Qualifier:
    """Of a sum: one with a bound in it is a bound, with bounds on both sides it is approximate."""
    marks: set[Qualifier] = set(parts) - {"exact"}
    if len(marks) == 1:
        return marks.pop()
    return "approx" if marks else "exact"


def name_key(name: str) -> str:
    """A name as it is compared: blanks and the width of letters do not matter."""
    return narrow(name).replace(" ", "").casefold()


def source_of(facts: Facts, source_id: str, locator: str, lang: Lang) -> SourceRef:
    """The list and the place in it; one that was withdrawn from the sources is said to be."""
    if source_id in facts.sources_by_id:
        return source_ref(facts, source_id, locator)
    gone = text("place.source_gone", lang, id=source_id)
    return SourceRef(source_id, gone, "", locator, verified=True)


def _published(facts: Facts, source_id: str) -> str:
    source = facts.sources_by_id.get(source_id)
    return source.published_on if source is not None else ""
