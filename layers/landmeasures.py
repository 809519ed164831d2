"""The measures of a proposal: areas, conflicts, shape, location, parcels and intensive use.

Formulas and units are in docs/method.md. What can't be computed has no value and says why; a
measure of a schematic or synthetic outline carries that mark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo import measures
from geo.areas import M2_PER_HA, M2_PER_KM2, area_m2
from geo.plane import to_plane
from layers.dossiers import KINDS, Measure
from layers.texts import text
from store.officefigures import PARCELS

if TYPE_CHECKING:
    from facts.model import Lang, Observation
    from geo.ledger import Ledger
    from geo.proposals import Proposal
    from layers.atlas import Atlas

M_PER_KM: Final = 1000.0
MU_PER_HA: Final = 15.0
WAN_PER_YI: Final = 1e4  # 万元 in 亿元
_COUNTY_FROM_M2: Final = 1.0  # less of a county than this is the rounding of coordinates
_UNKNOWN = ("no_layer", "not_covered")
_LEDGER_MEASURES: Final = {
    "usable_km2": "usable_m2", "usable_share": "usable_m2",
    "redevelopable_km2": "redevelopable_m2", "excluded_share": "excluded_m2",
    "rest_share": "rest_m2",
}  # fmt: skip
_CONFLICTS: Final = {
    "farmland_ha": "farmland", "red_line_ha": "red-lines", "zones_overlap_ha": "zones",
    "urban_share": "urban-boundaries",
}  # fmt: skip
# Intensive use after TD/T 1029: (numerator indicators, denominator indicators, factor).
_RATES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...], float]]] = {
    "development_rate": (("land_built", "land_ready"), ("land_built", "land_not_built"), 100.0),
    "supply_rate": (("land_supplied",), ("land_built", "land_ready"), 100.0),
    "built_rate": (("land_built",), ("land_supplied",), 100.0),
    "idle_rate": (("land_idle",), ("land_supplied",), 100.0),
    "investment_intensity": (
        ("industrial_fixed_assets",), ("land_built_industrial",), WAN_PER_YI / MU_PER_HA,
    ),
    "tax_per_mu": (("industrial_tax",), ("land_built_industrial",), WAN_PER_YI / MU_PER_HA),
    "value_added_per_mu": (
        ("above_scale_value_added",), ("land_built_industrial",), WAN_PER_YI / MU_PER_HA,
    ),
}  # fmt: skip


def proposal_measures(
    atlas: Atlas,
    proposal: Proposal,
    ledger: Ledger | None,
    probes: Ledger | None,
    *,
    lang: Lang,
    refusal: str = "",
) -> dict[str, Measure]:
    """Every measure of `layers.dossiers.MEASURES`, by id, in that order.

    `ledger` is that of the rules in use, `probes` one whose flags look at the constraint layers;
    both None with `refusal` saying why there is no land to measure.
    """
    maker = _Maker(atlas, proposal, lang, refusal)
    found: dict[str, Measure] = {}
    found |= maker.areas()
    found |= maker.ledger(ledger)
    found |= maker.conflicts(probes)
    found |= maker.shape()
    found |= maker.location()
    found |= maker.parcels()
    found |= maker.rates()
    return {measure_id: found[measure_id] for measure_id in KINDS}


class _Maker:
    """Makes measures of one proposal, group by group."""

    def __init__(self, atlas: Atlas, proposal: Proposal, lang: Lang, refusal: str) -> None:
        self.atlas = atlas
        self.proposal = proposal
        self.lang = lang
        self.refusal = refusal
        self.land: Any = None if refusal else proposal.land_in
        drawn = proposal.precision in ("schematic", "synthetic")
        self.quality = proposal.precision if drawn else "derived"
        self.outline = text("compare.source_outline", lang, version=atlas.versions["proposals"])

    def value(
        self, measure_id: str, value: float, *, source: str = "", quality: str = "", words: str = ""
    ) -> Measure:
        """A measure with its value."""
        return Measure(
            KINDS[measure_id], float(value), quality=quality or self.quality,
            source=source or self.outline, text=words,
        )  # fmt: skip

    def missing(self, measure_id: str, why: str) -> Measure:
        """A measure without a value; `why` is a key below compare, or the words themselves."""
        return Measure(KINDS[measure_id], None, quality=self.quality, missing=why)

    def say(self, key: str, **values: object) -> str:
        """A text of the comparison."""
        return text(f"compare.{key}", self.lang, **values)

    # --- groups ---

    def areas(self) -> dict[str, Measure]:
        """Land in, land out and the balance, km²."""
        p, unknown = self.proposal, self.say("not_on_file")
        out_known = p.land_out is not None or p.kind != "adjust"
        gross = None if self.land is None else float(area_m2([self.land])[0]) / M2_PER_KM2
        out = 0.0 if p.land_out is None else float(area_m2([p.land_out])[0]) / M2_PER_KM2
        why = self.refusal or unknown
        return {
            "gross_km2": self.missing("gross_km2", why) if gross is None
            else self.value("gross_km2", gross),
            "land_out_km2": self.value("land_out_km2", out) if out_known
            else self.missing("land_out_km2", unknown),
            "net_km2": self.missing("net_km2", why) if gross is None or not out_known
            else self.value("net_km2", gross - out),
        }  # fmt: skip

    def ledger(self, ledger: Ledger | None) -> dict[str, Measure]:
        """What the rules leave; unknown as long as a layer they name is not there."""
        if ledger is None:
            return {m: self.missing(m, self.refusal) for m in _LEDGER_MEASURES}
        absent = [line.rule.layer for line in ledger.lines if line.rule and line.status in _UNKNOWN]
        if absent:
            names = self.say("comma").join(dict.fromkeys(absent))
            why = self.say("layers_missing", names=names)
            return {m: self.missing(m, why) for m in _LEDGER_MEASURES}
        source = self._layers(
            {
                line.rule.layer: line.version
                for line in ledger.lines
                if line.rule and line.version is not None
            }
        )
        made = {}
        for measure_id, name in _LEDGER_MEASURES.items():
            m2 = getattr(ledger, name)
            share = measure_id.endswith("_share")
            value = 100.0 * m2 / ledger.gross_m2 if share else m2 / M2_PER_KM2
            made[measure_id] = self.value(measure_id, value, source=source)
        return made

    def conflicts(self, probes: Ledger | None) -> dict[str, Measure]:
        """Land that touches what must not be touched, before any rule."""
        flags = {flag.rule.layer: flag for flag in probes.flags} if probes else {}
        made = {}
        for measure_id, layer in _CONFLICTS.items():
            flag = flags.get(layer)
            if flag is None or probes is None:
                made[measure_id] = self.missing(measure_id, self.refusal)
            elif flag.status in _UNKNOWN or flag.version is None:
                why = self.say("layers_missing", names=layer)
                made[measure_id] = self.missing(measure_id, why)
            else:
                share = measure_id == "urban_share"
                m2 = flag.area_m2
                value = 100.0 * m2 / probes.gross_m2 if share else m2 / M2_PER_HA
                source = self._layers({layer: flag.version})
                made[measure_id] = self.value(measure_id, value, source=source)
        return made

    def shape(self) -> dict[str, Measure]:
        """Compactness, fragmentation and contiguity of the land in."""
        ids = ("compactness", "hull_share", "patches", "largest_patch_share")
        if self.land is None:
            made = {m: self.missing(m, self.refusal) for m in ids}
        else:
            made = {
                "compactness": self.value("compactness", measures.polsby_popper(self.land)),
                "hull_share": self.value("hull_share", 100 * measures.hull_share(self.land)),
                "patches": self.value("patches", measures.patches(self.land)),
                "largest_patch_share": self.value(
                    "largest_patch_share", 100 * measures.largest_patch_share(self.land)
                ),
            }
        base = self.proposal.base
        if self.land is None or base is None:
            why = self.refusal or self.say("no_base")
            made["shared_boundary_share"] = self.missing("shared_boundary_share", why)
        else:
            share = 100 * measures.shared_boundary_share(self.land, base)
            made["shared_boundary_share"] = self.value("shared_boundary_share", share)
        return made

    def location(self) -> dict[str, Measure]:
        """Distances, and the counties that the land lies in."""
        if self.land is None:
            ids = ("base_distance_km", "seat_distance_km", "zone_distance_km", "counties")
            return {m: self.missing(m, self.refusal) for m in ids}
        made = {"base_distance_km": self._base_distance(), "zone_distance_km": self._zone()}
        counties = self._counties()
        names = [name for _, name, _ in counties]
        made["counties"] = self.value(
            "counties", len(counties), words=self.say("comma").join(names),
            source=self._layers({"counties": self.atlas.versions["counties"]}),
        )  # fmt: skip
        made["seat_distance_km"] = self._seat([place_id for place_id, _, _ in counties])
        return made

    def parcels(self) -> dict[str, Measure]:
        """标准地 parcels whose inner point lies in the land; projects when a layer has them."""
        if self.land is None:
            ids = ("parcels", "parcels_ha", "projects")
            return {m: self.missing(m, self.refusal) for m in ids}
        return self._parcels() | {"projects": self._projects()}

    def rates(self) -> dict[str, Measure]:
        """Intensive use of the present zone, from figures on file under the zone itself."""
        latest = self._latest()
        made = {}
        for measure_id, (above, below, factor) in _RATES.items():
            lacking = [name for name in (*above, *below) if name not in latest]
            if lacking:
                names = [self.atlas.facts.indicator(name).name(self.lang) for name in lacking]
                why = self.say(
                    "figures_missing", names=self.say("comma").join(dict.fromkeys(names))
                )
                made[measure_id] = self.missing(measure_id, why)
                continue
            used = [latest[name] for name in (*above, *below)]
            bottom = sum(float(latest[name].value or 0.0) for name in below)
            periods = {o.period.key for o in used}
            if bottom <= 0 or len(periods) > 1:
                key = "zero_denominator" if bottom <= 0 else "periods_differ"
                made[measure_id] = self.missing(measure_id, self.say(key))
                continue
            top = sum(float(latest[name].value or 0.0) for name in above)
            titles = dict.fromkeys(self.atlas.facts.source(o.source_id).title for o in used)
            quality = "synthetic" if any(o.quality == "synthetic" for o in used) else "derived"
            made[measure_id] = self.value(
                measure_id, factor * top / bottom, quality=quality,
                source=self.say("comma").join(titles), words=used[0].period.label,
            )  # fmt: skip
        return made

    # --- parts ---

    def _layers(self, versions: Mapping[str, int]) -> str:
        return self.say("comma").join(f"{name} v{version}" for name, version in versions.items())

    def _base_distance(self) -> Measure:
        if self.proposal.base is None:
            return self.missing("base_distance_km", self.say("no_base"))
        metres = measures.distance_m(self.land, self.proposal.base)
        return self.value("base_distance_km", metres / M_PER_KM)

    def _zone(self) -> Measure:
        from layers.assess import other_zones  # noqa: PLC0415 - assess is built on this module

        zones: Any = other_zones(self.atlas, self.proposal)
        if zones.empty:
            return self.missing("zone_distance_km", self.say("no_zones"))
        nearest, metres = _nearest(self.land, zones)
        name = zones.iloc[nearest]["name_zh" if self.lang == "zh" else "name_en"]
        return self.value(
            "zone_distance_km", metres / M_PER_KM, words=str(name),
            quality=_drawn(zones.iloc[nearest], self.quality),
            source=self._layers({"zones": self.atlas.versions["zones"]}),
        )  # fmt: skip

    def _counties(self) -> list[tuple[str, str, float]]:
        """Id, name and m² of each county with land, the largest share first."""
        counties = self.atlas.boundaries("counties")
        near = counties[shapely.intersects(counties.geometry.to_numpy(), self.land)]
        parts = shapely.intersection(to_plane(near.geometry.to_numpy()), to_plane(self.land))
        names = near["name_zh" if self.lang == "zh" else "name_en"]
        rows = zip(near["place_id"], names, shapely.area(parts), strict=True)
        return sorted(
            ((str(i), str(n), float(a)) for i, n, a in rows if a > _COUNTY_FROM_M2),
            key=lambda row: -row[2],
        )

    def _seat(self, counties: list[str]) -> Measure:
        if "county-seats" not in self.atlas.versions:
            return self.missing(
                "seat_distance_km", self.say("layers_missing", names="county-seats")
            )
        seats = self.atlas.boundaries("county-seats")
        column = next((c for c in ("county_id", "place_id") if c in seats.columns), "")
        own = seats[seats[column].isin(counties)] if column else seats
        if own.empty:
            return self.missing("seat_distance_km", self.say("no_seat"))
        nearest, metres = _nearest(self.land, own)
        return self.value(
            "seat_distance_km", metres / M_PER_KM, quality=_drawn(own.iloc[nearest], self.quality),
            words=str(own.iloc[nearest].get("name_zh", own.iloc[nearest].get("name", ""))),
            source=self._layers({"county-seats": self.atlas.versions["county-seats"]}),
        )  # fmt: skip

    def _parcels(self) -> dict[str, Measure]:
        frames = {
            "standard-land": self.atlas.boundaries("standard-land").query("record == 'parcel'")
        }
        if PARCELS in self.atlas.versions:
            frames[PARCELS] = self.atlas.boundaries(PARCELS)
        drawn = {name: f[f.geometry.notna()][["quality", "geometry"]] for name, f in frames.items()}
        drawn = {name: found for name, found in drawn.items() if len(found)}
        if not drawn:
            why = self.say("no_parcels")
            return {m: self.missing(m, why) for m in ("parcels", "parcels_ha")}
        parcels: Any = pd.concat(drawn.values(), ignore_index=True)
        shapely.prepare(self.land)
        points = shapely.point_on_surface(parcels.geometry.to_numpy())
        inside = parcels[shapely.covers(self.land, points)]
        made_up = (inside["quality"] == "synthetic").any()
        quality = "synthetic" if made_up else self.quality
        source = self._layers({name: self.atlas.versions[name] for name in drawn})
        area = float(area_m2(inside.geometry.to_numpy()).sum()) / M2_PER_HA if len(inside) else 0.0
        make: Callable[[str, float], Measure] = lambda m, v: self.value(  # noqa: E731
            m, v, quality=quality, source=source
        )
        return {"parcels": make("parcels", len(inside)), "parcels_ha": make("parcels_ha", area)}

    def _projects(self) -> Measure:
        # A list of projects without places on the map can't be counted inside a proposal.
        if "projects" not in self.atlas.versions or not self._is_layer("projects"):
            return self.missing("projects", self.say("layers_missing", names="projects"))
        frame: gpd.GeoDataFrame = self.atlas.boundaries("projects")
        points = shapely.point_on_surface(frame.geometry.to_numpy())
        count = int(np.count_nonzero(shapely.covers(self.land, points)))
        source = self._layers({"projects": self.atlas.versions["projects"]})
        return self.value("projects", count, source=source)

    def _is_layer(self, name: str) -> bool:
        return self.atlas.workspace.info(name, version=self.atlas.versions[name]).geo

    def _latest(self) -> dict[str, Observation]:
        """The newest figure of each indicator of the rates that has one."""
        wanted = {name for above, below, _ in _RATES.values() for name in (*above, *below)}
        found: dict[str, Observation] = {}
        for o in self.atlas.facts.observations_of(self.proposal.place_id):
            if o.indicator_id not in wanted or o.value is None:
                continue
            if o.kind not in ("actual", "cumulative"):
                continue
            other = found.get(o.indicator_id)
            if other is None or o.period.key > other.period.key:
                found[o.indicator_id] = o
        return found


def _nearest(land: Any, frame: gpd.GeoDataFrame) -> tuple[int, float]:
    """Position of the nearest shape and its geodesic distance in m.

    Degrees decide which three come closest, as a rough guide; the geodesic among them decides.
    """
    shapes = frame.geometry.to_numpy()
    rough = np.argsort(shapely.distance(to_plane(shapes), to_plane(land)), kind="stable")[:3]
    exact = [measures.distance_m(land, shapes[i]) for i in rough]
    best = int(np.argmin(exact))
    return int(rough[best]), float(exact[best])


def _drawn(row: Any, quality: str) -> str:
    """The weaker mark of an outline and of what it is measured to."""
    marks = {quality, str(row.get("precision", row.get("quality", "")))}
    return next((m for m in ("synthetic", "schematic") if m in marks), quality)
