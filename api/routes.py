"""The table of HTTP addresses beside the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api import errors

Answer = Callable[["Service", Request], Response]

# Answered by api.comparison and api.templates, all others by api.handlers.
ABOUT_PROPOSALS = ("maps", "ledger", "comparison")
ABOUT_INTAKE = ("preview", "template")

# Under these nothing but our own is served: else the page itself would answer a wrong address, and
# a program would take its HTML for data. Files under /assets/ are answered before routes are.
OWN = ("frame", "layers", "download", "assets")


class Service:
    """What the handlers work on: one workspace, opened when it is first needed."""

    def __init__(
        self, *, workspace_dir: Path, data_dir: Path, basemap: tuple[str, str] = ("", "")
    ) -> None:
        self.workspace_dir = workspace_dir
        self.data_dir = data_dir
        self.basemap = basemap


def build_routes(
    *, workspace_dir: Path, data_dir: Path, basemap: tuple[str, str] = ("", "")
) -> list[BaseRoute]:
    """All routes of our own, to stand beside Streamlit's.

    Args:
        workspace_dir: folder of the workspace.
        data_dir: folder of the baseline.
        basemap: tile address and attribution, both empty for none.
    """
    service = Service(workspace_dir=workspace_dir, data_dir=data_dir, basemap=basemap)
    table = (
        ("/frame/map", "frame"),
        ("/frame/compare", "maps"),
        ("/frame/import", "preview"),
        ("/layers/search/{version}.json", "search"),
        ("/layers/ledger/{key}.geojson", "ledger"),
        ("/layers/{collection}/{version}.geojson", "geometry"),
        ("/download/comparison.{extension}", "comparison"),
        ("/download/template-{name}.xlsx", "template"),
        ("/download/{collection}.{extension}", "download"),
        *((f"/{top}/{{path:path}}", "missing") for top in OWN),
    )
    return [Route(path, _endpoint(service, name), methods=["GET", "HEAD"]) for path, name in table]


def _endpoint(service: Service, name: str) -> Callable[[Request], Awaitable[Response]]:
    """A handler in a worker thread, with our errors turned into answers."""

    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(partial(_answer, service, name, request))
        except tuple(kind for kind, _ in errors.STATUS) as error:
            return errors.answer(request, error)

    return endpoint


def _answer(service: Service, name: str, request: Request) -> Response:
    # pandas and geopandas: not before the first request
    if name in ABOUT_PROPOSALS:
        from api import comparison as handlers  # noqa: PLC0415
    elif name in ABOUT_INTAKE:
        from api import templates as handlers  # type: ignore[no-redef]  # noqa: PLC0415
    else:
        from api import handlers  # type: ignore[no-redef]  # noqa: PLC0415
    answer: Answer = getattr(handlers, name)
    return answer(service, request)
