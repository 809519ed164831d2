"""The loader: sound files become records, every fault is found, at its line, all at once."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path

import pytest
from facts_files import figure, sound_files, source, write_files
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.errors import FactsFaults, Fault
from facts.load import load_facts, load_with_report
from facts.model import Facts, Observation

OBSERVATIONS = "observations_documents.csv"


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(FactsFaults) as caught:
        load_facts(folder)
    return caught.value.faults


def the_fault(tmp_path: Path, file: str, row: int, **cells: object) -> Fault:
    """The only fault after changing cells of one row (counted from 0) of the sound files."""
    files = sound_files()
    files[file][row] |= cells
    faults = faults_of(write_files(tmp_path, files))
    assert len(faults) == 1, faults
    return faults[0]


def test_sound_files_become_records(tmp_path: Path) -> None:
    facts = load_facts(write_files(tmp_path, sound_files()))
    assert [len(getattr(facts, name)) for name in ("sources", "places", "observations")] == [
        2,
        8,
        4,
    ]
    first = facts.observation("x1")
    assert (first.value, first.unit) == (4.641, "亿元")
    assert (first.printed_value, first.printed_unit) == ("46410", "万元")
    assert first.period.key == "2023-H1"
    land = facts.observations_of("zone-a")[3]
    assert land.qualifier == "approx"
    assert land.value == pytest.approx(56.44066666666667, rel=1e-15)
    assert facts.places_named("甲 开发区") == (facts.place("zone-a"),)
    assert facts.place("group-a").members == ("zone-a", "park-a")
    assert facts.declared_areas[0].chosen is True
    assert facts.events[0].start == date(2023, 2, 10)
    assert facts.children_of("zone-a") == (facts.place("park-a"),)


# file, row, changed cells, column of the fault, a piece of the reason
MALFORMED = [
    (OBSERVATIONS, 1, {"place_id": "zone-x"}, "place_id", "unknown place"),
    (OBSERVATIONS, 1, {"place_id": ""}, "place_id", "must not be empty"),
    (OBSERVATIONS, 1, {"indicator_id": "nothing"}, "indicator_id", "unknown indicator"),
    (OBSERVATIONS, 1, {"source_id": "s9"}, "source_id", "unknown source"),
    (OBSERVATIONS, 1, {"source_id": ""}, "source_id", "must not be empty"),
    (OBSERVATIONS, 1, {"unit": "亩"}, "unit", "does not convert"),
    (OBSERVATIONS, 1, {"unit": "里"}, "unit", "unknown unit"),
    (OBSERVATIONS, 1, {"unit": ""}, "unit", "must not be empty"),
    (OBSERVATIONS, 1, {"kind": "yoy"}, "unit", "does not convert"),
    (OBSERVATIONS, 1, {"kind": "share", "unit": "百分点"}, "unit", "does not convert"),
    (OBSERVATIONS, 1, {"period_end": "2022-12-31"}, "period_end", "ends before it starts"),
    (OBSERVATIONS, 1, {"period_end": ""}, "period_end", "only go together"),
    (OBSERVATIONS, 1, {"period_start": ""}, "period_start", "only go together"),
    (OBSERVATIONS, 1, {"period_start": "", "period_end": ""}, "period_start", "no period"),
    (OBSERVATIONS, 1, {"period_start": "2023"}, "period_start", "not a date"),
    (OBSERVATIONS, 1, {"as_of": "2023-02-30"}, "as_of", "not a date"),
    (OBSERVATIONS, 3, {"row_id": "x1"}, "row_id", "duplicate, first on line 2"),
    (OBSERVATIONS, 3, {"row_id": ""}, "row_id", "must not be empty"),
    (OBSERVATIONS, 1, {"value": "40+"}, "value", "not a number"),
    (OBSERVATIONS, 1, {"value": "1,072"}, "value", "not a number"),
    (OBSERVATIONS, 1, {"value": "NaN"}, "value", "not a number"),
    (OBSERVATIONS, 1, {"value": "inf"}, "value", "not a number"),
    (OBSERVATIONS, 1, {"value": "1e3"}, "value", "not a number"),
    (OBSERVATIONS, 1, {"value": "４"}, "value", "not a number"),
    (OBSERVATIONS, 1, {"value": "9" * 400}, "value", "not a number"),
    (OBSERVATIONS, 1, {"value": ""}, "value", "value and missing_reason"),
    (OBSERVATIONS, 1, {"missing_reason": "lost"}, "missing_reason", "value and missing_reason"),
    (OBSERVATIONS, 1, {"kind": "guess"}, "kind", "must be one of"),
    (OBSERVATIONS, 1, {"kind": ""}, "kind", "must be one of"),
    (OBSERVATIONS, 1, {"qualifier": ">"}, "qualifier", "must be one of"),
    (OBSERVATIONS, 1, {"qualifier": ""}, "qualifier", "must be one of"),
    (OBSERVATIONS, 1, {"basis": "weight"}, "basis", "must be one of"),
    (OBSERVATIONS, 1, {"quality": "good"}, "quality", "must be one of"),
    (OBSERVATIONS, 1, {"numerator": "3"}, "numerator", "only go together"),
    (OBSERVATIONS, 1, {"denominator": "3"}, "denominator", "only go together"),
    (OBSERVATIONS, 1, {"numerator": "3", "denominator": "0"}, "denominator", "must not be zero"),
    (OBSERVATIONS, 1, {"numerator": "三", "denominator": "4"}, "numerator", "not a number"),
    ("sources.csv", 1, {"source_id": "s1"}, "source_id", "duplicate"),
    ("sources.csv", 1, {"kind": "rumour"}, "kind", "must be one of"),
    ("sources.csv", 1, {"verification": "sure"}, "verification", "must be one of"),
    ("sources.csv", 1, {"published_on": "2023/07"}, "published_on", "not a date"),
    ("sources.csv", 1, {"url": ""}, "url", "must not be empty"),
    ("sources.csv", 0, {"title": " "}, "title", "must not be empty"),
    ("places.csv", 5, {"level": "district"}, "level", "must be one of"),
    ("places.csv", 5, {"parent_id": "140999"}, "parent_id", "unknown place"),
    ("places.csv", 5, {"host_city_ids": "140121"}, "host_city_ids", "unknown city"),
    ("places.csv", 5, {"host_county_ids": "140121|140999"}, "host_county_ids", "unknown county"),
    ("places.csv", 5, {"host_county_ids": "140121||140302"}, "host_county_ids", "empty item"),
    ("places.csv", 5, {"host_basis": "rumour"}, "host_basis", "must be one of"),
    ("places.csv", 5, {"scope": "all_zones"}, "scope", "groups need a scope"),
    ("places.csv", 5, {"parent_id": "zone-a"}, "place_id", "refers to itself"),
    ("places.csv", 5, {"source_id": "s9"}, "source_id", "unknown source"),
    ("places.csv", 7, {"members": "zone-a|zone-z"}, "members", "unknown place"),
    ("places.csv", 7, {"members": ""}, "members", "needs members"),
    ("places.csv", 7, {"drawn_on": "140900"}, "drawn_on", "unknown place"),
    ("places.csv", 6, {"aliases": "甲"}, "aliases", "more than one place"),
    ("places.csv", 7, {"aliases": "甲乙|甲 开发区"}, "aliases", "more than one place"),
    ("places.csv", 6, {"aliases": "甲区"}, "aliases", "more than one place"),
    ("places.csv", 6, {"name_zh": "甲区"}, "name_zh", "more than one place"),
    (
        "places.csv",
        4,
        {"parent_id": "140100", "name_zh": "清徐县"},
        "name_zh",
        "more than one place",
    ),
    ("places.csv", 6, {"aliases": "乙|乙"}, "aliases", "an item twice"),
    ("indicators.csv", 2, {"unit": "桶"}, "unit", "unknown unit"),
    ("indicators.csv", 2, {"theme": "none"}, "theme", "unknown theme"),
    ("indicators.csv", 2, {"polarity": "up"}, "polarity", "must be one of"),
    ("indicators.csv", 3, {"ratio_of": "things"}, "ratio_of", "numerator/denominator"),
    ("indicators.csv", 3, {"ratio_of": "things/nothing"}, "ratio_of", "unknown indicator"),
    ("themes.csv", 0, {"order": "first"}, "order", "not a whole number"),
    ("declared_areas.csv", 0, {"area_km2": "0"}, "area_km2", "positive"),
    ("declared_areas.csv", 0, {"area_km2": ""}, "area_km2", "must not be empty"),
    ("declared_areas.csv", 0, {"chosen": "yes"}, "chosen", "must be one of"),
    ("declared_areas.csv", 0, {"place_id": "zone-x"}, "place_id", "unknown place"),
    ("declared_areas.csv", 0, {"as_of": "2018-13"}, "as_of", "not a date"),
    ("events.csv", 0, {"end": "2023-02-09"}, "end", "ends before it starts"),
    ("events.csv", 0, {"kind": "其它"}, "kind", "must be one of"),
    ("events.csv", 0, {"place_ids": "zone-x"}, "place_ids", "unknown place"),
    ("extents.csv", 0, {"quality": ""}, "quality", "must be one of"),
    ("checks.csv", 0, {"parts": "x2|x99"}, "parts", "unknown row"),
    ("checks.csv", 0, {"total": "indicator:none"}, "total", "unknown indicator"),
    ("checks.csv", 0, {"parts": "count:parks"}, "parts", "notation"),
    ("checks.csv", 0, {"parts": "x1/?"}, "parts", "notation"),
    ("checks.csv", 0, {"tolerance": "small"}, "tolerance", "not a number"),
    ("rejected_sources.csv", 0, {"why_zh": ""}, "why_zh", "must not be empty"),
]


@pytest.mark.parametrize(
    "case",
    MALFORMED,
    ids=[f"{file}-{'-'.join(cells)}-{reason}" for file, _, cells, _, reason in MALFORMED],
)
def test_a_malformed_row_is_named_with_its_line(tmp_path, case) -> None:
    file, row, cells, column, reason = case
    fault = the_fault(tmp_path, file, row, **cells)
    assert (fault.file, fault.line, fault.column) == (file, row + 2, column)
    assert reason in fault.why
    assert re.search(r"[\u4e00-\u9fff].* / ", fault.why), "a reason is Chinese / English"


def test_all_faults_come_at_once_in_order(tmp_path: Path) -> None:
    files = sound_files()
    files[OBSERVATIONS][3] |= {"place_id": "zone-x", "unit": "亿元", "value": "x"}
    files[OBSERVATIONS][0] |= {"kind": "guess"}
    files["places.csv"][6] |= {"level": "yard"}
    files["themes.csv"][0] |= {"name_en": ""}
    with pytest.raises(FactsFaults) as caught:
        load_facts(write_files(tmp_path, files))
    error = caught.value
    places = [(fault.file, fault.line, fault.column) for fault in error.faults]
    assert places == [
        (OBSERVATIONS, 2, "kind"),
        (OBSERVATIONS, 5, "place_id"),
        (OBSERVATIONS, 5, "unit"),
        (OBSERVATIONS, 5, "value"),
        ("places.csv", 8, "level"),
        ("themes.csv", 2, "name_en"),
    ]
    assert str(error).splitlines() == [str(fault) for fault in error.faults]
    assert f"{OBSERVATIONS}:5 [place_id] “zone-x”: " in str(error)
    assert error.code == "facts_faults"


def test_a_faulty_row_does_not_make_faults_of_rows_that_refer_to_it(tmp_path: Path) -> None:
    assert the_fault(tmp_path, "places.csv", 5, name_zh="").column == "name_zh"


def test_line_numbers_are_those_of_the_file_even_with_line_breaks_in_cells(tmp_path: Path) -> None:
    files = sound_files()
    files[OBSERVATIONS][0]["note_zh"] = "第一行\n第二行\n\n第四行"
    files[OBSERVATIONS][2]["kind"] = "guess"
    folder = write_files(tmp_path, files)
    line = faults_of(folder)[0].line
    text = (folder / OBSERVATIONS).read_text(encoding="utf-8").splitlines()
    assert text[line - 1].startswith("x3,")


def test_blank_lines_windows_line_ends_and_a_byte_order_mark_are_no_faults(tmp_path: Path) -> None:
    folder = write_files(tmp_path, sound_files())
    expected = load_facts(folder)
    path = folder / OBSERVATIONS
    text = path.read_text(encoding="utf-8").replace("\n", "\r\n\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_facts(folder) == expected


def rewrite(folder: Path, file: str, change) -> list[Fault]:
    path = folder / file
    path.write_bytes(change(path.read_bytes()))
    return faults_of(folder)


def test_every_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    folder = write_files(tmp_path, sound_files())
    faults = rewrite(
        folder, OBSERVATIONS, lambda data: data.replace("甲区".encode(), "甲区".encode("gbk"))
    )
    bad = [fault for fault in faults if "UTF-8" in fault.why]
    assert [(fault.file, fault.line) for fault in bad] == [(OBSERVATIONS, n) for n in (2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("old", "new", "column", "reason"),
    [
        (b"row_id,", b"row,", "row_id", "missing column"),
        (b"row_id,", b"row,", "row", "unknown column"),
        (b"note_zh,note_en", b"note_zh,note_zh", "note_zh", "comes twice"),
        (b"note_en\n", b"note_en,colour\n", "colour", "unknown column"),
    ],
)
def test_headers_must_be_exact(tmp_path: Path, old, new, column, reason) -> None:
    folder = write_files(tmp_path, {**sound_files(), "checks.csv": []})
    faults = rewrite(folder, OBSERVATIONS, lambda data: data.replace(old, new, 1))
    assert any(
        fault.line == 1 and fault.column == column and reason in fault.why for fault in faults
    )


@pytest.mark.parametrize("extra", [b",one too many", b""])
def test_a_wrong_number_of_fields_is_one_fault(tmp_path: Path, extra: bytes) -> None:
    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[2] = lines[2] + extra if extra else lines[2].rpartition(b",")[0]
        return b"\n".join(lines)

    faults = rewrite(write_files(tmp_path, sound_files()), OBSERVATIONS, change)
    assert [(fault.line, "fields expected" in fault.why) for fault in faults] == [(3, True)]


def test_an_open_quote_is_a_fault(tmp_path: Path) -> None:
    folder = write_files(tmp_path, sound_files())
    faults = rewrite(folder, "sources.csv", lambda data: data + b's3,"open\n')
    assert [(fault.file, fault.line) for fault in faults] == [("sources.csv", 4)]


def test_missing_and_empty_files_are_faults(tmp_path: Path) -> None:
    folder = write_files(tmp_path, sound_files())
    (folder / "extents.csv").unlink()
    (folder / "events.csv").write_bytes(b"")
    assert [(fault.file, fault.line) for fault in faults_of(folder)] == [
        ("events.csv", 0),
        ("extents.csv", 0),
    ]
    assert len(faults_of(tmp_path / "nowhere")) == 10


def test_row_ids_are_unique_over_all_files_of_observations(tmp_path: Path) -> None:
    files = sound_files()
    files["observations_more.csv"] = [figure("x4", "money", "1", "亿元")]
    fault = faults_of(write_files(tmp_path, files))[0]
    assert (fault.file, fault.line, fault.column) == ("observations_more.csv", 2, "row_id")
    assert OBSERVATIONS in fault.why


def test_two_chosen_areas_of_a_place_are_a_fault(tmp_path: Path) -> None:
    files = sound_files()
    files["declared_areas.csv"].append({**files["declared_areas.csv"][0], "area_id": "a2"})
    assert [fault.column for fault in faults_of(write_files(tmp_path, files))] == ["chosen"]


def test_parents_that_run_in_a_circle_are_a_fault(tmp_path: Path) -> None:
    files = sound_files()
    files["places.csv"][5]["parent_id"] = "park-a"
    faults = faults_of(write_files(tmp_path, files))
    assert {(fault.line, fault.column) for fault in faults} == {(7, "parent_id"), (8, "parent_id")}


def test_counties_of_two_cities_may_share_a_name(tmp_path: Path) -> None:
    files = sound_files()
    files["places.csv"][3]["name_zh"] = "城区"
    facts = load_facts(write_files(tmp_path, files))
    assert len(facts.places_named("城区")) == 2


def test_unplaced_rows_are_kept_with_their_reason(tmp_path: Path) -> None:
    files = sound_files()
    files[OBSERVATIONS] += [
        {"row_id": "x5", "unplaced_reason": "无日期 / no date", "value": "3", "unit": "桶",
         "printed_subject": "某厂", "printed_indicator": "产量", "period_label": "某年"},
        {"row_id": "x6", "unplaced_reason": "无日期 / no date"},
        {"row_id": "x7", "unplaced_reason": "单个项目 / a project", "source_id": "s1"},
    ]  # fmt: skip
    facts, report = load_with_report(write_files(tmp_path, files))
    row = facts.unplaced[0]
    assert (row.row_id, row.file, row.line) == ("x5", OBSERVATIONS, 6)
    assert (row.subject, row.indicator, row.value, row.unit) == ("某厂", "产量", "3", "桶")
    assert (report.rows, report.observations, report.unplaced) == (7, 4, 3)
    assert report.files[0].unplaced == (("无日期 / no date", 2), ("单个项目 / a project", 1))
    assert "7 rows → 4 observations" in str(report)
    assert "  2 × 无日期 / no date" in str(report)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"value": "40+"}, "value"),
        ({"place_id": "zone-x"}, "place_id"),
        ({"kind": "guess"}, "kind"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"period_start": "2023-02-01", "period_end": "2023-01-01"}, "period_end"),
        ({"numerator": "1"}, "numerator"),
    ],
)
def test_what_an_unplaced_row_does_say_must_be_right(tmp_path: Path, cells, column) -> None:
    files = sound_files()
    files[OBSERVATIONS].append({"row_id": "x5", "unplaced_reason": "不明 / unknown"} | cells)
    assert [fault.column for fault in faults_of(write_files(tmp_path, files))] == [column]


def test_a_blank_is_missing_and_never_zero(tmp_path: Path) -> None:
    files = sound_files()
    lost = {"value": "", "qualifier": "", "missing_reason": "原文缺字 / lost in the source"}
    files[OBSERVATIONS][1] |= lost
    files[OBSERVATIONS][2] |= {"value": "0"}
    facts, report = load_with_report(write_files(tmp_path, files))
    assert facts.observation("x2").value is None
    assert facts.observation("x2").printed_value == ""
    assert facts.observation("x3").value == 0
    assert report.files[0].missing_values == 1


def test_growth_and_shares_of_a_quantity_are_in_percent(tmp_path: Path) -> None:
    files = sound_files()
    files[OBSERVATIONS] += [
        figure("x5", "money", "-2.3", "%", kind="yoy"),
        figure("x6", "rate", "76.19", "%", kind="actual", numerator="48", denominator="63",
               basis="count"),
    ]  # fmt: skip
    facts = load_facts(write_files(tmp_path, files))
    assert (facts.observation("x5").value, facts.observation("x5").unit) == (-2.3, "%")
    assert facts.observation("x6").denominator == 63


def test_no_rows_but_headers_load(tmp_path: Path) -> None:
    facts = load_facts(write_files(tmp_path, {name: [] for name in sound_files()}))
    assert facts == Facts()


noise = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x00"), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(sound_files())), st.data())
def test_any_cell_may_hold_anything_without_a_crash(tmp_path_factory, file, data) -> None:
    """Whatever stands in a cell, the loader loads it or names that very row."""
    files = sound_files()
    row = data.draw(st.integers(0, len(files[file]) - 1))
    column = data.draw(st.sampled_from(sorted(files[file][row])))
    text = data.draw(noise)
    files[file][row][column] = text
    try:
        facts = load_facts(write_files(tmp_path_factory.mktemp("noise"), files))
    except FactsFaults as error:
        assert all(fault.line for fault in error.faults)
        return
    values = [figure.value for figure in facts.observations]
    assert all(value is None or math.isfinite(value) for value in values)


def test_sources_know_what_kind_needs(tmp_path: Path) -> None:
    files = sound_files()
    files["sources.csv"].append(source("s3", kind="dataset", document=""))
    facts = load_facts(write_files(tmp_path, files))
    assert facts.source("s3").kind == "dataset"
    assert all(isinstance(figure, Observation) for figure in facts.observations)
