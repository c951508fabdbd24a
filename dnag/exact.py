r"""Closed-form denoisers: what a perfectly trained network would say.

The data are one-hot, so every centred architecture has the same length and the posterior of a choice ``c`` given
``x_t = alpha c + sigma z`` is a softmax. With ``y = x / alpha`` and noise level ``n = sigma / alpha``:

    log p(c | x_t) = log w_c + <y, c> / n^2 + const,        E[x_0 | x_t] = sum_c p(c | x_t) c

* **Unguided**: the training distribution is a product of independent factors (``SearchSpace.factors``), so the
  softmax is taken factor by factor, whatever the size of the space. Within a factor, choices with the same absent nodes
  are often a product again (a stage of given depth: any operation in any layer), and their sum a product of sums.
* **Guided**: with ``p_gamma(a) ~ p(a) exp(gamma * value(a))`` over an enumerable space, one softmax over all of it. Its
  score is the exact target of guidance: ``grad log p_t + grad log E[exp(gamma * value) | x_t]``, which the paper's
  first-order form replaces by ``grad log p_t + gamma grad E[value | x_t]``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dnag.sdes.base import SDE
from dnag.spaces.base import ABSENT, Factor, SearchSpace
from dnag.tensors import centre, expand


@dataclass(frozen=True)
class Mixture:
    """A factor as a mixture of products: given the component, its n nodes are independent.

    Attributes:
        log_mass: log probability of each component, (G,).
        log_marginals: of each operation of each node within it, (G, n, F + 1); the last stands for an absent node.
    """

    log_mass: Tensor
    log_marginals: Tensor

    @classmethod
    def of(cls, factor: Factor, num_ops: int, device: torch.device | str = "cpu") -> Mixture | None:
        """One component for each set of absent nodes; None if the choices of some component are no product."""
        absent = factor.choices == ABSENT
        patterns, component = absent.unique(dim=0, return_inverse=True)
        onehot = torch.nn.functional.one_hot(torch.where(absent, num_ops, factor.choices), num_ops + 1).double()
        weights = factor.log_weights.double().exp()
        mass = weights.new_zeros(len(patterns)).index_add_(0, component, weights)
        joint = onehot.new_zeros(len(patterns), *onehot.shape[1:])
        marginals = joint.index_add_(0, component, weights[:, None, None] * onehot) / mass[:, None, None]
        product = mass[component] * (marginals[component] * onehot).sum(-1).prod(-1)
        if not torch.allclose(product, weights, rtol=1e-4, atol=0):
            return None
        return cls(mass.log().float().to(device), marginals.log().float().to(device))

    def denoised(self, y: Tensor, level: Tensor) -> Tensor:
        """``E[x_0 | y]`` for the factor's nodes, y (B,n,F) -> (B,n,F) centred."""
        logits = 2 * y * level[:, None, None] ** -2  # of an operation against absence
        logits = torch.cat([logits, torch.zeros_like(logits[..., :1])], dim=-1)[:, None]  # (B,1,n,F+1)
        joint = logits + self.log_marginals  # (B,G,n,F+1)
        evidence = joint.logsumexp(-1, keepdim=True)
        component = (self.log_mass + evidence.sum((-2, -1))).softmax(-1)  # (B,G)
        probability = ((joint - evidence).exp() * component[..., None, None]).sum(1)  # (B,n,F+1)
        return centre(probability[..., :-1])


class ExactDenoiser:
    """The denoised estimate under the training distribution of a space, differentiable."""

    def __init__(self, space: SearchSpace, device: torch.device | str = "cpu"):
        self._factors = [
            (list(factor.nodes), centre(space.encode_ops(factor.choices)).to(device), factor.log_weights.to(device))
            for factor in space.factors
        ]
        self._mixtures = [Mixture.of(factor, space.num_ops, device) for factor in space.factors]

    def posterior(self, y: Tensor, level: Tensor) -> list[Tensor]:
        """Per factor, the probability (B, C) of each choice given ``y = x0 + level * z``, (B,N,F) and (B,)."""
        return [self._choice_posterior(index, y, level) for index in range(len(self._factors))]

    def _choice_posterior(self, index: int, y: Tensor, level: Tensor) -> Tensor:
        nodes, centres, log_weights = self._factors[index]
        return (log_weights + level[:, None] ** -2 * (y[:, nodes].flatten(1) @ centres.flatten(1).T)).softmax(1)

    def denoised(self, y: Tensor, level: Tensor) -> Tensor:
        """``E[x_0 | y]``, (B,N,F) centred."""
        estimate = torch.zeros_like(y)
        for index, (nodes, centres, _) in enumerate(self._factors):
            mixture = self._mixtures[index]
            if mixture is not None:
                estimate[:, nodes] = mixture.denoised(y[:, nodes], level)
            else:
                probability = self._choice_posterior(index, y, level)
                estimate[:, nodes] = (probability @ centres.flatten(1)).view(-1, *centres.shape[1:])
        return estimate


class ExactScore(ExactDenoiser):
    """The score of the training distribution; a ``ScoreFn``."""

    def __init__(self, space: SearchSpace, sde: SDE, device: torch.device | str = "cpu"):
        super().__init__(space, device)
        self.space = space
        self.sde = sde

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
