"""Answers about proposals: the map of a ledger, and the report of a comparison as a file."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.errors import BadRequestError, NotFoundError
from api.handlers import FOR_GOOD, FRESH, atlas_of, language_of
from api.routes import Service
from geo.rules import rules_from_text
from layers.assess import dossier, ledger_key
from layers.compareframe import compare_document
from layers.compareview import CompareView
from layers.comparison import compare
from layers.ledgerlayer import ledger_geojson
from layers.report import FORMATS, report


def maps(_service: Service, request: Request) -> Response:
    """The document of the linked maps."""
    document = compare_document(language_of(request))
    return Response(document, media_type="text/html", headers=FRESH)


def ledger(service: Service, request: Request) -> Response:
    """The map of one proposal under its rules.

    `v` in the address is a digest of all that the answer depends on: with the right one the
    answer is kept for good, with another or none it is asked for again.
    """
    atlas, lang = atlas_of(service), language_of(request)
    written = request.query_params.get("rules", "")
    rules = rules_from_text(written) if written else None
    found = dossier(atlas, request.path_params["key"], lang=lang, rules=rules)
    digest = ledger_key(atlas, found.proposal, found.rules)[:16]
    headers = FOR_GOOD if request.query_params.get("v") == digest else FRESH
    body = ledger_geojson(atlas, found, lang)
    return Response(body, media_type="application/geo+json", headers=headers)


def comparison(service: Service, request: Request) -> Response:
    """The comparison that the query describes, as a file for the meeting."""
    atlas, lang = atlas_of(service), language_of(request)
    extension = request.path_params["extension"]
    if extension not in FORMATS:
        known = ", ".join(FORMATS)
        raise NotFoundError(f"没有格式 {extension}，有：{known} / formats: {known}")
    view, messages = CompareView.from_params(dict(request.query_params) | {"lang": lang})
    if messages:
        raise BadRequestError(" ".join(messages))
    if not view.proposals:
        raise BadRequestError("缺少参数 p：方案编号 / p is missing: the keys of the proposals")
    file = report(compare(atlas, view), atlas, extension)
    disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
    headers = FRESH | {"Content-Disposition": disposition}
    return Response(file.content, media_type=file.media_type, headers=headers)
