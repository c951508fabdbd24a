r"""How fast it is, and what it needs: the same calls a user makes, timed."""

from __future__ import annotations

import itertools
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dnag.bench_browser import app_figures, player_figures, session_figures
from dnag.bundle import ModelStore
from dnag.datasets import encode, image_source
from dnag.datasets.cache import TensorCache
from dnag.datasets.extractors import extractors
from dnag.datasets.features import DEFAULT
from dnag.devices import resolve_device
from dnag.evaluation import Figure
from dnag.places import HOME
from dnag.run_settings import RunSettings
from dnag.runs import run

OFFICIAL_SECONDS = 2.0
"""Seconds per architecture of the official sampler on two CPU cores (NAS-Bench-201; real runs took 2.1 to 3.7)."""
AIMS = {"nasbench201": "2 s", "mobilenetv3": "6 s"}
"""For 256 guided samples in 20 steps of Heun."""
CLASSES, PER_CLASS = 10, 20


@dataclass(frozen=True)
class BenchSettings:
    """What to time, how often, and whether to start the app as well; with how many browsers at once, if any."""

    space: str = "nasbench201"
    device: str = "auto"
    repeats: int = 5
    app: bool = False
    sessions: int = 0


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
        figures += app_figures() + player_figures()
    if settings.sessions:
        tell(f"{settings.sessions} browsers at once")
        figures += session_figures(settings.sessions)
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
