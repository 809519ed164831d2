"""Who saves, and what is asked of coordinates: pieces of pages that need no browser."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from store.log import BASELINE_AUTHOR
from ui.author import author_fault
from ui.import_datum import UNKNOWN, on_answers, zone_first, zone_name


def two_pages() -> None:
    import streamlit as st

    from ui.author import author_field, author_missing

    name = author_field("zh", "second" if st.checkbox("another page") else "first")
    if st.button("save") and not author_missing(name, "zh"):
        st.text(f"saved by {name}")


def test_the_name_is_asked_never_empty_and_remembered_for_the_visit() -> None:
    page = AppTest.from_function(two_pages).run()
    assert [field.value for field in page.text_input] == [""]
    page.button[0].click().run()
    assert not page.text and not page.exception
    page.text_input(key="first").set_value("  王工 ").run()
    page.checkbox[0].check().run()
    assert page.text_input(key="second").value == "王工"
    page.button[0].click().run()
    assert page.text[0].value == "saved by 王工"


@pytest.mark.parametrize("name", ["", "  ", BASELINE_AUTHOR, BASELINE_AUTHOR.upper()])
def test_no_name_and_the_systems_own_will_not_do(name: str) -> None:
    assert author_fault(name, "zh") and author_fault(name, "en")
    assert not author_fault("root", "zh")


def found(basis: str = "ambiguous: 4546 or 4547", **more: Any) -> dict[str, Any]:
    return {
        "crs_basis": basis, "crs_datum_open": True, "crs_question": "?",
        "crs_candidates": [{"crs": "EPSG:4546"}, {"crs": "EPSG:4547"}],
    } | more  # fmt: skip


def test_zone_and_datum_are_asked_apart_only_where_both_are_open() -> None:
    assert zone_first(found())
    assert not zone_first(found(crs_datum_open=False))
    assert not zone_first(found("unknown datum"))
    assert zone_name("EPSG:4547", "zh") == "3度带，中央子午线 114°"  # and no datum
    assert "CGCS2000" not in zone_name("EPSG:4546", "en")


def test_a_zone_alone_is_no_answer_and_the_datum_makes_the_system() -> None:
    assert on_answers("EPSG:4547", None) is None and on_answers(None, "cgcs2000") is None
    assert on_answers("EPSG:4547", "cgcs2000") == "EPSG:4547"
    assert on_answers("EPSG:4547", "xian80") == "EPSG:2383"
    assert on_answers("EPSG:4546", "beijing54") == "EPSG:2434"
    assert on_answers("EPSG:4546", UNKNOWN) == "EPSG:4546"


def asking() -> None:
    from pathlib import Path
    from types import SimpleNamespace

    import streamlit as st

    from ui import import_datum
    from ui.import_job import Job

    job = st.session_state.setdefault(
        "job", Job(SimpleNamespace(close=lambda: None), Path("a.txt"), ("a.txt",), "land")  # type: ignore[arg-type]
    )  # fmt: skip
    job.go("place")
    st.rerun = lambda **_more: None  # type: ignore[assignment]  # no fragment here
    told = {
        "crs_basis": "ambiguous: 4546 or 4547", "crs_datum_open": True, "crs_question": "?",
        "crs_candidates": [{"crs": "EPSG:4546"}, {"crs": "EPSG:4547"}],
    }  # fmt: skip
    names = {"EPSG:4546": "111°", "EPSG:4547": "114°"}
    chosen = import_datum.zone_and_datum(names, job, "zh")
    complete = import_datum.datum_step(told, chosen, job, "zh")
    st.text(f"{chosen} {complete} {sorted(job.answer.items())}")


def test_the_page_takes_no_answer_before_the_datum_is_said() -> None:
    import streamlit as st

    kept = st.rerun
    try:
        page = AppTest.from_function(asking).run()
        assert len(page.radio) == 1
        page.radio[0].set_value("EPSG:4547").run()
        assert page.text[0].value == "EPSG:4547 True []" and len(page.radio) == 2
        page.radio[1].set_value("cgcs2000").run()
        assert page.text[0].value == "EPSG:4547 True [('crs', 'EPSG:4547')]"
        page.radio[1].set_value("unknown").run()
        assert page.text[0].value == "EPSG:4547 False []"
        page.checkbox[0].check().run()
        assert page.text[0].value == "EPSG:4547 True [('approximate', True), ('crs', 'EPSG:4547')]"
        page.radio[1].set_value("xian80").run()
        assert page.text[0].value.startswith("EPSG:2383 False [('crs', 'EPSG:2383')]")
    finally:
        st.rerun = kept  # type: ignore[assignment]
