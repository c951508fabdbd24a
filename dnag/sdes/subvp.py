r"""Sub-variance-preserving SDE (Song et al., 2021, eq. 34): VP's mean with a smaller variance.

alpha as in VP,    sigma = 1 - alpha^2,    f = -beta / 2,    g^2 = beta (1 - alpha^4)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dnag.sdes.base import SDE, sdes
from dnag.sdes.vp import LinearBeta


@sdes.register("subvp")
@dataclass(frozen=True)
class SubVP(LinearBeta, SDE):
    """At every time its variance is at most VP's, and the two share their mean."""

    def marginal(self, t: Tensor) -> tuple[Tensor, Tensor]:
        log_alpha = self.log_alpha(t)
        return log_alpha.exp(), -torch.expm1(2 * log_alpha)

    def coefficients(self, t: Tensor) -> tuple[Tensor, Tensor]:
        beta = self.beta(t)
        return -beta / 2, (beta * -torch.expm1(4 * self.log_alpha(t))).sqrt()
