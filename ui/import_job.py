"""One import as it goes from step to step: what was given, what was answered, what was made of it.

A job lives in the visit until it is committed or dropped. What a later step made is forgotten when
an earlier answer changes, so that nothing on the page belongs to answers of before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import streamlit as st

from store.scratch import Scratch

Kind = Literal["land", "table"]

STEPS: Final[dict[Kind, tuple[str, ...]]] = {
    "land": ("drop", "found", "place", "faults", "purpose", "preview", "commit"),
    "table": ("drop", "found", "columns", "names", "check", "preview", "commit"),
}
_KEY: Final = "import_job"
# Among the choices, but told to the planner or only kept with the version.
_NO_ANSWERS: Final = frozenset({"message", "remembered", "more_repairs", "stale"})


@dataclass
class Job:
    """The state of an import.

    `scratch` is the folder of this upload, `file` the file in it that is read, `given` the names
    as they were outside. `read` are answers about reading (fields of geo.files.ReadOptions),
    `answer` those about coordinates (CrsAnswer as JSON). `made` holds what steps found out, by
    name; see `put`.
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
    return job


def drop() -> None:
    """Forget the job and remove its files; the visit can begin another."""
    job = st.session_state.pop(_KEY, None)
    if job is not None:
        job.scratch.close()
    forget_widgets("imp_")


def forget_widgets(prefix: str) -> None:
    """Let the widgets whose keys begin so start from the job again."""
    for name in [k for k in st.session_state if str(k).startswith(prefix)]:
        del st.session_state[name]
