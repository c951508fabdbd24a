r"""Euler-Maruyama on the reverse SDE (Song et al., 2021, appendix E; the paper's predictor). Weak order 1.

mean = x - (f x - g^2 score) dt,    x_s = mean + g sqrt(dt) z,    dt = t - s
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from dnag.samplers.base import Sampler, samplers
from dnag.sdes.base import SDE
from dnag.shapes import ScoreFn
from dnag.tensors import Noise, expand


def euler_maruyama_step(
    sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor, s: Tensor, noise: Noise
) -> tuple[Tensor, Tensor]:
    """From ``t`` to ``s``: the new state (B,N,F) and its mean."""
    dt = expand(t - s, x)
    _, g = sde.coefficients(t)
    mean = x - sde.reverse_drift(x, t, score_fn(x, t), ode=False) * dt
    return mean + expand(g, x) * dt.sqrt() * noise(), mean


@samplers.register("euler_maruyama")
@dataclass(frozen=True)
class EulerMaruyama(Sampler):
    """The plain first-order method for stochastic equations."""

    label = "Euler-Maruyama"

    def step(
        self, sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor, s: Tensor, noise: Noise, memory: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        return euler_maruyama_step(sde, score_fn, x, t, s, noise)
