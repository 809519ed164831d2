"""Facts as frames and back, also through Parquet, without loss."""

from __future__ import annotations

import io
from dataclasses import fields
from datetime import date
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pandas as pd
import pytest
from facts_files import sound_files, write_files
from hypothesis import given, settings
from hypothesis import strategies as st

from facts import model
from facts.errors import BadFrame
from facts.load import load_facts
from facts.model import Facts
from facts.periods import Period
from facts.tables import FRAME_NAMES, from_frames, to_frames

RECORDS = {
    "sources": model.Source,
    "places": model.Place,
    "themes": model.Theme,
    "indicators": model.Indicator,
    "observations": model.Observation,
    "unplaced": model.UnplacedRow,
    "events": model.Event,
    "extents": model.Extent,
    "declared_areas": model.DeclaredArea,
    "checks": model.Check,
    "rejected_sources": model.RejectedSource,
}

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
items = st.text(st.characters(codec="utf-8", exclude_characters="|\x00"), min_size=1, max_size=6)
days = st.dates(min_value=date(1900, 1, 1))
numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def periods(draw) -> Period:
    start = draw(st.none() | days)
    end = None if start is None else draw(st.dates(min_value=start))
    as_of = draw(days if start is None else st.none() | days)
    return Period(start, end, as_of, draw(texts))


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value a field of this type may hold."""
    if NoneType in get_args(kind):
        (inner,) = (option for option in get_args(kind) if option is not NoneType)
        return st.none() | values_of(inner)
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple:
        return st.lists(items, max_size=3).map(tuple)
    return {
        str: texts,
        float: numbers,
        int: st.integers(-(2**40), 2**40),
        bool: st.booleans(),
        date: days,
        Period: periods(),
    }[kind]


def records_of(record: type) -> st.SearchStrategy[tuple[Any, ...]]:
    hints = get_type_hints(record)
    cells = {field.name: values_of(hints[field.name]) for field in fields(record)}
    return st.lists(st.builds(record, **cells), max_size=3).map(tuple)


all_facts = st.builds(Facts, **{name: records_of(record) for name, record in RECORDS.items()})


def through_parquet(frame: pd.DataFrame) -> pd.DataFrame:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return pd.read_parquet(io.BytesIO(buffer.getvalue()))


@settings(deadline=None, max_examples=60)
@given(all_facts)
def test_facts_come_back_as_they_went(facts: Facts) -> None:
    frames = to_frames(facts)
    assert tuple(frames) == FRAME_NAMES
    assert from_frames(frames) == facts
    assert from_frames({name: through_parquet(frame) for name, frame in frames.items()}) == facts


def test_every_table_of_the_facts_is_kept() -> None:
    assert {field.name for field in fields(Facts)} == set(RECORDS)
    assert len(FRAME_NAMES) == len(RECORDS)


def test_columns_have_the_same_types_with_and_without_rows(tmp_path: Path) -> None:
    full = to_frames(load_facts(write_files(tmp_path, sound_files())))
    empty = to_frames(Facts())
    for name in FRAME_NAMES:
        assert full[name].dtypes.to_dict() == empty[name].dtypes.to_dict(), name


def test_observations_carry_their_period_key(tmp_path: Path) -> None:
    frame = to_frames(load_facts(write_files(tmp_path, sound_files())))["observations"]
    assert set(frame["period_key"]) == {"2023-H1"}
    assert set(frame["period_start"]) == {"2023-01-01"}
    assert frame["as_of"].isna().all()


def spoiled(tmp_path: Path, table: str, column: str, cell: Any) -> dict[str, pd.DataFrame]:
    frames = to_frames(load_facts(write_files(tmp_path, sound_files())))
    frames[table] = frames[table].astype({column: object})
    frames[table].loc[0, column] = cell
    return frames


@pytest.mark.parametrize(
    ("table", "column", "cell"),
    [
        ("observations", "kind", "guess"),
        ("observations", "row_id", None),
        ("observations", "value", float("inf")),
        ("observations", "period_start", "2023"),
        ("observations", "period_end", "2022-01-01"),
        ("declared-areas", "area_km2", float("nan")),
        ("places", "level", ""),
        ("events", "start", "yesterday"),
        ("themes", "order", "first"),
    ],
)
def test_impossible_cells_are_refused(tmp_path: Path, table, column, cell) -> None:
    with pytest.raises(BadFrame, match=f"“{table}”"):
        from_frames(spoiled(tmp_path, table, column, cell))


def test_missing_tables_and_columns_are_refused() -> None:
    frames = to_frames(Facts())
    with pytest.raises(BadFrame, match="places"):
        from_frames({name: frame for name, frame in frames.items() if name != "places"})
    with pytest.raises(BadFrame, match="as_of"):
        from_frames(frames | {"observations": frames["observations"].drop(columns="as_of")})
