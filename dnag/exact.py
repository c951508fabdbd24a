r"""Closed-form denoisers: what a perfectly trained network would say.

The data are one-hot, so every centred architecture has the same length and the posterior of a choice ``c`` given
``x_t = alpha c + sigma z`` is a softmax. With ``y = x / alpha`` and noise level ``n = sigma / alpha``:

    log p(c | x_t) = log w_c + <y, c> / n^2 + const,        E[x_0 | x_t] = sum_c p(c | x_t) c

* **Unguided**: the training distribution is a product of independent factors (``SearchSpace.factors``), so the
  softmax is taken factor by factor, whatever the size of the space.
* **Guided**: with ``p_gamma(a) ~ p(a) exp(gamma * value(a))`` over an enumerable space, one softmax over all of it. Its
  score is the exact target of guidance: ``grad log p_t + grad log E[exp(gamma * value) | x_t]``, which the paper's
  first-order form replaces by ``grad log p_t + gamma grad E[value | x_t]``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dnag.sdes.base import SDE
from dnag.spaces.base import SearchSpace
from dnag.tensors import centre, expand


class ExactScore:
    """The score of the training distribution; a ``ScoreFn``."""

    def __init__(self, space: SearchSpace, sde: SDE, device: torch.device | str = "cpu"):
        self.space = space
        self.sde = sde
        self._factors = [
            (list(factor.nodes), centre(space.encode_ops(factor.choices)).to(device), factor.log_weights.to(device))
            for factor in space.factors
        ]

    def posterior(self, y: Tensor, level: Tensor) -> list[Tensor]:
        """Per factor, the probability (B, C) of each choice given ``y = x0 + level * z``, (B,N,F) and (B,)."""
        precision = level[:, None] ** -2
        return [
            (log_weights + precision * (y[:, nodes].flatten(1) @ centres.flatten(1).T)).softmax(1)
            for nodes, centres, log_weights in self._factors
        ]

    def denoised(self, y: Tensor, level: Tensor) -> Tensor:
        """``E[x_0 | y]``, (B,N,F) centred."""
        estimate = torch.empty_like(y)
        for (nodes, centres, _), probability in zip(self._factors, self.posterior(y, level), strict=True):
            estimate[:, nodes] = (probability @ centres.flatten(1)).view(-1, *centres.shape[1:])
        return estimate

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = self.sde.marginal(t)
        return self.sde.score(x, t, self.denoised(x / expand(alpha, x), sigma / alpha))


class Enumeration:
    """Every architecture of an enumerable space, ready for exact posteriors.

    Args:
        space: the space; ``ValueError`` if it is too large to list.
    """

    def __init__(self, space: SearchSpace, device: torch.device | str = "cpu"):
        self.space = space
        self.centres = centre(space.encode_ops(space.all_ops)).to(device)  # (A,N,F)
        self.log_weights = space.all_log_weights.to(device)  # (A,)

    def log_likelihood(self, y: Tensor, level: Tensor) -> Tensor:
        """``<y, c> / level^2`` for every architecture c, (B, A): log likelihood up to a constant of y."""
        return (y.flatten(1) / level[:, None] ** 2) @ self.centres.flatten(1).T

    def denoised(self, y: Tensor, level: Tensor, log_tilt: Tensor) -> Tensor:
        """``E[x_0 | y]`` under ``p(a) exp(log_tilt(a))``; y (B,N,F), level (B,), log_tilt (A,)."""
        posterior = self.log_likelihood(y, level).add_(self.log_weights + log_tilt).softmax(1)
        return (posterior @ self.centres.flatten(1)).view_as(y)

    def certainty_equivalent(self, y: Tensor, level: Tensor, values: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        r"""``m = log E[exp(scale * value) | y] / scale`` (B,), the mean at scale 0, and ``level^2 grad_y m`` (B,N,F).

        The second is ``(D_tilted - D) / scale``, and at scale 0 its limit, the covariance of value and architecture.
        """
        centres = self.centres.flatten(1)
        joint = self.log_likelihood(y, level).add_(self.log_weights)
        normaliser = joint.logsumexp(1, keepdim=True)
        posterior = (joint - normaliser).exp()
        denoised = posterior @ centres
        if scale == 0:
            mean = posterior @ values
            return mean, ((posterior * values) @ centres - mean[:, None] * denoised).view_as(y)
        best = values.max()
        joint.add_(scale * (values - best))
        tilted = joint.logsumexp(1, keepdim=True)
        slope = ((joint - tilted).exp_() @ centres - denoised) / scale
        return best + (tilted - normaliser).squeeze(1) / scale, slope.view_as(y)

    def tilted(self, values: Tensor, scale: float) -> Tensor:
        """``p_gamma(a)``, (A,): the exact distribution at guidance scale ``scale``."""
        return (self.log_weights + scale * values).softmax(0)


class ExactGuidedScore:
    """The score of the tilted distribution ``p_gamma``; a ``ScoreFn``.

    Args:
        enumeration: the space.
        sde: the noise process.
        values: (A,) value of every architecture, in the order of ``space.all_ops``.
        scale: gamma, per unit of value.
    """

    def __init__(self, enumeration: Enumeration, sde: SDE, values: Tensor, scale: float):
        self.enumeration = enumeration
        self.sde = sde
        self.log_tilt = scale * (values - values.max()).to(enumeration.centres)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = self.sde.marginal(t)
        return self.sde.score(x, t, self.enumeration.denoised(x / expand(alpha, x), sigma / alpha, self.log_tilt))
