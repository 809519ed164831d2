"""Answers requests for front-end files from memory, before any other handler sees them.

A page asks for about a hundred small scripts, and opening each of them in a worker thread takes
its share of a first visit on a small machine. What is asked for is read once and kept.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

FOR_GOOD = b"public, max-age=31536000, immutable"
ASK_AGAIN = b"no-cache"


class KeptFiles:
    """ASGI middleware for files whose names or addresses change with their content.

    Args:
        app: what answers everything else.
        folders: address prefix, with a slash at its end, to the folder that it stands for. Only
            files that lie in a folder when it is first looked at are served from it.
        hashed: prefixes whose file names carry a hash of the content; other addresses are kept by
            a browser for good only if they carry a version (``?v=…``).
    """

    def __init__(
        self, app: ASGIApp, *, folders: Mapping[str, Path], hashed: tuple[str, ...] = ()
    ) -> None:
        self.app = app
        self.folders = folders
        self.hashed = hashed
        self._kept: dict[str, tuple[bytes, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file of this address, or pass the request on."""
        answer = None
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            answer = self._file(scope["path"])
        if answer is None:
            await self.app(scope, receive, send)
            return
        body, media_type = answer
        lasting = scope["path"].startswith(self.hashed) or b"v=" in scope["query_string"]
        headers = [
            (b"content-type", media_type),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", FOR_GOOD if lasting else ASK_AGAIN),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        shown = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": shown})

    def _file(self, address: str) -> tuple[bytes, bytes] | None:
        kept = self._kept.get(address)
        if kept is None and address in self._known:
            path = self._known[address]
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            if media_type.startswith("text/"):
                media_type += "; charset=utf-8"
            kept = self._kept[address] = (path.read_bytes(), media_type.encode())
        return kept

    @cached_property
    def _known(self) -> dict[str, Path]:
        """Every file's address; one that is not in here, `..` or not, is not ours to answer."""
        return {
            prefix + path.relative_to(folder).as_posix(): path
            for prefix, folder in self.folders.items()
            for path in folder.rglob("*")
            if path.is_file()
        }


def front_end_files(*, streamlit: Path, packages: Path, frame: Path) -> Middleware:
    """Middleware for Streamlit's scripts and, under /assets/, for Leaflet, fonts and our own.

    Args:
        streamlit: folder with Streamlit's index.html.
        packages: folder of the installed front-end packages.
        frame: folder of the map frame's scripts and styles; those of the other maps lie beside.
    """
    fonts = "/assets/fonts/files/"
    return Middleware(
        KeptFiles,
        folders={
            "/static/": streamlit / "static",
            "/assets/leaflet/": packages / "leaflet" / "dist",
            "/assets/fonts/": packages / "@fontsource-variable" / "noto-sans-sc",
            "/assets/geoman/": packages / "@geoman-io" / "leaflet-geoman-free" / "dist",
            "/assets/atlas/": frame,
            "/assets/comparemap/": frame.with_name("compareframe"),
            "/assets/importmap/": frame.with_name("importframe"),
        },
        hashed=("/static/", fonts),  # a font's files change with its package's version only
    )
