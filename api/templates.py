"""Answers for the import page: the document of its map, and templates of the tables it takes."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.errors import NotFoundError
from api.handlers import FRESH, atlas_of, language_of
from api.routes import Service
from layers.importframe import import_document
from layers.tabletemplates import MEDIA_TYPE, NAMES, template_xlsx


def preview(_service: Service, request: Request) -> Response:
    """The document of the map with what an import brings."""
    document = import_document(language_of(request))
    return Response(document, media_type="text/html", headers=FRESH)


def template(service: Service, request: Request) -> Response:
    """An empty table with an example, to be filled in and imported."""
    lang, name = language_of(request), request.path_params["name"]
    if name not in NAMES:
        known = ", ".join(NAMES)
        raise NotFoundError(f"没有模板 {name}，有：{known} / templates: {known}")
    file = template_xlsx(name, atlas_of(service).facts, lang=lang)
    disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
    headers = FRESH | {"Content-Disposition": disposition}
    return Response(file.content, media_type=MEDIA_TYPE, headers=headers)
