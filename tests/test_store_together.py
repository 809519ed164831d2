"""Commits that belong together: a source and what refers to it, or neither."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from store.errors import StaleWriterError, WriteFailedError
from store.officefigures import PROJECTS, SOURCES, add_projects, add_sources, office_source
from store.together import together
from store.workspace import NOT_YET, Workspace

SOURCE = office_source(title="甲表", sha256="1")
OTHER = office_source(title="乙表", sha256="2")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "var")


def sources(workspace: Workspace) -> list[str]:
    if SOURCES not in workspace.collections():
        return []
    return sorted(workspace.read(SOURCES)["title"])


def write(workspace: Workspace, **options: Any) -> int:
    frame = pd.DataFrame({"a": [1]})
    return workspace.write("a", frame, author="测试", message="x", source="y", **options)


def add(workspace: Workspace, source: Any) -> None:
    add_sources(workspace, [source], author="测试", message="x")


def test_who_comes_too_late_writes_no_source(workspace: Workspace) -> None:
    write(workspace)
    with pytest.raises(StaleWriterError) as caught, together(workspace, author="测试") as commits:
        commits.expect("a", NOT_YET)
        add(workspace, SOURCE)
    assert "-1" not in str(caught.value) and "尚无" in str(caught.value)
    assert SOURCES not in workspace.collections()


@pytest.mark.parametrize("before", [False, True])
def test_what_was_written_first_is_taken_back_when_the_rest_fails(
    workspace: Workspace, before: bool
) -> None:
    if before:
        add(workspace, OTHER)
    with pytest.raises(WriteFailedError), together(workspace, author="测试"):
        add(workspace, SOURCE)
        assert "甲表" in sources(workspace)
        raise WriteFailedError("磁盘已满")
    assert sources(workspace) == (["乙表"] if before else [])
    add(workspace, SOURCE)
    assert "甲表" in sources(workspace)


def test_those_who_import_at_once_all_keep_their_sources(workspace: Workspace) -> None:
    faults: list[BaseException] = []
    made = [office_source(title=f"表{n}", sha256=str(n)) for n in range(6)]

    def run(source: Any) -> None:
        try:
            add(workspace, source)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(source,)) for source in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults and sources(workspace) == [f"表{n}" for n in range(6)]


def test_a_stale_import_of_records_leaves_no_source(workspace: Workspace) -> None:
    from facts.model import Facts

    with pytest.raises(StaleWriterError):
        add_projects(
            workspace, [], facts=Facts(), source=SOURCE, author="测试", message="x",
            expected_version=3,
        )  # fmt: skip
    assert PROJECTS not in workspace.collections() and sources(workspace) == []
