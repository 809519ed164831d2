"""A workspace: a folder of named, versioned collections, each a Delta table of one file a version.

    <workspace>/<collection>/_delta_log/…            the log, written by delta-rs
    <workspace>/<collection>/<author>-<hash>-….parquet   GeoParquet, or plain Parquet for tables
    <workspace>/.staging, .locks, .intake    ours; see `upkeep` and `scratch`
    <workspace>/baseline.json                ours; see `baseline`

Writing: the file is written to `.staging`, flushed, hashed, moved into the collection's folder
and only then named by a commit, which is atomic. A crash leaves the old version or the new one,
and at most a file that no version names (`verify` lists it, `cleanup` removes it).
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from store import log
from store.errors import (
    AlreadyCurrentError,
    BadFrameError,
    BadNameError,
    CorruptLogError,
    UnknownCollectionError,
    WorkspacePathError,
    corrupt_file,
    foreign_version,
    stale_writer,
    write_failed,
)
from store.files import FileChecker, discard, file_lock, second_name
from store.log import BASELINE_AUTHOR, BBox, VersionInfo

if TYPE_CHECKING:
    import pandas as pd

    from store.frames import StagedFile
    from store.upkeep import Problem

STAGING = ".staging"
INTAKE = ".intake"  # uploads, see `scratch`
NOT_YET = -1  # `expected_version` of a collection that must not exist yet

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_LOCK_WAIT_S = 60.0


class Workspace:
    """Collections in a folder. Cheap to make; safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._checker = FileChecker()

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> "Workspace":
        """Open the workspace in a folder, made if missing (unless `create` is False).

        Raises:
            WorkspacePathError: the folder is missing or cannot be used.
        """
        try:
            if create:
                path.mkdir(parents=True, exist_ok=True)
            workspace = cls(path.resolve(strict=True))
            for name in workspace.collections():
                log.drop_torn_commit(workspace.path / name)
        except OSError as error:
            raise WorkspacePathError(
                f"无法打开工作区 {path}：{error} / cannot open the workspace {path}: {error}"
            ) from error
        return workspace

    def collections(self) -> list[str]:
        """Names of the collections that have at least one version, sorted."""
        return [name for name in self.folders() if log.newest_version(self.path / name) is not None]

    def folders(self) -> list[str]:
        """Names of the folders that are or were collections, also those that lost their log."""
        try:
            return sorted(
                entry.name
                for entry in self.path.iterdir()
                if _NAME.fullmatch(entry.name) and entry.is_dir()
            )
        except OSError as error:
            raise WorkspacePathError(
                f"无法读取工作区 {self.path}：{error} / cannot read {self.path}: {error}"
            ) from error

    def version(self, name: str) -> int:
        """The newest version of a collection.

        Raises:
            BadNameError, UnknownCollectionError, CorruptLogError: as their names say.
        """
        newest = self._newest(name)
        if newest is None:
            raise UnknownCollectionError(
                f"工作区没有数据集 {name} / no collection {name} in this workspace"
            )
        return newest

    def versions(self) -> dict[str, int]:
        """The newest version of every collection."""
        found = ((name, log.newest_version(self.path / name)) for name in self.folders())
        return {name: version for name, version in found if version is not None}

    def info(self, name: str, *, version: int | None = None) -> VersionInfo:
        """What is recorded about a version (default: the newest). Does not look at its file.

        Raises:
            UnknownCollectionError, UnknownVersionError, CorruptLogError: as their names say.
        """
        newest = self.version(name)
        return log.read_version(self.path / name, newest if version is None else version)

    def history(self, name: str) -> list[VersionInfo]:
        """All versions of a collection, newest first."""
        self.version(name)
        return list(log.read_versions(self.path / name))

    def file(self, name: str, *, version: int | None = None, recheck: bool = False) -> Path:
        """The data file of a version, after its sha256 was checked (once per process and file).

        `recheck` reads it again even if it was checked before.

        Raises:
            CorruptFileError: it is missing or its bytes are not what was written.
            ForeignVersionError: other software committed the version; nothing to check it by.
        """
        info = self.info(name, version=version)
        path = self.path / name / info.file
        if info.foreign:
            raise foreign_version(name, info.version, info.author)
        checker = FileChecker() if recheck else self._checker
        if not checker.matches(path, info.sha256):
            raise corrupt_file(name, info.version, path)
        return path

    def read(
        self,
        name: str,
        *,
        version: int | None = None,
        bbox: BBox | None = None,
        columns: Sequence[str] | None = None,
    ) -> "pd.DataFrame":
        """Rows of a version: a GeoDataFrame (EPSG:4490) or, for tables, a DataFrame.

        `bbox` is west, south, east, north in degrees. When `columns` leaves the geometry out,
        the answer is a plain DataFrame.

        Raises:
            StoreError: unknown name or version, a corrupt file, or a question it cannot answer.
        """
        from store import frames  # noqa: PLC0415 - geopandas takes a second; opening must not

        path = self.file(name, version=version)
        geo = self.info(name, version=version).geo
        return frames.read(path, geo=geo, bbox=bbox, columns=columns)

    def write(
        self,
        name: str,
        frame: "pd.DataFrame",
        *,
        author: str,
        message: str,
        source: str,
        expected_version: int | None = None,
        notes: "Mapping[str, Any] | None" = None,
    ) -> int:
        """Store a frame as the collection's next version and return its number.

        `expected_version` is the newest version that the caller has seen (`NOT_YET` for none).
        `notes` go into the data file's own metadata, as `geo.landlayer.MEASURED`.

        Raises:
            StaleWriterError: the newest version is another one, or becomes another meanwhile.
            BadFrameError, BadNameError: the frame or the name cannot be stored.
            WriteFailedError: the disk refused; the old version stands.
        """
        if author == BASELINE_AUTHOR:
            raise BadFrameError(f"作者名 {author} 由系统使用 / the author {author} is reserved")
        with self.writing():
            staged = self.stage(name, frame, notes=notes)
            return self.commit(
                name,
                staged,
                author=author,
                message=message,
                source=source,
                expected_version=expected_version,
            )

    def stage(
        self, name: str, frame: "pd.DataFrame", *, notes: "Mapping[str, Any] | None" = None
    ) -> "StagedFile":
        """First half of `write`: the frame's file, flushed. Call it inside `writing()`."""
        from store import frames  # noqa: PLC0415 - see `read`

        _check_name(name)
        return frames.stage(frame, self.path / STAGING, notes=notes)

    def adopt(self, name: str, path: Path) -> "StagedFile":
        """As `stage`, for a layer's file that is written already: it gets a second name.

        Call it inside `writing()`. The file itself stays, for another try.

        Raises:
            BadNameError, BadFrameError: the name, or a file that is no GeoParquet in EPSG:4490.
            WriteFailedError: the disk refused.
        """
        from store import landfiles  # noqa: PLC0415 - see `read`

        _check_name(name)
        staging = self.path / STAGING
        target = staging / f"{uuid4().hex}.parquet"
        try:
            staging.mkdir(exist_ok=True)
            second_name(path, target)
            return landfiles.described(target)
        except OSError as error:
            discard(target)
            raise write_failed(target, error) from error
        except BaseException:
            discard(target)
            raise

    @contextlib.contextmanager
    def making(self) -> Iterator[Path]:
        """A path for a file of a layer in the making, on the workspace's disk; gone afterwards.

        Use it inside `writing()`. Raises WriteFailedError.
        """
        staging = self.path / STAGING
        path = staging / f"{uuid4().hex}.parquet"
        try:
            staging.mkdir(exist_ok=True)
        except OSError as error:
            raise write_failed(staging, error) from error
        try:
            yield path
        finally:
            discard(path)

    def commit(
        self,
        name: str,
        staged: "StagedFile",
        *,
        author: str,
        message: str,
        source: str,
        expected_version: int | None = None,
        over_lost_log: bool = False,
        title: str = "",
    ) -> int:
        """Second half of `write`: make a staged file the next version. The file is used up.

        `title` is what the office calls the collection. `over_lost_log` starts a table anew whose
        log is gone; otherwise that is refused.
        """
        from store import commits  # noqa: PLC0415 - delta-rs takes a tenth of a second

        try:
            parent = self._parent(name, expected_version, over_lost_log=over_lost_log)
            audit = commits.Audit(author=author, message=message, source=source, title=title)
            return commits.commit_file(self.path / name, staged, parent=parent, audit=audit)
        finally:
            discard(staged.path)

    def restore(
        self,
        name: str,
        version: int,
        *,
        author: str,
        message: str,
        expected_version: int | None = None,
    ) -> int:
        """Make an older version's content the newest again, as a new version; returns its number.

        Works also when the newest version's own file is corrupt.

        Raises:
            UnknownVersionError: there is no such version.
            CorruptFileError: the old version's file fails its hash.
            AlreadyCurrentError: these data are the newest already.
            StaleWriterError: as for `write`.
        """
        from store import commits  # noqa: PLC0415 - see `commit`

        with self.writing():
            parent = self._parent(name, expected_version)
            self.file(name, version=version, recheck=True)
            old = self.info(name, version=version)
            if parent is None or old.file == self.info(name, version=parent).file:
                raise AlreadyCurrentError(
                    f"{name} 的最新版本已是版本 {version} 的内容 / "
                    f"{name} already has the content of version {version}"
                )
            audit = commits.Audit(
                author=author, message=message, source=old.source, title=old.title
            )
            return commits.commit_restore(self.path / name, old, parent=parent, audit=audit)

    def withdraw(
        self, name: str, *, author: str, message: str, expected_version: int | None = None
    ) -> int:
        """Undo a collection's first import: an empty version with the same columns, its number.

        Any older version can still be restored.

        Raises:
            AlreadyCurrentError: the newest version is empty already.
            BadFrameError: the collection is one of the baseline's, which can only be restored.
            StaleWriterError, CorruptionError: as for `restore`.
        """
        from store import landfiles  # noqa: PLC0415 - see `read`

        with self.writing(), self.making() as path:
            parent = self._parent(name, expected_version)
            newest = self.info(name)
            if newest.rows == 0:
                raise AlreadyCurrentError(f"{name} 已是空的 / {name} is empty already")
            if self.info(name, version=0).author == BASELINE_AUTHOR:
                raise BadFrameError(
                    f"{name} 来自基线数据，不能撤回，只能恢复到某个版本 / "
                    f"{name} belongs to the baseline; go back to one of its versions instead"
                )
            staged = landfiles.write_empty(self.file(name), path)
            return self.commit(
                name, staged, author=author, message=message, source=newest.source,
                title=newest.title, expected_version=NOT_YET if parent is None else parent,
            )  # fmt: skip

    def verify(self, name: str | None = None) -> "list[Problem]":
        """Read every version of every collection again and list what is wrong; changes nothing."""
        from store import upkeep  # noqa: PLC0415 - only needed here

        return upkeep.verify(self, name)

    def cleanup(self) -> list[Path]:
        """Remove files that no version names (left by crashes); returns what was removed."""
        from store import upkeep  # noqa: PLC0415 - only needed here

        return upkeep.cleanup(self)

    @contextlib.contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[None]:
        """Hold the writers' lock: shared, or `alone` for `cleanup`, which must see no half write.

        Raises:
            BusyError: it was not free within a minute.
        """
        lock = self.path / ".locks" / "writers"
        with file_lock(lock, exclusive=alone, timeout_s=_LOCK_WAIT_S):
            yield

    def _newest(self, name: str) -> int | None:
        """The newest version, None for a new name; raises on bad names and lost logs."""
        _check_name(name)
        newest = log.newest_version(self.path / name)
        if newest is None and log.lost_log(self.path / name):
            folder = self.path / name / log.LOG_FOLDER
            raise CorruptLogError(
                f"{name} 的版本记录丢失：{folder}；请从备份放回该文件夹 / the log of {name} is "
                f"gone: {folder}; put the folder back from a backup",
                collection=name, version=None, file=str(folder),
            )  # fmt: skip
        return newest

    def _parent(
        self, name: str, expected: int | None, *, over_lost_log: bool = False
    ) -> int | None:
        """The version to write after; raises StaleWriterError if it is not the expected one."""
        table = self.path / name
        newest = None if over_lost_log and log.lost_log(table) else self._newest(name)
        if expected is not None and expected != (NOT_YET if newest is None else newest):
            raise stale_writer(name, newest, expected)
        if newest is not None:
            log.read_version(table, newest)  # on an unreadable log nothing can be built
        return newest


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadNameError(
            f"数据集名须为小写字母开头，只含小写字母、数字和连字符：{name!r} / a collection's "
            f"name starts with a-z and holds only a-z, 0-9 and -: {name!r}"
        )
