"""The other side of `quarantine`: one task read from standard input, its answer as JSON.

Run as ``python -m store.quarantinetasks`` by `quarantine.run` only.
"""

import contextlib
import ctypes
import json
import math
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_SIMPLE_VERTICES = 20_000  # of a sketch
_MOST = 500
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_GRACE_S = 30  # of processor time beyond the wall clock's: two threads work at once

Told = dict[str, Any]


def main() -> int:
    """Read the question, bound this process, answer."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    question = json.loads(sys.stdin.buffer.read())
    limits = question["limits"]
    _bound(limits)

    def say(message: Told) -> None:
        # ASCII: a lone surrogate in a name of theirs can't be written otherwise.
        answers.write(json.dumps(message, allow_nan=False) + "\n")
        answers.flush()

    try:
        say(_answered(question, say))
    except MemoryError:
        say({"error": _no_memory(question)})
    return 0


def _bound(limits: Mapping[str, int]) -> None:
    """No more memory, processor time and file size than allowed; no core dumps of others' data.

    When the one who asked dies, this process ends too.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    seconds = 2 * limits["seconds"] + _GRACE_S
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits["unpacked_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, hard if kind == resource.RLIMIT_CPU else bound))


def _answered(question: Mapping[str, Any], say: Callable[[Told], None]) -> Told:
    from facts.errors import FactsError  # noqa: PLC0415 - bounded before anything is loaded
    from geo.errors import GeoError  # noqa: PLC0415
    from store.errors import StoreError  # noqa: PLC0415

    arguments = question["arguments"]
    file, name = str(arguments["file"]), str(arguments.get("name") or arguments["file"])
    try:
        task = _Task(question, lambda zh, en: say({"progress": [zh, en]}))
        result = getattr(task, question["task"])()
    except (GeoError, StoreError, FactsError) as error:
        from store.quarantine import NO_MEMORY  # noqa: PLC0415

        if any(sign in str(error).lower() for sign in NO_MEMORY):
            raise MemoryError from error
        return {"error": _named(_told(error), file, name)}
    return {"result": _named(result, file, name)}


class _Task:
    """The tasks of `quarantine.run`, each a method; arguments as said there."""

    def __init__(self, question: Mapping[str, Any], progress: Callable[[str, str], None]) -> None:
        from geo.files import ReadOptions  # noqa: PLC0415 - see above
        from geo.limits import Limits  # noqa: PLC0415
        from geo.placement import CrsAnswer  # noqa: PLC0415

        self.arguments = question["arguments"]
        self.scratch = Path(question["scratch"])
        self.path = self.scratch / Path(self.arguments["file"]).name
        self.lang = self.arguments.get("lang", "zh")
        self.options = ReadOptions(**self.arguments.get("options", {}))
        self.answer = CrsAnswer.from_json(self.arguments.get("answer", {}))
        self.limits = Limits(**question["limits"])
        self.progress = progress

    def inspect(self) -> Told:
        from geo.files import open_file  # noqa: PLC0415
        from geo.inspection import inspect  # noqa: PLC0415

        file = open_file(self.path, self.options, limits=self.limits)
        found = inspect(
            file, self.answer, limits=self.limits, full=bool(self.arguments.get("full")),
            around=self._around(), progress=self.progress,
        )  # fmt: skip
        return found.to_json(self.lang)

    def prepare(self) -> Told:
        from store.imports import prepare  # noqa: PLC0415

        out = self.scratch / Path(self.arguments["out"]).name
        prepared = prepare(
            self.path, self.options, self.answer, out=out, limits=self.limits,
            repairs=self.arguments.get("repairs", "none"),
            leave_out=self.arguments.get("leave_out", ()), name=self.arguments.get("name", ""),
            around=self._around(), progress=self.progress,
        )  # fmt: skip
        return prepared.to_json()

    def repairs(self) -> Told:
        from geo.files import open_file  # noqa: PLC0415
        from geo.surroundings import Surroundings  # noqa: PLC0415
        from store.gathering import gather  # noqa: PLC0415

        file = open_file(self.path, self.options, limits=self.limits)
        around = Surroundings(**self.arguments.get("columns", {}))
        gathered, _ = gather(
            file, self.answer, limits=self.limits, around=around, progress=self.progress
        )
        found = gathered.proposals(full=bool(self.arguments.get("full"))).told()
        most = int(self.arguments.get("most", _MOST))
        declared = gathered.declared_after(found)
        asked = {*self.arguments.get("features", ()), *(one.feature for one in found[:most])}
        names = gathered.labels(self.arguments.get("labels", ()), asked)
        return {
            "repairs": [
                _repair(repair, self.lang, declared.get(repair.repair_id))
                for repair in found[:most]
            ],
            "more": max(len(found) - most, 0),
            "names": {str(number): name for number, name in names.items()},
        }

    def sketch(self) -> Told:
        from geo.files import open_file  # noqa: PLC0415
        from store.sketches import sketches  # noqa: PLC0415

        file = open_file(self.path, self.options, limits=self.limits)
        return sketches(
            file, self.answer, systems=tuple(self.arguments.get("systems", ())),
            most=int(self.arguments.get("most", _MOST)), vertices=_SIMPLE_VERTICES,
        )  # fmt: skip

    def grids(self) -> Told:
        from store.sheets import read_sheets  # noqa: PLC0415

        found = read_sheets(
            self.path, encoding=self.arguments.get("encoding", ""), limits=self.limits
        )
        return {"grids": [grid.to_json() for grid in found]}

    def _around(self) -> Any:
        from geo.surroundings import Surroundings  # noqa: PLC0415

        columns = self.arguments.get("columns", {})
        if not self.arguments.get("workspace"):
            return Surroundings(**columns)
        from store.imports import surroundings  # noqa: PLC0415
        from store.workspace import Workspace  # noqa: PLC0415

        return surroundings(Workspace(Path(self.arguments["workspace"])), **columns)


def _told(error: Any) -> Told:
    """An error as plain values; see `quarantine._raise`."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    known = (
        "ImportRefusedError", "CrsQuestionError", "LimitError", "FileRefusedError",
        "GridLimitError", "GridError", "StoreError",
    )  # fmt: skip
    kind = next((name for name in known if name in kinds), "FileRefusedError")
    told: Told = {
        "kind": kind, "code": error.code, "message": getattr(error, "message", str(error)),
        "faults": [str(fault) for fault in getattr(error, "faults", ())],
        "line": getattr(error, "line", None), "feature": getattr(error, "feature", None),
    }  # fmt: skip
    if kind == "ImportRefusedError":
        from store.prepared import problem_to_json  # noqa: PLC0415

        told["problems"] = [problem_to_json(problem) for problem in error.problems]
    verdict = getattr(error, "verdict", None)
    if verdict is not None:
        told["verdict"] = {
            "label": verdict.label, "question_zh": verdict.question("zh"),
            "question_en": verdict.question("en"),
            "systems": [
                {"crs": one.key, "name_zh": one.name("zh"), "name_en": one.name("en")}
                for one in verdict.systems
            ],
        }  # fmt: skip
    return told


def _repair(repair: Any, lang: str, declared: Any = None) -> Told:
    from store.sketches import geojson  # noqa: PLC0415

    told: Told = {
        "repair_id": repair.repair_id, "feature": repair.feature, "code": repair.code,
        "action": repair.action(lang), "automatic": repair.automatic, "other": repair.other,
        "declared": declared.message(lang) if declared is not None else "",
    }  # fmt: skip
    for name in ("before_m2", "after_m2", "change_m2", "removed_m2", "added_m2"):
        value = float(getattr(repair, name))
        told[name] = value if math.isfinite(value) else None
    return told | {
        name: geojson(getattr(repair, name)) for name in ("before", "after", "removed", "added")
    }


def _named(value: Any, file: str, name: str) -> Any:
    """The same with the user's name of the file in place of ours, in all that is said.

    Numbers that JSON does not have become null.
    """
    if isinstance(value, str):
        return value.replace(file, name)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {
            key: inner if key in ("path", "grids") else _named(inner, file, name)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_named(inner, file, name) for inner in value]
    return value


def _no_memory(question: Mapping[str, Any]) -> Told:
    from geo.limits import Limits  # noqa: PLC0415 - see above
    from store.quarantine import out_of_memory  # noqa: PLC0415

    arguments = question["arguments"]
    error = out_of_memory(
        str(arguments.get("name") or arguments["file"]), Limits(**question["limits"])
    )
    return _told(error)


if __name__ == "__main__":
    sys.exit(main())
