r"""Training losses, one number per sample.

    score matching     |D(x0 + n z, n) - x0|^2,  n log-uniform                              (denoised form)
                       |sigma s(alpha x0 + sigma z, t) + z|^2,  t uniform                   (score and noise forms: the paper's)
    property           (f(x0 + n z, n) - y)^2                                               (first-order guidance, the paper's)
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

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
