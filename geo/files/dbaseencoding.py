"""The encoding of a Shapefile's attributes, from what is said of it and from all its texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from geo.errors import FileRefusedError
from geo.files.dbase import Table
from geo.files.dbasetext import decoded_rows, whole_characters
from geo.files.encodings import codec_name, decoded, prefers_gb18030
from geo.files.featurefile import Encoding
from geo.problems import Problem

# Language driver (byte 29) -> codec. 0x57, "the system's own", says nothing on another computer.
_LDID: Final = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5", 0x78: "big5", 0x13: "cp932",
                0x7B: "cp932", 0x4E: "cp949", 0x79: "cp949", 0x03: "cp1252", 0x01: "cp437",
                0x02: "cp850", 0x58: "cp1252"}  # fmt: skip
_ONE_BYTE: Final = frozenset({"cp1252", "cp437", "cp850", "iso8859-1", "iso8859-15", "latin-1",
                              "ascii"})  # fmt: skip


def find_encoding(table: Table, cpg: str, given: str) -> tuple[Encoding, tuple[Problem, ...]]:
    """The encoding of the texts: .cpg, the header's language byte, strict UTF-8, GB18030.

    A declaration counts only where every text agrees with it, and where Chinese in UTF-8 or GBK
    does not show that it lies; that is told.
    """
    sample = _Texts(table)
    if given:
        codec = codec_name(given)
        if not codec:
            raise FileRefusedError(
                f"不认识的编码 {given!r}；可用 UTF-8 或 GB18030（GBK） / unknown encoding "
                f"{given!r}: use UTF-8 or GB18030 (GBK)",
                code="unknown_encoding",
            )
        return Encoding(codec, "given"), ()
    if sample.is_ascii:
        declared = codec_name(cpg) or _LDID.get(table.language, "")
        basis = ".cpg" if codec_name(cpg) else "LDID" if declared else "strict UTF-8"
        return Encoding(declared or "utf-8", basis), ()
    found = sample.found()
    problems: list[Problem] = []
    for said, basis in ((codec_name(cpg), ".cpg"), (_LDID.get(table.language, ""), "LDID")):
        if not said:
            continue
        # One byte for each letter fits everything, so such a declaration proves nothing.
        agrees = not found if said in _ONE_BYTE else sample.fits(said)
        if agrees and (said == "utf-8" or found != "utf-8"):
            return Encoding(said, basis), tuple(problems)
        problems.append(_lies(basis, cpg if basis == ".cpg" else said, found))
    basis = "strict UTF-8" if found == "utf-8" else "GB18030 fallback"
    return Encoding(found or "gb18030", basis), tuple(problems)


def _lies(basis: str, said: str, found: str) -> Problem:
    really = found or "gb18030"
    return Problem(
        "encoding_mismatch", "warning", f"{basis} 说编码是 {said}，与文字不符，按 {really} 读取",
        f"{basis} says {said}, which the texts contradict; read as {really}",
    )  # fmt: skip


class _Texts:
    """All texts of a table that are not ASCII, each cell on a line of its own."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._names = b"\n".join(field.raw for field in table.fields)
        self._fields = [field for field in table.kept if field.kind == "C"]
        self.is_ascii = self._names.isascii() and not any(
            (block >= 0x80).any() for field in self._fields for block in table.blocks(field)
        )

    def found(self) -> str:
        """Either "utf-8" or "gb18030", whichever all texts agree with; "" for neither."""
        likely = False
        for text, plain in self._decoded("utf-8"):
            if plain is None:
                break
            likely = likely or not prefers_gb18030(text, plain)
        else:
            if likely:
                return "utf-8"
        return "gb18030" if self.fits("gb18030") else ""

    def fits(self, codec: str) -> bool:
        """Whether all texts are of an encoding."""
        return all(plain is not None for _, plain in self._decoded(codec))

    def _decoded(self, codec: str) -> Iterator[tuple[bytes, str | None]]:
        """Texts that are not ASCII, as bytes and decoded (None where one can't be)."""
        if not self._names.isascii():
            names = b"\n".join(whole_characters(f.raw, 10, codec) for f in self._table.fields)
            yield names, decoded(names, codec)
        for field in self._fields:
            for block in self._table.blocks(field):
                rows = block[(block >= 0x80).any(axis=1)]
                if len(rows):
                    yield decoded_rows(rows, codec)
