"""What an import makes of a stranger's file before it is stored, and why it may refuse to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.problems import Problem
from store.errors import BadFrameError
from store.log import BBox

APPROXIMATE = "approximate_datum"  # the code of geo.placement for a datum step not made
_SHOWN = 20
_LONGEST = 2000  # characters of a version's message


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
    (without geometry, or no land in a layer of land), among them those with the numbers `left_out`
    by choice, `repaired` changed by repairs. `crs` names
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
    left_out: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `from_json`; problems in both languages."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return fields | {
            "path": str(self.path),
            "geometry_types": dict(self.geometry_types),
            "columns": list(self.columns),
            "left_out": list(self.left_out),
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
            "left_out": tuple(fields["left_out"]),
            "problems": tuple(Problem(**problem) for problem in fields["problems"]),
        })  # fmt: skip

    @property
    def source(self) -> str:
        """What the version's history says of its origin."""
        layer = f"（图层 {self.layer}）" if self.layer else ""
        return f"{self.name}{layer}；{self.treatment}"

    @property
    def treatment(self) -> str:
        """How the coordinates were placed and what was changed, to be kept with what is stored."""
        zh, en = [self.placed_zh], [self.placed_en]
        if self.repaired:
            zh.append(
                f"修复 {self.repaired} 个要素（减 {self.removed_m2:,.2f}、增 {self.added_m2:,.2f} "
                "平方米）"
            )
            en.append(
                f"{self.repaired} features repaired (-{self.removed_m2:,.2f} m², "
                f"+{self.added_m2:,.2f} m²)"
            )
        if self.left_out:
            numbers = "、".join(map(str, self.left_out[:_SHOWN]))
            numbers += "…" if len(self.left_out) > _SHOWN else ""
            zh.append(f"按所选未导入 {len(self.left_out)} 个要素：第 {numbers} 个")
            en.append(f"{len(self.left_out)} features left out as chosen: {numbers}")
        return f"{'；'.join(zh)} / {'; '.join(en)}"

    def in_message(self, message: str) -> str:
        """A version's message with `treatment` behind it, if there is room for it."""
        zh, slash, en = message.partition(" / ")
        done_zh, _, done_en = self.treatment.partition(" / ")
        said = f"{zh}（{done_zh}）"
        said = f"{said}{slash}{en} ({done_en})" if slash else said
        return said if len(said) <= _LONGEST else message

    @property
    def approximate(self) -> bool:
        """Whether the coordinates were taken without the datum step that they need."""
        return any(problem.code == APPROXIMATE for problem in self.problems)

    def refuse_as_surveyed(self) -> None:
        """Raises ImportRefusedError where these outlines can't pass for surveyed ones."""
        if self.approximate:
            raise ImportRefusedError(
                f"{self.name} 的坐标是近似的（{self.placed_zh}），不能作为实测边界；请提供七参数，"
                "或改为“数字化” / the coordinates of "
                f"{self.name} are approximate ({self.placed_en}), which is not surveyed: give the "
                "seven parameters, or import it as digitised"
            )


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """A problem with both of its messages; `Problem(**…)` is the inverse."""
    return {name: getattr(problem, name) for name in Problem.__slots__}
