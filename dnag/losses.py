r"""Training losses, one number per sample.

score matching     |D(x0 + n z, n) - x0|^2,  n log-uniform                              (denoised form)
                   |sigma s(alpha x0 + sigma z, t) + z|^2,  t uniform                   (score and noise forms: the
                   paper's)
property           (f(x0 + n z, n) - y)^2                                               (first-order guidance, the
paper's) guidance           certainty equivalent and its gradient, against their exact values    (enumerable spaces)
"""

from __future__ import annotations

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


def property_loss(
    predictor: nn.Module, x0: Tensor, y: Tensor, context: Tensor | None, *, generator: Generator
) -> Tensor:
    """Regression of ``y (B,)`` from noised ``x0 (B,N,F)``, whose minimiser is ``E[y | x_t]``; (B,)."""
    level = log_uniform_levels(torch.rand(len(x0), generator=generator).to(x0))
    noise = torch.randn(x0.shape, generator=generator).to(x0)
    return (predictor(*condition_level(x0 + expand(level, x0) * noise, level), context) - y).square()


def guidance_loss(
    predictor: nn.Module,
    x0: Tensor,
    enumeration: Enumeration,
    values: Tensor,
    labels: Labels,
    context: Tensor | None,
    scale: float,
    *,
    generator: Generator,
) -> Tensor:
    """Distance to the exact certainty equivalent at ``scale`` and to its effect on the denoised estimate, (B,).

    With ``D_guided = D + scale * level^2 * grad m``, an error of the gradient counts as the error of the guided
    estimate it causes, in the units of the data. At high noise the estimate hardly moves the state, so its errors
    count less there.
    """
    level = log_uniform_levels(torch.rand(len(x0), generator=generator).to(x0))
    y = x0 + expand(level, x0) * torch.randn(x0.shape, generator=generator).to(x0)
    with torch.no_grad():
        target, target_slope = enumeration.certainty_equivalent(y, level, values, scale)
    y.requires_grad_(True)
    value = labels.value(predictor(*condition_level(y, level), context, torch.full_like(level, scale)))
    (slope,) = torch.autograd.grad(value.sum(), y, create_graph=True)
    value_error = F.huber_loss(value / labels.spread, target / labels.spread, reduction="none")
    slope_error = max(scale, 0.5) * (expand(level, y) ** 2 * slope - target_slope)
    return value_error + 0.1 * slope_error.square().flatten(1).sum(1) / (1 + (level / 4) ** 2)
