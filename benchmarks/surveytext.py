"""Survey texts: our reader beside bare parsing of their numbers by ``numpy.loadtxt``.

Run as ``python -m benchmarks.surveytext [--json]``. The peer gets a file with nothing but the
numbers, one point a line; ours reads the whole text (GBK, CRLF, header, parcel lines) into
features with all checks. Both in turn in one process, medians of several rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from geo.files.surveytext import open_surveytext

CASES = ((5_000, 500), (50_000, 50_000), (50_000, 500), (50_000, 50), (50_000, 10), (500_000, 500))
"""Points in the file, and of these in each parcel."""
ROUNDS = 9
WANTED_RATIO = 3.0
_RADIUS_M = 40.0
_HEADER = (
    "[属性描述]", "格式版本号=1.01版本", "坐标系=2000国家大地坐标系", "几度分带=3",
    "投影类型=高斯克吕格", "计量单位=米", "带号=38", "精度=0.001", "转换参数=,,,,,,", "[地块坐标]",
)  # fmt: skip


def write_files(text: Path, numbers: Path, *, points: int, per_parcel: int) -> None:
    """A survey text of round parcels (zone 38), and the same coordinates alone."""
    angle = np.linspace(0, 2 * np.pi, per_parcel - 1, endpoint=False)
    north, east = _RADIUS_M * np.sin(angle), _RADIUS_M * np.cos(angle)
    hectares = (per_parcel - 1) / 2 * _RADIUS_M**2 * np.sin(2 * np.pi / (per_parcel - 1)) / 1e4
    lines, bare = list(_HEADER), []
    for parcel in range(points // per_parcel):
        middle_n = 4_194_000.0 + 100 * (parcel // 100)
        middle_e = 38_372_000.0 + 100 * (parcel % 100)
        pairs = [f"{middle_n + n:.4f},{middle_e + e:.4f}" for n, e in zip(north, east, strict=True)]
        pairs.append(pairs[0])
        names = [*range(1, per_parcel), 1]
        lines.append(f"{per_parcel},{hectares:.4f},{parcel + 1},地块{parcel + 1},面,,工业,0601,@")
        lines += [f"J{name},1,{pair}" for name, pair in zip(names, pairs, strict=True)]
        bare += pairs
    text.write_bytes("\r\n".join([*lines, ""]).encode("gb18030"))
    numbers.write_text("\n".join([*bare, ""]), encoding="ascii")


def ours(path: Path) -> int:
    """Read a survey text into features; how many bytes of geometry they have."""
    return sum(batch.table.nbytes for batch in open_surveytext(path).read())


def peer(path: Path) -> int:
    """Parse the numbers alone."""
    return int(np.loadtxt(path, delimiter=",").nbytes)


def _seconds(work: Callable[[Path], int], path: Path) -> float:
    start = time.perf_counter()
    work(path)
    return time.perf_counter() - start


def measure(points: int, per_parcel: int, *, rounds: int = ROUNDS) -> dict[str, float]:
    """Median seconds of both, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        text, numbers = Path(folder) / "parcels.txt", Path(folder) / "numbers.txt"
        write_files(text, numbers, points=points, per_parcel=per_parcel)
        ours(text)
        peer(numbers)
        both = [(_seconds(ours, text), _seconds(peer, numbers)) for _ in range(rounds)]
    ours_s = statistics.median(mine for mine, _ in both)
    peer_s = statistics.median(other for _, other in both)
    return {
        "points": points, "per_parcel": per_parcel, "ours_s": ours_s, "loadtxt_s": peer_s,
        "ratio": ours_s / peer_s,
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Print times and ratios, as a table or as JSON; 0 always: a busy machine is no fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args(argv)
    found = [measure(*case, rounds=arguments.rounds) for case in CASES]
    if arguments.json:
        print(json.dumps(found))
        return 0
    print("survey text   points  per parcel   ours ms   loadtxt ms   ratio")
    for row in found:
        print(
            f"            {row['points']:8.0f} {row['per_parcel']:11.0f} {row['ours_s'] * 1e3:9.1f}"
            f" {row['loadtxt_s'] * 1e3:12.1f} {row['ratio']:7.2f}"
        )
    print(f"            wanted: at most {WANTED_RATIO:g} for a file of 50 000 points")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
