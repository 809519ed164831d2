"""Excel 97-2003 workbooks (.xls) measured by their own records, before a library reads them.

An .xls is a small file system of sectors that holds one stream of records. Both are walked here
only as far as is needed to know how large its sheets are; a chain of sectors that runs in a circle
is found out on the way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import FileRefusedError
from geo.files.encodings import read_bytes
from geo.limits import Limits

_END_OF_CHAIN: Final = 0xFFFFFFFE
_RESERVED: Final = 0xFFFFFFFA
_STREAMS: Final = ("Workbook", "Book", "WORKBOOK", "BOOK")
_SMALL_STREAM: Final = 4096
_MINI: Final = 64
_BOF, _EOF, _CONTINUE = 0x0809, 0x000A, 0x003C
_SHEET, _TEXTS, _DIMENSION, _FORMULA, _TEXT_CELL, _MANY = 0x85, 0xFC, 0x200, 0x06, 0xFD, 0xBD
_PASSWORD: Final = 0x2F
_ROWS, _COLUMNS = 65_536, 256
# Records that begin with row and column: numbers, texts, blanks, booleans, formulas, RK.
_CELLS: Final = frozenset({0x203, 0x204, 0xD6, 0x205, 0x27E, _TEXT_CELL, _FORMULA, _MANY})
_OWN_TEXT: Final = frozenset({0x204, 0xD6, 0x207})
Record = tuple[int, bytes, list[bytes]]  # type, data, data of the continuations


@dataclass(slots=True)
class Extent:
    """What the cells of one sheet span (numbers from 1), and the bytes of text they hold."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    cells: int = 0
    formulas: int = 0
    text: int = 0

    def stretch(self, row: int | None, column: int | None) -> None:
        """Take in a row and a column."""
        if row is not None:
            self.top = min(self.top or row, row)
            self.bottom = max(self.bottom, row)
        if column is not None:
            self.left = min(self.left or column, column)
            self.right = max(self.right, column)

    @property
    def rectangle(self) -> int:
        """The number of cells in the rectangle around them."""
        return (self.bottom - self.top + 1) * (self.right - self.left + 1) if self.cells else 0


class _BrokenError(ValueError):
    """The file is not built as it must be."""


def check_old_workbook(path: Path, limits: Limits) -> list[Extent]:
    """The extents of all sheets that have cells.

    Raises:
        LimitError: the file is larger than `limits.text_bytes`.
        FileRefusedError: codes "bad_workbook", "encrypted".
    """
    data = read_bytes(path, limits)
    try:
        return _extents(_stream(data))
    except _PasswordError as error:
        raise FileRefusedError(
            f"{path.name} 有密码；请去掉密码再导入 / {path.name} has a password: remove it",
            code="encrypted",
        ) from error
    except (_BrokenError, struct.error, IndexError, ValueError) as error:
        raise FileRefusedError(
            f"{path.name} 不是完好的 Excel 工作簿；请在 Excel 中打开并另存 / {path.name} is no "
            f"sound workbook ({error}): open it in Excel and save it again",
            code="bad_workbook",
        ) from error


class _PasswordError(_BrokenError):
    """The workbook is encrypted."""


def _stream(data: bytes) -> bytes:
    """The stream of the workbook's records."""
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or mini_shift != 6:
        raise _BrokenError("sector size")
    size = 1 << shift
    (first_folder,) = struct.unpack_from("<I", data, 48)
    mini_start, mini_count, table_start, table_count = struct.unpack_from("<4I", data, 60)
    most = len(data) // size + 1
    if table_count > most or mini_count > most:
        raise _BrokenError("sector count")
    table = _allocation(data, size, table_start, most)
    folder = b"".join(_chain(data, size, table, first_folder))
    entries: dict[str, tuple[int, int]] = {}
    root = (0, 0)
    for at in range(0, len(folder) - 127, 128):
        name = folder[at : at + 64].decode("utf-16-le", "replace").split("\0")[0]
        start, length = struct.unpack_from("<II", folder, at + 116)
        entries.setdefault(name, (start, length))
        if at == 0:
            root = (start, length)
    for name in _STREAMS:
        if name not in entries:
            continue
        start, length = entries[name]
        if length >= _SMALL_STREAM:
            return b"".join(_chain(data, size, table, start))[:length]
        mini = b"".join(_chain(data, size, table, root[0]))[: root[1]]
        fat = np.frombuffer(b"".join(_chain(data, size, table, mini_start)), dtype="<u4")
        return b"".join(_chain(mini, _MINI, fat, start, offset=0))[:length]
    raise _BrokenError("no workbook inside")


def _allocation(data: bytes, size: int, start: int, most: int) -> NDArray[np.uint32]:
    """The table that links sectors to chains."""
    sectors = list(struct.unpack_from("<109I", data, 76))
    seen = 0
    while start < _RESERVED:
        seen += 1
        if seen > most:
            raise _BrokenError("sectors in a circle")
        block = struct.unpack_from(f"<{size // 4}I", data, (start + 1) * size)
        sectors.extend(block[:-1])
        start = block[-1]
    used = [number for number in sectors if number < _RESERVED]
    if len(used) > most:
        raise _BrokenError("sector count")
    parts = [data[(number + 1) * size : (number + 2) * size] for number in used]
    whole = b"".join(parts)
    return np.frombuffer(whole[: len(whole) // 4 * 4], dtype="<u4")


def _chain(
    data: bytes, size: int, table: NDArray[np.uint32], start: int, *, offset: int = 1
) -> Iterator[bytes]:
    """The sectors of a chain; `offset` is 1 where the header takes the place of a sector."""
    seen = 0
    while start != _END_OF_CHAIN:
        at = (start + offset) * size
        seen += 1
        if at >= len(data) or seen > len(table) + 1:
            raise _BrokenError("sectors beyond the end, or in a circle")
        yield data[at : at + size]
        if start >= len(table):
            raise _BrokenError("sectors beyond the table")
        start = int(table[start])


def _records(stream: bytes, at: int) -> Iterator[Record]:
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        data = stream[at + 4 : at + 4 + length]
        at += 4 + length
        more = []
        while at + 4 <= len(stream) and stream[at : at + 2] == b"\x3c\x00":
            (length,) = struct.unpack_from("<H", stream, at + 2)
            more.append(stream[at + 4 : at + 4 + length])
            at += 4 + length
        yield kind, data, more


def _extents(stream: bytes) -> list[Extent]:
    places, lengths = [], np.empty(0, dtype=np.int64)
    for kind, data, more in _records(stream, 0):
        if kind == _PASSWORD and len(data) >= 2 and data[:2] != b"\0\0":
            raise _PasswordError("password")
        if kind == _SHEET:
            places.append(struct.unpack_from("<I", data)[0])
        elif kind == _TEXTS:
            lengths = np.array(list(_text_lengths(data, more)), dtype=np.int64)
        elif kind == _EOF:
            break
    found: dict[int, Extent] = {}
    for place in places:
        if place >= len(stream):
            raise _BrokenError("a sheet beyond the end")
        if place not in found:  # many sheets may be one and the same
            found[place] = _sheet(stream, place, lengths)
    return [found[place] for place in places if found[place].cells]


def _sheet(stream: bytes, place: int, lengths: NDArray[np.int64]) -> Extent:
    found = Extent()
    depth = -1  # a chart inside a sheet has records of its own
    for kind, data, more in _records(stream, place):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            if depth <= 0:
                break
            depth -= 1
        elif depth > 0:
            continue
        elif kind == _DIMENSION:
            _claimed(data)
        elif kind in _CELLS and len(data) >= 4:
            row, column = struct.unpack_from("<HH", data)
            found.stretch(row + 1, column + 1)
            found.cells += 1
            found.formulas += kind == _FORMULA
            if kind == _MANY:
                found.stretch(None, column + max(1, (len(data) - 6) // 6))
            elif kind == _TEXT_CELL and len(data) >= 10:
                (number,) = struct.unpack_from("<I", data, 6)
                found.text += int(lengths[number]) if number < len(lengths) else 0
        if kind in _OWN_TEXT:
            found.text += len(data) + sum(len(part) for part in more)
    return found


def _claimed(data: bytes) -> None:
    """Refuse an impossible extent: memory is set aside for it, whatever cells there are."""
    if len(data) == 14:
        top, bottom, _, right = struct.unpack_from("<IIHH", data)
    elif len(data) == 10:
        top, bottom, _, right = struct.unpack_from("<4H", data)
    else:
        raise _BrokenError("dimensions")
    if bottom and right and (top > bottom or bottom > _ROWS or right > _COLUMNS):
        raise _BrokenError("dimensions")


def _text_lengths(data: bytes, more: list[bytes]) -> Iterator[int]:
    """The characters of each shared text; texts run on into the continuations."""
    parts = iter(more)
    data = data[8:]
    while True:
        if not data:
            data = next(parts, b"")
            if not data:
                return
        length, flags = struct.unpack_from("<HB", data)
        at, skipped = 3, 0
        if flags & 8:
            skipped += 4 * struct.unpack_from("<H", data, at)[0]
            at += 2
        if flags & 4:
            skipped += struct.unpack_from("<I", data, at)[0]
            at += 4
        data, left = data[at:], length
        while left:
            width = 1 + (flags & 1)
            taken = min(left, len(data) // width)
            data, left = data[taken * width :], left - taken
            if left:
                data = next(parts, b"")
                if not data:
                    raise _BrokenError("a text is cut off")
                flags, data = data[0], data[1:]
        while skipped:
            if not data:
                data = next(parts, b"")
                if not data:
                    raise _BrokenError("a text is cut off")
            taken = min(skipped, len(data))
            data, skipped = data[taken:], skipped - taken
        yield length
