"""Collections, versions, reads and refusals of a workspace that nothing happened to."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.errors import (
    AlreadyCurrentError,
    BadFrameError,
    BadNameError,
    BadQuestionError,
    StaleWriterError,
    UnknownCollectionError,
    UnknownVersionError,
    WorkspacePathError,
)
from store.workspace import NOT_YET, Workspace

ROOT = Path(__file__).resolve().parent.parent
AUDIT = {"author": "王工", "message": "测试", "source": "src-test"}


def squares(count: int, *, seed: int = 1) -> gpd.GeoDataFrame:
    """`count` squares of 0.01 degrees at random places in Shanxi, ids in random order."""
    random = np.random.default_rng(seed)
    west, south = random.uniform(111, 114, count), random.uniform(35, 40, count)
    return gpd.GeoDataFrame(
        {"place_id": [f"z{i}" for i in range(count)], "面积": random.uniform(1, 9, count)},
        geometry=shapely.box(west, south, west + 0.01, south + 0.01),
        crs=4490,
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "var")


def test_a_geo_collection_comes_back_as_it_was_written(workspace: Workspace) -> None:
    frame = squares(50)
    assert workspace.write("zones", frame, **AUDIT) == 0
    back = workspace.read("zones")
    assert isinstance(back, gpd.GeoDataFrame)
    assert back.crs.to_epsg() == 4490
    assert list(back.columns) == list(frame.columns)
    back, frame = back.set_index("place_id"), frame.set_index("place_id")
    assert set(back.index) == set(frame.index)
    assert back.loc[frame.index].geometry.geom_equals_exact(frame.geometry, 0).all()
    assert (back.loc[frame.index, "面积"] == frame["面积"]).all()


def test_a_table_comes_back_in_its_order_and_with_its_nulls(workspace: Workspace) -> None:
    frame = pd.DataFrame(
        {
            "id": ["b", "a", "c"],
            "value": [1.5, None, -2.0],
            "number": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "aliases": [["甲", "乙"], [], None],
            "nothing": pd.Series([None, None, None], dtype=object),
            "kind": pd.Categorical(["x", "y", "x"]),
            "day": pd.to_datetime(["2023-01-01", None, "2024-02-29"]),
        }
    )
    workspace.write("observations", frame, **AUDIT)
    back = workspace.read("observations")
    assert not isinstance(back, gpd.GeoDataFrame)
    assert back["id"].tolist() == ["b", "a", "c"]
    assert back["value"].isna().tolist() == [False, True, False]
    assert back["number"].isna().tolist() == [False, True, False]
    assert back["flag"].tolist()[0] is True
    assert [None if v is None else list(v) for v in back["aliases"]] == [["甲", "乙"], [], None]
    assert back["nothing"].isna().all()
    assert back["kind"].tolist() == ["x", "y", "x"]
    assert back["day"].iloc[2] == pd.Timestamp("2024-02-29")


def test_versions_history_and_restore(workspace: Workspace) -> None:
    first, second = squares(5), squares(7, seed=2)
    workspace.write("zones", first, **AUDIT, expected_version=NOT_YET)
    workspace.write("zones", second, author="李工", message="改", source="s", expected_version=0)
    assert workspace.versions() == {"zones": 1}
    assert workspace.restore("zones", 0, author="张工", message="退回", expected_version=1) == 2
    assert [len(workspace.read("zones", version=v)) for v in (0, 1, 2)] == [5, 7, 5]
    newest, middle, oldest = workspace.history("zones")
    assert (newest.version, newest.parent, newest.restored_from) == (2, 1, 0)
    assert (newest.author, newest.message, newest.source) == ("张工", "退回", "src-test")
    assert (middle.author, middle.rows, oldest.parent) == ("李工", 7, None)
    assert newest.sha256 == oldest.sha256 != middle.sha256
    assert oldest.time <= middle.time <= newest.time
    assert oldest.bbox == pytest.approx(tuple(first.total_bounds))
    with pytest.raises(AlreadyCurrentError):
        workspace.restore("zones", 2, author="张工", message="再退")


def test_a_changed_set_of_columns_is_restored_with_its_version(workspace: Workspace) -> None:
    workspace.write("sources", pd.DataFrame({"a": [1], "b": ["x"]}), **AUDIT)
    workspace.write("sources", pd.DataFrame({"c": [1.5]}), **AUDIT)
    workspace.restore("sources", 0, author="张工", message="退回")
    assert list(workspace.read("sources").columns) == ["a", "b"]
    table = DeltaTable(str(workspace.path / "sources"))
    assert [field.name for field in table.schema().fields] == ["a", "b"]


def test_a_stale_writer_is_refused_and_leaves_nothing(workspace: Workspace) -> None:
    workspace.write("zones", squares(1), **AUDIT)
    workspace.write("zones", squares(2), **AUDIT, expected_version=0)
    for wrong in (0, NOT_YET, 5):
        with pytest.raises(StaleWriterError):
            workspace.write("zones", squares(3), **AUDIT, expected_version=wrong)
    with pytest.raises(StaleWriterError):
        workspace.restore("zones", 0, author="a", message="m", expected_version=0)
    with pytest.raises(StaleWriterError):
        workspace.write("other", squares(3), **AUDIT, expected_version=0)
    assert workspace.versions() == {"zones": 1}
    assert workspace.verify() == []


def test_of_writers_who_saw_the_same_version_one_wins(workspace: Workspace) -> None:
    workspace.write("zones", squares(1), **AUDIT)
    outcomes: list[object] = []

    def write(rows: int) -> None:
        try:
            outcomes.append(workspace.write("zones", squares(rows), **AUDIT, expected_version=0))
        except StaleWriterError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=write, args=(rows,)) for rows in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["1"] + ["stale_writer"] * 5
    assert workspace.version("zones") == 1
    assert workspace.verify() == []


@pytest.mark.parametrize(
    "name",
    ["", "Zones", "1zone", "-zone", "zone_1", "../zones", "a/b", "a\\b", ".staging", "zone ",
     "zones\n", "区", "a" * 64, "a\0b"],
)  # fmt: skip
def test_names_that_are_no_collection_names_are_refused(workspace: Workspace, name: str) -> None:
    for use in (
        lambda: workspace.write(name, squares(1), **AUDIT),
        lambda: workspace.read(name),
        lambda: workspace.history(name),
        lambda: workspace.verify(name),
        lambda: workspace.restore(name, 0, author="a", message="m"),
    ):
        with pytest.raises(BadNameError):
            use()
    assert workspace.verify() == []


def test_unknown_names_and_versions_say_so(workspace: Workspace) -> None:
    with pytest.raises(UnknownCollectionError):
        workspace.read("zones")
    workspace.write("zones", squares(1), **AUDIT)
    for version in (1, 99, -1):
        with pytest.raises(UnknownVersionError):
            workspace.read("zones", version=version)


def test_a_workspace_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(WorkspacePathError):
        Workspace.open(tmp_path / "none", create=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspacePathError):
        Workspace.open(tmp_path / "file")


def test_author_message_and_source_are_needed(workspace: Workspace) -> None:
    for missing in AUDIT:
        with pytest.raises(BadFrameError) as caught:
            workspace.write("zones", squares(1), **{**AUDIT, missing: "  "})
        assert missing in str(caught.value.faults)
    with pytest.raises(BadFrameError):
        workspace.write("zones", squares(1), author="baseline", message="m", source="s")
    assert workspace.versions() == {}
    assert workspace.verify() == []


def test_all_faults_of_a_frame_are_listed_at_once(workspace: Workspace) -> None:
    frame = squares(2).to_crs(4526)
    frame["bbox"], frame["a b"], frame["NAME"], frame["name"] = 1, 2, 3, 4
    frame["point"] = gpd.GeoSeries([shapely.Point(0, 0)] * 2, crs=4490)
    with pytest.raises(BadFrameError) as caught:
        workspace.write("zones", frame, **AUDIT)
    text = "\n".join(caught.value.faults)
    for fault in ("'bbox'", "'a b'", "'NAME'", "EPSG:4526", "point", "2 个要素"):
        assert fault in text
    with pytest.raises(BadFrameError):
        workspace.write("zones", squares(2).set_crs(None, allow_override=True), **AUDIT)
    with pytest.raises(BadFrameError):
        workspace.write("mixed", pd.DataFrame({"a": [1, "x", 2.5]}), **AUDIT)
    assert workspace.verify() == []


def test_a_bbox_reads_what_meets_it(workspace: Workspace) -> None:
    frame = squares(3000)
    workspace.write("zones", frame, **AUDIT)
    bbox = (112.0, 37.0, 112.5, 37.5)
    expected = set(frame[frame.intersects(shapely.box(*bbox))]["place_id"])
    assert 0 < len(expected) < 300
    assert set(workspace.read("zones", bbox=bbox)["place_id"]) == expected
    plain = workspace.read("zones", bbox=bbox, columns=["place_id"])
    assert list(plain.columns) == ["place_id"]
    assert not isinstance(plain, gpd.GeoDataFrame)
    assert set(plain["place_id"]) == expected


def test_columns_can_be_chosen(workspace: Workspace) -> None:
    workspace.write("zones", squares(3), **AUDIT)
    assert list(workspace.read("zones", columns=["面积"]).columns) == ["面积"]
    with_geometry = workspace.read("zones", columns=["geometry", "place_id"])
    assert with_geometry.crs.to_epsg() == 4490
    for columns, bbox in ((["nothing"], None), (["bbox"], None), (None, (113.0, 0.0, 1.0, 1.0))):
        with pytest.raises(BadQuestionError):
            workspace.read("zones", columns=columns, bbox=bbox)
    workspace.write("sources", pd.DataFrame({"a": [1]}), **AUDIT)
    with pytest.raises(BadQuestionError):
        workspace.read("sources", bbox=(1.0, 1.0, 2.0, 2.0))


def test_the_file_is_geoparquet_that_others_can_read_and_prune(workspace: Workspace) -> None:
    frame = squares(20_000)
    workspace.write("zones", frame, **AUDIT)
    path = workspace.file("zones")
    with pq.ParquetFile(path) as file:
        geo = json.loads(file.schema_arrow.metadata[b"geo"])
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    column = geo["columns"]["geometry"]
    assert geo["version"] == "1.1.0"
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 4490}
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert groups[0].column(0).compression == "ZSTD"
    assert len(groups) > 1
    # Hilbert order: a group covers a part of the province only; in random order each covers all.
    extents = [
        (g.column(i).statistics.max - g.column(i).statistics.min) / 3.0
        for g in groups
        for i in range(g.num_columns)
        if g.column(i).path_in_schema == "bbox.xmin"
    ]
    assert min(extents) < 0.6
    assert len(gpd.read_parquet(path, bbox=(112.0, 37.0, 112.1, 37.1))) < 50


def test_any_delta_reader_sees_file_rows_and_extent(workspace: Workspace) -> None:
    frame = squares(40)
    workspace.write("zones", squares(3), **AUDIT)
    workspace.write("zones", frame, **AUDIT)
    table = DeltaTable(str(workspace.path / "zones"))
    assert table.file_uris() == [str(workspace.file("zones"))]
    actions = pa.table(table.get_add_actions(flatten=True)).to_pydict()
    assert actions["num_records"] == [40]
    west, south, east, north = frame.total_bounds
    assert actions["min.bbox.xmin"] == [pytest.approx(west)]
    assert actions["min.bbox.ymin"] == [pytest.approx(south)]
    assert actions["max.bbox.xmax"] == [pytest.approx(east)]
    assert actions["max.bbox.ymax"] == [pytest.approx(north)]
    assert table.to_pyarrow_table(columns=["place_id"]).num_rows == 40
    assert table.history()[0]["zoneAtlas"]["author"] == "王工"


def test_empty_frames_and_missing_geometries_are_kept(workspace: Workspace) -> None:
    workspace.write("empty", squares(0), **AUDIT)
    assert len(workspace.read("empty")) == 0
    assert workspace.info("empty").bbox is None
    frame = squares(3)
    frame.loc[0, "geometry"] = None
    frame.loc[1, "geometry"] = shapely.Polygon()
    workspace.write("zones", frame, **AUDIT)
    back = workspace.read("zones").set_index("place_id").geometry
    assert back["z0"] is None
    assert back["z1"].is_empty
    assert back["z2"].equals(frame.geometry[2])
    assert len(workspace.read("zones", bbox=(100.0, 30.0, 120.0, 45.0))) == 1


def test_the_same_frame_gives_the_same_bytes(workspace: Workspace) -> None:
    workspace.write("a", squares(500), **AUDIT)
    workspace.write("b", squares(500), **AUDIT)
    assert workspace.info("a").sha256 == workspace.info("b").sha256


# One workspace for all examples: each writes its own version.
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
            st.one_of(st.none(), st.floats(allow_nan=False)),
            st.one_of(
                st.none(),
                st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(shapely.Point),
            ),
        ),
        max_size=20,
    )
)
def test_whatever_a_frame_holds_is_read_back(workspace: Workspace, rows: list[tuple]) -> None:
    frame = gpd.GeoDataFrame(
        {"text": [r[0] for r in rows], "value": pd.array([r[1] for r in rows], dtype="float64")},
        geometry=gpd.GeoSeries([r[2] for r in rows], crs=4490),
        crs=4490,
    )
    workspace.write("any", frame, **AUDIT)
    back = workspace.read("any")

    def content(table: gpd.GeoDataFrame) -> list[tuple]:
        wkb = [None if g is None else shapely.to_wkb(g) for g in table.geometry]
        values = [None if pd.isna(v) else v for v in table["value"]]
        return sorted(zip(table["text"], values, wkb, strict=True), key=repr)

    assert content(back) == content(frame)


def test_opening_loads_no_heavy_library(workspace: Workspace) -> None:
    workspace.write("zones", squares(3), **AUDIT)
    code = (
        "import sys; from pathlib import Path; from store.workspace import Workspace;"
        "print(Workspace.open(Path(sys.argv[1])).versions());"
        "print([m for m in ('deltalake', 'pyarrow', 'pandas', 'numpy', 'geopandas', 'shapely')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(workspace.path)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["{'zones': 0}", "[]"]
