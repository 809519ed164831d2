"""What writing a file came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geo.problems import Problem


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What a writer could not keep as it was, and the files that were written."""

    problems: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()
    features: int = 0
