r"""Linear stochastic differential equations that turn data into noise.

Forward in time, with scalar drift ``f`` and diffusion ``g`` (Song et al., 2021, https://arxiv.org/abs/2011.13456):

    dx = f(t) x dt + g(t) dw,            x_t | x_0 ~ N(alpha(t) x_0, sigma(t)^2 I)

    f = alpha' / alpha,    g^2 = (sigma^2)' - 2 f sigma^2

Backward in time, with the score ``s(x, t) = grad log p_t(x)``:

    SDE:  dx = (f x - g^2 s) dt + g dw          ODE (probability flow):  dx = (f x - g^2 s / 2) dt

A noise process is two functions of time. Everything else follows from ``marginal`` and ``coefficients``: perturbation,
reverse drift, prior, Tweedie's estimate, and the noise level ``sigma / alpha`` that decides what a denoiser sees. In
the scaled variable ``x / alpha`` all linear SDEs are the same process run at different speeds, which is why one trained
denoiser serves all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Generator, Tensor

from dnag.registry import Registry
from dnag.tensors import expand

sdes: Registry[SDE] = Registry("SDE", "dnag.sdes")


class SDE(ABC):
    """A linear SDE on ``[t_min, t_max]``. Members are frozen dataclasses with ``t_min`` and ``t_max`` among the
    fields.
    """

    name: ClassVar[str]
    t_min: float
    t_max: float

    @abstractmethod
    def marginal(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """``t (B,) -> alpha (B,), sigma (B,)``."""

    @abstractmethod
    def coefficients(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """``t (B,) -> f (B,), g (B,)``."""

    @abstractmethod
    def time_label(self, t: Tensor) -> Tensor:
        """(B,) what a network of the paper's form, trained for this SDE alone, is told about ``t``."""

    def noise_level(self, t: Tensor) -> Tensor:
        """(B,) ``sigma / alpha``: the noise on one unit of data, increasing in ``t``."""
        alpha, sigma = self.marginal(t)
        return sigma / alpha

    def time_of(self, noise_level: Tensor) -> Tensor:
        """(B,) the time at which ``sigma / alpha`` equals ``noise_level``, by bisection; clamped to the SDE's range."""
        low = torch.full_like(noise_level, self.t_min, dtype=torch.float64)
        high = torch.full_like(low, self.t_max)
        for _ in range(60):
            middle = (low + high) / 2
            below = self.noise_level(middle) < noise_level
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return ((low + high) / 2).to(noise_level.dtype)

    def perturb(self, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """Draw ``x_t`` given ``x_0``: ``x0 (B,*), t (B,), noise (B,*) -> (B,*)``."""
        alpha, sigma = self.marginal(t)
        return expand(alpha, x0) * x0 + expand(sigma, x0) * noise

    def denoised(self, x: Tensor, t: Tensor, score: Tensor) -> Tensor:
        """Tweedie's estimate ``E[x_0 | x_t] = (x + sigma^2 score) / alpha``, (B,*)."""
        alpha, sigma = self.marginal(t)
        return (x + expand(sigma, x) ** 2 * score) / expand(alpha, x)

    def score(self, x: Tensor, t: Tensor, denoised: Tensor) -> Tensor:
        """The score that belongs to a denoised estimate, the inverse of :meth:`denoised`, (B,*)."""
        alpha, sigma = self.marginal(t)
        return (expand(alpha, x) * denoised - x) / expand(sigma, x) ** 2

    def reverse_drift(self, x: Tensor, t: Tensor, score: Tensor, *, ode: bool) -> Tensor:
        """Drift of the reverse SDE, or of the probability-flow ODE, (B,*)."""
        f, g = self.coefficients(t)
        return expand(f, x) * x - (0.5 if ode else 1.0) * expand(g, x) ** 2 * score

    def transition(self, s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Forward kernel from time s to a later t: ``x_t = a x_s + b z``; returns a (B,), b (B,)."""
        alpha_s, sigma_s = self.marginal(s)
        alpha_t, sigma_t = self.marginal(t)
        a = alpha_t / alpha_s
        return a, (sigma_t**2 - (a * sigma_s) ** 2).clamp_min(0).sqrt()

    def prior(self, shape: Sequence[int], *, generator: Generator, device: torch.device | str | None = None) -> Tensor:
        """Draw from ``N(0, sigma(t_max)^2 I)``, the distribution that sampling starts from."""
        _, sigma = self.marginal(torch.tensor([self.t_max]))
        return sigma.item() * torch.randn(*shape, generator=generator).to(device)


def check_times(sde: SDE) -> None:
    """``ValueError`` unless ``0 <= t_min < t_max``; members call it when they are made."""
    if not 0 <= sde.t_min < sde.t_max:
        raise ValueError(f"t_min, t_max are {sde.t_min!r}, {sde.t_max!r}; allowed: 0 <= t_min < t_max")
