"""开工率 and 投产率 of a list of projects (三个一批), by number, as far as the list itself says.

开工率 is the share of the signed batch that has started, 投产率 the share of the started batch
that produces: never one batch against the other, whose projects are not the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from facts.model import Facts
from facts.projects import Batch, Project
from facts.recordfields import stage_of
from layers.officerows import is_printed, name_key

Reached = tuple[int, int]  # at least and at most so far: 0 signed, 1 started, 2 in production

_STEPS: dict[str, int] = {"signed": 0, "started": 1, "production": 2}
_STATES = {"started": 1, "completed": 1, "producing": 2, "at_capacity": 2}  # words of parcels
_NOT_YET = r"(?:尚|还|暂|仍)?未"
_NOT_STARTED = re.compile(
    rf"{_NOT_YET}(?:实际)?(?:开工|动工|建设|开工建设)|筹建中?|前期(?:工作|手续)?"
)
_NOT_PRODUCING = re.compile(rf"{_NOT_YET}(?:正式)?(?:投产|竣工|建成|投产达效)")


@dataclass(frozen=True, slots=True)
class ProjectRate:
    """A rate by number: `numerator` of `denominator`, of `unknown` the list does not say.

    With unknown ones the share is a lower bound.
    """

    numerator: int
    denominator: int
    unknown: int

    @property
    def share(self) -> float:
        """The part that is known to have got there; 1.0 is all."""
        return self.numerator / self.denominator


def rate_of(facts: Facts, projects: Sequence[Project], batch: Batch) -> ProjectRate | None:
    """How many projects of a batch of one round have reached the next step.

    None when the batch is empty, or the list says of none whether it has.

    Args:
        facts: says when the list was published; dates after that are plans.
        projects: all of the round, each once.
        batch: "signed" gives the 开工率, "started" the 投产率.
    """
    step = _STEPS[batch] + 1
    listed: dict[str, int] = {}
    for project in projects:
        key = _who(project)
        listed[key] = max(listed.get(key, 0), _STEPS.get(project.batch, 0))
    members = [project for project in projects if project.batch == batch]
    yes = no = 0
    for project in members:
        least, most = _reached(facts, project)
        least = max(least, listed[_who(project)])
        yes += least >= step
        no += least < step and most < step
    unknown = len(members) - yes - no
    return ProjectRate(yes, len(members), unknown) if yes or (members and not unknown) else None


def _who(project: Project) -> str:
    return project.number if is_printed(project.number) else name_key(project.name)


def _reached(facts: Facts, project: Project) -> Reached:
    """How far a row says that its project is: its progress in words goes before its dates."""
    said = _said(project.status)
    if said is not None:
        return said
    # "2023-06-15" is not after "2023-06": a date that is only a month covers its days.
    last = _as_of(facts, project) + "~"
    least = 0
    for step, day in ((1, project.started_on), (2, project.producing_on)):
        if day and len(last) > 1 and day <= last:
            least = step
    return least, 2


def _said(status: str) -> Reached | None:
    """The progress that a text names, None where it names none that is certain."""
    compact = re.sub(r"[\s。，,；;]", "", status)
    if not compact:
        return None
    if _NOT_STARTED.fullmatch(compact):
        return 0, 0
    if _NOT_PRODUCING.fullmatch(compact):
        return 0, 1
    step = _STEPS.get(stage_of("projects", compact), _STATES.get(stage_of("parcels", compact)))
    return None if step is None else (step, step)


def _as_of(facts: Facts, project: Project) -> str:
    """The day that the list speaks of, as far as it is known: later dates in it are plans."""
    source = facts.sources_by_id.get(project.source_id)
    if source is not None and source.published_on:
        return source.published_on
    return project.period.last_day.isoformat() if project.period is not None else ""
