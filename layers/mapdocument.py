"""The document of a frame with maps: scripts and texts of ours, no data, no foreign address.

The frames of the linked maps and of the import's map are made here; their scripts stand in a
folder each, and share some of the province's map.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
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

SHARED = ("dom.js", "theme.js")  # of the province's map
_SHARED_FOLDER = Path(__file__).with_name("frame")
_HTML_LANG = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, slots=True)
class MapDocument:
    """What a frame is made of.

    `name` is the class of its main element and the stem of its style sheet, entry script and
    configuration; `texts` the section of the catalogue, whose "title" it has; `folder` that of its
    scripts and `address` what they are served under; `geoman`: with the drawing tools.
    """

    name: str
    texts: str
    folder: Path
    address: str
    geoman: bool = False

    def html(self, lang: str) -> str:
        """The complete HTML; the same language gives the same bytes.

        Raises:
            FrameError: the language is unknown, or the document would ask a foreign address.
        """
        if lang not in _HTML_LANG:
            raise FrameError(f"lang={lang!r}")
        title = catalogue.text(f"{self.texts}.title", lang)
        figure = FrameFigure(lang=_HTML_LANG[lang], title=title)
        figure.add_child(_Page(self, lang))
        html: str = figure.render()
        html = html.replace(POLICY_PLACE, content_security_policy(html, None), 1)
        foreign = sorted(set(foreign_addresses(html)))
        if foreign:
            raise FrameError(
                "地图含有站外地址 / the map's document names foreign addresses: "
                + ", ".join(foreign)
            )
        return html

    def imports(self) -> dict[str, str]:
        """Plain module names → addresses that change with the module's content."""
        own = {
            f"{self.address}{path.name}": _versioned(self.address, path)
            for path in sorted(self.folder.glob("*.js"))
        }
        shared = {
            f"/assets/atlas/{name}": _versioned("/assets/atlas/", _SHARED_FOLDER / name)
            for name in SHARED
        }
        return own | shared


class _Page(MacroElement):  # type: ignore[misc]  # branca has no types
    """Style sheets, scripts and the configuration; maps are built when there is something."""

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
            <script type="application/json" id="{{ this.name }}-config">{{ this.config }}</script>
            <script type="module" src="{{ this.entry }}"></script>
        {% endmacro %}
        {% macro html(this, kwargs) %}
            <main class="{{ this.name }}"></main>
        {% endmacro %}
        """
    )

    def __init__(self, document: MapDocument, lang: str) -> None:
        super().__init__()
        self._name = document.name.title()
        self.name = document.name
        packages = [("leaflet", "leaflet", "leaflet.css", "leaflet.js")]
        if document.geoman:
            packages.append(
                ("geoman", "@geoman-io/leaflet-geoman-free", "leaflet-geoman.css",
                 "leaflet-geoman.min.js")
            )  # fmt: skip
        sheet = document.folder / f"{document.name}.css"
        self.styles = [*_assets(packages, 2), _versioned(document.address, sheet)]
        self.scripts = _assets(packages, 3)
        self.import_map = script_json({"imports": document.imports()})
        self.entry = _versioned(document.address, document.folder / f"{document.name}.js")
        self.config = script_json(
            {
                "lang": lang,
                "font": f"/assets/fonts/index.css?v={pinned('@fontsource-variable/noto-sans-sc')}",
                "texts": {
                    each: catalogue.section(document.texts, each) for each in catalogue.LANGUAGES
                },
            }
        )


def _assets(packages: Sequence[tuple[Any, ...]], part: int) -> list[str]:
    return [f"/assets/{p[0]}/{p[part]}?v={pinned(p[1])}" for p in packages]


def _versioned(address: str, path: Path) -> str:
    return f"{address}{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
