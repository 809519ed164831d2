"""DXF drawings, read with ezdxf: closed outlines as polygons, curves flattened, blocks inserted.

The library gets only what a map needs (header, tables, blocks, entities), tag by tag, so that
limits stop a drawing before it is in memory; references to other files are never followed. A
drawing says nothing about its coordinate system.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from geo.errors import FileRefusedError
from geo.files.dxffeatures import COLUMNS, Drawn, drawn
from geo.files.dxfshapes import Shapes
from geo.files.dxftags import BINARY, Tags
from geo.files.dxftext import clean
from geo.files.encodings import codec_name, decode, decoded, read_bytes
from geo.files.featurefile import BATCH_ROWS, Batch, Encoding, FeatureFile, ReadOptions
from geo.limits import MB, Limits
from geo.problems import Level, Problem
from geo.reference import CrsHints

LARGEST: Final = 128 * MB  # a drawing is ten times its file in memory, and slow to read
_DWG: Final = re.compile(rb"AC10[0-9]{2}\x00|AC1\.[0-9]|AC2\.[0-9]")
_HEADER_BYTES: Final = 1 << 16
_UNITS: Final = {
    1: ("英寸", "inches"), 2: ("英尺", "feet"), 3: ("英里", "miles"), 4: ("毫米", "millimetres"),
    5: ("厘米", "centimetres"), 6: ("米", "metres"), 7: ("千米", "kilometres"),
    14: ("分米", "decimetres"),
}  # fmt: skip
_METRES: Final = (0, 6)
_UNREAD: Final = {
    "unsupported_entity": (
        "{n} 个 {what} 实体不是地图要素，未读入", "{n} entities of type {what} were not read",
    ),
    "bad_geometry": ("{n} 个 {what} 实体无法读取", "{n} entities of type {what} can't be read"),
    "missing_block": ("图块 {what} 没有定义（{n} 处引用）", "block {what} is not defined ({n}×)"),
    "external_reference": (
        "外部参照 {what} 未读入；需要时请先绑定到图形中", "external reference {what} was not read: "
        "bind it to the drawing if it is needed",
    ),
    "recursive_block": ("图块 {what} 引用了自身，已略去", "block {what} holds itself: left out"),
    "deep_blocks": ("图块 {what} 嵌套过深，已略去", "block {what} is nested too deeply: left out"),
}  # fmt: skip
_TOLD: Final = 100  # kinds of problems of one drawing that are told each by itself

# A stranger's drawing would otherwise fill the log, one line for each doubtful handle.
logging.getLogger("ezdxf").setLevel(logging.CRITICAL)


def open_dxf(path: Path, options: ReadOptions, limits: Limits) -> FeatureFile:
    """A drawing's model space; `options.layer` takes one of its layers, else all are read.

    Columns: layer, type, colour (#rrggbb), text, label (texts inside a polygon, on the smallest
    one around them), block, extended (texts of the extended data).

    Raises:
        FileRefusedError: codes "not_dxf", "dwg", "damaged", "truncated", "no_such_layer", or of
            the encoding.
        LimitError: too large, too many features or vertices, also by blocks in blocks.
    """
    data = read_bytes(path, replace(limits, text_bytes=min(limits.text_bytes, LARGEST)))
    document, encoding, problems = _load(path, data, options, limits)
    del data
    shapes = Shapes(document, limits, path.name)
    result = drawn(shapes.pieces(), only=options.layer, limits=limits)
    if options.layer and options.layer not in result.layers:
        raise FileRefusedError(
            f"{path.name} 没有图层 {options.layer}；有 {'、'.join(result.layers[:20])} / "
            f"{path.name} has no layer {options.layer}",
            code="no_such_layer",
        )
    unit = int(_number(document.header.get("$INSUNITS", 0)))
    found = (*problems, *_unit_told(unit), *_unread(shapes))
    version = str(document.header.get("$ACADVER", ""))
    return FeatureFile(
        path=path, format="dxf", encoding=encoding, columns=COLUMNS, hints=CrsHints(),
        read=lambda: _batches(result), feature_count=len(result.table), layers=result.layers,
        layer=options.layer, problems=found,
        extra={"version": clean(version), "units": _UNITS.get(unit, ("", ""))[1]},
    )  # fmt: skip


def _batches(result: Drawn) -> Iterator[Batch]:
    rows = len(result.table)
    for start in range(0, max(rows, 1), BATCH_ROWS):
        end = min(start + BATCH_ROWS, rows)
        problems = tuple(
            problem for problem in result.problems
            if (start == 0 and problem.feature is None)
            or (problem.feature is not None and start < problem.feature <= end)
        )  # fmt: skip
        yield Batch(result.table.slice(start, end - start), start + 1, problems=problems)


def _load(
    path: Path, data: bytes, options: ReadOptions, limits: Limits
) -> tuple[Any, Encoding, tuple[Problem, ...]]:
    """The library's document, the text's encoding, and what is odd about it."""
    from ezdxf.document import Drawing  # noqa: PLC0415 - half a second that only drawings need

    if _DWG.match(data):
        raise FileRefusedError(
            f"{path.name} 是 DWG 图形；请在 CAD 中另存为 DXF / {path.name} is a DWG drawing: "
            "save it as DXF",
            code="dwg",
        )
    problems: tuple[Problem, ...] = ()
    if data.startswith(BINARY):
        encoding = Encoding("utf-8", "format")
    else:
        encoding, problems = _encoding(path, data, options)
    tags = Tags(data, encoding.name, limits, path.name)
    try:
        document = Drawing.from_tags(tags)
    except FileRefusedError:
        raise
    except Exception as error:  # the library meets a stranger's file: whatever it trips over
        raise _damaged(path.name, tags, error) from error
    return document, encoding, problems


def _damaged(name: str, tags: Tags, error: Exception) -> FileRefusedError:
    if not tags.started:
        return FileRefusedError(f"{name} 不是 DXF 图形 / {name} is no DXF drawing", code="not_dxf")
    if not tags.ended:
        return tags.damaged(
            "处中断，没有结束标记 EOF，文件不完整", "the file is cut off, without its EOF",
            code="truncated",
        )  # fmt: skip
    told = " ".join(clean(str(error)).split())[:200] or type(error).__name__
    return tags.damaged(f"处或之前结构有误（{told}）", f"or before: {told}")


def _encoding(
    path: Path, data: bytes, options: ReadOptions
) -> tuple[Encoding, tuple[Problem, ...]]:
    """The encoding: what the user says, what the header says if it holds, else what is found."""
    if options.encoding:
        return decode(data, path.name, given=options.encoding)[1], ()
    said = _declared_codec(data[:_HEADER_BYTES])
    if not said or data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return decode(data, path.name)[1], ()
    text = decoded(data, said)
    # Latin code pages take any byte; programs write them into the header without looking.
    if text is not None and (said in {"utf-8", "gb18030"} or text.isascii()):
        return Encoding(said, "$DWGCODEPAGE" if said != "utf-8" else "format"), ()
    encoding = decode(data, path.name)[1]
    problem = Problem(
        "encoding_contradiction", "warning",
        f"文件头声明编码 {said}，内容却是 {encoding.name}；已按 {encoding.name} 读取",
        f"the header says {said}, the text is {encoding.name}: read as {encoding.name}",
    )  # fmt: skip
    return encoding, (problem,)


def _declared_codec(head: bytes) -> str:
    """The codec by the header: UTF-8 since AutoCAD 2007, a code page before; "" if not said."""
    version = re.search(rb"\$ACADVER\s+1\s+(AC[0-9]{4})", head)
    if version and version[1] >= b"AC1021":
        return "utf-8"
    page = re.search(rb"\$DWGCODEPAGE\s+3\s+([A-Za-z]{0,8}_?[0-9]{3,5}|[A-Za-z0-9]{2,12})", head)
    if not page:
        return ""
    name = page[1].decode("ascii")
    found = codec_name(name)
    return found or codec_name("cp" + re.sub(r"[^0-9]", "", name))


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) else 0


def _unit_told(unit: int) -> tuple[Problem, ...]:
    if unit in _METRES:
        return ()
    name_zh, name_en = _UNITS.get(unit, (f"代码 {unit}", f"code {unit}"))
    return (
        Problem(
            "drawing_units", "warning",
            f"文件头说图形单位是{name_zh}；坐标按原样读取。若确非米，请先在 CAD 中换算为米",
            f"the header says the drawing is in {name_en}; coordinates are read as they stand. "
            "If it really is, convert it to metres first",
        ),
    )  # fmt: skip


def _unread(shapes: Shapes) -> tuple[Problem, ...]:
    found = []
    for (code, what), count in shapes.told.most_common(_TOLD):
        zh, en = _UNREAD[code]
        level: Level = "error" if code == "bad_geometry" else "warning"
        found.append(
            Problem(
                code, level, zh.format(n=count, what=what[:80]), en.format(n=count, what=what[:80]),
                count=count,
            )
        )  # fmt: skip
    return tuple(found)
