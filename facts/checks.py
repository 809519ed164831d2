"""All checks of the facts: those listed in checks.csv and those found by themselves.

Nothing is asserted: every verdict is computed from the figures on file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from facts.conflicts import area_conflicts, conflict_result, figure_conflicts
from facts.controls import control_result
from facts.errors import IncompatibleUnits
from facts.figures import Subject, place_ids_of
from facts.model import Check, CheckResult, Facts, Observation
from facts.rates import Candidate, own_candidate, pair_candidate, part_result, rate_result
from facts.sums import area_sums, difference_result, indicator_sums, sum_result
from facts.terms import Term, parse_term, references, terms_of


class _Missing(Exception):
    """A check names a row that is unplaced or has no value."""


def run_checks(facts: Facts) -> tuple[CheckResult, ...]:
    """The results of all checks: the listed ones in their order, then those found automatically.

    Automatic are: sums by indicator (a listed check with indicator terms), rates that carry
    their numerator and denominator, parks inside zones, and figures or areas given twice.
    """
    listed_rows = _listed_rows(facts)
    results: list[CheckResult] = []
    for check in facts.checks:
        results.extend(_listed(facts, check, listed_rows["sum"]))
    results.extend(_own_rates(facts, listed_rows["ratio"]))
    results.extend(area_sums(facts))
    results.extend(area_conflicts(facts))
    results.extend(figure_conflicts(facts, listed_rows["conflict"]))
    return tuple(results)


def _listed_rows(facts: Facts) -> dict[str, set[str]]:
    """The rows that listed checks judge, by kind: automatic checks leave them alone."""
    rows: dict[str, set[str]] = {"sum": set(), "ratio": set(), "conflict": set()}
    for check in facts.checks:
        kind = "ratio" if check.kind == "share" else check.kind
        if kind == "conflict":
            rows[kind].update((check.total, *check.parts))
        elif kind in rows:
            rows[kind].add(check.total)
    return rows


def _listed(facts: Facts, check: Check, judged_totals: set[str]) -> Iterator[CheckResult]:
    terms = terms_of(check)
    if check.kind == "sum" and all(term.kind == "indicator" for term in terms):
        total, *parts = (term.text for term in terms)
        yield from indicator_sums(facts, check, total, parts, judged_totals)
        return
    try:
        yield _with_note(check, _JUDGES[check.kind](facts, check))
    except _Missing as missing:
        yield _cannot(facts, check, f"{missing} 没有可用的数值", f"row {missing} has no value")
    except IncompatibleUnits as error:
        zh, _, en = str(error).partition(" / ")
        yield _cannot(facts, check, zh, en)


def _with_note(check: Check, result: CheckResult) -> CheckResult:
    """The result with the check's own note after its explanation."""
    zh = f"{result.explanation_zh}。{check.note_zh}" if check.note_zh else result.explanation_zh
    en = f"{result.explanation_en}. {check.note_en}" if check.note_en else result.explanation_en
    return replace(result, explanation_zh=zh, explanation_en=en)


def _figure(facts: Facts, row_id: str) -> Observation:
    figure = facts.observations_by_id.get(row_id)
    if figure is None or figure.value is None:
        raise _Missing(row_id)
    return figure


def _figures(facts: Facts, terms: Sequence[Term]) -> list[Observation]:
    return [_figure(facts, term.text) for term in terms if term.kind == "row"]


def _subject(facts: Facts, check: Check) -> Subject:
    """The subject of a listed check, with every row it names that is on file."""
    named = [part.text for term in terms_of(check) for part in references(term)]
    figures = [facts.observations_by_id[row] for row in named if row in facts.observations_by_id]
    return Subject(
        check_id=check.check_id,
        kind=check.kind,
        title_zh=check.title_zh,
        title_en=check.title_en,
        place_ids=place_ids_of(figures),
        row_ids=tuple(dict.fromkeys(named)),
    )


def _cannot(facts: Facts, check: Check, zh: str, en: str) -> CheckResult:
    return _with_note(check, _subject(facts, check).result("cannot_check", zh, en))


def _sum(facts: Facts, check: Check) -> CheckResult:
    parts = [parse_term(part) for part in check.parts]
    return sum_result(
        _subject(facts, check),
        _figure(facts, check.total),
        _figures(facts, parts),
        complete=all(part.kind != "rest" for part in parts),
        tolerance=check.tolerance,
    )


def _ratio(facts: Facts, check: Check) -> CheckResult:
    """A printed rate against its candidates, or without any pair a part against its whole."""
    terms = [parse_term(part) for part in check.parts]
    total = _figure(facts, check.total)
    if terms and all(term.kind == "row" for term in terms):
        return part_result(_subject(facts, check), total, _figures(facts, terms)[0])
    return rate_result(_subject(facts, check), total, _candidates(facts, total, terms))


def _candidates(facts: Facts, rate: Observation, pairs: Sequence[Term]) -> tuple[Candidate, ...]:
    found = [own_candidate(rate), *(pair_candidate(facts, pair) for pair in pairs)]
    return tuple(candidate for candidate in found if candidate is not None)


def _difference(facts: Facts, check: Check) -> CheckResult:
    parts = _figures(facts, [parse_term(part) for part in check.parts])
    printed = _figure(facts, check.total) if check.total else None
    return difference_result(_subject(facts, check), parts, printed)


def _conflict(facts: Facts, check: Check) -> CheckResult:
    figures = _figures(facts, terms_of(check))
    return conflict_result(facts, _subject(facts, check), figures, tolerance=check.tolerance)


def _control(facts: Facts, check: Check) -> CheckResult:
    terms = [parse_term(part) for part in check.parts]
    return control_result(facts, _subject(facts, check), _figure(facts, check.total), terms)


def _area(facts: Facts, check: Check) -> CheckResult:
    return _cannot(facts, check, "需要几何数据", "needs geometry")


_JUDGES: dict[str, Callable[[Facts, Check], CheckResult]] = {
    "sum": _sum,
    "ratio": _ratio,
    "share": _ratio,
    "difference": _difference,
    "conflict": _conflict,
    "control": _control,
    "area": _area,
}


def _own_rates(facts: Facts, judged: set[str]) -> Iterator[CheckResult]:
    """Every printed rate with its numerator and denominator beside it."""
    for rate in facts.observations:
        own = own_candidate(rate)
        if own is None or rate.value is None or rate.unit != "%" or rate.row_id in judged:
            continue
        place, indicator = facts.place(rate.place_id), facts.indicator(rate.indicator_id)
        subject = Subject(
            check_id=f"ratio:{rate.row_id}",
            kind="ratio",
            title_zh=f"{place.name('zh')}{rate.period.name('zh')}{indicator.name('zh')}",
            title_en=f"{place.name('en')}, {rate.period.name('en')}: {indicator.name('en')}",
            place_ids=(rate.place_id,),
            row_ids=(rate.row_id,),
        )
        yield rate_result(subject, rate, (own,))
