r"""One trainer for every network: Adam, warm-up and cosine decay, gradient clipping, EMA, resumable to the bit.

The trainer knows nothing of the task: ``loss_fn(module, generator)`` draws its own batch from the generator and
returns a loss per sample. Everything random comes from that generator, whose state is saved with the weights, so a run
that was killed and resumed ends with the same numbers as one that was not. State files are written aside and renamed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from dnag.ema import EMA
from dnag.files import discard, write_aside

LossFn = Callable[[nn.Module, Generator], Tensor]


@dataclass(frozen=True)
class TrainConfig:
    """How long and how fast.

    Attributes:
        steps: optimiser steps.
        lr: peak learning rate, reached after ``warmup`` steps and decayed by a cosine to 0.
        clip: largest global gradient norm.
        ema_decay: of the average that is returned.
        save_every: steps between state files.
    """

    steps: int
    lr: float = 1e-3
    warmup: int = 500
    clip: float = 1.0
    weight_decay: float = 0.0
    ema_decay: float = 0.999
    seed: int = 0
    save_every: int = 500

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps!r}; allowed: 1 or more")

    def rate(self, step: int) -> float:
        """Learning rate of ``step`` (from 0), relative to the peak."""
        warm = min(1.0, (step + 1) / max(1, self.warmup))
        return warm * 0.5 * (1 + math.cos(math.pi * step / self.steps))


@dataclass(frozen=True)
class TrainProgress:
    """What a callback is told after every step: step from 1, total, and the batch's mean loss."""

    step: int
    total: int
    loss: float


@dataclass(frozen=True)
class TrainResult:
    """The averaged module and the loss curve, a point (step, mean loss since the last point) every ``every`` steps."""

    module: nn.Module
    curve: list[tuple[int, float]]


def train(
    module: nn.Module,
    loss_fn: LossFn,
    config: TrainConfig,
    *,
    state_path: Path | None = None,
    callback: Callable[[TrainProgress], None] | None = None,
    curve_points: int = 200,
) -> TrainResult:
    """Minimise the mean of ``loss_fn`` over ``module``'s parameters; returns the EMA of the weights.

    Args:
        state_path: where to keep the state for resuming. If the file exists and belongs to the same ``config``,
            training goes on from it; a state of another config is a ``ValueError``. The file is removed at the end.
        callback: told after every step; an exception from it stops training with the last state on disk.
    """
    generator = Generator().manual_seed(config.seed)
    optimizer = torch.optim.AdamW(module.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    ema = EMA(module, config.ema_decay)
    start, curve = 0, []
    if state_path is not None and state_path.exists():
        state = torch.load(state_path, weights_only=True)
        if state["config"] != asdict(config):
            raise ValueError(f"{state_path} belongs to other settings {state['config']}; remove it to start afresh")
        module.load_state_dict(state["module"])
        ema.module.load_state_dict(state["ema"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["generator"])
        ema.updates = start = state["step"]
        curve = [tuple(point) for point in state["curve"]]
    every = max(1, config.steps // curve_points)
    total, count = 0.0, 0
    module.train()
    for step in range(start, config.steps):
        for group in optimizer.param_groups:
            group["lr"] = config.lr * config.rate(step)
        loss = loss_fn(module, generator).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), config.clip)
        optimizer.step()
        ema.update(module)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FloatingPointError(f"loss is {value} at step {step + 1}; the last good state is kept")
        total, count = total + value, count + 1
        if (step + 1) % every == 0 or step + 1 == config.steps:
            curve.append((step + 1, total / count))
            total, count = 0.0, 0
        if state_path is not None and (step + 1) % config.save_every == 0 and step + 1 < config.steps:
            state = {
                "config": asdict(config),
                "module": module.state_dict(),
                "ema": ema.module.state_dict(),
                "optimizer": optimizer.state_dict(),
                "generator": generator.get_state(),
                "step": step + 1,
                "curve": [list(point) for point in curve],
            }
            write_aside(state_path, partial(torch.save, state))
        if callback is not None:
            callback(TrainProgress(step + 1, config.steps, value))
    if state_path is not None:
        discard(state_path)
    return TrainResult(ema.module.eval(), curve)
