r"""Predictor-corrector sampling (Song et al., 2021, algorithms 1, 4 and 5), the paper's sampler.

At each noise level a Langevin corrector moves ``x`` towards the marginal at ``t`` before a solver steps on:

    eps = 2 a^2 (snr |z| / |score|)^2,    x <- x + eps score + sqrt(2 eps) z        (corrector)

with ``a`` the scale of the forward kernel over the step (1 for VE, ``sqrt(1 - beta)`` for VP). The norms are taken per
sample; the official code averages them over the batch, so that there one sample depends on the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from dnag.samplers.base import Sampler, samplers
from dnag.samplers.euler_maruyama import euler_maruyama_step
from dnag.sdes.base import SDE
from dnag.shapes import ScoreFn
from dnag.tensors import Noise, expand


@samplers.register("predictor_corrector")
@dataclass(frozen=True)
class PredictorCorrector(Sampler):
    """Langevin corrector, then Euler-Maruyama as the solver. ``snr`` 0.16 is the paper's."""

    snr: float = 0.16
    corrector_steps: int = 1

    label = "Predictor-corrector"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.snr > 0:
            raise ValueError(f"snr is {self.snr!r}; allowed: greater than 0")
        if self.corrector_steps < 0:
            raise ValueError(f"corrector_steps is {self.corrector_steps!r}; allowed: 0 or more")

    def evaluations(self, num_steps: int) -> int:
        return num_steps * (1 + self.corrector_steps)

    def correct(self, sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor, s: Tensor, noise: Noise) -> Tensor:
        """One Langevin step at ``t``, (B,N,F) -> (B,N,F)."""
        z = noise()
        score = score_fn(x, t)
        a, _ = sde.transition(s, t)
        ratio = z.flatten(1).norm(dim=1) / score.flatten(1).norm(dim=1).clamp_min(1e-12)
        size = expand(2 * a**2 * (self.snr * ratio) ** 2, x)
        return x + size * score + (2 * size).sqrt() * z

    def step(
        self, sde: SDE, score_fn: ScoreFn, x: Tensor, t: Tensor, s: Tensor, noise: Noise, memory: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        for _ in range(self.corrector_steps):
            x = self.correct(sde, score_fn, x, t, s, noise)
        return euler_maruyama_step(sde, score_fn, x, t, s, noise)
