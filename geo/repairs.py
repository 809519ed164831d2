"""Repairs: proposed with before and after, applied only when chosen, with what they remove."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crossings import code_of
from geo.faultkinds import INVALID, Tolerances, Unit
from geo.faults import feature_faults, small_rings
from geo.layerrepairs import LAYER_CODES, Between, Change
from geo.problems import Problem
from geo.repairrecords import AUTOMATIC, Applied, Maker, Repair, Tally
from geo.repairsteps import ORDER, steps
from geo.rings import Rings, blocks, measure, usable

__all__ = ["AUTOMATIC", "Applied", "Repair", "apply", "propose", "repaired"]

Shapes: TypeAlias = NDArray[np.object_]

# Codes of readers whose fault is mended by a step of ours.
_ALSO: Final[Mapping[str, str]] = {"unclosed_ring": "open_line", "open_polyline": "open_line"}


def propose(
    shapes: Any,
    faults: Sequence[Problem] | None = None,
    *,
    first: int = 1,
    unit: Unit = "degrees",
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
    most: int | None = 1000,
) -> tuple[Repair, ...]:
    """Repairs for the faults of features, in order of the features.

    Args:
        shapes: geometries, None where there is none.
        faults: of features and of the layer; None looks for faults of the features here.
        first: number of the first feature.
        unit: as in `feature_faults`; faults between features are only repaired in degrees.
        tolerances: as for the faults.
        most: for so many features at most; None for all.
    """
    every = np.asarray(shapes, dtype=object).ravel()
    if faults is None:
        faults = feature_faults(every, first=first, unit=unit, tolerances=tolerances, most=None)
    wanted = {row: codes for row, codes in _wanted(faults, first) if 0 <= row < len(every)}
    maker = Maker(unit, tolerances, first)
    made: list[Repair] = []
    for row in sorted(wanted)[:most]:
        made += [maker.of_step(row, step) for step in steps(every[row], wanted[row], *maker.how)]
    between = {row: codes & LAYER_CODES for row, codes in wanted.items() if codes & LAYER_CODES}
    if unit == "degrees" and between:
        changes = Between(every).proposals(between, tolerances)
        made += [maker.of_change(change) for change in islice(changes, most)]
    return tuple(sorted(made, key=lambda repair: repair.feature))


def apply(
    shapes: Any,
    chosen: Iterable[Repair],
    *,
    first: int = 1,
    unit: Unit = "degrees",
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
) -> tuple[Shapes, Applied]:
    """The shapes with the chosen repairs of `propose` made; all other features stay as they are.

    A repair is made on what the others chosen left of the feature; so what was really done is told
    in the result, and may differ from the proposal where only some of a feature's were chosen.
    """
    made = np.array(shapes, dtype=object).ravel()
    maker = Maker(unit, tolerances, first)
    codes: dict[int, set[str]] = {}
    between: list[Repair] = []
    for repair in chosen:
        if repair.code in LAYER_CODES:
            between.append(repair)
        else:
            codes.setdefault(repair.feature - first, set()).add(repair.code)
    tally = Tally(maker, most=None)
    for row in sorted(codes):
        for step in steps(made[row], codes[row], *maker.how):
            tally.add(row, maker.of_step(row, step))
            made[row] = step.after
    layer = Between(made)
    for repair in sorted(between, key=_turn):
        change = Change(
            repair.code, repair.feature - first, (repair.other or repair.feature) - first, None,
            None, repair.turn, repair.added,
        )  # fmt: skip
        change = layer.again(change)
        if not shapely.equals_identical(change.before, change.after):
            tally.add(change.row, maker.of_change(change))
            made[change.row] = change.after
    return made, tally.told(made)


def _turn(repair: Repair) -> tuple[int, int, int, int]:
    """First what is there twice goes, then overlaps, then gaps are filled."""
    kinds = ("duplicate_feature", "overlap", "gap")
    return kinds.index(repair.code), repair.feature, repair.other or 0, repair.turn


def repaired(
    shapes: Any,
    codes: Collection[str] | None = None,
    *,
    first: int = 1,
    unit: Unit = "degrees",
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
    most: int = 1000,
) -> tuple[Shapes, Applied]:
    """All automatic repairs of features at once (or those of some fault codes), for large layers.

    Args:
        shapes: geometries, None where there is none.
        codes: fault codes to repair, None for AUTOMATIC. Faults between features are left out.
        first: number of the first feature.
        unit: as in `feature_faults`.
        tolerances: as for the faults.
        most: so many repairs are listed in the result; the numbers there count all.
    """
    made = np.array(shapes, dtype=object).ravel()
    maker = Maker(unit, tolerances, first)
    wanted = frozenset(AUTOMATIC if codes is None else codes)
    tally = Tally(maker, most=most)
    for found in _faulty(made, wanted, maker):
        turned = [row for row, faults in found.items() if faults == {"ring_order"}]
        if turned:  # of some files all features are: at once then
            after = shapely.orient_polygons(made[turned])
            tally.turned(turned, made[turned], after)
            made[turned] = after
        for row in sorted(found.keys() - set(turned)):
            for step in steps(made[row], found[row], *maker.how):
                tally.add(row, maker.of_step(row, step))
                made[row] = step.after
    return made, tally.told(made)


def _wanted(faults: Iterable[Problem], first: int) -> Iterable[tuple[int, set[str]]]:
    """Rows, and the codes of their faults that can be repaired."""
    wanted: dict[int, set[str]] = {}
    for fault in faults:
        code = _ALSO.get(fault.code, fault.code)
        if fault.feature is not None and (code in INVALID or code in (*ORDER, *LAYER_CODES)):
            wanted.setdefault(fault.feature - first, set()).add(code)
    return wanted.items()


def _faulty(shapes: Shapes, codes: frozenset[str], maker: Maker) -> Iterator[dict[int, set[str]]]:
    """Rows with faults of some codes, and which, block by block; found without a word."""
    for part in blocks(shapes):
        found: dict[int, set[str]] = {}
        block = shapes[part]
        finite = np.flatnonzero(usable(block, maker.how[0]))
        if codes & INVALID:
            bad = finite[~shapely.is_valid(block[finite])]
            for row, reason in zip(bad, shapely.is_valid_reason(block[bad]), strict=True):
                # What a rebuilt outline leaves behind is to go too, where it would be repaired.
                left_behind = codes & {"duplicate_points", "spike"}
                found.setdefault(int(row), set()).update({code_of(str(reason))}, left_behind)
        if "collection" in codes:
            for row in finite[shapely.get_type_id(block[finite]) == 7]:
                found.setdefault(int(row), set()).add("collection")
        rings = Rings.of(block[finite])
        if len(rings.holes):
            for code, which in _ring_faults(rings, maker).items():
                if code in codes:
                    for row in finite[np.unique(rings.owners[which])]:
                        found.setdefault(int(row), set()).add(code)
        if found:
            yield {part.start + row: found[row] for row in sorted(found)}


def _ring_faults(rings: Rings, maker: Maker) -> dict[str, Any]:
    """The rings with each kind of fault."""
    measures = measure(rings, *maker.how)
    wrong = np.where(rings.holes, measures.areas > 0, measures.areas < 0)
    return {
        "duplicate_points": rings.ring_of(measures.repeated),
        "spike": rings.ring_of(measures.spikes),
        "ring_order": np.flatnonzero(wrong),
        **{
            code: np.flatnonzero(which)
            for code, which in small_rings(rings, measures, maker.how[1]).items()
        },
    }
