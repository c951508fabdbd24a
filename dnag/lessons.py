r"""What the lessons compute: every figure of the Learn page as a function of plain numbers.

The lessons work on architectures of one space that can be listed, so that whatever a network says can be set beside
what is true. Noise is described by its level ``n = sigma / alpha`` (``dnag.sdes``), which means the same for every
noise process. All functions are quick (a few hundred architectures at most), and the same arguments give the same
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from dnag.bundle import ModelBundle
from dnag.generate import GenerateConfig, Generation, generate
from dnag.metrics import expected_uniqueness, operation_frequencies, spearman, total_variation, training_frequencies
from dnag.samplers.base import samplers
from dnag.sdes.base import SDE
from dnag.sdes.ve import VE
from dnag.sdes.vp import VP
from dnag.spaces.base import SearchSpace
from dnag.tensors import centre, uncentre

LEVELS = (
    0.05,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.8,
    1.0,
    1.2,
    1.4,
    1.7,
    2.0,
    2.5,
    3.0,
    4.0,
    5.0,
    7.0,
    10.0,
    15.0,
    20.0,
    30.0,
)
"""Noise levels to choose from: from an architecture that can be read off to one that cannot be made out at all."""


def process(name: str) -> SDE:
    """``"ve"`` or ``"vp"``, over a range of noise that contains :data:`LEVELS`; ``ValueError`` for another."""
    known: dict[str, SDE] = {"ve": VE(sigma_min=0.03, sigma_max=30.0), "vp": VP()}
    if name not in known:
        raise ValueError(f"process is {name!r}; allowed: {', '.join(known)}")
    return known[name]


def drawn_nodes(space: SearchSpace) -> list[int]:
    """Nodes whose operation is a choice, in the order of the drawing."""
    return [slot.node for slot in space.drawing.slots]


def _index(space: SearchSpace, ops: Tensor) -> Tensor:
    """Where architectures (B,N) stand in ``space.all_ops``, (B,)."""
    radix = torch.tensor([(space.num_ops + 1) ** node for node in range(space.num_nodes)])
    known, order = ((space.all_ops + 1) @ radix).sort()
    return order[torch.searchsorted(known, (ops + 1) @ radix)]


def _noise(space: SearchSpace, count: int, seed: int) -> Tensor:
    return torch.randn(count, space.num_nodes, space.num_ops, generator=Generator().manual_seed(seed))


# --- adding noise -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Perturbed:
    """A noisy architecture ``x = alpha x_0 + sigma z``, (N,F)."""

    alpha: float
    sigma: float
    x: Tensor


def perturbed(space: SearchSpace, ops: Sequence[int], name: str, level: float, seed: int) -> Perturbed:
    """The architecture with noise of a level; the same seed gives the same ``z`` for every process and level."""
    sde = process(name)
    t = sde.time_of(torch.tensor([level], dtype=torch.float64))
    alpha, sigma = (float(value) for value in sde.marginal(t))
    x0 = centre(space.encode_ops(torch.tensor([ops])))[0]
    return Perturbed(alpha, sigma, alpha * x0 + sigma * _noise(space, 1, seed)[0])


def still_readable(space: SearchSpace, ops: Sequence[int], x: Tensor) -> int:
    """How many of the drawn nodes have their largest entry where it was without noise; x (N,F)."""
    nodes = drawn_nodes(space)
    choices = [torch.tensor([op for op in space.choices_of(node) if op >= 0]) for node in nodes]
    best = [int(allowed[x[node][allowed].argmax()]) for node, allowed in zip(nodes, choices, strict=True)]
    return sum(op == ops[node] for op, node in zip(best, nodes, strict=True))


# --- the score --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Denoisers:
    """The exact and the learned denoised estimate of the same noisy architectures, as probabilities (B,N,F).

    Attributes:
        distance: total variation between the two, mean over the drawn nodes and the batch.
        score_error: norm of the difference of the two scores, relative to the exact one's, over the batch.
    """

    exact: Tensor
    learned: Tensor
    distance: float
    score_error: float


@torch.no_grad()
def denoisers(bundle: ModelBundle, ops: Tensor, level: float, seed: int) -> Denoisers:
    """Both denoisers at ``x_0 + level z``; ops (B,N)."""
    space, sde = bundle.space, process("ve")
    x0 = centre(space.encode_ops(ops))
    y = x0 + level * _noise(space, len(ops), seed)
    t = sde.time_of(torch.full((len(ops),), level, dtype=torch.float64)).float()
    exact = bundle.denoiser.denoised(y, torch.full((len(ops),), level))
    learned = sde.denoised(y, t, bundle.score_fn(sde)(y, t))
    nodes = drawn_nodes(space)
    apart = total_variation(uncentre(exact)[:, nodes], uncentre(learned)[:, nodes])
    # Both scores are (D - y) / level^2, so their relative difference needs no level.
    relative = (learned - exact).norm() / (exact - y).norm()
    return Denoisers(uncentre(exact), uncentre(learned), float(apart.mean()), float(relative))


def denoiser_distances(bundle: ModelBundle, levels: Sequence[float], count: int = 64, seed: int = 0) -> list[float]:
    """:attr:`Denoisers.distance` at every level, over ``count`` random architectures."""
    ops = bundle.space.sample_ops(count, Generator().manual_seed(seed))
    return [denoisers(bundle, ops, level, seed).distance for level in levels]


# --- sampling ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quality:
    """How good a batch of unguided samples is, and what it cost.

    Attributes:
        nfe: score evaluations per sample.
        validity: share that the paper's rule reads as an architecture.
        distance: total variation of the operations of a node from the training distribution, mean over drawn nodes.
    """

    sampler: str
    steps: int
    nfe: int
    validity: float
    distance: float


def sample(
    bundle: ModelBundle, sampler: str, steps: int, samples: int, seed: int, keep_frames: int = 0
) -> tuple[Generation, Quality]:
    """Unguided samples of the paper's noise process by one method, and their quality."""
    space, sde = bundle.space, bundle.sde("ve")
    config = GenerateConfig(samples, seed=seed, keep_frames=keep_frames)
    made = generate(bundle.score_fn(sde), sde, space, samplers[sampler](num_steps=steps), config, device=bundle.device)
    nodes = drawn_nodes(space)
    ops = torch.tensor([arch.ops for arch in made.projected])
    apart = total_variation(operation_frequencies(ops, space.num_ops), training_frequencies(space))[nodes]
    return made, Quality(sampler, steps, made.nfe, made.validity, float(apart.mean()))


def chance_distance(space: SearchSpace, samples: int) -> float:
    """What :attr:`Quality.distance` would be on average for ``samples`` perfect draws.

    Counts are binomial, and their mean absolute deviation has a closed form (de Moivre).
    """
    frequencies = training_frequencies(space)[drawn_nodes(space)]

    def deviation(p: float) -> float:
        if not 0 < p < 1:
            return 0.0
        least = math.floor(samples * p) + 1
        return 2 * least * math.comb(samples, least) * p**least * (1 - p) ** (samples - least + 1) / samples

    return sum(deviation(p) for row in frequencies.tolist() for p in row) / 2 / len(frequencies)


# --- guidance ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tilt:
    """The exact tilted distribution at one guidance scale: its mean accuracy in %, and the share of distinct
    architectures expected among so many draws.
    """

    scale: float
    mean_pct: float
    distinct: float


def tilts(bundle: ModelBundle, values: Tensor, scales: Sequence[float], draws: int) -> list[Tilt]:
    """The exact tilted distribution of every scale; values (A,) in the order of ``space.all_ops``."""
    found = []
    for scale in scales:
        probability = bundle.enumeration.tilted(values, scale)
        found.append(Tilt(scale, float(probability @ values), expected_uniqueness(probability, draws)))
    return found


# --- predictors -------------------------------------------------------------------------------------------------------


@torch.no_grad()
def noisy_predictions(
    bundle: ModelBundle, dataset: str, ops: Tensor, level: float, seed: int, *, noise_aware: bool
) -> Tensor:
    """Predicted accuracy in % of architectures seen through noise, (B,).

    The noise-aware predictor is shown the noisy matrix and its level. A clean one cannot be: it is shown the
    architecture nearest to the noisy matrix, as if there were no noise.
    """
    space = bundle.space
    y = centre(space.encode_ops(ops)) + level * _noise(space, len(ops), seed)
    if not noise_aware:
        nearest = torch.tensor([arch.ops for arch in space.project(uncentre(y))])
        return bundle.predicted_values(dataset)[_index(space, nearest)]
    sde = process("ve")
    t = sde.time_of(torch.full((len(ops),), level, dtype=torch.float64)).float()
    return bundle.property_fn(dataset, sde)(y, t)


@dataclass(frozen=True)
class Calibration:
    """Predictions against the truth.

    Attributes:
        bins: (mean prediction, mean truth) of groups of equal size, from low to high predictions.
        error: mean distance of the two over the bins, in the unit of the predictions; 0 for a calibrated predictor.
        rank_correlation: Spearman's; None where there is no order.
    """

    bins: list[tuple[float, float]]
    error: float
    rank_correlation: float | None


def calibration(predicted: Tensor, truth: Tensor, bins: int = 8) -> Calibration:
    """Of predictions (B,) for true values (B,). ``ValueError`` for fewer values than bins."""
    if len(predicted) < bins or len(predicted) != len(truth):
        raise ValueError(f"{len(predicted)} predictions for {len(truth)} values; allowed: equally many, {bins} or more")
    order = predicted.argsort()
    pairs = [(float(predicted[part].mean()), float(truth[part].mean())) for part in order.tensor_split(bins)]
    error = sum(abs(mean - true) for mean, true in pairs) / bins
    return Calibration(pairs, error, spearman(predicted, truth))
