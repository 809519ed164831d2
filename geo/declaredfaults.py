"""Land against what is declared of it: province, county, area."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.areas import M2_PER_HA, M2_PER_KM2, M2_PER_MU
from geo.faultkinds import KINDS, Tolerances, area_words, rest_of, sorted_faults
from geo.layerfaults import id_text
from geo.plane import to_degrees, to_plane
from geo.problems import Problem
from geo.rings import only_polygons
from geo.seams import sound_land

AreaUnit = Literal["m2", "ha", "mu", "km2"]
Floats: TypeAlias = NDArray[np.float64]
Shapes: TypeAlias = NDArray[np.object_]

_M2_PER: Final[Mapping[AreaUnit, float]] = MappingProxyType(
    {"m2": 1.0, "ha": M2_PER_HA, "mu": M2_PER_MU, "km2": M2_PER_KM2}
)
_NAMES: Final[Mapping[AreaUnit, tuple[str, str]]] = MappingProxyType(
    {"m2": ("平方米", "m²"), "ha": ("公顷", "ha"), "mu": ("亩", "mu"), "km2": ("平方公里", "km²")}
)
_FACTOR: Final = 1.5  # a declared area this many times too large or small is in another unit
_SHARE: Final = 0.6  # of the declared areas must be in a unit for it to be that of all
_SUFFIXES: Final = ("市辖区", "自治县", "县", "市", "区")


def outside_faults(
    shapes: Any,
    province: Any,
    counties: gpd.GeoDataFrame | None = None,
    declared_county: Sequence[Any] | None = None,
    *,
    first: int = 1,
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
    most: int | None = 1000,
) -> list[Problem]:
    """Land outside the province or outside its declared county; all in EPSG:4490 degrees.

    Args:
        shapes: geometries, None where there is none; only their polygons count.
        province: the province's outline; None leaves it out.
        counties: with the columns place_id, name_zh, name_en.
        declared_county: for each shape a county's id or name, or "" / None where none is declared.
        first: number of the first feature.
        tolerances: land nearer than `outside_m` to the outline is not outside.
        most: so many of each kind are listed, the others counted; None lists all.
    """
    plane, rows = sound_land(np.asarray(shapes, dtype=object).ravel())
    told = _Told(first, most, tolerances)
    if province is not None:
        told.outside("outside_province", plane, rows, to_plane(province), ("全省", "the province"))
    if counties is not None and declared_county is not None:
        _counties(told, plane, rows, counties, declared_county)
    return sorted_faults(told.problems) + [rest_of(code, n) for code, n in told.more.items()]


def _counties(
    told: _Told, plane: Shapes, rows: Any, counties: gpd.GeoDataFrame, declared: Sequence[Any]
) -> None:
    """Land outside its declared county, and counties that are not known."""
    known = _known_counties(counties)
    outlines = np.asarray(counties.geometry.to_numpy(), dtype=object)
    names = [(str(zh), str(en) or str(zh)) for zh, en in zip(
        counties["name_zh"], counties["name_en"], strict=True)]  # fmt: skip
    words = [id_text(value) for value in declared]
    unknown = Counter(word for word in words if word and _plain(word) not in known)
    for word, count in unknown.items():
        row = words.index(word)
        told.say(
            "unknown_county", row, f"所填的县“{word}”不在册（共 {count} 个要素）",
            f"the declared county “{word}” is not on file ({count} features)", count=count,
        )  # fmt: skip
    county = np.array([known.get(_plain(words[row]), -1) for row in rows], dtype=np.int64)
    for index in np.unique(county[county >= 0]):
        here = np.flatnonzero(county == index)
        told.outside(
            "outside_county", plane[here], rows[here], to_plane(outlines[index]), names[index]
        )


def _known_counties(counties: gpd.GeoDataFrame) -> dict[str, int]:
    """Row by id, name, and name without 县/市/区 where that is one county's only."""
    known: dict[str, int] = {}
    short: dict[str, list[int]] = {}
    columns = (counties["place_id"], counties["name_zh"], counties["name_en"])
    for row, words in enumerate(zip(*columns, strict=True)):
        for word in words:
            known.setdefault(_plain(str(word)), row)
        name = _plain(str(words[1]))
        stem = next((name.removesuffix(s) for s in _SUFFIXES if name.endswith(s)), name)
        if len(stem) > 1:
            short.setdefault(stem, []).append(row)
    return {stem: rows[0] for stem, rows in short.items() if len(rows) == 1} | known


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip().casefold()


class _Told:
    """Faults found so far, and how many of each kind were only counted."""

    def __init__(self, first: int, most: int | None, tolerances: Tolerances) -> None:
        self.first = first
        self.most = most
        self.tolerances = tolerances
        self.problems: list[Problem] = []
        self.listed: Counter[str] = Counter()
        self.more: Counter[str] = Counter()

    def say(self, code: str, row: int, zh: str, en: str, *, at: Any = None, count: int = 1) -> None:
        """One fault of the shape at a row; `at` is a place in degrees."""
        if self.most is not None and self.listed[code] >= self.most:
            self.more[code] += 1
            return
        self.listed[code] += 1
        number = row + self.first
        lon, lat = (None, None) if at is None else (float(at[0]), float(at[1]))
        self.problems.append(
            Problem(
                code, KINDS[code][0], f"第 {number} 个要素：{zh}", f"feature {number}: {en}",
                count=count, lon=lon, lat=lat, feature=number,
            )
        )  # fmt: skip

    def outside(
        self, code: str, plane: Shapes, rows: Any, outline: Any, names: tuple[str, str]
    ) -> None:
        """Land outside an outline, farther than the outline is exact."""
        allowed = shapely.buffer(outline, self.tolerances.outside_m, quad_segs=4)
        shapely.prepare(allowed)
        out = np.flatnonzero(~shapely.covers(allowed, plane))
        if not len(out):
            return
        land = only_polygons(shapely.difference(plane[out], outline))
        far = shapely.area(shapely.difference(land, allowed))
        told = np.flatnonzero(far > self.tolerances.outside_m2)
        if self.most is not None:  # a place is found only for those that are listed
            room = max(0, self.most - self.listed[code])
            if len(told) > room:
                self.more[code] += len(told) - room
            told = told[:room]
        for i in told:
            whole, m2 = float(shapely.area(plane[out[i]])), float(shapely.area(land[i]))
            area_zh, area_en = area_words(m2)
            share = 100 * m2 / whole
            at = shapely.get_coordinates(to_degrees(shapely.point_on_surface(land[i])))[0]
            self.say(
                code, int(rows[out[i]]), f"有 {area_zh}（{share:.2f}%）在{names[0]}范围之外",
                f"{area_en} ({share:.2f} %) lie outside {names[1]}", at=at,
            )  # fmt: skip


# --- areas ---------------------------------------------------------------------------------------


def area_faults(
    areas_m2: Sequence[float],
    declared: Sequence[Any] | None,
    *,
    unit: AreaUnit | Literal[""] = "",
    first: int = 1,
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
    most: int | None = 1000,
) -> list[Problem]:
    """Declared areas against the computed ones.

    A declared area may be off by `tolerances.area_share` (a plane area at the edge of its zone is
    429 ppm too large) and by half of its last printed digit. The unit that fits most of them is
    taken, and told ("area_unit") where it was not given or is another one; where none fits and none
    was given, that is told and nothing is compared.

    Args:
        areas_m2: computed, m².
        declared: numbers, or numbers as text; blank ones don't count.
        unit: what the declared ones are in; "" where it is not said.
        first: number of the first feature.
        tolerances: see above.
        most: so many are listed, the others counted; None lists all.
    """
    told = _Told(first, most, tolerances)
    areas = np.asarray(areas_m2, dtype=np.float64)
    numbers, digits = _numbers(declared if declared is not None else ())
    compared = np.isfinite(numbers) & (numbers > 0) & (areas[: len(numbers)] > 0)
    if not compared.any():
        return []
    fits = _fitting(areas[: len(numbers)], numbers, compared)
    best = _commonest(fits, int(compared.sum()))
    head: list[Problem] = []
    if not unit or best not in ("", unit):
        head.append(_unit_problem(unit, best, int(compared.sum())))
    taken = best or unit
    if not taken:
        return head
    for row in np.flatnonzero(compared):
        number = (float(numbers[row]), float(digits[row]))
        _compare(told, int(row), float(areas[row]), number, units=(taken, fits[row]))
    return head + sorted_faults(told.problems) + [rest_of(c, n) for c, n in told.more.items()]


def declared_unit(areas_m2: Sequence[float], declared: Sequence[Any]) -> AreaUnit | Literal[""]:
    """The unit that most of the declared areas fit the computed ones in, "" where none does."""
    areas = np.asarray(areas_m2, dtype=np.float64)
    numbers, _ = _numbers(declared)
    compared = np.isfinite(numbers) & (numbers > 0) & (areas > 0)
    return _commonest(_fitting(areas, numbers, compared), int(compared.sum()))


def _numbers(declared: Sequence[Any]) -> tuple[Floats, Floats]:
    """Values, and the half of the last printed digit; NaN where there is no number."""
    values, halves = np.full(len(declared), np.nan), np.zeros(len(declared))
    for row, word in enumerate(declared):
        text = unicodedata.normalize("NFKC", id_text(word)).replace(",", "")
        try:
            number = Decimal(text)
        except InvalidOperation:
            continue
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and abs(exponent) < 300:
            values[row], halves[row] = float(number), 0.5 * 10.0**exponent
    return values, halves


def _fitting(areas: Floats, numbers: Floats, compared: NDArray[np.bool_]) -> Shapes:
    """For each declared area the unit that makes it about the computed one, "" where none does."""
    fits = np.full(len(numbers), "", dtype=object)
    rows = np.flatnonzero(compared)
    ratio = areas[rows] / numbers[rows]
    for unit, m2 in _M2_PER.items():
        fits[rows[(ratio > m2 / _FACTOR) & (ratio < m2 * _FACTOR)]] = unit
    return fits


def _commonest(fits: Shapes, count: int) -> AreaUnit | Literal[""]:
    counted = Counter(fits[fits != ""].tolist()).most_common(1)
    if not counted or counted[0][1] < _SHARE * count:
        return ""
    best: AreaUnit = counted[0][0]
    return best


def _compare(
    told: _Told,
    row: int,
    area: float,
    declared: tuple[float, float],
    *,
    units: tuple[AreaUnit, str],
) -> None:
    """One declared area (and half of its last digit) in a unit, beside the unit that it fits."""
    number, half = declared
    unit, fits = units
    size = _M2_PER[unit]
    difference = number * size - area
    allowed = max(told.tolerances.area_share * area, half * size)
    if abs(difference) <= allowed:
        return
    zh, en = _NAMES[unit]
    computed = f"{area / size:,.4f}"
    hint_zh = hint_en = ""
    if fits and fits != unit:
        other_zh, other_en = _NAMES[fits]  # type: ignore[index]
        hint_zh, hint_en = f"；单位似乎是{other_zh}", f"; it seems to be in {other_en}"
    elif allowed > 0:
        allowed_text = f"{allowed / size:,.4f}"
        hint_zh, hint_en = f"（容差 {allowed_text}）", f" (tolerance {allowed_text})"
    share = 100 * difference / area
    told.say(
        "declared_area", row,
        f"所填面积 {number:,.10g} {zh}，计算面积 {computed} {zh}，相差 {share:+.2f}%{hint_zh}",
        f"the declared area is {number:,.10g} {en}, the computed one {computed} {en}, "
        f"{share:+.2f} % apart{hint_en}",
    )  # fmt: skip


def _unit_problem(given: str, best: str, count: int) -> Problem:
    """That a unit was found, that another one than given fits, or that none does."""
    if not best:
        zh, en = "所填面积与计算面积相差太大，看不出单位", "no unit makes the declared areas fit"
    else:
        zh, en = _NAMES[best]  # type: ignore[index]
        zh, en = f"所填面积的单位按比例是{zh}", f"by their ratio, the declared areas are in {en}"
    if given:
        given_zh, given_en = _NAMES[given]  # type: ignore[index]
        zh, en = f"{zh}，而不是{given_zh}", f"{en}, not in {given_en}"
    return Problem("area_unit", KINDS["area_unit"][0], zh, en, count=count)
