"""Loading `data/` into a workspace: once, again when it changed, never half, never over work."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from store import baseline, log
from store.baseline import BaselineReport, ensure_baseline, settled_versions
from store.errors import BaselineError, CorruptionError, WriteFailedError
from store.intake import Intake
from store.snapshot import SNAPSHOT_FILE, data_digest
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("sources", "observations", "zones")

KILLED_AT_COMMIT = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_store_baseline import read_simple
from store.baseline import ensure_baseline
from store.workspace import Workspace

workspace, left = Workspace.open(Path(sys.argv[2])), int(sys.argv[4])
commit = workspace.commit

def counted(*args, **options):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return commit(*args, **options)

workspace.commit = counted
report = ensure_baseline(workspace, Path(sys.argv[3]), read=read_simple)
print(report.reason)
"""


def read_simple(data_dir: Path) -> Intake:
    """A stand-in for the real intake: <table>.csv files of one number each, and a zone."""
    frames: dict[str, pd.DataFrame] = {}
    faults = []
    for path in sorted(data_dir.glob("*.csv")):
        text = path.read_text()
        if text.strip().isdigit():
            frames[path.stem] = pd.DataFrame({"number": [int(text)]})
        else:
            faults.append(f"{path.name}: {text!r}")
    if faults:
        raise BaselineError("bad", faults=faults)
    shape = shapely.Point(112, 37).buffer(int(frames.pop("zones")["number"].iloc[0]) / 100)
    frames["zones"] = gpd.GeoDataFrame({"place_id": ["z"]}, geometry=[shape], crs=4490)
    return Intake(frames=frames, counts={"observations.csv": {"rows": 1}})


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for table in TABLES:
        (folder / f"{table}.csv").write_text("1")
    (folder / "README.md").write_text("not data")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "var")


def ensure(workspace: Workspace, data_dir: Path) -> BaselineReport:
    """As at a start: a new process has checked nothing yet."""
    return ensure_baseline(Workspace.open(workspace.path), data_dir, read=read_simple)


def number(workspace: Workspace, table: str) -> int:
    return int(Workspace.open(workspace.path).read(table)["number"].iloc[0])


def data_file(workspace: Workspace, name: str) -> Path:
    return workspace.path / name / workspace.info(name).file


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def picture(workspace: Workspace) -> dict[str, bytes]:
    """All files of a workspace but its locks, with their bytes."""
    return {
        str(path): path.read_bytes()
        for path in workspace.path.rglob("*")
        if path.is_file() and ".locks" not in path.parts
    }


def test_the_first_start_loads_everything_and_the_next_nothing(
    workspace: Workspace, data_dir: Path
) -> None:
    first = ensure(workspace, data_dir)
    assert (first.loaded, first.reason) == (True, "first_start")
    told = workspace.info("sources").message
    assert told.startswith("首次载入基线数据") and "baseline loaded for the first time" in told
    assert "first_start" not in told
    assert set(first.written) == set(TABLES)
    assert first.versions == dict.fromkeys(TABLES, 0)
    info = workspace.info("zones")
    assert (info.author, info.source) == ("baseline", "data/")
    assert data_digest(data_dir)[:12] in info.message
    before = picture(workspace)
    second = ensure(workspace, data_dir)
    assert (second.loaded, second.reason, second.written) == (False, "unchanged", ())
    assert second.versions == first.versions
    assert second.counts == first.counts == {"observations.csv": {"rows": 1}}
    assert picture(workspace) == before


def test_only_what_changed_gets_a_new_version(workspace: Workspace, data_dir: Path) -> None:
    ensure(workspace, data_dir)
    (data_dir / "README.md").write_text("still not data")
    assert not ensure(workspace, data_dir).loaded
    (data_dir / "observations.csv").write_text("2")
    report = ensure(workspace, data_dir)
    assert (report.reason, report.written) == ("data_changed", ("observations",))
    assert workspace.versions() == {"observations": 1, "sources": 0, "zones": 0}
    assert number(workspace, "observations") == 2
    assert not ensure(workspace, data_dir).loaded


def test_new_code_loads_again_and_writes_only_differences(
    workspace: Workspace, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure(workspace, data_dir)
    monkeypatch.setattr(baseline, "code_digest", lambda: "another release")
    report = ensure(workspace, data_dir)
    assert (report.loaded, report.reason, report.written) == (True, "code_changed", ())
    assert not ensure(workspace, data_dir).loaded


def test_faulty_data_leave_the_workspace_as_it_was(workspace: Workspace, data_dir: Path) -> None:
    ensure(workspace, data_dir)
    before = picture(workspace)
    (data_dir / "observations.csv").write_text("2")
    (data_dir / "sources.csv").write_text("x")
    (data_dir / "zones.csv").write_text("y")
    with pytest.raises(BaselineError) as caught:
        ensure(workspace, data_dir)
    assert len(caught.value.faults) == 2
    assert picture(workspace) == before
    with pytest.raises(BaselineError):
        ensure(workspace, data_dir / "none")


def test_a_full_disk_while_staging_leaves_the_workspace_as_it_was(
    workspace: Workspace, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure(workspace, data_dir)
    before = picture(workspace)
    for table in TABLES:
        (data_dir / f"{table}.csv").write_text("2")
    from store import frames

    real, calls = frames.flush_file, []

    def second_fails(path: Path) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(frames, "flush_file", second_fails)
        with pytest.raises(WriteFailedError):
            ensure(workspace, data_dir)
    assert picture(workspace) == before
    assert set(ensure(workspace, data_dir).written) == set(TABLES)


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_a_kill_between_commits_is_made_good_by_the_next_start(
    workspace: Workspace, data_dir: Path, commits: int
) -> None:
    ensure(workspace, data_dir)
    for table in TABLES:
        (data_dir / f"{table}.csv").write_text("2")
    done = start(KILLED_AT_COMMIT, workspace, data_dir, commits)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert sum(workspace.versions().values()) == commits
    assert settled_versions(workspace) == dict.fromkeys(TABLES, 0)
    report = ensure(workspace, data_dir)
    assert report.loaded
    assert len(report.written) == len(TABLES) - commits
    assert workspace.versions() == settled_versions(workspace) == dict.fromkeys(TABLES, 1)
    assert {number(workspace, table) for table in ("sources", "observations")} == {2}
    workspace.cleanup()
    assert workspace.verify() == []


def test_a_half_loaded_change_that_was_taken_back_is_taken_back_here_too(
    workspace: Workspace, data_dir: Path
) -> None:
    ensure(workspace, data_dir)
    (data_dir / "observations.csv").write_text("2")
    (data_dir / "sources.csv").write_text("2")
    assert start(KILLED_AT_COMMIT, workspace, data_dir, 1).returncode == -signal.SIGKILL
    (data_dir / "observations.csv").write_text("1")
    (data_dir / "sources.csv").write_text("1")
    report = ensure(workspace, data_dir)
    assert (report.loaded, report.reason) == (True, "interrupted")
    assert {number(workspace, table) for table in ("sources", "observations")} == {1}
    assert settled_versions(workspace) == workspace.versions()


def test_a_kill_at_the_first_start_is_made_good(workspace: Workspace, data_dir: Path) -> None:
    assert start(KILLED_AT_COMMIT, workspace, data_dir, 1).returncode == -signal.SIGKILL
    report = ensure(workspace, data_dir)
    assert (report.loaded, report.reason) == (True, "interrupted")
    assert workspace.versions() == dict.fromkeys(TABLES, 0)


def test_of_two_processes_that_start_at_once_one_loads(
    workspace: Workspace, data_dir: Path
) -> None:
    arguments = [sys.executable, "-c", KILLED_AT_COMMIT, str(ROOT / "tests"), str(workspace.path),
                 str(data_dir), "99"]  # fmt: skip
    children = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment())
        for _ in range(2)
    ]
    answers = sorted(child.communicate(timeout=120)[0].strip() for child in children)
    assert answers == ["first_start", "unchanged"]
    assert workspace.versions() == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize("breakage", [damage, Path.unlink])
def test_a_damaged_baseline_file_is_rebuilt_and_reported(
    workspace: Workspace, data_dir: Path, breakage: object
) -> None:
    ensure(workspace, data_dir)
    path = data_file(workspace, "sources")
    breakage(path)  # type: ignore[operator]
    report = ensure(workspace, data_dir)
    assert (report.loaded, report.reason, report.written) == (True, "damaged", ("sources",))
    (rebuilt,) = report.rebuilt
    assert (rebuilt.collection, rebuilt.version, rebuilt.file) == ("sources", 1, str(path))
    assert str(path) in workspace.info("sources").message
    assert number(workspace, "sources") == 1
    assert not ensure(workspace, data_dir).loaded


def test_damage_to_somebody_elses_version_is_refused(workspace: Workspace, data_dir: Path) -> None:
    ensure(workspace, data_dir)
    edit(workspace, 7)
    assert not ensure(workspace, data_dir).loaded
    path = data_file(workspace, "sources")
    damage(path)
    before = picture(workspace)
    with pytest.raises(CorruptionError) as caught:
        ensure(workspace, data_dir)
    assert caught.value.code == "corrupt_file"
    assert str(path) in str(caught.value)
    assert "rollback sources" in str(caught.value)
    assert picture(workspace) == before
    workspace.restore("sources", 0, author="a", message="退回")
    assert not ensure(workspace, data_dir).loaded


def test_somebody_elses_version_is_not_covered_by_new_data(
    workspace: Workspace, data_dir: Path
) -> None:
    ensure(workspace, data_dir)
    edit(workspace, 7)
    for table in TABLES:
        (data_dir / f"{table}.csv").write_text("2")
    report = ensure(workspace, data_dir)
    assert set(report.written) == {"observations", "zones"}
    assert report.kept == ("sources",)
    assert number(workspace, "sources") == 7
    assert not ensure(workspace, data_dir).loaded
    assert settled_versions(workspace) == workspace.versions()


def test_a_lost_log_of_baseline_files_is_begun_anew(workspace: Workspace, data_dir: Path) -> None:
    ensure(workspace, data_dir)
    shutil.rmtree(workspace.path / "sources" / "_delta_log")
    report = ensure(workspace, data_dir)
    assert [rebuilt.collection for rebuilt in report.rebuilt] == ["sources"]
    assert number(workspace, "sources") == 1
    assert not ensure(workspace, data_dir).loaded


def test_an_unreadable_log_of_baseline_files_is_set_aside(
    workspace: Workspace, data_dir: Path
) -> None:
    ensure(workspace, data_dir)
    log.commit_path(workspace.path / "sources", 0).write_text("{")
    report = ensure(workspace, data_dir)
    assert [rebuilt.collection for rebuilt in report.rebuilt] == ["sources"]
    assert number(workspace, "sources") == 1
    assert len(list((workspace.path / "sources").glob(".broken_delta_log-*"))) == 1


def test_a_lost_log_with_somebody_elses_files_is_refused(
    workspace: Workspace, data_dir: Path
) -> None:
    ensure(workspace, data_dir)
    edit(workspace, 7)
    shutil.rmtree(workspace.path / "sources" / "_delta_log")
    before = picture(workspace)
    with pytest.raises(CorruptionError) as caught:
        ensure(workspace, data_dir)
    assert caught.value.code == "corrupt_log"
    assert picture(workspace) == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"format": 1}'])
def test_an_unreadable_snapshot_is_made_anew(
    workspace: Workspace, data_dir: Path, content: str
) -> None:
    ensure(workspace, data_dir)
    (workspace.path / SNAPSHOT_FILE).write_text(content)
    report = ensure(workspace, data_dir)
    assert (report.loaded, report.written) == (True, ())
    saved = json.loads((workspace.path / SNAPSHOT_FILE).read_text())
    assert saved["versions"] == dict.fromkeys(TABLES, 0)


def test_the_digest_sees_names_contents_and_their_borders(tmp_path: Path) -> None:
    seen = set()
    for files in ({"a.csv": "x", "b.csv": "y"}, {"a.csv": "xb", "b.csv": ""},
                  {"a.csv": "y", "b.csv": "x"}, {"a.csv": "x", "c.csv": "y"},
                  {"a.csv": "x", "b.geojson": "y"}):  # fmt: skip
        folder = tmp_path / str(len(seen))
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        seen.add(data_digest(folder))
    assert len(seen) == 5


def edit(workspace: Workspace, value: int) -> None:
    frame = pd.DataFrame({"number": [value]})
    workspace.write("sources", frame, author="王工", message="修改", source="s")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def start(
    code: str, workspace: Workspace, data_dir: Path, commits: int
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "tests"), str(workspace.path), str(data_dir),
         str(commits)],
        capture_output=True, text=True, check=False, env=environment(), timeout=120,
    )  # fmt: skip
