"""The frame of the import and history pages: one map with a table of what it shows.

The scripts in ``layers/importframe/`` draw outlines, marks and differences over the counties; what
they are sent and what they send back is said at the top of ``layers/importframe/import.js``. Like
the map of the province, the document carries no data and names addresses of our own origin only.
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
ENTRY = "import.js"
SHARED = ("dom.js", "theme.js")  # of the province's map
_SHARED_FOLDER = SCRIPTS.with_name("frame")
_HTML_LANG = {"zh": "zh-CN", "en": "en"}


def import_document(lang: str) -> str:
    """The complete HTML of the frame; the same language gives the same bytes.

    Raises:
        FrameError: the language is unknown, or the document would ask a foreign address.
    """
    if lang not in _HTML_LANG:
        raise FrameError(f"lang={lang!r}")
    figure = FrameFigure(lang=_HTML_LANG[lang], title=catalogue.text("importmap.title", lang))
    figure.add_child(_Map(lang))
    html: str = figure.render()
    html = html.replace(POLICY_PLACE, content_security_policy(html, None), 1)
    foreign = sorted(set(foreign_addresses(html)))
    if foreign:
        raise FrameError(
            "导入地图含有站外地址 / the map's document names foreign addresses: "
            + ", ".join(foreign)
        )
    return html


class _Map(MacroElement):  # type: ignore[misc]  # branca has no types
    """Style sheets, scripts and the configuration; the map is built when there is something."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            {%- for address in this.styles %}
            <link rel="stylesheet" href="{{ address }}" />
            {%- endfor %}
            <script src="{{ this.leaflet }}"></script>
            <script type="importmap">{{ this.import_map }}</script>
            <script type="application/json" id="import-config">{{ this.config }}</script>
            <script type="module" src="{{ this.entry }}"></script>
        {% endmacro %}
        {% macro html(this, kwargs) %}
            <main class="import"></main>
        {% endmacro %}
        """
    )

    def __init__(self, lang: str) -> None:
        super().__init__()
        self._name = "Import"
        version = f"?v={pinned('leaflet')}"
        self.styles = [
            f"/assets/leaflet/leaflet.css{version}",
            _address(SCRIPTS / "import.css"),
        ]
        self.leaflet = f"/assets/leaflet/leaflet.js{version}"
        self.import_map = script_json({"imports": _imports()})
        self.entry = _address(SCRIPTS / ENTRY)
        self.config = script_json(
            {
                "lang": lang,
                "font": f"/assets/fonts/index.css?v={pinned('@fontsource-variable/noto-sans-sc')}",
                "texts": {
                    each: catalogue.section("importmap", each) for each in catalogue.LANGUAGES
                },
            }
        )


def _imports() -> Mapping[str, Any]:
    """Plain module names → addresses that change with the module's content."""
    own = {f"/assets/importmap/{p.name}": _address(p) for p in sorted(SCRIPTS.glob("*.js"))}
    shared = {f"/assets/atlas/{name}": _address(_SHARED_FOLDER / name) for name in SHARED}
    return own | shared


def _address(path: Path) -> str:
    folder = "importmap" if path.parent == SCRIPTS else "atlas"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return f"/assets/{folder}/{path.name}?v={digest}"
