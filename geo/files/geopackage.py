"""What a GeoPackage holds, asked of SQLite itself before GDAL opens it.

A GeoPackage is a database, and a database from a stranger may hold more than tables: views that
compute for ever in the place of the tables that every reader looks into. Only real tables are let
through; the file is opened read-only and without locks, so that nothing is left beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from geo.errors import FileRefusedError

_STEPS: Final = 2_000_000  # of SQLite's machine: many seconds before any real file needs as many
_OBJECTS: Final = 20_000
_SYSTEM: Final = ("gpkg_", "layer_styles", "sqlite_")


@dataclass(frozen=True, slots=True)
class Contents:
    """The layers with features, and the names of those that are views and so are left out."""

    layers: tuple[str, ...]
    views: tuple[str, ...]


def contents(path: Path) -> Contents:
    """The feature layers of a GeoPackage, in the order of its table of contents.

    Raises:
        FileRefusedError: codes "not_gpkg" (another SQLite database), "hostile_gpkg" (a system
            table is none), "damaged".
    """
    with _opened(path) as base:
        kinds = _objects(base, path)
        if "gpkg_contents" not in kinds:
            raise FileRefusedError(
                f"{path.name} 是 SQLite 数据库，但不是 GeoPackage / {path.name} is an SQLite "
                "database, but no GeoPackage",
                code="not_gpkg",
            )
        if "gpkg_geometry_columns" not in kinds:
            return Contents((), ())
        rows = base.execute(
            "SELECT c.table_name FROM gpkg_contents c JOIN gpkg_geometry_columns g "
            "ON g.table_name = c.table_name WHERE c.data_type = 'features'"
        ).fetchmany(_OBJECTS)
        names = list(dict.fromkeys(str(name) for (name,) in rows if isinstance(name, str)))
        found = {name: kinds.get(name.casefold(), "") for name in names}
        _check_columns(base, [name for name in names if found[name] == "table"], path)
    return Contents(
        tuple(name for name in names if found[name] == "table"),
        tuple(name for name in names if found[name] == "view"),
    )


def missing_shapes(path: Path, layer: str) -> int:
    """How many features of a layer have no geometry by the database itself.

    Raises:
        FileRefusedError: code "damaged".
    """
    with _opened(path, steps=_STEPS * 1_000) as base:
        row = base.execute(
            "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (layer,)
        ).fetchone()
        if row is None:
            return 0
        column, table = (str(name).replace('"', '""') for name in (row[0], layer))
        sql = f'SELECT count(*) FROM "{table}" WHERE "{column}" IS NULL'  # noqa: S608 - quoted
        return int(base.execute(sql).fetchone()[0])


def _check_columns(base: sqlite3.Connection, layers: Sequence[str], path: Path) -> None:
    """Refuse columns that are computed when they are read: a few bytes make gigabytes of text."""
    for layer in layers:
        columns = base.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", (layer,))
        computed = [str(name) for name, hidden in columns.fetchmany(_OBJECTS) if hidden in (2, 3)]
        if computed:
            raise FileRefusedError(
                f"{path.name} 的列 {computed[0]} 是读取时计算的，可能有害，不读取 / "
                f"{path.name} computes its column {computed[0]} when it is read, which can do "
                "harm: not read",
                code="hostile_gpkg", faults=computed[1:],
            )  # fmt: skip


@contextmanager
def _opened(path: Path, *, steps: int = _STEPS) -> Iterator[sqlite3.Connection]:
    base = None
    try:
        base = sqlite3.connect(
            f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True, timeout=1
        )
        base.execute("PRAGMA trusted_schema = OFF")
        base.set_progress_handler(lambda: 1, steps)
        yield base
    except (sqlite3.Error, sqlite3.Warning, UnicodeDecodeError, OverflowError) as error:
        raise FileRefusedError(
            f"{path.name} 已损坏，无法作为 GeoPackage 读取（{error}） / {path.name} is damaged "
            "and can't be read as GeoPackage",
            code="damaged",
        ) from error
    finally:
        if base is not None:
            base.close()


def _objects(base: sqlite3.Connection, path: Path) -> dict[str, str]:
    """Kind ("table", "virtual", "view") by the name in small letters of all there is."""
    rows = base.execute(
        "SELECT name, type, substr(sql, 1, 40) FROM sqlite_master WHERE type IN ('table', 'view')"
    ).fetchmany(_OBJECTS)
    kinds: dict[str, str] = {}
    for name, kind, text in rows:
        plain = " ".join(str(text or "").upper().split())
        virtual = plain.startswith("CREATE VIRTUAL")
        kinds[str(name).casefold()] = "virtual" if virtual else str(kind)
    wrong = sorted(n for n, kind in kinds.items() if n.startswith(_SYSTEM) and kind != "table")
    if wrong:
        raise FileRefusedError(
            f"{path.name} 的系统表 {wrong[0]} 不是普通表，可能有害，不读取 / {path.name} has "
            f"{wrong[0]} as a view or virtual table, which can do harm: not read",
            code="hostile_gpkg", faults=wrong[1:],
        )  # fmt: skip
    return kinds
