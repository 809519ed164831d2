"""The facts on file: placed rows, and the checks the handbook of the documents knows by hand."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from facts.checks import run_checks
from facts.load import LoadReport, load_with_report
from facts.model import CheckResult, Facts

FOLDER = Path(__file__).resolve().parents[1] / "data" / "facts"


@pytest.fixture(scope="module")
def loaded() -> tuple[Facts, LoadReport]:
    return load_with_report(FOLDER)


@pytest.fixture(scope="module")
def facts(loaded: tuple[Facts, LoadReport]) -> Facts:
    return loaded[0]


@pytest.fixture(scope="module")
def checks(facts: Facts) -> dict[str, CheckResult]:
    results = run_checks(facts)
    by_id = {result.check_id: result for result in results}
    assert len(by_id) == len(results), "ids of results are unique"
    return by_id


def test_all_rows_of_the_sources_are_on_file(loaded: tuple[Facts, LoadReport]) -> None:
    report = loaded[1]
    rows = {count.file: count.rows for count in report.files}
    assert rows == {
        "observations_documents.csv": 255,
        "observations_external.csv": 43,
        "observations_more.csv": 280,
    }
    for count in report.files:
        assert count.rows == count.observations + count.unplaced_rows
    ids = [*loaded[0].observations_by_id, *(row.row_id for row in loaded[0].unplaced)]
    expected = [f"{letter}{n:03}" for letter, last in (("d", 255), ("e", 43), ("m", 280))
                for n in range(1, last + 1)]  # fmt: skip
    assert sorted(ids) == sorted(expected)


def test_the_readme_lists_every_file_with_its_rows() -> None:
    listed = re.findall(
        r"^\| (\S+\.csv) \| (\d+) \|", (FOLDER / "README.md").read_text(encoding="utf-8"), re.M
    )
    rows = {}
    for path in FOLDER.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows[path.name] = sum(1 for _ in csv.reader(file)) - 1
    assert {name: int(count) for name, count in listed} == rows


def test_at_least_95_percent_of_the_documents_rows_are_placed(
    loaded: tuple[Facts, LoadReport],
) -> None:
    documents = loaded[1].files[0]
    assert documents.observations >= 0.95 * 255
    assert documents.missing_values == 0


def test_all_places_of_the_province_are_on_file(facts: Facts) -> None:
    levels = Counter(place.level for place in facts.places)
    assert (levels["province"], levels["city"], levels["county"]) == (1, 11, 117)


def test_figures_everyone_quotes(facts: Facts) -> None:
    parcels = facts.observation("d200")
    assert (parcels.place_id, parcels.value, parcels.unit) == ("zone-zhongbei-gaoxin", 846.61, "亩")
    assert parcels.period.key == "2023-H1"
    assert facts.source(parcels.source_id).kind == "document"
    assert facts.observation("d163").value == -14.85
    assert facts.observation("d097").qualifier == "at_least"
    assert facts.observation("d204").qualifier == "approx"
    assert facts.observation("d077").value == 59000
    assert facts.observation("d179").value == 0.6
    assert facts.observation("d128").value == 5100


def test_public_pages_are_marked_as_mirrors_and_carry_their_address(facts: Facts) -> None:
    for source in facts.sources:
        if source.kind == "web":
            assert source.url.startswith("http")
            assert source.verification != "primary"


ADDING_UP = {
    "jinzhong-2023h1-projects": "41 + 51 + 46 = 138",
    "jinzhong-2023h1-investment": "240.2 + 101.4 + 154.8 = 496.4",
    "jinzhong-2023h1-output": "241.1 + 100.9 + 155 = 497",
    "taiyuan-2023h1-start-rate": "130 / 165.2 = 78.69 %",
    "zongai-landing-rate": "48 / 63 = 76.19 %",
    "jinzhong-2021-start-rate": "82 / 94 = 87.23 %",
    "jinzhong-2021-production-rate": "67 / 107 = 62.62 %",
    "jinzhong-2021-capacity-rate": "216.65 / 235.04 = 92.18 %",
    "ratio:e015": "40 / 68 = 58.82 %",
    "ratio:e018": "17 / 57 = 29.82 %",
    "jinko-560": "560 = 560",
    "zongai-2019h1-gdp": "180.38 + 50.08 = 230.46",
    "areas-in:zone-yuxian-jingkai": "3.06 + 2.53 + 3.83 = 9.42",
}
NOT_ADDING_UP = {
    "jinzhong-five-rounds-projects": "97 + 106 + 109 = 312 ≠ 216",
    "jinzhong-five-rounds-investment": "414.6 + 220.5 + 182.7 = 817.8 ≠ 506.81",
    "taiyuan-2023h1-production-rate": "47.57 / 116.5 = 40.83 %; 10 / 48 = 20.83 %",
    "taiyuan-2023h1-capacity-rate": "45 / 52 = 86.54 %",
    "taiyuan-2021-capacity-rate": "301.7 / 418.12 = 72.16 %",
}


@pytest.mark.parametrize("check_id", ADDING_UP)
def test_what_adds_up(checks: dict[str, CheckResult], check_id) -> None:
    result = checks[check_id]
    assert (result.verdict, result.formula) == ("adds_up", ADDING_UP[check_id])


@pytest.mark.parametrize("check_id", NOT_ADDING_UP)
def test_what_does_not(checks: dict[str, CheckResult], check_id) -> None:
    result = checks[check_id]
    assert (result.verdict, result.formula) == ("does_not", NOT_ADDING_UP[check_id])


def test_the_basis_of_the_start_rate_is_named(checks: dict[str, CheckResult]) -> None:
    result = checks["taiyuan-2023h1-start-rate"]
    assert "by investment" in result.explanation_en
    assert "46 / 50 = 92.00 %" in result.explanation_en
    assert "按投资额" in result.explanation_zh


@pytest.mark.parametrize(
    ("place_id", "areas"),
    [
        ("zone-qingxu-jingkai", {29.99, 62.7}),
        ("zone-yangqu-nongye", {141.4, 148.7}),
        ("zone-jiaocheng-jingkai", {13.0, 24.7}),
    ],
)
def test_declared_areas_that_disagree(checks: dict[str, CheckResult], place_id, areas) -> None:
    (result,) = [
        one for one in checks.values() if one.kind == "conflict" and one.place_ids == (place_id,)
    ]
    assert result.verdict == "does_not"
    assert {result.expected, result.computed} == areas


@pytest.mark.parametrize(
    ("check_id", "reported"),
    [
        ("control-zones-2023", 93),
        ("control-zones-2021", 88),
        ("control-industrial-zones", 71),
        ("control-industrial-area", 2881),
    ],
)
def test_control_totals(checks: dict[str, CheckResult], check_id, reported) -> None:
    result = checks[check_id]
    assert result.expected == reported
    assert result.computed is not None
    assert 0 < result.computed < reported
    assert result.verdict == "cannot_check"


def test_the_expansion_leaves_land_unexplained(checks: dict[str, CheckResult]) -> None:
    assert checks["zhongbei-expansion-remainder"].computed == 31.46


def test_every_batch_total_on_file_is_checked(facts: Facts, checks: dict[str, CheckResult]) -> None:
    """Each total of the three batches whose parts are on file has a result."""
    judged = {row for result in checks.values() if result.kind == "sum" for row in result.row_ids}
    totals = {"d220", "d221", "d222", "d232", "d233", "m004", "m017", "m018", "m025", "m026",
              "m049", "m090", "m091", "m092"}  # fmt: skip
    assert totals <= judged


def test_results_speak_both_languages_and_name_what_is_on_file(
    facts: Facts, checks: dict[str, CheckResult]
) -> None:
    on_file = {*facts.observations_by_id, *(row.row_id for row in facts.unplaced)}
    for result in checks.values():
        assert result.title_zh
        assert result.explanation_zh
        assert result.explanation_en
        assert set(result.place_ids) <= set(facts.places_by_id)
        assert set(result.row_ids) <= on_file
