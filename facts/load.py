"""Reading data/facts/*.csv into Facts, strictly: one faulty cell and nothing is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from facts import columns, rows
from facts.csvfiles import Row, Table, read_table
from facts.errors import FactsFaults, Fault
from facts.model import Check, DeclaredArea, Facts, Observation, Place, UnplacedRow, plain_name
from facts.rows import Known
from facts.terms import parse_term, references

OBSERVATION_FILES = "observations_*.csv"

# File -> its columns and the column that must be unique.
_FILES = MappingProxyType(
    {
        "sources.csv": (columns.SOURCE_COLUMNS, "source_id"),
        "places.csv": (columns.PLACE_COLUMNS, "place_id"),
        "themes.csv": (columns.THEME_COLUMNS, "theme"),
        "indicators.csv": (columns.INDICATOR_COLUMNS, "indicator_id"),
        "declared_areas.csv": (columns.AREA_COLUMNS, "area_id"),
        "events.csv": (columns.EVENT_COLUMNS, "event_id"),
        "extents.csv": (columns.EXTENT_COLUMNS, ""),
        "checks.csv": (columns.CHECK_COLUMNS, "check_id"),
        "rejected_sources.csv": (columns.REJECTED_COLUMNS, "source"),
    }
)

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class FileCount:
    """What became of the rows of one file; ``unplaced`` is (reason, rows), most frequent first."""

    file: str
    rows: int
    observations: int
    missing_values: int
    unplaced: tuple[tuple[str, int], ...]

    @property
    def unplaced_rows(self) -> int:
        """How many rows could not be placed."""
        return sum(count for _, count in self.unplaced)

    def __str__(self) -> str:
        text = (
            f"{self.file}: {self.rows} 行 → {self.observations} 条观测"
            f"（其中缺值 {self.missing_values}），{self.unplaced_rows} 行未能归位 / "
            f"{self.rows} rows → {self.observations} observations"
            f" ({self.missing_values} of them without a value), {self.unplaced_rows} unplaced"
        )
        reasons = [f"  {count} × {reason}" for reason, count in self.unplaced]
        return "\n".join([text, *reasons])


@dataclass(frozen=True)
class LoadReport:
    """What became of the rows of each file of observations."""

    files: tuple[FileCount, ...]

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.files)

    @property
    def observations(self) -> int:
        """Observations from all files."""
        return sum(file.observations for file in self.files)

    @property
    def unplaced(self) -> int:
        """Unplaced rows of all files."""
        return sum(file.unplaced_rows for file in self.files)

    def __str__(self) -> str:
        return "\n".join(str(file) for file in self.files)


def load_facts(folder: Path) -> Facts:
    """All facts of a folder of CSV files.

    Raises:
        FactsFaults: with every fault of every file, when there is one.
    """
    return load_with_report(folder)[0]


def load_with_report(folder: Path) -> tuple[Facts, LoadReport]:
    """As load_facts, with the count of what became of the rows."""
    tables = {
        name: read_table(folder / name, names, key=key) for name, (names, key) in _FILES.items()
    }
    paths = sorted(folder.glob(OBSERVATION_FILES))
    figures = [read_table(path, columns.OBSERVATION_COLUMNS, key="row_id") for path in paths]
    faults = [] if paths else [_missing_figures()]
    _refuse_shared_ids(figures)
    known = _known(tables)
    placed = [_records(table, lambda row: rows.observation_of(row, known)) for table in figures]
    facts = _assemble(tables, known, [record for records in placed for record in records])
    _check_names(tables["places.csv"], facts.places)
    _check_parents(tables["places.csv"], facts.places)
    _check_chosen(tables["declared_areas.csv"], facts.declared_areas)
    row_ids = {row_id for table in figures for row_id in table.ids}
    _check_terms(tables["checks.csv"], facts.checks, row_ids, known)
    for table in (*tables.values(), *figures):
        faults.extend(table.all_faults())
    if faults:
        raise FactsFaults(faults)
    files = zip(figures, placed, strict=True)
    return facts, LoadReport(tuple(_count(table, records) for table, records in files))


def _missing_figures() -> Fault:
    return Fault(OBSERVATION_FILES, 0, "", "", "没有观测文件 / no file of observations")


def _records(table: Table, make: Callable[[Row], _Record]) -> list[_Record]:
    """The records of a table's sound rows; faults stay in the rows."""
    made = [(row, make(row)) for row in table.rows]
    return [record for row, record in made if row.ok]


def _assemble(
    tables: dict[str, Table], known: Known, figures: Iterable[Observation | UnplacedRow]
) -> Facts:
    figures = list(figures)
    return Facts(
        sources=tuple(_records(tables["sources.csv"], rows.source_of)),
        places=tuple(_records(tables["places.csv"], lambda row: rows.place_of(row, known))),
        themes=tuple(_records(tables["themes.csv"], rows.theme_of)),
        indicators=tuple(
            _records(tables["indicators.csv"], lambda row: rows.indicator_of(row, known))
        ),
        observations=tuple(figure for figure in figures if isinstance(figure, Observation)),
        unplaced=tuple(figure for figure in figures if isinstance(figure, UnplacedRow)),
        events=tuple(_records(tables["events.csv"], lambda row: rows.event_of(row, known))),
        extents=tuple(_records(tables["extents.csv"], lambda row: rows.extent_of(row, known))),
        declared_areas=tuple(
            _records(tables["declared_areas.csv"], lambda row: rows.area_of(row, known))
        ),
        checks=tuple(_records(tables["checks.csv"], rows.check_of)),
        rejected_sources=tuple(_records(tables["rejected_sources.csv"], rows.rejected_of)),
    )


def _known(tables: dict[str, Table]) -> Known:
    """The ids of all rows, also of faulty ones: a fault is reported once, where it is."""
    levels = dict.fromkeys(tables["places.csv"].ids, "")
    levels |= {row.text("place_id"): row.text("level") for row in tables["places.csv"].rows}
    units = dict.fromkeys(tables["indicators.csv"].ids, "")
    units |= {row.text("indicator_id"): row.text("unit") for row in tables["indicators.csv"].rows}
    return Known(
        sources=tables["sources.csv"].ids,
        place_levels=levels,
        themes=tables["themes.csv"].ids,
        indicator_units=units,
    )


def _refuse_shared_ids(figures: Sequence[Table]) -> None:
    """Row ids are unique over all files of observations."""
    first: dict[str, str] = {}
    for table in figures:
        for row in table.rows:
            row_id = row.text("row_id")
            other = first.setdefault(row_id, table.file)
            if other != table.file and row_id:
                why = f"编号已用于 {other} / the id is used in {other} already"
                row.fault("row_id", why)


def _row_of(table: Table, column: str, value: str) -> Row:
    return next(row for row in table.rows if row.text(column) == value)


def _check_names(table: Table, places: Sequence[Place]) -> None:
    """A printed name must lead to one place; only counties of two cities may share a name."""
    owners: dict[str, list[tuple[Place, bool]]] = {}
    for place in places:
        own = plain_name(place.name_zh)
        owners.setdefault(own, []).append((place, True))
        for alias in {plain_name(alias) for alias in place.aliases} - {own}:
            owners.setdefault(alias, []).append((place, False))
    for name, holders in owners.items():
        if len(holders) == 1 or _homonymous_counties(holders):
            continue
        ids = ", ".join(place.place_id for place, _ in holders)
        for place, is_name in holders[1:]:
            why = f"同一名称指向多个地点：{ids} / the name means more than one place"
            column = "name_zh" if is_name else "aliases"
            _row_of(table, "place_id", place.place_id).fault(column, why, value=name)


def _homonymous_counties(holders: Sequence[tuple[Place, bool]]) -> bool:
    """城区 is a county of 阳泉 and of 晋城."""
    counties = all(place.level == "county" and is_name for place, is_name in holders)
    return counties and len({place.parent_id for place, _ in holders}) == len(holders)


def _check_parents(table: Table, places: Sequence[Place]) -> None:
    """Following parents must come to an end."""
    parents = {place.place_id: place.parent_id for place in places}
    for place in places:
        seen: set[str] = set()
        at: str | None = place.place_id
        while at is not None and at not in seen:
            seen.add(at)
            at = parents.get(at)
        if at == place.place_id and len(seen) > 1:
            why = "上级关系成环 / parents run in a circle"
            _row_of(table, "place_id", place.place_id).fault("parent_id", why)


def _check_chosen(table: Table, areas: Sequence[DeclaredArea]) -> None:
    """At most one area of a place is the one drawn."""
    seen: set[str] = set()
    for area in areas:
        if area.chosen and area.place_id in seen:
            why = "同一地点只能选用一个面积 / a place can have only one chosen area"
            _row_of(table, "area_id", area.area_id).fault("chosen", why, value=area.place_id)
        if area.chosen:
            seen.add(area.place_id)


def _check_terms(table: Table, checks: Sequence[Check], row_ids: set[str], known: Known) -> None:
    """What a check names must be on file; it may be an unplaced row."""
    for check in checks:
        row = _row_of(table, "check_id", check.check_id)
        named = [("total", check.total)] if check.total else []
        for column, text in [*named, *(("parts", part) for part in check.parts)]:
            try:
                terms = references(parse_term(text))
            except ValueError:
                row.fault(column, "看不懂的写法 / not a term of the notation", value=text)
                continue
            for term in terms:
                ids = row_ids if term.kind == "row" else known.indicator_units
                if term.text not in ids:
                    row.fault(column, f"没有这个编号 / unknown {term.kind}", value=term.text)


def _count(table: Table, records: Sequence[Observation | UnplacedRow]) -> FileCount:
    observations = [record for record in records if isinstance(record, Observation)]
    reasons = Counter(record.reason for record in records if isinstance(record, UnplacedRow))
    return FileCount(
        file=table.file,
        rows=len(records),
        observations=len(observations),
        missing_values=sum(observation.value is None for observation in observations),
        unplaced=tuple(reasons.most_common()),
    )
