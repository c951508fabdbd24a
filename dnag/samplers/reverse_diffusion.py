r"""Reverse diffusion (Song et al., 2021, eq. 46): the reverse of the discrete forward chain. Weak order 1.

With the exact forward kernel ``x_t = a x_s + b z``:

    mean = (2 - a) x + b^2 score,    x_s = mean + b z

For VE this is ``x + (sigma_t^2 - sigma_s^2) score``, for VP ``(2 - sqrt(1 - beta)) x + beta score``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from dnag.samplers.base import Sampler, samplers
from dnag.sdes.base import SDE
from dnag.shapes import ScoreFn
from dnag.tensors import Noise, expand


@samplers.register("reverse_diffusion")
@dataclass(frozen=True)
class ReverseDiffusion(Sampler):
    """As Euler-Maruyama, but with the forward noise between two grid points taken exactly."""

    label = "Reverse diffusion"

    def step(
        self, sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor, s: Tensor, noise: Noise, memory: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        a, b = (expand(value, x) for value in sde.transition(s, t))
        mean = (2 - a) * x + b**2 * score_fn(x, t)
        return mean + b * noise(), mean
