"""The map frame: the HTML document that folium makes and Streamlit embeds as a component.

The document carries no data. It names the addresses of the geometry (each with a version in it,
so a browser keeps them for good), the texts of both languages and the first view; the scripts in
``layers/frame/`` do the rest and get colours and values by message. What a message holds is said
at the top of ``layers/frame/protocol.js``.

Everything is asked from our own origin. folium's scripts and style sheets from content delivery
networks are replaced, and a document that names any other address is refused, with one exception:
a basemap that the operator configured.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

from layers import texts as catalogue
from layers.errors import LayerError

SCRIPTS = Path(__file__).with_suffix("")
ENTRY = "atlas.js"
_WEB = SCRIPTS.parents[1] / "web"
_COLLECTIONS = ("provinces", "cities", "counties", "zones")
_HTML_LANG = {"zh": "zh-CN", "en": "en"}


class FrameError(LayerError):
    """The frame's document can't be made as configured, or would ask a foreign address."""

    code = "frame_refused"


@dataclass(frozen=True, slots=True)
class Basemap:
    """Raster tiles under the outlines, as the operator configured them.

    Attributes:
        url: XYZ address with ``{z}``, ``{x}``, ``{y}`` (and ``{s}`` for subdomains), in WGS 84 /
            CGCS2000 Web Mercator; absolute, or a path of our own origin.
        attribution: plain text; never read as HTML.
        subdomains: one character each, put in for ``{s}``.
        max_zoom: the highest zoom the service has tiles for.
    """

    url: str
    attribution: str = ""
    subdomains: str = "01234567"
    max_zoom: int = 18


def _all_texts() -> Mapping[str, Mapping[str, str]]:
    return {lang: catalogue.section("frame", lang) for lang in catalogue.LANGUAGES}


@dataclass(frozen=True, slots=True)
class FrameConfig:
    """What the frame's document is made from.

    Attributes:
        geometry: addresses of the GeoJSON of provinces, cities, counties and zones, each with its
            version in it, e.g. ``{"counties": "/layers/counties/3.geojson", ...}``.
        search: address of the search index, with its version.
        bounds: the first view, degrees: west, south, east, north.
        lang: language of the document before the first message, "zh" or "en".
        place_page: address of a place's own page; ``?id=…`` is added.
        basemap: tiles below the outlines; none by default.
        texts: language -> key -> text; the catalogue's section "frame" by default.
    """

    geometry: Mapping[str, str]
    search: str
    bounds: tuple[float, float, float, float]
    lang: str = "zh"
    place_page: str = "/place"
    basemap: Basemap | None = None
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=_all_texts)


def frame_document(config: FrameConfig) -> str:
    """The complete HTML of the frame; the same config gives the same bytes.

    Raises:
        FrameError: a collection's address is missing, the language is unknown, or the document
            would ask an address that is not of our own origin.
    """
    _check(config)
    figure = FrameFigure(lang=_HTML_LANG[config.lang], title=config.texts[config.lang]["map_label"])
    atlas = AtlasMap(bounds=config.bounds)
    figure.add_child(atlas)
    atlas.add_child(_Atlas(config))
    html: str = figure.render()
    html = html.replace(POLICY_PLACE, content_security_policy(html, config.basemap), 1)
    foreign = sorted(set(foreign_addresses(html)))
    if foreign:
        raise FrameError(
            "地图页面含有站外地址 / the map document names foreign addresses: " + ", ".join(foreign)
        )
    return html


class AtlasMap(folium.Map):  # type: ignore[misc]  # folium has no types
    """A folium map without tiles whose scripts and styles come from our own origin only."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 (folium reads class attributes)
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <meta name="viewport" content="width=device-width, initial-scale=1" />
        {% endmacro %}
        {% macro html(this, kwargs) %}
            <main class="atlas"><div class="atlas-stage">
                <div class="folium-map" id="{{ this.get_name() }}"></div>
            </div></main>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
                center: {{ this.location|tojson }},
                crs: L.CRS.{{ this.crs }},
                ...{{ this.options|tojavascript }}
            });
        {% endmacro %}
        """
    )

    def __init__(self, *, bounds: tuple[float, float, float, float]) -> None:
        west, south, east, north = bounds
        self.default_js = [("leaflet", f"/assets/leaflet/leaflet.js?v={pinned('leaflet')}")]
        self.default_css = [
            ("leaflet_css", f"/assets/leaflet/leaflet.css?v={pinned('leaflet')}"),
            ("atlas_css", _asset("atlas.css")),
        ]
        super().__init__(
            location=[(south + north) / 2, (west + east) / 2],
            zoom_start=7,
            tiles=None,
            zoom_control=False,  # the frame has its own buttons, with titles in both languages
            attribution_control=False,
            track_resize=False,  # the frame answers a resize itself, so that no view creeps
            zoom_snap=0.25,  # a province fits its screen better than whole levels let it
            min_zoom=5,
            max_zoom=16,
        )
        self._id = "atlas"  # folium's random id would make every document differ


class _Atlas(MacroElement):  # type: ignore[misc]  # branca has no types
    """Our own part of the document: preloads, the configuration as JSON, the module script."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <script type="importmap">{{ this.import_map }}</script>
            {%- for address in this.modules %}
            <link rel="modulepreload" href="{{ address }}" />
            {%- endfor %}
            {%- for address in this.preloads %}
            <link rel="preload" as="fetch" crossorigin="anonymous" href="{{ address|e }}" />
            {%- endfor %}
            <script type="application/json" id="atlas-config">{{ this.config }}</script>
            <script type="module" src="{{ this.entry }}"></script>
        {% endmacro %}
        """
    )

    def __init__(self, config: FrameConfig) -> None:
        super().__init__()
        self._name = "Atlas"
        names = sorted(p.name for p in SCRIPTS.glob("*.js"))
        self.modules = [_asset(name) for name in names]
        # Modules import each other by plain names; the map gives those names their versions.
        self.import_map = script_json(
            {"imports": {f"/assets/atlas/{name}": _asset(name) for name in names}}
        )
        self.entry = _asset(ENTRY)
        self.preloads = [config.geometry[name] for name in _COLLECTIONS]
        self.config = script_json(_config_json(config))


class FrameFigure(Figure):  # type: ignore[misc]  # branca has no types
    """branca's page with a language and with room for the security policy at its head."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="{{ this.lang }}">\n<head>\n<meta charset="utf-8" />\n'
        "{{ this.policy }}\n<title>{{ this.title|e }}</title>\n"
        "{{ this.header.render(**kwargs) }}\n</head>\n"
        "<body>\n{{ this.html.render(**kwargs) }}\n"
        "<script>{{ this.script.render(**kwargs) }}</script>\n</body>\n</html>\n"
    )

    def __init__(self, *, lang: str, title: str) -> None:
        super().__init__(title=title)
        self.lang = lang
        self.policy = POLICY_PLACE
        self.header._children.pop("meta_http", None)  # the charset stands first, see above


def _config_json(config: FrameConfig) -> dict[str, Any]:
    basemap = config.basemap
    return {
        "map": "map_atlas",
        "geometry": dict(config.geometry),
        "search": config.search,
        "bounds": list(config.bounds),
        "lang": config.lang,
        "placePage": config.place_page,
        "font": f"/assets/fonts/index.css?v={pinned('@fontsource-variable/noto-sans-sc')}",
        "texts": {lang: dict(table) for lang, table in config.texts.items()},
        "basemap": basemap
        and {
            "url": basemap.url,
            "attribution": basemap.attribution,
            "subdomains": basemap.subdomains,
            "maxZoom": basemap.max_zoom,
        },
    }


def _check(config: FrameConfig) -> None:
    faults = [f"geometry[{name!r}]" for name in _COLLECTIONS if name not in config.geometry]
    if config.lang not in _HTML_LANG or config.lang not in config.texts:
        faults.append(f"lang={config.lang!r}")
    asked = {**config.geometry, "search": config.search, "place_page": config.place_page}
    faults += [f"{name}={url!r}" for name, url in asked.items() if not is_own_address(url)]
    if config.basemap and not _is_tile_address(config.basemap.url):
        faults.append(f"basemap={config.basemap.url!r}")
    if faults:
        raise FrameError("地图页面的配置有误 / the frame's configuration: " + ", ".join(faults))


# ---- addresses ---------------------------------------------------------------------------------

POLICY_PLACE = "<!-- content security policy -->"
_URL_IN_CSS = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])([^'")\s]+)""", re.IGNORECASE)
_URL_IN_SCRIPT = re.compile(r"""(?:[a-z][a-z0-9+.-]*:)?//[^\s'"`]+""", re.IGNORECASE)
_ADDRESS_ATTRIBUTES = {"src", "href", "srcset", "data", "poster", "action", "formaction"}


def is_own_address(url: str) -> bool:
    """Whether `url` is an absolute path of the page's own origin."""
    return url.startswith("/") and not url.startswith(("//", "/\\")) and "\\" not in url


def foreign_addresses(html: str) -> Iterator[str]:
    """Addresses in `html` that a browser would ask, or that a script names, outside our origin.

    The JSON configuration is not looked through: it is checked where it is made, and the page's
    policy stops what it might name.
    """
    page = _Addresses()
    page.feed(html)
    page.close()
    yield from (url for url in page.found if not is_own_address(url))


class _Addresses(HTMLParser):
    """Collects addresses from attributes, style sheets and executable inline scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        for name, value in values.items():
            if name == "srcset":
                self.found += [part.split()[0] for part in value.split(",") if part.strip()]
            elif name.split(":")[-1] in _ADDRESS_ATTRIBUTES:
                self.found.append(value)
            elif name == "style":
                self.found += _URL_IN_CSS.findall(value)
        self._inside = tag if tag in {"script", "style"} else None
        if tag == "script" and values.get("type") == "application/json":
            self._inside = None

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.found += _URL_IN_CSS.findall(data)
        elif self._inside == "script":
            self.found += _URL_IN_SCRIPT.findall(data)


def _is_tile_address(url: str) -> bool:
    if not all(part in url for part in ("{z}", "{x}", "{y}")):
        return False
    return is_own_address(url) or (
        urlsplit(url).scheme in {"http", "https"} and _tile_origin(url) != ""
    )


def _tile_origin(url: str) -> str:
    """The origin of a tile address as a policy names it: ``{s}`` in a host becomes ``*``."""
    parts = urlsplit(url)
    host = re.sub(r"^[^.]*\{s\}[^.]*", "*", parts.netloc.rpartition("@")[2])
    valid = re.fullmatch(r"(\*\.)?[A-Za-z0-9.-]+(:\d+)?", host)
    return f"{parts.scheme}://{host}" if valid else ""


def content_security_policy(html: str, basemap: Basemap | None) -> str:
    """The policy as a meta element; inline scripts are allowed by their hash, none other."""
    inline = re.findall(r"<script(?: type=\"importmap\")?>(.*?)</script>", html, re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in inline)
    tiles = "" if basemap is None or is_own_address(basemap.url) else _tile_origin(basemap.url)
    rules = [
        "default-src 'self'",
        f"img-src 'self' data: {tiles}".rstrip(),
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self' " + " ".join(f"'sha256-{h}'" for h in hashes),
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}" />'


# ---- versions ----------------------------------------------------------------------------------


def script_json(value: object) -> str:
    """`value` as JSON that can stand inside a script element whatever its strings hold."""
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        raw = raw.replace(character, f"\\u{ord(character):04x}")
    return raw


@cache
def pinned(package: str) -> str:
    """The version of a front-end package, as the project pins it."""
    return str(_manifest()[package])


@cache
def _manifest() -> Mapping[str, str]:
    manifest = json.loads((_WEB / "package.json").read_text(encoding="utf-8"))
    return MappingProxyType(manifest["dependencies"])


def _asset(name: str) -> str:
    """The address of one of the frame's own files, with a digest of its content."""
    digest = hashlib.sha256((SCRIPTS / name).read_bytes()).hexdigest()[:12]
    return f"/assets/atlas/{name}?v={digest}"
