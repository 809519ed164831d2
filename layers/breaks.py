"""Where the breaks between classes are, by mapclassify's schemes.

The library's import pulls scipy and scikit-learn (about a second), so it is loaded when first
needed; `warm` does it ahead of time.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scheme: TypeAlias = Literal["quantiles", "natural_breaks", "equal_interval", "head_tail", "own"]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Note:
    """Something the legend should say: a key below ``legend.note`` and its values."""

    key: str
    values: tuple[tuple[str, object], ...] = ()


class Edges:
    """Upper bounds by one scheme for parts of the values; gathers what has to be said."""

    def __init__(self, scheme: Scheme, k: int) -> None:
        self.scheme = scheme
        self.k = k
        self.notes: list[Note] = []

    def of(self, values: Floats, k: int) -> Floats:
        """Ascending upper bounds; the last one is the largest value."""
        distinct = np.unique(values)
        if distinct.size <= 1:
            if self.k > 1 and distinct.size == 1:
                self.notes.append(Note("single_value"))
            return distinct
        if self.scheme == "head_tail":
            return _head_tail(values, k)
        if distinct.size <= k:
            if distinct.size < k:
                self.notes.append(Note("few_distinct", (("distinct", int(distinct.size)),)))
            if self.scheme != "equal_interval":
                return distinct
            k = int(distinct.size)
        inner = _snap(_bounds(values, self.scheme, k), distinct)
        return np.append(_tidy(inner, distinct), distinct[-1])

    def two_sides(self, values: Floats) -> tuple[Floats, Floats]:
        """Upper bounds below zero (the last is 0) and from zero up."""
        under, over = values[values < 0.0], values[values >= 0.0]
        if under.size == 0 or over.size == 0:
            self.notes.append(Note("one_side"))
        k_under = k_over = self.k // 2
        if self.k % 2:
            k_under, k_over = (
                (k_under + 1, k_over) if under.size > over.size else (k_under, k_over + 1)
            )
        if under.size == 0 or over.size == 0:
            k_under = k_over = self.k
        below, above = self.of(under, max(k_under, 1)), self.of(over, max(k_over, 1))
        if below.size:
            below[-1] = 0.0
        if min(below.size, above.size) > 0 and self.notes:
            # "One value" of one side says nothing about the whole.
            distinct = int(np.unique(values).size)
            self.notes[:] = [Note("few_distinct", (("distinct", distinct),))]
        return below, above


def _bounds(values: Floats, scheme: Scheme, k: int) -> Floats:
    if scheme == "quantiles" and "mapclassify" not in sys.modules:
        # The first picture a visitor sees must not wait a second for an import: until `warm`
        # has run, mapclassify's own formula (a test holds the two equal).
        formula: Floats = np.unique(np.percentile(values, 100.0 * np.arange(1, k + 1) / k))
        return formula
    library = import_module("mapclassify")
    classifier = {
        "quantiles": library.Quantiles,
        "equal_interval": library.EqualInterval,
        # Fisher–Jenks finds the natural breaks exactly; the k-means variant starts at random.
        "natural_breaks": library.FisherJenks,
    }[scheme]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "not enough unique values": said in our own notes
        return np.asarray(classifier(values, k=k).bins, dtype=np.float64)


def _head_tail(values: Floats, k: int) -> Floats:
    library = import_module("mapclassify")
    bins = np.unique(np.asarray(library.HeadTailBreaks(values).bins, dtype=np.float64))
    distinct = np.unique(values)
    inner = _snap(bins, distinct)[: k - 1]
    return np.append(_tidy(inner, distinct), distinct[-1])


def _snap(bounds: Floats, distinct: Floats) -> Floats:
    """The bounds below the largest value, free of what rounding did to them.

    A bound that differs from a value by rounding only becomes that value: ties stay together.
    """
    place = np.clip(np.searchsorted(distinct, bounds), 1, distinct.size - 1)
    left, right = distinct[place - 1], distinct[place]
    nearest = np.where(bounds - left <= right - bounds, left, right)
    span = max(abs(distinct[0]), abs(distinct[-1]))
    snapped = np.unique(np.where(np.abs(nearest - bounds) <= 1e-12 * span, nearest, bounds))
    inner: Floats = snapped[snapped < distinct[-1]]
    return inner


def _tidy(bounds: Floats, distinct: Floats) -> Floats:
    """The same division of the values with bounds of as few decimals as it takes.

    A legend prints rounded bounds; what it prints must be what was done.
    """
    if bounds.size == 0:
        return bounds
    wanted = np.searchsorted(bounds, distinct, side="left")
    gaps = np.diff(np.concatenate([[distinct[0]], bounds, [distinct[-1]]]))
    gap = float(gaps[gaps > 0].min(initial=np.inf))
    for decimals in range(-6, 13):
        rounded = np.round(bounds, decimals)
        near = np.abs(rounded - bounds).max() <= 0.005 * gap
        if near and np.array_equal(np.searchsorted(rounded, distinct, side="left"), wanted):
            return rounded + 0.0  # no negative zero
    return bounds


def warm() -> None:
    """Load mapclassify and what it brings, so that no visitor waits for it."""
    import_module("mapclassify")
