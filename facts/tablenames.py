"""The names in a table's rows: of places, of indicators, and the city that the title is about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from facts.celltexts import narrow
from facts.grids import text_of
from facts.headlabels import split_unit
from facts.indicatormatch import kind_alone
from facts.mappings import Mapping
from facts.matching import Matcher
from facts.tableforms import FormRow, TableForm

_NUMBERED = re.compile(
    r"^(?:[0-9]{1,2}[.、)](?![0-9])|[一二三四五六七八九十]{1,3}、"
    r"|\([一二三四五六七八九十0-9]{1,3}\)) *"
)
_ABOUT_ZONES = re.compile(r"开发区|园区|示范区|三个一批|标准地")
LONGEST_NAME = 200


def place_column(form: TableForm, mapping: Mapping) -> int | None:
    """The column of the grid that names the place of a row; None where none does."""
    columns = mapping.of_role("place") or tuple(
        column for column in mapping.of_role("field") if column.name == "place_id"
    )
    return columns[0].index if columns else None


def place_names(form: TableForm, mapping: Mapping) -> tuple[str, ...]:
    """Every name of a place in heads and rows of data, in order, each once."""
    column = place_column(form, mapping)
    heads = [head.name for head in mapping.of_role("value") if head.name and not head.place_id]
    rows = [] if column is None else _distinct(form, column)
    return tuple(dict.fromkeys((*heads, *rows)))


def indicator_names(form: TableForm, mapping: Mapping) -> dict[str, tuple[str, str]]:
    """Every indicator named in a row -> (its name without a unit, its unit or "").

    A row that is only 同比 or the like belongs to the one before and is left out.
    """
    columns, unit_columns = mapping.of_role("indicator"), mapping.of_role("unit")
    found: dict[str, tuple[str, str]] = {}
    for row in form.data_rows if columns else ():
        name = indicator_name(form, row, columns[0].index)
        if not name or len(name) > LONGEST_NAME or kind_alone(name):
            continue
        label, unit = split_unit(_NUMBERED.sub("", name))
        for column in unit_columns:
            unit = narrow(text_of(form.grid.filled(row.index, column.index))) or unit
        found.setdefault(name, (label, unit))
    return found


def indicator_name(form: TableForm, row: FormRow, column: int) -> str:
    """What a row's cell names, without 其中 in front."""
    if column == form.name_column:
        return row.name
    return narrow(text_of(form.grid.filled(row.index, column)))


def place_name(form: TableForm, row: FormRow, column: int) -> str:
    """The place that a row names; "" for none."""
    if column == form.name_column:
        return row.name
    return narrow(text_of(form.grid.filled(row.index, column)))


def _distinct(form: TableForm, column: int) -> Iterator[str]:
    seen: set[str] = set()
    for row in form.data_rows:
        name = place_name(form, row, column)
        if name and name not in seen and len(name) <= LONGEST_NAME:
            seen.add(name)
            yield name


def host_of(form: TableForm, matcher: Matcher) -> str:
    """The one city that the title names; "" for none or several."""
    text = f"{form.title} {form.grid.name}"
    found = {
        place.place_id
        for place in matcher.facts.places
        if place.level == "city" and place.name_zh in text
    }
    return found.pop() if len(found) == 1 else ""


def about_zones(form: TableForm, mapping: Mapping) -> bool:
    """Whether the title or a head says that the table is about zones."""
    heads = "".join(column.label for column in form.columns)
    about = f"{form.title} {form.grid.name} {heads}"
    return mapping.table != "figures" or bool(_ABOUT_ZONES.search(about))
