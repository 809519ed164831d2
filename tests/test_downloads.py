"""Every collection as a file: readable names, sources, ids, and no format that it can't have."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from layers.atlas import Atlas, open_atlas
from layers.downloads import (
    LAYERS,
    OUTLINES,
    TABLES,
    collection_file,
    formats_of,
    picture_file,
)
from layers.errors import ExportError
from layers.texts import LANGUAGES, catalogue
from layers.view import View
from store.standard_land import STATES

ROOT = Path(__file__).resolve().parents[1]
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def atlas(workspace_dir: Path) -> Atlas:
    return open_atlas(workspace_dir, ROOT / "data")


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def collection(atlas: Atlas, name: str) -> dict:
    return json.loads(collection_file(atlas, name, "geojson").content)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", [*LAYERS, *TABLES])
def test_every_column_has_a_readable_name_of_its_own(atlas: Atlas, name: str, lang: str) -> None:
    content = collection_file(atlas, name, "csv", lang=lang).content.decode("utf-8-sig")
    headers = next(csv.reader(io.StringIO(content, newline="")))
    named = [re.fullmatch(r"(.+) \((\w+)\)", header) for header in headers]
    assert [h for h, match in zip(headers, named, strict=True) if match is None] == []
    readable = [match[1] for match in named if match]
    assert len(set(readable)) == len(readable)
    assert all(bool(HAN.search(words)) == (lang == "zh") for words in readable)


@pytest.mark.parametrize("name", LAYERS)
def test_every_property_of_a_layer_is_explained(atlas: Atlas, name: str) -> None:
    found = collection(atlas, name)
    properties = {key for feature in found["features"] for key in feature["properties"]}
    assert set(found["fields"]) == properties
    used = {
        key: {f["properties"][key] for f in found["features"]} - {None} for key in found["codes"]
    }
    unexplained = {key: codes - set(found["codes"][key]) for key, codes in used.items()}
    assert {key: codes for key, codes in unexplained.items() if codes} == {}


def test_standard_land_is_known_by_its_own_id(atlas: Atlas) -> None:
    found = collection(atlas, "standard-land")
    assert found["features"]
    for feature in found["features"]:
        assert feature["id"] == feature["properties"]["standard_land_id"]
        assert feature["id"].startswith("sl-")
        assert feature["properties"]["source_title"]
    assert set(found["codes"]["state"]) == set(STATES)
    rows = table(collection_file(atlas, "standard-land", "csv").content)
    assert {row["标准地状态 (state)"] for row in rows} <= {
        entry["zh"] for entry in found["codes"]["state"].values()
    }


@pytest.mark.parametrize("name", OUTLINES)
def test_outlines_are_known_by_their_place_and_name_their_sources(atlas: Atlas, name: str) -> None:
    sources = atlas.facts.sources_by_id
    found = collection(atlas, name)
    for feature in found["features"]:
        row = feature["properties"]
        assert feature["id"] == row["place_id"]
        source = sources[row["boundary_source_id"]]
        assert row["boundary_source_title"] == source.title
        assert row["boundary_source_url"] == (source.url or None)
        declared = sources.get(row["declared_source_id"])
        assert row["declared_source_title"] == (declared.title if declared else None)
    if name == "zones":
        assert any(f["properties"]["declared_source_title"] for f in found["features"])


def test_the_header_of_an_area_fits_every_collection(atlas: Atlas) -> None:
    for name in LAYERS:
        assert collection(atlas, name)["fields"]["area_ha"] == {
            "zh": "面积（公顷）",
            "en": "Area (ha)",
        }


def test_a_column_has_another_name_where_it_holds_something_else(atlas: Atlas) -> None:
    sources = table(collection_file(atlas, "sources", "csv").content)
    assert {row["来源类型 (kind)"] for row in sources} == {"文档", "网页", "数据集", "本项目规则"}
    events = table(collection_file(atlas, "events", "csv").content)
    assert all(row["事项类型 (kind)"] for row in events)
    figures = table(collection_file(atlas, "observations", "csv").content)
    assert "实绩" in {row["数据性质 (kind)"] for row in figures}


def test_a_picture_names_the_sources_of_its_outlines(atlas: Atlas) -> None:
    view, _ = View.from_params(atlas.facts, {"level": "zone"})
    rows = table(picture_file(atlas, view, "csv").content)
    drawn = [row for row in rows if row["边界精度 (boundary_precision)"]]
    assert drawn
    assert all(row["边界来源 (boundary_source_title)"] for row in drawn)


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exported", "shown"),
    [
        ("export.code.kind", "legend.kind"),
        ("export.code.quality", "legend.quality"),
        ("export.code.boundary_precision", "legend.precision_short"),
        ("export.code.state", "legend.land_state"),
    ],
)
def test_a_code_is_called_in_files_what_it_is_called_on_the_page(exported: str, shown: str) -> None:
    texts = catalogue()
    codes = [key.removeprefix(f"{shown}.") for key in texts if key.startswith(f"{shown}.")]
    assert codes
    assert [c for c in codes if texts[f"{exported}.{c}"] != texts[f"{shown}.{c}"]] == []


def test_one_word_for_one_thing() -> None:
    other_words = re.compile("声明面积|申报面积|实际值")
    files = [
        path
        for folder in ("geo", "facts", "store", "layers", "ui", "api", "data", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".toml", ".csv", ".md", ".js"}
    ]
    files += [ROOT / name for name in ("cli.py", "settings.py", "README.md")]
    assert len(files) > 50
    assert [p.name for p in files if other_words.search(p.read_text(encoding="utf-8"))] == []


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["zones", "sources"])
def test_an_unknown_format_is_refused_with_those_that_there_are(atlas: Atlas, name: str) -> None:
    for extension in ("doc", ""):
        with pytest.raises(ExportError) as refused:
            collection_file(atlas, name, extension)
        assert re.findall(r"\.(\w+)", str(refused.value).split("there are")[1]) == [
            *formats_of(name)
        ]


def test_what_is_not_there_is_refused(atlas: Atlas) -> None:
    with pytest.raises(ExportError, match="nope"):
        collection_file(atlas, "nope", "csv")
    with pytest.raises(ExportError, match="geometry"):
        collection_file(atlas, "sources", "geojson")
    with pytest.raises(ExportError, match="bbox"):
        collection_file(atlas, "sources", "csv", bbox=(1, 2, 3, 4))


def test_a_bbox_takes_what_it_meets(atlas: Atlas) -> None:
    whole = collection(atlas, "counties")
    west, south, east, north = whole["bbox"]
    part = json.loads(
        collection_file(
            atlas, "counties", "geojson", bbox=(west, south, (west + east) / 2, north)
        ).content
    )
    assert 0 < len(part["features"]) < len(whole["features"])
