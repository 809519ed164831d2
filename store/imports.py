"""Layers of an office brought into the workspace: read, placed, checked, measured, stored.

`prepare` makes of a stranger's file a file of ours, and can run in a process of its own (see
`quarantine`); `commit_layer` makes that the next version. Nothing is guessed, nothing is repaired
unless it was chosen, and what is mended or left out is reported.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from facts.model import Source
from geo.faultkinds import INVALID
from geo.files import FeatureFile, ReadOptions, open_file
from geo.inspection import KINDS
from geo.landlayer import AREA_COLUMN, MEASURED
from geo.limits import Limits
from geo.placement import CrsAnswer
from geo.problems import Problem
from geo.scan import Progress, Scanned
from geo.surroundings import Surroundings
from store.baseline import GEO_COLLECTIONS, OFFICE, PLANS, TABLES
from store.files import discard
from store.gathering import Gathered, Mended, Repairs, UnknownRepairError, gather
from store.landcolumns import plain_columns
from store.landfiles import Land, write_land
from store.log import BASELINE_AUTHOR, BBox
from store.officefigures import add_sources
from store.prepared import ImportRefusedError, Prepared, problem_to_json
from store.together import together
from store.workspace import Workspace

__all__ = [
    "ImportRefusedError", "ImportReport", "Prepared", "commit_layer", "import_layer", "prepare",
    "problem_to_json", "refuse_taken", "surroundings",
]  # fmt: skip

CGCS2000 = 4490
_CHINA = (73.0, 3.0, 136.0, 54.0)
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `bbox` is W, S, E, N in degrees, `area_m2` None for points and lines."""

    collection: str
    version: int
    rows: int
    crs: str
    crs_basis: str
    bbox: BBox | None
    area_m2: float | None
    mended: int
    dropped: int
    problems: tuple[Problem, ...]


def prepare(
    path: Path,
    options: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
    answer: CrsAnswer | None = None,
    *,
    out: Path,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    repairs: Repairs = "none",
    leave_out: Collection[int] = (),
    name: str = "",
    around: Surroundings | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Read, place, check, repair and measure a file, and write it as a layer of ours.

    Args:
        path: of any format that `geo.files.open_file` reads.
        options: which layer, which encoding.
        answer: what the user said of the coordinates.
        out: where to write; on the workspace's disk, so that it need not be copied.
        limits: above which the file is refused.
        repairs: "none", "all" automatic ones, or the ids of those chosen.
        leave_out: numbers of features (from 1) that are not to be imported, sound or not.
        name: the user's name of the file, where it is another one.
        around: outlines to compare with.
        progress: told of each step, in Chinese and English.

    Raises:
        FileRefusedError, LimitError: the file can't be read, or is too large.
        CrsQuestionError: it is not settled where the coordinates stand.
        ImportRefusedError: errors remain; all are listed.
        WriteFailedError: the disk refused.
    """
    tell = progress or (lambda _zh, _en: None)
    tell("读取文件", "reading the file")
    file = open_file(path, options, limits=limits)
    gathered, scanned = gather(
        file, answer or CrsAnswer(), limits=limits, around=around or Surroundings(),
        progress=progress,
    )  # fmt: skip
    told = name or path.name
    gathered.problems.add((*scanned.problems, *file.problems))
    _refuse_elsewhere(gathered, told, leave_out)
    if repairs != "none":
        tell("修复", "making repairs")
    try:
        mended = gathered.mend(repairs, leave_out=leave_out)
    except UnknownRepairError as error:
        raise ImportRefusedError(
            f"没有这些修复：{'、'.join(error.ids)} / there are no such repairs: "
            f"{', '.join(error.ids)}",
            faults=error.ids,
        ) from error
    _refuse_errors(gathered, told, chosen=repairs != "none" or bool(leave_out))
    tell("写入", "writing")
    return _written(file, scanned, gathered, mended, out=out, name=told)


def commit_layer(
    workspace: Workspace,
    prepared: Prepared,
    collection: str,
    *,
    author: str,
    message: str = "",
    title: str = "",
    source: Source | None = None,
    expected_version: int | None = None,
) -> ImportReport:
    """Make a prepared file the next version of a collection.

    The file is used up when that succeeds; after an error the same can be tried again. `title` is
    what the office calls the layer; without one the layer keeps that which it has. `source` is put
    on file and named by the version; without one the version names the file itself.

    Raises:
        ImportRefusedError: the collection's name is taken, or the author's.
        StaleWriterError: the newest version is not the expected one, or not any more.
        WriteFailedError: the disk refused; the old version stands.
    """
    refuse_taken(collection)
    if author == BASELINE_AUTHOR:
        raise ImportRefusedError(f"作者名 {author} 由系统使用 / the author {author} is reserved")
    message = message or f"导入 {prepared.name} / import of {prepared.name}"
    problems = prepared.problems
    with workspace.writing(), together(workspace, author=author) as commits:
        commits.expect(collection, expected_version)
        staged = workspace.adopt(collection, prepared.path)
        if collection in workspace.versions():
            newest = workspace.info(collection)
            if newest.sha256 == staged.sha256:
                problems = (*problems, _unchanged(newest.version))
            title = title or newest.title
        named = prepared.source
        if source is not None:
            known = replace(source, note=source.note or prepared.source)
            add_sources(workspace, [known], author=author, message=message)
            named = source.source_id
        version = workspace.commit(
            collection, staged, author=author, source=named, message=message, title=title,
            expected_version=expected_version,
        )  # fmt: skip
    discard(prepared.path)
    return ImportReport(
        collection=collection, version=version, rows=prepared.rows, crs=f"EPSG:{CGCS2000}",
        crs_basis=f"{prepared.crs_basis} {prepared.crs}", bbox=prepared.bbox,
        area_m2=prepared.area_m2, mended=prepared.repaired, dropped=prepared.dropped,
        problems=problems,
    )  # fmt: skip


def import_layer(
    workspace: Workspace,
    file: Path,
    collection: str,
    *,
    crs: str | None = None,
    author: str,
    message: str = "",
    layer: str | None = None,
    options: ReadOptions | None = None,
    answer: CrsAnswer | None = None,
    repairs: Repairs = "none",
    limits: Limits = Limits(),  # noqa: B008 - frozen
    around: Surroundings | None = None,
    expected_version: int | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """`prepare` and `commit_layer`: a file as the next version of a collection, or nothing at all.

    `crs` and `layer` are short for an `answer` and `options` that say only that. Raises what the
    two raise.
    """
    refuse_taken(collection)
    with workspace.writing(), workspace.making() as out:
        prepared = prepare(
            file, options or ReadOptions(layer=layer or ""), answer or CrsAnswer(crs=crs or ""),
            out=out, limits=limits, repairs=repairs, around=around, progress=progress,
        )  # fmt: skip
        return commit_layer(
            workspace, prepared, collection, author=author, message=message,
            expected_version=expected_version,
        )  # fmt: skip


def refuse_taken(collection: str) -> None:
    """Refuse collections that have a form of their own. Raises ImportRefusedError."""
    if collection in (*GEO_COLLECTIONS, *TABLES, *PLANS, *OFFICE):
        raise ImportRefusedError(
            f"数据集 {collection} 有自己的格式，不能这样导入；请用别的名称 / "
            f"{collection} has a form of its own and can't be imported so; use another name"
        )


def surroundings(workspace: Workspace, **columns: str) -> Surroundings:
    """The province and the counties as the workspace has them; none where it has none.

    `columns` are the names of a file's columns, see `Surroundings`.
    """
    names = workspace.collections()
    if "provinces" not in names or "counties" not in names:
        return Surroundings(**columns)
    province: Any = workspace.read("provinces", columns=["geometry"])
    counties: Any = workspace.read(
        "counties", columns=["place_id", "name_zh", "name_en", "geometry"]
    )
    shape = None if province.empty else province.geometry.union_all()
    return Surroundings(province=shape, counties=counties, **columns)


def _unchanged(version: int) -> Problem:
    return Problem(
        "unchanged", "warning", f"内容与上一版本（{version}）完全相同",
        f"the content is exactly that of the version before ({version})",
    )  # fmt: skip


def _refuse_elsewhere(gathered: Gathered, name: str, leave_out: Collection[int]) -> None:
    bounds = gathered.bounds
    west, south, east, north = _CHINA
    away = (
        (bounds[:, 0] < west) | (bounds[:, 1] < south)
        | (bounds[:, 2] > east) | (bounds[:, 3] > north)
    )  # fmt: skip
    away[gathered.invalid] = False  # told as what they are
    away[[number - 1 for number in leave_out if 0 < number <= len(away)]] = False
    if away.any():
        first = int(np.flatnonzero(away)[0])
        lon, lat = bounds[first, :2]
        raise ImportRefusedError(
            f"{name} 有 {int(away.sum())} 个要素不在中国范围内，第一个是第 {first + 1} 个"
            f"（{lon:.4f}, {lat:.4f}）；请检查坐标系，或不导入这些要素 / {int(away.sum())} "
            f"features lie outside China, the first is number {first + 1} ({lon:.4f}, {lat:.4f}): "
            "check the CRS, or leave them out"
        )


def _refuse_errors(gathered: Gathered, name: str, *, chosen: bool) -> None:
    errors = gathered.errors()
    if not errors and not len(gathered.invalid) and not gathered.faulty:
        return
    features = {p.feature for p in errors if p.feature is not None} | gathered.faulty
    features |= set((gathered.invalid + 1).tolist())
    what = f"{len(features)} 个要素有错" if features else f"有 {len(errors)} 处错误"
    what_en = f"{len(features)} features with errors" if features else f"{len(errors)} errors"
    if any(p.code not in INVALID for p in errors):
        do_zh, do_en = "请改正文件，或不导入这些要素", "correct the file, or leave them out"
    elif chosen:
        do_zh, do_en = "所选修复不够，请再选或改正文件", "the chosen repairs are not enough"
    else:
        do_zh, do_en = "请改正文件，或选择修复后再导入", "correct the file, or choose repairs"
    raise ImportRefusedError(
        f"{name} {what}，未导入；{do_zh} / {name} was not imported, it has {what_en}: {do_en}",
        faults=[f"{p.message_zh} / {p.message_en}" for p in errors], problems=errors,
    )  # fmt: skip


def _written(
    file: FeatureFile, scanned: Scanned, gathered: Gathered, mended: Mended, *, out: Path, name: str
) -> Prepared:
    """The layer written, and what there is to say of it."""
    placement = scanned.placement
    assert placement is not None  # noqa: S101 - `gather` refuses otherwise
    kept, measured = gathered.keep()
    if not kept.any():
        raise ImportRefusedError(f"{name} 没有可用的图形 / {name} has no feature with an outline")
    gathered.problems.add(_dropped(kept, mended, land=measured))
    attributes = _without_ours(gathered, measured=measured)
    table, renamed = plain_columns(attributes, measured=measured)
    gathered.problems.add(renamed)
    areas = gathered.areas
    columns = tuple(table.column_names)
    if measured:
        table = pa.table([*table.columns, pa.array(areas)], names=[*columns, AREA_COLUMN])
    land = Land(
        attributes=table, wkb=gathered.wkb, bounds=gathered.bounds, kinds=gathered.kinds,
        vertices=gathered.vertices, notes=MEASURED if measured else None,
    )  # fmt: skip
    if not kept.all():
        land = _only(land, kept)
    bbox = write_land(land, out)
    kinds, counts = np.unique(land.kinds, return_counts=True)
    return Prepared(
        path=out, name=name, format=file.format, layer=file.layer, features=len(gathered),
        rows=int(kept.sum()), dropped=int((~kept).sum()), repaired=mended.features,
        removed_m2=mended.removed_m2, added_m2=mended.added_m2, crs=placement.system.key,
        crs_basis=placement.label, placed_zh=placement.describe("zh"),
        placed_en=placement.describe("en"), bbox=bbox,
        area_m2=float(areas[kept].sum()) if measured else None,
        geometry_types={
            KINDS[kind]: count for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)
        },
        columns=columns, problems=gathered.problems.listed(),
        problem_counts=gathered.problems.counts(), left_out=tuple(sorted(mended.left_out)),
    )  # fmt: skip


def _without_ours(gathered: Gathered, *, measured: bool) -> pa.Table:
    """The attributes without a column of areas that says what is computed anyway."""
    table = gathered.attributes
    if not measured or AREA_COLUMN not in table.column_names:
        return table
    given = table.column(AREA_COLUMN)
    if not pa.types.is_floating(given.type):
        return table
    same = np.allclose(given.to_numpy(), gathered.areas, rtol=1e-9, atol=1e-3, equal_nan=True)
    return table.drop_columns([AREA_COLUMN]) if same else table


def _only(land: Land, kept: np.ndarray[Any, Any]) -> Land:
    mask = pa.array(kept)
    table = land.attributes
    return Land(
        attributes=table.filter(mask) if table.num_columns else table, wkb=land.wkb.filter(mask),
        bounds=land.bounds[kept], kinds=land.kinds[kept], vertices=land.vertices, notes=land.notes,
    )  # fmt: skip


def _dropped(kept: np.ndarray[Any, Any], mended: Mended, *, land: bool) -> list[Problem]:
    """Features that were left out, told by number."""
    rows = (np.flatnonzero(~kept) + 1).tolist()
    rows = [number for number in rows if number not in mended.left_out]
    found = []
    if rows:
        numbers = "、".join(map(str, rows[:_SHOWN])) + ("…" if len(rows) > _SHOWN else "")
        why_zh, why_en = (
            ("没有图形或不是面", "without land") if land else ("没有图形", "without outline")
        )
        found.append(
            Problem(
                "dropped", "warning", f"{len(rows)} 个要素{why_zh}，未导入：第 {numbers} 个",
                f"{len(rows)} features {why_en} were left out: {numbers}", count=len(rows),
            )
        )  # fmt: skip
    if mended.left_out:
        numbers = "、".join(map(str, sorted(mended.left_out)[:_SHOWN]))
        numbers += "…" if len(mended.left_out) > _SHOWN else ""
        found.append(
            Problem(
                "left_out", "warning",
                f"按所选，{len(mended.left_out)} 个要素未导入：第 {numbers} 个",
                f"left out as chosen, features ({len(mended.left_out)}): {numbers}",
                count=len(mended.left_out),
            )
        )  # fmt: skip
    return found
