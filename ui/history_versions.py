"""Versions in words: when, by whom, why."""

from __future__ import annotations

from typing import Final

from facts.model import Lang
from layers.texts import text
from store.log import BASELINE_AUTHOR, VersionInfo
from ui.import_words import one_language

_SHORT: Final = 40


def time_of(info: VersionInfo) -> str:
    """When a version was made, local time."""
    return info.time.astimezone().strftime("%Y-%m-%d %H:%M")


def author_of(info: VersionInfo, lang: Lang) -> str:
    """Who made it."""
    return text("history.baseline", lang) if info.author == BASELINE_AUTHOR else info.author


def message_of(info: VersionInfo, lang: Lang) -> str:
    """Why it was made."""
    if info.foreign:
        return text("history.foreign", lang)
    if info.restored_from is not None:
        return text(
            "history.restored", lang, version=info.restored_from, message=info.message or "—"
        )
    return one_language(info.message, lang) or "—"


def version_option(info: VersionInfo, lang: Lang) -> str:
    """A version as one line of a choice."""
    said = message_of(info, lang)
    short = said if len(said) <= _SHORT else said[:_SHORT] + "…"
    return text(
        "history.version_option", lang, version=info.version, time=time_of(info), message=short
    )
