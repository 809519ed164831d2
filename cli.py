"""Terminal entry: thin commands over the functions that the pages use.

Exit codes: 0 done, 2 the input or the workspace is at fault (one line on stderr says what).
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from facts.errors import FactsError
from geo.errors import GeoError
from layers.errors import LayerError
from layers.texts import text
from settings import Settings, SettingsError, load_settings
from store.errors import CorruptionError, StoreError
from terminal.arguments import ALIASES, InputError, parser_of

AT_FAULT = 2
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # as libraries put into what they say


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    as_json = "--json" in given  # known even when the arguments can't be read
    try:
        args = _parser().parse_args(given)
        if getattr(args, "name", None) in ALIASES:
            args.name = ALIASES[args.name]
        answer, lines = args.run(args)
    except (FactsError, GeoError, LayerError, StoreError, SettingsError, InputError) as error:
        return _refuse(error, as_json=as_json)
    except OSError as error:
        said = f"无法读写：{error} / cannot read or write: {error}"
        return _refuse(InputError(said, code="cannot_read_or_write"), as_json=as_json)
    _say(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines))
    if "error" in answer:
        print(answer["error"]["message"], file=sys.stderr)
        return AT_FAULT
    return 0


def _refuse(error: Exception, *, as_json: bool) -> int:
    """One clear line on stderr; the faults or choices behind it, one a line, on stdout."""
    faults = [str(fault) for fault in getattr(error, "faults", ())]
    message = str(getattr(error, "message", error))
    if isinstance(error, FactsError) and faults:
        message = f"事实数据有 {len(faults)} 处错误 / the facts have {len(faults)} faults"
    message = _printable(" ".join(message.split()))
    faults = [_printable(fault) for fault in faults]
    if as_json:
        code = getattr(error, "code", "error")
        told = {"code": code, "message": message} | ({"faults": faults} if faults else {})
        _say(json.dumps({"error": told}, ensure_ascii=False))
    elif faults:
        _say("\n".join(faults))
    print(message, file=sys.stderr)
    return AT_FAULT


def _printable(words: str) -> str:
    """Without what would steer a terminal or turn the line round: names come from strangers."""
    words = _COLOURS.sub("", words)
    return "".join(c for c in words if unicodedata.category(c) not in ("Cc", "Cf"))


def _say(words: str) -> None:
    try:
        print("\n".join(map(_printable, words.split("\n"))), flush=True)
    except BrokenPipeError:  # the reader has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# --- commands ------------------------------------------------------------------------------------


def check(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """What the loader placed, every check with its verdict, and the state of the files."""
    from terminal import checking  # noqa: PLC0415 -- `--help` must not wait for it

    return checking.check(args)


def export(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Write a collection to a file; the format follows the file's extension."""
    from geo.files.formats import BY_EXTENSION  # noqa: PLC0415
    from layers.atlas import open_atlas  # noqa: PLC0415
    from layers.downloads import collection_file  # noqa: PLC0415
    from layers.export import EXPORT_FORMATS  # noqa: PLC0415
    from layers.geojson import replaced_file  # noqa: PLC0415

    out, bbox = _target(args.out), _bbox(args.bbox)
    settings = load_settings(workspace=args.workspace)
    atlas = open_atlas(settings.workspace, settings.data)
    extension = out.suffix.removeprefix(".").lower()
    if extension not in EXPORT_FORMATS and out.suffix.lower() in BY_EXTENSION:
        from terminal.files import write_collection  # noqa: PLC0415 -- as above

        return write_collection(atlas, args, out, bbox)
    file = collection_file(
        atlas, args.name, extension, lang=args.lang, version=args.version, bbox=bbox
    )
    try:
        with replaced_file(out) as target:
            target.write(file.content)
    except OSError as error:
        why = error.strerror or error
        raise InputError(
            f"无法写入 {out}：{why} / cannot write {out}: {why}", code="cannot_write"
        ) from error
    version = atlas.versions[args.name] if args.version is None else args.version
    size = len(file.content)
    answer = {"file": str(out), "bytes": size, "version": version, "sha256": file.sha256}
    line = text("cli.exported", args.lang, file=out, bytes=size, version=version)
    return answer, [line]


def history(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """The versions of a collection, newest first."""
    versions = _workspace(load_settings(workspace=args.workspace)).history(args.name)
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


def rollback(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Make an older version the newest again, as a new version in the user's name."""
    workspace = _workspace(load_settings(workspace=args.workspace))
    author = _user()
    message = args.message or f"恢复到版本 {args.version} / back to version {args.version}"
    if args.name == "zones":  # the places that an import added go and come with their outlines
        from store.undoing import restore_zones  # noqa: PLC0415 -- as above

        version = restore_zones(workspace, args.version, author=author, message=message).version
    else:
        version = workspace.restore(args.name, args.version, author=author, message=message)
    answer = {
        "collection": args.name, "version": version, "restored": args.version,
        "author": author, "message": message,
    }  # fmt: skip
    line = text(
        "cli.rolled_back", args.lang, name=args.name, restored=args.version, version=version
    )
    return answer, [line]


def _workspace(settings: Settings) -> Any:
    """The workspace, its baseline loaded; also when somebody's own version in it is damaged.

    To look at the versions and to go back to one is the remedy for that.
    """
    from store.baseline import ensure_baseline  # noqa: PLC0415
    from store.synthetic import data_dir_of  # noqa: PLC0415
    from store.workspace import Workspace  # noqa: PLC0415

    workspace = Workspace.open(settings.workspace)
    with suppress(CorruptionError):
        ensure_baseline(workspace, data_dir_of(settings.workspace, settings.data))
    return workspace


def _user() -> str:
    """The operating system's user name, or the number of a user without one (in a container)."""
    from store.log import BASELINE_AUTHOR  # noqa: PLC0415

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    return f"user {name}" if name == BASELINE_AUTHOR else name


def import_file(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Make a file the next version of a collection, in the user's name."""
    from store.scratch import private_temporary  # noqa: PLC0415 -- as above
    from terminal import intake  # noqa: PLC0415

    with private_temporary():
        return intake.import_file(args, author=_user())


def inspect(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """What a file is, where its coordinates stand, what is wrong with it."""
    from store.scratch import private_temporary  # noqa: PLC0415 -- as above
    from terminal import files  # noqa: PLC0415

    with private_temporary():
        return files.inspect_file(args)


def convert(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Write a file in another format or reference system."""
    from store.scratch import private_temporary  # noqa: PLC0415 -- as above
    from terminal import files  # noqa: PLC0415

    with private_temporary():
        return files.convert(args)


def cleanup(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Remove what interrupted writes and uploads left behind; no version uses it."""
    from store.scratch import stale_temporary  # noqa: PLC0415 -- as above
    from store.workspace import Workspace  # noqa: PLC0415

    workspace = Workspace.open(load_settings(workspace=args.workspace).workspace, create=False)
    removed = [str(path) for path in workspace.cleanup()]
    for path in stale_temporary():
        shutil.rmtree(path, ignore_errors=True)
        removed.append(str(path))
    return {"removed": removed}, [*removed, text("cli.cleaned", args.lang, count=len(removed))]


def overlay(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Land by class inside a proposal."""
    from store.scratch import private_temporary  # noqa: PLC0415 -- as above
    from terminal import land  # noqa: PLC0415

    with private_temporary():
        return land.overlay(args)


def compare(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Proposals side by side, and a report of it."""
    from terminal import land  # noqa: PLC0415 -- as above

    return land.compare_proposals(args)


# --- arguments -----------------------------------------------------------------------------------


def _target(written: str) -> Path:
    out = Path(written)
    if out.is_dir():
        raise InputError(f"{out} 是文件夹 / {out} is a folder", code="cannot_write")
    if not out.parent.is_dir():
        raise InputError(
            f"{out}：文件夹 {out.parent} 不存在 / {out}: the folder {out.parent} does not exist",
            code="cannot_write",
        )
    return out


def _bbox(written: str | None) -> tuple[float, float, float, float] | None:
    if written is None:
        return None
    try:
        west, south, east, north = (float(part) for part in written.split(","))
    except ValueError:
        raise InputError(
            f"--bbox 须为四个数 W,S,E,N，不是 {written} / four numbers W,S,E,N, not {written}"
        ) from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(
            f"--bbox {written}：经纬度须 W < E、S < N / degrees, W < E and S < N are needed"
        )
    return west, south, east, north


def _parser() -> argparse.ArgumentParser:
    return parser_of(
        {
            "check": check, "export": export, "history": history, "rollback": rollback,
            "inspect": inspect, "convert": convert, "import": import_file, "cleanup": cleanup,
            "overlay": overlay, "compare": compare,
        }
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
