"""The errors of this package: one base class, one code per kind of fault.

Messages are for people and say what to do next, Chinese first, English after a slash.
"""

from collections.abc import Sequence
from pathlib import Path

_SHOWN = 20


class StoreError(Exception):
    """The workspace cannot do what was asked. `code` is stable and meant for programs."""

    code: str = "store_error"

    def __init__(self, message: str, *, faults: Sequence[str] = ()) -> None:
        self.message = message
        self.faults: tuple[str, ...] = tuple(faults)
        shown = list(self.faults[:_SHOWN])
        if len(self.faults) > _SHOWN:
            shown.append(f"… 另有 / and {len(self.faults) - _SHOWN} more")
        super().__init__("\n  ".join([message, *shown]))


class WorkspacePathError(StoreError):
    """The workspace's folder is missing, is a file, or may not be used."""

    code = "bad_workspace"


class BadNameError(StoreError):
    """A collection's name is not of the form [a-z][a-z0-9-]*."""

    code = "bad_collection_name"


class UnknownCollectionError(StoreError):
    """No such collection in this workspace."""

    code = "unknown_collection"


class UnknownVersionError(StoreError):
    """The collection has no such version."""

    code = "unknown_version"


class StaleWriterError(StoreError):
    """Somebody else wrote a newer version first; the caller must look at it and try again."""

    code = "stale_writer"


class AlreadyCurrentError(StoreError):
    """A restore was asked for a version whose data are the newest already."""

    code = "already_current"


class BadFrameError(StoreError):
    """A frame cannot be stored: reference system, columns or values; `faults` lists all."""

    code = "bad_frame"


class BadQuestionError(StoreError):
    """A read asks for columns or a bbox that this collection does not have."""

    code = "bad_question"


class CorruptionError(StoreError):
    """Something in a collection is not what was written. Base of the three below."""

    code = "corrupt"

    def __init__(self, message: str, *, collection: str, version: int | None, file: str) -> None:
        super().__init__(message)
        self.collection = collection
        self.version = version
        self.file = file


class CorruptFileError(CorruptionError):
    """A data file is missing or does not have its recorded sha256; it is never shown."""

    code = "corrupt_file"


class CorruptLogError(CorruptionError):
    """A collection's `_delta_log` is missing or cannot be read."""

    code = "corrupt_log"


class ForeignVersionError(CorruptionError):
    """A version was committed by other software, without a sha256 to check its files by."""

    code = "foreign_version"


class WriteFailedError(StoreError):
    """The disk refused (full, read-only, …); the old version stands."""

    code = "write_failed"


class BusyError(StoreError):
    """Another process held the workspace's lock for too long."""

    code = "workspace_busy"


class BaselineError(StoreError):
    """The files in `data/` have faults; `faults` lists all, and nothing was written."""

    code = "bad_baseline"


def stale_writer(name: str, newest: int | None, expected: int | None) -> StaleWriterError:
    """The error for a writer who built on `expected` while `newest` is the newest version.

    None and negative numbers stand for a collection without any version.
    """
    there, seen = (version is not None and version >= 0 for version in (newest, expected))
    newest_zh, newest_en = (f"最新版本 {newest}", str(newest)) if there else ("现无版本", "none")
    seen_zh, seen_en = f"您基于版本 {expected}", f"version {expected}"
    if not seen:
        seen_zh, seen_en = "您看到时尚无版本", "none"
    return StaleWriterError(
        f"{name} 已被他人更新：{newest_zh}，{seen_zh}；请查看新版本后重试 / "
        f"{name} was changed meanwhile: the newest version is {newest_en}, yours builds on "
        f"{seen_en}; look at it and try again"
    )


def corrupt_file(name: str, version: int, path: Path) -> CorruptFileError:
    """The error for a data file that is missing or fails its hash."""
    return CorruptFileError(
        f"{name} 版本 {version} 的文件缺失或校验失败，不予使用：{path}；"
        f"请从备份放回该文件，或恢复到其他版本：python cli.py rollback {name} 版本号 / "
        f"{name} version {version}: the file is missing or fails its hash and is not used: {path}; "
        f"put it back from a backup, or go back with: python cli.py rollback {name} VERSION",
        collection=name,
        version=version,
        file=str(path),
    )


def foreign_version(name: str, version: int, writer: str) -> ForeignVersionError:
    """The error for a version that other software committed."""
    return ForeignVersionError(
        f"{name} 版本 {version} 由其他软件写入（{writer}），没有校验值，不予使用；"
        f"可恢复到更早的版本：python cli.py rollback {name} 版本号 / "
        f"{name} version {version} was written by {writer} without a hash and is not used; "
        f"go back with: python cli.py rollback {name} VERSION",
        collection=name,
        version=version,
        file="",
    )


def write_failed(path: Path, error: BaseException) -> WriteFailedError:
    """The error to raise when the disk refused to write `path`."""
    return WriteFailedError(
        f"无法写入 {path}：{error}；原版本不变，请检查磁盘空间与权限后重试 / "
        f"cannot write {path}: {error}; the old version stands: check disk space and permissions"
    )
