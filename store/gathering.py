"""All features of a file in memory, placed and measured, on their way into a layer of ours."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.areas import area_m2
from geo.batchproblems import renumbered
from geo.faults import INVALID, feature_faults, layer_faults
from geo.files import GEOMETRY, FeatureFile
from geo.limits import Limits
from geo.measuredbatch import LAND, NOTHING, Measured, Shapes
from geo.placement import CrsAnswer
from geo.problemlist import ProblemList
from geo.problems import Problem
from geo.repairs import AUTOMATIC, Applied, Repair, apply, propose, repaired
from geo.scan import Progress, Scanned, Sink, scan
from geo.surroundings import Comparing, Surroundings, shapes_of

Repairs = Literal["none", "all"] | Collection[str]

WHOLE_LAYER = 20_000  # features; in larger layers only what is doubtful is looked at for repairs
LEAVE_OUT = "leave_out"
_DIRECTION = "ring_order"  # makes no difference to what is stored
# Faults of an outline: whether they are mended is seen by the outline itself.
OUTLINE = INVALID | {"not_finite", "not_degrees", "bad_geometry"}


class Gathered:
    """The features of a file. Rows count from 0; a feature's number is one more.

    `bounds` (n, 4) W, S, E, N in degrees, NaN without geometry; `areas` in m²; `kinds` are shapely
    type ids, NOTHING without geometry; `invalid` rows can't be stored as they are.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._reset()

    def _reset(self) -> None:
        self._comparing = Comparing(self._around)
        self.problems = ProblemList()
        self.vertices = 0
        self._tables: list[pa.Table] = []
        self._wkb: list[pa.Array] = []
        self._arrays: list[tuple[Any, ...]] = []
        self._ids: list[Any] = []

    def start(self) -> Sink:
        """Begin anew; what takes the batches."""
        self._reset()
        return self._add

    def _add(self, measured: Measured) -> None:
        assert measured.wkb is not None  # noqa: S101 - asked for
        offset = measured.first - 1
        self._tables.append(measured.batch.table.drop_columns([GEOMETRY]))
        self._wkb.append(measured.wkb)
        self._arrays.append(
            (measured.kinds, measured.bounds, measured.areas,
             measured.doubtful + offset, measured.invalid + offset)
        )  # fmt: skip
        self.vertices += measured.vertices
        self.problems.add(measured.problems)
        self.problems.add(self._comparing.problems(measured))
        self._ids += self._comparing.ids(measured) or []

    def finish(self) -> None:
        """Put the batches together; nothing can be added after that."""
        columns = list(zip(*self._arrays, strict=True)) or [()] * 5
        empty = np.empty(0)
        self.kinds: NDArray[np.int64] = np.concatenate([*columns[0], empty.astype(np.int64)])
        self.bounds: NDArray[np.float64] = np.concatenate([*columns[1], empty.reshape(0, 4)])
        self.areas: NDArray[np.float64] = np.concatenate([*columns[2], empty])
        self.doubtful = np.concatenate([*columns[3], empty]).astype(np.int64)
        self.invalid = np.concatenate([*columns[4], empty]).astype(np.int64)
        self.attributes = (
            pa.concat_tables(self._tables, promote_options="permissive")
            if self._tables
            else pa.table({})
        )
        self.wkb = pa.chunked_array(self._wkb, pa.large_binary())
        self._tables, self._wkb, self._arrays = [], [], []

    def __len__(self) -> int:
        return len(self.kinds)

    # --- repairs ---------------------------------------------------------------------------------

    def proposals(self, *, full: bool, most: int | None = 1000) -> "Proposed":
        """Repairs that may be chosen; `full`: also of overlaps and gaps, in layers not too large.

        Features that no repair can save may be left out.
        """
        whole = len(self) <= WHOLE_LAYER
        rows = np.arange(len(self)) if whole else self.doubtful
        shapes = shapes_of(self.wkb, rows)
        faults = [p for p in feature_faults(shapes, most=None) if p.code != _DIRECTION]
        if full and whole:
            ids = self._ids if len(self._ids) == len(self) else None
            faults = [*faults, *layer_faults(shapes, ids)]
        found = propose(shapes, faults, most=most)
        return Proposed(rows, shapes, found, self._leave_out(rows, shapes, found))

    def _leave_out(
        self, rows: NDArray[np.int64], shapes: Shapes, found: Sequence[Repair]
    ) -> tuple[Repair, ...]:
        """For every invalid feature that no automatic repair mends: to do without it."""
        mended = {int(rows[repair.feature - 1]) for repair in found if repair.automatic}
        at = {int(row): i for i, row in enumerate(rows)}
        return tuple(
            _left_out(row + 1, shapes[at[row]])
            for row in self.invalid.tolist()
            if row not in mended
        )

    def mend(self, chosen: Repairs, *, full: bool = False) -> "Mended":
        """Make the repairs that were chosen; what was done.

        Raises:
            UnknownRepairError: an id that is not among the proposals.
        """
        if chosen == "none" or not len(self):
            return NOTHING_MENDED
        if chosen == "all":
            rows, shapes = self.doubtful, shapes_of(self.wkb, self.doubtful)
            made, applied = repaired(shapes, AUTOMATIC - {_DIRECTION})
            return self._take_over(rows, shapes, made, applied, frozenset())
        ids = frozenset(chosen)
        proposed = self.proposals(full=full or any(_of_layer(one) for one in ids), most=None)
        wanted, left_out = proposed.chosen(ids)
        made, applied = apply(proposed.shapes, wanted)
        return self._take_over(proposed.rows, proposed.shapes, made, applied, left_out)

    def _take_over(
        self,
        rows: NDArray[np.int64],
        before: Shapes,
        after: Shapes,
        applied: Applied,
        left_out: frozenset[int],
    ) -> "Mended":
        changed = np.array([a is not b for a, b in zip(before, after, strict=True)], dtype=bool)
        where, shapes = rows[changed], np.asarray(after, dtype=object)[changed]
        if len(where):
            self._replace(where, shapes)
        told = [
            problem
            if problem.feature is None
            else renumbered(problem, int(rows[problem.feature - 1]) + 1)
            for problem in applied.problems
        ]
        self.problems.add(told)
        gone = np.array(sorted(left_out), dtype=np.int64) - 1
        self.kinds[gone] = NOTHING
        self.invalid = np.setdiff1d(self.invalid, gone)
        self.problems.settle(frozenset() if len(self.invalid) else OUTLINE, left_out)
        return Mended(
            features=applied.features, repairs=applied.count, removed_m2=applied.removed_m2,
            added_m2=applied.added_m2, changed=frozenset((where + 1).tolist()), left_out=left_out,
        )  # fmt: skip

    def _replace(self, rows: NDArray[np.int64], shapes: Shapes) -> None:
        """Other geometries in some rows, and all that is known of them."""
        empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        order = np.arange(len(self))
        order[rows] = len(self) + np.arange(len(rows))
        encoded = pa.array(shapely.to_wkb(shapes, output_dimension=2), pa.large_binary())
        every = pa.concat_arrays([*self.wkb.chunks, encoded])
        self.wkb = pa.chunked_array([every.take(pa.array(order))])
        self.kinds[rows] = np.where(empty, NOTHING, shapely.get_type_id(shapes))
        self.bounds[rows] = shapely.bounds(shapes)
        valid = empty | shapely.is_valid(shapes)
        self.areas[rows] = np.nan
        self.areas[rows[valid]] = area_m2(shapes[valid])
        self.invalid = np.union1d(np.setdiff1d(self.invalid, rows), rows[~valid])

    def errors(self) -> list[Problem]:
        """The errors that stand in the way of storing these features."""
        invalid = set((self.invalid + 1).tolist())
        return [
            problem
            for problem in self.problems.listed()
            if problem.level == "error"
            and (problem.code not in OUTLINE or not problem.feature or problem.feature in invalid)
        ]

    # --- what is kept ----------------------------------------------------------------------------

    def keep(self) -> tuple[NDArray[np.bool_], bool]:
        """Which features become the layer, and whether it is one of land.

        Where there is land, only land; else all that has a geometry.
        """
        land = np.isin(self.kinds, LAND)
        if land.any():
            return land, True
        return self.kinds != NOTHING, False


@dataclass(frozen=True)
class Proposed:
    """Repairs of some rows; the repairs' own numbers count the shapes, `told` those of the file."""

    rows: NDArray[np.int64]
    shapes: Shapes
    repairs: tuple[Repair, ...]
    leave_out: tuple[Repair, ...]

    def told(self) -> tuple[Repair, ...]:
        """All of them, with the numbers of the file's features."""
        return (*(self._renumbered(repair) for repair in self.repairs), *self.leave_out)

    def chosen(self, ids: frozenset[str]) -> tuple[list[Repair], frozenset[int]]:
        """The repairs of these ids, and the numbers of the features to leave out.

        Raises:
            UnknownRepairError: an id that is not here.
        """
        wanted = [repair for repair in self.repairs if self._id(repair) in ids]
        left = [repair for repair in self.leave_out if repair.repair_id in ids]
        unknown = ids - {self._id(one) for one in wanted} - {one.repair_id for one in left}
        if unknown:
            raise UnknownRepairError(sorted(unknown))
        return wanted, frozenset(repair.feature for repair in left)

    def _renumbered(self, repair: Repair) -> Repair:
        other = None if repair.other is None else self._number(repair.other)
        return replace(
            repair, repair_id=self._id(repair), feature=self._number(repair.feature), other=other
        )

    def _id(self, repair: Repair) -> str:
        """The id, such as "17:spike" or "17:overlap:12", with the file's numbers."""
        parts = repair.repair_id.split(":")
        parts[0] = str(self._number(repair.feature))
        if repair.other is not None and len(parts) > 2:
            parts[2] = str(self._number(repair.other))
        return ":".join(parts)

    def _number(self, position: int) -> int:
        return int(self.rows[position - 1]) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What repairs did: numbers of features and repairs, land removed and added in m².

    `changed` and `left_out` are the numbers of the features concerned.
    """

    features: int = 0
    repairs: int = 0
    removed_m2: float = 0.0
    added_m2: float = 0.0
    changed: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()


NOTHING_MENDED = Mended()


class UnknownRepairError(KeyError):
    """Repairs that were chosen are not among those proposed; `ids` are theirs."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(", ".join(ids))
        self.ids = tuple(ids)


def gather(
    file: FeatureFile,
    answer: CrsAnswer,
    *,
    limits: Limits,
    around: Surroundings,
    progress: Progress | None = None,
) -> tuple[Gathered, Scanned]:
    """All features of a file, placed and measured.

    Raises:
        FileRefusedError, LimitError: the file is damaged or too large.
        CrsQuestionError: it is not settled where the coordinates stand.
    """
    gathered = Gathered(around)
    scanned = scan(file, answer, gathered.start, limits=limits, keep=True, progress=progress)
    if scanned.question is not None:
        raise scanned.question
    gathered.finish()
    return gathered, scanned


def _of_layer(repair_id: str) -> bool:
    return repair_id.count(":") > 1 or repair_id.endswith((":gap", ":overlap"))


def _left_out(number: int, shape: Any) -> Repair:
    return Repair(
        repair_id=f"{number}:{LEAVE_OUT}", feature=number, code=LEAVE_OUT,
        action_zh="不导入该要素", action_en="leave the feature out", before=shape, after=None,
        before_m2=float("nan"), after_m2=0.0, removed=shape, removed_m2=float("nan"), added=None,
        added_m2=0.0, automatic=False,
    )  # fmt: skip
