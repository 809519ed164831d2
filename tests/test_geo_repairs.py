"""Repairs are shown before they are made, change what they say and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from land import land, star

from geo.areas import area_m2
from geo.faults import INVALID, feature_faults, layer_faults
from geo.plane import to_degrees, to_plane
from geo.problems import Problem
from geo.repairs import AUTOMATIC, apply, propose, repaired

RELAXED = settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
BOW = "POLYGON((0 0,100 100,100 0,0 100,0 0))"
SPIKED = "POLYGON((0 0,100 0,100 50,150 50.2,100 50.4,100 100,0 100,0 0))"


def wkt(*texts: str) -> list:
    return [shapely.from_wkt(text) for text in texts]


def boxes(*corners) -> np.ndarray:
    return to_degrees(np.array([shapely.box(*corner) for corner in corners], dtype=object))


def codes_of(shapes, **options) -> list[str]:
    return [p.code for p in feature_faults(shapes, most=None, **options)]


@pytest.mark.parametrize(
    ("text", "code", "after_m2", "automatic"),
    [
        (BOW, "self_intersection", 5000.0, True),
        (SPIKED, "spike", 10_000.0, True),
        ("POLYGON((0 0,100 0,100 100,50 100,50 150,50 100,0 100,0 0))", "spike", 10_000.0, True),
        ("POLYGON((0 0,100 0,100 0,100 100,0 100,0 0))", "duplicate_points", 10_000.0, True),
        ("POLYGON((0 0,0 100,100 100,100 0,0 0))", "ring_order", 10_000.0, True),
        ("GEOMETRYCOLLECTION(POINT(5 5),POLYGON((0 0,9 0,9 9,0 9,0 0)))", "collection", 81.0, True),
        ("MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)),((20 0,90 0,90 .1,20 .1,20 0)))", "sliver", 81.0,
         False),
        ("MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)),((20 0,20.5 0,20 .5,20 0)))", "tiny_part", 81.0,
         False),
        ("POLYGON((0 0,9 0,9 9,0 9,0 0),(5 5,5 5.5,5.5 5,5 5))", "tiny_hole", 81.0, False),
        ("LINESTRING(0 0,100 0,100 100,0 100,0 0.2)", "open_line", 10_000.0, False),
        ("MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)),((1 1,2 1,2 2,1 2,1 1)))", "nested_parts", 81.0,
         True),
        ("POLYGON((0 0,99 0,99 99,0 99,0 0),(0 0,99 0,99 99,0 99,0 0))", "duplicate_rings", 0.0,
         True),
    ],
)  # fmt: skip
def test_each_repair_is_proposed_with_its_areas(text, code, after_m2, automatic) -> None:
    shapes = wkt(text)
    made = [r for r in propose(shapes, unit="metres", first=17) if r.code == code]
    assert len(made) == 1
    (repair,) = made
    assert repair.repair_id == f"17:{code}" and repair.feature == 17
    assert repair.after_m2 == pytest.approx(after_m2, abs=0.5)
    assert repair.automatic is automatic and (code in AUTOMATIC) is automatic
    assert repair.action("zh") and repair.action("en") and shapely.is_valid(repair.after)
    after, applied = apply(shapes, propose(shapes, unit="metres"), unit="metres")
    assert code not in codes_of(after, unit="metres")
    assert applied.after_m2 == pytest.approx(float(shapely.area(after[0])))


def test_what_is_removed_is_shown() -> None:
    (spike,) = propose(wkt(SPIKED), unit="metres")
    assert spike.removed_m2 == pytest.approx(10.0) and spike.change_m2 == pytest.approx(-10.0)
    assert shapely.covers(spike.removed, shapely.Point(140, 50.2))
    (fold,) = propose(wkt("POLYGON((0 0,100 0,100 100,50 100,50 150,50 100,0 100,0 0))"),
                      unit="metres")  # fmt: skip
    assert fold.removed_m2 == 0 and shapely.length(fold.removed) == pytest.approx(50)
    (hole,) = propose(wkt("POLYGON((0 0,9 0,9 9,0 9,0 0),(5 5,5 5.5,5.5 5,5 5))"), unit="metres")
    assert hole.added_m2 == pytest.approx(0.125) and hole.removed_m2 == 0


def test_a_feature_that_is_only_a_sliver_is_told_to_be_emptied() -> None:
    shapes = wkt("POLYGON((0 0,100 0,100 .1,0 .1,0 0))", "POLYGON((0 0,9 0,9 9,0 0))")
    chosen = propose(shapes, unit="metres", first=5)
    after, applied = apply(shapes, chosen, unit="metres", first=5)
    assert applied.emptied == (5,) and shapely.is_empty(after[0]) and after[1] is shapes[1]


def test_what_cannot_be_repaired_is_left_alone() -> None:
    with np.errstate(invalid="ignore"):
        broken = shapely.polygons(np.array([(0, 0), (np.nan, 1), (1, 1), (0, 0)]))
    shapes = [None, broken, shapely.Polygon(), shapely.Point(1, 1)]
    assert propose(shapes, unit="metres") == ()
    after, applied = repaired(shapes, unit="metres")
    assert list(after) == shapes and applied.count == 0 and applied.problems == ()


def test_only_what_is_chosen_is_done() -> None:
    both = "POLYGON((0 0,100 0,100 0,100 50,150 50.2,100 50.4,100 100,0 100,0 0))"
    shapes = wkt(both, BOW, both)
    proposals = propose(shapes, unit="metres")
    assert [r.repair_id for r in proposals] == [
        "1:duplicate_points", "1:spike", "2:self_intersection", "3:duplicate_points", "3:spike",
    ]  # fmt: skip
    chosen = [r for r in proposals if r.repair_id in ("1:spike", "3:duplicate_points")]
    after, applied = apply(shapes, chosen, unit="metres")
    assert after[1] is shapes[1]
    assert "spike" not in codes_of(after[:1], unit="metres")
    assert codes_of(after[2:], unit="metres") == ["spike"]
    assert applied.count == 2 and applied.features == 2
    assert [p.code for p in applied.problems] == ["mended", "mended"]
    assert "第 1 个要素已修复" in applied.problems[0].message_zh


def test_faults_of_readers_name_what_to_close() -> None:
    line = wkt("LINESTRING(0 0,100 0,100 100)")
    assert propose(line, unit="metres") == ()
    told = Problem("open_polyline", "warning", "未闭合", "open", feature=1)
    (repair,) = propose(line, [told], unit="metres")
    assert repair.after_m2 == pytest.approx(5000) and not repair.automatic
    assert repair.added_m2 == pytest.approx(5000)


def test_an_endless_tangle_is_left_as_it_is() -> None:
    angles = np.arange(3001) * np.pi * 0.7331
    tangle = shapely.Polygon(np.stack([np.cos(angles), np.sin(angles)], axis=1) * 1000)
    after, applied = repaired([tangle], unit="metres")
    assert after[0] is tangle and applied.count == 0
    assert propose([tangle], unit="metres") == ()


def test_crumbs_of_a_rebuilt_outline_are_not_kept() -> None:
    # The last edge crosses the first one a centimetre before its end.
    crossed = wkt("POLYGON((0 0,100 0,100 100,-0.005 100,0.005 -0.005,0 0))")
    after, _ = repaired(crossed, unit="metres")
    assert shapely.get_num_geometries(after[0]) == 1
    assert float(shapely.area(after[0])) == pytest.approx(10_000, abs=1)


def test_a_whole_layer_of_the_other_direction_is_turned_at_once() -> None:
    shapes = np.asarray(land(200).geometry.to_numpy(), dtype=object)
    turned = shapely.reverse(shapes)
    after, applied = repaired(turned, most=5)
    assert applied.count == len(shapes) and len(applied.repairs) == 5
    assert applied.before_m2 == pytest.approx(applied.after_m2, rel=1e-12)
    assert codes_of(after) == []


def test_a_large_layer_is_repaired_as_the_proposals_say() -> None:
    shapes = np.concatenate([wkt(BOW, SPIKED), [star(3)], wkt(BOW)])
    one, applied = repaired(shapes[[0, 1, 3]], unit="metres", most=1)
    two, same = apply(shapes[[0, 1, 3]], propose(shapes[[0, 1, 3]], unit="metres"), unit="metres")
    assert shapely.equals_identical(one, two).all()
    assert applied.count == same.count == 3 and len(applied.repairs) == 1
    assert applied.removed_m2 == pytest.approx(same.removed_m2)
    assert repaired(shapes[:1], {"spike"}, unit="metres")[1].count == 0


# --- properties ----------------------------------------------------------------------------------


def spoiled(seed: int) -> np.ndarray:
    """Outlines in degrees with spikes, twins, crossings, crumbs, in any direction."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(6):
        plane = shapely.get_parts(to_plane(star(int(random.integers(1e6)))))[0]
        ring = shapely.get_coordinates(shapely.get_rings(plane)[0])[:-1]
        kind = random.integers(0, 6)
        at = int(random.integers(1, len(ring) - 2))
        if kind == 1:
            ring = np.insert(ring, at, ring[at] + random.uniform(-5e-4, 5e-4, 2), axis=0)
        elif kind == 2:
            tip = ring[at] + random.uniform(-300, 300, 2)
            ring = np.insert(ring, at, [ring[at], tip], axis=0)
        elif kind == 3:
            ring[[at, at + 1]] = ring[[at + 1, at]]
        elif kind == 4:
            ring = ring[random.permutation(len(ring))]
        shape = shapely.Polygon(ring[:: random.choice([-1, 1])])
        if kind == 5:
            crumb = shapely.box(*ring[at] + 2000, *ring[at] + 2000.5)
            shape = shapely.MultiPolygon([shape, crumb])
        made.append(shape)
    return np.asarray(to_degrees(np.array(made, dtype=object)), dtype=object)


@RELAXED
@given(seed=st.integers(0, 100_000))
def test_after_all_repairs_no_fault_of_the_repaired_kinds_is_left(seed: int) -> None:
    shapes = spoiled(seed)
    proposals = propose(shapes)
    kinds = {(r.feature, r.code) for r in proposals}
    after, applied = apply(shapes, proposals)
    left = feature_faults(after, most=None)
    assert not [p for p in left if p.level == "error"]
    assert not kinds & {(p.feature, p.code) for p in left}
    # What is told is what happened: areas of what was touched, and nothing else was.
    touched = np.isin(np.arange(1, len(shapes) + 1), [r.feature for r in proposals])
    change = float(area_m2(after[touched]).sum() - area_m2(shapes[touched]).sum())
    assert applied.change_m2 == pytest.approx(change, abs=1e-3)
    assert sum(r.change_m2 for r in applied.repairs) == pytest.approx(change, abs=1e-3)
    assert all(new is old for new, old in zip(after[~touched], shapes[~touched], strict=True))
    assert {p.feature for p in feature_faults(shapes)} >= {r.feature for r in proposals}


@RELAXED
@given(seed=st.integers(0, 100_000), picked=st.data())
def test_any_choice_of_repairs_is_made_and_told(seed: int, picked) -> None:
    shapes = spoiled(seed)
    proposals = propose(shapes)
    chosen = [r for r in proposals if picked.draw(st.booleans())]
    after, applied = apply(shapes, chosen)
    kinds = {(r.feature, r.code) for r in chosen}
    assert not kinds & {(p.feature, p.code) for p in feature_faults(after, most=None)}
    rows = {r.feature - 1 for r in chosen}
    for row in set(range(len(shapes))) - rows:
        assert after[row] is shapes[row]
    change = float(area_m2(after[sorted(rows)]).sum() - area_m2(shapes[sorted(rows)]).sum())
    assert applied.change_m2 == pytest.approx(change, abs=1e-3)


@RELAXED
@given(seed=st.integers(0, 100_000))
def test_valid_land_loses_and_gains_what_is_shown(seed: int) -> None:
    for repair in propose(spoiled(seed)):
        if shapely.is_valid(repair.before):
            difference = repair.added_m2 - repair.removed_m2
            assert repair.change_m2 == pytest.approx(difference, rel=1e-6, abs=1.0)
        assert repair.removed_m2 >= 0 and repair.added_m2 >= 0


@RELAXED
@given(seed=st.integers(0, 100_000))
def test_automatic_repairs_leave_valid_outlines_and_lose_no_land_beyond_spikes(seed) -> None:
    shapes = spoiled(seed)
    after, applied = repaired(shapes)
    kept = ~shapely.is_empty(after)
    assert shapely.is_valid(after[kept]).all()
    assert not set(codes_of(after[kept])) & (AUTOMATIC - INVALID)
    assert {r.code for r in applied.repairs} <= AUTOMATIC


def wild(random: np.random.Generator) -> object:
    """A geometry of coordinates of any size, some of them no numbers."""

    def points(count: int) -> np.ndarray:
        size = random.choice([1e-301, 1e-12, 1e-6, 1, 50, 180, 1e3, 4e7, 1e12, 1e100, 1.7e308])
        made = (
            random.uniform(-1, 1, (count, 2)) * size, random.integers(-3, 4, (count, 2)) * 1.0,
            (112, 37) + random.integers(-3, 4, (count, 2)) * 1e-4,
            (112, 37) + random.uniform(-1, 1, (count, 2)) * 1e-9,
        )[random.integers(0, 4)]  # fmt: skip
        if random.random() < 0.1:
            made[random.integers(0, count)] = random.choice([np.nan, np.inf, 1e308])
        return made

    try:
        polygon = shapely.Polygon(
            points(random.integers(3, 9)), [points(4) for _ in range(random.integers(0, 3))]
        )
        line, point = shapely.LineString(points(5)), shapely.Point(points(1)[0])
        return (
            polygon, polygon, shapely.MultiPolygon([polygon, shapely.Polygon(points(5))]), line,
            shapely.GeometryCollection([polygon, line, point]), None,
        )[random.integers(0, 6)]  # fmt: skip
    except shapely.errors.GEOSException:  # a ring that starts with no number can't be made
        return None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(RELAXED, max_examples=100)
@given(seed=st.integers(0, 2**32 - 1), unit=st.sampled_from(["degrees", "metres"]))
def test_whatever_the_coordinates_faults_and_repairs_are_answered(seed: int, unit) -> None:
    random = np.random.default_rng(seed)
    shapes = np.array([wild(random) for _ in range(5)], dtype=object)
    found = feature_faults(shapes, unit=unit, most=None)
    assert {p.feature for p in found if p.code == "no_geometry"} >= {
        row + 1 for row in range(5) if shapes[row] is None
    }
    after, _ = apply(shapes, propose(shapes, unit=unit), unit=unit)
    assert len(after) == len(repaired(shapes, unit=unit)[0]) == len(shapes)
    if unit == "degrees":
        between = layer_faults(shapes, [1, 2, 2, None, ""])
        assert "duplicate_id" in {p.code for p in between}
        apply(shapes, propose(shapes, between))


# --- between features ----------------------------------------------------------------------------


def test_an_overlap_is_cut_from_the_later_feature_when_chosen() -> None:
    shapes = boxes((0, 0, 1000, 1000), (900, 0, 2000, 1000), (5000, 0, 6000, 1000))
    (repair,) = propose(shapes, layer_faults(shapes))
    assert repair.repair_id == "2:overlap:1" and not repair.automatic and repair.other == 1
    assert repair.removed_m2 == pytest.approx(100_000) and "第 1 个要素" in repair.action_zh
    after, applied = apply(shapes, [repair])
    assert layer_faults(after) == [] and after[0] is shapes[0]
    assert applied.change_m2 == pytest.approx(-100_000, abs=0.01)


def test_a_feature_inside_another_one_is_cut_out_of_it() -> None:
    shapes = boxes((0, 0, 1000, 1000), (400, 400, 500, 500))
    (repair,) = propose(shapes, layer_faults(shapes))
    assert repair.feature == 1 and repair.other == 2
    after, _ = apply(shapes, [repair])
    assert layer_faults(after) == []
    assert shapely.get_num_interior_rings(after[0]) == 1


def test_a_gap_is_taken_in_by_the_feature_that_has_most_of_its_border() -> None:
    shapes = boxes((0, 0, 1000, 1000), (1000.5, 0, 2000, 1000))
    (repair,) = propose(shapes, layer_faults(shapes), first=1)
    assert repair.code == "gap" and not repair.automatic
    assert repair.added_m2 == pytest.approx(500, abs=1) and repair.removed_m2 == 0
    after, _ = apply(shapes, [repair])
    assert layer_faults(after) == []
    assert float(shapely.distance(*after)) == 0


def test_several_gaps_between_the_same_features_have_names_of_their_own() -> None:
    shapes = boxes((0, 0, 1000, 1000), (1000.5, 0, 2000, 1000), (950, 400, 1050, 450))
    gaps = [r for r in propose(shapes, layer_faults(shapes)) if r.code == "gap"]
    assert [r.repair_id for r in gaps] == ["1:gap:2", "1:gap.2:2"]
    one, applied = apply(shapes, gaps[1:])
    assert applied.added_m2 == pytest.approx(gaps[1].added_m2, rel=1e-6)
    assert len([p for p in layer_faults(one) if p.code == "gap"]) == 1


def test_a_feature_that_is_there_twice_is_dropped_when_chosen() -> None:
    shapes = boxes((0, 0, 1000, 1000), (0, 0, 1000, 1000))
    proposals = propose(shapes, layer_faults(shapes, first=8), first=8)
    assert [r.repair_id for r in proposals] == ["9:duplicate_feature:8"]
    after, applied = apply(shapes, proposals, first=8)
    assert applied.emptied == (9,) and after[0] is shapes[0]


@settings(RELAXED, max_examples=20)
@given(seed=st.integers(0, 200), size=st.floats(-0.45, 8.0), row=st.integers(0, 39))
def test_a_coverage_with_a_wrong_feature_is_whole_again(seed, size, row) -> None:
    shapes = np.asarray(land(40, seed=seed).geometry.to_numpy(), dtype=object)
    plane = to_plane(shapes)
    shapes[row] = to_degrees(shapely.buffer(plane[row], size, join_style="mitre"))
    before = layer_faults(shapes, most=None)
    after, _ = apply(shapes, propose(shapes, before, most=None))
    left = layer_faults(after, most=None)
    assert [p.code for p in left if p.code == "overlap"] == []
    inside = shapely.buffer(shapely.union_all(plane), -10.0)  # its outer edge is no seam
    open_land = shapely.difference(inside, shapely.union_all(to_plane(after)))
    assert len(left) <= len(before) and shapely.area(open_land) <= 1.0 + 2.0 * len(left)
