"""Random damage to files of every format: no reader may answer with anything but our own errors.

`make fuzz` runs each reader for ten minutes under atheris, whose coverage of our own code leads
the mutations; `make test` runs a short one with a plain mutator (see test_fuzzing.py). Each reader
runs in a process of its own, with bounded memory, so that a crash of a library is found too and
told with the file that caused it.

    python -m tests.fuzzing --seconds 600 [--reader geojson] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # also when run as a program: the corpus lies there
MEMORY_BYTES = 4 << 30
SLOWEST_S = 30
UNFORESEEN = "reader_fault"  # `open_file` turns what no reader foresaw into this: a fault here
# What damaged numbers and lengths are likely to be replaced by.
_TOKENS = (
    b"\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"NaN", b"Infinity",
    b"-1", b"1e999", b"99999999999999999999", b"[", b"]", b"{", b"}", b'"', b"<", b">", b",", b"@",
    b"\n", b"\r\n", b"=", "，".encode(), b"\x81", b"\xef\xbb\xbf", b"\xff\xfe", b"PK\x03\x04",
)  # fmt: skip
Target = Callable[[Path], None]


def read_features(path: Path) -> None:
    """Open a file, inspect it to the end, as an upload is; our errors are answers."""
    from geo.errors import GeoError
    from geo.files import ReadOptions, open_file
    from geo.inspection import inspect
    from geo.limits import MB, Limits
    from geo.placement import CrsAnswer

    limits = replace(
        Limits(), file_bytes=8 * MB, text_bytes=8 * MB, unpacked_bytes=64 * MB, features=200_000,
        vertices=2_000_000, ring_vertices=500_000, cells=200_000,
    )  # fmt: skip
    try:
        file = open_file(path, ReadOptions(), limits=limits)
        inspect(file, CrsAnswer(), limits=limits).to_json("zh")
    except GeoError as error:
        if error.code == UNFORESEEN:
            raise


def read_tables(path: Path) -> None:
    """Read a table and recognise its form; our errors are answers."""
    from facts.errors import FactsError
    from facts.tableforms import recognise
    from geo.errors import GeoError
    from geo.limits import MB, Limits
    from store.sheets import read_sheets

    limits = replace(Limits(), file_bytes=8 * MB, unpacked_bytes=64 * MB, cells=200_000)
    try:
        for grid in read_sheets(path, limits=limits):
            recognise(grid)
    except (FactsError, GeoError):
        return


def read_dbase(path: Path) -> None:
    """A good .shp beside a damaged .dbf."""
    shapes = path.with_suffix(".shp")
    if not shapes.exists():
        shapes.write_bytes(seeds("shp")[0])
    read_features(shapes)


def readers() -> dict[str, tuple[str, Target]]:
    """Name of each reader, the extension that its files have here, and what is run on them."""
    from geo.files import FORMATS

    found = {
        key: (known.extensions[0], read_features) for key, known in FORMATS.items() if known.reads
    }
    return found | {
        "dbf": (".dbf", read_dbase), "zip": (".zip", read_features),
        "kmz": (".kmz", read_features), "sheet-csv": (".csv", read_tables),
        "sheet-xlsx": (".xlsx", read_tables),
    }  # fmt: skip


def seeds(reader: str) -> list[bytes]:
    """Good files of a reader's format, as the corpus of the tests builds them."""
    import corpus

    extension, _ = readers()[reader]
    with tempfile.TemporaryDirectory() as folder:
        paths = [case.path(Path(folder)) for case in corpus.good_files(Path(folder))]
        if extension == ".dbf":
            paths = [found for path in paths for found in path.parent.glob("*.dbf")]
        found = [path.read_bytes() for path in paths if path.suffix.lower() == extension]
    return found or [b""]


def mutated(seed: bytes, rng: random.Random) -> bytes:
    """A seed with a few random changes: bits, runs removed, doubled, or replaced by odd tokens."""
    data = bytearray(seed)
    for _ in range(rng.choice((1, 1, 2, 4, 8, 16))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 1, 2, 4, 16, 256)))
        what = rng.randrange(5)
        if what == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del data[at:end]
        elif what == 2:
            data[at:at] = data[at:end]
        elif what == 3:
            token = rng.choice(_TOKENS)
            data[at : at + len(token)] = token
        elif at < len(data):
            data[at:end] = rng.randbytes(end - at)
    if rng.random() < 0.05:
        del data[rng.randrange(len(data) + 1) :]
    return bytes(data)


@contextmanager
def scratch(extension: str) -> Iterator[Callable[[bytes], Path]]:
    """A folder for one file at a time, of that extension."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / f"file{extension}"

        def put(data: bytes) -> Path:
            path.write_bytes(data)
            return path

        yield put


def run_plain(reader: str, seconds: float, *, seed: int, keep: Path, most: int = 10**9) -> int:
    """Mutate and read until the time is over; returns how many files were read.

    The file that breaks a reader is kept in `keep`; the error goes on.
    """
    extension, target = readers()[reader]
    grown, rng, count = seeds(reader), random.Random(f"{seed}-{reader}"), 0
    deadline = time.monotonic() + seconds
    with scratch(extension) as put:
        while time.monotonic() < deadline and count < most:
            data = mutated(rng.choice(grown), rng)
            last = keep / f"{reader}{extension}"
            last.write_bytes(data)  # a library that crashes leaves its file behind
            began = time.monotonic()
            target(put(data))
            took = time.monotonic() - began
            assert took < SLOWEST_S, f"{reader}: {took:.0f} s for {last}"
            count += 1
    last.unlink(missing_ok=True)
    return count


def run_guided(reader: str, seconds: float, *, keep: Path) -> None:
    """The same under atheris, led by coverage of our readers; does not return."""
    import atheris

    with atheris.instrument_imports(include=["geo", "facts"]):
        extension, target = readers()[reader]
        import geo.inspection
    assert geo.inspection
    corpus_dir = keep / f"corpus-{reader}"
    corpus_dir.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(reader)):
        (corpus_dir / f"seed-{number}").write_bytes(data)
    with scratch(extension) as put:
        atheris.Setup(
            [
                "fuzz", str(corpus_dir), f"-max_total_time={int(seconds)}", "-max_len=200000",
                f"-artifact_prefix={keep}/{reader}-", f"-timeout={SLOWEST_S}",
                "-print_final_stats=1",
                f"-rss_limit_mb={MEMORY_BYTES >> 20}",
            ],
            lambda data: target(put(data)),
        )  # fmt: skip
        atheris.Fuzz()


def _run_apart(reader: str, words: list[str]) -> int:
    """Fuzz one reader in a process of its own; returns its exit code, 0 for no uncaught error."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzzing", "--reader", reader, *words], cwd=ROOT,
        check=False, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    told = [line for line in said if line.startswith("stat::") or "no uncaught error" in line]
    print("\n".join([f"=== {reader}", *(said[-60:] if done.returncode else told)]), flush=True)
    return done.returncode


def main(argv: list[str] | None = None) -> int:
    """Fuzz one reader, or all of them, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="for each reader")
    parser.add_argument("--reader", help="only this one, in this process")
    parser.add_argument("--keep", type=Path, default=ROOT / "var" / "fuzz")
    parser.add_argument("--plain", action="store_true", help="without atheris")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="readers at a time")
    args = parser.parse_args(argv)
    args.keep.mkdir(parents=True, exist_ok=True)
    if args.reader:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if not args.plain:
            run_guided(args.reader, args.seconds, keep=args.keep)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        try:
            count = run_plain(args.reader, args.seconds, seed=args.seed, keep=args.keep)
        except Exception:
            traceback.print_exc()
            return 1
        print(f"{args.reader}: {count} files, no uncaught error", flush=True)
        return 0
    words = ["--seconds", str(args.seconds), "--keep", str(args.keep), "--seed", str(args.seed)]
    words += ["--plain"] if args.plain else []
    with ThreadPoolExecutor(args.jobs) as pool:
        codes = list(pool.map(lambda reader: _run_apart(reader, words), readers()))
    failed = [reader for reader, code in zip(readers(), codes, strict=True) if code]
    print(f"uncaught: {', '.join(failed) or 'none'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
