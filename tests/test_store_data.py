"""The project's own data in a workspace, as a first start loads them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest

from facts.load import load_facts
from facts.tables import FRAME_NAMES
from store.baseline import (
    GEO_COLLECTIONS,
    PLANS,
    TABLES,
    BaselineReport,
    ensure_baseline,
    read_facts,
    settled_versions,
)
from store.errors import BaselineError
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"


def copy_data(target: Path) -> None:
    for folder in ("facts", "boundaries"):
        shutil.copytree(DATA / folder, target / folder)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.open(tmp_path_factory.mktemp("own") / "var")


@pytest.fixture(scope="module", autouse=True)
def report(workspace: Workspace) -> BaselineReport:
    return ensure_baseline(workspace, DATA)


def test_all_collections_are_there_and_sound(workspace: Workspace, report: BaselineReport) -> None:
    assert set(TABLES) == set(FRAME_NAMES)
    assert set(report.versions) == {*GEO_COLLECTIONS, *TABLES, *PLANS}
    assert workspace.verify() == []
    assert settled_versions(workspace) == report.versions


def test_every_row_of_the_observation_files_is_accounted_for(
    workspace: Workspace, report: BaselineReport
) -> None:
    files = sorted(path.name for path in (DATA / "facts").glob("observations_*.csv"))
    assert sorted(report.counts) == files
    for counts in report.counts.values():
        assert counts["rows"] == counts["observations"] + sum(counts["unplaced"].values())
    placed = sum(counts["observations"] for counts in report.counts.values())
    assert placed == len(workspace.read("observations"))


def test_the_facts_come_back_as_they_were_loaded(workspace: Workspace) -> None:
    assert read_facts(workspace) == load_facts(DATA / "facts")


def test_outlines_and_tables_are_plain_files_for_other_readers(workspace: Workspace) -> None:
    counties = gpd.read_parquet(workspace.file("counties"))
    assert len(counties) == 117
    assert counties.crs.to_epsg() == 4490
    assert len(workspace.read("cities")) == 11
    assert set(workspace.read("zones", columns=["level"])["level"]) == {"zone", "park"}
    places = pq.read_table(workspace.file("places")).column("place_id").to_pylist()
    assert set(counties["place_id"]) <= set(places)


def test_the_reported_standard_land(workspace: Workspace) -> None:
    frame = workspace.read("standard-land").set_index(["place_id", "state"])

    def figures(place_id: str, state: str) -> list[float | None]:
        row = frame.loc[(place_id, state)]
        return [None if pd.isna(row[name]) else row[name] for name in ("parcels", "area_mu")]

    assert figures("zone-zhongbei-gaoxin", "granted") == [2, 846.61]
    assert figures("zone-qingxu-jingkai", "granting") == [3, None]
    assert figures("group-140700-zones", "granted") == [11, 490.26]
    assert figures("group-140000-zones", "granted") == [318, None]
    assert figures("group-141000-zones", "reserve") == [None, 5100]
    assert figures("group-141000-zones", "granted") == [None, 3000]
    assert set(frame["kind"].xs("group-141000-zones")) == {"target"}
    assert frame.geometry.notna().all()


def test_a_later_start_loads_nothing_and_no_heavy_library(workspace: Workspace) -> None:
    code = (
        "import sys; from pathlib import Path; from store.baseline import ensure_baseline;"
        "from store.workspace import Workspace;"
        "print(ensure_baseline(Workspace.open(Path(sys.argv[1])), Path(sys.argv[2])).reason);"
        "print([m for m in ('deltalake', 'pyarrow', 'pandas', 'numpy', 'geopandas', 'pint')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(workspace.path), str(DATA)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["unchanged", "[]"]


def test_faults_of_facts_and_boundaries_are_listed_together(
    workspace: Workspace, tmp_path: Path
) -> None:
    copy_data(tmp_path)
    events = tmp_path / "facts" / "events.csv"
    events.write_text(events.read_text("utf-8").replace("zone-zhongbei-gaoxin", "zone-nowhere"))
    (tmp_path / "boundaries" / "counties.geojson").write_text("{")
    before = workspace.versions()
    with pytest.raises(BaselineError) as caught:
        ensure_baseline(workspace, tmp_path)
    text = "\n".join(caught.value.faults)
    assert "events.csv" in text
    assert "zone-nowhere" in text
    assert "counties" in text
    assert workspace.versions() == before


def test_an_outline_of_an_unknown_place_is_a_fault(workspace: Workspace, tmp_path: Path) -> None:
    copy_data(tmp_path)
    zones = tmp_path / "boundaries" / "zones.geojson"
    zones.write_text(zones.read_text("utf-8").replace("zone-zhongbei-gaoxin", "zone-nowhere"))
    with pytest.raises(BaselineError) as caught:
        ensure_baseline(workspace, tmp_path)
    assert any("zone-nowhere" in fault and "places.csv" in fault for fault in caught.value.faults)
