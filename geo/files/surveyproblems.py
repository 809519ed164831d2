"""What can be wrong in a survey text, in words; found many times over, it is told in few records.

A file of a million bad lines must not become a million messages: of each kind the first ones are
told one by one, and the rest as one number.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from geo.problems import Level, Problem

TOLD_EACH: Final = 100
_QUOTED: Final = 40

# code: level, 中文, English
_WORDS: Final[dict[str, tuple[Level, str, str]]] = {
    "bad_number": (
        "error", "坐标缺失或不是数字：{text}；请改正这一行",
        "a coordinate is missing or no number: {text}; correct this line"),
    "not_finite": (
        "error", "坐标不是有限的数（NaN、Inf 或过大）：{text}；请改正这一行",
        "a coordinate is not finite (NaN, Inf or too large): {text}; correct this line"),
    "skipped_line": (
        "warning", "这一行不是界址点，已跳过：{text}",
        "this line is no point and is skipped: {text}"),
    "extra_fields": (
        "warning", "界址点行多于四项，多出的未读入：{text}",
        "a point's line has more than four fields; the rest is not read: {text}"),
    "no_parcel_line": (
        "error", "这些界址点前面没有地块行（以 @ 结尾），不属于任何地块",
        "points before the first parcel line (the one that ends in @) belong to no parcel"),
    "bad_parcel_line": (
        "error", "地块行无法识别：{text}；格式为 界址点数,面积,地块编号,地块名称,面,图幅号,用途,"
        "地类编码,@", "the parcel line can't be understood: {text}"),
    "no_points": (
        "error", "地块“{text}”没有界址点", "parcel {text!r} has no points"),
    "kind_missing": (
        "warning", "地块行没有写明 面、线、点，按面读入：{text}",
        "the parcel line does not say 面, 线 or 点; it is read as a polygon: {text}"),
    "parcel_fields": (
        "warning", "地块行多出的项未读入：{text}",
        "the parcel line has fields beyond the known forms, not read: {text}"),
    "point_count": (
        "warning", "界址点数写的是 {declared}，实际 {found}（不含闭合行 {distinct}）",
        "declared point count {declared}, found {found} ({distinct} without closing rows)"),
    "bad_closing": (
        "error", "闭合行与起点 {text} 同名，坐标却相差 {metres}；该行未作为界址点，请核对",
        "the closing row has the name of the first point {text} but lies {metres} off; "
        "it is not taken as a vertex, check it"),
    "short_ring": (
        "error", "该圈只有 {found} 个不同的界址点，不成{kind}，未读入",
        "this ring has only {found} different points, too few; it is left out"),
    "split_ring": (
        "warning", "圈号相同的点中途已闭合，按 {found} 圈读入",
        "points of one ring number close on the way; they are read as {found} rings"),
    "repeated_ring": (
        "warning", "该圈与同一地块的另一圈完全相同，只读一次",
        "this ring is the same as another one of its parcel and is read once"),
    "easting_first": (
        "warning", "坐标先东后北（规范为先北后南的 X、再东的 Y），已按数值对调",
        "easting stands before northing (the form has northing first); swapped by magnitude"),
    "mixed_order": (
        "error", "该点的 X、Y 次序与同一地块的其他点相反，未生成图形；请改正",
        "this point has X and Y the other way round than its parcel; no shape is made, correct it"),
    "unknown_order": (
        "warning", "从数值看不出哪一列是东、哪一列是北，按{text}读入；请在图上核对",
        "the numbers don't tell easting from northing; the first is read as {order}: "
        "check it on the map"),
    "declared_area": (
        "warning", "面积写的是 {declared}{unit}，按坐标算为 {found:.4f} 公顷",
        "declared area {declared} {unit_en}, computed from the coordinates {found:.4f} ha"),
    "area_unit": (
        "warning", "面积按“{unit}”填写（规范为公顷），已换算",
        "areas are in {unit_en} (the form asks for hectares); converted"),
    "unknown_datum_word": (
        "warning", "坐标系“{text}”不能确定是哪个基准；请指定",
        "坐标系 {text!r} does not name one datum; it must be asked for"),
    "long_header": (
        "warning", "文件头过长，只读了前 {found} 行",
        "the header is too long: {found} lines are read"),
}  # fmt: skip


class Findings:
    """Problems of one stretch of a file, as they are found."""

    def __init__(self) -> None:
        self._told: list[Problem] = []
        self._counts: Counter[str] = Counter()

    def add(self, code: str, *, count: int = 1, place: dict[str, Any], **values: Any) -> None:
        """Note one; `place` are fields of Problem that say where, `values` fill its words."""
        self._counts[code] += count
        if self._counts[code] - count >= TOLD_EACH:
            return
        level, zh, en = _WORDS[code]
        if "text" in values:
            values["text"] = quoted(values["text"])
        self._told.append(
            Problem(code, level, zh.format(**values), en.format(**values), count=count, **place)
        )

    def problems(self) -> tuple[Problem, ...]:
        """All of them, and for each kind that was cut short how many more there are."""
        told = Counter({code: 0 for code in self._counts})
        for problem in self._told:
            told[problem.code] += problem.count
        rest = [
            Problem(
                code, _WORDS[code][0], f"另有 {total - told[code]} 处同类问题",
                f"{total - told[code]} more of this kind", count=total - told[code],
            )
            for code, total in self._counts.items()
            if total > told[code]
        ]  # fmt: skip
        return (*self._told, *rest)


def quoted(text: str) -> str:
    """A piece of a stranger's text, short and on one line."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text[: _QUOTED + 1])
    return plain if len(plain) <= _QUOTED else plain[:_QUOTED] + "…"
