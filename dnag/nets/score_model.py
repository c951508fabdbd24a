r"""From a network's raw output to a score, and what a network is told about the noise.

Three parametrisations of the same thing, ``s = grad log p_t``:

    score      s = output                                    (the paper's, for VE)
    noise      s = -output / sigma                           (the paper's, for VP)
    denoised   D = output,  s = (alpha D - x) / sigma^2      (ours)

``denoised`` is the natural one for one-hot data: entry k of ``(D + 1) / 2`` is the probability of operation k. The
network then sees the state scaled to unit second moment, ``x / sqrt(alpha^2 + sigma^2)`` (Karras et al., 2022), and the
log noise level ``ln(sigma / alpha)``. Neither says which SDE made the noise, so one network serves every linear SDE.
"""

from __future__ import annotations

import math
from typing import Literal

from torch import Tensor, nn

from dnag.sdes.base import SDE
from dnag.tensors import expand

Prediction = Literal["denoised", "score", "noise"]
LOW, HIGH = 0.03, 30.0
"""Noise levels between which denoising is learned: below, thresholding does it; above, nothing of the data is left."""
_LABEL_SCALE = 25.0


def condition(sde: SDE, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The scaled state (B,*) and the noise label (B,) of an SDE-independent network."""
    alpha, sigma = sde.marginal(t)
    label = _LABEL_SCALE * (sigma / alpha).clamp(LOW, HIGH).log()
    return x / expand((alpha**2 + sigma**2).sqrt(), x), label


def condition_level(x: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
    """The same for ``x = x0 + level * noise``, (B,*) and (B,); used in training, where no SDE is needed."""
    return x / expand((1 + level**2).sqrt(), x), _LABEL_SCALE * level.clamp(LOW, HIGH).log()


def log_uniform_levels(uniform: Tensor) -> Tensor:
    """Noise levels, log-uniform in [LOW, HIGH], from uniform numbers in [0, 1]."""
    return (math.log(LOW) + (math.log(HIGH) - math.log(LOW)) * uniform).exp()


class ScoreModel(nn.Module):
    """A network as a score function of one SDE: ``x (B,N,F), t (B,) -> (B,N,F)``."""

    def __init__(self, network: nn.Module, sde: SDE, prediction: Prediction = "denoised"):
        super().__init__()
        if prediction not in ("denoised", "score", "noise"):
            raise ValueError(f"prediction is {prediction!r}; allowed: denoised, score, noise")
        self.network = network
        self.sde = sde
        self.prediction = prediction

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        if self.prediction == "denoised":
            return self.sde.score(x, t, self.network(*condition(self.sde, x, t)))
        output = self.network(x, self.sde.time_label(t))
        if self.prediction == "score":
            return output
        return -output / expand(self.sde.marginal(t)[1], x)
