"""The documentation says all that is there, and nothing that is not."""

from __future__ import annotations

import argparse
import re
import tomllib
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest

import cli
from api.files import front_end_files
from api.routes import build_routes
from facts import columns, model
from facts.model import Facts
from facts.parcels import StandardLandParcel
from facts.projects import Project
from facts.tables import to_frames
from geo.areas import AREA_METHOD_ZH
from geo.boundaries import AREA_BASES, BOUNDARY_COLUMNS, LEVELS, PRECISIONS
from geo.faults import KINDS as FAULTS
from geo.files import FORMATS
from layers.classify import SCHEMES
from layers.downloads import LAYERS, TABLES, formats_of
from layers.export import BOUNDARY_COLUMNS as OUTLINE_EXPORT
from layers.export import EXPORT_FORMATS, FIGURE_COLUMNS, column_names
from layers.join import KINDS, SCOPES
from layers.join import LEVELS as MAP_LEVELS
from layers.palette import DIVERGING, SEQUENTIAL
from layers.view import KEYS, SYMBOLS
from settings import TABLE
from store import baseline, standard_land
from store.proposalfiles import PROPOSAL_COLUMNS, RULE_COLUMNS

ADDRESSES = "HTTP 地址 / HTTP addresses"  # a heading of docs/interface.md
TAKEN = (*LAYERS, *TABLES)
ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted(
    [README, ROOT / "CHANGELOG.md", *DOCS.glob("*.md"), *(ROOT / "data").glob("*/README.md")]
)
CSV_FILES = {
    "sources.csv": columns.SOURCE_COLUMNS,
    "places.csv": columns.PLACE_COLUMNS,
    "declared_areas.csv": columns.AREA_COLUMNS,
    "themes.csv": columns.THEME_COLUMNS,
    "indicators.csv": columns.INDICATOR_COLUMNS,
    "observations_documents.csv": columns.OBSERVATION_COLUMNS,
    "observations_external.csv": columns.OBSERVATION_COLUMNS,
    "observations_more.csv": columns.OBSERVATION_COLUMNS,
    "events.csv": columns.EVENT_COLUMNS,
    "extents.csv": columns.EXTENT_COLUMNS,
    "rejected_sources.csv": columns.REJECTED_COLUMNS,
    "checks.csv": columns.CHECK_COLUMNS,
    "proposals.csv": (
        *(c for c in PROPOSAL_COLUMNS if c != "role"), "base_place_id", "in_place_id",
    ),
    "ledger_rules.csv": (*RULE_COLUMNS[2:], "note"),
}  # fmt: skip
VOCABULARIES = {
    "层级 level": get_args(model.Level),
    "数据性质 kind": get_args(model.Kind),
    "精确程度 qualifier": get_args(model.Qualifier),
    "数据质量 quality": get_args(model.Quality),
    "计算口径 basis": get_args(model.Basis),
    "统计口径 scope": (
        *get_args(model.Scope),
        *(scope for scopes in SCOPES.values() for scope in scopes),
    ),
    "来源类型 kind of source": get_args(model.SourceKind),
    "核实情况 verification": get_args(model.Verification),
    "所在地的依据 host_basis": get_args(model.HostBasis),
    "优劣方向与汇总方式 polarity, aggregation": (
        *get_args(model.Polarity),
        *get_args(model.Aggregation),
    ),
    "边界精度 precision": PRECISIONS,
    "面积依据 area_basis": AREA_BASES,
    "标准地状态 state": tuple(standard_land.STATES),
    "核对 checks": (*get_args(model.CheckKind), *get_args(model.Verdict)),
}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def code_spans(markdown: str) -> set[str]:
    """What stands between backticks on one line, fenced blocks left out."""
    return set(re.findall(r"`([^`\n]+)`", without_fences(markdown)))


def without_fences(markdown: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", markdown, flags=re.DOTALL | re.MULTILINE)


def headings(markdown: str) -> list[tuple[str, str]]:
    """Each heading with the text below it, up to the next one of any level."""
    parts = re.split(r"^#{1,6} (.+)$", without_fences(markdown), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def section(markdown: str, title: str) -> str:
    found = [body for heading, body in headings(markdown) if heading == title]
    assert len(found) == 1, f"{len(found)} headings {title!r}"
    return found[0]


def anchor(heading: str) -> str:
    """A heading's anchor as GitHub makes it."""
    kept = "".join(c for c in heading.lower() if c in " -_" or unicodedata.category(c)[0] in "LNM")
    return kept.replace(" ", "-")


def missing(wanted: Iterable[str], text: str) -> list[str]:
    spans = code_spans(text)
    return [name for name in dict.fromkeys(wanted) if name and name not in spans]


# --- settings, targets, addresses, commands ------------------------------------------------------


def test_every_setting_is_documented_with_its_default() -> None:
    rows = [line for line in read(DOCS / "deployment.md").splitlines() if line.startswith("| `")]
    for setting in TABLE:
        row = next((r for r in rows if r.startswith(f"| `{setting.env}` |")), None)
        assert row, f"docs/deployment.md has no row for {setting.env}"
        default = row.split("|")[2]
        assert f"`{setting.default}`" in default if setting.default else "empty" in default, row


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = {name for page in PAGES for name in re.findall(r"ZONE_ATLAS_[A-Z_]+", read(page))}
    assert named <= {setting.env for setting in TABLE}


def make_targets() -> set[str]:
    phony = re.search(r"^\.PHONY:(.+)$", read(ROOT / "Makefile"), flags=re.MULTILINE)
    assert phony
    rules = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), flags=re.MULTILINE))
    assert set(phony[1].split()) <= rules
    return rules


def test_every_make_target_is_documented_and_exists() -> None:
    table = code_spans(read(DOCS / "deployment.md"))
    assert {f"make {target}" for target in make_targets()} <= table
    for page in PAGES:
        named = set(re.findall(r"(?:`|^ *|[0-9] )make ([a-z-]+)", read(page), flags=re.MULTILINE))
        assert named <= make_targets(), page


def test_the_readme_begins_with_the_two_commands_and_is_short() -> None:
    lines = read(README).splitlines()
    assert len(lines) <= 90
    first = next(i for i, line in enumerate(lines) if line.startswith("```bash"))
    assert [line.split("#")[0].strip() for line in lines[first + 1 : first + 3]] == [
        "make run",
        "make test",
    ]


@pytest.fixture
def route_paths(tmp_path: Path) -> list[str]:
    routes = build_routes(workspace_dir=tmp_path / "var", data_dir=tmp_path)
    files = front_end_files(streamlit=tmp_path, packages=tmp_path, frame=tmp_path)
    folders = [f.rstrip("/") for f in files.kwargs["folders"] if f.startswith("/assets/")]
    served = [route.path for route in routes]  # type: ignore[attr-defined]
    return [*folders, *(path for path in served if "{path:path}" not in path)]


def test_every_address_is_documented(route_paths: list[str]) -> None:
    assert len(route_paths) >= 7
    assert missing(route_paths, section(read(DOCS / "interface.md"), ADDRESSES)) == []


def test_no_address_is_documented_that_does_not_exist(route_paths: list[str]) -> None:
    text = section(read(DOCS / "interface.md"), ADDRESSES)
    rows = re.findall(r"^\| `([^`]+)`", text, flags=re.MULTILINE)
    assert set(rows) == {*route_paths, "/download/map.{extension}", "/_stcore/health"}


def test_every_page_is_documented() -> None:
    names = [path.stem.removesuffix("_page") for path in (ROOT / "ui").glob("*_page.py")]
    wanted = {"/" if name == "map" else f"/{name}" for name in names}
    rows = re.findall(
        r"^\| `(/[^`]*)`", section(read(DOCS / "interface.md"), "网页 / Pages"), flags=re.MULTILINE
    )
    assert set(rows) == wanted


def test_every_key_of_the_maps_address_is_documented() -> None:
    text = section(read(DOCS / "interface.md"), "地图网址的参数 / Keys of the map's address")
    rows = re.findall(r"^\| (`[^|]+`) \|", text, flags=re.MULTILINE)
    named = [key for row in rows for key in re.findall(r"`([^`]+)`", row)]
    assert sorted(named) == sorted([*KEYS, "c", "z"])
    values = (*MAP_LEVELS, *KINDS, *SCOPES["city"], *SCHEMES, *SEQUENTIAL, *DIVERGING, *SYMBOLS)
    assert missing(values, text) == []


def commands() -> dict[str, argparse.ArgumentParser]:
    actions = cli._parser()._actions
    choices = next(a.choices for a in actions if isinstance(a, argparse._SubParsersAction))
    return dict(choices)


def test_every_command_and_option_is_documented() -> None:
    text = section(read(DOCS / "interface.md"), "终端 / Terminal")
    rows = re.findall(r"^\| `([a-z]+)[^`]*` \|", text, flags=re.MULTILINE)
    assert sorted(rows) == sorted(commands())
    for name, parser in commands().items():
        options = {o for a in parser._actions for o in a.option_strings if o.startswith("--")}
        unnamed = {o for o in options - {"--help"} if not re.search(rf"`{o}[ `]", text)}
        assert unnamed == set(), name
        places = {a.dest.upper() for a in parser._actions if not a.option_strings}
        assert all(re.search(rf"`{name} [^`]*{place}", text) for place in places), name


def test_no_command_is_documented_that_does_not_exist() -> None:
    for page in PAGES:
        assert set(re.findall(r"cli\.py ([a-z]+)", read(page))) <= set(commands()), page


# --- tables and columns --------------------------------------------------------------------------

DICTIONARY = read(DOCS / "data-dictionary.md")


def test_every_facts_file_is_in_the_dictionary() -> None:
    files = {path.name for path in (ROOT / "data" / "facts").glob("*.csv")}
    assert files == set(CSV_FILES)


@pytest.mark.parametrize("name", CSV_FILES)
def test_every_column_of_a_facts_file_is_documented_under_its_name(name: str) -> None:
    bodies = [body for heading, body in headings(DICTIONARY) if name in heading.split(", ")]
    assert len(bodies) == 1, f"no section {name} in docs/data-dictionary.md"
    assert missing(CSV_FILES[name], bodies[0]) == []


def test_every_collection_is_documented() -> None:
    text = section(DICTIONARY, "3 工作区的数据集 / Collections of the workspace")
    rows = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    stored = {*baseline.GEO_COLLECTIONS, *baseline.TABLES, *baseline.PLANS}
    assert set(TAKEN) <= stored
    office = section(DICTIONARY, "本单位导入的数据 / What an office brings in")
    rows += "\n".join(line.split("|")[1] for line in office.splitlines() if line.startswith("| `"))
    assert {*stored, *baseline.OFFICE} <= code_spans(rows)
    downloads = section(read(DOCS / "interface.md"), ADDRESSES)
    assert missing((*TAKEN, *EXPORT_FORMATS), downloads) == []


def test_every_column_of_parcels_and_projects_is_documented() -> None:
    text = section(DICTIONARY, "本单位导入的数据 / What an office brings in")
    names = [f.name for kind in (StandardLandParcel, Project) for f in fields(kind)]
    assert missing((n for n in names if n != "period"), text) == []


def test_every_format_that_is_read_is_documented_with_its_extensions() -> None:
    text = section(
        read(DOCS / "file-formats.md"), "导入的文件格式 / File formats that are taken in"
    )
    assert missing((e for f in FORMATS.values() for e in f.extensions[:1]), text) == []


def test_every_fault_of_an_outline_is_documented() -> None:
    assert missing(FAULTS, read(DOCS / "file-formats.md")) == []


def test_the_formats_named_for_a_collection_are_those_it_has() -> None:
    stored = {*baseline.GEO_COLLECTIONS, *baseline.TABLES}
    text = section(DICTIONARY, "3 工作区的数据集 / Collections of the workspace")
    for line in (line for line in text.splitlines() if line.startswith("| `")):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        for name in stored & set(re.findall(r"`([^`]+)`", cells[0])):
            assert cells[2].split() == [*(formats_of(name) if name in TAKEN else "—")], name


def test_every_column_of_the_workspace_is_documented() -> None:
    first, last = DICTIONARY.index("## 1 "), DICTIONARY.index("## 4 ")
    spans = code_spans(DICTIONARY[first:last])
    wanted = {str(c) for frame in to_frames(Facts()).values() for c in frame.columns}
    wanted |= {*standard_land.COLUMNS, *BOUNDARY_COLUMNS}
    assert sorted(wanted - spans) == []


def test_every_column_of_downloads_is_documented_with_its_chinese_name() -> None:
    text = section(DICTIONARY, "4 下载文件的列 / Columns of downloads")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    table = {row[0].strip("`"): row for row in rows if row and row[0].startswith("`")}
    assert list(table) == list(FIGURE_COLUMNS)
    names = column_names(FIGURE_COLUMNS, "zh")
    assert {key: row[1] for key, row in table.items()} == names
    assert {key for key, row in table.items() if row[2] == "●"} == set(OUTLINE_EXPORT)


@pytest.mark.parametrize("title", VOCABULARIES)
def test_every_word_of_a_vocabulary_is_documented(title: str) -> None:
    assert missing(VOCABULARIES[title], section(DICTIONARY, title)) == []


def test_levels_of_boundaries_are_levels_of_places() -> None:
    assert set(LEVELS) <= set(get_args(model.Level))


def test_the_area_method_is_named() -> None:
    assert AREA_METHOD_ZH in read(DOCS / "formats.md")


# --- the pages themselves ------------------------------------------------------------------------


def links(page: Path) -> Iterator[tuple[str, str]]:
    """File and anchor of each relative link or image of a page."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_fences(read(page))):
        if not re.match(r"[a-z]+:", target):
            path, _, fragment = target.partition("#")
            yield path, unquote(fragment)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_resolve(page: Path) -> None:
    broken = []
    for path, fragment in links(page):
        target = (page.parent / path).resolve() if path else page
        if not target.is_file():
            broken.append(path)
        elif fragment and fragment not in {anchor(h) for h, _ in headings(read(target))}:
            broken.append(f"{path}#{fragment}")
    assert broken == []


def test_the_readme_leads_to_every_page() -> None:
    reached = {(README.parent / path).resolve() for path, _ in links(README)}
    assert [page.name for page in PAGES if page != README and page not in reached] == []


def test_images_have_a_text_for_those_who_do_not_see_them() -> None:
    for page in PAGES:
        assert all(alt.strip() for alt in re.findall(r"!\[([^\]]*)\]\(", read(page))), page


def test_the_picture_of_the_packages_is_complete() -> None:
    packages = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["root_packages"]
    root = ET.fromstring(read(DOCS / "images" / "architecture.svg"))
    words = {(node.text or "").strip() for node in root.iter()}
    assert {f"{package}/" for package in packages} <= words
    assert missing([f"{package}/" for package in packages], read(DOCS / "architecture.md")) == []
    assert root.get("role") == "img"
    assert all((root.findtext(f"{{*}}{tag}") or "").strip() for tag in ("title", "desc"))


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]["version"]
    entry = re.search(r"^## \[([^\]]+)\] - \d{4}-\d{2}-\d{2}$", read(ROOT / "CHANGELOG.md"), re.M)
    assert entry
    assert entry[1] == version


def test_what_is_said_of_silence_holds() -> None:
    """docs/deployment.md: usage statistics and the look-up of an outside address are off."""
    config = tomllib.loads(read(ROOT / ".streamlit" / "config.toml"))
    assert config["browser"]["gatherUsageStats"] is False
    # Streamlit's welcome message asks an outside host for this machine's address when it listens
    # on all interfaces.
    assert config.get("logger", {}).get("hideWelcomeMessage") is True
