"""Problems found while a batch is measured, told of the file's own feature numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from geo.problems import Problem

LISTED: Final = 200  # faults of each kind listed per batch


def lost_problems(numbers: Sequence[int]) -> list[Problem]:
    """Features whose coordinates are no longitude and latitude, though the file as a whole is."""
    found = [
        Problem(
            "not_degrees", "error",
            f"第 {number} 个要素：坐标换算后不是经纬度，请改正或删去该要素",
            f"feature {number}: its coordinates give no longitude and latitude; correct it or "
            "leave it out", feature=number,
        )
        for number in numbers[:LISTED]
    ]  # fmt: skip
    more = len(numbers) - LISTED
    if more > 0:
        found.append(
            Problem(
                "not_degrees", "error", f"另有 {more} 个要素的坐标不是经纬度",
                f"{more} more features without longitude and latitude", count=more,
            )
        )  # fmt: skip
    return found


def renumbered(problem: Problem, number: int, *, line: int | None = None) -> Problem:
    """A fault of the n-th shape looked at, told of the feature of that number."""
    zh = problem.message_zh.replace(f"第 {problem.feature} 个要素", f"第 {number} 个要素", 1)
    en = problem.message_en.replace(f"feature {problem.feature}", f"feature {number}", 1)
    nowhere = problem.lon is not None and not np.isfinite(problem.lon)
    return replace(
        problem, feature=number, message_zh=zh, message_en=en, line=problem.line or line,
        lon=None if nowhere else problem.lon, lat=None if nowhere else problem.lat,
    )  # fmt: skip


def broken_problem(number: int, *, mended: bool) -> Problem:
    """A geometry that can't be decoded as it is written."""
    if mended:
        return Problem(
            "unclosed_ring", "warning", f"第 {number} 个要素：环未闭合，已在首点闭合",
            f"feature {number}: a ring is not closed; it was closed at its first point",
            feature=number,
        )  # fmt: skip
    return Problem(
        "bad_geometry", "error", f"第 {number} 个要素：图形数据损坏，无法读取",
        f"feature {number}: its geometry is damaged and can't be read", feature=number,
    )  # fmt: skip
