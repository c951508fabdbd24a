"""What all sessions share: the job manager, and the slow imports, done once."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from dnag.ui.jobs import JobManager

if TYPE_CHECKING:
    from dnag.bundle import ModelBundle, ModelStore
    from dnag.datasets.class_map import ClassMap

KEPT_FRAMES = 60


@st.cache_resource(show_spinner=False, on_release=JobManager.close)
def manager() -> JobManager[Any]:
    """One worker for the one device; finished runs stay for whoever opens their link."""
    return JobManager(workers=1, keep=16, lapse_s=15.0, max_queued=32)


@st.cache_resource(show_spinner=False, on_release=JobManager.close)
def trainings() -> JobManager[None]:
    """One training at a time. It goes on while nobody looks; that its session has ended, the session says."""
    return JobManager(workers=1, keep=16, lapse_s=math.inf, absent_s=math.inf, max_queued=16)


@st.cache_resource(show_spinner=False)
def store() -> ModelStore:
    """The installed models, loaded when first asked for."""
    from dnag.bundle import ModelStore

    return ModelStore()


@st.cache_resource(show_spinner=False)
def class_map() -> ClassMap | None:
    """The map of ImageNet's classes, or None where it is not installed."""
    from dnag.checkpoint import CheckpointError
    from dnag.datasets.class_map import ClassMap

    try:
        return ClassMap.load()
    except (OSError, CheckpointError):
        return None


@st.cache_resource(show_spinner=False)
def warm_up() -> bool:
    """Import what a run needs, then take it out of the garbage collector's sight.

    Whoever opens the app first waits for the import of PyTorch; everybody's clicks are quicker afterwards, because a
    collection no longer visits a quarter of a million objects that will never be garbage.
    """
    import plotly  # noqa: F401 - imported for the sake of importing
    import torch

    import dnag.runs

    # One core is left for the pages. With a thread on every core, whatever else runs there makes all of them wait for
    # each other at every operation: ten times slower where the networks are as small as these.
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    settings = dnag.runs.RunSettings()
    accuracy_spread(settings.space, settings.dataset, settings.resolution, settings.device)
    manager()
    gc.collect()
    gc.freeze()
    return True


def accuracy_spread(space: str, dataset: str, resolution: int, device: str) -> float | None:
    """Standard deviation of accuracy that the predictor was told, in points; None where no predictor is installed."""
    bundle = installed(space, device)
    try:
        return None if bundle is None else bundle.spread(dataset, resolution)
    except ValueError:  # what is missing or broken is said when a run needs it
        return None


def models(space: str, device: str = "auto") -> ModelBundle:
    """The models of a space. ``OSError``, ``RuntimeError`` or ``ValueError`` says why they cannot be loaded."""
    from dnag.runs import resolve_device

    return store().bundle(space, device=resolve_device(device))


def installed(space: str, device: str = "auto") -> ModelBundle | None:
    """The models of a space, or None where they cannot be loaded; a run then says why."""
    try:
        return models(space, device)
    except (OSError, RuntimeError, ValueError):
        return None


def paper_scale(values: dict[str, Any]) -> float | None:
    """The number the official code would call the guidance scale among the ``values`` of the settings."""
    from dnag.runs import RunSettings

    spread = accuracy_spread(values["space"], values["dataset"], values["resolution"], RunSettings.device)
    return None if spread is None else 100 * spread * values["guidance_scale"]


def run(settings: Any, report: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Any:
    """A run as the page wants it: with the trajectory of every sample, and the same noise without guidance."""
    import dnag.runs

    return dnag.runs.run(
        settings, store=store(), keep_frames=KEPT_FRAMES, compare=True, progress=report, cancelled=cancelled
    )


def compare(variation: Any, report: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Any:
    """The runs of a comparison, each with the trajectory of every sample."""
    from dnag.comparison import run_all

    return run_all(variation.columns, store=store(), keep_frames=KEPT_FRAMES, progress=report, cancelled=cancelled)


def sweep(settings: Any, report: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Any:
    """Quality against diversity over the usual guidance scales."""
    import dnag.comparison

    return dnag.comparison.sweep(settings, store=store(), progress=report, cancelled=cancelled)
