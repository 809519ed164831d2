"""A file gone through batch by batch: read in one thread, measured in two others.

Where the coordinates stand is judged from the first batch, so that most files are gone through
once; when the whole file says otherwise, it is gone through again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeAlias

from geo.errors import CrsQuestionError, LimitError
from geo.files.featurefile import Batch, FeatureFile
from geo.limits import Limits
from geo.measuredbatch import Box, Measured, measure, native_bounds
from geo.placement import CrsAnswer, Placement, place
from geo.problems import Problem
from geo.reference import Verdict, judge

Progress: TypeAlias = Callable[[str, str], None]  # told what is being done, Chinese and English
Sink: TypeAlias = Callable[[Measured], None]

# Formats whose specification says which way rings run (RFC 7946, 3.1.6).
ANTICLOCKWISE: Final = frozenset({"geojson"})
# Questions that are still open: looking at the file goes on without an answer.
OPEN_QUESTIONS: Final = frozenset({"crs_question", "old_datum", "rotation_convention"})
_THREADS: Final = 2
_WAITING: Final = 3  # batches measured or waiting for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What is known of the coordinates after all of them were seen.

    `question` is the error that keeps `placement` from being known, None when it is. `native` are
    the bounds in the file's own coordinates.
    """

    verdict: Verdict
    placement: Placement | None
    question: CrsQuestionError | None
    native: Box | None
    problems: tuple[Problem, ...]


def scan(
    file: FeatureFile,
    answer: CrsAnswer,
    start: Callable[[], Sink],
    *,
    limits: Limits,
    keep: bool = False,
    progress: Progress | None = None,
) -> Scanned:
    """Go through a file; `start` is called before the first batch and gives what takes them all.

    When the whole file shows that the first batch misled about its system, `start` is called anew
    and everything comes again. `keep`: whether the geometry in degrees is wanted.

    Raises:
        FileRefusedError, LimitError: the file is damaged or too large.
        CrsQuestionError: the answer contradicts the file; open questions are no error.
    """
    guess = None
    batches = iter(file.read())
    head = next(batches, None)
    if head is not None:
        guess = _judged(file, answer, native_bounds(head), strict=False).placement
    native: Box | None = None
    for _ in range(2):
        every = chain([head] if head is not None else [], batches)
        native = _once(file, every, guess, start(), limits=limits, keep=keep, progress=progress)
        done = _judged(file, answer, native, strict=True)
        if done.placement == guess:
            return done
        guess = done.placement
        batches, head = iter(file.read()), None
    return done


def _judged(file: FeatureFile, answer: CrsAnswer, native: Box | None, *, strict: bool) -> Scanned:
    verdict = judge(native, file.hints)
    try:
        placement, problems = place(verdict, answer)
    except CrsQuestionError as error:
        if strict and error.code not in OPEN_QUESTIONS:
            raise
        return Scanned(
            verdict=verdict, placement=None, question=error, native=native,
            problems=verdict.problems,
        )  # fmt: skip
    return Scanned(
        verdict=verdict, placement=placement, question=None, native=native, problems=problems
    )


def _once(
    file: FeatureFile,
    batches: Iterator[Batch],
    placement: Placement | None,
    sink: Sink,
    *,
    limits: Limits,
    keep: bool,
    progress: Progress | None,
) -> Box | None:
    """All batches measured, in their order; the bounds of the whole file."""
    anticlockwise = file.format in ANTICLOCKWISE
    native: Box | None = None
    features = vertices = 0
    waiting: deque[Future[Measured]] = deque()

    def take(done: Measured) -> None:
        nonlocal native, features, vertices
        native = joined(native, done.native)
        features += done.batch.table.num_rows
        vertices += done.vertices
        _refuse_more(file, features, vertices, limits)
        sink(done)
        if progress is not None:
            of = f" / {file.feature_count}" if file.feature_count else ""
            progress(f"已检查 {features}{of} 个要素", f"{features}{of} features looked at")

    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for batch in batches:
                waiting.append(
                    pool.submit(
                        measure, batch, placement, limits=limits, keep=keep,
                        anticlockwise=anticlockwise,
                    )
                )  # fmt: skip
                if len(waiting) >= _WAITING:
                    take(waiting.popleft().result())
            while waiting:
                take(waiting.popleft().result())
        finally:
            for future in waiting:
                future.cancel()
    return native


def joined(one: Box | None, other: Box | None) -> Box | None:
    """The box around two."""
    if one is None or other is None:
        return one or other
    return (
        min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]),
    )  # fmt: skip


def _refuse_more(file: FeatureFile, features: int, vertices: int, limits: Limits) -> None:
    for count, limit, zh, en in (
        (features, limits.features, "个要素", "features"),
        (vertices, limits.vertices, "个点", "vertices"),
    ):
        if count > limit:
            raise LimitError(
                f"{file.path.name} 超过 {limit} {zh}的上限；请分成几个文件，或调高设置 / "
                f"{file.path.name} has more than {limit} {en}: split it, or raise the setting"
            )
