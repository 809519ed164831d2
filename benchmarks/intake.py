"""A layer inspected and imported, beside pyogrio's and geopandas' own reading and writing of it.

Run as ``python -m benchmarks.intake [--sizes 10000,100000,1000000]``. Every run is a process of its
own, from its start to its end; ours are two, one that inspects and one that imports (validity,
areas, faults, Hilbert order, hash, flush and commit included). All take turns; times are medians,
memory is the largest peak of a process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np

from benchmarks.overlaydata import BBOX, CLASSES
from data.synthetic.coverage import coverage

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "benchmarks" / "results" / "intake"
SIZES: Final = (10_000, 100_000, 1_000_000)
ROUNDS: Final = 5
SEED: Final = 11
VILLAGES: Final = ("某某村委会", "某乡国有", "第三村民小组")


def made(count: int, epsg: int) -> Path:
    """The file of that size; made once, by another process, for its memory must not count here."""
    path = FOLDER / f"land-{count}-{epsg}-{SEED}.gpkg"
    if not path.exists():
        command = [sys.executable, "-m", "benchmarks.intake", "--make", str(count), str(epsg)]
        subprocess.run(command, cwd=ROOT, check=True)
    return path


def make(count: int, epsg: int) -> None:
    """Write a GeoPackage of about `count` land-use polygons."""
    path = FOLDER / f"land-{count}-{epsg}-{SEED}.gpkg"
    FOLDER.mkdir(parents=True, exist_ok=True)
    shapes = coverage(BBOX, count, seed=SEED)
    random = np.random.default_rng(SEED)
    rows = len(shapes)
    frame = gpd.GeoDataFrame(
        {
            "bsm": [f"1401{number:014d}" for number in range(rows)],
            "dlbm": np.array(CLASSES)[random.integers(0, len(CLASSES), rows)],
            "qsdwmc": np.array(VILLAGES)[random.integers(0, len(VILLAGES), rows)],
            "tbmj": random.uniform(100, 90_000, rows).round(2),
        },
        geometry=shapes, crs=4490,
    )  # fmt: skip
    half = path.with_suffix(".making.gpkg")
    half.unlink(missing_ok=True)
    frame.to_crs(epsg).to_file(half, layer="land", driver="GPKG", engine="pyogrio", use_arrow=True)
    half.rename(path)


# --- what is measured: the bodies of the processes ------------------------------------------------


def inspect_it(path: Path, _out: Path) -> None:
    from geo.files import open_file
    from geo.inspection import inspect

    found = inspect(open_file(path))
    assert found.area_m2 and not found.problem_counts["error"]


def import_it(path: Path, out: Path) -> None:
    from store.imports import import_layer
    from store.workspace import Workspace

    import_layer(Workspace.open(out), path, "land-use", author="bench")


def plain(path: Path, out: Path) -> None:
    import pyogrio

    pyogrio.read_dataframe(path).to_parquet(out.with_suffix(".parquet"))


def plain_arrow(path: Path, out: Path) -> None:
    import pyogrio

    pyogrio.read_dataframe(path, use_arrow=True).to_parquet(out.with_suffix(".parquet"))


BODIES: Final[dict[str, Callable[[Path, Path], None]]] = {
    "inspect": inspect_it, "import": import_it, "plain": plain, "plain_arrow": plain_arrow,
}  # fmt: skip


def timed(body: str, path: Path) -> tuple[float, float]:
    """Seconds from start to end of a process, and its peak memory in MB."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.intake", "--child", body, str(path),
             str(Path(folder) / "out")], cwd=ROOT,
        )  # fmt: skip
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{body}: exit {child.returncode}")
    return seconds, usage.ru_maxrss / 1024


def measure(path: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds and largest peak of each body; they take turns, the first round is thrown."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in BODIES}
    for turn in range(rounds + 1):
        for body in BODIES:
            run = timed(body, path)
            if turn:
                found[body].append(run)
    return {
        name: (statistics.median(s for s, _ in runs), max(mb for _, mb in runs))
        for name, runs in found.items()
    }


def report(count: int, epsg: int, found: dict[str, tuple[float, float]]) -> dict[str, float]:
    ours = found["inspect"][0] + found["import"][0]
    peak = max(found["inspect"][1], found["import"][1])
    print(f"\n{count:,} polygons, GeoPackage in EPSG:{epsg}")
    for name, (seconds, megabytes) in found.items():
        print(f"  {name:12s} {seconds:7.2f} s  {megabytes:7.0f} MB")
    ratios = {}
    for peer, words in (("plain", "read_dataframe + to_parquet"), ("plain_arrow", "… use_arrow")):
        ratios[peer] = ours / found[peer][0]
        memory = peak / found[peer][1]
        print(f"  inspect + import: {ratios[peer]:.2f} x {words}; memory {memory:.2f} x")
    return ratios


def grow(counts: Sequence[int], seconds: Sequence[float]) -> None:
    """Cost from size to size, the fixed cost of a start taken off."""
    print("\nGrowth of inspect + import (start of both processes taken off)")
    start = 2 * start_s()
    net = [max(s - start, 1e-3) for s in seconds]
    for count, total, each in zip(counts, seconds, net, strict=True):
        print(f"  {count:>10,} {total:8.2f} s  {1e6 * each / count:7.2f} s per million")


def start_s() -> float:
    """Seconds that a process takes to load what these need, and do nothing."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "import geo.inspection, geo.files.ogr, store.imports"],
            cwd=ROOT, check=True,
        )  # fmt: skip
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure all sizes, and the largest again in metres of zone 38."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--make", nargs=2, type=int, metavar=("COUNT", "EPSG"))
    parser.add_argument("--child", nargs=3, metavar=("BODY", "FILE", "OUT"))
    options: Any = parser.parse_args(argv)
    if options.make:
        make(*options.make)
        return
    if options.child:
        body, path, out = options.child
        BODIES[body](Path(path), Path(out))
        return
    sizes = [int(size) for size in options.sizes.split(",")]
    totals = []
    for count in sizes:
        found = measure(made(count, 4490), options.rounds)
        report(count, 4490, found)
        totals.append(found["inspect"][0] + found["import"][0])
    grow(sizes, totals)
    report(sizes[-1], 4526, measure(made(sizes[-1], 4526), max(1, options.rounds // 2)))
    for left in FOLDER.glob("tmp*"):
        shutil.rmtree(left, ignore_errors=True)


if __name__ == "__main__":
    main()
