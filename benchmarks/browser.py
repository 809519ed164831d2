"""The map in a browser against the usual folium app: change of indicator, first visit, start-up.

Both apps run on this machine with the same counties; all their files come from loopback. One
in-page clock (`CLOCK`) measures both: from the click on an option to the first animation frame
in which the county fills differ.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / "benchmarks" / "peer"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
RUNS = 7

# Runs in the top document: watches the county fills of every frame of the page's own origin.
CLOCK = """() => {
  const shapes = () => [...document.querySelectorAll('iframe')].flatMap(f => {
    try { return [...f.contentDocument.querySelectorAll('path.county, path.leaflet-interactive')]; }
    catch { return []; } });
  const signature = () => { const s = shapes();
    return s.length < 117 ? '' : s.map(p => p.getAttribute('fill')).join(); };
  window.bench = {signature, count: () => shapes().length};
  document.addEventListener('click', () => {
    const before = signature(), start = performance.now(); window.bench.ms = null;
    const look = () => { const now = signature();
      if (now && now !== before) window.bench.ms = performance.now() - start;
      else if (performance.now() - start < 10000) requestAnimationFrame(look); };
    requestAnimationFrame(look);
  }, true);
}"""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(command: list[str], port: int, env: dict[str, str]) -> Iterator[float]:
    """Run a server; yields the seconds from its launch to the first answered page."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | env, stdout=log, stderr=log, start_new_session=True
        )
        try:
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).read()
                    break
                except OSError:
                    if process.poll() is not None or time.perf_counter() - start > 120:
                        log.seek(0)
                        raise RuntimeError(log.read().decode()[-2000:]) from None
                    time.sleep(0.01)
            yield time.perf_counter() - start
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=20)


def ours(port: int) -> tuple[list[str], dict[str, str]]:
    """`make run` on an existing environment."""
    return ["make", "--no-print-directory", "run"], {"ZONE_ATLAS_PORT": str(port)}


def streamlit(script: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """A plain Streamlit server for a script, without telemetry."""
    args = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    args += ["--browser.gatherUsageStats=false", "--server.fileWatcherType=none"]
    return [sys.executable, "-m", "streamlit", "run", str(script), *args], {}


def open_page(browser: Browser, url: str) -> tuple[Page, list[int]]:
    """A page in a cold profile, with a counter of bytes received over HTTP and WebSocket."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    received = [0]
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def add(event: dict, key: str) -> None:
        data = event["response"]["payloadData"] if key == "socket" else None
        received[0] += len(base64.b64decode(data)) if data else int(event["encodedDataLength"])

    session.on("Network.webSocketFrameReceived", lambda e: add(e, "socket"))
    session.on("Network.loadingFinished", lambda e: add(e, "http"))
    page.goto(url, wait_until="commit")
    page.evaluate(CLOCK)
    return page, received


def first_visit(browser: Browser, url: str, ready: str) -> float:
    """Seconds from navigation to a drawn, clickable choropleth, in a cold profile.

    Nothing listens to the requests: telling of each would cost more than some of them take.
    """
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.evaluate(CLOCK)
    page.wait_for_function(ready, timeout=60_000, polling="raf")
    seconds = time.perf_counter() - start
    page.context.close()
    return seconds


def changes(page: Page, received: list[int], label: str, options: list[str]) -> tuple[list, list]:
    """Milliseconds and bytes of each change of the indicator."""
    times, sizes = [], []
    for turn in range(RUNS + 1):
        page.get_by_role("combobox", name=label).click()
        option = page.get_by_role("option", name=options[turn % 2], exact=False).first
        option.wait_for()
        received[0] = 0
        option.click()
        page.wait_for_function("window.bench.ms !== null && window.bench.ms !== undefined")
        times.append(page.evaluate("window.bench.ms"))
        page.wait_for_timeout(1200)
        sizes.append(received[0])
    return times[1:], sizes[1:]


def _start(command: list[str], port: int, env: dict[str, str]) -> float:
    with served(command, port, env) as seconds:
        return seconds


OURS_READY = """() => window.bench && window.bench.count() >= 117
  && [...document.querySelectorAll('iframe')].some(f => {
    const d = f.contentDocument, w = f.contentWindow;
    return w.__atlas && w.__atlas.paintedKey && d.querySelector('.atlas-legend')
      && getComputedStyle(d.querySelector('path.county')).pointerEvents !== 'none'; })"""
PEER_READY = "() => window.bench && window.bench.count() >= 117"


@contextlib.contextmanager
def _app(*, mine: bool) -> Iterator[tuple[str, str]]:
    """One of the two apps, served: its address, and the in-page test that its map is ready."""
    port = free_port()
    command, env = ours(port) if mine else streamlit(PEER / "app.py", port)
    query = "?level=county&i=outline_area" if mine else ""
    with served(command, port, env):
        yield f"http://127.0.0.1:{port}/{query}", OURS_READY if mine else PEER_READY


def _visits(browser: Browser, apps: list[tuple[str, str]]) -> list[float]:
    """Median seconds of a first visit to each app, one after the other in turns."""
    for url, ready in apps:
        first_visit(browser, url, ready)  # the server's own first run is not the browser's
    turns = [[first_visit(browser, *app) for app in apps] for _ in range(RUNS)]
    return [statistics.median(column) for column in zip(*turns, strict=True)]


def _changes(
    browser: Browser, app: tuple[str, str], label: str, options: list[str]
) -> tuple[float, float]:
    """Median milliseconds and bytes of a change of the indicator in one app."""
    page, received = open_page(browser, app[0])
    page.wait_for_function(app[1], timeout=60_000)
    page.wait_for_timeout(1500)
    times, sizes = changes(page, received, label, options)
    page.context.close()
    return statistics.median(times), statistics.median(sizes)


def main() -> dict[str, float]:
    """Run both apps one after the other and print figures and ratios."""
    packages = PEER / "node_modules"
    if not packages.is_dir():
        npm = ROOT / ".venv" / "bin" / "npm"
        path = f"{npm.parent}:{os.environ['PATH']}"
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=PEER, env=os.environ | {"PATH": path}, check=True,
        )  # fmt: skip
    with sync_playwright() as playwright, _app(mine=True) as mine, _app(mine=False) as peer:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        visits = _visits(browser, [mine, peer])
        change = _changes(browser, mine, "指标", ["在册开发区数", "辖区面积"])
        peers = _changes(browser, peer, "Indicator", ["lon", "lat"])
        browser.close()
    bare, run = [], []
    for _ in range(5):
        port = free_port()
        bare.append(_start(*_with_port(streamlit(PEER / "bare.py", port), port)))
        port = free_port()
        run.append(_start(*_with_port(ours(port), port)))
    start, floor = statistics.median(run), statistics.median(bare)
    rows = [
        ("change of indicator, ms", change[0], peers[0]),
        ("bytes of a change", change[1], peers[1]),
        ("first visit, s", visits[0], visits[1]),
    ]
    print(f"{'':28}{'ours':>12}{'peer A':>12}{'peer/ours':>12}")
    for name, a, b in rows:
        print(f"{name:28}{a:12.2f}{b:12.2f}{b / a:12.2f}")
    ratio = start / floor
    print(f"start to a served page, s: ours {start:.2f}, bare Streamlit {floor:.2f}: {ratio:.2f}×")
    return {name: b / a for name, a, b in rows} | {"start": start / floor}


def _with_port(
    command: tuple[list[str], dict[str, str]], port: int
) -> tuple[list[str], int, dict[str, str]]:
    return command[0], port, command[1]


if __name__ == "__main__":
    main()
