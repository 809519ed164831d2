"""The text catalogue: complete in both languages, and loud about what it does not have."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from layers.errors import LayerError, TextError
from layers.texts import LANGUAGES, catalogue, has_text, keys, load_catalogue, section, text


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def has_han(words: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in words)


def write(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")


def test_text_in_both_languages() -> None:
    assert text("export.column.value", "zh") == "数值"
    assert text("export.column.value", "en") == "Value"


def test_values_are_filled_in() -> None:
    assert text("export.header", "zh", name="数值", key="value") == "数值 (value)"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_keys_are_the_same_for_each_language(lang: str) -> None:
    assert set(keys(lang)) == set(catalogue())
    assert has_text(keys(lang)[0])


def test_unknown_key_language_value_and_section_are_refused() -> None:
    for call in (
        lambda: text("export.column.nonsense", "zh"),
        lambda: text("export.column.value", "fr"),
        lambda: text("export.header", "zh", name="x"),
        lambda: section("nonsense", "zh"),
        lambda: keys("de"),
    ):
        with pytest.raises(TextError):
            call()
    assert issubclass(TextError, LayerError)
    assert TextError.code == "text_error"


def test_section_gives_the_rest_of_the_keys() -> None:
    levels = section("export.code.level", "zh")
    assert levels["county"] == "县（市、区）"
    assert set(levels) == {"province", "city", "county", "zone", "park", "group"}


def test_both_languages_take_the_same_values() -> None:
    texts = catalogue().items()
    assert [key for key, e in texts if names_in(e["zh"]) != names_in(e["en"])] == []


def test_no_chinese_text_stands_in_for_english() -> None:
    texts = catalogue().items()
    assert [key for key, e in texts if has_han(e["zh"]) and e["zh"] == e["en"]] == []


def test_all_faults_of_a_folder_are_listed_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a.toml", '[x.half]\nzh = "半"\n[x.good]\nzh = "好"\nen = "good"\n')
    write(tmp_path, "b.toml", '[x.good]\nzh = "又"\nen = "again"\n[x.blank]\nzh = " "\nen = "b"\n')
    write(tmp_path, "c.toml", '[x.brace]\nzh = "{"\nen = "b"\n[x.reach]\nzh = "{a.b}"\nen = "b"\n')
    write(tmp_path, "d.toml", "this is not toml")
    write(tmp_path, "e.toml", 'bare = "text"\n[x.third]\nzh = "一"\nen = "one"\nfr = "un"\n')
    with pytest.raises(TextError) as refused:
        load_catalogue(tmp_path)
    message = str(refused.value)
    for fault in (
        "a.toml [x.half]", "b.toml [x.good]: also in a.toml", "b.toml [x.blank]",
        "c.toml [x.brace]", "c.toml [x.reach]", "d.toml", "e.toml [bare]", "e.toml [x.third]",
    ):  # fmt: skip
        assert fault in message


def test_sections_nest_and_files_join(tmp_path: Path) -> None:
    write(tmp_path, "a.toml", '[one.two.three]\nzh = "三"\nen = "three {n}"\n')
    write(tmp_path, "b.toml", '[one.four]\nzh = "四 {{}}"\nen = "four"\n')
    assert set(load_catalogue(tmp_path)) == {"one.two.three", "one.four"}
