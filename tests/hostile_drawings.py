"""Hostile DXF drawings: blocks in blocks, grids of blocks, curves without end, noise."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpus import Collected

CASES = Collected()


def drawing(path: Path, draw: Callable[[Any, Any], None], **options: Any) -> None:
    import ezdxf

    document = ezdxf.new("R2000", units=6)
    draw(document, document.modelspace())
    document.saveas(path, **options)


def plain(*pairs: tuple[int, object]) -> str:
    return "".join(f"{code:>3}\n{value}\n" for code, value in pairs)


def entities(text: str, version: str = "AC1015") -> str:
    head = plain((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, version), (0, "ENDSEC"))
    body = plain((0, "SECTION"), (2, "ENTITIES"))
    return head + body + text + plain((0, "ENDSEC"), (0, "EOF"))


@CASES("dxf_block_in_itself", "a.dxf", told="recursive_block", features=3)
def recursive(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        one, two = document.blocks.new("一"), document.blocks.new("二")
        one.add_line((0, 0), (1, 1))
        one.add_blockref("二", (0, 0))
        two.add_line((0, 0), (1, 1))
        two.add_blockref("一", (0, 0))
        space.add_blockref("一", (0, 0))
        space.add_line((0, 0), (1, 1))

    drawing(path, draw)


@CASES("dxf_ten_to_the_twelfth_lines", "a.dxf", refused="too_many_features")
def block_bomb(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        inner = document.blocks.new("b0")
        inner.add_line((0, 0), (1, 1))
        for level in range(1, 13):
            block = document.blocks.new(f"b{level}")
            for place in range(10):
                block.add_blockref(f"b{level - 1}", (place, 0))
        space.add_blockref("b12", (0, 0))

    drawing(path, draw)


@CASES("dxf_grid_of_a_billion_blocks", "a.dxf", refused="too_many_features")
def grid(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        document.blocks.new("b").add_line((0, 0), (1, 1))
        space.add_blockref("b", (0, 0), dxfattribs={
            "row_count": 32_767, "column_count": 32_767, "row_spacing": 1, "column_spacing": 1,
        })  # fmt: skip

    drawing(path, draw)


@CASES("dxf_25k_blocks_of_45_lines", "a.dxf", refused="too_many_features")
def many_inserts(path: Path) -> None:
    insert = plain((0, "INSERT"), (100, "AcDbEntity"), (8, "0"), (100, "AcDbBlockReference"),
                   (2, "b"), (10, 0), (20, 0))  # fmt: skip
    line = plain((0, "LINE"), (100, "AcDbEntity"), (8, "0"), (100, "AcDbLine"), (10, 0), (20, 0),
                 (11, 1), (21, 1))  # fmt: skip
    block = plain((0, "SECTION"), (2, "BLOCKS"), (0, "BLOCK"), (100, "AcDbEntity"), (8, "0"),
                  (100, "AcDbBlockBegin"), (2, "b"), (70, 0), (10, 0), (20, 0))  # fmt: skip
    block += line * 45 + plain((0, "ENDBLK"), (100, "AcDbEntity"), (8, "0"),
                               (100, "AcDbBlockEnd"), (0, "ENDSEC"))  # fmt: skip
    whole = entities(insert * 25_000)
    head = whole.index(plain((0, "SECTION"), (2, "ENTITIES")))
    path.write_text(whole[:head] + block + whole[head:])


@CASES("dxf_numbers_that_are_none", "a.dxf", told="not_finite", features=3)
def not_finite(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        space.add_lwpolyline([(float("nan"), 0), (1, 0), (1, 1)], close=True)
        space.add_lwpolyline([(1e300, 0), (1, 0), (1, 1)], close=True)
        space.add_circle((0, 0), 1e308)

    drawing(path, draw)


@CASES("dxf_arcs_without_end", "a.dxf", features=2_000)
def endless_arcs(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        for _ in range(2_000):
            space.add_lwpolyline([(0, 0, 0, 0, 1e-9), (1e11, 0, 0, 0, 1e9)], close=True)

    drawing(path, draw)


@CASES("dxf_curves_beyond_the_limit", "a.dxf", refused="too_many_vertices ring_too_long")
def many_arcs(path: Path) -> None:
    vertex = plain((10, 0), (20, 0), (42, 1), (10, 1e9), (20, 0), (42, 1))
    head = plain((0, "LWPOLYLINE"), (100, "AcDbEntity"), (8, "0"), (100, "AcDbPolyline"),
                 (90, 300_000), (70, 1))  # fmt: skip
    path.write_text(entities(head + vertex * 150_000))


@CASES("dxf_spline_of_degree_a_million", "a.dxf", told="bad_geometry", features=2)
def wild_spline(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        spline = space.add_open_spline([(0, 0), (1, 1), (2, 0), (3, 1)])
        spline.dxf.degree = 1_000_000
        space.add_line((0, 0), (1, 1))

    drawing(path, draw)


@CASES("dxf_hatch_of_20k_rings", "a.dxf", told="too_many_rings", features=1)
def many_rings(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        paths = space.add_hatch().paths
        for ring in range(20_000):
            r = 1 + ring / 100
            paths.add_polyline_path([(-r, -r), (r, -r), (r, r), (-r, r)], is_closed=True)

    drawing(path, draw)


@CASES("dxf_text_of_formatting_codes", "a.dxf", features=1)
def wild_text(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        space.add_mtext("\\A" * 500_000 + "{" * 100_000 + "\\U+D800 =1+1 <script>")

    drawing(path, draw)


@CASES("dxf_external_reference", "a.dxf", told="external_reference", features=1)
def external(path: Path) -> None:
    def draw(document: Any, space: Any) -> None:
        document.add_xref_def("/etc/passwd", "外部")
        space.add_blockref("外部", (0, 0))
        space.add_point((0, 0))

    drawing(path, draw)


@CASES("dxf_truncated", "a.dxf", refused="truncated")
def truncated(path: Path) -> None:
    drawing(path, lambda document, space: space.add_line((0, 0), (1, 1)))
    path.write_bytes(path.read_bytes()[:-2_000])


@CASES("dxf_binary_truncated", "a.dxf", refused="truncated")
def binary_truncated(path: Path) -> None:
    drawing(path, lambda document, space: space.add_line((0, 0), (1, 1)), fmt="bin")
    path.write_bytes(path.read_bytes()[:-2_000])


@CASES("dxf_binary_noise", "a.dxf", refused="not_dxf damaged truncated")
def binary_noise(path: Path) -> None:
    path.write_bytes(b"AutoCAD Binary DXF\r\n\x1a\x00" + bytes(range(256)) * 2_000)


@CASES("dxf_comment_of_blank_lines", "a.dxf", refused="not_survey_text not_dxf unknown_format")
def blank_comment(path: Path) -> None:
    path.write_text("999" + "\n" * 60_000 + "x")


@CASES("dxf_code_that_is_none", "a.dxf", refused="damaged")
def odd_code(path: Path) -> None:
    path.write_text(entities("LINE\n0\n"))


@CASES("dxf_number_that_is_none", "a.dxf", refused="damaged")
def odd_number(path: Path) -> None:
    path.write_text(entities(plain((0, "LINE"), (8, "0"), (10, "=1+1"), (20, 0))))


@CASES("dxf_that_is_dwg", "a.dxf", refused="dwg unknown_format")
def dwg(path: Path) -> None:
    path.write_bytes(b"AC1027\x00\x00\x00\x00\x00" + bytes(4_096))


@CASES("dxf_lying_code_page", "a.dxf", told="encoding_contradiction", features=1)
def code_page(path: Path) -> None:
    text = io.StringIO()
    text.write(plain((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1015"),
                     (9, "$DWGCODEPAGE"), (3, "ANSI_1252"), (0, "ENDSEC"), (0, "SECTION"),
                     (2, "ENTITIES"), (0, "TEXT"), (8, "标注层"), (10, 0), (20, 0), (40, 1),
                     (1, "一号地块"), (0, "ENDSEC"), (0, "EOF")))  # fmt: skip
    path.write_bytes(text.getvalue().encode("gb18030"))
