"""Terminal entry: thin commands over the functions that the pages use.

Exit codes: 0 done, 2 the input or the workspace is at fault (one line on stderr says what).
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from facts.errors import FactsError
from geo.errors import GeoError
from layers.errors import LayerError
from layers.texts import text
from settings import Settings, SettingsError, load_settings
from store.errors import CorruptionError, StoreError

AT_FAULT = 2
PROVINCE = "140000"
HARMLESS = frozenset({"orphan", "staging"})  # left by an interrupted write, no version uses them
Command = Callable[[argparse.Namespace], tuple[dict[str, Any], list[str]]]


class InputError(ValueError):
    """An argument can't be used; the message names it."""

    def __init__(self, message: str, *, code: str = "bad_argument") -> None:
        super().__init__(message)
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    as_json = "--json" in given  # known even when the arguments can't be read
    try:
        args = _parser().parse_args(given)
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
    """One line that is clear by itself; below it the loader's faults, one a line."""
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
    print("\n  ".join([message, *faults]), file=sys.stderr)
    return AT_FAULT


def _printable(words: str) -> str:
    """Without what would steer a terminal or turn the line round: names come from strangers."""
    return "".join(c for c in words if unicodedata.category(c) not in ("Cc", "Cf"))


def _say(words: str) -> None:
    try:
        print("\n".join(map(_printable, words.split("\n"))), flush=True)
    except BrokenPipeError:  # the reader has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# --- commands ------------------------------------------------------------------------------------


def check(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """What the loader placed, every check with its verdict, and the state of the files."""
    from facts.load import load_with_report  # noqa: PLC0415 -- `--help` must not wait for it
    from layers.atlas import open_atlas  # noqa: PLC0415
    from store.baseline import ensure_baseline  # noqa: PLC0415
    from store.synthetic import data_dir_of  # noqa: PLC0415
    from store.workspace import Workspace  # noqa: PLC0415

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
    from terminal import intake  # noqa: PLC0415 -- as above

    return intake.import_file(args, author=_user())


def inspect(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """What a file is, where its coordinates stand, what is wrong with it."""
    from terminal import files  # noqa: PLC0415 -- as above

    return files.inspect_file(args)


def convert(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Write a file in another format or reference system."""
    from terminal import files  # noqa: PLC0415 -- as above

    return files.convert(args)


def cleanup(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Remove what interrupted writes and uploads left behind; no version uses it."""
    from store.workspace import Workspace  # noqa: PLC0415 -- as above

    workspace = Workspace.open(load_settings(workspace=args.workspace).workspace, create=False)
    removed = [str(path) for path in workspace.cleanup()]
    return {"removed": removed}, [*removed, text("cli.cleaned", args.lang, count=len(removed))]


def overlay(args: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """Land by class inside a proposal."""
    from terminal import land  # noqa: PLC0415 -- as above

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


# What argparse says, and what we say instead.
_USAGE: Mapping[str, str] = {
    r"the following arguments are required: COMMAND": "缺少命令，见 --help / a command is missing",
    r"the following arguments are required: (.+)": "缺少参数：{0} / missing arguments: {0}",
    r"argument COMMAND: invalid choice: '?(.*?)'? \(choose from (.+)\)": (
        "没有命令 {0}；可用：{1} / no command {0}; there are: {1}"
    ),
    r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.+)\)": (
        "{0} 不能是 {1}；可用：{2} / {0} cannot be {1}; there are: {2}"
    ),
    r"argument (\S+): invalid int value: '(.*)'": (
        "{0} 须为整数，不是 {1} / {0} must be a whole number, not {1}"
    ),
    r"argument (\S+): expected one argument": "{0} 后缺少值 / {0} needs a value",
    r"unrecognized arguments: (.+)": "不认识的参数：{0} / unknown arguments: {0}",
    r"(.+)": "参数有误：{0} / bad arguments: {0}",
}


class _Parser(argparse.ArgumentParser):
    """Raises its faults, in two languages, instead of printing a usage text and leaving."""

    def error(self, message: str) -> NoReturn:
        for pattern, said in _USAGE.items():
            found = re.fullmatch(pattern, message, flags=re.DOTALL)
            if found:
                groups = [group.replace("', '", ", ").strip("'") for group in found.groups()]
                raise InputError(said.format(*groups))
        raise InputError(message)


def _shared(*, defaults: bool) -> _Parser:
    """The options of all commands; they may stand before the command or after it."""

    def default(value: Any) -> Any:
        return value if defaults else argparse.SUPPRESS

    shared = _Parser(add_help=False)
    shared.add_argument(
        "--workspace", default=default(None), help="工作区文件夹 / folder of the workspace"
    )
    shared.add_argument(
        "--json", action="store_true", default=default(False), help="输出 JSON / answer in JSON"
    )
    shared.add_argument(
        "--lang", choices=("zh", "en"), default=default("zh"), help="语言 / language"
    )
    return shared


def _reading(command: argparse.ArgumentParser) -> None:
    """What can be said about reading a file; see docs/file-formats.md."""
    command.add_argument("file", help="文件 / file")
    command.add_argument("--crs", help="坐标系 EPSG:n / reference system")
    command.add_argument(
        "--shift", choices=("gcj02-to-wgs84", "bd09-to-wgs84", "none"),
        help="地图软件的偏移 / shift by a map program",
    )  # fmt: skip
    command.add_argument(
        "--parameters", help="七参数 dx,dy,dz,rx,ry,rz,m[,position_vector|coordinate_frame]"
    )
    command.add_argument(
        "--approximate", action="store_true", help="旧基准近似处理 / take an old datum as is"
    )
    command.add_argument("--layer", help="图层或工作表 / layer or sheet")
    command.add_argument("--member", help="压缩包里的文件 / file inside an archive")
    command.add_argument("--encoding", help="编码 / encoding")
    command.add_argument("--x-column", help="表：东坐标或经度的列 / column of easting or longitude")
    command.add_argument("--y-column", help="表：北坐标或纬度的列 / column of northing or latitude")
    command.add_argument("--wkt-column", help="表：WKT 图形的列 / column of outlines as WKT")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="cli.py", description="开发区一张图 / Zone Atlas", allow_abbrev=False,
        parents=[_shared(defaults=True)],
    )  # fmt: skip
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    shared = _shared(defaults=False)

    def add(name: str, run: Command, help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[shared], help=help_text, allow_abbrev=False)
        command.set_defaults(run=run)
        return command

    checking = add("check", check, "核对数据与文件 / check figures and files")
    checking.add_argument("--all", action="store_true", help="含全部面积核对 / all area checks too")
    exporting = add("export", export, "导出图层或表 / write a layer or a table to a file")
    exporting.add_argument("name", help="图层名 / collection")
    exporting.add_argument("out", help="文件(.geojson .csv .gpkg .shp .zip .kml …) / file")
    exporting.add_argument("--bbox", help="W,S,E,N 经纬度 / degrees")
    exporting.add_argument("--version", type=int, help="版本 / version")
    listing = add("history", history, "图层的版本 / versions of a collection")
    listing.add_argument("name", help="图层名 / collection")
    going_back = add("rollback", rollback, "恢复到旧版本 / go back to an older version")
    going_back.add_argument("name", help="图层名 / collection")
    going_back.add_argument("version", type=int, help="旧版本 / older version")
    going_back.add_argument("--message", help="说明 / why, for the history")
    looking = add("inspect", inspect, "查看文件 / look into a file")
    _reading(looking)
    looking.add_argument(
        "--full", action="store_true", help="含要素之间的重叠与缝隙 / overlaps and gaps too"
    )
    converting = add("convert", convert, "转换格式与坐标系 / write in another format")
    _reading(converting)
    converting.add_argument("out", help="写出的文件 / file to write")
    converting.add_argument("--to", help="写成 EPSG:n / system to write in")
    converting.add_argument(
        "--out-encoding", choices=("utf-8", "gb18030"),
        help="Shapefile、界址点文本的编码 / encoding of Shapefile and survey text",
    )  # fmt: skip
    importing = add("import", import_file, "导入 / bring a file into the workspace")
    _reading(importing)
    importing.add_argument(
        "--collection", required=True,
        help="图层名；zones、figures、parcels、projects 见文档 / name of the collection",
    )  # fmt: skip
    importing.add_argument("--message", help="说明 / why, for the history")
    importing.add_argument(
        "--repair", action="store_true", help="修复有错的图形 / repair outlines at fault"
    )
    importing.add_argument("--name-column", help="zones：名称所在的列 / column of the zones' names")
    importing.add_argument("--place", help="zones：开发区编号 / id of the one zone")
    importing.add_argument(
        "--precision", choices=("surveyed", "digitised"), default="digitised",
        help="zones：实测或数字化 / how precise the outlines are",
    )  # fmt: skip
    importing.add_argument("--source-title", help="来源标题 / title of the source")
    importing.add_argument("--publisher", help="发布单位 / who published it")
    importing.add_argument("--published-on", help="发布日期 / date, YYYY[-MM[-DD]]")
    add("cleanup", cleanup, "清理残留文件 / remove what interrupted writes left")
    overlaying = add("overlay", overlay, "按类别统计方案内的土地 / land by class in a proposal")
    overlaying.add_argument("proposal", metavar="PROPOSAL", help="方案编号或面文件 / key or file")
    overlaying.add_argument("layer", metavar="LAYER", help="图层名或 .parquet / collection")
    overlaying.add_argument("--by", required=True, metavar="COLUMN", help="类别列 / class column")
    overlaying.add_argument("--engine", choices=("local", "dask"), default="local")
    overlaying.add_argument("--scheduler", help="tcp://… Dask 集群 / of a running cluster")
    comparing = add("compare", compare, "方案比选 / proposals side by side")
    comparing.add_argument("proposals", nargs="+", metavar="PROPOSAL", help="方案编号 / keys")
    comparing.add_argument("--weights", help="权重文件(.json .csv) / file of weights")
    comparing.add_argument(
        "--method",
        choices=("minmax", "zscore", "benchmark"),
        default="minmax",
        help="归一 / method",
    )
    comparing.add_argument("--report", help="报告(.pdf .xlsx .gpkg .html) / file of the report")
    return parser


if __name__ == "__main__":
    sys.exit(main())
