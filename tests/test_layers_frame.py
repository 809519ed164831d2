"""The map frame's document and scripts: nothing from elsewhere, nothing read as markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import folium
import pytest
from folium.plugins import MarkerCluster
from hypothesis import given
from hypothesis import strategies as st

from layers.frame import (
    SCRIPTS,
    AtlasMap,
    Basemap,
    FrameConfig,
    FrameError,
    foreign_addresses,
    frame_document,
)
from layers.texts import LANGUAGES, section

GEOMETRY = {
    name: f"/layers/{name}/3.geojson" for name in ("provinces", "cities", "counties", "zones")
}
BOUNDS = (110.2, 34.5, 114.6, 40.8)


def _config(**changes) -> FrameConfig:
    values = {"geometry": GEOMETRY, "search": "/layers/search/3.json", "bounds": BOUNDS, **changes}
    return FrameConfig(**values)


class _Page(HTMLParser):
    """Elements with their attributes, and the text of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        self.elements.append((f"/{tag}", {}))

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] == "script":
            attrs, text = self.scripts[-1]
            self.scripts[-1] = (attrs, text + data)

    def config(self) -> dict:
        return next(
            json.loads(text) for attrs, text in self.scripts if attrs.get("id") == "atlas-config"
        )

    def policy(self) -> str:
        return next(
            a["content"]
            for tag, a in self.elements
            if a.get("http-equiv") == "Content-Security-Policy"
        )


# ---- the document ------------------------------------------------------------------------------


def test_document_asks_only_its_own_origin():
    html = frame_document(_config())
    assert list(foreign_addresses(html)) == []
    addresses = [a.get("src") or a.get("href") for _, a in _Page(html).elements]
    asked = [address for address in addresses if address]
    assert len(asked) > 10
    assert all(address.startswith(("/assets/", "/layers/")) for address in asked)


def test_plain_folium_is_found_out():
    """The check itself works: folium's own page names its delivery networks."""
    html = folium.Map(location=[37, 112], tiles=None).get_root().render()
    assert any("cdn.jsdelivr.net" in url for url in foreign_addresses(html))


def test_plugin_with_a_foreign_script_is_found_out():
    atlas = AtlasMap(bounds=BOUNDS)
    atlas.add_child(MarkerCluster())
    assert any(url.startswith("https://") for url in foreign_addresses(atlas.get_root().render()))


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="//elsewhere.example/a.png">',
        '<img srcset="/a.png 1x, https://elsewhere.example/b.png 2x">',
        '<a href="javascript:alert(1)">x</a>',
        '<link href="/\\elsewhere.example">',
        '<p style="background:url(https://elsewhere.example/a)">',
        "<style>@import '//elsewhere.example/a.css';</style>",
        "<script>fetch('https://elsewhere.example')</script>",
        '<form action="https://elsewhere.example"></form>',
    ],
)
def test_each_way_to_name_a_foreign_address_is_found(markup):
    assert len(list(foreign_addresses(markup))) == 1


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/a", "//elsewhere.example", "/\\e", "a.json", ""]
)
def test_foreign_geometry_is_refused(url):
    with pytest.raises(FrameError, match="counties"):
        frame_document(_config(geometry={**GEOMETRY, "counties": url}))


def test_all_faults_of_a_config_are_named_at_once():
    with pytest.raises(FrameError) as error:
        frame_document(_config(geometry={}, search="http://x", lang="de"))
    assert all(word in str(error.value) for word in ("provinces", "zones", "search", "de"))
    assert error.value.code == "frame_refused"


def test_policy_allows_each_inline_script_by_hash_and_no_other():
    page = _Page(frame_document(_config()))
    policy = page.policy()
    inline = [
        text
        for attrs, text in page.scripts
        if "src" not in attrs and attrs.get("type") != "application/json"
    ]
    assert len(inline) == 2
    for text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    script_rule = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert "unsafe" not in script_rule


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://t{s}.tianditu.example/vec/{z}/{x}/{y}?tk=1", "https://*.tianditu.example"),
        ("http://tiles.intra.example:8080/{z}/{x}/{y}.png", "http://tiles.intra.example:8080"),
    ],
)
def test_only_the_configured_basemap_is_let_in(url, origin):
    page = _Page(frame_document(_config(basemap=Basemap(url, "© <b>x</b>"))))
    images = next(rule for rule in page.policy().split("; ") if rule.startswith("img-src"))
    assert images == f"img-src 'self' data: {origin}"
    assert page.config()["basemap"]["url"] == url
    assert not any(tag == "b" for tag, _ in page.elements)


@pytest.mark.parametrize(
    "url", ["https://x.example/a.png", "ftp://x/{z}/{x}/{y}", "https://a b;/{z}{x}{y}"]
)
def test_a_basemap_that_can_not_be_one_is_refused(url):
    with pytest.raises(FrameError, match="basemap"):
        frame_document(_config(basemap=Basemap(url)))


@given(st.text(max_size=40))
def test_texts_never_become_markup(text):
    hostile = f"</script><script>{text}</script><!--<img src=//elsewhere.example>\u2028"
    texts = {lang: {"map_label": hostile} for lang in LANGUAGES}
    html = frame_document(_config(texts=texts))
    page = _Page(html)
    assert page.config()["texts"]["zh"]["map_label"] == hostile
    assert not any(tag == "img" for tag, _ in page.elements)
    assert len(page.scripts) == len(_Page(frame_document(_config())).scripts)


def test_document_is_the_same_each_time_and_says_its_language():
    assert frame_document(_config()) == frame_document(_config())
    for lang, code in (("zh", "zh-CN"), ("en", "en")):
        html = _Page(frame_document(_config(lang=lang)))
        assert ("html", {"lang": code}) in html.elements
    assert next(a for tag, a in html.elements if tag == "meta")["charset"] == "utf-8"


def test_geometry_is_preloaded_as_the_scripts_will_fetch_it():
    page = _Page(frame_document(_config()))
    preloads = [a for tag, a in page.elements if tag == "link" and a.get("rel") == "preload"]
    assert {a["href"] for a in preloads} == set(GEOMETRY.values())
    # Another mode than fetch()'s own would load everything twice.
    assert all(a["as"] == "fetch" and a["crossorigin"] == "anonymous" for a in preloads)


# ---- the scripts -------------------------------------------------------------------------------

MODULES = {path.name: path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.js")}
STYLES = (SCRIPTS / "atlas.css").read_text(encoding="utf-8")


def test_every_import_has_its_version_in_the_import_map():
    page = _Page(frame_document(_config()))
    imports = next(json.loads(t) for a, t in page.scripts if a.get("type") == "importmap")[
        "imports"
    ]
    named = {name for code in MODULES.values() for name in re.findall(r'from "\./([\w.]+)"', code)}
    assert named <= set(MODULES)
    for name in named:
        address = imports[f"/assets/atlas/{name}"]
        assert re.fullmatch(rf"/assets/atlas/{re.escape(name)}\?v=[0-9a-f]{{12}}", address)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_scripts_never_read_data_as_markup_nor_name_other_hosts(name):
    code = MODULES[name]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", code
    )
    assert set(re.findall(r"https?://[\w./-]+", code)) <= {"http://www.w3.org/2000/svg"}
    assert len(code.splitlines()) <= 400


def test_styles_name_no_other_host():
    assert "//" not in re.sub(r"/\*.*?\*/", "", STYLES, flags=re.DOTALL)


def test_texts_that_scripts_ask_for_are_there_and_no_others():
    code = "\n".join(MODULES.values())
    asked = set(re.findall(r'\bt\(\s*"(\w+)"', code))
    asked |= set(re.findall(r't\([\w.]+ \? "(\w+)" : "\w+"', code))
    asked |= set(re.findall(r't\([\w.]+ \? "\w+" : "(\w+)"', code))
    asked |= set(re.findall(r'#announce\("(\w+)"', code))
    asked |= set(
        re.findall(r'"(link_copied|link_failed|zoom_in|zoom_out|copy_link|whole_province)"', code)
    )
    asked |= {f"{key}_title" for key in ("copy_link", "whole_province")}
    families = tuple(re.findall(r"t\(`(\w+_)\$\{", code))
    assert set(families) >= {"level_", "quality_", "precision_", "column_"}
    present = set(section("frame", "zh"))
    assert asked - present == set()
    assert {key for key in present - asked if not key.startswith(families)} == set()


def _node(script: str) -> object:
    node = Path(sys.executable).with_name("node")
    if not node.exists():
        pytest.skip("Node is not installed beside this Python")
    ran = subprocess.run(
        [node, "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=SCRIPTS,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_symbols_never_hide_each_other_and_always_stand_alike():
    """Random crowds, all in one place too: no two circles overlap, twice the same answer."""
    result = _node("""
        import { dodge } from "./dodge.js";
        let seed = 7;
        const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
        const worst = [];
        for (const [n, spread] of [[1, 0], [2, 0], [40, 0], [130, 60], [130, 300], [300, 200]]) {
          const items = Array.from({ length: n }, (_, i) => ({
            id: `z${i}`, x: random() * spread, y: random() * spread,
            r: 3 + 13 * random(), rank: i % 3 }));
          const fixed = [{ x: spread / 2, y: spread / 2, r: 12 }];
          const first = dodge(items, fixed), again = dodge([...items].reverse(), fixed);
          const circles = [...fixed, ...items.map(({ id, r }) => ({ ...first.get(id), r }))];
          let overlap = 0;
          circles.forEach((a, i) => circles.slice(0, i).forEach((b) => {
            overlap = Math.max(overlap, a.r + b.r - Math.hypot(a.x - b.x, a.y - b.y)); }));
          const alike = items.every(({ id }) => {
            const [a, b] = [first.get(id), again.get(id)];
            return Math.hypot(a.x - b.x, a.y - b.y) < 1e-9; });
          worst.push([n, overlap, alike, first.size]);
        }
        console.log(JSON.stringify(worst));
    """)
    for count, overlap, alike, placed in result:
        assert placed == count
        assert overlap <= 0, (count, overlap)
        assert alike, count


def test_a_symbol_with_room_stays_where_it_is():
    places = _node("""
        import { dodge } from "./dodge.js";
        const items = ["a", "b"].map((id, i) => ({ id, x: 50 * i, y: 0, r: 6, rank: 1 }));
        console.log(JSON.stringify([...dodge(items).values()]));
    """)
    assert places == [{"x": 0, "y": 0}, {"x": 50, "y": 0}]


def test_search_finds_by_name_alias_pinyin_and_initials():
    found = _node("""
        import { find } from "./search.js";
        const index = [
          { id: "a", name: "中北高新技术产业开发区", name_en: "Zhongbei High-tech Zone",
            aliases: ["中北高新区"], pinyin: "zhongbeigaoxinjishuchanyekaifaqu",
            initials: "zbgxjscykfq" },
          { id: "b", name: "昔阳县", name_en: "Xiyang County", aliases: ["晋阳县"],
            pinyin: "xiyangxian", initials: "xyx" },
          { id: "c", name: "阳曲县", name_en: "Yangqu County", aliases: [],
            pinyin: "yangquxian", initials: "yqx" },
        ];
        const asked = ["中北", "晋阳", "zhongbei", "zbgx", "XYX", "yang qu", "Yangqu", "高新",
          "", "nowhere"];
        console.log(JSON.stringify(asked.map((q) => find(index, q).map((e) => e.id).join(""))));
    """)
    assert found == ["a", "b", "a", "a", "b", "c", "c", "a", "", ""]


def test_numbers_are_read_out_of_printed_values():
    read = _node("""
        import { numberIn } from "./picture.js";
        const printed = ["≥1,200.5", "约 −3.2", "29 923.9", "-51.6", "缺"];
        console.log(JSON.stringify(printed.map((text) => String(numberIn(text)))));
    """)
    assert read == ["1200.5", "-3.2", "29923.9", "-51.6", "NaN"]


# ---- the pinned packages -----------------------------------------------------------------------


def test_front_end_packages_are_pinned_and_locked_without_a_host():
    web = SCRIPTS.parents[1] / "web"
    wanted = json.loads((web / "package.json").read_text(encoding="utf-8"))["dependencies"]
    raw = (web / "package-lock.json").read_text(encoding="utf-8")
    locked = json.loads(raw)["packages"]
    assert "resolved" not in raw
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version
        assert locked[f"node_modules/{name}"]["integrity"].startswith("sha512-")
