"""Browser entry: settings -> workspace -> routes -> Streamlit's ASGI app.

`python app.py` (or `make run`) serves on the port of the settings; `uvicorn app:app` and
`streamlit run app.py` start the same application.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.routing import BaseRoute
from streamlit.file_util import get_static_dir
from streamlit.starlette import App

from api.files import front_end_files
from api.routes import build_routes
from settings import ROOT, Settings, SettingsError, load_settings
from ui.failure import explain

WARM_AFTER_S = 0.4  # the server answers first: two threads that import slow each other down


def _open(settings: Settings) -> None:
    """Load the workspace and the heavy libraries while the server already answers."""
    from layers.atlas import open_atlas  # noqa: PLC0415 -- imports pandas and geopandas

    with contextlib.suppress(Exception):  # the page and the routes meet the same error and tell it
        open_atlas(settings.workspace, settings.data).warm()
    # Streamlit collects garbage after every run, before its answer is sent: what is loaded by now
    # stays for good, and looking through it each time would cost a sixth of a second.
    gc.collect()
    gc.freeze()


def create_app(settings: Settings) -> App:
    """The application of one workspace."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: App) -> AsyncIterator[None]:
        warming = threading.Timer(WARM_AFTER_S, _open, args=(settings,))
        warming.daemon = True
        warming.start()
        yield

    routes: list[BaseRoute] = build_routes(
        workspace_dir=settings.workspace,
        data_dir=settings.data,
        basemap=(settings.basemap_url, settings.basemap_attribution),
    )
    files = front_end_files(
        streamlit=Path(get_static_dir()), packages=settings.web, frame=ROOT / "layers" / "frame"
    )
    return App(
        ROOT / "ui" / "main.py",
        routes=routes,
        middleware=[files],
        lifespan=lifespan,
        on_script_error=explain,
    )


def main() -> None:
    """Serve until interrupted."""
    print(f"开发区一张图 / Zone Atlas: http://{SETTINGS.host}:{SETTINGS.port}", flush=True)
    app.run(config=SETTINGS.server_options())


try:
    SETTINGS = load_settings()
except SettingsError as fault:
    sys.exit(str(fault))
app = create_app(SETTINGS)

if __name__ == "__main__":
    main()
