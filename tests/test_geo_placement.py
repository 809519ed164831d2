"""From files' coordinates to EPSG:4490: to the millimetre, by what was answered alone."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.datums import wgs84_to_gcj02
from geo.errors import CrsQuestionError
from geo.placement import (
    CrsAnswer,
    Placement,
    SevenParameters,
    from_degrees,
    place,
    points_from_degrees,
    points_to_degrees,
    previews,
    to_degrees,
)
from geo.projection import project, unproject
from geo.reference import SYSTEMS, CrsHints, identify, judge, system

# A busy machine must not fail a test: nothing here is about time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

REFERENCE = np.array([[112.5489, 37.8706]])
ZONE_38 = (38_372_000.0, 4_194_000.0, 38_373_000.0, 4_195_000.0)
SIX_DIGITS = (480_000.0, 4_194_000.0, 481_000.0, 4_195_000.0)
DEGREES = (112.5, 37.8, 112.6, 37.9)
KML = {"declared": "EPSG:4326", "declared_by": "KML", "may_be_shifted": True}
TURNED = SevenParameters(-120.5, 30.25, 15.0, 1.5, -2.25, 3.0, -4.5, "coordinate_frame")
SHANXI = st.tuples(st.floats(110.2, 114.6), st.floats(34.5, 40.8))


def judged(box, **hints):
    return judge(box, CrsHints(**hints))


def placed(box, answer: CrsAnswer = CrsAnswer(), **hints) -> Placement:  # noqa: B008 - frozen
    return place(judged(box, **hints), answer)[0]


def refused(box, answer: CrsAnswer = CrsAnswer(), **hints) -> str:  # noqa: B008 - frozen
    verdict = judged(box, **hints)
    with pytest.raises(CrsQuestionError) as caught:
        place(verdict, answer)
    assert caught.value.verdict is verdict
    assert " / " in caught.value.message
    return caught.value.code


def metres(a: np.ndarray, b: np.ndarray) -> float:
    steps = (a - b) * (111_320 * np.cos(np.radians(np.asarray(b)[:, 1:])), 111_132)[0]
    return float(np.abs(steps).max()) if len(steps) else 0.0


# --- numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epsg", "east", "north"),
    [(4525, 37636286.530, 4194266.245), (4526, 38372319.291, 4194127.906)],
)
def test_the_reference_point_of_the_handbook(epsg: int, east: float, north: float) -> None:
    found = points_from_degrees(REFERENCE, system(str(epsg)))
    assert np.abs(found - (east, north)).max() < 5e-4  # printed to the millimetre
    back = points_to_degrees([[east, north]], placed((east, north, east, north),
                             declared=f"EPSG:{epsg}"))  # fmt: skip
    assert metres(back, REFERENCE) < 1e-3


@pytest.mark.parametrize("one", [one for one in SYSTEMS if one.epsg], ids=lambda one: one.key)
def test_every_system_agrees_with_what_proj_says_of_its_number(one) -> None:
    crs = pyproj.CRS.from_epsg(one.epsg)
    there = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    lonlat = np.random.default_rng(7).uniform((110.2, 34.5), (114.6, 40.8), (500, 2))
    wanted = np.stack(there.transform(*lonlat.T), axis=1)
    assert np.abs(project(lonlat, one) - wanted).max() < 1e-6
    assert metres(unproject(wanted, one), lonlat) < 1e-6


@given(st.sampled_from(SYSTEMS), st.lists(SHANXI, max_size=20), st.booleans())
@settings(max_examples=200)
def test_every_system_round_trips_within_a_millimetre(one, points, swap) -> None:
    lonlat = np.array(points, dtype=np.float64).reshape(-1, 2)
    parameters = TURNED if one.old else None
    x_y = points_from_degrees(lonlat, one, parameters=parameters)
    placement = Placement(system=one, basis="given", swap=swap, parameters=parameters)
    back = points_to_degrees(x_y[:, ::-1] if swap else x_y, placement)
    assert back.shape == lonlat.shape
    assert metres(back, lonlat) < 1e-3


@pytest.mark.parametrize("key", ["EPSG:32649", "EPSG:3395", "EPSG:4555"])
def test_systems_beyond_the_table_round_trip_too(key: str) -> None:
    one = system(key)
    lonlat = np.random.default_rng(3).uniform((110.2, 34.5), (114.6, 40.8), (50, 2))
    x_y = points_from_degrees(lonlat, one, parameters=TURNED)
    back = points_to_degrees(x_y, Placement(system=one, basis="given", parameters=TURNED))
    assert metres(back, lonlat) < 1e-3


def test_a_local_meridian_by_its_definition() -> None:
    crs = pyproj.CRS.from_user_input(
        "+proj=tmerc +lat_0=0 +lon_0=112.5 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m"
    )
    text = crs.to_wkt().replace("Unknown based on GRS 1980 ellipsoid", "China 2000")
    placement = placed((504_000, 4.19e6, 505_000, 4.2e6), declared=text)
    assert placement.label == "declared" and placement.system.central_meridian == 112.5
    lon, lat = points_to_degrees([[500_000.0, 4.19e6]], placement)[0]
    assert abs(lon - 112.5) < 1e-10 and 37 < lat < 38


def test_many_points_are_worked_on_in_pieces_with_the_same_result() -> None:
    lonlat = np.random.default_rng(1).uniform((112.6, 34.5), (114.6, 40.8), (600_001, 2))
    one = system("4526")
    x_y = points_from_degrees(lonlat, one)
    placement = Placement(system=one, basis="declared")
    back = points_to_degrees(x_y, placement)
    assert metres(back, lonlat) < 1e-6
    assert (back[::50_000] == points_to_degrees(x_y[::50_000], placement)).all()


# --- the datum step --------------------------------------------------------------------------


def helmert(lonlat, p: SevenParameters, axis: float, flat: float) -> np.ndarray:
    """Bursa-Wolf written out as in the textbook, coordinate frame, and back on CGCS2000."""

    def e2(f: float) -> float:
        return (2 - 1 / f) / f

    lon, lat = np.radians(lonlat).T
    n = axis / np.sqrt(1 - e2(flat) * np.sin(lat) ** 2)
    x = np.stack([n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon),
                  n * (1 - e2(flat)) * np.sin(lat)])  # fmt: skip
    rx, ry, rz = np.radians(np.array([p.rx_arcsec, p.ry_arcsec, p.rz_arcsec]) / 3600)
    if p.convention == "position_vector":
        rx, ry, rz = -rx, -ry, -rz
    turn = np.array([[1, rz, -ry], [-rz, 1, rx], [ry, -rx, 1]])
    y = np.array([[p.dx_m], [p.dy_m], [p.dz_m]]) + (1 + p.scale_ppm * 1e-6) * (turn @ x)
    a, e = 6378137.0, e2(298.257222101)
    rho = np.hypot(y[0], y[1])
    phi = np.arctan2(y[2], rho * (1 - e))
    for _ in range(8):
        phi = np.arctan2(y[2] + e * a / np.sqrt(1 - e * np.sin(phi) ** 2) * np.sin(phi), rho)
    return np.degrees(np.stack([np.arctan2(y[1], y[0]), phi], axis=1))


@pytest.mark.parametrize("convention", ["coordinate_frame", "position_vector"])
@pytest.mark.parametrize(("key", "axis", "flat"),
                         [("4610", 6378140.0, 298.257), ("4214", 6378245.0, 298.3)])  # fmt: skip
def test_seven_parameters_are_the_textbook_formula(key, axis, flat, convention) -> None:
    parameters = SevenParameters(-120.5, 30.25, 15.0, 1.5, -2.25, 3.0, -4.5, convention)
    lonlat = np.random.default_rng(5).uniform((110.2, 34.5), (114.6, 40.8), (200, 2))
    placement = Placement(system=system(key), basis="given", parameters=parameters)
    found = points_to_degrees(lonlat, placement)
    assert metres(found, helmert(lonlat, parameters, axis, flat)) < 1e-4
    assert metres(found, lonlat) > 10


NUMBERS = [st.floats(-900, 900)] * 3 + [st.floats(-9, 9)] * 3 + [st.floats(-50, 50)]


@given(st.tuples(*NUMBERS), st.sampled_from(["coordinate_frame", "position_vector"]),
       st.sampled_from(["4610", "4214", "2362", "2434", "21419"]), SHANXI)  # fmt: skip
@settings(max_examples=150)
def test_any_seven_parameters_go_there_and_back_within_a_millimetre(
    values, convention, key, point
) -> None:
    parameters = SevenParameters(*values, convention)
    assert SevenParameters.from_text(parameters.to_text()) == parameters
    one = system(key)
    x_y = points_from_degrees([point], one, parameters=parameters)
    placement = Placement(system=one, basis="given", parameters=parameters)
    assert metres(points_to_degrees(x_y, placement), np.array([point])) < 1e-4


def test_parameters_are_read_as_people_write_them() -> None:
    wanted = SevenParameters(1.5, -2, 3e-1, 0.1, 0, -0.5, 7, "coordinate_frame")
    for text in ("1.5,-2,0.3,0.1,0,-0.5,7,coordinate_frame", "1.5; -2; .3; .1; 0; -.5; 7; 坐标框架",
                 "１．５，-2，0.3，0.1，0，-0.5，7，Coordinate_Frame\n"):  # fmt: skip
        assert SevenParameters.from_text(text) == wanted
    assert SevenParameters.from_text("10 20 30") == SevenParameters(10, 20, 30)
    assert not SevenParameters(10, 20, 30).turns and wanted.turns


@pytest.mark.parametrize(
    "text",
    ["", "1,2", "1,2,3,4", "1,2,3,4,5,6,7,8", "nan,0,0,0,0,0,0", "inf,0,0,0,0,0,0", "a,b,c,d,e,f,g",
     "1e9,0,0,0,0,0,0", "0,0,0,0,0,0,1e6", "0,0,0,3600,0,0,0", "1,2,3,4,5,6,7,mirror", "1" * 10**6],
)  # fmt: skip
def test_what_are_no_parameters_is_refused_in_words(text: str) -> None:
    with pytest.raises(CrsQuestionError) as caught:
        SevenParameters.from_text(text)
    assert caught.value.code == "bad_parameters"
    assert len(caught.value.message) < 600


@pytest.mark.parametrize("epsg", [2362, 2414, 4610, 4214, 21419, 4555])
def test_old_datums_are_refused_without_parameters_or_leave(epsg: int) -> None:
    one = system(str(epsg))
    box = (*points_from_degrees(REFERENCE, one, approximate=True)[0],) * 2
    hints = {"declared": f"EPSG:{epsg}"}
    assert judged(box, **hints).settled
    assert refused(box, **hints) == "old_datum"
    with pytest.raises(CrsQuestionError) as caught:
        points_to_degrees(REFERENCE, Placement(system=one, basis="declared"))
    assert caught.value.code == "old_datum"
    with pytest.raises(CrsQuestionError):
        points_from_degrees(REFERENCE, one)
    placement, problems = place(judged(box, **hints), CrsAnswer(approximate=True))
    assert [(p.code, p.level) for p in problems] == [("approximate_datum", "warning")]
    assert placement.approximate and "近似" in placement.describe("zh")
    assert metres(points_to_degrees([box[:2]], placement), REFERENCE) < 1e-3
    exact, none = place(judged(box, **hints), CrsAnswer(parameters=TURNED))
    assert not none and not exact.approximate
    assert TURNED.to_text() in exact.describe("en")
    assert metres(points_to_degrees([box[:2]], exact), REFERENCE) > 10


def test_parameters_that_turn_must_say_which_way() -> None:
    without = SevenParameters(10, 20, 30, 1, 1, 1, 0)
    hints = {"declared": "EPSG:2362"}
    assert refused(ZONE_38, CrsAnswer(parameters=without), **hints) == "rotation_convention"
    assert placed(ZONE_38, CrsAnswer(parameters=SevenParameters(10, 20, 30)), **hints).parameters


def test_parameters_that_move_land_far_or_are_not_needed_are_told() -> None:
    far = CrsAnswer(parameters=SevenParameters(900, 900, 0))
    _, problems = place(judged(ZONE_38, declared="EPSG:2362"), far)
    assert [p.code for p in problems] == ["parameters_far"]
    placement, problems = place(judged(ZONE_38, declared="EPSG:4526"), far)
    assert [p.code for p in problems] == ["parameters_unused"]
    assert placement.parameters is None


# --- answers ---------------------------------------------------------------------------------


def test_what_is_settled_needs_no_answer() -> None:
    declared = placed(ZONE_38, declared="EPSG:4526")
    assert (declared.label, declared.system.epsg) == ("declared", 4526)
    certain = placed(ZONE_38, datum="cgcs2000")
    assert (certain.label, certain.system.epsg) == ("certain from magnitude", 4526)
    assert "EPSG:4526" in certain.describe("zh") and "certain" in certain.describe("en")


@pytest.mark.parametrize("box", [ZONE_38, DEGREES, SIX_DIGITS, (0, 0, 9, 9)])
def test_what_is_open_is_asked(box) -> None:
    assert refused(box) == "crs_question"
    assert refused(box, CrsAnswer(approximate=True, parameters=TURNED)) == "crs_question"


def test_an_answer_settles_what_is_open() -> None:
    assert placed(ZONE_38, CrsAnswer(crs="EPSG:4526")).label == "given"
    assert placed(ZONE_38, CrsAnswer(crs="2362", approximate=True)).system.datum == "xian80"
    assert placed(SIX_DIGITS, CrsAnswer(crs="4547")).system.epsg == 4547
    assert placed(SIX_DIGITS, CrsAnswer(crs="EPSG:32649")).system.epsg == 32649
    swapped = placed((37.8, 112.5, 37.9, 112.6), CrsAnswer(crs="4490"))
    assert swapped.swap
    assert points_to_degrees([[37.8, 112.5]], swapped).tolist() == [[112.5, 37.8]]


def test_a_datum_that_only_the_user_knows_is_put_on_record_as_the_users_word() -> None:
    said = placed(SIX_DIGITS, CrsAnswer(crs="4547"))
    assert said.datum_said and "基准由用户认定" in said.describe("zh")
    assert "the datum is the user's word" in said.describe("en")
    old = placed(SIX_DIGITS, CrsAnswer(crs="2383", approximate=True))
    assert "基准由用户认定" in old.describe("zh") and "未做基准转换" in old.describe("zh")
    declared = judge(SIX_DIGITS, CrsHints(datum="cgcs2000"))
    kept, _ = place(declared, CrsAnswer(crs="4547"))
    assert not kept.datum_said and "认定" not in kept.describe("zh")


def test_a_datum_that_nobody_knows_is_an_approximation_on_record() -> None:
    unknown, problems = place(
        judge(SIX_DIGITS, CrsHints()), CrsAnswer(crs="4547", approximate=True)
    )
    assert unknown.approximate and [p.code for p in problems] == ["approximate_datum"]
    assert "基准未知" in unknown.describe("zh") and "认定" not in unknown.describe("zh")
    assert "datum unknown" in unknown.describe("en")
    known = judge(SIX_DIGITS, CrsHints(datum="cgcs2000"))
    settled, problems = place(known, CrsAnswer(crs="4547", approximate=True))
    assert not settled.approximate and problems == ()


@pytest.mark.parametrize(
    ("box", "crs"),
    [(ZONE_38, "4547"), (ZONE_38, "4525"), (ZONE_38, "4490"), (DEGREES, "4526"), (DEGREES, "3857"),
     (DEGREES, "EPSG:32649"), (ZONE_38, "EPSG:32649"), (ZONE_38, "3857"), (ZONE_38, "GCJ-02")],
)  # fmt: skip
def test_an_answer_against_the_numbers_is_refused(box, crs: str) -> None:
    assert refused(box, CrsAnswer(crs=crs)) == "crs_impossible"


@pytest.mark.parametrize(
    ("declared", "box", "crs"),
    [("EPSG:4546", SIX_DIGITS, "4547"), ("EPSG:4526", ZONE_38, "2362"),
     ("EPSG:4490", DEGREES, "4610"), ("EPSG:4526", ZONE_38, "4490"), ("EPSG:32649",
     SIX_DIGITS, "4546")],
)  # fmt: skip
def test_an_answer_against_a_possible_declaration_is_refused(declared, box, crs) -> None:
    code = refused(box, CrsAnswer(crs=crs), declared=declared, declared_by=".prj")
    assert code == "crs_contradiction"


def test_an_answer_that_means_the_same_places_is_no_contradiction() -> None:
    cases = [("EPSG:4326", DEGREES, "4490"), ("EPSG:4490", DEGREES, "wgs84"),
             ("EPSG:4508", SIX_DIGITS, "4546"), ("EPSG:4526", ZONE_38, "4526")]  # fmt: skip
    for declared, box, crs in cases:
        placement = placed(box, CrsAnswer(crs=crs), declared=declared)
        assert (placement.label, placement.system.key) == ("declared", declared)


def test_an_impossible_declaration_is_overruled_by_the_answer_and_told() -> None:
    verdict = judged(ZONE_38, declared="EPSG:4547", declared_by=".prj")
    placement, problems = place(verdict, CrsAnswer(crs="4526"))
    assert placement.label == "given" and placement.system.epsg == 4526
    assert [(p.code, p.level) for p in problems] == [("crs_contradiction", "warning")]
    with pytest.raises(CrsQuestionError) as caught:
        place(verdict, CrsAnswer(crs="4547"))
    assert caught.value.code == "crs_impossible"
    with pytest.raises(CrsQuestionError) as caught:
        place(verdict, CrsAnswer())
    assert caught.value.code == "crs_question"


def test_the_mere_rule_of_a_format_yields_to_an_answer() -> None:
    hints = {"declared": "EPSG:4326", "declared_by": "RFC 7946"}
    answer = CrsAnswer(crs="4610", approximate=True)
    placement, problems = place(judged(DEGREES, **hints), answer)
    assert placement.system.datum == "xian80"
    assert [p.code for p in problems] == ["declaration_overruled", "approximate_datum"]


def test_unknown_names_carry_the_verdict() -> None:
    assert refused(ZONE_38, CrsAnswer(crs="EPSG:0")) == "unknown_crs"
    assert refused(DEGREES, CrsAnswer(shift="mars")) == "bad_answer"  # type: ignore[arg-type]


# --- shifted maps ----------------------------------------------------------------------------


def test_the_question_about_ovital_is_settled_by_saying_whether_it_is_shifted() -> None:
    assert refused(DEGREES, **KML) == "crs_question"
    plain, problems = place(judged(DEGREES, **KML), CrsAnswer(shift="none"))
    assert (plain.label, plain.system.epsg, problems) == ("declared", 4326, ())
    shifted, problems = place(judged(DEGREES, **KML), CrsAnswer(shift="gcj02"))
    assert (shifted.label, shifted.system.key) == ("given", "GCJ-02")
    assert [p.code for p in problems] == ["declaration_overruled"]
    assert placed(DEGREES, CrsAnswer(crs="GCJ-02"), **KML) == shifted
    assert placed(DEGREES, CrsAnswer(crs="EPSG:4326"), **KML) == plain
    moved = np.stack(wgs84_to_gcj02(*REFERENCE.T), axis=1)
    assert metres(points_to_degrees(moved, shifted), REFERENCE) < 1e-3
    assert 400 < metres(points_to_degrees(moved, plain), REFERENCE) < 700


def test_undeclared_degrees_can_be_said_to_be_shifted() -> None:
    assert placed(DEGREES, CrsAnswer(shift="bd09")).system.key == "BD-09"
    assert placed(DEGREES, CrsAnswer(shift="gcj02", crs="4326")).system.key == "GCJ-02"
    assert refused(DEGREES, CrsAnswer(shift="none")) == "crs_question"  # the datum is still open


def test_web_mercator_can_be_of_a_shifted_map() -> None:
    moved = np.stack(wgs84_to_gcj02(*REFERENCE.T), axis=1)
    x_y = points_from_degrees(moved, system("3857"))
    box = (*x_y[0], *x_y[0])
    placement = placed(box, CrsAnswer(shift="gcj02"), declared="EPSG:3857")
    assert metres(points_to_degrees(x_y, placement), REFERENCE) < 1e-3
    assert "还原" in placement.describe("zh")
    assert placed(box, CrsAnswer(shift="none")).system.epsg == 3857


@pytest.mark.parametrize(
    ("box", "answer", "hints"),
    [(ZONE_38, CrsAnswer(shift="gcj02"), {"declared": "EPSG:4526"}),
     (ZONE_38, CrsAnswer(shift="bd09"), {}), (DEGREES, CrsAnswer(shift="gcj02", crs="4610"), {}),
     (DEGREES, CrsAnswer(shift="gcj02", crs="BD-09"), {}),
     (DEGREES, CrsAnswer(shift="none", crs="GCJ-02"), {})],
)  # fmt: skip
def test_survey_data_are_never_shifted(box, answer, hints) -> None:
    assert refused(box, answer, **hints) == "crs_contradiction"


# --- shapes ----------------------------------------------------------------------------------


def all_kinds() -> np.ndarray:
    ring = shapely.box(112.55, 37.85, 112.56, 37.86)
    holed = ring.difference(shapely.box(112.553, 37.853, 112.556, 37.856))
    shapes = [holed, shapely.MultiPolygon([ring, shapely.box(112.6, 37.9, 112.7, 38)]), None,
              shapely.Point(112.55, 37.86), shapely.LineString([(112.5, 37.8), (112.6, 37.9)]),
              shapely.Polygon(), shapely.GeometryCollection([ring, shapely.Point(112.5, 37.8)]),
              shapely.MultiPoint([(112.5, 37.8)])]  # fmt: skip
    return np.array(shapes, dtype=object)


@pytest.mark.parametrize("key", ["4526", "4547", "2362", "GCJ-02", "BD-09", "4214", "3857"])
def test_shapes_of_every_kind_go_there_and_back(key: str) -> None:
    one = system(key)
    parameters = TURNED if one.old else None
    shapes = all_kinds()
    there = from_degrees(shapes, one, parameters=parameters)
    placement = Placement(system=one, basis="given", parameters=parameters)
    back = to_degrees(there, placement)
    assert back.dtype == object and back[2] is None and back[5].is_empty
    assert [s and s.geom_type for s in back] == [s and s.geom_type for s in shapes]
    kept = [s for s in shapes if s is not None]
    for a, b in zip(kept, [s for s in back if s is not None], strict=True):
        assert shapely.equals_exact(a, b, tolerance=1e-8)
    x_first = shapely.get_coordinates(there)
    turned = shapely.transform(there, lambda points: points[:, ::-1])
    swapped = Placement(system=one, basis="given", parameters=parameters, swap=True)
    assert np.array_equal(
        shapely.get_coordinates(to_degrees(turned, swapped)), shapely.get_coordinates(back)
    )
    assert len(x_first) == len(shapely.get_coordinates(shapes))


def test_where_nothing_moves_the_shapes_come_back_as_they_are() -> None:
    shapes = all_kinds()
    for key in ("4490", "4326"):
        assert to_degrees(shapes, Placement(system=system(key), basis="declared")) is shapes
        assert from_degrees(shapes, system(key)) is shapes
    high = np.array([shapely.Point(112.5, 37.8, 900.0)], dtype=object)
    flat = to_degrees(high, Placement(system=system("4490"), basis="declared"))
    assert not shapely.has_z(flat).any() and shapely.has_z(high).all()
    moved = to_degrees(high, Placement(system=system("GCJ-02"), basis="given"))
    assert not shapely.has_z(moved).any()
    assert len(to_degrees([], Placement(system=system("4526"), basis="declared"))) == 0


@pytest.mark.parametrize("key", ["4526", "GCJ-02", "BD-09", "2362", "3857", "EPSG:32649"])
def test_a_vertex_without_a_place_becomes_nan_and_the_others_arrive(key: str) -> None:
    one = system(key)
    good = points_from_degrees(REFERENCE, one, approximate=True)[0]
    points = [good, (np.nan, 1.0), (1.0, np.nan), (np.inf, 0.0), (np.nan, np.nan), good]
    placement = Placement(system=one, basis="given", approximate=one.old)
    found = points_to_degrees(points, placement)
    assert metres(found[[0, 5]], np.repeat(REFERENCE, 2, axis=0)) < 1e-3
    assert np.isnan(found[1:5]).all()
    far = points_to_degrees([(1e30, 1e30)], placement)
    assert np.isnan(far).all() or one.kind == "mercator"  # which wraps around the earth
    ring = shapely.Polygon([good, good + 0.5, (np.nan, 1.0), good])
    line = shapely.LineString([good, (np.nan, 1.0)])
    x, y = good
    sound = shapely.Polygon([(x, y), (x + 0.5, y), (x, y + 0.5)])
    lost, kept, whole = to_degrees([ring, line, sound], placement)
    assert lost is None  # whose ring might not close
    assert kept.geom_type == "LineString"
    assert shapely.is_valid(whole) and np.isfinite(shapely.get_coordinates(whole)).all()


def test_previews_place_every_candidate() -> None:
    verdict = judged(ZONE_38)
    shown = previews(verdict)
    assert [one.system.epsg for one in shown] == [4526, 2362, 2414]
    places = [points_to_degrees([ZONE_38[:2]], one)[0] for one in shown]
    assert np.abs(np.diff(places, axis=0)).max() < 0.01
    assert {one.label for one in shown} == {"unknown datum"}
    assert previews(judged((0, 0, 9, 9))) == ()


# --- records ---------------------------------------------------------------------------------


def test_answers_survive_json() -> None:
    for answer in (CrsAnswer(), CrsAnswer(crs="EPSG:2362", parameters=TURNED),
                   CrsAnswer(shift="gcj02"), CrsAnswer(crs="4610", approximate=True)):  # fmt: skip
        assert CrsAnswer.from_json(json.loads(json.dumps(answer.to_json()))) == answer
    assert CrsAnswer.from_json({}) == CrsAnswer()
    with pytest.raises(CrsQuestionError):
        CrsAnswer.from_json({"parameters": "many"})


def test_what_was_done_is_said_in_both_languages() -> None:
    placement = placed((37.8, 112.5, 37.9, 112.6), CrsAnswer(shift="gcj02"))
    assert placement.describe("zh").split("；")[1:] == [
        "由用户指定",
        "坐标次序已对调",
        "偏移已还原",
    ]
    assert placement.describe("en").endswith("given; axes exchanged; shifted back")
    _, problems = place(judged((37.8, 112.5, 37.9, 112.6)), CrsAnswer(shift="gcj02"))
    assert [p.code for p in problems] == ["axes_swapped"]
    assert identify("GCJ-02") == placement.system
