"""Systems by name and by WKT; verdicts: right when settled, and the truth always among them."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import CrsQuestionError
from geo.placement import points_from_degrees
from geo.reference import (
    SYSTEMS,
    CrsHints,
    ReferenceSystem,
    identify,
    judge,
    on_datum,
    system,
)
from geo.sevenparameters import SevenParameters
from geo.systems import BY_EPSG, ZONES_3, ZONES_6, degrees_system, gauss_system

# A busy machine must not fail a test: nothing here is about time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# formats.md §1: datum, degrees, then zones 37/38, CM 111/114, 6° zones 19/20, 6° CM 111/117.
CODES = {
    "cgcs2000": (4490, 4525, 4526, 4546, 4547, 4497, 4498, 4508, 4509),
    "xian80": (4610, 2361, 2362, 2382, 2383, 2333, 2334, 2344, 2345),
    "beijing54": (4214, 2413, 2414, 2434, 2435, 21419, 21420, 21459, 21460),
}
FORMS = [(37, True), (38, True), (37, False), (38, False), (19, True), (20, True), (19, False),
         (20, False)]  # fmt: skip
REFERENCE = (112.5489, 37.8706)
ZONE_38 = (38_372_000.0, 4_194_000.0, 38_373_000.0, 4_195_000.0)
SIX_DIGITS = (480_000.0, 4_194_000.0, 481_000.0, 4_195_000.0)
DEGREES = (112.5, 37.8, 112.6, 37.9)
UTM = "EPSG:32649"
ESRI = (
    'PROJCS["{name}",GEOGCS["{gcs}",DATUM["{datum}",SPHEROID["{ball}",{axis},{flat}]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
    'PARAMETER["False_Easting",{east}],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",{cm}],PARAMETER["Scale_Factor",{k}],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)
ESRI_DATUMS = {
    "cgcs2000": ("GCS_China_Geodetic_Coordinate_System_2000", "D_China_2000", "CGCS2000",
                 6378137.0, 298.257222101),
    "xian80": ("GCS_Xian_1980", "D_Xian_1980", "Xian_1980", 6378140.0, 298.257),
    "beijing54": ("GCS_Beijing_1954", "D_Beijing_1954", "Krasovsky_1940", 6378245.0, 298.3),
}  # fmt: skip


def esri(datum: str, *, name: str = "x", east: float, cm: float, k: float = 1.0) -> str:
    gcs, d, ball, axis, flat = ESRI_DATUMS[datum]
    return ESRI.format(name=name, gcs=gcs, datum=d, ball=ball, axis=axis, flat=flat, east=east,
                       cm=cm, k=k)  # fmt: skip


def numbers(systems: tuple[ReferenceSystem, ...]) -> list[str]:
    return [one.number for one in systems]


def judged(box: tuple[float, ...] | None, **hints: object):
    return judge(box, CrsHints(**hints))


def codes(verdict) -> list[str]:
    return [problem.code for problem in verdict.problems]


# --- systems ---------------------------------------------------------------------------------


@pytest.mark.parametrize("datum", CODES)
def test_the_codes_of_every_datum_are_those_of_the_table(datum: str) -> None:
    degrees, *planes = CODES[datum]
    assert degrees_system(datum).epsg == degrees
    assert [gauss_system(datum, zone, prefixed=p).epsg for zone, p in FORMS] == planes
    assert {degrees, *planes} <= {one.epsg for one in SYSTEMS}


def test_every_system_of_the_table_is_what_proj_knows_under_its_number() -> None:
    assert len(BY_EPSG) == 5 + 3 * 2 * (len(ZONES_3) + len(ZONES_6))
    for epsg, found in BY_EPSG.items():
        crs = pyproj.CRS.from_epsg(epsg)
        assert identify(crs.to_wkt()) == found, epsg
        assert crs.ellipsoid.semi_major_metre == found.semi_major_m
        assert abs(crs.ellipsoid.inverse_flattening - found.inverse_flattening) < 1e-9
        if found.kind == "gauss":
            values = {p.name: p.value for p in crs.coordinate_operation.params}
            prefix = 1e6 * found.zone if found.prefixed else 0
            assert values["False easting"] == 500_000 + prefix
            assert values["Longitude of natural origin"] == found.central_meridian


def test_keys_and_numbers_are_unique_and_come_back_as_the_system() -> None:
    assert len({one.key for one in SYSTEMS}) == len(SYSTEMS) == 31
    for one in SYSTEMS:
        assert system(one.key) == one
        assert one.name("zh") and one.name("en")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("4526", "EPSG:4526"), ("EPSG:4526", "EPSG:4526"), (" epsg:4526 ", "EPSG:4526"),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"), ("urn:ogc:def:crs:EPSG:9.9:4490", "EPSG:4490"),
        ("http://www.opengis.net/def/crs/EPSG/0/4547", "EPSG:4547"), ("OGC:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"), ("gcj02", "GCJ-02"), ("GCJ-02", "GCJ-02"),
        ("火星坐标系", "GCJ-02"), ("bd-09", "BD-09"), ("WGS84", "EPSG:4326"), (UTM, UTM),
        ("CGCS2000", "EPSG:4490"), ("EPSG:3857", "EPSG:3857"), ("EPSG:4979", "EPSG:4326"),
        ("EPSG:4528", "EPSG:4528"), ("EPSG:2379", "EPSG:2379"),
    ],
)  # fmt: skip
def test_systems_are_found_by_number_name_and_urn(text: str, key: str) -> None:
    assert system(text).key == key


@pytest.mark.parametrize(
    "text",
    ["", "EPSG:0", "EPSG:999999", "EPSG:5737", "EPSG:4978", "nonsense", "+proj=longlat", "-1",
     "+init=/etc/passwd", "EPSG:4526\x00", "4526; rm",
     "urn:ogc:def:crs:OGC::AUTO42001", "１２３４５"],
)  # fmt: skip
def test_what_is_no_system_is_refused_in_words(text: str) -> None:
    assert identify(text) is None
    with pytest.raises(CrsQuestionError) as caught:
        system(text)
    assert caught.value.code == "unknown_crs"
    assert "EPSG:4526" in caught.value.message


@pytest.mark.parametrize("datum", CODES)
@pytest.mark.parametrize(("zone", "prefixed"), FORMS)
def test_esri_and_plain_wkt_of_every_zone_are_recognised(
    datum: str, zone: int, prefixed: bool
) -> None:
    wanted = gauss_system(datum, zone, prefixed=prefixed)
    east = 500_000.0 + (1e6 * zone if prefixed else 0)
    found = identify(esri(datum, east=east, cm=wanted.central_meridian))
    assert found is not None and found.same_places(wanted)
    crs = pyproj.CRS.from_epsg(wanted.epsg)
    for text in (crs.to_wkt("WKT1_ESRI"), crs.to_wkt("WKT2_2019"), crs.to_json()):
        assert identify(text) == wanted
    bare = identify(crs.to_wkt("WKT1_GDAL"))
    assert bare == wanted


def test_names_of_arcgis_tell_six_degree_zones_from_three_degree_ones() -> None:
    three = esri("cgcs2000", name="CGCS2000_3_Degree_GK_CM_111E", east=500_000, cm=111)
    six = esri("cgcs2000", name="CGCS2000_GK_CM_111E", east=500_000, cm=111)
    assert identify(three).epsg == 4546
    assert identify(six).epsg == 4508
    assert identify(three).same_places(identify(six))


def test_the_number_of_a_text_counts_only_when_its_definition_agrees() -> None:
    text = pyproj.CRS.from_epsg(2154).to_wkt("WKT1_GDAL")
    assert identify(text).epsg == 2154
    lying = text.replace('AUTHORITY["EPSG","2154"]', 'AUTHORITY["EPSG","32650"]')
    assert lying != text and identify(lying).epsg != 32650
    utm = pyproj.CRS.from_epsg(32649).to_wkt("WKT1_GDAL")
    assert identify(utm).epsg == 32649
    assert identify(utm.replace('"EPSG","32649"', '"EPSG","4547"')).kind == "projected"


def test_a_local_meridian_is_kept_with_its_definition() -> None:
    local = identify(esri("cgcs2000", name="Taiyuan local", east=500_000, cm=112.5))
    assert (local.epsg, local.kind, local.datum) == (None, "projected", "cgcs2000")
    assert local.central_meridian == 112.5 and "112.5" in local.definition
    assert local.key == "Taiyuan local"
    scaled = identify(esri("cgcs2000", east=38_500_000, cm=114, k=0.9996))
    assert scaled.kind == "projected"


def test_the_datum_goes_by_name_and_ellipsoid_and_nothing_else() -> None:
    def of(datum: str, axis: float, flat: float) -> str:
        text = ESRI.format(name="x", gcs="GCS", datum=datum, ball="b", axis=axis, flat=flat,
                           east=38_500_000.0, cm=114.0, k=1.0)  # fmt: skip
        return identify(text).datum

    assert of("unknown", 6378137.0, 298.257222101) == "cgcs2000"
    assert of("D_Unknown", 6378245.0, 298.3) == "beijing54"
    assert of("D_Xian_1980", 6378140.0, 298.2569978) == "xian80"
    assert of("D_China_2000", 6378137.0, 298.257223563) == "cgcs2000"
    assert of("D_Xian_1980", 6378137.0, 298.257223563) == "other"  # name against ellipsoid
    assert of("D_North_American_1927", 6378206.4, 294.9786982) == "other"
    assert identify("EPSG:4555").datum == "other"  # New Beijing
    assert identify("EPSG:4284").datum == "other"  # Pulkovo 1942, on Krassovsky too


def test_steps_and_heights_that_a_text_carries_are_left_aside() -> None:
    bound = (
        pyproj.CRS.from_epsg(4214)
        .to_wkt("WKT1_GDAL")
        .replace('AUTHORITY["EPSG","6214"]', "TOWGS84[15.8,-154.4,-82.3,0,0,0,0]", 1)
    )
    assert "TOWGS84" in bound
    assert identify(bound).datum == "beijing54"
    compound = pyproj.CRS.from_user_input("EPSG:4490+5737")
    assert identify(compound.to_wkt()).epsg == 4490
    assert identify(compound.to_json()).epsg == 4490


@pytest.mark.parametrize(
    "text",
    [
        'LOCAL_CS["CAD",UNIT["m",1]]',
        'ENGCRS["Undefined Cartesian SRS",EDATUM[""],CS[Cartesian,2],AXIS["x",east],'
        'AXIS["y",north],LENGTHUNIT["m",1]]',
        'GEOGCRS["Undefined geographic SRS",DATUM["unknown",ELLIPSOID["unknown",6378137,'
        '298.257223563]],CS[ellipsoidal,2],AXIS["lat",north],AXIS["lon",east],ANGLEUNIT["degree",0.0174532925]]',
        'GEOGCS["Paris",DATUM["NTF",SPHEROID["Clarke",6378249.2,293.4660212936265]],'
        'PRIMEM["Paris",2.33722917],UNIT["degree",0.0174532925199433]]',
        'GEOGCS["grads",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
        'PRIMEM["Greenwich",0],UNIT["grad",0.01570796326794897]]',
        'PROJCS["x",EXTENSION["PROJ4","+init=/etc/passwd:1"]]',
        "{" + '"a":[' * 5000, json.dumps({"type": "GeographicCRS"}), "[1]", "GEOGCS[" * 3000,
        'GEOGCS["x",' + " " * 70_000 + "]", "PROJCS[]", "GEOGCS[\"\ud800\"]",
    ],
)  # fmt: skip
def test_texts_without_a_place_on_the_ground_are_no_system(text: str) -> None:
    assert identify(text) is None


@given(st.one_of(st.text(max_size=200), st.text('[]{}()",:abGEOCSPRJ0123456789.+=', max_size=300)))
@settings(max_examples=200)
def test_any_text_is_answered(text: str) -> None:
    assert identify(text) is None or isinstance(identify(text), ReferenceSystem)


@given(cut=st.integers(0, 700), put=st.sampled_from(['"', "]", "[", "nan", "1e999", "\x00", "中"]))
@settings(max_examples=200)
def test_damaged_wkt_is_answered(cut: int, put: str) -> None:
    text = esri("xian80", name="Xian_1980_3_Degree_GK_Zone_38", east=38_500_000, cm=114)
    damaged = text[:cut] + put + text[cut + 1 :]
    assert identify(damaged) is None or isinstance(identify(damaged), ReferenceSystem)


# --- verdicts: what the handbook says --------------------------------------------------------


def test_a_prefix_tells_the_zone_but_never_the_datum() -> None:
    verdict = judged(ZONE_38)
    assert (verdict.basis, verdict.label) == ("unknown_datum", "unknown datum")
    assert numbers(verdict.systems) == ["4526", "2362", "2414"]
    assert not verdict.settled
    for lang in ("zh", "en"):
        assert "4526" in verdict.question(lang) and verdict.reasons(lang)


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        ((37_400_000, 3.9e6, 37_900_000, 4.5e6), 4525),
        ((38_100_000, 3.9e6, 38_600_000, 4.5e6), 4526),
        ((19_400_000, 3.9e6, 19_900_000, 4.5e6), 4497),
        ((20_230_000, 4.1e6, 20_290_000, 4.4e6), 4498),
        ((555_700, 4.1e6, 600_000, 4.2e6), 4546), ((320_000, 4.1e6, 415_000, 4.2e6), 4547),
        (DEGREES, 4490),
    ],
)  # fmt: skip
def test_magnitudes_of_shanxi_tell_the_system_once_the_datum_is_said(box, wanted: int) -> None:
    verdict = judged(box, datum="cgcs2000")
    assert verdict.label == "certain from magnitude"
    assert [one.epsg for one in verdict.systems] == [wanted]
    assert verdict.settled and verdict.question("zh") == ""


@pytest.mark.parametrize("east", [430_000, 480_000, 500_000, 550_000])
def test_six_digits_in_the_overlap_are_asked_for(east: float) -> None:
    box = (east, 4_194_000, east + 500, 4_195_000)
    for hints in ({}, {"datum": "cgcs2000"}):
        verdict = judged(box, **hints)
        assert verdict.label == "ambiguous: 4546 or 4547"
        assert not verdict.settled
    assert judged(box, datum="xian80").label == "ambiguous: 2382 or 2383"
    assert numbers(judged(box, datum="cgcs2000", zone=38).systems) == ["4547"]
    assert numbers(judged(box, datum="cgcs2000", zone=114).systems) == ["4547"]  # its meridian
    assert numbers(judged(box, datum="cgcs2000", zone_width_deg=6).systems) == ["4508"]


def test_outside_of_the_overlap_only_the_zone_is_certain() -> None:
    verdict = judged((372_000, 4_194_000, 373_000, 4_195_000))
    assert (verdict.label, numbers(verdict.systems)) == ("unknown datum", ["4547", "2383", "2435"])


def test_the_whole_province_in_one_zone_is_recognised_though_corners_of_its_extent_are_not() -> (
    None
):
    lon, lat = np.meshgrid(np.linspace(110.25, 114.55, 9), np.linspace(34.55, 40.75, 9))
    for zone in (37, 38):
        one = gauss_system("cgcs2000", zone, prefixed=False)
        points = points_from_degrees(np.stack([lon.ravel(), lat.ravel()], axis=1), one)
        box = (*points.min(axis=0), *points.max(axis=0))
        assert numbers(judged(box, datum="cgcs2000").systems) == [one.number]


def test_a_header_that_says_all_is_a_declaration() -> None:
    verdict = judged(ZONE_38, datum="cgcs2000", zone=38, zone_width_deg=3)
    assert (verdict.label, numbers(verdict.systems), codes(verdict)) == ("declared", ["4526"], [])


def test_the_prefix_wins_over_the_zone_in_words_with_a_warning() -> None:
    verdict = judged(ZONE_38, datum="cgcs2000", zone=37)
    assert (verdict.label, numbers(verdict.systems)) == ("certain from magnitude", ["4526"])
    assert codes(verdict) == ["zone_prefix"]
    assert verdict.problems[0].level == "warning"
    assert "37" in verdict.problems[0].message_zh and "38" in verdict.problems[0].message_zh


def test_a_zone_in_words_that_leads_out_of_the_province_is_asked_about() -> None:
    verdict = judged((372_000, 4_194_000, 373_000, 4_195_000), datum="cgcs2000", zone=37)
    assert verdict.label == "ambiguous: 4546 or 4547"
    assert codes(verdict) == ["zone_contradiction"]


def test_a_width_that_does_not_go_with_the_zone_is_told() -> None:
    verdict = judged(ZONE_38, datum="cgcs2000", zone=38, zone_width_deg=6)
    assert codes(verdict) == ["zone_width"]
    assert numbers(verdict.systems) == ["4526"]


def test_six_digits_of_another_province_need_the_zone_in_words() -> None:
    box = (480_000, 3_400_000, 481_000, 3_401_000)  # latitude 30.7
    assert judged(box).label == "unknown"
    verdict = judged(box, datum="cgcs2000", zone=39)
    assert (verdict.label, numbers(verdict.systems)) == ("declared", ["4548"])
    assert numbers(judged((39_480_000, *box[1:2], 39_481_000, box[3])).systems)[0] == "4527"


@pytest.mark.parametrize(
    ("box", "hints"),
    [
        ((37.8, 112.5, 37.9, 112.6), {"declared": "EPSG:4326", "declared_by": "RFC 7946"}),
        ((37.8, 112.5, 37.9, 112.6), {"datum": "cgcs2000"}),
        ((4_194_000, 38_372_000, 4_195_000, 38_373_000), {"datum": "cgcs2000"}),
        ((4_194_000, 38_372_000, 4_195_000, 38_373_000), {"declared": "EPSG:4526"}),
        ((4_194_000, 372_000, 4_195_000, 373_000), {"datum": "cgcs2000"}),
        ((4_194_000, 480_000, 4_195_000, 481_000), {"declared": "EPSG:4547"}),
        ((4_194_000, 636_000, 4_195_000, 637_000), {"declared": UTM}),
    ],
)  # fmt: skip
def test_exchanged_axes_are_certain_in_shanxi_and_told(box, hints) -> None:
    verdict = judged(box, **hints)
    assert verdict.settled and verdict.swap
    assert codes(verdict) == ["axes_swapped"]
    turned = judged((box[1], box[0], box[3], box[2]), **hints)
    assert turned.systems == verdict.systems and not turned.swap and not codes(turned)


def test_degrees_alone_leave_the_datum_open() -> None:
    verdict = judged(DEGREES)
    assert verdict.label == "unknown datum"
    assert numbers(verdict.systems) == ["4490", "GCJ-02", "BD-09", "4610", "4214"]
    assert numbers(judged(DEGREES, datum="gcj02").systems) == ["GCJ-02"]


def test_what_ovital_writes_is_asked_about_though_it_declares_wgs84() -> None:
    hints = {"declared": "EPSG:4326", "declared_by": "KML", "may_be_shifted": True}
    verdict = judged(DEGREES, **hints)
    assert verdict.label == "unknown datum"
    assert numbers(verdict.systems) == ["4326", "GCJ-02"]
    # Its plane formats are not shifted.
    assert judged(ZONE_38, declared="EPSG:4526", may_be_shifted=True).label == "declared"


@pytest.mark.parametrize(
    ("declared", "box", "candidates"),
    [
        ("EPSG:4547", ZONE_38, ["4526"]), ("EPSG:4526", (372_000, 4.1e6, 373_000, 4.2e6), ["4547"]),
        ("EPSG:4525", ZONE_38, ["4526"]), ("EPSG:2383", ZONE_38, ["2362"]),
        ("EPSG:4526", SIX_DIGITS, ["4546", "4547"]), ("EPSG:4526", DEGREES, ["4490"]),
        (UTM, DEGREES, ["4490", "GCJ-02", "BD-09", "4610", "4214"]),
        ("EPSG:4490", ZONE_38, ["4526"]), ("EPSG:4610", ZONE_38, ["2362"]),
    ],
)  # fmt: skip
def test_a_declaration_against_the_numbers_is_told_and_asked_about(
    declared: str, box, candidates: list[str]
) -> None:
    verdict = judged(box, declared=declared, declared_by=".prj")
    assert not verdict.settled
    assert numbers(verdict.systems) == candidates
    assert verdict.problems[0].code == "crs_contradiction"
    assert verdict.problems[0].level == "error"
    assert ".prj" in verdict.problems[0].message_zh
    assert verdict.refuted == system(declared) and verdict.declared is None
    if verdict.basis == "ambiguous":
        assert verdict.label.startswith(f"ambiguous: {declared[5:]} or {candidates[0]}")
    assert verdict.refuted.name("zh") in verdict.question("zh")


def test_the_rule_of_a_format_says_nothing_about_the_datum_of_metres() -> None:
    verdict = judged(ZONE_38, declared="EPSG:4326", declared_by="RFC 7946")
    assert verdict.label == "unknown datum"
    assert numbers(verdict.systems) == ["4526", "2362", "2414"]
    assert codes(verdict) == ["crs_contradiction"]


def test_a_declared_zone_that_leads_out_of_the_province_is_doubted() -> None:
    verdict = judged((600_000, 4.1e6, 601_000, 4.2e6), declared="EPSG:4547")
    assert verdict.label == "declared" and codes(verdict) == ["zone_doubtful"]
    assert "4546" in verdict.problems[0].message_zh
    assert codes(judged(SIX_DIGITS, declared="EPSG:4547")) == []


def test_a_text_that_is_not_understood_is_told_and_the_numbers_are_judged() -> None:
    verdict = judged(ZONE_38, declared='LOCAL_CS["CAD"]', declared_by=".prj")
    assert codes(verdict) == ["crs_not_understood"]
    assert verdict.label == "unknown datum" and numbers(verdict.systems)[0] == "4526"


def test_several_prefixes_in_one_file_are_told() -> None:
    verdict = judged((37_600_000, 4.1e6, 38_400_000, 4.2e6))
    assert (verdict.label, codes(verdict)) == ("unknown", ["mixed_zones"])


@pytest.mark.parametrize(
    "box",
    [(0, 0, 100, 100), (2.3, 48.8, 2.4, 48.9), (0, 0, 38_372_000, 4_194_000), (-5, -5, 5e6, 4e6),
     (1e11, 1e11, 1.1e11, 1.1e11), (38_372_000, -4_194_000, 38_373_000, 4_195_000)],
)  # fmt: skip
def test_other_numbers_are_unknown_and_asked_about(box) -> None:
    verdict = judged(box)
    assert (verdict.label, verdict.systems, verdict.settled) == ("unknown", (), False)
    assert "EPSG" in verdict.question("zh") and len(verdict.reasons_zh) == len(verdict.reasons_en)


@pytest.mark.parametrize("box", [None, (np.nan,) * 4, (np.inf, np.inf, -np.inf, -np.inf)])
def test_without_coordinates_only_a_declaration_counts(box) -> None:
    assert judged(box).label == "unknown"
    verdict = judged(box, declared="EPSG:4526")
    assert verdict.label == "declared" and verdict.settled and verdict.bounds is None


def test_web_mercator_is_recognised_but_its_map_is_asked_for() -> None:
    box = (12_528_000, 4_561_000, 12_529_000, 4_562_000)
    verdict = judged(box)
    assert (verdict.label, numbers(verdict.systems)) == ("unknown datum", ["3857"])
    assert judged(box, declared="EPSG:3857").settled
    assert not judged(ZONE_38, declared="EPSG:3857").settled


def test_words_against_a_declaration_are_told() -> None:
    verdict = judged(ZONE_38, declared="EPSG:4526", datum="xian80")
    assert codes(verdict) == ["datum_contradiction"] and verdict.settled
    assert codes(judged(DEGREES, declared="EPSG:4326", datum="cgcs2000")) == []


# --- verdicts: properties --------------------------------------------------------------------

NO_STEP = SevenParameters(0, 0, 0)
TRUTHS = [one for one in SYSTEMS if one.kind != "mercator"]


@st.composite
def files(draw):
    """A system, and the extent of land of Shanxi written in it, of any size."""
    truth = draw(st.sampled_from(TRUTHS))
    west, east = 110.25, 114.55
    if truth.kind == "gauss":
        half = 0.5 * truth.width_deg + 0.8
        west = max(west, truth.central_meridian - half)
        east = min(east, truth.central_meridian + half)
    lon = sorted(draw(st.lists(st.floats(west, east), min_size=2, max_size=2)))
    lat = sorted(draw(st.lists(st.floats(34.55, 40.75), min_size=2, max_size=2)))
    edge = np.linspace(0, 1, 9)
    lonlat = np.stack(np.meshgrid(lon[0] + (lon[1] - lon[0]) * edge,
                                  lat[0] + (lat[1] - lat[0]) * edge), axis=-1)  # fmt: skip
    points = points_from_degrees(lonlat.reshape(-1, 2), truth, parameters=NO_STEP)
    swap = draw(st.booleans())
    points = points[:, ::-1] if swap else points
    return truth, swap, (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


@given(files(), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=200)
def test_the_truth_is_always_among_the_candidates(file, say_datum, say_zone, say_width) -> None:
    truth, swap, box = file
    verdict = judged(box, datum=truth.datum if say_datum else "",
                     zone=truth.zone if say_zone else None,
                     zone_width_deg=truth.width_deg if say_width else None)  # fmt: skip
    as_cgcs2000 = truth
    if verdict.basis == "ambiguous" and not say_datum:
        # Zones are told in CGCS2000 when two things are open at once.
        as_cgcs2000 = gauss_system("cgcs2000", truth.zone, prefixed=truth.prefixed)
    assert any(as_cgcs2000.same_places(one) for one in verdict.systems), verdict
    assert verdict.swap == swap
    if verdict.settled:
        assert say_datum and verdict.systems[0].same_places(truth)
    elif truth.prefixed:
        assert not say_datum


@given(files())
@settings(max_examples=200)
def test_a_true_declaration_is_believed(file) -> None:
    truth, swap, box = file
    verdict = judged(box, declared=truth.key)
    assert verdict.label == "declared" and verdict.systems == (truth,)
    assert verdict.swap == swap


@given(st.tuples(*[st.floats(-1e13, 1e13)] * 4), st.sampled_from(["", *(s.key for s in SYSTEMS)]),
       st.one_of(st.none(), st.integers(-10, 150)), st.sampled_from([None, 3, 6, 5]))  # fmt: skip
@settings(max_examples=200)
def test_any_numbers_get_a_verdict(values, declared, zone, width) -> None:
    x0, x1 = sorted(values[::2])
    y0, y1 = sorted(values[1::2])
    verdict = judged((x0, y0, x1, y1), declared=declared, zone=zone, zone_width_deg=width)
    assert verdict.settled == (verdict.question("en") == "")
    assert bool(verdict.systems) == (verdict.basis != "unknown")


# --- zone and datum are two questions ------------------------------------------------------------


def test_of_an_open_zone_the_datum_is_open_too_and_the_question_says_so() -> None:
    found = judged(SIX_DIGITS)
    assert found.label == "ambiguous: 4546 or 4547" and found.datum_open
    for lang, name in (("zh", "2000国家大地坐标系"), ("en", "CGCS2000")):
        asked = found.question(lang)
        assert name in asked and all(number in asked for number in ("2382", "2383", "2434", "2435"))
    assert "由您认定" in found.question("zh")
    said = judged(SIX_DIGITS, datum="xian80")
    assert said.label == "ambiguous: 2382 or 2383" and not said.datum_open
    assert "认定" not in said.question("zh")
    assert judged(ZONE_38).datum_open and not judged(DEGREES).datum_open


def test_the_same_zone_on_another_datum() -> None:
    assert on_datum(system("EPSG:4547"), "xian80").number == "2383"
    assert on_datum(system("EPSG:4497"), "beijing54").number == "21419"
    with pytest.raises(ValueError, match="GCJ-02"):
        on_datum(system("GCJ-02"), "cgcs2000")


@pytest.mark.parametrize("box", [ZONE_38, (4_194_000.0, 38_372_000.0, 4_195_000.0, 38_373_000.0)])
def test_the_extent_is_told_as_easting_and_northing_whichever_comes_first(box) -> None:
    told = judged(box).reasons("zh")[0]
    assert told == "横坐标（东）从 38372000 到 38373000，纵坐标（北）从 4194000 到 4195000"
    assert judged(box).reasons("en")[0].startswith("eastings from 38372000 to 38373000, northings")
    assert judged(DEGREES).reasons("zh")[0].startswith("经度从 112.5 到 112.6，纬度从 37.8")
    assert judged((0.0, 0.0, 9.0, 8.0)).reasons("zh")[0].startswith("第一个坐标从 0 到 9")
