"""Downloads: the table, and CSV, GeoPackage and GeoJSON made of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import FactsError
from facts.model import Facts, Indicator, Observation, Place, Source
from facts.periods import Period
from layers.csvfile import neutralise
from layers.errors import CrsError, ExportError, LayerError
from layers.export import (
    BOUNDARY_COLUMNS,
    EXPORT_FORMATS,
    FIGURE_COLUMNS,
    boundary_frame,
    column_names,
    csv_bytes,
    export_collection,
    gpkg_bytes,
    layer_frame,
    write_gpkg,
)

H1 = Period(dt.date(2023, 1, 1), dt.date(2023, 6, 30), label="2023年上半年")
VERSION_TIME = dt.datetime(2024, 5, 1, 12, 30, tzinfo=dt.UTC)


def place(place_id: str, name: str, **more: Any) -> Place:
    empty: dict[str, Any] = {
        "name_en": "", "aliases": (), "parent_id": "140000", "level": "zone", "zone_type": "",
        "tier": "", "tier_quality": "", "official_code": "", "host_city_ids": (),
        "host_county_ids": (), "host_basis": "", "host_quality": "", "status": "", "scope": "",
        "members": (), "drawn_on": None, "leading_industries": "", "source_id": None,
        "note_zh": "", "note_en": "",
    }  # fmt: skip
    return Place(place_id=place_id, name_zh=name, **(empty | more))


def observation(row_id: str, place_id: str, value: float | None, **more: Any) -> Observation:
    plain: dict[str, Any] = {
        "indicator_id": "standard_land_area", "period": H1, "kind": "actual", "unit": "亩",
        "printed_value": str(value), "printed_unit": "亩", "qualifier": "exact",
        "numerator": None, "denominator": None, "basis": "", "population": "",
        "source_id": "src-doc-001", "locator": "", "quality": "reported", "missing_reason": "",
        "note_zh": "", "note_en": "", "printed_subject": "", "printed_indicator": "",
    }  # fmt: skip
    return Observation(row_id=row_id, place_id=place_id, value=value, **(plain | more))


FACTS = Facts(
    sources=(
        Source("src-doc-001", "标准地报道", "某报", "2023-07", "document", "primary", "", "d1",
               "", ""),
    ),
    places=(
        place("140100", "太原市", name_en="Taiyuan", level="city"),
        place("zone-a", "甲开发区", name_en="Zone A"),
        place("zone-b", "乙开发区"),
        place("zone-far", "没有轮廓的开发区"),
        place("group-140100-zones", "太原市开发区", level="group", drawn_on="140100"),
    ),
    indicators=(
        Indicator("standard_land_area", "标准地面积", "Standard land area", "land", "亩", "higher",
                  "sum", (), "", "", None),
        Indicator("output", "产值", "Output", "economy", "亿元", "higher", "sum", (), "", "", None),
    ),
)  # fmt: skip


@pytest.fixture
def boundaries() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "place_id": ["140100", "zone-a", "zone-b"],
            "name_zh": ["太原市", "甲开发区", "乙开发区"],
            "name_en": ["Taiyuan", "Zone A", None],
            "level": ["city", "zone", "zone"],
            "parent_id": ["140000"] * 3,
            "precision": ["digitised", "schematic", "schematic"],
            "area_basis": ["official_outline", "declared", "mean_industrial_zone"],
            "declared_area_km2": [np.nan, 62.77, np.nan],
            "declared_source_id": [None, "src-doc-001", None],
            "area_m2": [6.9e9, 62_770_000.123, 40_577_464.8],
            "source_id": ["src-tianditu", "src-schematic-rule", "src-schematic-rule"],
        },
        geometry=[
            shapely.box(111.5, 37.5, 113.2, 38.4),
            shapely.box(112.4, 37.9, 112.5, 38.0).reverse(),
            shapely.MultiPolygon([shapely.box(112.6, 37.7, 112.7, 37.8)]),
        ],
        crs=4490,
    )


def rows_of(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


# --- the table -----------------------------------------------------------------------------------


def test_layer_frame_has_a_row_for_each_figure_and_each_place_without(
    boundaries: gpd.GeoDataFrame,
) -> None:
    zones = boundaries[boundaries["level"] == "zone"]
    frame = layer_frame(zones, FACTS, [observation("d001", "zone-a", 846.61)])
    assert tuple(frame.columns) == FIGURE_COLUMNS
    assert frame.crs.to_epsg() == 4490
    assert list(frame.index) == ["zone-a", "zone-b"]
    first, second = frame.loc["zone-a"], frame.loc["zone-b"]
    assert (first["value"], first["unit"], first["period"]) == (846.61, "亩", "2023-H1")
    assert first["period_label"] == "2023年上半年"
    assert (first["indicator_zh"], first["source_title"]) == ("标准地面积", "标准地报道")
    assert (first["area_ha"], first["declared_area_km2"]) == (6277.0, 62.77)
    assert set(frame["boundary_precision"]) == {"schematic"}
    assert np.isnan(second["value"])
    assert second["missing_reason"] == "资料中没有这个数字"
    assert (second["indicator_id"], second["unit"]) == ("standard_land_area", "亩")
    assert pd.isna(second["quality"])
    assert len(layer_frame(zones, FACTS, [], places_without=False)) == 0


def test_places_without_a_figure_claim_no_indicator_when_several_are_shown(
    boundaries: gpd.GeoDataFrame,
) -> None:
    shown = [
        observation("d001", "zone-a", 1.0),
        observation("d002", "zone-a", 2.0, indicator_id="output", unit="亿元"),
    ]
    frame = layer_frame(boundaries, FACTS, shown, lang="en")
    assert list(frame.index) == ["zone-a.d001", "zone-a.d002", "140100", "zone-b"]
    assert pd.isna(frame.loc["zone-b", "indicator_id"])
    assert frame.loc["zone-b", "missing_reason"] == "No figure on file"
    assert frame.loc["zone-a.d001", "period_label"] == "H1 2023"


def test_a_group_borrows_an_outline_but_not_its_area(boundaries: gpd.GeoDataFrame) -> None:
    shown = [observation("d003", "group-140100-zones", 9.0), observation("d004", "zone-far", 1.0)]
    frame = layer_frame(boundaries, FACTS, shown, places_without=False)
    group, far = frame.loc["group-140100-zones"], frame.loc["zone-far"]
    assert group["drawn_on"] == "140100"
    assert group["geometry"].equals(boundaries.geometry.iloc[0])
    assert group["boundary_precision"] == "digitised"
    assert np.isnan(group["area_ha"])
    assert pd.isna(group["area_basis"])
    assert far["geometry"] is None
    assert far["value"] == 1.0


def test_an_outline_says_where_it_and_its_declared_area_come_from(
    boundaries: gpd.GeoDataFrame,
) -> None:
    published = Source("src-tianditu", "县界", "", "", "web", "original", "https://a.example/b",
                       "", "", "")  # fmt: skip
    facts = replace(FACTS, sources=(*FACTS.sources, published))
    shown = [observation("d003", "group-140100-zones", 9.0)]
    bare = boundary_frame(boundaries, facts)
    for frame in (bare, layer_frame(boundaries, facts, shown)):
        zone, other = frame.loc["zone-a"], frame.loc["zone-b"]
        city = bare.loc["140100"]
        assert city["boundary_source_title"] == "县界"
        assert city["boundary_source_url"] == "https://a.example/b"
        assert (zone["declared_source_id"], zone["declared_source_title"]) == (
            "src-doc-001", "标准地报道",
        )  # fmt: skip
        assert zone["boundary_source_id"] == "src-schematic-rule"
        assert pd.isna(zone["boundary_source_title"])  # the facts here do not have it
        assert other[["declared_source_id", "declared_source_title"]].isna().all()
    assert "140100" not in frame.index  # its outline shows the total and is not repeated
    group = frame.loc["group-140100-zones"]
    assert group["boundary_source_title"] == "县界"
    assert pd.isna(group["declared_source_id"])


def test_an_unknown_place_stops_the_table(boundaries: gpd.GeoDataFrame) -> None:
    with pytest.raises(FactsError):
        layer_frame(boundaries, FACTS, [observation("d1", "nowhere", 1.0)])


def test_column_types_do_not_depend_on_the_rows(boundaries: gpd.GeoDataFrame) -> None:
    full = layer_frame(boundaries, FACTS, [observation("d001", "zone-a", 846.61)])
    empty = layer_frame(boundaries.iloc[:0], FACTS, [])
    assert dict(full.dtypes.astype(str)) == dict(empty.dtypes.astype(str))
    assert (
        dict(boundary_frame(boundaries, FACTS).dtypes.astype(str)).items()
        <= dict(full.dtypes.astype(str)).items()
    )
    assert tuple(boundary_frame(boundaries, FACTS).columns) == BOUNDARY_COLUMNS


def test_every_column_has_a_name_of_its_own_in_both_languages() -> None:
    for lang in ("zh", "en"):
        for columns in (FIGURE_COLUMNS, BOUNDARY_COLUMNS):
            names = column_names(columns, lang)
            assert set(names) == set(columns)
            assert len(set(names.values())) == len(columns)


# --- CSV -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1+1", "－1－1", "＠A1",
     "  =1", "\u200b=1", "\ufeff@x", "\xa0=1", "-", "=", "+", "-2.3.4", "1e5\n".join(["-", ""]),
     "-2.3;=1", "−5+1", "+1-1", "-1e9999"],
)  # fmt: skip
def test_formulas_are_neutralised(text: str) -> None:
    (_, (cell,)) = rows_of(csv_bytes(pd.DataFrame({"a": [text]}), ["a"], ["A"]))
    assert cell == f"'{text}"


@pytest.mark.parametrize(
    "text", ["-2.3", "+5", "-51.6%", "-.5", "-1e-3", "846.61", "甲=乙", "a-b", "'=1", "1-2", ""]
)
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert neutralise(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = neutralise(text)
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == f"'{text}"
    if cell and cell[0] in "=+-@\t\r＝＋－＠":
        float(cell.rstrip("%"))


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"])).filter(lambda t: neutralise(t) == t),
        min_size=1,
    )
)
def test_texts_come_back_from_csv(texts: list[str]) -> None:
    frame = pd.DataFrame({"a": pd.array(texts, dtype="str"), "b": 1})
    assert [row[0] for row in rows_of(csv_bytes(frame, ["a", "b"], ["A", "B"]))[1:]] == texts


def test_numeric_columns_stay_numbers() -> None:
    frame = pd.DataFrame(
        {
            "f": [-14.85, 29923.9, np.nan, -51.6, 1e16, np.inf, -0.0, 0.1 + 0.2],
            "i": range(-3, 5),
            "n": pd.array([-1, None] * 4, dtype="Int64"),
            "s": np.array([0.1] * 8, dtype=np.float32),
        }
    )
    table = rows_of(csv_bytes(frame, ["f", "i", "n", "s"], ["=f", "i", "n", "s"]))
    assert table[0] == ["'=f", "i", "n", "s"]
    assert [row[0] for row in table[1:]] == [
        "-14.85", "29923.9", "", "-51.6", "1e+16", "", "0", "0.30000000000000004"
    ]  # fmt: skip
    assert [row[1] for row in table[1:]] == [str(i) for i in range(-3, 5)]
    assert [row[2] for row in table[1:3]] == ["-1", ""]
    assert table[1][3] == "0.1"


def test_other_cells_have_plain_forms() -> None:
    frame = pd.DataFrame(
        {
            "day": pd.Series([dt.date(2023, 6, 30), None], dtype=object),
            "list": [["甲", "=乙"], ["=甲", None]],
            "flag": [True, False],
            "dict": [{"a": 1}, None],
            "mixed": pd.Series([-2.5, "=x"], dtype=object),
        }
    )
    columns = list(frame.columns)
    assert rows_of(csv_bytes(frame, columns, columns))[1:] == [
        ["2023-06-30", "甲|=乙", "true", '{"a":1}', "-2.5"],
        ["", "'=甲|", "false", "", "'=x"],
    ]


def test_csv_is_utf8_with_bom_and_crlf() -> None:
    frame = pd.DataFrame({"a": ['引号"逗号,换行\n完'], "b": ["x"]})
    content = csv_bytes(frame, ["b", "a"], ["乙", "甲"])
    assert content == '\ufeff乙,甲\r\nx,"引号""逗号,换行\n完"\r\n'.encode()


def test_csv_refuses_what_it_can_not_write(boundaries: gpd.GeoDataFrame) -> None:
    with pytest.raises(ExportError, match="nothing"):
        csv_bytes(boundaries, ["nothing"], ["x"])
    with pytest.raises(ExportError, match="headers"):
        csv_bytes(boundaries, ["level"], [])
    with pytest.raises(ExportError, match="geometry"):
        csv_bytes(boundaries, ["geometry"], ["x"])
    with pytest.raises(ExportError, match="Unicode"):
        csv_bytes(pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)}), ["a"], ["A"])


def test_csv_of_a_collection_speaks_the_language(boundaries: gpd.GeoDataFrame) -> None:
    frame = layer_frame(boundaries, FACTS, [observation("d001", "zone-a", -14.85)])
    table = rows_of(export_collection(frame, "csv", name="zones"))
    row = dict(zip(table[0], table[1], strict=True))
    assert row["数值 (value)"] == "-14.85"
    assert row["边界精度 (boundary_precision)"] == "示意"
    assert row["层级 (level)"] == "开发区"
    assert row["名称 (name_zh)"] == "甲开发区"
    assert not any("geometry" in header for header in table[0])
    english = rows_of(export_collection(frame, "csv", name="zones", lang="en"))
    row = dict(zip(english[0], english[1], strict=True))
    assert row["Boundary precision (boundary_precision)"] == "Schematic"


# --- GeoPackage ----------------------------------------------------------------------------------


def test_gpkg_comes_back_with_chinese_texts_and_aliases(
    boundaries: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    frame = layer_frame(boundaries, FACTS, [observation("d001", "zone-a", 846.61)])
    path = tmp_path / "开发区.gpkg"
    path.write_bytes(export_collection(frame, "gpkg", name="开发区"))
    back = gpd.read_file(path, layer="开发区")
    assert back.crs.to_epsg() == 4490
    assert set(back.geom_type) == {"MultiPolygon"}
    for column in FIGURE_COLUMNS[:-1]:
        expected = frame[column].astype(object).where(frame[column].notna(), None)
        found = back[column].astype(object).where(back[column].notna(), None)
        assert list(found) == list(expected), column
    for before, after in zip(frame.geometry, back.geometry, strict=True):
        assert after.equals(before)
    meta, _ = pyogrio.read_arrow(path, layer="开发区")[:2]
    assert meta["geometry_type"] == "MultiPolygon"
    schema = pyogrio.read_arrow(path, layer="开发区")[1].schema
    for name in ("value", "source_title"):
        alias = schema.field(name).metadata[b"GDAL:OGR:alternative_name"].decode()
        assert alias == column_names([name], "zh")[name]


def test_gpkg_holds_several_layers_of_any_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    shapes = {
        "点": [shapely.Point(112, 37), None],
        "lines": [shapely.LineString([(112, 37), (113, 38)])],
        "mixed": [shapely.Point(1, 2), shapely.box(112, 37, 113, 38)],
        "none": [None],
        "empty": [],
    }
    layers = {
        name: gpd.GeoDataFrame({"n": range(len(items))}, geometry=list(items), crs=4490)
        for name, items in shapes.items()
    }
    layers["点"]["tags"] = [["甲", "乙"], None]
    layers["点"]["day"] = pd.Series([dt.date(2023, 6, 30), None], dtype=object)
    write_gpkg(layers, path)
    assert list(pyogrio.list_layers(path)[:, 0]) == list(shapes)
    for name, items in shapes.items():
        back = gpd.read_file(path, layer=name)
        assert len(back) == len(items)
        for before, after in zip(items, back.geometry, strict=True):
            assert (after is None) if before is None else after.equals(before)
    first = gpd.read_file(path, layer="点")
    assert json.loads(first["tags"].iloc[0]) == ["甲", "乙"]
    assert str(first["day"].iloc[0])[:10] == "2023-06-30"
    assert list(tmp_path.iterdir()) == [path]


def test_same_input_gives_the_same_file(boundaries: gpd.GeoDataFrame) -> None:
    first, second, later = (
        gpkg_bytes({"zones": boundaries}, changed=changed)
        for changed in (VERSION_TIME, VERSION_TIME, VERSION_TIME + dt.timedelta(days=1))
    )
    assert first == second
    assert first != later
    assert b"2024-05-01T12:30:00.000Z" in first


def test_gpkg_refuses_bad_layers_and_leaves_the_old_file(
    boundaries: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "a.gpkg"
    path.write_text("old")
    bare = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)])
    for layers, error in (
        ({"a": bare}, CrsError),
        ({"a": boundaries.to_crs(4526)}, CrsError),
        ({}, ExportError),
        ({" ": boundaries}, ExportError),
        ({"gpkg_contents": boundaries}, ExportError),
    ):
        with pytest.raises(error):
            write_gpkg(layers, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# --- GeoJSON and the registry --------------------------------------------------------------------


def test_geojson_names_its_fields_and_codes(boundaries: gpd.GeoDataFrame, tmp_path: Path) -> None:
    shown = [observation("d001", "zone-a", 846.61), observation("d002", "zone-a", 5.0)]
    frame = layer_frame(boundaries, FACTS, shown)
    content = export_collection(frame, "geojson", name="zones", members={"title": "标准地面积"})
    found = json.loads(content)
    assert found["fields"]["value"] == {"zh": "数值", "en": "Value"}
    assert set(found["fields"]) == set(FIGURE_COLUMNS) - {"geometry"}
    assert found["codes"]["boundary_precision"]["schematic"]["zh"] == "示意"
    assert "示意" in found["notes"][0]["zh"]
    assert found["title"] == "标准地面积"
    assert [f["id"] for f in found["features"]] == [
        "zone-a.d001", "zone-a.d002", "140100", "zone-b"
    ]  # fmt: skip
    for feature in found["features"]:
        assert list(feature["properties"]) == list(FIGURE_COLUMNS[:-1])
    assert found["features"][3]["properties"]["value"] is None
    (tmp_path / "a.geojson").write_bytes(content)
    back = gpd.read_file(tmp_path / "a.geojson")
    assert list(back["name_zh"]) == list(frame["name_zh"])
    assert list(back["value"].dropna()) == [846.61, 5.0]


def test_boundaries_of_the_store_export_as_they_are(boundaries: gpd.GeoDataFrame) -> None:
    found = json.loads(export_collection(boundaries, "geojson", name="zones"))
    assert [f["id"] for f in found["features"]] == list(boundaries["place_id"])
    assert "notes" in found
    assert "schematic" in found["codes"]["precision"]
    city = json.loads(export_collection(boundaries.iloc[:1], "geojson", name="cities"))
    assert "notes" not in city


@pytest.mark.parametrize("fmt", ["geojson", "gpkg"])
def test_missing_crs_is_refused(boundaries: gpd.GeoDataFrame, fmt: str) -> None:
    bare = boundaries.set_crs(None, allow_override=True)
    with pytest.raises(CrsError):
        export_collection(bare, fmt, name="zones")


def test_tables_without_shapes_export_as_csv_only() -> None:
    sources = pd.DataFrame({"source_id": ["src-1"], "title": ["=标题"], "unheard_of": [1]})
    assert rows_of(export_collection(sources, "csv", name="sources")) == [
        ["来源编号 (source_id)", "标题 (title)", "unheard_of"],
        ["src-1", "'=标题", "1"],
    ]
    for fmt in ("geojson", "gpkg"):
        with pytest.raises(ExportError, match="csv"):
            export_collection(sources, fmt, name="sources")


def test_formats_are_known_by_their_extension() -> None:
    assert set(EXPORT_FORMATS) == {"geojson", "csv", "gpkg"}
    assert all(key == chosen.extension for key, chosen in EXPORT_FORMATS.items())
    assert EXPORT_FORMATS["geojson"].media_type == "application/geo+json"
    with pytest.raises(ExportError, match=r"\.doc.*\.geojson \.csv \.gpkg"):
        export_collection(pd.DataFrame(), "doc", name="x")
    with pytest.raises(ExportError, match=r"no extension.*\.geojson"):
        export_collection(pd.DataFrame(), "", name="x")
    assert issubclass(ExportError, LayerError)


def test_markup_in_data_stays_data(boundaries: gpd.GeoDataFrame) -> None:
    name = '<script>alert("x")</script>&amp;'
    frame = boundaries.assign(name_zh=name)
    found = json.loads(export_collection(frame, "geojson", name="zones"))
    assert found["features"][0]["properties"]["name_zh"] == name
    table = rows_of(export_collection(frame, "csv", name="zones"))
    assert name in table[1]
