"""Files as offices send them: every format, in the encodings and layouts found in the field.

All show the same parcels near 太原: one with a hole, one of two parts, with Chinese names.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path

import geopandas as gpd
import shapely
from corpus import Collected
from oldworkbooks import old_workbook, sheet_stream
from shapely import affinity

from geo.files import ReadOptions, write_file

CASES = Collected()
ZONE_38 = "EPSG:4526"


def parcels(crs: str = ZONE_38) -> gpd.GeoDataFrame:
    """Three parcels in metres of zone 38, or in another system."""
    west, south = 38_372_000.0, 4_194_000.0
    square = shapely.box(west, south, west + 200, south + 100)
    holed = shapely.Polygon(
        square.exterior.coords, [shapely.box(west + 20, south + 20, west + 60, south + 50).exterior]
    )
    two = shapely.MultiPolygon([affinity.translate(square, 300), affinity.translate(square, 600)])
    frame = gpd.GeoDataFrame(
        {
            "地块编号": ["140109-01", "140109-02", "140109-03"],
            "名称": ["一号地块", "二号（北）", "三号"],
            "面积": [2.0, 4.0, 1.88], "宗数": [1, 2, 3],
        },
        geometry=[square, two, holed], crs=ZONE_38,
    )  # fmt: skip
    return frame if crs == ZONE_38 else frame.to_crs(crs)


def degrees() -> gpd.GeoDataFrame:
    return parcels("EPSG:4490")


SURVEY = """[属性描述]
格式版本号=1.01版本
数据产生单位=某测绘院
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=38
精度=0.001
转换参数=,,,,,,
[地块坐标]
5,2.0000,140109-01,一号地块,面,,工业用地,,@
J1,1,4194000.0000,38372000.0000
J2,1,4194000.0000,38372200.0000
J3,1,4194100.0000,38372200.0000
J4,1,4194100.0000,38372000.0000
J1,1,4194000.0000,38372000.0000
10,1.8800,140109-03,三号,面,,工业用地,,@
J1,1,4194000.0000,38373000.0000
J2,1,4194000.0000,38373200.0000
J3,1,4194100.0000,38373200.0000
J4,1,4194100.0000,38373000.0000
J1,1,4194000.0000,38373000.0000
J5,2,4194020.0000,38373020.0000
J6,2,4194020.0000,38373060.0000
J7,2,4194050.0000,38373060.0000
J8,2,4194050.0000,38373020.0000
J5,2,4194020.0000,38373020.0000
"""


@CASES("survey_gbk", "地块.txt", format="txt", features=2, encoding="gb18030")
def survey_gbk(path: Path) -> None:
    path.write_bytes(SURVEY.replace("\n", "\r\n").encode("gb18030"))


@CASES("survey_utf8_bom", "地块.txt", format="txt", features=2, encoding="utf-8")
def survey_bom(path: Path) -> None:
    path.write_bytes(SURVEY.encode("utf-8-sig"))


@CASES("survey_utf16", "地块.txt", format="txt", features=2, encoding="utf-16-le")
def survey_utf16(path: Path) -> None:
    path.write_bytes(SURVEY.encode("utf-16"))


@CASES("survey_full_width", "地块.txt", format="txt", features=2)
def survey_full_width(path: Path) -> None:
    path.write_text(SURVEY.replace(",", "，").replace("@", "＠"), encoding="utf-8")


@CASES("survey_written_by_us", "地块.txt", format="txt", features=3)
def survey_written(path: Path) -> None:
    write_file(parcels(), path, extra={})


@CASES("plain_list", "界址点.txt", format="txt", features=1, declared="")
def plain_list(path: Path) -> None:
    rows = ((4194000, 372000), (4194000, 372200), (4194100, 372200), (4194100, 372000))
    path.write_text("\n".join(f"J{i},{n:.3f},{e:.3f}" for i, (n, e) in enumerate(rows, start=1)))


@CASES("shapefile_gbk", "开发区.shp", format="shp", features=3, encoding="gb18030")
def shapefile_gbk(path: Path) -> None:
    write_file(parcels(), path)


@CASES("shapefile_gbk_without_prj_and_cpg", "四至.shp", format="shp", features=3, declared="",
       encoding="gb18030")  # fmt: skip
def shapefile_bare(path: Path) -> None:
    write_file(parcels(), path)
    path.with_suffix(".prj").unlink()
    path.with_suffix(".cpg").unlink()


@CASES("shapefile_utf8", "zones.shp", format="shp", features=3, encoding="utf-8")
def shapefile_utf8(path: Path) -> None:
    write_file(parcels(), path, encoding="utf-8")


@CASES("shapefile_zipped_by_windows", "四至.zip", format="shp", features=3, declared="")
def shapefile_zipped(path: Path) -> None:
    """GBK names inside the archive, in folders, as Windows in China packs them."""
    write_file(parcels(), path.with_name("x.shp"))
    data, directory = b"", b""
    count = 0
    for file in sorted(path.parent.glob("x.*")):
        if file.suffix == ".prj":
            continue
        count += 1
        name = f"四至范围/坐标/开发区{file.suffix}".encode("gbk")
        content = file.read_bytes()
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush()
        head = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 0x5821, zlib.crc32(content), len(packed),
                           len(content), len(name), 0)  # fmt: skip
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + head
        directory += struct.pack("<HHHLL", 0, 0, 0, 0x20, len(data)) + name
        data += b"PK\x03\x04" + head + name + packed
    for file in path.parent.glob("x.*"):
        file.unlink()
    end = struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), len(data), 0)
    path.write_bytes(data + directory + b"PK\x05\x06" + end)


@CASES("shapefile_zip_of_two", "两个.zip", format="shp", features=3,
       options=ReadOptions(member="b.shp"))  # fmt: skip
def shapefile_two(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for stem in "ab":
            write_file(parcels(), path.with_name(f"{stem}.shp"))
            for file in sorted(path.parent.glob(f"{stem}.*")):
                archive.write(file, file.name)
                file.unlink()


@CASES("geojson_rfc7946", "a.geojson", format="geojson", features=3, declared="EPSG:4326")
def geojson(path: Path) -> None:
    write_file(degrees(), path)


@CASES("geojson_with_crs_member", "a.json", format="geojson", features=3, declared="EPSG:4526")
def geojson_crs(path: Path) -> None:
    text = parcels().to_json()
    member = '{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4526"}},'
    path.write_text(member + text[text.index('"type"') :], encoding="utf-8")


@CASES("geojson_lines", "a.geojsonl", format="geojson", features=3)
def geojson_lines(path: Path) -> None:
    features = json.loads(degrees().to_json())["features"]
    path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in features))


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>开发区</name>{marks}</Folder>
</Document></kml>"""


def marks() -> str:
    found = []
    for name, shape in zip(degrees()["名称"], degrees().geometry, strict=True):
        part = shapely.get_parts(shape)[0]
        ring = " ".join(f"{x:.9f},{y:.9f},0" for x, y in part.exterior.coords)
        found.append(
            f"<Placemark><name>{name}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
            f"{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        )
    return "".join(found)


@CASES("kml", "a.kml", format="kml", features=3, declared="EPSG:4326")
def kml(path: Path) -> None:
    path.write_text(KML.format(marks=marks()), encoding="utf-8")


@CASES("kml_written_by_us", "a.kml", format="kml", features=3, declared="EPSG:4326")
def kml_written(path: Path) -> None:
    write_file(degrees(), path)


@CASES("kmz", "a.kmz", format="kml", features=3)
def kmz(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", KML.format(marks=marks()))
        archive.writestr("files/icon.png", b"x")


@CASES("ovkml", "奥维.ovkml", format="kml", features=3)
def ovkml(path: Path) -> None:
    path.write_text(KML.format(marks=marks()).replace("<Document>", "<Document><!--ovital-->"),
                    encoding="utf-8")  # fmt: skip


@CASES("geopackage", "a.gpkg", format="gpkg", features=3)
def geopackage(path: Path) -> None:
    write_file(parcels(), path)


@CASES("flatgeobuf", "a.fgb", format="fgb", features=3)
def flatgeobuf(path: Path) -> None:
    write_file(parcels(), path)


@CASES("geoparquet", "a.parquet", format="parquet", features=3)
def geoparquet(path: Path) -> None:
    write_file(degrees(), path)


@CASES("geoparquet_of_geopandas", "a.parquet", format="parquet", features=3)
def geoparquet_foreign(path: Path) -> None:
    parcels().to_parquet(path)


def draw(path: Path, *, fmt: str = "asc", version: str = "R2000") -> None:
    import ezdxf

    document = ezdxf.new(version, units=6)
    document.encoding = "gbk"
    document.header["$DWGCODEPAGE"] = "ANSI_936"
    space = document.modelspace()
    for name, shape in zip(parcels()["名称"], parcels().geometry, strict=True):
        for part in shapely.get_parts(shape):
            corners = list(part.exterior.coords)[:-1]
            space.add_lwpolyline(corners, close=True, dxfattribs={"layer": "宗地界"})
        where = shape.representative_point()
        space.add_text(name, dxfattribs={"layer": "注记"}).set_placement((where.x, where.y))
    document.saveas(path, fmt=fmt)


@CASES("dxf_gbk", "宗地.dxf", format="dxf", features=7, declared="", encoding="gb18030")
def dxf(path: Path) -> None:
    draw(path)


@CASES("dxf_2010", "宗地.dxf", format="dxf", features=7, encoding="utf-8")
def dxf_2010(path: Path) -> None:
    draw(path, version="R2010")


@CASES("dxf_binary", "宗地.dxf", format="dxf", features=7)
def dxf_binary(path: Path) -> None:
    draw(path, fmt="bin")


@CASES("dxf_one_layer", "宗地.dxf", format="dxf", features=4, options=ReadOptions(layer="宗地界"))
def dxf_layer(path: Path) -> None:
    draw(path)


def points() -> gpd.GeoDataFrame:
    frame = parcels()
    return frame.set_geometry(frame.geometry.centroid)


@CASES("csv_gbk_points", "项目.csv", format="csv", features=3, encoding="gb18030", declared="")
def csv_points(path: Path) -> None:
    write_file(points().to_crs(4490), path)
    path.write_bytes(path.read_bytes().decode("utf-8-sig").encode("gb18030"))


@CASES("csv_wkt", "a.csv", format="csv", features=3, encoding="utf-8")
def csv_wkt(path: Path) -> None:
    write_file(parcels(), path)


@CASES("csv_named_columns", "a.csv", format="csv", features=1,
       options=ReadOptions(x_column="甲", y_column="乙"))  # fmt: skip
def csv_named(path: Path) -> None:
    path.write_text("名称,甲,乙\n一,112.5,37.8\n", encoding="utf-8")


@CASES("xlsx_points", "项目.xlsx", format="xlsx", features=3)
def xlsx_points(path: Path) -> None:
    write_file(points(), path)


@CASES("xlsx_wkt", "a.xlsx", format="xlsx", features=3)
def xlsx_wkt(path: Path) -> None:
    write_file(parcels(), path)


@CASES("xls_points", "项目.xls", format="xls", features=2)
def xls_points(path: Path) -> None:
    rows = [["名称", "经度", "纬度"], ["一号地块", 112.5, 37.8], ["二号", 112.6, 37.9]]
    path.write_bytes(old_workbook(sheet_stream(rows)))
