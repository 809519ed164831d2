"""DXF drawings: outlines, curves, hatches, blocks, texts; encodings; what is left out is told."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError, LimitError
from geo.files import FeatureFile, ReadOptions, open_file
from geo.files.curves import Budget, arc, bulged, chained, ellipse
from geo.files.dxf import open_dxf
from geo.files.dxftext import clean, plain_mtext, plain_text
from geo.limits import Limits
from geo.problems import Problem

Rows = list[dict[str, Any]]
PLENTY = Budget(10**9, 10**9, "a.dxf")


def drawn(
    folder: Path, draw: Callable[[Any, Any], None], *, version: str = "R2000", **save: Any
) -> Path:
    document = ezdxf.new(version, units=6)
    draw(document, document.modelspace())
    path = folder / "a.dxf"
    document.saveas(path, **save)
    return path


def rows(file: FeatureFile) -> Rows:
    found: Rows = []
    for batch in file.read():
        assert batch.first == len(found) + 1
        for row in batch.table.to_pylist():
            found.append(row | {"geometry": shapely.from_wkb(row["geometry"])})
    return found


def told(file: FeatureFile) -> dict[str, Problem]:
    problems = [*file.problems, *(one for batch in file.read() for one in batch.problems)]
    return {problem.code: problem for problem in problems}


def read(
    folder: Path, draw: Callable[[Any, Any], None], **options: str
) -> tuple[Rows, FeatureFile]:
    file = open_file(drawn(folder, draw), ReadOptions(**options))
    return rows(file), file


def test_closed_polylines_are_polygons_and_open_ones_lines_that_are_told(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        square = [(0, 0), (10, 0), (10, 10), (0, 10)]
        space.add_lwpolyline(square, close=True, dxfattribs={"layer": "宗地", "color": 1})
        space.add_polyline2d(square, close=True)
        space.add_lwpolyline([*square, (0, 0)])  # closed by hand
        space.add_lwpolyline([*square, (0, 0.01)])  # meant to be closed
        space.add_lwpolyline(square[:3])

    found, file = read(tmp_path, draw)
    shapes = [row["geometry"] for row in found]
    assert [shape.geom_type for shape in shapes] == ["Polygon"] * 3 + ["LineString"] * 2
    assert [shape.area for shape in shapes[:3]] == [100, 100, 100]
    assert found[0]["layer"] == "宗地"
    assert found[0]["colour"] == "#ff0000"
    problems = told(file)
    assert problems["unclosed_ring"].feature == 4
    assert "0.010" in problems["unclosed_ring"].message_en
    assert (problems["open_polyline"].feature, problems["open_polyline"].count) == (5, 1)
    assert file.hints.declared == ""
    assert file.feature_count == 5


def test_texts_label_the_smallest_outline_around_them_on_whatever_layer(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        space.add_lwpolyline([(0, 0), (100, 0), (100, 100), (0, 100)], close=True,
                             dxfattribs={"layer": "界"})  # fmt: skip
        space.add_lwpolyline([(10, 10), (20, 10), (20, 20), (10, 20)], close=True,
                             dxfattribs={"layer": "界"})  # fmt: skip
        space.add_text("一号", dxfattribs={"layer": "注记"}).set_placement((15, 15))
        space.add_mtext(r"{\fSimSun|b0;二号}\P(工业)").set_location((50, 50))
        space.add_text("外面").set_placement((200, 200))

    found, file = read(tmp_path, draw, layer="界")
    assert [row["label"] for row in found] == ["二号\n(工业)", "一号"]
    assert set(file.layers) == {"0", "界", "注记"}
    assert file.layer == "界"
    with pytest.raises(FileRefusedError) as caught:
        open_file(tmp_path / "a.dxf", ReadOptions(layer="没有"))
    assert caught.value.code == "no_such_layer"


def test_a_bulge_a_circle_and_an_arc_keep_to_the_stated_tolerance(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        space.add_lwpolyline([(0, 0, 0, 0, 1), (100, 0, 0, 0, 1)], close=True)
        space.add_circle((50, 0), 50)
        space.add_arc((50, 0), 50, 0, 90)
        space.add_ellipse((50, 0), (50, 0), 1.0)

    found, _ = read(tmp_path, draw)
    for row in found:
        away = np.hypot(*(shapely.get_coordinates(row["geometry"]) - [50, 0]).T)
        assert np.allclose(away, 50)
    areas = [row["geometry"].area for row in found]
    for area in (areas[0], areas[1], areas[3]):
        assert area == pytest.approx(math.pi * 2_500, rel=3e-4)
    assert found[2]["geometry"].length == pytest.approx(math.pi * 25, rel=2e-4)


@given(
    bulge=st.floats(-50, 50).filter(lambda b: abs(b) > 1e-6),
    x=st.floats(-1e6, 1e6), y=st.floats(-1e6, 1e6), tolerance=st.sampled_from([0.1, 0.01, 1e-4]),
)  # fmt: skip
def test_chords_of_a_bulge_leave_the_arc_by_no_more_than_was_said(
    bulge: float, x: float, y: float, tolerance: float
) -> None:
    ends = np.array([[0.0, 0.0], [x, y]])
    chord = math.hypot(x, y)
    run = bulged(ends, np.array([bulge, 0]), closed=False, tolerance=tolerance, budget=PLENTY)
    assert np.array_equal(run[0], ends[0])
    assert np.array_equal(run[-1], ends[1])
    if chord < 1e-3:
        return
    radius = chord * (1 + bulge * bulge) / (4 * abs(bulge))
    steps = np.hypot(*np.diff(run, axis=0).T)
    sagitta = radius - np.sqrt(np.maximum(radius**2 - (steps / 2) ** 2, 0))
    allowed = min(max(tolerance, radius * 1e-5), radius * 2e-4)
    assert (sagitta <= allowed * 1.01 + radius * 1e-9).all()
    # Their sum turns by the angle of the bulge: the arc is the right one of the two.
    swept = (2 * np.arcsin(np.minimum(1, steps / 2 / radius))).sum()
    assert swept == pytest.approx(4 * math.atan(abs(bulge)), rel=1e-3)


def test_an_arc_takes_a_bounded_number_of_chords_whatever_its_radius() -> None:
    for radius in (1e-9, 1.0, 1e9, 1e100):
        run = arc(np.zeros(3), radius, 0, 2 * math.pi, tolerance=0.01, budget=PLENTY)
        assert 100 < len(run) < 800
    around = ellipse(np.zeros(3), np.array([1e9, 0, 0]), np.array([0, 1.0, 0]), 0, math.tau,
                     tolerance=0.01, budget=PLENTY)  # fmt: skip
    assert len(around) < 800


def test_edges_of_a_boundary_are_chained_whichever_way_they_run() -> None:
    forth = np.array([[0.0, 0], [1, 0]])
    up = np.array([[1.0, 1], [1, 0]])
    back = np.array([[1.0, 1], [0, 1]])
    assert chained([forth, up, back]).tolist() == [[0, 0], [1, 0], [1, 0], [1, 1], [1, 1], [0, 1]]
    assert chained([forth[::-1], up, back])[0].tolist() == [0, 0]


def test_a_hatch_takes_holes_and_islands_by_what_lies_in_what(tmp_path: Path) -> None:
    def square(r: float) -> list[tuple[float, float]]:
        return [(-r, -r), (r, -r), (r, r), (-r, r)]

    def draw(document: Any, space: Any) -> None:
        paths = space.add_hatch().paths
        for r in (5, 10, 2):  # in no order, and told to be no holes
            paths.add_polyline_path(square(r), is_closed=True)
        edges = space.add_hatch().paths.add_edge_path()
        edges.add_line((0, 0), (10, 0))
        edges.add_arc((10, 5), 5, -90, 90)
        edges.add_line((10, 10), (0, 10))
        edges.add_arc((0, 5), 5, 90, 270)

    found, _ = read(tmp_path, draw)
    rings = found[0]["geometry"]
    assert rings.geom_type == "MultiPolygon"
    assert rings.area == 400 - 100 + 16
    assert sum(len(part.interiors) for part in rings.geoms) == 1
    assert found[1]["geometry"].area == pytest.approx(100 + math.pi * 25, rel=3e-4)


def test_blocks_are_placed_by_scale_rotation_and_grid_also_in_one_another(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        inner = document.blocks.new("内")
        inner.add_lwpolyline([(0, 0), (1, 0), (1, 1), (0, 1)], close=True)
        outer = document.blocks.new("外", base_point=(1, 1))
        outer.add_blockref("内", (1, 1), dxfattribs={"xscale": 2, "yscale": 3})
        space.add_blockref(
            "外", (100, 200), dxfattribs={"rotation": 90, "layer": "图块", "color": 3}
        )
        space.add_blockref("内", (0, 0), dxfattribs={
            "row_count": 2, "column_count": 3, "row_spacing": 10, "column_spacing": 5,
        })  # fmt: skip

    found, _ = read(tmp_path, draw)
    assert found[0]["geometry"].equals(shapely.box(97, 200, 100, 202))
    assert (found[0]["layer"], found[0]["colour"], found[0]["block"]) == ("图块", "#00ff00", "外")
    corners = sorted(tuple(row["geometry"].bounds[:2]) for row in found[1:])
    assert corners == [(x, y) for x in (0, 5, 10) for y in (0, 10)]


def test_what_ezdxf_would_explode_is_where_we_place_it(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        block = document.blocks.new("b", base_point=(2, 3))
        block.add_lwpolyline([(0, 0), (4, 0), (4, 3)], close=True)
        block.add_line((1, 1), (2, 5))
        space.add_blockref("b", (50, 60), dxfattribs={
            "xscale": -2, "yscale": 0.5, "rotation": 33, "extrusion": (0, 0, -1),
        })  # fmt: skip

    found, _ = read(tmp_path, draw)
    document = ezdxf.readfile(tmp_path / "a.dxf")
    insert = document.modelspace().query("INSERT")[0]
    expected = [
        [tuple(v) for v in one.vertices_in_wcs()] if one.dxftype() == "LWPOLYLINE"
        else [tuple(one.dxf.start), tuple(one.dxf.end)]
        for one in insert.virtual_entities()
    ]  # fmt: skip
    for row, points in zip(found, expected, strict=True):
        ours = shapely.get_coordinates(row["geometry"])[: len(points)]
        assert np.allclose(ours, np.array(points)[:, :2])


def test_mirrored_planes_heights_and_units_are_minded(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        document.header["$INSUNITS"] = 4
        square = [(0, 0), (4, 0), (4, 4)]
        space.add_lwpolyline(square, close=True, dxfattribs={"extrusion": (0, 0, -1)})
        space.add_polyline3d([(0, 0, 7), (4, 0, 8), (4, 4, 9)], close=True)

    found, file = read(tmp_path, draw)
    assert found[0]["geometry"].bounds == (-4, 0, 0, 4)
    assert found[1]["geometry"].bounds == (0, 0, 4, 4)
    assert not shapely.has_z([row["geometry"] for row in found]).any()
    problems = told(file)
    assert problems["z_dropped"].count == 1
    assert "毫米" in problems["drawing_units"].message_zh
    assert file.extra["units"] == "millimetres"


def test_splines_and_faces_are_read_and_what_has_no_place_on_a_map_is_told(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        space.add_open_spline([(0, 0), (5, 5), (10, 0), (15, 5)])
        space.add_spline([(0, 0), (5, 5), (10, 0), (15, 5)])
        space.add_solid([(0, 0), (1, 0), (0, 1), (1, 1)])
        space.add_3dface([(0, 0), (1, 0), (1, 1), (0, 1)])
        space.add_ray((0, 0), (1, 1))
        space.add_polymesh((2, 2))
        space.add_blockref("没有", (0, 0))

    found, file = read(tmp_path, draw)
    assert [row["geometry"].geom_type for row in found] == ["LineString"] * 2 + ["Polygon"] * 2
    assert [row["geometry"].area for row in found[2:]] == [1, 1]
    through = [shapely.Point(xy) for xy in ((0, 0), (5, 5), (10, 0), (15, 5))]
    assert all(found[1]["geometry"].distance(point) < 0.01 for point in through)
    problems = told(file)
    assert problems["missing_block"].count == 1
    unread = [one for one in file.problems if one.code == "unsupported_entity"]
    assert {"RAY", "mesh"} <= {word for one in unread for word in ("RAY", "mesh")
                               if word in one.message_en}  # fmt: skip


def test_rings_that_are_none_are_told_with_their_place(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        space.add_lwpolyline([(1, 1), (2, 2), (1, 1)], close=True)
        space.add_lwpolyline([(3, 3), (3, 3), (3, 3)], close=True)
        space.add_lwpolyline([(math.nan, 0), (1, 0), (1, 1)], close=True)

    found, file = read(tmp_path, draw)
    assert [row["geometry"] and row["geometry"].geom_type for row in found] == [
        "LineString", None, None,
    ]  # fmt: skip
    short = [p for batch in file.read() for p in batch.problems if p.code == "short_ring"]
    assert [(p.feature, p.x, p.y) for p in short] == [(1, 1, 1), (2, 3, 3)]
    assert told(file)["not_finite"].feature == 3


def test_extended_data_of_survey_programs_is_kept(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        document.appids.new("SOUTH")
        parcel = space.add_lwpolyline([(0, 0), (1, 0), (1, 1)], close=True)
        parcel.set_xdata("SOUTH", [(1000, "300000"), (1000, "140109001"), (1000, "某公司")])

    found, _ = read(tmp_path, draw)
    assert found[0]["extended"] == "300000|140109001|某公司"


@pytest.mark.parametrize(
    ("version", "codec", "page", "expected"),
    [
        ("R2000", "gb18030", "ANSI_936", ("gb18030", "$DWGCODEPAGE")),
        ("R2000", "utf-8", "ANSI_936", None),
        ("R2000", "gb18030", "ANSI_1252", ("gb18030", "GB18030 fallback")),
        ("R2010", "utf-8", "ANSI_936", ("utf-8", "format")),
        ("R2010", "gb18030", "ANSI_936", ("gb18030", "GB18030 fallback")),
    ],
)
def test_the_encoding_is_what_the_header_says_unless_the_text_says_otherwise(
    tmp_path: Path, version: str, codec: str, page: str, expected: tuple[str, str] | None
) -> None:
    def draw(document: Any, space: Any) -> None:
        space.add_text("宗地界址点在此处").set_placement((0, 0))

    path = drawn(tmp_path, draw, version=version, encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace("ANSI_1252", page)
    path.write_bytes(text.encode(codec))
    file = open_file(path)
    if expected is not None:
        assert (file.encoding.name, file.encoding.basis) == expected
        contradicted = expected[1] == "GB18030 fallback"
        assert contradicted == any(p.code == "encoding_contradiction" for p in file.problems)
        assert rows(file)[0]["text"] == "宗地界址点在此处"
    given = open_file(path, ReadOptions(encoding=codec))
    assert rows(given)[0]["text"] == "宗地界址点在此处"


def test_binary_and_text_drawings_are_the_same_and_reading_twice_gives_the_same(
    tmp_path: Path,
) -> None:
    def draw(document: Any, space: Any) -> None:
        space.add_lwpolyline([(0, 0, 0, 0, 0.5), (10, 0), (10, 10)], close=True)
        space.add_text("a").set_placement((9, 1))

    text = open_file(drawn(tmp_path, draw))
    first, again = rows(text), rows(text)
    binary = rows(open_file(drawn(tmp_path, draw, fmt="bin")))
    assert first == again == binary


def test_only_sections_that_draw_are_given_to_the_library(tmp_path: Path) -> None:
    path = drawn(tmp_path, lambda document, space: space.add_line((0, 0), (1, 1)))
    text = path.read_text()
    extra = "  0\nSECTION\n  2\nSTRANGE\n  0\nTHING\n 10\nnot a number\n  0\nENDSEC\n"
    end = text.rindex("  0\nEOF")
    path.write_text(text[:end] + extra + text[end:])
    assert len(rows(open_file(path))) == 1


def test_limits_are_named_before_memory_is_spent(tmp_path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        for at in range(20):
            space.add_line((at, 0), (at, 1))
        space.add_lwpolyline([(x, x * x) for x in range(50)], close=True)

    path = drawn(tmp_path, draw)
    for changes, code in (
        ({"features": 10}, "too_many_features"), ({"vertices": 30}, "too_many_vertices"),
        ({"ring_vertices": 40}, "ring_too_long"), ({"text_bytes": 1_000}, "too_large"),
    ):  # fmt: skip
        with pytest.raises(LimitError) as caught:
            open_dxf(path, ReadOptions(), replace(Limits(), **changes))
        assert caught.value.code == code


def test_formatting_codes_go_and_signs_come() -> None:
    assert plain_text("37%%d %%p0.1 %%u线%%u %%065") == "37° ±0.1 线 A"
    assert plain_mtext(r"{\C1;红}\~\H2.5x;大\P\S1/2; \{x\} \\") == "红 大\n1/2 {x} \\"
    assert clean("\\U+4E2D\\M+5B9FA\x00\x07") == "中国"
    assert clean("\\U+D800") == "\ufffd"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 2, 5, 8, 10, 20, 42, 62, 70, 90, 1001]),
                  st.sampled_from(["LINE", "INSERT", "HATCH", "ENDSEC", "SECTION", "ENTITIES",
                                   "BLOCKS", "1", "-1", "1e400", "nan", "层", "\\U+D800"])),
        max_size=40,
    )
)  # fmt: skip
def test_any_sequence_of_tags_is_a_drawing_or_one_of_our_errors(
    tmp_path_factory: pytest.TempPathFactory, tags: list[tuple[int, str]]
) -> None:
    path = tmp_path_factory.mktemp("tags") / "a.dxf"
    body = "".join(f"{code}\n{value}\n" for code, value in tags)
    path.write_text(f"0\nSECTION\n2\nENTITIES\n{body}0\nENDSEC\n0\nEOF\n", encoding="utf-8")
    try:
        rows(open_dxf(path, ReadOptions(), Limits()))
    except FileRefusedError as error:
        assert " / " in error.message
