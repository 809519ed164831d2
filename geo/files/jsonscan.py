"""The brackets of a JSON text, found without parsing it: depth, vertices, and where features stand.

Parsing first and checking later spends the memory that the check is there to save. One pass over
the bytes, some MB at a time, finds what is needed to refuse a text or to parse it piece by piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import FileRefusedError, LimitError
from geo.limits import Limits

_PIECE: Final = 1 << 23
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = 1, 2, 3, 4
_CLASSES = np.zeros(256, dtype=np.uint8)
_CLASSES[[ord(c) for c in "{}[]"]] = (1, 2, 3, 4)
_STEP = np.array([0, 1, -1, 1, -1], dtype=np.int64)

Integers = NDArray[np.int64]


@dataclass(slots=True)
class Outline:
    """Where things stand in a JSON text; positions are bytes from its start.

    `tops` are the values at the top (start, end), on the lines `top_lines` (from 1); `lists` the
    arrays directly inside the first one. `starts`, `ends` and `lines` are those of the objects one
    level inside of these arrays.
    """

    tops: list[tuple[int, int]] = field(default_factory=list)
    top_lines: tuple[int, ...] = ()
    lists: list[tuple[int, int]] = field(default_factory=list)
    starts: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    ends: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    lines: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))


class _Scan:
    """The state between two pieces of the text."""

    def __init__(self) -> None:
        self.in_string = False
        self.escaped = False
        self.depth = 0
        self.run = 0  # of innermost arrays one after the other, which is what a ring is
        self.pending = False  # the last bracket opened an array
        self.deepest = self.lowest = 0
        self.longest = self.vertices = 0
        self.line = 1
        self.events: list[tuple[Integers, NDArray[np.uint8], Integers, Integers]] = []


def outline(data: bytes, name: str, limits: Limits) -> Outline:
    """Look through a JSON text.

    Raises:
        LimitError: codes "nested_too_deep", "too_many_vertices", "ring_too_long".
        FileRefusedError: brackets that do not match (code "bad_json").
    """
    scan = _Scan()
    for start in range(0, len(data), _PIECE):
        _piece(scan, np.frombuffer(data, np.uint8, min(_PIECE, len(data) - start), start), start)
        _check(scan, name, limits)
    found = _outlined(scan)
    matched = len(found.starts) == len(found.ends)
    if scan.depth != 0 or scan.lowest < 0 or scan.in_string or not matched:
        raise FileRefusedError(
            f"{name} 的括号或引号没有配对，文件可能不完整 / the brackets or quotes of {name} do "
            "not match: it may be incomplete",
            code="bad_json",
        )
    return found


def _piece(scan: _Scan, part: NDArray[np.uint8], offset: int) -> None:
    quotes = _real_quotes(scan, part)
    classes = _CLASSES[part]
    at = np.flatnonzero(classes)
    inside = (np.searchsorted(quotes, at) + scan.in_string) % 2 == 1
    scan.in_string ^= bool(len(quotes) % 2)
    at = at[~inside]
    breaks = np.flatnonzero(part == ord("\n"))
    first_line, scan.line = scan.line, scan.line + len(breaks)
    if not len(at):
        return
    kinds = classes[at]
    depth = scan.depth + np.cumsum(_STEP[kinds])
    scan.deepest = max(scan.deepest, int(depth.max()))
    scan.lowest = min(scan.lowest, int(depth.min()))
    _rings(scan, kinds)
    scan.depth = int(depth[-1])
    # Only what stands near the top is kept: tops, the arrays in them, the objects in these.
    outer = np.where((kinds == _OPEN_OBJECT) | (kinds == _OPEN_ARRAY), depth - 1, depth)
    near = outer <= 2
    lines = first_line + np.searchsorted(breaks, at[near])
    scan.events.append((at[near] + offset, kinds[near], outer[near], lines))


def _real_quotes(scan: _Scan, part: NDArray[np.uint8]) -> Integers:
    """Positions of the quotation marks that are not escaped by a backslash."""
    quotes = np.flatnonzero(part == ord('"'))
    slashes = np.flatnonzero(part == ord("\\"))
    first_escaped, scan.escaped = scan.escaped, False
    if len(slashes):
        # In a run of backslashes every second one is escaped; what follows an odd run is.
        begins = np.flatnonzero(np.r_[True, np.diff(slashes) > 1])
        lengths = np.diff(np.r_[begins, len(slashes)])
        after = slashes[begins + lengths - 1] + 1
        if first_escaped and slashes[0] == 0:
            lengths[0] -= 1
            first_escaped = False
        odd = after[lengths % 2 == 1]
        if len(odd) and odd[-1] == len(part):
            scan.escaped = True
        quotes = quotes[~np.isin(quotes, odd)]
    if first_escaped and len(quotes) and quotes[0] == 0:
        quotes = quotes[1:]
    return quotes


def _rings(scan: _Scan, kinds: NDArray[np.uint8]) -> None:
    """Count arrays without brackets inside (positions), and the longest row of such."""
    if scan.pending:
        kinds = np.r_[np.uint8(_OPEN_ARRAY), kinds]
    scan.pending = bool(kinds[-1] == _OPEN_ARRAY)
    body = kinds[:-1] if scan.pending else kinds
    if not len(body):
        return
    opens = (body[:-1] == _OPEN_ARRAY) & (body[1:] == _CLOSE_ARRAY)
    pair = np.zeros(len(body), dtype=bool)
    pair[:-1] |= opens
    pair[1:] |= opens
    scan.vertices += int(opens.sum())
    breaks = np.flatnonzero(~pair)
    if not len(breaks):
        scan.run += len(body) // 2
        scan.longest = max(scan.longest, scan.run)
        return
    inner = np.diff(breaks) - 1
    longest = max(scan.run + int(breaks[0]) // 2, int(inner.max(initial=0)) // 2)
    scan.run = (len(body) - 1 - int(breaks[-1])) // 2
    scan.longest = max(scan.longest, longest, scan.run)


def _check(scan: _Scan, name: str, limits: Limits) -> None:
    for found, limit, zh, en, code in (
        (scan.deepest, limits.nesting, "嵌套层数", "levels of nesting", "nested_too_deep"),
        (scan.vertices, limits.vertices, "顶点", "vertices", "too_many_vertices"),
        (scan.longest, limits.ring_vertices, "一个环的顶点", "vertices in one ring",
         "ring_too_long"),
    ):  # fmt: skip
        if found > limit:
            raise LimitError(
                f"{name} 的{zh}过多（至少 {found}，上限 {limit}） / {name} has too many {en} "
                f"(at least {found}, the limit is {limit})",
                code=code,
            )


def _outlined(scan: _Scan) -> Outline:
    if not scan.events:
        return Outline()
    at, kinds, outer, lines = (np.concatenate(parts) for parts in zip(*scan.events, strict=True))
    opens = (kinds == _OPEN_OBJECT) | (kinds == _OPEN_ARRAY)
    top, inner = outer == 0, outer == 1
    tops = list(zip(at[top & opens].tolist(), (at[top & ~opens] + 1).tolist(), strict=False))
    arrays = (kinds == _OPEN_ARRAY) | (kinds == _CLOSE_ARRAY)
    lists = list(
        zip(at[inner & opens & arrays].tolist(), (at[inner & ~opens & arrays] + 1).tolist(),
            strict=False)
    )  # fmt: skip
    lists = [pair for pair in lists if tops and pair[1] <= tops[0][1]]
    deep = outer == 2
    starts = at[deep & (kinds == _OPEN_OBJECT)]
    ends = at[deep & (kinds == _CLOSE_OBJECT)] + 1
    return Outline(
        tops, tuple(lines[top & opens].tolist()), lists, starts, ends,
        lines[deep & (kinds == _OPEN_OBJECT)],
    )  # fmt: skip
