"""The sheets of a stranger's workbook or CSV file, after it has been measured."""

from pathlib import Path

from facts.grids import WORKBOOK_SUFFIXES, Grid, read_grids
from geo.files.workbook import check_workbook
from geo.limits import Limits

_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, and .xls of before 2007


def read_sheets(
    path: Path,
    *,
    encoding: str = "",
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> tuple[Grid, ...]:
    """All sheets of a file, blank ones too.

    Raises:
        FileRefusedError, LimitError: a workbook asks for harm, or is too large.
        GridError: it is no table that can be read, or is too large.
    """
    with path.open("rb") as stream:
        packed = stream.read(4) in _WORKBOOK
    if packed and path.suffix.lower() in WORKBOOK_SUFFIXES:
        check_workbook(path, limits)
    return read_grids(path, encoding=encoding, max_cells=limits.cells, max_bytes=limits.text_bytes)
