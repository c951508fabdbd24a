r"""The noise-aware property predictor: a noisy architecture and a dataset in, a number out.

What a noisy architecture ``y = x0 + n z`` says about the clean one is, for one-hot data with independent parts,
contained in the posterior probabilities of its operations, ``(E[x_0 | y] + 1) / 2``, which are known in closed form
(``dnag.exact``). The predictor reads those instead of ``y`` itself, so that it need not learn what noise is, only what
operations are worth.

A residual MLP, every block modulated by the dataset's context and by the guidance scale gamma, gives the certainty
equivalent ``log E[exp(gamma * value) | y] / gamma``, at gamma = 0 the mean (see ``dnag.guidance``). Smooth activations,
since it is used through its gradient, which passes through the posterior.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dnag.nets.layers import ModulatedBlock, ScalarEmbedding

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""``(y (B,N,F), level (B,)) -> E[x_0 | y] (B,N,F)``, centred."""

# Slow sinusoids: what is learned at one scale should carry over to the next.
_SCALE_LABEL, _SMALLEST_SCALE = 3.0, 0.02


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
    """``y (B,N,F), level (B,), context (B,Z) | None, scale (B,) >= 0 | None (zero) -> (B,)``.

    ``y`` is the state in the scaled variable ``x / alpha``, ``level`` its noise level ``sigma / alpha``.

    Args:
        denoiser: the unguided denoised estimate, differentiable in ``y``.
    """

    def __init__(self, config: PropertyPredictorConfig, *, denoiser: Denoiser):
        super().__init__()
        self.config = config
        self.denoiser = denoiser
        self.inputs = nn.Linear(config.num_nodes * config.num_ops, config.width)
        self.embed_scale = ScalarEmbedding(config.condition)
        self.embed_context = nn.Linear(config.context, config.condition) if config.context else None
        self.blocks = nn.ModuleList(ModulatedBlock(config.width, config.condition) for _ in range(config.depth))
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, 1))

    def forward(self, y: Tensor, level: Tensor, context: Tensor | None = None, scale: Tensor | None = None) -> Tensor:
        if (context is None) != (self.embed_context is None):
            state = "without" if context is None else "with"
            raise ValueError(f"called {state} a context; this predictor has context width {self.config.context}")
        scale = torch.zeros_like(level) if scale is None else scale
        condition = self.embed_scale(_SCALE_LABEL * (scale + _SMALLEST_SCALE).log())
        if self.embed_context is not None:
            condition = condition + self.embed_context(context)
        condition = nn.functional.silu(condition)
        h = self.inputs((self.denoiser(y, level) + 1).flatten(1))  # twice the probabilities
        for block in self.blocks:
            h = block(h, condition)
        return self.head(h).squeeze(-1)
