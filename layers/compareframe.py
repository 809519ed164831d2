"""The frame of linked maps: a document without data, embedded as a Streamlit component.

The scripts in ``layers/compareframe/`` build one Leaflet map for each proposal; what they are sent
and what they send back is said at the top of ``layers/compareframe/compare.js``. Like the map of
the province, the document names addresses of our own origin only.
"""

from __future__ import annotations

from pathlib import Path

from layers.mapdocument import MapDocument

SCRIPTS = Path(__file__).with_suffix("")
_DOCUMENT = MapDocument("compare", "comparemap", SCRIPTS, "/assets/comparemap/", geoman=True)


def compare_document(lang: str) -> str:
    """The complete HTML of the frame; the same language gives the same bytes.

    Raises:
        FrameError: the language is unknown, or the document would ask a foreign address.
    """
    return _DOCUMENT.html(lang)
