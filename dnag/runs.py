r"""A run: settings in, ranked candidates out. The command line, the app and the tests share this one path.

Names become objects here and nowhere below. A run is a function of its settings (and of the installed checkpoints):
the same settings give the same candidates on the same machine, whatever the batch size.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dnag.benchmarks.base import measured
from dnag.bundle import ModelBundle, ModelStore
from dnag.checkpoint import CheckpointError
from dnag.costs import CostModel, check_cost, check_limits, widths_of
from dnag.devices import resolve_device
from dnag.generate import GenerateConfig, Generation, generate
from dnag.progress import Cancelled, Progress
from dnag.recipes import training_half
from dnag.run_result import RunResult, describe
from dnag.run_score import exact_log_tilt, run_score
from dnag.run_settings import ACCURACY, RunSettings
from dnag.samplers.base import Sampler, samplers
from dnag.sdes.base import SDE
from dnag.shapes import PropertyFn
from dnag.spaces.base import Architecture, Violation


def run(
    settings: RunSettings,
    *,
    store: ModelStore | None = None,
    measured_table: Path | None = None,
    keep_frames: int = 0,
    compare: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> RunResult:
    """Generate and rank.

    Args:
        store: loaded models; default: a fresh one over the installed checkpoints.
        measured_table: a CSV to judge by (``--measured``); default: the best installed benchmark for the dataset.
        keep_frames: frames of the trajectory to keep per sample.
        compare: also draw without guidance from the same noise, and give the exact distribution where there is one.
        progress: told ``(steps done, steps in all)``.
        cancelled: asked after every step; when true the run ends with :class:`Cancelled`.
    """
    began = time.perf_counter()
    device = resolve_device(settings.device)
    bundle = bundle_of(settings, store or ModelStore(), device)
    benchmark = measured(settings.space, settings.dataset, table=measured_table)
    sde, sampler = _solver(settings, bundle)
    width, costs = _costs(settings, bundle)
    ranked = bundle.ranks
    guides = bundle.guides(settings.dataset, settings.resolution)
    twice = compare and ranked and settings.guided
    config = GenerateConfig(settings.samples, settings.batch_size, settings.seed, keep_frames)
    work = settings.solver_steps * (1 + twice)

    def told(offset: int) -> Progress:
        def tell(done: int, total: int) -> None:
            if cancelled is not None and cancelled():
                raise Cancelled
            if progress is not None:
                progress(offset + done, work)

        return tell

    score = run_score(settings, bundle, sde, benchmark, costs)
    monitor: PropertyFn | None = None
    if keep_frames and guides:
        monitor = bundle.property_fn(settings.dataset, sde, resolution=settings.resolution)
    generation = generate(score, sde, bundle.space, sampler, config, monitor=monitor, progress=told(0), device=device)
    counts = Counter(generation.valid)
    first: dict[Architecture, int] = {}
    for index, result in enumerate(generation.decoded):
        if isinstance(result, Architecture):
            first.setdefault(result, index)
    training = None
    if bundle.score.extra.get("half"):
        training = {Architecture(settings.space, tuple(ops)) for ops in training_half(bundle.space).tolist()}
    candidates = describe(
        bundle,
        settings.dataset,
        list(counts),
        benchmark,
        resolution=settings.resolution,
        costs=costs,
        budgets=settings.budgets,
        counts=counts,
        first=first,
        training=training,
    )
    seconds = time.perf_counter() - began
    unguided, exact = None, None
    if compare and ranked:
        unguided = _unguided(settings, bundle, sde, sampler, config, generation, told(work // (1 + twice)))
        if bundle.space.enumerable:
            values = bundle.predicted_values(settings.dataset)
            tilt = exact_log_tilt(replace(settings, exact_values="predictor"), bundle, None, costs)
            exact = (values.cpu(), (bundle.enumeration.log_weights + tilt).softmax(0).cpu())
    return RunResult(
        settings=settings,
        candidates=candidates,
        requested=settings.samples,
        raw_valid=sum(counts.values()),
        unique=len(counts),
        novel=sum(candidate.novel for candidate in candidates),
        violations=dict(Counter(found.kind for found in generation.decoded if isinstance(found, Violation))),
        nfe=generation.nfe,
        seconds=seconds,
        paper_scale=_paper_scale(settings, bundle) if guides else None,
        measured_note="" if benchmark is None else benchmark.note,
        trajectory=generation.trajectory,
        unguided_pct=unguided,
        exact=exact,
        device=str(device),
        width=width,
        costs=costs,
    )


def predict(
    settings: RunSettings,
    archs: list[Architecture],
    *,
    store: ModelStore | None = None,
    measured_table: Path | None = None,
) -> dict[str, Any]:
    """What is known of given architectures (repeats are left out), in the form of ``python -m dnag predict``: ranked by
    predicted accuracy, with their costs, and the measured accuracy where one is installed.

    Args:
        settings: the space, dataset, image size, width, device and predictor count, nothing else.
        store: loaded models; default: a fresh one over the installed checkpoints.
        measured_table: a CSV to judge by (``--measured``); default: the best installed benchmark for the dataset.
    """
    bundle = bundle_of(settings, store or ModelStore(), resolve_device(settings.device))
    if not bundle.ranks:
        raise CheckpointError(
            f"no predictor is installed for {settings.space}; python -m dnag train predictor makes one"
        )
    benchmark = measured(settings.space, settings.dataset, table=measured_table)
    costs = bundle.costs(settings.dataset, settings.resolution, settings.width or bundle.space.widths[0])
    distinct = list(dict.fromkeys(archs))
    found = describe(bundle, settings.dataset, distinct, benchmark, resolution=settings.resolution, costs=costs)
    rows = [candidate.row() for candidate in found]
    return {"space": settings.space, "dataset": settings.dataset, "candidates": rows}


def bundle_of(settings: RunSettings, store: ModelStore, device: torch.device) -> ModelBundle:
    """The models of a run, told of its dataset by features where the settings name them. ``CheckpointError`` where
    predictors need them and there are none.
    """
    bundle = store.bundle(settings.space, checkpoint=settings.checkpoint, predictor=settings.predictor, device=device)
    if not settings.features:
        if bundle.untold:
            raise CheckpointError(
                f"imported predictors know {settings.dataset} by features of its images alone, and none are given; "
                "allowed: --features FILE (of import-official or encode --extractor resnet18), --images DIR|ZIP|NAME"
            )
        return bundle
    from dnag.datasets.features import recall
    from dnag.transfer import adapted_bundle

    return adapted_bundle(store, bundle, settings.dataset, recall(settings.features), settings.features)


def _solver(settings: RunSettings, bundle: ModelBundle) -> tuple[SDE, Sampler]:
    return bundle.sde(settings.sde), samplers[settings.sampler](num_steps=settings.steps)


def _costs(settings: RunSettings, bundle: ModelBundle) -> tuple[float, dict[str, CostModel]]:
    """The width that costs are for, and all costs at it. ``ValueError`` for a cost that is not known there, or a budget
    that no architecture keeps.
    """
    names = [*settings.budgets, *settings.weights]
    fitting = widths_of(bundle.space, bundle.latency, names)
    width = settings.width or (fitting or bundle.space.widths)[0]
    costs = bundle.costs(settings.dataset, settings.resolution, width)
    where = f"{settings.dataset} at {settings.resolution} pixels, width {width:g}"
    for name in names:
        check_cost(name, costs, bundle.latency, where)
    check_limits(settings.budgets, costs, bundle.space)
    return width, costs


def _paper_scale(settings: RunSettings, bundle: ModelBundle) -> float:
    return 100 * bundle.spread(settings.dataset, settings.resolution) * settings.guidance_scale


def _unguided(
    settings: RunSettings,
    bundle: ModelBundle,
    sde: SDE,
    sampler: Sampler,
    config: GenerateConfig,
    guided: Generation,
    progress: Progress,
) -> Tensor:
    """Predicted accuracy of valid samples from the same noise without guidance, (valid,)."""
    archs = guided.valid
    if settings.guided:
        plain = replace(settings, guidance_scale=0.0, under="", minimize="", maximize=ACCURACY)
        score = run_score(plain, bundle, sde, None, {})
        plain_config = replace(config, keep_frames=0)
        archs = generate(score, sde, bundle.space, sampler, plain_config, progress=progress, device=bundle.device).valid
    return bundle.predict(archs, settings.dataset, settings.resolution)[0] if archs else torch.empty(0)
