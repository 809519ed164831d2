"""The verdict on coordinates from their magnitudes and from what a header says in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from geo.magnitudes import BBox, Magnitude, look_at, orientation, turn
from geo.systems import (
    DATUM_NAMES,
    WEB_MERCATOR,
    ZONES_3,
    ZONES_6,
    Datum,
    ReferenceSystem,
    degrees_system,
    gauss_system,
)
from geo.verdict import CrsHints, Notes, Verdict, make_verdict

SURVEYED: Final[tuple[Datum, ...]] = ("cgcs2000", "xian80", "beijing54")
_PLANE_AXES: Final = (("横坐标（东）", "eastings"), ("纵坐标（北）", "northings"))
_UNKNOWN_AXES: Final = (("第一个坐标", "first coordinates"), ("第二个坐标", "second coordinates"))
_AXES: Final = {
    "degrees": (("经度", "longitudes"), ("纬度", "latitudes")), "plane": _PLANE_AXES,
    "mixed": _PLANE_AXES, "mercator": _PLANE_AXES,
}  # fmt: skip
_IN_DEGREES: Final[tuple[Datum, ...]] = ("cgcs2000", "gcj02", "bd09", "xian80", "beijing54")


def extent(box: BBox) -> tuple[str, str]:
    """The extent in words, Chinese and English, by what the numbers are.

    Never as x and y: in Chinese surveying x is the northing, in mapping software the easting.
    """
    seen = look_at(box)
    x0, y0, x1, y1 = (f"{value:.10g}" for value in (turn(box) if seen.swap else box))
    first, second = _AXES.get(seen.form, _UNKNOWN_AXES)
    return (
        f"{first[0]}从 {x0} 到 {x1}，{second[0]}从 {y0} 到 {y1}",
        f"{first[1]} from {x0} to {x1}, {second[1]} from {y0} to {y1}",
    )


def judge_numbers(box: BBox, hints: CrsHints, notes: Notes) -> Verdict:
    """The verdict from magnitudes and from what a header says in words."""
    seen = look_at(box)
    notes.say(*extent(box))
    if seen.form == "degrees":
        return _judge_degrees(box, seen, hints, notes)
    if seen.form == "mercator":
        notes.say(
            "数值是 Web 墨卡托米，出自网络地图，可能偏移（GCJ-02）",
            "the numbers are Web Mercator metres of a web map, which may be shifted (GCJ-02)",
        )
        return make_verdict("unknown_datum", (WEB_MERCATOR,), notes, box=box, swap=seen.swap)
    if seen.form == "mixed":
        numbers = "、".join(str(zone) for zone, _ in seen.zones)
        notes.tell(
            "mixed_zones",
            f"同一文件中横坐标的带号不一（{numbers}）；请按带分成几个文件",
            f"eastings have the prefixes of several zones ({numbers}): split the file by zone",
            level="error",
        )
        return make_verdict("unknown", (), notes, box=box)
    seen = _zones_said(box, seen, hints, notes)
    if seen.zones:
        return _judge_plane(box, seen, hints, notes)
    notes.say(
        "数值既不是中国范围内的经纬度，也不是山西的投影坐标",
        "the numbers are neither degrees in China nor metres of a system used in Shanxi",
    )
    return make_verdict("unknown", (), notes, box=box)


def _judge_degrees(box: BBox, seen: Magnitude, hints: CrsHints, notes: Notes) -> Verdict:
    notes.say(
        "数值是经纬度（度）" + ("，纬度在前" if seen.swap else ""),
        "the numbers are degrees" + (", latitude first" if seen.swap else ""),
    )
    datum = hints.datum if hints.datum != "other" else ""
    if datum and not (hints.may_be_shifted and datum == "wgs84"):
        notes.say(
            f"基准写明是{DATUM_NAMES[datum][0]}", f"the datum is said: {DATUM_NAMES[datum][1]}"
        )
        return make_verdict("certain", (degrees_system(datum),), notes, box=box, swap=seen.swap)
    notes.say(
        "数值看不出基准；网络地图导出的数据常是偏移坐标，在山西相差 500 m 以上",
        "numbers don't tell the datum; exports of web maps are often shifted by 500 m and more",
    )
    datums: tuple[Datum, ...] = ("wgs84", "gcj02") if datum else _IN_DEGREES
    systems = tuple(degrees_system(one) for one in datums)
    return make_verdict("unknown_datum", systems, notes, box=box, swap=seen.swap)


def _zone_in_words(hints: CrsHints, notes: Notes) -> int | None:
    """The zone that a header means: some write the central meridian for it."""
    zone, width = hints.zone, hints.zone_width_deg
    if zone is not None and 72 <= zone <= 138 and zone % 3 == 0:
        zone = (zone + 3) // 6 if width == 6 and zone % 6 == 3 else zone // 3
    if zone is None or not (zone in ZONES_3 or zone in ZONES_6):
        return None
    if width and width != (3 if zone in ZONES_3 else 6):
        notes.tell(
            "zone_width",
            f"文件头写的是 {width} 度带，但带号 {zone} 属于另一种分带；以带号为准",
            f"the header says {width}° zones, zone {zone} is of the others; the zone is kept",
        )
    return zone


def _zones_said(box: BBox, seen: Magnitude, hints: CrsHints, notes: Notes) -> Magnitude:
    """The zones that are left when a header's words are held against the numbers."""
    said = _zone_in_words(hints, notes)
    if seen.form != "plane":
        if said is None or seen.form != "nothing":
            return Magnitude("nothing")
        swap = orientation(gauss_system("cgcs2000", said, prefixed=False), box)
        fits = swap is not None
        return Magnitude("plane", bool(swap), ((said, False),)) if fits else Magnitude("nothing")
    first, prefixed = seen.zones[0]
    if prefixed:
        notes.say(f"横坐标带有带号 {first}", f"eastings begin with the zone's number, {first}")
        if said is not None and said != first:
            notes.tell(
                "zone_prefix",
                f"文件头写的带号是 {said}，横坐标的前缀是 {first}；以前缀为准",
                f"the header says zone {said}, the eastings begin with {first}, which is kept",
            )
        return seen
    zones = _unprefixed(box, seen, hints)
    if said is None:
        return replace(seen, zones=zones)
    same = [zone for zone, _ in zones if _meridian(zone) == _meridian(said)]
    if same:
        return replace(seen, zones=((said, False),))
    notes.tell(
        "zone_contradiction",
        f"文件头写的带号是 {said}，但按它坐标落在山西省外；请核对",
        f"the header says zone {said}, which puts the land outside Shanxi: please check",
    )
    return replace(seen, zones=((said, False), *zones))


def _unprefixed(box: BBox, seen: Magnitude, hints: CrsHints) -> tuple[tuple[int, bool], ...]:
    """The zones by magnitude, named by the width that is said: 19 has the meridian of 37."""
    west_east = box[1] + box[3] if seen.swap else box[0] + box[2]
    zones = [zone for zone, _ in seen.zones]
    wide = hints.zone_width_deg == 6 or (hints.zone_width_deg is None and west_east > 1_400_000)
    if wide:
        zones = [19 if zone == 37 else zone for zone in zones]
    width = hints.zone_width_deg
    kept = [zone for zone in zones if width is None or (zone in ZONES_3) == (width == 3)]
    return tuple((zone, False) for zone in kept or zones)


def _meridian(zone: int) -> float | None:
    return gauss_system("cgcs2000", zone, prefixed=False).central_meridian


def _judge_plane(box: BBox, seen: Magnitude, hints: CrsHints, notes: Notes) -> Verdict:
    """The verdict on Gauss-Krüger metres of the zones in `seen`."""
    datum: Datum | None = "cgcs2000" if hints.datum == "wgs84" else hints.datum or None
    datum = datum if datum in SURVEYED else None
    if datum is None:
        notes.say(
            "数值看不出基准：2000国家大地坐标系、1980西安、1954北京的数值范围相同",
            "numbers don't tell the datum: CGCS2000, Xian 1980 and Beijing 1954 look alike",
        )
    else:
        notes.say(f"基准是{DATUM_NAMES[datum][0]}", f"the datum is {DATUM_NAMES[datum][1]}")

    def of(one: Datum) -> tuple[ReferenceSystem, ...]:
        return tuple(gauss_system(one, zone, prefixed=prefix) for zone, prefix in seen.zones)

    if len(seen.zones) > 1:
        notes.say(
            "横坐标没有带号，几个分带都可能", "the eastings have no prefix and fit several zones"
        )
        return make_verdict(
            "ambiguous", of(datum or "cgcs2000"), notes, box=box, swap=seen.swap,
            datum_open=datum is None,
        )  # fmt: skip
    if datum is None:
        systems = tuple(found for one in SURVEYED for found in of(one))
        return make_verdict(
            "unknown_datum", systems, notes, box=box, swap=seen.swap, datum_open=True
        )
    (only,) = of(datum)
    words = hints.zone is not None and _zone_in_words(hints, Notes()) == only.zone
    if not words:
        return make_verdict("certain", (only,), notes, box=box, swap=seen.swap)
    notes.say(f"带号写明是 {only.zone}", f"zone {only.zone} is said")
    return make_verdict(
        "declared", (only,), notes, box=box, swap=seen.swap, declared=only, hints=hints
    )
