"""What an office adds to the facts: its own sources, places, figures, parcels and projects.

They lie in collections of their own, so that the baseline can be renewed under them; see
`baseline.read_facts`, which puts both together. A source is written before what refers to it, and
taken back if that does not come about (see `together`).
"""

import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import geopandas as gpd
import pandas as pd

from facts.model import Facts, Observation, Place, Source
from facts.recordids import with_known_ids
from facts.tables import from_frames, to_frames
from store.baseline import OFFICE_FACTS, OFFICE_PREFIX
from store.errors import BadFrameError
from store.log import VersionInfo
from store.officerecords import frame_of, records_of
from store.together import together
from store.workspace import Workspace

if TYPE_CHECKING:
    from facts.parcels import StandardLandParcel
    from facts.projects import Project

SOURCES, PLACES, OBSERVATIONS = OFFICE_FACTS
PARCELS = "standard-land-parcels"
PROJECTS = "projects"
PREFIX = OFFICE_PREFIX

_EPSG = 4490
_TABLES = {SOURCES: "sources", PLACES: "places", OBSERVATIONS: "observations"}  # of the facts

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Added:
    """What a commit of records did: counts of records by what became of them.

    `version` is None when nothing was new: then there was no commit. `replaced` had the same id
    and other content before.
    """

    collection: str
    version: int | None
    added: int
    replaced: int
    unchanged: int


def office_source(
    *, title: str, publisher: str = "", published_on: str = "", file: str = "", sha256: str = "",
    note: str = "",
) -> Source:  # fmt: skip
    """A source of the office's; the same bytes are the same source, whatever they are called.

    `file` is the user's name of the file, `sha256` that of its bytes; without any, the same title,
    publisher, date and name give the same id.
    """
    parts = (sha256,) if sha256 else (title, publisher, published_on, file)
    return Source(
        source_id=_source_id(*parts), title=title or file, publisher=publisher,
        published_on=published_on, kind="document", verification="primary", url="", document=file,
        licence="", note=note,
    )  # fmt: skip


def source_on_file(sources: Iterable[Source], sha256: str) -> Source | None:
    """The source that these bytes were imported as before, None for new ones.

    Ids once were made of the title as well; those are found as long as they keep it.
    """
    if not sha256:
        return None
    own = _source_id(sha256)
    return next(
        (
            source
            for source in sources
            if source.source_id
            in (own, _source_id(source.title, source.publisher, source.published_on, sha256))
        ),
        None,
    )


def as_on_file(source: Source, known: Source | None, *, retitled: bool) -> Source:
    """A source under the id that it has on file, with the words there unless it is `retitled`.

    `retitled`: somebody has said what to call it, it is not only named as its file is. An id made
    of a title keeps the title that it was made of.
    """
    if known is None:
        return source
    return source if retitled and known.source_id == source.source_id else known


def last_import(workspace: Workspace, source: Source) -> VersionInfo | None:
    """The last version of figures, parcels, projects or zones that came from a source."""
    there = workspace.versions()
    found = [
        info
        for name in (OBSERVATIONS, PARCELS, PROJECTS, "zones") if name in there
        for info in workspace.history(name) if info.source == source.source_id
    ]  # fmt: skip
    return max(found, key=lambda info: info.time, default=None)


def _source_id(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:12]
    return f"{PREFIX}{digest}"


def row_prefix(source: Source) -> str:
    """What the row ids of a source's figures begin with, so that they are the same each time."""
    return f"{source.source_id}-"


def add_sources(
    workspace: Workspace, sources: Sequence[Source], *, author: str, message: str
) -> Added:
    """Put sources on file, unless they are; do it before what refers to them.

    Raises:
        BadFrameError: an id that is not an office's.
        StaleWriterError: somebody else wrote meanwhile.
    """
    _refuse(_foreign_ids("source_id", [source.source_id for source in sources]))
    with together(workspace, author=author) as commits:
        expected = commits.expect(SOURCES, None)
        known = _known_facts(workspace, SOURCES)
        added = _add(
            workspace, SOURCES, sources, known, key=lambda source: source.source_id,
            frame=_facts_frame(SOURCES), author=author, message=message, source="office",
            expected=expected,
        )  # fmt: skip
        commits.did(SOURCES, added.version)
    return added


def add_figures(
    workspace: Workspace,
    observations: Sequence[Observation],
    *,
    facts: Facts,
    source: Source,
    places: Sequence[Place] = (),
    author: str,
    message: str,
    expected_version: int | None = None,
) -> Added:
    """Put figures on file in one commit, their source and new places before them.

    Args:
        workspace: where to.
        observations: their ids begin with `row_prefix(source)`, their source is `source`.
        facts: what is on file, to check them against.
        source: where they come from.
        places: new ones that they are about; ids begin with PREFIX.
        author: who adds them.
        message: why, for the history.
        expected_version: of OBSERVATIONS, `workspace.NOT_YET` for none; None to write over any.

    Raises:
        BadFrameError: an id is not an office's or twice there, or names a place, indicator or
            source that is not on file; all faults at once.
        StaleWriterError: somebody else wrote meanwhile.
    """
    new = {place.place_id for place in places}
    faults = _foreign_ids("row_id", [o.row_id for o in observations])
    faults += _foreign_ids("place_id", sorted(new))
    for one in observations:
        if one.place_id not in facts.places_by_id and one.place_id not in new:
            faults.append(f"{one.row_id}: 没有地点 / no place {one.place_id!r}")
        if one.indicator_id not in facts.indicators_by_id:
            faults.append(f"{one.row_id}: 没有指标 / no indicator {one.indicator_id!r}")
        if one.source_id != source.source_id:
            faults.append(f"{one.row_id}: 来源不是 / its source is not {source.source_id!r}")
    _refuse(faults)
    with together(workspace, author=author) as commits:
        expected = commits.expect(OBSERVATIONS, expected_version)
        known = _known_facts(workspace, OBSERVATIONS)
        add_sources(workspace, [source], author=author, message=message)
        if places:
            seen = commits.expect(PLACES, None)
            made = _add(
                workspace, PLACES, places, _known_facts(workspace, PLACES),
                key=lambda place: place.place_id, frame=_facts_frame(PLACES), author=author,
                message=message, source=source.source_id, expected=seen,
            )  # fmt: skip
            commits.did(PLACES, made.version)
        return _add(
            workspace, OBSERVATIONS, observations, known, key=lambda one: one.row_id,
            frame=_facts_frame(OBSERVATIONS), author=author, message=message,
            source=source.source_id, expected=expected,
        )  # fmt: skip


def add_parcels(
    workspace: Workspace,
    parcels: "Sequence[StandardLandParcel]",
    *,
    facts: Facts,
    source: Source,
    shapes: Mapping[str, Any] | None = None,
    author: str,
    message: str,
    expected_version: int | None = None,
) -> Added:
    """Put 标准地 parcels on file; `shapes` gives outlines (EPSG:4490 degrees) by parcel id.

    A parcel with the number of one on file in its zone takes its place, and without an outline
    here keeps the one that it has on file. Else as `add_figures`.
    """
    _refuse(_record_faults(parcels, facts, source))
    with together(workspace, author=author) as commits:
        expected = commits.expect(PARCELS, expected_version)
        add_sources(workspace, [source], author=author, message=message)
        return _add_parcels(
            workspace, parcels, shapes or {}, author=author, message=message,
            source=source.source_id, expected=expected,
        )  # fmt: skip


def _add_parcels(
    workspace: Workspace,
    parcels: "Sequence[StandardLandParcel]",
    shapes: Mapping[str, Any],
    *,
    author: str,
    message: str,
    source: str,
    expected: int,
) -> Added:
    """Parcels beside those on file, with the outlines of both."""
    from facts.parcels import StandardLandParcel  # noqa: PLC0415 - the page's start needs it not

    frame = _read(workspace, PARCELS)
    known = () if frame is None else records_of(StandardLandParcel, frame)
    outlines: dict[str, Any] = {}
    if frame is not None:
        outlines = dict(zip(frame["parcel_id"], frame.geometry, strict=True))
    named = with_known_ids(parcels, known, id_name="parcel_id")
    drawn = {
        new.parcel_id: shapes[parcel.parcel_id]
        for parcel, new in zip(parcels, named, strict=True)
        if parcel.parcel_id in shapes
    }
    moved = {
        parcel_id
        for parcel_id, shape in drawn.items()
        if outlines.get(parcel_id) is None or not outlines[parcel_id].equals(shape)
    }
    outlines |= drawn

    def made(records: Sequence[StandardLandParcel]) -> pd.DataFrame:
        table = frame_of(StandardLandParcel, records)
        geometry = gpd.GeoSeries([outlines.get(one.parcel_id) for one in records], crs=_EPSG)
        return gpd.GeoDataFrame(table, geometry=geometry, crs=_EPSG)

    return _add(
        workspace, PARCELS, named, known, key=lambda one: one.parcel_id, frame=made,
        author=author, message=message, source=source, expected=expected, moved=moved,
    )  # fmt: skip


def add_projects(
    workspace: Workspace,
    projects: "Sequence[Project]",
    *,
    facts: Facts,
    source: Source,
    author: str,
    message: str,
    expected_version: int | None = None,
) -> Added:
    """Put projects of the three batches (三个一批) on file. As `add_figures`."""
    from facts.projects import Project  # noqa: PLC0415 - as above

    _refuse(_record_faults(projects, facts, source))
    with together(workspace, author=author) as commits:
        expected = commits.expect(PROJECTS, expected_version)
        known = read_projects(workspace)
        add_sources(workspace, [source], author=author, message=message)
        return _add(
            workspace, PROJECTS, with_known_ids(projects, known, id_name="project_id"), known,
            key=lambda one: one.key,
            frame=lambda records: frame_of(Project, records), author=author, message=message,
            source=source.source_id, expected=expected,
        )  # fmt: skip


def read_parcels(
    workspace: Workspace, *, versions: Mapping[str, int] | None = None
) -> "tuple[StandardLandParcel, ...]":
    """All parcels of the office's, none where the collection is not there.

    Their outlines are read with `Workspace.read(PARCELS)`.

    Raises:
        StoreError: the collection is damaged.
    """
    from facts.parcels import StandardLandParcel  # noqa: PLC0415 - as above

    frame = _read(workspace, PARCELS, versions)
    return () if frame is None else records_of(StandardLandParcel, frame)


def read_projects(
    workspace: Workspace, *, versions: Mapping[str, int] | None = None
) -> "tuple[Project, ...]":
    """All projects of the office's. As `read_parcels`."""
    from facts.projects import Project  # noqa: PLC0415 - as above

    frame = _read(workspace, PROJECTS, versions)
    return () if frame is None else records_of(Project, frame)


def _read(
    workspace: Workspace, name: str, versions: Mapping[str, int] | None = None
) -> pd.DataFrame | None:
    """A collection's frame, None where there is none (among the versions)."""
    there = versions if versions is not None else workspace.versions()
    return workspace.read(name, version=there[name]) if name in there else None


def _known_facts(workspace: Workspace, collection: str) -> tuple[Any, ...]:
    frame = _read(workspace, collection)
    if frame is None:
        return ()
    facts = from_frames(to_frames(Facts()) | {_TABLES[collection]: frame})
    records: tuple[Any, ...] = getattr(facts, _TABLES[collection])
    return records


def _facts_frame(collection: str) -> Callable[[Sequence[Any]], pd.DataFrame]:
    def made(records: Sequence[Any]) -> pd.DataFrame:
        facts = Facts(**{_TABLES[collection]: tuple(records)})
        return to_frames(facts)[_TABLES[collection]]

    return made


def _add(
    workspace: Workspace,
    collection: str,
    records: Sequence[Record],
    known: Sequence[Record],
    *,
    key: Callable[[Record], Hashable],
    frame: Callable[[Sequence[Record]], pd.DataFrame],
    author: str,
    message: str,
    source: str,
    expected: int,
    moved: "Collection[Hashable]" = frozenset(),
) -> Added:
    """Commit records beside those known, in place of those with their ids.

    `moved` are ids whose record changed in what is not part of it (its outline).
    """
    kept = {key(record): record for record in known}
    added = replaced = unchanged = 0
    for record in records:
        before = kept.get(key(record))
        if before is None:
            added += 1
        elif before != record or key(record) in moved:
            replaced += 1
        else:
            unchanged += 1
        kept[key(record)] = record
    if not added and not replaced:
        return Added(collection, None, 0, 0, unchanged)
    version = workspace.write(
        collection, frame(list(kept.values())), author=author, message=message, source=source,
        expected_version=expected,
    )  # fmt: skip
    return Added(collection, version, added, replaced, unchanged)


def _foreign_ids(column: str, ids: Sequence[str]) -> list[str]:
    """Ids that could clash with the baseline's, or are there twice."""
    faults = [
        f"{column} {one!r}: 须以 {PREFIX} 开头 / must begin with {PREFIX}"
        for one in ids
        if not one.startswith(PREFIX)
    ]
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            faults.append(f"{column} {one!r}: 重复 / occurs twice")
        seen.add(one)
    return faults


def _record_faults(records: Sequence[Any], facts: Facts, source: Source) -> list[str]:
    """Faults of parcels or projects: their ids are their own, the places must be on file."""
    faults: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for one in records:
        record_id = one.key[0]
        if not record_id.strip() or one.key in seen:
            told = " · ".join(filter(None, one.key))
            faults.append(f"{told!r}: 编号为空或重复 / the id is empty or occurs twice")
        seen.add(one.key)
        if one.place_id and one.place_id not in facts.places_by_id:
            faults.append(f"{record_id}: 没有地点 / no place {one.place_id!r}")
        if one.source_id != source.source_id:
            faults.append(f"{record_id}: 来源不是 / its source is not {source.source_id!r}")
    return faults


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise BadFrameError(
            f"有 {len(faults)} 处错误，未写入 / {len(faults)} faults, nothing was written",
            faults=faults,
        )
