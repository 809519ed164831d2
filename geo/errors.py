"""The errors of this package: one base class, one code per kind of fault."""

import re
from collections.abc import Sequence

from geo.limits import LIMIT_OF, SETTINGS

_SHOWN = 20
_HAN = re.compile(r"[\u3400-\u9fff]")


class GeoError(Exception):
    """A geometry, a coordinate or a boundary file is not what it must be.

    `code` is stable and meant for programs, the message for people. `faults` lists every
    single fault found, so that a file can be repaired in one round.
    """

    code: str = "geo_error"

    def __init__(self, message: str, *, faults: Sequence[str] = ()) -> None:
        self.message = message
        self.faults: tuple[str, ...] = tuple(faults)
        shown = list(self.faults[:_SHOWN])
        if len(self.faults) > _SHOWN:
            shown.append(f"… 另有 / and {len(self.faults) - _SHOWN} more")
        super().__init__("\n  ".join([message, *shown]))


class CoordinateError(GeoError):
    """Coordinates are not finite degrees, or stand in another reference system."""

    code = "bad_coordinates"


class GeometryTypeError(GeoError):
    """A geometry is of a type that the function does not take."""

    code = "bad_geometry_type"


class BoundaryError(GeoError):
    """A boundary file or frame breaks its schema or its geometry rules."""

    code = "bad_boundaries"


class FootprintError(GeoError):
    """A schematic footprint cannot be drawn as asked."""

    code = "bad_footprint"


class RuleTextError(GeoError):
    """A text does not describe the rules of a ledger."""

    code = "bad_rules"


class InvalidShapeError(GeoError):
    """A polygon that land is to be measured in crosses itself, is empty or no polygon."""

    code = "invalid_shape"


class LayerFileError(GeoError):
    """A GeoParquet file can't be overlaid: unreadable, without a column, in another datum."""

    code = "bad_layer_file"


class FileRefusedError(GeoError):
    """A file can't be read: it is not what it claims to be, is damaged, or asks for harm.

    `line` and `feature` (from 1) say where, as far as that is known.
    """

    code = "file_refused"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        faults: Sequence[str] = (),
        line: int | None = None,
        feature: int | None = None,
    ) -> None:
        super().__init__(message, faults=faults)
        self.code = code or type(self).code
        self.line = line
        self.feature = feature


class LimitError(FileRefusedError):
    """A file is larger than this installation takes in; the message names limit and setting.

    `limit` is the field of `geo.limits.Limits` that is exceeded: where an office can set it, the
    message says with what. Codes of one limit only need not name it.
    """

    code = "too_large"

    def __init__(
        self,
        message: str,
        *,
        limit: str = "",
        code: str = "",
        faults: Sequence[str] = (),
        line: int | None = None,
        feature: int | None = None,
    ) -> None:
        setting = SETTINGS.get(limit or LIMIT_OF.get(code, ""), "")
        if setting and setting not in message:
            message = _with_setting(message, setting)
        super().__init__(message, code=code, faults=faults, line=line, feature=feature)


def _with_setting(message: str, setting: str) -> str:
    """A message "中文 / English" with the setting that raises the limit, in both halves."""
    parts = message.split(" / ")
    middle = len(parts) // 2  # a name with " / " in it stands in both halves
    zh, en = f"；上限可用设置 {setting} 调高", f"; the setting {setting} raises the limit"
    for at in sorted(range(1, len(parts)), key=lambda n: abs(n - middle)):
        first, second = " / ".join(parts[:at]), " / ".join(parts[at:])
        if len(_HAN.findall(first)) > len(_HAN.findall(second)):
            return f"{first.rstrip()}{zh} / {second}{en}"
    return f"{message}{zh} / {en[2:]}"


class CrsQuestionError(GeoError):
    """Where the coordinates stand is not settled and must be asked; see `verdict`."""

    code = "crs_question"

    def __init__(self, message: str, *, verdict: object = None) -> None:
        super().__init__(message)
        self.verdict = verdict
