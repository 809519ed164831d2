"""Some of a file's features as GeoJSON, to be looked at on a map before anything is stored."""

import json
from typing import Any

import numpy as np
import shapely

from geo.files import GEOMETRY, FeatureFile
from geo.measuredbatch import Shapes, is_null_step, native_bounds
from geo.placement import CrsAnswer, Placement, place, previews, to_degrees
from geo.reference import judge
from geo.scan import joined
from geo.surroundings import shapes_of
from geo.wkbcolumns import plain_wkb

_DECIMALS = 7


def sketches(
    file: FeatureFile,
    answer: CrsAnswer,
    *,
    systems: tuple[str, ...],
    most: int,
    vertices: int,
) -> dict[str, Any]:
    """Features spread over the file's first batch, in each of some systems; see `quarantine.run`.

    Raises:
        FileRefusedError, LimitError, CrsQuestionError: as from looking through the file.
    """
    head = next(iter(file.read()), None)
    if head is None:
        return {"sketches": {}, "count": 0}
    native = None
    for batch in file.read():
        native = joined(native, native_bounds(batch))
    verdict = judge(native, file.hints)
    placements = {one.system.key: one for one in previews(verdict)}
    if systems:
        chosen = {key: placements[key] for key in systems if key in placements}
    elif verdict.settled or answer != CrsAnswer():
        placement, _ = place(verdict, answer)
        chosen = {placement.system.key: placement}
    else:
        chosen = placements
    rows = np.unique(np.linspace(0, head.table.num_rows - 1, most).astype(np.int64))
    shapes = shapes_of(plain_wkb(head.table.column(GEOMETRY)), rows)
    usable = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    rows, shapes = rows[usable], shapely.force_2d(shapes[usable])
    return {
        "sketches": {
            key: _features(rows + head.first, _placed(shapes, placement), vertices)
            for key, placement in chosen.items()
        },
        "count": head.table.num_rows,
    }


def geojson(shape: Any) -> dict[str, Any] | None:
    """A geometry as GeoJSON, seven decimals; None for nothing."""
    if shape is None or shape.is_empty:
        return None
    rounded = shapely.transform(shape, lambda points: np.round(points, _DECIMALS))
    made: dict[str, Any] = json.loads(shapely.to_geojson(rounded))
    return made


def _placed(shapes: Shapes, placement: Placement) -> Shapes:
    return shapes if is_null_step(placement) else to_degrees(shapes, placement)


def _features(numbers: Any, shapes: Shapes, vertices: int) -> list[dict[str, Any]]:
    return [
        {"feature": int(number), "geometry": geojson(shape)}
        for number, shape in zip(numbers, _thinned(shapes, vertices), strict=True)
    ]


def _thinned(shapes: Shapes, most: int) -> Shapes:
    """The same with fewer vertices where there are very many."""
    if not len(shapes) or int(shapely.get_num_coordinates(shapes).sum()) <= most:
        return shapes
    west, south, east, north = shapely.total_bounds(shapes)
    tolerance = max(east - west, north - south) / 5000
    return np.asarray(shapely.simplify(shapes, tolerance), dtype=object)
