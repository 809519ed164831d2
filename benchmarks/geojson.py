"""GeoJSON of generated polygons: ours beside ``GeoDataFrame.to_json``, time, size and memory.

Run as ``python -m benchmarks.geojson [--json]``. Times are medians of three in one process, ours
and the peer's in turn; peak memory is that of a process of its own that makes the frame and
writes it once (``none`` makes it only).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from layers.geojson import to_geojson, write_geojson

ROOT = Path(__file__).resolve().parents[1]
VERTICES = 30
SIZES = (1_000, 10_000, 100_000)
REPEATS = 3
SEED = 20240501
WANTED_RATIO = 5.5
BYTES_PER_MB = 1e6
KIB = 1024


def polygons(count: int, *, seed: int = SEED) -> gpd.GeoDataFrame:
    """`count` clockwise polygons of 30 vertices, about 300 m wide, in EPSG:4490, with figures."""
    random = np.random.default_rng(seed)
    centres = random.uniform((110.3, 34.6), (114.5, 40.7), (count, 2))
    angles = -np.sort(random.uniform(0, 2 * np.pi, (count, VERTICES - 1)), axis=1)
    radii = random.uniform(0.002, 0.004, angles.shape)
    corners = np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=-1)
    corners += centres[:, None, :]
    values = random.normal(100, 30, count).round(2)
    values[::50] = np.nan
    return gpd.GeoDataFrame(
        {
            "place_id": [f"parcel-{number:06d}" for number in range(count)],
            "name_zh": [f"地块{number}" for number in range(count)],
            "value": values,
            "unit": "亩",
            "period": "2023-H1",
            "quality": "synthetic",
        },
        geometry=shapely.polygons(np.concatenate([corners, corners[:, :1]], axis=1)),
        crs=4490,
    )


def ours(frame: gpd.GeoDataFrame) -> int:
    """Bytes written."""
    return len(to_geojson(frame, id_column="place_id"))


def streamed(frame: gpd.GeoDataFrame) -> int:
    """Bytes written, to a file that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "polygons.geojson"
        write_geojson(frame, path, id_column="place_id")
        return path.stat().st_size


def peer(frame: gpd.GeoDataFrame) -> int:
    """Bytes written by GeoDataFrame.to_json."""
    return len(frame.to_json().encode())


WRITERS: dict[str, Callable[[gpd.GeoDataFrame], int]] = {
    "none": lambda _: 0,
    "ours": ours,
    "streamed": streamed,
    "peer": peer,
}


def peak_mb(writer: str, count: int) -> float:
    """Peak resident memory of a process that makes the frame and writes it once, in MB."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.geojson", "--peak", writer, "--count", str(count)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(run.stdout)


def own_peak_mb() -> float:
    """Peak resident memory of this process in MB.

    Not ru_maxrss: Linux hands the parent's peak on to a process it starts.
    """
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * KIB / BYTES_PER_MB


def seconds(write: Callable[[gpd.GeoDataFrame], int], frame: gpd.GeoDataFrame) -> float:
    """Wall time of one writing."""
    start = time.perf_counter()
    write(frame)
    return time.perf_counter() - start


def measure(count: int) -> dict[str, float]:
    """Medians for one size, the two writers taking turns."""
    frame = polygons(count)
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(REPEATS):
        for name, found in times.items():
            found.append(seconds(WRITERS[name], frame))
    ours_s, peer_s = (statistics.median(found) for found in times.values())
    return {
        "count": count,
        "ours_s": ours_s,
        "peer_s": peer_s,
        "ratio": peer_s / ours_s,
        "ours_mb": ours(frame) / BYTES_PER_MB,
        "peer_mb": peer(frame) / BYTES_PER_MB,
    }


def measure_all() -> dict[str, object]:
    """All sizes, and the memory of the largest."""
    sizes = [measure(count) for count in SIZES]
    peaks = {
        name: statistics.median(peak_mb(name, SIZES[-1]) for _ in range(REPEATS))
        for name in WRITERS
    }
    return {"sizes": sizes, "peak_mb": peaks, "wanted_ratio": WANTED_RATIO}


def report(found: dict[str, object]) -> str:
    """The measurements as text."""
    lines = [f"GeoJSON of generated polygons, {VERTICES} vertices, medians of {REPEATS}"]
    sizes = found["sizes"]
    assert isinstance(sizes, list)
    lines.extend(
        f"  {row['count']:>7} polygons: ours {row['ours_s']:.3f} s, {row['ours_mb']:.1f} MB; "
        f"to_json {row['peer_s']:.3f} s, {row['peer_mb']:.1f} MB; {row['ratio']:.1f} x faster"
        for row in sizes
    )
    peaks = found["peak_mb"]
    assert isinstance(peaks, dict)
    base = peaks["none"]
    lines.append(
        f"  peak memory at {SIZES[-1]}: ours {peaks['ours']:.0f} MB, streamed to a file "
        f"{peaks['streamed']:.0f} MB, to_json {peaks['peer']:.0f} MB (the frame alone {base:.0f})"
    )
    ratio = sizes[-1]["ratio"]
    verdict = "reached" if ratio >= WANTED_RATIO and peaks["ours"] < peaks["peer"] else "MISSED"
    lines.append(f"  wanted: at least {WANTED_RATIO} x, and a lower peak: {verdict}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the measurements, as text or as JSON; `arguments` default to the command line's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peak", choices=sorted(WRITERS), help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=SIZES[-1], help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.peak:
        WRITERS[options.peak](polygons(options.count))
        print(own_peak_mb())
        return
    found = measure_all()
    print(json.dumps(found, indent=1) if options.json else report(found))


if __name__ == "__main__":
    main()
