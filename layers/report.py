"""The report of a comparison as a file: PDF for the meeting, workbook, GeoPackage, web page.

The same comparison of the same day gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from layers.atlas import Atlas
from layers.comparison import Comparison
from layers.downloads import File
from layers.errors import ExportError
from layers.reportdata import report_data
from layers.texts import text

FORMATS: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "html": "text/html",
}
FONTS: Final = (
    Path(__file__).resolve().parents[1] / "web" / "node_modules" / "@expo-google-fonts"
    / "noto-sans-sc"
)  # fmt: skip


def report(comparison: Comparison, atlas: Atlas, extension: str, *, fonts: Path = FONTS) -> File:
    """A report as a file.

    Raises:
        ExportError: a format that there is not, or no land for a GeoPackage.
        ReportError: the font is not installed.
    """
    if extension not in FORMATS:
        known = ", ".join(FORMATS)
        raise ExportError(f"没有格式 {extension}，有：{known} / no format {extension}: {known}")
    lang = comparison.lang
    name = text("report.file_name", lang, date=comparison.as_of.isoformat())
    if comparison.synthetic:
        name = f"demo-{name}"
    content = _content(comparison, atlas, extension, fonts)
    return File(f"{name}.{extension}", content, FORMATS[extension])


def _content(comparison: Comparison, atlas: Atlas, extension: str, fonts: Path) -> bytes:
    # Each of these brings a library along that the others have no use for.
    if extension == "gpkg":
        from layers.reportgpkg import gpkg  # noqa: PLC0415

        return gpkg(comparison)
    if extension == "xlsx":
        from layers.reportxlsx import xlsx  # noqa: PLC0415

        made = atlas.synthetic
        return xlsx(
            comparison,
            mark=text("ui.synthetic", comparison.lang, seed=made.seed) if made else "",
        )
    data = report_data(comparison, atlas)
    if extension == "html":
        from layers.reporthtml import html  # noqa: PLC0415

        return html(data).encode()
    from layers.reportpdf import pdf  # noqa: PLC0415

    return pdf(data, fonts=fonts)
