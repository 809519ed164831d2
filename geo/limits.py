"""How much of a stranger's file is taken in: above a limit it is refused, by name and with why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

MB = 1 << 20

# The settings that an office raises a limit with, by the field of Limits; see `settings`. The other
# limits keep harm away and can't be set.
SETTINGS: Final[Mapping[str, str]] = MappingProxyType({
    "file_bytes": "ZONE_ATLAS_MAX_FILE_MB",
    "text_bytes": "ZONE_ATLAS_MAX_TEXT_MB",
    "unpacked_bytes": "ZONE_ATLAS_MAX_UNPACKED_MB",
    "features": "ZONE_ATLAS_MAX_FEATURES",
    "vertices": "ZONE_ATLAS_MAX_VERTICES",
    "ring_vertices": "ZONE_ATLAS_MAX_RING_VERTICES",
    "seconds": "ZONE_ATLAS_IMPORT_SECONDS",
    "memory_bytes": "ZONE_ATLAS_IMPORT_MEMORY_MB",
})  # fmt: skip
# The fields that an error's code tells of by itself.
LIMIT_OF: Final[Mapping[str, str]] = MappingProxyType({
    "too_many_features": "features", "too_many_vertices": "vertices",
    "ring_too_long": "ring_vertices", "out_of_time": "seconds", "out_of_memory": "memory_bytes",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds for one file; see `settings` for what an office can set.

    Bytes are those on disk, `unpacked_bytes` those of everything inside an archive together.
    `seconds` and `memory_bytes` bound the process that reads an uploaded file.
    """

    file_bytes: int = 1024 * MB
    unpacked_bytes: int = 4096 * MB
    unpacked_ratio: int = 200
    archive_members: int = 2_000
    text_bytes: int = 256 * MB  # of formats that are parsed as one text: GeoJSON, KML, DXF, CSV …
    features: int = 5_000_000
    vertices: int = 100_000_000
    ring_vertices: int = 2_000_000
    nesting: int = 64  # levels of JSON, XML, blocks of a drawing
    cells: int = 5_000_000
    seconds: int = 300
    memory_bytes: int = 6 * 1024 * MB
