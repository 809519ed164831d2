"""The arguments of the terminal: one parser, whose faults are said in two languages."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

Command = Callable[[argparse.Namespace], tuple[dict[str, Any], list[str]]]


class InputError(ValueError):
    """An argument can't be used; the message names it."""

    def __init__(self, message: str, *, code: str = "bad_argument") -> None:
        super().__init__(message)
        self.code = code


# What argparse says, and what we say instead.
_USAGE: Mapping[str, str] = {
    r"the following arguments are required: COMMAND": "缺少命令，见 --help / a command is missing",
    r"the following arguments are required: (.+)": "缺少参数：{0} / missing arguments: {0}",
    r"argument COMMAND: invalid choice: '?(.*?)'? \(choose from (.+)\)": (
        "没有命令 {0}；可用：{1} / no command {0}; there are: {1}"
    ),
    r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.+)\)": (
        "{0} 不能是 {1}；可用：{2} / {0} cannot be {1}; there are: {2}"
    ),
    r"argument (\S+): invalid int value: '(.*)'": (
        "{0} 须为整数，不是 {1} / {0} must be a whole number, not {1}"
    ),
    r"argument (\S+): expected one argument": "{0} 后缺少值 / {0} needs a value",
    r"unrecognized arguments: (.+)": "不认识的参数：{0} / unknown arguments: {0}",
    r"(.+)": "参数有误：{0} / bad arguments: {0}",
}


# Names that tables are imported by, and the collections that they go into.
ALIASES: Mapping[str, str] = {
    "figures": "office-observations", "parcels": "standard-land-parcels",
}  # fmt: skip
_NAMED = "图层名，如 zones，也可用 figures、parcels、projects / collection"


class _Parser(argparse.ArgumentParser):
    """Raises its faults, in two languages, instead of printing a usage text and leaving."""

    def error(self, message: str) -> NoReturn:
        for pattern, said in _USAGE.items():
            found = re.fullmatch(pattern, message, flags=re.DOTALL)
            if found:
                groups = [group.replace("', '", ", ").strip("'") for group in found.groups()]
                raise InputError(said.format(*groups))
        raise InputError(message)


def _shared(*, defaults: bool) -> _Parser:
    """The options of all commands; they may stand before the command or after it."""

    def default(value: Any) -> Any:
        return value if defaults else argparse.SUPPRESS

    shared = _Parser(add_help=False)
    shared.add_argument(
        "--workspace", default=default(None), help="工作区文件夹 / folder of the workspace"
    )
    shared.add_argument(
        "--json", action="store_true", default=default(False), help="输出 JSON / answer in JSON"
    )
    shared.add_argument(
        "--lang", choices=("zh", "en"), default=default("zh"), help="语言 / language"
    )
    return shared


def _reading(command: argparse.ArgumentParser) -> None:
    """What can be said about reading a file; see docs/file-formats.md."""
    command.add_argument("file", help="文件 / file")
    command.add_argument("--crs", help="坐标系 EPSG:n / reference system")
    command.add_argument(
        "--shift", choices=("gcj02-to-wgs84", "bd09-to-wgs84", "none"),
        help="地图软件的偏移 / shift by a map program",
    )  # fmt: skip
    command.add_argument(
        "--parameters", help="七参数 dx,dy,dz,rx,ry,rz,m[,position_vector|coordinate_frame]"
    )
    command.add_argument(
        "--approximate", action="store_true", help="旧基准近似处理 / take an old datum as is"
    )
    command.add_argument("--layer", help="图层或工作表 / layer or sheet")
    command.add_argument("--member", help="压缩包里的文件 / file inside an archive")
    command.add_argument("--encoding", help="编码 / encoding")
    command.add_argument("--x-column", help="表：东坐标或经度的列 / column of easting or longitude")
    command.add_argument("--y-column", help="表：北坐标或纬度的列 / column of northing or latitude")
    command.add_argument("--wkt-column", help="表：WKT 图形的列 / column of outlines as WKT")


def _ids(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--id-column", metavar="COLUMN",
        help="编号列，none 为没有；不填则按常见列名找 / column of ids, none for none",
    )  # fmt: skip


def _importing(command: argparse.ArgumentParser) -> None:
    """What an import needs to know beside the file; see docs/interface.md."""
    _reading(command)
    command.add_argument(
        "--collection", required=True,
        help="图层名；zones、figures、parcels、projects 见文档 / name of the collection",
    )  # fmt: skip
    command.add_argument("--message", help="说明 / why, for the history")
    command.add_argument(
        "--repair", action="store_true", help="修复有错的图形 / repair outlines at fault"
    )
    command.add_argument(
        "--leave-out", metavar="N[,N…]", help="不导入这些编号的要素 / features to do without"
    )
    _ids(command)
    command.add_argument("--name-column", help="zones：名称所在的列 / column of the zones' names")
    command.add_argument(
        "--place",
        help="开发区编号：zones，或没有开发区一列的表 / id of the one zone or of a table's",
    )
    command.add_argument("--period", help="表中没写的时期，如 2023年上半年 / a table's period")
    command.add_argument(
        "--stage", help="表中没写的状态或批次，如 储备 / state or batch of a table"
    )
    command.add_argument(
        "--precision", choices=("surveyed", "digitised"), default="digitised",
        help="zones：实测或数字化 / how precise the outlines are",
    )  # fmt: skip
    command.add_argument("--source-title", help="来源标题 / title of the source")
    command.add_argument("--publisher", help="发布单位 / who published it")
    command.add_argument("--published-on", help="发布日期 / date, YYYY[-MM[-DD]]")


def parser_of(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser; `commands` are the functions that the commands' names stand for."""
    parser = _Parser(
        prog="cli.py", description="开发区一张图 / Zone Atlas", allow_abbrev=False,
        parents=[_shared(defaults=True)],
    )  # fmt: skip
    known = parser.add_subparsers(required=True, metavar="COMMAND")
    shared = _shared(defaults=False)

    def add(name: str, help_text: str) -> argparse.ArgumentParser:
        command = known.add_parser(name, parents=[shared], help=help_text, allow_abbrev=False)
        command.set_defaults(run=commands[name])
        return command

    checking = add("check", "核对数据与文件 / check figures and files")
    checking.add_argument("--all", action="store_true", help="含全部面积核对 / all area checks too")
    exporting = add("export", "导出图层或表 / write a layer or a table to a file")
    exporting.add_argument("name", help=_NAMED)
    exporting.add_argument("out", help="文件(.geojson .csv .gpkg .shp .zip .kml …) / file")
    exporting.add_argument("--bbox", help="W,S,E,N 经纬度 / degrees")
    exporting.add_argument("--version", type=int, help="版本 / version")
    listing = add("history", "图层的版本 / versions of a collection")
    listing.add_argument("name", help=_NAMED)
    going_back = add("rollback", "恢复到旧版本 / go back to an older version")
    going_back.add_argument("name", help=_NAMED)
    going_back.add_argument("version", type=int, help="旧版本 / older version")
    going_back.add_argument("--message", help="说明 / why, for the history")
    looking = add("inspect", "查看文件 / look into a file")
    _reading(looking)
    _ids(looking)
    looking.add_argument(
        "--full",
        action="store_true",
        help="含要素之间的重叠、缝隙与省界 / overlaps, gaps, province",
    )
    converting = add("convert", "转换格式与坐标系 / write in another format")
    _reading(converting)
    converting.add_argument("out", help="写出的文件 / file to write")
    converting.add_argument("--to", help="写成 EPSG:n / system to write in")
    converting.add_argument(
        "--out-encoding", choices=("utf-8", "gb18030"),
        help="Shapefile、界址点文本的编码 / encoding of Shapefile and survey text",
    )  # fmt: skip
    _importing(add("import", "导入 / bring a file into the workspace"))
    add("cleanup", "清理残留文件 / remove what interrupted writes left")
    overlaying = add("overlay", "按类别统计方案内的土地 / land by class in a proposal")
    overlaying.add_argument("proposal", metavar="PROPOSAL", help="方案编号或面文件 / key or file")
    overlaying.add_argument("layer", metavar="LAYER", help="图层名或 .parquet / collection")
    overlaying.add_argument("--by", required=True, metavar="COLUMN", help="类别列 / class column")
    overlaying.add_argument("--engine", choices=("local", "dask"), default="local")
    overlaying.add_argument("--scheduler", help="tcp://… Dask 集群 / of a running cluster")
    comparing = add("compare", "方案比选 / proposals side by side")
    comparing.add_argument("proposals", nargs="+", metavar="PROPOSAL", help="方案编号 / keys")
    comparing.add_argument("--weights", help="权重文件(.json .csv) / file of weights")
    comparing.add_argument(
        "--method",
        choices=("minmax", "zscore", "benchmark"),
        default="minmax",
        help="归一 / method",
    )
    comparing.add_argument("--report", help="报告(.pdf .xlsx .gpkg .html) / file of the report")
    return parser
