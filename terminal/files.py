"""Commands about files that belong to nobody yet: look into one, write it in another format."""

from __future__ import annotations

import hashlib
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from geo.areas import M2_PER_HA
from geo.conversion import DEGREES, converted, target_system
from geo.errors import FileRefusedError
from geo.files import FORMATS, ReadOptions, open_file, write_file
from geo.files.formats import BY_EXTENSION
from geo.inspection import Inspection, inspect
from geo.placement import CrsAnswer, Placement, SevenParameters
from geo.problems import Problem
from geo.reference import system
from geo.surroundings import USUAL, Surroundings
from layers.atlas import Atlas, open_atlas
from layers.errors import LayerError
from layers.geojson import BBox
from layers.texts import text
from settings import Settings, load_settings
from store.imports import surroundings

Answer = tuple[dict[str, Any], list[str]]
Tell = Callable[..., None]
SHIFTS = {"gcj02-to-wgs84": "gcj02", "bd09-to-wgs84": "bd09", "none": "none"}
NO_COLUMN = "none"
_QUIET_S = 1.0
_OURS = Placement(system=system(DEGREES), basis="declared")  # of all that the workspace holds
_SHOWN = 30


class FileCommandError(LayerError):
    """An argument of these commands can't be used."""

    code = "bad_argument"


def options_of(args: Namespace) -> ReadOptions:
    """What the command line says about reading the file."""
    return ReadOptions(
        member=args.member or "", layer=args.layer or "", encoding=args.encoding or "",
        x_column=args.x_column or "", y_column=args.y_column or "",
        wkt_column=args.wkt_column or "",
    )  # fmt: skip


def answer_of(args: Namespace) -> CrsAnswer:
    """What the command line says about the coordinates."""
    parameters = SevenParameters.from_text(args.parameters) if args.parameters else None
    return CrsAnswer(
        crs=args.crs or "", shift=SHIFTS.get(args.shift or "", ""), parameters=parameters,
        approximate=args.approximate,
    )  # fmt: skip


def progress_of(args: Namespace) -> Tell:
    """Says on stderr what is being done, once a command has taken a second."""
    started = time.monotonic()

    def tell(zh: str, en: str, *_: object) -> None:
        if not args.json and time.monotonic() - started > _QUIET_S:
            print(zh if args.lang == "zh" else en, file=sys.stderr, flush=True)

    return tell


def inspect_file(args: Namespace) -> Answer:
    """What a file is and says, where its coordinates stand, and what is wrong with it."""
    settings = load_settings(workspace=args.workspace)
    path = existing(args.file)
    try:
        file = open_file(path, options_of(args), limits=settings.limits)
    except FileRefusedError as error:
        if error.code != "choose_columns" or args.x_column or args.wkt_column:
            raise
        return _inspect_table(path, settings, args, error)
    found = inspect(
        file, answer_of(args), limits=settings.limits, full=args.full,
        around=_around(settings, args) if args.full else None, progress=progress_of(args),
    )  # fmt: skip
    return found.to_json(args.lang), _inspection_lines(found, args.lang)


def _around(settings: Settings, args: Namespace) -> Surroundings:
    """The outlines of the province and its counties, to compare a file with, and its ids."""
    atlas = open_atlas(settings.workspace, settings.data)
    return surroundings(atlas.workspace, id_column=id_column_of(args))


def id_column_of(args: Namespace, *, usual: bool = True) -> str:
    """The column of ids for `Surroundings`: as given, "none", or one of a usual name."""
    if args.id_column is None:
        return USUAL if usual else ""
    return "" if args.id_column == NO_COLUMN else str(args.id_column)


def convert(args: Namespace) -> Answer:
    """Write a file in another format, in its own reference system or in another one."""
    settings = load_settings(workspace=args.workspace)
    path, out = existing(args.file), target(args.out)
    known = BY_EXTENSION.get(out.suffix.lower())
    if known is None or not known.writes:
        raise FileCommandError(
            f"不能写成 {out.suffix or out.name}；可用：{_endings()} / "
            f"can't be written as {out.suffix or out.name}; there are: {_endings()}"
        )
    file = open_file(path, options_of(args), limits=settings.limits)
    tell = progress_of(args)
    tell("读取文件", "reading the file")
    made = converted(file, answer_of(args), known.key, to=args.to or "")
    tell("写出文件", "writing the file")
    report = write_file(made.frame, out, encoding=args.out_encoding or "", extra=file.extra)
    problems = (*made.problems, *report.problems)
    answer = {
        "file": str(out), "format": known.key, "crs": made.system.key,
        "source_crs_basis": made.basis,
        "feature_count": report.features, "bytes": out.stat().st_size,
        "problems": [problem.to_json(args.lang) for problem in problems],
    }  # fmt: skip
    line = text(
        "cli.converted", args.lang, file=out, features=report.features,
        crs=made.system.name(args.lang), bytes=answer["bytes"],
    )  # fmt: skip
    return answer, [line, *problem_lines(problems, args.lang)]


def write_collection(atlas: Atlas, args: Namespace, out: Path, bbox: BBox | None) -> Answer:
    """Write a layer of the workspace in a format that only other software needs.

    Raises:
        FileCommandError: an unknown format, or a table, which these formats do not hold.
    """
    known = BY_EXTENSION[out.suffix.lower()]
    if not known.writes:
        raise FileCommandError(
            f"不能写成 {out.suffix}；可用：{_endings()} / "
            f"can't be written as {out.suffix}; there are: {_endings()}"
        )
    info = atlas.workspace.info(args.name, version=args.version)
    if not info.geo:
        raise FileCommandError(
            f"{args.name} 是表，只能写成 .csv / {args.name} is a table: write it as .csv"
        )
    frame: Any = atlas.workspace.read(args.name, version=info.version, bbox=bbox)
    if known.key == "txt" and "precision" in frame and (frame["precision"] == "schematic").any():
        # The format has no place for the mark, and land reports are made of such files.
        raise FileCommandError(
            "示意图形不能写成界址点坐标；请先导入实测或数字化的边界 / schematic outlines are not "
            "written as survey text: import surveyed or digitised ones first"
        )
    target_key = target_system(_OURS, known.key, "", centre_lon=_centre_lon(info.bbox)).key
    report = write_file(frame if target_key == DEGREES else frame.to_crs(target_key), out)
    answer = {
        "file": str(out), "bytes": out.stat().st_size, "version": info.version,
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(), "crs": target_key,
        "problems": [problem.to_json(args.lang) for problem in report.problems],
    }  # fmt: skip
    line = text("cli.exported", args.lang, file=out, bytes=answer["bytes"], version=info.version)
    return answer, [line, *problem_lines(report.problems, args.lang)]


def _centre_lon(bbox: BBox | None) -> float | None:
    return (bbox[0] + bbox[2]) / 2 if bbox else None


def _endings() -> str:
    return " ".join([f.extensions[0] for f in FORMATS.values() if f.writes] + [".zip"])


def existing(written: str) -> Path:
    """The path of a file that is there.

    Raises:
        FileRefusedError: there is none.
    """
    path = Path(written)
    if not path.is_file():
        raise FileRefusedError(f"没有文件 {path} / there is no file {path}", code="no_such_file")
    return path


def target(written: str) -> Path:
    """The path of a file that can be made.

    Raises:
        FileCommandError: it is a folder, or its folder does not exist.
    """
    out = Path(written)
    if out.is_dir():
        raise FileCommandError(f"{out} 是文件夹 / {out} is a folder")
    if not out.parent.is_dir():
        raise FileCommandError(
            f"{out}：文件夹 {out.parent} 不存在 / {out}: the folder {out.parent} does not exist"
        )
    return out


def problem_lines(problems: Any, lang: str) -> list[str]:
    """Problems for people: where each one is, and what it says."""
    lines = []
    for problem in problems[:_SHOWN]:
        where = [
            text(f"cli.{name}", lang, number=value)
            for name, value in (
                ("line", problem.line), ("feature", problem.feature), ("ring", problem.ring)
            )
            if value is not None
        ]  # fmt: skip
        if problem.lon is not None:
            where.append(f"({problem.lon:.6f}, {problem.lat:.6f})")
        level = text(f"cli.level_{problem.level}", lang)
        lines.append(f"[{level}] {' '.join([*where, problem.message(lang)])}")
    if len(problems) > _SHOWN:
        lines.append(text("cli.more_problems", lang, count=len(problems) - _SHOWN))
    return lines


def _inspection_lines(found: Inspection, lang: str) -> list[str]:
    told = found.to_json(lang)
    ha = "—" if found.area_m2 is None else f"{found.area_m2 / M2_PER_HA:,.4f} ha"
    box = "—" if found.bbox is None else ", ".join(f"{v:.6f}" for v in found.bbox)
    rows = [
        (
            "format",
            FORMATS[found.format].name_zh if lang == "zh" else FORMATS[found.format].name_en,
        ),
        ("encoding", f"{found.encoding or '—'} ({found.encoding_basis})"),
        ("crs", f"{told['crs'] or '—'} {told['crs_name']} ({told['crs_basis']})"),
        ("features", f"{found.feature_count:,}"),
        ("types", ", ".join(f"{name} {n:,}" for name, n in found.geometry_types.items())),
        ("bbox", box),
        ("area", ha),
    ]
    lines = [f"{text(f'cli.inspect_{name}', lang)}: {value}" for name, value in rows]
    lines += told["crs_reasons"]
    if told["crs_question"]:
        lines.append(told["crs_question"])
        lines += [f"  --crs {c['crs']}  {c['name']}" for c in told["crs_candidates"]]
    return lines + problem_lines(found.problems, lang)


def _inspect_table(
    path: Path, settings: Settings, args: Namespace, refused: FileRefusedError
) -> Answer:
    """A table without coordinates: its sheets, rows and columns, with the same keys."""
    from facts.tableforms import FormError, recognise  # noqa: PLC0415 - only for tables
    from store.sheets import read_sheets  # noqa: PLC0415 - as above

    forms, problems = [], []
    for grid in read_sheets(path, encoding=args.encoding or "", limits=settings.limits):
        try:
            forms.append(recognise(grid))
        except FormError as error:
            zh, _, en = str(error).partition(" / ")
            problems.append(Problem("no_table", "warning", f"{grid.name}：{zh}", en or zh))
    if not forms:
        raise refused
    for form in forms:
        for fault in form.warnings:
            zh, _, en = fault.why.partition(" / ")
            problems.append(
                Problem("table", "warning", zh, en or zh, line=fault.line or None,
                        field=fault.column)
            )  # fmt: skip
    sheets = [
        {
            "name": form.grid.name, "layout": form.layout, "rows": len(form.data_rows),
            "columns": [
                {"name": c.title, "unit": c.unit, "type": c.content, "sample": list(c.sample)}
                for c in form.columns
            ],
        }
        for form in forms
    ]  # fmt: skip
    rows = sum(sheet["rows"] for sheet in sheets)
    told = {
        "format": path.suffix.removeprefix(".").lower(), "encoding": forms[0].grid.encoding,
        "crs": None, "crs_basis": "no coordinates", "feature_count": rows, "geometry_types": [],
        "bbox": None, "area_m2": None,
        "problems": [problem.to_json(args.lang) for problem in problems], "sheets": sheets,
    }  # fmt: skip
    lines = [
        text("cli.inspect_sheet", args.lang, name=s["name"], rows=s["rows"],
             columns="、".join(c["name"] for c in s["columns"]))
        for s in sheets
    ]  # fmt: skip
    return told, lines + problem_lines(problems, args.lang)
