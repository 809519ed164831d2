"""The sheets of a stranger's workbook or CSV file, after its archive has been looked at."""

from pathlib import Path

from facts.grids import WORKBOOK_SUFFIXES, Grid, read_grids
from geo.files.archive import check_zip
from geo.limits import Limits

_ZIP = b"PK\x03\x04"


def read_sheets(
    path: Path,
    *,
    encoding: str = "",
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> tuple[Grid, ...]:
    """All sheets of a file, blank ones too.

    Raises:
        FileRefusedError, LimitError: the archive that a workbook is asks for harm, or is too large.
        GridError: it is no table that can be read, or is too large.
    """
    with path.open("rb") as stream:
        zipped = stream.read(len(_ZIP)) == _ZIP
    if zipped and path.suffix.lower() in WORKBOOK_SUFFIXES:
        check_zip(path, limits)
    return read_grids(path, encoding=encoding, max_cells=limits.cells, max_bytes=limits.text_bytes)
