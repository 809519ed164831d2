"""The tags of a DXF file, text or binary: those a map needs, counted while they go by.

This is the reading stage in front of ezdxf. It drops whole sections and binary lumps that draw
nothing, so that neither time nor memory goes into them, and it knows the line of every fault.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, Final

from geo.errors import FileRefusedError, LimitError
from geo.files.dxftext import clean
from geo.limits import Limits

BINARY: Final = b"AutoCAD Binary DXF\r\n\x1a\x00"
_KEPT: Final = frozenset({"HEADER", "TABLES", "BLOCKS", "ENTITIES"})
_COMMENT: Final = 999
_VERTICES: Final = frozenset({10, 11})
Pair = tuple[int, Any]


class Tags:
    """An iterator of compiled tags.

    `line` is where it stands; it has `started` after the first SECTION and `ended` after EOF.

    Raises (on iteration):
        FileRefusedError: codes "not_dxf", "damaged", with the line.
        LimitError: codes "too_many_features", "too_many_vertices".
    """

    def __init__(self, data: bytes, codec: str, limits: Limits, name: str) -> None:
        self.line = 0
        self.started = False
        self.ended = False
        self._limits = limits
        self._name = name
        self._binary = data.startswith(BINARY)
        self._compiled = self._compile(
            self._sections(_binary(data) if self._binary else self._lines(data, codec))
        )

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._compiled)

    def damaged(self, zh: str, en: str, *, code: str = "damaged") -> FileRefusedError:
        """The error for a fault at this place."""
        at_zh, at_en = ("", "") if self._binary else (f"第 {self.line} 行", f"line {self.line}: ")
        return FileRefusedError(
            f"{self._name} {at_zh}{zh}；请在 CAD 中核查（AUDIT）后另存为 DXF / "
            f"{self._name}, {at_en}{en}: run AUDIT on it and save it again",
            code=code, line=None if self._binary else self.line,
        )  # fmt: skip

    def _lines(self, data: bytes, codec: str) -> Iterator[Pair]:
        """Codes and values of a text DXF."""
        # Decoded once already, in full; line by line it takes no further memory.
        stream = io.TextIOWrapper(io.BytesIO(data), encoding=codec, newline=None)
        for code, value in zip(stream, stream, strict=False):
            self.line += 2
            try:
                number = int(code)
            except ValueError:
                number = self._odd_code(code)
            if number != _COMMENT:
                yield number, value.rstrip("\n")

    def _odd_code(self, code: str) -> int:
        plain = code.lstrip("\ufeff")
        if plain != code and plain.strip().isdigit():
            return int(plain)
        self.line -= 1
        shown = repr(clean(code)[:40])
        raise self.damaged(
            f"应为组码（整数），却是 {shown}", f"a group code must stand here, not {shown}",
            code="damaged" if self.started else "not_dxf",
        )  # fmt: skip

    def _sections(self, pairs: Iterator[Pair]) -> Iterator[Pair]:
        """The pairs of the sections that are kept, up to the end."""
        entities = vertices = 0
        skipping = False
        for code, value in pairs:
            if code == 0:
                word = value.strip() if isinstance(value, str) else ""
                if word == "SECTION":
                    self.started = True
                    named, name = next(pairs, (0, ""))
                    skipping = named == 2 and str(name).strip() not in _KEPT
                    if not skipping:
                        yield code, word
                        yield named, name
                    continue
                if word == "EOF":
                    self.ended = True
                    yield code, word
                    return
                if word == "ENDSEC" and skipping:
                    skipping = False
                    continue
                entities += 1
                if entities > self._limits.features:
                    raise self._too_many(self._limits.features, "features", "个实体", "entities")
            if skipping:
                continue
            if code in _VERTICES:
                vertices += 1
                if vertices > self._limits.vertices:
                    raise self._too_many(self._limits.vertices, "vertices", "个顶点", "vertices")
            yield code, value

    def _too_many(self, limit: int, kind: str, what_zh: str, what_en: str) -> LimitError:
        return LimitError(
            f"{self._name} 超过 {limit} {what_zh}的上限；请拆分图形 / {self._name} has more than "
            f"{limit} {what_en}: split it",
            code=f"too_many_{kind}",
        )

    def _compile(self, pairs: Iterator[Pair]) -> Iterator[Any]:
        """Pairs as the library's tags: x, y and z as one vertex, numbers as numbers."""
        from ezdxf.lldxf import types  # noqa: PLC0415 - half a second that only drawings need

        tag, vertex, points = types.DXFTag, types.DXFVertex, types.POINT_CODES
        kinds, lumps = types.TYPE_TABLE, types.BINARY_DATA
        waiting: Pair | None = None
        while True:
            pair = next(pairs, None) if waiting is None else waiting
            waiting = None
            if pair is None:
                return
            code, value = pair
            try:
                if code in points:
                    following, y = next(pairs, (-1, ""))
                    if following != code + 10:
                        raise self.damaged("缺少 Y 坐标", "a Y coordinate is missing")
                    waiting = next(pairs, None)
                    if waiting is not None and waiting[0] == code + 20:
                        yield vertex(code, (float(value), float(y), float(waiting[1])))
                        waiting = None
                    else:
                        yield vertex(code, (float(value), float(y)))
                elif code == 0:
                    yield tag(code, str(value).strip())
                elif code not in lumps:
                    yield tag(code, _typed(kinds.get(code, str), value))
            except (ValueError, OverflowError, TypeError):
                shown = repr(clean(str(value))[:40])
                raise self.damaged(
                    f"的值 {shown} 不是数（组码 {code}）", f"the value {shown} is no number "
                    f"(group code {code})",
                ) from None  # fmt: skip


def _typed(kind: Any, value: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        return int(float(value))  # some programs write whole numbers as 1.0


def _binary(data: bytes) -> Iterator[Pair]:
    from ezdxf.lldxf.tagger import binary_tags_loader  # noqa: PLC0415 - as above

    try:
        for tag in binary_tags_loader(data, errors="replace"):
            yield tag.code, tag.value
    except (IndexError, struct.error, ValueError):
        return  # cut off, or no more than noise: the end is missing, and that is told
