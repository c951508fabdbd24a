r"""Training losses, one number per sample.

score matching   |D(x0 + n z, n) - x0|^2,  n log-uniform                    (denoised form)
                 |sigma s(alpha x0 + sigma z, t) + z|^2,  t uniform         (score and noise forms, the paper's)
guidance         certainty equivalent and its gradient, against their exact values       (enumerable spaces)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from dnag.exact import Enumeration
from dnag.nets.property_model import Labels
from dnag.nets.score_model import ScoreModel, condition_level, log_uniform_levels
from dnag.tensors import expand


def score_matching_loss(model: ScoreModel, x0: Tensor, *, generator: Generator) -> Tensor:
    """Denoising score matching (Vincent, 2011), ``x0 (B,N,F) centred -> (B,)``."""
    uniform = torch.rand(len(x0), generator=generator).to(x0)
    noise = torch.randn(x0.shape, generator=generator).to(x0)
    if model.prediction == "denoised":
        level = log_uniform_levels(uniform)
        denoised = model.network(*condition_level(x0 + expand(level, x0) * noise, level))
        return (denoised - x0).square().flatten(1).mean(1)
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


def guidance_loss(predictor: nn.Module, batch: GuidanceBatch) -> Tensor:
    """Distance to the exact certainty equivalent and to its effect on the denoised estimate, (B,).

    With ``D_guided = D + scale * level^2 * grad m``, an error of the gradient counts as the error of the guided
    estimate it causes, in the units of the data. At high noise the estimate hardly moves the state, so its errors
    count less there.
    """
    y = batch.y.clone().requires_grad_(True)
    output = predictor(y, batch.level, batch.context, batch.scale)
    value = batch.best - batch.spread * F.softplus(output)
    (slope,) = torch.autograd.grad(value.sum(), y, create_graph=True)
    value_error = F.huber_loss(value / batch.spread, batch.value / batch.spread, reduction="none")
    slope_error = expand(batch.scale.clamp_min(0.5), y) * (expand(batch.level, y) ** 2 * slope - batch.slope)
    return value_error + 0.1 * slope_error.square().flatten(1).sum(1) / (1 + (batch.level / 4) ** 2)
