"""Generated coverages: valid, without gap or overlap, shared edges, the same for the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.synthetic.coverage import coverage, coverage_blocks, grid_of, noise
from geo.areas import area_m2
from geo.plane import to_plane

BOX = (110.2, 34.5, 114.6, 40.8)
SEEDS = st.integers(min_value=0, max_value=2**32)
BOXES = st.tuples(
    st.floats(110, 113), st.floats(34, 39), st.floats(0.01, 2.0), st.floats(0.01, 2.0)
).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))


@settings(max_examples=40, deadline=None)
@given(box=BOXES, count=st.integers(1, 400), seed=SEEDS, quarter=st.integers(1, 8))
def test_it_covers_the_box_once_and_edges_are_shared_vertex_by_vertex(
    box: tuple[float, float, float, float], count: int, seed: int, quarter: int
) -> None:
    shapes = coverage(box, count, seed=seed, vertices=4 * quarter)
    assert shapely.is_valid(shapes).all()
    assert (shapely.get_num_coordinates(shapes) == 4 * quarter + 1).all()
    # True only where neighbours have the same vertices along their common edge and never overlap.
    assert shapely.coverage_is_valid(shapes)
    whole = area_m2([shapely.box(*box)])[0]
    assert area_m2(shapes).sum() == pytest.approx(whole, rel=1e-9)
    assert shapely.area(to_plane(shapes)).sum() == pytest.approx(whole, rel=1e-9)
    assert np.allclose(shapely.total_bounds(shapes), box, rtol=0, atol=1e-12)


def test_inner_edges_are_met_by_their_own_reverse() -> None:
    shapes = coverage(BOX, 2_000, seed=11)
    rings = shapely.get_coordinates(shapes).reshape(len(shapes), -1, 2)
    starts, ends = rings[:, :-1].reshape(-1, 2), rings[:, 1:].reshape(-1, 2)
    forward = {(*a, *b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)}
    alone = [edge for edge in forward if (*edge[2:], *edge[:2]) not in forward]
    columns, rows = grid_of(BOX, 2_000)
    assert len(forward) == len(starts)
    assert len(alone) == 5 * 2 * (columns + rows)
    for x0, y0, x1, y1 in alone:
        assert (x0 == x1 and x0 in BOX[::2]) or (y0 == y1 and y0 in BOX[1::2])


def test_edges_are_crooked_inside_and_differ_from_each_other() -> None:
    shapes = coverage(BOX, 500, seed=3)
    hulls = shapely.convex_hull(shapes)
    assert (shapely.area(hulls) > shapely.area(shapes) * 1.01).mean() > 0.9
    assert len(np.unique(np.round(shapely.area(shapes), 9))) == len(shapes)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_seed_decides_everything(seed: int) -> None:
    once, again = (shapely.to_wkb(coverage(BOX, 120, seed=seed)) for _ in range(2))
    other = shapely.to_wkb(coverage(BOX, 120, seed=seed + 1))
    assert (once == again).all()
    assert not (once == other).any()


def test_blocks_are_the_whole_cut_by_rows() -> None:
    blocks = list(coverage_blocks(BOX, 20_000, seed=5))
    columns, rows = grid_of(BOX, 20_000)
    assert len(blocks) > 1
    assert all(len(block) % columns == 0 for block in blocks)
    whole = coverage(BOX, 20_000, seed=5)
    assert len(whole) == columns * rows
    assert (shapely.to_wkb(np.concatenate(blocks)) == shapely.to_wkb(whole)).all()


@given(count=st.integers(1, 3_000_000))
def test_the_grid_has_about_the_wanted_number_of_cells(count: int) -> None:
    columns, rows = grid_of(BOX, count)
    assert abs(columns * rows - count) <= max(1, columns)
    ground = (BOX[2] - BOX[0]) * math.cos(math.radians(37.65)) / (BOX[3] - BOX[1])
    assert columns == max(1, round(math.sqrt(count * ground)))


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), seed=SEEDS, scale=st.floats(0.05, 5.0))
def test_noise_stays_in_range_and_is_smooth(
    lon: float, lat: float, seed: int, scale: float
) -> None:
    here = float(noise(lon, lat, seed=seed, scale_deg=scale))
    near = float(noise(lon + scale / 1000, lat, seed=seed, scale_deg=scale))
    assert 0.0 <= here <= 1.0
    assert abs(near - here) < 0.01
    assert here == float(noise(lon, lat, seed=seed, scale_deg=scale))
