"""The terminal: what it prints, its exit codes, one clear line for each fault, and the way back."""

from __future__ import annotations

import getpass
import json
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cli
from layers.atlas import forget_atlases, open_atlas
from store.log import BASELINE_AUTHOR
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ("ZONE_ATLAS_WORKSPACE", "ZONE_ATLAS_PORT", "ZONE_ATLAS_LANGUAGE")


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command line in this process; a workspace is opened anew each time."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)

    def command(*words: object) -> Answer:
        forget_atlases()
        capsys.readouterr()
        code = cli.main([str(word) for word in words])
        return Answer(code, *capsys.readouterr())

    yield command
    forget_atlases()


@pytest.fixture(scope="module")
def loaded(workspace_dir: Path) -> Path:
    """A workspace with the published data; not to be changed."""
    open_atlas(workspace_dir, ROOT / "data")
    return workspace_dir


@pytest.fixture
def own(loaded: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(loaded, tmp_path / "var"))


def write(folder: Path, name: str, *, drop: int = 1, author: str = "王工") -> int:
    """A new version of a collection by hand, without its last `drop` rows."""
    workspace = Workspace.open(folder)
    frame: pd.DataFrame = workspace.read(name).iloc[:-drop]
    return workspace.write(name, frame, author=author, message="改", source="src-test")


def damage(folder: Path, name: str, version: int) -> Path:
    workspace = Workspace.open(folder)
    path = folder / name / workspace.info(name, version=version).file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return path


def refused(answer: Answer) -> str:
    """The one line of a refusal, in two languages."""
    assert answer.code == 2
    (line,) = answer.err.splitlines()
    chinese, slash, english = line.partition(" / ")
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert slash
    assert re.search(r"[a-z]{3}", english)
    return line


# --- the arguments -------------------------------------------------------------------------------

BAD_ARGUMENTS = [
    ([], ["COMMAND", "command"]),
    (["destroy"], ["destroy", "rollback"]),
    (["export"], ["name", "out"]),
    (["export", "zones"], ["out"]),
    (["history"], ["name"]),
    (["rollback", "zones"], ["version"]),
    (["rollback", "zones", "one"], ["version", "one"]),
    (["export", "zones", "a.csv", "--version", "x1"], ["--version", "x1"]),
    (["export", "zones", "a.csv", "--version"], ["--version"]),
    (["export", "zones", "a.csv", "--bbox", "1,2,3"], ["--bbox", "1,2,3"]),
    (["export", "zones", "a.csv", "--bbox", "9,2,3,4"], ["--bbox", "9,2,3,4"]),
    (["export", "zones", "a.csv", "--bbox", "nan,2,3,4"], ["--bbox", "nan"]),
    (["check", "--al"], ["--al"]),
    (["check", "--lang", "fr"], ["--lang", "fr", "zh"]),
    (["check", "--unheard\nof"], ["--unheard"]),
    (["check", "--all=yes"], ["--all"]),
]


@pytest.mark.parametrize(("words", "said"), BAD_ARGUMENTS)
def test_bad_arguments_take_one_clear_line(run: Run, words: list[str], said: list[str]) -> None:
    line = refused(run(*words))
    assert all(word in line for word in said[1:] or said)
    assert "Traceback" not in line
    answer = run(*words, "--json")
    assert answer.code == 2
    error = answer.json["error"]
    assert error["code"] == "bad_argument"
    assert re.search(r"[\u4e00-\u9fff].* / .*[a-z]", error["message"])
    assert answer.err.strip() == error["message"]


def test_shared_options_stand_before_the_command_or_after_it(run: Run, loaded: Path) -> None:
    before = run("--workspace", loaded, "--json", "--lang", "en", "history", "zones")
    after = run("history", "zones", "--workspace", loaded, "--json", "--lang", "en")
    assert before == after
    assert before.code == 0
    assert before.json["collection"] == "zones"


def test_help_is_help(run: Run) -> None:
    with pytest.raises(SystemExit) as left:
        run("--help")
    assert left.value.code == 0


def test_bad_settings_are_told_like_any_other_fault(
    run: Run, loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZONE_ATLAS_PORT", "none")
    answer = run("history", "zones", "--workspace", loaded, "--json")
    assert answer.json["error"]["code"] == "bad_setting"
    assert "ZONE_ATLAS_PORT" in refused(answer)


# --- export --------------------------------------------------------------------------------------


def test_export_writes_what_the_page_gives(run: Run, loaded: Path, tmp_path: Path) -> None:
    out = tmp_path / "开发区.GeoJSON"
    answer = run("export", "zones", out, "--workspace", loaded, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert answer.json["bytes"] == out.stat().st_size
    assert len(json.loads(out.read_bytes())["features"]) > 50
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (("zones", "missing/deep/x.geojson"), ["missing/deep/x.geojson", "does not exist"]),
        (("zones", "."), ["folder"]),
        (("zones", "x.doc"), [".doc", ".geojson .csv .gpkg"]),
        (("zones", "x"), ["extension", ".geojson .csv .gpkg"]),
        (("sources", "x.doc"), [".doc", "there are .csv"]),
        (("sources", "x.gpkg"), ["csv"]),
        (("nope", "x.csv"), ["nope", "zones"]),
    ],
)
def test_export_refuses_and_writes_nothing(
    run: Run, loaded: Path, tmp_path: Path, target: tuple[str, str], said: list[str]
) -> None:
    name, file = target
    answer = run("export", name, f"{tmp_path}/{file}", "--workspace", loaded, "--json")
    line = refused(answer)
    assert all(word in line for word in said)
    assert answer.json["error"]["message"] == line
    assert list(tmp_path.iterdir()) == []


def test_export_of_a_version_that_is_not_there(run: Run, loaded: Path, tmp_path: Path) -> None:
    answer = run("export", "zones", tmp_path / "x.csv", "--version", 99, "--workspace", loaded)
    assert "99" in refused(answer)


@pytest.mark.parametrize("older", [None, b"older"])
def test_a_failing_write_leaves_no_part_of_a_file(
    run: Run, loaded: Path, tmp_path: Path, older: bytes | None
) -> None:
    out = tmp_path / "x.geojson"
    if older is not None:
        out.write_bytes(older)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, limits[1]))  # as a full disk would refuse
    try:
        answer = run("export", "zones", out, "--workspace", loaded, "--json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(out) in refused(answer)
    assert answer.json["error"]["code"] == "cannot_write"
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([older] if older else [])


# --- history and rollback ------------------------------------------------------------------------


def test_rollback_makes_an_old_version_the_newest(run: Run, own: Path) -> None:
    before = Workspace.open(own).read("events")
    changed = write(own, "events")
    answer = run("rollback", "events", 0, "--workspace", own, "--json", "--message", "改错了")
    assert (answer.code, answer.err) == (0, "")
    assert answer.json == {
        "collection": "events", "version": changed + 1, "restored": 0,
        "author": getpass.getuser(), "message": "改错了",
    }  # fmt: skip
    pd.testing.assert_frame_equal(Workspace.open(own).read("events"), before)
    newest = run("history", "events", "--workspace", own, "--json").json["versions"][0]
    assert (newest["version"], newest["author"], newest["message"]) == (
        changed + 1, getpass.getuser(), "改错了",
    )  # fmt: skip


def test_rollback_prints_the_new_version(run: Run, own: Path) -> None:
    changed = write(own, "events")
    answer = run("rollback", "events", 0, "--workspace", own, "--lang", "en")
    assert (answer.code, answer.err) == (0, "")
    assert f"version {changed + 1}" in answer.out
    assert Workspace.open(own).history("events")[0].message  # says so by itself


def test_rollback_refuses_what_it_cannot_do(run: Run, own: Path) -> None:
    for words, said in (
        (("events", 0), "0"),
        (("events", 7), "7"),
        (("events", -1), "-1"),
        (("nope", 0), "nope"),
    ):
        answer = run("rollback", *words, "--workspace", own)
        assert said in refused(answer)
    assert Workspace.open(own).version("events") == 0


def test_rollback_never_signs_as_the_baseline(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: BASELINE_AUTHOR)
    write(own, "events")
    answer = run("rollback", "events", 0, "--workspace", own, "--json")
    assert answer.json["author"] not in {BASELINE_AUTHOR, ""}


def test_rollback_works_for_a_user_without_a_name(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nobody)
    write(own, "events")
    answer = run("rollback", "events", 0, "--workspace", own, "--json")
    assert answer.json["author"].startswith("uid ")


def test_the_way_back_is_the_one_that_the_refusal_names(
    run: Run, own: Path, tmp_path: Path
) -> None:
    """A person's newest version is damaged: everything refuses, and says how to go on."""
    version = write(own, "zones")
    path = damage(own, "zones", version)
    line = refused(run("export", "zones", tmp_path / "x.csv", "--workspace", own))
    assert str(path) in line
    assert "cli.py rollback zones" in line
    versions = run("history", "zones", "--workspace", own, "--json").json["versions"]
    assert [v["version"] for v in versions] == [version, 0]
    assert run("rollback", "zones", 0, "--workspace", own).code == 0
    assert run("export", "zones", tmp_path / "x.csv", "--workspace", own).code == 0


# --- check ---------------------------------------------------------------------------------------


def test_check_of_a_sound_workspace(run: Run, loaded: Path) -> None:
    answer = run("check", "--workspace", loaded, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = answer.json
    assert found["verdicts"]["does_not"] > 0  # a finding, not a fault
    assert (found["problems"], found["rebuilt"]) == ([], [])
    assert "error" not in found
    said = run("check", "--workspace", loaded)
    assert said.out.splitlines()[-1].startswith("工作区的文件与登记的校验值全部一致")
    assert len(run("check", "--all", "--workspace", loaded).out) > len(said.out)


def test_check_names_a_damaged_file_that_was_rebuilt(run: Run, own: Path) -> None:
    path = damage(own, "cities", 0)
    answer = run("check", "--workspace", own, "--json")
    found = answer.json
    assert [(r["collection"], r["version"], r["file"]) for r in found["rebuilt"]] == [
        ("cities", 1, str(path))
    ]
    (problem,) = found["problems"]
    assert set(problem) == {"code", "collection", "version", "file", "message"}
    assert (problem["code"], problem["collection"], problem["version"], problem["file"]) == (
        "corrupt_file", "cities", 0, str(path),
    )  # fmt: skip
    assert found["checks"]
    assert found["error"]["code"] == "damaged_files"
    assert refused(answer) == found["error"]["message"]
    again = run("check", "--workspace", own)
    assert "cities v0" in refused(again)
    assert problem["message"] in again.out.splitlines()
    assert "Problem(" not in again.out
    assert run("check", "--workspace", own, "--json").json["rebuilt"] == []


def test_check_says_on_the_page_of_lines_what_was_rebuilt(run: Run, own: Path) -> None:
    path = damage(own, "cities", 0)
    lines = run("check", "--workspace", own, "--lang", "en").out.splitlines()
    assert [line for line in lines if str(path) in line and "rebuilt from data/" in line]


def test_check_lists_every_damage_even_if_nothing_can_be_computed(run: Run, own: Path) -> None:
    version = write(own, "zones")
    paths = {str(damage(own, "zones", version)), str(damage(own, "zones", 0))}
    answer = run("check", "--workspace", own, "--json")
    assert {p["file"] for p in answer.json["problems"]} == paths
    assert "zones v1" in refused(answer)
    assert "zones v0" in refused(answer)


def test_what_an_interrupted_write_left_is_listed_and_harmless(run: Run, own: Path) -> None:
    left = own / ".staging" / "half.parquet"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"PAR1")
    answer = run("check", "--workspace", own, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert [p["file"] for p in answer.json["problems"]] == [str(left)]


def test_faults_of_the_loader_are_counted_first_and_then_listed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(ROOT / "data", data)
    themes = data / "facts" / "themes.csv"
    themes.write_text(themes.read_text(encoding="utf-8") + "a,,b,x\n", encoding="utf-8")
    monkeypatch.setattr(
        "terminal.checking.load_settings", lambda **_: settings_with(data, tmp_path / "var")
    )
    answer = run("check", "--json")
    assert answer.code == 2
    (line,) = answer.err.splitlines()
    assert re.search(r"\d+ 处.* / .*\d+ faults", line)
    error = answer.json["error"]
    assert error["message"] == line
    assert len(error["faults"]) >= 2
    assert all("themes.csv" in fault for fault in error["faults"])
    plain = run("check")
    assert (plain.code, plain.err) == (2, answer.err)
    assert plain.out.splitlines() == error["faults"]
    assert Workspace.open(tmp_path / "var").collections() == []


def settings_with(data: Path, workspace: Path) -> Any:
    from dataclasses import replace

    from settings import load_settings

    return replace(load_settings({}, workspace=str(workspace)), data=data)


# --- as a program --------------------------------------------------------------------------------


def test_the_program_ends_with_the_code_and_survives_a_closed_pipe(loaded: Path) -> None:
    command = [sys.executable, "cli.py", "history", "zones", "--workspace", str(loaded)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()  # nobody reads, as after `| head`
        assert process.stderr.read() == ""
    assert process.returncode == 0
    wrong = subprocess.run(
        [*command, "--nope"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (2, "", 1)
