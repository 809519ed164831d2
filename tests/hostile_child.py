"""Opens files in processes of bounded memory and time, one after the other, and tells how it went.

    python tests/hostile_child.py FOLDER RESULTS good|hostile [PART OF]

Each file is opened in a fork of this process, which then opens a good file too: a broken file
must not break what comes after it. What is told goes into RESULTS, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from geo.files import FORMATS  # noqa: E402 - found by the path above

MB = 1 << 20
MEMORY_MB = 2_048  # of address space, beyond what the warmed process has
CPU_S = 25
WALL_S = 120
FILE_MB = 512


def warm() -> None:
    """Load the libraries once; forks share them."""
    for name in (
        "ezdxf.document", "pyogrio.raw", "python_calamine", "geo.inspection", "geo.placement",
        *{one.reader.split(":")[0] for one in FORMATS.values()}, "geo.files.zipped",
    ):  # fmt: skip
        import_module(name)


def address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def bound() -> None:
    most = address_space() + MEMORY_MB * MB
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MB * MB, FILE_MB * MB))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(WALL_S)


def opened(path: Path, options: Any) -> dict[str, Any]:
    """Open a file, read it to the end, and inspect it."""
    from geo.errors import GeoError
    from geo.files import open_file
    from geo.inspection import inspect
    from geo.placement import CrsAnswer

    answer: dict[str, Any] = {"code": "", "message": "", "told": [], "features": None}
    try:
        file = open_file(path, options)
        answer |= {"format": file.format, "encoding": file.encoding.name,
                   "declared": file.hints.declared, "columns": list(file.columns)}  # fmt: skip
        problems = list(file.problems)
        features = 0
        for batch in file.read():
            features += batch.table.num_rows
            problems += batch.problems
        answer |= {"features": features, "told": sorted({one.code for one in problems}),
                   "counted": file.feature_count}  # fmt: skip
        inspected = inspect(file, CrsAnswer()).to_json("zh")
        answer |= {"inspected": inspected["feature_count"], "keys": sorted(inspected)}
        json.dumps(inspected, allow_nan=False).encode()
    except GeoError as error:
        answer |= {"code": error.code, "message": error.message, "kind": type(error).__name__}
    return answer


def child(case: Any, path: Path, good: Path, scratch: Path, out: int) -> None:
    """What a fork does."""
    os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
    bound()
    used = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer: dict[str, Any] = {}
    try:
        answer = opened(path, case.options)
        answer["cpu_s"] = time.process_time() - used
        answer["peak_mb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        from geo.files import ReadOptions

        after = opened(good, ReadOptions())
        answer["after"] = after["features"] if not after["code"] else after["message"]
    except BaseException as error:
        answer["uncaught"] = f"{type(error).__name__}: {error}"[:500]
    import gc

    gc.collect()
    answer["left"] = sorted(str(file.relative_to(scratch)) for file in scratch.rglob("*"))
    os.write(out, json.dumps(answer).encode())


def run(case: Any, folder: Path, good: Path) -> dict[str, Any]:
    """One case in a fork."""
    path = case.path(folder)
    beside = sorted(path.parent.iterdir())
    with tempfile.TemporaryDirectory() as scratch:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            code = 1
            try:
                child(case, path, good, Path(scratch), writing)
                code = 0
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading, "rb") as answers:
            data = answers.read()
        _, status = os.waitpid(pid, 0)
    answer = json.loads(data) if data else {}
    answer |= {"name": case.name, "status": os.waitstatus_to_exitcode(status)}
    answer["written"] = [file.name for file in path.parent.iterdir() if file not in beside]
    return answer


def main(folder: Path, results: Path, which: str, part: int = 0, of: int = 1) -> None:
    import corpus

    cases = corpus.good_cases() if which == "good" else corpus.hostile_cases()
    warm()
    good = folder / "a-good-file" / "good.geojson"
    with results.open("w") as out:
        for case in cases[part::of]:
            out.write(json.dumps(run(case, folder, good)) + "\n")
            out.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:6]))
