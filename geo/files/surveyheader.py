"""The header of a survey text: its keys, what they say of the coordinates, what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geo.files.surveyforms import HEADER, SECTION
from geo.files.surveygrammar import HEADER_LINES, hints_of, sections_of
from geo.files.surveylines import Lines
from geo.files.surveyproblems import Findings
from geo.problems import Problem
from geo.reference import CrsHints


@dataclass(frozen=True, slots=True)
class Header:
    """Keys of all sections together, and section by section."""

    keys: Mapping[str, str]
    sections: Mapping[str, Mapping[str, str]]
    hints: CrsHints
    problems: tuple[Problem, ...] = ()


def header_of(lines: Lines) -> Header:
    """The header of a text; only its first `HEADER_LINES` lines are kept."""
    numbers = lines.of_kind(SECTION, HEADER)
    findings = Findings()
    if len(numbers) > HEADER_LINES:
        line = int(numbers[HEADER_LINES]) + 1
        findings.add("long_header", place={"line": line}, found=HEADER_LINES)
    sections = sections_of(lines.text(int(line)) for line in numbers[:HEADER_LINES])
    keys: dict[str, str] = {}
    for pairs in sections.values():
        for key, value in pairs.items():
            keys[key] = keys.get(key) or value
    hints = hints_of(keys)
    said = keys.get("坐标系", "")
    if said and not hints.datum and not hints.declared:
        findings.add("unknown_datum_word", place={"field": "坐标系"}, text=said)
    return Header(keys, sections, hints, findings.problems())
