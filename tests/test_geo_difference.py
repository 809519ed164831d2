"""Two versions compared: every feature is on one list, once, with its areas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from land import land

from geo.areas import area_m2
from geo.difference import Difference, difference
from geo.errors import CoordinateError
from geo.plane import to_degrees, to_plane

RELAXED = settings(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def layer(count: int = 60, *, seed: int = 1) -> gpd.GeoDataFrame:
    frame = land(count, seed=seed)
    frame["id"] = [f"G{n}" for n in range(len(frame))]
    frame["name_zh"] = [f"地块{n}" for n in range(len(frame))]
    frame["value"] = np.arange(len(frame)) * 1.5
    return frame


def boxes(*corners) -> gpd.GeoDataFrame:
    plane = np.array([shapely.box(*corner) for corner in corners], dtype=object)
    return gpd.GeoDataFrame({"n": range(len(plane))}, geometry=to_degrees(plane), crs=4490)


def lengths(found: Difference) -> tuple[int, int, int, int]:
    return len(found.added), len(found.removed), len(found.changed), len(found.unchanged)


@pytest.mark.parametrize("key", ["id", None])
def test_nothing_differs_from_itself_in_any_order(key) -> None:
    old = layer()
    new = old.sample(frac=1, random_state=3).reset_index(drop=True)
    found = difference(old, new, key=key)
    assert lengths(found) == (0, 0, 0, len(old))
    assert found.unchanged_m2 == pytest.approx(found.before_m2)
    row = found.unchanged[0]
    assert row.new_number == 1 and row.name == new["name_zh"][0]
    assert old["name_zh"][row.old_number - 1] == row.name


def test_what_came_went_and_changed_is_listed_with_areas() -> None:
    old = layer()
    new = old.drop(index=[3, 4]).reset_index(drop=True)
    new.loc[10, "value"] = 999.0
    new.loc[11, "dlbm"] = None
    smaller = to_degrees(shapely.buffer(to_plane(new.geometry[20]), -20))
    new.loc[20, "geometry"] = smaller
    extra = old.iloc[[5]].assign(id="neu")
    extra["geometry"] = [shapely.box(113, 38, 113.01, 38.01)]
    new = gpd.GeoDataFrame(gpd.pd.concat([new, extra], ignore_index=True), crs=4490)
    found = difference(old, new, key="id")
    assert lengths(found) == (1, 2, 3, len(old) - 5)
    assert [row.id for row in found.removed] == ["G3", "G4"]
    assert found.added[0].id == "neu" and found.added[0].old_number is None
    assert found.added[0].before_m2 is None and found.added[0].new_number == len(new)
    by_id = {row.id: row for row in found.changed}
    assert by_id[new["id"][10]].columns == ("value",) and by_id[new["id"][11]].columns == ("dlbm",)
    shrunk = by_id[new["id"][20]]
    assert shrunk.geometry_changed and shrunk.columns == ()
    assert shrunk.after_m2 == pytest.approx(float(area_m2([smaller])[0]))
    assert shrunk.moved_m2 == pytest.approx(shrunk.before_m2 - shrunk.after_m2, rel=1e-6)
    assert found.added_m2 == pytest.approx(float(area_m2(extra.geometry)[0]))
    assert found.after_m2 == pytest.approx(
        found.before_m2 + found.added_m2 - found.removed_m2
        + found.changed_after_m2 - found.changed_before_m2
    )  # fmt: skip


def test_without_a_key_features_are_found_again_by_their_land() -> None:
    old = boxes((0, 0, 100, 100), (200, 0, 300, 100), (400, 0, 500, 100), (600, 0, 700, 100))
    new = boxes((0, 0, 110, 100), (400, 0, 500, 100), (0, 500, 100, 600), (595, 0, 1200, 100))
    found = difference(old, new)
    assert [(r.old_number, r.new_number) for r in found.changed] == [(1, 1), (3, 2), (4, 4)]
    assert found.changed[0].moved_m2 == pytest.approx(1000)
    assert [r.geometry_changed for r in found.changed] == [True, False, True]
    assert found.changed[1].columns == ("n",)
    assert [r.old_number for r in found.removed] == [2]
    assert [r.new_number for r in found.added] == [3]


def test_a_feature_cut_in_two_goes_on_in_its_larger_part() -> None:
    old, new = boxes((0, 0, 100, 100)), boxes((0, 0, 40, 100), (40, 0, 100, 100))
    found = difference(old, new, ignore=("n",))
    assert [(r.old_number, r.new_number) for r in found.changed] == [(1, 2)]
    assert [r.new_number for r in found.added] == [1]


def test_ids_given_twice_and_not_at_all_are_still_told_apart() -> None:
    old = layer(12)
    old.loc[[1, 2], "id"] = "same"
    old.loc[[3, 4], "id"] = None
    found = difference(old, old.iloc[::-1].reset_index(drop=True), key="id")
    assert lengths(found)[:2] == (0, 0)
    assert {r.old_number + r.new_number for r in found.unchanged if not r.id} == {len(old) + 1}


def test_columns_that_came_or_went_are_named_and_computed_ones_do_not_count() -> None:
    old = layer(12).assign(area_m2=1.0, gone=1)
    new = layer(12).assign(area_m2=2.0, come=1)
    found = difference(old, new, key="id")
    assert found.columns_added == ("come",) and found.columns_removed == ("gone",)
    assert lengths(found) == (0, 0, 0, len(old))


def test_the_same_value_in_another_type_is_the_same() -> None:
    old, new = layer(12), layer(12)
    old["n"], new["n"] = range(len(old)), [str(n) for n in range(len(old))]
    old["blank"], new["blank"] = None, ""
    old["whole"], new["whole"] = range(len(old)), np.arange(len(old), dtype=float)
    old["lists"] = [[1, 2]] * len(old)
    new["lists"] = [[1, 2]] * (len(old) - 1) + [[3]]
    found = difference(old, new, key="id")
    assert [row.columns for row in found.changed] == [("lists",)]
    assert found.changed[0].new_number == len(old)


def test_outlines_rounded_by_a_format_are_the_same() -> None:
    old, new = layer(), layer()
    rounded = shapely.transform(new.geometry.to_numpy(), lambda xy: np.round(xy, 7))
    new["geometry"] = shapely.normalize(rounded)
    for key in ("id", None):
        assert lengths(difference(old, new, key=key)) == (0, 0, 0, len(old))
    exact = difference(old, new, key="id", tolerance_m=1e-6)
    assert len(exact.changed) == len(old)


def test_a_vertex_more_on_a_straight_edge_changes_nothing() -> None:
    old = boxes((0, 0, 1000, 1000))
    new = old.copy()
    new["geometry"] = to_degrees(shapely.segmentize(to_plane(old.geometry.to_numpy()), 300))
    assert lengths(difference(old, new)) == (0, 0, 0, 1)


def test_points_and_missing_geometries_have_no_land_but_are_compared() -> None:
    shapes = [shapely.Point(112, 37), None, shapely.Point(112.1, 37), None]
    old = gpd.GeoDataFrame({"id": list("abcd")}, geometry=shapes, crs=4490)
    moved = [shapely.Point(112, 37), None, shapely.Point(112.2, 37), shapely.box(112, 37, 113, 38)]
    new = gpd.GeoDataFrame({"id": list("abcd")}, geometry=moved, crs=4490)
    found = difference(old, new, key="id")
    assert [row.id for row in found.changed] == ["c", "d"]
    assert found.unchanged[1].before_m2 is None and found.unchanged[1].after_m2 is None
    assert found.changed[1].moved_m2 == pytest.approx(found.changed[1].after_m2)


def test_empty_layers_are_compared_and_other_coordinates_refused() -> None:
    old = layer(6)
    nothing = old.iloc[:0]
    assert lengths(difference(nothing, old)) == (len(old), 0, 0, 0)
    assert lengths(difference(old, nothing, key="id")) == (0, len(old), 0, 0)
    with pytest.raises(CoordinateError):
        difference(old, old.to_crs(4526))
    with pytest.raises(KeyError):
        difference(old, old, key="nicht da")


def test_lists_of_rows_are_sequences() -> None:
    found = difference(layer(12), layer(12), key="id")
    rows = found.unchanged
    assert rows[:2] == (rows[0], rows[1]) and rows[-1] == list(rows)[-1]
    with pytest.raises(IndexError):
        rows[len(rows)]


@RELAXED
@given(
    seed=st.integers(0, 1000), drop=st.sets(st.integers(0, 29), max_size=6),
    moved=st.sets(st.integers(0, 29), max_size=6), edited=st.sets(st.integers(0, 29), max_size=6),
    key=st.sampled_from(["id", None]),
)  # fmt: skip
def test_every_feature_is_on_one_list_once(seed, drop, moved, edited, key) -> None:
    old = layer(30, seed=seed)
    new = old.copy()
    plane = to_plane(np.asarray(old.geometry.to_numpy(), dtype=object))
    for row in moved:
        new.loc[row, "geometry"] = to_degrees(shapely.buffer(plane[row], -5.0))
    for row in edited:
        new.loc[row, "value"] = -1.0
    new = new.drop(index=list(drop)).sample(frac=1, random_state=seed).reset_index(drop=True)
    found = difference(old, new, key=key)
    assert {row.name for row in found.removed} == {f"地块{n}" for n in drop}
    assert len(found.added) == 0
    assert {row.name for row in found.changed} == {f"地块{n}" for n in (moved | edited) - drop}
    for row in (*found.changed, *found.unchanged):
        assert old["name_zh"][row.old_number - 1] == new["name_zh"][row.new_number - 1]
        number = row.old_number - 1
        assert row.geometry_changed == (number in moved)
        assert row.columns == (("value",) if number in edited else ())
    old_numbers = [r.old_number for r in (*found.removed, *found.changed, *found.unchanged)]
    assert sorted(old_numbers) == list(range(1, len(old) + 1))
    back = difference(new, old, key=key)
    assert lengths(back) == (len(found.removed), 0, len(found.changed), len(found.unchanged))
    assert back.before_m2 == pytest.approx(found.after_m2)
