"""Proposals side by side: measures, hard constraints first, then scores with their stability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from facts.ranking import Criterion, Ranking, RankingError, rank
from facts.stability import Stability, stability
from facts.weights import ahp_matrix, ahp_weights, check_weights, preset
from geo.rules import rules_from_text
from layers.assess import dossier
from layers.compareview import CompareView
from layers.dossiers import KINDS, Dossier, MeasureKind
from layers.texts import text

if TYPE_CHECKING:
    from facts.model import Lang
    from layers.atlas import Atlas

Floats: TypeAlias = NDArray[np.float64]

_CHINA: Final = timezone(timedelta(hours=8))  # the day a report is printed on, wherever it runs


@dataclass(frozen=True, slots=True)
class Comparison:
    """Dossiers with what follows from laying them side by side.

    `baseline` is the index of the proposal that differences are taken against. `criteria` are
    the measures that take part in the score, `weights` theirs, adding up to 1, and
    `weights_basis` says where they come from (sliders, a preset, AHP with its consistency
    ratio). `ranking` and `stability` come together or not at all; then `refusal` says why.
    `as_of` is the day printed on reports.
    """

    dossiers: tuple[Dossier, ...]
    lang: Lang
    baseline: int
    criteria: tuple[MeasureKind, ...]
    weights: Mapping[str, float]
    weights_basis: str
    method: str
    ranking: Ranking | None
    stability: Stability | None
    refusal: str
    versions: Mapping[str, int]
    synthetic: bool
    as_of: date


def compare(atlas: Atlas, view: CompareView, *, as_of: date | None = None) -> Comparison:
    """Lay the view's proposals side by side.

    A score is given only with its stability, and neither when there is nothing to rank: then
    `refusal` says why and the rest still stands.

    Raises:
        UnknownProposalError: a proposal is not on file. WeightsError: weights that can't be used,
        every fault listed. StoreError: a layer is corrupt.
    """
    rules = rules_from_text(view.rules) if view.rules else None
    dossiers = tuple(dossier(atlas, key, lang=view.lang, rules=rules) for key in view.proposals)
    keys = [d.proposal.key for d in dossiers]
    criteria = tuple(KINDS[name] for name in view.criteria)
    weights, basis = _weights(view)
    ranking, steadiness, refusal = _score(dossiers, criteria, weights, view)
    versions: dict[str, int] = {}
    for each in dossiers:
        versions |= each.versions
    return Comparison(
        dossiers=dossiers,
        lang=view.lang,
        baseline=keys.index(view.baseline) if view.baseline in keys else 0,
        criteria=criteria,
        weights={k.measure_id: float(w) for k, w in zip(criteria, weights, strict=True)},
        weights_basis=basis,
        method=view.method,
        ranking=ranking,
        stability=steadiness,
        refusal=refusal,
        versions=dict(sorted(versions.items())),
        synthetic=atlas.synthetic is not None,
        as_of=as_of or datetime.now(tz=_CHINA).date(),
    )


def values_of(dossiers: Sequence[Dossier], criteria: Sequence[MeasureKind]) -> Floats:
    """Proposals × criteria, each in its unit; NaN where a measure is missing."""
    rows = [[d.measures[k.measure_id].value for k in criteria] for d in dossiers]
    return np.array([[math.nan if v is None else v for v in row] for row in rows], dtype=float)


def best_of(dossiers: Sequence[Dossier], kind: MeasureKind) -> frozenset[int]:
    """Indices of the proposals that are best in a measure; none for a neutral measure.

    Values that print alike share the place; a single value has nothing to be better than.
    """
    values = [d.measures[kind.measure_id].value for d in dossiers]
    known = [round(v, kind.decimals) for v in values if v is not None]
    if kind.polarity == "neutral" or len(known) < 2 or len(set(known)) == 1:
        return frozenset()
    best = max(known) if kind.polarity == "higher" else min(known)
    return frozenset(
        i for i, v in enumerate(values) if v is not None and round(v, kind.decimals) == best
    )


def _weights(view: CompareView) -> tuple[Floats, str]:
    """Weights that add up to 1, and where they come from."""
    if view.weights:
        return check_weights(view.weights, view.criteria), text("compare.basis_weights", view.lang)
    if view.judgements:
        result = ahp_weights(ahp_matrix(view.judgements, view.criteria))
        key = "basis_ahp" if result.consistent else "basis_ahp_bad"
        ratio = f"{result.consistency_ratio:.3f}"
        return result.weights, text(f"compare.{key}", view.lang, ratio=ratio)
    groups = {name: KINDS[name].group for name in view.criteria}
    name = text(f"compare.preset_{view.preset}", view.lang)
    return preset(view.preset, groups), text("compare.basis_preset", view.lang, name=name)


def _score(
    dossiers: Sequence[Dossier],
    criteria: Sequence[MeasureKind],
    weights: Floats,
    view: CompareView,
) -> tuple[Ranking | None, Stability | None, str]:
    """Ranking and stability, or neither and why."""
    if len(dossiers) < 2:
        key = "only_one" if dossiers else "none_chosen"
        return None, None, text(f"compare.{key}", view.lang)
    values = values_of(dossiers, criteria)
    scored = [Criterion(k.measure_id, _polarity(k)) for k in criteria]
    try:
        return (
            rank(values, scored, weights, method=view.method),
            stability(values, scored, weights, method=view.method),
            "",
        )
    except RankingError as error:
        return None, None, str(error)


def _polarity(kind: MeasureKind) -> Literal["higher", "lower"]:
    return "lower" if kind.polarity == "lower" else "higher"
