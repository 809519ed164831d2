"""The waterfall, the bars of stability and weights, and the colours of lines."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.stability import SmallestChange, Stability
from geo.ledger import Ledger, Line
from geo.rules import Rule
from layers.dossiers import Declared
from layers.ledgercolours import EXCLUDED, KINDS, colour_of, pattern_of
from layers.stabilitychart import acceptability_svg, weights_svg
from layers.waterfall import NARROWEST, fitted, waterfall_svg, width_of
from tests.test_layers_palette import VISION, lab

KM2 = 1e6
LANGS = st.sampled_from(["zh", "en"])


def line(kind: str, m2: float, *, key: str = "", name: str = "", status: str = "ok") -> Line:
    key = key or kind
    rule = Rule(key, name or f"规则{key}", name or f"Rule {key}", "l", "", (), "inside", "exclude")
    return Line(kind, None if kind == "rest" else rule, m2, m2, None, 0, status)


def ledger(*lines: Line, rest: float = 4 * KM2) -> Ledger:
    lines = (*lines, line("rest", rest))
    return Ledger(sum(each.area_m2 for each in lines), lines, (), ())


def said(role: str, km2: float, *, qualifier: str = "exact") -> Declared:
    return Declared(role, km2, qualifier, "reported", "src", "文件标题", "p. 1")


def drawn(svg: str) -> ET.Element:
    """The drawing as XML, which also finds whatever was not escaped."""
    return ET.fromstring(svg)


def bars(svg: str) -> dict[str, dict[str, float]]:
    """The bar of each row, by what the row stands for; rows without a bar are left out."""
    found = {}
    for group in drawn(svg).iter("g"):
        key = group.attrib.get("data-line") or "declared " + group.attrib["data-declared"]
        for rect in group.iter("rect"):
            found[key] = {n: float(rect.attrib[n]) for n in ("x", "y", "width", "height")}
    return found


def texts(root: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter("text")]


def row(svg: str, key: str) -> list[str]:
    (group,) = (g for g in drawn(svg).iter("g") if g.attrib.get("data-line") == key)
    return texts(group)


FULL = ledger(
    line("exclude", 2 * KM2, key="a"), line("exclude", 1 * KM2, key="b"),
    line("redevelopable", 0.5 * KM2), line("usable", 2.5 * KM2),
)  # fmt: skip


# --- the waterfall -------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [300, 560, 900])
def test_bars_step_down_from_the_gross_to_nothing_and_are_in_the_ratio_of_areas(width) -> None:
    found = bars(waterfall_svg(FULL, (), lang="zh", width_px=width))
    order = ["gross", "a", "b", "redevelopable", "usable", "rest"]
    assert list(found) == order
    per_km2 = found["gross"]["width"] / 10
    for name, km2 in zip(order, (10, 2, 1, 0.5, 2.5, 4), strict=True):
        assert found[name]["width"] == pytest.approx(km2 * per_km2, abs=0.2)
    for before, after in pairwise(order[1:]):
        right = found[after]["x"] + found[after]["width"]
        assert right == pytest.approx(found[before]["x"], abs=0.2)
        assert found[after]["y"] > found[before]["y"]
    assert found["rest"]["x"] == pytest.approx(found["gross"]["x"], abs=0.2)


def test_areas_are_in_km2_or_hectares_and_a_small_share_is_not_called_none() -> None:
    areas = {"a": 350_000.0, "b": 900.0, "c": 9.0, "none": 0.0}
    made = ledger(*(line("exclude", m2, key=k) for k, m2 in areas.items()), rest=12.5 * KM2)
    svg = waterfall_svg(made, (), lang="zh")
    assert row(svg, "rest") == ["其余", "12.50 km² · 97.3%"]
    assert row(svg, "a")[-1] == "35.00 公顷 · 2.7%"
    assert row(svg, "b")[-1] == "0.09 公顷 · <0.1%"
    assert row(svg, "c")[-1] == "<0.01 公顷 · <0.1%"
    assert row(svg, "none")[-1] == "0.00 公顷 · 0.0%"
    assert "none" not in bars(svg) and "b" in bars(svg)


@pytest.mark.parametrize(("status", "words"), [
    ("no_layer", "未导入图层"), ("not_covered", "图层不覆盖"),
])  # fmt: skip
def test_an_unknown_line_says_so_and_is_no_zero(status: str, words: str) -> None:
    svg = waterfall_svg(ledger(line("exclude", 0.0, key="a", status=status)), (), lang="zh")
    assert row(svg, "a") == ["规则a", words]
    assert "a" not in bars(svg)
    label = drawn(svg).attrib["aria-label"]
    assert f"规则a {words}" in label and "规则a 0" not in label


def test_a_partly_covered_line_is_marked_and_the_mark_explained() -> None:
    made = ledger(line("exclude", 1 * KM2, key="a", status="partly_covered"))
    svg = waterfall_svg(made, (), lang="zh")
    assert row(svg, "a")[-1] == "1.00 km² · 20.0% †"
    assert "† 图层部分覆盖" in texts(drawn(svg))
    assert "图层部分覆盖" in drawn(svg).attrib["aria-label"]
    assert "†" not in waterfall_svg(FULL, (), lang="zh")


def test_declared_areas_are_outlines_to_scale_where_the_computed_ones_begin() -> None:
    declared = (said("gross", 10.5), said("usable", 3.0), said("redevelopable", 0.75),
                said("unexplained", 6.75))  # fmt: skip
    svg = waterfall_svg(FULL, declared, lang="zh")
    found = bars(svg)
    per_km2 = found["gross"]["width"] / 10
    for each in declared:
        mark = found[f"declared {each.role}"]
        assert mark["width"] == pytest.approx(each.area_km2 * per_km2, abs=0.2)
    for role in ("usable", "redevelopable"):
        mark, bar = found[f"declared {role}"], found[role]
        assert mark["x"] + mark["width"] == pytest.approx(bar["x"] + bar["width"], abs=0.2)
        assert mark["y"] > bar["y"]
    assert found["declared unexplained"]["x"] == pytest.approx(found["gross"]["x"], abs=0.2)
    outlines = [r for r in drawn(svg).iter("rect") if r.attrib.get("class") == "za-declared"]
    assert len(outlines) == 4 and {r.attrib["fill"] for r in outlines} == {"none"}
    assert "文件标题" in svg


def test_a_declared_role_stands_once_beside_all_its_lines_or_alone() -> None:
    made = ledger(line("usable", 1 * KM2, key="u"), line("exclude", 1 * KM2, key="x"),
                  line("usable", 1 * KM2, key="v"))  # fmt: skip
    declared = (said("usable", 2.0, qualifier="approx"), said("redevelopable", 1.0))
    svg = waterfall_svg(made, declared, lang="en")
    found = bars(svg)
    assert list(found) == [
        "gross", "u", "x", "v", "declared usable", "declared redevelopable", "rest",
    ]  # fmt: skip
    mark = found["declared usable"]
    right = found["u"]["x"] + found["u"]["width"]
    assert mark["x"] + mark["width"] == pytest.approx(right, abs=0.2)
    assert "≈2.00 km²" in texts(drawn(svg))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_label_says_every_number(lang: str) -> None:
    svg = waterfall_svg(FULL, (said("gross", 10.5), said("usable", 3.25)), lang=lang)
    assert drawn(svg).attrib["role"] == "img"
    label = drawn(svg).attrib["aria-label"]
    for number in ("10.00", "2.00", "1.00", "50.00", "2.50", "4.00", "10.50", "3.25", "40.0"):
        assert number in label


def test_markup_and_control_signs_in_names_stay_out_of_the_drawing() -> None:
    evil = "<script>alert('1')</script>\x00\ud800\"&"
    svg = waterfall_svg(ledger(line("exclude", KM2, key=evil, name=evil)), (), lang="zh")
    svg.encode()
    assert "<script" not in svg
    drawn(svg)


def test_long_names_are_broken_or_cut_and_told_in_full() -> None:
    long = "采矿用地及采空影响区（含历史遗留矿山与沉陷区待治理范围以及其他一切名称很长的地）"
    svg = waterfall_svg(ledger(line("exclude", KM2, key="a", name=long)), (), lang="zh")
    first, second, _ = row(svg, "a")
    assert long.startswith(first) and second.endswith("…")
    (group,) = (g for g in drawn(svg).iter("g") if g.attrib.get("data-line") == "a")
    assert group.find("title").text.startswith(long)


def test_the_frame_of_the_drawing_follows_its_surroundings() -> None:
    svg = waterfall_svg(FULL, (said("gross", 10.0),), lang="zh")
    assert svg.startswith("<svg ")
    assert drawn(svg).attrib["fill"] == "currentColor"
    assert all("fill" not in each.attrib for each in drawn(svg).iter("text"))
    assert {r.attrib["stroke"] for r in drawn(svg).iter("rect")} == {"currentColor"}


def test_the_same_ledger_gives_the_same_bytes() -> None:
    assert waterfall_svg(FULL, (), lang="zh") == waterfall_svg(FULL, (), lang="zh")


def test_lines_beyond_the_colours_are_hatched_then_crossed() -> None:
    count = 2 * len(EXCLUDED) + 1
    svg = waterfall_svg(
        ledger(*(line("exclude", KM2, key=f"x{n}") for n in range(count))), (), lang="zh"
    )
    paths = [
        len([p for p in g.iter("path")])
        for g in drawn(svg).iter("g")
        if g.attrib["data-line"].startswith("x")
    ]
    assert paths == [0] * len(EXCLUDED) + [2] * (len(EXCLUDED) + 1)
    slants = [g for g in drawn(svg).iter("g") if g.attrib["data-line"] == f"x{count - 1}"]
    hatched = [g for g in drawn(svg).iter("g") if g.attrib["data-line"] == f"x{count - 2}"]
    length = [len(next(g[0].iter("path")).attrib["d"]) for g in (slants, hatched)]
    assert length[0] > 1.5 * length[1]


NAMES = st.text(max_size=60)
AREAS = st.floats(0, 5e8)
LINES = st.lists(
    st.builds(
        line, st.sampled_from(["exclude", "usable", "redevelopable"]), AREAS,
        key=st.text(max_size=8), name=NAMES,
        status=st.sampled_from(["ok", "no_layer", "not_covered", "partly_covered"]),
    ),
    max_size=25,
)  # fmt: skip
SAID = st.lists(
    st.builds(said, st.sampled_from(["gross", "usable", "redevelopable", "unexplained"]),
              st.floats(0.01, 2000)), max_size=4,
)  # fmt: skip


@given(LINES, SAID, AREAS, LANGS, st.integers(10, 900))
def test_every_waterfall_is_well_formed_and_inside_its_frame(
    lines, declared, rest, lang, width
) -> None:
    svg = waterfall_svg(ledger(*lines, rest=rest), declared, lang=lang, width_px=width)
    root = drawn(svg)
    _, _, wide, high = map(float, root.attrib["viewBox"].split())
    assert wide == max(width, NARROWEST)
    assert len([g for g in root.iter("g") if "data-line" in g.attrib]) == len(lines) + 2
    assert len([g for g in root.iter("g") if "data-declared" in g.attrib]) == len(declared)
    for rect in root.iter("rect"):
        x, y, w, h = (float(rect.attrib[n]) for n in ("x", "y", "width", "height"))
        assert x >= -0.2 and x + w <= wide + 1.1 and y >= 0 and y + h <= high + 0.1 and w >= 0
    for each in root.iter("text"):
        assert 0 <= float(each.attrib["y"]) <= high
    numbers = re.findall(r'(?:x|y|width|height)="([^"]*)"', svg)
    assert not {"nan", "inf", "-0.0"} & set(numbers)


@given(NAMES, st.floats(20, 400), st.integers(1, 3))
def test_fitted_words_fit_and_lose_nothing_unsaid(words: str, room: float, lines: int) -> None:
    made = fitted(words, room, lines)
    assert 1 <= len(made) <= lines
    assert all(width_of(each) <= max(room, width_of("…")) + 0.1 for each in made)
    joined = "".join(made)
    if not joined.endswith("…") or words.endswith("…"):
        assert "".join(joined.split()) == "".join(words.split())


# --- stability and weights -----------------------------------------------------------------------


def steady(acceptability: Sequence[Sequence[float]]) -> Stability:
    shares = np.array(acceptability)
    count = len(shares)
    return Stability(shares, np.zeros((count, 2)), 100, 1, None, np.ones(count))


def test_parts_are_the_shares_and_the_label_says_them() -> None:
    svg = acceptability_svg(
        steady([[0.7, 0.2, 0.1], [0.3, 0.65, 0.05], [0.0, 0.15, 0.85]]), ["甲", "乙<", "丙"],
        lang="zh",
    )  # fmt: skip
    groups = list(drawn(svg).iter("g"))
    widths = [[float(r.attrib["width"]) for r in g.iter("rect")] for g in groups]
    whole = sum(widths[0])
    assert [len(w) for w in widths] == [3, 3, 2]
    assert all(sum(w) == pytest.approx(whole, abs=0.3) for w in widths)
    assert widths[0][0] == pytest.approx(0.7 * whole, abs=0.2)
    assert "70%" in texts(groups[0]) and "乙<" in texts(groups[1])
    label = drawn(svg).attrib["aria-label"]
    assert "甲：第 1 名 70.0%、第 2 名 20.0%、第 3 名 10.0%" in label
    assert "丙：第 2 名 15.0%、第 3 名 85.0%" in label
    assert [t for t in texts(drawn(svg)) if t.startswith("第")] == ["第 1 名", "第 2 名", "第 3 名"]


@given(st.integers(2, 12), LANGS, st.integers(10, 900), st.integers(0, 2**32 - 1))
def test_every_drawing_of_stability_is_inside_its_frame(count, lang, width, seed) -> None:
    shares = np.random.default_rng(seed).dirichlet(np.ones(count), count)
    names = [f"方案 {n} 的很长很长很长的名称" for n in range(count)]
    weights = shares[0].tolist()
    for svg in (
        acceptability_svg(steady(shares), names, lang=lang, width_px=width),
        weights_svg(names, weights, lang=lang, changed=shares[1].tolist(), width_px=width),
    ):
        root = drawn(svg)
        _, _, wide, high = map(float, root.attrib["viewBox"].split())
        for rect in root.iter("rect"):
            x, y, w, h = (float(rect.attrib[n]) for n in ("x", "y", "width", "height"))
            assert x >= 0 and x + w <= wide + 0.2 and y >= 0 and y + h <= high


def test_the_shades_of_ranks_darken_towards_the_first_and_are_read_on() -> None:
    for count in range(2, 10):
        svg = acceptability_svg(steady(np.full((count, count), 1 / count)), ["x"] * count,
                                lang="en", width_px=900)  # fmt: skip
        group = next(drawn(svg).iter("g"))
        fills = [r.attrib["fill"] for r in group.iter("rect")]
        inks = [t.attrib["fill"] for t in group.iter("text") if "fill" in t.attrib]
        assert len(fills) == len(inks) == count
        light = lab(tuple(fills), "usual")[:, 0]
        assert (np.diff(light) > 2).all()
        assert all(contrast(f, i) >= 4.5 for f, i in zip(fills, inks, strict=True))


def contrast(a: str, b: str) -> float:
    """WCAG 2.1 contrast ratio of two colours."""
    found = []
    for colour in (a, b):
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        found.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    return (max(found) + 0.05) / (min(found) + 0.05)


def test_weights_and_what_turns_them() -> None:
    change = SmallestChange(0.1, np.array([0.4, 0.3, 0.3]), 1)
    svg = weights_svg(["甲", "乙", "丙"], [0.5, 0.2, 0.3], lang="zh", changed=change.weights)
    groups = {g.attrib["data-weight"]: g for g in drawn(svg).iter("g")}
    assert texts(groups["甲"]) == ["甲", "50.0% → 40.0%"]
    assert texts(groups["丙"]) == ["丙", "30.0%"]
    widths = {n: [float(r.attrib["width"]) for r in g.iter("rect")] for n, g in groups.items()}
    assert widths["甲"][1] / widths["甲"][0] == pytest.approx(0.8, abs=0.01)
    assert len(widths["丙"]) == 1  # what stays needs no outline
    assert widths["丙"][0] / widths["甲"][0] == pytest.approx(0.6, abs=0.01)
    assert "乙：20.0% → 30.0%" in drawn(svg).attrib["aria-label"]
    assert "→" not in weights_svg(["甲"], [1.0], lang="zh")


# --- colours -------------------------------------------------------------------------------------


@pytest.mark.parametrize("vision", VISION)
def test_any_two_kinds_of_land_differ_for_every_eye(vision: str) -> None:
    kinds = [KINDS[kind] for kind in ("usable", "redevelopable", "rest")]
    seen = lab((*EXCLUDED, *kinds), vision)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    # 2.3 is the just noticeable difference; land lies apart on a map, so ask for much more.
    assert apart[np.triu_indices(len(seen), 1)].min() > 14


def test_each_place_in_the_list_has_a_colour_and_pattern_of_its_own() -> None:
    pairs = [(colour_of("exclude", n), pattern_of("exclude", n)) for n in range(30)]
    assert len(set(pairs)) == 30
    assert [p for _, p in pairs[:11]] == [""] * 10 + ["hatch"]
    for kind, colour in KINDS.items():
        assert {colour_of(kind, n) for n in range(30)} == {colour}
        assert {pattern_of(kind, n) for n in range(30)} == {""}
    assert pattern_of("flag", 0) == "hatch"
    assert re.fullmatch(r"#[0-9a-f]{6}", colour_of("flag", 3))
