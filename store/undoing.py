"""Going back to an older version of the zones, and with it the places that an import added.

A zone that was not on file comes with two commits, its place and its outline. To undo one without
the other would leave a place that nothing tells of, or an outline of no place.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from store.baseline import OFFICE_FACTS, OFFICE_PREFIX
from store.boundaryimport import COLLECTION as ZONES
from store.errors import CorruptionError
from store.together import together
from store.workspace import Workspace

_, PLACES, OBSERVATIONS = OFFICE_FACTS
# What may tell of a place; while something does, the place stays on file.
_REFERRING = (OBSERVATIONS, "standard-land-parcels", "projects", "proposals")


@dataclass(frozen=True, slots=True)
class PlaceChanges:
    """What a change of the zones means for the office's places, by id.

    `leaving` have no outline any more and nothing else refers to them; `kept` have none either,
    but figures, parcels, projects or proposals are about them. `returning` have an outline again
    and are not on file.
    """

    leaving: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    returning: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """What `restore_zones` did: the new version of the zones, and the places by name."""

    version: int
    left: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()


def place_changes(workspace: Workspace, target: int) -> PlaceChanges:
    """What going back to that version of the zones means for the office's places.

    Raises:
        StoreError: an unknown version, or a damaged file of that one.
    """
    then = _outlined(workspace, target)
    try:
        now = _outlined(workspace, None)
    except CorruptionError:  # the way back from a damaged version must stay open: nothing leaves
        now = then
    known = set(_ids(workspace, PLACES))
    bare = sorted((now - then) & known)
    used = _used(workspace) if bare else set()
    return PlaceChanges(
        leaving=tuple(one for one in bare if one not in used),
        kept=tuple(one for one in bare if one in used),
        returning=tuple(sorted(then - known)),
    )


def added_places(workspace: Workspace) -> dict[str, str]:
    """The office's places that have an outline now: name by id."""
    outlined = _outlined(workspace, None) if PLACES in workspace.versions() else set()
    return {one: name for one, name in _names(workspace).items() if one in outlined}


def restore_zones(
    workspace: Workspace, target: int, *, author: str, message: str,
    expected_version: int | None = None,
) -> Undone:  # fmt: skip
    """Make an older version of the zones the newest, and the office's places follow.

    Places come back before the outlines that refer to them, and leave after these; either all of
    it is done or nothing.

    Raises:
        AlreadyCurrentError, StaleWriterError, CorruptionError: as for `Workspace.restore`.
    """
    with together(workspace, author=author) as commits:
        commits.expect(ZONES, expected_version)
        changes = place_changes(workspace, target)
        names = _names(workspace)
        back = _rows_of(workspace, changes.returning)
        if len(back):
            rows = pd.concat([_frame(workspace), back])
            commits.did(PLACES, _write(workspace, rows, author=author, message=message))
        version = workspace.restore(
            ZONES, target, author=author, message=message, expected_version=expected_version
        )
        commits.did(ZONES, version)
        if changes.leaving:
            _drop(workspace, changes.leaving, author=author, message=message)
    return Undone(
        version, left=tuple(names[one] for one in changes.leaving),
        kept=tuple(names[one] for one in changes.kept),
        returned=tuple(str(name) for name in back.get("name_zh", ())),
    )  # fmt: skip


def _outlined(workspace: Workspace, version: int | None) -> set[str]:
    """The office's places that have an outline in a version of the zones."""
    found = workspace.read(ZONES, version=version, columns=["place_id"])["place_id"]
    return {str(one) for one in found if str(one).startswith(OFFICE_PREFIX)}


def _ids(workspace: Workspace, collection: str) -> list[str]:
    """The place ids of a collection, none where it is not there."""
    if collection not in workspace.versions():
        return []
    frame = workspace.read(collection, columns=["place_id"])
    return [str(one) for one in frame["place_id"].dropna()]


def _used(workspace: Workspace) -> set[str]:
    return {one for name in _REFERRING for one in _ids(workspace, name)}


def _names(workspace: Workspace) -> dict[str, str]:
    frame = _frame(workspace)
    return {} if frame.empty else dict(zip(frame["place_id"], frame["name_zh"], strict=True))


def _frame(workspace: Workspace) -> pd.DataFrame:
    return workspace.read(PLACES) if PLACES in workspace.versions() else pd.DataFrame()


def _rows_of(workspace: Workspace, ids: Iterable[str]) -> pd.DataFrame:
    """The newest record of places that are not on file any more; those never there are left out."""
    wanted, found = set(ids), []
    if not wanted:
        return pd.DataFrame()
    for info in workspace.history(PLACES) if PLACES in workspace.versions() else ():
        if not wanted:
            break
        if info.foreign:
            continue
        frame = workspace.read(PLACES, version=info.version)
        rows = frame[frame["place_id"].isin(wanted)]
        found.append(rows)
        wanted -= set(rows["place_id"])
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _drop(workspace: Workspace, ids: Iterable[str], *, author: str, message: str) -> None:
    frame = _frame(workspace)
    rest = frame[~frame["place_id"].isin(set(ids))]
    if rest.empty:
        workspace.withdraw(PLACES, author=author, message=message)
    else:
        _write(workspace, rest, author=author, message=message)


def _write(workspace: Workspace, frame: pd.DataFrame, *, author: str, message: str) -> int:
    newest = workspace.info(PLACES)
    return workspace.write(
        PLACES, frame.reset_index(drop=True), author=author, message=message,
        source=newest.source, expected_version=newest.version,
    )  # fmt: skip
