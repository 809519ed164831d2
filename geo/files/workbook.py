"""Workbooks from strangers: measured before the reading library lays their cells out in memory.

The library (calamine) makes a full rectangle of every sheet and a copy of every text in it, so a
file of a few kilobytes with one cell in the last corner, or one long text referred to a million
times, would take all memory there is. `check_workbook` finds that out from the file itself.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.errors import FileRefusedError, LimitError
from geo.files.archive import check_zip
from geo.files.oldworkbook import Extent, check_old_workbook
from geo.limits import MB, Limits
from geo.problems import Problem

Lengths: TypeAlias = NDArray[np.int64]

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK: Final = 1 << 20
_LONGEST_TAG: Final = 4_096
_SHEETS: Final = 1_000
# Any tag of a row or a cell, its attributes, whether it closes itself, whether it is empty. A tag
# that only _LOOSE finds is written in a way no spreadsheet program does.
_TAG: Final = re.compile(
    rb"<(?:[^\s<>/:=\"']{1,256}:)?(row|c)((?:\s+[^\s=<>\"'/]{1,256}\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)"
    rb"\s*(/?)>(</)?"
)
_LOOSE: Final = re.compile(rb"<(?:[^\s<>/:=\"']{1,256}:)?(?:row|c)[\s>/]")
_PLAIN_ROW: Final = re.compile(rb"<row[\s>]")
_PLAIN_CELL: Final = re.compile(
    rb"<c r=\"([A-Z]{1,3})([0-9]{1,7})\"(?: s=\"[0-9]{1,9}\")?(?: t=\"([A-Za-z]{1,12})\")?"
    rb"(/?)>(</)?"
)
_PLACE: Final = re.compile(rb"(?:^|\s)r\s*=\s*[\"']\s*([A-Za-z]{0,3})([0-9]{1,9})\s*[\"']")
_IS_SHARED: Final = re.compile(rb"(?:^|\s)t\s*=\s*[\"']\s*s\s*[\"']")
_SHARED: Final = re.compile(rb"\bt=\"s\"[^<>]{0,256}>\s*<(?:\w{1,16}:)?v>([0-9]{1,9})<")
_FORMULA: Final = re.compile(rb"<(?:\w{1,16}:)?f[\s/>]")
_ITEM: Final = re.compile(rb"<(?:\w{1,16}:)?si[\s/>]")
_PICTURES: Final = (".png", ".jpeg", ".jpg", ".emf", ".wmf")
_COUNT: Final = re.compile(rb"uniqueCount\s*=\s*[\"']\s*([0-9]{1,30})")
_FAULTS: Final = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's rows as the library gives them; `first_row` is the number of the first one.

    What lies above and left of the first cell is not among them.
    """

    name: str
    first_row: int
    cells: list[list[Any]]

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Row numbers as the program shows them, and cells ("" for empty ones)."""
        yield from enumerate(self.cells, start=self.first_row)


def check_workbook(path: Path, limits: Limits) -> tuple[Problem, ...]:
    """Measure a workbook (.xlsx, .xlsm, .xls); what of it will not be read is told.

    Raises:
        LimitError: codes "too_many_cells", "too_many_sheets", "zip_bomb", and "too_large" for
            the texts of all cells together.
        FileRefusedError: a damaged file, or one of `geo.files.archive`.
    """
    with path.open("rb") as file:
        old = file.read(8) == OLE
    if old:
        return _told(check_old_workbook(path, limits), path, limits)
    most = min(limits.unpacked_bytes, 2 * limits.text_bytes)
    names = [member.name for member in check_zip(path, replace(limits, unpacked_bytes=most))]
    try:
        with zipfile.ZipFile(path) as archive:
            lengths = _text_lengths(archive, path, limits)
            # Whatever its name: which member is a sheet is for another member to say.
            extents = [
                _extent(_chunks(archive, info), lengths)
                for info in archive.infolist()
                if not info.filename.lower().endswith(_PICTURES)
            ]
    except _FAULTS as error:
        raise _damaged(path) from error
    found = _told([one for one in extents if one.cells], path, limits)
    if any(name.startswith("xl/externalLinks/") for name in names):
        found += (
            Problem(
                "external_links", "warning", "工作簿引用了其他文件；未打开，取上次保存的值",
                "the workbook refers to other files; they were not opened, the values are those "
                "last saved",
            ),
        )  # fmt: skip
    return found


def open_sheets(path: Path, limits: Limits) -> tuple[str, ...]:
    """The names of a checked workbook's sheets.

    Raises:
        FileRefusedError: damaged, or with a password.
    """
    return tuple(_called(path, lambda book: list(book.sheet_names)))


def read_sheet(path: Path, name: str) -> Sheet:
    """One sheet of a checked workbook.

    Raises:
        FileRefusedError: damaged.
    """

    def read(book: Any) -> Sheet:
        data = book.get_sheet_by_name(name)
        # Not by its iterator, which begins with all the empty rows of the sheet.
        return Sheet(name, 1 + (data.start[0] if data.start else 0), data.to_python())

    found: Sheet = _called(path, read)
    return found


def _called(path: Path, use: Any) -> Any:
    from python_calamine import (  # noqa: PLC0415 - only workbooks need it
        CalamineWorkbook,
        PasswordError,
    )

    try:
        with _quiet():
            return use(CalamineWorkbook.from_path(path))
    except PasswordError as error:
        raise FileRefusedError(
            f"{path.name} 有密码；请去掉密码再导入 / {path.name} has a password: remove it",
            code="encrypted",
        ) from error
    except BaseException as error:
        # A panic of the library is no Exception to Python, but it leaves the process sound.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise _damaged(path) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """No word on standard error, where the library's panics would stand before our one line."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - no path
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _damaged(path: Path) -> FileRefusedError:
    return FileRefusedError(
        f"{path.name} 不是完好的 Excel 工作簿；请在 Excel 中打开并另存 / {path.name} is no sound "
        "workbook: open it in Excel and save it again",
        code="bad_workbook",
    )


def _told(extents: list[Extent], path: Path, limits: Limits) -> tuple[Problem, ...]:
    """The formulas as a warning, once everything is within the limits."""
    name = path.name
    if len(extents) > _SHEETS:
        raise LimitError(
            f"{name} 的工作表过多（{len(extents)}，上限 {_SHEETS}）；请只留要导入的工作表 / "
            f"{name} has too many sheets ({len(extents)}, the limit is {_SHEETS}): "
            "keep those to be imported",
            code="too_many_sheets",
        )
    cells = sum(one.rectangle for one in extents)
    if cells > limits.cells:
        raise LimitError(
            f"{name} 的表格范围过大（{cells} 个单元格，上限 {limits.cells}）；请删去远处的单元格 "
            f"/ the sheets of {name} span {cells} cells, the limit is {limits.cells}: delete stray "
            "cells far out",
            code="too_many_cells",
        )
    text, most = (size / MB for size in (sum(one.text for one in extents), limits.text_bytes))
    if text > most:
        raise LimitError(
            f"{name} 的单元格文字共 {text:.0f} MB，上限 {most:g} MB / the cells of {name} hold "
            f"{text:.0f} MB of text, the limit is {most:g} MB",
            limit="text_bytes",
        )
    formulas = sum(one.formulas for one in extents)
    if not formulas:
        return ()
    return (
        Problem(
            "formulas", "warning", f"有 {formulas} 个公式；未重新计算，取上次保存的值",
            f"{formulas} formulas were not calculated; the values are those last saved",
            count=formulas,
        ),
    )  # fmt: skip


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member in pieces that end between tags, as far as tags are of a sound length."""
    left = b""
    with archive.open(info) as source:
        while piece := source.read(_CHUNK):
            whole = left + piece
            # Before a cell, so that it stays with its value; else before any tag.
            cut = whole.rfind(b"<c", len(whole) - _LONGEST_TAG)
            cut = whole.rfind(b"<", len(whole) - _LONGEST_TAG) if cut < 0 else cut
            cut = len(whole) if cut < 0 else cut
            yield whole[:cut]
            left = whole[cut:]
    yield left


def _text_lengths(archive: zipfile.ZipFile, path: Path, limits: Limits) -> Lengths:
    """The length in bytes of each shared text, its markup included: more than it takes."""
    lengths = [0]
    for info in archive.infolist():
        if not info.filename.lower().endswith("sharedstrings.xml"):
            continue
        for number, piece in enumerate(_chunks(archive, info)):
            claimed = _COUNT.search(piece[:_LONGEST_TAG]) if number == 0 else None
            if claimed and int(claimed[1]) > limits.cells:
                count = claimed[1].decode()
                raise LimitError(
                    f"{path.name} 声称有 {count} 个文字，上限 {limits.cells} / {path.name} claims "
                    f"to hold {count} texts, the limit is {limits.cells}",
                    code="too_many_cells",
                )
            starts = [found.start() for found in _ITEM.finditer(piece)]
            if not starts:
                lengths[-1] += len(piece)
                continue
            lengths[-1] += starts[0]
            lengths.extend(np.diff([*starts, len(piece)]).tolist())
    return np.array(lengths[1:], dtype=np.int64)


def _extent(pieces: Iterator[bytes], lengths: Lengths) -> Extent:
    """What the filled cells of one sheet span, and how much text they refer to.

    Raises ValueError for cells written as no program does.
    """
    found = Extent()
    at = _Place()
    longest = int(lengths.max(initial=0))
    for piece in pieces:
        tags = len(_LOOSE.findall(piece))
        if not tags:
            continue
        found.formulas += len(_FORMULA.findall(piece))
        plain = _PLAIN_CELL.findall(piece)
        if len(plain) + len(_PLAIN_ROW.findall(piece)) == tags:
            filled = [one for one in plain if not one[3] and not one[4]]
            rows = [int(one[1]) for one in filled]
            for letters in {one[0] for one in filled}:
                found.stretch(None, _column(letters))
            for row in (min(rows), max(rows)) if rows else ():
                found.stretch(row, None)
            at.row = max(at.row, *rows) if rows else at.row
            found.cells += len(filled)
            shared = sum(one[2] == b"s" for one in filled)
        else:
            shared = at.walk(_TAG.findall(piece), tags, found)
        if shared and len(lengths):
            used = np.array([int(one) for one in _SHARED.findall(piece)], dtype=np.int64)
            found.text += int(lengths[used[used < len(lengths)]].sum())
            found.text += max(0, shared - len(used)) * longest
    return found


@dataclass(slots=True)
class _Place:
    """Where in a sheet reading stands; cells without an address follow each other."""

    row: int = 0
    column: int = 0

    def walk(self, tags: list[tuple[bytes, ...]], count: int, found: Extent) -> int:
        """Take in the filled cells of some tags; how many of them refer to shared texts."""
        if len(tags) != count:
            raise ValueError("cells that no program writes so")
        shared = 0
        for kind, attributes, closed, empty in tags:
            place = _PLACE.search(attributes)
            if kind == b"row":
                self.row, self.column = int(place[2]) if place else self.row + 1, 0
                continue
            if place and place[1]:
                self.row, self.column = int(place[2]), _column(place[1])
            else:
                self.column += 1
            if closed or empty:
                continue
            found.cells += 1
            found.stretch(self.row, self.column)
            shared += _IS_SHARED.search(attributes) is not None
        return shared


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
