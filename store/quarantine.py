"""Files of strangers are read in a process of their own, with bounded memory, time and disk.

What comes back is JSON, never objects; what is large lies in files in the upload's folder (see
`scratch`). A reader that crashes, hangs or eats all memory takes only its own process along.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from geo.errors import CrsQuestionError, FileRefusedError, LimitError
from geo.limits import MB, Limits
from geo.problems import Problem
from store.errors import StoreError
from store.files import discard
from store.prepared import ImportRefusedError
from store.scratch import TEMPORARY, Scratch

__all__ = ["TASKS", "Progress", "Scratch", "run"]

Progress = Callable[[str, str], None]

TASKS = ("inspect", "prepare", "repairs", "sketch", "grids")
_ROOT = Path(__file__).resolve().parents[1]
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "PROJ_DATA", "GDAL_DATA", "SYSTEMROOT")
_NOWHERE = "http://127.0.0.1:9"  # the discard port: no reader has anything to fetch
_MOST_ANSWER = 512 * MB
# What libraries say that had no memory left for saying so properly; lower case.
NO_MEMORY = (
    "bad_alloc", "memoryerror", "failed to map segment", "cannot allocate", "out of memory",
)  # fmt: skip
_TAIL = 400  # characters of the last words of a reader that crashed


def run(
    task: str,
    arguments: Mapping[str, Any],
    *,
    scratch: Path,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Do a task on a file in `scratch` in a process of its own; the answer is plain JSON.

    Arguments common to all tasks: `file` (name of a file in `scratch`), `name` (the user's name of
    it), `lang` ("zh" or "en"), `options` (fields of ReadOptions), `answer` (CrsAnswer.to_json),
    `workspace` (path; "" for none: outlines to compare with), `columns` (county_column,
    area_column, id_column of Surroundings).

    inspect: `full` -> Inspection.to_json.
    prepare: `out` (file name in `scratch`), `repairs` ("none", "all" or a list of ids),
        `leave_out` (numbers of features) -> Prepared.to_json, for Prepared.from_json.
    repairs: `full`, `most`, `features` (numbers), `labels` (names of columns) -> {"repairs":
        [{repair_id, feature, code, action, automatic, before_m2, after_m2, change_m2, removed_m2,
        added_m2, other, declared, before, after, removed, added}], "more": n, "names": {number:
        what the columns call the feature}}; the last four of a repair as GeoJSON geometries in
        degrees or null, areas null where they can't be told, `declared` how the repaired area
        differs from the declared one, "" where it does not.
    sketch: `systems` (keys of candidates; empty: as answered, or all candidates), `most` ->
        {"sketches": {key: [{feature, geometry}]}, "count": n}, some features as GeoJSON in
        degrees, where they would lie in each system.
    grids: `encoding` -> {"grids": [Grid.to_json]}.

    Raises:
        FileRefusedError, LimitError, CrsQuestionError (its verdict a mapping: label, question_zh,
            question_en, systems), ImportRefusedError, GridError, StoreError: as the task itself
            would. A process that ran out of memory or time, or crashed, is a FileRefusedError
            (codes "out_of_memory", "out_of_time", "reader_crashed").
    """
    if task not in TASKS:
        raise ValueError(task)
    question = {
        "task": task, "scratch": str(scratch), "arguments": dict(arguments),
        "limits": {name: getattr(limits, name) for name in limits.__slots__},
    }  # fmt: skip
    try:
        return _asked(question, scratch, limits, progress)
    except BaseException:
        if "out" in arguments:  # half written when its writer was stopped
            discard(scratch / Path(arguments["out"]).name)
        raise


def _asked(
    question: Mapping[str, Any], scratch: Path, limits: Limits, progress: Progress | None
) -> dict[str, Any]:
    """Start a process, ask it, see it end; its answer."""
    arguments = question["arguments"]
    name = str(arguments.get("name") or arguments.get("file") or "")
    words = scratch / TEMPORARY / "words"
    words.parent.mkdir(exist_ok=True)
    with words.open("wb") as stderr:
        child = subprocess.Popen(
            [sys.executable, "-m", "store.quarantinetasks"],
            cwd=_ROOT, env=_environment(scratch), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=stderr, start_new_session=True,
        )  # fmt: skip
        try:
            answer = _talk(child, json.dumps(question).encode(), limits, name, progress)
        finally:
            _end(child)
    if answer is None:
        raise _died(child.returncode, name, limits, _last_words(words))
    if "error" in answer:
        _raise(answer["error"])
    result: dict[str, Any] = answer["result"]
    return result


def _environment(scratch: Path) -> dict[str, str]:
    """Only what reading needs: no settings, no keys, temporary files inside the upload's folder."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    temporary = str(scratch / TEMPORARY)
    return kept | {
        "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1",
        "TMPDIR": temporary, "CPL_TMPDIR": temporary, "http_proxy": _NOWHERE,
        "https_proxy": _NOWHERE, "GDAL_HTTP_PROXY": _NOWHERE, "MALLOC_ARENA_MAX": "4",
        "ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "2",
    }  # fmt: skip


def _talk(
    child: subprocess.Popen[bytes],
    question: bytes,
    limits: Limits,
    name: str,
    progress: Progress | None,
) -> dict[str, Any] | None:
    """Ask, pass on what it says of its progress, and return its answer; None when it gave none."""
    assert child.stdin is not None and child.stdout is not None  # noqa: S101 - pipes
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(question)
        child.stdin.close()
    deadline = time.monotonic() + limits.seconds
    said = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _too_long(name, limits)
            if not selector.select(left):
                continue
            chunk = os.read(child.stdout.fileno(), 1 << 20)
            if not chunk:
                break
            said += chunk
            if len(said) > _MOST_ANSWER:
                raise FileRefusedError(f"{name} 的结果太大 / the answer on {name} is too large")
            answer = _heard(said, progress)
            if answer is not None:
                return answer
    return _heard(said, progress)


def _heard(said: bytearray, progress: Progress | None) -> dict[str, Any] | None:
    """Whole lines of what was said, taken off; the answer if it is among them."""
    while (end := said.find(b"\n")) >= 0:
        line = bytes(said[:end])
        del said[: end + 1]
        try:
            message: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if "progress" not in message:
            return message
        if progress is not None:
            progress(*message["progress"])
    return None


def _end(child: subprocess.Popen[bytes]) -> None:
    """Have the process and all it started end, whatever happened here."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if child.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.5)  # it has answered, and is about to end by itself
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _last_words(path: Path) -> str:
    with contextlib.suppress(OSError):
        lines = path.read_text("utf-8", "replace").strip().splitlines()
        return " ".join(lines[-1].split())[-_TAIL:] if lines else ""
    return ""


def _died(status: int, name: str, limits: Limits, words: str) -> FileRefusedError:
    """Why there is no answer, by how the process ended."""
    if status == -signal.SIGXCPU:
        return _too_long(name, limits)
    if status == -signal.SIGKILL or any(sign in words.lower() for sign in NO_MEMORY):
        return out_of_memory(name, limits)
    how = signal.Signals(-status).name if status < 0 else f"exit {status}"
    return FileRefusedError(
        f"读取 {name} 的程序异常终止（{how}）；文件可能已损坏，未导入任何内容 / "
        f"the reader of {name} ended abnormally ({how}): the file may be damaged; nothing was "
        f"imported {words}".rstrip(),
        code="reader_crashed",
    )


def out_of_memory(name: str, limits: Limits) -> LimitError:
    """The error of a file that needs more memory than it may have."""
    return LimitError(
        f"读取 {name} 需要的内存超过 {limits.memory_bytes // MB} MB 的上限；请拆分或化简 / reading "
        f"{name} takes more than {limits.memory_bytes // MB} MB of memory: split or simplify it",
        code="out_of_memory",
    )


def _too_long(name: str, limits: Limits) -> LimitError:
    return LimitError(
        f"读取 {name} 超过 {limits.seconds} 秒的上限，已停止；请拆分或化简 / reading {name} took "
        f"longer than {limits.seconds} s and was stopped: split or simplify it",
        code="out_of_time",
    )


def _raise(told: Mapping[str, Any]) -> NoReturn:
    """The child's error, as the task itself would have raised it."""
    kind, message, faults = told["kind"], str(told["message"]), tuple(told.get("faults", ()))
    error: Exception
    if kind == "CrsQuestionError":
        error = CrsQuestionError(message, verdict=told.get("verdict"))
    elif kind == "ImportRefusedError":
        problems = [Problem(**problem) for problem in told.get("problems", ())]
        error = ImportRefusedError(message, faults=faults, problems=problems)
    elif kind in ("GridError", "GridLimitError"):
        from facts import grids  # noqa: PLC0415 - rarely needed

        error = getattr(grids, kind)(message)
    elif kind == "StoreError":
        error = StoreError(message, faults=faults)
    else:
        made = LimitError if kind == "LimitError" else FileRefusedError
        error = made(message, faults=faults, line=told.get("line"), feature=told.get("feature"))
    error.code = str(told["code"])  # type: ignore[attr-defined]
    raise error
