"""What `data/` becomes: every baseline collection as a frame, checked as a whole.

Slow to import (geopandas, pint); `baseline` does so only when something is to be loaded.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from facts.errors import FactsError, FactsFaults
from facts.load import LoadReport, load_with_report
from facts.model import Facts
from facts.tables import to_frames
from geo.boundaries import read_boundaries
from geo.errors import GeoError
from store.errors import BaselineError
from store.proposalfiles import proposal_frames
from store.standard_land import aggregates

_LEVELS = {
    "provinces": ("province",),
    "cities": ("city",),
    "counties": ("county",),
    "zones": ("zone", "park"),
}


@dataclass(frozen=True)
class Intake:
    """Frames by collection, and what became of each file's rows (see `snapshot.Snapshot`)."""

    frames: Mapping[str, pd.DataFrame]
    counts: Mapping[str, Mapping[str, Any]]


def read_data(data_dir: Path) -> Intake:
    """Read and check `data/facts` and `data/boundaries`.

    Raises:
        BaselineError: with every fault of both at once.
    """
    faults: list[str] = []
    facts, report = _facts(data_dir / "facts", faults)
    boundaries = _boundaries(data_dir / "boundaries", faults)
    if facts is None or report is None or boundaries is None:
        raise _bad(data_dir, faults)
    faults += _disagreements(facts, boundaries)
    if faults:
        raise _bad(data_dir, faults)
    frames = to_frames(facts)
    for collection, levels in _LEVELS.items():
        frames[collection] = boundaries[boundaries["level"].isin(levels)]
    frames["standard-land"] = aggregates(facts, boundaries)
    frames |= proposal_frames(data_dir / "facts", facts, boundaries, faults)
    if faults:
        raise _bad(data_dir, faults)
    return Intake(frames=frames, counts=_counts(report))


def _facts(folder: Path, faults: list[str]) -> tuple[Facts | None, LoadReport | None]:
    try:
        return load_with_report(folder)
    except FactsFaults as error:
        faults += [str(fault) for fault in error.faults]
    except (FactsError, OSError) as error:
        faults.append(str(error))
    return None, None


def _boundaries(folder: Path, faults: list[str]) -> gpd.GeoDataFrame | None:
    try:
        return read_boundaries(folder)
    except GeoError as error:
        faults += error.faults or [error.message]
    except OSError as error:
        faults.append(str(error))
    return None


def _disagreements(facts: Facts, boundaries: gpd.GeoDataFrame) -> list[str]:
    """Ids that the boundaries use and the facts do not have."""
    faults = []
    for column, known, noun in (
        ("place_id", facts.places_by_id, "places.csv"),
        ("source_id", facts.sources_by_id, "sources.csv"),
        ("declared_source_id", facts.sources_by_id, "sources.csv"),
    ):
        used = {value for value in boundaries[column].dropna().unique() if value}
        faults += [
            f"boundaries: {column} {value!r} 不在 {noun} 中 / is not in {noun}"
            for value in sorted(used - set(known))
        ]
    return faults


def _counts(report: LoadReport) -> dict[str, dict[str, Any]]:
    counts = {}
    for file in report.files:
        fields = asdict(file) | {"unplaced": dict(file.unplaced)}
        counts[str(fields.pop("file"))] = fields
    return counts


def _bad(data_dir: Path, faults: list[str]) -> BaselineError:
    return BaselineError(
        f"{data_dir} 中的基线数据有 {len(faults)} 处错误，工作区未改动 / the baseline data have "
        f"{len(faults)} faults, the workspace was not changed",
        faults=faults,
    )
