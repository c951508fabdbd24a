r"""The noise-aware property predictor: a noisy architecture and a context in, a number out.

What a noisy architecture ``y = x0 + n z`` says about the clean one is, for one-hot data with independent parts,
contained in the posterior probabilities of its operations, which are known in closed form (``dnag.exact``). The
predictor reads those instead of ``y`` itself, so that it need not learn what noise is, only what operations are worth.

A residual MLP, every block modulated by the context and by the guidance scale gamma, gives the certainty equivalent
``m = log E[exp(gamma * value) | y] / gamma``, at gamma = 0 the mean (see ``dnag.guidance``). Smooth activations, since
it is used through its gradient, which passes through the posterior.

Where the value is nearly *additive*, ``value(a) = offset + sum_i w_i(a_i) + rest``, the additive part has a certainty
equivalent in closed form, whatever the size of the space: tilting by ``gamma * w`` only shifts the posterior's logits,

    m = offset + log E[exp <gamma w, a> | y] / gamma + correction

and the network learns the correction from both posteriors, the plain and the tilted one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dnag.nets.layers import ModulatedBlock, ScalarEmbedding
from dnag.shapes import Belief, BeliefFn

# Slow sinusoids: what is learned at one scale should carry over to the next.
_SCALE_LABEL, _SMALLEST_SCALE = 3.0, 0.02


@dataclass(frozen=True)
class PropertyPredictorConfig:
    """Sizes: N, F, and width Z of the context (0 for none); ``additive``: with an additive part in closed form."""

    num_nodes: int
    num_ops: int
    context: int = 0
    width: int = 256
    depth: int = 3
    condition: int = 64
    additive: bool = False


class PropertyPredictor(nn.Module):
    """``y (B,N,F), level (B,), context (B,Z) | None, scale (B,) >= 0 | None (zero) -> (B,)``.

    The output counts standard deviations of the property from its best known value, so it is negative, or nearly so;
    ``nets.property_model.Labels`` turns it into the property's unit. ``scale`` is in nats per that unit.

    Args:
        posterior: of the clean architecture given ``y``, the state in the scaled variable ``x / alpha``, at noise level
            ``sigma / alpha``.
    """

    weights: Tensor  # (Z,N,F) additive part, with offset (Z,), best (Z,) and spread (Z,) all in the property's unit
    offset: Tensor
    best: Tensor
    spread: Tensor

    def __init__(self, config: PropertyPredictorConfig, *, posterior: BeliefFn):
        super().__init__()
        self.config = config
        self.posterior = posterior
        read = config.num_nodes * config.num_ops * (2 if config.additive else 1)
        self.inputs = nn.Linear(read, config.width)
        self.embed_scale = ScalarEmbedding(config.condition)
        self.embed_context = nn.Linear(config.context, config.condition) if config.context else None
        self.blocks = nn.ModuleList(ModulatedBlock(config.width, config.condition) for _ in range(config.depth))
        self.head = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, 1))
        if config.additive:
            tables = max(1, config.context)
            self.register_buffer("weights", torch.zeros(tables, config.num_nodes, config.num_ops))
            for name in ("offset", "best", "spread"):
                self.register_buffer(name, torch.ones(tables))

    def forward(self, y: Tensor, level: Tensor, context: Tensor | None = None, scale: Tensor | None = None) -> Tensor:
        if (context is None) != (self.embed_context is None):
            state = "without" if context is None else "with"
            raise ValueError(f"called {state} a context; this predictor has context width {self.config.context}")
        scale = torch.zeros_like(level) if scale is None else scale
        condition = self.embed_scale(_SCALE_LABEL * (scale + _SMALLEST_SCALE).log())
        if self.embed_context is not None:
            condition = condition + self.embed_context(context)
        plain = self.posterior(y, level)
        if not self.config.additive:
            return -F.softplus(self._correction(2 * plain.probability, condition))
        table = torch.ones_like(level)[:, None] if context is None else context
        weights = torch.einsum("bz,znf->bnf", table, self.weights)
        offset, best, spread = (table @ part for part in (self.offset, self.best, self.spread))
        additive, tilted = additive_equivalent(plain, weights, scale)
        read = torch.cat([2 * plain.probability, 2 * tilted.probability], dim=-1)
        return (offset + additive - best) / spread + self._correction(read, condition)

    def _correction(self, read: Tensor, condition: Tensor) -> Tensor:
        condition = F.silu(condition)
        h = self.inputs(read.flatten(1))
        for block in self.blocks:
            h = block(h, condition)
        return self.head(h).squeeze(-1)


def additive_equivalent(plain: Belief, weights: Tensor, scale: Tensor) -> tuple[Tensor, Belief]:
    """Certainty equivalent (B,) of ``sum_i w_i(a_i)`` at ``scale`` (B,), its mean near 0; and the tilted posterior.

    Args:
        plain: posterior of the clean architecture.
        weights: (B,N,F) or (N,F).
    """
    tilted = plain.tilted(scale[:, None, None] * weights)
    mean = (weights * plain.probability).sum((1, 2))
    equivalent = tilted.log_evidence / scale.clamp_min(_SMALLEST_SCALE)
    return torch.where(scale < _SMALLEST_SCALE, mean, equivalent), tilted


class AdditivePropertyPredictor(nn.Module):
    """The additive part alone, for one dataset: what a :class:`PropertyPredictor` is before it has learned anything.

    Args:
        weights: (N,F), in the property's unit.
        shift: what is added to make it count from the best known value; ``spread``: what that is counted in.
    """

    weights: Tensor

    def __init__(self, weights: Tensor, shift: float, spread: float, *, posterior: BeliefFn):
        super().__init__()
        self.posterior = posterior
        self.shift, self.spread = shift, spread
        self.register_buffer("weights", weights)

    def forward(self, y: Tensor, level: Tensor, context: Tensor | None = None, scale: Tensor | None = None) -> Tensor:
        """As :meth:`PropertyPredictor.forward`; the context makes no difference."""
        scale = torch.zeros_like(level) if scale is None else scale
        value, _ = additive_equivalent(self.posterior(y, level), self.weights, scale)
        return (value + self.shift) / self.spread
