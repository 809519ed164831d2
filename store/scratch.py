"""Private folders for uploads, one each, inside the workspace: nothing of them outlives its use.

``<workspace>/.intake/<id>/`` holds the uploaded files under names of ours, a folder ``tmp`` for
what reading them needs, and ``.lock``, on which its owner keeps a lock: where that is free, the
owner has died, and `Workspace.cleanup` removes the folder.

Commands that read files themselves have a folder of that kind where the system keeps temporary
files, see `private_temporary`.
"""

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from geo.errors import LimitError
from geo.limits import MB, Limits
from store.errors import write_failed
from store.files import discard
from store.workspace import INTAKE, Workspace

LOCK = ".lock"
TEMPORARY = "tmp"
STALE_S = 24 * 3600.0

_PREFIX = "zone-atlas-"  # of folders among the system's temporary files
_CHUNK = 1 << 20
_EXTENSION = re.compile(r"\.[a-z0-9]{1,10}", re.ASCII)
_SISTERS = frozenset({
    ".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".xml", ".fbn", ".fbx", ".ain",
    ".aih", ".atx", ".ixs", ".mxs",
})  # fmt: skip


class Scratch:
    """A private folder for one upload; use it as a context, or call `close` at the end.

    `names` are what the user called the files, by our names of them.
    """

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.names: dict[str, str] = {}
        self._stems: dict[str, int] = {}
        # Also when it is forgotten, as by a page that is closed; not in a forked child.
        self._finalizer = weakref.finalize(self, _remove, folder, lock, os.getpid())

    @classmethod
    def open(cls, workspace: Workspace) -> "Scratch":
        """Make an empty one.

        Raises:
            WriteFailedError, BusyError: the disk refused; a clean-up is under way.
        """
        folder = workspace.path / INTAKE / uuid4().hex
        with workspace.writing():  # a clean-up must not see it before it is locked
            try:
                (folder / TEMPORARY).mkdir(parents=True)
                handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(handle, fcntl.LOCK_EX)
            except OSError as error:
                shutil.rmtree(folder, ignore_errors=True)
                raise write_failed(folder, error) from error
        return cls(folder, handle)

    def put(
        self,
        name: str,
        content: bytes | BinaryIO,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> Path:
        """Store an uploaded file; returns its path here. `name` is data, never a path.

        Files of one name but for the extension (the parts of a shapefile) stay together.

        Raises:
            LimitError: larger than `limits.file_bytes`.
            WriteFailedError: the disk refused; nothing of it is left.
        """
        path = self.folder / self._name_for(name)
        try:
            with path.open("wb") as stream:
                written = 0
                for chunk in _chunks(content):
                    written += len(chunk)
                    if written > limits.file_bytes:
                        raise LimitError(
                            f"{name} 超过 {limits.file_bytes // MB} MB 的上限；请拆分 / "
                            f"{name} is larger than {limits.file_bytes // MB} MB: split it",
                            limit="file_bytes",
                        )
                    stream.write(chunk)
        except OSError as error:
            discard(path)
            raise write_failed(path, error) from error
        except BaseException:
            discard(path)
            raise
        self.names[path.name] = name
        return path

    def main_files(self) -> list[Path]:
        """The files to open, in the order they came: all but the parts that belong to a .shp."""
        shapes = {Path(name).stem for name in self.names if name.endswith(".shp")}
        return [
            self.folder / name
            for name in self.names
            if not (Path(name).suffix in _SISTERS and Path(name).stem in shapes)
        ]

    def close(self) -> None:
        """Remove it and all that is in it. Harmless when done twice."""
        self._finalizer()

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _name_for(self, name: str) -> str:
        """A name of ours: a number for the stem, and the extension where it is a plain one."""
        plain = name.replace("\\", "/").rpartition("/")[2]
        stem, dot, extension = plain.rpartition(".")
        suffix = f".{extension.lower()}" if dot and stem else ""
        if not _EXTENSION.fullmatch(suffix):
            stem, suffix = plain, ""
        number = self._stems.setdefault(stem.casefold(), len(self._stems) + 1)
        found = f"upload-{number}{suffix}"
        if self.names.get(found, name) != name:  # another file of that name: "A.SHP" and "a.shp"
            self._stems[f"{stem}\0{len(self._stems)}"] = number = len(self._stems) + 1
            found = f"upload-{number}{suffix}"
        return found


@contextlib.contextmanager
def private_temporary() -> Iterator[Path]:
    """Have this process keep all its temporary files in a folder of its own, gone afterwards.

    Raises WriteFailedError.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise write_failed(Path(tempfile.gettempdir()), error) from error
    before = tempfile.tempdir
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            tempfile.tempdir = str(folder)
            yield folder
        finally:
            tempfile.tempdir = before
            os.close(handle)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stale_temporary(*, now: float | None = None) -> list[Path]:
    """Folders of `private_temporary` whose owner has died; without a lock, older than a day."""
    oldest = (time.time() if now is None else now) - STALE_S
    found = []
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            seen = path.lstat()
            if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
                continue
            if _is_free(path / LOCK) if (path / LOCK).exists() else seen.st_mtime < oldest:
                found.append(path)
    return sorted(found)


def stale_scratch(workspace: Path, *, now: float | None = None) -> list[Path]:
    """Folders of uploads whose owner has died, or that are older than a day."""
    folder = workspace / INTAKE
    if not folder.is_dir():
        return []
    oldest = (time.time() if now is None else now) - STALE_S
    return sorted(path for path in folder.iterdir() if _is_stale(path, oldest))


def _is_stale(path: Path, oldest: float) -> bool:
    try:
        if path.stat().st_mtime < oldest:
            return True
        return _is_free(path / LOCK)
    except FileNotFoundError:
        return path.exists()  # without a lock: its owner died while making or removing it
    except OSError:
        return True


def _is_free(lock: Path) -> bool:
    """Whether nobody holds a lock. Raises OSError."""
    handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _chunks(content: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(content, bytes | bytearray | memoryview):
        yield bytes(content)
        return
    content.seek(0)
    while chunk := content.read(_CHUNK):
        yield chunk


def _remove(folder: Path, lock: int, owner: int) -> None:
    if os.getpid() != owner:
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
