"""The lines of a survey text and the points on them, read in bulk.

A text of many points is one buffer of bytes; where lines, fields and digits begin is found for
all of them at once. Only lines that stand out (Chinese or full-width characters, other separators
than commas, headers, parcels) are looked at one by one, and put into the plain form first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import FileRefusedError, LimitError
from geo.files.encodings import decode, read_bytes
from geo.files.featurefile import Encoding
from geo.files.surveyforms import BLANK, OTHER, kind_and_form
from geo.files.surveygaps import is_gap, is_ring_number
from geo.files.surveygrammar import is_unbounded, number_of
from geo.files.surveynumbers import (
    CODE_BYTES,
    WIDTH,
    Bytes,
    Flags,
    Floats,
    Integers,
    parse_numbers,
    short_codes,
)
from geo.limits import Limits

FINE, BAD_NUMBER, NOT_FINITE, NO_POINT = range(4)  # what is wrong with a point's line
LARGEST: Final = 1e9  # metres; no coordinate on Earth is as large

_COMMA, _BREAK, _RETURN = (ord(sign) for sign in ",\n\r")
# What stands in headers, in parcels' lines, and in the place of commas; and all that is not ASCII.
_STANDING_OUT: Final = b"=:[@;\t"
_ASCII_END: Final = 0x80
_MOST_LINES: Final = 50_000_000
_MOST_ODD: Final = 4_000_000  # lines that are looked at one by one
_CHECKED_ROWS: Final = 100_000
_LINE_BYTES: Final = 1 << 16  # no parcel's line is longer, and no point's
_MOST_FIELDS: Final = 12
_RINGS: Final = 10_000  # no ring has so high a number
_PLANE_FROM: Final = 1e5  # metres; less may be a plan's own numbers
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")  # UTF-16, UTF-32, UTF-8


@dataclass(frozen=True, slots=True)
class Lines:
    """A text's lines in UTF-8, in the plain form: fields parted by commas, ASCII digits.

    `data` holds the bytes and some padding; line `i` is `data[starts[i]:ends[i]]`, and its commas
    are `commas[firsts[i]:firsts[i + 1]]`. Headers and parcel lines stand in `texts` instead, as
    they are written. Line numbers count from 0 here.
    """

    data: Bytes
    starts: Integers
    ends: Integers
    kinds: NDArray[np.uint8]
    commas: Integers
    firsts: Integers
    texts: Mapping[int, str]
    encoding: Encoding

    def text(self, line: int) -> str:
        """The text of one line."""
        known = self.texts.get(line)
        return (
            known if known is not None else self.slice(int(self.starts[line]), int(self.ends[line]))
        )

    def slice(self, begin: int, end: int) -> str:
        """The text between two places of the buffer."""
        return self.data[begin:end].tobytes().decode("utf-8", "replace")

    def of_kind(self, *kinds: int) -> Integers:
        """Numbers of the lines of these kinds, ascending."""
        return np.flatnonzero(np.isin(self.kinds, kinds)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Points:
    """Points in file order: coordinates as written, first and second.

    `rings` are codes of the 圈号 (equal where it is equal, 0 where there is none), `faults` what is
    wrong (FINE where nothing is); names stand at `name_begins` to `name_ends` of the buffer.
    """

    lines: Integers
    first: Floats
    second: Floats
    rings: NDArray[np.uint64]
    faults: NDArray[np.uint8]
    name_begins: Integers
    name_ends: Integers

    def take(self, rows: Integers | Flags) -> Points:
        """Some of the points."""
        return Points(
            self.lines[rows], self.first[rows], self.second[rows], self.rings[rows],
            self.faults[rows], self.name_begins[rows], self.name_ends[rows],
        )  # fmt: skip


def read_lines(path: Path, limits: Limits, *, encoding: str = "") -> Lines:
    """A text file's lines, decoded, in the plain form, each with its kind.

    Raises FileRefusedError where the bytes are no text, LimitError where they are too many.
    """
    data = read_bytes(path, limits)
    if encoding or data.startswith(_MARKS) or b"\0" in data:
        text, found = decode(data, path.name, given=encoding)
        if "\0" in text:
            raise FileRefusedError(
                f"{path.name} 不是文本文件（含有 0 字节） / "
                f"{path.name} is no text: it has NUL bytes",
                code="not_text",
            )
        return _lines(text.encode("utf-8", "replace"), path.name, found=found)
    return _lines(data, path.name)


def _lines(data: bytes, name: str, *, found: Encoding | None = None) -> Lines:
    """Lines of a text in an unknown encoding that keeps ASCII, or in UTF-8 if one was `found`."""
    if data.count(b"\r") > data.count(b"\r\n"):
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    breaks = data.count(b"\n")
    if breaks > _MOST_LINES:
        raise _too_many(name, breaks)
    buffer = np.frombuffer(data, dtype=np.uint8)
    starts, ends = _bounds(buffer)
    _refuse_long(name, starts, ends)
    commas, firsts = _commas(buffer, starts)
    filled = ends > starts
    stands_out = (np.diff(firsts) == 0) & filled
    signs = np.flatnonzero(_signs(buffer))
    stands_out[np.searchsorted(starts, signs, side="right") - 1] = True
    odd = np.flatnonzero(stands_out & filled)
    if len(odd) > _MOST_ODD:
        raise _too_many(name, len(odd))
    places = zip(starts[odd].tolist(), ends[odd].tolist(), strict=True)
    lines = [data[begin:end] for begin, end in places]
    decoded, encoding = _decoded(lines, data, name, given="utf-8" if found else "")
    found_forms = [kind_and_form(text) for text in decoded]
    kinds = np.where(filled, OTHER, BLANK).astype(np.uint8)
    kinds[odd] = [kind for kind, _ in found_forms]
    forms = dict(zip(odd.tolist(), [form for _, form in found_forms], strict=True))
    every: list[bytes] = []
    for place in odd[kinds[odd] == OTHER].tolist():
        written = forms.pop(place).encode("utf-8", "replace")
        if written != data[starts[place] : ends[place]]:
            every = every or data.split(b"\n")
            every[place] = written
    if every:
        buffer = np.frombuffer(b"\n".join(every), dtype=np.uint8)
        starts, ends = _bounds(buffer)
        commas, firsts = _commas(buffer, starts)
    padded = np.concatenate([buffer, np.zeros(WIDTH + 2, dtype=np.uint8)])
    return Lines(padded, starts, ends, kinds, commas, firsts, forms, found or encoding)


def _too_many(name: str, count: int) -> LimitError:
    return LimitError(
        f"{name} 的行数过多（{count}）；请拆分文件 / {name} has too many lines ({count}): split it",
        code="too_many_lines",
    )


def _refuse_long(name: str, starts: Integers, ends: Integers) -> None:
    """Refuse a line that is too long to be one of a survey text, before it is looked at."""
    longest = int((ends - starts).argmax())
    length = int(ends[longest] - starts[longest])
    if length > _LINE_BYTES:
        raise LimitError(
            f"{name} 第 {longest + 1} 行有 {length} 字节，界址点文件的一行不会超过 {_LINE_BYTES} "
            f"字节；请核对文件 / line {longest + 1} of {name} has {length} bytes, no line of a "
            f"survey text has more than {_LINE_BYTES}: check the file",
            code="line_too_long", line=longest + 1,
        )  # fmt: skip


def _commas(buffer: Bytes, starts: Integers) -> tuple[Integers, Integers]:
    commas = np.flatnonzero(buffer == _COMMA)
    return commas, np.searchsorted(commas, np.append(starts, len(buffer)))


def _bounds(buffer: Bytes) -> tuple[Integers, Integers]:
    """Where lines begin and end, without their LF or CRLF."""
    breaks = np.flatnonzero(buffer == _BREAK)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), breaks + 1])
    ends = np.append(breaks, len(buffer))
    if len(buffer):
        ends -= (buffer[np.maximum(ends - 1, 0)] == _RETURN) & (ends > starts)
    return starts, ends


def _signs(buffer: Bytes) -> Flags:
    """Bytes that make a line stand out."""
    found = buffer >= _ASCII_END
    for sign in _STANDING_OUT:
        found |= buffer == sign
    return found


def _decoded(
    lines: list[bytes], data: bytes, name: str, *, given: str
) -> tuple[list[str], Encoding]:
    """Texts of the lines that stand out; these alone tell the encoding, the others are ASCII.

    A line break is never a byte of another character, neither in UTF-8 nor in GB18030. One stands
    before them all, for a byte order mark in the middle of a file is none.
    """
    try:
        text, encoding = decode(b"\n".join([b"", *lines]), name, given=given)
    except FileRefusedError:
        decode(data, name, given=given)  # the same error, with the line of the whole file
        raise
    return text.split("\n")[1:], encoding


def parse_points(lines: Lines, numbers: Integers) -> Points:
    """The points on these lines of kind OTHER, in the form 点号,圈号,X,Y.

    Lines of three fields are read as 点号,X,Y and those of two as X,Y. What follows the fourth
    field is left out.

    Raises:
        FileRefusedError: very many lines are no points.
    """
    counts = lines.firsts[numbers + 1] - lines.firsts[numbers]
    regular = counts >= 3
    place = np.where(regular, lines.firsts[numbers], 0)
    size = len(lines.commas)
    cuts = [lines.commas[np.minimum(place + k, max(size - 1, 0))] for k in range(4)] if size else []
    starts, ends = lines.starts[numbers], lines.ends[numbers]
    if not size:
        cuts = [starts, starts, starts, starts]
    last = np.where(counts >= 4, cuts[3], ends)
    points = columns_to_points(
        lines, numbers, names=(starts, cuts[0]), rings=(cuts[0] + 1, cuts[1]),
        first=(cuts[1] + 1, cuts[2]), second=(cuts[2] + 1, last), read=regular,
    )  # fmt: skip
    slow = np.flatnonzero(points.faults != FINE)
    for low in range(0, len(slow), _CHECKED_ROWS):
        part = slow[low : low + _CHECKED_ROWS]
        for row in part:
            _read_slowly(lines, points, int(row))
        if (points.faults[part] != FINE).sum() > _CHECKED_ROWS // 2:
            raise FileRefusedError(
                f"第 {int(numbers[part[0]]) + 1} 行以下大多不是界址点；这不是界址点坐标文件 / most "
                f"lines from {int(numbers[part[0]]) + 1} on are no boundary points",
                code="not_survey_text", line=int(numbers[part[0]]) + 1,
            )  # fmt: skip
    _find_lone_numbers(lines, points, slow[points.faults[slow] == FINE])
    _find_gaps(lines, points)
    return points


def _find_gaps(lines: Lines, points: Points) -> None:
    """Mark lines that name a point without giving coordinates as faults of that point."""
    for row, above, below in neighbours(lines, points, np.flatnonzero(points.faults == NO_POINT)):
        name, *rest = fields_of(lines.text(int(points.lines[row])))
        if is_gap(name, rest, above=above, below=below):
            points.faults[row] = BAD_NUMBER


def neighbours(lines: Lines, points: Points, rows: Integers) -> Iterator[tuple[int, str, str]]:
    """These rows, each with the names of the nearest fine points above and below ("": none)."""
    if not len(rows):
        return
    fine = np.flatnonzero(points.faults == FINE)
    for row, at in zip(rows.tolist(), np.searchsorted(fine, rows).tolist(), strict=True):
        above = point_name(lines, points, int(fine[at - 1])) if at else ""
        below = point_name(lines, points, int(fine[at])) if at < len(fine) else ""
        yield row, above, below


def point_name(lines: Lines, points: Points, row: int) -> str:
    """The name of a point, as written."""
    return lines.slice(int(points.name_begins[row]), int(points.name_ends[row])).strip()


def fields_of(text: str) -> list[str]:
    """The fields of a line, without blanks around them; the last one holds what is too much."""
    return [field.strip() for field in text.split(",", _MOST_FIELDS)]


def _find_lone_numbers(lines: Lines, points: Points, rows: Integers) -> None:
    """Mark lines of 点号,圈号 and one number: what stands before this one is not a coordinate."""
    lone = []
    for row in rows[np.abs(points.first[rows]) < _RINGS].tolist():
        fields = fields_of(lines.text(int(points.lines[row])).rstrip(", "))
        if len(fields) <= 3 and is_ring_number(fields[-2]):
            lone.append(row)
    if 2 * len(lone) >= len(points.lines):  # so it is everywhere: numbers of a small plan
        lone = [row for row in lone if abs(points.second[row]) >= _PLANE_FROM]
    points.faults[lone] = BAD_NUMBER


def columns_to_points(
    lines: Lines,
    numbers: Integers,
    *,
    names: tuple[Integers, Integers],
    rings: tuple[Integers, Integers] | None,
    first: tuple[Integers, Integers],
    second: tuple[Integers, Integers],
    read: Flags,
) -> Points:
    """Points whose fields stand between these places of the buffer.

    Rows that are not to be `read`, and those whose numbers need more than bulk reading, come
    back with a fault.
    """
    x, x_good = parse_numbers(lines.data, *first, wanted=read)
    y, y_good = parse_numbers(lines.data, *second, wanted=read)
    codes = np.zeros(len(numbers), dtype=np.uint64)
    code_good = read
    if rings is not None:
        codes, code_good = short_codes(lines.data, *rings, wanted=read)
    good = read & x_good & y_good & code_good
    good &= (np.abs(x) < LARGEST) & (np.abs(y) < LARGEST)
    faults = np.where(good, FINE, NO_POINT).astype(np.uint8)
    ends = np.where(read, names[1], names[0])
    return Points(numbers, x, y, codes, faults, names[0].copy(), ends)


def _read_slowly(lines: Lines, points: Points, row: int) -> None:
    """Read one line by itself, into its row."""
    begin = int(lines.starts[points.lines[row]])
    text = lines.text(int(points.lines[row]))
    fields = [field.strip() for field in text.split(",", 6)]
    while fields and not fields[-1]:
        fields.pop()
    ring, name = "", fields[0] if len(fields) > 2 else ""
    if len(fields) >= 4:
        ring, said = fields[1], fields[2:4]
    else:
        said = fields[-2:]
    points.name_begins[row] = begin
    points.name_ends[row] = begin + len(name.encode("utf-8", "replace"))
    points.rings[row] = _code(ring)
    values = [number_of(field) for field in said]
    points.faults[row] = fault_of(said, values)
    if points.faults[row] == FINE:
        points.first[row], points.second[row] = values[0] or 0.0, values[1] or 0.0


def fault_of(said: list[str], values: list[float | None]) -> int:
    """What is wrong with a point's two numbers, given as text and as what was understood."""
    if len(said) == 2 and all(value is not None and abs(value) < LARGEST for value in values):
        return FINE
    if any(is_unbounded(field) for field in said):
        return NOT_FINITE
    digits = any(sign in "0123456789" for field in said for sign in field[:64])
    return BAD_NUMBER if digits and len(said) == 2 else NO_POINT


def field_codes(lines: Lines, begins: Integers, ends: Integers) -> NDArray[np.uint64]:
    """Numbers that are equal where the texts of fields are."""
    codes, short = short_codes(lines.data, begins, ends, wanted=np.ones(len(begins), dtype=bool))
    for row in np.flatnonzero(~short):
        text = lines.slice(int(begins[row]), int(ends[row])).strip()
        codes[row] = int.from_bytes(blake2b(text.encode(), digest_size=CODE_BYTES).digest(), "big")
    return codes


def _code(text: str) -> int:
    """The same code for one field; of a long one, its end counts."""
    return int.from_bytes(text.encode("utf-8", "replace")[-CODE_BYTES:], "big")
