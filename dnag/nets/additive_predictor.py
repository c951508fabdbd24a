"""A predictor that adds up what every operation of every node contributes, for each of several settings.

What latency amounts to in both spaces, to a few percent: layers run one after another. Being additive it has closed
forms for noisy architectures as well (``dnag.additive``), so one table serves columns, budgets and guidance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dnag.additive import Additive


@dataclass(frozen=True)
class AdditivePredictorConfig:
    """Sizes N and F, and the names of the settings (such as a width and an image size) that each have a table."""

    num_nodes: int
    num_ops: int
    settings: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", tuple(self.settings))


class AdditivePredictor(nn.Module):
    """``onehot (B,N,F), index of a setting -> (B,)``."""

    weights: Tensor
    offset: Tensor

    def __init__(self, config: AdditivePredictorConfig):
        super().__init__()
        self.config = config
        count = len(config.settings)
        self.register_buffer("weights", torch.zeros(count, config.num_nodes, config.num_ops))
        self.register_buffer("offset", torch.zeros(count))

    @classmethod
    def of(cls, tables: Sequence[tuple[str, Additive]]) -> AdditivePredictor:
        """From a table for each setting."""
        nodes, ops = tables[0][1].weights.shape
        predictor = cls(AdditivePredictorConfig(nodes, ops, tuple(name for name, _ in tables)))
        predictor.weights.copy_(torch.stack([table.weights for _, table in tables]))
        predictor.offset.copy_(torch.tensor([table.offset for _, table in tables]))
        return predictor

    def table(self, setting: str) -> Additive | None:
        """What it knows of one setting, None if nothing."""
        if setting not in self.config.settings:
            return None
        index = self.config.settings.index(setting)
        return Additive(float(self.offset[index]), self.weights[index])

    def forward(self, onehot: Tensor, setting: int) -> Tensor:
        return self.offset[setting] + (onehot * self.weights[setting]).sum((1, 2))
