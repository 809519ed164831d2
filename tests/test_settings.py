"""Settings: defaults, the environment, and every fault at once by its variable's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.limits import Limits
from settings import ROOT, TABLE, SettingsError, load_settings

TILES = "https://tiles.example/{z}/{x}/{y}.png"


def test_defaults_are_those_of_the_table() -> None:
    found = load_settings({})
    defaults = {setting.name: setting.default for setting in TABLE}
    assert found.workspace == ROOT / defaults["workspace"]
    assert str(found.port) == defaults["port"]
    assert (found.host, found.language) == (defaults["host"], defaults["language"])
    assert found.basemap_url == ""


def test_the_environment_is_read_and_the_command_line_wins(tmp_path: Path) -> None:
    environ = {"ZONE_ATLAS_WORKSPACE": "elsewhere", "ZONE_ATLAS_PORT": "9000"}
    assert load_settings(environ).workspace == ROOT / "elsewhere"
    assert load_settings(environ).port == 9000
    assert load_settings(environ, workspace=str(tmp_path)).workspace == tmp_path


@pytest.mark.parametrize(
    "url",
    [TILES, "/tiles/{z}/{y}/{x}", "http://t{s}.example/?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"],
)
def test_addresses_of_tiles(url: str) -> None:
    assert load_settings({"ZONE_ATLAS_BASEMAP_URL": url}).basemap_url == url


@pytest.mark.parametrize(
    "url",
    [*(TILES.replace(number, "1") for number in ("{z}", "{x}", "{y}")), "tiles/{z}/{x}/{y}",
     "ftp://tiles.example/{z}/{x}/{y}"],
)  # fmt: skip
def test_an_address_that_no_tile_can_be_asked_from_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="ZONE_ATLAS_BASEMAP_URL"):
        load_settings({"ZONE_ATLAS_BASEMAP_URL": url})


def test_all_faults_are_named_at_once_on_one_line() -> None:
    environ = {
        "ZONE_ATLAS_PORT": "70000", "ZONE_ATLAS_LANGUAGE": "fr", "ZONE_ATLAS_BASEMAP_URL": "x",
    }  # fmt: skip
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    assert all(name in str(refused.value) for name in environ)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("port", ["0", "-1", "80.5", "port", "65536"])
def test_a_port_is_a_whole_number_that_there_is(port: str) -> None:
    with pytest.raises(SettingsError, match="ZONE_ATLAS_PORT"):
        load_settings({"ZONE_ATLAS_PORT": port})


def test_limits_of_files_come_from_the_environment_and_must_be_positive() -> None:
    found = load_settings({"ZONE_ATLAS_MAX_FILE_MB": "2", "ZONE_ATLAS_MAX_RING_VERTICES": "1000"})
    assert (found.limits.file_bytes, found.limits.ring_vertices) == (2 << 20, 1000)
    assert load_settings({}).limits == Limits()
    with pytest.raises(SettingsError, match=r"ZONE_ATLAS_MAX_FEATURES.*ZONE_ATLAS_IMPORT_SECONDS"):
        load_settings({"ZONE_ATLAS_MAX_FEATURES": "0", "ZONE_ATLAS_IMPORT_SECONDS": "-5"})
