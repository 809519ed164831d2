"""Problems of a whole file: a bounded list of them, and how many there are in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from geo.faultkinds import KINDS, rest_of
from geo.problems import Level, Problem

OF_A_KIND: Final = 200
IN_ALL: Final = 1000


class ProblemList:
    """Collects problems; of a kind so many are listed, the others counted by one that says so.

    Problems that are told without a feature or a place come together into one.
    """

    def __init__(self, *, of_a_kind: int = OF_A_KIND, in_all: int = IN_ALL) -> None:
        self._of_a_kind = of_a_kind
        self._in_all = in_all
        self._listed: list[Problem] = []
        self._kinds: Counter[str] = Counter()
        self._general: dict[tuple[str, str, str], Problem] = {}
        self._more: Counter[tuple[str, Level]] = Counter()

    def add(self, problems: Iterable[Problem]) -> None:
        """Take some in."""
        for problem in problems:
            self._add(problem)

    def _add(self, problem: Problem) -> None:
        if problem.feature is None and problem.line is None and problem.lon is None:
            if problem.code in KINDS and problem == rest_of(problem.code, problem.count):
                self._more[problem.code, problem.level] += problem.count
                return
            key = (problem.code, problem.message_zh, problem.field)
            known = self._general.get(key)
            self._general[key] = (
                replace(known, count=known.count + problem.count) if known else problem
            )
            return
        full = len(self._listed) >= self._in_all
        if full or self._kinds[problem.code] >= self._of_a_kind:
            self._more[problem.code, problem.level] += 1
            return
        self._kinds[problem.code] += 1
        self._listed.append(problem)

    def merge(self, other: ProblemList) -> None:
        """Take in all that another list has, also what it only counts."""
        self.add((*other._general.values(), *other._listed))
        self._more.update(other._more)

    def settle(self, codes: Collection[str], features: Collection[int]) -> None:
        """Forget errors of these codes (they were seen to), and all of features left out."""
        self._listed = [
            problem
            for problem in self._listed
            if problem.feature not in features
            and not (problem.level == "error" and problem.code in codes)
        ]
        for code, level in list(self._more):
            if level == "error" and code in codes:
                del self._more[code, level]

    def forget(self, code: str, features: Collection[int]) -> None:
        """Forget what was told under a code of these features: it holds no more."""
        self._listed = [p for p in self._listed if p.code != code or p.feature not in features]

    def listed(self) -> tuple[Problem, ...]:
        """What concerns the file, then features in the order found, then what is only counted."""
        return (*self._general.values(), *self._listed, *(
            _counted(code, level, count) for (code, level), count in self._more.items()
        ))  # fmt: skip

    def counts(self) -> dict[str, int]:
        """How many there are of each level, listed or not."""
        found: Counter[str] = Counter({"error": 0, "warning": 0})
        for problem in (*self._general.values(), *self._listed):
            found[problem.level] += 1
        for (_, level), count in self._more.items():
            found[level] += count
        return dict(found)


def _counted(code: str, level: Level, count: int) -> Problem:
    if code in KINDS:
        return rest_of(code, count)
    return Problem(
        code, level, f"另有 {count} 处同类问题，未逐一列出",
        f"{count} more of the same kind not listed", count=count,
    )  # fmt: skip
