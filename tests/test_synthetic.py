"""The made-up province: control totals, counties that add up, seeds, its mark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from data.synthetic.__main__ import main
from data.synthetic.coverage import coverage, noise
from data.synthetic.land import target_shares
from facts.checks import run_checks
from facts.controls import zones_on_file
from geo.areas import area_m2
from geo.multiplicity import lone_edges
from geo.zonal import areas_by_class
from layers.assess import dossier, proposals_of
from layers.atlas import Atlas, open_atlas
from store.proposals import read_rules
from store.synthetic import MARK, data_dir_of, mark
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def demo(demo_dir: Path) -> Atlas:
    return open_atlas(demo_dir, ROOT / "data")


def test_a_coverage_covers_exactly_and_shares_its_edges() -> None:
    box = (112.0, 37.0, 113.0, 38.0)
    shapes = coverage(box, 2000, seed=4)
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).sum() == pytest.approx(1.0, abs=1e-12)
    frame = shapely.boundary(shapely.box(*box))
    assert shapely.dwithin(lone_edges(shapes), frame, 1e-12).all()
    assert (shapely.to_wkb(shapes) == shapely.to_wkb(coverage(box, 2000, seed=4))).all()
    assert not (shapely.to_wkb(shapes) == shapely.to_wkb(coverage(box, 2000, seed=5))).any()


def test_noise_is_smooth_and_in_range() -> None:
    lon = np.linspace(110, 114, 4001)
    field = noise(lon, 37.0, seed=1, scale_deg=0.5)
    assert (field >= 0).all() and (field <= 1).all() and field.std() > 0.05
    assert np.abs(np.diff(field)).max() < 0.02


def test_control_totals_hold_to_the_square_metre(demo: Atlas) -> None:
    facts = demo.facts
    assert len(zones_on_file(facts, "zones")) == 93
    industrial = {place.place_id for place in zones_on_file(facts, "industrial_zones")}
    assert len(industrial) == 71
    zones = demo.boundaries("zones")
    drawn = zones[zones["place_id"].isin(industrial)]
    assert len(drawn) == 71
    assert area_m2(drawn.geometry).sum() == pytest.approx(2_881e6, abs=100)
    controls = [c for c in run_checks(facts) if c.check_id.startswith("control-")]
    assert len(controls) == 3 and {c.verdict for c in controls} == {"adds_up"}
    made = [o for o in facts.observations if o.source_id == "src-synthetic"]
    assert len(made) > 6000 and {o.quality for o in made} <= {"synthetic", "derived"}


def test_the_land_of_a_county_adds_up_to_it_and_near_its_targets(demo: Atlas) -> None:
    counties = demo.boundaries("counties")
    found = areas_by_class(list(counties.geometry), demo.workspace.file("land-use"), by="dlbm")
    assert np.abs(found.uncovered_m2 / found.area_m2).max() < 1e-6
    forest = [n for n, code in enumerate(found.classes) if code.startswith("03")]
    shares = found.by_class_m2[:, forest].sum(axis=1) / found.area_m2
    wanted = target_shares(counties, seed=mark(demo.workspace.path).seed)[:, -1]
    assert np.abs(shares - wanted).mean() < 0.08


def test_layers_parcels_and_proposals_are_there_and_marked(demo: Atlas) -> None:
    for name in ("land-use", "farmland", "red-lines", "urban-boundaries", "county-seats"):
        frame = demo.boundaries(name)
        assert set(frame["quality"]) == {"synthetic"} and len(frame) > 50
    parcels = demo.boundaries("standard-land")
    assert len(parcels) == 5000 and set(parcels["quality"]) == {"synthetic"}
    known = {p.key: p for p in proposals_of(demo)}
    assert {f"zhongbei-expand.{letter}" for letter in "ABC"} <= known.keys()
    assert {p.precision for p in known.values()} == {"synthetic"}
    found = dossier(demo, "zhongbei-expand.A", lang="zh")
    assert found.ledger.gross_m2 == pytest.approx(62.77e6, abs=1)
    assert found.declared_km2("unexplained") == pytest.approx(31.46)
    assert found.findings == () and found.ledger.final
    rules = read_rules(demo.workspace, "gujiao-set-up.B")
    assert sum(rule.action == "exclude" for rule in rules) == 8
    for key in known:
        assert not [f for f in dossier(demo, key, lang="zh").findings if f.level == "error"], key


def test_the_same_seed_makes_the_same_data(tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "two"):
        assert main([str(tmp_path / name), "--land-use", "3000", "--seed", "5"]) == 0
        workspace = Workspace.open(tmp_path / name)
        hashes.append({n: workspace.info(n).sha256 for n in workspace.collections()})
    assert hashes[0] == hashes[1]
    assert main([str(tmp_path / "one"), "--land-use", "3000", "--seed", "5"]) == 0
    assert main([str(tmp_path / "one"), "--land-use", "3000", "--seed", "6"]) == 2
    assert data_dir_of(tmp_path / "one", ROOT / "data") == tmp_path / "one" / ".data"
    (tmp_path / "one" / MARK).unlink()
    assert mark(tmp_path / "one") is None
