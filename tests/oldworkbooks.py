"""Excel 97-2003 workbooks (.xls) made byte by byte: no kept library writes them any more."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
END, FREE, TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
LONGEST = 8_224  # bytes of one record's data


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def shared_texts(texts: Sequence[str]) -> bytes:
    """The table of texts; one that does not fit goes on in a continuation, its flags repeated."""
    parts = [struct.pack("<II", len(texts), len(texts))]
    for text in texts:
        if len(parts[-1]) + 4 > LONGEST:
            parts.append(b"")
        parts[-1] += struct.pack("<HB", len(text), 1)
        data = text.encode("utf-16-le")
        while data:
            room = (LONGEST - len(parts[-1])) // 2 * 2
            parts[-1] += data[:room]
            data = data[room:]
            if data:
                parts.append(b"\x01")
    return record(0xFC, parts[0]) + b"".join(record(0x3C, part) for part in parts[1:])


def sheet_stream(
    rows: Sequence[Sequence[float | str]],
    *,
    claimed: tuple[int, int, int, int] | None = None,
    sheets: int = 1,
    password: bool = False,
) -> bytes:
    """The records of a workbook of one sheet, told to be `sheets` sheets.

    `claimed` is what the sheet says it spans: first row, row after the last, the same of columns.
    """
    texts = list(dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str)))
    number = {text: index for index, text in enumerate(texts)}
    begin = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    begin += record(0x2F, b"\x01\x00" * 3) if password else b""
    begin += record(0x42, struct.pack("<H", 1_200))
    names = [f"s{index}".encode() for index in range(sheets)]
    middle = shared_texts(texts) + record(0x0A)
    size = len(begin) + sum(4 + 8 + len(name) for name in names) + len(middle)
    for name in names:
        begin += record(0x85, struct.pack("<IBBBB", size, 0, 0, len(name), 0) + name)
    span = claimed or (0, len(rows), 0, max(map(len, rows)))
    cells = [record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)),
             record(0x200, struct.pack("<IIHHH", *span, 0))]  # fmt: skip
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                cells.append(record(0xFD, place + struct.pack("<I", number[value])))
            else:
                cells.append(record(0x203, place + struct.pack("<d", value)))
    return begin + middle + b"".join(cells) + record(0x0A)


def entry(name: str, kind: int, start: int, size: int, child: int = FREE) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    head = encoded.ljust(64, b"\0") + struct.pack(
        "<HBBIII", len(encoded), kind, 1, FREE, FREE, child
    )
    return head + bytes(16 + 4 + 16) + struct.pack("<III", start, size, 0)


def old_workbook(stream: bytes, *, name: str = "Workbook") -> bytes:
    """A compound file that holds one stream."""
    stream = stream.ljust(4_096, b"\0")
    sectors = -(-len(stream) // SECTOR)
    tables = 1
    while tables * (SECTOR // 4) < sectors + 1 + tables:
        tables += 1
    assert tables <= 109
    links = [*range(1, sectors), END, END, *([TABLE] * tables)]
    folder = entry("Root Entry", 5, END, 0, child=1) + entry(name, 2, 0, len(stream))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, sectors, 0, 4_096,
                        END, 0, END, 0)  # fmt: skip
    head += struct.pack(
        "<109I", *[sectors + 1 + i for i in range(tables)], *[FREE] * (109 - tables)
    )
    table = struct.pack(f"<{len(links)}I", *links).ljust(tables * SECTOR, b"\xff")
    return head + stream.ljust(sectors * SECTOR, b"\0") + folder.ljust(SECTOR, b"\0") + table
