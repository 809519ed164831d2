"""Looking after a workspace: find everything that is wrong, remove what nobody names."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from store import log
from store.errors import CorruptionError, StoreError, UnknownVersionError
from store.scratch import stale_scratch
from store.snapshot import SNAPSHOT_FILE
from store.workspace import STAGING, Workspace

_LINK_LEFT = re.compile(r"\d{20}\.json#\d+")  # delta-rs, killed between link and unlink


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `version` is None when it concerns no single version.

    `code` is corrupt_file, corrupt_log, foreign_version, log_disagrees, orphan or staging; the
    last two are harmless and go with `Workspace.cleanup`.
    """

    collection: str
    version: int | None
    file: str
    code: str
    message: str


def verify(workspace: Workspace, name: str | None = None) -> list[Problem]:
    """Check every version's file against its sha256 and its commit, and look for orphans.

    Reads all bytes again, whatever was checked before. Raises only for a bad or unknown name.
    """
    if name is not None:
        _known(workspace, name)
    names = workspace.folders() if name is None else [name]
    problems = [problem for each in names for problem in _verify_collection(workspace, each)]
    if name is None:
        left = [*_staged(workspace), *stale_scratch(workspace.path)]
        problems += [_left(path, "", "staging") for path in left]
    return problems


def cleanup(workspace: Workspace) -> list[Path]:
    """Remove orphans, staged files and dead uploads while nobody writes; returns what was removed.

    A collection whose log cannot be read completely is left alone: what it names is unknown.

    Raises:
        BusyError: another process is writing.
    """
    with workspace.writing(alone=True):
        doomed = list(_staged(workspace))
        for name in workspace.folders():
            try:
                doomed += _orphans(workspace.path / name)
            except CorruptionError:
                continue
        uploads = stale_scratch(workspace.path)
        for path in doomed:
            path.unlink(missing_ok=True)
        for path in uploads:
            shutil.rmtree(path, ignore_errors=True)
    return doomed + uploads


def _known(workspace: Workspace, name: str) -> None:
    """Raise BadNameError or UnknownCollectionError; a lost log is a finding, not an error."""
    try:
        workspace.version(name)
    except CorruptionError:
        return


def _verify_collection(workspace: Workspace, name: str) -> Iterator[Problem]:
    table = workspace.path / name
    try:
        newest = workspace.version(name)
    except CorruptionError as error:
        yield _problem(error)
        return
    except StoreError:  # a folder without data files and log: nothing to check
        return
    for version in range(newest, -1, -1):
        yield from _verify_version(workspace, name, version)
    try:
        yield from (_left(path, name, "orphan") for path in _orphans(table))
    except CorruptionError as error:
        yield _problem(error)


def _verify_version(workspace: Workspace, name: str, version: int) -> Iterator[Problem]:
    from store import commits  # noqa: PLC0415 - delta-rs, only needed here

    try:
        path = workspace.file(name, version=version, recheck=True)
        active = commits.active_files(workspace.path / name, version)
    except CorruptionError as error:
        yield _problem(error)
    except UnknownVersionError as error:  # a gap in the log
        yield Problem(name, version, "", "corrupt_log", error.message)
    except commits.COMMIT_ERRORS as error:
        yield Problem(name, version, "", "corrupt_log", str(error))
    else:
        if active != [path.name]:
            yield Problem(
                name, version, str(path), "log_disagrees",
                f"版本记录中的文件是 {active}，登记的是 {path.name} / "
                f"the log names {active}, recorded is {path.name}",
            )  # fmt: skip


def _orphans(table: Path) -> list[Path]:
    """Files of ours in a collection's folder that no version names.

    Raises:
        CorruptLogError: the log cannot be read, or is gone while data files are there.
    """
    if log.newest_version(table) is None:
        return []
    named = log.referenced_files(table)
    files = [p for p in table.iterdir() if log.DATA_FILE.fullmatch(p.name) and p.name not in named]
    links = [p for p in (table / log.LOG_FOLDER).iterdir() if _LINK_LEFT.fullmatch(p.name)]
    return sorted(files + links)


def _staged(workspace: Workspace) -> list[Path]:
    """Staged files and half-written snapshots; in use only while somebody writes or loads."""
    staged = (workspace.path / STAGING).glob("*.parquet")
    return sorted([*staged, *workspace.path.glob(f".{SNAPSHOT_FILE}.*.tmp")])


def _problem(error: CorruptionError) -> Problem:
    return Problem(error.collection, error.version, error.file, error.code, error.message)


def _left(path: Path, collection: str, code: str) -> Problem:
    return Problem(
        collection, None, str(path), code,
        f"无版本使用的残留文件：{path} / left by an interrupted write, no version names it: {path}",
    )  # fmt: skip
