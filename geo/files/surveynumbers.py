"""Numbers and short words on many lines at once, read straight from a buffer of bytes.

Fields are given by where they begin and end; each step works on one character of all of them.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

WIDTH: Final = 22  # characters of a number that are read in bulk; buffers need more padding
CODE_BYTES: Final = 8

_SPACE, _ZERO, _DOT = (ord(sign) for sign in " 0.")
_BLOCK: Final = 1 << 14  # numbers parsed at a time
_DIGITS: Final = 18  # more are left to slow reading
_BLANKS_TRIMMED: Final = 8
_TENS: Final = 10.0 ** np.arange(WIDTH + 1)


def parse_numbers(
    data: Bytes, begins: Integers, ends: Integers, *, wanted: Flags
) -> tuple[Floats, Flags]:
    """Decimal numbers between places of the buffer, and which of them could be read.

    Signs, blanks around and one decimal point are understood; exponents and more than 18 digits
    are left to `surveygrammar.number_of`. Exact where the digits make a number below 2⁵³, else to
    the last bits. `data` has at least WIDTH bytes of padding.
    """
    values = np.zeros(len(begins))
    good = np.zeros(len(begins), dtype=bool)
    for low in range(0, len(begins), _BLOCK):
        part = slice(low, low + _BLOCK)
        values[part], good[part] = _numbers(data, begins[part], ends[part], wanted[part])
    return values, good


def _numbers(data: Bytes, begins: Integers, ends: Integers, wanted: Flags) -> tuple[Floats, Flags]:
    begins, ends = trimmed(data, begins, ends)
    sign = data[begins]
    negative = sign == ord("-")
    begins = begins + ((negative | (sign == ord("+"))) & (begins < ends))
    lengths = ends - begins
    good = wanted & (lengths > 0) & (lengths <= WIDTH)
    width = int(lengths[good].max()) if good.any() else 0
    shortest = int(lengths.min()) if len(lengths) else 0
    whole = np.zeros(len(begins))
    digits, behind, dots = (np.zeros(len(begins), dtype=np.int8) for _ in range(3))
    for place in range(width):
        character = data.take(begins + place, mode="clip")
        digit = character - np.uint8(_ZERO)
        is_digit = digit < 10
        if place >= shortest:
            is_digit &= place < lengths
        if is_digit.all():  # a column of digits alone, as most are
            whole *= 10.0
            whole += digit
        else:
            is_dot = character == _DOT
            inside = place < lengths
            good &= is_digit | is_dot | ~inside
            np.copyto(whole, whole * 10.0 + digit, where=is_digit)
            dots += is_dot & inside
        digits += is_digit
        behind += is_digit & (dots > 0)
    good &= (digits > 0) & (digits <= _DIGITS) & (dots <= 1)
    whole /= _TENS[behind]
    np.negative(whole, out=whole, where=negative)
    return whole, good


def trimmed(data: Bytes, begins: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """Fields without the blanks around them (a few; more are left to slow reading)."""
    for _ in range(_BLANKS_TRIMMED):
        blank = (data[begins] == _SPACE) & (begins < ends)
        if not blank.any():
            break
        begins = begins + blank
    for _ in range(_BLANKS_TRIMMED):
        blank = (data[np.maximum(ends - 1, 0)] == _SPACE) & (begins < ends)
        if not blank.any():
            break
        ends = ends - blank
    return begins, ends


def short_codes(
    data: Bytes, begins: Integers, ends: Integers, *, wanted: Flags
) -> tuple[NDArray[np.uint64], Flags]:
    """Short fields as numbers that are equal where the fields are; which were short enough."""
    begins, ends = trimmed(data, begins, ends)
    lengths = ends - begins
    good = wanted & (lengths <= CODE_BYTES)
    codes = np.zeros(len(begins), dtype=np.uint64)
    width = int(lengths[good].max()) if good.any() else 0
    for place in range(max(width, 0)):
        inside = good & (place < lengths)
        at = np.where(inside, begins + place, 0)
        shifted = (codes << np.uint64(8)) | data[at].astype(np.uint64)
        codes = np.where(inside, shifted, codes)
    return codes, good
