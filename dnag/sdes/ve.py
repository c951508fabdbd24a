r"""Variance-exploding SDE (Song et al., 2021, eq. 30), the one the paper uses.

alpha = 1,    sigma(t) = sigma_min (sigma_max / sigma_min)^t,    g = sigma sqrt(2 ln(sigma_max / sigma_min))
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dnag.sdes.base import SDE, check_times, sdes


@sdes.register("ve")
@dataclass(frozen=True)
class VE(SDE):
    """Noise of growing variance on unscaled data. The defaults are the paper's for NAS-Bench-201."""

    sigma_min: float = 0.1
    sigma_max: float = 5.0
    t_min: float = 1e-5
    t_max: float = 1.0

    def __post_init__(self) -> None:
        check_times(self)
        if not 0 < self.sigma_min < self.sigma_max:
            raise ValueError(
                f"sigma_min, sigma_max are {self.sigma_min!r}, {self.sigma_max!r}; allowed: 0 < sigma_min < sigma_max"
            )

    def marginal(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return torch.ones_like(t), self.sigma_min * (self.sigma_max / self.sigma_min) ** t

    def coefficients(self, t: Tensor) -> tuple[Tensor, Tensor]:
        _, sigma = self.marginal(t)
        return torch.zeros_like(t), sigma * math.sqrt(2 * math.log(self.sigma_max / self.sigma_min))

    def time_label(self, t: Tensor) -> Tensor:
        return self.marginal(t)[1]
