r"""How the shipped checkpoints are trained: one function each, run by ``python -m dnag train``.

Each recipe builds a network, trains it (resumably), and returns a :class:`~dnag.checkpoint.Checkpoint`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor, nn

from dnag.checkpoint import Checkpoint, score_network
from dnag.losses import score_matching_loss
from dnag.nets.score_model import ScoreModel
from dnag.sdes.ve import VE
from dnag.spaces.base import SearchSpace
from dnag.tensors import centre
from dnag.training import TrainConfig, TrainProgress, TrainResult, train

Callback = Callable[[TrainProgress], None]


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
    torch.manual_seed(config.seed)  # only the initial weights come from the global generator
    network = score_network(space, **(sizes or {})).to(device)
    data = training_half(space) if half else None

    def loss(module: nn.Module, generator: Generator) -> Tensor:
        if data is None:
            ops = space.sample_ops(batch_size, generator)
        else:
            ops = data[torch.randint(len(data), (batch_size,), generator=generator)]
        model = ScoreModel(module, VE(), "denoised")
        return score_matching_loss(model, centre(space.encode_ops(ops)).to(device), generator=generator)

    result = train(network, loss, config, state_path=state_path, callback=callback)
    extra = {"prediction": "denoised", "half": half, "batch_size": batch_size, "steps": config.steps, "seed": config.seed}
    return Checkpoint("score", space.name, {"score": result.module}, extra), result
