"""Figures of merit for a batch of generated architectures. Fractions lie in [0, 1]; accuracies are in %."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from dnag.spaces.base import ABSENT, Architecture, SearchSpace


def novelty(archs: Collection[Architecture], training: Collection[Architecture]) -> float:
    """Share of distinct architectures that are not in the training set; 0 if there are none."""
    distinct, known = set(archs), set(training)
    return len(distinct - known) / len(distinct) if distinct else 0.0


def expected_uniqueness(probability: Tensor, draws: int) -> float:
    """Expected share of distinct values among ``draws`` from ``probability`` (A,)."""
    return float((1 - (1 - probability.double()) ** draws).sum() / draws)


def operation_frequencies(ops: Tensor, num_ops: int) -> Tensor:
    """How often each node has each operation: ``(B, N) -> (N, F + 1)``; the last column counts absent nodes."""
    labels = torch.where(ops == ABSENT, num_ops, ops)
    return torch.nn.functional.one_hot(labels, num_ops + 1).double().mean(0)


def expected_distance(frequencies: Tensor) -> float:
    """Expected edit distance of two independent draws: at how many nodes their operations differ. By linearity it takes
    no more than ``frequencies`` (N, K), how often each node has each operation.
    """
    return float((1 - frequencies.square().sum(-1)).sum())


def diversity(ops: Tensor, num_ops: int) -> float:
    """Mean edit distance over all pairs of a batch (B, N), repeats counted; 0 where there is no pair."""
    size = len(ops)
    return expected_distance(operation_frequencies(ops, num_ops)) * size / (size - 1) if size > 1 else 0.0


def training_frequencies(space: SearchSpace) -> Tensor:
    """The same under the training distribution, exactly, (N, F + 1)."""
    frequencies = torch.zeros(space.num_nodes, space.num_ops + 1, dtype=torch.double)
    for factor in space.factors:
        weights = factor.log_weights.double().exp()
        for column, node in enumerate(factor.nodes):
            labels = torch.where(factor.choices[:, column] == ABSENT, space.num_ops, factor.choices[:, column])
            frequencies[node].index_add_(0, labels, weights)
    return frequencies


def trait_distances(space: SearchSpace, ops: Tensor) -> dict[str, float]:
    """Kind of trait -> total variation between architectures (B, N) and the training distribution, worst part."""
    found: dict[str, float] = {}
    for trait in space.traits:
        factor = space.factors[trait.factor]
        exact = factor.log_weights.double().exp() @ trait.counts(factor.choices).double()
        drawn = trait.counts(ops[:, list(factor.nodes)]).double().sum(0)
        distance = float(total_variation(drawn / drawn.sum(), exact / exact.sum()))
        found[trait.kind] = max(found.get(trait.kind, 0.0), distance)
    return found


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    """Half the absolute difference, summed over the last dimension."""
    return (p - q).abs().sum(-1) / 2


def _ranks(values: Tensor) -> Tensor:
    """Average ranks, ties sharing theirs."""
    _, inverse, counts = values.unique(return_inverse=True, return_counts=True)
    ends = counts.cumsum(0).double()
    return (ends - (counts - 1) / 2)[inverse]


def spearman(a: Tensor | Sequence[float], b: Tensor | Sequence[float]) -> float | None:
    """Spearman's rank correlation; None for fewer than three pairs or a constant side."""
    left, right = (_ranks(torch.as_tensor(values, dtype=torch.double)) for values in (a, b))
    if len(left) < 3 or bool((left == left[0]).all()) or bool((right == right[0]).all()):
        return None
    return float(torch.corrcoef(torch.stack([left, right]))[0, 1])
