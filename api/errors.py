"""One table from our errors to HTTP answers; the body is plain JSON with `code` and `message`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from facts.errors import FactsError
from geo.errors import GeoError
from layers.errors import LayerError
from store.errors import StoreError


class NotFoundError(LookupError):
    """Nothing is served under this address."""

    code = "not_found"


class BadRequestError(ValueError):
    """A parameter can't be used; the message names it."""

    code = "bad_request"


STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotFoundError, 404),
    (BadRequestError, 400),
    (LayerError, 400),
    (GeoError, 500),
    (FactsError, 500),
    (StoreError, 503),
)


def answer(request: Request, error: Exception) -> Response:
    """The HTTP answer for one of our errors."""
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    body = {"error": {"code": getattr(error, "code", "internal"), "message": str(error)}}
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
