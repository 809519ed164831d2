"""What is wrong with a file, a layer or a feature: one record, told alike by all who find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, or could be: never silently mended.

    `code` is stable and meant for programs. An error keeps the data from being stored as they are,
    a warning does not. `count` is how often it was found, where it is told only once.
    `lon` and `lat` (degrees, EPSG:4490) are a place to look at; `x` and `y` the same in the file's
    own coordinates, where these are not yet placed. `feature`, `ring` and `line` count from 1, the
    rings of a feature through all its parts; `field` is a column's name.
    """

    code: str
    level: Level
    message_zh: str
    message_en: str
    count: int = 1
    lon: float | None = None
    lat: float | None = None
    feature: int | None = None
    ring: int | None = None
    line: int | None = None
    field: str = ""
    x: float | None = None
    y: float | None = None

    def message(self, lang: str) -> str:
        """The message in that language ("zh" or "en")."""
        return self.message_zh if lang == "zh" else self.message_en

    def to_json(self, lang: str) -> dict[str, Any]:
        """As terminal and programs get it: every key is always there, null where unknown."""
        return {
            "level": self.level, "code": self.code, "message": self.message(lang),
            "feature": self.feature, "line": self.line, "ring": self.ring, "field": self.field,
            "lon": self.lon, "lat": self.lat, "x": self.x, "y": self.y, "count": self.count,
        }  # fmt: skip
