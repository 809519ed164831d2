"""Texts in cells of fixed width, decoded many at once; a full cell may end in half a character."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.files.encodings import decoded

Bytes = NDArray[np.uint8]


def whole_characters(cell: bytes, width: int, codec: str) -> bytes:
    """A text without a character that is cut off at the width of its column."""
    if len(cell) < width:
        return cell
    for cut in range(4):
        if decoded(cell[: len(cell) - cut], codec) is not None:
            return cell[: len(cell) - cut]
    return cell


def decoded_rows(rows: Bytes, codec: str) -> tuple[bytes, str | None]:
    """Cells one on each line, and the same decoded (None where one can't be)."""
    text = _lines(rows)
    plain = decoded(text, codec)
    if plain is None:
        text = _lines(_whole(rows, codec))
        plain = decoded(text, codec)
    return text, plain


def _whole(rows: Bytes, codec: str) -> Bytes:
    """Cells without unfinished last characters; only full cells can have one."""
    full = np.flatnonzero((rows[:, -3:] >= 0x80).any(axis=1))
    rows = rows.copy()
    for row in full:
        cell = rows[row].tobytes()
        rows[row, len(whole_characters(cell, len(cell), codec)) :] = ord(" ")
    return rows


def _lines(rows: Bytes) -> bytes:
    """Cells one on each line, so that no character runs over from one into the next."""
    wide = np.full((len(rows), rows.shape[1] + 1), ord("\n"), np.uint8)
    wide[:, :-1] = np.where(rows == ord("\n"), ord(" "), rows)
    return wide.tobytes()
