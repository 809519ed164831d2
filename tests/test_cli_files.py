"""The terminal's commands about files: inspect, convert, import, export, cleanup."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from corpus import Case, built, good_cases, hostile_cases
from openpyxl import Workbook as Book

import cli
from geo.areas import area_m2
from geo.placement import CrsAnswer
from layers.atlas import forget_atlases, open_atlas
from store.scratch import private_temporary
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
PROMISED = {
    "format", "encoding", "crs", "crs_basis", "feature_count", "geometry_types", "bbox", "area_m2",
    "problems",
}  # fmt: skip
OF_A_PROBLEM = {"level", "code", "message", "feature", "line"}
ZONE, ZONE_NAME = "zone-zhongbei-gaoxin", "中北高新技术产业开发区"

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command line with --json; gives its exit code, answer and stderr."""
    monkeypatch.delenv("ZONE_ATLAS_WORKSPACE", raising=False)

    def command(*words: object) -> tuple[int, Any, str]:
        forget_atlases()
        capsys.readouterr()
        code = cli.main([*(str(word) for word in words), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out), err

    yield command
    forget_atlases()


@pytest.fixture
def own(workspace_dir: Path, tmp_path: Path) -> Path:
    """A copy of the loaded workspace that a test may change."""
    open_atlas(workspace_dir, ROOT / "data")
    return Path(shutil.copytree(workspace_dir, tmp_path / "var"))


def square(lon: float, lat: float, size: float = 0.02, **values: Any) -> dict[str, Any]:
    return {"geometry": shapely.box(lon, lat, lon + size, lat + size), **values}


def layer(path: Path, rows: list[dict[str, Any]], *, epsg: int = 4490) -> Path:
    frame = gpd.GeoDataFrame(rows, crs=4490).to_crs(epsg)
    frame.to_file(path, driver="GPKG")
    return path


# --- inspect -------------------------------------------------------------------------------------

GOOD = {case.name: case for case in good_cases()}


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
def test_inspect_gives_the_promised_keys_for_every_file_of_the_corpus(
    run: Run, tmp_path: Path, case: Case
) -> None:
    built([case], tmp_path)
    options = [
        word
        for name in ("layer", "member", "x_column", "y_column", "wkt_column")
        if (value := getattr(case.options, name))
        for word in (f"--{name.replace('_', '-')}", value)
    ]
    code, told, _ = run("inspect", case.path(tmp_path), *options)
    assert code == 0
    assert set(told) >= PROMISED
    assert (told["format"], told["feature_count"]) == (case.format, case.features)
    assert all(set(problem) >= OF_A_PROBLEM for problem in told["problems"])
    assert (told["crs"] is None) == (told["bbox"] is None)
    if told["bbox"] is not None:
        west, south, east, north = told["bbox"]
        assert 73 < west <= east < 136 and 3 < south <= north < 54
    else:
        assert told["crs_question"]
        assert told["crs_candidates"] or told["crs_basis"] == "unknown"


@pytest.mark.parametrize("kind", ["zip", "kml", "geojson", "txt", "csv"])
def test_a_hostile_file_gives_one_clear_line_and_exit_code_2(
    run: Run, tmp_path: Path, kind: str
) -> None:
    cases = [
        c for c in hostile_cases() if c.refused and c.filename.lower().endswith(f".{kind}")
    ]  # fmt: skip
    case = cases[0]
    built([case], tmp_path)
    code, told, err = run("inspect", case.path(tmp_path))
    assert code == 2
    assert told["error"]["code"] in case.refused
    assert told["error"]["message"] and " / " in told["error"]["message"]
    assert told["error"]["message"] in err


def test_a_table_without_coordinates_is_described_with_the_same_keys(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "指标.xlsx"
    figures(path, [("中北高新技术产业开发区", 12.5)])
    code, told, _ = run("inspect", path)
    assert code == 0
    assert set(told) >= PROMISED
    assert (told["format"], told["crs"], told["feature_count"]) == ("xlsx", None, 1)
    assert told["sheets"][0]["columns"][0]["name"] == "开发区"


def test_what_is_not_settled_is_asked_and_can_be_answered(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plain.txt"
    path.write_text("J1,4134700,38470000\nJ2,4134700,38471000\nJ3,4135700,38471000\n")
    code, told, _ = run("inspect", path)
    assert (code, told["crs"], told["crs_basis"]) == (0, None, "unknown datum")
    assert [c["crs"] for c in told["crs_candidates"]] == ["EPSG:4526", "EPSG:2362", "EPSG:2414"]
    assert told["area_m2"] is None
    code, told, _ = run("inspect", path, "--crs", "EPSG:4526")
    assert (code, told["crs"], told["crs_basis"]) == (0, "EPSG:4526", "given")
    assert told["area_m2"] == pytest.approx(500_000, rel=5e-4)
    code, told, _ = run("inspect", path, "--crs", "EPSG:4525")
    assert (code, told["error"]["code"]) == (2, "crs_impossible")
    code, told, _ = run("convert", path, tmp_path / "out.geojson", "--crs", "EPSG:2362")
    assert (code, told["error"]["code"]) == (2, "old_datum")
    assert not (tmp_path / "out.geojson").exists()
    code, told, _ = run(
        "convert", path, tmp_path / "out.geojson", "--crs", "EPSG:2362", "--approximate"
    )
    assert code == 0
    assert "approximate_datum" in {problem["code"] for problem in told["problems"]}


# --- convert -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "extension", ["geojson", "gpkg", "shp", "zip", "kml", "fgb", "parquet", "txt", "csv", "xlsx"]
)
def test_every_format_gives_back_the_same_land(run: Run, tmp_path: Path, extension: str) -> None:
    hole = shapely.box(113.12, 37.62, 113.13, 37.63)
    rows = [square(113.1, 37.6, 0.05, 名称="一号地块"), square(113.2, 37.6, 名称="二号")]
    rows[0]["geometry"] = rows[0]["geometry"].difference(hole)
    source = layer(tmp_path / "in.gpkg", rows)
    wanted = area_m2(np.array([row["geometry"] for row in rows])).sum()
    out = tmp_path / f"out.{extension}"
    code, told, _ = run("convert", source, out)
    assert code == 0
    assert told["bytes"] == out.stat().st_size
    crs = ["--crs", told["crs"]] if extension in ("csv", "xlsx") else []
    code, found, _ = run("inspect", out, *crs)
    assert (code, found["feature_count"]) == (0, 2)
    assert found["area_m2"] == pytest.approx(wanted, rel=1e-6)
    assert [p for p in found["problems"] if p["level"] == "error"] == []


def test_conversion_between_zones_and_back_is_the_identity(run: Run, tmp_path: Path) -> None:
    source = layer(tmp_path / "in.gpkg", [square(112.49, 37.86, 0.03, 名称="跨带")], epsg=4525)
    code, _, _ = run("convert", source, tmp_path / "there.gpkg", "--to", "EPSG:4526")
    assert code == 0
    code, _, _ = run("convert", tmp_path / "there.gpkg", tmp_path / "back.gpkg", "--to", "4525")
    assert code == 0
    before, back = (gpd.read_file(tmp_path / name) for name in ("in.gpkg", "back.gpkg"))
    assert back.crs.to_epsg() == 4525
    moved = shapely.get_coordinates(back.geometry) - shapely.get_coordinates(before.geometry)
    assert np.abs(moved).max() < 1e-3


def test_the_shift_of_web_maps_is_taken_back_on_request(run: Run, tmp_path: Path) -> None:
    from geo.datums import wgs84_to_gcj02

    lon, lat = wgs84_to_gcj02(np.array([113.1, 113.2, 113.2]), np.array([37.6, 37.6, 37.7]))
    ring = [[float(x), float(y)] for x, y in zip(lon, lat, strict=True)]
    body = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    path = tmp_path / "gaode.geojson"
    path.write_text(json.dumps(body))
    code, _, _ = run("convert", path, tmp_path / "out.geojson", "--shift", "gcj02-to-wgs84")
    assert code == 0
    made = json.loads((tmp_path / "out.geojson").read_text())["features"][0]["geometry"]
    points = sorted(tuple(p) for p in made["coordinates"][0][:-1])
    assert np.allclose(points, [(113.1, 37.6), (113.2, 37.6), (113.2, 37.7)], atol=1e-8)


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--to", "EPSG:4526"], "crs_question"), (["--to", "GCJ-02"], "crs_question"),
     (["--to", "EPSG:999999"], "unknown_crs")],
)  # fmt: skip
def test_a_system_that_can_not_be_written_is_refused(
    run: Run, tmp_path: Path, words: list[str], code: str
) -> None:
    source = layer(tmp_path / "in.gpkg", [square(113.1, 37.6)])
    exit_code, told, _ = run("convert", source, tmp_path / "out.geojson", *words)
    assert (exit_code, told["error"]["code"]) == (2, code)
    assert not (tmp_path / "out.geojson").exists()


def test_a_format_that_is_not_written_is_refused(run: Run, tmp_path: Path) -> None:
    source = layer(tmp_path / "in.gpkg", [square(113.1, 37.6)])
    for name in ("out.dxf", "out.doc", "out"):
        code, told, _ = run("convert", source, tmp_path / name)
        assert (code, told["error"]["code"]) == (2, "bad_argument")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.gpkg"]


# --- import --------------------------------------------------------------------------------------


def test_a_layer_is_imported_exported_and_undone(run: Run, own: Path, tmp_path: Path) -> None:
    rows = [square(113.1 + 0.03 * i, 37.6, 地类=name) for i, name in enumerate("甲乙丙")]
    source = layer(tmp_path / "red.gpkg", rows, epsg=4526)
    at = ["--workspace", own]
    code, told, _ = run("import", source, "--collection", "red-lines", "--message", "第一次", *at)
    assert (code, told["version"], told["rows"], told["crs"]) == (0, 0, 3, "EPSG:4526")
    wanted = area_m2(np.array([row["geometry"] for row in rows])).sum()
    assert told["area_m2"] == pytest.approx(wanted, rel=1e-8)
    more = layer(tmp_path / "more.gpkg", [*rows, square(113.3, 37.6, 地类="丁")])
    code, told, _ = run("import", more, "--collection", "red-lines", *at)
    assert (code, told["version"], told["rows"]) == (0, 1, 4)
    for name in ("out.geojson", "out.shp", "out.kml", "out.txt"):
        code, told, _ = run("export", "red-lines", tmp_path / name, *at)
        assert code == 0
    code, told, _ = run("inspect", tmp_path / "out.txt")
    assert told["feature_count"] == 4
    code, _, _ = run("rollback", "red-lines", 0, *at)
    assert code == 0
    code, told, _ = run("history", "red-lines", *at)
    assert [v["rows"] for v in told["versions"]] == [3, 4, 3]
    assert told["versions"][-1]["message"] == "第一次"
    assert "red.gpkg" in told["versions"][-1]["source"]


def test_outlines_at_fault_are_refused_until_repair_is_asked_for(
    run: Run, own: Path, tmp_path: Path
) -> None:
    bow = shapely.Polygon([(113.1, 37.6), (113.2, 37.7), (113.2, 37.6), (113.1, 37.7)])
    source = layer(tmp_path / "bow.gpkg", [{"geometry": bow, "名称": "蝴蝶"}])
    words = ["import", source, "--collection", "bows", "--workspace", own]
    code, told, _ = run(*words)
    assert (code, told["error"]["code"]) == (2, "import_refused")
    assert "--repair" in told["error"]["message"]
    assert "bows" not in Workspace.open(own).collections()
    code, told, _ = run(*words, "--repair")
    assert (code, told["repaired"], told["rows"]) == (0, 1, 1)
    assert told["area_m2"] == pytest.approx(float(area_m2([shapely.make_valid(bow)])[0]), rel=1e-6)
    assert told["removed_m2"] == pytest.approx(0, abs=1e-3)


def test_outlines_of_zones_replace_the_schematic_ones_and_are_undone(
    run: Run, own: Path, tmp_path: Path
) -> None:
    source = layer(tmp_path / "zones.gpkg", [square(112.45, 38.0, 名称=ZONE_NAME)], epsg=4526)
    at = ["--workspace", own]
    words = ["import", source, "--collection", "zones", *at]
    code, told, _ = run(*words)
    assert (code, "名称" in told["error"]["message"]) == (2, True)
    code, told, _ = run(*words, "--name-column", "名称", "--precision", "surveyed")
    assert (code, told["places"]) == (0, [ZONE])
    zones = Workspace.open(own).read("zones").set_index("place_id")
    assert (zones.loc[ZONE, "precision"], zones.loc[ZONE, "area_basis"]) == (
        "surveyed", "office_outline",
    )  # fmt: skip
    forget_atlases()
    atlas = open_atlas(own, ROOT / "data")
    assert atlas.facts.source(zones.loc[ZONE, "source_id"]).document == "zones.gpkg"
    code, _, _ = run("rollback", "zones", 0, *at)
    assert code == 0
    again = Workspace.open(own).read("zones").set_index("place_id")
    assert again.loc[ZONE, "precision"] == "schematic"


def test_a_name_that_is_only_similar_is_not_taken_for_a_zone(
    run: Run, own: Path, tmp_path: Path
) -> None:
    source = layer(tmp_path / "zones.gpkg", [square(112.45, 38.0, 名称="中北新区开发")])
    code, told, _ = run(
        "import", source, "--collection", "zones", "--name-column", "名称", "--workspace", own
    )
    assert (code, told["error"]["code"]) == (2, "import_refused")
    assert "中北新区开发" in told["error"]["message"]
    assert Workspace.open(own).version("zones") == 0


def figures(path: Path, rows: list[tuple[str, float | str]]) -> None:
    book = Book()
    sheet = book.active
    sheet.append(["2024年上半年开发区工业投资"])
    sheet.append(["开发区", "工业投资（亿元）"])
    for row in rows:
        sheet.append(list(row))
    book.save(path)


def test_figures_are_imported_with_their_source_and_told_when_they_are_on_file(
    run: Run, own: Path, tmp_path: Path
) -> None:
    path = tmp_path / "工业投资.xlsx"
    figures(path, [(ZONE_NAME, 12.5), ("清徐经济开发区", "—")])
    words = ["import", path, "--collection", "figures", "--source-title", "市商务局月报",
             "--workspace", own]  # fmt: skip
    code, told, _ = run(*words)
    assert (code, told["added"], told["version"] is not None) == (0, 2, True)
    forget_atlases()
    atlas = open_atlas(own, ROOT / "data")
    found = [o for o in atlas.facts.observations_of(ZONE) if o.source_id == told["source_id"]]
    assert [(o.value, o.unit, o.period.key, o.quality) for o in found] == [
        (12.5, "亿元", "2024-H1", "reported")
    ]
    assert atlas.facts.source(told["source_id"]).title == "市商务局月报"
    code, told, _ = run(*words)
    assert (code, told["version"], told["unchanged"]) == (0, None, 2)
    assert [p["code"] for p in told["problems"]] == ["already_imported"]
    # The same bytes under another name, and without a title of their own, are the same source.
    copied = tmp_path / "另一个名字.xlsx"
    shutil.copy(path, copied)
    code, told, _ = run("import", copied, "--collection", "figures", "--workspace", own)
    assert (code, told["added"], told["unchanged"]) == (0, 0, 2)
    assert "以“市商务局月报”导入" in told["problems"][0]["message"]
    forget_atlases()
    sources = open_atlas(own, ROOT / "data").facts.sources_by_id
    assert sources[told["source_id"]].title == "市商务局月报"


def test_whose_table_it_is_is_asked_of_every_table_and_answered_by_options(
    run: Run, own: Path, tmp_path: Path
) -> None:
    words = ["--collection", "figures", "--workspace", own]
    for name, value in (("甲.csv", 100), ("乙.csv", 999)):
        path = tmp_path / name
        path.write_text(f"指标,数值,单位\n地区生产总值,{value},亿元\n", encoding="utf-8")
        code, told, _ = run("import", path, *words)
        assert (code, len(told["error"]["faults"])) == (2, 2)
        assert "--place、--period" in told["error"]["message"]
        if name == "甲.csv":
            code, told, _ = run("import", path, *words, "--place", ZONE, "--period", "2021年")
            assert (code, told["added"]) == (0, 1)
    for option, value in (("--place", "no-where"), ("--period", "某年"), ("--stage", "储备")):
        code, told, _ = run("import", path, *words, option, value)
        assert (code, told["error"]["code"]) == (2, "bad_argument")
    parcels = tmp_path / "宗地.csv"
    parcels.write_text(f"宗地编号,开发区,面积（亩）\n1,{ZONE_NAME},10\n", encoding="utf-8")
    words = ["import", parcels, "--collection", "parcels", "--workspace", own]
    code, told, _ = run(*words, "--stage", "什么")
    assert (code, told["error"]["code"]) == (2, "bad_argument")
    assert run(*words, "--stage", "储备")[1]["added"] == 1
    assert run(*words)[0] == 2


def test_open_questions_of_a_table_are_listed_and_nothing_is_written(
    run: Run, own: Path, tmp_path: Path
) -> None:
    path = tmp_path / "投资.xlsx"
    figures(path, [("中北那个开发区", 12.5)])
    code, told, _ = run("import", path, "--collection", "figures", "--workspace", own)
    assert (code, told["error"]["code"]) == (2, "import_refused")
    assert "中北那个开发区" in " ".join(told["error"]["faults"])
    assert "office-observations" not in Workspace.open(own).collections()


# --- cleanup -------------------------------------------------------------------------------------


def test_cleanup_removes_what_no_version_names_and_nothing_else(run: Run, own: Path) -> None:
    orphan = own / "zones" / "edit-0123456789abcdef-01234567.parquet"
    orphan.write_bytes(b"left by a crash")
    code, told, _ = run("check", "--workspace", own)
    assert (code, [p["code"] for p in told["problems"]]) == (0, ["orphan"])
    code, told, _ = run("cleanup", "--workspace", own)
    assert (code, told["removed"]) == (0, [str(orphan)])
    code, told, _ = run("check", "--workspace", own)
    assert (code, told["problems"]) == (0, [])


def test_an_answer_survives_its_way_through_json() -> None:
    answer = CrsAnswer(crs="EPSG:4526", shift="none", approximate=True)
    assert CrsAnswer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


def outline(path: Path, *features: dict[str, Any]) -> Path:
    made = [{"type": "Feature", "properties": {}} | feature for feature in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": made}))
    return path


GOOD = shapely.geometry.mapping(shapely.box(112.5, 37.8, 112.51, 37.81))
BAD = {"type": "Polygon", "coordinates": [[[112.5, "x"], [112.6, 37.8], [112.6, 37.9]]]}


def test_an_outline_that_can_not_be_read_is_left_out_only_on_request(
    run: Run, own: Path, tmp_path: Path
) -> None:
    path = outline(tmp_path / "in.geojson", {"geometry": GOOD}, {"geometry": BAD})
    words = ["import", path, "--collection", "land", "--workspace", own]
    for more in ([], ["--repair"]):
        code, told, _ = run(*words, *more)
        assert (code, told["error"]["code"]) == (2, "import_refused")
        assert "--leave-out 2" in told["error"]["message"] and len(told["error"]["faults"]) == 1
    assert "land" not in Workspace.open(own).collections()
    code, told, _ = run(*words, "--leave-out", "2")
    assert (code, told["rows"], told["left_out"]) == (0, 1, [2])
    assert "第 2 个" in Workspace.open(own).info("land").source
    code, told, _ = run(*words, "--leave-out", "two")
    assert (code, told["error"]["code"]) == (2, "bad_argument")
    code, told, _ = run(
        "import", path, "--collection", "zones", "--place", ZONE, "--workspace", own
    )
    assert code == 2 and Workspace.open(own).version("zones") == 0


def test_ids_given_twice_are_found_by_the_usual_name_of_their_column(
    run: Run, own: Path, tmp_path: Path
) -> None:
    rows = [square(112.45, 38.0, 地块编号="A"), square(112.48, 38.0, 地块编号="A")]
    path = layer(tmp_path / "in.gpkg", rows)
    at = ["--workspace", own]
    code, told, _ = run("inspect", path, "--full", *at)
    assert [p["feature"] for p in told["problems"] if p["code"] == "duplicate_id"] == [2]
    words = ["import", path, "--collection", "land", *at]
    code, told, _ = run(*words)
    assert code == 2 and "--id-column none" in told["error"]["message"]
    assert run(*words, "--id-column", "none")[0] == 0


def test_how_outlines_of_zones_were_placed_is_kept_and_what_looks_wrong_is_told(
    run: Run, own: Path, tmp_path: Path
) -> None:
    rows = [square(112.45, 38.0, 名称=ZONE_NAME), square(112.46, 38.0, 名称="清徐经济开发区")]
    path = layer(tmp_path / "in.gpkg", rows, epsg=2362)
    words = ["import", path, "--collection", "zones", "--name-column", "名称", "--approximate"]
    words += ["--workspace", own]
    code, told, _ = run(*words, "--precision", "surveyed")
    assert code == 2 and "近似" in told["error"]["message"]
    assert Workspace.open(own).version("zones") == 0
    code, told, _ = run(*words)
    assert code == 0
    codes = {p["code"] for p in told["problems"]}
    assert {"declared_area", "overlap", "outside_county", "approximate_datum"} <= codes
    workspace = Workspace.open(own)
    assert "近似" in workspace.info("zones").message
    assert "近似" in workspace.read("office-sources")["note"].iloc[0]


@pytest.mark.parametrize("day", ["2023-13-45", "2023-02-30", "last year", "2023/01"])
def test_a_date_that_is_none_is_refused(run: Run, own: Path, tmp_path: Path, day: str) -> None:
    path = outline(tmp_path / "in.geojson", {"geometry": GOOD})
    words = ["import", path, "--collection", "land", "--published-on", day, "--workspace", own]
    code, told, _ = run(*words)
    assert (code, told["error"]["code"]) == (2, "bad_argument")
    assert run(*words[:-3], "2023-02", *words[-2:])[0] == 0


def test_tables_have_the_same_names_everywhere_and_problems_every_key(
    run: Run, own: Path, tmp_path: Path
) -> None:
    figures(tmp_path / "in.xlsx", [(ZONE_NAME, 12.5), ("合计", 99.0)])
    at = ["--workspace", own]
    code, told, _ = run("import", tmp_path / "in.xlsx", "--collection", "figures", *at)
    assert code == 0
    assert [len(problem) for problem in told["problems"]] == [12]
    code, told, _ = run("history", "figures", *at)
    assert (code, told["collection"]) == (0, "office-observations")
    assert run("export", "figures", tmp_path / "out.csv", *at)[0] == 0


def test_colours_of_a_library_are_not_shown() -> None:
    assert cli._printable("full \x1b[31m↳\x1b[0m disk") == "full ↳ disk"


def test_what_a_killed_command_unpacked_is_cleaned_up(
    run: Run, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    killed = (
        "import os, tempfile; from store.scratch import private_temporary\n"
        "with private_temporary(): tempfile.mkdtemp(prefix='zone-atlas-'); os._exit(9)"
    )
    subprocess.run(
        [sys.executable, "-c", killed], cwd=ROOT, env=os.environ | {"TMPDIR": str(temporary)},
        check=False,
    )  # fmt: skip
    (left,) = temporary.iterdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with private_temporary() as alive:
        tempfile.tempdir = str(temporary)  # as another process would see it
        (temporary / "zone-atlas-unlocked").mkdir()  # perhaps somebody is just making it
        code, told, _ = run("cleanup", "--workspace", own)
        assert (code, told["removed"]) == (0, [str(left)])
        assert alive.is_dir() and (temporary / "zone-atlas-unlocked").is_dir()
    assert not alive.exists() and not left.exists()
