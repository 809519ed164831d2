"""What the import and history pages show: thinned shapes, candidates, faults, differences."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from factories import facts, figure
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.projects import Project
from geo.faultkinds import KINDS
from layers.faultview import fault_columns, fault_items, fault_name
from layers.figurechanges import figure_changes, record_changes
from layers.frame import FrameError, foreign_addresses
from layers.historyview import (
    collection_name,
    compared,
    difference_columns,
    difference_items,
    hectares_change,
    key_of,
    table_changes,
    totals,
)
from layers.importframe import SCRIPTS, import_document
from layers.importview import (
    candidate_columns,
    candidate_items,
    counties_of,
    county_words,
    feature_items,
    geometry_members,
    item,
    label_points,
    shift_m,
    sketched,
    thinned,
)
from layers.texts import LANGUAGES, section

COUNTIES = gpd.GeoDataFrame(
    {
        "place_id": ["140724", "140723", "140322"],
        "name_zh": ["昔阳县", "和顺县", "盂县"],
        "name_en": ["Xiyang", "Heshun", "Yuxian"],
    },
    geometry=[shapely.box(x, y, x + 1, y + 1) for x, y in ((113, 37), (114, 37), (113, 38))],
    crs=4490,
)


def circle(lon: float, lat: float, radius: float, corners: int = 32) -> shapely.Polygon:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return shapely.Polygon(np.c_[lon + radius * np.cos(angles), lat + radius * np.sin(angles)])


# --- the frame's document ------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_document_asks_its_own_origin_only_and_has_a_policy_without_foreign_scripts(lang):
    html = import_document(lang)
    assert list(foreign_addresses(html)) == []
    assert html == import_document(lang)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "default-src 'self'" in policy and "connect-src 'self'" in policy
    assert "http" not in policy and "unsafe-inline' '" not in policy
    assert html.index("Content-Security-Policy") < html.index("<script")
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in html


def test_a_language_that_does_not_exist_is_refused():
    with pytest.raises(FrameError):
        import_document("<script>")


def test_every_module_that_the_scripts_import_has_an_address_with_a_digest():
    html = import_document("zh")
    imports = json.loads(re.search(r'<script type="importmap">(.*?)</script>', html)[1])["imports"]
    for path in SCRIPTS.glob("*.js"):
        for name in re.findall(r'from "(/assets/[^"]+)"', path.read_text(encoding="utf-8")):
            assert re.fullmatch(re.escape(name) + r"\?v=[0-9a-f]{12}", imports[name])


def test_every_text_that_the_scripts_ask_for_is_in_the_catalogue():
    known = section("importmap", "en")
    for path in SCRIPTS.glob("*.js"):
        script = path.read_text(encoding="utf-8")
        asked = re.findall(r'\bt\("([a-z_]+)"', script)
        asked += [n for pair in re.findall(r'\bt\(\w+ \? "(\w+)" : "(\w+)"', script) for n in pair]
        kinds = re.findall(r"^  (\w+): \{ color", script, flags=re.MULTILINE)
        assert [name for name in (*asked, *kinds) if name not in known] == []


def test_the_scripts_never_read_data_as_markup():
    for path in Path(SCRIPTS).glob("*.js"):
        script = path.read_text(encoding="utf-8")
        for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write"):
            assert danger not in script, path.name


# --- shapes --------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(3, 400), min_size=1, max_size=30),
    features=st.integers(1, 20), vertices=st.integers(200, 3000),
)  # fmt: skip
def test_thinned_shapes_keep_to_the_limits_and_say_what_is_missing(sizes, features, vertices):
    shapes = [circle(113 + i / 10, 37, 0.02 + i / 1000, n) for i, n in enumerate(sizes)]
    found = thinned([*shapes, None], most_features=features, most_vertices=vertices)
    assert found.total == len(sizes)
    assert len(found.rows) == len(found.shapes) == min(len(sizes), features)
    assert list(found.rows) == sorted(found.rows)
    kept = sum(shapely.get_num_coordinates(shapes[row]) for row in found.rows)
    if kept <= vertices:
        assert not found.simplified
        assert all(a is shapes[r] for a, r in zip(found.shapes, found.rows, strict=True))
    else:
        assert found.simplified
        left = shapely.get_num_coordinates(found.shapes).sum()
        assert left <= max(vertices, 4 * len(found.shapes))
    told = found.note("zh")
    assert (str(found.total) in told) == (len(found.rows) < found.total)
    assert ("简化" in told) == found.simplified


def test_of_too_many_shapes_the_largest_stay():
    shapes = [circle(113, 37, r) for r in (0.01, 0.3, 0.02, 0.2)]
    assert list(thinned(shapes, most_features=2).rows) == [1, 3]


def test_geometry_members_are_plain_lists_and_missing_shapes_have_none():
    ring = shapely.box(113, 37, 113.1, 37.1)
    first, second = geometry_members([ring, None])
    assert second is None and first["type"] == "Polygon"
    json.dumps(first)
    assert len(first["coordinates"][0]) == 5
    point, none = label_points([ring, None])
    assert none is None and ring.contains(shapely.Point(point))


def test_outlines_are_named_with_the_county_that_they_fall_in():
    shapes = [circle(113.5, 37.5, 0.1), circle(114.5, 37.5, 0.1), circle(100, 30, 0.1)]
    assert counties_of(shapes, COUNTIES, "zh") == ["昔阳县", "和顺县", ""]
    assert county_words(shapes[:1], COUNTIES, "en") == "Xiyang"
    assert county_words(shapes[2:], COUNTIES, "zh") == "山西省外"
    many = [*shapes[:2], circle(113.5, 38.5, 0.1)]
    assert county_words(many, COUNTIES, "zh") == "昔阳县、和顺县等 3 个县区"


def test_candidates_are_drawn_where_each_would_put_the_outlines_and_the_chosen_one_is_home():
    def sketch(lon: float) -> list[dict]:
        return [
            {"feature": 1, "name": "甲", "geometry": geometry_members([circle(lon, 37.5, 0.1)])[0]}
        ]

    names = {"EPSG:4526": "CGCS2000 38带", "EPSG:4525": "CGCS2000 37带"}
    sketches = {"EPSG:4526": sketch(113.5), "EPSG:4525": sketch(110.5)}
    items = candidate_items(sketches, names, "EPSG:4526", COUNTIES, "zh")
    assert [(i["kind"], i["home"]) for i in items] == [("candidate", True), ("other", False)]
    assert items[0]["label"] == "昔阳县" and items[1]["label"] == "山西省外"
    assert all(len(i["cells"]) == len(candidate_columns("zh")) for i in items)
    assert all(i["home"] for i in candidate_items(sketches, names, None, COUNTIES, "zh"))
    assert sketched([{"geometry": None}, {"geometry": {"type": "Nonsense"}}]).tolist() == [
        None,
        None,
    ]


def test_the_shift_of_web_maps_in_shanxi_is_told_in_metres():
    assert 480 < shift_m(112.5, 37.9, "GCJ-02") < 610
    assert shift_m(112.5, 37.9, "BD-09") > 700


def test_features_get_labels_only_while_there_are_few():
    few = thinned([circle(113.5, 37.5, 0.1)])
    assert feature_items(few, ["甲"], [["甲", "1"]])[0]["label"] == "甲"
    many = thinned([circle(113 + i / 100, 37.5, 0.1) for i in range(50)])
    made = feature_items(many, [str(i) for i in range(50)], [[]] * 50)
    assert {i["label"] for i in made} == {""} and len({i["id"] for i in made}) == 50


# --- faults --------------------------------------------------------------------------------------


def problem(code: str, feature: int | None, **more) -> dict:
    return {
        "level": "error", "code": code, "message": f"<b>{code}</b>", "feature": feature,
        "line": None, "ring": 1, "field": "", "lon": 113.5, "lat": 37.5, "x": None, "y": None,
        "count": 1,
    } | more  # fmt: skip


def repair(code: str, feature: int, **more) -> dict:
    square = geometry_members([shapely.box(113, 37, 113.1, 37.1)])[0]
    return {
        "repair_id": f"{feature}:{code}", "feature": feature, "code": code, "action": "修复",
        "automatic": True, "before_m2": 2.0, "after_m2": 1.0, "change_m2": -1.0, "removed_m2": 1.5,
        "added_m2": 0.5, "other": None, "before": square, "after": square, "removed": square,
        "added": None,
    } | more  # fmt: skip


def test_each_fault_stands_beside_its_repair_and_repairs_without_fault_come_last():
    problems = [problem("spike", 2), problem("gap", None), problem("spike", 3)]
    repairs = [repair("spike", 3), repair("overlap", 7)]
    items = fault_items(problems, repairs, {"3:spike"}, "zh")
    assert [(i["id"], i["pick"]) for i in items] == [
        ("fault-0", None), ("fault-1", None), ("3:spike", "on"), ("7:overlap", "off"),
    ]  # fmt: skip
    columns = fault_columns("zh")
    assert all(len(i["cells"]) == len(columns) for i in items)
    cells = dict(zip((c["name"] for c in columns), items[2]["cells"], strict=True))
    assert (
        cells["种类"] == "尖刺"
        and cells["要素"] == "3"
        and cells["位置"] == "113.50000°E，37.50000°N"
    )
    assert cells["面积变化"] == "−1.00 平方米" and "去掉 1.50 平方米" in cells["建议的修复"]
    assert cells["问题"] == "<b>spike</b>"  # as text; the frame sets it as text too
    assert {part["kind"] for part in items[2]["extra"]} == {"before", "cut", "after"}


def test_what_concerns_the_whole_file_is_no_row_of_the_table():
    assert fault_items([problem("overlap", None, lon=None, lat=None)], [], set(), "zh") == []


def test_a_fault_without_words_keeps_its_code_and_numbers_that_are_not_known_are_a_dash():
    assert fault_name("never_heard_of", "zh") == "never_heard_of"
    assert fault_name("self_intersection", "en") == KINDS["self_intersection"][2]
    left_out = repair("leave_out", 4, change_m2=None, removed_m2=None, after=None)
    (found,) = fault_items([], [left_out], set(), "en")
    assert found["cells"][-1] == "—"


def test_outlines_before_and_after_stop_being_sent_when_there_are_very_many_corners():
    big = geometry_members([circle(113, 37, 0.1, 50_000)])[0]
    repairs = [repair("spike", n, before=big, after=big, removed=None) for n in (1, 2)]
    items = fault_items([], repairs, set(), "zh")
    sent = [part["geometry"] for i in items for part in i["extra"]]
    assert sum(shape is not None for shape in sent) == 1


# --- differences ---------------------------------------------------------------------------------


def zones(**outlines: shapely.Polygon) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"place_id": list(outlines), "name_zh": [f"{n}区" for n in outlines]},
        geometry=list(outlines.values()), crs=4490,
    )  # fmt: skip


def test_a_difference_becomes_items_with_words_areas_and_the_outline_before():
    old = zones(a=shapely.box(113, 37, 113.1, 37.1), b=shapely.box(114, 37, 114.1, 37.1))
    new = zones(a=shapely.box(113, 37, 113.2, 37.1), c=shapely.box(115, 37, 115.1, 37.1))
    found = compared(old, new)
    items, note = difference_items(found, old, new, "zh")
    assert note == ""
    assert {(i["kind"], i["label"]) for i in items} == {
        ("changed", "a区"), ("added", "c区"), ("removed", "b区"),
    }  # fmt: skip
    changed = next(i for i in items if i["kind"] == "changed")
    assert changed["extra"][0]["kind"] == "before"
    before, after, delta = changed["cells"][2:5]
    assert float(after.replace(",", "")) == pytest.approx(2 * float(before.replace(",", "")), 1e-3)
    assert delta.startswith("+")
    assert all(len(i["cells"]) == len(difference_columns("zh")) for i in items)
    assert [figure[:2] for figure in totals(found, "zh")] == [
        ("新增", "1"), ("删除", "1"), ("改变", "1"), ("不变", "0"),
    ]  # fmt: skip
    assert hectares_change(20_000.0, None) == "−2.00"


def test_tables_are_compared_by_their_id_and_values_that_look_alike_are_the_same():
    old = pd.DataFrame(
        {"row_id": ["a", "b", "c"], "value": [1.0, None, 3.0], "name": ["甲", "乙", "丙"]}
    )
    new = pd.DataFrame(
        {"row_id": ["d", "a", "b"], "value": [4.0, 1.0, 2.0], "name": ["丁", "甲", "乙"]}
    )
    found = table_changes(old, new, "zh")
    assert found.counts == {"added": 1, "removed": 1, "changed": 1, "unchanged": 1}
    assert [(c.kind, c.key, c.name) for c in found.changes] == [
        ("changed", "b", "乙"), ("added", "d", "丁"), ("removed", "c", "丙"),
    ]  # fmt: skip
    assert found.changes[0].what == "数值：空 → 2"


def test_tables_without_ids_are_compared_row_by_row():
    old = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})
    new = pd.DataFrame({"x": [2, 3], "y": ["b", "c"]})
    assert key_of(old, new) is None
    assert table_changes(old, new, "en").counts == {
        "added": 1, "removed": 1, "changed": 0, "unchanged": 1,
    }  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.floats(-5, 5) | st.none()), max_size=8),
    st.lists(st.tuples(st.integers(0, 9), st.floats(-5, 5) | st.none()), max_size=8),
)
def test_counts_of_a_table_difference_add_up(before, after):
    def table(rows: dict[int, float | None]) -> pd.DataFrame:
        values = pd.array(list(rows.values()), dtype="Float64")
        return pd.DataFrame({"row_id": [str(k) for k in rows], "value": values})

    old, new = table(dict(before)), table(dict(after))
    counts = table_changes(old, new, "zh").counts
    both = counts["changed"] + counts["unchanged"]
    assert both + counts["added"] == len(new) and both + counts["removed"] == len(old)
    assert table_changes(new, new, "zh").counts["changed"] == 0


def test_collections_have_names_that_planners_know_and_own_layers_keep_theirs():
    assert collection_name("zones", "zh") == "开发区与园区"
    assert collection_name("office-observations", "en") == "The office's figures"
    assert collection_name("my-layer", "zh") == "my-layer"


# --- records -------------------------------------------------------------------------------------


def test_figures_are_new_the_same_or_differ_from_what_is_on_file():
    known = figure("a-1", "zone-a", 4.5)
    on_file = facts(known)
    rows = [
        figure("n-1", "zone-x", 5.0, indicator_id=known.indicator_id),
        figure("n-2", known.place_id, 5.5, indicator_id=known.indicator_id, period=known.period,
               kind=known.kind, unit=known.unit),
        figure("n-3", known.place_id, known.value, indicator_id=known.indicator_id,
               period=known.period, kind=known.kind, unit=known.unit, qualifier=known.qualifier),
    ]  # fmt: skip
    found = figure_changes(on_file, rows, "zh")
    assert [c.kind for c in found.changes] == ["changed", "new", "same"]
    assert found.counts == {"new": 1, "changed": 1, "same": 1}
    assert found.changes[1].before == "—"
    assert found.places[known.place_id] == 2


def project(**more) -> Project:
    cells = {
        "project_id": "p1", "name": "项目甲", "place_id": "zone-a", "batch": "signed", "round": "",
        "period": None, "total_investment_yi": 2.5, "investment_qualifier": "exact",
        "expected_output_yi": None, "land_mu": None, "industry": "", "company": "", "status": "",
        "content": "", "signed_on": "", "started_on": "", "producing_on": "", "source_id": "s",
        "locator": "A2", "quality": "reported", "note": "",
    }  # fmt: skip
    return Project(**(cells | more))


def test_projects_are_compared_by_id_and_say_which_fields_differ():
    on_file = [project(), project(project_id="p2")]
    given_ = [project(total_investment_yi=3.0), project(project_id="p2"), project(project_id="p3")]
    found = record_changes(facts(), "projects", on_file, given_, "zh")
    assert found.counts == {"new": 1, "changed": 1, "same": 1}
    first = found.changes[0]
    assert (first.before, first.after) == ("计划总投资 2.5亿元", "计划总投资 3亿元")
    assert found.places == {"zone-a": 3}


def test_an_item_is_plain_json():
    json.dumps(item("a", "feature", "甲", point=(1.0, 2.0), cells=("x",), picked=True))
