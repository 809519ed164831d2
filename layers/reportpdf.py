"""The report as PDF, set by Typst from plain data and a font that comes with the front end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst

from layers.errors import LayerError

TEMPLATE = Path(__file__).with_name("report.typ")
FONTS = ("400Regular", "700Bold")


class ReportError(LayerError):
    """A report can't be made; the message says what is missing."""

    code = "no_report"


def pdf(data: dict[str, Any], *, fonts: Path) -> bytes:
    """The report of `layers.reportdata.report_data`; the same data give the same bytes.

    Args:
        data: goes in as JSON, never as markup.
        fonts: folder of the font package, with a folder for each weight.

    Raises:
        ReportError: the font is not installed, or the data can't be set.
    """
    paths = [fonts / weight for weight in FONTS]
    if not all(path.is_dir() for path in paths):
        raise ReportError(
            f"缺少报告字体 {fonts}：请运行 make setup / "
            "the report's font is missing: run make setup"
        )
    try:
        compiler = typst.Compiler(
            str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=[str(p) for p in paths],
            ignore_system_fonts=True, sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        )  # fmt: skip
        made = compiler.compile(format="pdf")
    except typst.TypstError as error:
        raise ReportError(f"报告排版失败：{error} / the report can't be set") from error
    return bytes(made)  # type: ignore[arg-type]
