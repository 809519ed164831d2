"""What `data/facts` says of proposals and rules, as frames of their collections.

A proposal's land comes from the zones' outlines: no source gives one of its own, so it is as
schematic as they are.
"""

import csv
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from facts.model import Facts
from geo.proposals import KINDS, PRECISIONS
from geo.rules import ACTIONS, WHERES

PROPOSALS = "proposals.csv"
RULES = "ledger_rules.csv"
ROLES = ("base", "in", "out")
PROPOSAL_COLUMNS = (
    "proposal_id", "alternative", "name_zh", "name_en", "kind", "place_id", "figures_place_id",
    "role", "precision", "source_id", "note_zh", "note_en",
)  # fmt: skip
RULE_COLUMNS = (
    "proposal_key", "position", "rule_id", "name_zh", "name_en", "layer", "column_name", "classes",
    "place", "action", "enabled",
)  # fmt: skip
_EPSG = 4490


def proposal_frames(
    folder: Path, facts: Facts, boundaries: gpd.GeoDataFrame, faults: list[str]
) -> dict[str, pd.DataFrame]:
    """Both collections; what is wrong with the files is added to `faults`.

    A folder without the files gives empty collections.
    """
    shapes = dict(zip(boundaries["place_id"], boundaries.geometry, strict=True))
    rows: list[dict[str, Any]] = []
    for line, row in _lines(folder / PROPOSALS):
        faults += [f"{PROPOSALS}:{line}: {fault}" for fault in _faults(row, facts, shapes)]
        rows += _parts(row, shapes)
    rules: list[dict[str, Any]] = []
    for line, row in _lines(folder / RULES):
        faults += [f"{RULES}:{line}: {fault}" for fault in _rule_faults(row)]
        rules.append(_rule(row, len(rules)))
    return {"proposals": proposals_frame(rows), "proposal-rules": rules_frame(rules)}


def proposals_frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Rows (PROPOSAL_COLUMNS and `geometry`, EPSG:4490 or None) as the collection's frame."""
    table = pd.DataFrame(rows, columns=[*PROPOSAL_COLUMNS, "geometry"])
    frame = table.astype(dict.fromkeys(PROPOSAL_COLUMNS, "str"))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(table["geometry"], crs=_EPSG), crs=_EPSG)


def rules_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows (RULE_COLUMNS) as the collection's frame."""
    types = dict.fromkeys(RULE_COLUMNS, "str") | {"position": "int64", "enabled": "bool"}
    return pd.DataFrame(rows, columns=list(RULE_COLUMNS)).astype(types)


def _lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(enumerate(csv.DictReader(stream), start=2))


def _faults(row: dict[str, str], facts: Facts, shapes: dict[str, Any]) -> list[str]:
    found = [
        f"{column} {row[column]!r} 不在 places.csv 中 / is not in places.csv"
        for column in ("place_id", "figures_place_id")
        if row[column] not in facts.places_by_id
    ]
    found += [
        f"{column} {row[column]!r} 没有边界 / has no outline"
        for column in ("base_place_id", "in_place_id")
        if row[column] and row[column] not in shapes
    ]
    if row["source_id"] not in facts.sources_by_id:
        found.append(f"source_id {row['source_id']!r} 不在 sources.csv 中 / is not in sources.csv")
    if row["kind"] not in KINDS:
        found.append(f"kind {row['kind']!r}: {', '.join(KINDS)}")
    if row["precision"] not in PRECISIONS:
        found.append(f"precision {row['precision']!r}: {', '.join(PRECISIONS)}")
    return found


def _parts(row: dict[str, str], shapes: dict[str, Any]) -> list[dict[str, Any]]:
    common = {name: row.get(name, "") for name in PROPOSAL_COLUMNS}
    land = {"base": row["base_place_id"], "in": row["in_place_id"]}
    parts = [
        common | {"role": role, "geometry": shapes[place]}
        for role, place in land.items()
        if place in shapes
    ]
    # A proposal of which no land is known stands in the file all the same.
    return parts or [common | {"role": "in", "geometry": None}]


def _rule_faults(row: dict[str, str]) -> list[str]:
    found = []
    if row["action"] not in ACTIONS:
        found.append(f"action {row['action']!r}: {', '.join(ACTIONS)}")
    if row["place"] not in WHERES:
        found.append(f"place {row['place']!r}: {', '.join(WHERES)}")
    if bool(row["classes"]) != bool(row["column_name"]):
        found.append("classes 与 column_name 须同时填写 / go together")
    return found


def _rule(row: dict[str, str], position: int) -> dict[str, Any]:
    given = {name: row.get(name, "") for name in RULE_COLUMNS}
    return given | {"proposal_key": "", "position": position, "enabled": row["enabled"] != "0"}
