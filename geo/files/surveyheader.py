"""The header of a survey text: its keys, what they say of the coordinates, what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geo.errors import FileRefusedError
from geo.files.surveyforms import HEADER, SECTION
from geo.files.surveygrammar import (
    HEADER_LINES,
    header_pair,
    hints_of,
    place_said,
    sections_of,
)
from geo.files.surveylines import Lines
from geo.files.surveyproblems import Findings, quoted
from geo.problems import Problem
from geo.reference import CrsHints


@dataclass(frozen=True, slots=True)
class Header:
    """Keys of all sections together, and section by section."""

    keys: Mapping[str, str]
    sections: Mapping[str, Mapping[str, str]]
    hints: CrsHints
    problems: tuple[Problem, ...] = ()


def header_of(lines: Lines, name: str) -> Header:
    """The header of a text; only its first `HEADER_LINES` lines are kept.

    Raises:
        FileRefusedError: two lines say different things of where the coordinates are, as in a
            text put together of several (code "header_contradiction").
    """
    _refuse_contradictions(lines, name)
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


def _refuse_contradictions(lines: Lines, name: str) -> None:
    first: dict[str, tuple[int, str, str]] = {}
    seen: set[str] = set()
    for number in lines.of_kind(HEADER).tolist():
        text = lines.text(number)
        if text in seen:
            continue
        if len(seen) < HEADER_LINES:
            seen.add(text)
        key, value = header_pair(text) or ("", "")
        topic, word = place_said(key, value)
        if not topic:
            continue
        line, said, written = first.setdefault(topic, (number + 1, word, value))
        if said != word:
            raise _contradiction(name, topic, (line, written), (number + 1, value))


def _contradiction(
    name: str, topic: str, one: tuple[int, str], other: tuple[int, str]
) -> FileRefusedError:
    values = quoted(one[1]), quoted(other[1])
    return FileRefusedError(
        f"{name} 有几个文件头，{topic}不一致：第 {one[0]} 行是“{values[0]}”，第 {other[0]} 行是"
        f"“{values[1]}”；请按文件头拆成几个文件，分别导入 / {name} has several headers that "
        f"contradict each other in {topic}: {values[0]!r} on line {one[0]}, {values[1]!r} on line "
        f"{other[0]}: split it into one file for each header",
        code="header_contradiction", line=other[0],
    )  # fmt: skip
