"""Files of every format as offices send them, and as an attacker would: all made in code.

`good_files(folder)` and `hostile_files(folder)` build them, each in a folder of its own, since
Shapefiles have sisters. A case says how the file must be answered: opened with so many features,
or refused with one of some codes, and what must be told about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from geo.files import ReadOptions

Build = Callable[[Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file and its answer.

    `refused`: codes of which one must come, empty for a file that is read. `told`: codes that must
    be among the problems of one that is read. `features`: how many it gives. `encoding` and
    `declared`: what is found out about a good one.
    """

    name: str
    filename: str
    build: Build
    refused: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    features: int | None = None
    format: str = ""
    encoding: str = ""
    declared: str | None = None
    options: ReadOptions = field(default_factory=ReadOptions)

    def path(self, folder: Path) -> Path:
        """Where the file stands once it is built."""
        return folder / self.name / self.filename


class Collected:
    """Cases that builders are registered as."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def __call__(
        self,
        name: str,
        filename: str,
        *,
        refused: str = "",
        told: str = "",
        features: int | None = None,
        **more: object,
    ) -> Callable[[Build], Build]:
        def register(build: Build) -> Build:
            self.cases.append(
                Case(
                    name=name, filename=filename, build=build, features=features,
                    refused=frozenset(refused.split()), told=frozenset(told.split()), **more,
                )
            )  # fmt: skip
            return build

        return register


def built(cases: list[Case], folder: Path) -> list[Case]:
    """Build the files of some cases."""
    for case in cases:
        path = case.path(folder)
        path.parent.mkdir(parents=True)
        case.build(path)
    return cases


def good_files(folder: Path) -> list[Case]:
    """Files as they are found in the field."""
    return built(good_cases(), folder)


def hostile_files(folder: Path) -> list[Case]:
    """Files that are broken, or made to do harm."""
    return built(hostile_cases(), folder)


def good_cases() -> list[Case]:
    """What `good_files` builds."""
    from corpus_good import CASES

    return list(CASES.cases)


def hostile_cases() -> list[Case]:
    """What `hostile_files` builds."""
    import hostile_archives
    import hostile_drawings
    import hostile_markup
    import hostile_tables
    import hostile_vectors

    modules = (
        hostile_archives, hostile_markup, hostile_vectors, hostile_drawings, hostile_tables
    )  # fmt: skip
    return [case for module in modules for case in module.CASES.cases]
