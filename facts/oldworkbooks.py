"""What an Excel 97 workbook (.xls) says beside its values: as facts.workbookmarks for .xlsx.

The compound file is read as [MS-CFB] describes it, the records as [MS-XLS] does; only what tells
sizes, formats, errors and hidden rows is looked at. Every length is checked against what there is.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from types import MappingProxyType

from facts.grids import GridError
from facts.numberformats import NumberFormat, built_in_format, number_format
from facts.workbookmarks import SheetMarks

_HEADER = 512
_LAST_SECTOR = 0xFFFFFFF9  # higher numbers are marks, not sectors
_ENTRY = 128
_STREAMS = ("workbook", "book")

_BOF, _EOF, _BOUNDSHEET, _FILEPASS = 0x0809, 0x000A, 0x0085, 0x002F
_FORMAT, _XF, _DIMENSIONS, _ROW = 0x041E, 0x00E0, 0x0200, 0x0208
_FORMULAS = (0x0006, 0x0206, 0x0406)
_BOOL_OR_ERROR = 0x0205
# number, label, shared text, short number, rich text
_CELLS = (0x0203, 0x0204, 0x00FD, 0x027E, 0x00D6, _BOOL_OR_ERROR, *_FORMULAS)
_MANY_NUMBERS = 0x00BD
_BIFF8 = 0x0600
_ERRORS = MappingProxyType(
    {
        0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
        0x24: "#NUM!", 0x2A: "#N/A",
    }
)  # fmt: skip


def read_old_marks(data: bytes, *, max_cells: int) -> list[SheetMarks]:
    """The marks of every sheet, in the order of the workbook.

    Raises:
        GridLimitError: a sheet's cells span more than `max_cells`.
        GridError: the file is damaged, protected by a password, or no workbook.
    """
    try:
        found = [_Book(stream, max_cells).sheets() for stream in _streams(data)]
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise GridError(
            "工作簿损坏，请用 Excel 打开并另存为 .xlsx / "
            f"the workbook is damaged: open it in Excel and save it as .xlsx ({error!s:.100})"
        ) from None
    if not found:
        raise GridError(
            "文件里没有工作簿，或有密码 / no workbook in the file, or one with a password"
        )
    return found[0]


# --- the compound file -------------------------------------------------------------------------


def _streams(data: bytes) -> list[bytes]:
    """Every stream of the name of a workbook, that of the later version first."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        raise ValueError("sector size")
    table = _sector_table(data, size)
    directory_at, cutoff, small_at = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60))
    directory = _chain(data, table, directory_at, size)
    entries = [directory[at : at + _ENTRY] for at in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    small = array("I", _chain(data, table, small_at, size))
    mini = b""
    for entry in entries:
        if entry[66] == 5:  # the root holds what is smaller than the cutoff
            mini = _chain(data, table, struct.unpack_from("<I", entry, 116)[0], size)
            break
    found: list[tuple[int, bytes]] = []
    for entry in entries:
        length = min(struct.unpack_from("<H", entry, 64)[0], 64)
        name = entry[: max(0, length - 2)].decode("utf-16-le", "replace").casefold()
        if name in _STREAMS and entry[66] == 2:
            start, total = struct.unpack_from("<II", entry, 116)
            if total < cutoff:
                stream = _chain(mini, small, start, 64, first=0)[:total]
            else:
                stream = _chain(data, table, start, size)[:total]
            found.append((_STREAMS.index(name), stream))
    return [stream for _, stream in sorted(found)]


def _sector_table(data: bytes, size: int) -> array[int]:
    """Which sector follows each."""
    where = list(struct.unpack_from("<109I", data, 76))
    following, count = struct.unpack_from("<II", data, 68)
    most = len(data) // size + 1
    while following <= _LAST_SECTOR and count > 0 and len(where) <= most:
        sector = struct.unpack_from(f"<{size // 4}I", data, _offset(following, size))
        where += sector[:-1]
        following, count = sector[-1], count - 1
    parts = [
        data[_offset(number, size) : _offset(number, size) + size]
        for number in where[:most]
        if number <= _LAST_SECTOR
    ]
    whole = b"".join(parts)
    return array("I", whole[: len(whole) // 4 * 4])


def _chain(data: bytes, table: array[int], start: int, size: int, first: int = 1) -> bytes:
    """The sectors from `start` on; the header takes up the place of `first` sectors."""
    parts: list[bytes] = []
    at = start
    while at < len(table) and len(parts) <= len(table):
        begin = _offset(at, size) if first else at * size
        parts.append(data[begin : begin + size])
        at = table[at]
    if len(parts) > len(table):
        raise ValueError("a chain of sectors runs in a circle")
    whole = b"".join(parts)
    return whole[: len(whole) // 4 * 4]


def _offset(sector: int, size: int) -> int:
    return max(_HEADER, size) + sector * size


# --- the records of a workbook -----------------------------------------------------------------


class _Book:
    """Goes through the records of one stream."""

    def __init__(self, stream: bytes, max_cells: int) -> None:
        self._stream = stream
        self._max_cells = max_cells
        self._offsets: list[int] = []
        self._codes: dict[int, NumberFormat] = {}
        self._styles: list[int] = []
        self._version = _BIFF8

    def sheets(self) -> list[SheetMarks]:
        """The marks of the sheets that the workbook lists, in that order."""
        for number, at, body in self._records(0):
            if number == _FILEPASS:
                raise GridError(
                    "工作簿有密码，请去掉密码后再导入 / "
                    "the workbook is protected by a password: remove it and try again"
                )
            self._global(number, at, body)
        special = {
            style: shown
            for style, code in enumerate(self._styles)
            if not (shown := self._codes.get(code) or built_in_format(code)).plain
        }
        return [self._sheet(offset, special) for offset in self._offsets]

    def _records(self, at: int) -> Iterator[tuple[int, int, bytes]]:
        """The records from there to the end of the part: number, offset, contents."""
        depth = 0
        while at + 4 <= len(self._stream):
            number, length = struct.unpack_from("<HH", self._stream, at)
            yield number, at, self._stream[at + 4 : at + 4 + length]
            # A chart within a sheet has an end of its own. What lacks its beginning is gone
            # through all the same: a reader may do so, too.
            depth += (number == _BOF) - (number == _EOF)
            if number == _EOF and depth <= 0:
                return
            at += 4 + length

    def _global(self, number: int, at: int, body: bytes) -> None:
        if number == _BOF and at == 0:
            self._version = struct.unpack_from("<H", body)[0]
        elif number == _BOUNDSHEET:
            self._offsets.append(struct.unpack_from("<I", body)[0])
        elif number == _XF:
            self._styles.append(struct.unpack_from("<H", body, 2)[0])
        elif number == _FORMAT:
            self._codes[struct.unpack_from("<H", body)[0]] = number_format(self._code(body))

    def _code(self, body: bytes) -> str:
        if self._version != _BIFF8:
            return body[3 : 3 + body[2]].decode("gb18030", "replace")
        count, flags = struct.unpack_from("<HB", body, 2)
        if flags & 1:
            return body[5 : 5 + 2 * count].decode("utf-16-le", "replace")
        return body[5 : 5 + count].decode("latin-1")

    def _sheet(self, offset: int, special: dict[int, NumberFormat]) -> SheetMarks:
        marks = SheetMarks()
        for number, _, body in self._records(offset):
            if number in _CELLS:
                self._cell(number, body, marks, special)
            elif number == _MANY_NUMBERS:
                row, column = struct.unpack_from("<HH", body)
                count = (len(body) - 6) // 6
                marks.reach(row, column + max(count, 1) - 1, self._max_cells)
                for i in range(count):
                    style = struct.unpack_from("<H", body, 4 + 6 * i)[0]
                    if style in special:
                        marks.formats[row, column + i] = special[style]
            elif number == _DIMENSIONS and len(body) >= 10:
                self._check_dimensions(body)
            elif number == _ROW and len(body) >= 14 and body[12] & 0x20:
                marks.hidden_rows.append(struct.unpack_from("<H", body)[0])
        return marks

    def _check_dimensions(self, body: bytes) -> None:
        """Refuse a size that is none: readers make room for it, whatever there is."""
        form = "<IIHH" if len(body) >= 14 else "<HHHH"
        first_row, rows, first_column, columns = struct.unpack_from(form, body)
        if not (rows and columns):
            return
        if first_row >= rows or first_column >= columns:
            raise ValueError("a sheet that ends before it begins")
        SheetMarks().reach(rows - 1, columns - 1, self._max_cells)

    def _cell(
        self, number: int, body: bytes, marks: SheetMarks, special: dict[int, NumberFormat]
    ) -> None:
        row, column, style = struct.unpack_from("<HHH", body)
        marks.reach(row, column, self._max_cells)
        if style in special:
            marks.formats[row, column] = special[style]
        if number in _FORMULAS:
            marks.formulas += 1
            if body[6:7] == b"\x02" and body[12:14] == b"\xff\xff":
                marks.errors[row, column] = _ERRORS.get(body[8], "#ERROR")
        elif number == _BOOL_OR_ERROR and body[7:8] == b"\x01":
            marks.errors[row, column] = _ERRORS.get(body[6], "#ERROR")
