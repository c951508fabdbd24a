"""What a run gave: its candidates, and their tables and files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from dnag.benchmarks.base import Benchmark
from dnag.bundle import ModelBundle
from dnag.costs import LATENCY, CostModel
from dnag.generate import Trajectory
from dnag.playback import player_payload
from dnag.run_settings import RunSettings
from dnag.spaces.base import Architecture, SearchSpace, spaces
from dnag.tables import to_csv

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
        return to_csv(self.rows(), JSON_COLUMNS)

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
