"""A Delta table's log, read as the protocol defines it: one JSON file per version.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md (section "Delta Log Entries").
Commits are made by delta-rs (see `commits`). Reading is done here because a start must know the
newest versions and their hashes without loading the library, and because
`DeltaTable(version=n).history()` of delta-rs 1.6 returns the commits after n too and numbers
them wrongly.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.errors import CorruptLogError, UnknownVersionError
from store.files import flush_folder

BBox = tuple[float, float, float, float]  # west, south, east, north in degrees, EPSG:4490

LOG_FOLDER = "_delta_log"
METADATA_KEY = "zoneAtlas"  # our part of a commit's metadata, apart from the library's own keys
BASELINE_AUTHOR = "baseline"

DATA_FILE = re.compile(r"(baseline|edit)-[0-9a-f]{16}-[0-9a-f]{8}\.parquet")
_COMMIT = re.compile(r"(\d{20})\.json")


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One version of a collection, as its commit records it. A version never changes.

    `bbox` is west, south, east, north in degrees (EPSG:4490), or None for tables and for
    collections without any geometry. `file` is relative to the collection's folder.
    `foreign` marks a commit of other software: it has no file, hash or row count to trust.
    `title` is what the office calls the layer, "" for what has a name of ours.
    """

    collection: str
    version: int
    parent: int | None
    author: str
    message: str
    source: str
    time: datetime
    rows: int
    bbox: BBox | None
    sha256: str
    file: str
    bytes: int
    geo: bool
    commit_id: str = ""
    restored_from: int | None = None
    foreign: bool = False
    title: str = ""


def newest_version(table: Path) -> int | None:
    """The newest committed version of the table in a folder; None when it has no log."""
    versions = _committed(table)
    return max(versions) if versions else None


def lost_log(table: Path) -> bool:
    """Whether a folder has data files but no log: its versions cannot be told any more."""
    return newest_version(table) is None and any(table.glob("*.parquet"))


def read_version(table: Path, version: int) -> VersionInfo:
    """What the commit of one version records.

    Raises:
        UnknownVersionError: the table has no such version.
        CorruptLogError: the commit's file cannot be read.
    """
    path = commit_path(table, version)
    try:
        actions = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
        info = next(action["commitInfo"] for action in actions if "commitInfo" in action)
        return _version_info(table.name, version, info)
    except FileNotFoundError:
        newest = newest_version(table)
        raise UnknownVersionError(
            f"{table.name} 没有版本 {version}，最新版本为 {newest} / "
            f"{table.name} has no version {version}, the newest is {newest}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise CorruptLogError(
            f"{table.name} 版本 {version} 的提交记录无法读取：{path}；请从备份放回该文件 / "
            f"the commit of {table.name} version {version} cannot be read: {path}; "
            "put the file back from a backup",
            collection=table.name,
            version=version,
            file=str(path),
        ) from error


def read_versions(table: Path) -> Iterator[VersionInfo]:
    """All versions whose commits are still in the log, newest first."""
    for version in sorted(_committed(table), reverse=True):
        yield read_version(table, version)


def referenced_files(table: Path) -> set[str]:
    """Names of the files that any version adds: these must never be removed.

    Raises:
        CorruptLogError: a commit cannot be read, so the set would be incomplete.
    """
    names: set[str] = set()
    for version in range((newest_version(table) or 0) + 1):
        try:
            names.add(read_version(table, version).file)
        except UnknownVersionError as error:
            path = str(commit_path(table, version))
            raise CorruptLogError(
                f"{table.name} 的提交记录不完整，缺少 {path} / "
                f"the log of {table.name} lacks {path}",
                collection=table.name,
                version=version,
                file=path,
            ) from error
        for line in commit_path(table, version).read_text("utf-8").splitlines():
            if '"add"' in line:
                names.add(json.loads(line).get("add", {}).get("path", ""))
    return names - {""}


def drop_torn_commit(table: Path) -> Path | None:
    """Remove a newest commit file of zero bytes; returns its path if there was one.

    delta-rs does not flush a commit before it links it under its name. A power cut right then
    leaves the name with nothing in it: a commit that never took place.
    """
    newest = newest_version(table)
    if newest is None:
        return None
    path = commit_path(table, newest)
    if path.stat().st_size > 0:
        return None
    path.unlink()
    flush_folder(path.parent)
    return path


def commit_path(table: Path, version: int) -> Path:
    """The file that holds one version's commit."""
    return table / LOG_FOLDER / f"{version:020d}.json"


def _committed(table: Path) -> list[int]:
    try:
        names = [entry.name for entry in (table / LOG_FOLDER).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [int(match[1]) for name in names if (match := _COMMIT.fullmatch(name))]


def _version_info(collection: str, version: int, info: dict[str, Any]) -> VersionInfo:
    """A commit's metadata as a record. Raises KeyError, TypeError or ValueError if malformed."""
    time = datetime.fromtimestamp(info["timestamp"] / 1000, tz=UTC)
    own = info.get(METADATA_KEY)
    if own is None:
        return VersionInfo(
            collection=collection, version=version, parent=version - 1 if version else None,
            author=str(info.get("engineInfo", "?")), message=str(info.get("operation", "?")),
            source="", time=time, rows=0, bbox=None, sha256="", file="", bytes=0, geo=False,
            foreign=True,
        )  # fmt: skip
    box, file = own["bbox"], str(own["file"])
    if not DATA_FILE.fullmatch(file):  # a name, never a path to somewhere else
        raise ValueError(file)
    return VersionInfo(
        collection=collection, version=version, parent=own["parent"], author=str(own["author"]),
        message=str(own["message"]), source=str(own["source"]), time=time, rows=int(own["rows"]),
        bbox=None if box is None else (box[0], box[1], box[2], box[3]),
        sha256=str(own["sha256"]), file=file, bytes=int(own["bytes"]),
        geo=bool(own["geo"]), commit_id=str(own["id"]), restored_from=own.get("restored_from"),
        title=str(own.get("title", "")),
    )  # fmt: skip
