r"""Variance-preserving SDE (Song et al., 2021, eq. 32), the continuous form of DDPM.

beta(t) = beta_min + t (beta_max - beta_min),    f = -beta / 2,    g^2 = beta
alpha(t) = exp(-t^2 (beta_max - beta_min) / 4 - t beta_min / 2),    sigma^2 = 1 - alpha^2
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dnag.sdes.base import SDE, check_times, sdes


@dataclass(frozen=True)
class LinearBeta:
    """The schedule that VP and sub-VP share: ``beta`` rises linearly from ``beta_min`` to ``beta_max``."""

    beta_min: float = 0.1
    beta_max: float = 20.0
    t_min: float = 1e-3
    t_max: float = 1.0

    def __post_init__(self) -> None:
        check_times(self)  # type: ignore[arg-type]
        if not 0 < self.beta_min < self.beta_max:
            raise ValueError(
                f"beta_min, beta_max are {self.beta_min!r}, {self.beta_max!r}; allowed: 0 < beta_min < beta_max"
            )

    def beta(self, t: Tensor) -> Tensor:
        return self.beta_min + t * (self.beta_max - self.beta_min)

    def log_alpha(self, t: Tensor) -> Tensor:
        return -(t**2) * (self.beta_max - self.beta_min) / 4 - t * self.beta_min / 2

    def time_label(self, t: Tensor) -> Tensor:
        return 999 * t


@sdes.register("vp")
@dataclass(frozen=True)
class VP(LinearBeta, SDE):
    """Data shrink as noise grows, so that unit variance stays unit variance."""

    def marginal(self, t: Tensor) -> tuple[Tensor, Tensor]:
        log_alpha = self.log_alpha(t)
        return log_alpha.exp(), (-torch.expm1(2 * log_alpha)).sqrt()

    def coefficients(self, t: Tensor) -> tuple[Tensor, Tensor]:
        beta = self.beta(t)
        return -beta / 2, beta.sqrt()
