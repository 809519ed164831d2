"""Answers: the map's document, its geometry, the search index, downloads.

Addresses with a version in them never change and are kept by browsers for good.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import cast
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.errors import BadRequestError, NotFoundError
from api.routes import Service
from facts.model import Lang
from layers import downloads
from layers.atlas import Atlas, open_atlas
from layers.frame import Basemap, FrameConfig, frame_document
from layers.texts import LANGUAGES
from layers.view import View

FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
FRESH = {"Cache-Control": "no-cache"}
_documents: dict[tuple[str, ...], str] = {}


def atlas_of(service: Service) -> Atlas:
    """The workspace as it stands now."""
    return open_atlas(service.workspace_dir, service.data_dir)


def language_of(request: Request) -> Lang:
    """The language that the address asks for."""
    lang = request.query_params.get("lang", "zh")
    if lang not in LANGUAGES:
        raise BadRequestError(f"lang={lang!r}: zh | en")
    return cast("Lang", lang)


def frame(service: Service, request: Request) -> Response:
    """The document of the map's frame."""
    atlas = atlas_of(service)
    url, attribution = service.basemap
    lang = language_of(request)
    key = (lang, url, attribution, atlas.search_address(), *atlas.geometry_addresses().values())
    if key not in _documents:
        config = FrameConfig(
            geometry=atlas.geometry_addresses(),
            search=atlas.search_address(),
            bounds=atlas.bounds(),
            lang=lang,
            basemap=Basemap(url, attribution) if url else None,
        )
        if len(_documents) > 8:  # documents of older versions of the outlines
            _documents.clear()
        _documents[key] = frame_document(config)
    return Response(_documents[key], media_type="text/html", headers=FRESH)


def geometry(service: Service, request: Request) -> Response:
    """The simplified outlines of a collection, as the map draws them."""
    atlas = atlas_of(service)
    collection = request.path_params["collection"]
    address = f"/layers/{collection}/{request.path_params['version']}.geojson"
    if atlas.geometry_addresses().get(collection) != address:
        raise NotFoundError(f"没有 {address} / there is no {address}")
    body = atlas.frame_geojson(collection)
    return _lasting(request, body, "application/geo+json")


@lru_cache(maxsize=16)
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)


def _lasting(request: Request, body: bytes, media_type: str) -> Response:
    """Content that never changes under its address, compressed once and not at each request."""
    headers = FOR_GOOD | {"Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = _compressed(body), headers | {"Content-Encoding": "gzip"}
    return Response(body, media_type=media_type, headers=headers)


def search(service: Service, request: Request) -> Response:
    """Names, aliases and pinyin of all places."""
    atlas = atlas_of(service)
    if request.url.path != atlas.search_address():
        raise NotFoundError(f"没有 {request.url.path} / there is no {request.url.path}")
    return _lasting(request, atlas.search_json(), "application/json")


def download(service: Service, request: Request) -> Response:
    """A collection, or with the name `map` the picture that the query describes, as a file."""
    atlas = atlas_of(service)
    name = request.path_params["collection"]
    extension = request.path_params["extension"]
    lang = language_of(request)
    if name == "map":
        view, messages = View.from_params(atlas.facts, dict(request.query_params))
        if messages:
            raise BadRequestError(" ".join(messages))
        file = downloads.picture_file(atlas, view, extension)
    else:
        file = downloads.collection_file(atlas, name, extension, lang=lang)
    disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
    headers = FRESH | {"Content-Disposition": disposition, "ETag": f'"{file.etag}"'}
    if _has_already(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


def _has_already(request: Request, etag: str) -> bool:
    """Whether the asker has these bytes; proxies mark what they compressed as weak."""
    known = request.headers.get("if-none-match", "").split(",")
    return etag in {part.strip().removeprefix("W/") for part in known}


def missing(_service: Service, request: Request) -> Response:
    """An address of ours that leads to nothing."""
    raise NotFoundError(f"没有 {request.url.path} / there is no {request.url.path}")
