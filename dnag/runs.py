r"""A run: settings in, ranked candidates out. The command line, the app and the tests share this one path.

Names become objects here and nowhere below. A run is a function of its settings (and of the installed checkpoints):
the same settings give the same candidates on the same machine, whatever the batch size.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dnag.benchmarks.base import Benchmark, measured
from dnag.bundle import ModelBundle, ModelStore
from dnag.exact import ExactGuidedScore, ExactScore
from dnag.generate import MAX_SAMPLES, GenerateConfig, Generation, Trajectory, generate
from dnag.guidance import GuidedScore
from dnag.knobs import choice, knob, validate
from dnag.objectives.base import ObjectiveContext
from dnag.objectives.predicted_property import PredictedProperty
from dnag.playback import player_payload
from dnag.recipes import GUIDANCE_SCALES, training_half
from dnag.samplers.base import Sampler, samplers
from dnag.sdes.base import SDE, sdes
from dnag.shapes import PropertyFn, ScoreFn
from dnag.spaces.base import Architecture, SearchSpace, Violation, spaces

GUIDANCE = ("calibrated", "first_order", "exact")
EXACT_VALUES = ("predictor", "measured")
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
        "", "Dataset", _datasets, help="What the architectures are meant for. Default: the first of the space."
    )
    guidance_scale: float = knob(
        2.0,
        "Guidance scale",
        0.0,
        GUIDANCE_SCALES[1],
        unit="nats per point",
        help="At 1, an architecture one point of accuracy better is e times as likely. At 0 nothing is steered.",
    )
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
    device: str = choice("auto", "Device", devices, help="Where the networks run.", advanced=True)
    batch_size: int = knob(256, "Batch size", 1, MAX_SAMPLES, help="Changes speed and memory only.", advanced=True)
    checkpoint: str = field(default="")
    predictor: str = field(default="")

    def __post_init__(self) -> None:
        if not self.dataset and self.space in spaces:
            object.__setattr__(self, "dataset", next(iter(spaces[self.space].datasets)))
        validate(self)
        spaces[self.space]().dataset(self.dataset)
        if self.guidance == "exact" and not spaces[self.space]().enumerable:
            raise ValueError(
                f"guidance 'exact' needs a space that can be listed; {self.space} allows: calibrated, first_order"
            )

    @property
    def label(self) -> str:
        """The settings in a few words."""
        solver = f"{self.sampler} × {self.steps}"
        return f"{self.space} · {self.dataset} · γ {self.guidance_scale:g} · {solver} · seed {self.seed}"


@dataclass(frozen=True)
class Candidate:
    """One distinct architecture of a run.

    Attributes:
        rank: from 1, by predicted accuracy.
        count: how often it was drawn.
        sample: index of the first sample that gave it.
        predicted_std_pct: spread of the ranking ensemble, in points.
        measured_source: where the measured value comes from.
        disconnected: no path from input to output.
        novel: not in the score network's training set.
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

    def rows(self) -> list[dict[str, Any]]:
        """The candidates' columns, in order of rank."""
        return [{name: getattr(candidate, name) for name in JSON_COLUMNS} for candidate in self.candidates]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (see ``python -m dnag generate --format json``)."""
        settings = self.settings
        return {
            "space": settings.space,
            "dataset": settings.dataset,
            "sampler": settings.sampler,
            "sde": settings.sde,
            "steps": settings.steps,
            "nfe": self.nfe,
            "guidance": settings.guidance,
            "guidance_scale": settings.guidance_scale,
            "paper_scale": None if self.paper_scale is None else round(self.paper_scale, 1),
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
        if self.trajectory is None:
            raise ValueError("the run kept no trajectory")
        candidate = self.candidates[index]
        value = None if self.trajectory.value is None else self.trajectory.value[:, candidate.sample]
        return player_payload(
            self.space,
            self.trajectory.level,
            self.trajectory.probability[:, candidate.sample],
            value,
            title=f"Denoising of candidate {candidate.rank}",
            final=candidate.architecture,
        )


def to_csv(rows: list[dict[str, Any]]) -> str:
    """Rows of equal keys as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else list(JSON_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _solver(settings: RunSettings) -> tuple[SDE, Sampler]:
    return sdes[settings.sde](), samplers[settings.sampler](num_steps=settings.steps)


def _score_fn(settings: RunSettings, bundle: ModelBundle, sde: SDE, benchmark: Benchmark | None) -> ScoreFn:
    """The score that the settings describe: learned or exact, guided or not."""
    gamma = settings.guidance_scale
    if settings.guidance == "exact":
        if gamma == 0:
            return ExactScore(bundle.space, sde, bundle.device)
        values = _exact_values(settings, bundle, benchmark)
        return ExactGuidedScore(bundle.enumeration, sde, values, gamma)
    score = bundle.score_fn(sde)
    if gamma == 0:
        return score
    certainty = gamma if settings.guidance == "calibrated" else 0.0
    objective = PredictedProperty("accuracy", certainty)
    properties = {"accuracy": lambda scale: bundle.property_fn(settings.dataset, sde, scale)}
    return GuidedScore(score, objective.bind(ObjectiveContext(bundle.space, properties)), gamma)


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
    counts: dict[Architecture, int] | None = None,
    first: dict[Architecture, int] | None = None,
    training: set[Architecture] | None = None,
) -> list[Candidate]:
    """Distinct architectures with every column, ranked by predicted accuracy (ties by text).

    Args:
        training: the score network's training set; None means it was the whole space.
    """
    if not archs:
        return []
    space = bundle.space
    mean: list[float | None] = [None] * len(archs)
    spread: list[float | None] = [None] * len(archs)
    if bundle.predictor is not None:
        means, spreads = bundle.predict(archs, dataset)
        mean, spread = means.tolist(), spreads.tolist()
    texts = [space.format(arch) for arch in archs]
    order = sorted(range(len(archs)), key=lambda i: (-(mean[i] or 0.0), texts[i]))
    found = []
    for rank, index in enumerate(order, start=1):
        arch = archs[index]
        record = benchmark.query(arch, dataset) if benchmark is not None else None
        cost = space.cost(arch, dataset)
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
                params_m=cost.params_m,
                macs_m=cost.macs_m,
                disconnected=space.disconnected(arch),
                novel=training is not None and arch not in training,
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
    bundle = (store or ModelStore()).bundle(
        settings.space, checkpoint=settings.checkpoint, predictor=settings.predictor, device=device
    )
    benchmark = measured(settings.space, settings.dataset, table=measured_table)
    sde, sampler = _solver(settings)
    ranked = bundle.predictor is not None
    twice = compare and ranked and settings.guidance_scale > 0
    config = GenerateConfig(settings.samples, settings.batch_size, settings.seed, keep_frames)
    work = settings.steps * -(-settings.samples // settings.batch_size) * (1 + twice)

    def told(offset: int) -> Progress:
        def tell(done: int, total: int) -> None:
            if cancelled is not None and cancelled():
                raise Cancelled
            if progress is not None:
                progress(offset + done, work)

        return tell

    score = _score_fn(settings, bundle, sde, benchmark)
    monitor: PropertyFn | None = bundle.property_fn(settings.dataset, sde) if keep_frames and ranked else None
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
        bundle, settings.dataset, list(counts), benchmark, counts=counts, first=first, training=training
    )
    seconds = time.perf_counter() - began
    unguided, exact = None, None
    if compare and ranked:
        unguided = _unguided(settings, bundle, sde, sampler, config, generation, told(work // (1 + twice)))
        if bundle.space.enumerable:
            values = bundle.predicted_values(settings.dataset)
            exact = (values.cpu(), bundle.enumeration.tilted(values, settings.guidance_scale).cpu())
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
        paper_scale=100 * bundle.labels(settings.dataset).spread * settings.guidance_scale if ranked else None,
        measured_note="" if benchmark is None else benchmark.note,
        trajectory=generation.trajectory,
        unguided_pct=unguided,
        exact=exact,
        device=str(device),
    )


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
    if settings.guidance_scale > 0:
        plain = replace(settings, guidance_scale=0.0)
        score = _score_fn(plain, bundle, sde, None)
        plain_config = replace(config, keep_frames=0)
        archs = generate(score, sde, bundle.space, sampler, plain_config, progress=progress, device=bundle.device).valid
    return bundle.predict(archs, settings.dataset)[0] if archs else torch.empty(0)


class Cancelled(Exception):  # noqa: N818 - an outcome, not a fault
    """The run was cancelled."""
