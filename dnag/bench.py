r"""How fast it is, and what it needs: the same calls a user makes, timed."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dnag.bundle import ModelStore
from dnag.datasets import encode, image_source
from dnag.datasets.cache import TensorCache
from dnag.datasets.extractors import extractors
from dnag.datasets.features import DEFAULT
from dnag.evaluation import Figure
from dnag.places import HOME
from dnag.runs import RunSettings, resolve_device, run

OFFICIAL_SECONDS = 2.0
"""Seconds per architecture of the official sampler on two CPU cores (NAS-Bench-201; real runs took 2.1 to 3.7)."""
AIMS = {"nasbench201": "2 s", "mobilenetv3": "6 s"}
"""For 256 guided samples in 20 steps of Heun."""
CLASSES, PER_CLASS = 10, 20


@dataclass(frozen=True)
class BenchSettings:
    """What to time, how often, and whether to start the app as well."""

    space: str = "nasbench201"
    device: str = "auto"
    repeats: int = 5
    app: bool = False


def bench(settings: BenchSettings, *, progress: Callable[[str], None] | None = None) -> list[Figure]:
    """Figures in seconds, evaluations and megabytes; medians over ``settings.repeats``."""
    tell = progress or (lambda _: None)
    device = str(resolve_device(settings.device))
    tell("import and load")
    figures = [Figure("cold start of one run from the command line", _cold_run(settings), "s")]
    began = time.perf_counter()
    store = ModelStore()
    store.bundle(settings.space, device=device)
    figures.append(Figure("loading the models", time.perf_counter() - began, "s"))
    for sampler, steps in (("heun", 20), ("dpm_solver", 20), ("dpm_solver", 10)):
        for scale in (5.0, 0.0):
            guided = "guided" if scale else "unguided"
            tell(f"{sampler}, {steps} steps, {guided}")
            base = RunSettings(
                space=settings.space,
                guidance_scale=scale,
                samples=256,
                steps=steps,
                sampler=sampler,
                device=settings.device,
            )
            run(base, store=store)  # warms caches and, on a GPU, kernels
            results = [run(base, store=store) for _ in range(settings.repeats)]
            seconds = statistics.median(result.seconds for result in results)
            name = f"{guided} run, 256 samples, {sampler}, {steps} steps ({results[0].nfe} evaluations), {device}"
            first = sampler == "heun" and scale > 0
            figures.append(Figure(name, seconds, "s", target=AIMS.get(settings.space, "") if first else ""))
            if first:
                each = seconds / 256
                figures.append(Figure("the same, per architecture", 1000 * each, "ms"))
            if first and settings.space == "nasbench201":
                name = "speed per architecture against the official sampler's 2 s"
                figures.append(Figure(name, OFFICIAL_SECONDS / each, "times", target="250"))
    if settings.space == "nasbench201":
        tell("encoding images")
        figures.append(_encoding(settings.repeats))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures.append(Figure("peak memory of this process", peak, "MB"))
    if settings.app:
        tell("the app in Chromium")
        figures += app_figures()
    return figures


def _cold_run(settings: BenchSettings) -> float:
    """Wall time of ``python -m dnag generate`` in a process of its own, imports and loading included."""
    command = [
        sys.executable,
        "-m",
        "dnag",
        "generate",
        "--space",
        settings.space,
        "--device",
        settings.device,
        "--format",
        "json",
    ]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=HOME)
    return time.perf_counter() - began


def _encoding(repeats: int) -> Figure:
    """Median time of encoding a folder of images, the extractor loaded and no features cached."""
    name = f"encoding {CLASSES} classes of {PER_CLASS} images, extractor warm"
    if (missing := extractors[DEFAULT].missing()) is not None:
        return Figure(f"{name}: {missing}", None)
    rng = np.random.default_rng(0)
    network, seconds = extractors[DEFAULT](), []
    with tempfile.TemporaryDirectory(prefix="dnag-") as work:
        for label, index in itertools.product(range(CLASSES), range(PER_CLASS)):
            path = Path(work) / "images" / f"class {label}" / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
        for repeat in range(repeats + 1):  # the first warms
            began = time.perf_counter()
            source = image_source(str(Path(work) / "images"), work=Path(work))
            encode(source, network, cache=TensorCache(Path(work) / f"cache {repeat}"))
            seconds.append(time.perf_counter() - began)
    return Figure(name, statistics.median(seconds[1:]), "s", target="6 s")


def find_chromium() -> dict[str, Any]:
    """Launch options of Playwright for the system's Chromium; ``ValueError`` if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("DNAG_CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        raise ValueError("Chromium is not installed; make test installs it or says how")
    flags = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
    return {"executable_path": path, "args": list(flags)}


@contextlib.contextmanager
def running_app() -> Iterator[tuple[str, int]]:
    """The app on a free port of this machine: its address and process id. Stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--server.port", str(port), "--server.address", "127.0.0.1")
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
        server.wait(10)


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
            page.goto(url)
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
        browser.close()
    return [
        Figure("cold start of the app to a usable page", usable, "s", target="8 s"),
        Figure("from the press of Generate to the first picture", first, "s", target="0.5 s"),
        Figure("from the press of Generate to the results", shown, "s"),
        Figure("memory of the server, page open", idle, "MB"),
        Figure("memory of the server after a run", after, "MB", target="700 MB"),
    ]


def _resident(pid: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no memory figure for process {pid}")
