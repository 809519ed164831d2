"""Colours of classes: palettes that people with a colour-vision deficiency can read too.

Sequential and diverging schemes of ColorBrewer (C. Brewer, colorbrewer2.org) that are marked
colour-blind safe there, and viridis, as branca carries them. Red–green pairs are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from layers.errors import PaletteError

Polarity: TypeAlias = Literal["higher", "lower", "neutral"]

# No grey one: grey is what has no figure. GnBu's light end is one colour to a protanope.
SEQUENTIAL: tuple[str, ...] = ("YlGnBu", "Blues", "Purples", "YlOrBr", "BuPu", "viridis")
DIVERGING: tuple[str, ...] = ("PuOr", "RdBu", "BrBG")
REVERSED = "_r"  # ends the name of a palette that runs the other way

_MOST = {"sequential": 9, "diverging": 10}
# viridis from its light end, so that a low class is light as in the other palettes; the last
# tenth towards black would hide the outlines.
_VIRIDIS_LIGHT, _VIRIDIS_DARK = 0.97, 0.08


@dataclass(frozen=True, slots=True)
class PaletteName:
    """A palette by name, whether it diverges, and whether it runs the other way."""

    name: str
    diverging: bool
    reverse: bool


def known_palettes(*, diverging: bool) -> tuple[str, ...]:
    """Names that `colours` takes for sequential or diverging classes, reversed ones included."""
    names = DIVERGING if diverging else SEQUENTIAL
    return names + tuple(name + REVERSED for name in names)


def parse_palette(name: str) -> PaletteName:
    """What a palette's name means.

    Raises:
        PaletteError: the name is not known.
    """
    base = name.removesuffix(REVERSED)
    if base not in SEQUENTIAL + DIVERGING:
        known = ", ".join(SEQUENTIAL + DIVERGING)
        raise PaletteError(f"没有色带 {name} / no palette {name}: {known}, each with or without _r")
    return PaletteName(base, base in DIVERGING, name != base)


def default_palette(polarity: Polarity, *, diverging: bool) -> str:
    """The palette of an indicator that nobody chose one for.

    Diverging: orange falls, purple rises (red and green, or red and blue, mean opposite things to
    a reader of Chinese market reports and to others); where less is better, the other way round.
    Sequential: blue where more is better or neither, brown where less is better.
    """
    if diverging:
        return "PuOr" + (REVERSED if polarity == "lower" else "")
    return "YlOrBr" if polarity == "lower" else "YlGnBu"


def wants_diverging(smallest: float, largest: float) -> bool:
    """Whether values lie on both sides of zero, so that the sign must be seen."""
    return smallest < 0.0 < largest


def colours(name: str, k: int, *, below: int | None = None) -> tuple[str, ...]:
    """`k` colours as "#rrggbb", from the lowest class to the highest.

    Sequential palettes run from light to dark (reversed: dark to light). For a diverging palette
    `below` says how many of the classes lie under zero; both sides get equally strong colours,
    counted from zero outwards.

    Raises:
        PaletteError: unknown name, or `below` missing or given against the palette's kind, or
            more colours than the palette has (9; diverging 5 on each side).
    """
    palette = parse_palette(name)
    if palette.diverging != (below is not None):
        kind = "发散 / diverging" if palette.diverging else "连续 / sequential"
        raise PaletteError(f"{name} 是{kind}色带 / {name} does not fit these classes")
    if k == 0:
        return ()
    if below is None:
        run = _sequential(palette.name, k)
        return run[::-1] if palette.reverse else run
    return _two_sided(palette, below, k - below)


@lru_cache(maxsize=256)
def _sequential(name: str, k: int) -> tuple[str, ...]:
    most = _MOST["sequential"]
    if k > most:
        raise PaletteError(f"{name} 至多 {most} 色, 需 {k} 色 / at most {most} colours, not {k}")
    if name == "viridis":
        return _viridis(k)
    if k >= 3:
        return _scheme(name, k)
    # ColorBrewer starts at three colours: the middle one stands for one class, the ends for two.
    three = _scheme(name, 3)
    return (three[1],) if k == 1 else (three[0], three[2])


def _two_sided(palette: PaletteName, below: int, above: int) -> tuple[str, ...]:
    half = max(below, above, 2)
    if 2 * half > _MOST["diverging"]:
        raise PaletteError(f"{palette.name}: 至多每侧 5 色 / at most 5 colours on a side")
    run = _scheme(palette.name, 2 * half)
    if palette.reverse:
        run = run[::-1]
    # Weak colours next to zero: a side with fewer classes uses the ones nearest to it.
    return run[half - below : half] + run[half : half + above]


@lru_cache(maxsize=256)
def _scheme(name: str, k: int) -> tuple[str, ...]:
    from branca.utilities import color_brewer  # noqa: PLC0415 - 50 ms that a table page needs not

    return tuple(str(colour).lower() for colour in color_brewer(name, n=k))


@lru_cache(maxsize=16)
def _viridis(k: int) -> tuple[str, ...]:
    from branca.colormap import linear  # noqa: PLC0415 - as above

    span = _VIRIDIS_LIGHT - _VIRIDIS_DARK
    at = [0.55] if k == 1 else [_VIRIDIS_LIGHT - span * i / (k - 1) for i in range(k)]
    return tuple(str(linear.viridis.rgb_hex_str(x)).lower() for x in at)
