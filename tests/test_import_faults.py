"""Kills at every write step of an import, full disks, races: always the old version or the new.

The processes that are killed are in import_child.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from land import land

from store import imports
from store.errors import StaleWriterError, StoreError, WriteFailedError
from store.imports import ImportReport, import_layer
from store.mappings import find_mapping
from store.officefigures import OBSERVATIONS, SOURCES
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
LAYER, MAPPINGS = "land-use", "table-mappings"
WRITTEN = (LAYER, MAPPINGS, SOURCES, OBSERVATIONS)  # in the order that an import writes them
ROWS = {0: 30, 1: 60}  # of the layer, by the import's stamp
HARMLESS = {"orphan", "staging"}
_AT_ONCE = 4  # processes that are killed at the same time, each in its own workspace


class Children:
    """The process that forks children which import, and are killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "import_child.py")], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def run(self, *jobs: dict[str, Any]) -> list[dict[str, Any]]:
        assert self._process.stdin is not None and self._process.stdout is not None
        plain = {"kill": None, "wait": "", "run": "whole", "stamp": 1}
        self._process.stdin.write(json.dumps([plain | job for job in jobs]) + "\n")
        self._process.stdin.flush()
        told: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        return told

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    made = Children()
    yield made
    made.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The layer that is there, and the one that is to take its place."""
    folder = tmp_path_factory.mktemp("files")
    made = {}
    for stamp, count in ROWS.items():
        made[stamp] = folder / f"land-{stamp}.gpkg"
        land(count, seed=stamp + 1).to_file(made[stamp], driver="GPKG")
    return made


@pytest.fixture(scope="module")
def before(
    tmp_path_factory: pytest.TempPathFactory, children: Children, files: dict[int, Path]
) -> Path:
    """A workspace with one version of everything."""
    path = tmp_path_factory.mktemp("before") / "var"
    workspace = Workspace.open(path)
    (done,) = children.run({"workspace": str(path), "file": str(files[0]), "stamp": 0})
    assert done["status"] == 0 and done["error"] == ""
    assert workspace.versions() == dict.fromkeys(WRITTEN, 0) and workspace.verify() == []
    return path


def copied(path: Path, target: Path) -> Path:
    """A copy of a workspace: data files never change and are linked, the rest is copied."""
    shutil.rmtree(target, ignore_errors=True)

    def copy(source: str, to: str) -> None:
        os.link(source, to) if source.endswith(".parquet") else shutil.copy2(source, to)

    shutil.copytree(path, target, copy_function=copy)
    return target


def stamps(workspace: Workspace) -> list[int]:
    """Which import each collection's newest version is of, in the order they are written."""
    found = []
    for name in WRITTEN:
        info = workspace.info(name)
        assert int(info.message) == info.version, "a version holds what its commit says"
        found.append(info.version)
    frame = workspace.read(LAYER)
    assert len(frame) == len(land(ROWS[found[0]], seed=found[0] + 1))
    mapping = find_mapping(workspace, "s")
    assert mapping is not None and mapping.columns[0].index == found[1]
    titles = set(workspace.read(SOURCES)["title"])
    assert titles == {f"第{n}份" for n in range(found[2] + 1)}
    assert set(workspace.read(OBSERVATIONS)["value"]) == {float(n) for n in range(found[3] + 1)}
    return found


def check_after_a_death(path: Path, files: dict[int, Path], *, again: bool = True) -> list[int]:
    """The old or the new of everything; what was left is found, removed, and work goes on."""
    workspace = Workspace.open(path)
    found = stamps(workspace)
    assert found == sorted(found, reverse=True), "nothing is written before what it builds on"
    problems = workspace.verify()
    assert {problem.code for problem in problems} <= HARMLESS
    removed = {str(one) for one in workspace.cleanup()}
    assert {problem.file for problem in problems} <= removed
    assert workspace.verify() == []
    assert_nothing_else(workspace)
    if again:
        version = found[0] + 1
        done = import_layer(workspace, files[1], LAYER, author="乙", message=str(version))
        assert done.version == version and workspace.verify() == []
    return found


def assert_nothing_else(workspace: Workspace) -> None:
    """No file is left that no version names."""
    for name in WRITTEN:
        table = workspace.path / name
        named = {info.file for info in workspace.history(name)}
        assert {path.name for path in table.glob("*.parquet")} == named
        log = [path.name for path in (table / "_delta_log").iterdir()]
        assert all(entry.endswith(".json") and len(entry) == 25 for entry in log)
    for folder in (".staging", ".intake"):
        if (workspace.path / folder).exists():
            assert list((workspace.path / folder).iterdir()) == []


# --- kills ----------------------------------------------------------------------------------------


def test_killed_at_every_write_step_of_an_import(
    children: Children, before: Path, files: dict[int, Path], tmp_path: Path
) -> None:
    job = {"file": str(files[1])}
    path = copied(before, tmp_path / "var")
    (whole,) = children.run(job | {"workspace": str(path)})
    assert whole["error"] == "" and stamps(Workspace.open(path)) == [1, 1, 1, 1]
    steps = whole["steps"]
    assert steps >= 60, "staging, commits, sources, mapping, the upload's folder: all are steps"
    seen: list[list[int]] = []
    for first in range(0, steps, _AT_ONCE):
        kills = range(first, min(first + _AT_ONCE, steps))
        paths = [copied(before, tmp_path / f"var-{kill - first}") for kill in kills]
        jobs = [
            job | {"workspace": str(path), "kill": kill}
            for path, kill in zip(paths, kills, strict=True)
        ]
        for done, path, kill in zip(children.run(*jobs), paths, kills, strict=True):
            assert done["status"] == signal.SIGKILL, done
            seen.append(check_after_a_death(path, files, again=kill % _AT_ONCE == 0))
    assert seen == sorted(seen), "the later the death, the more was done"
    assert seen[0] == [0, 0, 0, 0] and [1, 0, 0, 0] in seen and [1, 1, 1, 0] in seen


def test_killed_at_any_moment_also_inside_the_libraries(
    children: Children, before: Path, files: dict[int, Path], tmp_path: Path
) -> None:
    random_moments = random.Random(7)
    path = copied(before, tmp_path / "var")
    began = time.monotonic()
    children.run({"workspace": str(path), "file": str(files[1])})
    whole_s = time.monotonic() - began
    killed = 0
    for _ in range(15):
        path = copied(before, tmp_path / "var")
        after = random_moments.uniform(0.1, 1.0) * whole_s
        (done,) = children.run({"workspace": str(path), "file": str(files[1]), "after": after})
        killed += done["status"] == signal.SIGKILL
        check_after_a_death(path, files, again=False)
    assert killed >= 3


def test_the_reader_dies_with_the_one_who_asked_it(tmp_path: Path, files: dict[int, Path]) -> None:
    """A server that is killed leaves no process behind that goes on reading."""
    code = (
        "import sys; from pathlib import Path\n"
        "from store.quarantine import run; from store.scratch import Scratch\n"
        "from store.workspace import Workspace\n"
        "made = Scratch.open(Workspace.open(Path(sys.argv[1])))\n"
        "path = made.put('a.gpkg', Path(sys.argv[2]).read_bytes())\n"
        "from store import quarantine; quarantine._ROOT = Path(sys.argv[3])\n"
        "run('inspect', {'file': path.name}, scratch=made.folder,\n"
        "    progress=lambda zh, en: print(zh, flush=True))"
    )
    package = tmp_path / "pretended" / "store"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "quarantinetasks.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); del sys.modules['store']\n"
        "from store import quarantinetasks as real; import json, os, time\n"
        "real._bound({'seconds': 60, 'memory_bytes': 1 << 33, 'unpacked_bytes': 1 << 33})\n"
        "print(json.dumps({'progress': [str(os.getpid()), '']}), flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "var"), str(files[0]), str(package.parent)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        server.kill()
    deadline = time.monotonic() + 20
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(pid)
    workspace = Workspace.open(tmp_path / "var")
    assert [problem.code for problem in workspace.verify()] == ["staging"]
    assert len(workspace.cleanup()) == 1 and workspace.verify() == []


def running(pid: int) -> bool:
    """Whether a process is there and not only waiting to be asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- full disks -----------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """A disk of so many MB in a folder; False where one may not be mounted here."""
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
            capture_output=True, check=False,
        ).returncode == 0
    )  # fmt: skip
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_at_any_point_leaves_the_old_version_and_the_next_import_works(
    children: Children, files: dict[int, Path], tmp_path: Path
) -> None:
    """The disk has ever less room, from enough for all to not enough for the first byte."""
    with small_disk(tmp_path / "disk", 8) as mounted:
        if not mounted:
            pytest.skip("no disk may be mounted here; the bound on file sizes is tested below")
        path = tmp_path / "disk" / "var"
        Workspace.open(path)
        (done,) = children.run({"workspace": str(path), "file": str(files[0]), "stamp": 0})
        assert done["error"] == ""
        outcomes = []
        for free in (0, 4, 8, 16, 24, 40, 56, 64, 80, 96, 112, 128, 160, 192, 256, 512, 2048):
            ballast = fill(path.parent, free * 1024)
            (done,) = children.run({"workspace": str(path), "file": str(files[1])})
            ballast.unlink()
            outcomes.append(done["error"])
            assert done["status"] == 0
            if done["error"]:
                assert done["error"].startswith(("write_failed", "stale_writer")), done["error"]
                assert "No space left" in done["error"]
            workspace = Workspace.open(path)
            newest = stamps(workspace)
            assert {problem.code for problem in workspace.verify()} <= HARMLESS
            workspace.cleanup()
            assert workspace.verify() == []
            if not done["error"]:
                break
            if any(newest):  # begun: for the next disk all is as it was
                shutil.rmtree(path)
                Workspace.open(path)
                children.run({"workspace": str(path), "file": str(files[0]), "stamp": 0})
        assert outcomes[0] and outcomes[-1] == "" and len(outcomes) > 5
        assert len(set(outcomes)) > 2, "it was refused at different steps"


def fill(folder: Path, free: int) -> Path:
    """Take all but so many bytes of a disk away."""
    ballast = folder / "ballast"
    room = shutil.disk_usage(folder).free - free
    with ballast.open("wb") as stream:
        stream.write(b"\0" * max(room, 0))
    return ballast


def test_a_bound_on_file_sizes_is_told_like_a_full_disk(
    files: dict[int, Path], before: Path, tmp_path: Path
) -> None:
    """The kernel refuses for real, at sizes that hit the layer's file or a log's."""
    path = copied(before, tmp_path / "var")
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from store.errors import StoreError; from store.imports import import_layer\n"
        "from store.workspace import Workspace\n"
        "workspace = Workspace.open(Path(sys.argv[1]))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "for size in (1, 512, 2048, 8192, 16384):\n"
        f"    resource.setrlimit(resource.RLIMIT_FSIZE, (size, {resource.RLIM_INFINITY}))\n"
        "    try:\n"
        "        import_layer(workspace, Path(sys.argv[2]), 'land-use', author='a')\n"
        "        print('done', flush=True)\n"
        "    except StoreError as error: print(error.code, flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(files[1])], capture_output=True, text=True,
        cwd=ROOT, timeout=120, check=True,
    )  # fmt: skip
    told = done.stdout.split()
    assert told[:3] == ["write_failed"] * 3 and set(told) <= {"write_failed", "done"}
    newest = Workspace.open(path).version(LAYER)
    assert newest == told.count("done")
    workspace = Workspace.open(path)
    assert {problem.code for problem in workspace.verify()} <= HARMLESS
    workspace.cleanup()
    assert workspace.verify() == [] and len(workspace.read(LAYER)) > 0


@pytest.mark.parametrize("step", ["write_land", "described"])
def test_a_disk_that_fails_while_the_layer_is_written_is_told(
    step: str, files: dict[int, Path], before: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    from store import landfiles

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(5, "Input/output error")

    workspace = Workspace.open(copied(before, tmp_path / "var"))
    with monkeypatch.context() as patch:
        target = landfiles.pq.ParquetWriter if step == "write_land" else landfiles.pq
        patch.setattr(target, "write_table" if step == "write_land" else "read_metadata", refuse)
        with pytest.raises(WriteFailedError, match="Input/output"):
            import_layer(workspace, files[1], LAYER, author="a")
    assert workspace.version(LAYER) == 0 and workspace.verify() == []
    assert_nothing_else(workspace)


# --- two writers ----------------------------------------------------------------------------------


def test_of_processes_that_import_at_once_one_wins_and_the_others_are_told(
    children: Children, files: dict[int, Path], before: Path, tmp_path: Path
) -> None:
    for turn in range(3):
        path = copied(before, tmp_path / f"var-{turn}")
        go = tmp_path / f"go-{turn}"
        jobs = [
            {"workspace": str(path), "file": str(files[1]), "run": "layer", "stamp": n,
             "wait": str(go)}
            for n in range(3)
        ]  # fmt: skip
        threading.Timer(0.3, go.touch).start()
        done = children.run(*jobs)
        errors = [one["error"] for one in done if one["error"]]
        workspace = Workspace.open(path)
        won = 3 - len(errors)
        assert workspace.version(LAYER) == won >= 1
        for error in errors:
            assert error.startswith("stale_writer") and "他人更新" in error, error
        winners = {info.author for info in workspace.history(LAYER)} - {"甲"}
        assert len(winners) == won
        assert workspace.verify() == []
        assert_nothing_else(workspace)


def test_of_threads_that_import_on_the_same_version_exactly_one_wins(
    files: dict[int, Path], before: Path, tmp_path: Path
) -> None:
    workspace = Workspace.open(copied(before, tmp_path / "var"))
    outcomes: list[ImportReport | StoreError] = []
    ready = threading.Barrier(4)

    def bring(number: int) -> None:
        ready.wait()
        try:
            outcomes.append(
                import_layer(
                    workspace, files[1], LAYER, author=f"thread {number}", expected_version=0
                )
            )
        except StoreError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=bring, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [one for one in outcomes if isinstance(one, ImportReport)]
    lost = [one for one in outcomes if isinstance(one, StaleWriterError)]
    assert (len(won), len(lost)) == (1, 3) and won[0].version == 1
    assert all("最新版本 1" in str(error) for error in lost)
    assert workspace.version(LAYER) == 1 and workspace.verify() == []
    assert_nothing_else(workspace)


def test_a_clean_up_waits_for_an_import_and_takes_nothing_of_it(
    files: dict[int, Path], before: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    workspace = Workspace.open(copied(before, tmp_path / "var"))
    inside, go_on = threading.Event(), threading.Event()
    written = imports.write_land

    def slow(*args: Any, **options: Any) -> Any:
        bbox = written(*args, **options)
        inside.set()
        go_on.wait(20)
        return bbox

    monkeypatch.setattr(imports, "write_land", slow)
    done: list[Any] = []
    writer = threading.Thread(
        target=lambda: done.append(import_layer(workspace, files[1], LAYER, author="a"))
    )
    writer.start()
    assert inside.wait(20)
    cleaner = threading.Thread(target=lambda: done.append(workspace.cleanup()))
    cleaner.start()
    time.sleep(0.2)
    assert cleaner.is_alive() and done == []
    go_on.set()
    writer.join()
    cleaner.join()
    assert isinstance(done[0], ImportReport) and done[1] == []
    assert len(workspace.read(LAYER)) == len(land(ROWS[1]))
