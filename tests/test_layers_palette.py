"""Palettes: what is told apart by everyone, and in which order."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from layers.errors import PaletteError
from layers.palette import (
    DIVERGING,
    SEQUENTIAL,
    colours,
    default_palette,
    known_palettes,
    parse_palette,
    wants_diverging,
)

# Machado, Oliveira & Fernandes, A Physiologically-based Model for Simulation of Color Vision
# Deficiency (2009), severity 1.0, on linear RGB.
VISION = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
# sRGB to XYZ (IEC 61966-2-1), white point D65
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def lab(run: tuple[str, ...], vision: str) -> NDArray[np.float64]:
    """CIE L*a*b* of colours as the given eyes see them, shape (n, 3)."""
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in run]) / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ VISION[vision].T, 0.0, 1.0)
    ratio = seen @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.column_stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])]
    )


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", SEQUENTIAL)
@pytest.mark.parametrize("k", range(2, 10))
def test_neighbouring_classes_differ_for_every_eye(name: str, k: int, vision: str) -> None:
    seen = lab(colours(name, k), vision)
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=1)
    # 2.3 is the just noticeable difference; patches on a map lie apart, so ask for more.
    assert steps.min() > (7.0 if k <= 7 else 5.0)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", SEQUENTIAL)
@pytest.mark.parametrize("k", range(2, 10))
def test_sequential_colours_darken_all_the_way(name: str, k: int, vision: str) -> None:
    lightness = lab(colours(name, k), vision)[:, 0]
    assert (np.diff(lightness) < -2.0).all()
    assert (np.diff(lab(colours(f"{name}_r", k), vision)[:, 0]) > 2.0).all()


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", DIVERGING)
@pytest.mark.parametrize(("below", "above"), [(1, 1), (2, 2), (1, 3), (3, 2), (4, 4), (5, 5)])
def test_the_two_sides_are_told_apart_and_darken_outwards(
    name: str, below: int, above: int, vision: str
) -> None:
    run = colours(name, below + above, below=below)
    assert len(run) == below + above
    seen = lab(run, vision)
    assert (np.diff(seen[:below, 0]) > 0).all()
    assert (np.diff(seen[below:, 0]) < 0).all()
    apart = np.linalg.norm(seen[:, None, :] - seen[None, :, :], axis=2)
    assert apart[np.triu_indices(len(run), 1)].min() > 6.0


def test_a_short_side_uses_the_weak_colours_next_to_zero() -> None:
    assert colours("PuOr", 5, below=1)[0] == colours("PuOr", 8, below=4)[3]


def test_a_reversed_diverging_palette_swaps_the_sides() -> None:
    assert colours("PuOr_r", 4, below=2) == colours("PuOr", 4, below=2)[::-1]


def test_one_sided_diverging_classes_have_one_hue() -> None:
    assert colours("PuOr", 3, below=0) == colours("PuOr", 6, below=3)[3:]


@pytest.mark.parametrize("name", known_palettes(diverging=False))
def test_no_class_no_colour_and_one_class_one_colour(name: str) -> None:
    assert colours(name, 0) == ()
    assert len(colours(name, 1)) == 1


@pytest.mark.parametrize(
    ("name", "k", "below"),
    [
        ("RdYlGn", 5, None),
        ("YlGnBu", 10, None),
        ("YlGnBu", 5, 2),
        ("PuOr", 5, None),
        ("PuOr", 8, 6),
    ],
)
def test_what_a_palette_cannot_do_is_refused(name: str, k: int, below: int | None) -> None:
    with pytest.raises(PaletteError):
        colours(name, k, below=below)


def test_defaults_follow_polarity_and_sign() -> None:
    assert default_palette("higher", diverging=True) == "PuOr"
    assert default_palette("lower", diverging=True) == "PuOr_r"
    assert default_palette("lower", diverging=False) != default_palette("higher", diverging=False)
    assert wants_diverging(-51.6, 29923.9)
    assert not wants_diverging(0.0, 3.0)
    assert not wants_diverging(-3.0, 0.0)
    assert parse_palette("PuOr_r").reverse
