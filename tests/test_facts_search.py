"""Search of places: pinyin with the readings place names have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from facts.load import load_facts
from facts.model import Facts
from facts.search import pinyin_of, search_index, search_places

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load_facts(ROOT / "data" / "facts")


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("长治市", "changzhishi", "czs"),
        ("长子县", "zhangzixian", "zzx"),
        ("洪洞县", "hongtongxian", "htx"),
        ("隰县", "xixian", "xx"),
        ("繁峙县", "fanshixian", "fsx"),
        ("尧都区", "yaoduqu", "ydq"),
        ("曲沃县", "quwoxian", "qwx"),
        ("盂县", "yuxian", "yx"),
        ("中北高新区", "zhongbeigaoxinqu", "zbgxq"),
    ],
)
def test_readings_of_place_names(name, full, initials) -> None:
    fulls, shorts = pinyin_of(name)
    assert full in fulls
    assert shorts == (initials,)


def test_pinyin_agrees_with_the_official_names(facts: Facts) -> None:
    """The first word of each county's English name is its official pinyin."""
    entries = {entry.place_id: entry for entry in search_index(facts.places)}
    for place in facts.places:
        if place.level in ("city", "county"):
            word = place.name_en.split()[0].lower().replace("ü", "u")
            official = "".join(char for char in word if char.isalpha())
            spelled = entries[place.place_id].pinyin
            assert any(full.startswith(official) for full in spelled), (place.name_zh, spelled)


@pytest.mark.parametrize(
    ("query", "place_id"),
    [
        ("长治", "140400"),
        ("changzhi", "140400"),
        ("Chang Zhi", "140400"),
        ("zhangzi", "140428"),
        ("hongtong", "141024"),
        ("htx", "141024"),
        ("xixian", "141031"),
        ("lvliang", "141100"),
        ("luliang", "141100"),
        ("Lüliang", "141100"),
        ("wanbolin", "140109"),
        ("wanbailin", "140109"),
        ("中北", "zone-zhongbei-gaoxin"),
        ("zhongbei", "zone-zhongbei-gaoxin"),
        ("zbgx", "zone-zhongbei-gaoxin"),
        ("晋阳开发区", "zone-xiyang-jingkai"),
        ("综改区", "zone-zongai"),
    ],
)
def test_the_first_hit_is_what_was_meant(facts: Facts, query, place_id) -> None:
    found = search_places(facts, query)
    assert found
    assert found[0].place_id == place_id


@pytest.mark.parametrize("query", ["", "  ", "。", "qqqq", "nowhere at all"])
def test_nothing_is_found_where_nothing_fits(facts: Facts, query) -> None:
    assert search_places(facts, query) == ()


def test_limits_and_repetition(facts: Facts) -> None:
    assert len(search_places(facts, "开发区", limit=5)) == 5
    assert search_index(facts.places) is search_index(facts.places)
    assert len(search_index(facts.places)) == len(facts.places)


def test_every_place_is_found_by_its_own_name(facts: Facts) -> None:
    for place in facts.places:
        assert place in search_places(facts, place.name_zh, limit=5), place.name_zh


def test_loading_facts_does_not_import_the_slow_libraries() -> None:
    code = (
        "import sys; import facts.model, facts.load, facts.checks, facts.units, facts.search;"
        "print([name for name in ('pandas','pypinyin','pint','geopandas') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
