"""The baseline's facts and what an office added to them, as one."""

from dataclasses import replace

from facts.model import Facts, Observation, UnplacedRow
from store.errors import BaselineError

_FILE = "office-observations"


def merged(baseline: Facts, office: Facts) -> Facts:
    """Both together, the baseline first.

    The baseline may have changed since the office's figures were stored: those about what it has
    no more become unplaced rows, so that they are neither lost nor shown in the wrong place.

    Raises:
        BaselineError: an id stands for two things.
    """
    faults = [
        f"{noun} {one!r}: 基线和本单位数据都有 / is in the baseline and in the office's data"
        for noun, ours, theirs in (
            ("source_id", baseline.sources_by_id, office.sources_by_id),
            ("place_id", baseline.places_by_id, office.places_by_id),
            ("row_id", baseline.observations_by_id, office.observations_by_id),
        )
        for one in sorted(set(ours) & set(theirs))
    ]
    if faults:
        raise BaselineError("编号冲突 / ids clash", faults=faults)
    both = replace(
        baseline, sources=(*baseline.sources, *office.sources),
        places=(*baseline.places, *office.places),
    )  # fmt: skip
    placed = [one for one in office.observations if not _lacking(one, both)]
    unplaced = [
        _unplaced(number, one, _lacking(one, both))
        for number, one in enumerate(office.observations, start=1)
        if _lacking(one, both)
    ]
    return replace(
        both, observations=(*baseline.observations, *placed),
        unplaced=(*baseline.unplaced, *unplaced),
    )  # fmt: skip


def _lacking(one: Observation, facts: Facts) -> str:
    """What a figure refers to and is not on file; "" for nothing."""
    if one.place_id not in facts.places_by_id:
        return f"没有地点 / no place {one.place_id}"
    if one.indicator_id not in facts.indicators_by_id:
        return f"没有指标 / no indicator {one.indicator_id}"
    if one.source_id not in facts.sources_by_id:
        return f"没有来源 / no source {one.source_id}"
    return ""


def _unplaced(number: int, one: Observation, reason: str) -> UnplacedRow:
    return UnplacedRow(
        row_id=one.row_id, file=_FILE, line=number, reason=reason,
        subject=one.printed_subject or one.place_id,
        indicator=one.printed_indicator or one.indicator_id, value=one.printed_value,
        unit=one.printed_unit, period_label=one.period.label, source_id=one.source_id,
    )  # fmt: skip
