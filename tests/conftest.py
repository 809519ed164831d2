"""Fixtures: a real server on loopback with its own workspace, and a real Chromium beside it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from xdist.scheduler import LoadFileScheduling

from data.synthetic.__main__ import main as make_demo
from store.baseline import ensure_baseline
from store.workspace import Workspace

# How long an example takes depends on what else the machine does; no test asserts a time.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


class _Workers(LoadFileScheduling):
    """One worker has all browser tests, with one Chromium; every other file stays together too."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "browser" if Path(file).name.startswith("test_browser") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _Workers(config, log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def workspace_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace") / "var"


@pytest.fixture(scope="session")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the baseline in it, not to be written."""
    folder = tmp_path_factory.mktemp("baseline") / "var"
    ensure_baseline(Workspace.open(folder), ROOT / "data")
    return folder


@pytest.fixture
def workspace(baseline: Path, tmp_path: Path) -> Workspace:
    """A workspace of its own with the baseline, cheaply: files never change, so they are linked."""
    shutil.copytree(baseline, tmp_path / "var", copy_function=os.link)
    return Workspace.open(tmp_path / "var")


def serve(workspace: Path, folder: Path) -> Iterator[str]:
    """Run the application as `make run` does; gives its address."""
    port = free_port()
    log = folder / "log.txt"
    env = os.environ | {"ZONE_ATLAS_PORT": str(port), "ZONE_ATLAS_WORKSPACE": str(workspace)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=env, stdout=out, stderr=out
        )
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).read()
                    break
                except OSError:
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.1)
            else:
                pytest.fail(log.read_text())
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def server(workspace_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the running application, as `make run` starts it."""
    yield from serve(workspace_dir, tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    assert executable, "Chromium is missing: `make browser` installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Visit:
    """A page that may only speak to its own origin; `foreign` lists every other attempt."""

    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def guard(self) -> None:
        own = urlsplit(self.url).netloc

        def decide(route: Route) -> None:
            target = urlsplit(route.request.url)
            if target.scheme in {"data", "blob"} or target.netloc == own:
                route.continue_()
            else:
                self.foreign.append(route.request.url)
                route.abort()

        self.page.context.route("**/*", decide)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

        def socket_opened(ws) -> None:
            if urlsplit(ws.url).netloc != own:
                self.foreign.append(ws.url)

        self.page.on("websocket", socket_opened)

    @property
    def frame(self):
        """The map's frame."""
        frame = next((f for f in self.page.frames if "/frame/map" in f.url), None)
        assert frame is not None, "no map frame on this page"
        return frame

    def open(self, path: str = "/") -> Visit:
        self.page.goto(self.url + path)
        return self

    def open_map(self, path: str = "/") -> Visit:
        """Open and wait until the map is painted."""
        self.open(path)
        self.page.locator("iframe").first.wait_for(timeout=60_000)
        self.wait_painted()
        return self

    def wait_painted(self, unlike: str | None = None) -> str:
        """Wait for a painted picture (another one than `unlike`); returns its key."""
        self.page.wait_for_function(
            """unlike => [...document.querySelectorAll('iframe')].some(f => {
                 const a = f.contentWindow.__atlas;
                 return a && a.paintedKey && a.paintedKey !== unlike; })""",
            arg=unlike, timeout=60_000,
        )  # fmt: skip
        return str(self.frame.evaluate("window.__atlas.paintedKey"))


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    viewport = getattr(request, "param", DESKTOP)
    fresh = browser.new_context(viewport=viewport, accept_downloads=True)
    yield fresh
    fresh.close()


@pytest.fixture
def visit(context: BrowserContext, server: str) -> Visit:
    opened = Visit(context.new_page(), server)
    opened.guard()
    return opened


@pytest.fixture(scope="session")
def demo_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up workspace, small: about 30 000 land-use polygons."""
    folder = tmp_path_factory.mktemp("synthetic") / "demo"
    assert make_demo([str(folder), "--land-use", "30000"]) == 0
    return folder


@pytest.fixture(scope="session")
def demo_server(demo_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the application on the made-up workspace."""
    yield from serve(demo_dir, tmp_path_factory.mktemp("demo-server"))


@pytest.fixture
def demo_visit(context: BrowserContext, demo_server: str) -> Visit:
    opened = Visit(context.new_page(), demo_server)
    opened.guard()
    return opened
