"""A stranger's file opened: what it is by its content, and the reader for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Final, TypeAlias

from geo.errors import FileRefusedError, GeoError, LimitError
from geo.files.archive import no_room
from geo.files.featurefile import Batch, FeatureFile, ReadOptions
from geo.files.formats import BY_EXTENSION, FORMATS
from geo.files.sniff import sniff
from geo.limits import MB, Limits
from geo.problems import Problem

Reader: TypeAlias = Callable[[Path, ReadOptions, Limits], FeatureFile]

_SISTERS: Final = frozenset({".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj"})


def open_file(
    path: Path,
    options: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> FeatureFile:
    """Open a file of features of any format that is read; its content decides, not its name.

    Args:
        path: the file.
        options: answers to what the file leaves open about reading it.
        limits: above which it is refused.

    Raises:
        FileRefusedError: not a file that can be read; code "choose_member" or "choose_layer" when
            the user has to say which one, with their names as faults.
        LimitError: larger than the limits.
    """
    _check(path, limits)
    kind = sniff(path, limits)
    module, function = (
        "geo.files.zipped:open_zip" if kind == "zip" else FORMATS[kind].reader
    ).split(":")
    try:
        reader: Reader = getattr(import_module(module), function)
        return _guarded(_told(reader(path, options, limits), path), path)
    except GeoError:
        raise
    except Exception as error:
        raise _plain_error(error, path) from error


def _guarded(file: FeatureFile, path: Path) -> FeatureFile:
    """The same file; whatever goes wrong while it is read is one of our errors."""
    read = file.read

    def guarded() -> Iterator[Batch]:
        try:
            yield from read()
        except GeoError:
            raise
        except Exception as error:
            raise _plain_error(error, path) from error

    return replace(file, read=guarded)


def _plain_error(error: Exception, path: Path) -> FileRefusedError:
    """An error of a library that no reader foresaw, as one of ours."""
    if isinstance(error, MemoryError):
        return LimitError(
            f"{path.name} 需要的内存超过本机允许的；请拆分 / {path.name} needs more memory than "
            "this installation allows: split it",
            code="out_of_memory",
        )
    if (full := no_room(path, error)) is not None:
        return full
    why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return FileRefusedError(
        f"{path.name} 无法读取，可能已损坏（{why}） / {path.name} can't be read, it may be damaged",
        code="reader_fault",
    )


def _check(path: Path, limits: Limits) -> None:
    if not path.is_file():
        zh, en = "不存在", "does not exist"
        if path.is_dir():
            zh, en = "是文件夹，请压缩成 ZIP", "is a folder: pack it as ZIP"
        elif path.exists():
            zh, en = "不是普通文件，是设备或管道", "is a device or a pipe, no file"
        raise FileRefusedError(f"{path.name} {zh} / {path.name} {en}", code="no_file")
    size = path.stat().st_size
    if not size:  # also of what the system only shows as a file, and may never end
        raise FileRefusedError(f"{path.name} 是空文件 / {path.name} is empty", code="empty_file")
    if size > limits.file_bytes:
        raise LimitError(
            f"{path.name} 有 {size / MB:.0f} MB，上限 {limits.file_bytes / MB:g} MB / {path.name} "
            f"has {size / MB:.0f} MB, the limit is {limits.file_bytes / MB:g} MB",
            limit="file_bytes",
        )
    if path.suffix.lower() in _SISTERS:
        raise FileRefusedError(
            f"{path.name} 只是 Shapefile 的一部分；请选 .shp，或把同名文件一起压缩成 ZIP / "
            f"{path.name} is only a part of a Shapefile: choose the .shp, or pack all as ZIP",
            code="part_of_shapefile",
        )


def _told(file: FeatureFile, path: Path) -> FeatureFile:
    """The same file, with a warning where its name says another format."""
    extension = path.suffix.lower()
    said = BY_EXTENSION.get(extension)
    if said is None or said.key == file.format or extension == ".zip" or file.members:
        return file
    if said.is_text and FORMATS[file.format].is_text and {said.key, file.format} == {"csv", "txt"}:
        return file
    found = FORMATS[file.format]
    problem = Problem(
        "extension_mismatch", "warning",
        f"扩展名是 {extension}，内容是 {found.name_zh}；按内容读取",
        f"the extension is {extension}, the content is {found.name_en}; read by its content",
    )  # fmt: skip
    return replace(file, problems=(problem, *file.problems))
