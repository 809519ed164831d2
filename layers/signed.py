"""Differences as text: with their sign, and without one where nothing is left after rounding."""

from __future__ import annotations


def signed(value: float, decimals: int) -> str:
    """A number with its sign, rounded: "+1,234.50", "-0.25"; what rounds to nothing is "0.00"."""
    rounded = round(value, decimals) + 0.0  # no negative zero
    return f"{rounded:+,.{decimals}f}" if rounded else f"{0:.{decimals}f}"


def signed_share(share: float, decimals: int) -> str:
    """A share as per cent with its sign: 0.25 is "+25.00%"; what rounds to nothing is "0.00%"."""
    return f"{signed(100 * share, decimals)}%"
