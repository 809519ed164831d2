"""One import as it goes from step to step: what was given, what was answered, what was made of it.

A job lives in the visit until it is committed or dropped. What a later step made is forgotten when
an earlier answer changes, so that nothing on the page belongs to answers of before.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from uuid import uuid4

import streamlit as st

from store.scratch import Scratch

Kind = Literal["land", "table"]

STEPS: Final[dict[Kind, tuple[str, ...]]] = {
    "land": ("drop", "found", "place", "faults", "purpose", "preview", "commit"),
    "table": ("drop", "found", "columns", "names", "check", "preview", "commit"),
}
LEFT_OUT: Final = "features_left_out"  # the choice with the numbers of features not imported
_KEY: Final = "import_job"
KEPT_S: Final = 1800.0  # that an unfinished job waits for a reloaded page
KEPT_JOBS: Final = 8
_KEPT: OrderedDict[str, tuple[float, Job]] = OrderedDict()
_WATCH: list[threading.Timer] = []  # the one that lets jobs go, while there are any
_LOOK_S: Final = 60.0
_LOCK: Final = threading.Lock()
# Among the choices, but told to the planner or only kept with the version.
_NO_ANSWERS: Final = frozenset({"message", "remembered", "more_repairs", "stale"})


@dataclass
class Job:
    """The state of an import.

    `scratch` is the folder of this upload, `file` the file in it that is read, `given` the names
    as they were outside. `read` are answers about reading (fields of geo.files.ReadOptions),
    `answer` those about coordinates (CrsAnswer as JSON). `made` holds what steps found out, by
    name; see `put`. `token` names the job in the page's address, see `resumable`.
    """

    scratch: Scratch
    file: Path
    given: tuple[str, ...]
    kind: Kind
    step: str = "found"
    read: dict[str, str] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    picks: list[str] = field(default_factory=list)
    choices: dict[str, Any] = field(default_factory=dict)
    made: dict[str, tuple[int, Any]] = field(default_factory=dict)
    reached: int = 1
    serial: int = 0
    token: str = field(default_factory=lambda: uuid4().hex)

    @property
    def name(self) -> str:
        """What the import is called: the name of the file that was dropped."""
        return self.given[0] if self.given else self.file.name

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of this kind of import, in order."""
        return STEPS[self.kind]

    @property
    def at(self) -> int:
        """The number of the step, from 0."""
        return self.steps.index(self.step)

    def put(self, name: str, value: Any) -> Any:
        """Keep what this step found out, until an earlier step is done again."""
        self.made[name] = (self.at, value)
        return value

    def get(self, name: str) -> Any:
        """What was found out under that name, or None."""
        return self.made.get(name, (0, None))[1]

    def answered(self, name: str) -> Any:
        """What was made under that name of exactly the answers that stand now, or None."""
        kept = self.get(name)
        return kept[1] if kept is not None and kept[0] == self._answers() else None

    def put_answered(self, name: str, value: Any) -> None:
        """Keep what was made of all answers; a change of any of them makes it void."""
        self.put(name, (self._answers(), value))

    def _answers(self) -> str:
        said = [pair for pair in sorted(self.choices.items()) if pair[0] not in _NO_ANSWERS]
        return repr((self.kind, self.read, self.answer, self.picks, said))

    def forget(self, *, after: str | None = None) -> None:
        """Forget what this step (or that of that name) and later ones found out."""
        first = self.at if after is None else self.steps.index(after)
        self.made = {name: kept for name, kept in self.made.items() if kept[0] < first}
        self.reached = min(self.reached, first)
        self.serial += 1

    def go(self, step: str) -> None:
        """Go to a step, forward or back."""
        self.step = step
        self.reached = max(self.reached, self.at)

    def onward(self) -> None:
        """Go to the next step."""
        self.go(self.steps[min(self.at + 1, len(self.steps) - 1)])


def current() -> Job | None:
    """The job of this visit, None when nothing has been dropped."""
    job: Job | None = st.session_state.get(_KEY)
    return job


def begin(job: Job) -> Job:
    """Make this the visit's job; what an earlier one left is removed."""
    drop()
    st.session_state[_KEY] = job
    _keep(job)
    return job


def drop() -> None:
    """Forget the job and remove its files; the visit can begin another."""
    job = st.session_state.pop(_KEY, None)
    if job is not None:
        discard(job)
    forget_widgets("imp_")


def discard(job: Job) -> None:
    """Remove a job's files; nobody can go on with it."""
    with _LOCK:
        _KEPT.pop(job.token, None)
    job.scratch.close()


def resumable(token: str) -> Job | None:
    """The job of that token which a reload of its page left behind; None where there is none."""
    with _LOCK:
        kept = _KEPT.get(token)
    return None if kept is None else kept[1]


def resume(job: Job) -> None:
    """Go on with a job: the widgets start from its answers."""
    forget_widgets("imp_")
    st.session_state[_KEY] = job
    _keep(job)


def touch(job: Job) -> None:
    """Note that a job is being worked on, so that it is kept for a while from now."""
    _keep(job)


def _keep(job: Job) -> None:
    """Keep a job for a reload of its page; those that nobody came back to are let go.

    A job that is let go here stays with the visit that has it, and ends with that.
    """
    now = time.monotonic()
    with _LOCK:
        _KEPT[job.token] = (now, job)
        _KEPT.move_to_end(job.token)
        _let_go(now)
        if not _WATCH:
            _watch()


def _watch() -> None:
    """Look again in a while, as long as there is a job to let go; call it with the lock held."""
    _WATCH[:] = [threading.Timer(_LOOK_S, _expire)] if _KEPT else []
    for timer in _WATCH:
        timer.daemon = True
        timer.start()


def _expire() -> None:
    with _LOCK:
        _let_go(time.monotonic())
        _watch()


def _let_go(now: float) -> None:
    """Forget what is too old or too many; call it with the lock held."""
    for token, (seen, _) in list(_KEPT.items()):
        if now - seen > KEPT_S or len(_KEPT) > KEPT_JOBS:
            del _KEPT[token]


def forget_widgets(prefix: str) -> None:
    """Let the widgets whose keys begin so start from the job again."""
    for name in [k for k in st.session_state if str(k).startswith(prefix)]:
        del st.session_state[name]
