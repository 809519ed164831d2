"""Which indicator a column's head names, by its name, by how it was printed before, or nearly."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from rapidfuzz import fuzz, process

from facts import units
from facts.model import Facts, Indicator, Kind
from facts.suggestions import IndicatorMatch, Suggestion

_Told: TypeAlias = Kind | Literal[""]  # the kind that words of a head tell, if they do

_LEAST_SCORE = 50.0
_CERTAIN = 100.0

# Words that many offices use for those of the dictionary; no synonym changes what is counted.
_SYNONYMS = (
    ("规模以上", "规上"), ("固投", "固定资产投资"), ("地区生产总值gdp", "地区生产总值"),
    ("gdp", "地区生产总值"), ("战略性新兴产业", "战新产业"), ("个数", "数"), ("数量", "数"),
    ("家数", "数"), ("总金额", "总额"), ("税收收入", "税收"), ("进出口总值", "进出口总额"),
)  # fmt: skip
_YOY = re.compile(
    r"(?:同比|比上年同期|较上年同期|比上年|较上年)(?:增长|增减|增速|增幅|升降|变化)?(?:率|幅度)?"
    r"|(?:增长|增减)(?:率|速度|幅度)|增速|增幅|增长$|[±]"
)
_SHARE = re.compile(
    r"占(?:全省|全市|全县|全区)?(?:的)?(?:比重|比例|比)|占全[省市县区]$|(?<=.)占比$|^占比$|^比重$"
)
_PLAN = re.compile("计划|预计|设计|规划|总投资")  # what such words name is meant, not done
_TARGET = re.compile(r"(?:年度|全年)?(?:目标|任务)(?:数|值)?|预期(?:数|值)?")
_CUMULATIVE = re.compile(r"累计(?:数|值)?")
_FILLER = re.compile(
    r"(?:本期|本年|当年|本月|当月|上年同期|去年同期|同期|实际|绝对(?:值|量|额))(?:数|值)?|完成情况|情况"
)


class IndicatorIndex:
    """The names that indicators go by in these facts."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._names: dict[str, set[str]] = {}
        self._printed: dict[str, set[tuple[str, Kind]]] = {}
        self._own_name: dict[str, str] = {}
        usual: dict[str, Counter[Kind]] = {}
        plans = {i.indicator_id: bool(_PLAN.search(i.name_zh)) for i in facts.indicators}
        for indicator in facts.indicators:
            self._names.setdefault(_plain(indicator.name_zh), set()).add(indicator.indicator_id)
            self._names.setdefault(_plain(indicator.name_en), set()).add(indicator.indicator_id)
        for row in facts.observations:
            self._printed.setdefault(_plain(row.printed_indicator), set()).add(
                (row.indicator_id, row.kind)
            )
            if row.kind in ("actual", "target") and plans.get(row.indicator_id):
                usual.setdefault(row.indicator_id, Counter())[row.kind] += 1
        self._usual: dict[str, Kind] = {
            key: counts.most_common(1)[0][0] for key, counts in usual.items()
        }
        self._printed.pop("", None)
        # One indicator may go by several names; the best of them counts.
        self._keys: list[tuple[str, str]] = [
            (name, indicator_id) for name, ids in self._names.items() for indicator_id in ids
        ] + [(name, pair[0]) for name, pairs in self._printed.items() for pair in pairs]

    def match(
        self, label: str, *, unit: str = "", labels: Sequence[str] = (), limit: int = 5
    ) -> IndicatorMatch:
        """What a head means; see `facts.matching.Matcher.indicator`."""
        readings = [_reading(text) for text in _variants(label, labels)]
        kind = readings[0][1] if readings else ""
        if readings and not readings[0][0]:
            return IndicatorMatch(label, False, (), kind, follows=bool(kind))
        found = self._exact(label, labels, readings, unit)
        settled = len({s.target_id for s in found}) == 1 and found[0].score >= _CERTAIN
        if not settled:
            found += self._similar(readings, unit, limit)
        best: dict[str, Suggestion] = {}
        for suggestion in sorted(found, key=lambda s: -s.score):
            best.setdefault(suggestion.target_id, suggestion)
        return IndicatorMatch(label, settled, tuple(best.values())[:limit], kind)

    def usual_kind(self, indicator_id: str) -> Kind:
        """Target where the indicator is a plan and its figures on file mostly are, else actual."""
        return self._usual.get(indicator_id, "actual")

    def _exact(
        self,
        label: str,
        labels: Sequence[str],
        readings: Iterable[tuple[str, _Told]],
        unit: str,
    ) -> list[Suggestion]:
        """Indicators of exactly this name: whole, then without the words that tell the kind."""
        for text in _variants(label, labels):
            key = _plain(text)
            if ids := self._names.get(key):
                kind = _reading(text)[1]
                return [
                    self._suggest(i, self._kind(i, "" if kind in ("yoy", "share") else kind), unit,
                                  ("与指标名称一致", "the indicator's own name"))
                    for i in sorted(ids)
                ]  # fmt: skip
            if pairs := self._printed.get(key):
                return list(self._from_history(pairs, _reading(text)[1], unit))
        words = (
            "与指标名称一致，另有“同比”“占比”“累计”“目标”“本期”等字样",
            "the indicator's name, with words for growth, share, sum, target or this period",
        )
        for text, kind in readings:
            ids = self._names.get(text, set()) | {i for i, _ in self._printed.get(text, ())}
            if ids:
                return [self._suggest(i, self._kind(i, kind), unit, words) for i in sorted(ids)]
        return []

    def _from_history(
        self, pairs: set[tuple[str, Kind]], kind: _Told, unit: str
    ) -> Iterator[Suggestion]:
        """Indicators that were printed so before; the kind as then, if it was always the same."""
        for indicator_id in sorted({i for i, _ in pairs}):
            kinds = {k for i, k in pairs if i == indicator_id}
            chosen = kinds.pop() if len(kinds) == 1 else self._kind(indicator_id, kind)
            # What was cumulative in one report need not be in this one.
            if chosen == "cumulative" and kind != "cumulative":
                chosen = self._kind(indicator_id, kind)
            yield self._suggest(
                indicator_id,
                chosen,
                unit,
                ("与在册来源的写法一致", "printed so by a source on file"),
            )

    def _kind(self, indicator_id: str, kind: _Told) -> Kind:
        return kind or self.usual_kind(indicator_id)

    def _suggest(
        self, indicator_id: str, kind: Kind, unit: str, reason: tuple[str, str],
        score: float = _CERTAIN,
    ) -> Suggestion:  # fmt: skip
        indicator = self._facts.indicator(indicator_id)
        zh, en = reason
        if unit and not fits(indicator, kind, unit):
            score /= 2
            zh += f"；但单位“{unit}”与“{indicator.unit}”不符"
            en += f"; but “{unit}” is no unit of it ({indicator.unit})"
        elif unit and score < _CERTAIN:
            score = min(score + 5, _CERTAIN - 1)
        return Suggestion(
            indicator_id, indicator.name_zh, indicator.name_en, round(score, 1), zh, en, kind
        )

    def _similar(
        self, readings: Iterable[tuple[str, _Told]], unit: str, limit: int
    ) -> list[Suggestion]:
        """Indicators of a similar name, never certain."""
        found = []
        for text, kind in readings:
            hits = process.extract(
                text, [name for name, _ in self._keys], scorer=_likeness, limit=4 * limit,
                score_cutoff=_LEAST_SCORE,
            )  # fmt: skip
            for name, score, at in hits:
                indicator_id = self._keys[at][1]
                found.append(
                    self._suggest(
                        indicator_id, self._kind(indicator_id, kind), unit,
                        (f"与“{name}”相近", f"similar to “{name}”"), min(score, _CERTAIN - 1),
                    )
                )  # fmt: skip
        return [suggestion for suggestion in found if suggestion.score >= _LEAST_SCORE]


def kind_alone(label: str) -> Kind | Literal[""]:
    """The kind that a head tells which names nothing else: 同比±%; "" for any other head."""
    text, kind = _reading(label)
    return "" if text else kind


def fits(indicator: Indicator, kind: Kind, unit: str) -> bool:
    """Whether a figure of that kind of the indicator can be in this unit."""
    if kind in ("yoy", "share") and units.compatible(unit, "%"):
        return True
    return units.compatible(unit, indicator.unit)


def _likeness(a: str, b: str, **_: object) -> float:
    """How alike two names are: as wholes, or as one within the other when that one is long."""
    whole = fuzz.ratio(a, b)
    if min(len(a), len(b)) < 4:
        return whole
    return max(whole, 0.85 * fuzz.partial_ratio(a, b))


def _variants(label: str, labels: Sequence[str]) -> list[str]:
    """The ways to read heads that lie over each other: 签约一批/项目数, 项目数/签约."""
    texts = [label, "".join(labels), "".join(reversed(labels))]
    return list(dict.fromkeys(text for text in texts if text))


def _plain(text: str) -> str:
    """Lower case, without blanks, punctuation and what is not told apart."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(char for char in folded if char.isalnum())
    for word, meant in _SYNONYMS:
        plain = plain.replace(word, meant)
    return plain


def _reading(text: str) -> tuple[str, _Told]:
    """A head without the words that tell the kind, and that kind ("" when none is told)."""
    compact = "".join(unicodedata.normalize("NFKC", text).split())
    patterns: tuple[tuple[_Told, re.Pattern[str]], ...] = (
        ("yoy", _YOY), ("share", _SHARE), ("target", _TARGET), ("cumulative", _CUMULATIVE),
    )  # fmt: skip
    for kind, pattern in patterns:
        if pattern.search(compact):
            rest = pattern.sub("", compact)
            if kind in ("yoy", "share"):  # 累计同比 is the growth of the sum
                rest = _CUMULATIVE.sub("", rest)
            return _plain(_FILLER.sub("", rest)), kind
    return _plain(_FILLER.sub("", compact)), ""
