"""What a zipped workbook says beside its values: its size, formats, errors, hidden rows.

The XML is streamed, never kept. Document types and entities are refused.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import defusedxml.ElementTree as ET
import defusedxml.sax
from defusedxml.common import DefusedXmlException

from facts.grids import GridError, GridLimitError, Range
from facts.numberformats import NumberFormat, built_in_format, number_format

NOT_COMPUTED = "#N/C"  # stands for a formula whose value no program has saved
_PART_BYTES = 32 << 20  # workbook.xml, styles.xml: read as a whole
_PERCENT = NumberFormat(percent=True)
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, SAXException, DefusedXmlException, ET.ParseError, LookupError,
    EOFError, RuntimeError, NotImplementedError, ValueError, OverflowError,
)  # fmt: skip


@dataclass
class SheetMarks:
    """Of one sheet: formats that matter by (row, column), errors, hidden rows, formulas."""

    formats: dict[tuple[int, int], NumberFormat] = field(default_factory=dict)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[Range] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    formulas: int = 0
    bottom: int = -1
    right: int = -1

    def reach(self, row: int, column: int, max_cells: int) -> None:
        """Note a cell that holds something; refuse a sheet that is laid out too large."""
        self.bottom, self.right = max(self.bottom, row), max(self.right, column)
        if (self.bottom + 1) * (self.right + 1) > max_cells:
            raise GridLimitError(
                f"工作表范围太大（超过 {max_cells} 个单元格），请删去远处的内容 / "
                f"a sheet reaches over more than {max_cells} cells: remove what lies far off"
            )


def read_marks(path: Path, *, max_cells: int, max_bytes: int) -> dict[str, SheetMarks]:
    """The marks of every sheet by name.

    Raises:
        GridLimitError: a sheet's cells span more than `max_cells`, a part exceeds `max_bytes`.
        GridError: the file is no workbook, damaged or encrypted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if max(sizes.values(), default=0) > max_bytes:
                raise GridLimitError(
                    f"工作簿解压后太大（上限 {max_bytes / 1e6:.0f} MB） / "
                    f"the workbook unpacks to more than {max_bytes / 1e6:.0f} MB"
                )
            if "xl/workbook.xml" in sizes:
                return _xlsx(archive, max_cells)
            if "content.xml" in sizes:
                handler = _OdsHandler(max_cells)
                _parse(archive, "content.xml", handler)
                return handler.sheets
    except GridError:
        raise
    except _DAMAGE as error:
        raise GridError(
            "工作簿损坏，请用 Excel 打开并重新保存 / "
            f"the workbook is damaged: open it in Excel and save it again ({error!s:.200})"
        ) from None
    raise GridError(
        "压缩包里没有工作簿 / the archive holds no workbook (.xlsx, .ods); .xlsb is not read"
    )


def _parse(archive: zipfile.ZipFile, name: str, handler: ContentHandler) -> None:
    with archive.open(name) as part:
        defusedxml.sax.parse(part, handler, forbid_dtd=True)


def _tree(archive: zipfile.ZipFile, name: str) -> Any:
    part: IO[bytes]
    with archive.open(name) as part:
        data = part.read(_PART_BYTES + 1)
    if len(data) > _PART_BYTES:
        raise GridLimitError(f"{name} 太大 / {name} is too large")
    return ET.fromstring(data, forbid_dtd=True)


def _local(name: str) -> str:
    """A name without its namespace, in either notation."""
    return name.rpartition("}")[2].rpartition(":")[2]


def _find(tree: Any, name: str) -> Iterator[Any]:
    return (node for node in tree.iter() if _local(str(node.tag)) == name)


def _attribute(node: Any, name: str) -> str:
    """An attribute whatever its namespace; "" when it is missing."""
    return next((str(text) for key, text in node.attrib.items() if _local(key) == name), "")


def _xlsx(archive: zipfile.ZipFile, max_cells: int) -> dict[str, SheetMarks]:
    names = set(archive.namelist())
    targets = {}
    shared: set[str] = set()
    if "xl/_rels/workbook.xml.rels" in names:
        for node in _find(_tree(archive, "xl/_rels/workbook.xml.rels"), "Relationship"):
            part = _part(_attribute(node, "Target"))
            targets[_attribute(node, "Id")] = part
            if _attribute(node, "Type").endswith("/sharedStrings"):
                shared.add(part)
    formats = _formats(_tree(archive, "xl/styles.xml")) if "xl/styles.xml" in names else []
    for info in archive.infolist():
        if "sharedstrings" in info.filename.casefold() or info.filename in shared:
            _parse(archive, info.filename, _CountHandler(info.file_size))
    sheets = {}
    for node in _find(_tree(archive, "xl/workbook.xml"), "sheet"):
        # Among the attributes r:id and sheetId only the first is called "id".
        part = targets.get(_attribute(node, "id"), "")
        handler = _SheetHandler(formats, max_cells)
        if part in names and "worksheets" in part:
            _parse(archive, part, handler)
        sheets[_attribute(node, "name")] = handler.marks
    return sheets


def _part(target: str) -> str:
    """The name in the archive of what the workbook's relationships point to."""
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _formats(styles: Any) -> list[NumberFormat]:
    """The format of every cell style, by its index."""
    codes = {
        int(_attribute(node, "numFmtId") or 0): number_format(_attribute(node, "formatCode"))
        for node in _find(styles, "numFmt")
    }
    found = []
    for group in _find(styles, "cellXfs"):
        for node in group:
            number = int(_attribute(node, "numFmtId") or 0)
            found.append(codes.get(number) or built_in_format(number))
    return found


class _SheetHandler(ContentHandler):
    """Goes through xl/worksheets/sheet….xml."""

    def __init__(self, formats: list[NumberFormat], max_cells: int) -> None:
        super().__init__()
        self.marks = SheetMarks()
        # A date without a special format is read right as it is.
        self._special = {
            str(i): shown for i, shown in enumerate(formats) if shown.date or not shown.plain
        }
        self._max_cells = max_cells
        self._row, self._column = -1, -1
        self._style: NumberFormat | None = None
        self._error: list[str] | None = None
        self._in_error = False
        self._text = self._in_value = False
        self._computed = False  # a formula came, and no value yet

    def startElement(self, name: str, attrs: Any) -> None:
        local = _local(name)
        if local == "c":
            self._begin_cell(attrs)
        elif local in ("v", "is"):
            self._in_value = True
            self.marks.reach(self._row, self._column, self._max_cells)
            if self._style is not None:
                self.marks.formats[self._row, self._column] = self._style
            self._in_error = self._error is not None
        elif local == "f":
            self.marks.formulas += 1
            self._computed = not self._text
        elif local == "row":
            self._row = int(attrs["r"]) - 1 if "r" in attrs else self._row + 1
            self._column = -1
            if attrs.get("hidden") in ("1", "true"):
                self.marks.hidden_rows.append(self._row)

    def endElement(self, name: str) -> None:
        local = _local(name)
        if local == "v":
            self._in_error = self._in_value = False
        elif local == "c" and self._error is not None:
            self.marks.errors[self._row, self._column] = "".join(self._error) or "#ERROR"
            self._error = None
        elif local == "c" and self._computed:
            self.marks.reach(self._row, self._column, self._max_cells)
            self.marks.errors[self._row, self._column] = NOT_COMPUTED

    def characters(self, content: str) -> None:
        if self._in_value and content.strip():
            self._computed = False
        if self._in_error and self._error is not None and len(self._error) < 8:
            self._error.append(content[:20])

    def _begin_cell(self, attrs: Any) -> None:
        reference = attrs.get("r")
        if reference is None:
            self._column += 1
        else:
            match = _REFERENCE.fullmatch(reference)
            if match is None:
                raise GridError(f"单元格编号有误 / no cell reference: {reference[:20]}")
            self._column = _column_number(match[1])
            self._row = int(match[2]) - 1
        self._style = self._special.get(attrs.get("s", ""))
        self._error = [] if attrs.get("t") == "e" else None
        self._text = attrs.get("t") == "str"  # whose saved result may be an empty text
        self._computed = self._in_value = False


class _CountHandler(ContentHandler):
    """Checks how many texts a part of shared texts claims: readers make room for all of them."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._most = size // len("<si/>") + 1

    def startElement(self, name: str, attrs: Any) -> None:
        if _local(name) == "sst" and int(attrs.get("uniqueCount", "0")) > self._most:
            raise ValueError("more shared texts are claimed than there are")


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


class _OdsHandler(ContentHandler):
    """Goes through content.xml of an OpenDocument sheet; its repeats can claim any size."""

    def __init__(self, max_cells: int) -> None:
        super().__init__()
        self.sheets: dict[str, SheetMarks] = {}
        self._max_cells = max_cells
        self._marks = SheetMarks()
        self._row, self._column, self._rows = 0, 0, 1
        self._starts: dict[str, Callable[[dict[str, str]], None]] = {
            "table": self._begin_table,
            "table-row": self._begin_row,
            "table-cell": self._cell,
            "covered-table-cell": self._cell,
        }

    def startElement(self, name: str, attrs: Any) -> None:
        begin = self._starts.get(_local(name))
        if begin is not None:
            begin({_local(key): text for key, text in attrs.items()})

    def endElement(self, name: str) -> None:
        if _local(name) == "table-row":
            self._row += self._rows

    def _begin_table(self, attrs: dict[str, str]) -> None:
        self._marks = self.sheets.setdefault(attrs.get("name", ""), SheetMarks())
        self._row = 0

    def _begin_row(self, attrs: dict[str, str]) -> None:
        self._rows = max(1, int(attrs.get("number-rows-repeated", "1")))
        self._column = 0
        if attrs.get("visibility") in ("collapse", "filter") and self._rows == 1:
            self._marks.hidden_rows.append(self._row)

    def _cell(self, attrs: dict[str, str]) -> None:
        repeated = max(1, int(attrs.get("number-columns-repeated", "1")))
        kind = attrs.get("value-type", "")
        if kind:
            last = (self._row + self._rows - 1, self._column + repeated - 1)
            self._marks.reach(*last, self._max_cells)
            self._marks.formulas += "formula" in attrs
        if kind == "percentage":
            for row in range(self._row, self._row + self._rows):
                for column in range(self._column, self._column + repeated):
                    self._marks.formats[row, column] = _PERCENT
        across = int(attrs.get("number-columns-spanned", "1"))
        down = int(attrs.get("number-rows-spanned", "1"))
        if kind and (across > 1 or down > 1):
            self._marks.merged.append(
                Range(self._row, self._column, self._row + down - 1, self._column + across - 1)
            )
        self._column += repeated
