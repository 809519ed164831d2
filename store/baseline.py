"""The baseline: `data/` loaded into the workspace at the first start, and when it changed.

All tables are read, checked and written to staged files before the first of them is committed;
`baseline.json` then records which versions belong together. A crash in between is made good by
the next start. Versions of people are never covered up: where somebody else wrote the newest
version, a changed baseline leaves that collection alone and says so.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from store import log
from store.errors import BaselineError, CorruptionError, UnknownCollectionError, write_failed
from store.files import file_lock, flush_folder
from store.log import BASELINE_AUTHOR
from store.snapshot import Snapshot, code_digest, data_digest, read_snapshot, write_snapshot
from store.workspace import NOT_YET, Workspace

if TYPE_CHECKING:
    from facts.model import Facts
    from store.frames import StagedFile
    from store.intake import Intake

GEO_COLLECTIONS = ("provinces", "cities", "counties", "zones", "standard-land", "proposals")
TABLES = (
    "sources", "places", "indicators", "themes", "observations", "unplaced", "events", "extents",
    "declared-areas", "checks", "rejected-sources",
)  # fmt: skip
PLANS = ("proposal-rules",)  # tables that are no facts
# What an office adds, apart from what `data/` gives; see `officefigures` and `mappings`.
OFFICE_FACTS = ("office-sources", "office-places", "office-observations")
OFFICE_PREFIX = "office-"  # of every id that an office adds
OFFICE = (*OFFICE_FACTS, "standard-land-parcels", "projects", "table-mappings")

Reason = Literal[
    "first_start", "data_changed", "code_changed", "interrupted", "damaged", "unchanged"
]

_REASONS: Mapping[Reason, tuple[str, str]] = {
    "first_start": ("首次载入基线数据", "baseline loaded for the first time"),
    "data_changed": ("基线数据已更新", "baseline data were updated"),
    "code_changed": ("程序更新后重新载入基线数据", "baseline loaded again by a newer program"),
    "interrupted": ("上次载入中断，重新载入基线数据", "baseline loaded again after a break"),
    "damaged": ("文件损坏或缺失，重新载入基线数据", "baseline loaded again: a file was damaged"),
    "unchanged": ("重新载入基线数据", "baseline loaded again"),
}
_LOCK_WAIT_S = 300.0  # a first load on a slow disk; the lock goes when its holder dies


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A damaged collection that was written again: what was wrong, and its new version."""

    collection: str
    version: int
    file: str
    why: str


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """What a start did.

    `loaded`: whether `data/` was read at all. `versions`: the newest of every collection.
    `written`: collections that got a new version; `kept`: collections with somebody else's
    newest version, left alone though the baseline was loaded. `counts`: per file of
    observations rows, observations, missing_values and unplaced (reason to number).
    """

    loaded: bool
    reason: Reason
    counts: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, int]
    written: tuple[str, ...] = ()
    rebuilt: tuple[Rebuilt, ...] = ()
    kept: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _State:
    """A collection before the load; `author` wrote its newest version ("" for none)."""

    name: str
    version: int | None = None
    author: str = ""
    sha256: str = ""
    damage: CorruptionError | None = field(default=None)

    @property
    def foreign(self) -> bool:
        """Whether somebody else's version is the newest."""
        return self.author not in ("", BASELINE_AUTHOR)


def ensure_baseline(
    workspace: Workspace, data_dir: Path, *, read: "Callable[[Path], Intake] | None" = None
) -> BaselineReport:
    """Load `data/` into the workspace if that is still to be done; one process at a time.

    `read` turns the folder into frames (default: `intake.read_data`).

    Raises:
        BaselineError: the data have faults; all are listed, the workspace stays as it was.
        CorruptionError: a collection with somebody else's newest version is damaged.
        WriteFailedError, BusyError: the disk refused, another process holds the lock.
    """
    lock = workspace.path / ".locks" / "baseline"
    with file_lock(lock, exclusive=True, timeout_s=_LOCK_WAIT_S):
        return _ensure(workspace, data_dir, read)


def settled_versions(workspace: Workspace) -> dict[str, int]:
    """The newest versions that belong together, also while a baseline is being loaded.

    As `Workspace.versions`, but a baseline version newer than the snapshot's does not count yet.
    """
    snapshot = read_snapshot(workspace.path)
    versions = workspace.versions()
    for name, settled in (snapshot.versions if snapshot else {}).items():
        newest = versions.get(name, settled)
        if newest > settled and workspace.info(name).author == BASELINE_AUTHOR:
            versions[name] = settled
    return versions


def read_facts(workspace: Workspace, *, versions: Mapping[str, int] | None = None) -> "Facts":
    """The facts as the workspace has them, of the newest or of the given versions.

    What an office added comes after the baseline's. Its figures about a place or indicator that
    the baseline has no more are unplaced rows.

    Raises:
        StoreError: a table is missing or corrupt.
        BaselineError: an id of the office's is one of the baseline's too.
    """
    from facts.tables import from_frames, to_frames  # noqa: PLC0415 - pandas: not for a start

    chosen = versions or {}
    facts = from_frames({name: workspace.read(name, version=chosen.get(name)) for name in TABLES})
    there = workspace.versions() if versions is None else versions
    added = {
        name.removeprefix("office-"): workspace.read(name, version=there[name])
        for name in OFFICE_FACTS
        if name in there
    }
    if not added:
        return facts
    from facts.model import Facts  # noqa: PLC0415 - as above
    from store.merging import merged  # noqa: PLC0415

    return merged(facts, from_frames(to_frames(Facts()) | added))


def _ensure(
    workspace: Workspace, data_dir: Path, read: "Callable[[Path], Intake] | None"
) -> BaselineReport:
    started = time.perf_counter()
    snapshot = read_snapshot(workspace.path)
    data, code = _digests(data_dir)
    names = snapshot.versions if snapshot else (*GEO_COLLECTIONS, *TABLES, *PLANS)
    states = {name: _state(workspace, name) for name in names}
    _refuse_damaged_work(states)
    reason = _reason(snapshot, data, code, states)
    if snapshot and reason == "unchanged":
        return BaselineReport(
            loaded=False, reason=reason, counts=snapshot.counts, versions=workspace.versions(),
            seconds=time.perf_counter() - started,
        )  # fmt: skip
    intake = (read or _read_data)(data_dir)
    states = {name: _state(workspace, name) for name in (*states, *intake.frames)}
    _refuse_damaged_work(states)
    message = _message(reason, data)
    written, rebuilt = _write(workspace, intake, states, message)
    versions = workspace.versions()
    loaded = {name: versions[name] for name in intake.frames}
    with workspace.writing():  # keeps `cleanup` from taking the half-written file away
        write_snapshot(workspace.path, Snapshot(data, code, loaded, intake.counts))
    return BaselineReport(
        loaded=True, reason=reason, counts=intake.counts, versions=versions, written=written,
        rebuilt=rebuilt, kept=tuple(n for n in intake.frames if states[n].foreign),
        seconds=time.perf_counter() - started,
    )  # fmt: skip


def _message(reason: Reason, data: str) -> str:
    """Why the baseline was loaded, in words for the history; the digest tells which data."""
    zh, en = _REASONS[reason]
    return f"{zh}（数据 {data[:12]}） / {en} (data {data[:12]})"


def _read_data(data_dir: Path) -> "Intake":
    from store.intake import read_data  # noqa: PLC0415 - geopandas, pint: only for a load

    return read_data(data_dir)


def _digests(data_dir: Path) -> tuple[str, str]:
    try:
        if not data_dir.is_dir():
            raise NotADirectoryError(str(data_dir))
        return data_digest(data_dir), code_digest()
    except OSError as error:
        raise BaselineError(
            f"无法读取基线数据 {data_dir} / cannot read the baseline data", faults=[str(error)]
        ) from error


def _state(workspace: Workspace, name: str) -> _State:
    table = workspace.path / name
    try:
        info = workspace.info(name)
    except UnknownCollectionError:
        return _State(name)
    except CorruptionError as error:
        # Without a log only the files' names tell whether anybody but the baseline wrote.
        others = any(not p.name.startswith(BASELINE_AUTHOR) for p in table.glob("*.parquet"))
        return _State(name, author="?" if others else BASELINE_AUTHOR, damage=error)
    damage = None
    try:
        workspace.file(name)
    except CorruptionError as error:
        damage = error
    return _State(name, info.version, info.author, info.sha256, damage)


def _refuse_damaged_work(states: Mapping[str, _State]) -> None:
    """Raise when somebody's work is damaged: the baseline must not take its place."""
    damages = [state.damage for state in states.values() if state.damage and state.foreign]
    if damages:
        first = damages[0]
        text = "\n".join(damage.message for damage in damages)
        error = CorruptionError(
            text, collection=first.collection, version=first.version, file=first.file
        )
        error.code = first.code
        raise error


def _reason(
    snapshot: Snapshot | None, data: str, code: str, states: Mapping[str, _State]
) -> Reason:
    if snapshot is None:
        started = any(state.version is not None for state in states.values())
        return "interrupted" if started else "first_start"
    if any(state.damage or state.version is None for state in states.values()):
        return "damaged"
    if snapshot.data != data:
        return "data_changed"
    if snapshot.code != code:
        return "code_changed"
    unsettled = (
        state.version != snapshot.versions[name] and not state.foreign
        for name, state in states.items()
    )
    return "interrupted" if any(unsettled) else "unchanged"


def _write(
    workspace: Workspace, intake: "Intake", states: Mapping[str, _State], message: str
) -> tuple[tuple[str, ...], tuple[Rebuilt, ...]]:
    """Stage all frames, then commit those that differ; names of the written, and the rebuilt."""
    written: list[str] = []
    rebuilt: list[Rebuilt] = []
    with workspace.writing():
        staged: dict[str, StagedFile] = {}
        try:
            for name, frame in intake.frames.items():
                if not states[name].foreign:
                    staged[name] = workspace.stage(name, frame)
            for name, file in staged.items():
                state = states[name]
                if file.sha256 == state.sha256 and state.damage is None:
                    continue
                version = _commit(workspace, state, file, message)
                written.append(name)
                if state.damage:
                    why = state.damage.message
                    rebuilt.append(Rebuilt(name, version, state.damage.file, why))
        finally:
            for file in staged.values():
                file.path.unlink(missing_ok=True)
    return tuple(written), tuple(rebuilt)


def _commit(workspace: Workspace, state: _State, file: "StagedFile", message: str) -> int:
    lost = state.damage is not None and state.version is None
    if state.damage is not None:
        message = (
            f"文件损坏，由 data/ 重建：{state.damage.file} / "
            f"rebuilt from data/, this file was damaged: {state.damage.file}"
        )
    if lost:
        _set_log_aside(workspace.path / state.name)
    return workspace.commit(
        state.name,
        file,
        author=BASELINE_AUTHOR,
        message=message,
        source="data/",
        expected_version=NOT_YET if state.version is None else state.version,
        over_lost_log=lost,
    )


def _set_log_aside(table: Path) -> None:
    """Rename an unreadable log, so that the table can be begun anew and nothing is destroyed."""
    folder = table / log.LOG_FOLDER
    if not folder.exists():
        return
    now = datetime.now(tz=UTC)
    try:
        folder.rename(table / f".broken{log.LOG_FOLDER}-{now:%Y%m%dT%H%M%S%f}")
        flush_folder(table)
    except OSError as error:
        raise write_failed(folder, error) from error
