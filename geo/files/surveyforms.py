"""Lines of a survey text that stand out: what each is, and points in the plain form.

In the plain form fields are parted by commas and digits are ASCII, so that `surveylines` can read
them in bulk with all others.
"""

from __future__ import annotations

import re
from typing import Final

from geo.files.surveygrammar import WIDE, header_pair, is_parcel_line, number_of, section_name

BLANK, OTHER, SECTION, HEADER, PARCEL = range(5)  # kinds of lines; points are among the OTHER

# "J1: X=4194266.245, Y=37636286.530", as reports print points; also with a coordinate that is
# no number or missing, so that it is not taken for a header and lost.
_LABELLED: Final = re.compile(
    r"([^,:=：＝]{0,40})[,:：]?\s*[xX]\s*[=＝:：]\s*([^\s,;，；=＝:：]{0,40}?)[mM米]?[\s,;，；]*"
    r"[yY]\s*[=＝:：]\s*([^\s,;，；=＝:：]{0,40}?)[mM米]?"
)
_LABELLED_LENGTH: Final = 200


def kind_and_form(text: str) -> tuple[int, str]:
    """Kind of a line, and its plain form; headers and parcels stay as they are."""
    if text.endswith(",@") and text.partition(",")[0].isdecimal():
        return PARCEL, text  # as nearly all of them are
    stripped = text.strip(" \t\u3000\u00a0\ufeff\u200b")
    if not stripped:
        return BLANK, ""
    if is_parcel_line(stripped):
        return PARCEL, stripped
    if section_name(stripped) is not None:
        return SECTION, stripped
    labelled = _LABELLED.fullmatch(stripped) if len(stripped) <= _LABELLED_LENGTH else None
    if labelled is None and header_pair(stripped) is not None:
        return HEADER, stripped
    return OTHER, _plain(",".join(labelled.groups()) if labelled else stripped)


def _plain(text: str) -> str:
    """A line with its fields parted by commas, in ASCII where full-width signs stood."""
    plain = text.translate(WIDE).replace(";", ",")
    if "," in plain:
        return plain.replace("\t", " ")
    fields = [field.strip() for field in plain.split("\t")]
    if len(fields) == 1 or any(_are_numbers(field.split()) for field in fields if " " in field):
        fields = plain.split()
    return ",".join(fields)


def _are_numbers(words: list[str]) -> bool:
    return all(number_of(word) is not None for word in words)
