"""ZIP archives from strangers: names in GBK, choices, bombs, ways out, and nothing left behind."""

from __future__ import annotations

import errno
import gc
import io
import os
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError, LimitError
from geo.files import ReadOptions, open_file, read_frame, write_file
from geo.files.archive import check_zip, members
from geo.files.archivenames import member_name, safe_name
from geo.limits import MB, Limits

LIMITS = Limits()
FRAME = gpd.GeoDataFrame(
    {"名称": ["甲地块", "乙地块"]},
    geometry=[shapely.box(112, 37, 113, 38), shapely.box(113, 37, 114, 38)],
    crs=4490,
)


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """A folder of its own for temporary files, so that what is left there is seen."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def archive(path: Path, *entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as out:
        for name, data in entries:
            out.writestr(name, data)
    return path


def shapefile(folder: Path, name: str = "层") -> list[tuple[str, bytes]]:
    inner = folder / "inner"
    inner.mkdir(exist_ok=True)
    write_file(FRAME, inner / f"{name}.shp")
    return [(p.name, p.read_bytes()) for p in sorted(inner.glob(f"{name}.*"))]


def raw_zip(path: Path, entries: list[tuple[bytes, bytes]]) -> Path:
    """An archive as older Windows programs make it: names in GBK, without the mark of UTF-8."""
    body, directory = io.BytesIO(), io.BytesIO()
    for name, data in entries:
        at = body.tell()
        head = struct.pack("<5H3L2H", 20, 0, 0, 0, 0, zipfile.crc32(data), len(data), len(data),
                           len(name), 0)  # fmt: skip
        body.write(b"PK\x03\x04" + head + name + data)
        directory.write(
            b"PK\x01\x02" + struct.pack("<H", 20) + head + struct.pack("<3H2L", 0, 0, 0, 0, at)
            + name
        )  # fmt: skip
    start = body.tell()
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries), len(entries),
                      directory.tell(), start, 0)  # fmt: skip
    path.write_bytes(body.getvalue() + directory.getvalue() + end)
    return path


def refused(path: Path, code: str, limits: Limits = LIMITS, **options: str) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        open_file(path, ReadOptions(**options), limits=limits)
    assert caught.value.code == code, str(caught.value)
    assert " / " in caught.value.message and "\n" not in caught.value.message
    return caught.value


def test_gbk_names_in_nested_folders_are_read_and_nothing_is_left(tmp_path, scratch) -> None:
    entries = [
        (f"报件/图形/{name}".encode("gbk"), data) for name, data in shapefile(tmp_path, "地块范围")
    ]
    path = raw_zip(tmp_path / "报件.zip", [("报件/".encode("gbk"), b""), *entries])
    file = open_file(path)
    assert file.members == ("报件/图形/地块范围.shp",) and file.path == path
    assert list(read_frame(file)["名称"]) == ["甲地块", "乙地块"]
    assert len(list(scratch.iterdir())) > 0, "it is read again from where it was unpacked"
    assert len(read_frame(file)) == 2
    del file
    gc.collect()
    assert list(scratch.iterdir()) == []


def test_the_folder_stays_while_someone_reads(tmp_path, scratch) -> None:
    path = archive(tmp_path / "a.zip", *shapefile(tmp_path))
    reading = open_file(path).read()
    gc.collect()
    assert next(reading).table.num_rows == 2
    reading.close()
    del reading
    gc.collect()
    assert list(scratch.iterdir()) == []


def test_names_of_macos_and_of_the_unicode_extra_field_are_understood(tmp_path) -> None:
    path = raw_zip(tmp_path / "a.zip", [("太原/范围.geojson".encode(), b"{}")])
    assert [m.name for m in members(path, Limits())] == ["太原/范围.geojson"]
    info = zipfile.ZipInfo("x")
    info.orig_filename = "范围.shp".encode("gbk").decode("cp437")
    said = "别名.shp".encode()
    body = b"\x01" + struct.pack("<L", zipfile.crc32("范围.shp".encode("gbk"))) + said
    info.extra = struct.pack("<HH", 0x7075, len(body)) + body
    info.flag_bits = 0
    assert member_name(info) == "别名.shp"
    info.extra = b""
    assert member_name(info) == "范围.shp"


def test_several_files_inside_are_asked_for(tmp_path) -> None:
    entries = shapefile(tmp_path, "甲") + shapefile(tmp_path, "乙")
    entries += [("说明.txt", b"read me"), ("表.csv", b"a,b"), ("__MACOSX/._甲.shp", b"x")]
    path = archive(tmp_path / "a.zip", *entries)
    error = refused(path, "choose_member")
    assert error.faults == ("甲.shp", "乙.shp")
    file = open_file(path, ReadOptions(member="乙.shp"))
    assert file.members == ("甲.shp", "乙.shp") and len(read_frame(file)) == 2
    assert refused(path, "no_member", member="丙.shp").faults == ("甲.shp", "乙.shp")
    refused(archive(tmp_path / "b.zip", ("图.bmp", b"BM")), "no_member")


def test_other_formats_in_archives_and_kmz(tmp_path) -> None:
    for extension in (".geojson", ".gpkg", ".fgb", ".parquet", ".kml"):
        write_file(FRAME, tmp_path / f"a{extension}")
        data = (tmp_path / f"a{extension}").read_bytes()
        path = archive(tmp_path / f"{extension[1:]}.zip", (f"文件夹/a{extension}", data))
        file = open_file(path)
        assert file.members == (f"文件夹/a{extension}",)
        assert list(read_frame(file).sort_values("名称")["名称"]) == ["乙地块", "甲地块"]
    kml = (tmp_path / "a.kml").read_bytes()
    kmz = archive(tmp_path / "a.kmz", ("doc.kml", kml), ("files/other.kml", kml), ("p.png", b"1"))
    file = open_file(kmz)
    assert file.format == "kml" and file.members == ("doc.kml",) and file.problems == ()


@pytest.mark.parametrize(
    "name",
    ["../a.geojson", "a/../../b.geojson", "/etc/a.geojson", "C:\\a.geojson", "..\\a.geojson",
     "a\nb.geojson", "a\x1bb.geojson", "x" * 2000 + ".geojson"],
)  # fmt: skip
def test_names_that_lead_out_of_the_folder_are_refused(name, tmp_path, scratch) -> None:
    refused(archive(tmp_path / "a.zip", (name, b"{}")), "bad_member_name")
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "a.geojson").exists() and not (tmp_path.parent / "b.geojson").exists()


def test_links_passwords_doubles_and_unknown_methods_are_refused(tmp_path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as out:
        link = zipfile.ZipInfo("a.geojson")
        link.external_attr = 0o120777 << 16
        out.writestr(link, "/etc/passwd")
    refused(path, "symlink")
    locked = archive(path, ("a.geojson", b"{}")).read_bytes()
    for flags in (0x1, 0x41):
        data = bytearray(locked)
        data[data.index(b"PK\x01\x02") + 8] = flags
        path.write_bytes(data)
        refused(path, "encrypted")
    raw_zip(path, [(b"a.geojson", b"{}"), (b"a.geojson", b"[]")])
    refused(path, "duplicate_member")
    archive(path, ("a.geojson", b"{}"), method=zipfile.ZIP_LZMA)
    refused(path, "unknown_compression")


def test_archives_in_archives_are_refused_by_name_and_by_content(tmp_path, scratch) -> None:
    inner = archive(tmp_path / "inner.zip", ("a.geojson", b"{}")).read_bytes()
    for name in ("inner.zip", "a.7z", "b.RAR", "c.kmz", "d.tar.gz"):
        refused(archive(tmp_path / "a.zip", (name, inner)), "nested_archive")
    refused(archive(tmp_path / "a.zip", ("a.geojson", inner)), "nested_archive")
    assert list(scratch.iterdir()) == []


def test_bombs_are_refused_before_and_while_they_unpack(tmp_path, scratch) -> None:
    flat = archive(tmp_path / "flat.zip", ("a.geojson", b"[" * (64 * MB)))
    refused(flat, "zip_bomb")
    small = Limits(unpacked_bytes=MB, unpacked_ratio=10**9)
    refused(flat, "zip_bomb", small)
    # The directory says one byte, and 64 MB come out.
    data = bytearray(flat.read_bytes())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(mark) + at
        data[start : start + 4] = struct.pack("<L", 1)
    flat.write_bytes(data)
    error = refused(flat, "zip_bomb")
    assert isinstance(error, LimitError) and "已停止" in error.message
    assert list(scratch.iterdir()) == []


class Full(io.FileIO):
    """A file on a disk that is full."""

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_temporary_folder_is_no_fault_of_the_archive(tmp_path, scratch, monkeypatch) -> None:
    path = archive(tmp_path / "a.zip", *shapefile(tmp_path))
    real = Path.open

    def full(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        return Full(self, "x") if mode == "xb" else real(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    message = refused(path, "no_room").message
    assert str(scratch) in message
    assert "损坏" not in message
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "mkdtemp", _no_space)
    for name in ("a.zip", "inner/层.shp"):
        assert "临时文件夹" in refused(tmp_path / name, "no_room").message


def _no_space(**_: object) -> str:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_damaged_workbook_is_called_a_workbook(tmp_path) -> None:
    data = archive(tmp_path / "a.zip", ("xl/workbook.xml", b"x" * 999)).read_bytes()
    for name, word in (("a.xlsx", "工作簿"), ("a.zip", "压缩包")):
        (tmp_path / name).write_bytes(data[:-30])
        assert word in refused(tmp_path / name, "bad_zip").message


def test_overlapping_members_are_refused(tmp_path) -> None:
    path = raw_zip(tmp_path / "a.zip", [(b"a.geojson", b"x" * 100), (b"b.geojson", b"y" * 100)])
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<L", 10)
    path.write_bytes(data)
    refused(path, "zip_bomb")


def test_too_many_members_are_refused_by_the_record_at_the_end(tmp_path) -> None:
    path = archive(tmp_path / "a.zip", *((f"{i}.txt", b"") for i in range(30)))
    assert refused(path, "too_many_members", Limits(archive_members=29)).code
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<2H", 1, 1)  # a record that lies
    path.write_bytes(data)
    refused(path, "too_many_members", Limits(archive_members=29))


def test_a_whole_workbook_is_looked_through_for_what_it_really_unpacks_to(tmp_path) -> None:
    path = archive(tmp_path / "a.xlsx", ("xl/a.xml", b"<a/>" * 1000), ("b.docx", b"PK\x03\x04"))
    assert [m.size for m in check_zip(path, Limits())] == [4000, 4]
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(mark) + at
        data[start : start + 4] = struct.pack("<L", 10)
    path.write_bytes(data)
    with pytest.raises(FileRefusedError) as caught:
        check_zip(path, Limits())
    assert caught.value.code in ("zip_bomb", "bad_zip")


@given(cut=st.integers(0, 2000), flips=st.lists(st.integers(0, 2000), max_size=4))
@settings(max_examples=60, deadline=None)
def test_damaged_archives_give_one_of_our_errors(cut, flips) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = archive(
            Path(folder) / "a.zip", ("a/范围.geojson", b"{}" * 200), ("b.txt", b"x" * 99)
        )
        data = bytearray(path.read_bytes())
        for at in flips:
            data[at % len(data)] ^= 0x5A
        path.write_bytes(data[: max(4, len(data) - cut % len(data))])
        try:
            members(path, Limits())
            check_zip(path, Limits())
        except FileRefusedError as error:
            assert error.code != "reader_fault"


@given(name=st.text(max_size=200))
def test_safe_names_stay_in_their_folder(name) -> None:
    safe = safe_name(name)
    assert safe and "/" not in safe and "\\" not in safe and not safe.startswith((".", "-"))
    assert len(safe.encode()) < 250 and Path(safe).name == safe
    assert safe_name("界址 点.SHP") == "界址_点.shp"
