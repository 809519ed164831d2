"""The text of a KML document: its encoding, whatever it says of it, and a parser that is safe."""

from __future__ import annotations

import io
import re
from typing import Final
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import InputSource

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from geo.errors import FileRefusedError
from geo.files.encodings import as_utf8, codec_name, decoded
from geo.files.featurefile import Encoding
from geo.problems import Problem

_DECLARED: Final = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)[\"']")


def utf8_of(data: bytes, name: str, given: str) -> tuple[bytes, Encoding, tuple[Problem, ...]]:
    """The document as UTF-8 whatever it says of itself."""
    match = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    said = "" if match is None else match[1].decode("ascii", "replace")
    codec = codec_name(said)
    if given or not codec or codec == "utf-8" or codec.startswith("utf-16"):
        text, encoding = as_utf8(data, name, given=given)
        if not given and codec == "utf-8" and encoding.name != "utf-8":
            return text, encoding, (_lies(said, encoding.name),)
        return text, encoding, ()
    plain = decoded(data, "utf-8")
    if plain is not None and any(letter > "\u07ff" for letter in set(plain)):
        return data, Encoding("utf-8", "strict UTF-8"), (_lies(said, "utf-8"),)
    if (there := decoded(data, codec)) is not None:
        return there.encode("utf-8"), Encoding(codec, "XML declaration"), ()
    text, encoding = as_utf8(data, name)
    return text, encoding, (_lies(said, encoding.name),)


def _lies(said: str, found: str) -> Problem:
    return Problem(
        "encoding_mismatch", "warning", f"文件声明的编码是 {said}，实际是 {found}",
        f"the file says that it is in {said}, but it is in {found}",
    )  # fmt: skip


def parse(text: bytes, handler: ContentHandler, name: str) -> None:
    """Send the document's events to a handler; text of UTF-8 whatever it declares.

    Raises:
        FileRefusedError: codes "xml_entities", "bad_xml".
    """
    source = InputSource()
    source.setByteStream(io.BytesIO(text))
    source.setEncoding("utf-8")
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(handler)
    try:
        parser.parse(source)
    except DefusedXmlException as error:
        raise FileRefusedError(
            f"{name} 含有 DTD 或实体定义，KML 不需要它们，可能有害，不读取 / {name} defines "
            "entities or a DTD, which KML has no need for and which can do harm: not read",
            code="xml_entities",
        ) from error
    except SAXParseException as error:
        line = error.getLineNumber() or 1
        raise FileRefusedError(
            f"{name} 第 {line} 行不是有效的 XML（{error.getMessage()}） / {name}, line {line}: no "
            f"valid XML ({error.getMessage()})",
            code="bad_xml", line=line,
        ) from error  # fmt: skip
