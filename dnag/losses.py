r"""Training losses, one number per sample.

score matching   |D(x0 + n z, n) - x0|^2,  n log-uniform                    (denoised form)
                 |sigma s(alpha x0 + sigma z, t) + z|^2,  t uniform         (score and noise forms, the paper's)
guidance         certainty equivalent and its gradient, against their exact values       (enumerable spaces)
                 or estimates by importance sampling from a mean-field posterior         (all others)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from dnag.exact import Enumeration, ExactDenoiser, Posterior
from dnag.nets.property_model import Labels
from dnag.nets.score_model import ScoreModel, condition_level, log_uniform_levels
from dnag.tensors import expand


def score_matching_loss(
    model: ScoreModel,
    x0: Tensor,
    *,
    posterior_mean: Callable[[Tensor, Tensor], Tensor] | None = None,
    generator: Generator,
) -> Tensor:
    """Denoising score matching (Vincent, 2011), ``x0 (B,N,F) centred -> (B,)``.

    Args:
        posterior_mean: ``E[x0 | y]`` of ``y (B,N,F)`` at noise level (B,), to learn instead of ``x0``: the same
            minimum, without the noise of the target (denoised form only). Two thirds of the noise levels then lie where
            operations are decided, since nothing is to be learned from the others.
    """
    uniform = torch.rand(len(x0), generator=generator).to(x0)
    noise = torch.randn(x0.shape, generator=generator).to(x0)
    if model.prediction == "denoised":
        if posterior_mean is not None:
            uniform = torch.where(torch.arange(len(x0)).to(x0) % 3 == 0, uniform, 0.28 + 0.34 * uniform)
        level = log_uniform_levels(uniform)
        y = x0 + expand(level, x0) * noise
        target = x0 if posterior_mean is None else posterior_mean(y, level)
        return (model.network(*condition_level(y, level)) - target).square().flatten(1).mean(1)
    t = model.sde.t_min + (model.sde.t_max - model.sde.t_min) * uniform
    sigma = expand(model.sde.marginal(t)[1], x0)
    return (sigma * model(model.sde.perturb(x0, t, noise), t) + noise).square().flatten(1).mean(1)


@dataclass(frozen=True)
class GuidanceBatch:
    """Noisy architectures and what the guidance predictor should say of them, (B,) each but for ``y`` and ``slope``.

    Attributes:
        y: architectures with noise, in the scaled variable ``x / alpha``, (B,N,F).
        level: noise level ``sigma / alpha``.
        context: (B,Z) dataset.
        scale: guidance scale.
        value: exact certainty equivalent.
        slope: ``level^2 grad_y value``, (B,N,F).
        best, spread: label statistics of the dataset (``Labels``).
    """

    y: Tensor
    level: Tensor
    context: Tensor
    scale: Tensor
    value: Tensor
    slope: Tensor
    best: Tensor
    spread: Tensor

    @classmethod
    def cat(cls, parts: Sequence[GuidanceBatch]) -> GuidanceBatch:
        """Several batches as one."""
        return cls(*(torch.cat([getattr(part, f.name) for part in parts]) for f in fields(cls)))


@torch.no_grad()
def guidance_batch(
    enumeration: Enumeration, x0: Tensor, values: Tensor, context: Tensor, scale: float, *, generator: Generator
) -> GuidanceBatch:
    """Noise ``x0 (B,N,F)`` and ask the enumeration. Three quarters of the noise levels lie between 0.24 and 7.5, where
    operations are decided.
    """
    uniform = torch.rand(len(x0), generator=generator).to(x0)
    level = log_uniform_levels(torch.where(torch.arange(len(x0)).to(x0) % 4 == 0, uniform, 0.3 + 0.5 * uniform))
    y = x0 + expand(level, x0) * torch.randn(x0.shape, generator=generator).to(x0)
    value, slope = enumeration.certainty_equivalent(y, level, values, scale)
    labels = Labels.of(values)

    def constant(number: float) -> Tensor:
        return torch.full_like(level, number)

    context = context.expand(len(x0), -1)
    return GuidanceBatch(
        y, level, context, constant(scale), value, slope, constant(labels.best), constant(labels.spread)
    )


ValueFn = Callable[[Tensor], Tensor]
"""``onehot (B,N,F) -> (B,)``: a property of finished architectures, smooth in between."""

_MEAN_FIELD_STEPS = 4
_MOVES = 18
_FEW_NATS = 8.0  # guidance scale up to which importance weights alone do well
_SMALL_SCALE = 0.02  # stands for zero, where the certainty equivalent is the mean


@torch.no_grad()
def sampled_guidance_batch(
    denoiser: ExactDenoiser,
    x0: Tensor,
    value_fn: ValueFn,
    weights: Tensor,
    labels: Labels,
    context: Tensor,
    scale: float,
    *,
    factors: Sequence[Sequence[int]],
    draws: int,
    generator: Generator,
) -> GuidanceBatch:
    r"""Noise ``x0 (B,N,F)`` and estimate the certainty equivalent where no list of the space exists.

    Architectures are drawn from ``q(a) ~ p(a | y) exp <tilt, a>``, whose tilt is the mean-field fixed point: gamma
    times the gradient of the value at the probabilities that this very tilt gives. With weights
    ``w(a) = exp(gamma * value(a) - <tilt, a>)``, which interactions between nodes alone keep from being equal,

        E[exp(gamma * value) | y] = Z_q E_q[w],        Z_q in closed form,
        E_tilted[a] = E_q[a] + E_q[(w / E_q[w] - 1) a],        the first in closed form, the second an estimate.

    At large gamma few of the draws would carry all the weight. There they are resampled by weight and moved: a factor
    of the space, or a single node, is proposed from q and accepted by the ratio of weights (Metropolis).

    Args:
        weights: (N,F) additive part of the value, where the iteration starts.
        factors: the nodes of every independent part of the space.
        draws: architectures per noisy one.
    """
    uniform = torch.rand(len(x0), generator=generator).to(x0)
    level = log_uniform_levels(torch.where(torch.arange(len(x0)).to(x0) % 4 == 0, uniform, 0.3 + 0.5 * uniform))
    y = x0 + expand(level, x0) * torch.randn(x0.shape, generator=generator).to(x0)
    gamma = max(scale, _SMALL_SCALE)
    plain = denoiser.posterior(y, level)
    tilt = (gamma * weights).expand_as(y)
    for _ in range(_MEAN_FIELD_STEPS):
        tilt = (tilt + gamma * _gradient(value_fn, plain.tilted(tilt).probability)) / 2
    field = plain.tilted(tilt)

    def log_weights(drawn: Tensor) -> Tensor:
        value = value_fn(drawn.flatten(0, 1)).view(len(y), draws)
        return gamma * value - torch.einsum("bnf,bdnf->bd", tilt, drawn)

    drawn = _draw(field, draws, generator)
    log_weight = log_weights(drawn)
    total = log_weight.logsumexp(1)
    weight = (log_weight - total[:, None]).exp()
    if gamma <= _FEW_NATS:
        mean = field.probability + torch.einsum("bd,bdnf->bnf", weight - 1 / draws, drawn)
    else:
        mean = _resample_and_move(field, drawn, log_weight, log_weights, factors, generator)

    def constant(number: float) -> Tensor:
        return torch.full_like(level, number)

    return GuidanceBatch(
        y,
        level,
        context.expand(len(x0), -1),
        constant(scale),
        (field.log_evidence + total - math.log(draws)) / gamma,
        2 * (mean - plain.probability) / gamma,
        constant(labels.best),
        constant(labels.spread),
    )


def _draw(field: Posterior, draws: int, generator: Generator) -> Tensor:
    """One-hot draws, (B,draws,N,F)."""
    ops = field.sample(draws, generator).to(field.probability.device)
    return (ops[..., None] == torch.arange(field.probability.shape[-1], device=ops.device)).float()


def _resample_and_move(
    field: Posterior,
    drawn: Tensor,
    log_weight: Tensor,
    log_weights: Callable[[Tensor], Tensor],
    factors: Sequence[Sequence[int]],
    generator: Generator,
) -> Tensor:
    """Mean architecture (B,N,F) of the distribution that ``log_weights`` tilts ``field`` to."""
    batch, draws = log_weight.shape
    chosen = torch.multinomial(log_weight.softmax(1).cpu(), draws, replacement=True, generator=generator).to(
        drawn.device
    )
    rows = torch.arange(batch, device=drawn.device)[:, None]
    state, log_weight = drawn[rows, chosen], log_weight.gather(1, chosen)
    part = torch.empty(drawn.shape[2], dtype=torch.long)
    for index, nodes in enumerate(factors):
        part[list(nodes)] = index
    mean = torch.zeros_like(field.probability)
    for move in range(_MOVES):
        node = torch.randint(len(part), (batch, draws, 1), generator=generator)
        own = (part == part[node]).to(drawn.device)  # (B,draws,N): nodes of the same factor
        fresh = _draw(field, draws, generator)
        if move % 3 == 0:
            mask = own
        else:  # given which nodes are absent they are independent, so that one may move alone
            differs = (fresh.sum(-1) != state.sum(-1)) & own
            mask = (torch.arange(len(part)) == node).to(drawn.device) & ~differs.any(-1, keepdim=True)
        proposal = torch.where(mask[..., None], fresh, state)
        proposed = log_weights(proposal)
        accepted = torch.rand(batch, draws, generator=generator).to(drawn.device).log() < proposed - log_weight
        state = torch.where(accepted[..., None, None], proposal, state)
        log_weight = torch.where(accepted, proposed, log_weight)
        if move >= _MOVES // 2:
            mean += state.mean(1)
    return mean / (_MOVES - _MOVES // 2)


def _gradient(value_fn: ValueFn, probability: Tensor) -> Tensor:
    with torch.enable_grad():
        probability = probability.detach().requires_grad_(True)
        return torch.autograd.grad(value_fn(probability).sum(), probability)[0]


def guidance_loss(predictor: nn.Module, batch: GuidanceBatch) -> Tensor:
    """Distance to the exact certainty equivalent and to its effect on the denoised estimate, (B,).

    With ``D_guided = D + scale * level^2 * grad m``, an error of the gradient counts as the error of the guided
    estimate it causes, in the units of the data. At high noise the estimate hardly moves the state, so its errors
    count less there.
    """
    y = batch.y.clone().requires_grad_(True)
    output = predictor(y, batch.level, batch.context, batch.scale)
    value = batch.best + batch.spread * output
    (slope,) = torch.autograd.grad(value.sum(), y, create_graph=True)
    value_error = F.huber_loss(value / batch.spread, batch.value / batch.spread, reduction="none")
    slope_error = expand(batch.scale.clamp_min(0.5), y) * (expand(batch.level, y) ** 2 * slope - batch.slope)
    return value_error + 0.1 * slope_error.square().flatten(1).sum(1) / (1 + (batch.level / 4) ** 2)
