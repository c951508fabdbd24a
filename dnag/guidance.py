r"""Steering a score by the gradient of a property.

To draw from ``p_gamma(a) ~ p(a) exp(gamma * value(a))`` the score of the noisy marginal must become

    grad log p_t(x) + grad log E[exp(gamma * value(x_0)) | x_t = x]                (exact)

and with the *certainty equivalent* ``m_gamma(x, t) = log E[exp(gamma * value) | x_t] / gamma`` the second term is
exactly ``gamma * grad m_gamma``. A predictor that takes gamma as an input can learn it; at gamma = 0 it is the mean.

* ``first_order``, the paper's: ``gamma * grad m_0``, the gradient of the predicted mean. Right for small gamma, biased
  beyond.
* ``calibrated``: ``gamma * grad m_gamma``, the predictor asked about the scale it is used at.

gamma is in nats per unit of the property: for accuracy in percentage points, 1 makes an architecture that is one point
better e times as likely. The official code's number is ``100 * std * gamma``, since its labels are standardised
and divided by 100.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from dnag.shapes import PropertyFn, ScoreFn


class GuidedScore:
    """``score + scale * grad_x property``; a ``ScoreFn``.

    Args:
        score_fn: the unguided score.
        property_fn: what to steer towards, larger is better.
        scale: a number, or a function of time ``t (B,) -> (B,)``.
    """

    def __init__(self, score_fn: ScoreFn, property_fn: PropertyFn, scale: float | Callable[[Tensor], Tensor] = 1.0):
        self.score_fn = score_fn
        self.property_fn = property_fn
        self.scale = scale

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        scale = self.scale(t).view(-1, *[1] * (x.ndim - 1)) if callable(self.scale) else self.scale
        return self.score_fn(x, t) + scale * gradient(self.property_fn, x, t)


def gradient(property_fn: PropertyFn, x: Tensor, t: Tensor) -> Tensor:
    """Gradient of each sample's property with respect to its own ``x``, (B,N,F)."""
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        return torch.autograd.grad(property_fn(x, t).sum(), x)[0]
