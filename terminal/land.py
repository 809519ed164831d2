"""Commands about land: overlay, comparison of proposals."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from geo.areas import M2_PER_HA
from geo.errors import LayerFileError
from layers.assess import find_proposal
from layers.atlas import Atlas, open_atlas
from layers.compareview import CompareView
from layers.comparison import Comparison, compare
from layers.errors import LayerError
from layers.report import FORMATS, report
from layers.texts import text
from settings import load_settings
from store.workspace import Workspace

Answer = tuple[dict[str, Any], list[str]]


class CommandError(LayerError):
    """An argument of these commands can't be used."""

    code = "bad_argument"


def overlay(args: Namespace) -> Answer:
    """Land by class inside a proposal."""
    settings = load_settings(workspace=args.workspace)
    atlas = open_atlas(settings.workspace, settings.data)
    zone = _zone(atlas, args.proposal)
    layer = _layer(atlas.workspace, args.layer)
    if args.engine == "dask":
        from geo.overlay_dask import areas_by_class_dask  # noqa: PLC0415 - only when asked for

        found = areas_by_class_dask([zone], layer, by=args.by, scheduler=args.scheduler)
        classes = {
            name: float(m2)
            for name, m2 in zip(found.classes, found.by_class_m2[0], strict=True)
            if m2 > 0
        }
        area, uncovered = float(found.area_m2[0]), float(found.uncovered_m2[0])
        answer = {"area_m2": area, "classes": classes, "uncovered_m2": uncovered,
                  "overlap_m2": None, "problems": []}  # fmt: skip
    else:
        from geo.overlay import area_by_class  # noqa: PLC0415 - as above

        one = area_by_class(zone, layer, by=args.by)
        answer = {
            "area_m2": one.area_m2, "classes": dict(one.classes), "uncovered_m2": one.uncovered_m2,
            "overlap_m2": one.overlap_m2, "problems": _problems(one.problems),
        }  # fmt: skip
    lines = [f"{name}\t{m2:.1f} m²" for name, m2 in answer["classes"].items()]
    lines.append(
        text("cli.overlaid", args.lang, area=f"{answer['area_m2']:.1f}",
             uncovered=f"{answer['uncovered_m2']:.1f}")
    )  # fmt: skip
    lines += [p["message"] for p in answer["problems"]]
    return answer, lines


def compare_proposals(args: Namespace) -> Answer:
    """Ledgers, measures, constraints and scores of proposals; a report on request."""
    out = _out(args.report)
    settings = load_settings(workspace=args.workspace)
    atlas = open_atlas(settings.workspace, settings.data)
    keys = tuple(dict.fromkeys(find_proposal(atlas, key).key for key in args.proposals))
    weights = _weights(Path(args.weights)) if args.weights else {}
    view = CompareView(
        proposals=keys, baseline=keys[0], weights=weights, method=args.method, lang=args.lang
    )
    made = compare(atlas, view)
    answer = _told(made)
    lines = _table(made)
    if out is not None:
        from layers.geojson import replaced_file  # noqa: PLC0415 - as above

        file = report(made, atlas, out.suffix.removeprefix(".").lower())
        with replaced_file(out) as target:
            target.write(file.content)
        answer["report"] = {"file": str(out), "bytes": len(file.content), "sha256": file.sha256}
        lines.append(text("cli.reported", args.lang, file=out, bytes=len(file.content)))
    return answer, lines


def _zone(atlas: Atlas, named: str) -> Any:
    """The land of a proposal, or the polygons of a file."""
    path = Path(named)
    if not path.suffix and not path.exists():
        land = find_proposal(atlas, named).land_in
        if land is None:
            raise CommandError(f"方案 {named} 没有划入范围 / the land in of {named} is not on file")
        return land
    import geopandas as gpd  # noqa: PLC0415 - only for files
    import shapely  # noqa: PLC0415

    try:
        frame = gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)
    except Exception as error:
        raise CommandError(f"无法读取 {path}：{error} / cannot read {path}") from error
    if frame.crs is None:
        raise CommandError(f"{path} 没有坐标系 / {path} declares no CRS")
    if frame.crs.to_epsg() not in (4326, 4490) and frame.crs.to_epsg() not in range(4491, 4555):
        raise CommandError(f"{path}：{frame.crs.to_string()} 不是 CGCS2000 / is on another datum")
    degrees = frame if frame.crs.to_epsg() == 4326 else frame.to_crs(4490)
    shapes = degrees.geometry.to_numpy()
    bad = [i + 1 for i, s in enumerate(shapes) if s is not None and not shapely.is_valid(s)]
    if bad:
        reason = shapely.is_valid_reason(shapes[bad[0] - 1])
        raise CommandError(
            f"{path} 第 {bad[0]} 个要素图形无效：{reason} / feature {bad[0]} is not valid: {reason}"
        )
    return shapely.union_all(shapes)


def _layer(workspace: Workspace, named: str) -> Path:
    """A collection's newest file, or a GeoParquet file."""
    path = Path(named)
    if path.suffix == ".parquet":
        if not path.is_file():
            raise LayerFileError(f"没有文件 {path} / there is no file {path}")
        return path
    return workspace.file(named)


def _weights(path: Path) -> dict[str, float]:
    """Weights from JSON ({measure: weight}) or CSV (measure, weight)."""
    try:
        content = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".json":
            found = json.loads(content)
            return {str(name): float(weight) for name, weight in found.items()}
        rows = csv.reader(content.splitlines())
        return {row[0].strip(): float(row[1]) for row in rows if row and row[0] != "measure_id"}
    except (OSError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise CommandError(
            f"权重文件 {path} 有误：{error} / the file of weights can't be used"
        ) from error


def _out(written: str | None) -> Path | None:
    if written is None:
        return None
    path = Path(written)
    if path.suffix.removeprefix(".").lower() not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise CommandError(f"报告格式须为 {known}：{path} / a report ends in {known}")
    if not path.parent.is_dir():
        raise CommandError(f"文件夹 {path.parent} 不存在 / the folder {path.parent} does not exist")
    return path


def _problems(problems: Any) -> list[dict[str, Any]]:
    return [p.to_json("zh") | {"message": f"{p.message_zh} / {p.message_en}"} for p in problems]


def _said(problems: Any, lang: str) -> list[str]:
    return [p.message_zh if lang == "zh" else p.message_en for p in problems]


def _told(made: Comparison) -> dict[str, Any]:
    """The comparison as JSON."""
    ranking, steady = made.ranking, made.stability
    proposals = [
        {
            "key": d.proposal.key, "name": d.name, "refusal": d.refusal,
            "declared_km2": {x.role: x.area_km2 for x in d.declared},
            "gross_m2": d.ledger.gross_m2 if d.ledger else None,
            "lines": [
                {
                    "kind": line.kind, "rule": line.rule.rule_id if line.rule else "rest",
                    "area_m2": line.area_m2, "touched_m2": line.touched_m2, "status": line.status,
                    "layer": line.rule.layer if line.rule else None, "version": line.version,
                }
                for line in (d.ledger.lines if d.ledger else ())
            ],
            "measures": {
                name: {"value": m.value, "unit": m.kind.unit, "quality": m.quality,
                       "missing": m.missing}
                for name, m in d.measures.items()
            },
            "constraints": {c.constraint_id: c.verdict for c in d.constraints},
        }
        for d in made.dossiers
    ]  # fmt: skip
    scores: dict[str, Any] = {"refusal": made.refusal, "weights": dict(made.weights)}
    if ranking is not None and steady is not None:
        change = steady.change
        scores |= {
            "scores": ranking.scores.tolist(), "low": ranking.low.tolist(),
            "high": ranking.high.tolist(), "ranks": ranking.ranks.tolist(),
            "acceptability": steady.acceptability.tolist(), "samples": steady.samples,
            "seed": steady.seed,
            "smallest_change": None if change is None else {
                "distance": change.distance, "winner": made.dossiers[change.winner].proposal.key,
            },
        }  # fmt: skip
    return {"proposals": proposals, "scores": scores, "versions": dict(made.versions),
            "synthetic": made.synthetic}  # fmt: skip


def _table(made: Comparison) -> list[str]:
    """The comparison for people."""
    lines = []
    for i, d in enumerate(made.dossiers):
        lines.append(f"{d.proposal.key}  {d.name}")
        if d.ledger is None:
            lines.append(f"  {d.refusal}")
        for line in d.ledger.lines if d.ledger else ():
            rule = line.rule
            name = (
                (rule.name_zh if made.lang == "zh" else rule.name_en)
                if rule
                else text("compare.line_rest", made.lang)
            )
            status = "" if line.status == "ok" else text(f"compare.status_{line.status}", made.lang)
            ha = f"{line.area_m2 / M2_PER_HA:,.2f} ha"
            lines.append(f"  {name}  {status or ha}")
        for x in d.declared:
            label = text(f"compare.declared_{x.role}", made.lang)
            lines.append(
                f"  [{text(f'compare.quality_{x.quality}', made.lang)}] {label} {x.area_km2:g} km²"
            )
        if made.ranking is not None:
            lines.append(f"  #{made.ranking.ranks[i]}  {made.ranking.scores[i]:.3f}")
    return [*lines, made.refusal] if made.refusal else lines
