"""What a file is by its content; its extension is only a claim."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from geo.errors import FileRefusedError
from geo.files.archive import Member, members
from geo.files.encodings import BOMS
from geo.files.formats import BY_EXTENSION, FORMATS
from geo.limits import Limits

_HEAD: Final = 1 << 16
# First bytes, further bytes at a place, and the format that has them.
_MARKS: Final = (
    (b"SQLite format 3\x00", 0, b"", "gpkg"),
    (b"fgb", 4, b"fgb", "fgb"),
    (b"PAR1", 0, b"", "parquet"),
    (b"PK\x03\x04", 0, b"", "zip"),
    (b"PK\x05\x06", 0, b"", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, b"", "xls"),
    (b"\x00\x00\x27\x0a", 28, b"\xe8\x03\x00\x00", "shp"),
    (b"AutoCAD Binary DXF\r\n\x1a\x00", 0, b"", "dxf"),
)  # fmt: skip
_DXF_BEGINS: Final = ((b"0", b"SECTION"), (b"0", b"EOF"))
_SECTION: Final = re.compile(r"[\[［【]\s*(地块坐标|属性描述)")
# Content that some office programs write and that can't be read here: what to do with it.
_OTHERS: Final = (
    (b"AC10", "DWG 图形，请在 CAD 中另存为 DXF", "a DWG drawing: save it as DXF"),
    (b"Rar!", "RAR 压缩包，请改用 ZIP", "a RAR archive: use ZIP"),
    (b"7z\xbc\xaf", "7z 压缩包，请改用 ZIP", "a 7z archive: use ZIP"),
    (b"\x1f\x8b", "gzip 压缩文件，请先解压", "a gzip file: unpack it first"),
    (b"%PDF", "PDF 文档", "a PDF document"),
    (b"\x89PNG", "图片", "a picture"),
    (b"\xff\xd8\xff", "图片", "a picture"),
    (b"II*\x00", "TIFF 影像", "a TIFF image"),
    (b"MM\x00*", "TIFF 影像", "a TIFF image"),
)  # fmt: skip


def sniff(path: Path, limits: Limits) -> str:
    """The key of `FORMATS` that a file's content shows, or "zip" for an archive of such files.

    A text that shows nothing particular gives "txt", unless its extension is that of a table.

    Raises:
        FileRefusedError: codes "empty_file", "unknown_format"; for archives those of
            `geo.files.archive.members`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise FileRefusedError(
            f"{path.name} 无法读取：{error.strerror} / {path.name} can't be read: {error.strerror}",
            code="unreadable",
        ) from error
    if not head.strip(b"\x00 \t\r\n"):
        raise FileRefusedError(
            f"{path.name} 是空文件 / {path.name} is empty", code="empty_file"
        )  # fmt: skip
    return _binary(path, head, limits) or _text(path, head)


def is_survey_text(text: str) -> bool:
    """Whether a text has marks of boundary-point exchange text: its sections or parcel lines."""
    if _SECTION.search(text):
        return True
    # Line by line: one regular expression for this would take for ever on a line of commas.
    lines = (line.rstrip() for line in text.splitlines())
    return any(line.endswith(("@", "＠")) and ("," in line or "，" in line) for line in lines)


def _is_dxf(head: bytes) -> bool:
    """Whether a text begins as a drawing: comments (999), then a section (0)."""
    words = [line.strip() for line in head.removeprefix(b"\xef\xbb\xbf").lstrip().splitlines()]
    pairs = zip(words[0::2], words[1::2], strict=False)
    return next(((c, v) for c, v in pairs if c != b"999"), None) in _DXF_BEGINS


def _binary(path: Path, head: bytes, limits: Limits) -> str:
    for magic, at, more, key in _MARKS:
        if head.startswith(magic) and head[at : at + len(more)] == more:
            return _archive(path, limits) if key == "zip" else key
    for magic, zh, en in _OTHERS:
        if head.startswith(magic):
            raise _unknown(path, f"是{zh}", f"is {en}")
    return ""


def _archive(path: Path, limits: Limits) -> str:
    names = {member.name for member in _listed(path, limits)}
    if "[Content_Types].xml" not in names:
        return "zip"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    raise _unknown(path, "是 Word 或 PowerPoint 文档", "is a Word or PowerPoint document")


def _listed(path: Path, limits: Limits) -> tuple[Member, ...]:
    # Workbooks may hold other documents; for the rest `open_zip` refuses archives in archives.
    return members(path, limits, nested=True)


def _text(path: Path, head: bytes) -> str:
    extension = path.suffix.lower()
    text = _readable(head)
    start = text.lstrip("\ufeff\x1e \t\r\n")
    if start.startswith(("{", "[{")) or (start.startswith("[") and extension in _JSON):
        return "geojson"
    if start.startswith("<"):
        if extension in _KML or re.search(r"<(\w+:)?(kml|Placemark|Folder)\b", text):
            return "kml"
        raise _unknown(path, "是 XML 或 HTML，但不是 KML", "is XML or HTML, but not KML")
    if _is_dxf(head):
        return "dxf"
    if "\x00" in text:
        raise _unknown(path, "不是可识别的格式，或已损坏", "is damaged or of no known format")
    if is_survey_text(text):
        return "txt"
    said = BY_EXTENSION.get(extension)
    if said is not None and not said.is_text:
        raise _unknown(
            path, f"的内容不是 {said.name_zh}", f"does not hold {said.name_en}", "not_what_it_says"
        )
    return "csv" if extension in _TABLES else "txt"


_JSON: Final = (".json", ".geojson", ".geojsonl", ".geojsons", ".ndjson")
_KML: Final = (".kml", ".ovkml")
_TABLES: Final = (".csv", ".tsv")


def _readable(head: bytes) -> str:
    """The beginning as text, for its ASCII marks and a few Chinese words; nothing is refused."""
    for mark, codec in BOMS:
        if head.startswith(mark):
            return head[len(mark) :].decode(codec, "replace")
    if head[1:4:2] == b"\x00\x00":
        return head.decode("utf-16-le", "replace")
    if head[0:3:2] == b"\x00\x00":
        return head.decode("utf-16-be", "replace")
    try:
        return head[: len(head) - 4 if len(head) == _HEAD else None].decode("utf-8")
    except UnicodeDecodeError:
        return head.decode("gb18030", "replace")


def _unknown(
    path: Path, zh: str, en: str, code: str = "unknown_format"
) -> FileRefusedError:  # fmt: skip
    known = "、".join(one.name_zh for one in FORMATS.values())
    return FileRefusedError(f"{path.name} {zh}；可用的格式：{known} / {path.name} {en}", code=code)
