"""The house's rules that import-linter can't see: the entries, settings, sizes, stray words."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("geo", "facts", "store", "layers", "ui", "api")
SOURCES = [
    *sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")),
    *(ROOT / name for name in ("app.py", "cli.py", "settings.py")),
]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_each_library_stays_in_its_room(path: Path) -> None:
    place = path.relative_to(ROOT).parts[0]
    names = imported(path)
    rooms = {
        "streamlit": {"ui", "app.py"},
        "starlette": {"api", "app.py"},
        "folium": {"layers"},
        "branca": {"layers"},
        "deltalake": {"store"},
        "settings": {"app.py", "cli.py", "ui"},
    }
    for library, allowed in rooms.items():
        if library in names:
            assert place in allowed, f"{library} is imported in {path.relative_to(ROOT)}"


def test_settings_are_read_at_the_entries_only() -> None:
    readers = {p.relative_to(ROOT).as_posix() for p in SOURCES if "settings" in imported(p)}
    assert readers <= {"app.py", "cli.py", "ui/main.py"}


def test_the_composition_root_stays_small() -> None:
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) <= 80


def test_generated_files_are_not_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    bad = [n for n in listed if n.startswith("var/") or "node_modules/" in n or n.endswith(".pyc")]
    assert bad == []
