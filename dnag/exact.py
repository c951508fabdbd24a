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

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from dnag.sdes.base import SDE
from dnag.spaces.base import ABSENT, Factor, SearchSpace
from dnag.tensors import centre, expand


@dataclass(frozen=True)
class Mixture:
    """Factors with the same choices, as a mixture of products: given the component, nodes are independent.

    Attributes:
        nodes: the nodes of each of the S factors, (S, n).
        log_mass: log probability of each component, (G,).
        log_marginals: of each operation of each node within it, (G, n, F + 1); the last stands for an absent node.
    """

    nodes: Tensor
    log_mass: Tensor
    log_marginals: Tensor

    @classmethod
    def of(cls, factors: Sequence[Factor], num_ops: int, device: torch.device | str = "cpu") -> Mixture:
        """One component for each set of absent nodes, or for each choice where those of some set are no product."""
        choices, log_weights = factors[0].choices, factors[0].log_weights
        absent = choices == ABSENT
        patterns, component = absent.unique(dim=0, return_inverse=True)
        onehot = F.one_hot(torch.where(absent, num_ops, choices), num_ops + 1).double()
        weights = log_weights.double().exp()
        mass = weights.new_zeros(len(patterns)).index_add_(0, component, weights)
        joint = onehot.new_zeros(len(patterns), *onehot.shape[1:])
        marginals = joint.index_add_(0, component, weights[:, None, None] * onehot) / mass[:, None, None]
        product = mass[component] * (marginals[component] * onehot).sum(-1).prod(-1)
        if not torch.allclose(product, weights, rtol=1e-4, atol=0):
            mass, marginals = weights, onehot
        nodes = torch.tensor([factor.nodes for factor in factors])
        return cls(*(part.to(device) for part in (nodes, mass.log().float(), marginals.log().float())))

    @classmethod
    def all_of(cls, space: SearchSpace, device: torch.device | str = "cpu") -> list[Mixture]:
        """The factors of a space, those with the same choices together."""
        alike: list[list[Factor]] = []
        for factor in space.factors:
            for group in alike:
                first = group[0]
                if torch.equal(factor.choices, first.choices) and torch.equal(factor.log_weights, first.log_weights):
                    group.append(factor)
                    break
            else:
                alike.append([factor])
        return [cls.of(group, space.num_ops, device) for group in alike]


@dataclass(frozen=True)
class Posterior:
    r"""What noisy architectures say about the clean ones, ``p(a | y)``, in closed form; differentiable in ``y``.

    Attributes:
        probability: of every operation of every node, (B,N,F).
        log_evidence: log of the normaliser with respect to what the posterior was made from, (B,); for one made by
            :meth:`tilted` it is ``log E[exp <tilt, a> | y]``.
    """

    probability: Tensor
    log_evidence: Tensor
    _parts: list[tuple[Tensor, Tensor, Tensor]]  # nodes (S,n); logs of component (B,S,G) and marginals (B,S,G,n,F+1)

    @classmethod
    def of(cls, parts: Sequence[tuple[Tensor, Tensor, Tensor]], logits: Tensor) -> Posterior:
        """Mixtures (log masses and marginals broadcast against a batch), times ``exp <logits, a>``; logits (B,N,F)."""
        padded = F.pad(logits, (0, 1))  # an absent node: 0
        evidence = logits.new_zeros(len(logits))
        probability = torch.zeros_like(logits)
        found = []
        for nodes, log_mass, log_marginals in parts:
            joint = padded[:, nodes][:, :, None] + log_marginals  # (B,S,G,n,F+1)
            node = joint.logsumexp(-1, keepdim=True)
            weight = log_mass + node.sum((-2, -1))
            total = weight.logsumexp(-1, keepdim=True)
            evidence = evidence + total.sum((-2, -1))
            component, marginals = weight - total, joint - node
            shown = (marginals[..., :-1].exp() * component.exp()[..., None, None]).sum(2)  # (B,S,n,F)
            probability = probability.index_copy(1, nodes.flatten(), shown.flatten(1, 2))
            found.append((nodes, component, marginals))
        return cls(probability, evidence, found)

    def tilted(self, tilt: Tensor) -> Posterior:
        """``p(a | y) exp <tilt, a>``, normalised; tilt (N,F) or (B,N,F) in nats."""
        return Posterior.of(self._parts, tilt.expand_as(self.probability))

    def moments(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance (B,) of an additive property, ``sum_i weights[i, a_i]``; weights (N,F)."""
        mean, variance = torch.zeros_like(self.log_evidence), torch.zeros_like(self.log_evidence)
        for nodes, log_component, log_marginals in self._parts:
            worth = weights[nodes][:, None]  # (S,1,n,F)
            component, marginals = log_component.exp(), log_marginals[..., :-1].exp()
            first, second = (marginals * worth).sum(-1), (marginals * worth.square()).sum(-1)  # (B,S,G,n)
            within, spread = first.sum(-1), (second - first.square()).sum(-1)
            means = (component * within).sum(-1)
            mean = mean + means.sum(-1)
            variance = variance + (component * (spread + (within - means[..., None]).square())).sum((-2, -1))
        return mean, variance

    def sample(self, draws: int, generator: Generator) -> Tensor:
        """Operation indices of ``draws`` architectures for each noisy one, (B, draws, N) int64, on the CPU."""
        batch, total, _ = self.probability.shape
        ops = torch.empty(batch, draws, total, dtype=torch.long)
        for nodes, log_component, log_marginals in self._parts:
            component, marginals = log_component.detach().exp().cpu(), log_marginals.detach().exp().cpu()
            _, factors, groups, width, count = marginals.shape
            which = torch.multinomial(component.flatten(0, 1), draws, replacement=True, generator=generator)
            drawn = torch.multinomial(marginals.reshape(-1, count), draws, replacement=True, generator=generator)
            drawn = drawn.view(-1, groups, width, draws).permute(0, 3, 1, 2)  # (B*S, draws, G, n)
            chosen = drawn.gather(2, which[..., None, None].expand(-1, -1, 1, width)).squeeze(2)
            chosen = torch.where(chosen == count - 1, ABSENT, chosen).view(batch, factors, draws, width)
            ops[:, :, nodes.cpu().flatten()] = chosen.transpose(1, 2).flatten(2)
        return ops


class ExactDenoiser:
    """The denoised estimate under the training distribution of a space, differentiable."""

    def __init__(self, space: SearchSpace, device: torch.device | str = "cpu"):
        self._parts = [(part.nodes, part.log_mass, part.log_marginals) for part in Mixture.all_of(space, device)]

    def posterior(self, y: Tensor, level: Tensor) -> Posterior:
        """Of the architectures behind ``y = x0 + level * z``; y (B,N,F), level (B,)."""
        return Posterior.of(self._parts, 2 * y * level[:, None, None] ** -2)

    def denoised(self, y: Tensor, level: Tensor) -> Tensor:
        """``E[x_0 | y]``, (B,N,F) centred."""
        return centre(self.posterior(y, level).probability)


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
        log_tilt: (A,) by how many nats each architecture is more likely, in the order of ``space.all_ops``: gamma times
            its value, and minus infinity where it is not allowed.
    """

    def __init__(self, enumeration: Enumeration, sde: SDE, log_tilt: Tensor):
        self.enumeration = enumeration
        self.sde = sde
        self.log_tilt = (log_tilt - log_tilt.max()).to(enumeration.centres)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = self.sde.marginal(t)
        return self.sde.score(x, t, self.enumeration.denoised(x / expand(alpha, x), sigma / alpha, self.log_tilt))
