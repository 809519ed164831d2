"""Make the made-up workspace: ``python -m data.synthetic FOLDER [--seed N] [--land-use COUNT]``."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from data.synthetic.make import SEED, make_workspace
from store.synthetic import SyntheticMark, mark


def main(arguments: Sequence[str] | None = None) -> int:
    """Make it, unless it is there already; a half-made one never stands under its name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--land-use", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    folder: Path = options.folder.resolve()
    wanted = SyntheticMark(options.seed, options.land_use)
    if folder.exists():
        if mark(folder) == wanted:
            return 0
        print(
            f"{folder} 已存在，且不是这份演示数据；请先移走 / is there already and is not this "
            "made-up workspace; move it away first", file=sys.stderr,
        )  # fmt: skip
        return 2
    started = time.monotonic()
    half = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(half, ignore_errors=True)
    half.parent.mkdir(parents=True, exist_ok=True)

    def say(zh: str, en: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {zh} / {en}", flush=True)

    try:
        make_workspace(half, wanted, say=say)
        half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    say("完成", "done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
