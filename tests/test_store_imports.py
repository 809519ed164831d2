"""Layers brought in: CRS never guessed, faults named, nothing half written; proposals and rules."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from deltalake import DeltaTable, Schema
from hypothesis import given, settings
from hypothesis import strategies as st
from land import BOX, land, measured_file

import cli
from geo.areas import area_m2
from geo.errors import CrsQuestionError, GeoError
from geo.files import ReadOptions, open_file
from geo.files.featurefile import Batch, Encoding, FeatureFile
from geo.layerfile import open_layer
from geo.limits import Limits
from geo.placement import CrsAnswer
from geo.reference import CrsHints
from geo.surroundings import USUAL, Surroundings
from store.errors import (
    AlreadyCurrentError,
    BadFrameError,
    StaleWriterError,
    WriteFailedError,
)
from store.gathering import gather
from store.imports import ImportRefusedError, Prepared, commit_layer, import_layer, prepare
from store.landcolumns import plain_columns
from store.landfiles import hilbert_order
from store.proposals import read_proposals, read_rules, save_proposal, save_rules
from store.workspace import NOT_YET, Workspace

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


@pytest.mark.parametrize("epsg", [4490, 4326, 4525, 4526, 4546, 4547, 4497, 4508, 32649, 3857])
def test_known_systems_come_in_within_a_millimetre(epsg, workspace, tmp_path) -> None:
    frame = land(30)
    path = tmp_path / "in.gpkg"
    frame.to_crs(epsg).to_file(path, layer="a", driver="GPKG")
    done = bring(workspace, path)
    assert done.crs_basis == f"declared EPSG:{epsg}"
    back = workspace.read("land-use")
    joined = shapely.union_all(back.geometry.to_numpy())
    assert (
        shapely.hausdorff_distance(shapely.boundary(joined), shapely.boundary(shapely.box(*BOX)))
        < 1e-8
    )  # degrees: a millimetre
    assert done.area_m2 == pytest.approx(float(area_m2([shapely.box(*BOX)])[0]), rel=1e-6)


@pytest.mark.parametrize("epsg", [4610, 4214, 2383])
def test_old_datums_are_refused_without_parameters_or_leave_to_approximate(
    epsg, workspace, tmp_path
) -> None:
    path = tmp_path / "in.parquet"
    land(10).to_crs(epsg).to_parquet(path)
    with pytest.raises(CrsQuestionError) as caught:
        bring(workspace, path)
    assert caught.value.code == "old_datum"
    assert workspace.collections() == []
    done = bring(workspace, path, answer=CrsAnswer(approximate=True))
    assert "approximate_datum" in {p.code for p in done.problems}
    assert "近似" in workspace.info("land-use").source


def test_no_crs_is_asked_for_and_a_second_one_refused(workspace, tmp_path) -> None:
    path = tmp_path / "in.gpkg"
    land(10).set_crs(None, allow_override=True).to_file(path, driver="GPKG")
    with pytest.raises(CrsQuestionError) as caught:
        bring(workspace, path)
    assert caught.value.code == "crs_question"
    assert bring(workspace, path, crs="EPSG:4490").crs_basis == "given EPSG:4490"
    land(10).to_crs(4547).to_file(path, driver="GPKG")
    with pytest.raises(CrsQuestionError) as caught:
        bring(workspace, path, crs="EPSG:4546")
    assert caught.value.code == "crs_contradiction"
    with pytest.raises(CrsQuestionError) as caught:
        bring(workspace, path, crs="EPSG:1")
    assert caught.value.code == "unknown_crs"
    assert workspace.versions() == {"land-use": 0}


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
    for path in (broken, two, empty, away, tmp_path / "no.parquet"):
        with pytest.raises((GeoError, ImportRefusedError)) as caught:
            bring(workspace, path)
        assert path.name in str(caught.value)
    with pytest.raises(ImportRefusedError, match="第 1 个"):
        bring(workspace, away)
    for taken in ("zones", "office-observations", "projects", "sources"):
        with pytest.raises(ImportRefusedError, match="自己的格式"):
            import_layer(workspace, two, taken, author="x")
    with pytest.raises(ImportRefusedError, match="baseline"):
        import_layer(workspace, two, "land-use", author="baseline", layer="a")
    assert workspace.collections() == [] and not list(workspace.path.rglob("*.parquet"))
    assert bring(workspace, two, layer="b").rows == 4


def faulty(tmp_path: Path) -> Path:
    """A good parcel, one that crosses itself, one without an outline, one with a spike."""
    west, south = BOX[:2]
    bow = shapely.Polygon(
        [(west, south), (west + 0.1, south + 0.1), (west + 0.1, south), (west, south + 0.1)]
    )
    spike = shapely.Polygon(
        [(112.2, 37.6), (112.25, 37.6), (112.25, 37.7), (112.2500001, 37.6), (112.2, 37.55)]
    )
    rows = gpd.GeoDataFrame(
        {"n": [1, 2, 3, 4]}, geometry=[shapely.box(*BOX), bow, None, spike], crs=4490
    )
    path = tmp_path / "in.parquet"
    rows.to_parquet(path)
    return path


def test_a_faulty_feature_keeps_a_file_out_until_its_repair_is_chosen(workspace, tmp_path) -> None:
    path = faulty(tmp_path)
    with pytest.raises(ImportRefusedError) as caught:
        bring(workspace, path)
    told = {(p.code, p.feature) for p in caught.value.problems}
    assert ("self_intersection", 2) in told and all(
        p.level == "error" for p in caught.value.problems
    )
    assert all(p.lon is not None and 112 <= p.lon <= 112.3 for p in caught.value.problems)
    assert workspace.collections() == []

    done = bring(workspace, path, repairs="all")
    assert (done.rows, done.mended, done.dropped) == (3, 2, 1)
    said = [(p.code, p.feature) for p in done.problems]
    assert ("mended", 2) in said and ("mended", 4) in said and ("dropped", None) in said
    assert not any(p.level == "error" for p in done.problems)
    assert any("第 3 个" in p.message_zh for p in done.problems if p.code == "dropped")
    stored = workspace.read("land-use")
    assert shapely.is_valid(stored.geometry.to_numpy()).all()
    assert stored["area_m2"].to_numpy() == pytest.approx(area_m2(stored.geometry))


def test_only_the_chosen_repairs_are_made(workspace, tmp_path) -> None:
    path = faulty(tmp_path)
    file = open_file(path)
    gathered, _ = gather(file, CrsAnswer(), limits=Limits(), around=Surroundings())
    proposed = {r.repair_id: r for r in gathered.proposals(full=False).told()}
    cross = next(r for r in proposed.values() if r.feature == 2)
    assert cross.automatic and cross.change_m2 > 0
    assert any(r.feature == 4 and r.code == "spike" for r in proposed.values())
    with pytest.raises(ImportRefusedError, match="9:nothing"):
        bring(workspace, path, repairs=[cross.repair_id, "9:nothing"])
    done = bring(workspace, path, repairs=[cross.repair_id])
    assert (done.rows, done.mended) == (3, 1)
    frame = workspace.read("land-use").set_index("n")
    given = gpd.read_parquet(path).set_index("n")
    assert frame.geometry[4].equals_exact(given.geometry[4], 0)  # its spike was not chosen
    assert frame.area_m2[2] == pytest.approx(cross.after_m2)


def test_a_feature_that_no_repair_saves_can_be_left_out(workspace, tmp_path) -> None:
    path = tmp_path / "in.gpkg"
    flat = shapely.Polygon([(112.1, 37.6), (112.2, 37.6), (112.1, 37.6), (112.2, 37.6)])
    rows = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.box(*BOX), flat], crs=4490)
    rows.to_file(path, driver="GPKG")
    gathered, _ = gather(open_file(path), CrsAnswer(), limits=Limits(), around=Surroundings())
    ids = [r.repair_id for r in gathered.proposals(full=False).told() if r.feature == 2]
    assert ids
    done = bring(workspace, path, repairs=ids if len(ids) == 1 else [ids[-1]])
    assert (done.rows, done.dropped) == (1, 1)
    assert {"left_out", "dropped"} & {p.code for p in done.problems}


def test_attributes_come_in_as_far_as_a_delta_table_can_hold_them(workspace, tmp_path) -> None:
    table = pa.table(
        {
            "名 称": ["甲", None], "NAME": ["a", "b"], "name": ["c", "d"], "bbox_": [1, 2],
            "u": pa.array([1, 2**63 + 5], pa.uint64()), "small": pa.array([1, None], pa.uint8()),
            "day": pa.array([19000, None], pa.date32()),
            "when": pa.array([1_600_000_000_000_000, None], pa.timestamp("us")),
            "zoned": pa.array([1_600_000_000_000, None], pa.timestamp("ms", "Asia/Shanghai")),
            "clock": pa.array([3_600_000_000, None], pa.time64("us")),
            "list": [[1, 2], None], "kind": pa.array(["x", "x"]).dictionary_encode(),
            "nothing": pa.nulls(2), "money": pa.array(["1.50", "2"]).cast(pa.decimal128(9, 2)),
        }
    )  # fmt: skip
    plain, problems = plain_columns(table, measured=True)
    assert {p.code for p in problems} == {"renamed", "stored_as_text"}
    assert plain.column_names[:3] == ["名_称", "NAME", "name_2"]
    Schema.from_arrow(plain.schema)
    assert plain.column("when").to_pylist()[0].startswith("2020-09-13 12:26:40")
    assert plain.column("u").to_pylist() == ["1", str(2**63 + 5)]
    assert plain.column("money").to_pylist() == [1.5, 2.0]
    assert plain.column("list").to_pylist() == ["[1, 2]", None]
    assert plain.column("day").to_pylist()[0].isoformat() == "2022-01-08"
    frame = gpd.GeoDataFrame(
        plain.to_pandas(), geometry=[shapely.box(112, 37, 112.1, 37.1)] * 2, crs=4490
    )
    path = tmp_path / "in.parquet"
    frame.to_parquet(path)
    bring(workspace, path)
    back = workspace.read("land-use")
    assert back["名_称"].tolist()[0] == "甲" and len(back) == 2
    columns = [f.name for f in DeltaTable(str(workspace.path / "land-use")).schema().fields]
    assert columns[-2:] == ["geometry", "bbox"] and "area_m2" in columns


def test_points_and_lines_come_in_unmeasured_and_beside_land_they_stay_out(
    workspace, tmp_path
) -> None:
    points = [shapely.Point(112.1, 37.6), shapely.LineString([(112, 37.5), (112.2, 37.6)])]
    path = tmp_path / "in.gpkg"
    gpd.GeoDataFrame({"n": [1, 2]}, geometry=points, crs=4490).to_file(path, driver="GPKG")
    done = bring(workspace, path)
    assert done.area_m2 is None and done.rows == 2
    assert "area_m2" not in workspace.read("land-use").columns
    mixed = gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=[*points, shapely.box(*BOX)], crs=4490)
    mixed.to_parquet(tmp_path / "mixed.parquet")
    done = bring(workspace, tmp_path / "mixed.parquet")
    assert (done.rows, done.dropped) == (1, 2)
    assert [p.code for p in done.problems] == ["dropped"]


def test_the_same_file_gives_the_same_bytes_in_hilbert_order(workspace, tmp_path) -> None:
    path = tmp_path / "in.parquet"
    land(3000).sample(frac=1.0, random_state=1).to_parquet(path)
    assert bring(workspace, path).problems == ()
    assert [p.code for p in bring(workspace, path).problems] == ["unchanged"]
    first, second = (workspace.info("land-use", version=v) for v in (0, 1))
    assert first.sha256 == second.sha256 and first.bbox == pytest.approx(BOX)
    file = open_layer(workspace.file("land-use"))
    assert file.groups == 3
    widths = file.bounds[:, 2:] - file.bounds[:, :2]
    assert (widths[:, 0] * widths[:, 1]).sum() < 0.6 * 3 * (BOX[2] - BOX[0]) * (BOX[3] - BOX[1])
    some = workspace.read("land-use", bbox=(112.0, 37.5, 112.02, 37.52))
    assert 0 < len(some) < 100


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)), min_size=2, max_size=60))
@settings(max_examples=50, deadline=None)
def test_neighbours_on_the_hilbert_curve_are_neighbours_on_the_ground(cells) -> None:
    """Along all cells of a small grid each step goes to a cell beside; any set keeps its rows."""
    side = 16
    grid = np.array([(i, j) for i in range(side) for j in range(side)], dtype=float)
    bounds = np.concatenate([grid, grid], axis=1) * (65535 / (side - 1))
    order = hilbert_order(bounds)
    steps = np.abs(np.diff(grid[order], axis=0)).sum(axis=1)
    assert (steps == 1).all()
    some = np.array([(x, y, x, y) for x, y in cells], dtype=float)
    some[0] = np.nan
    assert sorted(hilbert_order(some)) == list(range(len(some)))
    assert hilbert_order(some)[-1] == 0


def test_a_stale_import_is_told_and_leaves_nothing(workspace, tmp_path) -> None:
    path = tmp_path / "in.parquet"
    land(20).to_parquet(path)
    bring(workspace, path, expected_version=NOT_YET)
    bring(workspace, path, expected_version=0)
    with pytest.raises(StaleWriterError, match="最新版本 1"):
        bring(workspace, path, expected_version=0)
    assert workspace.versions() == {"land-use": 1} and workspace.verify() == []


def test_a_prepared_file_stays_for_another_try_until_it_is_stored(workspace, tmp_path) -> None:
    path = tmp_path / "in.parquet"
    land(20).to_parquet(path)
    prepared = prepare(path, out=tmp_path / "made.parquet")
    bring(workspace, path)
    for expected in (NOT_YET, 7):
        with pytest.raises(StaleWriterError):
            commit_layer(workspace, prepared, "land-use", author="甲", expected_version=expected)
        assert prepared.path.exists() and workspace.verify() == []
    done = commit_layer(workspace, prepared, "land-use", author="甲", expected_version=0)
    assert done.version == 1 and not prepared.path.exists()
    assert Prepared.from_json(prepared.to_json()) == prepared
    with pytest.raises(WriteFailedError):
        commit_layer(workspace, prepared, "land-use", author="甲")
    (tmp_path / "made.parquet").write_bytes(b"PAR1 something else PAR1")
    with pytest.raises(BadFrameError):
        commit_layer(workspace, prepared, "land-use", author="甲")
    land(3).to_crs(4326).to_parquet(tmp_path / "made.parquet")
    with pytest.raises(BadFrameError, match="4490"):
        commit_layer(workspace, prepared, "land-use", author="甲")
    assert workspace.verify() == [] and workspace.version("land-use") == 1


def test_the_first_import_is_withdrawn_and_brought_back(workspace, tmp_path) -> None:
    path = tmp_path / "in.parquet"
    land(20).to_parquet(path)
    bring(workspace, path)
    assert workspace.withdraw("land-use", author="甲", message="误导入") == 1
    empty = workspace.read("land-use")
    assert len(empty) == 0 and list(empty.columns) == list(workspace.read("land-use", version=0))
    assert empty.crs.to_epsg() == 4490 and workspace.info("land-use").bbox is None
    assert open_layer(workspace.file("land-use")).rows == 0
    with pytest.raises(AlreadyCurrentError):
        workspace.withdraw("land-use", author="甲", message="再来")
    assert workspace.restore("land-use", 0, author="甲", message="还是要") == 2
    assert len(workspace.read("land-use")) == len(land(20)) and workspace.verify() == []
    from layers.atlas import open_atlas

    atlas = open_atlas(tmp_path / "other", ROOT / "data")
    with pytest.raises(BadFrameError, match="基线"):
        atlas.workspace.withdraw("zones", author="甲", message="x")


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


# --- what is wrong in a file ---------------------------------------------------------------------


def geojson(path: Path, *features: dict) -> Path:
    made = [{"type": "Feature", "properties": {}} | feature for feature in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": made}))
    return path


SQUARE = shapely.geometry.mapping(shapely.box(112.5, 37.8, 112.51, 37.81))


def test_features_without_attributes_come_in(workspace, tmp_path) -> None:
    bare = tmp_path / "bare.geojson"
    bare.write_text(json.dumps(SQUARE))
    assert bring(workspace, bare).rows == 1
    plain = geojson(tmp_path / "plain.geojson", {"geometry": SQUARE}, {"geometry": None})
    done = bring(workspace, plain)
    assert (done.rows, done.dropped) == (1, 1)
    back = workspace.read("land-use")
    assert list(back.columns) == ["area_m2", "geometry"] and back["area_m2"].iloc[0] > 9e5
    points = tmp_path / "points.csv"
    points.write_text('wkt\n"POINT(112 37)"\n\n"POINT(112.1 37)"\n')
    done = bring(workspace, points, crs="EPSG:4490", options=ReadOptions(wkt_column="wkt"))
    assert list(workspace.read("land-use").columns) == ["geometry"]


def test_attributes_stay_with_their_features_where_some_batches_have_none() -> None:
    wkb = shapely.to_wkb(shapely.box(112.5, 37.8, 112.51, 37.81))
    batches = [
        Batch(pa.table({"geometry": pa.array([wkb, wkb], pa.large_binary())}), 1),
        Batch(pa.table({"a": ["x"], "geometry": pa.array([wkb], pa.large_binary())}), 3),
    ]
    file = FeatureFile(
        path=Path("a"), format="geojson", encoding=Encoding(), columns=(),
        hints=CrsHints(declared="EPSG:4490"), read=lambda: iter(batches),
    )  # fmt: skip
    gathered, _ = gather(file, CrsAnswer(), limits=Limits(), around=Surroundings())
    assert gathered.attributes.to_pydict() == {"a": [None, None, "x"]}


BROKEN = {"type": "Polygon", "coordinates": [[[112.5, "x"], [112.6, 37.8], [112.6, 37.9]]]}


@pytest.mark.parametrize("repairs", ["none", "all"])
def test_what_could_not_be_read_keeps_a_file_out_until_it_is_left_out(
    repairs, workspace, tmp_path
) -> None:
    path = geojson(tmp_path / "in.geojson", {"geometry": SQUARE}, {"geometry": BROKEN})
    with pytest.raises(ImportRefusedError, match="1 个要素有错") as caught:
        bring(workspace, path, repairs=repairs)
    assert [(p.code, p.feature, p.level) for p in caught.value.problems] == [
        ("bad_geometry", 2, "error")
    ]
    assert workspace.collections() == []
    with pytest.raises(ImportRefusedError, match="3:leave_out"):
        prepare(path, out=tmp_path / "o.parquet", repairs=repairs, leave_out=[3])
    done = prepare(path, out=tmp_path / "out.parquet", repairs=repairs, leave_out=[2])
    assert (done.rows, done.dropped, done.left_out) == (1, 1, (2,))
    assert not [p for p in done.problems if p.level == "error"]
    assert "第 2 个" in done.source
    assert Prepared.from_json(json.loads(json.dumps(done.to_json()))) == done


def test_many_broken_features_are_all_told_before_they_can_be_left_out(tmp_path) -> None:
    many = [{"geometry": BROKEN}] * 250
    path = geojson(tmp_path / "in.geojson", {"geometry": SQUARE}, *many)
    with pytest.raises(ImportRefusedError, match="1 个要素有错"):
        prepare(path, out=tmp_path / "o.parquet", leave_out=range(3, 252))
    done = prepare(path, out=tmp_path / "out.parquet", leave_out=range(2, 252))
    assert (done.rows, done.problem_counts["error"]) == (1, 0)


def test_a_feature_that_could_not_be_read_is_among_those_to_be_left_out(tmp_path) -> None:
    path = geojson(tmp_path / "in.geojson", {"geometry": SQUARE}, {"geometry": BROKEN})
    gathered, _ = gather(open_file(path), CrsAnswer(), limits=Limits(), around=Surroundings())
    assert [r.repair_id for r in gathered.proposals(full=False).told()] == ["2:leave_out"]


SURVEY = """[属性描述]
坐标系=2000国家大地坐标系
几度分带=3
带号=38
[地块坐标]
4,12.0,A0,地块,面,,工业,,@
J1,1,4194127.906,38372319.291
J2,1,{bad},38372319.291
J3,1,4194427.906,38372719.291
J4,1,4194127.906,38372719.291
J1,1,4194127.906,38372319.291
"""


@pytest.mark.parametrize("bad", ["41944O7.9", "NaN"])
@pytest.mark.parametrize("crs", ["", "EPSG:4526"])
def test_the_line_that_can_not_be_read_is_told_before_all_else(
    bad, crs, workspace, tmp_path
) -> None:
    path = tmp_path / "in.txt"
    path.write_text(SURVEY.format(bad=bad))
    with pytest.raises(ImportRefusedError) as caught:
        bring(workspace, path, crs=crs)
    assert caught.value.problems[0].line == 8 and bad in caught.value.faults[0]


def test_ids_given_twice_keep_a_file_out(workspace, tmp_path) -> None:
    frame = land(4).iloc[:3].copy()
    frame["编号"] = ["A", "B", "A"]
    path = tmp_path / "in.parquet"
    frame.to_parquet(path)
    assert bring(workspace, path).rows == 3
    with pytest.raises(ImportRefusedError) as caught:
        bring(workspace, path, around=Surroundings(id_column=USUAL))
    assert [(p.code, p.feature) for p in caught.value.problems] == [("duplicate_id", 3)]
    done = prepare(
        path, out=tmp_path / "o.parquet", around=Surroundings(id_column="编号"), leave_out=[1]
    )
    assert done.rows == 2
    frame["编号"] = 0  # as much software leaves it
    frame["地块编号"] = ["1", "2", None]
    frame.to_parquet(path)
    assert bring(workspace, path, around=Surroundings(id_column=USUAL)).rows == 3


def test_repairs_and_approximation_are_kept_with_what_is_stored(workspace, tmp_path) -> None:
    path = tmp_path / "in.parquet"
    land(10).to_crs(4610).to_parquet(path)
    done = prepare(path, answer=CrsAnswer(approximate=True), out=tmp_path / "o.parquet")
    assert done.approximate and "近似" in done.treatment
    with pytest.raises(ImportRefusedError, match="实测"):
        done.refuse_as_surveyed()
    done = prepare(faulty(tmp_path), out=tmp_path / "p.parquet", repairs="all")
    assert not done.approximate and "修复 2 个要素" in done.treatment
    done.refuse_as_surveyed()
