r"""How the shipped checkpoints are trained: one function each, run by ``python -m dnag train``.

The score network and the noise-aware predictor take most of the time and can be resumed; the members of the ranking
ensemble, a minute or so each, are trained in one go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor, nn

from dnag.checkpoint import Checkpoint, score_network
from dnag.exact import Enumeration, ExactDenoiser
from dnag.losses import GuidanceBatch, guidance_batch, guidance_loss, score_matching_loss
from dnag.nets.property_model import Labels
from dnag.nets.property_predictor import PropertyPredictor, PropertyPredictorConfig
from dnag.nets.ranking_predictor import RankingPredictor, RankingPredictorConfig
from dnag.nets.score_model import ScoreModel
from dnag.sdes.ve import VE
from dnag.spaces.base import SearchSpace
from dnag.tensors import centre
from dnag.training import TrainConfig, TrainProgress, TrainResult, train

Callback = Callable[[TrainProgress], None]


def initialised(make: Callable[[], nn.Module], seed: int) -> Any:
    """A network whose initial weights depend on ``seed`` alone; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def training_half(space: SearchSpace, seed: int = 0) -> Tensor:
    """Operation indices of a random half of an enumerable space, (size // 2, N): the training set for novelty."""
    order = torch.randperm(space.size, generator=Generator().manual_seed(seed))
    return space.all_ops[order[: space.size // 2]]


def train_score(
    space: SearchSpace,
    config: TrainConfig,
    *,
    half: bool = False,
    batch_size: int = 256,
    sizes: dict[str, Any] | None = None,
    device: str | torch.device = "cpu",
    state_path: Path | None = None,
    callback: Callback | None = None,
) -> tuple[Checkpoint, TrainResult]:
    """The score network of a space, on draws from its training distribution, or on a fixed half of it."""
    network = initialised(lambda: score_network(space, **(sizes or {})), config.seed).to(device)
    data = training_half(space) if half else None

    def loss(module: nn.Module, generator: Generator) -> Tensor:
        if data is None:
            ops = space.sample_ops(batch_size, generator)
        else:
            ops = data[torch.randint(len(data), (batch_size,), generator=generator)]
        model = ScoreModel(module, VE(), "denoised")
        return score_matching_loss(model, centre(space.encode_ops(ops)).to(device), generator=generator)

    result = train(network, loss, config, state_path=state_path, callback=callback)
    extra = {
        "prediction": "denoised",
        "half": half,
        "batch_size": batch_size,
        "steps": config.steps,
        "seed": config.seed,
    }
    return Checkpoint("score", space.name, {"score": result.module}, extra), result


GUIDANCE_SCALES = (0.05, 12.0)
"""Range of gamma that the calibrated predictor is trained on, in nats per unit of the property; and zero."""


def train_guidance(
    space: SearchSpace,
    values: Mapping[str, Tensor],
    config: TrainConfig,
    *,
    batch_size: int = 128,
    width: int = 256,
    device: str | torch.device = "cpu",
    state_path: Path | None = None,
    callback: Callback | None = None,
) -> tuple[PropertyPredictor, TrainResult]:
    """The noise-aware predictor of an enumerable space: one network for all datasets and guidance scales.

    A regression on single draws has the certainty equivalent as its minimiser, but at large gamma nearly all draws
    weigh nothing. Where the space can be listed, the target is known in closed form (``Enumeration``), and so is its
    gradient; the network learns both. Noisy inputs come from the tilted distributions that guided runs pass through.

    Args:
        values: dataset -> value of every architecture, in the order of ``space.all_ops``.
    """
    names = list(values)
    tables = [values[name].to(device) for name in names]
    contexts = torch.eye(len(names), device=device)
    enumeration = Enumeration(space, device)
    sizes = PropertyPredictorConfig(space.num_nodes, space.num_ops, context=len(names), width=width)
    denoiser = ExactDenoiser(space, device).denoised
    network = initialised(lambda: PropertyPredictor(sizes, denoiser=denoiser), config.seed).to(device)
    low, high = (math.log(scale) for scale in GUIDANCE_SCALES)
    groups = 4  # of one dataset and scale each

    def loss(module: nn.Module, generator: Generator) -> Tensor:
        parts = []
        for _ in range(groups):
            which = int(torch.randint(len(names), (), generator=generator))
            first_order, strength, share = torch.rand(3, generator=generator).tolist()
            drawn = math.exp(low + (high - low) * strength)
            scale = 0.0 if first_order < 0.2 else drawn
            proposal = drawn * min(1.0, max(0.0, 1.8 * share - 0.4))  # untilted, fully tilted, or between
            tilted = enumeration.tilted(tables[which], proposal).cpu()
            index = torch.multinomial(tilted, batch_size // groups, replacement=True, generator=generator)
            x0 = enumeration.centres[index.to(device)]
            parts.append(guidance_batch(enumeration, x0, tables[which], contexts[which], scale, generator=generator))
        return guidance_loss(module, GuidanceBatch.cat(parts))

    result = train(network, loss, config, state_path=state_path, callback=callback)
    return result.module, result  # type: ignore[return-value]


def train_ranking(
    space: SearchSpace,
    ops: Tensor,
    values: Mapping[str, Tensor],
    config: TrainConfig,
    *,
    members: int = 5,
    batch_size: int = 384,
    width: int = 48,
    device: str | torch.device = "cpu",
    callback: Callback | None = None,
) -> list[RankingPredictor]:
    """An ensemble of clean predictors on labelled architectures: members differ in initial weights and batches.

    Args:
        ops: the labelled architectures, (n, N).
        values: dataset -> their values, (n,).
    """
    names = list(values)
    onehot = space.encode_ops(ops).to(device)
    targets = torch.stack([Labels.of(values[name]).rank_target(values[name]) for name in names]).to(device)
    contexts = torch.eye(len(names), device=device)
    sizes = RankingPredictorConfig(
        space.num_nodes, space.num_ops, len(names), space.identity_ops, space.zero_ops, width
    )

    def loss(module: nn.Module, generator: Generator) -> Tensor:
        index = torch.randint(len(onehot), (batch_size,), generator=generator).to(device)
        which = torch.randint(len(names), (batch_size,), generator=generator).to(device)
        return (module(onehot[index], contexts[which]) - targets[which, index]).square()

    ensemble = []
    for member in range(members):
        seed = config.seed + member
        network = initialised(lambda: RankingPredictor(sizes, adjacency=space.adjacency), seed).to(device)

        def told(progress: TrainProgress, member: int = member) -> None:
            if callback is not None:
                done = member * config.steps + progress.step
                callback(TrainProgress(done, members * config.steps, progress.loss))

        result = train(network, loss, replace(config, seed=seed), callback=told)
        ensemble.append(result.module)
    return ensemble  # type: ignore[return-value]


def predictor_checkpoint(
    space: SearchSpace,
    values: Mapping[str, Tensor],
    guidance: PropertyPredictor,
    ranking: list[RankingPredictor],
    extra: Mapping[str, Any],
) -> Checkpoint:
    """Noise-aware predictor and ranking ensemble in one checkpoint, with what is known of the labels per dataset."""
    modules: dict[str, nn.Module] = {"guidance": guidance}
    modules |= {f"ranking.{index}": member for index, member in enumerate(ranking)}
    datasets = {
        name: {"labels": asdict(Labels.of(table)), "context": torch.eye(len(values))[index].tolist()}
        for index, (name, table) in enumerate(values.items())
    }
    return Checkpoint("predictor", space.name, modules, {"datasets": datasets, **extra})
