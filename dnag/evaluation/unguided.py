"""Samples that nothing steers: valid, unlike each other, and distributed as the training distribution is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Generator

from dnag.bundle import ModelStore
from dnag.evaluation.base import EvaluationSettings, Figure, run_settings
from dnag.metrics import expected_uniqueness, trait_distances
from dnag.runs import run
from dnag.spaces.base import SearchSpace


def unguided_figures(
    settings: EvaluationSettings, store: ModelStore, space: SearchSpace, tell: Callable[[str], None]
) -> Iterable[Figure]:
    """Validity, uniqueness, frequencies, and novelty where a network trained on half of the space is installed."""
    dataset = next(iter(space.datasets))
    tell("unguided samples")
    result = run(run_settings(settings, dataset, 0.0, samples=1024), store=store)
    yield Figure("raw validity, 1024 unguided samples", 100 * result.raw_valid / 1024, "%", 100.0, "at least 99.5")
    drawn = result.unique / max(1, result.raw_valid)
    exact = expected_uniqueness(space.all_log_weights.exp(), 1024) if space.enumerable else 1.0
    yield Figure("uniqueness of 1024 unguided samples", 100 * drawn, "%", 100 * exact, "within 1 of the exact")
    many = run(run_settings(settings, dataset, 0.0, seed=1, samples=4096), store=store)
    ops = torch.tensor([candidate.ops for candidate in many.candidates])
    counts = torch.tensor([candidate.count for candidate in many.candidates])
    distances = trait_distances(space, ops.repeat_interleave(counts, dim=0))
    chance = _chance_distances(space, 4096)
    parts = {trait.kind: trait.part for trait in space.traits}
    for kind, distance in distances.items():
        name = f"{kind} frequencies, total variation of the worst {parts[kind]}, 4096 samples"
        note = "exact: the mean for draws of the exact distribution itself"
        yield Figure(name, distance, "", chance[kind], "at most 0.03", note)
    if f"{settings.space}-score-half" in {path.stem for path in store.directory.glob("*.safetensors")}:
        tell("novelty of the half-space network")
        half = run_settings(settings, dataset, 0.0, seed=2, samples=4096, checkpoint=f"{settings.space}-score-half")
        result = run(half, store=store)
        novel = 100 * result.novel / max(1, result.unique)
        yield Figure("novelty of the half-space network, 4096 samples", novel, "%", 50.0, "within 3 of 50")


def _chance_distances(space: SearchSpace, draws: int, repeats: int = 20) -> dict[str, float]:
    """What the distances are for exact draws: the noise floor of those figures."""
    generator = Generator().manual_seed(0)
    found = [trait_distances(space, space.sample_ops(draws, generator)) for _ in range(repeats)]
    return {kind: sum(distances[kind] for distances in found) / repeats for kind in found[0]}
