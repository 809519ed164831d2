"""Well-known text (WKT) of strangers: read by GEOS where it is plain, else taken apart."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import shapely

from geo.files import wkb
from geo.files.shapes import BadShapeError, Found, gathered, points_2d, polygon_wkb
from geo.files.wkb import Floats

_SRID: Final = re.compile(r"\s*SRID\s*=\s*[0-9]{1,9}\s*;", re.I)
_AREAL: Final = re.compile(r"\s*(MULTI)?POLYGON\s{0,9}(?:ZM|Z|M)?\s{0,9}\(", re.I)
_RING: Final = re.compile(r"\(([^()]*)\)")
_BETWEEN: Final = re.compile(r"\)\s*\)\s*,")  # polygons of a multipolygon
_LARGEST: Final = 1e12


def parsed(text: str) -> tuple[bytes | None, Found]:
    """A geometry as WKB in 2D, and what was found; None where nothing of it can be kept.

    Rings that are not closed are closed, heights dropped, and that is told; curves are not read.
    """
    found = Found()
    text = _SRID.sub("", text[:64], count=1) + text[64:]
    # GEOS goes into collections in collections as deep as they are.
    if text[:4096].upper().count("COLLECTION") > wkb.DEEPEST or (
        len(text) > 4096 and text.upper().count("COLLECTION") > wkb.DEEPEST
    ):
        found.add("bad_geometry")
        return None, found
    try:
        with np.errstate(all="ignore"):  # 1e999 is told, not warned of
            shape = shapely.from_wkt(text, on_invalid="ignore")
        if shape is None:
            return _salvaged(text, found), found
        coords = shapely.get_coordinates(shape)
        # Written so that NaN does not pass.
        if not (np.abs(coords) < _LARGEST).all():
            raise BadShapeError("not_finite")
        found.high = bool(shapely.has_z(shape) or shapely.has_m(shape))
        found.vertices = len(coords)
        return shapely.to_wkb(shape, output_dimension=2, include_srid=False), found
    except BadShapeError as error:
        found.add(error.code)
    except (NotImplementedError, shapely.errors.ShapelyError):  # curves
        found.add("bad_geometry")
    return None, found


def _salvaged(text: str, found: Found) -> bytes | None:
    """The polygons of a text that GEOS refuses, most often since rings are not closed."""
    head = _AREAL.match(text)
    if head is None or text.count("(") != text.count(")"):
        raise BadShapeError("bad_geometry")
    parts = [
        polygon_wkb([_ring(inner, found) for inner in _RING.findall(part + "))")], found)
        for part in _BETWEEN.split(text[head.end() - 1 :])
    ]
    if not head[1]:
        return parts[0] if len(parts) == 1 else None
    return gathered(wkb.MULTIPOLYGON, parts)


def _ring(text: str, found: Found) -> Floats:
    try:
        values = [[float(number) for number in point.split()] for point in text.split(",")]
    except ValueError:
        raise BadShapeError("bad_geometry") from None
    return points_2d(values, found)
