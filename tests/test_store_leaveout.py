"""Features that are not to be imported, areas after repairs, titles and sources of layers."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import shapely

from geo.errors import LimitError
from geo.files import ReadOptions, open_file
from geo.limits import LIMIT_OF, SETTINGS, Limits
from geo.placement import CrsAnswer
from geo.surroundings import Surroundings
from settings import TABLE
from store.gathering import gather
from store.imports import ImportRefusedError, commit_layer, import_layer, prepare
from store.officefigures import office_source
from store.workspace import Workspace

BOW_TIE = [(113.5, 37.3), (113.52, 37.32), (113.52, 37.3), (113.5, 37.315), (113.5, 37.3)]
FAR = Surroundings(area_column="mj")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "ws")


@pytest.fixture
def four(tmp_path: Path) -> Path:
    """A bow tie, two squares that overlap, and one in Japan; areas in hectares as declared."""
    shapes = [
        shapely.Polygon(BOW_TIE), shapely.box(113.55, 37.3, 113.57, 37.32),
        shapely.box(113.565, 37.3, 113.585, 37.32), shapely.box(139.5, 37.3, 139.51, 37.31),
    ]  # fmt: skip
    features = [
        {"type": "Feature", "properties": {"地块编号": f"F{n}", "名称": f"地块{n}", "mj": area},
         "geometry": shapely.geometry.mapping(shape)}
        for n, (shape, area) in enumerate(
            zip(shapes, (49.1994, 393.543, 393.543, 98.39), strict=True), start=1)
    ]  # fmt: skip
    path = tmp_path / "四块.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_any_feature_can_be_left_out_and_that_is_told(four: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    with pytest.raises(ImportRefusedError, match="不在中国"):
        prepare(four, out=out, repairs="all")
    made = prepare(four, out=out, repairs="all", leave_out=[4])
    assert (made.rows, made.dropped, made.repaired) == (3, 1, 1)
    told = [p.message_zh for p in made.problems if p.code == "left_out"]
    assert told == ["按所选，1 个要素未导入：第 4 个"]
    out.unlink()
    made = prepare(four, out=out, leave_out=[1, 4])  # the error goes with its feature
    assert made.rows == 2 and "第 1、4 个" in made.source
    with pytest.raises(ImportRefusedError, match="9:leave_out"):
        prepare(four, out=tmp_path / "none.parquet", leave_out=[4, 9])


def test_what_is_left_out_is_not_mended_and_no_other_makes_way_for_it(
    four: Path, tmp_path: Path
) -> None:
    chosen = ["1:self_intersection", "3:overlap:2"]
    both = prepare(four, out=tmp_path / "a.parquet", repairs=chosen, leave_out=[4])
    assert both.repaired == 2
    alone = prepare(four, out=tmp_path / "b.parquet", repairs=chosen, leave_out=[2, 4])
    assert alone.repaired == 1 and alone.rows == 2
    assert not any(p.feature in {2, 4} for p in alone.problems)


def test_a_repaired_outline_is_held_against_its_declared_area(four: Path, tmp_path: Path) -> None:
    before, _ = gather(
        open_file(four, ReadOptions(), limits=Limits()), CrsAnswer(), limits=Limits(), around=FAR
    )
    assert not [p for p in before.problems.listed() if p.code == "declared_area"]
    told = before.declared_after(before.proposals(full=True).told())
    assert set(told) == {"1:self_intersection", "3:overlap:2"}
    assert "49.1994 公顷" in told["1:self_intersection"].message_zh
    assert before.labels(("地块编号", "没有", "名称"), (1, 99)) == {1: "F1 地块1"}
    made = prepare(four, out=tmp_path / "o.parquet", repairs="all", leave_out=[4], around=FAR)
    assert [p.feature for p in made.problems if p.code == "declared_area"] == [1]


def test_a_layer_keeps_its_title_and_its_source(
    workspace: Workspace, four: Path, tmp_path: Path
) -> None:
    source = office_source(title="征地批复", publisher="某市局", published_on="2026-03", file="a")

    def bring(**more: object) -> int:
        made = prepare(four, out=tmp_path / "o.parquet", leave_out=[1, 4])
        return commit_layer(workspace, made, "zhengdi", author="甲", **more).version  # type: ignore[arg-type]

    bring(title="征地范围", source=source)
    info = workspace.info("zhengdi")
    assert (info.title, info.source) == ("征地范围", source.source_id)
    kept = workspace.read("office-sources").set_index("source_id").loc[source.source_id]
    assert kept.title == "征地批复" and "按所选未导入" in kept.note
    bring(message="再来")
    assert workspace.info("zhengdi").title == "征地范围"  # until another one is given
    workspace.restore("zhengdi", 0, author="甲", message="恢复")
    assert workspace.info("zhengdi").title == "征地范围"
    workspace.withdraw("zhengdi", author="甲", message="撤回")
    assert (workspace.info("zhengdi").title, workspace.info("zhengdi").rows) == ("征地范围", 0)


def test_a_layer_from_the_terminal_has_no_title(workspace: Workspace, four: Path) -> None:
    only = json.loads(four.read_text())
    four.write_text(json.dumps(only | {"features": only["features"][1:2]}))
    import_layer(workspace, four, "plain", author="甲")
    assert workspace.info("plain").title == ""


# --- limits --------------------------------------------------------------------------------------


def test_every_limit_that_can_be_set_names_a_setting_that_exists() -> None:
    known = {row.env for row in TABLE}
    assert set(SETTINGS.values()) <= known
    assert set(SETTINGS) <= set(Limits.__slots__) and set(LIMIT_OF.values()) <= set(SETTINGS)


@pytest.mark.parametrize("code", sorted(LIMIT_OF))
def test_an_error_of_a_limit_says_how_to_raise_it_in_both_languages(code: str) -> None:
    message = LimitError("甲 / 乙.shp 太大 / 甲 / 乙.shp is large", code=code).message
    zh, _, en = message.rpartition(" / 甲 / 乙")
    setting = SETTINGS[LIMIT_OF[code]]
    assert zh == f"甲 / 乙.shp 太大；上限可用设置 {setting} 调高"
    assert en == f".shp is large; the setting {setting} raises the limit"


def test_a_limit_of_safety_says_what_to_do_instead(tmp_path: Path) -> None:
    path = tmp_path / "炸弹.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b" " * (32 << 20))
    with pytest.raises(LimitError) as told:
        open_file(path, ReadOptions(), limits=Limits())
    assert "请解压后直接放入" in told.value.message and "ZONE_ATLAS_MAX" in told.value.message
    with pytest.raises(LimitError, match="ZONE_ATLAS_MAX_UNPACKED_MB"):
        open_file(path, ReadOptions(), limits=Limits(unpacked_bytes=1 << 20))
    with pytest.raises(LimitError, match="ZONE_ATLAS_MAX_FILE_MB"):
        open_file(path, ReadOptions(), limits=Limits(file_bytes=1 << 10))
