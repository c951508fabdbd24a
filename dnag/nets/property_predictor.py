"""The noise-aware property predictor: a noisy architecture and a dataset in, a number out.

A residual MLP on the flattened matrix, every block modulated by the noise level, by the dataset's context and by the
guidance scale gamma. It predicts the certainty equivalent ``log E[exp(gamma * value) | x_t] / gamma``, at gamma = 0 the
mean (see ``dnag.guidance``). Smooth activations, since it is used through its gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dnag.nets.layers import ModulatedBlock, ScalarEmbedding

# Slow sinusoids: what is learned at one noise level or scale should carry over to the next.
_TIME_LABEL, _SCALE_LABEL, _SMALLEST_SCALE = 0.2, 3.0, 0.02


@dataclass(frozen=True)
class PropertyPredictorConfig:
    """Sizes: N, F, and width Z of the dataset context (0 for none)."""

    num_nodes: int
    num_ops: int
    context: int = 0
    width: int = 256
    depth: int = 3
    condition: int = 64


class PropertyPredictor(nn.Module):
    """``x (B,N,F), time_label (B,), context (B,Z) | None, scale (B,) >= 0 | None (zero) -> (B,)``."""

    def __init__(self, config: PropertyPredictorConfig):
        super().__init__()
        self.config = config
        self.inputs = nn.Linear(config.num_nodes * config.num_ops, config.width)
        self.embed_time = ScalarEmbedding(config.condition)
        self.embed_scale = ScalarEmbedding(config.condition)
        self.embed_context = nn.Linear(config.context, config.condition) if config.context else None
        self.blocks = nn.ModuleList(ModulatedBlock(config.width, config.condition) for _ in range(config.depth))
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, 1))

    def forward(
        self, x: Tensor, time_label: Tensor, context: Tensor | None = None, scale: Tensor | None = None
    ) -> Tensor:
        if (context is None) != (self.embed_context is None):
            state = "without" if context is None else "with"
            raise ValueError(f"called {state} a context; this predictor has context width {self.config.context}")
        scale = torch.zeros_like(time_label) if scale is None else scale
        condition = self.embed_time(_TIME_LABEL * time_label)
        condition = condition + self.embed_scale(_SCALE_LABEL * (scale + _SMALLEST_SCALE).log())
        if self.embed_context is not None:
            condition = condition + self.embed_context(context)
        condition = nn.functional.silu(condition)
        h = self.inputs(x.flatten(1))
        for block in self.blocks:
            h = block(h, condition)
        return self.head(h).squeeze(-1)
