"""Seven parameters (布尔莎 / Bursa-Wolf) that lead from an old datum to CGCS2000.

They belong to an area and are kept by the surveying office; nothing here knows any.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from geo.errors import CrsQuestionError
from geo.projection import run
from geo.systems import ELLIPSOIDS

Floats: TypeAlias = NDArray[np.float64]
Convention = Literal["", "position_vector", "coordinate_frame"]

_NAMES: Final = ("dx_m", "dy_m", "dz_m", "rx_arcsec", "ry_arcsec", "rz_arcsec", "scale_ppm")
# Wider than any parameters of China, narrow enough to catch radians, metres and factors.
_MOST: Final = (10_000.0,) * 3 + (600.0,) * 3 + (1_000.0,)
_CONVENTIONS: Final[dict[str, Convention]] = {
    "": "", "position_vector": "position_vector", "位置矢量": "position_vector",
    "coordinate_frame": "coordinate_frame", "坐标框架": "coordinate_frame",
}  # fmt: skip
_STILL_DEG: Final = 1e-11  # a thousandth of a millimetre
_STEPS: Final = 8


@dataclass(frozen=True, slots=True)
class SevenParameters:
    """Shifts in metres, rotations in seconds of arc, scale in parts per million, to CGCS2000.

    `convention` says which way the rotations turn: "position_vector" (EPSG 9606) turns the
    point, "coordinate_frame" (EPSG 9607) the axes; "" is not said, which only parameters without
    rotations may leave open: the wrong sign moves land by some hundred metres.

    Raises:
        CrsQuestionError: of code "bad_parameters", for numbers that can't be meant so.
    """

    dx_m: float
    dy_m: float
    dz_m: float
    rx_arcsec: float = 0.0
    ry_arcsec: float = 0.0
    rz_arcsec: float = 0.0
    scale_ppm: float = 0.0
    convention: Convention = ""

    def __post_init__(self) -> None:
        for name, most in zip(_NAMES, _MOST, strict=True):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not abs(value) <= most:
                raise _bad(
                    f"七参数 {name} = {value} 超出 ±{most:g}；平移用米、旋转用秒、尺度用 ppm",
                    f"parameter {name} = {value} is not within ±{most:g}: shifts are in metres, "
                    "rotations in seconds of arc, the scale in ppm",
                )
        if self.convention not in _CONVENTIONS.values():
            raise _bad(
                f"旋转约定“{self.convention}”不明，应为 position_vector 或 coordinate_frame",
                f"convention “{self.convention}” must be position_vector or coordinate_frame",
            )

    @property
    def turns(self) -> bool:
        """Whether any rotation is given, so that the convention matters."""
        return any((self.rx_arcsec, self.ry_arcsec, self.rz_arcsec))

    @classmethod
    def from_text(cls, text: str) -> SevenParameters:
        """From "dx,dy,dz,rx,ry,rz,s[,convention]" (also ; or blanks between, full-width forms).

        Three numbers alone are the shifts. Raises CrsQuestionError of code "bad_parameters".
        """
        plain = unicodedata.normalize("NFKC", text[:500]).replace("、", ",")
        words = re.split(r"[\s,;]+", plain.strip().strip(",;").casefold())
        convention: Convention = ""
        if words and words[-1] in _CONVENTIONS:
            convention = _CONVENTIONS[words.pop()]
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            numbers = []
        if len(numbers) not in (3, 7):
            raise _bad(
                f"“{text[:80]}”不是七参数；请写成 dx,dy,dz,rx,ry,rz,m（米、秒、ppm），"
                "后面可加 position_vector 或 coordinate_frame",
                f"“{text[:80]}” are no seven parameters: write dx,dy,dz,rx,ry,rz,s (metres, "
                "seconds, ppm), then position_vector or coordinate_frame",
            )
        return cls(**dict(zip(_NAMES, numbers, strict=False)), convention=convention)

    def to_text(self) -> str:
        """The text that `from_text` takes; every number in full."""
        numbers = [repr(float(getattr(self, name))) for name in _NAMES]
        return ",".join([*numbers, self.convention] if self.convention else numbers)

    def to_json(self) -> dict[str, Any]:
        """Plain values by name."""
        return {name: getattr(self, name) for name in (*_NAMES, "convention")}

    def to_cgcs2000(self, points: Floats, axis: float, flat: float) -> Floats:
        """Degrees (n, 2) on the ellipsoid (metres, inverse flattening) → CGCS2000, at height 0."""
        return run(_pipeline(self, axis, flat), points, flat=False)

    def from_cgcs2000(self, points: Floats, axis: float, flat: float) -> Floats:
        """The exact inverse of `to_cgcs2000`.

        By repetition: the heights that a reversed step would need are not known, and taking them
        as 0 on both sides would cost up to some millimetres.
        """
        found = points.copy()
        for _ in range(_STEPS):
            step = points - self.to_cgcs2000(found, axis, flat)
            found += step
            if not (np.abs(step) > _STILL_DEG).any():
                break
        return found


@lru_cache(maxsize=32)
def _pipeline(parameters: SevenParameters, axis: float, flat: float) -> Transformer:
    p = parameters
    new_axis, new_flat = ELLIPSOIDS["cgcs2000"]
    # Without rotations both conventions are the same step, and PROJ asks for one by name.
    convention = p.convention or "coordinate_frame"
    return Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad"
        f" +step +proj=cart +a={axis!r} +rf={flat!r}"
        f" +step +proj=helmert +x={p.dx_m!r} +y={p.dy_m!r} +z={p.dz_m!r} +rx={p.rx_arcsec!r}"
        f" +ry={p.ry_arcsec!r} +rz={p.rz_arcsec!r} +s={p.scale_ppm!r} +convention={convention}"
        f" +step +inv +proj=cart +a={new_axis!r} +rf={new_flat!r}"
        " +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )


def _bad(zh: str, en: str) -> CrsQuestionError:
    error = CrsQuestionError(f"{zh} / {en}")
    error.code = "bad_parameters"
    return error
