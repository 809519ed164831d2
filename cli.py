"""Terminal entry: thin commands over the functions that the pages use.

Exit codes: 0 done, 2 the input or the workspace is at fault (one line on stderr says what).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from facts.errors import FactsError
from geo.errors import GeoError
from layers.errors import LayerError
from layers.texts import text
from settings import SettingsError, load_settings
from store.errors import StoreError

AT_FAULT = 2
PROVINCE = "140000"
Command = Callable[[argparse.Namespace], tuple[dict[str, Any], list[str]]]


class InputError(ValueError):
    """An argument can't be used; the message names it."""

    code = "bad_argument"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        answer, lines = args.run(args)
    except (FactsError, GeoError, LayerError, StoreError, SettingsError, InputError) as error:
        return _refuse(error, as_json=args.json)
    except OSError as error:
        return _refuse(error, as_json=args.json)
    if args.json:
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print("\n".join(lines))
    return 0


def _refuse(error: Exception, *, as_json: bool) -> int:
    message = str(error)
    if as_json:
        code = getattr(error, "code", type(error).__name__)
        print(json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False))
    print(message, file=sys.stderr)
    return AT_FAULT


# --- commands ------------------------------------------------------------------------------------


def check(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """What the loader placed, every check with its verdict, and the state of the files."""
    from facts.load import load_with_report  # noqa: PLC0415 -- `--help` must not wait for it

    settings = load_settings(workspace=args.workspace)
    _, report = load_with_report(settings.data / "facts")
    atlas = _atlas(args)
    checks = atlas.checks()
    problems = [str(problem) for problem in atlas.workspace.verify()]
    counts = Counter(c.verdict for c in checks)
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
        "problems": problems,
    }  # fmt: skip
    lines = [str(report), ""]
    order = ("does_not", "cannot_check", "adds_up")
    for c in sorted(checks, key=lambda c: order.index(c.verdict)):
        outline = c.verdict == "adds_up" and c.kind == "area" and PROVINCE not in c.place_ids
        if outline and not args.all:  # one line for each of two hundred outlines says little
            continue
        verdict = text(f"sources.verdict_{c.verdict}", args.lang)
        lines.append(f"[{verdict}] {c.title(args.lang)}: {c.formula or '—'}")
        if c.explanation(args.lang):
            lines.append(f"    {c.explanation(args.lang)}")
    lines.append("")
    named = (f"{text(f'sources.verdict_{v}', args.lang)} {counts[v]}" for v in order)
    lines.append(text("cli.checks", args.lang, count=len(checks), verdicts=", ".join(named)))
    lines += problems or [text("cli.files_sound", args.lang)]
    return answer, lines


def _file_count(count: Any) -> dict[str, Any]:
    return {
        "rows": count.rows,
        "observations": count.observations,
        "missing_values": count.missing_values,
        "unplaced": dict(count.unplaced),
    }


def export(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Write a collection to a file; the format follows the file's extension."""
    from layers.downloads import collection_file  # noqa: PLC0415
    from layers.geojson import replaced_file  # noqa: PLC0415

    atlas = _atlas(args)
    out = Path(args.out)
    file = collection_file(
        atlas,
        args.name,
        out.suffix.removeprefix(".").lower(),
        lang=args.lang,
        version=args.version,
        bbox=_bbox(args.bbox),
    )
    with replaced_file(out) as target:
        target.write(file.content)
    version = atlas.versions[args.name] if args.version is None else args.version
    size = len(file.content)
    answer = {"file": str(out), "bytes": size, "version": version, "sha256": file.sha256}
    line = text("cli.exported", args.lang, file=out, bytes=size, version=version)
    return answer, [line]


def history(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """The versions of a collection, newest first."""
    versions = _atlas(args).workspace.history(args.name)
    answer = {
        "collection": args.name,
        "versions": [
            {
                "version": v.version, "parent": v.parent, "time": v.time.isoformat(),
                "author": v.author, "message": v.message, "source": v.source, "rows": v.rows,
                "bbox": v.bbox, "sha256": v.sha256,
            }
            for v in versions
        ],
    }  # fmt: skip
    lines = [
        f"v{v.version}  {v.time:%Y-%m-%d %H:%M}  {v.author}  {v.rows}  {v.sha256[:12]}  {v.message}"
        for v in versions
    ]
    return answer, lines


def _atlas(args: argparse.Namespace) -> Any:
    from layers.atlas import open_atlas  # noqa: PLC0415

    settings = load_settings(workspace=args.workspace)
    return open_atlas(settings.workspace, settings.data)


def _bbox(written: str | None) -> tuple[float, float, float, float] | None:
    if written is None:
        return None
    try:
        west, south, east, north = (float(part) for part in written.split(","))
    except ValueError:
        raise InputError(f"--bbox {written}: W,S,E,N") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(f"--bbox {written}: W < E, S < N")
    return west, south, east, north


# --- arguments -----------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--workspace", help="工作区文件夹 / folder of the workspace")
    shared.add_argument("--json", action="store_true", help="输出 JSON / answer in JSON")
    shared.add_argument("--lang", choices=("zh", "en"), default="zh", help="语言 / language")
    parser = argparse.ArgumentParser(prog="cli.py", description="开发区一张图 / Zone Atlas")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[shared], help=help_text)
        command.set_defaults(run=run)
        return command

    checking = add("check", check, "核对数据与文件 / check figures and files")
    checking.add_argument("--all", action="store_true", help="含全部面积核对 / all area checks too")
    exporting = add("export", export, "导出图层或表 / write a layer or a table to a file")
    exporting.add_argument("name", help="图层名 / collection")
    exporting.add_argument("out", help="文件(.geojson .csv .gpkg) / file")
    exporting.add_argument("--bbox", help="W,S,E,N 经纬度 / degrees")
    exporting.add_argument("--version", type=int, help="版本 / version")
    listing = add("history", history, "图层的版本 / versions of a collection")
    listing.add_argument("name", help="图层名 / collection")
    return parser


if __name__ == "__main__":
    sys.exit(main())
