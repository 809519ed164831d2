"""Weights of criteria: checked, from presets, or from pairs judged against each other (AHP)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from facts.errors import FactsError

Floats: TypeAlias = NDArray[np.float64]

# How much the groups of criteria weigh against each other, 1 where nothing is said; within a
# group all weigh the same. "equal" does without groups: every criterion weighs the same.
PRESETS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "equal": {},
        "land_first": {"land": 3.0},
        "protection_first": {"protection": 3.0},
        "output_first": {"output": 3.0},
    }
)
CONSISTENT_BELOW: Final = 0.1
_AGREED: Final = 1e-9  # judgements, as logarithms of ratios, that differ by rounding only
# Mean consistency index of random matrices of order 1 to 10: Saaty, The Analytic Hierarchy
# Process (1980).
_RANDOM_INDEX: Final = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)


class WeightsError(FactsError):
    """Weights or judgements that can't be used; the message lists every fault."""

    code = "bad_weights"


@dataclass(frozen=True, slots=True)
class AhpResult:
    """Weights (adding up to 1), the largest eigenvalue, and how far the judgements agree.

    `most_at_odds` is the pair (indices) whose judgement is farthest from what all judgements
    together say of it, and `implied` what they say; None when they agree perfectly. For three
    criteria all pairs are equally at odds and the first one is named.
    """

    weights: Floats
    lambda_max: float
    consistency_ratio: float
    most_at_odds: tuple[int, int] | None = None
    implied: float | None = None

    @property
    def consistent(self) -> bool:
        """Whether the judgements agree well enough (Saaty: a ratio below 0.1)."""
        return self.consistency_ratio < CONSISTENT_BELOW


def check_weights(weights: Mapping[str, float | None], ids: Sequence[str]) -> Floats:
    """Weights in the order of `ids`, adding up to 1; only their proportions count.

    Raises:
        WeightsError: a weight is missing, negative, not finite or of an unknown criterion, an id
        stands twice, or all weights are zero; every fault is named.
    """
    faults = [f"{name}：没有这个指标 / no such criterion" for name in weights if name not in ids]
    faults += [f"{name}：重复 / stands twice" for name in dict.fromkeys(ids) if ids.count(name) > 1]
    for name in dict.fromkeys(ids):
        value = weights.get(name)
        if value is None:
            faults.append(f"{name}：缺少权重 / has no weight")
        elif not math.isfinite(value):
            faults.append(f"{name}：{value} 不是数 / is no number")
        elif value < 0:
            faults.append(f"{name}：{value:g} 为负 / is negative")
    if faults:
        raise WeightsError("权重有误 / weights at fault: " + "; ".join(faults))
    found = np.array([float(weights[name] or 0.0) for name in ids])
    largest = found.max(initial=0.0)
    if not largest > 0:
        raise WeightsError("权重全为零，至少要有一项大于零 / all weights are zero")
    found = found / largest  # the sum of very large weights would not be finite
    return np.asarray(found / found.sum(), dtype=np.float64)


def preset(name: str, groups: Mapping[str, str]) -> Floats:
    """Weights by a preset, adding up to 1; `groups` gives each criterion's group, in order.

    Raises:
        WeightsError: no such preset, no criterion, or none of the group that it puts first.
    """
    if name not in PRESETS or not groups:
        raise WeightsError(f"没有预设权重 {name} / no preset {name}")
    lacking = [group for group in PRESETS[name] if group not in groups.values()]
    if lacking:
        raise WeightsError(
            f"预设 {name} 侧重 {'、'.join(lacking)}，所选指标中没有这一组 / "
            f"the preset {name} favours {', '.join(lacking)}, of which no criterion is chosen"
        )
    sizes = {group: list(groups.values()).count(group) for group in groups.values()}
    if name == "equal":
        found = np.ones(len(groups))
    else:
        factors = PRESETS[name]
        found = np.array([factors.get(group, 1.0) / sizes[group] for group in groups.values()])
    return np.asarray(found / found.sum(), dtype=np.float64)


def presets(groups: Mapping[str, str]) -> Mapping[str, Floats]:
    """The weights of every preset that fits the criteria, by name; `groups` as in `preset`."""
    present = set(groups.values())
    return {
        name: preset(name, groups) for name in PRESETS if groups and PRESETS[name].keys() <= present
    }


def ahp_matrix(judgements: Mapping[tuple[str, str], float], ids: Sequence[str]) -> Floats:
    """The reciprocal matrix of judgements: how many times the first counts more than the second.

    Raises:
        WeightsError: a pair is missing, judged twice, out of 1/9 to 9, or of an unknown criterion.
    """
    faults = []
    matrix = np.eye(len(ids))
    place = {name: index for index, name in enumerate(ids)}
    seen = set()
    for (a, b), ratio in judgements.items():
        if a not in place or b not in place or a == b:
            faults.append(f"{a}～{b}：没有这一对 / no such pair")
            continue
        if not 1 / 9 - 1e-9 <= ratio <= 9 + 1e-9:
            faults.append(f"{a}～{b}：{ratio:g} 不在 1/9 至 9 / is not within 1/9 to 9")
            continue
        if frozenset((a, b)) in seen:
            faults.append(f"{a}～{b}：重复 / is judged twice")
        seen.add(frozenset((a, b)))
        matrix[place[a], place[b]] = ratio
        matrix[place[b], place[a]] = 1 / ratio
    for i, a in enumerate(ids):
        faults += [
            f"{a}～{b}：未判断 / is not judged"
            for b in ids[i + 1 :]
            if frozenset((a, b)) not in seen
        ]
    if faults:
        raise WeightsError("两两比较有误 / judgements at fault: " + "; ".join(faults))
    return np.asarray(matrix, dtype=np.float64)


def ahp_weights(matrix: Floats) -> AhpResult:
    """Weights from a reciprocal matrix (k, k): its principal eigenvector (Saaty 1980).

    Raises:
        WeightsError: not square, not reciprocal, not positive, or more than ten criteria.
    """
    size = len(matrix)
    good = matrix.shape == (size, size) and 2 <= size <= len(_RANDOM_INDEX)
    if not good or not (matrix > 0).all() or not np.allclose(matrix * matrix.T, 1.0):
        raise WeightsError(
            "须为 2 至 10 阶的正互反矩阵 / a positive reciprocal matrix of order 2 to 10 is needed"
        )
    values, vectors = np.linalg.eig(matrix)
    largest = int(np.argmax(values.real))
    vector = np.abs(vectors[:, largest].real)
    weights = np.asarray(vector / vector.sum(), dtype=np.float64)
    lambda_max = float(values[largest].real)
    index = (lambda_max - size) / (size - 1)
    random = _RANDOM_INDEX[size - 1]
    ratio = max(index / random, 0.0) if random else 0.0
    pair, implied = _most_at_odds(matrix, weights)
    return AhpResult(weights, lambda_max, float(ratio), pair, implied)


def _most_at_odds(matrix: Floats, weights: Floats) -> tuple[tuple[int, int] | None, float | None]:
    """The judgement farthest, as a ratio, from that of the weights; None when all agree."""
    implied = weights[:, None] / weights[None, :]
    apart = np.triu(np.abs(np.log(matrix / implied)), 1)
    # Rounding must not choose among pairs that are equally at odds.
    i, j = (int(n) for n in np.argwhere(apart >= apart.max() - _AGREED)[0])
    if apart[i, j] <= _AGREED:
        return None, None
    return (i, j), float(implied[i, j])
