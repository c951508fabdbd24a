r"""A run: settings in, ranked candidates out. The command line, the app and the tests share this one path.

Names become objects here and nowhere below. A run is a function of its settings (and of the installed checkpoints):
the same settings give the same candidates on the same machine, whatever the batch size.
"""

from __future__ import annotations

import csv
import io
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dnag.benchmarks.base import Benchmark, measured
from dnag.bundle import ModelBundle, ModelStore
from dnag.checkpoint import CheckpointError
from dnag.costs import LATENCY, CostModel, check_cost, check_limits, parse_numbers, widths_of
from dnag.exact import ExactGuidedScore, ExactScore, Posterior
from dnag.generate import MAX_SAMPLES, GenerateConfig, Generation, Trajectory, generate
from dnag.guidance import GuidedScore
from dnag.knobs import choice, knob, text, validate
from dnag.objectives.base import Objective, ObjectiveContext
from dnag.objectives.cost_budget import CostBudget
from dnag.objectives.predicted_property import PredictedProperty
from dnag.objectives.weighted_sum import WeightedSum
from dnag.playback import player_payload
from dnag.recipes import training_half
from dnag.samplers.base import Sampler, samplers
from dnag.sdes.base import SDE, sdes
from dnag.shapes import PropertyFn, ScoreFn
from dnag.spaces.base import Architecture, SearchSpace, Violation, is_custom, spaces
from dnag.tensors import expand

GUIDANCE = ("calibrated", "first_order", "exact")
EXACT_VALUES = ("predictor", "measured")
ACCURACY = "accuracy"
Progress = Callable[[int, int], None]


def _datasets() -> list[str]:
    return list(dict.fromkeys(name for space in spaces.values() for name in space.datasets))


def devices() -> list[str]:
    """Names of the devices a run can ask for; ``auto`` takes the first accelerator, or the CPU."""
    found = ["auto", "cpu"]
    if torch.cuda.is_available():
        found += ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        found.append("mps")
    return found


def resolve_device(name: str) -> torch.device:
    """``auto`` -> the best device there is."""
    if name != "auto":
        return torch.device(name)
    return torch.device(next((found for found in ("cuda", "mps") if found in devices()), "cpu"))


@dataclass(frozen=True)
class RunSettings:
    """Everything that decides what a run gives. Validated when made: ``ValueError`` names what came and what is
    allowed.
    """

    space: str = choice("nasbench201", "Search space", lambda: list(spaces))
    dataset: str = choice(
        "",
        "Dataset",
        _datasets,
        help="What the architectures are meant for. Default: the first of the space.",
        admits=is_custom,
    )
    guidance_scale: float = knob(
        None,
        "Guidance scale",
        0.0,
        1000.0,
        unit="nats per point",
        help="At 1, an architecture one point of accuracy better is e times as likely. At 0 accuracy steers nothing.",
    )
    resolution: int = knob(
        0, "Image size", 0, 4096, unit="pixels", help="Height and width of the images. Default: the dataset's own."
    )
    under: str = text("", "Budget", help="Costs to stay under, NAME=LIMIT, such as macs_m=300 or latency_ms@note10=30.")
    samples: int = knob(256, "Samples", 1, MAX_SAMPLES, help="How many architectures are drawn.")
    steps: int = knob(20, "Steps", 1, 2000, help="Solver steps from noise to architecture.")
    sampler: str = choice("heun", "Sampler", lambda: list(samplers), help="The numerical method.")
    seed: int = knob(0, "Seed", 0, 2**31 - 1, help="The same seed and settings give the same architectures.")
    guidance: str = choice(
        "calibrated",
        "Guidance",
        lambda: GUIDANCE,
        help="Calibrated: the predictor knows the scale. First order: the paper's form. Exact: by enumeration.",
        advanced=True,
    )
    sde: str = choice("ve", "SDE", lambda: list(sdes), help="The noise process that is run backwards.", advanced=True)
    exact_values: str = choice(
        "predictor",
        "Values for exact guidance",
        lambda: EXACT_VALUES,
        help="Accuracies that exact guidance steers by: the shipped predictor's, or the measured ones where installed.",
        advanced=True,
    )
    maximize: str = text(
        "accuracy",
        "Maximize",
        help="What to steer towards: accuracy at the guidance scale, and costs with NAME=NATS per unit.",
        advanced=True,
    )
    minimize: str = text(
        "", "Minimize", help="Costs to steer away from, NAME=NATS per unit, such as macs_m=0.02.", advanced=True
    )
    width: float = knob(
        0.0,
        "Width",
        0.0,
        10.0,
        help="Multiplier of the numbers of channels, for the costs. Default: 1, or the one that all tables have.",
        advanced=True,
    )
    device: str = choice("auto", "Device", devices, help="Where the networks run.", advanced=True)
    batch_size: int = knob(256, "Batch size", 1, MAX_SAMPLES, help="Changes speed and memory only.", advanced=True)
    checkpoint: str = field(default="")
    predictor: str = field(default="")
    features: str = field(default="")

    def __post_init__(self) -> None:
        if self.space in spaces:
            if not self.dataset and not self.features:
                object.__setattr__(self, "dataset", next(iter(spaces[self.space].datasets)))
            if vars(self)["guidance_scale"] is None:
                object.__setattr__(self, "guidance_scale", spaces[self.space].guidance_scales[0])
        if (is_custom(self.dataset) and not self.features) or (self.features and not self.dataset):
            raise ValueError(
                f"dataset is {self.dataset!r} with features {self.features!r}; a dataset of your own needs both: "
                "custom-CLASSES and the id of its features"
            )
        validate(self)
        space = spaces[self.space]()
        dataset = space.dataset(self.dataset)
        if not self.resolution:
            object.__setattr__(self, "resolution", dataset.resolution)
        if self.resolution not in dataset.resolutions:
            allowed = ", ".join(str(pixels) for pixels in dataset.resolutions)
            raise ValueError(f"resolution is {self.resolution}; {dataset.label} allows: {allowed}")
        if self.width and self.width not in space.widths:
            allowed = ", ".join(f"{width:g}" for width in space.widths)
            raise ValueError(f"width is {self.width:g}; {self.space} allows: {allowed}")
        largest = space.guidance_scales[1]
        if self.guidance == "calibrated" and self.guidance_scale > largest:  # the predictor was trained up to there
            raise ValueError(
                f"guidance scale is {self.guidance_scale:g}; {self.space} allows: a finite number from 0 to {largest:g}"
            )
        if self.guidance == "exact" and not space.enumerable:
            raise ValueError(
                f"guidance 'exact' needs a space that can be listed; {self.space} allows: calibrated, first_order"
            )
        names = [*self.budgets, *self.weights]  # reads the texts, so that a bad one is said at once
        if self.guidance == "exact" and self.weights:
            raise ValueError(f"guidance 'exact' knows accuracy and budgets; {names[-1]} needs: calibrated, first_order")

    @property
    def steers_accuracy(self) -> bool:
        """Is accuracy among what the run maximizes, at a scale above 0?"""
        return ACCURACY in self._maximized and self.guidance_scale > 0

    @property
    def guided(self) -> bool:
        """Does anything steer the run?"""
        return self.steers_accuracy or bool(self.budgets or self.weights)

    @property
    def _maximized(self) -> list[str]:
        return [piece.strip() for piece in self.maximize.split(",") if piece.strip()]

    @property
    def budgets(self) -> dict[str, float]:
        """Cost -> limit."""
        return parse_numbers(self.under, "under")

    @property
    def weights(self) -> dict[str, float]:
        """Cost -> nats per unit: above 0 where more is better, below 0 where less is."""
        more = parse_numbers(",".join(piece for piece in self._maximized if piece != ACCURACY), "maximize")
        less = parse_numbers(self.minimize, "minimize")
        for name in (ACCURACY, *more):
            if name in less:
                raise ValueError(f"minimize names {name}, which can only be maximized here; allowed: other costs")
        return {**more, **{name: -value for name, value in less.items()}}

    @property
    def solver_steps(self) -> int:
        """Steps of the solver over all batches: what a run reports its progress in."""
        return self.steps * -(-self.samples // self.batch_size)

    @property
    def label(self) -> str:
        """The settings in a few words."""
        solver = f"{self.sampler} × {self.steps}"
        under = "".join(f" · {name} ≤ {limit:g}" for name, limit in self.budgets.items())
        own = spaces[self.space]().dataset(self.dataset).resolution
        where = self.dataset if self.resolution == own else f"{self.dataset} at {self.resolution} px"
        return f"{self.space} · {where} · γ {self.guidance_scale:g}{under} · {solver} · seed {self.seed}"


@dataclass(frozen=True)
class Candidate:
    """One distinct architecture of a run.

    Attributes:
        rank: from 1: those inside the budget first, then by predicted accuracy.
        count: how often it was drawn.
        sample: index of the first sample that gave it.
        predicted_std_pct: spread of the ranking ensemble, in points.
        measured_source: where the measured value comes from.
        disconnected: no path from input to output.
        novel: not in the score network's training set.
        latency_ms: device -> predicted latency, for the run's image size and width.
        inside_budget: does it keep all budgets of the run? None where there are none.
    """

    rank: int
    architecture: str
    ops: tuple[int, ...]
    count: int
    sample: int
    predicted_accuracy_pct: float | None
    predicted_std_pct: float | None
    measured_accuracy_pct: float | None
    measured_source: str | None
    params_m: float
    macs_m: float
    disconnected: bool
    novel: bool
    latency_ms: dict[str, float] = field(default_factory=dict)
    inside_budget: bool | None = None

    def value(self, name: str) -> float | None:
        """A column by name, ``latency_ms@DEVICE`` among them; None where it is not known."""
        if name.startswith(LATENCY):
            return self.latency_ms.get(name.removeprefix(LATENCY))
        return getattr(self, name)

    def row(self) -> dict[str, Any]:
        """Every column, in order."""
        fixed = {name: getattr(self, name) for name in JSON_COLUMNS}
        return {**fixed, **{f"{LATENCY}{device}": value for device, value in self.latency_ms.items()}}


JSON_COLUMNS = (
    "rank",
    "architecture",
    "count",
    "predicted_accuracy_pct",
    "predicted_std_pct",
    "measured_accuracy_pct",
    "measured_source",
    "params_m",
    "macs_m",
    "disconnected",
    "inside_budget",
)


@dataclass(frozen=True)
class RunResult:
    """What a run gave.

    Attributes:
        paper_scale: the number the official code would call the guidance scale, ``100 * std * gamma``; None if unknown.
        requested: samples asked for; ``raw_valid`` of them pass the paper's rule.
        violations: kind of violation -> how many samples.
        unguided_pct: predicted accuracy of the samples drawn without guidance from the same noise, where asked for.
        exact: (values, probabilities) of the exact tilted distribution over predicted values, where the space is
        enumerable.
        width: multiplier of the numbers of channels that costs are for.
        costs: every cost that the candidates have a column of.
    """

    settings: RunSettings
    candidates: list[Candidate]
    requested: int
    raw_valid: int
    unique: int
    novel: int
    violations: dict[str, int]
    nfe: int
    seconds: float
    paper_scale: float | None
    measured_note: str
    trajectory: Trajectory | None
    unguided_pct: Tensor | None = None
    exact: tuple[Tensor, Tensor] | None = None
    device: str = "cpu"
    width: float = 1.0
    costs: dict[str, CostModel] = field(default_factory=dict)

    @property
    def space(self) -> SearchSpace:
        return spaces[self.settings.space]()

    def expected_pct(self, measured: bool = False) -> float | None:
        """Mean accuracy in % over valid samples (counting repeats), predicted or measured; None where unknown."""
        name = "measured_accuracy_pct" if measured else "predicted_accuracy_pct"
        pairs = [(getattr(candidate, name), candidate.count) for candidate in self.candidates]
        if not pairs or any(value is None for value, _ in pairs):
            return None
        return sum(value * count for value, count in pairs) / sum(count for _, count in pairs)

    @property
    def inside(self) -> float | None:
        """Share of valid samples (counting repeats) inside all budgets; None where there is no budget."""
        if not self.settings.budgets:
            return None
        kept = sum(candidate.count for candidate in self.candidates if candidate.inside_budget)
        return kept / self.raw_valid if self.raw_valid else 0.0

    def front(self, cost: str) -> list[Candidate]:
        """The Pareto front of predicted accuracy against a cost: candidates that none both cheaper and better beats,
        from cheap to dear.
        """
        found: list[Candidate] = []
        for candidate in sorted(self.candidates, key=lambda c: (c.value(cost), -(c.predicted_accuracy_pct or 0.0))):
            if not found or (candidate.predicted_accuracy_pct or 0.0) > (found[-1].predicted_accuracy_pct or 0.0):
                found.append(candidate)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """The candidates' columns, in order of rank."""
        return [candidate.row() for candidate in self.candidates]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (see ``python -m dnag generate --format json``)."""
        settings = self.settings
        return {
            "space": settings.space,
            "dataset": settings.dataset,
            "resolution": settings.resolution,
            "width": self.width,
            "sampler": settings.sampler,
            "sde": settings.sde,
            "steps": settings.steps,
            "nfe": self.nfe,
            "guidance": settings.guidance,
            "guidance_scale": settings.guidance_scale,
            "paper_scale": None if self.paper_scale is None else round(self.paper_scale, 1),
            "maximize": settings.maximize,
            "minimize": settings.minimize,
            "under": settings.budgets,
            "inside_budget": self.inside,
            "pareto_front": {name: [candidate.rank for candidate in self.front(name)] for name in settings.budgets},
            "seed": settings.seed,
            "device": self.device,
            "seconds": round(self.seconds, 3),
            "requested": self.requested,
            "raw_valid": self.raw_valid,
            "valid": self.raw_valid,
            "unique": self.unique,
            "novel": self.novel,
            "violations": self.violations,
            "candidates": self.rows(),
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=2)

    def to_csv(self) -> str:
        """One line per candidate, with a header."""
        return to_csv(self.rows())

    def player_payload(self, index: int) -> dict[str, Any]:
        """What the trajectory player needs to show candidate ``index`` (0-based position in ``candidates``)."""
        candidate = self.candidates[index]
        return self.sample_payload(candidate.sample, f"Denoising of candidate {candidate.rank}")

    def sample_payload(self, sample: int, title: str) -> dict[str, Any]:
        """The same for any sample, valid or not: its last frame is what it was read as, the nearest architecture."""
        if self.trajectory is None:
            raise ValueError("the run kept no trajectory")
        if not 0 <= sample < self.requested:
            raise ValueError(f"sample is {sample}; allowed: 0 to {self.requested - 1}")
        probability, value = self.trajectory.probability[:, sample], self.trajectory.value
        [final] = self.space.project(probability[-1:].float() / 255)
        return player_payload(
            self.space,
            self.trajectory.level,
            probability,
            None if value is None else value[:, sample],
            title=title,
            final=self.space.format(final),
            steps=self.settings.steps,
        )


def to_csv(rows: list[dict[str, Any]]) -> str:
    """Rows of equal keys as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else list(JSON_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _solver(settings: RunSettings, bundle: ModelBundle) -> tuple[SDE, Sampler]:
    return bundle.sde(settings.sde), samplers[settings.sampler](num_steps=settings.steps)


def _score_fn(
    settings: RunSettings, bundle: ModelBundle, sde: SDE, benchmark: Benchmark | None, costs: Mapping[str, CostModel]
) -> ScoreFn:
    """The score that the settings describe: learned or exact, guided or not."""
    if settings.guidance == "exact":
        if not settings.guided:
            return ExactScore(bundle.space, sde, bundle.device)
        return ExactGuidedScore(bundle.enumeration, sde, _exact_log_tilt(settings, bundle, benchmark, costs))
    score = bundle.score_fn(sde)
    if not settings.guided:
        return score
    gamma = settings.guidance_scale if settings.steers_accuracy else 0.0
    calibrated = settings.guidance == "calibrated"
    terms: list[tuple[float, Objective]] = []
    if gamma:
        terms.append((gamma, PredictedProperty(ACCURACY, gamma if calibrated else 0.0)))
    terms += [(nats, PredictedProperty(name, nats if calibrated else 0.0)) for name, nats in settings.weights.items()]
    terms += [(1.0, CostBudget(name, limit)) for name, limit in settings.budgets.items()]
    context = _context(settings, bundle, sde, costs, gamma)
    if len(terms) == 1:
        weight, objective = terms[0]
        return GuidedScore(score, objective.bind(context), weight)
    return GuidedScore(score, WeightedSum(tuple(terms)).bind(context))


def _context(
    settings: RunSettings, bundle: ModelBundle, sde: SDE, costs: Mapping[str, CostModel], gamma: float
) -> ObjectiveContext:
    """What objectives may use in a run. Costs are judged among architectures as guidance by accuracy leaves them: of
    ``E[exp(gamma * accuracy) 1[cost <= limit]]`` the budget is the second factor, a probability under the tilt.
    """
    space, device = bundle.space, bundle.device
    tilt = torch.zeros(space.num_nodes, space.num_ops, device=device)
    if gamma and (settings.weights or settings.budgets):
        tilt = gamma * bundle.additive_accuracy(settings.dataset, settings.resolution).weights.to(device)
    for name, nats in settings.weights.items():
        tilt = tilt + nats * costs[name].additive.weights.to(device)

    def belief(x: Tensor, t: Tensor, shift: Tensor) -> Posterior:
        alpha, sigma = sde.marginal(t)
        return bundle.denoiser.posterior(x / expand(alpha, x), sigma / alpha).tilted(shift)

    def equivalent(name: str) -> Callable[[float], PropertyFn]:
        additive = costs[name].additive.to(device)
        others = tilt - settings.weights.get(name, 0.0) * additive.weights

        def at(scale: float) -> PropertyFn:
            def of(x: Tensor, t: Tensor) -> Tensor:
                around = belief(x, t, others)
                if scale == 0:
                    return additive.offset + around.moments(additive.weights)[0]
                return additive.offset + around.tilted(scale * additive.weights).log_evidence / scale

            return of

        return at

    properties: dict[str, Callable[[float], PropertyFn]] = {name: equivalent(name) for name in costs}
    properties[ACCURACY] = lambda scale: bundle.property_fn(settings.dataset, sde, scale, settings.resolution)
    known = {name: cost.additive.to(device) for name, cost in costs.items()}
    return ObjectiveContext(space, properties, known, lambda x, t: belief(x, t, tilt))


def _exact_log_tilt(
    settings: RunSettings, bundle: ModelBundle, benchmark: Benchmark | None, costs: Mapping[str, CostModel]
) -> Tensor:
    """What the settings make every architecture of an enumerable space more likely by, in nats, (A,)."""
    tilt = torch.zeros(bundle.space.size, device=bundle.device)
    if settings.steers_accuracy:
        tilt = settings.guidance_scale * _exact_values(settings, bundle, benchmark)
    for name, limit in settings.budgets.items():
        outside = costs[name].additive(bundle.space.all_ops) > limit
        tilt = tilt.masked_fill(outside.to(tilt.device), -math.inf)
    return tilt


def _exact_values(settings: RunSettings, bundle: ModelBundle, benchmark: Benchmark | None) -> Tensor:
    if settings.exact_values == "predictor":
        return bundle.predicted_values(settings.dataset)
    values = measured_values(bundle.space, settings.dataset, benchmark)
    if values is None:
        raise ValueError(
            f"exact_values 'measured' needs a measured accuracy for every architecture on {settings.dataset}; "
            f"none is installed; allowed: predictor"
        )
    return values.to(bundle.device)


def measured_values(space: SearchSpace, dataset: str, benchmark: Benchmark | None) -> Tensor | None:
    """Measured accuracy of every architecture of an enumerable space, (A,); None unless all are there."""
    if benchmark is None or dataset not in benchmark.datasets:
        return None
    values = benchmark.table(dataset)
    return None if bool(values.isnan().any()) else values


def describe(
    bundle: ModelBundle,
    dataset: str,
    archs: list[Architecture],
    benchmark: Benchmark | None,
    *,
    resolution: int = 0,
    costs: Mapping[str, CostModel] | None = None,
    budgets: Mapping[str, float] | None = None,
    counts: dict[Architecture, int] | None = None,
    first: dict[Architecture, int] | None = None,
    training: set[Architecture] | None = None,
) -> list[Candidate]:
    """Distinct architectures with every column, ranked by predicted accuracy (ties by text), those inside all budgets
    first.

    Args:
        resolution: image size in pixels; default: the dataset's own.
        costs: what to give columns of; default: all that is known.
        training: the score network's training set; None means it was the whole space.
    """
    if not archs:
        return []
    space = bundle.space
    mean: list[float | None] = [None] * len(archs)
    spread: list[float | None] = [None] * len(archs)
    if bundle.ranks:
        means, spreads = bundle.predict(archs, dataset, resolution)
        mean, spread = means.tolist(), spreads.tolist()
    texts = [space.format(arch) for arch in archs]
    costs = bundle.costs(dataset, resolution) if costs is None else costs
    ops = torch.tensor([arch.ops for arch in archs])
    known = {name: cost.additive.to("cpu")(ops).tolist() for name, cost in costs.items()}
    inside = [all(known[name][i] <= limit for name, limit in (budgets or {}).items()) for i in range(len(archs))]
    order = sorted(range(len(archs)), key=lambda i: (not inside[i], -(mean[i] or 0.0), texts[i]))
    latencies = [name for name in known if name.startswith(LATENCY)]
    found = []
    for rank, index in enumerate(order, start=1):
        arch = archs[index]
        record = benchmark.query(arch, dataset) if benchmark is not None else None
        predicted, std = mean[index], spread[index]
        found.append(
            Candidate(
                rank=rank,
                architecture=texts[index],
                ops=arch.ops,
                count=counts[arch] if counts is not None else 1,
                sample=first[arch] if first is not None else index,
                predicted_accuracy_pct=None if predicted is None else round(predicted, 3),
                predicted_std_pct=None if std is None else round(std, 3),
                measured_accuracy_pct=None if record is None else round(record.accuracy_pct, 4),
                measured_source=None if record is None else record.source,
                params_m=round(known["params_m"][index], 6),
                macs_m=round(known["macs_m"][index], 6),
                disconnected=space.disconnected(arch),
                novel=training is not None and arch not in training,
                latency_ms={name.removeprefix(LATENCY): round(known[name][index], 4) for name in latencies},
                inside_budget=inside[index] if budgets else None,
            )
        )
    return found


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

    score = _score_fn(settings, bundle, sde, benchmark, costs)
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
            tilt = _exact_log_tilt(replace(settings, exact_values="predictor"), bundle, None, costs)
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


def _paper_scale(settings: RunSettings, bundle: ModelBundle) -> float:
    return 100 * bundle.spread(settings.dataset, settings.resolution) * settings.guidance_scale


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
        score = _score_fn(plain, bundle, sde, None, {})
        plain_config = replace(config, keep_frames=0)
        archs = generate(score, sde, bundle.space, sampler, plain_config, progress=progress, device=bundle.device).valid
    return bundle.predict(archs, settings.dataset, settings.resolution)[0] if archs else torch.empty(0)


class Cancelled(Exception):  # noqa: N818 - an outcome, not a fault
    """The run was cancelled."""
