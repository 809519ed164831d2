"""Files of features inside a ZIP archive: one is chosen, unpacked aside, and opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Final

from geo.errors import FileRefusedError
from geo.files.archive import Member, Unpacked, members, unpack
from geo.files.archivenames import safe_name
from geo.files.featurefile import Batch, FeatureFile, ReadOptions
from geo.files.formats import BY_EXTENSION, FORMATS
from geo.files.sniff import sniff
from geo.limits import Limits

# A read-me or a list beside the data is not what was meant by packing them.
_WEAK: Final = frozenset({"txt", "csv"})
_NEVER: Final = frozenset({"xlsx", "xls"})
_SISTERS: Final = (".shx", ".dbf", ".prj", ".cpg")
_ROOT_KML: Final = "doc.kml"
_LISTED: Final = 50


def open_zip(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """Open the file in an archive that `options.member` names, or the only one there is.

    What is unpacked lies in a private folder for as long as the returned file is in use.

    Raises:
        FileRefusedError: code "choose_member" when there are several, "no_member" when there is
            none or not the one named; those of `geo.files.archive`.
        LimitError: the archive is too large.
    """
    listed = members(path, limits)
    candidates = readable(listed)
    chosen = _chosen(path, candidates, options.member)
    folder = Unpacked()
    try:
        target = _unpacked(path, chosen, listed, folder, limits)
        kind = sniff(target, limits)
        if kind == "zip":
            raise _none(path, f"{chosen.name} 又是压缩包", f"{chosen.name} is an archive again")
        module, function = FORMATS[kind].reader.split(":")
        file: FeatureFile = getattr(import_module(module), function)(target, options, limits)
    except BaseException:
        folder.close()
        raise

    def read() -> Iterator[Batch]:
        # The folder stays as long as this function or an iterator of it does.
        assert folder.path.is_dir()  # noqa: S101 - held by this closure
        yield from file.read()

    hints = file.hints
    if path.suffix.lower() == ".ovkmz":
        hints = replace(hints, may_be_shifted=True, producer="奥维")
    names = tuple(member.name for member in candidates)
    return replace(file, path=path, members=names, hints=hints, read=read)


def readable(listed: Sequence[Member]) -> tuple[Member, ...]:
    """The members that could be meant: spatial files first, texts and tables only without them."""
    known = [
        (member, BY_EXTENSION[member.suffix].key)
        for member in listed
        if member.suffix in BY_EXTENSION
    ]
    strong = [member for member, key in known if key not in _WEAK | _NEVER]
    root = [member for member in strong if member.name.lower() == _ROOT_KML]
    # In a KMZ other KML files are what the root document refers to.
    if root and all(member.suffix == ".kml" for member in strong):
        return tuple(root)
    return tuple(strong or [member for member, key in known if key in _WEAK])


def _chosen(path: Path, candidates: Sequence[Member], wanted: str) -> Member:
    names = [member.name for member in candidates]
    if wanted:
        found = [m for m in candidates if wanted in (m.name, PurePosixPath(m.name).name)]
        if len(found) == 1:
            return found[0]
        raise _none(path, f"没有 {wanted}", f"holds no {wanted}", names)
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise _none(path, "没有可读的数据文件", "holds no file that can be read")
    raise FileRefusedError(
        f"{path.name} 内有 {len(names)} 个数据文件，请选一个：{'、'.join(names[:_LISTED])} / "
        f"{path.name} holds {len(names)} files, choose one",
        code="choose_member", faults=names[:_LISTED],
    )  # fmt: skip


def _unpacked(
    path: Path, chosen: Member, listed: Sequence[Member], folder: Unpacked, limits: Limits
) -> Path:
    """The member, and the sisters of a Shapefile, under safe names in the folder."""
    name = safe_name(PurePosixPath(chosen.name).name)
    wanted = [(chosen, name)]
    if chosen.suffix == ".shp":
        stem, plain = chosen.name[: -len(chosen.suffix)], name[: -len(".shp")]
        by_name = {member.name.casefold(): member for member in listed}
        for suffix in _SISTERS:
            sister = by_name.get((stem + suffix).casefold())
            if sister is not None:
                wanted.append((sister, plain + suffix))
    return unpack(path, wanted, folder.path, limits)[0]


def _none(path: Path, zh: str, en: str, names: Sequence[str] = ()) -> FileRefusedError:
    there = f"；其中有：{'、'.join(names[:_LISTED])}" if names else ""
    return FileRefusedError(
        f"{path.name} {zh}{there} / {path.name} {en}", code="no_member", faults=names[:_LISTED]
    )
