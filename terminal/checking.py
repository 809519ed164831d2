"""The command `check`: figures against figures, and the workspace's files against their hashes."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from typing import Any

from facts.load import load_with_report
from layers.atlas import open_atlas
from layers.texts import text
from settings import load_settings
from store.baseline import ensure_baseline
from store.errors import CorruptionError
from store.synthetic import data_dir_of
from store.workspace import Workspace

PROVINCE = "140000"
HARMLESS = frozenset({"orphan", "staging"})  # left by an interrupted write, no version uses them


def check(args: Namespace) -> tuple[dict[str, Any], list[str]]:
    """What the loader placed, every check with its verdict, and the state of the files."""
    settings = load_settings(workspace=args.workspace)
    workspace = Workspace.open(settings.workspace)
    try:
        opened = ensure_baseline(workspace, data_dir_of(settings.workspace, settings.data))
    except CorruptionError:  # somebody's own version is damaged: nothing to compute from
        return _files_told(workspace.verify(), (), args.lang)
    data = data_dir_of(settings.workspace, settings.data)
    _, report = load_with_report(data / "facts")
    checks = open_atlas(settings.workspace, settings.data).checks()
    counts: Counter[str] = Counter(c.verdict for c in checks)
    files, file_lines = _files_told(workspace.verify(), opened.rebuilt, args.lang)
    answer = {
        "rows": {f.file: _file_count(f) for f in report.files},
        "verdicts": dict(counts),
        "checks": [
            {
                "id": c.check_id, "kind": c.kind, "title": c.title(args.lang),
                "verdict": c.verdict, "printed": c.expected, "computed": c.computed,
                "unit": c.unit, "formula": c.formula, "explanation": c.explanation(args.lang),
            }
            for c in checks
        ],
    }  # fmt: skip
    lines = [str(report), "", *_check_lines(checks, args.lang, everything=args.all), ""]
    named = (f"{text(f'sources.verdict_{v}', args.lang)} {counts[v]}" for v in _VERDICTS)
    lines.append(text("cli.checks", args.lang, count=len(checks), verdicts=", ".join(named)))
    return answer | files, lines + file_lines


_VERDICTS = ("does_not", "cannot_check", "adds_up")


def _check_lines(checks: Sequence[Any], lang: str, *, everything: bool) -> list[str]:
    lines: list[str] = []
    for c in sorted(checks, key=lambda c: _VERDICTS.index(c.verdict)):
        outline = c.verdict == "adds_up" and c.kind == "area" and PROVINCE not in c.place_ids
        if outline and not everything:  # one line for each of two hundred outlines says little
            continue
        verdict = text(f"sources.verdict_{c.verdict}", lang)
        lines.append(f"[{verdict}] {c.title(lang)}: {c.formula or '—'}")
        if c.explanation(lang):
            lines.append(f"    {c.explanation(lang)}")
    return lines


def _files_told(
    problems: Sequence[Any], rebuilt: Sequence[Any], lang: str
) -> tuple[dict[str, Any], list[str]]:
    """What is wrong with the workspace's files; with an `error` when one is damaged."""
    damaged = [p for p in problems if p.code not in HARMLESS]
    answer: dict[str, Any] = {
        "problems": [
            {
                "code": p.code, "collection": p.collection, "version": p.version, "file": p.file,
                "message": p.message,
            }
            for p in problems
        ],
        "rebuilt": [
            {"collection": r.collection, "version": r.version, "file": r.file, "message": r.why}
            for r in rebuilt
        ],
    }  # fmt: skip
    lines = [
        text("cli.rebuilt", lang, name=r.collection, version=r.version, file=r.file)
        for r in rebuilt
    ]
    lines += [p.message for p in problems] or [text("cli.files_sound", lang)]
    if damaged:
        names = ", ".join(
            p.collection if p.version is None else f"{p.collection} v{p.version}" for p in damaged
        )
        message = (
            f"工作区有 {len(damaged)} 处损坏：{names} / "
            f"the workspace is damaged in {len(damaged)} places: {names}"
        )
        answer["error"] = {"code": "damaged_files", "message": message}
    return answer, lines


def _file_count(count: Any) -> dict[str, Any]:
    return {
        "rows": count.rows,
        "observations": count.observations,
        "missing_values": count.missing_values,
        "unplaced": dict(count.unplaced),
    }
