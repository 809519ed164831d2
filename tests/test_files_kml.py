"""KML: folders, attributes, geometries; 奥维's files are asked about; entities are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError
from geo.files import open_file, read_frame
from geo.files.kml import positions
from geo.files.shapes import BadShapeError, Found
from geo.limits import Limits

RING = "112,37,0 113,37,0 113,38,0 112,38,0 112,37,0"
INNER = "112.2,37.2 112.4,37.2 112.4,37.4 112.2,37.2"


def document(body: str, *, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return f'{head}\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'


def placemark(geometry: str = "", more: str = "") -> str:
    return f"<Placemark>{more}{geometry}</Placemark>"


def polygon(outer: str = RING, *inner: str) -> str:
    def ring(text: str) -> str:
        return f"<LinearRing><coordinates>{text}</coordinates></LinearRing>"

    holes = "".join(f"<innerBoundaryIs>{ring(text)}</innerBoundaryIs>" for text in inner)
    return f"<Polygon>{holes}<outerBoundaryIs>{ring(outer)}</outerBoundaryIs></Polygon>"


def written(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "a.kml") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def refused(path: Path, code: str, limits: Limits | None = None) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        open_file(path, limits=limits or Limits())
    assert caught.value.code == code, str(caught.value)
    assert " / " in caught.value.message and "\n" not in caught.value.message
    return caught.value


def codes(path: Path) -> list[tuple[str, int | None]]:
    file = open_file(path)
    found = [*file.problems, *(p for batch in file.read() for p in batch.problems)]
    return [(p.code, p.feature) for p in found]


def test_folders_attributes_and_texts_become_columns(tmp_path) -> None:
    data = (
        '<ExtendedData><Data name="用途"><displayName>x</displayName><value>工业</value></Data>'
        '<SchemaData><SimpleData name="面积">1.5</SimpleData></SchemaData><自定>甲</自定>'
        "</ExtendedData>"
    )
    path = written(tmp_path, document(
        '<name>文档</name><Schema><SimpleField type="double" name="面积"/></Schema>'
        "<Folder><name>市</name><Folder><name>县</name>"
        + placemark(polygon(RING, INNER), "<name>太原 &amp; 晋中</name>" + data)
        + "</Folder>"
        + placemark(more="<description><![CDATA[<script>alert(1)</script>]]></description>")
        + "</Folder>" + placemark(more="<TimeSpan><begin>2020</begin></TimeSpan>")
    ))  # fmt: skip
    file = open_file(path)
    frame = read_frame(file)
    assert frame["folder"].tolist()[:2] == ["市/县", "市"] and frame["folder"].isna()[2]
    assert frame["name"][0] == "太原 & 晋中" and frame["面积"][0] == 1.5
    assert frame["用途"][0] == "工业" and frame["自定"][0] == "甲" and frame["begin"][2] == "2020"
    assert frame["description"][1] == "<script>alert(1)</script>", "kept as text, nothing runs it"
    assert frame.geometry[0].area == pytest.approx(0.98) and frame.geometry[1:].isna().all()
    assert next(iter(file.read())).lines[0] == 2
    assert (file.hints.declared, file.hints.declared_by) == ("EPSG:4326", "KML")
    assert not file.hints.may_be_shifted


def test_all_geometries_are_read(tmp_path) -> None:
    point = "<Point><coordinates>112,37,5</coordinates></Point>"
    line = "<LineString><coordinates>112,37 113,38</coordinates></LineString>"
    ring = f"<LinearRing><coordinates>{RING}</coordinates></LinearRing>"
    places = "<gx:coord>112 37 1</gx:coord><gx:coord>113 38 2</gx:coord>"
    track = f"<gx:Track><when>1</when>{places}</gx:Track>"
    cases = {
        "Point": point, "LineString": line,
        "MultiPoint": f"<MultiGeometry>{point * 2}</MultiGeometry>",
        "MultiLineString": f"<gx:MultiTrack>{track * 2}</gx:MultiTrack>",
        "MultiPolygon": f"<MultiGeometry>{polygon() * 2}</MultiGeometry>",
        "GeometryCollection": f"<MultiGeometry>{point}{polygon()}</MultiGeometry>",
    }  # fmt: skip
    texts = [*cases.values(), ring, track]
    path = written(tmp_path, document("".join(placemark(text) for text in texts)))
    frame = read_frame(open_file(path))
    assert frame.geometry.geom_type.tolist() == [*cases, "LineString", "LineString"]
    assert not shapely.has_z(frame.geometry.to_numpy()).any()
    assert codes(path) == [("z_dropped", None)]


def test_faults_are_told_with_feature_and_line_and_the_rest_is_kept(tmp_path) -> None:
    bad = "<LineString><coordinates>112,x 1,2</coordinates></LineString>"
    texts = [
        polygon("112,37 113,37 113,38"), polygon("112,37 113,37"), bad,
        f"<MultiGeometry>{bad}<Point><coordinates>1,2</coordinates></Point></MultiGeometry>",
        "<Point><coordinates>nan,37</coordinates></Point>", "<Point><coordinates/></Point>",
        "<NetworkLink><Link><href>http://example.com/x.kml</href></Link></NetworkLink>",
        "<Model><Link/></Model>", polygon(RING, "1,nan 2,2 3,3 1,nan"),
    ]  # fmt: skip
    path = written(tmp_path, document("\n".join(placemark(text) for text in texts)))
    file = open_file(path)
    assert [(p.code, p.count) for p in file.problems] == [("network_link", 1), ("model_ignored", 1)]
    (batch,) = file.read()
    assert [(p.code, p.feature, p.line) for p in batch.problems] == [
        ("unclosed_ring", 1, 2), ("short_ring", 2, 3), ("bad_geometry", 3, 4),
        ("bad_geometry", 4, 5), ("not_finite", 5, 6), ("not_finite", 9, 10),
    ]  # fmt: skip
    frame = read_frame(file)
    assert [i for i, missing in enumerate(frame.geometry.isna()) if not missing] == [0, 3]


@pytest.mark.parametrize("mark", ["<!-- 奥维互动地图 -->", "<OvStyle/>", "<!-- www.ovital.com -->"])
def test_files_of_ovital_may_be_shifted_and_are_asked_about(mark, tmp_path) -> None:
    hints = open_file(written(tmp_path, document(mark + placemark(polygon())))).hints
    assert hints.may_be_shifted and hints.producer == "奥维"
    assert hints.declared == "EPSG:4326"


def test_ovkml_and_ovkmz_may_always_be_shifted(tmp_path) -> None:
    text = document(placemark(polygon()))
    path = written(tmp_path, text, name="a.ovkml")
    assert open_file(path).hints.may_be_shifted and open_file(path).problems == ()
    with zipfile.ZipFile(tmp_path / "a.ovkmz", "w") as out:
        out.writestr("doc.kml", text)
    file = open_file(tmp_path / "a.ovkmz")
    assert file.format == "kml" and file.hints.may_be_shifted


def test_encodings_are_found_even_where_the_file_lies(tmp_path) -> None:
    body = placemark(polygon(), "<name>太原市中北高新区</name>")
    gbk = document(body, head='<?xml version="1.0" encoding="GB2312"?>')
    for text, encoding, name, told in (
        (document(body), "utf-8", "utf-8", []),
        (document(body), "utf-8-sig", "utf-8", []),
        (document(body, head=""), "utf-16", "utf-16-le", []),
        (gbk, "gbk", "gb18030", []),
        (gbk, "utf-8", "utf-8", ["encoding_mismatch"]),
        (document(body), "gbk", "gb18030", ["encoding_mismatch"]),
        (document(body, head=""), "gbk", "gb18030", []),
    ):
        file = open_file(written(tmp_path, text.lstrip(), encoding=encoding))
        assert file.encoding.name == name and [p.code for p in file.problems] == told
        assert read_frame(file)["name"][0] == "太原市中北高新区"


LAUGHS = "".join(
    f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10)
)  # ten to the ninth of the first


@pytest.mark.parametrize(
    "dtd",
    [
        f'<!DOCTYPE kml [<!ENTITY l0 "lol">{LAUGHS}]>',
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE kml [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
        f'<!DOCTYPE kml [<!ENTITY a "{"x" * 10_000}">]>',
        "<!DOCTYPE kml>",
    ],
)
def test_entities_and_document_types_are_refused(dtd, tmp_path) -> None:
    text = document(placemark(more="<name>&l9;&x;&a;</name>"), head=f"<?xml version='1.0'?>{dtd}")
    refused(written(tmp_path, text), "xml_entities")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (document(placemark() + "<Folder>"), "bad_xml"),
        (document(placemark())[:-3], "bad_xml"),
        (document("<name>&nbsp;</name>"), "bad_xml"),
        (document("<Placemark name=a/>"), "bad_xml"),
        ("<kml/>", ""),
        ("<gpx><wpt/></gpx>", "not_kml"),
        (document("<Folder>" * 100 + "</Folder>" * 100), "nested_too_deep"),
        (document(placemark("<MultiGeometry>" * 90 + "</MultiGeometry>" * 90)), "nested_too_deep"),
    ],
)
def test_broken_and_foreign_xml_is_refused_with_its_line(text, code, tmp_path) -> None:
    path = written(tmp_path, text)
    if not code:
        assert len(read_frame(open_file(path))) == 0
        return
    error = refused(path, code)
    assert code != "bad_xml" or error.line in (1, 2)


def test_limits_hold_for_kml(tmp_path) -> None:
    path = written(tmp_path, document(placemark(polygon()) * 11))
    refused(path, "too_many_features", Limits(features=10))
    refused(path, "too_many_vertices", Limits(vertices=50))
    refused(path, "ring_too_long", Limits(ring_vertices=4))
    refused(path, "too_large", Limits(text_bytes=100))
    fields = "".join(f'<SimpleField type="int" name="f{i}"/>' for i in range(2_001))
    refused(written(tmp_path, document(f"<Schema>{fields}</Schema>")), "too_many_columns")


def test_coordinates_in_the_ways_they_are_written() -> None:
    wanted = [[112.0, 37.5], [113.0, 38.5]]
    for text in (
        "112,37.5,0 113,38.5,0", "112,37.5 113,38.5", " 112,37.5\n\t113,38.5 ",
        "112,37.5,7 113,38.5",
        "112, 37.5, 0 113, 38.5, 0", "112 ,37.5\n,0 113,38.5,0", "1.12e2,37.5 113,38.5",
    ):  # fmt: skip
        assert positions(text, Found()).tolist() == wanted, text
    assert len(positions("  ", Found())) == 0
    for text, code in (
        ("1 2 3", "bad_geometry"), ("1,2;3,4", "bad_geometry"), (",,", "bad_geometry"),
        ("1,inf", "not_finite"), ("1,1e999", "not_finite"), ("一,二", "bad_geometry"),
    ):  # fmt: skip
        with pytest.raises(BadShapeError) as caught:
            positions(text, Found())
        assert caught.value.code == code, text


@given(text=st.text("0123456789.,-+eE \nnaif", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_of_coordinates_is_read_or_called_bad(text) -> None:
    try:
        found = positions(text, Found())
    except BadShapeError:
        return
    assert found.shape[1] == 2 and np.isfinite(found).all()
