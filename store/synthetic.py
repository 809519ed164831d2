"""The mark of a made-up workspace: a small file in it, so that no page forgets to say so.

Such a workspace brings its own baseline along, in a folder beside its collections.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from store.errors import WorkspacePathError
from store.files import write_atomically

MARK = "synthetic.json"
DATA = ".data"


@dataclass(frozen=True, slots=True)
class SyntheticMark:
    """What a made-up workspace was made from: the seed, and the number of land-use polygons."""

    seed: int
    land_use: int


def mark(workspace_dir: Path) -> SyntheticMark | None:
    """The mark of a workspace, None for a real one.

    Raises:
        WorkspacePathError: there is a mark that can't be read; such a workspace is not shown.
    """
    path = workspace_dir / MARK
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return SyntheticMark(int(content["seed"]), int(content["land_use"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspacePathError(
            f"演示标记无法读取：{path} / the mark of a made-up workspace can't be read: {path}"
        ) from error


def write_mark(workspace_dir: Path, made: SyntheticMark) -> None:
    """Mark a workspace as made up; the last thing that its maker does."""
    write_atomically(workspace_dir / MARK, json.dumps(asdict(made)).encode())


def data_dir_of(workspace_dir: Path, default: Path) -> Path:
    """Where a workspace's baseline comes from: its own folder if it is made up."""
    return workspace_dir / DATA if mark(workspace_dir) else default
