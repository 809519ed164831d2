"""Units of the documents, converted by pint from our own exact definitions.

Figures are printed in 亩, 万平方米, 亿元, 宗 … . The registry holds only these units, as exact
fractions, so that 46 410 万元 becomes exactly 4.641 亿元. It is built at the first real
conversion: reading equal units never imports pint.

Kinds of quantity that must never convert into each other have base units of their own: things
counted, people, ranks, per cent and percentage points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from facts.errors import IncompatibleUnits, UnknownUnit

if TYPE_CHECKING:
    from pint import UnitRegistry

# Name -> pint definition. A name in brackets starts a dimension of its own.
_DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        # length and land; 1 公顷 = 15 亩, hence 1 亩 = 2000/3 m2
        "米": "[length]",
        "公里": "1000 * 米",
        "平方米": "米 ** 2",
        "万平方米": "10000 * 米 ** 2",
        "亩": "2000 / 3 * 米 ** 2",
        "万亩": "10000 * 亩",
        "公顷": "10000 * 米 ** 2",
        "平方公里": "1000000 * 米 ** 2",
        # money
        "元": "[money]",
        "万元": "10000 * 元",
        "亿元": "100000000 * 元",
        "万亿元": "1000000000000 * 元",
        "美元": "[dollar]",
        "万美元": "10000 * 美元",
        "亿美元": "100000000 * 美元",
        # counted things: the measure word follows the noun, the number means the same
        "个": "[count]",
        **{
            word: "个"
            for word in (
                "家",
                "项",
                "宗",
                "件",
                "次",
                "座",
                "栋",
                "支",
                "条",
                "台",
                "户",
                "处",
                "所",
                "种",
                "类",
                "批",
                "期",
                "套",
                "辆",
                "起",
                "份",
            )
        },
        "万个": "10000 * 个",
        "万家": "10000 * 个",
        "万户": "10000 * 个",
        "万台": "10000 * 个",
        "万件": "10000 * 个",
        # people and ranks are counted too, but never with things
        "人": "[person]",
        "名": "人",
        "万人": "10000 * 人",
        "位": "[rank]",
        # proportions: a difference of two percentages is not a percentage
        "百分比": "[proportion]",
        "千分比": "百分比 / 10",
        "比例": "100 * 百分比",  # a bare fraction, as a sheet holds what it shows in per cent
        "百分点": "[percentage_point]",
        "倍": "[multiple]",
        # time
        "秒": "[time]",
        "分钟": "60 * 秒",
        "小时": "3600 * 秒",
        "天": "86400 * 秒",
        # A calendar year: rates per year must not turn into rates per 365 days by accident.
        "年": "[year]",
        "月": "年 / 12",
        # mass, energy, power
        "吨": "[mass]",
        "万吨": "10000 * 吨",
        "亿吨": "100000000 * 吨",
        "吨标煤": "[coal_equivalent]",
        "万吨标煤": "10000 * 吨标煤",
        "千瓦": "[power]",
        "万千瓦": "10000 * 千瓦",
        "兆瓦": "1000 * 千瓦",
        "吉瓦": "1000000 * 千瓦",
        "千瓦时": "[electricity]",
        "万千瓦时": "10000 * 千瓦时",
        "亿千瓦时": "100000000 * 千瓦时",
        "容积率": "[ratio]",
    }
)

# Other spellings of the same unit, after NFKC and without blanks.
_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "%": "百分比",
        "‰": "千分比",
        "个百分点": "百分点",
        "m": "米",
        "km": "公里",
        "m2": "平方米",
        "m²": "平方米",
        "㎡": "平方米",
        "万m2": "万平方米",
        "ha": "公顷",
        "hm2": "公顷",
        "km2": "平方公里",
        "km²": "平方公里",
        "平方千米": "平方公里",
        "mu": "亩",
        "个(人)": "人",
        "日": "天",
        "度": "千瓦时",
        "kWh": "千瓦时",
        "kW": "千瓦",
        "MW": "兆瓦",
        "GW": "吉瓦",
        "24h": "天",
        "h": "小时",
        "t": "吨",
        "吨标准煤": "吨标煤",
        "万吨标准煤": "万吨标煤",
        "tce": "吨标煤",
        "s": "秒",
    }
)

_SEPARATOR = re.compile(r"[/·]")


# English names for readers; any other counting word is "count".
_ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "米": "m", "公里": "km", "平方米": "m²", "万平方米": "10,000 m²", "亩": "mu",
        "万亩": "10,000 mu", "公顷": "ha", "平方公里": "km²",
        "元": "yuan", "万元": "10,000 yuan", "亿元": "100 million yuan",
        "万亿元": "trillion yuan", "美元": "US$", "万美元": "US$ 10,000",
        "亿美元": "US$ 100 million",
        "宗": "parcels", "次": "times", "期": "rounds",
        "万个": "10,000", "万家": "10,000", "万户": "10,000", "万台": "10,000", "万件": "10,000",
        "人": "people", "名": "people", "万人": "10,000 people", "位": "rank",
        "百分比": "%", "千分比": "‰", "比例": "fraction",
        "百分点": "percentage points", "倍": "times",
        "秒": "s", "分钟": "min", "小时": "h", "天": "days", "年": "years", "月": "months",
        "吨": "t", "万吨": "10,000 t", "亿吨": "100 million t", "吨标煤": "t of standard coal",
        "万吨标煤": "10,000 t of standard coal",
        "千瓦": "kW", "万千瓦": "10,000 kW", "兆瓦": "MW", "吉瓦": "GW", "千瓦时": "kWh",
        "万千瓦时": "10,000 kWh", "亿千瓦时": "100 million kWh",
    }
)  # fmt: skip
_ENGLISH_PER = MappingProxyType(
    {"年": "year", "月": "month", "天": "day", "台": "unit", "亩": "mu", "公顷": "ha"}
)


def unit_name(unit: str, lang: Literal["zh", "en"]) -> str:
    """The unit for readers: as given in Chinese, "100 million yuan/year" in English.

    Raises:
        UnknownUnit: when it is asked for in English and is not in the table.
    """
    if lang == "zh":
        return unit
    first, *others = re.split(r"[/*]", canonical_unit(unit))
    name = _ENGLISH.get(first, "count")
    return "/".join(
        [name, *(_ENGLISH_PER.get(other, _ENGLISH.get(other, other)) for other in others)]
    )


def known_units() -> tuple[str, ...]:
    """Every simple unit name and spelling that is understood; A/B and A·B combine them."""
    return (*_DEFINITIONS, *_SPELLINGS)


@lru_cache(maxsize=512)
def canonical_unit(unit: str) -> str:
    """The unit in the names of the unit table: "km²" -> "平方公里", "GW/年" -> "吉瓦/年".

    Raises:
        UnknownUnit: when a part of it is not in the table.
    """
    text = unicodedata.normalize("NFKC", unit).replace(" ", "")
    if text in _SPELLINGS or text in _DEFINITIONS:
        return _SPELLINGS.get(text, text)
    parts = _SEPARATOR.split(text)
    names = [_SPELLINGS.get(part, part) for part in parts]
    if not all(name in _DEFINITIONS for name in names):
        raise UnknownUnit(f"不认识的单位“{unit}” / unknown unit “{unit}”")
    joined = names[0]
    for mark, name in zip(_SEPARATOR.findall(text), names[1:], strict=True):
        joined += ("/" if mark == "/" else "*") + name
    return joined


def is_known(unit: str) -> bool:
    """Whether the unit, or each part of a compound one, is in the table."""
    try:
        canonical_unit(unit)
    except UnknownUnit:
        return False
    return True


@lru_cache(maxsize=1)
def _registry() -> UnitRegistry[Any]:
    """A pint registry of exactly our units; importing pint takes about a quarter second."""
    import pint  # noqa: PLC0415  a reader that needs no conversion should not wait for it

    registry: UnitRegistry[Any] = pint.UnitRegistry(None, non_int_type=Fraction)
    for name, definition in _DEFINITIONS.items():
        registry.define(f"{name} = {definition}")
    return registry


@lru_cache(maxsize=1024)
def factor(from_unit: str, to_unit: str) -> Fraction:
    """The exact number of ``to_unit`` in one ``from_unit``.

    Raises:
        UnknownUnit: when either is not in the table.
        IncompatibleUnits: when they measure different things.
    """
    source, target = canonical_unit(from_unit), canonical_unit(to_unit)
    if source == target:
        return Fraction(1)
    from pint.errors import DimensionalityError  # noqa: PLC0415  as in _registry

    try:
        return Fraction(_registry().convert(Fraction(1), source, target))
    except DimensionalityError as error:
        raise IncompatibleUnits(
            f"单位“{from_unit}”不能换算为“{to_unit}” / "
            f"unit “{from_unit}” does not convert to “{to_unit}”"
        ) from error


def convert(value: float | str | Fraction, from_unit: str, to_unit: str) -> float:
    """A value in ``from_unit`` as a float in ``to_unit``, rounded only once.

    A float counts as the decimal it prints as, so convert(46410.0, "万元", "亿元") == 4.641.

    Raises:
        UnknownUnit, IncompatibleUnits: see :func:`factor`.
        ValueError: when the value is not a finite number.
    """
    exact = value if isinstance(value, Fraction) else Fraction(str(value))
    return float(exact * factor(from_unit, to_unit))


def compatible(a: str, b: str) -> bool:
    """Whether both units are known and one converts into the other."""
    try:
        factor(a, b)
    except (UnknownUnit, IncompatibleUnits):
        return False
    return True
