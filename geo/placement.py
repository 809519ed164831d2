"""From a verdict and the user's answer to coordinates in EPSG:4490, recorded in words.

Steps between datums happen here and nowhere else: none between CGCS2000 and WGS 84, the published
formula for the shifted ones, seven parameters for the old ones, or an approximation that was asked
for by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from geo.declarations import system
from geo.errors import CrsQuestionError
from geo.magnitudes import orientation
from geo.problems import Problem
from geo.sevenparameters import SevenParameters
from geo.systems import WEB_MERCATOR, ReferenceSystem, degrees_system
from geo.transforms import from_degrees, points_from_degrees, points_to_degrees, to_degrees
from geo.verdict import LABELS, Basis, Verdict, swap_problem

__all__ = [
    "CrsAnswer", "Placement", "SevenParameters", "from_degrees", "place", "points_from_degrees",
    "points_to_degrees", "previews", "to_degrees",
]  # fmt: skip

Shift = Literal["", "none", "gcj02", "bd09"]

_SHIFTS: Final = ("", "none", "gcj02", "bd09")
_MIDDLE: Final = np.array([[112.5, 37.6]])
# Seven parameters move land by tens of metres to a few hundred; more hints at wrong units or signs.
_USUAL_STEP_M: Final = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrsAnswer:
    """What a person said about the coordinates; "" and None where nothing was said.

    `crs` is a key of `geo.reference.system`. `shift`: "gcj02" or "bd09" when a map program moved
    the degrees, "none" when it is known that it did not. `parameters` lead from the old datum to
    CGCS2000; `approximate` takes its degrees for those of CGCS2000 and is put on record; with
    a system of CGCS2000 it says that nobody knows the datum, where that is open.
    """

    crs: str = ""
    shift: Shift = ""
    parameters: SevenParameters | None = None
    approximate: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values; `parameters` as the text of `SevenParameters.to_text`, or null."""
        text = self.parameters.to_text() if self.parameters else None
        return {
            "crs": self.crs, "shift": self.shift, "parameters": text,
            "approximate": self.approximate,
        }  # fmt: skip

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CrsAnswer:
        """The inverse of `to_json`; missing keys are not answered. Raises CrsQuestionError."""
        text = values.get("parameters") or ""
        return cls(
            crs=str(values.get("crs") or ""), shift=values.get("shift") or "",
            parameters=SevenParameters.from_text(str(text)) if text else None,
            approximate=values.get("approximate") is True,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How coordinates of a file become longitude, latitude in EPSG:4490.

    `swap`: the file has northing or latitude first. `datum_said`: the datum is known from the
    user's answer only. `shift` is only used with Web Mercator, whose
    degrees may be those of GCJ-02; shifted degrees are a system of their own.
    """

    system: ReferenceSystem
    basis: Basis
    swap: bool = False
    parameters: SevenParameters | None = None
    approximate: bool = False
    shift: Literal["", "gcj02"] = ""
    datum_said: bool = False

    @property
    def label(self) -> str:
        """The basis in the interface's words: "declared", "certain from magnitude", "given"."""
        return LABELS[self.basis]

    def describe(self, lang: str) -> str:
        """What was done, in words that are kept with the version."""
        zh = lang == "zh"
        why = {
            "declared": ("文件声明", "declared by the file"),
            "certain": ("按数值判定", "certain from magnitude"), "given": ("由用户指定", "given"),
        }.get(self.basis, ("未确定", "not settled"))  # fmt: skip
        said = [self.system.name(lang), why[0] if zh else why[1]]
        if self.datum_said and not (self.approximate and not self.system.old):
            said.append("基准由用户认定" if zh else "the datum is the user's word")
        if self.swap:
            said.append("坐标次序已对调" if zh else "axes exchanged")
        if self.shift or self.system.datum in ("gcj02", "bd09"):
            said.append("偏移已还原" if zh else "shifted back")
        if self.parameters:
            said.append(("七参数 " if zh else "seven parameters ") + self.parameters.to_text())
        if self.approximate and not self.system.old:
            said.append(
                "基准未知，按 2000国家大地坐标系近似，可差数十米至百米以上"
                if zh
                else "datum unknown, taken for CGCS2000: approximate, off by tens of metres to "
                "more than 100 m"
            )
        elif self.approximate:
            said.append(
                "未做基准转换，近似，可差数十米至百米以上"
                if zh
                else "no datum step: approximate, off by tens of metres to more than 100 m"
            )
        return ("；" if zh else "; ").join(said)


def place(verdict: Verdict, answer: CrsAnswer) -> tuple[Placement, tuple[Problem, ...]]:
    """The placement that verdict and answer lead to, and all problems that remain with it.

    The verdict's problems are among these; a contradiction that the answer settles becomes a
    warning.

    Raises:
        CrsQuestionError: with the verdict and a code: "crs_question" (not settled), "unknown_crs",
            "crs_contradiction" (the answer is against what the file declares),
            "crs_impossible" (against its numbers), "old_datum" (no parameters and no leave to
            approximate), "rotation_convention" (which way parameters turn is not said),
            "bad_answer" (a shift that there is not).
    """
    chosen, basis = _choose(verdict, answer)
    swap = verdict.swap
    if verdict.bounds is not None:
        found = orientation(chosen, verdict.bounds)
        if found is None:
            raise _question(
                "crs_impossible", verdict,
                f"坐标数值不可能是{chosen.name('zh')}：{_extent(verdict)}",
                f"the numbers can't be {chosen.name('en')}: {_extent(verdict)}",
            )  # fmt: skip
        swap = found
    parameters, approximate, problems = _datum_step(verdict, chosen, answer)
    shift: Literal["", "gcj02"] = ""
    if chosen.kind == "mercator" and answer.shift == "gcj02":
        shift = "gcj02"
    placement = Placement(
        system=chosen, basis=basis, swap=swap, parameters=parameters, approximate=approximate,
        shift=shift, datum_said=verdict.datum_open and basis == "given",
    )  # fmt: skip
    return placement, (*_still(verdict, placement), *problems)


def previews(verdict: Verdict) -> tuple[Placement, ...]:
    """How the land would lie by each candidate, to be looked at on a map and for nothing else.

    Old datums are drawn without a datum step, off by up to some hundred metres.
    """
    return tuple(
        Placement(system=one, basis=verdict.basis, swap=verdict.swap, approximate=one.old)
        for one in verdict.systems
    )


def _choose(verdict: Verdict, answer: CrsAnswer) -> tuple[ReferenceSystem, Basis]:
    """The system, and where it is known from."""
    if answer.shift not in _SHIFTS:
        raise _question(
            "bad_answer", verdict, f"偏移只能是 gcj02、bd09 或 none，不是“{answer.shift}”",
            f"a shift is gcj02, bd09 or none, not “{answer.shift}”",
        )  # fmt: skip
    asked = _asked(verdict, answer.crs) if answer.crs else None
    if answer.shift in ("gcj02", "bd09"):
        return _choose_shifted(verdict, asked, answer.shift), "given"
    if asked is not None:
        return _choose_asked(verdict, asked, answer)
    if verdict.settled:
        return verdict.systems[0], verdict.basis
    if answer.shift == "none":
        if verdict.declared is not None:
            return verdict.declared, "declared"
        left = [one for one in verdict.systems if one.datum not in ("gcj02", "bd09")]
        if len(left) == 1 and verdict.basis == "unknown_datum":
            return left[0], "given"
    raise _question("crs_question", verdict, verdict.question("zh"), verdict.question("en"))


def _asked(verdict: Verdict, key: str) -> ReferenceSystem:
    try:
        return system(key)
    except CrsQuestionError as error:
        error.verdict = verdict
        raise


def _choose_shifted(
    verdict: Verdict, asked: ReferenceSystem | None, shift: Shift
) -> ReferenceSystem:
    """Degrees of a web map: only what can be WGS 84 is ever shifted, never metres of a survey."""
    base = asked or verdict.declared
    bases = [base] if base is not None else list(verdict.systems)
    target = degrees_system("gcj02" if shift == "gcj02" else "bd09")
    for one in bases:
        if one.kind == "geographic" and one.datum in ("wgs84", "cgcs2000", target.datum):
            return target
        if one.kind == "mercator" and shift == "gcj02":
            return WEB_MERCATOR
    if not bases:
        raise _question("crs_question", verdict, verdict.question("zh"), verdict.question("en"))
    words = [bases[0].name(lang) for lang in ("zh", "en")]
    raise _question(
        "crs_contradiction", verdict,
        f"{words[0]} 不是网络地图的偏移坐标，不能做 {target.key} 还原",
        f"{words[1]} is not what a web map shifts; nothing is shifted back from {target.key}",
    )  # fmt: skip


def _choose_asked(
    verdict: Verdict, asked: ReferenceSystem, answer: CrsAnswer
) -> tuple[ReferenceSystem, Basis]:
    shifted = asked.datum in ("gcj02", "bd09")
    if shifted and answer.shift == "none":
        raise _question(
            "crs_contradiction", verdict, f"既说没有偏移，又说坐标系是 {asked.key}",
            f"it can't be without a shift and in {asked.key}",
        )  # fmt: skip
    said = verdict.declared or (verdict.systems[0] if verdict.settled else None)
    if said is not None and asked.same_places(said):
        return said, "declared" if verdict.declared else "given"
    if said is None or verdict.weak:
        return asked, "given"
    if shifted and said.kind == "geographic" and said.datum in ("wgs84", "cgcs2000"):
        return asked, "given"
    by = verdict.declared_by or "文件 / the file"
    raise _question(
        "crs_contradiction", verdict,
        f"指定的坐标系{asked.name('zh')}与文件（{by}）的{said.name('zh')}矛盾；"
        "请先改正文件的声明",
        f"{asked.name('en')} was given, but the file ({by}) is in {said.name('en')}: "
        "correct the file's declaration first",
    )  # fmt: skip


def _datum_step(
    verdict: Verdict, chosen: ReferenceSystem, answer: CrsAnswer
) -> tuple[SevenParameters | None, bool, list[Problem]]:
    """Parameters and approximation as they will be used, with what must be told about them."""
    parameters = answer.parameters
    if not chosen.old:
        unused = [_UNUSED] if parameters is not None else []
        if answer.approximate and verdict.datum_open and chosen.datum == "cgcs2000":
            return None, True, [*unused, _UNKNOWN_DATUM]
        return None, False, unused
    if parameters is None and not answer.approximate:
        raise _question(
            "old_datum", verdict,
            f"{chosen.name('zh')}到 CGCS2000 需要当地的七参数；没有时可选“近似”（差数十米至百米"
            "以上，会记录在案）",
            f"from {chosen.name('en')} to CGCS2000 the seven parameters of the area are needed; "
            "without them an approximation can be chosen (off by tens of metres to more than "
            "100 m, and put on record)",
        )  # fmt: skip
    if parameters is None:
        return None, True, [_approximate(chosen)]
    if parameters.turns and not parameters.convention:
        raise _question(
            "rotation_convention", verdict,
            "七参数含旋转，请注明旋转约定 position_vector（位置矢量）或 coordinate_frame"
            "（坐标框架，国内布尔莎公式多用）：弄反会差上百米",
            "the parameters rotate: say whether by position_vector or by coordinate_frame (usual "
            "in Chinese textbooks); the wrong one is off by some hundred metres",
        )  # fmt: skip
    return parameters, False, _far_step(chosen, parameters)


_UNUSED: Final = Problem(
    "parameters_unused", "warning", "坐标系不需要七参数，所给参数未使用",
    "this system needs no seven parameters; those given were not used",
)  # fmt: skip


_UNKNOWN_DATUM: Final = Problem(
    "approximate_datum", "warning",
    "基准未知，按 2000国家大地坐标系读取：位置近似，可差数十米至百米以上；请向提供单位问清",
    "the datum is not known and was taken for CGCS2000: places are approximate, off by tens of "
    "metres to more than 100 m; ask who gave the file",
)  # fmt: skip


def _approximate(chosen: ReferenceSystem) -> Problem:
    return Problem(
        "approximate_datum", "warning",
        f"{chosen.name('zh')}的经纬度直接当作 CGCS2000：位置近似，可差数十米至百米以上",
        f"degrees of {chosen.name('en')} were taken for CGCS2000: places are approximate, off by "
        "tens of metres to more than 100 m",
    )  # fmt: skip


def _far_step(chosen: ReferenceSystem, parameters: SevenParameters) -> list[Problem]:
    moved = parameters.to_cgcs2000(_MIDDLE, chosen.semi_major_m, chosen.inverse_flattening)
    step = (moved - _MIDDLE)[0] * (88_200.0, 111_000.0)
    metres = float(np.hypot(*step))
    if metres <= _USUAL_STEP_M:
        return []
    return [
        Problem(
            "parameters_far", "warning",
            f"所给七参数在山西使坐标移动约 {metres:.0f} m，一般不超过 200 m；"
            "请核对单位、符号和适用范围",
            f"these seven parameters move land in Shanxi by about {metres:.0f} m, usually it is "
            "less than 200 m: check units, signs and the area they are for",
        )
    ]  # fmt: skip


def _still(verdict: Verdict, placement: Placement) -> list[Problem]:
    """The verdict's problems as they stand after the answer."""
    kept = [problem for problem in verdict.problems if problem.code != "axes_swapped"]
    if placement.basis == "given":
        kept = [
            replace(problem, level="warning") if problem.code == "crs_contradiction" else problem
            for problem in kept
        ]
    said = verdict.declared
    if placement.basis == "given" and said is not None and not placement.system.same_places(said):
        kept.append(
            Problem(
                "declaration_overruled", "warning",
                f"按用户指定的{placement.system.name('zh')}读取，而不是声明的{said.name('zh')}",
                f"read as {placement.system.name('en')} as given, not as {said.name('en')} "
                "as declared",
            )
        )  # fmt: skip
    if placement.swap:
        kept.append(swap_problem(placement.system))
    return kept


def _extent(verdict: Verdict) -> str:
    x0, y0, x1, y1 = (f"{value:.10g}" for value in verdict.bounds or ())
    return f"{x0} … {x1}, {y0} … {y1}"


def _question(code: str, verdict: Verdict, zh: str, en: str) -> CrsQuestionError:
    error = CrsQuestionError(f"{zh} / {en}", verdict=verdict)
    error.code = code
    return error
