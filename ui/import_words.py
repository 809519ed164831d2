"""Messages that are written "中文 / English", in the one language that is asked for."""

from __future__ import annotations

import re

from facts.model import Lang

_HAN = re.compile(r"[\u3400-\u9fff]")
_MOST_LINES = 12


def in_words(error: Exception, lang: Lang) -> str:
    """An error's message in one language; ours are written "中文 / English"."""
    lines = str(error).splitlines() or [type(error).__name__]
    return "\n".join(one_language(line, lang) for line in lines[:_MOST_LINES])


def one_language(line: str, lang: Lang) -> str:
    """The half of a line "中文 / English" that is asked for; a line of another form as it is."""
    halves = line.split(" / ")
    for at in range(1, len(halves)):
        zh, en = " / ".join(halves[:at]), " / ".join(halves[at:])
        if len(_HAN.findall(zh)) > 2 * len(_HAN.findall(en)):
            return zh if lang == "zh" else en
    return line
