"""Guided samples of a space that cannot be listed, beside searches that ask the same predictor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Generator, Tensor

from dnag.benchmarks.base import Benchmark
from dnag.benchmarks.ofa_measured import OfaMeasured
from dnag.benchmarks.ofa_teacher import OfaTeacher
from dnag.bundle import ModelBundle, ModelStore
from dnag.costs import format_numbers
from dnag.evaluation.base import EvaluationSettings, Figure, run_settings
from dnag.metrics import spearman
from dnag.recipes import measured_split
from dnag.run_result import RunResult
from dnag.runs import run
from dnag.sdes.ve import VE
from dnag.search import random_search, regularized_evolution, tempered_chains
from dnag.tensors import centre

BUDGET = {"macs_m": 300.0}
CALLS = 1000
CHAINS = 256


def unlisted_figures(
    settings: EvaluationSettings,
    store: ModelStore,
    bundle: ModelBundle,
    dataset: str,
    benchmark: Benchmark | None,
    teacher: Path | None,
    tell: Callable[[str], None],
) -> list[Figure]:
    """Ranking against measured values, guidance against chains, the best of a batch against searches, budgets."""
    space, label = bundle.space, bundle.space.dataset(dataset).label
    largest = space.guidance_scales[1]

    def value_fn(ops: Tensor) -> Tensor:
        return bundle.ranking(dataset)(space.encode_ops(ops))[0]

    figures = _predictor_figures(bundle, dataset, benchmark, teacher, value_fn)
    tell(f"{label}: unguided")
    plain = run(run_settings(settings, dataset, 0.0, samples=settings.samples), store=store)
    random_mean = float(value_fn(space.sample_ops(8192, Generator().manual_seed(1))).mean())
    figures.append(Figure(f"{label}: mean prediction, unguided", plain.expected_pct(), "%", random_mean))
    for scale in settings.scales:
        tell(f"{label}: chains at scale {scale:g}")
        chains = tempered_chains(space, value_fn, scale, CHAINS, Generator().manual_seed(2))
        for form in settings.forms:
            tell(f"{label}: {form}, scale {scale:g}")
            guided = run(
                run_settings(settings, dataset, scale, samples=settings.samples, guidance=form),
                store=store,
            )
            name = f"{label}: mean prediction, {form}, scale {scale:g}"
            note = f"exact: {CHAINS} tempered Metropolis chains; {guided.unique} distinct"
            figures.append(Figure(name, guided.expected_pct(), "%", float(chains.values.mean()), note=note))
    if settings.seeds:
        figures += _search_figures(settings, store, dataset, label, value_fn, bundle, largest, tell)
    return figures


def _predictor_figures(
    bundle: ModelBundle,
    dataset: str,
    benchmark: Benchmark | None,
    teacher: Path | None,
    value_fn: Callable[[Tensor], Tensor],
) -> list[Figure]:
    space, label = bundle.space, bundle.space.dataset(dataset).label
    assert bundle.predictor is not None
    figures = []
    if isinstance(benchmark, OfaMeasured):
        ops, top1 = benchmark.all()
        _, judging = measured_split(len(ops))
        said, known = value_fn(ops[judging]), top1[judging]
        name = f"{label}: ranking ensemble against measured top-1, {len(judging)} networks not used"
        figures.append(Figure(f"{name}: Spearman", spearman(said, known), "", None, "0.97", benchmark.label))
        error = float((said - known).abs().mean())
        figures.append(Figure(f"{name}: mean absolute error", error, "points", None, "0.35", benchmark.label))
    ops = space.sample_ops(4096, Generator().manual_seed(3))
    onehot = space.encode_ops(ops)
    sde = VE()
    t = torch.full((len(ops),), sde.t_min)
    with torch.no_grad():
        aware = bundle.property_fn(dataset, sde)(centre(onehot) * sde.marginal(t[:1])[0], t)
    if teacher is None:
        truth, whom = value_fn(ops), "the ranking ensemble"
    else:
        calibration = bundle.predictor.extra["calibration"]
        said = OfaTeacher.load(teacher)(onehot, space.dataset(dataset).resolution)
        truth, whom = calibration["slope"] * said + calibration["intercept"], "the teacher"
        rank = spearman(value_fn(ops), truth)
        figures.append(Figure(f"{label}: ranking ensemble against {whom}, 4,096 random architectures", rank))
    name = f"{label}: noise-aware predictor at the smallest noise against {whom}, 4,096 random architectures"
    figures.append(Figure(name, spearman(aware, truth), "", None, "0.98", "Spearman"))
    return figures


def _search_figures(
    settings: EvaluationSettings,
    store: ModelStore,
    dataset: str,
    label: str,
    value_fn: Callable[[Tensor], Tensor],
    bundle: ModelBundle,
    scale: float,
    tell: Callable[[str], None],
) -> list[Figure]:
    """Best predictions of 256 guided samples, of searches with 256 and 1,000 calls; the same under a budget."""
    space, seeds = bundle.space, range(settings.seeds)
    figures = []

    def best(results: list[float], name: str, target: str = "", note: str = "") -> None:
        figures.append(Figure(f"{label}: {name}", sum(results) / len(results), "%", None, target, note))

    def guided(seed: int, under: str = "") -> RunResult:
        tell(f"{label}: 256 samples, scale {scale:g}{', ' + under if under else ''}, seed {seed}")
        return run(run_settings(settings, dataset, scale, seed=seed, samples=256, under=under), store=store)

    runs = [guided(seed) for seed in seeds]
    over = f"mean over {settings.seeds} seeds"
    best(
        [_best(result) for result in runs],
        f"best prediction of 256 guided samples, scale {scale:g}, {over}",
        "evolution with 1,000 calls",
        f"256 calls of the ranking ensemble, {runs[0].nfe} evaluations of the noise-aware predictor per sample",
    )
    for calls in (256, CALLS):
        tell(f"{label}: searches with {calls:,} calls")
        evolved = [regularized_evolution(space, value_fn, calls, seed).best for seed in seeds]
        best(evolved, f"best prediction of regularized evolution, {calls:,} calls, {over}")
        drawn = [random_search(space, value_fn, calls, Generator().manual_seed(seed)).best for seed in seeds]
        best(drawn, f"best prediction of random search, {calls:,} calls, {over}")
    under = format_numbers(BUDGET)
    (name, limit), *_ = BUDGET.items()
    cost = bundle.costs(dataset)[name]
    where = f"{cost.label} at most {limit:g} {cost.unit}"
    kept = [guided(seed, under) for seed in seeds]
    inside = [100 * (result.inside or 0.0) for result in kept]
    best(inside, f"{where}: share inside, 256 guided samples, {over}", "90 %")
    best(
        [_best(result) for result in kept], f"{where}: best prediction of 256 guided samples", "0.5 over random search"
    )
    tell(f"{label}: random search inside the budget")
    found = []
    for seed in seeds:
        drawn_ops = space.sample_ops(8 * CALLS, Generator().manual_seed(100 + seed))
        allowed = drawn_ops[cost.additive(drawn_ops) <= limit][:CALLS]
        found.append(float(value_fn(allowed).max()))
    best(found, f"{where}: best prediction of random search, {CALLS:,} architectures inside")
    return figures


def _best(result: RunResult) -> float:
    """Best prediction among the five ranked first, which are inside the budget if any is."""
    top = [c for c in result.candidates[:5] if c.inside_budget is not False]
    return max((c.predicted_accuracy_pct or 0.0 for c in top), default=0.0)
