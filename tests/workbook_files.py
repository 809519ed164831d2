"""Workbooks for tests, written in code: .xlsx by XlsxWriter, .ods and .xls byte by byte."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

FORMATS = {"percent": "0.00%", "month": 'yyyy"年"m"月"', "day": "yyyy-mm-dd", "wan": '0!.0,"万元"'}


def xlsx(
    path: Path,
    rows: Sequence[Sequence[Any]],
    *,
    sheet: str = "表1",
    merged: Sequence[str] = (),
    formats: dict[str, str] | None = None,
    hidden_rows: Sequence[int] = (),
) -> Path:
    """A workbook with one sheet; `merged` ranges keep their first cell, `formats` by address."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(sheet)
        styles = {code: book.add_format({"num_format": code}) for code in (formats or {}).values()}
        day = book.add_format({"num_format": FORMATS["day"]})
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                address = f"{chr(65 + c)}{r + 1}"
                style = styles.get((formats or {}).get(address, ""))
                if isinstance(cell, date):
                    page.write_datetime(r, c, cell, style or day)
                elif isinstance(cell, str):
                    page.write_string(r, c, cell, style)
                elif cell is not None:
                    page.write(r, c, cell, style)
        for area in merged:
            first = area.partition(":")[0]
            value = rows[int(first[1:]) - 1][ord(first[0]) - 65]
            page.merge_range(area, value)
        for row in hidden_rows:
            page.set_row(row, None, None, {"hidden": True})
    return path


def ods(path: Path, table: str) -> Path:
    """An OpenDocument sheet whose rows are the given XML."""
    content = (
        '<?xml version="1.0"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="表1">{table}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
        archive.writestr("content.xml", content)
    return path


def raw_xlsx(path: Path, sheet_xml: str, *, styles: str = "", extra: str = "") -> Path:
    """A workbook whose only sheet is the given XML, right or wrong."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{rels}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rels}"><sheets>'
        '<sheet name="表1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{rels}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'{extra}<worksheet xmlns="{main}">{sheet_xml}</worksheet>',
    }
    if styles:
        parts["xl/styles.xml"] = styles
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def xls(
    path: Path,
    rows: Sequence[Sequence[str | float | None]],
    *,
    formats: dict[tuple[int, int], str] | None = None,
    hidden_rows: Sequence[int] = (),
    extra: bytes = b"",
) -> Path:
    """A workbook of Excel 97: one sheet of labels and numbers in one stream of a compound file.

    `formats` are number formats by (row, column); `extra` are further records of the sheet.
    """
    codes = sorted(set((formats or {}).values()))
    cells = b""
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            code = (formats or {}).get((r, c))
            at = struct.pack("<HHH", r, c, 1 + codes.index(code) if code else 0)
            if isinstance(cell, str):
                cells += xls_record(0x0204, at + _xls_text(cell, "<H"))
            elif cell is not None:
                cells += xls_record(0x0203, at + struct.pack("<d", cell))
    for row in hidden_rows:
        cells += xls_record(0x0208, struct.pack("<HHHHHHHH", row, 0, 1, 255, 0, 0, 0x20, 0))
    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = xls_record(0x0809, begin[:2] + b"\x10\x00" + begin[4:])
    sheet += xls_record(0x0200, size) + cells + extra + xls_record(0x000A, b"")
    head = xls_record(0x0809, begin)
    for number, code in enumerate(codes, start=170):
        head += xls_record(0x041E, struct.pack("<H", number) + _xls_text(code, "<H"))
    for number in (0, *range(170, 170 + len(codes))):
        head += xls_record(0x00E0, struct.pack("<HH16x", 0, number))
    name = _xls_text("表1", "<B")
    offset = len(head) + 4 + 6 + len(name) + 4
    book = head + xls_record(0x0085, struct.pack("<IH", offset, 0) + name) + xls_record(0x000A, b"")
    path.write_bytes(_compound_file(book + sheet))
    return path


def xls_record(number: int, data: bytes) -> bytes:
    """One record of an Excel 97 workbook."""
    return struct.pack("<HH", number, len(data)) + data


def _xls_text(value: str, size: str) -> bytes:
    return struct.pack(size, len(value)) + b"\x01" + value.encode("utf-16-le")


def _compound_file(stream: bytes) -> bytes:
    """A compound file (version 3) with the stream "Workbook"; at least 4096 bytes long."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\x00")
    sectors = len(stream) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE]  # the table itself, the directory
    chain += [*range(3, sectors + 2), 0xFFFFFFFE]
    assert len(chain) <= 128
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096,
                          0xFFFFFFFE, 0, 0xFFFFFFFE, 0)  # fmt: skip
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        coded = name.encode("utf-16-le")
        head = coded.ljust(64, b"\x00") + struct.pack(
            "<HBB", len(coded) + 2 if name else 0, kind, 1
        )
        none = 0xFFFFFFFF
        return head + struct.pack("<III36xIQ", none, none, child, start, size)

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0)
    directory += (
        entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream)) + entry("", 0, 0xFFFFFFFF, 0, 0) * 2
    )
    return header + table + directory + stream
