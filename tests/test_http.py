"""The addresses beside the page, asked of the running application as a GIS or a script would."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote, urlsplit

import geopandas as gpd
import httpx
import pytest
from starlette.applications import Starlette

from api.routes import build_routes
from layers.downloads import LAYERS, TABLES, formats_of
from settings import ROOT

CONFIG = re.compile(r'<script type="application/json" id="atlas-config">(.*?)</script>', re.DOTALL)


class Answer:
    """One answer, read to its end."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def error(self) -> dict[str, str]:
        """The body of a refusal."""
        assert self.headers["content-type"].startswith("application/json")
        assert self.headers["cache-control"] == "no-store"
        error: dict[str, str] = json.loads(self.body)["error"]
        assert set(error) == {"code", "message"}
        assert re.fullmatch(r"[a-z_]+", error["code"])
        assert error["message"]
        assert "Traceback" not in error["message"]
        assert str(ROOT) not in error["message"]
        return error


class Client:
    """Asks exactly the path it is given: no other client sends `..` as it stands."""

    def __init__(self, server: str) -> None:
        self.host = urlsplit(server).netloc

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = HTTPConnection(self.host, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            return Answer(connection.getresponse())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def ask(server: str) -> Client:
    return Client(server)


@pytest.fixture(scope="module")
def config(ask: Client) -> dict[str, object]:
    """What the frame's document tells its script: addresses with versions in them."""
    found = CONFIG.search(ask("/frame/map").body.decode())
    assert found
    config: dict[str, object] = json.loads(found.group(1))
    return config


# --- the frame and what it fetches ---------------------------------------------------------------


def test_the_frame_has_a_strict_policy_and_names_no_other_host(ask: Client) -> None:
    answer = ask("/frame/map")
    html = answer.body.decode()
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.group(1).split("; ")}
    assert rules["default-src"] == ["'self'"]
    assert rules["connect-src"] == ["'self'"]
    assert rules["object-src"] == ["'none'"]
    assert rules["base-uri"] == ["'none'"]
    assert rules["img-src"] == ["'self'", "data:"]
    assert rules["script-src"][0] == "'self'"
    assert all(re.fullmatch(r"'sha256-[\w+/=]+'", part) for part in rules["script-src"][1:])
    assert html.index("Content-Security-Policy") < html.index("<script")
    assert re.findall(r"(?:src|href)=[\"'](?!/)[^\"']*", html) == []


def test_the_frame_speaks_both_languages_and_refuses_others(ask: Client) -> None:
    assert '<html lang="zh-CN">' in ask("/frame/map").body.decode()
    assert '<html lang="en">' in ask("/frame/map?lang=en").body.decode()
    for path in ("/frame/map?lang=xx", "/download/counties.geojson?lang=xx"):
        answer = ask(path)
        assert answer.status == 400
        assert answer.error["code"] == "bad_request"
        assert "lang" in answer.error["message"]
    answer = ask("/frame/map?lang=" + quote("<script>alert(1)</script>"))
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/json")


def test_geometry_has_a_version_in_its_address_and_is_kept_for_good(
    ask: Client, config: dict[str, object]
) -> None:
    counts = {"provinces": 1, "cities": 11, "counties": 117}
    addresses = config["geometry"]
    assert isinstance(addresses, dict)
    assert set(addresses) == {"provinces", "cities", "counties", "zones"}
    for name, address in addresses.items():
        answer = ask(address)
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/geo+json"
        assert "immutable" in answer.headers["cache-control"]
        assert int(re.findall(r"max-age=(\d+)", answer.headers["cache-control"])[0]) >= 31_000_000
        features = json.loads(answer.body)["features"]
        assert len(features) == counts.get(name, len(features))
        version = int(re.findall(r"/(\d+)\.geojson$", address)[0])
        for wrong in (f"/layers/{name}/{version + 1}.geojson", f"/layers/{name}/x.geojson"):
            refused = ask(wrong)
            assert refused.status == 404
            assert refused.error["code"] == "not_found"


def test_geometry_travels_compressed(ask: Client, config: dict[str, object]) -> None:
    address = config["geometry"]["counties"]  # type: ignore[index]
    plain, small = ask(address), ask(address, Accept_Encoding="gzip")
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 2


def test_the_search_index_knows_every_place_by_name_alias_and_pinyin(
    ask: Client, config: dict[str, object]
) -> None:
    answer = ask(str(config["search"]))
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    places = {place["id"]: place for place in json.loads(answer.body)}
    zhongbei = places["zone-zhongbei-gaoxin"]
    assert "zhongbei" in zhongbei["pinyin"]
    assert "zb" in zhongbei["initials"]
    assert len(zhongbei["point"]) == 2
    assert any("晋阳" in alias for alias in places["zone-xiyang-jingkai"]["aliases"])
    with (ROOT / "data/facts/places.csv").open(encoding="utf-8", newline="") as file:
        ids = {row["place_id"] for row in csv.DictReader(file)}
    assert set(places) <= ids
    assert {i for i in ids if not i.startswith("group-")} <= set(places)
    assert ask("/layers/search/0.json").status == 404


# --- downloads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*LAYERS, *TABLES])
def test_every_collection_can_be_taken_in_its_formats(ask: Client, name: str) -> None:
    types = {"geojson": "application/geo+json", "csv": "text/csv; charset=utf-8",
             "gpkg": "application/geopackage+sqlite3"}  # fmt: skip
    starts = {"geojson": b"{", "csv": b"\xef\xbb\xbf", "gpkg": b"SQLite format 3"}
    for extension, media_type in types.items():
        answer = ask(f"/download/{name}.{extension}")
        if extension not in formats_of(name):
            assert answer.status == 400
            assert answer.error["code"] == "export_refused"
            continue
        assert answer.status == 200
        assert answer.headers["content-type"] == media_type
        assert answer.body.startswith(starts[extension])
        assert re.fullmatch(
            rf"attachment; filename\*=UTF-8''{name}-v\d+\.{extension}",
            answer.headers["content-disposition"],
        )


def test_counties_read_back_as_what_they_are(ask: Client, tmp_path: Path) -> None:
    raw = ask("/download/counties.geojson").body
    collection = json.loads(raw)
    assert "crs" not in collection
    target = tmp_path / "counties.geojson"
    target.write_bytes(raw)
    frame = gpd.read_file(target)
    assert len(frame) == 117
    assert frame.geometry.is_valid.all()
    assert all(p.exterior.is_ccw for p in frame.geometry.explode())
    assert set(frame.name_zh) >= {"清徐县", "尖草坪区", "昔阳县"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_csv_names_its_columns_in_the_language_asked_for(ask: Client, lang: str) -> None:
    raw = ask(f"/download/indicators.csv?lang={lang}").body.decode("utf-8-sig")
    header = next(csv.reader(io.StringIO(raw)))
    assert any(re.search(r"[\u4e00-\u9fff]", cell) for cell in header) is (lang == "zh")


def test_an_unchanged_file_is_not_sent_again(ask: Client) -> None:
    first = ask("/download/counties.geojson")
    etag = first.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
    assert first.headers["cache-control"] == "no-cache"
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        again = ask("/download/counties.geojson", If_None_Match=known)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == etag
    assert ask("/download/counties.geojson", If_None_Match='"other"').status == 200
    assert ask("/download/cities.geojson").headers["etag"] != etag
    assert ask("/download/counties.geojson").body == first.body


def test_the_picture_follows_the_query(ask: Client) -> None:
    path = "/download/map.geojson?level=zone&i=standard_land_area&p=2023-H1"
    features = json.loads(ask(path).body)["features"]
    figures = [f["properties"] for f in features if f["properties"]["value"] is not None]
    assert [(f["place_id"], f["value"], f["unit"]) for f in figures] == [
        ("zone-zhongbei-gaoxin", 846.61, "亩")
    ]
    assert figures[0]["source_title"]
    zh, en = (ask(f"{path}&lang={lang}") for lang in ("zh", "en"))
    assert "%E5%BC%80%E5%8F%91%E5%8C%BA" in zh.headers["content-disposition"]
    assert "%E5" not in en.headers["content-disposition"]


@pytest.mark.parametrize(
    "query",
    [
        "level=x", "i=nonsense", "level=zone&i=standard_land_area&p=2099", "k=99", "sel=zzz",
        "pal=neon", "scheme=x", "scheme=own&breaks=9,1", "kind=rumour", "lang=xx",
    ],
)  # fmt: skip
def test_a_picture_that_does_not_exist_is_refused(ask: Client, query: str) -> None:
    for extension in ("geojson", "csv", "gpkg"):
        answer = ask(f"/download/map.{extension}?{query}")
        assert answer.status == 400
        assert answer.error["code"] == "bad_request"


@pytest.mark.parametrize(
    "path",
    [
        "/download/nope.geojson", "/download/counties.xyz", "/download/observations.geojson",
        "/download/sources.gpkg", "/download/map.xyz", "/download/counties", "/download/",
        "/download/counties.geojson/x", "/layers/nope/1.geojson",
        "/layers/counties.geojson", "/layers/counties/0.xyz", "/frame/other", "/frame/",
        "/download/.geojson", "/assets/atlas/nope.js", "/assets/",
        "/download/" + "x" * 2000 + ".csv",
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_in_json(ask: Client, path: str) -> None:
    answer = ask(path)
    assert answer.status in {400, 404}
    assert answer.error["code"] in {"export_refused", "not_found", "bad_request"}


@pytest.mark.parametrize(
    "path",
    ["/download/%2e%2e%2fsettings.py", "/download/..%2F..%2Fsettings.csv", "/download/%00.csv",
     "/layers/../settings.py", "/download/../../settings.py"],
)  # fmt: skip
def test_an_address_that_leads_out_is_refused(ask: Client, path: str) -> None:
    answer = ask(path)
    assert answer.status in {400, 404}
    assert len(answer.body) < 300
    assert b"import" not in answer.body


# --- files of the browser side -------------------------------------------------------------------


def test_assets_are_kept_for_good_only_with_a_version(ask: Client) -> None:
    html = ask("/frame/map").body.decode()
    named = set(re.findall(r'"(/assets/[^"?]+\?v=[^"]+)"', html))
    assert len(named) > 5
    for address in named:
        answer = ask(address)
        assert answer.status == 200, address
        assert "immutable" in answer.headers["cache-control"]
    bare = ask("/assets/atlas/atlas.js")
    assert bare.headers["cache-control"] == "no-cache"
    assert bare.headers["content-type"].startswith(("application/javascript", "text/javascript"))


@pytest.mark.parametrize(
    "path",
    [
        "/assets/atlas/../../settings.py", "/assets/atlas/../frame.py",
        "/assets/atlas/%2e%2e/frame.py", "/assets/atlas/..%2fframe.py",
        "/assets/leaflet/../../../package.json", "/assets/leaflet/..%2f..%2f..%2fpackage.json",
        "/assets/fonts/%2e%2e/%2e%2e/.package-lock.json", "/assets/atlas//etc/passwd",
        "/assets/atlas/..%5c..%5csettings.py", "/assets/../settings.py", "/assets/atlas/",
        "/assets/atlas/nope.js", "/assets/leaflet/", "/assets/fonts/",
    ],
)  # fmt: skip
def test_only_the_files_of_a_folder_are_served(ask: Client, path: str) -> None:
    answer = ask(path)
    secrets = (b"from __future__", b'"dependencies"', b"root:", b'"lockfileVersion"')
    assert not any(secret in answer.body for secret in secrets)
    # What no folder of ours holds is either refused or the page's own document, never a listing.
    assert answer.status in {400, 404} or b"<title>Streamlit</title>" in answer.body


# --- methods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/frame/map", "/download/counties.geojson", "/download/map.csv", "/assets/atlas/atlas.js"],
)
def test_head_tells_what_get_would_send(ask: Client, path: str) -> None:
    head, got = ask(path, "HEAD"), ask(path)
    assert head.status == 200
    assert head.body == b""
    for name in ("content-type", "cache-control", "etag", "content-disposition", "content-length"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed_from_outside(ask: Client, method: str) -> None:
    for path in ("/frame/map", "/download/counties.geojson", "/assets/atlas/atlas.js"):
        assert ask(path, method).status in {403, 405}


def test_the_page_itself_is_served_and_its_telemetry_is_off(ask: Client) -> None:
    assert ask("/").status == 200
    assert ask("/_stcore/health").status == 200
    settings = json.loads(ask("/_stcore/host-config").body)
    assert not settings.get("metricsUrl")
    assert "gatherUsageStats = false" in (ROOT / ".streamlit/config.toml").read_text()


# --- a workspace that can't be opened ------------------------------------------------------------


def test_a_workspace_that_cannot_be_opened_is_told_in_json(tmp_path: Path) -> None:
    empty = tmp_path / "data"
    empty.mkdir()
    app = Starlette(routes=build_routes(workspace_dir=tmp_path / "var", data_dir=empty))

    async def ask_all(paths: tuple[str, ...]) -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return [await client.get(path) for path in paths]

    paths = ("/frame/map", "/download/counties.geojson", "/layers/counties/0.geojson")
    with ThreadPoolExecutor(1) as pool:  # a browser's event loop may already run in this thread
        answers = pool.submit(asyncio.run, ask_all(paths)).result()
    for answer in answers:
        assert answer.status_code in {500, 503}
        error = answer.json()["error"]
        assert error["code"] not in {"", "internal"}
        assert error["message"]
