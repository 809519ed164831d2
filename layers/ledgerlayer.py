"""The map of one proposal as GeoJSON: its parts, the lines of its ledger, what lies around.

Properties: id, kind (base, in, out, neighbour, or a ledger line's: exclude, usable,
redevelopable, rest, flag), order, name, area_ha, colour, precision. Degrees, EPSG:4490.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import orjson
import shapely

from geo.areas import M2_PER_HA, area_m2
from layers.assess import other_zones
from layers.dossiers import Dossier
from layers.ledgercolours import colour_of
from layers.texts import text

if TYPE_CHECKING:
    from facts.model import Lang
    from layers.atlas import Atlas

DECIMALS: Final = 6
NEAR_DEG: Final = 0.12  # how far around a proposal other zones are drawn
_SLIVER_DEG: Final = 2e-5  # outlines are drawn true to about two metres


def ledger_geojson(atlas: Atlas, dossier: Dossier, lang: Lang) -> bytes:
    """The map of a proposal; the same dossier gives the same bytes."""
    features = [*_parts(dossier), *_lines(dossier, lang), *_neighbours(atlas, dossier, lang)]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _parts(dossier: Dossier) -> Iterator[dict[str, Any]]:
    proposal = dossier.proposal
    for order, (kind, shape) in enumerate(
        (("base", proposal.base), ("in", proposal.land_in), ("out", proposal.land_out))
    ):
        if shape is not None and not shapely.is_empty(shape):
            yield _feature(
                kind, kind, order, dossier.name, shape, precision=proposal.precision,
                area=float(area_m2([shape])[0]) if shapely.is_valid(shape) else None,
            )  # fmt: skip


def _lines(dossier: Dossier, lang: Lang) -> Iterator[dict[str, Any]]:
    if dossier.ledger is None:
        return
    for order, line in enumerate(dossier.ledger.lines):
        if line.geometry is None or shapely.is_empty(line.geometry):
            continue
        name = _rule_name(line.rule, lang) or text("compare.line_rest", lang)
        rule_id = line.rule.rule_id if line.rule else "rest"
        yield _feature(
            rule_id, line.kind, order, name, line.geometry, area=line.area_m2,
            colour=colour_of(line.kind, order), precision=dossier.proposal.precision,
        )  # fmt: skip
    for order, flag in enumerate(dossier.ledger.flags):
        if flag.geometry is not None and not shapely.is_empty(flag.geometry):
            yield _feature(
                flag.rule.rule_id, "flag", order, _rule_name(flag.rule, lang), flag.geometry,
                area=flag.area_m2, colour=colour_of("flag", order),
                precision=dossier.proposal.precision,
            )  # fmt: skip


def _rule_name(rule: Any, lang: Lang) -> str:
    if rule is None:
        return ""
    return str(rule.name_zh if lang == "zh" else rule.name_en or rule.name_zh)


def _neighbours(atlas: Atlas, dossier: Dossier, lang: Lang) -> Iterator[dict[str, Any]]:
    proposal = dossier.proposal
    shapes = [s for s in (proposal.base, proposal.land_in) if s is not None]
    if not shapes:
        return
    west, south, east, north = shapely.total_bounds(shapes)
    around = shapely.box(west - NEAR_DEG, south - NEAR_DEG, east + NEAR_DEG, north + NEAR_DEG)
    zones: Any = other_zones(atlas, proposal)
    for _, row in zones[shapely.intersects(zones.geometry.to_numpy(), around)].iterrows():
        name = row["name_zh"] if lang == "zh" else row["name_en"]
        yield _feature(
            str(row["place_id"]), "neighbour", 0, str(name), row.geometry,
            area=float(row["area_m2"]), precision=str(row["precision"]),
        )  # fmt: skip


def _feature(
    feature_id: str, kind: str, order: int, name: str, shape: Any, *, area: float | None,
    precision: str, colour: str = "",
) -> dict[str, Any]:  # fmt: skip
    drawn = shapely.simplify(shape, _SLIVER_DEG, preserve_topology=True)
    rounded = shapely.transform(drawn, lambda points: points.round(DECIMALS))
    return {
        "type": "Feature",
        "id": feature_id,
        "properties": {
            "id": feature_id, "kind": kind, "order": order, "name": name,
            "area_ha": None if area is None else round(area / M2_PER_HA, 4),
            "colour": colour, "precision": precision,
        },
        "geometry": shapely.geometry.mapping(rounded),
    }  # fmt: skip
