"""Projects of the three batches (三个一批): records and how a list of them is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from facts.errors import Fault
from facts.mappings import Mapping
from facts.model import Facts, Period, Qualifier, Quality
from facts.periodtexts import find_period
from facts.recordids import number_of, record_id
from facts.recordtables import RecordReader
from facts.skippedrows import SkippedRow
from facts.tablecells import Reading
from facts.tableforms import FormRow, TableForm

Batch = Literal["", "signed", "started", "production"]

_BATCHES: dict[str, Batch] = {
    "signed": "signed", "started": "started", "production": "production",
}  # fmt: skip
_ROUND = re.compile(r"(?:(?:19|20)[0-9]{2}年)?第[一二三四五六七八九十0-9]+[次期场轮]")


@dataclass(frozen=True, slots=True)
class Project:
    """One project; None and "" are unknown.

    Planned investment and expected output in 100 million yuan (per year the latter), land in mu.
    `round` is the round of the campaign as printed, `period` that of the list or round. Dates are
    YYYY, YYYY-MM or YYYY-MM-DD. `project_id` is made of the zone and the code or number in it
    (`facts.recordids`); a code that is given once in the country is the id itself. The qualifiers
    are those of the figures as printed: 约5亿元 is approximate.
    """

    project_id: str
    name: str
    place_id: str
    batch: Batch
    round: str
    period: Period | None
    total_investment_yi: float | None
    investment_qualifier: Qualifier
    expected_output_yi: float | None
    land_mu: float | None
    industry: str
    company: str
    status: str
    content: str
    signed_on: str
    started_on: str
    producing_on: str
    source_id: str
    locator: str
    quality: Quality
    note: str
    output_qualifier: Qualifier = "exact"
    land_qualifier: Qualifier = "exact"

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells records apart: a project may stand in several batches and rounds."""
        return (record_id(self.place_id, self.project_id), self.batch, self.round)

    @property
    def number(self) -> str:
        """The code as printed; where none was, the id that the import made."""
        return number_of(self.place_id, self.project_id)


@dataclass(frozen=True, slots=True)
class ProjectImport:
    """What a list of projects gives; as FigureImport."""

    projects: tuple[Project, ...]
    faults: list[Fault]
    skipped: list[SkippedRow]
    warnings: list[Fault]


def to_projects(
    form: TableForm, mapping: Mapping, facts: Facts, *, source_id: str, row_prefix: str
) -> ProjectImport:
    """The projects of a list; one without a code gets an id from its place in the file.

    A project may stand in several batches and rounds. Twice in one of them with different
    contents is a fault, and neither is given.
    """
    reader = RecordReader(form, mapping, facts)
    match = _ROUND.search(form.title) or _ROUND.search(form.grid.name)
    in_title = match[0] if match else ""
    found: dict[tuple[str, str, str], Project] = {}
    refused: set[tuple[str, str, str]] = set()
    for row, place_id in reader.rows():
        round_ = reader.text(row, "round") or in_title
        dated = find_period(round_)
        project = replace(
            _project(reader, row, place_id, source_id),
            project_id=reader.record_id(row, "project_id", place_id, row_prefix),
            round=round_,
            period=mapping.period or (dated[0] if dated else None),
        )
        if not project.name:
            reader.fault(row, "name", "没有写项目名称 / no name of the project is given")
            continue
        old = found.setdefault(project.key, project)
        if old is project:
            continue
        if replace(old, locator=project.locator) == project:
            reader.skipped.append(
                SkippedRow(
                    project.locator, project.name, f"与 {old.locator} 相同", f"as {old.locator}"
                )
            )
            continue
        refused.add(project.key)
        reader.fault(
            row, "project_id",
            f"同一批次中编号已用于 {old.locator}，内容不同 / the code stands at {old.locator} as "
            "well in this batch, with other contents",
        )  # fmt: skip
    kept = tuple(project for key, project in found.items() if key not in refused)
    return ProjectImport(kept, reader.faults, reader.skipped, reader.warnings)


def _project(reader: RecordReader, row: FormRow, place_id: str, source_id: str) -> Project:
    """The project of a row, still without id, round and period."""
    investment = reader.number(row, "total_investment_yi")
    output, land = reader.number(row, "expected_output_yi"), reader.number(row, "land_mu")
    return Project(
        project_id="",
        name=reader.text(row, "name"),
        place_id=place_id,
        batch=_BATCHES.get(reader.stage(row, "batch"), ""),
        round="",
        period=None,
        total_investment_yi=_value(investment),
        investment_qualifier=_qualifier(investment),
        expected_output_yi=_value(output),
        land_mu=_value(land),
        industry=reader.text(row, "industry"),
        company=reader.text(row, "company"),
        status=reader.text(row, "status"),
        content=reader.text(row, "content"),
        signed_on=reader.date(row, "signed_on"),
        started_on=reader.date(row, "started_on"),
        producing_on=reader.date(row, "producing_on"),
        source_id=source_id,
        locator=reader.locator(row),
        quality=reader.mapping.quality,
        note=reader.text(row, "note"),
        output_qualifier=_qualifier(output),
        land_qualifier=_qualifier(land),
    )


def _qualifier(reading: Reading | None) -> Qualifier:
    return "exact" if reading is None else reading.qualifier


def _value(reading: Reading | None) -> float | None:
    return None if reading is None or reading.value is None else float(reading.value)
