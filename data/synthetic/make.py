"""Puts the made-up workspace together: baseline, layers, parcels, proposals."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import geopandas as gpd

from data.synthetic import lines, plans
from data.synthetic.figures import write_facts
from data.synthetic.land import Shares, land_use
from data.synthetic.outlines import county_km2, write_outlines
from data.synthetic.parcels import parcels
from data.synthetic.places import PROPOSED, make_places
from facts.load import load_facts
from geo.landlayer import MEASURED, prepare_layer
from geo.proposals import Proposal
from store.baseline import ensure_baseline
from store.proposalfiles import PROPOSAL_COLUMNS, proposals_frame
from store.proposals import COLLECTION, read_proposals, read_rules, save_rules
from store.synthetic import DATA, SyntheticMark, write_mark
from store.workspace import Workspace

SEED: Final = 20240601
REAL: Final = Path(__file__).resolve().parents[1]
AUTHOR: Final = "synthetic generator"

Say = Callable[[str, str], None]


def make_workspace(folder: Path, wanted: SyntheticMark, *, say: Say) -> None:
    """Make the workspace of a seed in an empty folder; its mark is written last."""
    seed = wanted.seed
    say("事实与边界", "facts and outlines")
    data = folder / DATA
    with (REAL / "facts" / "places.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    places = make_places(
        load_facts(REAL / "facts"), rows, county_km2(REAL / "boundaries"), seed=seed
    )
    write_facts(REAL / "facts", data / "facts", places, seed=seed)
    write_outlines(REAL / "boundaries", data / "facts", data / "boundaries", places)
    workspace = Workspace.open(folder)
    ensure_baseline(workspace, data)
    counties: Any = workspace.read("counties")
    zones: Any = workspace.read("zones")
    standing = zones[~zones["place_id"].isin(PROPOSED)]
    province = workspace.read("provinces")["geometry"].iloc[0]
    made = plans.proposals(read_proposals(workspace), zones, province, seed=seed)
    say(f"土地利用，约 {wanted.land_use} 个图斑", f"land use, about {wanted.land_use} polygons")
    use, shares = land_use(counties, standing, count=wanted.land_use, seed=seed)
    _write(workspace, "land-use", use, seed)
    for share in shares:
        say(*_compared(share))
    say("永久基本农田、生态保护红线、城镇开发边界", "farmland, red lines, urban boundaries")
    urban, red = lines.control_lines(
        counties, standing, province, plans.sites_of(made), seed=seed
    )  # fmt: skip
    _write(workspace, "urban-boundaries", urban, seed)
    _write(workspace, "red-lines", red, seed)
    _write(workspace, "farmland", lines.farmland(use, (urban, red), seed=seed), seed)
    del use
    _write(workspace, "county-seats", lines.county_seats(counties), seed)
    say("标准地与方案", "parcels and proposals")
    _write(workspace, "standard-land", parcels(standing, seed=seed), seed)
    _write_proposals(workspace, made, seed)
    write_mark(folder, wanted)


def _write_proposals(workspace: Workspace, made: Iterable[Proposal], seed: int) -> None:
    """All proposals as one version, and the rules of the one with eight exclusions."""
    rows = []
    for proposal in made:
        common = {
            name: getattr(proposal, name) for name in PROPOSAL_COLUMNS if name != "role"
        }  # fmt: skip
        parts = {"base": proposal.base, "in": proposal.land_in, "out": proposal.land_out}
        rows += [
            common | {"role": role, "geometry": land}
            for role, land in parts.items()
            if land is not None
        ]
    workspace.write(
        COLLECTION, proposals_frame(rows), author=AUTHOR, message=_message(seed),
        source=_source(seed),
    )  # fmt: skip
    rules = plans.eight_exclusions(read_rules(workspace))
    save_rules(workspace, plans.EIGHT_RULES, rules, author=AUTHOR, message=_message(seed))


def _write(workspace: Workspace, name: str, frame: gpd.GeoDataFrame, seed: int) -> None:
    ready, report = prepare_layer(frame)
    workspace.write(
        name, ready, author=AUTHOR, message=_message(seed), source=_source(seed),
        notes=MEASURED if report.measured else None,
    )  # fmt: skip


def _compared(share: Shares) -> tuple[str, str]:
    numbers = f"{share.made:.2%}, {share.target:.2%} ± {share.worst_county:.2%}"
    return (
        f"  {share.group}：占比、目标、各县最大偏差 {numbers}",
        f"{share.group}: share, target, farthest county",
    )


def _message(seed: int) -> str:
    return f"演示数据，随机生成，种子 {seed} / made up, seed {seed}"


def _source(seed: int) -> str:
    return f"data/synthetic, seed {seed}"
