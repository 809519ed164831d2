"""Ledgers add up, whatever the rules; proposals are checked; measures know simple shapes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from land import BOX, CODES, halves, land, measured_file, plain_file, star

from geo import measures
from geo.areas import area_m2
from geo.errors import InvalidShapeError, RuleTextError
from geo.ledger import LayerSource, Ledger, make_ledger
from geo.plane import to_degrees, to_plane
from geo.proposals import (
    Proposal,
    check_proposal,
    next_alternative,
    snapped,
    with_added,
    with_cut,
)
from geo.rules import ACTIONS, WHERES, Rule, rules_from_text, rules_to_text

RELAXED = settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def layers(folder: Path) -> dict[str, LayerSource]:
    blobs = gpd.GeoDataFrame(
        {"place_id": [f"b{n}" for n in range(6)]}, geometry=[star(n) for n in range(6)], crs=4490
    )
    return {
        "land-use": LayerSource("land-use", measured_file(land(400), folder), 3),
        "red-lines": LayerSource("red-lines", plain_file(blobs, folder, "red.parquet"), 1),
    }


def rule(number: int, layer: str, codes: tuple[str, ...], where: str, action: str) -> Rule:
    column = "dlbm" if codes else ""
    return Rule(f"r{number}", f"规则{number}", "", layer, column, codes, where, action)  # type: ignore[arg-type]


rule_sets = st.lists(
    st.tuples(
        st.sampled_from(["land-use", "red-lines", "not-there"]),
        st.lists(st.sampled_from([*CODES, "01", "0"]), max_size=3, unique=True),
        st.sampled_from(WHERES), st.sampled_from(ACTIONS),
    ), max_size=6,
).map(
    lambda rows: [
        rule(n, layer, tuple(codes) if layer == "land-use" else (), where, action)
        for n, (layer, codes, where, action) in enumerate(rows)
    ]
)  # fmt: skip


def adds_up(ledger: Ledger) -> None:
    total = sum(line.area_m2 for line in ledger.lines)
    assert total == pytest.approx(ledger.gross_m2, abs=1e-3)
    assert sum(ledger.whole_m2()) == round(ledger.gross_m2)
    assert all(line.area_m2 >= -1e-6 for line in ledger.lines)


def shares_no_ground(ledger: Ledger) -> None:
    """What is drawn of each line is what it counts, and no ground lies in two of them."""
    for line in ledger.lines:
        drawn_m2 = 0.0 if line.geometry is None else float(shapely.area(to_plane(line.geometry)))
        assert drawn_m2 == pytest.approx(line.area_m2, rel=1e-6, abs=0.5)
    drawn = [line.geometry for line in ledger.lines if line.geometry is not None]
    assert shapely.is_valid(drawn).all()
    shapes = shapely.make_valid(to_plane(np.array(drawn, dtype=object)))
    # United they are as large as one by one.
    united = float(shapely.area(shapely.union_all(shapes)))
    assert united == pytest.approx(float(shapely.area(shapes).sum()), rel=1e-6)


@RELAXED
@given(seed=st.integers(0, 10_000), rules=rule_sets, shuffled=st.randoms())
def test_lines_add_up_in_any_order_and_share_no_ground(seed, rules, shuffled, layers) -> None:
    subject = star(seed, parts=2, hole=True)
    ledger = make_ledger(subject, rules, layers)
    adds_up(ledger)
    assert ledger.gross_m2 == pytest.approx(float(area_m2([subject])[0]), rel=1e-9)
    shares_no_ground(ledger)
    other = list(rules)
    shuffled.shuffle(other)
    again = make_ledger(subject, other, layers)
    adds_up(again)
    # What the rules take together does not depend on their order.
    assert again.rest_m2 == pytest.approx(ledger.rest_m2, abs=0.01)
    first = {line.rule.rule_id: line.touched_m2 for line in ledger.lines if line.rule}
    second = {line.rule.rule_id: line.touched_m2 for line in again.lines if line.rule}
    assert second == pytest.approx(first, abs=0.01)


def test_outlines_that_lie_closely_along_each_other_fill_no_holes(layers) -> None:
    # A strip of no width along a hole: in degrees it folds, and mending it filled holes of 16 ha.
    outside = rule(0, "red-lines", (), "outside", "exclude")
    ledger = make_ledger(star(550, parts=2, hole=True), [outside], layers)
    adds_up(ledger)
    shares_no_ground(ledger)


def test_cutting_land_along_its_own_earlier_cuts_loses_nothing(layers) -> None:
    # The third rule cuts along what the first one left but for the last digits: 19 ha went wrong.
    rules = [
        rule(0, "land-use", ("0101", "0", "1101"), "inside", "usable"),
        rule(1, "land-use", ("0404", "1003", "0702"), "outside", "exclude"),
        rule(2, "red-lines", (), "outside", "usable"),
        rule(3, "land-use", (), "inside", "usable"),
    ]
    ledger = make_ledger(star(2248, parts=2, hole=True), rules, layers)
    adds_up(ledger)
    shares_no_ground(ledger)


@RELAXED
@given(seed=st.integers(0, 10_000), rules=rule_sets)
def test_the_layout_of_the_layer_does_not_matter(seed, rules, layers, folder) -> None:
    subject = star(seed)
    frame = land(400)
    others = {
        "halves": plain_file(halves(frame), folder, "halves.parquet"),
        "turned": plain_file(frame[::-1], folder, "turned.parquet"),
    }
    wanted = [line.area_m2 for line in make_ledger(subject, rules, layers).lines]
    for name, path in others.items():
        moved = layers | {"land-use": LayerSource("land-use", path, 9)}
        found = [line.area_m2 for line in make_ledger(subject, rules, moved).lines]
        assert found == pytest.approx(wanted, rel=1e-6, abs=0.05), name


def test_order_decides_who_takes_shared_ground(layers) -> None:
    red = rule(1, "red-lines", (), "inside", "exclude")
    all_land = rule(2, "land-use", ("0", "1"), "inside", "usable")
    subject = star(0)  # the very land of the first blob
    first = make_ledger(subject, [red, all_land], layers)
    assert first.excluded_m2 == pytest.approx(first.gross_m2, rel=1e-9)
    assert first.usable_m2 == pytest.approx(0, abs=0.01)
    second = make_ledger(subject, [all_land, red], layers)
    assert second.usable_m2 == pytest.approx(second.gross_m2, rel=1e-9)
    assert second.lines[1].touched_m2 == pytest.approx(second.gross_m2, rel=1e-9)


def test_missing_and_distant_layers_are_never_zero_quietly(layers, folder) -> None:
    rules = [rule(1, "not-there", (), "inside", "exclude")]
    ledger = make_ledger(star(1), rules, layers)
    assert ledger.lines[0].status == "no_layer" and not ledger.final
    assert [p.code for p in ledger.problems] == ["no_layer"]
    far = shapely.box(111.0, 36.0, 111.05, 36.05)
    for layer, codes in (("red-lines", ()), ("land-use", ("01",))):
        made = make_ledger(far, [rule(1, layer, codes, "inside", "exclude")], layers)
        assert made.lines[0].status == "not_covered"
    half = shapely.box(BOX[0] - 0.05, BOX[1] + 0.05, BOX[0] + 0.05, BOX[1] + 0.1)
    made = make_ledger(half, [rule(1, "land-use", ("01",), "inside", "exclude")], layers)
    assert made.lines[0].status == "partly_covered"


def test_features_left_out_do_not_count(layers) -> None:
    source = replace(layers["red-lines"], leave_out=frozenset({"b0"}))
    only = rule(1, "red-lines", (), "inside", "exclude")
    whole = make_ledger(star(0), [only], layers)
    left = make_ledger(star(0), [only], {"red-lines": source})
    assert left.excluded_m2 < whole.excluded_m2


def test_a_crossing_subject_is_refused(layers) -> None:
    crossing = shapely.Polygon([(112.1, 37.6), (112.2, 37.7), (112.2, 37.6), (112.1, 37.7)])
    with pytest.raises(InvalidShapeError):
        make_ledger(crossing, [], layers)


names = st.text(max_size=12)
texts = st.builds(
    Rule, st.text(min_size=1, max_size=8), names, names, st.text(min_size=1, max_size=8),
    st.just("dlbm"), st.lists(st.text(max_size=6), min_size=1, max_size=4).map(tuple),
    st.sampled_from(WHERES), st.sampled_from(ACTIONS), st.booleans(),
)  # fmt: skip


@given(rules=st.lists(texts, max_size=6, unique_by=lambda r: r.rule_id))
def test_rules_travel_as_text(rules) -> None:
    written = rules_to_text(rules)
    assert rules_from_text(written) == tuple(rules)
    assert written.isascii() and not set(written) & set(" &#?+<>\"'")


@given(words=st.text(max_size=40))
def test_other_texts_are_refused(words) -> None:
    try:
        rules = rules_from_text(words)
    except RuleTextError:
        return
    assert rules_to_text(rules).count(";") == words.count(";")


# --- proposals -----------------------------------------------------------------------------------

BASE = shapely.box(112.0, 37.6, 112.04, 37.64)
NO_ZONES = gpd.GeoDataFrame({"name_zh": [], "name_en": []}, geometry=[], crs=4490)


def proposal(**changes) -> Proposal:
    plain = Proposal(
        "p", "A", "方案", "", "expand", "z", "z", BASE, shapely.box(112.04, 37.6, 112.06, 37.64),
        None, "digitised", "s",
    )  # fmt: skip
    return replace(plain, **changes)


def codes(made: Proposal, zones: gpd.GeoDataFrame = NO_ZONES) -> list[str]:
    return [finding.code for finding in check_proposal(made, zones)]


def test_a_sound_proposal_has_no_findings() -> None:
    assert codes(proposal()) == []
    assert proposal().key == "p.A"
    whole = float(area_m2([proposal().result])[0])
    assert whole == pytest.approx(float(area_m2([BASE, proposal().land_in]).sum()), rel=1e-9)


def test_every_inconsistency_is_found_with_its_area() -> None:
    crossing = shapely.Polygon([(112.1, 37.6), (112.2, 37.7), (112.2, 37.6), (112.1, 37.7)])
    (found,) = check_proposal(proposal(land_in=crossing), NO_ZONES)
    assert found.code == "self_crossing" and found.lon == pytest.approx(112.15)
    assert codes(proposal(land_in=None)) == ["no_land_in"]
    assert codes(proposal(land_in=shapely.box(112.03, 37.6, 112.06, 37.64))) == ["in_over_base"]
    out = shapely.box(112.039, 37.63, 112.05, 37.64)
    assert "out_outside_base" in codes(proposal(land_out=out))
    zones = gpd.GeoDataFrame(
        {"name_zh": ["甲"], "name_en": ["Jia"]}, geometry=[shapely.box(112.05, 37.6, 112.1, 37.7)],
        crs=4490,
    )  # fmt: skip
    (over,) = check_proposal(proposal(), zones)
    assert over.code == "in_over_zone" and "甲" in over.message_zh and over.area_m2 > 1e6
    inside = shapely.box(112.0, 37.6, 112.01, 37.64)
    assert codes(proposal(kind="adjust", land_out=inside)) == ["adjust_unbalanced"]
    same = shapely.box(112.0, 37.6, 112.02, 37.64)
    assert codes(proposal(kind="adjust", land_out=same)) == []


@RELAXED
@given(seed=st.integers(0, 10_000))
def test_adding_and_cutting_land(seed) -> None:
    start = proposal(base=None, land_in=star(seed))
    more = star(seed + 1)
    grown = with_added(start, more)
    assert shapely.is_valid(grown.land_in)
    union = float(shapely.area(shapely.union(to_plane(start.land_in), to_plane(more))))
    assert float(area_m2([grown.land_in])[0]) == pytest.approx(union, rel=1e-6, abs=5)
    shrunk = with_cut(grown, more)
    rest = float(shapely.area(shapely.difference(to_plane(start.land_in), to_plane(more))))
    left = 0.0 if shrunk.land_in is None else float(area_m2([shrunk.land_in])[0])
    assert left == pytest.approx(rest, rel=1e-6, abs=5)
    assert with_cut(start, start.land_in).land_in is None


def test_snapping_closes_a_narrow_gap() -> None:
    near = shapely.box(112.0402, 37.6, 112.06, 37.64)
    moved = snapped(near, [BASE], tolerance_m=30)
    assert shapely.is_valid(moved) and shapely.distance(moved, BASE) == pytest.approx(0, abs=1e-9)
    assert measures.shared_boundary_share(moved, BASE) > 0.3


def test_the_next_alternative_is_free() -> None:
    taken = [proposal(alternative="A"), proposal(alternative="C")]
    assert next_alternative(taken, "p") == "B"
    assert next_alternative(taken, "q") == "A"


# --- measures ------------------------------------------------------------------------------------


def test_measures_of_simple_shapes() -> None:
    centre = to_plane(shapely.Point(112.5, 37.6))
    circle = to_degrees(shapely.buffer(centre, 3000, quad_segs=64))
    assert measures.polsby_popper(circle) == pytest.approx(1.0, abs=2e-3)
    assert measures.hull_share(circle) == pytest.approx(1.0, abs=1e-6)
    x, y = shapely.get_coordinates(centre)[0]
    square = to_degrees(shapely.box(x, y, x + 2000, y + 2000))
    assert measures.polsby_popper(square) == pytest.approx(np.pi / 4, rel=2e-3)
    two = to_degrees(
        shapely.union(
            shapely.box(x, y, x + 2000, y + 2000), shapely.box(x + 3e3, y, x + 4e3, y + 2e3)
        )
    )
    assert measures.patches(two) == 2
    assert measures.largest_patch_share(two) == pytest.approx(2 / 3, rel=1e-6)
    beside = to_degrees(shapely.box(x + 2000, y, x + 4000, y + 2000))
    assert measures.shared_boundary_share(beside, square) == pytest.approx(0.25, abs=0.01)
    away = to_degrees(shapely.box(x + 5000, y, x + 6000, y + 2000))
    assert measures.distance_m(square, away) == pytest.approx(3000, rel=2e-3)
    assert measures.distance_m(square, beside) == pytest.approx(0, abs=0.01)
