"""Files are what they hold, not what they are called; every refusal says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError, LimitError
from geo.files import FORMATS, open_file, opening, read_frame, write_file
from geo.files.featurefile import Encoding, FeatureFile
from geo.files.sniff import is_survey_text, sniff
from geo.limits import Limits
from geo.reference import CrsHints

FRAME = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.box(112, 37, 113, 38)], crs=4490)


def refused(path: Path, code: str, limits: Limits | None = None) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        open_file(path, limits=limits or Limits())
    assert caught.value.code == code, str(caught.value)
    assert " / " in caught.value.message and "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    "said", [".gpkg", ".fgb", ".parquet", ".geojson", ".kml", ".shp", ".txt", ""]
)
@pytest.mark.parametrize("really", [".gpkg", ".fgb", ".parquet", ".geojson", ".kml"])
def test_the_content_decides_and_a_wrong_name_is_told(really, said, tmp_path) -> None:
    write_file(FRAME, tmp_path / f"a{really}")
    path = (tmp_path / f"a{really}").rename(tmp_path / f"b{said}")
    file = open_file(path)
    assert file.format == really[1:] and len(read_frame(file)) == 1
    told = [p.message_zh for p in file.problems if p.code == "extension_mismatch"]
    assert len(told) == (said not in ("", really))
    assert all(f"扩展名是 {said}" in text for text in told)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        ("[地块坐标]\n".encode("gbk"), "a.csv", "txt"),
        ("4,1.5,1,甲,面,,工业,,@\nJ1,1,4194000.5,37636000.5".encode(), "a.dat", "txt"),
        ("［属性描述］\n".encode("utf-16"), "a.txt", "txt"),
        (b"id,x,y\n1,2,3", "a.csv", "csv"),
        (b"id\tx\ty", "a.TSV", "csv"),
        (b"1,2,3", "a.txt", "txt"),
        (b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "a.dxf", "dxf"),
        (b"999\nmade by\n0\nSECTION\n", "a.txt", "dxf"),
        (b"AutoCAD Binary DXF\r\n\x1a\x00...", "a.dxf", "dxf"),
        (b'\n {"type":"Feature"}', "a.txt", "geojson"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><kml>", "a.xml", "kml"),
        (b"<?xml version='1.0'?><!DOCTYPE x>", "a.kml", "kml"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "xls"),
    ],
)
def test_contents_are_told_apart(data, name, kind, tmp_path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert sniff(path, Limits()) == kind and kind in FORMATS


@pytest.mark.parametrize(
    ("data", "name", "code", "words"),
    [
        (b"", "a.shp", "empty_file", "空文件"),
        (b"\x00" * 50, "a.geojson", "empty_file", "空文件"),
        (b"AC1032\x00\x00", "a.dwg", "unknown_format", "另存为 DXF"),
        (b"Rar!\x1a\x07", "a.rar", "unknown_format", "ZIP"),
        (b"7z\xbc\xaf\x27\x1c", "a.7z", "unknown_format", "ZIP"),
        (b"%PDF-1.7", "a.pdf", "unknown_format", "PDF"),
        (b"\x89PNG\r\n", "a.png", "unknown_format", "图片"),
        (b"<html><body>", "a.kml.html", "unknown_format", "不是 KML"),
        (b"hello", "a.shp", "not_what_it_says", "Shapefile"),
        (b"hello", "a.zip", "not_what_it_says", "Shapefile"),
        (b"hello", "a.xlsx", "not_what_it_says", "Excel"),
        (b"abc\x00\x01\x02def\x00", "a.bin", "unknown_format", "可用的格式"),
        (b"PK\x03\x04 and nothing else", "a.zip", "bad_zip", "损坏"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(data, name, code, words, tmp_path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert words in refused(path, code).message


def test_no_file_a_folder_and_too_large_a_file(tmp_path) -> None:
    refused(tmp_path / "a.shp", "no_file")
    assert "ZIP" in refused(tmp_path, "no_file").message
    path = tmp_path / "a.geojson"
    path.write_bytes(b"{}" * 100)
    error = refused(path, "too_large", Limits(file_bytes=199))
    assert isinstance(error, LimitError)


def test_what_only_looks_like_a_file_is_refused_without_waiting_for_it(tmp_path) -> None:
    empty = tmp_path / "a.txt"
    empty.touch()
    assert "空文件" in refused(empty, "empty_file").message
    refused(Path("/proc/self/status"), "empty_file")  # endless ones there have no size either
    os.mkfifo(tmp_path / "a.geojson")
    assert "管道" in refused(tmp_path / "a.geojson", "no_file").message


def test_documents_of_word_are_told_from_workbooks(tmp_path) -> None:
    import zipfile

    for inner, code in (("word/document.xml", "unknown_format"), ("xl/workbook.xml", None)):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("[Content_Types].xml", "<Types/>")
            out.writestr(inner, "<x/>")
        if code:
            refused(path, code)
        else:
            assert sniff(path, Limits()) == "xlsx"


def test_whatever_a_library_raises_is_one_of_our_errors(tmp_path, monkeypatch) -> None:
    path = tmp_path / "a.geojson"
    path.write_text('{"type":"FeatureCollection","features":[]}')

    def broken(*_: object) -> FeatureFile:
        raise ZeroDivisionError("division\nby zero")

    def later(*_: object) -> FeatureFile:
        def read():
            yield from ()
            raise MemoryError

        return FeatureFile(path=path, format="geojson", encoding=Encoding(), columns=(),
                           hints=CrsHints(), read=read)  # fmt: skip

    monkeypatch.setattr("geo.files.geojson.open_geojson", broken)
    error = refused(path, "reader_fault")
    assert "ZeroDivisionError" in error.message
    monkeypatch.setattr("geo.files.geojson.open_geojson", later)
    with pytest.raises(LimitError) as caught:
        list(open_file(path).read())
    assert caught.value.code == "out_of_memory"


def test_a_table_called_txt_is_no_mismatch(tmp_path) -> None:
    path = tmp_path / "a.txt"
    file = FeatureFile(path=path, format="csv", encoding=Encoding(), columns=(), hints=CrsHints(),
                       read=lambda: iter(()))  # fmt: skip
    assert opening._told(file, path) is file
    assert opening._told(file, tmp_path / "a.gpkg").problems[0].code == "extension_mismatch"


def test_marks_of_survey_text() -> None:
    for text in ("[地块坐标]", "［ 属性描述 ］", "4,1,甲,乙,面,,,,@", "3，1，2，@ \n"):
        assert is_survey_text(text), text
    for text in ("a@b.c,1", "x,y\n1,2", "@", "名称,电话@\t1"):
        assert not is_survey_text(text), text


@given(
    data=st.binary(max_size=200),
    name=st.sampled_from(["a.geojson", "a.kml", "a.shp", "a", "a.zip"]),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_under_any_name_are_answered(data, name, tmp_path_factory) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(data)
    try:
        kind = sniff(path, Limits())
    except FileRefusedError as error:
        assert error.code not in ("", "reader_fault")
        return
    assert kind == "zip" or kind in FORMATS
