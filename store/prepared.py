"""What an import makes of a stranger's file before it is stored, and why it may refuse to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.problems import Problem
from store.errors import BadFrameError
from store.log import BBox


class ImportRefusedError(BadFrameError):
    """A file can't become a collection; the message says why and what to do.

    `problems` are the errors that stand in the way, told one by one.
    """

    code = "import_refused"

    def __init__(
        self, message: str, *, faults: Sequence[str] = (), problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message, faults=faults)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A stranger's file as a file of ours at `path`, belonging to no version yet.

    `name` is the user's name of the file. `features` were read, `rows` are kept, `dropped` left out
    (without geometry, or no land in a layer of land), `repaired` changed by repairs. `crs` names
    the file's system, `crs_basis` why ("declared", "certain from magnitude", "given"); `placed_zh`
    and `placed_en` say it in full. `bbox` is W, S, E, N in degrees, `area_m2` None for points and
    lines. `columns` are the names of the attributes as stored.
    """

    path: Path
    name: str
    format: str
    layer: str
    features: int
    rows: int
    dropped: int
    repaired: int
    removed_m2: float
    added_m2: float
    crs: str
    crs_basis: str
    placed_zh: str
    placed_en: str
    bbox: BBox | None
    area_m2: float | None
    geometry_types: Mapping[str, int]
    columns: tuple[str, ...]
    problems: tuple[Problem, ...]
    problem_counts: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `from_json`; problems in both languages."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return fields | {
            "path": str(self.path),
            "geometry_types": dict(self.geometry_types),
            "columns": list(self.columns),
            "problem_counts": dict(self.problem_counts),
            "problems": [problem_to_json(problem) for problem in self.problems],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Prepared":
        """The inverse of `to_json`; raises KeyError or TypeError for something else."""
        fields = {name: values[name] for name in cls.__slots__}
        box = fields["bbox"]
        return cls(**fields | {
            "path": Path(fields["path"]),
            "bbox": None if box is None else (box[0], box[1], box[2], box[3]),
            "columns": tuple(fields["columns"]),
            "problems": tuple(Problem(**problem) for problem in fields["problems"]),
        })  # fmt: skip

    @property
    def source(self) -> str:
        """What the version's history says of its origin."""
        layer = f"（图层 {self.layer}）" if self.layer else ""
        return f"{self.name}{layer}；{self.placed_zh} / {self.placed_en}"


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """A problem with both of its messages; `Problem(**…)` is the inverse."""
    return {name: getattr(problem, name) for name in Problem.__slots__}
