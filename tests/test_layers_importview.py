"""What the import and history pages show: thinned shapes, candidates, faults, differences."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from factories import facts, figure
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.parcels import StandardLandParcel
from facts.projects import Project
from geo.faultkinds import KINDS
from layers.faultview import (
    Decided,
    fault_columns,
    fault_items,
    fault_name,
    label_columns,
    of_the_file,
    whole_file_words,
)
from layers.figurechanges import figure_changes, record_changes
from layers.frame import FrameError, foreign_addresses
from layers.historytables import table_changes
from layers.historyview import (
    collection_name,
    compared,
    difference_columns,
    difference_items,
    hectares_change,
    key_of,
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
from layers.layernames import is_code, layer_code
from layers.layerview import layer_view
from layers.texts import LANGUAGES, has_text, section

ROOT = Path(__file__).resolve().parents[1]

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
    names = {3: "F03 东地块"}
    items = fault_items(problems, repairs, Decided(picks={"3:spike"}), "zh", names=names)
    assert [(i["id"], i["pick"]) for i in items] == [
        ("fault-0", None), ("fault-1", None), ("3:spike", "on"), ("7:overlap", "off"),
    ]  # fmt: skip
    columns = fault_columns("zh")
    assert all(len(i["cells"]) == len(columns) for i in items)
    cells = dict(zip((c["name"] for c in columns), items[2]["cells"], strict=True))
    assert (
        cells["种类"] == "尖刺"
        and cells["要素"] == "3"
        and cells["编号、名称"] == "F03 东地块"
        and cells["位置"] == "113.50000°E，37.50000°N"
    )
    assert cells["面积变化"] == "−1.00 平方米" and "去掉 1.50 平方米" in cells["建议的修复"]
    assert cells["问题"] == "<b>spike</b>"  # as text; the frame sets it as text too
    assert {part["kind"] for part in items[2]["extra"]} == {"before", "cut", "after"}


def outcome(items: list[dict], row: int) -> tuple[str, str, str | None]:
    """The repair, the change of area and the tick of a row."""
    *_, action, change = items[row]["cells"]
    return action, change, items[row]["pick"]


def test_only_what_will_be_mended_shows_a_change_of_area():
    problems = [problem("self_intersection", 1), problem("overlap", 5), problem("spike", 9)]
    repairs = [
        repair("self_intersection", 1),
        repair("overlap", 5, repair_id="5:overlap:4", automatic=False, other=4),
    ]
    everything = fault_items(problems, repairs, Decided(making="all"), "zh")
    assert outcome(everything, 0) == ("修复，去掉 1.50 平方米", "−1.00 平方米", None)
    action, change, pick = outcome(everything, 1)
    assert action.startswith("不修复（可选：修复") and (change, pick) == ("—", None)
    assert "不导入" in outcome(everything, 2)[0]  # an error that nothing mends
    nothing = fault_items(problems, repairs, Decided(making="none"), "zh")
    assert {outcome(nothing, row)[1:] for row in range(3)} == {("—", None)}
    ticked = fault_items(problems, repairs, Decided(picks={"5:overlap:4"}), "zh")
    assert [outcome(ticked, row)[2] for row in range(3)] == ["off", "on", None]


def test_a_feature_that_is_left_out_is_neither_mended_nor_made_way_for():
    problems = [problem("spike", 4), problem("overlap", 5)]
    repairs = [
        repair("spike", 4), repair("overlap", 5, repair_id="5:overlap:4", other=4),
    ]  # fmt: skip
    decided = Decided(picks={"4:spike", "5:overlap:4"}, left_out={4})
    items = fault_items(problems, repairs, decided, "zh")
    assert outcome(items, 0) == ("不导入这个要素", "—", None)
    assert outcome(items, 1)[1:] == ("—", None)
    assert not any(decided.makes(one) for one in repairs)


def test_a_repair_says_when_its_area_is_not_the_declared_one():
    told = repair("spike", 1, declared="第 1 个要素：所填面积 49.2 公顷，计算面积 175.7 公顷")
    (found,) = fault_items([], [told], Decided(), "zh")
    assert "修复后第 1 个要素：所填面积 49.2 公顷" in outcome([found], 0)[0]


@pytest.mark.parametrize(
    ("columns", "chosen", "expected"),
    [
        (("OBJECTID", "地块名称", "地块编号"), "", ("地块编号", "地块名称")),
        (("OBJECTID", "地块名称", "地块编号"), "OBJECTID", ("OBJECTID", "地块名称")),
        (("parcel_id", "Parcel_Name"), "", ("parcel_id", "Parcel_Name")),
        (("mj", "企业名称"), "", ("企业名称",)),
        (("layer", "colour"), "gone", ()),
    ],
)
def test_the_columns_that_tell_features_apart_are_found(columns, chosen, expected):
    assert label_columns(columns, chosen) == expected


def test_what_concerns_the_whole_file_is_no_row_of_the_table():
    whole = problem("overlap", None, lon=None, lat=None)
    assert of_the_file(whole) and fault_items([whole], [], Decided(), "zh") == []
    assert whole_file_words(whole | {"message": "另有 3 处"}, "zh") == "要素重叠：另有 3 处"
    assert whole_file_words(whole | {"message": "3 more: an overlap"}, "en").count("overlap") == 1


def test_a_code_is_never_shown_and_numbers_that_are_not_known_are_a_dash():
    assert fault_name("never_heard_of", "zh") == "其他问题"
    assert fault_name("self_intersection", "en") == KINDS["self_intersection"][2]
    left_out = repair("leave_out", 4, change_m2=None, removed_m2=None, after=None)
    (found,) = fault_items([], [left_out], Decided(), "en")
    assert found["cells"][-1] == "—"


CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Calls whose first argument is a problem's code, and tables whose keys are codes.
TELLING = {"Problem", "add", "say", "tell", "warn", "problem", "open_line", "_say", "_told"}
TABLES_OF_CODES = {"_WORDS", "KINDS", "_UNREAD"}


def codes_of(node: ast.expr | None) -> Iterator[str]:
    """The codes that an expression can be: itself, or either side of a condition."""
    if isinstance(node, ast.IfExp):
        yield from codes_of(node.body)
        yield from codes_of(node.orelse)
    elif isinstance(node, ast.Tuple) and node.elts:
        yield from codes_of(node.elts[0])
    elif isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
        yield str(node.value)


def codes_in(source: str) -> Iterator[str]:
    """The codes of problems that a module can tell of."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in TELLING:
                yield from codes_of(node.args[0])
            if name == "Problem":
                yield from (c for k in node.keywords if k.arg == "code" for c in codes_of(k.value))
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if getattr(target, "id", "") in TABLES_OF_CODES:
                yield from (c for key in node.value.keys for c in codes_of(key))
            if getattr(target, "id", "") == "_NOT_READ":
                yield from (c for value in node.value.values for c in codes_of(value))


def test_every_code_that_readers_and_checks_can_tell_has_a_name():
    found = {
        code: path.relative_to(ROOT).as_posix()
        for package in ("geo", "store")
        for path in (ROOT / package).rglob("*.py")
        for code in codes_in(path.read_text("utf-8"))
    }
    known = {"shx_rebuilt", "no_dbf", "row_count", "axes_swapped", "drawing_units",
             "encoding_mismatch", "open_polyline", "overlay_ignored", "declared_area"}  # fmt: skip
    assert known <= set(found)  # the scan sees what it is there for
    questions = {"crs_question", "old_datum", "rotation_convention"}
    nameless = {
        code: found.get(code, "geo/placement.py")
        for code in {*found, *questions}
        if code not in KINDS and not has_text(f"intake.code_{code}")
    }
    assert nameless == {}


def test_outlines_before_and_after_stop_being_sent_when_there_are_very_many_corners():
    big = geometry_members([circle(113, 37, 0.1, 50_000)])[0]
    repairs = [repair("spike", n, before=big, after=big, removed=None) for n in (1, 2)]
    items = fault_items([], repairs, Decided(), "zh")
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
    assert hectares_change(20_000.0, 19_999.9) == "0.00"  # no negative zero


def test_a_schematic_outline_is_never_counted_as_land_gained_or_lost():
    old = zones(a=shapely.box(113, 37, 113.1, 37.1), b=shapely.box(113.02, 37, 113.04, 37.02))
    old = old.assign(precision="schematic", level=["zone", "park"], note="x")
    new = old.copy()
    new.loc[0, "precision"], new.loc[0, "note"] = "surveyed", "y"
    new.loc[0, "geometry"] = shapely.box(113, 37, 113.05, 37.1)
    found = compared(old, new)
    (item_,), note = difference_items(found, old, new, "zh")
    cells = dict(zip((c["name"] for c in difference_columns("zh")), item_["cells"], strict=True))
    assert cells["原面积（公顷）"].endswith("（示意）")
    assert cells["新面积（公顷）"].endswith("（实测）")
    assert cells["增减（公顷）"] == "不可比" and "边界由示意变为实测" in item_["words"]
    assert "不是土地增减" in note and "面积不合计" in note
    strip = {name: (count, words) for name, count, words in totals(found, "zh", (old, new))}
    assert strip["改变"] == ("1", "示意：原有 1 个，现有 0 个")
    assert strip["不变"] == ("1", "其中示意 1 个") and strip["新增"] == ("0", "")
    assert not any("公顷" in words for _, words in strip.values())


def test_areas_are_added_up_where_outlines_are_real_and_of_one_level():
    old = zones(a=shapely.box(113, 37, 113.1, 37.1)).assign(precision="surveyed", level="zone")
    new = old.assign(precision="surveyed")
    strip = totals(compared(old, new), "zh", (old, new))
    assert all("公顷" in words for _, _, words in strip)
    nested = zones(a=shapely.box(113, 37, 113.1, 37.1), b=shapely.box(113, 37, 113.05, 37.1))
    nested = nested.assign(precision="surveyed", level=["zone", "park"])
    strip = totals(compared(nested, nested), "zh", (nested, nested))
    assert not any("公顷" in words for _, _, words in strip)


def test_all_that_changed_can_be_read():
    old = zones(a=shapely.box(113, 37, 113.1, 37.1)).assign(**{f"c{n}": 1 for n in range(9)})
    new = old.assign(**{f"c{n}": 2 for n in range(9)})
    (found,), _ = difference_items(compared(old, new), old, new, "zh")
    assert found["cells"][-1] == "、".join(f"c{n}" for n in range(9))
    before = pd.DataFrame({"row_id": ["r"], **{f"c{n}": ["甲" * 60] for n in range(6)}})
    (change,) = table_changes(before, before.replace("甲" * 60, "乙" * 60), "zh").changes
    assert "…" not in change.what and change.what.count("乙" * 60) == 6


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
    assert collection_name("my-layer", "zh", "征地范围") == "征地范围"
    assert collection_name("zones", "zh", "别的") == "开发区与园区"


@pytest.mark.parametrize(
    ("title", "taken", "code"),
    [
        ("征地范围", (), "zhengdifanwei"),
        ("征地范围", ("zhengdifanwei", "zhengdifanwei-2"), "zhengdifanwei-3"),
        ("2026年 征地", (), "layer-2026nian-zhengdi"),
        ("Land use (new)", (), "land-use-new"),
        ("  ", (), ""),
    ],
)
def test_a_layer_gets_its_code_from_its_title(title, taken, code):
    assert layer_code(title, taken) == code and (not code or is_code(code))


@given(st.text(max_size=80))
def test_any_title_gives_a_code_that_a_collection_can_have(title):
    code = layer_code(title, ())
    assert is_code(code) if title.strip() else code == ""
    assert code == layer_code(title, ())


def test_a_version_of_a_layer_is_shown_with_names_and_areas():
    frame = gpd.GeoDataFrame(
        {"地块编号": ["甲-1", None], "名称": ["东地块", None], "area_m2": [12_345.0, None]},
        geometry=[shapely.box(113, 37, 113.1, 37.1), shapely.Point(113, 37)], crs=4490,
    )  # fmt: skip
    view = layer_view(frame, "zh")
    assert [item["cells"] for item in view.items] == [
        ["1", "甲-1 东地块", "1.23"], ["2", "—", "—"],
    ]  # fmt: skip
    assert [item["words"] for item in view.items] == ["甲-1 东地块", "要素 2"]
    assert [column["name"] for column in view.columns] == ["要素", "编号、名称", "面积（公顷）"]


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
    assert (first.before, first.after) == ("计划总投资 2.5 亿元", "计划总投资 3 亿元")
    about = [project(investment_qualifier="approx")]
    (change,) = record_changes(facts(), "projects", on_file[:1], about, "zh").changes
    assert (change.before, change.after) == ("计划总投资 2.5 亿元", "计划总投资 ≈2.5 亿元")
    assert found.places == {"zone-a": 3}


def parcel(**more) -> StandardLandParcel:
    blank = dict.fromkeys(
        ("emissions", "use", "company", "announced_on", "granted_on", "started_on",
         "completed_on", "producing_on", "at_capacity_on", "note"), "",
    )  # fmt: skip
    unknown = dict.fromkeys(
        ("investment_wan_per_mu", "tax_wan_per_mu", "floor_area_ratio", "building_percent",
         "energy_tce_per_wan"),
    )  # fmt: skip
    cells = {
        "parcel_id": "HS-1", "name": "一号宗地", "place_id": "zone-a", "state": "reserve",
        "area_ha": 68.3568, "printed_area": "68.3568", "printed_area_unit": "公顷",
        "source_id": "src-a", "locator": "HS-1（第 1 个图形）", "quality": "reported",
    }  # fmt: skip
    return StandardLandParcel(**(blank | unknown | cells | more))


def test_a_parcel_that_is_replaced_shows_all_that_is_lost_and_what_takes_its_place():
    old = parcel(use="工业用地")
    new = parcel(
        name="云龙路北", area_ha=150.5 / 15, printed_area="150.5", printed_area_unit="亩",
        floor_area_ratio=1.0, source_id="office-new", locator="标准地!A2",
    )  # fmt: skip
    (change,) = record_changes(facts(), "parcels", [old], [new], "zh").changes
    assert change.kind == "changed"
    for words in ("名称 一号宗地", "来源 title of src-a，HS-1（第 1 个图形）", "面积 68.3568 公顷",
                  "容积率 未写", "用途 工业用地"):  # fmt: skip
        assert words in change.before
    for words in ("名称 云龙路北", "来源 本次导入，标准地!A2", "面积 150.5 亩（10.0333 公顷）",
                  "容积率 ≥1", "用途 未写"):  # fmt: skip
        assert words in change.after
    assert "状态" not in change.before + change.after  # the same on both sides


def test_another_source_alone_is_a_change_and_the_outline_stands_beside_what_is_declared():
    again = [parcel(source_id="office-new")]
    found = record_changes(facts(), "parcels", [parcel()], again, "en", outlines_ha={"HS-1": 68.4})
    (change,) = found.changes
    assert change.kind == "changed" and change.before.startswith("Source title of src-a")
    assert "Area of the outline 68.4 ha" in change.after
    assert record_changes(facts(), "parcels", [parcel()], [parcel()], "zh").counts["same"] == 1


def test_an_item_is_plain_json():
    json.dumps(item("a", "feature", "甲", point=(1.0, 2.0), cells=("x",), picked=True))
