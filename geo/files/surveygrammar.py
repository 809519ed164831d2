"""Words of the survey text (界址点坐标 TXT): header keys, parcel lines, datums, numbers.

One line at a time and in plain text; whole stretches of points are read by `surveylines`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from geo.reference import CrsHints, Datum, identify

Kind: TypeAlias = Literal["面", "线", "点"]
AreaUnit: TypeAlias = Literal["", "ha", "m2", "mu", "km2"]

POINTS_SECTION: Final = "地块坐标"
DESCRIPTION_SECTION: Final = "属性描述"
# In the order of the ministry form.
HEADER_KEYS: Final = (
    "格式版本号", "数据产生单位", "数据产生日期", "坐标系", "几度分带", "投影类型", "计量单位",
    "带号", "精度", "转换参数",
)  # fmt: skip
END: Final = "@"
HEADER_LINES: Final = 1_000
_VALUE_LENGTH: Final = 1_000
_MOST_FIELDS: Final = 40
_KIND_AT: Final = 4  # place of 面, 线 or 点 in the ministry form; 6 in the provincial one

_OTHER_KEYS: Final = frozenset({"分带", "分带方式", "中央子午线", "中央经线"})
# Keys that say where the coordinates are; two values of one topic contradict each other.
_PLACE_TOPICS: Final = {
    "坐标系": "坐标系", "几度分带": "几度分带", "分带": "几度分带", "分带方式": "几度分带",
    "投影类型": "投影类型", "计量单位": "计量单位", "带号": "带号", "中央子午线": "中央子午线",
    "中央经线": "中央子午线",
}  # fmt: skip
_NUMBERED: Final = frozenset({"带号", "中央子午线"})
_UNITS: Final = {"m": "米", "meter": "米", "metre": "米", "公尺": "米"}
_KINDS: Final[Mapping[str, Kind]] = {
    "面": "面", "面状": "面", "多边形": "面", "polygon": "面",
    "线": "线", "线状": "线", "折线": "线", "polyline": "线", "line": "线",
    "点": "点", "点状": "点", "point": "点",
}  # fmt: skip
_AREA_UNITS: Final[Mapping[str, AreaUnit]] = {
    "公顷": "ha", "ha": "ha", "hm2": "ha", "平方米": "m2", "m2": "m2", "㎡": "m2", "亩": "mu",
    "平方公里": "km2", "平方千米": "km2", "km2": "km2",
}  # fmt: skip
_DATUM_WORDS: Final[tuple[tuple[Datum, str], ...]] = (
    ("cgcs2000", r"cgcs|(?<!\d)2000(?!\d)"),
    ("xian80", r"西安|xi'?an|(?<!\d)(19)?80(?!\d)"),
    ("beijing54", r"北京|beijing|(?<!\d)(19)?54(?!\d)"),
    ("wgs84", r"wgs|(?<!\d)(19)?84(?!\d)"),
    ("gcj02", r"gcj|火星|国测局"),
    ("bd09", r"bd-?09|百度"),
)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]{1,5})?")
_EXACT_DIGITS: Final = 64
_CODE: Final = re.compile(r"[0-9]{2,6}[A-Za-z]?[0-9]?")

# Full-width letters, digits and punctuation, and the blanks and dashes that come with them.
WIDE: Final[Mapping[int, str]] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    0x3000: " ", 0x00A0: " ", 0x3001: ",", 0x2212: "-", 0x2013: "-", 0xFEFF: "", 0x200B: "",
}  # fmt: skip
_SEPARATORS: Final[Mapping[int, str]] = {
    ord("，"): ",", ord("、"): ",", ord("；"): ",", ord(";"): ",", ord("\t"): ",", ord("＠"): "@",
}  # fmt: skip
_SEPARATOR: Final = re.compile("[,，、;；\t]")
_BLANKS: Final = " \t\u3000\u00a0\ufeff\u200b"


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """The fields of the line that opens a parcel, as written; "" where it is silent.

    `area` is without a unit; `area_unit` is the unit where the text says it. `kind_said` is False
    where no field says 面, 线 or 点. `rest` are fields that the form has no place for.
    """

    count: str = ""  # 界址点数
    area: str = ""
    area_unit: AreaUnit = ""
    district: str = ""  # 行政区代码
    village: str = ""  # 村名
    number: str = ""  # 地块编号
    name: str = ""  # 地块名称
    kind: Kind = "面"
    kind_said: bool = True
    sheet: str = ""  # 图幅号
    use: str = ""  # 用途
    land_class: str = ""  # 地类编码
    rest: tuple[str, ...] = ()


def is_parcel_line(text: str) -> bool:
    """Whether a line opens a parcel: its last field is @, or one is 面, 线 or 点 after a count."""
    if text.endswith("@") or text.rstrip(_BLANKS + ",，;；").endswith(("@", "＠")):
        first = _SEPARATOR.split(text, maxsplit=1)
        return len(first) > 1 and "=" not in first[0] and "＝" not in first[0]
    if not ("面" in text or "线" in text or "点" in text) or len(text) > _VALUE_LENGTH:
        return False
    fields = _fields(text)
    if len(fields) < 7 or not fields[0].isdecimal():
        return False
    return any(field.lower() in _KINDS for field in fields[2:])


def parse_parcel_line(text: str) -> ParcelLine | None:
    """The fields of a line that opens a parcel; None where they can't be told apart.

    Full-width commas part fields only where plain ones don't, so that a name may hold them.
    """
    fields = _fields(text)
    if not fields or len(fields) > _MOST_FIELDS:
        return None
    at = _kind_at(fields)
    if at is None:
        before, after, said = fields[:4], fields[4:], False
    else:
        before, after, said = fields[:at], fields[at + 1 :], True
    number, name, district, village, spare = _names(before)
    sheet, use, land_class, more = _uses(after)
    area, unit = area_of(before[1]) if len(before) > 1 else ("", "")
    return ParcelLine(
        count=before[0] if before else "", area=area, area_unit=unit, district=district,
        village=village, number=number, name=name,
        kind=_KINDS[fields[at].lower()] if at is not None else "面", kind_said=said, sheet=sheet,
        use=use, land_class=land_class, rest=spare + more,
    )  # fmt: skip


def _fields(text: str) -> list[str]:
    """The fields of a parcel line, without what follows the @."""
    found = _split(text)
    if len(found) < 7 or _kind_at(found) is None:
        found = _split(text.translate(_SEPARATORS))
    return found


def _split(text: str) -> list[str]:
    fields = [field.strip(_BLANKS) for field in text.split(",")]
    for place in reversed(range(len(fields))):
        if fields[place] in {"@", "＠"}:
            return fields[:place]
    if fields and fields[-1].endswith(("@", "＠")):
        fields[-1] = fields[-1][:-1].strip(_BLANKS)
    return fields


def _kind_at(fields: list[str]) -> int | None:
    """Where 面, 线 or 点 stands; a name may be such a word too, so the forms' places go first."""
    for place in (_KIND_AT, 6):
        if len(fields) > place and fields[place] in _KINDS:
            return place
    places = [i for i, field in enumerate(fields) if i and field.lower() in _KINDS]
    for place in (_KIND_AT, 6):
        if place in places:
            return place
    return places[-1] if places else None


def _names(before: list[str]) -> tuple[str, str, str, str, tuple[str, ...]]:
    """Number, name, district, village and what is left, from the fields before the kind."""
    told = before[2:]
    if len(told) <= 2:
        return (*told, "", "")[0], (*told, "", "")[1], "", "", ()
    number, name = told[-2:]
    first = told[:-2]
    if len(first) == 1:
        district = first[0] if re.fullmatch(r"[0-9]{6,12}", first[0]) else ""
        return number, name, district, "" if district else first[0], ()
    return number, name, first[0], first[1], tuple(field for field in first[2:] if field)


def _uses(after: list[str]) -> tuple[str, str, str, tuple[str, ...]]:
    """Map sheet, use, class of land and what is left, from the fields after the kind."""
    if len(after) == 2 and _CODE.fullmatch(after[1]):
        return "", after[0], after[1], ()
    sheet, use, land_class = (*after, "", "", "")[:3]
    return sheet, use, land_class, tuple(field for field in after[3:] if field)


def area_of(text: str) -> tuple[str, AreaUnit]:
    """The number of an area, and its unit where the text says it ("0.7655公顷")."""
    if not text or (text.isascii() and text[-1].isdecimal()):
        return text, ""
    plain = unicodedata.normalize("NFKC", text[:_EXACT_DIGITS]).replace(" ", "").lower()
    for word, unit in _AREA_UNITS.items():
        if plain.endswith(word):
            return plain.removesuffix(word), unit
    return text, ""


def number_of(text: str) -> float | None:
    """A finite decimal number, or None; never NaN or infinite."""
    plain = (text if text.isascii() else text.translate(WIDE)).strip().lower()
    if len(plain) > _EXACT_DIGITS or not _NUMBER.fullmatch(plain):
        return None
    value = float(plain)
    return value if math.isfinite(value) else None


def is_unbounded(text: str) -> bool:
    """Whether a text means a number that is not finite: NaN, Inf, 1e400."""
    plain = text.translate(WIDE).strip().lower().lstrip("+-")
    if plain in {"nan", "inf", "infinity", "1.#inf", "1.#qnan", "1.#ind", "-nan(ind)"}:
        return True
    if len(plain) > _EXACT_DIGITS or not _NUMBER.fullmatch(plain):
        return False
    return math.isinf(float(plain))


def header_pair(text: str) -> tuple[str, str] | None:
    """Key and value of a header line `key=value`; a colon serves as well after a known key."""
    for sign in ("=", "＝", ":", "："):
        key, found, value = text.partition(sign)
        key = key.strip(_BLANKS)
        if found and (sign in "=＝" or key in HEADER_KEYS or key in _OTHER_KEYS):
            return key, value.strip(_BLANKS)[:_VALUE_LENGTH]
    return None


def section_name(text: str) -> str | None:
    """The name in a line `[name]`, also in full-width brackets; None for other lines."""
    plain = text.strip(_BLANKS)
    if not plain or plain[0] not in "[【［":
        return None
    return plain[1:].rstrip("]】］" + _BLANKS).strip(_BLANKS)


def sections_of(lines: Iterable[str]) -> dict[str, dict[str, str]]:
    """Header lines as section → key → value; keys before any section stand under "".

    Sections without keys, such as 地块坐标, are there too. Of a key that comes twice, the first
    that is not empty counts.
    """
    found: dict[str, dict[str, str]] = {}
    section = ""
    for text in lines:
        name = section_name(text)
        if name is not None:
            section = name
            found.setdefault(section, {})
            continue
        pair = header_pair(text)
        if pair is not None:
            keys = found.setdefault(section, {})
            keys[pair[0]] = keys.get(pair[0]) or pair[1]
    return found


def datum_of(text: str) -> Datum | Literal[""]:
    """The datum that 坐标系 names; "" where it names none or several."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").lower()
    named: list[Datum] = [datum for datum, words in _DATUM_WORDS if re.search(words, plain)]
    return named[0] if len(named) == 1 else ""


def place_said(key: str, value: str) -> tuple[str, str]:
    """What a header line says of where the coordinates are: a topic, and a word for the value.

    Equal where two lines say the same in other words; the topic is "" for lines that say nothing
    of it.
    """
    topic = _PLACE_TOPICS.get(key, "")
    plain = re.sub(r"[\s\W_]", "", unicodedata.normalize("NFKC", value)).lower()
    if not topic or not plain:
        return "", ""
    if topic == "坐标系":
        code = re.search(r"epsg([0-9]{4,5})", plain)
        known = identify(f"EPSG:{code[1]}") if code else None
        return topic, (known.datum if known else datum_of(value)) or plain
    if topic == "几度分带":
        return topic, str(_width_of({key: value}) or plain)
    if topic in _NUMBERED:
        number = re.search(r"[0-9]+", plain)
        return topic, number[0].lstrip("0") if number else plain
    return topic, _UNITS.get(plain, plain)


def hints_of(header: Mapping[str, str]) -> CrsHints:
    """What header keys say of the coordinates."""
    system = header.get("坐标系", "")
    code = re.search(r"epsg[:： ]*([0-9]{4,5})", system.lower())
    width = _width_of(header)
    return CrsHints(
        declared=f"EPSG:{code[1]}" if code else "", declared_by="坐标系" if code else "",
        datum="" if code else datum_of(system), zone=_zone_of(header, width),
        zone_width_deg=width, producer=header.get("数据产生单位", ""),
    )  # fmt: skip


def _width_of(header: Mapping[str, str]) -> int | None:
    for key in ("几度分带", "分带", "分带方式"):
        said = re.search(r"[36三六]", unicodedata.normalize("NFKC", header.get(key, "")))
        if said:
            return 3 if said[0] in "3三" else 6
    return None


def _zone_of(header: Mapping[str, str], width: int | None) -> int | None:
    said = re.search(r"[0-9]+", unicodedata.normalize("NFKC", header.get("带号", "")))
    if said and 1 <= int(said[0][:4]) <= 60:
        return int(said[0])
    for key in ("中央子午线", "中央经线"):
        meridian = re.search(r"[0-9]+", unicodedata.normalize("NFKC", header.get(key, "")))
        if meridian and width and 72 <= (degrees := int(meridian[0][:4])) <= 138:
            zone = degrees / 3 if width == 3 else (degrees + 3) / 6
            return int(zone) if zone == int(zone) else None
    return None
