"""Layers brought in: CRS never guessed, faults named, nothing half written; proposals and rules."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from land import BOX, land, measured_file

import cli
from geo.areas import area_m2
from geo.layerfile import open_layer
from store.errors import StaleWriterError
from store.imports import ImportRefusedError, import_layer
from store.proposals import read_proposals, read_rules, save_proposal, save_rules
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "var")


def bring(workspace: Workspace, file: Path, **options):
    return import_layer(workspace, file, "land-use", author="测试", **options)


def test_a_layer_is_measured_and_comes_back(workspace, tmp_path) -> None:
    frame = land(200)
    frame["area_m2"] = 1.0
    frame["编号 甲"] = range(len(frame))
    path = tmp_path / "in.parquet"
    frame.to_parquet(path)
    done = bring(workspace, path, message="试导入")
    assert (done.version, done.rows, done.mended, done.dropped) == (0, len(frame), 0, 0)
    assert done.crs_basis == "declared EPSG:4490"
    assert [p.code for p in done.problems] == ["renamed"]
    back = workspace.read("land-use")
    assert back["area_m2"].to_numpy() == pytest.approx(area_m2(back.geometry))
    assert set(back["area_m2_given"]) == {1.0} and "编号_甲" in back.columns
    file = open_layer(workspace.file("land-use"))
    assert file.valid and file.area_column == "area_m2" and file.covering == "bbox"
    assert done.area_m2 == pytest.approx(float(area_m2([shapely.box(*BOX)])[0]), rel=1e-6)
    assert workspace.history("land-use")[0].message == "试导入"


@pytest.mark.parametrize("epsg", [4490, 4326, 4546, 4528, 4513])
def test_known_systems_come_in_within_a_millimetre(epsg, workspace, tmp_path) -> None:
    frame = land(30)
    path = tmp_path / "in.gpkg"
    frame.to_crs(epsg).to_file(path, layer="a", driver="GPKG")
    bring(workspace, path)
    back = workspace.read("land-use")
    joined = shapely.union_all(back.geometry.to_numpy())
    assert (
        shapely.hausdorff_distance(shapely.boundary(joined), shapely.boundary(shapely.box(*BOX)))
        < 1e-8
    )  # degrees: a millimetre


@pytest.mark.parametrize("epsg", [4610, 4214, 2379, 32649])
def test_other_datums_are_refused(epsg, workspace, tmp_path) -> None:
    path = tmp_path / "in.parquet"
    land(10).to_crs(epsg).to_parquet(path)
    with pytest.raises(ImportRefusedError, match=str(epsg)):
        bring(workspace, path)
    assert workspace.collections() == []


def test_no_crs_is_asked_for_and_a_second_one_refused(workspace, tmp_path) -> None:
    path = tmp_path / "in.parquet"
    land(10).set_crs(None, allow_override=True).to_parquet(path)
    with pytest.raises(ImportRefusedError, match="--crs"):
        bring(workspace, path)
    assert bring(workspace, path, crs="EPSG:4490").crs_basis == "given EPSG:4490"
    land(10).to_parquet(path)
    with pytest.raises(ImportRefusedError, match="4546"):
        bring(workspace, path, crs="EPSG:4546")
    with pytest.raises(ImportRefusedError, match="EPSG:0"):
        bring(workspace, path, crs="EPSG:0")


def test_bad_files_are_refused_and_leave_nothing(workspace, tmp_path) -> None:
    broken = tmp_path / "a.parquet"
    broken.write_bytes(b"PAR1 nothing")
    two = tmp_path / "two.gpkg"
    for name in ("a", "b"):
        land(4).to_file(two, layer=name, driver="GPKG")
    empty = tmp_path / "empty.parquet"
    gpd.GeoDataFrame({"x": [1]}, geometry=[None], crs=4490).to_parquet(empty)
    away = tmp_path / "away.parquet"
    gpd.GeoDataFrame(geometry=[shapely.box(2, 48, 3, 49)], crs=4490).to_parquet(away)
    cases = {broken: "无法读取", two: "--layer", empty: "没有可用", away: "第 1 个",
             tmp_path / "no.parquet": "没有文件", tmp_path / "a.shp": "只能导入"}  # fmt: skip
    for path, words in cases.items():
        with pytest.raises(ImportRefusedError, match=words):
            bring(workspace, path)
    with pytest.raises(ImportRefusedError, match="自己的格式"):
        import_layer(workspace, away, "zones", author="x")
    assert workspace.collections() == [] and not list(workspace.path.rglob("*.parquet"))
    assert bring(workspace, two, layer="b").rows == 4


def test_faulty_features_are_mended_or_left_out_by_number(workspace, tmp_path) -> None:
    west, south = BOX[:2]
    bow = shapely.Polygon(
        [(west, south), (west + 0.1, south + 0.1), (west + 0.1, south), (west, south + 0.1)]
    )
    rows = gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=[shapely.box(*BOX), bow, None], crs=4490)
    path = tmp_path / "in.parquet"
    rows.to_parquet(path)
    done = bring(workspace, path)
    assert (done.rows, done.mended, done.dropped) == (2, 1, 1)
    said = {p.code: p.message_zh for p in done.problems}
    assert "第 2 个" in said["mended"] and "第 3 个" in said["dropped"]
    assert shapely.is_valid(workspace.read("land-use").geometry.to_numpy()).all()


def test_commands_import_overlay_and_compare(tmp_path, capsys, demo_dir) -> None:
    path = measured_file(land(100), tmp_path)
    there = ["--workspace", str(tmp_path / "var"), "--json"]

    def run(*arguments: str) -> tuple[int, dict, str]:
        code = cli.main([*arguments, *there])
        out = capsys.readouterr()
        return code, json.loads(out.out), out.err

    code, answer, _ = run("import", str(path), "--collection", "land-use")
    assert code == 0 and answer["rows"] == len(land(100)) and answer["problems"] == []
    zone = tmp_path / "zone.geojson"
    gpd.GeoDataFrame(geometry=[shapely.box(112.05, 37.55, 112.1, 37.6)], crs=4326).to_file(zone)
    code, answer, _ = run("overlay", str(zone), "land-use", "--by", "dlbm")
    assert code == 0
    assert sum(answer["classes"].values()) + answer["uncovered_m2"] == pytest.approx(
        answer["area_m2"], abs=1
    )
    code, spread, _ = run("overlay", str(zone), "land-use", "--by", "dlbm", "--engine", "dask")
    assert code == 0 and spread["classes"] == pytest.approx(answer["classes"], rel=1e-9)
    code, answer, err = run("overlay", str(zone), "land-use", "--by", "nothing")
    assert code == 2 and "nothing" in answer["error"]["message"] and err.count("\n") == 1
    code, answer, _ = run("compare", "zhongbei-expand", "lingshi-adjust")
    assert code == 0 and answer["proposals"][0]["declared_km2"]["unexplained"] == 31.46
    assert answer["proposals"][1]["gross_m2"] is None and answer["proposals"][1]["refusal"]
    code, answer, _ = run("compare", "nobody")
    assert code == 2 and answer["error"]["code"] == "unknown_proposal"

    there[1] = str(demo_dir)
    weights = tmp_path / "w.csv"
    weights.write_text("measure_id,weight\nusable_share,2\ncompactness,1\n")
    for extension in ("pdf", "xlsx", "gpkg", "html"):
        out = tmp_path / f"r.{extension}"
        code, answer, _ = run(
            "compare", "zhongbei-expand.A", "zhongbei-expand.B", "--weights", str(weights),
            "--report", str(out),
        )  # fmt: skip
        assert code == 0 and answer["report"]["bytes"] == out.stat().st_size > 5000
    assert answer["scores"]["weights"] == pytest.approx(
        {"usable_share": 2 / 3, "compactness": 1 / 3}
    )
    weights.write_text('{"usable_share": -1, "compactness": 0}')
    code, answer, _ = run("compare", "zhongbei-expand.A", "--weights", str(weights))
    assert code == 2
    code, answer, _ = run("compare", "zhongbei-expand.A", "--report", str(tmp_path / "r.doc"))
    assert code == 2 and ".pdf" in answer["error"]["message"]


def test_proposals_and_rules_are_saved_as_versions(tmp_path) -> None:
    from layers.atlas import open_atlas

    workspace = open_atlas(tmp_path / "var", ROOT / "data").workspace
    before = read_proposals(workspace)
    assert {p.proposal_id for p in before} == {
        "zhongbei-expand", "lingshi-adjust", "pingyao-adjust", "taigu-adjust", "xiyang-set-up",
        "gujiao-set-up",
    }  # fmt: skip
    first = next(p for p in before if p.proposal_id == "lingshi-adjust")
    assert first.land_in is None and first.base is not None
    from dataclasses import replace

    drawn = replace(first, alternative="B", land_in=shapely.box(111.8, 36.8, 111.82, 36.82))
    seen = workspace.version("proposals")
    save_proposal(workspace, drawn, author="甲", message="画", expected_version=seen)
    after = {p.key: p for p in read_proposals(workspace)}
    assert shapely.equals(after["lingshi-adjust.B"].land_in, drawn.land_in)
    assert after["lingshi-adjust.A"].land_in is None and len(after) == len(before) + 1
    with pytest.raises(StaleWriterError):
        save_proposal(workspace, drawn, author="乙", message="画", expected_version=seen)
    rules = read_rules(workspace, "lingshi-adjust.B")
    assert rules == read_rules(workspace)
    save_rules(workspace, "lingshi-adjust.B", rules[::-1], author="甲", message="改")
    assert read_rules(workspace, "lingshi-adjust.B") == rules[::-1]
    assert read_rules(workspace) == rules
