"""Hostile GeoJSON and KML: deep, huge, cut off, with entities, scripts, numbers that are none."""

from __future__ import annotations

import json
from pathlib import Path

from corpus import Collected

CASES = Collected()

KML = '<?xml version="1.0" encoding="UTF-8"?>{dtd}<kml xmlns="http://www.opengis.net/kml/2.2">{body}</kml>'
MARK = (
    "<Placemark><name>{name}</name><Point><coordinates>112.5,37.8</coordinates></Point></Placemark>"
)
SCRIPT = "<script>alert(document.cookie)</script>"
FORMULA = '=HYPERLINK("http://evil/?",A1)'


def kml(path: Path, body: str, dtd: str = "") -> None:
    path.write_text(KML.format(dtd=dtd, body=body), encoding="utf-8")


def collection(features: str) -> str:
    return f'{{"type":"FeatureCollection","features":[{features}]}}'


def feature(geometry: str, properties: str = "{}") -> str:
    return f'{{"type":"Feature","properties":{properties},"geometry":{geometry}}}'


POINT = '{"type":"Point","coordinates":[112.5,37.8]}'


@CASES("geojson_100k_brackets", "deep.geojson", refused="nested_too_deep")
def deep_brackets(path: Path) -> None:
    inner = "[" * 100_000 + "]" * 100_000
    path.write_text(collection(feature(f'{{"type":"Polygon","coordinates":{inner}}}')))


@CASES("geojson_unclosed_brackets", "deep.geojson", refused="nested_too_deep bad_json")
def open_brackets(path: Path) -> None:
    path.write_text('{"type":"FeatureCollection","features":' + "[" * 1_000_000)


@CASES("geojson_deep_properties", "deep.geojson", refused="nested_too_deep")
def deep_properties(path: Path) -> None:
    inner = '{"a":' * 100_000 + "1" + "}" * 100_000
    path.write_text(collection(feature(POINT, inner)))


@CASES("geojson_nested_collections", "deep.geojson", refused="nested_too_deep")
def deep_collections(path: Path) -> None:
    shape = POINT
    for _ in range(400):
        shape = f'{{"type":"GeometryCollection","geometries":[{shape}]}}'
    path.write_text(collection(feature(shape)))


@CASES("geojson_ring_of_10_million", "ring.geojson", refused="ring_too_long too_many_vertices")
def huge_ring(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},')
        file.write(b'"geometry":{"type":"Polygon","coordinates":[[')
        for _ in range(100):
            file.write(b"[1,2]," * 100_000)
        file.write(b"[1,2]]]}}]}")


@CASES("geojson_nan", "nan.geojson", refused="bad_json")
def nan(path: Path) -> None:
    path.write_text(collection(feature('{"type":"Point","coordinates":[NaN,37.8]}')))


@CASES("geojson_infinity", "infinity.geojson", refused="bad_json")
def infinity(path: Path) -> None:
    path.write_text(collection(feature('{"type":"Point","coordinates":[-Infinity,37.8]}')))


@CASES("geojson_1e999", "huge.geojson", refused="bad_json")
def overflow(path: Path) -> None:
    path.write_text(collection(feature('{"type":"Point","coordinates":[1e999,37.8]}')))


@CASES("geojson_million_digits", "digits.geojson", refused="bad_json")
def digits(path: Path) -> None:
    path.write_text(collection(feature(f'{{"type":"Point","coordinates":[{"9" * 1_000_000},1]}}')))


@CASES("geojson_wrong_types", "types.geojson", told="bad_geometry", features=6)
def wrong_types(path: Path) -> None:
    shapes = [
        '{"type":"Point","coordinates":"112,37"}', '{"type":"Polygon","coordinates":[1,2,3]}',
        '{"type":"Polygon","coordinates":[[["a","b"],[1,2],[3,4],["a","b"]]]}', "17",
        '{"type":["Point"],"coordinates":[1,2]}',
        '{"type":"GeometryCollection","geometries":{"a":1}}',
    ]  # fmt: skip
    path.write_text(collection(",".join(feature(shape) for shape in shapes)))


@CASES("geojson_features_no_list", "types.geojson", refused="not_geojson bad_json")
def features_no_list(path: Path) -> None:
    path.write_text('{"type":"FeatureCollection","features":{"a":1}}')


@CASES("geojson_truncated", "cut.geojson", refused="bad_json truncated")
def truncated(path: Path) -> None:
    whole = collection(",".join(feature(POINT) for _ in range(100)))
    path.write_text(whole[: len(whole) * 2 // 3])


@CASES("geojson_cut_in_a_character", "cut.geojson", refused="truncated bad_json bad_encoding")
def cut_character(path: Path) -> None:
    whole = collection(feature(POINT, '{"名称":"一号地块二号地块"}')).encode()
    path.write_bytes(whole[: whole.index("块二".encode()) + 1])


@CASES("geojson_duplicate_keys", "twice.geojson", features=1)
def duplicate_keys(path: Path) -> None:
    path.write_text(collection(feature(POINT, '{"a":1,"a":2,"a":[3]}')))


@CASES("geojson_bom_utf16", "wide.geojson", features=1)
def utf16(path: Path) -> None:
    path.write_bytes(collection(feature(POINT, '{"名称":"一"}')).encode("utf-16"))


@CASES("geojson_lone_surrogates", "half.geojson", refused="bad_json")
def surrogates(path: Path) -> None:
    path.write_text(collection(feature(POINT, '{"a":"\\ud800","\\udfff":1}')))


@CASES("geojson_scripts_and_formulas", "evil.geojson", features=1)
def evil_values(path: Path) -> None:
    values = {"a": SCRIPT, "b": FORMULA, "geometry": "x", "": 1, "c\nd": "{{7*7}}", "e": "\x00"}
    path.write_text(collection(feature(POINT, json.dumps(values))))


@CASES("geojson_many_columns", "wide.geojson", refused="too_many_columns")
def many_columns(path: Path) -> None:
    path.write_text(
        collection(",".join(feature(POINT, f'{{"k{index}":1}}') for index in range(50_000)))
    )


@CASES("geojson_empty_file", "empty.geojson", refused="empty_file")
def empty(path: Path) -> None:
    path.write_bytes(b"")


@CASES("geojson_only_blanks", "blank.geojson", refused="empty_file")
def blanks(path: Path) -> None:
    path.write_bytes(b" \r\n\t" * 1_000)


@CASES("geojson_pretends_to_be_shp", "a.shp", told="extension_mismatch", features=1)
def pretends(path: Path) -> None:
    path.write_text(collection(feature(POINT)))


LAUGHS = (
    '<!DOCTYPE kml [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12)
    )
    + "]>"
)  # fmt: skip


@CASES("kml_billion_laughs", "laughs.kml", refused="xml_entities")
def laughs(path: Path) -> None:
    kml(path, MARK.format(name="&m;"), LAUGHS)


@CASES("kml_external_entity", "file.kml", refused="xml_entities")
def external(path: Path) -> None:
    kml(path, MARK.format(name="&x;"), '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>')


@CASES("kml_parameter_entity", "file.kml", refused="xml_entities")
def parameter(path: Path) -> None:
    kml(path, MARK.format(name="x"), '<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/evil.dtd">')


@CASES("kml_quadratic_blowup", "blowup.kml", refused="xml_entities")
def quadratic(path: Path) -> None:
    kml(path, MARK.format(name="&a;" * 50_000), f'<!DOCTYPE kml [<!ENTITY a "{"x" * 50_000}">]>')


@CASES("kml_100k_folders", "deep.kml", refused="nested_too_deep")
def deep_folders(path: Path) -> None:
    kml(path, "<Folder>" * 100_000 + "</Folder>" * 100_000)


@CASES("kml_huge_text", "text.kml", features=1)
def huge_text(path: Path) -> None:
    kml(path, MARK.format(name="x" * 40_000_000))


@CASES("kml_million_coordinates_in_a_ring", "ring.kml", refused="ring_too_long too_many_vertices")
def long_ring(path: Path) -> None:
    ring = "1,2 " * 10_000_000
    kml(
        path,
        "<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>",
    )


@CASES("kml_million_blanks_between_coordinates", "a.kml", features=1)
def blanks_between(path: Path) -> None:
    kml(
        path,
        f"<Placemark><LineString><coordinates>1,2{' ' * 1_000_000}3 , 4,{' ' * 1_000_000}x"
        "</coordinates></LineString></Placemark>",
    )


@CASES("kml_scripts", "evil.kml", features=2)
def kml_scripts(path: Path) -> None:
    kml(
        path,
        "<Document>" + MARK.format(name=SCRIPT.replace("<", "&lt;"))
        + f"<Placemark><name>{FORMULA}</name><description><![CDATA[{SCRIPT}]]></description>"
        "<Point><coordinates>112,37</coordinates></Point></Placemark></Document>",
    )  # fmt: skip


@CASES("kml_network_link", "link.kml", told="network_link", features=1)
def network_link(path: Path) -> None:
    link = "<NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink>"
    kml(path, f"<Document>{link}{MARK.format(name='a')}</Document>")


@CASES("kml_numbers_that_are_none", "nan.kml", told="not_finite bad_geometry", features=3)
def kml_nan(path: Path) -> None:
    marks = [
        f"<Placemark><Point><coordinates>{text}</coordinates></Point></Placemark>"
        for text in ("nan,37", "1e999,37", "eleven,37")
    ]
    kml(path, f"<Document>{''.join(marks)}</Document>")


@CASES("kml_truncated", "cut.kml", refused="bad_xml")
def kml_truncated(path: Path) -> None:
    kml(path, MARK.format(name="a") * 10)
    path.write_bytes(path.read_bytes()[:-60])


@CASES("kml_lying_encoding", "lying.kml", told="encoding_mismatch", features=1)
def kml_encoding(path: Path) -> None:
    text = KML.format(dtd="", body=MARK.format(name="一号地块"))
    path.write_bytes(text.encode("gb18030"))


@CASES("kml_codec_that_is_none", "codec.kml", features=1)
def kml_codec(path: Path) -> None:
    text = KML.format(dtd="", body=MARK.format(name="a")).replace("UTF-8", "rot13")
    path.write_text(text)


@CASES("kml_html_page", "page.kml", refused="not_kml bad_xml unknown_format xml_entities")
def html(path: Path) -> None:
    path.write_text(f"<!DOCTYPE html><html><body onload=alert(1)>{SCRIPT}</body></html>")
