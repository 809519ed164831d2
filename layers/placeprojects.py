"""Projects of the three batches (三个一批) of a place, from the lists that an office imported.

Batches are never added up, nor rates averaged: a project may stand in several batches.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from facts.model import Lang
from facts.projects import Batch, Project
from layers.legend import MARKS, format_number, format_value
from layers.officerows import (
    MOST_ROWS,
    is_printed,
    joint_qualifier,
    name_key,
    repeated,
    rows_about,
    source_of,
)
from layers.placerecords import BatchSum, ProjectList, ProjectRow, RateText, RoundSums
from layers.projectrates import ProjectRate, rate_of
from layers.texts import text
from store.officefigures import PROJECTS

if TYPE_CHECKING:
    from layers.atlas import Atlas

BATCHES: Final[tuple[Batch, ...]] = ("signed", "started", "production", "")
_YI = "亿元"
_DATES = (("signed", "signed_on"), ("started", "started_on"), ("production", "producing_on"))


def project_list(atlas: Atlas, place_id: str, lang: Lang) -> ProjectList | None:
    """The projects of a place, None where none is on file.

    Raises:
        StoreError: the collection is damaged.
    """
    found, _ = rows_about(atlas, PROJECTS, Project, place_id)
    if not found:
        return None
    projects = sorted(found, key=lambda p: BATCHES.index(p.batch))
    projects.sort(key=_moment, reverse=True)  # stable: the newest round first, batches in order
    ids = [p.number for p in projects]
    again = repeated(atlas.facts, projects, ids, [(p.batch, _round(p)) for p in projects])
    counted = [p for at, p in enumerate(projects) if at not in again]
    rounds: dict[Hashable, list[Project]] = {}
    for project in counted:
        rounds.setdefault(_round(project), []).append(project)
    return ProjectList(
        rounds=tuple(_round_sums(atlas, inside, lang) for inside in rounds.values()),
        total=_sums(_once(counted), lang) if len(rounds) > 1 else (),
        rows=tuple(
            _row(atlas, project, lang, counted=at not in again)
            for at, project in enumerate(projects[:MOST_ROWS])
        ),
        count=len(projects),
        repeated=len(again),
    )


def batch_name(batch: Batch, lang: Lang) -> str:
    """A batch in words."""
    return text(f"place.batch_{batch or 'none'}", lang)


def _moment(project: Project) -> tuple[date, str]:
    """In time; those without a period are the oldest."""
    return (project.period.last_day if project.period else date.min, project.round)


def _round(project: Project) -> Hashable:
    return (name_key(project.round), project.period.key if project.period else "")


def _once(projects: Sequence[Project]) -> list[Project]:
    """Each project once in a batch: as the newest of its rounds (they come first) has it."""
    first: dict[Hashable, Hashable] = {}
    kept = []
    for project in projects:
        printed = is_printed(project.number)
        who = project.number if printed else name_key(project.name)
        # Two rows of one round that are called the same were counted there, and are here.
        if first.setdefault((project.batch, who), _round(project)) == _round(project):
            kept.append(project)
    return kept


# --- sums ----------------------------------------------------------------------------------------


def _round_sums(atlas: Atlas, projects: Sequence[Project], lang: Lang) -> RoundSums:
    first = projects[0]
    period = first.period.name(lang) if first.period else ""
    # Projects of no round and no time are no population that a rate could be of.
    among = projects if first.round or first.period else ()
    return RoundSums(
        name=first.round or period or text("place.round_none", lang),
        period=period if first.round else "",
        batches=_sums(projects, lang),
        start_rate=_rate(rate_of(atlas.facts, among, "signed"), "start", lang),
        production_rate=_rate(rate_of(atlas.facts, among, "started"), "production", lang),
    )


def _sums(projects: Sequence[Project], lang: Lang) -> tuple[BatchSum | None, ...]:
    """Number and investment of each of BATCHES, None for one that is empty."""
    sums: list[BatchSum | None] = []
    for batch in BATCHES:
        inside = [p for p in projects if p.batch == batch]
        known = [p for p in inside if p.total_investment_yi is not None]
        written = _investment(known, lang) if known else ""
        sums.append(BatchSum(len(inside), len(inside) - len(known), written) if inside else None)
    return tuple(sums)


def _investment(projects: Sequence[Project], lang: Lang) -> str:
    """The investment of projects that all have one; a sum with a bound in it is a bound."""
    total = sum(Fraction(str(p.total_investment_yi)) for p in projects)
    qualifier = joint_qualifier(p.investment_qualifier for p in projects)
    return format_value(float(total), _YI, qualifier, lang)


def _rate(rate: ProjectRate | None, name: str, lang: Lang) -> RateText | None:
    """A rate with what it was made of; a lower bound where the list says not of all."""
    if rate is None:
        return None
    percent = 100 * rate.share
    # A lower bound is rounded down, or it would claim too much.
    percent = math.floor(100 * percent) / 100 if rate.unknown else round(percent, 2)
    share = format_value(percent, "%", "at_least" if rate.unknown else "exact", lang)
    key = f"place.rate_{name}_{'unknown' if rate.unknown else 'of'}"
    counts = {"part": rate.numerator, "whole": rate.denominator}
    more = {"unknown": rate.unknown} if rate.unknown else {}
    return RateText(share, text(key, lang, **counts, **more))


# --- rows ----------------------------------------------------------------------------------------


def _row(atlas: Atlas, project: Project, lang: Lang, *, counted: bool) -> ProjectRow:
    investment, output = project.total_investment_yi, project.expected_output_yi
    dates = (
        text(f"place.on_{name}", lang, date=getattr(project, key))
        for name, key in _DATES
        if getattr(project, key)
    )
    period = project.period.name(lang) if project.period else ""
    return ProjectRow(
        name=project.name,
        code=project.number if is_printed(project.number) else "",
        batch=batch_name(project.batch, lang),
        round=project.round or period,
        investment="" if investment is None else (
            MARKS.get(project.investment_qualifier, "") + format_number(investment)
        ),
        output="" if output is None else (
            MARKS.get(project.output_qualifier, "") + format_number(output)
        ),
        land="" if project.land_mu is None else (
            MARKS.get(project.land_qualifier, "") + format_number(project.land_mu)
        ),
        industry=project.industry,
        company=project.company,
        status=project.status,
        dates=tuple(dates),
        counted=counted,
        quality=project.quality,
        source=source_of(atlas.facts, project.source_id, project.locator, lang),
        note=project.note,
    )  # fmt: skip
