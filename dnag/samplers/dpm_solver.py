r"""DPM-Solver++(2M) on the probability-flow ODE (Lu et al., 2022, https://arxiv.org/abs/2211.01095, algorithm 2).

With ``lambda = -log(sigma / alpha)`` the flow integrates exactly for a denoised estimate D held constant; the multistep
method extrapolates D linearly in lambda from the last two evaluations, so it is of order 2 at one evaluation a step:

    h = lambda_s - lambda_t,    r = h_previous / h
    D' = (1 + 1 / (2 r)) D - D_previous / (2 r)
    x_s = (sigma_s / sigma_t) x - alpha_s (exp(-h) - 1) D'

The first step, and the last (towards the smallest noise), are of order 1, as the authors advise for few steps.
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


@samplers.register("dpm_solver")
@dataclass(frozen=True)
class DPMSolver(Sampler):
    """Second order, multistep: half the evaluations of Heun."""

    label = "DPM-Solver++ (2M)"

    def step(
        self, sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor, s: Tensor, noise: Noise, memory: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        alpha_s, sigma_s = sde.marginal(s)
        _, sigma_t = sde.marginal(t)
        h = sde.noise_level(t).log() - sde.noise_level(s).log()
        denoised = estimate = sde.denoised(x, t, score_fn(x, t))
        last = not torch.any(s > sde.t_min * (1 + 1e-6) + 1e-12)
        if "denoised" in memory and not last:
            weight = expand(h / memory["h"] / 2, x)  # 1 / (2 r)
            estimate = (1 + weight) * denoised - weight * memory["denoised"]
        memory["denoised"], memory["h"] = denoised, h
        x_s = expand(sigma_s / sigma_t, x) * x - expand(alpha_s * torch.expm1(-h), x) * estimate
        return x_s, x_s
