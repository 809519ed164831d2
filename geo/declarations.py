"""What reference system a text names: WKT as ESRI and GDAL write it, PROJJSON, EPSG numbers, names.

A text comes from a stranger's file: it is bounded, and nothing in it makes PROJ open a file.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final

import pyproj
from pyproj.exceptions import ProjError

from geo.errors import CrsQuestionError
from geo.systems import (
    BY_EPSG,
    ELLIPSOIDS,
    WEB_MERCATOR,
    ZONES_3,
    ZONES_6,
    Datum,
    Kind,
    ReferenceSystem,
    degrees_system,
    gauss_system,
)

_DEGREE: Final = 0.017453292519943295  # radians
_ALIASES: Final[dict[str, Datum]] = {
    "gcj02": "gcj02", "火星坐标": "gcj02", "火星坐标系": "gcj02", "高德坐标": "gcj02",
    "bd09": "bd09", "bd09ll": "bd09", "百度坐标": "bd09", "百度坐标系": "bd09",
    "wgs84": "wgs84", "cgcs2000": "cgcs2000", "2000国家大地坐标系": "cgcs2000",
    "crs84": "wgs84", "ogccrs84": "wgs84",
}  # fmt: skip
_MAX_TEXT: Final = 65_536
_MAX_NESTING: Final = 64
_NUMBER: Final = re.compile(r"(?:EPSG\s*:{1,2}\s*)?(\d{3,6})", re.ASCII | re.IGNORECASE)
_URN: Final = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:|https?://www\.opengis\.net/def/crs/)"
    r"(?P<who>EPSG|OGC)[:/][\w.]*[:/](?P<what>\w+)", re.ASCII | re.IGNORECASE,
)  # fmt: skip
_WKT: Final = re.compile(r"[A-Za-z_]{4,20}\s*[\[(]", re.ASCII)


def system(key: str) -> ReferenceSystem:
    """The system that a key, a number, a name or WKT means: "EPSG:4526", "4526", "gcj02".

    Raises:
        CrsQuestionError: of code "unknown_crs", when nothing of that name is known.
    """
    found = identify(key)
    if found is None:
        shown = key if len(key) <= 40 else key[:40] + "…"
        error = CrsQuestionError(
            f"不认识坐标系“{shown}”；请写成 EPSG:4526 这样的编号，或 GCJ-02、BD-09 / "
            f"unknown reference system “{shown}”: give a number such as EPSG:4526, or GCJ-02, BD-09"
        )
        error.code = "unknown_crs"
        raise error
    return found


def identify(declared: str) -> ReferenceSystem | None:
    """The system that a text declares: WKT (of ESRI too), PROJJSON, an EPSG number, a URN.

    None when the text is none of these or names something that no positions on the ground can be
    read from (a local engineering system, heights, geocentric metres). Steps to another datum that
    the text carries (TOWGS84) are left aside: who relies on them must give them as parameters.
    """
    if not isinstance(declared, str) or len(declared) > _MAX_TEXT:
        return None
    return _identified(declared.strip().lstrip("\ufeff"))


@lru_cache(maxsize=256)
def _identified(text: str) -> ReferenceSystem | None:
    plain = re.sub(r"[\s_\-:：]", "", text).casefold()
    if plain in _ALIASES:
        return degrees_system(_ALIASES[plain])
    if (urn := _URN.fullmatch(text)) and urn["who"].upper() == "OGC":
        return degrees_system("wgs84") if urn["what"].upper() == "CRS84" else None
    if number := _NUMBER.fullmatch(urn["what"] if urn else text):
        return BY_EPSG.get(int(number[1])) or _described(_crs_of(int(number[1])))
    return _described(_crs_of(_json(text) if text.startswith("{") else _wkt(text)))


def _wkt(text: str) -> str | None:
    """The text if it may be given to PROJ: no PROJ string, which could name files, no deep nest."""
    nadgrids = text.replace("+nadgrids=@null", "")
    harmless = "+init" not in text and "nadgrids" not in nadgrids and "GRIDS" not in text.upper()
    deep = max(text.count("["), text.count("(")) > 40 * _MAX_NESTING
    return text if harmless and not deep and _WKT.match(text) else None


def _json(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _depth(value) <= _MAX_NESTING else None


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        item, level = stack.pop()
        deepest = max(deepest, level)
        if level > _MAX_NESTING:
            break
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        stack += [(one, level + 1) for one in inner]
    return deepest


# What pyproj raises for texts that are no reference system, depending on how they fail.
_NO_SYSTEM: Final = (ProjError, ValueError, TypeError, AttributeError, RecursionError)


def _crs_of(source: int | str | dict[str, Any] | None) -> pyproj.CRS | None:
    """What PROJ makes of it, reduced to its horizontal part without steps to other datums."""
    if source is None:
        return None
    try:
        if isinstance(source, int):
            crs = pyproj.CRS.from_epsg(source)
        elif isinstance(source, str):
            crs = pyproj.CRS.from_wkt(source)
        else:
            crs = pyproj.CRS.from_json_dict(source)
        for _ in range(4):
            if crs.is_compound and crs.sub_crs_list:
                crs = crs.sub_crs_list[0]
            elif crs.is_bound and crs.source_crs is not None:
                crs = crs.source_crs
        return crs.to_2d() if len(crs.axis_info) == 3 else crs
    except _NO_SYSTEM:
        return None


def _described(crs: pyproj.CRS | None) -> ReferenceSystem | None:
    """The record of a PROJ system, or None when it gives no positions on the ground."""
    try:
        return None if crs is None else _record_of(crs)
    except _NO_SYSTEM:  # its parts are looked at only now, and may be damaged
        return None


def _record_of(crs: pyproj.CRS) -> ReferenceSystem | None:
    if not _usable(crs):
        return None
    datum = _datum_of(crs.geodetic_crs)
    if crs.is_geographic:
        return _described_degrees(crs, datum)
    if _is_web_mercator(crs):
        return WEB_MERCATOR
    return _gauss_of(crs, datum) or _other(crs, datum, kind="projected")


def _usable(crs: pyproj.CRS) -> bool:
    """Whether it is a map's plane or degrees from Greenwich, on an ellipsoid."""
    if crs.name.casefold().startswith("undefined"):  # what GeoPackage writes for "none"
        return False
    base = crs.geodetic_crs
    if base is None or not (crs.is_projected or (crs.is_geographic and not crs.is_derived)):
        return False
    if base.ellipsoid is None or len(crs.axis_info) != 2 or base.prime_meridian is None:
        return False
    return bool(abs(base.prime_meridian.longitude) < 1e-9)


def _described_degrees(crs: pyproj.CRS, datum: Datum) -> ReferenceSystem | None:
    if any(abs(axis.unit_conversion_factor - _DEGREE) > 1e-9 for axis in crs.axis_info):
        return None
    if datum != "other":
        return degrees_system(datum)
    return _other(crs, datum, kind="geographic")


def _other(crs: pyproj.CRS, datum: Datum, *, kind: Kind) -> ReferenceSystem:
    epsg = crs.to_epsg(min_confidence=100)
    if epsg is None and (said := _number_said(crs)) is not None:
        registered = _crs_of(said)
        same = registered is not None and registered.equals(crs, ignore_axis_order=True)
        epsg = said if same else None
    name = " ".join(crs.name.split())[:100] or "?"
    return ReferenceSystem(
        key=f"EPSG:{epsg}" if epsg else name, epsg=epsg, datum=datum, kind=kind, name_zh=name,
        name_en=name, central_meridian=_parameters(crs).get("lon_0"),
        definition="" if epsg else crs.to_wkt(),
        semi_major_m=crs.ellipsoid.semi_major_metre,
        inverse_flattening=crs.ellipsoid.inverse_flattening,
    )  # fmt: skip


def _number_said(crs: pyproj.CRS) -> int | None:
    """The EPSG number that the text itself gives, which may be wrong."""
    said = crs.to_json_dict().get("id") or {}
    number = said.get("code") if said.get("authority") == "EPSG" else None
    return number if isinstance(number, int) and 0 < number < 1_000_000 else None


_DATUM_WORDS: Final[tuple[tuple[str, Datum], ...]] = (
    ("newbeijing", "other"), ("新北京", "other"), ("新1954", "other"),
    ("china2000", "cgcs2000"), ("cgcs2000", "cgcs2000"), ("2000国家", "cgcs2000"),
    ("geodeticcoordinatesystem2000", "cgcs2000"),
    ("xian1980", "xian80"), ("xian80", "xian80"), ("西安", "xian80"),
    ("beijing1954", "beijing54"), ("beijing54", "beijing54"), ("北京", "beijing54"),
    ("worldgeodeticsystem1984", "wgs84"), ("wgs1984", "wgs84"), ("wgs84", "wgs84"),
)  # fmt: skip


def _datum_of(base: pyproj.CRS) -> Datum:
    """By the datum's name, or by the ellipsoid where the name says nothing."""
    names = [base.datum.name if base.datum is not None else "", base.name]
    said = [re.sub(r"[\W_]", "", name).casefold() for name in names]
    for name in said:
        for word, datum in _DATUM_WORDS:
            if word in name:
                return datum if datum == "other" or _on(base, datum) else "other"
    silent = said[0].startswith(("unknown", "unnamed", "dunknown", "notspecified")) or not said[0]
    if not silent:
        return "other"
    # WGS 84 and CGCS2000 can't be told apart here, and need not be.
    surveyed: tuple[Datum, ...] = ("cgcs2000", "xian80", "beijing54")
    return next((datum for datum in surveyed if _on(base, datum)), "other")


def _on(base: pyproj.CRS, datum: Datum) -> bool:
    """Whether it stands on the datum's ellipsoid; programs write it with few or other digits."""
    axis, flat = ELLIPSOIDS[datum]
    slack = 1e-3 if datum in ("xian80", "beijing54") else 2e-6
    ellipsoid = base.ellipsoid
    return bool(
        abs(ellipsoid.semi_major_metre - axis) < 1e-2
        and abs(ellipsoid.inverse_flattening - flat) < slack
    )


_PARAMETERS: Final[dict[int, str]] = {
    8801: "lat_0", 8802: "lon_0", 8805: "k", 8806: "x_0", 8807: "y_0",
}  # fmt: skip


def _parameters(crs: pyproj.CRS) -> dict[str, float]:
    """Parameters of a transverse Mercator in degrees and metres; empty for other methods."""
    operation = crs.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        return {}
    values: dict[str, float] = {}
    for parameter in operation.params:
        name = _PARAMETERS.get(int(parameter.code or 0))
        factor = parameter.unit_conversion_factor
        if name in ("lat_0", "lon_0"):
            values[name] = round(parameter.value * factor / _DEGREE, 9)
        elif name:
            values[name] = round(parameter.value * factor, 6)
    return values


def _gauss_of(crs: pyproj.CRS, datum: Datum) -> ReferenceSystem | None:
    """The Gauss-Krüger zone of China that a projected system is, if it is one."""
    values = _parameters(crs)
    metric = all(abs(axis.unit_conversion_factor - 1) < 1e-9 for axis in crs.axis_info)
    if datum not in ("cgcs2000", "wgs84", "xian80", "beijing54") or not metric:
        return None
    if values.get("lat_0") != 0 or values.get("k") != 1 or values.get("y_0") != 0:
        return None
    number, rest = divmod(values.get("x_0", -1.0), 1e6)
    meridian = values.get("lon_0")
    if rest != 500_000.0 or meridian is None:
        return None
    zones: list[int] = [z for z in ZONES_3 if 3 * z == meridian]
    zones += [z for z in ZONES_6 if 6 * z - 3 == meridian]
    if number:
        zones = [zone for zone in zones if zone == number]
    if not zones:
        return None
    made = [gauss_system(datum, zone, prefixed=bool(number)) for zone in zones]
    # Only the number or the name tells a 6° zone from the 3° zone on the same meridian.
    numbers = (crs.to_epsg(min_confidence=90), _number_said(crs))
    return next((one for one in made if one.epsg in numbers), made[0])


def _is_web_mercator(crs: pyproj.CRS) -> bool:
    operation = crs.coordinate_operation
    if operation is None or "Pseudo Mercator" not in operation.method_name:
        return False
    return all(abs(p.value) < 1e-9 for p in operation.params)
