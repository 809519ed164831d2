"""Curves of drawings as straight pieces: arcs, bulges, ellipses and splines, flattened.

A chord leaves its arc by at most TOLERANCE drawing units, but never by more than a 5000th part of
the radius (drawings in degrees have tiny radii), and it is never asked to be better than a
hundred-thousandth of it: at most about 700 chords make a full circle, whatever a file says.
Points are (n, 2) or (n, 3) arrays in drawing units; angles are radians, counter-clockwise.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.errors import LimitError

Floats: TypeAlias = NDArray[np.float64]

TOLERANCE: Final = 0.01  # drawing units, largest distance between an arc and its chord
_COARSEST, _FINEST = 2e-4, 1e-5  # the same as parts of the radius
_SPLINE_SPANS: Final = 64  # most chords between two knots
_FITTED: Final = 1_000  # fit points up to which a spline is computed from them


class Budget:
    """How many features and vertices may still be made; spent before memory is."""

    def __init__(self, features: int, vertices: int, name: str) -> None:
        self.features = features
        self.vertices = vertices
        self.limits = (features, vertices)
        self.name = name

    def spend(self, *, features: int = 0, vertices: int = 0) -> None:
        """Take them off.

        Raises:
            LimitError: nothing is left.
        """
        self.features -= features
        self.vertices -= vertices
        if self.features < 0:
            raise LimitError(
                f"{self.name} 的图块展开后超过 {self.limits[0]} 个要素的上限；请删去不用的图块或"
                f"拆分图形 / {self.name} gives more than {self.limits[0]} features with its blocks "
                "inserted: remove what is not needed, or split it",
                code="too_many_features",
            )
        if self.vertices < 0:
            raise LimitError(
                f"{self.name} 展开曲线后超过 {self.limits[1]} 个顶点的上限；请拆分图形 / "
                f"{self.name} has more than {self.limits[1]} vertices with its curves flattened: "
                "split it",
                code="too_many_vertices",
            )


def chords(radius: Floats, sweep: Floats, tolerance: float) -> NDArray[np.int64]:
    """How many chords each arc needs: radii in drawing units, swept angles in radians."""
    with np.errstate(all="ignore"):
        off = np.clip(np.divide(tolerance, radius), _FINEST, _COARSEST)
        count = np.ceil(np.abs(sweep) / (2 * np.arccos(1 - off)))
    return np.where(np.isfinite(count), np.maximum(count, 1), 1).astype(np.int64)


def bulged(
    points: Floats, bulges: Floats, *, closed: bool, tolerance: float, budget: Budget
) -> Floats:
    """A polyline with its arcs flattened, (n, 2); a closed one does not repeat its first point.

    The bulge of a vertex is the tangent of a quarter of the angle its arc sweeps to the next one.
    """
    if not np.any(bulges):
        return points
    start, bulge = (points, bulges) if closed else (points[:-1], bulges[:-1])
    step = np.roll(points, -1, axis=0)[: len(start)] - start
    with np.errstate(all="ignore"):
        chord = np.hypot(step[:, 0], step[:, 1])
        curved = np.isfinite(bulge) & (bulge != 0) & np.isfinite(chord) & (chord > 0)
        b = np.where(curved, bulge, 1.0)
        radius = chord * (1 + b * b) / (4 * np.abs(b))
        sweep = 4 * np.arctan(b)
        count = np.where(curved, chords(radius, sweep, tolerance), 1)
        budget.spend(vertices=int(count.sum()))
        height = (1 - b * b) / (4 * b)  # of the centre over the chord, in chord lengths
    middle = start + step / 2
    centre = middle + np.column_stack([-step[:, 1], step[:, 0]]) * height[:, None]
    which = np.repeat(np.arange(len(start)), count)
    part = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    begin = np.arctan2(start[:, 1] - centre[:, 1], start[:, 0] - centre[:, 0])
    angle = begin[which] + sweep[which] * part / count[which]
    found = centre[which] + radius[which, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    found[part == 0] = start
    return found if closed else np.vstack([found, points[-1:]])


def arc(
    centre: Floats, radius: float, start: float, sweep: float, *, tolerance: float, budget: Budget
) -> Floats:
    """Points along a circular arc, both ends included, (n, 2)."""
    count = int(chords(np.array([radius]), np.array([sweep]), tolerance)[0])
    budget.spend(vertices=count + 1)
    angle = start + sweep * np.arange(count + 1) / count
    return np.asarray(centre[:2] + radius * np.column_stack([np.cos(angle), np.sin(angle)]))


def ellipse(
    centre: Floats, major: Floats, minor: Floats, start: float, sweep: float,
    *, tolerance: float, budget: Budget,
) -> Floats:  # fmt: skip
    """Points along an elliptic arc by its parameter, both ends included; axes are half ones."""
    longest = float(np.hypot(np.linalg.norm(major), 0.0))
    count = int(chords(np.array([longest]), np.array([sweep]), tolerance)[0])
    budget.spend(vertices=count + 1)
    angle = (start + sweep * np.arange(count + 1) / count)[:, None]
    return np.asarray(centre + np.cos(angle) * major + np.sin(angle) * minor)


def spline(
    control: Floats, degree: int, knots: list[float], weights: list[float],
    *, tolerance: float, budget: Budget,
) -> Floats:  # fmt: skip
    """Points along a B-spline (NURBS with `weights`), (n, 3), both ends included.

    Raises ValueError for knots, weights and degree that make no spline.
    """
    from ezdxf.math import BSpline  # noqa: PLC0415 - loads fonts; only drawings need it

    if not 1 <= degree <= 10 or len(control) <= degree:
        raise ValueError("no spline of this degree")
    curve = BSpline(control, degree + 1, knots or None, weights or None)
    spans = len(control) - degree
    shortest, longest, found = 4, _SPLINE_SPANS, np.empty((0, 3))
    while shortest <= longest:
        budget.spend(vertices=spans * shortest)
        along = np.fromiter(curve.params(spans * shortest), dtype=float)
        found = np.array([tuple(point) for point in curve.points(along)])
        if _flat(found, tolerance):
            break
        shortest *= 2
    return found


def _flat(points: Floats, tolerance: float) -> bool:
    """Whether every second point lies within tolerance of the chord between its neighbours."""
    before, middle, after = points[:-2:2], points[1:-1:2], points[2::2]
    chord = after - before
    with np.errstate(all="ignore"):
        size = np.linalg.norm(points.max(axis=0) - points.min(axis=0))
        length = np.linalg.norm(chord, axis=1)
        off = np.linalg.norm(np.cross(chord, middle - before), axis=1) / length
        off = np.where(length > 0, off, np.linalg.norm(middle - before, axis=1))
        allowed = min(max(tolerance, size * _FINEST), size * _COARSEST)
    # Halving a chord quarters its distance from the curve, so the next half is a fourth as far.
    return bool(np.nanmax(off, initial=0.0) / 4 <= allowed)


def through(fit_points: Floats, *, tolerance: float, budget: Budget) -> Floats:
    """A spline that is given only by the points it passes through, (n, 3)."""
    if not 2 < len(fit_points) <= _FITTED or not np.isfinite(fit_points).all():
        return fit_points
    from ezdxf.math import fit_points_to_cad_cv  # noqa: PLC0415 - as above

    curve: Any = fit_points_to_cad_cv(list(fit_points))
    control = np.array([tuple(point) for point in curve.control_points])
    return spline(
        control, curve.degree, list(curve.knots()), list(curve.weights()),
        tolerance=tolerance, budget=budget,
    )  # fmt: skip


def chained(edges: list[Floats]) -> Floats:
    """The edges of one boundary as one run of points, each turned so that it goes on (n, 2)."""
    if not edges:
        return np.empty((0, 2))
    run = [edges[0]]
    if len(edges) > 1:
        ends, other = edges[0][[0, -1]], edges[1][[0, -1]]
        near = [min(math.dist(end, p) for p in other) for end in ends]
        if near[0] < near[1]:  # the first edge runs backwards
            run = [edges[0][::-1]]
    for edge in edges[1:]:
        at = run[-1][-1]
        backwards = math.dist(at, edge[-1]) < math.dist(at, edge[0])
        run.append(edge[::-1] if backwards else edge)
    return np.vstack(run)
