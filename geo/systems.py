"""The reference systems that files in China come in, and how a text names one of them.

A system is a datum and a way to write positions: degrees, Gauss-Krüger metres (3° or 6° zones,
the easting with the zone's number before it or without), Web Mercator, or any other projection
that PROJ knows. Projected coordinates are easting, northing here, whatever the register says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Datum = Literal["cgcs2000", "wgs84", "xian80", "beijing54", "gcj02", "bd09", "other"]
Kind = Literal["geographic", "gauss", "mercator", "projected"]

# Semi-major axis in metres and inverse flattening of the datums' ellipsoids: CGCS2000, WGS 84,
# IAG 1975, Krassovsky. The shifted datums are degrees on WGS 84, moved.
ELLIPSOIDS: Final[dict[str, tuple[float, float]]] = {
    "cgcs2000": (6378137.0, 298.257222101), "wgs84": (6378137.0, 298.257223563),
    "xian80": (6378140.0, 298.257), "beijing54": (6378245.0, 298.3),
    "gcj02": (6378137.0, 298.257223563), "bd09": (6378137.0, 298.257223563),
}  # fmt: skip
DATUM_NAMES: Final[dict[str, tuple[str, str]]] = {
    "cgcs2000": ("2000国家大地坐标系", "CGCS2000"), "wgs84": ("WGS 84", "WGS 84"),
    "xian80": ("1980西安坐标系", "Xian 1980"), "beijing54": ("1954北京坐标系", "Beijing 1954"),
    "gcj02": ("GCJ-02（高德、腾讯、奥维的偏移坐标）", "GCJ-02 (shifted: Amap, Tencent, Ovital)"),
    "bd09": ("BD-09（百度偏移坐标）", "BD-09 (shifted: Baidu)"),
    "other": ("其他基准", "another datum"),
}  # fmt: skip
ZONES_3: Final = range(25, 46)  # numbers of the 3° zones that touch China, centred on 3° · number
ZONES_6: Final = range(13, 24)  # 6° zones, centred on 6° · number - 3°; the numbers never collide

_DEGREES: Final[dict[str, int | None]] = {
    "cgcs2000": 4490, "wgs84": 4326, "gcj02": None, "bd09": None, "xian80": 4610,
    "beijing54": 4214,
}  # fmt: skip
# EPSG number less the zone's number, by datum, width and prefix: one run of numbers for each.
_GAUSS: Final[dict[tuple[str, int, bool], int]] = {
    ("cgcs2000", 3, True): 4488, ("cgcs2000", 3, False): 4509,
    ("cgcs2000", 6, True): 4478, ("cgcs2000", 6, False): 4489,
    ("xian80", 3, True): 2324, ("xian80", 3, False): 2345,
    ("xian80", 6, True): 2314, ("xian80", 6, False): 2325,
    ("beijing54", 3, True): 2376, ("beijing54", 3, False): 2397,
    ("beijing54", 6, True): 21400, ("beijing54", 6, False): 21440,
}  # fmt: skip
_KEYS: Final[dict[str, str]] = {"gcj02": "GCJ-02", "bd09": "BD-09"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSystem:
    """One way to write positions down.

    `key` names it ("EPSG:4526", "GCJ-02", "BD-09"; for a projection without a number its name).
    `zone`, `width_deg` and `prefixed` (the zone's number stands before the easting) belong to
    Gauss-Krüger systems, `central_meridian` (degrees east) to every transverse Mercator.
    `definition` is WKT where neither this table nor a number says all. The ellipsoid is that of
    the datum: `semi_major_m` in metres, `inverse_flattening`.
    """

    key: str
    epsg: int | None
    datum: Datum
    kind: Kind
    zone: int | None = None
    width_deg: Literal[3, 6] | None = None
    central_meridian: float | None = None
    prefixed: bool = False
    name_zh: str = ""
    name_en: str = ""
    definition: str = ""
    semi_major_m: float = 6378137.0
    inverse_flattening: float = 298.257222101

    @property
    def number(self) -> str:
        """What stands for it in a short list: the EPSG number, or the key."""
        return str(self.epsg) if self.epsg else self.key

    @property
    def old(self) -> bool:
        """Whether degrees of it are not those of CGCS2000, by a step that nobody can know."""
        return self.datum in ("xian80", "beijing54", "other")

    def name(self, lang: str) -> str:
        """Its name in that language ("zh" or "en"), with the key."""
        words = self.name_zh if lang == "zh" else self.name_en
        if words == self.key or not self.epsg:
            return words
        return f"{words}（{self.key}）" if lang == "zh" else f"{words} ({self.key})"

    def same_places(self, other: ReferenceSystem) -> bool:
        """Whether the same numbers mean the same places in both (to centimetres).

        CGCS2000 and WGS 84 are one here, and a 3° and a 6° zone with one central meridian are.
        """
        return self == other or _meaning(self) == _meaning(other)


def _meaning(system: ReferenceSystem) -> tuple[Any, ...]:
    datum = "cgcs2000" if system.datum == "wgs84" else system.datum
    if system.kind == "projected" or datum == "other":
        return (system.key, system.definition)
    offset = system.zone if system.prefixed else None
    return (datum, system.kind, system.central_meridian, offset)


def degrees_system(datum: Datum) -> ReferenceSystem:
    """Longitude, latitude in degrees on that datum (not "other")."""
    epsg = _DEGREES[datum]
    zh, en = DATUM_NAMES[datum]
    axis, flat = ELLIPSOIDS[datum]
    # A full-width bracket needs no blank after it.
    name_zh = f"{zh}经纬度" if zh.endswith("）") else f"{zh} 经纬度"
    return ReferenceSystem(
        key=f"EPSG:{epsg}" if epsg else _KEYS[datum], epsg=epsg, datum=datum, kind="geographic",
        name_zh=name_zh, name_en=f"{en}, degrees", semi_major_m=axis, inverse_flattening=flat,
    )  # fmt: skip


def gauss_system(datum: Datum, zone: int, *, prefixed: bool) -> ReferenceSystem:
    """Gauss-Krüger metres of a zone of China; the zone's number (13-23, 25-45) tells its width.

    WGS 84 has no such systems of its own and goes by those of CGCS2000. Raises KeyError for the
    shifted datums, which are never written in metres of a survey, ValueError for other zones.
    """
    if zone not in ZONES_3 and zone not in ZONES_6:
        raise ValueError(f"no zone of China: {zone}")
    width: Literal[3, 6] = 3 if zone in ZONES_3 else 6
    if datum == "wgs84":
        datum = "cgcs2000"
    epsg = _GAUSS[datum, width, prefixed] + zone
    meridian = 3 * zone if width == 3 else 6 * zone - 3
    zh, en = DATUM_NAMES[datum]
    axis, flat = ELLIPSOIDS[datum]
    form_zh = f"第{zone}带，横坐标带带号" if prefixed else f"中央子午线 {meridian}°，横坐标不带带号"
    form_en = f"zone {zone}, with prefix" if prefixed else f"CM {meridian}°E, no prefix"
    return ReferenceSystem(
        key=f"EPSG:{epsg}", epsg=epsg, datum=datum, kind="gauss", zone=zone, width_deg=width,
        central_meridian=float(meridian), prefixed=prefixed, name_zh=f"{zh} {width}度带 {form_zh}",
        name_en=f"{en} {width}° {form_en}", semi_major_m=axis, inverse_flattening=flat,
    )  # fmt: skip


WEB_MERCATOR: Final = ReferenceSystem(
    key="EPSG:3857", epsg=3857, datum="wgs84", kind="mercator", name_zh="Web 墨卡托",
    name_en="Web Mercator", semi_major_m=6378137.0, inverse_flattening=298.257223563,
)  # fmt: skip


def _systems() -> tuple[ReferenceSystem, ...]:
    """What can be met in Shanxi, the likely ones first."""
    datums: tuple[Datum, ...] = ("cgcs2000", "xian80", "beijing54")
    degrees: tuple[Datum, ...] = ("cgcs2000", "wgs84", "gcj02", "bd09", "xian80", "beijing54")
    found = [degrees_system(datum) for datum in degrees]
    for datum in datums:
        found += [
            gauss_system(datum, zone, prefixed=prefixed)
            for zones in ((37, 38), (19, 20))
            for prefixed in (True, False)
            for zone in zones
        ]
    return (*found, WEB_MERCATOR)


SYSTEMS: Final[tuple[ReferenceSystem, ...]] = _systems()
BY_EPSG: Final[dict[int, ReferenceSystem]] = {
    system.epsg: system
    for system in (
        *SYSTEMS,
        *(
            gauss_system(datum, zone, prefixed=prefixed)
            for datum in ("cgcs2000", "xian80", "beijing54")
            for zone in (*ZONES_3, *ZONES_6)
            for prefixed in (True, False)
        ),
    )
    if system.epsg
}
