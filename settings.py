"""One table of settings: what can be set, its default, its unit and its environment variable.

Read at the entries only (`app.py`, `cli.py`, `ui/main.py`); values are passed down as arguments.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, checked."""

    workspace: Path
    port: int
    host: str
    basemap_url: str
    basemap_attribution: str
    language: str
    data: Path = ROOT / "data"
    web: Path = ROOT / "web" / "node_modules"


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
    if faults:
        raise SettingsError("设置有误 / settings at fault: " + "; ".join(faults))
    return Settings(
        workspace=(ROOT / raw["workspace"]).resolve(),
        port=port,
        host=raw["host"],
        basemap_url=url,
        basemap_attribution=raw["basemap_attribution"],
        language=raw["language"],
    )


def _has_tile_numbers(url: str) -> bool:
    return all(number in url for number in ("{z}", "{x}", "{y}"))
