"""Commits to Delta tables through delta-rs: a version is the old one or the new one, never part.

`max_commit_retries=0`: a version is what its author saw, never silently moved behind another's.
Logs and removed files are kept for ever, because permalinks name versions.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, create_table_with_add_actions

from store import log
from store.errors import BadFrameError, StoreError, stale_writer, write_failed
from store.files import discard, flush_file, flush_folder
from store.frames import StagedFile
from store.log import BASELINE_AUTHOR, METADATA_KEY, VersionInfo

COMMIT_ERRORS: tuple[type[Exception], ...] = (DeltaError, OSError)  # a stale writer's too

_KEPT_FOREVER = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
_HOOKS = PostCommitHookProperties(cleanup_expired_logs=False)
_TEXT_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Audit:
    """Who commits, why, and from what source; 1 to 2000 characters each.

    `title` is what the office calls the collection, "" for nothing.

    Raises:
        BadFrameError: one of them is empty or too long.
    """

    author: str
    message: str
    source: str
    title: str = ""

    def __post_init__(self) -> None:
        texts = {"author": self.author, "message": self.message, "source": self.source}
        faults = [
            f"{key}: 1–{_TEXT_LIMIT} 个字符 / characters"
            for key, text in texts.items()
            if not text.strip() or len(text) > _TEXT_LIMIT
        ]
        if len(self.title) > _TEXT_LIMIT:
            faults.append(f"title: 0–{_TEXT_LIMIT} 个字符 / characters")
        if faults:
            raise BadFrameError(
                "作者、说明和来源都要填写 / author, message and source are needed", faults=faults
            )


def commit_file(table: Path, staged: StagedFile, *, parent: int | None, audit: Audit) -> int:
    """Make a staged file the whole content of the version after `parent` (None: version 0).

    Returns the new version's number. The staged file is moved into the table's folder.

    Raises:
        StaleWriterError: somebody else made that version first.
        WriteFailedError: the disk refused; no file is left behind.
    """
    label = BASELINE_AUTHOR if audit.author == BASELINE_AUTHOR else "edit"
    file = table / f"{label}-{staged.sha256[:16]}-{uuid4().hex[:8]}.parquet"
    metadata = _metadata(audit, parent) | {
        "rows": staged.rows, "bbox": staged.bbox, "sha256": staged.sha256, "file": file.name,
        "bytes": staged.bytes, "geo": staged.geo,
    }  # fmt: skip
    with _committing(table, parent, metadata["id"], file=file):
        table.mkdir(exist_ok=True)
        staged.path.rename(file)
        flush_folder(table)
        _commit(table, file, staged, parent=parent, metadata=metadata)
    return 0 if parent is None else parent + 1


def commit_restore(table: Path, old: VersionInfo, *, parent: int, audit: Audit) -> int:
    """Make an older version's file the content of the version after `parent`; raises as above."""
    metadata = _metadata(audit, parent) | {
        "rows": old.rows, "bbox": old.bbox, "sha256": old.sha256, "file": old.file,
        "bytes": old.bytes, "geo": old.geo, "restored_from": old.version,
    }  # fmt: skip
    with _committing(table, parent, metadata["id"], file=None):
        DeltaTable(str(table), version=parent).restore(
            old.version,
            commit_properties=_properties(metadata),
            post_commithook_properties=_HOOKS,
        )
    return parent + 1


def active_files(table: Path, version: int) -> list[str]:
    """Names of the files that make up a version, as delta-rs understands the log."""
    return [Path(uri).name for uri in DeltaTable(str(table), version=version).file_uris()]


def _commit(
    table: Path, file: Path, staged: StagedFile, *, parent: int | None, metadata: dict[str, Any]
) -> None:
    add = AddAction(
        path=file.name,
        size=staged.bytes,
        partition_values={},
        modification_time=file.stat().st_mtime_ns // 1_000_000,
        data_change=True,
        stats=json.dumps(staged.stats),
    )
    schema = Schema.from_arrow(staged.schema)
    if parent is None:
        create_table_with_add_actions(
            str(table),
            schema,
            [add],
            mode="error",
            name=table.name,
            configuration=_KEPT_FOREVER,
            commit_properties=_properties(metadata),
            post_commithook_properties=_HOOKS,
        )
    else:
        DeltaTable(str(table), version=parent).create_write_transaction(
            [add],
            mode="overwrite",
            schema=schema,
            commit_properties=_properties(metadata),
            post_commithook_properties=_HOOKS,
        )


@contextlib.contextmanager
def _committing(
    table: Path, parent: int | None, commit_id: str, *, file: Path | None
) -> Iterator[None]:
    """Around a commit: durable if it took place, no file left behind if it did not.

    delta-rs may fail after the commit took place (its checkpoint, a full disk), so the log is
    asked, not the error. `file` is the new data file, None for a restore.
    """
    version = 0 if parent is None else parent + 1
    try:
        yield
    except COMMIT_ERRORS as error:
        if not _took_place(table, version, commit_id):
            _undo(table, file)
            newest = log.newest_version(table)
            if newest != parent:
                raise stale_writer(table.name, newest, parent) from error
            raise write_failed(table, error) from error
    try:
        flush_file(log.commit_path(table, version))
        flush_folder(table / log.LOG_FOLDER)
        flush_folder(table.parent)
    except OSError as error:
        raise write_failed(table, error) from error


def _took_place(table: Path, version: int, commit_id: str) -> bool:
    try:
        return log.read_version(table, version).commit_id == commit_id
    except StoreError:
        return False


def _undo(table: Path, file: Path | None) -> None:
    """Remove the data file of a commit that did not take place, and a table that never was."""
    if file is not None:
        discard(file)
    for folder in (table / log.LOG_FOLDER, table):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _metadata(audit: Audit, parent: int | None) -> dict[str, Any]:
    titled = {"title": audit.title} if audit.title else {}
    return titled | {
        "author": audit.author, "message": audit.message, "source": audit.source,
        "parent": parent, "id": uuid4().hex,
    }  # fmt: skip


def _properties(metadata: dict[str, Any]) -> CommitProperties:
    return CommitProperties(custom_metadata={METADATA_KEY: metadata}, max_commit_retries=0)
