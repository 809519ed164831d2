"""Encodings found out from bytes: BOM, strict UTF-8, GB18030; nothing half read."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FileRefusedError, LimitError
from geo.files.encodings import as_utf8, codec_name, decode, read_text
from geo.limits import Limits

TEXT = "[地块坐标]\n太原市，中北高新区 1.5 公顷"


@pytest.mark.parametrize(
    ("data", "name", "basis"),
    [
        (TEXT.encode(), "utf-8", "strict UTF-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8", "BOM"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le", "BOM"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be", "BOM"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32-le", "BOM"),
        (TEXT.encode("gbk"), "gb18030", "GB18030 fallback"),
        (("㐂" + TEXT).encode("gb18030"), "gb18030", "GB18030 fallback"),
        (("x,y\n" * 9 + TEXT).encode("utf-16-le"), "utf-16-le", "every second byte is 0"),
        (("x,y\n" * 9 + TEXT).encode("utf-16-be"), "utf-16-be", "every second byte is 0"),
    ],
)
def test_the_encoding_and_its_reason_are_found(data, name, basis) -> None:
    text, encoding = decode(data, "a.txt")
    assert text.endswith(TEXT) and (encoding.name, encoding.basis) == (name, basis)
    plain, same = as_utf8(data, "a.txt")
    assert plain.decode() == text and same == encoding


@given(text=st.text(min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_utf8_text_comes_back_or_is_gb18030(text) -> None:
    data = text.encode()
    found, encoding = decode(data, "a.txt")
    if any(letter > "\u07ff" for letter in text) and not text.startswith("\ufeff"):
        assert encoding.name in ("utf-8", "utf-16-le", "utf-16-be")
    if encoding.name == "utf-8":
        assert found == text.removeprefix("\ufeff")


@given(data=st.binary(max_size=80))
@settings(max_examples=300, deadline=None)
def test_bytes_are_text_or_refused_and_both_ways_agree(data) -> None:
    try:
        text, encoding = decode(data, "a.txt")
    except FileRefusedError as error:
        assert error.code in ("bad_encoding", "truncated") and error.line
        with pytest.raises(FileRefusedError):
            as_utf8(data, "a.txt")
        return
    plain, same = as_utf8(data, "a.txt")
    assert plain.decode("utf-8", "surrogatepass") == text and same == encoding


def test_short_gbk_words_are_not_taken_for_utf8() -> None:
    word = "隆鲁"  # whose bytes in GBK are two Latin letters in UTF-8
    assert word.encode("gbk").decode("utf-8")
    assert decode(word.encode("gbk"), "a")[0] == word
    assert decode("面积 m²".encode(), "a")[0] == "面积 m²"
    assert decode("m² 112°30′".encode(), "a")[0] == "m² 112°30′"


def test_bytes_of_no_encoding_are_refused_with_their_line() -> None:
    with pytest.raises(FileRefusedError, match="第 3 行") as caught:
        decode("甲\n乙\n".encode("gbk") + b"\xff\xff\xff", "界址点.txt")
    assert (caught.value.code, caught.value.line) == ("bad_encoding", 3)
    with pytest.raises(FileRefusedError, match="不完整") as caught:
        decode(TEXT.encode()[:-1], "a.txt")
    assert caught.value.code == "truncated"


def test_what_the_user_says_is_followed_or_refused() -> None:
    data = TEXT.encode("gbk")
    assert decode(data, "a", given="GBK")[1].basis == "given"
    for given_name, code in (("UTF-8", "bad_encoding"), ("klingon", "unknown_encoding")):
        with pytest.raises(FileRefusedError) as caught:
            decode(data, "a", given=given_name)
        assert caught.value.code == code
    data = codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")
    assert decode(data, "a", given="utf-16")[0] == TEXT


def test_names_of_encodings_in_any_spelling() -> None:
    for name in ("GBK", "gb2312", "GB18030", "936", "cp936", "ANSI 936", "x-gbk"[2:]):
        assert codec_name(name) == "gb18030", name
    for name in ("UTF-8", "utf8", "65001", "UTF_8"):
        assert codec_name(name) == "utf-8", name
    for name in ("", "rot13", "hex", "zip", "no such", "\x00", "undefined-x"):
        assert codec_name(name) == "", name


def test_large_texts_are_refused_before_they_are_read(tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 1001)
    with pytest.raises(LimitError, match="MB"):
        read_text(path, Limits(text_bytes=1000))
    assert read_text(path, Limits(text_bytes=1001))[0] == "x" * 1001
    with pytest.raises(FileRefusedError) as caught:
        read_text(tmp_path, Limits())
    assert caught.value.code == "unreadable"
