"""Commits to several collections that belong together: all of them, or none.

A collection's commit is atomic by itself; that of a source and of what refers to it is not. So
those who commit such things come one after the other, see first whether they would be too late,
and what they have written is taken back when the rest does not come about.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from store.errors import StoreError, stale_writer
from store.files import file_lock
from store.workspace import NOT_YET, Workspace

_LOCK_WAIT_S = 60.0


class Together:
    """The commits made so far; see `together`."""

    def __init__(self, workspace: Workspace, author: str) -> None:
        self._workspace = workspace
        self._author = author
        self._made: list[tuple[str, int]] = []

    def expect(self, name: str, expected: int | None) -> int:
        """The newest version of a collection, `NOT_YET` for none, to build on.

        Raises:
            StaleWriterError: another one was expected; nothing has been written in vain then.
        """
        newest = self._workspace.versions().get(name, NOT_YET)
        if expected is not None and expected != newest:
            raise stale_writer(name, newest, expected)
        return newest

    def did(self, name: str, version: int | None) -> None:
        """Remember a commit; None for one that was not needed."""
        if version is not None:
            self._made.append((name, version))

    def take_back(self) -> None:
        """Make the contents before these commits the newest again, as far as the disk lets us.

        What somebody else has built on meanwhile stays.
        """
        message = "导入未完成，撤回 / taken back: the import did not come about"
        for name, version in reversed(self._made):
            with contextlib.suppress(StoreError):
                if version == 0:
                    self._workspace.withdraw(
                        name, author=self._author, message=message, expected_version=version
                    )
                else:
                    self._workspace.restore(
                        name, version - 1, author=self._author, message=message,
                        expected_version=version,
                    )  # fmt: skip


_CURRENT: ContextVar[Together | None] = ContextVar("together", default=None)


@contextlib.contextmanager
def together(workspace: Workspace, *, author: str) -> Iterator[Together]:
    """Around commits that belong together; one inside another belongs to the outer one.

    Raises:
        BusyError: others had not finished theirs within a minute.
    """
    outer = _CURRENT.get()
    if outer is not None:
        yield outer
        return
    lock = workspace.path / ".locks" / "together"
    with file_lock(lock, exclusive=True, timeout_s=_LOCK_WAIT_S):
        commits = Together(workspace, author)
        token = _CURRENT.set(commits)
        try:
            yield commits
        except BaseException:
            commits.take_back()
            raise
        finally:
            _CURRENT.reset(token)
