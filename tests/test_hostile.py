"""Broken and hostile files: each gets a clear answer, in bounded time and memory, and leaves
nothing behind; after it the next file is read.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from corpus import Case, built, good_cases, hostile_cases
from corpus_good import degrees
from hostile_child import CPU_S, MEMORY_MB

from geo.files import FORMATS, write_file

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
HOSTILE = {case.name: case for case in hostile_cases()}
GOOD = {case.name: case for case in good_cases()}
# The bounds of the process are for all files; these are what a refusal may take at most.
PEAK_MB = 1_024
WORST_S = 20
# What `inspect --json` always gives, as the design promises.
PROMISED = {
    "format", "encoding", "crs", "crs_basis", "feature_count", "geometry_types", "bbox", "area_m2",
    "problems",
}  # fmt: skip

Answers = dict[str, dict[str, Any]]


def answers(folder: Path, which: str, cases: list[Case]) -> Answers:
    """Build the files and have them opened by processes of bounded memory and time."""
    built(cases, folder)
    good = folder / "a-good-file"
    good.mkdir()
    write_file(degrees(), good / "good.geojson")
    outs = [folder / f"answers-{part}.jsonl" for part in range(WORKERS)]
    running = [
        subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "hostile_child.py"), str(folder), str(out), which,
             str(part), str(WORKERS)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for part, out in enumerate(outs)
    ]  # fmt: skip
    said = [process.communicate(timeout=900)[0].decode() for process in running]
    assert all(process.returncode == 0 for process in running), said
    lines = [line for out in outs for line in out.read_text(encoding="utf-8").splitlines()]
    return {answer["name"]: answer for answer in map(json.loads, lines)}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    return answers(tmp_path_factory.mktemp("hostile"), "hostile", list(HOSTILE.values()))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    return answers(tmp_path_factory.mktemp("good"), "good", list(GOOD.values()))


def test_the_corpus_is_as_large_as_was_asked_and_its_names_are_unique() -> None:
    assert len(HOSTILE) >= 60
    assert len(HOSTILE) == len(hostile_cases())
    assert len(GOOD) == len(good_cases())
    assert {case.format for case in GOOD.values()} == set(FORMATS)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_answered_within_bounds_and_the_next_one_is_read(
    name: str, hostile: Answers
) -> None:
    case, answer = HOSTILE[name], hostile[name]
    # Neither a signal (memory, time, a crash of a library) nor an error that is not ours.
    assert answer["status"] == 0, answer
    assert "uncaught" not in answer, answer
    assert answer["code"] != "reader_fault", answer
    if case.refused:
        assert answer["code"] in case.refused, answer
        assert answer["message"].strip(), "an error says what is wrong"
        assert " / " in answer["message"], "in both languages"
    else:
        assert answer["code"] == "", answer
        assert case.told <= set(answer["told"]), answer
        assert answer["features"] == case.features, answer
        assert answer["counted"] in (None, case.features), answer
        assert answer["inspected"] == case.features, answer
    assert answer["after"] == len(degrees()), "the next file is read"
    assert answer["left"] == [], "nothing is left in the folder for temporary files"
    assert answer["written"] == [], "nothing is written beside the file"
    assert answer["peak_mb"] < PEAK_MB < MEMORY_MB, answer
    assert answer["cpu_s"] < WORST_S < CPU_S, answer


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_of_the_corpus_is_read_as_what_it_is(name: str, good: Answers) -> None:
    case, answer = GOOD[name], good[name]
    assert answer["status"] == 0, answer
    assert answer["code"] == "", answer
    assert answer["format"] == case.format, answer
    assert answer["features"] == case.features == answer["inspected"], answer
    assert set(answer["keys"]) >= PROMISED, answer
    if case.encoding:
        assert answer["encoding"] == case.encoding, answer
    if case.declared is not None:
        assert answer["declared"] == case.declared, answer
    assert answer["left"] == [] and answer["written"] == [], answer
