"""ZIP archives from strangers: looked through before anything is unpacked, and while it is.

An archive's directory is a claim. What it says is checked first (sizes, ratio, names, kinds of
members), then every byte that comes out is counted, so that a lying size stops at the same limit.
"""

from __future__ import annotations

import errno
import re
import shutil
import stat
import struct
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from geo.errors import FileRefusedError, LimitError
from geo.files.archivenames import member_name
from geo.limits import MB, Limits

_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_LOCATOR: Final = b"PK\x06\x07"
_LOCATOR_SIZE: Final = 20
_ENTRY_BYTES: Final = 1_024  # of the directory per member, generously
_RATIO_FROM: Final = 16 * MB  # what unpacks to less does no harm, however well it was packed
_CHUNK: Final = 1 << 18
_NESTED: Final = frozenset({
    ".zip", ".kmz", ".ovkmz", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".cab", ".iso",
    ".jar", ".zst",
})  # fmt: skip
_MAGIC: Final = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"BZh")
_JUNK: Final = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.I)
_FAULTS: Final = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, OSError, EOFError,
    NotImplementedError, RuntimeError, ValueError, KeyError, IndexError, OverflowError,
)  # fmt: skip
# What the disk says when it can't take what is unpacked: no fault of the archive.
_NO_ROOM: Final = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE,
})  # fmt: skip
_WORKBOOKS: Final = frozenset({".xlsx", ".xlsm", ".xltx"})


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive. `name` is decoded, with "/" between folders; sizes are in bytes.

    `info` is the zip module's record.
    """

    name: str
    size: int
    packed: int
    info: zipfile.ZipInfo

    @property
    def suffix(self) -> str:
        """Its extension in small letters, with the dot."""
        return PurePosixPath(self.name).suffix.lower()


class Unpacked:
    """A private folder with what was unpacked; removed when this object is gone, or at exit."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="zone-atlas-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder now."""
        self._remove()


def check_zip(path: Path, limits: Limits) -> tuple[Member, ...]:
    """Look through a whole archive whose members another library will unpack (.xlsx, .docx …).

    Its directory is checked as for `members`, and all of it is unpacked once into nothing, so that
    no member is larger than it says. Archives inside are let be: nothing opens them.

    Raises:
        LimitError: too many members, or too large when unpacked.
        FileRefusedError: see `members`.
    """
    found = members(path, limits, nested=True)
    left = limits.unpacked_bytes
    try:
        with path.open("rb") as file:
            for member in found:
                left -= _pour(file, None, member, left, path)
    except FileRefusedError:
        raise
    except _FAULTS as error:
        raise _damaged(path) from error
    return found


def members(path: Path, limits: Limits, *, nested: bool = False) -> tuple[Member, ...]:
    """The files in an archive, without folders and the litter of macOS and Windows.

    Raises:
        LimitError: codes "too_many_members", "zip_bomb".
        FileRefusedError: codes "bad_zip" (damaged), "bad_member_name" (leads out of the folder),
            "symlink", "encrypted", "duplicate_member", "unknown_compression", and unless
            `nested`, "nested_archive".
    """
    _check_end(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except _FAULTS as error:
        raise _damaged(path) from error
    if len(infos) > limits.archive_members:
        raise _too_many(path, len(infos), limits)
    found: dict[str, Member] = {}
    for info in infos:
        name = member_name(info)
        _check_name(path, name)
        _check_kind(path, name, info)
        if name.endswith("/") or _JUNK.search(name):
            continue
        if name in found:
            raise _refused(
                path,
                f"压缩包内有两个 {name}；请重新压缩",
                f"holds {name} twice",
                "duplicate_member",
            )
        if not nested and PurePosixPath(name).suffix.lower() in _NESTED:
            raise _refused(
                path, f"压缩包里还有压缩包 {name}；请先解压", f"holds another archive, {name}: "
                "unpack it first", "nested_archive",
            )  # fmt: skip
        found[name] = Member(name, info.file_size, info.compress_size, info)
    _check_sizes(path, infos, limits)
    return tuple(found.values())


def unpack(
    path: Path, wanted: Iterable[tuple[Member, str]], folder: Path, limits: Limits
) -> tuple[Path, ...]:
    """Unpack some members into a folder, under the file names given; nothing else is written.

    Raises:
        LimitError: more bytes come out than the directory says or the limits allow.
        FileRefusedError: a member is damaged, or is an archive by its first bytes.
    """
    left = limits.unpacked_bytes
    made = []
    try:
        with path.open("rb") as file:
            for member, name in wanted:
                target = folder / name
                with target.open("xb") as out:
                    left -= _pour(file, out, member, left, path)
                with target.open("rb") as written:
                    if written.read(8).startswith(_MAGIC):
                        raise _refused(
                            path, f"压缩包里的 {member.name} 又是压缩包；请先解压",
                            f"{member.name} in it is an archive again: unpack it first",
                            "nested_archive",
                        )  # fmt: skip
                made.append(target)
    except FileRefusedError:
        raise
    except _FAULTS as error:
        raise no_room(path, error) or _damaged(path) from error
    return tuple(made)


def no_room(path: Path, error: Exception) -> FileRefusedError | None:
    """The error of a temporary folder that can't take a file; None where `error` is another."""
    if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
        return None
    return _refused(
        path, f"无法读取：本机的临时文件夹（{tempfile.gettempdir()}）写不下（{error.strerror}）；"
        "文件本身没有问题，请腾出空间再试",
        f"can't be taken in: the temporary folder {tempfile.gettempdir()} has no room for it "
        f"({error.strerror}); nothing is wrong with the file, make room and try again",
        "no_room",
    )  # fmt: skip


def _pour(file: IO[bytes], out: IO[bytes] | None, member: Member, left: int, path: Path) -> int:
    """Unpack one member to the end of its data, wherever that is; the bytes that came out."""
    count = checksum = 0
    for chunk in _chunks(file, member.info):
        count += len(chunk)
        if count > min(left, member.size):
            raise LimitError(
                f"{path.name} 中的 {member.name} 解压后比声明的大，像是压缩炸弹，已停止；"
                f"请重新压缩 / {member.name} in {path.name} unpacks to more than it says: "
                "stopped; pack it again",
                code="zip_bomb",
            )
        checksum = zlib.crc32(chunk, checksum)
        if out is not None:
            out.write(chunk)
    if count != member.size or checksum != member.info.CRC:
        raise _damaged(path)
    return count


def _chunks(file: IO[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The data of a member, unpacked piece by piece.

    The zip module stops at the size that the directory says, other libraries do not: what they
    would get is looked at here.
    """
    file.seek(info.header_offset)
    head = file.read(30)
    if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile("no local header")
    file.seek(sum(struct.unpack_from("<2H", head, 26)), 1)
    left = info.compress_size
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    while left:
        packed = file.read(min(_CHUNK, left))
        if not packed:
            raise EOFError
        left -= len(packed)
        if info.compress_type == zipfile.ZIP_STORED:
            yield packed
            continue
        while packed and not engine.eof:
            yield engine.decompress(packed, _CHUNK)
            packed = engine.unconsumed_tail
    if info.compress_type != zipfile.ZIP_STORED and not engine.eof:
        raise EOFError


def _check_end(path: Path, limits: Limits) -> None:
    """Count the members by the record at the end, before the directory is read into memory."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _END_SIZE - 0xFFFF))
            tail = file.read()
    except OSError as error:
        raise _damaged(path) from error
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise _damaged(path)
    count, directory = struct.unpack_from("<HL", tail, at + 10)
    if at >= _LOCATOR_SIZE and tail[at - _LOCATOR_SIZE :].startswith(_LOCATOR):
        count, directory = _zip64(path, tail[at - _LOCATOR_SIZE :])
    if count > limits.archive_members or directory > limits.archive_members * _ENTRY_BYTES:
        raise _too_many(path, count, limits)


def _zip64(path: Path, locator: bytes) -> tuple[int, int]:
    """Number of members and bytes of the directory by the ZIP64 record."""
    (at,) = struct.unpack_from("<Q", locator, 8)
    try:
        with path.open("rb") as file:
            file.seek(at)
            record = file.read(56)
    except (OSError, ValueError, OverflowError) as error:
        raise _damaged(path) from error
    if len(record) < 56 or not record.startswith(b"PK\x06\x06"):
        raise _damaged(path)
    count, directory = struct.unpack_from("<QQ", record, 32)
    return count, directory


def _check_name(path: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    leads_out = name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name)
    if leads_out or not parts or any(c < " " or c == "\x7f" for c in name) or len(name) > 1_000:
        raise _refused(
            path, f"压缩包内的文件名 {name[:80]!r} 不安全（指向文件夹之外，或含控制字符）",
            f"holds an unsafe name, {name[:80]!r}", "bad_member_name",
        )  # fmt: skip


def _check_kind(path: Path, name: str, info: zipfile.ZipInfo) -> None:
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(
            path, f"压缩包内的 {name} 是链接或设备，不是文件", f"holds a link or device, {name}",
            "symlink",
        )  # fmt: skip
    if info.flag_bits & 0x1 or info.flag_bits & 0x40:
        raise _refused(
            path, "压缩包有密码；请去掉密码再上传", "is encrypted: remove the password", "encrypted"
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(
            path, f"压缩方式 {info.compress_type} 不支持；请用普通 ZIP 重新压缩",
            f"is packed by method {info.compress_type}: pack it again as plain ZIP",
            "unknown_compression",
        )  # fmt: skip


def _check_sizes(path: Path, infos: Iterable[zipfile.ZipInfo], limits: Limits) -> None:
    total, reach = 0, -1
    for info in sorted(infos, key=lambda one: one.header_offset):
        total += info.file_size
        if info.header_offset < reach:
            raise _bomb(path, "成员互相重叠；请重新压缩", "its members overlap; pack it again")
        reach = info.header_offset + 30 + info.compress_size
    if total > limits.unpacked_bytes:
        raise _bomb(
            path, f"解压后 {total / MB:.0f} MB，上限 {limits.unpacked_bytes / MB:g} MB；"
            "请解压后只放入要导入的文件",
            f"it unpacks to {total / MB:.0f} MB, the limit is {limits.unpacked_bytes / MB:g} MB; "
            "unpack it and drop only the files to be imported",
            limit="unpacked_bytes",
        )  # fmt: skip
    packed = max(1, path.stat().st_size)
    if total > _RATIO_FROM and total > packed * limits.unpacked_ratio:
        raise _bomb(
            path, f"解压后大 {total / packed:.0f} 倍，上限 {limits.unpacked_ratio} 倍"
            "（安全上限，不能调高）；若确是您的文件，请解压后直接放入，"
            "此时只受 ZONE_ATLAS_MAX_FILE_MB 和 ZONE_ATLAS_MAX_TEXT_MB 限制",
            f"it unpacks to {total / packed:.0f} times its size, the limit is "
            f"{limits.unpacked_ratio} (for safety, not to be raised); if it is your own file, "
            "unpack it and drop what is in it, which only ZONE_ATLAS_MAX_FILE_MB and "
            "ZONE_ATLAS_MAX_TEXT_MB limit",
        )  # fmt: skip


def _bomb(path: Path, why_zh: str, why_en: str, *, limit: str = "") -> LimitError:
    return LimitError(
        f"{path.name} 像是压缩炸弹：{why_zh} / {path.name} looks like a zip bomb: {why_en}",
        code="zip_bomb", limit=limit,
    )  # fmt: skip


def _too_many(path: Path, count: int, limits: Limits) -> LimitError:
    return LimitError(
        f"{path.name} 内文件过多（{count} 个，上限 {limits.archive_members} 个）；"
        f"请只压缩要导入的文件 / "
        f"{path.name} holds too many files ({count}, the limit is {limits.archive_members}): pack "
        "only those to be imported",
        code="too_many_members",
    )


def _refused(path: Path, why_zh: str, why_en: str, code: str) -> FileRefusedError:
    return FileRefusedError(f"{path.name}：{why_zh} / {path.name} {why_en}", code=code)


def _damaged(path: Path) -> FileRefusedError:
    if path.suffix.lower() in _WORKBOOKS:
        return _refused(
            path, "工作簿已损坏或不完整；请重新保存或重新获取",
            "is a damaged or incomplete workbook", "bad_zip",
        )  # fmt: skip
    return _refused(
        path, "压缩包已损坏或不完整；请重新压缩", "is a damaged or incomplete archive", "bad_zip"
    )
