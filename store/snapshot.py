"""`baseline.json`: which versions of the baseline's collections belong together, and whence.

It is replaced atomically after all collections are written, so that a crash in between leaves
the old snapshot, and the next start goes on from there.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.files import write_atomically

SNAPSHOT_FILE = "baseline.json"

_FORMAT = 1
_DATA_SUFFIXES = frozenset({".csv", ".geojson"})
_LOADERS = ("facts", "geo", "store")  # packages whose code decides what data/ becomes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The baseline that was last loaded completely.

    `data` and `code` are sha256 digests of `data/` and of the code that reads it; `versions`
    are the collections' versions then; `counts` says per observation file what became of its
    rows: rows, observations, missing_values, unplaced (reason to number), as `facts` reports.
    """

    data: str
    code: str
    versions: Mapping[str, int]
    counts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_snapshot(workspace: Path) -> Snapshot | None:
    """The last snapshot; None when there is none or it cannot be read (then all is loaded)."""
    try:
        fields = json.loads((workspace / SNAPSHOT_FILE).read_text("utf-8"))
        if fields["format"] != _FORMAT:
            return None
        return Snapshot(
            data=str(fields["data"]),
            code=str(fields["code"]),
            versions={str(name): int(number) for name, number in fields["versions"].items()},
            counts=dict(fields["counts"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_snapshot(workspace: Path, snapshot: Snapshot) -> None:
    """Replace the snapshot, durably.

    Raises:
        WriteFailedError: the disk refused; the old snapshot stands.
    """
    fields = {
        "format": _FORMAT, "data": snapshot.data, "code": snapshot.code,
        "versions": dict(snapshot.versions), "counts": dict(snapshot.counts),
    }  # fmt: skip
    text = json.dumps(fields, ensure_ascii=False, indent=1, sort_keys=True)
    write_atomically(workspace / SNAPSHOT_FILE, text.encode())


def data_digest(data_dir: Path) -> str:
    """sha256 over names and contents of all .csv and .geojson files below a folder, sorted.

    Raises:
        OSError: a file cannot be read.
    """
    paths = (path for path in data_dir.rglob("*") if path.suffix.lower() in _DATA_SUFFIXES)
    return _digest(data_dir, _in_order(data_dir, paths))


def code_digest() -> str:
    """sha256 over the code that turns data into collections; a new release loads anew.

    Where the code does not lie in files (a zip), only the data's own digest tells changes.
    """
    root = Path(__file__).resolve().parent.parent
    paths = (path for package in _LOADERS for path in (root / package).rglob("*.py"))
    return _digest(root, _in_order(root, paths))


def _in_order(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Paths sorted by their names below `root`, the same on every machine."""
    return sorted(paths, key=lambda path: path.relative_to(root).as_posix())


def _digest(root: Path, paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        # The length keeps one file's end and the next one's name apart.
        total.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
