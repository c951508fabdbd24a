"""Fixtures for the tests that drive the app in a real Chromium.

Without a browser, or without the packages that drive it, every test of this folder is skipped and says why.
Wait for text, roles or `st-key-<key>` classes in these tests, never for an idle network: the websocket never idles.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 120  # for a cold start on a busy machine; the figure itself is measured by `make bench`
DEFAULT_TIMEOUT_MS = 30_000


def find_chromium() -> str | None:
    """The browser to use: DNAG_CHROMIUM, one on the PATH, or the one that `playwright install` fetched."""
    chosen = os.environ.get("DNAG_CHROMIUM")
    if chosen:
        return None if chosen == "none" else shutil.which(chosen)
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next((str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


def reason_to_skip() -> str | None:
    """Why no browser test can run here, or None."""
    if os.environ.get("DNAG_CHROMIUM") == "none":
        return "browser tests are switched off by DNAG_CHROMIUM=none"
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed: run `make test`, which installs requirements-dev.txt"
    if find_chromium() is None:
        if chosen := os.environ.get("DNAG_CHROMIUM"):
            return f"DNAG_CHROMIUM={chosen} is not an executable file"
        return "no Chromium found: sudo apt-get install chromium chromium-driver, or name one in DNAG_CHROMIUM"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of this folder, skips them without a browser, and puts them last.

    Last, because Playwright keeps an event loop running in this thread, which other tests may not expect.
    """
    ours = [item for item in items if HERE in item.path.parents]
    reason = reason_to_skip() if ours else None
    for item in ours:
        item.add_marker(pytest.mark.browser)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
    chosen = set(map(id, ours))
    items[:] = [item for item in items if id(item) not in chosen] + ours


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for all tests; each test gets its own context from `page`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class AppServer:
    """A running `streamlit run app.py`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        """What the server printed so far; tracebacks of pages end up here."""
        return self.log.read_text(errors="replace")


def start_app(log: Path, script: str = "app.py", env: dict[str, str] | None = None) -> AppServer:
    """Starts the app in a process group of its own and waits until it answers."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port), "--logger.hideWelcomeMessage", "true"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("STREAMLIT_", "DNAG_"))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = AppServer(f"http://127.0.0.1:{port}", process, log)
    deadline = time.monotonic() + START_SECONDS
    # No proxy: a machine's proxy setting must not send a loopback request elsewhere.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(f"{server.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return server
        except OSError:
            time.sleep(0.1)
    stop_app(server)
    pytest.fail(f"the app did not start (exit status {process.returncode}):\n{server.output()[-4000:]}")


def stop_app(server: AppServer) -> None:
    """Ends the server and whatever it started."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.process.wait(timeout=10)
            return


@pytest.fixture(scope="session")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app, on a free port of the loopback interface, for the whole session."""
    server = start_app(tmp_path_factory.mktemp("app") / "server.log")
    yield server
    stop_app(server)


@pytest.fixture
def app_url(app_server: AppServer) -> str:
    """The address of the running app, without a slash at the end."""
    if app_server.process.poll() is not None:
        pytest.fail(f"the app ended with status {app_server.process.returncode}:\n{app_server.output()[-4000:]}")
    return app_server.url


@dataclass
class PageLog:
    """What went wrong in a page while a test used it."""

    console_errors: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)
    external_requests: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, text: str) -> None:
        """Lets a test go on with problems whose text contains `text`."""
        self.allowed.append(text)

    def problems(self) -> list[str]:
        """Everything recorded that was not allowed, one line each."""
        named = {
            "console error": self.console_errors,
            "uncaught exception": self.page_errors,
            "failed request": self.failed_requests,
            "request to another host": self.external_requests,
        }
        lines = [f"{kind}: {text}" for kind, texts in named.items() for text in texts]
        return [line for line in lines if not any(text in line for text in self.allowed)]

    def watch(self, page: Page) -> None:
        """Records from now on what `page` reports."""

        def on_console(message: ConsoleMessage) -> None:
            # "Failed to load resource" repeats, without the address, what the response below says in full.
            if message.type == "error" and not message.text.startswith("Failed to load resource"):
                self.console_errors.append(message.text)

        def on_failed(request: Request) -> None:
            # A request given up because the page moved on is no failure.
            if request.failure != "net::ERR_ABORTED":
                self.failed_requests.append(f"{request.url} ({request.failure})")

        def on_request(request: Request) -> None:
            parts = urlsplit(request.url)
            if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost"):
                self.external_requests.append(request.url)

        page.on("console", on_console)
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        page.on("requestfailed", on_failed)
        page.on("request", on_request)
        page.on("response", lambda answer: self._note_status(answer.url, answer.status))

    def _note_status(self, url: str, status: int) -> None:
        # Opened at the address of a page, Streamlit looks for its server below that address first.
        probe = status == 404 and re.fullmatch(r"/[^/]+/_stcore/(health|host-config)", urlsplit(url).path)
        if status >= 400 and not probe:
            self.failed_requests.append(f"{url} (status {status})")


@pytest.fixture
def page_log() -> PageLog:
    """What the test's pages report; the test fails at its end if there are problems it did not allow."""
    return PageLog()


@pytest.fixture
def new_page(chromium: Browser, page_log: PageLog) -> Iterator[Callable[..., Page]]:
    """Opens a page in a context of its own: `new_page(width=390, height=844, color_scheme="dark")`."""
    contexts = []

    def open_page(width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **options)
        context.set_default_timeout(DEFAULT_TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page_log.watch(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    problems = page_log.problems()
    assert not problems, "the page had problems:\n" + "\n".join(problems)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A fresh page of desktop size that records what goes wrong in it."""
    return new_page()


@pytest.fixture
def axe_violations() -> Callable[..., list[str]]:
    """Runs axe-core on a page, or on what a selector names in it: the serious and critical violations of WCAG 2.1 A
    and AA, one line per node.
    """
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}

    def run(page: Page, within: str | None = None) -> list[str]:
        found = Axe().run(page, context=within, options=options).response["violations"]
        return [
            f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    return run
