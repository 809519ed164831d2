"""Names of the files in archives: decoded as they were meant, and made safe to be used on disk."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import Final

from geo.files.encodings import decoded

_UTF8_NAME: Final = 0x800
_UNICODE_PATH: Final = 0x7075


def member_name(info: zipfile.ZipInfo) -> str:
    """The name of a member as it was meant: UTF-8 where it is, else GB18030; "/" as separator."""
    raw = info.orig_filename
    if not info.flag_bits & _UTF8_NAME:
        try:
            data = raw.encode("cp437")
        except UnicodeEncodeError:
            data = b""
        if data and not data.isascii():
            # macOS writes UTF-8 without saying so, Windows in China writes GBK.
            said = _unicode_path(info.extra, data)
            raw = said or decoded(data, "utf-8") or decoded(data, "gb18030") or raw
    return raw.replace("\\", "/")


def safe_name(name: str) -> str:
    """The last part of a stranger's path as a file name: letters, digits, "-", "_" and one dot."""
    last = PurePosixPath(name.replace("\\", "/")).name
    stem, suffix = PurePosixPath(last).stem, PurePosixPath(last).suffix
    plain = "".join(c if c.isalnum() or c in "-_" else "_" for c in stem)[:40].lstrip("-_")
    kind = "".join(c for c in suffix if c.isascii() and c.isalnum())[:12]
    return (plain or "file") + (f".{kind.lower()}" if kind else "")


def _unicode_path(extra: bytes, data: bytes) -> str:
    """Info-ZIP's UTF-8 name of a member, if there is one and it belongs to the name given."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        body, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(body) > 5 and body[0] == 1:
            (checksum,) = struct.unpack_from("<L", body, 1)
            return (decoded(body[5:], "utf-8") or "") if checksum == zlib.crc32(data) else ""
    return ""
