"""Imports in processes that can be killed: one warmed process forks a child for each.

Started by test_import_faults as ``python tests/import_child.py``. Each line on standard input is a
job as JSON: {"workspace", "file", "stamp", "kill": n or null, "wait": path or "", "run"}. A line
says how its child ended: {"status", "steps", "error"}. Nothing is imported in the process that
forks but modules, so it has no threads that a child would miss.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import pyarrow.parquet as pq  # noqa: E402
from factories import PLACES, facts, figure  # noqa: E402

import geo.files.geoparquet  # noqa: E402
import geo.files.ogr  # noqa: E402, F401
from facts.mappings import ColumnMapping, Mapping  # noqa: E402
from store import commits  # noqa: E402
from store.imports import commit_layer, import_layer, prepare  # noqa: E402
from store.mappings import save_mapping  # noqa: E402
from store.officefigures import add_figures, office_source, row_prefix  # noqa: E402
from store.scratch import Scratch  # noqa: E402
from store.workspace import Workspace  # noqa: E402

LAYER = "land-use"


def whole(workspace: Workspace, file: Path, stamp: int) -> None:
    """All that the import page may write: an upload, a layer, a mapping, a source, figures."""
    with Scratch.open(workspace) as scratch:
        path = scratch.put(file.name, file.read_bytes())
        prepared = prepare(path, out=scratch.folder / "made.parquet", name=file.name)
        commit_layer(
            workspace, prepared, LAYER, author="甲", message=str(stamp),
            expected_version=workspace.versions().get(LAYER, -1),
        )  # fmt: skip
    column = ColumnMapping(index=stamp, label=str(stamp))
    mapping = Mapping(signature="s", table="figures", columns=(column,))
    save_mapping(workspace, mapping, author="甲", message=str(stamp))
    source = office_source(title=f"第{stamp}份", sha256=str(stamp))
    known = facts()
    rows = [
        figure(f"{row_prefix(source)}{n}", PLACES[n].place_id, float(stamp), indicator_id="output",
               source_id=source.source_id)
        for n in range(4)
    ]  # fmt: skip
    add_figures(workspace, rows, facts=known, source=source, author="甲", message=str(stamp))


def layer_only(workspace: Workspace, file: Path, stamp: int) -> None:
    """What the terminal's import does."""
    import_layer(
        workspace, file, LAYER, author=f"process {stamp}", message=str(stamp),
        expected_version=workspace.versions().get(LAYER, -1),
    )  # fmt: skip


RUNS: dict[str, Callable[[Workspace, Path, int], None]] = {"whole": whole, "layer": layer_only}


class Steps:
    """Counts every step that changes the disk or takes a lock, and dies before the n-th."""

    def __init__(self, inside: str, kill: int | None) -> None:
        self.count = 0
        self._inside = inside
        self._kill = kill
        for module, names in (
            (os, ("open", "mkdir", "rename", "replace", "unlink", "rmdir", "fsync")),
            (fcntl, ("flock",)), (io, ("open",)), (pq, ("write_table",)),
            (pq.ParquetWriter, ("write_table", "close")), (shutil, ("rmtree",)),
            (commits, ("create_table_with_add_actions", "_commit", "flush_file", "flush_folder")),
        ):  # fmt: skip
            for name in names:
                setattr(module, name, self._counted(getattr(module, name), name))

    def _counted(self, function: Any, name: str) -> Any:
        def step(*args: Any, **options: Any) -> Any:
            if self._counts(name, args, options):
                if self.count == self._kill:
                    os.kill(os.getpid(), signal.SIGKILL)
                self.count += 1
            return function(*args, **options)

        return step

    def _counts(self, name: str, args: Any, options: Any) -> bool:
        if name in ("open", "mkdir", "rename", "replace", "unlink", "rmdir", "rmtree"):
            if name == "open" and options.get("mode", args[1] if len(args) > 1 else "r") in (
                "r",
                "rb",
            ):
                return False
            return options.get("dir_fd") is not None or str(args[0]).startswith(self._inside)
        return True


def child(job: dict[str, Any], report: int) -> None:
    """One import; says how it ended unless it is killed."""
    workspace = Workspace(Path(job["workspace"]))
    steps = Steps(job["workspace"], job["kill"])
    while job["wait"] and not Path(job["wait"]).exists():
        time.sleep(0.001)
    error = ""
    try:
        RUNS[job["run"]](workspace, Path(job["file"]), job["stamp"])
    except Exception as caught:  # what it is, the test decides
        error = f"{getattr(caught, 'code', type(caught).__name__)}: {caught}"
    os.write(report, json.dumps({"steps": steps.count, "error": error}).encode())
    os._exit(0)


def main() -> None:
    """Fork a child for each job; jobs in one line run at the same time."""
    print("ready", flush=True)
    for line in sys.stdin:
        running = []
        for job in json.loads(line):
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(reading)
                child(job, writing)
            os.close(writing)
            running.append((pid, reading, job.get("after")))
        told = []
        for pid, reading, after in running:
            if after is not None:
                time.sleep(after)
                os.kill(pid, signal.SIGKILL)
            with os.fdopen(reading) as stream:
                said = stream.read()
            _, status = os.waitpid(pid, 0)
            told.append({"status": status} | (json.loads(said) if said else {}))
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
