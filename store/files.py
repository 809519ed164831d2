"""Bytes on disk: hashes, durable writes, locks. Standard library only, local file systems.

A file is durable when both its bytes and its name have been flushed (`fsync` of the file and
of its folder); until then a power cut may leave an empty file under the new name.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from store.errors import BusyError, write_failed

_CHUNK = 1 << 20
_LOCK_PAUSE_S = 0.05


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes, in hex.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def flush_file(path: Path) -> None:
    """Flush a file's bytes to the disk."""
    _flush(path, os.O_RDONLY)


def flush_folder(path: Path) -> None:
    """Flush a folder, so that names made or removed in it survive a power cut."""
    _flush(path, os.O_RDONLY | os.O_DIRECTORY)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file: after a crash it holds the old content or the new, never a part.

    Raises:
        WriteFailedError: the disk refused; the old file stands and no temporary one is left.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        discard(temporary)
        raise write_failed(path, error) from error


def second_name(path: Path, target: Path) -> None:
    """Give a flushed file a second name; where the disk has no links, a copy. Raises OSError."""
    try:
        target.hardlink_to(path)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        shutil.copyfile(path, target)
        flush_file(target)


def discard(path: Path) -> None:
    """Remove a file that may be there; a disk that refuses even that leaves it to `cleanup`."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def file_lock(path: Path, *, exclusive: bool, timeout_s: float) -> Iterator[None]:
    """Hold an OS lock on `path` (made if missing); the kernel frees it when a process dies.

    Raises:
        BusyError: it was not free within `timeout_s` seconds.
        WriteFailedError: the lock file cannot be made.
    """
    mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        path.parent.mkdir(exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise write_failed(path, error) from error
    try:
        _wait_for(handle, mode, path, timeout_s)
        yield
    finally:
        os.close(handle)


class FileChecker:
    """Remembers which files have been hashed, so that each is hashed once per process.

    A file is hashed again when its size or modification time differs from what was seen.
    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[int, int, str]] = {}
        self._lock = threading.Lock()

    def matches(self, path: Path, sha256: str) -> bool:
        """Whether the file is there and has this sha256."""
        try:
            stat = path.stat()
            with self._lock:
                seen = self._seen.get(path)
            if seen is None or seen[:2] != (stat.st_mtime_ns, stat.st_size):
                seen = (stat.st_mtime_ns, stat.st_size, sha256_of(path))
                with self._lock:
                    self._seen[path] = seen
        except OSError:
            return False
        return seen[2] == sha256


def _flush(path: Path, flags: int) -> None:
    handle = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _wait_for(handle: int, mode: int, path: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(handle, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(
                    f"另一个进程正在使用工作区，已等待 {timeout_s:g} 秒：{path} / "
                    f"another process is using the workspace, waited {timeout_s:g} s: {path}"
                ) from None
            time.sleep(_LOCK_PAUSE_S)
        else:
            return
