"""Entities of a drawing as rings, runs and points: what each kind draws, curves flattened.

Points are (n, 3) arrays in drawing units of the world system, or of the block that holds them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import numpy as np

from geo.files import curves
from geo.files.curves import Budget, Floats
from geo.files.dxftext import plain_mtext, plain_text

Form = Literal["polygon", "line", "point"]
Shape = tuple[Form, tuple[Floats, ...], str]  # form, rings or runs (n, 3), text

_FULL: Final = 2 * math.pi


class UnsupportedError(Exception):
    """An entity that has no place on a map."""


def in_world(entity: Any, points: Floats, elevation: float) -> Floats:
    """Points of an entity's own plane, (n, 2), in the world system, (n, 3)."""
    flat = np.column_stack([points[:, :2], np.full(len(points), elevation)])
    if not entity.dxf.hasattr("extrusion"):
        return flat
    ocs = entity.ocs()
    if not ocs.transform:
        return flat
    axes = np.array([tuple(ocs.ux), tuple(ocs.uy), tuple(ocs.uz)], dtype=float)
    return np.asarray(flat @ axes)


def _point(value: Any) -> Floats:
    """A vertex of the library as a (1, 3) array."""
    return np.array([(value[0], value[1], value[2] if len(value) > 2 else 0.0)], dtype=float)


def _closed(ring: Floats) -> Shape:
    return "polygon", (ring,), ""


def _lwpolyline(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    values = np.array(entity.lwpoints.values, dtype=float).reshape(-1, 5)
    run = curves.bulged(
        values[:, :2], values[:, 4], closed=entity.closed, tolerance=tolerance, budget=budget
    )
    world = in_world(entity, run, float(entity.dxf.get("elevation", 0.0)))
    yield _closed(world) if entity.closed else ("line", (world,), "")


def _polyline(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    mode = entity.get_mode()
    if mode not in {"AcDb2dPolyline", "AcDb3dPolyline"}:
        raise UnsupportedError
    # Frame points of a fitted curve (flag 16) are not on it.
    kept = [v for v in entity.vertices if not int(v.dxf.get("flags", 0)) & 16]
    points = np.array([tuple(v.dxf.location) for v in kept], dtype=float).reshape(-1, 3)
    if mode == "AcDb3dPolyline":
        world = points
    else:
        bulges = np.array([float(v.dxf.get("bulge", 0.0)) for v in kept])
        run = curves.bulged(
            points[:, :2], bulges, closed=entity.is_closed, tolerance=tolerance, budget=budget
        )
        raised = entity.dxf.get("elevation")
        world = in_world(entity, run, float(raised[2]) if raised is not None else 0.0)
    yield _closed(world) if entity.is_closed else ("line", (world,), "")


def _line(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    yield "line", (np.vstack([_point(entity.dxf.start), _point(entity.dxf.end)]),), ""


def _dot(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    yield "point", (_point(entity.dxf.location),), ""


def _circle(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    centre = _point(entity.dxf.center)[0]
    run = curves.arc(
        centre, float(entity.dxf.radius), 0.0, _FULL, tolerance=tolerance, budget=budget
    )
    yield _closed(in_world(entity, run[:-1], centre[2]))


def _arc(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    centre = _point(entity.dxf.center)[0]
    start = math.radians(entity.dxf.start_angle)
    sweep = _sweep(start, math.radians(entity.dxf.end_angle))
    run = curves.arc(
        centre, float(entity.dxf.radius), start, sweep, tolerance=tolerance, budget=budget
    )
    yield "line", (in_world(entity, run, centre[2]),), ""


def _sweep(start: float, end: float) -> float:
    """The angle from start to end, counter-clockwise; a whole turn where they are the same."""
    swept = (end - start) % _FULL
    return swept if swept > 1e-9 else _FULL


def _ellipse(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    start = float(entity.dxf.start_param)
    sweep = _sweep(start, float(entity.dxf.end_param))
    run = curves.ellipse(
        _point(entity.dxf.center)[0], _point(entity.dxf.major_axis)[0],
        _point(entity.minor_axis)[0], start, sweep, tolerance=tolerance, budget=budget,
    )  # fmt: skip
    yield _closed(run[:-1]) if sweep > _FULL - 1e-9 else ("line", (run,), "")


def _spline(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    control = np.array(list(entity.control_points), dtype=float).reshape(-1, 3)
    if len(control):
        run = curves.spline(
            control, int(entity.dxf.degree), list(entity.knots), list(entity.weights),
            tolerance=tolerance, budget=budget,
        )  # fmt: skip
    else:
        fit = np.array(list(entity.fit_points), dtype=float).reshape(-1, 3)
        run = curves.through(fit, tolerance=tolerance, budget=budget)
    yield _closed(run) if entity.closed else ("line", (run,), "")


def _hatch(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    raised = entity.dxf.get("elevation")
    elevation = float(raised[2]) if raised is not None else 0.0
    rings = []
    for path in entity.paths:
        vertices = getattr(path, "vertices", None)
        if vertices is not None:
            corners = np.array([tuple(v)[:3] for v in vertices], dtype=float).reshape(-1, 3)
            run = curves.bulged(
                corners[:, :2], corners[:, 2], closed=True, tolerance=tolerance, budget=budget
            )
        else:
            run = curves.chained([_edge(edge, tolerance, budget) for edge in path.edges])
        if len(run):
            rings.append(in_world(entity, run, elevation))
    yield "polygon", tuple(rings), ""


def _edge(edge: Any, tolerance: float, budget: Budget) -> Floats:
    kind = edge.type.name
    if kind == "LINE":
        return np.array([tuple(edge.start)[:2], tuple(edge.end)[:2]], dtype=float)
    if kind == "SPLINE":
        control = [(*tuple(point)[:2], 0.0) for point in edge.control_points or edge.fit_points]
        points = np.array(control, dtype=float)
        if not edge.control_points:
            return curves.through(points, tolerance=tolerance, budget=budget)[:, :2]
        return curves.spline(
            points, int(edge.degree), list(edge.knot_values), list(edge.weights),
            tolerance=tolerance, budget=budget,
        )[:, :2]  # fmt: skip
    centre = np.array(tuple(edge.center)[:2], dtype=float)
    if kind == "ARC":
        start = math.radians(edge.start_angle)
        sweep = _sweep(start, math.radians(edge.end_angle))
        return curves.arc(
            centre, float(edge.radius), start, sweep, tolerance=tolerance, budget=budget
        )
    major = np.array(tuple(edge.major_axis)[:2], dtype=float)
    minor = np.array([-major[1], major[0]]) * float(edge.ratio)
    start = float(edge.start_param)
    return curves.ellipse(
        centre, major, minor, start, _sweep(start, float(edge.end_param)),
        tolerance=tolerance, budget=budget,
    )  # fmt: skip


def _face(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    names = ("vtx0", "vtx1", "vtx3", "vtx2")  # corners of SOLID and TRACE are stored crosswise
    if entity.dxftype() == "3DFACE":
        names = ("vtx0", "vtx1", "vtx2", "vtx3")
    there = [entity.dxf.get(name) for name in names]
    points = np.vstack([_point(value) for value in there if value is not None])
    if entity.dxftype() != "3DFACE":
        points = in_world(entity, points[:, :2], float(points[0, 2]))
    yield _closed(points)


def _text(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    aligned = entity.dxf.get("halign", 0) or entity.dxf.get("valign", 0)
    place = entity.dxf.get("align_point") if aligned else None
    at = _point(place if place is not None else entity.dxf.insert)
    yield "point", (in_world(entity, at[:, :2], float(at[0, 2])),), plain_text(entity.dxf.text)


def _mtext(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    yield "point", (_point(entity.dxf.insert),), plain_mtext(entity.text)


def _nothing(entity: Any, tolerance: float, budget: Budget) -> Iterator[Shape]:
    """What draws nothing of its own: attribute definitions, the frames of views."""
    return iter(())


MAKERS: Final[dict[str, Callable[[Any, float, Budget], Iterator[Shape]]]] = {
    "LWPOLYLINE": _lwpolyline, "POLYLINE": _polyline, "LINE": _line, "POINT": _dot,
    "CIRCLE": _circle, "ARC": _arc, "ELLIPSE": _ellipse, "SPLINE": _spline,
    "HATCH": _hatch, "MPOLYGON": _hatch, "SOLID": _face, "TRACE": _face, "3DFACE": _face,
    "TEXT": _text, "ATTRIB": _text, "MTEXT": _mtext, "ATTDEF": _nothing, "VIEWPORT": _nothing,
}  # fmt: skip
