"""Which reference system a file is in: a verdict with its reasons, from words and magnitudes.

A verdict is never a guess: what numbers and declarations leave open is asked. Magnitudes tell
projection and zone; no magnitude tells the datum.
"""

from __future__ import annotations

from dataclasses import replace

from geo.declarations import identify, system
from geo.judging import SURVEYED, extent, judge_numbers
from geo.magnitudes import BBox, in_shanxi, look_at, orientation, turn
from geo.systems import (
    DATUM_NAMES,
    SYSTEMS,
    Datum,
    ReferenceSystem,
    degrees_system,
    gauss_system,
)
from geo.verdict import (
    RULES_OF_FORMATS,
    Basis,
    CrsHints,
    Notes,
    Verdict,
    make_verdict,
    on_datum,
)

__all__ = [
    "SYSTEMS", "BBox", "Basis", "CrsHints", "Datum", "ReferenceSystem", "Verdict", "identify",
    "judge", "on_datum", "system",
]  # fmt: skip


def judge(bounds: BBox | None, hints: CrsHints) -> Verdict:
    """The verdict on a file whose coordinates reach over `bounds` (min x, min y, max x, max y).

    None and bounds that are not finite mean that there are no coordinates to go by.
    """
    notes = Notes()
    box = bounds if bounds and all(abs(value) < 1e12 for value in bounds) else None
    declared = identify(hints.declared) if hints.declared.strip() else None
    if hints.declared.strip() and declared is None:
        shown = " ".join(hints.declared.split())[:80]
        notes.tell(
            "crs_not_understood",
            f"{hints.declared_by or '文件'}声明的坐标系无法识别：{shown}；按数值判断",
            f"the system declared by {hints.declared_by or 'the file'} is not understood: {shown}; "
            "the numbers are judged instead",
        )
    if declared is not None:
        return _judge_declared(declared, box, hints, notes)
    if box is None:
        notes.say("没有坐标可以判断", "there are no coordinates to judge by")
        return make_verdict("unknown", (), notes)
    return judge_numbers(box, hints, notes)


def _judge_declared(
    declared: ReferenceSystem, box: BBox | None, hints: CrsHints, notes: Notes
) -> Verdict:
    by = hints.declared_by or "CRS"
    notes.say(f"{by} 声明：{declared.name('zh')}", f"{by} declares {declared.name('en')}")
    if hints.datum and hints.datum != declared.datum and not _one_datum(hints.datum, declared):
        notes.tell(
            "datum_contradiction",
            f"文件头写的基准是{DATUM_NAMES[hints.datum][0]}，与声明不同；以声明为准",
            f"the header says {DATUM_NAMES[hints.datum][1]}, unlike the declaration, which is kept",
        )
    swap = orientation(declared, box) if box else False
    if box is not None and swap is None:
        return _judge_refuted(declared, box, hints, notes)
    if box is not None:
        _doubt_place(declared, turn(box) if swap else box, notes)
    shiftable = declared.datum == "wgs84" and declared.kind == "geographic"
    systems: tuple[ReferenceSystem, ...] = (declared,)
    basis: Basis = "declared"
    if hints.may_be_shifted and shiftable:
        maker = hints.producer or "奥维等地图软件"
        notes.say(
            f"文件可能由{maker}写出：写的是 WGS 84，实际可能是 GCJ-02，在山西相差约 500 m",
            "map programs such as Ovital declare WGS 84 but may write GCJ-02, 500 m away in Shanxi",
        )
        systems, basis = (declared, degrees_system("gcj02")), "unknown_datum"
    return make_verdict(
        basis, systems, notes, box=box, swap=bool(swap), declared=declared, hints=hints
    )


def _one_datum(datum: Datum, declared: ReferenceSystem) -> bool:
    return {datum, declared.datum} <= {"cgcs2000", "wgs84"}


def _judge_refuted(declared: ReferenceSystem, box: BBox, hints: CrsHints, notes: Notes) -> Verdict:
    """The declaration can't be true of these numbers: they are told, and what they allow."""
    by = hints.declared_by or "CRS"
    weak = hints.declared_by in RULES_OF_FORMATS
    datum = declared.datum if declared.datum in SURVEYED and not weak else hints.datum
    seen = judge_numbers(box, replace(hints, declared="", datum=datum), Notes())
    extent_zh, extent_en = extent(box)
    notes.tell(
        "crs_contradiction",
        f"{by} 声明的坐标系{declared.name('zh')}与坐标数值不符：{extent_zh}；请指定正确的坐标系",
        f"the system that {by} declares, {declared.name('en')}, contradicts the numbers: "
        f"{extent_en}; say which system is right",
        level="error",
    )
    basis = seen.basis
    if seen.settled:
        # The numbers leave one system, but against the file's own word: that is asked.
        basis = "ambiguous"
    return replace(
        seen, basis=basis, refuted=declared, declared=None, weak=weak,
        declared_by=hints.declared_by,
        reasons_zh=(*notes.zh, *seen.reasons_zh), reasons_en=(*notes.en, *seen.reasons_en),
        problems=(*notes.problems, *seen.problems),
    )  # fmt: skip


def _doubt_place(declared: ReferenceSystem, box: BBox, notes: Notes) -> None:
    """A warning when a declared zone puts land outside the province that another zone puts in."""
    if declared.kind != "gauss" or declared.prefixed or in_shanxi(declared, box):
        return
    zones = look_at(box).zones
    if zones and declared.datum in SURVEYED:
        others = [gauss_system(declared.datum, zone, prefixed=False) for zone, _ in zones]
        keys = "、".join(one.key for one in others)
        notes.tell(
            "zone_doubtful",
            f"按声明的 {declared.key}，坐标落在山西省外；按 {keys} 则在省内，请核对",
            f"with the declared {declared.key} the land lies outside Shanxi, with "
            f"{keys.replace('、', ', ')} inside: please check",
        )
