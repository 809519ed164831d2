"""Hostile archives: bombs, paths that lead out, links, lies about sizes and names."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from functools import cache
from pathlib import Path

import geopandas as gpd
import shapely
from corpus import Collected

from geo.files import write_file

CASES = Collected()
ZEROS = bytes(1 << 20)


def shapefile_parts(stem: str = "a") -> dict[str, bytes]:
    """The files of a small sound Shapefile, by suffix."""
    import tempfile

    frame = gpd.GeoDataFrame({"名称": ["一"]}, geometry=[shapely.box(112, 37, 113, 38)], crs=4490)
    with tempfile.TemporaryDirectory() as folder:
        write_file(frame, Path(folder) / f"{stem}.shp")
        return {file.suffix: file.read_bytes() for file in sorted(Path(folder).iterdir())}


def zip_of(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@cache
def zeros(megabytes: int) -> bytes:
    """Deflated zeros."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return b"".join([*(packer.compress(ZEROS) for _ in range(megabytes)), packer.flush()])


def raw_zip(
    entries: list[tuple[bytes, bytes, int, int]],
    *,
    offsets: list[int] | None = None,
    flags: int = 0,
    count: int | None = None,
) -> bytes:
    """A ZIP byte by byte: name, deflated data, claimed size, CRC of each member."""
    body, directory = b"", b""
    for index, (name, data, size, crc) in enumerate(entries):
        at = len(body) if offsets is None else offsets[index]
        head = struct.pack("<HHHHHLLLHH", 20, flags, 8, 0, 0x5821, crc, len(data), size,
                           len(name), 0)  # fmt: skip
        if offsets is None or index == 0:
            body += b"PK\x03\x04" + head + name + data
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + head
        directory += struct.pack("<HHHLL", 0, 0, 0, 0, at) + name
    total = len(entries) if count is None else count
    end = struct.pack("<HHHHLLH", 0, 0, total, total, len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


@CASES("zip_flat_bomb", "bomb.zip", refused="zip_bomb")
def flat_bomb(path: Path) -> None:
    data = zeros(64)
    path.write_bytes(raw_zip([(b"a.shp", data, 64 << 20, zlib.crc32(bytes(1)))]))


@CASES("zip_many_small_bombs", "bomb.zip", refused="zip_bomb")
def many_bombs(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(64):
            archive.writestr(f"{index}.shp", ZEROS)


@CASES("zip_overlapping_members", "overlap.zip", refused="zip_bomb")
def overlapping(path: Path) -> None:
    data = zeros(2)
    entries = [(f"{index:04}.shp".encode(), data, 2 << 20, 0) for index in range(1_000)]
    path.write_bytes(raw_zip(entries, offsets=[0] * len(entries)))


@CASES("zip_nested_42", "42.zip", refused="nested_archive")
def nested(path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dll", ZEROS)
    for _ in range(4):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            for index in range(16):
                archive.writestr(f"lib{index}.zip", inner.getvalue())
        inner = outer
    path.write_bytes(inner.getvalue())


@CASES("zip_in_shapefile_clothing", "nested.zip", refused="nested_archive")
def disguised(path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.shp", b"x")
    zip_of(path, {"a.shp": inner.getvalue(), "a.dbf": inner.getvalue()})


@CASES("zip_lying_size", "lying.zip", refused="zip_bomb bad_zip")
def lying(path: Path) -> None:
    path.write_bytes(raw_zip([(b"a.shp", zeros(64), 100, 0)]))


@CASES("zip_bad_crc", "crc.zip", refused="bad_zip")
def bad_crc(path: Path) -> None:
    path.write_bytes(raw_zip([(b"a.shp", zeros(1), 1 << 20, 1)]))


@CASES("zip_droste", "droste.zip", refused="nested_archive")
def droste(path: Path) -> None:
    zip_of(path, {"droste.zip": b"PK\x03\x04" + bytes(64)})


for _name, _inside in {
    "traversal": "../../../tmp/evil.shp", "absolute": "/etc/evil.shp", "drive": "C:\\evil.shp",
    "backslashes": "..\\..\\evil.shp", "inner": "a/../../evil.shp", "newline": "a\nb.shp",
}.items():  # fmt: skip

    @CASES(f"zip_name_{_name}", "names.zip", refused="bad_member_name")
    def bad_name(path: Path, inside: str = _inside) -> None:
        data = zeros(1)
        path.write_bytes(raw_zip([(inside.encode(), data, 1 << 20, 0)]))


def special(path: Path, mode: int, name: str = "a.shp", data: bytes = b"/etc/passwd") -> None:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, data)


@CASES("zip_symlink", "link.zip", refused="symlink")
def symlink(path: Path) -> None:
    special(path, stat.S_IFLNK | 0o777)


@CASES("zip_device", "device.zip", refused="symlink")
def device(path: Path) -> None:
    special(path, stat.S_IFCHR | 0o666, data=b"")


@CASES("zip_100k_members", "many.zip", refused="too_many_members")
def many_members(path: Path) -> None:
    name = [f"{index:06}.shp".encode() for index in range(100_000)]
    directory = b"".join(
        b"PK\x01\x02" + struct.pack("<H", 20)
        + struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 0x5821, 0, 0, 0, 10, 0)
        + struct.pack("<HHHLL", 0, 0, 0, 0, 0) + one
        for one in name
    )  # fmt: skip
    end = struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    path.write_bytes(b"PK\x03\x04" + bytes(26) + directory + b"PK\x05\x06" + end)


@CASES("zip_claims_few_has_many", "many.zip", refused="too_many_members bad_zip")
def claims_few(path: Path) -> None:
    one = b"PK\x01\x02" + struct.pack("<H", 20)
    one += struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 0x5821, 0, 0, 0, 5, 0)
    one += struct.pack("<HHHLL", 0, 0, 0, 0, 0) + b"a.shp"
    directory = one * 100_000
    end = struct.pack("<HHHHLLH", 0, 0, 1, 1, len(directory), 0, 0)
    path.write_bytes(b"PK\x03\x04" + bytes(26) + directory + b"PK\x05\x06" + end)


@CASES("zip64_huge_count", "huge.zip", refused="too_many_members bad_zip")
def zip64(path: Path) -> None:
    record = b"PK\x06\x06" + struct.pack(
        "<QHHLLQQQQ", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 50, 0
    )
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, 4, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(b"PK\x03\x04" + record + locator + end)


@CASES("zip_duplicate_names", "twice.zip", refused="duplicate_member")
def duplicates(path: Path) -> None:
    data = zeros(1)
    crc = zlib.crc32(ZEROS)
    path.write_bytes(raw_zip([(b"a.shp", data, 1 << 20, crc), (b"a.shp", data, 1 << 20, crc)]))


@CASES("zip_encrypted", "secret.zip", refused="encrypted")
def encrypted(path: Path) -> None:
    path.write_bytes(raw_zip([(b"a.shp", zeros(1), 1 << 20, 0)], flags=1))


@CASES("zip_truncated", "cut.zip", refused="bad_zip")
def truncated(path: Path) -> None:
    zip_of(path, {f"a{suffix}": data for suffix, data in shapefile_parts().items()})
    path.write_bytes(path.read_bytes()[:-40])


@CASES("zip_truncated_member", "cut.zip", refused="bad_zip")
def truncated_member(path: Path) -> None:
    whole = zeros(1)
    path.write_bytes(raw_zip([(b"a.shp", whole[: len(whole) // 2], 1 << 20, 0)]))


@CASES("zip_without_data", "pictures.zip", refused="no_member")
def without_data(path: Path) -> None:
    zip_of(path, {"a.jpg": b"x", "readme.doc": b"y"})


@CASES("zip_several_layers", "several.zip", refused="choose_member")
def several(path: Path) -> None:
    parts = shapefile_parts()
    zip_of(path, {f"{stem}{suffix}": data for stem in "ab" for suffix, data in parts.items()})


@CASES("zip_lzma", "lzma.zip", refused="unknown_compression")
def lzma(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.shp", ZEROS)


@CASES("zip_names_that_are_commands", "names.zip", features=1, told="")
def command_names(path: Path) -> None:
    stem = "$(touch evil)`id`;'\"<script>alert(1)</script>\u202egnp"
    zip_of(path, {f"{stem}{suffix}": data for suffix, data in shapefile_parts().items()})


@CASES("kmz_bomb", "bomb.kmz", refused="zip_bomb")
def kmz_bomb(path: Path) -> None:
    path.write_bytes(raw_zip([(b"doc.kml", zeros(64), 64 << 20, 0)]))


@CASES("not_a_zip", "noise.zip", refused="unknown_format bad_zip not_what_it_says")
def noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)
