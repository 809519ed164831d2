"""Names of the office's own layers: a title that people read, a code that addresses carry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import Final

LONGEST_TITLE: Final = 60
_LONGEST_CODE: Final = 40
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def is_code(name: str) -> bool:
    """Whether a layer can have this code: small letters, digits and hyphens, a letter first."""
    return _CODE.fullmatch(name) is not None


def layer_code(title: str, taken: Collection[str] = ()) -> str:
    """A code for a layer of that title that is not taken: by pinyin; the same title, the same code.

    "征地范围" is "zhengdifanwei". What has no letters gets a digest; "" for a blank title.
    """
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its dictionaries take a moment to load

    if not title.strip():
        return ""
    spelled = "".join(lazy_pinyin(title.strip())).casefold()
    code = _OTHER.sub("-", spelled).strip("-")[:_LONGEST_CODE].strip("-")
    if not is_code(code):
        digest = hashlib.sha256(title.strip().encode()).hexdigest()[:8]
        code = f"layer-{code or digest}"
    free, number = code, 2
    while free in taken:
        free, number = f"{code}-{number}", number + 1
    return free
