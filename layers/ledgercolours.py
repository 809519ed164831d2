"""Colours of a ledger's lines, the same on the map, in the waterfall and in the report.

Exclusions take ten colours by their place in the list; from the eleventh on the same ones come
back hatched, then crossed. Usable and redevelopable land have blue and green of their own, the
rest is grey. All are from the schemes of Paul Tol (SRON/EPS/TN/09-002, 2021) and of Okabe and
Ito (2008), chosen among them so that any two stay apart for the colour-blind too;
tests/test_layers_waterfall.py measures it.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Pattern: TypeAlias = Literal["", "hatch", "cross"]

EXCLUDED: Final = (
    "#332288", "#eecc66", "#cc3311", "#ee8866", "#56b4e9", "#aaaa00", "#aa3377", "#f0e442",
    "#ee6677", "#994455",
)  # fmt: skip
KINDS: Final = {
    "usable": "#4477aa", "redevelopable": "#228833", "rest": "#bbbbbb", "gross": "#777777",
}  # fmt: skip
_FLAG: Final = "#000000"
_PATTERNS: Final[tuple[Pattern, ...]] = ("", "hatch", "cross")


def colour_of(kind: str, order: int) -> str:
    """The colour of a line: its kind's own, or for an exclusion that of its place in the list."""
    if kind == "flag":
        return _FLAG
    return KINDS.get(kind) or EXCLUDED[order % len(EXCLUDED)]


def pattern_of(kind: str, order: int) -> Pattern:
    """What is drawn over the colour: nothing, or lines where colours alone are not enough."""
    if kind == "flag":
        return "hatch"
    if kind in KINDS:
        return ""
    return _PATTERNS[order // len(EXCLUDED) % len(_PATTERNS)]
