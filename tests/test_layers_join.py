"""Pictures: which exist, which figure a place shows, and what is never in one picture."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.load import load_facts
from facts.model import Facts
from layers.errors import ViewError
from layers.join import LEVELS, best_choice, choices, layer_rows, periods_of, seat_of, subjects
from tests import factories as f

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def published() -> Facts:
    return load_facts(ROOT / "data" / "facts")


def rows(facts: Facts, level: str = "zone", scope: str = "zones", **more: str):
    asked = {"indicator_id": "output", "kind": "actual", "period_key": "2023-H1"} | more
    return layer_rows(facts, level=level, scope=scope, **asked)  # type: ignore[arg-type]


def test_whole_city_and_its_zones_are_never_in_one_picture() -> None:
    facts = f.facts(
        f.figure("1", "140100", 500.0),
        f.figure("2", "group-140100-zones", 50.0),
        f.figure("3", "group-140200-zones", 60.0),
        f.figure("4", "group-140100-industrial", 40.0),
    )
    found = {(c.scope, c.places) for c in choices(facts, "city")}
    assert found == {("whole_city", 1), ("all_zones", 2), ("industrial_zones", 1)}
    shown = {r.place_id: (r.drawn_id, r.value) for r in rows(facts, "city", "all_zones")}
    assert shown == {
        "group-140100-zones": ("140100", 50.0),
        "group-140200-zones": ("140200", 60.0),
    }


def test_a_joint_row_stands_for_itself_and_its_members_show_nothing() -> None:
    facts = f.facts(f.figure("1", "group-ab", 92.46), f.figure("2", "zone-x", 3.0))
    shown = {r.place_id: r.drawn_id for r in rows(facts)}
    assert shown == {"group-ab": "group-ab", "zone-x": "zone-x"}


def test_a_group_of_cities_is_shown_nowhere() -> None:
    cluster = f.place("group-c", "group", scope="named", members=("140100", "140200"))
    facts = f.facts(f.figure("1", "group-c", 1.0), places=(*f.PLACES, cluster))
    assert seat_of(facts, cluster) is None
    assert all(choices(facts, level) == () for level in LEVELS)


def test_the_province_total_is_no_row_of_the_city_map() -> None:
    assert choices(f.facts(f.figure("1", "group-140000-zones", 9.0)), "city") == ()


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"source_id": "src-a"}, {"source_id": "src-original"}),
        ({"source_id": "src-original"}, {"source_id": "src-mirror"}),
        ({"source_id": "src-b"}, {"source_id": "src-a"}),  # newer of two primary ones
        ({"quality": "reported", "source_id": "src-mirror"}, {"quality": "derived"}),
    ],
)
def test_the_shown_figure_of_two_and_the_conflict(better: dict, worse: dict) -> None:
    two = [f.figure("1", "zone-a", 7.0, **better), f.figure("2", "zone-a", 8.0, **worse)]
    for order in (two, two[::-1]):
        (row,) = rows(f.facts(*order))
        assert (row.value, row.conflict) == (7.0, True)
        assert [o.value for o in row.others] == [8.0]


def test_a_lost_number_gives_way_to_a_found_one() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", None), f.figure("2", "zone-a", 5.0, source_id="src-mirror")
    )
    (row,) = rows(facts)
    assert (row.value, row.conflict) == (5.0, False)


def test_figures_of_different_projects_are_no_conflict() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 2.7, population="项目甲"),
        f.figure("2", "zone-a", 0.6, population="项目乙"),
    )
    (row,) = rows(facts)
    assert not row.conflict
    assert len(row.others) == 1


def test_a_lost_number_is_a_row_but_no_figure() -> None:
    facts = f.facts(f.figure("1", "zone-a", None), f.figure("2", "zone-b", 4.0))
    (choice,) = choices(facts, "zone")
    assert (choice.places, choice.missing) == (1, 1)
    assert [r.value for r in rows(facts)] == [None, 4.0]


def test_useful_pictures_come_first_and_targets_last() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 1.0, period=f.Q1),
        f.figure("2", "zone-a", 1.0),
        f.figure(
            "3",
            "zone-a",
            1.0,
            kind="target",
            period=f.Period(f.date(2030, 1, 1), f.date(2030, 12, 31)),
        ),
        f.figure("4", "zone-a", 1.0, period=f.YEAR),
        f.figure("5", "zone-b", 1.0, period=f.YEAR),
    )
    assert [c.period_key for c in choices(facts, "zone")] == ["2022", "2023-H1", "2023-Q1", "2030"]


def test_periods_run_from_old_to_new() -> None:
    facts = f.facts(
        f.figure("1", "zone-a", 1.0, period=f.YEAR),
        f.figure("2", "zone-a", 1.0),
        f.figure("3", "zone-a", 1.0, period=f.Q1),
        f.figure("4", "zone-a", 1.0, kind="yoy", unit="%"),
    )
    steps = periods_of(choices(facts, "zone"), indicator_id="output", kind="actual", scope="zones")
    assert [c.period_key for c in steps] == ["2022", "2023-Q1", "2023-H1"]
    assert best_choice(steps, period_key="2023-Q1") == steps[1]
    assert best_choice(steps, kind="yoy") is None


def test_a_picture_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ViewError, match="2022"):
        rows(f.facts(f.figure("1", "zone-a", 1.0)), period_key="2022")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_the_file_does_not_matter(seed: int) -> None:
    listed = [
        f.figure("1", "zone-a", 7.0),
        f.figure("2", "zone-a", 8.0, source_id="src-mirror"),
        f.figure("3", "zone-a", 9.0, source_id="src-b"),
        f.figure("4", "zone-b", None),
    ]
    expected = rows(f.facts(*listed))
    Random(seed).shuffle(listed)
    assert rows(f.facts(*listed)) == expected


def test_published_facts_reach_the_map(published: Facts) -> None:
    counts = {level: len(choices(published, level)) for level in LEVELS}
    assert all(counts.values())
    assert len(subjects(published, "city")) == 11
    assert len(subjects(published, "county")) == 117
    for level in LEVELS:
        for choice in choices(published, level):
            found = layer_rows(
                published, level=level, indicator_id=choice.indicator_id, kind=choice.kind,
                period_key=choice.period_key, scope=choice.scope,
            )  # fmt: skip
            assert len({r.drawn_id for r in found}) == len(found) == choice.places + choice.missing
            assert len({r.observation.unit for r in found}) == 1


def test_the_published_example_of_standard_land(published: Facts) -> None:
    shown = {
        r.place_id: r.value
        for r in layer_rows(
            published, level="zone", indicator_id="standard_land_area", kind="cumulative",
            period_key="2023-H1", scope="zones",
        )
    }  # fmt: skip
    assert shown["zone-zhongbei-gaoxin"] == 846.61
