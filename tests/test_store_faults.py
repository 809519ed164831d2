"""Damage, full disks, kills and other software: what a workspace does when things go wrong."""

import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from deltalake import write_deltalake

from store import commits, files, frames, log
from store.errors import (
    BusyError,
    CorruptFileError,
    CorruptionError,
    CorruptLogError,
    ForeignVersionError,
    StoreError,
    WriteFailedError,
)
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
AUDIT = {"author": "王工", "message": "测试", "source": "src-test"}

CHILD = """
import os, signal, sys
from pathlib import Path
import pandas as pd
import store.commits, store.frames
from store.workspace import Workspace

def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

workspace = Workspace.open(Path(sys.argv[1]))
if sys.argv[2] != "-":
    module, name = sys.argv[2].rsplit(".", 1)
    setattr(sys.modules[module], name, die)
print("ready", flush=True)
number = workspace.version("numbers") + 1
while True:
    frame = pd.DataFrame({"number": [number] * 1000})
    workspace.write("numbers", frame, author="a", message=str(number), source="s")
    number += 1
"""


def numbers(value: int) -> pd.DataFrame:
    return pd.DataFrame({"number": [value] * 1000})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two versions of one table, opened anew, so that nothing counts as checked yet."""
    workspace = Workspace.open(tmp_path / "var")
    for value in (0, 1):
        workspace.write("numbers", numbers(value), **AUDIT)
    return Workspace.open(workspace.path)


def content(workspace: Workspace, version: int | None = None) -> set[int]:
    return set(workspace.read("numbers", version=version)["number"])


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


@pytest.mark.parametrize("damage", [flip_a_byte, truncate, Path.unlink, lambda p: p.write_text("")])
def test_a_damaged_file_is_named_and_never_read(
    workspace: Workspace, damage: Callable[[Path], None]
) -> None:
    path = workspace.path / "numbers" / workspace.info("numbers").file
    damage(path)
    with pytest.raises(CorruptFileError) as caught:
        workspace.read("numbers")
    error = caught.value
    assert (error.collection, error.version, error.file) == ("numbers", 1, str(path))
    assert str(path) in str(error)
    assert "rollback numbers" in str(error)
    assert content(workspace, 0) == {0}
    (problem,) = workspace.verify()
    assert (problem.collection, problem.version, problem.code) == ("numbers", 1, "corrupt_file")
    assert workspace.restore("numbers", 0, author="a", message="退回") == 2
    assert content(workspace) == {0}


def test_damage_after_a_read_in_the_same_process_is_found_too(workspace: Workspace) -> None:
    assert content(workspace) == {1}
    flip_a_byte(workspace.file("numbers"))
    with pytest.raises(CorruptFileError):
        workspace.read("numbers")


def test_a_damaged_version_cannot_be_restored(workspace: Workspace) -> None:
    flip_a_byte(workspace.file("numbers", version=0))
    with pytest.raises(CorruptFileError):
        workspace.restore("numbers", 0, author="a", message="退回")
    assert workspace.versions() == {"numbers": 1}
    assert content(workspace) == {1}


def test_a_lost_log_is_named_and_nothing_is_written_over_it(workspace: Workspace) -> None:
    shutil.rmtree(workspace.path / "numbers" / "_delta_log")
    for use in (
        lambda: workspace.read("numbers"),
        lambda: workspace.write("numbers", numbers(2), **AUDIT),
        lambda: workspace.restore("numbers", 0, author="a", message="m"),
    ):
        with pytest.raises(CorruptLogError) as caught:
            use()
        assert "_delta_log" in caught.value.file
    (problem,) = workspace.verify()
    assert problem.code == "corrupt_log"
    assert workspace.cleanup() == []
    assert len(list((workspace.path / "numbers").glob("*.parquet"))) == 2


def test_an_unreadable_commit_is_named(workspace: Workspace) -> None:
    path = log.commit_path(workspace.path / "numbers", 1)
    path.write_text(path.read_text()[:100])
    for use in (
        lambda: workspace.read("numbers"),
        lambda: workspace.write("numbers", numbers(2), **AUDIT),
    ):
        with pytest.raises(CorruptLogError) as caught:
            use()
        assert caught.value.file == str(path)
    assert content(workspace, 0) == {0}
    assert {problem.code for problem in workspace.verify()} == {"corrupt_log"}
    assert workspace.cleanup() == []


def test_a_commit_cannot_point_outside_its_folder(workspace: Workspace) -> None:
    info = workspace.info("numbers")
    path = log.commit_path(workspace.path / "numbers", 1)
    path.write_text(path.read_text().replace(info.file, "../" + info.file))
    with pytest.raises(CorruptLogError):
        workspace.read("numbers")


def test_a_commit_that_a_power_cut_left_empty_never_took_place(workspace: Workspace) -> None:
    path = log.commit_path(workspace.path / "numbers", 2)
    path.write_text("")
    workspace = Workspace.open(workspace.path)
    assert not path.exists()
    assert content(workspace) == {1}
    assert workspace.write("numbers", numbers(2), **AUDIT) == 2
    assert workspace.verify() == []


def test_a_version_of_other_software_is_refused_and_can_be_undone(workspace: Workspace) -> None:
    write_deltalake(str(workspace.path / "numbers"), numbers(9), mode="overwrite")
    with pytest.raises(ForeignVersionError) as caught:
        workspace.read("numbers")
    assert caught.value.version == 2
    assert [info.foreign for info in workspace.history("numbers")] == [True, False, False]
    assert [problem.code for problem in workspace.verify()] == ["foreign_version"]
    assert workspace.restore("numbers", 1, author="a", message="退回") == 3
    assert content(workspace) == {1}


def fail_with(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("module", "name"),
    [(frames.pq, "write_table"), (frames, "flush_file"), (commits, "flush_folder"),
     (commits, "_commit"), (commits, "create_table_with_add_actions")],
)  # fmt: skip
def test_a_full_disk_leaves_the_old_version_and_no_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    before = sorted(workspace.path.rglob("*.parquet"))
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    collection = "new" if name.startswith("create") else "numbers"
    with monkeypatch.context() as patch:
        patch.setattr(module, name, fail_with(full))
        with pytest.raises(WriteFailedError, match="No space left"):
            workspace.write(collection, numbers(2), **AUDIT)
    assert sorted(workspace.path.rglob("*.parquet")) == before
    assert workspace.versions() == {"numbers": 1}
    assert content(workspace) == {1}
    assert workspace.verify() == []
    assert workspace.write(collection, numbers(2), **AUDIT) in (0, 2)


def test_an_error_after_the_commit_took_place_is_no_error(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = commits._commit

    def commit_then_fail(*args: object, **options: object) -> None:
        commit(*args, **options)  # type: ignore[arg-type]
        raise OSError(errno.ENOSPC, "checkpoint")

    monkeypatch.setattr(commits, "_commit", commit_then_fail)
    assert workspace.write("numbers", numbers(2), **AUDIT) == 2
    assert content(workspace) == {2}


def test_a_real_refusal_of_the_kernel_is_a_write_failure(workspace: Workspace) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; import numpy, pandas;"
        "from store import commits, frames; from store.workspace import Workspace;"
        "workspace = Workspace.open(Path(sys.argv[1]));"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, {resource.RLIM_INFINITY}));"
        "frame = pandas.DataFrame({'x': numpy.random.default_rng(1).random(100_000)})\n"
        "try: workspace.write('numbers', frame, author='a', message='m', source='s')\n"
        "except Exception as error: print(type(error).__name__)"
    )
    assert run(code, str(workspace.path)).stdout.split() == ["WriteFailedError"]
    assert workspace.versions() == {"numbers": 1}
    assert workspace.verify() == []


@pytest.mark.parametrize(
    ("point", "newest", "left"),
    [("store.frames.flush_file", 1, {"staging"}), ("store.commits.flush_folder", 1, {"orphan"}),
     ("store.commits._commit", 1, {"orphan"}), ("store.commits.flush_file", 2, set())],
)  # fmt: skip
def test_killed_at_a_step_of_a_write(
    workspace: Workspace, point: str, newest: int, left: set[str]
) -> None:
    done = run(CHILD, str(workspace.path), point, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    workspace = Workspace.open(workspace.path)
    assert workspace.versions() == {"numbers": newest}
    assert content(workspace) == {newest}
    assert {problem.code for problem in workspace.verify()} == left
    assert len(workspace.cleanup()) == len(left)
    assert workspace.verify() == []
    assert workspace.write("numbers", numbers(7), **AUDIT) == newest + 1


def test_killed_at_any_moment(workspace: Workspace) -> None:
    moments = random.Random(4)
    for round_ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(workspace.path), "-"],
            stdout=subprocess.PIPE, env=environment(),
        ) as child:  # fmt: skip
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            time.sleep(moments.uniform(0.0, 0.15))
            # However slow the machine is, some of the kills come after a write.
            while round_ == 3 and workspace.version("numbers") < 2 and child.poll() is None:
                time.sleep(0.01)
            child.kill()
        workspace = Workspace.open(workspace.path)
        newest = workspace.version("numbers")
        assert all(content(workspace, version) == {version} for version in range(newest + 1))
        assert {problem.code for problem in workspace.verify()} <= {"orphan", "staging"}
        workspace.cleanup()
        assert workspace.verify() == []
    assert workspace.version("numbers") > 1


def test_cleanup_waits_for_writers_and_keeps_what_versions_name(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workspace.path / "numbers"
    orphan = folder / "edit-0123456789abcdef-01234567.parquet"
    orphan.write_text("left by a crash")
    strangers = [folder / "notes.txt", folder / "part-0001.parquet"]
    for path in strangers:
        path.write_text("not ours to remove")
    half = workspace.path / ".baseline.json.01234567.tmp"
    half.write_text("{")
    workspace.restore("numbers", 0, author="a", message="退回")
    monkeypatch.setattr("store.workspace._LOCK_WAIT_S", 0.0)
    with workspace.writing(), pytest.raises(BusyError):
        workspace.cleanup()
    assert set(workspace.cleanup()) == {orphan, half}
    assert [content(workspace, version) for version in (0, 1, 2)] == [{0}, {1}, {0}]
    assert all(path.exists() for path in strangers)


def test_a_lock_is_free_again_when_its_holder_dies(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from store.files import file_lock\n"
        "with file_lock(Path(sys.argv[1]), exclusive=True, timeout_s=0):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, env=environment()
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(BusyError), files.file_lock(lock, exclusive=False, timeout_s=0):
            pass
        child.kill()
        child.wait()
        with files.file_lock(lock, exclusive=True, timeout_s=5):
            pass


def test_every_error_of_the_package_has_its_own_code() -> None:
    def below(kind: type[StoreError]) -> set[type[StoreError]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    kinds = below(StoreError)
    assert CorruptionError in kinds
    assert len({kind.code for kind in kinds}) == len(kinds)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(code: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, check=check, env=environment(), timeout=120,
    )  # fmt: skip
