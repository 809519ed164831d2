"""Import and history in a real browser: files of an office become versions, and are undone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely
from browsing import visiting, wait_idle, wait_still
from conftest import PHONE, ROOT, Visit, serve
from playwright.sync_api import Browser, Frame, Locator, expect

from facts.templates import TEMPLATES
from store.workspace import Workspace

pytestmark = pytest.mark.browser

ZONE = "zone-heshun-jingkai"  # in eastern Shanxi, in the 3° zone 38
ZONE_NAME = "和顺经济开发区"
AUTHOR = "王工"
READY = """least => [...document.querySelectorAll('iframe')].some(f => {
  const i = f.contentWindow?.__import; return i && i.ready >= least; })"""
OUTLINE = """id => { const path = document.querySelector(`path.zone[data-id="${id}"]`);
  return path && {classes: [...path.classList], dash: getComputedStyle(path).strokeDasharray,
                  d: path.getAttribute('d')}; }"""


# --- files, built in code ------------------------------------------------------------------------


def middle() -> tuple[float, float]:
    """Where the zone is drawn in the baseline, degrees."""
    zones = gpd.read_file(ROOT / "data" / "boundaries" / "zones.geojson")
    row = zones[zones["place_id"] == ZONE].iloc[0]
    return float(row["point_lon"]), float(row["point_lat"])


def gbk_shapefile(folder: Path) -> list[Path]:
    """One polygon with a hole, GBK names, 3° zone 38 with prefix, and nothing that says so."""
    lon, lat = middle()
    ring = shapely.box(lon - 0.03, lat - 0.02, lon + 0.03, lat + 0.025)
    hole = shapely.box(lon - 0.005, lat - 0.004, lon + 0.005, lat + 0.004)
    frame = gpd.GeoDataFrame(
        {"名称": [ZONE_NAME], "面积": [2360.5]}, geometry=[ring.difference(hole)], crs=4490
    ).to_crs(4526)
    path = folder / "和顺范围.shp"
    pyogrio.write_dataframe(frame, path, encoding="GBK")
    for extension in (".prj", ".cpg"):
        path.with_suffix(extension).unlink(missing_ok=True)
    dbf = path.with_suffix(".dbf")
    content = bytearray(dbf.read_bytes())
    content[29] = 0  # no language driver either
    dbf.write_bytes(bytes(content))
    return [path, dbf, path.with_suffix(".shx")]


def figures_workbook(folder: Path) -> Path:
    """A table with a title, two header rows, merged heads, 亿元 beside 万元, blanks and a total."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "主要指标"
    sheet.append(["2023年上半年开发区主要经济指标"])
    sheet.append(["开发区", "投资", None, "产出", None])
    sheet.append(
        [None, "工业投资（亿元）", "固定资产投资（亿元）", "税收（万元）", "规上工业企业数（家）"]
    )
    sheet.append(["和顺经济开发区", 12.5, 20.1, 4641, 18])
    sheet.append(["清徐经开区", 8.6, "—", 13500, 41])
    sheet.append(["中北高新开发区", 3.2, 5, None, 7])
    sheet.append(["合计", 24.3, 25.1, 18141, 66])
    for merged in ("A1:E1", "A2:A3", "B2:C2", "D2:E2"):
        sheet.merge_cells(merged)
    path = folder / "上半年指标.xlsx"
    book.save(path)
    return path


def faulty_package(folder: Path) -> Path:
    """A bow tie, which is an error that can be repaired, beside a good square."""
    lon, lat = middle()
    bow = shapely.Polygon(
        [(lon, lat), (lon + 0.02, lat + 0.02), (lon + 0.02, lat), (lon, lat + 0.02)]
    )
    good = shapely.box(lon + 0.05, lat, lon + 0.06, lat + 0.01)
    path = folder / "faulty.gpkg"
    gpd.GeoDataFrame({"地块": ["甲", "乙"]}, geometry=[bow, good], crs=4490).to_file(path)
    return path


# --- fixtures and steps --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of its own: these tests write."""
    return tmp_path_factory.mktemp("office") / "var"


@pytest.fixture(scope="module")
def office(office_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server on that workspace."""
    yield from serve(office_dir, tmp_path_factory.mktemp("office-server"))


@pytest.fixture
def visit(browser: Browser, office: str) -> Iterator[Visit]:
    with visiting(browser, office) as opened:
        yield opened


def drop(visit: Visit, *paths: Path) -> None:
    """Open the page and drop files on it."""
    visit.open("/import")
    box = visit.page.locator("input[type=file]")
    box.wait_for(state="attached", timeout=60_000)
    wait_idle(visit.page)
    box.set_input_files(list(paths))


def step(visit: Visit, name: str) -> None:
    """Wait until the page is at a step."""
    title = visit.page.locator(".za-step-title")
    expect(title).to_contain_text(name, timeout=60_000)
    wait_idle(visit.page)


def onward(visit: Visit, name: str) -> None:
    """Press “next” and wait for the step of that name."""
    button = visit.page.get_by_role("button", name="下一步", exact=True)
    expect(button).to_be_enabled(timeout=30_000)
    button.click()
    step(visit, name)


def preview(visit: Visit, *, has: str = "") -> Frame:
    """The frame of the import's map, once its table holds these words; a page may have two maps."""
    visit.page.wait_for_function(READY, arg=1, timeout=60_000)
    for _ in range(300):
        for frame in visit.page.frames:
            if "/frame/import" in frame.url and has in (
                frame.locator(".list").text_content() or ""
            ):
                return frame
        visit.page.wait_for_timeout(200)
    pytest.fail(f"no map with {has!r} in its table")


def drawn(frame: Frame) -> dict[str, Any]:
    found: dict[str, Any] = frame.evaluate("window.__import.shown()")
    return found


def say(visit: Visit, label: str, words: str) -> None:
    """Fill in a field and let the page take it."""
    field = visit.page.get_by_role("textbox", name=label)
    field.fill(words)
    field.press("Tab")
    wait_idle(visit.page)


def in_view(visit: Visit, label: str) -> Locator:
    """A select box, scrolled to and at rest: an open list closes when what it hangs on moves."""
    wait_idle(visit.page)
    box = visit.page.get_by_role("combobox", name=label)
    box.scroll_into_view_if_needed()
    wait_still(visit.page)
    visit.page.wait_for_timeout(1_500)  # a map above takes its height
    box.scroll_into_view_if_needed()
    return box


def commit(visit: Visit, message: str) -> None:
    say(visit, "提交说明（必填）", message)
    say(visit, "提交人（必填）", AUTHOR)
    visit.page.get_by_role("button", name="提交", exact=True).click()
    expect(visit.page.locator(".za-done")).to_contain_text("已提交", timeout=60_000)


def outline(visit: Visit) -> dict[str, Any]:
    """How the map page draws the zone."""
    visit.open_map(f"/?level=zone&sel={ZONE}")
    visit.page.wait_for_function(
        """id => [...document.querySelectorAll('iframe')].some(f =>
             f.contentDocument?.querySelector(`path.zone[data-id="${id}"]`))""",
        arg=ZONE, timeout=60_000,
    )  # fmt: skip
    found: dict[str, Any] = visit.frame.evaluate(OUTLINE, ZONE)
    return found


# --- the tests -----------------------------------------------------------------------------------


def test_a_gbk_shapefile_without_prj_is_asked_about_previewed_committed_and_undone(
    visit: Visit, tmp_path: Path
) -> None:
    before = outline(visit)
    assert "is-schematic" in before["classes"] and before["dash"] != "none"

    drop(visit, *gbk_shapefile(tmp_path))
    step(visit, "读到什么")
    expect(visit.page.get_by_text("GB18030").first).to_be_visible(timeout=60_000)
    expect(visit.page.get_by_text(ZONE_NAME).first).to_be_visible()
    onward(visit, "坐标系")
    answer_the_datum(visit)
    onward(visit, "问题与修复")
    expect(visit.page.get_by_text("没有发现问题。")).to_be_visible(timeout=60_000)
    onward(visit, "用途与对应")
    take_as_zone(visit)
    onward(visit, "提交")
    visit.page.get_by_role("button", name="提交", exact=True).click()
    expect(visit.page.get_by_text("请写一句说明，留在历史里。")).to_be_visible(timeout=30_000)
    commit(visit, "和顺开发区勘测定界")

    after = outline(visit)
    assert "is-surveyed" in after["classes"] and after["dash"] == "none"
    assert after["d"] != before["d"]
    undo(visit)
    assert outline(visit) == before
    assert visit.foreign == [] and visit.errors == []


def answer_the_datum(visit: Visit) -> None:
    """The zone is certain from the prefix, the datum can't be told: that is what is asked."""
    page = visit.page
    question = page.get_by_role("radiogroup", name="坐标用的是哪个基准？")
    expect(question).to_be_visible(timeout=60_000)
    expect(page.locator(".za-verdict")).to_contain_text("横坐标带有带号 38")
    options = question.locator("label").all_inner_texts()
    assert [re.search(r"EPSG:(\d+)", o)[1] for o in options[:3]] == ["4526", "2362", "2414"]
    frame = preview(visit, has="和顺县")
    assert drawn(frame)["kinds"] == {"other": 3}
    expect(page.get_by_role("button", name="下一步", exact=True)).to_have_count(0)
    question.get_by_text("EPSG:4526").click()
    expect(page.locator(".za-done")).to_contain_text("由用户指定", timeout=60_000)
    frame.wait_for_function("() => window.__import.shown().kinds.candidate === 1", timeout=60_000)
    lon, lat = middle()
    frame.wait_for_function(
        """([lat, lon]) => { const [y, x] = window.__import.shown().centre;
             return Math.abs(y - lat) < 0.1 && Math.abs(x - lon) < 0.1; }""",
        arg=[lat, lon], timeout=30_000,
    )  # fmt: skip


def take_as_zone(visit: Visit) -> None:
    """The name is exactly one on file; the preview shows one changed zone."""
    page = visit.page
    page.get_by_text("开发区边界", exact=True).click()
    expect(page.get_by_role("combobox", name=f"“{ZONE_NAME}”对应")).to_have_value(
        re.compile(ZONE_NAME), timeout=60_000
    )
    page.get_by_text("实测（勘测定界、测绘成果）").click()
    say(visit, "名称（必填）", "和顺经济开发区勘测定界报告")
    onward(visit, "预览差异")
    frame = preview(visit, has="改变")
    assert drawn(frame)["kinds"] == {"changed": 1}
    strip = page.locator(".za-strip").inner_text()
    assert re.search(r"改变\s*1", strip) and re.search(r"不变\s*101", strip)
    assert "公顷" not in strip and "示意" in strip  # schematic outlines are not added up
    expect(frame.locator(".list")).to_contain_text("不可比")


def undo(visit: Visit) -> None:
    """The history tells who, why and from where, shows the difference, and leads back."""
    page = visit.page
    visit.open("/history?c=zones")
    versions = page.locator("table", has_text="和顺开发区勘测定界").first
    expect(versions).to_contain_text("1（当前）", timeout=60_000)
    expect(versions).to_contain_text("和顺经济开发区勘测定界报告")
    expect(versions).to_contain_text("EPSG:4526")  # how the coordinates were placed
    assert drawn(preview(visit, has=ZONE_NAME))["kinds"] == {"changed": 1}
    page.get_by_role("button", name="恢复", exact=True).click()
    expect(page.get_by_text("请写一句说明，留在历史里。")).to_be_visible(timeout=30_000)
    page.get_by_role("textbox", name="说明（必填）").fill("试导入，撤销")
    expect(versions).to_contain_text(AUTHOR)
    page.get_by_role("textbox", name="提交人（必填）").fill("李工")
    page.get_by_text("确认用所选内容代替当前版本").click()
    page.get_by_role("button", name="恢复", exact=True).click()
    expect(page.locator(".za-done")).to_contain_text("版本 2", timeout=60_000)
    expect(page.locator("table").first).to_contain_text("李工")
    # What can be chosen follows at once: the two newest are compared, and the count is right.
    expect(page.get_by_role("combobox", name="数据集")).to_have_value(re.compile("3 个版本"))
    expect(page.get_by_role("combobox", name="从版本")).to_have_value(re.compile("^版本 1 "))
    expect(page.get_by_role("combobox", name="到版本")).to_have_value(re.compile("^版本 2 "))


def test_a_sheet_of_figures_is_mapped_committed_and_shown_with_its_source(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit.page
    drop(visit, figures_workbook(tmp_path))
    step(visit, "读到什么")
    expect(page.get_by_text("2023年上半年开发区主要经济指标").first).to_be_visible(timeout=60_000)
    onward(visit, "列的含义")
    columns = page.locator("[class*=st-key-intake_column_]")
    expect(columns).to_have_count(5, timeout=60_000)
    expect(columns.nth(1)).to_contain_text("投资 › 工业投资（亿元）")
    closest = page.get_by_role("button", name=re.compile("^采用全部"))
    if closest.count():
        closest.first.click()
        wait_idle(page)
    for at, name in ((1, "工业投资"), (2, "固定资产投资"), (3, "税收"), (4, "规上工业企业数")):
        meaning = columns.nth(at).get_by_role("combobox").first
        expect(meaning).to_have_value(re.compile(f"^{name}"), timeout=30_000)
    units = columns.nth(3).get_by_role("combobox", name="“产出税收(万元)”的单位")
    expect(units).to_have_value("万元")
    expect(page.get_by_role("textbox", name="数据的时期")).to_have_value("2023年上半年")
    say(visit, "名称（必填）", "<b>上半年快报</b>")
    onward(visit, "名称对应")
    likely = page.get_by_role("combobox", name="“中北高新开发区”对应")
    expect(likely).to_have_value("请选择", timeout=30_000)  # similar is not the same: it is asked
    page.get_by_role("button", name="采用全部 1 个最接近的").click()
    expect(likely).to_have_value(re.compile("中北高新技术产业开发区"), timeout=30_000)
    onward(visit, "检查")
    assert re.search(r"读到的记录\s*12", page.locator(".za-strip").inner_text())
    onward(visit, "预览差异")
    table = page.locator("table", has_text="0.4641")  # 4641 万元 are 0.4641 亿元, exactly
    expect(table).to_be_visible(timeout=60_000)
    assert drawn(preview(visit))["kinds"] == {"place": 3}
    onward(visit, "提交")
    commit(visit, "上半年快报")
    expect(page.get_by_text("新增 12 条")).to_be_visible()
    visit.open(f"/place?id={ZONE}")
    row = page.locator("tr", has_text="税收").filter(has_text="<b>上半年快报</b>").first
    expect(row).to_contain_text("0.4641", timeout=60_000)

    # The same table again asks nothing any more, and brings nothing new.
    drop(visit, figures_workbook(tmp_path))
    step(visit, "读到什么")
    onward(visit, "列的含义")
    expect(page.get_by_text("沿用了上次同样表头的对应关系")).to_be_visible(timeout=60_000)
    say(visit, "名称（必填）", "<b>上半年快报</b>")
    onward(visit, "名称对应")
    expect(page.get_by_text("所有名称都与库中一致。")).to_be_visible(timeout=30_000)
    onward(visit, "检查")
    onward(visit, "预览差异")
    expect(page.locator(".za-strip")).to_contain_text("与现有相同", timeout=60_000)
    assert visit.foreign == [] and visit.errors == []


def test_faults_stand_on_the_map_and_a_repair_is_made_only_when_chosen(
    visit: Visit, tmp_path: Path, office_dir: Path
) -> None:
    page = visit.page
    drop(visit, faulty_package(tmp_path))
    step(visit, "读到什么")
    onward(visit, "坐标系")
    expect(page.locator(".za-verdict")).to_contain_text("文件里写明", timeout=60_000)
    onward(visit, "问题与修复")
    frame = preview(visit, has="边界自相交")
    assert drawn(frame)["kinds"]["error"] == 1
    row = frame.locator("tbody tr", has_text="边界自相交")
    assert "建议的修复" in frame.locator("thead").inner_text()
    button = row.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")  # the table leads to the place, also without a mouse
    frame.wait_for_function("() => window.__import.shown().zoom > 15", timeout=30_000)
    assert "要素 1" in frame.locator("[role=status]").inner_text()
    page.get_by_role("button", name="下一步", exact=True).click()
    expect(page.locator(".za-alert")).to_contain_text("未导入", timeout=60_000)
    step(visit, "问题与修复")  # the step stays
    row.get_by_role("checkbox").check()
    expect(page.get_by_text("将修复 1 处")).to_be_visible(timeout=30_000)
    onward(visit, "用途与对应")
    page.get_by_text("独立图层", exact=True).click()
    wait_idle(page)
    page.get_by_role("combobox", name="图层", exact=True).fill("新图层")
    page.get_by_role("option", name="新图层").click()
    say(visit, "图层名称（中文，必填）", "修复的地块")
    page.get_by_text("图层代号：xiufudedikuai（自动取，可改）").click()
    say(visit, "图层代号（小写字母、数字、连字符）", "zones")
    expect(page.get_by_text("图层代号“zones”不能用")).to_be_visible(timeout=30_000)
    say(visit, "图层代号（小写字母、数字、连字符）", "repaired-land")
    onward(visit, "预览差异")
    assert drawn(preview(visit, has="新增"))["kinds"] == {"added": 2}
    onward(visit, "提交")
    somebody_else_is_first(visit, office_dir)
    commit(visit, "修复后导入")
    page.get_by_role("link", name="在图上看这个图层").click()
    expect(page.locator("table", has_text="修复后导入").first).to_contain_text("1（当前）")
    expect(page.locator("table caption", has_text="修复的地块")).to_be_visible(timeout=60_000)
    assert drawn(preview(visit, has="编号、名称"))["kinds"] == {"feature": 2}
    assert page.get_by_role("link", name="GeoPackage").count() == 1
    withdraw(visit)
    assert visit.foreign == [] and visit.errors == []


def test_an_import_outlives_a_reload_leaves_features_out_and_is_dropped_when_that_is_confirmed(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit.page
    drop(visit, faulty_package(tmp_path))
    step(visit, "读到什么")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("[aria-current=step]")).to_have_text(re.compile("读到什么"))
    onward(visit, "坐标系")
    expect(page.locator(".za-step-title")).to_be_focused(timeout=10_000)
    expect(page.locator("[aria-current=step]")).to_have_text(re.compile("坐标系"))
    onward(visit, "问题与修复")
    preview(visit, has="边界自相交")
    page.reload()
    page.get_by_role("button", name="继续上次未完成的导入").click(timeout=60_000)
    step(visit, "问题与修复")
    preview(visit, has="边界自相交")
    in_view(visit, "不导入这些要素").click()
    page.get_by_role("option", name="要素 1").click()
    page.keyboard.press("Escape")
    expect(preview(visit).locator("tbody")).to_contain_text("不导入这个要素", timeout=60_000)
    onward(visit, "用途与对应")
    expect(page.get_by_text("按所选，1 个要素未导入")).to_be_visible()
    page.get_by_text("独立图层", exact=True).click()
    wait_idle(page)
    box = page.get_by_role("combobox", name="图层", exact=True)
    box.fill("土地利用现状")
    page.get_by_role("option", name=re.compile("土地利用现状")).click()
    wait_idle(page)
    box.click()
    page.keyboard.press("Escape")
    wait_idle(page)
    expect(page.get_by_text("还缺")).to_have_count(0)
    say(visit, "名称（必填）", "长" * 201)
    expect(page.locator(".za-alert")).to_contain_text("201 个字，最多 200 个", timeout=30_000)
    page.get_by_role("button", name="① 放入文件").click()
    step(visit, "放入文件")
    expect(page.get_by_text("要换一个文件")).to_be_visible()
    page.get_by_role("button", name="放弃这次导入").click()
    page.get_by_role("button", name="确定放弃").click()
    step(visit, "放入文件")
    expect(page).not_to_have_url(re.compile("job="), timeout=30_000)
    assert visit.foreign == [] and visit.errors == []


def withdraw(visit: Visit) -> None:
    """Take the first import back; the form stands first, above maps that take their height late."""
    page = visit.page
    visit.open("/history?c=repaired-land&to=undo")
    wait_idle(page)
    page.get_by_role("combobox", name="恢复到").fill("清空")
    page.get_by_role("option", name=re.compile("清空")).click()
    page.get_by_role("textbox", name="说明（必填）").fill("撤回")
    page.get_by_role("textbox", name="提交人（必填）").fill(AUTHOR)
    page.get_by_text("确认用所选内容代替当前版本").click()
    page.get_by_role("button", name="恢复", exact=True).click()
    expect(page.locator(".za-done")).to_contain_text("没有内容", timeout=60_000)


def somebody_else_is_first(visit: Visit, office_dir: Path) -> None:
    """The loser of a race is told, loses nothing, and sees the difference to what is there now."""
    page = visit.page
    other = gpd.GeoDataFrame(
        {"地块": ["丙"]}, geometry=[shapely.box(112, 37, 112.1, 37.1)], crs=4490
    )
    Workspace.open(office_dir).write(
        "repaired-land", other, author="另一人", message="抢先", source="别的文件"
    )
    say(visit, "提交人（必填）", AUTHOR)
    say(visit, "提交说明（必填）", "修复后导入")
    say(visit, "提交人（必填）", AUTHOR)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator(".za-alert")).to_contain_text("已被他人更新", timeout=60_000)
    step(visit, "预览差异")
    frame = preview(visit, has="删除")
    assert drawn(frame)["kinds"] == {"added": 2, "removed": 1}
    onward(visit, "提交")


def test_a_hostile_file_gives_one_clear_error_and_the_next_upload_works(
    visit: Visit, tmp_path: Path, office: str
) -> None:
    page = visit.page
    bomb = tmp_path / "<script>alert(1)<（script）>.kml"
    bomb.write_text(
        '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "&a;" * 10}">' for n in range(9))
        + "]><kml><Document><name>&a8;</name></Document></kml>"
    )
    drop(visit, bomb)
    alert = page.locator(".za-alert")
    expect(alert).to_contain_text("DTD", timeout=60_000)
    assert alert.count() == 1
    expect(page.locator(".za-import-file")).to_contain_text("<script>alert(1)")  # as text
    page.get_by_role("button", name="放弃这次导入").click()
    page.get_by_role("button", name="确定放弃").click()
    step(visit, "放入文件")
    page.locator("input[type=file]").set_input_files(faulty_package(tmp_path))
    step(visit, "读到什么")
    expect(page.get_by_text("GeoPackage").first).to_be_visible(timeout=60_000)
    expect(alert).to_have_count(0)
    assert visit.foreign == [] and visit.errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_fit_a_phone(browser: Browser, office: str, tmp_path: Path, lang: str) -> None:
    go_on = {"zh": "下一步", "en": "Next"}[lang]
    with visiting(browser, office, viewport=PHONE, has_touch=True) as visit:
        page = visit.page

        def fits() -> None:
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

        visit.open(f"/import?lang={lang}")
        page.locator("input[type=file]").wait_for(state="attached", timeout=60_000)
        wait_idle(page)
        fits()
        page.locator("input[type=file]").set_input_files(faulty_package(tmp_path))
        for number in (2, 3, 4):
            expect(page.locator(".za-step-title")).to_contain_text(str(number), timeout=60_000)
            wait_idle(page)
            fits()
            if number < 4:
                page.get_by_role("button", name=go_on, exact=True).click()
        frame = preview(visit)
        assert frame.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        visit.open(f"/history?c=zones&lang={lang}")
        expect(page.locator("table").first).to_be_visible(timeout=60_000)
        fits()
        assert visit.foreign == [] and visit.errors == []


def test_templates_are_downloaded_from_the_page_and_hold_heads_and_an_example(
    visit: Visit,
) -> None:
    page = visit.page
    visit.open("/import")
    for key, template in TEMPLATES.items():
        link = page.locator(f'a[href*="template-{key}.xlsx"]')
        link.wait_for(timeout=60_000)
        with page.expect_download(timeout=60_000) as download:
            link.click()
        assert download.value.suggested_filename == f"{template.name_zh}.xlsx"
        book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
        sheet = book[book.sheetnames[0]]
        assert [cell.value for cell in sheet[1]] == [c.head for c in template.columns]
        assert sheet[2][0].value == "示例"
    assert visit.foreign == [] and visit.errors == []
