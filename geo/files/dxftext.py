"""Texts of drawings without their formatting codes; every step is linear in the text's length."""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 8_000  # characters kept of one text
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONE: Final = re.compile(r"[\ud800-\udfff]")
_UNICODE: Final = re.compile(r"\\U\+([0-9A-Fa-f]{4})")
_MULTIBYTE: Final = re.compile(r"\\M\+([1-5])([0-9A-Fa-f]{4})")
_CODE_PAGES: Final = {"1": "cp932", "2": "cp950", "3": "cp949", "4": "cp1361", "5": "gb18030"}
_PERCENT: Final = re.compile(r"%%([dDpPcCuUoOkK%]|[0-9]{3})")
_SIGNS: Final = {"d": "°", "p": "±", "c": "⌀", "%": "%", "u": "", "o": "", "k": ""}
# \A1; \fSimSun|b0; \H2.5x; \S1/2; and the like; the bound keeps an endless one from costing much.
_COMMAND: Final = re.compile(r"\\(?:([\\{}])|([P~NXLlOoKk])|S([^;]{0,64});|[A-Za-z][^;\\]{0,128};)")
_SPACES: Final = {"P": "\n", "N": "\n", "~": " "}


def clean(text: str) -> str:
    """Text as any store takes it: no control characters, no half of a surrogate pair."""
    text = text[:_LONGEST]
    if "\\" in text:
        text = _UNICODE.sub(lambda found: chr(int(found[1], 16)), text)
        text = _MULTIBYTE.sub(_multibyte, text)
    return _LONE.sub("\ufffd", _CONTROL.sub("", text)).strip()


def plain_text(text: object) -> str:
    """The content of a TEXT without its %% codes."""
    return _PERCENT.sub(_percent, clean(str(text)))


def plain_mtext(text: object) -> str:
    """The content of an MTEXT without formatting: line breaks stay, braces and commands go."""
    plain = _COMMAND.sub(_command, clean(str(text)))
    # Escaped braces were kept under other signs, so that only the grouping ones go here.
    plain = plain.replace("{", "").replace("}", "").translate({1: "{", 2: "}"})
    return _PERCENT.sub(_percent, plain).strip()


def _multibyte(found: re.Match[str]) -> str:
    return bytes.fromhex(found[2]).decode(_CODE_PAGES[found[1]], errors="replace")


def _percent(found: re.Match[str]) -> str:
    code = found[1]
    if code.isdigit():
        number = int(code)
        return chr(number) if number >= 32 else ""
    return _SIGNS[code.lower()]


def _command(found: re.Match[str]) -> str:
    literal, space, stacked = found[1], found[2], found[3]
    if literal:
        return {"{": "\x01", "}": "\x02"}.get(literal, literal)
    if space:
        return _SPACES.get(space, "")
    return stacked.replace("#", "/").replace("^", "/") if stacked else ""
