"""Plain lists of points: `点号,X,Y` and its kin, without the frame of a survey text.

Which columns hold the coordinates is told by their magnitudes; a column whose values stay the
same over several rows parts parcels or rings, and so do blank lines and titles between the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.errors import FileRefusedError, LimitError
from geo.files.featurefile import BATCH_ROWS, GEOMETRY, Batch, FeatureFile
from geo.files.surveyforms import BLANK
from geo.files.surveygaps import is_gap
from geo.files.surveygrammar import POINTS_SECTION, number_of
from geo.files.surveyheader import Header
from geo.files.surveylines import (
    BAD_NUMBER,
    FINE,
    NO_POINT,
    Lines,
    Points,
    columns_to_points,
    fault_of,
    field_codes,
    fields_of,
    neighbours,
)
from geo.files.surveynumbers import parse_numbers
from geo.files.surveyparcels import Parcels, orders, shapes_of
from geo.files.surveyproblems import Findings
from geo.limits import Limits

Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

COLUMNS: Final = ("地块编号", "地块名称", "kind")

_MOST_COLUMNS: Final = 12
_FEWEST_POINTS: Final = 3
_LEAST_SHARE: Final = 0.5  # of the lines that must be points
_LABELS: Final = (
    ("ring", re.compile("圈|ring")),
    ("group", re.compile("地块|宗地|图斑|区块|parcel|group")),
    ("name", re.compile("点|序号|编号|name|id|no", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which column is what, from 0; -1 where there is none."""

    first: int
    name: int = -1
    ring: int = -1
    group: int = -1


@dataclass(frozen=True, slots=True)
class _Cells:
    """Places of the fields of rows that all have as many: (rows, columns) begins and ends."""

    begins: Integers
    ends: Integers
    read: Flags  # rows that have so many fields

    def column(self, number: int) -> tuple[Integers, Integers]:
        """Begins and ends of one column."""
        return self.begins[:, number], self.ends[:, number]


def open_plain(
    path: Path, lines: Lines, others: Integers, header: Header, limits: Limits
) -> FeatureFile:
    """Open a text without parcel lines as a list of points; COLUMNS are its attributes.

    `extra` has `plain` True and `axis_order`: "northing_first", "easting_first" or "unknown".

    Raises:
        FileRefusedError: the text is no list of points.
        LimitError: more parcels than the limit.
    """
    cells = _cells(lines, others)
    layout = _layout(lines, others, cells) if cells is not None else None
    if cells is None or layout is None:
        raise _not_points(path)
    points = _points(lines, others, cells, layout)
    is_point = points.faults != NO_POINT
    if is_point.sum() < max(_FEWEST_POINTS, _LEAST_SHARE * len(others)):
        raise _not_points(path)
    _find_gaps(lines, points, layout)
    is_point = points.faults != NO_POINT
    listed = _PlainList(
        lines, points.take(is_point), others[~is_point],
        _groups(lines, cells, layout, is_point), in_form=POINTS_SECTION in header.sections,
        limits=limits,
    )  # fmt: skip
    if len(listed.starts) > limits.features:
        raise LimitError(
            f"{path.name} 的地块超过上限 {limits.features} 个；请拆分文件 / {path.name} has more "
            f"than {limits.features} parcels (limit: features): split the file",
            code="too_many_features",
        )
    north, east = orders(points.first, points.second)
    order = "northing_first" if north.sum() > east.sum() else "easting_first"
    degrees = bool(np.median(np.abs(points.first[is_point])) <= 180)
    return FeatureFile(
        path=path, format="txt", encoding=lines.encoding, columns=COLUMNS,
        # Lists of degrees come out of web maps, and these may draw in GCJ-02.
        hints=replace(header.hints, may_be_shifted=degrees),
        read=listed.batches, feature_count=len(listed.starts), problems=header.problems,
        extra={
            "header": header.keys, "sections": header.sections, "plain": True,
            "axis_order": order if (north | east).any() else "unknown",
        },
    )  # fmt: skip


def _not_points(path: Path) -> FileRefusedError:
    return FileRefusedError(
        f"{path.name} 里没有界址点：既没有以 @ 结尾的地块行，也不是“点号,X,Y”的列表 / "
        f"{path.name} holds no boundary points: neither parcel lines that end in @, nor a list "
        "of number, X, Y",
        code="not_survey_text",
    )


def _cells(lines: Lines, others: Integers) -> _Cells | None:
    """The fields of the rows, as many as most rows have."""
    counts = lines.firsts[others + 1] - lines.firsts[others]
    common = np.bincount(np.minimum(counts, _MOST_COLUMNS))
    if len(common) < 2:
        return None
    common[0] = 0
    width = int(common.argmax()) + 1
    read = counts >= width - 1
    places = np.where(read, lines.firsts[others], 0)[:, None] + np.arange(width)
    cuts = lines.commas[np.minimum(places, len(lines.commas) - 1)]
    begins = np.column_stack([lines.starts[others], cuts[:, :-1] + 1])
    ends = cuts.copy()
    ends[:, -1] = np.where(counts >= width, cuts[:, -1], lines.ends[others])
    return _Cells(begins, ends, read)


def _layout(lines: Lines, others: Integers, cells: _Cells) -> _Layout | None:
    """Which columns hold what; None where no two neighbours are numbers."""
    width = cells.begins.shape[1]
    parsed = [parse_numbers(lines.data, *cells.column(i), wanted=cells.read) for i in range(width)]
    best, first = -1.0, -1
    for i in range(width - 1):
        (a, a_good), (b, b_good) = parsed[i], parsed[i + 1]
        north, east = orders(a, b)
        both = a_good & b_good
        if both.mean() < _LEAST_SHARE:
            continue
        # Of numbers that say nothing, those behind a name are taken, before a height.
        score = float(((north | east) & both).mean()) + (0.001 if i == 1 else 0.0)
        if score > best:
            best, first = score, i
    if first < 0:
        return None
    good = parsed[first][1] & parsed[first + 1][1]
    labels = _labels(lines, others, cells, good)
    steady = [_is_steady(lines, cells, i, good) for i in range(min(first, 2))]
    return _named(first, labels, steady)


def _named(first: int, labels: list[str], steady: list[bool]) -> _Layout:
    """Roles of the columns before the coordinates: by their labels, else by how they change."""
    if any(labels[:first]):
        roles = {role: labels.index(role) for role in ("name", "ring", "group") if role in labels}
        return _Layout(first, **{role: at for role, at in roles.items() if at < first})
    if first == 0:
        return _Layout(first)
    if first == 1:
        return _Layout(first, group=0) if steady[0] else _Layout(first, name=0)
    if steady[1]:
        return _Layout(first, ring=1, **{"group" if steady[0] else "name": 0})
    return _Layout(first, name=1, group=0) if steady[0] else _Layout(first, name=0)


def _labels(lines: Lines, others: Integers, cells: _Cells, good: Flags) -> list[str]:
    """Roles that the line above the first point gives to columns; "" for each it does not."""
    width = cells.begins.shape[1]
    first = int(good.argmax())
    if not first or not cells.read[first - 1] or not good.any():
        return [""] * width
    above = lines.text(int(others[first - 1])).split(",")[:width]
    if sum(bool(label.strip()) for label in above) < 2:  # a title out of a spreadsheet
        return [""] * width
    found = []
    for label in above:
        role = next((role for role, words in _LABELS if words.search(label.lower())), "")
        found.append(role if role not in found else "")
    return found


def _is_steady(lines: Lines, cells: _Cells, column: int, good: Flags) -> bool:
    """Whether a column keeps its value over several rows, as the number of a ring does."""
    begins, ends = cells.column(column)
    codes = field_codes(lines, begins[good], ends[good])
    runs = 1 + int((np.diff(codes) != 0).sum())
    return runs * 3 <= len(codes) and bool((ends > begins)[good].all())


def _points(lines: Lines, others: Integers, cells: _Cells, layout: _Layout) -> Points:
    nowhere = (lines.starts[others], lines.starts[others])
    points = columns_to_points(
        lines, others, read=cells.read,
        names=cells.column(layout.name) if layout.name >= 0 else nowhere,
        rings=cells.column(layout.ring) if layout.ring >= 0 else None,
        first=cells.column(layout.first), second=cells.column(layout.first + 1),
    )  # fmt: skip
    for row in np.flatnonzero(points.faults != FINE):
        fields = lines.text(int(others[row])).split(",", _MOST_COLUMNS + 1)
        said = [field.strip() for field in fields[layout.first : layout.first + 2]]
        values = [number_of(field) for field in said]
        points.faults[row] = fault_of(said, values)
        if points.faults[row] == FINE:
            points.first[row], points.second[row] = values[0] or 0.0, values[1] or 0.0
    return points


def _find_gaps(lines: Lines, points: Points, layout: _Layout) -> None:
    """Mark rows that name a point, or go on with its group, but give no coordinates."""
    first = layout.first
    fine = np.flatnonzero(points.faults == FINE)
    scale = float(np.median(np.abs(points.first[fine]))) if len(fine) else 0.0
    for row, above, below in neighbours(lines, points, np.flatnonzero(points.faults == NO_POINT)):
        fields = fields_of(lines.text(int(points.lines[row])))
        at = min(layout.name, len(fields) - 1)
        name = fields[at] if at >= 0 else ""
        if layout.name < 0 and len(fields) == 1:
            number = number_of(fields[0])
            gap = number is not None and scale / 2 < abs(number) < scale * 2
        else:
            rest = fields[first : first + 2] if len(fields) > 1 else ()
            gap = is_gap(name, rest, above=above, below=below, titled=True)
        if gap or _goes_on(lines, points, fields, row, layout.group):
            points.faults[row] = BAD_NUMBER


def _goes_on(lines: Lines, points: Points, fields: list[str], row: int, group: int) -> bool:
    """Whether a row without coordinates has the group of the point right above it."""
    if group < 0 or not row or len(fields) <= max(group, 1) or not fields[group]:
        return False
    return fields_of(lines.text(int(points.lines[row - 1])))[group : group + 1] == [fields[group]]


def _groups(lines: Lines, cells: _Cells, layout: _Layout, rows: Flags) -> tuple[Integers, Integers]:
    """Where the group's name stands, for each of these rows: empty where no column has one."""
    if layout.group < 0:
        nothing = np.zeros(int(rows.sum()), dtype=np.int64)
        return nothing, nothing
    begins, ends = cells.column(layout.group)
    return begins[rows], np.where(cells.read, ends, begins)[rows]


class _PlainList:
    """Points in groups, each of which is one parcel; `starts` are the groups' first rows."""

    def __init__(
        self,
        lines: Lines,
        points: Points,
        titles: Integers,
        groups: tuple[Integers, Integers],
        *,
        in_form: bool,
        limits: Limits,
    ) -> None:
        self._lines = lines
        self._points = points
        self._titles = titles
        self._groups = groups
        self._in_form = in_form
        self._limits = limits
        self.starts = self._starts()

    def _starts(self) -> Integers:
        """Rows that begin a parcel: after a blank line or a title, or where the group changes."""
        rows = self._points.lines
        blank = np.diff(np.searchsorted(self._lines.of_kind(BLANK), rows)) > 0
        if (1 + blank.sum()) * _FEWEST_POINTS > len(rows):
            blank[:] = False  # a blank line after every row parts nothing
        new = blank | (np.diff(np.searchsorted(self._titles, rows)) > 0)
        new |= np.diff(field_codes(self._lines, *self._groups)) != 0
        return np.concatenate([np.zeros(1, dtype=np.int64), np.flatnonzero(new) + 1])

    def batches(self) -> Iterator[Batch]:
        """All parcels, in batches of bounded size."""
        for low in range(0, len(self.starts), BATCH_ROWS):
            yield self._batch(low, min(low + BATCH_ROWS, len(self.starts)))

    def _batch(self, low: int, high: int) -> Batch:
        starts = self.starts[low:high]
        end = self.starts[high] if high < len(self.starts) else len(self._points.lines)
        rows = np.arange(starts[0], end)
        findings = Findings()
        shaped = shapes_of(
            self._lines,
            Parcels(
                points=self._points.take(rows),
                owners=np.searchsorted(starts, rows, side="right") - 1,
                kinds=np.full(len(starts), "面"),
                first=low + 1,
                in_form=self._in_form,
            ),
            findings,
            self._limits,
        )
        table = pa.table(
            {
                "地块编号": pa.array([self._number(int(row)) for row in starts], pa.string()),
                "地块名称": pa.array([self._title(int(row)) for row in starts], pa.string()),
                "kind": pa.array(["面"] * len(starts), pa.string()),
                GEOMETRY: shaped.wkb,
            }
        )
        lines = tuple((self._points.lines[starts] + 1).tolist())
        return Batch(table, low + 1, lines, findings.problems())

    def _number(self, row: int) -> str | None:
        begins, ends = self._groups
        return self._lines.slice(int(begins[row]), int(ends[row])).strip() or None

    def _title(self, row: int) -> str | None:
        """The line of a single text right above a parcel."""
        above = int(np.searchsorted(self._titles, self._points.lines[row])) - 1
        before = int(self._points.lines[row - 1]) if row else -1
        if above < 0 or self._titles[above] < before:
            return None
        text = self._lines.text(int(self._titles[above])).strip()
        return None if "," in text else text[:200] or None
