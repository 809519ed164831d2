"""The frame of linked maps: a document without data, embedded as a Streamlit component.

The scripts in ``layers/compareframe/`` build one Leaflet map for each proposal; what they are sent
and what they send back is said at the top of ``layers/compareframe/compare.js``. Like the map of
the province, the document names addresses of our own origin only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from branca.element import MacroElement
from folium.template import Template

from layers import texts as catalogue
from layers.frame import (
    POLICY_PLACE,
    FrameError,
    FrameFigure,
    content_security_policy,
    foreign_addresses,
    pinned,
    script_json,
)

SCRIPTS = Path(__file__).with_suffix("")
ENTRY = "compare.js"
SHARED = ("dom.js", "theme.js")  # of the province's map
_SHARED_FOLDER = SCRIPTS.with_name("frame")
_HTML_LANG = {"zh": "zh-CN", "en": "en"}
_GEOMAN = "@geoman-io/leaflet-geoman-free"


def compare_document(lang: str) -> str:
    """The complete HTML of the frame; the same language gives the same bytes.

    Raises:
        FrameError: the language is unknown, or the document would ask a foreign address.
    """
    if lang not in _HTML_LANG:
        raise FrameError(f"lang={lang!r}")
    figure = FrameFigure(lang=_HTML_LANG[lang], title=catalogue.text("comparemap.title", lang))
    figure.add_child(_Maps(lang))
    html: str = figure.render()
    html = html.replace(POLICY_PLACE, content_security_policy(html, None), 1)
    foreign = sorted(set(foreign_addresses(html)))
    if foreign:
        raise FrameError(
            "比选地图含有站外地址 / the maps' document names foreign addresses: "
            + ", ".join(foreign)
        )
    return html


class _Maps(MacroElement):  # type: ignore[misc]  # branca has no types
    """Style sheets, scripts and the configuration; the maps are built when proposals come."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            {%- for address in this.styles %}
            <link rel="stylesheet" href="{{ address }}" />
            {%- endfor %}
            {%- for address in this.scripts %}
            <script src="{{ address }}"></script>
            {%- endfor %}
            <script type="importmap">{{ this.import_map }}</script>
            <script type="application/json" id="compare-config">{{ this.config }}</script>
            <script type="module" src="{{ this.entry }}"></script>
        {% endmacro %}
        {% macro html(this, kwargs) %}
            <main class="compare"></main>
        {% endmacro %}
        """
    )

    def __init__(self, lang: str) -> None:
        super().__init__()
        self._name = "Compare"
        leaflet, geoman = f"?v={pinned('leaflet')}", f"?v={pinned(_GEOMAN)}"
        self.styles = [
            f"/assets/leaflet/leaflet.css{leaflet}",
            f"/assets/geoman/leaflet-geoman.css{geoman}",
            _address(SCRIPTS / "compare.css"),
        ]
        self.scripts = [
            f"/assets/leaflet/leaflet.js{leaflet}",
            f"/assets/geoman/leaflet-geoman.min.js{geoman}",
        ]
        self.import_map = script_json({"imports": _imports()})
        self.entry = _address(SCRIPTS / ENTRY)
        self.config = script_json(
            {
                "lang": lang,
                "font": f"/assets/fonts/index.css?v={pinned('@fontsource-variable/noto-sans-sc')}",
                "texts": {
                    each: catalogue.section("comparemap", each) for each in catalogue.LANGUAGES
                },
            }
        )


def _imports() -> Mapping[str, Any]:
    """Plain module names → addresses that change with the module's content."""
    own = {f"/assets/comparemap/{p.name}": _address(p) for p in sorted(SCRIPTS.glob("*.js"))}
    shared = {f"/assets/atlas/{name}": _address(_SHARED_FOLDER / name) for name in SHARED}
    return own | shared


def _address(path: Path) -> str:
    folder = "comparemap" if path.parent == SCRIPTS else "atlas"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return f"/assets/{folder}/{path.name}?v={digest}"
