r"""How good the shipped models are, as figures with the value a perfect model would have beside them.

Every figure is a :class:`Figure`: a name, what came out, what the exact distribution gives (where there is one), and
what was aimed at. Nothing here decides pass or fail; the numbers are printed and written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Generator, Tensor

from dnag.benchmarks.base import measured
from dnag.bundle import ModelBundle, ModelStore
from dnag.exact import Enumeration
from dnag.metrics import (
    expected_uniqueness,
    operation_frequencies,
    spearman,
    total_variation,
    training_frequencies,
)
from dnag.nets.property_model import Labels, RankingEnsemble
from dnag.recipes import train_ranking
from dnag.runs import RunSettings, measured_values, resolve_device, run
from dnag.spaces.base import SearchSpace
from dnag.training import TrainConfig

SCALES = (0.1, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        exact: the value of the exact distribution, for comparison.
        target: what was aimed at, in words.
    """

    name: str
    value: float | None
    unit: str = ""
    exact: float | None = None
    target: str = ""
    note: str = ""


@dataclass(frozen=True)
class EvaluationSettings:
    """What to evaluate. ``retrain`` trains a fresh ranking ensemble on that many random architectures and judges it
    on the rest.
    """

    space: str = "nasbench201"
    datasets: tuple[str, ...] = ()
    scales: tuple[float, ...] = SCALES
    forms: tuple[str, ...] = ("calibrated", "first_order")
    steps: int = 20
    sampler: str = "heun"
    sde: str = "ve"
    device: str = "auto"
    samples: int = 2048
    seeds: int = 20
    retrain: int = 0


def evaluate(
    settings: EvaluationSettings,
    *,
    store: ModelStore | None = None,
    measured_table: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Figure]:
    """All figures, in order; ``progress`` is told what is being measured."""
    store = store or ModelStore()
    tell = progress or (lambda _: None)
    bundle = store.bundle(settings.space, device=resolve_device(settings.device))
    space = bundle.space
    names = settings.datasets or tuple(space.datasets)
    figures = list(_unguided_figures(settings, store, space, tell))
    if bundle.predictor is None:
        return figures
    for dataset in names:
        benchmark = measured(settings.space, dataset, table=measured_table)
        values = measured_values(space, dataset, benchmark) if space.enumerable else None
        source = benchmark.label if benchmark is not None and values is not None else "predicted"
        if space.enumerable:
            truth = values if values is not None else bundle.predicted_values(dataset).cpu()
            figures += _dataset_figures(settings, store, bundle, dataset, truth, source, measured_table, tell)
        if settings.retrain and values is not None:
            tell(f"training on {settings.retrain} architectures of {dataset}")
            figures.append(_retrained(settings, space, dataset, values))
    return figures


def _base(settings: EvaluationSettings, dataset: str, scale: float, seed: int = 0, **more: object) -> RunSettings:
    return RunSettings(
        space=settings.space,
        dataset=dataset,
        guidance_scale=scale,
        steps=settings.steps,
        sampler=settings.sampler,
        sde=settings.sde,
        seed=seed,
        device=settings.device,
        **more,  # type: ignore[arg-type]
    )


def _unguided_figures(
    settings: EvaluationSettings, store: ModelStore, space: SearchSpace, tell: Callable[[str], None]
) -> Iterable[Figure]:
    dataset = next(iter(space.datasets))
    tell("unguided samples")
    result = run(_base(settings, dataset, 0.0, samples=1024), store=store)
    yield Figure("raw validity, 1024 unguided samples", 100 * result.raw_valid / 1024, "%", 100.0, "at least 99.5")
    drawn = result.unique / max(1, result.raw_valid)
    exact = expected_uniqueness(space.all_log_weights.exp(), 1024) if space.enumerable else 1.0
    yield Figure("uniqueness of 1024 unguided samples", 100 * drawn, "%", 100 * exact, "within 1 of the exact")
    many = run(_base(settings, dataset, 0.0, seed=1, samples=4096), store=store)
    ops = torch.tensor([candidate.ops for candidate in many.candidates])
    counts = torch.tensor([candidate.count for candidate in many.candidates])
    frequencies = operation_frequencies(ops.repeat_interleave(counts, dim=0), space.num_ops)
    distance = total_variation(frequencies, training_frequencies(space))
    chance = _chance_distance(space, 4096)
    yield Figure(
        "operation frequencies, total variation of the worst node, 4096 samples",
        float(distance.max()),
        "",
        chance,
        "at most 0.03",
        "exact: the mean for draws of the exact distribution itself",
    )
    if f"{settings.space}-score-half" in {path.stem for path in store.directory.glob("*.safetensors")}:
        tell("novelty of the half-space network")
        half = _base(settings, dataset, 0.0, seed=2, samples=4096, checkpoint=f"{settings.space}-score-half")
        result = run(half, store=store)
        novel = 100 * result.novel / max(1, result.unique)
        yield Figure("novelty of the half-space network, 4096 samples", novel, "%", 50.0, "within 3 of 50")


def _chance_distance(space: SearchSpace, draws: int, repeats: int = 20) -> float:
    """What the worst node's total variation is for exact draws: the noise floor of that figure."""
    generator = Generator().manual_seed(0)
    expected = training_frequencies(space)
    distances = [
        float(total_variation(operation_frequencies(space.sample_ops(draws, generator), space.num_ops), expected).max())
        for _ in range(repeats)
    ]
    return sum(distances) / repeats


def _dataset_figures(
    settings: EvaluationSettings,
    store: ModelStore,
    bundle: ModelBundle,
    dataset: str,
    truth: Tensor,
    source: str,
    measured_table: Path | None,
    tell: Callable[[str], None],
) -> list[Figure]:
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
                _base(settings, dataset, scale, samples=settings.samples, guidance=form),
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
            result = run(_base(settings, dataset, 5.0, seed=seed), store=store, measured_table=measured_table)
            best.append(max(float(truth[index[candidate.ops]]) for candidate in result.candidates[:5]))
        aims = {"cifar10": "94.2", "cifar100": "72.9", "imagenet16-120": "46.7"}
        name = f"{label}: best of the top 5 of 256, scale 5, mean over {settings.seeds} seeds"
        figures.append(
            Figure(
                name,
                sum(best) / len(best),
                "%",
                float(truth.max()),
                aims.get(dataset, ""),
                f"{source}; exact: the best there is",
            )
        )
    return figures


def _aim(dataset: str, scale: float, form: str) -> str:
    if form != "calibrated":
        return ""
    if dataset == "cifar10":
        return "within 0.4"
    return "within 1.0" if scale <= 1 else ""


def _retrained(settings: EvaluationSettings, space: SearchSpace, dataset: str, values: Tensor) -> Figure:
    """Spearman on the rest of an ensemble trained on few architectures, this dataset's values only."""
    order = torch.randperm(space.size, generator=Generator().manual_seed(0))
    chosen, rest = order[: settings.retrain], order[settings.retrain :]
    config = TrainConfig(steps=1500, lr=3e-3, warmup=100, weight_decay=1e-2)
    members = train_ranking(space, space.all_ops[chosen], {dataset: values[chosen]}, config, members=3, batch_size=256)
    ensemble = RankingEnsemble(members, Labels.of(values[chosen]), torch.ones(1))
    predicted, _ = ensemble(space.encode_ops(space.all_ops[rest]))
    label = space.dataset(dataset).label
    name = f"{label}: Spearman of an ensemble trained on {settings.retrain:,} random architectures, on all others"
    return Figure(name, spearman(predicted, values[rest]), "", None, "0.95")


def to_markdown(figures: list[Figure]) -> str:
    """A table for cards and the README."""
    lines = ["| figure | value | exact | aim |", "|---|---|---|---|"]
    for figure in figures:
        cells = [_number(figure.value, figure.unit), _number(figure.exact, figure.unit), figure.target]
        lines.append(f"| {figure.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:.2f} {unit}" if unit else f"{value:.4f}"
