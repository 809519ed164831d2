"""How much of a stranger's file is taken in: above a limit it is refused, by name and with why."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1 << 20


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
