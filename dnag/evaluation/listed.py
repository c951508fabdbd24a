"""Guided samples of a space that can be listed, beside the exact tilted distribution."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Generator, Tensor

from dnag.bundle import ModelBundle, ModelStore
from dnag.evaluation.base import EvaluationSettings, Figure, run_settings
from dnag.exact import Enumeration
from dnag.metrics import spearman
from dnag.nets.property_model import Labels, RankingEnsemble
from dnag.recipes import train_ranking
from dnag.runs import run
from dnag.spaces.base import SearchSpace
from dnag.training import TrainConfig


def listed_figures(
    settings: EvaluationSettings,
    store: ModelStore,
    bundle: ModelBundle,
    dataset: str,
    truth: Tensor,
    source: str,
    measured_table: Path | None,
    tell: Callable[[str], None],
) -> list[Figure]:
    """Ranking against measured values, guided means against exact ones, the best of the first five."""
    space, label = bundle.space, bundle.space.dataset(dataset).label
    index = {tuple(ops): position for position, ops in enumerate(space.all_ops.tolist())}
    enumeration = Enumeration(space)
    tell(f"{label}: ranking")
    predicted = bundle.predicted_values(dataset).cpu()
    figures = []
    if source != "predicted":
        figures.append(
            Figure(
                f"{label}: Spearman of the ranking ensemble, all {space.size:,}",
                spearman(predicted, truth),
                "",
                None,
                "0.98",
                source,
            )
        )
    figures.append(Figure(f"{label}: mean accuracy of all {space.size:,}", float(truth.mean()), "%", note=source))
    for scale in settings.scales:
        exact = float(enumeration.tilted(truth, scale) @ truth)
        for form in settings.forms:
            tell(f"{label}: {form}, scale {scale:g}")
            result = run(
                run_settings(settings, dataset, scale, samples=settings.samples, guidance=form),
                store=store,
                measured_table=measured_table,
            )
            reached = [(truth[index[candidate.ops]], candidate.count) for candidate in result.candidates]
            mean = sum(float(value) * count for value, count in reached) / max(1, result.raw_valid)
            figures.append(
                Figure(
                    f"{label}: guided mean accuracy, {form}, scale {scale:g}",
                    mean,
                    "%",
                    exact,
                    _aim(dataset, scale, form),
                    source,
                )
            )
    if settings.seeds:
        tell(f"{label}: best of the top 5 over {settings.seeds} seeds")
        best = []
        for seed in range(settings.seeds):
            result = run(run_settings(settings, dataset, 5.0, seed=seed), store=store, measured_table=measured_table)
            if result.candidates:
                best.append(max(float(truth[index[candidate.ops]]) for candidate in result.candidates[:5]))
        aims = {"cifar10": "94.2", "cifar100": "72.9", "imagenet16-120": "46.7"}
        name = f"{label}: best of the top 5 of 256, scale 5, mean over {len(best)} seeds"
        figures.append(
            Figure(
                name,
                sum(best) / len(best) if best else None,
                "%",
                float(truth.max()),
                aims.get(dataset, ""),
                f"{source}; exact: the best there is" if best else "no seed gave a valid architecture",
            )
        )
    return figures


def _aim(dataset: str, scale: float, form: str) -> str:
    if form != "calibrated":
        return ""
    if dataset == "cifar10":
        return "within 0.4"
    return "within 1.0" if scale <= 1 else ""


def retrained(settings: EvaluationSettings, space: SearchSpace, dataset: str, values: Tensor | None) -> Figure:
    """Spearman on the rest of an ensemble trained on few architectures, this dataset's values only; none without."""
    label = space.dataset(dataset).label
    name = f"{label}: Spearman of an ensemble trained on {settings.retrain:,} random architectures, on all others"
    if values is None:
        return Figure(name, None, note=f"it takes a measured accuracy of each of the {space.size:,} architectures")
    order = torch.randperm(space.size, generator=Generator().manual_seed(0))
    chosen, rest = order[: settings.retrain], order[settings.retrain :]
    config = TrainConfig(steps=1500, lr=3e-3, warmup=100, weight_decay=1e-2)
    members = train_ranking(space, space.all_ops[chosen], {dataset: values[chosen]}, config, members=3, batch_size=256)
    ensemble = RankingEnsemble(members, Labels.of(values[chosen]), torch.ones(1))
    predicted, _ = ensemble(space.encode_ops(space.all_ops[rest]))
    return Figure(name, spearman(predicted, values[rest]), "", None, "0.95")
