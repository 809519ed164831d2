"""界址点坐标 TXT: boundary points as land reports exchange them, read into features.

A file has header keys, then parcels: a line that ends in @, and the points of its rings. What a
parcel's line says becomes columns; coordinates come out easting first (or longitude first), as in
every other reader. Texts without parcel lines are read as plain lists, see `surveyplain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.areas import M2_PER_HA
from geo.errors import FileRefusedError, LimitError
from geo.files.featurefile import BATCH_ROWS, GEOMETRY, Batch, FeatureFile, ReadOptions
from geo.files.surveyareas import UNIT_EN, UNIT_ZH, DeclaredAreas, declared_areas
from geo.files.surveyforms import OTHER, PARCEL
from geo.files.surveygrammar import ParcelLine
from geo.files.surveyheader import header_of
from geo.files.surveylines import NO_POINT, Lines, parse_points, read_lines
from geo.files.surveyparcels import Parcels, Shaped, shapes_of
from geo.files.surveyplain import open_plain
from geo.files.surveyproblems import TOLD_EACH, Findings
from geo.files.surveytable import NO_COUNT, UNITS, ParcelTable, name_places, parse_parcels
from geo.limits import Limits
from geo.problems import Problem

Integers: TypeAlias = NDArray[np.int64]

FORMAT: Final = "txt"
_BATCH_LINES: Final = 2_000_000
_ROW_FIELDS: Final = 4
_MANY_PARCELS: Final = 10_000  # so many without points are not told one by one

_OPTIONAL: Final[Mapping[str, Callable[[ParcelLine], str]]] = {  # of the provincial form only
    "行政区代码": lambda parcel: parcel.district,
    "村名": lambda parcel: parcel.village,
}
_NOTHING: Final = pa.scalar(None, pa.string())
_UNIT_NAMES: Final = pa.array([unit or None for unit in UNITS], pa.string())
COLUMNS: Final = (
    "地块编号", "地块名称", "declared_area", "declared_area_ha", "declared_area_unit", "用途",
    "地类编码", "图幅号", "界址点数", "行政区代码", "村名", "kind",
)  # fmt: skip


def open_surveytext(
    path: Path,
    options: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> FeatureFile:
    """Open a survey text; its parcels become features, with COLUMNS as attributes.

    `declared_area` is as written, `declared_area_ha` in hectares where the computed area tells
    the unit, which is `declared_area_unit` ("ha", "m2", "mu", "km2"; null where it stays open).
    `extra` holds `header` (key → value), `sections` (the same by section) and `plain`.

    Raises:
        FileRefusedError: no text, a text without points, or with headers that contradict each
            other.
        LimitError: too large, too many parcels or points.
    """
    lines = read_lines(path, limits, encoding=options.encoding)
    header = header_of(lines, path.name)
    numbers, others = lines.of_kind(PARCEL), lines.of_kind(OTHER)
    _refuse_too_many(path, len(others), limits.vertices, words=("界址点", "points", "vertices"))
    _refuse_too_many(path, len(numbers), limits.features, words=("地块", "parcels", "features"))
    if not len(numbers):
        return open_plain(path, lines, others, header, limits)
    if len(others) < len(numbers) > _MANY_PARCELS:
        raise FileRefusedError(
            f"{path.name} 有 {len(numbers)} 个地块，却只有 {len(others)} 行界址点；文件可能不完整 "
            f"/ {path.name} has {len(numbers)} parcels but {len(others)} lines of points: it may "
            "be incomplete",
            code="no_points",
        )
    survey = _Survey(lines, numbers, others, limits)
    return FeatureFile(
        path=path, format=FORMAT, encoding=lines.encoding, columns=survey.columns,
        hints=header.hints, read=survey.batches, feature_count=len(numbers),
        problems=(*header.problems, *survey.without_parcel()),
        extra={"header": header.keys, "sections": header.sections, "plain": False},
    )  # fmt: skip


def _refuse_too_many(path: Path, count: int, most: int, *, words: tuple[str, str, str]) -> None:
    zh, en, limit = words
    if count > most:
        raise LimitError(
            f"{path.name} 的{zh}有 {count} 个，超过上限 {most}；请拆分文件 / {path.name} has "
            f"{count} {en}, more than the limit of {most} ({limit}): split the file",
            code=f"too_many_{limit}",
        )


class _Survey:
    """A text in the ministry form or one of its kin, read parcel by parcel."""

    def __init__(self, lines: Lines, numbers: Integers, others: Integers, limits: Limits) -> None:
        self._lines = lines
        self._numbers = numbers
        self._others = others
        self._limits = limits
        texts = self._texts(numbers)
        # Parsed once for both, where that is little to keep.
        self._parsed = parse_parcels(texts) if len(texts) <= BATCH_ROWS else None
        said = self._parsed.names_places if self._parsed is not None else name_places(texts)
        self.columns = tuple(name for name in COLUMNS if said or name not in _OPTIONAL)

    def _texts(self, numbers: Integers) -> list[str]:
        return [self._lines.text(number) for number in numbers.tolist()]

    def without_parcel(self) -> tuple[Problem, ...]:
        """The error that points stand before the first parcel, if any do."""
        before = self._others[: np.searchsorted(self._others, self._numbers[0])]
        points = parse_points(self._lines, before)
        lost = points.lines[points.faults != NO_POINT]
        findings = Findings()
        if len(lost):
            findings.add("no_parcel_line", count=len(lost), place={"line": int(lost[0]) + 1})
        return findings.problems()

    def batches(self) -> Iterator[Batch]:
        """All parcels, in batches of bounded size."""
        low = 0
        while low < len(self._numbers):
            stop = np.searchsorted(self._numbers, self._numbers[low] + _BATCH_LINES)
            high = max(low + 1, min(int(stop), low + BATCH_ROWS))
            yield self._batch(low, high)
            low = high

    def _batch(self, low: int, high: int) -> Batch:
        numbers = self._numbers[low:high]
        findings = Findings()
        texts = self._texts(numbers)
        parcels = self._parsed
        if parcels is None or len(texts) < len(self._numbers):
            parcels = parse_parcels(texts)
        where = _Where(numbers, low)
        _tell_lines(where, texts, parcels, findings)
        ends = np.searchsorted(self._others, self._numbers[low : high + 1])
        rows = self._others[ends[0] : ends[-1] if len(ends) > len(numbers) else None]
        self._tell_long_rows(rows, findings)
        shaped = shapes_of(
            self._lines,
            Parcels(
                points=parse_points(self._lines, rows),
                owners=np.searchsorted(numbers, rows) - 1,
                kinds=np.asarray(parcels.kinds),
                first=low + 1,
            ),
            findings,
            self._limits,
        )
        areas = declared_areas(parcels, shaped.areas)
        _tell_counts(where, parcels, shaped, findings)
        _tell_areas(where, parcels, areas, findings)
        table = _table(self.columns, parcels, areas, shaped.wkb)
        return Batch(table, low + 1, tuple((numbers + 1).tolist()), findings.problems())

    def _tell_long_rows(self, rows: Integers, findings: Findings) -> None:
        """Points' lines that go on after the fourth field."""
        lines = self._lines
        rows = rows[lines.firsts[rows + 1] - lines.firsts[rows] >= _ROW_FIELDS]
        behind = lines.commas[lines.firsts[rows] + _ROW_FIELDS - 1] + 1
        going_on = lines.ends[rows] > behind
        rows, behind = rows[going_on], behind[going_on]
        for row, begin in zip(rows[:TOLD_EACH], behind, strict=False):
            rest = lines.slice(int(begin), int(lines.ends[row])).strip(" ,")
            if rest:
                findings.add("extra_fields", place={"line": int(row) + 1}, text=rest)
        if len(rows) > TOLD_EACH:
            place = {"line": int(rows[TOLD_EACH]) + 1}
            findings.add("extra_fields", count=len(rows) - TOLD_EACH, place=place, text="…")


class _Where:
    """Where the parcels of a batch stand, as fields of a Problem."""

    def __init__(self, numbers: Integers, low: int) -> None:
        self._numbers = numbers
        self._low = low

    def __call__(self, place: int, *, field: str = "") -> dict[str, Any]:
        line, feature = int(self._numbers[place]) + 1, self._low + place + 1
        return {"line": line, "feature": feature, "field": field}


def _tell_lines(
    where: _Where, texts: Sequence[str], parcels: ParcelTable, findings: Findings
) -> None:
    for place, line in parcels.odd.items():
        if line is None:
            findings.add("bad_parcel_line", place=where(place), text=texts[place])
            continue
        if not line.kind_said:
            findings.add("kind_missing", place=where(place), text=texts[place])
        if line.rest:
            findings.add("parcel_fields", place=where(place), text="，".join(line.rest))


def _tell_counts(where: _Where, parcels: ParcelTable, shaped: Shaped, findings: Findings) -> None:
    for place in np.flatnonzero(shaped.rows == 0).tolist():
        findings.add("no_points", place=where(place), text=parcels.told(place))
    counts = parcels.counts
    wrong = (counts != NO_COUNT) & (counts != shaped.rows) & (counts != shaped.corners)
    for place in np.flatnonzero(wrong & (shaped.rows > 0)).tolist():
        findings.add(
            "point_count", place=where(place, field="界址点数"), declared=int(counts[place]),
            found=int(shaped.rows[place]), distinct=int(shaped.corners[place]),
        )  # fmt: skip


def _tell_areas(
    where: _Where, parcels: ParcelTable, areas: DeclaredAreas, findings: Findings
) -> None:
    for place in np.flatnonzero(~areas.agrees).tolist():
        unit = UNITS[areas.units[place]]
        findings.add(
            "declared_area", place=where(place, field="declared_area"),
            declared=parcels.area_texts[place], found=areas.computed_m2[place] / M2_PER_HA,
            unit=UNIT_ZH[unit], unit_en=UNIT_EN[unit],
        )  # fmt: skip
    for code, unit in enumerate(UNITS):
        places = np.flatnonzero(areas.units == code)
        if unit not in {"", "ha"} and len(places):
            findings.add(
                "area_unit", count=len(places),
                place=where(int(places[0]), field="declared_area") | {"feature": None},
                unit=UNIT_ZH[unit], unit_en=UNIT_EN[unit],
            )  # fmt: skip


def _table(
    columns: Sequence[str],
    parcels: ParcelTable,
    areas: DeclaredAreas,
    wkb: pa.Array,
) -> pa.Table:
    arrays: dict[str, pa.Array] = {
        "declared_area": pa.array(parcels.areas, pa.float64(), from_pandas=True),
        "declared_area_ha": pa.array(areas.hectares, pa.float64(), from_pandas=True),
        "declared_area_unit": _UNIT_NAMES.take(pa.array(areas.units)),
        "界址点数": pa.array(parcels.counts, pa.int64(), mask=parcels.counts == NO_COUNT),
        "地块编号": _texts(parcels.numbers),
        "地块名称": _texts(parcels.names),
        "用途": _texts(parcels.uses),
        "地类编码": _texts(parcels.land_classes),
        "图幅号": _texts(parcels.sheets),
        "kind": _texts(parcels.kinds),
    }
    for name, text in _OPTIONAL.items():
        arrays[name] = pa.array(parcels.optional(text), pa.string())
    return pa.table({name: arrays[name] for name in columns} | {GEOMETRY: wkb})


def _texts(values: Sequence[str]) -> pa.Array:
    texts = pa.array(values, pa.string())
    return pc.if_else(pc.equal(texts, ""), _NOTHING, texts)
