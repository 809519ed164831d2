"""Quarantine: the same answers from a process of its own, and no harm from one that goes wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from land import BOX, land

from facts.grids import Grid, GridError
from geo.errors import CrsQuestionError, FileRefusedError, LimitError
from geo.files import open_file
from geo.inspection import inspect
from geo.limits import MB, Limits
from store import quarantine, scratch
from store.imports import ImportRefusedError, Prepared, commit_layer, prepare
from store.quarantine import run
from store.scratch import Scratch, stale_scratch
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "var")


@pytest.fixture
def upload(workspace: Workspace) -> Iterator[Scratch]:
    with Scratch.open(workspace) as made:
        yield made
    assert list((workspace.path / ".intake").iterdir()) == []


def gpkg(tmp_path: Path, frame: gpd.GeoDataFrame) -> bytes:
    path = tmp_path / "source.gpkg"
    path.unlink(missing_ok=True)
    frame.to_file(path, driver="GPKG")
    return path.read_bytes()


def faulty() -> gpd.GeoDataFrame:
    bow = shapely.Polygon([(112, 37), (112.1, 37.1), (112.1, 37), (112, 37.1)])
    return gpd.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.box(*BOX), bow], crs=4490)


def ask(upload: Scratch, path: Path, task: str, **more: Any) -> dict[str, Any]:
    arguments = {"file": path.name, "name": upload.names[path.name]} | more
    limits = arguments.pop("limits", Limits())
    return run(task, arguments, scratch=upload.folder, limits=limits)


# --- answers --------------------------------------------------------------------------------------


def test_the_answers_are_those_of_the_functions_themselves(upload, workspace, tmp_path) -> None:
    path = upload.put("土地.gpkg", gpkg(tmp_path, land(50)))
    told = ask(upload, path, "inspect", lang="en")
    here = inspect(open_file(path)).to_json("en")
    assert told == json.loads(json.dumps(here))
    answer = ask(upload, path, "prepare", out="made.parquet")
    prepared = Prepared.from_json(answer)
    beside = prepare(path, out=tmp_path / "beside.parquet", name="土地.gpkg")
    assert prepared.path == upload.folder / "made.parquet" and prepared.name == "土地.gpkg"
    values = json.loads(json.dumps([prepared.to_json(), beside.to_json()]))
    assert values[0] | {"path": ""} == values[1] | {"path": ""}
    assert prepared.path.read_bytes() == beside.path.read_bytes()
    done = commit_layer(workspace, prepared, "land-use", author="甲")
    assert done.version == 0 and not prepared.path.exists()
    assert "土地.gpkg" in workspace.info("land-use").source


def test_repairs_come_with_their_shapes_and_are_made_when_chosen(upload, tmp_path) -> None:
    path = upload.put("a.gpkg", gpkg(tmp_path, faulty()))
    with pytest.raises(ImportRefusedError) as caught:
        ask(upload, path, "prepare", out="made.parquet")
    assert caught.value.code == "import_refused" and "a.gpkg" in str(caught.value)
    assert {p.feature for p in caught.value.problems} == {2}
    assert not (upload.folder / "made.parquet").exists()
    (repair,) = ask(upload, path, "repairs", full=True)["repairs"]
    assert repair["feature"] == 2 and repair["after"]["type"] == "MultiPolygon"
    assert repair["before"]["type"] == "Polygon" and repair["change_m2"] > 0
    answer = ask(upload, path, "prepare", out="made.parquet", repairs=[repair["repair_id"]])
    assert answer["repaired"] == 1 and answer["rows"] == 2


def test_a_sketch_shows_where_the_data_would_lie_in_each_system(upload, tmp_path) -> None:
    frame = land(30).to_crs(4547)
    path = upload.put("a.gpkg", gpkg(tmp_path, frame.set_crs(None, allow_override=True)))
    told = ask(upload, path, "inspect")
    keys = [one["crs"] for one in told["crs_candidates"]]
    assert keys[0] == "EPSG:4547" and len(keys) == 3
    found = ask(upload, path, "sketch", systems=["EPSG:4547"], most=5)
    (shapes,) = found["sketches"].values()
    assert len(shapes) == 5 and shapes[0]["feature"] == 1
    outline = shapely.geometry.shape(shapes[0]["geometry"])
    assert outline.equals_exact(land(30).geometry[0], 1e-6)
    assert set(ask(upload, path, "sketch", most=1)["sketches"]) == set(keys)
    with pytest.raises(CrsQuestionError) as caught:
        ask(upload, path, "prepare", out="o.parquet")
    assert caught.value.code == "crs_question"
    assert {one["crs"] for one in caught.value.verdict["systems"]} == set(keys)
    answered = ask(upload, path, "prepare", out="o.parquet", answer={"crs": "EPSG:4547"})
    assert answered["crs"] == "EPSG:4547" and answered["crs_basis"] == "given"


def test_tables_come_as_grids_and_their_errors_as_such(upload) -> None:
    path = upload.put("表.csv", "地区,产值\n甲区,1.50\n".encode("gb18030"))
    (grid,) = (Grid.from_json(one) for one in ask(upload, path, "grids")["grids"])
    assert grid.cells[1] == ("甲区", "1.50") and grid.encoding == "gb18030"
    with pytest.raises(FileRefusedError, match="工作簿"):
        ask(upload, upload.put("x.xlsx", b"PK\x03\x04 no workbook"), "grids")
    with pytest.raises(GridError) as caught:
        ask(upload, upload.put("y.xlsx", bytes(range(256)) * 9), "grids")
    assert caught.value.code == "bad_table_file"


def test_refusals_carry_the_users_name_of_the_file(upload) -> None:
    path = upload.put("<script>图.gpkg", b"nothing of the kind")
    with pytest.raises(FileRefusedError) as caught:
        ask(upload, path, "inspect")
    assert "<script>图.gpkg" in str(caught.value) and "upload-" not in str(caught.value)
    assert type(caught.value) is FileRefusedError and caught.value.code != "reader_crashed"


# --- bounds ---------------------------------------------------------------------------------------


def test_a_file_that_needs_too_much_memory_or_time_is_refused_and_the_next_one_read(
    upload, tmp_path
) -> None:
    large = upload.put("large.gpkg", gpkg(tmp_path, land(90_000)))
    small = upload.put("small.gpkg", gpkg(tmp_path, land(20)))
    with pytest.raises(LimitError) as caught:
        ask(upload, large, "prepare", out="o.parquet", limits=Limits(memory_bytes=450 * MB))
    assert caught.value.code == "out_of_memory" and "large.gpkg" in str(caught.value)
    began = time.monotonic()
    with pytest.raises(LimitError) as caught:
        ask(upload, large, "prepare", out="o.parquet", limits=Limits(seconds=1))
    assert caught.value.code == "out_of_time" and time.monotonic() - began < 20
    with pytest.raises(LimitError):
        ask(upload, large, "inspect", limits=Limits(features=1000))
    assert not (upload.folder / "o.parquet").exists()
    assert ask(upload, small, "inspect")["feature_count"] == len(land(20))


CHILDREN = {
    "abort": "import os; os.abort()",
    "quit": "import sys; sys.exit(3)",
    "silence": "",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "cpu": "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)",
    "no memory": "raise MemoryError",
    "rubbish": "print('{\"result\": '); print('\\x00\\xff{}[]')",
    "half": 'import sys; sys.stdout.write(\'{"result": {"a"\'); sys.stdout.flush()',
}


@pytest.mark.parametrize(("how", "code"), [
    ("abort", "reader_crashed"), ("quit", "reader_crashed"), ("silence", "reader_crashed"),
    ("killed", "out_of_memory"), ("cpu", "out_of_time"), ("no memory", "out_of_memory"),
    ("rubbish", "reader_crashed"), ("half", "reader_crashed"),
])  # fmt: skip
def test_however_a_reader_ends_there_is_one_clear_error(
    how, code, upload, tmp_path, monkeypatch
) -> None:
    pretend(tmp_path, CHILDREN[how], monkeypatch)
    path = upload.put("图.gpkg", b"x")
    with pytest.raises(FileRefusedError, match=r"图\.gpkg") as caught:
        ask(upload, path, "inspect")
    assert caught.value.code == code


def test_a_reader_that_hangs_is_stopped_with_all_it_started(upload, tmp_path, monkeypatch) -> None:
    pretend(
        tmp_path,
        "import subprocess, sys, time, json\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(json.dumps({'progress': [str(child.pid), '']}), flush=True)\n"
        "time.sleep(600)", monkeypatch,
    )  # fmt: skip
    path, pids = upload.put("a.gpkg", b"x"), []
    with pytest.raises(LimitError) as caught:
        run("inspect", {"file": path.name}, scratch=upload.folder, limits=Limits(seconds=1),
            progress=lambda zh, _en: pids.append(int(zh)))  # fmt: skip
    assert caught.value.code == "out_of_time" and len(pids) == 1
    for _ in range(100):
        if not alive(pids[0]):
            break
        time.sleep(0.05)
    assert not alive(pids[0])


def test_who_stops_listening_stops_the_reader(upload, tmp_path, monkeypatch) -> None:
    pretend(
        tmp_path,
        "import json, os, time\n"
        "print(json.dumps({'progress': [str(os.getpid()), '']}), flush=True)\n"
        "time.sleep(600)", monkeypatch,
    )  # fmt: skip
    pids = []

    class GoneError(Exception):
        pass

    def gone(zh: str, _en: str) -> None:
        pids.append(int(zh))
        raise GoneError

    path = upload.put("a.gpkg", b"x")
    with pytest.raises(GoneError):
        run("inspect", {"file": path.name}, scratch=upload.folder, progress=gone)
    assert not alive(pids[0])


def test_a_reader_gets_no_settings_and_its_temporary_files_lie_with_the_upload(
    upload, tmp_path, monkeypatch
) -> None:
    pretend(
        tmp_path,
        "import json, os, tempfile\n"
        "print(json.dumps({'result': {'names': sorted(os.environ), 'tmp': tempfile.gettempdir(),"
        " 'session': os.getsid(0) == os.getpid()}}))", monkeypatch,
    )  # fmt: skip
    monkeypatch.setenv("ZONE_ATLAS_SECRET", "key")
    path = upload.put("a.gpkg", b"x")
    answer = ask(upload, path, "inspect")
    assert "ZONE_ATLAS_SECRET" not in answer["names"] and "http_proxy" in answer["names"]
    assert answer["tmp"] == str(upload.folder / "tmp") and answer["session"]


def test_what_libraries_print_is_not_taken_for_an_answer(upload, tmp_path) -> None:
    code = (
        "import os, sys; sys.path.insert(0, os.getcwd())\n"
        "from store import quarantinetasks as tasks\n"
        "def noisy(question, say):\n"
        '    os.write(1, b\'{"result": "forged"}\\n\'); print(\'{"result": "forged"}\')\n'
        "    return {'result': {'real': True}}\n"
        "tasks._answered = noisy\n"
        "tasks.main()"
    )
    question = {"task": "inspect", "scratch": "", "arguments": {"file": "a"},
                "limits": {n: getattr(Limits(), n) for n in Limits.__slots__}}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(question), capture_output=True, text=True,
        cwd=ROOT, timeout=60, check=True,
    )  # fmt: skip
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"result": {"real": True}}]


def pretend(tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have another program stand where the reader does."""
    package = tmp_path / "pretended" / "store"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "quarantinetasks.py").write_text(code)
    monkeypatch.setattr(quarantine, "_ROOT", package.parent)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


# --- uploads --------------------------------------------------------------------------------------

HOSTILE = [
    "../../etc/passwd", "..", ".", "", "/", "C:\\Windows\\a.shp", "a/b/../c.GPKG", "x\0y.kml",
    "$(reboot).geojson", "a;b|c.txt", "图\u202egpj.kml", "<img src=x onerror=alert(1)>.csv", "\n",
    "a" * 5000 + ".gpkg", "name.with.dots.zip", "con.txt", ".htaccess", "a.p%00hp", "x.éxe",
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_names_of_uploads_never_become_paths(names: list[str]) -> None:
    folder = Path(test_names_of_uploads_never_become_paths.folder)  # type: ignore[attr-defined]
    with Scratch.open(Workspace(folder)) as made:
        for number, name in enumerate(names):
            path = made.put(name, str(number).encode())
            assert path.parent == made.folder and path.read_text() == str(number)
            assert path.name.startswith("upload-") and made.names[path.name] == name
            assert path.name.isascii() and len(path.name) < 40
        assert len(made.names) == len(set(names)) or len(made.names) <= len(names)
        there = {p.name for p in made.folder.iterdir()} - {".lock", "tmp"}
        assert there == set(made.names)


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names")
    Workspace.open(folder)
    test_names_of_uploads_never_become_paths.folder = folder  # type: ignore[attr-defined]


def test_the_parts_of_a_shapefile_stay_together(upload) -> None:
    names = ["地块.shp", "地块.DBF", "地块.prj", "别的.dbf", "另一.gpkg", "地块.shp.xml"]
    paths = {name: upload.put(name, io.BytesIO(name.encode())) for name in names}
    stems = {paths[name].stem for name in names[:3]}
    assert len(stems) == 1 and paths["地块.DBF"].suffix == ".dbf"
    assert [upload.names[p.name] for p in upload.main_files()] == [
        "地块.shp", "别的.dbf", "另一.gpkg", "地块.shp.xml",
    ]  # fmt: skip
    again = upload.put("地块.dbf", b"another case")
    assert again != paths["地块.DBF"] and paths["地块.DBF"].read_bytes() == names[1].encode()


def test_an_upload_that_is_too_large_or_does_not_fit_leaves_nothing(upload, monkeypatch) -> None:
    with pytest.raises(LimitError, match=r"a\.gpkg"):
        upload.put("a.gpkg", b"x" * 2000, limits=Limits(file_bytes=1999))
    assert [p.name for p in upload.folder.iterdir() if p.name.startswith("upload")] == []
    assert upload.put("a.gpkg", b"x" * 2000, limits=Limits(file_bytes=2000)).stat().st_size == 2000


def test_uploads_are_removed_at_the_end_also_when_they_are_forgotten(workspace) -> None:
    folder = workspace.path / ".intake"
    made = Scratch.open(workspace)
    made.put("a.gpkg", b"x")
    made.close()
    made.close()
    assert list(folder.iterdir()) == []
    made = Scratch.open(workspace)
    del made
    assert list(folder.iterdir()) == []
    with pytest.raises(ZeroDivisionError), Scratch.open(workspace):
        _ = 1 / 0
    assert list(folder.iterdir()) == []


def test_uploads_of_the_dead_are_found_and_removed_those_of_the_living_are_not(
    workspace, monkeypatch
) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from store.scratch import Scratch; from store.workspace import Workspace\n"
        "made = Scratch.open(Workspace(Path(sys.argv[1]))); made.put('a.gpkg', b'x')\n"
        "print('there', flush=True); time.sleep(600)"
    )
    living = Scratch.open(workspace)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(workspace.path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == b"there\n"
        assert len(list((workspace.path / ".intake").iterdir())) == 2
        assert workspace.verify() == [] and workspace.cleanup() == []
        child.send_signal(signal.SIGKILL)
    (problem,) = workspace.verify()
    assert problem.code == "staging" and str(living.folder) != problem.file
    assert [str(p) for p in workspace.cleanup()] == [problem.file]
    assert list((workspace.path / ".intake").iterdir()) == [living.folder]
    soon = time.time() + scratch.STALE_S + 60
    assert stale_scratch(workspace.path, now=soon) == [living.folder]
    (workspace.path / ".intake" / "half-made").mkdir()
    assert [p.name for p in stale_scratch(workspace.path)] == ["half-made"]
    workspace.cleanup()
    living.close()
    assert workspace.verify() == [] and not list((workspace.path / ".intake").iterdir())


def test_a_forked_child_does_not_take_its_parents_upload_along(workspace) -> None:
    made = Scratch.open(workspace)
    pid = os.fork()
    if pid == 0:
        made.close()
        os._exit(0)
    os.waitpid(pid, 0)
    assert made.folder.is_dir()
    made.close()
