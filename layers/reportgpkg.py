"""The land of a comparison as a GeoPackage: the parts of every proposal, every line of a ledger."""

from __future__ import annotations

from typing import Any

import geopandas as gpd

from geo.areas import CRS, area_m2
from layers.comparison import Comparison
from layers.gpkg import gpkg_bytes
from layers.reportdata import full_name, rule_name


def gpkg(comparison: Comparison) -> bytes:
    """Layers in EPSG:4490: `proposal_parts`, and `ledger_lines` where there is a ledger.

    Raises:
        ExportError: no land of any proposal is on file.
    """
    rows = {"proposal_parts": _parts(comparison), "ledger_lines": _lines(comparison)}
    layers = {
        name: gpd.GeoDataFrame(found, geometry="geometry", crs=CRS)
        for name, found in rows.items()
        if found
    }
    return gpkg_bytes(layers)


def _parts(comparison: Comparison) -> list[dict[str, Any]]:
    rows = []
    for found in comparison.dossiers:
        p = found.proposal
        for role, shape in (("base", p.base), ("in", p.land_in), ("out", p.land_out)):
            if shape is not None:
                rows.append(
                    {
                        "proposal": p.key, "name": full_name(found), "role": role,
                        "area_m2": float(area_m2([shape])[0]), "precision": p.precision,
                        "source": p.source_id, "geometry": shape,
                    }
                )  # fmt: skip
    return rows


def _lines(comparison: Comparison) -> list[dict[str, Any]]:
    rows = []
    for found in comparison.dossiers:
        if found.ledger is None:
            continue
        gross = found.ledger.gross_m2
        entries: list[tuple[str, Any]] = [(line.kind, line) for line in found.ledger.lines]
        entries += [("flag", flag) for flag in found.ledger.flags]
        for order, (kind, each) in enumerate(entries):
            if each.geometry is None:
                continue
            rows.append(
                {
                    "proposal": found.proposal.key, "line": order, "kind": kind,
                    "rule": each.rule.rule_id if each.rule else "rest",
                    "name": rule_name(each.rule, comparison.lang), "area_m2": each.area_m2,
                    "share": each.area_m2 / gross if gross else 0.0,
                    "layer": each.rule.layer if each.rule else "",
                    "layer_version": -1 if each.version is None else each.version,
                    "quality": found.measures["gross_km2"].quality, "geometry": each.geometry,
                }
            )  # fmt: skip
    return rows
