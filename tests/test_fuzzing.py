"""A short run of the fuzzer on every reader; `make fuzz` is the long one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests import fuzzing

SECONDS = 3.0


@pytest.mark.parametrize("reader", fuzzing.readers())
def test_damaged_files_are_answered_by_our_own_errors(reader: str, tmp_path: Path) -> None:
    assert fuzzing.seeds(reader) != [b""], "the corpus has no good file of this format"
    read = fuzzing.run_plain(reader, SECONDS, seed=20261126, keep=tmp_path)
    assert read > 0
    assert list(tmp_path.iterdir()) == []


def test_the_fuzzer_finds_an_error_that_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        if b"\x00" in path.read_bytes():
            raise IndexError("no such row")

    monkeypatch.setattr(fuzzing, "readers", lambda: {"broken": (".txt", broken)})
    monkeypatch.setattr(fuzzing, "seeds", lambda _reader: [b"0123456789" * 10])
    with pytest.raises(IndexError):
        fuzzing.run_plain("broken", 60, seed=1, keep=tmp_path)
    assert b"\x00" in (tmp_path / "broken.txt").read_bytes()


def test_mutations_differ_and_follow_the_seed() -> None:
    seed = bytes(range(256))
    made = [fuzzing.mutated(seed, random.Random(i)) for i in range(50)]
    assert len(set(made)) > 45
    assert made == [fuzzing.mutated(seed, random.Random(i)) for i in range(50)]
