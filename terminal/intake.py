"""The command `import`: a layer, outlines of zones, or a table becomes the next version.

Nothing is asked here: what is open is refused, with all that would have to be said.
"""

from __future__ import annotations

import hashlib
import re
from argparse import Namespace
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from facts.matching import Matcher
from facts.model import Source
from geo.faultkinds import INVALID
from geo.problems import Problem
from layers.atlas import Atlas, open_atlas
from layers.texts import text
from settings import Settings, load_settings
from store.imports import (
    ImportRefusedError,
    Prepared,
    commit_layer,
    prepare,
    refuse_taken,
    surroundings,
)
from store.officefigures import (
    OBSERVATIONS,
    PARCELS,
    PROJECTS,
    Added,
    add_figures,
    add_parcels,
    add_projects,
    as_on_file,
    office_source,
    row_prefix,
    source_on_file,
)
from terminal.answers import answered
from terminal.files import (
    FileCommandError,
    answer_of,
    existing,
    id_column_of,
    options_of,
    problem_lines,
    progress_of,
)

Answer = tuple[dict[str, Any], list[str]]

ZONES = "zones"
# What may be written for the collections that tables go into, and the kind of table of each.
TABLES: Mapping[str, tuple[str, Any]] = MappingProxyType(
    {
        "figures": (OBSERVATIONS, "figures"), OBSERVATIONS: (OBSERVATIONS, "figures"),
        "parcels": (PARCELS, "parcels"), PARCELS: (PARCELS, "parcels"),
        PROJECTS: (PROJECTS, "projects"),
    }
)  # fmt: skip
_SHOWN = 12


def import_file(args: Namespace, *, author: str) -> Answer:
    """Make a file the next version of a collection, in the user's name."""
    settings = load_settings(workspace=args.workspace)
    path = existing(args.file)
    _refuse_no_date(args.published_on or "")
    leave_out = _numbers(args.leave_out or "")
    atlas = open_atlas(settings.workspace, settings.data)
    if args.collection in TABLES:
        return _import_table(atlas, path, settings, args, author)
    workspace = atlas.workspace
    if args.collection != ZONES:
        refuse_taken(args.collection)
    with workspace.writing(), workspace.making() as out:
        try:
            prepared = prepare(
                path, options_of(args), answer_of(args), out=out, limits=settings.limits,
                repairs="all" if args.repair else "none", leave_out=leave_out,
                around=surroundings(workspace, id_column=_ids(args)), progress=progress_of(args),
            )  # fmt: skip
        except ImportRefusedError as error:
            raise _with_hint(error, args) from error
        if args.collection == ZONES:
            return _import_zones(atlas, path, prepared, args, author)
        done = commit_layer(
            workspace, prepared, args.collection, author=author, message=args.message or ""
        )
    answer = _told(prepared, args) | {
        "collection": done.collection, "version": done.version, "rows": done.rows,
    }  # fmt: skip
    line = text(
        "cli.imported", args.lang, name=done.collection, version=done.version, rows=done.rows,
        crs=prepared.placed_zh if args.lang == "zh" else prepared.placed_en,
        mended=prepared.repaired, dropped=prepared.dropped,
    )  # fmt: skip
    return answer, [line, *problem_lines(prepared.problems, args.lang)]


def _with_hint(error: ImportRefusedError, args: Namespace) -> ImportRefusedError:
    """The refusal with every error in it, and the options that would settle them."""
    if not error.problems:
        return error
    zh, _, en = error.message.partition(" / ")
    if hint := _options(error.problems, args):
        zh, en = f"{zh}（{hint}）", f"{en} ({hint})"
    return ImportRefusedError(
        f"{zh} / {en}", faults=problem_lines(error.problems, args.lang), problems=error.problems
    )


def _options(problems: tuple[Problem, ...], args: Namespace) -> str:
    """The options that would settle these errors, "" where only another file would."""
    hopeless = [problem for problem in problems if problem.code not in INVALID]
    if any(problem.feature is None for problem in hopeless):
        return ""
    found = []
    if len(hopeless) < len(problems) and not args.repair:
        found.append("--repair")
    if hopeless:
        numbers = sorted({problem.feature or 0 for problem in hopeless} | _numbers(args.leave_out))
        more = ",…" if len(numbers) > _SHOWN else ""
        found.append(f"--leave-out {','.join(map(str, numbers[:_SHOWN]))}{more}")
    words = " ".join(found)
    same_ids = any(problem.code == "duplicate_id" for problem in hopeless)
    return f"{words} | --id-column none" if same_ids else words


def _numbers(written: str | None) -> frozenset[int]:
    """Numbers of features, as in "2,5"."""
    try:
        return frozenset(int(part) for part in (written or "").split(",") if part.strip())
    except ValueError:
        raise FileCommandError(
            f"--leave-out 须为要素编号，如 2,5，不是 {written} / --leave-out takes numbers of "
            f"features such as 2,5, not {written}"
        ) from None


def _ids(args: Namespace) -> str:
    """The column of ids; a zone may be given in several features of one id."""
    return id_column_of(args, usual=args.collection != ZONES)


def _refuse_no_date(written: str) -> None:
    """Refuse what is no day, month or year. Raises FileCommandError."""
    found = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", written, re.ASCII)
    try:
        known = found is not None and date(*(int(part or 1) for part in found.groups()))
    except ValueError:
        known = False
    if written and not known:
        raise FileCommandError(
            f"--published-on 须为 YYYY、YYYY-MM 或 YYYY-MM-DD，不是 {written} / --published-on "
            f"takes YYYY, YYYY-MM or YYYY-MM-DD, not {written}"
        )


def _told(prepared: Prepared, args: Namespace) -> dict[str, Any]:
    return {
        "crs": prepared.crs, "crs_basis": prepared.crs_basis, "bbox": prepared.bbox,
        "area_m2": prepared.area_m2, "repaired": prepared.repaired, "dropped": prepared.dropped,
        "removed_m2": prepared.removed_m2, "added_m2": prepared.added_m2,
        "left_out": list(prepared.left_out),
        "problems": [problem.to_json(args.lang) for problem in prepared.problems],
    }  # fmt: skip


def _source(path: Path, args: Namespace, *, note: str = "") -> Source:
    return office_source(
        title=args.source_title or path.stem, publisher=args.publisher or "",
        published_on=args.published_on or "", file=path.name, sha256=_sha256(path),
        note=note,
    )  # fmt: skip


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- outlines of zones ---------------------------------------------------------------------------


def _import_zones(
    atlas: Atlas, path: Path, prepared: Prepared, args: Namespace, author: str
) -> Answer:
    import geopandas as gpd  # noqa: PLC0415 - only for outlines
    import shapely  # noqa: PLC0415

    from store.boundaryimport import commit_zones, zones_with  # noqa: PLC0415
    from terminal.zonewarnings import zone_warnings  # noqa: PLC0415

    if args.precision == "surveyed":
        prepared.refuse_as_surveyed()
    frame = gpd.read_parquet(prepared.path)
    ids = _zone_ids(atlas, frame, args)
    parts: dict[str, list[Any]] = {}
    for place_id, shape in zip(ids, frame.geometry, strict=True):
        parts.setdefault(place_id, []).append(shape)
    shapes = {place_id: shapely.union_all(found) for place_id, found in parts.items()}
    source = _source(path, args, note=prepared.treatment)
    current: Any = atlas.workspace.read(ZONES, version=atlas.versions[ZONES])
    zones = zones_with(
        current, shapes, atlas.facts, precision=args.precision, source_id=source.source_id
    )
    warnings = zone_warnings(atlas, shapes, zones)
    message = args.message or f"导入 {path.name} / import of {path.name}"
    version = commit_zones(
        atlas.workspace, zones, source=source, author=author,
        message=prepared.in_message(message), expected_version=atlas.versions[ZONES],
    )  # fmt: skip
    told = _told(prepared, args)
    told["problems"] += [problem.to_json(args.lang) for problem in warnings]
    answer = told | {
        "collection": ZONES, "version": version, "rows": len(zones), "places": sorted(shapes),
        "source_id": source.source_id,
    }  # fmt: skip
    names = "、".join(atlas.facts.place(place_id).name(args.lang) for place_id in sorted(shapes))
    line = text("cli.imported_zones", args.lang, version=version, names=names)
    return answer, [line, *problem_lines((*prepared.problems, *warnings), args.lang)]


def _zone_ids(atlas: Atlas, frame: Any, args: Namespace) -> list[str]:
    """The place of each feature: one for all, or by a column of names that are on file."""
    if args.place:
        return [args.place] * len(frame)
    columns = [str(name) for name in frame.columns if name != frame.geometry.name]
    if args.name_column not in columns:
        raise FileCommandError(
            f"请用 --name-column 指定开发区名称的列（有：{'、'.join(columns)}），或用 --place "
            f"指定一个开发区 / name the column of zones' names with --name-column (there are: "
            f"{', '.join(columns)}), or one zone with --place"
        )
    matcher = Matcher(atlas.facts)
    matches = {str(name): matcher.place(str(name)) for name in frame[args.name_column]}
    open_ones = [
        f"{name} → {'、'.join(s.name_zh for s in match.suggestions[:3]) or '?'}"
        for name, match in matches.items()
        if not match.settled
    ]
    if open_ones:
        raise ImportRefusedError(
            f"{len(open_ones)} 个名称不能确定是哪个开发区，请改成登记的名称，或在导入页上确认："
            f"{'；'.join(open_ones[:_SHOWN])} / names that are not exactly on file: correct them, "
            "or confirm them on the import page",
            faults=open_ones,
        )
    return [matches[str(name)].suggestions[0].target_id for name in frame[args.name_column]]


# --- tables --------------------------------------------------------------------------------------


def _import_table(
    atlas: Atlas, path: Path, settings: Settings, args: Namespace, author: str
) -> Answer:
    from facts.drafts import suggest  # noqa: PLC0415 - only for tables
    from facts.tableforms import recognise  # noqa: PLC0415
    from store.mappings import find_mapping, save_mapping  # noqa: PLC0415
    from store.sheets import read_sheets  # noqa: PLC0415

    collection, kind = TABLES[args.collection]
    grids = read_sheets(path, encoding=args.encoding or "", limits=settings.limits)
    form = recognise(_sheet(grids, args.layer or ""))
    matcher = Matcher(atlas.facts)
    draft = suggest(form, matcher, table=kind)
    remembered = find_mapping(atlas.workspace, draft.mapping.signature)
    if remembered is not None:
        draft = suggest(form, matcher, table=kind, remembered=remembered)
    mapping = answered(draft.mapping, form, matcher, args)
    source, before = _table_source(atlas, path, args)
    found = _reader(kind)(
        form, mapping, atlas.facts, source_id=source.source_id, row_prefix=row_prefix(source)
    )
    if found.faults:
        told = [str(fault) for fault in found.faults]
        raise ImportRefusedError(
            f"表中有 {len(told)} 处错误，未导入：{'；'.join(told[:_SHOWN])} / "
            f"{len(told)} faults in the table, nothing was imported",
            faults=told,
        )
    records = getattr(found, "observations", None) or getattr(found, kind, ())
    message = args.message or f"导入 {path.name} / import of {path.name}"
    added = _adder(kind)(
        atlas.workspace, records, facts=atlas.facts, source=source, author=author, message=message
    )
    save_mapping(atlas.workspace, mapping, author=author, message=message)
    skipped = [
        {"where": s.locator, "why": s.reason_zh if args.lang == "zh" else s.reason_en}
        for s in found.skipped
    ]
    answer = {
        "collection": collection, "version": added.version, "rows": len(records),
        "added": added.added, "replaced": added.replaced, "unchanged": added.unchanged,
        "source_id": source.source_id, "skipped": skipped,
        "problems": [
            *(Problem("already_imported", "warning", w, w).to_json(args.lang) for w in before),
            *(
                Problem(
                    "table", "warning", str(w), str(w), line=w.line or None,
                    field=getattr(w, "column", "") or "",
                ).to_json(args.lang)
                for w in found.warnings
            ),
        ],
    }  # fmt: skip
    key = "cli.imported_table" if added.version is not None else "cli.imported_nothing"
    line = text(
        key, args.lang, name=collection, version=added.version, added=added.added,
        replaced=added.replaced, unchanged=added.unchanged, skipped=len(skipped),
    )  # fmt: skip
    return answer, [line, *before, *(str(warning) for warning in found.warnings)]


def _table_source(atlas: Atlas, path: Path, args: Namespace) -> tuple[Source, list[str]]:
    """The source of a table; the same bytes are that on file, which is told."""
    from layers.figurechanges import imported_before  # noqa: PLC0415 - only for tables

    known = source_on_file(atlas.facts.sources, _sha256(path))
    source = as_on_file(_source(path, args), known, retitled=bool(args.source_title))
    return source, imported_before(atlas.workspace, known, args.lang)


def _sheet(grids: Any, wanted: str) -> Any:
    """The sheet that is asked for, or the only one that holds anything."""
    filled = [grid for grid in grids if grid.height and (not wanted or grid.name == wanted)]
    if len(filled) == 1:
        return filled[0]
    names = "、".join(grid.name for grid in grids)
    raise FileCommandError(
        f"请用 --layer 指定工作表：{names} / choose a sheet with --layer: {names}"
    )


def _reader(kind: str) -> Callable[..., Any]:
    from facts.figuretables import to_observations  # noqa: PLC0415 - only for tables
    from facts.parcels import to_parcels  # noqa: PLC0415
    from facts.projects import to_projects  # noqa: PLC0415

    readers = {"figures": to_observations, "parcels": to_parcels, "projects": to_projects}
    return readers[kind]


def _adder(kind: str) -> Callable[..., Added]:
    return {"figures": add_figures, "parcels": add_parcels, "projects": add_projects}[kind]
