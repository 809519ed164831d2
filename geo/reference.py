"""Reference systems that files in Shanxi come in, and the verdict on which one a file is in.

A verdict is never a guess: what numbers and declarations leave open is asked. Magnitudes tell
projection and zone; no magnitude tells the datum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Datum = Literal["cgcs2000", "wgs84", "xian80", "beijing54", "gcj02", "bd09"]
Basis = Literal["declared", "certain", "given", "ambiguous", "unknown_datum", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrsHints:
    """What a file says or lets suspect about its coordinates; "" and None where it is silent.

    `declared` is WKT, PROJJSON or "EPSG:n", and `declared_by` where it stands (".prj",
    "GeoPackage", "RFC 7946", "crs member", …). `datum`, `zone` (带号) and `zone_width_deg` (3 or 6)
    are what a header says in words. `may_be_shifted`: formats that web-map tools write in GCJ-02.
    """

    declared: str = ""
    declared_by: str = ""
    datum: Datum | Literal[""] = ""
    zone: int | None = None
    zone_width_deg: int | None = None
    may_be_shifted: bool = False
    producer: str = ""
