"""The noise-aware property predictor: a noisy architecture and a dataset in, a number out.

A residual MLP on the flattened matrix, every block modulated by the noise level, by the dataset's context and, where the
predictor is conditioned on it, by the guidance scale. Smooth activations, since it is used through its gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dnag.nets.layers import ModulatedBlock, ScalarEmbedding

_SCALE_LABEL = 25.0


@dataclass(frozen=True)
class PropertyPredictorConfig:
    """Sizes: N, F, width Z of the dataset context (0 for none), and whether the guidance scale is an input."""

    num_nodes: int
    num_ops: int
    context: int = 0
    takes_scale: bool = False
    width: int = 256
    depth: int = 3
    condition: int = 64


class PropertyPredictor(nn.Module):
    """``x (B,N,F), time_label (B,), context (B,Z) | None, scale (B,) | None -> (B,)``."""

    def __init__(self, config: PropertyPredictorConfig):
        super().__init__()
        self.config = config
        self.inputs = nn.Linear(config.num_nodes * config.num_ops, config.width)
        self.embed_time = ScalarEmbedding(config.condition)
        self.embed_context = nn.Linear(config.context, config.condition) if config.context else None
        self.embed_scale = ScalarEmbedding(config.condition) if config.takes_scale else None
        self.blocks = nn.ModuleList(ModulatedBlock(config.width, config.condition) for _ in range(config.depth))
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, 1))

    def forward(
        self, x: Tensor, time_label: Tensor, context: Tensor | None = None, scale: Tensor | None = None
    ) -> Tensor:
        if (context is None) != (self.embed_context is None):
            state = "without" if context is None else "with"
            raise ValueError(f"called {state} a context; this predictor has context width {self.config.context}")
        if (scale is None) != (self.embed_scale is None):
            raise ValueError(f"called {'without' if scale is None else 'with'} a scale; takes_scale is {self.config.takes_scale}")
        condition = self.embed_time(time_label)
        if self.embed_context is not None:
            condition = condition + self.embed_context(context)
        if self.embed_scale is not None:
            assert scale is not None
            condition = condition + self.embed_scale(_SCALE_LABEL * torch.log(scale))
        condition = nn.functional.silu(condition)
        h = self.inputs(x.flatten(1))
        for block in self.blocks:
            h = block(h, condition)
        return self.head(h).squeeze(-1)
