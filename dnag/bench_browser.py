r"""How fast the app is in a browser: Chromium drives it as a person would, alone or several at once."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnag.evaluation.base import Figure
from dnag.places import HOME

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FORGET_S = 3
"""Seconds after which the server forgets a closed session, instead of its two minutes."""


def find_chromium() -> dict[str, Any]:
    """Launch options of Playwright for the system's Chromium; ``ValueError`` if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("DNAG_CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        raise ValueError("Chromium is not installed; make test installs it or says how")
    flags = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
    return {"executable_path": path, "args": list(flags)}


@contextlib.contextmanager
def running_app(*more: str) -> Iterator[tuple[str, int]]:
    """The app on a free port of this machine, with ``more`` options: its address and process id. Stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--server.port", str(port), "--server.address", "127.0.0.1", *more)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    server = subprocess.Popen(command, cwd=HOME, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, began = f"http://127.0.0.1:{port}", time.perf_counter()
    try:
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
                break
            except OSError:
                if time.perf_counter() - began > 60 or server.poll() is not None:
                    raise RuntimeError("the app did not start within 60 s") from None
                time.sleep(0.05)
        yield url, server.pid
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:  # on a busy machine
            server.kill()
            server.wait()


def stand_still(page: Page, milliseconds: int = 500) -> None:
    """Wait until the page has drawn what it draws by itself, and then has not begun anything else for a while."""
    page.wait_for_function(_STILL, arg=milliseconds)


_STILL = """milliseconds => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const ready = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning"
    && all("h1").length > 0
    && all("[data-testid=stSkeleton]").length === 0
    && all(".stPlotlyChart").every(chart => chart.querySelector(".main-svg"));
  window.stillSince = ready ? window.stillSince ?? performance.now() : undefined;
  return ready && performance.now() - window.stillSince >= milliseconds;
}"""
"""A title, no script under way, no placeholder, every chart drawn."""


def app_figures() -> list[Figure]:
    """Start the app, open it in Chromium, press Generate: seconds until usable and until pictures, and memory."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise ValueError("--app needs playwright; make test installs it") from None
    options = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options)
        began = time.perf_counter()
        with running_app() as (url, process):
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.goto(f"{url}/generate")
            button = page.get_by_role("button", name="Generate").first
            button.wait_for(timeout=60_000)
            usable = time.perf_counter() - began
            idle = _resident(process)
            page.wait_for_timeout(1000)
            pressed = time.perf_counter()
            button.click()
            page.get_by_role("progressbar").first.wait_for(timeout=60_000)
            first = time.perf_counter() - pressed
            page.get_by_role("slider", name="Denoising step").wait_for(timeout=60_000)
            shown = time.perf_counter() - pressed
            page.wait_for_timeout(1000)
            after = _resident(process)
            page.goto(url)
            page.get_by_role("button", name="Run it now").click()
            pressed = time.perf_counter()
            page.get_by_text("Ranked candidates", exact=True).wait_for(timeout=60_000)
            page.get_by_role("slider", name="Denoising step").wait_for()
            first_run = time.perf_counter() - pressed
        browser.close()
    return [
        Figure("cold start of the app to a usable page", usable, "s", target="8 s"),
        Figure("from the press of Generate to the first picture", first, "s", target="0.5 s"),
        Figure("from the press of Generate to the results", shown, "s"),
        Figure("from Run it now on the first page to the results", first_run, "s", target="3 s"),
        Figure("memory of the server, page open", idle, "MB"),
        Figure("memory of the server after a run", after, "MB", target="700 MB"),
    ]


def session_figures(count: int) -> list[Figure]:
    """``count`` browsers generate at once: how long until all are done, how soon a click is answered meanwhile, and
    what each costs in memory, before and after they close, and when as many come again.
    """
    from playwright.sync_api import sync_playwright

    forget = ("--server.disconnectedSessionTTL", str(FORGET_S))
    with sync_playwright() as playwright, running_app(*forget) as (url, process):
        browser = playwright.chromium.launch(**find_chromium())

        def close(contexts: Sequence[BrowserContext]) -> float:
            """Close the browsers; the memory of the server once it has forgotten them."""
            for context in contexts:
                context.close()
            time.sleep(2 * FORGET_S + 2)
            return _resident(process)

        contexts, _, _ = _together(browser, url, [999])  # imports and models are loaded
        before = close(contexts)
        contexts, answers, done = _together(browser, url, range(count))
        jobs = {page.evaluate("new URL(location).searchParams.get('job')") for c in contexts for page in c.pages}
        grown = _resident(process) - before
        left = close(contexts)
        contexts, _, _ = _together(browser, url, range(count, 2 * count))
        again = close(contexts)
        browser.close()
    answers.sort()
    each = f"{count} browsers generate at once"
    return [
        Figure(f"{each}: all done after", done, "s"),
        Figure(f"{each}: different results", float(len(jobs)), "", float(count)),
        Figure(f"{each}: a click is answered, median", answers[len(answers) // 2], "s", target="1 s"),
        Figure(f"{each}: a click is answered, slowest", answers[-1], "s", target="1 s"),
        Figure(f"{each}: memory for each", grown / count, "MB", target="30 MB"),
        Figure(f"{each}: memory for each that stays when they close", (left - before) / count, "MB"),
        Figure(f"{each}: what {count} more add to that, for each", (again - left) / count, "MB"),
    ]


def _together(browser: Browser, url: str, seeds: Sequence[int]) -> tuple[list[BrowserContext], list[float], float]:
    """A browser for each seed generates, all at once: the browsers, how many seconds each took to answer a click
    meanwhile, and how many until all were done.
    """
    contexts = [browser.new_context() for _ in seeds]
    pages = [context.new_page() for context in contexts]
    for seed, page in zip(seeds, pages, strict=True):
        page.goto(f"{url}/generate?samples=256&steps=60&seed={seed}")
    for page in pages:
        page.get_by_role("button", name="Generate").first.wait_for()
    began = time.perf_counter()
    for page in pages:
        page.keyboard.press("g")
    answers = [_answered(page) for page in pages]
    for page in pages:
        page.get_by_role("slider", name="Denoising step").wait_for(timeout=300_000)
    return contexts, answers, time.perf_counter() - began


FRAMES, SCRUBS = 1000, 150


def player_figures() -> list[Figure]:
    """How fast the largest trajectory can be scrubbed: the layers of MobileNetV3, 1,000 frames, every picture drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**find_chromium())
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_content(_long_trajectory())
        slider = page.get_by_role("slider", name="Denoising step")
        slider.wait_for()
        milliseconds = slider.evaluate(_SCRUB, SCRUBS)
        browser.close()
    name = f"player: {FRAMES:,} frames of 20 layers scrubbed, pictures a second"
    return [Figure(name, 1000 * SCRUBS / milliseconds, "", target="30")]


_SCRUB = """async (slider, count) => {
  const drawn = () => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const once = () => new Promise(resolve => requestAnimationFrame(resolve));
  await drawn();
  const began = performance.now();
  for (let k = 0; k < count; k++) {
    slider.value = String(Math.round(((k * 0.618) % 1) * Number(slider.max)));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await once();
  }
  return performance.now() - began;
}"""
"""Jumps all over the trajectory, one jump for each picture that the browser draws."""


def _long_trajectory() -> str:
    """A page of the player with probabilities that wander, so that every frame differs everywhere."""
    import torch

    from dnag.exports.html_page import page
    from dnag.playback import player_payload
    from dnag.spaces import spaces

    space = spaces["mobilenetv3"]()
    noise = torch.randn(FRAMES, space.num_nodes, space.num_ops, generator=torch.Generator().manual_seed(0))
    probability = (255 * noise.cumsum(0).div(4).softmax(-1)).to(torch.uint8)
    level = torch.logspace(0.7, -2, FRAMES)
    return page(player_payload(space, level, probability, 75 + level, title="Scrubbing", final=""), space.label)


def _answered(page: Page) -> float:
    """Seconds from a step of the guidance scale until the page says in words what the new one means."""
    slider, words = page.get_by_role("slider", name="Guidance scale"), page.get_by_text("times as likely")
    before = words.inner_text()
    slider.focus()
    began = time.perf_counter()
    slider.press("ArrowRight")
    page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)
    return time.perf_counter() - began


def _resident(pid: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no memory figure for process {pid}")
