r"""Heun's method on the probability-flow ODE (Karras et al., 2022, algorithm 1). Order 2, deterministic given the
start.

In the scaled variable ``y = x / alpha`` with noise level ``n = sigma / alpha`` the flow of every linear SDE is

    dy / dn = (y - D(y, n)) / n,        D the denoised estimate

and one step from n to m averages the slopes at both ends. The last step is Euler's, as there: 2 n - 1 evaluations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from dnag.samplers.base import Sampler, samplers
from dnag.sdes.base import SDE
from dnag.shapes import ScoreFn
from dnag.tensors import Noise, expand


def slope(sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor) -> Tensor:
    """``dy / dn = -sigma score`` at ``x = alpha y``, (B,*)."""
    _, sigma = sde.marginal(t)
    return -expand(sigma, x) * score_fn(x, t)


@samplers.register("heun")
@dataclass(frozen=True)
class Heun(Sampler):
    """Second order in the noise level; good on few steps."""

    label = "Heun (ODE)"

    def evaluations(self, num_steps: int) -> int:
        return 2 * num_steps - 1

    def step(
        self, sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor, s: Tensor, noise: Noise, memory: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        alpha_t, alpha_s = expand(sde.marginal(t)[0], x), expand(sde.marginal(s)[0], x)
        width = expand(sde.noise_level(s) - sde.noise_level(t), x)
        first = slope(sde, score_fn, x, t)
        x_s = alpha_s * (x / alpha_t + width * first)
        if torch.any(s > sde.t_min * (1 + 1e-6) + 1e-12):
            x_s = alpha_s * (x / alpha_t + width * (first + slope(sde, score_fn, x_s, s)) / 2)
        return x_s, x_s
