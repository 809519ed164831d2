"""All features of a file in memory, placed and measured, on their way into a layer of ours."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.areas import area_m2
from geo.batchproblems import renumbered
from geo.errors import CrsQuestionError
from geo.faults import INVALID, area_faults, feature_faults, layer_faults
from geo.files import GEOMETRY, FeatureFile
from geo.layerfaults import id_faults, id_text
from geo.limits import Limits
from geo.measuredbatch import LAND, NOTHING, Measured, Shapes
from geo.placement import CrsAnswer
from geo.problemlist import ProblemList
from geo.problems import Problem
from geo.repairs import AUTOMATIC, Applied, Repair, apply, propose, repaired
from geo.scan import Progress, Scanned, Sink, scan
from geo.surroundings import Comparing, Surroundings, shapes_of
from store.prepared import ImportRefusedError

Repairs = Literal["none", "all"] | Collection[str]

WHOLE_LAYER = 20_000  # features; in larger layers only what is doubtful is looked at for repairs
LEAVE_OUT = "leave_out"
_DIRECTION = "ring_order"  # makes no difference to what is stored
# Of these nothing is left that a repair could start from.
_UNREAD = frozenset({"not_finite", "not_degrees", "bad_geometry", "short_ring", "short_line"})


class Gathered:
    """The features of a file. Rows count from 0; a feature's number is one more.

    `bounds` (n, 4) W, S, E, N in degrees, NaN without geometry; `areas` in m²; `kinds` are shapely
    type ids, NOTHING without geometry; `invalid` rows can't be stored as they are. `faulty` are the
    numbers of features that could not be read as they should, `reading` the errors of reading.
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
        self._left_out: frozenset[int] = frozenset()
        self.faulty: set[int] = set()
        self.reading: list[Problem] = []

    def start(self) -> Sink:
        """Begin anew; what takes the batches."""
        self._reset()
        return self._add

    def _add(self, measured: Measured) -> None:
        assert measured.wkb is not None  # noqa: S101 - asked for
        offset = measured.first - 1
        table = measured.batch.table
        at = table.schema.get_field_index(GEOMETRY)  # its place is kept: no columns, no rows
        self._tables.append(table.set_column(at, GEOMETRY, pa.nulls(table.num_rows)))
        self._wkb.append(measured.wkb)
        self._arrays.append(
            (measured.kinds, measured.bounds, measured.areas,
             measured.doubtful + offset, measured.invalid + offset)
        )  # fmt: skip
        self.vertices += measured.vertices
        self.problems.add(measured.problems)
        wrong = [problem for problem in measured.batch.problems if problem.level == "error"]
        self.reading += wrong
        self.faulty.update(p.feature for p in wrong if p.feature is not None)
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
            pa.concat_tables(self._tables, promote_options="permissive").drop_columns([GEOMETRY])
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
        """For every feature with an error that no automatic repair mends: to do without it."""
        mended = {int(rows[repair.feature - 1]) + 1 for repair in found if repair.automatic}
        at = {int(row) + 1: i for i, row in enumerate(rows)}
        hopeless = set((self.invalid + 1).tolist()) - mended
        hopeless |= self.faulty | {p.feature for p in self._same_ids() if p.feature is not None}
        return tuple(
            _left_out(number, shapes[at[number]] if number in at else None)
            for number in sorted(hopeless)
        )

    def mend(
        self, chosen: Repairs, *, full: bool = False, leave_out: Collection[int] = ()
    ) -> "Mended":
        """Make the repairs that were chosen; what was done.

        `leave_out` are the numbers of features to do without, sound or not. Repairs of them, and
        those between them and others, are not made.

        Raises:
            UnknownRepairError: an id that is not among the proposals, or no such feature.
        """
        out = frozenset(leave_out)
        if unknown := [f"{n}:{LEAVE_OUT}" for n in sorted(out) if not 0 < n <= len(self)]:
            raise UnknownRepairError(unknown)
        if out:
            self._do_without(out)
        if chosen == "none" or not len(self):
            return Mended(left_out=out)
        if chosen == "all":
            rows = self.doubtful[~np.isin(self.doubtful + 1, sorted(out))]
            shapes = shapes_of(self.wkb, rows)
            made, applied = repaired(shapes, AUTOMATIC - {_DIRECTION})
            return self._take_over(rows, shapes, made, applied, out)
        ids = frozenset(one for one in chosen if not _concerned(one) & out)
        if not ids:
            return Mended(left_out=out)
        proposed = self.proposals(full=full or any(_of_layer(one) for one in ids), most=None)
        wanted, left_out = proposed.chosen(ids)
        made, applied = apply(proposed.shapes, wanted)
        return self._take_over(proposed.rows, proposed.shapes, made, applied, left_out | out)

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
        self._do_without(left_out)
        changed_numbers = frozenset((where + 1).tolist())
        self._compare_areas_again(changed_numbers)
        return Mended(
            features=applied.features, repairs=applied.count, removed_m2=applied.removed_m2,
            added_m2=applied.added_m2, changed=changed_numbers, left_out=left_out,
        )  # fmt: skip

    def _do_without(self, numbers: Collection[int]) -> None:
        """Treat features as if they had no outline, and forget what was told of them."""
        gone = np.array(sorted(numbers), dtype=np.int64) - 1
        self.kinds[gone] = NOTHING
        self.invalid = np.setdiff1d(self.invalid, gone)
        self.faulty -= set(numbers)
        self._left_out |= frozenset(numbers)
        self.problems.settle(frozenset() if len(self.invalid) else INVALID, numbers)
        if numbers and not self.faulty and not len(self.invalid):  # so all that were only counted
            self.problems.settle(_UNREAD, frozenset())

    # --- what is said of features ----------------------------------------------------------------

    def labels(self, columns: Sequence[str], numbers: Iterable[int]) -> dict[int, str]:
        """What features of these numbers are called by some of their columns; blank ones not."""
        known = [name for name in columns if name in self.attributes.column_names]
        wanted = sorted({number for number in numbers if 0 < number <= len(self)})
        if not known or not wanted:
            return {}
        rows = pa.array([number - 1 for number in wanted])
        taken = [self.attributes.column(name).take(rows).to_pylist() for name in known]
        found = {
            number: " ".join(dict.fromkeys(filter(None, map(id_text, values))))
            for number, values in zip(wanted, zip(*taken, strict=True), strict=True)
        }
        return {number: words for number, words in found.items() if words}

    def declared_after(self, repairs: Iterable[Repair]) -> dict[str, Problem]:
        """Declared areas that a repaired outline would not have, by the id of the repair.

        The repairs of a feature follow each other: the area is that which the last one leaves.
        """
        areas, last = self.areas.copy(), {}
        for repair in repairs:
            if repair.code != LEAVE_OUT:
                areas[repair.feature - 1] = repair.after_m2
                last[repair.feature] = repair.repair_id
        told = self._declared_faults(areas, last)
        return {last[number]: problem for number, problem in told.items()}

    def _compare_areas_again(self, numbers: Collection[int]) -> None:
        """Hold the outlines that repairs left against the areas declared of them."""
        self.problems.forget("declared_area", numbers)
        self.problems.add(self._declared_faults(self.areas, numbers).values())

    def _declared_faults(
        self, areas: NDArray[np.float64], numbers: Collection[int] | Mapping[int, Any]
    ) -> dict[int, Problem]:
        """Features of these numbers whose declared area differs; `areas` are of all, m²."""
        name = self._around.area_column
        if not numbers or not name or name not in self.attributes.column_names:
            return {}
        declared = self.attributes.column(name).to_pylist()
        found = area_faults(areas.tolist(), declared, most=None)
        return {p.feature: p for p in found if p.feature is not None and p.feature in numbers}

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
        standing = [
            problem
            for problem in self.problems.listed()
            if problem.level == "error"
            and (problem.code not in INVALID or not problem.feature or problem.feature in invalid)
        ]
        return [*standing, *self._same_ids()]

    def _same_ids(self) -> list[Problem]:
        """Ids that are there twice among the features that are not left out."""
        if len(self._ids) != len(self):  # no column of ids
            return []
        ids = [
            None if number in self._left_out else value
            for number, value in enumerate(self._ids, start=1)
        ]
        return id_faults(ids)

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
        ImportRefusedError: it could not be read as it should, and so it is not known either where
            the coordinates stand.
        CrsQuestionError: only that is not settled.
    """
    gathered = Gathered(around)
    scanned = scan(file, answer, gathered.start, limits=limits, keep=True, progress=progress)
    if scanned.question is not None:
        if wrong := [*(p for p in file.problems if p.level == "error"), *gathered.reading]:
            raise _unreadable(file, wrong, scanned.question) from scanned.question
        raise scanned.question
    gathered.finish()
    return gathered, scanned


def _unreadable(
    file: FeatureFile, wrong: Sequence[Problem], question: CrsQuestionError
) -> ImportRefusedError:
    """What is wrong in the file first: where nothing could be read, no system can be told."""
    asked_zh, _, asked_en = question.message.partition(" / ")
    asked = Problem(question.code, "error", asked_zh, asked_en or asked_zh)
    first = wrong[0]
    zh = f"（第 {first.line} 行）" if first.line else ""
    en = f" (line {first.line})" if first.line else ""
    return ImportRefusedError(
        f"{file.path.name} 有 {len(wrong)} 处读不出，请先改正；第一处{zh}：{first.message_zh} / "
        f"{file.path.name} has {len(wrong)} faults of reading, correct these first; the first "
        f"one{en}: {first.message_en}",
        faults=[f"{p.message_zh} / {p.message_en}" for p in (*wrong, asked)],
        problems=[*wrong, asked],
    )


def _of_layer(repair_id: str) -> bool:
    return repair_id.count(":") > 1 or repair_id.endswith((":gap", ":overlap"))


def _concerned(repair_id: str) -> frozenset[int]:
    """The numbers of the features that a repair changes or reads, by its id."""
    parts = repair_id.split(":")
    return frozenset(int(part) for part in (parts[0], *parts[2:3]) if part.isdecimal())


def _left_out(number: int, shape: Any) -> Repair:
    return Repair(
        repair_id=f"{number}:{LEAVE_OUT}", feature=number, code=LEAVE_OUT,
        action_zh="不导入该要素", action_en="leave the feature out", before=shape, after=None,
        before_m2=float("nan"), after_m2=0.0, removed=shape, removed_m2=float("nan"), added=None,
        added_m2=0.0, automatic=False,
    )  # fmt: skip
