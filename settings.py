"""One table of settings: what can be set, its default, its unit and its environment variable.

Read at the entries only (`app.py`, `cli.py`, `ui/main.py`); values are passed down as arguments.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from geo.limits import MB, Limits

ROOT = Path(__file__).resolve().parent


class SettingsError(ValueError):
    """A setting has a value that can't be used; the message names the variable and the remedy."""

    code = "bad_setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the settings table."""

    name: str
    default: str
    unit: str
    env: str
    help_zh: str
    help_en: str


TABLE: tuple[Setting, ...] = (
    Setting(
        "workspace", "var", "folder", "ZONE_ATLAS_WORKSPACE",
        "工作区所在文件夹;相对路径从程序文件夹算起",
        "Folder of the workspace; a relative path starts at the program's folder",
    ),
    Setting(
        "port", "8501", "TCP port", "ZONE_ATLAS_PORT",
        "网页与下载的端口", "Port of the page and of the downloads",
    ),
    Setting(
        "host", "127.0.0.1", "IP address", "ZONE_ATLAS_HOST",
        "监听地址;内网共用时设为 0.0.0.0 或本机内网地址",
        "Address to listen on; 0.0.0.0 or the intranet address to share it in an office",
    ),
    Setting(
        "basemap_url", "", "URL with {z} {x} {y}", "ZONE_ATLAS_BASEMAP_URL",
        "底图瓦片地址(内网 XYZ/WMTS 或天地图);空 = 不用底图",
        "Address of basemap tiles (intranet XYZ/WMTS or 天地图); empty = no basemap",
    ),
    Setting(
        "basemap_attribution", "", "text", "ZONE_ATLAS_BASEMAP_ATTRIBUTION",
        "底图的版权说明", "Attribution of the basemap",
    ),
    Setting(
        "language", "zh", "zh|en", "ZONE_ATLAS_LANGUAGE",
        "首次打开时的界面语言", "Language of the interface at the first visit",
    ),
    Setting(
        "max_file_mb", "1024", "MB", "ZONE_ATLAS_MAX_FILE_MB",
        "导入文件的最大字节数", "Largest file that is taken in",
    ),
    Setting(
        "max_text_mb", "256", "MB", "ZONE_ATLAS_MAX_TEXT_MB",
        "文本类文件(GeoJSON、KML、DXF、CSV、TXT)的最大字节数",
        "Largest text file (GeoJSON, KML, DXF, CSV, TXT)",
    ),
    Setting(
        "max_unpacked_mb", "4096", "MB", "ZONE_ATLAS_MAX_UNPACKED_MB",
        "压缩包解开后的最大总字节数", "Largest content of an archive, unpacked",
    ),
    Setting(
        "max_features", "5000000", "features", "ZONE_ATLAS_MAX_FEATURES",
        "一个文件的最多要素数", "Most features of a file",
    ),
    Setting(
        "max_vertices", "100000000", "vertices", "ZONE_ATLAS_MAX_VERTICES",
        "一个文件的最多顶点数", "Most vertices of a file",
    ),
    Setting(
        "max_ring_vertices", "2000000", "vertices", "ZONE_ATLAS_MAX_RING_VERTICES",
        "一个环的最多顶点数", "Most vertices of one ring",
    ),
    Setting(
        "import_seconds", "300", "s", "ZONE_ATLAS_IMPORT_SECONDS",
        "网页上读取一个文件的最长时间", "Longest time for reading an uploaded file",
    ),
    Setting(
        "import_memory_mb", "6144", "MB", "ZONE_ATLAS_IMPORT_MEMORY_MB",
        "网页上读取一个文件的最大内存", "Most memory for reading an uploaded file",
    ),
)  # fmt: skip
_AMOUNTS = tuple(s.name for s in TABLE if s.name.startswith(("max_", "import_")))


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, checked."""

    workspace: Path
    port: int
    host: str
    basemap_url: str
    basemap_attribution: str
    language: str
    limits: Limits = field(default_factory=Limits)
    data: Path = ROOT / "data"
    web: Path = ROOT / "web" / "node_modules"

    def server_options(self) -> dict[str, str | int]:
        """What the page's server is started with, by Streamlit's names."""
        return {
            "server.port": self.port,
            "server.address": self.host,
            "server.maxUploadSize": self.limits.file_bytes // MB,
        }


def load_settings(
    environ: Mapping[str, str] | None = None, *, workspace: str | None = None
) -> Settings:
    """Settings from the environment; `workspace` (from a command line) wins over it.

    Raises:
        SettingsError: every value that can't be used, at once, with its variable's name.
    """
    environ = os.environ if environ is None else environ
    raw = {s.name: environ.get(s.env) or s.default for s in TABLE}
    if workspace:
        raw["workspace"] = workspace
    faults: list[str] = []
    port = int(raw["port"]) if raw["port"].isdecimal() else 0
    if not 1 <= port <= 65535:
        faults.append(f"ZONE_ATLAS_PORT={raw['port']!r}: 1–65535")
    if raw["language"] not in {"zh", "en"}:
        faults.append(f"ZONE_ATLAS_LANGUAGE={raw['language']!r}: zh | en")
    url = raw["basemap_url"]
    if url and not (url.startswith(("http://", "https://", "/")) and _has_tile_numbers(url)):
        faults.append(f"ZONE_ATLAS_BASEMAP_URL={url!r}: http(s)://…/{{z}}/{{x}}/{{y}}…")
    amounts = {name: int(raw[name]) if raw[name].isdecimal() else 0 for name in _AMOUNTS}
    faults += [
        f"{setting.env}={raw[setting.name]!r}: 正整数 / a positive whole number ({setting.unit})"
        for setting in TABLE
        if amounts.get(setting.name) == 0
    ]
    if faults:
        raise SettingsError("设置有误 / settings at fault: " + "; ".join(faults))
    return Settings(
        workspace=(ROOT / raw["workspace"]).resolve(),
        port=port,
        host=raw["host"],
        basemap_url=url,
        basemap_attribution=raw["basemap_attribution"],
        language=raw["language"],
        limits=Limits(
            file_bytes=amounts["max_file_mb"] * MB,
            text_bytes=amounts["max_text_mb"] * MB,
            unpacked_bytes=amounts["max_unpacked_mb"] * MB,
            features=amounts["max_features"],
            vertices=amounts["max_vertices"],
            ring_vertices=amounts["max_ring_vertices"],
            seconds=amounts["import_seconds"],
            memory_bytes=amounts["import_memory_mb"] * MB,
        ),
    )


def _has_tile_numbers(url: str) -> bool:
    return all(number in url for number in ("{z}", "{x}", "{y}"))
