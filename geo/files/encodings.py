"""The encoding of a text file from its bytes: BOM, then strict UTF-8, then GB18030.

GB18030 holds GBK and GB2312, so one codec reads all of what Chinese Windows programs write.
A text that no encoding gives without a fault is refused with its line: half a name is no name.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from geo.errors import FileRefusedError, LimitError
from geo.files.featurefile import Encoding
from geo.limits import MB, Limits

# The four-byte ones first: UTF-32's little-endian mark begins like that of UTF-16.
BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GB: Final = {"gbk", "gb2312", "gb18030", "936", "cp936", "ms936", "chinese", "euccn"}
_NAMES: Final = {"65001": "utf-8", "cp65001": "utf-8", "utf8": "utf-8", "utf8bom": "utf-8",
                 "utf8sig": "utf-8", "950": "big5", "cp950": "big5", "big5": "big5",
                 "utf16": "utf-16-le"}  # fmt: skip
# Signs that a text without any Chinese character may well hold, such as m² or 112°30′.
_SIGNS: Final = frozenset("·²³°×±÷µ§®©«»\xa0")
_SAMPLE: Final = 1 << 16
_PIECE: Final = 1 << 23


def codec_name(name: str) -> str:
    """The Python codec of an encoding's name, code page or spelling; "" for an unknown one.

    GBK, GB2312 and code page 936 all become "gb18030", which holds them.
    """
    plain = re.sub(r"[^0-9a-z]", "", name.lower()).removeprefix("ansi").removeprefix("windows")
    if plain in _GB:
        return "gb18030"
    if plain in _NAMES:
        return _NAMES[plain]
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError, UnicodeError):
        return ""
    # Codecs such as "rot13" or "base64" are no encodings of text.
    return found.name if getattr(found, "_is_text_encoding", True) else ""


def read_text(path: Path, limits: Limits, *, given: str = "") -> tuple[str, Encoding]:
    """A text file's content and encoding; its size is checked before it is read.

    Raises:
        LimitError: larger than `limits.text_bytes`.
        FileRefusedError: see `decode`.
    """
    return decode(read_bytes(path, limits), path.name, given=given)


def read_bytes(path: Path, limits: Limits) -> bytes:
    """The bytes of a file that is parsed as one text.

    Raises:
        LimitError: larger than `limits.text_bytes`.
        FileRefusedError: the file can't be read (code "unreadable").
    """
    try:
        with path.open("rb") as file:
            data = file.read(limits.text_bytes + 1)
    except OSError as error:
        raise FileRefusedError(
            f"{path.name} 无法读取：{error.strerror} / {path.name} can't be read: {error.strerror}",
            code="unreadable",
        ) from error
    if len(data) > limits.text_bytes:
        raise LimitError(
            f"{path.name} 超过文本类文件的上限 {limits.text_bytes / MB:g} MB；请拆分，"
            f"或转为 GeoPackage / {path.name} is larger than the {limits.text_bytes / MB:g} MB "
            "for text formats: split it or convert it to GeoPackage",
            limit="text_bytes",
        )
    return data


def decode(data: bytes, name: str, *, given: str = "") -> tuple[str, Encoding]:
    """Text and encoding of a file's bytes; a BOM is not part of the text.

    `given` is what the user says (any usual spelling). `name` is the file's, for messages.

    Raises:
        FileRefusedError: code "unknown_encoding" for a `given` that is none, "bad_encoding" for
            bytes that are no text in it (or in any), with the line of the first one.
    """
    if given:
        codec = codec_name(given)
        if not codec:
            raise FileRefusedError(
                f"不认识的编码 {given!r}；可用 UTF-8、GB18030（GBK）、UTF-16 / "
                f"unknown encoding {given!r}: use UTF-8, GB18030 (GBK) or UTF-16",
                code="unknown_encoding",
            )
        return _as_given(data, codec, name), Encoding(codec, "given")
    for mark, codec in BOMS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], codec, name), Encoding(codec, "BOM")
    wide = _wide(data)
    if wide:
        return _strict(data, wide, name), Encoding(wide, "every second byte is 0")
    text = decoded(data, "utf-8")
    if text is None and (cut := _cut_utf8(data)):
        raise FileRefusedError(
            f"{name} 在一个字的中间断开，文件不完整（第 {cut} 行）；请重新获取 / "
            f"{name} ends in the middle of a character, it is incomplete (line {cut})",
            code="truncated", line=cut,
        )  # fmt: skip
    if text is not None and (text.isascii() or not prefers_gb18030(data, text)):
        return text, Encoding("utf-8", "strict UTF-8")
    return _strict(data, "gb18030", name), Encoding("gb18030", "GB18030 fallback")


def as_utf8(data: bytes, name: str, *, given: str = "") -> tuple[bytes, Encoding]:
    """The same text as UTF-8 bytes without BOM, and the encoding it came in; see `decode`.

    For formats whose parser takes UTF-8: nothing is copied where it is that already.
    """
    if not given or codec_name(given) == "utf-8":
        plain = data.removeprefix(codecs.BOM_UTF8)
        if not data.startswith(tuple(mark for mark, codec in BOMS if codec != "utf-8")):
            try:
                reader = codecs.getincrementaldecoder("utf-8")()
                foreign: set[str] = set()
                for start in range(0, len(plain), _PIECE):
                    piece = reader.decode(plain[start : start + _PIECE])
                    if not piece.isascii() and not any(letter > "\u07ff" for letter in foreign):
                        foreign.update(piece)
                reader.decode(b"", True)
            except UnicodeDecodeError:
                pass
            else:
                sure = len(plain) < len(data) or given or _wide(data) == ""
                if sure and not prefers_gb18030(plain, "".join(foreign)):
                    basis = "BOM" if len(plain) < len(data) else "strict UTF-8"
                    return plain, Encoding("utf-8", "given" if given else basis)
    text, encoding = decode(data, name, given=given)
    return text.encode("utf-8", "surrogatepass"), encoding


def decoded(data: bytes, codec: str) -> str | None:
    """The text, or None where one byte is not of that encoding."""
    try:
        return data.decode(codec)
    except (UnicodeDecodeError, UnicodeError):
        return None


def prefers_gb18030(data: bytes, text: str) -> bool:
    """Whether bytes that happen to be strict UTF-8 (as `text`) are rather GB18030.

    Short Chinese words in GBK can be UTF-8 by accident, but then of two-byte characters only
    (Latin, Greek, Cyrillic, Arabic letters); Chinese in UTF-8 always has three-byte ones.
    """
    foreign = [letter for letter in set(text) if letter > "\x7f"]
    if not foreign or any(letter > "\u07ff" for letter in foreign):
        return False
    return not _SIGNS.issuperset(foreign) and decoded(data, "gb18030") is not None


def _wide(data: bytes) -> str:
    """UTF-16 without BOM, as Windows tools write it: ASCII has a 0 beside every byte."""
    head = data[:_SAMPLE]
    if len(head) < 4 or len(data) % 2:
        return ""
    even, odd = head[0::2], head[1::2]
    low, high = even.count(0) / len(even), odd.count(0) / len(odd)
    if high > 0.3 and low < 0.02:
        return "utf-16-le"
    return "utf-16-be" if low > 0.3 and high < 0.02 else ""


def _cut_utf8(data: bytes) -> int:
    """The last line's number where only a last, unfinished character keeps this from UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Two characters of three bytes before it, so that a GBK text isn't taken for a cut one.
        whole = data[: error.start]
        convincing = len(re.findall(rb"[\xe0-\xef][\x80-\xbf]{2}", whole)) >= 2
        if "end of data" in error.reason and convincing:
            return data.count(b"\n") + 1
    return 0


def _as_given(data: bytes, codec: str, name: str) -> str:
    """A mark at the start settles the byte order, whatever was said of it."""
    for mark, marked in BOMS:
        if data.startswith(mark) and codec[:6] == marked[:6]:
            return _strict(data[len(mark) :], marked, name)
    return _strict(data, codec, name)


def _strict(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = data.count(b"\n", 0, start) + 1
        raise FileRefusedError(
            f"{name} 第 {line} 行的字节不是 {codec} 文字；请指定编码，或另存为 UTF-8 / "
            f"line {line} of {name} is no {codec} text: name the encoding, or save it as UTF-8",
            code="bad_encoding", line=line,
        ) from error  # fmt: skip
