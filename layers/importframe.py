"""The frame of the import and history pages: one map with a table of what it shows.

The scripts in ``layers/importframe/`` draw outlines, marks and differences over the counties; what
they are sent and what they send back is said at the top of ``layers/importframe/import.js``. Like
the map of the province, the document carries no data and names addresses of our own origin only.
"""

from __future__ import annotations

from pathlib import Path

from layers.mapdocument import MapDocument

SCRIPTS = Path(__file__).with_suffix("")
_DOCUMENT = MapDocument("import", "importmap", SCRIPTS, "/assets/importmap/")


def import_document(lang: str) -> str:
    """The complete HTML of the frame; the same language gives the same bytes.

    Raises:
        FrameError: the language is unknown, or the document would ask a foreign address.
    """
    return _DOCUMENT.html(lang)
