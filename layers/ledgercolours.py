"""Colours of a ledger's lines, the same on the map, in the waterfall and in the report.

Exclusions take Paul Tol's muted scheme in the order of the list, which stays apart for the
colour-blind; usable and redevelopable land have blue and green of their own, the rest is grey.
"""

from __future__ import annotations

from typing import Final

# Paul Tol, "Colour schemes", SRON/EPS/TN/09-002 (2021), muted, without its blue and green.
_EXCLUDED: Final = (
    "#882255", "#cc6677", "#ddcc77", "#aa4499", "#999933", "#332288", "#661100", "#e08214",
    "#88ccee", "#6699cc",
)  # fmt: skip
_KINDS: Final = {"usable": "#4477aa", "redevelopable": "#228833", "rest": "#bbbbbb"}
_FLAG: Final = "#000000"


def colour_of(kind: str, order: int) -> str:
    """The colour of a line: its kind's own, or for an exclusion that of its place in the list."""
    if kind == "flag":
        return _FLAG
    return _KINDS.get(kind) or _EXCLUDED[order % len(_EXCLUDED)]
